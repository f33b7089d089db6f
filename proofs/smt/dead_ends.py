"""Find a shortest run to a dead end: a state before the disaster from which a goal is not reachable without one.

If all runs are finite, then a dead end can be reached if and only if a *stuck* state can be reached, in which
the goal does not hold and only a disaster can happen: a stuck state is a dead end; and from a dead end any run ends in
a stuck state.  So the first query is whether a stuck state can be reached.  If so, the first dead end is searched among
the last states of runs of 0, 1, 2, … actions.  For each candidate a second search, from there and as long as any run
can be, looks for the goal.  If it finds a run, the facts on which that run depends are learned: all states that agree
on those facts are good, and no candidates any more.  If it finds none, the candidate is a dead end, and no shorter run
leads to one, since the last states of all shorter runs were good.

Source: docs/semantics.md, "Properties" (backup); the learning is counterexample-guided as in Janota et al., Solving QBF
with counterexample guided refinement (2012).
"""

from __future__ import annotations

from collections.abc import Callable

import z3

from bac.model.errors import Contradiction, LimitReached
from bac.model.system import RECOVERED, Action, Fact, State, System
from bac.proofs.engine import Path
from bac.proofs.reductions.projection import relevant
from bac.proofs.smt.ranking import Ranking
from bac.proofs.smt.shortest_run import ShortestRunSearch
from bac.proofs.smt.solver import Budget
from bac.proofs.smt.unrolling import Unrolling
from bac.properties.formula import And, Atom, Formula, Not, Or, condition, conjunction, facts, satisfied


def first_dead_end(
    system: System, goal: Formula, budget: Budget, tell: Callable[[int, int], None] | None = None
) -> Path | None:
    """Return a shortest run to a dead end, or ``None`` if there is none.

    Raises:
        LimitReached: a limit was hit, or no bound on the length of runs can be derived.
    """
    before = system.without_disasters()
    part = relevant(before, facts(goal))
    longest = Ranking(part).longest_run
    if longest is None:
        raise LimitReached("no bound on the length of runs can be derived")
    dead_ends = ShortestRunSearch(before, {"stuck": stuck_states(part, goal)}, budget)
    dead_ends.run(tell)
    if not dead_ends.found:
        return None
    return DeadEndSearch(part, goal, longest, budget).first(len(dead_ends.found["stuck"]))


def stuck_states(system: System, goal: Formula) -> Formula:
    """Return the formula of states of a system without disasters where the goal is false and no action can happen."""
    return conjunction([Not(Atom(RECOVERED)), Not(goal), *(Not(condition(action)) for action in system.actions)])


class DeadEndSearch:
    """The search for the first dead end."""

    def __init__(self, before: System, goal: Formula, longest: int, budget: Budget) -> None:
        """Prepare the second search, for runs of at most ``longest`` actions from any state."""
        self.before, self.goal, self.budget = before, goal, budget
        self.good: list[Formula] = [goal]
        self.onward = Unrolling(before, anywhere=True)
        for _ in range(longest):
            budget.check()
            self.onward.lengthen()
        self.onward.solver.add(self.onward.at_end(goal))

    def first(self, at_most: int) -> Path:
        """Return a shortest run to a dead end, if there is one of at most this many actions.

        Raises:
            LimitReached: a limit was hit.
        """
        unrolling = Unrolling(self.before)
        while unrolling.length <= at_most:
            path = self.at_end(unrolling)
            if path is not None:
                return path
            unrolling.lengthen()
        raise Contradiction("a stuck state was found, but no dead end on the way to it")

    def at_end(self, unrolling: Unrolling) -> Path | None:
        """Return a run of exactly this length to a dead end, if there is one."""
        candidate = z3.Bool(f"candidate@{unrolling.length}")
        exclude = list(self.good)
        while True:
            for known in exclude:
                unrolling.solver.add(z3.Implies(candidate, z3.Not(unrolling.at_end(known))))
            if not self.budget.satisfiable(unrolling.solver, candidate):
                return None
            path = unrolling.path(unrolling.solver.model())
            state = self.before.run(path)[-1]
            if not self.budget.satisfiable(self.onward.solver, *self.onward.beginning(state)):
                return path
            way = self.onward.path(self.onward.solver.model())
            exclude = [suffices(self.before, state, way, self.goal)]
            self.good += exclude


def suffices(system: System, state: State, way: Path, goal: Formula) -> Formula:
    """Return a conjunction of literals, true in this state, such that the run leads to the goal from all its states.

    Raises:
        NotARun, Contradiction: it does not from this one.
    """
    origin: dict[Fact, Fact | None] = {fact: fact for fact in system.facts}  # None: an action gave the fact its value
    needed: set[Fact] = set()
    now = state
    for label in way:
        action = next(each for each in system.by_label.get(label, ()) if each.enabled(now))
        needed |= {source for fact in reasons(condition(action), now) if (source := origin.get(fact)) is not None}
        now, origin = action.apply(now), moved(origin, action)
    if not satisfied(goal, now):
        raise Contradiction("a run that a solver found does not lead to the goal")
    needed |= {source for fact in reasons(goal, now) if (source := origin.get(fact)) is not None}
    return conjunction(Atom(fact) if fact in state else Not(Atom(fact)) for fact in sorted(needed))


def moved(origin: dict[Fact, Fact | None], action: Action) -> dict[Fact, Fact | None]:
    """Return for each fact where its value comes from after the action."""
    constant: dict[Fact, Fact | None] = dict.fromkeys(action.add | action.delete)
    return origin | constant | {destination: origin[source] for source, destination in action.copy}


def reasons(formula: Formula, state: State) -> set[Fact]:
    """Return facts whose values in this state suffice to make the formula true (or false) there."""
    match formula:
        case Atom(fact):
            return {fact}
        case Not(part):
            return reasons(part, state)
        case And(parts) | Or(parts):
            deciding = isinstance(formula, Or)  # the value of a part that decides the whole
            for part in parts:
                if satisfied(part, state) is deciding:
                    return reasons(part, state)
            return set().union(*(reasons(part, state) for part in parts))
