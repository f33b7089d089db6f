"""What is put to an engine, and what it answers: formulas in, shortest runs out.

Every engine has the type :class:`Engine`, so that one can take the place of another, and all can be held against each
other.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from bac.model.plan import Timing
from bac.model.system import Label, System
from bac.properties.formula import Formula

Path = tuple[Label, ...]
"""A run, as the labels of its actions."""


@dataclass(frozen=True, slots=True)
class Questions:
    """Formulas of three kinds.

    For each of ``settled``: which is a shortest run to a settled state that satisfies it, in either timing?  For
    ``reachable``: which is a shortest run to a state that satisfies it?  For ``inevitable``: which is a shortest run
    to a state before the disaster from which no state that satisfies it can be reached without a disaster?  ``None``
    is not asked.
    """

    settled: tuple[Formula, ...] = ()
    reachable: Formula | None = None
    inevitable: Formula | None = None


@dataclass(frozen=True, slots=True)
class Limits:
    """When to give up: states found, seconds, and bytes of memory; ``None`` is no limit."""

    states: int | None = None
    seconds: float | None = None
    memory: int | None = None


@dataclass(frozen=True, slots=True)
class Statistics:
    """How much was explored: distinct states, transitions, the length of the longest shortest run, seconds.

    Where one state stands for several, ``represented`` is how many they are in all; 0 says that each is only itself.
    """

    states: int = 0
    transitions: int = 0
    depth: int = 0
    seconds: float = 0.0
    represented: int = 0


@dataclass(frozen=True, slots=True)
class Progress:
    """How far an exploration is: distinct states, the depth at work, states waiting, states a second."""

    states: int
    depth: int
    queue: int
    rate: float


@dataclass(frozen=True, slots=True)
class Answers:
    """What an engine found.  Where it found nothing, ``limit`` tells whether that means *no such run* (``None``) or
    not.

    ``settled`` has, for each formula asked, a shortest run for each timing in which there is one: ``at-rest`` with a
    disaster that interrupts no use case, ``any-time`` with one that may.  ``can_recover`` is false if no run has a
    settled state at all (and nothing was cut off): everything about cuts then holds for want of any.
    """

    settled: tuple[Mapping[Timing, Path], ...] = ()
    reachable: Path | None = None
    inevitable: Path | None = None
    can_recover: bool = True
    statistics: Statistics = field(default_factory=Statistics)
    limit: str | None = None
    interrupted: bool = False


class Engine(Protocol):
    """Anything that answers questions about a system."""

    def __call__(
        self, system: System, questions: Questions, limits: Limits, progress: Callable[[Progress], None] | None = None
    ) -> Answers:
        """Answer, or say which limit was hit."""
