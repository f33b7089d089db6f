"""A change that helps against an anomaly was found by checking it, and is found again by a plain search."""

from __future__ import annotations

import json
from dataclasses import replace
from functools import cache
from itertools import count
from pathlib import Path

import pytest
from corpus_cases import CORPUS, SPECIFICATION
from helpers import REFERENCE, bac, parsed
from test_examples import FILES

import bac as face
from bac.model.architecture import Architecture
from bac.model.errors import BacError
from bac.model.modes import Image, Mode, one_by_one, registered
from bac.model.plan import Plan
from bac.model.recovery import OPTIONS
from bac.model.setting import Setting
from bac.model.specification.reader import Specification, load, parse
from bac.model.specification.writer import dump
from bac.proofs.advice import search
from bac.proofs.advice.changes import Advice, Concern, Help, changes
from bac.proofs.advice.search import QUICK, THOROUGH, Budget, Trials, advise
from bac.proofs.check import check
from bac.proofs.engine import LimitMonitor, Limits
from bac.proofs.results import AnomalyResult, PlanResult, Verdict
from bac.properties.anomalies import anomalies
from bac.properties.qualities import Property, no_way_back
from bac.schemas import violation

SMALL = [file for file in FILES if file.stem.split(".")[0] not in ("ftgo", "lakeside-mutual")]
"""The examples whose plans are searched without any reduction in a moment."""
MOST_STATES = 20_000


def advised(specification: Specification, plan: str, budget: Budget = QUICK) -> dict[str, Advice]:
    """The advice on each anomaly of a plan, by kind and subject."""
    architecture, chosen = specification.architecture, specification.plan(plan)
    result = advise(architecture, chosen, check(architecture, chosen), budget, LimitMonitor(Limits()))
    found = result.properties[Property.CONSISTENCY].anomalies
    return {f"{each.kind} {each.subject}": each.advice for each in found if each.advice is not None}


@cache
def plainly(architecture: Architecture, plan: Plan) -> PlanResult:
    """The results on a plan without any reduction."""
    return check(architecture, plan, limits=Limits(states=MOST_STATES), reductions=())


def violating(result: PlanResult) -> set[str]:
    """The anomalies that violate consistency, by kind and subject."""
    return {f"{each.kind} {each.subject}" for each in result.properties[Property.CONSISTENCY].anomalies}


def violated(result: PlanResult) -> set[Property]:
    """The properties that are violated."""
    return {which for which, each in result.properties.items() if each.verdict is Verdict.VIOLATED}


FEW = [file for file in SMALL if file.stem.split(".")[0] in ("sales", "figure-3", "gitea", "job-queue")]
CASES = [
    pytest.param(file, marks=pytest.mark.slow)
    for file in (*(each for each in SMALL if each not in FEW), *sorted(CORPUS.glob(f"*{SPECIFICATION}")))
]


@pytest.mark.parametrize("file", [*FEW, *CASES], ids=lambda file: file.stem)
def test_each_help_removes_the_anomaly_and_costs_what_is_said(file: Path) -> None:
    specification, checked = load(file), 0
    architecture = specification.architecture
    for plan in specification.plans:
        before = plainly(architecture, plan)
        for anomaly, advice in advised(specification, plan.name).items():
            for each in advice.helps:
                after = plainly(architecture, each.plan)
                if after.limit is None:
                    checked += 1
                    confirm(anomaly, each, before, after)
    assert checked or all(not violating(plainly(architecture, plan)) for plan in specification.plans)


def confirm(anomaly: str, help_: Help, before: PlanResult, after: PlanResult) -> None:
    """A changed plan does not show the anomaly, recovers, keeps its backups, and costs what is said."""
    assert anomaly not in violating(after)
    assert not after.properties[Property.CONSISTENCY].vacuous
    lost = violated(after) - violated(before)
    assert Property.BACKUP not in lost
    assert ("clients wait" in help_.costs) == (Property.AVAILABILITY in lost)
    assert ("loses what was backed up" in help_.costs) == (Property.NO_EXTRA_LOSS in lost)
    assert any(cost.startswith("introduces") for cost in help_.costs) == bool(violating(after) - violating(before))


READ = [*(file for file in FILES if file.stem.startswith(("sales", "figure-5"))), *CASES]


