"""Find shortest runs to states that satisfy formulas, in one of two ways.

*By orders* (:mod:`bac.proofs.smt.order_encoding`), for systems whose runs it can encode: is there any run; then, is
there one of fewer actions, until there is none.  Each query covers runs of every length, so the search is complete.

*By unrolling* (:mod:`bac.proofs.smt.unrolling`), for all others: is there a run of exactly k actions, for k = 0, 1, 2,
…?  The search is complete because runs cannot be longer than the bound of :mod:`bac.proofs.smt.ranking`; for a system
without such a bound it ends at :data:`LONGEST` actions, and a run that was not found may exist.

Source: docs/semantics.md, "Facts and actions"; Biere et al., Symbolic model checking without BDDs (1999).
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Hashable, Mapping
from typing import Generic, TypeVar

import z3

from bac.model.errors import LimitReached
from bac.model.system import System
from bac.proofs.engine import NotApplicable, Path
from bac.proofs.reductions.projection import relevant
from bac.proofs.smt.order_encoding import Orders, end_of_run
from bac.proofs.smt.ranking import Ranking
from bac.proofs.smt.solver import Budget
from bac.proofs.smt.unrolling import Unrolling
from bac.properties.formula import TRUE, Formula, conjunction, disjunction, facts, satisfied

Key = TypeVar("Key", bound=Hashable)
ProgressListener = Callable[[int, int], None]
"""Is told the length of runs that is examined, and the number of targets that are still open."""

LONGEST = 24
"""The length up to which runs are searched if no bound on it can be derived."""


class ShortestRunSearch(Generic[Key]):
    """The search for a shortest run to each target: to a state that satisfies its formula, and ``always``.

    ``found`` has only runs that are known to be shortest, at any moment of the search.
    """

    def __init__(self, system: System, targets: Mapping[Key, Formula], budget: Budget, always: Formula = TRUE) -> None:
        """Begin with all targets open."""
        self.system, self.targets, self.budget, self.always = system, targets, budget, always
        self.part = relevant(system, facts(conjunction([always, *targets.values()])))
        self.found: dict[Key, Path] = {}
        self._open = dict(targets)

    def run(self, tell: ProgressListener | None = None) -> None:
        """Find the runs by orders if possible, and by unrolling otherwise.

        Raises:
            LimitReached: a limit was hit; ``found`` has what was found before.
            Contradiction: the interpreter does not confirm what the solver found.
        """
        try:
            orders = Orders(self.part, self.budget)
        except NotApplicable:
            self.by_unrolling(tell)
        else:
            self.by_orders(orders, tell)

    # By orders

    def by_orders(self, orders: Orders, tell: ProgressListener | None = None) -> None:
        """Find which targets there are runs to, then a shortest run to each.

        Raises:
            LimitReached: a limit was hit.
            Contradiction: the interpreter does not confirm what the solver found.
        """
        best: dict[Key, Path] = {}
        while missing := {key: formula for key, formula in self._open.items() if key not in best}:
            path = orders.find(self._any(missing.values()))
            if path is None:
                break
            best |= dict.fromkeys(self._hit(path, missing), path)
        self._open = {key: formula for key, formula in self._open.items() if key in best}
        while self._open:
            key = next(iter(self._open))
            if tell is not None:
                tell(len(best[key]), len(self._open))
            self._shorten(key, best)
            self.found[key] = best[key]
            del self._open[key]

    def _shorten(self, key: Key, best: dict[Key, Path]) -> None:
        """Replace the best run to a target by a shortest; on the way, runs to other targets may be improved as well."""
        wanted = conjunction([self.always, self.targets[key]])
        orders = Orders(relevant(self.part, facts(wanted)), self.budget)
        while best[key] and (path := orders.find(wanted, len(best[key]) - 1)) is not None:
            for other in self._hit(path, self._open):
                if len(path) < len(best[other]):
                    best[other] = path

    # By unrolling

    def by_unrolling(self, tell: ProgressListener | None = None) -> None:
        """Look for runs of exactly 0, 1, 2, … actions to all targets that are still open.

        Raises:
            LimitReached: a limit was hit, or there is no bound on the length of runs.
            Contradiction: the interpreter does not confirm what the solver found.
        """
        bound = Ranking(self.part).longest_run
        longest = LONGEST if bound is None else bound
        unrolling = Unrolling(self.part)
        while self._open and unrolling.length <= longest:
            if tell is not None:
                tell(unrolling.length, len(self._open))
            self._at_end(unrolling)
            unrolling.lengthen()
        if self._open and bound is None:
            raise LimitReached(
                f"no bound on the length of runs can be derived, and there is no run of up to {LONGEST} actions"
            )

    def _at_end(self, unrolling: Unrolling) -> None:
        """Find every open target to which there is a run of exactly this length."""
        always = unrolling.at_end(self.always)
        ends = {key: unrolling.at_end(formula) for key, formula in self._open.items()}
        while self._open:
            some = z3.Bool(f"some@{unrolling.length}#{len(self._open)}")
            unrolling.solver.add(z3.Implies(some, z3.And(always, z3.Or([ends[key] for key in self._open]))))
            if not self.budget.satisfiable(unrolling.solver, some):
                return
            path = unrolling.path(unrolling.solver.model())
            for key in self._hit(path, self._open):
                self.found[key] = path
                del self._open[key]

    # Both ways

    def _any(self, formulas: Collection[Formula]) -> Formula:
        return conjunction([self.always, disjunction(formulas)])

    def _hit(self, path: Path, among: Mapping[Key, Formula]) -> list[Key]:
        """Return the targets that the run leads to, according to the interpreter."""
        last = end_of_run(self.system, path, self._any(among.values()))
        return [key for key, formula in among.items() if satisfied(formula, last)]
