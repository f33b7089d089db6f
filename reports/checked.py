"""The subject of a report: a specification with its results, its warnings, and the anomalies that belong together.

The same warning under several plans is one; it names the plans unless it is the same under all of them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from bac.model.architecture import Architecture, Entity, Link, Place
from bac.model.errors import listed, quoted
from bac.model.plan import Timing
from bac.model.specification.diagnostics import Diagnostic
from bac.model.specification.reader import Specification
from bac.model.system import ActionKind, Event
from bac.model.trace import Trace
from bac.proofs.results import AnomalyResult, Cause, PlanResult, Verdict
from bac.properties.anomalies import AnomalyKind, anomalies
from bac.properties.explanation import explain
from bac.properties.formula import satisfied
from bac.properties.qualities import NAMED, PlanCoverage, unrecorded

if TYPE_CHECKING:
    from bac.reports.expectations import Expected, Mismatch

STYLE = {Verdict.HOLDS: "green", Verdict.VIOLATED: "bold red", Verdict.UNKNOWN: "yellow"}
"""The colours of verdicts."""


@dataclass(frozen=True)
class Checked:
    """A specification with the results on its plans, and what was expected of these (by their names).

    ``reading`` and ``seconds`` are how long reading the file and everything took; 0 if that was not measured.
    """

    specification: Specification
    results: Sequence[PlanResult]
    expected: Mapping[str, Expected] = field(default_factory=dict)
    reading: float = 0.0
    seconds: float = 0.0

    @property
    def architecture(self) -> Architecture:
        """Return the architecture of the specification."""
        return self.specification.architecture

    def mismatches(self) -> Iterator[Mismatch]:
        """Yield what is not as expected."""
        for result in self.results:
            if result.plan in self.expected:
                yield from self.judged(result)

    def expectation(self, plan: str) -> Expected | None:
        """Return what counts as expected of a plan: everything holds, if nothing is expected of any.

        ``None``: something is expected of other plans only, so that this one does not count.
        """
        from bac.reports.expectations import Expected

        return self.expected.get(plan) if self.expected else Expected()

    def judged(self, result: PlanResult) -> list[Mismatch]:
        """Return what counts against the results on a plan."""
        expected = self.expectation(result.plan)
        return [] if expected is None else list(expected.mismatches(result, self.architecture.named))


@dataclass(frozen=True)
class View:
    """The part of the results that is shown.

    ``alone``: one plan in full, instead of a table that compares plans.  ``kind``, ``subject`` (a step by name or
    number) and ``timing`` select anomalies, ``top`` the first of these.  ``verbose``: each anomaly with its
    own run, however long that gets.
    """

    alone: bool = False
    kind: str | None = None
    subject: str | None = None
    timing: Timing | None = None
    top: int | None = None
    verbose: bool = False

    @property
    def selective(self) -> bool:
        """Whether only some anomalies are asked for."""
        return (self.kind, self.subject, self.timing) != (None, None, None)

    def selects(self, anomaly: AnomalyResult, architecture: Architecture) -> bool:
        """Whether an anomaly is shown."""
        return (
            self.kind in (None, anomaly.kind)
            and (self.subject is None or architecture.numbered(self.subject) == anomaly.subject)
            and (self.timing is None or self.timing in anomaly.traces)
        )

    def narrowed(self, result: PlanResult, architecture: Architecture) -> PlanResult:
        """Return the results on a plan with only those anomalies that are shown."""
        properties = {}
        for which, each in result.properties.items():
            anomalies = tuple(found for found in each.anomalies if self.selects(found, architecture))
            tolerated = tuple(found for found in each.tolerated if self.selects(found, architecture))
            properties[which] = replace(each, anomalies=anomalies, tolerated=tolerated)
        return replace(result, properties=properties)

    def run(self, anomaly: AnomalyResult) -> Trace:
        """Return the run that is shown for an anomaly."""
        return anomaly.shown if self.timing is None else anomaly.traces[self.timing]


# Anomalies that belong together: those with one root cause


def worst_first(found: Iterable[AnomalyResult]) -> list[AnomalyResult]:
    """Return the anomalies: first those that are not tolerated, then those that backups cause, then by kind."""
    kinds = list(AnomalyKind)
    return sorted(found, key=lambda each: (each.tolerated, each.cause is not Cause.BACKUP, kinds.index(each.kind)))


@dataclass(frozen=True)
class RootCause:
    """Anomalies with one root cause: the run of the first also shows the others, or the same action causes them."""

    first: AnomalyResult
    others: tuple[AnomalyResult, ...] = ()


def root_causes(found: Iterable[AnomalyResult]) -> list[RootCause]:
    """Return the anomalies by root cause, in this order; what is tolerated stays apart."""
    left = [(each, cause_of(each)) for each in found]
    causes = []
    while left:
        (first, action), *rest = left
        also_shown = set(shown(first.shown))
        others: list[AnomalyResult] = []
        left = []
        for each, its_action in rest:
            same = its_action == action or (each.kind, each.subject) in also_shown
            if same and comparable(first) == comparable(each):
                others.append(each)
            else:
                left.append((each, its_action))
        causes.append(RootCause(first, tuple(others)))
    return causes


def comparable(anomaly: AnomalyResult) -> tuple[bool, Cause]:
    """Return what anomalies with one root cause have in common."""
    return anomaly.tolerated, anomaly.cause


def shown(trace: Trace) -> Iterator[tuple[AnomalyKind, str]]:
    """Yield the kind and the subject of each anomaly at the end of a run."""
    state = trace.states[-1]
    for anomaly in anomalies(trace.architecture, trace.plan, trace.instances):
        if satisfied(anomaly.formula, state):
            yield anomaly.kind, anomaly.subject


def cause_of(anomaly: AnomalyResult) -> Hashable:
    """Return the action that the explanation names as the cause.

    For a disaster, also return the use case that it interrupts.
    """
    trace = anomaly.shown
    action = explain(trace).action
    if action is None:
        return None
    label = trace.actions[action - 1]
    use_case = use_case_of(anomaly, trace) if label.kind is ActionKind.DISASTER else None
    return label.kind, label.services, use_case


def use_case_of(anomaly: AnomalyResult, trace: Trace) -> str:
    """Return the name of the use case that an anomaly is about."""
    wanted = (anomaly.kind, anomaly.subject)
    about = next(
        each.about for each in anomalies(trace.architecture, trace.plan, 1) if (each.kind, each.subject) == wanted
    )
    match about:
        case Event():
            return about.use_case
        case Link():
            return trace.architecture.links[about][0].name
        case Entity():
            return trace.architecture.creators[about][0].name


def most_affected(found: Iterable[AnomalyResult], many: int) -> list[tuple[str, int]]:
    """Return the entities that most links point to among those that can break, with how many these are."""
    broken = (each.subject for each in found if each.kind is AnomalyKind.BROKEN_LINK)
    return Counter(subject.rpartition(" -> ")[2] for subject in broken).most_common(many)


# Warnings about steps that never happen, use cases that can get stuck, and calls that no step records

Finding = tuple[str, Place, str]
"""A code, a step, and the message about it."""


def warnings(specification: Specification, covered: Sequence[PlanCoverage]) -> tuple[Diagnostic, ...]:
    """Return the warnings about what was found, in the order of the file.

    Args:
        specification: the specification.
        covered: what happens under some of its plans.
    """
    plans: dict[Finding, list[str]] = {}
    for plan in covered:
        for finding in findings(specification, plan):
            plans.setdefault(finding, []).append(plan.plan)
    found = []
    for (code, step, message), names in plans.items():
        under = "" if len(names) == len(covered) else f"under {of_plans(names)}: "
        found.append(specification.warning(code, step, under + message))
    for step, services in unrecorded(specification.architecture):
        found.append(specification.warning("no-record", step, not_recorded(name(specification, step), services)))
    return tuple(sorted(found, key=lambda each: (each.line, each.column)))


def findings(specification: Specification, plan: PlanCoverage) -> Iterator[Finding]:
    """Yield the steps that never happen for a reason of their own, and the use cases that can get stuck."""
    for step in plan.never():
        yield "never-happens", step.place, f"{name(specification, step.place)} never happens: it {step.reason}"
    for case in plan.use_cases:
        for obstacle in case.obstacles[:1]:
            at = f"{quoted(case.name)} can get stuck at {name(specification, obstacle.place)}"
            yield "can-get-stuck", obstacle.place, f"{at}: it {obstacle.reason}"


def not_recorded(step: str, services: Sequence[str]) -> str:
    """Return the message about a call that is not idempotent."""
    at = listed([*map(quoted, services)])
    return f"no later step in {at} records that {step} was done, so that it is done again if the call is resumed there"


def name(specification: Specification, step: Place) -> str:
    """Return what people call a step, in quotes."""
    return quoted(specification.architecture.named(f"{step[0]}.{step[1]}"))


def of_plans(plans: Sequence[str]) -> str:
    """Return the names of plans for a message."""
    more = [f"{len(plans) - NAMED} more"] if len(plans) > NAMED else []
    return listed([*map(quoted, plans[:NAMED]), *more])
