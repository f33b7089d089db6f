"""A drawing as DOT with a pinned layout: ``neato -n2`` and ``dot -Kneato -n`` show it as it is.

Shapes with a name are nodes and edges of the graph; all others are painted on its background, in the
drawing operations of xdot.  Source: Graphviz, "Output Formats: xdot", and the graph attribute ``_background``.
"""

from __future__ import annotations

import re
import shutil
import sysconfig
from collections.abc import Iterable
from pathlib import Path

from bac.figures.canvas import Anchor, Box, Drawing, Point, Polygon, Polyline, Text
from bac.figures.geometry import HATCH_WIDTH, hatching, number, outline, with_head
from bac.figures.metrics import clean, text_width
from bac.figures.palette import PAPER

FONT = "Arial"
"""Graphviz finds a font of this name, or one of the same widths, nearly everywhere."""
SINK = 0.2
"""The share of its size by which Graphviz paints a text of the background too high."""
ALIGNMENT = {Anchor.START: "-1", Anchor.MIDDLE: "0", Anchor.END: "1"}
BOLD, ITALIC = 1, 2
"""The bits of xdot's font characteristics."""
CORNER = 0.01
"""The size of the nodes that span the page, in inches."""
NEAR = 5.0
"""The greatest distance in points between the outline of a node and the end of one of its edges."""


def dot_program() -> str:
    """Return the path of ``dot``, else of ``graphviz-pure`` (from PyPI), else an empty text."""
    if found := shutil.which("dot") or shutil.which("graphviz-pure"):
        return found
    installed = Path(sysconfig.get_path("scripts")) / "graphviz-pure"
    return str(installed) if installed.is_file() else ""


def dot(drawing: Drawing, resolution: int | None = None) -> str:
    """Return the drawing as a graph in DOT.

    Args:
        drawing: what to write.
        resolution: dots per inch, for bitmaps.
    """
    return Writer(drawing).document(resolution)


def escape(text: str) -> str:
    """Return a text for a quoted string of DOT that is taken literally; see :func:`as_read`."""
    return as_read(text).replace('"', '\\"')


def as_read(text: str) -> str:
    """Return the text that Graphviz reads back; it needs a joiner between a backslash and a quotation mark."""
    return re.sub(r'\\(?=")', "\\\\\u2060", text)


def label(text: str) -> str:
    """Return a text for labels and tooltips, where Graphviz interprets backslashes and HTML entities."""
    return clean(text).replace("&", "&amp;").replace("\\", "\\\\").replace('"', '\\"')


