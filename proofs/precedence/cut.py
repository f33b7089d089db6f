"""The settled cut after one disaster, as formulas over what happened before it.

What recovery appends is a least fixed point: each rule waits for events that are logged, messages that are pending and
steps that are live, and nothing that it waits for goes away again (what is refused in :mod:`applicability` aside).  So
the order of recovery makes no difference, and each rule unfolds to a formula about the logs just after the disaster.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cached_property

from bac.model.architecture import Caching, Entity, Link, Verb, Via
from bac.model.modes import Image
from bac.model.recovery import Broker, OnInvalid
from bac.model.setting import event_entities, step_entities
from bac.model.system import Fact, FactKind
from bac.proofs.engine import NotApplicable
from bac.proofs.precedence.backups import Backups, Crash
from bac.proofs.precedence.events import Events
from bac.proofs.precedence.formulas import Formula, Kind, Literal, Negations, every, members, some
from bac.properties import formula as properties
from bac.properties.anomalies import Definitions


class Cut:
    """The events in the logs after one disaster: just after it, and when recovery is over.

    Args:
        events: the events.
        backups: how they are backed up.
        crash: the services that crash.
        first: the node of the first snapshot, under ``rollback: oldest``.
    """

    def __init__(self, events: Events, backups: Backups, crash: Crash, first: int) -> None:
        """Begin with an empty table of unfolded formulas."""
        self.events, self.backups, self.crash, self.first = events, backups, crash, first
        self.recovery = backups.recovery
        self.negations = Negations()
        self._literals: dict[tuple[Kind, int], Literal] = {}
        self._there: dict[int, Formula] = {}
        self._settled: dict[tuple[str, int], Formula] = {}
        self._path: set[tuple[str, int]] = set()
        self._cycles: set[tuple[str, int]] = set()

    # Literals

    def literal(self, kind: Kind, about: int) -> Literal:
        """The literal of this kind about this event or service; each is made once."""
        return self._literals.setdefault((kind, about), Literal(kind, about))

    def no(self, formula: Formula) -> Formula:
        """The negation of a formula."""
        return self.negations.of(formula)

    def happened(self, event: int) -> Formula:
        """The event happened before the disaster."""
        return self.literal(Kind.HAPPENED, event)

    def crashed(self, service: int) -> Formula:
        """The service crashes, or is in the recovery unit of one that does."""
        if self.backups.external >> service & 1:
            return False
        if self.crash.widened is None:
            return self.literal(Kind.RESTORED, service)
        return bool(self.crash.widened >> service & 1)

    def restored(self, service: int) -> Formula:
        """The service is restored."""
        if self.backups.oldest:
            return not self.backups.external >> service & 1
        return self.crashed(service)

    def kept_log(self, service: int) -> bool:
        """Whether the service has its log after the disaster, whatever was backed up."""
        backups = self.backups
        if backups.external >> service & 1:
            return True
        if backups.oldest:
            return False
        spared = self.crash.hit is not None and not self.crash.hit >> service & 1
        return spared or backups.mode[service].image in (Image.LOG, Image.NOTHING)

    def there(self, event: int) -> Formula:
        """The event is in its log just after the disaster; the events of a block are so together."""
        if event not in self._there:
            self._there[event] = self._is_there(event)
        return self._there[event]

    def _is_there(self, event: int) -> Formula:
        block = self.events.blocks[self.events.block[event]]
        event = min(members(block)) if self.is_whole(block) else event
        service = self.events.service[event]
        if self.kept_log(service):
            return self.happened(event)
        if self.backups.mode[service].image is Image.EMPTY:
            restored = self.restored(service)
            return every([self.happened(event), self.no(restored)])
        if not self.backups.snapshotted and self.backups.oldest:
            return False
        return self.literal(Kind.CUT, event)

    def is_whole(self, block: int) -> bool:
        """Whether all events of a block are in the logs just after the disaster, or none."""
        services = {self.events.service[event] for event in members(block)}
        if len(services) == 1 or self.backups.oldest:
            return True
        same_log = len({self.kept_log(service) for service in services}) == 1
        return same_log and all(self.backups.widened[s] == self.backups.group[s] for s in services)

    def backed(self, event: int) -> Formula:
        """The event is in the backup of its service when disaster strikes."""
        service = self.events.service[event]
        if self.backups.external >> service & 1:
            return False
        match self.backups.mode[service].image:
            case Image.SNAPSHOT:
                return self.literal(Kind.BACKED, event)
            case Image.LOG:
                return self.happened(event)
            case _:
                return False

    # Messages just after the disaster

    def waiting(self, sender: int, event: int) -> Formula:
        """The message by which one event brings about another is in the broker."""
        services = self.backups.group[self.events.service[event]]
        mode = self.backups.mode[self.events.service[event]]
        inside = services >> self.events.service[sender] & 1
        if not mode.markers or not inside or self.backups.external >> self.events.service[event] & 1:
            return self.in_broker(sender, event)
        whole = every(map(self.crashed, members(services)))
        recorded = every([self.backed(sender), self.no(self.there(event))])
        return some([every([whole, recorded]), every([self.no(whole), self.in_broker(sender, event)])])

    def in_broker(self, sender: int, event: int) -> Formula:
        """The same, where no distributed snapshot recorded the message."""
        pending = every([self.happened(sender), self.no(self.happened(event))])
        match self.recovery.broker:
            case Broker.LOST:
                return False
            case Broker.SURVIVES:
                return pending
            case Broker.BACKUP:
                return every([self.literal(Kind.KEPT, sender), self.no(self.literal(Kind.KEPT, event))])
            case None:
                ends = [self.restored(self.events.service[each]) for each in (sender, event)]
                return every([pending, self.no(every(ends))])

    # What recovery makes of it

    def _unfolded(self, name: str, event: int, build: Callable[[int], Formula]) -> Formula:
        """A formula that may depend on itself: where it does, it is false (least fixed point)."""
        key = name, event
        if key in self._settled:
            return self._settled[key]
        if key in self._path:
            self._cycles.add(key)
            return False
        self._path.add(key)
        formula = build(event)
        self._path.discard(key)
        self._cycles.discard(key)
        if not self._cycles:
            self._settled[key] = formula
        return formula

    def settled(self, event: int) -> Formula:
        """The event is in the log when recovery is over."""
        return some([self.there(event), self.appended(event)])

    def appended(self, event: int) -> Formula:
        """Recovery appends the event."""
        return some([self.redone(self.events.block[event]), self.returned(event)])

    def redone(self, block: int) -> Formula:
        """Recovery executes a block that is not in the log."""
        return self._unfolded("redone", block, self._redone)

    def _redone(self, block: int) -> Formula:
        head = min(members(self.events.blocks[block]))
        trigger = self.trigger(head)
        if trigger is False:
            return False
        return every([self.no(self.there(head)), trigger, *self.valid(block)])

    def trigger(self, head: int) -> Formula:
        """The first step of a block that is not in the log is executed, provided that all is valid."""
        before = self.events.predecessors[head]
        if self.events.steps[head].via is Via.EVENT:
            delivered = every(self.pending(sender, head) for sender in before)
            return some([delivered, self.recovery.replay and every(map(self.settled, before))])
        if before:
            return every([self.called(head), *map(self.settled, before)])
        return self.retried(head)

    def pending(self, sender: int, event: int) -> Formula:
        """The message is in the broker at some time after the disaster."""
        return some([self.waiting(sender, event), self.live(sender)])

    def called(self, head: int) -> Formula:
        """Someone makes this call, although its caller has to be told to go on."""
        if self.recovery.resume:
            return True
        before = self.events.predecessors[head]
        spared = some(self.no(self.restored(self.events.service[caller])) for caller in before)
        goes_on = every([self.no(self.restored(self.events.service[head])), spared])
        return some([goes_on, *map(self.live, before)])

    def retried(self, head: int) -> Formula:
        """Someone submits the command of a first step again."""
        step = self.events.steps[head]
        scarce = step.verb is Verb.CREATE and step.entity.name in self.events.architecture.scarce
        if not self.recovery.retry or scarce:
            return False
        others = members(self.events.cases[self.events.case[head]] & ~(1 << head))
        return some(map(self.settled, others))

    def live(self, event: int) -> Formula:
        """The step is executed after the disaster, for the first time or again."""
        block = self.events.block[event]
        return some([self.redone(block), self.repeated(block), self.by_hand(event) and self.returned(event)])

    def repeated(self, block: int) -> Formula:
        """A step is done again though its event is in the log: its caller goes on, or no log says that it was done."""
        return self._unfolded("repeated", block, self._repeated)

    def _repeated(self, block: int) -> Formula:
        head = min(members(self.events.blocks[block]))
        before, once = self.events.predecessors[head], self.events.is_once(block)
        if self.events.steps[head].via is Via.CALL:
            forgotten = some(self.forgotten(block)) if once and self.recovery.resume else False
            again = some([*map(self.live, before), forgotten])
            return again and every([self.there(head), again, *map(self.settled, before)])
        if not once:
            return False
        delivered = every(self.waiting(sender, head) for sender in before)
        replayed = self.recovery.replay and every([some(self.came_back(block)), *map(self.settled, before)])
        return every([self.there(head), some([delivered, replayed])])

    def twice(self, event: int) -> Formula:
        """A step that is not idempotent is done twice."""
        return self.events.steps[event].once and self.repeated(self.events.block[event])

    def came_back(self, block: int) -> Iterator[Formula]:
        """For each service of a caller that can come back from a backup, and forget what was done: it does."""
        return map(self.restored, self.forgetful(block))

    def forgotten(self, block: int) -> Iterator[Formula]:
        """For each of these services: it comes back, and has no record of what followed."""
        for service in self.forgetful(block):
            records = members(self.events.later(block) & self.events.of_service[service])
            yield every([self.restored(service), *(self.no(self.there(event)) for event in records)])

    def forgetful(self, block: int) -> list[int]:
        """The services of the callers of a block that are others than its own, and are not replicated."""
        events = list(members(self.events.blocks[block]))
        own = {self.events.service[event] for event in events}
        callers = dict.fromkeys(self.events.service[caller] for caller in self.events.predecessors[events[0]])
        return [s for s in callers if s not in own and not self.backups.mode[s].replicated]

    # What owners and people bring back

    def backfills(self, event: int) -> bool:
        """Whether the owner of an entity may take back what this step did."""
        step = self.events.steps[event]
        return step.verb is not Verb.COPY and step.entity.name in self.recovery.backfill

    def by_hand(self, event: int) -> bool:
        """Whether a person may create again what this step created."""
        step = self.events.steps[event]
        named = step.verb is Verb.CREATE and step.entity.name in self.recovery.reconstruct
        return named and step.entity.name not in self.events.architecture.scarce

    def returned(self, event: int) -> Formula:
        """The event is taken back by the owner of its entity, or done again by a person, once nothing else goes on."""
        if not self.may_return(event):
            return False
        return self._unfolded("returned", event, self._returned)

    def _returned(self, event: int) -> Formula:
        kept = [*map(self.settled, self.copies(event)), *map(self.held, self.links_that_keep(event))]
        return every([self.no(self.there(event)), some(kept)])

    def may_return(self, event: int) -> bool:
        """Whether there is something from which, or for whose sake, the event can be brought back."""
        return bool(self.copies(event) or self.links_that_keep(event))

    def copies(self, event: int) -> list[int]:
        """The copies from which an owner takes back what a step did: those that follow it."""
        if not self.backfills(event):
            return []
        entity = self.events.steps[event].entity
        return [
            later
            for later in members(self.events.cases[self.events.case[event]])
            if self.events.steps[later].verb is Verb.COPY
            and self.events.steps[later].entity == entity
            and self.events.ancestors(later) >> event & 1
        ]

    def links_that_keep(self, event: int) -> list[Link]:
        """The links for whose sake what a step created is brought back."""
        step, architecture = self.events.steps[event], self.events.architecture
        if step.verb is not Verb.CREATE:
            return []
        links, caches = architecture.links_to.get(step.entity, []), dict(architecture.caches)
        cached = [link for link in links if caches.get((link.holder.name, link.target.name)) is Caching.WITH_THE_LINK]
        return list(links) if self.by_hand(event) else cached if self.backfills(event) else []

    def held(self, link: Link) -> Formula:
        """The link was made and not removed, and its holder exists (which recovery does not change, here)."""
        made = [self.events.of(*self.events.architecture.links[link]), self.events.creation(link.holder)]
        removals = self.events.removals_of(link)
        return every([*map(self.settled, made), *(self.no(self.there(removal)) for removal in removals)])

    # Validation

    def valid(self, block: int) -> Iterator[Formula]:
        """The conditions under which the steps of a block are valid, one after the other."""
        done = 0
        for event in members(self.events.blocks[block]):
            for entity in self.asked(event):
                creation = self.events.creation(entity)
                if not done >> creation & 1:
                    yield False if self.events.block[creation] == block else self.settled(creation)
                for removal in self.events.removals.get(entity, ()):
                    if self.events.block[removal] != block:
                        yield self.no(self.there(removal))
                    elif done >> removal & 1:
                        yield False
            done |= 1 << event

    def asked(self, event: int) -> list[Entity]:
        """The entities that have to exist for recovery to execute the step."""
        step = self.events.steps[event]
        if step.via is Via.CALL:
            return list(step_entities(step))
        return list(event_entities(step)) if self.recovery.on_invalid is OnInvalid.REJECT else []

    # What is swept away at the end

    def final(self, event: int) -> Formula:
        """The event is in the log at the very end: it is settled, and not taken back."""
        return every([self.settled(event), self.no(self.undone(event))])

    def undone(self, event: int) -> Formula:
        """The event is taken back, as its use case is half done."""
        if not self.recovery.undo or self.backups.external >> self.events.service[event] & 1:
            return False
        return every([self.settled(event), self.half_done(self.events.case[event])])

    def half_done(self, case: int) -> Formula:
        """The use case has begun, and lacks a step, or speaks of an entity whose creation is not in the log."""
        return self._unfolded("half done", case, self._half_done)

    def _half_done(self, case: int) -> Formula:
        events = list(members(self.events.cases[case]))
        begun = some(map(self.settled, events))
        lacking = [self.no(self.settled(event)) for event in events if not self.events.is_dispensable(event)]
        dangling = [
            every([self.settled(event), self.no(self.final(self.events.creation(entity)))])
            for event in events
            for entity in self.spoken_of(event)
        ]
        return every([begun, some([*lacking, *dangling])])

    def spoken_of(self, event: int) -> list[Entity]:
        """The entities of which a step speaks."""
        step = self.events.steps[event]
        return [step.entity, *step.needs, *(link.target for link in step.links)]

    def collected(self, creation: int) -> Formula:
        """The entity that this event creates is removed, as nothing refers to it."""
        if self.events.steps[creation].entity.name not in self.recovery.collect:
            return False
        return self._unfolded("collected", creation, self._collected)

    def _collected(self, creation: int) -> Formula:
        entity, definitions = self.events.steps[creation].entity, self.definitions
        if not definitions.links_within(entity):
            return False
        excused = definitions.fault.excused_orphan(entity, 1)
        found = [definitions.orphan(entity), properties.Not(properties.condition(excused))]
        return self.translated(properties.conjunction(found))

    @cached_property
    def definitions(self) -> Definitions:
        """The definitions of the anomalies."""
        return Definitions(self.events.setting, 1)

    # Properties

    def translated(self, wanted: properties.Formula) -> Formula:
        """A formula about settled states as one about what happened before the disaster.

        Raises:
            NotApplicable: it mentions something that is not known here.
        """
        match wanted:
            case properties.Atom(fact):
                return self._fact(fact)
            case properties.Not(part):
                return self.no(self.translated(part))
            case properties.And(parts):
                return every(map(self.translated, parts))
            case properties.Or(parts):
                return some(map(self.translated, parts))

    def _fact(self, fact: Fact) -> Formula:
        match fact.kind:
            case FactKind.LOGGED:
                return self.final(self.events.number[fact.events[0]])
            case FactKind.TWICE:
                return self.twice(self.events.number[fact.events[0]])
            case FactKind.GONE:
                return self.collected(self.events.number[fact.events[0]])
            case FactKind.BEFORE:
                return self.happened(self.events.number[fact.events[0]])
            case FactKind.BACKED:
                return self.backed(self.events.number[fact.events[0]])
            case _:
                raise NotApplicable(f"the precedence engine does not cover formulas about the fact {fact.kind}")
