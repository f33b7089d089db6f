"""When a part of a system can be left out of every run: the lemma behind all projections.

Divide the events of a system S into parts (by index, by use case, or into those of a property and the rest).  A fact or
an action belongs to the part of its events; those without events (snapshots, locks, disasters) are *common*.  Let K be
some of the parts, and S/K the system S without the facts and actions of the other parts.

**Lemma.**  Take a run of S, and leave out the actions of all parts but K, and their facts in its states.  The result is
a run of S/K, which ends in a settled state if the run of S does, provided that

1. no fact belongs to two parts, and an action of K mentions facts of its own part and common facts only; an action of
   another part writes facts of its own part and common facts only;
2. a common action happens before recovery, requires and adds no fact of a part, copies only within one, and has clauses
   that hold where a part has no facts.  So it can still happen, and leaves the same facts of K;
3. common facts that actions of parts write (*marks*, such as ``denied``) are only ever added, are never needed, and
   block nothing after the disaster.  So a run with fewer of them goes on, and settles, alike;
4. an action of another part after the disaster requires a fact of its part.

The other direction: a run of S/K is a run of S in which the other parts never do anything, since their facts are only
forbidden, copied, or in clauses that hold without them; and it is settled in S, too, since by (4) recovery has nothing
to do for a part without facts.  So a state of K is reached in S exactly if it is reached in S/K, by shortest runs of
the same length: a shortest run has no action of another part.

The premises are checked on the actions, however these were made.  Source: docs/semantics.md, "What a verdict may
claim", where the lemma is used for indices.

*Slicing* leaves out more where only some facts matter: all facts on which these do not depend.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass, replace
from functools import cached_property

from bac.model.system import RECOVERED, Action, Clause, Event, Fact, System

PartOf = Callable[[Event], Hashable]
"""Gives the part of an event; never ``None``, which stands for common facts and actions."""


def index_of(event: Event) -> int:
    """Return the index of an event, to divide a system by index."""
    return event.index


def use_case_of(event: Event) -> str:
    """Return the use case of an event, to divide a system by use case."""
    return event.use_case


@dataclass(frozen=True)
class Partition:
    """A system whose events are divided into parts.

    ``kept`` is the part K of the lemma; with ``None`` the premises are checked for each part as K.
    """

    system: System
    part_of: PartOf
    kept: Hashable = None

    @cached_property
    def parts(self) -> dict[Fact, frozenset[Hashable]]:
        """For each fact the parts of its events."""
        return {fact: frozenset(map(self.part_of, fact.events)) for fact in self.system.facts}

    def owner(self, action: Action) -> Hashable:
        """Return the part of an action; ``None`` for a common action."""
        return self.part_of(action.label.events[0]) if action.label.events else None

    @cached_property
    def marks(self) -> frozenset[Fact]:
        """The common facts that actions of parts write."""
        owned = (action for action in self.system.actions if action.label.events)
        return frozenset(fact for action in owned for fact in action.written if not self.parts[fact])

    def allows_projection(self) -> bool:
        """Whether the premises of the lemma hold."""
        return all(len(parts) <= 1 for parts in self.parts.values()) and all(
            self._respects_marks(action)
            and (self._is_in_its_part(action) if action.label.events else self._is_neutral(action))
            for action in self.system.actions
        )

    def _respects_marks(self, action: Action) -> bool:
        """Whether marks are never needed or removed, and block no action after the disaster."""
        taken = action.written - action.add
        read = {source for source, _ in action.copy}
        harmless = RECOVERED in action.forbid or not self.marks & action.blocking
        return harmless and not self.marks & (action.needed | taken | read)

    def _is_in_its_part(self, action: Action) -> bool:
        """Whether an action stays in its part and, if that may be left out, does nothing for it after the disaster."""
        rests = RECOVERED in action.forbid or self.owner(action) == self.kept or self._needs_its_part(action)
        return rests and self._stays_in_its_part(action)

    def _needs_its_part(self, action: Action) -> bool:
        """Whether an action is impossible as long as its part has no facts."""
        owner = self.owner(action)
        needed = [{fact} for fact in action.require]
        needed += [set(clause.positive) for clause in action.clauses if not clause.negative]
        return any(all(owner in self.parts[fact] for fact in one_of) for one_of in needed)

    def _stays_in_its_part(self, action: Action) -> bool:
        """Whether an action of a kept part mentions that part only, and any other action writes its own part only."""
        owner = self.owner(action)
        mentioned = set(action.facts()) if self.kept in (None, owner) else action.written
        one_part = {self.part_of(event) for event in action.label.events} == {owner}
        return one_part and all(self.parts[fact] <= {owner} for fact in mentioned)

    def _is_neutral(self, action: Action) -> bool:
        """Whether a common action can happen, with the same effect, when a part has no facts."""
        return (
            RECOVERED in action.forbid
            and not any(self.parts[fact] for fact in action.require | action.add)
            and all(self.parts[source] == self.parts[destination] for source, destination in action.copy)
            and all(map(self._true_on_empty_part, action.clauses))
        )

    def _true_on_empty_part(self, clause: Clause) -> bool:
        """Whether the clause is about at most one part, and true if that part has no facts."""
        about = {part for fact in clause.positive | clause.negative for part in self.parts[fact]}
        return not about or (len(about) == 1 and any(self.parts[fact] for fact in clause.negative))


def one_index_suffices(system: System) -> bool:
    """Whether a run without the actions of the other indices is a run, and ends in a settled state if it did.

    Then one index shows every anomaly that concerns a single index.  (The rule does not cover properties that compare
    two indices, nor the quality *backup*.)
    """
    return Partition(system, index_of).allows_projection()


# Slicing


def relevant(system: System, facts: Iterable[Fact]) -> System:
    """Return the slice of the system for these facts: the facts on which they depend, and the actions that write those.

    The runs of the slice are the runs of the system without the actions that were left out, and agree on the facts that
    are kept, because kept actions read kept facts only.  So both systems reach the same valuations of these facts; a
    shortest run of the slice to one is a shortest run of the system; and an inductive invariant of the slice is one of
    the system.
    """
    matters, kept = set(facts), set[int]()
    changed = True
    while changed:
        changed = False
        for number, action in enumerate(system.actions):
            if number not in kept and not matters.isdisjoint(action.written):
                kept.add(number)
                matters |= action.read
                changed = True
    actions = (restricted(action, matters) for number, action in enumerate(system.actions) if number in kept)
    return System(tuple(fact for fact in system.facts if fact in matters), tuple(actions))


def restricted(action: Action, facts: set[Fact]) -> Action:
    """Return the action, which writes these facts only."""
    copy = tuple(pair for pair in action.copy if pair[1] in facts)
    return replace(action, add=action.add & facts, delete=action.delete & facts, copy=copy)
