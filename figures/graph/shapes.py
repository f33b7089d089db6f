"""The parts of an architecture graph, each drawn from the origin on: services, databases, captions and labels.

Source: the article, Figures 1, 2 and 6: a service is a box with its database in it, and services that share a database
have it beside them.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from math import cos, pi, sin

from bac.figures.canvas import Anchor, Box, Polygon, Polyline, Shape, Text
from bac.figures.graph.affected import Fold
from bac.figures.graph.references import Arrow, ArrowKind
from bac.figures.graph.service_graph import DrawnGroup, DrawnService
from bac.figures.graph.words import LABEL, counted, elided, label_lines, link_lines, shortened, some, tooltip, widest
from bac.figures.metrics import clean
from bac.figures.palette import INK, MUTED, PAPER, colour_of, mix, readable
from bac.model.modes import Mode

NAME, ENTITY, SMALL = 10.0, 9.0, 8.0
"""Type sizes in points: of the names of services, of entities, and of the smallest text."""
LEADING = 1.3
"""Distance between lines of text, in type sizes."""
WIDEST_NAME, WIDEST_ENTITY = 140.0, 110.0
"""How wide the names of services and entities can be before they are shortened, in points."""
MOST_ENTITIES, MOST_SCHEMAS = 8, 4
"""How many entities of a service are shown, and how many services beside each other in a shared database."""
PAD = 6.0
"""Points between the outline of a part and what is in it."""
LID = 4.0
"""Half the height of the upper side of a database, in points."""
REPLICA = 4.0
"""How far the second database of a replicated one stands out, in points."""
BADGE = 12.0
"""The diameter of a number on a database, in points."""
GROUP_FILL = "#F1F1F1"
"""The ground of a group."""
ASKED = 3.0
"""The width of the outline of services that the drawing is about, in points."""
SHARED = "#8C8C8C"
"""The colour of what belongs to several services."""


@dataclass(frozen=True, slots=True)
class Part:
    """Shapes within a width and a height, from the origin on."""

    width: float
    height: float
    shapes: tuple[Shape, ...]

    def at(self, x: float, y: float) -> tuple[Shape, ...]:
        """The shapes, with the upper left corner of the part there; coordinates are rounded to what a page can show."""
        return tuple(_moved(shape, x, y) for shape in self.shapes)


def service_part(service: DrawnService, shared: bool, least: float = 0.0) -> Part:
    """A service: its name, its database unless it shares one, and the links between its own entities.

    Args:
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
    width, height = max(inside.width, 44.0) + 2 * PAD, max(inside.height + 2 * PAD, least)
    stroke = readable(colour)
    outline = Box(
        0, 0, width, height, mix(colour, PAPER, 0.88), stroke, ASKED if service.asked else 1.2, name=clean(service.name)
    )
    return Part(width, height, (outline, *inside.at((width - inside.width) / 2, (height - inside.height) / 2)))


def shared_database_part(mode: Mode, services: Sequence[DrawnService]) -> Part:
    """The one database of a group, with what each of its services keeps in it under the name of the service."""
    schemas = []
    for service in services:
        short = shortened(service.name, WIDEST_ENTITY, SMALL, bold=True)
        title = text_part([short], SMALL, bold=True, name=clean(service.name))
        schemas.append(stacked([title, _schema(service)], gap=1))
    return database_part(schemas, SHARED, mode, None)


def database_part(schemas: Sequence[Part], colour: str, mode: Mode, number: int | None) -> Part:
    """A database: a cylinder around what it holds; how it is backed up, where that is not by snapshots; its number."""
    rows = [beside(schemas[start : start + MOST_SCHEMAS]) for start in range(0, len(schemas), MOST_SCHEMAS)]
    inside = stacked([*rows, *_mode(mode)])
    side = BADGE if number is not None else PAD
    width, height = max(inside.width + 2 * side, 44.0), inside.height + 3 * LID + PAD
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


def fold_part(fold: Fold) -> Part:
    """Services that are not drawn: a faint box which says how many they are, and names some in its tooltip."""
    text = text_part([str(fold)], SMALL, colour=MUTED)
    width, height = text.width + 2 * PAD, text.height + 2 * PAD
    outline = Box(0, 0, width, height, PAPER, MUTED, 0.8, dashed=True, radius=3, name=some(fold.services))
    return Part(width, height, (outline, *text.at(PAD, PAD)))


def badge_part(number: int) -> Part:
    """A number in a black disc: the place of a snapshot in the order of a plan."""
    text = str(number)
    width = max(BADGE, widest([text], SMALL, bold=True) + 5)
    round_ = [(width / 2 * (1 + cos(angle)), BADGE / 2 * (1 + sin(angle))) for angle in _angles(0, 2 * pi, 32)]
    disc = Polygon(tuple(round_[1:]), INK, PAPER)
    figure = Text(width / 2, BADGE / 2 + SMALL * 0.36, text, SMALL, Anchor.MIDDLE, PAPER, bold=True)
    return Part(width, BADGE, (disc, figure))


