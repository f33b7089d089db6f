"""Hatching, arrow heads and rounded corners as plain lines and polygons, so that they look alike in every format."""

from __future__ import annotations

from dataclasses import replace
from math import hypot

from bac.figures.canvas import Box, Drawing, Point, Polygon, Polyline, Shape, Text

SPACING = 4.5
"""Points between two lines of a hatching, measured along an edge."""
HATCH_WIDTH = 0.6
"""The width of a hatching's lines in points."""
DASHES = (4.0, 2.5)
"""Lengths of the strokes and gaps of dashed lines in points."""
KAPPA = 0.5523
"""The distance of the controls of a cubic Bézier curve from its ends that makes a quarter of a circle of radius 1."""
BARBS = 0.38
"""Half the width of an arrow head, as a share of its length."""


def hatching(box: Box) -> list[tuple[Point, Point]]:
    """Return the lines of a box's hatching, which rise to the right, clipped to the box."""
    lines = []
    left, right, top, bottom = box.x, box.x + box.width, box.y, box.y + box.height
    offset = SPACING
    while offset < box.width + box.height:
        start = (left, top + offset) if offset <= box.height else (left + offset - box.height, bottom)
        end = (left + offset, top) if offset <= box.width else (right, top + offset - box.width)
        lines.append((start, end))
        offset += SPACING
    return lines


def with_head(line: Polyline) -> tuple[Polyline, Polygon]:
    """Return an arrow as a line that ends where its head begins, and the head."""
    tip, before = line.points[-1], line.points[-2]
    length = hypot(tip[0] - before[0], tip[1] - before[1]) or 1.0
    along = ((tip[0] - before[0]) / length, (tip[1] - before[1]) / length)
    size = 4.0 + 2.2 * line.line_width
    base = (tip[0] - along[0] * size, tip[1] - along[1] * size)
    half = size * BARBS
    corners = (
        tip,
        (base[0] - along[1] * half, base[1] + along[0] * half),
        (base[0] + along[1] * half, base[1] - along[0] * half),
    )
    stop = (tip[0] - along[0] * size * 0.8, tip[1] - along[1] * size * 0.8)
    points = (*line.points[:-1], stop)
    if line.smooth and length < size:
        # A short last piece must not bend back over its own end.
        points = (*line.points[:-2], stop, stop)
    return replace(line, points=points, arrow=False), Polygon(corners, line.stroke)


def rounded(path: tuple[Point, ...], radius: float) -> tuple[Point, ...]:
    """Return a path of straight pieces as a smooth one, its corners rounded with this radius where there is room."""
    nodes: list[Point] = [path[0]]
    for before, corner, after in zip(path, path[1:], path[2:], strict=False):
        reach = min(radius, _distance(before, corner) / 2, _distance(corner, after) / 2)
        entry, leave = towards(corner, before, reach), towards(corner, after, reach)
        nodes += [*_straight(nodes[-1], entry), towards(entry, corner, reach * KAPPA)]
        nodes += [towards(leave, corner, reach * KAPPA), leave]
    return (*nodes, *_straight(nodes[-1], path[-1]))


def _straight(start: Point, end: Point) -> tuple[Point, Point, Point]:
    third = ((end[0] - start[0]) / 3, (end[1] - start[1]) / 3)
    return (start[0] + third[0], start[1] + third[1]), (end[0] - third[0], end[1] - third[1]), end


def towards(start: Point, end: Point, distance: float) -> Point:
    """Return the point at this distance from ``start`` in the direction of ``end``."""
    share = distance / (_distance(start, end) or 1.0)
    return start[0] + (end[0] - start[0]) * share, start[1] + (end[1] - start[1]) * share


def _distance(start: Point, end: Point) -> float:
    return hypot(end[0] - start[0], end[1] - start[1])


def outline(box: Box) -> tuple[Point, ...]:
    """Return the outline of a box with rounded corners, as a smooth closed path from the middle of its top on."""
    radius = min(box.radius, box.width / 2, box.height / 2)
    left, right, top, bottom = box.x, box.x + box.width, box.y, box.y + box.height
    middle = (left + right) / 2
    path = ((middle, top), (right, top), (right, bottom), (left, bottom), (left, top), (middle, top))
    return rounded(path, radius)


def scaled(drawing: Drawing, factor: float, width: float) -> Drawing:
    """Return a drawing whose lengths are multiplied by a factor, on a page of this width in points."""
    if factor == 1.0:
        return replace(drawing, width=width)
    shapes = tuple(_scaled(shape, factor) for shape in drawing.shapes)
    return replace(drawing, width=width, height=drawing.height * factor, shapes=shapes)


def _scaled(shape: Shape, factor: float) -> Shape:
    match shape:
        case Box():
            x, y, width, height = (value * factor for value in (shape.x, shape.y, shape.width, shape.height))
            line, radius = shape.line_width * factor, shape.radius * factor
            return replace(shape, x=x, y=y, width=width, height=height, line_width=line, radius=radius)
        case Polyline():
            points = tuple((x * factor, y * factor) for x, y in shape.points)
            return replace(shape, points=points, line_width=shape.line_width * factor)
        case Polygon():
            return replace(shape, points=tuple((x * factor, y * factor) for x, y in shape.points))
        case Text():
            return replace(shape, x=shape.x * factor, y=shape.y * factor, size=shape.size * factor)


def number(value: float) -> str:
    """Return a coordinate as text: at most two decimals, and never ``-0``."""
    text = f"{value:.2f}".rstrip("0").rstrip(".")
    return "0" if text == "-0" else text
