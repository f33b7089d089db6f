"""The interface of an engine: a query of formulas in, shortest runs out.

Every engine has the type :class:`Engine`, so that one can take the place of another, and all can be compared with each
other.  :class:`Packing` is the form of a system that most of them explore.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path as FilePath
from typing import Protocol

from bac.model.errors import BacError, LimitReached
from bac.model.plan import Timing
from bac.model.system import Action, Clause, Fact, Label, System
from bac.properties.formula import Formula, evaluate

Path = tuple[Label, ...]
"""A run: the labels of its actions."""


@dataclass(frozen=True, slots=True)
class Query:
    """Formulas of three kinds.

    For each of ``settled``: which is a shortest run to a settled state that satisfies it, in either timing?  For
    ``reachable``: which is a shortest run to a state that satisfies it?  For ``always_reachable``: which is a shortest
    run to a *dead end*, a state before the disaster from which no state that satisfies it can be reached without a
    disaster?  ``None`` is not asked.
    """

    settled: tuple[Formula, ...] = ()
    reachable: Formula | None = None
    always_reachable: Formula | None = None


@dataclass(frozen=True, slots=True)
class Limits:
    """When to stop a search: states found, seconds, and bytes of memory; ``None`` is no limit.

    If ``seconds`` are only what is left of the time that was allowed in all, ``timeout`` is that time.  If ``memory``
    is only the share of one of several processes, ``max_memory`` is that of all.
    """

    states: int | None = None
    seconds: float | None = None
    memory: int | None = None
    timeout: float | None = None
    max_memory: int | None = None

    def after(self, seconds: float) -> Limits:
        """Return the limits that are left after this many seconds."""
        if self.seconds is None:
            return self
        return replace(self, seconds=max(self.seconds - seconds, 0.0), timeout=self.time_allowed)

    def shared_by(self, processes: int) -> Limits:
        """Return the limits of each of this many processes."""
        if self.memory is None:
            return self
        return replace(self, memory=self.memory // processes, max_memory=self.memory)

    @property
    def time_allowed(self) -> float | None:
        """The seconds that were allowed in all."""
        return self.seconds if self.timeout is None else self.timeout

    def time_reached(self) -> str:
        """Return the reason to stop when the time is over."""
        return f"the time limit of {in_seconds(self.time_allowed or 0.0)} (--timeout) was reached"

    def memory_reached(self) -> str:
        """Return the reason to stop when there is too little memory."""
        allowed = self.memory if self.max_memory is None else self.max_memory
        return f"the memory limit of {in_bytes(allowed or 0)} (--max-memory) was reached"

    def states_reached(self) -> str:
        """Return the reason to stop when there are too many states."""
        return f"the limit of {self.states} state{'s' * (self.states != 1)} (--max-states) was reached"


def in_seconds(seconds: float) -> str:
    """Return a duration in words, less than a second in milliseconds."""
    return f"{seconds * 1000:g} ms" if 0 < seconds < 1 else f"{seconds:g} s"


def in_bytes(count: int) -> str:
    """Return an amount of memory in words, in the largest unit of which there is at least one."""
    for unit, name in ((2**30, "GiB"), (2**20, "MiB"), (2**10, "KiB")):
        if count >= unit:
            return f"{count / unit:.1f}".removesuffix(".0") + f" {name}"
    return f"{count} bytes"


@dataclass(frozen=True, slots=True)
class Statistics:
    """How much was explored: distinct states, transitions, the length of the longest shortest run, seconds.

    In a search up to symmetry, where one state stands for several, ``represented`` is how many all of them are.
    """

    states: int = 0
    transitions: int = 0
    depth: int = 0
    seconds: float = 0.0
    represented: int = 0


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a search is: distinct states, the present depth, states waiting, states a second."""

    states: int
    depth: int
    queue: int
    rate: float


