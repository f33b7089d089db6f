"""Dividing an architecture into parts: the verdicts, causes and lengths are those of the whole."""

from __future__ import annotations

import os

import pytest
from corpus_cases import CORPUS, SPECIFICATION, names
from helpers import parsed
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from strategies import specifications

from bac.model.architecture import Architecture
from bac.model.plan import Plan, Rollback, Scope, Timing
from bac.model.semantics import system
from bac.model.specification import load
from bac.proofs import inquiry, parts
from bac.proofs.check import check
from bac.proofs.leaving_out import Division, same_transitions
from bac.proofs.questions import Limits
from bac.proofs.verdict import PlanResult, Verdict
from bac.properties.qualities import Property

EXAMPLES = int(os.environ.get("PARTS_EXAMPLES", "60"))
LENIENT = settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))


def divided(monkeypatch: pytest.MonkeyPatch, architecture: Architecture, plan: Plan, many: int) -> PlanResult:
    """The result with every part by itself, however small the architecture is."""
    with monkeypatch.context() as patch:
        patch.setattr(inquiry.Inquiry, "few", False)
        patch.setattr(parts, "largest", lambda cones: {cone: cone for cone in cones})
        patch.setattr(parts, "MANY_SERVICES", many)
        return check(architecture, plan)


def undivided(architecture: Architecture, plan: Plan) -> PlanResult:
    return check(architecture, plan, limits=Limits(states=50_000), reductions=())


def compare(whole: PlanResult, apart: PlanResult, exact: bool) -> None:
    """Nothing is decided otherwise, and everything but backups is decided."""
    for which, result in whole.properties.items():
        other = apart.properties[which]
        if which is Property.BACKUP and other.verdict is Verdict.UNKNOWN:
            continue
        assert (other.verdict, other.vacuous) == (result.verdict, result.vacuous), which
        if result.trace is not None and exact:
            assert other.trace is not None
            assert len(other.trace.actions) + other.elsewhere == len(result.trace.actions), which
        for mine, theirs in ((result.anomalies, other.anomalies), (result.tolerated, other.tolerated)):
            assert {(a.kind, a.subject): a.cause for a in mine} == {(a.kind, a.subject): a.cause for a in theirs}
            if exact:
                lengths = {(a.kind, a.subject): a.lengths for a in mine}
                assert lengths == {(a.kind, a.subject): in_the_whole(a.traces.runs) for a in theirs}


def in_the_whole(runs: dict[Timing, object]) -> dict[Timing, int]:
    return {timing: len(run) + run.elsewhere for timing, run in runs.items()}  # type: ignore[arg-type, attr-defined]


@pytest.mark.parametrize("name", names())
@pytest.mark.parametrize("many", [16, 0], ids=["all services", "its services"])
def test_the_corpus_is_decided_part_by_part_as_it_is_whole(
    name: str, many: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    specification = load(CORPUS / f"{name}{SPECIFICATION}")
    for plan in specification.plans:
        whole = undivided(specification.architecture, plan)
        if whole.limit is None:
            exact = many > 0 or (plan.disaster.scope is Scope.WHOLE and plan.recovery.rollback is Rollback.NONE)
            compare(whole, divided(monkeypatch, specification.architecture, plan, many), exact)


@LENIENT
@given(specifications(plans_too=True), st.data())
def test_parts_with_all_services_decide_the_whole(document: dict[str, object], data: st.DataObject) -> None:
    specification = parsed(document)
    plan = data.draw(st.sampled_from(specification.plans))
    whole = undivided(specification.architecture, plan)
    if whole.limit is None:
        with pytest.MonkeyPatch.context() as patch:
            compare(whole, divided(patch, specification.architecture, plan, 16), exact=True)


@LENIENT
@given(specifications(plans_too=True), st.data())
def test_parts_without_other_services_decide_the_whole(document: dict[str, object], data: st.DataObject) -> None:
    specification = parsed(document)
    plan = data.draw(st.sampled_from(specification.plans))
    whole = undivided(specification.architecture, plan)
    if whole.limit is None:
        exact = plan.disaster.scope is Scope.WHOLE and plan.recovery.rollback is Rollback.NONE
        with pytest.MonkeyPatch.context() as patch:
            compare(whole, divided(patch, specification.architecture, plan, 0), exact)


@LENIENT
@given(specifications(plans_too=True), st.data())
def test_what_is_left_of_the_whole_is_the_system_of_the_part(document: dict[str, object], data: st.DataObject) -> None:
    """The premises of the lemma hold of every cone, and leaving out the rest gives the part's own system."""
    specification = parsed(document)
    plan = data.draw(st.sampled_from(specification.plans))
    whole = system(specification.architecture, plan)
    for part in parts.parts(specification.architecture, plan):
        names = {case.name for case in part.architecture.use_cases}
        division = Division(whole, lambda event, names=names: event.use_case in names, True)  # type: ignore[misc]
        assert division.separates()
        assert same_transitions(division.restricted(True), part.system(1))
