"""Every graph up to a size: the statements on each, spread over processes or a cluster, stopped and resumed.

Source: docs/theorem.md, "For every small graph".
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bac.proofs.pool import Spread, dask_workers, local_workers
from bac.proofs.results import Verdict
from bac.proofs.theorem.graphs.graph import Graph, graphs_up_to
from bac.proofs.theorem.graphs.graph_statements import GraphException, GraphResult, confirm_statements
from bac.proofs.theorem.graphs.sweep_file import SweepFile

FORMAT, VERSION = "bac-graphs", 1


@dataclass(frozen=True, slots=True)
class SweepProgress:
    """How far a sweep is: graphs done, and graphs in all."""

    done: int
    graphs: int


@dataclass(frozen=True, slots=True)
class SweepResult:
    """What a sweep found, graph by graph in the order of :func:`~bac.proofs.theorem.graphs.graph.graphs_up_to`.

    ``stopped`` says why it ended early, if it did.
    """

    services: int
    results: tuple[GraphResult, ...]
    to_do: tuple[Graph, ...]
    stopped: str | None = None

    @property
    def graphs(self) -> int:
        """The number of graphs in all, done or not."""
        return len(self.results) + len(self.to_do)

    @property
    def exceptions(self) -> tuple[GraphException, ...]:
        """Every statement that was not confirmed."""
        return tuple(exception for result in self.results for exception in result.exceptions)

    @property
    def verdict(self) -> Verdict:
        """Whether the statements hold on every graph; unknown if some are still to do."""
        if self.exceptions:
            return Verdict.VIOLATED
        return Verdict.UNKNOWN if self.to_do else Verdict.HOLDS

    def to_json(self) -> dict[str, Any]:
        """The report; ``to_do`` is in it only if something is."""
        return {
            "format": FORMAT,
            "version": VERSION,
            "services": self.services,
            "graphs": self.graphs,
            **({"to_do": len(self.to_do)} if self.to_do else {}),
            "exceptions": [exception.to_json() for exception in self.exceptions],
        }


def sweep(
    services: int,
    file: Path | None = None,
    scheduler: str | None = None,
    jobs: int | None = None,
    progress: Callable[[SweepProgress], None] | None = None,
) -> SweepResult:
    """Decide the statements on every graph of up to so many services.

    Args:
        services: from 1 to 5.
        file: where results are kept; those that are there already are not computed again.
        scheduler: the address of a Dask scheduler, whose workers have this package; without it, local processes.
        jobs: how many local processes (default: one for each processor; with 1 there is no other process).
        progress: told whenever a graph is done.

    Raises:
        ClusterUnavailable: no Dask, or no scheduler at that address.
        Disagreement: the interpreter does not confirm what an engine found.
        LimitReached: more services than can be enumerated.
        ValueError: less than one service, or less than one job.
        WrongSweepFile, UnreadableFile, UnwritableFile: what the names say, of ``file``.
    """
    if jobs is not None and jobs < 1:
        raise ValueError("a sweep needs at least one job")
    every = graphs_up_to(services)
    with ExitStack() as stack:
        store = stack.enter_context(SweepFile(file, services)) if file is not None else None
        done = dict(store.done) if store is not None else {}
        left = [graph for graph in every if graph not in done]

        def finish(_: int, result: GraphResult) -> None:
            if store is not None:
                store.add(result)  # first in the file, so that nothing that was told is ever lost
            done[result.graph] = result
            if progress is not None:
                progress(SweepProgress(len(done), len(every)))

        campaign = Spread(left, confirm_statements, finish)
        if scheduler is not None:
            stopped = campaign.run(lambda: dask_workers(scheduler))
        elif jobs == 1:
            stopped = campaign.run_here()
        else:
            stopped = campaign.run(lambda: local_workers(jobs))
    return SweepResult(
        services,
        tuple(done[graph] for graph in every if graph in done),
        tuple(graph for graph in every if graph not in done),
        stopped,
    )
