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
from bac.proofs.explicit.compiled.threads import Share, ThreadTeam, Worker, rounds, shares
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
def deepest(table: Words, v: int) -> np.uint64:
    """Return the greatest depth in a table of states of ``v`` words (an empty row has depth 0)."""
    depth = np.uint64(0)
    for at in range(v, len(table), 2 * v + 1):
        depth = max(depth, table[at])
    return depth


@compiled
def select(table: Words, depth: np.uint64, states: Words, v: int) -> int:
    """Copy the states of ``v`` words that have this depth, and return their number."""
    count = 0
    for at in range(0, len(table), 2 * v + 1):
        if table[at + v] == depth:
            for w in range(v):
                states[count * v + w] = table[at + w]
            count += 1
    return count


def search_recovery(team: ThreadTeam, found: Callable[[list[Words]], None]) -> bool:
    """Visit every state after the disaster, depth by depth; return whether there are settled states.

    ``found`` is called with the settled states of each depth.

    Raises:
        LimitHit: a limit is reached.
    """
    v, depth, settles = len(team.width), 0, False
    last = max(int(deepest(table, v)) for table in team.recovered.tables)
    while depth < last:
        depth += 1
        team.depth = max(team.depth, depth)
        states = [each for shard in range(len(team.recovered.tables)) if len(each := of_depth(team, shard, depth))]
        settled = recover_all(team, states, depth) if team.tables.layout[RECOVERY] else states
        found(settled)
        settles = settles or any(map(len, settled))
        last = (
            max(last, *(int(deepest(table, v)) for table in team.recovered.tables))
            if team.tables.layout[RECOVERY]
            else last
        )
        team.check_limits()
    return settles


def of_depth(team: ThreadTeam, shard: int, depth: int) -> Words:
    """Return the states of one shard that have this depth."""
    states = np.empty(team.recovered.taken[shard] * len(team.width), dtype=np.uint64)
    count = select(team.recovered.tables[shard], np.uint64(depth), states, len(team.width))
    return states[: count * len(team.width)].copy()


def recover_all(team: ThreadTeam, states: list[Words], depth: int) -> list[Words]:
    """Recover from all states of one depth; return the settled ones."""
    v, settled = len(team.width), []

    def job(worker: Worker, share: Share) -> tuple[Words, list[Batch]]:
        return recover_some(team, worker, share, depth)

    for part in rounds(shares(states, v), len(team.workers)):
        done = team.each(job, part)
        settled += [each for each, _ in done if len(each)]
        team.keep([each for _, rows in done for each in rows])
        team.check_limits()
    return settled


def recover_some(team: ThreadTeam, worker: Worker, share: Share, depth: int) -> tuple[Words, list[Batch]]:
    """Recover from some states; return the settled ones, and the rows of the successors of the others."""
    (states, first, last), v = share, len(team.width)
    some = states[first * v : last * v]
    settled = np.zeros(last - first, dtype=np.uint64)
    rows, row = [], 0
    while row < last - first:
        buffers = settled, worker.out, worker.tally
        row = int(recover(*team.tables, some, row, last - first, np.uint64(depth), *buffers, team.width))
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
