"""What a question depends on: the facts that bear on it, and the actions that write them.

A solver never sees the rest.  Source: docs/semantics.md, "Facts and actions".
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from bac.model.system import RECOVERED, Action, Fact, System
from bac.properties.formula import Atom, Formula, Not, conjunction, formula


def relevant(system: System, facts: Iterable[Fact]) -> System:
    """What is left of the system if only these facts matter: what bears on them, and the actions that write that.

    Its runs are the runs of the system without the actions left out, and agree on the facts that are left: what is kept
    reads only what is kept.  So the system and what is left of it reach the same valuations of these facts; a shortest
    run to one is a run of both; and an inductive invariant of what is left is one of the system.
    """
    matters, kept = set(facts), set[int]()
    changed = True
    while changed:
        changed = False
        for number, action in enumerate(system.actions):
            if number not in kept and not matters.isdisjoint(written(action)):
                kept.add(number)
                matters |= read(action)
                changed = True
    actions = (restricted(action, matters) for number, action in enumerate(system.actions) if number in kept)
    return System(tuple(fact for fact in system.facts if fact in matters), tuple(actions))


def restricted(action: Action, facts: set[Fact]) -> Action:
    """The action, which writes nothing but these facts."""
    copy = tuple(pair for pair in action.copy if pair[1] in facts)
    return replace(action, add=action.add & facts, delete=action.delete & facts, copy=copy)


def written(action: Action) -> frozenset[Fact]:
    """The facts that the action adds, deletes or overwrites."""
    return action.add.union(action.delete, (destination for _, destination in action.copy))


def read(action: Action) -> frozenset[Fact]:
    """The facts on which it depends whether the action can happen, and what it does."""
    clauses = (clause.positive | clause.negative for clause in action.clauses)
    return action.require.union(action.forbid, *clauses, (source for source, _ in action.copy))


def independent(one: Action, other: Action) -> bool:
    """Whether the order of two neighbouring actions never makes a difference: neither writes what the other uses."""
    writes, others = written(one), written(other)
    return writes.isdisjoint(others | read(other)) and others.isdisjoint(read(one))


def guard(action: Action) -> Formula:
    """The formula that says that the action can happen."""
    return formula(action)


def over(system: System) -> Formula:
    """The formula of settled states: disaster has struck, and no action can happen."""
    after = [action for action in system.actions if RECOVERED not in action.forbid]
    return conjunction([Atom(RECOVERED), *(Not(guard(action)) for action in after)])


def stuck(system: System, goal: Formula) -> Formula:
    """The formula of states before the disaster in which the goal does not hold, and only a disaster can happen."""
    calm = [action for action in system.actions if RECOVERED not in action.add and RECOVERED not in action.require]
    return conjunction([Not(Atom(RECOVERED)), Not(goal), *(Not(guard(action)) for action in calm)])
