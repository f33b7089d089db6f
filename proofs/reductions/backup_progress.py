"""Prove from the parts of a system that a backup can always be completed, without a search of the whole.

Let s be a state of a system S before the disaster, and s/p its restriction to S/p, the system of one part p (an index,
or a cone of use cases), as in :mod:`bac.proofs.reductions.projection`.  Suppose that from every state of S/p the part
can *finish*: it can reach a state in which it blocks no backup, by actions of its own that no other part can block.
Then in S all parts can finish, one after the other: each leaves the others as they are, or, where two cones overlap,
finishes what they share.  From then on no part blocks the backup, provided that the backup writes no fact that its own
guards mention about parts.  And a backup that no part blocks can be completed: the order of a plan is a list, a lock is
taken when it is free and released when all of the group are backed up.  (Services that are never backed up must be
excluded by the caller.)

It is not enough that the search of each part finds no dead end: two parts can block each other.

The argument works in one direction: if it does not apply, nothing is proved.  It is about any number of parts, so it
holds for any number of indices.  Source: docs/engines.md, "Reductions".
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

from bac.model.guard import Guard, both, some
from bac.model.system import RECOVERED, Action, ActionKind, Clause, Fact, FactKind, Label, System
from bac.proofs.engine import PackedAction, Packing
from bac.proofs.reductions.projection import Partition, use_case_of

MOST_STATES = 200_000
"""With more states of a part than that, the proof is not tried."""
CHECK_EVERY = 1024
"""So many states are visited between two calls of ``check``."""


def can_always_be_completed(part: System, check: Callable[[], None] = lambda: None, most: int = MOST_STATES) -> bool:
    """Whether it is proved that a part of a system never blocks a backup forever, whatever other parts there are.

    Args:
        part: its system, with one index.
        check: called now and then; it may raise an error to stop.
        most: beyond so many states of the part the argument is not tried.
    """
    return guards_are_stable(part) and always_finishes(part, check, most)


def background(system: System) -> Iterator[Action]:
    """Return the actions of the backup: those before the disaster that belong to no use case."""
    return (action for action in system.actions if not action.label.events and RECOVERED not in action.add)


def guards(system: System) -> list[Clause]:
    """Return, as clauses, the conditions on use cases under which the actions of the backup can happen."""
    found: list[Clause] = []
    for action in background(system):
        found += (Clause(frozenset(), frozenset([fact])) for fact in action.forbid if fact.events)
        found += (clause for clause in action.clauses if any(fact.events for fact in clause.positive | clause.negative))
        found += (Clause(frozenset([fact]), frozenset()) for fact in action.require if fact.events)
    return list(dict.fromkeys(found))


def guards_are_stable(system: System) -> bool:
    """Whether the backup writes no fact that its own guards mention about use cases, and no mark of theirs blocks it.

    A guard that also mentions common facts counts as unstable, because the backup writes those.
    """
    written = {fact for action in background(system) for fact in action.written}
    about = {fact for guard in guards(system) for fact in guard.positive | guard.negative}
    marks = Partition(system, use_case_of).marks
    stable = not about & written and all(fact.events for fact in about)
    return stable and not any(marks & action.blocking for action in background(system))


def always_finishes(system: System, check: Callable[[], None] = lambda: None, most: int = MOST_STATES) -> bool:
    """Whether the use cases can, from every state and by their own actions, reach one that blocks no backup."""
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
    states = reachable_states(steps, check, most)
    if states is None:
        return False
    masks = [(packing.mask(clause.positive), packing.mask(clause.negative)) for clause in clauses]
    good = {state for state in states if all(state & yes or state & no != no for yes, no in masks)}
    changed = True
    while changed and len(good) < len(states):  # one pass, if every action leads to a later state
        before = len(good)
        for number, state in enumerate(reversed(states)):
            if number % CHECK_EVERY == 0:
                check()
            if state not in good and any(action.enabled(state) and action.apply(state) in good for action in own):
                good.add(state)
        changed = len(good) > before
    return len(good) == len(states)


def reachable_states(
    actions: list[PackedAction], check: Callable[[], None], most: int = MOST_STATES
) -> list[int] | None:
    """Return the states that these actions reach, in breadth-first order; ``None`` if there are too many."""
    states, seen = [0], {0}
    for number, state in enumerate(states):
        if number % CHECK_EVERY == 0:
            check()
        for action in actions:
            if action.enabled(state) and (after := action.apply(state)) not in seen:
                seen.add(after)
                states.append(after)
        if len(states) > most:
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


ALONE = Fact(FactKind.SNAPPED, (), ("",))
"""From now on nothing else helps: a fact that no other system has, because no service has such a name."""


def left_alone(system: System, kept: Callable[[Fact], bool]) -> System:
    """The system of these facts, whatever all others are: until some moment they never hinder, then they never help.

    A state of the system, as far as it is about these facts, is a state of this one.  What this one can do from then on
    without help, the system can do as well, whatever else happens there.
    """
    possible = frozenset[Fact]().union(*(action.raised for action in system.actions))
    own = (each for each in system.actions if each.label.events and any(map(kept, each.written)))
    alone = Action(Label(ActionKind.UNLOCK, services=ALONE.services), forbid=frozenset([ALONE]), add=frozenset([ALONE]))
    facts = (*filter(kept, system.facts), ALONE)
    return System(facts, (*(without_help(each, kept, possible) for each in own), alone))


def without_help(action: Action, kept: Callable[[Fact], bool], possible: frozenset[Fact]) -> Action:
    """The action among these facts; what it asks of others it gets until nothing helps any more."""
    conditions = []
    for each in Guard(action.require, action.forbid, action.clauses).disjunctions:
        if not any(not holds and fact not in possible for fact, holds in each):
            own = frozenset(literal for literal in each if kept(literal[0]))
            conditions.append(own if len(own) == len(each) else own | {(ALONE, False)})
    guard = both(some((f for f, holds in each if holds), (f for f, holds in each if not holds)) for each in conditions)
    return guard.action(
        action.label,
        filter(kept, action.add),
        filter(kept, action.delete),
        (pair for pair in action.copy if kept(pair[0]) and kept(pair[1])),
    )


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
