"""Breadth-first search over states up to symmetry: the true common facts, and the multiset of local states.

States are expanded in batches that share their common facts.  The action of one index in a local state then adds the
same difference to every multiset that has an index there, and a common action is one map of local states.

A local state is the set of true facts of one index, as bits; local states are numbered in the order in which they are
found.  A multiset of them is an integer whose field *n* is the number of indices in local state *n*.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import reduce
from itertools import accumulate, islice
from operator import mul, or_

from bac.model.plan import Timing
from bac.model.system import AT_REST, RECOVERED, Fact
from bac.proofs.engine import LimitMonitor, PackedAction, Packing, Query
from bac.proofs.explicit.symmetry.applicability import OneIndex

BATCH = 4096
"""At most so many states are expanded at once, and between two checks of the limits."""
WORK_PER_BATCH = 200_000
"""At most so many actions are tried in a batch."""

State = tuple[int, int]
"""The true common facts, and the multiset of local states."""
Move = tuple[int, int, int]
"""An action of one index: its number, the common facts afterwards, and the local state afterwards."""


@dataclass
class CommonAction:
    """The effect of a common action in states with the same common facts; it is extended to local states when found.

    ``after`` are the common facts afterwards.  ``table`` maps local states; ``blocked`` has the fields of local
    states that disable the action; ``shifts`` has the other fields, by the number of bits that they move.
    """

    action: PackedAction
    common: int
    after: int
    table: dict[int, int | None] = field(default_factory=dict)
    blocked: int = 0
    shifts: dict[int, int] = field(default_factory=dict)

    def extend(self, counters: Counters, mask: int, numbers: Iterable[int]) -> None:
        """Extend the map to these local states; ``mask`` has the facts of an index."""
        for number in numbers:
            if number in self.table:
                continue
            whole = self.common | counters.bits[number]
            if not self.action.enabled(whole):
                self.table[number] = None
                self.blocked |= counters.field(number)
                continue
            there = self.table[number] = counters.number(self.action.apply(whole) & mask)
            shift = (there - number) * counters.width
            self.shifts[shift] = self.shifts.get(shift, 0) | counters.field(number)

    def apply(self, counters: Counters, states: Sequence[int]) -> Sequence[int]:
        """Return the multisets after the action, which is enabled in all of these, in their order."""
        stays = self.shifts.get(0, 0)
        left = [(mask, shift) for shift, mask in self.shifts.items() if shift > 0]
        right = [(mask, -shift) for shift, mask in self.shifts.items() if shift < 0]
        if not left and not right:
            return states
        if len(left) + len(right) > 4 * counters.indices:
            return [self.mapped(counters, counts) for counts in states]
        results = []
        for counts in states:
            after = counts & stays
            for mask, shift in left:
                after += (counts & mask) << shift
            for mask, shift in right:
                after += (counts & mask) >> shift
            results.append(after)
        return results

    def mapped(self, counters: Counters, counts: int) -> int:
        """Return the multiset after the action, computed one local state after the other."""
        after, width = 0, counters.width
        for number in counters.present(counts):
            there = self.table[number]
            assert there is not None
            after += (counts >> number * width & counters.full) << there * width
        return after


@dataclass(frozen=True)
class Witness:
    """A state that satisfies a formula, and the local state in it that the formula is about."""

    state: State
    local: int


class Search:
    """One exploration, and the states that it has found so far.

    The formulas of ``query`` are about the first index and common facts; a settled state is looked for that satisfies
    one for some index.
    """

    def __init__(self, one: OneIndex, query: Query, monitor: LimitMonitor) -> None:
        """Pack the system of one index; nothing is explored yet."""
        self.one, self.query, self.monitor = one, query, monitor
        self.packing = Packing(one.system)
        self.counters = Counters(len(one.indices))
        self.local = self.packing.mask(frozenset(fact for fact in one.system.facts if fact.events))
        self.recovered, self.at_rest = self.bit(RECOVERED), self.bit(AT_REST)
        packed = list(zip(one.owned, self.packing.actions, strict=True))
        self.owned = [(number, action) for number, (owned, action) in enumerate(packed) if owned]
        self.common = [(number, action) for number, (owned, action) in enumerate(packed) if not owned]
        self.batch = max(1, min(BATCH, WORK_PER_BATCH // max(1, len(packed))))
        # The depth of each state, by common facts.  States of one depth stand together, in the places noted.
        self.depths: dict[int, dict[int, int]] = {0: {self.counters.initial: 0}}
        self.places: dict[int, dict[int, tuple[int, int]]] = {0: {0: (0, 1)}}
        self.waiting: deque[tuple[int, Sequence[int]]] = deque([(0, [self.counters.initial])])
        self.level: dict[int, set[int]] = {}
        self.moves_of: dict[State, tuple[Move, ...]] = {}
        self.common_actions: dict[int, dict[int, CommonAction]] = {}
        self.states, self.transitions, self.depth = 1, 0, 0
        self.limit: str | None = None
        self.interrupted = False
        self.found: list[dict[Timing, Witness]] = [{} for _ in query.settled]
        self.reached: State | None = None
        self.can_recover = self.stuck = False
        self.levelled = True
        self.evaluated: set[State] = set()

    def bit(self, fact: Fact) -> int:
        """Return the mask of a common fact; 0 if the system does not have it."""
        return self.packing.bit(fact) if fact in self.packing.position else 0

    # Exploration

    @property
    def unfinished(self) -> bool:
        """Whether more could be found, and no limit was reached."""
        return bool(self.waiting) and self.limit is None and self.unanswered()

    def run(self, most: int | None = None) -> None:
        """Explore level by level until the search is finished, a limit is reached, or there are ``most`` states."""
        try:
            if self.is_reached(0):
                self.reached = 0, self.counters.initial
            while self.unfinished and (most is None or self.states < most):
                self.expand_level()
                self.advance()
        except KeyboardInterrupt:
            self.limit, self.interrupted = "interrupted", True
            self.advance()  # states that were not expanded wait, so that none is taken for a dead end

    def expand_level(self) -> None:
        """Expand the waiting states, until a limit is reached."""
        queue = sum(len(states) for _, states in self.waiting)
        while self.waiting:
            common, states = self.waiting[0]
            found = sum(map(len, self.level.values()))
            self.limit = self.monitor.exceeded(self.states + found, self.depth, queue + found)
            if self.limit is not None:
                return
            self.expand(common, states)
            self.waiting.popleft()
            queue -= len(states)

    def advance(self) -> None:
        """Let the states found in this level wait.  To do it again, after an interruption, has no effect."""
        depth = self.depth + 1
        for common, reached in self.level.items():
            known = self.depths.setdefault(common, {})
            new = list(reached.difference(known))
            if not new:
                continue
            self.waiting.extend((common, new[start : start + self.batch]) for start in range(0, len(new), self.batch))
            self.places.setdefault(common, {})[depth] = len(known), len(known) + len(new)
            known.update(dict.fromkeys(new, depth))
            self.states += len(new)
            if self.reached is None and self.is_reached(common):
                self.reached = common, new[0]
        if self.level:
            self.level = {}
            self.depth = depth

    def expand(self, common: int, states: Sequence[int]) -> None:
        """Find the successors of states with these common facts."""
        counters = self.counters
        successors: dict[int, set[int]] = {}
        present = list(counters.present(union(states)))
        acting = progressing = 0  # the fields in which an index has an enabled action, and one without a disaster
        movers = {number: moves for number in present if (moves := self.moves(common, number))}
        for number, moves in movers.items():
            acting |= counters.field(number)
            if any(not there & self.recovered for _, there, _ in moves):
                progressing |= counters.field(number)
        for number, holding in counters.holders(states, movers):
            for _, there, to in movers[number]:
                difference = counters.move(number, to)
                self.transitions += len(holding)
                successors.setdefault(there, set()).update([counts + difference for counts in holding])
        shared = self.enabled_common(common, present)
        for each in shared:
            allowed = [counts for counts in states if not counts & each.blocked]
            if allowed:
                self.transitions += len(allowed)
                successors.setdefault(each.after, set()).update(each.apply(counters, allowed))
        self.enter(successors)
        if common & self.recovered:
            self.evaluate_settled(common, [counts for counts in states if not counts & acting], shared)
        else:
            self.note_stuck(common, [counts for counts in states if not counts & progressing], shared)

    def enter(self, successors: dict[int, set[int]]) -> None:
        """Add the states that were not found in an earlier level."""
        for common, reached in successors.items():
            new = reached.difference(self.depths.get(common, ()))
            if len(new) < len(reached) and not common & self.recovered:
                self.levelled = False
            if new:
                self.level.setdefault(common, set()).update(new)

    def evaluate_settled(self, common: int, idle: Sequence[int], shared: Sequence[CommonAction]) -> None:
        """Evaluate the formulas in those states after the disaster in which no common action is enabled either."""
        for each in shared:
            idle = [counts for counts in idle if counts & each.blocked]
        if not idle:
            return
        self.can_recover = True
        timing = Timing.AT_REST if common & self.at_rest else Timing.ANY_TIME
        for number in self.counters.present(union(idle)):
            if (common, number) in self.evaluated:
                continue
            self.evaluated.add((common, number))
            whole = common | self.counters.bits[number]
            for formula, found in zip(self.query.settled, self.found, strict=True):
                if timing not in found and self.packing.satisfied(formula, whole):
                    field = self.counters.field(number)
                    counts = next(counts for counts in idle if counts & field)
                    found[timing] = Witness((common, counts), number)

    def note_stuck(self, common: int, idle: Sequence[int], shared: Sequence[CommonAction]) -> None:
        """Note whether one of these states before the disaster is stuck, and not what must stay reachable.

        An action that does not change a state counts as enabled here; ``levelled`` notes it.
        """
        goal = self.query.always_reachable
        if goal is None or self.stuck or not idle or self.packing.satisfied(goal, common):
            return
        for each in shared:
            if not each.after & self.recovered:
                idle = [counts for counts in idle if counts & each.blocked]
        self.stuck = bool(idle)

    def moves(self, common: int, number: int) -> tuple[Move, ...]:
        """Return the actions of an index in this local state."""
        known = self.moves_of.get((common, number))
        if known is None:
            whole = common | self.counters.bits[number]
            results = ((each, action.apply(whole)) for each, action in self.owned if action.enabled(whole))
            known = tuple(
                (each, after & ~self.local, self.counters.number(after & self.local)) for each, after in results
            )
            self.moves_of[common, number] = known
        return known

    def enabled_common(self, common: int, numbers: Sequence[int]) -> Sequence[CommonAction]:
        """Return the common actions that the common facts do not disable, extended to these local states."""
        table = self.common_actions.get(common)
        if table is None:
            table = self.common_actions[common] = {
                number: CommonAction(action, common, action.apply(common) & ~self.local)
                for number, action in self.common
                if not action.require & ~self.local & ~common and not action.forbid & common
            }
        for each in table.values():
            each.extend(self.counters, self.local, numbers)
        return tuple(table.values())

    def is_reached(self, common: int) -> bool:
        """Whether states with these common facts satisfy the formula that is to be reached."""
        return self.query.reachable is not None and self.packing.satisfied(self.query.reachable, common)

    def unanswered(self) -> bool:
        """Whether further exploration could answer a part of the query."""
        return (
            self.query.always_reachable is not None
            or (self.query.reachable is not None and self.reached is None)
            or any(len(found) < len(Timing) for found in self.found)
        )

    def at_depth(self, common: int, depth: int) -> list[int]:
        """Return the multisets that were first reached at this depth, with these common facts."""
        start, end = self.places.get(common, {}).get(depth, (0, 0))
        return list(islice(self.depths[common], start, end)) if end else []

    @property
    def represented(self) -> int:
        """The number of states of the whole system that were found."""
        return sum(self.counters.represented(known) for known in self.depths.values())


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
