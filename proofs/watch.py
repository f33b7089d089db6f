"""Watch the limits of a search that counts states, and tell how far it is; engines that enumerate states share it."""

from __future__ import annotations

import time
from collections.abc import Callable

from bac.proofs.memory import resident_memory
from bac.proofs.questions import Limits, Progress

BYTES_PER_STATE = 100
"""What a search needs for a state at the least (a small integer with its place in a table)."""


class Watch:
    """The limits of one search, its listener, and its clock, which starts now."""

    def __init__(self, limits: Limits, progress: Callable[[Progress], None] | None = None) -> None:
        """Start the clock; ``progress`` is told each time the limits are looked at."""
        self.limits, self.progress = limits, progress
        self.started = time.monotonic()

    @property
    def seconds(self) -> float:
        """How long the search has taken so far."""
        return time.monotonic() - self.started

    def exceeded(self, states: int, depth: int, queue: int) -> str | None:
        """The limit that is hit now, in words; also the place where progress is told.

        ``states`` were found so far, of which ``queue`` wait; ``depth`` is the number of actions at work.
        """
        seconds = self.seconds
        if self.progress is not None:
            self.progress(Progress(states, depth, queue, states / max(seconds, 1e-9)))
        limits = self.limits
        if limits.states is not None and states >= limits.states:
            return f"{limits.states} states"
        if limits.seconds is not None and seconds >= limits.seconds:
            return "the time allowed"
        if limits.memory is not None and resident_memory() >= limits.memory:
            return f"{limits.memory / 2**20:.0f} MiB of memory"
        return None


def hopeless(limits: Limits, exponent: int) -> str | None:
    """Why a search of at least 2^exponent states need not begin: no limit but memory, and more than fits in it."""
    if limits.memory is None or limits.states is not None or limits.seconds is not None:
        return None
    if BYTES_PER_STATE << max(exponent, 0) <= limits.memory:
        return None
    return f"memory: there are at least 2^{exponent} states (a limit on time or states searches for what it allows)"
