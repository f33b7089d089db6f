"""The arrows of an event-log diagram: one per link, and for missing state those to the event that did not follow."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from bac.figures.events.routing import Arrow, Style
from bac.figures.events.scene import Card, Scene, State
from bac.figures.metrics import guarded
from bac.model.architecture import Link
from bac.model.system import Event
from bac.properties.anomalies import Cut

BROKEN = "broken link"


def arrows(scene: Scene) -> list[Arrow]:
    """Return the arrows between the cards of a scene, which are numbered from left to right."""
    numbers = card_numbers(scene)
    return [*links(scene, numbers), *interrupted(scene, numbers)]


def card_numbers(scene: Scene) -> dict[Event, int]:
    """Return for each event the card of its last entry, or the card that shows its absence."""
    table: dict[Event, int] = {}
    for number, card in enumerate(scene.cards):
        if card.event is not None and (card.state is State.ABSENT or is_last(scene, card)):
            table[card.event] = number
    return table


def is_last(scene: Scene, card: Card) -> bool:
    """Whether a card shows the entry by which its event is known."""
    return card.entry is not None and card.event is not None and scene.trace.entries[card.event] is card.entry


def links(scene: Scene, numbers: Mapping[Event, int]) -> Iterator[Arrow]:
    """Yield one arrow per link and index, from the event that makes it to the event that creates its target."""
    trace = scene.trace
    for index in range(1, trace.instances + 1):
        cut = Cut(trace, index)
        for link in trace.architecture.links:
            tail, head = numbers.get(cut.making(link)), numbers.get(cut.creation(link.target))
            if tail is None or head is None or tail == head:
                continue
            style = style_of(scene, cut, link)
            words = f"{guarded(cut.name(link.holder))} → {guarded(cut.name(link.target))}"
            state = {Style.GONE: "reference that does not hold", Style.LINK: "reference"}.get(style, BROKEN)
            yield Arrow(tail, head, style, f"{words}: {state}", BROKEN if style is Style.CLAIMED else "")


def style_of(scene: Scene, cut: Cut, link: Link) -> Style:
    """Return the style of a link, which shows whether it holds or is broken in the cut."""
    if scene.focus.broken == (link, cut.index):
        return Style.CLAIMED
    if cut.broken(link):
        return Style.BROKEN
    return Style.LINK if cut.holds(link) else Style.GONE


def interrupted(scene: Scene, numbers: Mapping[Event, int]) -> Iterator[Arrow]:
    """Yield arrows from the events that survived to the missing ones that should have followed them."""
    missing, trace = scene.focus.missing, scene.trace
    if missing is None:
        return
    case, step = trace.step_of(missing)
    for index in sorted({missing.index, *scene.focus.alike}):
        event, cut = Event(case.name, step.number, index), Cut(trace, index)
        for other in (Event(case.name, number, index) for number in step.predecessors):
            if event in numbers and other in cut.events and other in numbers:
                tooltip = f"{trace.step_of(other)[1]} was to be followed by {step}"
                yield Arrow(numbers[other], numbers[event], Style.MISSING, tooltip)
