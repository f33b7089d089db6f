"""Decomposition: divide an architecture into parts that are searched one by one, and decide each anomaly in one part.

A use case *reads* another one if one of its actions mentions events of the other: for instance a step that refers to an
entity that the other creates, deletes or links.  The *cone* of a use case is the set of use cases that it reads,
directly or indirectly, with itself.  An anomaly of some use cases depends on their cones only: the actions of a union
of cones mention its own facts and common ones, and no other action writes a fact of it.  So the lemma of
:mod:`bac.proofs.reductions.projection` applies: the rest can be left out, and the same anomalies are reached by runs
of the same length.  The result is the system of the architecture with these use cases alone (tests compare them, for
all plans).

In landscapes of many services, the services without a step in the part are left out, too:
:mod:`bac.proofs.reductions.omitted_services`.

Parts that differ in names only have the same *shape*, and the result for one of them is, renamed, the result for all.
Services, entities and use cases are numbered in the order in which they first occur, so that results correspond by
position.
Source: docs/engines.md, "Reductions".
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

from bac.model.architecture import Architecture, Entity, Link, Service, Step, UseCase
from bac.model.on_demand import OnDemand
from bac.model.plan import Group, Plan
from bac.model.recovery import Broker, OnInvalid, Restore, Rollback
from bac.model.semantics import Rules, system
from bac.model.system import Event, Label, System
from bac.proofs.engine import Path
from bac.properties.anomalies import Anomaly, anomalies
from bac.properties.formula import facts

if TYPE_CHECKING:
    from bac.proofs.reductions.omitted_services import OmittedServices

MANY_SERVICES = 16
"""With more services than that, the services without a step in a part are left out of it."""

COVERED: dict[str, tuple[object, ...]] = {
    "restore": (Restore.GROUP, Restore.CRASHED),
    "rollback": (Rollback.NONE, Rollback.OLDEST),
    "broker": (None, Broker.LOST, Broker.SURVIVES),
    "replay": (False, True),
    "resume": (False, True),
    "on_invalid": (OnInvalid.ACCEPT, OnInvalid.REJECT),
}
"""The options of recovery, and their values, under which an architecture may be divided."""

Cone = frozenset[str]
"""The names of use cases that read no others."""


@dataclass(frozen=True)
class Part:
    """Some use cases and services of an architecture, under what the plan says of these services.

    ``wanted`` are the anomalies of the whole that are decided here, for one index, each with its number among the
    anomalies of the part.  ``outside`` knows what was left out; it is ``None`` if no service was.
    """

    architecture: Architecture
    plan: Plan
    wanted: tuple[tuple[int, Anomaly], ...]
    outside: OmittedServices | None = None

    def system(self, instances: int, check: Callable[[], None] = lambda: None) -> System:
        """Return the transition system of the part.

        ``check`` is called now and then while it is built; it may raise an error to stop.

        Raises:
            LimitReached: it would be too large.
        """
        if instances not in self._systems:
            self._systems[instances] = system(self.architecture, self.plan, instances, check)
        return self._systems[instances]

    def interpreter(self, instances: int) -> System | OnDemand:
        """Return what confirms runs: the transition system, or for many services its actions on demand."""
        if len(self.architecture.services) <= MANY_SERVICES:
            return self.system(instances)
        return OnDemand(Rules(self.architecture, self.plan, instances))

    @cached_property
    def _systems(self) -> dict[int, System]:
        return {}

    @cached_property
    def shape(self) -> Hashable:
        """A value that is equal for two parts if they differ in names only."""
        return shape(self.architecture, self.plan, tuple(number for number, _ in self.wanted))

    def bare(self) -> Part:
        """Return the part without all that a search does not need."""
        return Part(replace(self.architecture), self.plan, ())

    def omitted_actions(self, path: Path) -> int:
        """Return how many actions of omitted services a run of these actions needs in the whole."""
        kept = [service.name for service in self.architecture.services if not service.external]
        return 0 if self.outside is None else self.outside.omitted_actions(kept, path)


def may_divide(plan: Plan) -> bool:
    """Whether the arguments above cover a plan: its options are :data:`COVERED`, and its modes say that they are.

    Where they do not, the whole is searched.
    """
    options = plan.recovery.used <= COVERED.keys() and all(
        getattr(plan.recovery, name) in values for name, values in COVERED.items()
    )
    return options and all(group.mode.omission is not None for group in plan.groups)


def parts(architecture: Architecture, plan: Plan, check: Callable[[], None] = lambda: None) -> tuple[Part, ...]:
    """Return the parts of an architecture under a plan: every use case is in one, and every anomaly is decided in one.

    ``check`` is called now and then; it may raise an error to stop.
    """
    reads = cones(architecture, plan, check)
    needed: dict[Cone, list[Anomaly]] = {reads[case.name]: [] for case in architecture.use_cases}
    for anomaly in anomalies(architecture, plan, 1):
        check()
        about = {event.use_case for fact in facts(anomaly.formula) for event in fact.events}
        needed.setdefault(frozenset[str]().union(*(reads[name] for name in about)), []).append(anomaly)
    home = largest(needed)
    decided: dict[Cone, list[Anomaly]] = {cone: [] for cone in needed if home[cone] == cone}
    for cone, listed in needed.items():
        decided[home[cone]] += listed
    divider, found = Divider(architecture, plan), []
    for cone, listed in decided.items():
        check()
        found.append(divider.part(cone, listed))
    return tuple(found)


def largest(cones: Iterable[Cone]) -> Mapping[Cone, Cone]:
    """Return, for each of some sets of use cases, one that contains it and is contained in no other."""
    home: dict[Cone, Cone] = {}
    around: dict[str, list[Cone]] = {}
    for cone in sorted(cones, key=len, reverse=True):
        fewest = min((around.get(name, []) for name in cone), key=len, default=[])
        home[cone] = next((other for other in fewest if cone <= other), cone)
        if home[cone] == cone:
            for name in cone:
                around.setdefault(name, []).append(cone)
    return home


def cones(architecture: Architecture, plan: Plan, check: Callable[[], None] = lambda: None) -> Mapping[str, Cone]:
    """Return the cone of each use case, computed from the actions of steps and of recovery.

    It also has the use cases that create the entities of the steps, because an architecture needs their creators.
    """
    rules = Rules(architecture, plan, 1)
    reads: dict[str, set[str]] = {case.name: {case.name} for case in architecture.use_cases}
    for case, step in architecture.steps():
        entities = (step.entity, *(link.target for link in step.links))
        reads[case.name].update(architecture.creators[entity][0].name for entity in entities)
    for actions in (rules.steps(), rules.recovery()):
        for action in actions:
            check()
            mentioned = (fact for fact in action.facts() if fact.events)
            reads[action.label.events[0].use_case].update(event.use_case for fact in mentioned for event in fact.events)
    return {name: frozenset(reachable(name, reads)) for name in reads}


def reachable(start: str, edges: Mapping[str, Iterable[str]]) -> set[str]:
    """Return the nodes of a graph that can be reached from one, itself included."""
    seen, stack = {start}, [start]
    while stack:
        for each in edges[stack.pop()]:
            if each not in seen:
                seen.add(each)
                stack.append(each)
    return seen


@dataclass(frozen=True)
class Divider:
    """Makes the parts of an architecture under a plan."""

    architecture: Architecture
    plan: Plan

    @cached_property
    def services(self) -> Mapping[str, Service]:
        """The services by name."""
        return {service.name: service for service in self.architecture.services}

    @cached_property
    def outside(self) -> OmittedServices | None:
        """The services as candidates to be left out; ``None`` if there are too few to leave any out."""
        if len(self.services) <= MANY_SERVICES:
            return None
        from bac.proofs.reductions.omitted_services import OmittedServices  # only landscapes need it

        inside = (service.name for service in self.services.values() if not service.external)
        return OmittedServices(tuple(inside), self.plan)

    @cached_property
    def position(self) -> Mapping[str, int]:
        """The place of each use case in the file."""
        return {case.name: number for number, case in enumerate(self.architecture.use_cases)}

    def part(self, cone: Cone, listed: Iterable[Anomaly]) -> Part:
        """Return the part with these use cases, in which these anomalies are decided."""
        cases = tuple(self.architecture.by_use_case[name] for name in sorted(cone, key=self.position.__getitem__))
        kept = self.kept(cases)
        links = {(link.holder.name, link.target.name) for case in cases for step in case.steps for link in step.links}
        alone = replace(
            self.architecture,
            services=tuple(self.services[name] for name in kept),
            use_cases=cases,
            tolerance=replace(self.architecture.tolerance, links=self.architecture.tolerance.links & links),
        )
        plan = self.plan if self.outside is None else self.outside.plan_for(kept)
        wanted = {each.identity: each for each in listed}
        numbered = ((number, wanted.get(each.identity)) for number, each in enumerate(anomalies(alone, plan, 1)))
        found = tuple((number, anomaly) for number, anomaly in numbered if anomaly is not None)
        assert len(found) == len(wanted)
        return Part(alone, plan, found, self.outside)

    def kept(self, cases: Iterable[UseCase]) -> list[str]:
        """Return the services of a part with these use cases: all, or those of its steps and their representatives."""
        if self.outside is None:
            return list(self.services)
        needed = dict.fromkeys(step.service for case in cases for step in case.steps)
        external = [name for name in needed if self.services[name].external]
        return self.outside.with_representatives(name for name in needed if name not in external) + external


# Shapes


def shape(architecture: Architecture, plan: Plan, wanted: tuple[int, ...]) -> Hashable:
    """Return all that the result for a part depends on, with numbers instead of names."""
    service = {each.name: number for number, each in enumerate(architecture.services)}
    case_number = {case.name: number for number, case in enumerate(architecture.use_cases)}
    entity: dict[Entity, int] = {}

    def numbered(link: Link) -> tuple[int, int]:
        return number(link.holder), number(link.target)

    def number(of: Entity) -> int:
        return entity.setdefault(of, len(entity))

    def described(step: Step) -> Hashable:
        links = tuple(map(numbered, step.links))
        unlinks = None if step.unlinks is None else numbered(step.unlinks)
        needs = tuple(map(number, step.needs))
        where = number(step.entity), service[step.service], step.via, step.predecessors
        return (step.verb, *where, links, unlinks, needs, step.once, step.kept)

    def group_of(group: Group) -> Hashable:
        held = None if group.holds is None else sorted(case_number[name] for name in group.holds if name in case_number)
        return group.mode, tuple(service[name] for name in group.services), held if held is None else tuple(held)

    scope = plan.disaster.scope
    return (
        tuple(each.external for each in architecture.services),
        tuple((case.background, tuple(map(described, case.steps))) for case in architecture.use_cases),
        traits(architecture),
        tuple(map(group_of, plan.groups)),
        tuple(service[name] for name in plan.order),
        plan.recovery,
        tuple(tuple(service[name] for name in crash) for crash in scope) if isinstance(scope, tuple) else scope,
        plan.disaster.timing,
        wanted,
    )


def traits(architecture: Architecture) -> Hashable:
    """Return what is tolerated, scarce, numbered and cached, in the order of the steps that it is about."""
    tolerance, caches = architecture.tolerance, dict(architecture.caches)
    entities = (entity.name for entity in architecture.creators)
    links = ((link.holder.name, link.target.name) for link in architecture.links)
    return (
        tuple(
            (name in architecture.scarce, name in architecture.sequences, name in tolerance.orphans)
            for name in entities
        ),
        tuple((link in tolerance.links, link in tolerance.broken_links, caches.get(link)) for link in links),
        tuple((case.name, step.number) in tolerance.missing_state for case, step in architecture.steps()),
    )


@dataclass(frozen=True)
class Renaming:
    """The names in one part, and the corresponding names in another of the same shape."""

    services: Mapping[str, str]
    use_cases: Mapping[str, str]

    def path(self, path: Path) -> Path:
        """Return a run of the one part as a run of the other."""
        return tuple(map(self.label, path))

    def label(self, label: Label) -> Label:
        """Return the label of an action, in the other's names."""
        return Label(
            label.kind,
            tuple(Event(self.use_cases[event.use_case], event.step, event.index) for event in label.events),
            tuple(self.services[name] for name in label.services),
            tuple(self.services[name] for name in label.restored),
            label.at_rest,
        )


def renaming(one: Architecture, other: Architecture) -> Renaming:
    """Return the renaming from one part to another of the same shape."""
    return Renaming(
        {a.name: b.name for a, b in zip(one.services, other.services, strict=True)},
        {a.name: b.name for a, b in zip(one.use_cases, other.use_cases, strict=True)},
    )
