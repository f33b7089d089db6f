"""The kernel as an engine: answers to questions about a system, and counts of its states.

States, transitions and lengths are those of the plain engine where that explores everything; the kernel always does.
A run that answers a question is found by a second, directed search, once it is known where the shortest ends.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise

import numpy as np

from bac.model.plan import Timing
from bac.model.system import RECOVERED, Label, System
from bac.proofs.engine import LimitMonitor, Limits, NotApplicable, Path, Progress, Query, SearchResult, Statistics
from bac.proofs.explicit.compiled.applicability import Moves, parts
from bac.proofs.explicit.compiled.compiling import Width, Words
from bac.proofs.explicit.compiled.dead_ends import first_dead_end
from bac.proofs.explicit.compiled.forward import by_levels, by_own_order
from bac.proofs.explicit.compiled.judging import Judge
from bac.proofs.explicit.compiled.path_search import Route
from bac.proofs.explicit.compiled.recovery import after_disaster
from bac.proofs.explicit.compiled.tables import DISASTERS, integer, machine, width_of, words
from bac.proofs.explicit.compiled.threads import LimitHitError, crew
from bac.proofs.packing import Packing
from bac.properties.formula import And, Atom, Formula, Not, Or


class Way(StrEnum):
    """How the states before the disaster are visited."""

    OWN_ORDER = "own-order"
    LEVELS = "levels"


def explore(
    system: System,
    questions: Query,
    limits: Limits | None = None,
    progress: Callable[[Progress], None] | None = None,
    *,
    watch: LimitMonitor | None = None,
    way: Way | None = None,
    workers: int | None = None,
) -> SearchResult:
    """Explore every run of the system, and answer the questions.

    ``watch`` is a watch that already runs, in place of limits and progress; ``way`` and ``workers`` are chosen by the
    kernel unless given.  If a limit is hit, nothing is answered but that.

    Raises:
        NotApplicable: a premise of the kernel does not hold of the system, or a question is none that it answers.
    """
    return Exploration(system, questions, watch or LimitMonitor(limits or Limits(), progress), way, workers).answers()


def count_states(system: System, workers: int | None = None, way: Way | None = None) -> Statistics:
    """How many states and transitions a system has, and how long counting them took.

    Raises:
        NotApplicable: a premise of the kernel does not hold of the system.
    """
    return explore(system, Query(), way=way, workers=workers).statistics


@dataclass(frozen=True)
class Conjunction:
    """Facts that are true and facts that are false; ``possible`` is false if that cannot be."""

    require: int = 0
    forbid: int = 0
    possible: bool = True


def conjunction(packing: Packing, formula: Formula) -> Conjunction:
    """The masks of a formula that says of some facts that they hold, and of others that they do not.

    Raises:
        NotApplicable: it says something else.
    """
    match formula:
        case Atom(fact):
            known = fact in packing.position
            return Conjunction(require=packing.bit(fact)) if known else Conjunction(possible=False)
        case Not(Atom(fact)):
            return Conjunction(forbid=packing.bit(fact) if fact in packing.position else 0)
        case Or(()):
            return Conjunction(possible=False)
        case And(conjuncts):
            require = forbid = 0
            possible = True
            for each in conjuncts:
                part = conjunction(packing, each)
                require, forbid = require | part.require, forbid | part.forbid
                possible = possible and part.possible
            return Conjunction(require, forbid, possible and not require & forbid)
        case _:
            raise NotApplicable("a goal is no conjunction")


class Exploration:
    """One exploration of a system for some questions."""

    def __init__(
        self, system: System, questions: Query, watch: LimitMonitor, way: Way | None, workers: int | None
    ) -> None:
        """Check the premises, and make tables of the system.

        Raises:
            NotApplicable: a premise does not hold.
        """
        self.packing = Packing(system)
        self.lots = parts(self.packing)
        self.moves = Moves(self.packing, self.lots.moves)
        if not self.moves.levelled:
            raise NotApplicable("runs to the same state may not be equally long")
        self.way = way or (Way.OWN_ORDER if self.moves.ordered else Way.LEVELS)
        if self.way is Way.OWN_ORDER and not self.moves.ordered:
            raise NotApplicable("a state does not tell its run")
        self.questions = questions
        self.reach = None if questions.reachable is None else self.lasting(questions.reachable)
        self.back = (
            None if questions.always_reachable is None else conjunction(self.packing, questions.always_reachable)
        )
        self.judge = Judge(self.packing, questions.settled)
        width = width_of(self.packing, len(self.lots.moves))
        tables = machine(self.packing, self.lots, width)
        self.crew = crew(tables, self.goals(width), (0,) * width, watch, workers)

    def lasting(self, formula: Formula) -> Conjunction:
        """A goal that is reached before the disaster if at all, as nothing later changes the facts that it is about."""
        goal = conjunction(self.packing, formula)
        later = [self.packing.actions[number] for number in self.lots.disasters + self.lots.recovery]
        if any(action.written & (goal.require | goal.forbid) for action in later):
            raise NotApplicable("a goal may be reached after the disaster")
        return goal

    def goals(self, width: int) -> Words:
        """What is asked of states before the disaster, as tables."""
        reach, back = self.reach or Conjunction(possible=False), self.back or Conjunction(possible=False)
        masks = words((mask for goal in (reach, back) for mask in (goal.require, goal.forbid)), width)
        return np.concatenate([np.array([reach.possible, back.possible], dtype=np.uint64), masks])

    def answers(self) -> SearchResult:
        """Explore, and say what was found; if a limit was hit, only that."""
        nothing: tuple[dict[Timing, Path], ...] = tuple({} for _ in self.questions.settled)
        try:
            with self.crew.pool:
                return self.explored()
        except LimitHitError as hit:
            return SearchResult(nothing, statistics=self.statistics(), limit=str(hit))
        except MemoryError:
            return SearchResult(nothing, statistics=self.statistics(), limit="no memory left")
        except KeyboardInterrupt:
            return SearchResult(nothing, statistics=self.statistics(), limit="interrupted", interrupted=True)

    def explored(self) -> SearchResult:
        """Explore everything.

        Raises:
            LimitHitError: a limit is hit.
        """
        match self.way:
            case Way.OWN_ORDER:
                by_own_order(self.crew)
            case Way.LEVELS:
                by_levels(self.crew)
        settles = after_disaster(self.crew, self.judged)
        statistics = self.statistics()
        dead_end = self.dead_end() if self.crew.stuck else None
        if self.back is not None and not self.back.possible:
            dead_end = 0
        found = tuple({timing: self.path(state) for timing, state in found.items()} for found in self.judge.found)
        reached = None if self.crew.reached is None else self.path(self.crew.reached)
        return SearchResult(found, reached, None if dead_end is None else self.path(dead_end), settles, statistics)

    def judged(self, states: list[Words]) -> None:
        """Judge the settled states of one depth."""
        if states:
            self.judge.level(np.concatenate(states).reshape(-1, len(self.crew.width)))

    def dead_end(self) -> int | None:
        """The first state from which what should stay possible is not."""
        layout = self.crew.m.layout.copy()
        layout[DISASTERS] = 0  # counts them only, tables stay where they are
        plain = self.crew.m._replace(layout=layout)
        others = crew(plain, self.crew.goals, self.crew.width, self.crew.watch, len(self.crew.workers))
        with others.pool:
            return first_dead_end(others)

    def statistics(self) -> Statistics:
        """How much was explored."""
        return Statistics(self.crew.states, self.crew.transitions, self.crew.deepest, self.crew.watch.seconds)

    # Runs

    def path(self, state: int) -> Path:
        """A shortest run to a state that was found."""
        states = [state]
        while states[-1] & self.packing.bit(RECOVERED):
            states.append(self.before(states[-1]))
        whole = [*Route(self.moves, self.crew.look).to(states[-1]), *reversed(states[:-1])]
        return tuple(self.label(before, after) for before, after in pairwise(whole))

    def before(self, state: int) -> int:
        """The state that comes before a recovered one in a shortest run."""
        width: Width = self.crew.width
        row = self.crew.recovered.row(words([state], len(width)))
        return integer(row[len(width) + 1 :])

    def label(self, state: int, after: int) -> Label:
        """The first action that leads from one state to the other."""
        for packed, action in zip(self.packing.actions, self.packing.system.actions, strict=True):
            if packed.enabled(state) and packed.apply(state) == after:
                return action.label
        raise AssertionError("a state is not a successor of the one before it")
