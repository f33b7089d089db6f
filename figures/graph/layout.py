"""The layout of a diagram by Graphviz, which is given sizes and returns coordinates; without it, on a plain grid.

The label of a line is a node of its own for Graphviz, with a channel at its left side through which the line runs.
Graphviz keeps nodes apart and lines away from them, which it does not always do for labels.
"""

from __future__ import annotations

import json
import subprocess
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import pairwise
from typing import Any

from bac.figures.canvas import Point
from bac.figures.dot import dot_program
from bac.figures.graph.diagram import (
    LEVEL_GAP,
    Diagram,
    Frame,
    Layout,
    Line,
    Rectangle,
    Route,
    Size,
    forward_order,
    level_height,
    level_lines,
    level_step,
)
from bac.figures.graph.grid import by_grid

TIMEOUT = 60
"""Seconds after which Graphviz is stopped; the sizes of drawings keep it far from that."""
POINTS = 72
"""Points to the inch, in which Graphviz measures nodes."""
GAP = 18.0
"""Points between blocks beside each other, and between rows with labels between them."""
WITHOUT_LABELS = 40.0
"""Points between rows without labels between them."""
CHANNEL = 6.0
"""The width in points of the channel beside a label."""
OVERHANG = 10.0
"""The least length in points of a line on one level on either side of its label."""
LARGE = 40
"""The number of blocks from which on Graphviz searches for the best layout less patiently."""
MARGIN = 4.0
"""Points around lines, for their widths and the heads of arrows."""


def lay_out(diagram: Diagram, program: str | None = None) -> Layout:
    """Return the layout of a diagram, the same each time.

    Args:
        diagram: what to lay out.
        program: the Graphviz program to use, ``""`` for none; by default one that is found.
    """
    program = dot_program() if program is None else program
    if program and diagram.blocks:
        rowless = replace(diagram, frames=tuple(replace(frame, row=()) for frame in diagram.frames))
        for attempt in (diagram, rowless) if diagram != rowless else (diagram,):
            if layout := _by_graphviz(attempt, program):
                return _cropped(diagram, layout)
    return _cropped(diagram, by_grid(diagram))


def _by_graphviz(diagram: Diagram, program: str) -> Layout | None:
    """Return the layout that a Graphviz program computes; nothing if it fails, or finds no room for a row."""
    command, source = [program, "-Kdot", "-Tjson0"], _source(diagram)
    try:
        done = subprocess.run(command, input=source, capture_output=True, text=True, timeout=TIMEOUT, check=True)
        return _read(diagram, json.loads(done.stdout))
    except (OSError, subprocess.SubprocessError, ValueError, KeyError, TypeError):
        return None


# The question


def _source(diagram: Diagram) -> str:
    """Return the diagram in the language of Graphviz."""
    import graphviz

    labels = any(line.label for line in diagram.lines)
    distance = f"{(GAP if labels else WITHOUT_LABELS) / POINTS}"
    patience = {"nslimit": "2", "nslimit1": "2"} if len(diagram.blocks) > LARGE else {}
    dot = graphviz.Digraph(
        graph_attr={"newrank": "true", "nodesep": f"{GAP / POINTS}", "ranksep": distance, **patience},
        node_attr={"shape": "box", "fixedsize": "true", "label": ""},
        edge_attr={"arrowhead": "none"},
    )
    for number, size in enumerate(diagram.blocks):
        dot.node(f"n{number}", **_inches(size))
    rank = forward_order(len(diagram.blocks), diagram.lines)
    level = level_lines(diagram)
    straight = {number for numbers in level.values() for number in numbers}
    for number in sorted(set(range(len(diagram.lines))) - straight):
        line = diagram.lines[number]
        _write_line(dot, number, line, forward=rank[line.source] < rank[line.target])
    for first, second in _stacking(diagram, rank):
        dot.edge(f"n{first}", f"n{second}", style="invis", minlen="2" if labels else "1")
    for number, frame in enumerate(diagram.frames):
        inside = [place for place, line in enumerate(diagram.lines) if line.label and place not in straight]
        _write_frame(dot, number, frame, diagram, inside)
        if frame.row:
            _write_row(dot, number, frame, [diagram.lines[place] for place in level.get(number, ())], rank)
    return str(dot.source)


def _inches(size: Size) -> dict[str, str]:
    return {"width": f"{size[0] / POINTS:.4f}", "height": f"{size[1] / POINTS:.4f}"}


