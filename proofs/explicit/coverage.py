"""Which steps some run takes, and which use cases can get stuck: small searches for each use case of a plan.

Only what happens before a disaster counts.  The search for a use case has the use cases that its steps speak of,
directly or not, and of the backup what can hold these back; whatever else there is writes no fact that they read.
All answers are read off final states (:mod:`bac.proofs.explicit.final_states`):

- a step happens in some run exactly if it is logged in a final state;
- a use case can get stuck exactly if it is begun, and not finished, in a final state.

The first search is without the backup.  Backups only ever hold steps back (which is checked on the actions), so what
never happens without them never happens, and what gets stuck without them gets stuck beside them.  Where a lock can
hold a step back, a second search has the backup, too.  What gets stuck there does so in the whole, because use cases
that have not begun stand in the way of no backup.  The other way round, it shows all that can get stuck if it has all
use cases, or if each of them can always get out of the way of the backup
(:mod:`bac.proofs.reductions.backup_progress`), so that every lock is released in the end.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Hashable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property

from bac.model.architecture import Architecture, Step, Tolerance, UseCase
from bac.model.errors import LimitReached
from bac.model.guard import Guard
from bac.model.plan import Disaster, Plan
from bac.model.semantics import Rules
from bac.model.system import Action, ActionKind, Event, Fact, System, logged
from bac.proofs.explicit.final_states import FinalStates, lacks
from bac.proofs.reductions.backup_progress import can_always_be_completed
from bac.proofs.reductions.decomposition import MANY_SERVICES, reachable, shape
from bac.proofs.reductions.slicing import relevant
from bac.properties.coverage import Obstacle, Place, PlanCoverage, StepCoverage, UseCaseCoverage, no_recovery
from bac.properties.waiting import Waiting

MOST_STATES = 2_000
"""The states of one search when a specification is checked."""
MOST_IN_ALL = 20_000
"""The states of all searches for one specification when it is checked."""
TOO_LARGE = "the search was too large"
NOT_TOGETHER = "a lock can hold it back, and not all use cases were searched together"
"""Why something is not known."""


@dataclass
class Budget:
    """How many states a search may visit, and all searches together; ``check`` may raise LimitReached to stop."""

    each: int = MOST_STATES
    left: int = MOST_IN_ALL
    check: Callable[[], None] = lambda: None

    def final_states(self, system: System) -> FinalStates:
        """Search a system as far as is allowed.

        Raises:
            LimitReached: it is time to stop.
        """
        self.check()
        found = FinalStates(system, min(self.each, self.left))
        self.left -= len(found.visited)
        return found


def coverage(
    architecture: Architecture, plans: Iterable[Plan], budget: Budget | None = None, thorough: bool = False
) -> list[PlanCoverage]:
    """Return what happens under each of these plans, with one instance of every use case.

    Args:
        architecture: the architecture.
        plans: some of its plans.
        budget: the limits; what they leave open is not known.
        thorough: whether to search all use cases together, where only that can show that one never gets stuck.
    """
    shared = budget or Budget()
    return [PlanSearch(architecture, plan, shared, thorough).result() for plan in plans]


@dataclass(frozen=True)
class CaseCoverage:
    """The answers about one use case and its steps."""

    steps: tuple[StepCoverage, ...]
    use_case: UseCaseCoverage

    @property
    def nothing_to_tell(self) -> bool:
        """Whether no answer names anything, so that the answers hold for every use case of this shape."""
        return self.use_case.finishes is not False and all(step.happens is not False for step in self.steps)

    def of(self, case: UseCase) -> CaseCoverage:
        """The same answers for another use case of this shape."""
        steps = (replace(each, place=(case.name, each.place[1])) for each in self.steps)
        return CaseCoverage(tuple(steps), replace(self.use_case, name=case.name))


def unknown(case: UseCase, reason: str) -> CaseCoverage:
    """The answers if nothing is known, for this reason."""
    steps = (StepCoverage((case.name, step.number), None, reason) for step in case.steps)
    return CaseCoverage(tuple(steps), UseCaseCoverage(case.name, None, reason=reason))


class PlanSearch:
    """The searches for one plan."""

    def __init__(self, architecture: Architecture, plan: Plan, budget: Budget, thorough: bool) -> None:
        """Nothing is searched yet."""
        self.architecture, self.plan, self.budget, self.thorough = architecture, plan, budget, thorough
        self.rules = Rules(architecture, plan, 1)
        self.divisible = all(group.mode.omission is not None for group in plan.groups)
        self.known: dict[Hashable, CaseCoverage] = {}

    def result(self) -> PlanCoverage:
        """Return the answers about all steps and use cases."""
        found = [self.answers(case) for case in self.architecture.use_cases]
        steps = tuple(step for each in found for step in each.steps)
        return PlanCoverage(self.plan.name, steps, tuple(each.use_case for each in found), self.no_recovery())

    def no_recovery(self) -> str:
        """Return why no run ever recovers; nothing if some run does, or if there are too many disasters to tell."""
        try:
            return no_recovery(self.rules)
        except LimitReached:
            return ""

    def answers(self, case: UseCase) -> CaseCoverage:
        """Return the answers about a use case: those about another one of its shape, or those of a search."""
        try:
            rules = self.around(case)
            place = [each.name for each in rules.architecture.use_cases].index(case.name)
            like = (place, shape(rules.architecture, rules.plan, ()))
            if like in self.known:
                return self.known[like].of(case)
            found = self.search(case, rules)
        except LimitReached as limit:
            return unknown(case, str(limit))
        if found.nothing_to_tell:
            self.known[like] = found
        return found

    def search(self, case: UseCase, rules: Rules) -> CaseCoverage:
        """Search for the answers, first among the use cases that this one reads, then if need be among all."""
        whole = len(rules.architecture.use_cases) == len(self.architecture.use_cases)
        part = CaseSearch(case, rules, self.budget, whole, self.divisible)
        found = part.answers()
        if whole or found.use_case.finishes is not None or not part.may_be_held_back:
            return found
        if self.thorough and part.only_held_back and part.alone.complete and self.always_released:
            return replace(found, use_case=UseCaseCoverage(case.name, True))
        if self.small and (self.thorough or not self.divisible):
            together = CaseSearch(case, self.rules, self.budget, True, self.divisible).answers()
            return replace(together, steps=found.steps) if part.only_held_back else together
        return found

    @property
    def small(self) -> bool:
        """Whether the whole may be searched."""
        return len(self.architecture.services) <= MANY_SERVICES

    # What a use case reads

    @cached_property
    def reads(self) -> Mapping[str, set[str]]:
        """For each use case those that its steps speak of, itself among them."""
        found = {case.name: {case.name} for case in self.architecture.use_cases}
        for case, step in self.architecture.steps():
            entities = (step.entity, *(link.target for link in step.links), *step.needs)
            found[case.name].update(self.architecture.creators[entity][0].name for entity in entities)
            if step.unlinks is not None:
                found[case.name].add(self.architecture.links[step.unlinks][0].name)
        for action in self.rules.steps():
            spoken = (event.use_case for fact in action.facts() for event in fact.events)
            found[action.label.events[0].use_case].update(spoken)
        return found

    def around(self, case: UseCase) -> Rules:
        """The rules of what a use case reads, directly or not, with the services in which that happens.

        Of a group whose mode does not say how services may be left out, all services stay.
        """
        names = reachable(case.name, self.reads)
        cases = tuple(each for each in self.architecture.use_cases if each.name in names)
        kept = {step.service for each in cases for step in each.steps}
        for group in self.plan.groups:
            if group.mode.omission is None and not kept.isdisjoint(group.services):
                kept.update(group.services)
        services = tuple(service for service in self.architecture.services if service.name in kept)
        alone = replace(self.architecture, services=services, use_cases=cases, tolerance=Tolerance(), caches=())
        return Rules(alone, restricted(self.plan, kept), 1)

    @cached_property
    def always_released(self) -> bool:
        """Whether it can be shown, use case by use case, that every lock is released in the end."""
        if not self.divisible:
            return False
        around = {frozenset(reachable(case.name, self.reads)): case for case in self.architecture.use_cases}
        systems = (before_disaster(self.around(case)) for case in around.values())
        try:
            return all(can_always_be_completed(system, self.budget.check) for system in systems)
        except LimitReached:
            return False


def restricted(plan: Plan, services: Collection[str]) -> Plan:
    """What a plan says of these services before a disaster."""
    groups = (replace(each, services=tuple(s for s in each.services if s in services)) for each in plan.groups)
    return replace(
        plan,
        groups=tuple(group for group in groups if group.services),
        order=tuple(service for service in plan.order if service in services),
        disaster=Disaster(),
    )


class CaseSearch:
    """The searches for one use case.

    Args:
        case: the use case.
        rules: those of an architecture that has all that the use case reads.
        budget: the limits.
        whole: whether that is the whole architecture.
        divisible: whether what gets stuck in a part does so in the whole.
    """

    def __init__(self, case: UseCase, rules: Rules, budget: Budget, whole: bool, divisible: bool) -> None:
        """Search without the backup, and beside it where that can make a difference."""
        self.case, self.rules, self.whole = case, rules, whole
        self.done = {step.number: rules.done(self.event(step)) for step in case.steps}
        system = before_disaster(rules)
        everything = self.slice(system)
        self.may_be_held_back = any(not action.label.events for action in everything.actions)
        self.only_held_back = not self.may_be_held_back or only_holds_back(everything)
        self.alone = budget.final_states(self.slice(without_backup(system)))
        beside = self.may_be_held_back and (whole or divisible)
        self.beside = budget.final_states(everything) if beside else None

    def event(self, step: Step) -> Event:
        """The event of a step of the use case."""
        return Event(self.case.name, step.number, 1)

    def slice(self, system: System) -> System:
        """What decides whether the steps of the use case are done."""
        return relevant(system, [fact for facts in self.done.values() for fact in facts])

    # Answers

    def answers(self) -> CaseCoverage:
        """Return what the searches show."""
        return CaseCoverage(tuple(map(self.step, self.case.steps)), self.use_case())

    def step(self, step: Step) -> StepCoverage:
        """Return whether a step ever happens."""
        place, event = (self.case.name, step.number), self.event(step)
        if any(search.reaches(logged(event)) for search in (self.alone, self.beside) if search is not None):
            return StepCoverage(place, True)
        search = self.alone if self.only_held_back else self.beside if self.whole else None
        if search is None or not search.complete:
            return StepCoverage(place, None, TOO_LARGE)
        waiting = self.waiting(search, min(search.found, key=lambda state: self.lacking(step, search, state)))
        return StepCoverage(place, False, waiting.sentence(event), waiting.cause(event).at == event)

    def use_case(self) -> UseCaseCoverage:
        """Return whether the use case can always be finished."""
        name, searches = self.case.name, [self.alone] if self.only_held_back else []
        searches += [] if self.beside is None else [self.beside]
        stuck = {place: reason for search in reversed(searches) for place, reason in self.obstacles(search)}
        if stuck:
            return UseCaseCoverage(name, False, tuple(Obstacle(place, stuck[place]) for place in sorted(stuck)))
        if not all(search.complete for search in searches):
            return UseCaseCoverage(name, None, reason=TOO_LARGE)
        decided = not self.may_be_held_back or (self.whole and self.beside is not None)
        return UseCaseCoverage(name, True) if decided else UseCaseCoverage(name, None, reason=NOT_TOGETHER)

    def obstacles(self, search: FinalStates) -> Iterator[tuple[Place, str]]:
        """Yield the steps at which the use case is stuck in some final state, each with what is missing there."""
        found: dict[int, list[int]] = {}
        for state in search.found:
            done = {number for number, facts in self.done.items() if state & search.mask(facts)}
            for step in self.case.steps if done else ():
                if step.number not in done and done.issuperset(step.predecessors):
                    found.setdefault(step.number, []).append(state)
        for number, states in found.items():
            step = self.case.step(number)
            nearest = min(states, key=lambda state: self.lacking(step, search, state))
            yield (self.case.name, number), self.waiting(search, nearest).sentence(self.event(step))

    # Reasons

    def lacking(self, step: Step, search: FinalStates, state: int) -> tuple[int, int]:
        """How far a state is from one in which a step can happen: missing predecessors, and all that is lacking."""
        earlier = sum(not state & search.mask(self.done[number]) for number in step.predecessors)
        event = self.event(step)
        actions = zip(search.system.actions, search.packing.actions, strict=True)
        steps = (packed for action, packed in actions if is_step(action, event))
        return earlier, sum(1 for packed in steps for _ in lacks(packed, state))

    def waiting(self, search: FinalStates, state: int) -> Waiting:
        """What explains a final state."""
        return Waiting(self.rules, search.system.actions, search.facts(state))


def is_step(action: Action, event: Event) -> bool:
    """Whether this is the action by which an event happens before a disaster."""
    return action.label.kind is ActionKind.STEP and event in action.label.events


def before_disaster(rules: Rules) -> System:
    """The system without disasters and recovery."""
    return declared([*rules.steps(), *rules.snapshots(), *rules.locks()])


def declared(actions: Iterable[Action]) -> System:
    """The system of these actions, and of the facts that they mention."""
    every = tuple(actions)
    return System(tuple(sorted({fact for action in every for fact in action.facts()})), every)


def own_actions(system: System) -> list[Action]:
    """The actions that belong to use cases, and not to the backup."""
    return [action for action in system.actions if action.label.events]


def only_by_backup(system: System) -> frozenset[Fact]:
    """The facts that the backup writes and that no use case can make true."""
    theirs = (action.written for action in system.actions if not action.label.events)
    return frozenset[Fact]().union(*theirs).difference(*(action.raised for action in own_actions(system)))


def without_backup(system: System) -> System:
    """The system in which only use cases do something; what only the backup makes true is false."""
    never = only_by_backup(system)
    return declared(left for action in own_actions(system) if (left := where_absent(action, never)) is not None)


def where_absent(action: Action, never: frozenset[Fact]) -> Action | None:
    """What is left of an action if these facts are false; ``None`` if it cannot happen then."""
    guard = Guard(action.require, action.forbid, action.clauses).given((), never)
    if guard.impossible:
        return None
    return replace(action, require=guard.require, forbid=guard.forbid, clauses=guard.clauses)


def only_holds_back(system: System) -> bool:
    """Whether all that the backup can do for a use case is to hold its steps back.

    So it is if each condition of a step that speaks of what the backup writes also holds where a fact is false that
    only the backup makes true.
    """
    written = frozenset[Fact]().union(*(action.written for action in system.actions if not action.label.events))
    never, own = only_by_backup(system), own_actions(system)
    conditions = (each for a in own for each in Guard(a.require, a.forbid, a.clauses).disjunctions)
    return not any(source in written for action in own for source, _ in action.copy) and all(
        written.isdisjoint(fact for fact, _ in each) or any(not holds and fact in never for fact, holds in each)
        for each in conditions
    )
