"""The routes of arrows: out of a card, along a track in the channel between two lanes, and into another card.

A card stands alone in its column, so that an arrow can leave it straight through other lanes without touching other
cards; it turns in the channel beside the lane of its end.  *Along* is the direction of time, *across* that from lane to
lane; the *near* side of a lane or card is the upper one, or the left one if time runs downwards.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import Enum, auto

TRACK = 9.0
"""Points between two tracks."""
TAG = 12.0
"""The height of a tag above its track, in points."""
CLEARANCE = 6.0
"""Points between two arrows on the same track, and between a tag and an arrow."""


class Style(Enum):
    """The meaning of an arrow."""

    LINK = auto()
    """A reference that holds."""
    GONE = auto()
    """A reference that was removed, or whose holder does not exist."""
    BROKEN = auto()
    """A reference to an entity that does not exist."""
    CLAIMED = auto()
    """The broken link that the claim is about."""
    MISSING = auto()
    """From an event that survived to one that should have followed it."""


@dataclass(frozen=True, slots=True)
class Arrow:
    """An arrow between two cards, by their numbers from left to right; ``tag`` is written at it."""

    tail: int
    head: int
    style: Style
    tooltip: str
    tag: str = ""


@dataclass(frozen=True, slots=True)
class Place:
    """The place of a card: its lane, where it begins along the time, and how long it is in that direction."""

    lane: int
    start: float
    length: float


@dataclass(frozen=True, slots=True)
class Route:
    """The route of an arrow: from ``start`` along a track of a channel to ``end``, with the width of its tag.

    One that ``returns`` ends in the lane where it began.
    """

    arrow: Arrow
    channel: int
    start: float
    end: float
    returns: bool
    track: int = 0
    tag_width: float = 0.0

    @property
    def interval(self) -> tuple[float, float]:
        """Return the interval of its track that it takes."""
        left, right = sorted((self.start, self.end))
        excess = max(0.0, self.tag_width - (right - left)) / 2
        return left - excess, right + excess


def channel_of(tail: Place, head: Place) -> int:
    """Return the channel in which an arrow turns: channel *i* is on the near side of lane *i*."""
    return head.lane + 1 if head.lane < tail.lane else head.lane


def routes(arrows: Sequence[Arrow], places: Sequence[Place], tag_widths: Mapping[str, float]) -> list[Route]:
    """Return the routes: ports spread along the edges of cards, tracks such that no two arrows share a piece."""
    ports = _ports(arrows, places)
    found = [
        Route(
            arrow,
            channel_of(places[arrow.tail], places[arrow.head]),
            ports[number, False],
            ports[number, True],
            places[arrow.tail].lane == places[arrow.head].lane,
            tag_width=tag_widths.get(arrow.tag, 0.0),
        )
        for number, arrow in enumerate(arrows)
    ]
    return [replace(route, track=track) for route, track in zip(found, _tracks(found), strict=True)]


def leaves_near(tail: Place, head: Place) -> bool:
    """Whether an arrow leaves its first card at the near side."""
    return head.lane <= tail.lane


def enters_near(tail: Place, head: Place) -> bool:
    """Whether an arrow enters its second card at the near side."""
    return head.lane >= tail.lane


def _ports(arrows: Sequence[Arrow], places: Sequence[Place]) -> dict[tuple[int, bool], float]:
    """Return where along the time each arrow leaves (``False``) and enters (``True``) its cards."""
    edges: dict[tuple[int, bool], list[tuple[float, int, bool]]] = defaultdict(list)
    for number, arrow in enumerate(arrows):
        tail, head = places[arrow.tail], places[arrow.head]
        edges[arrow.tail, leaves_near(tail, head)].append((head.start, number, False))
        edges[arrow.head, enters_near(tail, head)].append((tail.start, number, True))
    ports = {}
    for (card, _), ends in edges.items():
        place = places[card]
        for rank, (_, number, entering) in enumerate(sorted(ends), 1):
            ports[number, entering] = place.start + place.length * rank / (len(ends) + 1)
    return ports


def _tracks(found: Sequence[Route]) -> list[int]:
    """Return a track for each route, from the top: those from lane to lane, then those that return to their lane."""
    tracks = [0] * len(found)
    for channel in {route.channel for route in found}:
        inside = [number for number, route in enumerate(found) if route.channel == channel]
        crossing = _stacked(found, [number for number in inside if not found[number].returns])
        returning = _stacked(found, [number for number in inside if found[number].returns])
        below = 1 + max(crossing.values(), default=-1)
        # The shortest of those that return lie nearest to their lane, so that none crosses another.
        lowest = below + max(returning.values(), default=0)
        for number, track in (*crossing.items(), *((n, lowest - track) for n, track in returning.items())):
            tracks[number] = track
    return tracks


def _stacked(found: Sequence[Route], numbers: Sequence[int]) -> dict[int, int]:
    """Return tracks for some routes of one channel: short ones first, each on the first track where it fits."""
    taken: dict[int, list[tuple[float, float]]] = defaultdict(list)
    tracks = {}
    for number in sorted(numbers, key=lambda n: (found[n].interval[1] - found[n].interval[0], n)):
        left, right = found[number].interval
        track = 0
        while any(start < right + CLEARANCE and left < end + CLEARANCE for start, end in taken[track]):
            track += 1
        taken[track].append((left, right))
        tracks[number] = track
    return tracks


@dataclass(frozen=True)
class Channels:
    """The heights of the channels, and the offsets of the tracks from their tops."""

    heights: tuple[float, ...]
    offsets: Mapping[tuple[int, int], float]

    @classmethod
    def of(cls, found: Sequence[Route], lanes: int, least: float) -> Channels:
        """Return the channels for these routes; ``least`` is the height of an empty one in points."""
        heights, offsets = [], {}
        for channel in range(lanes + 1):
            inside = [route for route in found if route.channel == channel]
            y = 0.0
            for track in range(max((route.track for route in inside), default=-1) + 1):
                tagged = any(route.track == track and route.tag_width for route in inside)
                y += TRACK + (TAG if tagged else 0.0)
                offsets[channel, track] = y
            empty = 0.0 if channel in (0, lanes) else least
            heights.append(max(empty, y + TRACK if inside else 0.0))
        return cls(tuple(heights), offsets)


def free_place(wanted: float, width: float, left: float, right: float, obstacles: Sequence[float]) -> float:
    """Return the centre nearest to the wanted one at which a tag of this width fits between the lines."""
    least, most = left + width / 2, right - width / 2
    if least > most:
        return (left + right) / 2
    start = min(max(wanted, least), most)
    steps = [start + sign * 2.0 * step for step in range(200) for sign in (1, -1)]
    half = width / 2 + 2
    for centre in steps:
        if least <= centre <= most and not any(abs(x - centre) < half for x in obstacles):
            return centre
    return start
