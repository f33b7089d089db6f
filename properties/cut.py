"""The cut of a trace at one index: its events, the entities that exist, and the links that hold.

Source: the article, "Eventual Inconsistency with Full Availability".
"""

from __future__ import annotations

from bac.model.architecture import Entity, Link
from bac.model.guard import Guard
from bac.model.setting import Setting
from bac.model.system import Event, FactKind
from bac.model.trace import Trace
from bac.properties.anomalies import Definitions
from bac.properties.formula import Formula, condition, satisfied


class Cut:
    """The logs at the end of a trace, seen from one index."""

    def __init__(self, trace: Trace, index: int) -> None:
        """Collect what is in the logs."""
        self.trace, self.index = trace, index
        self._facts = trace.states[-1]
        self.events = {fact.events[0] for fact in self._facts if fact.kind is FactKind.LOGGED and fact.index == index}
        self._definitions = Definitions(Setting(trace.architecture, trace.plan, 1), index)
        self.presence = self._definitions.presence

    def creation(self, entity: Entity) -> Event:
        """The event that creates an entity."""
        return self.presence.creation(entity)

    def making(self, link: Link) -> Event:
        """The event that makes a link."""
        return self.presence.making(link)

    def removals(self, what: Entity | Link) -> tuple[Event, ...]:
        """Return the events that delete an entity or remove a link, whether they happen or not."""
        return self.presence.removals(what)

    def removal(self, what: Entity | Link) -> Event | None:
        """Return the event in the cut that deletes an entity or removes a link, if there is one."""
        return next((event for event in self.removals(what) if event in self.events), None)

    def exists(self, entity: Entity) -> bool:
        """Whether the entity exists in the cut."""
        return self._shows(self.presence.exists(entity))

    def holds(self, link: Link) -> bool:
        """Whether the link holds in the cut."""
        return self._shows(self.presence.holds(link))

    def broken(self, link: Link) -> bool:
        """Whether the link is broken in the cut."""
        return self._shows(self._definitions.broken(link))

    def orphan(self, entity: Entity) -> bool:
        """Whether the entity is an orphan in the cut."""
        return self._shows(self._definitions.orphan(entity))

    def misdirected(self, link: Link) -> bool:
        """Whether the link comes to lead to something else in the cut."""
        return self._shows(self._definitions.misdirected(link))

    def is_gone(self, entity: Entity) -> bool:
        """Whether recovery collected the entity."""
        return any(fact in self._facts for fact in self.presence.gone(entity))

    def links_within(self, entity: Entity) -> list[Link]:
        """The links to an entity that its own use case makes."""
        return self._definitions.links_within(entity)

    def name(self, entity: Entity) -> str:
        """Return the name of an entity, with its index where there are several."""
        return f"{entity} #{self.index}" if self.trace.instances > 1 else str(entity)

    def _shows(self, what: Guard | Formula) -> bool:
        return satisfied(condition(what) if isinstance(what, Guard) else what, self._facts)
