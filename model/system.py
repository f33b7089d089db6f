"""Facts and actions, the normal form of all systems, and the interpreter that defines their runs.

A state is a set of facts.  An action has facts that it requires, facts that it forbids, clauses (of each at least one
literal must hold), facts that it adds and deletes, and facts that it copies.  Engines represent the same actions in
other ways; the runs that they find are always replayed here.  Source: docs/semantics.md, "Facts and actions".
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Set
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import cached_property
from typing import NamedTuple, assert_never


class Event(NamedTuple):
    """The entry that a step appends to the log of its service when it succeeds, for one index (both count from 1)."""

    use_case: str
    step: int
    index: int  # type: ignore[assignment]

    def __str__(self) -> str:
        return f"{self.use_case}.{self.step}#{self.index}"


class FactKind(StrEnum):
    """The kinds of facts."""

    LOGGED = "logged"
    BACKED = "backed"
    OLDEST = "oldest"
    PENDING = "pending"
    SNAPPED = "snapped"
    LOCKED = "locked"
    DENIED = "denied"
    RECOVERED = "recovered"
    AT_REST = "at_rest"
    SNAPPED_AGAIN = "snapped2"
    LOCKED_AGAIN = "locked2"
    BROKER_SNAPPED = "broker_snapped"
    BROKER_SNAPPED_AGAIN = "broker_snapped2"
    KEPT = "kept"
    DROPPED = "dropped"
    BEFORE = "before"
    RESTORED = "restored"
    IGNORED = "ignored"
    LIVE = "live"
    TWICE = "twice"
    BY_HAND = "by_hand"
    SWEEPING = "sweeping"
    GONE = "gone"

    __hash__ = str.__hash__  # much faster than that of Enum, and facts are hashed all the time


class Fact(NamedTuple):
    """A proposition about a state: a kind, and the events or services that it is about."""

    kind: FactKind
    events: tuple[Event, ...] = ()
    services: tuple[str, ...] = ()

    @property
    def index(self) -> int | None:  # type: ignore[override]
        """The index that the fact belongs to, or ``None`` if it belongs to no index."""
        return self.events[0].index if self.events else None

    def __str__(self) -> str:
        about = ", ".join([*map(str, self.events), *self.services])
        return f"{self.kind}({about})" if about else str(self.kind)


def logged(event: Event) -> Fact:
    """Return the fact that the event is in the live log of its service."""
    return Fact(FactKind.LOGGED, (event,))


def backed(event: Event) -> Fact:
    """Return the fact that the event is in the backup of its service."""
    return Fact(FactKind.BACKED, (event,))


def oldest(event: Event) -> Fact:
    """Return the fact that the event was logged at the instant of the oldest backup."""
    return Fact(FactKind.OLDEST, (event,))


def pending(trigger: Event, event: Event) -> Fact:
    """Return the fact that the message by which ``trigger`` causes ``event`` waits in the broker."""
    return Fact(FactKind.PENDING, (trigger, event))


def snapped(service: str) -> Fact:
    """Return the fact that the service has been snapshotted."""
    return Fact(FactKind.SNAPPED, (), (service,))


def locked(services: tuple[str, ...]) -> Fact:
    """Return the fact that the lock of the group of these services is taken."""
    return Fact(FactKind.LOCKED, (), services)


def kept(trigger: Event, event: Event) -> Fact:
    """The message by which ``trigger`` brings about ``event`` is in the backup of the broker."""
    return Fact(FactKind.KEPT, (trigger, event))


def dropped(event: Event) -> Fact:
    """The message that brings about ``event`` was rejected before the disaster, as it is about something deleted."""
    return Fact(FactKind.DROPPED, (event,))


def before(event: Event) -> Fact:
    """The event was in the live log just before the disaster."""
    return Fact(FactKind.BEFORE, (event,))


def restored(service: str) -> Fact:
    """Disaster has struck, and the service was restored."""
    return Fact(FactKind.RESTORED, (), (service,))


def ignored(trigger: Event, event: Event) -> Fact:
    """The message that a distributed snapshot recorded had been received before the receiver's backup."""
    return Fact(FactKind.IGNORED, (trigger, event))


