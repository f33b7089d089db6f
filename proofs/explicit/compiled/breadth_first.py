"""Breadth-first search where all runs to a state have the same length: only one level and the next are kept.

A row is a state, the moves that sleep in it (see :mod:`bac.proofs.explicit.compiled.depth_first`) with the marks of
disasters, and the moves that are enabled in it.  All runs to a state end in one level.  A move sleeps there only if it
sleeps for all of them, so that every state is still generated: let a sequence of moves be the lexicographically least
of those that differ in the order of independent neighbours only.  If its next move slept, it would have been put to
sleep before some earlier, larger move that is independent of it, as are all after that; making it there gives a lesser
sequence.  A disaster is marked only if it is for all of them, too: otherwise it was enabled a level earlier, with the
same effect.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from bac.proofs.explicit.compiled.compiling import Index, Numbers, Slots, Width, Words, compiled, lowest, ones
from bac.proofs.explicit.compiled.hash_table import INTERSECT, SHARDS, Batch, Shards, batch, find_row, room_for
from bac.proofs.explicit.compiled.recovery import least
from bac.proofs.explicit.compiled.tables import (
    ALWAYS_REACHABLE,
    CHILDREN,
    DISASTERS,
    EMITTED,
    MOVES,
    STATES,
    TRANSITIONS,
    apply,
    check_goals,
    emit_disasters,
    enabled,
    fits,
    put_to_sleep,
    write_child,
    write_root,
)
from bac.proofs.explicit.compiled.threads import PIECES, ThreadTeam, Worker, groups, rows_of_piece

GROWTH = 1.1
"""How much larger the next level may become than expected before memory for it is taken anew."""
Piece = tuple[int, int]
"""The shards of a level that are expanded at a time: the first, and the end."""


@compiled
def expand(
    layout: Numbers,
    masks: Words,
    goals: Words,
    rows: Words,
    room: int,
    counts: Numbers,
    shard: Index,
    row: Index,
    last: Index,
    depth: np.uint64,
    children: Words,
    out: Words,
    recent: Words,
    tally: Words,
    width: Width,
) -> tuple[Index, Index]:
    """Expand rows of the shards before ``last``, from one row of a shard on, until ``children`` or ``out`` is full.

    Return the shard and its row with which to go on.
    """
    v = len(width)
    size = 3 * v
    most_children = len(children) // size - layout[MOVES]
    most_out = len(out) // (2 * v + 1) - layout[DISASTERS]
    here = np.empty(size, dtype=np.uint64)
    count = 0
    while shard < last:
        while row < counts[shard]:
            if count > most_children or np.int64(tally[EMITTED]) > most_out:
                tally[CHILDREN] = np.uint64(count)
                return shard, row
            for w in range(size):
                here[w] = rows[(shard * room + row) * size + w]
            row += 1
            moves = np.uint64(0)
            for w in range(v):
                moves += ones(here[2 * v + w])
            tally[STATES] += np.uint64(1)
            tally[TRANSITIONS] += moves
            check_goals(goals, here, 0, depth, moves, tally, width)
            if layout[DISASTERS]:
                emit_disasters(layout, masks, here, 0, depth, out, recent, tally, width)
            for word in range(v):
                awake = here[2 * v + word] & ~here[v + word]
                while awake:
                    move = word * 64 + np.int64(lowest(awake))
                    write_child(layout, masks, move, here, children, count * size, width)
                    count += 1
                    put_to_sleep(masks, move, here, width)
                    awake &= ~here[v + word]
        shard, row = shard + 1, 0
    tally[CHILDREN] = np.uint64(count)
    return shard, row


@compiled
def mark_states(
    layout: Numbers,
    masks: Words,
    goals: Words,
    states: Words,
    marks: Words,
    later: Words,
    slots: Slots,
    room: int,
    places: int,
    width: Width,
) -> int:
    """Mark the states of a level from which the goal that must stay reachable can be reached; return how many are not.

    ``later`` and ``slots`` are those of the set of the next level, in which each state has its mark.
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
                marked = later[find_row(later, slots, room, places, v + 1, after, width) * (v + 1) + v] != 0
        marks[row] = np.uint64(marked)
        unmarked += not marked
    return unmarked


