"""What a trace leaves at one index: which events are in the cut, what exists there, and which links hold.

Source: the article, "Eventual Inconsistency with Full Availability".
"""

from __future__ import annotations

from bac.model.architecture import Entity, Link, Verb
from bac.model.system import Event
from bac.model.trace import Trace


class Cut:
    """The logs at the end of a trace, seen from one index."""

    def __init__(self, trace: Trace, index: int) -> None:
        """Collect what is in the logs."""
        self.trace, self.index = trace, index
        self.events = {e.event for log in trace.logs.values() for e in log.cut if e.event.index == index}
        steps = [(trace.step_of(event)[1], event) for event in sorted(self.events)]
        self.deletions = {step.entity: event for step, event in steps if step.verb is Verb.DELETE}
        self.unlinkings = {step.unlinks: event for step, event in steps if step.unlinks is not None}

    def creation(self, entity: Entity) -> Event:
        """The event that creates an entity."""
        case, step = self.trace.architecture.creators[entity]
        return Event(case.name, step.number, self.index)

    def making(self, link: Link) -> Event:
        """The event that makes a link."""
        case, step = self.trace.architecture.links[link]
        return Event(case.name, step.number, self.index)

    def exists(self, entity: Entity) -> bool:
        """Whether the entity was created and not deleted."""
        return self.creation(entity) in self.events and entity not in self.deletions

    def holds(self, link: Link) -> bool:
        """Whether the link was made and not removed, and its holder exists."""
        return self.making(link) in self.events and link not in self.unlinkings and self.exists(link.holder)

    def broken(self, link: Link) -> bool:
        """Whether the link holds, and its target does not exist."""
        return self.holds(link) and not self.exists(link.target)

    def name(self, entity: Entity) -> str:
        """What to call an entity of this index."""
        return f"{entity} #{self.index}" if self.trace.instances > 1 else str(entity)
