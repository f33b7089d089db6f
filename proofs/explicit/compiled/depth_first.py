"""Depth-first search where states determine their runs: each state is visited once, and no table of states is needed.

A node is a state with the moves that sleep in it and the marks of disasters, the moves that are enabled in it, and its
depth.  After a move, those that come before it in the order of moves sleep as long as only moves that are independent
of them happen: the states to which they would lead are reached by making them first.  So of each class of runs that
differ only in the order of independent moves, the lexicographically least is followed, and it is never cut off; see
:mod:`bac.proofs.explicit.compiled.applicability` for why no two classes lead to the same state.  Sleep sets: Godefroid,
"Partial-Order Methods for the Verification of Concurrent Systems", chapter 5.
"""

from __future__ import annotations

import numpy as np

from bac.proofs.explicit.compiled.compiling import Index, Numbers, Width, Words, compiled, lowest, ones
from bac.proofs.explicit.compiled.hash_table import Batch
from bac.proofs.explicit.compiled.tables import (
    DISASTERS,
    EMITTED,
    MOVES,
    STATES,
    TRANSITIONS,
    check_goals,
    emit_disasters,
    put_to_sleep,
    write_child,
    write_root,
)
from bac.proofs.explicit.compiled.threads import ROOM, ThreadTeam, Worker

BUDGET = 1 << 20
"""The most states that a worker visits between two checks of the limits (some hundredths of a second)."""


def node_size(width: Width) -> int:
    """Return the number of words of a node."""
    return 3 * len(width) + 1


def most_nodes(moves: int) -> int:
    """Return the most nodes that wait below one: a run makes each move once at most, and each state leaves siblings."""
    return (moves + 1) * (moves + 1)


@compiled
def visit(
    layout: Numbers,
    masks: Words,
    goals: Words,
    nodes: Words,
    top: Index,
    budget: int,
    out: Words,
    recent: Words,
    tally: Words,
    width: Width,
) -> Index:
    """Visit nodes, the last first, and those below them, until none is left, the budget is spent, or ``out`` is full.

    ``nodes`` has ``top`` nodes.  Return the number of nodes that are left; the tally has the counts.
    """
    v = len(width)
    size = 3 * v + 1
    room = len(out) // (2 * v + 1) - layout[DISASTERS]
    here = np.empty(size, dtype=np.uint64)
    visited = 0
    while top > 0 and visited < budget and np.int64(tally[EMITTED]) <= room:
        top -= 1
        for w in range(size):
            here[w] = nodes[top * size + w]
        depth = here[3 * v]
        visited += 1
        possible = np.uint64(0)
        for w in range(v):
            possible += ones(here[2 * v + w])
        tally[TRANSITIONS] += possible
        check_goals(goals, here, 0, depth, possible, tally, width)
        if layout[DISASTERS]:
            emit_disasters(layout, masks, here, 0, depth, out, recent, tally, width)
        for word in range(v):
            awake = here[2 * v + word] & ~here[v + word]
            while awake:
                move = word * 64 + np.int64(lowest(awake))
                write_child(layout, masks, move, here, nodes, top * size, width)
                nodes[top * size + 3 * v] = depth + np.uint64(1)
                top += 1
                put_to_sleep(masks, move, here, width)
                awake &= ~here[v + word]
    tally[STATES] += np.uint64(visited)
    return top


# All workers


def search_depth_first(team: ThreadTeam) -> None:
    """Visit every state before the disaster once.

    Raises:
        LimitHit: a limit is reached.
    """
    first = np.zeros(node_size(team.width), dtype=np.uint64)
    write_root(*team.tables, first, team.width)
    waiting, budget, limit = [first], ROOM // 16, team.monitor.limits.states
    while any(map(len, waiting)):

        def job(worker: Worker, nodes: Words, budget: int = budget) -> tuple[Words, list[Batch]]:
            return visit_some(team, worker, nodes, budget)

        done = team.each(job, split_nodes(waiting, len(team.workers), node_size(team.width)))
        waiting = [nodes for nodes, _ in done]
        team.keep([part for _, recovered in done for part in recovered])
        team.queue = sum(map(len, waiting)) // node_size(team.width)
        team.check_limits()
        budget = BUDGET if limit is None else min(BUDGET, max(limit - team.states, 1))


def visit_some(team: ThreadTeam, worker: Worker, nodes: Words, budget: int) -> tuple[Words, list[Batch]]:
    """Visit some states from these nodes on; return the nodes that are left, and the recovered states."""
    size = node_size(team.width)
    stack = np.empty(len(nodes) + most_nodes(int(team.tables.layout[MOVES])) * size, dtype=np.uint64)
    stack[: len(nodes)] = nodes
    count, out, recent, tally = len(nodes) // size, worker.out, worker.recent, worker.tally
    left = visit(*team.tables, team.goals, stack, count, budget, out, recent, tally, team.width)
    return stack[: left * size].copy(), worker.written()


def split_nodes(waiting: list[Words], workers: int, size: int) -> list[Words]:
    """Split nodes into as many parts as there are workers; each gets shallow ones, which have most below."""
    if len(waiting) == workers and all(map(len, waiting)):
        return waiting
    nodes = np.concatenate(waiting).reshape(-1, size)
    nodes = nodes[np.argsort(nodes[:, size - 1], kind="stable")]
    return [np.ascontiguousarray(nodes[part::workers]).reshape(-1) for part in range(workers)]
