"""Runs for other tools: sequence diagrams, logs with vector clocks, and traces of OpenTelemetry keep the order."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from helpers import bac
from hypothesis import given, settings
from test_figures import traces

from bac.exports.otlp import otlp
from bac.exports.shiviz import causes, concerned, shiviz
from bac.figures import sequence
from bac.model.system import Event
from bac.model.trace import Trace

SALES = Path(__file__).resolve().parent.parent / "examples" / "sales.bac.yaml"


def lines_of(log: str) -> list[tuple[str, str, dict[str, int]]]:
    """Text, host and clock of each event, read as ShiViz does."""
    head, empty, rest = log.split("\n", 2)
    assert empty == ""
    pattern = re.compile(head.replace("(?<", "(?P<"))
    found = [(each["event"], each["host"], json.loads(each["clock"])) for each in pattern.finditer(rest)]
    assert 2 * len(found) == rest.count("\n")
    return found


@settings(deadline=None, max_examples=60)
@given(traces())
def test_vector_clocks_order_what_waits_for_each_other(trace: Trace) -> None:
    events = lines_of(shiviz(trace))
    local: dict[str, int] = {}
    for _, host, clock in events:
        assert clock[host] == local.get(host, 0) + 1
        local[host] = clock[host]
    happened = [each for number in range(1, len(trace.actions) + 1) for each in concerned(trace, number)]
    before: dict[Event, dict[str, int]] = {}
    for (_, event), (_, _, clock) in zip(happened, events, strict=True):
        # Recovery may log a cause again after what followed it.
        for cause in causes(trace, event):
            assert all(clock.get(host, 0) >= time for host, time in before.get(cause, {}).items())
        if event is not None:
            before[event] = clock


def spans_of(document: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    return [
        (resource["resource"]["attributes"][0]["value"]["stringValue"], span)
        for resource in document["resourceSpans"]
        for scope in resource["scopeSpans"]
        for span in scope["spans"]
    ]


@settings(deadline=None, max_examples=60)
@given(traces())
def test_spans_have_their_cause_as_parent_in_the_same_trace(trace: Trace) -> None:
    spans = spans_of(json.loads(json.dumps(otlp(trace))))
    by_id = {span["spanId"]: span for _, span in spans}
    assert len(by_id) == len(spans)
    assert len(spans) == sum(1 for number in range(1, len(trace.actions) + 1) for _ in concerned(trace, number))
    for _, span in spans:
        assert re.fullmatch("[0-9a-f]{32}", span["traceId"])
        assert re.fullmatch("[0-9a-f]{16}", span["spanId"])
        if "parentSpanId" in span:
            parent = by_id[span["parentSpanId"]]
            assert parent["traceId"] == span["traceId"]
            assert int(parent["endTimeUnixNano"]) < int(span["startTimeUnixNano"])


@settings(deadline=None, max_examples=40)
@given(traces())
def test_sequence_diagrams_have_a_line_for_each_thing_that_happens(trace: Trace) -> None:
    mermaid, plantuml = (sequence.write(trace, each).splitlines() for each in sequence.FORMATS)
    assert mermaid[0] == "sequenceDiagram"
    assert (plantuml[0], plantuml[-1]) == ("@startuml", "@enduml")
    assert len(plantuml) == len(mermaid) + 1
    for number in range(1, len(trace.actions) + 1):
        assert any(re.search(rf": (#9888; )?{number}\. ", line) for line in mermaid)
        assert any(re.search(rf" : (<U\+26A0> )?{number}\. ", line) for line in plantuml)


def test_names_mean_nothing_to_either_notation() -> None:
    name = 'a" as b\n; <script> {x} #1 %% --> :'
    assert not set(sequence.literal(name)) & set('"\n;{}#%:')
    assert not set(re.sub(r"#\d+;", "", sequence.escaped(name))) & set('"\n;{}#%:<>')


@pytest.mark.parametrize(
    ("arguments", "first"),
    [
        (("--to", "shiviz"), r"(?<event>.*)\n(?<host>\S*) (?<clock>{.*})"),
        (("--to", "otlp"), "{"),
    ],
)
def test_runs_are_exported_by_a_command(arguments: tuple[str, ...], first: str) -> None:
    done = bac("export", SALES, *arguments, "--plan", "nightly")
    assert done.exit_code == 0
    assert done.stdout.splitlines()[0] == first


@pytest.mark.parametrize(("name", "first"), [("run.mmd", "sequenceDiagram"), ("run.puml", "@startuml")])
def test_sequence_diagrams_are_figures(name: str, first: str, tmp_path: Path) -> None:
    assert bac("figure", SALES, "--plan", "nightly", "-o", tmp_path / name).exit_code == 0
    assert (tmp_path / name).read_text(encoding="utf-8").splitlines()[0] == first
    refused = bac("figure", SALES, "--plan", "nightly", "--width", "84mm", "-o", tmp_path / name)
    assert refused.exit_code == 2
    assert "--width does not apply to" in refused.stderr
