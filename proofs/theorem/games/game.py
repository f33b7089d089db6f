"""Who wins the game of a backup policy against clients, and which assumptions must be dropped for a policy to win.

Source: docs/theorem.md, "Impossibility over all policies".  The rules are in :mod:`bac.proofs.theorem.games.board`,
what a position is in :mod:`bac.proofs.theorem.games.positions`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import combinations

from bac.model.architecture import Architecture
from bac.proofs.theorem.games.arenas import Assumption, Level
from bac.proofs.theorem.games.attractor import solve
from bac.proofs.theorem.games.board import Board, Choice, Player, Turn
from bac.proofs.theorem.games.clients import Clients, simplest
from bac.proofs.theorem.games.positions import Position

MOST_POSITIONS = 20_000
"""With more positions than this, a game is not solved unless a larger limit is given."""


@dataclass(frozen=True)
class Game:
    """A solved game.

    ``positions`` is how many it took to find the ``winner``, whose strategy is in ``policy`` (a choice for every
    position and turn of the clients) or in ``clients``.
    """

    architecture: Architecture
    level: Level
    dropped: frozenset[Assumption]
    winner: Player
    positions: int
    board: Board = field(repr=False, compare=False)
    policy: dict[tuple[Position, Turn], Choice] | None = field(default=None, repr=False, compare=False)
    clients: Clients | None = field(default=None, repr=False, compare=False)


def play(
    architecture: Architecture,
    level: Level,
    dropped: frozenset[Assumption] = frozenset(),
    limit: int = MOST_POSITIONS,
) -> Game:
    """Solve a game.

    Args:
        architecture: what the clients use, and the policy backs up.
        level: the consistency that the policy is to reach.
        dropped: the assumptions that do not hold.
        limit: the number of positions from which the game is given up.

    Raises:
        LimitReached: it is not solved within the limit, so that the winner is unknown.
    """
    search = solve(Board(architecture, level, dropped), limit)
    board, count = search.board, len(search.found)
    if search.start in search.won:
        return Game(architecture, level, dropped, Player.POLICY, count, board, policy=search.policy())
    return Game(architecture, level, dropped, Player.CLIENTS, count, board, clients=simplest(search))


def minimal_drops(
    architecture: Architecture, level: Level, limit: int = MOST_POSITIONS
) -> list[tuple[Assumption, ...]]:
    """Every minimal set of assumptions whose dropping makes a policy win, sorted by size, then by name.

    The empty set is the only one if a policy wins with all assumptions; there is none if no dropping helps.  As
    dropping more never takes a policy's win away, supersets of those found are left out unplayed.

    Raises:
        LimitReached: one of the games is not solved within the limit on positions.
    """
    minimal: list[tuple[Assumption, ...]] = []
    names = sorted(Assumption)
    for size in range(len(names) + 1):
        for dropped in combinations(names, size):
            if any(set(found) <= set(dropped) for found in minimal):
                continue
            search = solve(Board(architecture, level, frozenset(dropped)), limit)
            if search.start in search.won:
                minimal.append(dropped)
    return minimal
