"""Impossibility: no policy that snapshots one service at a time wins against clients that always answer.

*Theorem.*  Let a policy snapshot services, one at a time, as often as it likes, seeing everything.  Let clients
answer every snapshot with one fresh round: one interaction between every two services that share a use case, run to
its end.  Then, whenever two services that share a use case have backups, one of them lacks an interaction that the
other one has.  Such an interaction is there by half: a broken link or an orphan if it makes a link between the two (so
the policy never wins C1), and in any case an anomaly (so it never wins C2).  If references form a cycle whose services
all have backups, some link in these is broken: the policy never wins C0.

*Proof.*  The round that answered the newest snapshot of the service that was snapshotted earlier is in the later
backup, and not in the earlier.  On a cycle, the service that was snapshotted last refers to one that was snapshotted
earlier.

Assumed: one service at a time (``single``); clients are not held back (``available``), never stop (``unbounded``), and
finish a round before the policy moves again (``asynchronous``); the newest backups are restored as they are
(``separate``, ``verbatim``, ``state-only``).  Without the first, *this* strategy fails; clients that stop in the middle
of an interaction may still win (docs/theorem.md, "Impossibility over all policies").
Source: docs/theorem.md; the article, "The BAC Theorem".
"""

from __future__ import annotations

from dataclasses import replace

from bac.proofs.theorem.unbounded.logic import (
    FALSE,
    TRUE,
    Equal,
    Formula,
    Sort,
    Symbol,
    Variable,
    both,
    either,
    every,
    iff,
    implies,
    negation,
    some,
)
from bac.proofs.theorem.unbounded.machine import Action, Machine, Moment, Obligation, Parameters, Problem, Theorem
from bac.proofs.theorem.unbounded.vocabulary import SERVICE, SNAPPED, S, T, U

NAME = "impossibility"
STATEMENT = (
    "Whatever a policy does that snapshots one service at a time, clients that answer every snapshot with a fresh round"
    " of interactions keep the newest backups inconsistent: of two services that share a use case, the one that was"
    " snapshotted earlier lacks an interaction that the other one has (not C2, nor C1 if it makes a link between them);"
    " and on a cycle of references some link is broken (not C0)."
)

ROUND = Sort("Round")
R = Variable("r", ROUND)
RUN = Symbol("run", (ROUND,), None, "{0} has been run")
HAS = Symbol("has", (SERVICE, ROUND), None, "the newest backup of {0} has the events of {1}")
OLDER = Symbol("older", (SERVICE, SERVICE), None, "the newest backup of {0} is older than that of {1}")
SHARE = Symbol("share", (SERVICE, SERVICE), None, "{0} and {1} share a use case")
MEMBER = Symbol("on-the-cycle", (SERVICE,), None, "{0} is on the cycle")
LAST, NEXT = Symbol("last", (), SERVICE)(), Symbol("next", (), SERVICE)()


def is_fresh(now: Moment, given: Parameters) -> Formula:
    """The round has not been run: clients can always have another one."""
    return negation(now.of(RUN)(given[-1]))


def newest(now: Moment, given: Parameters, x: tuple[Variable, ...]) -> Formula:
    """The newest backup of this service is the log of now; those of the others stay."""
    taken = both(Equal(x[0], given[0]), now.of(RUN)(x[1]))
    return either(taken, both(negation(Equal(x[0], given[0])), now.of(HAS)(*x)))


def newer(now: Moment, given: Parameters, x: tuple[Variable, ...]) -> Formula:
    """Every other backup is older than that of this service; among the others nothing changes."""
    than_this = both(Equal(x[1], given[0]), negation(Equal(x[0], given[0])), now.of(SNAPPED)(x[0]))
    others = both(negation(Equal(x[0], given[0])), negation(Equal(x[1], given[0])), now.of(OLDER)(*x))
    return either(than_this, others)


SNAPSHOT = Action(
    "snapshot",
    "{0} is snapshotted, and clients answer with {1}",
    (SERVICE, ROUND),
    {"the clients go on": is_fresh},
    {
        HAS: newest,
        SNAPPED: lambda now, given, x: either(now.of(SNAPPED)(*x), Equal(x[0], given[0])),
        OLDER: newer,
        RUN: lambda now, given, x: either(now.of(RUN)(*x), Equal(x[0], given[1])),
    },
)
MORE = Action(
    "more",
    "other clients run {0}",
    (ROUND,),
    {},
    {RUN: lambda now, given, x: either(now.of(RUN)(*x), Equal(x[0], given[0]))},
)


def answered(now: Moment) -> Formula:
    """Every newest backup lacks a round that has been run."""
    lacks = some([R], both(now.of(RUN)(R), negation(now.of(HAS)(S, R))))
    return every([S], implies(now.of(SNAPPED)(S), lacks))


def older_lacks(now: Moment) -> Formula:
    """The older of two backups lacks a round that the newer one has."""
    lacks = some([R], both(now.of(HAS)(T, R), negation(now.of(HAS)(S, R))))
    return every([S, T], implies(now.of(OLDER)(S, T), lacks))


