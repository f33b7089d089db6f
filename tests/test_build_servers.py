"""The formats that build servers read: annotations and summaries of GitHub, SARIF, JUnit; and the hooks."""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
import yaml
from helpers import REFERENCE, bac
from jsonschema import Draft7Validator

from bac.figures.sequence import MOST_CHARACTERS
from bac.figures.sequence import escaped as in_mermaid
from bac.reports.findings import RULES
from bac.reports.github import MOST_ANNOTATIONS, MOST_BYTES, command, escaped, harmless

HERE = Path(__file__).resolve().parent
SARIF = Draft7Validator(json.loads((HERE / "sarif.schema.json").read_text(encoding="utf-8")))
EXPECTING = """\
name: Reference
services: {A: {owns: [a]}, B: {owns: [b]}}
references: ["a -> b"]
plans:
  nightly:
    order: [B, A]
    expect: {anomalies: [broken link a -> b]}
  weekly:
    order: [A, B]
    expect: {anomalies: [orphan state b]}
  safe:
    groups: [{mode: shared-database, services: all}]
    expect: {consistency: violated}
"""
"""A baseline with something new, one that fits, and an expectation that is too bad."""


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A specification with expectations, in a folder that is the working copy of a build."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("GITHUB_WORKSPACE", raising=False)
    monkeypatch.delenv("GITHUB_STEP_SUMMARY", raising=False)
    file = tmp_path / "sub" / "shop.bac.yaml"
    file.parent.mkdir()
    file.write_text(EXPECTING, encoding="utf-8")
    return file


# GitHub


def annotations(text: str) -> list[dict[str, str]]:
    """The annotations in what was printed, as GitHub reads them."""
    return [parsed(line) for line in text.splitlines() if line.startswith("::")]


def parsed(line: str) -> dict[str, str]:
    """One workflow command, read as the runner does."""
    read = re.fullmatch("::(error|warning|notice) ([^:]*)::(.*)", line)
    assert read, line
    keys = dict(part.split("=", 1) for part in read[2].split(","))
    unescaped = {key: value.replace("%3A", ":").replace("%2C", ",") for key, value in keys.items()}
    message = read[3].replace("%0A", "\n").replace("%0D", "\r").replace("%25", "%")
    return {**unescaped, "level": read[1], "message": message}


@pytest.mark.usefixtures("file")
def test_each_plan_has_one_annotation_at_its_line_worst_first() -> None:
    result = bac("check", "sub/shop.bac.yaml", "--format", "github")
    assert result.exit_code == 1
    found = annotations(result.stdout)
    assert [(each["level"], each["line"], each["title"]) for each in found] == [
        ("error", "5", "bac/orphan-state: plan nightly"),
        ("error", "11", "bac/not-as-expected: plan safe"),
        ("notice", "1", "bac/broken-link: plan independent"),
        ("notice", "8", "bac/orphan-state: plan weekly"),
    ]
    assert {each["file"] for each in found} == {"sub/shop.bac.yaml"}
    assert "orphan state b: The recovered b exists, but nothing refers to it" in found[0]["message"]
    assert "> 3  snapshot  A" in found[0]["message"], "the run can be read without another file"
    assert found[1]["message"] == "consistency holds, expected violated"
    assert found[2]["message"].startswith("broken link a -> b (nothing is expected of this plan): ")
    assert found[3]["message"].startswith("orphan state b (expected): ")


def test_the_report_stays_readable_in_the_log(file: Path) -> None:
    assert "Reference: 4 plans" in bac("check", file, "--format", "github").stdout


