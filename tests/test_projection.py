"""Leaving out use cases: applied where it is sound, refused where it is not, and right where it is applied."""

from __future__ import annotations

from dataclasses import replace

import pytest
from helpers import REFERENCE, parsed
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from strategies import specifications

from bac.model.architecture import Architecture
from bac.model.plan import INDEPENDENT, Disaster, Group, Mode, Plan, Scope
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
from bac.proofs.check import check
from bac.proofs.engine import Limits
from bac.proofs.reductions.backup_progress import guards_are_stable
from bac.proofs.reductions.projection import same_transitions
from bac.proofs.results import Verdict
from bac.proofs.theorem.graphs import projection
from bac.proofs.theorem.graphs.graph import Graph, architecture
from bac.proofs.theorem.graphs.projection import Projection, by_use_case, independent_use_cases
from bac.properties.anomalies import AnomalyKind
from bac.properties.qualities import Property

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
    "something common logs": (step(U), snapshot(add=facts(logged(U)), copy=())),
}


def without_mixed(actions: tuple[Action, ...]) -> System:
    return System(tuple(fact for fact in FACTS if fact != pending(U, V)), actions)


@pytest.mark.parametrize("name", SOUND)
def test_it_applies(name: str) -> None:
    assert independent_use_cases(without_mixed(SOUND[name]))


@pytest.mark.parametrize("name", UNSOUND)
def test_it_is_refused(name: str) -> None:
    assert not independent_use_cases(without_mixed(UNSOUND[name]))


def test_a_fact_of_two_use_cases_is_refused() -> None:
    assert not independent_use_cases(System(FACTS, SOUND["nothing special"]))


def test_guards_that_the_backup_changes_are_not_stable() -> None:
    assert guards_are_stable(without_mixed((step(U), snapshot())))
    waits = snapshot(clauses=(Clause(facts(backed(U)), facts(logged(U))),))
    assert not guards_are_stable(without_mixed((step(U), waits)))
    assert not guards_are_stable(without_mixed((step(U, add=facts(DENIED)), snapshot(forbid=facts(RECOVERED, DENIED)))))


def test_the_rest_of_a_system_is_the_system_of_the_rest() -> None:
    whole = architecture(Graph(3, 0b111111))
    for plan in (INDEPENDENT, Plan("locked", (Group(Mode.LOCKED, ("A", "B", "C")),), disaster=Disaster(Scope.ANY))):
        for part in projection.alone(whole):
            name = part.use_cases[0].name
            assert same_transitions(by_use_case(system(whole, plan)).restricted(name), system(part, plan))
            other = replace(plan, order=("A", "B")) if plan is INDEPENDENT else replace(plan, groups=())
            assert not same_transitions(by_use_case(system(whole, plan)).restricted(name), system(part, other))


DEPENDENT = """
services: {A: {owns: [a]}, B: {owns: [b]}}
use_cases:
  one: [create: a]
  two: [{create: b, refers_to: [a]}]
"""


def test_use_cases_that_need_each_other_are_not_taken_apart() -> None:
    specification = parsed(DEPENDENT)
    assert not independent_use_cases(system(specification.architecture, INDEPENDENT))
    taken_apart = Projection(specification.architecture, INDEPENDENT)
    for finding in (taken_apart.backup(), taken_apart.availability(), taken_apart.consistency()):
        assert finding == projection.NOT_INDEPENDENT


TWO_LOCKS = """
services: {A: {owns: [a, c, e]}, B: {owns: [b, d, f]}}
use_cases:
  there and back: [create: a, create: b, create: c]
  back and forth: [create: d, create: e, create: f]
plans: {two: {groups: [{mode: locked, services: [A]}, {mode: locked, services: [B]}]}}
"""


def test_a_backup_that_may_be_stuck_is_not_called_possible() -> None:
    specification = parsed(TWO_LOCKS)
    plan = specification.plan("two")
    finding = Projection(specification.architecture, plan).backup()
    whole = check(specification.architecture, plan, 1, [Property.BACKUP])
    assert whole.verdict is Verdict.VIOLATED
    assert finding.verdict is Verdict.UNKNOWN
    assert "stand in the way" in str(finding.reason)


def test_a_service_that_is_never_backed_up_is_not_called_backed_up() -> None:
    specification = parsed(REFERENCE)
    taken_apart = Projection(specification.architecture, Plan("none", (Group(Mode.NONE, ("A",)),)))
    assert taken_apart.backup().verdict is Verdict.UNKNOWN
    assert taken_apart.consistency().verdict is Verdict.UNKNOWN  # nothing ever recovers


def test_what_is_left_of_another_system_decides_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = architecture(Graph(2, 0b01))
    shared = Plan("shared", (Group(Mode.SHARED_DATABASE, ("A", "B")),))
    assert Projection(whole, shared).consistency().verdict is Verdict.HOLDS
    for premise in (
        "independent_use_cases",
        "one_index_suffices",
        "same_transitions",
        "anomalies_are_separate",
    ):
        with monkeypatch.context() as patch:
            patch.setattr(projection, premise, lambda *_: False)
            assert Projection(whole, shared).consistency().verdict is Verdict.UNKNOWN, premise


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(specifications(plans_too=True), st.data())
def test_where_it_says_something_it_agrees_with_the_whole(document: dict[str, object], data: st.DataObject) -> None:
    specification = parsed(document)
    plan = data.draw(st.sampled_from(specification.plans))
    whole = check(specification.architecture, plan, limits=Limits(states=20_000))
    if whole.limit is None:
        compare(specification.architecture, plan, {k: r.verdict for k, r in whole.properties.items()})


def compare(whole: Architecture, plan: Plan, verdicts: dict[Property, Verdict]) -> None:
    taken_apart = Projection(whole, plan)
    for which, finding in (
        (Property.BACKUP, taken_apart.backup()),
        (Property.AVAILABILITY, taken_apart.availability()),
        (Property.CONSISTENCY, taken_apart.consistency(tuple(AnomalyKind))),
    ):
        assert finding.verdict in (verdicts[which], Verdict.UNKNOWN)
