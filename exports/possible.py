"""What can never be true and what can never happen is left out of a system and of formulas, and nothing else.

Source: docs/exports.md, "What is left out".
"""

from __future__ import annotations

from collections.abc import Container, Iterable
from dataclasses import replace

from bac.model.system import Action, ActionKind, Clause, Fact, System
from bac.properties.formula import FALSE, TRUE, And, Atom, Formula, Not, Or


def without_disasters(system: System) -> System:
    """The system in which no disaster strikes."""
    return System(system.facts, tuple(a for a in system.actions if a.label.kind is not ActionKind.DISASTER))


def possible(system: System) -> System:
    """The system without facts that are never true, and without actions that require one.

    A fact can be true only if an action that can happen adds it, or copies to it a fact that can be true.  The facts
    left out are false in every reachable state, so the reachable states and the runs are the same as before.
    """
    true: set[Fact] = set()
    while found := {fact for action in system.actions if can_happen(action, true) for fact in made(action, true)}:
        true |= found
    actions = tuple(restricted(action, true) for action in system.actions if can_happen(action, true))
    return System(tuple(fact for fact in system.facts if fact in true), actions)


def can_happen(action: Action, true: set[Fact]) -> bool:
    """Whether the action could happen if no other facts than these were ever true."""
    unmet = (not clause.negative and true.isdisjoint(clause.positive) for clause in action.clauses)
    return action.require <= true and not any(unmet)


def made(action: Action, true: set[Fact]) -> set[Fact]:
    """The facts that the action could make true for the first time."""
    copied = {destination for source, destination in action.copy if source in true}
    return (copied | action.add) - true


def restricted(action: Action, true: set[Fact]) -> Action:
    """The action, said of these facts alone; the others are false."""
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
    """The formula, said of these facts alone; the others are false."""
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
    """The parts, each once; parts of the same kind are replaced by what they consist of (so neutral ones vanish)."""
    found: dict[Formula, None] = {}
    for part in parts:
        found.update(dict.fromkeys(part.parts if isinstance(part, kind) else (part,)))
    return tuple(found)
