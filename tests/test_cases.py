"""The cases from reality: each names its source, and its plans expect what the second semantics says of them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from oracle2 import judge

from bac.model.plan import Expectation
from bac.model.specification.reader import load

CASES = Path(__file__).parents[1] / "examples" / "cases"
FILES = sorted(CASES.glob("*.bac.yaml"))
PLANS = [(file.name, plan.name) for file in FILES for plan in load(file).plans if plan.name != "independent"]


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_a_case_names_its_source_and_the_command(file: Path) -> None:
    comment = [line for line in file.read_text(encoding="utf-8").splitlines() if line.startswith("#")]
    assert sum(line.startswith("# Source: ") for line in comment) == 1
    assert comment[-1] == f"# bac check examples/cases/{file.name}"
    assert f"({file.name})" in (CASES / "README.md").read_text(encoding="utf-8")


def test_there_are_a_dozen() -> None:
    assert len(FILES) >= 12


@pytest.mark.parametrize(("file", "plan"), PLANS)
def test_a_plan_expects_what_the_oracle_finds(file: str, plan: str) -> None:
    document = yaml.safe_load((CASES / file).read_text(encoding="utf-8"))
    found = judge(document, plan)
    assert load(CASES / file).plan(plan).expect == expected(found)
    assert found["recovers"]
    assert found["never"] == found["stuck"] == []


def expected(found: dict[str, Any]) -> Expectation:
    """The expectation that says exactly what was found."""
    violated = {
        "backup": not found["backup"],
        "availability": found["denied"] is not None,
        "no-extra-loss": found["loss"] is not None,
    }
    kinds = found["anomalies"]
    anomalies = sorted(f"{kind.replace('-', ' ')} {subject}" for kind in kinds for subject in kinds[kind])
    verdicts = tuple((key, "violated") for key, value in violated.items() if value)
    if anomalies:
        return Expectation(verdicts, tuple(anomalies))
    return Expectation((*verdicts, ("consistency", "holds")))
