"""Obligations, and the transition systems over uninterpreted sorts that give rise to them.

An *obligation* is a question to the solvers with the answer that is expected.  Its SMT-LIB text (logic UF) is all that
a solver gets, and is the same for each; its comments say what is assumed.

A *machine* has relations that change (its state), assumptions about what does not, actions and an invariant.  That
every run is safe takes three kinds of obligations: the invariant is true at first; every action keeps it; a state in
which it is true is safe.  That the argument is not vacuous takes two more: a run that reaches what the theorem is
about; and, for each key assumption, a run of the machine without it that is not safe.  Runs are satisfiable
obligations, and their models are shown.

The relation ``logged`` in the state that a run has reached after ``k`` actions is called ``logged@k``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Literal

from bac.proofs.theorem.unbounded.logic import (
    TRUE,
    Apply,
    Formula,
    Quantified,
    Sort,
    Symbol,
    Term,
    Variable,
    both,
    every,
    iff,
    negation,
    smt,
    symbols,
)

Expected = Literal["sat", "unsat"]
Script = tuple[tuple[str, tuple[Apply, ...]], ...]
"""The actions of a run, in words, each with the constants that are its parameters."""


@dataclass(frozen=True)
class Problem:
    """Named formulas, and the run that they describe, if they describe one."""

    formulas: tuple[tuple[str, Formula], ...]
    script: Script = ()

    @cached_property
    def vocabulary(self) -> tuple[Symbol, ...]:
        """The symbols of the formulas and of the run, each once, in the order of their first use."""
        found = dict.fromkeys(symbol for _, formula in self.formulas for symbol in symbols(formula))
        found |= dict.fromkeys(constant.symbol for _, parameters in self.script for constant in parameters)
        return tuple(found)

    @cached_property
    def sorts(self) -> tuple[Sort, ...]:
        """The sorts of the formulas."""
        found: dict[Sort, None] = {}
        for symbol in self.vocabulary:
            found |= dict.fromkeys([*symbol.arguments, *([symbol.result] if symbol.result else [])])
        for _, formula in self.formulas:
            found |= dict.fromkeys(bound(formula))
        return tuple(found)

    def text(self) -> Iterator[str]:
        """Yield the lines of the SMT-LIB text, without the comment at its head."""
        yield "(set-logic UF)"
        yield from (f"(declare-sort {sort.name} 0)" for sort in self.sorts)
        for symbol in self.vocabulary:
            arguments = " ".join(sort.name for sort in symbol.arguments)
            yield f"(declare-fun {symbol.name} ({arguments}) {symbol.result.name if symbol.result else 'Bool'})"
        for name, formula in self.formulas:
            yield f"; {name}"
            yield f"(assert {smt(formula, 8)})"
        yield "(check-sat)"


def bound(node: Formula | Term) -> Iterator[Sort]:
    """Yield the sorts of the variables that a formula binds."""
    match node:
        case Quantified(_, variables, body):
            yield from (variable.sort for variable in variables)
            yield from bound(body)
        case _:
            for part in getattr(node, "parts", ()):
                yield from bound(part)


@dataclass(frozen=True)
class Obligation:
    """One question for the solvers, with the answer that the theorem needs.

    ``unsat``: there is no counterexample.  ``sat``: there is an example, which is shown.
    """

    name: str
    expected: Expected
    problem: Problem
    explanation: str

    @property
    def smt2(self) -> str:
        """The SMT-LIB text; the expected answer is in a comment, which solvers ignore."""
        head = [f"; {self.name}: {self.explanation}", f"; expected: {self.expected}"]
        return "\n".join([*head, *self.problem.text()]) + "\n"


def assumptions_of(obligation: Obligation) -> Obligation:
    """Return the obligation that the assumptions of another one, all but its last formula, are satisfiable."""
    problem = replace(obligation.problem, formulas=obligation.problem.formulas[:-1])
    explanation = f"what '{obligation.name}' assumes can be true"
    return Obligation(f"assumptions of {obligation.name}", "sat", problem, explanation)


@dataclass(frozen=True)
class Theorem:
    """A statement for any number of services and commands, and the obligations that prove it.

    ``proof`` are its obligations; ``runs`` show that it speaks of something, and what happens without its assumptions.
    """

    name: str
    statement: str
    proof: tuple[Obligation, ...]
    runs: tuple[Obligation, ...]

    @property
    def obligations(self) -> tuple[Obligation, ...]:
        """All obligations: the proof, that none of it is vacuous, and the runs."""
        return (*self.proof, *map(assumptions_of, self.proof), *self.runs)


# Machines


@dataclass(frozen=True, slots=True)
class Moment:
    """The state relations of a machine after this many actions of a run."""

    number: int

    def of(self, relation: Symbol) -> Symbol:
        """Return the relation at this moment."""
        return replace(relation, name=f"{relation.name}@{self.number}")


Parameters = tuple[Term, ...]
Condition = Callable[[Moment, Parameters], Formula]
Effect = Callable[[Moment, Parameters, tuple[Variable, ...]], Formula]


@dataclass(frozen=True)
class Action:
    """An action: parameters of these sorts, named conditions, and effects.

    An effect says when a relation is true of variables afterwards, in terms of the moment before; relations without an
    effect stay as they are.  ``words`` say what happens to the parameters, which stand in it as ``{0}``, ``{1}``, …
    """

    name: str
    words: str
    parameters: tuple[Sort, ...] = ()
    conditions: Mapping[str, Condition] = field(default_factory=dict)
    effects: Mapping[Symbol, Effect] = field(default_factory=dict)

    def happens(self, state: Sequence[Symbol], before: Moment, parameters: Parameters) -> tuple[Formula, ...]:
        """Return the formulas that say that the action leads from one moment to the next."""
        after = Moment(before.number + 1)
        formulas = [condition(before, parameters) for condition in self.conditions.values()]
        for relation in state:
            variables = tuple(Variable(f"x{place}", sort) for place, sort in enumerate(relation.arguments))
            effect = self.effects.get(relation)
            old = before.of(relation)(*variables) if effect is None else effect(before, parameters, variables)
            formulas.append(every(variables, iff(after.of(relation)(*variables), old)))
        return tuple(formulas)


Statement = Callable[[Moment], Formula]


@dataclass(frozen=True)
class Machine:
    """A transition system over uninterpreted sorts, whose state relations are all empty at first.

    ``assumptions`` are about symbols that do not change; ``invariant`` and ``safe`` are about one moment each.  All of
    them have names.
    """

    state: tuple[Symbol, ...]
    assumptions: Mapping[str, Formula]
    actions: tuple[Action, ...]
    invariant: Mapping[str, Statement] = field(default_factory=dict)
    safe: Mapping[str, Statement] = field(default_factory=dict)

    def without(self, name: str) -> Machine:
        """Return the machine without the assumption, or the conditions of actions, of this name.

        Raises:
            KeyError: there is none.
        """
        conditions = {name for action in self.actions for name in action.conditions}
        if name not in self.assumptions and name not in conditions:
            raise KeyError(name)
        return replace(
            self,
            assumptions={key: value for key, value in self.assumptions.items() if key != name},
            actions=tuple(
                replace(action, conditions={key: value for key, value in action.conditions.items() if key != name})
                for action in self.actions
            ),
        )

    def with_action(self, action: Action) -> Machine:
        """Return the machine with this action, which replaces one of the same name."""
        return replace(self, actions=(*(each for each in self.actions if each.name != action.name), action))

    def action(self, name: str) -> Action:
        """Return the action of this name."""
        return next(action for action in self.actions if action.name == name)

    # The obligations

    def inductive(self) -> tuple[Obligation, ...]:
        """Return the obligations that prove by induction that every run is safe."""
        return (self.initiation(), *map(self.consecution, self.actions), *map(self.safety, self.safe))

    def initiation(self) -> Obligation:
        """Return the obligation that the invariant is true at first."""
        problem = Problem(
            (*self.always(), *self.nothing_yet(), ("the invariant fails", negation(self.holds(self.invariant, 0))))
        )
        return Obligation("initiation", "unsat", problem, "the invariant is true before anything has happened")

    def consecution(self, action: Action) -> Obligation:
        """Return the obligation that this action keeps the invariant."""
        problem = Problem(
            (
                *self.always(),
                *((f"before: {name}", each(Moment(0))) for name, each in self.invariant.items()),
                *self.happening(action, 0),
                ("after: the invariant fails", negation(self.holds(self.invariant, 1))),
            ),
            ((action.words, constants(action, 0)),),
        )
        explanation = f"if the invariant is true, it still is when {action.words.format(*'xyz')}"
        return Obligation(f"consecution {action.name}", "unsat", problem, explanation)

    def safety(self, name: str) -> Obligation:
        """Return the obligation that a state in which the invariant is true is safe in this respect."""
        problem = Problem(
            (
                *self.always(),
                *((f"invariant: {key}", each(Moment(0))) for key, each in self.invariant.items()),
                (f"not: {name}", negation(self.safe[name](Moment(0)))),
            )
        )
        return Obligation(f"safety {name}", "unsat", problem, f"the invariant implies: {name}")

    def run(self, name: str, script: Sequence[str], goal: Statement, explanation: str) -> Obligation:
        """Return the obligation that some run of these actions, from the beginning, ends where the goal is true."""
        actions = [self.action(each) for each in script]
        problem = Problem(
            (
                *self.always(),
                *self.nothing_yet(),
                *(each for number, action in enumerate(actions) for each in self.happening(action, number)),
                ("at the end", goal(Moment(len(actions)))),
            ),
            tuple((action.words, constants(action, number)) for number, action in enumerate(actions)),
        )
        return Obligation(name, "sat", problem, explanation)

    # Parts of obligations

    def always(self) -> tuple[tuple[str, Formula], ...]:
        """Return the assumptions, with their names."""
        return tuple((f"assumption: {name}", formula) for name, formula in self.assumptions.items())

    def nothing_yet(self) -> tuple[tuple[str, Formula], ...]:
        """Return the formulas that say that all relations of the state are empty at first."""
        return tuple((f"at first: nothing is {relation.name}", none(relation)) for relation in self.state)

    def happening(self, action: Action, number: int) -> tuple[tuple[str, Formula], ...]:
        """Return the formulas that say that the action happens after this many others."""
        formulas = action.happens(self.state, Moment(number), constants(action, number))
        names = [*action.conditions, *(f"then: {relation.name}" for relation in self.state)]
        return tuple((f"{number + 1}. {action.name}: {name}", each) for name, each in zip(names, formulas, strict=True))

    @staticmethod
    def holds(statements: Mapping[str, Statement], number: int) -> Formula:
        """Return the conjunction of these statements at this moment."""
        return both(*(each(Moment(number)) for each in statements.values())) if statements else TRUE


def constants(action: Action, number: int) -> tuple[Apply, ...]:
    """Return the parameters of an action as constants."""
    return tuple(
        Symbol(f"{sort.name.lower()}{place or ''}!{number + 1}", (), sort)()
        for place, sort in enumerate(action.parameters)
    )


def none(relation: Symbol) -> Formula:
    """Return the formula that says that a relation is empty at first."""
    variables = tuple(Variable(f"x{place}", sort) for place, sort in enumerate(relation.arguments))
    return every(variables, negation(Moment(0).of(relation)(*variables)))