class Writer:
    """Writes one drawing."""

    def __init__(self, drawing: Drawing) -> None:
        """Number the boxes that become nodes."""
        self.drawing = drawing
        named = (shape for shape in drawing.shapes if isinstance(shape, Box) and shape.name)
        self.nodes = {f"n{number_}": box for number_, box in enumerate(named, 1)}

    def document(self, resolution: int | None) -> str:
        """Return the whole graph."""
        width, height = number(self.drawing.width), number(self.drawing.height)
        dpi = "" if resolution is None else f" dpi={resolution}"
        return "\n".join(
            [
                f"// {clean(self.drawing.title)}",
                "// The layout is pinned: neato -n2 -Tpdf FILE",
                "digraph figure {",
                f'graph [layout=neato notranslate=true splines=true outputorder=nodesfirst bb="0,0,{width},{height}"'
                f' pad=0 margin=0{dpi} bgcolor="{PAPER}" charset="UTF-8" tooltip="{label(self.drawing.title)}"',
                "_background=" + " +\n".join(f'"{escape(operation)} "' for operation in self.background()) + "];",
                'node [shape=box fixedsize=true label="" margin=0];',
                "edge [style=invis arrowhead=none];",
                f'corner1 [pos="0,0!" width={CORNER} height={CORNER} style=invis];',
                f'corner2 [pos="{width},{height}!" width={CORNER} height={CORNER} style=invis];',
                *(self.node(name, box) for name, box in self.nodes.items()),
                *self.edges(),
                "}",
                "",
            ]
        )

    # The graph

    def node(self, name: str, box: Box) -> str:
        """Return a named box as a pinned node; its content is on the background."""
        centre = self.point((box.x + box.width / 2, box.y + box.height / 2)).replace(" ", ",")
        size = f"width={box.width / 72:.4f} height={box.height / 72:.4f}"
        pen = f'color="{box.stroke}" penwidth={number(box.line_width)}' if box.stroke else "style=invis"
        dashed = " style=dashed" if box.stroke and box.dashed else ""
        return f'{name} [pos="{centre}!" {size} {pen}{dashed} tooltip="{label(box.name)}"];'

    def edges(self) -> Iterable[str]:
        """Yield the named arrows between nodes, pinned; they are painted on the background."""
        for shape in self.drawing.shapes:
            if isinstance(shape, Polyline) and shape.name and shape.arrow and shape.smooth:
                tail, head = self.at(shape.points[0]), self.at(shape.points[-1])
                if tail and head:
                    spline = " ".join(self.point(point).replace(" ", ",") for point in shape.points)
                    yield f'{tail} -> {head} [pos="{spline}" tooltip="{label(shape.name)}"];'

    def at(self, point: Point) -> str | None:
        """Return the node that has this point on its outline or inside."""
        for name, box in self.nodes.items():
            inside = -NEAR <= point[0] - box.x <= box.width + NEAR and -NEAR <= point[1] - box.y <= box.height + NEAR
            if inside:
                return name
        return None

    # The background

    def background(self) -> Iterable[str]:
        """Yield the drawing operations of everything but the outlines of nodes, in the order of painting."""
        for shape in self.drawing.shapes:
            match shape:
                case Box():
                    yield from self.box(shape)
                case Polyline():
                    yield from self.polyline(shape)
                case Polygon():
                    yield from self.polygon(shape)
                case Text():
                    yield from self.text(shape)

    def box(self, box: Box) -> Iterable[str]:
        """Yield a box: its filling, its hatching, and its outline unless that is a node's."""
        points = self.points(outline(box) if box.radius else _corners(box))
        close, fill = ("B", "b") if box.radius else ("p", "P")
        if box.fill:
            yield f"{_pen(box.fill, 0.1)} {_colour('C', box.fill)} {fill} {points}"
        if box.hatch:
            yield _pen(box.hatch, HATCH_WIDTH)
            for line in hatching(box):
                yield f"L {self.points(line)}"
        if box.stroke and not box.name:
            yield f"{_pen(box.stroke, box.line_width, box.dashed)} {close} {points}"

    def polyline(self, line: Polyline) -> Iterable[str]:
        """Yield a line, and the head of an arrow."""
        if line.arrow:
            line, head = with_head(line)
            yield from self.polyline(line)
            yield from self.polygon(head)
        else:
            pen = _pen(line.stroke, line.line_width, line.dashed)
            yield f"{pen} {'B' if line.smooth else 'L'} {self.points(line.points)}"

    def polygon(self, polygon: Polygon) -> Iterable[str]:
        """Yield a filled polygon."""
        pen = _pen(polygon.stroke, 1.0) if polygon.stroke else _pen(polygon.fill, 0.1)
        yield f"{pen} {_colour('C', polygon.fill)} P {self.points(polygon.points)}"

    def text(self, text: Text) -> Iterable[str]:
        """Yield a line of text."""
        font = f"F {number(text.size)} {_counted(FONT)} t {BOLD * text.bold + ITALIC * text.italic}"
        content = clean(text.text)
        place = f"{self.point((text.x, text.y + SINK * text.size))} {ALIGNMENT[text.anchor]}"
        width = number(text_width(content, text.size, text.bold))
        yield f"{font} {_colour('c', text.colour)} T {place} {width} {_counted(as_read(content))}"

    def points(self, points: Iterable[Point]) -> str:
        """Return points, preceded by their number."""
        written = [self.point(point) for point in points]
        return f"{len(written)} {' '.join(written)}"

    def point(self, point: Point) -> str:
        """Return a point in Graphviz's coordinates: *y* grows upwards."""
        return f"{number(point[0])} {number(self.drawing.height - point[1])}"


def _corners(box: Box) -> tuple[Point, ...]:
    right, bottom = box.x + box.width, box.y + box.height
    return (box.x, box.y), (right, box.y), (right, bottom), (box.x, bottom)


def _pen(colour: str, line_width: float, dashed: bool = False) -> str:
    style = "dashed" if dashed else "solid"
    width = _counted(f"setlinewidth({number(line_width)})")
    return f"{_colour('c', colour)} S {width} S {_counted(style)}"


def _colour(operation: str, colour: str) -> str:
    return f"{operation} {_counted(colour)}"


def _counted(text: str) -> str:
    """Return a string of xdot: its length in bytes, a hyphen, and itself."""
    return f"{len(text.encode())} -{text}"
