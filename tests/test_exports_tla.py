"""TLC, on the exported module, finds as many states as our engine, and the same shortest runs."""

from __future__ import annotations

from pathlib import Path

import pytest
from foreign import FILES, SELECTED, every_plan, named, reachable_states, read, tlc_shortest, tlc_states, toy
from helpers import REFERENCE, parsed
from test_hostile import HOSTILE_NAMES

from bac.exports.exported import Exported
from bac.exports.tla import NotAModuleName, module_name, tla
from bac.proofs.check import find
from bac.proofs.engine import Limits


@pytest.mark.parametrize(("file", "plan"), SELECTED)
def test_tlc_counts_as_many_states(file: str, plan: str, tmp_path: Path) -> None:
    exported = read(file, plan)
    assert tlc_states(exported, tmp_path) == reachable_states(exported.whole)


@pytest.mark.slow
@pytest.mark.parametrize("file", FILES)
def test_tlc_counts_as_many_states_everywhere(file: str, tmp_path: Path) -> None:
    for exported in every_plan(file):
        ours = reachable_states(exported.whole)
        assert tlc_states(exported, tmp_path) == ours, exported.title


def test_before_any_disaster_there_are_as_many_states_as_arithmetic_says(tmp_path: Path) -> None:
    assert tlc_states(toy(4, disasters=False), tmp_path) == 3**4 + 4**4 + 5**4 + 7**4


def test_a_wrong_module_is_counted_differently(tmp_path: Path) -> None:
    text = tla(toy(2))
    wrong = text.replace("  /\\ ~recovered\n  /\\ logged' = logged", "  /\\ logged' = logged")
    assert wrong != text
    assert tlc_states(toy(2), tmp_path, wrong) != reachable_states(toy(2).whole)


@pytest.mark.parametrize(
    ("plan", "property_", "name"),
    [("locked", "availability", "availability"), ("independent", "consistency", "broken_link_a_to_b")],
)
def test_tlc_finds_the_same_shortest_run(plan: str, property_: str, name: str, tmp_path: Path) -> None:
    specification = parsed(REFERENCE)
    chosen, kind = specification.plan(plan), "broken-link" if property_ == "consistency" else None
    trace = find(specification.architecture, chosen, 1, property_, kind, None, None, Limits())
    exported = Exported(specification.architecture, chosen, 1)
    assert tlc_shortest(exported, tmp_path, name) == len(trace.actions)


def test_tlc_finds_no_run_where_there_is_none(tmp_path: Path) -> None:
    specification = parsed(REFERENCE)
    assert (
        tlc_shortest(Exported(specification.architecture, specification.plan("locked"), 1), tmp_path, "consistency")
        is None
    )


@pytest.mark.parametrize("name", HOSTILE_NAMES[::40])
def test_hostile_names_do_no_harm(name: str, tmp_path: Path) -> None:
    exported = named(name)
    assert tlc_states(exported, tmp_path) == reachable_states(exported.whole)


@pytest.mark.slow
def test_no_hostile_name_does_harm(tmp_path: Path) -> None:
    for name in HOSTILE_NAMES:
        test_hostile_names_do_no_harm(name, tmp_path)


@pytest.mark.parametrize("name", ["", "a-b", "1a", "CHOOSE", "WF_x", "Init", "é"])
def test_what_is_no_module_name_is_refused(name: str) -> None:
    with pytest.raises(NotAModuleName):
        module_name(name)
