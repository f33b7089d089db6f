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

from bac.proofs.asking import Asking, Searched
from bac.proofs.parts import Part
from bac.proofs.questions import Limits, Progress
from bac.proofs.workers import Spread, dask_workers, local_workers

TRIAL = 20_000
"""A search with no more states than that is not worth another process."""

T = TypeVar("T")
Tell = Callable[[str, Progress], None]


@dataclass(frozen=True)
class Task:
    """One search: of a part, for all that is asked or for the backup alone.

    A task that is only ``tried`` is given up where it turns out to be large.
    """

    asking: Asking
    part: Part
    backup: bool = False
    tried: bool = False

    def search(self, limits: Limits, progress: Callable[[Progress], None] | None = None) -> Searched:
        """Do it."""
        wanted = self.asking.backup if self.backup else self.asking.search
        return wanted(self.part, limits, progress)

    def unanswered(self, reason: str, interrupted: bool) -> Searched:
        """What is known without a search."""
        return Searched(self.part, limits=dict.fromkeys(self.asking.asked, reason), interrupted=interrupted)


Inquirer = Generator[list[Task], list[Searched], T]
"""Yields tasks, is sent what was found, and returns what it makes of it."""


@dataclass(frozen=True)
class Order:
    """A task with its limits, on its way to another process, where it may have to wait for its turn.

    ``until`` is when the time allowed for all searches ends, in seconds since the epoch; ``None`` if it never does.
    """

    task: Task
    limits: Limits
    until: float | None = None

    def fill(self) -> Searched:
        """Do the task there."""
        if self.until is None:
            return self.task.search(self.limits)
        return self.task.search(replace(self.limits, seconds=max(self.until - time.time(), 0.0)))


@dataclass
class Schedule:
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
    progress: Tell | None = None
    interrupted: bool = False
    started: float = field(default_factory=time.monotonic)

    def left(self, states: int | None = None) -> Limits:
        """What the limits leave; with ``states``, no more than these."""
        spent = time.monotonic() - self.started
        seconds = None if self.limits.seconds is None else max(self.limits.seconds - spent, 0.0)
        allowed = [number for number in (self.limits.states, states) if number is not None]
        return replace(self.limits, seconds=seconds, states=min(allowed, default=None))

    def serve(self, inquirers: Sequence[Inquirer[T]]) -> list[T]:
        """What each of them makes of what its tasks find; all are served at once, round by round."""
        results: dict[int, T] = {}
        waiting: dict[int, list[Task]] = {}
        found: dict[int, list[Searched] | None] = dict.fromkeys(range(len(inquirers)))
        while found:
            for number, answers in found.items():
                try:
                    waiting[number] = inquirers[number].send(answers)  # type: ignore[arg-type]
                except StopIteration as stop:
                    results[number] = stop.value
            answered = iter(self.answer([task for tasks in waiting.values() for task in tasks]))
            found = {number: [next(answered) for _ in tasks] for number, tasks in waiting.items()}
            waiting = {}
        return [results[number] for number in range(len(inquirers))]

    def answer(self, tasks: Sequence[Task]) -> list[Searched]:
        """What each task finds."""
        found: dict[int, Searched] = {}
        for number, task in enumerate(tasks):
            if task.asking.enumerates or task.tried:
                small = self.here(task, TRIAL)
                if task.tried or small.interrupted or not small.limits or self.left(TRIAL) == self.left():
                    found[number] = small
        large = [number for number in range(len(tasks)) if number not in found]
        if self.spreads(large):
            self.spread(tasks, large, found)
        for number in large:
            if number not in found:
                found[number] = self.here(tasks[number])
        return [found[number] for number in range(len(tasks))]

    def here(self, task: Task, states: int | None = None) -> Searched:
        """What a task finds in this process."""
        if self.interrupted:
            return task.unanswered("interrupted", interrupted=True)
        name, progress = task.part.plan.name, self.progress
        try:
            result = task.search(self.left(states), None if progress is None else lambda now: progress(name, now))
        except KeyboardInterrupt:
            result = task.unanswered("interrupted", interrupted=True)
        self.interrupted = result.interrupted
        return result

    def spreads(self, large: Sequence[int]) -> bool:
        """Whether it is worth while to ask others."""
        if self.interrupted or not large:
            return False
        return self.scheduler is not None or (len(large) > 1 and (self.jobs or os.cpu_count() or 1) > 1)

    def spread(self, tasks: Sequence[Task], large: Sequence[int], found: dict[int, Searched]) -> None:
        """Let others do the large tasks; what they do not finish has no answer."""
        jobs = min(self.jobs or os.cpu_count() or 1, len(large))
        limits = self.left()
        if limits.memory is not None and self.scheduler is None:
            limits = replace(limits, memory=limits.memory // jobs)
        until = None if limits.seconds is None else time.time() + limits.seconds
        orders = [Order(replace(tasks[number], part=tasks[number].part.bare()), limits, until) for number in large]

        def finish(place: int, result: Searched) -> None:
            found[large[place]] = result.of(tasks[large[place]].part)

        work = Spread(orders, Order.fill, finish)
        address = self.scheduler
        stopped = work.run(lambda: local_workers(jobs) if address is None else dask_workers(address))
        self.interrupted = stopped == "interrupted"
        for place in work.to_do:
            number = large[place]
            found[number] = tasks[number].unanswered(str(stopped), self.interrupted)
