"""The strategies of ``bac.testing``: what they make is legal by construction, shrinks, and prints as YAML."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from random import Random

import pytest
from features import Document
from hypothesis import HealthCheck, find, given, settings
from hypothesis import strategies as st
from minimise import minimised

import bac
from bac.testing import architectures, disasters, event_logs, plans, runs, specifications
from bac.testing.registration import register_now
from bac.testing.strategies import documents

ROOT = Path(__file__).resolve().parent.parent
PAGE = (ROOT / "docs" / "property-tests.md").read_text(encoding="utf-8")
SEARCH = settings(max_examples=1000, deadline=None, database=None, suppress_health_check=list(HealthCheck))


@given(st.data())
def test_a_specification_with_its_plans_says_the_same_when_it_is_read_again(data: st.DataObject) -> None:
    spec = data.draw(specifications(most_plans=2))
    assert bac.loads(spec.to_yaml()) == spec
    assert spec.plans[1:] in ((), ("plan",), ("plan", "plan 2"))
    plan = data.draw(plans(spec))
    both = spec.with_plans(plan, bac.Plan("struck", disaster=data.draw(disasters(spec))))
    assert both.plans == ("independent", "plan", "struck")
    assert both.with_plans() == spec.with_plans()


@given(architectures(plain=True))
def test_a_plain_architecture_has_only_what_the_article_has(spec: bac.Specification) -> None:
    document = spec.to_document()
    assert not {"entities", "caches"} & set(document)
    assert not any("external" in about for about in document["services"].values())


def test_nothing_is_thrown_away() -> None:
    made = []

    @settings(max_examples=50, database=None, deadline=None, suppress_health_check=[HealthCheck.too_slow])
    @given(runs(settled=True))
    def make(run: bac.Run) -> None:
        made.append(run)

    make()
    assert len(made) >= 50


@given(runs())
def test_a_run_is_one_of_the_interpreter(run: bac.Run) -> None:
    again = bac.Run(run.spec, run.plan, instances=run.instances)
    for action in run.actions:
        assert action in again.enabled
        again = again.after(action)
    assert again == run
    assert hash(again) == hash(run)
    assert str(again) == str(run)
    assert run.settled == (run.struck and not run.enabled)


@given(runs(settled=True))
def test_a_run_goes_on_until_recovery_is_over(run: bac.Run) -> None:
    assert not run.enabled
    assert not run.anomalies or run.settled


def test_an_action_that_cannot_happen_is_refused() -> None:
    run = bac.Run(bac.load(ROOT / "examples" / "figure-3.bac.yaml"))
    (step, *_) = run.enabled
    assert (step.kind, step.services, step.use_case, step.steps, step.index) == ("step", ("B",), "a -> b", (1,), 1)
    with pytest.raises(ValueError, match="not possible here"):
        run.after(step).after(step)


@given(event_logs())
def test_logs_are_those_of_the_definition(logs: dict[str, bac.EventLog]) -> None:
    for service, log in logs.items():
        assert log.service == service
        assert log.backup == log.live[: len(log.backup)], "a backup is a prefix of the log"
        assert [event.name for event in log.live] == [f"{service}/{n}" for n in range(1, len(log.live) + 1)]


@given(st.data())
def test_no_run_shows_an_anomaly_that_the_checker_does_not_find(data: st.DataObject) -> None:
    spec = data.draw(specifications())
    plan = spec.plans[-1]
    run = data.draw(runs(spec, plan, settled=True))
    report = bac.check(spec, plan=plan, max_states=5000)[plan]
    if report.consistency.verdict is not bac.Verdict.UNKNOWN:
        assert set(run.anomalies) <= {(each.kind, each.subject) for each in report.anomalies}


@pytest.mark.parametrize("seed", [2, *(pytest.param(seed, marks=pytest.mark.slow) for seed in range(3, 20))])
def test_an_architecture_shrinks_until_nothing_can_be_left_out(seed: int) -> None:
    def breaks(document: Document) -> bool:
        return "broken-link" in kinds(bac.loads(json.dumps(document)), "independent")

    found = find(documents(), breaks, settings=SEARCH, random=Random(seed))
    assert minimised(found, breaks) == {key: value for key, value in found.items() if key != "name"}
    assert sum(len(about.get("owns", ())) for about in found["services"].values()) == 2


def kinds(spec: bac.Specification, plan: str) -> set[str]:
    """The kinds of anomalies of a plan."""
    checked = bac.check(spec, plan=plan, properties=["consistency"], max_states=3000)
    return {str(anomaly.kind) for anomaly in checked[plan].anomalies}


@pytest.mark.parametrize("seed", [1, 2])
def test_a_run_shrinks_to_a_shortest_one(seed: int) -> None:
    spec = bac.load(ROOT / "examples" / "figure-3.bac.yaml")
    wanted = runs(spec, "independent", settled=True)
    run = find(wanted, lambda run: bool(run.anomalies), settings=SEARCH, random=Random(seed))
    found = bac.check(spec, plan="independent")["independent"].anomalies
    assert len(run) == min(length for anomaly in found for length in anomaly.lengths.values())


# What is printed


EXAMPLES = dict(re.findall(r"<!-- example: (.*?) -->\n```python\n(.*?)```", PAGE, re.DOTALL))


@pytest.fixture(scope="module")
def printed(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The output of pytest on the worked examples of the page."""
    folder = tmp_path_factory.mktemp("example")
    for name, text in EXAMPLES.items():
        (folder / name).write_text(text, encoding="utf-8")
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *EXAMPLES]
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False).stdout


def test_the_examples_of_the_page_come_out_as_told(printed: str) -> None:
    assert list(EXAMPLES) == ["test_order.py", "test_instant.py"]
    assert "FAILED test_order.py::test_order_is_enough" in printed, printed
    assert "1 failed, 1 passed" in printed


def test_a_failing_example_is_printed_as_yaml_that_can_be_pasted(printed: str) -> None:
    plain = re.sub("^E {0,7}", "", printed, flags=re.MULTILINE)
    found = re.search(r'spec=bac\.loads\("""\n(.*?)"""\)', plain, re.DOTALL)
    assert found is not None, printed
    assert "broken-link" in kinds(bac.loads(found[1]), "independent")


def test_the_counterexample_of_the_page_is_one() -> None:
    found = re.search(r"<!-- counterexample -->\n```yaml\n(.*?)```", PAGE, re.DOTALL)
    assert found is not None
    spec = bac.loads(found[1]).with_plans(bac.Plan("ordered", order=["a"]))
    assert "broken-link" in kinds(spec, "ordered")


# Types


register_now()


@given(st.from_type(bac.Specification), st.from_type(bac.Run))
def test_hypothesis_knows_the_types(spec: bac.Specification, run: bac.Run) -> None:
    assert isinstance(spec, bac.Specification)
    assert isinstance(run, bac.Run)


REGISTRATION = """
import sys
import hypothesis
from bac.testing.registration import register
register()
loaded = sorted(name for name in sys.modules if name.startswith("bac"))
assert loaded == ["bac", "bac.testing", "bac.testing.registration"]
import bac
from hypothesis import strategies as st
assert repr(st.from_type(bac.Specification)) == 'specifications()'
"""


def test_importing_hypothesis_loads_nothing_of_ours_but_a_light_module() -> None:
    subprocess.run(
        [sys.executable, "-c", REGISTRATION], check=True, env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    )
