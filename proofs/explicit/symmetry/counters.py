"""Multisets of local states as integers: field *n* is the number of indices in local state *n*.

A local state is the set of true facts of one index, as bits.  Local states are numbered in the order in which they are
found.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import reduce
from itertools import accumulate
from operator import mul, or_


class Counters:
    """The numbers of local states, and arithmetic on multisets of a number of indices."""

    def __init__(self, indices: int) -> None:
        """Make fields as wide as the number of indices; local state 0 has no true facts."""
        self.indices = indices
        self.width = indices.bit_length()
        self.full = (1 << self.width) - 1
        self.numbers: dict[int, int] = {0: 0}
        self.bits: list[int] = [0]
        self.factorials = tuple(accumulate(range(1, indices + 1), mul, initial=1))

    @property
    def initial(self) -> int:
        """The multiset in which all indices are in local state 0."""
        return self.indices

    def number(self, bits: int) -> int:
        """Return the number of a local state."""
        number = self.numbers.get(bits)
        if number is None:
            number = self.numbers[bits] = len(self.bits)
            self.bits.append(bits)
        return number

    def one(self, number: int) -> int:
        """Return the multiset of one index in this local state."""
        return 1 << self.width * number

    def field(self, number: int) -> int:
        """Return the mask of the field of this local state."""
        return self.full << self.width * number

    def move(self, source: int, destination: int) -> int:
        """Return the difference that moves one index from one local state to another."""
        return self.one(destination) - self.one(source)

    def present(self, counts: int) -> Iterator[int]:
        """Return the local states in which there is some index, in ascending order."""
        width = self.width
        while counts:
            number = ((counts & -counts).bit_length() - 1) // width
            yield number
            passed = (number + 1) * width
            counts = counts >> passed << passed

    def holders(self, states: Sequence[int], numbers: Iterable[int]) -> Iterator[tuple[int, list[int]]]:
        """Return each of these local states with the multisets in which some index is in it."""
        wanted = set(numbers)
        if len(wanted) <= 4 * self.indices:  # few local states: look at each multiset for each of them
            for number in sorted(wanted):
                field = self.field(number)
                yield number, [counts for counts in states if counts & field]
            return
        table: dict[int, list[int]] = {number: [] for number in sorted(wanted)}
        for counts in states:
            for number in self.present(counts):
                if number in wanted:
                    table[number].append(counts)
        yield from table.items()

    def represented(self, states: Iterable[int]) -> int:
        """Return the number of assignments of local states to indices that these multisets represent.

        Each represents N! / (m1! m2! ...).

        The denominator is a product over fields.  It is looked up for the upper and the lower half of the fields, of
        which there are far fewer than of multisets.
        """
        half = len(self.bits) // 2 * self.width
        below = (1 << half) - 1
        lower: dict[int, int] = {}
        upper: dict[int, int] = {}
        whole, total = self.factorials[-1], 0
        for counts in states:
            low, high = counts & below, counts >> half
            if (first := lower.get(low)) is None:
                first = lower[low] = self.orders(low)
            if (second := upper.get(high)) is None:
                second = upper[high] = self.orders(high)
            total += whole // (first * second)
        return total

    def orders(self, counts: int) -> int:
        """Return the product of the factorials of all fields."""
        product, width, full = 1, self.width, self.full
        for number in self.present(counts):
            product *= self.factorials[counts >> number * width & full]
        return product


def union(states: Iterable[int]) -> int:
    """Return a multiset with the non-zero fields of all of these; the numbers in them have no meaning."""
    return reduce(or_, states, 0)
