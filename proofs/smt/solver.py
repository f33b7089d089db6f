"""Asking a solver within limits: what it does not answer is never taken for a no.

Source: docs/semantics.md, "What a verdict may claim".
"""

from __future__ import annotations

import time
from typing import Any

from bac.proofs.engine import Limits, resident_memory

OUT_OF_TIME = "the time allowed"


class Exhausted(Exception):
    """A limit was hit, or a solver gave up; the message says which."""


class Budget:
    """What is left of the limits.  A limit on states means nothing to a solver, which does not count them."""

    def __init__(self, limits: Limits | None = None) -> None:
        """The clock starts now."""
        self.limits = limits or Limits()
        self.started = time.monotonic()

    @property
    def seconds(self) -> float:
        """The time since the start."""
        return time.monotonic() - self.started

    @property
    def left(self) -> float | None:
        """The seconds that are left, if they are limited."""
        return None if self.limits.seconds is None else self.limits.seconds - self.seconds

    def check(self) -> None:
        """Look at the limits.

        Raises:
            Exhausted: one is hit.
        """
        if self.left is not None and self.left <= 0:
            raise Exhausted(OUT_OF_TIME)
        memory = self.limits.memory
        if memory is not None and resident_memory() >= memory:
            raise Exhausted(f"{memory / 2**20:.0f} MiB of memory")

    def satisfiable(self, solver: Any, *assumptions: Any) -> bool:
        """Whether a solver of Z3 finds a model.

        Raises:
            Exhausted: it does not know, or a limit is hit.
            KeyboardInterrupt: it was interrupted.
        """
        self.check()
        if self.left is not None:
            solver.set("timeout", max(1, int(self.left * 1000)))
        answer = str(solver.check(*assumptions))
        if answer == "unknown":
            reason = str(solver.reason_unknown())
            if "interrupt" in reason:  # Z3 takes the signal for itself
                raise KeyboardInterrupt
            self.check()
            raise Exhausted(OUT_OF_TIME if reason in ("timeout", "canceled") else f"Z3 gave up: {reason}")
        return answer == "sat"
