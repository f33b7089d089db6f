"""The rules of the game a second time, on plain sets of facts, for the check of strategies.

Source: docs/theorem.md, "Impossibility over all policies".  Written apart from the solver: nothing is shared with it
but the semantics (the actions), the interpreter that applies them, and the evaluator of formulas.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import chain, combinations, product

from bac.model.architecture import Architecture
from bac.model.errors import BacError, LimitReached
from bac.model.modes import Mode
from bac.model.plan import Group, Plan
from bac.model.recovery import OnInvalid, Recovery, Rollback
from bac.model.semantics import Rules
from bac.model.setting import Outcome, droppable
from bac.model.system import Action, ActionKind, Event, FactKind, Label, State, backed, locked, logged, oldest
from bac.properties.anomalies import AnomalyKind, anomalies
from bac.properties.formula import Formula, satisfied
from bac.properties.formula import facts as facts_of

MOST_STATES = 100_000
"""With more states of one index than this, a strategy is not checked."""
KINDS = {
    "C0": {AnomalyKind.BROKEN_LINK, AnomalyKind.MISDIRECTED_LINK, AnomalyKind.OVERBOOKING},
    "C1": set(AnomalyKind) - {AnomalyKind.MISSING_STATE, AnomalyKind.DUPLICATE},
    "C2": set(AnomalyKind),
}
ASSUMPTIONS = {"single", "available", "asynchronous", "verbatim", "separate", "unbounded", "state-only"}
FRESH: State = frozenset()


class StrategyRejected(BacError):
    """A document is no strategy, or one that does not win."""

    exit_code = 1


@dataclass(frozen=True)
class Place:
    """A position: the states present (the fresh one always is), and the effects of the policy's moves."""

    states: frozenset[State]
    snapped: frozenset[str] = frozenset()
    round: frozenset[str] = frozenset()
    locked: bool = False
    stopped: bool = False


