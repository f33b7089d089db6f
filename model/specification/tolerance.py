"""Read what need not be consistent: the keys ``tolerates`` and ``caches`` of a specification.

docs/specification.md is the reference of the format.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from bac.model.architecture import Caching, Tolerance, UseCase
from bac.model.names import quoted
from bac.model.specification import fields
from bac.model.specification.diagnostics import Report
from bac.model.specification.fields import LinkText, Reader
from bac.model.specification.services import Services
from bac.model.specification.use_cases import UseCases
from bac.model.specification.yaml_tree import MappingNode, Node, ScalarNode

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
