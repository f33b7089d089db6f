"""Every example is checked, and shows what its comment says."""

from __future__ import annotations

from pathlib import Path

import pytest

from bac.model.specification.reader import load
from bac.proofs.check import check
from bac.proofs.replay import objection
from bac.proofs.results import PlanResult, Verdict
from bac.properties.explanation import explain
from bac.properties.qualities import Property

EXAMPLES = Path(__file__).resolve().parent.parent / "examples"
FILES = sorted(EXAMPLES.rglob("*.bac.yaml"))
SMALL = [file for file in FILES if file.parent == EXAMPLES]


def results(name: str) -> dict[str, PlanResult]:
    specification = load(EXAMPLES / f"{name}.bac.yaml")
    return {plan.name: check(specification.architecture, plan) for plan in specification.plans}


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_it_has_a_comment_and_no_error(file: Path) -> None:
    assert file.read_text(encoding="utf-8").startswith("#")
    codes = {found.code for found in load(file).warnings if found.severity == "warning"}
    assert codes <= {"never-backed-up"}  # one plan of sales shows what that means


@pytest.mark.parametrize("file", SMALL, ids=lambda file: file.name)
def test_every_counterexample_replays_and_explains_itself(file: Path) -> None:
    specification = load(file)
    for plan in specification.plans:
        result = check(specification.architecture, plan)
        for trace in result.counterexamples():
            assert objection(trace) is None
            why = explain(trace)
            assert why.sentence.endswith(".")
            assert why.action is None or 1 <= why.action <= len(trace.actions)


def lacking(result: PlanResult) -> str:
    """The letters of the qualities that a plan lacks."""
    letters = {Property.BACKUP: "B", Property.AVAILABILITY: "A", Property.CONSISTENCY: "C"}
    return "".join(letter for which, letter in letters.items() if result.properties[which].verdict is Verdict.VIOLATED)


EXPECTED = {
    "figure-3": {
        "independent": "C",
        "some crash": "C",
        "referrer first": "C",
        "target first": "C",
        "same instant": "C",
        "locked": "A",
    }
    | {"shared database": "", "referrer first, resume": ""},
    "figure-4": {"independent": "C", "A first": "C"},
    "figure-5": {"independent": "C", "replay": "C", "B first, replay": "", "broker survives": "C", "markers": ""},
    "figure-6": {"independent": "C", "shared database": ""},
    "sales": {"independent": "C", "nightly": "C", "storage snapshot": "C", "storage snapshot, caught up": ""}
    | {"quiesced": "A", "clustered": "C", "one database": "", "markers": "C", "replicated": "", "point in time": ""}
    | {"survivors": "C", "no backup of the catalog": "B"},
}


@pytest.mark.parametrize("name", EXPECTED)
def test_the_plans_of_an_example_lack_what_it_says(name: str) -> None:
    assert {plan: lacking(result) for plan, result in results(name).items()} == EXPECTED[name]


def test_only_the_rollback_loses_more_than_the_backups_do() -> None:
    losing = [
        plan for plan, r in results("sales").items() if r.properties[Property.NO_EXTRA_LOSS].verdict is Verdict.VIOLATED
    ]
    assert losing == ["point in time"]
