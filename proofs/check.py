"""Decide the properties of one plan: find out about it, and make verdicts of the findings.

Whatever an engine finds becomes a trace that the interpreter replays before it is believed.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass

from bac.model.architecture import Architecture
from bac.model.plan import Plan, Timing
from bac.model.trace import Claim
from bac.proofs.engine import Limits, Progress
from bac.proofs.findings import Findings, FoundAnomaly, Run, Traces, soonest
from bac.proofs.inquiry import PlanCheck
from bac.proofs.reductions.catalogue import ALL_REDUCTIONS, Reduction
from bac.proofs.reductions.part_search import CheckOptions
from bac.proofs.results import AnomalyResult, Cause, PlanResult, PropertyResult, Verdict
from bac.proofs.scheduler import Scheduler
from bac.properties.anomalies import AnomalyKind
from bac.properties.qualities import Property

ANY_NUMBER = "any number of instances"


def check(
    architecture: Architecture,
    plan: Plan,
    instances: int = 1,
    properties: Iterable[Property] = tuple(Property),
    engine: str = "explicit",
    limits: Limits | None = None,
    progress: Callable[[Progress], None] | None = None,
    reductions: Collection[Reduction] = ALL_REDUCTIONS,
) -> PlanResult:
    """The verdicts on these properties of one plan, with this many instances of every use case.

    Raises:
        Disagreement: the interpreter does not confirm what the engine found.
    """
    wanted = set(properties)
    asking = CheckOptions(instances, tuple(each for each in Property if each in wanted), engine, frozenset(reductions))
    tell = None if progress is None else lambda _, now: progress(now)
    schedule = Scheduler(limits or Limits(), jobs=1, progress=tell)
    inquiry = PlanCheck(architecture, plan, asking)
    (findings,) = schedule.serve([inquiry.findings()], lambda _, reason: inquiry.nothing(reason))
    return judged(plan, asking, findings)


def judged(plan: Plan, asking: CheckOptions, findings: Findings) -> PlanResult:
    """The verdicts that follow from what was found out about a plan.

    Raises:
        Disagreement: the interpreter does not confirm what the engine found.
    """
    judge = Judge(asking.instances, findings)
    results = {each: judge.result(each) for each in asking.asked}
    return PlanResult(
        plan.name,
        asking.instances,
        asking.engine,
        findings.statistics,
        results,
        findings.limit,
        findings.interrupted,
        findings.savings,
        findings.parts,
        findings.shapes,
    )


def up_to(instances: int) -> str:
    """The scope of a verdict that speaks of no more instances than were explored."""
    return f"up to {instances} instance{'s' * (instances != 1)}"


@dataclass(frozen=True)
class Judge:
    """Makes verdicts of the findings about one plan."""

    instances: int
    findings: Findings

    def result(self, which: Property) -> PropertyResult:
        """The verdict on one property."""
        match which:
            case Property.BACKUP:
                return self.decided(which, self.findings.dead_end, up_to(self.instances))
            case Property.AVAILABILITY:
                return self.decided(which, self.findings.denied, self.scope)
            case Property.CONSISTENCY:
                return self.consistency()
            case Property.NO_EXTRA_LOSS:
                return self.no_extra_loss()

    @property
    def scope(self) -> str:
        """For how many instances verdicts about single indices hold."""
        return ANY_NUMBER if self.findings.any_number else up_to(self.instances)

    def decided(self, which: Property, run: Run | None, scope: str) -> PropertyResult:
        """Violated with a trace; without one unknown if a limit was hit, else the property holds."""
        if run is None:
            return self.no_trace(which, scope)
        trace = run.trace(self.instances, Claim(which))
        return PropertyResult(which, Verdict.VIOLATED, scope, trace=trace, omitted_actions=run.omitted_actions)

    def no_trace(self, which: Property, scope: str, tolerated: tuple[AnomalyResult, ...] = ()) -> PropertyResult:
        """The verdict where no counterexample was found."""
        if which in self.findings.limits:
            limit = f"limit reached: {self.findings.limits[which]}"
            return PropertyResult(which, Verdict.UNKNOWN, scope, limit, tolerated=tolerated, complete=False)
        vacuous = which in (Property.CONSISTENCY, Property.NO_EXTRA_LOSS) and not self.findings.can_recover
        reason = "only because no run ever recovers from a disaster" if vacuous else None
        return PropertyResult(which, Verdict.HOLDS, scope, reason, tolerated=tolerated, vacuous=vacuous)

    def consistency(self) -> PropertyResult:
        """None of the anomalies, tolerated ones aside."""
        grouped: dict[tuple[AnomalyKind, str, bool], list[FoundAnomaly]] = {}
        for found in self.findings.anomalies:
            anomaly = found.anomaly
            if found.runs:
                grouped.setdefault((anomaly.kind, anomaly.subject, anomaly.tolerated), []).append(found)
        results = [self.anomaly(*key, found) for key, found in grouped.items()]
        tolerated = tuple(result for result in results if result.tolerated)
        violations = tuple(result for result in results if not result.tolerated)
        if not violations:
            return self.no_trace(Property.CONSISTENCY, self.scope, tolerated)
        limit = self.findings.limits.get(Property.CONSISTENCY)
        return PropertyResult(
            Property.CONSISTENCY,
            Verdict.VIOLATED,
            self.scope,
            None if limit is None else f"there may be more, limit reached: {limit}",
            anomalies=violations,
            tolerated=tolerated,
            complete=limit is None,
        )

    def anomaly(self, kind: AnomalyKind, subject: str, tolerated: bool, found: Sequence[FoundAnomaly]) -> AnomalyResult:
        """The traces of an anomaly, and its cause."""
        searched_first = sorted(found, key=lambda each: each.like is not None)
        runs: dict[Timing, Run] = {}
        for timing in Timing:
            run = soonest(each.runs[timing] for each in searched_first if timing in each.runs)
            if run is not None:
                runs[timing] = run

        def claim(timing: Timing) -> Claim:
            return Claim(Property.CONSISTENCY, kind, subject, None, timing)

        if Timing.AT_REST in runs:
            cause = Cause.BACKUP
        else:
            cause = Cause.UNKNOWN if Property.CONSISTENCY in self.findings.limits else Cause.IN_FLIGHT
        traces = Traces(runs, self.instances, claim)
        like = None if any(each.like is None for each in found) else found[0].like
        if like is None:
            traces.make()
        return AnomalyResult(kind, subject, tolerated, cause, traces, like)

    def no_extra_loss(self) -> PropertyResult:
        """Every backed event is in the settled cut."""
        candidates = [(run, subject, timing) for subject, runs in self.findings.losses for timing, run in runs.items()]
        if not candidates:
            return self.no_trace(Property.NO_EXTRA_LOSS, self.scope)
        best = soonest(run for run, _, _ in candidates)
        run, subject, timing = next(candidate for candidate in candidates if candidate[0] is best)
        claim = Claim(Property.NO_EXTRA_LOSS, "extra-loss", subject, None, timing)
        trace = run.trace(self.instances, claim)
        return PropertyResult(
            Property.NO_EXTRA_LOSS, Verdict.VIOLATED, self.scope, trace=trace, omitted_actions=run.omitted_actions
        )
