"""Why a step cannot happen in a state, in words, read off what its action lacks there.

Nothing here says when a step can happen: that is in the actions.  A fact that an action lacks is told in the words of
the specification: a step that comes before, an entity that does not exist, a link, a lock.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property

from bac.model.architecture import Entity, Link, Step, UseCase
from bac.model.errors import listed, quoted
from bac.model.semantics import Rules
from bac.model.setting import step_entities
from bac.model.system import Action, ActionKind, Event, Fact, FactKind, State, dropped, logged

MOST_CLAUSES = 4
"""So many steps are told that wait for each other, one after the other."""
LOCKS = (FactKind.LOCKED, FactKind.LOCKED_AGAIN)


@dataclass(frozen=True, slots=True)
class Cause:
    """Why an event cannot happen.

    ``clause`` has its step as the subject, such as ``needs 'a', which 'remove.1' has deleted``.
    ``at`` is the step to blame: the one of the event, another one of its transaction, or one that comes before.
    ``then`` is the event that would have to happen first, if there is one.
    """

    clause: str
    at: Event
    then: Event | None = None


@dataclass(frozen=True)
class Waiting:
    """Says why events cannot happen in a state.

    Args:
        rules: one architecture under one plan.
        actions: the actions of its system before the disaster, as far as they matter.
        state: a state in which nothing more can happen.
    """

    rules: Rules
    actions: tuple[Action, ...]
    state: State

    def sentence(self, event: Event) -> str:
        """Return why an event cannot happen, in clauses; the subject of the first is its step, and is left out."""
        told, cause = {event}, self.cause(event)
        clauses = [f"is rejected, as it {cause.clause}" if dropped(event) in self.state else cause.clause]
        while cause.then is not None and cause.then not in told:
            if len(clauses) == MOST_CLAUSES:
                return "; ".join([*clauses, "…"])
            told.add(cause.then)
            subject, cause = self.name(cause.then), self.cause(cause.then)
            clauses.append(f"{subject} {cause.clause}")
        return "; ".join(clauses)

    def cause(self, event: Event) -> Cause:
        """Return the first thing that an event lacks."""
        action = self.steps.get(event)
        return self.ruled_out(event) if action is None else next(self.causes(event, action))

    def causes(self, event: Event, action: Action) -> Iterator[Cause]:
        """Yield what an event lacks: steps before it, what no longer exists, what does not exist yet, a lock."""
        absent, present = sorted(action.require - self.state), sorted(action.forbid & self.state)
        unmet = [clause for clause in action.clauses if not clause.satisfied(self.state)]
        subjects = [event, *(other for other in action.label.events if other != event)]
        yield from (cause for subject in subjects for fact in absent for cause in self.later(event, subject, fact))
        yield from (cause for subject in subjects for fact in present for cause in self.removed(event, subject, fact))
        yield from (cause for subject in subjects for fact in absent for cause in self.missing(event, subject, fact))
        yield from self.held_back(event, [*present, *(fact for clause in unmet for fact in sorted(clause.negative))])
        yield Cause(f"lacks {', '.join(map(str, [*absent, *present, *unmet]))}", event)

    # Steps and their names

    @cached_property
    def steps(self) -> dict[Event, Action]:
        """The action by which each event happens before a disaster; none where a transaction rules itself out."""
        kind = ActionKind.STEP
        return {event: action for action in self.actions if action.label.kind is kind for event in action.label.events}

    def step(self, event: Event) -> tuple[UseCase, Step]:
        """Return the use case and the step of an event."""
        case = self.rules.architecture.by_use_case[event.use_case]
        return case, case.step(event.step)

    def name(self, event: Event) -> str:
        """Return what people call the step of an event, in quotes."""
        return quoted(self.rules.architecture.named(f"{event.use_case}.{event.step}"))

    # What can be lacking

    def later(self, event: Event, subject: Event, fact: Fact) -> Iterator[Cause]:
        """A step that comes before has not happened."""
        earlier = fact.events[0] if fact.kind is FactKind.LOGGED else subject
        if earlier.use_case == subject.use_case and earlier.step in self.step(subject)[1].predecessors:
            rejected = ", whose message is rejected" if dropped(earlier) in self.state else ""
            yield Cause(self.of(event, subject, f"follows {self.name(earlier)}{rejected}"), earlier, earlier)

    def removed(self, event: Event, subject: Event, fact: Fact) -> Iterator[Cause]:
        """Something was deleted or removed that the step needs."""
        if fact.kind is FactKind.LOGGED:
            for what in self.needs(subject):
                if fact.events[0] in self.removals(what, subject.index):
                    clause = f"needs {described(what)}, which {self.name(fact.events[0])} has {REMOVED[type(what)]}"
                    yield Cause(self.of(event, subject, clause), subject)

    def missing(self, event: Event, subject: Event, fact: Fact) -> Iterator[Cause]:
        """Something has not been created or made that the step needs."""
        if fact.kind is FactKind.LOGGED:
            for what in self.needs(subject):
                if fact.events[0] == self.making(what, subject.index):
                    clause = f"needs {described(what)}, which only {self.name(fact.events[0])} {MAKES[type(what)]}"
                    yield Cause(self.of(event, subject, clause), subject, fact.events[0])

    def held_back(self, event: Event, facts: Iterable[Fact]) -> Iterator[Cause]:
        """The step waits until a lock is released, and the lock until some use case is finished."""
        for lock in facts:
            if lock.kind in LOCKS and lock in self.state:
                first = next(self.undrained(lock), None)
                why = f", and that backup waits for {self.name(first)}" if first is not None else ""
                are = "are" if len(lock.services) > 1 else "is"
                yield Cause(
                    f"is held back while {listed([*map(quoted, lock.services)])} {are} locked{why}", event, first
                )

    def undrained(self, lock: Fact) -> Iterator[Event]:
        """Yield the events for which the snapshots under a lock wait."""
        for action in self.actions:
            if action.label.kind is ActionKind.SNAPSHOT and lock in action.require and not action.add <= self.state:
                unmet = (clause for clause in action.clauses if not clause.satisfied(self.state))
                yield from (fact.events[0] for clause in unmet for fact in sorted(clause.positive) if fact.events)

    def ruled_out(self, event: Event) -> Cause:
        """No action has this event: what comes before it, in its transaction or by its guard, rules it out."""
        case, step = self.step(event)
        transaction = next(steps for steps in self.rules.transactions(case) if step in steps)
        known = set[Fact]()
        for each in transaction:
            subject = Event(case.name, each.number, event.index)
            guard = self.rules.step_guard(subject, case, each)
            known |= guard.require
            for fact in sorted(guard.forbid & known):
                if (cause := next(self.removed(event, subject, fact), None)) is not None:
                    return cause
            known.add(logged(subject))
        return Cause("cannot follow the other steps of its transaction", event)

    def of(self, event: Event, subject: Event, clause: str) -> str:
        """Return a clause about an event for one about a step of its transaction."""
        return clause if subject == event else f"is one transaction with {self.name(subject)}, which {clause}"

    # What a step needs

    def needs(self, event: Event) -> Iterator[Entity | Link]:
        """Yield the entities that a step needs, and the link that it removes."""
        step = self.step(event)[1]
        yield from step_entities(step)
        if step.unlinks is not None:
            yield step.unlinks

    def making(self, what: Entity | Link, index: int) -> Event:
        """Return the event that creates an entity or makes a link, at an index."""
        there = self.rules.presence(index)
        return there.creation(what) if isinstance(what, Entity) else there.making(what)

    def removals(self, what: Entity | Link, index: int) -> tuple[Event, ...]:
        """Return the events that delete an entity, or remove a link, at an index."""
        return self.rules.presence(index).removals(what)


MAKES = {Entity: "creates", Link: "makes"}
REMOVED = {Entity: "deleted", Link: "removed"}


def described(what: Entity | Link) -> str:
    """Return an entity or link for a sentence, in quotes."""
    return f"the link {quoted(str(what))}" if isinstance(what, Link) else quoted(str(what))
