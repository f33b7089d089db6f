"""The coordinates of an event-log diagram: columns along the time, and across it lanes with channels between them.

Time runs to the right, and the lanes lie below each other; or, folded *vertically*, time runs downwards, and the lanes
stand beside each other.  Lengths are in points.  *Along* is a coordinate in the direction of time and *across* the
other one; :meth:`Grid.at` makes *x* and *y* of them.
"""

from __future__ import annotations

from functools import cached_property
from itertools import accumulate, pairwise
from math import ceil

from bac.figures.canvas import Point
from bac.figures.events import marks
from bac.figures.events.cards import RING, CardText, ring_of
from bac.figures.events.links import arrows
from bac.figures.events.routing import Channels, Place, Route, routes
from bac.figures.events.scene import Column, Kind, Scene
from bac.figures.look import PLAIN, SIZE, UNFOLDED, WIDEST, Fold, Look
from bac.figures.metrics import clean, shorten, text_width, wrap

MARGIN = 12.0
"""Points between the edge of the page and its content."""
GUTTER = 11.0
"""Points between two columns."""
RINGED = 4.0
"""Further points between two columns whose cards have rings around them."""
NARROWEST = 340.0
"""The least width of a figure in points, so that its caption has room."""
LANE_NAME = 10.0
"""The type size of the names of services in points."""
NAME_LINE = 12.0
"""Points from one line of the name of a service to the next."""
WIDEST_NAME = 130.0
"""The greatest width of the name of a service in points; a longer one is broken or shortened."""
HEADING = 11.0
"""The type size of the heading in points."""
CHANNEL = 12.0
"""The least space between two lanes in points."""


