"""The check of what a sweep over reference graphs left in its file: nothing is believed, nothing is missing.

*Complete*: the graphs are pairwise not isomorphic (tried with every permutation of the services), and there are as many
of each size as is known (OEIS A000273).  *Negative statements*: every run is replayed by the interpreter in the
architecture of the whole graph, action for action, and must show what it is said to show.  For an order of the backups
that breaks a reference, the file only names the reference; a run is found for it, and replayed in the same way.
*Positive statements* are decided by going through every state of a system with a single reference, and of one with
none, by the interpreter.

One reference at a time is enough, because the use cases of different references share no entity, so no action of one
reads or writes a fact of another.  Leave all facts and actions of the other use cases out of a run: what is left is a
run of the system with this one alone, and if it ended in a settled state it still does.  Every anomaly is about one use
case, and so is the last action of a shortest run to a denied command.  For the backup: from each state before the
disaster the use cases can finish one after the other, and then the backup goes on as if there were none of them.  The
premises of this are checked, on the actions, by :mod:`bac.proofs.theorem.graphs.projection`; this check trusts them.

Up to the services' names there are only a few such systems (of each plan, and size of the components), and nothing
depends on names; so what is found for one is kept.  The file names no runs where an order breaks a reference, since
there may be 120 orders to a graph; as an order restrains nothing but what a snapshot requires, a run of independent
backups which takes them in that order is what is replayed.

Source: docs/theorem.md, "For every small graph" and "Certificates".
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import permutations
from typing import Any

from bac.model.errors import LimitReached
from bac.model.names import quoted
from bac.model.plan import INDEPENDENT, Disaster, Group, Mode, Plan, Scope, Timing
from bac.model.semantics import system
from bac.model.system import DENIED, INITIAL, ActionKind, Label, NotARun, State, System
from bac.proofs.certificates.evidence import NotACertificate, NotProved, demand, document, has_keys, insist, is_count
from bac.proofs.certificates.lone_reference import NAMES, Edge, Findings, References, around, findings, in_order
from bac.properties.anomalies import AnomalyKind, anomalies
from bac.properties.formula import satisfied

FORMAT, VERSION = "bac-graphs-progress", 1
HEADER = ("format", "version", "checker", "services")
TRUSTED = (
    "the reader of specifications, the semantics, the interpreter of facts and actions, the definitions of the "
    "properties, how many graphs there are (OEIS A000273), and that references which share no entity can be looked at "
    "one at a time (argued, and its premises checked, in bac.proofs.theorem.graphs.projection)"
)
"""What a confirmed sweep still rests on."""
KNOWN = {1: 1, 2: 3, 3: 16, 4: 218, 5: 9608}
"""How many reference graphs there are of each number of services, up to isomorphism."""
ANY, ANY_AT_REST = Disaster(Scope.ANY), Disaster(Scope.ANY, Timing.AT_REST)


def references_of(services: int, number: int) -> References:
    """The graph of this number: its bits stand for the possible references, in ascending order."""
    possible = [(a, b) for a in range(services) for b in range(services) if a != b]
    demand(number < 1 << len(possible), f"{number} is no graph of {services} services")
    return References(services, tuple(edge for place, edge in enumerate(possible) if number >> place & 1))


# The file


def confirm(lines: list[bytes]) -> str:
    """Check the lines of a file; what they prove, in one sentence.

    Args:
        lines: all lines, without their ends; what follows the last end (nothing, if the file is whole) is one, too.

    Raises:
        NotACertificate: it is malformed, or cut off in the middle of a line.
        NotProved: a graph is missing, or there twice, or a statement on one is not proved.
        LimitReached: it is about more services than can be checked.
    """
    services = size(document(lines[0]))
    demand(len(lines) > 1 and lines[-1] == b"", "the file is cut off in the middle of a line")
    seen: set[tuple[int, int]] = set()
    for number, line in enumerate(lines[1:-1], 2):
        try:
            graph, witnesses = result(document(line), services)
            name = graph.services, graph.canonical
            insist(name not in seen, "an isomorphic graph was there before")
            seen.add(name)
            Statements(graph).confirm(witnesses)
        except (NotACertificate, NotProved) as error:
            raise type(error)(f"line {number}: {error}") from None
    found = Counter(services for services, _ in seen)
    for each in range(1, services + 1):
        insist(found[each] == KNOWN[each], f"{found[each]} of the {KNOWN[each]} graphs of {each} services are there")
    return (
        f"on each of the {len(seen)} reference graphs of up to {services} services, independent backups are "
        "inconsistent if and only if there is a reference, an order of backups avoids broken links if and only if "
        "there is no cycle, locks around components restore consistency and cost availability, and shared databases "
        "restore all three"
    )


def size(header: Any) -> int:
    """The number of services that the first line speaks of."""
    demand(has_keys(header, *HEADER), f"the first line of a {FORMAT} has the keys {', '.join(HEADER)}")
    known = header["format"] == FORMAT and is_count(header["version"]) and header["version"] == VERSION
    demand(known, f"not a {FORMAT} of version {VERSION}")
    demand(isinstance(header["checker"], str), "the version of the checker is a text")
    demand(is_count(header["services"], 1), "services are counted from 1")
    services: int = header["services"]
    if services > len(NAMES):
        raise LimitReached(f"graphs of more than {len(NAMES)} services are not checked")
    return services


def result(line: Any, services: int) -> tuple[References, dict[str, Any]]:
    """The graph that a line is about, and what it says of it."""
    demand(has_keys(line, "services", "graph", "exceptions", "witnesses"), "not a result on a graph")
    demand(is_count(line["services"], 1) and is_count(line["graph"]), "not a graph")
    demand(line["services"] <= services, f"a graph of more than {services} services")
    demand(isinstance(line["exceptions"], list), "exceptions are a list")
    insist(not line["exceptions"], "there are exceptions to the statements")
    named = ("independent", "order", "locked", "shared-database")
    demand(has_keys(line["witnesses"], *named), f"there is one witness for each of {', '.join(named)}")
    return references_of(line["services"], line["graph"]), line["witnesses"]


# The statements


@dataclass(frozen=True)
class Statements:
    """The statements on one graph."""

    graph: References

    def confirm(self, witnesses: dict[str, Any]) -> None:
        """Check all of them.

        Raises:
            NotACertificate: a witness is malformed.
            NotProved: a witness does not show what it should, or a statement is false.
        """
        self.independent(witnesses["independent"])
        if isinstance(witnesses["order"], list):
            self.order(witnesses["order"])
        else:
            self.no_order(witnesses["order"])
        self.locked(witnesses["locked"])
        self.shared(witnesses["shared-database"])

    def independent(self, witness: Any) -> None:
        """Backup and availability hold, and consistency fails if and only if there is a reference."""
        for edge in {None, *self.graph.edges[:1]}:  # all references are alike
            found = findings(self.graph.services, edge and (0, 1), INDEPENDENT)
            insist(found.backup and found.available, "independent backups are not always possible, or deny commands")
        if not self.graph.edges:
            consistent = findings(self.graph.services, None, INDEPENDENT).consistent
            insist(witness is None and consistent, "without references nothing can be inconsistent")
            return
        state, _ = replayed(self.graph.independent, witness)
        insist(self.graph.independent.settled(state), "recovery is not over at the end of the run")
        shown = {
            f"{each.kind} {each.subject}"
            for each in anomalies(self.graph.architecture, 1)
            if not each.tolerated and satisfied(each.formula, state)
        }
        insist(witness["shows"] in shown, f"the run does not show: {quoted(witness['shows'])}")

    def order(self, witness: list[Any]) -> None:
        """An order with every referrer before what it refers to can be completed, and breaks no link."""
        demand(all(isinstance(name, str) for name in witness), "an order is a list of names")
        insist(sorted(witness) == list(self.graph.names), "the order does not have every service once")
        place = {NAMES.index(name): number for number, name in enumerate(witness)}
        for holder, target in self.graph.edges:
            insist(place[holder] < place[target], f"{NAMES[holder]} refers to {NAMES[target]}, and is not before it")
        for edge in {None, *((place[holder], place[target]) for holder, target in self.graph.edges)}:
            found = findings(self.graph.services, edge, in_order(self.graph.services))
            insist(found.backup, "the order cannot always be completed")
            insist(found.recovers and AnomalyKind.BROKEN_LINK not in found.anomalies, "the order breaks a link")

    def no_order(self, witness: Any) -> None:
        """Every order can break a link."""
        demand(isinstance(witness, dict), "for orders there is a list, or an object")
        orders = {" ".join(order): order for order in permutations(self.graph.names)}
        insist(set(witness) == set(orders), "not every order is there, or something else is")
        for name, reference in witness.items():
            demand(isinstance(reference, str), "a reference is a text")
            insist(reference in self.graph.by_name, f"{quoted(reference)} is no reference of the graph")
            self.breaks(orders[name], reference)

    def breaks(self, order: tuple[str, ...], reference: str) -> None:
        """With backups in this order, a run of the whole architecture breaks the reference."""
        holder, target = (order.index(NAMES[service]) for service in self.graph.by_name[reference])
        run = findings(self.graph.services, (holder, target), in_order(self.graph.services)).breaking
        insist(run is not None, f"backups in the order {' '.join(order)} do not break {reference}")
        assert run is not None
        renamed = [label_renamed(label, order, reference) for label in run]
        taken = [label.services[0] for label in renamed if label.kind is ActionKind.SNAPSHOT]
        try:
            state = self.graph.independent.run(renamed)[-1]
        except NotARun as error:
            raise NotProved(f"a run of one reference is none of all: {error}") from None
        broken = any(satisfied(formula, state) for formula in self.links[reference])
        insist(taken == list(order)[: len(taken)], "the backups of a run are not in order")
        insist(self.graph.independent.settled(state) and broken, f"{reference} is not broken")

    @cached_property
    def links(self) -> dict[str, list[Any]]:
        """By reference, the formula of a broken link."""
        table: dict[str, list[Any]] = {}
        for each in anomalies(self.graph.architecture, 1):
            if each.kind is AnomalyKind.BROKEN_LINK:
                table.setdefault(each.subject, []).append(each.formula)
        return table

    def locked(self, witness: Any) -> None:
        """Locks around components restore consistency, and deny a command in each that has a reference."""
        components = self.graph.components
        demand(isinstance(witness, dict), "for locks there is an object")
        insist(set(witness) == {" ".join(each) for each in components}, "the locked groups are not the components")
        for found in self.around_components(Mode.LOCKED, INDEPENDENT.disaster):
            insist(found.backup and found.consistent, "locks do not restore consistency")
        for found in self.around_components(Mode.LOCKED, ANY_AT_REST):
            insist(found.consistent, "locks do not restore consistency if some services crash")
        groups = tuple(Group(Mode.LOCKED, component) for component in components)
        whole = system(self.graph.architecture, Plan("locked", groups))
        for component in components:
            run = witness[" ".join(component)]
            if len(component) == 1:
                insist(run is None, f"in {component[0]} alone there is no command to deny")
                continue
            state, last = replayed(whole, run)
            insist(run["shows"] == "availability", f"the run shows availability, not {quoted(run['shows'])}")
            insist(DENIED in state and last.kind is ActionKind.DENY, "no command is denied at the end of the run")
            inside = all(NAMES[service] in component for service in self.graph.by_name[last.events[0].use_case])
            insist(inside, f"the denied command is not one of {' '.join(component)}")

    def shared(self, witness: Any) -> None:
        """Shared databases around components restore everything."""
        insist(witness == [list(each) for each in self.graph.components], "the databases are not the components")
        for found in self.around_components(Mode.SHARED_DATABASE, ANY):
            insist(found.backup and found.available and found.consistent, "shared databases do not restore everything")

    def around_components(self, mode: Mode, disaster: Disaster) -> list[Findings]:
        """What is found with groups around the components, of one reference in each of these, and of none at all."""
        sizes = [len(component) for component in self.graph.components]
        found = [findings(self.graph.services, None, around(tuple(sorted(sizes)), mode, disaster))]
        for one in {size for size in sizes if size > 1}:
            others = list(sizes)
            others.remove(one)
            plan = around((one, *sorted(others)), mode, disaster)
            edges = {self.within(edge) for edge in self.graph.edges if self.size_around(edge) == one}
            found += [findings(self.graph.services, edge, plan) for edge in edges]
        return found

    def size_around(self, edge: Edge) -> int:
        """The size of the component of a reference."""
        return next(len(component) for component in self.graph.components if NAMES[edge[0]] in component)

    def within(self, edge: Edge) -> Edge:
        """The places of a reference's ends in its component."""
        component = next(component for component in self.graph.components if NAMES[edge[0]] in component)
        return component.index(NAMES[edge[0]]), component.index(NAMES[edge[1]])


