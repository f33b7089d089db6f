"""The focus of a trace: the events, links and services of its claim, which a figure must show and mark.

Source: the article, captions of Figures 3, 4 and 5.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from bac.figures.metrics import guarded
from bac.model.architecture import Link
from bac.model.system import ActionKind, Event, snapped
from bac.model.trace import Trace
from bac.properties.anomalies import AnomalyKind, Cut, anomalies
from bac.properties.formula import satisfied
from bac.properties.qualities import Property


@dataclass(frozen=True, slots=True)
class Focus:
    """The events, links and services that a claim is about.

    ``heading`` is the claim in a few words; ``broken`` is the link and its index; ``orphan``, ``missing`` and ``lost``
    are the events of such anomalies; ``unbacked`` are services without a backup; ``events`` are all events
    that must be shown, and ``services`` their services.  The same is wrong at the indices ``alike``.
    """

    heading: str
    broken: tuple[Link, int] | None = None
    orphan: Event | None = None
    missing: Event | None = None
    lost: Event | None = None
    unbacked: tuple[str, ...] = ()
    events: tuple[Event, ...] = ()
    services: tuple[str, ...] = ()
    alike: frozenset[int] = frozenset()

    def like(self, event: Event) -> Event:
        """Return the event of the claim that is the same but for its index; the event itself, if there is none."""
        same = [each for each in self.events if (each.use_case, each.step) == (event.use_case, event.step)]
        return same[0] if same and event.index in self.alike else event


def focus(trace: Trace) -> Focus:
    """Return the focus of a trace.

    Raises:
        LookupError, StopIteration, ValueError: the trace does not show its claim.
    """
    return replace(_focus(trace), alike=frozenset(_alike(trace)))


def _alike(trace: Trace) -> Iterator[int]:
    """Yield the other indices at which the anomaly of the claim happens, too."""
    claim = trace.claim
    if claim.property != Property.CONSISTENCY or trace.instances == 1:
        return
    for anomaly in anomalies(trace.architecture, trace.plan, trace.instances):
        same = (anomaly.kind, anomaly.subject) == (claim.kind, claim.subject)
        if same and anomaly.index != (claim.index or 1) and satisfied(anomaly.formula, trace.states[-1]):
            yield anomaly.index


def _focus(trace: Trace) -> Focus:
    match trace.claim.property, trace.claim.kind:
        case Property.AVAILABILITY, _:
            denied = [event for label in trace.actions if label.kind is ActionKind.DENY for event in label.events]
            return _about(trace, Focus("Not available: a command is held back", events=tuple(denied)))
        case Property.BACKUP, _:
            services = unbacked(trace)
            return Focus("No backup can be completed", unbacked=services, services=services)
        case Property.NO_EXTRA_LOSS, _:
            event = claimed_event(trace)
            heading = f"Extra loss: {guarded(str(trace.step_of(event)[1]))}{of_index(trace)}"
            return _about(trace, Focus(heading, lost=event, events=(event,)))
        case _, AnomalyKind.BROKEN_LINK:
            return _about(trace, _broken_link(trace, "Broken link"))
        case _, AnomalyKind.MISDIRECTED_LINK:
            return _about(trace, _misdirected_link(trace))
        case _, AnomalyKind.OVERBOOKING:
            return _about(trace, _overbooking(trace))
        case _, AnomalyKind.DUPLICATE:
            return _about(trace, _duplicate(trace))
        case _, AnomalyKind.ORPHAN_STATE:
            return _about(trace, _orphan_state(trace))
        case _, AnomalyKind.MISSING_STATE:
            return _about(trace, _missing_state(trace))
        case _:
            return Focus("Event logs")


def claimed_event(trace: Trace) -> Event:
    """Return the event that a subject like ``use case.2`` names, at the index of the claim."""
    name, _, step = (trace.claim.subject or "").rpartition(".")
    return Event(name, int(step), trace.claim.index or 1)


def of_index(trace: Trace) -> str:
    """Return the index of the claim, if there are several."""
    return f" #{trace.claim.index}" if trace.instances > 1 and trace.claim.index else ""


def unbacked(trace: Trace) -> tuple[str, ...]:
    """Return the services without a backup at the end of the trace."""
    state = trace.states[-1]
    modes = {service.name: trace.plan.mode_of(service.name) for service in trace.architecture.services}
    never = tuple(name for name, mode in modes.items() if mode.never_backed_up)
    return never or tuple(n for n, mode in modes.items() if mode.takes_snapshots and snapped(n) not in state)


def _about(trace: Trace, found: Focus) -> Focus:
    """Return the focus with the services of its events, in the order of the specification."""
    services = {trace.step_of(event)[1].service for event in found.events}
    ordered = tuple(service.name for service in trace.architecture.services if service.name in services)
    return replace(found, services=ordered)


def _broken_link(trace: Trace, what: str) -> Focus:
    """Return the focus on a broken link, under this heading."""
    cut = Cut(trace, trace.claim.index or 1)
    subject = " → ".join(map(guarded, (trace.claim.subject or "").split(" -> ")))
    link = next(link for link in trace.architecture.links if str(link) == trace.claim.subject and cut.broken(link))
    return _of_link(cut, link, f"{what}: {subject}{of_index(trace)}")


def _of_link(cut: Cut, link: Link, heading: str) -> Focus:
    events = [cut.making(link), cut.creation(link.target), cut.removal(link.target)]
    return Focus(heading, broken=(link, cut.index), events=tuple(event for event in events if event))


def _misdirected_link(trace: Trace) -> Focus:
    """Return the focus on a link that is broken, or on an orphan whose holder was lost."""
    cut = Cut(trace, trace.claim.index or 1)
    named = [link for link in trace.architecture.links if str(link) == trace.claim.subject]
    link = next(link for link in named if cut.misdirected(link))
    if cut.broken(link):
        return _broken_link(trace, "Misdirected link")
    subject = f"{guarded(str(link.holder))} → {guarded(str(link.target))}"
    events = dict.fromkeys([cut.creation(link.target), cut.creation(link.holder), cut.making(link)])
    heading = f"Misdirected link: {subject}{of_index(trace)}"
    return Focus(heading, orphan=cut.creation(link.target), events=tuple(events))


def _overbooking(trace: Trace) -> Focus:
    cut = Cut(trace, trace.claim.index or 1)
    named = [link for link in trace.architecture.links if str(link.target) == trace.claim.subject]
    link = next(link for link in named if cut.broken(link))
    return _of_link(cut, link, f"Overbooking: {guarded(str(link.target))}{of_index(trace)}")


def _duplicate(trace: Trace) -> Focus:
    """Return the focus on an event that is done again, and on the event whose service asks for it."""
    event = claimed_event(trace)
    callers = tuple(Event(event.use_case, number, event.index) for number in trace.step_of(event)[1].predecessors)
    heading = f"Duplicate: {guarded(str(trace.step_of(event)[1]))}{of_index(trace)}"
    return Focus(heading, events=(event, *callers))


def _orphan_state(trace: Trace) -> Focus:
    cut = Cut(trace, trace.claim.index or 1)
    named = [entity for entity in trace.architecture.creators if str(entity) == trace.claim.subject]
    entity = next(entity for entity in named if cut.orphan(entity))
    absent = [cut.removal(link) or cut.removal(link.holder) or cut.making(link) for link in cut.links_within(entity)]
    heading = f"Orphan state: {guarded(str(entity))}{of_index(trace)}"
    return Focus(heading, orphan=cut.creation(entity), events=(cut.creation(entity), *absent))


def _missing_state(trace: Trace) -> Focus:
    event = claimed_event(trace)
    case, step = trace.step_of(event)
    others = [Event(case.name, other.number, event.index) for other in case.steps]
    cut = Cut(trace, event.index)
    survivors = [other for other in others if other in cut.events]
    heading = f"Missing state: {guarded(str(step))}{of_index(trace)}"
    return Focus(heading, missing=event, events=(event, *survivors))
