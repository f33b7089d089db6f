"""Depth first, where a state tells its run: every state is visited exactly once, and nothing is remembered.

A node is a state with the moves that sleep in it, the moves that can happen in it, its depth, and the move that led to
it.  After a move, those that come before it in the order of moves sleep as long as only moves that are independent of
them happen: what they would lead to is reached by making them first.  So of each class of runs that differ in the order
of independent moves only, the lexicographically least is followed, and it is never cut off; see
:mod:`bac.proofs.explicit.compiled.applicability` for why each class has states of its own.  Sleep sets: Godefroid,
"Partial-Order Methods for the Verification of Concurrent Systems", chapter 5.
"""

from __future__ import annotations

import numpy as np

from bac.proofs.explicit.compiled.compiling import Index, Numbers, Width, Words, compiled, lowest, ones
from bac.proofs.explicit.compiled.expansion import EMITTED, STATES, TRANSITIONS, answer, strike
from bac.proofs.explicit.compiled.tables import (
    DISASTERS,
    DROP,
    FIRST_WAKE,
    HEAD,
    INDEPENDENT,
    LAST_WAKE,
    MASKS,
    MOVES,
    SPANS,
    WAKE,
    apply,
    enabled,
)


def node_size(width: Width) -> int:
    """How many words a node has."""
    return 3 * len(width) + 2


def most_nodes(moves: int) -> int:
    """How many nodes can come to wait below one: a run makes each move once at most, and each state leaves siblings."""
    return (moves + 1) * (moves + 1)


@compiled
def root(layout: Numbers, masks: Words, nodes: Words, width: Width) -> None:
    """Make the initial state the first node."""
    for w in range(3 * len(width) + 2):
        nodes[w] = 0
    for move in range(layout[MOVES]):
        if enabled(layout, masks, move, nodes, 0, width):
            nodes[2 * len(width) + move // 64] |= np.uint64(1) << np.uint64(move % 64)


@compiled
def depth_first(
    layout: Numbers,
    masks: Words,
    goals: Words,
    nodes: Words,
    top: Index,
    budget: int,
    out: Words,
    memory: Words,
    tally: Words,
    width: Width,
) -> Index:
    """Visit nodes from the last on, and what is below them, until none is left, the budget is spent or ``out`` is full.

    ``nodes`` has ``top`` of them.  Return how many there are then; counts and rows written are in the tally.
    """
    v = len(width)
    size = 3 * v + 2
    room = len(out) // (2 * v + 1) - layout[DISASTERS]
    here = np.empty(size, dtype=np.uint64)
    visited = 0
    while top > 0 and visited < budget and np.int64(tally[EMITTED]) <= room:
        top -= 1
        for w in range(size):
            here[w] = nodes[top * size + w]
        depth, last = here[3 * v], np.int64(here[3 * v + 1]) - 1
        visited += 1
        possible = np.uint64(0)
        for w in range(v):
            possible += ones(here[2 * v + w])
        tally[TRANSITIONS] += possible
        answer(goals, here, 0, depth, possible, tally, width)
        if layout[DISASTERS]:
            strike(layout, masks, here, 0, depth, last, out, memory, tally, width)
        for word in range(v):
            awake = here[2 * v + word] & ~here[v + word]
            while awake:
                bit = awake & (~awake + np.uint64(1))
                awake ^= bit
                move = word * 64 + np.int64(lowest(bit))
                own, spans, child = move * MASKS * v, HEAD + move * SPANS, top * size
                top += 1
                apply(layout, masks, move, here, 0, nodes, child, width)
                for w in range(v):
                    nodes[child + v + w] = here[v + w] & masks[own + INDEPENDENT * v + w]
                    nodes[child + 2 * v + w] = here[2 * v + w] & ~masks[own + DROP * v + w]
                for other in range(layout[spans + FIRST_WAKE], layout[spans + LAST_WAKE]):
                    woken = layout[layout[WAKE] + other]
                    if enabled(layout, masks, woken, nodes, child, width):
                        nodes[child + 2 * v + woken // 64] |= np.uint64(1) << np.uint64(woken % 64)
                nodes[child + 3 * v] = depth + np.uint64(1)
                nodes[child + 3 * v + 1] = np.uint64(move + 1)
                here[v + word] |= bit
    tally[STATES] += np.uint64(visited)
    return top
