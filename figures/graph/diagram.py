"""A diagram to be laid out: blocks, lines between them and frames around them; and the layout of one.

A diagram knows sizes only and no names, so that nothing in a specification can reach Graphviz.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from heapq import heapify, heappop, heappush

from bac.figures.canvas import Point

LEVEL_GAP = 4.0
"""Points between lines on one level."""
PIECES = 12
"""The number of straight pieces with which a curve is approximated."""

Size = tuple[float, float]
"""Width and height in points."""
Rectangle = tuple[float, float, float, float]
"""Left, top, width and height in points."""


@dataclass(frozen=True, slots=True)
class Line:
    """A line from one block to another (by their numbers); ``label`` is the size of the label beside it.

    ``attached`` lines tie a block to the one below it, and have no label.  ``reach`` is the least number of rows from
    the source to the label, or to the middle of the line, and from there to the target.
    """

    source: int
    target: int
    label: Size | None = None
    attached: bool = False
    reach: tuple[int, int] = (1, 1)


@dataclass(frozen=True, slots=True)
class Frame:
    """A box around blocks, with a caption of this size in its upper left corner.

    The blocks of ``row`` stand side by side; if they are two, the lines between them are straight and on one level.
    """

    blocks: tuple[int, ...]
    caption: Size
    row: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Diagram:
    """The sizes of blocks, lines between different blocks, and disjoint frames."""

    blocks: tuple[Size, ...]
    lines: tuple[Line, ...] = ()
    frames: tuple[Frame, ...] = ()


@dataclass(frozen=True, slots=True)
class Route:
    """The points of a line from its source to its target, and the upper left corner of its label.

    ``smooth`` is as in :class:`bac.figures.canvas.Polyline`.
    """

    points: tuple[Point, ...]
    smooth: bool = False
    label: Point | None = None

    def traced(self) -> list[Point]:
        """Return the corners of straight pieces that approximate the line."""
        return [self.points[0], *self._pieces()] if self.smooth else list(self.points)

    def _pieces(self) -> Iterable[Point]:
        for first in range(0, len(self.points) - 3, 3):
            for piece in range(1, PIECES + 1):
                yield _on_curve(self.points[first : first + 4], piece / PIECES)


def _on_curve(controls: Sequence[Point], t: float) -> Point:
    """Return the point of a cubic Bézier curve at the parameter ``t``, from 0 to 1."""
    shares = ((1 - t) ** 3, 3 * t * (1 - t) ** 2, 3 * t * t * (1 - t), t**3)
    weighted = list(zip(shares, controls, strict=True))
    return sum(share * x for share, (x, _) in weighted), sum(share * y for share, (_, y) in weighted)


@dataclass(frozen=True, slots=True)
class Layout:
    """The places of all parts, in the order of the diagram: upper left corners of blocks, routes of lines, frames."""

    width: float
    height: float
    corners: tuple[Point, ...]
    routes: tuple[Route, ...]
    frames: tuple[Rectangle, ...]


def level_lines(diagram: Diagram) -> dict[int, list[int]]:
    """Return for each frame with a row of two blocks the numbers of the lines between these."""
    rows = {frozenset(frame.row): number for number, frame in enumerate(diagram.frames) if len(frame.row) == 2}
    found: dict[int, list[int]] = {number: [] for number in rows.values()}
    for number, line in enumerate(diagram.lines):
        if (pair := frozenset((line.source, line.target))) in rows:
            found[rows[pair]].append(number)
    return found


def level_height(lines: Iterable[Line]) -> float:
    """Return the height of all lines between two blocks of a row."""
    return sum(level_step(line) for line in lines)


def level_step(line: Line) -> float:
    """Return the height of a line on one level, with the label above it."""
    return (line.label[1] if line.label else 0.0) + LEVEL_GAP


def forward_order(count: int, lines: Iterable[Line]) -> list[int]:
    """Return for each block its rank in an order in which few lines lead backwards, and no attached one does.

    Source: P. Eades, X. Lin, W. F. Smyth, "A fast and effective heuristic for the feedback arc set problem" (1993).
    """
    following: list[set[int]] = [set() for _ in range(count)]
    preceding: list[set[int]] = [set() for _ in range(count)]
    for line in lines:
        following[line.source].add(line.target)
        preceding[line.target].add(line.source)
    left, front, back = set(range(count)), list[int](), list[int]()
    sinks = [block for block in range(count) if not following[block]]
    waiting = [_urgency(block, following[block], preceding[block]) for block in range(count)]
    heapify(waiting)
    while left:
        if sinks:
            back.append(block := heappop(sinks))
        else:
            # A block whose urgency changes is entered again; the outdated entry is skipped.
            urgency = heappop(waiting)
            block = urgency[-1]
            if block not in left or urgency != _urgency(block, following[block], preceding[block]):
                continue
            front.append(block)
        left.discard(block)
        for other in following[block]:
            preceding[other].discard(block)
        for other in preceding[block]:
            following[other].discard(block)
            if not following[other] and other in left:
                heappush(sinks, other)
        for other in (*following[block], *preceding[block]):
            heappush(waiting, _urgency(other, following[other], preceding[other]))
    rank = [0] * count
    for number, block in enumerate([*front, *reversed(back)]):
        rank[block] = number
    return rank


def _urgency(block: int, following: set[int], preceding: set[int]) -> tuple[bool, int, int]:
    """Return a key, least for the block to be put in front: sources, then the greatest excess of outgoing lines."""
    return bool(preceding), len(preceding) - len(following), block
