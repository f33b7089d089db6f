"""The explicit engine: exact counts, limits, and the shape of the systems that it explores."""

from __future__ import annotations

from functools import partial

import pytest
from helpers import REFERENCE, parsed

from bac.model.semantics import system
from bac.model.system import INITIAL, RECOVERED, Action, ActionKind, Fact, FactKind, Label, System, logged
from bac.proofs.check import check as check_by
from bac.proofs.engine import Limits, Packing, Query
from bac.proofs.explicit import breadth_first as explicit
from bac.proofs.explicit.breadth_first import BreadthFirstSearch, explore, free_choices
from bac.proofs.results import Verdict
from bac.properties.formula import FALSE, Atom
from bac.properties.qualities import Property

check = partial(check_by, engine="explicit")

TWO_STEPS = """
name: toy
services: {A: {owns: [a]}, B: {owns: [b]}}
use_cases: {u: [{create: b}, {create: a, refers_to: b}]}
"""


def interpreted_states(built: System) -> int:
    """The number of reachable states, counted by the interpreter."""
    seen, stack = {INITIAL}, [INITIAL]
    while stack:
        state = stack.pop()
        for action in built.enabled(state):
            after = action.apply(state)
            if after not in seen:
                seen.add(after)
                stack.append(after)
    return len(seen)


@pytest.mark.parametrize("plan", ["independent", "locked", "rollback", "atomic", "resume"])
@pytest.mark.parametrize("instances", [1, 2])
def test_it_explores_exactly_the_states_of_the_interpreter(plan: str, instances: int) -> None:
    specification = parsed(REFERENCE)
    built = system(specification.architecture, specification.plan(plan), instances)
    asked = Query(
        always_reachable=FALSE
    )  # the answer is known at once, but the question keeps the search going to its end
    assert explore(built, asked).statistics.states == interpreted_states(built)


@pytest.mark.parametrize("n", [1, 2, 3, 4, 5])
def test_states_before_a_disaster_are_as_many_as_counted_by_hand(n: int) -> None:
    """Two-step use cases (create b, then a) over two independent snapshots.

    An index is in one of 3 stages; once A alone is snapshotted, in one of 4 states (at the last stage a may be in the
    backup); once B alone is, in one of 5; once both are, in one of 1 + 2 + 4.  The indices are free of each other.
    """
    specification = parsed(TWO_STEPS)
    built = system(specification.architecture, specification.plans[0], n)
    search = BreadthFirstSearch(built, Query(always_reachable=FALSE), Limits(), None)
    search.run()
    recovered = Packing(built).bit(RECOVERED)
    assert sum(not state & recovered for state in search.parents) == 3**n + 4**n + 5**n + 7**n


def test_a_limit_makes_unknown_and_never_holds() -> None:
    specification = parsed(REFERENCE)
    result = check(specification.architecture, specification.plan("locked"), limits=Limits(states=5))
    assert result.limit == "the limit of 5 states (--max-states) was reached"
    assert {each.verdict for each in result.properties.values()} == {Verdict.UNKNOWN, Verdict.VIOLATED}
    assert result.properties[Property.CONSISTENCY].verdict is Verdict.UNKNOWN


def test_what_was_found_before_a_limit_is_kept() -> None:
    specification = parsed(REFERENCE)
    result = check(specification.architecture, specification.plan("locked"), limits=Limits(states=5))
    denied = result.properties[Property.AVAILABILITY]
    assert denied.verdict is Verdict.VIOLATED
    assert denied.trace is not None
    assert len(denied.trace.actions) == 2


@pytest.mark.parametrize("limits", [Limits(states=1), Limits(seconds=0.0), Limits(memory=1)])
def test_every_kind_of_limit_stops_the_search(limits: Limits) -> None:
    specification = parsed(REFERENCE)
    result = check(specification.architecture, specification.plan("independent"), limits=limits)
    assert all(each.verdict is Verdict.UNKNOWN for each in result.properties.values())
    assert result.limit is not None


def test_an_interruption_keeps_what_is_known(monkeypatch: pytest.MonkeyPatch) -> None:
    calls = iter(range(1000))

    def interrupting(self: BreadthFirstSearch, queue: int) -> str | None:  # noqa: ARG001
        if next(calls) == 4:
            raise KeyboardInterrupt
        return None

    monkeypatch.setattr(BreadthFirstSearch, "exceeded", interrupting)
    specification = parsed(REFERENCE)
    result = check(specification.architecture, specification.plan("locked"))
    assert result.interrupted
    assert result.properties[Property.AVAILABILITY].verdict is Verdict.VIOLATED
    assert result.properties[Property.CONSISTENCY].verdict is Verdict.UNKNOWN


def test_asking_for_less_explores_less() -> None:
    specification = parsed(REFERENCE)
    arguments = specification.architecture, specification.plan("locked")
    everything, only = check(*arguments), check(*arguments, properties=[Property.AVAILABILITY])
    assert list(only.properties) == [Property.AVAILABILITY]
    assert only.statistics.states < everything.statistics.states


def test_progress_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(explicit, "CHECK_EVERY", 1)
    specification = parsed(REFERENCE)
    told = []
    check(specification.architecture, specification.plan("independent"), progress=told.append)
    assert told[-1].states >= told[0].states
    assert max(now.depth for now in told) > 0


