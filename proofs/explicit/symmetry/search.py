"""Breadth-first search over multisets of local states: a state is what holds of no index, and how many are where.

States are expanded in batches that share their common facts.  What one index does in a local state is then the same
sum for every multiset that has an index there, and what a common action does is one map of local states.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import islice

from bac.model.plan import Timing
from bac.model.system import AT_REST, RECOVERED, Fact
from bac.proofs.engine import LimitMonitor, Query
from bac.proofs.explicit.symmetry.applicability import OneIndex
from bac.proofs.explicit.symmetry.counters import Counters, union
from bac.proofs.packing import PackedAction, Packing

BATCH = 4096
"""At most so many states are expanded at once, and between two looks at the limits."""
WORK_PER_BATCH = 200_000
"""At most so many actions are tried in a batch."""

State = tuple[int, int]
"""The common facts that hold, and the multiset of local states."""
Move = tuple[int, int, int]
"""What one index does: the number of the action, the common facts afterwards, the local state afterwards."""


@dataclass
class Shared:
    """What a common action does where certain common facts hold; it is learnt for local states as they turn up.

    ``after`` are the common facts afterwards.  ``table`` maps local states; ``blocked`` has the fields of those in
    which no index may be; ``shifts`` has the other fields, by how many bits they move.
    """

    action: PackedAction
    common: int
    after: int
    table: dict[int, int | None] = field(default_factory=dict)
    blocked: int = 0
    shifts: dict[int, int] = field(default_factory=dict)

    def learn(self, counters: Counters, mask: int, numbers: Iterable[int]) -> None:
        """Extend the map to these local states; ``mask`` tells the facts of an index from common ones."""
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
        """The multisets afterwards, one for each of these, in all of which the action may happen."""
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
        """The multiset afterwards, local state by local state."""
        after, width = 0, counters.width
        for number in counters.present(counts):
            there = self.table[number]
            assert there is not None
            after += (counts >> number * width & counters.full) << there * width
        return after


@dataclass(frozen=True)
class Witness:
    """A state that answers a question, and a local state in it of which the answer speaks."""

    state: State
    local: int


class Search:
    """One exploration: what was found so far, and where.

    ``questions`` are about the first index and about common facts; ``settled`` formulas ask for some index.
    """

    def __init__(self, one: OneIndex, questions: Query, watch: LimitMonitor) -> None:
        """Pack the system of one index; nothing is explored yet."""
        self.one, self.questions, self.watch = one, questions, watch
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
        self.shared_of: dict[int, dict[int, Shared]] = {}
        self.states, self.transitions, self.depth = 1, 0, 0
        self.limit: str | None = None
        self.interrupted = False
        self.found: list[dict[Timing, Witness]] = [{} for _ in questions.settled]
        self.reached: State | None = None
        self.settles = self.stuck = False
        self.levelled = True
        self.judged: set[State] = set()

    def bit(self, fact: Fact) -> int:
        """The mask of a common fact; 0 if the system does not have it."""
        return self.packing.bit(fact) if fact in self.packing.position else 0

    # Exploration

    def run(self) -> None:
        """Level by level, until there is nothing left to explore or to ask, or a limit is hit."""
        try:
            if self.answers_reachable(0):
                self.reached = 0, self.counters.initial
            while self.waiting and self.limit is None and self.open():
                self.expand_level()
                self.advance()
        except KeyboardInterrupt:
            self.limit, self.interrupted = "interrupted", True
            self.advance()  # what was found waits, as what was waiting does, so that none may pass for a dead end

    def expand_level(self) -> None:
        """Find what the states that wait lead to, until a limit is hit."""
        queue = sum(len(states) for _, states in self.waiting)
        while self.waiting:
            common, states = self.waiting[0]
            found = sum(map(len, self.level.values()))
            self.limit = self.watch.exceeded(self.states + found, self.depth, queue + found)
            if self.limit is not None:
                return
            self.expand(common, states)
            self.waiting.popleft()
            queue -= len(states)

    def advance(self) -> None:
        """Enter what the level has found: it waits.  When interrupted, this is done again, and must not harm."""
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
            if self.reached is None and self.answers_reachable(common):
                self.reached = common, new[0]
        if self.level:
            self.level = {}
            self.depth = depth

    def expand(self, common: int, states: Sequence[int]) -> None:
        """The successors of states with these common facts."""
        counters = self.counters
        successors: dict[int, set[int]] = {}
        present = list(counters.present(union(states)))
        acting = progressing = 0  # the fields in which some index can do something, and get on without a disaster
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
        shared = self.shared(common, present)
        for each in shared:
            allowed = [counts for counts in states if not counts & each.blocked]
            if allowed:
                self.transitions += len(allowed)
                successors.setdefault(each.after, set()).update(each.apply(counters, allowed))
        self.enter(successors)
        if common & self.recovered:
            self.settle(common, [counts for counts in states if not counts & acting], shared)
        else:
            self.get_stuck(common, [counts for counts in states if not counts & progressing], shared)

    def enter(self, successors: dict[int, set[int]]) -> None:
        """Add to the level what was not found on an earlier one."""
        for common, reached in successors.items():
            new = reached.difference(self.depths.get(common, ()))
            if len(new) < len(reached) and not common & self.recovered:
                self.levelled = False
            if new:
                self.level.setdefault(common, set()).update(new)

    def settle(self, common: int, idle: Sequence[int], shared: Sequence[Shared]) -> None:
        """Judge those of these states after the disaster in which no common action can happen either."""
        for each in shared:
            idle = [counts for counts in idle if counts & each.blocked]
        if not idle:
            return
        self.settles = True
        timing = Timing.AT_REST if common & self.at_rest else Timing.ANY_TIME
        for number in self.counters.present(union(idle)):
            if (common, number) in self.judged:
                continue
            self.judged.add((common, number))
            whole = common | self.counters.bits[number]
            for formula, found in zip(self.questions.settled, self.found, strict=True):
                if timing not in found and self.packing.satisfied(formula, whole):
                    field = self.counters.field(number)
                    counts = next(counts for counts in idle if counts & field)
                    found[timing] = Witness((common, counts), number)

    def get_stuck(self, common: int, idle: Sequence[int], shared: Sequence[Shared]) -> None:
        """Note whether one of these states before the disaster is without a way on, and without what is inevitable.

        An action that leaves a state as it is counts as a way on here: it is a way back, which is noticed elsewhere.
        """
        goal = self.questions.always_reachable
        if goal is None or self.stuck or not idle or self.packing.satisfied(goal, common):
            return
        for each in shared:
            if not each.after & self.recovered:
                idle = [counts for counts in idle if counts & each.blocked]
        self.stuck = bool(idle)

    def moves(self, common: int, number: int) -> tuple[Move, ...]:
        """What an index can do by itself in this local state."""
        known = self.moves_of.get((common, number))
        if known is None:
            whole = common | self.counters.bits[number]
            results = ((each, action.apply(whole)) for each, action in self.owned if action.enabled(whole))
            known = tuple(
                (each, after & ~self.local, self.counters.number(after & self.local)) for each, after in results
            )
            self.moves_of[common, number] = known
        return known

    def shared(self, common: int, numbers: Sequence[int]) -> Sequence[Shared]:
        """What common actions do in these local states; those that the common facts rule out are left out."""
        table = self.shared_of.get(common)
        if table is None:
            table = self.shared_of[common] = {
                number: Shared(action, common, action.apply(common) & ~self.local)
                for number, action in self.common
                if not action.require & ~self.local & ~common and not action.forbid & common
            }
        for each in table.values():
            each.learn(self.counters, self.local, numbers)
        return tuple(table.values())

    def answers_reachable(self, common: int) -> bool:
        """Whether states with these common facts answer the question of what is reachable."""
        return self.questions.reachable is not None and self.packing.satisfied(self.questions.reachable, common)

    def open(self) -> bool:
        """Whether a question is left that further exploration could answer."""
        return (
            self.questions.always_reachable is not None
            or (self.questions.reachable is not None and self.reached is None)
            or any(len(found) < len(Timing) for found in self.found)
        )

    def at_depth(self, common: int, depth: int) -> list[int]:
        """The multisets that were first reached at this depth, with these common facts."""
        start, end = self.places.get(common, {}).get(depth, (0, 0))
        return list(islice(self.depths[common], start, end)) if end else []

    @property
    def represented(self) -> int:
        """How many states of the whole system were found."""
        return sum(self.counters.represented(known) for known in self.depths.values())
