"""A run as a partial order of actions, so that one query covers runs of every length.

*For which systems.*  (1) No action happens twice in a run, as :mod:`bac.proofs.smt.ranking` derives.  (2) Every action
says whether it comes before the disaster (it forbids ``recovered``), is one (it adds it, too), or comes after it (it
requires ``recovered``), and none takes ``recovered`` away.  Other systems are refused.

*Theorem.*  The formula has a model if and only if some run ends in a state that satisfies the target formula.

*Proof.*  A run gives a model: each action of the run happens, and its time is its position in the run.  By (1) it has
one position; by (2) at most one disaster happens, after all actions of the phase before it and before all actions of
the phase after it.  When an action happens, a fact has the value that the latest earlier write in the phase left, or
the value with which the phase began: this is :meth:`Phase.value`.  The guards hold for these values, and the target
formula holds for the values at the end.

A model gives a run: sort the actions that happen by phase and time, and those of equal time in any order.  Two actions
of equal time do not conflict: neither writes what the other reads, or writes differently (:meth:`Phase.conflicts`), so
the latest write before an action in time is also the latest before it in the run, however they were sorted.  By
induction along the run, every fact has the value that the formula gives it, every action may happen, and the last state
satisfies the target formula.  ∎

The transition relation is not unrolled.  The size of the formula is the size of the system times the number of actions
that write a fact.  The solver has to decide which events come before which snapshots (difference logic), which takes
seconds for hundreds of events.  Locks, markers, brokers and rejecting services are facts and actions like all others,
so the encoding needs no special case for any plan.  The runs that it finds are not shortest.

Source: docs/semantics.md, "Facts and actions".
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import chain, combinations
from typing import Any

import z3

from bac.model.errors import Contradiction
from bac.model.system import RECOVERED, Action, Clause, Fact, NotARun, State, System
from bac.proofs.engine import NotApplicable, Path
from bac.proofs.smt.ranking import Ranking
from bac.proofs.smt.solver import FALSE, TRUE, Budget, Term, conjunction, disjunction, negation, term
from bac.properties.formula import Formula, condition, satisfied

Value = Callable[[Fact], Term]
CHECK_EVERY = 256
"""So many constraints are built between two checks of the limits."""
END = -1
"""The number that stands for the end of a phase, in place of an action that reads facts."""


def end_of_run(system: System, path: Path, wanted: Formula) -> State:
    """Return the last state of a run that a solver found, as the interpreter computes it.

    Raises:
        Contradiction: it is no run, or does not lead to what is wanted.
    """
    try:
        last = system.run(path)[-1]
    except NotARun as error:
        raise Contradiction(f"a solver's model is not a run: {error}") from None
    if not satisfied(wanted, last):
        raise Contradiction("a solver's model does not lead to what was asked for")
    return last


class Phase:
    """Some actions, each of which happens at one time or not at all, from a state given by terms."""

    def __init__(self, name: str, actions: Sequence[Action], begin: Value, ranking: Ranking) -> None:
        """Create the variables."""
        self.actions, self.begin, self.ranking = actions, begin, ranking
        self.happens = [z3.Bool(f"{name}{place}") for place in range(len(actions))]
        self.time = [z3.Int(f"{name}{place}@") for place in range(len(actions))]
        self.copied = [{destination: source for source, destination in action.copy} for action in actions]
        self.writers = _by_fact(action.written for action in actions)
        self._values: dict[tuple[Fact, int], Term] = {}
        self._befores: dict[tuple[int, int], Term] = {}

    def end(self, fact: Fact) -> Term:
        """Whether the fact holds in the last state."""
        return self.value(fact, END)

    def before(self, one: int, other: int) -> Term:
        """Whether the time of one action, if it happens, is earlier than that of the other."""
        if other == END:
            return TRUE
        if (one, other) not in self._befores:
            possible = self.ranking.may_follow(self.actions[one], self.actions[other])
            self._befores[one, other] = self.time[one] < self.time[other] if possible else FALSE
        return self._befores[one, other]

    def wrote(self, writer: int, reader: int) -> Term:
        """Whether one action happens, and before the other."""
        before = self.before(writer, reader)
        return FALSE if before is FALSE else conjunction([self.happens[writer], before])

    def value(self, fact: Fact, reader: int) -> Term:
        """Whether the fact holds when the reader happens: as the latest earlier write left it."""
        if (fact, reader) not in self._values:
            writers = [writer for writer in self.writers.get(fact, ()) if writer != reader]
            writers = [writer for writer in writers if self.before(writer, reader) is not FALSE]
            falsifying = [writer for writer in writers if fact not in self.actions[writer].add]
            kept = (negation(self.wrote(other, reader)) for other in falsifying)
            cases = [conjunction([self.begin(fact), *kept])]
            for writer in writers:
                if fact not in self.actions[writer].delete:
                    others = [other for other in falsifying if other != writer]
                    cases.append(self._left(fact, writer, reader, others))
            self._values[fact, reader] = disjunction(cases)
        return self._values[fact, reader]

    def _left(self, fact: Fact, writer: int, reader: int, falsifying: Iterable[int]) -> Term:
        """Whether this writer made the fact true, and none of the others has changed that since."""
        source = self.copied[writer].get(fact)
        return conjunction(
            [
                self.wrote(writer, reader),
                TRUE if source is None else self.value(source, writer),
                *(
                    negation(conjunction([self.before(writer, other), self.wrote(other, reader)]))
                    for other in falsifying
                    if self.before(writer, other) is not FALSE
                ),
            ]
        )

    def constraints(self) -> Iterator[Term]:
        """Yield that each action that happens may happen, and that conflicting actions have different times."""
        for place, happens in enumerate(self.happens):
            yield z3.Implies(happens, self.allowed(place))
        for one, other in sorted(self.conflicts()):
            both = conjunction([self.happens[one], self.happens[other]])
            yield z3.Implies(both, disjunction([self.before(one, other), self.before(other, one)]))

    def allowed(self, place: int) -> Term:
        """Whether the action may happen at its time."""
        return term(condition(self.actions[place]), lambda fact: self.value(fact, place))

    def conflicts(self) -> set[tuple[int, int]]:
        """Return the pairs of actions of which one writes what the other reads, or writes differently."""
        pairs = set()
        readers = _by_fact(action.read for action in self.actions)
        for fact, writers in self.writers.items():
            pairs |= {(min(w, r), max(w, r)) for w in writers for r in readers.get(fact, ()) if w != r}
            pairs |= {(w, x) for w, x in combinations(writers, 2) if not self._alike(fact, w, x)}
        return pairs

    def _alike(self, fact: Fact, one: int, other: int) -> bool:
        a, b = self.actions[one], self.actions[other]
        return fact in a.add & b.add or fact in a.delete & b.delete

    def run(self, model: Any) -> list[Action]:
        """Return the actions that happen in a model, in the order of their times."""
        happening = [place for place, happens in enumerate(self.happens) if z3.is_true(model[happens])]
        times = {place: model.eval(self.time[place], model_completion=True).as_long() for place in happening}
        return [self.actions[place] for place in sorted(happening, key=lambda place: (times[place], place))]


class Orders:
    """A solver for all runs of a system at once."""

    def __init__(self, system: System, budget: Budget) -> None:
        """Build the formula.

        Raises:
            LimitReached: a limit is reached while it is built.
            NotApplicable: the system is not one of those for which this is sound and complete.
        """
        ranking = Ranking(system)
        refuse(system, ranking)
        self.budget = budget
        self.solver = z3.SolverFor("QF_IDL")
        before = [a for a in system.actions if RECOVERED in a.forbid and RECOVERED not in a.add]
        self.disasters = [a for a in system.actions if RECOVERED in a.forbid and RECOVERED in a.add]
        after = [a for a in system.actions if RECOVERED in a.require]
        self.before = Phase("before", before, lambda _: FALSE, ranking)
        self.disaster_happens = [z3.Bool(f"disaster{place}") for place in range(len(self.disasters))]
        self._overwritten = frozenset[Fact]().union(*(action.written for action in self.disasters))
        self._restored: dict[Fact, Term] = {}
        self.after = Phase("after", after, self.restored, ranking)
        constraints = chain(self.before.constraints(), self.disaster(), self.after.constraints())
        for number, constraint in enumerate(constraints):
            if number % CHECK_EVERY == 0:
                budget.check()
            self.solver.add(constraint)
        self._asked = 0

    def restored(self, fact: Fact) -> Term:
        """Whether the fact holds after the disaster (or, without one, at the end of the phase before it)."""
        if fact not in self._overwritten:
            return self.before.end(fact)
        if fact not in self._restored:
            self._restored[fact] = z3.Bool(f"restored{len(self._restored)}")
        return self._restored[fact]

    def disaster(self) -> Iterator[Term]:
        """Yield that at most one disaster happens, that it may happen, and what it writes."""
        if not self.disasters:
            return
        clauses: dict[Clause, Term] = {}  # the disasters of all crash sets share the clauses of "at rest"
        yield z3.AtMost(*self.disaster_happens, 1)
        for disaster_happens, action in zip(self.disaster_happens, self.disasters, strict=True):
            for clause in action.clauses:
                if clause not in clauses:
                    clauses[clause] = term(condition(Action(action.label, clauses=(clause,))), self.before.end)
                yield z3.Implies(disaster_happens, clauses[clause])
            plain = Action(action.label, require=action.require, forbid=action.forbid)
            yield z3.Implies(disaster_happens, term(condition(plain), self.before.end))
        copied = [{destination: source for source, destination in action.copy} for action in self.disasters]
        for fact in sorted(self._overwritten):
            yield from self._effects(fact, copied)

    def _effects(self, fact: Fact, copied: list[dict[Fact, Fact]]) -> Iterator[Term]:
        """Yield the value of a fact after each disaster, and that it is unchanged without one."""
        causes: dict[int, list[Term]] = {}
        results: dict[int, Term] = {}
        for disaster_happens, action, sources in zip(self.disaster_happens, self.disasters, copied, strict=True):
            match fact:
                case _ if fact in action.add:
                    result = TRUE
                case _ if fact in action.delete:
                    result = FALSE
                case _:
                    result = self.before.end(sources.get(fact, fact))
            results[result.get_id()] = result
            causes.setdefault(result.get_id(), []).append(disaster_happens)
        for key, disaster_happens in causes.items():
            yield z3.Implies(disjunction(disaster_happens), self.restored(fact) == results[key])
        yield z3.Or([*self.disaster_happens, self.restored(fact) == self.before.end(fact)])

    def final(self, formula: Formula) -> Term:
        """Return the formula, of the last state of the run."""
        return term(formula, self.after.end)

    def find(self, formula: Formula, most: int | None = None) -> Path | None:
        """Return a run (of at most ``most`` actions) to a state that satisfies the formula, if there is one.

        Raises:
            LimitReached: a limit was hit.
        """
        self._asked += 1
        query = z3.Bool(f"query{self._asked}")
        happens = [*self.before.happens, *self.disaster_happens, *self.after.happens]
        short = TRUE if most is None or not happens else z3.AtMost(*happens, most)
        self.solver.add(z3.Implies(query, conjunction([self.final(formula), short])))
        if not self.budget.satisfiable(self.solver, query):
            return None
        return self.path(self.solver.model())

    def path(self, model: Any) -> Path:
        """Return the run in a model."""
        happening = [a for s, a in zip(self.disaster_happens, self.disasters, strict=True) if z3.is_true(model[s])]
        return tuple(action.label for action in (*self.before.run(model), *happening, *self.after.run(model)))


def refuse(system: System, ranking: Ranking) -> None:
    """Refuse a system for which the encoding is not sound and complete.

    Raises:
        NotApplicable: the system is of this kind; the message says why.
    """
    if not ranking.at_most_once:
        raise NotApplicable("runs are not encoded as orders: it cannot be shown that no action happens twice in a run")
    if any(RECOVERED in action.lowered for action in system.actions):
        raise NotApplicable("runs are not encoded as orders: an action undoes the disaster")
    for action in system.actions:
        if RECOVERED not in action.forbid and (RECOVERED not in action.require or RECOVERED in action.add):
            kind = action.label.kind
            raise NotApplicable(f"runs are not encoded as orders: {kind} may happen on either side of a disaster")


def _by_fact(used: Iterable[Iterable[Fact]]) -> dict[Fact, list[int]]:
    """Return for each fact the numbers of the sets that have it."""
    table: dict[Fact, list[int]] = {}
    for place, those in enumerate(used):
        for fact in those:
            table.setdefault(fact, []).append(place)
    return table
