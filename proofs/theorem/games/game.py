"""Play games of a backup policy against clients: who wins, and which assumptions must be dropped for a policy to win.

Source: docs/theorem.md, "Impossibility over all policies".  The rules are in :mod:`bac.proofs.theorem.games.board`,
positions in :mod:`bac.proofs.theorem.games.positions`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import combinations, product

from bac.model.architecture import Architecture
from bac.model.errors import LimitReached
from bac.proofs.theorem.games.arenas import Assumption, Level
from bac.proofs.theorem.games.board import Board, Choice, Player, Turn
from bac.proofs.theorem.games.positions import Position
from bac.proofs.theorem.games.solver import Clients, Effort, simplest, solve

INTERRUPTED = "interrupted"


@dataclass(frozen=True)
class Game:
    """A solved game.

    ``positions`` counts those that were explored to find the ``winner``, whose strategy is in ``policy`` (a choice for
    every position and turn of the clients) or in ``clients``.
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
    effort: Effort | None = None,
) -> Game:
    """Solve a game.

    Args:
        architecture: the clients use it, and the policy backs it up.
        level: the consistency that the policy is to reach.
        dropped: the assumptions that do not hold.
        effort: the limits; default: :data:`~bac.proofs.theorem.games.solver.MOST_POSITIONS`.

    Raises:
        LimitReached: it is not solved within the limits, so that the winner is unknown.
    """
    effort = effort or Effort()
    search = solve(Board(architecture, level, dropped, effort.monitor.check), effort)
    board, count = search.board, len(search.found)
    if search.start in search.won:
        return Game(architecture, level, dropped, Player.POLICY, count, board, policy=search.policy())
    return Game(architecture, level, dropped, Player.CLIENTS, count, board, clients=simplest(search))


def minimal_drops(
    architecture: Architecture, level: Level, effort: Effort | None = None
) -> list[tuple[Assumption, ...]]:
    """Return every minimal set of assumptions such that a policy wins when they are dropped; by size, then by name.

    The empty set is the only one if a policy wins with all assumptions; there is none if no dropping helps.  As
    dropping more never takes a policy's win away, supersets of those found are not played.

    Raises:
        LimitReached: one of the games is not solved within the limits.
    """
    effort = effort or Effort()
    minimal: list[tuple[Assumption, ...]] = []
    names = sorted(Assumption)
    for size in range(len(names) + 1):
        for dropped in combinations(names, size):
            if any(set(found) <= set(dropped) for found in minimal):
                continue
            search = solve(Board(architecture, level, frozenset(dropped), effort.monitor.check), effort)
            if search.start in search.won:
                minimal.append(dropped)
    return minimal


@dataclass(frozen=True)
class Outcome:
    """One game, or the limit that kept it from being solved.

    ``ways_out`` are the games with a minimal set of assumptions dropped so that a policy wins (``None``: not asked, or
    not known).
    """

    architecture: str
    level: Level
    dropped: frozenset[Assumption]
    game: Game | None
    ways_out: tuple[Game, ...] | None = None
    limit: str | None = None


def outcomes(
    architectures: Iterable[Architecture],
    levels: Iterable[Level],
    dropped: frozenset[Assumption] = frozenset(),
    effort: Effort | None = None,
) -> Iterator[Outcome]:
    """Play every game; with no assumption dropped, also find the ways out.

    After an interrupt (Ctrl-C), every game that is left is unknown.
    """
    limit = None
    for architecture, level in product(architectures, tuple(levels)):
        if limit == INTERRUPTED:
            yield Outcome(architecture.name, level, dropped, None, limit=limit)
            continue
        game, ways, limit = None, None, None
        try:
            game = play(architecture, level, dropped, effort)
            ways = None if dropped else ways_out(architecture, level, effort)
        except LimitReached as error:
            limit = str(error)
        except KeyboardInterrupt:
            limit = INTERRUPTED
        yield Outcome(architecture.name, level, dropped, game, ways, limit)


def ways_out(architecture: Architecture, level: Level, effort: Effort | None) -> tuple[Game, ...]:
    """Return the games that a policy wins with a minimal set of assumptions dropped.

    Raises:
        LimitReached: one of the games is not solved within the limits.
    """
    minimal = minimal_drops(architecture, level, effort)
    return tuple(play(architecture, level, frozenset(way), effort) for way in minimal)
