"""What the kernel takes for granted of a system, checked on its actions; a system that lacks it is refused.

*Moves* are the actions before the disaster, *disasters* lead behind it, and *recovery* is what happens there.

**Levels.**  All runs of moves that lead to a state are equally long.  Then a level can be deduplicated by itself, and
sleep sets of equal states can be merged before the states are expanded.

**Own order.**  A state tells which moves led to it, and for each two of them that depend on each other in which order.
So it tells the whole run up to exchanges of independent neighbours (its Mazurkiewicz trace), and a search with sleep
sets, which follows exactly one run of each such class, comes to each state exactly once: it needs no table at all.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from bac.model.system import RECOVERED
from bac.proofs.engine import NotApplicable
from bac.proofs.packing import PackedAction, Packing

MOST = 1024
"""So many facts and moves a system may have: tables grow with the square of the moves, compiled code with the words."""


@dataclass(frozen=True)
class Parts:
    """The numbers of a system's actions in three lots."""

    moves: tuple[int, ...]
    disasters: tuple[int, ...]
    recovery: tuple[int, ...]

    @property
    def order(self) -> tuple[int, ...]:
        """All of them, lot after lot."""
        return self.moves + self.disasters + self.recovery


def parts(packing: Packing) -> Parts:
    """The actions before, at and after the disaster.

    Raises:
        NotApplicable: an action neither requires nor forbids that disaster has struck, or undoes it; or there are
            more than :data:`MOST` facts or moves.
    """
    recovered = packing.bit(RECOVERED)
    moves, disasters, recovery = [], [], []
    for number, action in enumerate(packing.actions):
        if action.written & ~action.add & recovered:
            raise NotApplicable("an action takes the disaster back")
        if action.require & recovered:
            recovery.append(number)
        elif not action.forbid & recovered:
            raise NotApplicable("an action may happen before the disaster and after it")
        elif action.add & recovered:
            disasters.append(number)
        else:
            moves.append(number)
    if max(len(moves), len(packing.system.facts)) > MOST:
        raise NotApplicable("there are too many facts or moves")
    return Parts(tuple(moves), tuple(disasters), tuple(recovery))


def copied(action: PackedAction) -> int:
    """The facts that an action copies to."""
    return shifted(action.copies)


def shifted(copies: Sequence[tuple[int, int]]) -> int:
    """Where copies lead to."""
    mask = 0
    for sources, shift in copies:
        mask |= sources << shift if shift > 0 else sources >> -shift
    return mask


def bits(mask: int) -> list[int]:
    """The single bits of a mask, as masks."""
    found = []
    while mask:
        found.append(mask & -mask)
        mask &= mask - 1
    return found


