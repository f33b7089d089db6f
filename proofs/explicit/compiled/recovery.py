"""Search after the disaster: every recovered state once, at the length of the shortest runs to it.

A row is a state, its depth, and the least state before it in a shortest run.  States are *settled* when no recovery
action is enabled in them; these are evaluated many at once, with a column for each fact.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from bac.model.plan import Timing
from bac.model.system import AT_REST, Fact
from bac.proofs.engine import Packing
from bac.proofs.explicit.compiled.compiling import Index, Numbers, Width, Words, compiled
from bac.proofs.explicit.compiled.hash_table import Batch
from bac.proofs.explicit.compiled.tables import (
    DISASTERS,
    EMITTED,
    MOVES,
    RECOVERY,
    TRANSITIONS,
    WORD,
    apply,
    enabled,
    integer,
)
from bac.proofs.explicit.compiled.threads import PIECES, ThreadTeam, Worker, groups, rows_of_piece
from bac.properties.formula import And, Atom, Formula, Not, Or

CHUNK = 1 << 15
"""So many states are evaluated at once, so that their columns stay in the processor's cache."""
Column = NDArray[np.bool_]


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
    """Write the successors of recovered states of one depth, until ``out`` is full; return the first one left.

    States without successors are marked in ``settled``.
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
def select(
    rows: Words, counts: Numbers, room: int, size: int, depth: np.uint64, states: Words, v: int
) -> tuple[int, np.uint64]:
    """Copy the states of ``v`` words that have this depth; return their number, and the greatest depth of any.

    ``counts`` has the number of rows of each shard, of ``size`` words each; there is room for ``room``.
    """
    found, deepest = 0, np.uint64(0)
    for shard in range(len(counts)):
        for at in range(shard * room * size, (shard * room + counts[shard]) * size, size):
            deepest = max(deepest, rows[at + v])
            if rows[at + v] == depth:
                for w in range(v):
                    states[found * v + w] = rows[at + w]
                found += 1
    return found, deepest


class Recovery:
    """The search after the disaster, depth by depth."""

    def __init__(self, team: ThreadTeam, found: Callable[[Words], None]) -> None:
        """``found`` is called with the settled states of each depth, after those of all lesser depths."""
        self.team, self.found = team, found
        self.depth, self.last, self.settles = 0, 0, False

    def search_up_to(self, depth: int) -> None:
        """Visit every state of at most this depth; all disasters before it must have been visited.

        Raises:
            LimitHit: a limit is reached.
        """
        while self.depth < depth:
            states, self.last = of_depth(self.team, self.depth + 1)
            self.depth += 1
            if len(states):
                self.search_from(states)
                self.team.check_limits()

    def search_from(self, states: Words) -> None:
        """Visit the states of this depth."""
        self.team.depth = max(self.team.depth, self.depth)
        if self.team.tables.layout[RECOVERY]:
            states, self.last = recover_all(self.team, states, self.depth), max(self.last, self.depth + 1)
        self.found(states)
        self.settles = self.settles or len(states) > 0

    def search(self) -> bool:
        """Visit every state; return whether there are settled states.

        Raises:
            LimitHit: a limit is reached.
        """
        self.search_up_to(self.depth + 1)
        while self.depth < self.last:
            self.search_up_to(self.depth + 1)
        return self.settles


def of_depth(team: ThreadTeam, depth: int) -> tuple[Words, int]:
    """Return the recovered states that have this depth, and the greatest depth of any."""
    v, recovered = len(team.width), team.recovered
    states = np.empty(len(recovered) * v, dtype=np.uint64)
    where = recovered.rows, recovered.counts, recovered.room, recovered.size
    count, deepest = select(*where, np.uint64(depth), states, v)
    return states[: count * v].copy(), int(deepest)


def recover_all(team: ThreadTeam, states: Words, depth: int) -> Words:
    """Recover from all states of one depth; return the settled ones."""
    step, settled = rows_of_piece(len(states) // len(team.width)) * len(team.width), []

    def job(worker: Worker, first: int) -> tuple[Words, list[Batch]]:
        return recover_some(team, worker, states[first : first + step], depth)

    for group in groups(range(0, len(states), step), PIECES):
        done = team.each(job, group)
        settled += [each for each, _ in done]
        team.keep([each for _, rows in done for each in rows])
        team.check_limits()
    return np.concatenate(settled)


def recover_some(team: ThreadTeam, worker: Worker, some: Words, depth: int) -> tuple[Words, list[Batch]]:
    """Recover from some states; return the settled ones, and the rows of the successors of the others."""
    v = len(team.width)
    settled = np.zeros(len(some) // v, dtype=np.uint64)
    rows, row = [], 0
    while row < len(settled):
        buffers = settled, worker.out, worker.tally
        row = int(recover(*team.tables, some, row, len(settled), np.uint64(depth), *buffers, team.width))
        rows += worker.written()
    return some.reshape(-1, v)[settled != 0].reshape(-1), rows


# Settled states


class Columns:
    """The truth of facts and formulas in many states, as one column each."""

    def __init__(self, packing: Packing, states: Words) -> None:
        """``states`` has a row of words for each state."""
        self.packing, self.states = packing, states
        self.known: dict[Fact, Column] = {}

    def fact(self, fact: Fact) -> Column:
        """Return the states in which a fact is true; a fact that the system does not have is true in none."""
        if fact not in self.known:
            place = self.packing.position.get(fact)
            if place is None:
                self.known[fact] = np.zeros(len(self.states), dtype=np.bool_)
            else:
                word = self.states[:, place // WORD]
                self.known[fact] = (word & np.uint64(1 << place % WORD)) != 0
        return self.known[fact]

    def formula(self, formula: Formula) -> Column:
        """Return the states that satisfy a formula."""
        match formula:
            case Atom(fact):
                return self.fact(fact)
            case Not(part):
                return ~self.formula(part)
            case And(parts):
                satisfied = np.ones(len(self.states), dtype=np.bool_)
                for part in parts:
                    satisfied &= self.formula(part)
                return satisfied
            case Or(parts):
                satisfied = np.zeros(len(self.states), dtype=np.bool_)
                for part in parts:
                    satisfied |= self.formula(part)
                return satisfied


class SettledStates:
    """For each formula and timing, the least settled state of the least depth that satisfies it."""

    def __init__(self, packing: Packing, formulas: Sequence[Formula]) -> None:
        """Begin without any state."""
        self.packing, self.formulas = packing, formulas
        self.found: list[dict[Timing, int]] = [{} for _ in formulas]

    def add(self, states: Words) -> None:
        """Add all settled states of one depth, after those of all lesser depths."""
        firsts: list[dict[Timing, int]] = [{} for _ in self.formulas]
        for begin in range(0, len(states), CHUNK):
            self.add_chunk(states[begin : begin + CHUNK], firsts)
        for found, first in zip(self.found, firsts, strict=True):
            found.update(first)

    def add_chunk(self, states: Words, firsts: list[dict[Timing, int]]) -> None:
        """Note the least state of a chunk for each formula and timing for which no state is known."""
        columns = Columns(self.packing, states)
        at_rest = columns.fact(AT_REST)
        for formula, found, first in zip(self.formulas, self.found, firsts, strict=True):
            if len(found) == len(Timing):
                continue
            satisfied = columns.formula(formula)
            for timing, when in (Timing.AT_REST, at_rest), (Timing.ANY_TIME, ~at_rest):
                if timing not in found and (chosen := satisfied & when).any():
                    state = least(states[chosen])
                    first[timing] = min(first.get(timing, state), state)


def least(states: Words) -> int:
    """Return the least of several states, as an integer."""
    for word in reversed(range(states.shape[1])):
        states = states[states[:, word] == states[:, word].min()]
    return integer(states[0])
