"""What an architecture graph shows: services with their databases, arrows between them, groups; and what it leaves out.

Source: the article, Figures 1, 2 and 6 (and Figure 5 for copies).  Nothing here knows about coordinates.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass
from enum import StrEnum

from bac.model.architecture import Architecture, Service, Verb, Via
from bac.model.plan import Mode, Plan

LABELLED_ARROWS = 36
"""Up to so many arrows their links are written on them; beyond, they are tooltips."""
MOST_SERVICES, MOST_ARROWS = 100, 220
"""Up to so many services and arrows everything is drawn; beyond, only a part."""
PART_SERVICES, PART_ARROWS = 50, 110
"""How many services and arrows the part that is drawn of a larger architecture has at most."""


class ArrowKind(StrEnum):
    """What an arrow between two services stands for."""

    REFERENCE = "reference"
    TOLERATED = "tolerated reference"
    COPY = "copy"


@dataclass(frozen=True, slots=True)
class Arrow:
    """Everything of one kind that leads from one service to another.

    ``links`` (holder, target, whether it is tolerated) lead from the service of the holder to that of the target;
    consistency does without all links of a ``TOLERATED`` arrow.  ``copies`` (entity, and ``event``, ``call`` or nothing
    for what brings them) lead from the owner to the service that keeps them, as the data flow.
    """

    source: str
    target: str
    kind: ArrowKind
    links: tuple[tuple[str, str, bool], ...] = ()
    copies: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class DrawnService:
    """A service as it is drawn.

    ``links`` are those between its own entities, each with whether it is tolerated; ``position`` is its place in the
    architecture (from 0), ``number`` that in the order of the plan (from 1), and ``box`` the group that it is drawn in.
    """

    name: str
    position: int
    owns: tuple[str, ...]
    copies: tuple[str, ...]
    links: tuple[tuple[str, str, bool], ...]
    mode: Mode
    number: int | None = None
    box: int | None = None


@dataclass(frozen=True, slots=True)
class DrawnGroup:
    """Services that a plan backs up and restores together; ``hidden`` counts those of them that are not drawn."""

    mode: Mode
    services: tuple[str, ...]
    hidden: int = 0


@dataclass(frozen=True, slots=True)
class ServiceGraph:
    """All that is drawn, and how many services and arrows are not; ``labelled``: whether arrows have labels."""

    services: tuple[DrawnService, ...]
    arrows: tuple[Arrow, ...]
    groups: tuple[DrawnGroup, ...]
    labelled: bool
    hidden_services: int = 0
    hidden_arrows: int = 0


def service_graph(architecture: Architecture, plan: Plan | None = None) -> ServiceGraph:
    """The graph of an architecture, under a plan if there is one; a part of it if it is too large to be read.

    Only modes that recover together make a group that is drawn: services that are ``continuous``, ``none`` or
    ``independent`` are each on their own, whether a plan lists them together or not.
    """
    arrows = arrows_of(architecture)
    shown = _shown(architecture, arrows)
    kept = tuple(arrow for arrow in arrows if arrow.source in shown and arrow.target in shown)
    groups = tuple(_drawn_groups(plan, shown)) if plan else ()
    box_of = {name: number for number, group in enumerate(groups) for name in group.services}
    links = _inner_links(architecture)
    copies = _copies(architecture)
    services = tuple(
        DrawnService(
            service.name,
            position,
            service.owns,
            tuple(copies[service.name]),
            tuple(links[service.name]),
            plan.mode_of(service.name) if plan else Mode.INDEPENDENT,
            plan.order.index(service.name) + 1 if plan and service.name in plan.order else None,
            box_of.get(service.name),
        )
        for position, service in enumerate(architecture.services)
        if service.name in shown
    )
    hidden = len(architecture.services) - len(services)
    return ServiceGraph(services, kept, groups, len(kept) <= LABELLED_ARROWS, hidden, len(arrows) - len(kept))


def arrows_of(architecture: Architecture) -> tuple[Arrow, ...]:
    """The arrows between different services: at most one of links and one of copies from one to another."""
    links: dict[tuple[str, str], dict[tuple[str, str], bool]] = defaultdict(dict)
    for link in architecture.links:
        if link.holder.service != link.target.service:
            names = (link.holder.name, link.target.name)
            links[link.holder.service, link.target.service][names] = architecture.tolerates(link)
    arrows = []
    for pair, found in links.items():
        kind = ArrowKind.TOLERATED if all(found.values()) else ArrowKind.REFERENCE
        arrows.append(Arrow(*pair, kind, links=tuple((*names, tolerated) for names, tolerated in found.items())))
    copies: dict[tuple[str, str], list[tuple[str, str]]] = defaultdict(list)
    owner = {entity: service.name for service in architecture.services for entity in service.owns}
    for service, entities in _copies(architecture).items():
        for entity, via in entities.items():
            copies[owner[entity], service].append((entity, via))
    return (*arrows, *(Arrow(*pair, ArrowKind.COPY, copies=tuple(found)) for pair, found in copies.items()))


def _inner_links(architecture: Architecture) -> dict[str, list[tuple[str, str, bool]]]:
    """The links between entities of one service, without repetitions."""
    links: dict[str, dict[tuple[str, str, bool], None]] = defaultdict(dict)
    for link in architecture.links:
        if link.holder.service == link.target.service:
            links[link.holder.service][link.holder.name, link.target.name, architecture.tolerates(link)] = None
    return defaultdict(list, {service: list(found) for service, found in links.items()})


def _copies(architecture: Architecture) -> dict[str, dict[str, str]]:
    """For each service the entities of which it keeps copies, and what brings each: an event, a call or nothing."""
    copies = {service.name: dict.fromkeys(_foreign(service), "") for service in architecture.services}
    for _, step in architecture.steps():
        if step.verb is Verb.COPY and step.entity.service != step.service:
            known = copies[step.service].get(step.entity.name)
            copies[step.service][step.entity.name] = str(Via.EVENT if known == Via.EVENT else step.via)
    return copies


def _foreign(service: Service) -> list[str]:
    return [entity for entity in service.copies if entity not in service.owns]


def _drawn_groups(plan: Plan, shown: frozenset[str]) -> list[DrawnGroup]:
    groups = []
    for group in plan.groups:
        services = tuple(name for name in group.services if name in shown)
        if group.mode.recovers_together and services:
            groups.append(DrawnGroup(group.mode, services, len(group.services) - len(services)))
    return groups


def _shown(architecture: Architecture, arrows: tuple[Arrow, ...]) -> frozenset[str]:
    """The services that are drawn: all of them, or a well connected part that can still be read."""
    names = [service.name for service in architecture.services]
    if len(names) <= MOST_SERVICES and len(arrows) <= MOST_ARROWS:
        return frozenset(names)
    between: dict[str, Counter[str]] = defaultdict(Counter)
    for arrow in arrows:
        between[arrow.source][arrow.target] += 1
        between[arrow.target][arrow.source] += 1
    degree = {name: between[name].total() for name in names}
    ties: Counter[str] = Counter()
    left, shown, drawn = dict.fromkeys(names), set[str](), 0
    while left and len(shown) < PART_SERVICES:
        best = max(left, key=lambda name: (ties[name], degree[name]))
        if drawn + ties[best] > PART_ARROWS and shown:
            break
        drawn += ties[best]
        shown.add(best)
        del left[best]
        ties.update(between[best])
    return frozenset(shown)
