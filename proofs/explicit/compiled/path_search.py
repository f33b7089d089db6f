"""Find a run of moves to a state that is known to be reachable, by a depth-first search towards it.

The compiled search keeps no runs, so a run is looked for afterwards.  A state is not on the way if it differs from the
target in a fact that no move which can still happen changes in the right direction, or if a move that has to happen
contradicts the target.
"""

from __future__ import annotations

from collections.abc import Callable

from bac.proofs.explicit.compiled.applicability import Moves, copy_targets


class PathSearch:
    """Searches for runs of the moves of one system in which all runs to a state have the same length."""

    def __init__(self, moves: Moves, check_limits: Callable[[], None] = lambda: None) -> None:
        """Note the facts that each move may make true and false; ``check_limits`` is called at dead ends."""
        assert moves.marks is not None
        self.moves, self.marks, self.check_limits = moves, moves.marks, check_limits
        self.permanent = moves.packing.everything & ~moves.transient
        self.up = [action.add | copy_targets(action.copies) for action in moves.actions]
        self.down = [~action.keep & ~action.add | copy_targets(action.copies) for action in moves.actions]

    def path_to(self, target: int) -> list[int]:
        """Return the states of a run from the initial state to the target, both included.

        Raises:
            AssertionError: there is none.
        """
        path, dead = [0], set[int]()
        waiting = [self.next_states(0, target)]
        while path[-1] != target:
            while waiting[-1] and waiting[-1][-1] in dead:
                waiting[-1].pop()
            if waiting[-1]:
                path.append(waiting[-1].pop())
                waiting.append(self.next_states(path[-1], target))
            else:
                self.check_limits()
                waiting.pop()
                dead.add(path.pop())
                assert path, "a state that was found has no run"
        return path

    def next_states(self, state: int, target: int) -> list[int]:
        """Return the successors of a state through which a path to the target may lead; the last is tried first."""
        after = [action.apply(state) for action in self.moves.actions if action.enabled(state)]
        return [each for each in reversed(after) if self.may_reach(each, target)]

    def may_reach(self, state: int, target: int) -> bool:
        """Whether no reason is known why the target could not be reached from this state."""
        usable, up, down = self.usable_moves(state, target), 0, 0
        for number in usable:
            up |= self.up[number]
            down |= self.down[number]
        if target & ~state & ~up or state & ~target & ~down:
            return False
        sharing: dict[int, list[int]] = {}
        for number in usable:
            sharing.setdefault(self.marks.get(number, 0), []).append(number)
        certain = [numbers[0] for mark, numbers in sharing.items() if mark and len(numbers) == 1]
        return not any(self.contradicts_target(number, state, target, usable) for number in certain)

    def usable_moves(self, state: int, target: int) -> list[int]:
        """Return the moves that may still happen on the way.

        Their mark is false now and true in the target, they make no permanent fact true that is false there, and they
        forbid none that is true already.
        """
        return [
            number
            for number, action in enumerate(self.moves.actions)
            if self.marks.get(number, 0) & ~state & target == self.marks.get(number, 0)
            and not action.add & self.permanent & ~target
            and not action.forbid & self.permanent & state
        ]

    def contradicts_target(self, number: int, state: int, target: int, usable: list[int]) -> bool:
        """Whether a move that has to happen copies a permanent fact to one that is false in the target.

        It does not matter if another usable move may make that one false again.
        """
        others = 0
        for other in usable:
            others |= self.down[other] if other != number else 0
        for sources, shift in self.moves.actions[number].copies:
            copied = sources & state & self.permanent
            arrived = copied << shift if shift > 0 else copied >> -shift
            if arrived & ~target & ~others:
                return True
        return False
