"""Read the key ``services`` of a specification, and look up names of services and entities.

docs/specification.md is the reference of the format.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from bac.model.architecture import Entity, Service
from bac.model.names import quoted
from bac.model.specification import fields
from bac.model.specification.diagnostics import Place, Report
from bac.model.specification.fields import Record
from bac.model.specification.yaml_tree import Node, ScalarNode

_SERVICE = fields.record("a service", {"owns": fields.names(fields.entity), "copies": fields.names(fields.entity)})


@dataclass
class Services:
    """The services of a file with their entities, and the places where they are declared.

    ``owners`` maps an entity to its service; ``copies`` has a key for each pair of an entity and a service that keeps a
    copy of it.  ``complete``: all of it could be read; if not, a name that is not found is no error of its own.
    """

    report: Report
    services: list[Service] = field(default_factory=list)
    places: dict[str, ScalarNode] = field(default_factory=dict)
    owners: dict[str, tuple[str, ScalarNode]] = field(default_factory=dict)
    copies: dict[tuple[str, str], ScalarNode] = field(default_factory=dict)
    complete: bool = False

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
    if not services.places and report.errors == errors:
        report.add("no-services", node, "an architecture needs at least one service")
    services.complete = report.errors == errors
    for name, record in records:
        _own(services, name.text, record.values.get("owns", ()))
    for name, record in records:
        _keep_copies(services, name.text, record.values.get("copies", ()))
        owned, copied = (tuple(node.text for node in record.values.get(key, ())) for key in ("owns", "copies"))
        services.services.append(Service(name.text, owned, copied))
    return services


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
