"""The text below an event-log diagram: the meaning of the signs, the services that are not drawn, and the caption."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from functools import partial

from bac.figures.canvas import Anchor, Box, Polyline, Shape, Text
from bac.figures.events.cards import SIGNED, cross, sign
from bac.figures.events.marks import ARROWS, BAND, bolt, triangle
from bac.figures.events.routing import Style
from bac.figures.events.scene import BY, Kind, Scene, State
from bac.figures.look import SIZE
from bac.figures.metrics import paragraph, text_width, wrap
from bac.figures.palette import ALERT, INK, MUTED, PAPER
from bac.model.system import ActionKind

CAPTION = 9.0
"""The type size of the caption in points."""
LINE = 12.0
"""Points from one line of text to the next."""
SYMBOL, SMALL, GAP = 20.0, 10.0, 14.0
"""The widths of wide and narrow symbols of a legend, and the space between its entries, in points."""
MOST_CAPTION_LINES, MOST_OMISSION_LINES = 20, 4
FILL = "#8C8C8C"
"""The neutral colour of services in the legend."""

Symbol = Callable[[float, float], Iterable[Shape]]
"""Draws a symbol to the right of *x*, centred on *y*."""
Item = tuple[Symbol, float, str]
"""An entry of the legend: its symbol, the width of that in points, and its meaning."""


def below(
    scene: Scene, styles: set[Style], sentence: str, x: float, y: float, width: float, legend: bool = True
) -> tuple[list[Shape], float]:
    """Return legend, omissions and caption in a column of this width from here on, and the *y* of their end."""
    shapes, y = _legend(list(entries(scene, styles)) if legend else [], x, y, width)
    for line in wrap(omissions(scene), width, SIZE, most=MOST_OMISSION_LINES):
        shapes.append(Text(x, y + SIZE, line, SIZE, colour=MUTED, name=omissions(scene)))
        y += LINE
    y += 3
    for line in paragraph(sentence, width, CAPTION, most=MOST_CAPTION_LINES):
        shapes.append(Text(x, y + CAPTION, line, CAPTION, colour=INK, name=sentence))
        y += LINE
    return shapes, y


def omissions(scene: Scene) -> str:
    """Return which services are not drawn."""
    if not scene.omitted and not scene.outside:
        return ""
    names = [f"{name} ({count} event{'s' * (count != 1)})" if count else name for name, count in scene.omitted]
    nothing = " (nothing logged)" if names and not any(count for _, count in scene.omitted) else ""
    outside = f"{scene.outside:,} service{'s' * (scene.outside != 1)} outside this part" if scene.outside else ""
    return "Not drawn: " + "; ".join(filter(None, [", ".join(names) + nothing, outside]))


def _legend(items: Sequence[Item], x: float, y: float, width: float) -> tuple[list[Shape], float]:
    """Return the entries beside each other, in as many lines as they need, and the *y* of their end."""
    shapes: list[Shape] = []
    left = x
    for symbol, size, text in items:
        needed = size + 4 + text_width(text, SIZE)
        if left > x and left + needed > x + width:
            left, y = x, y + LINE + 1
        shapes += symbol(left, y + 6)
        shapes.append(Text(left + size + 4, y + 6 + SIZE * 0.36, text, SIZE, Anchor.START, MUTED))
        left += needed + GAP
    return shapes, y + (LINE + 3) * bool(items)


def entries(scene: Scene, styles: set[Style]) -> Iterator[Item]:
    """Yield the symbols that occur in the diagram, with their meaning."""
    cards = scene.cards
    kinds = {column.kind for column in scene.columns}
    yield from _swatches(scene)
    if Kind.SNAPSHOT in kinds:
        yield lambda x, y: [triangle(x + 5, y + 4, FILL, INK)], SMALL, "backup taken"
    if Kind.LOCK in kinds:
        yield lambda x, y: [Box(x, y - BAND / 2, SYMBOL, BAND, PAPER, MUTED, 0.9, hatch=MUTED)], SYMBOL, "locked"
    if len(scene.lanes) > 1 and transactions(scene):
        yield lambda x, y: [Box(x, y - 5, SYMBOL, 10, None, MUTED, 0.9, radius=3)], SYMBOL, "one transaction"
    disasters = [column for column in scene.columns if column.kind is Kind.DISASTER]
    if any(column.services for column in disasters):
        yield lambda x, y: [bolt(x + 5, y, hollow=False, size=6)], SMALL, "crashed service"
    if any(set(column.restored) - set(column.services) for column in disasters):
        yield lambda x, y: [bolt(x + 5, y, hollow=True, size=6)], SMALL, "restored with it"
    if any(card.state is State.ABSENT for card in cards):
        yield lambda x, y: [Box(x, y - 5, SYMBOL, 10, PAPER, ALERT, 1.4, dashed=True, radius=1.5)], SYMBOL, "missing"
    for state in SIGNED:
        if notes := dict.fromkeys(card.note for card in cards if card.state is state):
            yield partial(lambda state, x, y: sign(x + 5, y, state), state), SMALL, " or ".join(notes)
    words = {
        Style.LINK: "reference",
        Style.GONE: "reference that does not hold",
        Style.BROKEN: "broken link",
        Style.MISSING: "should have followed",
    }
    for style, text in words.items():
        if style in styles or (style is Style.BROKEN and Style.CLAIMED in styles):
            yield arrow_symbol(style), SYMBOL, text


def _swatches(scene: Scene) -> Iterator[Item]:
    logged = [card for card in scene.cards if card.state is State.LOGGED]
    if any(card.backed for card in logged):
        yield lambda x, y: [_swatch(x, y, FILL)], SYMBOL, "in the backup"
    if any(not card.backed and not card.recovered for card in logged):
        yield lambda x, y: [_swatch(x, y, hatch=INK)], SYMBOL, "not in the backup"
    for word in dict.fromkeys(BY[card.entry.by] for card in logged if card.entry is not None and card.recovered):
        yield lambda x, y: [replace(_swatch(x, y), radius=5)], SYMBOL, f"{word} by recovery"
    if any(card.deleted for card in logged):
        yield lambda x, y: [_swatch(x, y, dashed=True)], SYMBOL, "deleted later"
    if any(card.lost for card in logged):
        yield lambda x, y: [_swatch(x, y), *_strike(x, y)], SYMBOL, "lost in the disaster"


def _swatch(x: float, y: float, fill: str = PAPER, hatch: str | None = None, dashed: bool = False) -> Box:
    return Box(x, y - 5, SYMBOL, 10, fill, INK, 0.9, hatch, dashed, radius=1.5)


def _strike(x: float, y: float) -> Iterator[Shape]:
    yield Polyline(((x + 1, y - 4), (x + SYMBOL - 1, y + 4)), ALERT, 1.4)
    yield Polyline(((x + 1, y + 4), (x + SYMBOL - 1, y - 4)), ALERT, 1.4)


def arrow_symbol(style: Style) -> Symbol:
    """Return a short arrow of this style."""
    colour, width, dashed = ARROWS[style]

    def symbol(x: float, y: float) -> Iterator[Shape]:
        yield Polyline(((x, y), (x + SYMBOL, y)), colour, width, dashed, arrow=True)
        if style is Style.BROKEN:
            yield from cross(x + 8, y, 3, ALERT, 1.6)

    return symbol


def transactions(scene: Scene) -> dict[int, list[int]]:
    """Return the columns, by their numbers, of each action that appended several events."""
    table: dict[int, list[int]] = {}
    for number, column in enumerate(scene.columns):
        if column.kind is Kind.CARD and column.cards and column.cards[0].state is State.LOGGED:
            table.setdefault(column.action, []).append(number)
    actions = scene.trace.actions
    return {
        action: columns
        for action, columns in table.items()
        if len(columns) > 1 and actions[action - 1].kind is ActionKind.STEP
    }
