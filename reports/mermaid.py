"""A run as a Mermaid sequence diagram, which GitHub draws in Markdown."""

from __future__ import annotations

from collections.abc import Iterator

from bac.model.architecture import Via
from bac.model.system import APPENDING, ActionKind, Event, Label
from bac.model.trace import Trace
from bac.properties.explanation import explain
from bac.properties.words import action_in_words, command

MOST_CHARACTERS = 50_000
"""Mermaid draws no longer text."""
_PLAIN = " .,-_/()→"


def sequence_diagram(trace: Trace) -> str | None:
    """Return the diagram of a run, or ``None`` if it would be larger than Mermaid draws."""
    text = "\n".join(Diagram(trace).lines()) + "\n"
    return text if len(text) <= MOST_CHARACTERS else None


def escaped(text: str) -> str:
    """Return a text in which no character means anything to Mermaid or HTML."""
    return "".join(each if each.isalnum() or each in _PLAIN else f"#{ord(each)};" for each in text)


class Diagram:
    """Writes the diagram of one run: a lifeline for the client and for each service that takes part."""

    def __init__(self, trace: Trace) -> None:
        """Number the services that take part."""
        self.trace = trace
        self.wrong = explain(trace).action
        part = {self.service(event) for label in trace.actions for event in label.events}
        part |= {service for label in trace.actions for service in (*label.services, *label.restored)}
        ordered = [service.name for service in trace.architecture.services if service.name in part]
        self.lifelines = {service: f"s{number}" for number, service in enumerate(ordered, 1)}

    def service(self, event: Event) -> str:
        """Return the service in whose log an event is."""
        return self.trace.step_of(event)[1].service

    def lines(self) -> Iterator[str]:
        """Yield the lines of the diagram."""
        yield "sequenceDiagram"
        yield "  actor client"
        for service, lifeline in self.lifelines.items():
            yield f"  participant {lifeline} as {escaped(service)}"
        for number, label in enumerate(self.trace.actions, 1):
            for line in self.action(number, label):
                yield f"  {line}"

    def action(self, number: int, label: Label) -> Iterator[str]:
        """Yield an action: as arrows between services if it does or denies steps, else as a note."""
        head = f"{'⚠ ' * (number == self.wrong)}{number}. "
        if label.kind in APPENDING or label.kind is ActionKind.DENY:
            kind = "" if label.kind is ActionKind.STEP else f"{label.kind}: "
            for event in label.events:
                yield self.arrow(label, event, head + kind)
            return
        words = f"{head}{label.kind}"
        if label.kind in (ActionKind.SNAPSHOT, ActionKind.LOCK, ActionKind.UNLOCK):
            for service in label.services:
                yield f"Note over {self.lifelines[service]}: {escaped(words)}"
            return
        yield f"Note over {self.everyone}: {escaped(f'{words}: {action_in_words(self.trace, label)}')}"

    @property
    def everyone(self) -> str:
        """The lifelines of all services, as a note names them."""
        names = list(self.lifelines.values()) or ["client"]
        return names[0] if len(names) == 1 else f"{names[0]},{names[-1]}"

    def arrow(self, label: Label, event: Event, before: str) -> str:
        """Return the arrow that brings about an event; a dashed one is a message, one with a cross is held back."""
        case, step = self.trace.step_of(event)
        cause = case.step(step.predecessors[0]).service if step.predecessors else None
        start = "client" if cause is None else self.lifelines.get(cause, "client")
        shaft = "-x" if label.kind is ActionKind.DENY else "--)" if step.via is Via.EVENT else "->>"
        entry = self.trace.entries.get(event)
        logged = f" → {entry.name}" if entry is not None and label.kind is not ActionKind.DENY else ""
        return f"{start}{shaft}{self.lifelines[step.service]}: {escaped(f'{before}{command(step)}{logged}')}"
