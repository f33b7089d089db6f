"""Read the text of a ``*.bac.yaml`` file as an architecture with its plans, with every located error and warning.

``load`` and ``parse`` are the entry to the format, of which docs/specification.md is the reference;
:mod:`bac.model.specification.writer` writes it.  Services, use cases and plans have modules of their own; the
keys ``tolerates`` and ``caches`` are read here.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePath
from typing import Any

from bac.model.architecture import Architecture, Caching, Tolerance, UseCase
from bac.model.errors import BacError, UnknownPlan, UnreadableFile, closest, printable, quoted
from bac.model.plan import Plan
from bac.model.specification import fields
from bac.model.specification.diagnostics import CODES, Diagnostic, Place, Report, SpecificationError
from bac.model.specification.fields import LinkText, Reader, Record
from bac.model.specification.plans import Application, Repairable, read_plans
from bac.model.specification.services import Services, read_services, read_traits
from bac.model.specification.use_cases import (
    UseCases,
    check_use_cases,
    read_references,
    read_use_cases,
    warn_about_use,
)
from bac.model.specification.yaml_tree import MAX_BYTES, MappingNode, Node, ScalarNode, read

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
    of each step, by use case and number, and the line of the file that it stands in; ``places`` that of each plan.
    """

    architecture: Architecture
    plans: tuple[Plan, ...]
    warnings: tuple[Diagnostic, ...] = ()
    file: str = "<string>"
    steps: Mapping[tuple[str, int], tuple[Place, str]] = field(default_factory=dict, compare=False, repr=False)
    places: Mapping[str, Place] = field(default_factory=dict, compare=False, repr=False)

    def warning(self, code: str, step: tuple[str, int], message: str) -> Diagnostic:
        """Return a warning about a step, given by use case and number, at its place in the file."""
        place, source = self.steps[step]
        return Diagnostic("warning", code, message, self.file, place.line, place.column, None, source)

    def place(self, plan: str) -> Place:
        """Return the place of a plan in the file; that of the file itself for the plan that is in no file."""
        return self.places.get(plan, Place(1, 1))

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
    written = record.nodes.get("plans", fields.NOTHING)
    plans = read_plans(application, written)
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
    return Specification(architecture, plans, report.diagnostics, file, steps, _places(written))


def _places(plans: Node) -> dict[str, Place]:
    """Return the place of each plan, by its name."""
    keys = [key for key, _ in plans.entries] if isinstance(plans, MappingNode) else []
    return {key.text: Place(key.line, key.column) for key in keys if isinstance(key, ScalarNode)}


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


# The keys ``tolerates`` and ``caches``: what need not be consistent

Pair = tuple[str, str]
"""A link by the plain names of its holder and its target."""

_KINDS: dict[str, Reader[Any]] = dict.fromkeys(("broken links", "orphans", "missing state"), fields.anything)
_BY_KIND = fields.record("tolerates", _KINDS)
_OR_BY_KIND = ", or a mapping with lists by kind"
_CACHING = fields.choice(Caching)
_SUBJECTS = fields.names(fields.short_text)


def read_tolerance(services: Services, use_cases: UseCases, node: Node) -> Tolerance:
    """Read the value of the key ``tolerates``: a list of links, or lists of what is tolerated by kind."""
    report = services.report
    if not isinstance(node, MappingNode):
        return Tolerance(_links(report, use_cases, node, _OR_BY_KIND))
    record = _BY_KIND(report, node)
    nodes = record.nodes if record else {}
    return Tolerance(
        broken_links=_links(report, use_cases, nodes.get("broken links", fields.NOTHING)),
        orphans=_orphans(services, nodes.get("orphans", fields.NOTHING)),
        missing_state=_missing(report, use_cases, nodes.get("missing state", fields.NOTHING)),
    )


