"""The results as a list of findings, each at its place in the file: what code scanning and build servers show."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from bac.model.specification.diagnostics import Place
from bac.model.trace import Trace
from bac.proofs.results import AnomalyResult, Cause, PlanResult, PropertyResult, Verdict
from bac.properties.anomalies import AnomalyKind
from bac.properties.explanation import explain
from bac.properties.qualities import Property
from bac.reports.checked import Checked, View
from bac.reports.expectations import anomaly_text

RULES = {
    AnomalyKind.BROKEN_LINK: "A recovered link whose target does not exist.",
    AnomalyKind.ORPHAN_STATE: "A recovered entity to which no link holds any more.",
    AnomalyKind.MISSING_STATE: "A step that was lost although others of its use case were recovered.",
    AnomalyKind.DUPLICATE: "A step that is not idempotent and was done twice.",
    AnomalyKind.MISDIRECTED_LINK: "A link to something lost, whose id the next one takes.",
    AnomalyKind.OVERBOOKING: "A link to something scarce that was lost, and that someone else takes.",
    "not-backed-up": "A run after which no complete backup can be taken any more.",
    "unavailable": "A command that is held back for a backup.",
    "extra-loss": "Recovery loses something that was backed up.",
    "not-as-expected": "The file expects something that was not found.",
    "unknown": "A limit was reached before there was a verdict.",
}
"""The kinds of findings, each with its meaning."""

VIOLATIONS = {
    Property.BACKUP: "not-backed-up",
    Property.AVAILABILITY: "unavailable",
    Property.NO_EXTRA_LOSS: "extra-loss",
}
"""The rule that a violation of a property breaks, where there are no anomalies to tell."""


class Level(StrEnum):
    """How much a finding matters, the worst first; the names are those of SARIF."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"

    @property
    def rank(self) -> int:
        """The position from bad to good."""
        return list(Level).index(self)


@dataclass(frozen=True)
class Finding:
    """One thing that was found about a plan.

    ``about`` names it, such as ``broken link order -> product``; ``subject`` is its number for programs.  ``accepted``
    says why it does not count, if it does not.
    """

    plan: str
    rule: str
    level: Level
    about: str
    message: str
    subject: str = ""
    trace: Trace | None = None
    accepted: str | None = None


def findings(checked: Checked, result: PlanResult, view: View) -> list[Finding]:
    """Return the findings about one plan, the worst first."""
    found = list(Finder(checked, result, view).all())
    return sorted(found, key=lambda finding: finding.level.rank)


class Finder:
    """Finds what the results on one plan say."""

    def __init__(self, checked: Checked, result: PlanResult, view: View) -> None:
        """Keep the results, and what of them is to be shown."""
        self.checked, self.result, self.view = checked, result, view
        self.expected = checked.expectation(result.plan)

    def all(self) -> Iterator[Finding]:
        """Yield the findings, in the order of the properties."""
        for each in self.result.properties.values():
            yield from self.violations(each)
            if each.verdict is Verdict.UNKNOWN:
                yield self.finding("unknown", Level.WARNING, f"{each.property} is unknown", each.reason or "")
        for mismatch in self.checked.judged(self.result):
            if not mismatch.shown and not mismatch.unknown:
                yield self.finding("not-as-expected", Level.ERROR, mismatch.message, mismatch.message)

    def violations(self, found: PropertyResult) -> Iterator[Finding]:
        """Yield the violations of a property: one for each anomaly, or the property itself."""
        for anomaly in (*found.anomalies, *found.tolerated):
            if self.view.selects(anomaly, self.checked.architecture):
                yield self.anomaly(found, anomaly)
        if found.trace is not None:
            accepted = self.accepted(found, None)
            level = Level.ERROR if accepted is None else Level.NOTE
            yield self.shown(VIOLATIONS[found.property], level, f"{found.property} is violated", found.trace, accepted)

    def anomaly(self, found: PropertyResult, anomaly: AnomalyResult) -> Finding:
        """Return an anomaly as a finding."""
        accepted = "tolerated" if anomaly.tolerated else self.accepted(found, anomaly)
        level = Level.ERROR if self.checked.expected or anomaly.cause is Cause.BACKUP else Level.WARNING
        about = anomaly_text(anomaly, self.checked.architecture.named)
        trace = self.view.run(anomaly)
        return self.shown(anomaly.kind, level if accepted is None else Level.NOTE, about, trace, accepted)

    def accepted(self, found: PropertyResult, anomaly: AnomalyResult | None) -> str | None:
        """Return why a violation does not count; ``None`` if it does."""
        if self.expected is None:
            return "nothing is expected of this plan"
        return "expected" if self.expected.accepts(found, anomaly, self.checked.architecture.named) else None

    def shown(self, rule: str, level: Level, about: str, trace: Trace, accepted: str | None) -> Finding:
        """Return the finding that a run shows."""
        subject = trace.claim.subject or ""
        return Finding(self.result.plan, rule, level, about, explain(trace).sentence, subject, trace, accepted)

    def finding(self, rule: str, level: Level, about: str, message: str) -> Finding:
        """Return a finding that no run shows."""
        return Finding(self.result.plan, rule, level, about, message, about)


def repository_path(file: str) -> str:
    """Return the path of a file as the repository has it: relative to ``GITHUB_WORKSPACE``, where that is set."""
    root = os.environ.get("GITHUB_WORKSPACE")
    if not root or file.startswith("<"):
        return Path(file).as_posix()
    return Path(os.path.relpath(file, root)).as_posix()


def place(checked: Checked, plan: str) -> Place:
    """Return the place of a plan in its file."""
    return checked.specification.place(plan)
