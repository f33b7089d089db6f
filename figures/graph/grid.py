"""The layout of a diagram without Graphviz: blocks in the cells of a grid, lines in the lanes between them.

Every line has tracks of its own, which never enter the cell of a block.  The lines that leave a block branch off one
stem under it, each with its label above the branch.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field

from bac.figures.canvas import Point
from bac.figures.geometry import rounded
from bac.figures.graph.diagram import Diagram, Layout, Rectangle, Route, forward_order

TRACK = 7.0
"""Points between parallel lines."""
GAP = 12.0
"""Points of free space around blocks."""
RISE = 14.0
"""Points from the lowest line above a block down to it: enough for the head of an arrow."""
CORNER = 3.0
"""The radius of the corners of lines, in points."""
STEM = 10.0
"""Points between the left side of a block and the stem under it."""
INDENT = 14.0
"""Points from the left side of a block to the labels under it."""
ABOVE = 4.0
"""Points of free space above and below the label of a line together."""
MARGIN = 10.0
"""Points between a frame and what is in it."""


@dataclass
class _Row:
    """Blocks beside each other; ``frame`` is the number of the one around them."""

    blocks: list[int]
    frame: int | None = None
    top: float = 0.0
    channel: int = 0
    """The number of lines that run above the blocks."""


@dataclass
class _Grid:
    """The cells: for each block its row and column, for each column its left side, width and lines at its right."""

    rows: list[_Row]
    place: dict[int, tuple[int, int]]
    lefts: list[float] = field(default_factory=list)
    widths: list[float] = field(default_factory=list)
    lanes: list[int] = field(default_factory=list)


def by_grid(diagram: Diagram) -> Layout:
    """Return the layout of any diagram, in time nearly proportional to its size."""
    rows = _rows(diagram)
    place = {block: (y, x) for y, row in enumerate(rows) for x, block in enumerate(row.blocks)}
    table = _Grid(rows, place)
    lanes = [0] * max((len(row.blocks) for row in rows), default=0)
    tracks = []
    for line in diagram.lines:
        row, column = place[line.target][0], place[line.source][1]
        tracks.append((lanes[column], rows[row].channel))
        lanes[column] += 1
        rows[row].channel += 1
    table.lanes = lanes
    bends = _bends(diagram)
    _set_columns(diagram, table)
    frames, height = _set_rows(diagram, table, bends)
    corners = tuple(_corner(table, block) for block in range(len(diagram.blocks)))
    routes = _routes(diagram, table, bends, tracks, corners)
    width = max([0.0, *(left + width for left, width in zip(table.lefts, table.widths, strict=True))])
    width += (lanes[-1] + 1) * TRACK + MARGIN if lanes else 0.0
    return Layout(width, height, corners, routes, tuple(_widened(frame, width) for frame in frames))


def _rows(diagram: Diagram) -> list[_Row]:
    """Return rows of blocks, sources of lines above targets where possible; each frame has rows of its own."""
    rank = forward_order(len(diagram.blocks), diagram.lines)
    inside = {block: number for number, frame in enumerate(diagram.frames) for block in frame.blocks}
    below = {line.target for line in diagram.lines if line.attached}
    bands: dict[int | None, list[int]] = defaultdict(list)
    for block in sorted(range(len(diagram.blocks)), key=lambda block: rank[block]):
        bands[inside.get(block)].append(block)
    columns = max(2, min(8, round((len(diagram.blocks) * 1.2) ** 0.5)))
    rows = []
    for frame in sorted(bands, key=lambda band: min(rank[block] for block in bands[band])):
        upper = [block for block in bands[frame] if block not in below]
        rows += [_Row(upper[start : start + columns], frame) for start in range(0, len(upper), columns)]
        rows += [_Row([block], frame) for block in bands[frame] if block in below]
    return rows


def _bends(diagram: Diagram) -> list[float]:
    """Return for each line how far below its block it branches off the stem; its label is above that."""
    depth: dict[int, float] = defaultdict(float)
    bends = []
    for line in diagram.lines:
        depth[line.source] += max((line.label[1] if line.label else 0.0) + ABOVE, TRACK)
        bends.append(depth[line.source])
    return bends


def _set_columns(diagram: Diagram, table: _Grid) -> None:
    """Make every column as wide as its widest cell."""
    table.widths = [0.0] * len(table.lanes)
    for block, (row, column) in table.place.items():
        frame = table.rows[row].frame
        caption = diagram.frames[frame].caption[0] if column == 0 and frame is not None else 0.0
        table.widths[column] = max(table.widths[column], diagram.blocks[block][0], caption)
    for line in diagram.lines:
        column = table.place[line.source][1]
        table.widths[column] = max(table.widths[column], INDENT + (line.label[0] if line.label else 0.0))
    left = 2 * MARGIN
    for width, lanes in zip(table.widths, table.lanes, strict=True):
        table.lefts.append(left)
        left += width + (lanes + 1) * TRACK + GAP


def _set_rows(diagram: Diagram, table: _Grid, bends: list[float]) -> tuple[list[Rectangle], float]:
    """Put the rows below each other; return the frames around them, and the height of all."""
    bottoms = {block: size[1] for block, size in enumerate(diagram.blocks)}
    for line, bend in zip(diagram.lines, bends, strict=True):
        bottoms[line.source] = max(bottoms[line.source], diagram.blocks[line.source][1] + bend)
    frames: dict[int, Rectangle] = {}
    y = MARGIN
    for number, row in enumerate(table.rows):
        opens = row.frame is not None and row.frame not in frames
        if opens and row.frame is not None:
            frames[row.frame] = (MARGIN, y, 0.0, 0.0)
            y += diagram.frames[row.frame].caption[1] + 4
        row.top = y + RISE + row.channel * TRACK
        y = row.top + max(bottoms[block] for block in row.blocks) + GAP
        following = table.rows[number + 1].frame if number + 1 < len(table.rows) else None
        if row.frame is not None and following != row.frame:
            left, top, _, _ = frames[row.frame]
            frames[row.frame] = (left, top, 0.0, y - top)
            y += GAP
    return [frames[number] for number in range(len(diagram.frames))], y + MARGIN


def _corner(table: _Grid, block: int) -> Point:
    row, column = table.place[block]
    return table.lefts[column], table.rows[row].top


def _widened(frame: Rectangle, width: float) -> Rectangle:
    left, top, _, height = frame
    return left, top, width - left - MARGIN / 2, height


def _routes(
    diagram: Diagram, table: _Grid, bends: list[float], tracks: list[tuple[int, int]], corners: tuple[Point, ...]
) -> tuple[Route, ...]:
    """Return the lines: down a stem, right to a lane, along it to the channel above the target, and down into that."""
    arriving: dict[int, list[int]] = defaultdict(list)
    for number, line in enumerate(diagram.lines):
        arriving[line.target].append(number)
    routes = []
    for number, line in enumerate(diagram.lines):
        lane, channel = tracks[number]
        x, y = corners[line.source]
        y += diagram.blocks[line.source][1]
        column = table.place[line.source][1]
        right = table.lefts[column] + table.widths[column] + (lane + 1) * TRACK
        left, top = corners[line.target]
        above = top - RISE - channel * TRACK
        port = (arriving[line.target].index(number) + 1) / (len(arriving[line.target]) + 1)
        end = left + diagram.blocks[line.target][0] * port
        bend = y + bends[number]
        path = ((x + STEM, y), (x + STEM, bend), (right, bend), (right, above), (end, above), (end, top))
        label = (x + INDENT, bend - line.label[1] - ABOVE / 2) if line.label else None
        routes.append(Route(rounded(path, CORNER), True, label))
    return tuple(routes)