class Grid:
    """The measures of one diagram."""

    def __init__(self, shown: Scene, look: Look = PLAIN, fold: Fold = UNFOLDED, least_width: float = NARROWEST) -> None:
        """Keep the scene to be drawn, its look, how it is folded, and the least width of the page in points."""
        self.scene = shown
        self.trace = shown.trace
        self.look = look
        self.fold = fold
        self.vertical = fold.vertical
        self.least_width = least_width

    def at(self, along: float, across: float) -> Point:
        """Return *x* and *y*."""
        return (across, along) if self.vertical else (along, across)

    def rectangle(self, start: float, end: float, near: float, far: float) -> tuple[float, float, float, float]:
        """Return *x*, *y*, width and height of a box from ``start`` to ``end`` along, ``near`` to ``far`` across."""
        x, y = self.at(start, near)
        width, height = self.at(end - start, far - near)
        return x, y, width, height

    # The heading, and the names of services

    @cached_property
    def header(self) -> float:
        """Return the lower end of the heading."""
        if not self.look.title:
            return MARGIN - (0 if self.has(Kind.DISASTER) or self.vertical else 4)
        return MARGIN + (HEADING + 2) * len(self.heading_lines) + 2 + SIZE + 8

    @cached_property
    def heading_lines(self) -> list[str]:
        """Return the heading in one line, or in at most two if the page has a given width."""
        room = (self.least_width if self.vertical else self.width) - 2 * MARGIN
        return wrap(self.scene.focus.heading, room, HEADING, bold=True, most=2 if self.look.width else 1)

    @cached_property
    def widest_name(self) -> float:
        """Return the greatest width of the name of a service."""
        if self.vertical:
            return self.card_depth + CHANNEL - 4
        return WIDEST_NAME if self.fold.widest >= WIDEST else WIDEST_NAME / 2

    def lane_name(self, service: str) -> list[str]:
        """Return the name of a service in at most two lines."""
        return wrap(service, self.widest_name, LANE_NAME, bold=True, most=2)

    def mode(self, service: str) -> str:
        """Return how a service is backed up, unless it is independent; an external one is not."""
        external = any(each.external for each in self.trace.architecture.services if each.name == service)
        label = "external" if external else self.trace.plan.mode_of(service).label
        return shorten(label, self.widest_name, SIZE) if self.vertical else clean(label)

    @cached_property
    def names_length(self) -> float:
        """Return the space along the time that the names of the services take."""
        lanes = self.scene.lanes
        if self.vertical:
            heights = [NAME_LINE * len(self.lane_name(lane)) + 10.0 * bool(self.mode(lane)) for lane in lanes]
            return max(heights, default=0.0)
        widths = [text_width(line, LANE_NAME, True) for lane in lanes for line in self.lane_name(lane)]
        widths += [text_width(self.mode(lane), SIZE) for lane in lanes]
        return max(widths, default=0.0)

    @cached_property
    def begin(self) -> float:
        """Return where the names of the services begin, along the time."""
        return self.header if self.vertical else MARGIN

    # Along the time

    @cached_property
    def contents(self) -> list[CardText]:
        """Return the texts of the cards, from first to last."""
        return [CardText(card, self.fold.widest) for card in self.scene.cards]

    @property
    def whole(self) -> bool:
        """Whether all cards have the whole of their labels."""
        return all(content.whole for content in self.contents)

    @cached_property
    def card_width(self) -> float:
        """Return the width of every card."""
        return max((content.width for content in self.contents), default=0.0)

    @cached_property
    def card_height(self) -> float:
        """Return the height of every card, unless they stand below each other."""
        return max([content.height for content in self.contents], default=24.0)

    @property
    def card_depth(self) -> float:
        """Return the extent of every card across the time."""
        return max(self.card_width, 34.0) if self.vertical else self.card_height

    @cached_property
    def backed_up_twice(self) -> bool:
        """Whether a service is backed up more than once, so that the words above its backups need room."""
        taken = [service for each in self.scene.columns if each.kind is Kind.SNAPSHOT for service in each.services]
        return len(taken) > len(set(taken))

    def length_of(self, column: Column) -> float:
        """Return the extent of a column along the time."""
        return self.height_of(column) if self.vertical else self.width_of(column)

    def height_of(self, column: Column) -> float:
        """Return the height of a column if time runs downwards."""
        match column.kind:
            case Kind.CARD:
                return max(CardText(card, self.fold.widest).height for card in column.cards)
            case Kind.SNAPSHOT:
                return 2 * marks.TRIANGLE
            case Kind.LOCK | Kind.UNLOCK:
                return 4.0
            case Kind.DISASTER:
                return max(2 * marks.BOLT_SIZE, 2 * SIZE + 6)
            case Kind.ELISION:
                return 14.0

    def width_of(self, column: Column) -> float:
        """Return the width of a column if time runs to the right."""
        match column.kind:
            case Kind.CARD:
                return self.card_width
            case Kind.SNAPSHOT:
                return text_width(marks.BACKUP, SIZE) + 4 if self.backed_up_twice else 3 * marks.TRIANGLE
            case Kind.LOCK:
                return text_width(marks.LOCKED, SIZE)
            case Kind.UNLOCK:
                return 4.0
            case Kind.DISASTER:
                return text_width(marks.DISASTER, SIZE, True)
            case Kind.ELISION:
                return max(text_width(marks.elision_text(count), SIZE) for _, count in column.hidden) + 4

    @cached_property
    def starts(self) -> list[float]:
        """Return where the columns begin, and where the last one ends."""
        start = self.begin + self.names_length + GUTTER + 3
        columns = self.scene.columns
        gaps = [GUTTER + RINGED * (_ringed(one) and _ringed(other)) for one, other in pairwise(columns)]
        lengths = [self.length_of(column) for column in columns]
        return list(accumulate(map(sum, zip(lengths, [*gaps, GUTTER], strict=False)), initial=start))

    def centre(self, number: int) -> float:
        """Return the middle of a column."""
        return self.starts[number] + self.length_of(self.scene.columns[number]) / 2

    @cached_property
    def end(self) -> float:
        """Return where the lines of the logs end."""
        end = self.starts[-1] + 4
        return end if self.vertical else max(end, self.least_width - MARGIN)

    # The page

    @property
    def natural_width(self) -> float:
        """Return the width of the page that the diagram needs."""
        return ceil(2 * MARGIN + self.lanes_depth if self.vertical else self.starts[-1] + 4 + MARGIN)

    @property
    def width(self) -> float:
        """Return the width of the page."""
        return ceil(max(self.least_width, (self.far if self.vertical else self.end) + MARGIN))

    @cached_property
    def bottom(self) -> float:
        """Return the lower end of the diagram."""
        return self.end if self.vertical else self.far

    # Across the time

    @cached_property
    def places(self) -> list[Place]:
        """Return the places of the cards, from first to last."""
        lanes = {lane: number for number, lane in enumerate(self.scene.lanes)}
        return [
            Place(lanes[card.service], self.starts[number], self.length_of(column))
            for number, column in enumerate(self.scene.columns)
            for card in column.cards
        ]

    @cached_property
    def routes(self) -> list[Route]:
        """Return the routes of the arrows."""
        found = arrows(self.scene)
        tagged = {arrow.tag for arrow in found if arrow.tag and not self.vertical}
        return routes(found, self.places, {tag: text_width(tag, SIZE, True) + 6 for tag in tagged})

    @cached_property
    def channels(self) -> Channels:
        """Return the spaces between the lanes."""
        return Channels.of(self.routes, len(self.scene.lanes), CHANNEL)

    def has(self, kind: Kind) -> bool:
        """Whether there is such a column."""
        return any(column.kind is kind for column in self.scene.columns)

    @cached_property
    def before_card(self) -> float:
        """Return the space for markers and locks between the near side of a lane and its cards."""
        words = 0.0 if self.vertical else SIZE
        backup = words + 1.7 * marks.TRIANGLE + 4 if self.has(Kind.SNAPSHOT) else 0.0
        lock = marks.BAND + 5 if self.has(Kind.LOCK) else 0.0
        name = words + 2 if lock and not backup else 0.0
        return max(backup + lock + name, RING + 4)

    @cached_property
    def lane_depth(self) -> float:
        """Return the extent of a lane across the time."""
        return self.before_card + self.card_depth + RING + 3

    @cached_property
    def lanes_start(self) -> float:
        """Return where the first lane begins, across the time, without the channel before it."""
        if self.vertical:
            return MARGIN + max(0.0, (self.least_width - 2 * MARGIN - self.lanes_depth) / 2)
        return self.header + (SIZE + 6 if self.has(Kind.DISASTER) else 0.0)

    @property
    def lanes_depth(self) -> float:
        """Return the extent of all lanes and channels across the time."""
        return sum(self.channels.heights) + self.lane_depth * len(self.scene.lanes)

    @cached_property
    def nears(self) -> list[float]:
        """Return the near sides of the lanes."""
        start = self.lanes_start
        nears = []
        for height in self.channels.heights:
            nears.append(start + height)
            start += height + self.lane_depth
        return nears

    def card_near(self, lane: int) -> float:
        """Return the near side of the cards of a lane."""
        return self.nears[lane] + self.before_card

    def card_far(self, lane: int) -> float:
        """Return the far side of the cards of a lane."""
        return self.card_near(lane) + self.card_depth

    def axis(self, lane: int) -> float:
        """Return where the line of a log runs."""
        return self.card_near(lane) + self.card_depth / 2

    @cached_property
    def far(self) -> float:
        """Return the far side of the last lane, with the arrows beyond it."""
        return self.nears[len(self.scene.lanes) - 1] + self.lane_depth + self.channels.heights[-1]

    def track(self, route: Route) -> float:
        """Return where an arrow's track runs, across the time."""
        start = self.nears[route.channel] - self.channels.heights[route.channel]
        return start + self.channels.offsets[route.channel, route.track]

    def edge(self, card: int, near: bool) -> float:
        """Return the near or the far edge of a card, or of the ring around it."""
        ring = ring_of(self.scene.cards[card]) + 0.6
        lane = self.places[card].lane
        return self.card_near(lane) - ring if near else self.card_far(lane) + ring


def _ringed(column: Column) -> bool:
    """Whether there is a ring around a card of this column."""
    return any(ring_of(card) for card in column.cards)
