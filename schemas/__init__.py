"""JSON Schemas of every file format that the checker reads or writes."""

from __future__ import annotations

import json
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from jsonschema import Draft202012Validator


def schema(name: str) -> dict[str, Any]:
    """Return the JSON Schema of a format by its name: ``specification``, ``trace``, ``report``, ``strategy``, …"""
    text = resources.files("bac.schemas").joinpath(f"{name}.schema.json").read_text(encoding="utf-8")
    document: dict[str, Any] = json.loads(text)
    return document


@cache
def validator(name: str) -> Draft202012Validator:
    """Return the validator of a format."""
    from jsonschema import Draft202012Validator  # slow to load

    return Draft202012Validator(schema(name))


def violation(name: str, document: object) -> str | None:
    """Describe the first place where a document differs from its schema; ``None`` if it is valid."""
    from jsonschema.exceptions import best_match

    error = best_match(validator(name).iter_errors(document))
    if error is None:
        return None
    where = error.json_path.removeprefix("$").lstrip(".") or "the document"
    message = error.message if len(error.message) <= 200 else error.message[:200] + " …"
    return f"{where}: {message}"
