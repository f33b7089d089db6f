"""The event-log diagram of a trace: every shape with its coordinates, computed once for all formats.

One lane per service, time from left to right, events that are in the backup filled and the others hatched, a marker
where a backup was taken, an arrow per link.  Source: the article, Figures 3, 4 and 5.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from math import ceil

from bac.figures.canvas import Anchor, Box, Drawing, FigureError, Point, Polyline, Shape, Text
from bac.figures.events import marks
from bac.figures.events.cards import SIZE, card_shapes
from bac.figures.events.focus import focus
from bac.figures.events.grid import GUTTER, HEADING, LANE_NAME, MARGIN, Grid
from bac.figures.events.legend import below, omissions, transactions
from bac.figures.events.routing import TAG, Route, Style, enters_from_above, free_place, leaves_upwards, path
from bac.figures.events.scene import Column, Kind, Scene, scene
from bac.figures.metrics import clean, shorten
from bac.figures.palette import ALERT, ALERT_TEXT, INK, MUTED, colour_of, text_colour_of
from bac.model.trace import Trace
from bac.properties.explanation import explain
from bac.properties.qualities import Property


def draw(trace: Trace, outside: int = 0) -> Drawing:
    """Return the event-log diagram of a trace, without a caption if its claim is none of the properties.

    Args:
        trace: what to draw.
        outside: the number of further services, if the trace is that of a part of a landscape.

    Raises:
        FigureError: the trace does not show what it claims.
    """
    try:
        found = focus(trace)
        sentence = explain(trace, numbered=False).sentence if trace.claim.property in list(Property) else ""
    except (AssertionError, LookupError, StopIteration, ValueError):
        raise FigureError("the trace does not show what it claims, so that there is nothing to draw") from None
    return Layout(scene(trace, found, outside), sentence).drawing()


class Layout(Grid):
    """The shapes of one diagram."""

    def __init__(self, shown: Scene, sentence: str) -> None:
        """Keep the scene to be drawn, and the caption."""
        super().__init__(shown)
        self.sentence = sentence
        self.positions = {service.name: n for n, service in enumerate(self.trace.architecture.services)}

    def drawing(self) -> Drawing:
        """Return the whole diagram."""
        styles = {route.arrow.style for route in self.routes}
        text, end = below(self.scene, styles, self.sentence, MARGIN, self.bottom + 10, self.width - 2 * MARGIN)
        shapes = [*self.heading(), *self.diagram(), *text]
        title = f"{self.scene.focus.heading} ({self.trace.architecture.name}, plan {self.trace.plan.name})"
        return Drawing(self.width, ceil(end + MARGIN - 4), clean(title), clean(self.description()), tuple(shapes))

    def diagram(self) -> Iterator[Shape]:
        """Yield the lanes and their content, in the order of painting."""
        yield from self.lanes()
        yield from self.frames()
        yield from self.locks()
        yield from self.between_columns()
        yield from self.arrows()
        yield from self.cards()
        yield from self.tags()

    def description(self) -> str:
        """Return the diagram in words: the caption, and the logs."""
        logs = []
        for log in self.trace.logs.values():
            entries = ", ".join(f"{entry.name} ({self.trace.step_of(entry.event)[1]})" for entry in log.cut)
            logs.append(f"Log of {log.service} at the end: {entries or 'empty'}.")
        return " ".join(filter(None, [self.sentence, *logs, omissions(self.scene)]))

    def heading(self) -> Iterator[Shape]:
        """Yield the heading, with the architecture and the plan."""
        room = self.width - 2 * MARGIN
        heading = self.scene.focus.heading
        text = shorten(heading, room, HEADING, bold=True)
        yield Text(MARGIN, MARGIN + HEADING * 0.8, text, HEADING, colour=INK, bold=True, name=clean(heading))
        about = f"{self.trace.architecture.name}, plan {self.trace.plan.name}"
        y = MARGIN + HEADING + 4 + SIZE * 0.8
        yield Text(MARGIN, y, shorten(about, room, SIZE), SIZE, colour=MUTED, name=clean(about))

    def lanes(self) -> Iterator[Shape]:
        """Yield the names of the services and the lines of their logs."""
        start = MARGIN + self.names_width + GUTTER / 2
        for lane, service in enumerate(self.scene.lanes):
            lines, mode = self.lane_name(service), self.mode(service)
            ink = text_colour_of(self.positions[service])
            height = len(lines) * 12 + (10 if mode else 0)
            y = self.axis(lane) - height / 2
            for line in lines:
                yield Text(MARGIN, y + 9.5, line, LANE_NAME, colour=ink, bold=True, name=clean(service))
                y += 12
            if mode:
                yield Text(MARGIN, y + SIZE, mode, SIZE, colour=MUTED)
            yield Polyline(((start, self.axis(lane)), (self.right, self.axis(lane))), MUTED, 0.9, arrow=True)

    def frames(self) -> Iterator[Box]:
        """Yield the boxes around the events of one transaction."""
        for columns in transactions(self.scene).values():
            lanes = [self.scene.lanes.index(self.scene.columns[number].cards[0].service) for number in columns]
            left, right = self.lefts[columns[0]] - 4.5, self.lefts[columns[-1]] + self.card_width + 4.5
            top, bottom = self.card_top(min(lanes)) - 4.5, self.card_top(max(lanes)) + self.card_height + 4.5
            yield Box(left, top, right - left, bottom - top, stroke=MUTED, line_width=0.9, radius=6)

    def locks(self) -> Iterator[Shape]:
        """Yield the bands of locks, which end with the lock, the disaster, or the run."""
        for number, column in enumerate(self.scene.columns):
            if column.kind is Kind.LOCK:
                right = self.end_of_lock(number, column.services)
                for service in column.services:
                    lane = self.scene.lanes.index(service)
                    y = self.card_top(lane) - marks.BAND - 5
                    yield from marks.lock(self.lefts[number], right, y)

    def end_of_lock(self, start: int, services: tuple[str, ...]) -> float:
        """Return the right end of the band of a lock that was taken in this column."""
        for number in range(start + 1, len(self.scene.columns)):
            column = self.scene.columns[number]
            if column.kind is Kind.DISASTER or (column.kind is Kind.UNLOCK and column.services == services):
                return self.centre(number)
        return self.lefts[-1] - GUTTER / 2

    def between_columns(self) -> Iterator[Shape]:
        """Yield backups, the disaster, and elisions."""
        for number, column in enumerate(self.scene.columns):
            x = self.centre(number)
            match column.kind:
                case Kind.SNAPSHOT:
                    yield from self.backup(x, column.services)
                case Kind.DISASTER:
                    yield from self.disaster(x, column)
                case Kind.ELISION:
                    for service, count in column.hidden:
                        yield from marks.elision(x, self.axis(self.scene.lanes.index(service)), count)
                case Kind.CARD | Kind.LOCK | Kind.UNLOCK:
                    pass  # these are drawn with the lanes

    def backup(self, x: float, services: tuple[str, ...]) -> Iterator[Shape]:
        """Yield the backups that one action takes; several at one instant are connected."""
        lanes = sorted(self.scene.lanes.index(service) for service in services)
        tip = SIZE + 1.7 * marks.TRIANGLE + 2
        for upper, lower in pairwise(lanes):
            start, end = self.card_top(upper) + self.card_height + 3, self.tops[lower]
            yield Polyline(((x, start), (x, end)), MUTED, 0.9, dashed=True)
        for lane in lanes:
            position = self.positions[self.scene.lanes[lane]]
            bottom = self.card_top(lane) + self.card_height + 3
            fill, ink = colour_of(position), text_colour_of(position)
            yield from marks.backup(x, self.tops[lane] + tip, bottom, fill, ink)

    def disaster(self, x: float, column: Column) -> Iterator[Shape]:
        """Yield the line of the disaster, thick and with a bolt on each lane that it hits."""
        yield Text(x, self.header + SIZE, marks.DISASTER, SIZE, Anchor.MIDDLE, ALERT_TEXT, bold=True)
        yield Polyline(((x, self.header + SIZE + 3), (x, self.bottom)), ALERT, 1.0, dashed=True)
        hit = {*column.services, *column.restored}
        for lane, service in enumerate(self.scene.lanes):
            if service in hit:
                y = self.axis(lane)
                reach = self.card_height / 2 + 3
                yield Polyline(((x, y - reach), (x, y + reach)), ALERT, 2.2)
                yield marks.bolt(x, y, hollow=service not in column.services)

    def cards(self) -> Iterator[Shape]:
        """Yield the events."""
        for card, place in zip(self.scene.cards, self.places, strict=True):
            y = self.card_top(place.lane)
            position = self.positions[card.service]
            yield from card_shapes(card, place.x, y, self.card_width, self.card_height, position)

    # Arrows

    def corners(self, route: Route) -> tuple[Point, ...]:
        """Return the corners of an arrow."""
        tail, head = self.places[route.arrow.tail], self.places[route.arrow.head]
        start = self.edge(route.arrow.tail, leaves_upwards(tail, head))
        end = self.edge(route.arrow.head, enters_from_above(tail, head))
        return path(route, start, self.track_y(route), end)

    def arrows(self) -> Iterator[Shape]:
        """Yield the arrows, the important ones last."""
        for route in sorted(self.routes, key=lambda route: list(Style).index(route.arrow.style)):
            yield from marks.arrow(self.corners(route), route.arrow.style, clean(route.arrow.tooltip))

    def verticals(self, top: float, bottom: float) -> list[float]:
        """Return the *x* of every vertical line between two heights."""
        lines = [(a, b) for route in self.routes for a, b in pairwise(self.corners(route)) if a[0] == b[0]]
        between = [shape for shape in self.between_columns() if isinstance(shape, Polyline)]
        lines += [(line.points[0], line.points[-1]) for line in between]
        for frame in self.frames():
            ends = (frame.y, frame.y + frame.height)
            lines += [((x, ends[0]), (x, ends[1])) for x in (frame.x, frame.x + frame.width)]
        return [a[0] for a, b in lines if min(a[1], b[1]) < bottom and max(a[1], b[1]) > top]

    def tags(self) -> Iterator[Shape]:
        """Yield crosses on broken links, and the words at them."""
        for route in self.routes:
            if route.arrow.style in (Style.BROKEN, Style.CLAIMED):
                left, right = sorted((route.start, route.end))
                y = self.track_y(route)
                yield from marks.broken(free_place((left + right) / 2, 9, left, right, self.verticals(y - 5, y + 5)), y)
                if route.arrow.tag:
                    obstacles = self.verticals(y - TAG, y - 1)
                    x = free_place((left + right) / 2, route.tag_width, self.lefts[0], self.right, obstacles)
                    yield Text(x, y - 6, route.arrow.tag, SIZE, Anchor.MIDDLE, ALERT_TEXT, bold=True)
