"""Searching up to the exchange of indices finds what the explicit engine finds, and is refused where it would not."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import replace
from itertools import count
from math import comb

import pytest
from helpers import REFERENCE, parsed
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from strategies import Document, plans, specifications

from bac.model.plan import Timing
from bac.model.semantics import system
from bac.model.specification.reader import Specification, parse
from bac.model.system import (
    AT_REST,
    DENIED,
    RECOVERED,
    Action,
    ActionKind,
    Clause,
    Event,
    Fact,
    Label,
    System,
    backed,
    logged,
    pending,
    snapped,
)
from bac.proofs.engine import Limits, NotApplicable, Query, SearchResult
from bac.proofs.explicit import breadth_first as explicit
from bac.proofs.explicit.symmetry import search as symmetry_search
from bac.proofs.explicit.symmetry.applicability import one_index
from bac.proofs.explicit.symmetry.engine import explore
from bac.proofs.explicit.symmetry.search import Search
from bac.properties.formula import FALSE, And, Atom, Formula, Not, Or, satisfied
from bac.properties.qualities import qualities

MOST_STATES = 8000
TOY = """
name: toy
services: {A: {owns: [a]}, B: {owns: [b]}}
use_cases: {u: [{create: b}, {create: a, refers_to: b}]}
"""
DEADLOCK = """
services: {A: {owns: [a, b, c]}, B: {owns: [d, e, f]}}
use_cases:
  there: [{create: a}, {create: d}, {create: b}]
  back: [{create: e}, {create: c}, {create: f}]
