"""The look of a figure: its width, its parts, its lanes, and how an event-log diagram is folded to fit into a width."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from math import ceil

from bac.figures.canvas import Drawing, FigureError, Text
from bac.figures.geometry import scaled

SIZE = 8.0
"""The type size of most text in points; only headings and names are larger."""
WIDEST = 76.0
"""The greatest width of the text on a card in points, unless cards are folded."""
POINTS = {"mm": 72 / 25.4, "cm": 72 / 2.54, "in": 72.0, "pt": 1.0}
"""The units of a width, in points of 1/72 inch."""
LEGIBLE, SMALLEST = 7.0, 6.0
"""The type size that a figure of a given width keeps if folding it is enough, and the least, in points."""
MOST_CARDS = 16
"""The most cards; if there are more, stretches of events that the claim does not need are elided in their middle."""


class Orientation(StrEnum):
    """The direction of time."""

    HORIZONTAL = "horizontal"
    """To the right; each service has a row."""
    VERTICAL = "vertical"
    """Downwards; each service has a column."""


@dataclass(frozen=True, slots=True)
class Look:
    """The look of a diagram, as far as a user may choose it.

    Args:
        width: its width in points; ``None`` is what its content takes.
        orientation: the direction of time; ``None`` is horizontal, and with a ``width`` whichever fits.
        title: whether the heading is drawn.
        legend: whether the meaning of the signs is drawn.
        caption: whether the explanation is drawn.
        lanes: the services from first to last, as far as they are named; the others follow as specified.
    """

    width: float | None = None
    orientation: Orientation | None = None
    title: bool = True
    legend: bool = True
    caption: bool = True
    lanes: tuple[str, ...] = ()

    def folds(self) -> Iterator[Fold]:
        """Yield ways to fold the diagram, the ones that leave out least first."""
        allowed = [self.orientation] if self.orientation else list(Orientation)
        if self.width is None:
            yield Fold(vertical=allowed[0] is Orientation.VERTICAL)
            return
        for cards, others in ((MOST_CARDS, True), (0, True), (0, False)):
            for orientation in allowed:
                for widest in (WIDEST, 56.0, 44.0, 34.0):
                    yield Fold(orientation is Orientation.VERTICAL, widest, cards, others)


@dataclass(frozen=True, slots=True)
class Fold:
    """One way to fold a diagram.

    Args:
        vertical: whether time runs downwards.
        widest: the greatest width of the text on a card in points.
        most_cards: with more cards, events that the claim does not need are elided.
        others: whether services that the claim does not need have lanes.
    """

    vertical: bool = False
    widest: float = WIDEST
    most_cards: int = MOST_CARDS
    others: bool = True


def scale_for(width: float, natural: float, smallest: float, size: float = SIZE) -> float | None:
    """Return the scale at which a figure fits into a width; ``None`` if type of ``size`` gets smaller than this.

    All lengths are in points.
    """
    scale = min(1.0, width / natural)
    return scale if scale * size >= smallest - 1e-9 else None


def too_wide(width: float, needed: float) -> FigureError:
    """Return the error of a figure that needs more than this width; both are in points."""
    millimetres = POINTS["mm"]
    return FigureError(
        f"the figure does not fit into {width / millimetres:.0f} mm with type of {SMALLEST:.0f} points; "
        f"it needs {ceil(needed / millimetres)} mm"
    )


def fitted(drawing: Drawing, width: float | None) -> Drawing:
    """Return a drawing scaled down to a width in points, if it is wider and its type remains large enough.

    Raises:
        FigureError: it does not.
    """
    return drawing if width is None else narrowest_fitting([drawing], width)


def narrowest_fitting(drawings: Sequence[Drawing], width: float) -> Drawing:
    """Return the first of several drawings that fits into a width in points, with type of 7 points or else of 6.

    Raises:
        FigureError: none fits.
    """
    for least in (LEGIBLE, SMALLEST):
        for drawing in drawings:
            scale = scale_for(width, drawing.width, least, smallest_type(drawing))
            if scale is not None:
                return drawing if scale == 1.0 else scaled(drawing, scale, width)
    raise too_wide(width, min(each.width * SMALLEST / smallest_type(each) for each in drawings))


def smallest_type(drawing: Drawing) -> float:
    """Return the smallest type size of a drawing in points."""
    return min((shape.size for shape in drawing.shapes if isinstance(shape, Text)), default=SIZE)


def length(text: str) -> float:
    """Return a length like ``84mm``, ``6.5 in`` or ``240`` (points) in points.

    Raises:
        FigureError: it is not a positive length.
    """
    found = re.fullmatch(r"\s*(\d+(?:\.\d*)?|\.\d+)\s*(mm|cm|in|pt|)\s*", text)
    if found is None or float(found[1]) <= 0:
        raise FigureError(f"{text!r} is not a length; write for instance 84mm, 17.4cm, 3.3in or 240pt")
    return float(found[1]) * POINTS[found[2] or "pt"]


PLAIN, UNFOLDED = Look(), Fold()
