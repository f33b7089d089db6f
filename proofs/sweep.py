"""Every graph up to a size: the statements on each, spread over processes or a cluster, stopped and resumed.

Source: docs/theorem.md, "For every small graph".
"""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import (
    FIRST_COMPLETED,
    BrokenExecutor,
    CancelledError,
    Executor,
    Future,
    ProcessPoolExecutor,
    wait,
)
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from itertools import islice
from multiprocessing import get_context, parent_process
from pathlib import Path
from typing import Any

from bac.model.errors import BacError
from bac.model.graphs import Graph, graphs_up_to
from bac.proofs.graph_statements import GraphException, GraphResult, confirm_statements
from bac.proofs.sweep_file import SweepFile
from bac.proofs.verdict import Verdict

FORMAT, VERSION = "bac-graphs", 1
AHEAD = 4
"""So many graphs for each worker are handed out at a time: a stopped sweep leaves no long queue behind."""
PATIENCE = 3
"""So many times in a row workers may die without one graph done before the sweep gives up."""


class ClusterUnavailable(BacError):
    """There is no Dask, or no Dask scheduler at the address that was given."""


@dataclass(frozen=True, slots=True)
class SweepProgress:
    """How far a sweep is: graphs done, and graphs in all."""

    done: int
    graphs: int


@dataclass(frozen=True, slots=True)
class SweepResult:
    """What a sweep found, graph by graph in the order of :func:`~bac.model.graphs.graphs_up_to`.

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
        campaign = Campaign(every, store, progress)
        if scheduler is not None:
            stopped = campaign.run(lambda: dask_workers(scheduler))
        elif jobs == 1:
            stopped = campaign.run_here()
        else:
            stopped = campaign.run(lambda: local_workers(jobs))
    done = campaign.done
    return SweepResult(
        services,
        tuple(done[graph] for graph in every if graph in done),
        tuple(graph for graph in every if graph not in done),
        stopped,
    )


class Campaign:
    """One sweep at work: what is done, and what is told and kept when more is."""

    def __init__(
        self, graphs: Iterable[Graph], store: SweepFile | None, progress: Callable[[SweepProgress], None] | None
    ) -> None:
        """Begin with what the file has."""
        self.graphs = tuple(graphs)
        self.store = store
        self.progress = progress
        self.done: dict[Graph, GraphResult] = dict(store.done) if store is not None else {}

    @property
    def to_do(self) -> list[Graph]:
        """The graphs that are left."""
        return [graph for graph in self.graphs if graph not in self.done]

    def finish(self, result: GraphResult) -> None:
        """Keep a result: first in the file, so that nothing that was told is ever lost."""
        if result.graph in self.done:
            return
        if self.store is not None:
            self.store.add(result)
        self.done[result.graph] = result
        if self.progress is not None:
            self.progress(SweepProgress(len(self.done), len(self.graphs)))

    def run_here(self) -> str | None:
        """Do everything in this process; why it ended early, if it did."""
        try:
            for graph in self.to_do:
                self.finish(confirm_statements(graph))
        except KeyboardInterrupt:
            return "interrupted"
        return None

    def run(self, workers: Callable[[], Workers]) -> str | None:
        """Do everything on workers, and replace them when they die; why it ended early, if it did."""
        failures = 0
        while self.to_do and failures < PATIENCE:
            before = len(self.done)
            try:
                with workers() as (executor, count):
                    self.spread(executor, count)
            except KeyboardInterrupt:
                return "interrupted"
            except worker_deaths():
                failures = failures + 1 if len(self.done) == before else 0
        return "workers keep dying" if self.to_do else None

    def spread(self, executor: Executor, count: int) -> None:
        """Hand out graphs, a few for each worker at a time, and keep what comes back, to the last one."""
        queue = iter(self.to_do)
        running: set[Future[GraphResult]] = set()
        try:
            while True:
                running |= {
                    executor.submit(confirm_statements, graph) for graph in islice(queue, AHEAD * count - len(running))
                }
                if not running:
                    return
                ready, running = wait(running, return_when=FIRST_COMPLETED)
                self.collect(ready)
        except BaseException:
            self.rescue(running)
            raise

    def collect(self, ready: Iterable[Future[GraphResult]]) -> None:
        """Keep the results; if there are failures among them, the first is raised when the rest is kept."""
        failures = []
        for future in ready:
            if (failure := failure_of(future)) is None:
                self.finish(future.result())
            else:
                failures.append(failure)
        if failures:
            raise failures[0]

    def rescue(self, running: Iterable[Future[GraphResult]]) -> None:
        """Keep what is finished of what is running, and cancel the rest."""
        for future in running:
            if not future.cancel() and future.done() and failure_of(future) is None:
                self.finish(future.result())


def failure_of(future: Future[GraphResult]) -> BaseException | None:
    """Why there is no result, if there is none."""
    try:
        return future.exception()
    except CancelledError as error:  # a cluster's scheduler is gone
        return error


Workers = Any
"""A context manager that gives an executor and its number of workers."""


def worker_deaths() -> tuple[type[BaseException], ...]:
    """What is raised when a worker dies, be it a process or one of a cluster's."""
    try:
        from distributed.scheduler import KilledWorker  # slow to load, and only clusters need it
    except ModuleNotFoundError:
        return BrokenExecutor, CancelledError
    return BrokenExecutor, CancelledError, KilledWorker


@contextmanager
def local_workers(jobs: int | None) -> Iterator[tuple[Executor, int]]:
    """Processes on this machine, started afresh (so that it makes no difference what this one has loaded)."""
    count = jobs or os.cpu_count() or 1
    executor = ProcessPoolExecutor(count, get_context("spawn"), initializer=live_and_die_with_the_parent)
    try:
        yield executor, count
    finally:
        executor.shutdown(cancel_futures=True)


def live_and_die_with_the_parent() -> None:
    """What a worker begins with.

    A terminal sends Ctrl-C to every process; only the one that keeps the results shall act on it.  And when that one is
    killed, nobody is left to tell the worker to end.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=end_after_the_parent, daemon=True).start()


def end_after_the_parent() -> None:
    """Wait until the parent is gone, and end this process at once."""
    parent = parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


@contextmanager
def dask_workers(scheduler: str) -> Iterator[tuple[Executor, int]]:
    """The workers of a Dask cluster.

    Raises:
        ClusterUnavailable: no Dask, or no scheduler at that address.
    """
    try:
        from distributed import Client
    except ModuleNotFoundError:
        raise ClusterUnavailable("a cluster needs dask[distributed], which is not installed") from None
    try:
        client = Client(scheduler, set_as_default=False)
    except (OSError, ValueError, TypeError) as error:
        raise ClusterUnavailable(f"no Dask scheduler at {scheduler}: {error}") from None
    with client:
        count = sum(client.nthreads().values()) or 1
        with client.get_executor(pure=False) as executor:
            yield executor, count
