"""Sets of states with data about each, as rows of words in hash tables that are split into shards.

A row begins with a state, which is never all zeros; the data that follow are merged when the same state is inserted
again.  The shard of a state is chosen by its hash, so that each shard has one owner at a time, and fits into the caches
of a processor for longer.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Executor

import numpy as np

from bac.proofs.explicit.compiled.compiling import Index, Width, Words, compiled, inlined

FULL = 0.6
"""The largest share of a table that is occupied."""
SMALLEST = 64
"""The rows of a new table."""
SHARD_BITS = 6
SHARDS = 1 << SHARD_BITS
INTERSECT, LEAST = 0, 1
"""How the data of two rows with the same state are merged: the bits that both have, or the lesser of the two."""


@inlined
def hash_state(rows: Words, at: Index, width: Width) -> np.uint64:
    """Return a hash of a state."""
    h = np.uint64(0x9E3779B97F4A7C15)
    for w in range(len(width)):
        h = (h ^ rows[at + w]) * np.uint64(0xD6E8FEB86659FD93)
        h ^= h >> np.uint64(32)
    h *= np.uint64(0xD6E8FEB86659FD93)
    return h ^ (h >> np.uint64(29))


@inlined
def same(rows: Words, at: Index, others: Words, other: Index, width: Width) -> bool:
    """Whether two rows have the same state."""
    equal = True
    for w in range(len(width)):
        equal = equal and rows[at + w] == others[other + w]
    return equal


@inlined
def is_empty(rows: Words, at: Index, width: Width) -> bool:
    """Whether a row of a table is empty."""
    empty = True
    for w in range(len(width)):
        empty = empty and rows[at + w] == 0
    return empty


@inlined
def find_slot(table: Words, size: int, capacity: int, rows: Words, at: Index, width: Width) -> Index:
    """Return the place of a state in a table, or that of the empty row where it belongs.

    The table has ``capacity`` rows of ``size`` words.
    """
    slot = np.int64((hash_state(rows, at, width) >> np.uint64(SHARD_BITS)) & np.uint64(capacity - 1))
    while True:
        found = slot * size
        if is_empty(table, found, width) or same(table, found, rows, at, width):
            return found
        slot = (slot + 1) & (capacity - 1)


@inlined
def precedes(rows: Words, at: Index, others: Words, other: Index, size: int, width: Width) -> bool:
    """Whether the data of one row, of which the first is a depth, are less than those of another."""
    mine, theirs = rows[at + len(width)], others[other + len(width)]
    if mine != theirs:
        return bool(mine < theirs)
    for w in range(len(width) + 1, size):
        if rows[at + w] != others[other + w]:
            return bool(rows[at + w] < others[other + w])
    return False


@compiled
def insert_into(
    table: Words, size: int, taken: int, rows: Words, first: Index, last: Index, merge: int, width: Width
) -> tuple[int, Index]:
    """Insert rows into a table; return the number of rows in it, and the first row for which there was no room."""
    capacity = len(table) // size
    most = np.int64(capacity * FULL)
    for row in range(first, last):
        if taken >= most:
            return taken, row
        at = row * size
        found = find_slot(table, size, capacity, rows, at, width)
        if is_empty(table, found, width):
            taken += 1
            for w in range(size):
                table[found + w] = rows[at + w]
        elif merge == INTERSECT:
            for w in range(len(width), size):
                table[found + w] &= rows[at + w]
        elif precedes(rows, at, table, found, size, width):
            for w in range(len(width), size):
                table[found + w] = rows[at + w]
    return taken, last


@compiled
def rehash(table: Words, size: int, larger: Words, width: Width) -> None:
    """Move all rows into a larger, empty table."""
    for at in range(0, len(table), size):
        if not is_empty(table, at, width):
            found = find_slot(larger, size, len(larger) // size, table, at, width)
            for w in range(size):
                larger[found + w] = table[at + w]


@compiled
def sort_by_shard(rows: Words, size: int, count: int, result: Words, width: Width) -> Words:
    """Sort rows by shard into ``result``; return the first row of each shard, and the end of the last."""
    begins = np.zeros(SHARDS + 1, dtype=np.uint64)
    for row in range(count):
        begins[np.int64(hash_state(rows, row * size, width) & np.uint64(SHARDS - 1)) + 1] += np.uint64(1)
    for shard in range(SHARDS):
        begins[shard + 1] += begins[shard]
    places = begins.copy()
    for row in range(count):
        owner = np.int64(hash_state(rows, row * size, width) & np.uint64(SHARDS - 1))
        at = np.int64(places[owner]) * size
        places[owner] += np.uint64(1)
        for w in range(size):
            result[at + w] = rows[row * size + w]
    return begins


@compiled
def gather(table: Words, size: int, gathered: Words, width: Width) -> int:
    """Copy the rows of a table to the front of an array; return their number."""
    count = 0
    for at in range(0, len(table), size):
        if not is_empty(table, at, width):
            for w in range(size):
                gathered[count * size + w] = table[at + w]
            count += 1
    return count


Batch = tuple[Words, Words]
"""Rows that are sorted by shard, with the first row of each shard and the end of the last."""


def batch(rows: Words, size: int, count: int, width: Width) -> Batch:
    """Return the first ``count`` rows of an array, sorted by shard."""
    result = np.empty(count * size, dtype=np.uint64)
    return result, sort_by_shard(rows, size, count, result, width)


class Shards:
    """A set of states with data about each."""

    def __init__(self, width: Width, size: int, merge: int) -> None:
        """Make an empty set of rows of ``size`` words; ``merge`` is :data:`INTERSECT` or :data:`LEAST`."""
        self.width, self.size, self.merge = width, size, merge
        self.tables = [np.zeros(SMALLEST * size, dtype=np.uint64) for _ in range(SHARDS)]
        self.taken = [0] * SHARDS

    def __len__(self) -> int:
        return sum(self.taken)

    def insert(self, batches: Sequence[Batch], pool: Executor, workers: int) -> None:
        """Insert all rows; each worker inserts those of its own shards."""
        jobs = [pool.submit(self.insert_shards, batches, range(first, SHARDS, workers)) for first in range(workers)]
        for job in jobs:
            job.result()

    def insert_shards(self, batches: Sequence[Batch], shards: range) -> None:
        """Insert the rows of some shards."""
        for shard in shards:
            for rows, begins in batches:
                self.insert_rows(shard, rows, int(begins[shard]), int(begins[shard + 1]))

    def insert_rows(self, shard: int, rows: Words, first: int, last: int) -> None:
        """Insert rows into one shard, which grows as needed."""
        while first < last:
            table = self.tables[shard]
            taken, stop = insert_into(table, self.size, self.taken[shard], rows, first, last, self.merge, self.width)
            self.taken[shard], first = taken, int(stop)
            if first < last:
                larger = np.zeros(2 * len(table), dtype=np.uint64)
                rehash(table, self.size, larger, self.width)
                self.tables[shard] = larger

    def row(self, state: Words) -> Words:
        """Return the row of a state that is in the set."""
        table = self.tables[int(hash_state(state, 0, self.width)) % SHARDS]
        at = find_slot(table, self.size, len(table) // self.size, state, 0, self.width)
        return table[at : at + self.size]

    def take_all(self) -> Words:
        """Return the rows of all shards, one after the other, and empty the set."""
        rows, first = np.empty(len(self) * self.size, dtype=np.uint64), 0
        for shard, table in enumerate(self.tables):
            last = first + self.taken[shard] * self.size
            gather(table, self.size, rows[first:last], self.width)
            self.tables[shard], self.taken[shard] = np.zeros(0, dtype=np.uint64), 0
            first = last
        return rows
