"""(d) The SMT engine against the explicit one: whole commands, on the examples, the corpus, and where SMT wins."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import partial
from pathlib import Path

from measuring import Job, Series, interleaved
from verdicts import EXAMPLES, ROOT, check

ENGINES = ("explicit", "smt")
CORPUS = ROOT / "tests" / "corpus"
CORPUS_FILES = ("broker", "deadlock", "held-back", "joins", "markers", "modes", "ring", "transactions")
QUICK = ("figure-3", "sales")
CIRCLES = (6, 10, 12, 14)
"""So many services in a circle, locked together: what locking couples cannot be taken apart, and states multiply."""


def measure(folder: Path, quick: bool, repeat: int, tell: Callable[[str], None]) -> list[Series]:
    """Decide each specification with both engines, one after the other."""
    files = {file.name.removesuffix(".bac.yaml"): file for file in sorted(EXAMPLES.rglob("*.bac.yaml"))}
    if quick:
        files = {name: files[name] for name in QUICK}
    else:
        files |= {f"corpus: {name}": CORPUS / f"{name}.bac.yaml" for name in CORPUS_FILES}
    named = [(name, 0, file) for name, file in files.items()]
    named += [(f"circle of {size}, locked", size, circle(size, folder)) for size in (CIRCLES[:1] if quick else CIRCLES)]
    jobs = [
        Job(name, size, engine, partial(check, file, "--engine", engine))
        for name, size, file in named
        for engine in ENGINES
    ]
    return interleaved(jobs, min(repeat, 3), tell, lambda job: not quick and job.by == ENGINES[0])


def circle(services: int, folder: Path) -> Path:
    """Services each of which refers to the next, all of them locked for their backup."""
    document = {
        "name": f"Circle of {services}",
        "services": {f"S{number}": {"owns": [f"e{number}"]} for number in range(services)},
        "references": [f"e{number} -> e{(number + 1) % services}" for number in range(services)],
        "plans": {"locked": {"groups": [{"mode": "locked", "services": "all"}]}},
    }
    file = folder / f"circle-{services}.bac.yaml"
    file.write_text(json.dumps(document), encoding="utf-8")
    return file
