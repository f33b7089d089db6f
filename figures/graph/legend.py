"""What stands below an architecture graph: the meaning of its signs, and what it leaves out."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from bac.figures.canvas import Anchor, Shape, Text
from bac.figures.graph.arrows import arrow_shapes
from bac.figures.graph.references import ArrowKind
from bac.figures.graph.service_graph import ServiceGraph
from bac.figures.graph.shapes import SMALL, Part, badge_part, stacked
from bac.figures.graph.words import counted
from bac.figures.metrics import text_width
from bac.figures.palette import INK

SAMPLE, HEIGHT = 26.0, 14.0
"""The length of the arrow in a legend, and the height of its rows, in points."""
GAP = 18.0
"""Points between the items of a legend."""
MEANINGS = {ArrowKind.REFERENCE: "link", ArrowKind.TOLERATED: "tolerated link", ArrowKind.COPY: "copy"}


def legend_part(graph: ServiceGraph, width: float) -> Part:
    """The legend, in rows of at most this width if its items allow; nothing if there are only plain arrows."""
    return in_rows([*_signs(graph), *(item(note, bold=True) for note in notes(graph))], width)


def in_rows(items: Iterable[Part], width: float) -> Part:
    """The items of a legend, in rows of at most this width if they allow."""
    rows: list[list[Part]] = [[]]
    for each in items:
        if rows[-1] and sum(part.width + GAP for part in rows[-1]) + each.width > width:
            rows.append([])
        rows[-1].append(each)
    return stacked([_in_a_row(row) for row in rows if row], gap=2, centred=False)


def notes(graph: ServiceGraph) -> list[str]:
    """What is not drawn."""
    found = []
    if graph.hidden_services or graph.hidden_arrows:
        services = counted(graph.hidden_services, "more service")
        found.append(f"… and {services} with {counted(graph.hidden_arrows, 'more arrow')}, not drawn")
    if not graph.labelled:
        links = sum(len(arrow.links) for arrow in graph.arrows)
        copies = sum(len(arrow.copies) for arrow in graph.arrows)
        names = " and ".join([counted(links, "link"), *([counted(copies, "copy")] if copies else [])])
        found.append(f"{counted(len(graph.arrows), 'arrow')} for {names}, not named")
    return found


def _signs(graph: ServiceGraph) -> list[Part]:
    kinds = {arrow.kind for arrow in graph.arrows}
    items = [sample(kind) for kind in ArrowKind if kind in kinds and kinds != {ArrowKind.REFERENCE}]
    if any(service.number for service in graph.services):
        items.append(item("order of the snapshots", badge_part(1)))
    return items


def sample(kind: ArrowKind) -> Part:
    """The item that says what such an arrow means."""
    arrow = arrow_shapes(kind, ((0.0, HEIGHT / 2), (SAMPLE, HEIGHT / 2)), smooth=False)
    return item(MEANINGS[kind], Part(SAMPLE, HEIGHT, arrow))


def item(text: str, sign: Part | None = None, bold: bool = False) -> Part:
    """One item of a legend: what a sign means, or ``bold`` what is not drawn."""
    left = sign.width + 5 if sign else 0.0
    shapes = sign.at(0, (HEIGHT - sign.height) / 2) if sign else ()
    label = Text(left, HEIGHT / 2 + SMALL * 0.36, text, SMALL, Anchor.START, INK, bold)
    return Part(left + text_width(text, SMALL, bold), HEIGHT, (*shapes, label))


def _in_a_row(items: Sequence[Part]) -> Part:
    x, shapes = 0.0, list[Shape]()
    for each in items:
        shapes += each.at(x, 0)
        x += each.width + GAP
    return Part(x - GAP, HEIGHT, tuple(shapes))
