"""Services, and who owns what: the key ``services`` of a specification, and the look-up of names in it.

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
    """The services of a file, and which of them owns what, with the places where it says so.

    ``owners`` goes from an entity to its service; ``copies`` has a key for each entity and service that keeps a copy.
    Unless ``complete``, some of it could not be read, and then a name that is not found is no error of its own.
    """

    report: Report
    services: list[Service] = field(default_factory=list)
    places: dict[str, ScalarNode] = field(default_factory=dict)
    owners: dict[str, tuple[str, ScalarNode]] = field(default_factory=dict)
    copies: dict[tuple[str, str], ScalarNode] = field(default_factory=dict)
    complete: bool = False

    def service(self, node: ScalarNode) -> str | None:
        """The service of this name; if there is none, that is reported."""
        if node.text in self.places:
            return node.text
        if self.complete:
            message = f"there is no service {quoted(node.text)}"
            self.report.add("unknown-service", node, message, wrong=node.text, candidates=self.places)
        return None

    def entity(self, name: str, place: Place, scope: str = "") -> Entity | None:
        """The entity of this name, at its owner; if no service owns it, that is reported at the place."""
        if name in self.owners:
            return Entity(name, self.owners[name][0], scope)
        if self.complete:
            message = f"no service owns an entity {quoted(name)}"
            self.report.add("unknown-entity", place, message, wrong=name, candidates=self.owners)
        return None


def read_services(report: Report, node: Node) -> Services:
    """The value of the key ``services``."""
    errors = report.errors
    services = Services(report)
    records: list[tuple[ScalarNode, Record]] = []
    for name, value in fields.named(report, node, "services"):
        services.places[name.text] = name
        if (record := _SERVICE(report, value)) is not None:
            records.append((name, record))
    if not services.places and report.errors == errors:
        report.add("no-services", node, "there must be at least one service")
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
            message = f"{quoted(entity.text)} is owned by {quoted(owner)} already, in line {place.line}"
            services.report.add("two-owners", entity, message)


def _keep_copies(services: Services, service: str, copied: Iterable[ScalarNode]) -> None:
    for entity in copied:
        if services.entity(entity.text, entity) is not None:
            services.copies[entity.text, service] = entity
