"""Leaving out use cases: applied where it is sound, refused where it is not, and right where it is applied."""

from __future__ import annotations

from dataclasses import replace

import pytest
from helpers import projected, same_transitions

from bac.model.modes import Mode
from bac.model.plan import INDEPENDENT, Disaster, Group, Plan, Scope
from bac.model.semantics import system
from bac.model.system import (
    DENIED,
    RECOVERED,
    Action,
    ActionKind,
    Clause,
    Event,
    Fact,
    Label,
    System,
    backed,
    logged,
    pending,
    snapped,
)
from bac.proofs.reductions.projection import Partition, guards_are_stable, use_case_of
from bac.proofs.theorem.graphs.graph import Graph, architecture

U, V = Event("u", 1, 1), Event("v", 1, 1)
FACTS = (logged(U), logged(V), backed(U), backed(V), pending(U, V), snapped("A"), DENIED, RECOVERED)


def facts(*those: Fact) -> frozenset[Fact]:
    return frozenset(those)


def step(event: Event, **changes: object) -> Action:
    action = Action(Label(ActionKind.STEP, (event,)), forbid=facts(RECOVERED), add=facts(logged(event)))
    return replace(action, **changes)  # type: ignore[arg-type]


def snapshot(**changes: object) -> Action:
    copies = ((logged(U), backed(U)), (logged(V), backed(V)))
    label = Label(ActionKind.SNAPSHOT, services=("A",))
    action = Action(label, forbid=facts(RECOVERED), add=facts(snapped("A")), copy=copies)
    return replace(action, **changes)  # type: ignore[arg-type]


SOUND = {
    "nothing special": (step(U), step(V), snapshot()),
    "a step waits for a snapshot": (step(U, require=facts(snapped("A"))), snapshot()),
    "a snapshot waits until a use case is drained": (
        step(U),
        snapshot(clauses=(Clause(facts(backed(U)), facts(logged(U))),)),
    ),
    "recovery goes on with a use case that began": (
        step(U),
        Action(Label(ActionKind.REPLAY, (V,)), require=facts(RECOVERED, backed(V)), add=facts(logged(V))),
    ),
    "a use case leaves a mark that only blocks": (step(U, add=facts(DENIED), forbid=facts(RECOVERED, DENIED)), step(V)),
}
UNSOUND = {
    "a step needs another use case": (step(U, require=facts(logged(V))), step(V)),
    "a step is blocked by another use case": (step(U, forbid=facts(RECOVERED, logged(V))), step(V)),
    "a step writes for another use case": (step(U, add=facts(logged(U), logged(V))),),
    "an action belongs to two": (step(U, label=Label(ActionKind.STEP, (U, V))),),
    "a snapshot needs a use case": (step(U), snapshot(require=facts(logged(U)))),
    "a snapshot needs some use case": (step(U), snapshot(clauses=(Clause(facts(logged(U)), facts()),))),
    "a clause compares two": (step(U), snapshot(clauses=(Clause(facts(logged(U)), facts(logged(V))),))),
    "a copy crosses": (step(U), snapshot(copy=((logged(U), backed(V)),))),
    "a step needs a mark": (step(U, add=facts(DENIED)), step(V, require=facts(DENIED))),
    "a use case takes away what is common": (step(U, delete=facts(snapped("A"))), snapshot()),
    "a mark blocks recovery": (
        step(U, add=facts(DENIED)),
        Action(Label(ActionKind.REPLAY, (V,)), require=facts(RECOVERED), forbid=facts(DENIED), add=facts(logged(V))),
    ),
    "something common happens after recovery": (step(U), snapshot(forbid=facts())),
    "recovery does something for a use case that never began": (
        step(U),
        Action(Label(ActionKind.REPLAY, (V,)), require=facts(RECOVERED), forbid=facts(logged(V)), add=facts(logged(V))),
    ),
    "something common logs": (step(U), snapshot(add=facts(logged(U)), copy=())),
}


def by_use_case(system: System) -> Partition:
    return Partition(system, use_case_of)


def without_mixed(actions: tuple[Action, ...]) -> System:
    return System(tuple(fact for fact in FACTS if fact != pending(U, V)), actions)


@pytest.mark.parametrize("name", SOUND)
def test_it_applies(name: str) -> None:
    assert by_use_case(without_mixed(SOUND[name])).allows_projection()


@pytest.mark.parametrize("name", UNSOUND)
def test_it_is_refused(name: str) -> None:
    assert not by_use_case(without_mixed(UNSOUND[name])).allows_projection()


def test_a_fact_of_two_use_cases_is_refused() -> None:
    assert not by_use_case(System(FACTS, SOUND["nothing special"])).allows_projection()


def test_guards_that_the_backup_changes_are_not_stable() -> None:
    assert guards_are_stable(without_mixed((step(U), snapshot())))
    waits = snapshot(clauses=(Clause(facts(backed(U)), facts(logged(U))),))
    assert not guards_are_stable(without_mixed((step(U), waits)))
    assert not guards_are_stable(without_mixed((step(U, add=facts(DENIED)), snapshot(forbid=facts(RECOVERED, DENIED)))))


def test_the_rest_of_a_system_is_the_system_of_the_rest() -> None:
    whole = architecture(Graph(3, 0b111111))
    for plan in (INDEPENDENT, Plan("locked", (Group(Mode.LOCKED, ("A", "B", "C")),), disaster=Disaster(Scope.ANY))):
        for case in whole.use_cases:
            name, part = case.name, replace(whole, use_cases=(case,))
            assert same_transitions(projected(by_use_case(system(whole, plan)), name), system(part, plan))
            other = replace(plan, order=("A", "B")) if plan is INDEPENDENT else replace(plan, groups=())
            assert not same_transitions(projected(by_use_case(system(whole, plan)), name), system(part, other))
