"""The symbolic engine: the questions that the explicit engine answers, put to Z3.

Shortest runs are found by :mod:`bac.proofs.smt.shortest_run`, a state from which no backup can be completed by two
searches that learn from each other (:mod:`bac.proofs.smt.dead_ends`).  States are not enumerated, so a limit on their
number has no meaning here, and the statistics count none; ``depth`` is the greatest length of runs that was looked at.

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
"""A formula by its number, with a timing; ``None`` is any settled state at all."""


def search(
    system: System,
    questions: Query,
    limits: Limits | None = None,
    progress: Callable[[Progress], None] | None = None,
) -> SearchResult:
    """Answer the questions, or say which limit was hit.

    Raises:
        Contradiction: the interpreter does not confirm what the solver found.
    """
    symbolic = Symbolic(system, questions, Budget(limits), progress)
    symbolic.run()
    return symbolic.result()


class Symbolic:
    """What was found so far for some questions about a system."""

    def __init__(
        self, system: System, questions: Query, budget: Budget, progress: Callable[[Progress], None] | None
    ) -> None:
        """Nothing is asked yet."""
        self.system, self.questions, self.budget, self.progress = system, questions, budget, progress
        self.cuts = ShortestRunSearch(system, cut_targets(questions), budget, always=settled_states(system))
        self.seen: ShortestRunSearch[str] | None = None
        self.dead_end: Path | None = None
        self.depth = 0
        self.limits: list[str] = []
        self.interrupted = False

    def run(self) -> None:
        """Ask one question after the other; a limit on one still leaves what is left of it to the next."""
        try:
            for ask in (self.ask_reachable, self.ask_settled, self.ask_always_reachable):
                try:
                    ask()
                except LimitReached as limit:
                    self.limits.append(str(limit))
        except KeyboardInterrupt:
            self.limits, self.interrupted = ["interrupted"], True

    def ask_reachable(self) -> None:
        """A shortest run to a state that satisfies the formula."""
        if self.questions.reachable is not None:
            self.seen = ShortestRunSearch(self.system, {"reachable": self.questions.reachable}, self.budget)
            self.seen.run(self.tell)

    def ask_settled(self) -> None:
        """A shortest run to a settled state for each formula and timing."""
        if self.questions.settled:
            self.cuts.run(self.tell)

    def ask_always_reachable(self) -> None:
        """A shortest run to a state from which the goal is out of reach."""
        if self.questions.always_reachable is not None:
            self.dead_end = first_dead_end(self.system, self.questions.always_reachable, self.budget, self.tell)

    def tell(self, length: int, targets: int) -> None:
        """Note how far the search is, and pass it on."""
        self.depth = max(self.depth, length)
        if self.progress is not None:
            self.progress(Progress(0, length, targets, 0.0))

    def result(self) -> SearchResult:
        """What was found."""
        found: tuple[dict[Timing, Path], ...] = tuple({} for _ in self.questions.settled)
        for target, path in self.cuts.found.items():
            if target is not None:
                found[target[0]][target[1]] = path
        asked = bool(self.questions.settled) and not self.limits
        return SearchResult(
            found,
            None if self.seen is None else self.seen.found.get("reachable"),
            self.dead_end,
            not asked or None in self.cuts.found,
            Statistics(depth=self.depth, seconds=self.budget.seconds),
            "; ".join(dict.fromkeys(self.limits)) or None,
            self.interrupted,
        )


def cut_targets(questions: Query) -> dict[Target, Formula]:
    """Each formula in each timing, and any settled state."""
    timings: dict[Timing, Formula] = {Timing.AT_REST: Atom(AT_REST), Timing.ANY_TIME: Not(Atom(AT_REST))}
    targets: dict[Target, Formula] = {
        (number, timing): conjunction([formula, when])
        for number, formula in enumerate(questions.settled)
        for timing, when in timings.items()
    }
    return targets | {None: TRUE}
