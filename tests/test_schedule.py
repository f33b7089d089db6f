"""Searches find the same wherever they run, and finished results are never lost."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from itertools import count

import pytest
from helpers import MISSING, parsed

from bac.proofs import pool
from bac.proofs import scheduler as scheduling
from bac.proofs.check import check_plans
from bac.proofs.engine import Limits, Progress
from bac.proofs.reductions.part_search import ALL_REDUCTIONS, CheckOptions, PartSearch, Reduction
from bac.proofs.results import PlanResult, Verdict
from bac.proofs.scheduler import Scheduler
from bac.properties.qualities import Property

CHAIN = """
services: {A: {owns: [a, x]}, B: {owns: [b, y]}, C: {owns: [c]}}
use_cases:
  one: [create: a, {create: b, refers_to: [a]}]
  two: [create: x, {create: y, refers_to: [x]}, update: x]
  three: [{create: c, refers_to: [b, y]}]
plans:
  locked: {groups: [{mode: locked, services: all}]}
  atomic: {groups: [{mode: atomic, services: all}], disaster: {scope: any}}
  never: {groups: [{mode: none, services: [B]}]}
"""
EVERYTHING = tuple(Property)


@pytest.fixture(autouse=True)
def _searches_are_soon_large(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scheduling, "TRIAL", 20)


def results(
    scheduler: Scheduler, reductions: frozenset[Reduction] = frozenset(), instances: int = 1
) -> list[PlanResult]:
    specification = parsed(CHAIN)
    options = CheckOptions(instances, EVERYTHING, "explicit", reductions)
    return check_plans(specification.architecture, specification.plans, options, scheduler)


def told(found: list[PlanResult]) -> list[object]:
    """All but the seconds."""
    return [
        (
            result.plan,
            result.statistics.states,
            [
                (each.verdict, each.scope, each.trace, [(a.kind, a.subject, dict(a.traces)) for a in each.anomalies])
                for each in result.properties.values()
            ],
        )
        for result in found
    ]


@pytest.mark.parametrize("reductions", [frozenset(), ALL_REDUCTIONS], ids=["whole", "reduced"])
def test_processes_give_the_same_results(reductions: frozenset[Reduction]) -> None:
    here = results(Scheduler(Limits(), jobs=1), reductions, 2)
    assert any(result.statistics.states > 20 for result in here)
    assert told(results(Scheduler(Limits(), jobs=2), reductions, 2)) == told(here)


def test_a_cluster_gives_the_same_results() -> None:
    distributed = pytest.importorskip("distributed", reason=f"{MISSING} cluster")
    with distributed.LocalCluster(
        n_workers=1, threads_per_worker=1, processes=False, dashboard_address=None
    ) as cluster:
        spread = results(Scheduler(Limits(), scheduler=cluster.scheduler_address))
    assert told(spread) == told(results(Scheduler(Limits(), jobs=1)))


def test_a_dead_worker_is_replaced(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pool, "local_workers", workers_that_die(after=1, times=2))
    assert told(results(Scheduler(Limits(), jobs=2))) == told(results(Scheduler(Limits(), jobs=1)))


def test_what_was_finished_before_all_workers_died_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pool, "local_workers", workers_that_die(after=2, times=100, once=True))
    found = results(Scheduler(Limits(), jobs=2))
    limits = [result.limit for result in found]
    assert None in limits
    assert "workers keep dying" in limits
    assert all(
        each.verdict is Verdict.UNKNOWN for result in found if result.limit for each in result.properties.values()
    )


def workers_that_die(after: int, times: int, once: bool = False):  # type: ignore[no-untyped-def]
    """Workers of which ``times`` die after ``after`` tasks each (``once``: later ones die at once)."""
    left = iter(range(times))
    first = iter([after])

    @contextmanager
    def frail(_: object) -> Iterator[tuple[ThreadPoolExecutor, int]]:
        lives = next(first, 0) if once else after
        dies = next(left, None) is not None
        with ThreadPoolExecutor(1) as executor:
            submit, count = executor.submit, iter(range(1000))

            def submit_or_die(*arguments: object) -> object:
                if dies and next(count) >= lives:
                    raise BrokenProcessPool("killed")
                future = submit(*arguments)  # type: ignore[arg-type]
                future.exception()  # is done before the next one dies
                return future

            executor.submit = submit_or_die  # type: ignore[method-assign, assignment]
            yield executor, 1

    return frail


def test_the_time_of_an_interrupted_search_is_a_time_of_searching(monkeypatch: pytest.MonkeyPatch) -> None:
    """On a clock that goes on by ten seconds whenever it is looked at."""

    @contextmanager
    def interrupted(_: object) -> Iterator[None]:
        raise KeyboardInterrupt
        yield

    monkeypatch.setattr(pool, "local_workers", interrupted)
    clock = count(0, 10)
    found = results(Scheduler(Limits(), jobs=2, clock=lambda: next(clock)))
    assert all(result.interrupted for result in found)
    assert sum(result.statistics.seconds for result in found) >= 10


def test_an_interruption_keeps_what_is_finished() -> None:
    def stop(plan: str, _: Progress) -> None:
        if plan == "atomic":
            raise KeyboardInterrupt

    whole = results(Scheduler(Limits(), jobs=1))
    found = results(Scheduler(Limits(), jobs=1, progress=stop))
    by_plan = {result.plan: result for result in found}
    assert by_plan["atomic"].interrupted
    for result, complete in zip(found, whole, strict=True):
        for which, each in result.properties.items():
            assert each.verdict in (Verdict.UNKNOWN, complete.properties[which].verdict)
    assert by_plan["atomic"].verdict is not Verdict.HOLDS


def test_the_time_is_for_all_together() -> None:
    found = results(Scheduler(Limits(seconds=0.0), jobs=1))
    assert {result.limit for result in found} == {"the time limit of 0 s (--timeout) was reached"}


class Clock:
    """A clock that shows what the test says, in place of the module ``time``."""

    def __init__(self) -> None:
        self.now = 1000.0

    def time(self) -> float:
        return self.now

    monotonic = time


def test_a_search_that_waits_for_its_turn_has_no_more_time_than_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock()

    @contextmanager
    def late_workers(_: object) -> Iterator[tuple[ThreadPoolExecutor, int]]:
        """A worker that is free only when half an hour has passed."""
        with ThreadPoolExecutor(1) as executor:
            clock.now += 1800
            yield executor, 1

    monkeypatch.setattr(scheduling, "time", clock)
    monkeypatch.setattr(pool, "local_workers", late_workers)
    assert {result.limit for result in results(Scheduler(Limits(seconds=3600), jobs=2, clock=clock.monotonic))} == {
        None
    }
    found = results(Scheduler(Limits(seconds=1200), jobs=2, clock=clock.monotonic))
    assert {result.limit for result in found} == {"the time limit of 1200 s (--timeout) was reached"}


def test_small_searches_are_not_distributed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scheduling, "TRIAL", 100_000)
    monkeypatch.setattr(pool, "local_workers", lambda _: pytest.fail("another process"))
    assert told(results(Scheduler(Limits(), jobs=2))) == told(results(Scheduler(Limits(), jobs=1)))


def test_nothing_is_searched_when_the_time_is_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(PartSearch, "everything", lambda _: pytest.fail("searched"))
    found = results(Scheduler(Limits(seconds=0.0), jobs=1), ALL_REDUCTIONS)
    assert {each.verdict for result in found for each in result.properties.values()} == {Verdict.UNKNOWN}


def test_a_service_that_is_never_backed_up_needs_no_search_with_all_indices() -> None:
    specification = parsed(CHAIN)
    options = CheckOptions(50, EVERYTHING, "explicit", frozenset({Reduction.ONE_INDEX}))
    (result,) = check_plans(
        specification.architecture, [specification.plan("never")], options, Scheduler(Limits(), jobs=1)
    )
    backup = result.properties[Property.BACKUP]
    assert backup.trace is not None
    assert (backup.verdict, backup.trace.actions) == (Verdict.VIOLATED, ())
    assert result.statistics.states < 1000
