"""Verdicts with their scope and their evidence: runs that engines found, which the interpreter confirms before they are
shown.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum

from bac.model.errors import Contradiction, LimitReached
from bac.model.plan import Timing
from bac.model.trace import Claim, Trace
from bac.proofs import replay
from bac.proofs.engine import Path, Statistics
from bac.proofs.reductions.catalogue import Saving
from bac.proofs.reductions.decomposition import Part, Renaming
from bac.properties.anomalies import AnomalyKind
from bac.properties.qualities import Property

CONFIRMED_STATES = 1000
"""Up to so many states the interpreter confirms that no backup can be completed any more."""


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


@dataclass(frozen=True)
class Run:
    """A run of a part of an architecture, as an engine found it, or as it is after a renaming.

    ``index`` is the index at which it shows what was asked, if that is about one.
    """

    part: Part
    found: Path
    index: int | None = None
    renaming: Renaming | None = None

    def __len__(self) -> int:
        """The number of actions, in the part."""
        return len(self.found)

    @property
    def path(self) -> Path:
        """The actions, in the names of the part."""
        return self.found if self.renaming is None else self.renaming.path(self.found)

    @property
    def omitted_actions(self) -> int:
        """How many actions the whole needs beside those of the part."""
        return self.part.omitted_actions(self.path)

    @property
    def in_all(self) -> int:
        """The number of actions in the whole."""
        return len(self) + self.omitted_actions

    def trace(self, instances: int, claim: Claim) -> Trace:
        """The run as a trace that shows something; with more indices than it has, these do nothing.

        Raises:
            Contradiction: the interpreter does not confirm that.
        """
        part = self.part
        claim = replace(claim, index=self.index)
        trace = Trace(part.architecture, part.plan, instances, claim, self.path, _system=part.system(instances))
        if (problem := objection(trace)) is not None:
            raise Contradiction(f"plan {part.plan.name}: the interpreter does not confirm {claim}: {problem}")
        return trace


def objection(trace: Trace) -> str | None:
    """What the interpreter says against a trace; a claim about all that can follow is confirmed only if small."""
    try:
        return replay.objection(trace, CONFIRMED_STATES)
    except LimitReached:
        return None


def soonest(runs: Iterable[Run]) -> Run | None:
    """The run with the fewest actions in the whole, the first of several; ``None`` if there is none.

    What happens elsewhere is counted only for runs that could be it.
    """
    candidates = sorted(runs, key=len)
    if len(candidates) < 2:
        return candidates[0] if candidates else None
    best, fewest = candidates[0], candidates[0].in_all
    for run in candidates[1:]:
        if len(run) >= fewest:
            break
        if (actions := run.in_all) < fewest:
            best, fewest = run, actions
    return best


Runs = Mapping[Timing, Run]
"""A shortest run for each timing in which there is one."""


class Traces(Mapping[Timing, Trace]):
    """The traces of runs, made and confirmed when they are looked at."""

    def __init__(self, runs: Runs, instances: int, claim: Callable[[Timing], Claim]) -> None:
        """Keep the runs, and what each is claimed to show."""
        self.runs, self.instances, self.claim = runs, instances, claim
        self.made: dict[Timing, Trace] = {}

    def make(self) -> None:
        """Make and confirm all of them."""
        for timing in self:
            self[timing]

    def __getitem__(self, timing: Timing) -> Trace:
        """The trace with this timing of the disaster."""
        if timing not in self.made:
            self.made[timing] = self.runs[timing].trace(self.instances, self.claim(timing))
        return self.made[timing]

    def __iter__(self) -> Iterator[Timing]:
        """The timings."""
        return iter(self.runs)

    def __len__(self) -> int:
        """The number of traces."""
        return len(self.runs)


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

    def counterexamples(self) -> Iterator[Trace]:
        """A shortest trace for each violation of a property, in the order of the properties."""
        for each in self.properties.values():
            yield from (anomaly.shown for anomaly in each.anomalies)
            if each.trace is not None:
                yield each.trace
