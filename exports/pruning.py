"""Removing facts that are never true, and actions that never happen, from systems and formulas.

Source: docs/exports.md, "What is left out".
"""

from __future__ import annotations

from collections.abc import Container, Iterable
from dataclasses import replace

from bac.model.system import Action, Clause, Fact, System
from bac.properties.formula import FALSE, TRUE, And, Atom, Formula, Not, Or


def pruned(system: System) -> System:
    """Return the system without facts that are never true, and without actions that require one.

    A fact can be true only if an action that can happen adds it, or copies to it a fact that can be true.  The facts
    left out are false in every reachable state, so the reachable states and the runs stay the same.
    """
    true: set[Fact] = set()
    while found := {fact for action in system.actions if can_happen(action, true) for fact in made_true(action, true)}:
        true |= found
    actions = tuple(restricted(action, true) for action in system.actions if can_happen(action, true))
    return System(tuple(fact for fact in system.facts if fact in true), actions)


def can_happen(action: Action, true: set[Fact]) -> bool:
    """Whether the action can happen if only these facts are ever true."""
    unmet = (not clause.negative and true.isdisjoint(clause.positive) for clause in action.clauses)
    return action.require <= true and not any(unmet)


def made_true(action: Action, true: set[Fact]) -> set[Fact]:
    """Return the facts that the action can make true for the first time."""
    copied = {destination for source, destination in action.copy if source in true}
    return (copied | action.add) - true


def restricted(action: Action, true: set[Fact]) -> Action:
    """Return the action on these facts only; the others are false."""
    return replace(
        action,
        forbid=action.forbid & true,
        clauses=tuple(
            Clause(clause.positive & true, clause.negative) for clause in action.clauses if clause.negative <= true
        ),
        delete=(action.delete | {d for s, d in action.copy if d in true and s not in true}) & true,
        copy=tuple((s, d) for s, d in action.copy if s in true),
    )


def simplified(formula: Formula, true: Container[Fact]) -> Formula:
    """Return the formula on these facts only; the others are false."""
    match formula:
        case Atom(fact):
            return formula if fact in true else FALSE
        case Not(part):
            inner = simplified(part, true)
            return {TRUE: FALSE, FALSE: TRUE}.get(inner, Not(inner))
        case And(parts):
            flat = _flat(And, (simplified(part, true) for part in parts))
            return FALSE if FALSE in flat else flat[0] if len(flat) == 1 else And(flat)
        case Or(parts):
            flat = _flat(Or, (simplified(part, true) for part in parts))
            return TRUE if TRUE in flat else flat[0] if len(flat) == 1 else Or(flat)


def _flat(kind: type[And] | type[Or], parts: Iterable[Formula]) -> tuple[Formula, ...]:
    """Return the parts, each once; a part of the same kind is replaced by its own parts (so neutral ones vanish)."""
    found: dict[Formula, None] = {}
    for part in parts:
        found.update(dict.fromkeys(part.parts if isinstance(part, kind) else (part,)))
    return tuple(found)
