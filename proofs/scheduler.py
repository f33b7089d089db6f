"""Put searches to work: each is tried here, and what turns out to be large is spread over processes or a cluster.

Whoever wants something searched is a generator that yields lists of tasks and is sent what was found; several of them
are served at once, so that the large searches of all of them are spread together.  The results do not depend on where
a search ran.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass, field, replace
from typing import TypeVar

from bac.model.extras import suggest_fast
from bac.proofs.engine import Limits, Progress
from bac.proofs.pool import Spread, dask_workers, local_workers
from bac.proofs.reductions.decomposition import Part
from bac.proofs.reductions.part_search import CheckOptions, PartResult

TRIAL = 20_000
"""A search with no more states than that is not worth another process."""

INTERRUPTED = "interrupted"

T = TypeVar("T")
ProgressListener = Callable[[str, Progress], None]


@dataclass(frozen=True)
class Task:
    """One search: of a part, for all that is asked or for the backup alone.

    A task that is only ``tried`` is given up where it turns out to be large.
    """

    asking: CheckOptions
    part: Part
    backup: bool = False
    tried: bool = False

    def search(self, limits: Limits, progress: Callable[[Progress], None] | None = None) -> PartResult:
        """Do it."""
        wanted = self.asking.backup if self.backup else self.asking.search
        return wanted(self.part, limits, progress)

    def unanswered(self, reason: str, interrupted: bool) -> PartResult:
        """What is known without a search."""
        return PartResult(self.part, limits=dict.fromkeys(self.asking.asked, reason), interrupted=interrupted)


@dataclass
class Asked:
    """Tasks, and what was found so far, by their numbers."""

    tasks: Sequence[Task]
    found: dict[int, PartResult] = field(default_factory=dict)

    @property
    def large(self) -> list[int]:
        """The numbers of the tasks without an answer."""
        return [number for number in range(len(self.tasks)) if number not in self.found]

    @property
    def answers(self) -> list[PartResult]:
        """What each task found."""
        return [self.found[number] for number in range(len(self.tasks))]


Inquirer = Generator[list[Task], list[PartResult], T]
"""Yields tasks, is sent what was found, and returns what it makes of it."""


@dataclass(frozen=True)
class Order:
    """A task with its limits, on its way to another process, where it may have to wait for its turn.

    ``until`` is when the time allowed for all searches ends, in seconds since the epoch; ``None`` if it never does.
    """

    task: Task
    limits: Limits
    until: float | None = None

    def fill(self) -> PartResult:
        """Do the task there."""
        if self.until is None:
            return self.task.search(self.limits)
        return self.task.search(replace(self.limits, seconds=max(self.until - time.time(), 0.0)))


@dataclass
class Scheduler:
    """Where searches run, and what they may cost together.

    Args:
        limits: ``seconds`` is for all searches together, the others for each.
        jobs: how many local processes (default: one for each processor; with 1 there is no other process).
        scheduler: the address of a Dask scheduler, whose workers have this package.
        progress: told the plan's name and how far its search is.
    """

    limits: Limits
    jobs: int | None = None
    scheduler: str | None = None
    progress: ProgressListener | None = None
    interrupted: bool = False
    started: float = field(default_factory=time.monotonic)

    def left(self, states: int | None = None) -> Limits:
        """What the limits leave; with ``states``, no more than these."""
        spent = time.monotonic() - self.started
        seconds = None if self.limits.seconds is None else max(self.limits.seconds - spent, 0.0)
        allowed = [number for number in (self.limits.states, states) if number is not None]
        return replace(self.limits, seconds=seconds, states=min(allowed, default=None))

    def serve(self, inquirers: Sequence[Inquirer[T]], unknown: Callable[[int, str], T]) -> list[T]:
        """What each of them makes of what its tasks find.

        One after the other is served as far as it gets with small searches, so that what is finished is kept; then the
        large ones of all are done together.

        Args:
            inquirers: who wants something searched.
            unknown: what is known of the one with this number if it could not even begin, or was interrupted, and why.
        """
        results: dict[int, T] = {}
        deferred: dict[int, Asked] = {}

        def advance(number: int, answers: list[PartResult] | None) -> None:
            while True:
                if answers is None and (over := self.over()) is not None:
                    results[number] = unknown(number, over)
                    return
                try:
                    asked = Asked(inquirers[number].send(answers))  # type: ignore[arg-type]
                except StopIteration as stop:
                    results[number] = stop.value
                    return
                except KeyboardInterrupt:
                    self.interrupted = True
                    results[number] = unknown(number, INTERRUPTED)
                    return
                self.attempt(asked)
                if asked.large:
                    deferred[number] = asked
                    return
                answers = asked.answers

        for number in range(len(inquirers)):
            advance(number, None)
        while deferred:
            served, deferred = deferred, {}
            self.finish(list(served.values()))
            for number, asked in served.items():
                advance(number, asked.answers)
        return [results[number] for number in range(len(inquirers))]

    def over(self) -> str | None:
        """Why nothing new is begun, if so."""
        if self.interrupted:
            return INTERRUPTED
        return "the time allowed" if self.left().seconds == 0.0 else None

    def no_more_than(self, states: int) -> bool:
        """Whether the limits do not allow more states than these."""
        return self.limits.states is not None and self.limits.states <= states

    def attempt(self, asked: Asked) -> None:
        """Do the tasks that are small."""
        for number, task in enumerate(asked.tasks):
            if task.asking.enumerates or task.tried:
                small = self.here(task, TRIAL)
                if task.tried or small.interrupted or not small.limits or self.no_more_than(TRIAL):
                    asked.found[number] = small

    def finish(self, asked: Sequence[Asked]) -> None:
        """Do the tasks that are left, which are large."""
        large = [(each, number) for each in asked for number in each.large]
        if self.spreads(len(large)):
            self.spread(large)
        for each, number in large:
            if number not in each.found:
                each.found[number] = self.here(each.tasks[number])

    def here(self, task: Task, states: int | None = None) -> PartResult:
        """What a task finds in this process."""
        if self.interrupted:
            return task.unanswered(INTERRUPTED, interrupted=True)
        name, progress = task.part.plan.name, self.progress
        try:
            result = task.search(self.left(states), None if progress is None else lambda now: progress(name, now))
        except KeyboardInterrupt:
            result = task.unanswered(INTERRUPTED, interrupted=True)
        self.interrupted = result.interrupted
        return result

    def spreads(self, large: int) -> bool:
        """Whether it is worth while to ask others to do so many large tasks."""
        if self.interrupted or not large:
            return False
        return self.scheduler is not None or (large > 1 and (self.jobs or os.cpu_count() or 1) > 1)

    def spread(self, large: Sequence[tuple[Asked, int]]) -> None:
        """Let others do the large tasks; what they do not finish has no answer."""
        jobs = min(self.jobs or os.cpu_count() or 1, len(large))
        limits = self.left()
        if limits.memory is not None and self.scheduler is None:
            limits = replace(limits, memory=limits.memory // jobs)
        tasks = [asked.tasks[number] for asked, number in large]
        until = None if limits.seconds is None else time.time() + limits.seconds
        orders = [Order(replace(task, part=task.part.bare()), limits, until) for task in tasks]

        def keep(place: int, result: PartResult) -> None:
            asked, number = large[place]
            asked.found[number] = result.of(tasks[place].part)

        if any(task.asking.enumerates for task in tasks):
            suggest_fast()  # the other processes do not
        work = Spread(orders, Order.fill, keep)
        address = self.scheduler
        stopped = work.run(lambda: local_workers(jobs) if address is None else dask_workers(address))
        self.interrupted = stopped == INTERRUPTED
        for place in work.to_do:
            asked, number = large[place]
            asked.found[number] = tasks[place].unanswered(str(stopped), self.interrupted)
