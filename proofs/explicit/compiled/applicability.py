"""The conditions under which the compiled search applies, checked on the actions of a system.

*Moves* are the actions before the disaster, and *recovery actions* those after it.

**Levels.**  All runs of moves that lead to a state have the same length.  Then a state can be reached again within its
level only, so each level can be deduplicated alone, and sleep sets of equal states can be merged before the states are
expanded.

**Independence.**  Two moves are independent if, wherever both are enabled, neither disables the other, and both orders
lead to the same state.  Which facts are known where a move is enabled is derived from the moves that add them.  Moves
with the same effect that exclude each other are *alike*, and count as one: where one of them was made or sleeps, the
others need not be made.  This suffices for sleep sets to leave out no state.  Let a run be the first, in the order in
which the search makes moves, of those that differ in the order of independent neighbours or in which of several alike
moves was made.  If its next move slept, it or one like it would have been enabled ever since it was put to sleep, and
independent of all moves since; making it there gives an earlier run to the same states.

**States that determine their runs.**  A state tells which moves led to it (up to alike ones), and for each two of them
that depend on each other in which order.  So all its runs are equal up to exchanges of independent neighbours (a
Mazurkiewicz trace).  A depth-first search with sleep sets follows one run of each such class at most: of two, let one
go on with *a* and the other with *b* where they part, and *a* be made first.  The other makes *a* later, and what it
makes until then is independent of *a*, which therefore sleeps.  So it reaches each state exactly once, and needs no
table of states.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, reduce
from itertools import chain, product
from operator import or_

from bac.model.system import RECOVERED
from bac.proofs.engine import NotApplicable, PackedAction, Packing

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


def copy_sources(copies: Sequence[tuple[int, int]]) -> int:
    """Return the facts that are copied."""
    mask = 0
    for sources, _ in copies:
        mask |= sources
    return mask


def places(mask: int) -> list[int]:
    """Return the places of the bits of a mask."""
    return [bit.bit_length() - 1 for bit in bits(mask)]


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
        self.added = [action.add | copy_targets(action.copies) for action in self.actions]
        self.added_by: dict[int, list[int]] = {}

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
        if fact not in self.added_by:
            self.added_by[fact] = [each for each, mask in enumerate(self.added) if mask & fact]
        return self.added_by[fact]

    @cached_property
    def needed(self) -> dict[int, int]:
        """For each fact the permanent facts that are true whenever it is, as every move that adds it sees to that."""
        permanent = self.packing.everything & ~self.transient
        needed = {}
        for fact in bits(self.packing.everything):
            needed[fact] = permanent
            for each in self.adders(fact):
                needed[fact] &= self.actions[each].require | self.actions[each].add
        return needed

    @cached_property
    def known(self) -> list[tuple[int, int]]:
        """For each move the facts that are true, and those that are false, wherever it is enabled."""
        return [self.known_to(action) for action in self.actions]

    def known_to(self, action: PackedAction) -> tuple[int, int]:
        """Return the facts known to be true, and known to be false, where a move is enabled."""
        true, false, before = action.require, action.forbid, None
        while before != (true, false):
            before = true, false
            for fact, needed in self.needed.items():
                true |= needed if fact & true else 0
                false |= fact if needed & false else 0
            for positive, negative in action.clauses:
                if not positive & true and not negative & false:
                    positive, negative = positive & ~false, negative & ~true
                    if (positive | negative).bit_count() == 1:  # the only literal that is left must hold
                        true, false = true | positive, false | negative
        return true, false

    # Independent moves

    @cached_property
    def alike(self) -> list[int]:
        """For each move the set of those, itself included, that have its effect and its mark.

        It does not matter which of them happens.
        """
        groups: dict[object, int] = {}
        marks = self.marks or {}
        keys = [
            (marks.get(each, -each), action.keep, action.add, action.copies) for each, action in enumerate(self.actions)
        ]
        for number, key in enumerate(keys):
            groups[key] = groups.get(key, 0) | 1 << number
        return [groups[key] for key in keys]

    @cached_property
    def dependent(self) -> list[int]:
        """For each move the set of those on which it, or one like it, depends."""
        count = range(len(self.actions))
        found = [1 << each for each in count]
        for one in count:
            for other in range(one):
                if self.depends(one, other):
                    found[one] |= self.alike[other]
                    found[other] |= self.alike[one]
        return [reduce(or_, (found[each] for each in places(self.alike[one]))) for one in count]

    def depends(self, one: int, other: int) -> bool:
        """Whether there may be a state in which both moves are enabled, and in which their order matters.

        Otherwise, wherever both are enabled, neither disables the other, and both orders lead to the same state.
        """
        written, rival = self.written[one], self.written[other]
        if not written & (self.read[other] | rival) and not rival & self.read[one]:
            return False
        true, false = (mine | others for mine, others in zip(self.known[one], self.known[other], strict=True))
        if true & false:
            return False
        return self.disturbs(one, other, true, false) or self.disturbs(other, one, true, false)

    def disturbs(self, one: int, other: int, true: int, false: int) -> bool:
        """Whether a move may disable another, or change what that copies or writes, where these facts are known."""
        action, rival = self.actions[one], self.actions[other]
        if self.written[one] & (self.written[other] | copy_sources(rival.copies)):
            return True
        copied = copy_targets([(sources & true, shift) for sources, shift in action.copies])
        may_rise = action.add | copy_targets([(sources & ~false, shift) for sources, shift in action.copies])
        may_fall = self.packing.everything & ~action.keep & ~action.add & ~copied
        if rival.require & may_fall or rival.forbid & may_rise:
            return True
        sure = action.add | copied | true & action.keep
        never = (false | ~action.keep) & ~may_rise
        return any(
            (positive & may_fall or negative & may_rise) and not positive & sure and not negative & never
            for positive, negative in rival.clauses
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

    @property
    def lock_moves(self) -> set[int]:
        """The moves that take and release locks."""
        return {each for moves in self.locks.values() for each in chain(*moves)}

    @cached_property
    def locks(self) -> dict[int, tuple[list[int], list[int]]]:
        """The locks, each with the moves that take it and those that release it.

        A lock is a fact that some moves add (they forbid it, and a fact *m*), others delete (they require it and *m*),
        and no move changes otherwise; *m* is permanent, and each move that adds it requires the lock and does not
        change it.  Then the lock is taken once at most, since while *m* is false no move releases it, and as soon as
        *m* is true no move takes it; and once it is released it stays so.  So it was taken if lock or *m* is true, and
        released if *m* is true and the lock is not.
        """
        found = {}
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
                found[lock] = takers, releasers
        return found

    def added_under(self, lock: int, fact: int) -> bool:
        """Whether this fact becomes true only while the lock is taken."""
        return all(self.actions[each].require & lock and not self.written[each] & lock for each in self.writers(fact))

    # States that determine their runs

    @cached_property
    def determined(self) -> bool:
        """Whether a state determines its run up to exchanges of independent neighbours, and of moves that are alike.

        It shows which moves happened: those with a mark, each at most once, by the mark, if moves with the same mark
        are alike; those of locks, as said there, if one move takes the lock and one releases it.
        """
        marks = self.marks
        if marks is None or any(len(takers) + len(releasers) != 2 for takers, releasers in self.locks.values()):
            return False
        if len(set(marks.values())) != len({self.alike[number] for number in marks}):
            return False
        return all(
            self.shows_order(one, other)
            for one in range(len(self.actions))
            for other in places(self.dependent[one] & ((1 << one) - 1))
            if self.alike[one] != self.alike[other]
        )

    def shows_order(self, one: int, other: int) -> bool:
        """Whether a state after both moves, or others like them, shows their order."""
        mine, others = places(self.alike[one]), places(self.alike[other])
        if len(mine) == len(others) == 1 and (self.copies_show(one, other) or self.lock_shows(one, other)):
            return True
        pairs = list(product(mine, others))
        return all(self.precedes(a, b) for a, b in pairs) or all(self.precedes(b, a) for a, b in pairs)

    def precedes(self, one: int, other: int) -> bool:
        """Whether the first move comes before the second in every run that has both.

        The second requires a fact that only moves like the first make true; or the first forbids a permanent fact that
        the second makes true; or the first requires a lock that the second releases.
        """
        (needed, missing), (others, _) = self.known[one], self.known[other]
        return bool(
            any(not set(self.adders(fact)) - set(places(self.alike[one])) for fact in bits(others & self.added[one]))
            or missing & self.actions[other].add & ~self.transient
            or any(needed & lock and other in releasers for lock, (_, releasers) in self.locks.items())
        )

    def copies_show(self, one: int, other: int) -> bool:
        """Whether one of two moves shows their order by a copy.

        It copies a permanent fact that only the other makes true to a place where no other move writes.
        """
        return any(
            self.adders(source) == [rival] and self.writers(copy_targets([(source, shift)])) == [number]
            for number, rival in ((one, other), (other, one))
            for sources, shift in self.actions[number].copies
            for source in bits(sources & self.actions[rival].add & ~self.transient)
        )

    def lock_shows(self, one: int, other: int) -> bool:
        """Whether one of two moves takes a lock that rules the other out, and what is done under it shows their order.

        Let *x* be a move under the lock which is needed to release it.  If *x* did not happen, the lock is still taken,
        and the other move came before it.  Otherwise the order of the other move and *x*, if the state shows it, is
        also its order with the taking of the lock, which was held until *x*.
        """
        return any(
            self.known[rival][1] & lock
            and any(self.comes_within(x, lock) and self.shows_order(rival, x) for x in range(len(self.actions)))
            for taker, rival in ((one, other), (other, one))
            for lock, (takers, _) in self.locks.items()
            if takers == [taker]
        )

    def comes_within(self, number: int, lock: int) -> bool:
        """Whether a move happens only under a lock, and the lock is not released without it."""
        releasers = self.locks[lock][1]
        return (
            bool(self.known[number][0] & lock)
            and number not in self.lock_moves
            and all(
                any(self.adders(fact) == [number] for fact in bits(self.known[each][0] & self.added[number]))
                for each in releasers
            )
        )
