"""How the arrows of an architecture graph look: links as lines, dashed if tolerated, copies as hollow arrows."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from math import hypot

from bac.figures.canvas import Point, Polygon, Polyline, Shape
from bac.figures.graph.references import ArrowKind
from bac.figures.palette import INK, PAPER

HEAD_LENGTH, HEAD_WIDTH = 9.0, 9.0
"""The head of a hollow arrow, in points."""
PLAIN = 1.1
"""The width of the line of an arrow that stands for nothing in number, in points."""
OUTER, INNER = 3.8, 2.0
"""The widths of the two lines, one painted over the other, of which a hollow arrow is made, in points."""


def arrow_shapes(
    kind: ArrowKind, points: Sequence[Point], smooth: bool, name: str = "", width: float = PLAIN
) -> tuple[Shape, ...]:
    """An arrow along these points.

    Args:
        kind: what it stands for.
        points: from its source to its target.
        smooth: as in :class:`bac.figures.canvas.Polyline`.
        name: its tooltip.
        width: of its line in points; that of copies is always the same.
    """
    rounded = tuple((round(x, 2), round(y, 2)) for x, y in points)
    if kind is not ArrowKind.COPY:
        dashed = kind is ArrowKind.TOLERATED
        return (Polyline(rounded, INK, width, dashed=dashed, arrow=True, smooth=smooth, name=name),)
    shaft = cut(rounded, smooth, HEAD_LENGTH)
    base, tip = shaft[-1], rounded[-1]
    across = _across(base, tip, HEAD_WIDTH / 2)
    wings = ((base[0] + across[0], base[1] + across[1]), tip, (base[0] - across[0], base[1] - across[1]))
    head = Polygon(tuple((round(x, 2), round(y, 2)) for x, y in wings), PAPER, INK)
    outer = Polyline(shaft, INK, OUTER, smooth=smooth, name=name)
    return outer, Polyline(shaft, PAPER, INNER, smooth=smooth), head


def cut(points: Sequence[Point], smooth: bool, length: float) -> tuple[Point, ...]:
    """The beginning of a line, up to this distance in points from its end, if it is long enough."""
    pieces = 3 if smooth else 1
    kept, end = list(points), points[-1]
    while len(kept) > pieces + 1 and _distance(kept[-1 - pieces], end) <= length:
        del kept[-pieces:]
    low, high = 0.0, 1.0
    for _ in range(24):
        middle = (low + high) / 2
        far = _distance(_start_of(kept[-1 - pieces :], middle)[-1], end) > length
        low, high = (middle, high) if far else (low, middle)
    last = _start_of(kept[-1 - pieces :], max(low, 0.02))
    return tuple((round(x, 2), round(y, 2)) for x, y in (*kept[: -1 - pieces], *last))


def _start_of(points: Sequence[Point], share: float) -> list[Point]:
    """The first share of a Bézier curve of any degree, by de Casteljau's algorithm."""
    start, row = [points[0]], list(points)
    while len(row) > 1:
        row = [(x + (u - x) * share, y + (v - y) * share) for (x, y), (u, v) in pairwise(row)]
        start.append(row[0])
    return start


def _across(start: Point, end: Point, length: float) -> Point:
    """A vector of this length, at right angles to the way from one point to another."""
    distance = _distance(start, end) or 1.0
    return (end[1] - start[1]) / distance * length, (start[0] - end[0]) / distance * length


def _distance(first: Point, second: Point) -> float:
    return hypot(second[0] - first[0], second[1] - first[1])
