"""Level by level, where all runs to a state are equally long: the next is deduplicated by itself, this one forgotten.

A row is a state and the moves that sleep in it (see :mod:`bac.proofs.explicit.compiled.depth_first`).  All runs to a
state arrive in one level.  A move sleeps there only if it sleeps for all of them, so that still every state is
generated: let a sequence of moves be the lexicographically least of those that differ in the order of independent
neighbours only.  If its next move slept, it would have been put to sleep before some earlier, larger move that is
independent of it, as are all after that; making it there gives a lesser sequence.
"""

from __future__ import annotations

import numpy as np

from bac.proofs.explicit.compiled.compiling import Index, Numbers, Width, Words, compiled, inlined, ones
from bac.proofs.explicit.compiled.expansion import (
    ASKS_BACK,
    CHILDREN,
    EMITTED,
    STATES,
    TRANSITIONS,
    answer,
    fits,
    strike,
)
from bac.proofs.explicit.compiled.hash_table import SHARDS, hash_state, place
from bac.proofs.explicit.compiled.tables import DISASTERS, INDEPENDENT, MASKS, MOVES, apply, enabled


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
    memory: Words,
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
        answer(goals, rows, at, depth, moves, tally, width)
        if layout[DISASTERS]:
            strike(layout, masks, rows, at, depth, -1, out, memory, tally, width)
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
def hopeful(
    layout: Numbers, masks: Words, goals: Words, states: Words, good: Words, later: Words, begins: Words, width: Width
) -> int:
    """Mark the states of a level from which the goal ``back`` can be reached; return from how many it cannot.

    ``later`` are hash tables of the states of the next level, each with its mark, that of a shard from its place in
    ``begins`` on.
    """
    v = len(width)
    after = np.empty(v, dtype=np.uint64)
    bad = 0
    for row in range(len(states) // v):
        at = row * v
        fine = fits(goals, ASKS_BACK, states, at, width)
        for move in range(layout[MOVES]):
            if fine:
                break
            if enabled(layout, masks, move, states, at, width):
                apply(layout, masks, move, states, at, after, 0, width)
                fine = marked(later, begins, after, width)
        good[row] = np.uint64(fine)
        bad += not fine
    return bad


@inlined
def marked(tables: Words, begins: Words, state: Words, width: Width) -> bool:
    """Whether a state, which is certainly in the tables of a level, is marked there."""
    shard = np.int64(hash_state(state, 0, width) & np.uint64(SHARDS - 1))
    table = tables[np.int64(begins[shard]) : np.int64(begins[shard + 1])]
    size = len(width) + 1
    return bool(table[place(table, size, len(table) // size, state, 0, width) + len(width)])
