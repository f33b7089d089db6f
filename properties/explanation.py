"""Why: one sentence for what a trace shows, and the action where it went wrong; and the trace as lines of text.

Written for a person who has not read the article; the words for the anomalies are the article's.  A sentence tells only
of what happened in the trace, and names the action that decided it: mostly a snapshot that was taken too early.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import assert_never

from bac.model.architecture import Entity, Link, Step, Via, followers
from bac.model.recovery import Broker
from bac.model.system import APPENDING, ActionKind, Event, logged, pending
from bac.model.trace import Trace
from bac.properties.anomalies import AnomalyKind
from bac.properties.qualities import Property, no_way_back
from bac.properties.words import Fate, Fates, absent, action_in_words, clause, closed, command, plural

MAKING_LIVE = (ActionKind.REPEAT, *(kind for kind in APPENDING if kind is not ActionKind.BACKFILL))
"""The kinds of actions of recovery after which what follows goes on as in normal operation."""


@dataclass(frozen=True, slots=True)
class Explanation:
    """A sentence, and the number (from 1) of the action where the trace went wrong; ``None`` if before its first."""

    sentence: str
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


def because(start: str, fate: Fate) -> Explanation:
    """Return the explanation that ends in the clause of a fate."""
    return Explanation(f"{start}{fate.clause}.", fate.action)


class Explainer(Fates):
    """Explains one trace."""

    # The properties

    def denied(self) -> Explanation:
        """Explain which command is held back."""
        number = len(self.trace.actions)
        case, step = self.trace.step_of(self.trace.actions[-1].events[0])
        group = self.trace.plan.group_of(step.service)
        theirs = "their" if len(group.services) > 1 else "its"
        state = f"{', '.join(group.services)} {plural(group.services)} {closed(group)} for {theirs} backup"
        sentence = f"While {state}, the command to {command(step)} ({case.name}) is held back."
        return Explanation(sentence, number)

    def no_backup(self) -> Explanation:
        """Explain why no backup can be completed any more."""
        rules, services = self.trace.rules, self.trace.architecture.services
        modes = {service.name: self.trace.plan.mode_of(service.name) for service in services if not service.external}
        if never := [service for service, mode in modes.items() if mode.never_backed_up]:
            sentence = f"No backup can ever be completed, because {', '.join(never)} {plural(never)} never backed up."
            return Explanation(sentence, None)
        if lacking := list(no_way_back(rules)):
            case, step = lacking[0]
            why = f"nothing brings back “{command(step)}” ({case.name}), which {step.service} executes"
            return Explanation(f"No backup can ever be completed, because {step.service} is rebuilt, and {why}.", None)
        return self.dead_end()

    def dead_end(self) -> Explanation:
        """Explain which services can no longer be backed up, although all are in some runs."""
        from bac.properties.obstacles import blockage, exhausted, unfinished  # only a violated backup needs it

        rules, system, state = self.trace.rules, self.trace.system, self.trace.states[-1]
        end = exhausted(system, state)
        left = unfinished(rules, state if end is None else end)
        services = dict.fromkeys(name for fact in left for name in fact.services)
        why = None if end is None else blockage(rules, system, end)
        blocked = why or "no sequence of further actions completes it"
        sentence = f"From here on, no backup of {', '.join(services)} can be taken: {blocked}."
        return Explanation(sentence, len(self.trace.actions) or None)

    def extra_loss(self) -> Explanation:
        """Explain why a backed event is not in the cut."""
        event = self.claimed()
        entity, service = self.step(event).entity, self.step(event).service
        if (number := self.number_of(ActionKind.COLLECT, event)) is not None:
            removed = f"recovery removed {self.cut.name(entity)}{self.at(number)}, because nothing refers to it"
            return Explanation(f"{self.described(event)} was backed up, but {removed}.", number)
        if (number := self.number_of(ActionKind.UNDO, event)) is not None:
            undone = f"recovery undid it{self.at(number)}, {self.half_done(event)}"
            return Explanation(f"{self.described(event)} was backed up, but {undone}.", number)
        return because(f"{self.described(event)} is in the backup of {service}, but was lost: ", self.fate(event))

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

    # Broken links

    def broken_link(self, link: Link) -> Explanation:
        """Explain why the target of a link does not exist."""
        start = f"The recovered {self.cut.name(link.holder)} refers to {absent(self.cut.name(link.target))}: "
        creation, deletion = self.cut.creation(link.target), self.cut.removal(link.target)
        if (number := self.number_of(ActionKind.COLLECT, creation)) is not None:
            return Explanation(f"{start}recovery removed it{self.at(number)}, because nothing referred to it.", number)
        if deletion is None:
            return because(start, self.fate(creation))
        return because(f"{start}{self.described(deletion)} deleted it, and ", self.dangling(link, deletion))

    def dangling(self, link: Link, deletion: Event) -> Fate:
        """Return why a link to what was deleted is there."""
        removals = (*self.cut.removals(link), *self.cut.removals(link.holder))
        if (lost := self.lost(removals)) is not None:
            return self.fate(lost)
        making, deleted = self.trace.entries[self.cut.making(link)], self.trace.entries[deletion]
        if making.by is not ActionKind.STEP and making.action > deleted.action:
            late = f"the link was made after that, in the course of recovery{self.at(making.action)}"
            return Fate(late, making.action)
        if (undone := self.interrupted(removals)) is not None:
            return self.fate(undone)
        return Fate("nothing had removed the link", deleted.action)

    # Orphans

    def orphan_state(self) -> Explanation:
        """Explain why no link to an entity holds."""
        creators = self.trace.architecture.creators
        named = (entity for entity in creators if str(entity) == self.trace.claim.subject)
        entity = next(entity for entity in named if self.cut.orphan(entity))
        return because(
            f"The recovered {self.cut.name(entity)} exists, but nothing refers to it any more", self.left(entity)
        )

    def left(self, entity: Entity) -> Fate:
        """Return why an entity that nothing refers to is there, as the end of a sentence that says that it is."""
        links = self.cut.links_within(entity)
        makings = [self.cut.making(link) for link in links]
        if (lost := self.lost(makings)) is not None:
            return after(": ", self.fate(lost))
        if (deletion := self.lost(self.cut.removals(entity))) is not None:
            return after("; its deletion was lost: ", self.fate(deletion))
        if (never := next((event for event in makings if event not in self.cut.events), None)) is not None:
            return after(": ", self.fate(never))
        holder = links[0].holder
        removal = self.cut.removal(links[0]) or self.cut.removal(holder)
        if removal is not None:
            return after(f" after {self.described(removal)}", self.not_deleted(entity, removal))
        if (number := self.number_of(ActionKind.COLLECT, self.cut.creation(holder))) is not None:
            return Fate(f": recovery removed {self.cut.name(holder)}{self.at(number)}", number)
        return after(f": {self.cut.name(holder)} itself does not exist: ", self.fate(self.cut.creation(holder)))

    def not_deleted(self, entity: Entity, removal: Event) -> Fate:
        """Return why an entity was not deleted, although its last link is gone."""
        if (undone := self.interrupted(self.cut.removals(entity))) is not None:
            return after(", and ", self.fate(undone))
        return Fate("", self.trace.entries[removal].action)

    # Missing state

    def missing_state(self) -> Explanation:
        """Explain why an event is not in the cut although another one of its use case is."""
        event = self.claimed()
        case, missing = self.trace.step_of(event)
        others = [self.event(case.name, other.number) for other in case.steps]
        survivor = self.surviving(next(other for other in others if other in self.cut.events))
        what = f"“{command(missing)}” in {missing.service}"
        return because(f"{survivor}, but {what}, of the same use case, is missing: ", self.fate(event))

    def surviving(self, event: Event) -> str:
        """Return why an event is in the cut, in a few words."""
        entry, service = self.trace.entries[event], self.step(event).service
        if service in self.trace.rules.external:
            return f"{self.described(event)} is still there, as {service} is external"
        match entry.by:
            case ActionKind.BACKFILL:
                return f"{self.described(event)} was taken back from what others kept{self.at(entry.action)}"
            case ActionKind.RECONSTRUCT:
                return f"{self.described(event)} was created again by a person{self.at(entry.action)}"
            case _:
                return f"{self.described(event)} survived"

    # Duplicates

    def duplicate(self) -> Explanation:
        """Explain why something is done twice."""
        event = self.claimed()
        number = self.number_of(ActionKind.REPEAT, event)
        assert number is not None
        start = f"{self.described(event)} is done twice: recovery repeats it{self.at(number)}, because "
        return because(start, self.reminder(number))

    def reminder(self, number: int) -> Fate:
        """Return why an action does something again that was done before."""
        first, state = self.trace.actions[number - 1].events[0], self.trace.states[number - 1]
        step = self.step(first)
        earlier = [self.event(first.use_case, other) for other in step.predecessors]
        if step.via is Via.EVENT and all(pending(other, first) in state for other in earlier):
            return self.delivered_again(step, earlier, number)
        if (awake := next((other for other in earlier if self.is_live(other, number)), None)) is not None:
            return self.goes_on(awake, number)
        return self.forgetful(number, next(self.forgetting(number), step.service))

    def delivered_again(self, step: Step, senders: list[Event], number: int) -> Fate:
        """Return why a message is in the broker that was received before."""
        message = f"the message that tells {step.service} to {command(step)}"
        for sender in senders:
            if self.is_live(sender, number):
                return after(f"{message} was sent again, and ", self.goes_on(sender, number))
        if self.trace.plan.recovery.broker is Broker.BACKUP:
            kept = self.numbers(ActionKind.SNAPSHOT_BROKER)[-1]
            return Fate(f"{message} is in the backup of the broker, which was taken{self.at(kept)} before", kept)
        return Fate(f"{message} was delivered once more", number)

    def is_live(self, event: Event, number: int) -> bool:
        """Whether an event was done in the course of recovery before an action, so that what follows it goes on."""
        labels = self.trace.actions[self.disaster : number - 1]
        return any(label.kind in MAKING_LIVE and event in label.events for label in labels)

    def goes_on(self, awake: Event, number: int) -> Fate:
        """Return why an event before the one that is repeated was done in the course of recovery."""
        entry, service = self.trace.entries[awake], self.step(awake).service
        if entry.by is ActionKind.STEP:
            again = self.number_of(ActionKind.REPEAT, awake)
            return Fate(f"{self.described(awake)} was repeated{self.at(again)}, which it follows", again or number)
        if any(each.event == awake for each in self.trace.logs[service].live):
            return after(
                f"{self.described(awake)} was done again{self.at(entry.action)}, since ", self.forgotten(awake)
            )
        done = f"{self.described(awake)} was done in the course of recovery{self.at(entry.action)}"
        return Fate(f"{done}, and what follows it goes on from there", entry.action)

    def forgetting(self, number: int) -> Iterator[str]:
        """Yield the services before a transaction that came back from a backup and do not know that it was done."""
        steps = [self.step(event) for event in self.trace.actions[number - 1].events]
        restored, case = self.trace.actions[self.disaster - 1].restored, self.trace.step_of(self.first(number))[0]
        for service in dict.fromkeys(case.step(each).service for each in steps[0].predecessors):
            away = service in restored and service not in {step.service for step in steps}
            if away and not self.trace.plan.mode_of(service).replicated:
                yield service

    def first(self, number: int) -> Event:
        """Return the first event that an action is about."""
        return self.trace.actions[number - 1].events[0]

    def forgetful(self, number: int, service: str) -> Fate:
        """Return why a service does not know that something was done."""
        case, state = self.trace.step_of(self.first(number))[0], self.trace.states[number - 1]
        steps = tuple(self.step(event) for event in self.trace.actions[number - 1].events)
        if steps[0].via is Via.EVENT:
            snapshot = self.trace.logs[service].snapshot
            return Fate(f"{service}, restored from its backup{self.at(snapshot)}, publishes its events again", number)
        records = [self.event(case.name, step.number) for step in followers(case, steps) if step.service == service]
        for record in records:
            if any(each.event == record for each in self.trace.logs[service].live) and logged(record) not in state:
                return after(f"{service} has no record of it: ", self.forgotten(record))
        if records:
            return after(f"{service} has no record of it: ", self.interruption(records[0]))
        return Fate(f"{service} keeps no record of it", number)

    # What is taken by something else

    def misdirected_link(self, link: Link) -> Explanation:
        """Explain why a link comes to lead to something else."""
        holder, target = self.cut.name(link.holder), self.cut.name(link.target)
        lost, next_ = "was lost", "the next one that is created gets its id"
        if self.cut.broken(link) and self.cut.creation(link.target) not in self.cut.events:
            start = f"The recovered {holder} refers to {clause(target, lost)}, and {next_}: "
            return because(start, self.fate(self.cut.creation(link.target)))
        start = f"The recovered {target} belonged to {clause(holder, lost)}, and {next_}: "
        return because(start, self.fate(self.cut.creation(link.holder)))

    def overbooking(self) -> Explanation:
        """Explain why something of which there is only so much is taken twice."""
        links = self.trace.architecture.links
        link = next(each for each in links if str(each.target) == self.trace.claim.subject and self.cut.broken(each))
        holder, target = self.cut.name(link.holder), self.cut.name(link.target)
        lost = clause(target, "was lost and can be given to someone else")
        return because(f"The recovered {holder} counts on {lost}: ", self.fate(self.cut.creation(link.target)))


def after(beginning: str, fate: Fate) -> Fate:
    """Return a fate whose clause follows a beginning."""
    return Fate(beginning + fate.clause, fate.action)


# The run, line by line


def listing(trace: Trace) -> list[str]:
    """Return one line for each action: its number, what happened, and the events that it appended.

    The action where the trace goes wrong is marked with ``>``.
    """
    return lines(trace, explain(trace).action)


def lines(trace: Trace, wrong: int | None = None) -> list[str]:
    """Return one line for each action of a run, the action of this number (from 1) marked with ``>``."""
    rows = [
        (
            number,
            str(label.kind),
            action_in_words(trace, label),
            ", ".join(entry.name for entry in trace.appended(number)),
        )
        for number, label in enumerate(trace.actions, 1)
    ]
    if not rows:
        return ["  (it is so from the beginning, before any action)"]
    widths = [max(len(str(row[column])) for row in rows) for column in range(3)]
    listed = []
    for number, kind, what, events in rows:
        mark = ">" if number == wrong else " "
        line = f"{mark} {number:>{widths[0]}}  {kind:<{widths[1]}}  {what:<{widths[2]}}"
        listed.append((f"{line}  → {events}" if events else line).rstrip())
    return listed


def description(line: str) -> int:
    """Return the position (from 0) in a line of a listing at which the description of the action begins."""
    begin = re.match(r"[> ] +\d+  \S+ +", line)
    return begin.end() if begin else 0
