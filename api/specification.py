"""Build specifications in Python, or read them; both go through the reader of the file format.

A builder collects the keys of docs/specification.md.  :class:`Specification` writes them as YAML and reads that, so
that every rule and every message of the format holds for specifications that are built, too.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bac.api.text import mimebundle
from bac.model.errors import UnsuitableArgument
from bac.model.files import write_text
from bac.model.specification.reader import Specification as _Read
from bac.model.specification.reader import parse
from bac.model.specification.writer import dump, to_yaml

Names = str | Sequence[str]
"""One name, or several."""


@dataclass(frozen=True)
class Service:
    """A service: a store with a backup of its own.

    Args:
        name: its name.
        owns: the entities that it owns.
        copies: the entities of other services of which it keeps a copy.
        external: whether it is outside of the backups and never crashes.
    """

    name: str
    owns: Names = ()
    copies: Names = ()
    external: bool = False

    def _document(self) -> dict[str, Any]:
        return _given(owns=_names(self.owns), copies=_names(self.copies), external=self.external)


@dataclass(frozen=True)
class Step:
    """One command in one service; made by :func:`create`, :func:`link`, :func:`update` and the other verbs."""

    keys: Mapping[str, Any]

    def _document(self) -> dict[str, Any]:
        return dict(self.keys)


def create(entity: str, *, refers_to: Names = (), **keys: Any) -> Step:
    """Return a step that creates an entity, with links to the entities that it refers to.

    Args:
        entity: its name.
        refers_to: the targets of its links.
        keys: other keys of a step: ``name``, ``after``, ``via``, ``needs``, ``once``.
    """
    return Step({"create": entity, **_given(refers_to=_names(refers_to)), **keys})


def link(holder: str, *, to: str, **keys: Any) -> Step:
    """Return a step that adds a link from an entity to another."""
    return Step({"link": holder, "to": to, **keys})


def unlink(holder: str, *, from_: str, **keys: Any) -> Step:
    """Return a step that removes a link."""
    return Step({"unlink": holder, "from": from_, **keys})


def update(entity: str, **keys: Any) -> Step:
    """Return a step that changes an entity."""
    return Step({"update": entity, **keys})


def delete(entity: str, **keys: Any) -> Step:
    """Return a step that deletes an entity (with ``kept=True``: a soft delete)."""
    return Step({"delete": entity, **keys})


def copy(entity: str, *, at: str, **keys: Any) -> Step:
    """Return a step that copies an entity to a service; ``via="event"`` sends it through the broker."""
    return Step({"copy": entity, "at": at, **keys})


@dataclass(frozen=True)
class UseCase:
    """A use case: the steps that a client's request causes, in order.

    Args:
        name: its name.
        steps: what :func:`create` and the other verbs return.
        background: whether it can be held back without loss of availability.
    """

    name: str
    steps: Sequence[Step]
    background: bool = False

    def _document(self) -> Any:
        steps = [step._document() for step in self.steps]
        return {"background": True, "steps": steps} if self.background else steps


@dataclass(frozen=True)
class Group:
    """Services that are backed up in one mode, such as ``"locked"``; ``services`` may be ``"all"``."""

    mode: str
    services: Names
    holds: Names = ()

    def _document(self) -> dict[str, Any]:
        services = self.services if self.services == "all" else _names(self.services)
        return {"mode": self.mode, "services": services, **_given(holds=_names(self.holds))}


@dataclass(frozen=True)
class Plan:
    """How backups are taken and services are restored.

    Args:
        name: its name.
        groups: the groups of services; a service in none is backed up alone, at any time.
        order: services in the order in which they are backed up.
        recovery: the keys of ``recovery``, such as ``{"replay": True}``.
        disaster: the keys of ``disaster``, such as ``{"scope": "any"}``.
    """

    name: str
    groups: Sequence[Group] = ()
    order: Sequence[str] = ()
    recovery: Mapping[str, Any] = field(default_factory=dict)
    disaster: Mapping[str, Any] = field(default_factory=dict)

    def _document(self) -> dict[str, Any]:
        return _given(
            groups=[group._document() for group in self.groups],
            order=list(self.order),
            recovery=dict(self.recovery),
            disaster=dict(self.disaster),
        )


class Specification:
    """An architecture with its backup plans.

    Args:
        name: what reports call it.
        services: the services.
        use_cases: the use cases; or give ``references``.
        references: links between entities of one service each, in the shorthand ``"a -> b"``.
        plans: the plans; the plan ``independent`` is always there, too.
        keys: the other keys of the format, such as ``tolerates``.

    Raises:
        SpecificationError: the specification has errors; the message shows each place in the YAML that was generated.
    """

    def __init__(
        self,
        name: str,
        services: Sequence[Service],
        use_cases: Sequence[UseCase] = (),
        plans: Sequence[Plan] = (),
        *,
        references: Sequence[str] = (),
        **keys: Any,
    ) -> None:
        """Write the parts as YAML, and read it."""
        document = {
            "name": name,
            "services": {each.name: each._document() for each in services},
            **({"references": list(references)} if references else {}),
            **({"use_cases": {each.name: each._document() for each in use_cases}} if use_cases else {}),
            **keys,
            **_given(plans={each.name: each._document() for each in plans}),
        }
        self._read = parse(to_yaml(document), "<python>")

    @classmethod
    def _of(cls, read: _Read) -> Specification:
        made = cls.__new__(cls)
        made._read = read
        return made

    @property
    def name(self) -> str:
        """The name of the architecture."""
        return self._read.architecture.name

    @property
    def plans(self) -> tuple[str, ...]:
        """The names of the plans; the first is ``independent``."""
        return tuple(plan.name for plan in self._read.plans)

    @property
    def expecting(self) -> tuple[str, ...]:
        """The names of the plans with the key ``expect``."""
        return tuple(plan.name for plan in self._read.plans if plan.expect is not None)

    def line(self, plan: str) -> int:
        """Return the line of the file at which a plan begins; 1 for the plan ``independent``, which is in no file."""
        return self._read.place(plan).line

    @property
    def services(self) -> tuple[str, ...]:
        """The names of the services."""
        return tuple(service.name for service in self._read.architecture.services)

    @property
    def refers(self) -> Mapping[str, frozenset[str]]:
        """For each service the other services to whose entities its own entities refer."""
        links = [(link.holder.service, link.target.service) for link in self._read.architecture.links]
        return {
            name: frozenset(target for holder, target in links if holder == name != target) for name in self.services
        }

    @property
    def use_cases(self) -> tuple[str, ...]:
        """The names of the use cases."""
        return tuple(case.name for case in self._read.architecture.use_cases)

    @property
    def warnings(self) -> tuple[str, ...]:
        """Legal but suspicious things, as located messages."""
        return tuple(warning.render() for warning in self._read.warnings)

    def with_plans(self, *plans: Plan) -> Specification:
        """Return the same architecture with these plans instead of its own.

        Raises:
            SpecificationError: a plan has errors.
        """
        document = {key: value for key, value in self.to_document().items() if key != "plans"}
        document |= _given(plans={each.name: each._document() for each in plans})
        return Specification._of(parse(to_yaml(document), "<python>"))

    def to_document(self) -> dict[str, Any]:
        """Return the specification as the mappings, lists and texts that a ``*.bac.yaml`` file holds."""
        return dump(self._read.architecture, self._read.plans)

    def to_yaml(self) -> str:
        """Return the specification as the text of a ``*.bac.yaml`` file."""
        return to_yaml(self.to_document())

    def save(self, path: str | Path) -> None:
        """Write the specification to a file.

        Raises:
            BacError: the file cannot be written.
        """
        write_text(path, self.to_yaml())

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:  # noqa: ARG002
        """Show the whole text where a failing example is printed, so that it can be pasted into a file."""
        printer.text(f'bac.loads("""\n{self.to_yaml()}""")')

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Specification):
            return NotImplemented
        return (self._read.architecture, self._read.plans) == (other._read.architecture, other._read.plans)

    def __hash__(self) -> int:
        return hash((self._read.architecture, self._read.plans))

    def __repr__(self) -> str:
        return f"<Specification {self.name!r}: {len(self.services)} services, {len(self.plans)} plans>"

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:  # noqa: ARG002
        from bac.api.results import Figure
        from bac.figures.graph.architecture import draw_architecture

        return mimebundle(repr(self), lambda: Figure(draw_architecture(self._read.architecture)).svg())


def read_of(spec: object, caller: str) -> _Read:
    """Return what was read of a specification.

    Raises:
        UnsuitableArgument: it is something else, such as the name of its file.
    """
    if isinstance(spec, Specification):
        return spec._read
    given = f"bac.load({str(spec)!r})" if isinstance(spec, str | Path) else f"not a {type(spec).__name__}"
    raise UnsuitableArgument(f"{caller} needs a specification: {given}")


def _names(names: Names) -> list[str]:
    return [names] if isinstance(names, str) else list(names)


def _given(**keys: Any) -> dict[str, Any]:
    """Return the keys that have a value."""
    return {key: value for key, value in keys.items() if value}
