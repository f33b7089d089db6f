"""Every small reference graph is there once; the statements about it are confirmed, part by part and as a whole."""

from __future__ import annotations

import random
from itertools import permutations

import pytest
from helpers import parsed

from bac.model.architecture import Verb
from bac.model.errors import Contradiction, LimitReached
from bac.model.modes import Mode
from bac.model.plan import INDEPENDENT, Plan
from bac.model.system import ActionKind
from bac.proofs.check import check
from bac.proofs.replay import objection
from bac.proofs.results import Verdict
from bac.proofs.theorem.graphs.graph import (
    ANYTHING,
    EVERYTHING,
    MOST_SERVICES,
    Graph,
    Relabellings,
    Statements,
    architecture,
    confirm_statements,
    graphs,
    graphs_up_to,
    grouped,
    ordered,
    possible_edges,
)
from bac.properties.qualities import Property

COUNTS = {1: 1, 2: 3, 3: 16, 4: 218, 5: 9608}  # OEIS A000273
ACYCLIC = {1: 1, 2: 2, 3: 6, 4: 31, 5: 302}  # OEIS A003087


def relabelled(graph: Graph, names: tuple[int, ...]) -> Graph:
    edges = {(names[a], names[b]) for a, b in graph.edges}
    return Graph(graph.services, sum(1 << k for k, edge in enumerate(possible_edges(graph.services)) if edge in edges))


def reaches(graph: Graph, both_ways: bool) -> set[tuple[int, int]]:
    """The pairs that a path of at least one edge connects."""
    pairs = set(graph.edges) | {(b, a) for a, b in graph.edges if both_ways}
    while more := {(a, d) for a, b in pairs for c, d in pairs if b == c} - pairs:
        pairs |= more
    return pairs


# The graphs


@pytest.mark.parametrize("services", COUNTS)
def test_there_is_one_graph_of_each_isomorphism_class(services: int) -> None:
    found = list(graphs(services))
    assert len(found) == len(set(found)) == COUNTS[services]
    assert found == sorted(found)
    assert sum(graph.referrers_first is not None for graph in found) == ACYCLIC[services]


@pytest.mark.parametrize("services", [1, 2, 3, 4])
def test_the_classes_are_disjoint_and_cover_every_labelled_graph(services: int) -> None:
    classes = {
        graph: {relabelled(graph, names) for names in permutations(range(services))} for graph in graphs(services)
    }
    assert sum(map(len, classes.values())) == 2 ** len(possible_edges(services))
    assert len(set().union(*classes.values())) == 2 ** len(possible_edges(services))
    for graph, members in classes.items():
        assert graph == min(members)


def test_renaming_services_changes_nothing_about_the_canonical_graph() -> None:
    chance = random.Random(5)
    for graph in chance.sample(list(graphs(5)), 50):
        names = chance.sample(range(5), 5)
        assert min(Relabellings(5).images(relabelled(graph, tuple(names)).number)) == graph.number


def test_graphs_up_to_a_size_are_those_of_every_size() -> None:
    assert [len(graphs_up_to(services)) for services in (1, 2, 3, 4, 5)] == [1, 4, 20, 238, 9846]


def test_no_other_sizes() -> None:
    with pytest.raises(LimitReached):
        next(graphs(MOST_SERVICES + 1))
    with pytest.raises(ValueError, match="at least one"):
        graphs_up_to(0)


@pytest.mark.parametrize("graph", graphs_up_to(4), ids=str)
def test_components_and_orders_are_those_of_the_paths(graph: Graph) -> None:
    ways = reaches(graph, both_ways=True)
    for a in range(graph.services):
        own = next(component for component in graph.components if graph.names[a] in component)
        assert own == tuple(graph.names[b] for b in range(graph.services) if a == b or (a, b) in ways)
    cyclic = any(a == b for a, b in reaches(graph, both_ways=False))
    order = graph.referrers_first
    assert (order is None) == cyclic
    if order is not None:
        assert sorted(order) == list(graph.names)
        assert all(order.index(graph.names[a]) < order.index(graph.names[b]) for a, b in graph.edges)


def test_an_architecture_has_the_canonical_use_case_for_each_edge() -> None:
    built = architecture(Graph(3, 0b000101))  # A -> B and B -> A
    text = "{name: reference graph, services: {A: {owns: [a]}, B: {owns: [b]}, C: {owns: [c]}},"
    assert built == parsed(text + " references: [a -> b, b -> a]}").architecture
    assert [[(step.verb, step.service) for step in case.steps] for case in built.use_cases] == [
        [(Verb.CREATE, "B"), (Verb.CREATE, "A")],
        [(Verb.CREATE, "A"), (Verb.CREATE, "B")],
    ]
    assert all(len(architecture(graph).use_cases) == len(graph.edges) for graph in graphs(4))


