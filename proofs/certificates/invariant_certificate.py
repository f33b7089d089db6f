"""Certificates that something never happens: an inductive invariant, in a file that can be checked alone.

The file holds the specification, the plan, the number of instances, the property, and a formula over the facts of one
state.  The formula proves the property if

* *initiation*: it holds of the initial state (there is only one, so it is simply evaluated there);
* *consecution*: every action leads from states where it holds to states where it holds;
* *safety*: it holds of no state that violates the property.

For the second and third there must be no counterexample among *all* states, reachable or not.  Z3 and cvc5 are asked
for one, each with terms of its own, made here directly from actions: one Bool for each fact before the action, and one
for each fact that it writes after it.  What a solver finds is believed only if the interpreter confirms it.  Nothing is
shared with the engines, nor with the code that found the invariant.

Source: docs/theorem.md, "Certificates".
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from bac.model import documents
from bac.model.architecture import Architecture
from bac.model.documents import MalformedDocument
from bac.model.errors import BacError, Contradiction, printable, quoted
from bac.model.plan import Plan
from bac.model.semantics import system
from bac.model.specification.writer import dump
from bac.model.system import INITIAL, RECOVERED, Action, Fact, State, System
from bac.proofs.certificates.two_solvers import Solver, Term, WithCvc5, WithZ3
from bac.properties.formula import And, Atom, Formula, Not, Or, satisfied
from bac.properties.qualities import Property, qualities

FORMAT, VERSION = "bac-invariant", 1
TRUSTED = (
    "the reader of specifications, the semantics, the definitions of the properties, the evaluator of formulas, "
    "and that Z3 and cvc5 do not both miss the same counterexample"
)
"""The trusted base of a confirmed invariant."""
SECONDS = 120.0
"""The time that each solver has, unless another one is given."""


class NotProved(BacError):
    """A certificate is well-formed, and does not prove what it claims."""

    exit_code = 1


@dataclass(frozen=True)
class Invariant:
    """A formula that is claimed to prove that no run of an architecture under a plan violates a property.

    The number of instances covers smaller ones: a run with fewer is one in which the others do nothing.
    """

    architecture: Architecture
    plan: Plan
    instances: int
    claim: Property
    formula: Formula

    @cached_property
    def system(self) -> System:
        """The transition system that it is about.

        Raises:
            LimitReached: it is too large to be built.
        """
        return system(self.architecture, self.plan, self.instances)

    @cached_property
    def bad(self) -> Formula:
        """The formula of the states that violate the property, settled or not."""
        return qualities(self.architecture, self.plan, self.instances).violation(self.claim)

    def is_bad(self, state: State) -> bool:
        """Return whether a state violates the property, by the interpreter."""
        return satisfied(self.bad, state) and (not self.claim.in_settled_states or self.system.settled(state))


# Files


def to_json(invariant: Invariant) -> dict[str, Any]:
    """Return the certificate as a JSON document.

    ``facts`` names the facts of the system in its order; in ``formula`` a number (from 1) is a fact, and lists that
    begin with ``not``, ``and`` or ``or`` are negations, conjunctions and disjunctions.

    Raises:
        KeyError: the formula is about a fact that the system does not have.
        LimitReached: the system is too large to be built.
    """
    numbers = {fact: number for number, fact in enumerate(invariant.system.facts, 1)}
    return {
        "format": FORMAT,
        "version": VERSION,
        "specification": dump(invariant.architecture, [invariant.plan]),
        "plan": invariant.plan.name,
        "instances": invariant.instances,
        "property": str(invariant.claim),
        "facts": [str(fact) for fact in invariant.system.facts],
        "formula": encoded(invariant.formula, numbers),
    }


def encoded(formula: Formula, numbers: Mapping[Fact, int]) -> Any:
    """Return a formula as JSON."""
    match formula:
        case Atom(fact):
            return numbers[fact]
        case Not(part):
            return ["not", encoded(part, numbers)]
        case And(parts):
            return ["and", *(encoded(part, numbers) for part in parts)]
        case Or(parts):
            return ["or", *(encoded(part, numbers) for part in parts)]


def from_json(document: Any) -> Invariant:
    """Return the certificate that a JSON document (not nested too deeply) holds.

    Raises:
        MalformedDocument: it holds none, its specification is wrong, or its facts are not those of its system.
        UnknownPlan: its specification does not have its plan.
        LimitReached: its system is too large to be built.
    """
    documents.check_schema("invariant", document)
    specification = documents.specification(document["specification"])
    plan, instances = specification.plan(document["plan"]), document["instances"]
    if len(document["facts"]) < instances * sum(1 for _ in specification.architecture.steps()):
        raise MalformedDocument("there are fewer facts than events")  # The system need not be built to see that.
    facts = system(specification.architecture, plan, instances).facts
    if document["facts"] != [str(fact) for fact in facts]:
        raise MalformedDocument("the facts are not those of its system, in that order")
    formula = decoded(document["formula"], facts)
    return Invariant(specification.architecture, plan, instances, Property(document["property"]), formula)


def decoded(found: Any, facts: tuple[Fact, ...]) -> Formula:
    """Return the formula that a part of a document holds.

    Raises:
        MalformedDocument: it holds none.
    """
    match found:
        case int() if type(found) is int and 1 <= found <= len(facts):
            return Atom(facts[found - 1])
        case ["not", part]:
            return Not(decoded(part, facts))
        case ["and", *parts]:
            return And(tuple(decoded(part, facts) for part in parts))
        case ["or", *parts]:
            return Or(tuple(decoded(part, facts) for part in parts))
        case _:
            raise MalformedDocument(f"not a formula: {quoted(str(found))}")


# The check


def confirm(invariant: Invariant, seconds: float = SECONDS) -> None:
    """Ask both solvers for counterexamples; there must be none.

    Raises:
        NotProved: there is one, and the interpreter confirms it.
        LimitReached: a solver does not know within this time.
        Contradiction: the interpreter does not confirm what a solver found.
    """
    insist(satisfied(invariant.formula, INITIAL), "the formula does not hold of the initial state")
    for solver in (WithZ3(seconds), WithCvc5(seconds)):
        check = Check(invariant, solver)
        check.safety()
        for action in invariant.system.actions:
            check.consecution(action)


def insist(condition: bool, otherwise: str) -> None:
    """Insist that a certificate proves what it claims.

    Raises:
        NotProved: it does not.
    """
    if not condition:
        raise NotProved(otherwise)


class Check:
    """The questions about one invariant, put to one solver."""

    def __init__(self, invariant: Invariant, solver: Solver) -> None:
        """Make two variables for each fact: before an action, and after it."""
        self.invariant, self.solver = invariant, solver
        self.now = {fact: solver.variable(f"now{place}") for place, fact in enumerate(invariant.system.facts)}
        self.then = {fact: solver.variable(f"then{place}") for place, fact in enumerate(invariant.system.facts)}
        self.holds = self.term(invariant.formula, self.now)

    def term(self, formula: Formula, values: Mapping[Fact, Term]) -> Term:
        """Return the formula as a term.  A fact that the system does not have is never true."""
        match formula:
            case Atom(fact):
                return values[fact] if fact in values else self.solver.disjunction([])
            case Not(part):
                return self.solver.negation(self.term(part, values))
            case And(parts):
                return self.solver.conjunction([self.term(part, values) for part in parts])
            case Or(parts):
                return self.solver.disjunction([self.term(part, values) for part in parts])

    def enabled(self, action: Action) -> Term:
        """Return the term that says that the action is enabled."""
        parts = [self.now[fact] for fact in action.require]
        parts += [self.solver.negation(self.now[fact]) for fact in action.forbid]
        for clause in action.clauses:
            absent = [self.solver.negation(self.now[fact]) for fact in clause.negative]
            parts.append(self.solver.disjunction([*(self.now[fact] for fact in clause.positive), *absent]))
        return self.solver.conjunction(parts)

    def effects(self, action: Action) -> Iterator[tuple[Fact, Term]]:
        """Yield each fact that the action writes, with the term that says which value it has afterwards."""
        yield from ((fact, self.then[fact]) for fact in action.add)
        yield from ((fact, self.solver.negation(self.then[fact])) for fact in action.delete)
        yield from ((written, self.solver.same(self.then[written], self.now[read])) for read, written in action.copy)

    def counterexample(self, terms: list[Term]) -> State | None:
        """Return a state where the formula holds and the terms are true, if there is one."""
        values = self.solver.model([self.holds, *terms], self.now.values())
        if values is None:
            return None
        state = frozenset(fact for fact, value in zip(self.now, values, strict=True) if value)
        self.confirmed(satisfied(self.invariant.formula, state))
        return state

    def confirmed(self, condition: bool) -> None:
        """Insist that the interpreter sees what the solver found."""
        if not condition:
            raise Contradiction(f"the interpreter does not confirm a counterexample of {self.solver.name}")

    def safety(self) -> None:
        """Check that no state where the formula holds is bad."""
        terms = [self.term(self.invariant.bad, self.now)]
        if self.invariant.claim.in_settled_states:
            terms += [self.term(Atom(RECOVERED), self.now)]
            terms += [self.solver.negation(self.enabled(action)) for action in self.invariant.system.actions]
        state = self.counterexample(terms)
        if state is not None:
            self.confirmed(self.invariant.is_bad(state))
        insist(state is None, f"the formula does not exclude every state that violates {self.invariant.claim}")

    def consecution(self, action: Action) -> None:
        """Check that the formula holds after the action if it held before it."""
        effects = dict(self.effects(action))
        after = self.term(self.invariant.formula, self.now | {fact: self.then[fact] for fact in effects})
        state = self.counterexample([self.enabled(action), *effects.values(), self.solver.negation(after)])
        if state is not None:
            kept = satisfied(self.invariant.formula, action.apply(state))
            self.confirmed(action.enabled(state) and not kept)
        about = printable(", ".join([*map(str, action.label.events), *action.label.services]))
        insist(state is None, f"the formula need not hold any more after this action: {action.label.kind} {about}")
