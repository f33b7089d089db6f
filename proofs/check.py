"""Decide the properties of the plans of an architecture: what to search, and the verdicts that follow from it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import replace
from functools import cached_property

from bac.model.architecture import Architecture
from bac.model.errors import BacError, LimitReached
from bac.model.plan import Plan, Timing
from bac.model.trace import Trace
from bac.proofs.engine import Limits, NotApplicable, Progress
from bac.proofs.engines import ALL, AUTO, BOTH, EXPLICIT, PRECEDENCE, SMT
from bac.proofs.explicit.coverage import Budget, coverage, locks_are_always_released
from bac.proofs.reductions.part_search import (
    ALL_REDUCTIONS,
    INTERRUPTED,
    MANY_SERVICES,
    CheckOptions,
    Part,
    PartResult,
    PartSearch,
    Reduction,
    unsearched,
)
from bac.proofs.results import AnomalyResult, Confirmation, PlanResult, PlanVerdicts, Verdict
from bac.proofs.scheduler import TRIAL, Scheduler, SearchTask
from bac.properties.anomalies import anomalies
from bac.properties.qualities import PlanCoverage, Property

SEARCHED = {AUTO: EXPLICIT, PRECEDENCE: EXPLICIT}
"""The engines that search where others are asked for by name."""
MAY_BLOCK = "use cases may block each other, and there are too many services to search the whole"


class NothingToShow(BacError):
    """There is no counterexample of the kind that was asked for."""

    exit_code = 1


def check(
    architecture: Architecture,
    plan: Plan,
    instances: int = 1,
    properties: Iterable[Property] = tuple(Property),
    engine: str = AUTO,
    limits: Limits | None = None,
    progress: Callable[[Progress], None] | None = None,
    reductions: Collection[Reduction] = ALL_REDUCTIONS,
) -> PlanResult:
    """Return the verdicts on these properties of one plan, with this many instances of every use case.

    Raises:
        Contradiction: the interpreter does not confirm what the engine found.
    """
    wanted = set(properties)
    options = CheckOptions(instances, tuple(each for each in Property if each in wanted), engine, frozenset(reductions))
    tell = None if progress is None else lambda _, now: progress(now)
    (result,) = check_plans(architecture, [plan], options, Scheduler(limits or Limits(), jobs=1, progress=tell))
    return result


def check_plans(
    architecture: Architecture,
    plans: Iterable[Plan],
    options: CheckOptions,
    scheduler: Scheduler,
    covered: Sequence[PlanCoverage] = (),
) -> list[PlanResult]:
    """Return the verdicts on these plans, in this order; ``covered`` is what happens under each, if that is known.

    First each plan is checked as far as small searches get it, one plan after the other.  Then the large searches of
    all plans are run together.  Properties that an interruption or the time limit left open are unknown.

    Raises:
        Contradiction: the interpreter does not confirm what the engine found.
        ClusterUnavailable: no Dask, or no scheduler at that address.
    """
    if options.engine in (BOTH, ALL):
        return [by_all_engines(architecture, plan, options, scheduler) for plan in plans]
    checks = [PlanCheck(architecture, plan, options, scheduler) for plan in plans]
    for each, found in zip(checks, covered, strict=False):
        each.covered = found
    for each in checks:
        each.begin()
    scheduler.run_all([search for each in checks for search in each.searches])
    confirmation = Confirmation(scheduler.monitor)
    return [each.judged(confirmation) for each in checks]


def by_all_engines(architecture: Architecture, plan: Plan, options: CheckOptions, scheduler: Scheduler) -> PlanResult:
    """Return the verdicts on a plan, about which all engines agree that decide it.

    Raises:
        VerdictsDisagree: they do not.
    """
    from bac.proofs.agreement import agreed

    results, refusals = list[PlanResult](), list[str]()
    for engine in (PRECEDENCE, EXPLICIT, SMT):
        try:
            results += check_plans(architecture, [plan], replace(options, engine=engine), scheduler)
        except NotApplicable as refusal:
            refusals.append(str(refusal))
    return replace(agreed(results), refusal="; ".join(refusals) or None)


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
        fits = kind in (None, anomaly.kind) and subject in (None, anomaly.subject, architecture.named(anomaly.subject))
        if fits and (timing is None or Timing(timing) in anomaly.traces):
            return anomaly.shown if timing is None else anomaly.traces[Timing(timing)]
    wanted = " ".join(filter(None, (kind, subject, timing))) or "violation"
    if not result.complete:
        raise LimitReached(f"plan {plan.name}: no {wanted} of {which} was found; {result.reason}")
    if not candidates:
        raise NothingToShow(f"plan {plan.name} does not violate {which}: there is no counterexample")
    alike = [anomaly for anomaly in candidates if anomaly.kind == kind]
    raise NothingToShow(
        f"plan {plan.name}: there is no {wanted}; there is {inventory(alike or candidates, architecture)}"
    )


def inventory(anomalies: Sequence[AnomalyResult], architecture: Architecture) -> str:
    """List anomalies, as ``broken-link 'a -> b' (any-time, at-rest)``; only the first five by name."""
    shown = [f"{a.kind} '{architecture.named(a.subject)}' ({', '.join(a.traces)})" for a in anomalies[:5]]
    return ", ".join([*shown, *([f"{len(anomalies) - 5} more"] if len(anomalies) > 5 else [])])


# Which searches to run


class PlanCheck:
    """The check of one plan: its searches, and the verdicts that follow from them.

    Args:
        architecture: the architecture.
        plan: one of its plans.
        options: the properties to decide, and how.
        scheduler: runs the searches.
    """

    def __init__(self, architecture: Architecture, plan: Plan, options: CheckOptions, scheduler: Scheduler) -> None:
        """Keep the options; nothing is searched yet."""
        self.architecture, self.plan, self.scheduler = architecture, plan, scheduler
        self.asked, self.by = options.engine, SEARCHED.get(options.engine, options.engine)
        self.options = replace(options, engine=self.by)  # for what is searched
        self.search: SearchTask | None = None
        self.backup: SearchTask | None = None
        self.refusal: str | None = None  # why the precedence engine does not decide
        self.stopped = INTERRUPTED  # why nothing is searched, if that is so

    @cached_property
    def whole(self) -> Part:
        """The architecture under the plan."""
        return Part(self.architecture, self.plan, anomalies(self.architecture, self.plan, 1))

    @property
    def few(self) -> bool:
        """Whether there are few enough services to search all states."""
        return len(self.architecture.services) <= MANY_SERVICES

    @property
    def searches(self) -> list[SearchTask]:
        """The searches that the plan needs, as far as is known by now."""
        return [search for search in (self.search, self.backup) if search is not None]

    def begin(self) -> None:
        """Decide what needs no search, and run the search if it is small."""
        if (reason := self.scheduler.stop_reason()) is not None:
            self.stopped = reason
            return
        try:
            if not self.decided_by_precedence():
                self.search = SearchTask(self.options, self.whole)
            for search in self.searches:
                if search.result is None and self.options.enumerates:
                    self.scheduler.try_small(search)
        except LimitReached as limit:
            self.stopped = str(limit)
        except KeyboardInterrupt:
            self.scheduler.interrupted = True

    def decided_by_precedence(self) -> bool:
        """Whether the precedence engine is wanted, and decides the plan.

        Raises:
            NotApplicable: it was asked for by name, and does not cover the plan.
            LimitReached: the time is over.
        """
        if self.asked not in (AUTO, PRECEDENCE):
            return False
        if self.asked == AUTO and self.options.reductions != ALL_REDUCTIONS:
            return False  # the search that is wanted is one of states
        from bac.proofs.precedence.verdicts import MOST_NODES, PrecedenceCheck

        try:
            check = PrecedenceCheck(self.whole, self.options, self.scheduler.monitor)
            result = check.result()
        except NotApplicable as refusal:
            if self.asked == PRECEDENCE:
                raise
            self.refusal = str(refusal)
            return False
        if self.asked == AUTO and self.few and not result.is_exact and self.small_search_decides():
            self.refusal = f"the precedence engine finds no shortest run among {MOST_NODES:,} possibilities"
            return True
        if self.options.exact_lengths and not result.is_exact:
            check = PrecedenceCheck(self.whole, self.options, self.scheduler.monitor, most=None)
            result = check.result()
        self.by, result = PRECEDENCE, replace(result, people=self.people())
        self.search = SearchTask(self.options, self.whole, result=result)
        if Property.BACKUP in self.options.properties and not check.backup_is_decided:
            self.backup = SearchTask(self.options, Part(self.architecture, self.plan, ()), backup_only=True)
            self.backup.result = self.argue_about_backup()
        return True

    def small_search_decides(self) -> bool:
        """Whether a small search of the whole decides everything; then its result is taken."""
        search = SearchTask(self.options, self.whole)
        self.scheduler.try_small(search)
        if search.result is None or search.result.limits:
            return False
        self.search = search
        return True

    def people(self) -> int | None:
        """The most actions of people that recovery takes at one index, by a small search; ``None`` if not known."""
        limits = replace(self.scheduler.monitor.remaining(), states=TRIAL)
        return PartSearch(self.whole, replace(self.options, engine=EXPLICIT), limits).effort()

    def argue_about_backup(self) -> PartResult | None:
        """The result for the backup without a search; ``None`` if a search has to decide."""
        assert self.backup is not None
        part, budget = self.backup.part, Budget(check=self.scheduler.monitor.check)
        if locks_are_always_released(self.architecture, self.plan, budget):
            return PartResult(part)
        if self.few:
            return None
        return PartResult(part, limits={Property.BACKUP: MAY_BLOCK})

    def judged(self, confirmation: Confirmation) -> PlanResult:
        """Return the verdicts, when all searches are finished.

        Raises:
            Contradiction: the interpreter does not confirm what the engine found.
        """
        for search in self.searches:
            search.result = search.result or search.give_up(INTERRUPTED)
        try:
            if self.search is not None and self.search.result is not None:
                backup = None if self.backup is None else self.backup.result
                options = replace(self.options, engine=self.by)
                found = self.search.result
                verdicts = PlanVerdicts(self.plan, options, found, backup, confirmation, self.never)
                return replace(verdicts.result(), refusal=self.refusal)
        except KeyboardInterrupt:
            confirmation.interrupted, self.stopped = True, INTERRUPTED
        nothing = unsearched(Part(self.architecture, self.plan, ()), self.options.properties, self.stopped)
        return PlanVerdicts(self.plan, self.options, nothing, None, confirmation).result()

    @cached_property
    def covered(self) -> PlanCoverage:
        """The steps that happen under the plan."""
        (found,) = coverage(self.architecture, [self.plan], budget=Budget(check=self.scheduler.monitor.check))
        return found

    def never(self) -> str:
        """Say in words which steps never happen; nothing if all may."""
        return self.covered.never_in_words(self.architecture)
