"""Check a file that claims that something is proved, with code that did not produce it.

A trace is replayed, a strategy is played against every reply, an inductive invariant is put to two solvers, and of
verdicts each proof and each run is followed.  The checks share with what they check the reader of specifications, the
semantics, the interpreter of facts and actions, and the evaluator of formulas; each says so.

Source: docs/theorem.md, "Certificates".
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, assert_never

from bac.model import documents
from bac.model import trace_file as traces
from bac.model.architecture import Architecture
from bac.model.documents import MalformedDocument
from bac.model.errors import BacError, quoted
from bac.model.plan import Plan
from bac.model.specification.reader import Specification
from bac.model.trace import Trace
from bac.proofs import replay
from bac.proofs.theorem.games import strategy as strategies
from bac.properties.anomalies import Blame

IN_FILE = "that the specification in the file is the one you mean"
REPLAYED = (
    f"{IN_FILE}, the reader of specifications, the semantics, the interpreter of facts and actions, the definitions of"
    " the properties, and the evaluator of formulas"
)
"""The trusted base of a replayed trace."""


@dataclass(frozen=True, slots=True)
class Verified:
    """A certificate that proves what it claims.

    ``kind`` is trace, strategy, invariant or verdicts; ``confirmed`` says what is proved, ``trusted`` what that rests
    on, and ``open`` what the certificate itself leaves open, with the reasons.
    """

    kind: str
    confirmed: str
    trusted: str
    open: tuple[str, ...] = ()


class AnotherSpecification(BacError):
    """A certificate is about another specification than the one that is meant."""

    exit_code = 1


def verify(path: Path, meant: Specification | None = None) -> Verified:
    """Check a file, and that it is about the specification that is meant, if one is given.

    Raises:
        AnotherSpecification: it is about another one.
        UnreadableFile: it does not exist, or cannot be read.
        BacError: it is no certificate, or a malformed one (exit code 2); it does not prove what it claims (1); it is
            too large to be decided (3); a solver found what the interpreter does not confirm (4).
    """
    content = documents.read(path)
    try:
        return checked(content, meant)
    except BacError as error:
        error.args = (f"{path}: {error}",)
        raise


def checked(content: bytes, meant: Specification | None = None) -> Verified:
    """Check the content of a file; as :func:`verify`."""
    document = documents.parse(content)
    format_ = document.get("format") if isinstance(document, dict) else None
    check = CHECKS.get(format_) if isinstance(format_, str) else None
    if check is None:
        raise MalformedDocument(f"not a certificate: the format is none of {', '.join(CHECKS)}")
    found = check(document)
    if meant is None:
        return found
    check_meant(document, meant)
    return replace(found, trusted=found.trusted.removeprefix(f"{IN_FILE}, "))


def check_meant(document: Any, meant: Specification) -> None:
    """Check that a document that fits its schema is about this specification, and about plans of it.

    Raises:
        AnotherSpecification: it is not.
        UnknownPlan: the specification that is meant does not have one of the plans.
    """
    found = documents.specification(document["specification"])
    if found.architecture != meant.architecture:
        raise AnotherSpecification("it is about another architecture than the one that is meant")
    plans = [document["plan"]] if "plan" in document else [each["plan"] for each in document.get("plans", ())]
    for name in plans:
        if found.plan(name) != meant.plan(name):
            raise AnotherSpecification(f"its plan {quoted(name)} is another one than the one that is meant")


def subject(architecture: Architecture, plan: Plan) -> str:
    """Return what a certificate is about, in words."""
    return f"{quoted(architecture.name)} under the plan {quoted(plan.name)}"


def trace(document: Any) -> Verified:
    """Replay a run.

    Raises:
        MalformedDocument, UnknownPlan: the document is malformed, or contradicts itself.
        NotConfirmed: the run does not show what is claimed.
        LimitReached: it is too large to be decided.
    """
    found = traces.from_json(document)
    replay.confirm(found)
    run = f"a run of {len(found.actions)} actions of {subject(found.architecture, found.plan)}"
    return Verified("trace", f"{run} {shown(found)}", REPLAYED)


def shown(found: Trace) -> str:
    """Return what a run shows, in words."""
    claim = found.claim
    if claim.kind is None:
        return f"violates {claim.property}"
    what = f"{claim.kind} {quoted(claim.subject or '')}, index {claim.index}, {claim.timing}"
    match replay.blamed(found):
        case Blame.BACKUP:
            return f"violates {claim.property}: {what}"
        case Blame.TOLERATED:
            return f"shows, tolerated, {what}"
        case Blame.APPLICATION:
            return f"shows what the application leaves behind without any disaster: {what}"
        case other:
            assert_never(other)


def strategy(document: Any) -> Verified:
    """Play a strategy against every reply.

    Raises:
        MalformedDocument: the document is malformed.
        StrategyRejected: the strategy is incomplete, illegal, or does not win.
        LimitReached: the game is too large.
    """
    found = strategies.verify(document)
    dropped = f"without {', '.join(found.dropped)}" if found.dropped else "under every assumption"
    winner = "a policy wins" if found.winner == "policy" else "the clients win"
    confirmed = f"{winner} the game for {found.level} on {quoted(found.architecture)} {dropped}"
    return Verified("strategy", confirmed, f"{IN_FILE}, {found.trusted}")


def invariant(document: Any) -> Verified:
    """Put an inductive invariant to both solvers.

    Raises:
        MalformedDocument, UnknownPlan: the document is malformed.
        NotProved: the formula is no invariant that proves the property.
        LimitReached: a solver does not know within the time allowed, or the system is too large.
        Contradiction: a solver found what the interpreter does not confirm.
    """
    from bac.proofs.certificates import invariant_certificate as invariants  # The solvers are slow to load.

    found = invariants.from_json(document)
    invariants.confirm(found)
    scope = f"with up to {found.instances} instance{'s' * (found.instances != 1)}"
    run = f"no run of {subject(found.architecture, found.plan)}, {scope}, violates {found.claim}"
    return Verified("invariant", run, f"{IN_FILE}, {invariants.TRUSTED}")


def verdicts(document: Any) -> Verified:
    """Check the answers to all questions about the plans of a specification.

    Raises:
        MalformedDocument, UnknownPlan: the document is malformed.
        Unjustified: a proof or a run does not show what it is there for, or a question is left out.
        LimitReached: a run is too large to be decided.
    """
    from bac.proofs.certificates import verdict_certificate as certificates

    found = certificates.from_json(document)
    left = tuple(f"plan {quoted(plan.plan)}: {asked}: {why}" for plan in found for asked, why in plan.open.items())
    return Verified("verdicts", "\n  ".join(map(str, found)), f"{IN_FILE}, {certificates.TRUSTED}", left)


CHECKS: Mapping[str, Callable[[Any], Verified]] = {
    "bac-trace": trace,
    "bac-strategy": strategy,
    "bac-invariant": invariant,
    "bac-verdicts": verdicts,
}
