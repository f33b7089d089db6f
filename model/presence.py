"""When an entity exists and a link holds in the logs of one index: defined here, and nowhere else.

The definitions are guards over facts.  Rules put them into actions, properties make formulas of them, and what looks at
a single cut evaluates them there.  Source: docs/semantics.md, "Anomalies".
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from bac.model.architecture import Architecture, Entity, Link, Step, UseCase
from bac.model.guard import Guard, forbid, require
from bac.model.system import Event, Fact, before, gone, logged


@dataclass(frozen=True, slots=True)
class Presence:
    """The entities and links at one index of an architecture.

    ``collected`` are the entities, by plain name, that recovery may collect as garbage.  ``earlier`` asks for the logs
    just before the disaster, and not for those of now.
    """

    architecture: Architecture
    index: int
    collected: frozenset[str] = frozenset()
    earlier: bool = False

    @property
    def before(self) -> Presence:
        """The same for the logs just before the disaster."""
        return Presence(self.architecture, self.index, earlier=True)

    def fact(self, event: Event) -> Fact:
        """The event is in its log."""
        return before(event) if self.earlier else logged(event)

    def event(self, case: UseCase, step: Step) -> Event:
        """The event of a step at this index."""
        return Event(case.name, step.number, self.index)

    def creation(self, entity: Entity) -> Event:
        """The event that creates an entity."""
        return self.event(*self.architecture.creators[entity])

    def making(self, link: Link) -> Event:
        """The event that makes a link."""
        return self.event(*self.architecture.links[link])

    def removals(self, what: Entity | Link) -> tuple[Event, ...]:
        """The events that delete an entity, or remove a link."""
        return tuple(self.event(case, step) for case, step in self.architecture.removals.get(what, ()))

    def erasures(self, entity: Entity) -> tuple[Event, ...]:
        """The events that delete an entity, and not softly."""
        deletions = self.architecture.removals.get(entity, ())
        return tuple(self.event(case, step) for case, step in deletions if not step.kept)

    def taken(self, entity: Entity) -> tuple[Fact, ...]:
        """The facts of which each takes an entity away: its deletions, and that it was collected."""
        deleted = tuple(self.fact(event) for event in self.removals(entity))
        return (*deleted, *self.gone(entity))

    def gone(self, entity: Entity) -> tuple[Fact, ...]:
        """The fact that the entity was collected, if that is possible."""
        return (gone(self.creation(entity)),) if entity.name in self.collected else ()

    def created(self, entity: Entity) -> Guard:
        """The entity was created."""
        return require([self.fact(self.creation(entity))])

    def exists(self, entity: Entity) -> Guard:
        """The entity was created, and neither deleted nor collected."""
        return self.created(entity) & forbid(self.taken(entity))

    def resolves(self, entity: Entity) -> Guard:
        """A link to the entity leads somewhere: it exists, or was deleted softly."""
        return self.created(entity) & forbid(map(self.fact, self.erasures(entity))) & forbid(self.gone(entity))

    def holds(self, link: Link) -> Guard:
        """The link was made and not removed, and its holder exists."""
        made = require([self.fact(self.making(link))])
        return made & forbid(map(self.fact, self.removals(link))) & self.exists(link.holder)


def others(case: UseCase, step: Step, index: int) -> Iterable[Event]:
    """The events of the other steps of a use case at an index."""
    return (Event(case.name, other.number, index) for other in case.steps if other is not step)
