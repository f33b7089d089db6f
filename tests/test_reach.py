"""An export says if the checker that it is for cannot store the states; the estimate is right by the order."""

from __future__ import annotations

import json
from math import log10
from pathlib import Path
from typing import Any

import pytest
from foreign import reachable_states, toy
from helpers import bac, parsed

from bac.exports.reach import power_of_states
from bac.model.semantics import system

BENCHMARKS = Path(__file__).parents[1] / "benchmarks"


def sharing(services: int, shape: str = "shared") -> dict[str, Any]:
    from sharing import sharing as made

    document: dict[str, Any] = made(services, shape)
    return document


@pytest.mark.parametrize("instances", [1, 2, 3])
def test_the_estimate_for_the_toy_is_near(instances: int) -> None:
    whole = toy(instances, disasters=False).whole
    assert abs(power_of_states(whole) - log10(reachable_states(whole))) < 0.5


def test_the_estimate_for_shared_entities_has_the_right_order(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(BENCHMARKS)
    specification = parsed(sharing(4, "dense"))
    built = system(specification.architecture, specification.plan("independent"))
    assert abs(power_of_states(built) - log10(19_370)) < 1


@pytest.mark.parametrize(("language", "checker"), [("promela", "SPIN"), ("tla", "TLC")])
def test_an_export_that_is_too_large_is_warned_about(
    language: str, checker: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(BENCHMARKS)
    done = bac("export", "-", "--to", language, stdin=json.dumps(sharing(16)))
    assert done.exit_code == 0
    assert f"more than {checker} can store" in done.stderr
    small = bac("export", "-", "--to", language, stdin=json.dumps(sharing(3)))
    assert "can store" not in small.stderr
    smt2 = bac("export", "-", "--to", "smt2", "--depth", "3", "--kind", "missing-state", stdin=json.dumps(sharing(16)))
    assert "can store" not in smt2.stderr
