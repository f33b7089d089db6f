"""The one-index rule: applied where it is sound, refused where it is not."""

from __future__ import annotations

from dataclasses import replace

import pytest
from helpers import REFERENCE, parsed
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from strategies import specifications

from bac.model.semantics import system
from bac.model.system import (
    AT_REST,
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
    snapped,
)
from bac.proofs.check import check
from bac.proofs.engine import Limits
from bac.proofs.reductions.part_search import ALL_REDUCTIONS, Reduction
from bac.proofs.reductions.projection import one_index_suffices
from bac.proofs.results import PlanResult, Verdict
from bac.properties.qualities import Property

E1, E2 = Event("u", 1, 1), Event("u", 1, 2)
FACTS = (logged(E1), logged(E2), backed(E1), backed(E2), snapped("A"), DENIED, RECOVERED, AT_REST)


def step(event: Event, **changes: object) -> Action:
    action = Action(Label(ActionKind.STEP, (event,)), forbid=frozenset({RECOVERED}), add=frozenset({logged(event)}))
    return replace(action, **changes)  # type: ignore[arg-type]


def snapshot(**changes: object) -> Action:
    copies = ((logged(E1), backed(E1)), (logged(E2), backed(E2)))
    action = Action(
        Label(ActionKind.SNAPSHOT, services=("A",)),
        forbid=frozenset({RECOVERED}),
        add=frozenset({snapped("A")}),
        copy=copies,
    )
    return replace(action, **changes)  # type: ignore[arg-type]


def facts(*those: Fact) -> frozenset[Fact]:
    return frozenset(those)


SOUND = {
    "nothing special": (step(E1), snapshot()),
    "a step waits for a snapshot": (step(E1, require=facts(snapped("A"))), snapshot()),
    "a snapshot waits until an index is drained": (
        step(E1),
        snapshot(clauses=(Clause(facts(backed(E1)), facts(logged(E1))),)),
    ),
    "an index leaves a mark that only blocks": (
        step(E1, add=facts(DENIED), forbid=facts(RECOVERED, DENIED)),
        snapshot(forbid=facts(DENIED, RECOVERED)),
    ),
}
UNSOUND = {
    "a step needs another index": (step(E1, require=facts(logged(E2))), step(E2)),
    "a step is blocked by another index": (step(E1, forbid=facts(RECOVERED, logged(E2))), step(E2)),
    "a snapshot needs an index": (step(E1), snapshot(require=facts(logged(E1)))),
    "a snapshot needs some index": (step(E1), snapshot(clauses=(Clause(facts(logged(E1), logged(E2)), facts()),))),
    "a clause compares two indices": (
        step(E1),
        snapshot(clauses=(Clause(facts(logged(E1)), facts(logged(E2))),)),
    ),
    "a copy crosses indices": (step(E1), snapshot(copy=((logged(E1), backed(E2)),))),
    "a step needs a mark that an index leaves": (
        step(E1, add=facts(DENIED)),
        step(E2, require=facts(DENIED)),
    ),
    "an index takes away what belongs to none": (step(E1, delete=facts(snapped("A"))), snapshot()),
    "a mark blocks recovery": (
        step(E1, add=facts(DENIED)),
        Action(Label(ActionKind.REPLAY, (E2,)), require=facts(RECOVERED), forbid=facts(DENIED), add=facts(logged(E2))),
    ),
    "something of no index happens after recovery": (step(E1), snapshot(forbid=facts())),
    "something of no index logs for an index": (step(E1), snapshot(add=facts(logged(E1)), copy=())),
}


@pytest.mark.parametrize("name", SOUND)
def test_it_applies(name: str) -> None:
    assert one_index_suffices(System(FACTS, SOUND[name]))


@pytest.mark.parametrize("name", UNSOUND)
def test_it_is_refused(name: str) -> None:
    assert not one_index_suffices(System(FACTS, UNSOUND[name]))


def test_it_applies_to_every_plan_of_the_semantics() -> None:
    specification = parsed(REFERENCE)
    for plan in specification.plans:
        assert one_index_suffices(system(specification.architecture, plan, 2)), plan.name


