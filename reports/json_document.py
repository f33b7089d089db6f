"""The JSON report (``bac-report``, version 2; schemas/report.schema.json, docs/report.md)."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from bac.model.specification.diagnostics import Diagnostic
from bac.model.trace import Trace
from bac.proofs.results import AnomalyResult, PlanResult, PropertyResult
from bac.properties.explanation import explain
from bac.properties.qualities import Property
from bac.reports.checked import Checked, View
from bac.reports.expectations import Expected

FORMAT, VERSION = "bac-report", 2
ABOUT_STEPS = ("missing-state", "duplicate")
"""The kinds of anomalies whose subject is a step."""
SEVERAL = "bac-reports"


def render(checked: Sequence[Checked], view: View, several: bool) -> str:
    """Return the report on one specification, or one document with a list of reports."""
    if not several:
        return dumped(report(checked[0], view))
    reports = [{"file": each.specification.file} | report(each, view) for each in checked]
    return dumped({"format": SEVERAL, "version": VERSION, "reports": reports})


def dumped(document: Any) -> str:
    """Return a document as indented JSON."""
    return json.dumps(document, indent=1, ensure_ascii=False) + "\n"


def report(checked: Checked, view: View) -> dict[str, Any]:
    """Return the report on the plans of a specification."""
    return {
        "format": FORMAT,
        "version": VERSION,
        "specification": checked.architecture.name,
        "warnings": [diagnostic(each) for each in checked.specification.warnings],
        "plans": [Writer(checked, view).plan(result) for result in checked.results],
    }


def diagnostic(found: Diagnostic) -> dict[str, Any]:
    """Return a warning of the specification."""
    return {"code": found.code, "message": found.message, "line": found.line, "column": found.column}


def statistics(result: PlanResult) -> dict[str, Any]:
    """Return how much was searched."""
    each = result.statistics
    return {"states": each.states, "transitions": each.transitions, "depth": each.depth, "seconds": each.seconds}


class Writer:
    """Writes the results on the plans of one specification; a key that has nothing to say is left out."""

    def __init__(self, checked: Checked, view: View) -> None:
        """Keep what is to be written, and what of it is to be shown."""
        self.checked, self.view = checked, view

    def plan(self, result: PlanResult) -> dict[str, Any]:
        """Return the results on one plan."""
        return {
            "plan": result.plan,
            "instances": result.instances,
            "engine": result.engine,
            **({"refusal": result.refusal} if result.refusal is not None else {}),
            "statistics": statistics(result),
            **({"reductions": [asdict(saving) for saving in result.savings]} if result.savings else {}),
            **({"limit": result.limit} if result.limit is not None else {}),
            **({"vacuous": True} if any(each.vacuous for each in result.properties.values()) else {}),
            **self.expectation(result),
            **({} if result.people is None else {"recovery": {"people": result.people}}),
            "properties": {str(which): self.verdict(each) for which, each in result.properties.items()},
        }

    def expectation(self, result: PlanResult) -> dict[str, Any]:
        """Return what differs from what is expected of the plan, if something is expected."""
        expected: Expected | None = self.checked.expected.get(result.plan)
        if expected is None:
            return {}
        found = expected.mismatches(result, self.checked.architecture.named)
        return {"mismatches": [mismatch.message for mismatch in found]}

    def verdict(self, result: PropertyResult) -> dict[str, Any]:
        """Return the verdict on one property."""
        document: dict[str, Any] = {"verdict": str(result.verdict), "scope": result.scope}
        document |= {} if result.engine is None else {"engine": result.engine}
        if result.reason is not None:
            document["reason"] = result.reason
        if result.vacuous:
            document["vacuous"] = True
        if not result.complete:
            document["complete"] = False
        if result.trace is not None:
            document |= {
                "explanation": explain(result.trace).sentence,
                "length": len(result.trace.actions) + result.omitted_actions,
            }
            document |= {} if result.at_least is None else {"at_least": result.at_least}
            document |= {"elsewhere": result.omitted_actions} if result.omitted_actions else {}
            document |= self.helps(result)
            document["trace"] = result.trace.to_json()
        if result.property is Property.CONSISTENCY:
            document |= self.anomalies(result)
        return document

    def anomalies(self, result: PropertyResult) -> dict[str, Any]:
        """Return the anomalies that are to be shown, and how many are not."""
        lists = {"anomalies": result.anomalies, "tolerated": result.tolerated}
        shown: dict[str, Any] = {}
        left = self.view.top
        for key, found in lists.items():
            selected = [each for each in found if self.view.selects(each, self.checked.architecture)][:left]
            shown[key] = [self.anomaly(each) for each in selected]
            left = None if left is None else left - len(selected)
        hidden = sum(map(len, lists.values())) - sum(map(len, shown.values()))
        shown["application"] = [{"kind": str(each.kind), "subject": each.subject} for each in result.application]
        return shown | ({"hidden": hidden} if hidden else {})

    def anomaly(self, result: AnomalyResult) -> dict[str, Any]:
        """Return one anomaly with its run."""
        document = {
            "kind": str(result.kind),
            "subject": result.subject,
            **self.step(result),
            "cause": str(result.cause),
            "tolerated": result.tolerated,
            "length": {str(timing): length for timing, length in result.lengths.items()},
        }
        if result.at_least:
            document["at_least"] = {str(timing): least for timing, least in result.at_least.items()}
        document |= self.helps(result)
        return document | self.run(result)

    def helps(self, result: AnomalyResult | PropertyResult) -> dict[str, Any]:
        """Return what helps against an anomaly or a violated backup, if that was searched."""
        if result.advice is None:
            return {}
        limit = {} if result.advice.limit is None else {"helps_limit": result.advice.limit}
        return {"helps": [{"changes": each.changes, "costs": each.costs} for each in result.advice.helps], **limit}

    def step(self, result: AnomalyResult) -> dict[str, Any]:
        """Return the name of the step that an anomaly is about, if it has one."""
        if result.kind not in ABOUT_STEPS:
            return {}
        case, _, number = result.subject.rpartition(".")
        step = self.checked.architecture.by_use_case[case].step(int(number))
        return {"step": step.name} if step.name else {}

    def run(self, result: AnomalyResult) -> dict[str, Any]:
        """Return the run that is shown for an anomaly, and what it explains."""
        trace: Trace = self.view.run(result)
        why = explain(trace)
        omitted = result.traces.runs[self.view.timing or result.timing].omitted_actions
        return {
            **({"elsewhere": omitted} if omitted else {}),
            "explanation": why.sentence,
            **({"action": why.action} if why.action is not None else {}),
            "trace": trace.to_json(),
        }
