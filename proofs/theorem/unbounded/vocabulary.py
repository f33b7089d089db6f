"""The vocabulary of the theorems: events and their fixed relations, the actions of backups, and anomalies of a cut.

An *interaction* is one use case at one index.  What depends on deletions is left out: the theorems are about
applications that delete no entity and remove no link (an application that does can leave an orphan, or a link to what
is gone, without any disaster).  Source: docs/semantics.md, "Facts and actions" and "Properties".
"""

from __future__ import annotations

from bac.proofs.theorem.unbounded.logic import (
    Apply,
    Equal,
    Formula,
    Sort,
    Symbol,
    Variable,
    both,
    either,
    every,
    implies,
    negation,
    some,
)
from bac.proofs.theorem.unbounded.machine import Action, Moment, Parameters, Statement

LASTING = "delete nothing and remove no link"
"""The assumption about interactions of all statements but the first; their machines have no such events."""
NOTHING_FOLLOWS = "(nothing is delivered, replayed or resumed)"
RESTORED_ONLY = f"if recovery only replaces logs by one complete set of backups {NOTHING_FOLLOWS}"
"""The assumption about recovery of the statements on groups and orders; their machines have no other actions."""

SERVICE = Sort("Service")
INTERACTION = Sort("Interaction")
EVENT = Sort("Event")

S, T, U = Variable("s", SERVICE), Variable("t", SERVICE), Variable("u", SERVICE)
E, F, G = Variable("e", EVENT), Variable("f", EVENT), Variable("g", EVENT)

# What does not change

AT = Symbol("at", (EVENT,), SERVICE, "{0} belongs to the log of {1}")
OF = Symbol("of", (EVENT,), INTERACTION, "{0} belongs to {1}")
REQUIRES = Symbol("requires", (EVENT, EVENT), None, "{0} can only be logged after {1}")
REFERS = Symbol("refers", (EVENT, EVENT), None, "{0} makes a link to what {1} creates")
IN_GROUP = Symbol("in-group", (SERVICE,), None, "{0} is in the group")

# What does

LOGGED = Symbol("logged", (EVENT,), None, "{0} is logged")
BACKED = Symbol("backed", (EVENT,), None, "{0} is backed up")
OLDEST = Symbol("oldest", (EVENT,), None, "{0} was logged at the instant of the oldest backup")
SNAPPED = Symbol("snapped", (SERVICE,), None, "{0} has a backup")
RECOVERED = Symbol("recovered", (), None, "recovery has begun")
LOCKED = Symbol("locked", (), None, "the group is locked")


def inside(event: Variable | Apply) -> Formula:
    """The event belongs to a service of the group."""
    return IN_GROUP(AT(event))


def together(one: Variable | Apply, other: Variable | Apply) -> Formula:
    """Two events of one interaction."""
    return Equal(OF(one), OF(other))


# Assumptions

REFERRED_FIRST: Formula = every([E, F], implies(REFERS(E, F), REQUIRES(E, F)))
"""A link is made only to what exists: the event that creates its target is logged before."""

WELL_FOUNDED: Formula = every(
    [E, F], both(implies(REQUIRES(E, F), negation(REQUIRES(F, E))), implies(REFERS(E, F), negation(REFERS(F, E))))
)
"""No event requires or refers to one that requires or refers to it (in particular not to itself)."""
REFERRED_WITHIN_OR_FIRST: Formula = every([E, F], implies(REFERS(E, F), either(REQUIRES(E, F), together(E, F))))
"""A link is made to what exists, or to what its own interaction creates."""

# Conditions of actions


def before_disaster(now: Moment, _: Parameters) -> Formula:
    """No disaster has happened."""
    return negation(now.of(RECOVERED)())


def is_new(now: Moment, given: Parameters) -> Formula:
    """The event is not logged."""
    return negation(now.of(LOGGED)(given[0]))


def has_what_it_requires(now: Moment, given: Parameters) -> Formula:
    """Every event that the event requires is logged."""
    return every([F], implies(REQUIRES(given[0], F), now.of(LOGGED)(F)))


def is_not_snapped(now: Moment, given: Parameters) -> Formula:
    """The service has no backup (each is snapshotted once: a run that takes older ones only wastes them)."""
    return negation(now.of(SNAPPED)(given[0]))


def all_snapped(now: Moment, _: Parameters) -> Formula:
    """Every service has a backup."""
    return every([S], now.of(SNAPPED)(S))


def group_snapped(now: Moment, _: Parameters) -> Formula:
    """Every service of the group has a backup."""
    return every([S], implies(IN_GROUP(S), now.of(SNAPPED)(S)))


# Actions

STEP = Action(
    "step",
    "{0} is logged",
    (EVENT,),
    {"before the disaster": before_disaster, "it is new": is_new, "it has what it requires": has_what_it_requires},
    {LOGGED: lambda now, given, x: either(now.of(LOGGED)(*x), Equal(x[0], given[0]))},
)
"""One step of a use case: its event is appended to the log of its service."""

