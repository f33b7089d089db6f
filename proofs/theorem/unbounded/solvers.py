"""The theorems, and their obligations put to Z3 and cvc5: both get the same text; the examples of Z3 are checked."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bac.model.errors import BacError, Contradiction, LimitReached
from bac.model.extras import needed
from bac.model.files import make_directory, write_text
from bac.proofs.engine import LimitMonitor, Limits
from bac.proofs.theorem.unbounded import impossibility, locked, markers, referrer_first, rollback, shared_database
from bac.proofs.theorem.unbounded.logic import Sort, Structure, Symbol, true_in
from bac.proofs.theorem.unbounded.machine import Obligation, Problem, Theorem

SAT, UNSAT, UNKNOWN = "sat", "unsat", "unknown"
SECONDS = 60.0
"""Each solver may take so long for one obligation."""
INTERRUPTED = "interrupted"
FORMAT, VERSION = "bac-obligations", 1


def theorems() -> tuple[Theorem, ...]:
    """Return every theorem, in the order of docs/theorem.md."""
    modules = (impossibility, locked, shared_database, referrer_first, rollback, markers)
    return tuple(module.theorem() for module in modules)


def files() -> dict[str, str]:
    """Return the SMT-LIB text of every obligation, by the name of its file."""
    return {
        f"{theorem.name}--{obligation.name}.smt2".replace(" ", "-"): obligation.smt2
        for theorem in theorems()
        for obligation in theorem.obligations
    }


def write(directory: Path) -> list[Path]:
    """Write every obligation to a file of its own in a directory, which is created if it does not exist.

    Raises:
        UnwritableFile: one of them cannot be written.
    """
    make_directory(directory)
    texts = files()
    for name, text in texts.items():
        write_text(directory / name, text)
    return [directory / name for name in texts]


class SolverFailed(BacError):
    """A solver gives no answer, for another reason than a time limit."""

    exit_code = 3


@dataclass(frozen=True, slots=True)
class Outcome:
    """The answers of the solvers to one obligation, ``sat``, ``unsat`` or ``unknown``, and the example in words."""

    obligation: Obligation
    z3: str
    cvc5: str
    seconds: float
    example: tuple[str, ...] = ()

    @property
    def contradicted(self) -> bool:
        """Whether a solver gave the answer that was not expected; so there is a bug somewhere."""
        return any(verdict not in (self.obligation.expected, UNKNOWN) for verdict in (self.z3, self.cvc5))

    @property
    def confirmed(self) -> bool:
        """Whether both solvers gave the expected answer."""
        return self.z3 == self.cvc5 == self.obligation.expected

    def to_json(self) -> dict[str, Any]:
        """Return the outcome as reports show it."""
        return {
            "name": self.obligation.name,
            "expected": self.obligation.expected,
            "z3": self.z3,
            "cvc5": self.cvc5,
            "seconds": round(self.seconds, 3),
        }


@dataclass(frozen=True, slots=True)
class TheoremResult:
    """The answers of the solvers to the obligations of one theorem.

    If ``limit`` is not ``None``, it says why there is no answer to the last ones.
    """

    theorem: Theorem
    outcomes: tuple[Outcome, ...]
    limit: str | None = None

    @property
    def proved(self) -> bool:
        """Whether both solvers gave the expected answer to every obligation."""
        return self.limit is None and all(outcome.confirmed for outcome in self.outcomes)

    @property
    def contradicted(self) -> bool:
        """Whether a solver gave some answer that was not expected."""
        return any(outcome.contradicted for outcome in self.outcomes)

    def to_json(self) -> dict[str, Any]:
        """Return the result as reports show it."""
        return {
            "name": self.theorem.name,
            "statement": self.theorem.statement,
            "obligations": [outcome.to_json() for outcome in self.outcomes],
            **({"limit": self.limit} if self.limit is not None else {}),
        }


def report(results: Iterable[TheoremResult]) -> dict[str, Any]:
    """Return the JSON report on these theorems."""
    return {"format": FORMAT, "version": VERSION, "theorems": [result.to_json() for result in results]}


def exit_code(results: Iterable[TheoremResult]) -> int:
    """Return 0 if every theorem is proved, 4 if a solver gave an answer that was not expected, else 3."""
    listed = list(results)
    if any(result.contradicted for result in listed):
        return 4
    return 0 if all(result.proved for result in listed) else 3


def discharge_all(
    theorems: Sequence[Theorem],
    monitor: LimitMonitor | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> list[TheoremResult]:
    """Put the obligations of all theorems to both solvers, within the time of the monitor.

    Args:
        theorems: the theorems.
        monitor: its time is for all of them together; each question has at most :data:`SECONDS`.
        progress: called after each obligation with how many are done, and how many there are.

    Raises:
        MissingExtra: cvc5 is not installed.
        Contradiction: a solver's example does not satisfy the formulas.
    """
    monitor = monitor or LimitMonitor(Limits())
    total, done = sum(len(theorem.obligations) for theorem in theorems), 0
    results: list[TheoremResult] = []
    for theorem in theorems:
        interrupted = bool(results) and results[-1].limit == INTERRUPTED
        outcomes: list[Outcome] = []
        limit = INTERRUPTED if interrupted else None
        try:
            for obligation in () if interrupted else theorem.obligations:
                monitor.check()
                outcomes.append(decide(obligation, seconds_left(monitor)))
                done += 1
                if progress is not None:
                    progress(done, total)
        except LimitReached as error:
            limit = str(error)
        except KeyboardInterrupt:
            limit = INTERRUPTED
        results.append(TheoremResult(theorem, tuple(outcomes), limit))
    return results


def seconds_left(monitor: LimitMonitor) -> float:
    """Return the seconds that are left, at most :data:`SECONDS`."""
    left = monitor.remaining().seconds
    return SECONDS if left is None else min(SECONDS, left)


def decide(obligation: Obligation, timeout: float = SECONDS) -> Outcome:
    """Put one obligation to both solvers.

    Raises:
        MissingExtra: cvc5 is not installed.
        Contradiction: a solver's example does not satisfy the formulas.
    """
    started = time.monotonic()
    text = obligation.smt2
    by_z3, model = ask_z3(text, timeout)
    by_cvc5 = ask_cvc5(text, timeout)
    example = shown(obligation.problem, model) if by_z3 == SAT else ()
    return Outcome(obligation, by_z3, by_cvc5, time.monotonic() - started, example)


def ask_z3(text: str, timeout: float = SECONDS) -> tuple[str, Any]:
    """Return the answer of Z3 to an SMT-LIB text, and its model if there is one.

    Raises:
        KeyboardInterrupt: it was interrupted.
    """
    import z3

    solver = z3.Solver(ctx=z3.Context())
    solver.set("timeout", milliseconds(timeout))
    solver.from_string(text)
    verdict = str(solver.check())
    if verdict == UNKNOWN and "interrupt" in solver.reason_unknown():  # Z3 handles the signal, and Python never sees it
        raise KeyboardInterrupt
    return verdict, solver.model() if verdict == SAT else None


def ask_cvc5(text: str, timeout: float = SECONDS) -> str:
    """Return the answer of cvc5 to an SMT-LIB text; it looks for finite models, and for proofs that there is none.

    Raises:
        SolverFailed: it gives no answer.
        MissingExtra: it is not installed.
    """
    cvc5 = needed("cvc5", "prove", "a proof by two solvers")
    solver = cvc5.Solver()
    solver.setOption("finite-model-find", "true")
    solver.setOption("tlimit-per", str(milliseconds(timeout)))
    parser = cvc5.InputParser(solver)
    parser.setStringInput(cvc5.InputLanguage.SMT_LIB_2_6, text, "obligation")
    answers = []
    while not (command := parser.nextCommand()).isNull():
        if answer := str(command.invoke(solver, parser.getSymbolManager())).strip():
            answers.append(answer)
    verdict = answers[0].partition(" ")[0] if len(answers) == 1 else ""  # "unknown (TIMEOUT)"
    if verdict not in (SAT, UNSAT, UNKNOWN):
        raise SolverFailed(f"cvc5 answers: {' '.join(answers) or 'nothing'}")
    return verdict


def milliseconds(seconds: float) -> int:
    """Return the milliseconds, at least one: to the solvers, zero means no limit."""
    return max(1, round(seconds * 1000))


# Examples


def shown(problem: Problem, model: Any) -> tuple[str, ...]:
    """Return the example that Z3 found, in words.

    Raises:
        Contradiction: a formula is not true in it.
    """
    structure = finite(problem, model)
    for name, formula in problem.formulas:
        if not true_in(structure, formula):
            raise Contradiction(f"Z3's example does not satisfy “{name}”")
    return tuple(described(problem, structure))


def finite(problem: Problem, model: Any) -> Structure:
    """Return Z3's model as a finite structure; the elements of a sort are those that Z3 lists."""
    import z3

    by_name = {declaration.name(): declaration for declaration in model.decls()}
    z3_sorts = {sort.name(): sort for sort in model.sorts()}
    elements: dict[Sort, list[Any]] = {
        sort: list(model.get_universe(z3_sorts[sort.name])) if sort.name in z3_sorts else [] for sort in problem.sorts
    }
    table: dict[tuple[Symbol, tuple[int, ...]], int] = {}

    def value(symbol: Symbol, arguments: tuple[int, ...]) -> int:
        if (symbol, arguments) not in table:
            table[symbol, arguments] = evaluated(symbol, arguments)
        return table[symbol, arguments]

    def evaluated(symbol: Symbol, arguments: tuple[int, ...]) -> int:
        declaration = by_name.get(symbol.name)
        if declaration is None:  # it does not matter what it is
            return 0
        given = [elements[sort][number] for sort, number in zip(symbol.arguments, arguments, strict=True)]
        answer = model.eval(declaration(*given), model_completion=True)
        if symbol.result is None:
            return int(z3.is_true(answer))
        return next(number for number, each in enumerate(elements[symbol.result]) if each.eq(answer))

    return Structure({sort: max(1, len(listed)) for sort, listed in elements.items()}, value)


