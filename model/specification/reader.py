"""Read the text of a ``*.bac.yaml`` file as an architecture with its plans, with every located error and warning.

``load`` and ``parse`` are the entry to the format, of which docs/specification.md is the reference;
:mod:`bac.model.specification.writer` writes it.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePath
from typing import Any

from bac.model.architecture import Architecture, Caching
from bac.model.errors import BacError, UnknownPlan, UnreadableFile
from bac.model.names import closest, printable, quoted
from bac.model.plan import Plan
from bac.model.specification import fields
from bac.model.specification.diagnostics import CODES, Diagnostic, Place, Report, SpecificationError
from bac.model.specification.fields import Reader, Record
from bac.model.specification.plans import Application, read_plans
from bac.model.specification.repairs import Repairable
from bac.model.specification.services import Services, read_services, read_traits
from bac.model.specification.tolerance import read_caches, read_tolerance
from bac.model.specification.use_cases import (
    UseCases,
    check_use_cases,
    read_references,
    read_use_cases,
    warn_about_use,
)
from bac.model.specification.yaml_tree import MAX_BYTES, read

__all__ = [
    "CODES",
    "BacError",
    "Diagnostic",
    "Specification",
    "SpecificationError",
    "UnknownPlan",
    "UnreadableFile",
    "load",
    "parse",
]

UNNAMED = "unnamed"
"""The name of an architecture that has neither a name nor a file."""

_SUFFIXES = (".yaml", ".yml", ".json", ".bac")

_KEYS: Mapping[str, Reader[Any]] = {
    "name": fields.name,
    "services": fields.anything,
    "use_cases": fields.anything,
    "references": fields.anything,
    "entities": fields.anything,
    "tolerates": fields.anything,
    "caches": fields.anything,
    "plans": fields.anything,
}
_FORMS = {"use_cases": read_use_cases, "references": read_references}
_DOCUMENT = fields.record("a specification", _KEYS, required=["services"])


@dataclass(frozen=True)
class Specification:
    """The content of one file: an architecture and its plans.

    The first of ``plans`` is always the plan ``independent``; the others follow in the order of the file.
    ``warnings`` are the warnings and notes about the file; ``file`` is its name in messages.  ``steps`` has the place
    of each step, by use case and number, and the line of the file that it stands in.
    """

    architecture: Architecture
    plans: tuple[Plan, ...]
    warnings: tuple[Diagnostic, ...] = ()
    file: str = "<string>"
    steps: Mapping[tuple[str, int], tuple[Place, str]] = field(default_factory=dict, compare=False, repr=False)

    def warning(self, code: str, step: tuple[str, int], message: str) -> Diagnostic:
        """Return a warning about a step, given by use case and number, at its place in the file."""
        place, source = self.steps[step]
        return Diagnostic("warning", code, message, self.file, place.line, place.column, None, source)

    def plan(self, name: str) -> Plan:
        """Return the plan of this name.

        Raises:
            UnknownPlan: if there is none; the message suggests a similar name, or lists the plans.
        """
        for plan in self.plans:
            if plan.name == name:
                return plan
        near = closest(name, [plan.name for plan in self.plans])
        hint = f"; did you mean {quoted(near)}?" if near else f"; plans: {', '.join(plan.name for plan in self.plans)}"
        raise UnknownPlan(f"{printable(self.file)} has no plan {quoted(name)}{hint}")


def load(path: str | Path) -> Specification:
    """Read a specification from a file.

    Args:
        path: a file of at most :data:`bac.model.specification.yaml_tree.MAX_BYTES` bytes, or ``-`` for standard input.

    Raises:
        UnreadableFile: if there is no such file, or it cannot be read.
        SpecificationError: if there are errors in it; it carries all of them.
    """
    if str(path) == "-":
        return parse(_read_standard_input(), "<stdin>")
    try:
        with open(path, "rb") as stream:
            data = stream.read(MAX_BYTES + 1)  # one more than is allowed: parse() refuses it
    except (OSError, ValueError) as error:  # ValueError: a NUL in the path
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise UnreadableFile(f"cannot read {printable(str(path))}: {reason}") from error
    return parse(data, str(path))


def parse(text: str | bytes, file: str = "<string>") -> Specification:
    """Read a specification from text.

    Args:
        text: YAML (or JSON, which is YAML); bytes must be UTF-8.
        file: its name in messages; its stem is the name of an architecture that has none.

    Raises:
        SpecificationError: if there are errors in it; it carries all of them.
    """
    report, root = read(text, file)
    record = _DOCUMENT(report, root)
    if record is None:
        report.fail()
    services = read_services(report, record.nodes["services"]) if "services" in record.nodes else Services(report)
    traits = read_traits(services, record.nodes.get("entities", fields.NOTHING))
    use_cases = _use_cases(report, services, record)
    tolerance = read_tolerance(services, use_cases, record.nodes.get("tolerates", fields.NOTHING))
    caches = read_caches(services, use_cases, record.nodes.get("caches", fields.NOTHING))
    application = Application(services, use_cases, Repairable.of(use_cases, traits, caches))
    plans = read_plans(application, record.nodes.get("plans", fields.NOTHING))
    if report.errors:
        report.fail()
    cached = [pair for pair, caching in caches if caching is Caching.WITH_THE_LINK]
    place = next(record.keys[key] for key in _FORMS if key in record.keys)
    warn_about_use(report, services, use_cases, cached, place)
    name = record.values["name"].text if "name" in record.values else _default_name(file)
    architecture = Architecture(
        name,
        tuple(services.services),
        tuple(use_cases.use_cases),
        tolerance,
        references="references" in record.keys,
        scarce=traits.scarce,
        sequences=traits.sequences,
        caches=caches,
    )
    steps = {step: (place, report.lines[place.line - 1]) for step, place in use_cases.places.items()}
    return Specification(architecture, plans, report.diagnostics, file, steps)


def _use_cases(report: Report, services: Services, record: Record) -> UseCases:
    """Read the use cases from the one of the two keys that is there."""
    forms = [key for key in record.keys if key in _FORMS]
    if len(forms) == 1:
        use_cases = _FORMS[forms[0]](report, services, record.nodes[forms[0]])
        check_use_cases(report, use_cases)
        return use_cases
    if forms:
        message = "a specification has either 'use_cases' or 'references', and this one has both"
        report.add("two-forms", record.keys[forms[1]], message)
    elif not record.unknown:
        report.add("missing-key", record.place, "a specification needs the key 'use_cases' (or 'references')")
    return UseCases(named=False, complete=False)


def _default_name(file: str) -> str:
    """Return the stem of the file name, if it can be a name."""
    name = PurePath(file).name
    while name.endswith(_SUFFIXES):
        name = name.rpartition(".")[0]
    return UNNAMED if file.startswith("<") or fields.name_problem(name) else name


def _read_standard_input() -> bytes:
    if sys.stdin is None:
        raise UnreadableFile("cannot read standard input: it is closed")
    try:
        return sys.stdin.buffer.read(MAX_BYTES + 1)
    except (AttributeError, OSError, ValueError) as error:  # missing, not a file, or closed
        raise UnreadableFile(f"cannot read standard input: {error}") from error
