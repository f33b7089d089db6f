"""The references between services: links and copies, joined to arrows; without coordinates.

Source: the article, Figures 2 and 5.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from enum import StrEnum

from bac.model.architecture import Architecture, Service, Verb, Via


class ArrowKind(StrEnum):
    """The meaning of an arrow between two services."""

    REFERENCE = "reference"
    TOLERATED = "tolerated reference"
    COPY = "copy"


@dataclass(frozen=True, slots=True)
class Arrow:
    """All references of one kind from one service to another.

    ``links`` (holder, target, whether it is tolerated) lead from the service of the holder to that of the target; all
    links of a ``TOLERATED`` arrow are tolerated.  ``copies`` (entity, and ``event``, ``call`` or nothing for the way
    they take) lead from the owner to the service that keeps them, as the data flow.
    """

    source: str
    target: str
    kind: ArrowKind
    links: tuple[tuple[str, str, bool], ...] = ()
    copies: tuple[tuple[str, str], ...] = ()

    @property
    def number(self) -> int:
        """Return the number of links and copies that it stands for."""
        return len(self.links) + len(self.copies)


def arrows_of(architecture: Architecture) -> tuple[Arrow, ...]:
    """Return the arrows between different services: at most one of links and one of copies from one to another."""
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
    for service, entities in copies_of(architecture).items():
        for entity, via in entities.items():
            copies[owner[entity], service].append((entity, via))
    return (*arrows, *(Arrow(*pair, ArrowKind.COPY, copies=tuple(found)) for pair, found in copies.items()))


def copies_of(architecture: Architecture) -> dict[str, dict[str, str]]:
    """Return for each service the entities of which it keeps copies, and how each comes: event, call or unknown."""
    copies = {service.name: dict.fromkeys(_foreign(service), "") for service in architecture.services}
    for _, step in architecture.steps():
        if step.verb is Verb.COPY and step.entity.service != step.service:
            known = copies[step.service].get(step.entity.name)
            copies[step.service][step.entity.name] = str(Via.EVENT if known == Via.EVENT else step.via)
    return copies


def _foreign(service: Service) -> list[str]:
    return [entity for entity in service.copies if entity not in service.owns]
