"""Drills on real SQLite files: what the model says happens, and a system that does otherwise is caught."""

from __future__ import annotations

import json
import random
import shlex
import sqlite3
import subprocess
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

import bac
from bac.cli import main
from bac.schemas import violation
from bac.testing import Drill, DrillResult, DrillVerdict, Finding, Reading, SQLiteStores, UnmarkedTarget
from bac.testing.drills.described import column, identifier
from bac.testing.drills.random_runs import Failure, RandomRuns, shortest
from bac.testing.drills.reading import entity_name
from bac.testing.drills.results import document
from bac.testing.drills.sqlite import MARKER
from bac.testing.generator import problem

ROOT = Path(__file__).resolve().parent.parent
SYSTEMS = ("sales.bac.yaml", "ftgo/ftgo.bac.yaml", "lakeside-mutual/lakeside-mutual.bac.yaml")
REFERENCE = """
services: {A: {owns: [a]}, B: {owns: [b]}}
use_cases: {refer: [{create: b}, {create: a, refers_to: b}]}
plans:
  locked: {groups: [{mode: locked, services: all}]}
  one database: {groups: [{mode: shared-database, services: all}]}
"""
DELETES = """
services: {A: {owns: [a]}, B: {owns: [b]}}
use_cases: {refer: [{create: b}, {create: a, refers_to: b}], clean: [{delete: b}]}
"""
COPY = """
services: {A: {owns: [a]}, B: {copies: [a]}}
use_cases: {create: [{create: a}, {copy: a, at: B, via: event}]}
plans:
  broker survives: {recovery: {broker: survives}}
  replay: {recovery: {replay: true}}
"""


@pytest.fixture
def target(tmp_path: Path) -> Path:
    (tmp_path / MARKER).touch()
    return tmp_path


def drill(text: str, target: Path, plan: str, stores: type[SQLiteStores] = SQLiteStores) -> Drill:
    specification = bac.loads(text)
    return Drill(specification, lambda: stores(specification, target, plan), plan=plan)


def all_traces(specification: bac.Specification) -> Iterator[tuple[str, bac.Trace]]:
    """Every counterexample to consistency that the check finds, with its plan."""
    for name, plan in bac.check(specification, properties=["consistency"], engine="auto").items():
        for anomaly in (*plan.anomalies, *plan.tolerated, *plan.application):
            for trace in anomaly.traces.values():
                yield name, trace


# Traces


@pytest.mark.parametrize(
    "system", [SYSTEMS[0], *(pytest.param(system, marks=pytest.mark.slow) for system in SYSTEMS[1:])]
)
def test_every_counterexample_happens_on_real_files(system: str, target: Path) -> None:
    specification = bac.load(ROOT / "examples" / system)
    driven = 0
    for plan, trace in all_traces(specification):
        made = Drill(specification, lambda plan=plan: SQLiteStores(specification, target, plan), plan=plan)
        result = made.trace(trace)
        assert result.verdict is DrillVerdict.AS_PREDICTED, f"{plan}: {result}"
        assert not result.unpredicted
        driven += 1
    assert driven > 50


def test_what_happens_otherwise_but_is_possible_is_not_reproduced(target: Path) -> None:
    specification = bac.loads("""
        services: {portal: {owns: [registration, cart]}, customers: {owns: [customer]}, orders: {owns: [order]}}
        use_cases:
          order: [{create: cart, needs: registration}, {create: order, refers_to: customer, via: event}]
          register: [{create: registration}, {create: customer, via: event}]
        plans:
          rejecting:
            groups: [{mode: continuous, services: all}]
            recovery: {broker: survives, on_invalid: reject}
    """)

    class InGoodOrder(SQLiteStores):
        def settle(self, actions: object) -> None:  # noqa: ARG002
            super().settle(None)

    [anomaly] = bac.check(specification, plan="rejecting", properties=["consistency"])["rejecting"].anomalies
    plain = Drill(specification, lambda: SQLiteStores(specification, target, "rejecting"), plan="rejecting")
    assert plain.trace(anomaly.trace).verdict is DrillVerdict.AS_PREDICTED
    lucky = Drill(specification, lambda: InGoodOrder(specification, target, "rejecting"), plan="rejecting")
    assert lucky.trace(anomaly.trace).verdict is DrillVerdict.NOT_REPRODUCED


def test_a_trace_of_another_plan_is_refused(target: Path) -> None:
    specification = bac.loads(REFERENCE)
    [trace, *_] = (trace for plan, trace in all_traces(specification) if plan == "independent")
    with pytest.raises(bac.BacError, match="another specification or plan"):
        drill(REFERENCE, target, "locked").trace(trace)


