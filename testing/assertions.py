"""Assertions about specifications: that properties of a plan hold."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import bac

MOST_SHOWN = 10
"""The most anomalies that a message shows in full."""
PROPERTIES = ("backup", "availability", "consistency", "no-extra-loss")


def assert_holds(spec: bac.Specification, plan: str, *properties: str, vacuous: bool = True, **options: Any) -> None:
    """Fail unless properties of a plan hold; the message says why they do not, with a shortest run.

    Args:
        spec: the specification.
        plan: the name of the plan.
        properties: of ``backup``, ``availability``, ``consistency`` and ``no-extra-loss``; default: all.
        vacuous: whether it is enough that a property holds because something never happens that could violate it.
        options: those of :func:`bac.check`, such as ``instances`` and ``timeout``.

    Raises:
        AssertionError: a property is violated or unknown.
        BacError: there is no such plan.
    """
    wanted = properties or PROPERTIES
    report = bac.check(spec, plan=plan, properties=wanted, **options)[plan]
    for name in wanted:
        found = report[name]
        if found.verdict is not bac.Verdict.HOLDS:
            raise AssertionError(failure(report, name))
        if found.vacuous and not vacuous:
            raise AssertionError(f"{plan}: {name} holds only vacuously: {found.reason}")


def failure(report: bac.PlanReport, name: str) -> str:
    """Return why a property of a plan is not as it should be, with a run for each counterexample."""
    found = report[name]
    why = f" ({found.reason})" if found.reason else ""
    verdict = "holds" if found.verdict is bac.Verdict.HOLDS else f"is {found.verdict}"
    heading = "; ".join(found.mismatches) or f"{name} {verdict}{why}"
    return "\n\n".join([f"plan {report.plan}: {heading}", *evidence(report, name)])


def evidence(report: bac.PlanReport, name: str) -> Iterator[str]:
    """Yield the counterexamples that count against a property, the worst first, and how many more there are."""
    if name != "consistency":
        yield from [] if report[name].trace is None else [str(report[name].trace)]
        return
    found = counting(report)
    for anomaly in found[:MOST_SHOWN]:
        kind = anomaly.kind.replace("-", " ")
        yield f"{kind} {anomaly.subject} (cause: {anomaly.cause})\n{anomaly.trace}"
    if len(found) > MOST_SHOWN:
        yield f"… and {len(found) - MOST_SHOWN} more anomalies"


def counting(report: bac.PlanReport) -> tuple[bac.Anomaly, ...]:
    """Return the anomalies that are not expected; all of them, if a test asks for more than the file expects."""
    return report.unexpected or report.anomalies


def counterexample(report: bac.PlanReport, name: str) -> bac.Trace | None:
    """Return the run that a figure shows: that of the first counterexample that counts."""
    if name == "consistency" and (found := counting(report)):
        return found[0].trace
    return report[name].trace
