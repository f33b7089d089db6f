"""The compiled search as an engine.

States, transitions and lengths are those of the breadth-first search in Python when that explores everything; the
compiled search always does.  It finds the states in which the shortest runs end, and then the runs by a second search.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import Enum, auto
from itertools import pairwise
from typing import assert_never

import numpy as np

from bac.model.system import RECOVERED, Label, System
from bac.proofs.engine import (
    LimitMonitor,
    Limits,
    NotApplicable,
    Packing,
    Path,
    Progress,
    Query,
    SearchResult,
    Statistics,
    nothing_found,
)
from bac.proofs.explicit.compiled.applicability import Moves, phases
from bac.proofs.explicit.compiled.breadth_first import first_dead_end, search_breadth_first
from bac.proofs.explicit.compiled.compiling import Words
from bac.proofs.explicit.compiled.depth_first import search_depth_first
from bac.proofs.explicit.compiled.path_search import PathSearch
from bac.proofs.explicit.compiled.recovery import Recovery, SettledStates
from bac.proofs.explicit.compiled.tables import DISASTERS, integer, tables_of, width_of, words
from bac.proofs.explicit.compiled.threads import LimitHit, ThreadTeam
from bac.properties.formula import And, Atom, Formula, Not, Or

MOST_DEAD_ENDS = 1000
"""When a limit is reached, a run to a state that was found by then is searched up to so many dead ends."""


class SearchOrder(Enum):
    """The order in which the states before the disaster are visited."""

    DEPTH_FIRST = auto()
    BREADTH_FIRST = auto()


def explore(
    system: System,
    query: Query,
    limits: Limits | None = None,
    progress: Callable[[Progress], None] | None = None,
    *,
    monitor: LimitMonitor | None = None,
    order: SearchOrder | None = None,
    workers: int | None = None,
) -> SearchResult:
    """Explore every run of the system, and answer the query; up to a limit, if one is reached.

    Args:
        system: the transition system.
        query: the formulas that are asked.
        limits: the limits of the search.
        progress: called with the progress of the search.
        monitor: limits and progress of a search that has already begun, in place of the two above.
        order: the order of the search before the disaster; default: depth first where it applies.
        workers: the number of threads; default: one for each processor.

    Raises:
        NotApplicable: the system or the query does not meet the conditions of the compiled search.
    """
    return Exploration(system, query, monitor or LimitMonitor(limits or Limits(), progress), order, workers).result()


def count_states(system: System, workers: int | None = None, order: SearchOrder | None = None) -> Statistics:
    """Count the states and transitions of a system.

    Raises:
        NotApplicable: the system does not meet the conditions of the compiled search.
    """
    return explore(system, Query(), order=order, workers=workers).statistics


@dataclass(frozen=True)
class Conjunction:
    """Facts that are true and facts that are false; ``possible`` is false if no state can satisfy it."""

    require: int = 0
    forbid: int = 0
    possible: bool = True


IMPOSSIBLE = Conjunction(possible=False)


def conjunction(packing: Packing, formula: Formula) -> Conjunction:
    """Return the masks of a formula that is a conjunction of facts and negated facts.

    Raises:
        NotApplicable: it is another formula.
    """
    match formula:
        case Atom(fact):
            return Conjunction(require=packing.bit(fact)) if fact in packing.position else IMPOSSIBLE
        case Not(Atom(fact)):
            return Conjunction(forbid=packing.bit(fact) if fact in packing.position else 0)
        case Or(()):
            return IMPOSSIBLE
        case And(conjuncts):
            require = forbid = 0
            possible = True
            for each in conjuncts:
                part = conjunction(packing, each)
                require, forbid = require | part.require, forbid | part.forbid
                possible = possible and part.possible
            return Conjunction(require, forbid, possible and not require & forbid)
        case _:
            raise NotApplicable("a goal is not a conjunction")


class Exploration:
    """One exploration of a system for a query."""

    def __init__(
        self, system: System, query: Query, monitor: LimitMonitor, order: SearchOrder | None, workers: int | None
    ) -> None:
        """Check the conditions, and make the tables of the system.

        Raises:
            NotApplicable: a condition is not met.
        """
        self.query, self.packing = query, Packing(system)
        self.phases = phases(self.packing)
        self.moves = Moves(self.packing, self.phases.moves)
        if not self.moves.levelled:
            raise NotApplicable("runs to the same state may differ in length")
        if order is SearchOrder.DEPTH_FIRST and not self.moves.determined:
            raise NotApplicable("a state may not determine its run")
        self.order = order or (SearchOrder.DEPTH_FIRST if self.moves.determined else SearchOrder.BREADTH_FIRST)
        self.reachable = None if query.reachable is None else self.before_disaster(query.reachable)
        self.always_reachable = (
            None if query.always_reachable is None else conjunction(self.packing, query.always_reachable)
        )
        self.settled = SettledStates(self.packing, query.settled)
        width = width_of(self.packing, len(self.phases.moves))
        tables = tables_of(self.packing, self.phases, width)
        self.team = ThreadTeam.of(tables, self.goals(width), (0,) * width, monitor, workers)

    def before_disaster(self, formula: Formula) -> Conjunction:
        """Return the masks of a goal that can be reached before the disaster only.

        Raises:
            NotApplicable: a later action changes its facts, or it is not a conjunction.
        """
        goal = conjunction(self.packing, formula)
        later = [self.packing.actions[number] for number in self.phases.disasters + self.phases.recovery]
        if any(action.written & (goal.require | goal.forbid) for action in later):
            raise NotApplicable("a goal may be reached after the disaster")
        return goal

    def goals(self, width: int) -> Words:
        """Return the goals before the disaster as words (see :data:`bac.proofs.explicit.compiled.tables.GOALS`)."""
        goals = self.reachable or IMPOSSIBLE, self.always_reachable or IMPOSSIBLE
        masks = words((mask for goal in goals for mask in (goal.require, goal.forbid)), width)
        return np.concatenate([np.array([goal.possible for goal in goals], dtype=np.uint64), masks])

    def result(self) -> SearchResult:
        """Explore, and return what was found."""
        try:
            with self.team.pool:
                return self.search()
        except LimitHit as limit:
            return self.found_by_then(str(limit))
        except MemoryError:
            return self.found_by_then("no memory left")
        except KeyboardInterrupt:
            return replace(self.found_by_then("interrupted"), interrupted=True)

    def search(self) -> SearchResult:
        """Explore everything.

        Raises:
            LimitHit: a limit is reached.
        """
        recovery = Recovery(self.team, self.add_settled)
        match self.order:
            case SearchOrder.DEPTH_FIRST:
                search_depth_first(self.team)
            case SearchOrder.BREADTH_FIRST:
                search_breadth_first(self.team, lambda _, depth: recovery.search_up_to(depth + 1))
            case _:
                assert_never(self.order)
        can_recover = recovery.search()
        statistics, dead_end = self.statistics, self.dead_end()
        found = tuple({timing: self.path(state) for timing, state in found.items()} for found in self.settled.found)
        reached = None if self.team.reached is None else self.path(self.team.reached)
        return SearchResult(found, reached, None if dead_end is None else self.path(dead_end), can_recover, statistics)

    def found_by_then(self, limit: str) -> SearchResult:
        """Return the shortest runs found before a limit was reached; in own order none is known to be shortest."""
        if self.order is SearchOrder.DEPTH_FIRST:
            return nothing_found(self.query, limit, self.statistics)
        runs = [
            {timing: run for timing, state in found.items() if (run := self.path_if_soon(state)) is not None}
            for found in self.settled.found
        ]
        reached = None if self.team.reached is None else self.path_if_soon(self.team.reached)
        return SearchResult(tuple(runs), reached, statistics=self.statistics, limit=limit)

    def add_settled(self, states: Words) -> None:
        """Add the settled states of one depth."""
        self.settled.add(states.reshape(-1, len(self.team.width)))

    def dead_end(self) -> int | None:
        """Return the first state from which the goal that must stay reachable cannot be reached; ``None`` if none is.

        A second search is needed only if some state was stuck.
        """
        if self.always_reachable is not None and not self.always_reachable.possible:
            return 0
        if not self.team.stuck:
            return None
        layout = self.team.tables.layout.copy()
        layout[DISASTERS] = 0  # only their number: the tables stay where they are
        tables = self.team.tables._replace(layout=layout)
        team = ThreadTeam.of(tables, self.team.goals, self.team.width, self.team.monitor, len(self.team.workers))
        with team.pool:
            return first_dead_end(team)

    @property
    def statistics(self) -> Statistics:
        """How much was explored."""
        return Statistics(self.team.states, self.team.transitions, self.team.deepest, self.team.monitor.seconds)

    # Runs

    def path_if_soon(self, state: int) -> Path | None:
        """Return a shortest run to a state that was found; ``None`` if there are too many dead ends on the way."""
        ends = iter(range(MOST_DEAD_ENDS))

        def count_dead_end() -> None:
            if next(ends, None) is None:
                raise LimitHit

        try:
            return self.path(state, count_dead_end)
        except LimitHit:
            return None

    def path(self, state: int, at_dead_end: Callable[[], None] | None = None) -> Path:
        """Return a shortest run to a state that was found."""
        states = [state]
        while states[-1] & self.packing.bit(RECOVERED):
            states.append(self.predecessor(states[-1]))
        moves = PathSearch(self.moves, at_dead_end or self.team.check_limits).path_to(states[-1])
        return tuple(self.label(before, after) for before, after in pairwise([*moves, *reversed(states[:-1])]))

    def predecessor(self, state: int) -> int:
        """Return the state before a recovered one in a shortest run."""
        width = len(self.team.width)
        return integer(self.team.recovered.row(words([state], width))[width + 1 :])

    def label(self, state: int, after: int) -> Label:
        """Return the label of the first action that leads from one state to the other."""
        for packed, action in zip(self.packing.actions, self.packing.system.actions, strict=True):
            if packed.enabled(state) and packed.apply(state) == after:
                return action.label
        raise AssertionError("a state is not a successor of the one before it")
