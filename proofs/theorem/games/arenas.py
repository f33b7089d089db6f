"""The parameters of a game: the seven assumptions, the levels of consistency, and the built-in architectures.

Source: docs/theorem.md, "Impossibility over all policies"; the levels from docs/semantics.md, "Properties".
"""

from __future__ import annotations

from enum import StrEnum

from bac.model.architecture import Architecture, Entity, Link, Service, Step, UseCase, Verb
from bac.properties.anomalies import AnomalyKind


class Assumption(StrEnum):
    """The assumptions of the theorem about policies, services and clients; the policy gains when one is dropped."""

    SINGLE = "single"
    AVAILABLE = "available"
    ASYNCHRONOUS = "asynchronous"
    VERBATIM = "verbatim"
    SEPARATE = "separate"
    UNBOUNDED = "unbounded"
    STATE_ONLY = "state-only"

    @property
    def dropped(self) -> str:
        """The gain of the policy when the assumption is dropped, in words."""
        return GAINS[self]


GAINS = {
    Assumption.SINGLE: "snapshot any set of services at one instant",
    Assumption.AVAILABLE: "lock all services: new commands are held back while those in flight finish",
    Assumption.ASYNCHRONOUS: "a move before every single step of the clients, knowing the step",
    Assumption.VERBATIM: "restore every service to the instant of the oldest backup",
    Assumption.SEPARATE: "back up every event as it is logged",
    Assumption.UNBOUNDED: "wait until the clients have stopped, and what they had begun is finished",
    Assumption.STATE_ONLY: "re-deliver or re-execute after a disaster what the logs show as begun",
}


class Level(StrEnum):
    """Levels of consistency: no broken link; and no orphan; and no missing state, and nothing done twice."""

    C0 = "C0"
    C1 = "C1"
    C2 = "C2"

    @property
    def kinds(self) -> tuple[AnomalyKind, ...]:
        """The anomalies that the level rules out."""
        links = (AnomalyKind.BROKEN_LINK, AnomalyKind.MISDIRECTED_LINK, AnomalyKind.OVERBOOKING)
        match self:
            case Level.C0:
                return links
            case Level.C1:
                return (*links, AnomalyKind.ORPHAN_STATE)
            case Level.C2:
                return tuple(AnomalyKind)


def referring(name: str, references: tuple[tuple[str, str], ...], owners: dict[str, str]) -> Architecture:
    """Return the architecture with a use case for each reference: create the target, then the holder.

    Args:
        name: the name of the architecture.
        references: pairs of entity names; the entities of each pair are its own, as in Figures 3 and 4.
        owners: the service that owns each entity, by name.
    """
    use_cases = []
    for holder, target in references:
        case = f"{holder} -> {target}"
        source, goal = (
            Entity(holder, owners[holder], f"{case}/holder"),
            Entity(target, owners[target], f"{case}/target"),
        )
        first = Step(1, Verb.CREATE, goal, goal.service)
        second = Step(2, Verb.CREATE, source, source.service, predecessors=(1,), links=(Link(source, goal),))
        use_cases.append(UseCase(case, (first, second)))
    return Architecture(name, owning(owners), tuple(use_cases), references=True)


def owning(owners: dict[str, str]) -> tuple[Service, ...]:
    """Return the services with the entities that they own, in the order in which they are first named."""
    return tuple(
        Service(service, tuple(entity for entity, owner in owners.items() if owner == service))
        for service in dict.fromkeys(owners.values())
    )


def _there_and_back() -> Architecture:
    a, b = Entity("a", "A"), Entity("b", "B")
    steps = (
        Step(1, Verb.CREATE, a, "A"),
        Step(2, Verb.CREATE, b, "B", predecessors=(1,), links=(Link(b, a),)),
        Step(3, Verb.LINK, a, "A", predecessors=(2,), links=(Link(a, b),)),
    )
    return Architecture("there-and-back", owning({"a": "A", "b": "B"}), (UseCase("there and back", steps),))


ONE_WAY = referring("one-way", (("a", "b"),), {"a": "A", "b": "B"})
"""The reference of Figures 3 and 4: create b in B, then a in A that refers to it."""
TWO_WAY = referring("two-way", (("a", "b"), ("c", "d")), {"a": "A", "d": "A", "b": "B", "c": "B"})
"""Two use cases in opposite directions: A refers to B by one of them, and B to A by the other."""
THERE_AND_BACK = _there_and_back()
"""One use case that goes from A to B and back: create a; create b, which refers to a; give a a link to b."""
ARCHITECTURES = (ONE_WAY, TWO_WAY, THERE_AND_BACK)
