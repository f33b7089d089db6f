"""Verdicts, and what they claim: three values never taken for each other, each with its scope and its evidence."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from bac.model.plan import Timing
from bac.model.trace import Trace
from bac.proofs.questions import Statistics
from bac.properties.anomalies import AnomalyKind
from bac.properties.qualities import Property


class Verdict(StrEnum):
    """What is known of a property."""

    HOLDS = "holds"
    UNKNOWN = "unknown"
    VIOLATED = "violated"

    @property
    def rank(self) -> int:
        """The order from good to bad: holds, unknown, violated."""
        return list(Verdict).index(self)


class Cause(StrEnum):
    """Whether the backups alone can produce an anomaly, or only a disaster that interrupts a use case.

    ``UNKNOWN``: only an interrupting disaster was found, and a limit was hit before the search was complete.
    """

    BACKUP = "backup"
    IN_FLIGHT = "in-flight"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class AnomalyResult:
    """One kind of anomaly at one subject, with a shortest trace for each timing in which it happens."""

    kind: AnomalyKind
    subject: str
    tolerated: bool
    cause: Cause
    traces: Mapping[Timing, Trace]

    @property
    def lengths(self) -> dict[Timing, int]:
        """The number of actions of a shortest trace, for each timing in which it happens."""
        return {timing: len(trace.actions) for timing, trace in self.traces.items()}

    @property
    def shortest(self) -> Trace:
        """The shortest trace; of two equally short ones that at rest, which owes nothing to bad luck."""
        return min(
            self.traces.values(), key=lambda trace: (len(trace.actions), trace.claim.timing is not Timing.AT_REST)
        )


@dataclass(frozen=True, slots=True)
class PropertyResult:
    """The verdict on one property.

    ``scope`` says for how many instances; ``reason`` why it is unknown, or what a reader should know about it.
    ``anomalies`` violate consistency, ``tolerated`` ones do not.  ``complete`` is false if a limit may have hidden
    more; ``vacuous`` is true if the property holds only because there is nothing that could violate it.
    """

    property: Property
    verdict: Verdict
    scope: str
    reason: str | None = None
    trace: Trace | None = None
    anomalies: tuple[AnomalyResult, ...] = ()
    tolerated: tuple[AnomalyResult, ...] = ()
    complete: bool = True
    vacuous: bool = False


@dataclass(frozen=True, slots=True)
class PlanResult:
    """The verdicts on one plan, in the order of :class:`~bac.properties.qualities.Property`."""

    plan: str
    instances: int
    engine: str
    statistics: Statistics
    properties: Mapping[Property, PropertyResult]
    limit: str | None = None
    interrupted: bool = False

    @property
    def verdict(self) -> Verdict:
        """The worst verdict of all that was asked."""
        return max((result.verdict for result in self.properties.values()), key=lambda verdict: verdict.rank)
