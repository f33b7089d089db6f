"""The SMT engine: it decides with Z3 the same queries as the explicit engine.

Shortest runs are found by :mod:`bac.proofs.smt.shortest_run`, a dead end by two searches of which one learns from the
other.  States are not enumerated, so a limit on their number has no effect, and the statistics count none; ``depth`` is
the greatest length of runs that was examined.

*Dead ends.*  If all runs are finite, then a dead end can be reached if and only if a *stuck* state can be reached, in
which the goal does not hold and only a disaster can happen: a stuck state is a dead end; and from a dead end any run
ends in a stuck state.  So the first query is whether a stuck state can be reached.  If so, the first dead end is
searched among the last states of runs of 0, 1, 2, … actions.  For each candidate a second search, from there and as
long as any run can be, looks for the goal.  If it finds a run, the facts on which that run depends are learned: all
states that agree on those facts are good, and no candidates any more.  If it finds none, the candidate is a dead end,
and no shorter run leads to one, since the last states of all shorter runs were good.

Source: docs/semantics.md, "Facts and actions" and "Properties"; the learning is counterexample-guided as in Janota et
al., Solving QBF with counterexample guided refinement (2012).
"""

from __future__ import annotations

from collections.abc import Callable

import z3

from bac.model.errors import Contradiction, LimitReached
from bac.model.plan import Timing
from bac.model.system import AT_REST, RECOVERED, Action, Fact, State, System
from bac.proofs.engine import Limits, Path, Progress, Query, SearchResult, Statistics
from bac.proofs.reductions.projection import relevant
from bac.proofs.smt.ranking import Ranking
from bac.proofs.smt.shortest_run import ShortestRunSearch
from bac.proofs.smt.solver import Budget
from bac.proofs.smt.unrolling import Unrolling
from bac.properties.formula import (
    TRUE,
    And,
    Atom,
    Formula,
    Not,
    Or,
    condition,
    conjunction,
    facts,
    satisfied,
    settled_states,
)

Target = tuple[int, Timing] | None
"""The number of a formula, with a timing; ``None`` is any settled state."""


def search(
    system: System,
    query: Query,
    limits: Limits | None = None,
    progress: Callable[[Progress], None] | None = None,
) -> SearchResult:
    """Return the runs that the query asks for, or the limit that was reached.

    Raises:
        Contradiction: the interpreter does not confirm what the solver found.
    """
    found = SmtSearch(system, query, Budget(limits), progress)
    found.run()
    return found.result()


class SmtSearch:
    """The search for the runs of one query, and those that were found so far."""

    def __init__(
        self, system: System, query: Query, budget: Budget, progress: Callable[[Progress], None] | None
    ) -> None:
        """Begin with no run found."""
        self.system, self.query, self.budget, self.progress = system, query, budget, progress
        self.cuts = ShortestRunSearch(system, cut_targets(query), budget, always=settled_states(system))
        self.seen: ShortestRunSearch[str] | None = None
        self.dead_end: Path | None = None
        self.depth = 0
        self.limits: list[str] = []
        self.interrupted = False

    def run(self) -> None:
        """Search for one part of the query after the other; a part that reaches a limit does not stop the next."""
        try:
            for find in (self.find_reachable, self.find_settled, self.find_dead_end):
                try:
                    find()
                except LimitReached as limit:
                    self.limits.append(str(limit))
        except KeyboardInterrupt:
            self.limits, self.interrupted = ["interrupted"], True

    def find_reachable(self) -> None:
        """Search for a shortest run to a state that satisfies ``reachable``."""
        if self.query.reachable is not None:
            self.seen = ShortestRunSearch(self.system, {"reachable": self.query.reachable}, self.budget)
            self.seen.run(self.tell)

    def find_settled(self) -> None:
        """Search for a shortest run to a settled state, for each formula and timing."""
        if self.query.settled:
            self.cuts.run(self.tell)

    def find_dead_end(self) -> None:
        """Search for a shortest run to a dead end."""
        if self.query.always_reachable is not None:
            self.dead_end = first_dead_end(self.system, self.query.always_reachable, self.budget, self.tell)

    def tell(self, length: int, targets: int) -> None:
        """Record how far the search is, and tell the listener."""
        self.depth = max(self.depth, length)
        if self.progress is not None:
            self.progress(Progress(0, length, targets, 0.0))

    def result(self) -> SearchResult:
        """Return the runs that were found."""
        found: tuple[dict[Timing, Path], ...] = tuple({} for _ in self.query.settled)
        for target, path in self.cuts.found.items():
            if target is not None:
                found[target[0]][target[1]] = path
        asked = bool(self.query.settled) and not self.limits
        return SearchResult(
            found,
            None if self.seen is None else self.seen.found.get("reachable"),
            self.dead_end,
            not asked or None in self.cuts.found,
            Statistics(depth=self.depth, seconds=self.budget.seconds),
            "; ".join(dict.fromkeys(self.limits)) or None,
            self.interrupted,
        )


def cut_targets(query: Query) -> dict[Target, Formula]:
    """Return the formula of each target: each formula in each timing, and any settled state."""
    timings: dict[Timing, Formula] = {Timing.AT_REST: Atom(AT_REST), Timing.ANY_TIME: Not(Atom(AT_REST))}
    targets: dict[Target, Formula] = {
        (number, timing): conjunction([formula, when])
        for number, formula in enumerate(query.settled)
        for timing, when in timings.items()
    }
    return targets | {None: TRUE}


# Dead ends


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
