"""The conditions under which the compiled search applies, checked on the actions of a system.

*Moves* are the actions before the disaster, and *recovery actions* those after it.

**Levels.**  All runs of moves that lead to a state have the same length.  Then a state can be reached again within its
level only, so each level can be deduplicated alone, and sleep sets of equal states can be merged before the states are
expanded.

**States that determine their runs.**  A state tells which moves led to it, and for each two of them that depend on each
other in which order.  So it tells the whole run up to exchanges of independent neighbours (its Mazurkiewicz trace), and
a depth-first search with sleep sets, which follows exactly one run of each such class, reaches each state exactly once
and needs no table of states.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from bac.model.system import RECOVERED
from bac.proofs.engine import NotApplicable, Packing

MOST = 1024
"""The most facts, and the most moves, of a system: tables grow with the square of the moves, code with the words."""


@dataclass(frozen=True)
class Phases:
    """The numbers of a system's actions by the phase of a run in which they can happen."""

    moves: tuple[int, ...]
    disasters: tuple[int, ...]
    recovery: tuple[int, ...]

    @property
    def actions(self) -> tuple[int, ...]:
        """All of them, phase after phase."""
        return self.moves + self.disasters + self.recovery


def phases(packing: Packing) -> Phases:
    """Return the actions before, at and after the disaster.

    Raises:
        NotApplicable: an action neither requires nor forbids that a disaster has happened, or undoes it; or there are
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
    return Phases(tuple(moves), tuple(disasters), tuple(recovery))


def copy_targets(copies: Sequence[tuple[int, int]]) -> int:
    """Return the facts to which these copies (sources, shift) lead."""
    mask = 0
    for sources, shift in copies:
        mask |= sources << shift if shift > 0 else sources >> -shift
    return mask


def bits(mask: int) -> list[int]:
    """Return the single bits of a mask, as masks."""
    found = []
    while mask:
        found.append(mask & -mask)
        mask &= mask - 1
    return found


class Moves:
    """The moves of a system, and properties of all their runs, which begin where no fact is true."""

    def __init__(self, packing: Packing, numbers: Sequence[int]) -> None:
        """Take the actions with these numbers."""
        self.packing = packing
        self.actions = [packing.actions[number] for number in numbers]
        self.read = [action.read for action in self.actions]
        self.written = [action.written for action in self.actions]

    @cached_property
    def transient(self) -> int:
        """The facts that a move may make false; all others are permanent."""
        mask = 0
        for action in self.actions:
            mask |= ~action.keep & ~action.add | copy_targets(action.copies)
        return mask & self.packing.everything

    def writers(self, fact: int) -> list[int]:
        """Return the moves that may change one fact."""
        return [number for number, mask in enumerate(self.written) if mask & fact]

    def adders(self, fact: int) -> list[int]:
        """Return the moves that may make one fact true."""
        return [each for each, action in enumerate(self.actions) if (action.add | copy_targets(action.copies)) & fact]

    def dependent(self, one: int, other: int) -> bool:
        """Whether one of two moves may change a fact that the other reads or changes."""
        return bool(
            self.written[one] & (self.read[other] | self.written[other]) or self.written[other] & self.read[one]
        )

    # Levels

    @property
    def levelled(self) -> bool:
        """Whether the length of a run of moves can be told from the state in which it ends.

        Every move that is no lock move makes exactly one mark true, and marks are permanent; how often locks were taken
        and released can be told, too, if each lock move takes or releases one lock only.
        """
        return self.marks is not None and all(
            bin(self.written[each] & self.transient).count("1") == 1 for each in self.lock_moves
        )

    @cached_property
    def marks(self) -> dict[int, int] | None:
        """A fact for each move that tells whether it, or another move with the same mark, has happened.

        A mark is added and forbidden by each move that has it, added by no other, and permanent.  Every move has one
        mark and adds no other, except lock moves, which add none.  ``None`` if there are no such marks.
        """
        lock_moves = self.lock_moves
        taken: dict[int, int] = {}
        candidates = [action.add & action.forbid & ~self.transient for action in self.actions]
        for number in sorted(range(len(self.actions)), key=lambda each: -len(self.own_marks(each))):
            if number in taken or number in lock_moves:
                continue
            for fact in self.own_marks(number) or bits(candidates[number]):
                sharing = [each for each, action in enumerate(self.actions) if action.add & fact]
                if all(candidates[each] & fact and each not in taken and each not in lock_moves for each in sharing):
                    taken |= dict.fromkeys(sharing, fact)
                    break
            else:
                return None
        every = sum(set(taken.values()))
        exact = all(action.add & every == taken.get(number, 0) for number, action in enumerate(self.actions))
        return taken if exact else None

    def own_marks(self, number: int) -> list[int]:
        """Return the facts that could be the mark of this move alone."""
        action = self.actions[number]
        return [fact for fact in bits(action.add & action.forbid & ~self.transient) if self.writers(fact) == [number]]

    @cached_property
    def lock_moves(self) -> set[int]:
        """The moves that take and release locks.

        A lock is a fact that some moves add (they forbid it, and a fact *m*), others delete (they require it and *m*),
        and no move changes otherwise; *m* is permanent, and each move that adds it requires the lock and does not
        change it.  Then the lock is taken once at most, since while *m* is false no move releases it, and as soon as
        *m* is true no move takes it; and once it is released it stays so.  So it was taken if lock or *m* is true, and
        released if *m* is true and the lock is not.
        """
        found: set[int] = set()
        for lock in bits(self.transient):
            writers = self.writers(lock)
            takers = [each for each in writers if self.actions[each].add & lock]
            releasers = [each for each in writers if not self.actions[each].add & lock]
            if any(copy_targets(self.actions[each].copies) & lock for each in writers) or not takers or not releasers:
                continue
            between = self.packing.everything & ~self.transient
            for each in takers:
                between &= self.actions[each].forbid if self.actions[each].forbid & lock else 0
            for each in releasers:
                between &= self.actions[each].require if self.actions[each].require & lock else 0
            if any(self.added_under(lock, fact) for fact in bits(between)):
                found.update(writers)
        return found

    def added_under(self, lock: int, fact: int) -> bool:
        """Whether this fact becomes true only while the lock is taken."""
        return all(self.actions[each].require & lock and not self.written[each] & lock for each in self.writers(fact))

    # States that determine their runs

    @cached_property
    def determined(self) -> bool:
        """Whether a state determines its run up to exchanges of independent neighbours."""
        marks = self.marks
        if marks is None or self.lock_moves or len(set(marks.values())) != len(self.actions):
            return False
        return all(
            self.shows_order(one, other) or self.shows_order(other, one)
            for one in range(len(self.actions))
            for other in range(one)
            if self.dependent(one, other)
        )

    def shows_order(self, one: int, other: int) -> bool:
        """Whether a state after both moves, each of which happens once at most, shows their order.

        Either the first requires a fact that only the other makes true, and so comes after it; or it forbids a
        permanent fact that the other makes true, and so comes before it; or the first copies a permanent fact that only
        the other makes true to a place where no other move writes.
        """
        action, rival = self.actions[one], self.actions[other]
        if any(self.adders(fact) == [other] for fact in bits(action.require & rival.add)):
            return True
        if action.forbid & rival.add & ~self.transient:
            return True
        return any(
            self.adders(source) == [other] and self.writers(copy_targets([(source, shift)])) == [one]
            for sources, shift in action.copies
            for source in bits(sources & rival.add & ~self.transient)
        )
