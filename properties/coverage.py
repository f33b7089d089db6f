"""Answers about what happens in some run: whether each step does, each use case can be finished, each plan recovers.

Source: docs/semantics.md, "What never happens".
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from bac.model.architecture import Architecture, Via
from bac.model.names import listed, quoted
from bac.model.semantics import Rules
from bac.model.setting import followers

NAMED = 3
"""So many steps that never happen are named."""
Place = tuple[str, int]
"""A step, by the name of its use case and its number."""


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
    """What happens under one plan.  ``no_recovery`` says why no run ever recovers; it is empty if some run does."""

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
