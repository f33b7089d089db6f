"""The cases from reality and the recipes of the manual: their plans expect what the second semantics says of them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from oracle import judge

from bac.model.specification.reader import Specification, parse
from bac.proofs.check import check
from bac.proofs.results import PlanResult
from bac.properties.qualities import Property

ROOT = Path(__file__).parents[1]
CASES = ROOT / "examples" / "cases"
FILES = sorted(CASES.glob("*.bac.yaml"))
PAGES = ("cookbook", "after-the-restore")
PROPERTIES = ("backup", "availability", "consistency", "no-extra-loss")

Found = tuple[dict[str, str], set[str]]
"""The verdict on each property, and the anomalies that count."""


def recipes(page: str) -> Iterator[tuple[str, str]]:
    """The complete specifications of a page of the manual, each with the heading above it."""
    text = (ROOT / "docs" / f"{page}.md").read_text(encoding="utf-8")
    heading = ""
    for found in re.finditer(r"^## ([^\n]+)$|^```yaml\n(.*?)^```$", text, re.MULTILINE | re.DOTALL):
        if found[1]:
            heading = found[1]
        else:
            yield f"{page}: {heading}", found[2]


TEXTS = [(file.stem, file.read_text(encoding="utf-8")) for file in FILES]
TEXTS += [recipe for page in PAGES for recipe in recipes(page)]
PLANS = [
    pytest.param(text, plan.name, id=f"{name}, {plan.name}")
    for name, text in TEXTS
    for plan in parse(text).plans
    if plan.name != "independent"
]


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_a_case_names_its_source_and_the_command(file: Path) -> None:
    comment = [line for line in file.read_text(encoding="utf-8").splitlines() if line.startswith("#")]
    assert sum(line.startswith("# Source: ") for line in comment) == 1
    assert comment[-1] == f"# bac check examples/cases/{file.name}"
    assert f"({file.name})" in (CASES / "README.md").read_text(encoding="utf-8")


def test_there_are_a_dozen_cases_and_twenty_recipes() -> None:
    assert len(FILES) >= 12
    assert len(TEXTS) - len(FILES) >= 20


@pytest.mark.parametrize(("name", "text"), TEXTS, ids=[name for name, _ in TEXTS])
def test_a_specification_has_no_warning(name: str, text: str) -> None:
    assert [found.code for found in parse(text, name).warnings if found.severity != "note"] == []


@pytest.mark.parametrize(("text", "plan"), PLANS)
def test_a_plan_expects_what_the_oracle_finds(text: str, plan: str) -> None:
    found = judge(yaml.safe_load(text), plan)
    assert expected(parse(text), plan) == by_oracle(found)
    assert found["recovers"]
    assert found["never"] == found["stuck"] == []


@pytest.mark.parametrize(("text", "plan"), PLANS)
def test_a_plan_expects_what_the_checker_finds(text: str, plan: str) -> None:
    specification = parse(text)
    result = check(specification.architecture, specification.plan(plan))
    assert expected(specification, plan) == by_checker(result)


def expected(specification: Specification, plan: str) -> Found:
    """Return what a plan expects: properties that it does not name hold; with anomalies consistency is violated."""
    expectation = specification.plan(plan).expect
    assert expectation is not None
    anomalies = set(expectation.anomalies or ())
    verdicts = dict.fromkeys(PROPERTIES, "holds") | dict(expectation.verdicts)
    return verdicts | ({"consistency": "violated"} if anomalies else {}), anomalies


def by_checker(result: PlanResult) -> Found:
    verdicts = {which.value: str(found.verdict) for which, found in result.properties.items()}
    counted = result.properties[Property.CONSISTENCY].anomalies
    return verdicts, {f"{each.kind.replace('-', ' ')} {each.subject}" for each in counted}


def by_oracle(found: dict[str, Any]) -> Found:
    kinds = found["anomalies"]
    anomalies = {f"{kind.replace('-', ' ')} {subject}" for kind in kinds for subject in kinds[kind]}
    holds = {
        "backup": found["backup"],
        "availability": found["denied"] is None,
        "consistency": not anomalies,
        "no-extra-loss": found["loss"] is None,
    }
    return {key: "holds" if value else "violated" for key, value in holds.items()}, anomalies
