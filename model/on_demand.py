"""A transition system whose actions are put together when a run has them, so that it can be as large as it likes.

The rules are the same (:mod:`bac.model.semantics`).  A run of a few actions asks for these and for what recovery can do
after them; thousands of other actions, and most disasters in scope, are never looked at.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Set
from functools import cached_property

from bac.model.plan import Scope
from bac.model.semantics import Rules
from bac.model.setting import Outcome
from bac.model.system import INITIAL, RECOVERED, Action, ActionKind, Fact, Label, NotARun, State


class OnDemand:
    """The transition system of an architecture under a plan, with the same runs as that which is built as a whole."""

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
                    yield from rules.at_its_times(rules.strike(outcome))
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
