"""The checker and the naive oracle, which share no code, agree on whatever specifications and plans come along."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import cache
from random import Random
from typing import Any

import pytest
from comparison import checked, of_oracle
from hypothesis import HealthCheck, Phase, assume, find, given, note, settings
from hypothesis import strategies as st
from hypothesis.errors import NoSuchExample
from oracle import TooBig, judge
from strategies import Document, plans, specifications

from bac.model.specification.reader import parse
from bac.model.system import ActionKind
from bac.model.trace import Trace
from bac.proofs.check import check
from bac.proofs.engine import Limits
from bac.proofs.engines import ENGINES
from bac.proofs.reductions.part_search import ALL_REDUCTIONS, Reduction
from bac.proofs.results import PlanResult
from bac.testing.generator import problem

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
    return problem(draw(st.randoms(use_true_random=False)))


@st.composite
def lively_problems(draw: st.DrawFn) -> Document:
    """The same with more going on: many events, all kinds of recovery, and locks and markers as often as not."""
    document = draw(specifications())
    document |= {"plans": {"p": draw(plans(document))}}
    plan = document["plans"]["p"]
    for about in document.get("use_cases", {}).values():
        for step in (about["steps"] if isinstance(about, dict) else about)[1:]:
            step["via"] = draw(st.sampled_from(["event", "event", "call"]))
    choices: dict[str, Any] = {
        "restore": ["group", "crashed"],
        "broker": ["survives", "backup", "lost"],
        "replay": [True, False],
        "resume": [True, False],
        "on_invalid": ["reject", "accept"],
    }
    recovery = {key: draw(st.sampled_from(values)) for key, values in choices.items()}
    plan["recovery"] = plan.get("recovery", {}) | recovery
    plan["disaster"] = {"scope": draw(st.sampled_from(["any", "whole"]))} | plan.get("disaster", {})
    services = [name for name, about in document["services"].items() if not about.get("external")]
    ordered = plan.get("order", [])
    free = [service for service in services if service not in ordered]
    regroup = draw(st.booleans())
    if regroup and free and "groups" not in plan:
        modes = st.sampled_from(["locked", "stopped", "markers", "continuous"])
        split = draw(st.integers(0, len(free) - 1))
        parts = [part for part in (free[:split], free[split:]) if part]
        plan["groups"] = [{"mode": draw(modes), "services": part} for part in parts]
        if all(group["mode"] == "continuous" for group in plan["groups"]) and not set(services) - set(free):
            plan["recovery"].pop("rollback", None)
    return document


KINDS: dict[str, Callable[[], st.SearchStrategy[Document]]] = {"anything": problems, "lively": lively_problems}
every_kind = pytest.mark.parametrize("kind", KINDS)
every_engine = pytest.mark.parametrize("engine", ENGINES)
every_reduction = pytest.mark.parametrize("reduction", Reduction, ids=str)


def assert_agreement(document: Document, engine: str) -> None:
    """Both find the same with one index; and with two, if that is small."""
    for instances in 1, 2:
        note(f"instances: {instances}")
        try:
            expected = judge(document, "p", instances, MOST_STATES)
        except TooBig:
            assume(instances > 1)
            return
        assert checked(document, "p", instances, engine) == of_oracle(expected)
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


@every_reduction
def test_they_agree_without_a_reduction(reduction: Reduction) -> None:
    assert_agreement_without(reduction, range(60))


@pytest.mark.slow
@every_reduction
def test_they_agree_on_thousands_without_a_reduction(reduction: Reduction) -> None:
    assert_agreement_without(reduction, range(5000))


def assert_agreement_without(reduction: Reduction, seeds: range) -> None:
    """Both find the same with two indices, if one of the reductions is not used."""
    for seed in seeds:
        if (expected := judged(seed)) is not None:
            found = checked(problem(Random(seed)), "p", 2, reductions=ALL_REDUCTIONS - {reduction})
            assert found == of_oracle(expected), seed


@cache
def judged(seed: int) -> dict[str, Any] | None:
    """The findings of the oracle in a generated specification with two instances; ``None`` if that takes too long."""
    try:
        return judge(problem(Random(seed)), "p", 2, MOST_STATES)
    except TooBig:
        return None


@every_engine
@pytest.mark.parametrize("option", ["undo", "collect", "backfill", "reconstruct", "retry", "replay", "resume"])
def test_they_agree_where_nothing_ever_happens(option: str, engine: str) -> None:
    document = {"services": {"a": {"owns": ["x"]}}, "use_cases": {}, "plans": {"p": {"recovery": {option: True}}}}
    assert checked(document, "p", 1, engine) == of_oracle(judge(document, "p"))


def test_a_difference_would_be_noticed() -> None:
    """The same specification under another plan is not the same."""
    document = {
        "services": {"a": {"owns": ["x"]}, "b": {"owns": ["y"]}},
        "references": ["x -> y"],
        "plans": {"p": {"order": ["a", "b"]}, "q": {}},
    }
    found = checked(document, "p", 1)
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
    "something is done twice": lambda _, found: "duplicate" in found["anomalies"],
    "a link leads to a stranger": lambda _, found: "misdirected-link" in found["anomalies"],
    "something scarce is taken twice": lambda _, found: "overbooking" in found["anomalies"],
    "the application is at fault": lambda _, found: bool(found["application"]),
    "people are needed": lambda _, found: found["people"] > 0,
    "something is tolerated": lambda _, found: bool(found["tolerated"]),
    "only an interruption does it": lambda _, found: "in-flight" in found["causes"].values(),
    "a command is denied": lambda _, found: found["denied"] is not None,
    "a backed event is lost": lambda _, found: found["loss"] is not None,
    "locks block each other": deadlocked,
}


def test_everything_happens() -> None:
    """Or the agreement would be about less than it seems."""
    missing = set(WHAT_HAPPENS)

    def all_happened(document: Document) -> bool:
        with suppress(TooBig):
            found = judge(document, "p", 1, MOST_STATES)
            missing.difference_update([what for what in missing if WHAT_HAPPENS[what](document, found)])
        return not missing

    search(all_happened)
    assert not missing


def test_every_action_can_be_to_blame() -> None:
    """A shortest run to something that is wrong goes through an action of every kind."""
    missing = set(ActionKind)

    def all_happened(document: Document) -> bool:
        specification = parse(json.dumps(document))
        found = check(specification.architecture, specification.plan("p"), limits=Limits(states=MOST_STATES))
        missing.difference_update(label.kind for trace in all_traces(found) for label in trace.actions)
        return not missing

    search(all_happened)
    assert not missing


def search(is_enough: Callable[[Document], bool]) -> None:
    """Generate lively specifications until this is true of one, or there are too many of them."""
    with suppress(NoSuchExample):
        find(lively_problems(), is_enough, settings=FIND, random=Random(1))


def all_traces(found: PlanResult) -> Iterator[Trace]:
    for each in found.properties.values():
        if each.trace is not None:
            yield each.trace
        for anomaly in (*each.anomalies, *each.tolerated):
            yield from anomaly.traces.values()