def described(problem: Problem, structure: Structure) -> Iterable[str]:
    """Describe a structure: the elements, the facts that do not change, the actions, and the facts at the end."""
    for sort, size in structure.sizes.items():
        yield f"{size} {sort.name.lower() if size == 1 else sort.plural or sort.name.lower() + 's'}"
    names = [name for name, parameters in problem.script]
    final = f"@{len(names)}"
    fixed = [symbol for symbol in problem.vocabulary if "@" not in symbol.name and symbol.words]
    for symbol in fixed:
        yield from facts(symbol, structure)
    for number, (words, parameters) in enumerate(problem.script, 1):
        happens = [called(each.symbol.result, structure.value(each.symbol, ())) for each in parameters]
        yield f"{number}. {words.format(*happens)}"
    if names:
        for symbol in problem.vocabulary:
            if symbol.name.endswith(final) and symbol.words:
                yield from (f"at the end, {fact}" for fact in facts(symbol, structure))


def facts(symbol: Symbol, structure: Structure) -> Iterable[str]:
    """Yield the facts of a relation, or the values of a function, in words."""
    for arguments in structure.tuples(symbol.arguments):
        names = [called(sort, number) for sort, number in zip(symbol.arguments, arguments, strict=True)]
        value = structure.value(symbol, arguments)
        if symbol.result is not None:
            yield symbol.words.format(*names, called(symbol.result, value))
        elif value:
            yield symbol.words.format(*names)


def called(sort: Sort | None, number: int) -> str:
    """Return the name of an element, such as ``event 1``."""
    return f"{sort.name.lower() if sort else ''} {number + 1}"
