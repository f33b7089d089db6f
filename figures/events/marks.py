"""The signs of an event-log diagram besides its cards: backups, locks, the disaster, elisions."""

from __future__ import annotations

from collections.abc import Iterator

from bac.figures.canvas import Anchor, Box, Point, Polygon, Polyline, Shape, Text
from bac.figures.events.cards import cross
from bac.figures.events.routing import Style
from bac.figures.geometry import rounded
from bac.figures.look import SIZE
from bac.figures.metrics import text_width
from bac.figures.palette import ALERT, INK, MUTED, PAPER

BACKUP, LOCKED, DISASTER = "backup", "locked", "disaster"
TRIANGLE = 4.5
"""Half the width of the triangle that marks a backup, in points."""
BAND = 5.0
"""The height of the band that marks a lock, in points."""
BOLT = ((0.1, -1.0), (-0.75, 0.2), (-0.05, 0.2), (-0.3, 1.0), (0.75, -0.3), (0.08, -0.3), (0.6, -1.0))
"""The corners of a bolt of height 2 around the origin."""
BOLT_SIZE = 10.0
"""Half the height of a bolt in points."""
ARROWS = {
    Style.LINK: (INK, 1.1, False),
    Style.GONE: ("#8A8A8A", 1.0, False),
    Style.BROKEN: (ALERT, 1.3, True),
    Style.CLAIMED: (ALERT, 1.9, True),
    Style.MISSING: (ALERT, 1.4, True),
}
"""Colour, width in points and dashing of arrows."""
RADIUS = 6.0
"""The radius of the bends of arrows in points."""


def elision_text(count: int) -> str:
    """Return the text that stands for events that are not drawn."""
    return f"… {count} more …"


def triangle(x: float, y: float, fill: str, stroke: str, sideways: bool = False) -> Polygon:
    """Return a triangle that points down, or to the right if ``sideways``, its tip here."""
    base = 1.7 * TRIANGLE
    if sideways:
        return Polygon(((x - base, y - TRIANGLE), (x - base, y + TRIANGLE), (x, y)), fill, stroke)
    return Polygon(((x - TRIANGLE, y - base), (x + TRIANGLE, y - base), (x, y)), fill, stroke)


def backup(tip: Point, end: Point, fill: str, ink: str) -> Iterator[Shape]:
    """Yield a backup: a triangle beside a log, and a line from its tip through the log, down or to the right."""
    yield Polyline((tip, end), ink, 1.6)
    sideways = tip[1] == end[1]
    yield triangle(*tip, fill, ink, sideways)
    if not sideways:
        yield Text(tip[0], tip[1] - 1.7 * TRIANGLE - 2.5, BACKUP, SIZE, Anchor.MIDDLE, ink)


def lock(x: float, y: float, width: float, height: float, named: bool) -> Iterator[Shape]:
    """Yield a lock: a hatched band, with its name above if ``named``."""
    yield Box(x, y, width, height, PAPER, MUTED, 0.9, hatch=MUTED)
    if named:
        yield Text(x, y - 2.5, LOCKED, SIZE, Anchor.START, MUTED)


def bolt(x: float, y: float, hollow: bool, size: float = BOLT_SIZE) -> Polygon:
    """Return a bolt with its centre here: filled for a crashed service, hollow for one that is restored with it."""
    corners = tuple((x + across * size, y + down * size) for across, down in BOLT)
    return Polygon(corners, PAPER if hollow else ALERT, ALERT)


def elision(x: float, y: float, count: int) -> Iterator[Shape]:
    """Yield the number of events that are not drawn, on the line of a log, with its centre here."""
    text = elision_text(count)
    width = text_width(text, SIZE) + 4
    yield Box(x - width / 2, y - 7, width, 14, PAPER)
    yield Text(x, y + SIZE * 0.36, text, SIZE, Anchor.MIDDLE, MUTED, italic=True)


def arrow(corners: tuple[tuple[float, float], ...], style: Style, tooltip: str) -> Iterator[Shape]:
    """Yield an arrow through these corners."""
    colour, width, dashed = ARROWS[style]
    yield Polyline(rounded(corners, RADIUS), colour, width, dashed, arrow=True, smooth=True, name=tooltip)


def broken(x: float, y: float) -> Iterator[Shape]:
    """Yield the sign of a broken link: a cross on the arrow, with its centre here, on a plate."""
    yield Box(x - 4.5, y - 4.5, 9, 9, PAPER, radius=4.5)
    yield from cross(x, y, 4.0, ALERT, 2.2)
