"""The graph of an architecture: services, their databases and entities, links and copies, and a plan's groups.

Source: the article, Figures 1, 2 and 6 (and Figure 5 for copies).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from bac.figures.canvas import Box, Drawing, Polyline, Shape
from bac.figures.graph.arrows import arrow_shapes
from bac.figures.graph.captions import caption_corners
from bac.figures.graph.layout import STYLES, Layout, Route, lay_out
from bac.figures.graph.legend import legend_part, notes
from bac.figures.graph.page import NARROW, page
from bac.figures.graph.parts import Parts, Tie, parts_of
from bac.figures.graph.references import Arrow, ArrowKind
from bac.figures.graph.service_graph import ServiceGraph, is_large, part_around, service_graph
from bac.figures.graph.shapes import GROUP_FILL, Part, fold_part, stacked
from bac.figures.graph.words import counted, tooltip
from bac.figures.metrics import clean
from bac.figures.palette import INK, MUTED
from bac.model.architecture import Architecture
from bac.model.plan import Plan

PAGE = 504.0
"""The width in points of what is printed on a page of two columns; beyond it, labels are made narrow."""
SPOKEN = 40
"""How many things of each kind a description lists."""


def draw_architecture(
    architecture: Architecture,
    plan: Plan | None = None,
    *,
    services: Sequence[str] = (),
    depth: int = 1,
    program: str | None = None,
) -> Drawing:
    """Draw an architecture, and how a plan backs it up.

    Services are boxes with their database, which lists the entities that they own and those of which they keep copies.
    An arrow leads from the holder's service to the target's, with its links as a label, dashed if all are tolerated; a
    hollow one shows copies.  Groups that are backed up and restored together are boxes with their mode; those that
    share a database have one beside them.  Databases show their place in the order of the plan, and whether they are
    replicated (``continuous``) or never backed up (``none``).  Of what is too large to be read an overview is drawn:
    see :mod:`bac.figures.graph.by_clusters`.

    Args:
        architecture: what to draw; names that do not fit are shortened with ``…``, and whole in tooltips.
        plan: the plan whose groups and order are drawn, if any.
        services: draw the part around these only; see :mod:`bac.figures.graph.affected`.
        depth: over how many references, one after another, this part extends.
        program: the Graphviz program that computes the layout, ``""`` for none; by default one that is found.

    Returns:
        the same drawing each time, for the same Graphviz.

    Raises:
        UnknownService: there is no such service.
    """
    if not services and is_large(architecture):
        from bac.figures.graph.by_clusters import draw_overview

        return draw_overview(architecture, plan, program)
    graph = service_graph(architecture, plan, part_around(architecture, services, depth) if services else None)
    parts, layout = _laid_out(graph, program)
    shapes = [
        *_frames(layout),
        *_attachments(parts, layout),
        *_ties(parts, layout),
        *_arrows(graph, layout),
        *_captions(layout, parts),
    ]
    for part, corner in zip(parts.blocks, layout.corners, strict=True):
        shapes += part.at(*corner)
    for label, route in zip(parts.labels, layout.routes, strict=False):
        if label and route.label:
            shapes += label.at(*route.label)
    for tie, route in _tied(parts, layout):
        if route.label:
            shapes += tie.label.at(*route.label)
    legend = legend_part(graph, max(layout.width, NARROW))
    others = [fold_part(fold) for fold in graph.folds if not fold.ties]
    content = stacked([Part(layout.width, layout.height, tuple(shapes)), *others], centred=False)
    return page(architecture, plan, _description(graph, plan), content, legend)


def _laid_out(graph: ServiceGraph, program: str | None) -> tuple[Parts, Layout]:
    """Everything that has a place, and its place; with narrow labels if the graph is too wide without."""
    parts = parts_of(graph, narrow=False)
    if graph.labelled and lay_out(parts.graph, program, STYLES[:1]).width > PAGE:
        parts = parts_of(graph, narrow=True)
    return parts, lay_out(parts.graph, program)


def _frames(layout: Layout) -> list[Shape]:
    """The boxes of groups."""
    return [Box(*frame, GROUP_FILL, MUTED, 0.9, radius=7) for frame in layout.frames]


def _captions(layout: Layout, parts: Parts) -> list[Shape]:
    """The modes of the groups; a line that cannot but cross one goes under it."""
    shapes: list[Shape] = []
    corners = caption_corners(layout, [(caption.width, caption.height) for caption in parts.captions])
    for (x, y), caption in zip(corners, parts.captions, strict=True):
        shapes.append(Box(x - 2, y, caption.width + 4, caption.height, GROUP_FILL))
        shapes += caption.at(x, y)
    return shapes


def _arrows(graph: ServiceGraph, layout: Layout) -> list[Shape]:
    """The arrows between services; the hollow ones first, as they would hide others."""
    shapes: list[Shape] = []
    for arrow, route in sorted(zip(graph.arrows, layout.routes, strict=False), key=_is_link):
        shapes += arrow_shapes(arrow.kind, route.points, route.smooth, tooltip(arrow))
    return shapes


def _is_link(drawn: tuple[Arrow, Route]) -> bool:
    return drawn[0].kind is not ArrowKind.COPY


def _attachments(parts: Parts, layout: Layout) -> list[Shape]:
    """The lines between services and the database that they share."""
    routes = [route for line, route in zip(parts.graph.lines, layout.routes, strict=True) if line.attached]
    return [Polyline(route.points, INK, 2.2, smooth=route.smooth) for route in routes]


def _ties(parts: Parts, layout: Layout) -> list[Shape]:
    """The arrows between folded services and others: faint, as they stand for many."""
    return [
        Polyline(route.points, MUTED, 0.8, arrow=True, smooth=route.smooth, name=tie.tooltip)
        for tie, route in _tied(parts, layout)
    ]


def _tied(parts: Parts, layout: Layout) -> Iterable[tuple[Tie, Route]]:
    return zip(parts.ties, layout.routes[len(layout.routes) - len(parts.ties) :], strict=True)


def _description(graph: ServiceGraph, plan: Plan | None) -> str:
    """What a screen reader says of the drawing."""
    sentences = [f"{counted(len(graph.services), 'service')}, {counted(len(graph.arrows), 'arrow')}."]
    if asked := [clean(service.name) for service in graph.services if service.asked]:
        sentences.append(f"The part around {', '.join(asked[:SPOKEN])}.")
    sentences += [f"{tooltip(arrow)}." for arrow in graph.arrows[:SPOKEN]]
    sentences += [f"{fold}." for fold in graph.folds]
    for group in graph.groups:
        sentences.append(f"Group {group.mode}: {', '.join(map(clean, group.services[:SPOKEN]))}.")
    if plan and plan.order:
        sentences.append(f"Snapshots in the order {', '.join(map(clean, plan.order[:SPOKEN]))}.")
    return " ".join([*sentences, *(f"{note[0].upper()}{note[1:]}." for note in notes(graph))])
