"""Rules for proofs that no run is bad: clauses, true of every run, about which of two things comes first.

A *point* is something that happens at an instant of a run, or never: the step of an event (``e7``), the snapshot of a
service (``s2``, and ``n2`` in a second round), the first snapshot of all (``F``), the first one under a lock (``t2``,
and ``w2`` in a second round), the backup of the broker (``B``), the disaster (``D``), a held-back command (``N``), what
recovery executes (``r7``), repeats (``v7``), backfills (``b7``), reconstructs (``c7``), takes back (``u7``) or collects
(``g7``), the end of what goes on in recovery (``E``), and the very end (``Z``).  Events and services have the numbers
of the specification, from 0; steps of one transaction are one point, as are snapshots at one instant.  The instants of
points are totally ordered; what never happens comes last.  So ``("<", "e7", "D")`` says that the event 7 happened
before the disaster, and its negation that the disaster comes first or at the same instant, or that both never happen.

Each rule makes a clause: literals of which at least one is true of every run with any number of instances, at each
index.  Rules are read off the specification here, with the semantics in sight (docs/semantics.md) and no engine.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import cached_property

from bac.model.aftermath import Possible
from bac.model.architecture import Architecture, Caching, Entity, Link, Step, UseCase, Verb, Via, followers
from bac.model.errors import BacError
from bac.model.guard import Fault
from bac.model.modes import Image, Lock
from bac.model.plan import Group, Plan, Scope
from bac.model.recovery import Broker, OnInvalid, Onto, Restore, Rollback, Source
from bac.model.setting import Setting, event_entities, step_entities
from bac.model.system import Event, Fact, FactKind

Atom = tuple[str | int, ...]
"""``("<", point, point)``, or a word with numbers, such as ``("cut", 7)``: event 7 is in its log after the disaster."""
Literal = tuple[Atom, bool] | bool
"""An atom that is so, or not; or what is plainly true or false under the plan."""
Clause = tuple[Literal, ...]


KNOWN = frozenset(
    {
        "restore",
        "rollback",
        "broker",
        "replay",
        "resume",
        "on_invalid",
        "source",
        "onto",
        "retry",
        "backfill",
        "reconstruct",
        "collect",
        "undo",
    }
)
"""The options of recovery that the rules speak of."""


class NotCovered(BacError):
    """The rules say nothing of a construct."""

    exit_code = 3


class Unjustified(BacError):
    """A step of a proof does not follow from the specification."""

    exit_code = 1


def insist(condition: object, otherwise: str) -> None:
    """Insist that a step of a proof is justified.

    Raises:
        Unjustified: it is not.
    """
    if not condition:
        raise Unjustified(otherwise)


def no(literal: Literal) -> Literal:
    """The negation."""
    return not literal if isinstance(literal, bool) else (literal[0], not literal[1])


class OrderRules:
    """The rules for one architecture under one plan.

    Args:
        architecture: the architecture.
        plan: the plan.

    Raises:
        NotCovered: the plan has something of which the rules say nothing.
    """

    def __init__(self, architecture: Architecture, plan: Plan) -> None:
        """Number events and services."""
        self.setting, self.architecture, self.plan = Setting(architecture, plan, 1), architecture, plan
        self.recovery = plan.recovery
        self.places = list(architecture.steps())
        self.event_of = {(case.name, step.number): number for number, (case, step) in enumerate(self.places)}
        self.services = [service.name for service in architecture.services]
        self.service_number = {name: number for number, name in enumerate(self.services)}
        self.service = [self.service_number[step.service] for _, step in self.places]
        self.oldest = self.recovery.rollback is Rollback.OLDEST
        self.newest = self.recovery.source is Source.NEWEST
        for problem in self.uncovered():
            raise NotCovered(f"no certificate covers {problem}")

    def uncovered(self) -> Iterable[str]:
        """The constructs of which the rules say nothing."""
        for option in sorted(self.recovery.used - KNOWN):
            yield f"the option {option}"
        for group in set(self.setting.groups.values()):
            if sum(map(len, group.mode.sets(group.services))) > len(group.services):
                yield f"the mode {group.mode}, which snapshots a service twice"
        if self.newest and self.oldest:
            yield "from: newest with rollback: oldest"
        if self.newest and self.recovery.broker is Broker.BACKUP:
            yield "from: newest with broker: backup"
        if self.setting.droppable:
            yield "on_invalid: reject with events about what can be deleted"
        if self.recovery.onto is Onto.EXISTING and not self.crash_alone:
            yield "onto: existing where services are restored together"

    # Events, and what each needs

    def step(self, event: int) -> tuple[UseCase, Step]:
        """The use case and the step of an event."""
        insist(event < len(self.places), "there is no such event")
        return self.places[event]

    def creation(self, entity: Entity) -> int:
        """The event that creates an entity."""
        case, step = self.architecture.creators[entity]
        return self.event_of[case.name, step.number]

    def removals(self, what: Entity | Link) -> list[int]:
        """The events that delete an entity, or remove a link."""
        return [self.event_of[case.name, step.number] for case, step in self.architecture.removals.get(what, ())]

    @cached_property
    def blocks(self) -> list[tuple[int, ...]]:
        """For each event the events of its transaction, in order."""
        table: list[tuple[int, ...]] = []
        for case in self.architecture.use_cases:
            for steps in self.setting.transactions(case):
                block = tuple(range(len(table), len(table) + len(steps)))
                table += [block] * len(steps)
        return table

    def predecessors(self, event: int) -> list[int]:
        """The events that an event follows in its use case."""
        case, step = self.step(event)
        return [self.event_of[case.name, number] for number in step.predecessors]

    def case_events(self, event: int) -> list[int]:
        """The events of the use case of an event."""
        case, _ = self.step(event)
        return [self.event_of[case.name, step.number] for step in case.steps]

    def checks(self, step: Step) -> bool:
        """Whether a step does not happen where what it needs was deleted."""
        return step.via is Via.CALL or self.recovery.on_invalid is OnInvalid.REJECT

    def foreign_link(self, event: int) -> Link | None:
        """The link that the step of an event removes, if another use case makes it."""
        case, step = self.step(event)
        link = step.unlinks
        return None if link is None or self.architecture.links[link][0] is case else link

    def foreign(self, event: int) -> list[Entity]:
        """The entities that the step of an event needs and that another use case creates."""
        case, step = self.step(event)
        return [entity for entity in step_entities(step) if self.architecture.creators[entity][0] is not case]

    def needed(self, event: int) -> set[int]:
        """The events that have to be logged before this one, those before it in its transaction left out."""
        found = {*self.predecessors(event), *map(self.creation, self.foreign(event))}
        link = self.foreign_link(event)
        if link is not None:
            making, maker = self.architecture.links[link]
            found.add(self.event_of[making.name, maker.number])
            if self.checks(self.step(event)[1]):
                found.add(self.creation(link.holder))
        return {other for other in found if other not in self.blocks[event] or other > event}

    def forbidden(self, event: int) -> set[int]:
        """The events that must not be logged before this one."""
        if not self.checks(self.step(event)[1]):
            return set()
        found = {removal for entity in self.foreign(event) for removal in self.removals(entity)}
        link = self.foreign_link(event)
        if link is not None:
            found |= {*self.removals(link), *self.removals(link.holder)}
        return found - {event}

    # Points

    def at(self, event: int) -> str:
        """The point of an event."""
        self.step(event)
        return f"e{self.blocks[event][0]}"

    def snapshot(self, service: int) -> str:
        """The point of the snapshot of a service."""
        insist(service < len(self.services), "there is no such service")
        return self.snapshots[service]

    @cached_property
    def snapshots(self) -> list[str]:
        """The points of all snapshots, one for those that are taken at once."""
        points = [f"s{number}" for number in range(len(self.services))]
        for group in set(self.setting.groups.values()):
            for services in group.mode.sets(group.services):
                for name in services:
                    points[self.service_number[name]] = f"s{self.service_number[services[0]]}"
        return points

    def redone(self, event: int) -> str:
        """The point at which recovery executes the transaction of an event."""
        self.step(event)
        block = self.blocks[event]
        insist(len(block) == 1 or self.is_whole(block) or self.never_redone(event), "parts of a transaction")
        return f"r{block[0]}"

    def repeated(self, event: int) -> str:
        """The point at which recovery repeats the transaction of an event."""
        self.step(event)
        return f"v{self.blocks[event][0]}"

    @staticmethod
    def before(one: str, other: str) -> Literal:
        """The first point comes before the second."""
        return one != other and (("<", one, other), True)

    def not_before(self, one: str, other: str) -> Literal:
        """The first point does not come before the second."""
        return no(self.before(one, other))

    def happened(self, event: int) -> Literal:
        """The event happened before the disaster."""
        return self.before(self.at(event), "D")

    def absent(self, event: int) -> Literal:
        """The event did not happen before the disaster."""
        return no(self.happened(event))

    def appended(self, event: int) -> Literal:
        """Recovery executes the step of an event."""
        return self.before(self.redone(event), "E")

    @staticmethod
    def cut(event: int) -> Literal:
        """The event is in its log just after the disaster."""
        return ("cut", event), True

    @staticmethod
    def settled(event: int) -> Literal:
        """The event is in its log when recovery is over."""
        return ("set", event), True

    # Services

    def group(self, service: int) -> Group:
        """The group of a service."""
        insist(service < len(self.services), "there is no such service")
        return self.setting.groups[self.services[service]]

    def image(self, service: int) -> Image:
        """The source from which a service is restored."""
        return self.group(service).mode.image

    def is_external(self, service: int) -> bool:
        """Whether a service never crashes."""
        return self.services[service] in self.setting.external

    @cached_property
    def unit(self) -> list[tuple[int, ...]]:
        """For each service those that are restored together with it."""
        alone: list[tuple[int, ...]] = [(service,) for service in range(len(self.services))]
        if self.recovery.restore is not Restore.GROUP:
            return alone
        together = {
            group: tuple(self.service_number[name] for name in group.services)
            for group in set(self.setting.groups.values())
            if group.mode.recovers_together
        }
        return [together.get(self.setting.groups[name], (number,)) for number, name in enumerate(self.services)]

    @cached_property
    def inside(self) -> list[int]:
        """The services that are not external."""
        return [number for number in range(len(self.services)) if not self.is_external(number)]

    @cached_property
    def crash_sets(self) -> list[set[int]] | None:
        """The sets of services that may crash; ``None`` if any may."""
        match self.plan.disaster.scope:
            case Scope.ANY:
                return None
            case Scope.WHOLE:
                return [set(self.inside)]
            case listed:
                return [{self.service_number[name] for name in names} for names in listed]

    @cached_property
    def widened(self) -> list[set[int]]:
        """For each crash set that is listed, its services and those that are restored with them."""
        units = [{self.unit[service] for service in crash} for crash in self.crash_sets or []]
        return [{other for unit in each for other in unit} for each in units]

    @property
    def crash_alone(self) -> bool:
        """Whether no service is restored that did not crash, rollbacks aside."""
        if self.crash_sets is None:
            return all(len(self.unit[service]) == 1 for service in self.inside)
        return self.widened == self.crash_sets

    def hit(self, service: int) -> Literal:
        """The service crashes, or is restored together with one that does."""
        self.group(service)
        if self.is_external(service):
            return False
        if self.crash_sets is None:
            return ("hit", self.unit[service][0]), True
        hit = {service in crash for crash in self.widened}
        return hit == {True} if len(hit) == 1 else (("hit", service), True)

    def restored(self, service: int) -> Literal:
        """The service is restored."""
        return not self.is_external(service) if self.oldest else self.hit(service)

    def lost(self, service: int) -> Literal:
        """The log of the service is replaced."""
        return self.hit(service) if self.recovery.onto is Onto.EXISTING else self.restored(service)

    # Rules about steps

    def clause(self, name: str, numbers: tuple[int, ...]) -> Clause:
        """The clause of a rule for these events and services; in it at least one literal is true of every run.

        Raises:
            Unjustified: there is no such rule, or it does not apply.
        """
        rule = RULES.get(name)
        insist(rule is not None and len(numbers) == rule[1], "there is no such rule")
        assert rule is not None
        try:
            return rule[0](self, *numbers)
        except IndexError:
            raise Unjustified("there is no such event or service") from None

    def needs(self, event: int, other: int) -> Clause:
        """An event comes after what it needs."""
        insist(other in self.needed(event), "nothing says that it needs that")
        return self.absent(event), self.before(self.at(other), self.at(event))

    def deleted(self, event: int, deletion: int) -> Clause:
        """An event comes before the deletion of what it needs, if both happen."""
        insist(deletion in self.forbidden(event), "that takes nothing away that it needs")
        if deletion in self.blocks[event]:
            insist(deletion < event, "that comes after it in one transaction")
            return (self.absent(event),)
        return self.absent(event), self.absent(deletion), self.before(self.at(event), self.at(deletion))

    def rest(self, event: int, other: int) -> Clause:
        """At rest no use case is in flight: of each, all steps happened or none (only for disasters at rest)."""
        insist(other in self.case_events(event), "that is another use case")
        return self.absent(event), self.happened(other)

    # Rules about backups

    def first(self, service: int) -> Clause:
        """The first snapshot of all does not come after that of a service."""
        return (self.not_before(self.snapshot(service), "F"),)

    def some_first(self) -> Clause:
        """The first snapshot of all is that of some service."""
        points = dict.fromkeys(self.snapshot(self.service_number[name]) for name in self.setting.snapshotted)
        insist(points, "there are no snapshots")
        return tuple(self.not_before("F", point) for point in points)

    def order(self, earlier: int, later: int) -> Clause:
        """A service is snapshotted after those that the order puts before it."""
        insist(earlier in self.rank and later in self.rank, "the order does not mention it")
        insist(self.rank[earlier] < self.rank[later], "the order is another one")
        taken = self.before(self.snapshot(later), "D")
        return no(taken), self.before(self.snapshot(earlier), self.snapshot(later))

    @cached_property
    def rank(self) -> dict[int, int]:
        """The place of each service in the plan's order."""
        return {self.service_number[name]: place for place, name in enumerate(self.plan.order)}

    def snapped(self, service: int) -> Clause:
        """A service that is restored from a snapshot has one."""
        insist(self.image(service) is Image.SNAPSHOT, "no snapshot is taken of it")
        return no(self.restored(service)), self.before(self.snapshot(service), "D")

    def broker(self) -> Clause:
        """The content of the broker was backed up, if that is wanted."""
        insist(self.recovery.broker is Broker.BACKUP, "the broker is not backed up")
        return (self.before("B", "D"),)

    def no_way_back(self, service: int) -> Clause:
        """A service that is never backed up is not restored."""
        insist(self.image(service) is Image.NOTHING, "there is a way back for it")
        return (no(self.restored(service)),)

    @cached_property
    def no_way_back_for(self) -> list[int]:
        """The services that are never backed up."""
        return [service for service in self.inside if self.image(service) is Image.NOTHING]

    # Rules about locks

    def locked(self, service: int) -> Group:
        """The group of a service, which has a lock."""
        group = self.group(service)
        insist(group.mode.lock is not Lock.NONE, "there is no lock")
        return group

    def lock(self, service: int) -> str:
        """The point of the first snapshot in a locked group."""
        return f"t{self.service_number[self.locked(service).services[0]]}"

    def held_back(self, event: int, other: int) -> Group:
        """The group whose lock holds back both events, which happen together before its snapshots, or not at all."""
        (case, _), group = self.step(event), self.locked(self.service[event])
        self.step(other)
        insist(self.group(self.service[other]) is group, "that is in another group")
        insist(group.holds is None or case.name in group.holds, "the lock does not hold it back")
        if group.mode.lock is Lock.STOPPED:
            insist(event == other, "a lock that does not wait says nothing of other steps")
        insist(other in self.case_events(event), "that is another use case")
        return group

    def instant(self, service: int) -> Clause:
        """No snapshot of a locked group comes before the first one."""
        return (self.not_before(self.snapshot(service), self.lock(service)),)

    def drained(self, event: int, service: int, other: int) -> Clause:
        """An event before a snapshot under a lock is before all of them, with the rest of its use case there."""
        insist(self.held_back(event, other) is self.group(service), "that is in another group")
        snapshot = self.snapshot(service)
        return (
            self.not_before(snapshot, "D"),
            self.not_before(self.at(event), snapshot),
            self.before(self.at(other), self.lock(service)),
        )

    def released(self, event: int, service: int) -> Clause:
        """An event that a lock can hold back, and that comes after the first snapshot, comes after all of them."""
        insist(self.held_back(event, event) is self.group(service), "that is in another group")
        after = self.before(self.snapshot(service), self.at(event))
        return self.absent(event), self.before(self.at(event), self.lock(service)), after

    def marker(self, event: int, sender: int) -> Clause:
        """A message that was sent after the snapshot of its sender is received after that of its receiver."""
        insist(self.step(event)[1].via is Via.EVENT and sender in self.predecessors(event), "no such message")
        one, other = self.service[sender], self.service[event]
        group = self.group(other)
        insist(group.mode.markers and self.group(one) is group and one != other, "no markers there")
        sent = self.before(self.at(sender), self.snapshot(one))
        return self.absent(event), sent, self.before(self.snapshot(other), self.at(event))

    # Rules about the disaster

    def some_hit(self) -> Clause:
        """Some service crashes."""
        if self.crash_sets is None:
            return tuple(dict.fromkeys(self.hit(service) for service in self.inside))
        return tuple((("set of services", number), True) for number in range(len(self.crash_sets)))

    def crash(self, number: int, service: int) -> Clause:
        """Under a list of crash sets, those services are hit that are in the one that crashes, or restored with it."""
        insist(self.crash_sets is not None and number < len(self.crash_sets), "there is no such crash set")
        assert self.crash_sets is not None
        hit = self.hit(service)
        inside = service in self.widened[number]
        return (("set of services", number), False), hit if inside else no(hit)

    def there(self, event: int) -> Clause:
        """An event in a log just after the disaster happened before it."""
        return no(self.cut(event)), self.happened(event)

    def kept(self, event: int) -> Clause:
        """A service that does not lose its log has what happened."""
        return self.lost(self.service_of(event)), self.absent(event), self.cut(event)

    def image_has(self, event: int) -> Clause:
        """An event in a log that was replaced was in the backup."""
        service = self.service_of(event)
        instant = self.instant_of(service)
        backed = [] if instant is None else [self.before(self.at(event), instant), *self.in_newer(event, service)]
        return no(self.lost(service)), no(self.cut(event)), *backed

    def in_newer(self, event: int, service: int) -> list[Literal]:
        """The event happened before the snapshot of a service in the second round, if there are two."""
        two = self.newest and self.image(service) is Image.SNAPSHOT
        return [self.before(self.at(event), self.newer(service))] if two else []

    def newer(self, service: int) -> str:
        """The point of the snapshot of a service in the second round of backups."""
        insist(self.newest, "there is one round of backups")
        return f"n{self.snapshot(service)[1:]}"

    def image_newer(self, event: int) -> Clause:
        """An event in a log that was replaced, and not in the older backup, shows that there was a newer one."""
        service = self.service_of(event)
        insist(self.image(service) is Image.SNAPSHOT, "no snapshot is taken of it")
        taken = self.before(self.newer(service), "D")
        return no(self.lost(service)), no(self.cut(event)), self.before(self.at(event), self.snapshot(service)), taken

    def image_gives_newer(self, event: int) -> Clause:
        """An event in the newer backup is in the log that is made of it."""
        service = self.service_of(event)
        insist(self.image(service) is Image.SNAPSHOT, "no snapshot is taken of it")
        newer = self.newer(service)
        return (
            no(self.lost(service)),
            self.cut(event),
            self.not_before(self.at(event), newer),
            self.not_before(newer, "D"),
        )

    def newer_after(self, service: int, other: int) -> Clause:
        """The second round of backups begins when every service has been snapshotted."""
        insist(self.image(other) is Image.SNAPSHOT and not self.is_external(other), "no snapshot is taken of it")
        newer = self.newer(service)
        return self.not_before(newer, "D"), self.before(self.snapshot(other), newer)

    def newer_order(self, earlier: int, later: int) -> Clause:
        """In the second round, too, a service is snapshotted after those that the order puts before it."""
        insist(earlier in self.rank and later in self.rank, "the order does not mention it")
        insist(self.rank[earlier] < self.rank[later], "the order is another one")
        newer = self.newer(later)
        return self.not_before(newer, "D"), self.before(self.newer(earlier), newer)

    def newer_lock(self, service: int) -> str:
        """The point of the first snapshot in a locked group in the second round."""
        self.newer(service)
        return f"w{self.lock(service)[1:]}"

    def newer_instant(self, service: int) -> Clause:
        """No snapshot of a locked group comes before the first one of the second round, in that round."""
        return (self.not_before(self.newer(service), self.newer_lock(service)),)

    def newer_drained(self, event: int, service: int, other: int) -> Clause:
        """The same as ``drained``, in the second round."""
        insist(self.held_back(event, other) is self.group(service), "that is in another group")
        newer = self.newer(service)
        before_all = self.before(self.at(other), self.newer_lock(service))
        return self.not_before(newer, "D"), self.not_before(self.at(event), newer), before_all

    def newer_released(self, event: int, service: int) -> Clause:
        """The same as ``released``, in the second round."""
        insist(self.held_back(event, event) is self.group(service), "that is in another group")
        after = self.before(self.newer(service), self.at(event))
        return self.absent(event), self.before(self.at(event), self.newer_lock(service)), after

    def newer_marker(self, event: int, sender: int) -> Clause:
        """The same as ``marker``, in the second round."""
        self.marker(event, sender)
        one, other = self.service[sender], self.service[event]
        sent = self.before(self.at(sender), self.newer(one))
        return self.absent(event), sent, self.before(self.newer(other), self.at(event))

    def image_gives(self, event: int) -> Clause:
        """An event in the backup is in the log that is made of it."""
        service = self.service_of(event)
        instant = self.instant_of(service)
        insist(instant is not None, "nothing comes back from there")
        assert instant is not None
        return (
            no(self.lost(service)),
            self.cut(event),
            self.not_before(self.at(event), instant),
            self.not_before(instant, "D") if instant == "F" else False,
        )

    def service_of(self, event: int) -> int:
        """The service of an event."""
        self.step(event)
        return self.service[event]

    def instant_of(self, service: int) -> str | None:
        """The point at which the image was made that replaces the log of a service; ``None`` if it is empty."""
        match self.image(service):
            case Image.EMPTY:
                return None
            case Image.SNAPSHOT if not self.oldest:
                return self.snapshot(service)
            case Image.LOG if not self.oldest:
                return "D"
            case _:
                return "F" if self.setting.snapshotted else None

    def in_backup(self, event: int) -> Clause:
        """An event in a backup when disaster strikes happened before the snapshot, or before the disaster."""
        instant, newer = self.backup_instant(event), self.in_newer(event, self.service_of(event))
        return (("backed", event), False), self.before(self.at(event), instant), *newer

    def in_newer_backup(self, event: int) -> Clause:
        """An event in a backup, and not in the older one, shows that there was a newer one."""
        service, instant = self.service_of(event), self.backup_instant(event)
        insist(self.image(service) is Image.SNAPSHOT, "no snapshot is taken of it")
        taken = self.before(self.newer(service), "D")
        return (("backed", event), False), self.before(self.at(event), instant), taken

    def backed_up_newer(self, event: int) -> Clause:
        """An event that happened before a newer snapshot that was taken is in the backup."""
        service = self.service_of(event)
        insist(self.backup_instant(event) != "D", "no snapshot is taken there")
        newer = self.newer(service)
        return (("backed", event), True), self.not_before(self.at(event), newer), self.not_before(newer, "D")

    def backup_taken(self, event: int) -> Clause:
        """An event in a backup was snapshotted."""
        insist(self.backup_instant(event) != "D", "no snapshot is taken there")
        return (("backed", event), False), self.before(self.backup_instant(event), "D")

    def backed_up(self, event: int) -> Clause:
        """An event that happened before a snapshot that was taken is in the backup."""
        instant = self.backup_instant(event)
        taken = False if instant == "D" else self.not_before(instant, "D")
        return (("backed", event), True), self.not_before(self.at(event), instant), taken

    def backup_instant(self, event: int) -> str:
        """The point up to which the backup of the service of an event has what happened."""
        service = self.service_of(event)
        insist(not self.is_external(service), "an external service has no backup")
        image = self.image(service)
        insist(image in (Image.SNAPSHOT, Image.LOG), "the service has no backup")
        return self.snapshot(service) if image is Image.SNAPSHOT else "D"

    # Rules about messages just after the disaster

    def message(self, sender: int, event: int) -> Atom:
        """The message by which one event brings about another is in the broker just after the disaster."""
        insist(self.step(event)[1].via is Via.EVENT and sender in self.predecessors(event), "no such message")
        return ("message", sender, event)

    def channel(self, sender: int, event: int) -> list[int]:
        """The services that are to be restored together so that a recorded channel comes back; empty if none was."""
        group = self.group(self.service[event])
        if not group.mode.markers or self.group(self.service[sender]) is not group:
            return []
        return [self.service_number[name] for name in group.services]

    def unrecorded(self, sender: int, event: int) -> list[Literal]:
        """Literals of which one is true if no recorded channel comes back."""
        channel = self.channel(sender, event)
        return [no(self.hit(service)) for service in channel] if channel else [True]

    def recorded(self, sender: int, event: int) -> Clause:
        """A recorded message is one that was sent before the snapshot of its sender."""
        service = self.service[sender]
        in_backup = [self.before(self.at(sender), self.snapshot(service)), *self.in_newer(sender, service)]
        return (*self.unrecorded(sender, event), (self.message(sender, event), False), *in_backup)

    def recorded_newer(self, sender: int, event: int) -> Clause:
        """A recorded message that is not in the older backup shows that there was a newer one."""
        message, service = (self.message(sender, event), False), self.service[sender]
        insist(self.image(service) is Image.SNAPSHOT, "no snapshot is taken of it")
        older, taken = self.before(self.at(sender), self.snapshot(service)), self.before(self.newer(service), "D")
        return (*self.unrecorded(sender, event), message, older, taken)

    def recorded_all_newer(self, sender: int, event: int) -> Clause:
        """A message that was sent before a newer snapshot of its sender is recorded."""
        message, service = (self.message(sender, event), True), self.service[sender]
        insist(self.image(service) is Image.SNAPSHOT, "no snapshot is taken of it")
        newer = self.newer(service)
        later = self.not_before(self.at(sender), newer), self.not_before(newer, "D")
        return (*self.unrecorded(sender, event), message, *later)

    def recorded_all(self, sender: int, event: int) -> Clause:
        """A message that was sent before the snapshot of its sender is recorded."""
        sent_later = self.not_before(self.at(sender), self.snapshot(self.service[sender]))
        return (*self.unrecorded(sender, event), (self.message(sender, event), True), sent_later)

    def waited(self, sender: int, event: int, hit: int) -> Clause:
        """A message in the broker had been sent; ``hit`` is a service of the channel, or else of the sender."""
        return self.in_broker(sender, event, hit, self.sent(sender))

    def not_received(self, sender: int, event: int, hit: int) -> Clause:
        """A message in the broker had not been received."""
        instant = "B" if self.recovery.broker is Broker.BACKUP else "D"
        return self.in_broker(sender, event, hit, self.not_before(self.at(event), instant))

    def not_lost(self, sender: int, event: int, hit: int) -> Clause:
        """If nothing is said of the broker, messages between services that are both restored are lost."""
        insist(self.recovery.broker is None, "the plan says what becomes of the broker")
        ends = no(self.restored(self.service[sender])), no(self.restored(self.service_of(event)))
        return self.in_broker(sender, event, hit, *ends)

    def all_lost(self, sender: int, event: int, hit: int) -> Clause:
        """A broker that is lost has no messages."""
        insist(self.recovery.broker is Broker.LOST, "messages are not lost")
        return self.in_broker(sender, event, hit)

    def in_broker(self, sender: int, event: int, hit: int, *then: Literal) -> Clause:
        """A message is not in the broker, or one of these is true, or a recorded channel came back."""
        return (*self.not_recorded(sender, event, hit), (self.message(sender, event), False), *then)

    def not_recorded(self, sender: int, event: int, hit: int) -> list[Literal]:
        """Literals of which one is true if this service of a recorded channel is restored."""
        channel = self.channel(sender, event)
        insist(hit in channel if channel else hit == self.service[sender], "that service has no part in the message")
        return [self.hit(hit)] if channel else []

    def sent(self, sender: int) -> Literal:
        """A message was sent in time to be in the broker after the disaster."""
        return self.before(self.at(sender), "B" if self.recovery.broker is Broker.BACKUP else "D")

    def survives(self, sender: int, event: int, hit: int, end: int) -> Clause:
        """A message that was sent and not received is in the broker; ``end`` is a service that was not restored."""
        insist(self.recovery.broker is not Broker.LOST, "messages are lost")
        ends = self.service[sender], self.service_of(event)
        insist(end in ends, "that service has no part in the message")
        instant = "B" if self.recovery.broker is Broker.BACKUP else "D"
        return (
            *self.not_recorded(sender, event, hit),
            (self.message(sender, event), True),
            no(self.sent(sender)),
            self.before(self.at(event), instant),
            self.restored(end) if self.recovery.broker is None else False,
        )

    # Rules about recovery

    @cached_property
    def possible(self) -> Possible:
        """The actions of recovery that are possible at all."""
        return Possible(self.setting)

    def is_whole(self, block: tuple[int, ...]) -> bool:
        """Whether the events of a transaction are lost, and come back, only together."""
        services = frozenset(self.services[self.service[event]] for event in block)
        alone = any(self.is_backfilled(event) or self.is_reconstructed(event) for event in block)
        return not alone and self.setting.lost_together(services) <= {services}

    def steps_of(self, event: int) -> tuple[UseCase, tuple[Step, ...]]:
        """The use case and the steps of the transaction of an event."""
        return self.step(event)[0], tuple(self.places[other][1] for other in self.blocks[event])

    def never_redone(self, event: int) -> bool:
        """Whether recovery certainly never executes a transaction."""
        case, steps = self.steps_of(event)
        return not any(self.possible.redoes(case, step) for step in steps)

    def idle(self, event: int) -> Clause:
        """Recovery does not execute a transaction for which it has no way to."""
        insist(self.never_redone(event), "recovery may execute it")
        return (no(self.appended(event)),)

    def quiet(self, event: int) -> Clause:
        """Recovery does not repeat a transaction for which it has no way to."""
        insist(not self.possible.repeats(*self.steps_of(event)), "recovery may repeat it")
        return (self.not_before(self.repeated(event), "E"),)

    def stays(self, event: int) -> Clause:
        """An event in a log after the disaster stays there."""
        return no(self.cut(event)), self.settled(event)

    def comes(self, event: int) -> Clause:
        """A step that recovery executes is in the log when it is over."""
        return no(self.appended(event)), self.settled(event)

    def origin(self, event: int) -> Clause:
        """An event in a log when recovery is over was there after the disaster, or recovery executed it."""
        return no(self.settled(event)), self.cut(event), self.appended(event), *self.brought_back(event, "E")

    def fresh(self, event: int) -> Clause:
        """Recovery executes only what is not in the log."""
        return no(self.appended(event)), no(self.cut(event))

    # Why recovery executes something

    def ways(self, event: int) -> dict[str, bool]:
        """The ways in which recovery comes to execute the transaction of an event."""
        case, steps = self.steps_of(event)
        first = steps[0]
        return {
            "deliver": self.possible.delivers(case, first),
            "replay": first.via is Via.EVENT and self.recovery.replay,
            "resume": self.possible.resumes(case, first),
            "retry": self.possible.retries(first),
        }

    def way(self, event: int) -> Clause:
        """Recovery executes a step in one of the ways that there are."""
        head = self.blocks[event][0]
        return no(self.appended(event)), *(((kind, head), True) for kind, is_way in self.ways(event).items() if is_way)

    def by(self, kind: str, head: int) -> Literal:
        """Recovery does not execute the transaction with this first event in this way."""
        insist(self.step(head)[1] is not None and self.blocks[head][0] == head, "no transaction begins with that")
        self.redone(head)
        return (kind, head), False

    def executed(self, event: int, when: str) -> list[Literal]:
        """The step of an event was executed by recovery before this point, for the first time or again."""
        created = [self.before(f"c{event}", when)] if self.is_reconstructed(event) else []
        return [self.before(self.redone(event), when), self.before(self.repeated(event), when), *created]

    def logged(self, event: int, when: str) -> list[Literal]:
        """The event was in the log after the disaster, or recovery executed it before this point."""
        return [self.cut(event), self.before(self.redone(event), when), *self.brought_back(event, when)]

    def delivery(self, head: int, sender: int) -> Clause:
        """A message that is delivered was in the broker, or sent by a step that recovery executed."""
        now = self.redone(head)
        return self.by("deliver", head), (self.message(sender, head), True), *self.executed(sender, now)

    def replaying(self, head: int, sender: int) -> Clause:
        """An event that is replayed follows logged ones."""
        insist(sender in self.predecessors(head), "it does not follow that")
        return self.by("replay", head), *self.logged(sender, self.redone(head))

    def resuming(self, head: int, caller: int) -> Clause:
        """A call that is made again follows what is logged."""
        insist(caller in self.predecessors(head), "it does not follow that")
        return self.by("resume", head), *self.logged(caller, self.redone(head))

    def calling(self, head: int) -> Clause:
        """A call goes on without ``resume`` only if a caller is executed, or was spared with the one who is called."""
        return self.going_on(head, [no(self.restored(self.service_of(head)))])

    def calling_from(self, head: int) -> Clause:
        """The same: one of the callers was spared."""
        return self.going_on(head, [no(self.restored(self.service[each])) for each in self.predecessors(head)])

    def going_on(self, head: int, spared: list[Literal]) -> Clause:
        """A call is not made again, or a caller is executed, or one of these is true."""
        insist(not self.recovery.resume, "calls are resumed")
        live = [each for caller in self.predecessors(head) for each in self.executed(caller, self.redone(head))]
        return self.by("resume", head), *live, *spared

    def retrying(self, head: int) -> Clause:
        """A command is submitted again only if another event of its use case is logged."""
        others = [other for other in self.case_events(head) if other not in self.blocks[head]]
        now = self.redone(head)
        return self.by("retry", head), *(each for other in others for each in self.logged(other, now))

    # Validity

    def asked(self, event: int) -> list[Entity]:
        """The entities that have to exist for recovery to execute the step of an event."""
        _, step = self.step(event)
        if step.via is Via.CALL:
            return list(step_entities(step))
        return list(event_entities(step)) if self.recovery.on_invalid is OnInvalid.REJECT else []

    def valid(self, event: int, creation: int) -> Clause:
        """Recovery executes only what is valid: what it needs was created."""
        insist(creation in map(self.creation, self.asked(event)), "it does not need that")
        if creation in self.blocks[event]:
            insist(creation >= event, "that comes before it in one transaction")
            return (no(self.appended(event)),)
        return no(self.appended(event)), *self.logged(creation, self.redone(event))

    def taken_away(self, event: int, removal: int) -> bool:
        """Whether a deletion makes the step of an event invalid for certain; refuse one that does not matter."""
        insist(any(removal in self.removals(entity) for entity in self.asked(event)), "it does not need that")
        block = self.blocks[event]
        insist(removal not in block or removal < event, "that does not come before it")
        return removal in block

    def not_deleted(self, event: int, removal: int) -> Clause:
        """A step that recovery executes needs nothing that was deleted before the disaster."""
        if self.taken_away(event, removal):
            return (no(self.appended(event)),)
        return no(self.appended(event)), no(self.cut(removal))

    def not_yet_deleted(self, event: int, removal: int) -> Clause:
        """A step that recovery executes needs nothing that recovery deleted before."""
        insist(not self.taken_away(event, removal), "use not-deleted")
        return no(self.appended(event)), self.not_before(self.redone(removal), self.redone(event))

    def invalid(self, head: int) -> list[Literal]:
        """Literals of which one is true if a transaction is not valid when recovery is over."""
        found: list[Literal] = []
        block = self.blocks[head]
        for event in block:
            for entity in self.asked(event):
                creation = self.creation(entity)
                insist(creation not in block or creation < event, "it is never valid")
                found += [] if creation in block else [no(self.settled(creation))]
                for removal in self.removals(entity):
                    insist(removal not in block or removal >= event, "it is never valid")
                    found += [] if removal in block else [self.settled(removal)]
        return found

    # What recovery does not leave undone

    def due(self, kind: str, head: int, others: Iterable[int]) -> list[Literal]:
        """Literals of which one is true if recovery is over and there was this way to execute a transaction."""
        self.by(kind, head)
        insist(self.ways(head)[kind], "there is no such way")
        return [self.settled(head), *(no(self.settled(other)) for other in others), *self.invalid(head)]

    def pending(self, sender: int, event: int) -> Atom:
        """The message was in the broker at some time after the disaster."""
        return ("pending", *self.message(sender, event)[1:])

    def waits(self, sender: int, event: int) -> Clause:
        """A message in the broker just after the disaster was in the broker."""
        return (self.message(sender, event), False), (self.pending(sender, event), True)

    def sends(self, sender: int, event: int) -> Clause:
        """A step that recovery executes sends its messages."""
        return no(self.appended(sender)), (self.pending(sender, event), True)

    def sends_again(self, sender: int, event: int) -> Clause:
        """A step that recovery repeats sends its messages."""
        return self.not_before(self.repeated(sender), "E"), (self.pending(sender, event), True)

    def must_deliver(self, head: int) -> Clause:
        """A message that waits is delivered."""
        rejects = self.recovery.on_invalid is OnInvalid.REJECT and self.asked(head)
        insist(not rejects, "its message may have been dropped")
        senders = self.predecessors(head)
        return *self.due("deliver", head, ()), *((self.pending(sender, head), False) for sender in senders)

    def must_replay(self, head: int) -> Clause:
        """With ``replay``, an event step is executed that follows what is logged."""
        return tuple(self.due("replay", head, self.predecessors(head)))

    def must_resume(self, head: int) -> Clause:
        """With ``resume``, a call is made that follows what is logged."""
        insist(self.recovery.resume, "calls are not resumed")
        return tuple(self.due("resume", head, self.predecessors(head)))

    def must_call(self, head: int, caller: int) -> Clause:
        """A call is made whose caller recovery executes."""
        insist(caller in self.predecessors(head), "it does not follow that")
        return *self.due("resume", head, self.predecessors(head)), no(self.appended(caller))

    def must_call_again(self, head: int, caller: int) -> Clause:
        """A call is made whose caller recovery repeats."""
        insist(caller in self.predecessors(head), "it does not follow that")
        return *self.due("resume", head, self.predecessors(head)), self.not_before(self.repeated(caller), "E")

    def must_go_on(self, head: int, caller: int) -> Clause:
        """A call is made if neither the caller nor the one who is called was restored."""
        insist(caller in self.predecessors(head), "it does not follow that")
        ends = [self.restored(self.service[each]) for each in (head, caller)]
        return *self.due("resume", head, self.predecessors(head)), *ends

    def must_retry(self, head: int, other: int) -> Clause:
        """A command is submitted again if another event of its use case is logged."""
        insist(other in self.case_events(head) and other not in self.blocks[head], "that does not follow it")
        return tuple(self.due("retry", head, [other]))

    def must_call_created(self, head: int, caller: int) -> Clause:
        """A call is made whose caller a person created again."""
        insist(caller in self.predecessors(head), "it does not follow that")
        return *self.due("resume", head, self.predecessors(head)), no(self.created(caller))

    # What is brought back by owners and people

    def is_backfilled(self, event: int) -> bool:
        """Whether the owner of an entity may take an event back from what others have kept."""
        _, step = self.step(event)
        return step.verb is not Verb.COPY and step.entity.name in self.recovery.backfill

    def is_reconstructed(self, event: int) -> bool:
        """Whether people may create again what an event creates."""
        return self.possible.reconstructs(self.step(event)[1])

    def backfilled(self, event: int) -> Literal:
        """The event is taken back by the owner of its entity."""
        insist(self.is_backfilled(event), "it is not backfilled")
        return self.before(f"b{event}", "E")

    def created(self, event: int) -> Literal:
        """People create again what the event creates."""
        insist(self.is_reconstructed(event), "it is not reconstructed")
        return self.before(f"c{event}", "E")

    def brought_back(self, event: int, when: str) -> list[Literal]:
        """The event was taken back by its owner, or created again by people, before this point."""
        ways = {"b": self.is_backfilled(event), "c": self.is_reconstructed(event)}
        return [self.before(f"{kind}{event}", when) for kind, is_way in ways.items() if is_way]

    def brings_back(self, event: int, by_people: int) -> Clause:
        """An event that is brought back (1: by people) is in the log when recovery is over."""
        return no(self.back(event, by_people)), self.settled(event)

    def back(self, event: int, by_people: int) -> Literal:
        """The event is brought back by its owner (0), or by people (1)."""
        insist(by_people in (0, 1), "neither by its owner nor by people")
        return self.created(event) if by_people else self.backfilled(event)

    def lacked(self, event: int, by_people: int) -> Clause:
        """An event is brought back only if it is not in the log."""
        return no(self.back(event, by_people)), no(self.cut(event))

    def copies(self, event: int) -> list[int]:
        """The copies of an entity from which its owner may take an event back."""
        case, step = self.step(event)
        later = [self.event_of[case.name, each.number] for each in followers(case, (step,))]
        of_it = [other for other in later if self.places[other][1].entity == step.entity]
        return [other for other in of_it if self.places[other][1].verb is Verb.COPY]

    def reasons(self, event: int, by_people: int) -> list[Link]:
        """The links for whose sake an event is brought back."""
        _, step = self.step(event)
        if step.verb is not Verb.CREATE:
            return []
        links, caches = self.links_to(step.entity), dict(self.architecture.caches)
        kept = [each for each in links if caches.get((each.holder.name, each.target.name)) is Caching.WITH_THE_LINK]
        return links if by_people else kept

    def source(self, event: int, by_people: int) -> Clause:
        """An event is brought back only from a copy that is logged, or for a link that was made."""
        back, now = self.back(event, by_people), f"{'bc'[by_people]}{event}"
        of = [*([] if by_people else self.copies(event)), *map(self.making, self.reasons(event, by_people))]
        return no(back), *(each for other in of for each in self.logged(other, now))

    def source_held(self, event: int, by_people: int) -> Clause:
        """The same: the holder of a link exists."""
        back, now = self.back(event, by_people), f"{'bc'[by_people]}{event}"
        holders = [self.creation(link.holder) for link in self.reasons(event, by_people)]
        of = [*([] if by_people else self.copies(event)), *holders]
        return no(back), *(each for other in of for each in self.logged(other, now))

    def must_backfill(self, event: int, copy: int) -> Clause:
        """An event of which there is a copy is backfilled."""
        insist(self.is_backfilled(event) and copy in self.copies(event), "it is not backfilled from that")
        return self.settled(event), no(self.settled(copy))

    def must_bring_back(self, event: int, by_people: int, making: int, number: int) -> Clause:
        """An event is brought back for a link that holds."""
        self.back(event, by_people)
        link = self.link(making, number)
        insist(link in self.reasons(event, by_people), "it is not brought back for that link")
        removals = (*self.removals(link), *self.removals(link.holder))
        made = no(self.settled(making)), no(self.settled(self.creation(link.holder)))
        return self.settled(event), *made, *(self.settled(removal) for removal in removals)

    def sends_created(self, sender: int, event: int) -> Clause:
        """An event that people create again sends its messages."""
        return no(self.created(sender)), (self.pending(sender, event), True)

    # What recovery repeats

    def must_repeat_created(self, head: int, caller: int) -> Clause:
        """A call that is logged is made again if people created its caller again."""
        return *self.asleep(head, caller), no(self.created(caller))

    def repeats(self, head: int, caller: int) -> tuple[str, list[int]]:
        """The point at which a call is repeated, and those whom it follows."""
        _, steps = self.steps_of(head)
        insist(self.blocks[head][0] == head and steps[0].via is Via.CALL, "no call begins a transaction there")
        insist(caller in self.predecessors(head), "it does not follow that")
        insist(len(steps) == 1 or self.is_whole(self.blocks[head]), "parts of a transaction")
        return self.repeated(head), self.predecessors(head)

    def awake(self, head: int, caller: int) -> Clause:
        """A call is repeated only if a caller is executed."""
        now, callers = self.repeats(head, caller)
        insist(not any(step.once for step in self.steps_of(head)[1]), "it is not idempotent")
        return self.not_before(now, "E"), *(each for other in callers for each in self.executed(other, now))

    def again(self, head: int, caller: int) -> Clause:
        """A call is repeated only if what it follows is logged."""
        now, _ = self.repeats(head, caller)
        return self.not_before(now, "E"), *self.logged(caller, now)

    def known(self, head: int, caller: int) -> Clause:
        """A call is repeated only if it is in the log after the disaster, or was backfilled."""
        now, _ = self.repeats(head, caller)
        backfilled = self.is_backfilled(head) and self.before(f"b{head}", now)
        return self.not_before(now, "E"), self.cut(head), backfilled

    def must_repeat(self, head: int, caller: int) -> Clause:
        """A call that is logged is made again if recovery executes its caller."""
        return *self.asleep(head, caller), no(self.appended(caller))

    def must_repeat_again(self, head: int, caller: int) -> Clause:
        """A call that is logged is made again if recovery repeats its caller."""
        return *self.asleep(head, caller), self.not_before(self.repeated(caller), "E")

    def asleep(self, head: int, caller: int) -> list[Literal]:
        """Literals of which one is true if a call is not logged, was made, or follows what is not logged."""
        now, callers = self.repeats(head, caller)
        made = [self.appended(head), self.before(now, "E"), self.is_reconstructed(head) and self.created(head)]
        return [no(self.settled(head)), *made, *(no(self.settled(other)) for other in callers)]

    # What is removed at the end

    def final(self, event: int) -> Literal:
        """The event is in its log at the very end."""
        self.step(event)
        return (("end", event), True) if self.recovery.undo else self.settled(event)

    def undone(self, event: int) -> Literal:
        """The event is taken back at the end, as its use case is half done."""
        insist(self.recovery.undo, "nothing is undone")
        self.step(event)
        return self.before(f"u{event}", "Z")

    def remains(self, event: int) -> Clause:
        """An event that is in its log at the very end was there before anything was taken back."""
        return no(self.final(event)), self.settled(event)

    def remains_done(self, event: int) -> Clause:
        """An event that is in its log at the very end is not taken back."""
        return no(self.final(event)), no(self.undone(event))

    def remains_else(self, event: int) -> Clause:
        """An event that is not taken back remains."""
        return self.final(event), no(self.settled(event)), self.undone(event)

    def is_undoable(self, event: int) -> bool:
        """Whether an event may be taken back."""
        return self.recovery.undo and not self.is_external(self.service_of(event))

    def not_undone(self, event: int) -> Clause:
        """Events of external services are not taken back."""
        insist(not self.is_undoable(event), "it may be taken back")
        return (no(self.undone(event)),)

    def is_strict(self, event: int) -> bool:
        """Whether a use case must not lack an event."""
        case, step = self.step(event)
        return (case.name, step.number) not in self.architecture.tolerance.missing_state

    def spoken_of(self, event: int) -> set[int]:
        """The creations of all that an event is about, links to, or needs."""
        _, step = self.step(event)
        spoken = {step.entity, *(link.target for link in step.links), *step.needs}
        return {self.creation(entity) for entity in spoken} - {event}

    def whole(self, event: int) -> list[int]:
        """The events whose absence can make a use case half done: its own, and the creations of all they speak of."""
        own = self.case_events(event)
        strict = {other for other in own if self.is_strict(other)}
        return sorted(strict.union(*map(self.spoken_of, own)) - {event})

    def undoing(self, event: int) -> Clause:
        """An event is taken back only if its use case lacks something, or lost the entity of another one before.

        (Of the events of a use case that are taken back consider the first.)
        """
        others = [other for other in self.whole(event) if other not in self.case_events(event)]
        lost = [self.before(f"u{other}", f"u{event}") for other in others]
        return no(self.undone(event)), *(no(self.settled(other)) for other in self.whole(event)), *lost

    def undone_there(self, event: int) -> Clause:
        """An event that is taken back was in its log."""
        return no(self.undone(event)), self.settled(event)

    def complete(self, event: int, other: int) -> Clause:
        """An event that could be taken back remains only with all that its use case must not lack."""
        strict = {each for each in self.case_events(event) if self.is_strict(each)}
        needed = strict.union(*map(self.spoken_of, strict))
        insist(self.is_undoable(event) and other in needed, "it may remain without that")
        return no(self.final(event)), self.final(other)

    def complete_if(self, event: int, tolerated: int, other: int) -> Clause:
        """The same for what a tolerated step speaks of, if that is there."""
        insist(self.is_undoable(event) and tolerated in self.case_events(event), "it may remain without that")
        insist(other in self.spoken_of(tolerated), "it does not speak of that")
        return no(self.final(event)), no(self.final(tolerated)), self.final(other)

    # What is collected at the end

    def collected(self, creation: int) -> Literal:
        """The entity that an event creates is collected, as nothing refers to it."""
        _, step = self.step(creation)
        insist(step.verb is Verb.CREATE, "it creates nothing")
        return step.entity.name in self.recovery.collect and self.before(f"g{creation}", "Z")

    def collectable(self, creation: int) -> Entity:
        """The entity that an event creates, which may be collected: its own use case makes a link to it."""
        insist(not isinstance(self.collected(creation), bool), "it is never collected")
        case, step = self.step(creation)
        insist(any(self.architecture.links[link][0] is case for link in self.links_to(step.entity)), "no link to it")
        return step.entity

    def links_to(self, entity: Entity) -> list[Link]:
        """The links to an entity."""
        return self._links.get(entity, [])

    @cached_property
    def _links(self) -> dict[Entity, list[Link]]:
        found: dict[Entity, list[Link]] = {}
        for link in self.architecture.links:
            found.setdefault(link.target, []).append(link)
        return found

    def link(self, making: int, number: int) -> Link:
        """The link with this number, from 0, among those that an event makes."""
        links = self.step(making)[1].links
        insist(number < len(links), "there is no such link")
        return links[number]

    def held(self, making: int, number: int) -> Literal:
        """A link holds at the end."""
        return ("link", making, number), True

    def held_made(self, making: int, number: int) -> Clause:
        """A link that holds was made."""
        self.link(making, number)
        return no(self.held(making, number)), self.final(making)

    def held_by(self, making: int, number: int) -> Clause:
        """A link that holds has a holder."""
        return no(self.held(making, number)), self.final(self.creation(self.link(making, number).holder))

    def held_still(self, making: int, number: int, removal: int) -> Clause:
        """A link that holds was not removed, nor its holder deleted."""
        link = self.link(making, number)
        insist(removal in (*self.removals(link), *self.removals(link.holder)), "that does not remove it")
        return no(self.held(making, number)), no(self.final(removal))

    def held_alive(self, making: int, number: int) -> Clause:
        """A link that holds has a holder that was not collected."""
        return no(self.held(making, number)), no(self.collected(self.creation(self.link(making, number).holder)))

    def never_collected(self, creation: int) -> Clause:
        """An entity to which its own use case makes no link is not collected."""
        case, step = self.step(creation)
        insist(all(self.architecture.links[link][0] is not case for link in self.links_to(step.entity)), "a link to it")
        return (no(self.collected(creation)),)

    def collected_there(self, creation: int) -> Clause:
        """An entity that is collected was created."""
        self.collectable(creation)
        return no(self.collected(creation)), self.final(creation)

    def collected_once(self, creation: int, removal: int) -> Clause:
        """An entity that is collected was not deleted."""
        insist(removal in self.removals(self.collectable(creation)), "that does not delete it")
        return no(self.collected(creation)), no(self.final(removal))

    def unheld(self, creation: int, making: int, number: int) -> Clause:
        """An entity is collected only if a link to it does not hold then."""
        link = self.link(making, number)
        insist(link.target == self.collectable(creation), "that link leads elsewhere")
        holder = self.creation(link.holder)
        removed = [self.final(removal) for removal in (*self.removals(link), *self.removals(link.holder))]
        gone = self.collected(holder) is not False and self.before(f"g{holder}", f"g{creation}")
        return no(self.collected(creation)), no(self.final(making)), *removed, no(self.final(holder)), gone

    def garbage(self, creation: int) -> Clause:
        """An entity to which no link holds is collected, unless the application left it so."""
        entity = self.collectable(creation)
        taken = [self.final(removal) for removal in self.removals(entity)]
        held = [
            self.held(self.making(link), self.architecture.links[link][1].links.index(link))
            for link in self.links_to(entity)
        ]
        return no(self.final(creation)), *taken, self.collected(creation), *held, (("excused", creation), True)

    def making(self, link: Link) -> int:
        """The event that makes a link."""
        case, step = self.architecture.links[link]
        return self.event_of[case.name, step.number]

    def excuses(self, creation: int) -> list[list[Literal]]:
        """The parts of which all are true, each by a literal, if an orphan is the application's own doing."""
        if creation not in self._excuses:
            guard = Fault(self.architecture, self.setting.droppable).excused_orphan(self.collectable(creation), 1)
            parts = [sorted(part) for part in sorted(guard.disjunctions, key=sorted)]
            found = [[self.fact(fact) if is_so else no(self.fact(fact)) for fact, is_so in part] for part in parts]
            self._excuses[creation] = found
        return self._excuses[creation]

    @cached_property
    def _excuses(self) -> dict[int, list[list[Literal]]]:
        return {}

    def excuse(self, creation: int, number: int) -> list[Literal]:
        """The part with this number."""
        insist(number < len(self.excuses(creation)), "there is no such part")
        return self.excuses(creation)[number]

    def excused(self, creation: int, number: int) -> Clause:
        """An orphan is the application's own doing only if every part is true."""
        self.excuse(creation, number)
        return (("excused", creation), False), (("excuse", creation, number), True)

    def excused_all(self, creation: int) -> Clause:
        """An orphan is the application's own doing if every part is true."""
        parts = range(len(self.excuses(creation)))
        return (("excused", creation), True), *((("excuse", creation, number), False) for number in parts)

    def excused_of(self, creation: int, number: int) -> Clause:
        """A part is true only by one of its literals."""
        return (("excuse", creation, number), False), *self.excuse(creation, number)

    def excused_by(self, creation: int, number: int, place: int) -> Clause:
        """A part is true by any of its literals."""
        insist(place < len(self.excuse(creation, number)), "there is no such literal")
        return (("excuse", creation, number), True), no(self.excuse(creation, number)[place])

    def unexcused(self, creation: int) -> Clause:
        """An orphan that is the application's own doing is not collected."""
        self.collectable(creation)
        return no(self.collected(creation)), (("excused", creation), False)

    # Questions

    def fact(self, fact: Fact) -> Literal:
        """A fact about a settled state as a literal.

        Raises:
            NotCovered: the rules say nothing of such facts.
        """
        event = self.number(fact.events[0]) if fact.events else -1
        match fact.kind:
            case FactKind.LOGGED:
                return self.final(event)
            case FactKind.GONE:
                return self.collected(event)
            case FactKind.BEFORE:
                return self.happened(event)
            case FactKind.BACKED:
                return ("backed", event), True
            case _:
                raise NotCovered(f"no certificate covers the fact {fact.kind}")

    def number(self, event: Event) -> int:
        """The number of an event."""
        return self.event_of[event.use_case, event.step]

    def denial(self, event: int) -> list[Literal]:
        """The literals that are true just before (``N``) a call is denied, in a run without a disaster up to there.

        Raises:
            Unjustified: no lock holds back the call so that a client notices.
        """
        insist(event in self.deniable, "no client waits for it under a lock")
        group = self.locked(self.service[event])
        found = [self.before("N", "D"), self.not_before(self.at(event), "N")]
        found += [self.before(self.at(other), "N") for other in sorted(self.needed(event))]
        found += [self.not_before(self.at(other), "N") for other in sorted(self.forbidden(event))]
        if group.mode.lock is Lock.DRAINED:
            inside = [other for other in self.case_events(event) if self.step(other)[1].service in group.services]
            found += [self.not_before(self.at(other), "N") for other in inside]
        return found

    @cached_property
    def deniable(self) -> list[int]:
        """The calls that a lock may hold back while a client waits."""
        found = []
        for event, (case, step) in enumerate(self.places):
            group = self.group(self.service[event])
            locked = group.mode.lock is not Lock.NONE and (group.holds is None or case.name in group.holds)
            if locked and step.via is Via.CALL and not case.background:
                found.append(event)
        return found


