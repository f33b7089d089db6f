"""From an architecture, a plan and a number of instances to a transition system: one function per rule.

Source: docs/semantics.md, "Facts and actions", whose headings the functions follow.  This module has what happens
before the disaster and at it, :mod:`bac.model.aftermath` what happens after it.  Nothing else in the checker knows what
a lock, a snapshot or a disaster is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Set
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import chain, pairwise
from typing import assert_never

from bac.model.aftermath import Aftermath
from bac.model.architecture import Architecture, Entity, Step, UseCase, Via
from bac.model.errors import LimitReached
from bac.model.guard import ALWAYS, Fault, Guard, both, forbid, negation, require, some
from bac.model.modes import Image, Lock
from bac.model.plan import Group, Plan, Scope, Timing
from bac.model.recovery import Broker, OnInvalid, Rollback
from bac.model.setting import Message, Outcome, Setting, step_entities
from bac.model.system import (
    AT_REST,
    DENIED,
    INITIAL,
    RECOVERED,
    Action,
    ActionKind,
    Event,
    Fact,
    FactKind,
    Label,
    NotARun,
    State,
    System,
    backed,
    before,
    dropped,
    ignored,
    kept,
    logged,
    oldest,
    restored,
)

MOST_MENTIONS = 5_000_000
"""Beyond this many facts and clauses in its actions (thousands of services in one lock) no system is built."""

SNAPPED = {1: FactKind.SNAPPED, 2: FactKind.SNAPPED_AGAIN}
LOCKED = {1: FactKind.LOCKED, 2: FactKind.LOCKED_AGAIN}
"""The kinds of facts by which each round of backups is known."""


def system(
    architecture: Architecture, plan: Plan, instances: int = 1, check: Callable[[], None] = lambda: None
) -> System:
    """The transition system of an architecture under a plan, with this many indices.

    ``check`` is called for each action; it may raise an error to stop.

    Raises:
        LimitReached: the disaster's scope has too many crash sets, a condition takes too many clauses, or the actions
            mention more than :data:`MOST_MENTIONS` facts and clauses.
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
class Rules(Setting):
    """The rules of one architecture under one plan, each a method that yields actions."""

    @cached_property
    def aftermath(self) -> Aftermath:
        """The rules of recovery."""
        return Aftermath(self)

    @cached_property
    def remembered(self) -> frozenset[tuple[str, int]]:
        """The steps of which it must be known whether they were in the logs just before the disaster."""
        return Fault(self.architecture, self.droppable).remembered

    def facts(self) -> Iterator[Fact]:
        """Every fact of the system; blocks that are copied into each other stand in the same order."""
        events = [event for event, _, _ in self.occurrences]
        yield from map(logged, events)
        yield from (backed(event) for event, _, step in self.occurrences if self.is_backed(step.service))
        if self.plan.recovery.rollback is Rollback.OLDEST:
            yield from map(oldest, events)
        yield from (before(event) for event in events if (event.use_case, event.step) in self.remembered)
        yield from (message.pending for message in self.messages)
        if self.plan.recovery.broker is Broker.BACKUP:
            yield from (kept(message.trigger, message.event) for message in self.messages)
        yield from (dropped(event) for event in events if (event.use_case, event.step) in self.droppable)
        for number in self.rounds:
            yield from self.snapped(self.snapshotted, number)
            if self.plan.recovery.broker is Broker.BACKUP:
                yield from self.snapped_broker(number)
            yield from (self.lock(group, number) for group in self.locked_groups)
        yield from (DENIED, RECOVERED, AT_REST)
        yield from self.aftermath.facts()

    def is_backed(self, service: str) -> bool:
        """Whether events of this service can be in its backup."""
        return service not in self.external and self.modes[service].image in (Image.SNAPSHOT, Image.LOG)

    def snapped(self, services: Iterable[str], number: int) -> list[Fact]:
        """These services have been snapshotted in this round of backups."""
        return [Fact(SNAPPED[number], (), (service,)) for service in services]

    def snapped_broker(self, number: int) -> list[Fact]:
        """The broker's content has been backed up in this round."""
        return [Fact(FactKind.BROKER_SNAPPED if number == 1 else FactKind.BROKER_SNAPPED_AGAIN)]

    def lock(self, group: Group, number: int) -> Fact:
        """The lock of this group is taken, in this round of backups."""
        return Fact(LOCKED[number], (), group.services)

    # Guards

    def step_guard(self, event: Event, case: UseCase, step: Step) -> Guard:
        """The guard of a step, locks and markers aside."""
        guard = require(logged(Event(case.name, number, event.index)) for number in step.predecessors)
        guard &= require(self.messages_to.get(event, ())) & forbid([logged(event)])
        return guard & self.begun(event, case, step) & self.still_there(event, case, step)

    def begun(self, event: Event, case: UseCase, step: Step) -> Guard:
        """All that a step needs of other use cases was created, and the link that it removes was made."""
        there = self.presence(event.index)
        guard = both(there.created(entity) for entity in self.foreign(case, step))
        if step.unlinks is not None and self.architecture.links[step.unlinks][0] is not case:
            guard &= require([logged(there.making(step.unlinks))])
        return guard

    def still_there(self, event: Event, case: UseCase, step: Step) -> Guard:
        """All that a step needs of other use cases is still there; an event is taken all the same, if not rejected."""
        if step.via is Via.EVENT and self.plan.recovery.on_invalid is OnInvalid.ACCEPT:
            return ALWAYS
        there = self.presence(event.index)
        guard = both(forbid(map(logged, there.removals(entity))) for entity in self.foreign(case, step))
        if step.unlinks is not None and self.architecture.links[step.unlinks][0] is not case:
            guard &= there.holds(step.unlinks)
        return guard

    def foreign(self, case: UseCase, step: Step) -> list[Entity]:
        """The entities that a step needs and that another use case creates."""
        return [entity for entity in step_entities(step) if self.architecture.creators[entity][0] is not case]

    def instance_events(self, case: UseCase, index: int, services: Iterable[str]) -> list[Event]:
        """The events of one use case and index in these services."""
        within = set(services)
        return [Event(case.name, step.number, index) for step in case.steps if step.service in within]

    def done(self, event: Event) -> tuple[Fact, ...]:
        """The facts of which each says that the event is done with: it is logged, or was rejected."""
        rejected = (dropped(event),) if (event.use_case, event.step) in self.droppable else ()
        return (logged(event), *rejected)

    def none_in_flight(self, services: Iterable[str], cases: Iterable[UseCase] | None = None) -> Guard:
        """Of each use case (or of these) and each index, all steps in these services are done with or none."""
        within = set(services)
        touching = {event.use_case for service in within for event in self.events_of[service]}
        held = [case for case in (self.architecture.use_cases if cases is None else cases) if case.name in touching]
        return both(
            self.all_or_none([self.done(event) for event in self.instance_events(case, index, within)])
            for index in range(1, self.instances + 1)
            for case in held
        )

    def all_or_none(self, events: list[tuple[Fact, ...]]) -> Guard:
        """All of these events are done with, or none.  Each implies the next, round the circle."""
        if len(events) < 2:
            return ALWAYS
        return both(some(next_, [fact]) for one, next_ in pairwise([*events, events[0]]) for fact in one)

    # Steps

    def steps(self) -> Iterator[Action]:
        """Steps, the transactions of shared databases, the commands that locks hold back, and rejected events."""
        for index in range(1, self.instances + 1):
            for case in self.architecture.use_cases:
                for transaction in self.transactions(case):
                    yield from self.transaction(case, transaction, index)
                for step in case.steps:
                    yield from self.deny(case, step, index)
                    yield from self.reject(case, step, index)

    def transaction(self, case: UseCase, steps: tuple[Step, ...], index: int) -> Iterator[Action]:
        """One action that executes these steps in sequence; none if one of them rules out a later one."""
        guard, add, delete = forbid([RECOVERED]), set[Fact](), set[Fact]()
        for step in steps:
            event = Event(case.name, step.number, index)
            own = (self.step_guard(event, case, step) & self.admitted(event, case, step)).given(add)
            if own.impossible:
                return
            guard &= own
            add |= {logged(event), *self.messages_from.get(event, ())}
            if self.modes[step.service].replicated:
                add.add(backed(event))
            delete |= set(self.messages_to.get(event, ()))
        events = tuple(Event(case.name, step.number, index) for step in steps)
        yield guard.action(Label(ActionKind.STEP, events), add=add, delete=delete)

    def reject(self, case: UseCase, step: Step, index: int) -> Iterator[Action]:
        """An event about something that was deleted, under ``on_invalid: reject``: its message is dropped."""
        if (case.name, step.number) not in self.droppable:
            return
        event = Event(case.name, step.number, index)
        guard = require(logged(Event(case.name, number, index)) for number in step.predecessors)
        guard &= require(self.messages_to[event]) & forbid([RECOVERED, logged(event), dropped(event)])
        guard &= self.begun(event, case, step) & self.admitted(event, case, step)
        guard &= negation(self.still_there(event, case, step))
        yield guard.action(Label(ActionKind.DROP, (event,)), add=[dropped(event)], delete=self.messages_to[event])

    def admitted(self, event: Event, case: UseCase, step: Step) -> Guard:
        """Neither a lock nor a marker stands in the step's way."""
        group = self.groups[step.service]
        match group.mode.lock:
            case Lock.NONE:
                free = ALWAYS
            case Lock.STOPPED:
                free = forbid(self.lock(group, number) for number in self.rounds)
            case Lock.DRAINED:
                others = [logged(e) for e in self.instance_events(case, event.index, group.services) if e != event]
                locks = [self.lock(group, number) for number in self.rounds] if self.is_held(case, group) else []
                free = both(some(others, [lock]) for lock in locks)
            case other:
                assert_never(other)
        return free & self.marker_guard(event, case, step)

    def is_held(self, case: UseCase, group: Group) -> bool:
        """Whether the lock of this group holds back this use case."""
        return group.holds is None or case.name in group.holds

    def deny(self, case: UseCase, step: Step, index: int) -> Iterator[Action]:
        """A call that a lock holds back: its client is denied, unless it is a job in the background.

        (An event waits in the broker instead.)
        """
        group = self.groups[step.service]
        if step.via is Via.EVENT or case.background or not self.is_held(case, group):
            return
        event = Event(case.name, step.number, index)
        taken = some(self.lock(group, number) for number in self.rounds)
        match group.mode.lock:
            case Lock.NONE:
                return
            case Lock.STOPPED:
                held_back = taken
            case Lock.DRAINED:
                held_back = taken & forbid(map(logged, self.instance_events(case, index, group.services)))
            case other:
                assert_never(other)
        guard = self.step_guard(event, case, step) & held_back & forbid([RECOVERED, DENIED])
        yield guard.action(Label(ActionKind.DENY, (event,)), add=[DENIED])

    def marker_guard(self, event: Event, case: UseCase, step: Step) -> Guard:
        """The marker comes before the messages sent after it: their receiver must have taken its snapshot."""
        group = self.groups[step.service]
        if not group.mode.markers or step.via is not Via.EVENT:
            return ALWAYS
        senders = [(Event(case.name, n, event.index), case.step(n).service) for n in step.predecessors]
        return both(
            some([backed(trigger), *self.snapped([step.service], number)], self.snapped([sender], number))
            for number in self.rounds
            for trigger, sender in senders
            if sender in group.services and sender != step.service
        )

    # Backups

    def snapshots(self) -> Iterator[Action]:
        """Every way in which one snapshot is taken, in every mode and round."""
        for number in self.rounds:
            taken: set[str] = set()
            for service in self.snapshotted:
                if service not in taken:
                    services = self.taken_together(service)
                    taken.update(services)
                    yield from self.snapshot(services, number)
            if self.plan.recovery.broker is Broker.BACKUP:
                yield self.snapshot_of_broker(number)

    def taken_together(self, service: str) -> tuple[str, ...]:
        """The services of which one action takes snapshots, this one among them."""
        group = self.groups[service]
        return next(services for services in group.mode.sets(group.services) if service in services)

    def follows(self, number: int) -> Guard:
        """The second round of backups follows the first one."""
        return ALWAYS if number == 1 else require(self.snapped(self.snapshotted, 1))

    def lock_taken(self, group: Group, number: int) -> Guard:
        """The guard of snapshots under the lock of a group, if it has one."""
        match group.mode.lock:
            case Lock.NONE:
                return ALWAYS
            case Lock.STOPPED:
                return require([self.lock(group, number)])
            case Lock.DRAINED:
                return require([self.lock(group, number)]) & self.drained[group.services]
            case other:
                assert_never(other)

    @cached_property
    def drained(self) -> dict[tuple[str, ...], Guard]:
        """For each group with a lock: no use case that it holds back is in flight there."""
        return {
            group.services: self.none_in_flight(
                group.services, (case for case in self.architecture.use_cases if self.is_held(case, group))
            )
            for group in self.locked_groups
        }

    def after_earlier(self, services: Iterable[str], number: int) -> Guard:
        """The services before these in the plan's order are snapshotted (the last of them says it of the others)."""
        return require(self.snapped((self.earlier[name] for name in services if name in self.earlier), number))

    @cached_property
    def earlier(self) -> dict[str, str]:
        """For each service in the plan's order the one just before it."""
        return {service: before for before, service in pairwise(self.plan.order)}

    def snapshot(self, services: tuple[str, ...], number: int) -> Iterator[Action]:
        """The snapshot of these services at one instant; the first of a run also fixes the instant of ``oldest``."""
        label = Label(ActionKind.SNAPSHOT, services=services)
        add = self.snapped(services, number)
        guard = self.lock_taken(self.groups[services[0]], number) & self.after_earlier(services, number)
        guard &= self.follows(number) & forbid([RECOVERED, *add])
        copies = [(logged(event), backed(event)) for service in services for event in self.events_of[service]]
        if self.plan.recovery.rollback is not Rollback.OLDEST:
            yield guard.action(label, add=add, copy=copies)
            return
        earlier = self.snapped(self.snapshotted, number)
        instant = [(logged(event), oldest(event)) for event, _, _ in self.occurrences]
        yield (guard & forbid(earlier)).action(label, add=add, copy=copies + instant)
        yield (guard & some(earlier)).action(label, add=add, copy=copies)

    def snapshot_of_broker(self, number: int) -> Action:
        """The backup of what is in the broker."""
        guard = forbid([RECOVERED, *self.snapped_broker(number)]) & self.follows(number)
        if number == 2:
            guard &= require(self.snapped_broker(1))
        copies = [(message.pending, kept(message.trigger, message.event)) for message in self.messages]
        return guard.action(Label(ActionKind.SNAPSHOT_BROKER), add=self.snapped_broker(number), copy=copies)

    def locks(self) -> Iterator[Action]:
        """Taking and releasing the lock of each locked group, once in each round of backups."""
        for number in self.rounds:
            for group in self.locked_groups:
                lock, all_snapped = self.lock(group, number), self.snapped(group.services, number)
                others = [self.lock(group, other) for other in self.rounds]
                free = forbid([RECOVERED, *others, *all_snapped]) & self.follows(number)
                yield free.action(Label(ActionKind.LOCK, services=group.services), add=[lock])
                finished = forbid([RECOVERED]) & require([lock, *all_snapped])
                yield finished.action(Label(ActionKind.UNLOCK, services=group.services), delete=[lock])

    # Disaster

    def disasters(self) -> Iterator[Action]:
        """The disasters in scope; of crash sets with the same effect only the first, which is a smallest."""
        seen: set[object] = set()
        for outcome in self.outcomes:
            action = self.disaster(outcome)
            effect = (action.require, action.add, action.delete, action.copy)
            if effect not in seen:
                seen.add(effect)
                yield from self.at_its_times(action)

    def at_its_times(self, disaster: Action) -> Iterator[Action]:
        """A disaster that can happen at any time, if the plan has that, and the same one at rest."""
        if self.plan.disaster.timing is Timing.ANY_TIME:
            yield disaster
        yield replace(
            disaster,
            label=replace(disaster.label, at_rest=True),
            clauses=disaster.clauses + self.rest.clauses,
            add=disaster.add | {AT_REST},
        )

    @cached_property
    def rest(self) -> Guard:
        """No use case is in flight anywhere."""
        return self.none_in_flight(self.events_of)

    def disaster(self, outcome: Outcome) -> Action:
        """The disaster that hits these services at any time."""
        messages, lost = self.broker_after(outcome)
        empty = [service for service in outcome.emptied if self.modes[service].image is Image.EMPTY]
        delete = [self.lock(group, number) for group in self.locked_groups for number in self.rounds]
        delete += [logged(event) for service in empty for event in self.events_of[service]]
        image = oldest if self.plan.recovery.rollback is Rollback.OLDEST else backed
        copies = [(image(e), logged(e)) for s in outcome.emptied if s not in empty for e in self.events_of[s]]
        copies += [(logged(e), before(e)) for e, _, _ in self.occurrences if (e.use_case, e.step) in self.remembered]
        guard = forbid([RECOVERED])
        guard &= require(self.snapped((s for s in outcome.restored if self.modes[s].takes_snapshots), 1))
        if self.plan.recovery.broker is Broker.BACKUP:
            guard &= require(self.snapped_broker(1))
        label = Label(ActionKind.DISASTER, services=outcome.crash, restored=outcome.restored)
        add = [RECOVERED, *(restored(s) for s in outcome.restored if s in self.aftermath.told_apart)]
        return guard.action(label, add=add, delete=delete + lost, copy=copies + messages)

    def broker_after(self, outcome: Outcome) -> tuple[list[tuple[Fact, Fact]], list[Fact]]:
        """Return the copies into the broker at the disaster, and the messages that are lost."""
        recorded = {message: backed(message.trigger) for message in self.recorded(outcome)}
        image = oldest if self.plan.recovery.rollback is Rollback.OLDEST else backed
        copies = [(fact, message.pending) for message, fact in recorded.items()]
        copies += [
            (
                (image if message.receiver in outcome.emptied else logged)(message.event),
                ignored(message.trigger, message.event),
            )
            for message in recorded
            if ignored(message.trigger, message.event) in self.aftermath.reads
        ]
        others = [message for message in self.messages if message not in recorded]
        match self.plan.recovery.broker:
            case Broker.SURVIVES:
                return copies, []
            case Broker.LOST:
                return copies, [message.pending for message in others]
            case Broker.BACKUP:
                return copies + [(kept(each.trigger, each.event), each.pending) for each in others], []
            case None:
                both_restored = (each for each in others if {each.sender, each.receiver} <= set(outcome.restored))
                return copies, [message.pending for message in both_restored]
            case other:
                assert_never(other)

    def recorded(self, outcome: Outcome) -> Iterator[Message]:
        """The messages inside groups that are restored whole, whose channels a distributed snapshot recorded."""
        whole = set(self.widened(outcome.crash))
        inside = [set(g.services) for g in self.plan.groups if g.mode.markers and set(g.services) <= whole]
        return (each for each in self.messages if any({each.sender, each.receiver} <= group for group in inside))

    # Recovery

    def recovery(self) -> Iterator[Action]:
        """The actions after the disaster, until the application is handed back to its clients."""
        return self.aftermath.actions()


