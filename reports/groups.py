"""Anomalies that belong together: those that look alike, and those with one root cause."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterable, Iterator
from dataclasses import dataclass

from bac.model.architecture import Entity, Link
from bac.model.system import ActionKind, Event
from bac.model.trace import Trace
from bac.proofs.results import AnomalyResult, Cause
from bac.properties.anomalies import AnomalyKind, anomalies
from bac.properties.explanation import explain
from bac.properties.formula import satisfied


@dataclass(frozen=True)
class Alike:
    """Anomalies that look alike: the same kind, cause and lengths in parts of the same shape.

    The first is shown for all.
    """

    members: tuple[AnomalyResult, ...]

    @property
    def example(self) -> AnomalyResult:
        """The one that is shown."""
        return self.members[0]

    @property
    def rank(self) -> tuple[bool, bool, int, int]:
        """The key that sorts the worst first: not tolerated, caused by backups, by kind, and by number."""
        one = self.example
        return one.tolerated, one.cause is not Cause.BACKUP, list(AnomalyKind).index(one.kind), -len(self.members)


@dataclass(frozen=True)
class RootCause:
    """Anomalies with one root cause: the run of the first also shows the others, or the same action causes them."""

    first: Alike
    others: tuple[Alike, ...] = ()


def groups(found: Iterable[AnomalyResult]) -> list[Alike]:
    """Return the anomalies, those that look alike together, worst first."""
    table: dict[object, list[AnomalyResult]] = {}
    for each in found:
        alike = (each.kind, each.like or each.subject, each.tolerated, each.cause, tuple(each.lengths.items()))
        table.setdefault(alike, []).append(each)
    return sorted((Alike(tuple(members)) for members in table.values()), key=lambda group: group.rank)


def root_causes(alike: Iterable[Alike]) -> list[RootCause]:
    """Return the anomalies by root cause, in this order; what is tolerated stays apart."""
    left = [(each, cause_of(each.example)) for each in alike]
    causes = []
    while left:
        (first, action), *rest = left
        also_shown = set(shown(first.example.shown))
        others: list[Alike] = []
        left = []
        for each, its_action in rest:
            same = its_action == action or (each.example.kind, each.example.subject) in also_shown
            if same and comparable(first.example) == comparable(each.example):
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