# All workers


def search_breadth_first(team: ThreadTeam, visited: Callable[[Shards, int], None]) -> None:
    """Visit every state before the disaster, level by level.

    ``visited`` is called with each level and its depth, when all disasters in it have been visited.

    Raises:
        LimitHit: a limit is reached.
    """
    size, depth, before = 3 * len(team.width), 0, 1
    level, later = Shards(team.width, size, INTERSECT), Shards(team.width, size, INTERSECT)
    first = np.empty(size, dtype=np.uint64)
    write_root(*team.tables, first, team.width)
    team.insert(level, [batch(first, size, 1, team.width)])
    while count := len(level):
        later.empty(room_for(int(GROWTH * count * count / before)))
        expand_level(team, level, later, depth)
        visited(level, depth)
        level, later, before, depth = later, level, count, depth + 1


def expand_level(team: ThreadTeam, level: Shards, later: Shards, depth: int) -> None:
    """Insert the successors of a level into the next one."""
    expanded, count = 0, len(level)

    def job(worker: Worker, piece: Piece) -> tuple[list[Batch], list[Batch]]:
        return expand_some(team, worker, level, piece, depth)

    for group in groups(pieces(level), PIECES):
        done = team.each(job, group)
        expanded += sum(int(level.counts[first:last].sum()) for first, last in group)
        children = [each for some, _ in done for each in some]
        share = (len(later) + sum(int(begins[-1]) for _, begins in children)) / expanded
        team.insert(later, children, int(GROWTH * share * count))
        team.keep([each for _, recovered in done for each in recovered])
        team.queue = len(later)
        team.check_limits()


def pieces(level: Shards) -> Iterator[Piece]:
    """Divide a level into pieces of similar size."""
    first, rows, enough = 0, 0, rows_of_piece(len(level))
    for shard, count in enumerate(level.counts.tolist(), 1):
        rows += count
        if rows >= enough or (rows and shard == SHARDS):
            yield first, shard
            first, rows = shard, 0


def expand_some(
    team: ThreadTeam, worker: Worker, level: Shards, piece: Piece, depth: int
) -> tuple[list[Batch], list[Batch]]:
    """Expand some shards of a level; return the rows of the next level, and the recovered states."""
    (shard, last), row, size = piece, 0, 3 * len(team.width)
    if not len(worker.children):
        worker.children = np.empty(worker.most * size, dtype=np.uint64)
    children, recovered = [], []
    while shard < last:
        stopped = expand(
            *team.tables,
            team.goals,
            level.rows,
            level.room,
            level.counts,
            shard,
            row,
            last,
            np.uint64(depth),
            worker.children,
            worker.out,
            worker.recent,
            worker.tally,
            team.width,
        )
        shard, row = map(int, stopped)
        children += worker.sorted(worker.children, size, int(worker.tally[CHILDREN]))
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

    def keep(level: Shards, _: int) -> None:
        rows = (level.of_shard(shard).reshape(-1, 3 * v)[:, :v] for shard in range(SHARDS))
        levels.append(np.concatenate([each.reshape(-1) for each in rows]))

    search_breadth_first(team, keep)
    dead_end = None
    later = Shards(team.width, v + 1, INTERSECT)
    while levels:
        states = levels.pop()
        marks = np.zeros(len(states) // v, dtype=np.uint64)
        known = later.rows, later.slots
        if mark_states(*team.tables, team.goals, states, marks, *known, later.room, later.places, team.width):
            dead_end = least(states.reshape(-1, v)[marks == 0])
        team.check_limits()
        later.empty(room_for(len(marks)))
        rows = np.column_stack([states.reshape(-1, v), marks]).reshape(-1)
        team.insert(later, [batch(rows, v + 1, len(marks), team.width)])
    return dead_end
