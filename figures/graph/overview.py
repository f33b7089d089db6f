"""The overview of an architecture that is too large to be drawn whole: clusters, and numbers of references.

Levels are drawn below each other, so that references lead down.  The legend and the description say what is left out.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from bac.figures.canvas import Drawing
from bac.figures.graph.arrows import PENS
from bac.figures.graph.boxes import cluster_part
from bac.figures.graph.clusters import Basis, clustering
from bac.figures.graph.diagram import Line
from bac.figures.graph.layout import lay_out
from bac.figures.graph.part import NAME, SMALL, Part, number_part, stacked, text_part
from bac.figures.graph.picture import Connection, Picture, item, kinds_legend, page
from bac.figures.graph.references import Arrow, ArrowKind, arrows_of
from bac.figures.graph.words import LABEL, counted, shortened, some
from bac.figures.metrics import clean, guarded
from bac.model.architecture import Architecture
from bac.model.modes import Mode, modes
from bac.model.plan import Plan

FEW_ARROWS, MOST_ARROWS = 12, 24
"""At least and at most so many arrows are drawn (if there are); between these, twice as many as clusters."""
POPULAR = 3
"""The most services of a cluster that are named."""
WIDEST_TITLE, WIDEST_NAME = 180.0, 140.0
"""The greatest widths of headings and of names in points; longer ones are shortened."""
THINNEST, THICKEST = 0.8, 4.0
"""The widths of arrows in points: in proportion to their numbers of references, up to that of the strongest."""
STRONG = 10
"""The number of references from which on an arrow can have the greatest width."""
MEANING = {
    Basis.GROUPS: "clusters: the groups of the plan",
    Basis.UNITS: "clusters: groups of the plan that refer to each other",
    Basis.LEVELS: "levels: nearly all references lead down",
    Basis.COMMUNITIES: "clusters: services that refer to each other",
}
"""The meaning of the clusters, unless each is a single service."""


@dataclass(frozen=True, slots=True)
class Cluster:
    """Services that are drawn as one.

    ``popular`` are those to which references from other services lead, with the number of these, in falling order.
    ``inner`` counts the references between the services of the cluster, ``outer`` those to and from others, and
    ``modes`` the services of each mode of the plan other than ``independent``, and in how many groups they are.
    """

    title: str
    services: tuple[str, ...]
    popular: tuple[tuple[str, int], ...]
    inner: int
    outer: int
    modes: tuple[tuple[Mode, int, int], ...] = ()


@dataclass(frozen=True, slots=True)
class ClusterArrow:
    """The number of references of a kind from one cluster to another one (by their numbers)."""

    source: int
    target: int
    kind: ArrowKind
    number: int


@dataclass(frozen=True, slots=True)
class Overview:
    """The clusters and their basis, the strongest arrows between them, and those that are left out."""

    basis: Basis
    clusters: tuple[Cluster, ...]
    arrows: tuple[ClusterArrow, ...]
    hidden: tuple[ClusterArrow, ...]


def draw_overview(architecture: Architecture, plan: Plan | None = None, program: str | None = None) -> Drawing:
    """Draw clusters of the services of an architecture, and how many references lead from one to another.

    Args:
        architecture: what to draw.
        plan: the plan whose groups stay together, and whose modes are written on the clusters.
        program: the Graphviz program that computes the layout, ``""`` for none; by default one that is found.
    """
    shown = overview(architecture, plan)
    wide = shown.basis is Basis.LEVELS
    blocks = tuple(_block(cluster, number, wide) for number, cluster in enumerate(shown.clusters))
    picture = Picture(blocks, tuple(_connections(shown)))
    content = picture.drawn(lay_out(picture.diagram, program))
    return page(architecture, plan, _description(architecture, shown), content, _legend(shown))


# What is shown


def overview(architecture: Architecture, plan: Plan | None = None) -> Overview:
    """Return the overview of an architecture, under a plan if there is one."""
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
    levels = found.basis is Basis.LEVELS
    clusters = tuple(
        Cluster(
            _title(services, number if levels else None),
            services,
            _ranked(services, popular),
            inner[number],
            outer[number],
            _modes(services, plan),
        )
        for number, services in enumerate(found.clusters)
    )
    between = _between(arrows, cluster_of)
    return Overview(found.basis, clusters, *_strongest(between, len(clusters), levels))


def _title(services: Sequence[str], level: int | None) -> str:
    many = counted(len(services), "service")
    if level is not None:
        return f"level {level + 1}: {many}"
    return clean(services[0]) if len(services) == 1 else many


def _ranked(services: Sequence[str], popular: Counter[str]) -> tuple[tuple[str, int], ...]:
    ranked = sorted(services, key=lambda name: -popular[name])
    return tuple((name, popular[name]) for name in ranked if popular[name])


def _modes(cluster: Sequence[str], plan: Plan | None) -> tuple[tuple[Mode, int, int], ...]:
    """Return for each mode how many of the services have it, in how many groups."""
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
    """Return the arrows between clusters, the strongest first; an arrow is dashed if all its links are tolerated."""
    links: dict[tuple[int, int], Counter[bool]] = defaultdict(Counter)
    copies: Counter[tuple[int, int]] = Counter()
    for arrow in arrows:
        ends = cluster_of[arrow.source], cluster_of[arrow.target]
        if ends[0] != ends[1] and arrow.kind is ArrowKind.COPY:
            copies[ends] += arrow.number
        elif ends[0] != ends[1]:
            links[ends][arrow.kind is ArrowKind.TOLERATED] += arrow.number
    kinds = {ends: ArrowKind.REFERENCE if found[False] else ArrowKind.TOLERATED for ends, found in links.items()}
    between = [ClusterArrow(*ends, kinds[ends], found.total()) for ends, found in links.items()]
    between += [ClusterArrow(*ends, ArrowKind.COPY, number) for ends, number in copies.items()]
    return sorted(between, key=lambda arrow: (-arrow.number, arrow.source, arrow.target, arrow.kind))


def _strongest(
    arrows: Sequence[ClusterArrow], clusters: int, levels: bool
) -> tuple[tuple[ClusterArrow, ...], tuple[ClusterArrow, ...]]:
    """Return the arrows that are drawn, and those that are not.

    Drawn are those from one level to the next one, if there are levels; then the strongest arrow of each cluster; and
    then the strongest of all.
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


