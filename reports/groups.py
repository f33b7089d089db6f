"""Anomalies that look alike, as one: the same kind, cause and lengths in parts of the same shape."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from bac.proofs.results import AnomalyResult, Cause
from bac.properties.anomalies import AnomalyKind


@dataclass(frozen=True)
class Alike:
    """Anomalies that look alike; the first stands for all."""

    members: tuple[AnomalyResult, ...]

    @property
    def example(self) -> AnomalyResult:
        """The one that is shown."""
        return self.members[0]

    @property
    def rank(self) -> tuple[bool, bool, int, int]:
        """The order from bad to less bad: consistency before what is tolerated, backups before bad luck, many first."""
        one = self.example
        return one.tolerated, one.cause is not Cause.BACKUP, list(AnomalyKind).index(one.kind), -len(self.members)


def groups(anomalies: Iterable[AnomalyResult]) -> list[Alike]:
    """The anomalies, those that look alike together, worst first; in the order of the file if each is its own."""
    table: dict[object, list[AnomalyResult]] = {}
    for each in anomalies:
        alike = (each.kind, each.like or each.subject, each.tolerated, each.cause, tuple(each.lengths.items()))
        table.setdefault(alike, []).append(each)
    found = [Alike(tuple(members)) for members in table.values()]
    return sorted(found, key=lambda group: group.rank) if any(len(group.members) > 1 for group in found) else found


def most_affected(anomalies: Iterable[AnomalyResult], many: int) -> list[tuple[str, int]]:
    """The entities that most links point to among those that can break, with how many these are."""
    broken = (each.subject for each in anomalies if each.kind is AnomalyKind.BROKEN_LINK)
    return Counter(subject.rpartition(" -> ")[2] for subject in broken).most_common(many)
