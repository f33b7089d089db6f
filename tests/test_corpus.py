"""Every engine, and the naive oracle, finds what was derived by hand for every specification of the corpus."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from itertools import product
from pathlib import Path
from typing import Any

import pytest
from _pytest.mark import ParameterSet
from corpus_cases import (
    CORPUS,
    EXPECTED,
    SPECIFICATION,
    Case,
    Expectation,
    Shows,
    Table,
    cases,
    expectation,
    names,
    shows,
    violations,
    warnings,
)
from features import FEATURES, Place, has, otherwise
from oracle import judge

from bac.model import trace_file as traces
from bac.model.modes import Mode, modes
from bac.model.plan import Scope
from bac.model.semantics import system
from bac.model.specification.reader import Specification, load, parse
from bac.model.specification.writer import to_yaml
from bac.model.system import FactKind
from bac.model.trace import Trace
from bac.proofs.check import check
from bac.proofs.engines import AUTO, ENGINES
from bac.proofs.replay import objection
from bac.proofs.results import AnomalyResult, PlanResult, Verdict
from bac.properties.explanation import explain
from bac.properties.qualities import Property

CASES = cases()
FIRST = {case.name: case for case in reversed(CASES) if case.instances == 2}
"""Of each specification the first case with two instances."""


def parameters(*engines: str) -> list[ParameterSet]:
    """Every case, for each of these engines.

    The slow tests have those that take long and show little more: several plans of a specification with two instances,
    and all of these for the SMT engine.
    """
    found = []
    for case, engine in product(CASES, engines):
        again = case.instances == 2 and case is not FIRST[case.name]
        slow = (engine == "smt" and case.instances == 2) or (engine == "oracle" and again)
        found.append(pytest.param(engine, case, id=f"{case}-{engine}", marks=[pytest.mark.slow] * slow))
    return found


@cache
def specification(name: str) -> Specification:
    return load(CORPUS / f"{name}.bac.yaml")


def found_anomalies(results: tuple[AnomalyResult, ...]) -> Table:
    table: dict[str, dict[str, dict[str, Any]]] = {}
    for each in results:
        lengths = {str(timing): length for timing, length in each.lengths.items()}
        table.setdefault(str(each.kind), {})[each.subject] = {**lengths, "cause": str(each.cause)}
    return table


def length(trace: Trace | None) -> int | None:
    return None if trace is None else len(trace.actions)


def all_traces(found: PlanResult) -> Iterator[Trace]:
    for each in found.properties.values():
        if each.trace is not None:
            yield each.trace
        for anomaly in (*each.anomalies, *each.tolerated):
            yield from anomaly.traces.values()


# What is found


@pytest.mark.parametrize(("engine", "case"), parameters(AUTO, *ENGINES))
def test_an_engine_finds_and_shows_what_is_expected(engine: str, case: Case, tmp_path: Path) -> None:
    of = specification(case.name)
    result = check(of.architecture, of.plan(case.plan), case.instances, engine=engine)
    assert_found(result, case.expectation)
    assert_every_violation_has_a_trace(result)
    for number, trace in enumerate(all_traces(result)):
        assert objection(trace) is None
        if engine == AUTO:
            assert_shown_wherever_it_is_read(trace, tmp_path / f"{number}.json")
        assert_explained(trace)


def assert_found(result: PlanResult, wanted: Expectation) -> None:
    found = result.properties
    consistency = found[Property.CONSISTENCY]
    assert found_anomalies(consistency.anomalies) == wanted.anomalies
    assert found_anomalies(consistency.tolerated) == wanted.tolerated
    assert sorted(f"{each.kind} {each.subject}" for each in consistency.application) == sorted(wanted.application)
    assert consistency.verdict is (Verdict.VIOLATED if wanted.anomalies else Verdict.HOLDS)
    assert consistency.vacuous == (wanted.vacuous or (bool(wanted.never) and not wanted.anomalies))
    assert found[Property.BACKUP].verdict == wanted.backup
    assert result.people == wanted.people
    for which, expected in (Property.AVAILABILITY, wanted.denied), (Property.NO_EXTRA_LOSS, wanted.loss):
        assert found[which].verdict is (Verdict.HOLDS if expected is None else Verdict.VIOLATED)
        assert length(found[which].trace) == expected


def assert_every_violation_has_a_trace(result: PlanResult) -> None:
    for which, each in result.properties.items():
        violated = each.verdict is Verdict.VIOLATED
        assert violated == (bool(each.anomalies) if which is Property.CONSISTENCY else each.trace is not None)
        assert all(anomaly.traces for anomaly in (*each.anomalies, *each.tolerated))


def assert_shown_wherever_it_is_read(trace: Trace, path: Path) -> None:
    trace.save(path)
    loaded = traces.load(path)
    assert loaded == trace
    assert loaded.to_json() == trace.to_json()
    assert objection(loaded) is None


def assert_explained(trace: Trace) -> None:
    why = explain(trace)
    assert why.sentence.endswith(".")
    assert why.action is None or 1 <= why.action <= len(trace.actions)


@pytest.mark.parametrize(("_", "case"), parameters("oracle"))
def test_the_oracle_finds_what_is_expected(_: str, case: Case) -> None:
    wanted, found = case.expectation, judge(case.document, case.plan, case.instances)
    assert found["anomalies"] == without_causes(wanted.anomalies)
    assert found["tolerated"] == without_causes(wanted.tolerated)
    assert found["causes"] == causes(wanted.tolerated) | causes(wanted.anomalies)
    assert (found["denied"], found["loss"]) == (wanted.denied, wanted.loss)
    assert found["backup"] == (wanted.backup == "holds")
    assert found["recovers"] is not wanted.vacuous
    assert (application(found), found["people"]) == (wanted.application, wanted.people)
    assert (tuple(found["never"]), tuple(found["stuck"])) == (wanted.never, wanted.stuck)


def without_causes(table: Table) -> dict[str, dict[str, dict[str, int]]]:
    return {
        kind: {subject: {key: n for key, n in found.items() if key != "cause"} for subject, found in subjects.items()}
        for kind, subjects in table.items()
    }


def causes(table: Table) -> dict[tuple[str, str], str]:
    return {(kind, about): found["cause"] for kind, subjects in table.items() for about, found in subjects.items()}


@pytest.mark.parametrize("name", names())
def test_the_kind_of_an_action_says_whether_it_appends(name: str) -> None:
    of = specification(name)
    for plan in of.plans:
        for action in system(of.architecture, plan, 1).actions:
            assert action.label.kind.appends == any(fact.kind is FactKind.LOGGED for fact in action.add), action.label


# What is covered


def test_every_specification_has_its_expectation_and_every_plan_a_verdict() -> None:
    files = {name + end for name in names() for end in (SPECIFICATION, EXPECTED)}
    assert {path.name for path in CORPUS.iterdir()} == files
    judged = {(case.name, case.plan) for case in CASES if case.instances == 1}
    assert judged == {(name, plan.name) for name in names() for plan in specification(name).plans}
    assert len({str(case) for case in CASES}) == len(CASES)


@pytest.mark.parametrize("name", names())
def test_every_specification_says_what_it_is_there_for(name: str) -> None:
    for end in SPECIFICATION, EXPECTED:
        assert (CORPUS / f"{name}{end}").read_text(encoding="utf-8").startswith("# ")


WEAKEST = {
    "scope: any",
    "timing: any-time",
    "from: newest",
    "broker: backup",
    "once",
    "ids",
    "scarce",
}
"""These only make more possible; a plan with them in which something holds says most."""
STRUCTURE = {"after"}
"""Features that only say how a use case is built."""


@pytest.mark.parametrize("positive", [True, False], ids=["something holds", "something fails"])
def test_everything_is_covered_both_ways(positive: bool) -> None:
    assert {entry.feature for entry in shows() if entry.positive is positive} == set(FEATURES) - STRUCTURE


def test_every_mode_meets_both_scopes_both_ways() -> None:
    met = {
        (mode, scope, bool(case.expectation.anomalies))
        for case in CASES
        for plan in [specification(case.name).plan(case.plan)]
        for mode in {plan.mode_of(service.name) for service in specification(case.name).architecture.services}
        for scope in [plan.disaster.scope]
        if isinstance(scope, Scope)
    }
    nothing_is_left = {(Mode.NONE, Scope.WHOLE, True)}  # if all crash, and one has no backup, there is no recovery
    assert met == set(product(modes(), Scope, [True, False])) - nothing_is_left


@pytest.mark.parametrize("entry", shows(), ids=str)
def test_what_a_specification_is_there_for(entry: Shows) -> None:
    """It has the feature; and what holds because of it does not without it, by the oracle."""
    found = expectation(entry.name, entry.plan)
    assert has(place(entry))
    assert found.violates(entry.what) is not entry.positive
    if entry.positive and entry.feature in WEAKEST:
        assert not found.vacuous
    elif entry.positive:
        assert entry.what in violated_otherwise(entry)
    elif entry.feature.startswith("verb"):  # a verb is to blame for what it does
        assert entry.what not in violated_otherwise(entry)


def test_a_claim_that_nothing_supports_is_refused() -> None:
    idle = Shows("reference", "A first", "order", "availability", positive=True)
    assert has(place(idle))
    assert "availability" not in violated_otherwise(idle)
    absent = Shows("reference", "atomic", "order", "broken-link a -> b", positive=True)
    assert not has(place(absent))


def place(entry: Shows) -> Place:
    """Return where a feature is to be looked for."""
    return Place(entry.document, entry.plan, entry.feature, entry.step, entry.instead)


def violated_otherwise(entry: Shows) -> set[str]:
    """Return the violations and warnings of the same specification without the feature."""
    changed = otherwise(place(entry))
    parse(to_yaml(changed))  # it is still a specification
    found = judge(changed, "otherwise")
    told = warnings(application(found), found["never"], found["stuck"])
    return told | violations(found["backup"], found["denied"], found["loss"], found["anomalies"])


def application(found: dict[str, Any]) -> tuple[str, ...]:
    """The anomalies of the application, as ``KIND SUBJECT``."""
    return tuple(f"{kind} {subject}" for kind, subject in found["application"])
