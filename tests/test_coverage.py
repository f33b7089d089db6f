"""Steps that no run takes, use cases that can get stuck, plans that never recover: found, told, and never invented."""

from __future__ import annotations

import json
from random import Random
from typing import Any

import pytest
from corpus_cases import cases, names
from helpers import bac, parsed
from hypothesis import given, settings
from hypothesis import strategies as st
from oracle import TooBig, covered

import bac as api
from bac.model.modes import Lock, Mode, modes, registered
from bac.model.semantics import Rules
from bac.model.specification.diagnostics import FOUND
from bac.model.specification.reader import Specification
from bac.model.system import INITIAL, Event, State, System, logged
from bac.proofs.explicit.coverage import Budget, Surroundings, before_disaster, coverage
from bac.proofs.explicit.final_states import FinalStates
from bac.properties.qualities import PlanCoverage, unrecorded
from bac.reports.checked import warnings
from bac.schemas import violation
from bac.testing.generator import problem

Document = dict[str, Any]

# What is found


def answers(found: PlanCoverage) -> dict[str, list[str]]:
    """The answers in the words of the oracle."""
    never = (f"{case}.{number}" for (case, number), happens in found_steps(found).items() if happens is False)
    return {"never": sorted(never), "stuck": sorted(case.name for case in found.use_cases if case.finishes is False)}


def found_steps(found: PlanCoverage) -> dict[tuple[str, int], bool | None]:
    return {step.place: step.happens for step in found.steps}


def on(specification: Specification, plan: str, instances: int = 1, **how: Any) -> PlanCoverage:
    """The answers about one plan."""
    (found,) = coverage(specification.architecture, [specification.plan(plan)], instances, **how)
    return found


def assert_agreement(document: Document) -> None:
    """The oracle finds the same; and a check, which searches less, finds nothing else."""
    try:
        expected = covered(document, "p")
    except TooBig:
        return
    specification = parsed(document)
    found = on(specification, "p", thorough=True)
    assert None not in found.answers()
    assert answers(found) == expected
    cheap = on(specification, "p")
    assert {step for step, happens in found_steps(cheap).items() if happens is not None} == found_steps(found).keys()
    assert found_steps(cheap) == found_steps(found)
    for case in cheap.use_cases:
        assert case.finishes is None or case.finishes == (case.name not in expected["stuck"])


@pytest.mark.parametrize("seeds", [range(first, first + 25) for first in range(0, 100, 25)], ids=str)
def test_the_oracle_finds_the_same(seeds: range) -> None:
    for seed in seeds:
        assert_agreement(problem(Random(seed)))


@pytest.mark.slow
@pytest.mark.parametrize("seeds", [range(first, first + 1000) for first in range(100, 5100, 1000)], ids=str)
def test_the_oracle_finds_the_same_in_thousands(seeds: range) -> None:
    for seed in seeds:
        assert_agreement(problem(Random(seed)))


def test_generated_specifications_have_all_kinds_of_answers() -> None:
    """Or the comparison with the oracle would say nothing."""
    found = [on(parsed(problem(Random(seed))), "p", thorough=True) for seed in range(160)]
    told = [answers(each) for each in found]
    assert sum(bool(each["never"]) for each in told) > 5
    assert sum(bool(each["stuck"]) for each in told) > 2
    assert sum(bool(each.no_recovery) for each in found) > 2


@pytest.mark.parametrize("name", names())
def test_the_corpus_says_the_same(name: str) -> None:
    for case in (each for each in cases() if each.name == name):
        found = on(parsed(case.document), case.plan, case.instances, thorough=True)
        assert answers(found) == {"never": list(case.expectation.never), "stuck": list(case.expectation.stuck)}
        assert bool(found.no_recovery) == case.expectation.vacuous


# How it is found


def runs(system: System) -> dict[State, list[State]]:
    """Every state of a system, by the interpreter, with the states that may follow."""
    found: dict[State, list[State]] = {INITIAL: []}
    todo = [INITIAL]
    while todo:
        state = todo.pop()
        found[state] = [action.apply(state) for action in system.enabled(state)]
        for after in found[state]:
            if after not in found:
                found[after] = []
                todo.append(after)
    return found


