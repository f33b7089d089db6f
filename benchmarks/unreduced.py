"""(a) The toy, unreduced: all its states, counted by the kernel, the plain engine, SPIN and TLC, on the same model."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from pathlib import Path

from count import TOY, states_of_toy
from measuring import Job, Sample, Series, interleaved, run
from peers import build_spin, build_tlc, peers, spin, tlc

KERNEL = "kernel, own order"
ONE = "kernel, own order, one worker"
LEVELS = "kernel, levels"
PLAIN = "plain engine"
SPIN = "SPIN"
TLC = "TLC"
QUICK = range(4, 6)
FULL = range(5, 11)
LARGEST = {LEVELS: 9, PLAIN: 7, SPIN: 9, TLC: 7}
"""Each counts instances up to so many; more would take minutes, or gibibytes."""
OFTEN = {9: 2}
"""SPIN and the levels are run so often where that takes long."""


def measure(folder: Path, quick: bool, repeat: int, tell: Callable[[str], None]) -> list[Series]:
    """Count with everything that is there, one after the other, so often."""
    specification = folder / "toy.bac.yaml"
    specification.write_text(json.dumps(TOY), encoding="utf-8")
    jobs = [job for instances in (QUICK if quick else FULL) for job in of_size(specification, instances, folder)]
    return interleaved(jobs, repeat, tell, lambda job: job.case == jobs[0].case and job.by in (KERNEL, LEVELS))


def of_size(specification: Path, instances: int, folder: Path) -> list[Job]:
    """Return the commands that count the toy with this many instances."""
    case, there = f"N = {instances}", peers()
    often = OFTEN.get(instances, sys.maxsize)
    jobs = [Job(case, instances, KERNEL, lambda: ours(instances, "own-order"))]
    if there.spin and instances <= LARGEST[SPIN]:
        spins = folder / f"spin-{instances}"
        built = build_spin(specification, instances, spins)
        jobs.append(Job(case, instances, SPIN, lambda: spin(spins, states_of_toy(instances), built), often))
    jobs.append(Job(case, instances, ONE, lambda: ours(instances, "own-order", 1)))
    if instances <= LARGEST[LEVELS]:
        jobs.append(Job(case, instances, LEVELS, lambda: ours(instances, "levels"), often))
    if instances <= LARGEST[PLAIN]:
        jobs.append(Job(case, instances, PLAIN, lambda: ours(instances, "plain")))
    if there.tlc and instances <= LARGEST[TLC]:
        tlcs = folder / f"tlc-{instances}"
        build_tlc(specification, instances, tlcs)
        jobs.append(Job(case, instances, TLC, lambda: tlc(tlcs, states_of_toy(instances))))
    return jobs


def ours(instances: int, how: str, workers: int = 0) -> Sample:
    """Count in a process of its own; seconds without starting Python and loading what was compiled.

    Raises:
        RuntimeError: there are another number of states.
    """
    program = Path(__file__).with_name("count.py")
    options = ["--instances", str(instances), "--how", how, "--workers", str(workers)]
    done = run(sys.executable, program, *options)
    facts = json.loads(done.printed)
    if facts["states"] != states_of_toy(instances):
        raise RuntimeError(f"{how} counts {facts['states']} of {states_of_toy(instances)} states")
    return Sample(facts.pop("seconds"), done.memory, {**facts, "process": done.seconds})


def cores() -> int:
    """How many workers the kernel has."""
    return os.cpu_count() or 1
