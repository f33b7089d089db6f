"""Breadth-first search where all runs to a state have the same length: only one level and the next are kept.

A row is a state and the moves that sleep in it (see :mod:`bac.proofs.explicit.compiled.depth_first`).  All runs to a
state end in one level.  A move sleeps there only if it sleeps for all of them, so that every state is still generated:
let a sequence of moves be the lexicographically least of those that differ in the order of independent
neighbours only.  If its next move slept, it would have been put to sleep before some earlier, larger move that is
independent of it, as are all after that; making it there gives a lesser sequence.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from bac.proofs.explicit.compiled.compiling import Index, Numbers, Width, Words, compiled, inlined, ones
from bac.proofs.explicit.compiled.hash_table import INTERSECT, SHARDS, Batch, Shards, batch, find_slot, hash_state
from bac.proofs.explicit.compiled.recovery import least
from bac.proofs.explicit.compiled.tables import (
    ALWAYS_REACHABLE,
    CHILDREN,
    DISASTERS,
    EMITTED,
    INDEPENDENT,
    MASKS,
    MOVES,
    STATES,
    TRANSITIONS,
    apply,
    check_goals,
    emit_disasters,
    enabled,
    fits,
)
from bac.proofs.explicit.compiled.threads import ROOM, Share, ThreadTeam, Worker, rounds, shares


@compiled
def expand(
    layout: Numbers,
    masks: Words,
    goals: Words,
    rows: Words,
    first: Index,
    last: Index,
    depth: np.uint64,
    children: Words,
    out: Words,
    recent: Words,
    tally: Words,
    width: Width,
) -> Index:
    """Expand rows of one level until ``children`` or ``out`` is full; return the first row that is left."""
    v = len(width)
    most_children = len(children) // (2 * v) - layout[MOVES]
    most_out = len(out) // (2 * v + 1) - layout[DISASTERS]
    possible = np.empty(v, dtype=np.uint64)
    for row in range(first, last):
        count = np.int64(tally[CHILDREN])
        if count > most_children or np.int64(tally[EMITTED]) > most_out:
            return row
        at = row * 2 * v
        for w in range(v):
            possible[w] = 0
        for move in range(layout[MOVES]):
            if enabled(layout, masks, move, rows, at, width):
                possible[move >> 6] |= np.uint64(1) << np.uint64(move & 63)
        moves = np.uint64(0)
        for w in range(v):
            moves += ones(possible[w])
        tally[STATES] += np.uint64(1)
        tally[TRANSITIONS] += moves
        check_goals(goals, rows, at, depth, moves, tally, width)
        if layout[DISASTERS]:
            emit_disasters(layout, masks, rows, at, depth, -1, out, recent, tally, width)
        for move in range(layout[MOVES]):
            word, bit = move >> 6, np.uint64(1) << np.uint64(move & 63)
            if possible[word] & bit and not rows[at + v + word] & bit:
                child = count * 2 * v
                count += 1
                apply(layout, masks, move, rows, at, children, child, width)
                for w in range(v):
                    before = bit - np.uint64(1) if w == word else np.uint64(0)
                    if w < word:
                        before = ~np.uint64(0)
                    asleep = rows[at + v + w] | possible[w] & before
                    children[child + v + w] = asleep & masks[(move * MASKS + INDEPENDENT) * v + w]
        tally[CHILDREN] = np.uint64(count)
    return last


@compiled
def mark_states(
    layout: Numbers, masks: Words, goals: Words, states: Words, marks: Words, later: Words, begins: Words, width: Width
) -> int:
    """Mark the states of a level from which the goal that must stay reachable can be reached; return how many are not.

    ``later`` has the hash tables of the next level, in which each state has its mark; the table of a shard begins at
    its place in ``begins``.
    """
    v = len(width)
    after = np.empty(v, dtype=np.uint64)
    unmarked = 0
    for row in range(len(states) // v):
        at = row * v
        marked = fits(goals, ALWAYS_REACHABLE, states, at, width)
        for move in range(layout[MOVES]):
            if marked:
                break
            if enabled(layout, masks, move, states, at, width):
                apply(layout, masks, move, states, at, after, 0, width)
                marked = is_marked(later, begins, after, width)
        marks[row] = np.uint64(marked)
        unmarked += not marked
    return unmarked


@inlined
def is_marked(tables: Words, begins: Words, state: Words, width: Width) -> bool:
    """Whether a state, which is in the tables of its level, is marked there."""
    shard = np.int64(hash_state(state, 0, width) & np.uint64(SHARDS - 1))
    table = tables[np.int64(begins[shard]) : np.int64(begins[shard + 1])]
    size = len(width) + 1
    return bool(table[find_slot(table, size, len(table) // size, state, 0, width) + len(width)])


# All workers


def search_breadth_first(team: ThreadTeam, keep: Callable[[Words], None] | None = None) -> None:
    """Visit every state before the disaster, level by level; ``keep`` is called with the rows of each level.

    Raises:
        LimitHit: a limit is reached.
    """
    size, depth = 2 * len(team.width), 0
    level = np.zeros(size, dtype=np.uint64)
    while len(level):
        if keep is not None:
            keep(level)
        later = Shards(team.width, size, INTERSECT)

        def job(worker: Worker, share: Share, depth: int = depth) -> tuple[list[Batch], list[Batch]]:
            return expand_some(team, worker, share, depth)

        for part in rounds(shares([level], size), len(team.workers)):
            done = team.each(job, part)
            later.insert([each for children, _ in done for each in children], team.pool, len(team.workers))
            team.keep([each for _, recovered in done for each in recovered])
            team.queue = len(later)
            team.check_limits()
        level = later.take_all()
        depth += 1


def expand_some(team: ThreadTeam, worker: Worker, share: Share, depth: int) -> tuple[list[Batch], list[Batch]]:
    """Expand some rows of a level; return the rows of the next level, and the recovered states."""
    (rows, first, last), size = share, 2 * len(team.width)
    if not len(worker.children):
        worker.children = np.empty((ROOM + int(team.tables.layout[MOVES])) * size, dtype=np.uint64)
    children, recovered = [], []
    while first < last:
        worker.tally[CHILDREN] = 0
        buffers = worker.children, worker.out, worker.recent, worker.tally
        first = int(expand(*team.tables, team.goals, rows, first, last, np.uint64(depth), *buffers, team.width))
        children.append(batch(worker.children, size, int(worker.tally[CHILDREN]), team.width))
        recovered += worker.written()
    return children, recovered


def first_dead_end(team: ThreadTeam) -> int | None:
    """Return the least dead end of the first level that has one.

    A dead end is a state from which the goal that must stay reachable cannot be reached without a disaster.  The states
    of all levels are kept, and marked from the last level to the first.

    Raises:
        LimitHit: a limit is reached.
    """
    v = len(team.width)
    levels: list[Words] = []

    def keep(level: Words) -> None:
        levels.append(np.ascontiguousarray(level.reshape(-1, 2 * v)[:, :v]).reshape(-1))

    search_breadth_first(team, keep)
    dead_end = None
    later = Shards(team.width, v + 1, INTERSECT)
    while levels:
        states = levels.pop()
        tables, begins = np.concatenate(later.tables), np.cumsum([0, *map(len, later.tables)])
        marks = np.zeros(len(states) // v, dtype=np.uint64)
        if mark_states(*team.tables, team.goals, states, marks, tables, begins, team.width):
            dead_end = least(states.reshape(-1, v)[marks == 0])
        team.check_limits()
        later = Shards(team.width, v + 1, INTERSECT)
        if levels:  # no move leads back to the initial state, which is all zeros
            rows = np.column_stack([states.reshape(-1, v), marks]).reshape(-1)
            later.insert([batch(rows, v + 1, len(marks), team.width)], team.pool, len(team.workers))
    return dead_end
