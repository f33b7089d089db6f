"""What can never be true and what can never happen is left out of a system, and nothing else.

Source: docs/exports.md, "What is left out".
"""

from __future__ import annotations

from dataclasses import replace

from bac.model.system import Action, ActionKind, Clause, Fact, System


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