@pytest.mark.parametrize("file", READ, ids=lambda file: file.stem)
def test_a_changed_plan_is_valid_exactly_if_it_can_be_read(file: Path) -> None:
    specification = load(file)
    architecture, told = specification.architecture, set[bool]()
    for plan in specification.plans:
        trials = Trials(architecture, plan, check(architecture, plan), QUICK, LimitMonitor(Limits()))
        about = [Concern.of(architecture, each) for each in anomalies(architecture, plan, 1)]
        changed = dict.fromkeys(change.apply(plan) for concern in about for change in changes(plan, concern))
        for each in changed:
            assert trials.is_valid(each) == (each != plan and can_be_read(architecture, each)), each
            told.add(trials.is_valid(each))
    assert told == {True, False} or file.stem == "each-other.bac", "where there is nothing to change"


def can_be_read(architecture: Architecture, plan: Plan) -> bool:
    """Whether a specification can have the plan."""
    try:
        parse(json.dumps(dump(architecture, [replace(plan, name="changed", expect=None)])))
    except BacError:
        return False
    return True


def test_the_order_of_the_backups_helps_against_a_broken_link() -> None:
    specification = parsed(REFERENCE)
    advice = advised(specification, "independent")["broken-link a -> b"]
    assert [str(each) for each in advice.helps][:2] == ["order: [A, B]", "groups: one atomic group of A and B"]
    assert advice.limit is None


def test_to_go_on_with_calls_helps_against_an_orphan() -> None:
    advice = advised(parsed(REFERENCE), "independent")["orphan-state b"]
    assert str(advice).startswith("recovery.resume: true; ")


def test_what_clients_and_people_have_to_do_is_said() -> None:
    some = advised(parsed(REFERENCE), "any", THOROUGH)["broken-link a -> b"]
    assert "recovery.retry: true (needs people)" in str(some)


def test_pairs_of_changes_are_tried_where_no_single_one_helps() -> None:
    specification = load(CORPUS / f"charges{SPECIFICATION}")
    assert advised(specification, "undo")["missing-state pay.3"].helps == ()
    paired = advised(specification, "undo", THOROUGH)["missing-state pay.3"].helps
    assert [str(each) for each in paired] == ["recovery.resume: true with groups: continuous shop"]
    assert "missing-state pay.3" not in violating(plainly(specification.architecture, paired[0].plan))


def test_every_option_and_mode_is_tried() -> None:
    specification = parsed(REFERENCE)
    plan = specification.plan("independent")
    about = anomalies(specification.architecture, plan, 1)[0]
    concern = Concern.of(specification.architecture, about)
    keys = {change.key for change in changes(plan, concern)}
    assert {f"recovery.{option.key}" for option in OPTIONS} | {"order", "groups", "disaster"} == keys
    throwaway = Mode("every other day", "each service alone, at any time", one_by_one)
    with registered(throwaway):
        assert any("every other day" in change.words for change in changes(plan, concern))


INDEX = """
services: {a: {owns: [x]}, b: {owns: [y]}, s: {copies: [x]}}
use_cases: {u: [create: x, {create: y, refers_to: [x]}, {copy: x, at: s, via: event}]}
plans:
  index without replay: {order: [b, a], groups: [{mode: rebuilt, services: [s]}]}
  replay: {recovery: {replay: true}}
"""


@pytest.mark.parametrize("plan", ["index without replay", "replay"])
def test_no_help_gives_up_the_backup_of_an_owner_or_leaves_more_services_without_a_way_back(plan: str) -> None:
    specification = parsed(INDEX)
    architecture, chosen = specification.architecture, specification.plan(plan)
    lacking = {step.service for _, step in no_way_back(Setting(architecture, chosen, 1))}
    found = [each for advice in advised(specification, plan, THOROUGH).values() for each in advice.helps]
    assert found
    for each in found:
        assert {step.service for _, step in no_way_back(Setting(architecture, each.plan, 1))} <= lacking
        assert not any(each.plan.mode_of(owner).image in (Image.EMPTY, Image.NOTHING) for owner in ("a", "b"))


def test_a_help_that_gives_up_the_backup_of_copies_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(search, "LISTED", 99)
    found = advised(parsed(INDEX), "replay", THOROUGH)["missing-state u.1"].helps
    rebuilt = [str(each) for each in found if "rebuilt" in str(each)]
    assert rebuilt == ["groups: rebuilt s (what is in s is not backed up any more)"]


