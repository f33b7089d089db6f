"""Locked groups: draining and locking make every completed set of backups consistent; locking alone does not.

*Theorem.*  Let a group of services be locked while it is backed up: while the lock is taken, an event is logged in
the group only if its interaction has logged one there already, and a service is snapshotted only when the group is
drained, that is when of every interaction all events in the group are logged or none.  When the group is restored
from its backups, no link inside it is broken, no state in it is an orphan, and no state in it is missing (C2).

*Proof.*  While the lock is taken and some service is snapshotted, nothing can be logged: the group is drained, so an
interaction that has logged an event has logged them all.  So the backups are the logs of one drained instant.

It is assumed that a link is made only to what exists, or to what the same interaction creates.  Outside the group
anything may happen.  A disaster that restores other services only is not covered: it can leave an interaction of this
group half done, because its client is gone.  Source: docs/theorem.md; the article, "Consistent Backups with Limited
Availability".
"""

from __future__ import annotations

from dataclasses import replace

from bac.proofs.theorem.unbounded.logic import (
    FALSE,
    TRUE,
    Equal,
    Formula,
    Variable,
    both,
    every,
    iff,
    implies,
    negation,
    some,
)
from bac.proofs.theorem.unbounded.machine import Action, Machine, Moment, Parameters, Theorem
from bac.proofs.theorem.unbounded.vocabulary import (
    AT,
    BACKED,
    GROUP_DISASTER,
    IN_GROUP,
    LASTING,
    LOCKED,
    LOGGED,
    RECOVERED,
    REFERRED_WITHIN_OR_FIRST,
    REQUIRES,
    RESTORED_ONLY,
    SNAPPED,
    SNAPSHOT,
    STEP,
    WELL_FOUNDED,
    E,
    F,
    S,
    T,
    all_or_none,
    before_disaster,
    closed,
    closed_inside,
    group_snapped,
    half_an_interaction,
    has_what_it_requires,
    inside,
    is_new,
    no_broken_link_inside,
    no_missing_state_inside,
    no_orphan_inside,
    survived,
    together,
    while_running,
)

NAME = "locked"
STATEMENT = (
    "When a group of services is locked for every use case and drained before its services are snapshotted, restoring"
    " the whole group leaves no broken link, no orphan state and no missing state in it (C2), for any number of"
    f" services and interactions that {LASTING}, {RESTORED_ONLY}; locking without draining does not."
)


def is_admitted(now: Moment, given: Parameters) -> Formula:
    """While the group is locked, only interactions go on that have logged an event in it."""
    begun = some([F], both(inside(F), together(given[0], F), now.of(LOGGED)(F)))
    return implies(inside(given[0]), now.of(LOCKED)(), begun)


def is_locked(now: Moment, given: Parameters) -> Formula:
    """The lock is taken, if the service is in the group."""
    return implies(IN_GROUP(given[0]), now.of(LOCKED)())


def is_drained(now: Moment, given: Parameters) -> Formula:
    """If the service is in the group, no interaction is in flight in it."""
    return implies(IN_GROUP(given[0]), all_or_none(LOGGED)(now))


LOCK = Action(
    "lock",
    "the group is locked",
    (),
    {
        "before the disaster": before_disaster,
        "it is free": lambda now, _: negation(now.of(LOCKED)()),
        "nothing of it is snapped": lambda now, _: every([S], implies(IN_GROUP(S), negation(now.of(SNAPPED)(S)))),
    },
    {LOCKED: lambda *_: TRUE},
)
UNLOCK = Action(
    "unlock",
    "the group is unlocked",
    (),
    {
        "before the disaster": before_disaster,
        "it is locked": lambda now, _: now.of(LOCKED)(),
        "all of it is snapped": group_snapped,
    },
    {LOCKED: lambda *_: FALSE},
)


def a_snapshot_is_there(service: Variable, now: Moment) -> Formula:
    """A service of the group is snapped."""
    return both(IN_GROUP(service), now.of(SNAPPED)(service))


MACHINE = Machine(
    (LOGGED, BACKED, SNAPPED, LOCKED, RECOVERED),
    {
        "nothing requires or refers to itself": WELL_FOUNDED,
        "a link is made to what exists or to what its interaction creates": REFERRED_WITHIN_OR_FIRST,
    },
    (
        replace(STEP, conditions={**STEP.conditions, "it is admitted": is_admitted}),
        LOCK,
        replace(
            SNAPSHOT,
            conditions={**SNAPSHOT.conditions, "the group is locked": is_locked, "the group is drained": is_drained},
        ),
        UNLOCK,
        replace(GROUP_DISASTER, effects={**GROUP_DISASTER.effects, LOCKED: lambda *_: FALSE}),
    ),
    {
        "what is logged has what it requires": while_running(closed(LOGGED, REQUIRES)),
        "under the lock a backup is still the log": while_running(
            lambda now: every(
                [S, E],
                implies(
                    now.of(LOCKED)(),
                    a_snapshot_is_there(S, now),
                    Equal(AT(E), S),
                    iff(now.of(BACKED)(E), now.of(LOGGED)(E)),
                ),
            )
        ),
        "under the lock, after a snapshot, nothing is in flight": while_running(
            lambda now: every([S], implies(now.of(LOCKED)(), a_snapshot_is_there(S, now), all_or_none(LOGGED)(now)))
        ),
        "without the lock, all of the group is snapped or nothing": while_running(
            lambda now: every(
                [S, T],
                implies(negation(now.of(LOCKED)()), a_snapshot_is_there(S, now), IN_GROUP(T), now.of(SNAPPED)(T)),
            )
        ),
        "a completed set is consistent": while_running(
            lambda now: every(
                [S],
                implies(
                    negation(now.of(LOCKED)()),
                    a_snapshot_is_there(S, now),
                    both(all_or_none(BACKED)(now), closed_inside(BACKED)(now)),
                ),
            )
        ),
        "the cut is consistent": lambda now: implies(
            now.of(RECOVERED)(), both(all_or_none(LOGGED)(now), closed_inside(LOGGED)(now))
        ),
    },
    {
        "no broken link": no_broken_link_inside,
        "no orphan state": no_orphan_inside,
        "no missing state": no_missing_state_inside,
    },
)


def held_back(now: Moment) -> Formula:
    """Only the lock keeps a command from being executed."""
    return some([E], both(is_new(now, (E,)), has_what_it_requires(now, (E,)), negation(is_admitted(now, (E,)))))


def theorem() -> Theorem:
    """Return the theorem with its obligations."""
    return Theorem(
        NAME,
        STATEMENT,
        MACHINE.inductive(),
        (
            MACHINE.run(
                "the assumptions can be met",
                ["step", "step", "lock", "snapshot", "snapshot", "unlock", "step", "disaster"],
                survived,
                "a backup is completed, and recovery keeps an interaction of two services and loses a later event",
            ),
            MACHINE.run("it costs availability", ["lock"], held_back, "a command is held back under the lock"),
            MACHINE.without("the group is drained").run(
                "without draining",
                ["step", "lock", "snapshot", "step", "snapshot", "unlock", "disaster"],
                half_an_interaction,
                "if the group is locked but not drained, half an interaction can be in the backups",
            ),
            MACHINE.without("it is admitted").run(
                "without holding back",
                ["lock", "snapshot", "step", "step", "snapshot", "unlock", "disaster"],
                half_an_interaction,
                "if the lock holds nothing back, half an interaction can be in the backups",
            ),
        ),
    )
