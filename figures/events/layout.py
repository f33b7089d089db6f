"""The event-log diagram of a trace: every shape with its coordinates, computed once for all formats.

One lane per service, time in one direction, events that are in the backup filled and the others hatched, a marker where
a backup was taken, an arrow per link.  Source: the article, Figures 3, 4 and 5.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise, product
from math import ceil

from bac.figures.canvas import Anchor, Box, Drawing, FigureError, Point, Polyline, Shape, Text
from bac.figures.events import marks
from bac.figures.events.cards import card_shapes
from bac.figures.events.focus import Focus, focus
from bac.figures.events.grid import GUTTER, HEADING, LANE_NAME, MARGIN, NAME_LINE, NARROWEST, Grid
from bac.figures.events.legend import below, omissions, transactions
from bac.figures.events.routing import TAG, Route, Style, enters_near, free_place, leaves_near
from bac.figures.events.scene import Column, Kind, Scene, scene
from bac.figures.geometry import scaled
from bac.figures.look import LEGIBLE, PLAIN, SIZE, SMALLEST, Fold, Look, scale_for, too_wide
from bac.figures.metrics import clean, shorten, text_width
from bac.figures.palette import ALERT, ALERT_TEXT, INK, MUTED, PAPER, colour_of, text_colour_of
from bac.model.trace import Trace
from bac.properties.explanation import explain
from bac.properties.qualities import Property


def draw(trace: Trace, outside: int = 0, look: Look = PLAIN) -> Drawing:
    """Return the event-log diagram of a trace, without a caption if its claim is none of the properties.

    Args:
        trace: what to draw.
        outside: the number of further services, if the trace is that of a part of a landscape.
        look: its width, parts, and lanes.

    Raises:
        FigureError: the trace does not show what it claims, or there is no such lane, or the width is too small.
    """
    services = {service.name for service in trace.architecture.services}
    if unknown := [name for name in look.lanes if name not in services]:
        raise FigureError(f"no service {unknown[0]}, which was to have a lane; there are {', '.join(sorted(services))}")
    try:
        found = focus(trace)
        sentence = caption(trace)
    except (AssertionError, LookupError, StopIteration, ValueError):
        raise FigureError("the trace does not show what it claims, so that there is nothing to draw") from None
    return fitting(trace, found, outside, sentence, look)


def caption(trace: Trace) -> str:
    """Return what a trace shows in a sentence, the caption of its figure, or nothing if it claims no property."""
    if trace.claim.property not in list(Property):
        return ""
    others = "".join(f", #{index}" for index in sorted(focus(trace).alike))
    return explain(trace, numbered=False).sentence + (f" The same happens at {others[2:]}." if others else "")


def fitting(trace: Trace, found: Focus, outside: int, sentence: str, look: Look) -> Drawing:
    """Return the diagram, folded to fit into the width that is wanted, if one is.

    Raises:
        FigureError: its type would be too small, however it is folded.
    """
    scenes = ((scene(trace, found, outside, fold, look.lanes), fold) for fold in look.folds())
    layouts = [Layout(shown, sentence, look, fold) for shown, fold in scenes]
    if look.width is None:
        return layouts[0].drawing()
    whole = [layout for layout in layouts if layout.whole]
    for candidates, smallest in product((whole, layouts), (LEGIBLE, SMALLEST)):
        for layout in candidates:
            scale = scale_for(look.width, layout.natural_width, smallest)
            if scale is not None:
                final = Layout(layout.scene, sentence, look, layout.fold, look.width / scale)
                return scaled(final.drawing(), scale, look.width)
    raise too_wide(look.width, min(layout.natural_width for layout in layouts) * SMALLEST / SIZE)


class Layout(Grid):
    """The shapes of one diagram."""

    def __init__(self, shown: Scene, sentence: str, look: Look, fold: Fold, least_width: float = NARROWEST) -> None:
        """Keep the scene to be drawn, the caption, the look, and the least width of the page in points."""
        super().__init__(shown, look, fold, least_width)
        self.sentence = sentence
        self.positions = {service.name: n for n, service in enumerate(self.trace.architecture.services)}

    def drawing(self) -> Drawing:
        """Return the whole diagram."""
        styles = {route.arrow.style for route in self.routes}
        sentence = self.sentence if self.look.caption else ""
        width = self.width - 2 * MARGIN
        text, end = below(self.scene, styles, sentence, MARGIN, self.bottom + 10, width, self.look.legend)
        shapes = [*(self.heading() if self.look.title else ()), *self.diagram(), *text]
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
        y = MARGIN + HEADING * 0.8
        for line in self.heading_lines:
            yield Text(MARGIN, y, line, HEADING, colour=INK, bold=True, name=clean(heading))
            y += HEADING + 2
        about = f"{self.trace.architecture.name}, plan {self.trace.plan.name}"
        y += 2 + SIZE * 0.8 - HEADING * 0.8
        yield Text(MARGIN, y, shorten(about, room, SIZE), SIZE, colour=MUTED, name=clean(about))

    def lanes(self) -> Iterator[Shape]:
        """Yield the names of the services and the lines of their logs."""
        start = self.begin + self.names_length + GUTTER / 2
        for lane, service in enumerate(self.scene.lanes):
            yield from self.name_of_lane(lane, service)
            line = self.at(start, self.axis(lane)), self.at(self.end, self.axis(lane))
            yield Polyline(line, MUTED, 0.9, arrow=True)

    def name_of_lane(self, lane: int, service: str) -> Iterator[Text]:
        """Yield the name of a service, and how it is backed up."""
        lines, mode = self.lane_name(service), self.mode(service)
        ink = text_colour_of(self.positions[service])
        if self.vertical:
            x, y, anchor = self.axis(lane), self.begin, Anchor.MIDDLE
        else:
            height = len(lines) * NAME_LINE + (10 if mode else 0)
            x, y, anchor = MARGIN, self.axis(lane) - height / 2, Anchor.START
        for line in lines:
            yield Text(x, y + 9.5, line, LANE_NAME, anchor, ink, bold=True, name=clean(service))
            y += NAME_LINE
        if mode:
            yield Text(x, y + SIZE, mode, SIZE, anchor, MUTED)

    def frames(self) -> Iterator[Box]:
        """Yield the boxes around the events of one transaction."""
        for columns in transactions(self.scene).values():
            lanes = [self.scene.lanes.index(self.scene.columns[number].cards[0].service) for number in columns]
            start = self.starts[columns[0]] - 4.5
            end = self.starts[columns[-1]] + self.length_of(self.scene.columns[columns[-1]]) + 4.5
            near, far = self.card_near(min(lanes)) - 4.5, self.card_far(max(lanes)) + 4.5
            yield Box(*self.rectangle(start, end, near, far), stroke=MUTED, line_width=0.9, radius=6)

    def locks(self) -> Iterator[Shape]:
        """Yield the bands of locks, which end with the lock, the disaster, or the run."""
        for number, column in enumerate(self.scene.columns):
            if column.kind is Kind.LOCK:
                end = self.end_of_lock(number, column.services)
                for service in column.services:
                    near = self.card_near(self.scene.lanes.index(service)) - marks.BAND - 5
                    band = self.rectangle(self.starts[number], end, near, near + marks.BAND)
                    yield from marks.lock(*band, named=not self.vertical)

    def end_of_lock(self, start: int, services: tuple[str, ...]) -> float:
        """Return the end of the band of a lock that was taken in this column."""
        for number in range(start + 1, len(self.scene.columns)):
            column = self.scene.columns[number]
            if column.kind is Kind.DISASTER or (column.kind is Kind.UNLOCK and column.services == services):
                return self.centre(number)
        return self.starts[-1] - GUTTER / 2

    def between_columns(self) -> Iterator[Shape]:
        """Yield backups, the disaster, and elisions."""
        for number, column in enumerate(self.scene.columns):
            middle = self.centre(number)
            match column.kind:
                case Kind.SNAPSHOT:
                    yield from self.backup(middle, column.services)
                case Kind.DISASTER:
                    yield from self.disaster(middle, column)
                case Kind.ELISION:
                    for service, count in column.hidden:
                        x, y = self.at(middle, self.axis(self.scene.lanes.index(service)))
                        yield from marks.elision(x, y, count)
                case Kind.CARD | Kind.LOCK | Kind.UNLOCK:
                    pass  # these are drawn with the lanes

    def backup(self, middle: float, services: tuple[str, ...]) -> Iterator[Shape]:
        """Yield the backups that one action takes; several at one instant are connected."""
        lanes = sorted(self.scene.lanes.index(service) for service in services)
        tip = (0.0 if self.vertical else SIZE) + 1.7 * marks.TRIANGLE + 2
        for one, other in pairwise(lanes):
            ends = self.at(middle, self.card_far(one) + 3), self.at(middle, self.nears[other])
            yield Polyline(ends, MUTED, 0.9, dashed=True)
        for lane in lanes:
            position = self.positions[self.scene.lanes[lane]]
            ends = self.at(middle, self.nears[lane] + tip), self.at(middle, self.card_far(lane) + 3)
            yield from marks.backup(*ends, colour_of(position), text_colour_of(position))

    def disaster(self, middle: float, column: Column) -> Iterator[Shape]:
        """Yield the line of the disaster, thick and with a bolt on each lane that it hits."""
        yield from self.disaster_line(middle)
        hit = {*column.services, *column.restored}
        for lane, service in enumerate(self.scene.lanes):
            if service in hit:
                reach = self.card_depth / 2 + 3
                ends = self.at(middle, self.axis(lane) - reach), self.at(middle, self.axis(lane) + reach)
                yield Polyline(ends, ALERT, 2.2)
                yield marks.bolt(*self.at(middle, self.axis(lane)), hollow=service not in column.services)

    def disaster_line(self, middle: float) -> Iterator[Shape]:
        """Yield the dashed line of the disaster, with the word at it where there is room."""
        if not self.vertical:
            yield Text(middle, self.header + SIZE, marks.DISASTER, SIZE, Anchor.MIDDLE, ALERT_TEXT, bold=True)
            yield Polyline(((middle, self.header + SIZE + 3), (middle, self.bottom)), ALERT, 1.0, dashed=True)
            return
        left, right = MARGIN, self.width - MARGIN
        yield Polyline(((left, middle), (right, middle)), ALERT, 1.0, dashed=True)
        width = text_width(marks.DISASTER, SIZE, True) + 4
        tracks = [self.track(route) for route in self.routes if route.interval[0] < middle < route.interval[1]]
        reach = self.card_depth / 2 + 3
        lanes = [
            self.axis(lane) + share * reach for lane in range(len(self.scene.lanes)) for share in (-1, -0.5, 0, 0.5, 1)
        ]
        x = free_place(left + width / 2, width, left, right, [*tracks, *lanes])
        if all(abs(x - other) > width / 2 for other in (*tracks, *lanes)):
            yield Box(x - width / 2, middle - SIZE * 0.75, width, SIZE * 1.5, PAPER)
            yield Text(x, middle + SIZE * 0.36, marks.DISASTER, SIZE, Anchor.MIDDLE, ALERT_TEXT, bold=True)

    def cards(self) -> Iterator[Shape]:
        """Yield the events."""
        for content, place in zip(self.contents, self.places, strict=True):
            near, far = self.card_near(place.lane), self.card_far(place.lane)
            corner = self.rectangle(place.start, place.start + place.length, near, far)
            yield from card_shapes(content, *corner, self.positions[content.card.service])

    # Arrows

    def corners(self, route: Route) -> tuple[Point, ...]:
        """Return the corners of an arrow, from the edge of one card to that of the other."""
        tail, head = self.places[route.arrow.tail], self.places[route.arrow.head]
        begin = self.edge(route.arrow.tail, leaves_near(tail, head))
        end = self.edge(route.arrow.head, enters_near(tail, head))
        turns = (route.start, begin), (route.start, self.track(route)), (route.end, self.track(route)), (route.end, end)
        return tuple(self.at(*turn) for turn in turns)

    def arrows(self) -> Iterator[Shape]:
        """Yield the arrows, the important ones last."""
        for route in sorted(self.routes, key=lambda route: list(Style).index(route.arrow.style)):
            yield from marks.arrow(self.corners(route), route.arrow.style, clean(route.arrow.tooltip))

    def crossing(self, near: float, far: float) -> list[float]:
        """Return where along the time lines run across, between two coordinates across it."""
        turned = -1 if self.vertical else 1
        lines = [[point[::turned] for point in pair] for route in self.routes for pair in pairwise(self.corners(route))]
        between = [shape for shape in self.between_columns() if isinstance(shape, Polyline)]
        lines += [[line.points[0][::turned], line.points[-1][::turned]] for line in between]
        for frame in self.frames():
            upper, lower = (frame.x, frame.y)[::turned], (frame.x + frame.width, frame.y + frame.height)[::turned]
            lines += [[(along, upper[1]), (along, lower[1])] for along in (upper[0], lower[0])]
        across = [(a, b) for a, b in lines if a[0] == b[0]]
        return [a[0] for a, b in across if min(a[1], b[1]) < far and max(a[1], b[1]) > near]

    def tags(self) -> Iterator[Shape]:
        """Yield crosses on broken links, and the words at them."""
        for route in self.routes:
            if route.arrow.style in (Style.BROKEN, Style.CLAIMED):
                start, end = sorted((route.start, route.end))
                track = self.track(route)
                cross = free_place((start + end) / 2, 9, start, end, self.crossing(track - 5, track + 5))
                yield from marks.broken(*self.at(cross, track))
                if route.arrow.tag and not self.vertical:
                    obstacles = self.crossing(track - TAG, track - 1)
                    x = free_place((start + end) / 2, route.tag_width, self.starts[0], self.end, obstacles)
                    yield Text(x, track - 6, route.arrow.tag, SIZE, Anchor.MIDDLE, ALERT_TEXT, bold=True)
