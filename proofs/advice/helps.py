"""What was found to help against an anomaly."""

from __future__ import annotations

from dataclasses import dataclass, replace

from bac.model.plan import Plan

NOT_CHECKED = "other effects not checked"
"""What is said of a help that was found in a part of the architecture only."""


@dataclass(frozen=True, slots=True)
class Help:
    """Changes of a plan that remove an anomaly, and what they cost (nothing, if ``costs`` is empty).

    ``plan`` is the changed plan.
    """

    changes: tuple[str, ...]
    costs: tuple[str, ...]
    plan: Plan

    def __str__(self) -> str:
        costs = f" ({', '.join(self.costs)})" if self.costs else ""
        return " with ".join(self.changes) + costs


@dataclass(frozen=True, slots=True)
class Advice:
    """What helps against one anomaly, the cheapest first.

    ``tried`` is how many changes were checked, and ``limit`` says why others were not.
    """

    helps: tuple[Help, ...]
    tried: int
    limit: str | None = None

    def __str__(self) -> str:
        if self.helps and all(NOT_CHECKED in each.costs for each in self.helps):
            bare = (replace(each, costs=tuple(c for c in each.costs if c != NOT_CHECKED)) for each in self.helps)
            return f"{'; '.join(map(str, bare))} ({NOT_CHECKED})"
        if self.helps:
            return "; ".join(map(str, self.helps))
        if not self.tried:
            return f"not searched: {self.limit}" if self.limit else "no change of the plan applies"
        return f"none of {self.tried} changes of the plan" + (f" ({self.limit})" if self.limit else "")
