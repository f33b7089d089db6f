"""Drive the compiled searches: share out the work, look at the limits in between, put together what is found."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import islice

import numpy as np

from bac.proofs.explicit.compiled.breadth_first import expand
from bac.proofs.explicit.compiled.compiling import Words
from bac.proofs.explicit.compiled.depth_first import depth_first, most_nodes, node_size, root
from bac.proofs.explicit.compiled.expansion import CHILDREN
from bac.proofs.explicit.compiled.hash_table import INTERSECT, Batch, Shards, batch
from bac.proofs.explicit.compiled.tables import MOVES
from bac.proofs.explicit.compiled.threads import ROOM, ThreadTeam, Worker

BUDGET = 1 << 20
"""So many states a worker visits before the limits are looked at (some hundredths of a second)."""
CHUNK = 1 << 15
"""So many rows of a level a worker expands at once."""
Share = tuple[Words, int, int]
"""Rows, and which of them."""


def by_own_order(crew: ThreadTeam) -> None:
    """Visit every state before the disaster, depth first, where a state tells its run.

    Raises:
        LimitHitError: a limit is hit.
    """
    first = np.zeros(node_size(crew.width), dtype=np.uint64)
    root(*crew.m, first, crew.width)
    waiting, budget, limit = [first], ROOM // 16, crew.watch.limits.states
    while any(map(len, waiting)):

        def job(worker: Worker, nodes: Words, budget: int = budget) -> tuple[Words, list[Batch]]:
            return dive_some(crew, worker, nodes, budget)

        done = crew.each(job, shared_out(waiting, len(crew.workers), node_size(crew.width)))
        waiting = [nodes for nodes, _ in done]
        crew.keep([part for _, recovered in done for part in recovered])
        crew.queue = sum(map(len, waiting)) // node_size(crew.width)
        crew.look()
        budget = BUDGET if limit is None else min(BUDGET, max(limit - crew.states, 1))


def dive_some(crew: ThreadTeam, worker: Worker, nodes: Words, budget: int) -> tuple[Words, list[Batch]]:
    """Visit some states from these nodes on; the nodes that are left, and the recovered states."""
    size = node_size(crew.width)
    stack = np.empty(len(nodes) + most_nodes(int(crew.m.layout[MOVES])) * size, dtype=np.uint64)
    stack[: len(nodes)] = nodes
    count, out, memory, tally = len(nodes) // size, worker.out, worker.memory, worker.tally
    left = depth_first(*crew.m, crew.goals, stack, count, budget, out, memory, tally, crew.width)
    return stack[: left * size].copy(), worker.written()


def shared_out(waiting: list[Words], workers: int, size: int) -> list[Words]:
    """The nodes, in as many parts as there are workers; shallow ones, below which there is most, in turn."""
    if len(waiting) == workers and all(map(len, waiting)):
        return waiting
    nodes = np.concatenate(waiting).reshape(-1, size)
    nodes = nodes[np.argsort(nodes[:, size - 2], kind="stable")]
    return [np.ascontiguousarray(nodes[part::workers]).reshape(-1) for part in range(workers)]


def by_levels(crew: ThreadTeam, keep: Callable[[Words], None] | None = None) -> None:
    """Visit every state before the disaster, level by level; ``keep`` is given the rows of each level.

    Raises:
        LimitHitError: a limit is hit.
    """
    size, depth = 2 * len(crew.width), 0
    level = np.zeros(size, dtype=np.uint64)
    while len(level):
        if keep is not None:
            keep(level)
        later = Shards(crew.width, size, INTERSECT)

        def job(worker: Worker, share: Share, depth: int = depth) -> tuple[list[Batch], list[Batch]]:
            return expand_some(crew, worker, share, depth)

        for wave in waves(shares([level], size), len(crew.workers)):
            done = crew.each(job, wave)
            later.absorb([part for children, _ in done for part in children], crew.pool, len(crew.workers))
            crew.keep([part for _, recovered in done for part in recovered])
            crew.queue = len(later)
            crew.look()
        level = later.emptied()
        depth += 1


def expand_some(crew: ThreadTeam, worker: Worker, share: Share, depth: int) -> tuple[list[Batch], list[Batch]]:
    """Expand some rows of a level; the rows of the next, and the recovered states."""
    (rows, first, last), size = share, 2 * len(crew.width)
    if not len(worker.children):
        worker.children = np.empty((ROOM + int(crew.m.layout[MOVES])) * size, dtype=np.uint64)
    children, recovered = [], []
    while first < last:
        worker.tally[CHILDREN] = 0
        buffers = worker.children, worker.out, worker.memory, worker.tally
        first = int(expand(*crew.m, crew.goals, rows, first, last, np.uint64(depth), *buffers, crew.width))
        children.append(batch(worker.children, size, int(worker.tally[CHILDREN]), crew.width))
        recovered += worker.written()
    return children, recovered


def shares(level: list[Words], size: int) -> Iterator[Share]:
    """All rows of a level, in pieces."""
    for rows in level:
        count = len(rows) // size
        for first in range(0, count, CHUNK):
            yield rows, first, min(first + CHUNK, count)


def waves(pieces: Iterator[Share], workers: int) -> Iterator[list[Share]]:
    """Pieces of work, one for each worker at a time."""
    for piece in pieces:
        yield [piece, *islice(pieces, workers - 1)]
