"""The clusters in which a large architecture is drawn: groups of a plan, levels, or communities of services.

Source for the communities: A. Clauset, M. E. J. Newman, C. Moore, "Finding community structure in very large networks"
(2004).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from heapq import heapify, heappop, heappush

from bac.figures.graph.levels import levels
from bac.figures.graph.references import Arrow
from bac.model.plan import Plan

MOST_CLUSTERS = 16
"""The most clusters that can still be read."""
CLEAR = 0.4
"""From this modularity on, communities are clearer than those of random graphs, and are shown rather than levels."""
COVERED = 0.5
"""A plan's groups are shown if they have at least this share of the services, and none of them has more than that."""

Weights = Mapping[tuple[int, int], int]
"""The number of references from one unit to another one, by their numbers."""


class Basis(StrEnum):
    """The reason why services are in the same cluster."""

    SERVICES = "single services"
    GROUPS = "groups of the plan"
    UNITS = "groups of the plan that refer to each other"
    LEVELS = "levels"
    COMMUNITIES = "services that refer to each other"


@dataclass(frozen=True, slots=True)
class Clustering:
    """Disjoint clusters of all services, each in the order of the architecture; the highest level is the first."""

    basis: Basis
    clusters: tuple[tuple[str, ...], ...]


def clustering(services: Sequence[str], arrows: Iterable[Arrow], plan: Plan | None = None) -> Clustering:
    """Return at most :data:`MOST_CLUSTERS` clusters of services, the same each time.

    Args:
        services: their names, in the order of the architecture.
        arrows: between these services.
        plan: the plan whose groups stay together, if they have most of the services.
    """
    if len(services) <= MOST_CLUSTERS:
        return Clustering(Basis.SERVICES, tuple((name,) for name in services))
    groups = _groups(services, plan) if plan else []
    grouped = {name for group in groups for name in group}
    alone = [(name,) for name in services if name not in grouped]
    units = [*groups, *alone]
    weights = _weights(units, arrows)
    if groups and len(groups) + bool(alone) <= MOST_CLUSTERS:
        rest = range(len(groups), len(units))
        parts = [[number] for number in range(len(groups))]
        parts += _split(rest, weights, MOST_CLUSTERS - len(groups))[1] if alone else []
        basis = Basis.GROUPS
    else:
        basis, parts = _split(range(len(units)), weights, MOST_CLUSTERS)
        if groups and basis is Basis.COMMUNITIES:
            basis = Basis.UNITS
    place = {name: number for number, name in enumerate(services)}
    clusters = [sorted((name for unit in part for name in units[unit]), key=place.__getitem__) for part in parts]
    return Clustering(basis, tuple(map(tuple, clusters)))


def _groups(services: Sequence[str], plan: Plan) -> list[tuple[str, ...]]:
    """Return the groups that recover together, if they divide most of the architecture."""
    groups = [group.services for group in plan.groups if group.mode.recovers_together and len(group.services) > 1]
    covered, largest = sum(map(len, groups)), max(map(len, groups), default=0)
    return groups if covered >= COVERED * len(services) >= largest else []


def _weights(units: Sequence[Sequence[str]], arrows: Iterable[Arrow]) -> Weights:
    unit_of = {name: number for number, unit in enumerate(units) for name in unit}
    weights: Counter[tuple[int, int]] = Counter()
    for arrow in arrows:
        ends = (unit_of[arrow.source], unit_of[arrow.target])
        if ends[0] != ends[1]:
            weights[ends] += arrow.number
    return weights


def _split(units: Sequence[int], weights: Weights, most: int) -> tuple[Basis, list[list[int]]]:
    """Return at most this many parts: levels or communities, then units that refer to other ones only, then to none."""
    among = {pair: number for pair, number in weights.items() if pair[0] in units and pair[1] in units}
    connected = sorted({end for pair in among for end in pair})
    anywhere = {end for pair in weights for end in pair}
    loose = [unit for unit in units if unit in anywhere and unit not in connected]
    bare = [unit for unit in units if unit not in anywhere]
    apart = [part for part in (loose, bare) if part]
    if most <= len(apart) or not connected:
        return Basis.COMMUNITIES, [[*connected, *loose, *bare]] if most <= len(apart) else apart
    place = {unit: number for number, unit in enumerate(connected)}
    inner = {(place[source], place[target]): number for (source, target), number in among.items()}
    communities, modularity = _communities(len(connected), inner, most - len(apart))
    found = levels(len(connected), inner) if modularity < CLEAR else []
    if found and len(found) + len(apart) <= most:
        basis, parts = Basis.LEVELS, found
    else:
        basis, parts = Basis.COMMUNITIES, communities
    return basis, [*([connected[number] for number in part] for part in parts), *apart]


def _communities(count: int, weights: Weights, most: int) -> tuple[list[list[int]], float]:
    """Return at most this many communities, and their modularity.

    The two parts whose union adds most to the modularity are joined, as long as a union adds to it or there are too
    many parts.  Parts that no reference connects are joined last, small ones first.
    """
    ties: list[dict[int, int]] = [{} for _ in range(count)]
    for (one, other), number in weights.items():
        ties[one][other] = ties[other][one] = ties[one].get(other, 0) + number
    degree = [sum(each.values()) for each in ties]
    total = sum(degree)
    parts = {unit: [unit] for unit in range(count)}

    def entry(one: int, other: int) -> tuple[int, int, int]:
        return degree[one] * degree[other] - total * ties[one][other], min(one, other), max(one, other)

    waiting = [entry(one, other) for one in range(count) for other in ties[one] if one < other]
    heapify(waiting)
    while waiting:
        loss, one, other = heappop(waiting)
        if other not in ties[one]:
            continue
        if (now := entry(one, other)) != (loss, one, other):
            if now[0] > loss:  # It has grown since; where it has become less, it was entered again.
                heappush(waiting, now)
            continue
        if loss >= 0 and len(parts) <= most:
            break
        kept, gone = (one, other) if len(ties[one]) >= len(ties[other]) else (other, one)
        parts[kept] += parts.pop(gone)
        degree[kept] += degree[gone]
        del ties[kept][gone], ties[gone][kept]
        for near, number in ties[gone].items():
            del ties[near][gone]
            ties[kept][near] = ties[near][kept] = ties[kept].get(near, 0) + number
            heappush(waiting, entry(kept, near))
        ties[gone] = {}
    return _few(parts.values(), most), _modularity(parts.values(), weights)


def _modularity(parts: Iterable[Sequence[int]], weights: Weights) -> float:
    """Return the share of references within parts, less that in a random graph with the same degrees."""
    part_of = {unit: number for number, part in enumerate(parts) for unit in part}
    total, inside, degree = sum(weights.values()), 0, Counter[int]()
    for (one, other), number in weights.items():
        inside += number * (part_of[one] == part_of[other])
        degree.update({part_of[one]: number})
        degree.update({part_of[other]: number})
    return inside / total - sum((each / (2 * total)) ** 2 for each in degree.values())


def _few(parts: Iterable[Sequence[int]], most: int) -> list[list[int]]:
    """Return the parts, the two smallest joined until there are few enough."""
    found = sorted((sorted(part) for part in parts), key=lambda part: (len(part), part))
    while len(found) > most:
        found = sorted([sorted(found[0] + found[1]), *found[2:]], key=lambda part: (len(part), part))
    return sorted(found)