def test_a_path_is_that_of_the_repository(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GITHUB_WORKSPACE", str(file.parent.parent))
    monkeypatch.chdir(file.parent)
    found = annotations(bac("check", "shop.bac.yaml", "--format", "github").stdout)
    assert {each["file"] for each in found} == {"sub/shop.bac.yaml"}


def test_no_more_annotations_than_github_shows(file: Path) -> None:
    plans = "".join(f"  p{number}: {{order: [A, B]}}\n" for number in range(MOST_ANNOTATIONS + 3))
    file.write_text(EXPECTING.partition("plans:")[0] + "plans:\n" + plans, encoding="utf-8")
    printed = bac("check", file, "--format", "github").stdout
    assert [each["level"] for each in annotations(printed)] == ["error"] * MOST_ANNOTATIONS
    assert "4 more plans with the level error: see the summary of the job" in printed


def test_the_errors_of_a_file_are_annotations(file: Path) -> None:
    file.write_text(EXPECTING.replace("order: [A, B]", "order: [A, C]"), encoding="utf-8")
    result = bac("check", "sub/shop.bac.yaml", "--format", "github")
    assert result.exit_code == 2
    (found,) = annotations(result.stdout)
    assert (found["level"], found["line"], found["title"]) == ("error", "9", "bac/unknown-service")


def test_no_name_escapes_from_an_annotation() -> None:
    line = command("error", "a,b:c.yaml", 1, 2, "x::y,\nz", "100%\n::error::no")
    assert "\n" not in line
    assert parsed(line)["message"] == "100%\n::error::no"
    assert parsed(line)["title"].replace("%0A", "\n") == "x::y,\nz"
    assert parsed(line)["file"] == "a,b:c.yaml"
    assert not harmless("  ::error::x").lstrip().startswith("::")
    assert "##[" not in harmless("a ##[error]x")


def test_the_summary_has_a_table_and_the_worst_run(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    summary = file.parent / "summary.md"
    summary.write_text("before\n", encoding="utf-8")
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(summary))
    bac("check", "sub/shop.bac.yaml", "--format", "github")
    text = summary.read_text(encoding="utf-8")
    assert text.startswith("before\n### bac: 2 of 4 plans with findings\n")
    assert "| nightly | ✓ | ✓ | ✗ | 1 | 1 | – | – | 1 |" in text
    assert "**nightly: orphan state b**" in text
    diagram = text.partition("```mermaid\n")[2].partition("```")[0]
    assert diagram == (
        "sequenceDiagram\n"
        "  actor client\n"
        "  participant s1 as A\n"
        "  participant s2 as B\n"
        "  client->>s2: 1. create b → B/1\n"
        "  Note over s2: 2. snapshot\n"
        "  Note over s1: #9888; 3. snapshot\n"
        "  s2->>s1: 4. create a → A/1\n"
        "  Note over s1,s2: 5. disaster#58; A, B, no use case in flight\n"
    )


@pytest.mark.parametrize("used", [MOST_BYTES - 700, MOST_BYTES - 10, MOST_BYTES])
def test_the_summary_keeps_within_its_room(file: Path, monkeypatch: pytest.MonkeyPatch, used: int) -> None:
    summary = file.parent / "summary.md"
    summary.write_bytes(b"x" * used)
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(summary))
    bac("check", file, "--format", "github")
    assert used <= summary.stat().st_size <= MOST_BYTES


def test_names_mean_nothing_to_markdown_and_mermaid(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    odd = "a|b`<i>;#"
    summary = file.parent / "summary.md"
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(summary))
    text = EXPECTING.replace("nightly:", json.dumps(odd) + ":").replace("B", json.dumps("%%{<b>;"))
    file.write_text(text, encoding="utf-8")
    bac("check", file, "--format", "github")
    written = summary.read_text(encoding="utf-8")
    assert f"| {escaped(odd)} |" in written
    assert f"participant s2 as {in_mermaid('%%{<b>;')}" in written
    assert "<b>" not in written
    assert "<i>" not in written
    assert set(in_mermaid("%{}<>;#:\"'`|\n&")) <= set("#0123456789;")
    assert len(in_mermaid("x" * 10)) == 10 < MOST_CHARACTERS


# SARIF


def sarif(*arguments: object) -> dict[str, Any]:
    """The one run of the document, which is valid."""
    document = json.loads(bac("check", *arguments, "--format", "sarif").stdout)
    SARIF.validate(document)
    (run,) = document["runs"]
    return dict(run)


def levels(run: dict[str, Any]) -> list[tuple[str, str, str]]:
    """The rule, the plan and the level of each result."""
    return [(each["ruleId"], each["properties"]["plan"], each["level"]) for each in run["results"]]


def test_the_schema_refuses_what_is_no_sarif() -> None:
    assert not SARIF.is_valid({"version": "2.1.0", "runs": [{"results": []}]})
    assert not SARIF.is_valid({"version": "2.1.0", "runs": [{"tool": {"driver": {"name": "bac"}}, "findings": []}]})


