"""Breadth-first search over packed states: the first run found to a state is a shortest.

One exploration answers all parts of a query.  Recovery is explored like everything else.
"""

from __future__ import annotations

from collections.abc import Iterator

from bac.model.plan import Timing
from bac.model.system import AT_REST, RECOVERED, Label, System
from bac.proofs.engine import (
    LimitMonitor,
    Limits,
    PackedAction,
    Packing,
    Path,
    ProgressListener,
    Query,
    SearchResult,
    Statistics,
    exceeds_memory,
    nothing_found,
)
from bac.properties.formula import facts

CHECK_EVERY = 2048
"""So many states are expanded between two checks of the limits."""
WORK_PER_CHECK = 200_000
"""So many actions are tried between two checks of the limits, so that large systems are checked as often."""


def explore(
    system: System, query: Query, limits: Limits | None = None, progress: ProgressListener = None
) -> SearchResult:
    """Explore every run of the system, up to the limits, and answer the query."""
    search = BreadthFirstSearch(system, query, limits or Limits(), progress)
    if (reason := search.exceeds_memory()) is not None:
        return nothing_found(query, reason)
    search.run()
    return search.result()


class BreadthFirstSearch:
    """One exploration, and the states that it has found so far."""

    def __init__(self, system: System, query: Query, limits: Limits, progress: ProgressListener = None) -> None:
        """Pack the system, and begin with the initial state."""
        self.system, self.query, self.monitor = system, query, LimitMonitor(limits, progress)
        self.packing = Packing(system)
        self.recovered = self.packing.bit(RECOVERED)
        self.at_rest = self.packing.bit(AT_REST)
        self.before = [a for a in self.packing.actions if not a.require & self.recovered]
        self.after = [a for a in self.packing.actions if not a.forbid & self.recovered]
        self.parents: dict[int, int] = {0: -1}
        self.frontier: list[int] = [0]
        self.level: dict[int, None] = {}  # a set that keeps its order, so that the same run is found every time
        self.pace = max(1, min(CHECK_EVERY, WORK_PER_CHECK // max(1, len(self.packing.actions))))
        self.transitions = self.depth = 0
        self.limit: str | None = None
        self.interrupted = False
        # One state for each part of the query that is answered.
        self.found: list[dict[Timing, int]] = [{} for _ in query.settled]
        self.reached: int | None = None
        self.settles = self.stuck = False
        self.levelled = True
        self.judged: set[int] = set()
        relevant = frozenset(fact for formula in query.settled for fact in facts(formula))
        asked = frozenset() if query.reachable is None else frozenset(facts(query.reachable))
        # Whether the goal of ``reachable`` can still change after the disaster (in no system of ours it can).
        self.late = any(asked & action.written for action in system.actions if RECOVERED not in action.forbid)
        self.relevant = self.packing.mask(relevant & self.packing.position.keys()) | self.at_rest

    def exceeds_memory(self) -> str | None:
        """Return the reason not to begin the search, if it is certain to run out of memory."""
        limits = self.monitor.limits
        return None if limits.memory is None else exceeds_memory(limits, free_choices(self.packing))

    @property
    def unfinished(self) -> bool:
        """Whether more could be found, and no limit was reached."""
        return bool(self.frontier) and self.limit is None and self.is_open()

    # Exploration

    def run(self, most: int | None = None) -> None:
        """Explore level by level until the search is finished, a limit is reached, or there would be ``most`` states.

        A level is not interrupted for ``most``: the next is estimated to have three times as many states as the last.
        """
        try:
            if self.satisfies_reachable(0):
                self.reached = 0
            while self.unfinished:
                if most is not None and len(self.parents) + 3 * len(self.frontier) >= most:
                    return
                self.expand_level()
        except KeyboardInterrupt:
            self.limit, self.interrupted = "interrupted", True
            self.frontier = [*self.frontier, *self.level]  # so that none of these is taken for a dead end

    def expand_level(self) -> None:
        """Replace the frontier by the states that it leads to for the first time."""
        level = self.level = {}
        frontier = self.frontier
        for number, state in enumerate(frontier):
            if number % self.pace == 0:
                self.limit = self.exceeded(len(frontier) - number + len(level))
                if self.limit is not None:
                    self.frontier = [*frontier[number:], *level]
                    return
            if state & self.recovered:
                self.expand_recovered(state, level)
            else:
                self.expand(state, level)
        self.frontier = list(level)
        self.depth += bool(level)

    def expand(self, state: int, level: dict[int, None]) -> None:
        """Add the successors of a state before the disaster to the next level."""
        parents, recovered, progresses = self.parents, self.recovered, False
        for action in self.before:
            if state & action.require != action.require or state & action.forbid:
                continue
            for positive, negative in action.clauses:
                if not state & positive and state & negative == negative:
                    break
            else:
                self.transitions += 1
                after = action.apply(state)
                if not after & recovered:
                    progresses = progresses or after != state
                    if after in parents and after not in level:
                        self.levelled = False
                if after not in parents:
                    parents[after] = state
                    level[after] = None
                    if self.reached is None and self.satisfies_reachable(after):
                        self.reached = after
        if not progresses and self.query.always_reachable is not None and not self.stuck:
            self.stuck = not self.packing.satisfied(self.query.always_reachable, state)

    def expand_recovered(self, state: int, level: dict[int, None]) -> None:
        """Add the successors of a state after the disaster; without any, it is settled, and its cut is judged."""
        settled = True
        for action in self.after:
            if action.enabled(state):
                settled = False
                self.transitions += 1
                after = action.apply(state)
                if after not in self.parents:
                    self.parents[after] = state
                    level[after] = None
                    if self.late and self.reached is None and self.satisfies_reachable(after):
                        self.reached = after
        if settled:
            self.settles = True
            self.judge(state)

    def judge(self, state: int) -> None:
        """Record the formulas that this settled state is the first to satisfy."""
        view = state & self.relevant
        if view in self.judged:
            return
        self.judged.add(view)
        timing = Timing.AT_REST if state & self.at_rest else Timing.ANY_TIME
        for formula, found in zip(self.query.settled, self.found, strict=True):
            if timing not in found and self.packing.satisfied(formula, state):
                found[timing] = state

    def satisfies_reachable(self, state: int) -> bool:
        """Whether the state satisfies ``reachable`` of the query."""
        return self.query.reachable is not None and self.packing.satisfied(self.query.reachable, state)

    def is_open(self) -> bool:
        """Whether a part of the query is left that further exploration could answer."""
        return (
            self.query.always_reachable is not None
            or (self.query.reachable is not None and self.reached is None)
            or any(len(found) < len(Timing) for found in self.found)
        )

    def exceeded(self, queue: int) -> str | None:
        """Return the limit that is reached now, in words."""
        return self.monitor.exceeded(len(self.parents), self.depth, queue)

    # Result

    def result(self) -> SearchResult:
        """Return the runs to the states that were found."""
        dead_end = self.first_dead_end() if self.stuck or not self.levelled else None
        statistics = Statistics(len(self.parents), self.transitions, self.depth, self.monitor.seconds)
        return SearchResult(
            tuple({timing: self.path(state) for timing, state in found.items()} for found in self.found),
            None if self.reached is None else self.path(self.reached),
            None if dead_end is None else self.path(dead_end),
            self.settles or bool(self.frontier),
            statistics,
            self.limit,
            self.interrupted,
        )

    def path(self, state: int) -> Path:
        """Return the actions of the run that first led to a state."""
        labels = []
        while (parent := self.parents[state]) >= 0:
            labels.append(self.label(parent, state))
            state = parent
        return tuple(reversed(labels))

    def label(self, state: int, after: int) -> Label:
        """Return the first action that leads from one state to the other."""
        for packed, action in zip(self.packing.actions, self.packing.system.actions, strict=True):
            if packed.enabled(state) and packed.apply(state) == after:
                return action.label
        raise AssertionError("a state is not a successor of its parent")

    def first_dead_end(self) -> int | None:
        """Return the first dead end: a state before the disaster from which the goal cannot be reached.

        A run before the disaster only moves forward, so this second pass is needed only if some run got stuck, or if
        the graph has a way back (which no system of ours has).  States that were never expanded count as good.
        """
        goal = self.query.always_reachable
        if goal is None:
            return None
        states = [state for state in self.parents if not state & self.recovered]
        good = {state for state in self.frontier if not state & self.recovered}
        changed = True
        while changed:
            changed = False
            for state in reversed(states):
                if state not in good and (
                    self.packing.satisfied(goal, state) or any(after in good for after in self.successors(state))
                ):
                    good.add(state)
                    changed = True
            changed = changed and not self.levelled
        return next((state for state in states if state not in good), None)

    def successors(self, state: int) -> Iterator[int]:
        """Yield the successors before the disaster of a state before the disaster."""
        actions: list[PackedAction] = self.before
        return (action.apply(state) for action in actions if not action.add & self.recovered and action.enabled(state))


def free_choices(packing: Packing) -> int:
    """Return a number *n* such that the system has at least 2^n states.

    It counts actions that can all happen first, each or not, in the system's order: they require nothing, forbid
    nothing that those before them write, and each of their clauses has a literal that those before them leave alone.
    Each adds a fact that none of the others writes, so that every choice leads to a state of its own.
    """
    owned = written = count = 0
    for action in packing.actions:
        own = action.add & ~written
        possible = not action.require and not action.forbid & written
        if (
            possible
            and own
            and not action.written & owned
            and all(negative & ~written for _, negative in action.clauses)
        ):
            owned |= own
            written |= action.written
            count += 1
    return count
