"""The verdicts of the precedence engine on an architecture under a plan: runs for all queries, made of real actions.

Runs of architectures with many services are shown in a part: the use cases that have a part in the run, with all that
their steps speak of.
"""

from __future__ import annotations

import time
from collections.abc import Hashable, Iterable, Mapping
from dataclasses import replace
from functools import cached_property

from bac.model.architecture import Entity, Step
from bac.model.errors import Contradiction
from bac.model.plan import Scope, Timing
from bac.model.setting import MOST_CRASH_SETS
from bac.model.system import ActionKind, Event, Label
from bac.proofs.engine import LimitMonitor, Statistics
from bac.proofs.precedence.engine import Precedence
from bac.proofs.precedence.formulas import Kind, members
from bac.proofs.precedence.progress import always_drains
from bac.proofs.precedence.runs import Runs
from bac.proofs.precedence.search import Found
from bac.proofs.reductions.decomposition import MANY_SERVICES, Divider, Part, may_divide
from bac.proofs.reductions.part_search import CheckOptions, PartResult, Run
from bac.properties.anomalies import anomalies
from bac.properties.formula import FALSE, Formula, facts
from bac.properties.qualities import Property, backed_up, losses

Question = Hashable
"""The subject of a query: the identity of an anomaly, or the event of a loss."""


class Stage:
    """The part of an architecture in which some runs are shown.

    If any services may crash, and there are many, each run is shown under a plan in which those crash that do in it.
    """

    def __init__(self, part: Part) -> None:
        """Keep the options; no table is built yet."""
        self.part = part
        inside = [service for service in part.architecture.services if not service.external]
        self.narrows = part.plan.disaster.scope is Scope.ANY and 2 ** len(inside) > MOST_CRASH_SETS
        self._narrowed: dict[tuple[str, ...] | None, Part] = {None: part}

    @cached_property
    def precedence(self) -> Precedence:
        """The engine for the part."""
        return Precedence(self.part.architecture, self.part.plan)

    @cached_property
    def formulas(self) -> dict[Question, Formula]:
        """The formulas of the part's anomalies and losses."""
        architecture, plan = self.part.architecture, self.part.plan
        found: dict[Question, Formula] = {each.identity: each.formula for each in anomalies(architecture, plan, 1)}
        return found | {loss.event: loss.formula for loss in losses(architecture, plan, 1)}

    def run(self, found: Found, wanted: Formula, timing: Timing) -> Run:
        """The run that was found in this part, made of actions that the interpreter confirms."""
        part = self.narrowed(found) if self.narrows else self.part
        return Run(part, Runs(part.system(1)).run(found, wanted, timing is Timing.AT_REST), 1)

    def narrowed(self, found: Found) -> Part:
        """The part under a plan in which only the services crash that do in a run."""
        names = self.precedence.backups.names
        crash = tuple(names[service] for service in members(found.decisions.yes[Kind.RESTORED]))
        if crash not in self._narrowed:
            disaster = replace(self.part.plan.disaster, scope=(crash,))
            self._narrowed[crash] = replace(self.part, plan=replace(self.part.plan, disaster=disaster))
        return self._narrowed[crash]

    @cached_property
    def before_disasters(self) -> Part:
        """The part for runs without a disaster."""
        if not self.narrows:
            return self.part
        disaster = replace(self.part.plan.disaster, scope=Scope.WHOLE)
        return replace(self.part, plan=replace(self.part.plan, disaster=disaster))

    def denial(self, steps: list[Label], event: Event, service: str) -> Run:
        """The run in which these steps happen, the group of a service is locked, and a call there is held back."""
        part = self.before_disasters
        lock = Label(ActionKind.LOCK, services=part.plan.group_of(service).services)
        path = (*steps, lock, Label(ActionKind.DENY, (event,)))
        Runs(part.system(1)).follow(path)
        return Run(part, path)


