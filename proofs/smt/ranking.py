"""Bounds on how often each action can happen in one run, and so on the length of runs, derived from the actions.

An action has a *ticket*: a fact that it requires to be false and makes true, or requires to be true and makes false.
It can happen again only after another action has turned the ticket back.  A *latch* is a fact that no action ever
makes false.

*Theorem.*  Let A be actions with the same ticket.  Say that y may follow x unless x requires or adds some latch that
y forbids.  Then the actions of A happen, in all, at most 1 + n times in a run, where n is how often those actions
happen that can turn the ticket back, may follow some member of A, and may be followed by some member of A.

*Proof.*  Take two consecutive occurrences of members of A, first a, then b.  After a the ticket is turned, before b it
is not; so between them happens an action d that can turn it back.  If a requires or adds the latch p, then p holds
from a on, and d does not forbid it: d may follow a.  In the same way b may follow d.  So each such pair has an
occurrence of its own of some d, and there is one pair fewer than there are occurrences.  ∎

The bounds are derived from these inequalities in finitely many steps, starting without any bound, so that each bound
has a well-founded proof.  A system whose locks could be taken again and again gets no bound, and an engine that needs
one must then answer ``unknown``.

Source: docs/semantics.md, "Facts and actions", says of each rule what it forbids and adds.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

from bac.model.system import Action, Fact, System


@dataclass(frozen=True, slots=True, order=True)
class Ticket:
    """A fact that an action turns: from false to true (``rises``), or from true to false."""

    fact: Fact
    rises: bool


Count = float
"""A number of occurrences; infinite where there is no bound."""


@dataclass(frozen=True)
class Ranking:
    """Upper bounds on how often the actions of a system happen in a run."""

    system: System

    @property
    def longest_run(self) -> int | None:
        """An upper bound on the number of actions of a run; ``None`` if no bound can be derived."""
        total = sum(self._bounds[1])
        return None if math.isinf(total) else int(total)

    @property
    def at_most_once(self) -> bool:
        """Whether every action happens at most once in a run."""
        return all(count <= 1 for count in self._bounds[0])

    @cached_property
    def latches(self) -> frozenset[Fact]:
        """The facts that no action makes false."""
        return frozenset(self.system.facts).difference(*(action.lowered for action in self.system.actions))

    def may_follow(self, first: Action, then: Action) -> bool:
        """Whether no latch rules out that ``then`` happens anywhere after ``first``."""
        return self.latches.isdisjoint(then.forbid & (first.require | first.add))

    @cached_property
    def _turning_back(self) -> dict[Ticket, list[int]]:
        """For each ticket the actions that can turn it back."""
        table: dict[Ticket, list[int]] = {}
        for number, action in enumerate(self.system.actions):
            for fact in action.lowered:
                table.setdefault(Ticket(fact, rises=True), []).append(number)
            for fact in action.raised:
                table.setdefault(Ticket(fact, rises=False), []).append(number)
        return table

    def _undoing(self, ticket: Ticket, members: Sequence[int]) -> list[int]:
        """Return the actions that can happen between two of the members, and turn their ticket back."""
        actions = self.system.actions
        return [
            number
            for number in self._turning_back.get(ticket, ())
            if any(self.may_follow(actions[member], actions[number]) for member in members)
            and any(self.may_follow(actions[number], actions[member]) for member in members)
        ]

    @cached_property
    def _groups(self) -> list[tuple[Ticket | None, list[int]]]:
        """The actions by their tickets: of several tickets the one that fewest turn back, then the one most shared."""
        offered = [tickets(action) for action in self.system.actions]
        shared: dict[Ticket, int] = {}
        for each in offered:
            for ticket in each:
                shared[ticket] = shared.get(ticket, 0) + 1
        groups: dict[Ticket, list[int]] = {}
        alone: list[tuple[Ticket | None, list[int]]] = []
        for number, each in enumerate(offered):
            if each:
                best = min(each, key=lambda ticket: (len(self._undoing(ticket, [number])), -shared[ticket], ticket))
                groups.setdefault(best, []).append(number)
            else:
                alone.append((None, [number]))
        return [*groups.items(), *alone]

    @cached_property
    def _bounds(self) -> tuple[list[Count], list[Count]]:
        """For each action, and for each group, how often it can happen."""
        groups = self._groups
        home = {number: place for place, (_, members) in enumerate(groups) for number in members}
        single = [math.inf] * len(self.system.actions)
        together = [math.inf] * len(groups)
        undoing = [[] if ticket is None else self._undoing(ticket, members) for ticket, members in groups]
        undoing_one = {n: self._undoing(t, [n]) for t, members in groups if t is not None for n in members}

        def total(numbers: Iterable[int]) -> Count:
            """Return how often these actions can happen in all."""
            sums: dict[int, Count] = {}
            for number in numbers:
                sums[home[number]] = sums.get(home[number], 0) + single[number]
            return sum(min(together[place], count) for place, count in sums.items())

        changed = True
        while changed:
            before = [*single], [*together]
            for place, (ticket, members) in enumerate(groups):
                if ticket is not None:
                    together[place] = min(together[place], 1 + total(undoing[place]), sum(single[n] for n in members))
                    for number in members:
                        single[number] = min(single[number], together[place], 1 + total(undoing_one[number]))
            changed = before != (single, together)
        return single, together


def tickets(action: Action) -> list[Ticket]:
    """Return the facts that the action is certain to turn."""
    rising = (Ticket(fact, rises=True) for fact in action.forbid & action.add)
    falling = (Ticket(fact, rises=False) for fact in action.require & action.delete)
    return sorted((*rising, *falling))
