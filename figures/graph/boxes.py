"""The boxes of an architecture graph, each drawn from the origin on: services with databases, groups, clusters, folds.

Source: the article, Figures 1, 2 and 6: a service is a box with its database in it, and services that share a database
have it beside them.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import cos, pi, sin

from bac.figures.canvas import Anchor, Box, Polygon, Polyline, Shape, Text
from bac.figures.graph.affected import Fold
from bac.figures.graph.part import ENTITY, LEADING, NAME, PAD, SMALL, Part, beside, stacked, text_part
from bac.figures.graph.service_graph import DrawnGroup, DrawnService
from bac.figures.graph.words import counted, elided, link_lines, shortened, some, widest
from bac.figures.metrics import clean
from bac.figures.palette import INK, MUTED, PAPER, colour_of, mix, readable
from bac.model.modes import Mode

WIDEST_NAME, WIDEST_ENTITY = 140.0, 110.0
"""The greatest widths of the names of services and entities in points; longer ones are shortened."""
MOST_ENTITIES, MOST_SCHEMAS = 8, 4
"""The most entities of a service that are shown, and the most services beside each other in a shared database."""
LEAST_WIDTH = 44.0
"""The least width of the content of a box, in points."""
LID = 4.0
"""Half the height of the upper side of a database, in points."""
REPLICA = 4.0
"""Points by which the second database of a replicated one stands out."""
BADGE = 12.0
"""The diameter of a number on a database, in points."""
GROUP_FILL = "#F1F1F1"
"""The ground of a group."""
ASKED = 3.0
"""The width of the outline of services that the drawing is about, in points."""
SHARED = "#8C8C8C"
"""The colour of a database that belongs to several services."""
SHEETS, BEHIND = 2, 3.0
"""The number of sheets behind a cluster of several services, and by how many points each stands out."""


def service_part(service: DrawnService, shared: bool, least: float = 0.0) -> Part:
    """Return a service: its name, its database unless it shares one, and the links between its own entities.

    Args:
        service: what to draw.
        shared: whether it shares its database, which is then drawn apart.
        least: the least height in points.
    """
    colour = colour_of(service.position)
    name = shortened(service.name, WIDEST_NAME, NAME, bold=True)
    parts = [text_part([name], NAME, bold=True)]
    if not shared:
        parts.append(database_part([_schema(service)], colour, service.mode, service.number))
    if service.alone:
        parts.append(
            text_part([f"{service.mode} with", f"{counted(service.alone, 'other service')}"], SMALL, bold=True)
        )
    if service.links:
        parts.append(text_part(elided(link_lines(service.links), "link"), SMALL, name=_inner_links(service)))
    inside = stacked(parts)
    width, height = max(inside.width, LEAST_WIDTH) + 2 * PAD, max(inside.height + 2 * PAD, least)
    stroke = readable(colour)
    outline = Box(
        0, 0, width, height, mix(colour, PAPER, 0.88), stroke, ASKED if service.asked else 1.2, name=clean(service.name)
    )
    return Part(width, height, (outline, *inside.at((width - inside.width) / 2, (height - inside.height) / 2)))


def shared_database_part(mode: Mode, services: Sequence[DrawnService]) -> Part:
    """Return the database of a group, with the entities of each of its services under the name of the service."""
    schemas = []
    for service in services:
        short = shortened(service.name, WIDEST_ENTITY, SMALL, bold=True)
        title = text_part([short], SMALL, bold=True, name=clean(service.name))
        schemas.append(stacked([title, _schema(service)], gap=1))
    return database_part(schemas, SHARED, mode, None)


def database_part(schemas: Sequence[Part], colour: str, mode: Mode, number: int | None) -> Part:
    """Return a database: a cylinder around its content; how it is backed up, if not by snapshots; its number."""
    parts = range(0, len(schemas), MOST_SCHEMAS)
    rows = [beside(schemas[start : start + MOST_SCHEMAS], 2 * PAD, PAPER) for start in parts]
    inside = stacked([*rows, *_mode(mode)])
    side = BADGE if number is not None else PAD
    width, height = max(inside.width + 2 * side, LEAST_WIDTH), inside.height + 3 * LID + PAD
    fill, lid = mix(colour, PAPER, 0.62), mix(colour, PAPER, 0.35)
    shapes = _cylinder(width, height, fill, lid, dashed=mode.never_backed_up)
    if mode.replicated:
        behind = Part(width, height, _cylinder(width, height, mix(colour, PAPER, 0.8), mix(colour, PAPER, 0.6)))
        shapes = (*behind.at(REPLICA, 0), *Part(width, height, shapes).at(0, REPLICA))
    top = REPLICA if mode.replicated else 0.0
    shapes += inside.at((width - inside.width) / 2, top + 2.5 * LID)
    if number is not None:
        shapes += badge_part(number).at(width - BADGE * 0.6, 0)
    extra = BADGE * 0.4 if number is not None else top
    return Part(width + extra, height + top, shapes)


def cluster_part(names: str, position: int, text: Part, single: bool) -> Part:
    """Return a cluster of services: a box with sheets behind it, unless it is a single service.

    Args:
        names: its tooltip.
        position: the number of its colour.
        text: what is written on it.
        single: whether it is a single service.
    """
    width, height = max(text.width, LEAST_WIDTH) + 2 * PAD, text.height + 2 * PAD
    fill = mix(colour_of(position), PAPER, 0.82)
    sheets = 0 if single else SHEETS
    shapes = [
        Box(sheet * BEHIND, (sheets - sheet) * BEHIND, width, height, PAPER, MUTED, 0.8, radius=3)
        for sheet in range(sheets, 0, -1)
    ]
    out = sheets * BEHIND
    front = Box(0, out, width, height, fill, INK, 1.0, radius=3, name=names)
    return Part(width + out, height + out, (*shapes, front, *text.at((width - text.width) / 2, out + PAD)))


def fold_part(fold: Fold) -> Part:
    """Return services that are not drawn: a faint box with their number, and some of their names in its tooltip."""
    text = text_part([str(fold)], SMALL, colour=MUTED)
    width, height = text.width + 2 * PAD, text.height + 2 * PAD
    outline = Box(0, 0, width, height, PAPER, MUTED, 0.8, dashed=True, radius=3, name=some(fold.services))
    return Part(width, height, (outline, *text.at(PAD, PAD)))


def badge_part(number: int) -> Part:
    """Return a number in a black disc: the place of a snapshot in the order of a plan."""
    text = str(number)
    width = max(BADGE, widest([text], SMALL, bold=True) + 5)
    round_ = [(width / 2 * (1 + cos(angle)), BADGE / 2 * (1 + sin(angle))) for angle in _angles(0, 2 * pi, 32)]
    disc = Polygon(tuple(round_[1:]), INK, PAPER)
    figure = Text(width / 2, BADGE / 2 + SMALL * 0.36, text, SMALL, Anchor.MIDDLE, PAPER, bold=True)
    return Part(width, BADGE, (disc, figure))


def caption_part(group: DrawnGroup) -> Part:
    """Return the caption of a group: its mode, and how many of its services are not drawn."""
    hidden = f" (… and {counted(group.hidden, 'more service')})" if group.hidden else ""
    text, step = f"{group.mode}{hidden}", ENTITY * LEADING
    return Part(widest([text], ENTITY, bold=True), step, (Text(0, 0.77 * step, text, ENTITY, colour=INK, bold=True),))


def _schema(service: DrawnService) -> Part:
    """Return the entities of a service, then those of which it keeps a copy."""
    owned, copied = service.owns[:MOST_ENTITIES], service.copies[: max(0, MOST_ENTITIES - len(service.owns))]
    parts = [text_part([shortened(name, WIDEST_ENTITY, ENTITY)], ENTITY, name=clean(name)) for name in owned]
    for name in copied:
        text = f"copy of {shortened(name, WIDEST_ENTITY, ENTITY)}"
        parts.append(text_part([text], ENTITY, italic=True, name=f"copy of {clean(name)}"))
    if hidden := len(service.owns) + len(service.copies) - len(parts):
        everything = "; ".join(map(clean, (*service.owns, *(f"copy of {name}" for name in service.copies))))
        parts.append(text_part([f"… and {hidden:,} more"], ENTITY, name=everything))
    return stacked(parts, gap=0)


def _mode(mode: Mode) -> list[Part]:
    """Return the text on a database that is backed up otherwise than by snapshots."""
    return [] if mode.takes_snapshots else [text_part([f"backup: {mode}"], SMALL, bold=True)]


def _inner_links(service: DrawnService) -> str:
    return "; ".join(f"{clean(holder)} → {clean(target)}" for holder, target, _ in service.links)


def _cylinder(width: float, height: float, fill: str, lid: str, dashed: bool = False) -> tuple[Shape, ...]:
    lower = [(width / 2 * (1 + cos(angle)), height - LID + LID * sin(angle)) for angle in _angles(0, pi)]
    upper = [(width / 2 * (1 + cos(angle)), LID + LID * sin(angle)) for angle in _angles(pi, 2 * pi)]
    front = [(x, 2 * LID - y) for x, y in upper]
    body = (*lower, *upper)
    outline = Polyline((*body, body[0]), INK, 0.8, dashed=dashed)
    rim = Polyline(tuple(front), INK, 0.8, dashed=dashed)
    return Polygon(body, fill), Polygon((*upper, *reversed(front)), lid), outline, rim


def _angles(start: float, end: float, steps: int = 24) -> list[float]:
    return [start + (end - start) * step / steps for step in range(steps + 1)]
