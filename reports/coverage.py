"""The steps that some run takes, as tables for people and as a JSON document (docs/report.md, "Coverage")."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping, Sequence
from typing import Any, TypeVar

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from bac.model.architecture import Architecture
from bac.model.specification.reader import Specification
from bac.properties.qualities import PlanCoverage, StepCoverage, UseCaseCoverage
from bac.reports.checked import name, of_plans
from bac.reports.json_document import diagnostic

FORMAT, VERSION = "bac-coverage", 1
STYLE = {True: "green", False: "bold red", None: "yellow"}

H = TypeVar("H", bound=Hashable)
Answer = tuple[bool | None, str]
"""Whether all is well (``None``: not known), and the answer in words."""


# For people


def text(specification: Specification, covered: Sequence[PlanCoverage], instances: int) -> RenderableType:
    """Return the answers about all steps, use cases and plans."""
    scope = f"{instances} instance{'s' * (instances != 1)} of every use case"
    title = f"{specification.architecture.name}: coverage, {scope}, before a disaster"
    tables = (step_table(specification, covered), use_case_table(specification, covered), plan_table(covered))
    parts = [part for table in tables for part in (Text(), table)]
    return Group(Text(title, style="bold"), *parts, Text(), Text(summary(covered), style="dim"))


def step_table(specification: Specification, covered: Sequence[PlanCoverage]) -> Table:
    """Return the table of steps."""
    table = titled("step", "command", "in some run")
    answers = by_subject((step.place, plan.plan, of_step(step)) for plan in covered for step in plan.steps)
    for (case, number), found in answers.items():
        step = specification.architecture.by_use_case[case].step(number)
        named = specification.architecture.named(f"{case}.{number}")
        table.add_row(Text(named), Text(f"{step.service}: {step}"), told(found))
    return table


def use_case_table(specification: Specification, covered: Sequence[PlanCoverage]) -> Table:
    """Return the table of use cases."""
    table = titled("use case", "when it has begun")
    answers = by_subject(
        (case.name, plan.plan, of_use_case(specification, case)) for plan in covered for case in plan.use_cases
    )
    for subject, found in answers.items():
        table.add_row(Text(subject), told(found))
    return table


def plan_table(covered: Sequence[PlanCoverage]) -> Table:
    """Return the table of plans."""
    table = titled("plan", "after a disaster")
    for plan in covered:
        words = f"never recovers: {plan.no_recovery}" if plan.no_recovery else "recovers"
        table.add_row(Text(plan.plan), Text(words, style=STYLE[not plan.no_recovery]))
    return table


def titled(*titles: str) -> Table:
    """Return an empty table with these headings."""
    table = Table(box=None, pad_edge=False, header_style="bold", padding=(0, 3, 0, 0))
    for title in titles:
        table.add_column(title, overflow="fold")
    return table


def by_subject(answers: Iterable[tuple[H, str, Answer]]) -> Mapping[H, Mapping[Answer, list[str]]]:
    """Return for each subject its answers, each with the plans under which it is the answer."""
    found: dict[H, dict[Answer, list[str]]] = {}
    for subject, plan, answer in answers:
        found.setdefault(subject, {}).setdefault(answer, []).append(plan)
    return found


def told(answers: Mapping[Answer, list[str]]) -> Text:
    """Return the answers about a subject, with the plans if there are several answers."""
    lines = []
    for (well, words), plans in answers.items():
        under = f"   (under {of_plans(plans)})" if len(answers) > 1 else ""
        lines.append(Text(words, style=STYLE[well]).append(under, style="not bold dim"))
    return Text("\n").join(lines)


def of_step(step: StepCoverage) -> Answer:
    """Return the answer about a step."""
    match step.happens:
        case True:
            return True, "happens"
        case False:
            return False, f"never: it {step.reason}"
        case None:
            return None, f"unknown: {step.reason}"


def of_use_case(specification: Specification, case: UseCaseCoverage) -> Answer:
    """Return the answer about a use case."""
    if case.begins is False:
        return False, "never begins"
    match case.finishes:
        case True:
            return True, "can always be finished"
        case False:
            stuck = (f"can get stuck at {name(specification, at.place)}: it {at.reason}" for at in case.obstacles)
            return False, "\n".join(stuck)
        case None:
            return None, f"unknown: {case.reason}"


def summary(covered: Sequence[PlanCoverage]) -> str:
    """Return how many steps happen and use cases can always be finished, whatever the plan, and how many plans recover.

    What is not known does not count.
    """
    steps = [all(each) for each in zip(*([s.happens is True for s in plan.steps] for plan in covered), strict=True)]
    cases = [all(each) for each in zip(*(map(is_well, plan.use_cases) for plan in covered), strict=True)]
    recover = sum(not plan.no_recovery for plan in covered)
    return (
        f"{sum(steps)} of {len(steps)} steps happen, {sum(cases)} of {len(cases)} use cases can always be finished, "
        f"{recover} of {len(covered)} plans recover"
    )


def is_well(case: UseCaseCoverage) -> bool:
    """Whether a use case begins and can always be finished."""
    return case.begins is True and case.finishes is True


# For programs


def document(specification: Specification, covered: Sequence[PlanCoverage], instances: int) -> dict[str, Any]:
    """Return the answers under each plan; a key that has nothing to say is left out, and ``None`` is not known."""
    return {
        "format": FORMAT,
        "version": VERSION,
        "specification": specification.architecture.name,
        "instances": instances,
        "warnings": [diagnostic(each) for each in specification.warnings],
        "plans": [plan_document(specification.architecture, plan) for plan in covered],
    }


def plan_document(architecture: Architecture, plan: PlanCoverage) -> dict[str, Any]:
    """Return the answers under one plan."""
    return {
        "plan": plan.plan,
        "recovers": not plan.no_recovery,
        **given(reason=plan.no_recovery),
        "steps": [step_document(architecture, step) for step in plan.steps],
        "use_cases": [use_case_document(architecture, case) for case in plan.use_cases],
    }


def step_document(architecture: Architecture, found: StepCoverage) -> dict[str, Any]:
    """Return the answer about one step."""
    case, number = found.place
    step = architecture.by_use_case[case].step(number)
    about = {"step": f"{case}.{number}", **given(name=step.name), "service": step.service, "command": str(step)}
    return about | {"happens": found.happens, **given(reason=found.reason)}


def use_case_document(architecture: Architecture, found: UseCaseCoverage) -> dict[str, Any]:
    """Return the answer about one use case."""
    stuck = []
    for obstacle in found.obstacles:
        case, number = obstacle.place
        named = given(name=architecture.by_use_case[case].step(number).name)
        stuck.append({"step": f"{case}.{number}", **named, "reason": obstacle.reason})
    answers = {"begins": found.begins, "finishes": found.finishes}
    return {"use_case": found.name, **answers, **given(stuck=stuck, reason=found.reason)}


def given(**keys: Any) -> dict[str, Any]:
    """Return the keys that have something to say."""
    return {key: value for key, value in keys.items() if value}
