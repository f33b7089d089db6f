"""When a part of a system can be left out of every run, and what that decides: the lemma behind all projections.

Divide the events of a system S into parts (by index, by use case, or into what a question is about and the rest).  A
fact or an action belongs to the part of its events; those without events (snapshots, locks, disasters) are *common*.
Let K be some of the parts, and S/K what is left of S when every fact and action of the other parts is taken away.

**Lemma.**  Take a run of S, leave out the actions of all parts but K, and in its states the facts of them.  What
remains is a run of S/K, which ends in a settled state if the run of S does, provided that

1. no fact belongs to two parts, and an action of K speaks of facts of its own part and of common facts only; an action
   of another part writes only facts of its own part and common ones;
2. a common action happens before recovery, requires and adds no fact of a part, copies only within one, and has clauses
   that hold where a part has no facts.  So it can still happen, and leaves the same facts of K;
3. common facts that actions of parts write (*marks*, such as ``denied``) are only ever added, are never needed, and
   block nothing after the disaster.  So a run with fewer of them goes on, and settles, alike.

The other direction is direct: a run of S/K is a run of S in which the other parts never do anything, since their
facts are only forbidden, copied, or in clauses that hold without them.  So S shows whatever is about K alone exactly if
S/K does, and as soon: a shortest run has no action of another part.

The premises are checked on the actions, whatever made them.  Source: docs/semantics.md, "What a verdict may claim",
where the lemma is used on indices.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import dataclass
from functools import cached_property

from bac.model.system import RECOVERED, Action, Clause, Event, Fact, System

PartOf = Callable[[Event], Hashable]
"""The part that an event belongs to; never ``None``, which stands for what is common."""


def index_of(event: Event) -> int:
    """The division by index."""
    return event.index


def use_case_of(event: Event) -> str:
    """The division by use case."""
    return event.use_case


@dataclass(frozen=True)
class Partition:
    """A system whose events are divided into parts.

    ``kept`` is the part K of the lemma; ``None`` means every part by itself, one after the other.
    """

    system: System
    part_of: PartOf
    kept: Hashable = None

    @cached_property
    def parts(self) -> dict[Fact, frozenset[Hashable]]:
        """For each fact the parts of its events."""
        return {fact: frozenset(map(self.part_of, fact.events)) for fact in self.system.facts}

    def owner(self, action: Action) -> Hashable:
        """The part that an action belongs to; ``None`` for a common action."""
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
            and (self._keeps_to_itself(action) if action.label.events else self._is_neutral(action))
            for action in self.system.actions
        )

    def _respects_marks(self, action: Action) -> bool:
        """Marks are never needed, never taken away, and block nothing once disaster has struck."""
        taken = action.written - action.add
        read = {source for source, _ in action.copy}
        harmless = RECOVERED in action.forbid or not self.marks & action.blocking
        return harmless and not self.marks & (action.needed | taken | read)

    def _keeps_to_itself(self, action: Action) -> bool:
        """An action of a part that is kept speaks of that part alone; any other at least writes only there."""
        owner = self.owner(action)
        spoken = set(action.facts()) if self.kept in (None, owner) else action.written
        one_part = {self.part_of(event) for event in action.label.events} == {owner}
        return one_part and all(self.parts[fact] <= {owner} for fact in spoken)

    def _is_neutral(self, action: Action) -> bool:
        """A common action goes on as before when a part has no facts."""
        return (
            RECOVERED in action.forbid
            and not any(self.parts[fact] for fact in action.require | action.add)
            and all(self.parts[source] == self.parts[destination] for source, destination in action.copy)
            and all(map(self._true_on_empty_part, action.clauses))
        )

    def _true_on_empty_part(self, clause: Clause) -> bool:
        """The clause is about at most one part, and holds where that part has no facts."""
        about = {part for fact in clause.positive | clause.negative for part in self.parts[fact]}
        return not about or (len(about) == 1 and any(self.parts[fact] for fact in clause.negative))


def one_index_suffices(system: System) -> bool:
    """Whether leaving out all actions of the other indices leaves a legal run that settles alike.

    Then one index shows every anomaly that concerns a single index.  (Whatever compares two indices, and the quality
    *backup*, is outside this rule.)
    """
    return Partition(system, index_of).allows_projection()
