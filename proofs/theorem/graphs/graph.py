"""Enumerate the small reference graphs, one of each isomorphism class, and turn them into architectures.

A reference graph has services as nodes, and an edge from the holder's service to the target's for each reference; a
service refers to another at most once, and not to itself.  Source: the article, "Consistent Backups with Limited
Availability" ("the mere number of microservices is not problematic as such, but things get difficult if many or all
of them have relationships with each other"); docs/theorem.md, "For every small graph".
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, cached_property
from graphlib import CycleError, TopologicalSorter
from itertools import permutations

from bac.model.architecture import Architecture
from bac.model.errors import LimitReached
from bac.model.specification.reader import parse

NAMES = "ABCDE"
"""The services' names; the entity of a service has its name in lower case."""
MOST_SERVICES = len(NAMES)
"""Of six services there are 1 540 944 graphs, among 2^30 labelled ones: beyond what is enumerated here."""

Edge = tuple[int, int]


@dataclass(frozen=True, slots=True, order=True)
class Graph:
    """A reference graph: how many services, and its number.

    Bit ``k`` of ``number`` is edge ``k`` of :func:`possible_edges`.  Of isomorphic graphs the one with the
    smallest number is the canonical one.
    """

    services: int
    number: int

    @property
    def edges(self) -> tuple[Edge, ...]:
        """The references, as pairs of services (holder's, target's) counted from 0, ascending."""
        return tuple(edge for k, edge in enumerate(possible_edges(self.services)) if self.number >> k & 1)

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the services."""
        return tuple(NAMES[: self.services])

    @property
    def components(self) -> tuple[tuple[str, ...], ...]:
        """The weakly connected components, as names of services; each ascending, the first by its first name first."""
        component = list(range(self.services))
        for holder, target in self.edges:
            old, new = sorted((component[holder], component[target]), reverse=True)
            component = [new if each == old else each for each in component]
        return tuple(
            tuple(name for name, own in zip(self.names, component, strict=True) if own == each)
            for each in sorted(set(component))
        )

    @property
    def referrers_first(self) -> tuple[str, ...] | None:
        """The services, the holder of every reference before its target; ``None`` if there is a cycle."""
        sorter: TopologicalSorter[int] = TopologicalSorter(dict.fromkeys(range(self.services), ()))
        for holder, target in self.edges:
            sorter.add(target, holder)
        try:
            return tuple(NAMES[service] for service in sorter.static_order())
        except CycleError:
            return None

    def __str__(self) -> str:
        edges = ", ".join(f"{NAMES[holder]} -> {NAMES[target]}" for holder, target in self.edges)
        return f"{' '.join(self.names)}: {edges or 'no reference'}"


@cache
def possible_edges(services: int) -> tuple[Edge, ...]:
    """Return every edge that a graph of this many services can have, in ascending order."""
    return tuple((a, b) for a in range(services) for b in range(services) if a != b)


def graphs(services: int) -> Iterator[Graph]:
    """Yield the canonical graphs of exactly this many services, by ascending number.

    There are 1, 3, 16, 218 and 9608 of 1 to 5 services (OEIS A000273).

    Raises:
        LimitReached: more than :data:`MOST_SERVICES` services.
        ValueError: less than one.
    """
    check_size(services)
    relabellings = Relabellings(services)
    seen = bytearray(1 << len(possible_edges(services)))
    for number in range(len(seen)):
        if not seen[number]:
            for image in relabellings.images(number):
                seen[image] = 1
            yield Graph(services, number)


@cache
def graphs_up_to(services: int) -> tuple[Graph, ...]:
    """Return the canonical graphs of 1 to this many services, small ones first: 1, 4, 20, 238 or 9846 of them.

    Raises:
        LimitReached: more than :data:`MOST_SERVICES` services.
        ValueError: less than one.
    """
    check_size(services)
    return tuple(graph for size in range(1, services + 1) for graph in graphs(size))


def check_size(services: int) -> None:
    """Refuse a number of services whose graphs cannot be enumerated.

    Raises:
        LimitReached: more than :data:`MOST_SERVICES` services.
        ValueError: less than one.
    """
    if services < 1:
        raise ValueError("a graph has at least one service")
    if services > MOST_SERVICES:
        raise LimitReached(f"graphs are enumerated up to {MOST_SERVICES} services, not {services}")


@dataclass(frozen=True)
class Relabellings:
    """The effect of renaming the services on the graphs of this many services."""

    services: int

    @cached_property
    def moves(self) -> tuple[tuple[int, ...], ...]:
        """For each renaming, the bit to which it takes each edge."""
        edges = possible_edges(self.services)
        place = {edge: 1 << k for k, edge in enumerate(edges)}
        return tuple(tuple(place[to[a], to[b]] for a, b in edges) for to in permutations(range(self.services)))

    def images(self, number: int) -> Iterator[int]:
        """Yield the numbers of all isomorphic graphs, with repetitions."""
        present = [k for k in range(number.bit_length()) if number >> k & 1]
        return (sum(move[k] for k in present) for move in self.moves)


def architecture(graph: Graph) -> Architecture:
    """Return the graph as an architecture: for each edge the canonical use case of Figures 3 and 4."""
    document = {
        "name": "reference graph",
        "services": {name: {"owns": [name.lower()]} for name in graph.names},
        "references": [f"{NAMES[holder].lower()} -> {NAMES[target].lower()}" for holder, target in graph.edges],
    }
    return parse(json.dumps(document), "graph").architecture
