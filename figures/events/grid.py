"""The coordinates of an event-log diagram: columns from left to right, lanes and the channels between them.

Lengths are in points; *x* grows to the right and *y* downwards.
"""

from __future__ import annotations

from functools import cached_property
from itertools import accumulate
from math import ceil

from bac.figures.events import marks
from bac.figures.events.cards import RING, SIZE, CardText, ring_of
from bac.figures.events.links import arrows
from bac.figures.events.routing import Channels, Place, Route, routes
from bac.figures.events.scene import Column, Kind, Scene
from bac.figures.metrics import text_width, wrap

MARGIN = 12.0
"""Points between the edge of the page and its content."""
GUTTER = 11.0
"""Points between two columns."""
NARROWEST = 340.0
"""The least width of a figure in points, so that its caption has room."""
LANE_NAME = 10.0
"""The type size of the names of services in points."""
WIDEST_NAME = 130.0
"""The greatest width of the name of a service in points; a longer one is broken or shortened."""
HEADING = 11.0
"""The type size of the heading in points."""
CHANNEL = 12.0
"""The least height of the space between two lanes in points."""


class Grid:
    """The measures of one diagram."""

    def __init__(self, shown: Scene) -> None:
        """Keep the scene to be drawn."""
        self.scene = shown
        self.trace = shown.trace

    # Sideways

    @cached_property
    def names_width(self) -> float:
        """Return the width of the column of names."""
        widths = [text_width(line, LANE_NAME, True) for lane in self.scene.lanes for line in self.lane_name(lane)]
        widths += [text_width(self.mode(lane), SIZE) for lane in self.scene.lanes]
        return max(widths, default=0.0)

    def lane_name(self, service: str) -> list[str]:
        """Return the name of a service in at most two lines."""
        return wrap(service, WIDEST_NAME, LANE_NAME, bold=True, most=2)

    def mode(self, service: str) -> str:
        """Return how a service is backed up, unless it is independent."""
        return self.trace.plan.mode_of(service).label

    @cached_property
    def card_width(self) -> float:
        """Return the width of every card."""
        return max((CardText(card).width for card in self.scene.cards), default=0.0)

    @cached_property
    def card_height(self) -> float:
        """Return the height of every card."""
        return max([CardText(card).height for card in self.scene.cards], default=24.0)

    @cached_property
    def backed_up_twice(self) -> bool:
        """Whether a service is backed up more than once, so that the words above its backups need room."""
        taken = [service for each in self.scene.columns if each.kind is Kind.SNAPSHOT for service in each.services]
        return len(taken) > len(set(taken))

    def width_of(self, column: Column) -> float:
        """Return the width of a column."""
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
    def lefts(self) -> list[float]:
        """Return the left edges of the columns, and the right end of the last one."""
        start = MARGIN + self.names_width + GUTTER + 3
        return list(accumulate((self.width_of(column) + GUTTER for column in self.scene.columns), initial=start))

    def centre(self, number: int) -> float:
        """Return the middle of a column."""
        return self.lefts[number] + self.width_of(self.scene.columns[number]) / 2

    @cached_property
    def right(self) -> float:
        """Return the right end of the lines of the logs."""
        return max(self.lefts[-1] + 4, NARROWEST - MARGIN)

    @cached_property
    def width(self) -> float:
        """Return the width of the page."""
        return ceil(max(NARROWEST, self.right + MARGIN))

    # Downwards

    @cached_property
    def places(self) -> list[Place]:
        """Return the places of the cards, from left to right."""
        lanes = {lane: number for number, lane in enumerate(self.scene.lanes)}
        return [
            Place(lanes[card.service], self.lefts[number], self.card_width)
            for number, column in enumerate(self.scene.columns)
            for card in column.cards
        ]

    @cached_property
    def routes(self) -> list[Route]:
        """Return the routes of the arrows."""
        found = arrows(self.scene)
        tags = {arrow.tag: text_width(arrow.tag, SIZE, True) + 6 for arrow in found if arrow.tag}
        return routes(found, self.places, tags)

    @cached_property
    def channels(self) -> Channels:
        """Return the spaces between the lanes."""
        return Channels.of(self.routes, len(self.scene.lanes), CHANNEL)

    def has(self, kind: Kind) -> bool:
        """Whether there is such a column."""
        return any(column.kind is kind for column in self.scene.columns)

    @cached_property
    def above_card(self) -> float:
        """Return the height for markers and locks between the top of a lane and its cards."""
        backup = SIZE + 1.7 * marks.TRIANGLE + 4 if self.has(Kind.SNAPSHOT) else 0.0
        lock = marks.BAND + 5 if self.has(Kind.LOCK) else 0.0
        name = SIZE + 2 if lock and not backup else 0.0
        return max(backup + lock + name, RING + 4)

    @cached_property
    def lane_height(self) -> float:
        """Return the height of a lane."""
        return self.above_card + self.card_height + RING + 3

    @cached_property
    def header(self) -> float:
        """Return the lower end of the heading, where the name of the disaster stands."""
        return MARGIN + HEADING + 4 + SIZE + 8

    @cached_property
    def tops(self) -> list[float]:
        """Return the upper sides of the lanes."""
        start = self.header + (SIZE + 6 if self.has(Kind.DISASTER) else 0.0)
        tops = []
        for height in self.channels.heights:
            tops.append(start + height)
            start += height + self.lane_height
        return tops

    def card_top(self, lane: int) -> float:
        """Return the upper side of the cards of a lane."""
        return self.tops[lane] + self.above_card

    def axis(self, lane: int) -> float:
        """Return the height of the line of a log."""
        return self.card_top(lane) + self.card_height / 2

    @cached_property
    def bottom(self) -> float:
        """Return the lower end of the lowest lane with the arrows below it."""
        return self.tops[len(self.scene.lanes) - 1] + self.lane_height + self.channels.heights[-1]

    def track_y(self, route: Route) -> float:
        """Return the height of an arrow's track."""
        top = self.tops[route.channel] - self.channels.heights[route.channel]
        return top + self.channels.offsets[route.channel, route.track]

    def edge(self, card: int, top: bool) -> float:
        """Return the upper or lower edge of a card, or of the ring around it."""
        drawn = self.scene.cards[card]
        ring = ring_of(drawn) + 0.6
        upper = self.card_top(self.places[card].lane)
        return upper - ring if top else upper + self.card_height + ring
