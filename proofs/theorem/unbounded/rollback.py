"""Rolling back to the oldest backup: no link breaks, and events that are backed up are lost.

*Theorem.*  Let every service be snapshotted alone, and let recovery take all services back to the instant of the
first of these snapshots.  Then no link is broken (C0).  But events are lost that are in a backup, and an interaction
that was in flight at that instant stays half done.

*Proof.*  The cut is the state of all logs at one instant, and a link is made only to what exists.

Source: docs/theorem.md; the article, "Eventual Inconsistency" ("if introducing extra data loss during recovery is not
a problem, it would be possible to achieve consistency … by rolling back the state of every microservice to the point
in time when the oldest backup of one microservice was taken").
"""

from __future__ import annotations

from dataclasses import replace

from bac.proofs.theorem.unbounded.logic import Equal, Formula, both, every, negation, some
from bac.proofs.theorem.unbounded.machine import Machine, Moment, Parameters, Theorem
from bac.proofs.theorem.unbounded.vocabulary import (
    AT,
    BACKED,
    DISASTER,
    IN_GROUP,
    LASTING,
    LOGGED,
    NOTHING_FOLLOWS,
    OLDEST,
    RECOVERED,
    REFERRED_FIRST,
    REFERS,
    SNAPPED,
    SNAPSHOT,
    STEP,
    WELL_FOUNDED,
    E,
    F,
    S,
    broken_link,
    closed,
    half_an_interaction,
    no_broken_link,
)

NAME = "rollback"
STATEMENT = (
    "When recovery takes all services back to the instant of the oldest backup, no link is broken (C0, unless ids are"
    f" used again), for any number of services and interactions that make links only to what exists, {LASTING}, if"
    f" recovery does nothing else {NOTHING_FOLLOWS}; but backed up events are lost, and half interactions stay."
)


def nothing_snapped(now: Moment, _: Parameters) -> Formula:
    """No service has a backup."""
    return every([S], negation(now.of(SNAPPED)(S)))


def something_snapped(now: Moment, _: Parameters) -> Formula:
    """Some service has a backup."""
    return some([S], now.of(SNAPPED)(S))


FIRST_SNAPSHOT = replace(
    SNAPSHOT,
    name="first snapshot",
    words="{0} is snapshotted as the first",
    conditions={**SNAPSHOT.conditions, "nothing is snapped": nothing_snapped},
    effects={**SNAPSHOT.effects, OLDEST: lambda now, _, x: now.of(LOGGED)(*x)},
)
LATER_SNAPSHOT = replace(SNAPSHOT, conditions={**SNAPSHOT.conditions, "something is snapped": something_snapped})
ROLLBACK = replace(
    DISASTER,
    words="disaster strikes, and every log goes back to the instant of the oldest backup",
    effects={**DISASTER.effects, LOGGED: lambda now, _, x: now.of(OLDEST)(*x)},
)

MACHINE = Machine(
    (LOGGED, BACKED, OLDEST, SNAPPED, RECOVERED),
    {
        "nothing requires or refers to itself": WELL_FOUNDED,
        "a link is made to what exists": REFERRED_FIRST,
        "every service is in the group": every([S], IN_GROUP(S)),
    },
    (STEP, FIRST_SNAPSHOT, LATER_SNAPSHOT, ROLLBACK),
    {
        "links are logged with their targets": closed(LOGGED, REFERS),
        "at the oldest backup, they were": closed(OLDEST, REFERS),
    },
    {"no broken link": no_broken_link},
)


def link_survived(now: Moment) -> Formula:
    """A link between two services is in the cut."""
    linked = both(REFERS(E, F), negation(Equal(AT(E), AT(F))), now.of(LOGGED)(E))
    return both(now.of(RECOVERED)(), some([E, F], linked))


def loss(now: Moment) -> Formula:
    """An event is in the backup of its service, and not in the cut."""
    return both(now.of(RECOVERED)(), some([E], both(now.of(BACKED)(E), negation(now.of(LOGGED)(E)))))


def theorem() -> Theorem:
    """Return the theorem with its obligations."""
    script = ["first snapshot", "step", "step", "snapshot", "disaster"]
    return Theorem(
        NAME,
        STATEMENT,
        MACHINE.inductive(),
        (
            MACHINE.run(
                "the assumptions can be met",
                ["step", "step", "first snapshot", "snapshot", "disaster"],
                link_survived,
                "backups are taken, and recovery keeps a link between two services",
            ),
            MACHINE.run(
                "backed up events are lost",
                ["first snapshot", "step", "snapshot", "disaster"],
                loss,
                "an event between the oldest backup and its service's own is in a backup, and recovery drops it",
            ),
            MACHINE.run(
                "half interactions stay",
                ["step", "first snapshot", "step", "snapshot", "disaster"],
                half_an_interaction,
                "an interaction that was in flight at the oldest backup is in the cut by half (not C2)",
            ),
            MACHINE.with_action(DISASTER).run(
                "without the rollback",
                script,
                broken_link,
                "if each service goes back to its own backup, a link breaks",
            ),
            MACHINE.without("a link is made to what exists").run(
                "with links made too early",
                ["step", "first snapshot", "snapshot", "step", "disaster"],
                broken_link,
                "if a link can be made before its target, the oldest backup can come in between",
            ),
        ),
    )
