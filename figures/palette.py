"""The colours of every figure: those of Okabe and Ito, ordered so that neighbours differ in greyscale, too.

No meaning depends on colour alone: a shape, a hatching or a word shows it, too.  Source: M. Okabe and K. Ito,
"Color Universal Design" (2008).
"""

from __future__ import annotations

BLUE, ORANGE, GREEN, YELLOW = "#0072B2", "#E69F00", "#009E73", "#F0E442"
PURPLE, SKY, VERMILION, BLACK = "#CC79A7", "#56B4E9", "#D55E00", "#000000"

ORDER = (BLUE, ORANGE, GREEN, YELLOW, PURPLE, SKY)
"""The colours of services, neighbours far apart in lightness; vermilion is kept for what went wrong, black for text."""

INK = "#1A1A1A"
"""Text, outlines and ordinary arrows."""
MUTED = "#5F5F5F"
"""Legends, baselines, and services that do not matter."""
PAPER = "#FFFFFF"
"""The background."""
ALERT = VERMILION
"""Outlines and arrows of what went wrong."""
ALERT_TEXT = "#A84300"
"""The same for text, dark enough to be read on white."""

READABLE = 4.5
"""The least contrast between text and its background (WCAG 2.2, level AA)."""


def colour_of(position: int) -> str:
    """Return the colour of the service at this position (from 0); after the last one they repeat, each time paler."""
    round_, place = divmod(position, len(ORDER))
    return mix(ORDER[place], PAPER, 1 - 0.6 ** (round_ % 3))


def text_colour_of(position: int) -> str:
    """Return the service's colour for text on white, darkened until it can be read."""
    return readable(colour_of(position))


def readable(colour: str) -> str:
    """Return a colour, darkened until text in it can be read on white."""
    share = 0.0
    while contrast(darker := mix(colour, BLACK, share), PAPER) < READABLE:
        share += 0.05
    return darker


def text_on(fill: str | None) -> str:
    """Return black or white, whichever can be read better on this colour (``None``: the white of the page)."""
    fill = fill or PAPER
    return max((INK, PAPER), key=lambda ink: contrast(ink, fill))


def mix(colour: str, other: str, share: float) -> str:
    """Return a mixture of two colours, with a share (0 to 1) of the other."""
    pairs = zip(channels(colour), channels(other), strict=True)
    return "#" + "".join(f"{round(a + (b - a) * share):02X}" for a, b in pairs)


def contrast(first: str, second: str) -> float:
    """Return the contrast ratio of two colours, from 1 to 21 (WCAG 2.2)."""
    light, dark = sorted((luminance(first), luminance(second)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def luminance(colour: str) -> float:
    """Return the relative luminance of a colour, from 0 to 1 (WCAG 2.2)."""
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in (v / 255 for v in channels(colour))]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def channels(colour: str) -> tuple[int, int, int]:
    """Return red, green and blue of ``#RRGGBB``, each from 0 to 255."""
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)