def _table(**cells: Size) -> str:
    """Return a label that is a table of empty cells of these sizes beside each other, by the names of their ports."""
    row = "".join(
        f'<td port="{port}" fixedsize="true" width="{round(width)}" height="{round(height)}"></td>'
        for port, (width, height) in cells.items()
    )
    return f'<<table border="0" cellborder="0" cellpadding="0" cellspacing="0"><tr>{row}</tr></table>>'


def _write_line(dot: Any, number: int, line: Line, forward: bool) -> None:
    """Write one edge, or two with the label between them; always downwards, whichever way the line leads."""
    ends = [f"n{line.source}", f"n{line.target}"] if forward else [f"n{line.target}", f"n{line.source}"]
    rows = line.reach if forward else line.reach[::-1]
    before, after = ({"minlen": f"{each}"} if each > 1 else {} for each in rows)
    if line.attached:
        dot.edge(*ends, id=f"{number} 0", weight="5", minlen="2")
    elif line.label is None:
        dot.edge(*ends, id=f"{number} 0", **({"minlen": f"{sum(rows) - 1}"} if sum(rows) > 2 else {}))
    else:
        table = _table(channel=(CHANNEL, line.label[1]), label=line.label)
        dot.node(f"l{number}", shape="plain", fixedsize="false", label=table)
        dot.edge(ends[0], f"l{number}:channel:n", id=f"{number} 0", **before)
        dot.edge(f"l{number}:channel:s", ends[1], id=f"{number} 1", **after)


def _write_frame(dot: Any, number: int, frame: Frame, diagram: Diagram, labels: Sequence[int]) -> None:
    """Write a cluster, with room for its caption, and with the labels of the lines inside it."""
    members = set(frame.blocks)
    attributes = {"label": _table(caption=frame.caption), "labeljust": "l", "margin": "9"}
    with dot.subgraph(name=f"cluster{number}", graph_attr=attributes) as cluster:
        for block in frame.blocks:
            cluster.node(f"n{block}")
        for place in labels:
            if {diagram.lines[place].source, diagram.lines[place].target} <= members:
                cluster.node(f"l{place}")


def _write_row(dot: Any, number: int, frame: Frame, lines: Sequence[Line], rank: Sequence[int]) -> None:
    """Write that blocks stand side by side, and room for the lines on one level between two of them."""
    row = [f"n{block}" for block in sorted(frame.row, key=rank.__getitem__)]
    with dot.subgraph(name=f"cluster{number}") as cluster, cluster.subgraph(graph_attr={"rank": "same"}) as level:
        if lines:
            level.node(f"s{number}", style="invis", **_inches((_room(lines) - 2 * GAP + 1, level_height(lines))))
            row.insert(1, f"s{number}")
        for node in row:
            level.node(node)
        for first, second in pairwise(row):
            level.edge(first, second, style="invis", weight="20")


def _room(lines: Iterable[Line]) -> float:
    """Return the least distance between two blocks with these lines between them."""
    return max(line.label[0] if line.label else 0.0 for line in lines) + 2 * OVERHANG


def _stacking(diagram: Diagram, rank: Sequence[int]) -> list[tuple[int, int]]:
    """Return pairs of blocks to be put above each other, so that unconnected parts fill a page and not a row."""
    parts = _connected_parts(diagram)
    columns = max(3, round(len(parts) ** 0.5))
    pairs = []
    for above, below in zip(parts, parts[columns:], strict=False):
        pairs.append((max(above, key=lambda block: rank[block]), min(below, key=lambda block: rank[block])))
    return pairs


def _connected_parts(diagram: Diagram) -> list[list[int]]:
    """Return the connected parts, large ones first; a frame connects the blocks in it."""
    neighbours: dict[int, set[int]] = defaultdict(set)
    for first, second in [(line.source, line.target) for line in diagram.lines] + [
        (frame.blocks[0], block) for frame in diagram.frames for block in frame.blocks
    ]:
        neighbours[first].add(second)
        neighbours[second].add(first)
    left, parts = dict.fromkeys(range(len(diagram.blocks))), []
    while left:
        part, waiting = list[int](), [next(iter(left))]
        while waiting:
            block = waiting.pop()
            if block in left:
                del left[block]
                part.append(block)
                waiting += sorted(neighbours[block])
        parts.append(part)
    return sorted(parts, key=len, reverse=True)


# The answer


