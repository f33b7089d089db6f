"""The content of an event-log diagram, without coordinates: lanes from top to bottom, columns from left to right.

Each column is an instant: time flows to the right across all lanes.  Source: the article, Figures 3–5.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import Enum, auto
from typing import assert_never

from bac.figures.events.focus import Focus
from bac.figures.look import UNFOLDED, Fold
from bac.model.architecture import Step, Verb
from bac.model.system import ActionKind, Event, Fact, FactKind, Label
from bac.model.trace import Entry, Trace
from bac.properties.anomalies import Cut

MOST_LANES = 10
"""The most lanes; further services that the claim does not need are only counted."""
LEFT_OF_ELISION = 1
"""The number of events that stay on each side of an elision."""


class Kind(Enum):
    """The kinds of columns."""

    CARD = auto()
    SNAPSHOT = auto()
    LOCK = auto()
    UNLOCK = auto()
    DISASTER = auto()
    ELISION = auto()


class State(Enum):
    """The state of the event on a card."""

    LOGGED = auto()
    """An entry of a log."""
    DENIED = auto()
    """A command that was held back."""
    REJECTED = auto()
    """A message that was dropped."""
    REPEATED = auto()
    """An event that recovery did a second time."""
    REMOVED = auto()
    """An event that recovery undid, or an entity that it collected."""
    ABSENT = auto()
    """An event that is missing from its log; or, without an event, a backup that does not exist."""


BY = {
    ActionKind.DELIVER: "delivered",
    ActionKind.REPLAY: "replayed",
    ActionKind.RESUME: "resumed",
    ActionKind.RETRY: "retried",
    ActionKind.BACKFILL: "filled back",
    ActionKind.RECONSTRUCT: "reconstructed",
}
"""How recovery appended an event, in a word."""


@dataclass(frozen=True, slots=True)
class Card:
    """One event, or its absence, in the lane of a service.

    ``note`` is a word on its state, ``alert`` marks events that the claim is about, and ``tooltip`` has all details.
    ``backed``: it is in the backup; ``lost``: it is lost in the disaster; ``deleted``: it creates an entity that an
    event in the cut deletes.
    """

    service: str
    state: State
    label: str
    suffix: str = ""
    note: str = ""
    tooltip: str = ""
    entry: Entry | None = None
    event: Event | None = None
    backed: bool = False
    lost: bool = False
    deleted: bool = False
    alert: bool = False

    @property
    def recovered(self) -> bool:
        """Whether recovery appended the event to its log."""
        return self.entry is not None and self.entry.by in BY


@dataclass(frozen=True, slots=True)
class Column:
    """One instant: ``cards`` for ``CARD``, ``services`` for the others, ``hidden`` for an elision.

    ``action`` is its number in the trace (from 1); the columns of one transaction share it.
    """

    kind: Kind
    action: int
    cards: tuple[Card, ...] = ()
    services: tuple[str, ...] = ()
    restored: tuple[str, ...] = ()
    hidden: tuple[tuple[str, int], ...] = ()


@dataclass(frozen=True, slots=True)
class Scene:
    """The lanes by name, the columns, and the services that are not drawn, each with the number of its events.

    ``outside`` is the number of further services of a landscape of which the trace is a part.
    """

    trace: Trace
    focus: Focus
    lanes: tuple[str, ...]
    columns: tuple[Column, ...]
    omitted: tuple[tuple[str, int], ...] = ()
    outside: int = 0

    @property
    def cards(self) -> list[Card]:
        """Return all cards, from left to right."""
        return [card for column in self.columns for card in column.cards]


def scene(trace: Trace, found: Focus, outside: int = 0, fold: Fold = UNFOLDED, order: Sequence[str] = ()) -> Scene:
    """Return the content of the diagram of a trace, with the lanes of ``order`` first."""
    every = list(Director(trace, found).columns())
    lanes = in_order(chosen_lanes(trace, found, every, fold.others), order)
    counts = {log.service: len(log.live) + len(log.recovered) for log in trace.logs.values()}
    omitted = tuple((service, count) for service, count in counts.items() if service not in lanes)
    columns = elided(restricted(every, lanes), found, fold.most_cards)
    return Scene(trace, found, lanes, tuple(columns), omitted, outside)


def chosen_lanes(trace: Trace, found: Focus, columns: Iterable[Column], others: bool = True) -> tuple[str, ...]:
    """Return the services that get a lane, in the order of the specification: of the claim first, then with events.

    Without ``others`` only those of the claim do, if there are any.
    """
    names = [service.name for service in trace.architecture.services]
    needed = [name for name in names if name in found.services]
    active = {card.service for column in columns for card in column.cards} if others or not needed else set()
    rest = [name for name in names if name in active and name not in found.services]
    lanes = {*needed[:MOST_LANES], *rest[: max(0, MOST_LANES - len(needed))]}
    return tuple(name for name in names if name in lanes) or tuple(names[:MOST_LANES])


def in_order(lanes: Sequence[str], order: Sequence[str]) -> tuple[str, ...]:
    """Return the lanes that are in ``order`` as they are there, and then the others."""
    first = [name for name in order if name in lanes]
    return (*first, *(name for name in lanes if name not in first))


def restricted(columns: Iterable[Column], lanes: Sequence[str]) -> Iterator[Column]:
    """Yield the columns without the services that have no lane."""
    for column in columns:
        cards = tuple(card for card in column.cards if card.service in lanes)
        services = tuple(service for service in column.services if service in lanes)
        restored = tuple(service for service in column.restored if service in lanes)
        if cards or services or restored or column.kind is Kind.DISASTER:
            yield Column(column.kind, column.action, cards, services, restored)


def elided(columns: Iterable[Column], found: Focus, most_cards: int) -> list[Column]:
    """Return the columns, with the middles of long stretches of unimportant events replaced by their numbers."""
    whole = list(columns)
    if sum(len(column.cards) for column in whole) <= most_cards:
        return whole
    result: list[Column] = []
    stretch: list[Column] = []
    for column in whole:
        if _unimportant(column, found):
            stretch.append(column)
        else:
            result += [*_shortened(stretch), column]
            stretch = []
    return result + _shortened(stretch)


def _unimportant(column: Column, found: Focus) -> bool:
    logged = all(card.state is State.LOGGED and not card.alert for card in column.cards)
    return (
        column.kind is Kind.CARD
        and logged
        and not any(card.event is not None and found.like(card.event) in found.events for card in column.cards)
    )


def _shortened(stretch: list[Column]) -> list[Column]:
    """Return a stretch of columns with its middle elided, if that saves space; transactions stay whole."""
    start, end = LEFT_OF_ELISION, len(stretch) - LEFT_OF_ELISION
    while 0 < start < end and stretch[start - 1].action == stretch[start].action:
        start += 1
    while start < end < len(stretch) and stretch[end - 1].action == stretch[end].action:
        end -= 1
    if end - start < 2:
        return stretch
    counts = Counter(card.service for column in stretch[start:end] for card in column.cards)
    hidden = Column(Kind.ELISION, stretch[start].action, hidden=tuple(counts.items()))
    return [*stretch[:start], hidden, *stretch[end:]]


class Director:
    """Turns the actions of a trace into columns."""

    def __init__(self, trace: Trace, found: Focus) -> None:
        """Collect the entries that are in backups, and those that are lost."""
        self.trace = trace
        self.focus = found
        self.backed: set[tuple[str, int]] = set()
        self.lost: set[tuple[str, int]] = set()
        for log in trace.logs.values():
            self.backed.update((log.service, entry.action) for entry in log.live[: log.backed])
            self.lost.update((log.service, entry.action) for entry in log.live[log.kept :])
        self.cuts = [Cut(trace, index) for index in range(1, trace.instances + 1)]

    def columns(self) -> Iterator[Column]:
        """Yield the columns in the order of the run, then those for what does not exist at its end."""
        for number, label in enumerate(self.trace.actions, 1):
            yield from self.of_action(number, label)
        if absent := self.absent():
            yield Column(Kind.CARD, len(self.trace.actions) + 1, (absent,))
        if self.focus.unbacked:
            cards = tuple(Card(name, State.ABSENT, "no backup", alert=True) for name in self.focus.unbacked)
            yield Column(Kind.CARD, len(self.trace.actions) + 2, cards)

    def of_action(self, number: int, label: Label) -> Iterator[Column]:
        """Yield the columns of one action."""
        match label.kind:
            case ActionKind.SNAPSHOT:
                yield Column(Kind.SNAPSHOT, number, services=label.services)
            case ActionKind.LOCK:
                yield Column(Kind.LOCK, number, services=label.services)
            case ActionKind.UNLOCK:
                yield Column(Kind.UNLOCK, number, services=label.services)
            case ActionKind.DISASTER:
                yield Column(Kind.DISASTER, number, services=label.services, restored=label.restored)
            case ActionKind.DENY:
                yield from (self.refused(number, event, State.DENIED, "held back") for event in label.events)
            case ActionKind.DROP:
                yield from (self.refused(number, event, State.REJECTED, "rejected") for event in label.events)
            case ActionKind.REPEAT:
                yield from (self.refused(number, event, State.REPEATED, "done again") for event in label.events)
            case ActionKind.UNDO:
                yield from (self.refused(number, event, State.REMOVED, "undone") for event in label.events)
            case ActionKind.COLLECT:
                yield from (self.refused(number, event, State.REMOVED, "collected") for event in label.events)
            case ActionKind.SWEEP | ActionKind.SNAPSHOT_BROKER:
                return
            case (
                ActionKind.STEP
                | ActionKind.DELIVER
                | ActionKind.REPLAY
                | ActionKind.RESUME
                | ActionKind.RETRY
                | ActionKind.BACKFILL
                | ActionKind.RECONSTRUCT
            ):
                yield from (Column(Kind.CARD, number, (self.logged(e),)) for e in self.trace.appended(number))
            case _:
                assert_never(label.kind)

    def logged(self, entry: Entry) -> Card:
        """Return the card of an entry of a log."""
        case, step = self.trace.step_of(entry.event)
        key = (step.service, entry.action)
        last = self.trace.entries[entry.event] is entry
        note = self.special(entry.event) if last else ""
        removal = self.removal(entry.event, step) if last else None
        backed, lost = key in self.backed, key in self.lost
        facts = [
            f"use case {case.name}, step {step.number}, index {entry.event.index}",
            f"{BY.get(entry.by, 'logged')} by action {entry.action}",
            "in the backup" if backed else "not in the backup",
            *(["lost in the disaster"] if lost else []),
            *([f"deleted by {self.trace.entries[removal].name}"] if removal else []),
            *([note] if note else []),
        ]
        return Card(
            step.service,
            State.LOGGED,
            short_label(step),
            self.suffix(entry.event),
            note or BY.get(entry.by, "") or "deleted later" * bool(removal),
            f"{entry.name}: {step} ({'; '.join(facts)})",
            entry,
            entry.event,
            backed,
            lost,
            removal is not None,
            bool(note),
        )

    def removal(self, event: Event, step: Step) -> Event | None:
        """Return the event in the cut that deletes the entity that this event creates, if there is one."""
        cut = self.cuts[event.index - 1]
        return cut.removal(step.entity) if event == cut.creation(step.entity) else None

    def special(self, event: Event) -> str:
        """Return the word of the claim for this event, if it is about it."""
        found = self.focus
        words = {found.orphan: "orphan", found.missing: "missing", found.lost: "extra loss"}
        return words.get(found.like(event), "")

    def refused(self, number: int, event: Event, state: State, note: str) -> Column:
        """Return the column of a command, message or repair that appends no event."""
        case, step = self.trace.step_of(event)
        alert = (state is State.DENIED and event in self.focus.events) or event == self.focus.missing
        tooltip = f"{step} ({note} by action {number}; use case {case.name}, step {step.number}, index {event.index})"
        card = Card(step.service, state, short_label(step), self.suffix(event), note, tooltip, event=event, alert=alert)
        return Column(Kind.CARD, number, (card,))

    def absent(self) -> Card | None:
        """Return the card of the event that the claim is about, if it is in no log."""
        event = next((event for event in self.focus.events if event not in self.trace.entries), None)
        if event is None or self.trace.disaster is None:
            return None
        case, step = self.trace.step_of(event)
        tooltip = f"{step} (never logged; use case {case.name}, step {step.number}, index {event.index})"
        return Card(
            step.service,
            State.ABSENT,
            short_label(step),
            self.suffix(event),
            self.fate(event),
            tooltip,
            event=event,
            alert=True,
        )

    def fate(self, event: Event) -> str:
        """Return what became of an event that is in no log: its message may be lost, or wait in the broker."""
        word = "missing" if event == self.focus.missing else "never logged"
        number = next(n for n, label in enumerate(self.trace.actions) if label.kind is ActionKind.DISASTER)

        def waits(state: frozenset[Fact]) -> bool:
            return any(fact.kind is FactKind.PENDING and fact.events[1] == event for fact in state)

        if waits(self.trace.states[-1]):
            return f"{word}, its message in the broker"
        return f"{word}, its message lost" if waits(self.trace.states[number]) else word

    def suffix(self, event: Event) -> str:
        """Return the index, if there are several."""
        return f"#{event.index}" if self.trace.instances > 1 else ""


def short_label(step: Step) -> str:
    """Return the command of a step without its service, which the lane shows."""
    return f"copy {step.entity}" if step.verb is Verb.COPY else str(step)
