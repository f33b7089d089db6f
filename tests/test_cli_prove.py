"""The commands that prove and verify, through their real entry point."""

from __future__ import annotations

import json
import shlex
from pathlib import Path
from typing import Any

import pytest
from helpers import REFERENCE, bac, needs_extra

from bac.proofs.smt import induction
from bac.proofs.theorem.games import game
from bac.proofs.theorem.unbounded import solvers


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


@needs_extra("prove")
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


@needs_extra("prove")
def test_an_invariant_is_found_saved_and_verified(reference: Path, tmp_path: Path) -> None:
    file = tmp_path / "invariant.json"
    assert bac("prove", "invariant", reference, "--plan", "locked", "-o", file).exit_code == 0
    result = bac("verify", file)
    assert result.exit_code == 0
    assert "violates consistency" in result.stdout
    assert "trusted: " in result.stdout


def test_an_invariant_of_what_is_violated_is_not_looked_for(
    reference: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(induction, "prove_property", lambda *_: pytest.fail("an invariant was looked for"))
    file = tmp_path / "invariant.json"
    result = bac("prove", "invariant", reference, "--plan", "independent", "-o", file)
    assert result.exit_code == 1
    assert result.stdout.startswith("independent: consistency is violated")
    command = shlex.split(result.stdout.partition("see: bac ")[2])
    assert not file.exists()
    assert bac(*command).exit_code == 1


def test_where_no_invariant_is_found_it_is_unknown(reference: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(induction, "prove_property", lambda *_: None)
    result = bac("prove", "invariant", reference, "--plan", "locked")
    assert result.exit_code == 3
    assert "no invariant found" in result.stdout


# Limits and interruptions: what is known is shown, and the exit code is 3


def test_without_time_every_game_is_unknown(reference: Path, tmp_path: Path) -> None:
    file = tmp_path / "strategy.json"
    result = bac("prove", "impossibility", reference, "--timeout", "0", "--certificate", file, "--format", "json")
    assert result.exit_code == 3
    games = json.loads(result.stdout)["games"]
    assert [game["winner"] for game in games] == ["unknown"] * 3
    assert all("--timeout" in game["limit"] for game in games)
    assert not file.exists()
    assert "no certificate" in result.stderr


def test_an_interrupt_keeps_the_games_that_were_solved(monkeypatch: pytest.MonkeyPatch) -> None:
    solve, calls = game.solve, iter(range(100))

    def interrupted(*arguments: Any) -> Any:
        if next(calls) == 1:
            raise KeyboardInterrupt
        return solve(*arguments)

    monkeypatch.setattr(game, "solve", interrupted)
    result = bac("prove", "impossibility", "--drop", "available", "--format", "json")
    assert result.exit_code == 3
    games = json.loads(result.stdout)["games"]
    assert [each["winner"] for each in games] == ["policy", *["unknown"] * 8]
    assert {each["limit"] for each in games[1:]} == {"interrupted"}


def test_without_time_a_sweep_stops_after_one_graph_and_can_go_on(tmp_path: Path) -> None:
    file = tmp_path / "graphs.jsonl"
    asked = ["prove", "graphs", "--services", "2", "--jobs", "1", "--file", file]
    result = bac(*asked, "--timeout", "0")
    assert result.exit_code == 3
    assert "1 of 4 graphs" in result.stdout
    assert "--timeout" in result.stdout
    assert bac(*asked).exit_code == 0


def test_without_time_no_obligation_is_decided() -> None:
    result = bac("prove", "unbounded", "--timeout", "0", "--theorem", "rollback")
    assert result.exit_code == 3
    assert result.stdout.startswith("rollback: unknown: the time limit of 0 s (--timeout) was reached")


@needs_extra("prove")
def test_an_interrupt_keeps_the_obligations_that_were_decided(monkeypatch: pytest.MonkeyPatch) -> None:
    decide, calls = solvers.decide, iter(range(100))

    def interrupted(*arguments: Any) -> Any:
        if next(calls) == 2:
            raise KeyboardInterrupt
        return decide(*arguments)

    monkeypatch.setattr(solvers, "decide", interrupted)
    result = bac("prove", "unbounded", "--theorem", "rollback", "--theorem", "locked", "--format", "json")
    assert result.exit_code == 3
    theorems = json.loads(result.stdout)["theorems"]
    assert [len(theorem["obligations"]) for theorem in theorems] == [2, 0]
    assert {theorem["limit"] for theorem in theorems} == {"interrupted"}


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
    """Return the anomalies with the lengths of their shortest traces."""
    anomalies = found.get("anomalies", [])
    assert isinstance(anomalies, list)
    return [(each["kind"], each["subject"], each["cause"], each["length"]) for each in anomalies]


def test_what_is_no_certificate_is_refused(reference: Path, tmp_path: Path) -> None:
    assert bac("verify", reference).exit_code == 2
    assert bac("verify", tmp_path / "none").exit_code == 2
