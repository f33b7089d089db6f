"""Read what a plan expects of the checker: the key ``expect`` of a plan.

docs/specification.md is the reference of the format.
"""

from __future__ import annotations

from dataclasses import replace
from enum import StrEnum
from typing import Any

from bac.model.plan import ANOMALIES, Expectation
from bac.model.specification import fields
from bac.model.specification.diagnostics import Report
from bac.model.specification.fields import Reader, Record
from bac.model.specification.yaml_tree import Node, ScalarNode


class _Expected(StrEnum):
    """The verdicts that a plan may expect."""

    HOLDS = "holds"
    VIOLATED = "violated"


def _anomaly(report: Report, node: Node) -> ScalarNode | None:
    """Read an anomaly: its kind, which may be written with hyphens, and its subject."""
    found = fields.short_text(report, node)
    if found is None:
        return None
    for kind in ANOMALIES:
        for written in (kind, kind.replace(" ", "-")):
            if found.text.startswith(f"{written} "):
                return replace(found, text=f"{kind} {found.text[len(written) :].strip()}")
    message = f"expected the kind and the subject of an anomaly; kinds: {', '.join(ANOMALIES)}"
    report.add("bad-expectation", node, message)
    return None


_EXPECTED_ANOMALIES = "anomalies"
_EXPECT_KEYS: dict[str, Reader[Any]] = {
    "backup": fields.choice(_Expected),
    "availability": fields.choice(_Expected),
    "consistency": fields.choice(_Expected),
    "no-extra-loss": fields.choice(_Expected),
    _EXPECTED_ANOMALIES: fields.names(of=_anomaly),
}
EXPECTATION = fields.record("expect", _EXPECT_KEYS)
"""The reader of the value of the key."""


def expectation(report: Report, record: Record) -> Expectation:
    """Return what a plan expects; report it if it contradicts itself."""
    verdicts = tuple((key, str(value)) for key, value in record.values.items() if key != _EXPECTED_ANOMALIES)
    if _EXPECTED_ANOMALIES not in record.values:
        return Expectation(verdicts)
    anomalies = tuple(node.text for node in record.values[_EXPECTED_ANOMALIES])
    consistency = _Expected.VIOLATED if anomalies else _Expected.HOLDS
    if record.values.get("consistency", consistency) is not consistency:
        message = f"with these anomalies, consistency is {consistency}"
        report.add("bad-expectation", record.nodes["consistency"], message)
    return Expectation(verdicts, anomalies)