plans: {locks: {groups: [{mode: locked, services: [A]}, {mode: locked, services: [B]}]}}
"""


def all_query(specification: Specification, plan: str, instances: int) -> tuple[System, Query]:
    """The system, and the query that a check of all properties asks."""
    chosen = specification.plan(plan)
    wanted = qualities(specification.architecture, chosen, instances)
    formulas = [each.formula for each in (*wanted.anomalies, *wanted.losses)]
    built = system(specification.architecture, chosen, instances)
    return built, Query(tuple(formulas), wanted.denied, wanted.backed_up)


def lengths(result: SearchResult) -> object:
    """Return the lengths of the runs."""
    single = [None if path is None else len(path) for path in (result.reachable, result.dead_end)]
    return [{timing: len(path) for timing, path in found.items()} for found in result.settled], single


def assert_same(built: System, query: Query) -> SearchResult:
    """Both engines find the same; the runs are runs, and show what was asked."""
    plain = explicit.explore(built, query, Limits(states=MOST_STATES))
    if plain.limit is not None:
        pytest.fail("too large an example")
    result = explore(built, query)
    assert result.limit is None
    assert lengths(result) == lengths(plain)
    assert result.can_recover == plain.can_recover
    assert result.statistics.represented == plain.statistics.states
    assert result.statistics.states <= plain.statistics.states
    assert result.statistics.depth == plain.statistics.depth
    assert_shown(built, query, result)
    return result


def assert_shown(built: System, query: Query, result: SearchResult) -> None:
    for formula, found in zip(query.settled, result.settled, strict=True):
        for timing, path in found.items():
            end = built.run(path)[-1]
            assert built.settled(end)
            assert satisfied(formula, end)
            assert (timing is Timing.AT_REST) == (AT_REST in end)
    if result.reachable is not None:
        assert query.reachable is not None
        assert satisfied(query.reachable, built.run(result.reachable)[-1])
    if result.dead_end is not None:
        assert query.always_reachable is not None
        assert not satisfied(query.always_reachable, built.run(result.dead_end)[-1])


# What the semantics builds


@st.composite
def problems(draw: st.DrawFn) -> Document:
    document = draw(specifications())
    return document | {"plans": {"p": draw(plans(document))}}


@pytest.mark.parametrize("examples", [30, pytest.param(1000, marks=pytest.mark.slow)])
def test_it_finds_what_the_explicit_engine_finds(examples: int) -> None:
    generated = given(problems(), st.sampled_from([2, 2, 3]), st.booleans())
    settings(max_examples=examples)(generated(assert_agreement))()


def assert_agreement(document: Document, instances: int, to_the_end: bool) -> None:
    built, query = all_query(parse(json.dumps(document)), "p", instances)
    assume(explicit.explore(built, query, Limits(states=MOST_STATES)).limit is None)
    assert_same(built, replace(query, always_reachable=FALSE) if to_the_end else query)


@pytest.mark.parametrize("plan", ["independent", "locked", "atomic", "shared", "rollback", "resume", "any"])
@pytest.mark.parametrize("instances", [1, 2, 3])
def test_every_plan_of_an_example_is_decided_alike(plan: str, instances: int) -> None:
    assert_same(*all_query(parsed(REFERENCE), plan, instances))


def test_a_deadlock_is_found_as_early() -> None:
    result = assert_same(*all_query(parsed(DEADLOCK), "locks", 1))
    assert result.dead_end is not None
    built, query = all_query(parsed(DEADLOCK), "locks", 2)
    two = explore(built, query)
    assert two.dead_end is not None
    assert len(two.dead_end) == len(result.dead_end)
    assert_shown(built, query, two)


def test_each_index_gets_a_run_of_its_own() -> None:
    built, query = all_query(parsed(TOY), "independent", 3)
    result = explore(built, query)
    about = [next(iter(event.index for fact in mentioned(each) for event in fact.events)) for each in query.settled]
    assert set(about) == {1, 2, 3}
    for index, found in zip(about, result.settled, strict=True):
        for path in found.values():
            assert {event.index for label in path for event in label.events} == {index}


def mentioned(formula: Formula) -> Iterable[Fact]:
    match formula:
        case Atom(fact):
            return (fact,)
        case Not(part):
            return mentioned(part)
        case And(parts) | Or(parts):
            return tuple(fact for part in parts for fact in mentioned(part))


def test_the_same_runs_are_found_every_time() -> None:
    built, query = all_query(parsed(REFERENCE), "any", 3)
    first, second = explore(built, query), explore(built, query)
    assert (first.settled, first.reachable) == (second.settled, second.reachable)


# Counting by hand


def toy_before_disaster(instances: int) -> SearchResult:
    """Everything there is before a disaster, of two-step use cases over two services that are snapshotted alone."""
    specification = parsed(TOY)
    built = system(specification.architecture, specification.plans[0], instances)
    actions = tuple(action for action in built.actions if action.label.kind is not ActionKind.DISASTER)
    return explore(System(built.facts, actions), Query(always_reachable=FALSE))


def assert_counted(n: int) -> None:
    """An index has 3, 4, 5 or 7 local states, by which services are snapshotted."""
    statistics = toy_before_disaster(n).statistics
    assert statistics.represented == 3**n + 4**n + 5**n + 7**n
    assert statistics.states == comb(n + 2, 2) + comb(n + 3, 3) + comb(n + 4, 4) + comb(n + 6, 6)


@pytest.mark.parametrize("n", [1, 2, 3, 4, 7, 8, 15, 16, 20])
def test_states_before_a_disaster_are_as_many_as_counted_by_hand(n: int) -> None:
    assert_counted(n)


@pytest.mark.slow
def test_thirty_indices_are_counted() -> None:
    assert_counted(30)


# Any symmetric system

E = Event("u", 1, 1)
F = Event("u", 2, 1)
LOCAL = (logged(E), logged(F), backed(E), pending(E, F))
COMMON = (snapped("A"), snapped("B"), DENIED, RECOVERED, AT_REST)


def here(fact: Fact, index: int) -> Fact:
    """A local fact of this index."""
    return fact._replace(events=tuple(event._replace(index=index) for event in fact.events))


def local_to(action: Action, index: int) -> Action:
    """The action of the first index, for this one."""

    def there(facts: Iterable[Fact]) -> frozenset[Fact]:
        return frozenset(here(fact, index) for fact in facts)

    return Action(
        replace(action.label, events=tuple(event._replace(index=index) for event in action.label.events)),
        there(action.require),
        there(action.forbid),
        tuple(Clause(there(clause.positive), there(clause.negative)) for clause in action.clauses),
        there(action.add),
        there(action.delete),
        tuple((here(source, index), here(destination, index)) for source, destination in action.copy),
    )


def merged(parts: list[Action]) -> Action:
    """Return one action with the entries of all these."""
    first, *others = parts
    for other in others:
        first = Action(
            first.label,
            first.require | other.require,
            first.forbid | other.forbid,
            tuple(dict.fromkeys(first.clauses + other.clauses)),
            first.add | other.add,
            first.delete | other.delete,
            tuple(dict.fromkeys(first.copy + other.copy)),
        )
    return first


def symmetric(owned: Iterable[Action], common: Iterable[Action], instances: int) -> System:
    """Return the system of this many indices, each with the actions of the first."""
    indices = range(1, instances + 1)
    facts = [*(here(fact, index) for index in indices for fact in LOCAL), *COMMON]
    actions = [local_to(action, index) for index in indices for action in owned]
    actions += [merged([local_to(action, index) for index in indices]) for action in common]
    return System(tuple(facts), tuple(actions))


@st.composite
def action(draw: st.DrawFn, label: Label, *, owned: bool) -> Action:
    """Any action of the first index, or any that is common to all."""
    some = st.lists(st.sampled_from([*LOCAL, *COMMON]), max_size=2, unique=True).map(frozenset)
    given_facts = st.lists(st.sampled_from([*LOCAL, *COMMON]), min_size=1, max_size=3, unique=True)
    written, number = draw(given_facts), draw(st.integers(0, 3))
    add, delete = frozenset(written[:number]), frozenset(written[number:])
    overwritten, pairs = draw(st.lists(st.sampled_from([*LOCAL, *COMMON[:3]]), max_size=2, unique=True)), []
    for destination in overwritten:
        if destination not in add | delete:
            sources = (*LOCAL, *COMMON) if owned else LOCAL if destination.events else COMMON
            pairs.append((draw(st.sampled_from(sources)), destination))
    clauses = draw(st.lists(st.tuples(some, some).filter(any), max_size=2))
    before = frozenset({RECOVERED}) if draw(st.integers(0, 3)) else frozenset[Fact]()
    return Action(
        label, draw(some), draw(some) | before, tuple(Clause(*each) for each in clauses), add, delete, tuple(pairs)
    )


@st.composite
def symmetric_systems(draw: st.DrawFn) -> System:
    """Any system with a few actions of each kind; most of them have ways back."""
    names = count()
    owned = [
        draw(action(Label(ActionKind.STEP, (E,), (str(next(names)),)), owned=True))
        for _ in range(draw(st.integers(1, 4)))
    ]
    common = [
        draw(action(Label(ActionKind.SNAPSHOT, (), (str(next(names)),)), owned=False))
        for _ in range(draw(st.integers(0, 3)))
    ]
    disaster = Action(Label(ActionKind.DISASTER), forbid=frozenset({RECOVERED}), add=frozenset({RECOVERED}))
    return symmetric(owned, [*common, disaster], draw(st.integers(1, 4)))


def formulas(atoms: Iterable[Fact]) -> st.SearchStrategy[Formula]:
    atom = st.sampled_from(list(atoms)).map(Atom)
    literal = atom | atom.map(Not)
    return literal | st.lists(literal, max_size=3).map(lambda parts: And(tuple(parts))) | st.just(FALSE)


@pytest.mark.parametrize("examples", [80, pytest.param(3000, marks=pytest.mark.slow)])
def test_it_finds_what_the_explicit_engine_finds_in_any_symmetric_system(examples: int) -> None:
    settings(max_examples=examples)(given(st.data(), symmetric_systems())(assert_agreement_on_any_system))()


def assert_agreement_on_any_system(data: st.DataObject, built: System) -> None:
    indices = sorted({fact.index for fact in built.facts if fact.index is not None})
    settled = [
        data.draw(formulas([*(here(fact, index) for fact in LOCAL), *COMMON])) for index in indices for _ in range(2)
    ]
    asked = st.none() | formulas(COMMON[:3])
    query = Query(tuple(settled), data.draw(asked), data.draw(asked))
    assume(explicit.explore(built, query, Limits(states=MOST_STATES)).limit is None)
    assert_same(built, query)


# Premises

E2 = E._replace(index=2)
FACTS = tuple(dict.fromkeys([*LOCAL, *(here(fact, 2) for fact in LOCAL), *COMMON]))


def facts(*those: Fact) -> frozenset[Fact]:
    return frozenset(those)


def step(event: Event, **changes: object) -> Action:
    plain = Action(Label(ActionKind.STEP, (event,)), forbid=facts(RECOVERED), add=facts(logged(event)))
    return replace(plain, **changes)  # type: ignore[arg-type]


def snapshot(**changes: object) -> Action:
    copies = ((logged(E), backed(E)), (logged(E2), backed(E2)))
    plain = Action(
        Label(ActionKind.SNAPSHOT, (), ("A",)), forbid=facts(RECOVERED), add=facts(snapped("A")), copy=copies
    )
    return replace(plain, **changes)  # type: ignore[arg-type]


SOUND: dict[str, tuple[Action, ...]] = {
    "nothing special": (step(E), step(E2), snapshot()),
    "a snapshot needs every index": (step(E), step(E2), snapshot(require=facts(logged(E), logged(E2)))),
    "a snapshot waits until each index is drained": (
        step(E),
        step(E2),
        snapshot(clauses=(Clause(facts(backed(E)), facts(logged(E))), Clause(facts(backed(E2)), facts(logged(E2))))),
    ),
    "the same in another order": (
        step(E),
        snapshot(clauses=(Clause(facts(backed(E2)), facts(logged(E2))), Clause(facts(backed(E)), facts(logged(E))))),
        step(E2),
    ),
    "a clause is about an index and what belongs to none": (
        step(E),
        step(E2),
        snapshot(
            clauses=(Clause(facts(logged(E), snapped("B")), facts()), Clause(facts(logged(E2), snapped("B")), facts()))
        ),
    ),
    "indices take turns": (
        step(E, forbid=facts(DENIED), add=facts(DENIED)),
        step(E, label=Label(ActionKind.DROP, (E,)), require=facts(DENIED), add=facts(), delete=facts(DENIED)),
        step(E2, forbid=facts(DENIED), add=facts(DENIED)),
        step(E2, label=Label(ActionKind.DROP, (E2,)), require=facts(DENIED), add=facts(), delete=facts(DENIED)),
    ),
}
UNSOUND: dict[str, tuple[Action, ...]] = {
    "only one index does something": (step(E), snapshot()),
    "one index does more": (step(E), step(E2, add=facts(logged(E2), backed(E2)))),
    "labels are not alike": (step(E), step(E2, label=Label(ActionKind.DELIVER, (E2,)))),
    "a step needs another index": (step(E, require=facts(logged(E2))), step(E2, require=facts(logged(E)))),
    "a step logs for another index": (step(E, add=facts(logged(E2))), step(E2, add=facts(logged(E)))),
    "a step is about two indices": (step(E), step(E2), Action(Label(ActionKind.STEP, (E, E2)), add=facts(DENIED))),
    "a snapshot needs one index": (step(E), step(E2), snapshot(require=facts(logged(E)))),
    "a snapshot copies one index": (step(E), step(E2), snapshot(copy=((logged(E), backed(E)),))),
    "a snapshot needs some index": (
        step(E),
        step(E2),
        snapshot(clauses=(Clause(facts(logged(E), logged(E2)), facts()),)),
    ),
    "snapshots are one index's each, and only together alike": (
        step(E),
        step(E2),
        snapshot(require=facts(logged(E))),
        snapshot(require=facts(logged(E2))),
    ),
    "a copy crosses indices": (step(E), step(E2), snapshot(copy=((logged(E), backed(E2)), (logged(E2), backed(E))))),
    "a copy tells an index to all": (step(E), step(E2), snapshot(copy=((logged(E), DENIED),))),
    "a copy tells all to an index": (step(E), step(E2), snapshot(copy=((DENIED, logged(E)), (DENIED, logged(E2))))),
}


@pytest.mark.parametrize("name", SOUND)
def test_it_applies(name: str) -> None:
    built = System(
        FACTS, (*SOUND[name], Action(Label(ActionKind.DISASTER), forbid=facts(RECOVERED), add=facts(RECOVERED)))
    )
    settled = (Atom(backed(E)), Atom(backed(E2)), And((Atom(logged(E2)), Not(Atom(backed(E2))))))
    assert_same(built, Query(settled, Atom(snapped("A")), Atom(snapped("A"))))


@pytest.mark.parametrize("name", UNSOUND)
def test_it_is_refused(name: str) -> None:
    with pytest.raises(NotApplicable):
        explore(System(FACTS, UNSOUND[name]), Query())


def test_facts_are_compared_too() -> None:
    with pytest.raises(NotApplicable, match="facts"):
        one_index(System((logged(E), logged(E2), backed(E), RECOVERED, AT_REST), (step(E), step(E2))))
    with pytest.raises(NotApplicable, match="several indices"):
        one_index(System((*FACTS, pending(E, E2), pending(E2, E)), (step(E), step(E2))))


def test_a_system_without_indices_is_refused() -> None:
    with pytest.raises(NotApplicable, match="no indices"):
        explore(System((RECOVERED, AT_REST), ()), Query())


QUESTIONS: dict[str, Query] = {
    "an anomaly compares two indices": Query((And((Atom(logged(E)), Not(Atom(logged(E2))))),)),
    "an anomaly is about no index of the system": Query((Not(Atom(here(logged(E), 3))),)),
    "what is reachable is about an index": Query(reachable=Atom(logged(E))),
    "what is inevitable is about an index": Query(always_reachable=Atom(logged(E))),
}


@pytest.mark.parametrize("name", QUESTIONS)
def test_queries_that_distinguish_indices_are_refused(name: str) -> None:
    with pytest.raises(NotApplicable):
        explore(System(FACTS, SOUND["nothing special"]), QUESTIONS[name])


# Limits


@pytest.mark.parametrize("limits", [Limits(states=1), Limits(seconds=0.0), Limits(memory=1)])
def test_every_kind_of_limit_stops_the_search(limits: Limits) -> None:
    built, query = all_query(parsed(REFERENCE), "independent", 2)
    result = explore(built, query, limits)
    assert result.limit is not None
    assert result.can_recover
    assert not any(result.settled)


def test_what_was_found_before_a_limit_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(symmetry_search, "BATCH", 1)
    built, query = all_query(parsed(REFERENCE), "independent", 4)
    result = explore(built, query, Limits(states=150))
    assert result.limit == "the limit of 150 states (--max-states) was reached"
    assert 150 <= result.statistics.states < 170
    assert result.statistics.represented > result.statistics.states
    assert any(result.settled)
    assert_shown(built, query, result)


def test_a_search_that_is_certain_not_to_fit_does_not_begin() -> None:
    document = {"services": {f"s{n}": {"owns": [f"e{n}"]} for n in range(60)}, "references": ["e0 -> e1"]}
    built, query = all_query(parsed(document), "independent", 2)
    result = explore(built, query, Limits(memory=2**40))
    assert result.limit is not None
    assert "states" in result.limit
    assert result.statistics.states == 0


def test_progress_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(symmetry_search, "BATCH", 4)
    told = []
    built, query = all_query(parsed(REFERENCE), "independent", 3)
    result = explore(built, query, progress=told.append)
    assert [now.states for now in told] == sorted(now.states for now in told)
    assert told[-1].states <= result.statistics.states
    assert told[-1].queue > 0


@pytest.mark.parametrize("method", ["expand", "note_stuck", "is_reached", "moves"])
@pytest.mark.parametrize("instances", [1, 2])
def test_an_interruption_never_takes_what_was_not_expanded_for_a_dead_end(
    method: str, instances: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    built, query = all_query(parsed(DEADLOCK), "locks", instances)
    complete = explore(built, query)
    assert complete.dead_end is not None
    monkeypatch.setattr(symmetry_search, "BATCH", 3)
    for moment in range(0, 120, 9):
        result = interrupted(built, query, method, moment, monkeypatch)
        assert result.dead_end is None or len(result.dead_end) >= len(complete.dead_end)
        assert_shown(built, query, result)
        if result.interrupted:
            assert result.limit == "interrupted"
            assert result.can_recover


def interrupted(built: System, query: Query, method: str, moment: int, monkeypatch: pytest.MonkeyPatch) -> SearchResult:
    """The result if the search is interrupted at the so-many-th call of this method."""
    original: Callable[..., object] = getattr(Search, method)
    calls = count()

    def interrupting(self: Search, *arguments: object) -> object:
        if next(calls) == moment:
            raise KeyboardInterrupt
        return original(self, *arguments)

    with monkeypatch.context() as patch:
        patch.setattr(Search, method, interrupting)
        return explore(built, query)
