"""Answers about what happens in some run: whether each step does, each use case can be finished, each plan recovers.

Source: docs/semantics.md, "What never happens".
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from bac.model.semantics import Rules

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
    """Whether a use case can always be finished when it has begun; ``None`` if that is not known (``reason``: why)."""

    name: str
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
    return f"every disaster needs a backup of {' or '.join(never)}, and there is none"
