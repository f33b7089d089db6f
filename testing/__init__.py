"""For tests and drills of your own: names that are imported from their modules when they are first used.

The strategies need the extra ``test``: ``pip install 'bac-checker[test]'``.
"""

from __future__ import annotations

from importlib import import_module

TYPE_CHECKING = False  # what type checkers take for true
if TYPE_CHECKING:
    from typing import Any

    from bac.testing.assertions import assert_holds as assert_holds
    from bac.testing.drills.adapter import BROKER as BROKER
    from bac.testing.drills.adapter import Action as Action
    from bac.testing.drills.adapter import Adapter as Adapter
    from bac.testing.drills.adapter import DrillError as DrillError
    from bac.testing.drills.adapter import Droppable as Droppable
    from bac.testing.drills.adapter import Lockable as Lockable
    from bac.testing.drills.adapter import Refused as Refused
    from bac.testing.drills.adapter import UnmarkedTarget as UnmarkedTarget
    from bac.testing.drills.compose import ComposeVolumes as ComposeVolumes
    from bac.testing.drills.drill import Drill as Drill
    from bac.testing.drills.postgres import PostgresStores as PostgresStores
    from bac.testing.drills.reading import Finding as Finding
    from bac.testing.drills.reading import Reading as Reading
    from bac.testing.drills.results import DrillResult as DrillResult
    from bac.testing.drills.results import DrillVerdict as DrillVerdict
    from bac.testing.drills.sqlite import SQLiteStores as SQLiteStores
    from bac.testing.strategies import architectures as architectures
    from bac.testing.strategies import disasters as disasters
    from bac.testing.strategies import event_logs as event_logs
    from bac.testing.strategies import plans as plans
    from bac.testing.strategies import runs as runs
    from bac.testing.strategies import specifications as specifications

_HOME = {
    "bac.testing.assertions": ("assert_holds",),
    "bac.testing.drills.adapter": (
        "BROKER",
        "Action",
        "Adapter",
        "DrillError",
        "Droppable",
        "Lockable",
        "Refused",
        "UnmarkedTarget",
    ),
    "bac.testing.drills.compose": ("ComposeVolumes",),
    "bac.testing.drills.drill": ("Drill",),
    "bac.testing.drills.postgres": ("PostgresStores",),
    "bac.testing.drills.reading": ("Finding", "Reading"),
    "bac.testing.drills.results": ("DrillResult", "DrillVerdict"),
    "bac.testing.drills.sqlite": ("SQLiteStores",),
    "bac.testing.strategies": ("architectures", "disasters", "event_logs", "plans", "runs", "specifications"),
}
"""The module in which each name is defined."""

__all__ = [name for names in _HOME.values() for name in names]


def __getattr__(name: str) -> Any:
    """Import a name when it is first used (PEP 562)."""
    for module, names in _HOME.items():
        if name in names:
            value = getattr(import_module(module), name)
            globals()[name] = value
            return value
    raise AttributeError(f"module 'bac.testing' has no attribute {name!r}")
