"""Why: one sentence for what a trace shows, and the action where it went wrong.

Written for a person who has not read the article; the words for the anomalies are the article's.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from bac.model.architecture import Step, UseCase, Verb
from bac.model.recovery import Broker, Rollback
from bac.model.system import ActionKind, Event, Label, locked, logged, pending, snapped
from bac.model.trace import Trace
from bac.properties.anomalies import AnomalyKind
from bac.properties.cut import Cut
from bac.properties.qualities import Property


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
    match trace.claim.property, trace.claim.kind:
        case Property.AVAILABILITY, _:
            return explainer.denied()
        case Property.BACKUP, _:
            return explainer.no_backup()
        case Property.NO_EXTRA_LOSS, _:
            return explainer.extra_loss()
        case _, AnomalyKind.BROKEN_LINK:
            return explainer.broken_link()
        case _, AnomalyKind.ORPHAN_STATE:
            return explainer.orphan_state()
        case _, AnomalyKind.MISSING_STATE:
            return explainer.missing_state()
        case other:
            raise ValueError(f"nothing to explain: {other}")


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

    def fate(self, event: Event) -> Fate:
        """Return why an event is not in the cut."""
        trace, step = self.trace, self.trace.step_of(event)[1]
        entry = trace.entries.get(event)
        if entry is not None:
            return self._lost(event, step.service, entry.action)
        for number, label in enumerate(trace.actions, 1):
            if label.kind is ActionKind.DROP and event in label.events:
                clause = f"{step.service} rejected the message to {command(step)}{self.at(number)}"
                return Fate(f"{clause}, because it is about something that does not exist", number)
        disaster = trace.disaster
        assert disaster is not None
        messages = [pending(Event(event.use_case, n, event.index), event) for n in step.predecessors]
        if messages and all(message in trace.states[disaster - 1] for message in messages):
            lost = " and was lost" if trace.plan.recovery.broker is not Broker.SURVIVES else ""
            clause = (
                f"the message that tells {step.service} to {command(step)} was in the broker when disaster struck{lost}"
            )
            return Fate(f"{clause}{self.at(disaster)}", disaster)
        return Fate(f"disaster struck{self.at(disaster)} before {step.service} executed “{command(step)}”", disaster)

    def _lost(self, event: Event, service: str, action: int) -> Fate:
        when = f"before {self.described(event)} was logged{self.at(action)}"
        if self.trace.plan.recovery.rollback is Rollback.OLDEST:
            first = self.first_snapshot()
            return Fate(f"recovery went back to the instant of the oldest backup{self.at(first)}, {when}", first)
        snapshot = self.trace.logs[service].snapshot
        return Fate(f"the backup of {service} was taken{self.at(snapshot)} {when}", snapshot)

    def first_snapshot(self) -> int:
        """Return the number of the first snapshot of the run."""
        return 1 + [label.kind for label in self.trace.actions].index(ActionKind.SNAPSHOT)

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
        services = [service.name for service in trace.architecture.services]
        if never := [service for service in services if trace.plan.mode_of(service).never_backed_up]:
            sentence = f"No backup is ever complete, because {', '.join(never)} {plural(never)} never backed up."
            return Explanation(sentence, None)
        waiting = [s for s in services if trace.plan.mode_of(s).takes_snapshots and snapped(s) not in state]
        blocked = "; ".join(self._blockages()) or "no sequence of further actions completes it"
        sentence = f"From here on, no backup of {', '.join(waiting)} can be taken: {blocked}."
        return Explanation(sentence, len(trace.actions) or None)

    def _blockages(self) -> list[str]:
        """Return what keeps locks taken: use cases that are half done inside one, and what they wait for."""
        state = self.trace.states[-1]
        locks = [group for group in self.trace.plan.groups if group.mode.locks]
        found = []
        for group in (group for group in locks if locked(group.services) in state):
            for case in self.trace.architecture.use_cases:
                inside = [step for step in case.steps if step.service in group.services]
                for index in range(1, self.trace.instances + 1):
                    left = [step for step in inside if logged(Event(case.name, step.number, index)) not in state]
                    if 0 < len(left) < len(inside):
                        where = f"{case.name} is half done inside the lock of {', '.join(group.services)}"
                        found.append(f"{where}, and {self._obstacle(case, index)}")
        return found

    def _obstacle(self, case: UseCase, index: int) -> str:
        """Return what a use case waits for at this index: an entity that some step needs, or a lock."""
        state = self.trace.states[-1]
        done = {step.number for step in case.steps if logged(Event(case.name, step.number, index)) in state}
        left = [step for step in case.steps if step.number not in done]
        for step in left:
            for entity in (step.entity, *(link.target for link in step.links)):
                home, creation = self.trace.architecture.creators[entity]
                if home is not case and logged(Event(home.name, creation.number, index)) not in state:
                    return f"“{command(step)}” needs {entity}, which cannot be created any more"
        for step in left:
            lock = self.trace.plan.group_of(step.service)
            entered = any(other.service in lock.services for other in case.steps if other.number in done)
            if lock.mode.locks and locked(lock.services) in state and not entered:
                return f"“{command(step)}” waits for the lock of {', '.join(lock.services)}"
        return "its other steps are not possible any more"

    def extra_loss(self) -> Explanation:
        """Explain why a backed event is not in the cut."""
        case, _, step = (self.trace.claim.subject or "").rpartition(".")
        event = self.event(case, int(step))
        service = self.trace.step_of(event)[1].service
        fate = self.fate(event)
        sentence = f"{self.described(event)} is in the backup of {service}, but was lost: {fate.clause}."
        return Explanation(sentence, fate.action)

    def broken_link(self) -> Explanation:
        """Explain why the target of a link does not exist."""
        link = next(
            link
            for link in self.trace.architecture.links
            if str(link) == self.trace.claim.subject and self.cut.broken(link)
        )
        start = f"The recovered {self.cut.name(link.holder)} refers to {absent(self.cut.name(link.target))}"
        deletion = self.cut.removal(link.target)
        if deletion is not None:
            lost = next((event for event in self.cut.removals(link) if event in self.trace.entries), None)
            if lost is None:
                why = f"{self.described(deletion)} deleted it, and nothing had removed the link"
            else:
                why = f"{self.described(deletion)} survived, but {self.described(lost)} did not"
            return Explanation(f"{start}: {why}.", self.trace.entries[deletion].action)
        fate = self.fate(self.cut.creation(link.target))
        return Explanation(f"{start}: {fate.clause}.", fate.action)

    def orphan_state(self) -> Explanation:
        """Explain why no link to an entity holds."""
        architecture = self.trace.architecture
        entity = next(
            entity
            for entity in architecture.creators
            if str(entity) == self.trace.claim.subject and self.cut.orphan(entity)
        )
        links = self.cut.links_within(entity)
        lacking = next((link for link in links if self.cut.making(link) not in self.cut.events), None)
        start = f"The recovered {self.cut.name(entity)} exists, but nothing refers to it any more"
        if lacking is not None:
            fate = self.fate(self.cut.making(lacking))
            return Explanation(f"{start}: {fate.clause}.", fate.action)
        holder = links[0].holder
        event = self.cut.removal(links[0]) or self.cut.removal(holder)
        if event is not None:
            return Explanation(f"{start} after {self.described(event)}.", self.trace.entries[event].action)
        fate = self.fate(self.cut.creation(holder))
        return Explanation(
            f"{start}, because {self.cut.name(holder)} itself does not exist: {fate.clause}.", fate.action
        )

    def missing_state(self) -> Explanation:
        """Explain why an event is not in the cut although another one of its use case is."""
        name, _, step = (self.trace.claim.subject or "").rpartition(".")
        event = self.event(name, int(step))
        case, missing = self.trace.step_of(event)
        others = [self.event(name, other.number) for other in case.steps]
        survivor = next(other for other in others if other in self.cut.events)
        fate = self.fate(event)
        what = f"“{command(missing)}” in {missing.service}"
        start = f"{self.described(survivor)} survived, but {what}, of the same use case, is missing"
        return Explanation(f"{start}: {fate.clause}.", fate.action)
