"""A system to be exported, with identifiers for its facts and actions, their meanings, and statements about it.

The writers of all languages use it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

from bac import __version__
from bac.exports.names import LONGEST, Names, identifier, in_comment
from bac.exports.pruning import pruned, simplified
from bac.exports.statements import Statement, statements
from bac.model.architecture import Architecture
from bac.model.plan import Plan
from bac.model.semantics import system
from bac.model.system import Action, Event, Fact, FactKind, Label, System
from bac.model.trace import Claim, Trace
from bac.properties.qualities import Property
from bac.properties.words import action_in_words, command

FLAGS = (
    FactKind.BROKER_SNAPPED,
    FactKind.BROKER_SNAPPED_AGAIN,
    FactKind.DENIED,
    FactKind.RECOVERED,
    FactKind.AT_REST,
)
"""The kinds with a single fact."""

PAIRS = (FactKind.PENDING, FactKind.KEPT, FactKind.IGNORED)
"""The kinds of facts that are about messages: pairs of events."""
_MEANINGS = {
    FactKind.LOGGED: "is in the log of",
    FactKind.BACKED: "is in the backup of",
    FactKind.OLDEST: "was in the log at the first snapshot, in",
    FactKind.BEFORE: "was in the log just before the disaster",
    FactKind.DROPPED: "was rejected before the disaster",
    FactKind.LIVE: "was done after the disaster",
    FactKind.TWICE: "was done twice",
    FactKind.BY_HAND: "was done by a person",
    FactKind.GONE: "created something that was collected",
    FactKind.PENDING: "waits in the broker",
    FactKind.KEPT: "is in the backup of the broker",
    FactKind.IGNORED: "had been received before the receiver's backup",
}


@dataclass(frozen=True)
class Exported:
    """The system of an architecture under a plan, with a number of instances, ready to be written in any language.

    Facts that are never true and actions that never happen are left out, and disasters if ``disasters`` is false.
    """

    architecture: Architecture
    plan: Plan
    instances: int
    disasters: bool = True

    @cached_property
    def whole(self) -> System:
        """Return the system that the semantics defines, without disasters if they are not wanted."""
        whole = system(self.architecture, self.plan, self.instances)
        return whole if self.disasters else whole.without_disasters()

    @cached_property
    def system(self) -> System:
        """Return the system that is written."""
        return pruned(self.whole)

    @cached_property
    def statements(self) -> tuple[tuple[str, Statement], ...]:
        """Return the statements, each with an identifier."""
        names, true = Names(), frozenset(self.system.facts)
        found = statements(self.architecture, self.plan, self.instances)
        return tuple(
            (names.fresh(identifier(each.title)), replace(each, violation=simplified(each.violation, true)))
            for each in found
        )

    @cached_property
    def kinds(self) -> tuple[FactKind, ...]:
        """Return the kinds of the facts; at least one, as some languages need a variable."""
        return tuple(dict.fromkeys(fact.kind for fact in self.system.facts)) or (FactKind.RECOVERED,)

    @cached_property
    def title(self) -> str:
        """Return a title on one line, safe within a comment."""
        many = f"{self.instances} instance{'s' * (self.instances != 1)} of every use case"
        without = "" if self.disasters else ", without disasters"
        return in_comment(f"{self.architecture.name}, plan {self.plan.name}, {many}{without} (bac {__version__})")

    # Identifiers

    @cached_property
    def events(self) -> dict[Event, str]:
        """Return an identifier for each event: use case, number of the step, and index if there are several."""
        names, table = Names(), {}
        for case, step in self.architecture.steps():
            name = names.fresh(f"{identifier(case.name)}_{step.number}")
            for index in range(1, self.instances + 1):
                table[Event(case.name, step.number, index)] = f"{name}_i{index}" if self.instances > 1 else name
        return table

    @cached_property
    def services(self) -> dict[str, str]:
        """Return an identifier for each service."""
        names = Names()
        return {service.name: names.fresh(identifier(service.name)) for service in self.architecture.services}

    @cached_property
    def facts(self) -> dict[Fact, str]:
        """Return an identifier for each fact of the system: its kind, and the events or services that it is about."""
        names = Names()
        return {fact: names.fresh("_".join([str(fact.kind), *self.about(fact)])) for fact in self.system.facts}

    def about(self, fact: Fact) -> list[str]:
        """Return the identifiers of the events that a fact is about, or of its services together."""
        return [self.events[event] for event in fact.events] + ([self.groups[fact.services]] if fact.services else [])

    @cached_property
    def groups(self) -> dict[tuple[str, ...], str]:
        """Return an identifier for services that are backed up, locked or lost together, and for each service alone."""
        every = tuple(self.services)
        together = [fact.services for fact in self.system.facts if fact.services]
        together += [action.label.services for action in self.system.actions if action.label.services]
        names = Names()
        table: dict[tuple[str, ...], str] = {(service,): names.fresh(name) for service, name in self.services.items()}
        for services in dict.fromkeys(together):
            if services not in table:
                joined = "all" if services == every else "_".join(self.services[service] for service in services)
                table[services] = names.fresh(joined[: 2 * LONGEST])
        return table

    @cached_property
    def actions(self) -> tuple[str, ...]:
        """Return an identifier for each action of the system, in its order."""
        names = Names()
        return tuple(names.fresh(self._action_identifier(action.label)) for action in self.system.actions)

    def _action_identifier(self, label: Label) -> str:
        about = [self.events[event] for event in label.events[:1]]
        about += [f"to_{event.step}" for event in label.events[1:][-1:]]
        about += [self.groups[label.services]] if label.services else []
        return "_".join([identifier(str(label.kind)), *about, *(["at_rest"] if label.at_rest else [])])

    # Meanings

    def fact_in_words(self, fact: Fact) -> str:
        """Return the meaning of a fact in the words of the specification, safe within a comment."""
        return in_comment(self._meaning(fact))

    def _meaning(self, fact: Fact) -> str:
        services = ", ".join(fact.services)
        match fact.kind:
            case FactKind.LOGGED | FactKind.BACKED | FactKind.OLDEST:
                return f"{self._event(fact.events[0])} {_MEANINGS[fact.kind]} {self._service(fact.events[0])}"
            case FactKind.BEFORE | FactKind.DROPPED | FactKind.LIVE | FactKind.TWICE | FactKind.BY_HAND | FactKind.GONE:
                return f"{self._event(fact.events[0])} {_MEANINGS[fact.kind]}"
            case FactKind.PENDING | FactKind.KEPT | FactKind.IGNORED:
                trigger, event = map(self._event, fact.events)
                return f"the message from {trigger}, which brings about {event}, {_MEANINGS[fact.kind]}"
            case FactKind.SWEEPING:
                return f"recovery removes what is left over at index {fact.events[0].index}"
            case FactKind.SNAPPED | FactKind.SNAPPED_AGAIN:
                return f"{services} has been snapshotted{' again' if fact.kind is FactKind.SNAPPED_AGAIN else ''}"
            case FactKind.BROKER_SNAPPED:
                return "the content of the broker has been backed up"
            case FactKind.BROKER_SNAPPED_AGAIN:
                return "the content of the broker has been backed up again"
            case FactKind.LOCKED | FactKind.LOCKED_AGAIN:
                return f"{services}: the lock is taken{' again' if fact.kind is FactKind.LOCKED_AGAIN else ''}"
            case FactKind.RESTORED:
                return f"disaster has struck, and {services} was restored"
            case FactKind.DENIED:
                return "a client's command was held back"
            case FactKind.RECOVERED:
                return "disaster has struck, and logs are those of the backups"
            case FactKind.AT_REST:
                return "when disaster struck, no use case was in flight"

    def _event(self, event: Event) -> str:
        index = f" #{event.index}" if self.instances > 1 else ""
        return f"{event.use_case}.{event.step}{index} ({command(self._trace.step_of(event)[1])})"

    def _service(self, event: Event) -> str:
        return self._trace.step_of(event)[1].service

    def action_in_words(self, action: Action) -> str:
        """Return the effect of an action in the words of the specification, safe within a comment."""
        return in_comment(f"{action.label.kind}  {action_in_words(self._trace, action.label)}")

    @cached_property
    def legend(self) -> tuple[tuple[str, str], ...]:
        """Return the identifiers of events and services that facts of the system are about, each with its meaning."""
        events = dict.fromkeys(event for fact in self.system.facts for event in fact.events)
        groups = dict.fromkeys(fact.services for fact in self.system.facts if fact.services)
        meanings = [(self.events[event], f"{self._event(event)}, in {self._service(event)}") for event in events]
        meanings += [(self.groups[services], ", ".join(services)) for services in groups]
        return tuple((name, in_comment(words)) for name, words in meanings)

    @cached_property
    def logs(self) -> dict[str, frozenset[str]]:
        """Return the identifiers of the events of each service, by the identifier of the service."""
        return {
            name: frozenset(self.events[event] for event in self.events if self._service(event) == service)
            for service, name in self.services.items()
        }

    @cached_property
    def _trace(self) -> Trace:
        """Return the run without actions, as the words for steps and actions come from a run."""
        return Trace(self.architecture, self.plan, self.instances, Claim(Property.CONSISTENCY), ())
