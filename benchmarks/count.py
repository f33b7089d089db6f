"""Count the states of a system in a process of its own, and print as JSON how long that took and what it held.

python benchmarks/count.py --instances 8 --how own-order
"""

from __future__ import annotations

import json
import resource
import time
from collections.abc import Callable
from pathlib import Path

import click
import psutil

from bac.model.semantics import system
from bac.model.specification.reader import parse
from bac.model.system import System
from bac.properties.formula import FALSE

HOW = ("own-order", "levels", "plain")
TOY = {
    "name": "Toy",
    "services": {"A": {"owns": ["a"]}, "B": {"owns": ["b"]}},
    "references": ["a -> b"],
}
"""Two services, each backed up alone, and a use case of two steps: create b, then a, which refers to it."""


def toy(instances: int) -> System:
    """Return the toy with this many instances of its use case, without disasters."""
    return harmless(json.dumps(TOY), "independent", instances)


def harmless(text: str, plan: str, instances: int) -> System:
    """Return a specification under one of its plans, with this many instances, without disasters."""
    specification = parse(text)
    return system(specification.architecture, specification.plan(plan), instances).without_disasters()


def states_of_toy(instances: int) -> int:
    """How many states there are: each use case has none, one or both of its events, of which snapshots hold a part.

    With no snapshot a use case has 3 possible states, with that of A alone 4, with that of B alone 5, with both 7.
    """
    return int(3**instances + 4**instances + 5**instances + 7**instances)


def counter(how: str, workers: int) -> Callable[[System], int]:
    """Return a command that counts the states of a system."""
    if how == "plain":
        from bac.proofs.engine import Limits, Query
        from bac.proofs.explicit.breadth_first import BreadthFirstSearch

        def plainly(counted: System) -> int:
            search = BreadthFirstSearch(counted, Query(always_reachable=FALSE), Limits(), None)
            search.run()
            return len(search.parents)

        return plainly
    from bac.proofs.explicit.compiled.engine import SearchOrder, count_states

    order = {"own-order": SearchOrder.DEPTH_FIRST, "levels": SearchOrder.BREADTH_FIRST}[how]
    return lambda counted: count_states(counted, workers=workers or None, order=order).states


def lowered_peak() -> bool:
    """Make the peak of this process' memory what it holds now; only Linux can."""
    try:
        Path("/proc/self/clear_refs").write_text("5", encoding="ascii")
    except OSError:
        return False
    return True


def peak(lowered: bool) -> int:
    """The peak of this process' resident memory in bytes, since it was lowered."""
    if not lowered:
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return int(status.split("VmHWM:")[1].split()[0]) * 1024


@click.command()
@click.option("--instances", type=click.IntRange(1), required=True)
@click.option("--how", type=click.Choice(HOW), default="own-order", show_default=True)
@click.option("--workers", type=click.IntRange(0), default=0, help="0: as many as there are cores.")
@click.option("--specification", type=click.Path(path_type=Path, exists=True), help="Default: the toy.")
@click.option("--plan", default="independent", show_default=True)
def main(instances: int, how: str, workers: int, specification: Path | None, plan: str) -> None:
    """Load, count a small system so that all is compiled, and then measure counting the one that is meant."""
    started = time.perf_counter()
    count = counter(how, workers)
    text = json.dumps(TOY) if specification is None else specification.read_text(encoding="utf-8")
    count(harmless(text, plan, 2))
    counted = harmless(text, plan, instances)
    loading = time.perf_counter() - started
    lowered = lowered_peak()
    held = psutil.Process().memory_info().rss
    before, worked = time.perf_counter(), time.process_time()
    states = count(counted)
    found = {
        "states": states,
        "seconds": time.perf_counter() - before,
        "cpu": time.process_time() - worked,
        "loading": loading,
        "loaded": held,
        "growth": peak(lowered) - held,
    }
    click.echo(json.dumps(found))


if __name__ == "__main__":
    main()
