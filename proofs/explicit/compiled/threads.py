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
from bac.proofs.explicit.compiled.hash_table import LEAST, Batch, Shards, batch
from bac.proofs.explicit.compiled.tables import (
    DEEPEST,
    DISASTERS,
    EMITTED,
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
"""So many rows a worker writes before they are inserted into the shared tables."""
CHUNK = 1 << 15
"""So many rows are the share of a worker."""
Share = tuple[Words, int, int]
"""Rows, with the first and the end of those that are meant."""


class LimitHit(Exception):
    """A limit ends the search; the message says which."""


class Worker:
    """The buffers of one thread."""

    def __init__(self, tables: Tables, width: Width) -> None:
        """Make buffers for rows of recovered states, for the rows emitted last, and for a tally."""
        self.width, self.size = width, 2 * len(width) + 1
        self.out = np.empty(
            (ROOM + int(tables.layout[DISASTERS] + tables.layout[RECOVERY])) * self.size, dtype=np.uint64
        )
        self.recent = np.zeros(RECENT * self.size, dtype=np.uint64)
        self.tally = np.zeros(REACHED_AT + 1 + len(width), dtype=np.uint64)
        self.children = np.empty(0, dtype=np.uint64)

    def written(self) -> list[Batch]:
        """Return the rows written since the last call, sorted by shard."""
        count = int(self.tally[EMITTED])
        self.tally[EMITTED] = 0
        return [batch(self.out, self.size, count, self.width)] if count else []

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
    depth: int = 0
    queue: int = 0

    @staticmethod
    def of(tables: Tables, goals: Words, width: Width, monitor: LimitMonitor, workers: int | None = None) -> ThreadTeam:
        """Return a team of this many workers; default: one for each processor."""
        count = workers or os.cpu_count() or 1
        return ThreadTeam(
            tables,
            goals,
            width,
            monitor,
            [Worker(tables, width) for _ in range(count)],
            ThreadPoolExecutor(count, thread_name_prefix="bac-search"),
            Shards(width, 2 * len(width) + 1, LEAST),
        )

    def each(self, job: Callable[[Worker, T], R], shares: Iterable[T]) -> list[R]:
        """Run a job for each worker that has a share, in parallel; return the results in the order of workers."""
        jobs = [self.pool.submit(job, worker, share) for worker, share in zip(self.workers, shares, strict=False)]
        return [each.result() for each in jobs]

    def keep(self, batches: Sequence[Batch]) -> None:
        """Keep recovered states."""
        if batches:
            self.recovered.insert(batches, self.pool, len(self.workers))

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


def shares(arrays: Iterable[Words], size: int) -> Iterator[Share]:
    """Divide rows of ``size`` words into shares."""
    for rows in arrays:
        count = len(rows) // size
        for first in range(0, count, CHUNK):
            yield rows, first, min(first + CHUNK, count)


def rounds(pieces: Iterator[Share], workers: int) -> Iterator[list[Share]]:
    """Group shares into rounds, in each of which every worker has one share at most."""
    for piece in pieces:
        yield [piece, *islice(pieces, workers - 1)]
