"""Shapes with a size, to be put somewhere on a page: lines of text, and parts below or beside each other."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from bac.figures.canvas import Anchor, Box, Polygon, Polyline, Shape, Text
from bac.figures.graph.words import LABEL, widest
from bac.figures.palette import INK, PAPER

NAME, ENTITY, SMALL = 10.0, 9.0, 8.0
"""Type sizes in points: of the names of services, of entities, and of the smallest text."""
LEADING = 1.3
"""Distance between lines of text, in type sizes."""
PAD = 6.0
"""Points between the outline of a part and its content."""


@dataclass(frozen=True, slots=True)
class Part:
    """Shapes within a width and a height, from the origin on."""

    width: float
    height: float
    shapes: tuple[Shape, ...]

    def at(self, x: float, y: float) -> tuple[Shape, ...]:
        """Return the shapes with the upper left corner of the part there; coordinates are rounded."""
        return tuple(_moved(shape, x, y) for shape in self.shapes)


def text_part(
    lines: Sequence[str],
    size: float,
    bold: bool = False,
    italic: bool = False,
    name: str = "",
    colour: str = INK,
) -> Part:
    """Return centred lines of text; ``name`` is their tooltip, unless it says no more than they do."""
    width, step = widest(lines, size, bold), size * LEADING
    tooltip = "" if [name] == list(lines) else name
    texts = (
        Text(width / 2, (number + 0.77) * step, line, size, Anchor.MIDDLE, colour, bold, italic, tooltip)
        for number, line in enumerate(lines)
    )
    return Part(width, step * len(lines), tuple(texts))


def plate(text: Part, across: float, down: float, ground: str = PAPER, name: str = "") -> Part:
    """Return the text with a margin, on a ground that no line can make hard to read."""
    width, height = text.width + 2 * across, text.height + 2 * down
    return Part(width, height, (Box(0, 0, width, height, ground, name=name), *text.at(across, down)))


def number_part(number: int) -> Part:
    """Return the number of references that an arrow stands for, as the label of the arrow."""
    return plate(text_part([f"{number:,}"], LABEL), 2.5, 0.5)


def stacked(parts: Iterable[Part], gap: float = PAD / 2, centred: bool = True) -> Part:
    """Return the parts below each other, centred or with their left sides aligned."""
    rows = [part for part in parts if part.height]
    width, y, shapes = max((part.width for part in rows), default=0.0), 0.0, list[Shape]()
    for part in rows:
        shapes += part.at((width - part.width) / 2 if centred else 0.0, y)
        y += part.height + gap
    return Part(width, max(0.0, y - gap), tuple(shapes))


def beside(parts: Iterable[Part], gap: float, rule: str | None = None) -> Part:
    """Return the parts beside each other, their upper sides aligned, with thin lines of this colour between them."""
    columns = list(parts)
    height, x, shapes = max((part.height for part in columns), default=0.0), 0.0, list[Shape]()
    for number, part in enumerate(columns):
        if number and rule:
            shapes.append(Polyline(((x - gap / 2, 2.0), (x - gap / 2, height)), rule, 1.2))
        shapes += part.at(x, 0)
        x += part.width + gap
    return Part(max(0.0, x - gap), height, tuple(shapes))


def in_rows(parts: Iterable[Part], width: float, gap: float) -> Part:
    """Return the parts in rows of at most this width where possible."""
    rows: list[list[Part]] = [[]]
    for each in parts:
        if rows[-1] and sum(part.width + gap for part in rows[-1]) + each.width > width:
            rows.append([])
        rows[-1].append(each)
    return stacked([beside(row, gap) for row in rows if row], gap=2, centred=False)


def _moved(shape: Shape, right: float, down: float) -> Shape:
    match shape:
        case Box() | Text():
            return replace(shape, x=round(shape.x + right, 2), y=round(shape.y + down, 2))
        case Polyline() | Polygon():
            return replace(shape, points=tuple((round(x + right, 2), round(y + down, 2)) for x, y in shape.points))
