"""Markers: a distributed snapshot over event channels, with the channels recorded, leaves nothing half done.

*Theorem.*  Let every interaction begin with one step, and every other step of it be brought about by events of
earlier steps.  Let every service be snapshotted alone, let the marker come before the messages sent after a
snapshot, and let recovery deliver again every message that the backups show as sent (recorded channels; a message
that was consumed is ignored), and what it delivers send messages as usual.  Then no event is in the cut without those
that brought it about.  Once recovery has settled, of each interaction all events are in the cut or none.  So, if links
stay within interactions, the cut is consistent (C2).

*Proof.*  By the marker rule, what a message sent after its sender's snapshot brings about is logged after the
receiver's snapshot; so the cut is closed under causes.  The events of an interaction that are then missing are
brought about by recovery: look at the earliest of them.

To publish the recovered logs again adds nothing: all their messages wait already.  Links between interactions, and
steps that are called, follow no marker.  Source: docs/theorem.md; the article, "Distributed Snapshots", and its
reference 16 (Chandy and Lamport).
"""

from __future__ import annotations

from dataclasses import replace

from bac.proofs.theorem.unbounded.logic import (
    FALSE,
    Equal,
    Formula,
    Symbol,
    Term,
    both,
    either,
    every,
    implies,
    negation,
    some,
)
from bac.proofs.theorem.unbounded.machine import Action, Machine, Moment, Obligation, Parameters, Problem, Theorem
from bac.proofs.theorem.unbounded.vocabulary import (
    AT,
    BACKED,
    DISASTER,
    EVENT,
    LASTING,
    LOGGED,
    RECOVERED,
    REFERS,
    SNAPPED,
    SNAPSHOT,
    E,
    F,
    before_disaster,
    broken_link,
    closed,
    contained,
    is_new,
    lost,
    together,
    while_running,
)

NAME = "markers"
STATEMENT = (
    "When a distributed snapshot follows the marker rule and records its channels, restoring all of it from one"
    " complete set of backups leaves no event without its causes, and once recovery has settled no orphan state and no"
    " missing state (C2), for any number of services and interactions of which every step but the first is brought"
    " about by events of earlier ones, and no step does harm when it is done twice; links must stay within"
    f" interactions, which {LASTING}, and recovery rejects no event."
)

BROUGHT_ABOUT_BY = Symbol("brought-about-by", (EVENT, EVENT), None, "{0} is brought about by a message of {1}")
PENDING = Symbol("pending", (EVENT, EVENT), None, "the message of {1} for {0} waits in the broker")


def is_first(event: Term) -> Formula:
    """No message brings the event about: it is the client's command."""
    return every([F], negation(BROUGHT_ABOUT_BY(event, F)))


def has_a_message(_: Moment, given: Parameters) -> Formula:
    """Some message brings the event about."""
    return some([F], BROUGHT_ABOUT_BY(given[0], F))


def all_messages_wait(now: Moment, given: Parameters) -> Formula:
    """Every message that brings the event about waits in the broker."""
    return every([F], implies(BROUGHT_ABOUT_BY(given[0], F), now.of(PENDING)(given[0], F)))


def all_causes_logged(now: Moment, given: Parameters) -> Formula:
    """Every event that brings this one about is logged."""
    return every([F], implies(BROUGHT_ABOUT_BY(given[0], F), now.of(LOGGED)(F)))


def marker_came_first(now: Moment, given: Parameters) -> Formula:
    """A message that was sent after its sender's snapshot waits for the receiver's."""
    sent_after = both(now.of(SNAPPED)(AT(F)), negation(now.of(BACKED)(F)), negation(Equal(AT(F), AT(given[0]))))
    return every([F], implies(BROUGHT_ABOUT_BY(given[0], F), sent_after, now.of(SNAPPED)(AT(given[0]))))


def after_disaster(now: Moment, _: Parameters) -> Formula:
    """A disaster has happened."""
    return now.of(RECOVERED)()


LOG_IT = {LOGGED: lambda now, given, x: either(now.of(LOGGED)(*x), Equal(x[0], given[0]))}
CONSUME_AND_SEND = {
    PENDING: lambda now, given, x: either(
        both(now.of(PENDING)(*x), negation(Equal(x[0], given[0]))),
        both(Equal(x[1], given[0]), BROUGHT_ABOUT_BY(x[0], x[1])),
    )
}

