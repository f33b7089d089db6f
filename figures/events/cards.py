"""The boxes of an event-log diagram: one for each event, command held back, rejected message, or absence."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property

from bac.figures.canvas import Anchor, Box, Polyline, Shape, Text
from bac.figures.events.scene import Card, State
from bac.figures.look import SIZE, WIDEST
from bac.figures.metrics import ELLIPSIS, clean, guarded, pieces, shorten, text_width, wrap
from bac.figures.palette import ALERT, ALERT_TEXT, MUTED, PAPER, colour_of, mix, text_colour_of, text_on

NAME_SIZE = 9.0
"""The type size of names of events in points."""
NAME_LEADING, LEADING = 11.0, 9.8
PAD = 6.0
"""Points between a card's outline and its text."""
NARROWEST = 34.0
"""The least width of a card's text in points."""
SHORTEST = 4
"""The least number of characters to which the name of a service is shortened; below it only ``…`` is left."""
LONGEST_NOTE = 44.0
"""The width of a card's note in points that is not broken into lines."""
RING = 3.0
"""Points between the outline of a card and the ring around one that the claim is about."""
OVERSHOOT = 2.5
"""Points by which the cross over a card reaches beyond its corners."""
PALE = 0.65
"""The share of white in the colour of an event whose entity is deleted later."""
ROUND = 9.0
"""The radius in points of the corners of an event that recovery appended."""
SIGN = 4.2
"""Half the size of the sign on a refused command or message, in points."""


@dataclass(frozen=True, slots=True)
class Line:
    """One line of text on a card."""

    text: str
    size: float = SIZE
    bold: bool = False
    italic: bool = False
    colour: str | None = None

    @property
    def width(self) -> float:
        """Return its width in points."""
        return text_width(self.text, self.size, self.bold)

    @property
    def leading(self) -> float:
        """Return its height in points."""
        return LEADING if self.size == SIZE else NAME_LEADING


SIGNED = (State.DENIED, State.REJECTED, State.REPEATED, State.REMOVED)
"""The states that have a sign of their own; the note of a card says what it means."""


@dataclass(frozen=True)
class CardText:
    """The lines of text on a card, at most as wide as a card can be."""

    card: Card
    widest: float = WIDEST

    @property
    def most(self) -> int:
        """Return how many lines the words of a step may take; narrow cards have more."""
        return 2 if self.widest >= WIDEST else 3

    @cached_property
    def lines(self) -> tuple[Line, ...]:
        """Return the name of the event (or room for a sign), what happened, and a note."""
        card = self.card
        lines = [Line(text) for text in labelled(card.label, card.suffix, self.widest, self.most)]
        if card.entry is not None:
            lines.insert(0, Line(event_name(card.entry.name, self.widest), NAME_SIZE, bold=True))
        elif card.state is not State.ABSENT:
            lines.insert(0, Line("", NAME_SIZE))
        if card.note:
            alert = card.alert or card.state in SIGNED
            ink = ALERT_TEXT if alert else None
            notes = wrap(card.note, max(self.widest, LONGEST_NOTE), SIZE, alert)
            lines += [Line(note, bold=alert, italic=not alert, colour=ink) for note in notes]
        return tuple(lines)

    @property
    def whole(self) -> bool:
        """Whether the label is on the card with none of its words broken or left out."""
        written = "".join(line.text for line in self.lines if not line.bold)
        fits = all(text_width(piece, SIZE) <= self.widest for piece in pieces(self.card.label))
        return fits and ELLIPSIS not in written

    @property
    def width(self) -> float:
        """Return the width of the card that the text needs, in points."""
        return max(NARROWEST, *(line.width for line in self.lines)) + 2 * PAD

    @property
    def height(self) -> float:
        """Return the height of the card that the text needs, in points."""
        return sum(line.leading for line in self.lines) + PAD + 2


def event_name(name: str, widest: float = WIDEST) -> str:
    """Return the name of an event (``orders/3``), its service shortened if it is wider than this in points."""
    service, _, position = name.rpartition("/")
    tail = f"/{position}"
    short = shorten(service, widest - text_width(tail, NAME_SIZE, True), NAME_SIZE, bold=True)
    # The lane has the whole name, so that two letters of it say nothing more.
    return (guarded(short) if short == clean(service) or len(short) > SHORTEST else ELLIPSIS) + tail


def labelled(label: str, suffix: str, widest: float, most: int) -> list[str]:
    """Return in at most so many lines of this width what happened; its index is never cut off."""
    if not suffix:
        return wrap(label, widest, SIZE, most=most)
    lines = wrap(f"{guarded(clean(label))} {suffix}", widest, SIZE)
    if len(lines) <= most and suffix in lines[-1]:
        return lines
    *first, last = wrap(label, widest, SIZE, most=most)
    last = shorten(last.rstrip("…") + "…", widest - text_width(f" {suffix}", SIZE), SIZE)
    return [*first, f"{guarded(last)} {suffix}"]


