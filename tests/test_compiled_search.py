"""The compiled search has the results of the search in Python, and refuses systems that it cannot explore."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from corpus_cases import CORPUS, names
from helpers import MISSING, REFERENCE, parsed
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from strategies import Document, plans, specifications

pytest.importorskip("numba", reason=f"{MISSING} fast")

import numpy as np

from bac.model.architecture import Architecture
from bac.model.plan import Disaster, Plan, Scope
from bac.model.semantics import system
from bac.model.specification.reader import load
from bac.model.system import AT_REST, DENIED, RECOVERED, Action, ActionKind, Clause, Fact, FactKind, Label, System
from bac.proofs import engines
from bac.proofs.engine import Limits, NotApplicable, Packing, Progress, Query, SearchResult
from bac.proofs.explicit import breadth_first
from bac.proofs.explicit.breadth_first import BreadthFirstSearch
from bac.proofs.explicit.compiled import applicability, compiling, engine
from bac.proofs.explicit.compiled.applicability import Moves, phases
from bac.proofs.explicit.compiled.engine import SearchOrder, count_states, explore
from bac.proofs.explicit.compiled.hash_table import INTERSECT, MOST_ROWS, SHARDS, Shards, batch
from bac.proofs.explicit.compiled.tables import WORD, width_of
from bac.properties.formula import FALSE, Atom, Not, conjunction, disjunction
from bac.properties.qualities import qualities

MOST_STATES = 3000
TOY = """
services: {A: {owns: [a]}, B: {owns: [b]}}
use_cases: {make: [{create: b}, {create: a, refers_to: b}]}
"""


@st.composite
def problems(draw: st.DrawFn) -> Document:
    """A specification with one plan, called ``p``."""
    document = draw(specifications())
    return document | {"plans": {"p": draw(plans(document))}}


def everything_asked(architecture: Architecture, plan: Plan, instances: int) -> Query:
    """Return the query with everything that is asked of a plan."""
    wanted = qualities(architecture, plan, instances)
    formulas = tuple(each.formula for each in (*wanted.anomalies, *wanted.losses))
    return Query(formulas, wanted.denied, wanted.backed_up)


def in_python(built: System, query: Query, most: int = MOST_STATES) -> SearchResult:
    """Return the result of the search in Python."""
    search = BreadthFirstSearch(built, query, Limits(states=most), None)
    search.run()
    return search.result()


def widened(built: System, words: int) -> System:
    """The same system with facts that nothing is about, so that a state takes more words."""
    padding = tuple(Fact(FactKind.SNAPPED, (), (f"padding {number}",)) for number in range(64 * (words - 1)))
    half = len(built.facts) // 2
    return System(built.facts[:half] + padding + built.facts[half:], built.actions)


def lengths(result: SearchResult) -> tuple[object, ...]:
    """Return the lengths and counts that two engines must agree on."""
    settled = tuple({timing: len(path) for timing, path in found.items()} for found in result.settled)
    single = [None if path is None else len(path) for path in (result.reachable, result.dead_end)]
    counted = result.statistics.states, result.statistics.transitions, result.statistics.depth
    return settled, *single, result.can_recover, *counted, result.limit


def assert_runs(built: System, query: Query, result: SearchResult) -> None:
    """Every run is one of the interpreter, and ends where it should."""
    for formula, found in zip(query.settled, result.settled, strict=True):
        for path in found.values():
            end = built.run(path)[-1]
            assert built.settled(end)
            assert Packing(built).satisfied(formula, Packing(built).mask(end))
    if result.reachable is not None and query.reachable is not None:
        end = built.run(result.reachable)[-1]
        assert Packing(built).satisfied(query.reachable, Packing(built).mask(end))
    if result.dead_end is not None:
        built.run(result.dead_end)


def orders(built: System) -> list[SearchOrder]:
    """The orders in which the compiled search can visit the states of a system."""
    packing = Packing(built)
    return list(SearchOrder) if Moves(packing, phases(packing).moves).determined else [SearchOrder.BREADTH_FIRST]


def assert_agreement(built: System, query: Query) -> None:
    """In every order, with one worker or two, the results are those of the search in Python, if that is complete."""
    expected = in_python(built, query)
    if expected.limit is not None:
        return
    for order in orders(built):
        result = explore(built, query, order=order, workers=2)
        assert lengths(result) == lengths(expected)
        assert_runs(built, query, result)
        alone = explore(built, query, order=order, workers=1)
        assert replace(alone, statistics=result.statistics) == result


def try_problem(words: int, document: Document, instances: int) -> None:
    """Compare the results on one generated plan, with states of this many words."""
    specification = parsed(document)
    plan = specification.plan("p")
    built = system(specification.architecture, plan, instances)
    assert_agreement(widened(built, words), everything_asked(specification.architecture, plan, instances))


@pytest.mark.parametrize("words", [1, 2, pytest.param(3, marks=pytest.mark.slow)])
def test_it_agrees_with_the_search_in_python(words: int) -> None:
    few = settings(max_examples=30 if words == 1 else 10, suppress_health_check=list(HealthCheck))
    few(given(st.just(words), problems(), st.integers(1, 2))(try_problem))()


@pytest.mark.slow
@pytest.mark.parametrize("words", [1, 2])
def test_it_agrees_with_the_search_in_python_on_thousands(words: int) -> None:
    many = settings(settings.get_profile("slow"), max_examples=2000, suppress_health_check=list(HealthCheck))
    many(given(st.just(words), problems(), st.integers(1, 2))(try_problem))()


def crowded(built: System, moves: int) -> System:
    """The same system with moves that never happen, so that it has this many before the disaster."""
    missing = moves - len(phases(Packing(built)).moves)
    never, mark = (Fact(FactKind.SNAPPED, (), (name,)) for name in ("never", "mark"))
    idle = Action(Label(ActionKind.STEP), frozenset([never]), frozenset([mark, RECOVERED]), add=frozenset([mark]))
    return System((*built.facts, never, mark), (*built.actions, *[idle] * missing))


@pytest.mark.parametrize("marks", [1, 2, 3])
def test_disasters_share_the_marks_that_moves_leave_free(marks: int) -> None:
    specification = parsed(TOY)
    plan = replace(specification.plan("independent"), disaster=Disaster(scope=Scope.ANY))
    query = everything_asked(specification.architecture, plan, 2)
    built = crowded(system(specification.architecture, plan, 2), 2 * WORD - marks)
    assert len(phases(Packing(built)).disasters) > marks
    assert width_of(Packing(built), 2 * WORD - marks) == 2
    assert_agreement(built, query)


@pytest.mark.parametrize("seed", range(3))
def test_a_set_that_grows_keeps_each_state_once(seed: int) -> None:
    """It does not depend on the room that was expected; data of the same state are merged."""
    random = np.random.default_rng(seed)
    kept, expected = Shards((0,), 2, INTERSECT), dict[int, int]()
    for number in range(6):
        rows = random.integers(0, 3000 << 8 * number, size=(4000, 2), dtype=np.uint64)
        batches = [batch(rows.reshape(-1), 2, len(rows), (0,))]
        kept.make_room(batches, expected=0)
        kept.insert_shards(batches, 0, SHARDS)
        for state, data in rows.tolist():
            expected[state] = expected.get(state, data) & data
    found = np.concatenate([kept.of_shard(shard) for shard in range(SHARDS)]).reshape(-1, 2)
    assert len(found) == len(kept) == len(expected)
    assert dict(found.tolist()) == expected
    assert all(kept.row(row[:1]).tolist() == row.tolist() for row in found[:100])
    kept.empty(5)
    assert len(kept) == 0


def test_more_rows_than_can_be_numbered_are_too_many() -> None:
    with pytest.raises(MemoryError):
        Shards((0,), 2, INTERSECT).empty(MOST_ROWS + 1)


DEADLOCK = """
services: {A: {owns: [a, b, c]}, B: {owns: [d, e, f]}}
use_cases:
  there: [{create: a}, {create: d}, {create: b}]
  back: [{create: e}, {create: c}, {create: f}]
