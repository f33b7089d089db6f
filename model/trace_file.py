"""Read traces from files: whatever a file says is checked, by the interpreter alone.

Everything that can be checked without the transition system is checked before it is built.  Source: docs/trace.md.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from bac.model import documents
from bac.model.architecture import Architecture
from bac.model.documents import MalformedDocument
from bac.model.errors import BacError, LimitReached, UnknownPlan, quoted
from bac.model.plan import Timing
from bac.model.system import ActionKind, Event, Label, NotARun
from bac.model.trace import Claim, Trace

CERTIFICATES = ("bac-invariant", "bac-strategy", "bac-verdicts")
"""The formats of certificates that are no traces."""
MOST_ACTIONS = 5_000
"""Actions that a trace may have; those of counterexamples are far fewer."""
MOST_VALUES = 200_000
"""Values, keys included, that the document of a trace may have."""


def is_trace(path: str | Path) -> bool:
    """Return whether a file looks like a trace: JSON that names the format."""
    try:
        content = documents.read(path)
    except BacError:
        return False
    return content.lstrip().startswith(b"{") and re.search(rb'"format"\s*:\s*"bac-trace"', content) is not None


def load(path: str | Path) -> Trace:
    """Read a trace from a file.

    Raises:
        UnreadableFile: the file cannot be read.
        MalformedDocument, UnknownPlan: it is not a trace, or contradicts itself.
        LimitReached: its system is too large to be built.
    """
    content = documents.read(path)
    try:
        return from_json(documents.parse(content))
    except (MalformedDocument, UnknownPlan, LimitReached) as error:
        raise type(error)(f"{path}: {error}") from None


def from_json(document: object) -> Trace:
    """Return the trace that a document of :func:`bac.model.documents.parse` holds; the order of keys does not matter.

    Whatever can be checked without the transition system is checked before it is built.

    Raises:
        MalformedDocument: it is not a trace, its actions are no run, or a derived field (an event's name, a log, a
            backup, the cut) is not what the actions lead to.
        UnknownPlan: its specification does not have its plan.
        LimitReached: its system is too large to be built.
    """
    validate(document)
    assert isinstance(document, dict)
    specification = documents.specification(in_order(document))
    plan = specification.plan(document["plan"])
    labels = tuple(map(_label, document["actions"]))
    history = document.get("history", 0)
    check_labels(specification.architecture, document["instances"], labels)
    if history > len(labels):
        raise MalformedDocument(f"history is {history}, but there are {len(labels)} actions")
    trace = Trace(specification.architecture, plan, document["instances"], _claim(document), labels, history)
    try:
        trace.states  # noqa: B018 (the interpreter refuses what is not a run)
    except NotARun as error:
        raise MalformedDocument(f"not a run of its system: {error}") from None
    computed = trace.to_json() | {"specification": document["specification"]}
    if (difference := first_difference(document, computed, "")) is not None:
        raise MalformedDocument(difference)
    return trace


def validate(document: object) -> None:
    """Hold a document against the limits on traces, then against their schema.

    Raises:
        MalformedDocument: it is a certificate, too large, or differs from the schema; the first place is named.
    """
    if isinstance(document, dict) and document.get("format") in CERTIFICATES:
        raise MalformedDocument("this is a certificate and no trace; use bac verify")
    actions = document.get("actions") if isinstance(document, dict) else None
    if isinstance(actions, list) and len(actions) > MOST_ACTIONS:
        raise MalformedDocument(f"more than {MOST_ACTIONS:,} actions")
    if documents.count_values(document) > MOST_VALUES:
        raise MalformedDocument(f"more than {MOST_VALUES:,} values")
    documents.check_schema("trace", document)


def check_labels(architecture: Architecture, instances: int, labels: Iterable[Label]) -> None:
    """Check that the actions speak of steps, indices and services that exist.

    Raises:
        MalformedDocument: one does not.
    """
    steps = {(case.name, step.number) for case, step in architecture.steps()}
    services = {service.name for service in architecture.services}
    for number, label in enumerate(labels, 1):
        where = f"not a run of its system: action {number} ({label.kind})"
        for event in label.events:
            if (event.use_case, event.step) not in steps:
                raise MalformedDocument(f"{where}: there is no step {event.step} of {quoted(event.use_case)}")
            if event.index > instances:
                raise MalformedDocument(
                    f"{where}: index {event.index} is larger than {instances}, the number of instances"
                )
        for service in (*label.services, *label.restored):
            if service not in services:
                raise MalformedDocument(f"{where}: there is no service {quoted(service)}")


def in_order(document: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the specification of a trace, its services in the order in which the trace lists their logs.

    A specification tells the order of services by that of its keys, which JSON does not keep.
    """
    services = document["specification"].get("services")
    if not isinstance(services, dict):
        return document["specification"]  # type: ignore[no-any-return]
    listed = {log["service"]: services[log["service"]] for log in document["services"] if log["service"] in services}
    return {**document["specification"], "services": {**listed, **services}}


def _claim(document: Mapping[str, Any]) -> Claim:
    anomaly: Mapping[str, Any] = document.get("anomaly", {})
    timing = Timing(anomaly["timing"]) if anomaly else None
    return Claim(document["property"], anomaly.get("kind"), anomaly.get("subject"), anomaly.get("index"), timing)


def _label(action: Mapping[str, Any]) -> Label:
    """Return the label that a JSON action describes."""
    steps = [action, *action.get("then", [])] if "step" in action else []
    return Label(
        ActionKind(action["kind"]),
        tuple(Event(action["use_case"], step["step"], action["index"]) for step in steps),
        tuple(action.get("services", ())),
        tuple(action.get("restored", ())),
        action.get("at_rest", False),
    )


def first_difference(given: object, computed: object, where: str) -> str | None:
    """Describe the first place where a document differs from what it should be; ``None`` if there is none."""
    match given, computed:
        case dict(), dict():
            for key in [*computed, *(key for key in given if key not in computed)]:
                if key not in given or key not in computed:
                    return f"{where}.{key}".lstrip(".") + (" is missing" if key in computed else " should not be there")
                if (difference := first_difference(given[key], computed[key], f"{where}.{key}")) is not None:
                    return difference
            return None
        case list(), list() if len(given) == len(computed):
            pairs = enumerate(zip(given, computed, strict=True))
            differences = (first_difference(a, b, f"{where}[{number}]") for number, (a, b) in pairs)
            return next((difference for difference in differences if difference is not None), None)
        case _ if given == computed and type(given) is type(computed):
            return None
        case _:
            return f"{where.lstrip('.')} is {shortened(given)}, but its actions lead to {shortened(computed)}"


def shortened(value: object) -> str:
    """Return a part of a document as JSON, its end left out if it is long."""
    text = json.dumps(value)
    return text if len(text) <= 80 else f"{text[:80]} …"
