"""The table of the theorem: who wins the game on each architecture and level, and every minimal way out.

Source: docs/theorem.md, "Impossibility over all policies".
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from bac.model.architecture import Architecture
from bac.model.errors import LimitReached
from bac.proofs.theorem.games.arenas import Assumption, Level
from bac.proofs.theorem.games.game import MOST_POSITIONS, Game, minimal_drops, play


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
    positions: int = MOST_POSITIONS,
) -> Iterator[Outcome]:
    """Play every game; with all assumptions standing also look for the ways out."""
    levels = tuple(levels)
    for architecture in architectures:
        for level in levels:
            game = None
            try:
                game = play(architecture, level, dropped, positions)
                ways = None
                if not dropped:
                    minimal = minimal_drops(architecture, level, positions)
                    ways = tuple(play(architecture, level, frozenset(way), positions) for way in minimal)
                yield Outcome(architecture.name, level, dropped, game, ways)
            except LimitReached as error:
                yield Outcome(architecture.name, level, dropped, game, limit=str(error))
