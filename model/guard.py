"""Guards: when something may happen, when an entity exists and a link holds, and what the application is to blame for.

A guard is a condition on facts.  Rules put guards into actions, properties make formulas of them, and what looks at a
single cut evaluates them there.  No other module defines when an entity exists or a link holds.

Source: docs/semantics.md, "Anomalies" and "Whose fault it is".
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise, product

from bac.model.architecture import Architecture, Entity, Link, Place, Step, UseCase, Verb, followers
from bac.model.errors import LimitReached
from bac.model.system import Action, Clause, Event, Fact, FactKind, Label, State, before, dropped, gone, logged

MOST_CLAUSES = 20_000
"""Beyond this many clauses a disjunction of guards is not written down."""

Literal = tuple[Fact, bool]
"""A fact, and whether it is true."""
Literals = frozenset[Literal]
"""A disjunction of literals."""


@dataclass(frozen=True, slots=True)
class Guard:
    """When something may happen: the left half of an action."""

    require: frozenset[Fact] = frozenset()
    forbid: frozenset[Fact] = frozenset()
    clauses: tuple[Clause, ...] = ()

    def __and__(self, other: Guard) -> Guard:
        """Both."""
        return Guard(self.require | other.require, self.forbid | other.forbid, self.clauses + other.clauses)

    def holds(self, state: State) -> bool:
        """Whether the guard allows something in this state."""
        return (
            self.require <= state
            and state.isdisjoint(self.forbid)
            and all(clause.satisfied(state) for clause in self.clauses)
        )

    @property
    def impossible(self) -> bool:
        """Whether the guard contradicts itself in an obvious way."""
        empty = any(not clause.positive and not clause.negative for clause in self.clauses)
        return empty or not self.require.isdisjoint(self.forbid)

    @property
    def disjunctions(self) -> list[Literals]:
        """The guard as a conjunction of disjunctions."""
        single = [frozenset([(fact, True)]) for fact in self.require]
        single += [frozenset([(fact, False)]) for fact in self.forbid]
        return single + [_literals(clause) for clause in self.clauses]

    def reduced(self) -> Guard:
        """Return the same guard without disjunctions that follow from others."""
        return _guard(_without_weaker(set(self.disjunctions)))

    def given(self, facts: Iterable[Fact], absent: Iterable[Fact] = ()) -> Guard:
        """Return what is left of the guard where some facts are known to be true, and others to be false."""
        true, false = frozenset(facts), frozenset(absent)
        clauses = tuple(
            Clause(clause.positive - false, clause.negative - true)
            for clause in self.clauses
            if true.isdisjoint(clause.positive) and false.isdisjoint(clause.negative)
        )
        broken = not true.isdisjoint(self.forbid) or not false.isdisjoint(self.require)
        return Guard(self.require - true, self.forbid - false, clauses) & (NEVER if broken else Guard())

    def action(
        self,
        label: Label,
        add: Iterable[Fact] = (),
        delete: Iterable[Fact] = (),
        copy: Iterable[tuple[Fact, Fact]] = (),
    ) -> Action:
        """The action with this guard; what it adds it need not delete."""
        adds = frozenset(add)
        return Action(label, self.require, self.forbid, self.clauses, adds, frozenset(delete) - adds, tuple(copy))


ALWAYS = Guard()
NEVER = Guard(clauses=(Clause(frozenset(), frozenset()),))


def require(facts: Iterable[Fact]) -> Guard:
    """All of these hold."""
    return Guard(require=frozenset(facts))


def forbid(facts: Iterable[Fact]) -> Guard:
    """None of these holds."""
    return Guard(forbid=frozenset(facts))


def some(positive: Iterable[Fact] = (), negative: Iterable[Fact] = ()) -> Guard:
    """At least one of these holds, or at least one of the others does not."""
    return _guard([frozenset([*((fact, True) for fact in positive), *((fact, False) for fact in negative)])])


def both(guards: Iterable[Guard]) -> Guard:
    """All of these guards hold."""
    required, forbidden, clauses = set[Fact](), set[Fact](), list[Clause]()
    for guard in guards:
        required |= guard.require
        forbidden |= guard.forbid
        clauses += guard.clauses
    return Guard(frozenset(required), frozenset(forbidden), tuple(clauses))


def either(guards: Iterable[Guard]) -> Guard:
    """At least one of these guards holds.

    Raises:
        LimitReached: that takes more than :data:`MOST_CLAUSES` clauses.
    """
    found: list[Literals] = [frozenset()]
    for guard in guards:
        disjunctions = guard.disjunctions
        if len(found) * len(disjunctions) > MOST_CLAUSES:
            raise LimitReached(f"a condition of the transition system takes more than {MOST_CLAUSES:,} clauses")
        found = _without_weaker({one | other for one, other in product(found, disjunctions)})
    return _guard(found)


def negation(guard: Guard) -> Guard:
    """The guard does not hold.

    Raises:
        LimitReached: that takes more than :data:`MOST_CLAUSES` clauses.
    """
    return either(_guard([frozenset([(fact, not holds)]) for fact, holds in each]) for each in guard.disjunctions)


def all_or_none(facts: list[Fact]) -> tuple[Clause, ...]:
    """Clauses that say: all of these facts hold, or none.  Each implies the next, round the circle."""
    if len(facts) < 2:
        return ()
    return tuple(Clause(frozenset([b]), frozenset([a])) for a, b in pairwise([*facts, facts[0]]))


def _literals(clause: Clause) -> Literals:
    return frozenset([*((fact, True) for fact in clause.positive), *((fact, False) for fact in clause.negative)])


def _without_weaker(disjunctions: Iterable[Literals]) -> list[Literals]:
    """Return these disjunctions without those that always hold, and those that follow from another one."""
    found: list[Literals] = []
    for each in sorted(disjunctions, key=lambda literals: (len(literals), sorted(literals))):
        always = any((fact, not holds) in each for fact, holds in each)
        if not always and not any(other <= each for other in found):
            found.append(each)
    return found


def _guard(disjunctions: Iterable[Literals]) -> Guard:
    required, forbidden, clauses = set[Fact](), set[Fact](), list[Clause]()
    for each in disjunctions:
        positive, negative = {fact for fact, holds in each if holds}, {fact for fact, holds in each if not holds}
        if len(each) == 1:
            required |= positive
            forbidden |= negative
        else:
            clauses.append(Clause(frozenset(positive), frozenset(negative)))
    return Guard(frozenset(required), frozenset(forbidden), tuple(clauses))


# When an entity exists, and a link holds


@dataclass(frozen=True, slots=True)
class Presence:
    """The entities and links at one index of an architecture.

    ``collected`` are the entities, by plain name, that recovery may collect as garbage.  ``earlier`` asks for the logs
    just before the disaster, and not for those of now.
    """

    architecture: Architecture
    index: int
    collected: frozenset[str] = frozenset()
    earlier: bool = False

    @property
    def before(self) -> Presence:
        """The same for the logs just before the disaster."""
        return Presence(self.architecture, self.index, earlier=True)

    def fact(self, event: Event) -> Fact:
        """The event is in its log."""
        return before(event) if self.earlier else logged(event)

    def event(self, case: UseCase, step: Step) -> Event:
        """The event of a step at this index."""
        return Event(case.name, step.number, self.index)

    def creation(self, entity: Entity) -> Event:
        """The event that creates an entity."""
        return self.event(*self.architecture.creators[entity])

    def making(self, link: Link) -> Event:
        """The event that makes a link."""
        return self.event(*self.architecture.links[link])

    def removals(self, what: Entity | Link) -> tuple[Event, ...]:
        """The events that delete an entity, or remove a link."""
        return tuple(self.event(case, step) for case, step in self.architecture.removals.get(what, ()))

    def erasures(self, entity: Entity) -> tuple[Event, ...]:
        """The events that delete an entity, and not softly."""
        deletions = self.architecture.removals.get(entity, ())
        return tuple(self.event(case, step) for case, step in deletions if not step.kept)

    def taken(self, entity: Entity) -> tuple[Fact, ...]:
        """The facts of which each takes an entity away: its deletions, and that it was collected."""
        deleted = tuple(self.fact(event) for event in self.removals(entity))
        return (*deleted, *self.gone(entity))

    def gone(self, entity: Entity) -> tuple[Fact, ...]:
        """The fact that the entity was collected, if that is possible."""
        return (gone(self.creation(entity)),) if entity.name in self.collected else ()

    def created(self, entity: Entity) -> Guard:
        """The entity was created."""
        return require([self.fact(self.creation(entity))])

    def exists(self, entity: Entity) -> Guard:
        """The entity was created, and neither deleted nor collected."""
        return self.created(entity) & forbid(self.taken(entity))

    def resolves(self, entity: Entity) -> Guard:
        """A link to the entity leads somewhere: it exists, or was deleted softly."""
        return self.created(entity) & forbid(map(self.fact, self.erasures(entity))) & forbid(self.gone(entity))

    def holds(self, link: Link) -> Guard:
        """The link was made and not removed, and its holder exists."""
        made = require([self.fact(self.making(link))])
        return made & forbid(map(self.fact, self.removals(link))) & self.exists(link.holder)


def others(case: UseCase, step: Step, index: int) -> Iterable[Event]:
    """The events of the other steps of a use case at an index."""
    return (Event(case.name, other.number, index) for other in case.steps if other is not step)


# Whose fault it is
#
# A deletion can leave a link dangling, and an update can leave something that nothing refers to, with no disaster at
# all.  Such an anomaly is not the backup's fault if it was there just before the disaster, unless a use case in flight
# still lacked a step that would have mended it.  Without deletions and removals of links there is none of them, and
# nothing needs to be remembered.

Mending = tuple[UseCase, Step]
"""A step that would mend an anomaly, with its use case."""


@dataclass(frozen=True)
class Fault:
    """The anomalies that the application alone is to blame for; ``droppable`` are the steps that can be rejected."""

    architecture: Architecture
    droppable: frozenset[Place]

    def excused_link(self, link: Link, index: int) -> Guard:
        """The link was broken before the disaster, and nothing in flight would have mended it."""
        if not self.can_dangle(link):
            return NEVER
        then = Presence(self.architecture, index).before
        broken = then.holds(link) & negation(then.resolves(link.target))
        return broken & self.no_help(self.mends_link(link), index)

    def excused_orphan(self, entity: Entity, index: int) -> Guard:
        """The entity was an orphan before the disaster, and nothing in flight would have mended it."""
        if not self.can_be_left(entity):
            return NEVER
        then = Presence(self.architecture, index).before
        orphan = then.exists(entity) & both(negation(then.holds(link)) for link in self.links_to(entity))
        return orphan & self.no_help(self.mends_orphan(entity), index)

    def can_dangle(self, link: Link) -> bool:
        """Whether the target can be missing although no use case in flight lacks its creation."""
        creation = self.architecture.creators[link.target]
        deletions = self.architecture.removals.get(link.target, ())
        return self.rejectable(creation) or any(not step.kept for _, step in deletions)

    def can_be_left(self, entity: Entity) -> bool:
        """Whether a link to the entity in its own use case can be done with, so that the entity is left alone."""
        home, _ = self.architecture.creators[entity]
        within = [link for link in self.links_to(entity) if self.architecture.links[link][0] is home]
        return any(self.can_come_to_nothing(link) for link in within)

    def can_come_to_nothing(self, link: Link) -> bool:
        """Whether the step that makes a link can be done with, although the link does not hold."""
        architecture = self.architecture
        (case, making), (home, creation) = architecture.links[link], architecture.creators[link.holder]
        too_early = home is case and creation is not making and making not in followers(case, (creation,))
        removable = link in architecture.removals or link.holder in architecture.removals
        return too_early or removable or self.rejectable((case, making)) or self.rejectable((home, creation))

    def rejectable(self, place: Mending) -> bool:
        """Whether the message that brings about this step can be rejected."""
        case, step = place
        return (case.name, step.number) in self.droppable

    def links_to(self, entity: Entity) -> list[Link]:
        """The links to an entity."""
        return self.architecture.links_to.get(entity, [])

    # Use cases in flight

    def mends_link(self, link: Link) -> Iterator[Mending]:
        """The steps that create the target, delete the holder, or remove the link."""
        yield self.architecture.creators[link.target]
        yield from self.architecture.removals.get(link.holder, ())
        yield from self.architecture.removals.get(link, ())

    def mends_orphan(self, entity: Entity) -> Iterator[Mending]:
        """The steps that link to the entity, or delete it."""
        yield from (self.architecture.links[link] for link in self.links_to(entity))
        yield from self.architecture.removals.get(entity, ())

    def no_help(self, mending: Iterable[Mending], index: int) -> Guard:
        """None of these steps was still to come in a use case in flight."""
        return both(negation(self.lacking(case, step, index)) for case, step in mending if len(case.steps) > 1)

    def lacking(self, case: UseCase, step: Step, index: int) -> Guard:
        """Before the disaster the use case was in flight, and lacked this step."""
        begun = [fact for other in others(case, step, index) for fact in self.done(other)]
        return forbid(self.done(Event(case.name, step.number, index))) & some(begun)

    def done(self, event: Event) -> tuple[Fact, ...]:
        """The facts of which each says that the event was done with before the disaster."""
        rejected = (dropped(event),) if (event.use_case, event.step) in self.droppable else ()
        return (before(event), *rejected)

    # What must be remembered

    @cached_property
    def remembered(self) -> frozenset[Place]:
        """The steps of which it must be known whether they were in the logs just before the disaster."""
        excuses = [self.excused_link(link, 1) for link in self.architecture.links]
        excuses += [self.excused_orphan(entity, 1) for entity in self.architecture.creators]
        mentioned = {fact for guard in excuses for literals in guard.disjunctions for fact, _ in literals}
        events = {fact.events[0] for fact in mentioned if fact.kind is FactKind.BEFORE}
        return frozenset((event.use_case, event.step) for event in events) | frozenset(self.precious())

    def precious(self) -> Iterator[Place]:
        """The steps that create what is scarce, or has ids that start again: whether it was lost matters."""
        for case, step in self.architecture.steps():
            if step.verb is Verb.CREATE and step.entity.name in self.architecture.scarce | self.architecture.sequences:
                yield case.name, step.number
