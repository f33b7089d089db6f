"""Solve a game: the positions from which the policy wins, and its strategy there.

Source: docs/theorem.md, "Impossibility over all policies".

While the clients are asynchronous, one turn of theirs is as good as any (the largest), so that only the policy
chooses; else every announced step is a branch.  The policy's winning positions are the attractor of the positions that
win: the smallest set such that for every turn of the clients some move leads into it.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable

from bac.model.errors import LimitReached
from bac.proofs.theorem.games.arenas import Assumption
from bac.proofs.theorem.games.board import NOTHING, Board, Choice, Move, MoveKind, Player, Turn
from bac.proofs.theorem.games.positions import Position


class Search:
    """The part of a game that is reachable, and the policy's attractor in it, which grows with the exploration."""

    def __init__(self, board: Board, turns: Callable[[Position], Iterable[Turn]], limit: int) -> None:
        """Take the first position; nothing is explored yet."""
        self.board, self.turns, self.limit = board, turns, limit
        self.start = board.start()
        self.found: dict[Position, tuple[Turn, ...]] = {}
        self.open: dict[Position, int] = {}
        self.choices: dict[tuple[Position, Turn], Choice] = {}
        self.won: dict[Position, int] = {}
        self.before: dict[Position, list[tuple[Position, Turn, Move]]] = {}

    def run(self) -> Player:
        """Explore until the first position is in the attractor, or nothing is left.

        Raises:
            LimitReached: there are more positions than allowed.
        """
        level = [self.start]
        self.discover(self.start)
        while level and self.start not in self.won:
            level = [position for at in level if self.start not in self.won for position in self.expand(at)]
        return Player.POLICY if self.start in self.won else Player.CLIENTS

    def discover(self, position: Position) -> bool:
        """Whether the position is new; if so, take note of it."""
        if position in self.found:
            return False
        if len(self.found) >= self.limit:
            raise LimitReached(
                f"more than {self.limit} positions; a larger limit, or fewer services or use cases, may decide it"
            )
        self.found[position] = tuple(self.turns(position))
        self.open[position] = len(self.found[position])
        return True

    def expand(self, position: Position) -> list[Position]:
        """Follow every turn and every move from a position; the positions that are new."""
        moved = [(move, self.board.after(position, move)) for move in self.board.moves(position)]
        for move, after in moved:
            if (recovery := self.board.won(after, move)) is not None:
                for turn in self.found[position]:
                    self.settle(position, turn, Choice(move, recovery))
                return []
        new = []
        for turn in self.found[position]:
            for move, after in moved:
                following = self.board.reply(after, turn)
                if following == position:
                    continue
                self.before.setdefault(following, []).append((position, turn, move))
                if self.discover(following):
                    new.append(following)
                if following in self.won:
                    self.settle(position, turn, Choice(move))
        return new

    def settle(self, position: Position, turn: Turn, choice: Choice) -> None:
        """The policy has an answer to this turn; follow what that means for the positions before."""
        todo = deque([(position, turn, choice)])
        while todo:
            position, turn, choice = todo.popleft()
            if (position, turn) in self.choices:
                continue
            self.choices[position, turn] = choice
            self.open[position] -= 1
            if not self.open[position]:
                self.won[position] = len(self.won)
                todo += [(at, taken, Choice(move)) for at, taken, move in self.before.get(position, ())]

    def policy(self) -> dict[tuple[Position, Turn], Choice]:
        """The winning strategy: a choice for every position and turn that can come up."""
        table: dict[tuple[Position, Turn], Choice] = {}
        todo = [self.start]
        while todo:
            position = todo.pop()
            if (position, self.found[position][0]) in table:
                continue
            common = self.common(position)
            for turn in self.found[position]:
                choice = common or self.forced(position, turn) or self.choices[position, turn]
                table[position, turn] = choice
                if choice.recovery is None:
                    todo.append(self.board.reply(self.board.after(position, choice.move), turn))
        return table

    def common(self, position: Position) -> Choice | None:
        """A move that answers every turn, if there is one; it leads to positions that were won earlier."""
        turns = self.found[position]
        if self.choices[position, turns[0]].recovery is not None:
            return self.choices[position, turns[0]]
        moves = (m for m in self.board.moves(position) if all(self.advances(position, m, turn) for turn in turns))
        return next(map(Choice, moves), None)

    def forced(self, position: Position, turn: Turn) -> Choice | None:
        """The snapshot of the service of the announced step, if that answers it: the usual forced checkpoint."""
        if turn.step is None:
            return None
        move = Move(MoveKind.SNAPSHOT, (self.board.indices.service(*turn.step),))
        return Choice(move) if self.advances(position, move, turn) else None

    def advances(self, position: Position, move: Move, turn: Turn) -> bool:
        """Whether a move leads to a position that was won before this one."""
        rank = self.won.get(self.board.reply(self.board.after(position, move), turn))
        return rank is not None and rank < self.won[position]


def solve(board: Board, limit: int) -> Search:
    """The search that decides a game."""
    if Assumption.ASYNCHRONOUS in board.dropped:
        # Clients that leave everything as it is need no other turns to be looked at.
        frozen = Search(board, lambda _: [NOTHING], limit)
        if frozen.run() is Player.CLIENTS:
            return frozen
    search = Search(board, board.turns, limit)
    search.run()
    return search
