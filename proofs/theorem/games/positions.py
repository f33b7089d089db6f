"""Positions of the game: the set of index-local states that are present, and the facts that belong to no index.

Source: docs/theorem.md, "Impossibility over all policies".

**Index-local states.**  What a step, a snapshot, a lock or a recovery does at one index depends on that index and on
facts of no index only, and each index is judged alone.  So the state of the application is, for each index, the
set of its own facts (``logged``, ``backed``, ``pending``, ``oldest``), with what the policy has done (services
snapshotted, locked, clients stopped).  Use cases that share no entity do not meet either: each set of use cases that
are connected by entities has indices of its own, and a local state belongs to one such *component*.

**Why a set is exact.**  There is no bound on the indices, and none on how many of them do the same: a turn of the
clients takes finitely many steps at every index, but at any number of indices.  So whatever state is present can be
present at inexhaustibly many indices, of which some stay and others go on; a copy is never used up.  The fresh state
(no facts) is always present.  What counts is therefore which states are present, not how many indices have them.

**Why the clients' best turn is known.**  Every move acts on each index separately, no move of the policy needs anything
of an index, and the policy wins if *all* states present are consistent.  Hence of two positions with the same facts of
no index the larger is at least as good for the clients, and a turn in which some indices stay, and some take each way
on that is open (the closure), is as good as any.  A policy that wins against that turn wins against all others, as no
index can be anywhere else.

**The subtlety.**  If a turn had to be finite *altogether*, copies could be used up: an index that was in the middle of
an interaction when A was snapshotted cannot be replaced unless A is snapshotted again, and a policy that snapshots B as
often as there are such indices can outlast them.  There are architectures on which that policy would win although the
clients of this game do (``tests/test_game.py`` has one).  Where the clients' strategy is to launch fresh indices and to
leave the others alone (:mod:`bac.proofs.theorem.games.solver` tries that first), finitely many steps a turn are enough.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from functools import cached_property
from typing import NamedTuple

from bac.model.architecture import Architecture, Entity, UseCase
from bac.model.errors import LimitReached
from bac.model.modes import Mode
from bac.model.plan import Group, Plan
from bac.model.recovery import OnInvalid, Recovery, Rollback
from bac.model.semantics import Rules
from bac.model.setting import Outcome, step_entities
from bac.model.system import Action, ActionKind, Fact, Label, backed, locked, logged, oldest
from bac.proofs.theorem.games.arenas import Assumption, Level
from bac.properties.anomalies import anomalies
from bac.properties.formula import satisfied

LocalState = tuple[int, frozenset[Fact]]
"""The number of a component, and the facts of one of its indices (all are said of index 1)."""
MOST_LOCAL_STATES = 20_000
"""With more index-local states than this, a game is not solved."""


class TooLarge(LimitReached):
    """A game has more positions, or states of one index, than allowed."""


class Position(NamedTuple):
    """A position of a game.

    ``states`` is the set of local states present, as bits (of the numbers that :class:`Indices` gives them).
    ``snapped`` are the services that have a snapshot; ``round`` those snapshotted since the instant to which a
    rollback leads (always empty while ``verbatim`` is assumed).
    """

    states: int
    snapped: frozenset[str] = frozenset()
    round: frozenset[str] = frozenset()
    locked: bool = False
    stopped: bool = False


def components(architecture: Architecture) -> tuple[tuple[UseCase, ...], ...]:
    """Return the use cases, grouped by the entities that connect them; in the order of the file."""
    groups: list[tuple[list[UseCase], set[Entity]]] = []
    for case in architecture.use_cases:
        entities = {entity for step in case.steps for entity in (step.entity, *step_entities(step))}
        entities |= {end for step in case.steps if step.unlinks for end in (step.unlinks.holder, step.unlinks.target)}
        joined = [group for group in groups if group[1] & entities]
        groups = [group for group in groups if not group[1] & entities]
        cases = [*(each for group in joined for each in group[0]), case]
        groups.append((cases, entities.union(*(group[1] for group in joined))))
    place = {case: number for number, case in enumerate(architecture.use_cases)}
    ordered = [tuple(sorted(cases, key=place.__getitem__)) for cases, _ in groups]
    return tuple(sorted(ordered, key=lambda cases: place[cases[0]]))


def recoveries(dropped: frozenset[Assumption]) -> tuple[Recovery, ...]:
    """Return the recoveries that a policy may announce beforehand; the first only restores the backups."""
    rollbacks = [Rollback.NONE, *[Rollback.OLDEST] * (Assumption.VERBATIM in dropped)]
    redone = [(False, False, OnInvalid.ACCEPT)]
    if Assumption.STATE_ONLY in dropped:
        redone += [(*ways, invalid) for ways in ((False, True), (True, False), (True, True)) for invalid in OnInvalid]
    return tuple(
        Recovery(rollback=rollback, replay=replay, resume=resume, on_invalid=on_invalid)
        for rollback in rollbacks
        for replay, resume, on_invalid in redone
    )


class Restored:
    """A disaster that hits all services, and what follows it, at one index."""

    def __init__(self, part: Architecture, level: Level, recovery: Recovery) -> None:
        """Build the actions, and the formulas of the anomalies that the level rules out."""
        services = tuple(service.name for service in part.services)
        plan = Plan("restore", recovery=recovery)
        rules = Rules(part, plan, 1)
        self.disaster = rules.disaster(Outcome(services, services, services))
        self.recovery = tuple(rules.recovery())
        wanted = (each for each in anomalies(part, plan, 1) if each.kind in level.kinds and each.counts)
        self.anomalies = tuple(anomaly.formula for anomaly in wanted)

    def settles_well(self, after: frozenset[Fact]) -> bool:
        """Return whether recovery, however it goes on from this state, leaves no anomaly."""
        stack, seen = [after], {after}
        while stack:
            state = stack.pop()
            following = [action.apply(state) for action in self.recovery if action.enabled(state)]
            if not following and any(satisfied(formula, state) for formula in self.anomalies):
                return False
            new = set(following) - seen
            seen |= new
            stack += new
        return True


class Component:
    """The actions of one component at one index, as the semantics makes them."""

    def __init__(
        self, architecture: Architecture, cases: tuple[UseCase, ...], level: Level, restores: tuple[Recovery, ...]
    ) -> None:
        """Build the actions."""
        part = replace(architecture, use_cases=cases)
        self.services = tuple(service.name for service in architecture.services)
        self.rules = Rules(part, Plan("locked", (Group(Mode.LOCKED, self.services),)), 1)
        self.lock = locked(self.services)
        self.steps = tuple(action for action in self.rules.steps() if action.label.kind is ActionKind.STEP)
        self.restores = tuple(Restored(part, level, recovery) for recovery in restores)
        self._judged: dict[tuple[frozenset[Fact], int], bool] = {}

    def snapshot(self, services: Iterable[str], instant: bool) -> Action:
        """Return the snapshot of these services; with ``instant``, it is also where a rollback leads."""
        events = self.rules.events_of
        copies = [(logged(event), backed(event)) for service in services for event in events[service]]
        if instant:
            copies += [(logged(event), oldest(event)) for event, _, _ in self.rules.occurrences]
        return Action(Label(ActionKind.SNAPSHOT, services=tuple(services)), copy=tuple(copies))

    def consistent(self, facts: frozenset[Fact], restore: int) -> bool:
        """Return whether this index is consistent, however recovery settles after a disaster that hits all services."""
        after = self.restores[restore].disaster.apply(facts)
        if (after, restore) not in self._judged:
            self._judged[after, restore] = self.restores[restore].settles_well(after)
        return self._judged[after, restore]

    def replicated(self, facts: frozenset[Fact]) -> frozenset[Fact]:
        """Return the state of an index whose events were all backed up as they were logged."""
        return facts | {backed(fact.events[0]) for fact in facts if fact in self.log}

    @cached_property
    def log(self) -> frozenset[Fact]:
        """Return every fact that says that an event is logged."""
        return frozenset(logged(event) for event, _, _ in self.rules.occurrences)


class Indices:
    """The transitions of single indices, computed once for each local state; sets of local states are bit masks."""

    def __init__(
        self,
        architecture: Architecture,
        level: Level,
        restores: tuple[Recovery, ...],
        check: Callable[[], None] = lambda: None,
        limit: int = MOST_LOCAL_STATES,
    ) -> None:
        """Start with the fresh state of each component; ``check`` is called often, and raises to end the work."""
        self.restores, self.check, self.limit = restores, check, limit
        self.components = [Component(architecture, cases, level, restores) for cases in components(architecture)]
        self.states: list[LocalState] = []
        self.numbers: dict[LocalState, int] = {}
        self._memory: dict[object, int] = {}
        self.fresh = self.bits((number, frozenset()) for number in range(len(self.components)))

    def bits(self, states: Iterable[LocalState]) -> int:
        """Return the set of these states.

        Raises:
            LimitReached: there are too many local states.
        """
        mask = 0
        for state in states:
            number = self.numbers.get(state)
            if number is None:
                number = self.numbers[state] = len(self.states)
                self.states.append(state)
                self.check_size(number)
            mask |= 1 << number
        return mask

    def check_size(self, states: int) -> None:
        """Stop when there are too many states of one index, or another limit is reached.

        Raises:
            LimitReached: so it is.
        """
        if states >= self.limit:
            raise TooLarge(
                f"more than {self.limit:,} states of one index: the use cases that share entities have too many steps"
            )
        if states % 256 == 0:
            self.check()

    def members(self, mask: int) -> Iterator[LocalState]:
        """Return the states of a set."""
        return (self.states[number] for number in places(mask))

    def each(self, key: object, mask: int, image: Callable[[LocalState], Iterable[LocalState]]) -> int:
        """Return the union of the images of the states in a set; images are remembered under ``key``."""
        result = 0
        for number in places(mask):
            known = self._memory.get((key, number))
            if known is None:
                known = self._memory[key, number] = self.bits(image(self.states[number]))
            result |= known
        return result

    def reachable(self, state: LocalState, held: bool) -> list[LocalState]:
        """Return the states that an index reaches by steps, itself first; if ``held``, no use case begins."""
        number, start = state
        component = self.components[number]
        lock = frozenset([component.lock]) if held else frozenset()
        found = {start: None}
        stack = [start]
        while stack:
            self.check_size(len(found))
            current = stack.pop() | lock
            for after in [a.apply(current) - lock for a in component.steps if a.enabled(current)]:
                if after not in found:
                    found[after] = None
                    stack.append(after)
        return [(number, facts) for facts in found]

    def finished(self, state: LocalState) -> list[LocalState]:
        """Return the states of an index after every use case that was begun has gone as far as it can."""
        number, _ = state
        component = self.components[number]
        ends = []
        for _, facts in self.reachable(state, held=True):
            holding = facts | {component.lock}
            if not any(action.enabled(holding) for action in component.steps):
                ends.append((number, facts))
        return ends

    def close(self, mask: int, held: bool) -> int:
        """Return the set after the clients' largest turn."""
        return self.each(("close", held), mask, lambda state: self.reachable(state, held))

    def finish(self, mask: int) -> int:
        """Return the set after everything in flight was finished."""
        return self.each("finish", mask, self.finished)

    def snap(self, mask: int, services: tuple[str, ...], instant: bool) -> int:
        """Return the set after a snapshot."""

        def image(state: LocalState) -> Iterator[LocalState]:
            number, facts = state
            yield number, self.components[number].snapshot(services, instant).apply(facts)

        return self.each((services, instant), mask, image)

    def take(self, mask: int, component: int, step: int, held: bool) -> int:
        """Return the set after one step was taken by some of the indices that can take it."""

        def image(state: LocalState) -> Iterator[LocalState]:
            number, facts = state
            part = self.components[number]
            current = facts | {part.lock} if held else facts
            yield state
            if number == component and part.steps[step].enabled(current):
                yield number, part.steps[step].apply(current) - {part.lock}

        return self.each((component, step, held), mask, image)

    def steps(self) -> Iterator[tuple[int, int]]:
        """Return every step, as the number of its component and its number within it."""
        for number, component in enumerate(self.components):
            yield from ((number, step) for step in range(len(component.steps)))

    def service(self, component: int, step: int) -> str:
        """Return the service in which a step runs."""
        part = self.components[component]
        event = part.steps[step].label.events[0]
        return part.rules.architecture.by_use_case[event.use_case].step(event.step).service

    def good(self, mask: int, restore: int) -> bool:
        """Return whether all states of a set are consistent after this recovery."""
        return not self.each(("bad", restore), mask, lambda state: [] if self._good(state, restore) else [state])

    def _good(self, state: LocalState, restore: int) -> bool:
        number, facts = state
        return self.components[number].consistent(facts, restore)

    def replicable(self, restore: int) -> bool:
        """Return whether every state that an index can reach is consistent if its log is the backup.

        The oldest backup is then as new as any, so that there is nothing to go back to.
        """
        return self.restores[restore].rollback is Rollback.NONE and all(
            self.components[number].consistent(self.components[number].replicated(facts), restore)
            for number, facts in self.members(self.close(self.fresh, held=False))
        )


def places(mask: int) -> Iterator[int]:
    """Return the positions of the bits that are set, lowest first."""
    while mask:
        lowest = mask & -mask
        yield lowest.bit_length() - 1
        mask ^= lowest
