"""Make a specification smaller, as long as it stays valid and stays interesting."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from copy import deepcopy
from typing import Any

from features import Document

from bac.model.specification.diagnostics import SpecificationError
from bac.model.specification.reader import parse


def minimised(document: Document, interesting: Callable[[Document], bool]) -> Document:
    """A smallest specification that is valid and interesting, and from which nothing can be left out."""
    while True:
        for smaller in _smaller(document):
            if _valid(smaller) and interesting(smaller):
                document = smaller
                break
        else:
            return document


def _valid(document: Document) -> bool:
    try:
        parse(json.dumps(document))
    except SpecificationError:
        return False
    return True


def _smaller(document: Document) -> Iterator[Document]:
    """The specification without one of its parts, large parts first."""
    for path in sorted(_paths(document), key=len):
        changed: Any = deepcopy(document)
        inside = changed
        for key in path[:-1]:
            inside = inside[key]
        del inside[path[-1]]
        yield changed


def _paths(part: Any, before: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Yield the path to each part of a document."""
    keys = list(part) if isinstance(part, dict) else range(len(part)) if isinstance(part, list) else ()
    for key in keys:
        yield (*before, key)
        yield from _paths(part[key], (*before, key))
