"""The names of the files in which traces are saved."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import PurePath
from unicodedata import normalize

from bac.model.trace import Trace
from bac.proofs.results import PlanResult

LONGEST_SLUG = 60
"""The most bytes of each part of a file's name: four parts and a number stay below the 255 of most disks."""


def trace_files(results: Iterable[PlanResult]) -> dict[str, Trace]:
    """Return every trace of the results by a file name: one for each timing."""
    files: dict[str, Trace] = {}
    for result in results:
        for each in result.properties.values():
            traces = [] if each.trace is None else [each.trace]
            for anomaly in (*each.anomalies, *each.tolerated):
                traces += anomaly.traces.values()
            for trace in traces:
                claim = trace.claim
                parts = (result.plan, claim.kind or claim.property, claim.subject or "", claim.timing or "")
                name = "--".join(slug(part) for part in parts if part)
                files[unused(name, files)] = trace
    return files


def folders(specifications: Iterable[str]) -> list[str]:
    """Return the name of a folder for each specification, by the name of its file."""
    names: list[str] = []
    for file in specifications:
        stem = slug(PurePath(file).name.removesuffix(".bac.yaml"))
        names.append(unused(stem, names, suffix=""))
    return names


def slug(text: str) -> str:
    """Return the text with hyphens for all but letters and digits, at most :data:`LONGEST_SLUG` bytes of UTF-8."""
    words = "".join(character if character.isalnum() else " " for character in text.replace("->", " to ")).split()
    return "-".join(words).encode()[:LONGEST_SLUG].decode(errors="ignore").rstrip("-") or "x"


def unused(name: str, taken: Iterable[str], suffix: str = ".json") -> str:
    """Return the name of a file that is not taken yet, also where disks ignore case or how letters are composed."""
    folded = {same_file(each) for each in taken}
    candidate, number = f"{name}{suffix}", 1
    while same_file(candidate) in folded:
        number += 1
        candidate = f"{name}--{number}{suffix}"
    return candidate


def same_file(name: str) -> str:
    """Return a form that is equal for names that some disk takes for the same."""
    return normalize("NFC", normalize("NFD", name).casefold())
