"""Earlier instances before a trace: they fit wherever they can be completed, and change nothing of what it shows."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

import pytest
from corpus_cases import CORPUS
from helpers import parsed
from hypothesis import given, settings
from strategies import Document, specifications

from bac.figures.events.focus import focus
from bac.figures.events.history import NoHistory, repeated, with_history
from bac.model.plan import Timing
from bac.model.specification.reader import Specification, load
from bac.model.system import ActionKind, Event, Label, logged
from bac.model.trace import Claim, Trace
from bac.proofs.check import check, find
from bac.proofs.engine import Limits
from bac.proofs.explicit.coverage import coverage
from bac.proofs.replay import objection
from bac.reports.trace_files import trace_files

EXAMPLES = Path(__file__).resolve().parent.parent / "examples"
LARGE = ("ftgo.bac.yaml", "lakeside-mutual.bac.yaml")
FILES = [
    pytest.param(file, marks=[pytest.mark.slow] * (file.name in LARGE))
    for file in sorted([*CORPUS.glob("*.bac.yaml"), *EXAMPLES.rglob("*.bac.yaml")])
]


def counterexamples(specification: Specification) -> list[Trace]:
    """Every trace that is found on the plans of a specification."""
    limits = Limits(states=20_000)
    return [
        trace
        for plan in specification.plans
        for trace in trace_files([check(specification.architecture, plan, limits=limits)]).values()
    ]


def shows_the_same_after_two_more(trace: Trace) -> None:
    """Two earlier instances fit, show up if anything happens in the trace, and leave its claim true."""
    longer = with_history(trace, 2)
    assert objection(longer) is None
    happens = any(label.kind in (ActionKind.STEP, ActionKind.DENY) for label in trace.actions)
    assert (longer.history > 0) is happens
    assert all(label.kind is ActionKind.STEP for label in longer.actions[: longer.history])
    assert not incomplete(longer)


def incomplete(trace: Trace) -> set[tuple[str, int]]:
    """The use cases, with their index, of which the history has some steps and lacks others."""
    state = trace.states[trace.history]
    return {
        (case.name, index)
        for case in trace.architecture.use_cases
        for index in range(1, trace.instances + 1)
        if len({logged(Event(case.name, step.number, index)) in state for step in case.steps}) > 1
    }


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_complete_instances_fit_before_every_counterexample(file: Path) -> None:
    for trace in counterexamples(load(file)):
        shows_the_same_after_two_more(trace)


@settings(max_examples=40)
@given(specifications(plans_too=True))
def test_complete_instances_fit_before_counterexamples_of_any_specification(document: Document) -> None:
    """Unless some use case can begin and never be finished: it stays in flight, and so does what depends on it."""
    for trace in counterexamples(parsed(document)):
        if can_be_finished(trace):
            shows_the_same_after_two_more(trace)
            continue
        with suppress(NoHistory):
            assert objection(with_history(trace, 2)) is None


def can_be_finished(trace: Trace) -> bool:
    """Whether every use case that begins can be finished."""
    (found,) = coverage(trace.architecture, [trace.plan])
    return all(case.finishes is not False for case in found.use_cases)


def test_earlier_instances_keep_to_the_order_of_the_trace() -> None:
    """Run one after the other, the use case that deletes would keep the other from its last step."""
    document = {
        "services": {"A": {"owns": ["a"]}, "B": {"owns": ["b"]}, "C": {"owns": ["c"]}},
        "use_cases": {
            "make": [{"create": "a"}],
            "remove": [{"create": "b"}, {"delete": "a"}],
            "use": [{"create": "c"}, {"update": "a"}],
        },
    }
    specification = parsed(document)
    order = [("remove", 1), ("make", 1), ("use", 1), ("use", 2), ("remove", 2)]
    labels = tuple(Label(ActionKind.STEP, (Event(name, step, 1),)) for name, step in order)
    trace = Trace(specification.architecture, specification.plan("independent"), 1, Claim("consistency"), labels)
    longer = with_history(trace, 2)
    assert longer.history == 2 * len(order)
    assert not incomplete(longer)


def test_what_a_step_needs_is_made_in_earlier_instances_too() -> None:
    document = {
        "services": {"A": {"owns": ["a", "b"]}, "B": {}},
        "use_cases": {"make": [{"create": "b"}], "use": [{"create": "a"}, {"copy": "a", "at": "B", "needs": "b"}]},
    }
    specification = parsed(document)
    labels = (Label(ActionKind.STEP, (Event("use", 1, 1),)),)
    trace = Trace(specification.architecture, specification.plan("independent"), 1, Claim("consistency"), labels)
    made = [label.events[0] for label in with_history(trace, 1).actions[:3]]
    assert made == [Event("use", 1, 1), Event("make", 1, 1), Event("use", 2, 1)]


CIRCLE = {
    "services": {"A": {"owns": ["a"]}, "P": {"owns": ["p"]}, "Q": {"owns": ["b", "q"]}},
    "use_cases": {
        "one": [{"create": "a"}, {"update": "q"}, {"create": "p"}],
        "two": [{"create": "b"}, {"update": "p"}, {"create": "q"}],
    },
    "plans": {
        "drained": {
            "groups": [{"mode": "locked", "services": ["A", "P"]}],
            "recovery": {"restore": "crashed"},
            "disaster": {"scope": [["P"]]},
        },
        "alone": {"disaster": {"scope": [["P"]]}},
    },
}
"""Each use case waits for what the other creates, so that neither is ever complete."""


def circle(plan: str) -> Trace:
    specification = parsed(CIRCLE)
    architecture, limits = specification.architecture, Limits()
    return find(architecture, specification.plan(plan), 1, "consistency", None, "one.2", None, limits)


def test_what_can_never_be_completed_stays_in_flight() -> None:
    longer = with_history(circle("alone"), 1)
    assert objection(longer) is None
    assert incomplete(longer) == {("one", 1)}


def test_what_can_never_be_completed_cannot_come_before_a_backup_that_waits_for_it() -> None:
    with pytest.raises(NoHistory, match=r"cannot be completed.*not possible here"):
        with_history(circle("drained"), 1)


def test_the_same_happens_as_often_as_is_asked() -> None:
    specification = load(EXAMPLES / "figure-5.bac.yaml")
    plan = specification.plan("independent")
    found = find(
        specification.architecture, plan, 1, "consistency", "missing-state", "create.2", Timing.AT_REST, Limits()
    )
    twice = with_history(repeated(found, 2), 2)
    assert objection(twice) is None
    assert twice.instances == 4
    assert focus(twice).alike == {4}
    assert [len(log.cut) for log in twice.logs.values()] == [4, 2]


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_what_is_repeated_still_shows_its_claim(file: Path) -> None:
    repetitions = 0
    for trace in counterexamples(load(file)):
        with suppress(NoHistory):  # two indices may be in the way of each other's lock
            assert objection(repeated(trace, 2)) is None
            repetitions += 1
    assert repetitions or not counterexamples(load(file))