def generated(seed: int) -> Rules:
    specification = parsed(problem(Random(seed)))
    return Rules(specification.architecture, specification.plan("p"), 1)


def test_the_search_for_final_states_misses_none() -> None:
    for seed in range(60):
        system = before_disaster(generated(seed))
        search, every = FinalStates(system, 100_000), runs(system)
        assert search.complete
        assert {search.facts(state) for state in search.found} == {state for state, after in every.items() if not after}
        assert len(search.visited) <= len(every)


def test_the_search_for_final_states_leaves_out_much() -> None:
    systems = [before_disaster(generated(seed)) for seed in range(60)]
    visited = sum(len(FinalStates(system, 100_000).visited) for system in systems)
    assert visited < sum(len(runs(system)) for system in systems) * 2 / 3


def test_actions_without_rivals_are_one_run() -> None:
    cases = {f"u{number}": [{"create": f"e{number}"}, {"update": f"e{number}"}] for number in range(40)}
    names = [f"e{number}" for number in range(40)]
    specification = parsed({"services": {"A": {"owns": names}}, "use_cases": cases})
    steps = tuple(Rules(specification.architecture, specification.plan("independent"), 1).steps())
    system = System(tuple(sorted({fact for action in steps for fact in action.facts()})), steps)
    assert len(FinalStates(system, 1000).visited) == 81


def test_a_search_that_is_stopped_says_so() -> None:
    system = before_disaster(generated(3))
    every = FinalStates(system, 100_000)
    assert not FinalStates(system, len(every.visited) - 1).complete
    assert FinalStates(system, len(every.visited)).complete


@settings(max_examples=100)
@given(st.integers(0, 100_000))
def test_a_use_case_reads_those_that_make_or_remove_what_it_names(seed: int) -> None:
    rules = generated(seed)
    reads = Surroundings(rules.architecture).reads
    for action in rules.steps():
        spoken = {event.use_case for fact in action.facts() for event in fact.events}
        assert spoken <= reads[action.label.events[0].use_case]


def two_at_a_time(services: tuple[str, ...]) -> tuple[tuple[str, ...], ...]:
    return tuple(services[first : first + 2] for first in range(0, len(services), 2))


UNKNOWN_MODES = [
    Mode("in pairs", "two at a time", two_at_a_time, recovers_together=True),
    Mode("in pairs under a lock", "two at a time, drained", two_at_a_time, lock=Lock.DRAINED, recovers_together=True),
]


@pytest.mark.parametrize("mode", UNKNOWN_MODES, ids=str)
def test_a_mode_that_nothing_knows_is_searched_as_the_interpreter_does(mode: Mode) -> None:
    with registered(mode):
        for seed in range(40):
            assert_agreement_with_the_interpreter(problem(Random(seed)), mode)


def assert_agreement_with_the_interpreter(document: Document, mode: Mode) -> None:
    inside = [name for name, about in document["services"].items() if not (about or {}).get("external")]
    document["plans"] = {"p": {"groups": [{"mode": mode.name, "services": inside}]}}
    specification = parsed(document)
    expected = by_interpreter(Rules(specification.architecture, specification.plan("p"), 1))
    assert answers(on(specification, "p", thorough=True)) == expected
    cheap = answers(on(specification, "p"))
    assert all(set(cheap[kind]) <= set(expected[kind]) for kind in expected)


def by_interpreter(rules: Rules) -> dict[str, list[str]]:
    """The steps that are logged in no state, and the use cases that are unfinished in a final one."""
    every = runs(before_disaster(rules))
    final = [state for state, after in every.items() if not after]
    never, stuck = [], []
    for case in rules.architecture.use_cases:
        events = [Event(case.name, step.number, 1) for step in case.steps]
        never += [f"{e.use_case}.{e.step}" for e in events if not any(logged(e) in state for state in every)]
        over = [[not state.isdisjoint(rules.done(event)) for event in events] for state in final]
        stuck += [case.name] if any(any(each) and not all(each) for each in over) else []
    return {"never": sorted(never), "stuck": sorted(stuck)}