Rule = Callable[..., Clause]
_STEPS: dict[str, tuple[Rule, int]] = {
    "needs": (OrderRules.needs, 2),
    "deleted": (OrderRules.deleted, 2),
    "order": (OrderRules.order, 2),
    "instant": (OrderRules.instant, 1),
    "drained": (OrderRules.drained, 3),
    "released": (OrderRules.released, 2),
    "marker": (OrderRules.marker, 2),
    "newer-after": (OrderRules.newer_after, 2),
    "newer-order": (OrderRules.newer_order, 2),
    "newer-instant": (OrderRules.newer_instant, 1),
    "newer-drained": (OrderRules.newer_drained, 3),
    "newer-released": (OrderRules.newer_released, 2),
    "newer-marker": (OrderRules.newer_marker, 2),
}
_AFTER: dict[str, tuple[Rule, int]] = {
    "rest": (OrderRules.rest, 2),
    "first": (OrderRules.first, 1),
    "some-first": (OrderRules.some_first, 0),
    "snapped": (OrderRules.snapped, 1),
    "broker": (OrderRules.broker, 0),
    "no-way-back": (OrderRules.no_way_back, 1),
    "some-hit": (OrderRules.some_hit, 0),
    "crash": (OrderRules.crash, 2),
    "there": (OrderRules.there, 1),
    "kept": (OrderRules.kept, 1),
    "image-has": (OrderRules.image_has, 1),
    "image-gives": (OrderRules.image_gives, 1),
    "image-newer": (OrderRules.image_newer, 1),
    "image-gives-newer": (OrderRules.image_gives_newer, 1),
    "in-newer-backup": (OrderRules.in_newer_backup, 1),
    "backed-up-newer": (OrderRules.backed_up_newer, 1),
    "recorded-newer": (OrderRules.recorded_newer, 2),
    "recorded-all-newer": (OrderRules.recorded_all_newer, 2),
    "in-backup": (OrderRules.in_backup, 1),
    "backup-taken": (OrderRules.backup_taken, 1),
    "backed-up": (OrderRules.backed_up, 1),
    "recorded": (OrderRules.recorded, 2),
    "recorded-all": (OrderRules.recorded_all, 2),
    "waited": (OrderRules.waited, 3),
    "not-received": (OrderRules.not_received, 3),
    "not-lost": (OrderRules.not_lost, 3),
    "all-lost": (OrderRules.all_lost, 3),
    "survives": (OrderRules.survives, 4),
    "idle": (OrderRules.idle, 1),
    "quiet": (OrderRules.quiet, 1),
    "stays": (OrderRules.stays, 1),
    "comes": (OrderRules.comes, 1),
    "origin": (OrderRules.origin, 1),
    "fresh": (OrderRules.fresh, 1),
    "way": (OrderRules.way, 1),
    "delivery": (OrderRules.delivery, 2),
    "replaying": (OrderRules.replaying, 2),
    "resuming": (OrderRules.resuming, 2),
    "calling": (OrderRules.calling, 1),
    "calling-from": (OrderRules.calling_from, 1),
    "retrying": (OrderRules.retrying, 1),
    "valid": (OrderRules.valid, 2),
    "not-deleted": (OrderRules.not_deleted, 2),
    "not-yet-deleted": (OrderRules.not_yet_deleted, 2),
    "waits": (OrderRules.waits, 2),
    "sends": (OrderRules.sends, 2),
    "sends-again": (OrderRules.sends_again, 2),
    "must-deliver": (OrderRules.must_deliver, 1),
    "must-replay": (OrderRules.must_replay, 1),
    "must-resume": (OrderRules.must_resume, 1),
    "must-call": (OrderRules.must_call, 2),
    "must-call-again": (OrderRules.must_call_again, 2),
    "must-go-on": (OrderRules.must_go_on, 2),
    "must-retry": (OrderRules.must_retry, 2),
    "awake": (OrderRules.awake, 2),
    "again": (OrderRules.again, 2),
    "known": (OrderRules.known, 2),
    "must-repeat": (OrderRules.must_repeat, 2),
    "must-repeat-again": (OrderRules.must_repeat_again, 2),
    "must-call-created": (OrderRules.must_call_created, 2),
    "must-repeat-created": (OrderRules.must_repeat_created, 2),
    "brings-back": (OrderRules.brings_back, 2),
    "lacked": (OrderRules.lacked, 2),
    "source": (OrderRules.source, 2),
    "source-held": (OrderRules.source_held, 2),
    "must-backfill": (OrderRules.must_backfill, 2),
    "must-bring-back": (OrderRules.must_bring_back, 4),
    "sends-created": (OrderRules.sends_created, 2),
    "complete-if": (OrderRules.complete_if, 3),
    "remains": (OrderRules.remains, 1),
    "remains-done": (OrderRules.remains_done, 1),
    "remains-else": (OrderRules.remains_else, 1),
    "not-undone": (OrderRules.not_undone, 1),
    "undoing": (OrderRules.undoing, 1),
    "undone-there": (OrderRules.undone_there, 1),
    "complete": (OrderRules.complete, 2),
    "held-made": (OrderRules.held_made, 2),
    "held-by": (OrderRules.held_by, 2),
    "held-still": (OrderRules.held_still, 3),
    "held-alive": (OrderRules.held_alive, 2),
    "never-collected": (OrderRules.never_collected, 1),
    "collected-there": (OrderRules.collected_there, 1),
    "collected-once": (OrderRules.collected_once, 2),
    "unheld": (OrderRules.unheld, 3),
    "garbage": (OrderRules.garbage, 1),
    "excused": (OrderRules.excused, 2),
    "excused-all": (OrderRules.excused_all, 1),
    "excused-of": (OrderRules.excused_of, 2),
    "excused-by": (OrderRules.excused_by, 3),
    "unexcused": (OrderRules.unexcused, 1),
}
RULES = _STEPS | _AFTER
"""The rules by name, each with how many numbers it takes."""
BEFORE_DISASTER = frozenset(_STEPS)
"""The rules that are true of runs without a disaster, too."""
