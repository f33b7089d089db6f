"""The verdicts of the precedence engine on an architecture under a plan: runs for all queries, made of real actions.

Every run is confirmed by the interpreter when it is found.  Runs of many services are shown in a slice: the use cases
that have a part in the run, with all that their steps speak of.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cached_property, partial

from bac.model.errors import LimitReached
from bac.model.plan import Scope, Timing
from bac.model.semantics import Rules
from bac.model.setting import MOST_CRASH_SETS
from bac.model.system import ActionKind, Label
from bac.proofs.engine import LimitMonitor, Path, Statistics
from bac.proofs.precedence.engine import Precedence
from bac.proofs.precedence.formulas import members
from bac.proofs.precedence.progress import always_drains
from bac.proofs.precedence.runs import Rehearsal, Runs, Sequences
from bac.proofs.precedence.search import Effort, Found, TooManyNodes
from bac.proofs.precedence.slices import closed, restricted, sliced
from bac.proofs.reductions.part_search import MANY_SERVICES, CheckOptions, Part, PartResult, Run, WholeRun
from bac.properties.anomalies import Anomaly, anomalies
from bac.properties.formula import FALSE, Formula, facts
from bac.properties.qualities import Property, backed_up, losses

MOST_NODES = 2_000
"""The number of nodes after which the search for one shortest run hurries."""
PATIENCE = 60_000
"""The number of nodes of all searches for a plan after which each hurries after :data:`FEW_NODES`."""
FEW_NODES = 200
"""The number of nodes of a search that takes no time to speak of."""
Question = Hashable
"""The subject of a query: the identity of an anomaly, or the event of a loss."""
Asked = tuple[Callable[[Timing], Hashable], Formula, Question]
"""A query with its formula, and for each timing a name for all of whose runs only the shortest is told."""


class FoundRun(Run):
    """A run that was found and confirmed.  Its actions are listed on demand."""

    index = 1
    confirmed = True

    def __init__(
        self, check: PrecedenceCheck, wanted: Formula, question: Question, timing: Timing, lengths: tuple[int, int]
    ) -> None:
        """Keep what leads to the run again; ``lengths`` are those of a shortest one at least, and of this one."""
        self.check, self.wanted, self.question, self.timing = check, wanted, question, timing
        self._least, self._length = lengths
        self.kept: Found | None = None

    @property
    def in_all(self) -> int:
        """The number of actions in the whole."""
        return self._length

    @property
    def least(self) -> int:
        """The number of actions of a shortest run in the whole, at least."""
        return self._least

    def unless(self, bound: int) -> None:
        """Take into account that another run may do with so many actions."""
        self._least = min(self._least, bound)

    @cached_property
    def shown(self) -> tuple[Part, Path]:
        """The part in which it is shown, and its actions there."""
        found = self.kept or self.check.precedence.shortest(self.wanted, self.timing)
        assert found is not None
        return next(self.check.showings(found, self.wanted, self.question, self.timing))


class PrecedenceCheck:
    """Decides the properties of an architecture under a plan.

    Raises:
        NotApplicable: the plan has something that is not covered.
    """

    def __init__(
        self, whole: Part, options: CheckOptions, monitor: LimitMonitor, most: int | None = MOST_NODES
    ) -> None:
        """Number everything; ``most`` is the number of nodes after which a search hurries."""
        self.whole, self.options, self.monitor = whole, options, monitor
        self.effort = Effort(most, monitor.check)
        self.precedence = Precedence(whole.architecture, whole.plan, self.effort)
        self.limits: dict[Property, str] = {}
        self.rehearsal = Rehearsal(Rules(whole.architecture, whole.plan, 1), self.precedence.backups)
        self._slices: dict[object, Part] = {}

    def result(self) -> PartResult:
        """The runs for all properties but a backup under locks that wait until nothing is in flight.

        What was not found before the time was over, or among so many possibilities, is open.
        """
        asked, began = self.options.properties, time.monotonic()
        shown = self.anomalies() if Property.CONSISTENCY in asked else ()
        lost = self.losses() if Property.NO_EXTRA_LOSS in asked else ()
        self.effort.check = lambda: None  # what was found can be found again
        stuck = Property.BACKUP in asked and self.never_complete
        return PartResult(
            self.whole,
            shown,
            lost,
            self.denied() if Property.AVAILABILITY in asked else None,
            WholeRun(self.before_disasters(self.whole), ()) if stuck else None,
            any_number=True,
            can_recover=self.precedence.can_recover,
            statistics=Statistics(seconds=time.monotonic() - began),
            limits=self.limits,
        )

    # Settled states

    def anomalies(self) -> tuple[Mapping[Timing, Run], ...]:
        """The runs that show each anomaly."""
        wanted = [(partial(alike, each), each.formula, each.identity) for each in self.whole.wanted]
        return self.answers(Property.CONSISTENCY, wanted)

    def losses(self) -> tuple[Mapping[Timing, Run], ...]:
        """The runs that lose each backed event."""
        lost = losses(self.whole.architecture, self.whole.plan, 1)
        return self.answers(Property.NO_EXTRA_LOSS, [(lambda _: None, each.formula, each.event) for each in lost])

    def answers(self, which: Property, asked: Sequence[Asked]) -> tuple[Mapping[Timing, Run], ...]:
        """The runs that answer each query about a property."""
        bounds: dict[Hashable, int] = {}
        answers: list[dict[Timing, FoundRun]] = [{} for _ in asked]
        for (named, wanted, question), runs in zip(asked, answers, strict=True):
            for timing in self.precedence.timings:
                try:
                    run = self.found(wanted, question, timing)
                except (LimitReached, TooManyNodes) as limit:
                    self.limits[which] = str(limit)
                    bound = limit.least if isinstance(limit, TooManyNodes) else 1
                    bounds[named(timing)] = min(bound, bounds.get(named(timing), bound))
                    continue
                if run is None:
                    break  # what cannot be at any time cannot be at rest
                runs[timing] = run
        for (named, _, _), runs in zip(asked, answers, strict=True):
            for timing, run in runs.items():
                run.unless(bounds.get(named(timing), run.least))
        return tuple(answers)

    def found(self, wanted: Formula, question: Question, timing: Timing) -> FoundRun | None:
        """A shortest run that satisfies a formula, confirmed."""
        self.monitor.check()
        before = self.precedence.nodes
        found = self.precedence.shortest(wanted, timing)
        if self.effort.most is not None and self.precedence.nodes > PATIENCE:
            self.effort.most = min(self.effort.most, FEW_NODES)
        if found is None:
            return None
        length = self.rehearsal.confirm(found, wanted, timing is Timing.AT_REST)
        run = FoundRun(self, wanted, question, timing, (found.least, length))
        run.kept = found if self.precedence.nodes - before > FEW_NODES else None
        return run

    # How a run is shown

    def showings(
        self, found: Found, wanted: Formula, question: Question, timing: Timing
    ) -> Iterator[tuple[Part, Path]]:
        """Yield ways to show a run: in slices in which it shows the same, or as a whole."""
        if not self.is_large:
            part = self.narrowed(found)
            yield part, Runs(part.system(1)).run(found, wanted, timing is Timing.AT_REST)
            return
        happened = {self.precedence.events.names[event].use_case for event in members(found.decisions.happened)}
        mentioned = {event.use_case for fact in facts(wanted) for event in fact.events}
        for cases in (happened, happened | mentioned):
            part = self.slice(closed(self.whole.architecture, cases), found)
            kept = [service.name for service in part.architecture.services]
            sequences = Sequences(found, few=True, shown=self.precedence.backups.mask(kept)).sequences()
            if (formula := formulas(part).get(question)) is not None:
                before = (restricted(path, kept) for path in sequences)
                path = Runs(part.system(1)).shown(before, found, formula, timing is Timing.AT_REST)
                if path is not None:
                    yield part, path
        yield self.whole, self.rehearsal.run(found, wanted, timing is Timing.AT_REST)

    @property
    def is_large(self) -> bool:
        """Whether runs are shown in slices."""
        return len(self.whole.architecture.services) > MANY_SERVICES

    def slice(self, cases: frozenset[str], found: Found) -> Part:
        """The slice with these use cases, and the services that are needed to show a run."""
        crash = None
        if self.whole.plan.disaster.scope is not Scope.WHOLE:
            crash = self.rehearsal.disaster(found, False).services
        first = self.rehearsal.names(self.rehearsal.first(found))
        key = cases, crash, first
        if key not in self._slices:
            self._slices[key] = sliced(self.whole, cases, first, crash)
        return self._slices[key]

    def narrowed(self, found: Found) -> Part:
        """The whole; if too many sets of services may crash, with those alone that do so in a run."""
        if not self.has_too_many_disasters:
            return self.whole
        crash = self.rehearsal.disaster(found, False).services
        if crash not in self._slices:
            disaster = replace(self.whole.plan.disaster, scope=(crash,))
            self._slices[crash] = replace(self.whole, plan=replace(self.whole.plan, disaster=disaster))
        return self._slices[crash]

    @property
    def has_too_many_disasters(self) -> bool:
        """Whether any services may crash, and there are too many to list the sets of them."""
        inside = self.precedence.backups.inside.bit_count()
        return self.whole.plan.disaster.scope is Scope.ANY and 2 ** min(inside, 64) > MOST_CRASH_SETS

    def before_disasters(self, part: Part) -> Part:
        """A part for runs without a disaster."""
        if not self.has_too_many_disasters:
            return part
        return replace(part, plan=replace(part.plan, disaster=replace(part.plan.disaster, scope=Scope.WHOLE)))

    # The other properties

    def denied(self) -> Run | None:
        """A shortest run in which a command is held back."""
        happened = min(self.precedence.held_back(), key=lambda pair: self.precedence.steps(pair[0]), default=None)
        if happened is None:
            return None
        before, event = happened
        events = self.precedence.events
        part = self.before_disasters(self.whole)
        if self.is_large:
            cases = {events.names[each].use_case for each in members(before | 1 << event)}
            part = sliced(self.whole, closed(self.whole.architecture, cases), (), None)
        lock = Label(ActionKind.LOCK, services=part.plan.group_of(events.steps[event].service).services)
        path = (*sorted_steps(self.precedence, before), lock, Label(ActionKind.DENY, (events.names[event],)))
        Runs(part.system(1)).follow(path)
        return WholeRun(part, path)

    @cached_property
    def never_complete(self) -> bool:
        """Whether a backup is never complete, as some service is never backed up."""
        return backed_up(self.whole.architecture, self.whole.plan) == FALSE

    @cached_property
    def backup_is_decided(self) -> bool:
        """Whether it is known that a backup can always, or never, be completed."""
        return self.never_complete or always_drains(self.precedence.events, self.precedence.backups)


def alike(anomaly: Anomaly, timing: Timing) -> Hashable:
    """The parts of an anomaly that are equal in all that are told as one."""
    return anomaly.kind, anomaly.subject, anomaly.blame, timing


def formulas(part: Part) -> dict[Question, Formula]:
    """The formulas of a part's anomalies and losses."""
    architecture, plan = part.architecture, part.plan
    found: dict[Question, Formula] = {each.identity: each.formula for each in anomalies(architecture, plan, 1)}
    return found | {loss.event: loss.formula for loss in losses(architecture, plan, 1)}


def sorted_steps(precedence: Precedence, happened: int) -> list[Label]:
    """The steps that log some events, in order."""
    order = precedence.events.order_of(happened)
    assert order is not None
    labels, done = list[Label](), set[int]()
    while len(done) < len(order):
        block = min(block for block in order if block not in done and order[block] <= done)
        done.add(block)
        events = tuple(precedence.events.names[event] for event in members(precedence.events.blocks[block]))
        labels.append(Label(ActionKind.STEP, events))
    return labels
