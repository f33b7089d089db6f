"""Whether any run recovers, told without a search: for properties of which nothing needs to be asked.

Where an engine looks for anomalies, it sees by the way whether any run recovers.  An architecture that can show no
anomaly leaves it nothing to look for, and still a property that holds for want of any cut must be marked so.
"""

from __future__ import annotations

from bac.model.architecture import Architecture
from bac.model.errors import LimitReached
from bac.model.plan import Plan
from bac.model.semantics import Rules


def some_run_recovers(architecture: Architecture, plan: Plan) -> bool:
    """Whether there is a way back from any disaster (true if there are too many to look at).

    One that there is can also happen: as long as no client does anything, every backup can be completed.
    """
    try:
        return next(Rules(architecture, plan, 1).disasters(), None) is not None
    except LimitReached:
        return True
