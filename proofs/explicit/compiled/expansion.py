"""What becomes of one state before the disaster: disasters, and what is asked of it; for both ways of searching."""

from __future__ import annotations

import numpy as np

from bac.proofs.explicit.compiled.compiling import Index, Numbers, Width, Words, compiled, inlined
from bac.proofs.explicit.compiled.hash_table import hash_state, precedes, same
from bac.proofs.explicit.compiled.tables import (
    DISASTERS,
    FIRST_CLAUSE,
    HEAD,
    LAST_CLAUSE,
    MOVES,
    SPANS,
    TOUCHES,
    apply,
    clauses_hold,
    masks_hold,
)

STATES, TRANSITIONS, DEEPEST, STUCK, EMITTED, CHILDREN, REACHED, REACHED_AT = range(8)
"""Places in a tally: counts, whether a state is stuck, rows written, whether and where the goal was reached.

The state in which it was reached follows.
"""
MEMORY = 1 << 12
"""So many recovered states a worker remembers, not to report them again and again."""


ASKS_REACH, ASKS_BACK, GOALS = range(3)
"""The first words of what is asked: whether a goal is looked for, and whether one should stay possible.

From ``GOALS`` on, the facts that are true and those that are false in the first goal, then those of the second.
"""


@inlined
def fits(goals: Words, goal: int, states: Words, at: Index, width: Width) -> bool:
    """Whether a state is as a goal says."""
    v = len(width)
    for w in range(v):
        word, require = states[at + w], goals[GOALS + 2 * v * goal + w]
        if word & require != require or word & goals[GOALS + 2 * v * goal + v + w]:
            return False
    return True


@inlined
def answer(
    goals: Words, states: Words, at: Index, depth: np.uint64, moves: np.uint64, tally: Words, width: Width
) -> None:
    """Note whether a state is what is looked for (the least of the first level that has one), and if it is stuck."""
    tally[DEEPEST] = max(tally[DEEPEST], depth)
    if goals[ASKS_REACH] and fits(goals, ASKS_REACH, states, at, width):
        better = not tally[REACHED] or depth < tally[REACHED_AT]
        if not better and depth == tally[REACHED_AT]:
            for w in range(len(width)):
                if states[at + w] != tally[REACHED_AT + 1 + w]:
                    better = states[at + w] < tally[REACHED_AT + 1 + w]
                    break
        if better:
            tally[REACHED], tally[REACHED_AT] = 1, depth
            for w in range(len(width)):
                tally[REACHED_AT + 1 + w] = states[at + w]
    if goals[ASKS_BACK] and moves == 0 and not fits(goals, ASKS_BACK, states, at, width):
        tally[STUCK] = 1


@compiled
def strike(
    layout: Numbers,
    masks: Words,
    states: Words,
    at: Index,
    depth: np.uint64,
    last: Index,
    out: Words,
    memory: Words,
    tally: Words,
    width: Width,
) -> None:
    """Write a row for each disaster that can happen: the recovered state, its depth, and the state it comes from.

    A row is left out if the move ``last`` cannot have changed it (then there is one at a lesser depth), or if the
    memory has one that is no worse.
    """
    size = 2 * len(width) + 1
    first, end, held = np.int64(-1), np.int64(-1), False
    for number in range(layout[DISASTERS]):
        action = layout[MOVES] + number
        if not masks_hold(masks, action, states, at, width):
            continue
        spans = HEAD + action * SPANS
        if layout[spans + FIRST_CLAUSE] != first or layout[spans + LAST_CLAUSE] != end:
            first, end = layout[spans + FIRST_CLAUSE], layout[spans + LAST_CLAUSE]
            held = clauses_hold(layout, masks, action, states, at, width)
        if not held:
            continue
        tally[TRANSITIONS] += np.uint64(1)
        if last >= 0 and not layout[layout[TOUCHES] + last * layout[DISASTERS] + number]:
            continue
        row = np.int64(tally[EMITTED]) * size
        apply(layout, masks, action, states, at, out, row, width)
        out[row + len(width)] = depth + np.uint64(1)
        for w in range(len(width)):
            out[row + len(width) + 1 + w] = states[at + w]
        known = np.int64(hash_state(out, row, width) & np.uint64(MEMORY - 1)) * size
        if same(memory, known, out, row, width) and not precedes(out, row, memory, known, size, width):
            continue
        for w in range(size):
            memory[known + w] = out[row + w]
        tally[EMITTED] += np.uint64(1)
