"""Guards, from which the rules of the semantics put actions together: when something may happen."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise, product

from bac.model.errors import LimitReached
from bac.model.system import Action, Clause, Fact, Label, State

MOST_CLAUSES = 20_000
"""Beyond this many clauses a disjunction of guards is not written down."""

Literal = tuple[Fact, bool]
"""A fact, and whether it is true."""
Literals = frozenset[Literal]
"""A disjunction of literals."""


@dataclass(frozen=True, slots=True)
class Guard:
    """When something may happen: the left half of an action."""

    require: frozenset[Fact] = frozenset()
    forbid: frozenset[Fact] = frozenset()
    clauses: tuple[Clause, ...] = ()

    def __and__(self, other: Guard) -> Guard:
        """Both."""
        return Guard(self.require | other.require, self.forbid | other.forbid, self.clauses + other.clauses)

    def holds(self, state: State) -> bool:
        """Whether the guard allows something in this state."""
        return (
            self.require <= state
            and state.isdisjoint(self.forbid)
            and all(clause.satisfied(state) for clause in self.clauses)
        )

    @property
    def impossible(self) -> bool:
        """Whether the guard contradicts itself in an obvious way."""
        empty = any(not clause.positive and not clause.negative for clause in self.clauses)
        return empty or not self.require.isdisjoint(self.forbid)

    @property
    def disjunctions(self) -> list[Literals]:
        """The guard as a conjunction of disjunctions."""
        single = [frozenset([(fact, True)]) for fact in self.require]
        single += [frozenset([(fact, False)]) for fact in self.forbid]
        return single + [_literals(clause) for clause in self.clauses]

    def reduced(self) -> Guard:
        """Return the same guard without disjunctions that follow from others."""
        return _guard(_without_weaker(set(self.disjunctions)))

    def given(self, facts: Iterable[Fact], absent: Iterable[Fact] = ()) -> Guard:
        """Return what is left of the guard where some facts are known to be true, and others to be false."""
        true, false = frozenset(facts), frozenset(absent)
        clauses = tuple(
            Clause(clause.positive - false, clause.negative - true)
            for clause in self.clauses
            if true.isdisjoint(clause.positive) and false.isdisjoint(clause.negative)
        )
        broken = not true.isdisjoint(self.forbid) or not false.isdisjoint(self.require)
        return Guard(self.require - true, self.forbid - false, clauses) & (NEVER if broken else Guard())

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


ALWAYS = Guard()
NEVER = Guard(clauses=(Clause(frozenset(), frozenset()),))


def require(facts: Iterable[Fact]) -> Guard:
    """All of these hold."""
    return Guard(require=frozenset(facts))


def forbid(facts: Iterable[Fact]) -> Guard:
    """None of these holds."""
    return Guard(forbid=frozenset(facts))


def some(positive: Iterable[Fact] = (), negative: Iterable[Fact] = ()) -> Guard:
    """At least one of these holds, or at least one of the others does not."""
    return _guard([frozenset([*((fact, True) for fact in positive), *((fact, False) for fact in negative)])])


def both(guards: Iterable[Guard]) -> Guard:
    """All of these guards hold."""
    found = ALWAYS
    for guard in guards:
        found &= guard
    return found


def either(guards: Iterable[Guard]) -> Guard:
    """At least one of these guards holds.

    Raises:
        LimitReached: that takes more than :data:`MOST_CLAUSES` clauses.
    """
    found: list[Literals] = [frozenset()]
    for guard in guards:
        disjunctions = guard.disjunctions
        if len(found) * len(disjunctions) > MOST_CLAUSES:
            raise LimitReached(f"a condition of the transition system takes more than {MOST_CLAUSES:,} clauses")
        found = _without_weaker({one | other for one, other in product(found, disjunctions)})
    return _guard(found)


def negation(guard: Guard) -> Guard:
    """The guard does not hold.

    Raises:
        LimitReached: that takes more than :data:`MOST_CLAUSES` clauses.
    """
    return either(_guard([frozenset([(fact, not holds)]) for fact, holds in each]) for each in guard.disjunctions)


def all_or_none(facts: list[Fact]) -> tuple[Clause, ...]:
    """Clauses that say: all of these facts hold, or none.  Each implies the next, round the circle."""
    if len(facts) < 2:
        return ()
    return tuple(Clause(frozenset([b]), frozenset([a])) for a, b in pairwise([*facts, facts[0]]))


def _literals(clause: Clause) -> Literals:
    return frozenset([*((fact, True) for fact in clause.positive), *((fact, False) for fact in clause.negative)])


def _without_weaker(disjunctions: Iterable[Literals]) -> list[Literals]:
    """Return these disjunctions without those that always hold, and those that follow from another one."""
    found: list[Literals] = []
    for each in sorted(disjunctions, key=lambda literals: (len(literals), sorted(literals))):
        always = any((fact, not holds) in each for fact, holds in each)
        if not always and not any(other <= each for other in found):
            found.append(each)
    return found


def _guard(disjunctions: Iterable[Literals]) -> Guard:
    required, forbidden, clauses = set[Fact](), set[Fact](), list[Clause]()
    for each in disjunctions:
        positive, negative = {fact for fact, holds in each if holds}, {fact for fact, holds in each if not holds}
        if len(each) == 1:
            required |= positive
            forbidden |= negative
        else:
            clauses.append(Clause(frozenset(positive), frozenset(negative)))
    return Guard(frozenset(required), frozenset(forbidden), tuple(clauses))