# How it is drawn


def _block(cluster: Cluster, number: int, wide: bool) -> Part:
    """Return a cluster: its size, the services to which most references lead, and how it is backed up.

    Args:
        cluster: what to draw.
        number: its position, which selects its colour.
        wide: write the names of the services beside each other.
    """
    single = len(cluster.services) == 1
    lines = [
        (f"← {many:,}" if single else f"{guarded(shortened(name, WIDEST_NAME, LABEL))} ← {many:,}")
        for name, many in cluster.popular[:POPULAR]
    ]
    parts = [text_part([shortened(cluster.title, WIDEST_TITLE, NAME, bold=True)], NAME, bold=True)]
    parts.append(text_part([" · ".join(lines)] if wide and lines else lines, LABEL))
    if cluster.inner:
        parts.append(text_part([f"{counted(cluster.inner, 'reference')} inside"], SMALL, italic=True))
    if not cluster.inner and not cluster.outer:
        parts.append(text_part(["no references"], SMALL, italic=True))
    parts.append(text_part(_backups(cluster), SMALL, bold=True))
    return cluster_part(some(cluster.services), number, stacked(parts, gap=2), single)


def _backups(cluster: Cluster) -> list[str]:
    """Return how a cluster is backed up: ``locked``, or ``locked: 60 in 12 groups``, ``backup none: 7``."""
    texts = []
    for mode, services, groups in cluster.modes:
        together = mode.recovers_together
        text = str(mode) if together else f"backup {mode}"
        everywhere = services == len(cluster.services) and (groups == 1 or not together)
        number = f": {services:,}" + (f" in {counted(groups, 'group')}" if together else "")
        texts.append(text if everywhere else text + number)
    return texts


def _connections(shown: Overview) -> Iterable[Connection]:
    """Yield the arrows, the wider the more references they stand for."""
    most = max([STRONG, *(arrow.number for arrow in shown.arrows)])
    for arrow in shown.arrows:
        label = number_part(arrow.number)
        pen = replace(PENS[arrow.kind], width=max(THINNEST, THICKEST * arrow.number / most))
        line = Line(arrow.source, arrow.target, (label.width, label.height))
        yield Connection(line, pen, label, _sentence(arrow, shown))


def _legend(shown: Overview) -> list[Part]:
    texts = [MEANING[shown.basis]] if shown.basis in MEANING else []
    texts += ["number at an arrow: references"] if shown.arrows else []
    if any(cluster.popular for cluster in shown.clusters):
        texts.append(f"{'name ' if shown.basis is not Basis.SERVICES else ''}← n: n references lead to it")
    note = [item(_note(shown), bold=True)] if shown.hidden else []
    return [*kinds_legend(arrow.kind for arrow in shown.arrows), *map(item, texts), *note]


def _note(shown: Overview) -> str:
    """Return what is not drawn."""
    references = counted(sum(arrow.number for arrow in shown.hidden), "reference")
    return f"… and {references} in {counted(len(shown.hidden), 'other arrow')}, not drawn"


def _description(architecture: Architecture, shown: Overview) -> str:
    """Return the text for screen readers."""
    total = counted(len(architecture.services), "service")
    basis = f", {MEANING[shown.basis]}" if shown.basis in MEANING else ""
    sentences = [f"Overview of {total} in {counted(len(shown.clusters), 'cluster')}{basis}."]
    for cluster in shown.clusters:
        words = [counted(cluster.inner, "reference") + " inside"] if cluster.inner else []
        popular = [f"{clean(name)} ({number:,})" for name, number in cluster.popular[:POPULAR]]
        words += [f"most references lead to: {', '.join(popular)}"] if popular and len(cluster.services) > 1 else []
        words += _backups(cluster)
        sentences.append(f"{cluster.title}: {'; '.join(words)}." if words else f"{cluster.title}.")
    sentences += [f"{_sentence(arrow, shown)}." for arrow in shown.arrows]
    note = _note(shown)
    return " ".join([*sentences, *([f"{note[0].upper()}{note[1:]}."] if shown.hidden else [])])


def _sentence(arrow: ClusterArrow, shown: Overview) -> str:
    """Return the meaning of an arrow, which is its tooltip."""
    what = "copy" if arrow.kind is ArrowKind.COPY else f"{'tolerated ' * (arrow.kind is ArrowKind.TOLERATED)}reference"
    source, target = shown.clusters[arrow.source], shown.clusters[arrow.target]
    return f"{source.title} → {target.title}: {counted(arrow.number, what)}"