class Rulebook:
    """The rules of one game, on plain sets of facts."""

    def __init__(self, architecture: Architecture, level: str, dropped: frozenset[str]) -> None:
        """Build the actions of one index.

        Raises:
            StrategyRejected: there is no such level or assumption.
        """
        if level not in KINDS or not dropped <= ASSUMPTIONS:
            raise StrategyRejected("no such level, or no such assumption")
        if any(service.external for service in architecture.services):
            raise StrategyRejected("the game has no external services")
        if "state-only" in dropped and droppable(architecture):
            raise StrategyRejected("the game has no events that meet a deletion")
        self.architecture, self.level, self.dropped = architecture, level, dropped
        self.services = tuple(service.name for service in architecture.services)
        self.all = frozenset(self.services)
        self.lock = locked(self.services)
        self.made = Rules(architecture, Plan("held", (Group(Mode.LOCKED, self.services),)), 1)
        self.steps = tuple(action for action in self.made.steps() if action.label.kind is ActionKind.STEP)
        self._reached: dict[tuple[State, bool], frozenset[State]] = {}
        self._consistent: dict[tuple[State, Recovery], bool] = {}

    @cached_property
    def family(self) -> dict[str, int]:
        """A number for each use case, the same for those that occur together in an action or a formula."""
        spoken = [[fact for fact in action.facts() if fact.events] for action in self.steps]
        spoken += [list(facts_of(formula)) for recovery in redoing() for formula in self.wrong(recovery)]
        spoken += [list(action.facts()) for _, redo in map(self.restore, redoing()) for action in redo]
        family = {case.name: number for number, case in enumerate(self.architecture.use_cases)}
        for group in spoken:
            numbers = {family[fact.events[0].use_case] for fact in group if fact.events}
            family = {case: min(numbers) if number in numbers else number for case, number in family.items()}
        return family

    # One index

    def open(self, state: State, held: bool) -> Iterator[Action]:
        """Yield the steps that an index can take; use cases of different families have indices of their own."""
        families = {self.family[fact.events[0].use_case] for fact in state}
        full = state | {self.lock} if held else state
        for action in self.steps:
            if action.enabled(full) and families <= {self.family[action.label.events[0].use_case]}:
                yield action

    def reached(self, state: State, held: bool) -> frozenset[State]:
        """Return every state that an index can reach by steps."""
        if (state, held) not in self._reached:
            if len(self._reached) > MOST_STATES:
                raise LimitReached(f"more than {MOST_STATES} states of one index")
            self._reached[state, held] = frozenset(closure([state], lambda s: self.after_steps(s, held)))
        return self._reached[state, held]

    def after_steps(self, state: State, held: bool) -> list[State]:
        """Return the states after one step."""
        return [action.apply(state) for action in self.open(state, held)]

    def finished(self, state: State) -> set[State]:
        """Return the states in which everything in flight is finished or stuck."""
        return {end for end in self.reached(state, True) if not self.after_steps(end, True)}

    def restore(self, recovery: Recovery) -> tuple[Action, tuple[Action, ...]]:
        """Return the disaster that hits all services, and the actions of recovery."""
        rules = Rules(self.architecture, Plan("restored", recovery=recovery), 1)
        return rules.disaster(Outcome(self.services, self.services, self.services)), tuple(rules.recovery())

    def wrong(self, recovery: Recovery) -> list[Formula]:
        """Return the formulas of the anomalies that the level rules out."""
        found = anomalies(self.architecture, Plan("restored", recovery=recovery), 1)
        return [anomaly.formula for anomaly in found if anomaly.kind in KINDS[self.level] and anomaly.counts]

    def consistent(self, state: State, recovery: Recovery) -> bool:
        """Return whether the backups of an index, restored and settled in any way, show no anomaly of the level."""
        if (state, recovery) not in self._consistent:
            disaster, redo = self.restore(recovery)
            settled = [
                cut
                for cut in closure([disaster.apply(state)], lambda s: [a.apply(s) for a in redo if a.enabled(s)])
                if not any(action.enabled(cut) for action in redo)
            ]
            wrong = any(satisfied(formula, cut) for cut in settled for formula in self.wrong(recovery))
            self._consistent[state, recovery] = not wrong
        return self._consistent[state, recovery]

    # The policy

    def moves(self, place: Place) -> Iterator[tuple[str, tuple[str, ...]]]:
        """Yield every legal move of the policy: its kind and its services."""
        sizes = range(1, len(self.services) + 1) if "single" in self.dropped else [1]
        sets = chain.from_iterable(combinations(self.services, size) for size in sizes)
        yield from (("snapshot", services) for services in sets)
        yield "wait", ()
        if "separate" in self.dropped:
            yield "replicate", ()
        if "available" in self.dropped and place.locked:
            yield "drain", ()
            yield "unlock", ()
        if "available" in self.dropped and not place.locked:
            yield "lock", ()
        if "unbounded" in self.dropped and not place.stopped:
            yield "rest", ()

    def moved(self, place: Place, kind: str, services: tuple[str, ...]) -> Place:
        """Return the place after a move of the policy."""
        match kind:
            case "snapshot":
                return self.snapshot(place, frozenset(services))
            case "lock":
                return replace(place, locked=True)
            case "unlock":
                return replace(place, locked=False)
            case "drain":
                return replace(place, states=union(map(self.finished, place.states)))
            case "rest":
                return replace(place, states=union(map(self.finished, place.states)), stopped=True)
            case _:
                return place

    def snapshot(self, place: Place, services: frozenset[str]) -> Place:
        """Return the place after a snapshot; where rollback is possible, it may begin a new round."""
        begins = "verbatim" in self.dropped and (not place.round or not services.isdisjoint(place.round))
        copies = [
            (logged(event), backed(event)) for event, _, step in self.made.occurrences if step.service in services
        ]
        if begins:
            copies += [(logged(event), oldest(event)) for event, _, _ in self.made.occurrences]
        action = Action(Label(ActionKind.SNAPSHOT), copy=tuple(copies))
        rounds = frozenset[str]()
        if "verbatim" in self.dropped:
            rounds = services if begins else place.round | services
        states = frozenset(action.apply(state) for state in place.states)
        return replace(place, states=states, snapped=place.snapped | services, round=rounds)

    def recoveries(self) -> Iterator[Recovery]:
        """Yield every recovery that the policy may choose."""
        for recovery in redoing() if "state-only" in self.dropped else [Recovery()]:
            yield recovery
            if "verbatim" in self.dropped:
                yield replace(recovery, rollback=Rollback.OLDEST)

    def wins(self, kind: str, place: Place, recovery: Recovery) -> bool:
        """Return whether the policy has won right after a move of this kind."""
        rolled = recovery.rollback is Rollback.OLDEST
        if kind == "replicate":
            logs = map(replicated, self.reached(FRESH, False))
            return not rolled and all(self.consistent(log, recovery) for log in logs)
        complete = place.snapped == self.all and (not rolled or place.round == self.all)
        later = self.largest(replace(place, locked=False)).states
        return complete and all(self.consistent(state, recovery) for state in later)

    # The clients

    def largest(self, place: Place) -> Place:
        """Return the place after the largest turn of the clients: every state that steps can reach is present."""
        if place.stopped:
            return place
        return replace(place, states=union(self.reached(state, place.locked) for state in place.states))

    def stepped(self, place: Place, step: tuple[str, int] | None) -> Place:
        """Return the place after one announced step was taken by some of the indices that are ready for it."""
        if step is None or place.stopped:
            return place
        event = Event(*step, 1)
        taken = {a.apply(s) for s in place.states for a in self.open(s, place.locked) if a.label.events == (event,)}
        return replace(place, states=place.states | taken)

    def announcements(self, place: Place) -> Iterator[tuple[str, int] | None]:
        """Yield the announcements that the clients can make."""
        yield None
        if not place.stopped:
            yield from ((e.use_case, e.step) for action in self.steps for e in action.label.events)

    @property
    def announces(self) -> bool:
        """Whether the clients take one step at a time."""
        return "asynchronous" in self.dropped

    def beginning(self) -> Place:
        """Return the place before the policy's first move, after the largest turn of the clients."""
        return Place(self.reached(FRESH, False))


def replicated(state: State) -> State:
    """Return the state of an index whose events were backed up as they were logged."""
    return state | {backed(fact.events[0]) for fact in state if fact.kind is FactKind.LOGGED}


def redoing() -> list[Recovery]:
    """Return the recoveries without rollback."""
    settings = product((False, True), (False, True), OnInvalid)
    return [Recovery(replay=replay, resume=resume, on_invalid=invalid) for replay, resume, invalid in settings]


def closure(start: Iterable[State], after: Callable[[State], Iterable[State]]) -> set[State]:
    """Return everything that can be reached from ``start``."""
    seen = set(start)
    stack = list(seen)
    while stack:
        new = set(after(stack.pop())) - seen
        seen |= new
        stack += new
    return seen


def union(sets: Iterable[Iterable[State]]) -> frozenset[State]:
    """Return the union of the sets."""
    return frozenset(chain.from_iterable(sets))
