"""The errors that a user can cause, each with the exit code of the command line; and names as messages show them.

A bug that shows itself as a contradiction is a :class:`Contradiction`; any other stays an ordinary Python exception
with its traceback.
"""

from __future__ import annotations

import difflib
import unicodedata
from collections.abc import Iterable, Sequence
from itertools import islice


class BacError(Exception):
    """Base of all errors that the input or a limit causes; ``str()`` of it is the message for people."""

    exit_code: int = 2
    """The exit code of the command: 2 for wrong input, unless a subclass has another."""


class UnreadableFile(BacError):
    """A file cannot be opened or read (missing, a directory, no permission)."""


class UnknownPlan(BacError):
    """The specification has no plan of the name that was given."""


class UnsuitableArgument(BacError, ValueError):
    """An argument of a Python function is not one of those that it takes; the message says which it takes."""


class UnknownKey(BacError, KeyError):
    """A result has nothing of the name that was given; the message says which names there are."""

    def __str__(self) -> str:
        return str(self.args[0])


class LimitReached(BacError):
    """A limit was reached before an answer was found: the answer is ``unknown``."""

    exit_code = 3


class Contradiction(BacError):
    """Two parts of the checker give different answers to the same question, so one of them has a bug."""

    exit_code = 4


class UnwritableFile(BacError):
    """A file cannot be written (no such directory, no permission, no space)."""


class SlowWithoutExtra(UserWarning):
    """Something works, but would be faster with an extra that is not installed."""


# Names that users give

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


def one_of(what: str, name: object, names: Iterable[str]) -> UnsuitableArgument:
    """Return the error that there is no such thing, with the names of those that there are."""
    return UnsuitableArgument(f"there is no {what} {quoted(str(name))}; there are: {', '.join(names)}")


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
