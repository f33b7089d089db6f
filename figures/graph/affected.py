"""The part of an architecture around some services: what refers to them and to what they refer; the rest is folded.

References are followed against their direction to what is affected by the services, and along it to what affects them,
but not back and forth.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from bac.figures.graph.references import Arrow
from bac.figures.graph.words import counted

MOST_SERVICES, MOST_ARROWS = 16, 32
"""So many services, beside those that were asked for, and so many arrows can still be read; further ones are folded."""


class Side(StrEnum):
    """What folded services have to do with those that were asked for."""

    REFERRERS = "referrers"
    TARGETS = "targets"
    OTHERS = "others"


@dataclass(frozen=True, slots=True)
class Fold:
    """Services that are drawn as one; ``ties``: services that are drawn, with how many references tie them to these."""

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
            case Side.OTHERS:
                return f"… and {counted(number, 'other service')}"


@dataclass(frozen=True, slots=True)
class Affected:
    """The services that were ``asked`` for, all that are ``shown``, and what the others are folded into."""

    asked: frozenset[str]
    shown: frozenset[str]
    folds: tuple[Fold, ...]


def affected(services: Sequence[str], arrows: Sequence[Arrow], asked: Iterable[str], depth: int = 1) -> Affected:
    """The part around these services, as much of it as can be read: what is nearer first, then what has more ties.

    Args:
        services: all names, in the order of the architecture.
        arrows: between them.
        asked: the services around which the part is.
        depth: over how many references, one after another, the part extends.
    """
    core = frozenset(asked)
    following, preceding = defaultdict[str, list[str]](list), defaultdict[str, list[str]](list)
    for arrow in arrows:
        following[arrow.source].append(arrow.target)
        preceding[arrow.target].append(arrow.source)
    referrers, targets = _reached(core, preceding, depth), _reached(core, following, depth)
    distance = {name: min(each[name] for each in (referrers, targets) if name in each) for name in referrers | targets}
    shown = _readable(core, distance, arrows, services)
    side = {name: Side.OTHERS for name in services if name not in shown}
    for name in side.keys() & distance.keys():
        near = referrers.get(name, depth + 1) <= targets.get(name, depth + 1)
        side[name] = Side.REFERRERS if near else Side.TARGETS
    folded = {each: tuple(name for name in side if side[name] is each) for each in Side}
    folds = [Fold(each, names, _ties(names, each, core, shown, arrows)) for each, names in folded.items() if names]
    return Affected(core, shown, tuple(folds))


def _reached(core: frozenset[str], neighbours: Mapping[str, Sequence[str]], depth: int) -> dict[str, int]:
    """What is reached from these services, with the length of the way."""
    distance, front = dict.fromkeys(core, 0), sorted(core)
    for step in range(1, depth + 1):
        front = [other for name in front for other in neighbours.get(name, ()) if other not in distance]
        distance.update(dict.fromkeys(front, step))
        front = list(dict.fromkeys(front))
    return distance


def _readable(
    core: frozenset[str], distance: Mapping[str, int], arrows: Sequence[Arrow], services: Sequence[str]
) -> frozenset[str]:
    """As many of the services around as can be read."""
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
    """How many references tie folded services to those asked for, or else to the one to which most do."""
    if side is Side.OTHERS:
        return ()
    inside, found = frozenset(folded), Counter[str]()
    for arrow in arrows:
        ends = (arrow.source, arrow.target) if side is Side.REFERRERS else (arrow.target, arrow.source)
        if ends[0] in inside and ends[1] in shown:
            found[ends[1]] += arrow.number
    ranked = sorted(found.items(), key=lambda tie: (-tie[1], tie[0]))
    return tuple(tie for tie in ranked if tie[0] in core) or tuple(ranked[:1])
