"""The findings as SARIF 2.1.0, which code scanning shows beside the file: one run, a result for each finding.

Source: OASIS, "Static Analysis Results Interchange Format (SARIF) Version 2.1.0".
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Sequence
from typing import Any
from urllib.parse import quote

from bac import __version__
from bac.model.specification.diagnostics import CODES, Diagnostic, Place
from bac.model.system import Event
from bac.model.trace import Trace
from bac.properties.explanation import listing
from bac.reports.checked import Checked, View
from bac.reports.findings import RULES, Finding, Level, findings, place, repository_path

SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
FINGERPRINT = "bac/v1"
MOST_RESULTS = 5_000
"""GitHub shows no more."""
MOST_ACTIONS = 1_000
"""GitHub shows no more of a code flow."""


def render(checked: Sequence[Checked], view: View, several: bool) -> str:  # noqa: ARG001 (one run for all files)
    """Return the SARIF log."""
    results = [result for each in checked for result in Writer(each, view).results()]
    worst = sorted(results, key=lambda result: Level(result["level"]).rank)[:MOST_RESULTS]
    rules = list(dict.fromkeys([*(f"bac/{rule}" for rule in RULES), *(result["ruleId"] for result in worst)]))
    for result in worst:
        result["ruleIndex"] = rules.index(result["ruleId"])
    driver = {"name": "bac", "version": __version__, "rules": [described(rule) for rule in rules]}
    run = {"tool": {"driver": driver}, "columnKind": "unicodeCodePoints", "results": worst}
    document = {"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}
    return json.dumps(document, indent=1, ensure_ascii=False) + "\n"


def described(rule: str) -> dict[str, Any]:
    """Return a rule with its meaning."""
    code = rule.removeprefix("bac/")
    meaning = {str(key): value for key, value in RULES.items()}.get(code) or CODES[code].replace("`", "'")
    return {"id": rule, "name": code.title().replace("-", ""), "shortDescription": {"text": meaning}}


def fingerprint(*parts: str) -> dict[str, str]:
    """Return what stays the same when lines are moved: it recognises a finding that was seen before."""
    digest = hashlib.sha256("\0".join(parts).encode()).hexdigest()
    return {FINGERPRINT: digest}


class Writer:
    """Writes the findings about one file."""

    def __init__(self, checked: Checked, view: View) -> None:
        """Keep what is to be written, and what of it is to be shown."""
        self.checked, self.view = checked, view
        self.path = repository_path(checked.specification.file)

    def results(self) -> Iterator[dict[str, Any]]:
        """Yield the findings about the plans, and the warnings about the file."""
        for result in self.checked.results:
            for finding in findings(self.checked, result, self.view)[: self.view.top]:
                yield self.result(finding)
        for warning in self.checked.specification.warnings:
            yield self.warning(warning)

    def result(self, finding: Finding) -> dict[str, Any]:
        """Return a finding about a plan."""
        rule, about = str(finding.rule), finding.about
        text = about if about == finding.message else f"{about}: {finding.message}"
        location = self.location(place(self.checked, finding.plan))
        location["logicalLocations"] = [{"name": finding.plan, "fullyQualifiedName": f"plans/{finding.plan}"}]
        document: dict[str, Any] = {
            "ruleId": f"bac/{rule}",
            "level": str(finding.level),
            "message": {"text": f"Plan {finding.plan}: {text}"},
            "locations": [location],
            "partialFingerprints": fingerprint(self.path, finding.plan, rule, finding.subject),
            "properties": {"plan": finding.plan},
        }
        if finding.accepted is not None:
            document["suppressions"] = [{"kind": "inSource", "justification": finding.accepted}]
        return document | ({} if finding.trace is None else self.run(finding.trace))

    def warning(self, found: Diagnostic) -> dict[str, Any]:
        """Return a warning or a note about the file."""
        return {
            "ruleId": f"bac/{found.code}",
            "level": str(Level.WARNING if found.severity == "warning" else Level.NOTE),
            "message": {"text": found.message},
            "locations": [self.location(Place(found.line, found.column))],
            "partialFingerprints": fingerprint(self.path, found.code, found.message),
        }

    def run(self, trace: Trace) -> dict[str, Any]:
        """Return a run as a code flow, and the steps that take part."""
        lines = [line.strip() for line in listing(trace)][: len(trace.actions)]
        flow = [
            {"location": self.location(self.place(trace, label.events), line), "executionOrder": number}
            for number, (label, line) in enumerate(zip(trace.actions, lines, strict=True), 1)
        ]
        events = dict.fromkeys((event.use_case, event.step) for label in trace.actions for event in label.events)
        related = [
            self.location(at[0], f"{trace.architecture.named(f'{case}.{step}')}") | {"id": number}
            for number, (case, step) in enumerate(events, 1)
            if (at := self.checked.specification.steps.get((case, step))) is not None
        ]
        flows = [{"threadFlows": [{"locations": flow[:MOST_ACTIONS]}]}] if flow else []
        return {"codeFlows": flows, "relatedLocations": related} if flows else {}

    def place(self, trace: Trace, events: Iterable[Event]) -> Place:
        """Return the place of the first of the steps, or of the plan if there is none."""
        for event in events:
            found = self.checked.specification.steps.get((event.use_case, event.step))
            if found is not None:
                return found[0]
        return place(self.checked, trace.plan.name)

    def location(self, at: Place, message: str | None = None) -> dict[str, Any]:
        """Return a place in the file."""
        artifact = {"uri": quote(self.path), "uriBaseId": "%SRCROOT%"}
        region = {"startLine": at.line, "startColumn": at.column}
        physical = {"physicalLocation": {"artifactLocation": artifact, "region": region}}
        return physical | ({} if message is None else {"message": {"text": message}})
