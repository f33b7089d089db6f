"""What an overview of a large architecture shows: clusters of services, and how many references lead between them.

Nothing here knows about coordinates.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from bac.figures.graph.clusters import Basis, clustering
from bac.figures.graph.references import Arrow, ArrowKind, arrows_of
from bac.model.architecture import Architecture
from bac.model.modes import Mode, modes
from bac.model.plan import Plan

FEW_ARROWS, MOST_ARROWS = 12, 24
"""So many arrows are always drawn if there are, and never more; between, twice as many as there are clusters."""


@dataclass(frozen=True, slots=True)
class DrawnCluster:
    """Services that are drawn as one.

    ``popular`` are those to which references from other services lead, with the number of these, in falling order.
    ``inner`` counts the references between the services of the cluster, ``outer`` those to and from others, and
    ``modes`` the services of each mode of the plan other than ``independent``, and in how many groups they are.
    """

    services: tuple[str, ...]
    popular: tuple[tuple[str, int], ...]
    inner: int
    outer: int
    modes: tuple[tuple[Mode, int, int], ...] = ()


@dataclass(frozen=True, slots=True)
class ClusterArrow:
    """How many references of a kind lead from one cluster to another one (by their numbers)."""

    source: int
    target: int
    kind: ArrowKind
    number: int


@dataclass(frozen=True, slots=True)
class Overview:
    """The clusters, and why they are; the strongest arrows between them, and those that are left out."""

    basis: Basis
    clusters: tuple[DrawnCluster, ...]
    arrows: tuple[ClusterArrow, ...]
    hidden: tuple[ClusterArrow, ...]


def overview(architecture: Architecture, plan: Plan | None = None) -> Overview:
    """The overview of an architecture, under a plan if there is one."""
    names, arrows = [service.name for service in architecture.services], arrows_of(architecture)
    found = clustering(names, arrows, plan)
    cluster_of = {name: number for number, cluster in enumerate(found.clusters) for name in cluster}
    inner, outer = Counter[int](), Counter[int]()
    popular: Counter[str] = Counter()
    for arrow in arrows:
        popular[arrow.target] += len(arrow.links)
        source, target = cluster_of[arrow.source], cluster_of[arrow.target]
        inner[source] += arrow.number * (source == target)
        outer.update({source: arrow.number, target: arrow.number} if source != target else {})
    clusters = tuple(
        DrawnCluster(cluster, _ranked(cluster, popular), inner[number], outer[number], _modes(cluster, plan))
        for number, cluster in enumerate(found.clusters)
    )
    between = _between(arrows, cluster_of)
    return Overview(found.basis, clusters, *_strongest(between, len(clusters), found.basis is Basis.LEVELS))


def _ranked(cluster: Sequence[str], popular: Counter[str]) -> tuple[tuple[str, int], ...]:
    ranked = sorted(cluster, key=lambda name: -popular[name])
    return tuple((name, popular[name]) for name in ranked if popular[name])


def _modes(cluster: Sequence[str], plan: Plan | None) -> tuple[tuple[Mode, int, int], ...]:
    """For each mode how many of the services have it, in how many groups."""
    if plan is None:
        return ()
    inside, services, groups = frozenset(cluster), Counter[Mode](), Counter[Mode]()
    for group in plan.groups:
        if number := len(inside.intersection(group.services)):
            services[group.mode] += number
            groups[group.mode] += 1
    return tuple(
        (mode, services[mode], groups[mode]) for mode in modes() if services[mode] and mode != Mode.INDEPENDENT
    )


def _between(arrows: Iterable[Arrow], cluster_of: dict[str, int]) -> list[ClusterArrow]:
    """The arrows between clusters, the strongest first; dashed only what stands for tolerated links alone."""
    links: dict[tuple[int, int], Counter[bool]] = defaultdict(Counter)
    copies: Counter[tuple[int, int]] = Counter()
    for arrow in arrows:
        ends = cluster_of[arrow.source], cluster_of[arrow.target]
        if ends[0] != ends[1] and arrow.kind is ArrowKind.COPY:
            copies[ends] += arrow.number
        elif ends[0] != ends[1]:
            links[ends][arrow.kind is ArrowKind.TOLERATED] += arrow.number
    kinds = {ends: ArrowKind.REFERENCE if found[False] else ArrowKind.TOLERATED for ends, found in links.items()}
    drawn = [ClusterArrow(*ends, kinds[ends], found.total()) for ends, found in links.items()]
    drawn += [ClusterArrow(*ends, ArrowKind.COPY, number) for ends, number in copies.items()]
    return sorted(drawn, key=lambda arrow: (-arrow.number, arrow.source, arrow.target, arrow.kind))


def _strongest(
    arrows: Sequence[ClusterArrow], clusters: int, levels: bool
) -> tuple[tuple[ClusterArrow, ...], tuple[ClusterArrow, ...]]:
    """The arrows that are drawn, and those that are not.

    Drawn are those from one level to the next one, if there are levels; the strongest of each cluster; and then the
    strongest.
    """
    most = min(MOST_ARROWS, max(FEW_ARROWS, 2 * clusters))
    chosen = {arrow: None for arrow in arrows if levels and arrow.target == arrow.source + 1}
    reached = {end for arrow in chosen for end in (arrow.source, arrow.target)}
    for arrow in arrows:
        if not {arrow.source, arrow.target} <= reached:
            chosen[arrow] = None
            reached |= {arrow.source, arrow.target}
    for arrow in arrows:
        if len(chosen) < most:
            chosen[arrow] = None
    return tuple(arrow for arrow in arrows if arrow in chosen), tuple(arrow for arrow in arrows if arrow not in chosen)