# Random runs, and systems that are wrong


class MissesTheNewest(SQLiteStores):
    """Each backup lacks the newest event of the log."""

    def snapshot(self, services: Sequence[str]) -> str:
        told = super().snapshot(services)
        for service in services:
            with closing(sqlite3.connect(self.files.copy(self.stores[service]))) as copy, copy:
                copy.execute("DELETE FROM log WHERE position = (SELECT max(position) FROM log)")
        return told

    def restore(self, backups: Mapping[str, Any]) -> None:
        super().restore(backups)
        for service in backups:
            self._rebuild(service)


class ForgetsLinks(SQLiteStores):
    """A restored service has no links."""

    def restore(self, backups: Mapping[str, Any]) -> None:
        super().restore(backups)
        for link in self.architecture.links:
            with closing(sqlite3.connect(self.files.live(self.stores[link.holder.service]))) as store, store:
                store.execute(f"UPDATE {identifier(entity_name(link.holder))} SET {identifier(column(link))} = NULL")


class DoesNotDrain(SQLiteStores):
    """A backup under a lock does not wait for what is in flight."""

    def _check_drained(self, group: object) -> None:
        pass


class DoesNotHold(SQLiteStores):
    """A lock holds nothing back."""

    def lock(self, services: Sequence[str]) -> None:
        pass


class LosesMessages(SQLiteStores):
    """The broker takes messages and loses them."""

    def _send(self, *message: object) -> None:
        pass


@pytest.mark.parametrize(
    ("stores", "text", "plan", "said"),
    [
        (MissesTheNewest, REFERENCE, "independent", "the model says that"),
        (ForgetsLinks, REFERENCE, "one database", "the link a -> b #1 holds"),
        (DoesNotDrain, REFERENCE, "locked", "does not allow yet"),
        (DoesNotHold, REFERENCE, "locked", "does what the model holds back"),
        (LosesMessages, COPY, "broker survives", "no message waits"),
    ],
)
def test_a_wrong_system_is_caught_in_few_actions(
    stores: type[SQLiteStores], text: str, plan: str, said: str, target: Path
) -> None:
    result = drill(text, target, plan, stores).random(examples=60)
    assert result.verdict is DrillVerdict.MODEL_REFUTED
    assert said in result.reason
    assert len(result.actions) <= 6, result


@pytest.mark.parametrize(
    ("text", "plan", "verdict"),
    [
        (REFERENCE, "independent", DrillVerdict.AS_PREDICTED),
        (REFERENCE, "locked", DrillVerdict.CONSISTENT),
        (REFERENCE, "one database", DrillVerdict.CONSISTENT),
        (COPY, "replay", DrillVerdict.AS_PREDICTED),
    ],
)
def test_a_right_system_is_not_refuted(text: str, plan: str, verdict: DrillVerdict, target: Path) -> None:
    assert drill(text, target, plan).random(examples=30).verdict is verdict


@pytest.mark.parametrize("seed", [*range(4), *(pytest.param(seed, marks=pytest.mark.slow) for seed in range(4, 100))])
def test_the_generic_system_does_what_the_model_says(seed: int, target: Path) -> None:
    """Holds on generated specifications with every mode and option of recovery."""
    text = json.dumps(problem(random.Random(seed)))
    try:
        result = drill(text, target, bac.loads(text).plans[-1]).random(examples=15)
    except bac.LimitReached:
        pytest.skip("too large")
    assert result.verdict is not DrillVerdict.MODEL_REFUTED, f"{text}\n{result}"


def test_the_first_failing_run_stays_the_same_for_a_seed(target: Path) -> None:
    one, other = (drill(COPY, target, "replay", LosesMessages).random(examples=8, seed=7) for _ in range(2))
    assert one.actions == other.actions
    assert one.verdict is DrillVerdict.MODEL_REFUTED


class HasNoLock:
    """A system whose lock is no part of its adapter: it holds nothing back, and refuses no backup."""

    def __init__(self, stores: SQLiteStores) -> None:
        for name in ("destroyable", "begin", "step", "snapshot", "disaster", "restore", "settle", "read"):
            setattr(self, name, getattr(stores, name))
        stores._check_drained = lambda _group: None  # type: ignore[method-assign]


def test_an_adapter_without_a_lock_is_not_asked_to_refuse(target: Path) -> None:
    specification = bac.loads(REFERENCE)
    made = Drill(specification, lambda: HasNoLock(SQLiteStores(specification, target, "locked")), plan="locked")
    assert made.random(examples=20).verdict is DrillVerdict.CONSISTENT


class Breaks(SQLiteStores):
    """A system that cannot be reached at times."""

    def snapshot(self, services: Sequence[str]) -> str:  # noqa: ARG002
        raise ConnectionError("no route to host")


