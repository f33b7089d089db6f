"""A mode is one entry: a mode that was never seen before is judged alike by every engine and under every reduction.

The throw-away mode ``pairwise`` snapshots the services of a group two at a time, in listed order.  No engine, no
reduction and no figure knows it; the entry in the registry is all there is.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Collection, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from helpers import needs_extra, parsed
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from strategies import Document, specifications

from bac.figures.events.layout import draw
from bac.figures.render import write
from bac.model.guard import forbid, require
from bac.model.modes import Mode, Services, modes, registered
from bac.model.plan import Plan
from bac.model.recovery import OPTIONS, OnInvalid, Recovery
from bac.model.semantics import Rules, system
from bac.model.specification.reader import Specification
from bac.model.system import RECOVERED, Action, ActionKind, Label, System, logged
from bac.proofs.check import check
from bac.proofs.engine import Query, SearchResult
from bac.proofs.explicit import breadth_first
from bac.proofs.explicit.symmetry import engine as symmetry
from bac.proofs.reductions import projection
from bac.proofs.reductions.part_search import ALL_REDUCTIONS, Reduction
from bac.proofs.results import PlanResult, Verdict
from bac.proofs.smt.engine import cut_targets
from bac.proofs.smt.shortest_run import ShortestRunSearch
from bac.proofs.smt.solver import Budget
from bac.properties.formula import settled_states
from bac.properties.qualities import Property, qualities
from bac.schemas import schema

EXAMPLES = int(os.environ.get("MODES_EXAMPLES", "25"))
GENERATED = settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))
ROOT = Path(__file__).parents[1]


def two_at_a_time(services: Services) -> tuple[Services, ...]:
    return tuple(services[first : first + 2] for first in range(0, len(services), 2))


PAIRWISE = Mode(
    "pairwise", "two services of the group at one instant, pair by pair", two_at_a_time, recovers_together=True
)


@pytest.fixture
def pairwise() -> Iterator[Mode]:
    with registered(PAIRWISE) as mode:
        yield mode


def landscape(services: int, *links: tuple[int, int], **plan: Any) -> Document:
    """Services with one entity each, and references between these, all services in one group of the new mode."""
    return {
        "name": "landscape",
        "services": {f"S{number}": {"owns": [f"e{number}"]} for number in range(services)},
        "references": [f"e{one} -> e{other}" for one, other in links],
        "plans": {"pairs": {"groups": [{"mode": "pairwise", "services": "all"}], **plan}},
    }


THREE = landscape(3, (0, 1), (0, 2))
RESUMED = landscape(3, (0, 2), recovery={"resume": True})
CRASHES = landscape(3, (0, 1), (2, 0), disaster={"scope": "any"})
OLDEST = landscape(4, (0, 1), (3, 0), recovery={"rollback": "oldest"})
EVENTS: Document = {
    "services": {"A": {"owns": ["a"]}, "B": {"copies": ["a"]}, "C": {"owns": ["c"]}},
    "use_cases": {"u": [{"create": "a"}, {"copy": "a", "at": "B", "via": "event"}, {"create": "c", "refers_to": "a"}]},
    "plans": {
        "pairs": {
            "groups": [{"mode": "pairwise", "services": ["A", "C", "B"]}],
            "recovery": {"broker": "survives", "replay": True, "on_invalid": "reject"},
        }
    },
}
SMALL = {"three": THREE, "resumed": RESUMED, "crashes": CRASHES, "oldest": OLDEST, "events": EVENTS}
"""The new mode makes a difference in each of these: between pairs things break, and within a pair they do not."""


def plain(document: Document, instances: int = 1) -> PlanResult:
    """The verdicts without any reduction."""
    specification = parsed(document)
    return check(specification.architecture, specification.plan("pairs"), instances, reductions=())


def told(result: PlanResult) -> dict[Property, object]:
    """Return the findings on each property in comparable form; a length is that of the whole."""
    assert result.limit is None
    return {
        which: (
            found.verdict,
            found.vacuous,
            None if found.trace is None else len(found.trace.actions) + found.omitted_actions,
            {
                (each.kind, each.subject, each.cause, *run_lengths(each))
                for each in (*found.anomalies, *found.tolerated)
            },
        )
        for which, found in result.properties.items()
    }


def run_lengths(anomaly: Any) -> list[tuple[object, int]]:
    return sorted((timing, run.in_all) for timing, run in anomaly.traces.runs.items())


def check_reduced(document: Document, instances: int, engine: str, reductions: Collection[Reduction]) -> PlanResult:
    specification = parsed(document)
    return check(
        specification.architecture, specification.plan("pairs"), instances, engine=engine, reductions=reductions
    )


@pytest.mark.usefixtures("pairwise")
@pytest.mark.parametrize("name", SMALL)
@pytest.mark.parametrize("engine", ["explicit", "smt", "both"])
def test_every_engine_judges_an_unknown_mode_as_the_plain_one(name: str, engine: str) -> None:
    assert told(check_reduced(SMALL[name], 1, engine, ())) == told(plain(SMALL[name]))


def joined(reductions: Collection[Reduction]) -> str:
    """Return a name for these reductions that is the same in every process."""
    return "+".join(sorted(reductions))


@pytest.mark.usefixtures("pairwise")
@pytest.mark.parametrize("reductions", [*([each] for each in Reduction), ALL_REDUCTIONS], ids=joined)
@pytest.mark.parametrize("instances", [1, 2])
@pytest.mark.parametrize("name", ["three", "events"])
def test_every_reduction_leaves_the_verdicts_on_an_unknown_mode(
    name: str, instances: int, reductions: Collection[Reduction]
) -> None:
    assert told(check_reduced(SMALL[name], instances, "explicit", reductions)) == told(plain(SMALL[name], instances))


def asked(specification: Specification, instances: int) -> Query:
    wanted = qualities(specification.architecture, specification.plan("pairs"), instances)
    formulas = (*(each.formula for each in wanted.anomalies), *(each.formula for each in wanted.losses))
    return Query(formulas, wanted.denied, wanted.backed_up)


def compiled(built: System, query: Query) -> SearchResult:
    from bac.proofs.explicit.compiled.engine import explore

    return explore(built, query)


@pytest.mark.usefixtures("pairwise")
@pytest.mark.parametrize("name", SMALL)
@pytest.mark.parametrize("explore", [pytest.param(compiled, marks=needs_extra("fast")), symmetry.explore])
def test_the_other_searches_find_runs_as_short(name: str, explore: Any) -> None:
    specification = parsed(SMALL[name])
    built, query = system(specification.architecture, specification.plan("pairs"), 1), asked(specification, 1)
    expected, found = breadth_first.explore(built, query), explore(built, query)
    assert lengths(found.settled) == lengths(expected.settled)
    assert (found.reachable, found.dead_end) == (expected.reachable, expected.dead_end)


def lengths(settled: Any) -> list[dict[object, int]]:
    return [{timing: len(path) for timing, path in paths.items()} for paths in settled]


@pytest.mark.usefixtures("pairwise")
@pytest.mark.parametrize("name", SMALL)
def test_unrolling_finds_runs_as_short(name: str) -> None:
    specification = parsed(SMALL[name])
    built, query = system(specification.architecture, specification.plan("pairs"), 1), asked(specification, 1)
    expected = breadth_first.explore(built, query).settled
    search = ShortestRunSearch(built, cut_targets(query), Budget(), always=settled_states(built))
    search.by_unrolling()
    search.found.pop(None, None)
    wanted = {(number, timing): len(path) for number, paths in enumerate(expected) for timing, path in paths.items()}
    assert {key: len(path) for key, path in search.found.items()} == wanted


@pytest.mark.usefixtures("pairwise")
@pytest.mark.parametrize("services", [17, 18])
@pytest.mark.parametrize("recovery", [{}, {"resume": True}])
def test_in_a_landscape_nothing_holds_that_does_not(services: int, recovery: Document) -> None:
    """The services of a pair are snapshotted together, also where only one of them is in question."""
    document = landscape(services, (0, 2), (0, 1), recovery=recovery)
    small = landscape(3, (0, 2), (0, 1), recovery=recovery)
    reduced = check_reduced(document, 1, "explicit", ALL_REDUCTIONS)
    expected = plain(small).properties[Property.CONSISTENCY]
    found = reduced.properties[Property.CONSISTENCY]
    assert expected.verdict is found.verdict is Verdict.VIOLATED
    assert {(each.kind, each.subject) for each in found.anomalies} == {
        (each.kind, each.subject) for each in expected.anomalies
    }


@GENERATED
@given(st.data())
def test_generated_specifications_are_judged_alike(data: st.DataObject) -> None:
    document = data.draw(specifications())
    inside = [name for name, service in document["services"].items() if not service.get("external")]
    services = data.draw(st.permutations(inside))
    scope, resume = data.draw(st.sampled_from(["whole", "any"])), data.draw(st.booleans())
    plan = {"groups": [{"mode": "pairwise", "services": services}], "disaster": {"scope": scope}}
    document["plans"] = {"pairs": plan | {"recovery": {"resume": resume}}}
    with registered(PAIRWISE):
        expected = told(plain(document))
        assert told(check_reduced(document, 1, "explicit", ALL_REDUCTIONS)) == expected


def test_only_plans_with_covered_options_are_looked_at_use_case_by_use_case(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert projection.is_separable(Plan("p", recovery=Recovery(replay=True, resume=True, on_invalid=OnInvalid.REJECT)))
    assert not projection.is_separable(Plan("p", recovery=Recovery(retry=True))), "an option that is not listed"
    monkeypatch.setitem(projection.COVERED, "on_invalid", (OnInvalid.ACCEPT,))
    assert not projection.is_separable(Plan("p", recovery=Recovery(on_invalid=OnInvalid.REJECT))), "nor this value"


def begun_by_recovery(rules: Rules) -> Iterator[Action]:
    """Recovery as it is, which in addition appends first steps of use cases that never began."""
    yield from known_recovery(rules)
    for event, _, step in rules.occurrences:
        if not step.predecessors:
            guard = require([RECOVERED]) & forbid([logged(event)])
            yield guard.action(Label(ActionKind.RESUME, (event,)), add=[logged(event)])


known_recovery = Rules.recovery


@pytest.mark.parametrize("reductions", [*([each] for each in Reduction), ALL_REDUCTIONS], ids=joined)
@pytest.mark.parametrize("instances", [1, 2])
def test_every_reduction_leaves_the_verdicts_under_an_unknown_action_of_recovery(
    instances: int, reductions: Collection[Reduction], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Rules, "recovery", begun_by_recovery)
    document = landscape(3, (0, 1))
    document["plans"] = {"pairs": {}}
    expected = told(plain(document, instances))
    assert told(check_reduced(document, instances, "explicit", reductions)) == expected
    assert expected[Property.CONSISTENCY] != told(known(document, instances))[Property.CONSISTENCY]


def known(document: Document, instances: int) -> PlanResult:
    """The verdicts with the actions of recovery that there are."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Rules, "recovery", known_recovery)
        return plain(document, instances)


