"""The lines of an architecture graph: arrows for links, dashed if tolerated; hollow arrows for copies; plain lines."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import hypot

from bac.figures.canvas import Point, Polygon, Polyline, Shape
from bac.figures.graph.references import ArrowKind
from bac.figures.palette import ALERT, INK, MUTED, PAPER

HEAD_LENGTH, HEAD_WIDTH = 9.0, 9.0
"""The head of a hollow arrow, in points."""
OUTER, INNER = 3.8, 2.0
"""The widths of the two lines, one painted over the other, of which a hollow arrow is made, in points."""


@dataclass(frozen=True, slots=True)
class Pen:
    """How a line is drawn: its colour, its width in points, and whether it is dashed, has a head, or is hollow."""

    stroke: str = INK
    width: float = 1.1
    dashed: bool = False
    head: bool = True
    hollow: bool = False

    def draw(self, points: Sequence[Point], smooth: bool, name: str = "") -> tuple[Shape, ...]:
        """Return the shapes of a line.

        Args:
            points: from its source to its target.
            smooth: as in :class:`bac.figures.canvas.Polyline`.
            name: its tooltip.
        """
        path = _rounded(points)
        if not self.hollow:
            return (Polyline(path, self.stroke, self.width, self.dashed, self.head, smooth, name),)
        shaft = _cut(path, smooth, HEAD_LENGTH)
        base, tip = shaft[-1], path[-1]
        across = _across(base, tip, HEAD_WIDTH / 2)
        wings = ((base[0] + across[0], base[1] + across[1]), tip, (base[0] - across[0], base[1] - across[1]))
        outer = Polyline(shaft, self.stroke, OUTER, smooth=smooth, name=name)
        return outer, Polyline(shaft, PAPER, INNER, smooth=smooth), Polygon(_rounded(wings), PAPER, self.stroke)


PENS: Mapping[ArrowKind, Pen] = {
    ArrowKind.REFERENCE: Pen(),
    ArrowKind.TOLERATED: Pen(dashed=True),
    ArrowKind.COPY: Pen(hollow=True),
}
BREAKING = Pen(ALERT, 2.0)
"""A link that can break."""
SHARING = Pen(width=2.2, head=False)
"""From a service to the database that it shares."""
FAINT = Pen(MUTED, 0.8)
"""Between services that are drawn and those that are folded."""


def _cut(points: Sequence[Point], smooth: bool, length: float) -> tuple[Point, ...]:
    """Return the beginning of a line, up to this distance in points from its end, if it is long enough."""
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
    return _rounded((*kept[: -1 - pieces], *last))


def _start_of(points: Sequence[Point], share: float) -> list[Point]:
    """Return the first share of a Bézier curve of any degree, by de Casteljau's algorithm."""
    start, row = [points[0]], list(points)
    while len(row) > 1:
        row = [(x + (u - x) * share, y + (v - y) * share) for (x, y), (u, v) in pairwise(row)]
        start.append(row[0])
    return start


def _across(start: Point, end: Point, length: float) -> Point:
    """Return a vector of this length, at right angles to the way from one point to another."""
    distance = _distance(start, end) or 1.0
    return (end[1] - start[1]) / distance * length, (start[0] - end[0]) / distance * length


def _distance(first: Point, second: Point) -> float:
    return hypot(second[0] - first[0], second[1] - first[1])


def _rounded(points: Sequence[Point]) -> tuple[Point, ...]:
    return tuple((round(x, 2), round(y, 2)) for x, y in points)
