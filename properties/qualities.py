"""Backup, availability, consistency and extra loss: the qualities that a plan has or lacks.

Source: the article, "The BAC Theorem"; docs/semantics.md, "Properties".
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from bac.model.architecture import Architecture
from bac.model.plan import Plan
from bac.model.system import DENIED, Event, backed, logged, snapped
from bac.properties.anomalies import Anomaly, anomalies
from bac.properties.formula import FALSE, Atom, Formula, Not, conjunction, disjunction


class Property(StrEnum):
    """What can be asked of a plan."""

    BACKUP = "backup"
    AVAILABILITY = "availability"
    CONSISTENCY = "consistency"
    NO_EXTRA_LOSS = "no-extra-loss"

    @property
    def in_settled_states(self) -> bool:
        """Whether only settled states can violate the property."""
        return self in (Property.CONSISTENCY, Property.NO_EXTRA_LOSS)


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
    ``anomalies`` (tolerated ones aside) and none of the ``losses`` may hold in a settled state.
    """

    backed_up: Formula
    denied: Formula
    anomalies: tuple[Anomaly, ...]
    losses: tuple[Loss, ...]

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
                return disjunction(each.formula for each in self.anomalies if not each.tolerated)
            case Property.NO_EXTRA_LOSS:
                return disjunction(loss.formula for loss in self.losses)


def qualities(architecture: Architecture, plan: Plan, instances: int) -> Qualities:
    """The formulas of all properties."""
    return Qualities(
        backed_up(architecture, plan),
        Atom(DENIED),
        anomalies(architecture, instances),
        losses(architecture, plan, instances),
    )


def backed_up(architecture: Architecture, plan: Plan) -> Formula:
    """Every service is snapshotted or continuous; false as soon as one is never backed up."""
    modes = {service.name: plan.mode_of(service.name) for service in architecture.services}
    if any(mode.never_backed_up for mode in modes.values()):
        return FALSE
    return conjunction(Atom(snapped(service)) for service, mode in modes.items() if mode.takes_snapshots)


def losses(architecture: Architecture, plan: Plan, instances: int) -> tuple[Loss, ...]:
    """For each event that can be backed up: it is in the backup, and not in the cut."""
    events = (
        Event(case.name, step.number, index)
        for index in range(1, instances + 1)
        for case, step in architecture.steps()
        if not plan.mode_of(step.service).never_backed_up
    )
    return tuple(Loss(event, conjunction([Atom(backed(event)), Not(Atom(logged(event)))])) for event in events)
