"""One architecture under one plan: its events, services and messages, and what each disaster restores."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import combinations

from bac.model.architecture import Architecture, Entity, Place, Step, UseCase, Verb, Via
from bac.model.errors import LimitReached
from bac.model.guard import Presence
from bac.model.modes import Mode
from bac.model.plan import Group, Plan, Scope
from bac.model.recovery import OnInvalid, Onto, Restore, Rollback, Source
from bac.model.system import Event, Fact, pending

MOST_CRASH_SETS = 4096
"""Beyond this many crash sets (``scope: any`` over more than twelve services) no system is built."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """One disaster in scope: the services that crash, those that are restored, and those that lose their logs."""

    crash: tuple[str, ...]
    restored: tuple[str, ...]
    emptied: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Message:
    """A message that can be in the broker, and the services that send and receive it."""

    trigger: Event
    event: Event
    sender: str
    receiver: str

    @property
    def pending(self) -> Fact:
        """The message waits in the broker."""
        return pending(self.trigger, self.event)


@dataclass(frozen=True)
class Setting:
    """One architecture under one plan, with so many indices."""

    architecture: Architecture
    plan: Plan
    instances: int

    # Events and messages

    @cached_property
    def occurrences(self) -> tuple[tuple[Event, UseCase, Step], ...]:
        """Every event with its use case and step, index by index."""
        return tuple(
            (Event(case.name, step.number, index), case, step)
            for index in range(1, self.instances + 1)
            for case, step in self.architecture.steps()
        )

    @cached_property
    def events_of(self) -> dict[str, tuple[Event, ...]]:
        """The events that each service logs."""
        table: dict[str, list[Event]] = {service.name: [] for service in self.architecture.services}
        for event, _, step in self.occurrences:
            table[step.service].append(event)
        return {service: tuple(events) for service, events in table.items()}

    @cached_property
    def messages(self) -> tuple[Message, ...]:
        """Every message that can be in the broker."""
        return tuple(
            Message(Event(case.name, number, event.index), event, case.step(number).service, step.service)
            for event, case, step in self.occurrences
            if step.via is Via.EVENT
            for number in step.predecessors
        )

    @cached_property
    def messages_to(self) -> dict[Event, tuple[Fact, ...]]:
        """The ``pending`` facts of the messages that bring an event about."""
        table: dict[Event, tuple[Fact, ...]] = {}
        for message in self.messages:
            table[message.event] = (*table.get(message.event, ()), message.pending)
        return table

    @cached_property
    def messages_from(self) -> dict[Event, tuple[Fact, ...]]:
        """The ``pending`` facts of the messages that an event sends."""
        table: dict[Event, tuple[Fact, ...]] = {}
        for message in self.messages:
            table[message.trigger] = (*table.get(message.trigger, ()), message.pending)
        return table

    def presence(self, index: int) -> Presence:
        """The entities and links in the logs of an index."""
        return Presence(self.architecture, index, frozenset(self.plan.recovery.collect))

    # Services

    @cached_property
    def groups(self) -> dict[str, Group]:
        """The group of each service (alone if in none)."""
        return self.plan.groups_of(self.events_of)

    @cached_property
    def modes(self) -> dict[str, Mode]:
        """The mode of each service."""
        return {service: group.mode for service, group in self.groups.items()}

    @cached_property
    def external(self) -> frozenset[str]:
        """The services that never crash and are never restored."""
        return frozenset(service.name for service in self.architecture.services if service.external)

    @cached_property
    def snapshotted(self) -> tuple[str, ...]:
        """The services of which snapshots are taken."""
        return snapshotted(self.architecture, self.plan)

    @cached_property
    def locked_groups(self) -> tuple[Group, ...]:
        """The groups with a lock."""
        return tuple(group for group in self.plan.groups if group.mode.locks)

    @property
    def rounds(self) -> tuple[int, ...]:
        """The rounds of backups: two where each service's newest backup is restored, else one that says it all."""
        return (1, 2) if self.plan.recovery.source is Source.NEWEST else (1,)

    # Transactions

    def transactions(self, case: UseCase) -> Iterator[tuple[Step, ...]]:
        """The steps of a use case, those that one shared database executes together in one tuple."""
        run: list[Step] = []
        for step in case.steps:
            if run and not self._continues(run[-1], step):
                yield tuple(run)
                run = []
            run.append(step)
        yield tuple(run)

    def _continues(self, previous: Step, step: Step) -> bool:
        group = self.groups[previous.service]
        return (
            group.mode.one_database
            and step.service in group.services
            and step.via is Via.CALL
            and step.predecessors == (previous.number,)
        )

    # Rejected events

    @cached_property
    def droppable(self) -> frozenset[Place]:
        """The steps whose messages can be rejected before the disaster: what they are about can be deleted."""
        if self.plan.recovery.on_invalid is not OnInvalid.REJECT:
            return frozenset()
        return droppable(self.architecture)

    # Disasters

    def crash_sets(self) -> Iterable[tuple[str, ...]]:
        """The sets of services that may crash together, smallest first.

        Raises:
            LimitReached: there are more than :data:`MOST_CRASH_SETS`.
        """
        names = tuple(service for service in self.events_of if service not in self.external)
        match self.plan.disaster.scope:
            case Scope.WHOLE:
                return [names] if names else []
            case Scope.ANY:
                if 2 ** min(len(names), 64) > MOST_CRASH_SETS:
                    raise LimitReached(
                        f"scope any over {len(names)} services has more than {MOST_CRASH_SETS} crash sets"
                    )
                return (crash for size in range(1, len(names) + 1) for crash in combinations(names, size))
            case listed:
                return sorted(listed, key=len)

    @cached_property
    def outcomes(self) -> tuple[Outcome, ...]:
        """The disasters from which there is a way back.

        Raises:
            LimitReached: there are more than :data:`MOST_CRASH_SETS` crash sets.
        """
        return tuple(outcome for crash in self.crash_sets() if (outcome := self.outcome(crash)) is not None)

    def outcome(self, crash: tuple[str, ...]) -> Outcome | None:
        """Return the outcome of the disaster that hits these services; ``None`` if there is no way back from it."""
        rolled_back = self.plan.recovery.rollback is Rollback.OLDEST
        everything = tuple(service for service in self.events_of if service not in self.external)
        restored = everything if rolled_back else self.widened(crash)
        if any(self.modes[service].never_backed_up for service in restored):
            return None
        keeps = self.plan.recovery.onto is Onto.EXISTING
        emptied = tuple(service for service in restored if service in crash) if keeps else restored
        return Outcome(crash, restored, emptied)

    def widened(self, crash: tuple[str, ...]) -> tuple[str, ...]:
        """The crashed services, widened by their recovery units unless only crashed services are restored."""
        members = set(crash)
        if self.plan.recovery.restore is Restore.GROUP:
            for service in crash:
                group = self.groups[service]
                members.update(group.services if group.mode.recovers_together else ())
        return tuple(service for service in self.events_of if service in members)

    @cached_property
    def generators(self) -> tuple[Outcome, ...]:
        """Disasters of which all others restore unions: those that hit one service, where any set may crash."""
        if self.plan.disaster.scope is not Scope.ANY:
            return self.outcomes
        single = (self.outcome((service,)) for service in self.events_of if service not in self.external)
        return tuple(outcome for outcome in single if outcome is not None)

    @cached_property
    def always_restored(self) -> frozenset[str]:
        """The services that every disaster restores."""
        return frozenset(self.events_of).intersection(*(outcome.restored for outcome in self.generators))

    @cached_property
    def ever_restored(self) -> frozenset[str]:
        """The services that some disaster restores."""
        return frozenset[str]().union(*(outcome.restored for outcome in self.generators))

    def lost_together(self, services: frozenset[str]) -> frozenset[frozenset[str]]:
        """The sets of these services, all of one group, that can lose their logs in one disaster."""
        single = [services.intersection(outcome.emptied) for outcome in self.generators]
        found = {frozenset[str]()}
        for lost in dict.fromkeys(single):
            found |= {lost} if self.plan.disaster.scope is not Scope.ANY else {lost | other for other in found}
        return frozenset(found - {frozenset()})


