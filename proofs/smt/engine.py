"""The SMT engine: it decides with Z3 the same queries as the explicit engine.

Shortest runs are found by :mod:`bac.proofs.smt.shortest_run`, a dead end by two searches of which one learns from the
other (:mod:`bac.proofs.smt.dead_ends`).  States are not enumerated, so a limit on their number has no effect, and the
statistics count none; ``depth`` is the greatest length of runs that was examined.

Source: docs/semantics.md, "Facts and actions" and "Properties".
"""

from __future__ import annotations

from collections.abc import Callable

from bac.model.errors import LimitReached
from bac.model.plan import Timing
from bac.model.system import AT_REST, System
from bac.proofs.engine import Limits, Path, Progress, Query, SearchResult, Statistics
from bac.proofs.smt.dead_ends import first_dead_end
from bac.proofs.smt.shortest_run import ShortestRunSearch
from bac.proofs.smt.solver import Budget
from bac.properties.formula import TRUE, Atom, Formula, Not, conjunction, settled_states

Target = tuple[int, Timing] | None
"""The number of a formula, with a timing; ``None`` is any settled state."""


def search(
    system: System,
    query: Query,
    limits: Limits | None = None,
    progress: Callable[[Progress], None] | None = None,
) -> SearchResult:
    """Return the runs that the query asks for, or the limit that was reached.

    Raises:
        Contradiction: the interpreter does not confirm what the solver found.
    """
    found = SmtSearch(system, query, Budget(limits), progress)
    found.run()
    return found.result()


class SmtSearch:
    """The search for the runs of one query, and those that were found so far."""

    def __init__(
        self, system: System, query: Query, budget: Budget, progress: Callable[[Progress], None] | None
    ) -> None:
        """Begin with no run found."""
        self.system, self.query, self.budget, self.progress = system, query, budget, progress
        self.cuts = ShortestRunSearch(system, cut_targets(query), budget, always=settled_states(system))
        self.seen: ShortestRunSearch[str] | None = None
        self.dead_end: Path | None = None
        self.depth = 0
        self.limits: list[str] = []
        self.interrupted = False

    def run(self) -> None:
        """Search for one part of the query after the other; a part that reaches a limit does not stop the next."""
        try:
            for find in (self.find_reachable, self.find_settled, self.find_dead_end):
                try:
                    find()
                except LimitReached as limit:
                    self.limits.append(str(limit))
        except KeyboardInterrupt:
            self.limits, self.interrupted = ["interrupted"], True

    def find_reachable(self) -> None:
        """Search for a shortest run to a state that satisfies ``reachable``."""
        if self.query.reachable is not None:
            self.seen = ShortestRunSearch(self.system, {"reachable": self.query.reachable}, self.budget)
            self.seen.run(self.tell)

    def find_settled(self) -> None:
        """Search for a shortest run to a settled state, for each formula and timing."""
        if self.query.settled:
            self.cuts.run(self.tell)

    def find_dead_end(self) -> None:
        """Search for a shortest run to a dead end."""
        if self.query.always_reachable is not None:
            self.dead_end = first_dead_end(self.system, self.query.always_reachable, self.budget, self.tell)

    def tell(self, length: int, targets: int) -> None:
        """Record how far the search is, and tell the listener."""
        self.depth = max(self.depth, length)
        if self.progress is not None:
            self.progress(Progress(0, length, targets, 0.0))

    def result(self) -> SearchResult:
        """Return the runs that were found."""
        found: tuple[dict[Timing, Path], ...] = tuple({} for _ in self.query.settled)
        for target, path in self.cuts.found.items():
            if target is not None:
                found[target[0]][target[1]] = path
        asked = bool(self.query.settled) and not self.limits
        return SearchResult(
            found,
            None if self.seen is None else self.seen.found.get("reachable"),
            self.dead_end,
            not asked or None in self.cuts.found,
            Statistics(depth=self.depth, seconds=self.budget.seconds),
            "; ".join(dict.fromkeys(self.limits)) or None,
            self.interrupted,
        )


def cut_targets(query: Query) -> dict[Target, Formula]:
    """Return the formula of each target: each formula in each timing, and any settled state."""
    timings: dict[Timing, Formula] = {Timing.AT_REST: Atom(AT_REST), Timing.ANY_TIME: Not(Atom(AT_REST))}
    targets: dict[Target, Formula] = {
        (number, timing): conjunction([formula, when])
        for number, formula in enumerate(query.settled)
        for timing, when in timings.items()
    }
    return targets | {None: TRUE}
