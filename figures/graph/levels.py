"""Levels of a directed graph in which nearly all references lead the same way.

References that close a cycle are set aside.  The place of a block is then the length of the longest path to it, less
the length of the longest path from it, so that every reference leads down.  Neighbouring places are joined to few
levels, such that as few references as possible stay within a level.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from bac.figures.graph.diagram import Line, forward_order

BACKWARD = 0.05
"""In a graph with levels, at most this share of the references leads backwards."""
FEWEST, MOST = 3, 8
"""The least and the greatest number of levels."""
PLACES = 60
"""The greatest number of places; if there are more, neighbouring ones are joined, so that levels are found quickly."""

References = Mapping[tuple[int, int], int]
"""The number of references from one block to another one, by their numbers."""


def levels(count: int, references: References) -> list[list[int]]:
    """Return the blocks of each level, the highest first; nothing if the graph has no levels.

    Args:
        count: the number of blocks.
        references: between different blocks.
    """
    rank = forward_order(count, [Line(*pair) for pair in references])
    forward = {pair: number for pair, number in references.items() if rank[pair[0]] < rank[pair[1]]}
    if not forward or sum(forward.values()) < (1 - BACKWARD) * sum(references.values()):
        return []
    places = _places(rank, forward)
    starts = _cuts(_inside(places, references))
    found: list[list[int]] = [[] for _ in starts]
    for block, place in enumerate(places):
        found[sum(start <= place for start in starts) - 1].append(block)
    return found if len(found) >= FEWEST else []


def _places(rank: Sequence[int], forward: References) -> list[int]:
    """Return for each block its place, from 0 on and below :data:`PLACES`."""
    depth, height = [0] * len(rank), [0] * len(rank)
    for source, target in sorted(forward, key=lambda pair: rank[pair[0]]):
        depth[target] = max(depth[target], depth[source] + 1)
    for source, target in sorted(forward, key=lambda pair: -rank[pair[1]]):
        height[source] = max(height[source], height[target] + 1)
    exact = [above - below for above, below in zip(depth, height, strict=True)]
    used = {place: number for number, place in enumerate(sorted(set(exact)))}
    return [used[place] * min(PLACES, len(used)) // len(used) for place in exact]


def _inside(places: Sequence[int], references: References) -> list[list[int]]:
    """Return for each first and last place how many references have both ends from the one to the other."""
    count = max(places) + 1
    between = [[0] * count for _ in range(count)]
    for (source, target), number in references.items():
        low, high = sorted((places[source], places[target]))
        between[low][high] += number
    for low in reversed(range(count)):
        for high in range(low + 1, count):
            between[low][high] += between[low][high - 1] + between[low + 1][high] - between[low + 1][high - 1]
    return between


def _cuts(inside: Sequence[Sequence[int]]) -> list[int]:
    """Return the first place of each level, such that as few references as possible stay within levels."""
    count = len(inside)
    best: list[tuple[int, list[int]]] = [(inside[0][last], [0]) for last in range(count)]
    for _ in range(min(MOST, count) - 1):
        better = list(best)
        for last in range(1, count):
            for start in range(1, last + 1):
                total = best[start - 1][0] + inside[start][last]
                if total < better[last][0]:
                    better[last] = (total, [*best[start - 1][1], start])
        best = better
    return best[-1][1]
