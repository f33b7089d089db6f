"""What the checks of certificates share: reading files that nobody vouches for, and saying no.

Source: docs/theorem.md, "Certificates".
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, NoReturn

from bac.model.errors import BacError, UnreadableFile

LARGEST_FILE = 64 * 2**20
"""Bytes that a certificate may have."""
DEEPEST = 250
"""Objects and lists that may be nested in each other in it."""


class NotACertificate(BacError):
    """A file is no certificate of a kind that can be checked, or a malformed one."""


class NotProved(BacError):
    """A certificate is well-formed, and does not prove what it claims."""

    exit_code = 1


def content(path: Path) -> bytes:
    """What a file holds.

    Raises:
        NotACertificate: more than :data:`LARGEST_FILE` bytes.
        UnreadableFile: it is not there, or cannot be read.
    """
    try:
        with path.open("rb") as file:
            data = file.read(LARGEST_FILE + 1)
    except (OSError, ValueError) as error:  # ValueError: a NUL in the path
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise UnreadableFile(f"cannot read {path}: {reason}") from None
    if len(data) > LARGEST_FILE:
        raise NotACertificate(f"larger than {LARGEST_FILE >> 20} MiB")
    return data


def document(data: bytes) -> Any:
    """The JSON in these bytes: UTF-8, no key twice in an object, whole numbers only, and not nested too deeply.

    Raises:
        NotACertificate: it is something else.
    """
    try:
        found = json.loads(
            data.decode("utf-8"), object_pairs_hook=without_repetition, parse_constant=refused, parse_float=refused
        )
    except (ValueError, RecursionError) as error:  # not UTF-8 and not JSON are both ValueErrors
        reason = "nested too deeply" if isinstance(error, RecursionError) else str(error)
        raise NotACertificate(f"not JSON: {reason[:200]}") from None
    check_depth(found)
    return found


def without_repetition(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """The object of these pairs; one that says two things of one key says nothing."""
    if len(found := dict(pairs)) != len(pairs):
        raise ValueError("a key is there twice")
    return found


def refused(number: str) -> NoReturn:
    """No certificate has such a number."""
    raise ValueError(f"{number[:20]} is not a whole number")


def check_depth(found: object) -> None:
    """Go through the document, without recursion.

    Raises:
        NotACertificate: it is nested too deeply, or has text that cannot be printed.
    """
    level = [found]
    for _ in range(DEEPEST):
        texts = [each for each in level if isinstance(each, str)]
        texts += [key for each in level if isinstance(each, dict) for key in each]
        if any("\ud800" <= character <= "\udfff" for text in texts for character in text):
            raise NotACertificate("a text has half a character in it")
        inside = [each.values() if isinstance(each, dict) else each for each in level if isinstance(each, dict | list)]
        level = [part for parts in inside for part in parts]
        if not level:
            return
    raise NotACertificate("nested too deeply")


def demand(condition: bool, otherwise: str) -> None:
    """Insist that a certificate is well-formed.

    Raises:
        NotACertificate: it is not.
    """
    if not condition:
        raise NotACertificate(otherwise)


def insist(condition: bool, otherwise: str) -> None:
    """Insist that a certificate proves what it claims.

    Raises:
        NotProved: it does not.
    """
    if not condition:
        raise NotProved(otherwise)


def has_keys(found: Any, *keys: str) -> bool:
    """Whether this is an object with exactly these keys."""
    return isinstance(found, dict) and set(found) == set(keys)


def is_count(found: Any, least: int = 0) -> bool:
    """Whether this is a whole number of at least so much (``true`` is not a number)."""
    return type(found) is int and found >= least
