"""Landscapes: thousands of services, decided link by link, with cost that grows with the links."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path
from typing import Any

import pytest
from helpers import bac, parsed

from bac.model.specification.reader import Specification
from bac.proofs.check import check
from bac.proofs.engine import Limits
from bac.proofs.results import Verdict
from bac.properties.qualities import Property
from bac.schemas import violation

GENERATOR = Path(__file__).parents[1] / "benchmarks" / "landscapes.py"
SHAPES = ("layered", "scale-free", "cyclic")


def generator() -> Any:
    specification = importlib.util.spec_from_file_location("landscapes", GENERATOR)
    assert specification is not None
    assert specification.loader is not None
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    return module


def landscape(services: int, references: int, shape: str) -> Specification:
    return parsed(generator().landscape(services, references, shape))


@pytest.mark.parametrize("shape", SHAPES)
def test_a_seed_gives_one_landscape_of_the_size_asked_for(shape: str) -> None:
    make = generator().landscape
    one = make(200, 900, shape, seed=7)
    assert one == make(200, 900, shape, seed=7)
    assert one != make(200, 900, shape, seed=8)
    assert (len(one["services"]), len(set(one["references"]))) == (200, 900)


def test_layers_have_no_cycle_and_there_is_no_room_for_more_than_there_is() -> None:
    document = generator().landscape(50, 200, "layered")
    assert all(reference.split(" -> ")[0] < reference.split(" -> ")[1] for reference in document["references"])
    with pytest.raises(ValueError, match="no room"):
        generator().landscape(3, 100, "cyclic")


@pytest.mark.parametrize(("services", "references"), [(40, 120), pytest.param(80, 300, marks=pytest.mark.slow)])
@pytest.mark.parametrize("shape", SHAPES)
def test_every_link_is_decided_under_every_plan(shape: str, services: int, references: int) -> None:
    """Each reference has the verdict of the canonical one with its two services backed up alike."""
    specification = landscape(services, references, shape)
    team = {service.owns[0]: number // 5 for number, service in enumerate(specification.architecture.services)}
    across = {
        case.name
        for case in specification.architecture.use_cases
        if len({team[e] for e in case.name.split(" -> ")}) > 1
    }
    assert shape == "layered" or len(across) < references
    for plan in specification.plans:
        result = check(specification.architecture, plan)
        assert result.limit is None, plan.name
        broken = {a.subject for a in result.properties[Property.CONSISTENCY].anomalies if a.kind == "broken-link"}
        match plan.name:
            case "independent" | "any may crash":
                expected = {case.name for case in specification.architecture.use_cases}
            case "atomic" | "locked" | "shared-database":
                expected = across
            case "continuous" | "everything locked" | "half is never backed up":
                expected = set()
            case "markers":
                expected = {case.name for case in specification.architecture.use_cases}
            case "in order":
                expected = {name for name in (c.name for c in specification.architecture.use_cases) if falls(name)}
        assert broken == expected, plan.name
        assert result.properties[Property.BACKUP].verdict is (
            Verdict.VIOLATED if plan.name == "half is never backed up" else Verdict.HOLDS
        )
        assert result.properties[Property.AVAILABILITY].verdict is (
            Verdict.VIOLATED if "locked" in plan.name else Verdict.HOLDS
        )


def falls(reference: str) -> bool:
    """Whether the order backs up what is referred to before what refers to it."""
    holder, target = reference.split(" -> ")
    return target < holder


def test_runs_of_landscapes_are_shown_in_slices_and_have_the_lengths_of_the_whole() -> None:
    specification = landscape(150, 600, "cyclic")
    for name in ("atomic", "independent", "any may crash"):
        result = check(specification.architecture, specification.plan(name))
        consistency = result.properties[Property.CONSISTENCY]
        assert result.statistics.states == 0
        for anomaly in consistency.anomalies[:50]:
            for timing, trace in anomaly.traces.items():
                run = anomaly.traces.runs[timing]
                assert len(trace.architecture.services) < 20
                assert len(trace.actions) + run.omitted_actions == anomaly.lengths[timing]
    independent = check(specification.architecture, specification.plan("independent"))
    least = min(each for one in independent.properties[Property.CONSISTENCY].anomalies for each in one.lengths.values())
    assert least > 150, "all services crash, and each has a snapshot"


def test_a_landscape_is_too_large_for_a_search_of_all_states() -> None:
    specification = landscape(60, 200, "layered")
    arguments = specification.architecture, specification.plan("independent")
    whole = check(*arguments, engine="explicit", limits=Limits(states=20_000, memory=2**36))
    assert whole.verdict is Verdict.UNKNOWN
    assert check(*arguments).verdict is Verdict.VIOLATED


CROSSING = """
  u: [{create: a}, {create: b}, {update: a}]
  v: [{create: c}, {create: d}, {update: c}]
plans: {two: {groups: [{mode: locked, services: [A]}, {mode: locked, services: [B]}]}}
"""


def test_a_backup_that_two_use_cases_can_block_is_unknown_in_a_landscape() -> None:
    """Neither blocks it alone, and the whole is too large to be searched."""
    more = "".join(f", S{number}: {{}}" for number in range(20))
    specification = parsed(f"services: {{A: {{owns: [a, d]}}, B: {{owns: [b, c]}}{more}}}\nuse_cases:{CROSSING}")
    result = check(specification.architecture, specification.plan("two"))
    assert result.properties[Property.BACKUP].verdict is Verdict.UNKNOWN
    assert result.properties[Property.AVAILABILITY].verdict is Verdict.VIOLATED


def test_reports_on_landscapes_are_grouped(tmp_path: Path) -> None:
    file = tmp_path / "landscape.bac.yaml"
    file.write_text(json.dumps(generator().landscape(100, 400, "cyclic")))
    searched = (file, "--plan", "atomic")
    text = bac("check", *searched)
    assert text.exit_code == 1
    assert len(text.stdout.splitlines()) < 80
    assert "referred to by most links that can break" in text.stdout
    independent = bac("check", file, "--plan", "independent", "--top", "1")
    assert ", 98 of them in other services" in independent.stdout
    document = json.loads(bac("check", *searched, "--top", "5", "--format", "json").stdout)
    assert violation("report", document) is None
    (plan,) = document["plans"]
    anomalies = plan["properties"]["consistency"]["anomalies"]
    assert len(anomalies) == 5
    saved = bac("check", *searched, "--trace-dir", tmp_path / "traces", "--top", "3")
    assert saved.exit_code == 1
    traces = list((tmp_path / "traces").iterdir())
    assert bac("replay", traces[0]).exit_code == 0