@pytest.mark.usefixtures("file")
def test_sarif_follows_the_expectations() -> None:
    run = sarif("sub/shop.bac.yaml")
    assert levels(run) == [
        ("bac/orphan-state", "nightly", "error"),
        ("bac/not-as-expected", "safe", "error"),
        ("bac/broken-link", "independent", "note"),
        ("bac/orphan-state", "independent", "note"),
        ("bac/broken-link", "nightly", "note"),
        ("bac/orphan-state", "weekly", "note"),
    ]
    suppressed = [each["suppressions"][0]["justification"] for each in run["results"] if "suppressions" in each]
    assert suppressed == ["nothing is expected of this plan"] * 2 + ["expected"] * 2


def test_every_rule_is_described_and_found_by_its_index(file: Path) -> None:
    run = sarif(file)
    rules = run["tool"]["driver"]["rules"]
    assert {f"bac/{rule}" for rule in RULES} <= {rule["id"] for rule in rules}
    assert all(rules[each["ruleIndex"]]["id"] == each["ruleId"] for each in run["results"])


@pytest.mark.usefixtures("file")
def test_a_result_stands_at_its_plan_and_shows_the_run() -> None:
    (worst, *_) = sarif("sub/shop.bac.yaml")["results"]
    at = worst["locations"][0]["physicalLocation"]
    assert at["artifactLocation"] == {"uri": "sub/shop.bac.yaml", "uriBaseId": "%SRCROOT%"}
    assert at["region"] == {"startLine": 5, "startColumn": 3}
    flow = worst["codeFlows"][0]["threadFlows"][0]["locations"]
    assert [each["executionOrder"] for each in flow] == list(range(1, len(flow) + 1))
    assert flow[-1]["location"]["message"]["text"].endswith("disaster  A, B, no use case in flight")
    lines = {each["location"]["physicalLocation"]["region"]["startLine"] for each in flow}
    assert lines == {3, 5}, "steps stand at their reference, the rest at the plan"


def fingerprints(run: dict[str, Any]) -> set[str]:
    return {each["partialFingerprints"]["bac/v1"] for each in run["results"]}


def test_fingerprints_stay_when_lines_move(file: Path) -> None:
    before = fingerprints(sarif("sub/shop.bac.yaml"))
    assert len(before) == 6
    file.write_text("# moved\n\n" + EXPECTING, encoding="utf-8")
    assert fingerprints(sarif("sub/shop.bac.yaml")) == before
    file.write_text(EXPECTING.replace("nightly", "daily"), encoding="utf-8")
    assert len(before & fingerprints(sarif("sub/shop.bac.yaml"))) == 4


