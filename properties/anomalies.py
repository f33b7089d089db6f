"""Broken links, orphan state and missing state, as formulas over the settled cut.

Source: the article, "Eventual Inconsistency with Full Availability" (Figures 3, 4 and 5); docs/semantics.md,
"Properties".
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from bac.model.architecture import Architecture, Entity, Link, Step, UseCase, Verb
from bac.model.presence import Presence
from bac.model.system import Event, logged
from bac.properties.formula import FALSE, Atom, Formula, Not, condition, conjunction, disjunction


class AnomalyKind(StrEnum):
    """The ways in which a recovered application can be inconsistent."""

    BROKEN_LINK = "broken-link"
    ORPHAN_STATE = "orphan-state"
    MISSING_STATE = "missing-state"


@dataclass(frozen=True, slots=True)
class Anomaly:
    """One thing that can be wrong at one index.

    ``subject`` is what people call it: ``holder -> target``, the entity, or ``use case.step``; entries of several
    indices (or of several references that share a name) have one subject in common.  ``about`` is the link, the
    entity, or the event itself.  A tolerated anomaly is reported, but does not violate consistency.
    """

    kind: AnomalyKind
    subject: str
    index: int
    about: Link | Entity | Event
    formula: Formula
    tolerated: bool = False


def anomalies(architecture: Architecture, instances: int) -> tuple[Anomaly, ...]:
    """Every anomaly that the architecture could show, for each index from 1 to ``instances``."""
    return tuple(
        anomaly for index in range(1, instances + 1) for anomaly in Definitions(architecture, index).anomalies()
    )


class Definitions:
    """The definitions of the properties, at one index of one architecture."""

    def __init__(self, architecture: Architecture, index: int) -> None:
        """Take note of what links to entities."""
        self.architecture, self.index = architecture, index
        self.presence = Presence(architecture, index)
        self.links_to: dict[Entity, list[Link]] = {}
        for link in architecture.links:
            self.links_to.setdefault(link.target, []).append(link)

    def happened(self, case: UseCase, step: Step) -> Formula:
        """The step's event is in the log."""
        return Atom(logged(self.presence.event(case, step)))

    def exists(self, entity: Entity) -> Formula:
        """Created and not deleted."""
        return condition(self.presence.exists(entity))

    def holds(self, link: Link) -> Formula:
        """The link was made and not removed, and its holder exists."""
        return condition(self.presence.holds(link))

    def broken(self, link: Link) -> Formula:
        """The link holds and its target does not exist."""
        return conjunction([self.holds(link), Not(self.exists(link.target))])

    def links_within(self, entity: Entity) -> list[Link]:
        """The links to an entity that the use case which creates it makes."""
        home, _ = self.architecture.creators[entity]
        return [link for link in self.links_to.get(entity, ()) if self.architecture.links[link][0] is home]

    def orphan(self, entity: Entity) -> Formula:
        """The entity exists, its own use case makes a link to it, and no link to it holds."""
        if not self.links_within(entity):
            return FALSE
        return conjunction([self.exists(entity), *(Not(self.holds(link)) for link in self.links_to[entity])])

    def missing(self, case: UseCase, step: Step) -> Formula:
        """The event is not in the cut, another of its use case and index is, and no other anomaly explains that."""
        others = [self.happened(case, other) for other in case.steps if other is not step]
        explained = disjunction(self.explanations(case, step))
        return conjunction([Not(self.happened(case, step)), disjunction(others), Not(explained)])

    def explanations(self, case: UseCase, step: Step) -> Iterator[Formula]:
        """Anomalies that already account for the absence of this step's event."""
        if step.verb is Verb.CREATE:
            yield from (self.broken(link) for link in self.links_to.get(step.entity, ()))
        for link in step.links:
            if self.architecture.creators[link.target][0] is case:
                yield self.orphan(link.target)

    def anomalies(self) -> Iterator[Anomaly]:
        """Every anomaly of this index."""
        tolerates = self.architecture.tolerates
        for link in self.architecture.links:
            kind, wrong = AnomalyKind.BROKEN_LINK, self.broken(link)
            yield Anomaly(kind, str(link), self.index, link, wrong, tolerates(link))
        for entity in self.architecture.creators:
            if self.links_within(entity):
                tolerated = all(map(tolerates, self.links_to[entity]))
                kind, wrong = AnomalyKind.ORPHAN_STATE, self.orphan(entity)
                yield Anomaly(kind, str(entity), self.index, entity, wrong, tolerated)
        for case, step in self.architecture.steps():
            if len(case.steps) > 1:
                event, subject = self.presence.event(case, step), f"{case.name}.{step.number}"
                yield Anomaly(AnomalyKind.MISSING_STATE, subject, self.index, event, self.missing(case, step))