def live(event: Event) -> Fact:
    """The event was done after the disaster, and what follows it goes on as in normal operation."""
    return Fact(FactKind.LIVE, (event,))


def twice(event: Event) -> Fact:
    """The event, which is not idempotent, was done again."""
    return Fact(FactKind.TWICE, (event,))


def by_hand(event: Event) -> Fact:
    """A person submitted the command of the event again, or created again what it creates."""
    return Fact(FactKind.BY_HAND, (event,))


def sweeping(event: Event) -> Fact:
    """At the index of this event (any of them) recovery has come to its end, and what is left over is removed."""
    return Fact(FactKind.SWEEPING, (event,))


def gone(creation: Event) -> Fact:
    """The entity that this event creates was collected as garbage."""
    return Fact(FactKind.GONE, (creation,))


DENIED = Fact(FactKind.DENIED)
"""A command was held back."""
RECOVERED = Fact(FactKind.RECOVERED)
"""Disaster has struck, and the logs are those of the backups."""
AT_REST = Fact(FactKind.AT_REST)
"""When disaster struck, no use case was in flight."""
NO_FACT = Fact(FactKind.DENIED, (), ("",))
"""A fact of no system, because no service has such a name."""

State = frozenset[Fact]
INITIAL: State = frozenset()


@dataclass(frozen=True, slots=True)
class Clause:
    """A disjunction: at least one of ``positive`` holds, or at least one of ``negative`` does not."""

    positive: frozenset[Fact]
    negative: frozenset[Fact]

    def satisfied(self, state: Set[Fact]) -> bool:
        """Whether the clause is true in this state."""
        return not self.positive.isdisjoint(state) or not self.negative <= state


class ActionKind(StrEnum):
    """The kinds of actions, as trace files name them."""

    STEP = "step"
    DENY = "deny"
    LOCK = "lock"
    UNLOCK = "unlock"
    SNAPSHOT = "snapshot"
    DISASTER = "disaster"
    DELIVER = "deliver"
    DROP = "drop"
    REPLAY = "replay"
    RESUME = "resume"
    RETRY = "retry"
    REPEAT = "repeat"
    BACKFILL = "backfill"
    RECONSTRUCT = "reconstruct"
    SWEEP = "sweep"
    UNDO = "undo"
    COLLECT = "collect"
    SNAPSHOT_BROKER = "snapshot-broker"

    @property
    def appends(self) -> bool:
        """Whether an action of this kind appends events to logs."""
        match self:
            case (
                ActionKind.STEP
                | ActionKind.DELIVER
                | ActionKind.REPLAY
                | ActionKind.RESUME
                | ActionKind.RETRY
                | ActionKind.BACKFILL
                | ActionKind.RECONSTRUCT
            ):
                return True
            case (
                ActionKind.DENY
                | ActionKind.LOCK
                | ActionKind.UNLOCK
                | ActionKind.SNAPSHOT
                | ActionKind.SNAPSHOT_BROKER
                | ActionKind.DISASTER
                | ActionKind.DROP
                | ActionKind.REPEAT
                | ActionKind.SWEEP
                | ActionKind.UNDO
                | ActionKind.COLLECT
            ):
                return False
            case other:
                assert_never(other)


APPENDING = tuple(kind for kind in ActionKind if kind.appends)
"""The kinds of actions that append events to logs."""
BY_PEOPLE = (ActionKind.RETRY, ActionKind.RECONSTRUCT)
"""The kinds of actions after the disaster that people do."""


@dataclass(frozen=True, slots=True, order=True)
class Label:
    """The name of an action for people.

    ``events`` are those that it appends, denies or drops; ``services`` those that it snapshots, locks, unlocks, or
    that crash; ``restored`` those that a disaster's recovery restores.  Two actions of a system with the same label
    are never enabled in the same state.
    """

    kind: ActionKind
    events: tuple[Event, ...] = ()
    services: tuple[str, ...] = ()
    restored: tuple[str, ...] = ()
    at_rest: bool = False


