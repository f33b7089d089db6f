"""Which services of a large architecture are drawn as one: levels, groups of a plan, or communities that refer much.

Source for the communities: V. D. Blondel, J.-L. Guillaume, R. Lambiotte, E. Lefebvre, "Fast unfolding of communities in
large networks" (2008), as NetworkX has it.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from bac.figures.graph.levels import levels
from bac.figures.graph.references import Arrow
from bac.model.plan import Plan

MOST_CLUSTERS = 16
"""How many clusters can still be read."""
CLEAR = 0.4
"""From this modularity on communities are not what any graph has, and are shown rather than levels."""
COVERED = 0.5
"""A plan's groups are shown if they hold at least this share of the services, and none of them holds more than that."""
SEED = 1
"""The same architecture is clustered in the same way each time."""

Weights = Mapping[tuple[int, int], int]
"""How many references lead from one unit to another one, by their numbers."""


class Basis(StrEnum):
    """Why services are in the same cluster."""

    SERVICES = "single services"
    GROUPS = "groups of the plan"
    UNITS = "groups of the plan that refer to each other"
    LEVELS = "levels"
    COMMUNITIES = "services that refer to each other"


@dataclass(frozen=True, slots=True)
class Clustering:
    """Disjoint clusters of all services, each in the order of the architecture; levels from the highest on."""

    basis: Basis
    clusters: tuple[tuple[str, ...], ...]


def clustering(services: Sequence[str], arrows: Iterable[Arrow], plan: Plan | None = None) -> Clustering:
    """At most :data:`MOST_CLUSTERS` clusters of services, the same each time.

    Args:
        services: their names, in the order of the architecture.
        arrows: between these services.
        plan: the plan whose groups are not torn apart, if they hold most of the services.
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
    """The groups that recover together, if they say much about the architecture."""
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
    """At most so many parts of these units: levels or communities, then what refers to others only, and to nothing."""
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
    """At most so many communities, and the modularity of those of which they are made."""
    import networkx

    between: Counter[tuple[int, int]] = Counter()
    for (source, target), number in weights.items():
        between[min(source, target), max(source, target)] += number
    graph = networkx.Graph()
    graph.add_nodes_from(range(count))
    graph.add_weighted_edges_from((*pair, number) for pair, number in sorted(between.items()))
    found = networkx.community.louvain_communities(graph, seed=SEED)
    modularity = float(networkx.community.modularity(graph, found))
    return _merged(sorted(map(sorted, found)), between, most), modularity


def _merged(parts: list[list[int]], between: Weights, most: int) -> list[list[int]]:
    """The parts, the smallest joined with what they refer to most until there are few enough."""
    while len(parts) > most:
        parts = sorted(parts, key=lambda part: (len(part), part))
        ties = _ties(parts, between)
        other = max(range(1, len(parts)), key=lambda number: (ties[number], -len(parts[number])))
        parts = [
            sorted(parts[0] + parts[other]),
            *(part for place, part in enumerate(parts) if place not in (0, other)),
        ]
    return sorted(parts)


def _ties(parts: Sequence[Sequence[int]], between: Weights) -> Mapping[int, int]:
    """How many references there are between the first part and each other one."""
    part_of = {block: number for number, part in enumerate(parts) for block in part}
    ties: dict[int, int] = defaultdict(int)
    for pair, number in between.items():
        low, high = sorted(part_of[end] for end in pair)
        if low == 0 < high:
            ties[high] += number
    return ties
