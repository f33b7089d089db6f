"""Check changed plans within a budget, each at most once."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from bac.model.architecture import Architecture, Entity, Link, Step, UseCase
from bac.model.errors import BacError, LimitReached
from bac.model.modes import Mode
from bac.model.plan import Plan
from bac.model.specification.reader import parse
from bac.model.specification.writer import dump
from bac.model.system import Event
from bac.proofs.engine import LimitMonitor
from bac.proofs.reductions.decomposition import Part, cones, may_divide
from bac.proofs.reductions.part_search import ALL_REDUCTIONS, INTERRUPTED, CheckOptions, PartResult, PartSearch
from bac.proofs.results import PlanResult, Verdict
from bac.properties.anomalies import Anomaly, AnomalyKind, anomalies
from bac.properties.formula import facts
from bac.properties.qualities import Property

FEW_STEPS = 200
"""Of an architecture with more steps only the use cases concerned are looked at."""
TOO_LONG = "more would take too long"
"""Why other changed plans are not checked."""
CHANGED = "changed"
"""The name of a changed plan, where it needs one."""


Found = tuple[AnomalyKind, str]
"""An anomaly by kind and subject."""


@dataclass(frozen=True)
class Budget:
    """How much is searched for advice on one plan.

    ``states`` and ``trials`` are how many states and changed plans are looked at in all, ``each`` is how many states
    of one plan.  ``together``: where no single change helps, pairs of changes are tried.
    """

    states: int
    each: int
    trials: int
    together: bool


QUICK = Budget(states=50_000, each=5_000, trials=100, together=False)
"""What a check does without being asked."""
THOROUGH = Budget(states=3_000_000, each=300_000, trials=10_000, together=True)
"""What a check does where advice is asked for."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What is found under a plan: the anomalies that violate consistency, and which other properties are violated.

    ``recovers``: some run recovers from a disaster.
    """

    anomalies: tuple[Found, ...]
    violated: frozenset[Property]
    recovers: bool = True

    @classmethod
    def of_plan(cls, result: PlanResult) -> Outcome:
        """Return what the results on a plan say."""
        found = tuple((each.kind, each.subject) for each in result.properties[Property.CONSISTENCY].anomalies)
        violated = (which for which, each in result.properties.items() if each.verdict is Verdict.VIOLATED)
        return cls(found, frozenset(violated))

    @classmethod
    def of_part(cls, result: PartResult) -> Outcome:
        """Return what the search of a part says."""
        possible = anomalies(result.part.architecture, result.part.plan, 1)
        shown = (each for each, runs in zip(possible, result.anomalies, strict=True) if runs and each.counts)
        violated = {
            Property.BACKUP: result.dead_end is not None,
            Property.AVAILABILITY: result.denied is not None,
            Property.NO_EXTRA_LOSS: any(result.losses),
        }
        found = tuple(dict.fromkeys((each.kind, each.subject) for each in shown))
        return cls(found, frozenset(which for which, is_so in violated.items() if is_so), result.can_recover)


class Trials:
    """The checks of changed plans.

    Args:
        architecture: the architecture.
        plan: the plan that is changed.
        before: the results on that plan.
        budget: how much is searched.
        monitor: knows the time that is left.
    """

    def __init__(
        self, architecture: Architecture, plan: Plan, before: PlanResult, budget: Budget, monitor: LimitMonitor
    ) -> None:
        """Nothing is checked yet."""
        self.architecture, self.plan, self.before = architecture, plan, before
        self.budget, self.monitor = budget, monitor
        self.states = 0
        self.interrupted = False
        self._outcomes: dict[tuple[frozenset[str], Plan], Outcome | None] = {}
        self._cones: dict[Plan, Mapping[str, frozenset[str]]] = {}
        self._valid: dict[Plan, bool] = {}

    def spent(self) -> str | None:
        """Return why no other changed plan is checked, if the budget or the time is spent."""
        if self.interrupted:
            return INTERRUPTED
        if self.monitor.time_is_over():
            return self.monitor.limits.time_reached()
        if self.states >= self.budget.states or len(self._outcomes) >= self.budget.trials:
            return TOO_LONG if self.budget.together else f"{TOO_LONG}; --helps tries more"
        return None

    def is_valid(self, plan: Plan) -> bool:
        """Whether a changed plan is another one, and such as a specification can have."""
        if plan not in self._valid:
            different = plan != self.plan and all(plan.mode_of(each) == Mode.INDEPENDENT for each in plan.order)
            self._valid[plan] = different and (self.is_large or self._can_be_read(plan))
        return self._valid[plan]

    def _can_be_read(self, plan: Plan) -> bool:
        try:
            parse(json.dumps(dump(self.architecture, [replace(plan, name=CHANGED, expect=None)])))
        except BacError:
            return False
        return True

    @property
    def is_large(self) -> bool:
        """Whether the architecture is too large to be read and checked as a whole under each changed plan."""
        return sum(1 for _ in self.architecture.steps()) > FEW_STEPS

    @property
    def is_feasible(self) -> bool:
        """Whether the whole had so few states that it can be searched under changed plans, too."""
        return self.before.statistics.states <= self.budget.each

    # Checks

    def outcome(self, architecture: Architecture, plan: Plan) -> Outcome | None:
        """Return what is found under a plan; ``None`` if that is not certain within the budget."""
        key = frozenset(architecture.by_use_case), plan
        if key not in self._outcomes:
            self._outcomes[key] = self._searched(Part(architecture, plan, ()))
        return self._outcomes[key]

    def _searched(self, part: Part) -> Outcome | None:
        left = self.monitor.remaining()
        allowed = min(number for number in (left.states, self.budget.each) if number is not None)
        options = CheckOptions(self.before.instances, tuple(Property), "explicit", ALL_REDUCTIONS)
        try:
            found = PartSearch(part, options, replace(left, states=allowed)).everything()
        except LimitReached:
            return None
        self.states += found.statistics.states
        self.interrupted = found.interrupted
        return None if found.limits or found.interrupted else Outcome.of_part(found)

    def in_part(self, architecture: Architecture, plan: Plan, anomaly: Anomaly) -> Outcome | None:
        """Return what is found in the part of an architecture that decides about an anomaly under a plan.

        It is the whole if the plan does not allow a division.  ``None``: it is not certain within the budget.
        """
        if not may_divide(plan):
            return self.outcome(architecture, plan) if self.is_feasible else None
        if plan not in self._cones:
            self._cones[plan] = cones(architecture, plan)
        wanted = (each for each in anomalies(architecture, plan, 1) if each.identity == anomaly.identity)
        about = {event.use_case for each in wanted for fact in facts(each.formula) for event in fact.events}
        about = about or {use_case_of(architecture, anomaly)}
        needed = frozenset[str]().union(*(self._cones[plan][name] for name in about))
        cases = tuple(case for case in architecture.use_cases if case.name in needed)
        return self.outcome(*slimmed(replace(architecture, use_cases=cases), plan))

    # The use cases concerned

    def neighbourhood(self, anomaly: Anomaly) -> Architecture | None:
        """Return what is checked for an anomaly: the whole, or the use cases concerned; ``None`` if it is too large."""
        if not self.is_large:
            return self.architecture
        cases = self.connected(use_case_of(self.architecture, anomaly))
        few = sum(len(case.steps) for case in cases) <= FEW_STEPS
        return replace(self.architecture, use_cases=cases) if few else None

    def connected(self, name: str) -> tuple[UseCase, ...]:
        """Return the use cases that share entities with one, directly or not: others make no difference to it."""
        by_entity: dict[Entity, set[str]] = {}
        for case, step in self.architecture.steps():
            for entity in mentioned(step):
                by_entity.setdefault(entity, set()).add(case.name)
        found, stack = {name}, [name]
        while stack:
            steps = self.architecture.by_use_case[stack.pop()].steps
            others = {other for step in steps for entity in mentioned(step) for other in by_entity.pop(entity, ())}
            stack += others - found
            found |= others
        return tuple(case for case in self.architecture.use_cases if case.name in found)


def slimmed(architecture: Architecture, plan: Plan) -> tuple[Architecture, Plan]:
    """Return an architecture under a plan without the services in which nothing happens."""
    from bac.proofs.reductions.omitted_services import OmittedServices  # small systems are searched whole

    services = {service.name: service for service in architecture.services}
    omitted = OmittedServices(tuple(services), plan)
    inside = omitted.with_representatives(dict.fromkeys(step.service for _, step in architecture.steps()))
    kept = [name for name in services if name in inside]
    return replace(architecture, services=tuple(map(services.__getitem__, kept))), omitted.plan_for(kept)


def mentioned(step: Step) -> Iterator[Entity]:
    """Yield the entities that a step is about, links to, unlinks, or needs."""
    yield step.entity
    for link in (*step.links, *([] if step.unlinks is None else [step.unlinks])):
        yield from (link.holder, link.target)
    yield from step.needs


def use_case_of(architecture: Architecture, anomaly: Anomaly) -> str:
    """Return the name of a use case that an anomaly is about."""
    match anomaly.about:
        case Link() as link:
            return architecture.links[link][0].name
        case Entity() as entity:
            return architecture.creators[entity][0].name
        case Event() as event:
            return event.use_case
