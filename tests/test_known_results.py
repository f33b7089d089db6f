"""Results that stand in docs/semantics.md: whatever changes, these stay."""

from __future__ import annotations

from typing import Any

import pytest
import yaml
from comparison import checked
from oracle import judge

REFERENCE = """
services: {A: {owns: [a]}, B: {owns: [b]}}
references: ["a -> b"]
plans:
  some crash: {disaster: {scope: any}}
  referrer first: {order: [A, B]}
  target first: {order: [B, A]}
  same instant: {groups: [{mode: atomic, services: all}]}
  locked: {groups: [{mode: locked, services: all}]}
  shared database: {groups: [{mode: shared-database, services: all}]}
  referrer first, resume: {order: [A, B], recovery: {resume: true}}
  referrer first, resume, newest: {order: [A, B], recovery: {resume: true, from: newest}}
  undo: {recovery: {undo: true}}
  undo, some crash: {recovery: {undo: true}, disaster: {scope: any}}
  rebuilt: {groups: [{mode: rebuilt, services: all}]}
"""
"""The reference of Figures 3 and 4."""

COPY = """
services: {A: {owns: [a]}, B: {copies: [a]}}
use_cases: {create: [{create: a}, {copy: a, at: B, via: event}]}
plans:
  some crash: {disaster: {scope: any}}
  broker survives: {recovery: {broker: survives}}
  replay: {recovery: {replay: true}}
  B first, replay: {order: [B, A], recovery: {replay: true}}
  markers: {groups: [{mode: markers, services: all}]}
"""
"""The copy by events of Figure 5."""

UNINVOLVED = """
services: {A: {owns: [a]}, B: {owns: [b]}, C: {owns: [c]}}
use_cases:
  use: [{create: b}, {create: a, refers_to: b}]
  elsewhere: [{create: c}, {update: c}]
plans:
  lock: {groups: [{mode: locked, services: [A, B]}], disaster: {scope: [[A, B]]}}
"""
"""A lock around two services, and a use case of a third."""


every_judge = pytest.mark.parametrize("by", ["oracle", "explicit", "smt", "auto"])


def findings(by: str, text: str, plan: str, instances: int = 1) -> dict[str, Any]:
    """The findings of the oracle, or of the checker with one of its engines."""
    document = yaml.safe_load(text)
    return judge(document, plan, instances) if by == "oracle" else checked(document, plan, instances, by)


def lengths(by: str, text: str, plan: str, instances: int = 1) -> dict[str, tuple[int | None, int | None]]:
    """By kind and subject, the lengths of shortest runs with a disaster at any time, and at rest."""
    found = findings(by, text, plan, instances)
    return {
        f"{kind} {subject}": (each.get("any-time"), each.get("at-rest"))
        for kind, subjects in found["anomalies"].items()
        for subject, each in subjects.items()
    }


@pytest.mark.parametrize(
    ("plan", "expected"),
    {
        "independent": {"broken-link a -> b": (5, 5), "orphan-state b": (4, 5)},
        "some crash": {"broken-link a -> b": (4, 4), "orphan-state b": (3, 4)},
        "referrer first": {"orphan-state b": (4, 5)},
        "target first": {"broken-link a -> b": (5, 5), "orphan-state b": (4, 5)},
        "same instant": {"orphan-state b": (3, 4)},
        "locked": {},
        "shared database": {},
        "referrer first, resume": {},
        "referrer first, resume, newest": {"broken-link a -> b": (6, 6)},
        "undo": {},
        "undo, some crash": {},
    }.items(),
)
@pytest.mark.parametrize("instances", [1, 2])
@every_judge
def test_the_reference(by: str, plan: str, instances: int, expected: dict[str, Any]) -> None:
    assert lengths(by, REFERENCE, plan, instances) == expected


@pytest.mark.parametrize("plan", ["undo", "undo, some crash"])
@every_judge
def test_undoing_loses_backed_events(by: str, plan: str) -> None:
    assert findings(by, REFERENCE, plan)["loss"] is not None


@every_judge
def test_nothing_is_rebuilt_from_nothing(by: str) -> None:
    found = findings(by, REFERENCE, "rebuilt")
    assert (found["backup"], found["anomalies"]) == (False, {})


def test_what_is_rebuilt_from_nothing_recovers() -> None:
    assert judge(yaml.safe_load(REFERENCE), "rebuilt")["recovers"]


@pytest.mark.parametrize(
    ("plan", "expected"),
    {
        "independent": {"missing-state create.1": (5, 5), "missing-state create.2": (4, 5)},
        "some crash": {"missing-state create.1": (4, 4), "missing-state create.2": (4, 4)},
        "broker survives": {"missing-state create.1": (5, 5), "missing-state create.2": (5, 5)},
        "replay": {"missing-state create.1": (5, 5)},
        "B first, replay": {},
        "markers": {},
    }.items(),
)
@pytest.mark.parametrize("instances", [1, 2])
@every_judge
def test_the_copy_by_events(by: str, plan: str, instances: int, expected: dict[str, Any]) -> None:
    assert lengths(by, COPY, plan, instances) == expected


@every_judge
def test_a_disaster_elsewhere_stops_no_call(by: str) -> None:
    assert lengths(by, UNINVOLVED, "lock") == {}
