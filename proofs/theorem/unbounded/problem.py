"""Obligations: what a solver is to decide, which answer is expected, and the text that says it.

The SMT-LIB text (logic UF) is all that a solver gets, and is the same for each; its comments say what is assumed.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Literal

from bac.proofs.theorem.unbounded.logic import Apply, Formula, Quantified, Sort, Symbol, Term, smt, symbols

Expected = Literal["sat", "unsat"]
Script = tuple[tuple[str, tuple[Apply, ...]], ...]
"""What happens, in words, each with the constants that it happens to."""


@dataclass(frozen=True)
class Problem:
    """Formulas, each with a name, and the run that they are about, if they are about one."""

    formulas: tuple[tuple[str, Formula], ...]
    script: Script = ()

    @cached_property
    def vocabulary(self) -> tuple[Symbol, ...]:
        """Every symbol of the formulas and of the run, each once, in the order in which they come."""
        found = dict.fromkeys(symbol for _, formula in self.formulas for symbol in symbols(formula))
        found |= dict.fromkeys(constant.symbol for _, parameters in self.script for constant in parameters)
        return tuple(found)

    @cached_property
    def sorts(self) -> tuple[Sort, ...]:
        """Every sort of the formulas."""
        found: dict[Sort, None] = {}
        for symbol in self.vocabulary:
            found |= dict.fromkeys([*symbol.arguments, *([symbol.result] if symbol.result else [])])
        for _, formula in self.formulas:
            found |= dict.fromkeys(bound(formula))
        return tuple(found)

    def text(self) -> Iterator[str]:
        """The lines of the SMT-LIB text, without a comment about the whole."""
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
    """The sorts of the variables that a formula binds."""
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
        """The SMT-LIB text; what is expected stands in a comment, so that no solver is told."""
        head = [f"; {self.name}: {self.explanation}", f"; expected: {self.expected}"]
        return "\n".join([*head, *self.problem.text()]) + "\n"


def assumptions_of(obligation: Obligation) -> Obligation:
    """That what an unsatisfiable obligation assumes, all but its last formula, can be true: it is not vacuous."""
    problem = replace(obligation.problem, formulas=obligation.problem.formulas[:-1])
    explanation = f"what '{obligation.name}' assumes can be true"
    return Obligation(f"assumptions of {obligation.name}", "sat", problem, explanation)


@dataclass(frozen=True)
class Theorem:
    """A statement for any number of services and commands, and what proves it.

    ``proof`` are its obligations; ``runs`` show that it speaks of something, and what happens without its assumptions.
    """

    name: str
    statement: str
    proof: tuple[Obligation, ...]
    runs: tuple[Obligation, ...]

    @property
    def obligations(self) -> tuple[Obligation, ...]:
        """Everything that the solvers are asked: the proof, that none of it is vacuous, and the runs."""
        return (*self.proof, *map(assumptions_of, self.proof), *self.runs)