def test_what_makes_the_backup_hold_is_said() -> None:
    specification = parsed(INDEX)
    architecture, chosen = specification.architecture, specification.plan("index without replay")
    result = advise(architecture, chosen, check(architecture, chosen), QUICK, LimitMonitor(Limits()))
    advice = result.properties[Property.BACKUP].advice
    assert advice is not None
    assert [str(each) for each in advice.helps] == ["recovery.replay: true"]
    assert Property.BACKUP not in violated(plainly(architecture, advice.helps[0].plan))


def test_locks_that_wait_for_each_other_are_taken_away_or_made_one() -> None:
    specification = load(CORPUS / f"deadlock{SPECIFICATION}")
    architecture, chosen = specification.architecture, specification.plan("two locks")
    result = advise(architecture, chosen, check(architecture, chosen), QUICK, LimitMonitor(Limits()))
    advice = result.properties[Property.BACKUP].advice
    assert advice is not None
    assert "groups: one locked group of A and B" in map(str, advice.helps)
    assert not any(Property.BACKUP in violated(plainly(architecture, each.plan)) for each in advice.helps)


def test_the_report_says_that_no_backup_can_ever_be_completed_and_what_helps(tmp_path: Path) -> None:
    file = tmp_path / "index.bac.yaml"
    file.write_text(INDEX)
    shown = " ".join(bac("check", file, "--plan", "index without replay").stdout.split())
    assert "backup is violated from the beginning No backup can ever be completed, because s is rebuilt" in shown
    assert "which s executes. helps: recovery.replay: true (it is so from the beginning" in shown
    document = json.loads(bac("check", file, "--helps", "--format", "json").stdout)
    assert violation("report", document) is None
    helps = {plan["plan"]: plan["properties"]["backup"].get("helps") for plan in document["plans"]}
    assert helps["index without replay"] == [{"changes": ["recovery.replay: true"], "costs": []}]
    assert helps["replay"] is None


def test_beyond_the_budget_nothing_is_said_to_help() -> None:
    nothing = Budget(states=0, each=1, trials=0, together=False)
    for advice in advised(parsed(REFERENCE), "independent", nothing).values():
        assert advice.helps == ()
        assert str(advice) == "not searched: more would take too long; --helps tries more"


def test_the_search_stops_with_the_time() -> None:
    specification = parsed(REFERENCE)
    architecture, plan = specification.architecture, specification.plan("independent")
    clock = count(step=10)
    monitor = LimitMonitor(Limits(seconds=15), clock=lambda: float(next(clock)))
    result = advise(architecture, plan, check(architecture, plan), THOROUGH, monitor)
    advice = [each.advice for each in result.properties[Property.CONSISTENCY].anomalies]
    assert all(each is not None and "time limit" in str(each.limit) for each in advice)


def test_what_looks_like_another_anomaly_and_what_is_not_wanted_gets_no_advice() -> None:
    specification = parsed(REFERENCE)
    architecture, plan = specification.architecture, specification.plan("independent")

    def wanted(anomaly: AnomalyResult) -> bool:
        return anomaly.kind == "orphan-state"

    result = advise(architecture, plan, check(architecture, plan), QUICK, LimitMonitor(Limits()), wanted)
    found = result.properties[Property.CONSISTENCY].anomalies
    assert {str(each.kind) for each in found if each.advice is not None} == {"orphan-state"}


@pytest.mark.parametrize(
    ("options", "shown"),
    [
        (["--plan", "independent"], True),
        (["--plan", "independent", "--no-helps"], False),
        ([], False),
        (["--format", "json", "--plan", "independent"], False),
        (["--format", "json", "--helps"], True),
    ],
)
def test_the_report_says_what_helps_where_it_is_asked_for(options: list[str], shown: bool, tmp_path: Path) -> None:
    file = tmp_path / "a.bac.yaml"
    file.write_text(REFERENCE)
    printed = bac("check", file, *options).stdout
    assert ("recovery.resume: true" in printed) == shown


def test_in_python_an_anomaly_says_what_helps() -> None:
    report = face.check(face.loads(REFERENCE), plan="independent")
    orphan = next(each for each in report["independent"].anomalies if each.kind == "orphan-state")
    assert (orphan.helps[0].changes, orphan.helps[0].costs) == (("recovery.resume: true",), ())