COMMAND = Action(
    "command",
    "a client's command logs {0}",
    (EVENT,),
    {
        "before the disaster": before_disaster,
        "it is new": is_new,
        "it is a first step": lambda _, given: is_first(given[0]),
    },
    {
        **LOG_IT,
        PENDING: lambda now, given, x: either(
            now.of(PENDING)(*x), both(Equal(x[1], given[0]), BROUGHT_ABOUT_BY(x[0], x[1]))
        ),
    },
)
RECEIVE = Action(
    "receive",
    "a message logs {0}",
    (EVENT,),
    {
        "before the disaster": before_disaster,
        "it is new": is_new,
        "it has a message": has_a_message,
        "all its messages wait": all_messages_wait,
        "the marker came first": marker_came_first,
    },
    {**LOG_IT, **CONSUME_AND_SEND},
)
RESTORE = replace(
    DISASTER,
    words="disaster strikes, every log is replaced by its backup, and messages that backups show as sent wait again",
    effects={**DISASTER.effects, PENDING: lambda now, _, x: both(BROUGHT_ABOUT_BY(*x), now.of(BACKED)(x[1]))},
)
DELIVER = Action(
    "deliver",
    "a recorded message logs {0}",
    (EVENT,),
    {
        "after the disaster": after_disaster,
        "it is new": is_new,
        "it has a message": has_a_message,
        "all its messages wait": all_messages_wait,
    },
    {**LOG_IT, **CONSUME_AND_SEND},
)


def pending_is_sent(now: Moment) -> Formula:
    """A message that waits was sent."""
    return every([E, F], implies(now.of(PENDING)(E, F), both(BROUGHT_ABOUT_BY(E, F), now.of(LOGGED)(F))))


def marker_rule(now: Moment) -> Formula:
    """If the cause was logged after its service's snapshot, so was the effect."""
    after = both(BROUGHT_ABOUT_BY(E, F), now.of(LOGGED)(E), now.of(SNAPPED)(AT(F)), negation(now.of(BACKED)(F)))
    return every([E, F], implies(after, both(now.of(SNAPPED)(AT(E)), negation(now.of(BACKED)(E)))))


def recorded(now: Moment) -> Formula:
    """After the disaster, a message that was sent and not consumed waits."""
    sent = both(BROUGHT_ABOUT_BY(E, F), now.of(LOGGED)(F), negation(now.of(LOGGED)(E)))
    return implies(now.of(RECOVERED)(), every([E, F], implies(sent, now.of(PENDING)(E, F))))


def causes_are_there(now: Moment) -> Formula:
    """In the cut, the causes of each event are there, too."""
    return implies(now.of(RECOVERED)(), closed(LOGGED, BROUGHT_ABOUT_BY)(now))


def delivery_goes_on(now: Moment) -> Formula:
    """An event that is not in the cut, while all its causes are, can be delivered: recovery has not settled."""
    missing = both(negation(is_first(E)), negation(now.of(LOGGED)(E)), all_causes_logged(now, (E,)))
    return implies(now.of(RECOVERED)(), every([E], implies(missing, all_messages_wait(now, (E,)))))


MACHINE = Machine(
    (LOGGED, BACKED, SNAPPED, PENDING, RECOVERED),
    {"messages stay within interactions": every([E, F], implies(BROUGHT_ABOUT_BY(E, F), together(E, F)))},
    (COMMAND, RECEIVE, SNAPSHOT, RESTORE, DELIVER),
    {
        "what is logged has its causes": closed(LOGGED, BROUGHT_ABOUT_BY),
        "what waits was sent": pending_is_sent,
        "what is backed up is logged": while_running(contained(BACKED, LOGGED)),
        "only a snapshot backs up": lambda now: every([E], implies(now.of(BACKED)(E), now.of(SNAPPED)(AT(E)))),
        "markers come first": while_running(marker_rule),
        "what was sent waits": recorded,
    },
    {"no event without its causes": causes_are_there, "what is lacking can be delivered": delivery_goes_on},
)

# From closed both ways to all or none, by induction over the steps of an interaction

IN_CUT = Symbol("in-cut", (EVENT,), None, "{0} is in the cut")
EARLIER = Symbol("earlier", (EVENT, EVENT), None, "{0} is an earlier step than {1}")
FIRST, EXAMPLE = Symbol("first", (), EVENT)(), Symbol("example", (), EVENT)()
BEFORE_IT = both(EARLIER(E, EXAMPLE), together(E, EXAMPLE))

INTERACTIONS = (
    ("assumption: messages stay within interactions", MACHINE.assumptions["messages stay within interactions"]),
    ("assumption: causes are earlier", every([E, F], implies(BROUGHT_ABOUT_BY(E, F), EARLIER(F, E)))),
    ("the first step of the example's interaction", together(FIRST, EXAMPLE)),
    (
        "assumption: every other step of it is brought about by a message",
        implies(negation(Equal(EXAMPLE, FIRST)), some([F], BROUGHT_ABOUT_BY(EXAMPLE, F))),
    ),
    (
        "proved above: no event without its causes",
        every([E, F], implies(BROUGHT_ABOUT_BY(E, F), IN_CUT(E), IN_CUT(F))),
    ),
)


def begins_with_the_first_step() -> Obligation:
    """If any event of an interaction is in the cut, so is that of its first step."""
    problem = Problem(
        (
            *INTERACTIONS,
            ("the example is in the cut, and its first step is not", both(IN_CUT(EXAMPLE), negation(IN_CUT(FIRST)))),
            (
                "an interaction has finitely many steps: it is the earliest",
                every([E], negation(both(BEFORE_IT, IN_CUT(E)))),
            ),
        )
    )
    return Obligation(
        "a cut has first steps", "unsat", problem, "the earliest event without its first step has a cause"
    )


