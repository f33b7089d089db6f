"""How a language writes formulas: with operators between the parts (Promela, TLA+) or before them (SMT-LIB)."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from bac.model.system import Fact
from bac.properties.formula import And, Atom, Formula, Not, Or


@dataclass(frozen=True, slots=True)
class Connective:
    """The text before and between the parts of a conjunction or disjunction, and ``empty`` if it has no parts."""

    before: str
    between: str
    empty: str

    def of(self, parts: Iterable[str]) -> str:
        """Return the parts joined in parentheses; a single part as it is."""
        listed = list(parts)
        return listed[0] if len(listed) == 1 else f"{self.before}{self.between.join(listed)})" if listed else self.empty


@dataclass(frozen=True, slots=True)
class Notation:
    """The connectives of a language; ``negation`` has ``{}`` where the part stands."""

    both: Connective
    either: Connective
    negation: str

    def formula(self, formula: Formula, literal: Callable[[Fact, bool], str]) -> str:
        """Return the formula as text.

        Args:
            formula: what is written.
            literal: returns the text of a fact, or of its negation if the second argument is false.
        """
        match formula:
            case Atom(fact):
                return literal(fact, True)
            case Not(Atom(fact)):
                return literal(fact, False)
            case Not(part):
                return self.negation.format(self.formula(part, literal))
            case And(parts):
                return self.both.of(self.formula(part, literal) for part in parts)
            case Or(parts):
                return self.either.of(self.formula(part, literal) for part in parts)

    def literals(self, name: Callable[[Fact], str]) -> Callable[[Fact, bool], str]:
        """Return the literals of a language that negates facts as it negates everything else."""
        return lambda fact, positive: name(fact) if positive else self.negation.format(name(fact))


PROMELA = Notation(Connective("(", " && ", "true"), Connective("(", " || ", "false"), "!{}")
SMT_LIB = Notation(Connective("(and ", " ", "true"), Connective("(or ", " ", "false"), "(not {})")
TLA = Notation(Connective("(", " /\\ ", "TRUE"), Connective("(", " \\/ ", "FALSE"), "~{}")
