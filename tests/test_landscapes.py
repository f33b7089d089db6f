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
from bac.proofs.reductions.decomposition import parts
from bac.proofs.reductions.part_search import ALL_REDUCTIONS, Reduction
from bac.proofs.results import Verdict
from bac.properties.anomalies import AnomalyKind
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


def test_one_of_each_shape_is_searched_and_the_others_look_like_it() -> None:
    specification = landscape(150, 600, "cyclic")
    plan = specification.plan("atomic")
    divided = parts(specification.architecture, plan)
    assert len({part.shape for part in divided}) < 6 < len(divided)
    result = check(specification.architecture, plan, engine="explicit")
    consistency = result.properties[Property.CONSISTENCY]
    shown = [anomaly for anomaly in consistency.anomalies if anomaly.like is None]
    assert len(shown) < 10 < len(consistency.anomalies)
    for anomaly in consistency.anomalies[:200]:
        assert {timing: len(trace.actions) for timing, trace in anomaly.traces.items()} == anomaly.lengths
    assert result.statistics.states < 1000


def test_a_landscape_can_be_searched_with_z3() -> None:
    specification = landscape(40, 100, "scale-free")
    for name in ("independent", "locked"):
        plan = specification.plan(name)
        one, other = (check(specification.architecture, plan, engine=engine) for engine in ("explicit", "smt"))
        for which in Property:
            mine, theirs = one.properties[which], other.properties[which]
            assert mine.verdict is theirs.verdict
            assert {(a.kind, a.subject, *a.lengths.items()) for a in mine.anomalies} == {
                (a.kind, a.subject, *a.lengths.items()) for a in theirs.anomalies
            }


def test_without_projection_a_landscape_is_too_large() -> None:
    specification = landscape(60, 200, "layered")
    arguments = specification.architecture, specification.plan("independent")
    whole = check(*arguments, limits=Limits(memory=2**36), reductions=ALL_REDUCTIONS - {Reduction.PROJECTION})
    assert whole.verdict is Verdict.UNKNOWN
    assert check(*arguments, engine="explicit", limits=Limits(memory=2**36)).verdict is Verdict.VIOLATED


CROSSING = """
  u: [{create: a}, {create: b}, {update: a}]
  v: [{create: c}, {create: d}, {update: c}]
plans: {two: {groups: [{mode: locked, services: [A]}, {mode: locked, services: [B]}]}}
"""


def test_a_backup_that_two_parts_can_block_is_unknown_in_a_landscape() -> None:
    """No part alone blocks it, and the whole is too large to be searched."""
    more = "".join(f", S{number}: {{}}" for number in range(20))
    specification = parsed(f"services: {{A: {{owns: [a, d]}}, B: {{owns: [b, c]}}{more}}}\nuse_cases:{CROSSING}")
    result = check(specification.architecture, specification.plan("two"))
    assert result.properties[Property.BACKUP].verdict is Verdict.UNKNOWN
    assert result.properties[Property.AVAILABILITY].verdict is Verdict.VIOLATED


def test_reports_on_landscapes_are_grouped(tmp_path: Path) -> None:
    file = tmp_path / "landscape.bac.yaml"
    file.write_text(json.dumps(generator().landscape(100, 400, "cyclic")))
    searched = (file, "--plan", "atomic", "--engine", "explicit")
    text = bac("check", *searched)
    assert text.exit_code == 1
    assert len(text.stdout.splitlines()) < 60
    assert "more like it" in text.stdout
    assert "400 parts of" in text.stdout
    document = json.loads(bac("check", *searched, "--format", "json").stdout)
    assert violation("report", document) is None
    (plan,) = document["plans"]
    anomalies = plan["properties"]["consistency"]["anomalies"]
    kinds = {each["kind"] for each in anomalies}
    assert kinds == {str(AnomalyKind.BROKEN_LINK), str(AnomalyKind.ORPHAN_STATE)}
    shown = {(each["kind"], each["subject"]): each for each in anomalies if "trace" in each}
    assert all((each["kind"], each["like"]) in shown for each in anomalies if "trace" not in each)
    saved = bac("check", *searched, "--trace-dir", tmp_path / "traces")
    assert saved.exit_code == 1
    traces = list((tmp_path / "traces").iterdir())
    assert 0 < len(traces) <= 4 * len(shown)
    assert bac("replay", traces[0]).exit_code == 0
