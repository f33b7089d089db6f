"""Properties that hold only because something never happens are marked, by every engine and in every report."""

from __future__ import annotations

import json
import re
from xml.etree import ElementTree

import pytest
from helpers import bac, parsed
from hypothesis import given, settings
from strategies import Document, specifications

from bac.model.plan import INDEPENDENT
from bac.model.semantics import system
from bac.proofs.check import check, check_plans
from bac.proofs.engine import Limits, Query
from bac.proofs.explicit.breadth_first import explore
from bac.proofs.explicit.coverage import Budget, coverage
from bac.proofs.reductions.part_search import ALL_REDUCTIONS, CheckOptions, some_run_recovers
from bac.proofs.results import Verdict
from bac.proofs.scheduler import Scheduler
from bac.properties.formula import FALSE
from bac.properties.qualities import Property

ONE_STEP = """
name: One step
services: {A: {owns: [a]}}
use_cases: {u: [{create: a}]}
plans:
  never: {groups: [{mode: none, services: all}]}
"""
"""No anomaly is possible here, so no formula is searched."""

CUTS = (Property.CONSISTENCY, Property.NO_EXTRA_LOSS)


@pytest.mark.parametrize("engine", ["explicit", "smt"])
@pytest.mark.parametrize("asked", [[which] for which in CUTS] + [list(Property)], ids="+".join)
@pytest.mark.parametrize("instances", [1, 2])
@pytest.mark.parametrize("plan", ["never", "independent"])
def test_it_is_marked_if_and_only_if_nothing_recovers(
    plan: str, instances: int, asked: list[Property], engine: str
) -> None:
    specification = parsed(ONE_STEP)
    result = check(specification.architecture, specification.plan(plan), instances, asked, engine)
    marked = {which for which, each in result.properties.items() if each.vacuous}
    assert marked == ({*CUTS} & {*asked} if plan == "never" else set())


@settings(max_examples=60)
@given(specifications(plans_too=True))
def test_recovery_is_decided_without_a_search_as_a_search_decides_it(document: Document) -> None:
    specification = parsed(document)
    for plan in specification.plans:
        built = system(specification.architecture, plan, 1)
        found = explore(built, Query(settled=(FALSE,)))
        assert found.limit is None
        assert some_run_recovers(specification.architecture, plan) == found.can_recover


def test_too_many_disasters_do_not_count_as_none() -> None:
    services = {f"s{n}": {"owns": [f"e{n}"]} for n in range(13)}
    plan = {"disaster": {"scope": "any"}, "groups": [{"mode": "none", "services": "all"}]}
    specification = parsed({"services": services, "use_cases": {"u": [{"create": "e0"}]}, "plans": {"any": plan}})
    assert some_run_recovers(specification.architecture, specification.plan("any"))
    assert some_run_recovers(specification.architecture, INDEPENDENT)


REASON = "only because no run ever recovers from a disaster"


def test_every_format_says_so() -> None:
    asked = ["check", "-", "--property", "consistency", "--plan"]
    alone = bac(*asked, "never", stdin=ONE_STEP).stdout
    assert re.search(f"consistency +holds vacuously .*{REASON}", alone)
    table = bac("check", "-", stdin=ONE_STEP).stdout
    assert re.search(r"^never +✗ +✓ +✓\*", table, re.MULTILINE)
    assert f"*: holds vacuously, {REASON}" in table
    (plan,) = json.loads(bac(*asked, "never", "--format", "json", stdin=ONE_STEP).stdout)["plans"]
    assert plan["vacuous"]
    assert plan["properties"]["consistency"]["vacuous"]
    suite = ElementTree.fromstring(bac(*asked, "never", "--format", "junit", stdin=ONE_STEP).stdout)
    assert [each.text for each in suite.iter("system-out")] == [f"holds vacuously: {REASON}"]


@pytest.mark.parametrize("format_", ["text", "json", "junit"])
def test_no_format_says_so_of_what_really_holds(format_: str) -> None:
    printed = bac("check", "-", "--plan", "independent", "--format", format_, stdin=ONE_STEP).stdout
    assert "vacuous" not in printed


# Steps that never happen

NEVER = """
name: Never
services: {A: {owns: [a, c]}, B: {owns: [b]}}
use_cases:
  make: [{create: a}]
  remove: [{delete: a}, {create: b, refers_to: a}]
  other: [{create: c}]
plans:
  one database: {groups: [{mode: shared-database, services: all}]}
  locked: {groups: [{mode: locked, services: all}]}
  none: {groups: [{mode: none, services: [A]}]}
"""
REMOVE = "because 'remove.2' never happens"


@pytest.mark.parametrize("engine", ["explicit", "smt", "auto"])
@pytest.mark.parametrize("instances", [1, 2])
@pytest.mark.parametrize("plan", ["independent", "one database", "locked"])
def test_what_holds_is_marked_if_a_step_never_happens(plan: str, instances: int, engine: str) -> None:
    specification = parsed(NEVER)
    result = check(specification.architecture, specification.plan(plan), instances, engine=engine)
    holds = {which for which, each in result.properties.items() if each.verdict is Verdict.HOLDS}
    assert holds
    assert {which for which, each in result.properties.items() if each.vacuous} == holds
    assert {each.reason for each in result.properties.values() if each.vacuous} == {REMOVE}


def test_every_format_says_which_step() -> None:
    asked = ["check", "-", "--plan", "one database"]
    alone = bac(*asked, stdin=NEVER).stdout
    assert len(re.findall(rf"holds vacuously +any number of instances \({REMOVE}\)", alone)) == 3
    (plan,) = json.loads(bac(*asked, "--format", "json", stdin=NEVER).stdout)["plans"]
    assert plan["vacuous"]
    assert [each.get("vacuous") for each in plan["properties"].values()] == [True] * 4
    suite = ElementTree.fromstring(bac(*asked, "--format", "junit", stdin=NEVER).stdout)
    assert [each.text for each in suite.iter("system-out")] == [f"holds vacuously: {REMOVE}"] * 4


def test_the_table_says_why_each_plan_is_marked() -> None:
    table = bac("check", "-", stdin=NEVER).stdout
    assert re.search(r"^one database +✓\* +✓\* +✓\*", table, re.MULTILINE)
    assert f"* of independent, one database, locked and none: holds vacuously, {REMOVE}" in table
    assert "* of none: holds vacuously, only because no run ever recovers from a disaster" in table


def test_of_many_steps_that_never_happen_the_first_are_named() -> None:
    cases = {f"u{n}": [{"create": f"e{n}", "needs": f"e{(n + 1) % 5}"}] for n in range(5)}
    specification = parsed({"services": {"A": {"owns": [f"e{n}" for n in range(5)]}}, "use_cases": cases})
    result = check(specification.architecture, INDEPENDENT)
    reasons = {each.reason for each in result.properties.values()}
    assert reasons == {"because 'u0.1', 'u1.1', 'u2.1' and 2 more never happen"}


def test_a_search_that_is_too_large_marks_nothing() -> None:
    """Then it is not known what never happens."""
    specification = parsed(NEVER)
    options = CheckOptions(1, tuple(Property), "explicit", ALL_REDUCTIONS)
    plans = [INDEPENDENT]
    nothing = coverage(specification.architecture, plans, budget=Budget(each=0))
    (result,) = check_plans(specification.architecture, plans, options, Scheduler(Limits()), nothing)
    assert not any(each.vacuous for each in result.properties.values())
