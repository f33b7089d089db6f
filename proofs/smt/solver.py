"""Z3 behind the interface of engines: queries within limits, and formulas as terms.

A query that the solver does not answer is never taken for a no.  Source: docs/semantics.md, "What a verdict may claim"
and "Properties".
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import z3

from bac.model.errors import LimitReached
from bac.model.system import Fact
from bac.proofs.engine import LimitMonitor, Limits
from bac.properties.formula import And, Atom, Formula, Not, Or

Term = Any
"""A Z3 expression (the library declares no types)."""

TRUE: Term = z3.BoolVal(True)
FALSE: Term = z3.BoolVal(False)


class Budget(LimitMonitor):
    """The limits of a search by a solver.  A limit on states has no effect, because a solver does not count them."""

    def __init__(self, limits: Limits | None = None) -> None:
        """Start the clock."""
        super().__init__(limits or Limits())

    @property
    def left(self) -> float | None:
        """The seconds that are left; ``None`` if they are not limited."""
        return None if self.limits.seconds is None else self.limits.seconds - self.seconds

    def check(self) -> None:
        """Stop when a limit is reached.

        Raises:
            LimitReached: one is.
        """
        super().check()
        if self.memory_is_full():
            raise LimitReached(self.limits.memory_reached())

    def satisfiable(self, solver: Any, *assumptions: Any) -> bool:
        """Whether a solver of Z3 finds a model.

        Raises:
            LimitReached: it does not know, or a limit is reached.
            KeyboardInterrupt: it was interrupted.
        """
        self.check()
        if self.left is not None:
            solver.set("timeout", max(1, int(self.left * 1000)))
        answer = str(solver.check(*assumptions))
        if answer == "unknown":
            reason = str(solver.reason_unknown())
            if "interrupt" in reason:  # Z3 handles the signal, and Python never sees it
                raise KeyboardInterrupt
            self.check()
            timed_out = reason in ("timeout", "canceled")
            raise LimitReached(self.limits.time_reached() if timed_out else f"Z3 gave up: {reason}")
        return answer == "sat"


def term(formula: Formula, value: Callable[[Fact], Term]) -> Term:
    """Return the term of a formula, where ``value`` gives the term of each fact."""
    match formula:
        case Atom(fact):
            return value(fact)
        case Not(part):
            return negation(term(part, value))
        case And(parts):
            return conjunction(term(part, value) for part in parts)
        case Or(parts):
            return disjunction(term(part, value) for part in parts)


def conjunction(terms: Iterable[Term]) -> Term:
    """Return the conjunction, simplified so that :data:`TRUE` and :data:`FALSE` do not appear in it."""
    parts = [part for part in terms if part is not TRUE]
    if any(part is FALSE for part in parts):
        return FALSE
    return TRUE if not parts else parts[0] if len(parts) == 1 else z3.And(parts)


def disjunction(terms: Iterable[Term]) -> Term:
    """Return the disjunction, simplified in the same way."""
    parts = [part for part in terms if part is not FALSE]
    if any(part is TRUE for part in parts):
        return TRUE
    return FALSE if not parts else parts[0] if len(parts) == 1 else z3.Or(parts)


def negation(part: Term) -> Term:
    """Return the negation, simplified in the same way."""
    if part is TRUE or part is FALSE:
        return FALSE if part is TRUE else TRUE
    return z3.Not(part)
