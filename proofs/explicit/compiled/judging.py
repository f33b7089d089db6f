"""Which formulas settled states satisfy, and which states are the first: many states at once, a column for a fact."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from bac.model.plan import Timing
from bac.model.system import AT_REST, Fact
from bac.proofs.explicit.compiled.compiling import Words
from bac.proofs.explicit.compiled.tables import WORD, integer
from bac.proofs.packing import Packing
from bac.properties.formula import And, Atom, Formula, Not, Or

CHUNK = 1 << 15
"""So many states are judged at once, so that their columns stay in the cache."""
Column = NDArray[np.bool_]


class Columns:
    """The truth of facts and formulas in many states, as one column each."""

    def __init__(self, packing: Packing, states: Words) -> None:
        """``states`` has a row of words for each state."""
        self.packing, self.states = packing, states
        self.known: dict[Fact, Column] = {}

    def fact(self, fact: Fact) -> Column:
        """Where a fact holds; one that the system does not have holds nowhere."""
        if fact not in self.known:
            place = self.packing.position.get(fact)
            if place is None:
                self.known[fact] = np.zeros(len(self.states), dtype=np.bool_)
            else:
                word = self.states[:, place // WORD]
                self.known[fact] = (word & np.uint64(1 << place % WORD)) != 0
        return self.known[fact]

    def formula(self, formula: Formula) -> Column:
        """Where a formula holds."""
        match formula:
            case Atom(fact):
                return self.fact(fact)
            case Not(part):
                return ~self.formula(part)
            case And(parts):
                held = np.ones(len(self.states), dtype=np.bool_)
                for part in parts:
                    held &= self.formula(part)
                return held
            case Or(parts):
                held = np.zeros(len(self.states), dtype=np.bool_)
                for part in parts:
                    held |= self.formula(part)
                return held


class Judge:
    """For each formula and timing the least settled state of the least depth that satisfies it."""

    def __init__(self, packing: Packing, formulas: Sequence[Formula]) -> None:
        """Nothing is found yet."""
        self.packing, self.formulas = packing, formulas
        self.found: list[dict[Timing, int]] = [{} for _ in formulas]

    def level(self, states: Words) -> None:
        """Judge all settled states of one depth, after those of all lesser depths."""
        firsts: list[dict[Timing, int]] = [{} for _ in self.formulas]
        for begin in range(0, len(states), CHUNK):
            self.chunk(states[begin : begin + CHUNK], firsts)
        for found, first in zip(self.found, firsts, strict=True):
            found.update(first)

    def chunk(self, states: Words, firsts: list[dict[Timing, int]]) -> None:
        """Note the least state of a chunk for each formula and timing that is still open."""
        columns = Columns(self.packing, states)
        at_rest = columns.fact(AT_REST)
        for formula, found, first in zip(self.formulas, self.found, firsts, strict=True):
            if len(found) == len(Timing):
                continue
            held = columns.formula(formula)
            for timing, when in (Timing.AT_REST, at_rest), (Timing.ANY_TIME, ~at_rest):
                if timing not in found and (chosen := held & when).any():
                    state = least(states[chosen])
                    first[timing] = min(first.get(timing, state), state)


def least(states: Words) -> int:
    """The least of several states, as an integer."""
    for word in reversed(range(states.shape[1])):
        states = states[states[:, word] == states[:, word].min()]
    return integer(states[0])
