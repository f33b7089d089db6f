"""Multisets of local states as integers: field *n* holds how many indices are in local state number *n*.

A local state is the facts of one index that hold, as bits.  Local states are numbered as they turn up.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import reduce
from itertools import accumulate
from operator import mul, or_


class Counters:
    """The numbering of local states, and arithmetic on multisets of so many indices."""

    def __init__(self, indices: int) -> None:
        """Fields are as wide as the number of indices; local state 0 has no facts."""
        self.indices = indices
        self.width = indices.bit_length()
        self.full = (1 << self.width) - 1
        self.numbers: dict[int, int] = {0: 0}
        self.bits: list[int] = [0]
        self.factorials = tuple(accumulate(range(1, indices + 1), mul, initial=1))

    @property
    def initial(self) -> int:
        """All indices are without facts."""
        return self.indices

    def number(self, bits: int) -> int:
        """The number of a local state."""
        number = self.numbers.get(bits)
        if number is None:
            number = self.numbers[bits] = len(self.bits)
            self.bits.append(bits)
        return number

    def one(self, number: int) -> int:
        """One index in this local state."""
        return 1 << self.width * number

    def field(self, number: int) -> int:
        """The mask of the indices in this local state."""
        return self.full << self.width * number

    def move(self, source: int, destination: int) -> int:
        """What to add when one index goes from one local state to another."""
        return self.one(destination) - self.one(source)

    def present(self, counts: int) -> Iterator[int]:
        """The local states in which there is some index, in ascending order."""
        width = self.width
        while counts:
            number = ((counts & -counts).bit_length() - 1) // width
            yield number
            passed = (number + 1) * width
            counts = counts >> passed << passed

    def holders(self, states: Sequence[int], numbers: Iterable[int]) -> Iterator[tuple[int, list[int]]]:
        """For each of these local states: the multisets in which some index is in it."""
        wanted = set(numbers)
        if len(wanted) <= 4 * self.indices:  # few local states: ask each of every multiset
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
        """How many assignments of local states to indices these multisets stand for: N! / (m1! m2! ...) for each.

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
        """The product of the factorials of all fields."""
        product, width, full = 1, self.width, self.full
        for number in self.present(counts):
            product *= self.factorials[counts >> number * width & full]
        return product


def union(states: Iterable[int]) -> int:
    """A multiset that has a field only where one of these has it (how many is not meaningful)."""
    return reduce(or_, states, 0)