def card_shapes(content: CardText, x: float, y: float, width: float, height: float, position: int) -> Iterator[Shape]:
    """Yield a card with its upper left corner here; the position of its service selects the colour."""
    card = content.card
    middle, top = x + width / 2, y + (height - content.height + PAD + 2) / 2
    yield _box(card, x, y, width, height, position)
    if card.lost:
        left, right, upper, lower = x - OVERSHOOT, x + width + OVERSHOOT, y - OVERSHOOT, y + height + OVERSHOOT
        yield Polyline(((left, upper), (right, lower)), ALERT, 1.8)
        yield Polyline(((left, lower), (right, upper)), ALERT, 1.8)
    yield from _plates(content.lines, middle, top, card, position)
    if ring := ring_of(card):
        yield Box(
            x - ring, y - ring, width + 2 * ring, height + 2 * ring, stroke=ALERT, line_width=2.2, radius=ring + 1
        )
    if card.state in SIGNED:
        yield from sign(middle, top + NAME_LEADING / 2, card.state)
    yield from _text(content.lines, middle, top, card, position)


def _box(card: Card, x: float, y: float, width: float, height: float, position: int) -> Box:
    ink = text_colour_of(position)
    match card.state:
        case State.LOGGED:
            hatch = None if card.backed or card.recovered else ink
            radius = ROUND if card.recovered else 2
            return Box(x, y, width, height, _fill(card, position), ink, 1.2, hatch, card.deleted, radius, card.tooltip)
        case State.ABSENT:
            name = card.tooltip or f"{card.label}: {card.service}"
            return Box(x, y, width, height, PAPER, ALERT, 1.4, dashed=True, radius=2, name=name)
        case State.DENIED | State.REJECTED | State.REPEATED | State.REMOVED:
            return Box(x, y, width, height, PAPER, ALERT if card.alert else MUTED, 1.2, radius=2, name=card.tooltip)


def _fill(card: Card, position: int) -> str:
    """Return the ground of a card: in the colour of its service if it is in the backup, pale if it is deleted later."""
    if card.state is not State.LOGGED or not card.backed:
        return PAPER
    return mix(colour_of(position), PAPER, PALE) if card.deleted else colour_of(position)


def ring_of(card: Card) -> float:
    """Return the distance of the ring around a card that the claim is about, in points; 0 if there is none."""
    return RING + OVERSHOOT * card.lost if card.alert and card.state is State.LOGGED else 0.0


def _plates(lines: Iterable[Line], middle: float, top: float, card: Card, position: int) -> Iterator[Shape]:
    """Yield plain ground behind the lines of text, if a hatching or a cross would run through them."""
    filled = card.state is State.LOGGED and card.backed
    for line in lines:
        if line.text and card.state is State.LOGGED and (not filled or line.colour or card.lost):
            width = line.width + 3
            fill = _fill(card, position) if filled and not line.colour else PAPER
            yield Box(middle - width / 2, top, width, line.leading, fill)
        top += line.leading


def _text(lines: Iterable[Line], middle: float, top: float, card: Card, position: int) -> Iterator[Shape]:
    plain = text_on(_fill(card, position))
    for line in lines:
        if line.text:
            baseline = top + line.leading / 2 + line.size * 0.36
            colour = line.colour or plain
            yield Text(middle, baseline, line.text, line.size, Anchor.MIDDLE, colour, line.bold, line.italic)
        top += line.leading


def sign(x: float, y: float, state: State) -> Iterator[Shape]:
    """Yield a round sign with its centre here: a bar if held back, a plus if done again, else a cross."""
    yield Box(x - SIGN, y - SIGN, 2 * SIGN, 2 * SIGN, PAPER, ALERT, 1.4, radius=SIGN)
    reach = SIGN * 0.55
    if state in (State.DENIED, State.REPEATED):
        yield Polyline(((x - reach, y), (x + reach, y)), ALERT, 2.0)
        if state is State.REPEATED:
            yield Polyline(((x, y - reach), (x, y + reach)), ALERT, 2.0)
    else:
        yield from cross(x, y, reach * 0.8, ALERT)


def cross(x: float, y: float, reach: float, colour: str, line_width: float = 1.4) -> Iterator[Shape]:
    """Yield a cross with its centre here."""
    yield Polyline(((x - reach, y - reach), (x + reach, y + reach)), colour, line_width)
    yield Polyline(((x - reach, y + reach), (x + reach, y - reach)), colour, line_width)
