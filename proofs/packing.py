"""Facts as bits and actions as masks: the form of a system that engines explore.

A state is an integer whose bit *i* is fact *i* of the system.
"""

from __future__ import annotations

from dataclasses import dataclass

from bac.model.system import Action, Clause, Fact, System
from bac.properties.formula import Formula, evaluate


@dataclass(frozen=True, slots=True)
class PackedAction:
    """An action as masks of facts.

    ``clauses`` are pairs (positive, negative): a state has a bit of the first, or lacks one of the second.  ``keep``
    are the bits that survive the action; ``copies`` are pairs (sources, shift): these bits move by so many places
    (left if positive).  ``guarding``, ``read`` and ``written`` are the masks of what the action calls so.
    """

    require: int
    forbid: int
    clauses: tuple[tuple[int, int], ...]
    keep: int
    add: int
    copies: tuple[tuple[int, int], ...]
    guarding: int
    read: int
    written: int

    def enabled(self, state: int) -> bool:
        """Whether the action may happen in this state."""
        return (
            state & self.require == self.require
            and not state & self.forbid
            and all(state & positive or state & negative != negative for positive, negative in self.clauses)
        )

    def apply(self, state: int) -> int:
        """Return the state after the action."""
        after = state & self.keep | self.add
        for sources, shift in self.copies:
            moved = state & sources
            after |= moved << shift if shift > 0 else moved >> -shift
        return after


class Packing:
    """The packed form of a system."""

    def __init__(self, system: System) -> None:
        """Number the facts in the system's order."""
        self.system = system
        self.position: dict[Fact, int] = {fact: number for number, fact in enumerate(system.facts)}
        self.everything = (1 << len(system.facts)) - 1
        self.actions = tuple(self.pack_action(action) for action in system.actions)

    def bit(self, fact: Fact) -> int:
        """Return the mask of one fact."""
        return 1 << self.position[fact]

    def mask(self, facts: frozenset[Fact]) -> int:
        """Return the mask of several facts."""
        mask = 0
        for fact in facts:
            mask |= 1 << self.position[fact]
        return mask

    def satisfied(self, formula: Formula, state: int) -> bool:
        """Whether a packed state satisfies the formula; facts that the system does not have are false."""
        position = self.position
        return evaluate(formula, lambda fact: fact in position and bool(state >> position[fact] & 1))

    def pack_action(self, action: Action) -> PackedAction:
        """Return the masks of an action; a clause of one literal becomes part of what is required or forbidden."""
        require, forbid = self.mask(action.require), self.mask(action.forbid)
        clauses = []
        for clause in action.clauses:
            match unit(clause):
                case True, fact:
                    require |= self.bit(fact)
                case False, fact:
                    forbid |= self.bit(fact)
                case None:
                    clauses.append((self.mask(clause.positive), self.mask(clause.negative)))
        shifts: dict[int, int] = {}
        dropped = self.mask(action.delete)
        for source, destination in action.copy:
            shift = self.position[destination] - self.position[source]
            shifts[shift] = shifts.get(shift, 0) | self.bit(source)
            dropped |= self.bit(destination)
        copies = tuple((sources, shift) for shift, sources in shifts.items())
        return PackedAction(
            require,
            forbid,
            tuple(clauses),
            self.everything & ~dropped,
            self.mask(action.add),
            copies,
            self.mask(action.guarding),
            self.mask(action.read),
            self.mask(action.written),
        )


def unit(clause: Clause) -> tuple[bool, Fact] | None:
    """Return the only literal of a clause (its sign, its fact), or ``None`` if it has several."""
    if len(clause.positive) + len(clause.negative) != 1:
        return None
    (fact,) = clause.positive or clause.negative
    return bool(clause.positive), fact
