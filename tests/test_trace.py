"""Traces: saved, loaded, replayed; and refused when they say what their actions do not lead to."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from helpers import REFERENCE, bac, parsed

from bac.figures.events.history import with_history
from bac.model.documents import MalformedDocument, parse
from bac.model.errors import UnreadableFile
from bac.model.plan import Timing
from bac.model.trace import Trace
from bac.model.trace_file import from_json, is_trace, load
from bac.proofs.check import check, find
from bac.proofs.engine import Limits
from bac.proofs.replay import NotConfirmed, confirm, objection
from bac.properties.explanation import explain
from bac.properties.qualities import Property
from bac.schemas import violation


def found(plan: str = "independent", text: str = REFERENCE, **wanted: str | None) -> Trace:
    specification = parsed(text)
    arguments = {"property_": "consistency", "kind": None, "subject": None, "timing": None} | wanted
    return find(specification.architecture, specification.plan(plan), 1, limits=Limits(), **arguments)  # type: ignore[arg-type]


EVERY_KIND = [
    ("independent", {"kind": "broken-link"}),
    ("independent", {"kind": "orphan-state", "timing": "at-rest"}),
    ("locked", {"property_": "availability"}),
    ("rollback", {"property_": "no-extra-loss"}),
    ("any", {"kind": "broken-link"}),
]


@pytest.mark.parametrize(("plan", "wanted"), EVERY_KIND)
def test_a_trace_survives_a_file(plan: str, wanted: dict[str, str], tmp_path: Path) -> None:
    trace = found(plan, **wanted)
    file = tmp_path / "trace.json"
    trace.save(file)
    again = load(file)
    assert again == trace
    assert again.logs == trace.logs
    assert objection(again) is None
    assert is_trace(file)


@pytest.mark.parametrize(("plan", "wanted"), EVERY_KIND)
def test_a_trace_file_follows_its_schema(plan: str, wanted: dict[str, str]) -> None:
    assert violation("trace", found(plan, **wanted).to_json()) is None


def fractional(document: Any) -> Any:
    """The document with every integer as a number with a point."""
    match document:
        case dict():
            return {key: fractional(value) for key, value in document.items()}
        case list():
            return [fractional(value) for value in document]
        case int() if not isinstance(document, bool):
            return float(document)
        case _:
            return document


LATER_FIRST = REFERENCE.replace("A: {owns: [a]}, B: {owns: [b]}", "B: {owns: [b]}, A: {owns: [a]}")
"""The services against the alphabet, so that sorting keys changes their order."""


@pytest.mark.parametrize(("plan", "wanted"), EVERY_KIND)
def test_the_order_of_keys_does_not_matter(plan: str, wanted: dict[str, str], tmp_path: Path) -> None:
    trace = found(plan, LATER_FIRST, **wanted)
    file = tmp_path / "sorted.json"
    file.write_text(json.dumps(trace.to_json(), indent=2, sort_keys=True), encoding="utf-8")
    assert is_trace(file)
    assert load(file) == trace
    assert list(load(file).logs) == list(trace.logs) == ["B", "A"]


def test_whole_numbers_may_have_a_point_and_others_may_not() -> None:
    trace = found("independent", kind="broken-link")
    document = fractional(trace.to_json())
    assert from_json(parse(json.dumps(document).encode())) == trace
    document["actions"][0]["index"] = 1.5
    with pytest.raises(MalformedDocument, match=r"1\.5 is not a whole number"):
        parse(json.dumps(document).encode())


def test_a_mark_before_the_text_is_ignored(tmp_path: Path) -> None:
    trace, file = found("independent", kind="broken-link"), tmp_path / "marked.json"
    file.write_text(json.dumps(trace.to_json()), encoding="utf-8-sig")
    assert is_trace(file)
    assert load(file) == trace


def test_a_specification_is_no_trace(tmp_path: Path) -> None:
    file = tmp_path / "specification.json"
    for text in ('{"services": {"format": {"owns": ["bac-trace"]}}}', "format: bac-trace", '- "format": "bac-trace"'):
        file.write_text(text, encoding="utf-8")
        assert not is_trace(file)


@pytest.mark.parametrize(
    "content", [b"", b"[]", b"{", b"\xff\xfe", b'{"format": "bac-trace"}', b"[" * 100_000, b"1e999"]
)
def test_what_is_no_trace_is_refused(content: bytes, tmp_path: Path) -> None:
    file = tmp_path / "trace.json"
    file.write_bytes(content)
    with pytest.raises(MalformedDocument, match=r"trace\.json"):
        load(file)


def test_a_certificate_is_no_trace(tmp_path: Path) -> None:
    file = tmp_path / "certificate.json.gz"
    bac("check", "-", "--certificate", file, stdin=REFERENCE)
    replayed = bac("replay", file)
    assert replayed.exit_code == 2
    assert "this is a certificate and no trace; use bac verify" in replayed.stderr


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UnreadableFile, match="No such file"):
        load(tmp_path / "none.json")
    assert not is_trace(tmp_path / "none.json")


def test_a_run_that_does_not_show_the_claim_is_not_confirmed() -> None:
    document = found("independent", kind="broken-link", timing="at-rest").to_json()
    document["anomaly"]["kind"] = "orphan-state"
    document["anomaly"]["subject"] = "b"
    with pytest.raises(NotConfirmed, match="the cut does not show it"):
        confirm(from_json(document))


def test_the_logs_of_figure_3() -> None:
    """With two instances before it, the third event of each service goes wrong, as in the article."""
    trace = with_history(found("independent", kind="broken-link", timing="at-rest"), 2)
    assert objection(trace) is None
    a, b = trace.logs["A"], trace.logs["B"]
    assert [entry.name for entry in a.live] == ["A/1", "A/2", "A/3"]
    assert (a.backed, b.backed) == (3, 2)
    assert [entry.name for entry in a.cut] == ["A/1", "A/2", "A/3"]
    assert [entry.name for entry in b.cut] == ["B/1", "B/2"]
    assert explain(trace).sentence == (
        "The recovered a #3 refers to b #3, which does not exist: "
        "the backup of B was taken (action 5) before B/3 (create b) was logged (action 6)."
    )


@pytest.mark.parametrize("plan", ["independent", "rollback", "any"])
@pytest.mark.parametrize("history", [0, 1, 3])
def test_history_changes_nothing_but_numbers(plan: str, history: int) -> None:
    specification = parsed(REFERENCE)
    for anomaly in (
        check(specification.architecture, specification.plan(plan)).properties[Property.CONSISTENCY].anomalies
    ):
        for trace in anomaly.traces.values():
            longer = with_history(trace, history)
            assert objection(longer) is None
            assert longer.history == 2 * history
            assert len(longer.actions) == len(trace.actions) + longer.history
            assert from_json(json.loads(json.dumps(longer.to_json()))) == longer


def test_events_that_recovery_appends_continue_the_recovered_log() -> None:
    document = {
        "services": {"A": {"owns": ["a"]}, "B": {"copies": ["a"]}},
        "use_cases": {"u": [{"create": "a"}, {"copy": "a", "at": "B", "via": "event"}]},
        "plans": {"p": {"recovery": {"replay": True}}},
    }
    specification = parsed(document)
    result = check(specification.architecture, specification.plan("p")).properties[Property.CONSISTENCY]
    (anomaly,) = result.anomalies
    assert anomaly.subject == "u.1"
    trace = anomaly.traces[Timing.AT_REST]
    assert [entry.name for entry in trace.logs["B"].cut] == ["B/1"]


def test_history_keeps_to_the_use_cases_that_the_trace_needs() -> None:
    document = {
        "services": {"A": {"owns": ["a"]}, "B": {"owns": ["b"]}, "C": {"owns": ["c"]}},
        "use_cases": {
            "needed": [{"create": "b"}],
            "unrelated": [{"create": "c"}],
            "use": [{"create": "a", "refers_to": "b"}],
        },
    }
    specification = parsed(document)
    plan = specification.plan("independent")
    trace = find(specification.architecture, plan, 1, "consistency", None, None, None, Limits())
    longer = with_history(trace, 1)
    assert {event.use_case for label in longer.actions for event in label.events} == {"needed", "use"}
    assert objection(longer) is None


def test_a_command_that_was_held_back_must_be_the_last_thing_that_happens() -> None:
    trace = found("locked", property_="availability")
    enabled = next(trace.system.enabled(trace.states[-1]))
    longer = replace(trace, actions=(*trace.actions, enabled.label))
    assert objection(trace) is None
    assert objection(longer) is not None


def test_a_history_longer_than_the_run_is_refused() -> None:
    document = found("independent", kind="broken-link").to_json() | {"history": 500}
    with pytest.raises(MalformedDocument, match="history"):
        from_json(document)
