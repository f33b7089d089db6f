"""Several plans of one specification, one after the other, within one budget; and the counterexamples they leave."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from unicodedata import normalize

from bac.model.architecture import Architecture
from bac.model.errors import BacError, LimitReached
from bac.model.plan import Plan, Timing
from bac.model.trace import Trace
from bac.proofs.check import check, judged
from bac.proofs.engine import Limits, Progress
from bac.proofs.inquiry import PlanCheck
from bac.proofs.reductions.part_search import CheckOptions
from bac.proofs.results import AnomalyResult, PlanResult, Verdict
from bac.proofs.scheduler import Scheduler
from bac.properties.qualities import Property

LONGEST_SLUG = 60
"""Bytes of each part of a file's name: four parts and a number stay below 255, which most disks allow."""


class NothingToShow(BacError):
    """There is no counterexample of the kind that was asked for."""

    exit_code = 1


def run(
    architecture: Architecture,
    plans: Iterable[Plan],
    asking: CheckOptions,
    schedule: Scheduler,
) -> list[PlanResult]:
    """The results on these plans, in this order.

    What an interruption, or the time allowed for all plans together, leaves no time for is unknown.

    Raises:
        Disagreement: the interpreter does not confirm what the engine found.
        ClusterUnavailable: no Dask, or no scheduler at that address.
    """
    inquiries = [PlanCheck(architecture, plan, asking) for plan in plans]
    findings = schedule.serve(
        [inquiry.findings() for inquiry in inquiries], lambda number, reason: inquiries[number].nothing(reason)
    )
    return [judged(inquiry.plan, asking, found) for inquiry, found in zip(inquiries, findings, strict=True)]


def counterexamples(result: PlanResult) -> Iterator[Trace]:
    """A shortest trace for everything that violates a property, in the order of the properties."""
    for each in result.properties.values():
        yield from (anomaly.shown for anomaly in each.anomalies)
        if each.trace is not None:
            yield each.trace


def trace_files(results: Iterable[PlanResult]) -> dict[str, Trace]:
    """Every trace of the results (each timing, tolerated ones too; one of those that look alike), by a file name."""
    files: dict[str, Trace] = {}
    for result in results:
        for each in result.properties.values():
            traces = [] if each.trace is None else [each.trace]
            for anomaly in (*each.anomalies, *each.tolerated):
                traces += anomaly.traces.values() if anomaly.like is None else ()
            for trace in traces:
                claim = trace.claim
                parts = (result.plan, claim.kind or claim.property, claim.subject or "", claim.timing or "")
                name = "--".join(slug(part) for part in parts if part)
                files[unused(name, files)] = trace
    return files


def slug(text: str) -> str:
    """The text with everything but letters and digits as hyphens, at most :data:`LONGEST_SLUG` bytes of UTF-8."""
    words = "".join(character if character.isalnum() else " " for character in text.replace("->", " to ")).split()
    return "-".join(words).encode()[:LONGEST_SLUG].decode(errors="ignore").rstrip("-") or "x"


def unused(name: str, taken: Iterable[str]) -> str:
    """The name of a file that is not taken yet, also where disks do not tell case or composed letters apart."""
    folded = {same_file(each) for each in taken}
    candidate, number = f"{name}.json", 1
    while same_file(candidate) in folded:
        number += 1
        candidate = f"{name}--{number}.json"
    return candidate


def same_file(name: str) -> str:
    """What the names have in common that any disk may take for one."""
    return normalize("NFC", normalize("NFD", name).casefold())


def find(
    architecture: Architecture,
    plan: Plan,
    instances: int,
    property_: str,
    kind: str | None,
    subject: str | None,
    timing: str | None,
    limits: Limits,
    progress: Callable[[Progress], None] | None = None,
) -> Trace:
    """Return a shortest counterexample of a property, of this kind, subject and timing if they are given.

    Raises:
        NothingToShow: there is none; the message says what there is instead.
        LimitReached: none was found before a limit was reached.
    """
    which = Property(property_)
    result = check(architecture, plan, instances, [which], limits=limits, progress=progress).properties[which]
    if result.verdict is Verdict.UNKNOWN:
        raise LimitReached(f"plan {plan.name}: {which} is unknown: {result.reason}")
    if result.trace is not None:
        return result.trace
    candidates = (*result.anomalies, *result.tolerated)
    for anomaly in candidates:
        fits = kind in (None, anomaly.kind) and subject in (None, anomaly.subject)
        if fits and (timing is None or Timing(timing) in anomaly.traces):
            return anomaly.shown if timing is None else anomaly.traces[Timing(timing)]
    wanted = " ".join(filter(None, (kind, subject, timing))) or "violation"
    if not result.complete:
        raise LimitReached(f"plan {plan.name}: no {wanted} of {which} was found; {result.reason}")
    if not candidates:
        raise NothingToShow(f"plan {plan.name} does not violate {which}: there is no counterexample")
    raise NothingToShow(f"plan {plan.name}: there is no {wanted}; there is {inventory(candidates)}")


def inventory(anomalies: Sequence[AnomalyResult]) -> str:
    """List anomalies, as ``broken-link 'a -> b' (any-time, at-rest)``; only the first five by name."""
    shown = [f"{a.kind} '{a.subject}' ({', '.join(a.traces)})" for a in anomalies[:5]]
    return ", ".join([*shown, *([f"{len(anomalies) - 5} more"] if len(anomalies) > 5 else [])])
