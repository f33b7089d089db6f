"""Where the captions of groups go: to the left end of the upper margin, or further right if a line crosses there."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import pairwise

from bac.figures.canvas import Point
from bac.figures.graph.layout import Layout, Rectangle, Size
from bac.figures.graph.quality import meets, traced

INSET: Point = (8.0, 4.0)
"""Points between the corner of a frame and its caption."""
STEP = 4.0
"""By how many points a caption is moved to find a free place."""


def caption_corners(layout: Layout, sizes: Sequence[Size]) -> list[Point]:
    """The upper left corners of the captions of the frames; where lines leave no free place, that at the left."""
    lines = [traced(route) for route in layout.routes]
    return [_corner(frame, size, lines) for frame, size in zip(layout.frames, sizes, strict=True)]


def _corner(frame: Rectangle, size: Size, lines: Iterable[Sequence[Point]]) -> Point:
    left, top, width, _ = frame
    x, y = left + INSET[0], top + INSET[1]
    strip = (left, y, width, size[1])
    near = [(start, end) for line in lines for start, end in pairwise(line) if meets(start, end, strip)]
    for step in range(max(1, int((width - size[0] - 2 * INSET[0]) / STEP) + 1)):
        place = (x + step * STEP - 2, y, size[0] + 4, size[1])
        if not any(meets(start, end, place) for start, end in near):
            return x + step * STEP, y
    return x, y
