"""Formulas over facts: what properties are made of, and what it means that a state satisfies one."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Iterator
from dataclasses import dataclass

from bac.model.guard import Guard
from bac.model.system import RECOVERED, Action, Fact, System


@dataclass(frozen=True, slots=True)
class Atom:
    """The fact holds."""

    fact: Fact


@dataclass(frozen=True, slots=True)
class Not:
    """The part does not hold."""

    part: Formula


@dataclass(frozen=True, slots=True)
class And:
    """All parts hold (so without parts: true)."""

    parts: tuple[Formula, ...]


@dataclass(frozen=True, slots=True)
class Or:
    """At least one part holds (so without parts: false)."""

    parts: tuple[Formula, ...]


Formula = Atom | Not | And | Or
TRUE: Formula = And(())
FALSE: Formula = Or(())


def conjunction(parts: Iterable[Formula]) -> Formula:
    """All of these."""
    return And(tuple(parts))


def disjunction(parts: Iterable[Formula]) -> Formula:
    """At least one of these."""
    return Or(tuple(parts))


def condition(guard: Guard | Action) -> Formula:
    """The formula that says that a guard holds, or that an action can happen."""
    parts: list[Formula] = [*map(Atom, sorted(guard.require)), *(Not(Atom(fact)) for fact in sorted(guard.forbid))]
    for clause in guard.clauses:
        negative = (Not(Atom(fact)) for fact in sorted(clause.negative))
        parts.append(disjunction([*map(Atom, sorted(clause.positive)), *negative]))
    return conjunction(parts)


def settled_states(system: System) -> Formula:
    """The formula of settled states: disaster has struck, and no action can happen."""
    after = [action for action in system.actions if RECOVERED not in action.forbid]
    return conjunction([Atom(RECOVERED), *(Not(condition(action)) for action in after)])


def satisfied(wanted: Formula, state: Container[Fact]) -> bool:
    """Whether a state, given as the facts that hold, satisfies the formula."""
    return evaluate(wanted, state.__contains__)


def evaluate(wanted: Formula, holds: Callable[[Fact], bool]) -> bool:
    """The truth of the formula where ``holds`` says which facts are true."""
    match wanted:
        case Atom(fact):
            return holds(fact)
        case Not(part):
            return not evaluate(part, holds)
        case And(parts):
            return all(evaluate(part, holds) for part in parts)
        case Or(parts):
            return any(evaluate(part, holds) for part in parts)


def facts(wanted: Formula) -> Iterator[Fact]:
    """The facts that a formula mentions, with repetitions."""
    match wanted:
        case Atom(fact):
            yield fact
        case Not(part):
            yield from facts(part)
        case And(parts) | Or(parts):
            for part in parts:
                yield from facts(part)
