"""Whether a backup can always be completed, from what each part of a system can do by itself.

Let s be a state of a system S before the disaster, and s/p what is left of it in S/p, the system of one part p (an
index, or a cone of use cases), as in :mod:`bac.proofs.reductions.projection`.  If from every state of S/p the part can
always finish by itself, that is reach a state in which it stands in the way of no backup, by actions that no other part
can hold up, then in S all parts can, one after the other: each leaves the others as they are, or, where two cones
overlap, finishes what they share.  From then on the backup is free, provided that it writes nothing that its own guards
say about parts.  And a backup that nobody stands in the way of can be completed: the order of a plan is a list, a lock
is taken when it is free and given back when all of the group are backed up.  (A service that is never backed up is
another matter, which the caller looks at first.)

That each part's own search finds no way to block a backup is not enough: two parts can block each other.

The argument works in one direction: where it does not apply, nothing is said.  It is about any number of parts, so that
it holds for any number of indices.  Source: docs/engines.md, "Reductions".
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

from bac.model.guard import Guard
from bac.model.system import RECOVERED, Action, Clause, Fact, System
from bac.proofs.packing import PackedAction, Packing
from bac.proofs.reductions.projection import Partition, use_case_of

MOST_STATES = 200_000
"""Beyond so many states of a part the argument is not tried."""
CHECK_EVERY = 1024
"""So many states are visited between two calls of ``check``."""


def can_always_be_completed(part: System, check: Callable[[], None] = lambda: None) -> bool:
    """Whether a part of a system never keeps a backup from being completed, whatever other parts there are.

    Args:
        part: its system, with one index.
        check: called now and then; it may raise an error to stop.
    """
    return guards_are_stable(part) and always_finishes(part, check)


def background(system: System) -> Iterator[Action]:
    """What the backup does: the actions before the disaster that belong to no use case."""
    return (action for action in system.actions if not action.label.events and RECOVERED not in action.add)


def guards(system: System) -> list[Clause]:
    """What use cases can do to keep a backup from going on, as clauses."""
    found: list[Clause] = []
    for action in background(system):
        found += (Clause(frozenset(), frozenset([fact])) for fact in action.forbid if fact.events)
        found += (clause for clause in action.clauses if any(fact.events for fact in clause.positive | clause.negative))
        found += (Clause(frozenset([fact]), frozenset()) for fact in action.require if fact.events)
    return list(dict.fromkeys(found))


def guards_are_stable(system: System) -> bool:
    """Whether the backup writes nothing that its own guards say about use cases, and no mark of theirs blocks it.

    A guard that also speaks of common facts counts as unstable, because the backup writes those.
    """
    written = {fact for action in background(system) for fact in action.written}
    about = {fact for guard in guards(system) for fact in guard.positive | guard.negative}
    marks = Partition(system, use_case_of).marks
    stable = not about & written and all(fact.events for fact in about)
    return stable and not any(marks & action.blocking for action in background(system))


def always_finishes(system: System, check: Callable[[], None] = lambda: None) -> bool:
    """Whether the use cases can at any time, by themselves, get out of the way of the backup."""
    clauses = guards(system)
    if not clauses:
        return True
    packing = Packing(system)
    pairs = list(zip(system.actions, packing.actions, strict=True))
    marks = Partition(system, use_case_of).marks
    steps = [packed for action, packed in pairs if RECOVERED in action.forbid and RECOVERED not in action.add]
    own = [
        packed
        for action, packed in pairs
        if action.label.events and RECOVERED in action.forbid and not marks & action.blocking
    ]
    states = reachable_states(steps, check)
    if states is None:
        return False
    masks = [(packing.mask(clause.positive), packing.mask(clause.negative)) for clause in clauses]
    good = {state for state in states if all(state & yes or state & no != no for yes, no in masks)}
    changed = True
    while changed and len(good) < len(states):  # One pass, if every action leads on in the order of the search.
        before = len(good)
        for number, state in enumerate(reversed(states)):
            if number % CHECK_EVERY == 0:
                check()
            if state not in good and any(action.enabled(state) and action.apply(state) in good for action in own):
                good.add(state)
        changed = len(good) > before
    return len(good) == len(states)


def reachable_states(actions: list[PackedAction], check: Callable[[], None]) -> list[int] | None:
    """The states that these actions lead to, in the order of a breadth-first search; ``None`` if there are too many."""
    states, seen = [0], {0}
    for number, state in enumerate(states):
        if number % CHECK_EVERY == 0:
            check()
        for action in actions:
            if action.enabled(state) and (after := action.apply(state)) not in seen:
                seen.add(after)
                states.append(after)
        if len(states) > MOST_STATES:
            return None
    return states


# What the backup can do to use cases


def own_actions(system: System) -> list[Action]:
    """The actions that belong to use cases, and not to the backup."""
    return [action for action in system.actions if action.label.events]


def only_by_backup(system: System) -> frozenset[Fact]:
    """The facts that the backup writes, and that no use case can make true."""
    written = (action.written for action in background(system))
    return frozenset[Fact]().union(*written).difference(*(action.raised for action in own_actions(system)))


def without_backup(system: System) -> System:
    """The system before a disaster in which only use cases do something."""
    never = only_by_backup(system)
    actions = tuple(left for action in own_actions(system) if (left := where_absent(action, never)) is not None)
    return System(tuple(fact for fact in system.facts if fact not in never), actions)


def where_absent(action: Action, never: frozenset[Fact]) -> Action | None:
    """What is left of an action if these facts are false; ``None`` if it cannot happen then."""
    guard = Guard(action.require, action.forbid, action.clauses).given((), never)
    if guard.impossible:
        return None
    rest = replace(action, require=guard.require, forbid=guard.forbid, clauses=guard.clauses)
    return replace(rest, delete=rest.delete - never, copy=tuple(pair for pair in rest.copy if pair[0] not in never))


def only_holds_back(system: System) -> bool:
    """Whether all that the backup can do to use cases is to hold back their actions.

    It is so if each condition that speaks of what the backup writes also holds where a certain fact is false that only
    the backup makes true: then it holds wherever no backup is taken.
    """
    written = frozenset[Fact]().union(*(action.written for action in background(system)))
    never, own = only_by_backup(system), own_actions(system)
    conditions = (each for a in own for each in Guard(a.require, a.forbid, a.clauses).disjunctions)
    return not any(source in written for action in own for source, _ in action.copy) and all(
        written.isdisjoint(fact for fact, _ in each) or any(not holds and fact in never for fact, holds in each)
        for each in conditions
    )