class Moves:
    """The moves of a system, and what holds of all their runs."""

    def __init__(self, packing: Packing, numbers: Sequence[int]) -> None:
        """Take the actions with these numbers; runs of them begin where no fact is true."""
        self.packing = packing
        self.actions = [packing.actions[number] for number in numbers]
        self.read = [action.read for action in self.actions]
        self.written = [action.written for action in self.actions]

    @cached_property
    def unsteady(self) -> int:
        """The facts that a move may make false."""
        mask = 0
        for action in self.actions:
            mask |= ~action.keep & ~action.add | copied(action)
        return mask & self.packing.everything

    def writers(self, fact: int) -> list[int]:
        """The moves that may change one fact."""
        return [number for number, mask in enumerate(self.written) if mask & fact]

    def dependent(self, one: int, other: int) -> bool:
        """Whether one of two moves changes what the other reads or changes."""
        return bool(
            self.written[one] & (self.read[other] | self.written[other]) or self.written[other] & self.read[one]
        )

    # Levels

    @cached_property
    def marks(self) -> dict[int, int] | None:
        """A fact for each move that says whether it, or another with the same mark, has happened.

        A mark is added and forbidden by each move that has it, added by no other, and never becomes false.  Every move
        has one mark and adds no other, except brackets, which add none.
        """
        brackets = self.brackets
        taken: dict[int, int] = {}
        candidates = [action.add & action.forbid & ~self.unsteady for action in self.actions]
        for number in sorted(range(len(self.actions)), key=lambda each: -len(self.own(each))):
            if number in taken or number in brackets:
                continue
            for fact in self.own(number) or bits(candidates[number]):
                sharing = [each for each, action in enumerate(self.actions) if action.add & fact]
                if all(candidates[each] & fact and each not in taken and each not in brackets for each in sharing):
                    taken |= dict.fromkeys(sharing, fact)
                    break
            else:
                return None
        every = sum(set(taken.values()))
        steady = all(action.add & every == taken.get(number, 0) for number, action in enumerate(self.actions))
        return taken if steady else None

    def own(self, number: int) -> list[int]:
        """The facts that could be the mark of one move only."""
        action = self.actions[number]
        return [fact for fact in bits(action.add & action.forbid & ~self.unsteady) if self.writers(fact) == [number]]

    @cached_property
    def brackets(self) -> set[int]:
        """The moves that take and release locks.

        A lock is a fact that some moves add (they forbid it, and a fact *m*), others delete (they require it and *m*),
        and no move changes otherwise; *m* is never made false, and whatever adds it requires the lock and leaves it
        alone.  Then the lock is taken once at most, since while *m* is false nothing releases it, and as soon as *m* is
        true nothing takes it; and once it is released it stays so.  So it was taken if lock or *m* is true, and
        released if *m* is and the lock is not.
        """
        found: set[int] = set()
        for lock in bits(self.unsteady):
            writers = self.writers(lock)
            takers = [each for each in writers if self.actions[each].add & lock]
            releasers = [each for each in writers if not self.actions[each].add & lock]
            if any(copied(self.actions[each]) & lock for each in writers) or not takers or not releasers:
                continue
            between = self.packing.everything & ~self.unsteady
            for each in takers:
                between &= self.actions[each].forbid if self.actions[each].forbid & lock else 0
            for each in releasers:
                between &= self.actions[each].require if self.actions[each].require & lock else 0
            if any(self.inside(fact, lock) for fact in bits(between)):
                found.update(writers)
        return found

    def inside(self, fact: int, lock: int) -> bool:
        """Whether this fact comes about only while the lock is taken."""
        return all(self.actions[each].require & lock and not self.written[each] & lock for each in self.writers(fact))

    @property
    def levelled(self) -> bool:
        """Whether the length of a run of moves can be told from the state in which it ends.

        Every move that is no bracket turns exactly one mark from false to true, and marks stay; how often locks were
        taken and released can be told, too, if no two locks share a bracket.
        """
        return self.marks is not None and self.single_brackets

    @property
    def single_brackets(self) -> bool:
        """Whether each bracket takes or releases one lock only."""
        return all(bin(self.written[each] & self.unsteady).count("1") == 1 for each in self.brackets)

    # Own order

    @cached_property
    def ordered(self) -> bool:
        """Whether a state tells its run up to exchanges of independent neighbours."""
        marks = self.marks
        if marks is None or self.brackets or len(set(marks.values())) != len(self.actions):
            return False
        return all(
            self.tells(one, other) or self.tells(other, one)
            for one in range(len(self.actions))
            for other in range(one)
            if self.dependent(one, other)
        )

    def tells(self, one: int, other: int) -> bool:
        """Whether a state after both moves, each of which happens once at most, tells their order.

        Either the first requires what only the other brings about, and so comes after it; or it forbids what the other
        makes true for good, and so comes before it; or the first copies a fact that only the other makes true, for
        good, to a place where nothing else writes.
        """
        action, rival = self.actions[one], self.actions[other]
        if any(self.bringers(fact) == [other] for fact in bits(action.require & rival.add)):
            return True
        if action.forbid & rival.add & ~self.unsteady:
            return True
        return any(
            self.bringers(source) == [other] and self.writers(shifted([(source, shift)])) == [one]
            for sources, shift in action.copies
            for source in bits(sources & rival.add & ~self.unsteady)
        )

    def bringers(self, fact: int) -> list[int]:
        """The moves that may make a fact true."""
        return [each for each, action in enumerate(self.actions) if (action.add | copied(action)) & fact]
