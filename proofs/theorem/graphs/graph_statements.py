"""What the article says of every reference graph, as statements that are decided on one graph.

* **independent**: under independent backups, backup and availability hold, and consistency fails iff there is a
  reference.  (Decided for a disaster that hits everything, the weakest adversary: its runs are runs of any other.)
* **order**: if the graph is acyclic, some order of the backups (referrer first) can always be completed and leaves no
  broken link; if it is cyclic, every order has a run to a broken link.  Total orders suffice, because a plan that
  orders only some services allows every run that a total order extending it allows.  (For a disaster that hits
  everything: where only some services are restored, no order helps.)
* **locked**: a locked group around every weakly connected component has backup and consistency, and in every component
  with a reference a command can be denied.  (For a disaster that hits everything at any time, and for one that hits any
  services at rest.  One that hits another component while a use case of this one is in flight leaves it half done,
  because its client is gone too; no backup is to blame for that.)
* **shared-database**: a shared database around every component has all three.  (For any services that crash, at any
  time.)

What an engine decides is which statements are true; graph algorithms only say which are expected.  Source:
docs/theorem.md, "For every small graph".
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import permutations
from typing import Any

from bac.model.architecture import Architecture
from bac.model.plan import INDEPENDENT, Disaster, Group, Mode, Plan, Scope, Timing
from bac.model.system import Label
from bac.model.trace import Trace
from bac.proofs.results import Verdict
from bac.proofs.theorem.graphs.graph import Graph, architecture
from bac.proofs.theorem.graphs.projection import Finding, Projection
from bac.properties.anomalies import AnomalyKind

EVERYTHING = Disaster(Scope.WHOLE)
ANYTHING = Disaster(Scope.ANY)
ANYTHING_AT_REST = Disaster(Scope.ANY, Timing.AT_REST)
INDEPENDENT_BACKUPS, ORDER, LOCKED, SHARED = "independent", "order", "locked", "shared-database"


@dataclass(frozen=True, slots=True)
class GraphException:
    """A statement that is not confirmed on a graph: ``found`` says what was found instead."""

    graph: Graph
    statement: str
    found: str

    def to_json(self) -> dict[str, Any]:
        """The exception as reports show it."""
        return {
            "services": self.graph.services,
            "graph": self.graph.number,
            "references": str(self.graph).partition(": ")[2],
            "statement": self.statement,
            "found": self.found,
        }


@dataclass(frozen=True, slots=True)
class GraphResult:
    """What was found on one graph: the statements that are not confirmed, and by statement what shows the others.

    Witnesses are plain JSON: an order of services, or runs as lists of words.
    """

    graph: Graph
    exceptions: tuple[GraphException, ...]
    witnesses: dict[str, Any]


def confirm_statements(graph: Graph) -> GraphResult:
    """Decide every statement on one graph.

    Raises:
        Disagreement: the interpreter does not confirm what an engine found.
    """
    return Statements(graph).result()


class Statements:
    """The statements on one graph, and what was found so far."""

    def __init__(self, graph: Graph) -> None:
        """Take note of the graph; nothing is decided yet."""
        self.graph = graph
        self.architecture: Architecture = architecture(graph)
        self.exceptions: list[GraphException] = []
        self.witnesses: dict[str, Any] = {}

    def result(self) -> GraphResult:
        """Everything."""
        self.independent()
        self.order()
        self.locked()
        self.shared()
        return GraphResult(self.graph, tuple(self.exceptions), self.witnesses)

    # The statements

    def independent(self) -> None:
        """Consistency fails iff there is a reference."""
        projection = Projection(self.architecture, INDEPENDENT)
        self.expect(INDEPENDENT_BACKUPS, "backup", projection.backup(), Verdict.HOLDS)
        self.expect(INDEPENDENT_BACKUPS, "availability", projection.availability(), Verdict.HOLDS)
        expected = Verdict.VIOLATED if self.graph.edges else Verdict.HOLDS
        found = self.expect(INDEPENDENT_BACKUPS, "consistency", projection.consistency(), expected)
        self.witnesses[INDEPENDENT_BACKUPS] = shown(found.trace)

    def order(self) -> None:
        """Some order avoids broken links iff the graph is acyclic."""
        good = self.graph.referrers_first
        if good is not None:
            projection = Projection(self.architecture, ordered(good))
            self.expect(ORDER, f"backup in the order {' '.join(good)}", projection.backup(), Verdict.HOLDS)
            self.expect(ORDER, f"no broken link in the order {' '.join(good)}", unbroken(projection), Verdict.HOLDS)
            self.witnesses[ORDER] = list(good)
            return
        broken: dict[str, str | None] = {}
        for order in permutations(self.graph.names):
            name = " ".join(order)
            finding = unbroken(Projection(self.architecture, ordered(order)))
            self.expect(ORDER, f"no broken link in the order {name}", finding, Verdict.VIOLATED)
            broken[name] = finding.trace.claim.subject if finding.trace else None
        self.witnesses[ORDER] = broken

    def locked(self) -> None:
        """Locks restore consistency and cost availability."""
        projection = Projection(self.architecture, grouped(self.graph, Mode.LOCKED, EVERYTHING))
        partial = Projection(self.architecture, grouped(self.graph, Mode.LOCKED, ANYTHING_AT_REST))
        self.expect(LOCKED, "backup", projection.backup(), Verdict.HOLDS)
        self.expect(LOCKED, "consistency", projection.consistency(), Verdict.HOLDS)
        self.expect(LOCKED, "consistency if some services crash", partial.consistency(), Verdict.HOLDS)
        denied = {}
        for component in self.graph.components:
            refers = len(component) > 1
            expected = Verdict.VIOLATED if refers else Verdict.HOLDS
            finding = projection.availability(component)
            self.expect(LOCKED, f"availability of {' '.join(component)}", finding, expected)
            denied[" ".join(component)] = shown(finding.trace)
        self.witnesses[LOCKED] = denied

    def shared(self) -> None:
        """Shared databases restore everything."""
        projection = Projection(self.architecture, grouped(self.graph, Mode.SHARED_DATABASE, ANYTHING))
        self.expect(SHARED, "backup", projection.backup(), Verdict.HOLDS)
        self.expect(SHARED, "availability", projection.availability(), Verdict.HOLDS)
        self.expect(SHARED, "consistency", projection.consistency(), Verdict.HOLDS)
        self.witnesses[SHARED] = [list(component) for component in self.graph.components]

    def expect(self, statement: str, what: str, finding: Finding, expected: Verdict) -> Finding:
        """Note an exception if the finding is not what the statement says."""
        if finding.verdict is not expected:
            reason = f" ({finding.reason})" if finding.reason else ""
            self.exceptions.append(GraphException(self.graph, statement, f"{what}: {finding.verdict}{reason}"))
        return finding


def unbroken(projection: Projection) -> Finding:
    """Whether there is no broken link, whatever else there is."""
    return projection.consistency((AnomalyKind.BROKEN_LINK,))


def ordered(services: tuple[str, ...]) -> Plan:
    """Each service is backed up by itself, in this order."""
    return Plan(f"order {' '.join(services)}", order=services)


def grouped(graph: Graph, mode: Mode, disaster: Disaster) -> Plan:
    """A group of this mode around every weakly connected component."""
    groups = tuple(Group(mode, component) for component in graph.components)
    return Plan(str(mode), groups, disaster=disaster)


def shown(trace: Trace | None) -> dict[str, Any] | None:
    """A run in words, with what it shows."""
    if trace is None:
        return None
    claim = trace.claim
    what = f"{claim.kind} {claim.subject}" if claim.kind else str(claim.property)
    return {"shows": what, "run": [words(label) for label in trace.actions]}


def words(label: Label) -> str:
    """An action in words."""
    about = [f"{event.use_case}.{event.step}" for event in label.events] or list(label.services)
    return " ".join([str(label.kind), ", ".join(about)]) + (" at rest" if label.at_rest else "")
