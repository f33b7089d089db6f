"""Solve a game: find the winner, and a winning strategy of the policy or the simplest one of the clients.

Source: docs/theorem.md, "Impossibility over all policies".

**The policy.**  While the clients are asynchronous, one turn of theirs (the largest) is as good as any, so that only
the policy chooses; else every announced step is a branch.  The policy's winning positions are the attractor of the
positions that win: the smallest set such that for every turn of the clients some move leads into it.

**The clients.**  A strategy of theirs is described by what they launch, and whether they ever come back to it.  Every
candidate is played against every move of the policy.  A strategy that only launches fresh indices takes finitely many
steps at every turn, so that it wins even if the clients are held to that.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from bac.model.errors import LimitReached
from bac.model.system import logged
from bac.proofs.engine import LimitMonitor, Limits
from bac.proofs.theorem.games.arenas import Assumption
from bac.proofs.theorem.games.board import LARGEST, NOTHING, Board, Choice, Move, MoveKind, Player, Turn
from bac.proofs.theorem.games.positions import LocalState, Position, TooLarge, places

MOST_POSITIONS = 20_000
"""With more positions than this, a game is not solved unless a larger limit is given."""


class Effort:
    """The limits of games: the positions of each, and the time and memory of all together.

    Args:
        positions: the number of positions from which a game is given up.
        monitor: compares time, memory and the number of positions found with their limits.
    """

    def __init__(self, positions: int = MOST_POSITIONS, monitor: LimitMonitor | None = None) -> None:
        """Keep the limits."""
        self.positions, self.monitor = positions, monitor or LimitMonitor(Limits())

    def check(self, found: int = 0, waiting: int = 0) -> None:
        """Stop when a limit is reached.

        Raises:
            LimitReached: one is.
        """
        if found > self.positions:
            raise TooLarge(
                f"more than {self.positions:,} positions (use --max-positions for more, or fewer services or use cases)"
            )
        if (reason := self.monitor.exceeded(found, 0, waiting)) is not None:
            raise LimitReached(reason)


class Search:
    """The part of a game that is reachable, and the policy's attractor in it, which grows with the exploration."""

    def __init__(self, board: Board, turns: Callable[[Position], Iterable[Turn]], effort: Effort) -> None:
        """Start at the first position; nothing is explored yet."""
        self.board, self.turns, self.effort = board, turns, effort
        self.start = board.start()
        self.found: dict[Position, tuple[Turn, ...]] = {}
        self.open: dict[Position, int] = {}
        self.choices: dict[tuple[Position, Turn], Choice] = {}
        self.won: dict[Position, int] = {}
        self.before: dict[Position, list[tuple[Position, Turn, Move]]] = {}

    def run(self) -> Player:
        """Explore until the first position is in the attractor, or nothing is left.

        Raises:
            LimitReached: a limit was reached first.
        """
        level = [self.start]
        self.discover(self.start)
        while level and self.start not in self.won:
            level = [position for at in level if self.start not in self.won for position in self.expand(at)]
        return Player.POLICY if self.start in self.won else Player.CLIENTS

    def discover(self, position: Position) -> bool:
        """Add a position; return whether it is new."""
        if position in self.found:
            return False
        self.effort.check(len(self.found) + 1, len(self.open) - len(self.won))
        self.found[position] = tuple(self.turns(position))
        self.open[position] = len(self.found[position])
        return True

    def expand(self, position: Position) -> list[Position]:
        """Follow every turn and every move from a position; return the positions that are new."""
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
        """Note that the policy has an answer to this turn, and follow the consequences backwards."""
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
        """Return the winning strategy: a choice for every position and turn that is reachable under it."""
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
        """Return a move that answers every turn, if there is one; it leads to positions that were won earlier."""
        turns = self.found[position]
        if self.choices[position, turns[0]].recovery is not None:
            return self.choices[position, turns[0]]
        moves = (m for m in self.board.moves(position) if all(self.advances(position, m, turn) for turn in turns))
        return next(map(Choice, moves), None)

    def forced(self, position: Position, turn: Turn) -> Choice | None:
        """Return the snapshot of the service of the announced step, if it answers the step: a forced checkpoint."""
        if turn.step is None:
            return None
        move = Move(MoveKind.SNAPSHOT, (self.board.indices.service(*turn.step),))
        return Choice(move) if self.advances(position, move, turn) else None

    def advances(self, position: Position, move: Move, turn: Turn) -> bool:
        """Return whether a move leads to a position that was won before this one."""
        rank = self.won.get(self.board.reply(self.board.after(position, move), turn))
        return rank is not None and rank < self.won[position]


def solve(board: Board, effort: Effort) -> Search:
    """Decide a game; return the search that did.

    Raises:
        LimitReached: a limit was reached first.
    """
    if Assumption.ASYNCHRONOUS in board.dropped:
        # If the clients win by doing nothing, no other turns need be searched.
        frozen = Search(board, lambda _: [NOTHING], effort)
        if frozen.run() is Player.CLIENTS:
            return frozen
    search = Search(board, board.turns, effort)
    search.run()
    return search