def test_there_is_a_mode_of_every_kind_of_lock() -> None:
    assert {mode.lock for mode in modes()} == set(Lock)


# Limits

LOCKED = """
services: {A: {owns: [a, c]}, B: {owns: [b]}}
use_cases:
  make: [{create: b}]
  go: [{create: a}, {create: c, refers_to: b}]
  remove: [{delete: b}]
plans:
  locked: {groups: [{mode: locked, services: all}]}
"""


def test_without_a_budget_nothing_is_claimed() -> None:
    found = on(parsed(LOCKED), "locked", budget=Budget(each=0))
    assert {step.happens for step in found.steps} == {None}
    assert {case.name: case.finishes for case in found.use_cases} == {
        "make": True,
        "go": None,
        "remove": True,
    }  # one step
    assert {step.reason for step in found.steps} == {"the search was too large"}


def test_what_is_the_same_under_several_plans_is_searched_once() -> None:
    budget = Budget()
    specification = parsed(LOCKED)
    coverage(specification.architecture, [specification.plan("independent")], budget=budget)
    left = budget.alone
    assert left < Budget().alone
    coverage(specification.architecture, [specification.plan("independent")], budget=budget)
    assert budget.alone == left


def chain(length: int) -> Document:
    """Entities that refer to each other in a row, each created, changed and deleted, all under one lock."""
    services = {f"s{n}": {"owns": [f"e{n}"], "copies": [f"e{n - 1}"] if n else []} for n in range(length)}
    cases: dict[str, list[Document]] = {}
    for n in range(length):
        cases[f"add {n}"] = [{"create": f"e{n}", **({"refers_to": f"e{n - 1}"} if n else {})}]
        tell = [{"copy": f"e{n}", "at": f"s{n + 1}", "via": "event"}] if n + 1 < length else []
        cases[f"edit {n}"] = [{"update": f"e{n}"}, *tell]
        cases[f"drop {n}"] = [{"delete": f"e{n}"}, *([{"update": f"e{n - 1}"}] if n else [])]
    return {
        "services": services,
        "use_cases": cases,
        "plans": {"p": {"groups": [{"mode": "locked", "services": "all"}]}},
    }


def test_many_use_cases_under_one_lock_are_decided_one_by_one() -> None:
    """Together they have far more states."""
    found = on(parsed(chain(8)), "p", budget=Budget(10**9, 10**9, 10**9, states=3000), thorough=True)
    assert {step.happens for step in found.steps} == {True}
    stuck = {case.name for case in found.use_cases if not case.finishes}
    assert stuck == {f"drop {n}" for n in range(1, 8)}
    assert None not in found.answers()


# What is told


def told(text: str, *plans: str) -> list[tuple[str, int, int, str]]:
    """The warnings about a specification: codes, places and messages."""
    specification = parsed(text)
    chosen = [specification.plan(plan) for plan in plans] or list(specification.plans)
    found = warnings(specification, coverage(specification.architecture, chosen))
    return [(each.code, each.line, each.column, each.message) for each in found]


SERVICES = "services: {shop: {owns: [product, price]}, orders: {owns: [order, bill], copies: [product]}}\nuse_cases:\n"
ADD = "  add: [{create: product}]\n"
"""The first use case of most examples; a second one is in line 4."""

