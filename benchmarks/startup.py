"""(e) Start-up: the command line, a small check, and the kernel when it is used for the first time on a machine."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable
from pathlib import Path

from measuring import BAC, Job, Sample, Series, interleaved, run
from verdicts import EXAMPLES

FIRST = "first use on a machine"
LATER = "later uses"


def measure(folder: Path, quick: bool, repeat: int, tell: Callable[[str], None]) -> list[Series]:
    """Start what takes time to start."""
    kept = folder / "numba"
    jobs = [
        Job("bare Python", 0, "python -c pass", lambda: start(sys.executable, "-c", "pass")),
        Job("command line", 0, "bac --help", lambda: start(*BAC, "--help")),
        Job("small check", 0, "bac check figure-3", lambda: start(*BAC, "check", EXAMPLES / "figure-3.bac.yaml")),
    ]
    if not quick:
        jobs.append(Job("kernel", 0, FIRST, lambda: kernel(folder / "empty", empty=True), 2))
        kernel(kept, empty=True)
        jobs.append(Job("kernel", 0, LATER, lambda: kernel(kept, empty=False)))
    return interleaved(jobs, repeat, tell)


def start(*command: str | Path) -> Sample:
    """Run a command that has little to do."""
    done = run(*command, allowed=(0, 1))
    return Sample(done.seconds, done.memory)


def kernel(cache: Path, empty: bool) -> Sample:
    """Load the kernel and count 63 states, with numba's cache in this folder, emptied before or not."""
    if empty:
        shutil.rmtree(cache, ignore_errors=True)
    program = Path(__file__).with_name("count.py")
    done = run(sys.executable, program, "--instances", "2", extra={"NUMBA_CACHE_DIR": str(cache)})
    return Sample(done.seconds, done.memory)
