"""Final states, in which nothing more can happen, found without visiting every order of independent actions.

In each state only the actions of a *stubborn set* are explored.  For an action of the set that can happen, the set has
all its rivals: those that it hinders, or that hinder it.  For one that cannot, it has all actions that can supply one
thing that it lacks.  Whatever run leads from the state to a final one has an action of the set, and the first of these
can as well come first; so every final state is still reached.  Where actions have no rivals, one run is enough.
Source: A. Valmari, "Stubborn sets for reduced state space generation" (1990).

In our systems every run before the disaster comes to an end, and whatever is logged by then stays logged.  So an event
happens in some run exactly if it is logged in some final state, and what can no longer be finished after some run is
begun and not finished in some final state.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property

from bac.model.system import Fact, State, System
from bac.proofs.packing import PackedAction, Packing


@dataclass(frozen=True, slots=True)
class Effects:
    """What an action can keep from happening, or bring about, as masks.

    ``needed`` and ``blocking`` are the facts whose absence or presence can keep it from happening, ``raised`` and
    ``lowered`` those that it may make true or false, ``copied`` those that its effect depends on.
    """

    needed: int
    blocking: int
    raised: int
    lowered: int
    copied: int

    def hinders(self, other: Effects) -> bool:
        """Whether the action can keep the other one from happening."""
        return bool(self.lowered & other.needed or self.raised & other.blocking)

    def commutes(self, other: Effects) -> bool:
        """Whether both lead to the same state in either order."""
        clash = self.raised & other.lowered or self.lowered & other.raised
        return not (
            clash or self.copied & (other.raised | other.lowered) or other.copied & (self.raised | self.lowered)
        )

    def rivals(self, other: Effects) -> bool:
        """Whether the order of the two actions can matter, beyond that one makes the other possible."""
        return self.hinders(other) or other.hinders(self) or not self.commutes(other)


class FinalStates:
    """The final states of a system.

    ``complete`` is false if the search had to stop at ``most`` states; then some may be missing.
    """

    def __init__(self, system: System, most: int) -> None:
        """Search the system."""
        self.system, self.packing = system, Packing(system)
        self.found: list[int] = []
        self.visited = {0}
        self.complete = self._search(most)

    def mask(self, facts: Iterable[Fact]) -> int:
        """The mask of those of these facts that the system has."""
        return self.packing.mask(self.packing.position.keys() & facts)

    def facts(self, state: int) -> State:
        """The facts that hold in a state."""
        return frozenset(fact for number, fact in enumerate(self.system.facts) if state >> number & 1)

    def reaches(self, fact: Fact) -> bool:
        """Whether the fact holds in a final state that was found."""
        return any(state & self.mask([fact]) for state in self.found)

    def _search(self, most: int) -> bool:
        stack = [0]
        while stack:
            state = stack.pop()
            explored = self._stubborn_set(state)
            if not explored:
                self.found.append(state)
            for number in explored:
                after = self.packing.actions[number].apply(state)
                if after not in self.visited:
                    if len(self.visited) >= most:
                        return False
                    self.visited.add(after)
                    stack.append(after)
        return True

    def _stubborn_set(self, state: int) -> list[int]:
        """The actions to explore: of the stubborn sets around single actions one with the fewest that can happen."""
        enabled = {number for number, action in enumerate(self.packing.actions) if action.enabled(state)}
        best = sorted(enabled)
        for seed in sorted(enabled):
            if len(best) <= 1:
                break
            chosen = sorted(enabled & self._closure(seed, state, enabled))
            if len(chosen) < len(best):
                best = chosen
        return best

    def _closure(self, seed: int, state: int, enabled: set[int]) -> set[int]:
        found, stack = {seed}, [seed]
        while stack:
            number = stack.pop()
            wanted = self._rivals[number] if number in enabled else self._suppliers(number, state)
            stack += (other for other in wanted if other not in found)
            found.update(wanted)
        return found

    @cached_property
    def _effects(self) -> list[Effects]:
        mask = self.packing.mask
        return [
            Effects(
                mask(action.needed),
                mask(action.blocking),
                mask(action.raised),
                mask(action.lowered),
                mask(frozenset(source for source, _ in action.copy)),
            )
            for action in self.system.actions
        ]

    @cached_property
    def _rivals(self) -> list[list[int]]:
        numbered = list(enumerate(self._effects))
        return [[number for number, its in numbered if its is not each and each.rivals(its)] for each in self._effects]

    def _suppliers(self, number: int, state: int) -> list[int]:
        """The actions that can supply one of the things that an action lacks; the fewest there are."""
        lacking = list(lacks(self.packing.actions[number], state))
        return min((self._supplying(*each) for each in lacking), key=len)

    def _supplying(self, positive: int, negative: int) -> list[int]:
        return [number for number, its in enumerate(self._effects) if its.raised & positive or its.lowered & negative]


def lacks(action: PackedAction, state: int) -> Iterator[tuple[int, int]]:
    """Yield what an action lacks in a state: masks of facts of which one has to become true, or false."""
    yield from ((bit, 0) for bit in bits(action.require & ~state))
    yield from ((0, bit) for bit in bits(action.forbid & state))
    for positive, negative in action.clauses:
        if not state & positive and state & negative == negative:
            yield positive, negative


def bits(mask: int) -> Iterator[int]:
    """Yield the single bits of a mask."""
    while mask:
        bit = mask & -mask
        yield bit
        mask ^= bit
