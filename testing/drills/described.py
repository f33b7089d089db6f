"""A generic system that a specification describes: event-sourced services, each with a real database of its own.

A step appends an event to the log of its service and changes the tables that are made of the log; its messages go
through a broker, which is a database as well.  The services of a shared database have one.  Subclasses say how a
database is opened, backed up, lost and restored.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from functools import cached_property
from itertools import groupby
from pathlib import Path
from typing import Any, Protocol, TypeAlias

from bac.api.specification import Specification
from bac.model.architecture import Entity, Link, Step, UseCase, Verb, Via
from bac.model.modes import Lock
from bac.model.plan import Group
from bac.model.recovery import Broker, Onto, Restore, Rollback
from bac.model.setting import Setting
from bac.model.system import ActionKind
from bac.testing.drills.adapter import BROKER, Action, DrillError, Refused
from bac.testing.drills.reading import Reading, entity_name, link_name, step_name
from bac.testing.drills.run import now

Row: TypeAlias = tuple[str, int, int]
"""An event: use case, step, index."""

SCHEMA = """
CREATE TABLE IF NOT EXISTS log (position {serial}, service TEXT NOT NULL,
    use_case TEXT NOT NULL, step INTEGER NOT NULL, id INTEGER NOT NULL, times INTEGER NOT NULL DEFAULT 1,
    at TEXT NOT NULL, UNIQUE (use_case, step, id))
"""
MESSAGES = """
CREATE TABLE IF NOT EXISTS messages (use_case TEXT NOT NULL, sent_by INTEGER NOT NULL, step INTEGER NOT NULL,
    id INTEGER NOT NULL, UNIQUE (use_case, sent_by, step, id))
