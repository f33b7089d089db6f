"""The simplest strategy of clients that win: what they launch, and whether they ever come back to it.

Source: docs/theorem.md, "Impossibility over all policies".  Every candidate is played against every move of the policy.
A strategy that only launches fresh indices takes finitely many steps at every turn, so that it wins even if the clients
must do with that.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from bac.model.errors import LimitReached
from bac.model.system import logged
from bac.proofs.theorem.games.arenas import Assumption
from bac.proofs.theorem.games.attractor import Search
from bac.proofs.theorem.games.board import LARGEST, NOTHING, Board, Turn
from bac.proofs.theorem.games.positions import LocalState, Position, places


@dataclass(frozen=True)
class Clients:
    """A strategy of the clients.

    ``start`` is the position that they make before the policy's first move.  If ``announced`` is ``None``, ``replies``
    says for every position after a move of the policy what they make of it; else they announce, for every position
    before a move of the policy, the step that they will take.  ``launched`` are the local states into which they
    bring fresh indices, at every turn or (``once``) at the first; ``None`` if they also need old ones to move.
    """

    start: Position
    replies: dict[Position, Position] = field(repr=False)
    announced: dict[Position, Turn] | None = field(default=None, repr=False)
    launched: int | None = None
    once: bool = False

    @property
    def finite(self) -> bool:
        """Whether finitely many steps a turn are known to do (``positions``, "The subtlety")."""
        return self.launched is not None


def simplest(search: Search) -> Clients:
    """A winning strategy for the clients of a game that they have been found to win.

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
        if (clients := fewest(board, candidates, once, search.limit)) is not None:
            return clients
    if Assumption.ASYNCHRONOUS in board.dropped:
        return announcing(search)
    largest = against(board, board.start(), lambda position: board.reply(position, LARGEST), search.limit)
    assert largest is not None  # the search says that they win
    return Clients(board.start(), largest)


def complete(board: Board, state: LocalState) -> bool:
    """Whether every use case of this index is finished or has not begun."""
    number, facts = state
    rules = board.indices.components[number].rules
    begun = {event.use_case for event, _, _ in rules.occurrences if logged(event) in facts}
    return all(logged(event) in facts for event, _, _ in rules.occurrences if event.use_case in begun)


def fewest(board: Board, candidates: int, once: bool, limit: int) -> Clients | None:
    """The clients that launch as few of these local states as they need, or ``None`` if all do not suffice."""
    clients = launching(board, candidates, once, limit)
    if clients is None:
        return None
    numbers = sorted(places(candidates), key=lambda number: (-len(board.indices.states[number][1]), -number))
    for number in numbers:
        candidates &= ~(1 << number)
        fewer = launching(board, candidates, once, limit)
        if fewer is None:
            candidates |= 1 << number
        else:
            clients = fewer
    return clients


def launching(board: Board, launched: int, once: bool, limit: int) -> Clients | None:
    """The strategy that brings fresh indices into these states, at every turn or once; ``None`` if it loses."""
    fresh = board.indices.fresh
    start = Position(fresh | launched)

    def reply(position: Position) -> Position:
        if once or position.locked or position.stopped:
            return position
        return position._replace(states=position.states | launched)

    try:
        replies = against(board, start, reply, limit)
    except LimitReached:
        return None  # a strategy that is not simple to check is not the simplest
    if replies is None:
        return None
    announced = None
    if Assumption.ASYNCHRONOUS in board.dropped:
        announced = dict.fromkeys([start, *replies.values()], NOTHING)
    return Clients(start, replies, announced, launched, once)


def against(
    board: Board, start: Position, reply: Callable[[Position], Position], limit: int
) -> dict[Position, Position] | None:
    """What clients who reply like this make of every position that the policy can lead to; ``None`` if it can win.

    Raises:
        LimitReached: there are more positions than allowed.
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
                if len(replies) > limit:
                    raise LimitReached(f"more than {limit} positions")
                if following not in seen:
                    seen.add(following)
                    todo.append(following)
    return replies


def announcing(search: Search) -> Clients:
    """The strategy that announces, wherever it leads, a step to which the policy has no answer."""
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
