"""The records of an interaction that are missing at an id: the definition of missing state, on what the stores show.

If the audit names a specification, it is the formula of :mod:`bac.properties.anomalies`.  Whether a broken link or
an orphan accounts for the gap can be told where the records have the ids of the entities (key ``ids``).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property

from bac.audit.plan import AuditPlan, CopyCheck, Source
from bac.model.architecture import Architecture, Entity, Link, Step, UseCase
from bac.model.plan import INDEPENDENT
from bac.model.system import Event, Fact, logged
from bac.properties.anomalies import Anomaly, AnomalyKind, anomalies
from bac.properties.formula import satisfied


@dataclass(frozen=True, eq=False)
class Gaps:
    """The gaps in the records of one interaction."""

    plan: AuditPlan
    copy: CopyCheck
    _known: dict[tuple[bool, ...], tuple[int, ...]] = field(default_factory=dict)

    @property
    def sources(self) -> list[Source]:
        """The sources that are merged beside the records: entities with the same ids, and links to them."""
        entities = [self.plan.entities[entity.name].source for entity in self._entities]
        return [*entities, *(self._source_of(link) for link in self._links)]

    def missing(self, there: tuple[bool, ...]) -> tuple[int, ...]:
        """Return the numbers of the records that are missing at an id.

        Args:
            there: of each record, then of each other source, whether it has the id.
        """
        if (known := self._known.get(there)) is None:
            known = self._known[there] = self._by_rule(there) if self._case is None else self._by_formula(there)
        return known

    def _by_rule(self, there: tuple[bool, ...]) -> tuple[int, ...]:
        """A record is missing if others are there, and one that it follows, if it follows any."""
        records = there[: len(self.copy.records)]
        return tuple(
            number
            for number, before in enumerate(self.copy.follows, 1)
            if not records[number - 1] and (not before or any(records[other - 1] for other in before))
        )

    def _by_formula(self, there: tuple[bool, ...]) -> tuple[int, ...]:
        facts = self._facts(there)
        return tuple(
            anomaly.about.step
            for anomaly in self._anomalies
            if isinstance(anomaly.about, Event) and satisfied(anomaly.formula, facts)
        )

    # The specification

    @cached_property
    def _architecture(self) -> Architecture:
        assert self.plan.architecture is not None
        return self.plan.architecture

    @cached_property
    def _case(self) -> UseCase | None:
        known = self.plan.architecture
        return None if known is None else known.by_use_case.get(self.copy.name)

    @cached_property
    def _anomalies(self) -> tuple[Anomaly, ...]:
        return tuple(
            anomaly
            for anomaly in anomalies(self._architecture, INDEPENDENT, 1)
            if anomaly.kind is AnomalyKind.MISSING_STATE
            and isinstance(anomaly.about, Event)
            and anomaly.about.use_case == self.copy.name
        )

    @cached_property
    def _entities(self) -> list[Entity]:
        if self._case is None:
            return []
        return [entity for entity in self._architecture.creators if entity.name in self.copy.entities]

    @cached_property
    def _links(self) -> list[Link]:
        """The links to these entities that the audit knows."""
        known = {str(link) for link in self.plan.links}
        return [
            link
            for link in (self._architecture.links if self._case is not None else ())
            if link.target in self._entities and str(link) in known
        ]

    def _source_of(self, link: Link) -> Source:
        return next(each.source for each in self.plan.links if str(each) == str(link))

    def _facts(self, there: tuple[bool, ...]) -> frozenset[Fact]:
        """Return the facts of the model at one id: the records, the entities that exist, and the links that hold."""
        steps = len(self.copy.records)
        done = {Event(self.copy.name, number + 1, 1) for number in range(steps) if there[number]}
        for entity, exists in zip(self._entities, there[steps:], strict=False):
            creation = self._event(*self._architecture.creators[entity])
            (done.add if exists else done.discard)(creation)
        for link, holds in zip(self._links, there[steps + len(self._entities) :], strict=True):
            making = self._event(*self._architecture.links[link])
            if holds:
                done |= {making, self._event(*self._architecture.creators[link.holder])}
        return frozenset(map(logged, done))

    def _event(self, case: UseCase, step: Step) -> Event:
        return Event(case.name, step.number, 1)
