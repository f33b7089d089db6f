"""Recovery: what is restored after a disaster, and what happens until the application is handed back to its clients.

Each option is one entry of :data:`OPTIONS`: its key, its words for people, and the kinds of actions that it adds after
the disaster.  Semantics, reductions, the JSON Schema and the tables in docs/ read the entries.
Source: the article, "Dealing with the Consequences"; docs/semantics.md, "Recovery".
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from enum import StrEnum

from bac.model.system import ActionKind


class Source(StrEnum):
    """Which backups are restored: the last complete set, or of each service the newest."""

    SET = "set"
    NEWEST = "newest"


class Onto(StrEnum):
    """What a service that is restored but did not crash keeps: nothing, or what the backup lacks."""

    EMPTY = "empty"
    EXISTING = "existing"


class Restore(StrEnum):
    """What a recovery restores: whole recovery units, or only the services that crashed."""

    GROUP = "group"
    CRASHED = "crashed"


class Rollback(StrEnum):
    """Whether recovery takes every service back to the instant of the oldest backup."""

    NONE = "none"
    OLDEST = "oldest"


class Broker(StrEnum):
    """What becomes of messages in the broker when disaster strikes."""

    LOST = "lost"
    SURVIVES = "survives"


class OnInvalid(StrEnum):
    """What a recovered service does with an event about entities that it does not know."""

    ACCEPT = "accept"
    REJECT = "reject"


@dataclass(frozen=True, slots=True)
class Recovery:
    """What is restored, and what happens to events and unfinished use cases after it.

    ``backfill``, ``reconstruct`` and ``collect`` are plain names of entities.
    """

    restore: Restore = Restore.GROUP
    rollback: Rollback = Rollback.NONE
    broker: Broker = Broker.LOST
    replay: bool = False
    resume: bool = False
    on_invalid: OnInvalid = OnInvalid.ACCEPT
    source: Source = Source.SET
    onto: Onto = Onto.EMPTY
    retry: bool = False
    backfill: tuple[str, ...] = ()
    reconstruct: tuple[str, ...] = ()
    collect: tuple[str, ...] = ()
    undo: bool = False

    @property
    def used(self) -> frozenset[str]:
        """The names of the options that are not at their default."""
        return frozenset(each.name for each in fields(self) if getattr(self, each.name) != each.default)

    @property
    def adds(self) -> frozenset[ActionKind]:
        """The kinds of actions that the options in use add after the disaster."""
        return frozenset(kind for option in OPTIONS if option.name in self.used for kind in option.adds)


@dataclass(frozen=True, slots=True)
class Option:
    """One option of recovery.

    ``name`` is the field of :class:`Recovery`; ``description`` is for the JSON Schema, and ``explained`` says in
    docs/specification.md which values there are; ``adds`` are the kinds of actions that it adds after the disaster
    where it is not at its default.
    """

    name: str
    description: str
    explained: str
    adds: tuple[ActionKind, ...] = ()


OPTIONS = (
    Option(
        "restore",
        "group: the whole recovery unit of a service that crashed. crashed: only the service itself.",
        "`group`: whatever is restored together with a service that crashed. `crashed`: that service only",
    ),
    Option(
        "rollback",
        "oldest: every service goes back to the instant of the oldest backup.",
        "`oldest`: every service goes back to the instant of the oldest backup. `none`: it does not",
    ),
    Option(
        "broker",
        "What becomes of the messages in the broker.",
        "whether messages in the broker are `lost`, or it `survives`",
        (ActionKind.DELIVER,),
    ),
    Option(
        "replay",
        "Whether recovered services publish the events of their logs again.",
        "`true`: recovered services publish the events of their logs again",
        (ActionKind.REPLAY,),
    ),
    Option(
        "resume",
        "Whether recovered services make the calls again that their logs say they began.",
        "`true`: recovered services make the calls again that their logs say they began",
        (ActionKind.RESUME,),
    ),
    Option(
        "on_invalid",
        "What a service does with an event about entities that it does not know.",
        "an event about entities that a service does not know: `accept` or `reject`",
        (ActionKind.DROP,),
    ),
)
"""Every option, in the order in which documents list them."""
