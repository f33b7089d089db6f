"""Enumerate the small reference graphs, one of each isomorphism class, and decide the article's statements on them.

A reference graph has services as nodes, and an edge from the holder's service to the target's for each reference; a
service refers to another at most once, and not to itself.  Source: the article, "Consistent Backups with Limited
Availability" ("the mere number of microservices is not problematic as such, but things get difficult if many or all
of them have relationships with each other"); docs/theorem.md, "For every small graph".

The statements are:

* **independent**: under independent backups, backup and availability hold, and consistency fails iff there is a
  reference.  (Decided for a disaster that hits everything, the weakest adversary: its runs are runs of any other.)
* **order**: if the graph is acyclic, some order of the backups (referrer first) can always be completed and leaves no
  broken link; if it is cyclic, every order has a run to a broken link.  Total orders suffice, because a plan that
  orders only some services allows every run that a total order extending it allows.  (For a disaster that hits
  everything: where only some services are restored, no order helps.)
* **locked**: a locked group around every weakly connected component has backup and consistency, and in every component
  with a reference a command can be denied.  (For any services that crash, at any time.  A disaster in another component
  stops no client of this one.)
* **shared-database**: a shared database around every component has all three.  (For any services that crash, at any
  time.)

A violation is shown by a run of one use case alone, which the interpreter replays in the architecture of the whole
graph.  Everything else is decided by :func:`bac.proofs.check.check` on that architecture.  The graph only says what is
expected.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import cache, cached_property, lru_cache
from graphlib import CycleError, TopologicalSorter
from itertools import permutations
from typing import Any

from bac.model.architecture import Architecture, UseCase
from bac.model.errors import Contradiction, LimitReached
from bac.model.modes import Mode
from bac.model.plan import INDEPENDENT, Disaster, Group, Plan, Scope
from bac.model.specification.reader import parse
from bac.model.trace import Trace
from bac.proofs.check import check
from bac.proofs.replay import objection
from bac.proofs.results import PlanResult, Verdict
from bac.properties.anomalies import AnomalyKind
from bac.properties.qualities import Property

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


# The statements on one graph

EVERYTHING = Disaster(Scope.WHOLE)
ANYTHING = Disaster(Scope.ANY)
INDEPENDENT_BACKUPS, ORDER, LOCKED, SHARED = "independent", "order", "locked", "shared-database"


@dataclass(frozen=True, slots=True)
class GraphException:
    """A statement that is not confirmed on a graph: ``found`` says what was found instead."""

    graph: Graph
    statement: str
    found: str

    def to_json(self) -> dict[str, Any]:
        """Return the exception as reports show it."""
        return {
            "services": self.graph.services,
            "graph": self.graph.number,
            "references": str(self.graph).partition(": ")[2],
            "statement": self.statement,
            "found": self.found,
        }


@dataclass(frozen=True, slots=True)
class GraphResult:
    """The statements that are not confirmed on one graph."""

    graph: Graph
    exceptions: tuple[GraphException, ...]


def confirm_statements(graph: Graph) -> GraphResult:
    """Decide every statement on one graph.

    Raises:
        Contradiction: the interpreter does not confirm what an engine found.
    """
    statements = Statements(graph)
    statements.independent()
    statements.order()
    statements.locked()
    statements.shared()
    return GraphResult(graph, tuple(statements.exceptions))


class Statements:
    """The statements on one graph, and the exceptions found so far."""

    def __init__(self, graph: Graph) -> None:
        """Build the architecture; no statement is decided yet."""
        self.graph = graph
        self.architecture = architecture(graph)
        self.exceptions: list[GraphException] = []

    def independent(self) -> None:
        """Under independent backups, consistency fails iff there is a reference."""
        self.expect_to_hold(INDEPENDENT_BACKUPS, INDEPENDENT, Property.BACKUP, Property.AVAILABILITY)
        if self.graph.edges:
            run = self.violation(INDEPENDENT, self.architecture.use_cases, Property.CONSISTENCY)
            self.expect(INDEPENDENT_BACKUPS, run is not None, "consistency: no violation found")
        else:
            self.expect_to_hold(INDEPENDENT_BACKUPS, INDEPENDENT, Property.CONSISTENCY)

    def order(self) -> None:
        """Some order of the backups avoids broken links iff the graph is acyclic."""
        good = self.graph.referrers_first
        if good is not None:
            self.avoids_broken_links(ordered(good))
            return
        for order in permutations(self.graph.names):
            run = self.broken_link(ordered(order))
            self.expect(ORDER, run is not None, f"order {' '.join(order)}: no broken link found")

    def avoids_broken_links(self, plan: Plan) -> None:
        """Under this plan a backup can always be completed, and no link breaks."""
        result = check(self.architecture, plan, 1, [Property.BACKUP, Property.CONSISTENCY])
        backup, consistency = result.properties[Property.BACKUP], result.properties[Property.CONSISTENCY]
        self.expect(ORDER, backup.verdict is Verdict.HOLDS, f"{plan.name}: backup: {backup.verdict}")
        broken = any(anomaly.kind is AnomalyKind.BROKEN_LINK for anomaly in consistency.anomalies)
        decided = consistency.complete and not consistency.vacuous
        self.expect(ORDER, not broken, f"{plan.name}: a link can break")
        self.expect(ORDER, decided, f"{plan.name}: broken links: {consistency.reason}")

    def locked(self) -> None:
        """Locks around the components restore consistency, and cost availability in each that has a reference."""
        plan = grouped(self.graph, Mode.LOCKED, EVERYTHING)
        self.expect_to_hold(LOCKED, plan, Property.BACKUP, Property.CONSISTENCY)
        self.expect_to_hold(LOCKED, grouped(self.graph, Mode.LOCKED, ANYTHING), Property.CONSISTENCY)
        for component in self.graph.components:
            if len(component) > 1:
                cases = [case for case in self.architecture.use_cases if case.steps[0].service in component]
                run = self.violation(plan, cases, Property.AVAILABILITY)
                self.expect(LOCKED, run is not None, f"availability of {' '.join(component)}: no command is denied")

    def shared(self) -> None:
        """Shared databases around the components restore all three."""
        plan = grouped(self.graph, Mode.SHARED_DATABASE, ANYTHING)
        self.expect_to_hold(SHARED, plan, Property.BACKUP, Property.AVAILABILITY, Property.CONSISTENCY)

    # How they are decided

    def expect_to_hold(self, statement: str, plan: Plan, *properties: Property) -> None:
        """Check these properties; note an exception for each that does not hold, or only because nothing recovers."""
        for which, result in check(self.architecture, plan, 1, properties).properties.items():
            reason = f" ({result.reason})" if result.reason else ""
            holds = result.verdict is Verdict.HOLDS and not result.vacuous
            self.expect(statement, holds, f"{plan.name}: {which}: {result.verdict}{reason}")

    def expect(self, statement: str, confirmed: bool, otherwise: str) -> None:
        """Note an exception if this part of a statement is not confirmed."""
        if not confirmed:
            self.exceptions.append(GraphException(self.graph, statement, otherwise))

    def broken_link(self, plan: Plan) -> Trace | None:
        """Return a run that ends with a broken link, if one use case alone has one."""
        for case in self.architecture.use_cases:
            for anomaly in self.alone(case, plan).properties[Property.CONSISTENCY].anomalies:
                if anomaly.kind is AnomalyKind.BROKEN_LINK:
                    return self.in_whole(plan, anomaly.shown)
        return None

    def violation(self, plan: Plan, cases: Iterable[UseCase], which: Property) -> Trace | None:
        """Return a run that violates consistency or availability, if one of these use cases alone has one."""
        for case in cases:
            result = self.alone(case, plan).properties[which]
            if result.verdict is Verdict.VIOLATED:
                return self.in_whole(plan, result.trace or result.anomalies[0].shown)
        return None

    def alone(self, case: UseCase, plan: Plan) -> PlanResult:
        """Check availability and consistency of the architecture with this use case only."""
        return checked_alone(replace(self.architecture, use_cases=(case,)), plan)

    def in_whole(self, plan: Plan, trace: Trace) -> Trace:
        """Replay the run of one use case in the architecture of the whole graph.

        Raises:
            Contradiction: it is no run there, or does not show the same.
        """
        whole = Trace(self.architecture, plan, 1, trace.claim, trace.actions)
        if (problem := objection(whole)) is not None:
            raise Contradiction(
                f"plan {plan.name}: a run of one use case is not confirmed in the whole graph: {problem}"
            )
        return whole


@lru_cache(maxsize=4096)
def checked_alone(architecture: Architecture, plan: Plan) -> PlanResult:
    """Check availability and consistency; the same use case comes back with every graph that has this reference."""
    return check(architecture, plan, 1, [Property.AVAILABILITY, Property.CONSISTENCY])


def ordered(services: tuple[str, ...]) -> Plan:
    """Return the plan in which each service is backed up alone, in this order."""
    return Plan(f"order {' '.join(services)}", order=services)


def grouped(graph: Graph, mode: Mode, disaster: Disaster) -> Plan:
    """Return the plan with a group of this mode around every weakly connected component."""
    groups = tuple(Group(mode, component) for component in graph.components)
    return Plan(str(mode), groups, disaster=disaster)
