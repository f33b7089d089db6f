"""SPIN, on the exported model, finds as many states as our engine, and the same shortest runs."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from foreign import (
    FILES,
    SELECTED,
    every_plan,
    found,
    named,
    needs,
    reachable_states,
    read,
    run,
    spin_shortest,
    spin_states,
    toy,
)
from helpers import REFERENCE, parsed
from test_hostile import HOSTILE_NAMES

from bac.exports.exported import Exported
from bac.exports.promela import promela
from bac.model.system import AT_REST, RECOVERED, Action, ActionKind, FactKind, Label, System, locked, snapped
from bac.proofs.check import find
from bac.proofs.engine import Limits


@pytest.mark.parametrize(("file", "plan"), SELECTED)
def test_spin_counts_as_many_states(file: str, plan: str, tmp_path: Path) -> None:
    exported = read(file, plan)
    assert spin_states(promela(exported), tmp_path) == reachable_states(exported.whole)


@pytest.mark.slow
@pytest.mark.parametrize("file", FILES)
def test_spin_counts_as_many_states_everywhere(file: str, tmp_path: Path) -> None:
    for exported in (*every_plan(file), *every_plan(file, 2)):
        ours = reachable_states(exported.whole)
        assert spin_states(promela(exported), tmp_path) == ours, exported.title


def test_the_selection_has_every_kind_of_fact_and_of_action() -> None:
    systems = [read(file, plan).system for file, plan in SELECTED]
    assert {fact.kind for each in systems for fact in each.facts} == set(FactKind)
    assert {action.label.kind for each in systems for action in each.actions} == set(ActionKind)


@pytest.mark.parametrize("instances", [1, 3, 5])
def test_before_any_disaster_there_are_as_many_states_as_arithmetic_says(instances: int, tmp_path: Path) -> None:
    expected = sum(base**instances for base in (3, 4, 5, 7))
    exported = toy(instances, disasters=False)
    assert reachable_states(exported.whole) == expected
    assert spin_states(promela(exported), tmp_path) == expected


def test_a_wrong_model_is_counted_differently(tmp_path: Path) -> None:
    model = promela(toy(2))
    assert " && !recovered) -> logged_a_to_b_1_i1 = 1" in model
    wrong = model.replace(" && !recovered) -> logged_a_to_b_1_i1 = 1", ") -> logged_a_to_b_1_i1 = 1")
    assert spin_states(wrong, tmp_path) != reachable_states(toy(2).whole)


MUTATIONS: dict[str, Callable[[Action], Action]] = {
    "one thing forbidden less": lambda action: replace(action, forbid=frozenset(sorted(action.forbid)[1:])),
    "one thing required less": lambda action: replace(action, require=frozenset(sorted(action.require)[1:])),
    "one clause less": lambda action: replace(action, clauses=action.clauses[1:]),
    "nothing deleted": lambda action: replace(action, delete=frozenset()),
    "one copy less": lambda action: replace(action, copy=action.copy[1:]),
    "one thing added less": lambda action: replace(action, add=frozenset(sorted(action.add)[1:])),
}


@pytest.mark.parametrize("mutation", MUTATIONS)
def test_every_part_of_an_action_shows_in_the_count(mutation: str, tmp_path: Path) -> None:
    exported = read("deadlock.bac.yaml", "two locks, any, resume")
    mutated = tuple(map(MUTATIONS[mutation], exported.system.actions))
    assert spin_states(promela(with_system(exported, mutated)), tmp_path) != reachable_states(exported.whole)


def with_system(exported: Exported, actions: tuple[Action, ...]) -> Exported:
    """The same export, of these actions over the same facts."""
    other = replace(exported)
    vars(other)["system"] = System(exported.system.facts, actions)
    return other


def test_without_its_option_spin_drops_variables(tmp_path: Path) -> None:
    needs("spin", "gcc")
    (tmp_path / "model.pml").write_text(promela(toy(5, disasters=False)), encoding="utf-8")
    run("spin", "-a", "model.pml", cwd=tmp_path)
    run("gcc", "-w", "-DSAFETY", "-DNOREDUCE", "-o", "pan", "pan.c", cwd=tmp_path)
    assert found(r"^ *(\d+) states, stored", run("./pan", cwd=tmp_path)) == "972"


@pytest.mark.parametrize(("plan", "states"), [("independent", 4), ("never", 1)])
def test_what_has_no_use_cases_is_counted_too(plan: str, states: int, tmp_path: Path) -> None:
    never = {"never": {"groups": [{"mode": "none", "services": "all"}]}}
    specification = parsed({"services": {"A": {"owns": ["a"]}}, "use_cases": {}, "plans": never})
    exported = Exported(specification.architecture, specification.plan(plan), 1)
    assert spin_states(promela(exported), tmp_path) == reachable_states(exported.whole) == states


def test_spin_finds_the_same_shortest_runs(tmp_path: Path) -> None:
    specification = parsed(REFERENCE)
    plan = specification.plan("locked")
    locked = promela(Exported(specification.architecture, plan, 1))
    trace = find(specification.architecture, plan, 1, "availability", None, None, None, Limits())
    assert spin_shortest(locked, tmp_path, "availability") == len(trace.actions)
    assert spin_shortest(locked, tmp_path, "consistency") is None
    plan = specification.plan("independent")
    trace = find(specification.architecture, plan, 1, "consistency", "broken-link", None, None, Limits())
    model = promela(Exported(specification.architecture, plan, 1))
    assert spin_shortest(model, tmp_path, "broken_link_a_to_b") == len(trace.actions)


def test_a_property_that_does_not_exist_is_refused(tmp_path: Path) -> None:
    needs("spin", "gcc")
    (tmp_path / "model.pml").write_text(promela(toy(1)), encoding="utf-8")
    for name, fits in [("consistency", True), ("consistancy", False)]:
        done = subprocess.run(["spin", "-a", f"-DPROPERTY={name}", "model.pml"], cwd=tmp_path, capture_output=True)
        assert (b"no property of this name" not in done.stderr + done.stdout) == fits


def test_facts_that_are_copied_and_overwritten_in_one_step_keep_their_old_values(tmp_path: Path) -> None:
    here, there, other = snapped("A"), snapped("B"), locked(("A",))
    add = Action(Label(ActionKind.SNAPSHOT, services=("A",)), forbid=frozenset([other]), add=frozenset([here, other]))
    swap = Action(Label(ActionKind.SNAPSHOT, services=("B",)), copy=((here, there), (there, here)))
    exchange = System((here, there, other, RECOVERED, AT_REST), (add, swap))
    exported = toy(1)
    vars(exported)["system"] = exchange
    assert reachable_states(exchange) == 3
    assert spin_states(promela(exported), tmp_path) == 3


@pytest.mark.parametrize("name", HOSTILE_NAMES[::20])
def test_hostile_names_do_no_harm(name: str, tmp_path: Path) -> None:
    exported = named(name)
    assert spin_states(promela(exported), tmp_path) == reachable_states(exported.whole)


@pytest.mark.slow
def test_no_hostile_name_does_harm(tmp_path: Path) -> None:
    for name in HOSTILE_NAMES:
        test_hostile_names_do_no_harm(name, tmp_path)
