"""Names that users give: which characters they may hold, how messages show them, and which one was probably meant."""

from __future__ import annotations

import difflib
import unicodedata
from collections.abc import Iterable, Sequence
from itertools import islice

JOINERS = "\u200c\u200d"
"""The two characters without a width that some scripts need within a word."""

_CANDIDATES = 200  # names that are compared with a misspelling
_SHOWN = 60  # characters of a name that a message shows


def is_printable(char: str) -> bool:
    """Whether a name may hold this character: printable Unicode, and the two joiners that some scripts need."""
    return char.isprintable() or char in JOINERS


def printable(text: str) -> str:
    """Return the text with every character that a terminal might obey replaced by U+FFFD; tabs stay."""
    return "".join(char if is_printable(char) or char == "\t" else "\ufffd" for char in text)


def quoted(name: str) -> str:
    """Return a name for a message: in quotes, cut if it is long, with unprintable characters escaped."""
    shown = "".join(char if is_printable(char) else _escaped(char) for char in name[:_SHOWN])
    return f"'{shown}{'…' * (len(name) > _SHOWN)}'"


def listed(names: Sequence[str]) -> str:
    """Return names for a sentence: ``a, b and c``."""
    return " and ".join(filter(None, (", ".join(names[:-1]), *names[-1:])))


def described(char: str) -> str:
    """Return the number and the name of a character, such as ``U+202E (RIGHT-TO-LEFT OVERRIDE)``."""
    return f"U+{ord(char):04X} ({unicodedata.name(char, 'a control character')})"


def closest(wrong: str, candidates: Iterable[str]) -> str | None:
    """Return the candidate that ``wrong`` is most probably a misspelling of, or ``None`` if none is similar.

    Differences of case, ``-``, ``_`` and space come first.  The work is bounded: of more than 200 candidates only those
    are compared that begin or end with the same character, and of these only the first 200.
    """
    names = list(candidates)
    same = _normalised(wrong)
    for name in names:
        if len(name) == len(wrong) and _normalised(name) == same:
            return name
    if len(names) > _CANDIDATES:
        names = [name for name in names if name[:1] == wrong[:1] or name[-1:] == wrong[-1:]]
    short = {name[:40]: name for name in islice(names, _CANDIDATES)}
    found = difflib.get_close_matches(wrong[:40], short, n=1)
    return short[found[0]] if found else None


def _normalised(name: str) -> str:
    return name.casefold().replace("-", "_").replace(" ", "_")


def _escaped(char: str) -> str:
    return f"\\u{ord(char):04x}" if ord(char) < 0x10000 else f"\\U{ord(char):08x}"
