"""The layout of a graph by Graphviz: its program ``dot``, or a port of it, is given sizes and asked for coordinates."""

from __future__ import annotations

import json
import shutil
import subprocess
import sysconfig
from collections import defaultdict
from collections.abc import Iterable, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

from bac.figures.canvas import Point
from bac.figures.graph.layout import (
    Frame,
    Graph,
    Layout,
    Line,
    Route,
    Size,
    Style,
    forward_order,
    level_height,
    level_lines,
    level_step,
)

TIMEOUT = 60
"""Seconds after which Graphviz is given up; the sizes of what is drawn keep it far from that."""
POINTS = 72
"""Points to the inch, in which Graphviz measures nodes."""
GAP = 18.0
"""Points between blocks beside each other."""
SHORTEST = 24.0
"""The least length in points of what is seen of a line on either side of its label, if it is on one level."""
WITHOUT_LABELS = 40.0
"""Points between rows if there are no labels between them."""
PLAIN = Style()
"""What Graphviz is told by default."""
LARGE = 40
"""From so many blocks on Graphviz is told to look for the best layout less patiently."""


def dot_program() -> str:
    """The path of ``dot``, else that of the program of the PyPI package ``graphviz-pure``, else nothing."""
    if found := shutil.which("dot") or shutil.which("graphviz-pure"):
        return found
    installed = Path(sysconfig.get_path("scripts")) / "graphviz-pure"
    return str(installed) if installed.is_file() else ""


def by_dot(graph: Graph, program: str, style: Style = PLAIN) -> Layout | None:
    """The layout that a Graphviz program computes, or nothing if it fails at it, or finds no room for a row."""
    command, source = [program, "-Kdot", "-Tjson0"], _source(graph, style)
    try:
        done = subprocess.run(command, input=source, capture_output=True, text=True, timeout=TIMEOUT, check=True)
        return _read(graph, json.loads(done.stdout))
    except (OSError, subprocess.SubprocessError, ValueError, KeyError, TypeError):
        return None


def _source(graph: Graph, style: Style) -> str:
    """The graph in the language of Graphviz."""
    import graphviz

    labels = any(line.label for line in graph.lines)
    distance = f"{(style.distance if labels else WITHOUT_LABELS) / POINTS}"
    patience = {"nslimit": "2", "nslimit1": "2"} if len(graph.blocks) > LARGE else {}
    dot = graphviz.Digraph(
        graph_attr={"newrank": "true", "nodesep": f"{GAP / POINTS}", "ranksep": distance, **patience},
        node_attr={"shape": "box", "fixedsize": "true", "label": ""},
        edge_attr={"arrowhead": "none"},
    )
    rank = forward_order(len(graph.blocks), graph.lines)
    blocks = sorted(range(len(graph.blocks)), key=rank.__getitem__ if style.ranked else int, reverse=style.backwards)
    for number in blocks:
        dot.node(f"n{number}", **_inches(graph.blocks[number]))
    level = level_lines(graph)
    straight = {number for numbers in level.values() for number in numbers}
    for number in sorted(set(range(len(graph.lines))) - straight, reverse=style.backwards):
        line = graph.lines[number]
        _write_line(dot, number, line, forward=rank[line.source] < rank[line.target])
    for first, second in _stacking(graph, rank):
        dot.edge(f"n{first}", f"n{second}", style="invis", minlen="2" if labels else "1")
    for number, frame in enumerate(graph.frames):
        inside = [place for place, line in enumerate(graph.lines) if line.label and place not in straight]
        _write_frame(dot, number, frame, graph, inside)
        if frame.row:
            _write_row(dot, number, frame, [graph.lines[place] for place in level.get(number, ())], rank)
    return str(dot.source)


def _inches(size: Size) -> dict[str, str]:
    return {"width": f"{size[0] / POINTS:.4f}", "height": f"{size[1] / POINTS:.4f}"}


def _write_line(dot: Any, number: int, line: Line, forward: bool) -> None:
    """One edge, or two with the label between them; always downwards, whichever way the line leads."""
    ends = [f"n{line.source}", f"n{line.target}"] if forward else [f"n{line.target}", f"n{line.source}"]
    rows = line.reach if forward else line.reach[::-1]
    before, after = ({"minlen": f"{each}"} if each > 1 else {} for each in rows)
    if line.attached:
        dot.edge(*ends, id=f"{number} 0", weight="5", minlen="2")
    elif line.label is None:
        dot.edge(*ends, id=f"{number} 0", **({"minlen": f"{sum(rows) - 1}"} if sum(rows) > 2 else {}))
    else:
        dot.node(f"l{number}", **_inches(line.label))
        dot.edge(ends[0], f"l{number}", id=f"{number} 0", **before)
        dot.edge(f"l{number}", ends[1], id=f"{number} 1", **after)


