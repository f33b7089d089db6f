"""Explore what comes after the disaster: every recovered state once, at the least depth at which there is a run to it.

A row is a state, its depth, and the least state that comes before it in a shortest run.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from bac.proofs.explicit.compiled.compiling import Index, Numbers, Width, Words, compiled
from bac.proofs.explicit.compiled.expansion import EMITTED, TRANSITIONS
from bac.proofs.explicit.compiled.forward import shares, waves
from bac.proofs.explicit.compiled.hash_table import Batch
from bac.proofs.explicit.compiled.tables import DISASTERS, MOVES, RECOVERY, apply, enabled
from bac.proofs.explicit.compiled.threads import ThreadTeam, Worker


@compiled
def recover(
    layout: Numbers,
    masks: Words,
    states: Words,
    first: Index,
    last: Index,
    depth: np.uint64,
    settled: Words,
    out: Words,
    tally: Words,
    width: Width,
) -> Index:
    """Write what follows recovered states of one depth, until ``out`` is full; return the first that is left.

    Those that nothing follows are marked in ``settled``.
    """
    v = len(width)
    size = 2 * v + 1
    begin = layout[MOVES] + layout[DISASTERS]
    room = len(out) // size - layout[RECOVERY]
    for row in range(first, last):
        if np.int64(tally[EMITTED]) > room:
            return row
        at = row * v
        settled[row] = 1
        for action in range(begin, begin + layout[RECOVERY]):
            if enabled(layout, masks, action, states, at, width):
                settled[row] = 0
                to = np.int64(tally[EMITTED]) * size
                apply(layout, masks, action, states, at, out, to, width)
                out[to + v] = depth + np.uint64(1)
                for w in range(v):
                    out[to + v + 1 + w] = states[at + w]
                tally[EMITTED] += np.uint64(1)
                tally[TRANSITIONS] += np.uint64(1)
    return last


@compiled
def deepest(table: Words, v: int) -> np.uint64:
    """The greatest depth in a table of states of ``v`` words (an empty row has depth 0)."""
    depth = np.uint64(0)
    for at in range(v, len(table), 2 * v + 1):
        depth = max(depth, table[at])
    return depth


@compiled
def select(table: Words, depth: np.uint64, states: Words, v: int) -> int:
    """Copy the states of ``v`` words that have this depth, and return how many they are."""
    count = 0
    for at in range(0, len(table), 2 * v + 1):
        if table[at + v] == depth:
            for w in range(v):
                states[count * v + w] = table[at + w]
            count += 1
    return count


def after_disaster(crew: ThreadTeam, judge: Callable[[list[Words]], None]) -> bool:
    """Explore recovery, depth by depth, and have the settled states of each depth judged; whether there are any.

    Raises:
        LimitHitError: a limit is hit.
    """
    v, depth, settles = len(crew.width), 0, False
    last = max(int(deepest(table, v)) for table in crew.recovered.tables)
    while depth < last:
        depth += 1
        crew.depth = max(crew.depth, depth)
        states = [each for shard in range(len(crew.recovered.tables)) if len(each := of_depth(crew, shard, depth))]
        settled = settled_of(crew, states, depth) if crew.m.layout[RECOVERY] else states
        judge(settled)
        settles = settles or any(map(len, settled))
        last = (
            max(last, *(int(deepest(table, v)) for table in crew.recovered.tables)) if crew.m.layout[RECOVERY] else last
        )
        crew.look()
    return settles


def of_depth(crew: ThreadTeam, shard: int, depth: int) -> Words:
    """The states of one shard that have this depth."""
    states = np.empty(crew.recovered.taken[shard] * len(crew.width), dtype=np.uint64)
    count = select(crew.recovered.tables[shard], np.uint64(depth), states, len(crew.width))
    return states[: count * len(crew.width)].copy()


def settled_of(crew: ThreadTeam, states: list[Words], depth: int) -> list[Words]:
    """Recover from all states of one depth; those in which nothing more happens."""
    v, settled = len(crew.width), []

    def job(worker: Worker, share: tuple[Words, int, int]) -> tuple[Words, list[Batch]]:
        return recover_some(crew, worker, share, depth)

    for wave in waves(shares(states, v), len(crew.workers)):
        done = crew.each(job, wave)
        settled += [each for each, _ in done if len(each)]
        crew.keep([part for _, rows in done for part in rows])
        crew.look()
    return settled


def recover_some(
    crew: ThreadTeam, worker: Worker, share: tuple[Words, int, int], depth: int
) -> tuple[Words, list[Batch]]:
    """Recover from some states; those in which nothing more happens, and the rows of what follows the others."""
    (states, first, last), v = share, len(crew.width)
    some = states[first * v : last * v]
    settled = np.zeros(last - first, dtype=np.uint64)
    rows, row = [], 0
    while row < last - first:
        buffers = settled, worker.out, worker.tally
        row = int(recover(*crew.m, some, row, last - first, np.uint64(depth), *buffers, crew.width))
        rows += worker.written()
    return some.reshape(-1, v)[settled != 0].reshape(-1), rows
