"""Exports leave out only facts that are never true, keep names apart, and are written where they are asked for."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from foreign import named, reachable_states, toy
from helpers import REFERENCE, bac, parsed
from hypothesis import given, settings
from hypothesis import strategies as st
from strategies import specifications
from test_hostile import HOSTILE_NAMES

from bac.exports.exported import Exported
from bac.exports.names import LONGEST, Names, identifier, in_comment
from bac.exports.promela import promela
from bac.exports.pruning import pruned, simplified
from bac.exports.tla import tla
from bac.model.semantics import system
from bac.model.system import INITIAL, ActionKind, State, System
from bac.properties.formula import satisfied

ENOUGH = 300
"""So many states of a generated system are looked at."""


def some_states(of: System) -> list[State]:
    """The first states of the system, in breadth-first order."""
    found = {INITIAL: None}
    for state in (order := list(found)):
        for action in of.enabled(state):
            after = action.apply(state)
            if after not in found and len(found) < ENOUGH:
                found[after] = None
                order.append(after)
    return order


# --- What is left out ------------------------------------------------------------------------------------------------


@settings(max_examples=40)
@given(specifications(plans_too=True), st.data())
def test_leaving_out_what_never_happens_changes_no_state_and_no_action(document: dict[str, Any], data: Any) -> None:
    specification = parsed(document)
    plan = data.draw(st.sampled_from(specification.plans))
    exported = Exported(specification.architecture, plan, 1)
    whole = system(specification.architecture, plan, 1)
    less = pruned(whole)
    states = some_states(whole)
    assert states == some_states(less)
    for state in states:
        assert [each.label for each in whole.enabled(state)] == [each.label for each in less.enabled(state)]
    for _, statement in exported.statements:
        short = simplified(statement.violation, frozenset(less.facts))
        assert all(satisfied(short, state) == satisfied(statement.violation, state) for state in states)


def test_what_is_never_true_is_left_out() -> None:
    exported = toy(1, disasters=False)
    assert {fact.kind for fact in exported.system.facts} == {"logged", "backed", "snapped"}
    assert len(exported.system.actions) == 4


def test_without_disasters_there_is_no_disaster() -> None:
    kinds = {action.label.kind for action in toy(1).whole.without_disasters().actions}
    assert kinds == {ActionKind.STEP, ActionKind.SNAPSHOT}


def test_what_can_happen_is_not_left_out() -> None:
    exported = toy(2)
    assert len(exported.system.actions) == len(exported.whole.actions)
    assert reachable_states(exported.whole) == len(some_states(exported.system))


# --- Names -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("order -> customer", "order_to_customer"),
        ("place order", "place_order"),
        ("Größe", "Grosse"),
        ("café", "cafe"),
        ("ｆｕｌｌ", "full"),
        ("日本", "u65e5_u672c"),
        ("1st", "x1st"),
        ("a*/b", "a_b"),
        ("--", "x"),
    ],
)
def test_identifiers_are_recognisable(name: str, expected: str) -> None:
    assert identifier(name) == expected


@given(st.text())
def test_any_text_gives_an_identifier(text: str) -> None:
    assert re.fullmatch(r"[A-Za-z][A-Za-z0-9_]*", identifier(text), re.ASCII)
    assert len(identifier(text)) <= LONGEST + 1


@given(st.lists(st.text(max_size=4)))
def test_names_are_given_out_once(texts: list[str]) -> None:
    names = Names(frozenset(["x"]))
    given_out = [names.fresh(identifier(text)) for text in texts]
    assert len(set(given_out)) == len(given_out)
    assert "x" not in given_out


@given(st.text(alphabet="*/()\\-= \n\ta"))
def test_comments_neither_end_nor_begin_within_a_comment(text: str) -> None:
    safe = in_comment(text)
    assert not re.search(r"\*/|/\*|\(\*|\*\)|--|==|//|\n|\\$", safe)


@pytest.mark.parametrize("name", HOSTILE_NAMES)
def test_facts_and_actions_have_names_of_their_own(name: str) -> None:
    exported = named(name)
    given_out = [*exported.facts.values(), *exported.actions, *(each for each, _ in exported.statements)]
    assert len(set(given_out)) == len(given_out)
    assert all(re.fullmatch(r"[a-z][A-Za-z0-9_]*", each, re.ASCII) for each in given_out)
    assert in_comment(name) in promela(exported)
    assert in_comment(name) in tla(exported)


# --- The command -----------------------------------------------------------------------------------------------------


@pytest.fixture
def specification(tmp_path: Path) -> Path:
    file = tmp_path / "reference.bac.yaml"
    file.write_text(REFERENCE, encoding="utf-8")
    return file


def test_the_module_and_its_configuration_lie_side_by_side(specification: Path, tmp_path: Path) -> None:
    assert bac("export", specification, "--to", "tla", "-o", tmp_path / "Reference.tla").exit_code == 0
    assert (tmp_path / "Reference.tla").read_text().startswith("---- MODULE Reference ----\n")
    assert (tmp_path / "Reference.cfg").read_text().startswith("SPECIFICATION Spec\n\\* INVARIANT")
    assert bac("export", specification, "--to", "tla", "-o", tmp_path).exit_code == 0
    assert (tmp_path / "Model.cfg").exists()


def test_a_property_that_is_asked_for_is_checked(specification: Path, tmp_path: Path) -> None:
    chosen = ["--kind", "broken-link", "--subject", "a -> b"]
    assert bac("export", specification, "--to", "tla", *chosen, "-o", tmp_path).exit_code == 0
    lines = (tmp_path / "Model.cfg").read_text().splitlines()
    assert [line for line in lines if line.startswith("INVARIANT")] == ["INVARIANT broken_link_a_to_b"]


def test_all_parts_that_fit_are_checked(specification: Path, tmp_path: Path) -> None:
    assert bac("export", specification, "--to", "tla", "--kind", "missing-state", "-o", tmp_path).exit_code == 0
    assert (tmp_path / "Model.cfg").read_text().count("\nINVARIANT missing_state") == 2


def test_promela_goes_to_standard_output(specification: Path) -> None:
    printed = bac("export", specification, "--to", "promela", "--plan", "locked").stdout
    assert "plan locked" in printed.splitlines()[0]
    assert "active proctype" in printed


def test_there_is_a_script_for_each_length(specification: Path, tmp_path: Path) -> None:
    folder = tmp_path / "queries"
    for _ in ("created", "there already"):
        assert bac("export", specification, "--to", "smt2", "--depth", 3, "-o", folder).exit_code == 0
        assert sorted(file.name for file in folder.iterdir()) == [f"Model-00{length}.smt2" for length in range(4)]


def test_a_file_takes_one_script_only(specification: Path, tmp_path: Path) -> None:
    command = ["export", specification, "--to", "smt2", "--depth", 3, "-o"]
    assert bac(*command, tmp_path / "one.smt2").exit_code == 0
    assert "exactly 3 actions" in (tmp_path / "one.smt2").read_text()
    refused = bac(*command, specification)
    assert refused.exit_code == 2
    assert "name a directory" in refused.stderr


@pytest.mark.parametrize(
    ("language", "files"),
    [
        (["tla"], {"Model.tla", "Model.cfg"}),
        (["promela"], {"Model.pml"}),
        (["itf"], {"trace.itf.json"}),
        (["smt2", "--depth", "0"], {"Model-000.smt2"}),
    ],
)
def test_a_name_that_ends_with_a_slash_is_a_directory(
    specification: Path, tmp_path: Path, language: list[str], files: set[str]
) -> None:
    assert bac("export", specification, "--to", *language, "-o", f"{tmp_path}/new.smt2/").exit_code == 0
    assert {file.name for file in (tmp_path / "new.smt2").iterdir()} == files
    assert bac("export", specification, "--to", *language, "-o", f"{specification}/").exit_code == 2


def test_what_cannot_be_written_is_refused_before_the_search(specification: Path, tmp_path: Path) -> None:
    result = bac("export", specification, "--to", "itf", "-o", tmp_path / "nowhere" / "x.json", "--timeout", 0)
    assert result.exit_code == 2
    assert "there is no directory" in result.stderr


def test_a_saved_trace_is_exported_as_it_is(specification: Path, tmp_path: Path) -> None:
    bac("check", specification, "--plan", "independent", "--trace-dir", tmp_path / "traces")
    for file in (tmp_path / "traces").iterdir():
        document = json.loads(bac("export", file, "--to", "itf").stdout)
        assert len(document["states"]) == len(json.loads(file.read_text())["actions"]) + 1


@pytest.mark.parametrize(
    "arguments",
    [
        ["--to", "smt2"],
        ["--to", "smt2", "--depth", "3", "--kind", "broken-link", "--subject", "nothing"],
        ["--to", "smt2", "--depth", "3", "--property", "backup"],
        ["--to", "tla", "-o", "not-a-module.tla"],
        ["--to", "promela", "--plan", "nothing"],
        ["--to", "promela", "--depth", "3"],
        ["--to", "promela", "--property", "consistency"],
        ["--to", "itf", "--without-disasters"],
        ["--to", "tla", "--timeout", "3"],
    ],
)
def test_what_makes_no_sense_is_refused(arguments: list[str], specification: Path) -> None:
    result = bac("export", specification, *arguments)
    assert result.exit_code == 2
    assert result.stderr
