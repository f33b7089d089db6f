"""The modes of backup: for each mode one entry, which everything else reads.

How the services of a group are snapshotted, what the lock of the group holds back, what a service is restored from and
together with which others, what reductions may assume, and what people are told.  Semantics, properties, reductions,
figures, the JSON Schema and the tables in docs/ are made of these entries; nothing else knows one mode from another.
Source: the article, "The BAC Theorem"; docs/semantics.md, "Backups".
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from typing import ClassVar

Services = tuple[str, ...]


def never(_services: Services) -> tuple[Services, ...]:
    """No snapshot is taken."""
    return ()


def one_by_one(services: Services) -> tuple[Services, ...]:
    """Each service of the group is snapshotted at an instant of its own."""
    return tuple((service,) for service in services)


def at_once(services: Services) -> tuple[Services, ...]:
    """The whole group is snapshotted at one instant."""
    return (services,)


SOME_SERVICES = ("a", "b", "c", "d", "e")
"""A group to see how a mode takes snapshots."""


class Lock(StrEnum):
    """Whether a group has a lock, and what must be true before its services are snapshotted under it.

    ``DRAINED``: of each use case and index, all steps in the group are logged or none.  ``STOPPED``: nothing, but no
    step in the group happens under the lock, not even of use cases in flight.
    """

    NONE = "none"
    DRAINED = "drained"
    STOPPED = "stopped"


class Image(StrEnum):
    """The source from which a service is restored: its snapshot, its log, an empty log, or none (no way back)."""

    SNAPSHOT = "snapshot"
    LOG = "log"
    EMPTY = "empty"
    NOTHING = "nothing"


@dataclass(frozen=True, slots=True)
class Mode:
    """A way to back up the services of a group.

    ``snapshot`` says in words how the snapshot is taken (after "the snapshot:"); ``sets`` gives, for the services of a
    group, the sets that are snapshotted at one instant each.  ``recovers_together``: the group, and not the single
    service, is the unit of recovery.  ``one_database``: the services share a database, so that consecutive steps inside
    the group are one transaction.  ``markers``: markers hold back messages inside the group, and what is in the
    channels is recorded.  ``separable``: services of the group in which nothing happens can be left out of a search.
    ``caption`` is what figures write beside a service, if not the name.
    """

    name: str
    snapshot: str
    sets: Callable[[Services], tuple[Services, ...]]
    image: Image = Image.SNAPSHOT
    lock: Lock = Lock.NONE
    recovers_together: bool = False
    one_database: bool = False
    markers: bool = False
    separable: bool = False
    caption: str | None = None

    INDEPENDENT: ClassVar[Mode]
    ATOMIC: ClassVar[Mode]
    LOCKED: ClassVar[Mode]
    STOPPED: ClassVar[Mode]
    SHARED_DATABASE: ClassVar[Mode]
    MARKERS: ClassVar[Mode]
    CONTINUOUS: ClassVar[Mode]
    REBUILT: ClassVar[Mode]
    NONE: ClassVar[Mode]

    def __post_init__(self) -> None:
        """Refuse a claim that does not fit how the snapshots are taken.

        Raises:
            ValueError: services of the group cannot be left out.
        """
        if self.separable and not self._can_be_separable:
            raise ValueError(f"mode {self.name} takes snapshots in a way in which no service can be left out")

    def __str__(self) -> str:
        return self.name

    @property
    def _can_be_separable(self) -> bool:
        """Whether all snapshots are taken at one instant, or one by one, and under no lock that waits for nothing."""
        sets = self.sets(SOME_SERVICES)
        if sets == at_once(SOME_SERVICES):
            return not self.locks and not self.markers
        if sets not in (one_by_one(SOME_SERVICES), never(SOME_SERVICES)) or (self.locks and self.markers):
            return False
        return not self.locks or self.lock is Lock.DRAINED

    @property
    def takes_snapshots(self) -> bool:
        """Whether services of this mode are snapshotted at all."""
        return self.image is Image.SNAPSHOT

    @property
    def never_backed_up(self) -> bool:
        """Whether there is no way back for a service of this mode."""
        return self.image is Image.NOTHING

    @property
    def replicated(self) -> bool:
        """Whether the backup is the log itself, at any time."""
        return self.image is Image.LOG

    @property
    def label(self) -> str:
        """The words that figures write beside a service: the caption, or else the name."""
        return self.name if self.caption is None else self.caption

    @property
    def locks(self) -> bool:
        """Whether a group of this mode has a lock."""
        return self.lock is not Lock.NONE

    @property
    def may_hold(self) -> bool:
        """Whether the lock of a group of this mode may hold back some use cases only (key ``holds``)."""
        return self.lock is Lock.DRAINED

    @property
    def description(self) -> str:
        """One sentence for the JSON Schema."""
        held_back = "; commands are held back" * self.locks
        return f"{self.snapshot[0].upper()}{self.snapshot[1:]}{held_back}."

    @property
    def commands(self) -> str:
        """In words, whether commands are held back during the backup."""
        return "held back" if self.locks else "accepted"

    @property
    def recovery_unit(self) -> str:
        """In words, the services that are restored together."""
        if self.never_backed_up:
            return "nothing"
        return "the group" if self.recovers_together else "the service"


Mode.INDEPENDENT = Mode("independent", "each service alone, at any time", one_by_one, separable=True, caption="")
Mode.ATOMIC = Mode(
    "atomic",
    "all services of the group at one instant",
    at_once,
    recovers_together=True,
    separable=True,
)
Mode.LOCKED = Mode(
    "locked",
    "lock the group, drain it, snapshot one by one, unlock",
    one_by_one,
    lock=Lock.DRAINED,
    recovers_together=True,
    separable=True,
)
Mode.STOPPED = Mode(
    "stopped",
    "stop the group without waiting for what is in flight, snapshot one by one, start it again",
    one_by_one,
    lock=Lock.STOPPED,
    recovers_together=True,
)
Mode.SHARED_DATABASE = Mode(
    "shared-database",
    "one database: one instant, and consecutive steps inside the group are one transaction",
    at_once,
    recovers_together=True,
    one_database=True,
    separable=True,
    caption="shared database",
)
Mode.MARKERS = Mode(
    "markers",
    "a distributed snapshot (Chandy and Lamport) over the events inside the group",
    one_by_one,
    recovers_together=True,
    markers=True,
    separable=True,
)
Mode.CONTINUOUS = Mode(
    "continuous",
    "synchronous replication: an event is backed up as it is logged",
    never,
    image=Image.LOG,
    separable=True,
)
Mode.REBUILT = Mode(
    "rebuilt",
    "none; the service comes back empty and is filled by `replay`, `resume`, `retry` or `backfill`",
    never,
    image=Image.EMPTY,
    caption="rebuilt",
)
Mode.NONE = Mode("none", "never backed up", never, image=Image.NOTHING, separable=True, caption="never backed up")

_MODES = {
    mode.name: mode
    for mode in (
        Mode.INDEPENDENT,
        Mode.ATOMIC,
        Mode.LOCKED,
        Mode.STOPPED,
        Mode.SHARED_DATABASE,
        Mode.MARKERS,
        Mode.CONTINUOUS,
        Mode.REBUILT,
        Mode.NONE,
    )
}


def modes() -> tuple[Mode, ...]:
    """All modes, in the order in which documents list them."""
    return tuple(_MODES.values())


@contextmanager
def registered(mode: Mode) -> Iterator[Mode]:
    """Add a mode for a while.

    Raises:
        ValueError: there is a mode of this name.
    """
    if mode.name in _MODES:
        raise ValueError(f"there is a mode {mode.name} already")
    _MODES[mode.name] = mode
    try:
        yield mode
    finally:
        del _MODES[mode.name]
