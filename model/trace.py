"""Traces: runs that show a violation, with the logs, backups and cut that their actions lead to; saved and loaded.

A trace holds the specification and the plan, so that it can be checked alone.  Everything in a file that follows from
the actions (event names, logs, backups, cut) is computed again when it is read, and must agree.  Source: docs/trace.md.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from bac.model import documents
from bac.model.architecture import Architecture, Step, UseCase
from bac.model.documents import MalformedDocument
from bac.model.errors import BacError, LimitReached, UnknownPlan
from bac.model.names import quoted
from bac.model.plan import Plan, Timing
from bac.model.semantics import system
from bac.model.system import (
    APPENDING,
    ActionKind,
    Event,
    Label,
    NotARun,
    State,
    System,
    logged,
)

FORMAT, VERSION = "bac-trace", 1
MOST_ACTIONS = 5_000
"""Actions that a trace may have; those of counterexamples are far fewer."""
MOST_VALUES = 200_000
"""Values, keys included, that the document of a trace may have."""


@dataclass(frozen=True, slots=True)
class Claim:
    """The claim of a trace: the property that fails; for an anomaly or a loss also kind, subject, index and timing."""

    property: str
    kind: str | None = None
    subject: str | None = None
    index: int | None = None
    timing: Timing | None = None


@dataclass(frozen=True, slots=True)
class Entry:
    """One event in a log: its name (``orders/3``, with the position from 1), and the action that appended it."""

    event: Event
    name: str
    action: int
    by: ActionKind


@dataclass(frozen=True, slots=True)
class ServiceLog:
    """The history of one service's log.

    ``live`` is the log when disaster struck (at the end, if none did); its first ``backed`` entries are in the
    backup, which action ``snapshot`` took (``None``: no snapshot; continuous services have a backup without one); its
    first ``kept`` entries are in the log after the disaster, and ``recovered`` are those that recovery appended to
    them.
    """

    service: str
    live: tuple[Entry, ...]
    backed: int
    snapshot: int | None
    kept: int
    recovered: tuple[Entry, ...]

    @property
    def cut(self) -> tuple[Entry, ...]:
        """The log at the end."""
        return self.live[: self.kept] + self.recovered


@dataclass(frozen=True)
class Trace:
    """A run of the system of one architecture and plan, as the labels of its actions, with its claim.

    The first ``history`` actions only prepare the rest, and may be left out of a figure.
    """

    architecture: Architecture
    plan: Plan
    instances: int
    claim: Claim
    actions: tuple[Label, ...]
    history: int = 0
    _system: System | None = field(default=None, repr=False, compare=False)

    @cached_property
    def system(self) -> System:
        """The transition system of which this is a run."""
        return self._system or system(self.architecture, self.plan, self.instances)

    @cached_property
    def states(self) -> tuple[State, ...]:
        """The states of the run, both ends included, from the interpreter.

        Raises:
            NotARun: the system does not allow these actions.
        """
        return tuple(self.system.run(self.actions))

    @cached_property
    def disaster(self) -> int | None:
        """The number of the disaster among the actions (from 1), if there is one."""
        kinds = [label.kind for label in self.actions]
        return kinds.index(ActionKind.DISASTER) + 1 if ActionKind.DISASTER in kinds else None

    @property
    def settled(self) -> bool:
        """Whether recovery is over at the end of the run."""
        return self.system.settled(self.states[-1])

    def step_of(self, event: Event) -> tuple[UseCase, Step]:
        """Return the use case and the step whose event this is."""
        case = self.architecture.by_use_case[event.use_case]
        return case, case.step(event.step)

    @cached_property
    def logs(self) -> dict[str, ServiceLog]:
        """The log of every service, in the order of the specification."""
        live: dict[str, list[Entry]] = {service.name: [] for service in self.architecture.services}
        snapshots: dict[str, tuple[int, int]] = {}
        recovered: dict[str, list[Entry]] = {service: [] for service in live}
        kept: dict[str, int] = {}
        for number, label in enumerate(self.actions, 1):
            if label.kind is ActionKind.SNAPSHOT:
                snapshots.update((service, (number, len(live[service]))) for service in label.services)
            elif label.kind is ActionKind.DISASTER:
                after = self.states[number]
                kept = {s: sum(logged(entry.event) in after for entry in log) for s, log in live.items()}
            elif label.kind in APPENDING:
                for event in label.events:
                    service = self.step_of(event)[1].service
                    logs = recovered if kept else live
                    position = kept.get(service, 0) + len(logs[service]) + 1
                    logs[service].append(Entry(event, f"{service}/{position}", number, label.kind))
        return {
            service: ServiceLog(
                service,
                tuple(log),
                len(log) if self.plan.mode_of(service).replicated else snapshots.get(service, (0, 0))[1],
                snapshots[service][0] if service in snapshots else None,
                kept.get(service, len(log)),
                tuple(recovered[service]),
            )
            for service, log in live.items()
        }

    @cached_property
    def entries(self) -> dict[Event, Entry]:
        """The entry of each event: in the cut if it is there, else in the live log."""
        table: dict[Event, Entry] = {}
        for log in self.logs.values():
            table.update((entry.event, entry) for entry in log.live)
            table.update((entry.event, entry) for entry in log.recovered)
        return table

    def appended(self, number: int) -> tuple[Entry, ...]:
        """Return the entries that action ``number`` (from 1) appended."""
        return self._appended.get(number, ())

    @cached_property
    def _appended(self) -> dict[int, tuple[Entry, ...]]:
        table: dict[int, list[Entry]] = {}
        for log in self.logs.values():
            for entry in (*log.live, *log.recovered):
                table.setdefault(entry.action, []).append(entry)
        return {
            number: tuple(sorted(entries, key=lambda entry: self.actions[number - 1].events.index(entry.event)))
            for number, entries in table.items()
        }

    # Files

    def to_json(self) -> dict[str, Any]:
        """Return the trace as a JSON document (schemas/trace.schema.json)."""
        from bac.model.specification.writer import dump  # few checks write traces

        claim = self.claim
        anomaly = {"kind": claim.kind, "subject": claim.subject, "index": claim.index, "timing": claim.timing}
        return {
            "format": FORMAT,
            "version": VERSION,
            "specification": dump(self.architecture, [self.plan]),
            "plan": self.plan.name,
            "instances": self.instances,
            "property": str(claim.property),
            **({"anomaly": {key: plain(value) for key, value in anomaly.items()}} if claim.kind else {}),
            **({"history": self.history} if self.history else {}),
            "actions": [self._action_json(number, label) for number, label in enumerate(self.actions, 1)],
            "services": [self._log_json(log) for log in self.logs.values()],
        }

    def _action_json(self, number: int, label: Label) -> dict[str, Any]:
        document: dict[str, Any] = {"kind": str(label.kind)}
        if label.events:
            steps = [self._event_json(event) for event in label.events]
            for step, entry in zip(steps, self.appended(number), strict=False):
                step["event"] = entry.name
            document |= {"use_case": label.events[0].use_case, "index": label.events[0].index, **steps[0]}
            if len(steps) > 1:
                document["then"] = steps[1:]
        if label.services:
            document["services"] = list(label.services)
        if label.kind is ActionKind.DISASTER:
            document |= {"restored": list(label.restored), "at_rest": label.at_rest}
        return document

    def _event_json(self, event: Event) -> dict[str, Any]:
        return {"step": event.step, "service": self.step_of(event)[1].service}

    def _log_json(self, log: ServiceLog) -> dict[str, Any]:
        def described(entry: Entry) -> dict[str, Any]:
            event = entry.event
            return {"event": entry.name, "use_case": event.use_case, "step": event.step, "index": event.index}

        return {
            "service": log.service,
            "log": [described(entry) for entry in log.live],
            "backup": [entry.name for entry in log.live[: log.backed]],
            "cut": [described(entry) for entry in log.cut],
        }

    def save(self, path: str | Path) -> None:
        """Write the trace to a file, as JSON.

        Raises:
            UnwritableFile: the file cannot be written.
        """
        from bac.model.files import write_text

        write_text(path, json.dumps(self.to_json(), indent=1, ensure_ascii=False) + "\n")


def plain(value: object) -> object:
    """Return the value as JSON has it: a member of an enumeration is its text."""
    return str(value) if isinstance(value, str) else value


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
    try:
        return from_json(documents.parse(documents.read(path)))
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
        MalformedDocument: it is too large, or differs from the schema; the first place is named.
    """
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
