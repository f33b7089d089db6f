"""The precedence engine: a query about a whole architecture under a plan, decided without states."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import cached_property
from math import inf

from bac.model.architecture import Architecture
from bac.model.plan import Plan, Timing
from bac.model.setting import Setting
from bac.model.system import FactKind
from bac.proofs.precedence.applicability import Applicability
from bac.proofs.precedence.backups import FIRST, Backups, Crash
from bac.proofs.precedence.cut import Cut
from bac.proofs.precedence.events import Events
from bac.proofs.precedence.search import Effort, Found, Search, TooManyNodes, can_strike, held_back
from bac.properties.formula import Formula, facts


class Precedence:
    """One architecture under one plan, at one index.

    Args:
        architecture: the architecture.
        plan: the plan.
        effort: how long to search for one shortest run.

    Raises:
        NotApplicable: the plan has something that is not covered.
    """

    def __init__(self, architecture: Architecture, plan: Plan, effort: Effort | None = None) -> None:
        """Number everything."""
        self.setting, self.effort = Setting(architecture, plan, 1), effort or Effort()
        self.events = Events(self.setting)
        self.backups = Backups(self.setting, self.events)
        self.applicability = Applicability(self.events, self.backups)
        self.applicability.check()
        self.nodes = 0
        self._searches: dict[tuple[Crash, int, bool], Search] = {}

    @cached_property
    def timings(self) -> tuple[Timing, ...]:
        """The timings of disasters that the plan allows."""
        at_rest = self.setting.plan.disaster.timing is Timing.AT_REST
        return (Timing.AT_REST,) if at_rest else (Timing.ANY_TIME, Timing.AT_REST)

    @cached_property
    def can_recover(self) -> bool:
        """Whether any disaster can happen."""
        return any(can_strike(Cut(self.events, self.backups, crash, FIRST)) for crash in self.backups.crashes())

    def search(self, crash: Crash, first: int, at_rest: bool) -> Search:
        """The search after one disaster."""
        key = crash, first, at_rest
        if key not in self._searches:
            known = self._searches.get((crash, first, not at_rest))
            cut = Cut(self.events, self.backups, crash, first) if known is None else known.cut
            redone = self.applicability.redone | self.applicability.returned, self.applicability.repeated
            self._searches[key] = Search(cut, at_rest, redone, self.effort)
        return self._searches[key]

    def shortest(self, wanted: Formula, timing: Timing, below: int | None = None) -> Found | None:
        """A run to a settled state that satisfies a formula, of fewer than ``below`` actions: a shortest one.

        If that takes long, it may be longer than a shortest one.

        Raises:
            TooManyNodes: it takes too long to find any run, or to exclude that there is one.
            LimitReached: the time is over.
        """
        best, least, too_many = None, inf, None
        for search in self.searches(wanted, timing is Timing.AT_REST):
            try:
                found = search.shortest(search.cut.translated(wanted), below)
            except TooManyNodes as limit:
                too_many = limit
                found = None
            self.nodes += search.nodes
            least = min(least, search.least)
            if found is not None:
                best, below = found, found.length
        if best is None and too_many is not None:
            raise TooManyNodes(too_many.most, int(least))
        return best and replace(best, least=int(min(least, best.length)))

    def searches(self, wanted: Formula, at_rest: bool) -> Iterator[Search]:
        """The searches that together look for a formula: after each disaster, with each first snapshot."""
        whose = self.backups.oldest and self.depends_on_first_snapshot(wanted)
        for crash in self.backups.crashes():
            for first in self.backups.firsts(whose):
                search = self.search(crash, first, at_rest)
                if can_strike(search.cut):
                    yield search

    def depends_on_first_snapshot(self, wanted: Formula) -> bool:
        """Whether it matters to a formula whose snapshot is the first."""
        backed = any(fact.kind is FactKind.BACKED for fact in facts(wanted))
        return backed or any(mode.markers for mode in self.backups.mode)

    def settled(self, wanted: Formula) -> dict[Timing, Found]:
        """A shortest run to a settled state that satisfies a formula, for each timing in which there is one."""
        runs: dict[Timing, Found] = {}
        for timing in self.timings:
            run = self.shortest(wanted, timing)
            if run is not None:
                runs[timing] = run
            elif timing is Timing.ANY_TIME:
                break  # what cannot be at any time cannot be at rest
        return runs

    def held_back(self) -> list[tuple[int, int]]:
        """The calls that a lock can hold back: the events that must have happened before, and the call's event."""
        return list(held_back(Cut(self.events, self.backups, Crash(None, None), FIRST)))

    def steps(self, happened: int) -> int:
        """The number of actions that log some events."""
        return (happened & self.events.heads).bit_count()

    def denied(self) -> int | None:
        """The number of actions after which a command is held back, if that is possible."""
        return min((self.steps(before) + 2 for before, _ in self.held_back()), default=None)
