"""(f) Locks, markers and the oldest snapshot: all states, counted by the kernel and by SPIN, on the same model."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from count import TOY
from measuring import Job, Sample, Series, interleaved, run
from peers import FASTEST, build_spin, peers, spin

KERNEL = "kernel"
ONE = "kernel, one worker"
LEVELS = "kernel, levels"
SPIN = "SPIN"
PLAN = "measured"
HOW = {KERNEL: ("own-order", 0), ONE: ("own-order", 1), LEVELS: ("levels", 0)}
EVENTS = {
    "name": "Events",
    "services": {"A": {"owns": ["a"]}, "B": {"owns": ["b"]}, "C": {"owns": ["c"]}},
    "use_cases": {
        "make": [{"create": "b"}, {"create": "a", "refers_to": "b", "via": "event"}, {"create": "c", "via": "event"}]
    },
}


@dataclass(frozen=True)
class Model:
    """A specification with one plan, and whether a state of it determines its run."""

    document: Mapping[str, Any]
    plan: Mapping[str, Any]
    determined: bool
    quick: int
    full: int
    """How many instances are counted."""


def together(mode: str) -> dict[str, Any]:
    """Return a plan with all services in one group."""
    return {"groups": [{"mode": mode, "services": "all"}]}


EACH = {"groups": [{"mode": "locked", "services": [service]} for service in "AB"]}
MODELS = {
    "one lock": Model(TOY, together("locked"), True, 3, 11),
    "markers": Model(EVENTS, together("markers"), True, 2, 7),
    "two locks": Model(TOY, EACH, False, 3, 8),
    "oldest": Model(TOY, {**together("independent"), "recovery": {"rollback": "oldest"}}, False, 3, 8),
}


def measure(folder: Path, quick: bool, repeat: int, tell: Callable[[str], None]) -> list[Series]:
    """Count the states of each model with everything that is there, one after the other, so often."""
    jobs = []
    for name, model in MODELS.items():
        file = folder / f"{name.replace(' ', '-')}.bac.yaml"
        file.write_text(json.dumps({**model.document, "plans": {PLAN: model.plan}}), encoding="utf-8")
        jobs += of_model(name, model, file, model.quick if quick else model.full)
    return interleaved(jobs, repeat, tell, lambda job: job.by != SPIN)


def of_model(name: str, model: Model, file: Path, instances: int) -> list[Job]:
    """Return the commands that count one model."""
    states = round(ours(file, instances, LEVELS).facts["states"])
    ways = (KERNEL, ONE, LEVELS) if model.determined else (LEVELS,)
    jobs = [Job(name, instances, by, lambda by=by: ours(file, instances, by)) for by in ways]  # type: ignore[misc]
    if peers().spin:
        spins = file.with_suffix("")
        built = build_spin(file, instances, spins, FASTEST, PLAN)
        jobs.append(Job(name, instances, SPIN, lambda: spin(spins, states, built)))
    return jobs


def ours(file: Path, instances: int, by: str) -> Sample:
    """Count in a process of its own; seconds without starting Python and loading what was compiled."""
    how, workers = HOW[by]
    program = Path(__file__).with_name("count.py")
    options = ["--plan", PLAN, "--instances", str(instances), "--how", how, "--workers", str(workers)]
    done = run(sys.executable, program, "--specification", file, *options)
    facts = json.loads(done.printed)
    return Sample(facts.pop("seconds"), done.memory, {**facts, "process": done.seconds})
