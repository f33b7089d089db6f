"""Limits and Ctrl-C are looked at wherever time can go, and each is named in plain words."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import pytest
from helpers import bac, parsed

from bac.model.errors import LimitReached
from bac.model.semantics import system
from bac.proofs import check as checking
from bac.proofs import replay
from bac.proofs.check import check_plans
from bac.proofs.engine import LimitMonitor, Limits, in_bytes, in_seconds
from bac.proofs.explicit import coverage
from bac.proofs.reductions.part_search import ALL_REDUCTIONS, CheckOptions, Part, PartSearch, Reduction
from bac.proofs.reductions.projection import CHECK_EVERY, can_always_be_completed
from bac.proofs.results import PlanResult, Verdict
from bac.proofs.scheduler import Scheduler
from bac.proofs.smt.order_encoding import Orders
from bac.proofs.smt.solver import Budget
from bac.properties.qualities import Property

CHAIN = """
services: {A: {owns: [a, x]}, B: {owns: [b, y]}, C: {owns: [c]}}
use_cases:
  one: [create: a, {create: b, refers_to: [a]}]
  two: [create: x, {create: y, refers_to: [x]}]
  three: [{create: c, refers_to: [b, y]}]
plans: {p: {}}
"""
"""Every reference can break, and events can be missing: several anomalies."""
REACHED = "the time limit of 10 s (--timeout) was reached"


class Clock:
    """A clock that the test sets."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def checked(scheduler: Scheduler, reductions: frozenset[Reduction] = frozenset(), instances: int = 1) -> PlanResult:
    specification = parsed(CHAIN)
    options = CheckOptions(instances, tuple(Property), "explicit", reductions)
    (result,) = check_plans(specification.architecture, [specification.plan("p")], options, scheduler)
    return result


def verdicts(result: PlanResult) -> set[Verdict]:
    return {each.verdict for each in result.properties.values()}


# Words


@pytest.mark.parametrize(
    ("count", "words"),
    [(1 << 20, "1 MiB"), (3 << 29, "1.5 GiB"), (512 << 10, "512 KiB"), (1000 << 20, "1000 MiB"), (100, "100 bytes")],
)
def test_memory_is_told_in_the_largest_unit_of_which_there_is_one(count: int, words: str) -> None:
    assert in_bytes(count) == words


@pytest.mark.parametrize(("seconds", "words"), [(0, "0 s"), (1.0, "1 s"), (2.5, "2.5 s"), (0.25, "250 ms")])
def test_less_than_a_second_is_told_in_milliseconds(seconds: float, words: str) -> None:
    assert in_seconds(seconds) == words


def test_each_limit_is_named_with_its_option() -> None:
    clock = Clock()
    assert LimitMonitor(Limits(states=500)).exceeded(500, 1, 1) == "the limit of 500 states (--max-states) was reached"
    assert LimitMonitor(Limits(states=1)).exceeded(1, 1, 1) == "the limit of 1 state (--max-states) was reached"
    memory = LimitMonitor(Limits(memory=1 << 20)).exceeded(1, 1, 1)
    assert memory == "the memory limit of 1 MiB (--max-memory) was reached"
    assert LimitMonitor(Limits(memory=1 << 20).shared_by(3)).exceeded(1, 1, 1) == memory
    monitor = LimitMonitor(Limits(seconds=10), clock=clock)
    assert monitor.exceeded(1, 1, 1) is None
    clock.now = 10.0
    assert monitor.exceeded(1, 1, 1) == REACHED


def test_what_is_left_of_a_time_is_told_as_the_whole_of_it() -> None:
    left = Limits(seconds=10).after(3).after(4)
    assert left.seconds == 3
    assert left.time_reached() == REACHED
    assert Limits().after(5) == Limits()


def test_the_command_line_tells_less_than_a_mebibyte_as_it_is() -> None:
    result = bac("check", "-", "--plan", "p", "--engine", "explicit", "--max-memory", "1", stdin=CHAIN)
    assert result.exit_code == 3
    assert "the memory limit of 1 MiB (--max-memory) was reached" in " ".join(result.stdout.split())


# Time


def stopping_after(calls: int) -> Callable[[], None]:
    """Raises an error at one of its calls."""
    left = iter(range(calls))

    def check() -> None:
        if next(left, None) is None:
            raise LimitReached("enough")

    return check


def test_building_a_system_can_be_stopped() -> None:
    specification = parsed(CHAIN)
    with pytest.raises(LimitReached, match="enough"):
        system(specification.architecture, specification.plan("p"), 2, stopping_after(5))


