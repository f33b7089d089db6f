"""Run programs, each in a process of its own, and say how long they took and how much memory they held."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from statistics import median
from typing import Any

import psutil

BAC = (sys.executable, "-m", "bac")
"""The command line, in the Python that measures."""
LAUNCH = Path(__file__).with_name("launch.py")
"""The program that starts them, so small that the memory it holds does not matter."""
LONGEST = 1800.0
"""After so many seconds a program is stopped, and the measurement fails."""
EVERY = 0.05
"""So many seconds lie between two looks at the memory of a program's processes."""


@dataclass(frozen=True)
class Run:
    """One run of a program: wall seconds, seconds of processors, peak of resident memory in bytes, what it printed."""

    seconds: float
    cpu: float
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
    """Measure all jobs, one after the other, in this many rounds; each at least once.

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
    with tempfile.TemporaryDirectory() as scratch:
        report, output = Path(scratch, "report"), Path(scratch, "output")
        with output.open("wb") as written:
            process = subprocess.Popen(
                [sys.executable, "-I", "-S", str(LAUNCH), str(report), *map(str, command)],
                cwd=folder,
                env={**os.environ, **(extra or {})},
                stdin=subprocess.DEVNULL,
                stdout=written,
                stderr=subprocess.STDOUT,
            )
            together = watch(process, family)
        printed = output.read_text(encoding="utf-8", errors="replace")
        seconds, cpu, memory, code = report.read_text().split() if report.exists() else ("nan", "nan", "0", "-1")
    if int(code) not in allowed:
        line = " ".join(map(str, command))
        raise RuntimeError(f"{line}\nended with {code} after {float(seconds):.1f} s\n{printed[-4000:]}")
    return Run(float(seconds), float(cpu), max(int(memory), together), printed)


def watch(launcher: subprocess.Popen[bytes], family: bool) -> int:
    """Wait until a launched program ends, or stop it after the longest time; the most that a family held together."""
    end, most = time.perf_counter() + LONGEST, 0
    while time.perf_counter() < end:
        try:
            launcher.wait(EVERY if family else LONGEST)
            return most
        except subprocess.TimeoutExpired:
            most = max(most, sum(map(_resident, _children(launcher.pid))))
    for child in _children(launcher.pid):
        child.kill()
    launcher.wait()
    return most


def _children(pid: int) -> list[psutil.Process]:
    try:
        return psutil.Process(pid).children(recursive=True)
    except psutil.Error:
        return []


def _resident(process: psutil.Process) -> int:
    try:
        return int(process.memory_info().rss)
    except psutil.Error:
        return 0