def _write_frame(dot: Any, number: int, frame: Frame, graph: Graph, labels: Sequence[int]) -> None:
    """A cluster, with the labels of the lines inside it; a table without a text reserves the room for its caption."""
    width, height = (round(each) for each in frame.caption)
    cell = f'<tr><td fixedsize="true" width="{width}" height="{height}"></td></tr>'
    table = f'<<table border="0" cellborder="0" cellpadding="0" cellspacing="0">{cell}</table>>'
    members = set(frame.blocks)
    with dot.subgraph(name=f"cluster{number}", graph_attr={"label": table, "labeljust": "l", "margin": "9"}) as cluster:
        for block in frame.blocks:
            cluster.node(f"n{block}")
        for place in labels:
            if {graph.lines[place].source, graph.lines[place].target} <= members:
                cluster.node(f"l{place}")


def _write_row(dot: Any, number: int, frame: Frame, lines: Sequence[Line], rank: Sequence[int]) -> None:
    """Blocks side by side, and between two of them room for the lines on one level."""
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
    """How far apart two blocks must be for these lines between them."""
    return max(line.label[0] if line.label else 0.0 for line in lines) + 2 * SHORTEST


def _stacking(graph: Graph, rank: Sequence[int]) -> list[tuple[int, int]]:
    """Pairs of blocks to be put above each other, so that parts without a connection fill a page and not a row."""
    parts = _parts(graph)
    columns = max(3, round(len(parts) ** 0.5))
    pairs = []
    for above, below in zip(parts, parts[columns:], strict=False):
        pairs.append((max(above, key=lambda block: rank[block]), min(below, key=lambda block: rank[block])))
    return pairs


def _parts(graph: Graph) -> list[list[int]]:
    """The connected parts, large ones first; a frame connects what is in it."""
    neighbours: dict[int, set[int]] = defaultdict(set)
    for first, second in [(line.source, line.target) for line in graph.lines] + [
        (frame.blocks[0], block) for frame in graph.frames for block in frame.blocks
    ]:
        neighbours[first].add(second)
        neighbours[second].add(first)
    left, parts = dict.fromkeys(range(len(graph.blocks))), []
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


def _read(graph: Graph, output: dict[str, Any]) -> Layout | None:
    """The layout from Graphviz's JSON, turned upside down, as *y* grows upwards there."""
    _, _, width, height = _numbers(output["bb"])
    objects = {found["name"]: found for found in output.get("objects", ())}
    pieces = {found["id"]: found["pos"] for found in output.get("edges", ()) if "id" in found}
    corners = tuple(_corner(objects[f"n{number}"], size, height) for number, size in enumerate(graph.blocks))
    frames = []
    for number, frame in enumerate(graph.frames):
        left, bottom, right, top = _numbers(objects[f"cluster{number}"]["bb"])
        if right - left < frame.caption[0]:
            return None  # this Graphviz reads no tables
        frames.append((left, height - top, right - left, top - bottom))
    routes = _level_routes(graph, corners)
    if routes is None:
        return None
    rank = forward_order(len(graph.blocks), graph.lines)
    for number, line in enumerate(graph.lines):
        if number not in routes:
            routes[number] = _route(number, line, rank[line.source] < rank[line.target], pieces, objects, height)
    return Layout(width, height, corners, tuple(routes[number] for number in range(len(routes))), tuple(frames))


def _level_routes(graph: Graph, corners: Sequence[Point]) -> dict[int, Route] | None:
    """The straight lines between two blocks side by side, below each other; nothing if there is no room for them."""
    routes = {}
    for frame, numbers in level_lines(graph).items():
        left, right = sorted(graph.frames[frame].row, key=lambda block: corners[block])
        start, end = corners[left][0] + graph.blocks[left][0], corners[right][0]
        if numbers and end - start < _room(graph.lines[number] for number in numbers):
            return None
        y = corners[left][1] + graph.blocks[left][1] / 2 - level_height(graph.lines[number] for number in numbers) / 2
        for number in numbers:
            line = graph.lines[number]
            middle, ends = y + level_step(line) / 2, (start, end) if line.source == left else (end, start)
            label = ((start + end - line.label[0]) / 2, middle - line.label[1] / 2) if line.label else None
            routes[number] = Route(((ends[0], middle), (ends[1], middle)), False, label)
            y += level_step(line)
    return routes


def _numbers(text: str) -> list[float]:
    return [float(number) for number in text.split(",")]


def _corner(found: dict[str, str], size: Size, height: float) -> Point:
    x, y = _numbers(found["pos"])
    return x - size[0] / 2, height - y - size[1] / 2


def _route(
    number: int, line: Line, forward: bool, pieces: dict[str, str], objects: dict[str, Any], height: float
) -> Route:
    """The curve of a line; its pieces before and after the label are joined behind it."""
    points = _curve(pieces[f"{number} 0"], height)
    label = None
    if line.label:
        after = _curve(pieces[f"{number} 1"], height)
        points = [*points, *_straight(points[-1], after[0]), *after[1:]]
        label = _corner(objects[f"l{number}"], line.label, height)
    return Route(tuple(points if forward else reversed(points)), True, label)


def _curve(text: str, height: float) -> list[Point]:
    return [(x, height - y) for x, y in (_numbers(point) for point in text.split())]


def _straight(start: Point, end: Point) -> list[Point]:
    """The points of a Bézier curve that is a straight line, without the first."""
    (x, y), (u, v) = start, end
    return [(x + (u - x) / 3, y + (v - y) / 3), (u - (u - x) / 3, v - (v - y) / 3), end]
