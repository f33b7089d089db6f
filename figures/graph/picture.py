"""An architecture graph on its page: blocks, the lines between them, frames around them, and a legend below."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from bac.figures.canvas import Anchor, Box, Drawing, Point, Shape, Text
from bac.figures.graph.arrows import PENS, Pen
from bac.figures.graph.boxes import GROUP_FILL
from bac.figures.graph.diagram import Diagram, Frame, Layout, Line, Rectangle, Size
from bac.figures.graph.part import SMALL, Part, in_rows, stacked
from bac.figures.graph.references import ArrowKind
from bac.figures.metrics import clean, text_width
from bac.figures.palette import INK, MUTED
from bac.model.architecture import Architecture
from bac.model.plan import Plan

MARGIN = 4.0
"""Points of paper around everything."""
NARROW = 300.0
"""The least width in points into which a legend is wrapped."""
ABOVE = 8.0
"""Points between a graph and its legend."""
INSET: Point = (8.0, 4.0)
"""Points between the corner of a frame and its caption."""
STEP = 4.0
"""Points by which a caption is moved to find a free place."""
SAMPLE, HEIGHT = 26.0, 14.0
"""The length of the arrow in a legend, and the height of its rows, in points."""
GAP = 18.0
"""Points between the items of a legend."""
MEANINGS = {ArrowKind.REFERENCE: "link", ArrowKind.TOLERATED: "tolerated link", ArrowKind.COPY: "copy"}


@dataclass(frozen=True, slots=True)
class Connection:
    """A line of the diagram as it is drawn, with its label and its tooltip."""

    line: Line
    pen: Pen
    label: Part | None = None
    name: str = ""


@dataclass(frozen=True, slots=True)
class Picture:
    """All parts of a graph: blocks, connections between these, and frames around them, each with its caption."""

    blocks: tuple[Part, ...]
    connections: tuple[Connection, ...] = ()
    frames: tuple[Frame, ...] = ()
    captions: tuple[Part, ...] = ()

    @property
    def diagram(self) -> Diagram:
        """Return the sizes that a layout needs."""
        sizes = tuple((part.width, part.height) for part in self.blocks)
        return Diagram(sizes, tuple(connection.line for connection in self.connections), self.frames)

    def drawn(self, layout: Layout) -> Part:
        """Return all parts at their places; arrows cover plain lines and hollow arrows, thin ones cover thick ones."""
        shapes: list[Shape] = [Box(*frame, GROUP_FILL, MUTED, 0.9, radius=7) for frame in layout.frames]
        routed = list(zip(self.connections, layout.routes, strict=True))
        for connection, route in sorted(routed, key=lambda each: _layer(each[0].pen)):
            shapes += connection.pen.draw(route.points, route.smooth, connection.name)
        shapes += self._captions(layout)
        for part, corner in zip(self.blocks, layout.corners, strict=True):
            shapes += part.at(*corner)
        for connection, route in routed:
            if connection.label and route.label:
                shapes += connection.label.at(*route.label)
        return Part(layout.width, layout.height, tuple(shapes))

    def _captions(self, layout: Layout) -> Iterable[Shape]:
        """Yield the captions; each covers a line that it cannot avoid."""
        lines = [route.traced() for route in layout.routes]
        for frame, caption in zip(layout.frames, self.captions, strict=True):
            x, y = _caption_corner(frame, (caption.width, caption.height), lines)
            yield Box(x - 2, y, caption.width + 4, caption.height, GROUP_FILL)
            yield from caption.at(x, y)


def _layer(pen: Pen) -> tuple[bool, bool, float]:
    return pen.head, not pen.hollow, -pen.width


def _caption_corner(frame: Rectangle, size: Size, lines: Iterable[Sequence[Point]]) -> Point:
    """Return the upper left corner of a caption: at the left, or as near to it as no line crosses, if there is room."""
    left, top, width, _ = frame
    x, y = left + INSET[0], top + INSET[1]
    strip = (left, y, width, size[1])
    near = [(start, end) for line in lines for start, end in pairwise(line) if meets(start, end, strip)]
    for step in range(max(1, int((width - size[0] - 2 * INSET[0]) / STEP) + 1)):
        place = (x + step * STEP - 2, y, size[0] + 4, size[1])
        if not any(meets(start, end, place) for start, end in near):
            return x + step * STEP, y
    return x, y


def meets(start: Point, end: Point, rectangle: Rectangle) -> bool:
    """Whether a straight line has a point in a rectangle (J. Y.-D. Liang and B. A. Barsky's clipping, 1984)."""
    low, high = 0.0, 1.0
    for axis in (0, 1):
        delta, near, far = end[axis] - start[axis], rectangle[axis], rectangle[axis] + rectangle[axis + 2]
        if delta == 0:
            if not near <= start[axis] <= far:
                return False
            continue
        enters, leaves = sorted(((near - start[axis]) / delta, (far - start[axis]) / delta))
        low, high = max(low, enters), min(high, leaves)
    return low <= high


def page(
    architecture: Architecture, plan: Plan | None, description: str, content: Part, legend: Iterable[Part]
) -> Drawing:
    """Return the drawing of an architecture.

    Args:
        architecture: what is drawn; its name is the title.
        plan: the plan under which it is drawn, if any.
        description: the text for screen readers.
        content: the graph.
        legend: the items below it.
    """
    whole = stacked([content, in_rows(legend, max(content.width, NARROW), GAP)], ABOVE, centred=False)
    return Drawing(
        round(whole.width + 2 * MARGIN, 2),
        round(whole.height + 2 * MARGIN, 2),
        clean(f"{architecture.name}, plan {plan.name}" if plan else architecture.name),
        description,
        whole.at(MARGIN, MARGIN),
    )


def kinds_legend(kinds: Iterable[ArrowKind]) -> list[Part]:
    """Return what the arrows mean; nothing if all are plain links."""
    found = set(kinds)
    if found == {ArrowKind.REFERENCE}:
        return []
    path = ((0.0, HEIGHT / 2), (SAMPLE, HEIGHT / 2))
    return [
        item(MEANINGS[kind], Part(SAMPLE, HEIGHT, PENS[kind].draw(path, False))) for kind in ArrowKind if kind in found
    ]


def item(text: str, sign: Part | None = None, bold: bool = False) -> Part:
    """Return one item of a legend: the meaning of a sign, or ``bold`` what is not drawn."""
    left = sign.width + 5 if sign else 0.0
    shapes = sign.at(0, (HEIGHT - sign.height) / 2) if sign else ()
    label = Text(left, HEIGHT / 2 + SMALL * 0.36, text, SMALL, Anchor.START, INK, bold)
    return Part(left + text_width(text, SMALL, bold), HEIGHT, (*shapes, label))
