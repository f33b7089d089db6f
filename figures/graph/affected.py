"""The part of an architecture around some services: their referrers and their targets; the others are not drawn.

References are followed against their direction to the services that these affect, and along it to the services that
affect these, but not back and forth.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from bac.figures.graph.references import Arrow

MOST_SERVICES, MOST_ARROWS = 16, 32
"""The most services, besides those asked for, and the most arrows that can still be read; further ones are folded."""


class Side(StrEnum):
    """The relation of folded services to those asked for."""

    REFERRERS = "referrers"
    TARGETS = "targets"


@dataclass(frozen=True, slots=True)
class Fold:
    """Services that are drawn as one; ``ties`` are services that are drawn, with the number of references to these."""

    side: Side
    services: tuple[str, ...]
    ties: tuple[tuple[str, int], ...] = ()

    def __str__(self) -> str:
        number = len(self.services)
        match self.side:
            case Side.REFERRERS:
                return f"… and {number:,} more that {'refers' if number == 1 else 'refer'} to these"
            case Side.TARGETS:
                return f"… and {number:,} more to which these refer"


@dataclass(frozen=True, slots=True)
class Affected:
    """The services that were ``asked`` for, all that are ``shown``, and those of their neighbours that are folded."""

    asked: frozenset[str]
    shown: frozenset[str]
    folds: tuple[Fold, ...]


def affected(services: Sequence[str], arrows: Sequence[Arrow], asked: Iterable[str], depth: int = 1) -> Affected:
    """Return the part around these services that can be read: near services first, then those with more ties.

    Args:
        services: all names, in the order of the architecture.
        arrows: between them.
        asked: the services around which the part is.
        depth: the most references in a row over which the part extends.
    """
    core = frozenset(asked)
    following, preceding = defaultdict[str, list[str]](list), defaultdict[str, list[str]](list)
    for arrow in arrows:
        following[arrow.source].append(arrow.target)
        preceding[arrow.target].append(arrow.source)
    referrers, targets = _reached(core, preceding, depth), _reached(core, following, depth)
    distance = {name: min(each[name] for each in (referrers, targets) if name in each) for name in referrers | targets}
    shown = _readable(core, distance, arrows, services)
    folded: dict[Side, list[str]] = {each: [] for each in Side}
    for name in services:
        if name in distance and name not in shown:
            refers = referrers.get(name, depth + 1) <= targets.get(name, depth + 1)
            folded[Side.REFERRERS if refers else Side.TARGETS].append(name)
    folds = [
        Fold(each, tuple(names), _ties(names, each, core, shown, arrows)) for each, names in folded.items() if names
    ]
    return Affected(core, shown, tuple(folds))


def _reached(core: frozenset[str], neighbours: Mapping[str, Sequence[str]], depth: int) -> dict[str, int]:
    """Return the services that can be reached from these, with the length of the path."""
    distance, front = dict.fromkeys(core, 0), sorted(core)
    for step in range(1, depth + 1):
        front = [other for name in front for other in neighbours.get(name, ()) if other not in distance]
        distance.update(dict.fromkeys(front, step))
        front = list(dict.fromkeys(front))
    return distance


def _readable(
    core: frozenset[str], distance: Mapping[str, int], arrows: Sequence[Arrow], services: Sequence[str]
) -> frozenset[str]:
    """Return these services and as many of those around as can be read."""
    between: dict[str, Counter[str]] = defaultdict(Counter)
    for arrow in arrows:
        if arrow.source in distance and arrow.target in distance:
            between[arrow.source][arrow.target] += 1
            between[arrow.target][arrow.source] += 1
    around = [name for name in services if name in distance and name not in core]
    shown = set(core)
    drawn = sum(between[name][other] for name in core for other in core) // 2
    for name in sorted(around, key=lambda name: (distance[name], -between[name].total())):
        drawn += sum(between[name][other] for other in shown)
        if drawn > MOST_ARROWS or len(shown) - len(core) == MOST_SERVICES:
            break
        shown.add(name)
    return frozenset(shown)


def _ties(
    folded: Sequence[str], side: Side, core: frozenset[str], shown: frozenset[str], arrows: Iterable[Arrow]
) -> tuple[tuple[str, int], ...]:
    """Return how many references tie folded services to those asked for, or else to the one with most of them."""
    inside, found = frozenset(folded), Counter[str]()
    for arrow in arrows:
        ends = (arrow.source, arrow.target) if side is Side.REFERRERS else (arrow.target, arrow.source)
        if ends[0] in inside and ends[1] in shown:
            found[ends[1]] += arrow.number
    ranked = sorted(found.items(), key=lambda tie: (-tie[1], tie[0]))
    return tuple(tie for tie in ranked if tie[0] in core) or tuple(ranked[:1])
