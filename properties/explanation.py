"""Why: one sentence for what a trace shows, and the action where it went wrong.

Written for a person who has not read the article; the words for the anomalies are the article's.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import assert_never

from bac.model.architecture import Link, Step, Verb, Via
from bac.model.modes import Image
from bac.model.recovery import Rollback
from bac.model.system import ActionKind, Event, FactKind, Label, live, pending
from bac.model.trace import Trace
from bac.properties.anomalies import AnomalyKind
from bac.properties.cut import Cut
from bac.properties.obstacles import blockages, unfinished
from bac.properties.qualities import Property
from bac.properties.rebuilt import no_way_back


@dataclass(frozen=True, slots=True)
class Explanation:
    """A sentence, and the number (from 1) of the action where the trace went wrong; ``None`` if before its first."""

    sentence: str
    action: int | None


@dataclass(frozen=True, slots=True)
class Fate:
    """Why an event is not in the cut, as a clause, and the number of the action that decided it."""

    clause: str
    action: int | None


def explain(trace: Trace, numbered: bool = True) -> Explanation:
    """Say what went wrong in a trace, and where.

    Args:
        trace: a trace that shows what it claims.
        numbered: name the actions by their numbers, for a reader who sees the listing, too.

    Raises:
        ValueError: the trace claims something that this version does not know.
    """
    explainer = Explainer(trace, numbered)
    match trace.claim.property:
        case Property.AVAILABILITY:
            return explainer.denied()
        case Property.BACKUP:
            return explainer.no_backup()
        case Property.NO_EXTRA_LOSS:
            return explainer.extra_loss()
        case Property.CONSISTENCY if trace.claim.kind in tuple(AnomalyKind):
            return explainer.anomaly(AnomalyKind(trace.claim.kind))
        case other:
            raise ValueError(f"nothing to explain: {other}, {trace.claim.kind}")


def command(step: Step) -> str:
    """Return the command of a step, for a sentence that names its service."""
    return f"copy {step.entity}" if step.verb is Verb.COPY else str(step)


def plural(subjects: Sequence[str]) -> str:
    """Return the verb that agrees with these subjects."""
    return "are" if len(subjects) > 1 else "is"


def absent(name: str) -> str:
    """Return a clause that says of an entity that it does not exist: ``a shipment that does not exist``.

    A name that is no plain English word gets no article.
    """
    if len(name) > 1 and name.isascii() and name.replace(" ", "").replace("-", "").isalpha() and name.islower():
        return f"{'an' if name[0] in 'aeio' else 'a'} {name} that does not exist"
    return f"{name}, which does not exist"


def action_in_words(trace: Trace, label: Label) -> str:
    """Return the effect of an action in words: its services, its commands, and their use case."""
    match label.kind:
        case ActionKind.SNAPSHOT | ActionKind.LOCK | ActionKind.UNLOCK:
            return ", ".join(label.services)
        case ActionKind.SNAPSHOT_BROKER:
            return "the messages that are waiting"
        case ActionKind.SWEEP:
            index = f", index {label.events[0].index}" if trace.instances > 1 else ""
            return f"everything else is recovered{index}"
        case ActionKind.COLLECT:
            step = trace.step_of(label.events[0])[1]
            index = f" #{label.events[0].index}" if trace.instances > 1 else ""
            return f"{step.service}: remove {step.entity}{index}, which nothing refers to"
        case ActionKind.DISASTER:
            crashed = ", ".join(label.services)
            restored = "" if label.restored == label.services else f" (restored: {', '.join(label.restored)})"
            return crashed + restored + (", no use case in flight" if label.at_rest else "")
        case _:
            commands = "; ".join(command(trace.step_of(event)[1]) for event in label.events)
            services = ", ".join(dict.fromkeys(trace.step_of(event)[1].service for event in label.events))
            index = f" #{label.events[0].index}" if trace.instances > 1 else ""
            names = ", ".join(step.name for _, step in map(trace.step_of, label.events) if step.name)
            return f"{services}: {commands}  [{label.events[0].use_case}{index}{f': {names}' * bool(names)}]"


class Explainer:
    """Explains one trace."""

    def __init__(self, trace: Trace, numbered: bool) -> None:
        """Find the index that the trace is about, and the events in the cut."""
        self.trace, self.numbered = trace, numbered
        self.index = trace.claim.index or 1
        self.cut = Cut(trace, self.index)

    # Events and their names

    def event(self, case: str, step: int) -> Event:
        """Return the event of a step at the index of the claim."""
        return Event(case, step, self.index)

    def at(self, action: int | None) -> str:
        """Return the number of an action in parentheses, where numbers are wanted."""
        return f" (action {action})" if self.numbered else ""

    def described(self, event: Event) -> str:
        """Return an event by its place in the log and its command: ``orders/3 (create order)``."""
        return f"{self.trace.entries[event].name} ({command(self.trace.step_of(event)[1])})"

    # Why an event is not in the cut

    def number_of(self, kind: ActionKind, event: Event) -> int | None:
        """Return the number of the first action of this kind that is about an event, if there is one."""
        numbers = (n for n, label in enumerate(self.trace.actions, 1) if label.kind is kind and event in label.events)
        return next(numbers, None)

    def fate(self, event: Event) -> Fate:
        """Return why an event is not in the cut."""
        trace, step = self.trace, self.trace.step_of(event)[1]
        undone, dropped = self.number_of(ActionKind.UNDO, event), self.number_of(ActionKind.DROP, event)
        if undone is not None:
            clause = f"{self.described(event)} was taken back{self.at(undone)}, as its use case is half done"
            return Fate(clause, undone)
        entry = trace.entries.get(event)
        if entry is not None:
            return self._lost(event, step.service, entry.action)
        if dropped is not None:
            clause = f"{step.service} rejected the message to {command(step)}{self.at(dropped)}"
            return Fate(f"{clause}, because it is about something that does not exist", dropped)
        disaster = trace.disaster
        assert disaster is not None
        if self._was_pending(event, disaster):
            what = f"the message that tells {step.service} to {command(step)}"
            lost = "" if self._is_pending(event, disaster) else " and was lost"
            return Fate(f"{what} was in the broker when disaster struck{lost}{self.at(disaster)}", disaster)
        return Fate(f"disaster struck{self.at(disaster)} before {step.service} executed “{command(step)}”", disaster)

    def _was_pending(self, event: Event, disaster: int) -> bool:
        """Whether all messages that bring about an event were in the broker when disaster struck."""
        messages = {fact for fact in self.trace.states[disaster - 1] if fact.kind is FactKind.PENDING}
        numbers = self.trace.step_of(event)[1].predecessors
        return bool(numbers) and {pending(self.event(event.use_case, n), event) for n in numbers} <= messages

    def _is_pending(self, event: Event, disaster: int) -> bool:
        """Whether one of these messages was still there after the disaster."""
        after = self.trace.states[disaster]
        numbers = self.trace.step_of(event)[1].predecessors
        return any(pending(self.event(event.use_case, n), event) in after for n in numbers)

    def _lost(self, event: Event, service: str, action: int) -> Fate:
        when = f"before {self.described(event)} was logged{self.at(action)}"
        if self.trace.plan.recovery.rollback is Rollback.OLDEST:
            first = self.first_snapshot()
            return Fate(f"recovery went back to the instant of the oldest backup{self.at(first)}, {when}", first)
        if self.trace.plan.mode_of(service).image is Image.EMPTY:
            disaster = self.trace.disaster
            return Fate(f"{service}, which had {self.described(event)}, came back empty{self.at(disaster)}", disaster)
        snapshot = self.trace.logs[service].snapshot
        return Fate(f"the backup of {service} was taken{self.at(snapshot)} {when}", snapshot)

    def first_snapshot(self) -> int:
        """Return the number of the first snapshot of the run."""
        return 1 + [label.kind for label in self.trace.actions].index(ActionKind.SNAPSHOT)

    def lost(self, events: Iterable[Event]) -> Event | None:
        """Return the first of these events that happened and is not in the cut, if there is one."""
        return next((e for e in events if e in self.trace.entries and e not in self.cut.events), None)

    # The properties

    def denied(self) -> Explanation:
        """Explain which command is held back."""
        number = len(self.trace.actions)
        event = self.trace.actions[-1].events[0]
        case, step = self.trace.step_of(event)
        services = self.trace.plan.group_of(step.service).services
        state = "are locked for their" if len(services) > 1 else "is locked for its"
        sentence = (
            f"While {', '.join(services)} {state} backup, the command to {command(step)} ({case.name}) is held back."
        )
        return Explanation(sentence, number)

    def no_backup(self) -> Explanation:
        """Explain why no backup can be completed any more."""
        trace, state = self.trace, self.trace.states[-1]
        services = [service.name for service in trace.architecture.services if not service.external]
        if never := [service for service in services if trace.plan.mode_of(service).never_backed_up]:
            sentence = f"No backup is ever complete, because {', '.join(never)} {plural(never)} never backed up."
            return Explanation(sentence, None)
        if lacking := list(no_way_back(self.trace.rules)):
            case, step = lacking[0]
            why = f"nothing brings back “{command(step)}” ({case.name}), which {step.service} executes"
            return Explanation(f"No backup is ever complete, because {step.service} is rebuilt, and {why}.", None)
        waiting = dict.fromkeys(name for fact in unfinished(trace.rules, state) for name in fact.services)
        blocked = "; ".join(blockages(trace.rules, state)) or "no sequence of further actions completes it"
        sentence = f"From here on, no backup of {', '.join(waiting)} can be taken: {blocked}."
        return Explanation(sentence, len(trace.actions) or None)

    def extra_loss(self) -> Explanation:
        """Explain why a backed event is not in the cut."""
        case, _, number = (self.trace.claim.subject or "").rpartition(".")
        event = self.event(case, int(number))
        step = self.trace.step_of(event)[1]
        collected = self.number_of(ActionKind.COLLECT, event)
        if collected is not None:
            sentence = f"{self.described(event)} was backed up, and {step.entity} was removed{self.at(collected)}"
            return Explanation(f"{sentence}, because nothing refers to it.", collected)
        fate = self.fate(event)
        sentence = f"{self.described(event)} is in the backup of {step.service}, but was lost: {fate.clause}."
        return Explanation(sentence, fate.action)

    # Anomalies

    def anomaly(self, kind: AnomalyKind) -> Explanation:
        """Explain the anomaly that the trace claims to show."""
        match kind:
            case AnomalyKind.BROKEN_LINK:
                return self.broken_link(self.link(self.cut.broken))
            case AnomalyKind.ORPHAN_STATE:
                return self.orphan_state()
            case AnomalyKind.MISSING_STATE:
                return self.missing_state()
            case AnomalyKind.DUPLICATE:
                return self.duplicate()
            case AnomalyKind.MISDIRECTED_LINK:
                return self.misdirected_link(self.link(self.cut.misdirected))
            case AnomalyKind.OVERBOOKING:
                return self.overbooking()
            case other:
                assert_never(other)

    def link(self, shows: Callable[[Link], bool]) -> Link:
        """Return the link of the claim that shows what is claimed."""
        links = self.trace.architecture.links
        return next(link for link in links if str(link) == self.trace.claim.subject and shows(link))

    def broken_link(self, link: Link) -> Explanation:
        """Explain why the target of a link does not exist."""
        start = f"The recovered {self.cut.name(link.holder)} refers to {absent(self.cut.name(link.target))}"
        deletion = self.cut.removal(link.target)
        if self.cut.is_gone(link.target):
            return Explanation(
                f"{start}: recovery removed it, because nothing referred to it.", len(self.trace.actions)
            )
        if deletion is None:
            fate = self.fate(self.cut.creation(link.target))
            return Explanation(f"{start}: {fate.clause}.", fate.action)
        deleted = f"{self.described(deletion)} deleted it"
        lost = self.lost((*self.cut.removals(link), *self.cut.removals(link.holder)))
        if lost is not None:
            fate = self.fate(lost)
            return Explanation(f"{start}: {deleted}, and {fate.clause}.", fate.action)
        entry = self.trace.entries[deletion]
        pending_ = self.unfinished(deletion)
        why = f", and disaster struck before {pending_}" if pending_ else ", and nothing had removed the link"
        return Explanation(f"{start}: {deleted}{why}.", entry.action)

    def unfinished(self, event: Event) -> str | None:
        """Return what the use case of an event lacks in the cut, if it was in flight when disaster struck."""
        case = self.trace.step_of(event)[0]
        left = [step for step in case.steps if self.event(case.name, step.number) not in self.trace.entries]
        return f"{left[0].service} executed “{command(left[0])}”" if left and self.trace.disaster else None

    def orphan_state(self) -> Explanation:
        """Explain why no link to an entity holds."""
        architecture = self.trace.architecture
        entity = next(
            entity
            for entity in architecture.creators
            if str(entity) == self.trace.claim.subject and self.cut.orphan(entity)
        )
        start = f"The recovered {self.cut.name(entity)} exists, but nothing refers to it any more"
        deletion = self.lost(self.cut.removals(entity))
        if deletion is not None:
            fate = self.fate(deletion)
            return Explanation(f"{start}; its deletion was lost: {fate.clause}.", fate.action)
        links = self.cut.links_within(entity)
        lacking = next((link for link in links if self.cut.making(link) not in self.cut.events), None)
        if lacking is not None:
            fate = self.fate(self.cut.making(lacking))
            return Explanation(f"{start}: {fate.clause}.", fate.action)
        holder = links[0].holder
        event = self.cut.removal(links[0]) or self.cut.removal(holder)
        if event is not None:
            return Explanation(f"{start} after {self.described(event)}.", self.trace.entries[event].action)
        if self.cut.is_gone(holder):
            return Explanation(f"{start}: recovery removed {self.cut.name(holder)}.", len(self.trace.actions))
        fate = self.fate(self.cut.creation(holder))
        why = f"{self.cut.name(holder)} itself does not exist: {fate.clause}"
        return Explanation(f"{start}, because {why}.", fate.action)

    def missing_state(self) -> Explanation:
        """Explain why an event is not in the cut although another one of its use case is."""
        event = self.claimed_event()
        case, missing = self.trace.step_of(event)
        others = [self.event(case.name, other.number) for other in case.steps]
        survivor = next(other for other in others if other in self.cut.events)
        fate = self.fate(event)
        what = f"“{command(missing)}” in {missing.service}"
        start = f"{self.described(survivor)} survived, but {what}, of the same use case, is missing"
        return Explanation(f"{start}: {fate.clause}.", fate.action)

    def claimed_event(self) -> Event:
        """Return the event that a subject like ``use case.2`` names, at the index of the claim."""
        name, _, number = (self.trace.claim.subject or "").rpartition(".")
        return self.event(name, int(number))

    def duplicate(self) -> Explanation:
        """Explain why something is done twice."""
        event = self.claimed_event()
        number = self.number_of(ActionKind.REPEAT, event)
        assert number is not None
        start = f"{self.described(event)} is done again{self.at(number)}"
        return Explanation(f"{start}, because {self._reminder(event, number)}.", number)

    def _reminder(self, event: Event, number: int) -> str:
        """Return why an event is done again by an action."""
        step, state = self.trace.step_of(event)[1], self.trace.states[number - 1]
        earlier = [self.event(event.use_case, other) for other in step.predecessors]
        if step.via is Via.EVENT and all(pending(other, event) in state for other in earlier):
            return f"the message that tells {step.service} to {command(step)} was delivered once more"
        awake = [other for other in earlier if live(other) in state]
        if awake:
            return f"{self.described(awake[0])} was done after the disaster, and what follows it goes on from there"
        services = (self.trace.step_of(other)[1].service for other in earlier)
        service = next((each for each in services if each != step.service), step.service)
        snapshot = self.trace.logs[service].snapshot
        backup = "" if snapshot is None else f", whose backup was taken{self.at(snapshot)}"
        return f"{service}{backup}, has no record that it was done"

    def misdirected_link(self, link: Link) -> Explanation:
        """Explain why a link comes to lead to something else."""
        if self.cut.broken(link) and self.cut.creation(link.target) not in self.cut.events:
            fate = self.fate(self.cut.creation(link.target))
            start = f"The recovered {self.cut.name(link.holder)} refers to a lost {self.cut.name(link.target)}"
            return Explanation(f"{start}, whose id the next one takes: {fate.clause}.", fate.action)
        fate = self.fate(self.cut.creation(link.holder))
        start = f"The recovered {self.cut.name(link.target)} belonged to a lost {self.cut.name(link.holder)}"
        return Explanation(f"{start}, whose id the next one takes: {fate.clause}.", fate.action)

    def overbooking(self) -> Explanation:
        """Explain why something of which there is only so much is taken twice."""
        links = self.trace.architecture.links
        link = next(each for each in links if str(each.target) == self.trace.claim.subject and self.cut.broken(each))
        fate = self.fate(self.cut.creation(link.target))
        start = f"The recovered {self.cut.name(link.holder)} counts on a lost {self.cut.name(link.target)}"
        return Explanation(f"{start}, which someone else can take now: {fate.clause}.", fate.action)
