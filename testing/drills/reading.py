"""The content of the stores of a system, and the anomalies in it by the definitions of the model.

A reading says for each entity, link and step at which indices it is there.  It is turned into the facts of the model,
so that anomalies are defined in one place (:mod:`bac.properties.anomalies`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from bac.model.architecture import Architecture, Entity, Link, Step, UseCase, Verb
from bac.model.guard import Presence
from bac.model.plan import Plan
from bac.model.system import Event, Fact, FactKind, State, before, logged, twice
from bac.properties.anomalies import AnomalyKind, Blame, anomalies
from bac.properties.formula import condition, satisfied

Indices = Mapping[str, frozenset[int]]


@dataclass(frozen=True)
class Reading:
    """The content of the stores, each part as a mapping from names to indices.

    Args:
        entities: the entities that exist, by name: ``"order"``.
        links: the links that hold, by name: ``"order -> customer"``.
        steps: the steps of which there is a record, by use case and number: ``"change address.2"``.  A step that is not
            a key is not known: that of a creation or a link is taken from the entities and links, any other is not
            looked for.
        kept: the entities that were deleted softly, so that links to them still resolve.
        twice: the steps that were done twice, of those that must not be.
    """

    entities: Indices
    links: Indices
    steps: Indices = field(default_factory=dict)
    kept: Indices = field(default_factory=dict)
    twice: Indices = field(default_factory=dict)


@dataclass(frozen=True, slots=True, order=True)
class Finding:
    """An anomaly in a reading: its kind, subject and index, and what it is put down to."""

    kind: AnomalyKind
    subject: str
    index: int
    blame: Blame = Blame.BACKUP

    def __str__(self) -> str:
        return f"{self.kind.replace('-', ' ')} {self.subject} #{self.index}"


def entity_name(entity: Entity) -> str:
    """Return the name of an entity in a reading, with the reference that it belongs to under the short form."""
    return f"{entity.name} ({entity.scope})" if entity.scope else entity.name


def link_name(link: Link) -> str:
    """Return the name of a link in a reading."""
    return f"{entity_name(link.holder)} -> {entity_name(link.target)}"


def step_name(case: UseCase | str, number: int) -> str:
    """Return the name of a step in a reading."""
    return f"{case if isinstance(case, str) else case.name}.{number}"


@dataclass(frozen=True)
class Reader:
    """Translates between readings and states of the model, for one architecture under a plan."""

    architecture: Architecture
    plan: Plan
    instances: int

    @property
    def indices(self) -> range:
        """The indices, from 1."""
        return range(1, self.instances + 1)

    def presence(self, index: int) -> Presence:
        """The definitions of what exists and holds at an index."""
        return Presence(self.architecture, index, frozenset(self.plan.recovery.collect))

    # From the model

    def expected(self, state: State) -> Reading:
        """Return the reading that a state of the model has."""
        entities, links, kept = {}, {}, {}
        for entity in self.architecture.creators:
            there = self._where(state, lambda at, each=entity: at.exists(each))
            entities[entity_name(entity)] = there
            kept[entity_name(entity)] = self._where(state, lambda at, each=entity: at.resolves(each)) - there
        for link in self.architecture.links:
            links[link_name(link)] = self._where(state, lambda at, each=link: at.holds(each))
        return Reading(
            entities, links, self._of_kind(state, FactKind.LOGGED), kept, self._of_kind(state, FactKind.TWICE)
        )

    def _where(self, state: State, guard: object) -> frozenset[int]:
        assert callable(guard)
        return frozenset(i for i in self.indices if satisfied(condition(guard(self.presence(i))), state))

    def _of_kind(self, state: State, kind: FactKind) -> Indices:
        table: dict[str, set[int]] = {step_name(case, step.number): set() for case, step in self.architecture.steps()}
        for fact in state:
            if fact.kind is kind:
                event = fact.events[0]
                table[step_name(event.use_case, event.step)].add(event.index)
        return {name: frozenset(where) for name, where in table.items()}

    # To the model

    def facts(self, reading: Reading, earlier: Reading | None = None) -> State:
        """Return the facts of the model that a reading shows.

        Args:
            reading: what the stores hold.
            earlier: what they held just before the disaster.
        """
        found = set(self._logged(reading))
        if earlier is not None:
            found.update(before(fact.events[0]) for fact in self._logged(earlier) if fact.kind is FactKind.LOGGED)
        for case, step in self.architecture.steps():
            where = reading.twice.get(step_name(case, step.number), frozenset())
            found.update(twice(Event(case.name, step.number, index)) for index in where)
        return frozenset(found)

    def _logged(self, reading: Reading) -> Iterator[Fact]:
        """Yield what is logged, so that entities exist and links hold exactly where the reading says so."""
        for index in self.indices:
            there = self.presence(index)
            done = set(self._done(reading, index))
            for entity in self.architecture.creators:
                collected = self._correct(done, reading, there, entity)
                yield from there.gone(entity) if collected else ()
            for link in self.architecture.links:
                if index in reading.links.get(link_name(link), ()):
                    done.add(there.making(link))
                    done.difference_update(there.removals(link))
            yield from map(logged, done)

    def _correct(self, done: set[Event], reading: Reading, there: Presence, entity: Entity) -> bool:
        """Make an entity exist among events exactly where the reading says so; return whether it was collected."""
        name, creation, index = entity_name(entity), there.creation(entity), there.index
        removals, erasures = set(there.removals(entity)), there.erasures(entity)
        if index in reading.entities.get(name, ()):
            done.add(creation)
            done -= removals
        elif index in reading.kept.get(name, ()):
            done.add(creation)
            done |= removals.difference(erasures)
            done.difference_update(erasures)
        elif name in reading.entities and creation in done and done.isdisjoint(removals):
            if there.gone(entity):
                return True
            done.discard(creation)
        return False

    def _done(self, reading: Reading, index: int) -> Iterator[Event]:
        """Yield the events at an index of which the reading has a record, or which follow from what is there."""
        for case in self.architecture.use_cases:
            known = {step: self._known(reading, case, step, index) for step in case.steps}
            begun = any(known.values())
            for step, done in known.items():
                if done if done is not None else begun:
                    yield Event(case.name, step.number, index)

    def _known(self, reading: Reading, case: UseCase, step: Step, index: int) -> bool | None:
        """Whether a step was done; ``None`` if the reading does not tell."""
        if (record := reading.steps.get(step_name(case, step.number))) is not None:
            return index in record
        if step.verb is Verb.CREATE and (name := entity_name(step.entity)) in reading.entities:
            return index in reading.entities[name] or index in reading.kept.get(name, ())
        if step.verb is Verb.LINK and (made := link_name(step.links[0])) in reading.links:
            return index in reading.links[made]
        return None

    # What is wrong

    def findings(
        self, reading: Reading, earlier: Reading | None = None, also: Iterable[Fact] = ()
    ) -> tuple[Finding, ...]:
        """Return the anomalies in a reading.

        Args:
            reading: what the stores hold after recovery.
            earlier: what they held just before the disaster.
            also: facts that no store shows, such as events that were rejected.
        """
        state = self.facts(reading, earlier) | frozenset(also)
        shown = {
            Finding(anomaly.kind, anomaly.subject, anomaly.index, anomaly.blame)
            for anomaly in anomalies(self.architecture, self.plan, self.instances)
            if satisfied(anomaly.formula, state)
        }
        return tuple(sorted(shown))


def differences(given: Reading, expected: Reading) -> Iterator[str]:
    """Yield, in words, where a reading differs from the one that the model expects.

    What the reading does not list at all is not compared.
    """
    for what in ("entities", "links", "steps", "kept", "twice"):
        found, wanted = getattr(given, what), getattr(expected, what)
        for name in wanted:
            if name in found:
                yield from _difference(WORDS[what], name, found[name], wanted[name])


WORDS = {
    "entities": "{} exists",
    "links": "the link {} holds",
    "steps": "there is a record of {}",
    "kept": "{} is there, deleted softly",
    "twice": "{} was done twice",
}


def _difference(words: str, name: str, found: frozenset[int], wanted: frozenset[int]) -> Iterator[str]:
    for index in sorted(found ^ wanted):
        said = words.format(f"{name} #{index}")
        yield f"the model says that {said}, and it is not so" if index in wanted else f"{said}; not so in the model"