@dataclass(frozen=True, slots=True)
class SearchResult:
    """The shortest runs that an engine found.

    If ``limit`` is ``None``, there is no run where none was found; otherwise it names the limit that was reached, and
    what was not found may still exist.  ``settled`` has, for each formula of the query, a shortest run for each timing
    in which there is one: ``at-rest`` with a disaster that interrupts no use case, ``any-time`` with one that may.
    ``dead_end`` leads to a state from which ``always_reachable`` of the query is not reachable.  ``can_recover`` is
    false if no run has a settled state at all (and the search was complete): every claim about settled states is then
    true, because there are none.
    """

    settled: tuple[Mapping[Timing, Path], ...] = ()
    reachable: Path | None = None
    dead_end: Path | None = None
    can_recover: bool = True
    statistics: Statistics = field(default_factory=Statistics)
    limit: str | None = None
    interrupted: bool = False


ProgressListener = Callable[[Progress], None] | None
"""Is told how far a search is."""


class NotApplicable(BacError):
    """This engine or reduction cannot decide this system or query; the message says why.  Another one can."""

    exit_code = 3


class Engine(Protocol):
    """A way to decide queries about a system."""

    def __call__(
        self, system: System, query: Query, limits: Limits, progress: ProgressListener = None, /
    ) -> SearchResult:
        """Return the runs that the query asks for, or the limit that was reached.

        Raises:
            NotApplicable: the engine cannot decide this system or this query.
        """


def nothing_found(query: Query, limit: str, statistics: Statistics | None = None) -> SearchResult:
    """Return the result of a search that reached a limit before it found anything."""
    return SearchResult(tuple({} for _ in query.settled), statistics=statistics or Statistics(), limit=limit)


BYTES_PER_STATE = 100
"""The least memory that a search needs for a state (a small integer with its place in a table)."""


class LimitMonitor:
    """Compares a search with its limits, and tells a listener how far it is.

    Args:
        limits: the limits of the search, which begins now.
        progress: told the progress each time the limits are checked.
        clock: the time in seconds from any fixed moment.
    """

    def __init__(
        self, limits: Limits, progress: ProgressListener = None, clock: Callable[[], float] = time.monotonic
    ) -> None:
        """Start the clock."""
        self.limits, self.progress, self.clock = limits, progress, clock
        self.started = clock()

    @property
    def seconds(self) -> float:
        """The seconds since the search began."""
        return self.clock() - self.started

    def remaining(self) -> Limits:
        """Return the limits for another search within the same time."""
        return self.limits.after(self.seconds)

    def time_is_over(self) -> bool:
        """Whether the time limit is reached."""
        return self.limits.seconds is not None and self.seconds >= self.limits.seconds

    def memory_is_full(self) -> bool:
        """Whether the memory limit is reached."""
        return self.limits.memory is not None and resident_memory() >= self.limits.memory

    def exceeded(self, states: int, depth: int, queue: int) -> str | None:
        """Return the limit that is reached now, in words; also tells the progress.

        Args:
            states: the number of states found so far.
            depth: the number of actions of the runs that are explored now.
            queue: how many of the states wait.
        """
        if self.progress is not None:
            self.progress(Progress(states, depth, queue, states / max(self.seconds, 1e-9)))
        if self.limits.states is not None and states >= self.limits.states:
            return self.limits.states_reached()
        if self.time_is_over():
            return self.limits.time_reached()
        return self.limits.memory_reached() if self.memory_is_full() else None

    def check(self) -> None:
        """Stop work that counts no states when the time is over.

        Raises:
            LimitReached: it is.
        """
        if self.time_is_over():
            raise LimitReached(self.limits.time_reached())


def exceeds_memory(limits: Limits, exponent: int) -> str | None:
    """Return the reason not to begin a search of at least 2^exponent states, if it is certain to run out of memory.

    A search that has another limit is begun: it shows how far it gets.
    """
    if limits.memory is None or limits.states is not None or limits.seconds is not None:
        return None
    if BYTES_PER_STATE << max(exponent, 0) <= limits.memory:
        return None
    return f"there are at least 2^{exponent} states, too many for the memory (use --timeout to search a part of them)"


MARGIN = 0.8
"""The share of the free memory that a search takes at most, unless the user gives a limit."""
CGROUP = FilePath("/sys/fs/cgroup")


def resident_memory() -> int:
    """Return the memory that this process holds, in bytes."""
    import psutil  # takes a good part of the start-up time, and only a search with a limit needs it

    return int(psutil.Process().memory_info().rss)


