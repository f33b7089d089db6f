"""When a part of a system can be left out of every run, and what follows from its parts for the whole.

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

from collections.abc import Callable, Hashable, Iterable, Iterator
from dataclasses import dataclass, replace
from functools import cached_property

from bac.model.guard import Guard, both, some
from bac.model.plan import Plan
from bac.model.recovery import Broker, OnInvalid, Restore, Rollback
from bac.model.system import RECOVERED, Action, ActionKind, Clause, Event, Fact, FactKind, Label, System
from bac.proofs.engine import PackedAction, Packing

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


# Backups of the whole, from its parts

COVERED: dict[str, tuple[object, ...]] = {
    "restore": (Restore.GROUP, Restore.CRASHED),
    "rollback": (Rollback.NONE, Rollback.OLDEST),
    "broker": (None, Broker.LOST, Broker.SURVIVES),
    "replay": (False, True),
    "resume": (False, True),
    "on_invalid": (OnInvalid.ACCEPT, OnInvalid.REJECT),
}
"""The options of recovery, and their values, under which the parts of a system are looked at one by one."""


def is_separable(plan: Plan) -> bool:
    """Whether the argument below covers a plan: its options are :data:`COVERED`, and its modes say that they are."""
    options = plan.recovery.used <= COVERED.keys() and all(
        getattr(plan.recovery, name) in values for name, values in COVERED.items()
    )
    return options and all(group.mode.separable for group in plan.groups)


MOST_STATES = 200_000
"""With more states of a part than that, the proof is not tried."""
CHECK_EVERY = 1024
"""So many states are visited between two calls of ``check``."""


def can_always_be_completed(part: System, check: Callable[[], None] = lambda: None, most: int = MOST_STATES) -> bool:
    """Whether it is proved that a part of a system never blocks a backup forever, whatever other parts there are.

    Let s be a state of a system S before the disaster, and s/p its restriction to S/p, the system of one part p (an
    index, or a cone of use cases). Suppose that from every state of S/p the part can *finish*: it can reach a state in
    which it blocks no backup, by actions of its own that no other part can block. Then in S all parts can finish, one
    after the other: each leaves the others as they are, or, where two cones overlap, finishes what they share. From
    then on no part blocks the backup, provided that the backup writes no fact that its own guards mention about parts.
    And a backup that no part blocks can be completed: the order of a plan is a list, a lock is taken when it is free
    and released when all of the group are backed up. (Services that are never backed up must be excluded by the
    caller.)

    It is not enough that the search of each part finds no dead end: two parts can block each other. The argument works
    in one direction: if it does not apply, nothing is proved. It is about any number of parts, so it holds for any
    number of indices. Source: docs/engines.md, "Reductions".

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
    """Return the rest of an action if these facts are false; ``None`` if it cannot happen then."""
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
