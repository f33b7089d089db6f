"""Decide the properties of the plans of an architecture: which searches to run, and the verdicts that follow from them.

An architecture of few services is searched whole.  If that turns out to be large, or if there are too many services to
try, it is divided into parts, and one part of each shape is searched.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Hashable, Iterable, Sequence
from dataclasses import replace
from functools import cached_property

from bac.model.architecture import Architecture, Service, Tolerance
from bac.model.errors import BacError, LimitReached
from bac.model.plan import Group, Plan, Timing
from bac.model.trace import Trace
from bac.proofs.engine import Limits, NotApplicable, Progress
from bac.proofs.engines import ALL, AUTO, BOTH, EXPLICIT, PRECEDENCE, SMT
from bac.proofs.explicit.coverage import Budget, coverage
from bac.proofs.reductions.decomposition import MANY_SERVICES, Part, may_divide, parts
from bac.proofs.reductions.part_search import (
    ALL_REDUCTIONS,
    INTERRUPTED,
    CheckOptions,
    PartResult,
    PartSearch,
    Reduction,
    RunOfPart,
    Saving,
    cannot_block_backup,
    total,
    unsearched,
)
from bac.proofs.results import AnomalyResult, Confirmation, PlanResult, PlanVerdicts, Verdict, unique
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
        each.search_parts()
    scheduler.run_all([search for each in checks for search in each.searches])
    for each in checks:
        each.search_backup()
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
        """Begin without any search."""
        self.architecture, self.plan, self.scheduler = architecture, plan, scheduler
        self.asked, self.by = options.engine, SEARCHED.get(options.engine, options.engine)
        self.options = replace(options, engine=self.by)  # for what is searched
        self.searched: list[tuple[Part, SearchTask]] = []  # each part, with the search of the first of its shape
        self.divided = False
        self.seen = 0  # states of the whole that were found before it was divided
        self.backup: SearchTask | None = None
        self.refusal: str | None = None  # why the precedence engine does not decide
        self.stopped = INTERRUPTED  # why nothing is searched, if that is so

    @cached_property
    def whole(self) -> Part:
        """The architecture, undivided."""
        return Part(self.architecture, self.plan, tuple(enumerate(anomalies(self.architecture, self.plan, 1))))

    @property
    def few(self) -> bool:
        """Whether there are few enough services to search the whole."""
        return len(self.architecture.services) <= MANY_SERVICES

    @property
    def divisible(self) -> bool:
        """Whether the architecture may be divided into parts."""
        cases = len(self.architecture.use_cases)
        wanted = Reduction.PROJECTION in self.options.reductions and cases > (1 if self.few else 0)
        return wanted and may_divide(self.plan)

    @property
    def searches(self) -> list[SearchTask]:
        """The searches that the plan needs, as far as is known by now."""
        unique = {id(search): search for _, search in self.searched}
        return [*unique.values(), *([] if self.backup is None else [self.backup])]

    def search_parts(self) -> None:
        """Decide which parts to search, and run the searches that are small."""
        if (reason := self.scheduler.stop_reason()) is not None:
            self.stopped = reason
            return
        try:
            if self.decided_by_precedence():
                return
            self.choose_parts()
            for search in self.searches:
                if search.trial is None and self.options.enumerates:
                    self.scheduler.try_small(search)
        except LimitReached as limit:
            self.stopped = str(limit)
        except KeyboardInterrupt:
            self.scheduler.interrupted = True
        self.search_backup()

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
        self.searched = [(self.whole, SearchTask(self.options, self.whole, result=result))]
        if Property.BACKUP in self.options.properties and not check.backup_is_decided:
            self.backup = SearchTask(self.options, self.whole if self.few else self.unsearched_whole, backup_only=True)
            self.backup.result = self.argue_about_backup_under_locks()
        return True

    def small_search_decides(self) -> bool:
        """Whether a small search of the whole decides everything; then its result is taken."""
        search = SearchTask(self.options, self.whole)
        self.scheduler.try_small(search)
        if search.result is None or search.result.limits:
            return False
        self.searched = [(self.whole, search)]
        return True

    def people(self) -> int | None:
        """The most actions of people that recovery takes at one index, by a small search; ``None`` if not known."""
        limits = replace(self.scheduler.monitor.remaining(), states=TRIAL)
        return PartSearch(self.whole, replace(self.options, engine=EXPLICIT), limits).effort()

    def argue_about_backup_under_locks(self) -> PartResult | None:
        """The result for the backup of the whole without a search; ``None`` if a search has to decide."""
        check = self.scheduler.monitor.check
        if may_divide(self.plan):
            divided = parts(self.architecture, self.plan, check)
            if all(cannot_block_backup(part, check) for part in divided):
                return PartResult(self.unsearched_whole)
        return None if self.few else PartResult(self.unsearched_whole, limits={Property.BACKUP: MAY_BLOCK})

    def choose_parts(self) -> None:
        """Search the whole if it is small or may not be divided; otherwise one part of each shape.

        Raises:
            LimitReached: the time is over before the architecture is divided.
        """
        whole = SearchTask(self.options, self.whole) if self.few or not self.divisible else None
        if whole is not None:
            self.searched = [(whole.part, whole)]
            if not self.divisible or not self.options.enumerates:
                return
            self.scheduler.try_small(whole)
            if whole.trial is None or whole.trial.interrupted or not whole.trial.limits:
                return
        divided = parts(self.architecture, self.plan, self.scheduler.monitor.check)
        if whole is None or self.promises_less_work(divided):
            first: dict[Hashable, SearchTask] = {}
            for part in divided:
                self.scheduler.monitor.check()
                first.setdefault(part.shape, SearchTask(self.options, part))
            self.searched = [(part, first[part.shape]) for part in divided]
            self.divided = True
            self.seen = 0 if whole is None or whole.trial is None else whole.trial.statistics.states

    def promises_less_work(self, divided: Sequence[Part]) -> bool:
        """Whether no part has most of the use cases."""
        return 2 * max(len(part.architecture.use_cases) for part in divided) <= len(self.architecture.use_cases)

    def search_backup(self) -> None:
        """Decide about the backup of an architecture that was divided, once its parts are searched.

        One part that cannot complete its backup is enough for *violated*.  If each part alone can, that is no proof:
        two parts can block each other.
        """
        results = [search.result for search in self.searches]
        found = [result for result in results if result is not None]
        needed = self.divided and Property.BACKUP in self.options.properties and self.backup is None
        if not needed or len(found) < len(results):
            return
        if any(result.dead_end is not None or result.interrupted for result in found):
            return
        self.backup = SearchTask(self.options, self.whole if self.few else self.unsearched_whole, backup_only=True)
        try:
            self.backup.result = self.argue_about_backup(found)
            if self.backup.result is None and self.options.enumerates:
                self.scheduler.try_small(self.backup)
        except KeyboardInterrupt:
            self.scheduler.interrupted = True

    def argue_about_backup(self, found: Sequence[PartResult]) -> PartResult | None:
        """Return the result for the backup if it can be decided without a search; ``None`` if the whole is searched."""
        for service in self.architecture.services:
            if self.plan.mode_of(service.name).never_backed_up:
                alone = single_service(self.architecture, self.plan, service)
                return PartResult(alone, dead_end=RunOfPart(alone, ()))
        if all(cannot_block_backup(result.part, self.scheduler.monitor.check) for result in found):
            return PartResult(self.unsearched_whole)
        if self.few:
            return None
        reasons = [result.limits[Property.BACKUP] for result in found if Property.BACKUP in result.limits]
        reason = self.scheduler.stop_reason() or next(iter(reasons), MAY_BLOCK)
        return PartResult(self.unsearched_whole, limits={Property.BACKUP: reason})

    @property
    def unsearched_whole(self) -> Part:
        """The architecture, undivided, as a part in which no anomaly is decided."""
        return Part(self.architecture, self.plan, ())

    def judged(self, confirmation: Confirmation) -> PlanResult:
        """Return the verdicts, when all searches are finished.

        Raises:
            Contradiction: the interpreter does not confirm what the engine found.
        """
        for search in self.searches:
            search.result = search.result or search.give_up(INTERRUPTED)
        found = [(part, search.result) for part, search in self.searched if search.result is not None]
        try:
            if found:
                backup = None if self.backup is None else self.backup.result
                savings = self.savings(found)
                options = replace(self.options, engine=self.by)
                verdicts = PlanVerdicts(self.plan, options, found, backup, savings, confirmation, self.never)
                return replace(verdicts.result(), refusal=self.refusal)
        except KeyboardInterrupt:
            confirmation.interrupted, self.stopped = True, INTERRUPTED
        whole = self.unsearched_whole
        nothing = unsearched(whole, self.options.properties, self.stopped)
        return PlanVerdicts(self.plan, self.options, [(whole, nothing)], None, (), confirmation).result()

    @cached_property
    def covered(self) -> PlanCoverage:
        """The answers about what happens under the plan."""
        (found,) = coverage(self.architecture, [self.plan], budget=Budget(check=self.scheduler.monitor.check))
        return found

    def never(self) -> str:
        """Say in words which steps never happen; nothing if all may."""
        return self.covered.never_in_words(self.architecture)

    def savings(self, found: Sequence[tuple[Part, PartResult]]) -> tuple[Saving, ...]:
        """Return how much dividing the architecture saved, if it was divided."""
        if not self.divided:
            return ()
        searched = total(result.statistics for result in unique(found)).states
        return (Saving(Reduction.PROJECTION, searched, self.size(searched)),)

    def size(self, searched: int) -> str:
        """Return a lower bound on the states of the whole: a use case that reads no other may begin, or not."""
        free = sum(len(part.architecture.use_cases) == 1 for part, _ in self.searched) * self.options.instances
        if max(2**free, self.seen) <= searched:
            return "those of the whole"
        return f"at least 2^{free}" if 2**free > self.seen else f"at least {self.seen:,}"


def single_service(architecture: Architecture, plan: Plan, service: Service) -> Part:
    """Return the part of an architecture with one service and no use case."""
    alone = replace(architecture, services=(service,), use_cases=(), tolerance=Tolerance(), references=False)
    group = Group(plan.mode_of(service.name), (service.name,))
    return Part(alone, Plan(plan.name, (group,)), ())