plans: {locks: {groups: [{mode: locked, services: [A]}, {mode: locked, services: [B]}]}}
"""


@pytest.mark.parametrize(("text", "instances"), [(REFERENCE, 1), (REFERENCE, 2), (TOY, 2), (DEADLOCK, 1)])
def test_every_plan_of_an_application_gets_the_same_result(text: str, instances: int) -> None:
    specification = parsed(text)
    for plan in specification.plans:
        built = system(specification.architecture, plan, instances)
        assert_agreement(built, everything_asked(specification.architecture, plan, instances))


def assert_independence(built: System) -> None:
    """In every state, what is known of enabled moves is true, and independent ones do not hinder each other."""
    packing = Packing(built)
    moves = Moves(packing, phases(packing).moves)
    search = BreadthFirstSearch(built.without_disasters(), Query(always_reachable=FALSE), Limits(states=MOST_STATES))
    search.run()
    for state in search.parents:
        after = {each: action.apply(state) for each, action in enumerate(moves.actions) if action.enabled(state)}
        for one, reached in after.items():
            true, false = moves.known[one]
            assert state & true == true
            assert not state & false
            for other in after.keys() - set(applicability.places(moves.dependent[one])):
                assert moves.actions[other].enabled(reached)
                assert moves.actions[other].apply(reached) == moves.actions[one].apply(after[other])


@given(problems(), st.integers(1, 2))
@settings(max_examples=60, suppress_health_check=list(HealthCheck))
def test_independent_moves_do_not_hinder_each_other(document: Document, instances: int) -> None:
    specification = parsed(document)
    assert_independence(system(specification.architecture, specification.plan("p"), instances))


LOCKED_ALONE, MARKED = "groups: [{mode: locked, services: all}]", "groups: [{mode: markers, services: all}]"


@pytest.mark.parametrize(("plan", "via"), [(LOCKED_ALONE, "call"), (MARKED, "event")])
def test_where_one_lock_or_markers_show_the_order_states_determine_their_runs(plan: str, via: str) -> None:
    text = TOY.replace("refers_to: b}", f"refers_to: b, via: {via}}}") + f"plans: {{p: {{{plan}}}}}"
    specification = parsed(text)
    built = system(specification.architecture, specification.plan("p"), 2)
    assert orders(built) == list(SearchOrder)
    assert_agreement(built, everything_asked(specification.architecture, specification.plan("p"), 2))


@pytest.mark.parametrize("name", names())
def test_it_agrees_on_the_corpus(name: str) -> None:
    specification = load(CORPUS / f"{name}.bac.yaml")
    for plan in specification.plans:
        built = system(specification.architecture, plan, 1)
        assert_agreement(built, everything_asked(specification.architecture, plan, 1))


def test_locks_that_block_each_other_are_found_at_their_first_moment() -> None:
    specification = parsed(DEADLOCK)
    plan = specification.plan("locks")
    query = everything_asked(specification.architecture, plan, 1)
    result = explore(system(specification.architecture, plan, 1), query)
    assert result.dead_end is not None
    assert len(result.dead_end) > 2
    assert result.dead_end[-1].kind is ActionKind.LOCK


def before_disaster(instances: int) -> int:
    """Return the number of states of the toy: for each index, what is logged, and what of it is in each backup."""
    return sum(base**instances for base in (3, 4, 5, 7))


@pytest.mark.parametrize("order", SearchOrder)
@pytest.mark.parametrize("instances", [1, 2, 4, 6])
def test_the_toy_has_as_many_states_as_it_should(order: SearchOrder, instances: int) -> None:
    specification = parsed(TOY)
    built = system(specification.architecture, specification.plan("independent"), instances)
    assert count_states(built.without_disasters(), order=order).states == before_disaster(instances)


# The conditions, and systems that do not meet them


def fact(name: str) -> Fact:
    return Fact(FactKind.SNAPPED, (), (name,))


def action(name: str, require: str = "", forbid: str = "", add: str = "", delete: str = "", **more: object) -> Action:
    """A move over facts with names of one letter; all of it forbids that disaster has struck."""
    masks = [frozenset(map(fact, names)) for names in (require, forbid, add, delete)]
    made = Action(Label(ActionKind.STEP, (), (name,)), masks[0], masks[1] | {RECOVERED}, (), masks[2], masks[3])
    return replace(made, **more)  # type: ignore[arg-type]


def built_of(*actions: Action) -> System:
    return System((*map(fact, "abcdlm"), DENIED, RECOVERED, AT_REST), actions)


def moves_of(*actions: Action) -> Moves:
    packing = Packing(built_of(*actions))
    return Moves(packing, phases(packing).moves)


ONCE = action("one", forbid="a", add="a")
OTHER = action("two", forbid="b", add="b")
LOCK = action("lock", forbid="lm", add="l")
INSIDE = action("inside", require="l", forbid="m", add="m")
UNLOCK = action("unlock", require="lm", delete="l")


def test_moves_that_happen_once_are_levelled_and_determined() -> None:
    moves = moves_of(ONCE, OTHER)
    assert moves.levelled
    assert moves.determined


def test_a_lock_that_is_taken_once_is_levelled_and_determined() -> None:
    moves = moves_of(LOCK, INSIDE, UNLOCK, ONCE)
    assert moves.levelled
    assert moves.determined
    assert_agreement(built_of(LOCK, INSIDE, UNLOCK, ONCE), Query(always_reachable=Atom(fact("a"))))


HELD_BACK = action("held back", forbid="al", add="a")


def test_what_is_done_under_a_lock_may_show_what_came_before_it() -> None:
    copying = replace(INSIDE, copy=((fact("a"), fact("b")),))
    actions = LOCK, copying, UNLOCK, HELD_BACK
    assert moves_of(*actions).determined
    assert_agreement(built_of(*actions), Query(always_reachable=Atom(fact("b"))))


def test_it_does_not_matter_which_of_several_alike_moves_happens() -> None:
    """The same state is reached by one of two moves, after either of two others."""
    actions = ONCE, OTHER, *(action(name, require=name, forbid="c", add="c") for name in "ab")
    moves = moves_of(*actions)
    assert moves.alike == [0b1, 0b10, 0b1100, 0b1100]
    assert moves.determined
    assert_agreement(built_of(*actions), Query(always_reachable=Atom(fact("d"))))


NOT_LEVELLED = {
    "a way back": [ONCE, action("back", require="a", delete="a")],
    "again and again": [action("one", add="a")],
    "no change": [ONCE, action("idle", require="a")],
    "two at once, or one after the other": [
        ONCE,
        OTHER,
        action("both", forbid="ab", add="ab"),
    ],
    "undone by a copy": [ONCE, action("copy", forbid="b", add="b", copy=((fact("c"), fact("a")),))],
    "the lock is taken again": [action("lock", forbid="l", add="l"), INSIDE, UNLOCK],
    "inside without the lock": [LOCK, action("inside", forbid="m", add="m"), UNLOCK],
    "released from within": [LOCK, action("inside", require="l", forbid="m", add="m", delete="l"), UNLOCK],
    "released before anything": [LOCK, INSIDE, action("unlock", require="l", delete="l")],
    "what is inside is undone": [LOCK, INSIDE, UNLOCK, action("undo", require="m", forbid="a", add="a", delete="m")],
}


@pytest.mark.parametrize("name", NOT_LEVELLED)
def test_runs_that_may_not_be_equally_long_are_refused(name: str) -> None:
    actions = NOT_LEVELLED[name]
    assert not moves_of(*actions).levelled
    with pytest.raises(NotApplicable):
        explore(built_of(*actions), Query())


EITHER = action("either", forbid="c", add="c", clauses=(Clause(frozenset([fact("a")]), frozenset([fact("b")])),))
NOT_DETERMINED = {
    "one of two that count as the same": [action("one", forbid="c", add="ac"), action("two", forbid="c", add="bc")],
    "a guard that does not say which came first": [ONCE, OTHER, EITHER],
    "a copy of what two may bring about": [
        action("one", forbid="a", add="al"),
        action("two", forbid="b", add="bl"),
        action("copy", forbid="c", add="c", copy=((fact("l"), fact("d")),)),
    ],
    "a copy to where something else writes": [
        ONCE,
        action("copy", forbid="c", add="c", copy=((fact("a"), fact("d")),)),
        action("other", forbid="b", add="bd"),
    ],
    "what a lock holds back, and nothing shows when": [LOCK, INSIDE, UNLOCK, HELD_BACK],
    "the same under either of two locks": [
        *[action(f"lock {lock}", forbid=lock + mark, add=lock) for lock, mark in ("lm", "db")],
        *[action(f"inside {lock}", require=lock, forbid=mark, add=mark) for lock, mark in ("lm", "db")],
        *[action(f"unlock {lock}", require=lock + mark, delete=lock) for lock, mark in ("lm", "db")],
        *[action(f"denied by {lock}", require=lock, forbid="c", add="c") for lock in "ld"],
    ],
    "a message that comes back": [
        action("send", forbid="a", add="ad"),
        action("resend", forbid="b", add="bd"),
        action("take", require="d", forbid="c", add="c", delete="d"),
    ],
}


@pytest.mark.parametrize("name", NOT_DETERMINED)
def test_states_that_may_not_determine_their_run_are_searched_breadth_first(name: str) -> None:
    actions = NOT_DETERMINED[name]
    moves = moves_of(*actions)
    assert moves.levelled
    assert not moves.determined
    with pytest.raises(NotApplicable):
        explore(built_of(*actions), Query(), order=SearchOrder.DEPTH_FIRST)
    assert_agreement(built_of(*actions), Query(always_reachable=Atom(fact("c"))))


def test_without_its_condition_a_depth_first_search_would_count_states_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    """So the condition is needed."""
    built = built_of(*NOT_DETERMINED["a guard that does not say which came first"])
    monkeypatch.setattr(Moves, "determined", True)
    assert (
        count_states(built, order=SearchOrder.DEPTH_FIRST).states
        > count_states(built, order=SearchOrder.BREADTH_FIRST).states
    )


def test_an_action_before_and_after_the_disaster_is_refused() -> None:
    with pytest.raises(NotApplicable, match="before the disaster and after"):
        count_states(built_of(replace(ONCE, forbid=frozenset([fact("a")]))))


def test_a_system_too_large_for_its_tables_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(applicability, "MOST", 8)
    with pytest.raises(NotApplicable, match="too many"):
        count_states(built_of(ONCE))


def test_a_disaster_that_is_taken_back_is_refused() -> None:
    back = Action(Label(ActionKind.DROP), require=frozenset([RECOVERED]), delete=frozenset([RECOVERED]))
    with pytest.raises(NotApplicable, match="takes the disaster back"):
        count_states(built_of(ONCE, back))


@pytest.mark.parametrize("goal", [disjunction([Atom(DENIED), Atom(RECOVERED)]), Not(conjunction([Atom(DENIED)]))])
def test_goals_that_are_no_conjunctions_are_refused(goal: object) -> None:
    with pytest.raises(NotApplicable, match="conjunction"):
        explore(built_of(ONCE), Query(always_reachable=goal))  # type: ignore[arg-type]


def test_a_goal_that_the_disaster_reaches_is_refused() -> None:
    disaster = action("disaster", add="c")
    disaster = replace(disaster, add=disaster.add | {RECOVERED})
    with pytest.raises(NotApplicable, match="after the disaster"):
        explore(built_of(ONCE, disaster), Query(reachable=Atom(fact("c"))))


def test_goals_that_cannot_be_are_answered() -> None:
    never = conjunction([Atom(fact("a")), Not(Atom(fact("a")))])
    unknown = Atom(Fact(FactKind.SNAPPED, (), ("nobody",)))
    for goal in FALSE, never, unknown:
        result = explore(built_of(ONCE), Query(reachable=goal, always_reachable=goal))
        assert result.reachable is None
        assert result.dead_end == ()


# Limits


@pytest.mark.parametrize("order", SearchOrder)
@pytest.mark.parametrize("limits", [Limits(states=100), Limits(seconds=0.0), Limits(memory=1)])
def test_every_kind_of_limit_stops_it(order: SearchOrder, limits: Limits) -> None:
    specification = parsed(TOY)
    plan = specification.plan("independent")
    query = everything_asked(specification.architecture, plan, 4)
    result = explore(system(specification.architecture, plan, 4), query, limits, order=order)
    assert result.limit is not None
    assert result.dead_end is None
    assert result.can_recover


@pytest.mark.parametrize("name", ["independent", "locked"])
def test_what_is_found_level_by_level_before_a_limit_is_kept(name: str) -> None:
    """It does not depend on the number of workers, and more states show more; in own order runs may not be shortest."""
    specification = parsed(REFERENCE)
    plan = specification.plan(name)
    query, built = everything_asked(specification.architecture, plan, 3), system(specification.architecture, plan, 3)
    complete = explore(built, query)
    counts = []
    for most in (1, *(complete.statistics.states * part // 10 for part in (1, 3, 6, 8, 9))):
        result, alone = (
            explore(built, query, Limits(states=most), order=SearchOrder.BREADTH_FIRST, workers=workers)
            for workers in (2, 1)
        )
        assert result.limit is not None
        assert lengths(result) == lengths(alone)
        assert_runs(built, query, result)
        for found, every in zip(result.settled, complete.settled, strict=True):
            assert all(len(run) == len(every[timing]) for timing, run in found.items())
        if result.reachable is not None:
            assert len(result.reachable) == len(complete.reachable or ())
        counts.append(sum(map(len, result.settled)) + (result.reachable is not None))
        own = explore(built, query, Limits(states=most), order=SearchOrder.DEPTH_FIRST)
        assert own.limit is not None
        assert not any(own.settled)
    assert counts == sorted(counts)
    assert counts[0] < counts[-1]


@pytest.mark.parametrize("moment", range(6))
def test_an_interruption_is_a_limit(moment: int) -> None:
    specification = parsed(TOY)
    plan = specification.plan("independent")
    query = everything_asked(specification.architecture, plan, 3)
    calls = iter(range(1000))

    def interrupting(_: object) -> None:
        if next(calls) == moment:
            raise KeyboardInterrupt

    built = system(specification.architecture, plan, 3)
    result = explore(built, query, progress=interrupting, order=SearchOrder.BREADTH_FIRST)
    assert result.interrupted
    assert result.limit == "interrupted"
    assert_runs(built, query, result)


# Large searches are handed over


def test_a_large_search_is_handed_over(monkeypatch: pytest.MonkeyPatch) -> None:
    specification = parsed(TOY)
    plan = specification.plan("independent")
    built, query = system(specification.architecture, plan, 4), everything_asked(specification.architecture, plan, 4)
    expected = engines.explicit(built, query, Limits())
    monkeypatch.setattr(engines, "WORTH_COMPILING", 500)
    told: list[Progress] = []
    result = engines.explicit(built, query, Limits(), told.append)
    assert told[-1].states == expected.statistics.states
    assert lengths(result) == lengths(expected)
    assert result == replace(explore(built, query), statistics=result.statistics)


@pytest.mark.parametrize("instances", [2, 3, 4])
def test_a_large_search_up_to_symmetry_of_few_indices_is_handed_over(
    instances: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    specification = parsed(TOY)
    plan = specification.plan("independent")
    built = system(specification.architecture, plan, instances)
    query = everything_asked(specification.architecture, plan, instances)
    expected = breadth_first.explore(built, query)
    monkeypatch.setattr(engines, "WORTH_COMPILING", 100)
    result = engines.symmetric(built, query, Limits())
    assert bool(result.statistics.represented) == (instances > engines.FEW_INDICES)
    assert lengths(result)[:-4] == lengths(expected)[:-4]
    monkeypatch.setattr(engines, "compiled", refusing)
    alone = engines.symmetric(built, query, Limits())
    assert alone.statistics.represented == expected.statistics.states
    assert lengths(alone)[:-4] == lengths(expected)[:-4]


def refusing(_: object) -> SearchResult:
    raise NotApplicable("not installed")


def test_a_search_that_is_refused_goes_on_in_python(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engines, "WORTH_COMPILING", 1)
    actions = NOT_LEVELLED["a way back"]
    assert engines.explicit(built_of(*actions), Query(always_reachable=FALSE), Limits()).statistics.states == 2


@pytest.mark.parametrize("seconds", [10.0, 1000.0, None])
def test_a_search_with_little_time_does_not_wait_for_the_compiler(
    seconds: float | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    specification = parsed(TOY)
    plan = specification.plan("independent")
    built, query = system(specification.architecture, plan, 4), everything_asked(specification.architecture, plan, 4)
    expected = breadth_first.explore(built, query)
    monkeypatch.setattr(engines, "WORTH_COMPILING", 500)
    monkeypatch.setattr(compiling, "must_compile", lambda: True)
    compiled = []
    monkeypatch.setattr(engine, "explore", lambda *_, **__: compiled.append(True) or expected)
    result = engines.explicit(built, query, Limits(seconds=seconds))
    assert replace(result, statistics=expected.statistics) == expected
    assert bool(compiled) == (seconds != 10.0)


def test_a_result_from_before_the_limit_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    specification = parsed(REFERENCE)
    plan = specification.plan("locked")
    built, query = system(specification.architecture, plan, 4), everything_asked(specification.architecture, plan, 4)
    monkeypatch.setattr(engines, "WORTH_COMPILING", 60)
    result = engines.explicit(built, query, Limits(states=600))
    assert result.limit == "the limit of 600 states (--max-states) was reached"
    assert result.reachable is not None
    assert len(result.reachable) == 2
    assert result.dead_end is None


def test_a_search_with_a_small_limit_on_states_is_not_handed_over(monkeypatch: pytest.MonkeyPatch) -> None:
    """Which goes level by level, and so finds more before it is reached."""
    monkeypatch.setattr(engines, "WORTH_COMPILING", 100)
    monkeypatch.setattr(engines, "compiled", lambda _: pytest.fail("handed over"))
    specification = parsed(TOY)
    built = system(specification.architecture, specification.plan("independent"), 4)
    assert (
        engines.explicit(built, Query(always_reachable=FALSE), Limits(states=900)).limit
        == "the limit of 900 states (--max-states) was reached"
    )


def test_nothing_compiled_is_loaded_for_small_systems() -> None:
    code = (
        "import sys; from helpers import REFERENCE, parsed; from bac.proofs.check import check;"
        "s = parsed(REFERENCE); check(s.architecture, s.plan('locked'));"
        "sys.exit('numba' in sys.modules)"
    )
    here = Path(__file__).parent
    assert subprocess.run([sys.executable, "-c", code], cwd=here, check=False).returncode == 0
