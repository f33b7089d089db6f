"""The SMT engine and the proofs without a bound, compared with the explicit engine and with hand-made systems."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

import pytest
from helpers import REFERENCE, parsed
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from strategies import plans, specifications

from bac.model.errors import LimitReached
from bac.model.semantics import system
from bac.model.system import (
    AT_REST,
    INITIAL,
    RECOVERED,
    Action,
    ActionKind,
    Clause,
    Event,
    Fact,
    FactKind,
    Label,
    System,
    logged,
    snapped,
)
from bac.proofs.agreement import VerdictsDisagree, agreed, differences
from bac.proofs.check import check
from bac.proofs.engine import Limits, NotApplicable, Path, Query, SearchResult
from bac.proofs.explicit.breadth_first import explore
from bac.proofs.reductions.projection import relevant
from bac.proofs.results import PlanResult, Verdict
from bac.proofs.smt.engine import cut_targets, first_dead_end, search, suffices
from bac.proofs.smt.induction import Method, conjuncts, prove
from bac.proofs.smt.invariants import (
    Solver,
    check_invariant,
    obligations,
    z3_has_model,
)
from bac.proofs.smt.order_encoding import Orders
from bac.proofs.smt.ranking import Ranking
from bac.proofs.smt.shortest_run import ShortestRunSearch
from bac.proofs.smt.solver import Budget
from bac.proofs.smt.unrolling import Unrolling
from bac.properties.formula import (
    FALSE,
    TRUE,
    Atom,
    Formula,
    Not,
    conjunction,
    disjunction,
    facts,
    satisfied,
    settled_states,
)
from bac.properties.qualities import Property, qualities

DEADLOCK = """
name: Deadlock
services: {A: {owns: [a, d]}, B: {owns: [b, c]}}
use_cases:
  there: [{create: a}, {create: b, refers_to: a}, {update: a}]
  back: [{create: c}, {create: d, refers_to: c}, {update: c}]
plans:
  two locks: {groups: [{mode: locked, services: [A]}, {mode: locked, services: [B]}]}
  one lock: {groups: [{mode: locked, services: all}]}
  half locked: {groups: [{mode: locked, services: [A]}]}