def _read(diagram: Diagram, output: dict[str, Any]) -> Layout | None:
    """Return the layout from Graphviz's JSON, turned upside down, as *y* grows upwards there."""
    _, _, width, height = _numbers(output["bb"])
    objects = {found["name"]: found for found in output.get("objects", ())}
    pieces = {found["id"]: found["pos"] for found in output.get("edges", ()) if "id" in found}
    corners = tuple(_corner(objects[f"n{number}"], size, height) for number, size in enumerate(diagram.blocks))
    frames = []
    for number, frame in enumerate(diagram.frames):
        left, bottom, right, top = _numbers(objects[f"cluster{number}"]["bb"])
        if right - left < frame.caption[0]:
            return None  # This Graphviz reads no tables.
        frames.append((left, height - top, right - left, top - bottom))
    routes = _level_routes(diagram, corners)
    if routes is None:
        return None
    rank = forward_order(len(diagram.blocks), diagram.lines)
    for number, line in enumerate(diagram.lines):
        if number not in routes:
            routes[number] = _route(number, line, rank[line.source] < rank[line.target], pieces, objects, height)
    return Layout(width, height, corners, tuple(routes[number] for number in range(len(routes))), tuple(frames))


def _level_routes(diagram: Diagram, corners: Sequence[Point]) -> dict[int, Route] | None:
    """Return the straight lines between two blocks side by side, below each other; nothing if there is no room."""
    routes = {}
    for frame, numbers in level_lines(diagram).items():
        left, right = sorted(diagram.frames[frame].row, key=lambda block: corners[block])
        start, end = corners[left][0] + diagram.blocks[left][0], corners[right][0]
        lines = [diagram.lines[number] for number in numbers]
        if lines and end - start < _room(lines):
            return None
        y = corners[left][1] + (diagram.blocks[left][1] - level_height(lines)) / 2
        for number, line in zip(numbers, lines, strict=True):
            label = ((start + end - line.label[0]) / 2, y) if line.label else None
            y += level_step(line)
            ends = (start, end) if line.source == left else (end, start)
            routes[number] = Route(tuple((x, y - LEVEL_GAP / 2) for x in ends), False, label)
    return routes


def _numbers(text: str) -> list[float]:
    return [float(number) for number in text.split(",")]


def _corner(found: dict[str, str], size: Size, height: float) -> Point:
    x, y = _numbers(found["pos"])
    return x - size[0] / 2, height - y - size[1] / 2


def _route(
    number: int, line: Line, forward: bool, pieces: dict[str, str], objects: dict[str, Any], height: float
) -> Route:
    """Return the curve of a line; its pieces before and after the label are joined by the channel beside that."""
    points = _curve(pieces[f"{number} 0"], height)
    label = None
    if line.label:
        after = _curve(pieces[f"{number} 1"], height)
        points = [*points, *_straight(points[-1], after[0]), *after[1:]]
        label = _corner(objects[f"l{number}"], (line.label[0] - CHANNEL, line.label[1]), height)
    return Route(tuple(points if forward else reversed(points)), True, label)


def _curve(text: str, height: float) -> list[Point]:
    return [(x, height - y) for x, y in (_numbers(point) for point in text.split())]


def _straight(start: Point, end: Point) -> list[Point]:
    """Return the points of a Bézier curve that is a straight line, without the first."""
    (x, y), (u, v) = start, end
    return [(x + (u - x) / 3, y + (v - y) / 3), (u - (u - x) / 3, v - (v - y) / 3), end]


# The page


def _cropped(diagram: Diagram, layout: Layout) -> Layout:
    """Return the layout without empty space around it."""
    extents = list(_extents(diagram, layout))
    left, top = (min((extent[axis] for extent in extents), default=0.0) for axis in (0, 1))
    right, bottom = (max((each[axis] + each[axis + 2] for each in extents), default=0.0) for axis in (0, 1))

    def moved(point: Point) -> Point:
        return point[0] - left, point[1] - top

    return Layout(
        right - left,
        bottom - top,
        tuple(map(moved, layout.corners)),
        tuple(
            Route(tuple(map(moved, route.points)), route.smooth, moved(route.label) if route.label else None)
            for route in layout.routes
        ),
        tuple((*moved((x, y)), width, height) for x, y, width, height in layout.frames),
    )


def _extents(diagram: Diagram, layout: Layout) -> Iterable[Rectangle]:
    """Yield rectangles around everything in a layout."""
    yield from layout.frames
    yield from ((*corner, *size) for corner, size in zip(layout.corners, diagram.blocks, strict=True))
    for line, route in zip(diagram.lines, layout.routes, strict=True):
        if line.label and route.label:
            yield (*route.label, *line.label)
        for x, y in route.traced():
            yield x - MARGIN, y - MARGIN, 2 * MARGIN, 2 * MARGIN
