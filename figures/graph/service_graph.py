"""The content of an architecture graph, without coordinates: services, arrows, groups, and what is left out.

Source: the article, Figures 1, 2 and 6 (and Figure 5 for copies).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from bac.figures.canvas import FigureError
from bac.figures.graph.affected import Affected, Fold, affected
from bac.figures.graph.references import Arrow, arrows_of, copies_of
from bac.model.architecture import Architecture
from bac.model.errors import closest, printable, quoted
from bac.model.modes import Mode
from bac.model.plan import Plan

LABELLED_ARROWS = 36
"""The most arrows that have labels; if there are more, their links are tooltips."""
MOST_SERVICES, MOST_ARROWS = 40, 80
"""The most services and arrows with which an architecture is drawn service by service."""


class UnknownService(FigureError):
    """The architecture has no service of this name."""


@dataclass(frozen=True, slots=True)
class DrawnService:
    """A service as it is drawn.

    ``links`` are those between its own entities, each with whether it is tolerated; ``position`` is its place in the
    architecture (from 0), ``number`` that in the order of the plan (from 1), and ``box`` the group in which it is
    drawn.  ``asked``: whether the drawing is about this service; ``alone``: the number of other services in its group,
    if none of them is drawn.
    """

    name: str
    position: int
    owns: tuple[str, ...]
    copies: tuple[str, ...]
    links: tuple[tuple[str, str, bool], ...]
    mode: Mode
    number: int | None = None
    box: int | None = None
    asked: bool = False
    alone: int = 0


@dataclass(frozen=True, slots=True)
class DrawnGroup:
    """Services that a plan backs up and restores together; ``hidden`` is the number of those that are not drawn."""

    mode: Mode
    services: tuple[str, ...]
    hidden: int = 0


@dataclass(frozen=True, slots=True)
class ServiceGraph:
    """All that is drawn, and how many services and arrows are not; ``labelled``: whether arrows have labels.

    ``folds`` stand for neighbours that are not drawn.
    """

    services: tuple[DrawnService, ...]
    arrows: tuple[Arrow, ...]
    groups: tuple[DrawnGroup, ...]
    labelled: bool
    hidden_services: int = 0
    hidden_arrows: int = 0
    folds: tuple[Fold, ...] = ()


def is_large(architecture: Architecture) -> bool:
    """Whether an architecture is too large to be drawn service by service."""
    return len(architecture.services) > MOST_SERVICES or len(arrows_of(architecture)) > MOST_ARROWS


def part_around(architecture: Architecture, services: Sequence[str], depth: int = 1) -> Affected:
    """Return the part of an architecture around these services.

    Raises:
        UnknownService: there is no such service; the message names a similar one.
    """
    names = [service.name for service in architecture.services]
    for name in services:
        if name not in names:
            near = closest(name, names)
            hint = f"; did you mean {quoted(near)}?" if near else ""
            raise UnknownService(f"{printable(architecture.name)} has no service {quoted(name)}{hint}")
    return affected(names, arrows_of(architecture), services, depth)


def service_graph(architecture: Architecture, plan: Plan | None = None, part: Affected | None = None) -> ServiceGraph:
    """Return the graph of an architecture or of a part of it, under a plan if there is one.

    Only groups that recover together are drawn; services of other modes (``continuous``, ``none``, ``independent``)
    stand alone, even if a plan lists them together.
    """
    arrows = arrows_of(architecture)
    shown = part.shown if part else frozenset(service.name for service in architecture.services)
    kept = tuple(arrow for arrow in arrows if arrow.source in shown and arrow.target in shown)
    groups = tuple(_drawn_groups(plan, shown)) if plan else ()
    alone = {group.services[0]: group.hidden for group in groups if part and len(group.services) == 1}
    groups = tuple(group for group in groups if group.services[0] not in alone)
    box_of = {name: number for number, group in enumerate(groups) for name in group.services}
    links = _inner_links(architecture)
    copies = copies_of(architecture)
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
            part is not None and service.name in part.asked,
            alone.get(service.name, 0),
        )
        for position, service in enumerate(architecture.services)
        if service.name in shown
    )
    hidden = len(architecture.services) - len(services), len(arrows) - len(kept)
    return ServiceGraph(services, kept, groups, len(kept) <= LABELLED_ARROWS, *hidden, part.folds if part else ())


def _inner_links(architecture: Architecture) -> dict[str, list[tuple[str, str, bool]]]:
    """Return the links between entities of each service, without repetitions."""
    links: dict[str, dict[tuple[str, str, bool], None]] = defaultdict(dict)
    for link in architecture.links:
        if link.holder.service == link.target.service:
            links[link.holder.service][link.holder.name, link.target.name, architecture.tolerates(link)] = None
    return defaultdict(list, {service: list(found) for service, found in links.items()})


def _drawn_groups(plan: Plan, shown: frozenset[str]) -> list[DrawnGroup]:
    groups = []
    for group in plan.groups:
        services = tuple(name for name in group.services if name in shown)
        if group.mode.recovers_together and services:
            groups.append(DrawnGroup(group.mode, services, len(group.services) - len(services)))
    return groups