# The clients


@dataclass(frozen=True)
class Clients:
    """A strategy of the clients.

    ``start`` is the position that they reach before the policy's first move.  If ``announced`` is ``None``,
    ``replies`` has for every position after a move of the policy the position after their turn; else they announce, for
    every position before a move of the policy, the step that they will take.  ``launched`` are the local states into
    which they bring fresh indices, at every turn or (``once``) at the first; ``None`` if they also move old ones.
    """

    start: Position
    replies: dict[Position, Position] = field(repr=False)
    announced: dict[Position, Turn] | None = field(default=None, repr=False)
    launched: int | None = None
    once: bool = False

    @property
    def finite(self) -> bool:
        """Whether the strategy is known to win with finitely many steps a turn (``positions``, "The subtlety")."""
        return self.launched is not None


def simplest(search: Search) -> Clients:
    """Return a winning strategy of the clients, for a game that they have been found to win.

    In this order: run fresh use cases to their ends; leave some unfinished once and for all; launch fresh ones at every
    turn and leave them alone; the largest turn.  With announced steps: launch, and stop; else what the search found.
    """
    board = search.board
    indices = board.indices
    every = indices.close(indices.fresh, held=False) & ~indices.fresh
    whole = indices.bits(state for state in indices.members(every) if complete(board, state))
    kinds = [(every, True)]
    if Assumption.ASYNCHRONOUS not in board.dropped:
        kinds = [(whole, False), (every, True), (every, False)]
    for candidates, once in kinds:
        if (clients := fewest(board, candidates, once, search.effort)) is not None:
            return clients
    if Assumption.ASYNCHRONOUS in board.dropped:
        return announcing(search)
    largest = against(board, board.start(), lambda position: board.reply(position, LARGEST), search.effort)
    assert largest is not None  # the search says that they win
    return Clients(board.start(), largest)


def complete(board: Board, state: LocalState) -> bool:
    """Return whether every use case of this index is finished or has not begun."""
    number, facts = state
    rules = board.indices.components[number].rules
    begun = {event.use_case for event, _, _ in rules.occurrences if logged(event) in facts}
    return all(logged(event) in facts for event, _, _ in rules.occurrences if event.use_case in begun)


def fewest(board: Board, candidates: int, once: bool, effort: Effort) -> Clients | None:
    """Return the clients that launch as few of these local states as they need; ``None`` if all do not suffice."""
    clients = launching(board, candidates, once, effort)
    if clients is None:
        return None
    numbers = sorted(places(candidates), key=lambda number: (-len(board.indices.states[number][1]), -number))
    for number in numbers:
        candidates &= ~(1 << number)
        fewer = launching(board, candidates, once, effort)
        if fewer is None:
            candidates |= 1 << number
        else:
            clients = fewer
    return clients


def launching(board: Board, launched: int, once: bool, effort: Effort) -> Clients | None:
    """Return the strategy that brings fresh indices into these states, at every turn or once; ``None`` if it loses."""
    fresh = board.indices.fresh
    start = Position(fresh | launched)

    def reply(position: Position) -> Position:
        if once or position.locked or position.stopped:
            return position
        return position._replace(states=position.states | launched)

    try:
        replies = against(board, start, reply, effort)
    except TooLarge:
        return None  # A strategy that is not simple to check is not the simplest.
    if replies is None:
        return None
    announced = None
    if Assumption.ASYNCHRONOUS in board.dropped:
        announced = dict.fromkeys([start, *replies.values()], NOTHING)
    return Clients(start, replies, announced, launched, once)


def against(
    board: Board, start: Position, reply: Callable[[Position], Position], effort: Effort
) -> dict[Position, Position] | None:
    """Return the replies of such clients to every position that the policy can reach; ``None`` if it can win.

    Raises:
        LimitReached: a limit was reached first; :class:`TooLarge` if it is the size.
    """
    replies: dict[Position, Position] = {}
    seen, todo = {start}, [start]
    while todo:
        position = todo.pop()
        for move in board.moves(position):
            after = board.after(position, move)
            if board.won(after, move) is not None:
                return None
            if after not in replies:
                following = replies[after] = reply(after)
                effort.check(len(replies), len(todo))
                if following not in seen:
                    seen.add(following)
                    todo.append(following)
    return replies


def announcing(search: Search) -> Clients:
    """Return the strategy that announces, at every position, a step to which the policy has no answer."""
    board = search.board
    announced: dict[Position, Turn] = {}
    todo = [search.start]
    while todo:
        position = todo.pop()
        if position not in announced:
            turn = next(turn for turn in search.found[position] if (position, turn) not in search.choices)
            announced[position] = turn
            todo += [board.reply(board.after(position, move), turn) for move in board.moves(position)]
    return Clients(search.start, {}, announced)