def test_an_adapter_that_fails_is_said_to_fail(target: Path) -> None:
    with pytest.raises(bac.BacError, match=r"the adapter fails at 'snapshot .*: ConnectionError: no route to host"):
        drill(REFERENCE, target, "independent", Breaks).random(examples=10)


class LosesAtTimes(SQLiteStores):
    """A broker that loses every second message, whatever is driven."""

    sent = 0

    def _send(self, *message: Any) -> None:
        LosesAtTimes.sent += 1
        if LosesAtTimes.sent % 2:
            super()._send(*message)


def test_a_failure_that_does_not_come_again_is_reported_all_the_same(target: Path) -> None:
    result = drill(COPY, target, "broker survives", LosesAtTimes).random(examples=40)
    assert result.verdict is DrillVerdict.MODEL_REFUTED


# Under load


@pytest.mark.parametrize("plan", ["independent", "quiesced", "clustered", "markers", "point in time"])
def test_under_load_only_predicted_anomalies_appear(plan: str, target: Path) -> None:
    specification = bac.load(ROOT / "examples" / "sales.bac.yaml")
    made = Drill(specification, lambda: SQLiteStores(specification, target, plan), plan=plan)
    result = made.observed(cases=12, threads=2)
    predicted = bac.check(specification, plan=plan, properties=["consistency"])[plan].consistency.verdict
    assert result.verdict is not DrillVerdict.MODEL_REFUTED, result
    if predicted is bac.Verdict.HOLDS:
        assert not [finding for finding in result.findings if finding.blame == "backup"]


def test_under_load_a_restore_that_forgets_links_is_caught(target: Path) -> None:
    result = drill(REFERENCE, target, "one database", ForgetsLinks).observed(cases=8)
    assert result.verdict is DrillVerdict.MODEL_REFUTED


# Readings that tell less


class OnlyEntities(SQLiteStores):
    """A system that keeps no log: only entities and links can be looked at."""

    def read(self) -> Reading:
        whole = super().read()
        return Reading(whole.entities, whole.links)


def test_entities_and_links_are_enough_to_find_what_is_broken(target: Path) -> None:
    runs = RandomRuns(drill(REFERENCE, target, "independent", OnlyEntities).plan, examples=30, steps=30, seed=0)
    assert runs.result().verdict is DrillVerdict.AS_PREDICTED
    assert {str(finding.kind) for finding in runs.found} == {"broken-link", "orphan-state"}


# Safety and evidence


def test_nothing_is_done_to_a_directory_without_its_marker(tmp_path: Path) -> None:
    (tmp_path / "live").mkdir()
    (tmp_path / "live" / "precious.db").write_text("precious")
    with pytest.raises(UnmarkedTarget, match="safety marker"):
        drill(REFERENCE, tmp_path, "independent").random(examples=1)
    assert (tmp_path / "live" / "precious.db").read_text() == "precious"


def results(target: Path) -> list[DrillResult]:
    return [
        drill(REFERENCE, target, "independent").random(examples=20),
        drill(REFERENCE, target, "locked", DoesNotDrain).random(examples=20),
        drill(REFERENCE, target, "independent").observed(cases=4),
    ]


def test_the_findings_of_random_runs_are_those_of_the_run_that_is_shown(target: Path) -> None:
    made = drill(REFERENCE, target, "independent")
    runs = RandomRuns(made.plan, examples=20, steps=30, seed=0)
    result = runs.result()
    assert result.others > 0
    assert f"other runs showed {result.others} other finding" in str(result)
    assert result.evidence["other_findings"] == result.others
    assert len(result.evidence["findings"]) == len(result.findings) == len(runs.found) - result.others
    assert runs.shown is not None
    again = runs.plan.begun(thorough=True)
    for label in runs.shown[0].done:
        again.perform(label)
    assert again.finish() == result.findings


def test_what_the_application_leaves_behind_is_told_apart(target: Path) -> None:
    left = bac.check(bac.loads(DELETES), plan="independent")["independent"].application[0]
    lines = str(drill(DELETES, target, "independent").trace(left.trace)).splitlines()
    assert "  ! broken link a -> b #1 (left behind by the application)" in lines


