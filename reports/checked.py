"""The subject of a report: a specification with the results on its plans, and which part of them is shown."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from bac.model.architecture import Architecture
from bac.model.plan import Timing
from bac.model.specification.reader import Specification
from bac.model.trace import Trace
from bac.proofs.results import AnomalyResult, PlanResult, Verdict

if TYPE_CHECKING:
    from bac.reports.expectations import Expected, Mismatch

STYLE = {Verdict.HOLDS: "green", Verdict.VIOLATED: "bold red", Verdict.UNKNOWN: "yellow"}
"""The colours of verdicts."""


@dataclass(frozen=True)
class Checked:
    """A specification with the results on its plans, and what was expected of these (by their names).

    ``reading`` and ``seconds`` are how long reading the file and everything took; 0 if that was not measured.
    """

    specification: Specification
    results: Sequence[PlanResult]
    expected: Mapping[str, Expected] = field(default_factory=dict)
    reading: float = 0.0
    seconds: float = 0.0

    @property
    def architecture(self) -> Architecture:
        """Return the architecture of the specification."""
        return self.specification.architecture

    def mismatches(self) -> Iterator[Mismatch]:
        """Yield what is not as expected."""
        for result in self.results:
            if (expected := self.expected.get(result.plan)) is not None:
                yield from expected.mismatches(result, self.architecture.named)


@dataclass(frozen=True)
class View:
    """The part of the results that is shown.

    ``alone``: one plan in full, instead of a table that compares plans.  ``kind``, ``subject`` (a step by name or
    number) and ``timing`` select anomalies, ``top`` the first of these.  ``verbose``: each anomaly with its
    own run, however long that gets.
    """

    alone: bool = False
    kind: str | None = None
    subject: str | None = None
    timing: Timing | None = None
    top: int | None = None
    verbose: bool = False

    @property
    def selective(self) -> bool:
        """Whether only some anomalies are asked for."""
        return (self.kind, self.subject, self.timing) != (None, None, None)

    def selects(self, anomaly: AnomalyResult, architecture: Architecture) -> bool:
        """Whether an anomaly is shown."""
        return (
            self.kind in (None, anomaly.kind)
            and (self.subject is None or architecture.numbered(self.subject) == anomaly.subject)
            and (self.timing is None or self.timing in anomaly.traces)
        )

    def narrowed(self, result: PlanResult, architecture: Architecture) -> PlanResult:
        """Return the results on a plan with only those anomalies that are shown."""
        properties = {}
        for which, each in result.properties.items():
            anomalies = tuple(found for found in each.anomalies if self.selects(found, architecture))
            tolerated = tuple(found for found in each.tolerated if self.selects(found, architecture))
            properties[which] = replace(each, anomalies=anomalies, tolerated=tolerated)
        return replace(result, properties=properties)

    def run(self, anomaly: AnomalyResult) -> Trace:
        """Return the run that is shown for an anomaly."""
        return anomaly.shown if self.timing is None else anomaly.traces[self.timing]
