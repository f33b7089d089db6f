"""Z3 and cvc5 behind one small interface, for the check of certificates: propositional terms, and models of them.

Source: docs/theorem.md, "Certificates".
"""

from __future__ import annotations

import time
from collections.abc import Iterable
from typing import Any, Protocol

from bac.model.errors import LimitReached
from bac.model.extras import needed

Term = Any
"""A term of one of the solvers."""


class Solver(Protocol):
    """The interface of a solver."""

    name: str

    def variable(self, name: str) -> Term:
        """Return the Boolean variable of this name; the same name gives the same variable."""

    def negation(self, part: Term) -> Term:
        """Return the negation."""

    def conjunction(self, parts: list[Term]) -> Term:
        """Return the conjunction; true if there are no parts."""

    def disjunction(self, parts: list[Term]) -> Term:
        """Return the disjunction; false if there are no parts."""

    def same(self, one: Term, other: Term) -> Term:
        """Return the equivalence."""

    def model(self, terms: list[Term], variables: Iterable[Term]) -> list[bool] | None:
        """Return the values of these variables in an assignment that makes all terms true; ``None`` if there is none.

        Raises:
            LimitReached: it does not know.
        """


class Clock:
    """The time that is left."""

    def __init__(self, seconds: float) -> None:
        """Start the clock."""
        self.end = time.monotonic() + seconds

    def milliseconds(self) -> int:
        """Return the milliseconds that are left, at least one.

        Raises:
            LimitReached: nothing is.
        """
        left = int((self.end - time.monotonic()) * 1000)
        if left <= 0:
            raise LimitReached("the time allowed for checking the invariant")
        return left


class WithZ3:
    """Z3, with a fresh solver for each question."""

    name = "Z3"

    def __init__(self, seconds: float) -> None:
        """Start the clock."""
        import z3

        self.z3, self.clock = z3, Clock(seconds)

    def variable(self, name: str) -> Term:
        """Return the Boolean variable of this name."""
        return self.z3.Bool(name)

    def negation(self, part: Term) -> Term:
        """Return the negation."""
        return self.z3.Not(part)

    def conjunction(self, parts: list[Term]) -> Term:
        """Return the conjunction."""
        return self.z3.And(parts)

    def disjunction(self, parts: list[Term]) -> Term:
        """Return the disjunction."""
        return self.z3.Or(parts)

    def same(self, one: Term, other: Term) -> Term:
        """Return the equivalence."""
        return one == other

    def model(self, terms: list[Term], variables: Iterable[Term]) -> list[bool] | None:
        """Return the values of the variables in a model; ``None`` if there is none."""
        solver = self.z3.Solver()
        solver.set("timeout", self.clock.milliseconds())
        solver.add(terms)
        answer = solver.check()
        if answer == self.z3.unsat:
            return None
        if answer != self.z3.sat:
            if "interrupt" in solver.reason_unknown():  # Z3 takes the signal for itself
                raise KeyboardInterrupt
            raise LimitReached(f"Z3 does not know: {solver.reason_unknown()}")
        model = solver.model()
        return [self.z3.is_true(model[variable]) for variable in variables]


class WithCvc5:
    """cvc5, with a fresh solver for each question."""

    name = "cvc5"

    def __init__(self, seconds: float) -> None:
        """The time starts now.

        Raises:
            MissingExtra: cvc5 is not installed.
        """
        cvc5 = needed("cvc5", "prove", "the check of an invariant by two solvers")
        self.kind, self.fresh, self.clock = cvc5.Kind, cvc5.Solver, Clock(seconds)
        self.manager = cvc5.TermManager()
        self.known: dict[str, Term] = {}

    def variable(self, name: str) -> Term:
        """Return the Boolean variable of this name."""
        if name not in self.known:
            self.known[name] = self.manager.mkConst(self.manager.getBooleanSort(), name)
        return self.known[name]

    def negation(self, part: Term) -> Term:
        """Return the negation."""
        return self.manager.mkTerm(self.kind.NOT, part)

    def conjunction(self, parts: list[Term]) -> Term:
        """Return the conjunction."""
        return self._several(self.kind.AND, parts, True)

    def disjunction(self, parts: list[Term]) -> Term:
        """Return the disjunction."""
        return self._several(self.kind.OR, parts, False)

    def _several(self, kind: Any, parts: list[Term], none: bool) -> Term:
        if len(parts) > 1:
            return self.manager.mkTerm(kind, *parts)
        return parts[0] if parts else self.manager.mkBoolean(none)

    def same(self, one: Term, other: Term) -> Term:
        """Return the equivalence."""
        return self.manager.mkTerm(self.kind.EQUAL, one, other)

    def model(self, terms: list[Term], variables: Iterable[Term]) -> list[bool] | None:
        """Return the values of the variables in a model; ``None`` if there is none."""
        solver = self.fresh(self.manager)
        solver.setLogic("QF_UF")
        solver.setOption("produce-models", "true")
        solver.setOption("tlimit-per", str(self.clock.milliseconds()))
        for term in terms:
            solver.assertFormula(term)
        answer = solver.checkSat()
        if answer.isUnsat():
            return None
        if not answer.isSat():
            raise LimitReached(f"cvc5 does not know: {answer.getUnknownExplanation()}")
        return [solver.getValue(variable).getBooleanValue() for variable in variables]