FEW = 8
"""Of more clauses than that only those are looked at that can be false in a state."""


@dataclass(frozen=True)
class Action:
    """A guarded command over facts; ``copy`` holds pairs (source, destination)."""

    label: Label
    require: frozenset[Fact] = frozenset()
    forbid: frozenset[Fact] = frozenset()
    clauses: tuple[Clause, ...] = ()
    add: frozenset[Fact] = frozenset()
    delete: frozenset[Fact] = frozenset()
    copy: tuple[tuple[Fact, Fact], ...] = ()

    def enabled(self, state: Set[Fact]) -> bool:
        """Whether the action may happen in this state."""
        return (
            self.require <= state
            and self.forbid.isdisjoint(state)
            and all(clause.satisfied(state) for clause in self.doubtful(state))
        )

    def apply(self, state: State) -> State:
        """Return the state after the action; every copy reads the state before it."""
        return (state - self.overwritten) | self.copied(state) | self.add

    def execute(self, state: set[Fact]) -> None:
        """Change a state to the one after the action."""
        copied = self.copied(state)
        state -= self.overwritten & state
        state |= copied
        state |= self.add

    def copied(self, state: Set[Fact]) -> set[Fact]:
        """The facts that the copies make true."""
        if not self.copy:
            return set()
        return {destination for source in self.copied_from & state for destination in self._destinations[source]}

    # A state has few of the facts that a large action speaks of; these tables find them.

    @cached_property
    def overwritten(self) -> frozenset[Fact]:
        """The facts that are false after the action unless it makes them true."""
        return self.delete.union(destination for _, destination in self.copy)

    @cached_property
    def copied_from(self) -> frozenset[Fact]:
        """The facts that are copied."""
        return frozenset(source for source, _ in self.copy)

    @cached_property
    def _destinations(self) -> dict[Fact, list[Fact]]:
        """The facts to which each fact is copied."""
        table: dict[Fact, list[Fact]] = {}
        for source, destination in self.copy:
            table.setdefault(source, []).append(destination)
        return table

    def doubtful(self, state: Set[Fact]) -> Iterable[Clause]:
        """The clauses that can be false in a state."""
        if len(self.clauses) <= FEW:
            return self.clauses
        table = self._clauses
        found = [clause for fact in self._doubts & state for clause in table[fact]]
        return [*found, *table.get(NO_FACT, ())]

    @cached_property
    def _doubts(self) -> frozenset[Fact]:
        return frozenset(self._clauses)

    @cached_property
    def _clauses(self) -> dict[Fact, list[Clause]]:
        """The clauses by a fact without which each is true; under :data:`NO_FACT` those that have none."""
        table: dict[Fact, list[Clause]] = {}
        for clause in self.clauses:
            table.setdefault(next(iter(clause.negative), NO_FACT), []).append(clause)
        return table

    # What an action reads and writes

    @property
    def needed(self) -> frozenset[Fact]:
        """The facts whose absence can keep the action from happening."""
        return self.require.union(*(clause.positive for clause in self.clauses))

    @property
    def blocking(self) -> frozenset[Fact]:
        """The facts whose presence can keep the action from happening."""
        return self.forbid.union(*(clause.negative for clause in self.clauses))

    @property
    def guarding(self) -> frozenset[Fact]:
        """The facts on which it depends whether the action can happen."""
        return self.needed | self.blocking

    @property
    def read(self) -> frozenset[Fact]:
        """The facts on which it depends whether the action can happen, and its effect."""
        return self.guarding.union(source for source, _ in self.copy)

    @property
    def raised(self) -> frozenset[Fact]:
        """The facts that the action may make true."""
        return self.add.union(destination for _, destination in self.copy)

    @property
    def lowered(self) -> frozenset[Fact]:
        """The facts that the action may make false."""
        return self.overwritten

    @property
    def written(self) -> frozenset[Fact]:
        """The facts that the action adds, deletes or overwrites."""
        return self.raised | self.delete

    def independent_of(self, other: Action) -> bool:
        """Whether neither action writes what the other uses, so that the order of neighbours makes no difference."""
        mine, others = self.written, other.written
        return mine.isdisjoint(others | other.read) and others.isdisjoint(self.read)

    def restricted(self, kept: Callable[[Fact], bool]) -> Action:
        """Return the action without its other facts; a clause or a copy is kept or left out as a whole."""
        return replace(
            self,
            require=frozenset(filter(kept, self.require)),
            forbid=frozenset(filter(kept, self.forbid)),
            clauses=tuple(each for each in self.clauses if all(map(kept, each.positive | each.negative))),
            add=frozenset(filter(kept, self.add)),
            delete=frozenset(filter(kept, self.delete)),
            copy=tuple(pair for pair in self.copy if kept(pair[0])),
        )

    def facts(self) -> Iterator[Fact]:
        """Yield every fact that the action mentions, with repetitions."""
        yield from self.require
        yield from self.forbid
        for clause in self.clauses:
            yield from clause.positive
            yield from clause.negative
        yield from self.add
        yield from self.delete
        for pair in self.copy:
            yield from pair