"""
"""Use cases in opposite directions.  Two locks, each waiting for a use case that the other blocks, are a deadlock."""


def questions(specification: Any, plan: str, instances: int = 1) -> tuple[System, Query]:
    built = system(specification.architecture, specification.plan(plan), instances)
    wanted = qualities(specification.architecture, specification.plan(plan), instances)
    formulas = [anomaly.formula for anomaly in wanted.anomalies] + [loss.formula for loss in wanted.losses]
    return built, Query(tuple(formulas), wanted.denied, wanted.backed_up)


def flag(name: str) -> Fact:
    return Fact(FactKind.SNAPPED, (), (name,))


def action(name: str, **parts: Any) -> Action:
    return Action(Label(ActionKind.SNAPSHOT, (), (name,)), **parts)


def chain(length: int) -> System:
    """A system with one run, of this many actions, which then is stuck."""
    flags = [flag(f"{number:02}") for number in range(length)]
    actions = [
        action(
            f"{number:02}",
            require=frozenset(flags[:number]),
            forbid=frozenset({each, RECOVERED}),
            add=frozenset({each}),
        )
        for number, each in enumerate(flags)
    ]
    return System((*flags, RECOVERED, AT_REST), tuple(actions))


def endless() -> tuple[System, Fact]:
    """A switch that goes on and off forever, and a trap that cannot be entered."""
    on, trap, never = flag("on"), flag("trap"), flag("never")
    actions = (
        action("on", forbid=frozenset({on, RECOVERED}), add=frozenset({on})),
        action("off", require=frozenset({on}), forbid=frozenset({RECOVERED}), delete=frozenset({on})),
        action("in", require=frozenset({on, never}), forbid=frozenset({RECOVERED, trap}), add=frozenset({trap})),
    )
    return System((on, trap, never, RECOVERED, AT_REST), actions), trap


# How long runs can be


@pytest.mark.parametrize("plan", ["independent", "locked", "atomic", "shared", "rollback", "resume", "any"])
def test_the_bound_on_the_length_of_runs_is_sound_and_close(plan: str) -> None:
    built, asked = questions(parsed(REFERENCE), plan)
    depth = explore(built, replace(asked, always_reachable=FALSE)).statistics.depth
    bound = Ranking(built).longest_run
    assert bound is not None
    assert depth <= bound <= depth + 1
    assert Ranking(built).at_most_once


def test_what_can_go_on_for_ever_has_no_bound() -> None:
    built, _ = endless()
    assert Ranking(built).longest_run is None


def test_a_lock_that_can_be_taken_again_has_no_bound() -> None:
    """Lock and unlock are bounded only because snapshots are never undone."""
    built, _ = questions(parsed(REFERENCE), "locked")
    forgetful = System(
        built.facts,
        tuple(
            replace(each, forbid=each.forbid - {snapped("A"), snapped("B")})
            if each.label.kind is ActionKind.LOCK
            else each
            for each in built.actions
        ),
    )
    assert Ranking(built).longest_run is not None
    assert Ranking(forgetful).longest_run is None


def test_a_ticket_that_another_action_gives_back_counts_again() -> None:
    done, reset = flag("done"), flag("reset")
    actions = (
        action("do", forbid=frozenset({done}), add=frozenset({done})),
        action("reset", forbid=frozenset({reset}), add=frozenset({reset}), delete=frozenset({done})),
    )
    ranking = Ranking(System((done, reset, RECOVERED), actions))
    assert ranking.longest_run == 3  # do, reset, do
    assert not ranking.at_most_once


# Runs of an exact length


@pytest.mark.parametrize("length", [1, 2, 5])
def test_a_run_has_exactly_as_many_actions_as_asked_for(length: int) -> None:
    """The system is stuck at the end: one transition too many would make the last state unreachable."""
    built = chain(length)
    last, unrolling = Atom(built.facts[length - 1]), Unrolling(built)
    reached = []
    for _ in range(length + 3):
        unrolling.solver.push()
        unrolling.solver.add(unrolling.at_end(last))
        reached.append(Budget().satisfiable(unrolling.solver))
        unrolling.solver.pop()
        unrolling.lengthen()
    assert reached == [number == length for number in range(length + 3)]


@pytest.mark.parametrize("length", [0, 1, 4])
def test_the_only_violation_is_found_at_its_length_and_not_below_it(
    length: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    built = chain(length)
    target = conjunction(map(Atom, built.facts[:length]))
    found = ShortestRunSearch(built, {"": target}, Budget())
    found.by_unrolling()
    assert len(found.found[""]) == length
    monkeypatch.setattr("bac.proofs.smt.shortest_run.Ranking", Unbounded)
    for longest, there in ((length - 1, False), (length, True)):
        monkeypatch.setattr("bac.proofs.smt.shortest_run.LONGEST", longest)
        hunt = ShortestRunSearch(built, {"": target}, Budget())
        if there:
            hunt.by_unrolling()
        else:
            with pytest.raises(LimitReached):
                hunt.by_unrolling()
        assert (("" in hunt.found), len(hunt.found.get("", ()))) == (there, length if there else 0)


class Unbounded:
    """A ranking that derives nothing."""

    longest_run = None

    def __init__(self, _: System) -> None: ...


def test_runs_as_long_as_the_bound_are_examined() -> None:
    """The longest run of all has as many actions as the bound allows."""
    built = chain(4)
    assert Ranking(built).longest_run == 4
    hunt = ShortestRunSearch(built, {"": Atom(built.facts[3])}, Budget())
    hunt.by_unrolling()
    assert len(hunt.found[""]) == 4


def test_a_dead_end_is_found_where_it_begins() -> None:
    built, asked = questions(parsed(DEADLOCK), "two locks")
    path = search(built, Query(always_reachable=asked.always_reachable)).dead_end
    expected = explore(built, Query(always_reachable=asked.always_reachable)).dead_end
    assert path is not None
    assert expected is not None
    assert len(path) == len(expected)
    end = built.run(path)[-1]
    assert any(RECOVERED not in each.add for each in built.enabled(end)), "a dead end, but not yet stuck"


def test_one_lock_cannot_deadlock() -> None:
    """The twin: one lock for both services lets use cases in flight finish."""
    built, asked = questions(parsed(DEADLOCK), "one lock")
    answers = search(built, Query(always_reachable=asked.always_reachable))
    assert answers.dead_end is None
    assert answers.limit is None


@pytest.mark.parametrize("detour", [0, 3])
def test_the_first_dead_end_is_not_the_first_stuck_state(detour: int) -> None:
    """One wrong action leads to a dead end; then a detour can still be taken, or none."""
    goal, wrong = flag("goal"), flag("wrong")
    steps = [flag(f"step{number}") for number in range(detour)]
    actions = [
        action("right", forbid=frozenset({goal, wrong, RECOVERED}), add=frozenset({goal})),
        action("wrong", forbid=frozenset({goal, wrong, RECOVERED}), add=frozenset({wrong})),
    ]
    for number, each in enumerate(steps):
        needed = frozenset({wrong, *steps[:number]})
        actions.append(
            action(f"step{number}", require=needed, forbid=frozenset({each, RECOVERED}), add=frozenset({each}))
        )
    built = System((goal, wrong, *steps, RECOVERED, AT_REST), tuple(actions))
    assert first_dead_end(built, Atom(goal), Budget()) == (actions[1].label,)
    assert first_dead_end(built, disjunction([Atom(goal), Atom(wrong)]), Budget()) is None
    assert first_dead_end(built, FALSE, Budget()) == ()


def test_a_disaster_makes_no_dead_end() -> None:
    """After a disaster the goal cannot be reached either, but dead ends are states before it."""
    goal, ready, wrong = flag("goal"), flag("ready"), flag("wrong")
    actions = (
        action("strike", forbid=frozenset({RECOVERED}), add=frozenset({RECOVERED})),
        action("right", forbid=frozenset({goal, wrong, RECOVERED}), add=frozenset({goal})),
        action("prepare", forbid=frozenset({ready, RECOVERED}), add=frozenset({ready})),
        action("err", require=frozenset({ready}), forbid=frozenset({goal, wrong, RECOVERED}), add=frozenset({wrong})),
    )
    built = System((goal, ready, wrong, RECOVERED, AT_REST), actions)
    expected = explore(built, Query(always_reachable=Atom(goal))).dead_end
    assert first_dead_end(built, Atom(goal), Budget()) == expected == (actions[2].label, actions[3].label)


def test_all_facts_are_learned_on_which_a_run_to_the_goal_depends() -> None:
    x, y, image, goal = flag("x"), flag("y"), flag("image"), flag("goal")
    either = Clause(frozenset({x}), frozenset({goal}))
    actions = (
        action("copy", copy=((x, image),), forbid=frozenset({y})),
        action("go", require=frozenset({image}), clauses=(either,), add=frozenset({goal})),
    )
    built = System((x, y, image, goal, RECOVERED), actions)
    way = (actions[0].label, actions[1].label)
    reached = suffices(built, frozenset({x, RECOVERED}), way, conjunction([Atom(goal), Atom(RECOVERED)]))
    assert set(facts(reached)) == {x, y, RECOVERED}
    assert satisfied(reached, {x, RECOVERED})
    assert not satisfied(reached, {x})
    assert not satisfied(reached, {x, y, RECOVERED})


# What has no bound is unknown


@pytest.mark.parametrize(
    ("reason", "error"),
    [("incomplete", LimitReached), ("timeout", LimitReached), ("interrupted from keyboard", KeyboardInterrupt)],
)
def test_a_solver_that_does_not_know_has_not_said_no(reason: str, error: type[BaseException]) -> None:
    class Unsure:
        def check(self) -> str:
            return "unknown"

        def reason_unknown(self) -> str:
            return reason

    with pytest.raises(error):
        Budget().satisfiable(Unsure())


def test_a_system_without_a_bound_is_unknown_and_says_why() -> None:
    built, trap = endless()
    answers = search(built, Query((Atom(trap),), Atom(trap), Atom(trap)))
    assert answers.limit is not None
    assert "no bound on the length of runs" in answers.limit
    assert (answers.reachable, answers.dead_end, answers.settled) == (None, None, ({},))


def test_what_is_found_in_a_system_without_a_bound_is_found() -> None:
    built, _ = endless()
    answers = search(built, Query(reachable=Atom(flag("on"))))
    assert answers.reachable == (built.actions[0].label,)
    assert answers.limit is None


@pytest.mark.parametrize("limits", [Limits(seconds=0.0), Limits(memory=1)])
def test_a_limit_makes_unknown_and_never_holds(limits: Limits) -> None:
    specification = parsed(REFERENCE)
    result = check(specification.architecture, specification.plan("shared"), engine="smt", limits=limits)
    assert {each.verdict for each in result.properties.values()} == {Verdict.UNKNOWN}
    assert result.limit


def test_an_interruption_keeps_what_is_known() -> None:
    built, asked = questions(parsed(DEADLOCK), "half locked")
    pressed = threading.Event()

    def press(now: object) -> None:
        if not pressed.is_set() and now.queue > 1:
            pressed.set()
            os.kill(os.getpid(), signal.SIGINT)

    answers = search(built, asked, progress=press)
    assert answers.interrupted
    assert answers.limit == "interrupted"
    assert answers.reachable is not None


# All engines


@pytest.mark.parametrize("instances", [1, 2])
@pytest.mark.parametrize("plan", ["independent", "locked", "atomic", "shared", "rollback", "resume", "any"])
def test_all_engines_agree_on_the_reference(plan: str, instances: int) -> None:
    specification = parsed(REFERENCE)
    result = check(specification.architecture, specification.plan(plan), instances, engine="all")
    assert (result.engine, result.limit) == ("precedence, explicit, smt", None)


def test_verdicts_of_a_plan_do_not_depend_on_the_engine() -> None:
    specification = parsed(DEADLOCK)
    for plan in specification.plans:
        results = [check(specification.architecture, plan, engine=name) for name in ("explicit", "smt", "both")]
        verdicts = [
            {
                which: (each.verdict, [(a.kind, a.subject, a.cause, a.lengths) for a in each.anomalies])
                for which, each in result.properties.items()
            }
            for result in results
        ]
        assert verdicts[0] == verdicts[1] == verdicts[2]
        assert verdicts[0][Property.BACKUP][0] is (Verdict.VIOLATED if plan.name == "two locks" else Verdict.HOLDS)


def decided(**properties: object) -> PlanResult:
    """The result for a plan of the reference with some properties in place of those that were found."""
    specification = parsed(REFERENCE)
    result = check(specification.architecture, specification.plan("locked"))
    changed = {Property(name): replace(result.properties[Property(name)], **how) for name, how in properties.items()}  # type: ignore[arg-type]
    return replace(result, properties={**result.properties, **changed})


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"availability": {"trace": None}}, "a shortest run of 2 actions (precedence), no run (precedence)"),
        ({"availability": {"omitted_actions": 1}}, "a shortest run of 3 actions"),
        ({"consistency": {"vacuous": True}}, "vacuous"),
    ],
)
def test_a_disagreement_is_an_error_that_keeps_both_results(wrong: dict[str, object], said: str) -> None:
    right, other = decided(), decided(**wrong)
    with pytest.raises(VerdictsDisagree) as raised:
        agreed([right, other])
    assert raised.value.exit_code == 4
    assert (raised.value.one, raised.value.other) == (right, other)
    assert said in str(raised.value)


def test_only_what_both_claim_can_be_a_disagreement() -> None:
    """A limit excuses what was not found, and not a run that is not shortest; a bound excuses that."""
    found = decided()
    limited = decided(availability={"trace": None, "verdict": Verdict.UNKNOWN, "complete": False})
    longer = decided(availability={"omitted_actions": 1, "complete": False})
    at_most = decided(availability={"omitted_actions": 1, "at_least": 1})
    assert not list(differences(limited, found))
    assert not list(differences(found, limited))
    assert list(differences(found, longer))
    assert not list(differences(found, at_most))


def test_the_result_of_an_engine_that_hit_no_limit_is_taken() -> None:
    complete = decided()
    assert agreed([replace(complete, limit="the time allowed"), complete]).limit is None


# Generated specifications

GENERATED = settings(
    max_examples=10, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)
MANY = settings(GENERATED, max_examples=300)


def generated(data: st.DataObject, instances: int = 1) -> tuple[System, Query, SearchResult]:
    """A system with its questions, and the answers of the explicit engine."""
    document = data.draw(specifications())
    document["plans"] = {"p": data.draw(plans(document))}
    built, asked = questions(parsed(document), "p", instances)
    expected = explore(built, asked, Limits(states=20_000))
    return built, asked, expected


def lengths(found: Mapping[Any, Any]) -> dict[Any, int]:
    return {key: len(path) for key, path in found.items()}


def told(found: SearchResult) -> object:
    """The parts of a result that do not depend on which of several shortest runs an engine shows."""
    others = [None if path is None else len(path) for path in (found.reachable, found.dead_end)]
    return [*map(lengths, found.settled)], others, bool(found.settled) and found.can_recover


def hold_against_explicit(data: st.DataObject) -> None:
    built, asked, expected = generated(data)
    found = search(built, asked)
    if expected.limit is None and found.limit is None:
        assert told(found) == told(expected)


def unroll_against_explicit(data: st.DataObject) -> None:
    """Unrolling serves systems whose runs cannot be encoded as orders; here it finds the same as both others."""
    built, asked, expected = generated(data)
    if expected.limit is not None:
        return
    hunt = ShortestRunSearch(built, cut_targets(asked), Budget(), always=settled_states(built))
    hunt.by_unrolling()
    hunt.found.pop(None, None)
    paths = {(n, timing): path for n, each in enumerate(expected.settled) for timing, path in each.items()}
    assert lengths(hunt.found) == lengths(paths)


def settled_run(built: System, formulas: Iterable[Formula]) -> Path | None:
    """A run to a settled state that satisfies one of these formulas, by one query."""
    wanted = conjunction([settled_states(built), disjunction(formulas)])
    return Orders(relevant(built, facts(wanted)), Budget()).find(wanted)


def order_against_explicit(data: st.DataObject) -> None:
    built, asked, expected = generated(data)
    if expected.limit is not None:
        return
    try:
        path = settled_run(built, asked.settled)
    except NotApplicable:  # an action that can happen twice has no place in an order; runs are unrolled instead
        return
    assert (path is None) == (not any(expected.settled))
    if path is not None:
        last = built.run(path)[-1]
        assert built.settled(last)
        assert any(satisfied(formula, last) for formula in asked.settled)
        shortest = min(len(path) for each in expected.settled for path in each.values())
        assert len(path) >= shortest


def bound_against_explicit(data: st.DataObject) -> None:
    built, _, _ = generated(data)
    everything = explore(built, Query(always_reachable=FALSE), Limits(states=20_000))
    bound = Ranking(built).longest_run
    assert bound is not None, "whatever a plan says, no run goes on for ever"
    assert everything.statistics.depth <= bound


def prove_against_explicit(data: st.DataObject) -> None:
    built, asked, expected = generated(data)
    if expected.limit is not None or not asked.settled:
        return
    number = data.draw(st.integers(0, len(asked.settled) - 1))
    proof = prove(built, asked.settled[number], settled=True, seconds=5)
    assert proof is None or not expected.settled[number], "a proof of something false"


COMPARISONS = {
    "search": hold_against_explicit,
    "unrolling": unroll_against_explicit,
    "orders": order_against_explicit,
    "bound": bound_against_explicit,
    "proofs": prove_against_explicit,
}


@pytest.mark.parametrize("name", COMPARISONS)
@given(data=st.data())
@GENERATED
def test_generated_plans(name: str, data: st.DataObject) -> None:
    COMPARISONS[name](data)


@pytest.mark.slow
@pytest.mark.parametrize("name", COMPARISONS)
@given(data=st.data())
@MANY
def test_many_generated_plans(name: str, data: st.DataObject) -> None:
    COMPARISONS[name](data)


# Proofs without a bound


def consistency(plan: str) -> tuple[System, Formula]:
    built, _ = questions(parsed(REFERENCE), plan)
    wanted = qualities(parsed(REFERENCE).architecture, parsed(REFERENCE).plan(plan), 1)
    return built, disjunction(anomaly.formula for anomaly in wanted.anomalies)


@pytest.mark.parametrize("plan", ["shared", "locked", "resume"])
def test_consistency_has_a_proof_that_both_solvers_accept(plan: str) -> None:
    built, bad = consistency(plan)
    proof = prove(built, bad, settled=True)
    assert proof is not None
    for solver in Solver:
        assert check_invariant(built, bad, proof.invariant, solver, settled=True)


@pytest.mark.parametrize("plan", ["independent", "atomic", "any"])
def test_a_false_property_has_no_proof(plan: str) -> None:
    built, bad = consistency(plan)
    assert prove(built, bad, settled=True, seconds=20) is None
    for solver in Solver:
        for claimed in (TRUE, Not(bad), Not(conjunction([settled_states(built), bad]))):
            assert not check_invariant(built, bad, claimed, solver, settled=True)


def test_availability_is_proved_by_induction_and_refused_where_false() -> None:
    denied = qualities(parsed(REFERENCE).architecture, parsed(REFERENCE).plan("locked"), 1).denied
    built, _ = consistency("independent")
    proof = prove(built, denied)
    assert proof is not None
    assert (proof.method, proof.depth) == (Method.K_INDUCTION, 1)
    built, _ = consistency("locked")
    assert prove(built, denied, seconds=20) is None


@pytest.mark.parametrize("solver", Solver)
def test_an_invariant_needs_each_of_its_conjuncts(solver: Solver) -> None:
    built, bad = consistency("resume")
    proof = prove(built, bad, settled=True)
    assert proof is not None
    assert proof.method is Method.SPACER
    parts = list(conjuncts(proof.invariant))
    assert len(parts) > 1
    for part in parts:
        rest = conjunction(each for each in parts if each is not part)
        assert not check_invariant(built, bad, rest, solver, settled=True)
        negated = conjunction([rest, Not(part)])
        assert not check_invariant(built, bad, negated, solver, settled=True)


@pytest.mark.parametrize(
    ("claimed", "broken"),
    [
        (FALSE, "initiation"),
        (Not(Atom(RECOVERED)), "consecution"),
        (TRUE, "safety"),
    ],
)
def test_each_obligation_catches_what_it_is_for(claimed: Formula, broken: str) -> None:
    built, bad = consistency("independent")
    for name, formula in obligations(built, bad, claimed, settled=True).items():
        assert z3_has_model(built.facts, formula, 600) == (name == broken), name


def test_k_induction_needs_its_depth() -> None:
    """After *first* comes *second*; that *bad* never holds is not inductive alone, but is with a look ahead."""
    first, second, bad = flag("1"), flag("2"), flag("bad")
    actions = (
        action("1", forbid=frozenset({first}), add=frozenset({first})),
        action("2", require=frozenset({second}), forbid=frozenset({bad}), add=frozenset({bad})),
    )
    built = System((first, second, bad, RECOVERED), actions)
    proof = prove(built, Atom(bad))
    assert proof is not None
    assert (proof.method, proof.depth) == (Method.K_INDUCTION, 2)
    assert not check_invariant(built, Atom(bad), Not(Atom(bad)), Solver.Z3)


def test_a_proof_needs_no_bound_on_runs() -> None:
    built, trap = endless()
    proof = prove(built, Atom(trap))
    assert proof is not None
    assert prove(built, Atom(flag("on")), seconds=10) is None


# Runs as orders


def test_systems_whose_runs_are_no_orders_are_refused() -> None:
    built, _ = endless()
    with pytest.raises(NotApplicable, match="happens twice"):
        Orders(built, Budget())
    done = flag("done")
    anytime = System((done, RECOVERED), (action("do", forbid=frozenset({done}), add=frozenset({done})),))
    with pytest.raises(NotApplicable, match="either side"):
        Orders(anytime, Budget())


def test_a_system_whose_runs_are_no_orders_is_unrolled() -> None:
    done, reset, again = flag("done"), flag("reset"), flag("again")
    actions = (
        action("do", forbid=frozenset({done}), add=frozenset({done})),
        action("reset", forbid=frozenset({reset}), add=frozenset({reset}), delete=frozenset({done})),
        action("again", require=frozenset({done, reset}), forbid=frozenset({again}), add=frozenset({again})),
    )
    built = System((done, reset, again, RECOVERED, AT_REST), actions)
    answers = search(built, Query(reachable=Atom(again)))
    assert answers.reachable == explore(built, Query(reachable=Atom(again))).reachable
    assert search(built, Query(reachable=conjunction([Atom(again), Not(Atom(reset))]))).reachable is None
    assert answers.limit is None


def test_actions_that_conflict_do_not_happen_at_the_same_time() -> None:
    """Each of two actions forbids what the other adds: either can happen, but never both."""
    x, y = flag("x"), flag("y")
    actions = (
        action("x", forbid=frozenset({x, y, RECOVERED}), add=frozenset({x})),
        action("y", forbid=frozenset({x, y, RECOVERED}), add=frozenset({y})),
    )
    orders = Orders(System((x, y, RECOVERED), actions), Budget())
    assert orders.find(Atom(x)) is not None
    assert orders.find(Atom(y)) is not None
    assert orders.find(conjunction([Atom(x), Atom(y)])) is None


def test_two_disasters_never_happen() -> None:
    x = flag("x")
    strikes = [action(name, forbid=frozenset({RECOVERED}), add=frozenset({RECOVERED, x})) for name in "ab"]
    orders = Orders(System((x, RECOVERED), tuple(strikes)), Budget())
    assert orders.find(Atom(x)) is not None
    orders.solver.add(orders.disaster_happens)
    assert orders.find(Atom(x)) is None


def test_copies_at_different_times_read_different_values() -> None:
    """A later write overwrites an earlier one, and a copy reads what was there at its own time."""
    event = Event("u", 1, 1)
    x, early, late = logged(event), flag("early"), flag("late")
    actions = (
        action("x", forbid=frozenset({x, RECOVERED}), add=frozenset({x})),
        action("early", forbid=frozenset({flag("e"), RECOVERED}), add=frozenset({flag("e")}), copy=((x, early),)),
        action(
            "late",
            require=frozenset({flag("e")}),
            forbid=frozenset({flag("l"), RECOVERED}),
            add=frozenset({flag("l")}),
            copy=((x, late), (x, early)),
        ),
    )
    orders = Orders(System((x, early, late, flag("e"), flag("l"), RECOVERED), actions), Budget())
    taken = Atom(flag("l"))
    assert orders.find(conjunction([taken, Atom(early), Atom(late)])) is not None
    assert orders.find(conjunction([taken, Not(Atom(early)), Not(Atom(late)), Atom(x)])) is not None
    assert orders.find(conjunction([taken, Atom(early), Not(Atom(late))])) is None


def test_clauses_are_part_of_what_an_action_needs() -> None:
    x, y, z = flag("x"), flag("y"), flag("z")
    either = Clause(frozenset({x}), frozenset({y}))
    actions = (
        action("x", forbid=frozenset({x, RECOVERED}), add=frozenset({x})),
        action("y", forbid=frozenset({y, RECOVERED}), add=frozenset({y})),
        action("z", require=frozenset({y}), forbid=frozenset({z, RECOVERED}), clauses=(either,), add=frozenset({z})),
    )
    built = System((x, y, z, RECOVERED), actions)
    orders = Orders(built, Budget())
    assert orders.find(Atom(z)) is not None
    assert orders.find(conjunction([Atom(z), Not(Atom(x))])) is None
    assert relevant(built, facts(Atom(x))).actions == actions[:1]


def large(services: int, use_cases: int) -> Any:
    """An architecture of three events to each use case, references downwards only, and plans with and without flaw."""
    names = [f"s{number:02}" for number in range(services)]
    owned: dict[str, list[str]] = {name: [] for name in names}
    cases = {}
    for number in range(use_cases):
        target, holder = sorted((number % services, (number * 7 + 3) % services))
        holder += holder == target
        owned[names[holder % services]].append(f"x{number}")
        owned[names[target]].append(f"y{number}")
        cases[f"case {number}"] = [
            {"create": f"y{number}"},
            {"create": f"x{number}", "refers_to": [f"y{number}"]},
            {"copy": f"x{number}", "at": names[target], "via": "event"},
        ]
    return parsed(
        {
            "name": "large",
            "services": {name: {"owns": owned[name]} for name in names},
            "use_cases": cases,
            "plans": {
                "one instant": {"groups": [{"mode": "atomic", "services": "all"}]},
                "one instant, caught up": {
                    "groups": [{"mode": "atomic", "services": "all"}],
                    "recovery": {"replay": True, "resume": True},
                },
                "locked": {"groups": [{"mode": "locked", "services": "all"}]},
                "rejecting": {"recovery": {"replay": True, "resume": True, "on_invalid": "reject"}},
            },
        }
    )


CONSISTENT = {
    "independent": False,
    "one instant": False,
    "one instant, caught up": True,
    "locked": True,
}


def decide_large(services: int, use_cases: int, plan: str) -> None:
    specification = large(services, use_cases)
    wanted = qualities(specification.architecture, specification.plan(plan), 1)
    built = system(specification.architecture, specification.plan(plan), 1)
    path = settled_run(built, [anomaly.formula for anomaly in wanted.anomalies])
    assert (path is None) == CONSISTENT[plan]
    if path is not None:
        assert built.settled(built.run(path)[-1])


@pytest.mark.parametrize("plan", CONSISTENT)
def test_a_large_architecture_is_decided_in_one_query(plan: str) -> None:
    """A hundred and fifty events: too many to explore or to unroll."""
    decide_large(10, 50, plan)


@pytest.mark.slow
@pytest.mark.parametrize("plan", CONSISTENT)
def test_several_hundred_events_are_decided(plan: str) -> None:
    decide_large(30, 120, plan)


def test_the_initial_state_is_examined_too() -> None:
    built = chain(2)
    assert search(built, Query(reachable=Not(Atom(built.facts[0])))).reachable == ()
    assert satisfied(Not(Atom(built.facts[0])), INITIAL)