@pytest.mark.usefixtures("pairwise")
def test_an_unknown_mode_is_drawn_under_its_name() -> None:
    specification = parsed(THREE)
    result = check(specification.architecture, specification.plan("pairs"))
    trace = next(iter(result.properties[Property.CONSISTENCY].anomalies[0].traces.values()))
    assert "pairwise" in write(draw(trace), "svg").decode()


def test_a_mode_is_registered_for_a_while_only() -> None:
    with registered(PAIRWISE):
        assert PAIRWISE in modes()
        with pytest.raises(ValueError, match="already"), registered(replace(PAIRWISE, snapshot="as before")):
            pass
    assert PAIRWISE not in modes()


def test_a_mode_cannot_claim_to_be_separable_if_its_snapshots_contradict_that() -> None:
    for mode in (PAIRWISE, Mode.STOPPED, replace(Mode.ATOMIC, markers=True, separable=False)):
        with pytest.raises(ValueError, match="no service can be left out"):
            replace(mode, separable=True)


# What is written about the modes: BAC_REGENERATE=1 writes it


def hold(file: Path, block: re.Pattern[str], wanted: str) -> None:
    """Compare the one block of a file that lists the modes, or write it."""
    text = file.read_text(encoding="utf-8")
    if os.environ.get("BAC_REGENERATE"):
        file.write_text(block.sub(lambda _: wanted, text, count=1), encoding="utf-8")
        return
    found = block.search(text)
    assert found is not None
    assert found.group() == wanted


