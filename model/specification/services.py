"""Read the keys ``services`` and ``entities`` of a specification, and look up names of services and entities.

docs/specification.md is the reference of the format.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from bac.model.architecture import Entity, Service
from bac.model.errors import quoted
from bac.model.specification import fields
from bac.model.specification.diagnostics import Place, Report
from bac.model.specification.fields import Reader, Record
from bac.model.specification.yaml_tree import Node, ScalarNode


class _Ids(StrEnum):
    """How the ids of an entity are given: all different for ever, or counted from where the last backup ends."""

    UNIQUE = "unique"
    SEQUENCE = "sequence"


_SERVICE_KEYS: dict[str, Reader[Any]] = {
    "owns": fields.names(fields.entity),
    "copies": fields.names(fields.entity),
    "external": fields.boolean,
}
_SERVICE = fields.record("a service", _SERVICE_KEYS)
_TRAITS_KEYS: dict[str, Reader[Any]] = {"scarce": fields.boolean, "ids": fields.choice(_Ids)}
_TRAITS = fields.record("an entity", _TRAITS_KEYS)


@dataclass(frozen=True, slots=True)
class Traits:
    """The entities, by name, of which there are only so many, and those whose ids are a sequence."""

    scarce: frozenset[str] = frozenset()
    sequences: frozenset[str] = frozenset()


@dataclass
class Services:
    """The services of a file with their entities, and the places where they are declared.

    ``owners`` maps an entity to its service; ``copies`` has a key for each pair of an entity and a service that keeps a
    copy of it; ``external`` are the services outside of the backups.  ``complete``: all of it could be read; if not, a
    name that is not found is no error of its own.
    """

    report: Report
    services: list[Service] = field(default_factory=list)
    places: dict[str, ScalarNode] = field(default_factory=dict)
    owners: dict[str, tuple[str, ScalarNode]] = field(default_factory=dict)
    copies: dict[tuple[str, str], ScalarNode] = field(default_factory=dict)
    external: set[str] = field(default_factory=set)
    complete: bool = False

    @property
    def backed_up(self) -> tuple[str, ...]:
        """All services but the external ones."""
        return tuple(name for name in self.places if name not in self.external)

    def backed_up_service(self, node: ScalarNode, place: str) -> str | None:
        """Return the service of this name; report it if there is none, or if it is external.

        Args:
            node: the name.
            place: what a service that is backed up may be named in, for messages: "a group".
        """
        service = self.service(node)
        if service in self.external:
            message = f"{quoted(node.text)} is external: it is never lost or restored, and cannot be in {place}"
            self.report.add("external", node, message)
            return None
        return service

    def service(self, node: ScalarNode) -> str | None:
        """Return the service of this name; report it if there is none."""
        if node.text in self.places:
            return node.text
        if self.complete:
            message = f"there is no service {quoted(node.text)}"
            self.report.add("unknown-service", node, message, wrong=node.text, candidates=self.places)
        return None

    def entity(self, name: str, place: Place, scope: str = "") -> Entity | None:
        """Return the entity of this name, with its owner; report it at the place if no service owns it."""
        if name in self.owners:
            return Entity(name, self.owners[name][0], scope)
        if self.complete:
            message = f"no service owns an entity {quoted(name)}"
            self.report.add("unknown-entity", place, message, wrong=name, candidates=self.owners)
        return None


def read_services(report: Report, node: Node) -> Services:
    """Read the value of the key ``services``."""
    errors = report.errors
    services = Services(report)
    records: list[tuple[ScalarNode, Record]] = []
    for name, value in fields.named(report, node, "services"):
        services.places[name.text] = name
        if (record := _SERVICE(report, value)) is not None:
            records.append((name, record))
            if record.values.get("external", False):
                services.external.add(name.text)
    if not services.backed_up and report.errors == errors:
        what = " that is not external" if services.places else ""
        report.add("no-services", node, f"an architecture needs at least one service{what}")
    services.complete = report.errors == errors
    for name, record in records:
        _own(services, name.text, record.values.get("owns", ()))
    for name, record in records:
        _keep_copies(services, name.text, record.values.get("copies", ()))
        owned, copied = (tuple(node.text for node in record.values.get(key, ())) for key in ("owns", "copies"))
        services.services.append(Service(name.text, owned, copied, name.text in services.external))
    return services


def read_traits(services: Services, node: Node) -> Traits:
    """Read the value of the key ``entities``."""
    scarce, sequences = set(), set()
    for name, value in fields.named(services.report, node, "entities"):
        services.entity(name.text, name)
        record = _TRAITS(services.report, value)
        if record and record.values.get("scarce", False):
            scarce.add(name.text)
        if record and record.values.get("ids") is _Ids.SEQUENCE:
            sequences.add(name.text)
    return Traits(frozenset(scarce), frozenset(sequences))


def _own(services: Services, service: str, owned: Iterable[ScalarNode]) -> None:
    for entity in owned:
        owner, place = services.owners.setdefault(entity.text, (service, entity))
        if owner != service:
            message = f"{quoted(entity.text)} already has an owner, {quoted(owner)} in line {place.line}"
            services.report.add("two-owners", entity, message)


def _keep_copies(services: Services, service: str, copied: Iterable[ScalarNode]) -> None:
    for entity in copied:
        if services.entity(entity.text, entity) is not None:
            services.copies[entity.text, service] = entity
