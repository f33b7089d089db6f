"""Sets of states with data about each: rows of words, found through hash tables, and split into shards.

A row begins with a state; the data that follow are merged when the same state is inserted again.  The shard of a state
is chosen by its hash, so that each shard has one owner at a time.  The rows of a shard stand one after the other, in
the order in which they were first inserted.  Its hash table has a slot for each, which is half a word: the number of
the row (0 is a free slot), and a few bits of the hash, so that other states are seldom looked at.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from bac.proofs.explicit.compiled.compiling import Index, Numbers, Slots, Width, Words, compiled, inlined, prefetch

SMALLEST = 16
"""The rows of a shard for which a new set has room."""
SHARD_BITS = 6
SHARDS = 1 << SHARD_BITS
ROW_BITS = 26
"""The bits of a slot for the number of a row; those of the hash follow."""
MOST_ROWS = (1 << ROW_BITS) - 1
TAG_SHIFT = 64 - (32 - ROW_BITS)
SPARE = 1 << 24
"""At most so many words are reserved beyond those that are needed; memory is not taken before it is used."""
BLOCK = 64
"""The slots of so many rows are fetched before these are inserted."""
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
def precedes(rows: Words, at: Index, others: Words, other: Index, size: int, width: Width) -> bool:
    """Whether the data of one row, of which the first is a depth, are less than those of another."""
    mine, theirs = rows[at + len(width)], others[other + len(width)]
    if mine != theirs:
        return bool(mine < theirs)
    for w in range(len(width) + 1, size):
        if rows[at + w] != others[other + w]:
            return bool(rows[at + w] < others[other + w])
    return False


@inlined
def named_row(slot: np.uint64, shard: Index, room: int) -> Index:
    """Return the row that a slot of a shard names."""
    return shard * room + np.int64(slot & np.uint64(MOST_ROWS)) - 1


@inlined
def first_slot(hashed: np.uint64, places: int) -> Index:
    """Return the first slot in which a state with this hash may be."""
    place = np.int64(hashed >> np.uint64(SHARD_BITS) & np.uint64(places - 1))
    return np.int64(hashed & np.uint64(SHARDS - 1)) * places + place


@inlined
def find_slot(
    rows: Words,
    slots: Slots,
    room: int,
    places: int,
    size: int,
    hashed: np.uint64,
    states: Words,
    at: Index,
    width: Width,
) -> Index:
    """Return the place of the slot that names the row of a state, or that of the free slot where it belongs.

    Each shard has room for ``room`` rows of ``size`` words, and ``places`` slots.
    """
    shard, place = np.int64(hashed & np.uint64(SHARDS - 1)), first_slot(hashed, places)
    begin = shard * places
    while True:
        slot = np.uint64(slots[place])
        if slot == 0:
            return place
        tagged = slot >> np.uint64(ROW_BITS) == hashed >> np.uint64(TAG_SHIFT)
        if tagged and same(rows, named_row(slot, shard, room) * size, states, at, width):
            return place
        place = begin + ((place + 1) & (places - 1))


@compiled
def find_row(rows: Words, slots: Slots, room: int, places: int, size: int, state: Words, width: Width) -> Index:
    """Return the row of a state that is in the set."""
    hashed = hash_state(state, 0, width)
    slot = np.uint64(slots[find_slot(rows, slots, room, places, size, hashed, state, 0, width)])
    return named_row(slot, np.int64(hashed & np.uint64(SHARDS - 1)), room)


@compiled
def insert_rows(
    rows: Words,
    slots: Slots,
    counts: Numbers,
    room: int,
    places: int,
    size: int,
    new: Words,
    first: Index,
    last: Index,
    merge: int,
    width: Width,
) -> None:
    """Insert new rows; there is room for all of them.  ``counts`` has the number of rows of each shard."""
    hashes = np.empty(BLOCK, dtype=np.uint64)
    for begin in range(first, last, BLOCK):
        count = min(BLOCK, last - begin)
        for number in range(count):
            hashed = hash_state(new, (begin + number) * size, width)
            hashes[number] = hashed
            prefetch(slots, first_slot(hashed, places))
        for number in range(count):
            at, hashed = (begin + number) * size, hashes[number]
            place = find_slot(rows, slots, room, places, size, hashed, new, at, width)
            shard, slot = np.int64(hashed & np.uint64(SHARDS - 1)), np.uint64(slots[place])
            if slot == 0:
                found = (shard * room + counts[shard]) * size
                counts[shard] += 1
                tag = hashed >> np.uint64(TAG_SHIFT) << np.uint64(ROW_BITS)
                slots[place] = np.uint32(tag | np.uint64(counts[shard]))
                for w in range(size):
                    rows[found + w] = new[at + w]
                continue
            found = named_row(slot, shard, room) * size
            if merge == INTERSECT:
                for w in range(len(width), size):
                    rows[found + w] &= new[at + w]
            elif precedes(new, at, rows, found, size, width):
                for w in range(len(width), size):
                    rows[found + w] = new[at + w]


@compiled
def sort_by_shard(rows: Words, size: int, count: int, result: Words, width: Width) -> Numbers:
    """Sort rows by shard into ``result``; return the first row of each shard, and the end of the last."""
    begins = np.zeros(SHARDS + 1, dtype=np.int64)
    for row in range(count):
        begins[np.int64(hash_state(rows, row * size, width) & np.uint64(SHARDS - 1)) + 1] += 1
    for shard in range(SHARDS):
        begins[shard + 1] += begins[shard]
    places = begins.copy()
    for row in range(count):
        owner = np.int64(hash_state(rows, row * size, width) & np.uint64(SHARDS - 1))
        at = places[owner] * size
        places[owner] += 1
        for w in range(size):
            result[at + w] = rows[row * size + w]
    return begins


Batch = tuple[Words, Numbers]
"""Rows that are sorted by shard, with the first row of each shard and the end of the last."""


def batch(rows: Words, size: int, count: int, width: Width, result: Words | None = None) -> Batch:
    """Return the first ``count`` rows of an array, sorted by shard (into ``result``, if there is one)."""
    result = np.empty(count * size, dtype=np.uint64) if result is None else result
    return result, sort_by_shard(rows, size, count, result, width)


class Shards:
    """A set of states with data about each.

    The rows of a shard begin at ``room`` times its number, and its slots at ``places`` times its number.
    """

    def __init__(self, width: Width, size: int, merge: int) -> None:
        """Make an empty set of rows of ``size`` words; ``merge`` is :data:`INTERSECT` or :data:`LEAST`."""
        self.width, self.size, self.merge = width, size, merge
        self.rows, self.slots = np.empty(0, dtype=np.uint64), np.empty(0, dtype=np.uint32)
        self.empty(SMALLEST)

    def __len__(self) -> int:
        return int(self.counts.sum())

    def empty(self, room: int) -> None:
        """Remove all rows, and make room for this many in each shard.  Memory is used again where it suffices.

        Raises:
            MemoryError: so many rows cannot be numbered.
        """
        if room > MOST_ROWS:
            raise MemoryError
        self.room, self.places = room, 1 << (room + room // 2).bit_length()
        self.counts = np.zeros(SHARDS, dtype=np.int64)
        if len(self.rows) < SHARDS * room * self.size:
            self.rows = np.empty(0, dtype=np.uint64)
            self.rows = np.empty(with_spare(SHARDS * room * self.size), dtype=np.uint64)
        if len(self.slots) < SHARDS * self.places:
            self.slots = np.zeros(with_spare(SHARDS * self.places), dtype=np.uint32)
        else:
            self.slots[: SHARDS * self.places] = 0

    def make_room(self, batches: Sequence[Batch], expected: int) -> None:
        """Make room for these rows, and, if there is too little, for as many as are expected in all."""
        coming = sum(np.diff(begins) for _, begins in batches)
        most = int((self.counts + coming).max())
        if most > self.room:
            old, room, counts = self.rows, self.room, self.counts
            self.rows = np.empty(0, dtype=np.uint64)
            self.empty(max(2 * room, most, room_for(expected)))
            for shard, count in enumerate(counts.tolist()):
                self.insert(old, shard * room, shard * room + count)

    def insert(self, new: Words, first: int, last: int) -> None:
        """Insert rows from an array; there is room for them."""
        where = self.rows, self.slots, self.counts, self.room, self.places, self.size
        insert_rows(*where, new, first, last, self.merge, self.width)

    def insert_shards(self, batches: Sequence[Batch], first: int, last: int) -> None:
        """Insert the rows that belong to some shards."""
        for new, begins in batches:
            self.insert(new, int(begins[first]), int(begins[last]))

    def row(self, state: Words) -> Words:
        """Return the row of a state that is in the set."""
        found = find_row(self.rows, self.slots, self.room, self.places, self.size, state, self.width)
        return self.rows[found * self.size : (found + 1) * self.size]

    def of_shard(self, shard: int) -> Words:
        """Return the rows of one shard."""
        first = shard * self.room
        return self.rows[first * self.size : (first + int(self.counts[shard])) * self.size]


def with_spare(length: int) -> int:
    """Return the length of an array that need not be replaced as soon as a little more is needed."""
    return length + min(length, SPARE)


def room_for(rows: int) -> int:
    """Return the room that each shard needs if there are so many rows in all; shards differ a little."""
    mean = rows / SHARDS
    return int(mean + 4 * mean**0.5) + SMALLEST
