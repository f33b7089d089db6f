"""Ask one part of an architecture: which system is searched, by which engine, and what its answers say of the part."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace

from bac.model.architecture import Architecture
from bac.model.errors import LimitReached
from bac.model.plan import Plan, Timing
from bac.model.semantics import Rules
from bac.model.system import System
from bac.proofs.engine import Limits, Path, ProgressListener, Query, SearchResult, Statistics, nothing_found
from bac.proofs.engines import ENGINES, ENUMERATE, first_applicable, symmetric
from bac.proofs.explicit.breadth_first import free_choices
from bac.proofs.packing import Packing
from bac.proofs.reductions.backup_progress import can_always_be_completed
from bac.proofs.reductions.catalogue import Reduction, Saving, one_index_suffices
from bac.proofs.reductions.decomposition import Part, may_divide, renaming
from bac.proofs.results import Run, Runs
from bac.properties.formula import Formula
from bac.properties.qualities import Property, qualities


@dataclass(frozen=True)
class PartResult:
    """What the search of one part found: runs by the number of the anomaly, and of the step, at one index.

    ``part`` is the one that was searched; ``limits`` say for each property why something may be missing.
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

    def of(self, part: Part) -> PartResult:
        """The same, of a part that is the same."""
        return replace(self.changed(lambda run: replace(run, part=part)), part=part)

    def like(self, other: Part) -> PartResult:
        """The same of another part of the same shape."""
        names = renaming(self.part.architecture, other.architecture)
        return self.changed(lambda run: replace(run, part=other, renaming=names))

    def changed(self, change: Callable[[Run], Run]) -> PartResult:
        """The same with every run changed."""

        def each(runs: Runs) -> Runs:
            return {timing: change(run) for timing, run in runs.items()}

        return replace(
            self,
            anomalies=tuple(map(each, self.anomalies)),
            losses=tuple(map(each, self.losses)),
            denied=self.denied and change(self.denied),
            dead_end=self.dead_end and change(self.dead_end),
        )


