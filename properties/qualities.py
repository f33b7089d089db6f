"""Backup, availability, consistency and extra loss: the qualities that a plan has or lacks.

Source: the article, "The BAC Theorem"; docs/semantics.md, "Properties".
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from itertools import combinations

from bac.model.architecture import Architecture, Step, Verb
from bac.model.plan import Plan
from bac.model.semantics import Rules
from bac.model.system import DENIED, Event, FactKind, backed, logged
from bac.properties.anomalies import Anomaly, anomalies
from bac.properties.formula import FALSE, Atom, Formula, Not, conjunction, disjunction
from bac.properties.rebuilt import no_way_back


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
