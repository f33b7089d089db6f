"""Runs of many services are shown in slices: without the services and use cases that have no part in them."""

from __future__ import annotations

import pytest
from corpus_cases import CORPUS, SPECIFICATION, names
from helpers import parsed
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.errors import UnsatisfiedAssumption
from strategies import specifications

from bac.model.errors import LimitReached
from bac.model.specification.reader import Specification, load
from bac.model.trace_file import from_json
from bac.proofs.check import check
from bac.proofs.engine import Limits, NotApplicable
from bac.proofs.precedence import verdicts
from bac.proofs.replay import objection
from bac.proofs.results import PlanResult
from bac.reports.trace_files import trace_files

LENIENT = settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))


def in_slices(monkeypatch: pytest.MonkeyPatch, specification: Specification, plan: str) -> PlanResult:
    """Let each run be shown in a slice, however few services there are."""
    monkeypatch.setattr(verdicts, "MANY_SERVICES", 0)
    return check(specification.architecture, specification.plan(plan), engine="precedence")


def lengths(result: PlanResult) -> object:
    return {
        which: (each.verdict, each.scope, {(a.kind, a.subject, a.cause, *a.lengths.items()) for a in each.anomalies})
        for which, each in result.properties.items()
    }


def compare(specification: Specification, plan: str, sliced: PlanResult) -> None:
    """The slices show runs that replay, and the lengths are those of the whole."""
    whole = check(specification.architecture, specification.plan(plan), engine="explicit", limits=Limits(states=30_000))
    if whole.limit is None:
        assert lengths(sliced) == lengths(whole)
    for anomaly in (found for each in sliced.properties.values() for found in each.anomalies):
        for timing, run in anomaly.traces.runs.items():
            assert len(anomaly.traces[timing].actions) + run.omitted_actions == run.in_all
    assert all(objection(from_json(trace.to_json())) is None for trace in trace_files([sliced]).values())


@pytest.mark.parametrize("name", names())
def test_the_corpus_is_shown_in_slices_as_it_is_whole(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    specification = load(CORPUS / f"{name}{SPECIFICATION}")
    for plan in specification.plans:
        try:
            compare(specification, plan.name, in_slices(monkeypatch, specification, plan.name))
        except (NotApplicable, LimitReached):
            continue


@LENIENT
@given(specifications(plans_too=True), st.data())
def test_slices_show_what_the_whole_does(document: dict[str, object], data: st.DataObject) -> None:
    specification = parsed(document)
    plan = data.draw(st.sampled_from(specification.plans))
    with pytest.MonkeyPatch.context() as patch:
        try:
            sliced = in_slices(patch, specification, plan.name)
        except NotApplicable:
            raise UnsatisfiedAssumption from None
        compare(specification, plan.name, sliced)


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


@pytest.mark.parametrize("name", OUTSIDE)
def test_services_that_are_left_out_are_not_forgotten(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    content, plan = OUTSIDE[name]
    specification = parsed(f"{FOUR}{content}plans: {{p: {plan}}}")
    compare(specification, "p", in_slices(monkeypatch, specification, "p"))


def test_a_channel_is_restored_with_all_who_recorded_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of the three that have no part in it one crashes with A, or all of them do."""
    specification = parsed("""
services: {A: {owns: [a]}, B: {owns: [b]}, C: {}, D: {}, E: {}}
use_cases: {one: [create: a, {link: a, to: b, via: event}], two: [create: b]}
plans:
  p:
    groups: [{mode: markers, services: [A, C, D, E]}, {mode: continuous, services: [B]}]
    recovery: {restore: crashed}
    disaster: {scope: any}
""")
    compare(specification, "p", in_slices(monkeypatch, specification, "p"))