def caption_part(group: DrawnGroup) -> Part:
    """What stands in the upper left corner of a group: its mode, and how many of its services are left out."""
    hidden = f" (… and {counted(group.hidden, 'more service')})" if group.hidden else ""
    text = f"{group.mode}{hidden}"
    step = ENTITY * LEADING
    return Part(widest([text], ENTITY, bold=True), step, (Text(0, 0.77 * step, text, ENTITY, colour=INK, bold=True),))


def label_part(arrow: Arrow, narrow: bool = False, ground: str = PAPER) -> Part:
    """The label of an arrow, on the colour of its ground, so that no line can make it hard to read.

    Args:
        narrow: make it rather high than wide.
    """
    text = text_part(label_lines(arrow, narrow), LABEL, italic=arrow.kind is ArrowKind.COPY)
    width, height = text.width + 6, text.height + 3
    return Part(width, height, (Box(0, 0, width, height, ground, name=tooltip(arrow)), *text.at(3, 1.5)))


def number_part(number: int) -> Part:
    """How many references an arrow stands for, on the colour of the paper."""
    text = text_part([f"{number:,}"], LABEL)
    width, height = text.width + 5, text.height + 1
    return Part(width, height, (Box(0, 0, width, height, PAPER), *text.at(2.5, 0.5)))


def text_part(
    lines: Sequence[str],
    size: float,
    bold: bool = False,
    italic: bool = False,
    name: str = "",
    colour: str = INK,
) -> Part:
    """Centred lines of text; ``name`` is their tooltip, if it says more than they do."""
    width, step = widest(lines, size, bold), size * LEADING
    tooltip = "" if [name] == list(lines) else name
    texts = (
        Text(width / 2, (number + 0.77) * step, line, size, Anchor.MIDDLE, colour, bold, italic, tooltip)
        for number, line in enumerate(lines)
    )
    return Part(width, step * len(lines), tuple(texts))


def stacked(parts: Iterable[Part], gap: float = PAD / 2, centred: bool = True) -> Part:
    """Parts below each other, centred or with their left sides aligned."""
    rows = [part for part in parts if part.height]
    width, y, shapes = max((part.width for part in rows), default=0.0), 0.0, list[Shape]()
    for part in rows:
        shapes += part.at((width - part.width) / 2 if centred else 0.0, y)
        y += part.height + gap
    return Part(width, max(0.0, y - gap), tuple(shapes))


def beside(parts: Iterable[Part], gap: float = 2 * PAD) -> Part:
    """Parts beside each other, their upper sides aligned, with thin lines between them."""
    columns = list(parts)
    height, x, shapes = max((part.height for part in columns), default=0.0), 0.0, list[Shape]()
    for number, part in enumerate(columns):
        if number:
            shapes.append(Polyline(((x - gap / 2, 2.0), (x - gap / 2, height)), PAPER, 1.2))
        shapes += part.at(x, 0)
        x += part.width + gap
    return Part(max(0.0, x - gap), height, tuple(shapes))


def _schema(service: DrawnService) -> Part:
    """The entities of a service, then those of which it keeps a copy."""
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
    """Said of a database that is backed up otherwise than by snapshots."""
    return [] if mode.takes_snapshots else [text_part([f"backup: {mode}"], SMALL, bold=True)]


def _inner_links(service: DrawnService) -> str:
    return "; ".join(f"{clean(holder)} → {clean(target)}" for holder, target, _ in service.links)


def _cylinder(width: float, height: float, fill: str, lid: str, dashed: bool = False) -> tuple[Shape, ...]:
    """A cylinder; its outline is dashed if ``dashed``."""
    lower = [(width / 2 * (1 + cos(angle)), height - LID + LID * sin(angle)) for angle in _angles(0, pi)]
    upper = [(width / 2 * (1 + cos(angle)), LID + LID * sin(angle)) for angle in _angles(pi, 2 * pi)]
    front = [(x, 2 * LID - y) for x, y in upper]
    body = (*lower, *upper)
    outline = Polyline((*body, body[0]), INK, 0.8, dashed=dashed)
    rim = Polyline(tuple(front), INK, 0.8, dashed=dashed)
    return Polygon(body, fill), Polygon((*upper, *reversed(front)), lid), outline, rim


def _angles(start: float, end: float, steps: int = 24) -> list[float]:
    return [start + (end - start) * step / steps for step in range(steps + 1)]


def _moved(shape: Shape, right: float, down: float) -> Shape:
    match shape:
        case Box() | Text():
            return replace(shape, x=round(shape.x + right, 2), y=round(shape.y + down, 2))
        case Polyline() | Polygon():
            return replace(shape, points=tuple((round(x + right, 2), round(y + down, 2)) for x, y in shape.points))