def one_is_older(now: Moment) -> Formula:
    """Of two backups of different services, one is older."""
    different = both(now.of(SNAPPED)(S), now.of(SNAPPED)(T), negation(Equal(S, T)))
    return every([S, T], implies(different, either(now.of(OLDER)(S, T), now.of(OLDER)(T, S))))


def older_is_transitive(now: Moment) -> Formula:
    """Being older is transitive."""
    older = now.of(OLDER)
    return every([S, T, U], implies(older(S, T), older(T, U), older(S, U)))


def ages_are_of_backups(now: Moment) -> Formula:
    """Only backups are older or newer, and none than itself."""
    fine = both(now.of(SNAPPED)(S), now.of(SNAPPED)(T), negation(Equal(S, T)))
    return every([S, T], implies(now.of(OLDER)(S, T), fine))


def inconsistent(now: Moment) -> Formula:
    """Of two services that share a use case and have backups, one lacks what the other one has."""
    one, other = now.of(HAS)(S, R), now.of(HAS)(T, R)
    differ = some([R], either(both(one, negation(other)), both(other, negation(one))))
    return every([S, T], implies(SHARE(S, T), now.of(SNAPPED)(S), now.of(SNAPPED)(T), differ))


MACHINE = Machine(
    (RUN, HAS, SNAPPED, OLDER),
    {"two services share a use case, not one": every([S], negation(SHARE(S, S)))},
    (SNAPSHOT, MORE),
    {
        "every snapshot was answered": answered,
        "the older backup lacks what the newer has": older_lacks,
        "one of two is older": one_is_older,
        "age is transitive": older_is_transitive,
        "only backups have ages": ages_are_of_backups,
    },
    {"the backups are inconsistent": inconsistent},
)


def broken_on_a_cycle() -> Obligation:
    """On a cycle of references, a link in the newest backups is broken."""
    now = Moment(0)
    others_older = implies(MEMBER(S), either(Equal(S, LAST), now.of(OLDER)(S, LAST)))
    broken = some([R], both(now.of(HAS)(LAST, R), negation(now.of(HAS)(NEXT, R))))
    problem = Problem(
        (
            *((f"invariant: {name}", each(now)) for name, each in MACHINE.invariant.items()),
            ("finitely many services are on the cycle, so one of them was snapshotted last", MEMBER(LAST)),
            ("that is, every other backup of them is older", every([S], others_older)),
            ("it refers to another one of them", both(MEMBER(NEXT), negation(Equal(NEXT, LAST)))),
            ("not: a link from it to that one is broken", negation(broken)),
        )
    )
    explanation = "the service of a cycle that was snapshotted last has a link to what another backup lacks"
    return Obligation("safety a link is broken on a cycle", "unsat", problem, explanation)


def consistent(now: Moment) -> Formula:
    """The policy wins: two services that share a use case have backups, not empty, with the same rounds."""
    equal = every([R], iff(now.of(HAS)(S, R), now.of(HAS)(T, R)))
    fine = both(SHARE(S, T), now.of(SNAPPED)(S), now.of(SNAPPED)(T), some([R], now.of(HAS)(S, R)), equal)
    return some([S, T], fine)


def played(now: Moment) -> Formula:
    """Two services that share a use case have backups, and neither is empty."""
    fine = both(SHARE(S, T), some([R], now.of(HAS)(S, R)), some([R], now.of(HAS)(T, R)))
    return some([S, T], fine)


EVERYTHING_AT_ONCE = Action(
    "snapshot of everything",
    "all services are snapshotted at one instant, and clients answer with {0}",
    (ROUND,),
    {"the clients go on": is_fresh},
    {
        HAS: lambda now, _, x: now.of(RUN)(x[1]),
        SNAPPED: lambda *_: TRUE,
        OLDER: lambda *_: FALSE,
        RUN: lambda now, given, x: either(now.of(RUN)(*x), Equal(x[0], given[0])),
    },
)
UNANSWERED = replace(
    SNAPSHOT,
    name="unanswered snapshot",
    words="{0} is snapshotted, and no client answers",
    parameters=(SERVICE,),
    conditions={},
    effects={key: value for key, value in SNAPSHOT.effects.items() if key != RUN},
)


def theorem() -> Theorem:
    """Return the theorem with its obligations."""
    return Theorem(
        NAME,
        STATEMENT,
        (*MACHINE.inductive(), broken_on_a_cycle()),
        (
            MACHINE.run(
                "the game can be played",
                ["snapshot", "snapshot", "more", "snapshot"],
                played,
                "the policy snapshots, the clients answer, and the policy tries again",
            ),
            MACHINE.with_action(EVERYTHING_AT_ONCE).run(
                "without single",
                ["more", "snapshot of everything"],
                consistent,
                "if services can be snapshotted at one instant, this strategy fails",
            ),
            MACHINE.with_action(UNANSWERED).run(
                "without available or unbounded",
                ["snapshot", "unanswered snapshot", "unanswered snapshot"],
                consistent,
                "if clients can be held back, or stop, while two services are snapshotted, the backups are consistent",
            ),
            MACHINE.without("the clients go on").run(
                "without fresh rounds",
                ["more", "snapshot", "snapshot"],
                consistent,
                "if a round that was run before counts as an answer, the backups can be consistent",
            ),
        ),
    )
