"""The picture of a service graph: its boxes, the lines between them with their labels, and the frames of groups.

The blocks are the services, then shared databases, then folds that are tied to services.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Container, Mapping, Sequence
from dataclasses import replace

from bac.figures.graph.affected import Side
from bac.figures.graph.arrows import BREAKING, FAINT, PENS, SHARING
from bac.figures.graph.boxes import GROUP_FILL, caption_part, fold_part, service_part, shared_database_part
from bac.figures.graph.diagram import Frame, Line, forward_order, level_height
from bac.figures.graph.part import Part, number_part, plate, text_part
from bac.figures.graph.picture import Connection, Picture
from bac.figures.graph.references import Arrow, ArrowKind
from bac.figures.graph.service_graph import ServiceGraph
from bac.figures.graph.words import LABEL, Labels, counted, label_lines, tooltip
from bac.figures.metrics import clean
from bac.figures.palette import PAPER

BESIDE = 5
"""The most services side by side that have a line to the service that the drawing is about, and to no other one."""
LEVEL = 3
"""Two services that share a database stand side by side, as in Figure 6, with at most so many arrows between them."""
EDGE = 7.0
"""Points of free space above and below the arrows between two services side by side."""
ROW = 4
"""The most services side by side that share a database and have no arrows between them."""


def service_picture(graph: ServiceGraph, labels: Labels, broken: Container[tuple[str, str]] = ()) -> Picture:
    """Return the picture of a service graph.

    Args:
        graph: what is drawn.
        labels: how much room the labels of arrows take.
        broken: links, as holder and target, whose arrows are marked.
    """
    arrows = _arrows(graph, labels, broken)
    rows = _rows(graph, arrows)
    blocks = _services(graph, arrows, rows)
    databases = {group: len(blocks) + place for place, group in enumerate(_shared(graph))}
    sharing = [
        Connection(Line(member, database, attached=True), SHARING)
        for group, database in databases.items()
        for member in _members(graph, group)
    ]
    rank = forward_order(len(blocks) + len(databases), [each.line for each in (*arrows, *sharing)])
    for group in databases:
        members = sorted(_members(graph, group), key=rank.__getitem__)  # in the order in which they stand in a row
        blocks.append(shared_database_part(graph.groups[group].mode, [graph.services[member] for member in members]))
    ties = _ties(graph, len(blocks))
    blocks += [fold_part(fold) for fold in graph.folds]
    captions = tuple(map(caption_part, graph.groups))
    frames = []
    for group, caption in enumerate(captions):
        inside = (*_members(graph, group), *([databases[group]] if group in databases else []))
        frames.append(Frame(inside, (caption.width, caption.height), rows.get(group, ())))
    connections = (*_staggered(graph, [*arrows, *sharing]), *ties)
    return Picture(tuple(blocks), connections, tuple(frames), captions)


def _arrows(graph: ServiceGraph, labels: Labels, broken: Container[tuple[str, str]]) -> list[Connection]:
    """Return the arrows between services; the label of an arrow inside a group is on the ground of that."""
    number = {service.name: place for place, service in enumerate(graph.services)}
    box = {service.name: service.box for service in graph.services}
    found = []
    for place, arrow in enumerate(graph.arrows, 1):
        within = box[arrow.source] is not None and box[arrow.source] == box[arrow.target]
        label = _label(arrow, place, labels, GROUP_FILL if within else PAPER) if graph.labelled else None
        line = Line(number[arrow.source], number[arrow.target], (label.width, label.height) if label else None)
        wrong = [f"{holder} → {target}" for holder, target, _ in arrow.links if (holder, target) in broken]
        pen = replace(PENS[arrow.kind], stroke=BREAKING.stroke, width=BREAKING.width) if wrong else PENS[arrow.kind]
        words = f"{tooltip(arrow)}; can break: {', '.join(wrong)}" if wrong else tooltip(arrow)
        found.append(Connection(line, pen, label, words))
    return found


def _label(arrow: Arrow, place: int, labels: Labels, ground: str) -> Part:
    lines = [str(place)] if labels is Labels.NUMBERED else label_lines(arrow, labels is Labels.NARROW)
    text = text_part(lines, LABEL, italic=arrow.kind is ArrowKind.COPY)
    return plate(text, 3, 1.5, ground, tooltip(arrow))


def _ties(graph: ServiceGraph, first: int) -> list[Connection]:
    """Return the arrows between folds, which are the blocks from this number on, and services."""
    number = {service.name: place for place, service in enumerate(graph.services)}
    found = []
    for block, fold in enumerate(graph.folds, first):
        for name, references in fold.ties:
            label = number_part(references)
            ends = (block, number[name]) if fold.side is Side.REFERRERS else (number[name], block)
            words = f"{clean(name)}, {fold}: {counted(references, 'reference')}"
            found.append(Connection(Line(*ends, (label.width, label.height)), FAINT, label, words))
    return found


def _staggered(graph: ServiceGraph, connections: Sequence[Connection]) -> list[Connection]:
    """Return the lines, those around a service that was asked for of different lengths, so that no row is too wide.

    Only services that have no other line, and are in no group with others, are put further away.
    """
    asked = {place for place, service in enumerate(graph.services) if service.asked}
    lines_at = Counter(end for each in connections for end in (each.line.source, each.line.target))
    alone = {
        place
        for place, service in enumerate(graph.services)
        if lines_at[place] == 1 and place not in asked and service.box is None
    }
    lines = [each.line for each in connections]
    hubs = [(line.target, True) if line.target in asked else (line.source, False) for line in lines]
    moved = [
        hub in asked and not alone.isdisjoint((line.source, line.target))
        for (hub, _), line in zip(hubs, lines, strict=True)
    ]
    near = Counter(hub for hub, away in zip(hubs, moved, strict=True) if not away)
    staggered = []
    for hub, each, away in zip(hubs, connections, moved, strict=True):
        if away:
            rows = 2 * (near[hub] // BESIDE) + 1
            near[hub] += 1
            each = replace(each, line=replace(each.line, reach=(1, rows) if hub[1] else (rows, 1)))
        staggered.append(each)
    return staggered


def _rows(graph: ServiceGraph, arrows: Sequence[Connection]) -> dict[int, tuple[int, ...]]:
    """Return the services in a row above their database, for each group that has such a row."""
    rows = {}
    for group in _shared(graph):
        members = _members(graph, group)
        between = len(_inner(arrows, members))
        if (len(members) == 2 and between <= LEVEL) or (len(members) <= ROW and not between):
            rows[group] = members
    return rows


def _services(graph: ServiceGraph, arrows: Sequence[Connection], rows: Mapping[int, tuple[int, ...]]) -> list[Part]:
    """Return the boxes of the services; those in a row are high enough for the arrows between them."""
    least = {member: level_height(_inner(arrows, row)) + 2 * EDGE for row in rows.values() for member in row}
    shared = _shared(graph)
    return [
        service_part(service, service.box in shared, least.get(place, 0.0))
        for place, service in enumerate(graph.services)
    ]


def _shared(graph: ServiceGraph) -> list[int]:
    """Return the groups that share a database."""
    return [number for number, group in enumerate(graph.groups) if group.mode.one_database]


def _members(graph: ServiceGraph, group: int) -> tuple[int, ...]:
    return tuple(place for place, service in enumerate(graph.services) if service.box == group)


def _inner(arrows: Sequence[Connection], members: Sequence[int]) -> list[Line]:
    """Return the lines between these blocks."""
    return [each.line for each in arrows if each.line.source in members and each.line.target in members]
