"""The precedence engine finds what the oracle finds, in runs that the interpreter confirms, or refuses the plan."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from random import Random
from typing import Any

import pytest
from campaign import DIFFERENT, Campaign, easier
from comparison import checked, of_checker, of_oracle
from helpers import REFERENCE, bac, parsed
from oracle import TooBig, judge

from bac.model.architecture import Architecture
from bac.model.modes import Mode, modes, registered
from bac.model.plan import INDEPENDENT, Group, Plan, Timing
from bac.model.recovery import OPTIONS
from bac.model.semantics import system
from bac.proofs.agreement import differences
from bac.proofs.check import check
from bac.proofs.engine import Limits, NotApplicable, Query
from bac.proofs.engines import AUTO, EXPLICIT, PRECEDENCE
from bac.proofs.explicit.breadth_first import explore
from bac.proofs.precedence.applicability import ALLOWED, MODES, REFUSED
from bac.proofs.precedence.engine import Precedence
from bac.proofs.precedence.progress import always_drains
from bac.proofs.precedence.verdicts import PrecedenceCheck
from bac.proofs.reductions.part_search import PartResult
from bac.proofs.results import Verdict
from bac.properties.anomalies import anomalies
from bac.properties.qualities import Property, qualities
from bac.schemas import violation
from bac.testing.generator import problem

Document = dict[str, Any]
MOST_STATES = 3000
FEW, MANY = 300, 8000


def problems(seeds: range) -> Iterator[Document]:
    """Generated specifications with a plan ``p``, mostly without what the engine refuses."""
    for seed in seeds:
        yield easier(problem(Random(seed)), Random(seed))


def agree(seeds: range) -> Counter[str]:
    """Hold the engine against the oracle; return how often each construct was in the plans that it decided."""
    seen = Counter[str]()
    for document in problems(seeds):
        try:
            specification = parsed(document)
            result = check(specification.architecture, specification.plan("p"), 1, engine=PRECEDENCE)
            expected = judge(document, "p", 1, MOST_STATES)
        except (NotApplicable, TooBig):
            continue
        if result.limit is not None:
            seen["takes long"] += 1
            continue
        assert of_checker(result) == of_oracle(expected), document
        plan = document["plans"]["p"]
        seen.update(["plans", *plan.get("recovery", {}), *(group["mode"] for group in plan.get("groups", []))])
        seen.update(kind for table in ("anomalies", "tolerated") for kind in expected[table])
        seen.update(expected["actions"])
    return seen


def test_it_agrees_with_the_oracle() -> None:
    seen = agree(range(FEW))
    assert seen["plans"] > FEW / 2 > 10 * seen["takes long"]
    rare = {"none", "continuous"}  # a disaster in a service without a backup is no disaster from which one recovers
    assert all(seen[mode] > 5 for mode in MODES - rare - {"independent"})
    assert all(seen[option] > 5 for option in ALLOWED - {"on_invalid"})
    assert all(seen[action] > 5 for action in ("step", "deny", "unlock", "deliver", "replay", "resume", "disaster"))
    assert all(seen[kind] > 5 for kind in ("broken-link", "orphan-state", "missing-state", "misdirected-link"))


@pytest.mark.slow
def test_it_agrees_with_the_oracle_on_thousands() -> None:
    assert agree(range(FEW, MANY))["plans"] > (MANY - FEW) / 2


CAMPAIGN = Campaign(PRECEDENCE, "explicit", easier=True)


def test_it_agrees_with_a_search_of_all_states() -> None:
    outcomes = CAMPAIGN.run(range(7_000_000, 7_000_200))
    assert not outcomes[DIFFERENT]
    assert outcomes["equal"] > 100


@pytest.mark.slow
def test_it_agrees_with_a_search_of_all_states_on_tens_of_thousands() -> None:
    outcomes = CAMPAIGN.run(range(7_100_000, 7_130_000))
    assert not outcomes[DIFFERENT]
    assert outcomes["equal"] > 20_000


def test_with_two_instances_it_finds_the_same() -> None:
    compared = 0
    for document in problems(range(30)):
        try:
            expected = judge(document, "p", 2, MOST_STATES)
            found = checked(document, "p", 2, PRECEDENCE)
        except (NotApplicable, TooBig):
            continue
        assert found == of_oracle(expected), document
        compared += 1
    assert compared > 5


# Whether a backup can always be completed


IN_TURN = """
services: {A: {owns: [a, b]}, B: {owns: [c, d]}}
use_cases: {there: [{create: a}, {create: c}, {create: b}]}
plans: {p: {groups: [{mode: locked, services: [A]}, {mode: locked, services: [B]}]}}
"""
CROSSING = IN_TURN.replace("{create: b}]", "{create: b}], back: [{create: d}, {create: e}, {create: f}]").replace(
    "[c, d]", "[c, d, f]"
)


@pytest.mark.parametrize(("text", "can"), [(IN_TURN, True), (CROSSING.replace("[a, b]", "[a, b, e]"), False)])
def test_locks_that_do_not_wait_for_each_other_can_be_taken_one_after_the_other(text: str, can: bool) -> None:
    specification = parsed(text)
    precedence = Precedence(specification.architecture, specification.plan("p"))
    assert always_drains(precedence.events, precedence.backups) is can
    result = check(specification.architecture, specification.plan("p"), engine=EXPLICIT)
    assert result.properties[Property.BACKUP].verdict is (Verdict.HOLDS if can else Verdict.VIOLATED)


def test_what_certainly_drains_has_no_dead_end() -> None:
    """The search finds none in architectures whose services have several locks; and it finds those of the others."""
    seen = Counter[tuple[bool, bool]]()
    for document in problems(range(250)):
        names = [name for name, service in sorted(document["services"].items()) if not service.get("external")]
        groups = [{"mode": "locked", "services": half} for half in (names[::2], names[1::2]) if half]
        specification = parsed(document | {"plans": {"p": {"groups": groups}}})
        plan = specification.plan("p")
        query = Query(always_reachable=qualities(specification.architecture, plan, 1).backed_up)
        found = explore(system(specification.architecture, plan, 1).without_disasters(), query, Limits(MOST_STATES))
        if found.limit is None:
            precedence = Precedence(specification.architecture, plan)
            drains = always_drains(precedence.events, precedence.backups)
            assert not drains or found.dead_end is None, document
            seen[drains, found.dead_end is None] += 1
    assert seen[True, True] > 50
    assert seen[False, False] > 5


# What it refuses


def test_every_mode_and_option_is_accepted_or_refused_by_name() -> None:
    assert {mode.name for mode in modes()} >= MODES, "a mode that is not listed is refused"
    assert {option.name for option in OPTIONS} == ALLOWED | REFUSED
    assert not ALLOWED & REFUSED


def two_services() -> Architecture:
    """The reference of Figures 3 and 4."""
    return parsed(REFERENCE).architecture


@pytest.mark.parametrize("option", sorted(REFUSED))
def test_it_refuses_an_option_that_it_does_not_cover(option: str) -> None:
    text = {"source": "from: newest"}[option]
    plan = parsed(f"{REFERENCE}  p: {{recovery: {{{text}}}}}").plan("p")
    with pytest.raises(NotApplicable, match=text.partition(":")[0]):
        Precedence(two_services(), plan)


def test_it_refuses_a_mode_that_it_does_not_know() -> None:
    with registered(replace(Mode.ATOMIC, name="new")) as mode, pytest.raises(NotApplicable, match="mode new"):
        Precedence(two_services(), Plan("p", (Group(mode, ("A", "B")),)))


def test_it_is_an_error_to_ask_it_for_what_it_refuses_and_auto_asks_another() -> None:
    plan = parsed(REFERENCE + "  p: {recovery: {from: newest}}").plan("p")
    with pytest.raises(NotApplicable, match="from"):
        check(two_services(), plan, engine=PRECEDENCE)
    result = check(two_services(), plan, engine=AUTO)
    assert result.engine == "explicit"
    assert result.verdict is check(two_services(), plan).verdict


# All engines together


def test_all_engines_together_say_who_decided(tmp_path: Path) -> None:
    file = tmp_path / "reference.bac.yaml"
    file.write_text(f"{REFERENCE}  newest: {{recovery: {{from: newest}}}}", encoding="utf-8")
    document = json.loads(bac("check", file, "--engine", "all", "--format", "json").stdout)
    assert violation("report", document) is None
    plans = {plan["plan"]: plan for plan in document["plans"]}
    newest = plans.pop("newest")
    assert {plan["engine"] for plan in plans.values()} == {"precedence, explicit, smt"}
    assert not any("refusal" in plan for plan in plans.values())
    assert newest["engine"] == "explicit, smt"
    assert newest["refusal"] == "the precedence engine does not cover the option from"
    text = bac("check", file).stdout
    told = "newest: decided by searching states, because the precedence engine does not cover the option from"
    assert told in " ".join(text.split())


@pytest.mark.parametrize("engine", ["all", "both"])
@pytest.mark.parametrize(("plan", "hidden"), [("any", "anomalies"), ("rollback", "losses"), ("locked", "denied")])
def test_a_difference_between_the_engines_is_a_bug_of_the_checker(
    plan: str, hidden: str, engine: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The precedence engine does not see something that the others see, or sees what is not there."""
    honest = PrecedenceCheck.result

    def dishonest(check: PrecedenceCheck) -> PartResult:
        found = honest(check)
        match hidden:
            case "anomalies":
                return replace(found, anomalies=tuple({} for _ in found.anomalies))
            case "losses":
                return replace(found, losses=tuple({} for _ in found.losses))
            case _:
                return replace(found, denied=None)

    monkeypatch.setattr(PrecedenceCheck, "result", dishonest)
    file = tmp_path / "reference.bac.yaml"
    file.write_text(REFERENCE, encoding="utf-8")
    result = bac("check", file, "--plan", plan, "--engine", engine)
    assert result.exit_code == 4
    assert f"plan {plan}: two engines disagree; this is a bug of the checker" in result.stderr
    assert bac("check", file, "--plan", plan, "--engine", "explicit").exit_code in (0, 1)


