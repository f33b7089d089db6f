"""Proofs without a bound: k-induction, and property-directed reachability (Z3's Spacer).

Both find an inductive invariant, which is accepted only after two solvers have checked it
(:mod:`bac.proofs.smt.invariants`).

*k-induction.*  P is k-inductive if it holds in the first k states of each run, and in every state that follows k
successive states in which it holds.  P is k-inductive if and only if the formula "P holds now, and after every sequence
of fewer than k actions" is an inductive invariant; so this formula is checked.

*Spacer* is given the system as Horn clauses over one relation, the reachable states, and returns a formula for it.

Source: docs/theorem.md, "Certificates"; Sheeran, Singh, Stålmarck, Checking safety properties using induction and a
SAT-solver (2000); Komuravelli, Gurfinkel, Chaki, SMT-based model checking for recursive programs (2014).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from itertools import product
from typing import Any

import z3

from bac.model.architecture import Architecture
from bac.model.errors import Contradiction, LimitReached
from bac.model.extras import needed
from bac.model.plan import Plan
from bac.model.semantics import system as system_of
from bac.model.system import System
from bac.proofs.engine import Limits
from bac.proofs.reductions.projection import relevant
from bac.proofs.smt.invariants import SECONDS, Solver, after, bad_states, check_invariant
from bac.proofs.smt.solver import FALSE, Budget, term
from bac.properties.formula import TRUE, And, Atom, Formula, Not, Or, condition, conjunction, disjunction, facts
from bac.properties.qualities import Property, qualities

MOST_SEQUENCES = 200
"""k-induction is tried while there are at most so many sequences of fewer than k actions."""
DEEPEST = 3
"""k-induction is tried up to this k."""


class Method(StrEnum):
    """How a proof was found."""

    K_INDUCTION = "k-induction"
    SPACER = "spacer"


@dataclass(frozen=True, slots=True)
class Proof:
    """An inductive invariant that excludes bad states; ``depth`` is k for k-induction."""

    method: Method
    invariant: Formula
    depth: int = 1


def prove(system: System, bad: Formula, settled: bool = False, seconds: float = 60.0) -> Proof | None:
    """Return a proof that no run reaches a bad state (with ``settled``: a bad settled state), checked by both solvers.

    ``None`` means that none was found within this time; perhaps there is none.

    Raises:
        Contradiction: the solvers do not agree about an invariant.
        MissingExtra: cvc5 is not installed.
    """
    needed("cvc5", "prove", "an invariant that two solvers check")
    budget = Budget(Limits(seconds=seconds))
    wrong = bad_states(system, bad, settled)
    part = relevant(system, facts(wrong))
    try:
        pieces = [bad_states(system, piece, settled) for piece in disjuncts(bad)]
        for proof in candidates(part, wrong, pieces, budget):
            if confirmed(system, bad, proof.invariant, settled, budget):
                return proof
    except LimitReached:
        pass
    return None


def prove_property(
    architecture: Architecture, plan: Plan, instances: int, which: Property, seconds: float = 60.0
) -> Proof | None:
    """Prove that no run of an architecture under a plan violates a property; see :func:`prove`.

    Raises:
        Contradiction: the solvers do not agree about an invariant.
        LimitReached: the transition system is too large to be built.
        ValueError: the property is ``backup``, which is about what stays possible.
    """
    bad = qualities(architecture, plan, instances).violation(which)
    return prove(system_of(architecture, plan, instances), bad, which.in_settled_states, seconds)


def confirmed(system: System, bad: Formula, invariant: Formula, settled: bool, budget: Budget) -> bool:
    """Whether both solvers find that the invariant is a proof.

    Raises:
        Contradiction: they do not agree.
        LimitReached: a limit was hit.
    """
    answers = []
    for solver in Solver:
        budget.check()
        left = budget.left
        assert left is not None
        answers.append(check_invariant(system, bad, invariant, solver, settled, left))
    if len(set(answers)) != 1:
        raise Contradiction("Z3 and cvc5 do not agree whether a formula is an inductive invariant")
    return answers[0]


def candidates(part: System, wrong: Formula, pieces: list[Formula], budget: Budget) -> Iterator[Proof]:
    """Yield formulas that may be invariants, the simplest first.

    Spacer is run for each of the pieces of which the wrong states consist, since each needs only a slice of the system;
    the conjunction of invariants is an invariant.

    Raises:
        LimitReached: a limit was hit.
    """
    right: Formula = Not(wrong)
    formula = right
    for depth in range(1, DEEPEST + 1):
        yield Proof(Method.K_INDUCTION, formula, depth)
        if len(part.actions) ** depth > MOST_SEQUENCES:
            break
        formula = conjunction([right, *(disjunction([Not(condition(a)), after(formula, a)]) for a in part.actions)])
    invariants = []
    for piece in pieces:
        found = spacer(relevant(part, facts(piece)), piece, budget)
        if found is None:
            return
        invariants.append(found)
    yield Proof(Method.SPACER, smallest(part, wrong, conjunction(invariants), budget))


def spacer(part: System, wrong: Formula, budget: Budget) -> Formula | None:
    """Return the formula that Spacer finds for the reachable states, if none of them is bad.

    Raises:
        LimitReached: a limit was hit.
    """
    variables = [z3.Bool(f"fact{place}") for place in range(len(part.facts))]
    values = dict(zip(part.facts, variables, strict=True))
    engine = z3.Fixedpoint()
    engine.set(engine="spacer")
    engine.set("xform.inline_eager", False)  # otherwise its answer also mentions states between two actions
    engine.set("xform.inline_linear", False)
    if budget.left is not None:
        budget.check()
        engine.set(timeout=max(1, int(budget.left * 1000)))
    reachable = z3.Function("reachable", *(z3.BoolSort() for _ in variables), z3.BoolSort())
    engine.register_relation(reachable)
    engine.declare_var(*variables)
    engine.rule(reachable(*(FALSE for _ in variables)))
    for action in part.actions:
        then = [term(after(Atom(fact), action), values.__getitem__) for fact in part.facts]
        engine.rule(reachable(*then), [reachable(*variables), term(condition(action), values.__getitem__)])
    try:
        found = engine.query(z3.And(reachable(*variables), term(wrong, lambda fact: values.get(fact, FALSE))))
        return answer(engine.get_answer(), part) if found == z3.unsat else None
    except z3.Z3Exception as stop:  # raised when its time is over
        budget.check()
        raise LimitReached(f"Spacer gave up: {stop}") from None


def answer(term: Any, part: System) -> Formula | None:
    """Return the formula in Spacer's answer, *for all facts: reachable(facts) = formula*, or ``None``."""
    if not z3.is_quantifier(term):
        return None
    left, right = (term.body().arg(place) for place in range(2))
    if {z3.get_var_index(variable) for variable in left.children()} != set(range(len(part.facts))):
        return None
    table = {z3.get_var_index(variable): Atom(fact) for variable, fact in zip(left.children(), part.facts, strict=True)}
    return formula_of(right, tuple(table[index] for index in range(len(table))))


