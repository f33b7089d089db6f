"""Inductive invariants: proofs that something never happens, and their check by two solvers that share no code.

An invariant is a formula over the facts of one state.  It proves that no run reaches a bad state if it holds initially,
if every action leads from states where it holds to states where it holds, and if it holds of no bad state.  Each of the
three is a formula that must have no model.  The check does not depend on how the invariant was found.

Source: docs/theorem.md, "Certificates".
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Any

from bac.model.errors import LimitReached
from bac.model.extras import needed
from bac.model.system import Action, Fact, System
from bac.proofs.engine import Limits
from bac.proofs.smt.solver import Budget
from bac.properties.formula import (
    FALSE,
    TRUE,
    And,
    Atom,
    Formula,
    Not,
    Or,
    condition,
    conjunction,
    disjunction,
    settled_states,
)

SECONDS = 60.0
"""The time of a solver for one check, unless the caller gives another."""


class Solver(StrEnum):
    """The solvers that check invariants."""

    Z3 = "z3"
    CVC5 = "cvc5"


def bad_states(system: System, bad: Formula, settled: bool) -> Formula:
    """Return the formula of the states that must not be reached: ``bad``, with ``settled`` in settled states only."""
    return conjunction([settled_states(system), bad]) if settled else bad


def obligations(system: System, bad: Formula, invariant: Formula, settled: bool = False) -> dict[str, Formula]:
    """Return three formulas, by name; the invariant proves that no state is bad if none of them has a model."""
    fails = (conjunction([condition(action), Not(after(invariant, action))]) for action in system.actions)
    return {
        "initiation": conjunction([*(Not(Atom(fact)) for fact in system.facts), Not(invariant)]),
        "consecution": conjunction([invariant, disjunction(fails)]),
        "safety": conjunction([invariant, bad_states(system, bad, settled)]),
    }


def after(formula: Formula, action: Action) -> Formula:
    """Return the formula that holds before the action if and only if the given one holds after it."""
    values: dict[Fact, Formula] = {destination: Atom(source) for source, destination in action.copy}
    values |= dict.fromkeys(action.add, TRUE) | dict.fromkeys(action.delete, FALSE)
    return substituted(formula, values)


def substituted(formula: Formula, values: Mapping[Fact, Formula]) -> Formula:
    """Return the formula with these facts replaced, simplified where true or false appear."""
    match formula:
        case Atom(fact):
            return values.get(fact, formula)
        case Not(part):
            inner = substituted(part, values)
            return FALSE if inner == TRUE else TRUE if inner == FALSE else Not(inner)
        case And(parts):
            inners = [inner for part in parts if (inner := substituted(part, values)) != TRUE]
            return FALSE if FALSE in inners else inners[0] if len(inners) == 1 else And(tuple(inners))
        case Or(parts):
            inners = [inner for part in parts if (inner := substituted(part, values)) != FALSE]
            return TRUE if TRUE in inners else inners[0] if len(inners) == 1 else Or(tuple(inners))


def check_invariant(
    system: System,
    bad: Formula,
    invariant: Formula,
    solver: Solver | str,
    settled: bool = False,
    seconds: float = SECONDS,
) -> bool:
    """Whether the invariant proves that no run of the system reaches a bad state, by one of the solvers.

    Raises:
        LimitReached: the solver does not know within this many seconds for each of the three formulas.
    """
    has_model = {Solver.Z3: z3_has_model, Solver.CVC5: cvc5_has_model}[Solver(solver)]
    return not any(
        has_model(system.facts, formula, seconds) for formula in obligations(system, bad, invariant, settled).values()
    )


def z3_has_model(declared: Sequence[Fact], formula: Formula, seconds: float) -> bool:
    """Whether Z3 finds a model of the formula; facts that are not declared are false.

    Raises:
        LimitReached: it does not know within this time.
    """
    import z3

    from bac.proofs.smt.solver import FALSE as NEVER
    from bac.proofs.smt.solver import term

    variables = {fact: z3.Bool(f"fact{place}") for place, fact in enumerate(declared)}
    solver = z3.Solver()
    solver.add(term(formula, lambda fact: variables.get(fact, NEVER)))
    try:
        return Budget(Limits(seconds=seconds)).satisfiable(solver)
    except LimitReached as limit:
        raise LimitReached(f"Z3: {limit}") from None


def cvc5_has_model(declared: Sequence[Fact], formula: Formula, seconds: float) -> bool:
    """Whether cvc5 finds a model of the formula; facts that are not declared are false.

    Raises:
        LimitReached: it does not know within this time.
        MissingExtra: it is not installed.
    """
    cvc5 = needed("cvc5", "prove", "an invariant that two solvers check")
    manager = cvc5.TermManager()
    solver = cvc5.Solver(manager)
    solver.setLogic("QF_UF")
    solver.setOption("tlimit-per", str(max(1, int(seconds * 1000))))
    sort = manager.getBooleanSort()
    variables = {fact: manager.mkConst(sort, f"fact{place}") for place, fact in enumerate(declared)}
    kinds = {And: cvc5.Kind.AND, Or: cvc5.Kind.OR}

    def term(formula: Formula) -> Any:
        match formula:
            case Atom(fact):
                return variables[fact] if fact in variables else manager.mkBoolean(False)
            case Not(part):
                return manager.mkTerm(cvc5.Kind.NOT, term(part))
            case And(parts) | Or(parts):
                terms = [term(part) for part in parts]
                empty = manager.mkBoolean(isinstance(formula, And))
                return manager.mkTerm(kinds[type(formula)], *terms) if len(terms) > 1 else (terms or [empty])[0]

    solver.assertFormula(term(formula))
    answer = solver.checkSat()
    if answer.isUnknown():
        raise LimitReached(f"cvc5 gave up: {answer.getUnknownExplanation()}")
    return bool(answer.isSat())
