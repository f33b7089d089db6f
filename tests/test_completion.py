"""Completion in shells: plans of the specification that is already typed, and files."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from click.shell_completion import ZshComplete
from helpers import REFERENCE

from bac.cli import main

COMPLETE = "from bac.cli import main; main(prog_name='bac')"
SPACED = REFERENCE + '  "same instant": {groups: [{mode: atomic, services: all}]}\n'


@pytest.fixture
def spec(tmp_path: Path) -> str:
    file = tmp_path / "reference.bac.yaml"
    file.write_text(SPACED, encoding="utf-8")
    return str(file)


def offered(*typed: str, incomplete: str = "") -> list[tuple[str, str]]:
    """Return the completions after these words, each with its type and value."""
    complete = ZshComplete(main, {}, "bac", "_BAC_COMPLETE")
    return [(item.type, item.value) for item in complete.get_completions(list(typed), incomplete)]


COMMANDS = [["check"], ["figure"], ["export"], ["prove", "invariant"]]


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_plans_of_the_specification_are_offered(command: list[str], spec: str) -> None:
    values = [value for _, value in offered(*command, spec, "--plan")]
    assert values == ["independent", "locked", "atomic", "shared", "rollback", "resume", "any", "same instant"]
    assert offered(*command, spec, "--plan", incomplete="s") == [("plain", "shared"), ("plain", "same instant")]


@pytest.mark.parametrize("typed", [[], ["nowhere.bac.yaml"], ["-"], ["."]])
def test_without_a_specification_that_can_be_read_no_plan_is_offered(typed: list[str]) -> None:
    assert offered("check", *typed, "--plan") == []


def test_with_a_wrong_specification_no_plan_is_offered(tmp_path: Path) -> None:
    (tmp_path / "wrong.bac.yaml").write_text("services: 3", encoding="utf-8")
    assert offered("check", str(tmp_path / "wrong.bac.yaml"), "--plan") == []


@pytest.mark.parametrize("command", [*COMMANDS, ["replay"], ["verify"], ["init"], ["prove", "impossibility"]])
def test_files_are_offered_where_a_file_is_due(command: list[str]) -> None:
    assert offered(*command, incomplete="exa") == [("file", "exa")]


def test_bash_is_given_names_as_words(spec: str) -> None:
    environment = {
        **os.environ,
        "_BAC_COMPLETE": "bash_complete",
        "COMP_WORDS": f"bac check {spec} --plan s",
        "COMP_CWORD": "4",
    }
    done = subprocess.run([sys.executable, "-c", COMPLETE], env=environment, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == ["plain,shared", "plain,'same instant'"]