EXAMPLES = [
    # Each needs what the other one creates.
    (
        SERVICES + "  add: [{create: product, needs: order}]\n  place: [{create: order, refers_to: product}]",
        [
            ("never-happens", 3, 10, "'add.1' never happens: it needs 'order', which only 'place.1' creates; 'place.1'"
             " needs 'product', which only 'add.1' creates"),
            ("never-happens", 4, 12, "'place.1' never happens: it needs 'product', which only 'add.1' creates; 'add.1'"
             " needs 'order', which only 'place.1' creates"),
        ],
    ),
    # A deletion, and then a call that needs what was deleted.
    (
        SERVICES + ADD + "  remove: [{delete: product}, {create: order, refers_to: product}, {update: order}]",
        [
            ("never-happens", 4, 32, "'remove.2' never happens: it needs 'product', which 'remove.1' has deleted"),
            ("can-get-stuck", 4, 32,
             "'remove' can get stuck at 'remove.2': it needs 'product', which 'remove.1' has deleted"),
        ],
    ),
    # A deletion that is propagated: to bring a copy up to date needs nothing.
    (SERVICES + ADD + "  remove: [{delete: product}, {copy: product, at: orders}]", []),
    (SERVICES + ADD + "  remove: [{delete: product}, {copy: product, at: orders, via: event}]", []),
    # An event about what was deleted is taken all the same.
    (SERVICES + ADD + "  remove: [{delete: product}, {create: order, refers_to: product, via: event}]", []),
    # A call may come too late.
    (
        SERVICES + ADD + "  place: [{create: order}, {create: bill, refers_to: product}]\n  end: [{delete: product}]",
        [("can-get-stuck", 4, 29, "'place' can get stuck at 'place.2': it needs 'product', which 'end.1' has deleted")],
    ),
    # Names of steps, and the link that another step has removed.
    (
        SERVICES + ADD + "  place: [{create: order, refers_to: product}]\n"
        "  free: [{create: bill}, {unlink: order, from: product, name: loose}]\n"
        "  cancel: [{unlink: order, from: product}]",
        [("can-get-stuck", 5, 27, "'free' can get stuck at 'free.loose': it needs the link 'order -> product', which"
          " 'cancel.1' has removed")],
    ),
]  # fmt: skip


@pytest.mark.parametrize(("text", "expected"), EXAMPLES)
def test_each_finding_is_told_at_its_step(text: str, expected: list[tuple[str, int, int, str]]) -> None:
    assert told(text) == expected


def test_an_event_that_is_always_rejected_never_happens_and_holds_up_what_follows() -> None:
    text = (
        SERVICES
        + ADD
        + (
            "  remove: [{delete: product}, {create: order, refers_to: product, via: event}, {update: order}]\n"
            "plans: {strict: {recovery: {on_invalid: reject}}}"
        )
    )
    why = "it is rejected, as it needs 'product', which 'remove.1' has deleted"
    later = "'remove' can get stuck at 'remove.3': it follows 'remove.2', whose message is rejected"
    assert [(code, column, message) for code, _, column, message in told(text, "strict")] == [
        ("never-happens", 32, f"'remove.2' never happens: {why}"),
        ("can-get-stuck", 81, f"{later}; 'remove.2' needs 'product', which 'remove.1' has deleted"),
    ]
    assert [(code, message.partition(":")[0]) for code, _, _, message in told(text)] == [
        ("never-happens", "under 'strict'"),
        ("can-get-stuck", "under 'strict'"),
    ]


SHARED = (
    SERVICES
    + ADD
    + (
        "  remove: [{delete: product}, {update: order}, {create: bill, refers_to: product}]\n"
        "  place: [{create: order}]\n"
        "plans: {one database: {groups: [{mode: shared-database, services: all}]}}"
    )
)


def test_a_transaction_that_rules_itself_out_is_told_at_the_step_to_blame() -> None:
    because = "needs 'product', which 'remove.1' has deleted"
    assert told(SHARED, "one database") == [("never-happens", 4, 49, f"'remove.3' never happens: it {because}")]
    found = on(parsed(SHARED), "one database")
    reasons = {step.place: step.reason for step in found.steps if step.happens is False}
    together = f"is one transaction with 'remove.3', which {because}"
    assert reasons == {("remove", 1): together, ("remove", 2): together, ("remove", 3): because}


def test_a_finding_under_some_plans_names_them() -> None:
    found = [(code, message.partition(": ")[0]) for code, _, _, message in told(SHARED)]
    assert found == [("never-happens", "'remove.3' never happens"), ("can-get-stuck", "under 'independent'")]


def test_a_use_case_that_a_lock_holds_up_for_ever_is_told() -> None:
    because = "it needs 'b', which only 'make.1' creates; 'make.1' is held back while 'A' and 'B' are locked, and that"
    (found,) = told(LOCKED.replace("  remove: [{delete: b}]\n", ""))
    assert found[0] == "can-get-stuck"
    assert found[3] == f"under 'locked': 'go' can get stuck at 'go.2': {because} backup waits for 'go.2'"