def test_one_run_holds_several_files_and_their_warnings(file: Path) -> None:
    (file.parent / "other.bac.yaml").write_text(EXPECTING.replace("b]", "b, c]", 1), encoding="utf-8")
    run = sarif("sub")
    uris = [each["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] for each in run["results"]]
    assert sorted(set(uris)) == ["sub/other.bac.yaml", "sub/shop.bac.yaml"]
    assert "bac/unused-entity" in {each["ruleId"] for each in run["results"]}


def test_an_unknown_verdict_is_a_warning(file: Path) -> None:
    file.write_text(REFERENCE, encoding="utf-8")
    run = sarif(file, "--plan", "atomic", "--engine", "explicit", "--max-states", "1")
    assert ("bac/unknown", "atomic", "warning") in levels(run)


@pytest.mark.parametrize("example", ["sales", "cases/gitlab", "ftgo/ftgo"])
def test_the_examples_give_valid_sarif(example: str) -> None:
    assert sarif(HERE.parent / "examples" / f"{example}.bac.yaml", "--plan", "independent")["results"]


# JUnit, and reports in files


@pytest.mark.usefixtures("file")
def test_every_test_case_of_junit_has_its_place() -> None:
    root = ElementTree.fromstring(bac("check", "sub/shop.bac.yaml", "--format", "junit").stdout)
    places = {case.get("classname"): (case.get("file"), case.get("line")) for case in root.iter("testcase")}
    assert places["nightly"] == ("sub/shop.bac.yaml", "5")
    assert places["independent"] == ("sub/shop.bac.yaml", "1")


@pytest.mark.usefixtures("file")
def test_one_check_writes_several_reports(tmp_path: Path) -> None:
    wanted = {"sarif": tmp_path / "r.sarif", "junit": tmp_path / "r.xml", "json": tmp_path / "r.json"}
    options = [word for format_, target in wanted.items() for word in ("--report", f"{format_}={target}")]
    result = bac("check", "sub/shop.bac.yaml", *options)
    assert "Reference: 4 plans" in result.stdout
    SARIF.validate(json.loads(wanted["sarif"].read_text(encoding="utf-8")))
    assert ElementTree.parse(wanted["junit"]).getroot().get("failures") == "2"
    assert json.loads(wanted["json"].read_text(encoding="utf-8"))["format"] == "bac-report"


@pytest.mark.parametrize("wrong", ["text=x", "sarif", "sarif=", "pdf=x"])
def test_a_report_needs_a_format_and_a_file(file: Path, wrong: str) -> None:
    result = bac("check", file, "--report", wrong)
    assert result.exit_code == 2
    assert "expected FORMAT=FILE" in result.stderr


# Lint, hooks, and the action


def test_lint_reads_and_checks_nothing(file: Path) -> None:
    assert bac("lint", file).exit_code == 0
    (file.parent / "other.bac.yaml").write_text("services: {a: {owns: [x]}}\n", encoding="utf-8")
    result = bac("lint", "sub")
    assert (result.exit_code, result.stdout) == (2, "")
    assert "error[missing-key]" in result.stderr


def hooks() -> Iterator[tuple[str, Sequence[str]]]:
    """The name and the command line of each hook of pre-commit."""
    for hook in yaml.safe_load((HERE.parent / ".pre-commit-hooks.yaml").read_text(encoding="utf-8")):
        assert re.search(hook["files"], "docs/shop.bac.yaml")
        assert not re.search(hook["files"], "shop.yaml")
        yield hook["id"], shlex.split(hook["entry"])


@pytest.mark.parametrize(("hook", "codes"), [("bac-lint", (0, 2)), ("bac-check", (1, 2))])
def test_the_hooks_of_pre_commit_run_with_the_files_as_arguments(file: Path, hook: str, codes: tuple[int, int]) -> None:
    name, *arguments = dict(hooks())[hook]
    assert name == "bac"
    assert bac(*arguments, file).exit_code == codes[0]
    wrong = file.with_name("wrong.bac.yaml")
    wrong.write_text("services: {}\n", encoding="utf-8")
    assert bac(*arguments, file, wrong).exit_code == codes[1]


def act(folder: Path, **inputs: str) -> tuple[int, str, str]:
    """Run the step of the action that checks: its exit code, its output, and what it gives to other steps."""
    action = yaml.safe_load((HERE.parent / "action.yml").read_text(encoding="utf-8"))
    (step,) = [step for step in action["runs"]["steps"] if step.get("id") == "check"]
    given = {name: about["default"] for name, about in action["inputs"].items()} | inputs
    wanted = {key: given[text.removeprefix("${{ inputs.").removesuffix(" }}")] for key, text in step["env"].items()}
    program = folder / "temp" / "bac" / "bin" / "bac"
    program.parent.mkdir(parents=True, exist_ok=True)
    program.write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} -m bac "$@"\n', encoding="utf-8")
    program.chmod(0o755)
    outputs = folder / "outputs"
    outputs.write_text("", encoding="utf-8")
    runner = {"RUNNER_TEMP": str(folder / "temp"), "GITHUB_OUTPUT": str(outputs), "GITHUB_WORKSPACE": str(folder)}
    done = subprocess.run(
        ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step["run"]],
        cwd=folder,
        env={**os.environ, **runner, **wanted},
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout, outputs.read_text(encoding="utf-8")


def test_the_action_checks_and_tells_the_verdict(file: Path) -> None:
    here = file.parent.parent
    code, printed, outputs = act(here, spec="sub/shop.bac.yaml\n", **{"sarif-file": "found.sarif"})
    assert (code, outputs) == (1, "verdict=violated\n")
    assert annotations(printed)[0]["file"] == "sub/shop.bac.yaml"
    SARIF.validate(json.loads((here / "found.sarif").read_text(encoding="utf-8")))
    code, printed, outputs = act(here, arguments="--plan\nweekly\n")
    assert (code, outputs) == (0, "verdict=holds\n")
