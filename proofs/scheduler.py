"""Decide where searches run: each is tried in this process, and those that turn out to be large are distributed.

Large searches run side by side in local processes or on a Dask cluster.  What they find does not depend on where they
run, and what is finished is kept when a limit is reached, a worker dies, or the user presses Ctrl-C.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from bac.proofs.engine import LimitMonitor, Limits, Progress, ProgressListener
from bac.proofs.reductions.part_search import INTERRUPTED, CheckOptions, Part, PartResult, PartSearch, unsearched
from bac.properties.qualities import Property

TRIAL = 20_000
"""A search with no more states than that is not worth another process."""


@dataclass
class SearchTask:
    """A search of one part, for all properties or for the backup alone.

    ``result`` is ``None`` until the search is finished; ``trial`` is the result of its first states.
    """

    options: CheckOptions
    part: Part
    backup_only: bool = False
    trial: PartResult | None = None
    result: PartResult | None = None

    @property
    def properties(self) -> tuple[Property, ...]:
        """The properties that the search decides."""
        return (Property.BACKUP,) if self.backup_only else self.options.properties

    def run(self, limits: Limits, progress: ProgressListener = None) -> PartResult:
        """Search the part within limits, and return the result."""
        search = PartSearch(self.part, self.options, limits, progress)
        return search.backup() if self.backup_only else search.everything()

    def give_up(self, reason: str, seconds: float = 0.0) -> PartResult:
        """Return the result if the search is not finished, for this reason: that of the trial, if there was one.

        Args:
            reason: why it is not finished.
            seconds: how long it was searched since.
        """
        if self.trial is None:
            found = unsearched(self.part, self.properties, reason)
        else:
            limits = dict.fromkeys(self.trial.limits, reason)
            found = replace(self.trial, limits=limits, interrupted=reason == INTERRUPTED)
        spent = replace(found.statistics, seconds=found.statistics.seconds + seconds)
        return replace(found, statistics=spent)


@dataclass(frozen=True)
class RemoteTask:
    """A search with its limits, on its way to another process, where it may have to wait for its turn.

    ``until`` is when the time for all searches ends, in seconds since the epoch; ``None`` if it is not limited.
    """

    search: SearchTask
    limits: Limits
    until: float | None = None

    def run(self) -> PartResult:
        """Search the part."""
        if self.until is None:
            return self.search.run(self.limits)
        waited = (self.limits.seconds or 0.0) - (self.until - time.time())
        return self.search.run(self.limits.after(waited))


class Scheduler:
    """Runs searches within limits.

    Args:
        limits: ``seconds`` is for all searches together, the others for each of them.
        jobs: how many local processes (default: one for each processor; with 1 there is no other process).
        scheduler: the address of a Dask scheduler, whose workers have this package.
        progress: called with the name of a plan and how far its search is.
        clock: the time in seconds from any fixed moment.
    """

    def __init__(
        self,
        limits: Limits,
        jobs: int | None = None,
        scheduler: str | None = None,
        progress: Callable[[str, Progress], None] | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Start the clock."""
        self.limits, self.jobs, self.scheduler, self.progress = limits, jobs, scheduler, progress
        self.monitor = LimitMonitor(limits, clock=clock)
        self.interrupted = False

    def stop_reason(self) -> str | None:
        """Return the reason to begin no other search, if there is one."""
        if self.interrupted:
            return INTERRUPTED
        return self.limits.time_reached() if self.monitor.time_is_over() else None

    def remaining(self, states: int | None = None) -> Limits:
        """Return the limits of a search that begins now; with ``states``, it may find no more than these."""
        allowed = [number for number in (self.limits.states, states) if number is not None]
        return replace(self.monitor.remaining(), states=min(allowed, default=None))

    def try_small(self, search: SearchTask) -> None:
        """Run a search as far as :data:`TRIAL` states, and finish it if no more are needed, or allowed."""
        small = search.trial = self.run_locally(search, TRIAL)
        if not small.limits or small.interrupted or (self.limits.states is not None and self.limits.states <= TRIAL):
            search.result = small

    def run_all(self, searches: Sequence[SearchTask]) -> None:
        """Finish all searches, wherever they run."""
        large = [search for search in searches if search.result is None]
        try:
            if self.worth_distributing(len(large)):
                self.distribute(large)
        except KeyboardInterrupt:
            self.interrupted = True
        for search in large:
            if search.result is None:
                search.result = self.run_locally(search)

    def run_locally(self, search: SearchTask, states: int | None = None) -> PartResult:
        """Return the result of a search in this process."""
        if (reason := self.stop_reason()) is not None:
            return search.give_up(reason)
        name, tell, began = search.part.plan.name, self.progress, self.monitor.seconds
        try:
            result = search.run(self.remaining(states), None if tell is None else lambda now: tell(name, now))
        except KeyboardInterrupt:
            result = search.give_up(INTERRUPTED, self.monitor.seconds - began)
        self.interrupted = result.interrupted
        return result

    def worth_distributing(self, count: int) -> bool:
        """Whether this many large searches should run in other processes."""
        if self.interrupted or not count:
            return False
        return self.scheduler is not None or (count > 1 and (self.jobs or os.cpu_count() or 1) > 1)

    def distribute(self, searches: Sequence[SearchTask]) -> None:
        """Finish large searches in other processes."""
        from bac.model.extras import suggest_fast
        from bac.proofs import pool  # takes a while to load, and most checks are small

        jobs, began = min(self.jobs or os.cpu_count() or 1, len(searches)), self.monitor.seconds
        limits, address = self.remaining(), self.scheduler
        if address is None:
            limits = limits.shared_by(jobs)
        until = None if limits.seconds is None else time.time() + limits.seconds
        bare = [replace(search, part=search.part.bare(), trial=None) for search in searches]
        tasks = [RemoteTask(search, limits, until) for search in bare]

        def keep(number: int, result: PartResult) -> None:
            searches[number].result = result.of(searches[number].part)

        if any(search.options.enumerates for search in searches):
            suggest_fast()  # the other processes do not
        work = pool.Spread(tasks, RemoteTask.run, keep)
        stopped = work.run(lambda: pool.local_workers(jobs) if address is None else pool.dask_workers(address))
        self.interrupted = stopped == INTERRUPTED
        waited = self.monitor.seconds - began
        for number in work.to_do:
            searches[number].result = searches[number].give_up(str(stopped), waited / len(work.to_do))
