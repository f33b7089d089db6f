"""From an architecture, a plan and a number of instances to a transition system: one function per rule.

Source: docs/semantics.md, "Facts and actions", whose headings the functions follow.  Nothing else in the checker knows
what a lock, a snapshot or a disaster is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import chain, combinations, pairwise
from typing import TypeVar, assert_never

from bac.model.architecture import Architecture, Entity, Step, UseCase, Verb, Via
from bac.model.errors import LimitReached
from bac.model.modes import Lock, Mode
from bac.model.plan import Group, Plan, Scope, Timing
from bac.model.presence import Presence
from bac.model.recovery import Broker, OnInvalid, Restore, Rollback
from bac.model.system import (
    AT_REST,
    DENIED,
    RECOVERED,
    Action,
    ActionKind,
    Clause,
    Event,
    Fact,
    Guard,
    Label,
    System,
    all_or_none,
    backed,
    forbid,
    locked,
    logged,
    oldest,
    pending,
    require,
    snapped,
)

T = TypeVar("T")

MOST_CRASH_SETS = 4096
"""Beyond this many crash sets (``scope: any`` over more than twelve services) no system is built."""

MOST_MENTIONS = 5_000_000
"""Beyond this many facts and clauses in its actions (thousands of services in one lock) no system is built."""


def system(
    architecture: Architecture, plan: Plan, instances: int = 1, check: Callable[[], None] = lambda: None
) -> System:
    """The transition system of an architecture under a plan, with this many indices.

    ``check`` is called for each action; it may raise an error to stop.

    Raises:
        LimitReached: the disaster's scope has more than :data:`MOST_CRASH_SETS` crash sets, or the actions mention more
            than :data:`MOST_MENTIONS` facts and clauses.
    """
    rules = Rules(architecture, plan, instances)
    actions, size = [], 0
    for action in chain(rules.steps(), rules.snapshots(), rules.locks(), rules.disasters(), rules.recovery()):
        check()
        actions.append(action)
        size += len(action.require) + len(action.forbid) + len(action.copy)
        size += sum(len(clause.positive) + len(clause.negative) for clause in action.clauses)
        if size > MOST_MENTIONS:
            raise LimitReached(f"the transition system has more than {MOST_MENTIONS:,} parts")
    return System(tuple(rules.facts()), tuple(actions))


@dataclass(frozen=True)
class Rules:
    """The rules of one architecture under one plan, each a method that yields actions."""

    architecture: Architecture
    plan: Plan
    instances: int

    # What is there

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
    def modes(self) -> dict[str, Mode]:
        """The mode of each service."""
        return {service: group.mode for service, group in self.groups.items()}

    @cached_property
    def groups(self) -> dict[str, Group]:
        """The group of each service (by itself if in none)."""
        return self.plan.groups_of(self.events_of)

    @cached_property
    def snapshotted(self) -> tuple[str, ...]:
        """The services of which snapshots are taken."""
        return tuple(service for service, mode in self.modes.items() if mode.takes_snapshots)

    @cached_property
    def locked_groups(self) -> tuple[Group, ...]:
        """The groups with a lock."""
        return tuple(group for group in self.plan.groups if group.mode.locks)

    @cached_property
    def messages(self) -> tuple[tuple[Event, Event, str, str], ...]:
        """Every message that can be in the broker: trigger, event, and the services that send and receive it."""
        return tuple(
            (Event(case.name, number, event.index), event, case.step(number).service, step.service)
            for event, case, step in self.occurrences
            if step.via is Via.EVENT
            for number in step.predecessors
        )

    @cached_property
    def messages_to(self) -> dict[Event, tuple[Fact, ...]]:
        """The ``pending`` facts of the messages that bring an event about."""
        table: dict[Event, tuple[Fact, ...]] = {}
        for trigger, event, _, _ in self.messages:
            table[event] = (*table.get(event, ()), pending(trigger, event))
        return table

    @cached_property
    def messages_from(self) -> dict[Event, tuple[Fact, ...]]:
        """The ``pending`` facts of the messages that an event sends."""
        table: dict[Event, tuple[Fact, ...]] = {}
        for trigger, event, _, _ in self.messages:
            table[trigger] = (*table.get(trigger, ()), pending(trigger, event))
        return table

    def facts(self) -> Iterator[Fact]:
        """Every fact of the system; blocks that are copied into each other stand in the same order."""
        events = [event for event, _, _ in self.occurrences]
        yield from map(logged, events)
        yield from (
            backed(event) for event, _, step in self.occurrences if not self.modes[step.service].never_backed_up
        )
        if self.plan.recovery.rollback is Rollback.OLDEST:
            yield from map(oldest, events)
        yield from (pending(trigger, event) for trigger, event, _, _ in self.messages)
        yield from map(snapped, self.snapshotted)
        yield from (locked(group.services) for group in self.locked_groups)
        yield from (DENIED, RECOVERED, AT_REST)

    # Guards

    def presence(self, index: int) -> Presence:
        """What exists and holds at an index."""
        return Presence(self.architecture, index)

    def step_guard(self, event: Event, case: UseCase, step: Step) -> Guard:
        """What a step requires, locks and markers aside."""
        index = event.index
        guard = require(logged(Event(case.name, number, index)) for number in step.predecessors)
        guard &= require(self.messages_to.get(event, ())) & forbid([logged(event)])
        for entity in step_entities(step) if step.verb is not Verb.UNLINK else ():
            if self.architecture.creators[entity][0] is not case:
                guard &= self.presence(index).exists(entity)
        if step.unlinks is not None and self.architecture.links[step.unlinks][0] is not case:
            guard &= self.presence(index).holds(step.unlinks)
        return guard

    def instance_events(self, case: UseCase, index: int, services: Iterable[str]) -> list[Event]:
        """The events of one use case and index in these services."""
        within = set(services)
        return [Event(case.name, step.number, index) for step in case.steps if step.service in within]

    def none_in_flight(self, services: Iterable[str]) -> Guard:
        """Of each use case and index, all steps in these services are logged or none."""
        within = set(services)
        return Guard(
            clauses=tuple(
                clause
                for index in range(1, self.instances + 1)
                for case in self.architecture.use_cases
                for clause in all_or_none([logged(event) for event in self.instance_events(case, index, within)])
            )
        )

    # Steps

    def steps(self) -> Iterator[Action]:
        """Steps, the transactions of shared databases, and the commands that locks hold back."""
        for index in range(1, self.instances + 1):
            for case in self.architecture.use_cases:
                for transaction in self.transactions(case):
                    yield from self.transaction(case, transaction, index)
                for step in case.steps:
                    yield from self.deny(case, step, index)

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

    def transaction(self, case: UseCase, steps: tuple[Step, ...], index: int) -> Iterator[Action]:
        """One action that executes these steps in sequence; none if one of them rules out a later one."""
        guard, add, delete = forbid([RECOVERED]), set[Fact](), set[Fact]()
        for step in steps:
            event = Event(case.name, step.number, index)
            own = self.step_guard(event, case, step) & self.lock_guard(event, case, step)
            own &= self.marker_guard(event, case, step)
            if own.forbid & add:
                return
            guard &= replace(own, require=own.require - add)
            add |= {logged(event), *self.messages_from.get(event, ())}
            if self.modes[step.service].replicated:
                add.add(backed(event))
            delete |= set(self.messages_to.get(event, ()))
        events = tuple(Event(case.name, step.number, index) for step in steps)
        yield guard.action(Label(ActionKind.STEP, events), add=add, delete=delete)

    def lock_guard(self, event: Event, case: UseCase, step: Step) -> Guard:
        """In a locked group whose lock is taken, only admitted instances go on."""
        group = self.groups[step.service]
        if not group.mode.locks:
            return Guard()
        admitting = self.instance_events(case, event.index, group.services)
        positive = frozenset(logged(other) for other in admitting if other != event)
        return Guard(clauses=(Clause(positive, frozenset([locked(group.services)])),))

    def deny(self, case: UseCase, step: Step, index: int) -> Iterator[Action]:
        """A call that a lock holds back: its client is denied (an event waits in the broker instead)."""
        group = self.groups[step.service]
        if not group.mode.locks or step.via is Via.EVENT:
            return
        event = Event(case.name, step.number, index)
        guard = self.step_guard(event, case, step) & require([locked(group.services)])
        guard &= forbid(map(logged, self.instance_events(case, index, group.services))) & forbid([RECOVERED, DENIED])
        yield guard.action(Label(ActionKind.DENY, (event,)), add=[DENIED])

    def marker_guard(self, event: Event, case: UseCase, step: Step) -> Guard:
        """The marker comes before the messages sent after it: their receiver must have taken its snapshot."""
        group = self.groups[step.service]
        if not group.mode.markers or step.via is not Via.EVENT:
            return Guard()
        senders = [(number, case.step(number).service) for number in step.predecessors]
        return Guard(
            clauses=tuple(
                Clause(
                    frozenset([backed(Event(case.name, number, event.index)), snapped(step.service)]),
                    frozenset([snapped(sender)]),
                )
                for number, sender in senders
                if sender in group.services and sender != step.service
            )
        )

    # Backups

    def snapshots(self) -> Iterator[Action]:
        """Every way in which one snapshot is taken, in every mode."""
        taken: set[str] = set()
        for service in self.snapshotted:
            group = self.groups[service]
            for services in group.mode.sets(group.services):
                if service in services and service not in taken:
                    taken.update(services)
                    yield from self.snapshot(services, self.lock_taken(group) & self.after_earlier(services))

    def lock_taken(self, group: Group) -> Guard:
        """What the lock of a group, if it has one, demands before its services are snapshotted."""
        match group.mode.lock:
            case Lock.NONE:
                return Guard()
            case Lock.DRAINED:
                return require([locked(group.services)]) & self.none_in_flight(group.services)
            case other:
                assert_never(other)

    def after_earlier(self, services: Iterable[str]) -> Guard:
        """The services before these in the plan's order are snapshotted (the last of them says it of the others)."""
        return require(snapped(self.earlier[service]) for service in services if service in self.earlier)

    @cached_property
    def earlier(self) -> dict[str, str]:
        """For each service in the plan's order the one just before it."""
        return {service: before for before, service in pairwise(self.plan.order)}

    def snapshot(self, services: tuple[str, ...], guard: Guard) -> Iterator[Action]:
        """The snapshot of these services at one instant; the first of a run also fixes the instant of ``oldest``."""
        label = Label(ActionKind.SNAPSHOT, services=services)
        guard &= forbid([RECOVERED, *map(snapped, services)])
        copies = [(logged(event), backed(event)) for service in services for event in self.events_of[service]]
        add = list(map(snapped, services))
        if self.plan.recovery.rollback is not Rollback.OLDEST:
            yield guard.action(label, add=add, copy=copies)
            return
        earlier = frozenset(map(snapped, self.snapshotted))
        instant = [(logged(event), oldest(event)) for event, _, _ in self.occurrences]
        yield (guard & forbid(earlier)).action(label, add=add, copy=copies + instant)
        later = Guard(clauses=(Clause(earlier, frozenset()),))
        yield (guard & later).action(label, add=add, copy=copies)

    def locks(self) -> Iterator[Action]:
        """Taking and releasing the lock of each locked group."""
        for group in self.locked_groups:
            lock, all_snapped = locked(group.services), [snapped(service) for service in group.services]
            free = forbid([RECOVERED, lock, *all_snapped])
            yield free.action(Label(ActionKind.LOCK, services=group.services), add=[lock])
            done = forbid([RECOVERED]) & require([lock, *all_snapped])
            yield done.action(Label(ActionKind.UNLOCK, services=group.services), delete=[lock])

    # Disaster

    def crash_sets(self) -> Iterable[tuple[str, ...]]:
        """The sets of services that may crash together, smallest first."""
        names = tuple(self.events_of)
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

    def disasters(self) -> Iterator[Action]:
        """The disasters in scope; of crash sets with the same effect only the first, which is a smallest."""
        at_rest = self.none_in_flight(self.events_of)
        seen: set[object] = set()
        for crash in self.crash_sets():
            restored = self.restored(crash)
            action = self.disaster(crash, restored)
            if action is None:
                continue
            effect = (action.require, action.delete, action.copy)
            if effect in seen:
                continue
            seen.add(effect)
            if self.plan.disaster.timing is Timing.ANY_TIME:
                yield action
            yield replace(
                action,
                label=replace(action.label, at_rest=True),
                clauses=action.clauses + at_rest.clauses,
                add=action.add | {AT_REST},
            )

    def restored(self, crash: tuple[str, ...]) -> tuple[str, ...]:
        """The services that recovery restores, in the order of the file."""
        if self.plan.recovery.rollback is Rollback.OLDEST:
            return tuple(self.events_of)
        return self.widened(crash)

    def widened(self, crash: tuple[str, ...]) -> tuple[str, ...]:
        """The crashed services, widened by their recovery units unless only crashed services are restored."""
        members = set(crash)
        if self.plan.recovery.restore is Restore.GROUP:
            for service in crash:
                group = self.groups[service]
                members.update(group.services if group.mode.recovers_together else ())
        return tuple(service for service in self.events_of if service in members)

    def disaster(self, crash: tuple[str, ...], restored: tuple[str, ...]) -> Action | None:
        """The disaster that hits these services at any time, or ``None`` if there is no way back from it."""
        if any(self.modes[service].never_backed_up for service in restored):
            return None
        image = oldest if self.plan.recovery.rollback is Rollback.OLDEST else backed
        copies = [(image(event), logged(event)) for service in restored for event in self.events_of[service]]
        recorded = self.recorded_channels(self.widened(crash))
        delete = [locked(group.services) for group in self.locked_groups]
        if self.plan.recovery.broker is Broker.LOST:
            overwritten = {destination for _, destination in recorded}
            delete += [pending(p, e) for p, e, _, _ in self.messages if pending(p, e) not in overwritten]
        guard = require(snapped(service) for service in restored if self.modes[service].takes_snapshots)
        guard &= forbid([RECOVERED])
        label = Label(ActionKind.DISASTER, services=crash, restored=restored)
        return guard.action(label, add=[RECOVERED], delete=delete, copy=copies + recorded)

    def recorded_channels(self, restored: tuple[str, ...]) -> list[tuple[Fact, Fact]]:
        """What a distributed snapshot recorded of the channels of the groups that are restored whole."""
        inside = [
            set(group.services)
            for group in self.plan.groups
            if group.mode.markers and set(group.services) <= set(restored)
        ]
        return [
            (backed(trigger), pending(trigger, event))
            for trigger, event, sender, receiver in self.messages
            if any({sender, receiver} <= services for services in inside)
        ]

    # Recovery

    def recovery(self) -> Iterator[Action]:
        """What happens by itself after the disaster, with clients gone."""
        for event, case, step in self.occurrences:
            for kind in self.recovery_kinds:
                yield from self.recover(kind, event, case, step)

    @cached_property
    def recovery_kinds(self) -> tuple[ActionKind, ...]:
        """The kinds of actions after the disaster: those that an option adds, and deliveries from recorded channels."""
        kinds = set(self.plan.recovery.adds)
        if any(group.mode.markers for group in self.plan.groups):
            kinds.add(ActionKind.DELIVER)
        if ActionKind.DELIVER not in kinds:
            kinds.discard(ActionKind.DROP)
        return tuple(kind for kind in ActionKind if kind in kinds)

    def recover(self, kind: ActionKind, event: Event, case: UseCase, step: Step) -> Iterator[Action]:
        """The action of this kind after the disaster that is about an event, if there is one."""
        waiting = require([RECOVERED, *self.messages_to.get(event, ())]) & forbid([logged(event)])
        begun = require([RECOVERED, *(logged(Event(case.name, n, event.index)) for n in step.predecessors)])
        begun &= forbid([logged(event)])
        match kind, step.via:
            case ActionKind.DELIVER, Via.EVENT:
                yield self.redo(kind, event, step, waiting)
            case ActionKind.DROP, Via.EVENT:
                yield from self.drop(event, step, waiting)
            case ActionKind.REPLAY, Via.EVENT:
                yield self.redo(kind, event, step, begun)
            case ActionKind.RESUME, Via.CALL if step.predecessors:
                yield self.redo(kind, event, step, begun)

    def redo(self, kind: ActionKind, event: Event, step: Step, guard: Guard) -> Action:
        """An event that recovery appends; under ``on_invalid: reject`` only if what it is about exists."""
        if self.plan.recovery.on_invalid is OnInvalid.REJECT:
            guard &= self.valid(event, step)
        return guard.action(Label(kind, (event,)), add=[logged(event)], delete=self.messages_to.get(event, ()))

    def valid(self, event: Event, step: Step) -> Guard:
        """Everything that the event is about exists in the log so far."""
        guard = Guard()
        for entity in step_entities(step):
            guard &= self.presence(event.index).exists(entity)
        return guard

    def drop(self, event: Event, step: Step, waiting: Guard) -> Iterator[Action]:
        """A message that could be delivered but is not valid is dropped."""
        valid = self.valid(event, step)
        if valid == Guard():
            return
        invalid = Guard(clauses=(Clause(positive=valid.forbid, negative=valid.require),))
        yield (waiting & invalid).action(Label(ActionKind.DROP, (event,)), delete=self.messages_to[event])


def step_entities(step: Step) -> Iterator[Entity]:
    """The entities that a step needs: its own, unless it creates it, and those that it links to."""
    if step.verb is not Verb.CREATE:
        yield step.entity
    for link in step.links:
        yield link.target