# Lengths that take long


@pytest.mark.parametrize("most", [4, 15])
def test_a_search_that_hurries_finds_the_same_but_for_lengths(most: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each length is between what is said that it is at least, and at most."""
    monkeypatch.setattr(PrecedenceCheck.__init__, "__defaults__", (most,))
    seen = Counter[bool]()
    for document in problems(range(1_000_100, 1_000_240)):
        specification = parsed(document)
        arguments = specification.architecture, specification.plan("p")
        try:
            found = check(*arguments, engine=PRECEDENCE)
        except NotApplicable:
            continue
        exact = check(*arguments, engine="explicit", limits=Limits(states=MOST_STATES), reductions=())
        assert not list(differences(found, exact)), document
        seen.update(bool(each.at_least) for each in found.properties[Property.CONSISTENCY].anomalies)
    assert all(seen[inexact] > 0 for inexact in (True, False))


SLOW = """
services: {a: {owns: [x, y, z]}}
use_cases:
  one: [{create: x}, {create: y, refers_to: x}, {delete: z, needs: z, kept: true}]
  two: [{create: z, refers_to: [y, x]}]
  three: [{copy: x, at: a}, {copy: x, at: a, via: event}]
plans: {p: {recovery: {on_invalid: reject, onto: existing}, disaster: {scope: any}}}
"""


def test_a_length_that_takes_long_is_told_as_what_it_is(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(PrecedenceCheck.__init__, "__defaults__", (4,))
    file = tmp_path / "slow.bac.yaml"
    file.write_text(SLOW, encoding="utf-8")
    hurried = (file, "--plan", "p", "--engine", PRECEDENCE)
    shown = bac("check", *hurried, "--kind", "missing-state").stdout
    assert "shortest run: at most 4 actions, at least 3 (disaster at rest: 6)" in shown
    told = json.loads(bac("check", *hurried, "--format", "json").stdout)
    assert violation("report", told) is None
    exact = json.loads(bac("check", *hurried, "--exact-lengths", "--format", "json").stdout)
    by_search = json.loads(bac("check", file, "--plan", "p", "--format", "json").stdout)
    kinds = [
        {(each["kind"], each["subject"]): each for each in report["plans"][0]["properties"]["consistency"]["anomalies"]}
        for report in (told, exact, by_search)
    ]
    for kind, hasty in kinds[0].items():
        assert kinds[1][kind]["length"] == kinds[2][kind]["length"]
        assert not {"at_least"} & (kinds[1][kind].keys() | kinds[2][kind].keys())
        for timing, most in hasty["length"].items():
            least = hasty.get("at_least", {}).get(timing, most)
            assert least <= kinds[1][kind]["length"][timing] <= most
    assert by_search["plans"][0]["engine"] == "explicit"
    assert "finds no shortest run" in by_search["plans"][0]["refusal"]


# Known results


def lengths(plan: Plan) -> dict[str, dict[Timing, int]]:
    """The lengths of the runs that show each anomaly of the reference."""
    engine, found = Precedence(two_services(), plan), {}
    for anomaly in anomalies(two_services(), plan, 1):
        runs = engine.settled(anomaly.formula)
        if runs:
            found[str(anomaly.kind)] = {timing: run.length for timing, run in runs.items()}
    return found


def test_figures_3_and_4() -> None:
    found = lengths(INDEPENDENT)
    assert found["broken-link"] == {Timing.ANY_TIME: 5, Timing.AT_REST: 5}
    assert found["orphan-state"] == {Timing.ANY_TIME: 4, Timing.AT_REST: 5}


@pytest.mark.parametrize("plan", ["locked", "shared", "resume"])
def test_plans_that_are_consistent_at_rest(plan: str) -> None:
    found = lengths(parsed(REFERENCE).plan(plan))
    assert not any(Timing.AT_REST in runs for runs in found.values())


def test_an_atomic_snapshot_catches_a_use_case_in_flight() -> None:
    assert lengths(parsed(REFERENCE).plan("atomic")) == {"orphan-state": {Timing.ANY_TIME: 3, Timing.AT_REST: 4}}


BY_HAND = """
services: {a: {owns: [y]}, b: {owns: [x, z]}}
use_cases:
  one: [{create: x}]
  two: [{create: y, refers_to: z, name: first}, {create: z, refers_to: x}, {update: z, after: first}]
plans: {p: {recovery: {reconstruct: true}}}
"""


def test_people_create_again_what_never_happened() -> None:
    """A link to z is made before z is created, and z refers to x of a use case that never began."""
    specification = parsed(BY_HAND)
    found, exact = (
        check(specification.architecture, specification.plan("p"), engine=e) for e in (PRECEDENCE, "explicit")
    )
    assert not list(differences(found, exact))


# Large architectures


def chain(services: int) -> Architecture:
    """Services of which each refers to what the next one owns, in use cases that all need each other."""
    names = [f"s{number}" for number in range(services)]
    use_cases = [
        f"  u{n}: [{{create: e{n}{f', refers_to: e{n - 1}' if n else ''}}}, {{copy: e{n}, at: s{n - 1}, via: event}}]"
        for n in range(1, services)
    ]
    text = ["name: chain", "services:", *(f"  {name}: {{owns: [e{name[1:]}]}}" for name in names), "use_cases:"]
    return parsed("\n".join([*text, "  u0: [{create: e0}]", *use_cases])).architecture


def test_many_services_that_need_each_other_and_any_of_which_may_crash() -> None:
    architecture = chain(14)
    plan = parsed(REFERENCE).plan("any")
    result = check(architecture, plan, engine=AUTO)
    assert result.engine == PRECEDENCE
    found = result.properties[Property.CONSISTENCY].anomalies
    assert {each.subject for each in found if each.kind == "broken-link"} == {f"e{n} -> e{n - 1}" for n in range(1, 14)}


def test_a_lock_around_many_services_is_consistent() -> None:
    architecture = chain(40)
    group = Group(Mode.LOCKED, tuple(service.name for service in architecture.services))
    result = check(architecture, Plan("locked", (group,)), engine=AUTO)
    assert result.engine == PRECEDENCE
    verdicts = {which: each.verdict for which, each in result.properties.items()}
    assert verdicts[Property.CONSISTENCY] is Verdict.HOLDS
    assert verdicts[Property.BACKUP] is Verdict.HOLDS
    assert verdicts[Property.AVAILABILITY] is Verdict.VIOLATED
