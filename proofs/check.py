"""Decide the properties of the plans of an architecture: which searches to run, and the verdicts that follow from them.

An architecture of few services is searched whole.  If that turns out to be large, or if there are too many services to
try, it is divided into parts, and one part of each shape is searched.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

from bac.model.architecture import Architecture, Service, Tolerance
from bac.model.errors import BacError, LimitReached
from bac.model.plan import Group, Plan, Timing
from bac.model.trace import Claim, Trace
from bac.proofs.engine import Limits, Progress, Statistics
from bac.proofs.reductions.catalogue import ALL_REDUCTIONS, Reduction, Saving
from bac.proofs.reductions.decomposition import MANY_SERVICES, Part, may_divide, parts
from bac.proofs.reductions.part_search import (
    CheckOptions,
    PartResult,
    cannot_block_backup,
    some_run_recovers,
    total,
)
from bac.proofs.results import (
    AnomalyResult,
    Cause,
    PlanResult,
    PropertyResult,
    Run,
    Runs,
    Traces,
    Verdict,
    soonest,
)
from bac.proofs.scheduler import INTERRUPTED, Inquirer, Scheduler, Task
from bac.properties.anomalies import Anomaly, AnomalyKind, anomalies
from bac.properties.qualities import Property

ANY_NUMBER = "any number of instances"
MAY_BLOCK = "use cases may stand in each other's way, and there are too many services to search the whole"


class NothingToShow(BacError):
    """There is no counterexample of the kind that was asked for."""

    exit_code = 1


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
        Contradiction: the interpreter does not confirm what the engine found.
    """
    wanted = set(properties)
    asking = CheckOptions(instances, tuple(each for each in Property if each in wanted), engine, frozenset(reductions))
    tell = None if progress is None else lambda _, now: progress(now)
    schedule = Scheduler(limits or Limits(), jobs=1, progress=tell)
    inquiry = PlanCheck(architecture, plan, asking)
    (findings,) = schedule.serve([inquiry.findings()], lambda _, reason: inquiry.nothing(reason))
    return judged(plan, asking, findings)


def check_plans(
    architecture: Architecture,
    plans: Iterable[Plan],
    asking: CheckOptions,
    schedule: Scheduler,
) -> list[PlanResult]:
    """The results on these plans, in this order.

    What an interruption, or the time allowed for all plans together, leaves no time for is unknown.

    Raises:
        Contradiction: the interpreter does not confirm what the engine found.
        ClusterUnavailable: no Dask, or no scheduler at that address.
    """
    inquiries = [PlanCheck(architecture, plan, asking) for plan in plans]
    findings = schedule.serve(
        [inquiry.findings() for inquiry in inquiries], lambda number, reason: inquiries[number].nothing(reason)
    )
    return [judged(inquiry.plan, asking, found) for inquiry, found in zip(inquiries, findings, strict=True)]


def find(
    architecture: Architecture,
    plan: Plan,
    instances: int,
    property_: str,
    kind: str | None,
    subject: str | None,
    timing: str | None,
    limits: Limits,
    progress: Callable[[Progress], None] | None = None,
) -> Trace:
    """Return a shortest counterexample of a property, of this kind, subject and timing if they are given.

    Raises:
        NothingToShow: there is none; the message says what there is instead.
        LimitReached: none was found before a limit was reached.
    """
    which = Property(property_)
    result = check(architecture, plan, instances, [which], limits=limits, progress=progress).properties[which]
    if result.verdict is Verdict.UNKNOWN:
        raise LimitReached(f"plan {plan.name}: {which} is unknown: {result.reason}")
    if result.trace is not None:
        return result.trace
    candidates = (*result.anomalies, *result.tolerated)
    for anomaly in candidates:
        fits = kind in (None, anomaly.kind) and subject in (None, anomaly.subject)
        if fits and (timing is None or Timing(timing) in anomaly.traces):
            return anomaly.shown if timing is None else anomaly.traces[Timing(timing)]
    wanted = " ".join(filter(None, (kind, subject, timing))) or "violation"
    if not result.complete:
        raise LimitReached(f"plan {plan.name}: no {wanted} of {which} was found; {result.reason}")
    if not candidates:
        raise NothingToShow(f"plan {plan.name} does not violate {which}: there is no counterexample")
    raise NothingToShow(f"plan {plan.name}: there is no {wanted}; there is {inventory(candidates)}")


