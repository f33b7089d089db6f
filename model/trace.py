"""Traces: runs that show a violation, with the logs, backups and cut that their actions lead to; saved in files.

A trace holds the specification and the plan, so that it can be checked alone.  Files are read by
:mod:`bac.model.trace_file`.  Source: docs/trace.md.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from bac.model.architecture import Architecture, Step, UseCase
from bac.model.errors import quoted
from bac.model.plan import Plan, Timing
from bac.model.semantics import OnDemand, Rules, system
from bac.model.system import (
    APPENDING,
    ActionKind,
    Event,
    Label,
    State,
    System,
    logged,
)

FORMAT, VERSION = "bac-trace", 1


@dataclass(frozen=True, slots=True)
class Claim:
    """The claim of a trace: the property that fails; for an anomaly or a loss also kind, subject, index and timing."""

    property: str
    kind: str | None = None
    subject: str | None = None
    index: int | None = None
    timing: Timing | None = None

    def __str__(self) -> str:
        if self.kind is None:
            return f"a violation of {self.property}"
        return f"{self.kind} {quoted(self.subject or '')}, index {self.index}, {self.timing}"


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

    ``live`` is the log when the disaster happened (at the end, if none did); its first ``backed`` entries are in the
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
    undone: frozenset[Event] = frozenset()

    @property
    def cut(self) -> tuple[Entry, ...]:
        """The log at the end, without what recovery took back."""
        return tuple(entry for entry in self.live[: self.kept] + self.recovered if entry.event not in self.undone)


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
    _system: System | OnDemand | None = field(default=None, repr=False, compare=False)

    @cached_property
    def system(self) -> System:
        """The transition system of which this is a run."""
        if isinstance(self._system, System):
            return self._system
        return system(self.architecture, self.plan, self.instances)

    @property
    def interpreter(self) -> System | OnDemand:
        """The system, whole or as far as the actions of the run need it."""
        return self._system or self.system

    @cached_property
    def rules(self) -> Rules:
        """The rules of that system."""
        return Rules(self.architecture, self.plan, self.instances)

    @cached_property
    def states(self) -> tuple[State, ...]:
        """The states of the run, both ends included, from the interpreter.

        Raises:
            NotARun: the system does not allow these actions.
        """
        return tuple(self.interpreter.run(self.actions))

    @cached_property
    def disaster(self) -> int | None:
        """The number of the disaster among the actions (from 1), if there is one."""
        kinds = [label.kind for label in self.actions]
        return kinds.index(ActionKind.DISASTER) + 1 if ActionKind.DISASTER in kinds else None

    @property
    def settled(self) -> bool:
        """Whether recovery is over at the end of the run."""
        return self.interpreter.settled(self.states[-1])

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
        undone = frozenset(event for label in self.actions if label.kind is ActionKind.UNDO for event in label.events)
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
                undone,
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
