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
    """Whether a service that is restored but did not crash keeps the events that its backup lacks."""

    EMPTY = "empty"
    EXISTING = "existing"


class Restore(StrEnum):
    """Whether whole recovery units are restored, or only the services that crashed."""

    GROUP = "group"
    CRASHED = "crashed"


class Rollback(StrEnum):
    """Whether recovery takes every service back to the instant of the oldest backup."""

    NONE = "none"
    OLDEST = "oldest"


class Broker(StrEnum):
    """Whether messages in the broker are lost when disaster strikes, survive, or come back from a backup."""

    LOST = "lost"
    SURVIVES = "survives"
    BACKUP = "backup"


class OnInvalid(StrEnum):
    """Whether a service accepts or rejects an event about entities that it does not know."""

    ACCEPT = "accept"
    REJECT = "reject"


@dataclass(frozen=True, slots=True)
class Recovery:
    """The options of recovery: which services are restored, and how recovery goes on from there.

    ``broker`` is ``None`` if nothing is said of the broker: then a message is lost if its sender and its receiver were
    both restored, and survives otherwise.  ``backfill``, ``reconstruct`` and ``collect`` are plain names of entities.
    """

    restore: Restore = Restore.GROUP
    rollback: Rollback = Rollback.NONE
    broker: Broker | None = None
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

    @property
    def key(self) -> str:
        """The key of the option in a specification."""
        return "from" if self.name == "source" else self.name


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
        "The messages in the broker. Default: lost if sender and receiver were both restored, else they survive.",
        "whether messages in the broker are `lost`, the broker `survives`, or its content has a `backup`, too",
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
    Option(
        "source",
        "set: the last complete set of backups is restored. newest: of each service its newest backup.",
        "`set`: the last complete set of backups is restored. `newest`: of each service its newest backup",
    ),
    Option(
        "onto",
        "existing: a service that is restored but did not crash keeps what the backup lacks.",
        "`existing`: a service that is restored but did not crash keeps what the backup lacks. `empty`: it does not",
    ),
    Option(
        "retry",
        "Whether clients or operators submit commands again whose traces are incomplete.",
        "`true`: clients or operators submit commands again whose traces are incomplete",
    ),
    Option(
        "backfill",
        "Entities whose owners take back what others kept of them: a list, or true for all.",
        "entities whose owners take back what others kept of them, by `copy` steps or in `caches`",
    ),
    Option(
        "reconstruct",
        "Entities that a person creates again where a link needs them: a list, or true for all.",
        "entities that a person creates again where a link needs them",
    ),
    Option(
        "collect",
        "Entities that are removed at the end of recovery where nothing refers to them: a list, or true for all.",
        "entities that are removed at the end of recovery where nothing refers to them",
    ),
    Option(
        "undo",
        "Whether interactions that are still half done at the end of recovery are taken back.",
        "`true`: interactions that are still half done at the end of recovery are taken back",
    ),
)
"""Every option, in the order in which documents list them."""
