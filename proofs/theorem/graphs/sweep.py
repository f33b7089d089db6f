"""Decide the statements on every graph up to a size, spread over processes or a cluster, stopped and resumed.

A progress file has JSON lines.  The first line says what the file is; each of the others is the result on one graph,
appended whole when the graph is done.  If a process was killed in the middle of a line, that line is cut off when the
file is opened again.

Source: docs/theorem.md, "For every small graph".
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import bac
from bac.model.errors import BacError, LimitReached, UnreadableFile, UnwritableFile
from bac.proofs.engine import LimitMonitor
from bac.proofs.pool import Spread, dask_workers, local_workers
from bac.proofs.results import Verdict
from bac.proofs.theorem.graphs.graph import Graph, GraphException, GraphResult, confirm_statements, graphs_up_to

FORMAT, VERSION = "bac-graphs", 1
PROGRESS_FORMAT, PROGRESS_VERSION = "bac-graphs-progress", 2


@dataclass(frozen=True, slots=True)
class SweepProgress:
    """The progress of a sweep: graphs done, and graphs in all."""

    done: int
    graphs: int


@dataclass(frozen=True, slots=True)
class SweepResult:
    """The results of a sweep, graph by graph in the order of :func:`~bac.proofs.theorem.graphs.graph.graphs_up_to`.

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
        """Return the report; it has ``to_do`` only if graphs are left."""
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
    monitor: LimitMonitor | None = None,
) -> SweepResult:
    """Decide the statements on every graph of up to this many services.

    Args:
        services: from 1 to 5.
        file: results are kept here; those that it has already are not computed again.
        scheduler: the address of a Dask scheduler, whose workers have this package; without it, local processes.
        jobs: how many local processes (default: one for each processor; with 1 there is no other process).
        progress: called whenever a graph is done.
        monitor: when its time is over, no further graph is begun.

    Raises:
        ClusterUnavailable: there is no scheduler at that address.
        MissingExtra: Dask is not installed.
        Contradiction: the interpreter does not confirm what an engine found.
        LimitReached: more services than can be enumerated.
        ValueError: less than one service, or less than one job.
        WrongSweepFile: the file belongs to another sweep, or is no progress file.
        UnreadableFile, UnwritableFile: it cannot be read or written.
    """
    if jobs is not None and jobs < 1:
        raise ValueError("a sweep needs at least one job")
    every = graphs_up_to(services)
    limit: str | None = None
    with ExitStack() as stack:
        store = stack.enter_context(SweepFile(file, services)) if file is not None else None
        done = dict(store.done) if store is not None else {}

        def finish(_: int, result: GraphResult) -> None:
            nonlocal limit
            if store is not None:
                store.add(result)  # first in the file, so that nothing that was reported is ever lost
            done[result.graph] = result
            if progress is not None:
                progress(SweepProgress(len(done), len(every)))
            if monitor is not None and limit is None and monitor.time_is_over():
                limit = monitor.limits.time_reached()
                raise LimitReached(limit)  # once: what is finished already is still kept

        spread = Spread([graph for graph in every if graph not in done], confirm_statements, finish)
        try:
            stopped = run(spread, scheduler, jobs)
        except LimitReached as error:
            stopped = str(error)
    return SweepResult(
        services,
        tuple(done[graph] for graph in every if graph in done),
        tuple(graph for graph in every if graph not in done),
        stopped,
    )


def run(spread: Spread[Graph, GraphResult], scheduler: str | None, jobs: int | None) -> str | None:
    """Run the tasks on a cluster, in processes or in this process; return the reason if it ended early."""
    if scheduler is not None:
        return spread.run(lambda: dask_workers(scheduler))
    return spread.run_here() if jobs == 1 else spread.run(lambda: local_workers(jobs))


# The progress file


class WrongSweepFile(BacError):
    """A file that is no progress file of a sweep of this size by this version of the checker."""


