"""Identifiers and comments: any printable name, in a form that other languages take and people still recognise."""

from __future__ import annotations

import re
import unicodedata

LONGEST = 40
"""The greatest number of characters of an identifier."""

_LETTERS = str.maketrans(
    {"ß": "ss", "æ": "ae", "Æ": "AE", "ø": "o", "Ø": "O", "đ": "d", "Đ": "D", "ł": "l", "Ł": "L", "ı": "i", "œ": "oe"}
)
"""Letters of Latin alphabets that Unicode does not take apart."""


def identifier(text: str) -> str:
    """Return the text as an identifier in ASCII that begins with a letter: ``order_to_line`` for ``order -> line``.

    Accents are removed, compatibility characters become plain ones, a letter without a Latin form becomes its code
    point (``u65e5``), and everything else an underscore.  Different texts can have the same identifier.
    """
    decomposed = unicodedata.normalize("NFKD", text.replace("->", " to ").translate(_LETTERS))
    folded = "".join(map(_character, decomposed))
    words = re.sub(r"_+", "_", folded).strip("_")[:LONGEST].strip("_")
    return words if words[:1].isalpha() else f"x{words}"


def _character(character: str) -> str:
    if character.isascii():
        return character if character.isalnum() else "_"
    if unicodedata.combining(character):
        return ""
    return f"u{ord(character):x}_" if character.isalnum() else "_"


class Names:
    """Gives out identifiers, each of them once."""

    def __init__(self, reserved: frozenset[str] = frozenset()) -> None:
        """Start with identifiers that are never given out."""
        self._taken = set(reserved)

    def fresh(self, identifier: str) -> str:
        """Return the identifier, with a number appended if it was given out before."""
        candidate, number = identifier, 1
        while candidate in self._taken:
            number += 1
            candidate = f"{identifier}_n{number}"
        self._taken.add(candidate)
        return candidate


def in_comment(text: str) -> str:
    """Return the text on one line, without the signs that begin or end a comment in any of the languages."""
    one_line = " ".join(text.split())
    broken = re.sub(r"(?<=[/*(])(?=\*)|(?<=\*)(?=[/)])|(?<=-)(?=-)|(?<==)(?==)|(?<=/)(?=/)", " ", one_line)
    return broken.replace("\\", "\\ ")
