"""Dividing an architecture into parts: the verdicts, causes and lengths are those of the whole."""

from __future__ import annotations

import os

import pytest
from corpus_cases import CORPUS, SPECIFICATION, names
from helpers import parsed, projected, same_transitions
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from strategies import specifications

from bac.model.architecture import Architecture
from bac.model.plan import Plan, Scope
from bac.model.semantics import system
from bac.model.specification.reader import load
from bac.model.trace_file import from_json
from bac.proofs import check as checking
from bac.proofs.check import check
from bac.proofs.engine import Limits
from bac.proofs.reductions import decomposition as parts
from bac.proofs.reductions.projection import Partition
from bac.proofs.replay import objection
from bac.proofs.results import PlanResult, Verdict
from bac.properties.qualities import Property
from bac.reports.trace_files import trace_files

EXAMPLES = int(os.environ.get("PARTS_EXAMPLES", "30"))
LENIENT = settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))


def divided(monkeypatch: pytest.MonkeyPatch, architecture: Architecture, plan: Plan, many: int) -> PlanResult:
    """The result if the architecture is divided, however small it is."""
    with monkeypatch.context() as patch:
        patch.setattr(checking.PlanCheck, "few", False)
        patch.setattr(parts, "largest", lambda cones: {cone: cone for cone in cones})
        patch.setattr(parts, "MANY_SERVICES", many)
        return check(architecture, plan, engine="explicit")


def undivided(architecture: Architecture, plan: Plan) -> PlanResult:
    return check(architecture, plan, limits=Limits(states=50_000), reductions=())


def compare(whole: PlanResult, apart: PlanResult, exact: bool) -> None:
    """All verdicts agree (only backups may be unknown), and no run is shorter than the shortest of the whole."""
    for which, result in whole.properties.items():
        other = apart.properties[which]
        if which is Property.BACKUP and other.verdict is Verdict.UNKNOWN:
            continue
        assert (other.verdict, other.vacuous) == (result.verdict, result.vacuous), which
        if result.trace is not None:
            assert other.trace is not None
            assert as_long(len(other.trace.actions) + other.omitted_actions, len(result.trace.actions), exact), which
        for mine, theirs in ((result.anomalies, other.anomalies), (result.tolerated, other.tolerated)):
            assert {(a.kind, a.subject): a.cause for a in mine} == {(a.kind, a.subject): a.cause for a in theirs}
            lengths = {(a.kind, a.subject, timing): length for a in mine for timing, length in a.lengths.items()}
            told = {(a.kind, a.subject, timing): run.in_all for a in theirs for timing, run in a.traces.runs.items()}
            assert lengths.keys() == told.keys()
            assert all(as_long(told[key], length, exact) for key, length in lengths.items())


def as_long(told: int, shortest: int, exact: bool) -> bool:
    """Whether a length is right; a run that is not the shortest of the whole may still be longer."""
    return told == shortest if exact else told >= shortest