def test_places_of_the_shorthand_are_those_of_the_references() -> None:
    specification = parsed("services: {A: {owns: [a]}, B: {owns: [b]}}\nreferences: [a -> b, b -> a]")
    place, line = specification.steps["b -> a", 2]
    assert (place.line, place.column, line) == (2, 22, "references: [a -> b, b -> a]")


BOOK = """
services: {trips: {owns: [trip]}, gateway: {owns: [charge], external: true}, search: {copies: [trip]}}
use_cases:
  book:
    - {create: trip}
    - {create: charge, once: true}
"""


@pytest.mark.parametrize(
    ("steps", "unrecorded_at"),
    [
        ("", ("trips",)),
        ("    - {copy: trip, at: search}\n", ("trips",)),  # the caller does not look there
        ("    - {update: trip}\n", ()),
        ("    - {copy: trip, at: search}\n    - {update: trip}\n", ()),  # also one that follows indirectly
        ("  pay: [{update: trip}]\n", ("trips",)),  # but none of another use case
    ],
)
def test_a_call_that_is_done_once_is_to_be_recorded_where_it_comes_from(
    steps: str, unrecorded_at: tuple[str, ...]
) -> None:
    found = list(unrecorded(parsed(BOOK + steps).architecture))
    assert found == ([(("book", 2), unrecorded_at)] if unrecorded_at else [])


@pytest.mark.parametrize(
    "text",
    [
        BOOK.replace(", once: true", ""),
        BOOK.replace("once: true", "once: true, via: event"),  # no record keeps a message from coming again
        BOOK.replace("{create: trip}", "{create: trip, once: true}").replace("charge, once: true", "charge"),
        BOOK.replace("trips: {owns: [trip]}", "trips: {owns: [trip], external: true}"),  # never restored
    ],
    ids=["idempotent", "event", "first step", "external caller"],
)
def test_what_nobody_resumes_needs_no_record(text: str) -> None:
    assert list(unrecorded(parsed(text).architecture)) == []


def test_a_missing_record_is_told_once_for_all_plans() -> None:
    assert told(BOOK) == [
        ("no-record", 6, 8, "no later step in 'trips' records that 'book.2' was done, so that it is done again if the"
         " call is resumed there")
    ]  # fmt: skip


def test_every_code_is_told_somewhere() -> None:
    seen = {code for text in (SHARED, LOCKED, BOOK) for code, *_ in told(text)}
    assert seen == set(FOUND)


# The commands

EACH_OTHER = """\
services: {shop: {owns: [product]}, orders: {owns: [order]}}
use_cases:
  add: [{create: product, needs: order}]
  place: [{create: order, refers_to: product}]
"""
DELETED = """\
services: {shop: {owns: [product]}, orders: {owns: [order]}}
use_cases:
  add: [{create: product}]
  place: [{create: order, refers_to: product}]
  remove: [{delete: product}]
"""
FINE = "services: {A: {owns: [a]}, B: {owns: [b]}}\nreferences: [a -> b]\n"


def test_check_warns_before_it_searches() -> None:
    done = bac("check", "-", stdin=EACH_OTHER)
    first = done.stderr.splitlines()[0]
    assert first.startswith("<stdin>:3:10: warning[never-happens]: 'add.1' never happens: it needs 'order'")
    assert "  add: [{create: product, needs: order}]" in done.stderr


def test_strict_makes_it_an_error_and_nothing_is_checked() -> None:
    done = bac("check", "-", "--strict", stdin=EACH_OTHER)
    assert (done.exit_code, done.stdout) == (2, "")
    assert "<stdin>:3:10: error[never-happens]" in done.stderr
    assert bac("check", "-", "--strict", "--plan", "independent", stdin=FINE).exit_code in (0, 1)


def test_only_plans_that_are_checked_count() -> None:
    assert "never-happens" in bac("check", "-", stdin=SHARED).stderr
    assert "can-get-stuck" not in bac("check", "-", "--plan", "one database", stdin=SHARED).stderr