def inventory(anomalies: Sequence[AnomalyResult]) -> str:
    """List anomalies, as ``broken-link 'a -> b' (any-time, at-rest)``; only the first five by name."""
    shown = [f"{a.kind} '{a.subject}' ({', '.join(a.traces)})" for a in anomalies[:5]]
    return ", ".join([*shown, *([f"{len(anomalies) - 5} more"] if len(anomalies) > 5 else [])])


# Which searches to run


@dataclass(frozen=True)
class FoundAnomaly:
    """The runs that show one anomaly (none if there are no such runs), and the subject that it looks like, if any."""

    anomaly: Anomaly
    runs: Runs
    like: str | None = None


@dataclass(frozen=True)
class Findings:
    """All that was found out about one plan.

    ``losses`` are the runs that lose what a step logged, by ``use case.step``.  ``limits`` say for each property why
    something may be missing.  ``any_number`` tells whether what is about single indices was found out for any number of
    them.  ``parts`` were looked at, of which one of each of the ``shapes`` was searched.
    """

    anomalies: tuple[FoundAnomaly, ...]
    losses: tuple[tuple[str, Runs], ...]
    denied: Run | None
    dead_end: Run | None
    can_recover: bool
    any_number: bool
    statistics: Statistics
    limits: Mapping[Property, str] = field(default_factory=dict)
    interrupted: bool = False
    savings: tuple[Saving, ...] = ()
    parts: int = 1
    shapes: int = 1

    @property
    def limit(self) -> str | None:
        """The first limit that was hit."""
        return next(iter(self.limits.values()), None)


@dataclass(frozen=True)
class PlanCheck:
    """One plan of an architecture, and what is asked of it."""

    architecture: Architecture
    plan: Plan
    asking: CheckOptions

    @cached_property
    def whole(self) -> Part:
        """The architecture, undivided."""
        return Part(self.architecture, self.plan, tuple(enumerate(anomalies(self.architecture, 1))))

    @property
    def few(self) -> bool:
        """Whether there are few enough services to search the whole."""
        return len(self.architecture.services) <= MANY_SERVICES

    def nothing(self, reason: str) -> Findings:
        """What is known if nothing was found out, and why."""
        limits = dict.fromkeys(self.asking.asked, reason)
        return Findings((), (), None, None, True, False, Statistics(), limits, reason == INTERRUPTED)

    def findings(self) -> Inquirer[Findings]:
        """All that can be found out."""
        several = len(self.architecture.use_cases) > 1
        divides = Reduction.PROJECTION in self.asking.reductions and may_divide(self.plan)
        if divides and self.architecture.use_cases and (several or not self.few):
            seen = 0
            if self.few:
                (found,) = yield [Task(self.asking, self.whole, tried=self.asking.enumerates)]
                if found.interrupted or not found.limits or not self.asking.enumerates:
                    return together([(self.whole, found)])
                seen = found.statistics.states
            divided = parts(self.architecture, self.plan)
            if not self.few or self.worthwhile(divided):
                return (yield from self.divided(divided, seen))
        (found,) = yield [Task(self.asking, self.whole)]
        return together([(self.whole, found)])

    def worthwhile(self, divided: Sequence[Part]) -> bool:
        """Whether dividing promises less work: no part has most of the use cases."""
        return 2 * max(len(part.architecture.use_cases) for part in divided) <= len(self.architecture.use_cases)

    def divided(self, divided: Sequence[Part], seen: int) -> Inquirer[Findings]:
        """The findings from one part of each shape; about the backup, if need be, from the whole.

        So many states of the whole were ``seen``.
        """
        first: dict[Hashable, Part] = {}
        for part in divided:
            first.setdefault(part.shape, part)
        answers = yield [Task(self.asking, part) for part in first.values()]
        by_shape = dict(zip(first, answers, strict=True))
        findings = together([(part, by_shape[part.shape]) for part in divided])
        searched = findings.statistics.states
        saving = Saving(Reduction.PROJECTION, searched, self.size(divided, seen, searched))
        findings = replace(findings, savings=(saving, *findings.savings))
        if Property.BACKUP in self.asking.asked and findings.dead_end is None and not findings.interrupted:
            return (yield from self.about_backup(findings, answers))
        return findings

    def size(self, divided: Iterable[Part], seen: int, searched: int) -> str:
        """How many states the whole has at the least: a use case that reads no other is free to begin, or not."""
        free = sum(len(part.architecture.use_cases) == 1 for part in divided) * self.asking.instances
        if max(2**free, seen) <= searched:
            return "those of the whole"
        return f"at least 2^{free}" if 2**free > seen else f"at least {seen:,}"

    def about_backup(self, findings: Findings, searched: Sequence[PartResult]) -> Inquirer[Findings]:
        """The findings with what is known of the backup, which no part by itself keeps from being completed."""
        limits = without_backup(findings.limits)
        for service in self.architecture.services:
            if self.plan.mode_of(service.name).never_backed_up:
                part = single_service(self.architecture, self.plan, service)
                return replace(findings, dead_end=Run(part, ()), limits=limits)
        if all(cannot_block_backup(found.part) for found in searched):
            return replace(findings, limits=limits)
        if not self.few:
            return replace(findings, limits={Property.BACKUP: MAY_BLOCK, **findings.limits})
        (found,) = yield [Task(self.asking, self.whole, backup=True)]
        return replace(
            findings,
            dead_end=found.dead_end,
            limits={**limits, **found.limits},
            statistics=total([findings.statistics, found.statistics]),
            interrupted=found.interrupted,
            savings=(*findings.savings, *found.savings),
        )


