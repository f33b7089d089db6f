"""The command line, through its real entry point."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path
from unicodedata import normalize
from xml.etree import ElementTree

import pytest
from helpers import MISSING, REFERENCE, bac

from bac.commands import terminal
from bac.commands.check import REDUCTIONS
from bac.model.plan import Timing
from bac.proofs.reductions.part_search import Reduction
from bac.properties.anomalies import AnomalyKind
from bac.properties.qualities import Property
from bac.reports import doctor
from bac.reports.comparison import as_entry
from bac.schemas import violation

FORMATS = ["svg", "tikz", "dot"]


@pytest.fixture
def reference(tmp_path: Path) -> Path:
    file = tmp_path / "reference.bac.yaml"
    file.write_text(REFERENCE, encoding="utf-8")
    return file


FEW_STATES = ("--engine", "explicit", "--max-states", "3")
"""A search that reaches its limit."""


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        ([], 1),
        (["--plan", "shared"], 0),
        (["--plan", "locked"], 1),
        (["--plan", "locked", "--property", "consistency"], 0),
        (["--plan", "locked", "--property", "availability", "--expect", "violated"], 0),
        (["--plan", "shared", "--expect", "violated"], 1),
        (["--plan", "shared", "--expect", "holds"], 0),
        (["--plan", "independent", "--expect", "holds"], 1),
        (["--plan", "independent", "--plan", "locked", "--expect", "violated"], 0),
        (["--plan", "independent", "--plan", "shared", "--expect", "violated"], 1),
        (["--plan", "shared", *FEW_STATES], 3),
        (["--plan", "shared", *FEW_STATES, "--expect", "violated"], 3),
        (["--plan", "shared", "--timeout", "0"], 3),
        (["--plan", "shared", "--engine", "explicit", "--max-memory", "1"], 3),
        (["--plan", "shered"], 2),
        (["--property", "liveness"], 2),
        (["--instances", "0"], 2),
    ],
)
def test_exit_codes(reference: Path, arguments: list[str], code: int) -> None:
    assert bac("check", reference, *arguments).exit_code == code


def test_an_unknown_plan_is_answered_with_the_nearest(reference: Path) -> None:
    result = bac("check", reference, "--plan", "lokced")
    assert "locked" in result.stderr
    assert result.stdout == ""


def test_the_comparison_shows_every_plan_and_two_of_three(reference: Path) -> None:
    result = bac("check", reference)
    rows = {line.split("  ")[0]: line for line in result.stdout.splitlines() if "✓" in line}
    assert list(rows) == ["independent", "locked", "atomic", "shared", "rollback", "resume", "any"]
    assert rows["locked"].split()[1:4] == ["✓", "✗", "✓"]
    assert rows["independent"].split()[1:4] == ["✓", "✓", "✗"]
    assert rows["rollback"].endswith("yes")


def test_what_is_unknown_is_a_question_mark_and_no_count(reference: Path) -> None:
    text = bac("check", reference, *FEW_STATES).stdout
    rows = [
        line.split() for line in text.splitlines() if line.startswith(("independent ", "locked ")) and ":" not in line
    ]
    assert rows
    assert all(set(row[1:]) == {"?"} for row in rows)
    assert "≥" not in text
    assert "\nevery plan: unknown: the limit of 3 states (--max-states) was reached" in text


def test_a_plan_with_a_comma_in_its_name_is_quoted_in_a_list() -> None:
    assert [as_entry("nightly"), as_entry("weekly, full")] == ["nightly", "'weekly, full'"]


@pytest.mark.parametrize("command", ["check", "figure", "export"])
def test_every_kind_of_anomaly_can_be_asked_for(command: str, reference: Path) -> None:
    named = next(each for each in bac(command, reference, "--kind", "?").stderr.splitlines() if "is not one of" in each)
    assert [kind for kind in AnomalyKind if f"'{kind}'" not in named] == []


def test_what_can_be_asked_for_is_what_there_is() -> None:
    assert list(terminal.ANOMALIES) == list(AnomalyKind)
    assert list(terminal.PROPERTIES) == list(Property)
    assert list(terminal.TIMINGS) == list(Timing)
    assert set(REDUCTIONS) == set(Reduction)


def test_anomalies_that_are_asked_for_in_vain(reference: Path) -> None:
    found = bac("check", reference, "--plan", "independent", "--subject", "nothing")
    assert "no anomaly fits --kind, --subject and --timing" in found.stderr
    assert "no anomaly" not in bac("check", reference, "--plan", "independent", "--kind", "broken-link").stderr


def test_a_limit_leaves_a_reduction_unfinished(reference: Path) -> None:
    whole = ("--instances", "20", "--no-reduction", "one-index", "--plan", "independent")
    stopped = bac("check", reference, *whole, "--max-states", "50").stdout
    assert "states searched so far instead of" in stopped
    assert "so far" not in bac("check", reference, *whole[2:], "--instances", "3").stdout


def test_a_limit_on_states_does_not_limit_an_engine_that_visits_none(reference: Path) -> None:
    assert bac("check", reference, "--plan", "shared", "--max-states", "3").exit_code == 0


def test_an_engine_that_counts_no_states_tells_no_number(reference: Path) -> None:
    assert " states" in bac("check", reference, "--plan", "shared", "--engine", "explicit").stdout
    assert " states" not in bac("check", reference, "--plan", "shared", "--engine", "smt").stdout


def test_one_plan_shows_each_counterexample(reference: Path) -> None:
    text = bac("check", reference, "--plan", "independent").stdout
    assert "broken link  a -> b" in text
    assert "orphan state  b" in text
    assert "> 1  snapshot  B" in text
    assert "The recovered a refers to b, which does not exist" in text


def test_the_json_report_follows_its_schema(reference: Path) -> None:
    result = bac("check", reference, "--format", "json", "--instances", "2")
    document = json.loads(result.stdout)
    assert violation("report", document) is None
    assert [plan["plan"] for plan in document["plans"]][:2] == ["independent", "locked"]
    consistency = document["plans"][0]["properties"]["consistency"]
    (broken, _) = consistency["anomalies"]
    assert broken["length"] == {"any-time": 5, "at-rest": 5}
    assert broken["cause"] == "backup"
    for anomaly in consistency["anomalies"]:
        assert violation("trace", anomaly["trace"]) is None


def test_the_report_of_a_limit_follows_its_schema(reference: Path) -> None:
    document = json.loads(bac("check", reference, "--format", "json", *FEW_STATES).stdout)
    assert violation("report", document) is None
    assert document["plans"][0]["limit"] == "the limit of 3 states (--max-states) was reached"


def test_the_junit_report_counts_failures(reference: Path) -> None:
    result = bac("check", reference, "--format", "junit", "--plan", "locked")
    root = ElementTree.fromstring(result.stdout)
    assert (root.get("tests"), root.get("failures"), root.get("errors")) == ("4", "1", "0")
    (failure,) = root.iter("failure")
    assert "held back" in (failure.text or "")


def test_junit_knows_what_was_expected_and_what_is_unknown(reference: Path) -> None:
    expected = ElementTree.fromstring(bac("check", reference, "--format", "junit", "--expect", "violated").stdout)
    assert expected.get("failures") == "2"  # shared and resume violate nothing
    unknown = ElementTree.fromstring(bac("check", reference, "--format", "junit", *FEW_STATES).stdout)
    assert int(unknown.get("errors") or 0) > 0


def test_traces_are_saved_and_replayed(reference: Path, tmp_path: Path) -> None:
    bac("check", reference, "--trace-dir", tmp_path / "traces")
    files = sorted((tmp_path / "traces").iterdir())
    assert "independent--broken-link--a-to-b--at-rest.json" in [file.name for file in files]
    for file in files:
        result = bac("replay", file)
        assert result.exit_code == 0
        assert "confirmed by the interpreter" in result.stdout


def test_a_tampered_trace_is_refused(reference: Path, tmp_path: Path) -> None:
    bac("check", reference, "--plan", "independent", "--trace-dir", tmp_path)
    file = tmp_path / "independent--broken-link--a-to-b--at-rest.json"
    document = json.loads(file.read_text(encoding="utf-8"))
    document["services"][1]["cut"] = document["services"][1]["log"]
    file.write_text(json.dumps(document), encoding="utf-8")
    result = bac("replay", file)
    assert result.exit_code == 2
    assert "services[1].cut" in result.stderr


@pytest.mark.parametrize("format_", FORMATS)
def test_figures_are_drawn_from_specifications_and_traces(reference: Path, tmp_path: Path, format_: str) -> None:
    direct, saved = tmp_path / f"direct.{format_}", tmp_path / f"saved.{format_}"
    assert bac("figure", reference, "--kind", "broken-link", "--timing", "at-rest", "-o", direct).exit_code == 0
    bac("check", reference, "--plan", "independent", "--trace-dir", tmp_path)
    trace = tmp_path / "independent--broken-link--a-to-b--at-rest.json"
    assert bac("figure", trace, "-o", saved).exit_code == 0
    assert direct.read_bytes() == saved.read_bytes()
    assert bac("figure", reference, "--architecture", "--plan", "shared", "-o", direct).exit_code == 0


def test_a_figure_of_what_does_not_happen_says_what_does(reference: Path, tmp_path: Path) -> None:
    result = bac("figure", reference, "--plan", "atomic", "--kind", "broken-link", "-o", tmp_path / "x.svg")
    assert result.exit_code == 1
    assert "there is no broken-link; there is orphan-state 'b'" in result.stderr
    assert not (tmp_path / "x.svg").exists()


@pytest.mark.parametrize("command", [["figure", "-o", "x.svg"], ["export", "--to", "itf", "-o", "x.itf.json"]])
def test_a_plan_that_holds_has_no_counterexample_to_show(
    reference: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: list[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    result = bac(*command, reference, "--plan", "shared")
    assert result.exit_code == 1
    assert "plan shared does not violate consistency: there is no counterexample" in result.stderr
    assert [file.name for file in tmp_path.iterdir()] == [reference.name]


@pytest.mark.parametrize("option", [("--kind", "broken-link"), ("--subject", "b"), ("--timing", "at-rest")])
def test_what_chooses_an_anomaly_does_not_apply_to_availability(reference: Path, option: tuple[str, str]) -> None:
    result = bac("figure", reference, "--property", "availability", *option, "-o", "/dev/null.svg")
    assert result.exit_code == 2
    assert f"{option[0]} does not apply to --property availability" in result.stderr


def test_extra_loss_is_drawn_by_its_kind(tmp_path: Path) -> None:
    broker = Path(__file__).parent / "corpus" / "broker.bac.yaml"
    files = [tmp_path / "kind.svg", tmp_path / "property.svg"]
    for file, option in zip(files, (("--kind", "extra-loss"), ("--property", "no-extra-loss")), strict=True):
        assert bac("figure", broker, "--plan", "rollback, survives", *option, "-o", file).exit_code == 0
    assert files[0].read_bytes() == files[1].read_bytes()


@pytest.mark.parametrize(
    "option",
    [
        ("--kind", "broken-link"),
        ("--plan", "independent"),
        ("--subject", "a -> b"),
        ("--timing", "at-rest"),
        ("--instances", "1"),
        ("--property", "consistency"),
        ("--timeout", "1"),
        ("--max-states", "1"),
        ("--max-memory", "1"),
    ],
    ids=lambda option: option[0],
)
def test_options_that_choose_a_counterexample_do_not_apply_to_a_trace(
    reference: Path, tmp_path: Path, option: tuple[str, str]
) -> None:
    bac("check", reference, "--plan", "independent", "--trace-dir", tmp_path)
    trace, target = tmp_path / "independent--broken-link--a-to-b--at-rest.json", tmp_path / "x.svg"
    result = bac("figure", trace, *option, "-o", target)
    assert result.exit_code == 2
    assert f"{option[0]} does not apply to a TRACE" in result.stderr
    assert not target.exists()
    assert bac("figure", reference, *option, "-o", target).exit_code in (0, 3)
    if option[0].removeprefix("--") not in ("plan", "timeout", "max-states", "max-memory"):
        assert bac("figure", reference, "--architecture", *option, "-o", target).exit_code == 2
        assert bac("export", trace, "--to", "itf", *option).exit_code == 2


@pytest.fixture
def newest(tmp_path: Path) -> tuple[object, ...]:
    """A specification with a plan that is decided by a search of states."""
    file = tmp_path / "newest.bac.yaml"
    file.write_text(f"{REFERENCE}  newest: {{recovery: {{from: newest}}}}", encoding="utf-8")
    return file, "--plan", "newest"


@pytest.mark.parametrize("limit", [("--timeout", "0"), ("--max-states", "3"), ("--max-memory", "1")])
def test_a_figure_that_is_not_found_within_limits_is_unknown(
    newest: tuple[object, ...], tmp_path: Path, limit: tuple[str, str]
) -> None:
    result = bac("figure", *newest, *limit, "-o", tmp_path / "x.svg")
    assert result.exit_code == 3
    assert "limit" in result.stderr


def test_what_a_limit_may_have_hidden_is_not_said_to_be_nowhere(newest: tuple[object, ...], tmp_path: Path) -> None:
    """The orphan is found sooner than the broken link; a limit between the two leaves that open."""
    command = ["figure", *newest, "--kind", "broken-link", "-o", tmp_path / "x.svg"]
    results = [bac(*command, "--max-states", most) for most in (5, 20, 40, 200)]
    assert [result.exit_code for result in results] == [3, 3, 3, 0]
    assert "no broken-link of consistency was found" in results[2].stderr


def test_a_figure_in_an_unknown_format_is_refused_before_anything_is_done(reference: Path, tmp_path: Path) -> None:
    result = bac("figure", reference, "-o", tmp_path / "x.gif")
    assert result.exit_code == 2
    assert ".svg" in result.stderr


def test_check_draws_the_first_counterexample(reference: Path, tmp_path: Path) -> None:
    assert bac("check", reference, "--plan", "locked", "--figure", tmp_path / "x.svg").exit_code == 1
    assert (tmp_path / "x.svg").stat().st_size > 0
    result = bac("check", reference, "--plan", "shared", "--figure", tmp_path / "y.svg")
    assert "no counterexample" in result.stderr


def test_what_cannot_be_written_is_an_error(reference: Path, tmp_path: Path) -> None:
    result = bac("figure", reference, "-o", tmp_path / "nowhere" / "x.svg")
    assert result.exit_code == 2
    assert "there is no directory" in result.stderr
    (tmp_path / "file").write_text("", encoding="utf-8")
    assert bac("check", reference, "--trace-dir", tmp_path / "file" / "traces").exit_code == 2


@pytest.mark.parametrize("option", ["--figure", "--trace-dir"])
def test_what_cannot_be_written_is_noticed_before_the_search(reference: Path, tmp_path: Path, option: str) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    result = bac("check", reference, option, tmp_path / "file" / "x.svg")
    assert result.exit_code == 2
    assert result.stdout == ""
    (tmp_path / "x.svg").mkdir()
    assert bac("check", reference, "--figure", tmp_path / "x.svg").exit_code == 2


def test_what_is_noticed_before_the_search_leaves_nothing_behind(reference: Path, tmp_path: Path) -> None:
    bac("check", reference, "--plan", "shared", "--figure", tmp_path / "x.svg", "--trace-dir", tmp_path / "traces")
    assert not (tmp_path / "x.svg").exists()
    assert list((tmp_path / "traces").iterdir()) == []


@pytest.mark.parametrize("command", [["check"], ["figure", "-o", "x.svg"], ["prove", "invariant", "--plan", "locked"]])
def test_a_time_that_is_no_number_is_refused(reference: Path, command: list[str]) -> None:
    result = bac(*command, reference, "--timeout", "nan")
    assert result.exit_code == 2
    assert "nan is not a number of seconds" in result.stderr


def test_traces_with_long_and_similar_names_are_all_saved(tmp_path: Path) -> None:
    """Disks count bytes, and some take upper and lower case, or two ways to write a letter, for the same."""
    names = ["表" * 190, "A", "a", "é", "e\u0301"]
    document = {
        "services": {name: {"owns": [f"{name} x", f"{name} y"]} for name in names},
        "use_cases": {name: [{"create": f"{name} x"}, {"create": f"{name} y"}] for name in names},
        "plans": {f"{name} plan": {"disaster": {"scope": "any"}} for name in names},
    }
    file = tmp_path / "names.bac.yaml"
    file.write_text(json.dumps(document), encoding="utf-8")
    result = bac("check", file, "--trace-dir", tmp_path / "traces", "--property", "consistency")
    saved = [each.name for each in (tmp_path / "traces").iterdir()]
    assert f"{len(saved)} traces saved" in result.stderr
    assert len({normalize("NFC", name.casefold()) for name in saved}) == len(saved)
    assert max(len(name.encode()) for name in saved) < 200


def test_init_writes_a_specification_that_can_be_checked(tmp_path: Path) -> None:
    file = tmp_path / "shop.bac.yaml"
    assert bac("init", file).exit_code == 0
    first = file.read_text(encoding="utf-8").splitlines()[0]
    schema = first.removeprefix("# yaml-language-server: $schema=")
    assert (tmp_path / schema).exists()
    assert bac("check", file, "--strict").exit_code == 1
    again = bac("init", file)  # nothing is lost
    assert again.exit_code == 2
    assert again.stderr == f"bac: {file} already exists; --force overwrites it\n"
    assert bac("init", file, "--force").exit_code == 0


def test_a_specification_on_standard_input() -> None:
    assert bac("check", "-", "--plan", "shared", stdin=REFERENCE).exit_code == 0


def test_errors_of_a_specification_are_located(tmp_path: Path) -> None:
    file = tmp_path / "wrong.bac.yaml"
    file.write_text("services: {A: {owns: [a]}}\nreferences: ['a -> c']\nplans: {p: {ordr: []}}\n", encoding="utf-8")
    result = bac("check", file)
    assert result.exit_code == 2
    assert f"{file}:2:" in result.stderr
    assert f"{file}:3:" in result.stderr
    assert "error[" in result.stderr


def test_warnings_are_shown_and_can_be_made_errors(tmp_path: Path) -> None:
    file = tmp_path / "odd.bac.yaml"
    file.write_text(REFERENCE.replace("B: {owns: [b]}", "B: {owns: [b]}, C: {}"), encoding="utf-8")
    relaxed = bac("check", file, "--plan", "shared")
    assert relaxed.exit_code == 0
    assert "warning[" in relaxed.stderr
    strict = bac("check", file, "--plan", "shared", "--strict")
    assert strict.exit_code == 2
    assert strict.stdout == ""


def test_a_note_is_shown_and_is_no_error_even_if_warnings_are(tmp_path: Path) -> None:
    file = tmp_path / "twins.bac.yaml"
    file.write_text(REFERENCE.partition("plans:")[0] + "plans: {documented procedure: {}}\n", encoding="utf-8")
    result = bac("check", file, "--plan", "documented procedure", "--property", "backup", "--strict")
    assert result.exit_code == 0
    assert "note[same-plan]: this plan is identical to 'independent'" in result.stderr


@pytest.mark.parametrize("address", ["", "nonsense", "http://127.0.0.1:80", "tcp://127.0.0.1"])
def test_an_address_that_is_none_is_refused_before_the_search(reference: Path, address: str) -> None:
    pytest.importorskip("distributed", reason=f"{MISSING} cluster")
    result = bac("check", reference, "--scheduler", address)
    assert result.exit_code == 2
    assert result.stderr.splitlines()[0].startswith(f"bac: no Dask scheduler at {address}:")
    assert result.stdout == ""


def test_processes_and_a_cluster_exclude_each_other(reference: Path) -> None:
    result = bac("check", reference, "--scheduler", "tcp://127.0.0.1:8786", "--jobs", "2")
    assert result.exit_code == 2
    assert "--jobs does not apply to --scheduler" in result.stderr


def test_doctor_names_what_is_installed() -> None:
    result = bac("doctor")
    assert result.exit_code == 0
    assert "click" in result.stdout
    assert "dot" in result.stdout


def test_doctor_looks_for_all_that_the_package_depends_on() -> None:
    project = tomllib.loads((Path(__file__).parents[1] / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert {re.split("[<>=]", each)[0] for each in project["dependencies"]} == set(doctor.LIBRARIES)


HOSTILE = [
    "<script>alert(1)</script>",
    "a\"b'c",
    "back\\slash",
    "$x_1^2$ {y} #&%~",
    "[bold red]x[/]",
    "שלום",
    "表",
    "😀",
    "a;b|c`d",
]


@pytest.mark.parametrize("name", HOSTILE)
def test_any_printable_name_comes_through(name: str, tmp_path: Path) -> None:
    file = tmp_path / "names.bac.yaml"
    document = {
        "name": name,
        "services": {f"{name} A": {"owns": [f"{name} a"]}, f"{name} B": {"owns": [f"{name} b"]}},
        "references": [f"{name} a -> {name} b"],
    }
    file.write_text(json.dumps(document), encoding="utf-8")
    result = bac("check", file, "--plan", "independent", "--trace-dir", tmp_path)
    assert result.exit_code == 1
    assert f"{name} a -> {name} b" in result.stdout
    report = json.loads(bac("check", file, "--format", "json").stdout)
    assert report["specification"] == name
    ElementTree.fromstring(bac("check", file, "--format", "junit").stdout)
    for trace in tmp_path.glob("*.json"):
        assert bac("replay", trace).exit_code == 0


def test_the_installed_command_answers() -> None:
    for command in ([str(Path(sys.executable).with_name("bac"))], [sys.executable, "-m", "bac"]):
        done = subprocess.run([*command, "--version"], capture_output=True, text=True, check=True)
        assert done.stdout.startswith("bac, version ")


def test_a_closed_pipe_is_no_error(reference: Path) -> None:
    done = subprocess.run(
        f"{sys.executable} -m bac check {reference} | head -1", shell=True, capture_output=True, text=True, check=False
    )
    assert done.stderr == ""


INTERRUPTED_SEARCH = """
import os, signal, sys
from bac.proofs.engine import LimitMonitor
from bac.cli import main