def test_the_evidence_says_what_was_done_and_when(target: Path) -> None:
    evidence = document(results(target))
    assert violation("drill", evidence) is None
    first = evidence["drills"][0]
    assert evidence["verdict"] == "model refuted", "the worst counts"
    assert first["findings"]
    assert first["snapshots"]
    assert {each["service"] for each in first["restored"]} == {"A", "B"}
    assert first["sha256"] != evidence["drills"][1]["plan"]
    assert all(snapshot["started"] <= snapshot["ended"] for snapshot in first["snapshots"])


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["--plan", "independent", "--random", "30"], 1),
        (["--plan", "independent", "--random", "30", "--expect", "as predicted"], 0),
        (["--plan", "locked", "--random", "10"], 0),
        (["--plan", "locked", "--observed", "4"], 0),
        (["--plan", "locked"], 2),
        (["--plan", "no such plan", "--random", "1"], 2),
    ],
)
def test_the_command(arguments: list[str], code: int, target: Path) -> None:
    spec = target / "reference.bac.yaml"
    spec.write_text(REFERENCE)
    shown = CliRunner().invoke(main, ["drill", str(spec), "--adapter", f"sqlite:{target}", *arguments])
    assert shown.exit_code == code, shown.output


def test_the_command_drives_saved_traces_with_an_adapter_of_ones_own(
    target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    spec, evidence = target / "reference.bac.yaml", target / "evidence.json"
    spec.write_text(REFERENCE)
    saved = []
    for plan, trace in all_traces(bac.load(spec)):
        saved.append(target / f"{len(saved)}.json")
        trace.save(saved[-1])
        assert plan == "independent"
    (target / "our_drill.py").write_text(
        "from pathlib import Path\n"
        "from bac.testing import SQLiteStores\n"
        "def adapter(specification, plan):\n"
        "    return SQLiteStores(specification, Path(__file__).parent, plan)\n"
    )
    monkeypatch.chdir(target)
    arguments = [word for file in saved for word in ("--trace", str(file))]
    shown = CliRunner().invoke(
        main, ["drill", str(spec), "--adapter", "our_drill:adapter", "--evidence", str(evidence), *arguments]
    )
    assert shown.exit_code == 1, shown.output
    assert len(json.loads(evidence.read_text())["drills"]) == len(saved) > 2


@pytest.mark.parametrize(
    ("adapter", "hint"),
    [
        ("sqlit:drill", "No module named 'sqlit'; did you mean sqlite:…?"),
        ("postgres://localhost/shop", "did you mean postgresql:…?"),
        ("our_staging:adapter", "the adapters that ship: sqlite and postgresql"),
    ],
)
def test_for_an_adapter_that_does_not_exist_those_that_do_are_named(adapter: str, hint: str, target: Path) -> None:
    spec = target / "reference.bac.yaml"
    spec.write_text(REFERENCE)
    shown = CliRunner().invoke(main, ["drill", str(spec), "--adapter", adapter, "--random", "1"])
    assert shown.exit_code == 2
    assert hint in shown.output


def test_without_a_marker_the_command_ends_with_2(tmp_path: Path) -> None:
    spec = tmp_path / "reference.bac.yaml"
    spec.write_text(REFERENCE)
    shown = CliRunner().invoke(main, ["drill", str(spec), "--adapter", f"sqlite:{tmp_path}", "--random", "1"])
    assert shown.exit_code == 2


def test_a_finding_reads_as_people_write_anomalies() -> None:
    made: Callable[..., Finding] = Finding
    assert str(made(bac.AnomalyKind.BROKEN_LINK, "a -> b", 1)) == "broken link a -> b #1"


# The documentation


def blocks(language: str) -> list[str]:
    """The blocks of code of the page on real services."""
    page = (ROOT / "docs" / "real-services.md").read_text(encoding="utf-8")
    return [part.split("```")[0] for part in page.split(f"```{language}\n")[1:]]


def test_the_page_on_real_services_runs_as_it_stands(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "examples").symlink_to(ROOT / "examples")
    monkeypatch.chdir(tmp_path)
    runner = CliRunner()
    for line in blocks("sh")[0].splitlines():
        if line.startswith("bac "):
            shown = runner.invoke(main, shlex.split(line)[1:])
            assert shown.exit_code == 1, shown.output
        else:
            subprocess.run(line, shell=True, check=True)
    assert "as predicted: the stores show broken-link" in shown.output
    for block in blocks("python"):
        exec(compile(block, "real-services.md", "exec"), {})


@pytest.mark.parametrize("needed", [0, 1, 2, 5])
def test_shortening_ends_when_no_action_can_be_left_out(needed: int) -> None:
    class Failing:
        """Fails as long as so many actions are driven."""

        def drive(self, labels: Sequence[Any], probe: Any = None) -> Failure | None:
            return Failure(tuple(labels), None, "it fails", probe) if len(labels) >= needed else None  # type: ignore[arg-type]

    least = shortest(Failing(), Failure(tuple(range(9)), None, "it fails"))  # type: ignore[arg-type]
    assert len(least.labels) == needed
