"""A run as a sequence diagram in text: in Mermaid, which GitHub draws in Markdown, and in PlantUML.

Sources: Mermaid, "Sequence diagrams"; PlantUML, "Sequence diagram".
"""

from __future__ import annotations

from collections.abc import Iterator

from bac.model.architecture import Via
from bac.model.system import APPENDING, ActionKind, Event, Label
from bac.model.trace import Trace
from bac.properties.explanation import explain
from bac.properties.qualities import Property
from bac.properties.words import action_in_words, command

MOST_CHARACTERS = 50_000
"""Mermaid draws no longer text."""
FORMATS = ("mmd", "puml")
"""The formats of sequence diagrams; each is also a file extension."""
_PLAIN = " .,-_/()→"


def sequence_diagram(trace: Trace) -> str | None:
    """Return the diagram of a run in Mermaid, or ``None`` if it would be larger than Mermaid draws."""
    text = "\n".join(Diagram(trace).lines()) + "\n"
    return text if len(text) <= MOST_CHARACTERS else None


def write(trace: Trace, format: str) -> str:  # noqa: A002 (that is what it is called everywhere)
    """Return the diagram of a run in one of :data:`FORMATS`."""
    diagram = {"mmd": Diagram, "puml": PlantUml}[format](trace)
    return "\n".join(diagram.lines()) + "\n"


def escaped(text: str) -> str:
    """Return a text in which no character means anything to Mermaid or HTML."""
    return "".join(each if each.isalnum() or each in _PLAIN else f"#{ord(each)};" for each in text)


def literal(text: str) -> str:
    """Return a text in which no character means anything to PlantUML: its escape in Unicode stands for each."""
    return "".join(each if each.isalnum() or each in _PLAIN else f"<U+{ord(each):04X}>" for each in text)


class Diagram:
    """Writes the diagram of one run in Mermaid: a lifeline for the client and for each service that takes part."""

    def __init__(self, trace: Trace) -> None:
        """Number the services that take part."""
        self.trace = trace
        self.wrong = explain(trace).action if trace.claim.property in list(Property) else None
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
        for line in self.actions():
            yield f"  {line}"

    def note(self, over: str, text: str) -> str:
        """Return a note over a lifeline, or from one to another."""
        return f"Note over {over}: {escaped(text)}"

    def arrow(self, start: str, end: str, kind: ActionKind, via: Via | None, text: str) -> str:
        """Return an arrow; a dashed one is a message, one with a cross is held back."""
        shaft = "-x" if kind is ActionKind.DENY else "--)" if via is Via.EVENT else "->>"
        return f"{start}{shaft}{end}: {escaped(text)}"

    def actions(self) -> Iterator[str]:
        """Yield the actions: as arrows between services if they do or deny steps, else as notes."""
        for number, label in enumerate(self.trace.actions, 1):
            yield from self.action(label, f"{'⚠ ' * (number == self.wrong)}{number}. ")

    def action(self, label: Label, head: str) -> Iterator[str]:
        """Yield an action after its number."""
        if label.kind in APPENDING or label.kind is ActionKind.DENY:
            kind = "" if label.kind is ActionKind.STEP else f"{label.kind}: "
            for event in label.events:
                yield self.event(label, event, head + kind)
            return
        words = f"{head}{label.kind}"
        if label.kind in (ActionKind.SNAPSHOT, ActionKind.LOCK, ActionKind.UNLOCK):
            for service in label.services:
                yield self.note(self.lifelines[service], words)
            return
        yield self.note(self.everyone, f"{words}: {action_in_words(self.trace, label)}")

    @property
    def everyone(self) -> str:
        """The lifelines of all services, as a note names them."""
        names = list(self.lifelines.values()) or ["client"]
        return names[0] if len(names) == 1 else f"{names[0]},{names[-1]}"

    def event(self, label: Label, event: Event, head: str) -> str:
        """Return the arrow that brings about an event."""
        case, step = self.trace.step_of(event)
        cause = case.step(step.predecessors[0]).service if step.predecessors else None
        start = "client" if cause is None else self.lifelines.get(cause, "client")
        entry = self.trace.entries.get(event)
        logged = f" → {entry.name}" if entry is not None and label.kind is not ActionKind.DENY else ""
        return self.arrow(start, self.lifelines[step.service], label.kind, step.via, f"{head}{command(step)}{logged}")


class PlantUml(Diagram):
    """Writes the same in PlantUML."""

    def lines(self) -> Iterator[str]:
        """Yield the lines of the diagram."""
        yield "@startuml"
        yield "actor client"
        for service, lifeline in self.lifelines.items():
            yield f'participant "{literal(service)}" as {lifeline}'
        yield from self.actions()
        yield "@enduml"

    def note(self, over: str, text: str) -> str:
        """Return a note over a lifeline, or from one to another."""
        return f"note over {over} : {literal(text)}"

    def arrow(self, start: str, end: str, kind: ActionKind, via: Via | None, text: str) -> str:
        """Return an arrow; a dashed one is a message, one with a cross is held back."""
        shaft = "->x" if kind is ActionKind.DENY else "-->>" if via is Via.EVENT else "->"
        return f"{start} {shaft} {end} : {literal(text)}"
