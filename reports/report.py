"""The JSON report (``bac-report``, version 1; schemas/report.schema.json)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict
from typing import Any

from bac.model.specification.diagnostics import Diagnostic
from bac.proofs.results import AnomalyResult, PlanResult, PropertyResult
from bac.properties.explanation import explain
from bac.properties.qualities import Property

FORMAT, VERSION = "bac-report", 1


def report(name: str, results: Iterable[PlanResult], warnings: Iterable[Diagnostic] = ()) -> dict[str, Any]:
    """The report on the plans of a specification, as a JSON document."""
    return {
        "format": FORMAT,
        "version": VERSION,
        "specification": name,
        "warnings": [
            {"code": warning.code, "message": warning.message, "line": warning.line, "column": warning.column}
            for warning in warnings
        ],
        "plans": [plan(result) for result in results],
    }


def plan(result: PlanResult) -> dict[str, Any]:
    """The results on one plan."""
    return {
        "plan": result.plan,
        "instances": result.instances,
        "engine": result.engine,
        "statistics": statistics(result),
        **({"reductions": [asdict(saving) for saving in result.savings]} if result.savings else {}),
        **({"parts": result.parts, "shapes": result.shapes} if result.parts > 1 else {}),
        **({"limit": result.limit} if result.limit is not None else {}),
        "properties": {str(which): verdict(each) for which, each in result.properties.items()},
    }


def statistics(result: PlanResult) -> dict[str, Any]:
    """How much was searched."""
    each = result.statistics
    return {"states": each.states, "transitions": each.transitions, "depth": each.depth, "seconds": each.seconds}


def verdict(result: PropertyResult) -> dict[str, Any]:
    """The verdict on one property; a key that has nothing to say is left out."""
    document: dict[str, Any] = {"verdict": str(result.verdict), "scope": result.scope}
    if result.reason is not None:
        document["reason"] = result.reason
    if result.vacuous:
        document["vacuous"] = True
    if not result.complete:
        document["complete"] = False
    if result.trace is not None:
        document |= {"explanation": explain(result.trace).sentence, "length": len(result.trace.actions)}
        document |= {"elsewhere": result.omitted_actions} if result.omitted_actions else {}
        document["trace"] = result.trace.to_json()
    if result.property is Property.CONSISTENCY:
        document["anomalies"] = [anomaly(each) for each in result.anomalies]
        document["tolerated"] = [anomaly(each) for each in result.tolerated]
    return document


def anomaly(result: AnomalyResult) -> dict[str, Any]:
    """One anomaly, with its shortest trace; where another one looks like it in other names, with that one's subject."""
    document = {
        "kind": str(result.kind),
        "subject": result.subject,
        "cause": str(result.cause),
        "tolerated": result.tolerated,
        "length": {str(timing): length for timing, length in result.lengths.items()},
    }
    if result.like is not None:
        return document | {"like": result.like}
    why = explain(result.shown)
    return document | {
        **({"elsewhere": result.omitted_actions} if result.omitted_actions else {}),
        "explanation": why.sentence,
        **({"action": why.action} if why.action is not None else {}),
        "trace": result.shown.to_json(),
    }
