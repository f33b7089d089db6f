"""Which steps some run takes, and which use cases can get stuck: small searches for each use case of a plan.

Only what happens before a disaster counts.  The search for a use case has the use cases that make or remove what its
steps name, directly or not, and of the backup what can hold these back; all else writes no fact that they read.
All answers are read off final states (:mod:`bac.proofs.explicit.final_states`):

- a step happens in some run exactly if it is logged in a final state;
- a use case can get stuck exactly if it is begun, and not finished, in a final state.

The first search is without the backup.  Backups only ever hold steps back (which is checked on the actions), so what
never happens without them never happens, and what gets stuck without them gets stuck beside them.  Where a lock can
hold a step back, a second search has the backup, too.  What gets stuck there does so in the whole, because use cases
that have not begun stand in the way of no backup.  That none gets stuck in the whole follows in two ways:

- it can always be finished by its own steps, or by those of the use cases that it reads, whatever else is done, locked
  or not done;
- every use case can always get out of the way of the backup (:mod:`bac.proofs.reductions.projection`), so that all
  locks are released in the end.

If that does not decide it, all use cases are searched together.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property, partial
from typing import TYPE_CHECKING

from bac.model.architecture import Architecture, Entity, Link, Place, Service, Step, Tolerance, UseCase
from bac.model.errors import LimitReached
from bac.model.modes import Lock
from bac.model.plan import Disaster, Plan
from bac.model.semantics import Rules
from bac.model.system import Action, ActionKind, Event, Fact, Label, System, logged
from bac.proofs.reductions.part_search import MANY_SERVICES
from bac.proofs.reductions.projection import (
    background,
    can_always_be_completed,
    is_separable,
    left_alone,
    only_holds_back,
    own_actions,
    relevant,
    without_backup,
)
from bac.properties.qualities import Obstacle, PlanCoverage, StepCoverage, UseCaseCoverage, no_recovery

if TYPE_CHECKING:
    from bac.proofs.explicit.final_states import FinalStates
    from bac.properties.waiting import Waiting

TOO_LARGE = "the search was too large"
NOT_TOGETHER = "a lock can hold it back, and the use cases were not searched together"
"""Why something is not known."""


@dataclass
class Budget:
    """How much may be searched, in units of one action tried in one state.

    Args:
        each: for one search.
        alone: for all searches without the backup.
        beside: for all searches with the backup.
        states: the most states of one search.
        check: called now and then; it may raise LimitReached to stop.
        known: the searches without the backup that are finished.
    """

    each: int = 60_000
    alone: int = 600_000
    beside: int = 100_000
    states: int = 1_000_000
    check: Callable[[], None] = lambda: None
    known: dict[System, FinalStates] = field(default_factory=dict)

    def without_backup(self, system: System) -> FinalStates:
        """Search a system in which no backup is taken; what is the same under several plans is searched once.

        Raises:
            LimitReached: it is time to stop.
        """
        if system not in self.known:
            self.known[system] = self._search(system, self.alone)
            self.alone -= self.known[system].work
        return self.known[system]

    def with_backup(self, system: System) -> FinalStates:
        """Search a system with its backup.

        Raises:
            LimitReached: it is time to stop.
        """
        found = self._search(system, self.beside)
        self.beside -= found.work
        return found

    def _search(self, system: System, left: int) -> FinalStates:
        from bac.proofs.explicit.final_states import FinalStates  # most checks need no search for this

        most = min(self.states, min(self.each, left) // max(1, len(system.actions)))
        return FinalStates(system, most, self.check)


def coverage(
    architecture: Architecture,
    plans: Sequence[Plan],
    instances: int = 1,
    budget: Budget | None = None,
    thorough: bool = False,
    progress: Callable[[int, int], None] | None = None,
) -> list[PlanCoverage]:
    """Return what happens under each of these plans.

    Args:
        architecture: the architecture.
        plans: some of its plans.
        instances: how many instances of every use case there are.
        budget: the limits; what they leave open is not known.
        thorough: whether to do what it takes to know that a use case which locks can hold back never gets stuck.
        progress: told how many plans of how many are finished.
    """
    shared, surroundings = budget or Budget(), Surroundings(architecture)
    found: list[PlanCoverage] = []
    for plan in plans:
        found.append(PlanSearch(surroundings, plan, instances, shared, thorough).result())
        if progress is not None:
            progress(len(found), len(plans))
    return found


def locks_are_always_released(architecture: Architecture, plan: Plan, budget: Budget) -> bool:
    """Whether it can be shown, use case by use case, that every lock of a plan is released in the end."""
    return is_separable(plan) and PlanSearch(Surroundings(architecture), plan, 1, budget, True).always_released


Cone = frozenset[str]
"""The names of use cases that read no others."""


def reachable(start: str, edges: Mapping[str, Iterable[str]]) -> set[str]:
    """Return the nodes of a graph that can be reached from one, itself included."""
    seen, stack = {start}, [start]
    while stack:
        for each in edges[stack.pop()]:
            if each not in seen:
                seen.add(each)
                stack.append(each)
    return seen


def largest(cones: Iterable[Cone]) -> Mapping[Cone, Cone]:
    """Return, for each of some sets of use cases, one that contains it and is contained in no other."""
    home: dict[Cone, Cone] = {}
    around: dict[str, list[Cone]] = {}
    for cone in sorted(cones, key=len, reverse=True):
        fewest = min((around.get(name, []) for name in cone), key=len, default=[])
        home[cone] = next((other for other in fewest if cone <= other), cone)
        if home[cone] == cone:
            for name in cone:
                around.setdefault(name, []).append(cone)
    return home


@dataclass(frozen=True)
class Surroundings:
    """Which other use cases can matter for the steps of each use case of an architecture."""

    architecture: Architecture

    @cached_property
    def reads(self) -> Mapping[str, set[str]]:
        """For each use case those that make or remove what its steps name; itself among them.

        Its actions before a disaster speak of the events of these only, because they ask what exists and what holds
        (:mod:`bac.model.guard`).
        """
        found = {case.name: {case.name} for case in self.architecture.use_cases}
        for case, step in self.architecture.steps():
            for what in named(step):
                found[case.name].update(other.name for other, _ in self.touched_by(what))
        return found

    def touched_by(self, what: Entity | Link) -> Iterator[tuple[UseCase, Step]]:
        """Yield the steps that make or remove something."""
        yield self.architecture.creators[what] if isinstance(what, Entity) else self.architecture.links[what]
        yield from self.architecture.removals.get(what, ())

    @cached_property
    def position(self) -> Mapping[str, int]:
        """The place of each use case in the file."""
        return {case.name: number for number, case in enumerate(self.architecture.use_cases)}

    @cached_property
    def services(self) -> Mapping[str, Service]:
        """The services by name."""
        return {service.name: service for service in self.architecture.services}

    @cached_property
    def around(self) -> Mapping[str, Cone]:
        """For each use case those that it reads, directly or not, and itself."""
        return {name: frozenset(reachable(name, self.reads)) for name in self.reads}

    @cached_property
    def home(self) -> Mapping[Cone, Cone]:
        """For each of these sets a largest one that has all of it."""
        return largest(dict.fromkeys(self.around.values()))

    def cases(self, cone: Cone) -> tuple[UseCase, ...]:
        """These use cases in the order of the file."""
        return tuple(self.architecture.by_use_case[name] for name in sorted(cone, key=self.position.__getitem__))

    def part(self, cases: tuple[UseCase, ...], services: Iterable[str]) -> Architecture:
        """The architecture with these use cases and services alone."""
        kept = tuple(self.services[name] for name in services)
        return replace(self.architecture, services=kept, use_cases=cases, tolerance=Tolerance(), caches=())


def named(step: Step) -> Iterator[Entity | Link]:
    """Yield the entities and links that a step names."""
    yield from (step.entity, *(link.target for link in step.links), *step.needs)
    if step.unlinks is not None:
        yield from (step.unlinks, step.unlinks.holder)


@dataclass(frozen=True)
class CaseCoverage:
    """The answers about one use case and its steps."""

    steps: tuple[StepCoverage, ...]
    use_case: UseCaseCoverage


def unknown(case: UseCase, reason: str) -> CaseCoverage:
    """The answers if nothing is known, for this reason."""
    steps = (StepCoverage((case.name, step.number), None, reason) for step in case.steps)
    return CaseCoverage(tuple(steps), UseCaseCoverage(case.name, None, None, reason=reason))


def all_is_well(case: UseCase, finishes: bool | None) -> CaseCoverage:
    """The answers if all steps happen, and the use case can always be finished, or it is not known whether it can."""
    steps = tuple(StepCoverage((case.name, step.number), True) for step in case.steps)
    return CaseCoverage(steps, UseCaseCoverage(case.name, True, finishes, reason="" if finishes else NOT_TOGETHER))


class PlainCases:
    """The use cases about which no search has to be made, because nothing that they need is ever taken away again.

    Where nothing is taken away, whatever can happen happens in the one final state.  A use case finishes if all its
    steps can happen, unless the backup holds one back.  Where one can, it finishes if, from its first step on, it needs
    nothing of other use cases, and each step comes after another one in the same locked group: the lock then lets it
    pass.
    """

    def __init__(self, surroundings: Surroundings, rules: Rules) -> None:
        """Look at every step once."""
        self.surroundings, self.rules, self.architecture = surroundings, rules, surroundings.architecture

    @cached_property
    def happening(self) -> frozenset[str]:
        """The use cases all of whose steps happen in some run, as what they need is never taken away."""
        removals = self.architecture.removals
        shaky = {case.name for case, step in self.architecture.steps() if any(each in removals for each in named(step))}
        stable = self.architecture.by_use_case.keys() - self.with_readers(shaky)
        return frozenset(name for name in stable if self.possible.issuperset(self.events(name)))

    @cached_property
    def finishing(self) -> frozenset[str]:
        """Those of them that can always be finished once they have begun."""
        held = {case.name for case, step in self.architecture.steps() if self.may_be_held(case, step)}
        free = self.happening - self.with_readers(held)
        return free | {name for name in self.happening - free if self.gets_through(name)}

    def with_readers(self, cases: Collection[str]) -> set[str]:
        """Some use cases, and all that read one of them, directly or not."""
        readers: dict[str, list[str]] = {name: [] for name in self.surroundings.reads}
        for name, read in self.surroundings.reads.items():
            for other in read:
                readers[other].append(name)
        return {found for name in cases for found in reachable(name, readers)}

    def events(self, name: str) -> list[Event]:
        """The events of a use case."""
        return [Event(name, step.number, 1) for step in self.architecture.by_use_case[name].steps]

    # What can happen if nothing is taken away

    @cached_property
    def possible(self) -> set[Event]:
        """The events that happen in some run if nothing is taken away."""
        waiting: dict[Event, list[int]] = {}
        transactions, lacking = list[list[Event]](), list[set[Event]]()
        for case in self.architecture.use_cases:
            for steps in self.rules.transactions(case):
                own = [Event(case.name, step.number, 1) for step in steps]
                needs = {event for step in steps for event in self.needs(case, step)}.difference(own)
                for event in needs:
                    waiting.setdefault(event, []).append(len(transactions))
                transactions.append(own)
                lacking.append(needs)
        ready = [number for number, needs in enumerate(lacking) if not needs]
        found = set[Event]()
        while ready:
            for event in transactions[ready.pop()]:
                found.add(event)
                for number in waiting.get(event, ()):
                    lacking[number].discard(event)
                    if not lacking[number]:
                        ready.append(number)
        return found

    def needs(self, case: UseCase, step: Step) -> Iterator[Event]:
        """Yield the events that must have happened before a step."""
        yield from (Event(case.name, number, 1) for number in step.predecessors)
        yield from self.foreign(case, step)

    def foreign(self, case: UseCase, step: Step) -> Iterator[Event]:
        """Yield the creations in other use cases that a step needs."""
        for entity in self.rules.foreign(case, step):
            other, creation = self.architecture.creators[entity]
            yield Event(other.name, creation.number, 1)

    # What the backup can hold back

    def may_be_held(self, case: UseCase, step: Step) -> bool:
        """Whether a lock or a marker can hold a step back."""
        group = self.rules.groups[step.service]
        return group.mode.markers or (group.mode.locks and self.rules.is_held(case, group))

    def gets_through(self, name: str) -> bool:
        """Whether a use case can be finished without help, once it has begun, whatever is locked."""
        case = self.architecture.by_use_case[name]
        for step in case.steps:
            earlier = self.earlier(case, step)
            known = {event for each in earlier for event in self.foreign(case, each)}
            passes = not self.may_be_held(case, step) or self.is_let_pass(step, {each.service for each in earlier})
            if earlier and not (passes and known.issuperset(self.foreign(case, step))):
                return False
        return True

    @staticmethod
    def earlier(case: UseCase, step: Step) -> list[Step]:
        """The steps of a use case that come before one, directly or not."""
        numbers = set[int]()
        todo = [*step.predecessors]
        while todo:
            number = todo.pop()
            if number not in numbers:
                numbers.add(number)
                todo += case.step(number).predecessors
        return [case.step(number) for number in numbers]

    def is_let_pass(self, step: Step, earlier: Collection[str]) -> bool:
        """Whether the lock of its group lets a step pass because of earlier ones of its use case in these services."""
        group = self.rules.groups[step.service]
        drained = group.mode.lock is Lock.DRAINED and not group.mode.markers
        return drained and any(service in earlier for service in group.services)


@dataclass(frozen=True)
class Part:
    """Some use cases, and the services in which they run, under a plan.

    ``rules`` are those with one instance of every use case.
    """

    rules: Rules
    instances: int

    @cached_property
    def system(self) -> System:
        """The system that decides before a disaster whether the steps are done."""
        return relevant(before_disaster(self.rules), done(self.rules.architecture.use_cases, self.rules))

    @cached_property
    def crowd(self) -> System:
        """The same with all instances, as far as it decides about the steps of the first one."""
        if self.instances == 1:
            return self.system
        return relevant(
            before_disaster(replace(self.rules, instances=self.instances)),
            done(self.rules.architecture.use_cases, self.rules),
        )

    @cached_property
    def alone(self) -> System:
        """The same without the backup; no instance then knows of another one."""
        return without_backup(self.system)

    @cached_property
    def only_holds_back(self) -> bool:
        """Whether all that the backup can do to the use cases is to hold back their actions."""
        return only_holds_back(self.system)

    @cached_property
    def held_back(self) -> frozenset[Label]:
        """The actions that speak of what the backup writes."""
        written = frozenset[Fact]().union(*(action.written for action in background(self.system)))
        return frozenset(each.label for each in own_actions(self.system) if not written.isdisjoint(each.guarding))

    def holds_back(self, sliced: System) -> bool:
        """Whether the backup can make a difference to some of these actions."""
        return any(action.label in self.held_back for action in sliced.actions)


class PlanSearch:
    """The searches for one plan."""

    def __init__(self, surroundings: Surroundings, plan: Plan, instances: int, budget: Budget, thorough: bool) -> None:
        """Keep the limits; no search is made yet."""
        self.surroundings, self.plan, self.instances = surroundings, plan, instances
        self.budget, self.thorough = budget, thorough
        self.architecture = surroundings.architecture
        self.rules = Rules(self.architecture, plan, 1)
        self.divisible = all(group.mode.separable for group in plan.groups)
        self.parts: dict[Cone, Part] = {}
        self.plain = PlainCases(surroundings, self.rules)

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
        """Return the answers about a use case, if need be those of a search."""
        if case.name in self.plain.happening:
            if case.name in self.plain.finishing:
                return all_is_well(case, True)
            if self.budget.beside <= 0:
                return all_is_well(case, None)
        part = self.part(self.surroundings.home[self.surroundings.around[case.name]])
        try:
            return self.search(case, part)
        except LimitReached as limit:
            return unknown(case, str(limit))

    def search(self, case: UseCase, part: Part) -> CaseCoverage:
        """Search for the answers, first among the use cases that this one reads, then if need be among all."""
        sliced = relevant(part.alone, done([case], part.rules))
        alone, held_back = self.budget.without_backup(sliced), part.holds_back(sliced)
        search = CaseSearch(case, part.rules, alone, None, not held_back, part.only_holds_back)
        if not held_back or search.in_one_go or search.gets_stuck or self.budget.beside <= 0:
            return search.answers()
        if search.alone_decides and self.finishes_alone(search):
            return replace(search, exact=True).answers()
        search = self.beside(search)
        found = search.answers()
        if found.use_case.finishes is not None or search.exact:
            return found
        if self.thorough and search.alone_decides and alone.complete and self.always_released:
            return replace(search, exact=True, beside=None).answers()
        if self.small and (self.thorough or not self.divisible):
            return replace(search, rules=self.rules, beside=self.together, exact=True).answers()
        return found

    def beside(self, search: CaseSearch) -> CaseSearch:
        """Search, with the backup, the use cases that this one reads, if what gets stuck there does so in the whole."""
        part = self.part(self.surroundings.around[search.case.name])
        whole = len(part.rules.architecture.use_cases) == len(self.architecture.use_cases)
        if not whole and not self.divisible:
            return search
        found = self.budget.with_backup(relevant(part.crowd, done([search.case], part.rules)))
        return replace(search, rules=part.rules, beside=found, exact=whole)

    def finishes_alone(self, search: CaseSearch) -> bool:
        """Whether the use case can always be finished, whatever the backup and other use cases do.

        First with no help at all, then with that of the use cases that it reads.
        """
        part = self.part(self.surroundings.around[search.case.name])
        return self.divisible and any(
            self.finishes_among(search, part, cone)
            for cone in ({search.case.name}, self.surroundings.around[search.case.name])
        )

    def finishes_among(self, search: CaseSearch, part: Part, cone: Collection[str]) -> bool:
        """Whether the use case can always be finished with the help of these use cases alone."""
        system = left_alone(
            part.system, lambda fact: bool(fact.events) and all(e.use_case in cone for e in fact.events)
        )
        system = relevant(system, done([search.case], part.rules))
        among = replace(
            search, rules=part.rules, beside=self.budget.with_backup(system), exact=True, alone_decides=False
        )
        return among.answers().use_case.finishes is True

    @property
    def small(self) -> bool:
        """Whether all use cases may be searched together."""
        return len(self.architecture.services) <= MANY_SERVICES

    @cached_property
    def together(self) -> FinalStates:
        """The search that has all use cases and services."""
        return self.budget.with_backup(Part(self.rules, self.instances).crowd)

    @cached_property
    def always_released(self) -> bool:
        """Whether it can be shown, use case by use case, that every lock is released in the end."""
        if not self.divisible:
            return False
        parts = [self.part(cone) for cone in dict.fromkeys(self.surroundings.home.values())]
        try:
            check, most = self.budget.check, self.budget.states
            return all(can_always_be_completed(part.system, check, most) for part in parts)
        except LimitReached:
            return False

    # Parts

    def part(self, cone: Cone) -> Part:
        """The part with these use cases, and the services in which they run.

        Of a group whose mode does not say how services may be left out, all services stay.
        """
        if cone not in self.parts:
            cases = self.surroundings.cases(cone)
            kept = dict.fromkeys(step.service for each in cases for step in each.steps)
            for service in list(kept):
                if not self.rules.modes[service].separable:
                    kept.update(dict.fromkeys(self.rules.groups[service].services))
            rules = Rules(self.surroundings.part(cases, kept), self.restricted(kept), 1)
            self.parts[cone] = Part(rules, self.instances)
        return self.parts[cone]

    def restricted(self, services: Mapping[str, None]) -> Plan:
        """The plan for these services alone, before a disaster."""
        whole = {group.services: group for group in map(self.rules.groups.__getitem__, services)}
        groups = (replace(each, services=tuple(s for s in each.services if s in services)) for each in whole.values())
        order = sorted(self.rank.keys() & services.keys(), key=self.rank.__getitem__)
        return replace(self.plan, groups=tuple(groups), order=tuple(order), disaster=Disaster())

    @cached_property
    def rank(self) -> Mapping[str, int]:
        """The place of each service in the plan's order."""
        return {service: number for number, service in enumerate(self.plan.order)}


