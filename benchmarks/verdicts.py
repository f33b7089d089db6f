"""(b) Whole commands to the verdict: the toy with disasters and all properties, reduced and not, and real systems."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path

import yaml
from count import TOY
from measuring import BAC, Job, Sample, Series, interleaved, run

ROOT = Path(__file__).resolve().parent.parent
EXAMPLES = ROOT / "examples"
REDUCTIONS = ("one-index", "symmetry")
ALL = "all reductions"
SYMMETRY = "symmetry alone"
NONE = "no reduction"
WITHOUT = {ALL: (), SYMMETRY: REDUCTIONS[:1], NONE: REDUCTIONS}
REPORTED = {("NuSMV", 40): 45.0, ("NuSMV", 50): 165.0, ("rumur, symmetry", 9): 14.0}
"""Seconds that others took for the states of the toy, without disasters or properties: on a machine of this kind, but
not in this run."""


def measure(folder: Path, quick: bool, repeat: int, tell: Callable[[str], None]) -> list[Series]:
    """Decide the toy of several sizes, the sales application, and FTGO."""
    file = folder / "toy.bac.yaml"
    file.write_text(json.dumps(TOY), encoding="utf-8")
    sizes = [(5, ALL), (100, ALL), (5, SYMMETRY), (5, NONE)]
    if not quick:
        sizes = [(9, ALL), (40, ALL), (50, ALL), (100, ALL), (9, SYMMETRY), (30, SYMMETRY), (8, NONE), (9, NONE)]
    jobs = [toy(file, instances, how) for instances, how in sizes]
    return interleaved([*jobs, *systems(folder, quick)], repeat, tell, lambda job: not quick and job.by == NONE)


def toy(file: Path, instances: int, how: str) -> Job:
    """Decide all properties of the toy, of which consistency is violated."""
    options = ["--plan", "independent", "--instances", str(instances), *without(how)]
    return Job(f"toy, N = {instances}", instances, how, lambda: check(file, *options))


def systems(folder: Path, quick: bool) -> list[Job]:
    """Decide every plan of the sales application unreduced, and FTGO, also where any services may crash."""
    sales, ftgo = EXAMPLES / "sales.bac.yaml", EXAMPLES / "ftgo" / "ftgo.bac.yaml"
    index = 1 if quick else 2
    options = ["--instances", str(index), *without(NONE)]
    jobs = [Job(f"sales, {index} instance{'s' * (index > 1)}", index, NONE, lambda: check(sales, *options))]
    if not quick:
        any_crash = every_scope_any(ftgo, folder)
        jobs.append(Job("FTGO", 1, ALL, lambda: check(ftgo)))
        jobs.append(Job("FTGO, any may crash", 1, ALL, lambda: check(any_crash)))
    return jobs


def every_scope_any(file: Path, folder: Path) -> Path:
    """The same specification, but under each of its plans a disaster may hit any set of services."""
    document = yaml.safe_load(file.read_text(encoding="utf-8"))
    for plan in document["plans"].values():
        plan.setdefault("disaster", {})["scope"] = "any"
    written = folder / "ftgo-any.bac.yaml"
    written.write_text(json.dumps(document), encoding="utf-8")
    return written


def without(how: str) -> list[str]:
    """The options that switch reductions off."""
    return [word for name in WITHOUT[how] for word in ("--no-reduction", name)]


def check(file: Path, *options: str) -> Sample:
    """Run ``bac check``, which must decide everything.

    Raises:
        RuntimeError: a verdict is unknown, or the file is refused.
    """
    done = run(*BAC, "check", file, *options, allowed=(0, 1), family=True)
    counted = re.search(r"^(?:([\d,]+|no) states\b|depth \d+ \()", done.printed, re.MULTILINE)
    if counted is None or re.search(r"unknown|limit reached|\?", done.printed):
        raise RuntimeError(f"not everything was decided:\n{done.printed[-4000:]}")
    return Sample(done.seconds, done.memory, {"states": int((counted[1] or "0").replace(",", "").replace("no", "0"))})
