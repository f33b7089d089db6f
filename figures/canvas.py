"""A drawing: shapes with their coordinates, computed once for all formats.

Units are points (1/72 inch); *x* grows to the right and *y* downwards, from the top left corner.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from bac.model.errors import BacError

Point = tuple[float, float]


class FigureError(BacError):
    """A figure cannot be drawn or written; the message says what to do."""


class Anchor(StrEnum):
    """The part of a text that stands at its *x*."""

    START = "start"
    MIDDLE = "middle"
    END = "end"


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle; ``hatch`` draws diagonal lines of this colour into it; ``name`` is its tooltip and identity."""

    x: float
    y: float
    width: float
    height: float
    fill: str | None = None
    stroke: str | None = None
    line_width: float = 1.0
    hatch: str | None = None
    dashed: bool = False
    radius: float = 0.0
    name: str = ""


@dataclass(frozen=True, slots=True)
class Polyline:
    """A line through points; if ``smooth``, every third one is a node of a cubic Bézier curve, the others its controls.

    ``arrow`` puts a head at its end; ``name`` is its tooltip.
    """

    points: tuple[Point, ...]
    stroke: str
    line_width: float = 1.0
    dashed: bool = False
    arrow: bool = False
    smooth: bool = False
    name: str = ""


@dataclass(frozen=True, slots=True)
class Polygon:
    """A closed, filled shape."""

    points: tuple[Point, ...]
    fill: str
    stroke: str | None = None
    name: str = ""


@dataclass(frozen=True, slots=True)
class Text:
    """One line of text; *y* is its baseline; ``name`` is its tooltip, the whole of a shortened text."""

    x: float
    y: float
    text: str
    size: float = 10.0
    anchor: Anchor = Anchor.START
    colour: str = "#000000"
    bold: bool = False
    italic: bool = False
    name: str = ""


Shape = Box | Polyline | Polygon | Text


@dataclass(frozen=True, slots=True)
class Drawing:
    """Shapes in the order in which they are painted, with a title and a description for screen readers."""

    width: float
    height: float
    title: str
    description: str
    shapes: tuple[Shape, ...]
