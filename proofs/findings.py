"""What searches found: runs, each in the part in which it was found; the interpreter confirms those that are shown."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace

from bac.model.architecture import Architecture, Service, Tolerance
from bac.model.errors import BacError, LimitReached
from bac.model.plan import Group, Plan, Timing
from bac.model.trace import Claim, Trace
from bac.proofs import replay
from bac.proofs.engine import Path, Statistics
from bac.proofs.reductions.catalogue import Saving
from bac.proofs.reductions.decomposition import Part, Renaming
from bac.properties.anomalies import Anomaly
from bac.properties.qualities import Property

CONFIRMED_STATES = 1000
"""Up to so many states the interpreter confirms that no backup can be completed any more."""


class Disagreement(BacError):
    """An engine's answer is not confirmed by the interpreter: a bug of the checker."""

    exit_code = 4


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
            Disagreement: the interpreter does not confirm that.
        """
        part = self.part
        claim = replace(claim, index=self.index)
        trace = Trace(part.architecture, part.plan, instances, claim, self.path, _system=part.system(instances))
        if (problem := objection(trace)) is not None:
            raise Disagreement(f"plan {part.plan.name}: the interpreter does not confirm {claim}: {problem}")
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


def single_service(architecture: Architecture, plan: Plan, service: Service) -> Part:
    """The part of an architecture with one service, of which nobody ever wants anything."""
    alone = replace(architecture, services=(service,), use_cases=(), tolerance=Tolerance(), references=False)
    group = Group(plan.mode_of(service.name), (service.name,))
    return Part(alone, Plan(plan.name, (group,)), ())
