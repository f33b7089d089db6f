"""The qualities that a plan has or lacks: backup, availability, consistency, extra loss; and what happens under it.

Source: the article, "The BAC Theorem"; docs/semantics.md, "Properties" and "What never happens".
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from itertools import combinations

from bac.model.architecture import Architecture, Caching, Place, Step, UseCase, Verb, Via, followers
from bac.model.errors import listed, quoted
from bac.model.modes import Image
from bac.model.plan import Plan
from bac.model.semantics import Rules
from bac.model.setting import Setting
from bac.model.system import DENIED, Event, FactKind, backed, logged
from bac.properties.anomalies import Anomaly, anomalies
from bac.properties.formula import FALSE, Atom, Formula, Not, conjunction, disjunction


class Property(StrEnum):
    """The properties of a plan."""

    BACKUP = "backup"
    AVAILABILITY = "availability"
    CONSISTENCY = "consistency"
    NO_EXTRA_LOSS = "no-extra-loss"

    @property
    def in_settled_states(self) -> bool:
        """Whether only settled states can violate the property."""
        return self in (Property.CONSISTENCY, Property.NO_EXTRA_LOSS)


MOST_BY_HAND = 10
"""Up to so many actions of people at one index it is found out how many are needed."""
EXTRA_LOSS = "extra-loss"
"""The kind of a loss, beside the kinds of anomalies."""


@dataclass(frozen=True, slots=True)
class Loss:
    """A backed event that the settled cut may lack."""

    event: Event
    formula: Formula


@dataclass(frozen=True, slots=True)
class Qualities:
    """The properties of one architecture under one plan, as formulas.

    ``backed_up`` must stay possible in every state before the disaster; ``denied`` must be unreachable; none of the
    ``anomalies`` (tolerated ones aside) and none of the ``losses`` may hold in a settled state.  The ``efforts`` are no
    property: the first says that recovery took a person's action at the first index, the second that it took two, …;
    they are ``None`` if there can be more than :data:`MOST_BY_HAND`.
    """

    backed_up: Formula
    denied: Formula
    anomalies: tuple[Anomaly, ...]
    losses: tuple[Loss, ...]
    efforts: tuple[Formula, ...] | None = ()

    def violation(self, which: Property) -> Formula:
        """Return the formula of the states that violate a property; see :attr:`Property.in_settled_states`.

        Raises:
            ValueError: the property is ``backup``, which is about what stays possible.
        """
        match which:
            case Property.BACKUP:
                raise ValueError("no formula over one state says that a backup stays possible")
            case Property.AVAILABILITY:
                return self.denied
            case Property.CONSISTENCY:
                return disjunction(each.formula for each in self.anomalies if each.counts)
            case Property.NO_EXTRA_LOSS:
                return disjunction(loss.formula for loss in self.losses)


def qualities(architecture: Architecture, plan: Plan, instances: int) -> Qualities:
    """The formulas of all properties."""
    return Qualities(
        backed_up(architecture, plan),
        Atom(DENIED),
        anomalies(architecture, plan, instances),
        losses(architecture, plan, instances),
        efforts(architecture, plan),
    )


def backed_up(architecture: Architecture, plan: Plan) -> Formula:
    """Every service is snapshotted, in each round of backups, or needs none; false as soon as one is never backed up.

    A service that is rebuilt counts as backed up if each of its steps can come back from what is not rebuilt.
    """
    rules = Rules(architecture, plan, 1)
    inside = [service.name for service in architecture.services if not service.external]
    if any(rules.modes[service].never_backed_up for service in inside) or any(no_way_back(rules)):
        return FALSE
    return conjunction(Atom(fact) for number in rules.rounds for fact in rules.snapped(rules.snapshotted, number))


def losses(architecture: Architecture, plan: Plan, instances: int) -> tuple[Loss, ...]:
    """For each event that can be lost: it is in the backup, and not in the cut, or what it created was collected."""
    rules = Rules(architecture, plan, instances)
    return tuple(
        Loss(event, disjunction(gone))
        for event, case, step in rules.occurrences
        if (gone := list(ways_to_lose(rules, event, step)))
    )


def efforts(architecture: Architecture, plan: Plan) -> tuple[Formula, ...] | None:
    """For each number of actions, from 1: recovery took people so many at the first index; see :class:`Qualities`."""
    if not plan.recovery.retry and not plan.recovery.reconstruct:
        return ()
    known = Rules(architecture, plan, 1).aftermath.facts()
    facts = [Atom(fact) for fact in known if fact.kind is FactKind.BY_HAND]
    if len(facts) > MOST_BY_HAND:
        return None
    numbers = range(1, len(facts) + 1)
    return tuple(disjunction(map(conjunction, combinations(facts, number))) for number in numbers)


def ways_to_lose(rules: Rules, event: Event, step: Step) -> Iterator[Formula]:
    """The formulas of which each says that an event is lost that was backed up."""
    if rules.is_backed(step.service):
        yield conjunction([Atom(backed(event)), Not(Atom(logged(event)))])
    if step.verb is Verb.CREATE:
        yield from map(Atom, rules.presence(event.index).gone(step.entity))


# Whether services that are rebuilt from nothing count as backed up: whether all of their steps can come back


def no_way_back(setting: Setting) -> Iterator[tuple[UseCase, Step]]:
    """Yield the steps of services that are rebuilt which cannot come back from services that are not."""
    sources = Sources(setting)
    for case, step in setting.architecture.steps():
        if sources.is_rebuilt(step) and not sources.gives_back(case, step):
            yield case, step


@dataclass(frozen=True)
class Sources:
    """The places from which the steps of services that are rebuilt can come back."""

    setting: Setting

    def is_rebuilt(self, step: Step) -> bool:
        """Whether the step is in a service that comes back empty."""
        external = step.service in self.setting.external
        return not external and self.setting.modes[step.service].image is Image.EMPTY

    def gives_back(self, case: UseCase, step: Step) -> bool:
        """Whether a step of a service that is rebuilt can come back, or need not."""
        tolerated = (case.name, step.number) in self.setting.architecture.tolerance.missing_state
        return tolerated or self.goes_on(case, step) or self.is_retried(case, step) or self.is_kept(case, step)

    def goes_on(self, case: UseCase, step: Step) -> bool:
        """Whether the step follows again from those before it."""
        recovery = self.setting.plan.recovery
        if not step.predecessors or not (recovery.replay if step.via is Via.EVENT else recovery.resume):
            return False
        earlier = (case.step(number) for number in step.predecessors)
        return all(not self.is_rebuilt(each) or self.gives_back(case, each) for each in earlier)

    def is_retried(self, case: UseCase, step: Step) -> bool:
        """Whether the step is the first of a use case of which a trace is left somewhere."""
        retry = self.setting.plan.recovery.retry and not step.predecessors
        return retry and any(not self.is_rebuilt(other) for other in case.steps)

    def is_kept(self, case: UseCase, step: Step) -> bool:
        """Whether a copy, or the holder of a cached link, has kept what the step did."""
        if step.verb is Verb.COPY or step.entity.name not in self.setting.plan.recovery.backfill:
            return False
        copies = (
            later for later in followers(case, (step,)) if later.verb is Verb.COPY and later.entity == step.entity
        )
        return any(not self.is_rebuilt(copy) for copy in copies) or self.is_cached(step)

    def is_cached(self, step: Step) -> bool:
        """Whether a link to what the step creates is cached where it is made."""
        architecture = self.setting.architecture
        caches = dict(architecture.caches)
        return step.verb is Verb.CREATE and any(
            caches.get((link.holder.name, link.target.name)) is Caching.WITH_THE_LINK
            and not self.is_rebuilt(architecture.links[link][1])
            for link in architecture.links
            if link.target == step.entity
        )


# What happens in some run

NAMED = 3
"""So many steps that never happen are named."""


@dataclass(frozen=True, slots=True)
class StepCoverage:
    """Whether some run takes a step before a disaster; ``None`` if that is not known.

    ``reason`` says why none does, as a clause whose subject is the step, or which limit was reached.  ``to_blame``: the
    step never happens for a reason of its own, and not only because of another one of its use case.
    """

    place: Place
    happens: bool | None
    reason: str = ""
    to_blame: bool = False


@dataclass(frozen=True, slots=True)
class Obstacle:
    """A step at which a use case can get stuck, and what is missing there, as a clause whose subject is the step."""

    place: Place
    reason: str


@dataclass(frozen=True, slots=True)
class UseCaseCoverage:
    """Whether a use case ever begins, and whether it can always be finished then; ``None`` if that is not known.

    ``obstacles`` are the steps at which it can get stuck, in the order of their numbers; ``reason`` says why something
    is not known.
    """

    name: str
    begins: bool | None
    finishes: bool | None
    obstacles: tuple[Obstacle, ...] = ()
    reason: str = ""


@dataclass(frozen=True, slots=True)
class PlanCoverage:
    """The answers about one plan.  ``no_recovery`` says why no run ever recovers; it is empty if some run does."""

    plan: str
    steps: tuple[StepCoverage, ...]
    use_cases: tuple[UseCaseCoverage, ...]
    no_recovery: str = ""

    def never(self) -> Iterator[StepCoverage]:
        """Yield the steps that never happen for a reason of their own."""
        return (step for step in self.steps if step.happens is False and step.to_blame)

    def answers(self) -> Iterator[bool | None]:
        """Yield whether each step happens, each use case begins and can always be finished, and some run recovers."""
        yield from (step.happens for step in self.steps)
        yield from (answer for case in self.use_cases for answer in (case.begins, case.finishes))
        yield not self.no_recovery

    def never_in_words(self, architecture: Architecture) -> str:
        """Return a sentence that names the steps that never happen; nothing if all may."""
        places = (step.place for step in self.never())
        names = [quoted(architecture.named(f"{case}.{number}")) for case, number in places]
        more = [f"{len(names) - NAMED} more"] if len(names) > NAMED else []
        return f"{listed([*names[:NAMED], *more])} never happen{'s' * (len(names) == 1)}" if names else ""


def no_recovery(rules: Rules) -> str:
    """Return why no run ever recovers from a disaster, or nothing if some run does.

    While no client does anything, every backup can be completed.  So a run recovers if any disaster has a way back.

    Raises:
        LimitReached: there are too many crash sets to look at.
    """
    if rules.outcomes:
        return ""
    inside = [name for name in rules.events_of if name not in rules.external]
    if not inside:
        return "all services are external"
    never = [name for name in inside if rules.modes[name].never_backed_up]
    are = "are" if len(never) > 1 else "is"
    return f"every recovery needs {' or '.join(map(quoted, never))}, which {are} never backed up"


def unrecorded(architecture: Architecture) -> Iterator[tuple[Place, tuple[str, ...]]]:
    """Yield each call that is not idempotent and not recorded, with the services of its callers that do not record it.

    A caller that comes back from a backup makes the call again, unless a later step in its service tells that it was
    made.  (An event is done again whenever its message comes again; no record keeps it from that.)
    """
    external = {service.name for service in architecture.services if service.external}
    for case, step in architecture.steps():
        if step.once and step.via is Via.CALL:
            callers = dict.fromkeys(case.step(number).service for number in step.predecessors)
            recording = {step.service, *external, *(later.service for later in followers(case, (step,)))}
            if forgetful := tuple(service for service in callers if service not in recording):
                yield (case.name, step.number), forgetful