def test_a_system_that_takes_too_long_to_build_is_not_searched(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(LimitMonitor, "time_is_over", lambda _: True)
    specification = parsed(CHAIN)
    part = Part(specification.architecture, specification.plan("p"), ())
    options = CheckOptions(1, tuple(Property), "explicit", frozenset())
    found = PartSearch(part, options, Limits(seconds=10)).everything()
    assert found.limits == dict.fromkeys(Property, REACHED)
    assert found.statistics.states == 0


@pytest.mark.parametrize("calls", [1, 2])
def test_the_argument_about_backups_can_be_stopped(calls: int) -> None:
    """It looks at the clock once for each thousand states, when it finds them and when it goes back over them."""
    specification = parsed("services: {A: {owns: [a]}}\nuse_cases: {one: [create: a]}\nplans: {p: {}}")
    locked = parsed("""
services: {A: {owns: [a]}, B: {owns: [b]}}
use_cases: {one: [create: a, create: b]}
plans: {p: {groups: [{mode: locked, services: all}]}}
""")
    assert can_always_be_completed(system(specification.architecture, specification.plan("p")))
    built = system(locked.architecture, locked.plan("p"))
    assert can_always_be_completed(built, stopping_after(3))
    assert CHECK_EVERY > 100
    with pytest.raises(LimitReached, match="enough"):
        can_always_be_completed(built, stopping_after(calls - 1))


def test_a_backup_that_cannot_be_argued_about_in_time_is_unknown(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock()

    def slow(_architecture: object, _plan: object, budget: coverage.Budget) -> bool:
        clock.now += 11
        with pytest.raises(LimitReached):
            budget.check()
        return False

    monkeypatch.setattr(checking, "locks_are_always_released", slow)
    specification = parsed("""
services: {A: {owns: [a, d]}, B: {owns: [b, c]}}
use_cases:
  u: [{create: a}, {create: b}, {update: a}]
  v: [{create: c}, {create: d}, {update: c}]
plans: {two: {groups: [{mode: locked, services: [A]}, {mode: locked, services: [B]}]}}
""")
    options = CheckOptions(1, tuple(Property), "auto", ALL_REDUCTIONS)
    scheduler = Scheduler(Limits(seconds=10), 1, clock=clock)
    (result,) = check_plans(specification.architecture, [specification.plan("two")], options, scheduler)
    assert result.properties[Property.BACKUP].reason == REACHED
    assert result.properties[Property.CONSISTENCY].verdict is Verdict.VIOLATED


def test_what_a_trial_found_is_kept_when_the_time_is_over(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock()

    def late(self: Scheduler, searches: object) -> None:
        clock.now = 10.5
        run_all(self, searches)  # type: ignore[arg-type]

    run_all = Scheduler.run_all
    monkeypatch.setattr("bac.proofs.scheduler.TRIAL", 250)
    monkeypatch.setattr(Scheduler, "run_all", late)
    result = checked(Scheduler(Limits(seconds=10), 1, clock=clock))
    assert result.limit == REACHED
    assert result.properties[Property.CONSISTENCY].anomalies
    assert not result.properties[Property.CONSISTENCY].complete
    assert result.properties[Property.BACKUP].verdict is Verdict.UNKNOWN


def test_the_formula_of_a_large_system_is_built_within_limits() -> None:
    specification = parsed(CHAIN)
    built = system(specification.architecture, specification.plan("p"))
    with pytest.raises(LimitReached, match="0 s"):
        Orders(built, Budget(Limits(seconds=0.0)))


# Confirming


def confirming(monkeypatch: pytest.MonkeyPatch, at: int, then: Callable[[], None]) -> None:
    """Have something happen when the trace with this number is confirmed."""
    judge, numbers = replay.objection, iter(range(1, 1000))

    def objection(*arguments: object) -> str | None:
        if next(numbers) == at:
            then()
        return judge(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(replay, "objection", objection)


def interrupt() -> None:
    raise KeyboardInterrupt


@pytest.mark.parametrize("late", [10.5, 11.0])
def test_when_the_time_is_over_by_a_tenth_only_the_first_violation_is_confirmed(
    late: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = Clock()
    whole = checked(Scheduler(Limits(), 1)).properties[Property.CONSISTENCY]
    confirming(monkeypatch, 1, partial(setattr, clock, "now", late))
    result = checked(Scheduler(Limits(seconds=10), 1, clock=clock))
    consistency = result.properties[Property.CONSISTENCY]
    assert len(whole.anomalies) > 1
    assert consistency.anomalies[0].subject == whole.anomalies[0].subject
    if late < 11:
        assert len(consistency.anomalies) == len(whole.anomalies)
        assert consistency.complete
    else:
        assert len(consistency.anomalies) == 1
        assert consistency.reason == f"there may be more: {REACHED}"


@pytest.mark.parametrize("at", [1, 2, 3, 6])
def test_an_interruption_while_traces_are_confirmed_keeps_those_before_it(
    at: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = checked(Scheduler(Limits(), 1))
    confirming(monkeypatch, at, interrupt)
    result = checked(Scheduler(Limits(), 1))
    assert result.interrupted
    assert result.limit == "interrupted"
    for which, each in result.properties.items():
        complete = whole.properties[which]
        assert each.verdict in (complete.verdict, Verdict.UNKNOWN)
        assert len(each.anomalies) <= len(complete.anomalies)
    shown = len(result.properties[Property.CONSISTENCY].anomalies)
    assert shown == (at - 1) // 2, "an anomaly has a trace for each timing"


def test_an_interruption_while_a_system_is_built_is_unknown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(LimitMonitor, "check", lambda _: interrupt())
    result = checked(Scheduler(Limits(), 1))
    assert result.interrupted
    assert verdicts(result) == {Verdict.UNKNOWN}


def test_an_interruption_while_verdicts_are_made_is_unknown(monkeypatch: pytest.MonkeyPatch) -> None:
    calls = iter([interrupt])
    monkeypatch.setattr("bac.proofs.results.soonest", lambda _: next(calls, lambda: None)())
    result = checked(Scheduler(Limits(), 1))
    assert result.interrupted
    assert verdicts(result) == {Verdict.UNKNOWN}


def test_an_interruption_while_searches_are_distributed_keeps_their_trials(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bac.proofs.scheduler.TRIAL", 250)
    monkeypatch.setattr(Scheduler, "worth_distributing", lambda *_: interrupt())
    result = checked(Scheduler(Limits(), 2))
    assert result.interrupted
    assert result.properties[Property.CONSISTENCY].anomalies
    assert result.properties[Property.BACKUP].reason == "interrupted"
