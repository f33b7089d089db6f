"""Changes of a plan that may help against an anomaly, and those that were found to help.

They are read off the registries: every mode of :mod:`bac.model.modes`, and every option of :mod:`bac.model.recovery`
with every value.  So a new mode or option is tried, too.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from enum import StrEnum
from itertools import permutations
from typing import Any, get_args, get_type_hints

from bac.model.architecture import Architecture, Entity, Link
from bac.model.modes import Mode, modes
from bac.model.plan import Group, Plan, Timing
from bac.model.recovery import OPTIONS, Option, Recovery
from bac.model.system import Event
from bac.properties.anomalies import Anomaly

FEW = 3
"""Of so many services every order is tried; of more only that one of them is the first or the last."""


@dataclass(frozen=True)
class Change:
    """A change of a plan: the key that it changes, its words, and how the plan is changed.

    Changes of one ``family`` differ in services or entities only, and one of them is told.
    """

    key: str
    words: str
    apply: Callable[[Plan], Plan]
    family: str


@dataclass(frozen=True)
class Concern:
    """The subject of an anomaly: plain names of entities, and the services to which it owes that it happens.

    ``services`` are the nearest ones, ``all_services`` those of the whole use case.
    """

    entities: tuple[str, ...]
    services: tuple[str, ...]
    all_services: tuple[str, ...]

    @classmethod
    def of(cls, architecture: Architecture, anomaly: Anomaly) -> Concern:
        """Return what an anomaly is about."""
        match anomaly.about:
            case Link(holder=holder, target=target):
                case, _ = architecture.links[anomaly.about]
                entities, near = [holder, target], [holder.service, target.service]
            case Entity() as entity:
                case, _ = architecture.creators[entity]
                entities = [*(link.holder for link in architecture.links if link.target == entity), entity]
                near = [each.service for each in entities]
            case Event() as event:
                case = architecture.by_use_case[event.use_case]
                step = case.step(event.step)
                entities = [step.entity, *(link.target for link in step.links)]
                near = [*(case.step(number).service for number in step.predecessors), step.service]
                near = near if len(set(near)) > 1 else [each.service for each in case.steps]
        names = tuple(dict.fromkeys(entity.name for entity in entities))
        everywhere = [*near, *(step.service for step in case.steps)]
        inside = {service.name for service in architecture.services if not service.external}
        return cls(names, within(near, inside), within(everywhere, inside))


def within(services: list[str], inside: set[str]) -> tuple[str, ...]:
    """Return the services that are inside, without repetitions."""
    return tuple(dict.fromkeys(service for service in services if service in inside))


def changes(plan: Plan, concern: Concern) -> Iterator[Change]:
    """Yield the single changes of a plan that may help, the likely and cheap ones first."""
    switches, choices = switches_and_choices(plan, concern)
    yield from switches
    yield from order_changes(plan, concern)
    yield from group_changes(plan, concern)
    yield from choices
    if plan.disaster.timing is not Timing.AT_REST:
        at_rest = replace(plan.disaster, timing=Timing.AT_REST)
        yield Change(
            "disaster", f"disaster.timing: {Timing.AT_REST}", lambda plan: replace(plan, disaster=at_rest), "disaster"
        )


# Recovery


def switches_and_choices(plan: Plan, concern: Concern) -> tuple[list[Change], list[Change]]:
    """Return for each option of recovery the changes to other values: those that are on or off, and all others."""
    types = get_type_hints(Recovery)
    found: tuple[list[Change], list[Change]] = [], []
    for option in OPTIONS:
        kind = types[option.name]
        for value in other_values(kind, getattr(plan.recovery, option.name), concern.entities):
            found[kind is not bool].append(recovery_change(option, value))
    return found


def other_values(kind: Any, current: Any, entities: tuple[str, ...]) -> Iterator[Any]:
    """Yield the values of an option, whose type is given, that differ from the current one."""
    kinds = [each for each in (kind, *get_args(kind)) if isinstance(each, type) and issubclass(each, StrEnum)]
    if kinds:
        yield from (value for value in kinds[0] if value is not current)
    elif kind is bool:
        yield not current
    else:
        one_more = [(*current, entity) for entity in entities if entity not in current]
        all_more = tuple(dict.fromkeys((*current, *entities)))
        yield from (value for value in dict.fromkeys((*one_more, all_more, ())) if value != current)


def recovery_change(option: Option, value: Any) -> Change:
    """Return the change of an option to a value."""
    return Change(
        f"recovery.{option.key}",
        f"recovery.{option.key}: {in_yaml(value)}",
        lambda plan: replace(plan, recovery=replace(plan.recovery, **{option.name: value})),
        option.key,
    )


def in_yaml(value: Any) -> str:
    """Return a value as a specification has it."""
    match value:
        case bool():
            return str(value).lower()
        case tuple():
            return f"[{', '.join(value)}]"
        case _:
            return str(value)


# Order


def order_changes(plan: Plan, concern: Concern) -> Iterator[Change]:
    """Yield the orders in which the services concerned can be snapshotted, the others after them."""
    services = concern.services
    if len(services) <= FEW:
        firsts = list(permutations(services))
    else:
        firsts = [(s, *(other for other in services if other != s)) for s in services]
        firsts += [(*(other for other in services if other != s), s) for s in services]
    rest = tuple(service for service in plan.order if service not in services)
    for order in dict.fromkeys((*first, *rest) for first in firsts):
        if len(order) > 1 and order != plan.order:
            yield Change("order", f"order: {in_yaml(order)}", in_order(order), "order")


def in_order(order: tuple[str, ...]) -> Callable[[Plan], Plan]:
    """Return the change of a plan to an order."""
    return lambda plan: replace(plan, order=order)


# Groups


def group_changes(plan: Plan, concern: Concern) -> Iterator[Change]:
    """Yield the groups that the services concerned can form, or to which they can be added, in every mode."""
    sets = dict.fromkeys((concern.services, concern.all_services))
    for mode in modes():
        if not mode.never_backed_up:
            alone = [] if mode.recovers_together else [(service,) for service in concern.all_services]
            for services in dict.fromkeys([*alone, *sets]):
                if services and (len(services) > 1 or not mode.recovers_together):
                    yield grouped(mode, services)
    for group in plan.groups:
        for services in sets:
            if (
                group.mode.recovers_together
                and set(services) & set(group.services)
                and set(services) - set(group.services)
            ):
                yield grouped(group.mode, (*group.services, *(s for s in services if s not in group.services)))


def grouped(mode: Mode, services: tuple[str, ...]) -> Change:
    """Return the change of a plan that puts services into one group of a mode, out of all others and of the order."""

    def apply(plan: Plan) -> Plan:
        left = (replace(each, services=tuple(s for s in each.services if s not in services)) for each in plan.groups)
        groups = tuple(group for group in left if group.services)
        if mode != Mode.INDEPENDENT:
            groups = (*groups, Group(mode, services))
        order = plan.order if mode == Mode.INDEPENDENT else tuple(s for s in plan.order if s not in services)
        return replace(plan, groups=groups, order=order)

    named = " and ".join([*filter(None, [", ".join(services[:-1])]), services[-1]])
    one = "one " if mode.recovers_together else ""
    many = f"group of {named}" if mode.recovers_together else named
    return Change("groups", f"groups: {one}{mode} {many}", apply, str(mode))


# Changes that help


@dataclass(frozen=True, slots=True)
class Help:
    """Changes of a plan that remove an anomaly, and what they cost (nothing, if ``costs`` is empty).

    ``plan`` is the changed plan.
    """

    changes: tuple[str, ...]
    costs: tuple[str, ...]
    plan: Plan

    def __str__(self) -> str:
        costs = f" ({', '.join(self.costs)})" if self.costs else ""
        return " with ".join(self.changes) + costs


@dataclass(frozen=True, slots=True)
class Advice:
    """The changes that help against one anomaly, the cheapest first.

    ``tried`` is how many changes were checked, and ``limit`` says why others were not.
    """

    helps: tuple[Help, ...]
    tried: int
    limit: str | None = None

    def __str__(self) -> str:
        if self.helps:
            return "; ".join(map(str, self.helps))
        if not self.tried:
            return f"not searched: {self.limit}" if self.limit else "no change of the plan applies"
        return f"none of {self.tried} changes of the plan" + (f" ({self.limit})" if self.limit else "")
