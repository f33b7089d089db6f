"""The file of a sweep: which graphs are done, and what was found on them; it survives being cut off anywhere.

JSON lines.  The first line says what the file is; each of the others is the result on one graph, appended whole when
the graph is done.  What a killed process left of its last line is cut off when the file is opened again.  Source:
docs/theorem.md, "For every small graph".
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import bac
from bac.model.errors import BacError, UnreadableFile, UnwritableFile
from bac.proofs.theorem.graphs.graph import Graph, graphs_up_to
from bac.proofs.theorem.graphs.graph_statements import GraphException, GraphResult

FORMAT, VERSION = "bac-graphs-progress", 1


class WrongSweepFile(BacError):
    """A file that is not what was found by a sweep of this size and this version of the checker."""


class SweepFile:
    """An open file of results; use it as a context manager.

    Raises:
        UnreadableFile: the file is there and cannot be read.
        UnwritableFile: it cannot be written.
        WrongSweepFile: it is something else.  Then it is left alone.
    """

    def __init__(self, path: Path, services: int) -> None:
        """Open or create the file, and read what is in it; ``services`` is the size of the sweep."""
        self.path = path
        self.services = services
        self.done: dict[Graph, GraphResult] = {}
        content = self._read()
        whole, newline, _ = content.rpartition(b"\n")
        header = self._line(self.header)
        if newline:
            self._take(whole.split(b"\n"))
        elif not header.startswith(content):
            raise WrongSweepFile(f"{path}: not a {FORMAT}")
        try:
            self._descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | getattr(os, "O_BINARY", 0), 0o666)
            os.ftruncate(self._descriptor, len(whole) + len(newline))
        except OSError as error:
            raise UnwritableFile(f"cannot write {path}: {error.strerror or error}") from None
        if not newline:
            self._append(header)

    @property
    def header(self) -> dict[str, Any]:
        """What the first line says."""
        return {"format": FORMAT, "version": VERSION, "checker": bac.__version__, "services": self.services}

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
            raise WrongSweepFile(f"{self.path}: line {number}: not a line of a {FORMAT}") from None

    @staticmethod
    def _line(document: Mapping[str, Any]) -> bytes:
        return json.dumps(document, separators=(",", ":")).encode("ascii") + b"\n"

    def _append(self, line: bytes) -> None:
        """One write for the whole line: no other line can come in between."""
        try:
            written = os.write(self._descriptor, line)
        except OSError as error:
            raise UnwritableFile(f"cannot write {self.path}: {error.strerror or error}") from None
        if written != len(line):
            raise UnwritableFile(f"cannot write {self.path}: no space left")


def to_json(result: GraphResult) -> dict[str, Any]:
    """The result on one graph as a line of the file."""
    return {
        "services": result.graph.services,
        "graph": result.graph.number,
        "exceptions": [{"statement": each.statement, "found": each.found} for each in result.exceptions],
        "witnesses": result.witnesses,
    }


def from_json(document: Any) -> GraphResult:
    """The result that a line of the file holds.

    Raises:
        KeyError: something is missing.
        TypeError: something is of another kind.
        ValueError: something else is there.
    """
    graph = Graph(document["services"], document["graph"])
    if type(graph.services) is not int or type(graph.number) is not int:
        raise TypeError("a graph has numbers")
    exceptions = tuple(GraphException(graph, str(e["statement"]), str(e["found"])) for e in document["exceptions"])
    if set(document) != {"services", "graph", "exceptions", "witnesses"}:
        raise ValueError("not the keys of a result")
    return GraphResult(graph, exceptions, dict(document["witnesses"]))