class SweepFile:
    """An open file of results; use it as a context manager.

    Raises:
        UnreadableFile: the file exists and cannot be read.
        UnwritableFile: it cannot be written.
        WrongSweepFile: it is another file.  Then it is not changed.
    """

    def __init__(self, path: Path, services: int) -> None:
        """Open or create the file, and read its results; ``services`` is the size of the sweep."""
        self.path = path
        self.services = services
        self.done: dict[Graph, GraphResult] = {}
        content = self._read()
        whole, newline, _ = content.rpartition(b"\n")
        header = self._line(self.header)
        if newline:
            self._take(whole.split(b"\n"))
        elif not header.startswith(content):
            raise WrongSweepFile(f"{path}: not a {PROGRESS_FORMAT}")
        try:
            self._descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | getattr(os, "O_BINARY", 0), 0o666)
            os.ftruncate(self._descriptor, len(whole) + len(newline))
        except OSError as error:
            raise UnwritableFile(f"cannot write {path}: {error.strerror or error}") from None
        if not newline:
            self._append(header)

    @property
    def header(self) -> dict[str, Any]:
        """The first line."""
        return {
            "format": PROGRESS_FORMAT,
            "version": PROGRESS_VERSION,
            "checker": bac.__version__,
            "services": self.services,
        }

    def add(self, result: GraphResult) -> None:
        """Append the result on one graph.

        Raises:
            UnwritableFile: it cannot be written.
        """
        self._append(self._line(to_json(result)))
        self.done[result.graph] = result

    def close(self) -> None:
        """Close the file, with everything on the disk."""
        os.fsync(self._descriptor)
        os.close(self._descriptor)

    def __enter__(self) -> SweepFile:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _read(self) -> bytes:
        try:
            return self.path.read_bytes()
        except FileNotFoundError:
            return b""
        except OSError as error:
            raise UnreadableFile(f"cannot read {self.path}: {error.strerror or error}") from None

    def _take(self, lines: list[bytes]) -> None:
        if self._parsed(lines[0], 1) != self.header:
            wanted = json.dumps(self.header)
            raise WrongSweepFile(f"{self.path}: does not belong to this sweep, for which the first line is {wanted}")
        known = set(graphs_up_to(self.services))
        for number, line in enumerate(lines[1:], 2):
            result = self._reading(number, lambda line=line, n=number: from_json(self._parsed(line, n)))  # type: ignore[misc]
            if result.graph not in known:
                raise WrongSweepFile(f"{self.path}: line {number}: no graph of this sweep")
            self.done[result.graph] = result

    def _parsed(self, line: bytes, number: int) -> Any:
        return self._reading(number, lambda: json.loads(line.decode("utf-8")))

    def _reading(self, number: int, reader: Callable[[], Any]) -> Any:
        try:
            return reader()
        except (ValueError, KeyError, TypeError, RecursionError):
            raise WrongSweepFile(f"{self.path}: line {number}: not a line of a {PROGRESS_FORMAT}") from None

    @staticmethod
    def _line(document: Mapping[str, Any]) -> bytes:
        return json.dumps(document, separators=(",", ":")).encode("ascii") + b"\n"

    def _append(self, line: bytes) -> None:
        """Write the whole line at once, so that no other line can come in between."""
        try:
            written = os.write(self._descriptor, line)
        except OSError as error:
            raise UnwritableFile(f"cannot write {self.path}: {error.strerror or error}") from None
        if written != len(line):
            raise UnwritableFile(f"cannot write {self.path}: no space left")


def to_json(result: GraphResult) -> dict[str, Any]:
    """Return the result on one graph as a line of the file."""
    return {
        "services": result.graph.services,
        "graph": result.graph.number,
        "exceptions": [{"statement": each.statement, "found": each.found} for each in result.exceptions],
    }


def from_json(document: Any) -> GraphResult:
    """Return the result that a line of the file holds.

    Raises:
        KeyError: something is missing.
        TypeError: something has the wrong type.
        ValueError: there are other keys.
    """
    graph = Graph(document["services"], document["graph"])
    if type(graph.services) is not int or type(graph.number) is not int:
        raise TypeError("a graph has numbers")
    exceptions = tuple(GraphException(graph, str(e["statement"]), str(e["found"])) for e in document["exceptions"])
    if set(document) != {"services", "graph", "exceptions"}:
        raise ValueError("not the keys of a result")
    return GraphResult(graph, exceptions)
