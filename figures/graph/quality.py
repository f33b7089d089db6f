"""How good a layout looks: where its lines run, and how often they meet each other."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations, pairwise

from bac.figures.canvas import Point
from bac.figures.graph.layout import Graph, Layout, Rectangle, Route

PIECES, ROUGH = 12, 4
"""Into how many straight pieces a curve is cut to see where it runs, exactly and roughly."""
HEAD = 9.0
"""Points around the end of a line in which no other line should run, so that the head of the arrow can be seen."""
HEAD_COST = 3.0
"""How many crossings a line that runs through the head of another is as bad as."""
DEFECT_COST = 6.0
"""How many crossings a line that runs through a block or label is as bad as."""
NEAR = 3.5
"""Points from another line within which two are hard to tell apart."""
NEAR_COST = 0.5
"""How many crossings it is as bad as for a node of a line to be so near to another line."""
PAGE_COST = 60.0
"""How many points of width are as bad as a crossing."""


def cost(graph: Graph, layout: Layout) -> float:
    """How bad a layout looks: lines that cross, hide what is not theirs, or can hardly be told apart; and its width."""
    lines = [traced(route, ROUGH) for route in layout.routes]
    boxes = [_around(line) for line in lines]
    crossings, hidden, merged = 0, 0, 0
    for (first, one), (second, other) in combinations(enumerate(lines), 2):
        if _apart(boxes[first], boxes[second]):
            continue
        crossings += sum(_cross(*a, *b) for a in pairwise(one) for b in pairwise(other))
        if graph.lines[first].target != graph.lines[second].target:
            hidden += _near(one, other[-1], HEAD / 2) + _near(other, one[-1], HEAD / 2)
        merged += sum(_near(other, point, NEAR) for point in one[1:-1])
    bad = DEFECT_COST * len(defects(graph, layout))
    return bad + crossings + HEAD_COST * hidden + NEAR_COST * merged + layout.width / PAGE_COST


def defects(graph: Graph, layout: Layout) -> list[tuple[int, Rectangle]]:
    """Lines, by their numbers, that run through blocks at which they do not end, or through labels of others."""
    blocks = [(*corner, *size) for corner, size in zip(layout.corners, graph.blocks, strict=True)]
    found = []
    for number, (line, route) in enumerate(zip(graph.lines, layout.routes, strict=True)):
        others = [block for place, block in enumerate(blocks) if place not in (line.source, line.target)]
        others += [label for place, label in labels(graph, layout).items() if place != number]
        pieces = list(pairwise(traced(route)))
        for x, y, width, height in others:
            inside = (x + 1, y + 1, width - 2, height - 2)
            if any(meets(start, end, inside) for start, end in pieces):
                found.append((number, (x, y, width, height)))
    return found


def labels(graph: Graph, layout: Layout) -> dict[int, Rectangle]:
    """Where the labels of lines are, by the numbers of the lines."""
    placed = enumerate(zip(graph.lines, layout.routes, strict=True))
    return {number: (*route.label, *line.label) for number, (line, route) in placed if line.label and route.label}


def _near(line: Sequence[Point], point: Point, distance: float) -> bool:
    """Whether a line runs this near to a point, or nearer."""
    left, top, right, bottom = point[0] - distance, point[1] - distance, point[0] + distance, point[1] + distance
    for start, end in pairwise(line):
        # Most pieces are far away, which is seen soonest like this.
        if (start[0] < left and end[0] < left) or (start[0] > right and end[0] > right):
            continue
        if (start[1] < top and end[1] < top) or (start[1] > bottom and end[1] > bottom):
            continue
        if meets(start, end, (left, top, 2 * distance, 2 * distance)):
            return True
    return False


def _around(line: Sequence[Point]) -> tuple[float, float, float, float]:
    """The least and greatest coordinates of a line, with room for the head of an arrow."""
    xs, ys = [x for x, _ in line], [y for _, y in line]
    return min(xs) - HEAD, min(ys) - HEAD, max(xs) + HEAD, max(ys) + HEAD


def _apart(first: Sequence[float], second: Sequence[float]) -> bool:
    return first[0] > second[2] or second[0] > first[2] or first[1] > second[3] or second[1] > first[3]


def _cross(a: Point, b: Point, c: Point, d: Point) -> bool:
    """Whether two straight lines cross in a point inside both."""
    return _turn(a, b, c) * _turn(a, b, d) < 0 and _turn(c, d, a) * _turn(c, d, b) < 0


def _turn(a: Point, b: Point, c: Point) -> float:
    return (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0])


def traced(route: Route, pieces: int = PIECES) -> list[Point]:
    """The line as straight pieces, so many for each curve."""
    if not route.smooth:
        return list(route.points)
    points = [route.points[0]]
    for first in range(0, len(route.points) - 3, 3):
        a, b, c, d = route.points[first : first + 4]
        for piece in range(1, pieces + 1):
            t = piece / pieces
            shares = ((1 - t) ** 3, 3 * t * (1 - t) ** 2, 3 * t * t * (1 - t), t**3)
            weighted = list(zip(shares, (a, b, c, d), strict=True))
            points.append((sum(share * x for share, (x, _) in weighted), sum(share * y for share, (_, y) in weighted)))
    return points


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
