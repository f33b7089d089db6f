"""The results of drills: verdicts, and the evidence for them."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from bac.properties.anomalies import Blame
from bac.testing.drills.reading import Finding
from bac.testing.drills.run import Run


class DrillVerdict(StrEnum):
    """The result of a drill; ``str()`` of it is for people."""

    CONSISTENT = "consistent"
    AS_PREDICTED = "as predicted"
    MODEL_REFUTED = "model refuted"
    NOT_REPRODUCED = "not reproduced"

    @property
    def exit_code(self) -> int:
        """The exit code of ``bac drill``."""
        return {"consistent": 0, "as predicted": 1, "model refuted": 5, "not reproduced": 6}[self.value]


REMARKS = {
    Blame.BACKUP: "",
    Blame.TOLERATED: " (tolerated)",
    Blame.APPLICATION: " (left behind by the application)",
}
"""The remark on a finding, by what it is put down to."""


@dataclass(frozen=True)
class DrillResult:
    """The result of a drill, with its evidence.

    Args:
        verdict: the verdict.
        reason: one sentence that says why.
        findings: the anomalies in the stores after recovery; of random runs those of the run that is shown.
        unpredicted: those of them that the check says cannot happen.
        actions: what was done, one line for each action.
        evidence: the document of docs/real-services.md.
        others: how many other anomalies only other random runs showed.
    """

    verdict: DrillVerdict
    reason: str
    findings: tuple[Finding, ...]
    unpredicted: tuple[Finding, ...]
    actions: tuple[str, ...]
    evidence: Mapping[str, Any] = field(repr=False, compare=False)
    others: int = 0

    def __str__(self) -> str:
        lines = [f"{self.verdict}: {self.reason}"]
        lines += [f"  {number:>2}  {action}" for number, action in enumerate(self.actions, 1)]
        lines += [f"  ! {each}{REMARKS[each.blame]}{self._unpredicted(each)}" for each in self.findings]
        if self.others:
            lines.append(f"other runs showed {self.others} other finding{'s' * (self.others != 1)}")
        return "\n".join(lines)

    def _unpredicted(self, finding: Finding) -> str:
        return " (not predicted)" if finding in self.unpredicted else ""


def judged(run: Run, findings: tuple[Finding, ...], way: str, others: int = 0) -> DrillResult:
    """Return the result of runs that the model allows, by what the stores show."""
    unpredicted = run.plan.unpredicted(findings)
    if unpredicted:
        reason = f"the check says that there is no {unpredicted[0]}"
        return result(run, DrillVerdict.MODEL_REFUTED, reason, findings, way, others)
    if findings:
        reason = f"the stores show {len(findings)} of the anomalies that the check predicts"
        return result(run, DrillVerdict.AS_PREDICTED, reason, findings, way, others)
    if run.plan.predicted and way == "random":
        reason = "the check predicts anomalies, and no run showed one"
        return result(run, DrillVerdict.NOT_REPRODUCED, reason, findings, way)
    return result(run, DrillVerdict.CONSISTENT, "the stores fit together", findings, way)


def result(
    run: Run,
    verdict: DrillVerdict,
    reason: str,
    findings: tuple[Finding, ...] = (),
    way: str = "trace",
    others: int = 0,
) -> DrillResult:
    """Return a result with its evidence."""
    unpredicted = run.plan.unpredicted(findings)
    specification = run.plan.specification
    evidence = {
        "specification": specification.name,
        "sha256": hashlib.sha256(specification.to_yaml().encode()).hexdigest(),
        "plan": run.plan.plan.name,
        "way": way,
        "adapter": type(run.adapter).__name__,
        "verdict": str(verdict),
        "reason": reason,
        "actions": run.log,
        "snapshots": run.snapshots,
        "restored": run.restored,
        "findings": list(map(told, findings)),
        "other_findings": others,
        "unpredicted": list(map(told, unpredicted)),
        "predicted": [{"kind": kind, "subject": subject} for kind, subject in sorted(run.plan.predicted)],
    }
    actions = tuple(str(each["action"]) for each in run.log)
    return DrillResult(verdict, reason, findings, unpredicted, actions, evidence, others)


def told(finding: Finding) -> dict[str, Any]:
    """Return a finding as JSON."""
    return {
        "kind": str(finding.kind),
        "subject": finding.subject,
        "index": finding.index,
        "blame": str(finding.blame),
    }


def document(results: Sequence[DrillResult]) -> dict[str, Any]:
    """Return the evidence of drills as one JSON document (schemas/drill.schema.json)."""
    verdict = worst(results)
    return {
        "format": "bac-drill",
        "version": 1,
        "verdict": str(verdict),
        "drills": [result.evidence for result in results],
    }


def worst(results: Sequence[DrillResult]) -> DrillVerdict:
    """Return the verdict on several drills: a refuted model counts most, then what was not reproduced."""
    return max((result.verdict for result in results), key=lambda verdict: verdict.exit_code)