"""


def identifier(name: str) -> str:
    """Return a name as SQL quotes it."""
    return '"' + name.replace('"', '""') + '"'


def literal(text: str) -> str:
    """Return a text as SQL quotes it."""
    return "'" + text.replace("'", "''") + "'"


class Connection(Protocol):
    """The part of a connection to a database that is used; ``?`` stands for a parameter."""

    def execute(self, statement: str, parameters: Sequence[Any] = (), /) -> Any:
        """Execute a statement, and return a cursor."""


class Databases(Protocol):
    """Real databases by name: opened, backed up, lost and restored."""

    @property
    def serial(self) -> str:
        """The type of a column that numbers the rows."""

    @property
    def destroyable(self) -> bool:
        """Whether the place where they are carries its safety marker."""

    def begin(self) -> None:
        """Remove what an earlier drill left."""

    def create(self, name: str) -> None:
        """Create an empty database."""

    def open(self, name: str) -> AbstractContextManager[Connection]:
        """Open a transaction."""

    def back_up(self, name: str) -> str:
        """Back a database up, and return the name of the backup, for people."""

    def destroy(self, name: str) -> None:
        """Lose a database."""

    def restore(self, name: str) -> None:
        """Put the last backup in the place of a database."""

    def url(self, name: str) -> str:
        """Return the address of a database, as audits read it."""


class DescribedStores:
    """The adapter of a system whose services a specification describes.

    Args:
        specification: the services, use cases and links.
        databases: where the stores are.
        plan: the plan whose recovery is followed.
    """

    def __init__(self, specification: Specification, databases: Databases, plan: str = "independent") -> None:
        """Begin with empty stores, if they may be destroyed."""
        self.architecture = specification._read.architecture
        self.plan = specification._read.plan(plan)
        self.databases = databases
        self.setting = Setting(self.architecture, self.plan, 1)
        self.services = tuple(service.name for service in self.architecture.services)
        self.busy = threading.RLock()
        self.backed: dict[str, list[Row]] = {}
        self.held: dict[str, Group] = {}
        self.crashed: tuple[str, ...] = ()
        self.instant: dict[str, int] | None = None
        self.destroyable = databases.destroyable
        if self.destroyable:
            self._begin_empty()

    def _begin_empty(self) -> None:
        self.databases.begin()
        for store in dict.fromkeys(self.stores.values()):
            self.databases.create(store)
        for service in self.services:
            self._create_tables(service)
        self.databases.create(BROKER)
        with self.databases.open(BROKER) as broker:
            broker.execute(MESSAGES)

    @cached_property
    def stores(self) -> dict[str, str]:
        """The name of the database of each service: the services of a shared database have one."""
        table = {service: service for service in self.services}
        for group in self.plan.groups:
            together = self.plan.recovery.restore is Restore.GROUP and self.plan.recovery.onto is Onto.EMPTY
            if group.mode.one_database and together:
                table.update(dict.fromkeys(group.services, group.services[0]))
        return table

    def stores_of(self, services: Iterable[str]) -> list[str]:
        """The databases of services."""
        return list(dict.fromkeys(self.stores[service] for service in services))

    def open(self, service: str) -> AbstractContextManager[Connection]:
        """Open a transaction in the database of a service."""
        return self.databases.open(self.stores[service])

    def _create_tables(self, service: str) -> None:
        with self.open(service) as store:
            store.execute(SCHEMA.format(serial=self.databases.serial))
            for entity in self.entities_of(service):
                links = "".join(f", {identifier(column(link))} INTEGER" for link in self.links_of(entity))
                store.execute(
                    f"CREATE TABLE IF NOT EXISTS {identifier(entity_name(entity))}"
                    f" (id INTEGER PRIMARY KEY, at TEXT, kept INTEGER NOT NULL DEFAULT 0{links})"
                )

    def entities_of(self, service: str) -> list[Entity]:
        """The entities that a service owns."""
        return [entity for entity in self.architecture.creators if entity.service == service]

    def links_of(self, entity: Entity) -> list[Link]:
        """The links that an entity holds."""
        return [link for link in self.architecture.links if link.holder == entity]

    # Use cases

    def begin(self, use_case: str, index: int) -> None:
        """Do nothing: the index is the id."""

    def step(self, use_case: str, step: int, index: int) -> None:
        """Run a command, or deliver the messages that the step waits for.

        In a shared database, the command whose step comes first does the whole transaction.
        """
        case, asked = self._step(use_case, step)
        transaction = next(steps for steps in self.setting.transactions(case) if asked in steps)
        if asked is not transaction[0]:
            return
        with self.busy:
            self._check_locks(case, asked, index)
            if asked.via is Via.EVENT:
                self._check_markers(case, asked, index)
                self._take(case, asked, index, every=True)
            self._append(case, transaction, index)
            self._publish(case, transaction, index)

    def drop(self, use_case: str, step: int, index: int) -> None:
        """Take the messages of a step out of the broker, and do nothing."""
        self._take(*self._step(use_case, step), index, every=True)

    def _step(self, use_case: str, step: int) -> tuple[UseCase, Step]:
        case = self.architecture.by_use_case[use_case]
        return case, case.step(step)

    def _append(self, case: UseCase, steps: Iterable[Step], index: int) -> None:
        """Append events to logs and change the tables that are made of them; in one file, it is one transaction."""
        for name, together in groupby(steps, lambda step: self.stores[step.service]):
            with self.databases.open(name) as store:
                for step in together:
                    store.execute(
                        "INSERT INTO log (service, use_case, step, id, at) VALUES (?, ?, ?, ?, ?)",
                        (step.service, case.name, step.number, index, now()),
                    )
                    if step.verb is not Verb.COPY:
                        self._project(store, step.entity, index)

    def _project(self, store: Connection, entity: Entity, index: int) -> None:
        """Make the row of an entity again from the events in the log of its owner, whatever their order was."""
        rows = store.execute("SELECT use_case, step, at FROM log WHERE id = ?", (index,))
        logged = {(use_case, number): at for use_case, number, at in rows}

        def events(steps: Iterable[tuple[UseCase, Step]]) -> list[Step]:
            return [step for case, step in steps if (case.name, step.number) in logged]

        name = identifier(entity_name(entity))
        store.execute(f"DELETE FROM {name} WHERE id = ?", (index,))
        creation, deletions = self.architecture.creators[entity], events(self.architecture.removals.get(entity, ()))
        if not events([creation]) or not all(step.kept for step in deletions):
            return
        values: dict[str, object] = {"id": index, "at": logged[creation[0].name, creation[1].number]}
        values["kept"] = int(bool(deletions))
        for link in self.links_of(entity):
            made = events([self.architecture.links[link]]) and not events(self.architecture.removals.get(link, ()))
            values[column(link)] = index if made else None
        columns = ", ".join(map(identifier, values))
        store.execute(f"INSERT INTO {name} ({columns}) VALUES ({', '.join('?' * len(values))})", tuple(values.values()))

    def _rebuild(self, service: str) -> None:
        """Make the tables of a service again from its log."""
        indices = {index for _, _, index in self.log(service)}
        with self.open(service) as store:
            for entity in self.entities_of(service):
                store.execute(f"DELETE FROM {identifier(entity_name(entity))}")
                for index in indices:
                    self._project(store, entity, index)

    def log(self, service: str) -> list[Row]:
        """The events in the log of a service."""
        with self.open(service) as store:
            rows = store.execute("SELECT use_case, step, id FROM log WHERE service = ? ORDER BY position", (service,))
            return [(use_case, step, index) for use_case, step, index in rows]

    # The broker

    def _publish(self, case: UseCase, steps: Iterable[Step], index: int) -> None:
        """Send a message to each event step that follows any of these."""
        with self.databases.open(BROKER) as broker:
            for step in steps:
                for other in case.steps:
                    if other.via is Via.EVENT and step.number in other.predecessors:
                        self._send(broker, case.name, step.number, other.number, index)

    def _send(self, broker: Connection, use_case: str, sent_by: int, step: int, index: int) -> None:
        broker.execute(
            "INSERT INTO messages VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING", (use_case, sent_by, step, index)
        )

    def _take(self, case: UseCase, step: Step, index: int, *, every: bool) -> None:
        """Take the messages that a step waits for out of the broker.

        Raises:
            Refused: ``every``, and one is not there.
        """
        with self.databases.open(BROKER) as broker:
            where = (case.name, step.number, index)
            waiting = broker.execute(
                "SELECT count(*) FROM messages WHERE use_case = ? AND step = ? AND id = ?", where
            ).fetchone()[0]
            if every and waiting < len(step.predecessors):
                raise Refused(f"no message waits for {step} of {case.name} #{index}")
            broker.execute("DELETE FROM messages WHERE use_case = ? AND step = ? AND id = ?", where)

    # Locks

    def lock(self, services: Sequence[str]) -> None:
        """Hold back the commands in a group."""
        with self.busy:
            self.held.update((service, self.plan.group_of(service)) for service in services)

    def unlock(self, services: Sequence[str]) -> None:
        """Admit commands again."""
        for service in services:
            self.held.pop(service, None)

    def _check_locks(self, case: UseCase, step: Step, index: int) -> None:
        """Refuse a step in a locked service, unless its instance is admitted."""
        group = self.held.get(step.service)
        if group is None or (group.holds is not None and case.name not in group.holds):
            return
        if group.mode.lock is Lock.STOPPED or not self._inside(group, case, index):
            raise Refused(f"{step.service} is locked")

    def _check_markers(self, case: UseCase, step: Step, index: int) -> None:
        """Refuse a message that is behind the marker of its sender, where the receiver is not backed up yet."""
        group = self.plan.group_of(step.service)
        if not group.mode.markers or step.service in self.backed:
            return
        for number in step.predecessors:
            sender = case.step(number).service
            behind = sender in self.backed and (case.name, number, index) not in self.backed[sender]
            if sender in group.services and behind:
                raise Refused(f"the message from {sender} is behind its marker")

    def _inside(self, group: Group, case: UseCase, index: int) -> set[int]:
        """The steps of an instance that the logs of a group hold."""
        rows = (row for service in group.services for row in self.log(service))
        return {number for name, number, at in rows if (name, at) == (case.name, index)}

    def _check_drained(self, group: Group) -> None:
        """Refuse a backup of a locked group in which something is in flight."""
        instances = {(name, at) for service in group.services for name, _, at in self.log(service)}
        for use_case, index in instances:
            case = self.architecture.by_use_case[use_case]
            if group.holds is not None and use_case not in group.holds:
                continue
            steps = {step.number for step in case.steps if step.service in group.services}
            if self._inside(group, case, index) != steps:
                raise Refused(f"{use_case} #{index} is in flight")

    # Backup and restore

    def snapshot(self, services: Sequence[str]) -> str:
        """Back up the databases of services."""
        if list(services) == [BROKER]:
            return self.databases.back_up(BROKER)
        group = self.plan.group_of(services[0])
        with self.busy:
            if group.mode.lock is Lock.DRAINED:
                self._check_drained(group)
            if self.instant is None:
                self.instant = {service: self._end_of_log(service) for service in self.services}
            taken = [self.databases.back_up(store) for store in self.stores_of(services)]
            self.backed.update((service, self.log(service)) for service in services)
        return ", ".join(taken)

    def _end_of_log(self, service: str) -> int:
        with self.open(service) as store:
            row = store.execute("SELECT max(position) FROM log WHERE service = ?", (service,)).fetchone()
            return row[0] or 0

    def disaster(self, services: Sequence[str]) -> None:
        """Lose the databases of services; a replica that is always up to date lives on elsewhere."""
        self.crashed = tuple(services)
        for store in self.stores_of(each for each in services if self.plan.mode_of(each).replicated):
            self.databases.back_up(store)
        for store in self.stores_of(services):
            self.databases.destroy(store)

    def restore(self, backups: Mapping[str, object]) -> None:
        """Put the backups of services in the place of their databases."""
        self.held.clear()
        services = tuple(service for service in backups if service != BROKER)
        keep = self.plan.recovery.onto is Onto.EXISTING
        emptied = [service for service in services if not keep or service in self.crashed]
        restored = set[str]()
        for service in emptied:
            mode = self.plan.mode_of(service)
            if mode.takes_snapshots or (mode.replicated and service in self.crashed):
                restored.add(self.stores[service])
            elif not mode.replicated:
                self.databases.create(self.stores[service])
                self._create_tables(service)
        for store in sorted(restored):
            self.databases.restore(store)
        recorded = list(self._recorded(services))
        if self.plan.recovery.rollback is Rollback.OLDEST:
            for service in emptied:
                self._truncate(service)
        self._restore_broker(services, BROKER in backups)
        self._restore_channels(services, recorded)

    def _truncate(self, service: str) -> None:
        """Take a service back to the instant of the oldest backup."""
        at = (self.instant or {}).get(service)
        if at is None:
            return
        with self.open(service) as store:
            store.execute("DELETE FROM log WHERE service = ? AND position > ?", (service, at))
        self._rebuild(service)

    def _restore_broker(self, restored: tuple[str, ...], backed_up: bool) -> None:
        """Lose, keep or bring back the messages, as the plan says."""
        match self.plan.recovery.broker:
            case Broker.SURVIVES:
                return
            case Broker.BACKUP:
                if backed_up:
                    self.databases.restore(BROKER)
                return
            case Broker.LOST:
                self._delete_messages(None)
            case None:
                self._delete_messages(restored)

    def _delete_messages(self, inside: Iterable[str] | None) -> None:
        """Delete the messages between services of a set; all of them if none is given."""
        known = None if inside is None else set(inside)
        with self.databases.open(BROKER) as broker:
            for use_case, sent_by, step, index in broker.execute("SELECT * FROM messages").fetchall():
                case = self.architecture.by_use_case[use_case]
                if known is None or {case.step(sent_by).service, case.step(step).service} <= known:
                    broker.execute(
                        "DELETE FROM messages WHERE (use_case, sent_by, step, id) = (?, ?, ?, ?)",
                        (use_case, sent_by, step, index),
                    )

    def _marker_groups(self, restored: tuple[str, ...]) -> list[Group]:
        """The groups with markers that were hit, as a whole or as the recovery unit of a service."""
        return [group for group in self.plan.groups if group.mode.markers and set(group.services) <= set(restored)]

    def _recorded(self, restored: tuple[str, ...]) -> Iterator[tuple[str, int, int, int]]:
        """The messages that the backups of groups with markers recorded: sent before the sender's backup."""
        for group in self._marker_groups(restored):
            for service in group.services:
                for use_case, sent_by, index in self.backed.get(service, []):
                    for other in self.architecture.by_use_case[use_case].steps:
                        follows = other.via is Via.EVENT and sent_by in other.predecessors
                        if follows and other.service in group.services:
                            yield use_case, sent_by, other.number, index

    def _restore_channels(self, restored: tuple[str, ...], recorded: Iterable[tuple[str, int, int, int]]) -> None:
        """Set the messages inside groups with markers to the recorded ones that are not received yet."""
        for group in self._marker_groups(restored):
            self._delete_messages(group.services)
        received = {row for service in restored for row in self.log(service)}
        with self.databases.open(BROKER) as broker:
            for use_case, sent_by, step, index in recorded:
                if (use_case, step, index) not in received:
                    self._send(broker, use_case, sent_by, step, index)

    # Recovery

    def settle(self, actions: Sequence[Action] | None) -> None:
        """Do what the driven run does in recovery, or everything that the plan's replay and resume can do."""
        if actions is None:
            self._recover_alone()
        for action in actions or ():
            self._recover(action)

    def _recover(self, action: Action) -> None:
        for event in action.events:
            case, step = self._step(event.use_case, event.step)
            match action.kind:
                case ActionKind.DELIVER:
                    first = event == action.events[0]
                    self._take(case, step, event.index, every=first and step.via is Via.EVENT)
                    self._again(case, step, event.index)
                case ActionKind.REPLAY | ActionKind.RESUME | ActionKind.RETRY | ActionKind.RECONSTRUCT:
                    self._take(case, step, event.index, every=False)
                    self._again(case, step, event.index)
                case ActionKind.BACKFILL:
                    self._take(case, step, event.index, every=False)
                    self._append(case, [step], event.index)
                case ActionKind.DROP:
                    self._take(case, step, event.index, every=True)
                case ActionKind.REPEAT:
                    self._take(case, step, event.index, every=False)
                    self._repeat(case, step, event.index)
                    self._publish(case, [step], event.index)
                case ActionKind.UNDO:
                    self._undo(case, step, event.index)
                case ActionKind.COLLECT:
                    with self.open(step.service) as store:
                        store.execute(
                            f"DELETE FROM {identifier(entity_name(step.entity))} WHERE id = ?", (event.index,)
                        )
                case ActionKind.SWEEP:
                    pass
                case other:
                    raise DrillError(f"{other} is no action of recovery")

    def _again(self, case: UseCase, step: Step, index: int) -> None:
        self._append(case, [step], index)
        self._publish(case, [step], index)

    def _repeat(self, case: UseCase, step: Step, index: int) -> None:
        if step.once:
            with self.open(step.service) as store:
                store.execute(
                    "UPDATE log SET times = 2 WHERE (use_case, step, id) = (?, ?, ?)", (case.name, step.number, index)
                )

    def _undo(self, case: UseCase, step: Step, index: int) -> None:
        with self.open(step.service) as store:
            store.execute("DELETE FROM log WHERE (use_case, step, id) = (?, ?, ?)", (case.name, step.number, index))
        self._rebuild(step.service)

    def _recover_alone(self) -> None:
        """Deliver messages, publish logs again and make calls again, until nothing changes."""
        recovery, changed = self.plan.recovery, True
        while changed:
            changed = False
            logged = {row for service in self.services for row in self.log(service)}
            for use_case, index in sorted({(name, at) for name, _, at in logged}):
                case = self.architecture.by_use_case[use_case]
                for step in case.steps:
                    preceded = step.predecessors and all((use_case, p, index) in logged for p in step.predecessors)
                    if (use_case, step.number, index) in logged or not step.predecessors:
                        continue
                    if step.via is Via.EVENT:
                        due = self._waiting(case, step, index) or (recovery.replay and preceded)
                    else:
                        due = recovery.resume and preceded and self._valid(step, index)
                    if due:
                        self._take(case, step, index, every=False)
                        self._again(case, step, index)
                        logged.add((use_case, step.number, index))
                        changed = True

    def _valid(self, step: Step, index: int) -> bool:
        """Whether what a call is about and links to is there."""
        needed = [link.target for link in step.links]
        needed += [step.entity] if step.verb not in (Verb.CREATE, Verb.COPY) else []
        return all(self._exists(entity, index) for entity in needed)

    def _exists(self, entity: Entity, index: int) -> bool:
        with self.open(entity.service) as store:
            query = f"SELECT count(*) FROM {identifier(entity_name(entity))} WHERE kept = 0 AND id = ?"
            return bool(store.execute(query, (index,)).fetchone()[0])

    def _waiting(self, case: UseCase, step: Step, index: int) -> bool:
        with self.databases.open(BROKER) as broker:
            found = broker.execute(
                "SELECT count(*) FROM messages WHERE (use_case, step, id) = (?, ?, ?)", (case.name, step.number, index)
            ).fetchone()[0]
        return bool(found >= len(step.predecessors))

    # What there is

    def audit(self, specification: Path) -> str:
        """Return an audit file (as JSON, which is YAML) for the databases, to be written beside the marker.

        Args:
            specification: the file that describes the system.
        """
        stores = {store: {"url": self.databases.url(store)} for store in self.stores.values()}
        entities = {
            entity.name: {"store": self.stores[entity.service], "table": entity_name(entity), "created": "at"}
            for entity in self.architecture.creators
        }
        records = {
            case.name: {
                "records": [
                    {
                        "store": self.stores[step.service],
                        "table": "log",
                        "created": "at",
                        "where": f"use_case = {literal(case.name)} AND step = {step.number}",
                    }
                    for step in case.steps
                ],
                "ids": sorted({step.entity.name for step in case.steps}),
            }
            for case in self.architecture.use_cases
            if len(case.steps) > 1
        }
        links = {str(link): {"column": column(link)} for link in self.architecture.links}
        document = {"specification": str(specification.resolve()), "stores": stores, "entities": entities}
        return json.dumps({**document, "links": links, "copies": records}, indent=1)

    def read(self) -> Reading:
        """Return what the databases hold."""
        entities, links, kept = {}, {}, {}
        for entity in self.architecture.creators:
            name = entity_name(entity)
            with self.open(entity.service) as store:
                entities[name] = ids(store, f"SELECT id FROM {identifier(name)} WHERE kept = 0")
                kept[name] = ids(store, f"SELECT id FROM {identifier(name)} WHERE kept = 1")
                for link in self.links_of(entity):
                    where = f"kept = 0 AND {identifier(column(link))} IS NOT NULL"
                    links[link_name(link)] = ids(store, f"SELECT id FROM {identifier(name)} WHERE {where}")
        steps = {step_name(case, step.number): set[int]() for case, step in self.architecture.steps()}
        twice = {name: set[int]() for name in steps}
        for service in self.services:
            with self.open(service) as store:
                rows = store.execute("SELECT use_case, step, id, times FROM log WHERE service = ?", (service,))
                for use_case, number, index, times in rows:
                    steps[step_name(use_case, number)].add(index)
                    if times > 1:
                        twice[step_name(use_case, number)].add(index)
        return Reading(entities, links, frozen(steps), kept, frozen(twice))


def frozen(table: Mapping[str, set[int]]) -> dict[str, frozenset[int]]:
    """Return the table with frozen sets."""
    return {name: frozenset(indices) for name, indices in table.items()}


def ids(store: Connection, query: str) -> frozenset[int]:
    """Return the ids that a query selects."""
    return frozenset(row[0] for row in store.execute(query))


def column(link: Link) -> str:
    """Return the column of the holder's table that has a link."""
    return f"{entity_name(link.target)}_id"
