"""Write an architecture with its plans as a document of the format, as JSON or YAML.

A value at its default is left out, so that a document is as short as one that a person would write.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import fields
from enum import StrEnum
from typing import Any

import yaml

from bac.model.architecture import Architecture, Service, Step, Tolerance, UseCase, Verb, Via
from bac.model.plan import INDEPENDENT, Disaster, Expectation, Group, Plan
from bac.model.recovery import Recovery

_WIDTH = 100  # columns of a YAML line


def dump(architecture: Architecture, plans: Iterable[Plan]) -> dict[str, object]:
    """Return the specification as a document that JSON can hold; parsed again, it gives equal values.

    The plan ``independent`` is left out, because every specification has it; ``references`` stay ``references``.
    """
    document: dict[str, object] = {
        "name": architecture.name,
        "services": {service.name: _service(service) for service in architecture.services},
        **_without_empty({"entities": _traits(architecture)}),
    }
    if architecture.references:
        document["references"] = [use_case.name for use_case in architecture.use_cases]
    else:
        document["use_cases"] = {use_case.name: _use_case(use_case) for use_case in architecture.use_cases}
    caches = {_link(pair): str(caching) for pair, caching in architecture.caches}
    document |= _without_empty({"tolerates": _tolerance(architecture.tolerance), "caches": caches})
    everybody = tuple(service.name for service in architecture.services if not service.external)
    written = {plan.name: _plan(plan, everybody) for plan in plans if plan.name != INDEPENDENT.name}
    return document | ({"plans": written} if written else {})


def to_yaml(document: object) -> str:
    """Return a dumped document as YAML: one key a line, and lists of names in brackets.

    Args:
        document: the result of :func:`dump`; its names may be any.
    """
    text: str = yaml.dump(document, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=_WIDTH)
    return text


class _Dumper(yaml.SafeDumper):
    """Writes lists of texts in one line, and everything as often as it occurs."""

    def ignore_aliases(self, data: Any) -> bool:  # noqa: ARG002
        """Whether to write equal values in full: always, so that the text has no aliases."""
        return True


def _represent_list(dumper: _Dumper, data: list[object]) -> yaml.Node:
    in_brackets = all(isinstance(item, str) for item in data)
    return dumper.represent_sequence("tag:yaml.org,2002:seq", data, flow_style=in_brackets)


_Dumper.add_representer(list, _represent_list)


def _service(service: Service) -> dict[str, object]:
    return _without_empty({"owns": list(service.owns), "copies": list(service.copies), "external": service.external})


def _traits(architecture: Architecture) -> dict[str, dict[str, object]]:
    scarce: dict[str, dict[str, object]] = {name: {"scarce": True} for name in sorted(architecture.scarce)}
    sequences = {name: {**scarce.get(name, {}), "ids": "sequence"} for name in sorted(architecture.sequences)}
    return scarce | sequences


def _tolerance(tolerance: Tolerance) -> object:
    """Return the plain list of links, or the lists by kind; a file cannot hold both."""
    if tolerance.links:
        assert tolerance == Tolerance(tolerance.links), tolerance
        return _links(tolerance.links)
    return _without_empty(
        {
            "broken links": _links(tolerance.broken_links),
            "orphans": sorted(tolerance.orphans),
            "missing state": [f"{use_case}.{number}" for use_case, number in sorted(tolerance.missing_state)],
        }
    )


def _links(links: Iterable[tuple[str, str]]) -> list[str]:
    return [_link(pair) for pair in sorted(links)]


def _link(pair: tuple[str, str]) -> str:
    holder, target = pair
    return f"{holder} -> {target}"


def _use_case(use_case: UseCase) -> object:
    names = _step_names(use_case)
    steps = [_step(step, names) for step in use_case.steps]
    return {"background": True, "steps": steps} if use_case.background else steps


def _step_names(use_case: UseCase) -> dict[int, str]:
    """Return the names of steps by number; a step that others name as predecessor gets a name if it has none."""
    names = {step.number: step.name for step in use_case.steps if step.name}
    needed = {number for step in use_case.steps if _is_out_of_turn(step) for number in step.predecessors}
    for number in sorted(needed - names.keys()):
        name = f"step {number}"
        while name in names.values():
            name += "'"
        names[number] = name
    return names


def _is_out_of_turn(step: Step) -> bool:
    return step.number > 1 and step.predecessors != (step.number - 1,)


def _step(step: Step, names: dict[int, str]) -> dict[str, object]:
    targets = [link.target.name for link in step.links]
    partner: dict[str, object] = {}
    match step.verb:
        case Verb.CREATE:
            partner = {"refers_to": targets}
        case Verb.LINK:
            partner = {"to": targets[0]}
        case Verb.UNLINK:
            assert step.unlinks is not None
            partner = {"from": step.unlinks.target.name}
        case Verb.COPY:
            partner = {"at": step.service}
        case Verb.UPDATE | Verb.DELETE:
            pass
    after = [names[number] for number in step.predecessors] if _is_out_of_turn(step) else []
    via = "" if step.via is Via.CALL else str(step.via)
    rest = {
        "needs": [entity.name for entity in step.needs],
        "once": step.once,
        "kept": step.kept,
        "via": via,
        "after": after,
        "name": names.get(step.number, ""),
    }
    return _without_empty({str(step.verb): step.entity.name, **partner, **rest})


def _plan(plan: Plan, everybody: tuple[str, ...]) -> dict[str, object]:
    groups = [_group(group, everybody) for group in plan.groups]
    recovery, disaster = _changed(plan.recovery, Recovery()), _changed(plan.disaster, Disaster())
    rest = _without_empty({"groups": groups, "order": list(plan.order), "recovery": recovery, "disaster": disaster})
    return rest if plan.expect is None else rest | {"expect": expectation(plan.expect)}


def _group(group: Group, everybody: tuple[str, ...]) -> dict[str, object]:
    services = "all" if group.services == everybody else list(group.services)
    holds = {} if group.holds is None else {"holds": list(group.holds)}
    return {"mode": str(group.mode), "services": services, **holds}


def expectation(expect: Expectation) -> dict[str, object]:
    """Return an expectation as a document."""
    document: dict[str, object] = dict(expect.verdicts)
    return document if expect.anomalies is None else document | {"anomalies": list(expect.anomalies)}


def _changed(value: Recovery | Disaster, default: Recovery | Disaster) -> dict[str, object]:
    """Return the fields that are not at their default, as JSON values."""
    names = [field.name for field in fields(value) if getattr(value, field.name) != getattr(default, field.name)]
    return {"from" if name == "source" else name: _plain(getattr(value, name)) for name in names}


def _plain(value: object) -> object:
    match value:
        case StrEnum():
            return str(value)
        case tuple():
            return [_plain(item) for item in value]
        case _:
            return value


def _without_empty(document: dict[str, object]) -> dict[str, object]:
    return {key: value for key, value in document.items() if value}
