"""Show a run of a large architecture in a slice of it: the use cases and services that have a part in the run.

What is shown is a run of its own, of an architecture that can be saved and replayed alone.  It lacks the snapshots of
all other services, with the locks that they need.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import replace

from bac.model.architecture import Architecture, Entity, Step, Tolerance
from bac.model.plan import Disaster, Group, Plan, Scope
from bac.model.recovery import Restore
from bac.model.system import ActionKind, Label
from bac.proofs.engine import Path
from bac.proofs.reductions.part_search import Part


def closed(architecture: Architecture, cases: Iterable[str]) -> frozenset[str]:
    """Return some use cases, and those that create the entities and make the links of which their steps speak."""
    found, todo = set(cases), list(cases)
    while todo:
        for name in spoken_of(architecture, todo.pop()) - found:
            found.add(name)
            todo.append(name)
    return frozenset(found)


def spoken_of(architecture: Architecture, name: str) -> set[str]:
    """The use cases that create the entities, and make the links, of which a use case speaks."""
    found = set[str]()
    for step in architecture.by_use_case[name].steps:
        found |= {architecture.creators[entity][0].name for entity in entities(step)}
        if step.unlinks is not None:
            found.add(architecture.links[step.unlinks][0].name)
    return found


def entities(step: Step) -> list[Entity]:
    """The entities of which a step speaks."""
    return [step.entity, *(link.target for link in step.links), *step.needs]


def sliced(whole: Part, cases: Collection[str], services: Iterable[str], crash: tuple[str, ...] | None) -> Part:
    """Return the slice with these use cases, the services of their steps, and some more.

    Args:
        whole: what the slice is of.
        cases: the use cases, closed.
        services: more services that stay.
        crash: the services that crash in the run; ``None`` if all do, or none does.
    """
    architecture, plan = whole.architecture, whole.plan
    held, names = frozenset(cases), frozenset[str]()
    while held != names:
        names = held
        use_cases = tuple(case for case in architecture.use_cases if case.name in names)
        kept = {step.service for case in use_cases for step in case.steps}.union(services)
        held = closed(architecture, names.union(some_held(plan, kept, names)))
    kept |= {name for group in channels(plan, kept) for name in group.services}
    if crash is not None and kept.isdisjoint(crash):
        kept.update(crash[:1])
    those = tuple(service for service in architecture.services if service.name in kept)
    alone = with_traits(replace(architecture, services=those, use_cases=use_cases))
    return Part(alone, plan_for(plan, kept, alone, crash), ())


def with_traits(architecture: Architecture) -> Architecture:
    """Return a slice with what is said of its own entities, links and steps only."""
    tolerance = architecture.tolerance
    created = {entity.name for entity in architecture.creators}
    links = {(link.holder.name, link.target.name) for link in architecture.links}
    return replace(
        architecture,
        tolerance=Tolerance(
            tolerance.links & links,
            tolerance.broken_links & links,
            tolerance.orphans & created,
            frozenset(place for place in tolerance.missing_state if place[0] in architecture.by_use_case),
        ),
        scarce=architecture.scarce & created,
        sequences=architecture.sequences & created,
        caches=tuple(each for each in architecture.caches if each[0] in links),
    )


def some_held(plan: Plan, kept: set[str], cases: frozenset[str]) -> Iterator[str]:
    """Yield a use case for each group in a slice whose lock holds back none that is there: it must name one."""
    for group in plan.groups:
        if group.holds and cases.isdisjoint(group.holds) and not kept.isdisjoint(group.services):
            yield group.holds[0]


def channels(plan: Plan, kept: set[str]) -> Iterator[Group]:
    """Yield the groups that have to be there as a whole, so that it can be seen whether their channels are restored."""
    if plan.recovery.restore is Restore.CRASHED:
        yield from (group for group in plan.groups if group.mode.markers and not kept.isdisjoint(group.services))


def plan_for(plan: Plan, kept: Collection[str], alone: Architecture, crash: tuple[str, ...] | None) -> Plan:
    """Return what a plan says of a slice, where just these services crash."""
    groups, created = [], {entity.name for entity in alone.creators}
    for group in plan.groups:
        if services := tuple(name for name in group.services if name in kept):
            holds = None if group.holds is None else tuple(name for name in group.holds if name in alone.by_use_case)
            groups.append(replace(group, services=services, holds=holds))
    scope = Scope.WHOLE if crash is None else (tuple(name for name in crash if name in kept),)
    return replace(
        plan,
        groups=tuple(groups),
        order=tuple(name for name in plan.order if name in kept),
        recovery=replace(plan.recovery, collect=tuple(name for name in plan.recovery.collect if name in created)),
        disaster=Disaster(scope, plan.disaster.timing),
    )


def restricted(path: Path, kept: Collection[str]) -> Path:
    """Return the actions of a run before the disaster, as far as they are about these services."""
    found = []
    for label in path:
        services = tuple(name for name in label.services if name in kept)
        if services or label.kind in (ActionKind.STEP, ActionKind.SNAPSHOT_BROKER):
            found.append(Label(label.kind, label.events, services))
    return tuple(found)
