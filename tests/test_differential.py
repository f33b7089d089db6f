"""The checker and the naive oracle, which share no code, agree on whatever specifications and plans come along."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from random import Random
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, assume, find, given, note, settings
from hypothesis import strategies as st
from oracle import TooBig, judge
from strategies import Document, plans, specifications

from bac.model.specification.reader import parse
from bac.model.system import ActionKind
from bac.model.trace import Trace
from bac.proofs.check import check
from bac.proofs.engine import Limits
from bac.proofs.engines import ENGINES
from bac.proofs.results import AnomalyResult, PlanResult, Verdict
from bac.properties.qualities import Property

MOST_STATES = 3000
SMALL = 60  # states with one index; with two, there are about as many squared
MANY = 20_000
FIND = settings(
    max_examples=5000,
    deadline=None,
    database=None,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)

FAST = ("explicit",)
"""Engines that take milliseconds for a small example, and not half a second."""


@st.composite
def problems(draw: st.DrawFn) -> Document:
    """A specification with one plan, called ``p``."""
    document = draw(specifications())
    return document | {"plans": {"p": draw(plans(document))}}


@st.composite
def lively_problems(draw: st.DrawFn) -> Document:
    """The same with more going on: many events, all kinds of recovery, and locks and markers as often as not."""
    document = draw(problems())
    plan = document["plans"]["p"]
    for steps in document.get("use_cases", {}).values():
        for step in steps[1:]:
            step["via"] = draw(st.sampled_from(["event", "event", "call"]))
    choices: dict[str, Any] = {
        "restore": ["group", "crashed"],
        "broker": ["survives", "survives", "lost"],
        "replay": [True, False],
        "resume": [True, False],
        "on_invalid": ["reject", "accept"],
    }
    recovery = {key: draw(st.sampled_from(values)) for key, values in choices.items()}
    plan["recovery"] = plan.get("recovery", {}) | recovery
    plan["disaster"] = {"scope": draw(st.sampled_from(["any", "whole"]))} | plan.get("disaster", {})
    services = list(document["services"])
    ordered = plan.get("order", [])
    free = [service for service in services if service not in ordered]
    regroup = draw(st.booleans())
    if regroup and free and "groups" not in plan:
        modes = st.sampled_from(["locked", "markers", "continuous"])
        split = draw(st.integers(0, len(free) - 1))
        parts = [part for part in (free[:split], free[split:]) if part]
        plan["groups"] = [{"mode": draw(modes), "services": part} for part in parts]
        if all(group["mode"] == "continuous" for group in plan["groups"]) and not set(services) - set(free):
            plan["recovery"].pop("rollback", None)
    return document


KINDS: dict[str, Callable[[], st.SearchStrategy[Document]]] = {"anything": problems, "lively": lively_problems}
every_kind = pytest.mark.parametrize("kind", KINDS)
every_engine = pytest.mark.parametrize("engine", ENGINES)


def of_oracle(found: dict[str, Any]) -> dict[str, Any]:
    """What the oracle found, apart from how much it took."""
    return {key: value for key, value in found.items() if key != "states"}


def of_checker(result: PlanResult) -> dict[str, Any]:
    """What the checker found, in the words of the oracle."""
    assert result.limit is None
    properties = result.properties
    consistency = properties[Property.CONSISTENCY]
    denied, loss = properties[Property.AVAILABILITY].trace, properties[Property.NO_EXTRA_LOSS].trace
    assert (consistency.verdict is Verdict.HOLDS) == (not consistency.anomalies)
    return {
        "anomalies": lengths(consistency.anomalies),
        "tolerated": lengths(consistency.tolerated),
        "causes": {
            (str(each.kind), each.subject): str(each.cause) for each in (*consistency.tolerated, *consistency.anomalies)
        },
        "denied": None if denied is None else len(denied.actions),
        "loss": None if loss is None else len(loss.actions),
        "backup": properties[Property.BACKUP].verdict is Verdict.HOLDS,
    }


def lengths(anomalies: tuple[AnomalyResult, ...]) -> dict[str, dict[str, dict[str, int]]]:
    table: dict[str, dict[str, dict[str, int]]] = {}
    for each in anomalies:
        found = {str(timing): length for timing, length in each.lengths.items()}
        assert each.subject not in table.get(str(each.kind), {})
        table.setdefault(str(each.kind), {})[each.subject] = found
    return table


def assert_agreement(document: Document, engine: str) -> None:
    """Both find the same with one index; and with two, if that is small."""
    specification = parse(json.dumps(document))
    for instances in 1, 2:
        note(f"instances: {instances}")
        try:
            expected = judge(document, "p", instances, MOST_STATES)
        except TooBig:
            assume(instances > 1)
            return
        found = check(specification.architecture, specification.plan("p"), instances, engine=engine)
        assert of_checker(found) == of_oracle(expected)
        if expected["states"] > SMALL:
            return


@every_engine
@every_kind
def test_they_agree(engine: str, kind: str) -> None:
    examples = settings().max_examples
    try_examples(KINDS[kind](), engine, settings(max_examples=examples if engine in FAST else examples // 5))


@pytest.mark.slow
@every_engine
@every_kind
def test_they_agree_on_thousands(engine: str, kind: str) -> None:
    examples = MANY if engine in FAST else MANY // 20
    try_examples(KINDS[kind](), engine, settings(settings.get_profile("slow"), max_examples=examples))


def try_examples(problems: st.SearchStrategy[Document], engine: str, how: settings) -> None:
    """Hold an engine against the oracle on so many examples."""

    @how
    @given(problems)
    def agree(document: Document) -> None:
        assert_agreement(document, engine)

    agree()


def test_a_difference_would_be_noticed() -> None:
    """The same specification under another plan is not the same."""
    document = {
        "services": {"a": {"owns": ["x"]}, "b": {"owns": ["y"]}},
        "references": ["x -> y"],
        "plans": {"p": {"order": ["a", "b"]}, "q": {}},
    }
    specification = parse(json.dumps(document))
    found = of_checker(check(specification.architecture, specification.plan("p")))
    assert found == of_oracle(judge(document, "p"))
    assert found != of_oracle(judge(document, "q"))


def deadlocked(document: Document, found: dict[str, Any]) -> bool:
    modes = {group["mode"] for group in document["plans"]["p"].get("groups", [])}
    return not found["backup"] and "none" not in modes


WHAT_HAPPENS: dict[str, Callable[[Document, dict[str, Any]], bool]] = {
    "nothing is wrong": lambda _, found: found["states"] > SMALL and not found["anomalies"],
    "a link breaks": lambda _, found: "broken-link" in found["anomalies"],
    "an entity is orphaned": lambda _, found: "orphan-state" in found["anomalies"],
    "a step is missing": lambda _, found: "missing-state" in found["anomalies"],
    "something is tolerated": lambda _, found: bool(found["tolerated"]),
    "only an interruption does it": lambda _, found: "in-flight" in found["causes"].values(),
    "a command is denied": lambda _, found: found["denied"] is not None,
    "a backed event is lost": lambda _, found: found["loss"] is not None,
    "locks block each other": deadlocked,
}


@pytest.mark.parametrize("what", WHAT_HAPPENS)
def test_everything_happens(what: str) -> None:
    """Or the agreement would be about less than it seems."""

    def happens(document: Document) -> bool:
        try:
            return WHAT_HAPPENS[what](document, judge(document, "p", 1, MOST_STATES))
        except TooBig:
            return False

    assert find(lively_problems(), happens, settings=FIND, random=Random(1))


@pytest.mark.parametrize("kind", ActionKind)
def test_every_action_can_be_to_blame(kind: ActionKind) -> None:
    """A shortest run to something that is wrong goes through an action of every kind."""

    def happens(document: Document) -> bool:
        specification = parse(json.dumps(document))
        found = check(specification.architecture, specification.plan("p"), limits=Limits(states=MOST_STATES))
        return any(label.kind is kind for trace in all_traces(found) for label in trace.actions)

    assert find(lively_problems(), happens, settings=FIND, random=Random(1))


def all_traces(found: PlanResult) -> Iterator[Trace]:
    for each in found.properties.values():
        if each.trace is not None:
            yield each.trace
        for anomaly in (*each.anomalies, *each.tolerated):
            yield from anomaly.traces.values()