class PrecedenceCheck:
    """Decides the properties of an architecture under a plan.

    Raises:
        NotApplicable: the plan has something that is not covered.
    """

    def __init__(self, whole: Part, options: CheckOptions, monitor: LimitMonitor) -> None:
        """Number everything."""
        self.whole, self.options, self.monitor = whole, options, monitor
        self.precedence = Precedence(whole.architecture, whole.plan)
        self._stages: dict[frozenset[str], Stage] = {}

    def result(self) -> PartResult:
        """The runs for all properties but a backup under locks that wait until nothing is in flight.

        Raises:
            LimitReached: the time is over.
            NotApplicable: a search for a shortest run takes too long.
        """
        asked, began = self.options.properties, time.monotonic()
        shown = self.anomalies() if Property.CONSISTENCY in asked else ()
        lost = self.losses() if Property.NO_EXTRA_LOSS in asked else ()
        return PartResult(
            self.whole,
            shown,
            lost,
            self.denied() if Property.AVAILABILITY in asked else None,
            Run(self.stage_of_whole.before_disasters, ()) if Property.BACKUP in asked and self.never_complete else None,
            any_number=True,
            can_recover=self.precedence.can_recover,
            statistics=Statistics(seconds=time.monotonic() - began),
        )

    # Settled states

    def anomalies(self) -> tuple[Mapping[Timing, Run], ...]:
        """The runs that show each anomaly."""
        return tuple(self.shown(anomaly.formula, anomaly.identity) for _, anomaly in self.whole.wanted)

    def losses(self) -> tuple[Mapping[Timing, Run], ...]:
        """The runs that lose each backed event."""
        lost = losses(self.whole.architecture, self.whole.plan, 1)
        return tuple(self.shown(loss.formula, loss.event) for loss in lost)

    def shown(self, wanted: Formula, question: Question) -> dict[Timing, Run]:
        """The shortest runs that satisfy a formula; each is made of actions, and so confirmed."""
        self.monitor.check()
        found = self.precedence.settled(wanted)
        return {timing: self.run(each, wanted, question, timing) for timing, each in found.items()}

    def run(self, found: Found, wanted: Formula, question: Question, timing: Timing) -> Run:
        """A run that was found, in the whole or in a part of it."""
        if not self.divides:
            return self.stage_of_whole.run(found, wanted, timing)
        cases = self.cases(found.decisions.happened)
        run = self.shown_in(self.stage(cases), found.length, question, timing)
        if run is None:
            mentioned = {event.use_case for fact in facts(wanted) for event in fact.events}
            run = self.shown_in(self.wide_stage(cases | mentioned), found.length, question, timing)
        if run is None:
            raise Contradiction(f"a run of {found.length} actions has another length in a part of the architecture")
        return run

    @staticmethod
    def shown_in(stage: Stage, length: int, question: Question, timing: Timing) -> Run | None:
        """The run of this length in a part; ``None`` if there it takes other services, or is judged otherwise."""
        wanted = stage.formulas.get(question)
        found = None if wanted is None else stage.precedence.shortest(wanted, timing)
        if wanted is None or found is None:
            return None
        run = stage.run(found, wanted, timing)
        return run if run.in_all == length else None

    # Parts

    @cached_property
    def divides(self) -> bool:
        """Whether runs are shown in parts."""
        return len(self.whole.architecture.services) > MANY_SERVICES and may_divide(self.whole.plan)

    @cached_property
    def stage_of_whole(self) -> Stage:
        """The architecture, undivided."""
        return Stage(self.whole)

    @cached_property
    def divider(self) -> Divider:
        """Takes parts out of the whole."""
        return Divider(self.whole.architecture, self.whole.plan)

    def stage(self, cases: frozenset[str]) -> Stage:
        """The part with these use cases, and all that create what their steps speak of."""
        closed = self.closed(cases)
        if closed not in self._stages:
            self._stages[closed] = Stage(self.divider.part(closed, ()))
        return self._stages[closed]

    def wide_stage(self, cases: frozenset[str]) -> Stage:
        """The same use cases with all services."""
        closed = self.closed(cases)
        architecture = self.whole.architecture
        kept = tuple(case for case in architecture.use_cases if case.name in closed)
        return Stage(Part(replace(architecture, use_cases=kept), self.whole.plan, ()))

    def cases(self, happened: int) -> frozenset[str]:
        """The use cases of some events."""
        return frozenset(self.precedence.events.names[event].use_case for event in members(happened))

    def closed(self, cases: Iterable[str]) -> frozenset[str]:
        """Some use cases, and those that create what their steps speak of."""
        found, todo = set(cases), list(cases)
        while todo:
            for name in self.spoken_of(todo.pop()) - found:
                found.add(name)
                todo.append(name)
        return frozenset(found)

    def spoken_of(self, name: str) -> set[str]:
        """The use cases that create the entities, and make the links, of which a use case speaks."""
        architecture = self.whole.architecture
        found = set[str]()
        for step in architecture.by_use_case[name].steps:
            found |= {architecture.creators[entity][0].name for entity in entities(step)}
            if step.unlinks is not None:
                found.add(architecture.links[step.unlinks][0].name)
        return found

    # The other properties

    def denied(self) -> Run | None:
        """A shortest run in which a command is held back."""
        happened = min(self.precedence.held_back(), key=lambda pair: self.precedence.steps(pair[0]), default=None)
        if happened is None:
            return None
        before, event = happened
        events = self.precedence.events
        stage = self.stage_of_whole
        if self.divides:
            stage = self.stage(self.cases(before | 1 << event))
        return stage.denial(sorted_steps(self.precedence, before), events.names[event], events.steps[event].service)

    @cached_property
    def never_complete(self) -> bool:
        """Whether a backup is never complete, as some service is never backed up."""
        return backed_up(self.whole.architecture, self.whole.plan) == FALSE

    @cached_property
    def backup_is_decided(self) -> bool:
        """Whether it is known that a backup can always, or never, be completed."""
        return self.never_complete or always_drains(self.precedence.events, self.precedence.backups)


def entities(step: Step) -> list[Entity]:
    """The entities of which a step speaks."""
    return [step.entity, *(link.target for link in step.links), *step.needs]


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
