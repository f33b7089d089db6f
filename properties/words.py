"""Steps, entities and actions in words, for sentences and listings."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import assert_never

from bac.model.architecture import Step, Verb
from bac.model.modes import Image, Lock
from bac.model.plan import Group
from bac.model.recovery import Broker
from bac.model.system import ActionKind, Event, Label
from bac.model.trace import Trace


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