@dataclass(frozen=True)
class System:
    """A transition system: its facts in a fixed order, and its actions.  No fact is true in the initial state.

    Raises:
        ValueError: an action mentions an undeclared fact, or writes a fact twice.
    """

    facts: tuple[Fact, ...]
    actions: tuple[Action, ...]

    def __post_init__(self) -> None:
        """Refuse an action whose effect would depend on an order of evaluation."""
        declared = frozenset(self.facts)
        for action in self.actions:
            if undeclared := set(action.facts()) - declared:
                raise ValueError(f"{action.label}: undeclared {', '.join(sorted(map(str, undeclared)))}")
            written = [*action.add, *action.delete, *(destination for _, destination in action.copy)]
            if len(written) != len(set(written)):
                raise ValueError(f"{action.label}: a fact is written twice")

    def enabled(self, state: State) -> Iterator[Action]:
        """Yield the actions that may happen in this state, in the system's order."""
        return (action for action in self.actions if action.enabled(state))

    def settled(self, state: State) -> bool:
        """Whether recovery is over: a disaster has happened, and no action is enabled."""
        return RECOVERED in state and next(self.enabled(state), None) is None

    def without_disasters(self) -> System:
        """Return the system whose runs are the runs before a disaster."""
        kept = (each for each in self.actions if RECOVERED not in each.add and RECOVERED not in each.require)
        return System(self.facts, tuple(kept))

    @cached_property
    def by_label(self) -> dict[Label, tuple[Action, ...]]:
        """The actions by their label."""
        table: dict[Label, tuple[Action, ...]] = {}
        for action in self.actions:
            table[action.label] = (*table.get(action.label, ()), action)
        return table

    def step(self, state: State, label: Label) -> State:
        """Return the state after the action with this label.

        Raises:
            NotARun: there is no such action, or it is not enabled in this state.
        """
        candidates = self.by_label.get(label, ())
        enabled = [action for action in candidates if action.enabled(state)]
        if len(enabled) != 1:
            raise NotARun(label, "not possible here" if candidates else "no such action")
        return enabled[0].apply(state)

    def run(self, labels: Iterable[Label]) -> list[State]:
        """Return the states of a run from the initial state, both ends included.

        Raises:
            NotARun: at the first action that the system does not allow there.
        """
        states = [INITIAL]
        for number, label in enumerate(labels, 1):
            try:
                states.append(self.step(states[-1], label))
            except NotARun as stop:
                raise NotARun(label, stop.reason, number) from None
        return states


class NotARun(ValueError):
    """A sequence of actions that the system does not allow; ``number`` counts from 1."""

    def __init__(self, label: Label, reason: str, number: int = 0) -> None:
        """Say which action it was, why it cannot happen, and its number in the sequence."""
        self.label, self.reason, self.number = label, reason, number
        super().__init__(f"action {number} ({label.kind}): {reason}")