# Without building the whole


class OnDemand:
    """The transition system of an architecture under a plan, with the same runs as that which is built as a whole.

    Its actions are put together when a run has them, so that it can be as large as it likes.  A run of a few actions
    asks for these and for what recovery can do after them; thousands of others, and most disasters in scope, are never
    looked at.
    """

    def __init__(self, rules: Rules) -> None:
        """Put nothing together yet."""
        self.rules = rules
        self._known: dict[Label, tuple[Action, ...]] = {}

    def actions(self, label: Label) -> tuple[Action, ...]:
        """The actions with this label."""
        if label not in self._known:
            self._known[label] = tuple(action for action in self._alike(label) if action.label == label)
        return self._known[label]

    def action(self, label: Label, state: Set[Fact]) -> Action:
        """The action with this label that can happen in a state.

        Raises:
            NotARun: there is no such action, or it is not enabled in this state.
        """
        candidates = self.actions(label)
        for action in candidates:
            if action.enabled(state):
                return action
        raise NotARun(label, "not possible here" if candidates else "no such action")

    def run(self, labels: Iterable[Label]) -> list[State]:
        """Return the states of a run from the initial state, both ends included.

        Raises:
            NotARun: at the first action that the system does not allow there.
        """
        states = [INITIAL]
        for number, label in enumerate(labels, 1):
            try:
                states.append(self.action(label, states[-1]).apply(states[-1]))
            except NotARun as stop:
                raise NotARun(label, stop.reason, number) from None
        return states

    def settled(self, state: Set[Fact]) -> bool:
        """Whether recovery is over: a disaster has happened, and no action is enabled."""
        return RECOVERED in state and self.next_of_recovery(state) is None

    # The actions of each kind

    def _alike(self, label: Label) -> Iterator[Action]:
        """Yield actions, among them all that have this label."""
        rules = self.rules
        match label.kind:
            case ActionKind.STEP | ActionKind.DENY | ActionKind.DROP:
                yield from self._of_use_case(label)
            case ActionKind.SNAPSHOT if label.services[0] in rules.snapshotted:
                for number in rules.rounds:
                    yield from rules.snapshot(rules.taken_together(label.services[0]), number)
            case ActionKind.SNAPSHOT_BROKER:
                yield from map(rules.snapshot_of_broker, rules.rounds)
            case ActionKind.LOCK | ActionKind.UNLOCK:
                yield from rules.locks()
            case ActionKind.DISASTER:
                if (outcome := self._outcome(label.services)) is not None:
                    yield from rules.at_its_times(rules.disaster(outcome))
            case _:
                pass
        yield from self._recovery_by_label.get(label, ())

    def _of_use_case(self, label: Label) -> Iterator[Action]:
        """Yield the actions before a disaster that begin with the first event of a label."""
        first = label.events[0]
        case = self.rules.architecture.by_use_case[first.use_case]
        step = case.step(first.step)
        for transaction in self.rules.transactions(case):
            if step in transaction:
                yield from self.rules.transaction(case, transaction, first.index)
        yield from self.rules.deny(case, step, first.index)
        yield from self.rules.reject(case, step, first.index)

    def _outcome(self, crash: tuple[str, ...]) -> Outcome | None:
        """The disaster that hits these services; ``None`` if it is not in scope, or there is no way back from it."""
        scope = self.rules.plan.disaster.scope
        inside = [name for name in self.rules.events_of if name not in self.rules.external]
        match scope:
            case Scope.WHOLE:
                in_scope = crash == tuple(inside)
            case Scope.ANY:
                hit = set(crash)
                in_scope = bool(crash) and crash == tuple(name for name in inside if name in hit)
            case listed:
                in_scope = crash in listed
        return self.rules.outcome(crash) if in_scope else None

    # Recovery

    def next_of_recovery(self, state: Set[Fact]) -> Action | None:
        """The first action of recovery that can happen in a state after a disaster, in the order of the rules."""
        table = self._recovery_by_fact
        candidates = {number for fact in self._telling & state for number in table[fact]}
        return next((a for n in sorted(candidates) if (a := self._recovery[n]).enabled(state)), None)

    @cached_property
    def _recovery(self) -> tuple[Action, ...]:
        """The actions after a disaster."""
        return tuple(self.rules.recovery())

    @cached_property
    def _recovery_by_label(self) -> dict[Label, list[Action]]:
        table: dict[Label, list[Action]] = {}
        for action in self._recovery:
            table.setdefault(action.label, []).append(action)
        return table

    @cached_property
    def _recovery_by_fact(self) -> dict[Fact, list[int]]:
        """The numbers of these actions by facts of which one has to be true."""
        table: dict[Fact, list[int]] = {}
        for number, action in enumerate(self._recovery):
            for fact in telling(action):
                table.setdefault(fact, []).append(number)
        return table

    @cached_property
    def _telling(self) -> frozenset[Fact]:
        return frozenset(self._recovery_by_fact)


def telling(action: Action) -> Iterable[Fact]:
    """A few facts of which one is true wherever an action after a disaster can happen."""
    required = action.require - {RECOVERED}
    if required:
        return [min(required)]
    choices = [clause.positive for clause in action.clauses if not clause.negative]
    return min(choices, key=len, default=action.require)