@dataclass(frozen=True)
class CheckOptions:
    """What is asked, for how many instances, of which engine, and with which reductions."""

    instances: int
    asked: tuple[Property, ...]
    engine: str
    reductions: frozenset[Reduction]

    @property
    def enumerates(self) -> bool:
        """Whether the engine looks at one state after the other."""
        return self.engine in ENUMERATE

    def search(self, part: Part, limits: Limits, progress: ProgressListener = None) -> PartResult:
        """What can be found out about one part by itself."""
        if self.instances > 1 and Reduction.ONE_INDEX in self.reductions and one_index_applies(part):
            return self.with_one_index(part, limits, progress)
        questions = self.questions(part, self.instances)
        answers, built = self.answers(part, self.instances, questions, limits, progress)
        found = self.found(part, self.instances, answers)
        one_index = built is not None and one_index_suffices(built)
        return replace(found, any_number=one_index, savings=tuple(symmetry(answers)))

    def with_one_index(self, part: Part, limits: Limits, progress: ProgressListener = None) -> PartResult:
        """What can be found out with one index: all but backups, for which there is an argument, or all indices."""
        questions = replace(self.questions(part, 1), always_reachable=None)
        answers, _ = self.answers(part, 1, questions, limits, progress)
        saving = Saving(Reduction.ONE_INDEX, answers.statistics.states, f"at least {self.choices(part)}")
        found = replace(self.found(part, 1, answers), any_number=True, savings=(saving,))
        if Property.BACKUP not in self.asked or found.interrupted:
            return found
        others: dict[Property, str] = dict(found.limits)
        others.pop(Property.BACKUP, None)
        if never_backed_up(part):
            return replace(found, dead_end=Run(part, ()), limits=others)  # from the initial state on
        if cannot_block_backup(part):
            return replace(found, limits=others)
        more, _ = self.answers(part, self.instances, Query(always_reachable=backed_up(part)), limits, progress)
        return replace(
            found,
            dead_end=run(part, more.dead_end),
            statistics=total([answers.statistics, more.statistics]),
            limits=others | ({} if more.limit is None else {Property.BACKUP: more.limit}),
            interrupted=more.interrupted,
            savings=(saving, *symmetry(more)),
        )

    def backup(self, part: Part, limits: Limits, progress: ProgressListener = None) -> PartResult:
        """What can be found out about the backup of one part, by a search."""
        answers, _ = self.answers(part, self.instances, Query(always_reachable=backed_up(part)), limits, progress)
        return PartResult(
            part,
            dead_end=run(part, answers.dead_end),
            statistics=answers.statistics,
            limits={} if answers.limit is None else {Property.BACKUP: answers.limit},
            interrupted=answers.interrupted,
            savings=tuple(symmetry(answers)),
        )

    def answers(
        self, part: Part, instances: int, questions: Query, limits: Limits, progress: ProgressListener
    ) -> tuple[SearchResult, System | None]:
        """The answers of the engine, with the system that it searched."""
        try:
            built = part.system(instances)
        except LimitReached as error:
            return nothing_found(questions, str(error)), None
        engines = [ENGINES[self.engine]]
        if self.enumerates and instances > 1 and Reduction.SYMMETRY in self.reductions:
            engines.insert(0, symmetric)
        return first_applicable(engines, built, questions, limits, progress), built

    def questions(self, part: Part, instances: int) -> Query:
        """What is asked of the engine: first the anomalies, index by index, then the losses."""
        wanted = qualities(part.architecture, part.plan, instances)
        return Query(
            tuple(anomaly.formula for anomaly in wanted.anomalies if Property.CONSISTENCY in self.asked)
            + tuple(loss.formula for loss in wanted.losses if Property.NO_EXTRA_LOSS in self.asked),
            wanted.denied if Property.AVAILABILITY in self.asked else None,
            wanted.backed_up if Property.BACKUP in self.asked else None,
        )

    def found(self, part: Part, instances: int, answers: SearchResult) -> PartResult:
        """What the answers to all questions say."""
        wanted = qualities(part.architecture, part.plan, instances)
        anomalies = wanted.anomalies if Property.CONSISTENCY in self.asked else ()
        losses = wanted.losses if Property.NO_EXTRA_LOSS in self.asked else ()
        runs = [
            {timing: Run(part, path, each.index) for timing, path in paths.items()}
            for each, paths in zip(anomalies, answers.settled, strict=False)
        ]
        lost = [
            {timing: Run(part, path, each.event.index) for timing, path in paths.items()}
            for each, paths in zip(losses, answers.settled[len(anomalies) :], strict=True)
        ]
        return PartResult(
            part,
            at_any_index(runs, instances),
            at_any_index(lost, instances),
            run(part, answers.reachable),
            run(part, answers.dead_end),
            False,
            answers.can_recover and (bool(answers.settled) or some_run_recovers(part.architecture, part.plan)),
            answers.statistics,
            {} if answers.limit is None else dict.fromkeys(self.asked, answers.limit),
            answers.interrupted,
        )

    def choices(self, part: Part) -> str:
        """How many states there are at the least with all indices: what each can do first, it can do or not."""
        one, two = (free_choices(Packing(part.system(number))) for number in (1, 2))
        return f"2^{one + (self.instances - 1) * (two - one)}"


def one_index_applies(part: Part) -> bool:
    """Whether the one-index rule applies to a part."""
    try:
        return one_index_suffices(part.system(2))
    except LimitReached:
        return False


def cannot_block_backup(part: Part) -> bool:
    """Whether the part never keeps a backup from being completed, as far as can be argued."""
    try:
        return may_divide(part.plan) and can_always_be_completed(part.system(1))
    except LimitReached:
        return False


def never_backed_up(part: Part) -> bool:
    """Whether a service of the part is never backed up."""
    return any(part.plan.mode_of(service.name).never_backed_up for service in part.architecture.services)


def backed_up(part: Part) -> Formula:
    """What must stay possible: that every service is backed up."""
    return qualities(part.architecture, part.plan, 1).backed_up


def run(part: Part, path: Path | None) -> Run | None:
    """The run that an engine found, if it did."""
    return None if path is None else Run(part, path)


def at_any_index(runs: list[dict[Timing, Run]], instances: int) -> tuple[Runs, ...]:
    """Of runs for each index, index by index, the shortest at any of them."""
    each = len(runs) // instances
    return tuple(
        {
            timing: min((found[timing] for found in runs[number::each] if timing in found), key=len)
            for timing in Timing
            if any(timing in found for found in runs[number::each])
        }
        for number in range(each)
    )


def symmetry(answers: SearchResult) -> Iterable[Saving]:
    """What the symmetry of indices saved, if it was used."""
    statistics = answers.statistics
    if statistics.represented:
        yield Saving(Reduction.SYMMETRY, statistics.states, f"{statistics.represented:,}")


def total(statistics: Iterable[Statistics]) -> Statistics:
    """What several searches took together."""
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
        return next(Rules(architecture, plan, 1).disasters(), None) is not None
    except LimitReached:
        return True
