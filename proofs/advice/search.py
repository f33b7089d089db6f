"""Find changes of a plan that remove an anomaly, by checking the plan with each of them.

Nothing is guessed: a change helps if the checker decides that the anomaly does not happen under the changed plan, and
some run recovers.  What the change does to the other verdicts is its cost.  Where the whole has many states, the part
that decides about the anomaly is checked first, and the whole only for what helps.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import combinations

from bac.model.architecture import Architecture, Entity, Link, Step, UseCase, Verb
from bac.model.errors import LimitReached, listed
from bac.model.modes import Image, Mode
from bac.model.plan import Plan
from bac.model.semantics import Rules
from bac.model.setting import Setting
from bac.model.system import BY_PEOPLE, Event
from bac.proofs.advice.changes import Advice, Change, Concern, Help, changes
from bac.proofs.engine import LimitMonitor, NotApplicable
from bac.proofs.engines import EXPLICIT
from bac.proofs.precedence.verdicts import PrecedenceCheck
from bac.proofs.reductions.part_search import (
    ALL_REDUCTIONS,
    INTERRUPTED,
    CheckOptions,
    Part,
    PartResult,
    PartSearch,
)
from bac.proofs.results import AnomalyResult, PlanResult, Verdict
from bac.properties.anomalies import Anomaly, AnomalyKind, anomalies
from bac.properties.qualities import Property, no_way_back

LISTED = 4
"""So many ways that help are told."""
HARM = 16
"""The weight of what introduces other anomalies; an assumption weighs twice as much, all other costs weigh less."""
INTRODUCED = 2
"""So many of the anomalies that a change introduces are named."""
FEW_STEPS = 200
"""Of an architecture with more steps only the use cases concerned are looked at."""
TOO_LONG = "more would take too long"
"""Why other changed plans are not checked."""


Way = tuple[Change, ...]
"""Changes that are made together."""
Found = tuple[AnomalyKind, str]
"""An anomaly by kind and subject."""


def advise(
    architecture: Architecture,
    plan: Plan,
    result: PlanResult,
    budget: Budget,
    monitor: LimitMonitor,
    wanted: Callable[[AnomalyResult], bool] = lambda _: True,
) -> PlanResult:
    """Return the results on a plan with advice on its anomalies, and on its backup if that is violated.

    Args:
        architecture: the architecture.
        plan: the plan that was checked.
        result: the results on it.
        budget: how much is searched.
        monitor: knows the time that is left.
        wanted: which of the anomalies that violate consistency need advice.
    """
    consistency, backup = (result.properties.get(which) for which in (Property.CONSISTENCY, Property.BACKUP))
    if consistency is None or result.interrupted:
        return result
    adviser = Adviser(Trials(architecture, plan, result, budget, monitor))
    advised = (replace(each, advice=adviser.advice(each)) if wanted(each) else each for each in consistency.anomalies)
    properties = {**result.properties, Property.CONSISTENCY: replace(consistency, anomalies=tuple(advised))}
    if backup is not None and backup.verdict is Verdict.VIOLATED:
        properties[Property.BACKUP] = replace(backup, advice=adviser.advice(None))
    return replace(result, properties=properties)


@dataclass
class Adviser:
    """Searches for what helps against the anomalies of one plan, and against a backup that is violated."""

    trials: Trials

    def advice(self, anomaly: AnomalyResult | None) -> Advice:
        """Return what helps against an anomaly, or what makes the backup hold (``None``).

        It is as much of that as is known when the user presses Ctrl-C.
        """
        try:
            return self.searched(anomaly)
        except KeyboardInterrupt:
            self.trials.interrupted = True
            return Advice((), 0, self.trials.spent())

    def searched(self, anomaly: AnomalyResult | None) -> Advice:
        """Return what helps: single changes, or pairs of changes if no single one does."""
        if (limit := self.trials.spent()) is not None:
            return Advice((), 0, limit)
        about = None if anomaly is None else self.about(anomaly)
        scene = self.trials.neighbourhood(about)
        if scene is None:
            return Advice((), 0, "too many use cases are concerned")
        concern = self.trials.without_backups if about is None else Concern.of(scene, about)
        single = list(changes(self.trials.plan, concern))
        search = Search(self, scene, about)
        search.all((each,) for each in single)
        if self.trials.budget.together and not search.found:
            search.all(pairs(single))
        return search.advice()

    def about(self, anomaly: AnomalyResult) -> Anomaly:
        """Return what an anomaly that was found is about."""
        target = (anomaly.kind, anomaly.subject)
        return next(each for each in self.possible if each.counts and (each.kind, each.subject) == target)

    @cached_property
    def before(self) -> Outcome:
        """The outcome under the plan; a property that was not asked for counts as violated, if it is not known."""
        known = Outcome.of_plan(self.trials.before)
        unknown = set(Property) - self.trials.before.properties.keys()
        if not unknown:
            return known
        searched = self.trials.outcome(self.trials.architecture, self.trials.plan)
        return replace(known, violated=known.violated | (unknown if searched is None else searched.violated))

    @cached_property
    def possible(self) -> tuple[Anomaly, ...]:
        """All that can be wrong under the plan."""
        return anomalies(self.trials.architecture, self.trials.plan, 1)


def pairs(single: Iterable[Change]) -> Iterator[Way]:
    """Yield the pairs of changes of different keys; an assumption about the disaster is no part of them."""
    own = [change for change in single if change.key != "disaster"]
    return (pair for pair in combinations(own, 2) if pair[0].key != pair[1].key)


class Search:
    """The search for what removes one anomaly, or makes the backup hold (``None``)."""

    def __init__(self, adviser: Adviser, scene: Architecture, anomaly: Anomaly | None) -> None:
        """Begin without a help; ``found`` has the helps by family, each with its weight and its place."""
        self.trials, self.before = adviser.trials, adviser.before
        self.scene, self.anomaly = scene, anomaly
        self.found: dict[tuple[str, ...], tuple[int, int, Help]] = {}
        self.tried = 0
        self.limit: str | None = None

    def all(self, ways: Iterable[Way]) -> None:
        """Try changes one after the other, as far as the budget goes; of each family the cheapest is kept."""
        for way in ways:
            self.limit = self.trials.spent()
            if self.limit is not None:
                return
            plan = self.trials.plan
            for change in way:
                plan = change.apply(plan)
            valid = self.trials.is_valid(plan) and self.trials.keeps_backups(plan)
            if valid and (costs := self.costs(plan)) is not None:
                found = Help(tuple(each.words for each in way), tuple(cost for _, cost in costs), plan)
                self.keep(tuple(each.family for each in way), (sum(weight for weight, _ in costs), self.tried, found))

    def keep(self, family: tuple[str, ...], found: tuple[int, int, Help]) -> None:
        """Keep a help, if it is the cheapest of its family so far."""
        if family not in self.found or found[:2] < self.found[family][:2]:
            self.found[family] = found

    def advice(self) -> Advice:
        """Return what was found, the cheapest first; what does harm only if there is nothing else."""
        best = sorted(self.found.values(), key=lambda each: each[:2])
        harmless = [each for each in best if each[0] < HARM]
        return Advice(tuple(found for _, _, found in (harmless or best)[:LISTED]), self.tried, self.limit)

    # What a change does

    def costs(self, plan: Plan) -> list[tuple[int, str]] | None:
        """Return what a changed plan costs, each with its weight; ``None`` if it does not help."""
        after = self.trials.outcome(self.scene, plan)
        self.tried += 1
        if after is None or not self.is_removed(plan, after):
            return None
        return [*self.effects(after), *self.conditions(plan)]

    def is_removed(self, plan: Plan, after: Outcome) -> bool:
        """Whether the anomaly does not happen under a changed plan, and no complete backup is lost by that."""
        if self.anomaly is None:
            return after.recovers and Property.BACKUP not in after.violated
        here = (self.anomaly.kind, self.anomaly.subject) in after.anomalies
        return not here and after.recovers and self.stays_possible(plan, after)

    def stays_possible(self, plan: Plan, after: Outcome) -> bool:
        """Whether the backup holds under a changed plan, or is violated before and after by the same services.

        Only services that never come back and locks violate it.  So it is enough that no lock is new: the changed plan
        is known to leave no other service without a way back.
        """
        if Property.BACKUP not in after.violated:
            return True
        locks = (group for group in plan.groups if group.mode.locks)
        return not self.worse(Property.BACKUP, after) and all(group in self.trials.plan.groups for group in locks)

    def effects(self, after: Outcome) -> Iterator[tuple[int, str]]:
        """Yield what a change does to other verdicts, each with its weight."""
        yield from self.losses(after)
        if introduced := [each for each in after.anomalies if each not in self.before.anomalies]:
            named = self.trials.architecture.named
            names = [f"{kind.replace('-', ' ')} {named(subject)}" for kind, subject in introduced[:INTRODUCED]]
            more = f" and {len(introduced) - INTRODUCED} more" if len(introduced) > INTRODUCED else ""
            yield HARM, f"introduces {', '.join(names)}{more}"

    def losses(self, after: Outcome) -> Iterator[tuple[int, str]]:
        """Yield which other properties are lost by a change, each with its weight."""
        if self.worse(Property.AVAILABILITY, after):
            yield 3, "clients wait"
        if self.worse(Property.NO_EXTRA_LOSS, after):
            yield 2, "loses what was backed up"

    def conditions(self, plan: Plan) -> Iterator[tuple[int, str]]:
        """Yield what a changed plan takes, each with its weight."""
        if needs_people(self.scene, plan) and not needs_people(self.scene, self.trials.plan):
            yield 1, "needs people"
        if given_up := self.trials.given_up(plan):
            services = sorted(given_up)
            yield 4, f"what is in {listed(services)} {'is' if len(services) == 1 else 'are'} not backed up any more"
        if plan.disaster != self.trials.plan.disaster:
            yield 2 * HARM, "assumes that disaster strikes while no use case is in flight"

    def worse(self, which: Property, after: Outcome) -> bool:
        """Whether a property is violated under a changed plan only."""
        return which in after.violated and which not in self.before.violated


def needs_people(architecture: Architecture, plan: Plan) -> bool:
    """Whether recovery has actions of people."""
    return any(action.label.kind in BY_PEOPLE for action in Rules(architecture, plan, 1).recovery())


# Checks of changed plans, each at most once, within a budget


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
"""The budget of a check that is not asked for advice."""
THOROUGH = Budget(states=3_000_000, each=300_000, trials=10_000, together=True)
"""The budget of a check that is asked for advice."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """The results under a plan: the anomalies that violate consistency, and which other properties are violated.

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
        """Keep the budget; no plan is checked yet."""
        self.architecture, self.plan, self.before = architecture, plan, before
        self.budget, self.monitor = budget, monitor
        self.states = 0
        self.interrupted = False
        self._outcomes: dict[tuple[frozenset[str], Plan], Outcome | None] = {}

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
        independent = all(plan.mode_of(each) == Mode.INDEPENDENT for each in plan.order)
        inside = (service.name for service in self.architecture.services if not service.external)
        return plan != self.plan and independent and not any(plan.contradictions(inside))

    # What is backed up

    def keeps_backups(self, plan: Plan) -> bool:
        """Whether a changed plan gives up no backup of a service that owns entities, and leaves a way back to all."""
        return not self.owners & self.given_up(plan) and self.without_way_back(plan) <= self.lacking_before

    @cached_property
    def owners(self) -> frozenset[str]:
        """The services that have more than copies."""
        return frozenset(step.service for _, step in self.architecture.steps() if step.verb is not Verb.COPY)

    @cached_property
    def lacking_before(self) -> frozenset[str]:
        """The services without a way back under the plan that is changed."""
        return self.without_way_back(self.plan)

    def given_up(self, plan: Plan) -> frozenset[str]:
        """Return the services that have a backup under the plan, but come back empty or not at all if it is changed."""
        return self.without_backup(plan) - self.without_backup(self.plan)

    def without_backup(self, plan: Plan) -> frozenset[str]:
        """Return the services of which a plan takes no backup."""
        inside = (service.name for service in self.architecture.services if not service.external)
        groups = plan.groups_of(inside)
        return frozenset(name for name, group in groups.items() if group.mode.image in (Image.EMPTY, Image.NOTHING))

    def without_way_back(self, plan: Plan) -> frozenset[str]:
        """Return the services that are never backed up, or rebuilt and cannot be filled again."""
        without = self.without_backup(plan)
        never = {name for name in without if plan.mode_of(name).never_backed_up}
        lacking = no_way_back(Setting(self.architecture, plan, 1)) if without else ()
        return frozenset(never | {step.service for _, step in lacking})

    @property
    def without_backups(self) -> Concern:
        """The services because of which the backup is violated: without a way back, or else under a lock."""
        locked = (name for group in self.plan.groups if group.mode.locks for name in group.services)
        services = tuple(sorted(self.lacking_before)) or tuple(locked)
        return Concern((), services, services)

    @property
    def is_large(self) -> bool:
        """Whether the architecture is too large to be read and checked as a whole under each changed plan."""
        return sum(1 for _ in self.architecture.steps()) > FEW_STEPS

    # Checks

    def outcome(self, architecture: Architecture, plan: Plan) -> Outcome | None:
        """Return what is found under a plan; ``None`` if that is not certain within the budget."""
        key = frozenset(architecture.by_use_case), plan
        if key not in self._outcomes:
            self._outcomes[key] = self._searched(Part(architecture, plan, anomalies(architecture, plan, 1)))
        return self._outcomes[key]

    def _searched(self, part: Part) -> Outcome | None:
        left = self.monitor.remaining()
        allowed = min(number for number in (left.states, self.budget.each) if number is not None)
        options = CheckOptions(self.before.instances, tuple(Property), EXPLICIT, ALL_REDUCTIONS)
        try:
            found = self._without_states(part, options)
            if found is None:
                found = PartSearch(part, options, replace(left, states=allowed)).everything()
        except LimitReached:
            return None
        self.states += found.statistics.states
        self.interrupted = found.interrupted
        return None if found.limits or found.interrupted else Outcome.of_part(found)

    def _without_states(self, part: Part, options: CheckOptions) -> PartResult | None:
        """Return what the precedence engine finds; ``None`` if it does not decide everything."""
        try:
            check = PrecedenceCheck(part, options, self.monitor)
            return check.result() if check.backup_is_decided else None
        except NotApplicable:
            return None

    # The use cases concerned

    def neighbourhood(self, anomaly: Anomaly | None) -> Architecture | None:
        """Return what is checked for an anomaly: the whole, or the use cases concerned; ``None`` if it is too large.

        The backup (``None``) concerns all use cases.
        """
        if not self.is_large:
            return self.architecture
        if anomaly is None:
            return None
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