@pytest.mark.parametrize("document", [REFERENCE, TWO_STEPS])
def test_runs_before_the_disaster_only_move_forward(document: str) -> None:
    """So whether a backup stays possible follows from the states where runs get stuck."""
    specification = parsed(document)
    for plan in specification.plans:
        built = system(specification.architecture, plan, 2)
        search = BreadthFirstSearch(built, Query(always_reachable=FALSE), Limits(), None)
        search.run()
        assert search.levelled


@pytest.mark.parametrize("document", [REFERENCE, TWO_STEPS])
@pytest.mark.parametrize("instances", [1, 2, 3])
def test_there_are_as_many_states_as_the_estimate_says(document: str, instances: int) -> None:
    """A search is refused for lack of memory only if it would really need that much."""
    specification = parsed(document)
    for plan in specification.plans:
        built = system(specification.architecture, plan, instances)
        at_least = 2 ** free_choices(Packing(built))
        assert 2**instances <= at_least <= explore(built, Query(always_reachable=FALSE)).statistics.states


def test_a_search_that_is_certain_not_to_fit_does_not_begin() -> None:
    specification = parsed({"services": {f"s{n}": {} for n in range(60)}, "use_cases": {}})
    arguments = specification.architecture, specification.plan("independent")
    result = check(*arguments, limits=Limits(memory=2**40))
    assert result.limit is not None
    assert "2^60 states" in result.limit
    assert result.statistics.states == 0
    assert check(*arguments, limits=Limits(memory=2**40, states=1000)).statistics.states >= 1000


def cyclic_system() -> tuple[System, Fact, Fact]:
    """A system that is not forward-only: a switch goes on and off, and on may also lead to a trap."""
    on, trap, goal = (Fact(FactKind.SNAPPED, (), (name,)) for name in ("on", "trap", "goal"))
    actions = (
        Action(Label(ActionKind.LOCK), require=frozenset(), forbid=frozenset({on, trap}), add=frozenset({on})),
        Action(Label(ActionKind.UNLOCK), require=frozenset({on}), forbid=frozenset({trap}), delete=frozenset({on})),
        Action(Label(ActionKind.DENY), require=frozenset({on}), forbid=frozenset({trap}), add=frozenset({trap})),
    )
    declared = (on, trap, goal, RECOVERED, Fact(FactKind.AT_REST))
    return System(declared, actions), trap, goal


def test_dead_ends_of_a_system_with_a_way_back_are_found() -> None:
    built, trap, goal = cyclic_system()
    never = explore(built, Query(always_reachable=Atom(goal)))
    assert never.dead_end == ()  # the initial state is a dead end
    always = explore(built, Query(always_reachable=Atom(trap)))
    assert always.dead_end is None  # the trap can always be reached


def test_what_becomes_true_after_the_disaster_is_reachable_too() -> None:
    """No system of ours has such a fact."""
    late = Fact(FactKind.SNAPPED, (), ("late",))
    disaster = Action(Label(ActionKind.DISASTER), forbid=frozenset({RECOVERED}), add=frozenset({RECOVERED}))
    after = Action(Label(ActionKind.REPLAY), require=frozenset({RECOVERED}), add=frozenset({late}))
    built = System((late, RECOVERED, Fact(FactKind.AT_REST)), (disaster, after))
    assert explore(built, Query(reachable=Atom(late))).reachable == (disaster.label, after.label)


def test_packed_actions_do_what_the_interpreter_does() -> None:
    specification = parsed(REFERENCE)
    for plan in specification.plans:
        built = system(specification.architecture, plan, 1)
        packing = Packing(built)
        state = INITIAL
        for _ in range(12):
            for action, packed in zip(built.actions, packing.actions, strict=True):
                assert action.enabled(state) == packed.enabled(packing.mask(state))
                if action.enabled(state):
                    assert packed.apply(packing.mask(state)) == packing.mask(action.apply(state))
            state = next((action.apply(state) for action in built.enabled(state)), state)


def test_a_copy_reads_the_state_before_the_action() -> None:
    built = system(parsed(REFERENCE).architecture, parsed(REFERENCE).plan("independent"), 1)
    (snapshot, *_) = [action for action in built.actions if action.label.kind is ActionKind.SNAPSHOT]
    (source, destination) = snapshot.copy[0]
    assert destination not in snapshot.apply(frozenset({destination}))
    assert destination in snapshot.apply(frozenset({source}))
    assert source == logged(source.events[0])


DEADLOCK = """
services: {A: {owns: [a, b, c]}, B: {owns: [d, e, f]}}
use_cases:
  there: [{create: a}, {create: d}, {create: b}]
  back: [{create: e}, {create: c}, {create: f}]
plans: {locks: {groups: [{mode: locked, services: [A]}, {mode: locked, services: [B]}]}}
"""


@pytest.mark.parametrize("moment", range(0, 400, 7))
def test_an_interruption_never_takes_what_was_not_expanded_for_a_dead_end(
    moment: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls = iter(range(10_000))
    original = BreadthFirstSearch.satisfies_reachable

    def interrupting(self: BreadthFirstSearch, state: int) -> bool:
        if next(calls) == moment:
            raise KeyboardInterrupt
        return original(self, state)

    monkeypatch.setattr(BreadthFirstSearch, "satisfies_reachable", interrupting)
    specification = parsed(DEADLOCK)
    result = check(specification.architecture, specification.plan("locks"))  # raises if a wrong witness is found
    backup = result.properties[Property.BACKUP]
    assert backup.trace is None or len(backup.trace.actions) >= 4
