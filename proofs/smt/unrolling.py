"""Runs of a given number of actions as Boolean terms for Z3.

The transition relation is built once, over one pair of neighbouring states, and renamed for every step.  Source:
docs/semantics.md, "Facts and actions".
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import combinations
from typing import Any

import z3

from bac.model.system import Fact, State, System
from bac.proofs.engine import Path
from bac.proofs.smt.solver import FALSE, TRUE, Term, disjunction, term
from bac.properties.formula import Formula, condition


class Unrolling:
    """A solver that holds a run of exactly ``length`` actions from the initial state, and lengthens it on demand.

    Of runs that differ only in the order of neighbouring independent actions it keeps the one whose actions stand in
    the system's order: no such pair stands the wrong way round.  (Swapping such pairs ends, in a run of the same
    length and with the same last state.)

    A constraint says that k actions are at most k different ones: without it the solver would try all ways to fit too
    many actions into too few positions.
    """

    def __init__(self, system: System, anywhere: bool = False) -> None:
        """Begin with a run without actions.

        With ``anywhere`` it begins in any state, and a step may also do nothing: then it is a run of at most ``length``
        actions.
        """
        self.system, self.anywhere = system, anywhere
        self.solver = z3.SolverFor("QF_FD")
        self.length = 0
        self._now = {fact: z3.Bool(f"now{place}") for place, fact in enumerate(system.facts)}
        self._next = {fact: z3.Bool(f"next{place}") for place, fact in enumerate(system.facts)}
        self._chosen = [z3.Bool(f"act{place}") for place in range(len(system.actions))]
        self._before = [z3.Bool(f"before{place}") for place in range(len(system.actions))]
        self._step = z3.And(self._one_action(), *map(self._guarded, range(len(system.actions))), *self._frames())
        self._ordered = z3.And(
            [
                z3.Not(z3.And(self._before[later], self._chosen[earlier]))
                for earlier, later in combinations(range(len(system.actions)), 2)
                if system.actions[earlier].independent_of(system.actions[later])
            ]
        )
        self._states = [self._copies(self._now.values(), 0)]
        self._choices: list[list[Term]] = []
        self._happened: list[Term] = [FALSE for _ in system.actions]
        if not anywhere:
            self.solver.add([z3.Not(fact) for fact in self._states[0]])

    @staticmethod
    def _copies(variables: Iterable[object], number: int) -> list[Term]:
        return [z3.Bool(f"{variable}@{number}") for variable in variables]

    def _one_action(self) -> Term:
        if not self._chosen:
            return TRUE if self.anywhere else FALSE
        one = [(chosen, 1) for chosen in self._chosen]
        return z3.PbLe(one, 1) if self.anywhere else z3.PbEq(one, 1)

    def _guarded(self, place: int) -> Term:
        """Return the term that an action, if it is chosen, may happen and has its effects."""
        action, now, then = self.system.actions[place], self._now, self._next
        effects = [
            term(condition(action), now.__getitem__),
            *(then[fact] for fact in action.add),
            *(z3.Not(then[fact]) for fact in action.delete),
            *(then[destination] == now[source] for source, destination in action.copy),
        ]
        return z3.Implies(self._chosen[place], z3.And(effects))

    def _frames(self) -> list[Term]:
        """Return the terms that a fact changes only if an action is chosen that changes it so."""
        raising: dict[Fact, list[Term]] = {fact: [] for fact in self.system.facts}
        lowering: dict[Fact, list[Term]] = {fact: [] for fact in self.system.facts}
        for action, chosen in zip(self.system.actions, self._chosen, strict=True):
            copied = [destination for _, destination in action.copy]
            for fact in (*action.add, *copied):
                raising[fact].append(chosen)
            for fact in (*action.delete, *copied):
                lowering[fact].append(chosen)
        frames = []
        for fact in self.system.facts:
            now, then = self._now[fact], self._next[fact]
            frames.append(z3.Or([now, z3.Not(then), *raising[fact]]))
            frames.append(z3.Or([z3.Not(now), then, *lowering[fact]]))
        return frames

    def lengthen(self) -> None:
        """Add one action to the run."""
        number = self.length + 1
        self._states.append(self._copies(self._now.values(), number))
        self._choices.append(self._copies(self._chosen, number))
        renamed = list(zip(self._now.values(), self._states[-2], strict=True))
        renamed += zip(self._next.values(), self._states[-1], strict=True)
        renamed += zip(self._chosen, self._choices[-1], strict=True)
        self.solver.add(z3.substitute(self._step, *renamed))
        if self.length:
            renamed += zip(self._before, self._choices[-2], strict=True)
            self.solver.add(z3.substitute(self._ordered, *renamed))
        self.length = number
        self._count()

    def _count(self) -> None:
        """Add the constraint that the run has at most ``length`` different actions."""
        happened = self._copies((f"happened{place}" for place in range(len(self._chosen))), self.length)
        for now, before, chosen in zip(happened, self._happened, self._choices[-1], strict=True):
            self.solver.add(now == disjunction([before, chosen]))
        self._happened = happened
        if happened:
            self.solver.add(z3.AtMost(*happened, self.length))

    def at_end(self, formula: Formula) -> Term:
        """Return the formula, of the last state."""
        last = dict(zip(self.system.facts, self._states[-1], strict=True))
        return term(formula, lambda fact: last.get(fact, FALSE))

    def beginning(self, state: State) -> list[Term]:
        """Return literals that fix the state in which the run begins."""
        facts = zip(self.system.facts, self._states[0], strict=True)
        return [variable if fact in state else z3.Not(variable) for fact, variable in facts]

    def path(self, model: Any) -> Path:
        """Return the run in a model, as the labels of its actions."""
        return tuple(
            action.label
            for choices in self._choices
            for action, chosen in zip(self.system.actions, choices, strict=True)
            if z3.is_true(model[chosen])
        )
