"""Ordered backups: if the service of every referrer is backed up before the service that it refers to, no link breaks.

*Theorem.*  Let services be snapshotted one by one, in an order in which the service that holds a link always comes
before the service of the link's target.  When every service is restored, no link is broken (C0).  Such an order
exists only if references form no cycle.

*Proof.*  A link that is in the backup of its holder was made before that backup was taken, and its target before
that.  The backup of the target is taken later, when the target is there, for nothing is ever deleted.

Orphans stay possible, and so does missing state.  It is assumed that a link is made only to what exists.  Source:
docs/theorem.md.
"""

from __future__ import annotations

from dataclasses import replace

from bac.proofs.theorem.unbounded.logic import (
    Equal,
    Formula,
    Symbol,
    both,
    either,
    every,
    implies,
    negation,
    some,
)
from bac.proofs.theorem.unbounded.machine import Machine, Moment, Obligation, Parameters, Problem, Theorem
from bac.proofs.theorem.unbounded.vocabulary import (
    AT,
    BACKED,
    DISASTER,
    LASTING,
    LOGGED,
    RECOVERED,
    REFERRED_FIRST,
    REFERS,
    RESTORED_ONLY,
    SERVICE,
    SNAPPED,
    SNAPSHOT,
    STEP,
    WELL_FOUNDED,
    E,
    F,
    S,
    T,
    U,
    broken_link,
    closed,
    contained,
    lost,
    no_broken_link,
    orphan,
    while_running,
)

NAME = "referrer-first"
STATEMENT = (
    "When all services are backed up one by one, always the one that holds a link before the one that owns its target,"
    " restoring all of them leaves no broken link (C0, unless ids are used again), for any number of services and"
    f" interactions that make links only to what exists, {LASTING}, {RESTORED_ONLY}; on a cycle of references there is"
    " no such order."
)

EARLIER = Symbol("earlier", (SERVICE, SERVICE), None, "{0} is to be backed up before {1}")
MEMBER = Symbol("on-the-cycle", (SERVICE,), None, "{0} is on the cycle")
FIRST = Symbol("first", (), SERVICE)


def those_before_are_snapped(now: Moment, given: Parameters) -> Formula:
    """Every service that is to be backed up before has a backup."""
    return every([S], implies(EARLIER(S, given[0]), now.of(SNAPPED)(S)))


def kept_by_later(now: Moment) -> Formula:
    """A link that is backed up has its target in the backup of the target's service, if that has been taken."""
    linked = both(REFERS(E, F), now.of(BACKED)(E), now.of(SNAPPED)(AT(F)))
    return every([E, F], implies(linked, now.of(BACKED)(F)))


IRREFLEXIVE = every([S], negation(EARLIER(S, S)))
TRANSITIVE = every([S, T, U], implies(EARLIER(S, T), EARLIER(T, U), EARLIER(S, U)))
HOLDERS_FIRST = every([E, F], implies(REFERS(E, F), either(Equal(AT(E), AT(F)), EARLIER(AT(E), AT(F)))))

MACHINE = Machine(
    (LOGGED, BACKED, SNAPPED, RECOVERED),
    {
        "nothing requires or refers to itself": WELL_FOUNDED,
        "a link is made to what exists": REFERRED_FIRST,
        "the order is irreflexive": IRREFLEXIVE,
        "the order is transitive": TRANSITIVE,
        "the holder's service comes first": HOLDERS_FIRST,
    },
    (
        STEP,
        replace(SNAPSHOT, conditions={**SNAPSHOT.conditions, "those before are snapped": those_before_are_snapped}),
        DISASTER,
    ),
    {
        "links are logged with their targets": closed(LOGGED, REFERS),
        "what is backed up is logged": contained(BACKED, LOGGED),
        "backups are taken in the order": lambda now: every(
            [S, T], implies(EARLIER(S, T), now.of(SNAPPED)(T), now.of(SNAPPED)(S))
        ),
        "a link is backed up with its target": while_running(kept_by_later),
        "only a snapshot backs up": lambda now: every([E], implies(now.of(BACKED)(E), now.of(SNAPPED)(AT(E)))),
    },
    {"no broken link": no_broken_link},
)


def link_survived(now: Moment) -> Formula:
    """In the cut is a link between two services, and something is lost."""
    linked = both(REFERS(E, F), negation(Equal(AT(E), AT(F))), now.of(LOGGED)(E))
    return both(some([E, F], linked), some([E], lost(E, now)))


def no_order_on_a_cycle() -> Obligation:
    """Of services each of which another of them refers to, none can come first."""
    referred = both(MEMBER(AT(E)), negation(Equal(AT(E), AT(F))), REFERS(E, F), Equal(AT(F), FIRST()))
    problem = Problem(
        (
            ("assumption: the order is irreflexive", IRREFLEXIVE),
            ("assumption: the order is transitive", TRANSITIVE),
            ("assumption: the holder's service comes first", HOLDERS_FIRST),
            ("finitely many services are on the cycle, so one of them is a first", MEMBER(FIRST())),
            ("that is, none of them is earlier", every([S], implies(MEMBER(S), negation(EARLIER(S, FIRST()))))),
            ("another one of them refers to it", some([E, F], referred)),
        )
    )
    return Obligation(
        "no such order on a cycle", "unsat", problem, "some service on the cycle comes first, and none can"
    )


def theorem() -> Theorem:
    """Return the theorem with its obligations."""
    script = ["snapshot", "step", "step", "snapshot", "disaster"]
    return Theorem(
        NAME,
        STATEMENT,
        (*MACHINE.inductive(), no_order_on_a_cycle()),
        (
            MACHINE.run(
                "the assumptions can be met",
                ["step", "step", "snapshot", "snapshot", "step", "disaster"],
                link_survived,
                "backups are taken in order, and recovery keeps a link between two services and loses a later event",
            ),
            MACHINE.run(
                "orphans stay possible",
                script,
                orphan,
                "an interaction after the first backup leaves it (not C1)",
            ),
            MACHINE.without("those before are snapped").run(
                "without the order", script, broken_link, "if the order is not kept, a link can break"
            ),
            MACHINE.without("the holder's service comes first").run(
                "with references against the order",
                script,
                broken_link,
                "if some reference goes against the order, as on a cycle one must, its link can break",
            ),
            MACHINE.without("a link is made to what exists").run(
                "with links made too early",
                ["step", "snapshot", "snapshot", "step", "disaster"],
                broken_link,
                "if a link can be made before its target, the disaster can come in between",
            ),
        ),
    )
