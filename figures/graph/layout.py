"""Where the blocks, lines and frames of a graph go: by Graphviz if there is one, else on a plain grid.

A layout knows sizes only and never a name, so that nothing in a specification can reach Graphviz.  Labels of lines are
nodes of their own for it: it keeps nodes apart and lines away from them, which it does not always do for labels.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from heapq import heapify, heappop, heappush
from itertools import product

from bac.figures.canvas import Point

SMALL = 24
"""Up to so many lines a graph is laid out in several ways, of which the best is taken."""
LEVEL_GAP = 4.0
"""Points between lines on one level."""

Size = tuple[float, float]
"""Width and height in points."""
Rectangle = tuple[float, float, float, float]
"""Left, top, width and height in points."""


@dataclass(frozen=True, slots=True)
class Style:
    """What Graphviz is told that makes a layout another one.

    ``ranked``: blocks are named in the order in which lines lead, else in that of the graph; ``backwards``: either of
    them from its end; ``distance`` between the rows, in points, for a graph with labels.
    """

    ranked: bool = False
    backwards: bool = False
    distance: float = 18.0


STYLES = tuple(Style(*style) for style in product((False, True), (False, True), (18.0, 25.0)))
"""The styles in which small graphs are tried."""


@dataclass(frozen=True, slots=True)
class Line:
    """A line from one block to another (by their numbers); ``label`` is the size of what stands on it.

    ``attached`` lines tie a block to the one below it, and have no label.  ``reach``: how many rows
    its label, or its middle, is at least away from its source and its target.
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
class Graph:
    """What is to be laid out: the sizes of the blocks, lines between different blocks, and disjoint frames."""

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


@dataclass(frozen=True, slots=True)
class Layout:
    """Where everything goes, in the order of the graph: upper left corners of blocks, routes of lines, frames."""

    width: float
    height: float
    corners: tuple[Point, ...]
    routes: tuple[Route, ...]
    frames: tuple[Rectangle, ...]


def lay_out(graph: Graph, program: str | None = None, styles: Sequence[Style] = STYLES) -> Layout:
    """The layout of a graph, the same each time.

    Args:
        program: the Graphviz program to use, ``""`` for none; by default whichever is found.
        styles: in which Graphviz lays out a small graph, to take the best; a large one only in the first of them.
    """
    from bac.figures.graph.by_dot import by_dot, dot_program
    from bac.figures.graph.by_grid import by_grid
    from bac.figures.graph.quality import cost

    program = dot_program() if program is None else program
    if not program or not graph.blocks:
        return by_grid(graph)
    tried = styles if len(graph.lines) <= SMALL else styles[:1]
    layouts = [layout for style in tried if (layout := by_dot(graph, program, style))]
    if layouts:
        return min(layouts, key=lambda layout: cost(graph, layout)) if len(layouts) > 1 else layouts[0]
    if any(frame.row for frame in graph.frames):
        return lay_out(replace(graph, frames=tuple(replace(frame, row=()) for frame in graph.frames)), program, styles)
    return by_grid(graph)


def level_lines(graph: Graph) -> dict[int, list[int]]:
    """For each frame with a row of two blocks the numbers of the lines between them."""
    rows = {frozenset(frame.row): number for number, frame in enumerate(graph.frames) if len(frame.row) == 2}
    found: dict[int, list[int]] = {number: [] for number in rows.values()}
    for number, line in enumerate(graph.lines):
        if (pair := frozenset((line.source, line.target))) in rows:
            found[rows[pair]].append(number)
    return found


def level_height(lines: Iterable[Line]) -> float:
    """How high the blocks of a row of two must be for these lines between them."""
    return sum(level_step(line) for line in lines)


def level_step(line: Line) -> float:
    """How much of the height of a block a line on one level takes."""
    return (line.label[1] if line.label else 0.0) + LEVEL_GAP


def forward_order(count: int, lines: Iterable[Line]) -> list[int]:
    """For each block a rank in an order in which few lines lead backwards, and no attached one does.

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
            # Whatever changes is entered again, so that what is out of date is just passed over.
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
    """The less, the sooner a block is put in front: sources, then those with the most outgoing lines in excess."""
    return bool(preceding), len(preceding) - len(following), block
