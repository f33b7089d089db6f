"""Shared databases: one snapshot of one database, and transactions, make every backup consistent.

*Theorem.*  Let the services of a group share one database (Figure 6): what an interaction logs in the group is one
transaction, and the backup of the group is a copy of the whole database at one instant.  When the group is restored,
no link inside it is broken, no state in it is an orphan, and no state in it is missing (C2); and nothing is ever held
back.

*Proof.*  At every instant each interaction has logged all of its events in the group or none.

Without the transaction one instant is not enough (it may fall inside an interaction), and without the one instant the
transaction is not.  Source: docs/theorem.md; the article, "Avoiding the Problem".
"""

from __future__ import annotations

from dataclasses import replace

from bac.proofs.theorem.unbounded.logic import Equal, Formula, both, either, every, implies, negation
from bac.proofs.theorem.unbounded.machine import Action, Machine, Moment, Parameters, Theorem
from bac.proofs.theorem.unbounded.vocabulary import (
    BACKED,
    GROUP_DISASTER,
    IN_GROUP,
    INTERACTION,
    LASTING,
    LOGGED,
    OF,
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
    all_or_none,
    before_disaster,
    closed_inside,
    half_an_interaction,
    inside,
    no_broken_link_inside,
    no_missing_state_inside,
    no_orphan_inside,
    survived,
    together,
    while_running,
)

NAME = "shared-database"
STATEMENT = (
    "When the services of a group share one database, in which every interaction is one transaction and which is backed"
    " up at one instant, restoring the whole group leaves no broken link, no orphan state and no missing state in it"
    f" (C2), for any number of services and interactions that {LASTING}, {RESTORED_ONLY}; and nothing is held back."
)


def not_begun(now: Moment, given: Parameters) -> Formula:
    """The interaction has logged nothing in the group."""
    return every([E], implies(Equal(OF(E), given[0]), inside(E), negation(now.of(LOGGED)(E))))


def requirements_met(now: Moment, given: Parameters) -> Formula:
    """Every event that an event of the transaction requires is logged, or is in the transaction."""
    here = both(Equal(OF(E), given[0]), inside(E), REQUIRES(E, F))
    return every([E, F], implies(here, either(now.of(LOGGED)(F), both(inside(F), together(E, F)))))


TRANSACTION = Action(
    "transaction",
    "{0} logs all its events in the group",
    (INTERACTION,),
    {
        "before the disaster": before_disaster,
        "it has not begun": not_begun,
        "it has what it requires": requirements_met,
    },
    {LOGGED: lambda now, given, x: either(now.of(LOGGED)(*x), both(Equal(OF(x[0]), given[0]), inside(x[0])))},
)
GROUP_SNAPSHOT = Action(
    "snapshot of the group",
    "the whole group is snapshotted at one instant",
    (),
    {
        "before the disaster": before_disaster,
        "nothing of it is snapped": lambda now, _: every([S], implies(IN_GROUP(S), negation(now.of(SNAPPED)(S)))),
    },
    {
        BACKED: lambda now, _, x: either(
            both(inside(x[0]), now.of(LOGGED)(*x)), both(negation(inside(x[0])), now.of(BACKED)(*x))
        ),
        SNAPPED: lambda now, _, x: either(now.of(SNAPPED)(*x), IN_GROUP(x[0])),
    },
)
STEP_OUTSIDE = replace(
    STEP,
    name="step outside",
    conditions={**STEP.conditions, "it is outside of the group": lambda _, given: negation(inside(given[0]))},
)
SNAPSHOT_OUTSIDE = replace(
    SNAPSHOT,
    name="snapshot outside",
    conditions={**SNAPSHOT.conditions, "it is outside of the group": lambda _, given: negation(IN_GROUP(given[0]))},
)

MACHINE = Machine(
    (LOGGED, BACKED, SNAPPED, RECOVERED),
    {
        "nothing requires or refers to itself": WELL_FOUNDED,
        "a link is made to what exists or to what its interaction creates": REFERRED_WITHIN_OR_FIRST,
    },
    (TRANSACTION, GROUP_SNAPSHOT, STEP_OUTSIDE, SNAPSHOT_OUTSIDE, GROUP_DISASTER),
    {
        "interactions are logged all or none": all_or_none(LOGGED),
        "interactions are backed up all or none": while_running(all_or_none(BACKED)),
        "links are logged with their targets": closed_inside(LOGGED),
        "links are backed up with their targets": while_running(closed_inside(BACKED)),
    },
    {
        "no broken link": no_broken_link_inside,
        "no orphan state": no_orphan_inside,
        "no missing state": no_missing_state_inside,
    },
)


def theorem() -> Theorem:
    """Return the theorem with its obligations."""
    return Theorem(
        NAME,
        STATEMENT,
        MACHINE.inductive(),
        (
            MACHINE.run(
                "the assumptions can be met",
                ["transaction", "snapshot of the group", "transaction", "disaster"],
                survived,
                "a backup is taken, and recovery keeps an interaction of two services and loses a later one",
            ),
            replace(MACHINE, actions=(STEP, GROUP_SNAPSHOT, GROUP_DISASTER)).run(
                "without transactions",
                ["step", "snapshot of the group", "step", "disaster"],
                half_an_interaction,
                "if the steps of an interaction are no transaction, the instant can fall between them",
            ),
            replace(MACHINE, actions=(TRANSACTION, SNAPSHOT, GROUP_DISASTER)).run(
                "without one instant",
                ["snapshot", "transaction", "snapshot", "disaster"],
                half_an_interaction,
                "if the services are not snapshotted at one instant, a transaction can fall between them",
            ),
        ),
    )