SNAPSHOT = Action(
    "snapshot",
    "{0} is snapshotted",
    (SERVICE,),
    {"before the disaster": before_disaster, "it has no backup yet": is_not_snapped},
    {
        BACKED: lambda now, given, x: either(
            both(Equal(AT(x[0]), given[0]), now.of(LOGGED)(*x)),
            both(negation(Equal(AT(x[0]), given[0])), now.of(BACKED)(*x)),
        ),
        SNAPPED: lambda now, given, x: either(now.of(SNAPPED)(*x), Equal(x[0], given[0])),
    },
)
"""The log of one service is copied at one instant."""

DISASTER = Action(
    "disaster",
    "disaster strikes, and every log is replaced by its backup",
    (),
    {"before the disaster": before_disaster, "everything has a backup": all_snapped},
    {LOGGED: lambda now, _, x: now.of(BACKED)(*x), RECOVERED: lambda *_: both()},
)
"""All services are restored."""

GROUP_DISASTER = Action(
    "disaster",
    "disaster strikes, and in the group every log is replaced by its backup",
    (),
    {"before the disaster": before_disaster, "the group has a backup": group_snapped},
    {
        LOGGED: lambda now, _, x: either(
            both(inside(x[0]), now.of(BACKED)(*x)), both(negation(inside(x[0])), now.of(LOGGED)(*x))
        ),
        RECOVERED: lambda *_: both(),
    },
)
"""All services of the group are restored, whichever of them crashed; others may go on."""

# What a cut must not show


def while_running(statement: Statement) -> Statement:
    """Before the disaster, this is true."""
    return lambda now: implies(negation(now.of(RECOVERED)()), statement(now))


def in_the_cut(statement: Statement) -> Statement:
    """Once recovery has begun, this is true."""
    return lambda now: implies(now.of(RECOVERED)(), statement(now))


def contained(one: Symbol, other: Symbol) -> Statement:
    """The one relation is contained in the other."""
    return lambda now: every([E], implies(now.of(one)(E), now.of(other)(E)))


def closed(relation: Symbol, under: Symbol) -> Statement:
    """Every event of the relation has the events that it requires (or refers to, …) in the relation, too."""
    return lambda now: every([E, F], implies(under(E, F), now.of(relation)(E), now.of(relation)(F)))


def closed_inside(relation: Symbol) -> Statement:
    """The same for links, within the group."""
    here = both(inside(E), inside(F), REFERS(E, F))
    return lambda now: every([E, F], implies(here, now.of(relation)(E), now.of(relation)(F)))


def all_or_none(relation: Symbol) -> Statement:
    """Of each interaction, of its events in the group all are in the relation or none."""
    here = both(inside(E), inside(F), together(E, F))
    return lambda now: every([E, F], implies(here, now.of(relation)(E), now.of(relation)(F)))


no_broken_link = in_the_cut(closed(LOGGED, REFERS))
"""Every link has its target."""
no_broken_link_inside = in_the_cut(closed_inside(LOGGED))
"""In the group, every link has its target."""
no_missing_state_inside = in_the_cut(all_or_none(LOGGED))
"""In the group, no interaction is there by half."""


@in_the_cut
def no_orphan_inside(now: Moment) -> Formula:
    """In the group, what an interaction creates and refers to is referred to."""
    here = both(inside(E), inside(F), REFERS(E, F), together(E, F))
    return every([E, F], implies(here, now.of(LOGGED)(F), now.of(LOGGED)(E)))


def lost(event: Variable, now: Moment) -> Formula:
    """The last action was the disaster; the event was logged before it, and is not in the cut."""
    return both(now.of(RECOVERED)(), Moment(now.number - 1).of(LOGGED)(event), negation(now.of(LOGGED)(event)))


def broken_link(now: Moment) -> Formula:
    """In the cut, a link has lost its target."""
    return some([E, F], both(REFERS(E, F), now.of(LOGGED)(E), lost(F, now)))


def orphan(now: Moment) -> Formula:
    """In the cut, something has lost the only link to it, which its own interaction had made."""
    only = every([G], implies(REFERS(G, F), Equal(G, E)))
    return some([E, F], both(REFERS(E, F), together(E, F), only, now.of(LOGGED)(F), lost(E, now)))


def half_an_interaction(now: Moment) -> Formula:
    """In the cut, an interaction has one of its events in the group, and has lost another one."""
    return some([E, F], both(inside(E), inside(F), together(E, F), now.of(LOGGED)(E), lost(F, now)))


def survived(now: Moment) -> Formula:
    """In the cut is an interaction of two services of the group, and something of the group is lost."""
    kept = both(inside(E), inside(F), together(E, F), negation(Equal(AT(E), AT(F))))
    return both(
        some([E, F], both(kept, now.of(LOGGED)(E), now.of(LOGGED)(F))), some([E], both(inside(E), lost(E, now)))
    )