def before_disaster(rules: Rules) -> System:
    """The system without disasters and recovery."""
    actions = (*rules.steps(), *rules.snapshots(), *rules.locks())
    return System(tuple(sorted({fact for action in actions for fact in action.facts()})), actions)


def done(cases: Iterable[UseCase], rules: Rules) -> list[Fact]:
    """The facts that say of the steps of use cases that they are done with."""
    events = (Event(case.name, step.number, 1) for case in cases for step in case.steps)
    return [fact for event in events for fact in rules.done(event)]


@dataclass(frozen=True)
class CaseSearch:
    """The searches for one use case, and the answers that they give.

    Args:
        case: the use case.
        rules: those of an architecture that has all that the use case reads.
        alone: the search without the backup.
        beside: the search with the backup, if there was one.
        exact: whether they show all that can get stuck.
        alone_decides: whether what never happens or gets stuck without the backup does so beside it.
    """

    case: UseCase
    rules: Rules
    alone: FinalStates
    beside: FinalStates | None
    exact: bool
    alone_decides: bool

    @cached_property
    def done(self) -> Mapping[int, tuple[Fact, ...]]:
        """For each step the facts of which each says that it is done with."""
        return {step.number: self.rules.done(self.event(step)) for step in self.case.steps}

    def event(self, step: Step) -> Event:
        """The event of a step."""
        return Event(self.case.name, step.number, 1)

    # Answers

    def answers(self) -> CaseCoverage:
        """Return what is known of the steps and of the use case."""
        steps = tuple(map(self.step, self.case.steps))
        return CaseCoverage(steps, self.use_case(steps[0].happens))

    def step(self, step: Step) -> StepCoverage:
        """Return whether a step ever happens."""
        place, event = (self.case.name, step.number), self.event(step)
        if any(search.reaches(logged(event)) for search in (self.alone, self.beside) if search is not None):
            return StepCoverage(place, True)
        search = self.alone if self.alone_decides else self.beside if self.exact else None
        if search is None or not search.complete:
            return StepCoverage(place, None, TOO_LARGE)
        waiting = self.waiting(search, min(search.found, key=lambda state: self.lacking(step, search, state)))
        return StepCoverage(place, False, waiting.sentence(event), waiting.cause(event).at == event)

    def use_case(self, begins: bool | None) -> UseCaseCoverage:
        """Return whether the use case can always be finished."""
        name = self.case.name
        if self.in_one_go:
            return UseCaseCoverage(name, begins, True)
        searches = [*([self.alone] if self.alone_decides else []), *([] if self.beside is None else [self.beside])]
        stuck = {place: reason for search in reversed(searches) for place, reason in self.obstacles(search)}
        if stuck:
            obstacles = tuple(Obstacle(place, stuck[place]) for place in sorted(stuck))
            return UseCaseCoverage(name, begins, False, obstacles)
        if self.exact and all(search.complete for search in searches):
            return UseCaseCoverage(name, begins, True)
        reason = TOO_LARGE if not all(search.complete for search in searches) else NOT_TOGETHER
        return UseCaseCoverage(name, begins, None, reason=reason)

    @property
    def gets_stuck(self) -> bool:
        """Whether the use case gets stuck in some search; then no other one has to look for more."""
        return self.use_case(None).finishes is False

    def obstacles(self, search: FinalStates) -> Iterator[tuple[Place, str]]:
        """Yield the steps at which the use case is stuck in some final state, each with what is missing there."""
        found: dict[int, list[int]] = {}
        for state in search.found:
            over = {number for number, facts in self.done.items() if state & search.mask(facts)}
            for step in self.case.steps if over else ():
                if step.number not in over and over.issuperset(step.predecessors):
                    found.setdefault(step.number, []).append(state)
        for number, states in found.items():
            step, nearest = self.case.step(number), partial(self.lacking, self.case.step(number), search)
            yield (self.case.name, number), self.waiting(search, min(states, key=nearest)).sentence(self.event(step))

    @property
    def in_one_go(self) -> bool:
        """Whether one action does all steps, so that the use case is finished as soon as it has begun."""
        events = tuple(map(self.event, self.case.steps))
        return any(action.label == Label(ActionKind.STEP, events) for action in self.alone.system.actions)

    # Reasons

    def lacking(self, step: Step, search: FinalStates, state: int) -> tuple[int, int]:
        """How far a state is from one in which a step can happen: missing predecessors, and all that is lacking."""
        from bac.proofs.explicit.final_states import lacks

        earlier = sum(not state & search.mask(self.done[number]) for number in step.predecessors)
        event = self.event(step)
        actions = zip(search.system.actions, search.packing.actions, strict=True)
        steps = (packed for action, packed in actions if is_step(action, event))
        return earlier, sum(1 for packed in steps for _ in lacks(packed, state))

    def waiting(self, search: FinalStates, state: int) -> Waiting:
        """The explanation of a final state."""
        from bac.properties.waiting import Waiting  # few checks have anything to explain

        return Waiting(self.rules, search.system.actions, search.facts(state))


def is_step(action: Action, event: Event) -> bool:
    """Whether this is the action by which an event happens before a disaster."""
    return action.label.kind is ActionKind.STEP and event in action.label.events