def snapshotted(architecture: Architecture, plan: Plan) -> tuple[str, ...]:
    """The services of which snapshots are taken, in the order of the file."""
    groups = plan.groups_of(service.name for service in architecture.services)
    inside = (service.name for service in architecture.services if not service.external)
    return tuple(name for name in inside if groups[name].mode.takes_snapshots)


def step_entities(step: Step) -> Iterator[Entity]:
    """The entities that a step needs.

    These are its own, unless it creates it or only brings a copy up to date, those that it links to, and those that it
    is said to need.
    """
    if step.verb is not Verb.CREATE and not (step.verb is Verb.COPY and step.predecessors):
        yield step.entity
    for link in step.links:
        yield link.target
    yield from step.needs


def event_entities(step: Step) -> Iterator[Entity]:
    """The entities that an event speaks of, and that its receiver looks for if it rejects what is not valid."""
    if step.verb is Verb.COPY and step.predecessors:
        yield step.entity
    yield from step_entities(step)


def droppable(architecture: Architecture) -> frozenset[Place]:
    """The event steps about something that another use case creates, and that can be deleted or removed."""
    found = set[Place]()
    for case, step in architecture.steps():
        if step.via is not Via.EVENT:
            continue
        foreign = [entity for entity in step_entities(step) if architecture.creators[entity][0] is not case]
        removable: list[object] = [*foreign]
        if step.unlinks is not None and architecture.links[step.unlinks][0] is not case:
            removable += [step.unlinks, step.unlinks.holder]
        if any(what in architecture.removals for what in removable):
            found.add((case.name, step.number))
    return frozenset(found)
