"""The actions after the disaster, until the application is handed back to its clients: one function per rule.

Each action belongs to one index, and recovery goes through three stages there.  First everything that goes on: messages
are delivered, events published again, calls made again.  When none of that is possible, state is taken back or created
again by people.  When that is not possible either, what is left over is swept away.
Source: docs/semantics.md, "Recovery", whose headings the functions follow.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import combinations

from bac.model.architecture import Caching, Entity, Link, Place, Step, Transaction, UseCase, Verb, Via, followers
from bac.model.errors import LimitReached
from bac.model.guard import ALWAYS, NEVER, Fault, Guard, both, either, forbid, negation, others, require, some
from bac.model.recovery import Broker, OnInvalid
from bac.model.setting import Message, Setting, event_entities, step_entities
from bac.model.system import (
    BY_PEOPLE,
    RECOVERED,
    Action,
    ActionKind,
    Event,
    Fact,
    FactKind,
    Label,
    by_hand,
    dropped,
    gone,
    ignored,
    live,
    logged,
    restored,
    sweeping,
    twice,
)

MOST_TOGETHER = 12
"""Beyond this many steps in one transaction, of which any may be lacking, no system is built."""


@dataclass(frozen=True)
class Rule:
    """An action after the disaster that is not put together yet; its guard says nothing of the stage of recovery."""

    label: Label
    guard: Guard
    add: frozenset[Fact] = field(default_factory=frozenset)
    delete: frozenset[Fact] = field(default_factory=frozenset)


@dataclass(frozen=True)
class Aftermath:
    """The rules of recovery."""

    setting: Setting

    def actions(self) -> Iterator[Action]:
        """The actions, index by index; what they add is only what something depends on."""
        for rule in self.rules:
            add = (fact for fact in rule.add if fact.kind not in OPTIONAL or fact in self.reads)
            yield rule.guard.action(rule.label, add=add, delete=rule.delete)

    def facts(self) -> Iterator[Fact]:
        """The facts that only recovery knows."""
        added = {fact for rule in self.rules for fact in rule.add if fact.kind not in OPTIONAL} | self.reads
        yield from (restored(service) for service in self.setting.events_of if service in self.told_apart)
        for event, _, _ in self.setting.occurrences:
            yield from (fact for fact in (live(event), twice(event), by_hand(event), sweeping(event)) if fact in added)
        for index in range(1, self.setting.instances + 1):
            there = self.setting.presence(index)
            yield from (fact for entity in self.setting.architecture.creators for fact in there.gone(entity))
        ignorable = (ignored(message.trigger, message.event) for message in self.setting.messages)
        yield from (fact for fact in ignorable if fact in added)

    @cached_property
    def rules(self) -> tuple[Rule, ...]:
        """All rules, with the stages of recovery in their guards."""
        return tuple(rule for index in range(1, self.setting.instances + 1) for rule in AtIndex(self, index).rules())

    @cached_property
    def reads(self) -> frozenset[Fact]:
        """The facts on which some action after the disaster depends."""
        return frozenset(fact for rule in self.rules for each in rule.guard.disjunctions for fact, _ in each)

    @cached_property
    def told_apart(self) -> frozenset[str]:
        """The services of which it matters whether they were restored, where not all disasters do the same to them."""
        return frozenset(fact.services[0] for fact in self.reads if fact.kind is FactKind.RESTORED)

    # What is possible at all

    @cached_property
    def possible(self) -> Possible:
        """The steps that can become live, and the messages that can be pending."""
        return Possible(self.setting)


OPTIONAL = (FactKind.LIVE, FactKind.PENDING)
"""The kinds of facts that recovery adds only if something depends on them."""


class Possible:
    """The actions that are possible after some disaster, found without a search: live steps, and pending messages.

    This leaves out actions that can never happen, and with them the facts that only these need.
    """

    def __init__(self, setting: Setting) -> None:
        """Find the least sets that the rules allow."""
        self.setting, self.recovery = setting, setting.plan.recovery
        self.live: set[Place] = set()
        self.pending = {(place(each.trigger), place(each.event)) for each in setting.messages if self.outlives(each)}
        before = (-1, -1)
        while before != (len(self.live), len(self.pending)):
            before = len(self.live), len(self.pending)
            for case in setting.architecture.use_cases:
                for transaction in setting.transactions(case):
                    self.extend(case, transaction)

    def outlives(self, message: Message) -> bool:
        """Whether a message can be in the broker just after a disaster."""
        group = self.setting.groups[message.sender]
        if group.mode.markers and {message.sender, message.receiver} <= set(group.services):
            return True
        match self.recovery.broker:
            case Broker.LOST:
                return False
            case None:
                return not {message.sender, message.receiver} <= self.setting.always_restored
            case Broker.SURVIVES | Broker.BACKUP:
                return True

    def extend(self, case: UseCase, transaction: Transaction) -> None:
        """Note what becomes possible with a transaction, given what is possible so far."""
        reached = [step for step in transaction if self.reconstructs(step)]
        if any(self.redoes(case, step) for step in transaction) or self.repeats(case, transaction):
            reached = list(transaction)
        for step in reached:
            self.live.add((case.name, step.number))
            followers = (other for other in case.steps if other.via is Via.EVENT and step.number in other.predecessors)
            self.pending |= {((case.name, step.number), (case.name, other.number)) for other in followers}

    def redoes(self, case: UseCase, step: Step) -> bool:
        """Whether the step can be done where it is lacking."""
        return (
            self.delivers(case, step)
            or (step.via is Via.EVENT and self.recovery.replay)
            or self.resumes(case, step)
            or self.retries(step)
        )

    def delivers(self, case: UseCase, step: Step) -> bool:
        """Whether all messages of an event step can be pending."""
        messages = {((case.name, number), (case.name, step.number)) for number in step.predecessors}
        return step.via is Via.EVENT and messages <= self.pending

    def resumes(self, case: UseCase, step: Step) -> bool:
        """Whether a call can be made that is lacking."""
        if step.via is Via.EVENT or not step.predecessors:
            return False
        return self.recovery.resume or self.has_live(case, step) or self.goes_on(case, step)

    def has_live(self, case: UseCase, step: Step) -> bool:
        """Whether a predecessor can become live."""
        return any((case.name, number) in self.live for number in step.predecessors)

    def goes_on(self, case: UseCase, step: Step) -> bool:
        """Whether the services of a step and of a predecessor can both have been spared."""
        spared = set(self.setting.events_of) - self.setting.always_restored
        return step.service in spared and any(case.step(number).service in spared for number in step.predecessors)

    def repeats(self, case: UseCase, transaction: Transaction) -> bool:
        """Whether a transaction that was done can be done again."""
        first, once = transaction[0], any(step.once for step in transaction)
        if first.via is Via.CALL:
            forgotten = once and self.recovery.resume and any(self.forgetful(case, transaction))
            return self.has_live(case, first) or forgotten
        return once and (
            self.delivers(case, first) or (self.recovery.replay and any(self.forgetful(case, transaction)))
        )

    def forgetful(self, case: UseCase, transaction: Transaction) -> Iterator[str]:
        """The services of predecessors that can come back from a backup, and so forget that the step was done."""
        own = {step.service for step in transaction}
        services = dict.fromkeys(case.step(number).service for number in transaction[0].predecessors)
        for service in services:
            away = service not in own and service in self.setting.ever_restored
            if away and not self.setting.modes[service].replicated:
                yield service

    def retries(self, step: Step) -> bool:
        """Whether someone may submit the command of a step again."""
        scarce = step.verb is Verb.CREATE and self.is_scarce(step.entity)
        return self.recovery.retry and not step.predecessors and not scarce

    def reconstructs(self, step: Step) -> bool:
        """Whether a person may create again what the step creates."""
        named = step.verb is Verb.CREATE and step.entity.name in self.recovery.reconstruct
        return named and not self.is_scarce(step.entity)

    def is_scarce(self, entity: Entity) -> bool:
        """Whether there are only so many of an entity, so that what is lost is taken by someone else."""
        return entity.name in self.setting.architecture.scarce


def place(event: Event) -> Place:
    """The step of an event."""
    return event.use_case, event.step


@dataclass(frozen=True)
class AtIndex:
    """The rules of recovery at one index."""

    aftermath: Aftermath
    index: int

    @property
    def setting(self) -> Setting:
        """The architecture under its plan."""
        return self.aftermath.setting

    def rules(self) -> Iterator[Rule]:
        """All rules, in three stages."""
        going_on, taking_back = list(self.going_on()), list(self.taking_back())
        idle = none_of(going_on) if taking_back or self.sweeps else ALWAYS
        over = none_of(taking_back) if self.sweeps else ALWAYS
        stage = require([RECOVERED]) & (forbid([self.sweeping]) if self.sweeps else ALWAYS)
        yield from (replace(rule, guard=stage & rule.guard) for rule in going_on)
        yield from (replace(rule, guard=stage & idle & rule.guard) for rule in taking_back)
        if self.sweeps:
            yield from (replace(rule, guard=stage & idle & over & rule.guard) for rule in self.sweep())
            swept = require([RECOVERED, self.sweeping])
            yield from (replace(rule, guard=swept & rule.guard) for rule in (*self.undo(), *self.collect()))

    @property
    def sweeps(self) -> bool:
        """Whether anything may be removed at the end; without use cases there is nothing."""
        recovery = self.setting.plan.recovery
        return bool(self.setting.architecture.use_cases) and (recovery.undo or bool(recovery.collect))

    @cached_property
    def sweeping(self) -> Fact:
        """Recovery has come to its end at this index."""
        case = self.setting.architecture.use_cases[0]
        return sweeping(Event(case.name, case.steps[0].number, self.index))

    def event(self, case: UseCase, step: Step) -> Event:
        """The event of a step at this index."""
        return Event(case.name, step.number, self.index)

    def events(self, case: UseCase, steps: Iterable[Step]) -> tuple[Event, ...]:
        """The events of steps at this index."""
        return tuple(self.event(case, step) for step in steps)

    def done(self, case: UseCase, numbers: Iterable[int]) -> Guard:
        """The steps with these numbers are logged."""
        return require(logged(Event(case.name, number, self.index)) for number in numbers)

    # What goes on

    def going_on(self) -> Iterator[Rule]:
        """Messages that are delivered or dropped, events that are published again, calls that are made again."""
        for case in self.setting.architecture.use_cases:
            for transaction in self.setting.transactions(case):
                for lacking in self.lacking(transaction):
                    yield from self.redo(case, transaction, lacking)
                yield from self.repeat(case, transaction)

    def lacking(self, transaction: Transaction) -> Iterator[Transaction]:
        """The sets of steps of a transaction that can be lacking together after a disaster.

        That is all of it, what was in services that lost their logs, and each of these without what was taken back or
        created again alone.

        Raises:
            LimitReached: there are more than 2 to the power of :data:`MOST_TOGETHER`.
        """
        lost = self.setting.lost_together(frozenset(step.service for step in transaction))
        sets = {transaction, *(tuple(step for step in transaction if step.service in each) for each in lost)}
        alone = [step for step in transaction if self.can_come_alone(step)]
        if len(alone) > MOST_TOGETHER:
            raise LimitReached(f"more than {MOST_TOGETHER} steps of one transaction can be taken back by themselves")
        back = [set(each) for size in range(len(alone) + 1) for each in combinations(alone, size)]
        found = {tuple(step for step in each if step not in gone_back) for each in sets for gone_back in back}
        yield from sorted((each for each in found if each), key=lambda steps: [step.number for step in steps])

    def can_come_alone(self, step: Step) -> bool:
        """Whether the step can be taken back or created again without the rest of its transaction."""
        backfilled = step.verb is not Verb.COPY and step.entity.name in self.setting.plan.recovery.backfill
        return backfilled or self.aftermath.possible.reconstructs(step)

    def redo(self, case: UseCase, transaction: Transaction, lacking: Transaction) -> Iterator[Rule]:
        """Yield the actions that do all that a transaction lacks, validated step after step, or drop its message."""
        first = lacking[0]
        there = [step.number for step in transaction if step not in lacking]
        alone = self.done(case, there) & forbid(map(logged, self.events(case, lacking)))
        valid = self.validated(case, lacking)
        for kind, trigger in self.triggers(case, first, lacking).items():
            guard = alone & trigger & valid
            if not guard.impossible:
                yield self.appending(kind, case, lacking, guard)
        messages = self.setting.messages_to.get(self.event(case, first), ())
        rejects = self.setting.plan.recovery.on_invalid is OnInvalid.REJECT
        if rejects and self.aftermath.possible.delivers(case, first):
            invalid = alone & require(messages) & negation(self.valid(case, first))
            if not invalid.impossible:
                yield Rule(Label(ActionKind.DROP, (self.event(case, first),)), invalid, delete=frozenset(messages))

    def triggers(self, case: UseCase, first: Step, lacking: Transaction) -> dict[ActionKind, Guard]:
        """The ways in which a step that is lacking comes to be done, each with its condition."""
        possible, recovery = self.aftermath.possible, self.setting.plan.recovery
        event, preceded = self.event(case, first), self.done(case, first.predecessors)
        found: dict[ActionKind, Guard] = {}
        if possible.delivers(case, first):
            found[ActionKind.DELIVER] = require(self.setting.messages_to[event])
        if first.via is Via.EVENT and recovery.replay:
            found[ActionKind.REPLAY] = preceded
        if possible.resumes(case, first):
            found[ActionKind.RESUME] = preceded & (ALWAYS if recovery.resume else self.calls_on(case, first))
        if possible.retries(first):
            found[ActionKind.RETRY] = some(map(logged, others(case, first, self.index))).given(
                (), map(logged, self.events(case, lacking))
            )
        return found

    def calls_on(self, case: UseCase, step: Step) -> Guard:
        """A predecessor is live, or the services of a predecessor and of the step were both spared."""
        spared = either(self.spared(case.step(number).service) for number in step.predecessors)
        return either([*self.live_before(case, step), spared & self.spared(step.service)])

    def live_before(self, case: UseCase, step: Step) -> Iterator[Guard]:
        """For each predecessor that can be live: it is."""
        for number in step.predecessors:
            if (case.name, number) in self.aftermath.possible.live:
                yield require([live(Event(case.name, number, self.index))])

    def spared(self, service: str) -> Guard:
        """The service was not restored."""
        if service in self.setting.always_restored:
            return NEVER
        return forbid([restored(service)]) if service in self.setting.ever_restored else ALWAYS

    def came_back(self, service: str) -> Guard:
        """The service was restored."""
        return ALWAYS if service in self.setting.always_restored else require([restored(service)])

    def appending(self, kind: ActionKind, case: UseCase, steps: Transaction, guard: Guard) -> Rule:
        """The steps are done: their events are appended and live, and their messages published."""
        events = self.events(case, steps)
        add, delete = self.effects(events)
        people = {by_hand(events[0])} if kind in BY_PEOPLE else set()
        return Rule(Label(kind, events), guard, add | set(map(logged, events)) | people, delete)

    def effects(self, events: tuple[Event, ...]) -> tuple[frozenset[Fact], frozenset[Fact]]:
        """Return the facts added and deleted where events become live: their messages are taken, new ones published."""
        sent = [fact for event in events for fact in self.setting.messages_from.get(event, ())]
        taken = [fact for event in events for fact in self.setting.messages_to.get(event, ())]
        fresh = {ignored(*fact.events) for fact in sent} & self.ignorable
        add = frozenset([*map(live, events), *sent])
        return add, frozenset([*taken, *fresh]) - add

    # What is valid

    def validated(self, case: UseCase, steps: Transaction) -> Guard:
        """Each of the steps is valid, once those before it are done."""
        guard, added = ALWAYS, set[Fact]()
        for step in steps:
            guard &= self.valid(case, step).given(added)
            added.add(logged(self.event(case, step)))
        return guard

    def valid(self, case: UseCase, step: Step) -> Guard:  # noqa: ARG002
        """The entities that a command is about, links to and needs exist; so for events, if they can be rejected."""
        if step.via is Via.CALL:
            entities = step_entities(step)
        elif self.setting.plan.recovery.on_invalid is OnInvalid.REJECT:
            entities = event_entities(step)
        else:
            return ALWAYS
        there = self.setting.presence(self.index)
        return both(there.exists(entity) for entity in entities)

    # What is done twice

    def repeat(self, case: UseCase, transaction: Transaction) -> Iterator[Rule]:
        """A transaction that was done is done again, as it is not remembered that it was."""
        if not self.aftermath.possible.repeats(case, transaction):
            return
        events = self.events(case, transaction)
        once = [twice(event) for event, step in zip(events, transaction, strict=True) if step.once]
        guard = require(map(logged, events)) & either(self.reminders(case, transaction, once))
        add, delete = self.effects(events)
        yield Rule(Label(ActionKind.REPEAT, events), guard, add | set(once), delete - set(once))

    def reminders(self, case: UseCase, transaction: Transaction, once: list[Fact]) -> Iterator[Guard]:
        """The conditions under which a transaction is done again."""
        possible, recovery, first = self.aftermath.possible, self.setting.plan.recovery, transaction[0]
        asleep = forbid([live(self.event(case, first))]) & self.done(case, first.predecessors)
        forgetful = list(possible.forgetful(case, transaction)) if once else []
        if first.via is Via.CALL:
            yield from (asleep & awake for awake in self.live_before(case, first))
            if recovery.resume:
                for service in forgetful:
                    yield asleep & self.came_back(service) & self.no_record(case, transaction, service)
            return
        if possible.delivers(case, first):
            messages = self.setting.messages_to[self.event(case, first)]
            yield forbid(once) & require(messages) & self.not_ignored(messages)
        if recovery.replay:
            yield from (forbid(once) & asleep & self.came_back(service) for service in forgetful)

    def no_record(self, case: UseCase, transaction: Transaction, service: str) -> Guard:
        """No step that follows, directly or not, is logged in this service."""
        later = followers(case, transaction)
        return forbid(logged(self.event(case, step)) for step in later if step.service == service)

    def not_ignored(self, messages: Iterable[Fact]) -> Guard:
        """None of these messages was received before its receiver's backup."""
        return forbid({ignored(*fact.events) for fact in messages} & self.ignorable)

    @cached_property
    def ignorable(self) -> frozenset[Fact]:
        """The recorded messages that may have been received already, where it matters."""
        setting = self.setting
        once = {
            (case.name, t[0].number)
            for case in setting.architecture.use_cases
            for t in setting.transactions(case)
            if any(step.once for step in t)
        }
        return frozenset(
            ignored(each.trigger, each.event)
            for each in setting.messages
            for group in [setting.groups[each.sender]]
            if group.mode.markers and each.receiver in group.services and place(each.event) in once
        )

    # What is taken back

    def taking_back(self) -> Iterator[Rule]:
        """State that owners take back from copies and caches, and that people create again."""
        for case in self.setting.architecture.use_cases:
            for step in case.steps:
                yield from self.backfill(case, step)
                yield from self.reconstruct(case, step)

    def backfill(self, case: UseCase, step: Step) -> Iterator[Rule]:
        """An owner takes back what a copy, or the holder of a cached link, has kept of its entity."""
        if step.entity.name not in self.setting.plan.recovery.backfill or step.verb is Verb.COPY:
            return
        event = self.event(case, step)
        guard = forbid([logged(event)]) & either(self.sources(case, step))
        if not guard.impossible:
            messages = frozenset(self.setting.messages_to.get(event, ()))
            yield Rule(Label(ActionKind.BACKFILL, (event,)), guard, frozenset([logged(event)]), messages)

    def sources(self, case: UseCase, step: Step) -> Iterator[Guard]:
        """For each place that can have kept what the step did: it has."""
        for later in followers(case, (step,)):
            if later.verb is Verb.COPY and later.entity == step.entity:
                yield require([logged(self.event(case, later))])
        if step.verb is Verb.CREATE:
            there = self.setting.presence(self.index)
            yield from (there.holds(link) for link in self.links_to(step.entity) if self.is_cached(link))

    def links_to(self, entity: Entity) -> list[Link]:
        """The links to an entity."""
        return self.setting.architecture.links_to.get(entity, [])

    def is_cached(self, link: Link) -> bool:
        """Whether the holder fetches what it needs of the target when it makes the link."""
        caches = dict(self.setting.architecture.caches)
        return caches.get((link.holder.name, link.target.name)) is Caching.WITH_THE_LINK

    def reconstruct(self, case: UseCase, step: Step) -> Iterator[Rule]:
        """A person creates again what a link needs."""
        if not self.aftermath.possible.reconstructs(step):
            return
        there, event = self.setting.presence(self.index), self.event(case, step)
        guard = forbid([logged(event)]) & either(map(there.holds, self.links_to(step.entity)))
        if not guard.impossible:
            yield self.appending(ActionKind.RECONSTRUCT, case, (step,), guard)

    # What is swept away

    def sweep(self) -> Iterator[Rule]:
        """Recovery comes to its end, where something is left to be removed."""
        if self.setting.plan.recovery.undo:
            for case in self.setting.architecture.use_cases:
                events = self.undoable(case)
                guard = some(map(logged, events)) & self.half_done(case)
                if not guard.impossible:
                    yield Rule(Label(ActionKind.SWEEP, events), guard, frozenset([self.sweeping]))
        for entity, creation in self.collectable():
            label = Label(ActionKind.SWEEP, (creation,), (entity.service,))
            yield Rule(label, self.is_garbage(entity), frozenset([self.sweeping]))

    def undoable(self, case: UseCase) -> tuple[Event, ...]:
        """The events of a use case that can be taken back."""
        return self.events(case, (step for step in case.steps if step.service not in self.setting.external))

    def undo(self) -> Iterator[Rule]:
        """An event of an interaction that is still half done is taken back."""
        if self.setting.plan.recovery.undo:
            for case in self.setting.architecture.use_cases:
                for event in self.undoable(case):
                    guard = require([logged(event)]) & self.half_done(case).given([logged(event)])
                    if not guard.impossible:
                        yield Rule(Label(ActionKind.UNDO, (event,)), guard, delete=frozenset([logged(event)]))

    def half_done(self, case: UseCase) -> Guard:
        """The use case lacks a step that is neither tolerated as missing nor rejected, or speaks of what never was."""
        return either(self.flaws(case))

    def flaws(self, case: UseCase) -> Iterator[Guard]:
        """The conditions under which a use case is to be taken back.

        An event that speaks of what was never created counts where it is logged; where it must not be missing, its
        absence counts as well, so that this needs not be asked.
        """
        tolerated, droppable = self.setting.architecture.tolerance.missing_state, self.setting.droppable
        for step in case.steps:
            event, key = self.event(case, step), (case.name, step.number)
            strict = key not in tolerated and key not in droppable
            if key not in tolerated:
                yield forbid([logged(event), *([dropped(event)] if key in droppable else [])])
            for entity in dict.fromkeys(spoken_of(step)):
                creation = self.setting.presence(self.index).creation(entity)
                if creation != event:
                    yield forbid([logged(creation)]) & (ALWAYS if strict else require([logged(event)]))

    def collect(self) -> Iterator[Rule]:
        """Yield the removals of entities that nothing refers to any more, once nothing is to be undone."""
        finished = none_of(self.undo())
        for entity, creation in self.collectable():
            label = Label(ActionKind.COLLECT, (creation,))
            yield Rule(label, finished & self.is_garbage(entity), frozenset([gone(creation)]))

    def collectable(self) -> Iterator[tuple[Entity, Event]]:
        """The entities that may be collected, with their creations: their own use case makes a link to them."""
        architecture = self.setting.architecture
        for entity, (case, step) in architecture.creators.items():
            within = any(architecture.links[link][0] is case for link in self.links_to(entity))
            if within and entity.name in self.setting.plan.recovery.collect:
                yield entity, self.event(case, step)

    def is_garbage(self, entity: Entity) -> Guard:
        """The entity exists, no link to it holds, and that is not the application's own doing."""
        there = self.setting.presence(self.index)
        orphan = there.exists(entity) & both(negation(there.holds(link)) for link in self.links_to(entity))
        fault = Fault(self.setting.architecture, self.setting.droppable)
        return orphan & negation(fault.excused_orphan(entity, self.index))


def none_of(rules: Iterable[Rule]) -> Guard:
    """None of these rules applies."""
    return both(negation(rule.guard) for rule in rules).reduced()


def spoken_of(step: Step) -> Iterator[Entity]:
    """The entities that an event is about, links to, or needs."""
    yield step.entity
    yield from (link.target for link in step.links)
    yield from step.needs
