"""The commands that prove and verify, through their real entry point."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from helpers import REFERENCE, bac


@pytest.fixture
def reference(tmp_path: Path) -> Path:
    file = tmp_path / "reference.bac.yaml"
    file.write_text(REFERENCE, encoding="utf-8")
    return file


def test_the_table_of_the_theorem() -> None:
    result = bac("prove", "impossibility", "--format", "json")
    assert result.exit_code == 0
    document = json.loads(result.stdout)
    assert (document["format"], document["version"]) == ("bac-impossibility", 1)
    games = {(game["architecture"], game["level"]): game for game in document["games"]}
    assert len(games) == 9
    assert games["one-way", "C0"]["winner"] == "policy"
    assert games["one-way", "C0"]["minimal_drops"] == [[]]
    assert games["one-way", "C2"]["winner"] == "clients"
    assert games["one-way", "C2"]["minimal_drops"] == [["available"], ["state-only"], ["unbounded"]]
    assert ["single", "state-only"] in games["two-way", "C2"]["minimal_drops"]
    assert ["asynchronous", "state-only"] in games["two-way", "C2"]["minimal_drops"]
    assert ["state-only"] not in games["two-way", "C2"]["minimal_drops"]
    assert games["there-and-back", "C0"]["winner"] == "clients"


def test_a_strategy_is_saved_verified_and_drawn(reference: Path, tmp_path: Path) -> None:
    saved, drawn = tmp_path / "strategy.json", tmp_path / "play.svg"
    asked = ["prove", "impossibility", reference, "--level", "C2"]
    assert bac(*asked, "--certificate", saved, "--figure", drawn).exit_code == 0
    assert drawn.stat().st_size > 0
    result = bac("verify", saved)
    assert result.exit_code == 0
    assert result.stdout.startswith("strategy: ")
    document = json.loads(saved.read_text(encoding="utf-8"))
    document["winner"] = "policy"
    saved.write_text(json.dumps(document), encoding="utf-8")
    assert bac("verify", saved).exit_code != 0


def test_dropping_an_assumption_changes_the_winner(reference: Path) -> None:
    standing = bac("prove", "impossibility", reference, "--level", "C2").stdout
    dropped = bac("prove", "impossibility", reference, "--level", "C2", "--drop", "available").stdout
    assert "clients" in standing.splitlines()[1]
    assert "policy" in dropped.splitlines()[1]
    assert bac("prove", "impossibility", "--drop", "gravity").exit_code == 2


def test_a_game_that_is_too_large_is_unknown(reference: Path) -> None:
    result = bac("prove", "impossibility", reference, "--max-positions", "1", "--format", "json")
    assert result.exit_code == 3
    assert {game["winner"] for game in json.loads(result.stdout)["games"]} == {"unknown"}


def test_graphs_are_swept_and_resumed(tmp_path: Path) -> None:
    file = tmp_path / "graphs.jsonl"
    result = bac("prove", "graphs", "--services", "2", "--jobs", "1", "--file", file, "--format", "json")
    assert result.exit_code == 0
    expected = {"format": "bac-graphs", "version": 1, "services": 2, "graphs": 4, "exceptions": []}
    assert json.loads(result.stdout) == expected
    again = bac("prove", "graphs", "--services", "2", "--jobs", "1", "--file", file)
    assert "4 of 4 graphs" in again.stdout
    assert bac("verify", file).exit_code == 2  # it proves nothing: a sweep is checked by running it again


def test_theorems_are_proved_and_written(tmp_path: Path) -> None:
    result = bac("prove", "unbounded", "--theorem", "rollback", "--smt2", tmp_path, "--format", "json")
    assert result.exit_code == 0
    (theorem,) = json.loads(result.stdout)["theorems"]
    assert theorem["name"] == "rollback"
    assert {(each["expected"], each["z3"], each["cvc5"]) for each in theorem["obligations"]} == {
        ("sat", "sat", "sat"),
        ("unsat", "unsat", "unsat"),
    }
    assert any(tmp_path.glob("rollback--*.smt2"))
    assert bac("prove", "unbounded", "--theorem", "fermat").exit_code == 2


def test_an_invariant_is_found_saved_and_verified(reference: Path, tmp_path: Path) -> None:
    file = tmp_path / "invariant.json"
    assert bac("prove", "invariant", reference, "--plan", "locked", "-o", file).exit_code == 0
    result = bac("verify", file)
    assert result.exit_code == 0
    assert "violates consistency" in result.stdout
    assert "trusted: " in result.stdout


def test_what_is_violated_has_no_invariant(reference: Path, tmp_path: Path) -> None:
    file = tmp_path / "invariant.json"
    result = bac("prove", "invariant", reference, "--plan", "independent", "--timeout", "5", "-o", file)
    assert result.exit_code == 3
    assert not file.exists()


def test_both_engines_agree_through_the_command_line(reference: Path) -> None:
    explicit = json.loads(bac("check", reference, "--format", "json").stdout)
    both = json.loads(bac("check", reference, "--format", "json", "--engine", "both").stdout)
    smt = json.loads(bac("check", reference, "--format", "json", "--engine", "smt").stdout)
    for one, other, symbolic in zip(explicit["plans"], both["plans"], smt["plans"], strict=True):
        assert one["properties"] == other["properties"]
        for name, found in one["properties"].items():
            assert found["verdict"] == symbolic["properties"][name]["verdict"]
            assert lengths(found) == lengths(symbolic["properties"][name])


def lengths(found: dict[str, object]) -> list[object]:
    """What anomalies there are, and how long the shortest traces."""
    anomalies = found.get("anomalies", [])
    assert isinstance(anomalies, list)
    return [(each["kind"], each["subject"], each["cause"], each["length"]) for each in anomalies]


def test_what_is_no_certificate_is_refused(reference: Path, tmp_path: Path) -> None:
    assert bac("verify", reference).exit_code == 2
    assert bac("verify", tmp_path / "none").exit_code == 2
