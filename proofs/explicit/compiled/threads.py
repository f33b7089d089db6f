"""The workers of one exploration, what each of them needs, and what they share."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TypeVar

import numpy as np

from bac.proofs.engine import LimitMonitor
from bac.proofs.explicit.compiled.compiling import Width, Words
from bac.proofs.explicit.compiled.expansion import (
    DEEPEST,
    EMITTED,
    MEMORY,
    REACHED,
    REACHED_AT,
    STATES,
    STUCK,
    TRANSITIONS,
)
from bac.proofs.explicit.compiled.hash_table import LEAST, Batch, Shards, batch
from bac.proofs.explicit.compiled.tables import DISASTERS, RECOVERY, Machine, integer

T = TypeVar("T")
R = TypeVar("R")
ROOM = 1 << 16
"""So many rows a worker writes before they are taken from it."""


class LimitHitError(Exception):
    """A limit ends the exploration."""


class Worker:
    """The buffers of one thread."""

    def __init__(self, m: Machine, width: Width) -> None:
        """Rows of states with depth and witness, those reported last, and a tally."""
        self.width, self.size = width, 2 * len(width) + 1
        self.out = np.empty((ROOM + int(m.layout[DISASTERS] + m.layout[RECOVERY])) * self.size, dtype=np.uint64)
        self.memory = np.zeros(MEMORY * self.size, dtype=np.uint64)
        self.tally = np.zeros(REACHED_AT + 1 + len(width), dtype=np.uint64)
        self.children = np.empty(0, dtype=np.uint64)

    def written(self) -> list[Batch]:
        """The rows written since the last time, dealt out to shards."""
        count = int(self.tally[EMITTED])
        self.tally[EMITTED] = 0
        return [batch(self.out, self.size, count, self.width)] if count else []

    @property
    def reached(self) -> tuple[int, int] | None:
        """The depth and the state where the goal was reached."""
        if not self.tally[REACHED]:
            return None
        return int(self.tally[REACHED_AT]), integer(self.tally[REACHED_AT + 1 :])


@dataclass
class ThreadTeam:
    """A machine, what is asked of it, workers with a pool to run them, and the recovered states found so far."""

    m: Machine
    goals: Words
    width: Width
    watch: LimitMonitor
    workers: Sequence[Worker]
    pool: ThreadPoolExecutor
    recovered: Shards
    depth: int = 0
    queue: int = field(default=0)

    def each(self, job: Callable[[Worker, T], R], shares: Iterable[T]) -> list[R]:
        """Run a job for each worker that has a share, side by side; what they return, in the order of workers."""
        jobs = [self.pool.submit(job, worker, share) for worker, share in zip(self.workers, shares, strict=False)]
        return [each.result() for each in jobs]

    def keep(self, batches: Sequence[Batch]) -> None:
        """Take recovered states."""
        if batches:
            self.recovered.absorb(batches, self.pool, len(self.workers))

    def look(self) -> None:
        """Look at the limits, and tell how far it is.

        Raises:
            LimitHitError: a limit is hit.
        """
        if (limit := self.watch.exceeded(self.states, self.deepest, self.queue)) is not None:
            raise LimitHitError(limit)

    @property
    def deepest(self) -> int:
        """How many actions the longest of the shortest runs found so far has."""
        return max(self.depth, self.total(DEEPEST, max))

    def total(self, place: int, how: Callable[[Iterable[int]], int] = sum) -> int:
        """What the workers' tallies say together."""
        return how(int(worker.tally[place]) for worker in self.workers)

    @property
    def states(self) -> int:
        """How many states were found (those before the disaster: expanded)."""
        return self.total(STATES) + len(self.recovered)

    @property
    def transitions(self) -> int:
        """How many actions were possible in these states."""
        return self.total(TRANSITIONS)

    @property
    def stuck(self) -> bool:
        """Whether a run got stuck without having what should stay possible."""
        return self.total(STUCK, max) > 0

    @property
    def reached(self) -> int | None:
        """The least state of the first level that has one in which the goal is reached."""
        found = [worker.reached for worker in self.workers]
        return min((each for each in found if each is not None), default=(0, None))[1]


def crew(m: Machine, goals: Words, width: Width, watch: LimitMonitor, workers: int | None = None) -> ThreadTeam:
    """So many workers (as there are processors, unless told)."""
    count = workers or os.cpu_count() or 1
    return ThreadTeam(
        m,
        goals,
        width,
        watch,
        [Worker(m, width) for _ in range(count)],
        ThreadPoolExecutor(count, thread_name_prefix="bac-kernel"),
        Shards(width, 2 * len(width) + 1, LEAST),
    )
