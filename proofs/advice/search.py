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

from bac.model.architecture import Architecture
from bac.model.plan import Plan
from bac.model.semantics import Rules
from bac.model.system import BY_PEOPLE
from bac.proofs.advice.changes import NOT_CHECKED, Advice, Change, Concern, Help, changes
from bac.proofs.advice.trials import Budget, Outcome, Trials
from bac.proofs.engine import LimitMonitor
from bac.proofs.results import AnomalyResult, PlanResult
from bac.properties.anomalies import Anomaly, anomalies
from bac.properties.qualities import Property

LISTED = 4
"""So many ways that help are told."""
HARM = 8
"""The weight of what introduces other anomalies; an assumption weighs twice as much, all other costs weigh less."""
INTRODUCED = 2
"""So many of the anomalies that a change introduces are named."""
MANY_STATES = 1_000
"""From so many states on, the part that decides about an anomaly is checked before the whole."""

Way = tuple[Change, ...]
"""Changes that are made together."""


def advise(
    architecture: Architecture,
    plan: Plan,
    result: PlanResult,
    budget: Budget,
    monitor: LimitMonitor,
    wanted: Callable[[AnomalyResult], bool] = lambda _: True,
) -> PlanResult:
    """Return the results on a plan with advice on its anomalies.

    Args:
        architecture: the architecture.
        plan: the plan that was checked.
        result: the results on it.
        budget: how much is searched.
        monitor: knows the time that is left.
        wanted: which of the anomalies that violate consistency need advice; none that looks like another one does.
    """
    consistency = result.properties.get(Property.CONSISTENCY)
    if consistency is None or not consistency.anomalies or result.interrupted:
        return result
    adviser = Adviser(Trials(architecture, plan, result, budget, monitor))
    advised = (
        replace(each, advice=adviser.advice(each)) if each.like is None and wanted(each) else each
        for each in consistency.anomalies
    )
    properties = {**result.properties, Property.CONSISTENCY: replace(consistency, anomalies=tuple(advised))}
    return replace(result, properties=properties)


@dataclass
class Adviser:
    """Searches for what helps against the anomalies of one plan."""

    trials: Trials

    def advice(self, anomaly: AnomalyResult) -> Advice:
        """Return what helps against an anomaly, or as much of it as is known when the user presses Ctrl-C."""
        try:
            return self.searched(anomaly)
        except KeyboardInterrupt:
            self.trials.interrupted = True
            return Advice((), 0, self.trials.spent())

    def searched(self, anomaly: AnomalyResult) -> Advice:
        """Return what helps against an anomaly: single changes, or pairs of changes if no single one does."""
        if (limit := self.trials.spent()) is not None:
            return Advice((), 0, limit)
        target = (anomaly.kind, anomaly.subject)
        about = next(each for each in self.possible if each.counts and (each.kind, each.subject) == target)
        scene = self.trials.neighbourhood(about)
        if scene is None:
            return Advice((), 0, "too many use cases are concerned")
        single = list(changes(self.trials.plan, Concern.of(scene, about)))
        search = Search(self, scene, about)
        search.all((each,) for each in single)
        if self.trials.budget.together and not search.found:
            search.all(pairs(single))
        return search.advice()

    @cached_property
    def before(self) -> Outcome:
        """What is found under the plan; a property that was not asked for counts as violated, if it is not known."""
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
    """The search for what removes one anomaly."""

    def __init__(self, adviser: Adviser, scene: Architecture, anomaly: Anomaly) -> None:
        """Nothing is found yet; ``found`` has the helps by family, each with its weight and its place."""
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
            if self.trials.is_valid(plan) and (costs := self.costs(plan)) is not None:
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
        """Return what a changed plan costs, each with its weight; ``None`` if it does not remove the anomaly."""
        many = self.trials.before.statistics.states > MANY_STATES
        part = self.trials.in_part(self.scene, plan, self.anomaly) if many else None
        self.tried += many and part is not None
        if many and (part is None or not self.is_removed(part)):
            return None
        after = self.trials.outcome(self.scene, plan) if self.trials.is_feasible else None
        self.tried += not many
        if after is None:
            return None if part is None else [*self.losses(part), (1, NOT_CHECKED), *self.conditions(plan)]
        return [*self.effects(after), *self.conditions(plan)] if self.is_removed(after) else None

    def is_removed(self, after: Outcome) -> bool:
        """Whether the anomaly does not happen under a changed plan, and no complete backup is lost by that."""
        here = (self.anomaly.kind, self.anomaly.subject) in after.anomalies
        return not here and after.recovers and not self.worse(Property.BACKUP, after)

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
        if plan.disaster != self.trials.plan.disaster:
            yield 2 * HARM, "assumes that disaster strikes while no use case is in flight"

    def worse(self, which: Property, after: Outcome) -> bool:
        """Whether a property is violated under a changed plan only."""
        return which in after.violated and which not in self.before.violated


def needs_people(architecture: Architecture, plan: Plan) -> bool:
    """Whether recovery has actions of people."""
    return any(action.label.kind in BY_PEOPLE for action in Rules(architecture, plan, 1).recovery())
