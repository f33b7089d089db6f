"""How backups are taken and services are restored: what a specification says under ``plans``.

Source: the article, "The BAC Theorem" and "Dealing with the Consequences"; docs/semantics.md says what each mode means.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from enum import StrEnum

from bac.model.modes import Mode
from bac.model.recovery import Onto, Recovery, Rollback, Source


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
class Disaster:
    """Which services may crash together (``scope``: a keyword, or the list of crash sets), and when."""

    scope: Scope | tuple[tuple[str, ...], ...] = Scope.WHOLE
    timing: Timing = Timing.ANY_TIME


ANOMALIES = ("broken link", "orphan state", "missing state", "duplicate", "misdirected link", "overbooking")
"""The kinds of anomalies, as people write them."""


@dataclass(frozen=True, slots=True)
class Expectation:
    """The findings that the author of a plan expects of the checker.

    ``verdicts`` are pairs of a property and ``holds`` or ``violated``.  ``anomalies`` is the baseline: exactly these
    anomalies count against consistency, each written as its kind and its subject (``broken link order -> product``);
    ``None`` if there is no baseline.
    """

    verdicts: tuple[tuple[str, str], ...] = ()
    anomalies: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class Plan:
    """A backup procedure with its recovery; a service in no group is ``independent``, alone.

    ``expect`` says nothing about the procedure: two plans that differ only there are equal.
    """

    name: str
    groups: tuple[Group, ...] = ()
    order: tuple[str, ...] = ()
    recovery: Recovery = field(default_factory=Recovery)
    disaster: Disaster = field(default_factory=Disaster)
    expect: Expectation | None = field(default=None, compare=False)

    def groups_of(self, services: Iterable[str]) -> dict[str, Group]:
        """The group of each of these services, as :meth:`group_of` gives it."""
        listed = {service: group for group in self.groups for service in group.services}
        return {service: listed.get(service, Group(Mode.INDEPENDENT, (service,))) for service in services}

    def group_of(self, service: str) -> Group:
        """The group of a service: the one that lists it, else ``independent`` and alone."""
        for group in self.groups:
            if service in group.services:
                return group
        return Group(Mode.INDEPENDENT, (service,))

    def mode_of(self, service: str) -> Mode:
        """The mode of this service's group."""
        return self.group_of(service).mode

    def contradictions(self, services: Iterable[str]) -> Iterator[tuple[str, str, str]]:
        """Yield what excludes ``rollback: oldest``: the code of an error, the key of ``recovery``, and a message.

        Args:
            services: the names of those that are not external.
        """
        recovery = self.recovery
        if recovery.rollback is not Rollback.OLDEST:
            return
        if not any(group.mode.takes_snapshots for group in self.groups_of(services).values()):
            yield "no-snapshot", "rollback", "this plan takes no snapshots, so there is none to roll back to"
        for key, value, excluded in (("from", recovery.source, Source.NEWEST), ("onto", recovery.onto, Onto.EXISTING)):
            if value is excluded:
                yield "contradiction", key, f"'{key}: {value}' and 'rollback: oldest' exclude each other"


INDEPENDENT = Plan("independent")
"""The plan that every specification has: each service alone, everything else at its default."""
