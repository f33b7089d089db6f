"""Check a file that says that something is proved, with code that did not produce it.

A trace is replayed, a strategy is played against every reply, and an inductive invariant is put to two solvers.  The
checks share with what they check the reader of specifications, the semantics, the interpreter of facts and actions, and
the evaluator of formulas; each says so.

Source: docs/theorem.md, "Certificates".
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from json import dumps
from pathlib import Path
from typing import Any

from bac.model import trace as traces
from bac.model.architecture import Architecture
from bac.model.errors import LimitReached
from bac.model.names import printable, quoted
from bac.model.plan import Plan
from bac.model.specification.reader import parse
from bac.model.system import INITIAL
from bac.model.trace import Claim, TraceError
from bac.proofs import replay
from bac.proofs.certificates import evidence
from bac.proofs.certificates.evidence import NotACertificate, NotProved, demand
from bac.proofs.theorem.games import strategy
from bac.proofs.theorem.games.rulebook import Rulebook

MOST_SERVICES = 10
"""Strategies about more services are not checked: they may snapshot any set of them."""
MOST_STATES = 4096
"""Strategies about more states than this, to which an index can come by steps alone, are not checked."""
FORMATS = ("bac-trace", "bac-strategy", "bac-invariant")


@dataclass(frozen=True, slots=True)
class Verified:
    """A certificate that proves what it claims.

    ``kind`` is trace, strategy or invariant; ``confirmed`` says in one sentence what is proved, and ``trusted``
    what that still rests on.
    """

    kind: str
    confirmed: str
    trusted: str


def verify(path: Path) -> Verified:
    """Look at what a file is, and check it.

    Raises:
        UnreadableFile: it is not there, or cannot be read.
        NotACertificate, TraceError, SpecificationError, UnknownPlan: it is no certificate, or a malformed one.
        NotProved, NotConfirmed, StrategyRejected: it does not prove what it claims.
        LimitReached: it is too large to be decided.
        Contradiction: a solver found what the interpreter does not confirm.
    """
    try:
        return checked(evidence.content(path))
    except (NotACertificate, NotProved) as error:
        raise type(error)(f"{path}: {error}") from None


def checked(data: bytes) -> Verified:
    """Check what a file holds; as :func:`verify`."""
    document = evidence.document(data)
    format_ = document.get("format") if isinstance(document, dict) else None
    check = CHECKS.get(format_) if isinstance(format_, str) else None
    demand(check is not None, f"not a certificate: the format is none of {', '.join(FORMATS)}")
    assert check is not None
    return check(document)


def under(architecture: Architecture, plan: Plan) -> str:
    """What a certificate is about, in words."""
    return f"{quoted(architecture.name)} under the plan {quoted(plan.name)}"


# Traces


def trace(document: Any) -> Verified:
    """Replay a run.

    Raises:
        TraceError, SpecificationError, UnknownPlan: the document is malformed.
        NotProved: it contradicts itself.
        NotConfirmed: the run does not show what is claimed.
        LimitReached: it takes too long to see.
    """
    traces.validate(document)
    parse(dumps(document["specification"]), "specification").plan(document["plan"])
    try:
        found = traces.from_json(document)
    except TraceError as error:  # well-formed it is
        raise NotProved(str(error)) from None
    replay.confirm(found)
    run = f"a run of {len(found.actions)} actions of {under(found.architecture, found.plan)}"
    return Verified("trace", f"{run} violates {found.claim.property}{shown(found.claim)}", REPLAYED)


REPLAYED = (
    "the reader of specifications, the semantics, the interpreter of facts and actions, the definitions of the "
    "properties, and the evaluator of formulas"
)


def shown(claim: Claim) -> str:
    """What a run shows, if it is about something in particular."""
    return (
        ""
        if claim.kind is None
        else f": {claim.kind} {quoted(claim.subject or '')}, index {claim.index}, {claim.timing}"
    )


# Strategies


def played(document: Any) -> Verified:
    """Play a strategy against every reply.

    Raises:
        NotACertificate, SpecificationError: the document is malformed.
        StrategyRejected: the strategy is incomplete, illegal, or does not win.
        LimitReached: the game is too large.
    """
    problem = malformed(document, STRATEGY)
    demand(problem is None, f"not a bac-strategy: {problem}")
    architecture = parse(dumps(document["specification"]), "specification").architecture
    refuse_large_games(architecture, document["level"], frozenset(document["dropped"]))
    found = strategy.verify(document)
    dropped = f"without {', '.join(found.dropped)}" if found.dropped else "under every assumption"
    winner = "a policy wins" if found.winner == "policy" else "the clients win"
    confirmed = (
        f"{winner} the game for {found.level} on {quoted(architecture.name)} {dropped} ({found.positions} positions)"
    )
    return Verified("strategy", confirmed, found.trusted)


def refuse_large_games(architecture: Architecture, level: str, dropped: frozenset[str]) -> None:
    """Look at the size of a game before it is played.

    Raises:
        LimitReached: it has too many services or states.
    """
    if len(architecture.services) > MOST_SERVICES:
        raise LimitReached(f"strategies for more than {MOST_SERVICES} services are not checked")
    rules = Rulebook(architecture, level, dropped)
    seen, stack = {INITIAL}, [INITIAL]
    while stack:
        new = set(rules.after_steps(stack.pop(), False)) - seen
        seen |= new
        stack += new
        if len(seen) > MOST_STATES:
            raise LimitReached(f"strategies about more than {MOST_STATES} states of one index are not checked")


def malformed(document: Any, schema: Mapping[str, Any]) -> str | None:
    """Where a document first differs from a schema, in words; ``None`` if it is valid."""
    from jsonschema import Draft202012Validator  # slow to load
    from jsonschema.exceptions import best_match

    error = best_match(Draft202012Validator(schema).iter_errors(document))
    return None if error is None else printable(f"{error.json_path}: {error.message[:200]}")


def record(optional: Mapping[str, Any] | None = None, **required: Any) -> dict[str, Any]:
    """The schema of an object with these keys and no others."""
    properties = required | dict(optional or {})
    return {"type": "object", "required": list(required), "additionalProperties": False, "properties": properties}


def several(items: Mapping[str, Any]) -> dict[str, Any]:
    """The schema of a list."""
    return {"type": "array", "items": items}


TEXT, FLAG, NUMBER = {"type": "string"}, {"type": "boolean"}, {"type": "integer", "minimum": 1}
FACT = {"type": "array", "prefixItems": [TEXT, TEXT], "items": NUMBER, "minItems": 3}
STATES = several(several(FACT))
POSITION = record(states=STATES, snapped=several(TEXT), round=several(TEXT), locked=FLAG, stopped=FLAG)
STEP = {"anyOf": [{"type": "null"}, record(use_case=TEXT, step=NUMBER)]}
MOVE = record(kind=TEXT, services=several(TEXT))
RECOVERY = record(rollback=TEXT, replay=FLAG, resume=FLAG, on_invalid=TEXT)
COMMON: dict[str, Any] = {
    "format": {"const": "bac-strategy"},
    "version": {"const": 1},
    "specification": {"type": "object"},
    "level": TEXT,
    "dropped": several(TEXT),
    "recipe": TEXT,
}
STRATEGY = {
    "type": "object",
    "required": ["winner"],
    "properties": {"winner": {"enum": ["policy", "clients"]}},
    "if": {"properties": {"winner": {"const": "policy"}}},
    "then": record(
        **COMMON,
        winner=TEXT,
        table=several(record({"recovery": RECOVERY}, position=POSITION, step=STEP, move=MOVE)),
    ),
    "else": {
        "if": {"required": ["announced"]},
        "then": record(**COMMON, winner=TEXT, start=POSITION, announced=several(record(position=POSITION, step=STEP))),
        "else": record(**COMMON, winner=TEXT, start=POSITION, table=several(record(position=POSITION, reply=STATES))),
    },
}
"""What a document of a strategy looks like; what its texts and numbers mean is seen when it is played."""


# Invariants


def invariant(document: Any) -> Verified:
    """Put an inductive invariant to both solvers.

    Raises:
        NotACertificate, SpecificationError, UnknownPlan: the document is malformed.
        NotProved: the formula is no invariant that proves the property.
        LimitReached: a solver does not know within the time allowed, or the system is too large.
        Contradiction: a solver found what the interpreter does not confirm.
    """
    from bac.proofs.certificates import invariant_certificate as invariants

    found = invariants.from_json(document)
    invariants.confirm(found)
    scope = f"with up to {found.instances} instance{'s' * (found.instances != 1)}"
    run = f"no run of {under(found.architecture, found.plan)}, {scope}, violates {found.claim}"
    return Verified("invariant", run, invariants.TRUSTED)


CHECKS: Mapping[str, Callable[[Any], Verified]] = {
    "bac-trace": trace,
    "bac-strategy": played,
    "bac-invariant": invariant,
}