def goes_on_to_the_last() -> Obligation:
    """If the event of the first step is in the settled cut, so is every event of the interaction."""
    settled = implies(every([F], implies(BROUGHT_ABOUT_BY(EXAMPLE, F), IN_CUT(F))), IN_CUT(EXAMPLE))
    problem = Problem(
        (
            *INTERACTIONS,
            (
                "proved above: what lacks no cause can be delivered, and recovery has settled",
                settled,
            ),
            ("the first step is in the cut, and the example is not", both(IN_CUT(FIRST), negation(IN_CUT(EXAMPLE)))),
            ("its steps are finitely many: it is the earliest", every([E], implies(BEFORE_IT, IN_CUT(E)))),
        )
    )
    return Obligation("a settled cut has last steps", "unsat", problem, "the earliest lacking event lacks a cause")


def is_consistent() -> Obligation:
    """If of every interaction all events are in the cut or none, there is no anomaly."""
    half = both(together(E, F), IN_CUT(E), negation(IN_CUT(F)))
    problem = Problem(
        (
            ("assumption: links stay within interactions", every([E, F], implies(REFERS(E, F), together(E, F)))),
            ("proved above: all events of an interaction are in the cut or none", negation(some([E, F], half))),
            (
                "a broken link, an orphan, or missing state",
                either(
                    some([E, F], both(REFERS(E, F), IN_CUT(E), negation(IN_CUT(F)))),
                    some([E, F], both(REFERS(E, F), together(E, F), IN_CUT(F), negation(IN_CUT(E)))),
                    some([E, F], half),
                ),
            ),
        )
    )
    return Obligation("all or none is consistent", "unsat", problem, "every anomaly is half an interaction")


# What can happen


def effect_without_cause(now: Moment) -> Formula:
    """In the cut there is an event without its cause."""
    return some([E, F], both(BROUGHT_ABOUT_BY(E, F), now.of(LOGGED)(E), lost(F, now)))


def missing_forever(now: Moment) -> Formula:
    """An event is not in the cut, all its causes are, and it cannot be delivered."""
    missing = both(negation(is_first(E)), negation(now.of(LOGGED)(E)), all_causes_logged(now, (E,)))
    return both(now.of(RECOVERED)(), some([E], both(missing, negation(all_messages_wait(now, (E,))))))


def delivered_again(now: Moment) -> Formula:
    """An event was delivered to another service than its cause's, and was logged before the disaster, too."""
    far = both(BROUGHT_ABOUT_BY(E, F), negation(Equal(AT(E), AT(F))), now.of(LOGGED)(F))
    again = both(Moment(now.number - 2).of(LOGGED)(E), negation(Moment(now.number - 1).of(LOGGED)(E)))
    return some([E, F], both(far, now.of(LOGGED)(E), again))


def runs() -> tuple[Obligation, ...]:
    """Return the runs that the assumptions allow, and runs without one of them."""
    silent = {**LOG_IT, PENDING: lambda now, given, x: both(now.of(PENDING)(*x), negation(Equal(x[0], given[0])))}
    forgetful = replace(RESTORE, effects={**RESTORE.effects, PENDING: lambda *_: FALSE}, words=DISASTER.words)
    return (
        MACHINE.run(
            "the assumptions can be met",
            ["command", "snapshot", "snapshot", "receive", "disaster", "deliver"],
            delivered_again,
            "an event is lost that the backup of its cause shows as sent, and delivered again",
        ),
        MACHINE.without("the marker came first").run(
            "without the marker rule",
            ["snapshot", "command", "receive", "snapshot", "disaster"],
            effect_without_cause,
            "if a message can overtake the marker, an event is in the cut without its cause",
        ),
        MACHINE.with_action(forgetful).run(
            "without recorded channels",
            ["command", "snapshot", "snapshot", "disaster"],
            missing_forever,
            "if channels are not recorded, what was in them is missing for ever",
        ),
        MACHINE.with_action(replace(DELIVER, effects=silent)).run(
            "without messages from what is delivered",
            ["command", "snapshot", "snapshot", "disaster", "deliver"],
            missing_forever,
            "if an event that recovery delivers sent no message, what would follow from it would be missing",
        ),
        MACHINE.run(
            "with links between interactions",
            ["snapshot", "command", "command", "snapshot", "disaster"],
            broken_link,
            "a link to what another interaction created can break, because no message goes along with it",
        ),
    )


def theorem() -> Theorem:
    """Return the theorem with its obligations."""
    lemmas = (begins_with_the_first_step(), goes_on_to_the_last(), is_consistent())
    return Theorem(NAME, STATEMENT, (*MACHINE.inductive(), *lemmas), runs())
