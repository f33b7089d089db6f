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

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property

from bac.model.system import Fact, State, System
from bac.proofs.engine import PackedAction, Packing


@dataclass(frozen=True, slots=True)
class Effects:
    """The effects of an action on others: which it can keep from happening, or make possible, as masks.

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

    def __init__(self, system: System, most: int, check: Callable[[], None] = lambda: None) -> None:
        """Search the system; ``check`` is called now and then, and may raise an error to stop."""
        self.system, self.packing, self.check = system, Packing(system), check
        self.found: list[int] = []
        self.visited = {0}
        self._supplied: dict[tuple[int, int], int] = {}
        self.complete = self._search(most)

    @property
    def work(self) -> int:
        """How often an action was tried in a state."""
        return len(self.visited) * len(self.system.actions)

    def mask(self, facts: Iterable[Fact]) -> int:
        """The mask of those of these facts that the system has."""
        return self.packing.mask(frozenset(self.packing.position.keys() & facts))

    def facts(self, state: int) -> State:
        """The facts that hold in a state."""
        return frozenset(fact for number, fact in enumerate(self.system.facts) if state >> number & 1)

    def reaches(self, fact: Fact) -> bool:
        """Whether the fact holds in a final state that was found."""
        return any(state & self.mask([fact]) for state in self.found)

    def _search(self, most: int) -> bool:
        stack = [0]
        while stack:
            self.check()
            state = stack.pop()
            explored = self._stubborn_set(state)
            if not explored:
                self.found.append(state)
            for number in numbers(explored):
                after = self.packing.actions[number].apply(state)
                if after not in self.visited:
                    if len(self.visited) >= most:
                        return False
                    self.visited.add(after)
                    stack.append(after)
        return True

    # Sets of actions are masks of their numbers.

    def _stubborn_set(self, state: int) -> int:
        """The actions to explore: of the stubborn sets around single actions one with the fewest that can happen."""
        enabled = sum(1 << number for number, action in enumerate(self.packing.actions) if action.enabled(state))
        best = enabled
        for seed in numbers(enabled):
            if best.bit_count() <= 1:
                break
            chosen = enabled & self._closure(seed, state, enabled)
            if chosen.bit_count() < best.bit_count():
                best = chosen
        return best

    def _closure(self, seed: int, state: int, enabled: int) -> int:
        found = waiting = 1 << seed
        while waiting:
            number = waiting.bit_length() - 1
            wanted = self._rivals[number] if enabled >> number & 1 else self._suppliers(number, state)
            waiting = (waiting | wanted & ~found) & ~(1 << number)
            found |= wanted
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
    def _rivals(self) -> list[int]:
        """For each action those that it hinders, or that hinder it."""
        numbered = list(enumerate(self._effects))
        return [
            sum(1 << other for other, its in numbered if other != number and each.rivals(its))
            for number, each in numbered
        ]

    def _suppliers(self, number: int, state: int) -> int:
        """The actions that can supply one of the things that an action lacks; the fewest there are."""
        return min((self._supplying(*each) for each in lacks(self.packing.actions[number], state)), key=int.bit_count)

    def _supplying(self, positive: int, negative: int) -> int:
        known = self._supplied.get((positive, negative))
        if known is None:
            effects = enumerate(self._effects)
            able = (number for number, its in effects if its.raised & positive or its.lowered & negative)
            known = self._supplied[positive, negative] = sum(1 << number for number in able)
        return known


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


def numbers(mask: int) -> Iterator[int]:
    """Yield the numbers of the bits of a mask, in ascending order."""
    return (bit.bit_length() - 1 for bit in bits(mask))