def test_the_schema_lists_the_modes_with_their_descriptions() -> None:
    entries = [json.dumps({"const": mode.name, "description": mode.description}) for mode in modes()]
    block = re.compile(r'(            \{"const": "[a-z-]+", "description": "[^"]*"\},?\n)+')
    hold(
        ROOT / "schemas" / "specification.schema.json",
        block,
        "".join(f"            {each},\n" for each in entries)[:-2] + "\n",
    )
    assert schema("specification")["$defs"]["group"]["properties"]["mode"]["oneOf"] == [json.loads(e) for e in entries]


def test_the_manual_lists_the_modes() -> None:
    rows = [f"| `{mode}` | {mode.snapshot} | {mode.commands} | {mode.recovery_unit} |\n" for mode in modes()]
    block = re.compile(r"(?<=what is restored together \|\n\|---\|---\|---\|---\|\n)(\| `[a-z-]+` \|[^\n]*\n)+")
    hold(ROOT / "docs" / "specification.md", block, "".join(rows))


def test_the_page_on_the_semantics_lists_the_modes() -> None:
    rows = [f"| `{mode}` | {mode.snapshot} | {mode.recovery_unit} |\n" for mode in modes()]
    block = re.compile(
        r"(?<=\| mode \| how the snapshot is taken \| recovery unit \|\n\|---\|---\|---\|\n)(\| `[^\n]*\n)+"
    )
    hold(ROOT / "docs" / "semantics.md", block, "".join(rows))


def test_the_manual_and_the_schema_describe_every_option_of_recovery() -> None:
    manual = (ROOT / "docs" / "specification.md").read_text(encoding="utf-8")
    described = schema("specification")["$defs"]["recovery"]["properties"]
    assert {name: each["description"] for name, each in described.items()} == {o.key: o.description for o in OPTIONS}
    assert [option.key for option in OPTIONS if f"| `{option.key}` | {option.explained} |" not in manual] == []
