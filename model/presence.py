"""When an entity exists and a link holds in the logs of one index: defined here, and nowhere else.

The definitions are guards over facts.  Rules put them into actions, properties make formulas of them, and what looks at
a single cut evaluates them there.  Source: docs/semantics.md, "Anomalies".
"""

from __future__ import annotations

from dataclasses import dataclass

from bac.model.architecture import Architecture, Entity, Link, Step, UseCase
from bac.model.system import Event, Guard, forbid, logged, require


@dataclass(frozen=True, slots=True)
class Presence:
    """What is there at one index of an architecture."""

    architecture: Architecture
    index: int

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

    def not_removed(self, what: Entity | Link) -> Guard:
        """No step that deletes the entity, or removes the link, has happened."""
        return forbid(map(logged, self.removals(what)))

    def exists(self, entity: Entity) -> Guard:
        """The entity was created and not deleted."""
        return require([logged(self.creation(entity))]) & self.not_removed(entity)

    def holds(self, link: Link) -> Guard:
        """The link was made and not removed, and its holder exists."""
        return require([logged(self.making(link))]) & self.not_removed(link) & self.exists(link.holder)