def exceeded(*_):
    os.kill(os.getpid(), signal.SIGINT)

LimitMonitor.exceeded = exceeded
main(sys.argv[1:])
"""
INTERRUPTED_WAITING = """
import os, signal, sys
from bac.proofs import pool
from bac.cli import main

class Executor:
    def __init__(self, *_, **__):
        os.kill(os.getpid(), signal.SIGINT)

pool.LocalExecutor = Executor
main(sys.argv[1:])
"""


@pytest.mark.skipif(os.name == "nt", reason="signals")
@pytest.mark.parametrize("script", [INTERRUPTED_SEARCH, INTERRUPTED_WAITING], ids=["searching", "waiting"])
def test_an_interruption_ends_with_what_is_known(script: str, tmp_path: Path) -> None:
    services = {f"s{n}": {"owns": [f"e{n}"]} for n in range(12)}
    document = {"services": services, "use_cases": {f"u{n}": [{"create": f"e{n}"}] for n in range(12)}}
    file = tmp_path / "large.bac.yaml"
    file.write_text(json.dumps(document | {"plans": {"any": {"disaster": {"scope": "any"}}}}), encoding="utf-8")
    options = ["--format", "json", "--no-reduction", "symmetry", "--jobs", "2"]
    done = subprocess.run(
        [sys.executable, "-c", script, "check", str(file), *options], capture_output=True, text=True, check=False
    )
    assert done.returncode == 3, done.stderr
    report = json.loads(done.stdout)
    assert {plan["limit"] for plan in report["plans"]} == {"interrupted"}
    assert report["plans"][0]["properties"]["consistency"]["verdict"] == "unknown"
