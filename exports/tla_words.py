"""Fixed text of the TLA+ modules: the head, the meaning of the variables, and reserved words.

Source: L. Lamport, Specifying Systems (2002), section 15.1.
"""

from __future__ import annotations

from collections.abc import Mapping

from bac.model.system import FactKind

HEAD = """\
\\* {title}
\\*
\\*     java -jar tla2tools.jar -deadlock -workers auto {module}
\\*
\\* counts the reachable states (-deadlock: do not complain about runs that end).  The configuration beside this file
\\* lists the properties below as comments; without the comment sign, TLC checks them.  Whether a backup stays possible
\\* is no property of single states, and not among them.
\\*
\\* Each variable says which facts of one kind are true.  What stands for what:"""

MEANINGS: Mapping[FactKind, str] = {
    FactKind.LOGGED: "the events in the live logs",
    FactKind.BACKED: "the events in the backups",
    FactKind.OLDEST: "the events that were logged when the first snapshot was taken",
    FactKind.PENDING: "the messages in the broker, each the event that sent it and the event that it brings about",
    FactKind.SNAPPED: "the services that have been snapshotted",
    FactKind.LOCKED: "the groups whose lock is taken",
    FactKind.DENIED: "a client's command was held back",
    FactKind.RECOVERED: "disaster has struck, and the logs are those of the backups",
    FactKind.AT_REST: "when disaster struck, no use case was in flight",
    FactKind.SNAPPED_AGAIN: "the services that have been snapshotted in the second round of backups",
    FactKind.LOCKED_AGAIN: "the groups whose lock is taken in the second round of backups",
    FactKind.BROKER_SNAPPED: "the content of the broker has been backed up",
    FactKind.BROKER_SNAPPED_AGAIN: "the content of the broker has been backed up in the second round",
    FactKind.KEPT: "the messages in the backup of the broker",
    FactKind.DROPPED: "the events whose message was rejected before the disaster",
    FactKind.BEFORE: "the events that were in the live logs just before the disaster",
    FactKind.RESTORED: "the services that were restored",
    FactKind.IGNORED: "the recorded messages that had been received before their receiver's backup",
    FactKind.LIVE: "the events that were done after the disaster",
    FactKind.TWICE: "the events that were done twice",
    FactKind.BY_HAND: "the events that were done by a person after the disaster",
    FactKind.SWEEPING: "the indices, by an event of each, at which recovery removes what is left over",
    FactKind.GONE: "the events that created something that was collected",
}
"""The meaning of each variable."""

_WORDS = """
ACTION ASSUME ASSUMPTION AXIOM BOOLEAN BY CASE CHOOSE CONSTANT CONSTANTS COROLLARY DEF DEFINE DEFS DOMAIN ELSE ENABLED
EXCEPT EXTENDS FALSE HAVE HIDE IF IN INSTANCE LAMBDA LEMMA LET LOCAL MODULE NEW OBVIOUS OMITTED ONLY OTHER PICK PROOF
PROPOSITION PROVE QED RECURSIVE STATE STRING SUBSET SUFFICES TAKE TEMPORAL THEN THEOREM TRUE UNCHANGED UNION USE
VARIABLE VARIABLES WITH WITNESS
Init Next Settled Spec vars
"""
RESERVED = frozenset(_WORDS.split())
"""Words that cannot be the name of a module: those of the language, and those that every module defines."""
