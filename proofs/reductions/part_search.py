"""Search one part of an architecture: the reductions, the system, the engine, and what the result says of the part.

Source of the reductions: docs/semantics.md, "What a verdict may claim"; docs/engines.md, "Reductions".
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from functools import cached_property

from bac.model.architecture import Architecture
from bac.model.errors import Contradiction, LimitReached
from bac.model.plan import Plan, Timing
from bac.model.semantics import OnDemand, Rules, system
from bac.model.system import System
from bac.model.trace import Claim, Trace
from bac.proofs import replay
from bac.proofs.engine import (
    LimitMonitor,
    Limits,
    Packing,
    Path,
    ProgressListener,
    Query,
    SearchResult,
    Statistics,
    nothing_found,
)
from bac.proofs.engines import ENGINES, ENUMERATE, first_applicable, symmetric
from bac.proofs.explicit.breadth_first import free_choices
from bac.proofs.reductions.projection import can_always_be_completed, is_separable, one_index_suffices
from bac.properties.anomalies import Anomaly
from bac.properties.formula import Formula
from bac.properties.qualities import Property, Qualities, backed_up, efforts, qualities

INTERRUPTED = "interrupted"
"""The limit of a search that the user stops."""
CONFIRMED_STATES = 1000
"""Up to so many states the interpreter confirms that no backup can be completed any more."""


class Reduction(StrEnum):
    """The reductions by the names that users give them.

    ``ONE_INDEX``: properties of a single index are decided with one, where the one-index rule applies
    (:mod:`bac.proofs.reductions.projection`).
    ``SYMMETRY``: of states that differ in the names of indices only one is searched
    (:mod:`bac.proofs.explicit.symmetry`).
    """

    ONE_INDEX = "one-index"
    SYMMETRY = "symmetry"


ALL_REDUCTIONS = frozenset(Reduction)


@dataclass(frozen=True, slots=True)
class Saving:
    """The effect of a reduction: the states that were searched, and in words how many there are without it."""

    reduction: Reduction
    searched: int
    instead_of: str


@dataclass(frozen=True)
class CheckOptions:
    """The properties to decide, for how many instances, by which engine, and with which reductions.

    ``exact_lengths``: search for a shortest run, however long that takes.
    """

    instances: int
    properties: tuple[Property, ...]
    engine: str
    reductions: frozenset[Reduction]
    exact_lengths: bool = False

    @property
    def enumerates(self) -> bool:
        """Whether the engine visits one state after the other."""
        return self.engine in ENUMERATE


MANY_SERVICES = 16
"""Of more services than that runs are shown in slices."""


@dataclass(frozen=True)
class Part:
    """An architecture, or a slice of one, under a plan; ``wanted`` are the anomalies that are asked for."""

    architecture: Architecture
    plan: Plan
    wanted: tuple[Anomaly, ...]

    def system(self, instances: int, check: Callable[[], None] = lambda: None) -> System:
        """Return the transition system.

        ``check`` is called now and then while it is built; it may raise an error to stop.

        Raises:
            LimitReached: it would be too large.
        """
        if instances not in self._systems:
            self._systems[instances] = system(self.architecture, self.plan, instances, check)
        return self._systems[instances]

    def interpreter(self, instances: int) -> System | OnDemand:
        """Return what confirms runs: the transition system, or for many services its actions on demand."""
        if len(self.architecture.services) <= MANY_SERVICES:
            return self.system(instances)
        return OnDemand(Rules(self.architecture, self.plan, instances))

    @cached_property
    def _systems(self) -> dict[int, System]:
        return {}

    def bare(self) -> Part:
        """Return the same without all that a search does not need."""
        return Part(replace(self.architecture), self.plan, ())


class Run(ABC):
    """A shortest run that an engine found, as it is shown: as a run of the whole or of a slice of an architecture.

    ``index`` is the index of the anomaly or loss that it shows, if that has one.  Of a run that is ``confirmed`` the
    interpreter has said already that it is one, so that a trace needs to be made only where it is shown.
    """

    index: int | None
    confirmed = False

    @property
    @abstractmethod
    def shown(self) -> tuple[Part, Path]:
        """The part in which it is shown, and its actions there."""

    @property
    @abstractmethod
    def in_all(self) -> int:
        """The number of actions in the whole."""

    def __len__(self) -> int:
        """Return the number of actions that are shown."""
        return len(self.shown[1])

    @property
    def least(self) -> int:
        """The number of actions of a shortest run in the whole, at least; mostly this is one."""
        return self.in_all

    @property
    def omitted_actions(self) -> int:
        """How many actions of other services the run has in the whole."""
        return self.in_all - len(self)

    def trace(self, instances: int, claim: Claim) -> Trace:
        """Return the run as a trace that shows a claim; indices that it does not mention do nothing.

        Raises:
            Contradiction: the interpreter does not confirm that.
        """
        part, path = self.shown
        claim = replace(claim, index=self.index)
        trace = Trace(part.architecture, part.plan, instances, claim, path, _system=part.interpreter(instances))
        if (problem := objection(trace)) is not None:
            raise Contradiction(f"plan {part.plan.name}: the interpreter does not confirm {claim}: {problem}")
        return trace


@dataclass(frozen=True)
class WholeRun(Run):
    """A run with all its actions."""

    part: Part
    path: Path
    index: int | None = None

    @property
    def shown(self) -> tuple[Part, Path]:
        """The whole, and all actions."""
        return self.part, self.path

    @property
    def in_all(self) -> int:
        """The number of actions."""
        return len(self.path)


def objection(trace: Trace) -> str | None:
    """Return the objection of the interpreter to a trace; a dead end with many states after it is not checked."""
    try:
        return replay.objection(trace, CONFIRMED_STATES)
    except LimitReached:
        return None


def soonest(runs: Iterable[Run]) -> Run | None:
    """Return the run with the fewest actions in the whole, the first of several; ``None`` if there is none."""
    return min(runs, key=lambda run: run.in_all, default=None)


Runs = Mapping[Timing, Run]
"""A shortest run for each timing in which there is one."""


@dataclass(frozen=True)
class PartResult:
    """The result of the search of one part: runs by the number of the anomaly, and of the step, at one index.

    ``limits`` say for each property why something may be missing; ``people`` is how many actions of people recovery
    takes at one index at the most, ``None`` if that is not known.
    """

    part: Part
    anomalies: tuple[Runs, ...] = ()
    losses: tuple[Runs, ...] = ()
    denied: Run | None = None
    dead_end: Run | None = None
    any_number: bool = False
    can_recover: bool = True
    statistics: Statistics = field(default_factory=Statistics)
    limits: Mapping[Property, str] = field(default_factory=dict)
    interrupted: bool = False
    savings: tuple[Saving, ...] = ()
    people: int | None = None

    @property
    def is_exact(self) -> bool:
        """Whether nothing is left open, and every run is a shortest one."""
        found = (run for runs in (*self.anomalies, *self.losses) for run in runs.values())
        return not self.limits and all(run.least == run.in_all for run in found)

    def of(self, part: Part) -> PartResult:
        """Return the same result for a part that is equal to the one that was searched."""
        return replace(self.with_runs(lambda run: WholeRun(part, run.shown[1], run.index)), part=part)

    def with_runs(self, change: Callable[[Run], Run]) -> PartResult:
        """Return the same result with every run changed."""

        def each(runs: Runs) -> Runs:
            return {timing: change(run) for timing, run in runs.items()}

        return replace(
            self,
            anomalies=tuple(map(each, self.anomalies)),
            losses=tuple(map(each, self.losses)),
            denied=self.denied and change(self.denied),
            dead_end=self.dead_end and change(self.dead_end),
        )


def unsearched(part: Part, properties: Iterable[Property], reason: str) -> PartResult:
    """Return the result for a part of which nothing is known about these properties, for this reason."""
    return PartResult(part, limits=dict.fromkeys(properties, reason), interrupted=reason == INTERRUPTED)


class PartSearch:
    """The search of one part, within limits."""

    def __init__(self, part: Part, options: CheckOptions, limits: Limits, progress: ProgressListener = None) -> None:
        """Start the clock: the time of the limits is for all searches of the part together."""
        self.part, self.options = part, options
        self.monitor = LimitMonitor(limits, progress)

    def everything(self) -> PartResult:
        """Decide all properties of the options."""
        if self.options.instances > 1 and Reduction.ONE_INDEX in self.options.reductions and self.one_index_applies():
            return self.with_one_index()
        result, built = self.search(self.query(self.options.instances), self.options.instances)
        found = self.found(result, self.options.instances)
        return replace(found, any_number=built is not None and one_index_suffices(built), savings=symmetry(result))

    def backup(self) -> PartResult:
        """Decide by a search whether a backup can always be completed."""
        goal = backed_up(self.part.architecture, self.part.plan)
        result, _ = self.search(Query(always_reachable=goal), self.options.instances)
        return PartResult(
            self.part,
            dead_end=self.run(result.dead_end),
            statistics=result.statistics,
            limits={} if result.limit is None else {Property.BACKUP: result.limit},
            interrupted=result.interrupted,
            savings=symmetry(result),
        )

    def with_one_index(self) -> PartResult:
        """Decide all properties but backup with one index; and backup by an argument, or with all indices."""
        result, _ = self.search(replace(self.query(1), always_reachable=None), 1)
        saving = Saving(Reduction.ONE_INDEX, result.statistics.states, f"at least {self.fewest_states()}")
        found = replace(self.found(result, 1), any_number=True, savings=(saving,))
        if Property.BACKUP not in self.options.properties or found.interrupted:
            return found
        others = dict(found.limits)
        others.pop(Property.BACKUP, None)
        if never_backed_up(self.part):
            initial_state = WholeRun(self.part, ())
            return replace(found, dead_end=initial_state, limits=others)
        if cannot_block_backup(self.part, self.monitor.check):
            return replace(found, limits=others)
        backup = self.backup()
        return replace(
            found,
            dead_end=backup.dead_end,
            statistics=total([found.statistics, backup.statistics]),
            limits={**others, **backup.limits},
            interrupted=backup.interrupted,
            savings=(saving, *backup.savings),
        )

    def search(self, query: Query, instances: int) -> tuple[SearchResult, System | None]:
        """Return the result of the engine and the system that it explored; ``None`` if that exceeds the limits."""
        try:
            built = self.part.system(instances, self.monitor.check)
        except LimitReached as error:
            return nothing_found(query, str(error)), None
        engines = [ENGINES[self.options.engine]]
        if self.options.enumerates and instances > 1 and Reduction.SYMMETRY in self.options.reductions:
            engines.insert(0, symmetric)
        return first_applicable(engines, built, query, self.monitor.remaining(), self.monitor.progress), built

    def qualities(self, instances: int) -> Qualities:
        """Return the properties of the part as formulas."""
        return qualities(self.part.architecture, self.part.plan, instances)

    def query(self, instances: int) -> Query:
        """Return the query for all properties: first the anomalies, index by index, then the losses."""
        wanted, asked = self.qualities(instances), self.options.properties
        return Query(
            tuple(anomaly.formula for anomaly in wanted.anomalies if Property.CONSISTENCY in asked)
            + tuple(loss.formula for loss in wanted.losses if Property.NO_EXTRA_LOSS in asked)
            + (wanted.efforts or () if Property.CONSISTENCY in asked else ()),
            wanted.denied if Property.AVAILABILITY in asked else None,
            wanted.backed_up if Property.BACKUP in asked else None,
        )

    def found(self, result: SearchResult, instances: int) -> PartResult:
        """Return the result for the part from the result of that query."""
        wanted, asked = self.qualities(instances), self.options.properties
        consistency = Property.CONSISTENCY in asked
        anomalies = wanted.anomalies if consistency else ()
        losses = wanted.losses if Property.NO_EXTRA_LOSS in asked else ()
        runs: list[dict[Timing, Run]] = [
            {timing: WholeRun(self.part, path, each.index) for timing, path in paths.items()}
            for each, paths in zip(anomalies, result.settled, strict=False)
        ]
        lost: list[dict[Timing, Run]] = [
            {timing: WholeRun(self.part, path, each.event.index) for timing, path in paths.items()}
            for each, paths in zip(losses, result.settled[len(anomalies) :], strict=False)
        ]
        recovers = bool(result.settled) or some_run_recovers(self.part.architecture, self.part.plan)
        return PartResult(
            self.part,
            at_any_index(runs, instances),
            at_any_index(lost, instances),
            self.run(result.reachable),
            self.run(result.dead_end),
            False,
            result.can_recover and recovers,
            result.statistics,
            {} if result.limit is None else dict.fromkeys(asked, result.limit),
            result.interrupted,
            people=people(wanted.efforts, result, len(anomalies) + len(losses)) if consistency else None,
        )

    def effort(self) -> int | None:
        """Return the most actions of people that recovery takes at one index; ``None`` if that is not found out."""
        wanted = efforts(self.part.architecture, self.part.plan)
        if not wanted:
            return None if wanted is None else 0
        result, _ = self.search(Query(wanted), 1)
        return people(wanted, result, 0)

    def run(self, path: Path | None) -> Run | None:
        """Return the run that an engine found, if it found one."""
        return None if path is None else WholeRun(self.part, path)

    def one_index_applies(self) -> bool:
        """Whether the one-index rule applies to the part."""
        try:
            return one_index_suffices(self.part.system(2, self.monitor.check))
        except LimitReached:
            return False

    def fewest_states(self) -> str:
        """Return a lower bound on the states with all indices: each free choice of each index can be made or not."""
        one, two = (free_choices(Packing(self.part.system(number))) for number in (1, 2))
        return f"2^{one + (self.options.instances - 1) * (two - one)}"


def cannot_block_backup(part: Part, check: Callable[[], None]) -> bool:
    """Whether it can be proved, without a search of the whole, that the part never blocks a backup.

    Args:
        part: the part.
        check: raises LimitReached when it is time to stop; then nothing is proved.
    """
    try:
        return is_separable(part.plan) and can_always_be_completed(part.system(1, check), check)
    except LimitReached:
        return False


def people(wanted: tuple[Formula, ...] | None, result: SearchResult, before: int) -> int | None:
    """Return how many of these formulas, after so many others, were satisfied; ``None`` if not all is known."""
    if wanted is None or (wanted and result.limit is not None):
        return None
    return sum(bool(paths) for paths in result.settled[before : before + len(wanted)])


def never_backed_up(part: Part) -> bool:
    """Whether a service of the part is never backed up."""
    return any(part.plan.mode_of(service.name).never_backed_up for service in part.architecture.services)


def at_any_index(runs: list[dict[Timing, Run]], instances: int) -> tuple[Runs, ...]:
    """Return the shortest run at any index, of runs that are listed index by index."""
    each = len(runs) // instances
    return tuple(
        {
            timing: min((found[timing] for found in runs[number::each] if timing in found), key=len)
            for timing in Timing
            if any(timing in found for found in runs[number::each])
        }
        for number in range(each)
    )


def symmetry(result: SearchResult) -> tuple[Saving, ...]:
    """Return how much the symmetry of indices saved, if it was used."""
    statistics = result.statistics
    if not statistics.represented:
        return ()
    return (Saving(Reduction.SYMMETRY, statistics.states, f"{statistics.represented:,}"),)


def total(statistics: Iterable[Statistics]) -> Statistics:
    """Return the statistics of several searches together."""
    each = list(statistics)
    return Statistics(
        sum(one.states for one in each),
        sum(one.transitions for one in each),
        max((one.depth for one in each), default=0),
        sum(one.seconds for one in each),
    )


def some_run_recovers(architecture: Architecture, plan: Plan) -> bool:
    """Whether any run recovers from a disaster (true if there are too many disasters to look at).

    If a disaster is possible at all, some run has it: while no client does anything, every backup can be completed.
    """
    try:
        return bool(Rules(architecture, plan, 1).outcomes)
    except LimitReached:
        return True