def read_caches(services: Services, use_cases: UseCases, node: Node) -> tuple[tuple[Pair, Caching], ...]:
    """Read the value of the key ``caches``: how links are cached at their holders."""
    report = services.report
    found: dict[Pair, tuple[Caching, LinkText]] = {}
    for key, value in fields.entries(report, node, "caches"):
        caching, text = _CACHING(report, value), fields.link(report, key)
        if text is None:
            continue
        pair = (text.holder, text.target)
        if pair in found:
            message = f"{quoted(str(text))} occurs twice, first in line {found[pair][1].line}"
            report.add("duplicate-key", text, message)
            continue
        use_cases.check_link(report, text, str(text))
        if caching is not None:
            found[pair] = (caching, text)
    for pair, (caching, text) in found.items():
        if caching is Caching.COPIES:
            _check_copied(services, use_cases, pair, text)
    return tuple((pair, caching) for pair, (caching, _) in found.items())


def _check_copied(services: Services, use_cases: UseCases, pair: Pair, text: LinkText) -> None:
    """Report a cache by copies that no step fills."""
    holder, target = pair
    if not use_cases.complete or holder not in services.owners:
        return
    service = services.owners[holder][0]
    if (target, service) not in use_cases.copied:
        message = f"no step copies {quoted(target)} to {quoted(service)}, the service of {quoted(holder)}"
        services.report.add("no-copy", text, message)


def _links(report: Report, use_cases: UseCases, node: Node, otherwise: str = "") -> frozenset[Pair]:
    found: set[Pair] = set()
    for item in fields.items(report, node, f'links "holder -> target"{otherwise}'):
        text = fields.link(report, item)
        if text is None:
            continue
        if (text.holder, text.target) in found:
            report.add("duplicate-name", text, f"{quoted(str(text))} occurs twice in this list")
        else:
            use_cases.check_link(report, text, str(text))
        found.add((text.holder, text.target))
    return frozenset(found)


def _orphans(services: Services, node: Node) -> frozenset[str]:
    names = fields.names(fields.entity)(services.report, node) or ()
    return frozenset(name.text for name in names if services.entity(name.text, name))


def _missing(report: Report, use_cases: UseCases, node: Node) -> frozenset[tuple[str, int]]:
    """Read steps as ``use case.number`` or ``use case.name``; a number means the step of this number."""
    texts: tuple[ScalarNode, ...] = _SUBJECTS(report, node) or ()
    if not use_cases.complete:
        return frozenset()
    numbers, names = _subjects(use_cases.use_cases)
    found: dict[tuple[str, int], ScalarNode] = {}
    for text in texts:
        steps = [numbers[text.text]] if text.text in numbers else names.get(text.text, [])
        if not steps:
            message = f"there is no step {quoted(text.text)} (use case.number, or use case.name of the step)"
            report.add("unknown-step", text, message, wrong=text.text, candidates=[*names, *numbers])
        elif len(steps) > 1:
            shown = " or ".join(quoted(f"{use_case}.{number}") for use_case, number in steps)
            report.add("ambiguous-step", text, f"{quoted(text.text)} may be two steps; write {shown}")
        elif steps[0] in found:
            message = f"this step occurs twice in the list, first as {quoted(found[steps[0]].text)}"
            report.add("duplicate-name", text, message)
        else:
            found[steps[0]] = text
    return frozenset(found)


def _subjects(use_cases: list[UseCase]) -> tuple[dict[str, tuple[str, int]], dict[str, list[tuple[str, int]]]]:
    """Return the steps as texts name them, by number and by name; one text may be the name of several."""
    numbers = {f"{case.name}.{step.number}": (case.name, step.number) for case in use_cases for step in case.steps}
    names: dict[str, list[tuple[str, int]]] = {}
    for text, step in _names(use_cases):
        names.setdefault(text, []).append(step)
    return numbers, names


def _names(use_cases: list[UseCase]) -> Iterator[tuple[str, tuple[str, int]]]:
    for case in use_cases:
        for step in case.steps:
            if step.name:
                yield f"{case.name}.{step.name}", (case.name, step.number)
