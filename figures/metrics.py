"""The widths of texts, estimated from DejaVu Sans, the widest of the fonts that figures fall back to.

Estimates err on the wide side, so that texts neither overflow nor collide in any of the fonts.
"""

from __future__ import annotations

import re
import unicodedata
from itertools import accumulate, takewhile

FIRST = 32
"""The first character in the tables of widths, which end with the last of ASCII."""
REGULAR = (
    "318 401 460 838 637 951 780 275 391 391 500 838 318 361 318 337 637 637 637 637 637 637 637 637 637 637 337"
    " 337 838 838 838 531 1000 685 687 699 771 632 576 775 752 295 295 656 558 863 749 788 604 788 695 635 611 732"
    " 685 989 686 611 686 391 337 391 838 500 500 613 635 550 635 616 353 635 634 278 278 580 278 975 634 612 635"
    " 635 412 521 393 634 592 818 592 592 525 637 337 637 838"
)
BOLD = (
    "349 457 521 838 696 1002 873 307 458 458 523 838 380 416 380 366 696 696 696 696 696 696 696 696 696 696 400"
    " 400 838 838 838 581 1000 774 763 734 831 684 684 821 837 373 373 775 638 996 837 851 733 851 771 721 683 813"
    " 774 1104 771 725 726 458 366 458 838 500 500 675 716 593 716 679 436 716 712 343 343 666 343 1042 712 688"
    " 716 716 494 596 479 712 652 924 646 652 583 712 366 712 838"
)
WIDTHS = {False: tuple(map(int, REGULAR.split())), True: tuple(map(int, BOLD.split()))}
"""Advance widths of the printable ASCII characters in thousandths of the type size, for regular and for bold type."""
EMOJI = 1.4
WIDE = 1.1
OTHER = 1.0
ACCENTED = 0.14
ELLIPSIS = "…"
BREAKS = "-_./:"
"""Characters after which a line may be broken if there is no space."""
SHORTEST_LAST_LINE = 0.3
"""The least length of the last line of a paragraph, as a share of the width."""
JOINERS = "\u200d\u200c\ufe0e\ufe0f"
"""Zero-width joiner and non-joiner, and variation selectors: they belong to the character before them."""


LEFT_TO_RIGHT = "\u200e"
"""The invisible mark after which text runs to the right again."""
INVISIBLE = JOINERS + LEFT_TO_RIGHT
"""Characters without width, besides combining ones."""


def clean(text: str) -> str:
    """Return a text for a figure: one line, without control characters and characters that a file format forbids."""
    return "".join(_printable(character) for character in " ".join(text.split()))


def _printable(character: str) -> str:
    # Unpaired surrogates, control characters and directional overrides would break a file, or the text around them.
    if character in INVISIBLE:
        return character
    unprintable = unicodedata.category(character) in ("Cc", "Cf", "Cs", "Zl", "Zp") or character in "\ufffe\uffff"
    return "\N{REPLACEMENT CHARACTER}" if unprintable else character


def guarded(text: str) -> str:
    """Return a text to which more is appended, with a mark after letters that run to the left, as the rest does not."""
    backwards = any(unicodedata.bidirectional(character) in ("R", "AL", "AN") for character in text)
    return text + LEFT_TO_RIGHT if backwards else text


def text_width(text: str, size: float, bold: bool = False) -> float:
    """Return the width of one line of text in points, at a type size in points."""
    return sum(_width(character, bold) for character in text) * size


def _width(character: str, bold: bool) -> float:
    """Return the width of a character, in units of the type size."""
    table = WIDTHS[bold]
    if 0 <= ord(character) - FIRST < len(table):
        return table[ord(character) - FIRST] / 1000
    if character in INVISIBLE or unicodedata.combining(character):
        return 0.0
    if ord(character) >= 0x1F000:
        return EMOJI
    if unicodedata.east_asian_width(character) in "WF":
        return WIDE
    base = unicodedata.normalize("NFD", character)[0]
    if 0 <= ord(base) - FIRST < len(table):
        return table[ord(base) - FIRST] / 1000 + ACCENTED
    return OTHER + 0.1 * bold


def shorten(text: str, width: float, size: float, bold: bool = False) -> str:
    """Return a text that fits into a width in points: the text, or as much of it as fits and ``…``."""
    text = clean(text)
    if text_width(text, size, bold) <= width:
        return text
    kept = text
    while kept and text_width(kept + ELLIPSIS, size, bold) > width:
        kept = kept[:-1]
    while kept and _continues(text[len(kept)], kept[-1]):
        kept = kept[:-1]
    return kept.rstrip() + ELLIPSIS


def _continues(character: str, before: str) -> bool:
    """Whether a character forms one sign with the one before it, so that they must stay together."""
    return character in JOINERS or before == JOINERS[0] or bool(unicodedata.combining(character))


def wrap(text: str, width: float, size: float, bold: bool = False, most: int | None = None) -> list[str]:
    """Return a text in lines of at most this width in points; ``…`` ends the last of ``most`` lines if it goes on."""
    lines: list[str] = []
    rest = clean(text)
    while rest:
        if most is not None and len(lines) == most - 1:
            return [*lines, shorten(rest, width, size, bold)]
        length = _fitting(rest, width, size, bold)
        lines.append(rest[:length].rstrip())
        rest = rest[length:].lstrip()
    return lines


def pieces(text: str) -> list[str]:
    """Return the pieces of a text that :func:`wrap` leaves whole if there is room for them."""
    return re.findall(rf"[^ {re.escape(BREAKS)}]+[{re.escape(BREAKS)}]*", clean(text))


def paragraph(text: str, width: float, size: float, most: int) -> list[str]:
    """Return a text in as few lines as :func:`wrap` does, but without a short last line.

    Lines are made narrower until the last one is long enough, or there would be more of them.
    """
    lines = wrap(text, width, size, most=most)
    narrower = width
    while len(lines) > 1 and text_width(lines[-1], size) < SHORTEST_LAST_LINE * width and narrower > width / 2:
        narrower -= size
        tried = wrap(text, narrower, size, most=most)
        if len(tried) > len(lines):
            break
        lines = tried
    return lines


def _fitting(text: str, width: float, size: float, bold: bool) -> int:
    """Return how many characters fit into one line: up to a space or a mark if possible, at least one."""
    if text_width(text, size, bold) <= width:
        return len(text)
    used = accumulate(_width(character, bold) * size for character in text)
    length = max(1, sum(1 for _ in takewhile(lambda end: end <= width, used)))
    while length > 1 and _continues(text[length], text[length - 1]):
        length -= 1
    space = text.rfind(" ", 0, length + 1)
    breaks = [space, *(text.rfind(mark, 0, length) + 1 for mark in BREAKS)]
    best = max(breaks)
    return best if best > length / 3 else length
