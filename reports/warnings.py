"""Warnings about steps that never happen, use cases that can get stuck, and calls that nobody records, at their places.

The same finding under several plans is one warning; it names the plans unless it is the same under all of them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from bac.model.names import listed, quoted
from bac.model.specification.diagnostics import Diagnostic
from bac.model.specification.reader import Specification
from bac.properties.coverage import NAMED, Place, PlanCoverage, unrecorded

Finding = tuple[str, Place, str]
"""A code, a step, and the message about it."""


def warnings(specification: Specification, covered: Sequence[PlanCoverage]) -> tuple[Diagnostic, ...]:
    """Return the warnings about what was found, in the order of the file.

    Args:
        specification: the specification.
        covered: what happens under some of its plans.
    """
    plans: dict[Finding, list[str]] = {}
    for plan in covered:
        for finding in findings(specification, plan):
            plans.setdefault(finding, []).append(plan.plan)
    found = []
    for (code, step, message), names in plans.items():
        under = "" if len(names) == len(covered) else f"under {of_plans(names)}: "
        found.append(specification.warning(code, step, under + message))
    for step, services in unrecorded(specification.architecture):
        found.append(specification.warning("no-record", step, not_recorded(name(specification, step), services)))
    return tuple(sorted(found, key=lambda each: (each.line, each.column)))


def findings(specification: Specification, plan: PlanCoverage) -> Iterator[Finding]:
    """Yield the steps that never happen for a reason of their own, and the use cases that can get stuck."""
    for step in plan.never():
        yield "never-happens", step.place, f"{name(specification, step.place)} never happens: it {step.reason}"
    for case in plan.use_cases:
        for obstacle in case.obstacles[:1]:
            at = f"{quoted(case.name)} can get stuck at {name(specification, obstacle.place)}"
            yield "can-get-stuck", obstacle.place, f"{at}: it {obstacle.reason}"


def not_recorded(step: str, services: Sequence[str]) -> str:
    """Return the message about a call that is not idempotent."""
    at = listed([*map(quoted, services)])
    return f"no later step in {at} records that {step} was done, so that it is done again if the call is resumed there"


def name(specification: Specification, step: Place) -> str:
    """Return what people call a step, in quotes."""
    return quoted(specification.architecture.named(f"{step[0]}.{step[1]}"))


def of_plans(plans: Sequence[str]) -> str:
    """Return the names of plans for a message."""
    more = [f"{len(plans) - NAMED} more"] if len(plans) > NAMED else []
    return listed([*map(quoted, plans[:NAMED]), *more])
