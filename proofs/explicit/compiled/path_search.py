"""Find a run of moves to a state that is known to be reachable, by a search that knows where it is going.

Nothing is remembered while states are counted, so the run is looked for afterwards.  A state is left aside if it
differs from the target in a fact that no move which can still happen changes in the right direction, or if a move that
has to happen would spoil the target.
"""

from __future__ import annotations

from collections.abc import Callable

from bac.proofs.explicit.compiled.applicability import Moves, copied


class Route:
    """Runs of the moves of one system in which all runs to a state are equally long."""

    def __init__(self, moves: Moves, look: Callable[[], None] = lambda: None) -> None:
        """Take note of what each move may make true and false, for good or not; ``look`` is called at dead ends."""
        self.look = look
        assert moves.marks is not None
        self.moves, self.marks = moves, moves.marks
        self.steady = moves.packing.everything & ~moves.unsteady
        self.up = [action.add | copied(action) for action in moves.actions]
        self.down = [~action.keep & ~action.add | copied(action) for action in moves.actions]

    def to(self, target: int) -> list[int]:
        """The states of a run from the initial state to the target, both included.

        Raises:
            AssertionError: there is none.
        """
        path, dead = [0], set[int]()
        waiting = [self.steps(0, target)]
        while path[-1] != target:
            while waiting[-1] and waiting[-1][-1] in dead:
                waiting[-1].pop()
            if waiting[-1]:
                path.append(waiting[-1].pop())
                waiting.append(self.steps(path[-1], target))
            else:
                self.look()
                waiting.pop()
                dead.add(path.pop())
                assert path, "a state that was found has no run"
        return path

    def steps(self, state: int, target: int) -> list[int]:
        """The successors of a state that may lie on the way, the first to try last."""
        after = [action.apply(state) for action in self.moves.actions if action.enabled(state)]
        return [each for each in reversed(after) if self.hopeful(each, target)]

    def usable(self, state: int, target: int) -> list[int]:
        """The moves that may still happen on the way: their mark is to come, and nothing is against them for good."""
        return [
            number
            for number, action in enumerate(self.moves.actions)
            if self.marks.get(number, 0) & ~state & target == self.marks.get(number, 0)
            and not action.add & self.steady & ~target
            and not action.forbid & self.steady & state
        ]

    def hopeful(self, state: int, target: int) -> bool:
        """Whether nothing speaks against the target being reached from this state."""
        usable, up, down = self.usable(state, target), 0, 0
        for number in usable:
            up |= self.up[number]
            down |= self.down[number]
        if target & ~state & ~up or state & ~target & ~down:
            return False
        sharing: dict[int, list[int]] = {}
        for number in usable:
            sharing.setdefault(self.marks.get(number, 0), []).append(number)
        certain = [numbers[0] for mark, numbers in sharing.items() if mark and len(numbers) == 1]
        return not any(self.spoils(number, state, target, usable) for number in certain)

    def spoils(self, number: int, state: int, target: int, usable: list[int]) -> bool:
        """Whether a move that has to happen copies what is true for good to where it must not be in the end."""
        others = 0
        for other in usable:
            others |= self.down[other] if other != number else 0
        for sources, shift in self.moves.actions[number].copies:
            moved = sources & state & self.steady
            arrived = moved << shift if shift > 0 else moved >> -shift
            if arrived & ~target & ~others:
                return True
        return False