def test_verdicts_say_for_how_many_instances_they_hold(monkeypatch: pytest.MonkeyPatch) -> None:
    specification = parsed(REFERENCE)
    arguments = specification.architecture, specification.plan("shared"), 2
    scopes = {which: each.scope for which, each in check(*arguments, engine="explicit").properties.items()}
    assert scopes.pop(Property.BACKUP) == "up to 2 instances"
    assert set(scopes.values()) == {"any number of instances"}
    monkeypatch.setattr("bac.proofs.reductions.part_search.one_index_suffices", lambda _: False)
    result = check(*arguments, engine="explicit")
    assert {each.scope for each in result.properties.values()} == {"up to 2 instances"}
    assert result.verdict is Verdict.HOLDS


# What the reductions are worth, and that they change nothing else

USED = {
    "none": frozenset[Reduction](),
    "one index": frozenset({Reduction.ONE_INDEX}),
    "symmetry": frozenset({Reduction.SYMMETRY}),
    "both": ALL_REDUCTIONS,
}


def told(result: PlanResult) -> object:
    return {
        which: (
            each.verdict,
            each.scope,
            each.vacuous,
            None if each.trace is None else len(each.trace.actions),
            {(a.kind, a.subject, a.tolerated, a.cause, *a.lengths.items()) for a in (*each.anomalies, *each.tolerated)},
        )
        for which, each in result.properties.items()
    }


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(specifications(plans_too=True), st.data())
def test_no_reduction_changes_a_verdict_a_scope_a_cause_or_a_length(
    document: dict[str, object], data: st.DataObject
) -> None:
    specification = parsed(document)
    plan = data.draw(st.sampled_from(specification.plans))
    limits = Limits(states=30_000)
    whole = check(specification.architecture, plan, 2, limits=limits, reductions=())
    assume(whole.limit is None)
    for name, used in USED.items():
        assert told(
            check(specification.architecture, plan, 2, engine="explicit", limits=limits, reductions=used)
        ) == told(whole), name


def test_reports_say_what_was_saved() -> None:
    specification = parsed(REFERENCE)
    plan = specification.plan("independent")
    (one,) = check(specification.architecture, plan, 50, engine="explicit").savings
    assert (one.reduction, one.instead_of) == (Reduction.ONE_INDEX, "at least 2^52")
    (same,) = check(specification.architecture, plan, 5, reductions=USED["symmetry"]).savings
    whole = check(specification.architecture, plan, 5, reductions=())
    assert whole.savings == ()
    assert (same.reduction, same.instead_of) == (Reduction.SYMMETRY, f"{whole.statistics.states:,}")
    assert same.searched < whole.statistics.states / 10


def test_any_number_is_not_claimed_where_the_rule_does_not_apply(monkeypatch: pytest.MonkeyPatch) -> None:
    """Then all indices are searched, even if the reduction is allowed."""
    monkeypatch.setattr("bac.proofs.reductions.part_search.one_index_suffices", lambda _: False)
    specification = parsed(REFERENCE)
    result = check(specification.architecture, specification.plan("independent"), 3, reductions=USED["one index"])
    assert not result.savings
    assert {each.scope for each in result.properties.values()} == {"up to 3 instances"}


CROSSING = """
services: {A: {owns: [a]}, B: {owns: [b]}}
use_cases:
  u: [{create: a}, {create: b}, {update: a}]
  v: [{update: b}, {update: a}, {update: b}]
plans: {two: {groups: [{mode: locked, services: [A]}, {mode: locked, services: [B]}]}}
"""


def test_backups_that_several_indices_can_block_are_searched_with_all_of_them() -> None:
    """No argument about single indices excludes a deadlock of two."""
    specification = parsed(CROSSING)
    arguments = specification.architecture, specification.plan("two"), 2, [Property.BACKUP]
    result, whole = check(*arguments, engine="explicit"), check(*arguments, reductions=())
    assert whole.verdict is Verdict.VIOLATED
    assert told(result) == told(whole)
