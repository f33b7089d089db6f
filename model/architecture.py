"""Services, entities, use cases, steps and links: what a specification says about an architecture.

Source: the article, "Conceptual Model: Commands and Events"; every class is a plain frozen value, and a value of type
:class:`Architecture` is well-formed, because ``bac.model.specification.reader`` refuses everything else.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property


class Verb(StrEnum):
    """The effect of the command of a step."""

    CREATE = "create"
    LINK = "link"
    UNLINK = "unlink"
    UPDATE = "update"
    DELETE = "delete"
    COPY = "copy"


class Caching(StrEnum):
    """How the holder of a link keeps what it needs of the target: fetched when the link is made, or by copy steps."""

    WITH_THE_LINK = "with the link"
    COPIES = "copies"


class Via(StrEnum):
    """How a step is triggered: by a synchronous call, or by a domain event that goes through the broker."""

    CALL = "call"
    EVENT = "event"


@dataclass(frozen=True, slots=True, order=True)
class Entity:
    """A piece of state with exactly one owner.

    ``name`` is what people see.  Under the ``references`` shorthand each use case has entities of its own that share
    their plain names with those of other use cases; ``scope`` (the reference and the entity's role in it) tells them
    apart.
    """

    name: str
    service: str
    scope: str = ""

    def __str__(self) -> str:
        return self.name


@dataclass(frozen=True, slots=True, order=True)
class Link:
    """A reference that ``holder`` keeps to ``target``; it prints as ``holder -> target``."""

    holder: Entity
    target: Entity

    def __str__(self) -> str:
        return f"{self.holder} -> {self.target}"


@dataclass(frozen=True, slots=True)
class Step:
    """One command in one service, whose success appends one event to that service's log.

    ``number`` counts from 1 within the use case; ``predecessors`` are numbers of steps of the same use case, ascending.
    ``links`` are the links that the step makes (by ``refers_to`` of a create step, or by ``link … to …``);
    ``unlinks`` is the link that an ``unlink`` step removes.  ``needs`` are entities that must exist although no link to
    them is made.  ``once``: not idempotent, so that doing it twice is a harm.  ``kept``: a soft delete, after which
    links to the entity still resolve.
    """

    number: int
    verb: Verb
    entity: Entity
    service: str
    via: Via = Via.CALL
    predecessors: tuple[int, ...] = ()
    links: tuple[Link, ...] = ()
    unlinks: Link | None = None
    name: str = ""
    needs: tuple[Entity, ...] = ()
    once: bool = False
    kept: bool = False

    def __str__(self) -> str:
        match self.verb:
            case Verb.COPY:
                return f"copy {self.entity} at {self.service}"
            case Verb.LINK:
                return f"link {self.entity} to {self.links[0].target}"
            case Verb.UNLINK:
                assert self.unlinks is not None
                return f"unlink {self.entity} from {self.unlinks.target}"
            case _:
                return f"{self.verb} {self.entity}"


@dataclass(frozen=True, slots=True)
class UseCase:
    """A request of a client: steps that form a directed acyclic graph with one first step.

    ``background``: it can be held back without loss of availability.
    """

    name: str
    steps: tuple[Step, ...]
    background: bool = False

    def step(self, number: int) -> Step:
        """The step with this number (counted from 1)."""
        return self.steps[number - 1]


@dataclass(frozen=True, slots=True)
class Service:
    """A service: the names of the entities that it owns, and of those of which it keeps its own representation.

    ``external``: a system outside of our backups, which never crashes and is never restored.
    """

    name: str
    owns: tuple[str, ...] = ()
    copies: tuple[str, ...] = ()
    external: bool = False


@dataclass(frozen=True, slots=True)
class Tolerance:
    """Anomalies that do not count against consistency (they are still reported).

    ``links`` are pairs of plain entity names, tolerated both ways: such a link may break, and an entity may be an
    orphan if all links to it are among them.  The others are by kind: pairs of plain entity names, plain entity names,
    and pairs of use case and step number.
    """

    links: frozenset[tuple[str, str]] = frozenset()
    broken_links: frozenset[tuple[str, str]] = frozenset()
    orphans: frozenset[str] = frozenset()
    missing_state: frozenset[tuple[str, int]] = frozenset()


@dataclass(frozen=True)
class Architecture:
    """A whole application: services in the order of the file, and the use cases that clients run on them.

    ``references`` is true if the use cases were given by the shorthand of Figures 3 and 4.  ``scarce`` are the
    entities, by plain name, of which there are only so many; ``sequences`` those whose ids start again where the backup
    ends.  ``caches`` says how links, as pairs of plain entity names, are cached at their holder.
    """

    name: str
    services: tuple[Service, ...]
    use_cases: tuple[UseCase, ...]
    tolerance: Tolerance = Tolerance()
    references: bool = False
    scarce: frozenset[str] = frozenset()
    sequences: frozenset[str] = frozenset()
    caches: tuple[tuple[tuple[str, str], Caching], ...] = ()

    @cached_property
    def by_use_case(self) -> dict[str, UseCase]:
        """The use cases by name."""
        return {use_case.name: use_case for use_case in self.use_cases}

    @cached_property
    def creators(self) -> dict[Entity, tuple[UseCase, Step]]:
        """For each entity the one step that creates it, with its use case."""
        return {step.entity: (case, step) for case, step in self.steps() if step.verb is Verb.CREATE}

    @cached_property
    def links(self) -> dict[Link, tuple[UseCase, Step]]:
        """For each link the one step that makes it, with its use case."""
        return {link: (case, step) for case, step in self.steps() for link in step.links}

    @cached_property
    def links_to(self) -> dict[Entity, list[Link]]:
        """The links to each entity, in the order of the steps that make them."""
        table: dict[Entity, list[Link]] = {}
        for link in self.links:
            table.setdefault(link.target, []).append(link)
        return table

    @cached_property
    def removals(self) -> dict[Entity | Link, tuple[tuple[UseCase, Step], ...]]:
        """For each entity that is deleted and each link that is removed the steps that do so, with their use cases."""
        table: dict[Entity | Link, tuple[tuple[UseCase, Step], ...]] = {}
        for case, step in self.steps():
            what = step.entity if step.verb is Verb.DELETE else step.unlinks
            if what is not None:
                table[what] = (*table.get(what, ()), (case, step))
        return table

    @cached_property
    def step_names(self) -> dict[str, str]:
        """For each step that has a name, by ``use case.number``: ``use case.name``, unless that is ambiguous."""
        names = {f"{case.name}.{step.number}": f"{case.name}.{step.name}" for case, step in self.steps() if step.name}
        numbers = {f"{case.name}.{step.number}" for case, step in self.steps()}
        uses = Counter(names.values())
        return {number: name for number, name in names.items() if name not in numbers and uses[name] == 1}

    def named(self, subject: str) -> str:
        """Return the subject of an anomaly as people read it: a step by its name, if it has one."""
        return self.step_names.get(subject, subject)

    def numbered(self, subject: str) -> str:
        """Return the subject of an anomaly as reports hold it: a step by its number (inverse of :meth:`named`)."""
        return {name: number for number, name in self.step_names.items()}.get(subject, subject)

    def steps(self) -> Iterator[tuple[UseCase, Step]]:
        """Every step of every use case, in the order of the file."""
        for use_case in self.use_cases:
            for step in use_case.steps:
                yield use_case, step

    def tolerates(self, link: Link) -> bool:
        """Whether this link is in the plain list of the key ``tolerates``."""
        return (link.holder.name, link.target.name) in self.tolerance.links


Place = tuple[str, int]
"""A step, by the name of its use case and its number."""


Transaction = tuple[Step, ...]
"""The steps that one shared database executes together; mostly one alone."""


def followers(case: UseCase, steps: Transaction) -> list[Step]:
    """The steps of a use case that follow any of these, directly or not, and are none of them."""
    reached = {step.number for step in steps}
    found: list[Step] = []
    changed = True
    while changed:
        changed = False
        for step in case.steps:
            if step.number not in reached and not reached.isdisjoint(step.predecessors):
                reached.add(step.number)
                found.append(step)
                changed = True
    return found
