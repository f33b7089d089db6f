"""JSON Schemas of every file format that the checker reads or writes."""

from __future__ import annotations

import json
from importlib import resources
from typing import Any


def schema(name: str) -> dict[str, Any]:
    """The JSON Schema of a format: ``specification``, ``trace`` or ``report``."""
    text = resources.files("bac.schemas").joinpath(f"{name}.schema.json").read_text(encoding="utf-8")
    document: dict[str, Any] = json.loads(text)
    return document


def violation(name: str, document: object) -> str | None:
    """Where a document first differs from its schema, in words; ``None`` if it is valid."""
    from jsonschema import Draft202012Validator
    from jsonschema.exceptions import best_match

    error = best_match(Draft202012Validator(schema(name)).iter_errors(document))
    if error is None:
        return None
    where = error.json_path.removeprefix("$").lstrip(".") or "the document"
    message = error.message if len(error.message) <= 200 else error.message[:200] + " …"
    return f"{where}: {message}"
