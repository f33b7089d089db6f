"""The words of an architecture graph: labels of arrows, shortened to the space that there is, and tooltips in full."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Sequence
from enum import Enum, auto

from bac.figures.graph.references import Arrow, ArrowKind
from bac.figures.metrics import clean, shorten, text_width


class Labels(Enum):
    """How much room the labels of arrows take."""

    WIDE = auto()
    """In one line for each link."""
    NARROW = auto()
    """In two lines, if it is the only link."""
    NUMBERED = auto()
    """A number, which the legend explains."""


LABEL = 8.5
"""Type size of labels, in points."""
WIDEST_END, WIDEST_COPY = 84.0, 120.0
"""The greatest widths of either end of a link and of a copied entity in points; longer ones are shortened."""
MOST_NAMES = 200
"""The most services that a tooltip names."""
MOST_LINES = 5
"""The most lines of a list."""


def label_lines(arrow: Arrow, narrow: bool = False) -> list[str]:
    """Return the label of an arrow: a line for each link or copy, as far as there is room.

    Args:
        arrow: the arrow.
        narrow: put the only link or copy of an arrow into two lines.
    """
    if narrow and len(arrow.links) + len(arrow.copies) == 1:
        return list(_two_lines(arrow))
    what = "copy" if arrow.kind is ArrowKind.COPY else "link"
    return elided([*link_lines(arrow.links, arrow.kind), *(copy_line(copy) for copy in arrow.copies)], what)


def _two_lines(arrow: Arrow) -> tuple[str, str]:
    if arrow.links:
        holder, target, _ = arrow.links[0]
        return _between(shortened(holder, WIDEST_END - 12), ""), shortened(target)
    entity, via = arrow.copies[0]
    return (f"copies ({via})" if via else "copies"), shortened(entity)


def link_lines(links: Iterable[tuple[str, str, bool]], kind: ArrowKind = ArrowKind.REFERENCE) -> list[str]:
    """Return a line for each link; tolerated ones are marked in words where the style of the arrow does not show it."""
    return [
        _between(shortened(holder), shortened(target))
        + (" (tolerated)" if tolerated and kind is ArrowKind.REFERENCE else "")
        for holder, target, tolerated in links
    ]


def copy_line(copy: tuple[str, str]) -> str:
    """Return the line for a copy, as ``copies customer (event)``."""
    entity, via = copy
    return f"copies {shortened(entity, WIDEST_COPY)}" + (f" ({via})" if via else "")


def tooltip(arrow: Arrow) -> str:
    """Return all links and copies of an arrow, in full."""
    links = [
        _between(clean(holder), clean(target)) + tolerated * " (tolerated)" for holder, target, tolerated in arrow.links
    ]
    copies = [f"copies {clean(entity)}" + (f" ({via})" if via else "") for entity, via in arrow.copies]
    return f"{clean(arrow.source)} → {clean(arrow.target)}: " + "; ".join([*links, *copies])


def elided(lines: list[str], what: str, most: int = MOST_LINES) -> list[str]:
    """Return the lines, or the first of them and how many more there are."""
    if len(lines) <= most:
        return lines
    hidden = len(lines) - most + 1
    return [*lines[: most - 1], f"… and {hidden:,} more {_plural(what)}"]


def some(names: Sequence[str]) -> str:
    """Return the first of many names, and how many more there are."""
    hidden = len(names) - MOST_NAMES
    return ", ".join([*map(clean, names[:MOST_NAMES]), *([f"… and {hidden:,} more"] if hidden > 0 else [])])


def counted(number: int, what: str) -> str:
    """Return a number of things, as ``1 service`` or ``1,000 services``."""
    return f"{number:,} {what if number == 1 else _plural(what)}"


def shortened(name: str, width: float = WIDEST_END, size: float = LABEL, bold: bool = False) -> str:
    """Return a name that fits into a width, shortened visibly if necessary."""
    return shorten(name, width, size, bold)


def widest(lines: Iterable[str], size: float, bold: bool = False) -> float:
    """Return the width of the longest line in points."""
    return max((text_width(line, size, bold) for line in lines), default=0.0)


def _plural(what: str) -> str:
    return what[:-1] + "ies" if what.endswith("y") else what + "s"


def _between(holder: str, target: str) -> str:
    # Between names written from right to left an arrow would be shown after its target, and read the wrong way round.
    backwards = any(unicodedata.bidirectional(character) in ("R", "AL") for character in holder + target)
    return (f"{holder} refers to {target}" if backwards else f"{holder} → {target}").rstrip()
