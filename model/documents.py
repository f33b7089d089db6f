"""JSON documents from outside: read within limits of size and depth, and nothing in them is ambiguous.

A document that is refused is refused before anything expensive is done with it.
"""

from __future__ import annotations

import json
import zlib
from codecs import BOM_UTF8
from pathlib import Path
from typing import Any, NoReturn

from bac.model.errors import BacError, UnreadableFile, printable
from bac.model.specification import reader
from bac.model.specification.diagnostics import SpecificationError
from bac.model.specification.reader import Specification

LARGEST_FILE = 64 * 2**20
"""Bytes that a file may have."""
MOST_VALUES = 1_000_000
"""Values, at any depth, that a document may hold."""
PACKED = b"\x1f\x8b"
"""The first bytes of a file that gzip wrote."""
DEEPEST = 250
"""Objects and lists that may be nested in each other."""


class MalformedDocument(BacError):
    """A file is not JSON, or not a document of the format that is expected."""


def read(path: str | Path) -> bytes:
    """Return the content of a file, unpacked if gzip packed it, without a byte order mark before UTF-8.

    Raises:
        MalformedDocument: it has more than :data:`LARGEST_FILE` bytes, or is not what gzip writes.
        UnreadableFile: it does not exist, or cannot be read.
    """
    try:
        with Path(path).open("rb") as file:
            content = file.read(LARGEST_FILE + 1)
    except (OSError, ValueError) as error:  # ValueError: a null character in the path
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise UnreadableFile(f"cannot read {path}: {reason}") from None
    if content.startswith(PACKED):
        content = _unpacked(path, content)
    if len(content) > LARGEST_FILE:
        raise MalformedDocument(f"{path}: larger than {LARGEST_FILE >> 20} MiB")
    return content.removeprefix(BOM_UTF8)


def _unpacked(path: str | Path, content: bytes) -> bytes:
    """The content of a file that gzip wrote, or a little more than :data:`LARGEST_FILE` bytes of it."""
    unpacking = zlib.decompressobj(zlib.MAX_WBITS | 16)
    try:
        found = unpacking.decompress(content, LARGEST_FILE + 1)
    except zlib.error:
        raise MalformedDocument(f"{path}: not a file of gzip") from None
    if len(found) <= LARGEST_FILE and (not unpacking.eof or unpacking.unused_data):
        raise MalformedDocument(f"{path}: a file of gzip that is cut off, or goes on after its end")
    return found


def parse(content: bytes) -> Any:
    """Return the JSON document in these bytes.

    It is UTF-8, no key occurs twice in an object, and all numbers are whole (``1.0`` is 1).

    Raises:
        MalformedDocument: it is something else, too large, or nested too deeply.
    """
    if sum(map(content.count, (b",", b"[", b"{"))) >= MOST_VALUES:
        raise MalformedDocument(f"more than {MOST_VALUES:,} values")
    try:
        found = json.loads(
            content.decode("utf-8"), object_pairs_hook=_object, parse_constant=_refused, parse_float=_whole
        )
    except RecursionError:
        raise MalformedDocument("nested too deeply") from None
    except ValueError as error:  # neither UTF-8 nor JSON
        raise MalformedDocument(f"not JSON: {str(error)[:200]}") from None
    count_values(found)
    return found


def specification(document: object) -> Specification:
    """Return the specification that a part of a document holds.

    Raises:
        MalformedDocument: it has errors; the first one is named.
    """
    try:
        return reader.parse(json.dumps(document), "specification")
    except SpecificationError as error:
        first = next(each for each in error.diagnostics if each.severity == "error")
        raise MalformedDocument(f"its specification is wrong: {printable(first.message)} [{first.code}]") from None


def check_schema(name: str, document: object) -> None:
    """Hold a document against the JSON Schema of this name.

    Raises:
        MalformedDocument: it differs; the first place is named.
    """
    from bac.schemas import violation  # slow to load

    if (problem := violation(name, document)) is not None:
        raise MalformedDocument(f"not a bac-{name}: {printable(problem)}")


def count_values(document: object) -> int:
    """Return the number of values in a document, itself and all keys included.

    Raises:
        MalformedDocument: it is nested too deeply, or has text that cannot be printed.
    """
    total, level = 0, [document]
    for _ in range(DEEPEST):
        if not level:
            return total
        keys = [key for each in level if isinstance(each, dict) for key in each]
        texts = [each for each in level if isinstance(each, str)]
        if any("\ud800" <= character <= "\udfff" for text in (*texts, *keys) for character in text):
            raise MalformedDocument("a text has half of a surrogate pair in it")
        total += len(level) + len(keys)
        inside = [each.values() if isinstance(each, dict) else each for each in level if isinstance(each, dict | list)]
        level = [part for parts in inside for part in parts]
    raise MalformedDocument("nested too deeply")


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if len(found := dict(pairs)) != len(pairs):
        raise ValueError("a key occurs twice")
    return found


def _whole(number: str) -> int:
    value = float(number)
    return int(value) if value.is_integer() else _refused(number)


def _refused(number: str) -> NoReturn:
    raise ValueError(f"{number[:20]} is not a whole number")
