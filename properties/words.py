"""Steps, entities and actions in words; and why an event is not in the cut, as a clause.

An event is lost with a stale backup, with a message, or by recovery; or disaster struck before it happened.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import assert_never

from bac.model.aftermath import spoken_of
from bac.model.architecture import Entity, Step, UseCase, Verb, Via
from bac.model.modes import Image, Lock
from bac.model.plan import Group
from bac.model.recovery import Broker, OnInvalid, Rollback
from bac.model.setting import event_entities, step_entities
from bac.model.system import ActionKind, Event, Fact, FactKind, Label, dropped, logged, pending
from bac.model.trace import Trace
from bac.properties.anomalies import Cut


def command(step: Step) -> str:
    """Return the command of a step, for a sentence that names its service."""
    return f"copy {step.entity}" if step.verb is Verb.COPY else str(step)


def plural(subjects: Sequence[str]) -> str:
    """Return the verb that agrees with these subjects."""
    return "are" if len(subjects) > 1 else "is"


def one(name: str) -> str:
    """Return an entity with its article: ``a shipment``.  A name that is no plain English word gets none."""
    if len(name) > 1 and name.isascii() and name.replace(" ", "").replace("-", "").isalpha() and name.islower():
        return f"{'an' if name[0] in 'aeio' else 'a'} {name}"
    return name


def absent(name: str) -> str:
    """Return a clause that says of an entity that it does not exist: ``a shipment that does not exist``."""
    return clause(name, "does not exist")


def clause(name: str, predicate: str) -> str:
    """Return an entity with a clause: ``a shipment that does not exist``, ``b, which does not exist``."""
    return f"{one(name)} that {predicate}" if one(name) != name else f"{name}, which {predicate}"


def closed(group: Group) -> str:
    """Return what the lock of a group does to it: ``locked`` or ``stopped``."""
    return "stopped" if group.mode.lock is Lock.STOPPED else "locked"


def action_in_words(trace: Trace, label: Label) -> str:
    """Return the effect of an action in words: its services, its commands, and their use case."""
    match label.kind:
        case ActionKind.SNAPSHOT | ActionKind.UNLOCK:
            return ", ".join(label.services)
        case ActionKind.LOCK:
            return ", ".join(label.services) + lock_in_words(trace.plan.group_of(label.services[0]))
        case ActionKind.SNAPSHOT_BROKER:
            return "the messages in the broker"
        case ActionKind.SWEEP:
            return f"nothing more comes back: clean up what is left{at_index(trace, label, ', index ')}"
        case ActionKind.COLLECT:
            step = trace.step_of(label.events[0])[1]
            return f"{step.service}: remove {step.entity}{at_index(trace, label)}, which nothing refers to"
        case ActionKind.DISASTER:
            return disaster_in_words(trace, label)
        case (
            ActionKind.STEP
            | ActionKind.DENY
            | ActionKind.DELIVER
            | ActionKind.DROP
            | ActionKind.REPLAY
            | ActionKind.RESUME
            | ActionKind.RETRY
            | ActionKind.REPEAT
            | ActionKind.BACKFILL
            | ActionKind.RECONSTRUCT
            | ActionKind.UNDO
        ):
            return steps_in_words(trace, label) + remark(trace, label.kind)
        case other:
            assert_never(other)


def at_index(trace: Trace, label: Label, before: str = " #") -> str:
    """Return the index of an action, where there are several."""
    return f"{before}{label.events[0].index}" if trace.instances > 1 else ""


def lock_in_words(group: Group) -> str:
    """Return what a lock does beyond holding back every new command of its group."""
    if group.mode.lock is Lock.STOPPED:
        return "  (stopped)"
    return "" if group.holds is None else f"  (only {', '.join(group.holds)} {plural(group.holds)} held back)"


def disaster_in_words(trace: Trace, label: Label) -> str:
    """Return what crashes, and what comes back how."""
    modes = {service: trace.plan.mode_of(service) for service in label.restored}
    empty = [service for service, mode in modes.items() if mode.image is Image.EMPTY]
    back = "" if label.restored == label.services else f" (restored: {', '.join(label.restored)})"
    back += f" (empty: {', '.join(empty)})" if empty else ""
    return ", ".join(label.services) + back + (", no use case in flight" if label.at_rest else "")


def steps_in_words(trace: Trace, label: Label) -> str:
    """Return services, commands and use case of the steps of an action."""
    steps = [trace.step_of(event)[1] for event in label.events]
    names = ", ".join(step.name for step in steps if step.name)
    about = f"{label.events[0].use_case}{at_index(trace, label)}{f': {names}' * bool(names)}"
    return f"{listed(step.service for step in steps)}: {'; '.join(map(command, steps))}  [{about}]"


def remark(trace: Trace, kind: ActionKind) -> str:
    """Return what a reader should know about an action of recovery whose name does not say it."""
    match kind:
        case ActionKind.DELIVER if trace.plan.recovery.broker is Broker.BACKUP:
            return "  (the message was in the backup of the broker)"
        case ActionKind.RETRY:
            return "  (the command is submitted again)"
        case ActionKind.REPEAT:
            return "  (although it was done before)"
        case ActionKind.BACKFILL:
            return "  (taken back from what others kept)"
        case ActionKind.RECONSTRUCT:
            return "  (by a person)"
        case _:
            return ""


def listed(names: Iterable[str]) -> str:
    """Return names without repetitions, with commas."""
    return ", ".join(dict.fromkeys(names))


def event_of(subject: str | None, index: int) -> Event:
    """Return the event that a subject like ``use case.2`` names, at an index."""
    name, _, number = (subject or "").rpartition(".")
    return Event(name, int(number), index)


# Why an event is not in the cut


@dataclass(frozen=True, slots=True)
class Fate:
    """Why something is as it is, as a clause, and the number (from 1) of the action that decided it, if one did."""

    clause: str
    action: int | None


class Fates:
    """Tells why events are not in the cut of a trace.

    Args:
        trace: the trace.
        numbered: name the actions by their numbers.
    """

    def __init__(self, trace: Trace, numbered: bool) -> None:
        """Find the index that the trace is about, and the events in the cut."""
        self.trace, self.numbered = trace, numbered
        self.index = trace.claim.index or 1
        self.cut = Cut(trace, self.index)

    # Events, actions, and their names

    def event(self, case: str, step: int) -> Event:
        """Return the event of a step at the index of the claim."""
        return Event(case, step, self.index)

    def claimed(self) -> Event:
        """Return the event that the claim is about."""
        return event_of(self.trace.claim.subject, self.index)

    def step(self, event: Event) -> Step:
        """Return the step of an event."""
        return self.trace.step_of(event)[1]

    def at(self, action: int | None) -> str:
        """Return the number of an action in parentheses, where numbers are wanted."""
        return f" (action {action})" if self.numbered and action is not None else ""

    def described(self, event: Event) -> str:
        """Return an event by its place in the log and its command: ``orders/3 (create order)``."""
        return f"{self.trace.entries[event].name} ({command(self.step(event))})"

    def number_of(self, kind: ActionKind, event: Event) -> int | None:
        """Return the number of the first action of this kind that is about an event, if there is one."""
        numbers = (n for n, label in enumerate(self.trace.actions, 1) if label.kind is kind and event in label.events)
        return next(numbers, None)

    def numbers(self, kind: ActionKind, service: str | None = None) -> list[int]:
        """Return the numbers of the actions of this kind that are about a service, or of all of this kind."""
        labels = enumerate(self.trace.actions, 1)
        return [n for n, label in labels if label.kind is kind and (service is None or service in label.services)]

    @property
    def disaster(self) -> int:
        """The number of the disaster."""
        assert self.trace.disaster is not None
        return self.trace.disaster

    def lost(self, events: Iterable[Event]) -> Event | None:
        """Return the first of these events that happened and is not in the cut, if there is one."""
        return next((e for e in events if e in self.trace.entries and e not in self.cut.events), None)

    def interrupted(self, events: Iterable[Event]) -> Event | None:
        """Return the first of these events that did not happen although its use case had begun, if there is one."""
        for event in events:
            case = self.trace.step_of(event)[0]
            others = (self.event(case.name, step.number) for step in case.steps)
            if event not in self.trace.entries and any(other in self.trace.entries for other in others):
                return event
        return None

    # Why an event is not in the cut

    def fate(self, event: Event) -> Fate:
        """Return why an event is not in the cut."""
        undone, rejected = self.number_of(ActionKind.UNDO, event), self.number_of(ActionKind.DROP, event)
        if undone is not None:
            return Fate(f"recovery undid {self.described(event)}{self.at(undone)}, {self.half_done(event)}", undone)
        if event in self.trace.entries:
            found = self.forgotten(event)
        elif rejected is not None:
            return self.rejected(event, rejected)
        else:
            found = self.interruption(event)
        return Fate(found.clause + self.hindrance(event), found.action)

    def forgotten(self, event: Event) -> Fate:
        """Return why an event that was logged is not in the log after the disaster."""
        service, recovery = self.step(event).service, self.trace.plan.recovery
        entry = next(each for each in self.trace.logs[service].live if each.event == event)
        lost = f"{entry.name} ({command(self.step(event))})"
        when = f"before {lost} was logged{self.at(entry.action)}"
        if recovery.rollback is Rollback.OLDEST:
            first = self.numbers(ActionKind.SNAPSHOT)[0]
            return Fate(f"recovery went back to the instant of the oldest backup{self.at(first)}, {when}", first)
        if self.trace.plan.mode_of(service).image is Image.EMPTY:
            struck = self.disaster
            return Fate(f"{service} came back empty{self.at(struck)}, without {lost}", struck)
        snapshot = self.trace.logs[service].snapshot
        return Fate(f"{self.backup_of(service)} taken{self.at(snapshot)} {when}", snapshot)

    def backup_of(self, service: str) -> str:
        """Return the words for the backup that a service is restored from, and whether others have a newer one."""
        rounds = {each: len(self.numbers(ActionKind.SNAPSHOT, each)) for each in self.trace.logs}
        if rounds[service] < max(rounds.values()):
            return f"the newest backup of {service} is still that of the first round,"
        return f"the backup of {service} was"

    def rejected(self, event: Event, number: int) -> Fate:
        """Return why the message that brings about an event was rejected by an action."""
        step, state = self.step(event), self.trace.states[number - 1]
        there = self.cut.presence
        unknown = [entity for entity in event_entities(step) if not there.exists(entity).holds(state)]
        why = f"because {self.is_absent(unknown[0])}" if unknown else "because the link is gone that it removes"
        return Fate(f"{step.service} rejected the message to {command(step)}{self.at(number)}, {why}", number)

    def is_absent(self, entity: Entity) -> str:
        """Return that an entity does not exist."""
        return f"{self.cut.name(entity)} does not exist"

    def half_done(self, event: Event) -> str:
        """Return why the use case of an event was taken back, in the state before recovery began to clean up."""
        case = self.trace.step_of(event)[0]
        state = self.trace.states[self.numbers(ActionKind.SWEEP)[0] - 1]
        for step in case.steps:
            lacking, tolerated = self.event(case.name, step.number), self.trace.architecture.tolerance.missing_state
            done = logged(lacking) in state or dropped(lacking) in state
            if not done and (case.name, step.number) not in tolerated:
                return f"because {case.name} is half done: it lacks “{command(step)}” in {step.service}"
        spoken = (entity for step in case.steps for entity in spoken_of(step))
        never = next((entity for entity in spoken if logged(self.cut.creation(entity)) not in state), None)
        return f"because {case.name} is half done" if never is None else f"because {self.is_absent(never)}"

    # What had not happened when disaster struck

    def interruption(self, event: Event) -> Fate:
        """Return why an event that was never logged did not happen."""
        step, struck = self.step(event), self.disaster
        if not self.was_pending(event):
            clause = f"disaster struck{self.at(struck)} before {step.service} executed “{command(step)}”"
            return Fate(clause, struck)
        message = f"the message that tells {step.service} to {command(step)} was in the broker when disaster struck"
        if not (gone := self.messages(event, self.trace.states[struck - 1]) - self.trace.states[struck]):
            return Fate(f"{message}{self.at(struck)}", struck)
        match self.trace.plan.recovery.broker:
            case Broker.BACKUP:
                number = self.numbers(ActionKind.SNAPSHOT_BROKER)[-1]
                return Fate(
                    f"{message}{self.at(struck)}, but not yet when the broker was backed up{self.at(number)}", number
                )
            case None:
                services = listed(self.step(each).service for fact in sorted(gone) for each in fact.events)
                were = "were both" if ", " in services else "was"
                why = f"as {services.replace(', ', ' and ')} {were} restored"
                return Fate(f"{message}{self.at(struck)}, and is lost, {why}", struck)
            case _:
                return Fate(f"{message}{self.at(struck)}, and is lost", struck)

    def messages(self, event: Event, state: frozenset[Fact]) -> frozenset[Fact]:
        """Return the messages in the broker, in a state, that bring about an event."""
        return frozenset(fact for fact in state if fact.kind is FactKind.PENDING and fact.events[1] == event)

    def was_pending(self, event: Event) -> bool:
        """Whether all messages that bring about an event were in the broker when disaster struck."""
        earlier = [self.event(event.use_case, number) for number in self.step(event).predecessors]
        before = self.trace.states[self.disaster - 1]
        return bool(earlier) and {pending(other, event) for other in earlier} <= before

    # Why recovery does not make up for it

    def hindrance(self, event: Event) -> str:
        """Return why recovery cannot do again what is lacking, where the plan says that it does so; else nothing."""
        case, step = self.trace.step_of(event)
        if not self.is_due(case, step):
            return ""
        architecture, recovery = self.trace.architecture, self.trace.plan.recovery
        if not step.predecessors and step.verb is Verb.CREATE and step.entity.name in architecture.scarce:
            return f", and it is not created again, because {step.entity} is scarce"
        validated = step.via is Via.CALL or recovery.on_invalid is OnInvalid.REJECT
        entities = self.looked_for(step) if validated else iter(())
        lacking = next((entity for entity in entities if not self.cut.exists(entity)), None)
        if lacking is None:
            return ""
        return f", and recovery cannot make up for it, because {self.is_absent(lacking)}"

    def is_due(self, case: UseCase, step: Step) -> bool:
        """Whether recovery would do a step that is lacking at the end, if nothing stood in its way."""
        recovery, there = self.trace.plan.recovery, self.cut.events
        if not step.predecessors:
            return recovery.retry and any(self.event(case.name, other.number) in there for other in case.steps)
        again = recovery.replay if step.via is Via.EVENT else recovery.resume
        return again and all(self.event(case.name, number) in there for number in step.predecessors)

    def looked_for(self, step: Step) -> Iterator[Entity]:
        """Yield the entities that a service looks for before it executes a step."""
        return event_entities(step) if step.via is Via.EVENT else step_entities(step)
