"""A run as traces of OpenTelemetry, to be looked at beside those of real services.

Source: OpenTelemetry, "OTLP Specification", JSON Protobuf Encoding; "Semantic Conventions", service.name.
"""

from __future__ import annotations

from collections.abc import Iterator
from hashlib import sha256
from typing import Any

from bac import __version__
from bac.exports.shiviz import causes, concerned
from bac.model.system import ActionKind, Event, Label
from bac.model.trace import Entry, Trace
from bac.properties.words import action_in_words

START, STEP = 1_577_836_800_000_000_000, 1_000_000
"""The instant of the first action (2020-01-01 00:00 UTC) and the time from one action to the next, in nanoseconds."""
SERVER, ERROR = 2, 2
"""The kind of a span that a service does on request, and the status code of one that fails."""


def otlp(trace: Trace) -> dict[str, Any]:
    """Return the spans of a run as a JSON document: a resource for each service, a trace for each use case and index.

    The span of a step is the child of that of the step which it waits for.  Snapshots, locks and the disaster are in a
    trace of their own.  Attributes say what is in the backup, what is lost, and what recovery does.
    """
    spans: dict[str, list[dict[str, Any]]] = {service.name: [] for service in trace.architecture.services}
    for number, label in enumerate(trace.actions, 1):
        for service, event in concerned(trace, number):
            spans[service].append(span(trace, number, label, service, event))
    return {"resourceSpans": [resource(service, each) for service, each in spans.items() if each]}


def resource(service: str, spans: list[dict[str, Any]]) -> dict[str, Any]:
    """Return the spans of one service."""
    scope = {"name": "bac", "version": __version__}
    return {
        "resource": {"attributes": attributes({"service.name": service})},
        "scopeSpans": [{"scope": scope, "spans": spans}],
    }


def span(trace: Trace, number: int, label: Label, service: str, event: Event | None) -> dict[str, Any]:
    """Return the span of what an action does at one service."""
    start = START + number * STEP
    entry = next((each for each in trace.appended(number) if each.event == event), None)
    found: dict[str, Any] = {
        "traceId": identifier(32, trace.plan.name, *(("backup",) if event is None else (event.use_case, event.index))),
        "spanId": identifier(16, number, service, event),
        "name": " ".join(f"{label.kind}: {action_in_words(trace, label)}".split()),
        "kind": SERVER,
        "startTimeUnixNano": str(start),
        "endTimeUnixNano": str(start + STEP // 2),
        "attributes": attributes(
            {"bac.action": str(label.kind), "bac.number": number, **details(trace, service, entry)}
        ),
    }
    if parent := next(parents(trace, number, event), None):
        found["parentSpanId"] = parent
    if label.kind in (ActionKind.DENY, ActionKind.DROP, ActionKind.DISASTER):
        found["status"] = {"code": ERROR, "message": str(label.kind)}
    return found


def parents(trace: Trace, number: int, event: Event | None) -> Iterator[str]:
    """Yield the spans of the steps that an event waits for, those that happened last first."""
    before = set(causes(trace, event))
    for earlier in range(number - 1, 0, -1):
        for service, other in concerned(trace, earlier):
            if other in before:
                yield identifier(16, earlier, service, other)


def details(trace: Trace, service: str, entry: Entry | None) -> dict[str, Any]:
    """Return what became of an entry of a log."""
    if entry is None:
        return {}
    log = next(log for log in trace.logs.values() if log.service == service)
    return {
        "bac.entry": entry.name,
        "bac.in_backup": entry in log.live[: log.backed],
        "bac.lost": entry in log.live[log.kept :],
    }


def attributes(values: dict[str, Any]) -> list[dict[str, Any]]:
    """Return key and value pairs as OTLP writes them."""
    return [{"key": key, "value": value(each)} for key, each in values.items()]


def value(each: bool | int | str) -> dict[str, Any]:
    """Return a value with its type; integers of 64 bits are texts in JSON."""
    if isinstance(each, bool):
        return {"boolValue": each}
    return {"intValue": str(each)} if isinstance(each, int) else {"stringValue": each}


def identifier(digits: int, *parts: object) -> str:
    """Return an identifier of so many hexadecimal digits, the same for the same parts."""
    return sha256(repr(parts).encode()).hexdigest()[:digits]