# Runs


def replayed(whole: System, witness: Any) -> tuple[State, Label]:
    """Where a run in words leads, and its last action.

    Raises:
        NotACertificate: it is no run in words.
        NotProved: the system does not allow it.
    """
    insist(witness is not None, "a run is missing")
    demand(has_keys(witness, "shows", "run") and isinstance(witness["shows"], str), "not a run")
    run = witness["run"]
    demand(isinstance(run, list) and run != [] and all(isinstance(word, str) for word in run), "not a run")
    state, last = INITIAL, None
    for number, word in enumerate(run, 1):
        possible = [action for action in whole.enabled(state) if in_words(action.label) == word]
        insist(len(possible) == 1, f"action {number} of the run is not possible there: {quoted(word)}")
        state, last = possible[0].apply(state), possible[0].label
    assert last is not None
    return state, last


def in_words(label: Label) -> str:
    """An action as these files name it."""
    events = ", ".join(f"{event.use_case}.{event.step}" for event in label.events)
    return f"{label.kind} {events or ', '.join(label.services)}" + (" at rest" if label.at_rest else "")


def label_renamed(label: Label, order: tuple[str, ...], reference: str) -> Label:
    """The label with the services renamed to those in the order, and the use case to the reference."""

    def renamed(services: Iterable[str]) -> tuple[str, ...]:
        return tuple(sorted(order[NAMES.index(service)] for service in services))

    events = tuple(replace(event, use_case=reference) for event in label.events)
    return replace(label, events=events, services=renamed(label.services), restored=renamed(label.restored))
