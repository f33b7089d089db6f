"""Formulas as terms of Z3, with constants folded away.

Source: docs/semantics.md, "Properties".
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import z3

from bac.model.system import Fact
from bac.properties.formula import And, Atom, Formula, Not, Or

Term = Any
"""A Z3 expression (the library declares no types)."""

TRUE: Term = z3.BoolVal(True)
FALSE: Term = z3.BoolVal(False)


def term(formula: Formula, value: Callable[[Fact], Term]) -> Term:
    """The formula where ``value`` gives the term of each fact."""
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
    """All of these; :data:`TRUE` and :data:`FALSE` themselves do not appear in it."""
    parts = [part for part in terms if part is not TRUE]
    if any(part is FALSE for part in parts):
        return FALSE
    return TRUE if not parts else parts[0] if len(parts) == 1 else z3.And(parts)


def disjunction(terms: Iterable[Term]) -> Term:
    """At least one of these, folded likewise."""
    parts = [part for part in terms if part is not FALSE]
    if any(part is TRUE for part in parts):
        return TRUE
    return FALSE if not parts else parts[0] if len(parts) == 1 else z3.Or(parts)


def negation(part: Term) -> Term:
    """Not this, folded likewise."""
    if part is TRUE or part is FALSE:
        return FALSE if part is TRUE else TRUE
    return z3.Not(part)