def memory_budget() -> int:
    """Return how much memory this process may hold, in bytes: its own, and a share of what is free."""
    import psutil

    free = [int(psutil.virtual_memory().available)]
    limit, used = _number(CGROUP / "memory.max"), _number(CGROUP / "memory.current")
    if limit is not None and used is not None:
        free.append(max(limit - used, 0))
    return resident_memory() + int(min(free) * MARGIN)


def _number(file: FilePath) -> int | None:
    try:
        return int(file.read_text())
    except (OSError, ValueError):
        return None


# The form of a system that engines explore: facts as bits, actions as masks


@dataclass(frozen=True, slots=True)
class PackedAction:
    """An action as masks of facts.

    ``clauses`` are pairs (positive, negative): a state has a bit of the first, or lacks one of the second.  ``keep``
    are the bits that survive the action; ``copies`` are pairs (sources, shift): these bits move by so many places
    (left if positive).  ``guarding``, ``read`` and ``written`` are the masks of what the action calls so.
    """

    require: int
    forbid: int
    clauses: tuple[tuple[int, int], ...]
    keep: int
    add: int
    copies: tuple[tuple[int, int], ...]
    guarding: int
    read: int
    written: int

    def enabled(self, state: int) -> bool:
        """Whether the action may happen in this state."""
        return (
            state & self.require == self.require
            and not state & self.forbid
            and all(state & positive or state & negative != negative for positive, negative in self.clauses)
        )

    def apply(self, state: int) -> int:
        """Return the state after the action."""
        after = state & self.keep | self.add
        for sources, shift in self.copies:
            moved = state & sources
            after |= moved << shift if shift > 0 else moved >> -shift
        return after


class Packing:
    """The packed form of a system: a state is an integer whose bit *i* is fact *i*."""

    def __init__(self, system: System) -> None:
        """Number the facts in the system's order."""
        self.system = system
        self.position: dict[Fact, int] = {fact: number for number, fact in enumerate(system.facts)}
        self.everything = (1 << len(system.facts)) - 1
        self.actions = tuple(self.pack_action(action) for action in system.actions)

    def bit(self, fact: Fact) -> int:
        """Return the mask of one fact."""
        return 1 << self.position[fact]

    def mask(self, facts: frozenset[Fact]) -> int:
        """Return the mask of several facts."""
        mask = 0
        for fact in facts:
            mask |= 1 << self.position[fact]
        return mask

    def satisfied(self, formula: Formula, state: int) -> bool:
        """Whether a packed state satisfies the formula; facts that the system does not have are false."""
        position = self.position
        return evaluate(formula, lambda fact: fact in position and bool(state >> position[fact] & 1))

    def pack_action(self, action: Action) -> PackedAction:
        """Return the masks of an action; a clause of one literal becomes part of what is required or forbidden."""
        require, forbid = self.mask(action.require), self.mask(action.forbid)
        clauses = []
        for clause in action.clauses:
            match unit(clause):
                case True, fact:
                    require |= self.bit(fact)
                case False, fact:
                    forbid |= self.bit(fact)
                case None:
                    clauses.append((self.mask(clause.positive), self.mask(clause.negative)))
        shifts: dict[int, int] = {}
        dropped = self.mask(action.delete)
        for source, destination in action.copy:
            shift = self.position[destination] - self.position[source]
            shifts[shift] = shifts.get(shift, 0) | self.bit(source)
            dropped |= self.bit(destination)
        copies = tuple((sources, shift) for shift, sources in shifts.items())
        return PackedAction(
            require,
            forbid,
            tuple(clauses),
            self.everything & ~dropped,
            self.mask(action.add),
            copies,
            self.mask(action.guarding),
            self.mask(action.read),
            self.mask(action.written),
        )


def unit(clause: Clause) -> tuple[bool, Fact] | None:
    """Return the only literal of a clause (its sign, its fact), or ``None`` if it has several."""
    if len(clause.positive) + len(clause.negative) != 1:
        return None
    (fact,) = clause.positive or clause.negative
    return bool(clause.positive), fact