# The statements


def plans_of(graph: Graph) -> list[Plan]:
    return [
        INDEPENDENT,
        *map(ordered, permutations(graph.names)),
        grouped(graph, Mode.LOCKED, EVERYTHING),
        grouped(graph, Mode.LOCKED, ANYTHING),
        grouped(graph, Mode.SHARED_DATABASE, ANYTHING),
        grouped(graph, Mode.ATOMIC, EVERYTHING),
    ]


@pytest.mark.parametrize("graph", [graph for graph in graphs_up_to(3) if len(graph.edges) < 6], ids=str)
def test_dividing_by_use_case_gives_the_verdicts_of_the_whole(graph: Graph) -> None:
    for plan in plans_of(graph) if len(graph.edges) < 4 else (INDEPENDENT, ordered(graph.names)):
        whole = check(architecture(graph), plan, reductions=())
        divided = check(architecture(graph), plan)
        assert whole.limit is None
        for which, result in whole.properties.items():
            assert divided.properties[which].verdict is result.verdict
            assert {each.kind for each in divided.properties[which].anomalies} == {
                each.kind for each in result.anomalies
            }


@pytest.mark.parametrize("graph", graphs_up_to(3), ids=str)
def test_every_statement_is_confirmed_on_every_graph(graph: Graph) -> None:
    assert confirm_statements(graph).exceptions == ()


@pytest.mark.parametrize("graph", [*graphs(2), *graphs(3)], ids=str)
def test_the_orders_without_a_broken_link_are_those_with_every_referrer_first(graph: Graph) -> None:
    for order in permutations(graph.names):
        first = all(order.index(graph.names[a]) < order.index(graph.names[b]) for a, b in graph.edges)
        assert (Statements(graph).broken_link(ordered(order)) is None) == first
        tried = Statements(graph)
        tried.avoids_broken_links(ordered(order))
        assert (tried.exceptions == []) == first


def test_a_violation_is_a_run_of_the_whole_graph() -> None:
    statements = Statements(Graph(2, 0b11))
    broken = statements.broken_link(ordered(("A", "B")))
    assert broken is not None
    assert (broken.claim.kind, broken.claim.subject) == ("broken-link", "b -> a")
    assert broken.architecture == statements.architecture
    assert objection(broken) is None
    denied = statements.violation(
        grouped(statements.graph, Mode.LOCKED, EVERYTHING), statements.architecture.use_cases, Property.AVAILABILITY
    )
    assert denied is not None
    assert [label.kind for label in denied.actions] == [ActionKind.LOCK, ActionKind.DENY]


def test_a_run_that_the_whole_graph_does_not_have_is_a_disagreement() -> None:
    statements = Statements(Graph(2, 0b11))
    broken = statements.broken_link(ordered(("A", "B")))
    assert broken is not None
    with pytest.raises(Contradiction, match="one use case"):
        statements.in_whole(ordered(("B", "A")), broken)


def test_a_disaster_in_another_component_stops_no_client_of_a_locked_one() -> None:
    """Neither caller nor callee crashed, and so the interaction is finished."""
    graph = Graph(3, 0b000001)  # A -> B, and C alone
    found = check(architecture(graph), grouped(graph, Mode.LOCKED, ANYTHING)).properties[Property.CONSISTENCY]
    assert found.verdict is Verdict.HOLDS
    assert not found.vacuous


@pytest.mark.parametrize(
    ("statement", "wrong"),
    [
        ("independent", {"edges": ()}),
        ("order", {"referrers_first": ("B", "A")}),
        ("order", {"referrers_first": None}),
        ("locked", {"components": (("A",), ("B",))}),
        ("shared-database", {"components": (("A",), ("B",))}),
    ],
)
def test_a_wrong_expectation_is_an_exception(
    statement: str, wrong: dict[str, object], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The engine decides, not the graph: each statement's false twin is refuted."""
    statements = Statements(Graph(2, 0b01))
    for name, value in wrong.items():
        monkeypatch.setattr(Graph, name, property(lambda _, value=value: value))
    for decide in (statements.independent, statements.order, statements.locked, statements.shared):
        decide()
    assert statement in {exception.statement for exception in statements.exceptions}
    assert all(exception.to_json()["found"] for exception in statements.exceptions)