@pytest.mark.parametrize("name", names())
@pytest.mark.parametrize("many", [16, 0], ids=["all services", "its services"])
def test_the_corpus_is_decided_part_by_part_as_it_is_whole(
    name: str, many: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    specification = load(CORPUS / f"{name}{SPECIFICATION}")
    for plan in specification.plans:
        whole = undivided(specification.architecture, plan)
        if whole.limit is None:
            exact = many > 0 or plan.disaster.scope is Scope.WHOLE
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
        exact = plan.disaster.scope is Scope.WHOLE
        with pytest.MonkeyPatch.context() as patch:
            compare(whole, divided(patch, specification.architecture, plan, 0), exact)


REFERENCE = "references: [a -> b]\n"
SENT = "use_cases: {send: [create: a, {create: b, via: event}]}\n"
OUTSIDE = {
    "what is never backed up makes recovery impossible": (REFERENCE, "{groups: [{mode: none, services: [C]}]}"),
    "so it does if all are rolled back": (
        REFERENCE,
        "{groups: [{mode: none, services: [C]}], recovery: {rollback: oldest}, disaster: {scope: any}}",
    ),
    "and a crash set that needs it is none": (
        REFERENCE,
        "{groups: [{mode: none, services: [C]}], disaster: {scope: [[A, C], [D]]}}",
    ),
    "even if all of them do": (
        REFERENCE,
        "{groups: [{mode: none, services: [C]}, {mode: locked, services: [A, B]}], disaster: {scope: [[A, C]]}}",
    ),
    "or one of ours is not": (REFERENCE, "{groups: [{mode: none, services: [A]}], disaster: {scope: [[A, C]]}}"),
    "somebody else's snapshot is the first": (REFERENCE, "{recovery: {rollback: oldest, resume: true}}"),
    "or the only other one": ("use_cases: {one: [create: a]}\n", "{recovery: {rollback: oldest}}"),
    "but not if it has to wait": (REFERENCE, "{order: [A, B, C, D], recovery: {rollback: oldest}}"),
    "or comes with one of ours": (
        REFERENCE,
        "{groups: [{mode: atomic, services: [A, C]}, {mode: shared-database, services: [B, D]}],"
        " recovery: {rollback: oldest}}",
    ),
    "or is locked with ours, while another is not": (
        REFERENCE,
        "{groups: [{mode: locked, services: [A, B, C]}], recovery: {rollback: oldest}}",
    ),
    "somebody else crashes, and clients are gone": (
        REFERENCE,
        "{groups: [{mode: atomic, services: [A, B]}], disaster: {scope: any}}",
    ),
    "somebody else crashes, at no cost": (
        REFERENCE,
        "{groups: [{mode: continuous, services: [C]}, {mode: locked, services: [A, B, D]}], disaster: {scope: any}}",
    ),
    "nobody else can crash alone": (
        REFERENCE,
        "{groups: [{mode: atomic, services: [A, C]}, {mode: atomic, services: [B, D]}], disaster: {scope: any}}",
    ),
    "it has to wait for its turn": (REFERENCE, "{order: [A, C, D, B], disaster: {scope: any}}"),
    "a crash set that leaves us alone": (REFERENCE, "{disaster: {scope: [[C, D]]}}"),
    "a crash set with one of us in it": (REFERENCE, "{disaster: {scope: [[A, C], [A, B, D]]}}"),
    "a channel is restored with the whole group only": (
        SENT,
        "{groups: [{mode: markers, services: all}], recovery: {restore: crashed}, disaster: {scope: any}}",
    ),
    "and not with some of it": (
        SENT,
        "{groups: [{mode: markers, services: all}], recovery: {restore: crashed}, disaster: {scope: [[A, B, C]]}}",
    ),
    "but with the unit": (SENT, "{groups: [{mode: markers, services: all}], disaster: {scope: [[A, C]]}}"),
    "a group that is locked with us": (
        REFERENCE,
        "{groups: [{mode: locked, services: [A, C, D]}], disaster: {scope: any}}",
    ),
    "a lock of their own": (REFERENCE, "{groups: [{mode: locked, services: [C, D]}]}"),
    "and what it takes to unlock it": (
        REFERENCE,
        "{groups: [{mode: locked, services: [A, B, C, D]}], recovery: {restore: crashed}, disaster: {scope: any}}",
    ),
    "which they have to lock for themselves": (
        "use_cases: {one: [create: b, create: a, update: b]}\n",
        "{groups: [{mode: locked, services: [B, C]}], recovery: {restore: crashed}, disaster: {scope: [[A, C]]}}",
    ),
    "one of us who comes before them": (
        "use_cases: {one: [create: a, create: b]}\n",
        "{order: [A, C], recovery: {restore: crashed}, disaster: {scope: [[B, C]]}}",
    ),
    "one database with us": (REFERENCE, "{groups: [{mode: shared-database, services: [A, B, C]}]}"),
}
FOUR = "services: {A: {owns: [a]}, B: {owns: [b]}, C: {}, D: {}}\n"
INEXACT = {"it has to wait for its turn", "which they have to lock for themselves"}


@pytest.mark.parametrize("name", OUTSIDE)
def test_services_that_are_left_out_are_not_forgotten(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    content, plan = OUTSIDE[name]
    specification = parsed(f"{FOUR}{content}plans: {{p: {plan}}}")
    arguments = specification.architecture, specification.plan("p")
    apart = divided(monkeypatch, *arguments, many=0)
    assert apart.savings
    compare(undivided(*arguments), apart, exact=name not in INEXACT)
    assert all(objection(from_json(trace.to_json())) is None for trace in trace_files([apart]).values())


@pytest.mark.parametrize(("services", "limits"), [(17, Limits()), (8, Limits(states=10))], ids=["many", "a limit"])
def test_no_more_states_are_saved_than_there_are(services: int, limits: Limits) -> None:
    owned = ", ".join(f"s{number}: {{owns: [e{number}]}}" for number in range(services))
    cases = "use_cases: {one: [create: e0], two: [create: e1]}"
    specification = parsed(
        f"services: {{{owned}}}\n{cases}\nplans: {{p: {{groups: [{{mode: atomic, services: all}}]}}}}"
    )
    arguments = specification.architecture, specification.plan("p")
    (saving, *_) = check(*arguments, engine="explicit", limits=limits).savings
    words = saving.instead_of.removeprefix("at least ")
    least = 0 if words == "those of the whole" else 2 ** int(words[2:]) if words.startswith("2^") else int(words)
    assert least <= undivided(*arguments).statistics.states


def test_a_channel_is_restored_with_all_who_recorded_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of the three that are left out one crashes with A in the part; in the whole it is all of them."""
    specification = parsed("""
services: {A: {owns: [a]}, B: {owns: [b]}, C: {}, D: {}, E: {}}
use_cases: {one: [create: a, {link: a, to: b, via: event}], two: [create: b]}
plans:
  p:
    groups: [{mode: markers, services: [A, C, D, E]}, {mode: continuous, services: [B]}]
    recovery: {restore: crashed}
    disaster: {scope: any}
""")
    arguments = specification.architecture, specification.plan("p")
    compare(undivided(*arguments), divided(monkeypatch, *arguments, many=0), exact=True)


@LENIENT
@given(specifications(plans_too=True), st.data())
def test_what_is_left_of_the_whole_is_the_system_of_the_part(document: dict[str, object], data: st.DataObject) -> None:
    """The premises of the lemma hold for every cone, and its restriction of the system is the system of the part."""
    specification = parsed(document)
    plan = data.draw(st.sampled_from(specification.plans))
    whole = system(specification.architecture, plan)
    for part in parts.parts(specification.architecture, plan):
        names = {case.name for case in part.architecture.use_cases}
        division = Partition(whole, lambda event, names=names: event.use_case in names, True)  # type: ignore[misc]
        assert division.allows_projection()
        assert same_transitions(projected(division, True), part.system(1))
