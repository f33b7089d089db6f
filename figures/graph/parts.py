"""An architecture graph as its drawn parts, and as the sizes, lines and frames that a layout is made of."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

from bac.figures.graph.affected import Side
from bac.figures.graph.layout import Frame, Graph, Line, forward_order, level_height
from bac.figures.graph.service_graph import ServiceGraph
from bac.figures.graph.shapes import (
    GROUP_FILL,
    Part,
    caption_part,
    fold_part,
    label_part,
    number_part,
    service_part,
    shared_database_part,
)
from bac.figures.graph.words import counted
from bac.figures.metrics import clean
from bac.figures.palette import PAPER

BESIDE = 5
"""Around a service that the drawing is about, at most so many that have to do with that alone stand side by side."""
LEVEL = 3
"""Two services that share a database stand side by side, as in Figure 6, with at most so many arrows between them."""
ROW = 4
"""At most so many services that share a database and have no arrows between them stand side by side."""


@dataclass(frozen=True, slots=True)
class Tie:
    """An arrow between folded services and one that is drawn, its tooltip and its label."""

    tooltip: str
    label: Part


@dataclass(frozen=True, slots=True)
class Parts:
    """What has a place in the layout of ``graph``: blocks, labels, captions.

    The blocks are the services, then shared databases, then what is folded and tied to them; the labels are those of
    arrows.  The lines are the arrows, then what attaches services to databases, then the ``ties`` of what is folded.
    """

    blocks: tuple[Part, ...]
    labels: tuple[Part | None, ...]
    captions: tuple[Part, ...]
    ties: tuple[Tie, ...]
    graph: Graph


def parts_of(graph: ServiceGraph, narrow: bool) -> Parts:
    """Draw the parts of a graph.

    Args:
        narrow: make labels rather high than wide.
    """
    labels = _labels(graph, narrow)
    captions = tuple(map(caption_part, graph.groups))
    lines = _lines(graph, labels)
    rows = _rows(graph, lines)
    services = _services(graph, lines, rows)
    shared = _shared(graph)
    databases = {group: len(services) + place for place, group in enumerate(shared)}
    for group in shared:
        lines += [Line(member, databases[group], attached=True) for member in _members(graph, group)]
    rank = forward_order(len(services) + len(shared), lines)
    for group in shared:
        members = sorted(_members(graph, group), key=rank.__getitem__)  # as services in a row stand, from left to right
        services.append(shared_database_part(graph.groups[group].mode, [graph.services[member] for member in members]))
    folds = len(services)
    services += [fold_part(fold) for fold in graph.folds if fold.ties]
    ties, tied = _ties(graph, folds)
    lines = _staggered(graph, lines) + tied
    frames = []
    for group, caption in enumerate(captions):
        blocks = (*_members(graph, group), *([databases[group]] if group in databases else []))
        frames.append(Frame(blocks, (caption.width, caption.height), rows.get(group, ())))
    sizes = tuple((part.width, part.height) for part in services)
    return Parts(tuple(services), labels, captions, tuple(ties), Graph(sizes, tuple(lines), tuple(frames)))


def _labels(graph: ServiceGraph, narrow: bool) -> tuple[Part | None, ...]:
    """The labels of the arrows, on the ground of the group that an arrow does not leave."""
    if not graph.labelled:
        return (None,) * len(graph.arrows)
    box = {service.name: service.box for service in graph.services}
    inside = [box[arrow.source] is not None and box[arrow.source] == box[arrow.target] for arrow in graph.arrows]
    grounds = [GROUP_FILL if within else PAPER for within in inside]
    return tuple(label_part(arrow, narrow, ground) for arrow, ground in zip(graph.arrows, grounds, strict=True))


def _lines(graph: ServiceGraph, labels: Sequence[Part | None]) -> list[Line]:
    """A line for each arrow."""
    number = {service.name: place for place, service in enumerate(graph.services)}
    return [
        Line(number[arrow.source], number[arrow.target], (label.width, label.height) if label else None)
        for arrow, label in zip(graph.arrows, labels, strict=True)
    ]


def _ties(graph: ServiceGraph, first: int) -> tuple[list[Tie], list[Line]]:
    """The arrows between folded services, which are blocks from this number on, and others; with their lines."""
    number = {service.name: place for place, service in enumerate(graph.services)}
    ties, lines = [], []
    for block, fold in enumerate([fold for fold in graph.folds if fold.ties], first):
        for name, references in fold.ties:
            label = number_part(references)
            ends = (block, number[name]) if fold.side is Side.REFERRERS else (number[name], block)
            ties.append(Tie(f"{clean(name)}, {fold}: {counted(references, 'reference')}", label))
            lines.append(Line(*ends, (label.width, label.height)))
    return ties, lines


def _staggered(graph: ServiceGraph, lines: Sequence[Line]) -> list[Line]:
    """The lines, those around a service that was asked for of different lengths, so that no row of blocks is too wide.

    Only what has no other line and is not beside others in a group is put further away.
    """
    asked = {place for place, service in enumerate(graph.services) if service.asked}
    lines_at = Counter(end for line in lines for end in (line.source, line.target))
    alone = {
        place
        for place, service in enumerate(graph.services)
        if lines_at[place] == 1 and place not in asked and service.box is None
    }
    hubs = [(line.target, True) if line.target in asked else (line.source, False) for line in lines]
    moved = [
        hub in asked and not alone.isdisjoint((line.source, line.target))
        for (hub, _), line in zip(hubs, lines, strict=True)
    ]
    beside = Counter(hub for hub, away in zip(hubs, moved, strict=True) if not away)
    staggered = []
    for hub, line, away in zip(hubs, lines, moved, strict=True):
        if away:
            rows = 2 * (beside[hub] // BESIDE) + 1
            beside[hub] += 1
            line = replace(line, reach=(1, rows) if hub[1] else (rows, 1))
        staggered.append(line)
    return staggered


def _rows(graph: ServiceGraph, lines: Sequence[Line]) -> dict[int, tuple[int, ...]]:
    """For each group whose services stand in a row above their database: the row."""
    rows = {}
    for group in _shared(graph):
        members = _members(graph, group)
        between = len(_inner(lines, members))
        if (len(members) == 2 and between <= LEVEL) or (len(members) <= ROW and not between):
            rows[group] = members
    return rows


def _services(graph: ServiceGraph, lines: Sequence[Line], rows: dict[int, tuple[int, ...]]) -> list[Part]:
    """The services; those that stand in a row are high enough for the arrows between them."""
    least = {member: level_height(_inner(lines, row)) for row in rows.values() for member in row}
    shared = _shared(graph)
    return [
        service_part(service, service.box in shared, least.get(place, 0.0))
        for place, service in enumerate(graph.services)
    ]


def _shared(graph: ServiceGraph) -> list[int]:
    """The groups that share a database."""
    return [number for number, group in enumerate(graph.groups) if group.mode.one_database]


def _members(graph: ServiceGraph, group: int) -> tuple[int, ...]:
    return tuple(place for place, service in enumerate(graph.services) if service.box == group)


def _inner(lines: Sequence[Line], members: Sequence[int]) -> list[Line]:
    """The lines between these blocks."""
    return [line for line in lines if line.source in members and line.target in members]