def formula_of(term: Any, values: tuple[Formula, ...]) -> Formula:
    """Translate a formula of Z3, whose variables are numbered from the innermost.

    Raises:
        Contradiction: it has an operator that is not expected in it.
    """
    if z3.is_var(term):
        index: int = z3.get_var_index(term)
        return values[index]
    if z3.is_quantifier(term):
        choices = product([TRUE, Or(())], repeat=term.num_vars())
        cases = tuple(formula_of(term.body(), (*choice, *values)) for choice in choices)
        return And(cases) if term.is_forall() else Or(cases)
    parts = tuple(formula_of(child, values) for child in term.children())
    match term.decl().kind():
        case z3.Z3_OP_TRUE:
            return TRUE
        case z3.Z3_OP_FALSE:
            return Or(())
        case z3.Z3_OP_NOT:
            return Not(parts[0])
        case z3.Z3_OP_AND:
            return And(parts)
        case z3.Z3_OP_OR:
            return Or(parts)
        case z3.Z3_OP_IMPLIES:
            return Or((Not(parts[0]), parts[1]))
        case z3.Z3_OP_EQ | z3.Z3_OP_IFF:
            return Or((And(parts), And(tuple(map(Not, parts)))))
        case _:
            raise Contradiction(f"Spacer's answer is not a Boolean formula: {term.decl()}")


def smallest(part: System, wrong: Formula, invariant: Formula, budget: Budget) -> Formula:
    """Return the invariant without conjuncts that it does not need; none of the remaining ones can be left out.

    Raises:
        LimitReached: a limit was hit.
    """
    needed = list(conjuncts(invariant))
    for part_of_it in list(needed):
        rest = [each for each in needed if each is not part_of_it]
        budget.check()
        if check_invariant(part, wrong, conjunction(rest), Solver.Z3, seconds=budget.left or SECONDS):
            needed = rest
    return conjunction(needed)


def disjuncts(formula: Formula) -> tuple[Formula, ...]:
    """Return the formulas of which this one is the disjunction."""
    return formula.parts if isinstance(formula, Or) and formula.parts else (formula,)


def conjuncts(formula: Formula) -> Iterator[Formula]:
    """Yield the formulas of which this one is the conjunction."""
    match formula:
        case And(parts):
            for part in parts:
                yield from conjuncts(part)
        case Not(Or(parts)):
            for part in parts:
                yield from conjuncts(Not(part))
        case Not(Not(part)):
            yield from conjuncts(part)
        case _:
            yield formula