def without_backup(limits: Mapping[Property, str]) -> dict[Property, str]:
    """The limits that do not concern the backup."""
    return {which: limit for which, limit in limits.items() if which != Property.BACKUP}


def together(searched: Sequence[tuple[Part, PartResult]]) -> Findings:
    """What the searches of all parts say of the whole; of parts of one shape, the first was searched."""
    found: list[FoundAnomaly] = []
    losses: list[tuple[str, Runs]] = []
    denied: list[Run] = []
    dead_end: list[Run] = []
    for part, result in searched:
        model = result.part
        mine = result if model is part else result.like(part)
        for (number, anomaly), (_, first) in zip(part.wanted, model.wanted, strict=True):
            runs = mine.anomalies[number] if mine.anomalies else {}
            found.append(FoundAnomaly(anomaly, runs, None if model is part else first.subject))
        steps = (f"{case.name}.{step.number}" for case, step in part.architecture.steps())
        losses += zip(steps, mine.losses, strict=False)
        denied += [mine.denied] if mine.denied is not None else []
        dead_end += [mine.dead_end] if mine.dead_end is not None else []
    each = list({id(result): result for _, result in searched}.values())
    limits: dict[Property, str] = {}
    for result in each:
        limits = {**result.limits, **limits}
    return Findings(
        tuple(found),
        tuple(losses),
        soonest(denied),
        soonest(dead_end),
        any(result.can_recover and some_run_recovers(result.part.architecture, result.part.plan) for result in each),
        all(result.any_number for result in each),
        total(result.statistics for result in each),
        limits,
        any(result.interrupted for result in each),
        merged(saving for result in each for saving in result.savings),
        len(searched),
        len(each),
    )


def merged(savings: Iterable[Saving]) -> tuple[Saving, ...]:
    """The savings of several searches, those of each reduction together, with the largest of what was saved."""
    table: dict[Reduction, list[Saving]] = {}
    for saving in savings:
        table.setdefault(saving.reduction, []).append(saving)
    return tuple(
        replace(max(each, key=lambda saving: saving.searched), searched=sum(saving.searched for saving in each))
        for each in table.values()
    )


def single_service(architecture: Architecture, plan: Plan, service: Service) -> Part:
    """The part of an architecture with one service, of which nobody ever wants anything."""
    alone = replace(architecture, services=(service,), use_cases=(), tolerance=Tolerance(), references=False)
    group = Group(plan.mode_of(service.name), (service.name,))
    return Part(alone, Plan(plan.name, (group,)), ())


# The verdicts


def judged(plan: Plan, asking: CheckOptions, findings: Findings) -> PlanResult:
    """The verdicts that follow from what was found out about a plan.

    Raises:
        Contradiction: the interpreter does not confirm what the engine found.
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
