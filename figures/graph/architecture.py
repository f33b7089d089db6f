"""The graph of an architecture: services, their databases and entities, links and copies, and a plan's groups.

Source: the article, Figures 1, 2 and 6 (and Figure 5 for copies).
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from functools import partial

from bac.figures.canvas import Drawing
from bac.figures.graph.arrows import BREAKING
from bac.figures.graph.boxes import badge_part
from bac.figures.graph.layout import lay_out
from bac.figures.graph.overview import draw_overview
from bac.figures.graph.part import Part
from bac.figures.graph.picture import HEIGHT, MARGIN, SAMPLE, item, kinds_legend, page
from bac.figures.graph.service_graph import ServiceGraph, is_large, part_around, service_graph
from bac.figures.graph.service_picture import service_picture
from bac.figures.graph.words import Labels, counted, elided, label_lines, shortened, tooltip
from bac.figures.look import fitted, narrowest_fitting
from bac.figures.metrics import clean
from bac.model.architecture import Architecture
from bac.model.plan import Plan

PAGE = 504.0
"""The width in points of a page of two columns; labels of wider graphs are made narrow."""
NAMED, MOST_NAMED = 120.0, 3
"""The greatest width in points of the name of a service in a legend, and the most names there."""
SPOKEN = 40
"""The most things of each kind that a description lists."""


def draw_architecture(
    architecture: Architecture,
    plan: Plan | None = None,
    *,
    services: Sequence[str] = (),
    depth: int = 1,
    program: str | None = None,
    legend: bool = True,
    broken: Collection[tuple[str, str]] = (),
    width: float | None = None,
) -> Drawing:
    """Draw an architecture, and how a plan backs it up.

    Services are boxes with their database, which lists the entities that they own and those of which they keep copies.
    An arrow leads from the holder's service to the target's, with its links as a label, dashed if all are tolerated; a
    hollow one shows copies.  Groups that are backed up and restored together are boxes with their mode; those that
    share a database have one beside them.  Databases show their place in the order of the plan, and whether they are
    replicated (``continuous``) or never backed up (``none``).  An architecture that is too large for that is drawn as
    an overview: see :mod:`bac.figures.graph.overview`.

    Args:
        architecture: what to draw; names that do not fit are shortened with ``…``, and whole in tooltips.
        plan: the plan whose groups and order are drawn, if any.
        services: draw only the part around these; see :mod:`bac.figures.graph.affected`.
        depth: the most references in a row over which this part extends.
        program: the Graphviz program that computes the layout, ``""`` for none; by default one that is found.
        legend: whether the meaning of the arrows is drawn; what is not drawn is always said.
        broken: links that can break, as holder and target: their arrows are marked.
        width: the width in points into which it is fitted, if any: labels become narrow, and then numbers.

    Returns:
        the same drawing each time, for the same Graphviz.

    Raises:
        UnknownService: there is no such service.
        FigureError: the width is too small.
    """
    if not services and is_large(architecture):
        return fitted(draw_overview(architecture, plan, program), width)
    graph = service_graph(architecture, plan, part_around(architecture, services, depth) if services else None)
    drawn = partial(_page, architecture, plan, graph, program, legend, broken)
    if width is not None:
        return narrowest_fitting([drawn(labels) for labels in (Labels if graph.labelled else [Labels.WIDE])], width)
    wide = drawn(Labels.WIDE)
    return drawn(Labels.NARROW) if graph.labelled and wide.width - 2 * MARGIN > PAGE else wide


def _page(
    architecture: Architecture,
    plan: Plan | None,
    graph: ServiceGraph,
    program: str | None,
    legend: bool,
    broken: Collection[tuple[str, str]],
    labels: Labels,
) -> Drawing:
    """Return the page of a graph with labels of this kind; numbers of arrows are explained even without a legend."""
    picture = service_picture(graph, labels, broken)
    items = _legend(graph, legend)
    if broken and legend:
        path = ((0.0, HEIGHT / 2), (SAMPLE, HEIGHT / 2))
        items.append(item("can break", Part(SAMPLE, HEIGHT, BREAKING.draw(path, False))))
    if labels is Labels.NUMBERED:
        for place, arrow in enumerate(graph.arrows, 1):
            items += [item(f"{place}  {line}" if not row else line) for row, line in enumerate(label_lines(arrow))]
    return page(architecture, plan, _description(graph, plan), picture.drawn(lay_out(picture.diagram, program)), items)


def _legend(graph: ServiceGraph, whole: bool) -> list[Part]:
    items = kinds_legend(arrow.kind for arrow in graph.arrows) if whole else []
    if whole and any(service.number for service in graph.services):
        items.append(item("order of the snapshots", badge_part(1)))
    return [*items, *(item(note, bold=True) for note in _notes(graph))]


def _notes(graph: ServiceGraph) -> list[str]:
    """Return what is not drawn."""
    found = []
    if asked := [shortened(service.name, NAMED) for service in graph.services if service.asked]:
        others = f"{counted(graph.hidden_services, 'other service')} with {counted(graph.hidden_arrows, 'arrow')}"
        found.append(f"the part around {', '.join(elided(asked, 'service', MOST_NAMED))}; {others}: not drawn")
    if not graph.labelled:
        links = sum(len(arrow.links) for arrow in graph.arrows)
        copies = sum(len(arrow.copies) for arrow in graph.arrows)
        names = " and ".join([counted(links, "link"), *([counted(copies, "copy")] if copies else [])])
        found.append(f"{counted(len(graph.arrows), 'arrow')} for {names}, without labels")
    return found


def _description(graph: ServiceGraph, plan: Plan | None) -> str:
    """Return the text for screen readers."""
    sentences = [f"{counted(len(graph.services), 'service')}, {counted(len(graph.arrows), 'arrow')}."]
    sentences += [f"{tooltip(arrow)}." for arrow in graph.arrows[:SPOKEN]]
    sentences += [f"{fold}." for fold in graph.folds]
    for group in graph.groups:
        sentences.append(f"Group {group.mode}: {', '.join(map(clean, group.services[:SPOKEN]))}.")
    if plan and plan.order:
        sentences.append(f"Snapshots in the order {', '.join(map(clean, plan.order[:SPOKEN]))}.")
    return " ".join([*sentences, *(f"{note[0].upper()}{note[1:]}." for note in _notes(graph))])