def test_the_json_report_has_the_warnings() -> None:
    report = json.loads(bac("check", "-", "--plan", "independent", "--format", "json", stdin=EACH_OTHER).stdout)
    assert [(each["code"], each["line"]) for each in report["warnings"]] == [("never-happens", 3), ("never-happens", 4)]
    assert violation("report", report) is None


def test_the_python_face_has_them() -> None:
    report = api.check(api.loads(EACH_OTHER))
    assert [warning.partition("]")[0].partition("[")[2] for warning in report.warnings] == ["never-happens"] * 2
    assert report["independent"].vacuous


def test_coverage_lists_everything() -> None:
    done = bac("coverage", "-", stdin=SHARED + "\nname: Shop")
    assert done.exit_code == 1
    lines = [" ".join(line.split()) for line in done.stdout.splitlines()]
    assert lines[0] == "Shop: coverage, 1 instance of every use case, before a disaster"
    assert "add.1 shop: create product happens" in lines
    assert "remove.1 shop: delete product happens (under 'independent')" in lines
    assert "remove.3 orders: create bill never: it needs 'product', which 'remove.1' has deleted" in lines
    assert "place can always be finished" in lines
    assert "never begins (under 'one database')" in lines
    assert "one database recovers" in lines
    assert lines[-1] == "2 of 5 steps happen, 2 of 3 use cases can always be finished, 2 of 2 plans recover"


def test_coverage_says_why_a_plan_never_recovers() -> None:
    plans = "plans: {never: {groups: [{mode: none, services: [A]}]}}"
    done = bac("coverage", "-", "--plan", "never", stdin=FINE + plans)
    assert done.exit_code == 1
    assert "never recovers: every recovery needs 'A', which is never backed up" in done.stdout


@pytest.mark.parametrize("text", [SHARED, LOCKED, FINE, EACH_OTHER, BOOK])
def test_the_json_coverage_fits_its_schema(text: str) -> None:
    for limit in ("1", "1000"):
        document = json.loads(bac("coverage", "-", "--format", "json", "--max-states", limit, stdin=text).stdout)
        assert violation("coverage", document) is None
        assert [plan["plan"] for plan in document["plans"]] == [plan.name for plan in parsed(text).plans]


def test_the_json_coverage_says_what_is_known() -> None:
    document = json.loads(bac("coverage", "-", "--format", "json", "--plan", "one database", stdin=SHARED).stdout)
    (plan,) = document["plans"]
    assert plan["recovers"]
    assert plan["steps"][0] == {"step": "add.1", "service": "shop", "command": "create product", "happens": True}
    assert plan["steps"][3]["reason"] == "needs 'product', which 'remove.1' has deleted"
    assert plan["use_cases"][1] == {"use_case": "remove", "begins": False, "finishes": True}


def test_the_exit_code_of_coverage_is_the_worst() -> None:
    assert bac("coverage", "-", stdin=FINE).exit_code == 0
    assert bac("coverage", "-", stdin=EACH_OTHER).exit_code == 1
    assert bac("coverage", "-", "--max-states", "1", stdin=DELETED).exit_code == 3
    assert bac("coverage", "-", "--timeout", "0", stdin=DELETED).exit_code == 3
    assert bac("coverage", "-", "--strict", stdin=EACH_OTHER).exit_code == 2
    assert bac("coverage", "-", "--plan", "nightly", stdin=FINE).exit_code == 2


def test_more_instances_can_hold_up_each_other() -> None:
    """In two groups with a lock each; one instance alone can hold up one lock only."""
    text = """
services: {A: {owns: [x, q]}, B: {owns: [y, p]}, C: {owns: [z]}}
use_cases:
  u:
    - {create: z, name: start}
    - {create: x, name: A first, after: start}
    - {create: y, after: A first}
    - {create: p, name: B first, after: start}
    - {create: q, after: B first}
plans: {locks: {groups: [{mode: locked, services: [A]}, {mode: locked, services: [B]}]}}
"""
    asked = ["coverage", "-", "--plan", "locks", "--instances"]
    assert bac(*asked, "1", stdin=text).exit_code == 0
    assert bac(*asked, "2", stdin=text).exit_code == 1
