"""``bac check``: what is shown of results, and of how many files."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from helpers import REFERENCE, bac, parsed

from bac.proofs.check import check
from bac.proofs.engine import Statistics
from bac.proofs.results import PlanResult
from bac.reports.checked import Checked, View
from bac.reports.text import SCREEN, duration
from bac.schemas import violation

HOLDS = """
services: {A: {owns: [a]}}
use_cases: {u: [{create: a}]}
"""
TRIPS = """
name: Trips
services:
  bookings: {owns: [booking]}
  flights:  {owns: [seat]}
  hotels:   {owns: [room]}
  payments: {owns: [payment], copies: [booking]}
use_cases:
  book trip:
    - {create: booking, name: booked}
    - {create: seat, name: seat}
    - {create: room}
    - {create: payment, refers_to: booking, name: paid}
    - {link: booking, to: seat}
    - {link: booking, to: room, name: confirmed}
  cancel trip:
    - {update: booking}
    - {update: seat}
    - {update: payment}
  move:
    - {update: booking}
    - {copy: booking, at: payments, via: event}
"""
"""Nearly everything can go wrong, in many ways."""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "holds.bac.yaml").write_text(HOLDS, encoding="utf-8")
    (tmp_path / "reference.bac.yaml").write_text(REFERENCE, encoding="utf-8")
    (tmp_path / "notes.yaml").write_text("no specification", encoding="utf-8")
    return tmp_path


# Several files


def test_the_hint_to_check_one_plan_names_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    file = tmp_path / "reference.bac.yaml"
    file.write_text(REFERENCE, encoding="utf-8")
    assert "run: bac check reference.bac.yaml --plan NAME" in bac("check", file.name).stdout
    assert "run: bac check" not in bac("check", "-", stdin=REFERENCE).stdout


def test_a_folder_stands_for_the_specifications_in_it(folder: Path) -> None:
    (folder / ".venv").mkdir()
    (folder / ".venv" / "installed.bac.yaml").write_text(HOLDS, encoding="utf-8")
    text = bac("check", folder).stdout
    assert [line for line in text.splitlines() if line.endswith(".bac.yaml")] == [
        f"{folder}/deep/holds.bac.yaml",
        f"{folder}/reference.bac.yaml",
    ]
    (folder / "empty").mkdir()
    result = bac("check", folder / "empty")
    assert (result.exit_code, result.stdout) == (2, "")
    assert "there is no file *.bac.yaml in the folder" in result.stderr


@pytest.mark.parametrize(
    ("options", "code"),
    [
        ([], 1),
        (["--plan", "independent"], 1),
        (["--plan", "shared"], 0),
        (["--engine", "explicit", "--max-states", "1"], 3),
        (["--plan", "sharde"], 2),
    ],
)
def test_the_exit_code_of_several_files_is_the_worst(folder: Path, options: list[str], code: int) -> None:
    assert bac("check", folder / "deep" / "holds.bac.yaml", folder / "reference.bac.yaml", *options).exit_code == code


def test_a_file_with_errors_does_not_hide_the_others(folder: Path) -> None:
    (folder / "wrong.bac.yaml").write_text("services: 3", encoding="utf-8")
    result = bac("check", folder)
    assert result.exit_code == 2
    assert "error[wrong-type]" in result.stderr
    assert "Reference: 7 plans" in result.stdout


def test_several_json_reports_are_one_document(folder: Path) -> None:
    document = json.loads(bac("check", folder, "--format", "json").stdout)
    assert violation("report", document) is None
    assert [Path(report["file"]).name for report in document["reports"]] == ["holds.bac.yaml", "reference.bac.yaml"]
    alone = json.loads(bac("check", folder / "reference.bac.yaml", "--format", "json").stdout)
    assert violation("report", alone) is None
    assert alone["format"] == "bac-report"
    assert "file" not in alone


def test_mismatches_of_several_files_name_the_file(folder: Path) -> None:
    result = bac("check", folder, "--plan", "independent", "--expect", "holds")
    assert result.stderr == f"{folder}/reference.bac.yaml: independent: consistency is violated, expected holds\n"


def test_traces_of_several_files_are_kept_apart(folder: Path) -> None:
    (folder / "deep" / "reference.bac.yaml").write_text(REFERENCE, encoding="utf-8")
    bac("check", folder, "--plan", "independent", "--trace-dir", folder / "traces")
    saved = [[file.name for file in sorted(each.iterdir())] for each in sorted((folder / "traces").iterdir())]
    assert sorted(file.name for file in (folder / "traces").iterdir()) == ["holds", "reference", "reference--2"]
    assert saved[0] == []
    assert saved[1] == saved[2] != []


# What is shown


def anomalies(*options: object) -> list[tuple[str, str, int]]:
    """The anomalies of the report on the reference, each with the length of the run that is shown."""
    report = json.loads(bac("check", "-", "--plan", "any", "--format", "json", *options, stdin=REFERENCE).stdout)
    assert violation("report", report) is None
    consistency = report["plans"][0]["properties"]["consistency"]
    found = consistency["anomalies"]
    assert len(found) + consistency.get("hidden", 0) == 2
    return [(each["kind"], each["subject"], len(each["trace"]["actions"])) for each in found]


def test_options_select_what_is_shown() -> None:
    broken, orphan = ("broken-link", "a -> b", 4), ("orphan-state", "b", 3)
    at_rest = ("orphan-state", "b", 4)
    assert anomalies() == [broken, at_rest]
    assert anomalies("--kind", "orphan-state") == [at_rest]
    assert anomalies("--subject", "a -> b") == [broken]
    assert anomalies("--timing", "any-time") == [broken, orphan]
    assert anomalies("--top", "1") == [broken]
    assert anomalies("--kind", "missing-state") == []


def test_what_is_shown_changes_no_verdict() -> None:
    result = bac("check", "-", "--plan", "any", "--kind", "missing-state", stdin=REFERENCE)
    assert result.exit_code == 1
    assert "consistency     violated" in result.stdout
    assert "orphan state" not in result.stdout


def test_a_comparison_lists_what_is_selected() -> None:
    text = bac("check", "-", "--kind", "broken-link", stdin=REFERENCE).stdout
    listed = [line for line in text.splitlines() if "broken link  a -> b" in line]
    assert [line.partition(":")[0] for line in listed] == ["independent", "any"]


@pytest.mark.parametrize("subject", ["book trip.seat", "book trip.2"])
def test_steps_are_called_by_their_names(subject: str) -> None:
    arguments = ["--plan", "independent", "--subject", subject]
    text = bac("check", "-", *arguments, stdin=TRIPS).stdout
    assert "missing state  book trip.seat   cause: backup" in text
    assert "flights: create seat  [book trip: seat]" in text
    report = json.loads(bac("check", "-", *arguments, "--format", "json", stdin=TRIPS).stdout)
    (anomaly,) = report["plans"][0]["properties"]["consistency"]["anomalies"]
    assert (anomaly["subject"], anomaly["step"]) == ("book trip.2", "seat")


@pytest.mark.parametrize("subject", ["book trip.seat", "book trip.2"])
def test_other_commands_know_the_names_of_steps_too(subject: str, tmp_path: Path) -> None:
    file = tmp_path / "trips.bac.yaml"
    file.write_text(TRIPS, encoding="utf-8")
    chosen = ["--kind", "missing-state", "--subject", subject]
    assert bac("figure", file, *chosen, "-o", tmp_path / "seat.svg").exit_code == 0
    exported = bac("export", file, "--to", "tla", *chosen)
    assert exported.exit_code == 0
    assert re.search("^INVARIANT missing_state_book_trip_2$", exported.stdout, re.MULTILINE)
    other = bac("figure", file, "--kind", "missing-state", "--subject", "book trip.sat", "-o", tmp_path / "x.svg")
    assert "missing-state 'book trip.seat'" in other.stderr


def test_a_name_that_looks_like_a_number_stands_for_no_other_step() -> None:
    steps = "[{create: a, name: '2'}, {update: a, name: x}, {update: a, name: x.y}]"
    text = f"services: {{A: {{owns: [a]}}}}\nuse_cases: {{u: {steps}, u.x: [{{update: a}}, {{update: a, name: y}}]}}"
    architecture = parsed(text).architecture
    subjects = ["u.1", "u.2", "u.3", "u.x.1", "u.x.2"]
    assert [architecture.named(subject) for subject in subjects] == ["u.1", "u.x", "u.3", "u.x.1", "u.x.2"]
    assert [architecture.numbered(architecture.named(subject)) for subject in subjects] == subjects


def test_anomalies_with_one_root_cause_are_shown_together_on_one_screen() -> None:
    arguments = ["check", "-", "--plan", "independent"]
    short, long = bac(*arguments, stdin=TRIPS).stdout, bac(*arguments, "--verbose", stdin=TRIPS).stdout
    headings = [line for line in long.splitlines() if "cause: " in line and "shortest run" in line]
    assert len(headings) > 10
    assert len(long.splitlines()) > 3 * SCREEN
    assert len(short.splitlines()) <= SCREEN + 15
    for line in headings:
        assert line.partition("   ")[0].replace("  ", " ") in short.replace("  ", " ")
    assert "the same cause: " in short
    assert "--verbose shows all" in short
    assert "--verbose shows all" not in long


def test_the_first_of_them_can_be_asked_for() -> None:
    text = bac("check", "-", "--plan", "independent", "--top", "2", stdin=TRIPS).stdout
    assert sum("shortest run" in line for line in text.splitlines()) == 2
    assert sum("disaster " in line and "use case" in line for line in text.splitlines()) == 2


def test_the_listing_says_what_its_marks_mean() -> None:
    assert "> marks the action at which it goes wrong" in bac("check", "-", "--plan", "any", stdin=REFERENCE).stdout


# How long it took


def timed(reading: float, seconds: float, searching: float) -> str:
    """Return the footer for these times."""
    specification = parsed(HOLDS)
    result = PlanResult("p", 1, "explicit", Statistics(seconds=searching), {})
    return duration(Checked(specification, [result], {}, reading, seconds))


def test_the_time_is_that_of_the_clock_on_the_wall() -> None:
    assert timed(0.01, 0.25, 0.1) == "0.25 s"
    assert timed(0.1, 9.9, 11.8) == "9.9 s: 0.10 s reading, 11.8 s searching in parallel"
    assert timed(0, 0, 0.19) == "0.19 s searching"


def test_a_view_keeps_what_it_selects() -> None:
    specification = parsed(REFERENCE)
    result = check(specification.architecture, specification.plan("any"))
    narrowed = View(kind="orphan-state").narrowed(result, specification.architecture)
    assert {str(each.claim.kind) for each in narrowed.counterexamples()} == {"orphan-state"}
