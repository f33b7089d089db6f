"""Verdicts, and what they claim: three values never taken for each other, each with its scope and its evidence."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from bac.model.plan import Timing
from bac.model.trace import Trace
from bac.proofs.engine import Statistics
from bac.proofs.findings import Traces
from bac.proofs.reductions.catalogue import Saving
from bac.properties.anomalies import AnomalyKind
from bac.properties.qualities import Property


class Verdict(StrEnum):
    """What is known of a property."""

    HOLDS = "holds"
    UNKNOWN = "unknown"
    VIOLATED = "violated"

    def __bool__(self) -> bool:
        """Refuse: a verdict has three values, and ``unknown`` is neither true nor false.

        Raises:
            TypeError: always.
        """
        raise TypeError(
            "a verdict is not a boolean; compare it with Verdict.HOLDS, Verdict.VIOLATED or Verdict.UNKNOWN"
        )

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
    """One kind of anomaly at one subject, with a shortest trace for each timing in which it happens.

    Where a landscape was searched part by part, the traces are those of the part; ``like`` names a subject of the same
    kind in another part, whose traces are these in other names.
    """

    kind: AnomalyKind
    subject: str
    tolerated: bool
    cause: Cause
    traces: Traces
    like: str | None = None

    @property
    def lengths(self) -> dict[Timing, int]:
        """The number of actions of a shortest trace, for each timing in which it happens."""
        return {timing: len(run) for timing, run in self.traces.runs.items()}

    @property
    def omitted_actions(self) -> int:
        """How many actions the whole needs beside the run that is shown."""
        return self.traces.runs[self.timing].omitted_actions

    @property
    def timing(self) -> Timing:
        """When disaster strikes in the run that is shown: at rest wherever the backups alone are the cause."""
        return Timing.AT_REST if Timing.AT_REST in self.traces.runs else Timing.ANY_TIME

    @property
    def shown(self) -> Trace:
        """A shortest run with that timing."""
        return self.traces[self.timing]


@dataclass(frozen=True, slots=True)
class PropertyResult:
    """The verdict on one property.

    ``scope`` says for how many instances; ``reason`` why it is unknown, or what a reader should know about it.
    ``anomalies`` violate consistency, ``tolerated`` ones do not.  ``complete`` is false if a limit may have hidden
    more; ``vacuous`` is true if the property holds only because there is nothing that could violate it.
    ``elsewhere`` is how many actions a whole landscape needs beside those of ``trace``.
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
    omitted_actions: int = 0


@dataclass(frozen=True, slots=True)
class PlanResult:
    """The verdicts on one plan, in the order of :class:`~bac.properties.qualities.Property`.

    The architecture was divided into so many ``parts``, of which one of each of the ``shapes`` was searched;
    ``savings`` say which reductions were used.
    """

    plan: str
    instances: int
    engine: str
    statistics: Statistics
    properties: Mapping[Property, PropertyResult]
    limit: str | None = None
    interrupted: bool = False
    savings: tuple[Saving, ...] = ()
    parts: int = 1
    shapes: int = 1

    @property
    def verdict(self) -> Verdict:
        """The worst verdict of all that was asked."""
        return max((result.verdict for result in self.properties.values()), key=lambda verdict: verdict.rank)
