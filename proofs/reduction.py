"""The one-index rule: when a search with one index speaks for any number of them.

Source: docs/semantics.md, "What a verdict may claim".  The check looks at the actions alone, whatever made them.
"""

from __future__ import annotations

from bac.model.system import RECOVERED, Action, Clause, Fact, System


def one_index_suffices(system: System) -> bool:
    """Whether leaving out all actions of the other indices leaves a legal run that settles alike.

    Then one index shows every anomaly that concerns a single index.  It suffices that an index's actions speak of
    their own index only, and that all other actions come before recovery, never require a fact of an index, copy only
    within an index, and have clauses that hold of an index without facts.  Facts of no index that some index's action
    adds (*marks*, such as ``denied``) may only be added, or stand in the way before the disaster.  (Whatever compares
    two indices, and the quality *backup*, is outside this rule.)
    """
    marks = {
        fact for action in system.actions if owner(action) is not None for fact in writes(action) if fact.index is None
    }
    return all(
        _respects_marks(action, marks)
        and (_keeps_to_itself(action) if owner(action) is not None else _is_neutral(action))
        for action in system.actions
    )


def owner(action: Action) -> int | None:
    """The index whose events an action appends, denies or drops."""
    return action.label.events[0].index if action.label.events else None


def writes(action: Action) -> set[Fact]:
    """The facts that an action adds, deletes or overwrites."""
    return {*action.add, *action.delete, *(destination for _, destination in action.copy)}


def _respects_marks(action: Action, marks: set[Fact]) -> bool:
    """Marks are never needed, never taken away, and block nothing once disaster has struck."""
    needed = {*action.require, *(fact for clause in action.clauses for fact in clause.positive)}
    taken = writes(action) - action.add
    read = {source for source, _ in action.copy}
    blocking = {*action.forbid, *(fact for clause in action.clauses for fact in clause.negative)}
    return not marks & (needed | taken | read) and (RECOVERED in action.forbid or not marks & blocking)


def _keeps_to_itself(action: Action) -> bool:
    """An index's action speaks of that index and of no other."""
    return all(fact.index in (owner(action), None) for fact in action.facts())


def _is_neutral(action: Action) -> bool:
    """An action of no index goes on as before when an index has no facts."""
    return (
        RECOVERED in action.forbid
        and all(fact.index is None for fact in action.require | action.add)
        and all(source.index == destination.index for source, destination in action.copy)
        and all(map(_holds_of_nothing, action.clauses))
    )


def _holds_of_nothing(clause: Clause) -> bool:
    """The clause is about at most one index, and holds of an index without facts."""
    indices = {fact.index for fact in clause.positive | clause.negative} - {None}
    return not indices or (len(indices) == 1 and any(fact.index is not None for fact in clause.negative))
