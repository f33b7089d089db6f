"""The threads of one search: the buffers of each, the states found by all, and the division of work."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import islice
from typing import TypeVar

import numpy as np

from bac.proofs.engine import LimitMonitor
from bac.proofs.explicit.compiled.compiling import Width, Words
from bac.proofs.explicit.compiled.hash_table import LEAST, SHARDS, Batch, Shards, batch
from bac.proofs.explicit.compiled.tables import (
    DEEPEST,
    DISASTERS,
    EMITTED,
    MOVES,
    REACHED,
    REACHED_AT,
    RECENT,
    RECOVERY,
    STATES,
    STUCK,
    TRANSITIONS,
    Tables,
    integer,
)

T = TypeVar("T")
R = TypeVar("R")
ROOM = 1 << 16
"""So many rows a worker writes before they are sorted by shard."""
PIECES = 8
"""So many pieces of work are done before their results are inserted into the shared tables."""
FEW = 1 << 12
"""So few rows are inserted by one worker, as others would come too late."""
RANGES = 8
"""Into so many ranges of shards the others are divided."""


class LimitHit(Exception):
    """A limit ends the search; the message says which."""


class Worker:
    """The buffers of one thread."""

    def __init__(self, tables: Tables, width: Width, spare: list[Words]) -> None:
        """Make buffers for rows of recovered states, for the rows emitted last, and for a tally."""
        self.width, self.size, self.spare = width, 2 * len(width) + 1, spare
        most = int(max(tables.layout[MOVES], tables.layout[DISASTERS], tables.layout[RECOVERY]))
        self.most = ROOM + most
        self.out = np.empty(self.most * self.size, dtype=np.uint64)
        self.recent = np.zeros(RECENT * self.size, dtype=np.uint64)
        self.tally = np.zeros(REACHED_AT + 1 + len(width), dtype=np.uint64)
        self.children = np.empty(0, dtype=np.uint64)

    def written(self) -> list[Batch]:
        """Return the rows of recovered states written since the last call."""
        count = int(self.tally[EMITTED])
        self.tally[EMITTED] = 0
        return self.sorted(self.out, self.size, count)

    def sorted(self, rows: Words, size: int, count: int) -> list[Batch]:
        """Return the first rows of a buffer, sorted by shard."""
        if not count:
            return []
        result = self.spare.pop() if self.spare else np.empty(self.most * 3 * len(self.width), np.uint64)
        return [batch(rows, size, count, self.width, result)]

    @property
    def reached(self) -> tuple[int, int] | None:
        """The depth and the state in which the goal was reached."""
        if not self.tally[REACHED]:
            return None
        return int(self.tally[REACHED_AT]), integer(self.tally[REACHED_AT + 1 :])


@dataclass
class ThreadTeam:
    """The tables of a system, the goals of the search, the workers and their threads, and the recovered states."""

    tables: Tables
    goals: Words
    width: Width
    monitor: LimitMonitor
    workers: Sequence[Worker]
    pool: ThreadPoolExecutor
    recovered: Shards
    spare: list[Words]
    depth: int = 0
    queue: int = 0

    @staticmethod
    def of(tables: Tables, goals: Words, width: Width, monitor: LimitMonitor, workers: int | None = None) -> ThreadTeam:
        """Return a team of this many workers; default: one for each processor."""
        count, spare = workers or os.cpu_count() or 1, list[Words]()
        return ThreadTeam(
            tables,
            goals,
            width,
            monitor,
            [Worker(tables, width, spare) for _ in range(count)],
            ThreadPoolExecutor(count, thread_name_prefix="bac-search"),
            Shards(width, 2 * len(width) + 1, LEAST),
            spare,
        )

    def each(self, job: Callable[[Worker, T], R], pieces: Sequence[T]) -> list[R]:
        """Run a job for each piece, by the worker that is free first; return the results in the order of pieces."""
        if len(pieces) == 1:
            return [job(self.workers[0], pieces[0])]
        results: dict[int, R] = {}
        waiting = iter(range(len(pieces)))

        def work(worker: Worker) -> None:
            for number in waiting:
                results[number] = job(worker, pieces[number])

        for done in [self.pool.submit(work, worker) for worker in self.workers[: len(pieces)]]:
            done.result()
        return [results[number] for number in range(len(pieces))]

    def insert(self, into: Shards, batches: Sequence[Batch], expected: int = 0) -> None:
        """Insert all rows, each worker into its own shards of a set that will have as many rows as expected."""
        into.make_room(batches, expected)
        few = sum(int(begins[-1]) for _, begins in batches) <= FEW
        step = SHARDS if few else SHARDS // RANGES
        self.each(lambda _, first: into.insert_shards(batches, first, first + step), range(0, SHARDS, step))
        self.spare += [rows for rows, _ in batches if len(rows) == self.workers[0].most * 3 * len(self.width)]

    def keep(self, batches: Sequence[Batch]) -> None:
        """Keep recovered states."""
        if batches:
            self.insert(self.recovered, batches)

    def check_limits(self) -> None:
        """Check the limits, and report progress.

        Raises:
            LimitHit: a limit is reached.
        """
        if (limit := self.monitor.exceeded(self.states, self.deepest, self.queue)) is not None:
            raise LimitHit(limit)

    @property
    def deepest(self) -> int:
        """The length of the longest of the shortest runs found so far."""
        return max(self.depth, self.total(DEEPEST, max))

    def total(self, place: int, how: Callable[[Iterable[int]], int] = sum) -> int:
        """Return the sum of one place of the tallies of all workers, or combine them by ``how``."""
        return how(int(worker.tally[place]) for worker in self.workers)

    @property
    def states(self) -> int:
        """The number of states found (before the disaster: expanded)."""
        return self.total(STATES) + len(self.recovered)

    @property
    def transitions(self) -> int:
        """The number of actions enabled in these states."""
        return self.total(TRANSITIONS)

    @property
    def stuck(self) -> bool:
        """Whether a state was stuck: no move is enabled, and the goal that must stay reachable is not satisfied."""
        return self.total(STUCK, max) > 0

    @property
    def reached(self) -> int | None:
        """The least state of the least depth in which the goal is reached."""
        found = [worker.reached for worker in self.workers]
        return min((each for each in found if each is not None), default=(0, None))[1]


def rows_of_piece(rows: int) -> int:
    """Return the rows of a piece of work: so many that all workers have some, and few enough for their caches."""
    return min(max(rows // PIECES, FEW), ROOM)


def groups(pieces: Iterable[T], size: int) -> Iterator[list[T]]:
    """Group pieces, in their order, into groups of this size; the last may be smaller."""
    waiting = iter(pieces)
    while group := list(islice(waiting, size)):
        yield group
