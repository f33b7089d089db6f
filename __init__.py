"""bac: a model checker for backup, availability and consistency of microservices.

The source is G. Pardon, C. Pautasso and O. Zimmermann, "Consistent Disaster Recovery for Microservices: the BAC
Theorem", IEEE Cloud Computing 5(1), 2018: when an entire microservice architecture is backed up, availability and
consistency cannot both be had.

The names in ``__all__`` are public and stable; docs/python.md shows them with examples.  Every other name, and every
submodule, is internal and may change.  A public name is imported from its module when it is first used, so that
``import bac`` takes no time.
"""

from __future__ import annotations

from importlib import import_module

TYPE_CHECKING = False  # what type checkers take for true; importing ``typing`` would take longer than all of this
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from bac.api import prove as prove
    from bac.api.actions import check as check
    from bac.api.actions import draw as draw
    from bac.api.actions import load as load
    from bac.api.actions import load_trace as load_trace
    from bac.api.actions import loads as loads
    from bac.api.actions import replay as replay
    from bac.api.actions import verify as verify
    from bac.api.results import Anomaly as Anomaly
    from bac.api.results import AnomalyKind as AnomalyKind
    from bac.api.results import Cause as Cause
    from bac.api.results import Figure as Figure
    from bac.api.results import PlanReport as PlanReport
    from bac.api.results import PropertyReport as PropertyReport
    from bac.api.results import Report as Report
    from bac.api.results import Timing as Timing
    from bac.api.results import Trace as Trace
    from bac.api.results import Verdict as Verdict
    from bac.api.results import Verified as Verified
    from bac.api.runs import EventLog as EventLog
    from bac.api.runs import Run as Run
    from bac.api.specification import Group as Group
    from bac.api.specification import Plan as Plan
    from bac.api.specification import Service as Service
    from bac.api.specification import Specification as Specification
    from bac.api.specification import Step as Step
    from bac.api.specification import UseCase as UseCase
    from bac.api.specification import copy as copy
    from bac.api.specification import create as create
    from bac.api.specification import delete as delete
    from bac.api.specification import link as link
    from bac.api.specification import unlink as unlink
    from bac.api.specification import update as update
    from bac.model.errors import BacError as BacError
    from bac.model.errors import LimitReached as LimitReached
    from bac.model.specification.diagnostics import SpecificationError as SpecificationError

__version__ = "0.2.0"

_HOME = {
    "bac.api": ("prove",),
    "bac.api.actions": ("check", "draw", "load", "load_trace", "loads", "replay", "verify"),
    "bac.api.results": (
        "Anomaly",
        "AnomalyKind",
        "Cause",
        "Figure",
        "PlanReport",
        "PropertyReport",
        "Report",
        "Timing",
        "Trace",
        "Verdict",
        "Verified",
    ),
    "bac.api.runs": ("EventLog", "Run"),
    "bac.api.specification": (
        "Group",
        "Plan",
        "Service",
        "Specification",
        "Step",
        "UseCase",
        "copy",
        "create",
        "delete",
        "link",
        "unlink",
        "update",
    ),
    "bac.model.errors": ("BacError", "LimitReached"),
    "bac.model.specification.diagnostics": ("SpecificationError",),
}
"""The module in which each public name is defined."""

__all__ = [
    "Anomaly",
    "AnomalyKind",
    "BacError",
    "Cause",
    "EventLog",
    "Figure",
    "Group",
    "LimitReached",
    "Plan",
    "PlanReport",
    "PropertyReport",
    "Report",
    "Run",
    "Service",
    "Specification",
    "SpecificationError",
    "Step",
    "Timing",
    "Trace",
    "UseCase",
    "Verdict",
    "Verified",
    "check",
    "copy",
    "create",
    "delete",
    "draw",
    "link",
    "load",
    "load_trace",
    "loads",
    "prove",
    "replay",
    "unlink",
    "update",
    "verify",
]


_REGISTERED = ("Specification", "Run", "load", "loads")
"""The types that Hypothesis has strategies for, and the functions that return them."""

_when_loaded: list[Callable[[], None]] = []
"""Functions that are called when one of our types is first used; bac.testing registers its strategies so."""


def __getattr__(name: str) -> Any:
    """Import a public name when it is first used (PEP 562)."""
    for module, names in _HOME.items():
        if name in names:
            value = import_module("bac.api.prove") if name == "prove" else getattr(import_module(module), name)
            globals()[name] = value
            while name in _REGISTERED and _when_loaded:
                _when_loaded.pop()()
            return value
    raise AttributeError(f"module 'bac' has no attribute {name!r}")


def __dir__() -> list[str]:
    """Return the public names."""
    return [*__all__, "__version__"]
