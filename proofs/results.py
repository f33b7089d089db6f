"""The verdicts on a plan with their scope and their evidence, and how they follow from what was searched.

Every run that is shown is confirmed by the interpreter first.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from functools import cached_property, partial
from typing import TYPE_CHECKING, TypeVar

from bac.model.plan import Plan, Timing
from bac.model.trace import Claim, Trace
from bac.proofs.engine import LimitMonitor, Statistics
from bac.proofs.engines import EXPLICIT, PRECEDENCE
from bac.proofs.reductions.part_search import (
    INTERRUPTED,
    CheckOptions,
    PartResult,
    Run,
    Runs,
    Saving,
    some_run_recovers,
    soonest,
    total,
)
from bac.properties.anomalies import AnomalyKind, Blame
from bac.properties.qualities import EXTRA_LOSS, Property, losses

ANY_NUMBER = "any number of instances"
OVERTIME = 0.1
"""When the time limit is reached, confirming what was found may take so much of it in addition."""

if TYPE_CHECKING:
    from bac.proofs.advice.changes import Advice

T = TypeVar("T")


class Verdict(StrEnum):
    """The three values of a verdict on a property."""

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


class Traces(Mapping[Timing, Trace]):
    """The traces of runs, which are made and confirmed on demand."""

    def __init__(self, runs: Runs, instances: int, claim: Callable[[Timing], Claim]) -> None:
        """Keep the runs, and the claim that each of them shows."""
        self.runs, self.instances, self.claim = runs, instances, claim
        self.made: dict[Timing, Trace] = {}

    def make(self) -> None:
        """Make all of them that are not confirmed yet, and confirm them."""
        for timing, run in self.runs.items():
            if not run.confirmed:
                self[timing]

    def __getitem__(self, timing: Timing) -> Trace:
        """Return the trace with this timing of the disaster."""
        if timing not in self.made:
            self.made[timing] = self.runs[timing].trace(self.instances, self.claim(timing))
        return self.made[timing]

    def __iter__(self) -> Iterator[Timing]:
        """Yield the timings."""
        return iter(self.runs)

    def __len__(self) -> int:
        """Return the number of traces."""
        return len(self.runs)


@dataclass(frozen=True, slots=True)
class AnomalyResult:
    """One kind of anomaly at one subject, with a shortest trace for each timing in which it happens.

    ``at_least`` has the timings whose trace may not be a shortest one: how many actions one has at least.
    Runs of many services are shown in slices.  ``advice`` is ``None`` if none was searched for.
    """

    kind: AnomalyKind
    subject: str
    tolerated: bool
    cause: Cause
    traces: Traces
    advice: Advice | None = None
    at_least: Mapping[Timing, int] = field(default_factory=dict)

    @property
    def lengths(self) -> dict[Timing, int]:
        """The number of actions of a shortest run, for each timing in which it happens."""
        return {timing: run.in_all for timing, run in self.traces.runs.items()}

    @property
    def omitted_actions(self) -> int:
        """How many of its actions are in other services than those that are shown."""
        return self.traces.runs[self.timing].omitted_actions

    @property
    def timing(self) -> Timing:
        """The timing of the run that is shown: at rest if the backups alone are the cause."""
        return Timing.AT_REST if Timing.AT_REST in self.traces.runs else Timing.ANY_TIME

    @property
    def shown(self) -> Trace:
        """A shortest run with that timing."""
        return self.traces[self.timing]


@dataclass(frozen=True, slots=True)
class PropertyResult:
    """The verdict on one property.

    ``scope`` says for how many instances; ``reason`` why it is unknown, or what a reader should know about it.
    ``anomalies`` violate consistency; ``tolerated`` ones do
    not, nor those that the ``application`` leaves behind by itself.  ``complete`` is false if a limit may have hidden
    more; ``vacuous`` is true if it holds, and something never happens that could violate it.
    ``advice`` says what makes a violated backup hold, if that was searched for.
    ``omitted_actions`` is how many actions the run has in services that ``trace`` does not show; ``at_least`` how many
    a shortest run has at least, if the run may not be one.  ``engine`` decided it, if another one decided the rest.
    """

    property: Property
    verdict: Verdict
    scope: str
    reason: str | None = None
    trace: Trace | None = None
    anomalies: tuple[AnomalyResult, ...] = ()
    tolerated: tuple[AnomalyResult, ...] = ()
    application: tuple[AnomalyResult, ...] = ()
    complete: bool = True
    vacuous: bool = False
    omitted_actions: int = 0
    at_least: int | None = None
    engine: str | None = None
    advice: Advice | None = None


@dataclass(frozen=True, slots=True)
class PlanResult:
    """The verdicts on one plan, in the order of :class:`~bac.properties.qualities.Property`.

    ``savings`` say which reductions were used.  ``people`` is how many actions of people (retries and reconstructions)
    recovery takes at one index at the most; ``None`` if that is not known.  ``refusal`` says why the precedence engine
    did not decide, if it was asked.
    """

    plan: str
    instances: int
    engine: str
    statistics: Statistics
    properties: Mapping[Property, PropertyResult]
    limit: str | None = None
    interrupted: bool = False
    savings: tuple[Saving, ...] = ()
    people: int | None = None
    refusal: str | None = None

    @property
    def verdict(self) -> Verdict:
        """The worst verdict of all that was asked."""
        return max((result.verdict for result in self.properties.values()), key=lambda verdict: verdict.rank)

    def counterexamples(self) -> Iterator[Trace]:
        """Yield a shortest trace for each violation of a property, in the order of the properties."""
        for each in self.properties.values():
            yield from (anomaly.shown for anomaly in each.anomalies)
            if each.trace is not None:
                yield each.trace


# The verdicts


class Confirmation:
    """Confirms what was found, until Ctrl-C, or until the time limit is exceeded by the share :data:`OVERTIME`."""

    def __init__(self, monitor: LimitMonitor) -> None:
        """Use the clock and the limits of the searches."""
        self.monitor, self.interrupted = monitor, False

    def stop_reason(self) -> str | None:
        """Return the reason to confirm nothing more, if there is one."""
        if self.interrupted:
            return INTERRUPTED
        limits = self.monitor.limits
        over = limits.seconds is not None and self.monitor.seconds >= limits.seconds * (1 + OVERTIME)
        return limits.time_reached() if over else None

    def attempt(self, make: Callable[[], T]) -> T | None:
        """Return what ``make`` returns; ``None`` if the user presses Ctrl-C."""
        if self.interrupted:
            return None
        try:
            return make()
        except KeyboardInterrupt:
            self.interrupted = True
            return None


class PlanVerdicts:
    """Derives the verdicts on one plan from what was found.

    Args:
        plan: the plan.
        options: the properties to decide.
        found: the runs that were found.
        backup: what is known of the backup, if that was decided apart.
        confirmation: confirms what was found.
        never: says in words which steps never happen; nothing if all may.
    """

    def __init__(
        self,
        plan: Plan,
        options: CheckOptions,
        found: PartResult,
        backup: PartResult | None,
        confirmation: Confirmation,
        never: Callable[[], str] = str,
    ) -> None:
        """Collect the limits that were reached; nothing is confirmed yet."""
        self.plan, self.options, self.confirmation, self.never = plan, options, confirmation, never
        self.found, self.backup = found, backup
        self.searches = [found, *([] if backup is None else [backup])]
        self.limits = dict(found.limits)
        if backup is not None:
            self.limits.pop(Property.BACKUP, None)
            self.limits.update(backup.limits)

    def result(self) -> PlanResult:
        """Return the verdicts on all properties.

        Raises:
            Contradiction: the interpreter does not confirm what the engine found.
        """
        properties = {which: self.verdict(which) for which in self.options.properties}
        return PlanResult(
            self.plan.name,
            self.options.instances,
            self.options.engine,
            total(result.statistics for result in self.searches),
            properties,
            next(iter(self.limits.values()), None),
            self.confirmation.interrupted or any(result.interrupted for result in self.searches),
            tuple(saving for result in self.searches for saving in result.savings),
            self.found.people,
        )

    def verdict(self, which: Property) -> PropertyResult:
        """Return the verdict on one property."""
        match which:
            case Property.BACKUP:
                dead_end = soonest(run.dead_end for run in self.searches if run.dead_end is not None)
                decided = self.decided(which, dead_end, up_to(self.options.instances))
                searched = self.backup is not None and self.backup.statistics.states > 0
                return replace(decided, engine=EXPLICIT) if searched and self.options.engine == PRECEDENCE else decided
            case Property.AVAILABILITY:
                return self.decided(which, self.found.denied, self.scope)
            case Property.CONSISTENCY:
                return self.consistency()
            case Property.NO_EXTRA_LOSS:
                return self.no_extra_loss()

    @cached_property
    def scope(self) -> str:
        """For how many instances verdicts about single indices hold."""
        return ANY_NUMBER if self.found.any_number else up_to(self.options.instances)

    @cached_property
    def can_recover(self) -> bool:
        """Whether some run recovers from a disaster."""
        part = self.found.part
        return self.found.can_recover and some_run_recovers(part.architecture, part.plan)

    def confirmed(self, which: Property, make: Callable[[], T]) -> T | None:
        """Return what is made and confirmed; ``None`` if the user interrupts that, which then limits the property."""
        made = self.confirmation.attempt(make)
        if made is None:
            self.limits[which] = INTERRUPTED
        return made

    def decided(self, which: Property, run: Run | None, scope: str, claim: Claim | None = None) -> PropertyResult:
        """Return the verdict: violated if there is a run, and otherwise unknown or holds."""
        if run is None:
            return self.no_trace(which, scope)
        trace = self.confirmed(which, lambda: run.trace(self.options.instances, claim or Claim(which)))
        if trace is None:
            return self.no_trace(which, scope)
        return PropertyResult(
            which,
            Verdict.VIOLATED,
            scope,
            trace=trace,
            omitted_actions=run.omitted_actions,
        )

    def no_trace(self, which: Property, scope: str) -> PropertyResult:
        """Return the verdict if no counterexample was found: unknown if a limit was reached, and otherwise holds."""
        if which in self.limits:
            reason = self.limits[which]
            return PropertyResult(which, Verdict.UNKNOWN, scope, reason, complete=False)
        why = self.vacuity(which)
        return PropertyResult(which, Verdict.HOLDS, scope, why, vacuous=why is not None)

    def vacuity(self, which: Property) -> str | None:
        """Why a property holds only because something never happens, if that is so."""
        if which in (Property.CONSISTENCY, Property.NO_EXTRA_LOSS) and not self.can_recover:
            return "only because no run ever recovers from a disaster"
        never = self.never()
        return f"because {never}" if never else None

    # Consistency

    def consistency(self) -> PropertyResult:
        """Return the verdict on consistency, which holds if there are no anomalies but tolerated ones."""
        results = list(self.anomalies())
        violations, tolerated, application = (
            tuple(result for blame, result in results if blame is wanted)
            for wanted in (Blame.BACKUP, Blame.TOLERATED, Blame.APPLICATION)
        )
        if not violations:
            held = self.no_trace(Property.CONSISTENCY, self.scope)
            return replace(held, tolerated=tolerated, application=application)
        limit = self.limits.get(Property.CONSISTENCY)
        return PropertyResult(
            Property.CONSISTENCY,
            Verdict.VIOLATED,
            self.scope,
            None if limit is None else f"there may be more: {limit}",
            anomalies=violations,
            tolerated=tolerated,
            application=application,
            complete=limit is None,
        )

    def anomalies(self) -> Iterator[tuple[Blame, AnomalyResult]]:
        """Yield the anomalies, confirmed, with blame; when it is time to stop, only the first violation."""
        grouped: dict[tuple[AnomalyKind, str, Blame], list[Runs]] = {}
        for anomaly, runs in zip(self.found.part.wanted, self.found.anomalies, strict=False):
            if runs:
                grouped.setdefault((anomaly.kind, anomaly.subject, anomaly.blame), []).append(runs)
        violated = False
        for (kind, subject, blame), alike in grouped.items():
            counts = blame is Blame.BACKUP
            if (reason := self.confirmation.stop_reason()) is not None and (violated or not counts):
                self.limits[Property.CONSISTENCY] = reason
                continue
            make = partial(self.anomaly, kind, subject, blame is Blame.TOLERATED, alike)
            if (result := self.confirmed(Property.CONSISTENCY, make)) is not None:
                violated = violated or counts
                yield blame, result

    def anomaly(self, kind: AnomalyKind, subject: str, tolerated: bool, found: Sequence[Runs]) -> AnomalyResult:
        """Return the result for one anomaly, with its cause and its traces, confirmed."""
        runs, bounds = dict[Timing, Run](), dict[Timing, int]()
        for timing in Timing:
            alike = [each[timing] for each in found if timing in each]
            run = soonest(alike)
            if run is not None:
                runs[timing] = run
                bounds[timing] = min(each.least for each in alike)

        def claim(timing: Timing) -> Claim:
            return Claim(Property.CONSISTENCY, kind, subject, None, timing)

        if Timing.AT_REST in runs:
            cause = Cause.BACKUP
        else:
            cause = Cause.UNKNOWN if Property.CONSISTENCY in self.limits else Cause.IN_FLIGHT
        traces = Traces(runs, self.options.instances, claim)
        traces.make()
        at_least = {timing: bound for timing, bound in bounds.items() if bound < runs[timing].in_all}
        return AnomalyResult(kind, subject, tolerated, cause, traces, at_least=at_least)

    # Extra loss

    def no_extra_loss(self) -> PropertyResult:
        """Return the verdict on extra loss: every backed event is in the settled cut."""
        candidates = [(run, subject, timing) for subject, runs in self.losses() for timing, run in runs.items()]
        best = soonest(run for run, _, _ in candidates)
        if best is None:
            return self.no_trace(Property.NO_EXTRA_LOSS, self.scope)
        subject, timing = next((subject, timing) for run, subject, timing in candidates if run is best)
        claim = Claim(Property.NO_EXTRA_LOSS, EXTRA_LOSS, subject, None, timing)
        decided = self.decided(Property.NO_EXTRA_LOSS, best, self.scope, claim)
        least = min(run.least for run, _, _ in candidates)
        return replace(decided, at_least=least if decided.trace is not None and least < best.in_all else None)

    def losses(self) -> Iterator[tuple[str, Runs]]:
        """Yield the runs that lose the event of a step, by ``use case.step``."""
        part = self.found.part
        events = (loss.event for loss in losses(part.architecture, part.plan, 1))
        yield from zip((f"{event.use_case}.{event.step}" for event in events), self.found.losses, strict=False)


def up_to(instances: int) -> str:
    """Return the scope of a verdict that speaks of no more instances than were explored."""
    return f"up to {instances} instance{'s' * (instances != 1)}"
