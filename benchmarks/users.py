"""(g) Architectures like those of users: all plans by default, beside SPIN, which counts the states of a small one."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path

from count import counter, harmless
from measuring import BAC, Job, Sample, Series, interleaved, run
from peers import FASTEST, build_spin, peers, spin
from sharing import SHAPES, sharing

CHECK = "bac check, three plans"
ALL_PLANS = "bac check, 24 plans"
SPIN = "SPIN, states of one plan"
QUICK = {"shared": (3, 20), "dense": (20,), "hard": (8,)}
FULL = {"shared": (3, 6, 16, 60, 300, 1000, 5000), "dense": (300,), "hard": (60,)}
MANY = {True: 6, False: 60}
"""The number of services that are checked under 24 plans, in a quick run and in a full one."""
COUNTED = 3
"""SPIN counts the states of so many services; with six there are 1.8 billion."""


def measure(folder: Path, quick: bool, repeat: int, tell: Callable[[str], None]) -> list[Series]:
    """Check architectures of every shape and size."""
    jobs = []
    for shape in SHAPES:
        for services in (QUICK if quick else FULL)[shape]:
            file = written(folder, services, shape)
            jobs.append(Job(f"{shape}, {services:,} services", services, CHECK, lambda file=file: check(file)))
            if peers().spin and (shape, services) == (SHAPES[0], COUNTED):
                jobs.append(counting(folder, file))
    many = written(folder, MANY[quick], SHAPES[0], many_plans=True)
    jobs.append(Job(f"shared, {MANY[quick]} services", MANY[quick], ALL_PLANS, lambda: check(many)))
    return interleaved(jobs, repeat, tell)


def written(folder: Path, services: int, shape: str, many_plans: bool = False) -> Path:
    """An architecture in a file."""
    file = folder / f"{shape}-{services}{'-plans' * many_plans}.bac.yaml"
    file.write_text(json.dumps(sharing(services, shape, many_plans=many_plans), indent=1), encoding="utf-8")
    return file


def check(file: Path) -> Sample:
    """Check all plans; what is unknown is counted.

    Raises:
        RuntimeError: the file is refused.
    """
    done = run(*BAC, "check", file, allowed=(0, 1, 3), family=True)
    return Sample(done.seconds, done.memory, {"unknown": len(re.findall(r"^.*\?.*$", done.printed, re.MULTILINE))})


def counting(folder: Path, file: Path) -> Job:
    """How SPIN counts the states of the plan ``independent`` before a disaster."""
    spins = folder / "spin"
    built = build_spin(file, 1, spins, FASTEST)
    states = counter("plain", 1)(harmless(file.read_text(encoding="utf-8"), "independent", 1))
    return Job(f"shared, {COUNTED} services", COUNTED, SPIN, lambda: spin(spins, states, built))
