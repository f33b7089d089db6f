"""Run programs, each in a process of its own, and say how long they took and how much memory they held.

The process that measures loads nothing large: on Linux a child begins with its parent's peak of memory.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from statistics import median
from typing import Any

import psutil

BAC = (sys.executable, "-m", "bac")
"""The command line, in the Python that measures."""
LONGEST = 1800.0
"""After so many seconds a program is stopped, and the measurement fails."""
EVERY = 0.05
"""So many seconds lie between two looks at the memory of a program's processes."""


@dataclass(frozen=True)
class Run:
    """One run of a program: wall seconds, peak of resident memory in bytes, and what it printed."""

    seconds: float
    memory: int
    printed: str


@dataclass(frozen=True)
class Sample:
    """One measurement: seconds, peak of resident memory in bytes, and what else was found out, by name."""

    seconds: float
    memory: int
    facts: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Job:
    """Something to measure: the case (what is solved, of which size), who solves it, how, and how often at most."""

    case: str
    size: int
    by: str
    measure: Callable[[], Sample]
    repeat: int = sys.maxsize


@dataclass
class Series:
    """The samples of one job, in the order of rounds."""

    case: str
    size: int
    by: str
    seconds: list[float] = field(default_factory=list)
    memory: list[int] = field(default_factory=list)
    facts: dict[str, list[float]] = field(default_factory=dict)

    def add(self, sample: Sample) -> None:
        """Take one more sample."""
        self.seconds.append(sample.seconds)
        self.memory.append(sample.memory)
        for name, value in sample.facts.items():
            self.facts.setdefault(name, []).append(value)

    def fact(self, name: str) -> float:
        """The median of what else was found out; not a number if nothing was."""
        return median(self.facts[name]) if self.facts.get(name) else float("nan")

    def document(self) -> dict[str, Any]:
        """For JSON."""
        return asdict(self)


@dataclass(frozen=True)
class Spread:
    """Numbers from repeated runs: their median, the least, the greatest, and how many there are."""

    median: float
    least: float
    greatest: float
    count: int


def spread(numbers: Iterable[float]) -> Spread:
    """The spread of some numbers, of which there is at least one."""
    every = list(numbers)
    return Spread(median(every), min(every), max(every), len(every))


def ratio(above: Sequence[float], below: Sequence[float]) -> Spread:
    """The spread of ratios of numbers measured in the same round; of one number only, it stands for each round."""
    count = max(len(above), len(below))
    rounds = [count if len(each) == 1 else len(each) for each in (above, below)]
    return spread(above[min(i, len(above) - 1)] / below[min(i, len(below) - 1)] for i in range(min(rounds)))


def interleaved(
    jobs: Sequence[Job], repeat: int, tell: Callable[[str], None], warm: Callable[[Job], bool] = lambda _: False
) -> list[Series]:
    """Measure all jobs, one after the other, in so many rounds; each at least once.

    Those that ``warm`` tells are run once before, as numba compiles the kernel once on a machine for each width.
    """
    for job in filter(warm, jobs):
        job.measure()
    every = [Series(job.case, job.size, job.by) for job in jobs]
    for number in range(repeat):
        for job, series in zip(jobs, every, strict=True):
            if number < job.repeat:
                sample = job.measure()
                series.add(sample)
                tell(f"  {job.case:24} {job.by:34} {sample.seconds:9.3f} s  {sample.memory / 2**20:8.0f} MiB")
    return every


def run(
    *command: str | Path,
    folder: Path | None = None,
    extra: Mapping[str, str] | None = None,
    allowed: tuple[int, ...] = (0,),
    family: bool = False,
) -> Run:
    """Run a program, which must end with one of the allowed codes.

    ``extra`` is added to its environment.  Its peak of memory is the kernel's own figure for the process; with
    ``family``, at least the greatest sum over the process and those that it started, looked at regularly.

    Raises:
        RuntimeError: it ends otherwise, or takes longer than :data:`LONGEST`.
    """
    with tempfile.TemporaryFile() as written:
        start = time.perf_counter()
        # Several threads may not share a child, so nothing but wait4 below waits for it.
        process = subprocess.Popen(
            [str(word) for word in command],
            cwd=folder,
            env={**os.environ, **(extra or {})},
            stdin=subprocess.DEVNULL,
            stdout=written,
            stderr=subprocess.STDOUT,
        )
        sums, over = [0], threading.Event()
        watcher = threading.Thread(target=_watch, args=(process.pid, sums, over, family), daemon=True)
        watcher.start()
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - start
        process.returncode = os.waitstatus_to_exitcode(status)
        over.set()
        watcher.join()
        written.seek(0)
        printed = written.read().decode(errors="replace")
    if process.returncode not in allowed:
        line = " ".join(map(str, command))
        raise RuntimeError(f"{line}\nended with {process.returncode} after {seconds:.1f} s\n{printed[-4000:]}")
    kibibytes = usage.ru_maxrss if sys.platform != "darwin" else usage.ru_maxrss // 1024
    return Run(seconds, max(kibibytes * 1024, sums[0]), printed)


def _watch(pid: int, sums: list[int], over: threading.Event, family: bool) -> None:
    """Add up the memory of a process and its children until it is over; stop it after the longest time."""
    end = time.perf_counter() + LONGEST
    while not over.wait(EVERY if family else LONGEST):
        if time.perf_counter() >= end:
            os.kill(pid, 9)
            return
        sums[0] = max(sums[0], _held(pid))


def _held(pid: int) -> int:
    """The resident memory of a process and all that it started; what they share is counted for each."""
    try:
        process = psutil.Process(pid)
        return sum(_resident(each) for each in [process, *process.children(recursive=True)])
    except psutil.Error:
        return 0


def _resident(process: psutil.Process) -> int:
    try:
        return int(process.memory_info().rss)
    except psutil.Error:
        return 0
