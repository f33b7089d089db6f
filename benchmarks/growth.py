"""(c) Landscapes of growing size: seconds and memory of checking two plans, and of drawing the architecture."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path

from landscapes import SHAPES, landscape
from measuring import BAC, Job, Sample, Series, interleaved, run
from verdicts import check

QUICK = (50, 100)
FULL = (100, 200, 500, 1000, 2000, 5000)
REFERENCES = 5
"""References of each service."""
PLANS = ("independent", "locked")
CHECK = "bac check, two plans"
FIGURE = "bac figure --architecture"
START = "bac --help"
OFTEN = {2000: 3, 5000: 2}
"""Larger landscapes are measured so often."""


def measure(folder: Path, quick: bool, repeat: int, tell: Callable[[str], None]) -> list[Series]:
    """Check and draw landscapes of every shape."""
    jobs = [Job("nothing", 0, START, start)]
    for size in QUICK if quick else FULL:
        for shape in SHAPES:
            file = written(folder, size, shape)
            often = min(repeat, OFTEN.get(size, repeat))
            jobs.append(Job(f"{shape}, {size:,} services", size, CHECK, checking(file, PLANS), often))
            if shape == SHAPES[0]:
                jobs.append(Job(f"{shape}, {size:,} services", size, FIGURE, drawing(file), often))
    return interleaved(jobs, repeat, tell)


def written(folder: Path, services: int, shape: str) -> Path:
    """A landscape in a file."""
    file = folder / f"{shape}-{services}.bac.yaml"
    file.write_text(json.dumps(landscape(services, REFERENCES * services, shape), indent=1), encoding="utf-8")
    return file


def checking(file: Path, plans: Sequence[str]) -> Callable[[], Sample]:
    """How to check these plans of a landscape together."""
    options = [word for plan in plans for word in ("--plan", plan)]
    return lambda: check(file, *options)


def drawing(file: Path) -> Callable[[], Sample]:
    """How to draw a landscape."""

    def draw() -> Sample:
        done = run(*BAC, "figure", file, "--architecture", "-o", file.with_suffix(".svg"), family=True)
        return Sample(done.seconds, done.memory)

    return draw


def start() -> Sample:
    """Start the program, which then does nothing: what every command takes."""
    done = run(*BAC, "--help", family=True)
    return Sample(done.seconds, done.memory)
