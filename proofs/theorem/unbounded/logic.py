"""First-order formulas: how they are built, printed as SMT-LIB, and evaluated in a finite structure.

The text goes to every solver, so that all of them answer the same question.  The evaluator holds their models to it:
a countermodel is believed only if every formula is true in it here.  There is no more than the theorems need:
uninterpreted sorts, relations, functions and constants.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import product


@dataclass(frozen=True, slots=True)
class Sort:
    """An uninterpreted sort: a set that is not empty; ``plural`` is its name in texts."""

    name: str
    plural: str = ""


@dataclass(frozen=True, slots=True)
class Symbol:
    """A relation (``result`` is ``None``) or a function, applied by calling it; without arguments a constant.

    ``words`` say what it means of its arguments, which stand in it as ``{0}``, ``{1}``, …
    """

    name: str
    arguments: tuple[Sort, ...] = ()
    result: Sort | None = None
    words: str = ""

    def __call__(self, *arguments: Term) -> Apply:
        """Apply the symbol: a relation gives a formula, a function a term."""
        if tuple(argument.sort for argument in arguments) != self.arguments:
            raise TypeError(f"{self.name} is not applied to {', '.join(str(a.sort) for a in arguments)}")
        return Apply(self, arguments)


@dataclass(frozen=True, slots=True)
class Variable:
    """A variable, bound by a quantifier around it."""

    name: str
    sort: Sort


@dataclass(frozen=True, slots=True)
class Apply:
    """A symbol applied to terms."""

    symbol: Symbol
    arguments: tuple[Term, ...]

    @property
    def sort(self) -> Sort | None:
        """The sort of the value; ``None`` if this is a formula."""
        return self.symbol.result


Term = Variable | Apply


@dataclass(frozen=True, slots=True)
class Equal:
    """Both terms are the same thing."""

    left: Term
    right: Term


@dataclass(frozen=True, slots=True)
class Connective:
    """``not``, ``and``, ``or``, ``=>`` or ``=`` (between formulas), as SMT-LIB names them."""

    name: str
    parts: tuple[Formula, ...]


@dataclass(frozen=True, slots=True)
class Quantified:
    """``forall`` or ``exists``, as SMT-LIB names them."""

    name: str
    variables: tuple[Variable, ...]
    body: Formula


Formula = Apply | Equal | Connective | Quantified

# Building formulas


def negation(part: Formula) -> Formula:
    """Return the negation."""
    return Connective("not", (part,))


def both(*parts: Formula) -> Formula:
    """Return the conjunction."""
    return parts[0] if len(parts) == 1 else Connective("and", parts)


def either(*parts: Formula) -> Formula:
    """Return the disjunction."""
    return parts[0] if len(parts) == 1 else Connective("or", parts)


def implies(*parts: Formula) -> Formula:
    """Return the implication: if all but the last hold, so does the last."""
    return Connective("=>", (both(*parts[:-1]), parts[-1]))


def iff(left: Formula, right: Formula) -> Formula:
    """Return the equivalence."""
    return Connective("=", (left, right))


def every(variables: Iterable[Variable], body: Formula) -> Formula:
    """Return the formula, universally quantified over these variables."""
    names = tuple(variables)
    return Quantified("forall", names, body) if names else body


def some(variables: Iterable[Variable], body: Formula) -> Formula:
    """Return the formula, existentially quantified over these variables."""
    names = tuple(variables)
    return Quantified("exists", names, body) if names else body


TRUE: Formula = Connective("and", ())
FALSE: Formula = Connective("or", ())

# Printing

WIDTH = 100
"""Longer formulas are broken into lines."""


def smt(node: Formula | Term, indent: int = 0) -> str:
    """Return the SMT-LIB text of a formula or a term, broken into lines if it is long."""
    flat = flat_smt(node)
    if len(flat) + indent <= WIDTH:
        return flat
    pad = "\n" + " " * (indent + 2)
    match node:
        case Connective(name, parts):
            return f"({name}" + "".join(pad + smt(part, indent + 2) for part in parts) + ")"
        case Quantified(name, variables, body):
            return f"({name} ({bindings(variables)})" + pad + smt(body, indent + 2) + ")"
        case _:
            return flat


def flat_smt(node: Formula | Term) -> str:
    """Return the SMT-LIB text of a formula or a term, in one line."""
    match node:
        case Variable(name, _):
            return name
        case Apply(symbol, ()):
            return symbol.name
        case Apply(symbol, arguments):
            return f"({symbol.name} {' '.join(map(flat_smt, arguments))})"
        case Equal(left, right):
            return f"(= {flat_smt(left)} {flat_smt(right)})"
        case Connective("and", ()):
            return "true"
        case Connective("or", ()):
            return "false"
        case Connective(name, parts):
            return f"({name} {' '.join(map(flat_smt, parts))})"
        case Quantified(name, variables, body):
            return f"({name} ({bindings(variables)}) {flat_smt(body)})"


def bindings(variables: Iterable[Variable]) -> str:
    """Return variables with their sorts, as a quantifier lists them."""
    return " ".join(f"({variable.name} {variable.sort.name})" for variable in variables)


def symbols(node: Formula | Term) -> Iterator[Symbol]:
    """Yield every symbol in a formula or a term, with repetitions."""
    match node:
        case Variable():
            return
        case Apply(symbol, arguments):
            yield symbol
            for argument in arguments:
                yield from symbols(argument)
        case Equal(left, right):
            yield from symbols(left)
            yield from symbols(right)
        case Connective(_, parts):
            for part in parts:
                yield from symbols(part)
        case Quantified(_, _, body):
            yield from symbols(body)


# Evaluation


@dataclass(frozen=True)
class Structure:
    """A finite structure: the elements of each sort, and the value of each symbol for each tuple of elements.

    Elements are numbered from 0 in each sort.  The value of a relation is true or false, that of a function a number.
    """

    sizes: Mapping[Sort, int]
    value: Callable[[Symbol, tuple[int, ...]], int] = field(compare=False)

    def tuples(self, sorts: Iterable[Sort]) -> Iterator[tuple[int, ...]]:
        """Yield every tuple of elements of these sorts."""
        return product(*(range(self.sizes[sort]) for sort in sorts))


def true_in(structure: Structure, formula: Formula, values: Mapping[Variable, int] | None = None) -> bool:
    """Whether a formula is true in a structure, where its free variables have these values."""
    given = values or {}

    def truth(node: Formula, given: Mapping[Variable, int]) -> bool:
        match node:
            case Apply():
                return bool(element(node, given))
            case Equal(left, right):
                return element(left, given) == element(right, given)
            case Connective("not", (part,)):
                return not truth(part, given)
            case Connective("and", parts):
                return all(truth(part, given) for part in parts)
            case Connective("or", parts):
                return any(truth(part, given) for part in parts)
            case Connective("=>", (condition, conclusion)):
                return not truth(condition, given) or truth(conclusion, given)
            case Connective("=", (one, other)):
                return truth(one, given) == truth(other, given)
            case Quantified(name, variables, body) if name in ("forall", "exists"):
                tuples = structure.tuples(variable.sort for variable in variables)
                cases = (truth(body, {**given, **dict(zip(variables, each, strict=True))}) for each in tuples)
                return all(cases) if name == "forall" else any(cases)
            case _:
                raise ValueError(f"no meaning: {node}")

    def element(term: Term, given: Mapping[Variable, int]) -> int:
        match term:
            case Variable():
                return given[term]
            case Apply(symbol, arguments):
                return structure.value(symbol, tuple(element(argument, given) for argument in arguments))

    return truth(formula, given)
