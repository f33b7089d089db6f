"""A drawing as SVG: plain XML in which text stays text, with a title, a description and tooltips.

Source: W3C, "Scalable Vector Graphics (SVG) 1.1".
"""

from __future__ import annotations

from bac.figures.canvas import Anchor, Box, Drawing, Point, Polygon, Polyline, Shape, Text
from bac.figures.geometry import DASHES, HATCH_WIDTH, hatching, number, with_head
from bac.figures.metrics import clean
from bac.figures.palette import PAPER

FONTS = "Helvetica, Arial, 'Liberation Sans', 'DejaVu Sans', sans-serif"
"""A viewer uses the first of these that it has."""
ENTITIES = {"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;"}


def svg(drawing: Drawing) -> str:
    """Return the drawing as an SVG document."""
    width, height = number(drawing.width), number(drawing.height)
    lines = [
        '<?xml version="1.0" encoding="UTF-8"?>',
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}pt" height="{height}pt" viewBox="0 0 {width} {height}"'
        f' role="img" aria-labelledby="title desc" font-family="{escape(FONTS)}">',
        f'<title id="title">{escape(drawing.title)}</title>',
        f'<desc id="desc">{escape(drawing.description)}</desc>',
        f'<rect width="{width}" height="{height}" fill="{PAPER}"/>',
    ]
    for shape in drawing.shapes:
        lines += _element(shape)
    return "\n".join([*lines, "</svg>", ""])


def escape(text: str) -> str:
    """Return a text for XML, in elements and in attributes."""
    return "".join(ENTITIES.get(character, character) for character in clean(text))


def _element(shape: Shape) -> list[str]:
    """Return the elements of a shape, in a group with its tooltip if it has a name."""
    match shape:
        case Box():
            elements = _box(shape)
        case Polyline():
            elements = _polyline(shape)
        case Polygon():
            elements = [f'<polygon points="{_points(shape.points)}"{_paint(shape.fill, shape.stroke, 1.0)}/>']
        case Text():
            elements = [_text(shape)]
    if shape.name:
        return [f"<g><title>{escape(shape.name)}</title>", *elements, "</g>"]
    return elements


def _box(box: Box) -> list[str]:
    x, y, width, height = map(number, (box.x, box.y, box.width, box.height))
    radius = f' rx="{number(box.radius)}"' if box.radius else ""
    place = f'<rect x="{x}" y="{y}" width="{width}" height="{height}"{radius}'
    outline = _paint(None, box.stroke, box.line_width, box.dashed)
    if box.hatch is None:
        return [f"{place}{_paint(box.fill, box.stroke, box.line_width, box.dashed)}/>"]
    lines = "".join(f"M{_points([start])}L{_points([end])}" for start, end in hatching(box))
    hatch = f'<path d="{lines}"{_paint(None, box.hatch, HATCH_WIDTH)}/>'
    under = [f"{place}{_paint(box.fill, None, 0)}/>"] if box.fill else []
    return [*under, hatch, f"{place}{outline}/>"]


def _polyline(line: Polyline) -> list[str]:
    if line.arrow:
        line, head = with_head(line)
        return [*_polyline(line), f'<polygon points="{_points(head.points)}"{_paint(head.fill, None, 0)}/>']
    start, rest = _points(line.points[:1]), _points(line.points[1:])
    path = f"M{start}{'C' if line.smooth else 'L'}{rest}"
    return [f'<path d="{path}"{_paint(None, line.stroke, line.line_width, line.dashed)} stroke-linejoin="round"/>']


def _text(text: Text) -> str:
    anchor = f' text-anchor="{text.anchor}"' if text.anchor is not Anchor.START else ""
    style = ' font-weight="bold"' * text.bold + ' font-style="italic"' * text.italic
    place = f'x="{number(text.x)}" y="{number(text.y)}" font-size="{number(text.size)}"'
    return f'<text {place} fill="{text.colour}"{anchor}{style}>{escape(text.text)}</text>'


def _paint(fill: str | None, stroke: str | None, line_width: float, dashed: bool = False) -> str:
    """Return the attributes for filling and outlining; ``None`` is nothing."""
    attributes = f' fill="{fill or "none"}"'
    if stroke:
        attributes += f' stroke="{stroke}" stroke-width="{number(line_width)}"'
        if dashed:
            attributes += f' stroke-dasharray="{" ".join(map(number, DASHES))}"'
    return attributes


def _points(points: tuple[Point, ...] | list[Point]) -> str:
    return " ".join(f"{number(x)},{number(y)}" for x, y in points)
