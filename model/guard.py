"""Guards, from which the rules of the semantics put actions together: when something may happen."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise

from bac.model.system import Action, Clause, Fact, Label


@dataclass(frozen=True, slots=True)
class Guard:
    """When something may happen: the left half of an action."""

    require: frozenset[Fact] = frozenset()
    forbid: frozenset[Fact] = frozenset()
    clauses: tuple[Clause, ...] = ()

    def __and__(self, other: Guard) -> Guard:
        """Both."""
        return Guard(self.require | other.require, self.forbid | other.forbid, self.clauses + other.clauses)

    def action(
        self,
        label: Label,
        add: Iterable[Fact] = (),
        delete: Iterable[Fact] = (),
        copy: Iterable[tuple[Fact, Fact]] = (),
    ) -> Action:
        """The action with this guard; what it adds it need not delete."""
        adds = frozenset(add)
        return Action(label, self.require, self.forbid, self.clauses, adds, frozenset(delete) - adds, tuple(copy))


def require(facts: Iterable[Fact]) -> Guard:
    """All of these hold."""
    return Guard(require=frozenset(facts))


def forbid(facts: Iterable[Fact]) -> Guard:
    """None of these holds."""
    return Guard(forbid=frozenset(facts))


def all_or_none(facts: list[Fact]) -> tuple[Clause, ...]:
    """Clauses that say: all of these facts hold, or none.  Each implies the next, round the circle."""
    if len(facts) < 2:
        return ()
    return tuple(Clause(frozenset([b]), frozenset([a])) for a, b in pairwise([*facts, facts[0]]))
