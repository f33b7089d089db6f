"""The overview of an architecture that is too large to be drawn whole: clusters, and numbers of references.

Levels are drawn below each other, so that references lead down.  What is left out is said below the
drawing, and in its description.
"""

from __future__ import annotations

from collections.abc import Sequence

from bac.figures.canvas import Drawing, Shape
from bac.figures.graph.arrows import arrow_shapes
from bac.figures.graph.cluster_parts import POPULAR, cluster_part, modes
from bac.figures.graph.clusters import Basis
from bac.figures.graph.layout import Graph, Line, lay_out
from bac.figures.graph.legend import in_rows, item, sample
from bac.figures.graph.overview import ClusterArrow, DrawnCluster, Overview, overview
from bac.figures.graph.page import NARROW, page
from bac.figures.graph.references import ArrowKind
from bac.figures.graph.shapes import Part, number_part
from bac.figures.graph.words import counted, shortened
from bac.figures.metrics import clean
from bac.model.architecture import Architecture
from bac.model.plan import Plan

THINNEST, THICKEST = 0.8, 4.0
"""The widths of the lines of arrows, in points: in proportion to their numbers, up to that of the strongest."""
STRONG = 10
"""From how many references on an arrow can have the thickest line."""
MEANING = {
    Basis.GROUPS: "clusters: the groups of the plan",
    Basis.UNITS: "clusters: groups of the plan that refer to each other",
    Basis.LEVELS: "levels: nearly all references lead down",
    Basis.COMMUNITIES: "clusters: services that refer to each other",
}
"""How clusters came about, unless each is one service."""


def draw_overview(architecture: Architecture, plan: Plan | None = None, program: str | None = None) -> Drawing:
    """Draw clusters of the services of an architecture, and how many references lead from one to another.

    Args:
        architecture: what to draw.
        plan: the plan whose groups are not torn apart, and which is said of each cluster.
        program: the Graphviz program that computes the layout, ``""`` for none; by default one that is found.
    """
    drawn = overview(architecture, plan)
    wide = drawn.basis is Basis.LEVELS
    titles = _titles(drawn)
    blocks = [
        cluster_part(cluster, shortened(title, 180, 10, bold=True), number, wide)
        for number, (cluster, title) in enumerate(zip(drawn.clusters, titles, strict=True))
    ]
    labels = [number_part(arrow.number) for arrow in drawn.arrows]
    lines = [
        Line(arrow.source, arrow.target, (label.width, label.height))
        for arrow, label in zip(drawn.arrows, labels, strict=True)
    ]
    layout = lay_out(Graph(tuple((part.width, part.height) for part in blocks), tuple(lines)), program)
    shapes: list[Shape] = []
    most = max([STRONG, *(arrow.number for arrow in drawn.arrows)])
    for arrow, route in sorted(zip(drawn.arrows, layout.routes, strict=True), key=lambda each: -each[0].number):
        width = max(THINNEST, THICKEST * arrow.number / most)
        shapes += arrow_shapes(arrow.kind, route.points, route.smooth, _sentence(arrow, titles), width)
    for part, corner in zip(blocks, layout.corners, strict=True):
        shapes += part.at(*corner)
    for part, route in zip(labels, layout.routes, strict=True):
        if route.label:
            shapes += part.at(*route.label)
    note = [item(_note(drawn), bold=True)] if drawn.hidden else []
    legend = in_rows([*_signs(drawn), *_key(drawn), *note], max(layout.width, NARROW))
    content = Part(layout.width, layout.height, tuple(shapes))
    return page(architecture, plan, _description(architecture, drawn, titles), content, legend)


def _titles(drawn: Overview) -> list[str]:
    """The headings of the clusters."""
    if drawn.basis is Basis.LEVELS:
        rows = enumerate(drawn.clusters, 1)
        return [f"level {number}: {counted(len(cluster.services), 'service')}" for number, cluster in rows]
    return [_title(cluster) for cluster in drawn.clusters]


def _title(cluster: DrawnCluster) -> str:
    return clean(cluster.services[0]) if len(cluster.services) == 1 else counted(len(cluster.services), "service")


def _signs(drawn: Overview) -> list[Part]:
    """The meaning of the arrows, where there are several kinds."""
    kinds = {arrow.kind for arrow in drawn.arrows}
    return [sample(kind) for kind in ArrowKind if kind in kinds and kinds != {ArrowKind.REFERENCE}]


def _key(drawn: Overview) -> list[Part]:
    """How clusters and numbers are read."""
    texts = [MEANING[drawn.basis]] if drawn.basis in MEANING else []
    texts += ["number at an arrow: references"] if drawn.arrows else []
    if any(cluster.popular for cluster in drawn.clusters):
        texts.append(f"{'name ' if drawn.basis is not Basis.SERVICES else ''}← n: referred to by n references")
    return [item(text) for text in texts]


def _note(drawn: Overview) -> str:
    """What is not drawn, if anything is not."""
    if not drawn.hidden:
        return ""
    references = counted(sum(arrow.number for arrow in drawn.hidden), "reference")
    return f"… and {references} in {counted(len(drawn.hidden), 'other arrow')}, not drawn"


def _description(architecture: Architecture, drawn: Overview, titles: Sequence[str]) -> str:
    """What a screen reader says of the overview."""
    total = counted(len(architecture.services), "service")
    of_what = f", {MEANING[drawn.basis]}" if drawn.basis in MEANING else ""
    sentences = [f"Overview of {total} in {counted(len(drawn.clusters), 'cluster')}{of_what}."]
    for title, cluster in zip(titles, drawn.clusters, strict=True):
        said = [counted(cluster.inner, "reference") + " inside"] if cluster.inner else []
        popular = [f"{clean(name)} ({number:,})" for name, number in cluster.popular[:POPULAR]]
        said += [f"most referred to: {', '.join(popular)}"] if popular and len(cluster.services) > 1 else []
        said += modes(cluster)
        sentences.append(f"{title}: {'; '.join(said)}." if said else f"{title}.")
    sentences += [f"{_sentence(arrow, titles)}." for arrow in drawn.arrows]
    note = _note(drawn)
    return " ".join([*sentences, *([f"{note[0].upper()}{note[1:]}."] if note else [])])


def _sentence(arrow: ClusterArrow, titles: Sequence[str]) -> str:
    """What an arrow says, as its tooltip."""
    what = "copy" if arrow.kind is ArrowKind.COPY else f"{'tolerated ' * (arrow.kind is ArrowKind.TOLERATED)}reference"
    return f"{titles[arrow.source]} → {titles[arrow.target]}: {counted(arrow.number, what)}"
