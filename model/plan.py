"""How backups are taken and services are restored: what a specification says under ``plans``.

Source: the article, "The BAC Theorem" and "Dealing with the Consequences"; docs/semantics.md says what each mode means.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum


class Mode(StrEnum):
    """How the services of a group are backed up."""

    INDEPENDENT = "independent"
    ATOMIC = "atomic"
    LOCKED = "locked"
    SHARED_DATABASE = "shared-database"
    MARKERS = "markers"
    CONTINUOUS = "continuous"
    NONE = "none"

    @property
    def takes_snapshots(self) -> bool:
        """Whether services of this mode are snapshotted at all."""
        return self not in (Mode.CONTINUOUS, Mode.NONE)

    @property
    def recovers_together(self) -> bool:
        """Whether the group, and not the single service, is the unit of recovery."""
        return self in (Mode.ATOMIC, Mode.LOCKED, Mode.SHARED_DATABASE, Mode.MARKERS)


class Source(StrEnum):
    """Which backups are restored: the last complete set, or of each service the newest."""

    SET = "set"
    NEWEST = "newest"


class Onto(StrEnum):
    """What a service that is restored but did not crash keeps: nothing, or what the backup lacks."""

    EMPTY = "empty"
    EXISTING = "existing"


class Restore(StrEnum):
    """What a recovery restores: whole recovery units, or only the services that crashed."""

    GROUP = "group"
    CRASHED = "crashed"


class Rollback(StrEnum):
    """Whether recovery takes every service back to the instant of the oldest backup."""

    NONE = "none"
    OLDEST = "oldest"


class Broker(StrEnum):
    """What becomes of messages in the broker when disaster strikes."""

    LOST = "lost"
    SURVIVES = "survives"


class OnInvalid(StrEnum):
    """What a recovered service does with an event about entities that it does not know."""

    ACCEPT = "accept"
    REJECT = "reject"


class Scope(StrEnum):
    """Which services a disaster may hit, if they are not listed: all at once, or any of them."""

    WHOLE = "whole"
    ANY = "any"


class Timing(StrEnum):
    """When a disaster may strike: at any time, or only when no use case is in flight."""

    ANY_TIME = "any-time"
    AT_REST = "at-rest"


@dataclass(frozen=True, slots=True)
class Group:
    """Services that are backed up in the same way, together where the mode says so.

    ``holds`` are the use cases that a lock holds back; ``None`` stands for all.
    """

    mode: Mode
    services: tuple[str, ...]
    holds: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class Recovery:
    """What is restored, and what happens to events and unfinished use cases after it.

    ``backfill``, ``reconstruct`` and ``collect`` are plain names of entities.
    """

    restore: Restore = Restore.GROUP
    rollback: Rollback = Rollback.NONE
    broker: Broker = Broker.LOST
    replay: bool = False
    resume: bool = False
    on_invalid: OnInvalid = OnInvalid.ACCEPT
    source: Source = Source.SET
    onto: Onto = Onto.EMPTY
    retry: bool = False
    backfill: tuple[str, ...] = ()
    reconstruct: tuple[str, ...] = ()
    collect: tuple[str, ...] = ()
    undo: bool = False


@dataclass(frozen=True, slots=True)
class Disaster:
    """Which services may crash together (``scope``: a keyword, or the list of crash sets), and when."""

    scope: Scope | tuple[tuple[str, ...], ...] = Scope.WHOLE
    timing: Timing = Timing.ANY_TIME


ANOMALIES = ("broken link", "orphan state", "missing state", "duplicate", "misdirected link", "overbooking")
"""The kinds of anomalies, as people write them."""


@dataclass(frozen=True, slots=True)
class Expectation:
    """What the author of a plan expects of the checker.

    ``verdicts`` are pairs of a property and ``holds`` or ``violated``.  ``anomalies`` is the baseline: exactly these
    anomalies count against consistency, each written as its kind and its subject (``broken link order -> product``);
    ``None`` if there is no baseline.
    """

    verdicts: tuple[tuple[str, str], ...] = ()
    anomalies: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class Plan:
    """A backup procedure with its recovery; a service in no group is ``independent`` by itself.

    ``expect`` says nothing about the procedure: two plans that differ only there are equal.
    """

    name: str
    groups: tuple[Group, ...] = ()
    order: tuple[str, ...] = ()
    recovery: Recovery = field(default_factory=Recovery)
    disaster: Disaster = field(default_factory=Disaster)
    expect: Expectation | None = field(default=None, compare=False)

    def group_of(self, service: str) -> Group:
        """The group of a service: the one that lists it, else ``independent`` by itself."""
        for group in self.groups:
            if service in group.services:
                return group
        return Group(Mode.INDEPENDENT, (service,))

    def mode_of(self, service: str) -> Mode:
        """How this service is backed up."""
        return self.group_of(service).mode


INDEPENDENT = Plan("independent")
"""The plan that every specification has: each service by itself, everything else at its default."""
