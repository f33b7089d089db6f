"""Read the key ``plans`` of a specification, from its tree to the values of ``bac.model.plan``.

docs/specification.md is the reference of the format; what the keys mean is in docs/semantics.md.
"""

from __future__ import annotations

from dataclasses import replace
from enum import StrEnum
from typing import Any

from bac.model.modes import Mode, modes
from bac.model.names import quoted
from bac.model.plan import ANOMALIES, INDEPENDENT, Disaster, Expectation, Group, Plan, Scope, Timing
from bac.model.recovery import Broker, OnInvalid, Recovery, Restore, Rollback
from bac.model.specification import fields
from bac.model.specification.diagnostics import Report
from bac.model.specification.fields import Reader, Record
from bac.model.specification.services import Services
from bac.model.specification.yaml_tree import ListNode, Node, ScalarNode

ALL = "all"
"""The word for the list of all services in a group."""


class _Expected(StrEnum):
    """The verdicts that a plan may expect."""

    HOLDS = "holds"
    VIOLATED = "violated"


def _group_services(report: Report, node: Node) -> ScalarNode | tuple[ScalarNode, ...] | None:
    """Read the word ``all``, or a list of names."""
    if isinstance(node, ScalarNode) and node.text == ALL:
        return node
    return _SERVICE_LIST(report, node)


def _mode(report: Report, node: Node) -> Mode | None:
    """The name of a mode."""
    return fields.one_of({mode.name: mode for mode in modes()})(report, node)


def _scope(report: Report, node: Node) -> Scope | tuple[tuple[ScalarNode, ...], ...] | None:
    """Read a keyword, or a list of sets of services."""
    if not isinstance(node, ListNode):
        return fields.choice(Scope)(report, node)
    if not node.items:
        report.add("empty-list", node, "this list must name at least one thing")
    sets = [_SERVICE_LIST(report, item) for item in node.items]
    seen: set[frozenset[str]] = set()
    for item, crash in zip(node.items, sets, strict=True):
        members = frozenset(service.text for service in crash or ())
        if members in seen:
            report.add("duplicate-name", item, "this set of services occurs twice in the list")
        if members:
            seen.add(members)
    return tuple(crash for crash in sets if crash) if len(seen) == len(sets) > 0 else None


def _groups(report: Report, node: Node) -> list[Record | None] | None:
    errors = report.errors
    listed = fields.items(report, node, "groups")
    return [_GROUP(report, item) for item in listed] if report.errors == errors else None


def _anomaly(report: Report, node: Node) -> ScalarNode | None:
    """Read an anomaly: its kind, which may be written with hyphens, and its subject."""
    found = fields.short_text(report, node)
    if found is None:
        return None
    for kind in ANOMALIES:
        for written in (kind, kind.replace(" ", "-")):
            if found.text.startswith(f"{written} "):
                return replace(found, text=f"{kind} {found.text[len(written) :].strip()}")
    message = f"expected the kind and the subject of an anomaly; kinds: {', '.join(ANOMALIES)}"
    report.add("bad-expectation", node, message)
    return None


_SERVICE_LIST = fields.names(empty=False)
_GROUP_KEYS: dict[str, Reader[Any]] = {"mode": _mode, "services": _group_services}
_GROUP = fields.record("a group", _GROUP_KEYS, required=_GROUP_KEYS)
_RECOVERY_KEYS: dict[str, Reader[Any]] = {
    "restore": fields.choice(Restore),
    "rollback": fields.choice(Rollback),
    "broker": fields.choice(Broker),
    "replay": fields.boolean,
    "resume": fields.boolean,
    "on_invalid": fields.choice(OnInvalid),
}
_DISASTER_KEYS: dict[str, Reader[Any]] = {"scope": _scope, "timing": fields.choice(Timing)}
_EXPECTED_ANOMALIES = "anomalies"
_EXPECT_KEYS: dict[str, Reader[Any]] = {
    "backup": fields.choice(_Expected),
    "availability": fields.choice(_Expected),
    "consistency": fields.choice(_Expected),
    "no-extra-loss": fields.choice(_Expected),
    _EXPECTED_ANOMALIES: fields.names(of=_anomaly),
}
_PLAN_KEYS: dict[str, Reader[Any]] = {
    "groups": _groups,
    "order": fields.names(),
    "recovery": fields.record("recovery", _RECOVERY_KEYS),
    "disaster": fields.record("disaster", _DISASTER_KEYS),
    "expect": fields.record("expect", _EXPECT_KEYS),
}
_PLAN = fields.record("a plan", _PLAN_KEYS)


def read_plans(report: Report, services: Services, node: Node) -> tuple[Plan, ...]:
    """Read the value of the key ``plans``; the plan ``independent`` comes before all others."""
    plans = [INDEPENDENT]
    contents = {replace(INDEPENDENT, name=""): INDEPENDENT.name}
    for name, value in fields.named(report, node, "plans"):
        if name.text == INDEPENDENT.name:
            report.add(
                "reserved-name", name, f"every specification has a plan {quoted(name.text)}; choose another name"
            )
        elif (record := _PLAN(report, value)) is not None:
            plan = _PlanReader(report, services, name, record).plan()
            twin = contents.setdefault(replace(plan, name=""), plan.name) if record.whole else plan.name
            if twin != plan.name:
                report.add("same-plan", name, f"this plan is identical to {quoted(twin)}")
            plans.append(plan)
    return tuple(plans)


class _PlanReader:
    """Makes one plan from its record."""

    def __init__(self, report: Report, services: Services, name: ScalarNode, record: Record) -> None:
        self._report = report
        self._services = services
        self._name = name
        self._record = record
        self._modes: dict[str, Mode] = {}
        self._listed: dict[str, ScalarNode] = {}

    def plan(self) -> Plan:
        """Return the plan; a value that could not be read is at its default, since its error ends the reading."""
        errors = self._report.errors
        groups = [group for record in self._record.values.get("groups", ()) if (group := self._group(record))]
        grouped = self._services.complete and self._report.errors == errors and self._readable("groups")
        order = tuple(self._ordered(node, grouped) for node in self._record.values.get("order", ()))
        recovery = Recovery(**self._values("recovery"))
        if recovery.rollback is Rollback.OLDEST and grouped:
            self._check_snapshots()
        plan = Plan(self._name.text, tuple(groups), order, recovery, self._disaster(), self._expectation())
        if grouped:
            self._warn_about_groups(groups)
        return plan

    def _readable(self, key: str) -> bool:
        """Whether nothing about this key is in doubt."""
        if self._record.unknown or (key in self._record.keys and key not in self._record.values):
            return False
        return all(record is not None and record.whole for record in self._record.values.get(key, ()))

    def _values(self, key: str) -> dict[str, Any]:
        record: Record | None = self._record.values.get(key)
        return record.values if record else {}

    def _group(self, record: Record | None) -> Group | None:
        if record is None or "services" not in record.values:
            return None
        listed: ScalarNode | tuple[ScalarNode, ...] = record.values["services"]
        if isinstance(listed, ScalarNode):
            members = dict.fromkeys(self._services.places, listed)
        else:
            members = {node.text: node for node in listed if self._services.service(node)}
        self._check_disjoint(members)
        mode = record.values.get("mode", Mode.INDEPENDENT)
        for service, node in members.items():
            self._modes[service] = mode
            self._listed[service] = node
        return Group(mode, tuple(members)) if members else None

    def _check_disjoint(self, members: dict[str, ScalarNode]) -> None:
        twice: set[ScalarNode] = set()  # the word `all` stands for many services, and gets one message
        for service, node in members.items():
            if service in self._listed and node not in twice:
                twice.add(node)
                line = self._listed[service].line
                message = f"{quoted(service)} is in two groups of this plan, first in line {line}"
                self._report.add("two-groups", node, message)

    def _ordered(self, node: ScalarNode, grouped: bool) -> str:
        service = self._services.service(node)
        mode = self._modes.get(node.text, Mode.INDEPENDENT)
        if service and grouped and mode != Mode.INDEPENDENT:
            message = f"{quoted(service)} has mode {mode}; 'order' may only list services of mode independent"
            self._report.add("not-independent", node, message)
        return node.text

    def _check_snapshots(self) -> None:
        modes = (self._modes.get(service, Mode.INDEPENDENT) for service in self._services.places)
        if not any(mode.takes_snapshots for mode in modes):
            recovery: Record = self._record.values["recovery"]
            message = "this plan takes no snapshots, so there is none to roll back to"
            self._report.add("no-snapshot", recovery.nodes["rollback"], message)

    def _disaster(self) -> Disaster:
        values = dict(self._values("disaster"))
        scope = values.pop("scope", Scope.WHOLE)
        if isinstance(scope, Scope):
            return Disaster(scope, **values)
        sets = tuple(tuple(node.text for node in crash if self._services.service(node)) for crash in scope)
        return Disaster(sets, **values)

    def _expectation(self) -> Expectation | None:
        if "expect" not in self._record.values:
            return None
        record: Record = self._record.values["expect"]
        verdicts = tuple((key, str(value)) for key, value in record.values.items() if key != _EXPECTED_ANOMALIES)
        if _EXPECTED_ANOMALIES not in record.values:
            return Expectation(verdicts)
        anomalies = tuple(node.text for node in record.values[_EXPECTED_ANOMALIES])
        consistency = _Expected.VIOLATED if anomalies else _Expected.HOLDS
        if record.values.get("consistency", consistency) is not consistency:
            message = f"with these anomalies, consistency is {consistency}"
            self._report.add("bad-expectation", record.nodes["consistency"], message)
        return Expectation(verdicts, anomalies)

    def _warn_about_groups(self, groups: list[Group]) -> None:
        for group, record in zip(groups, self._record.values.get("groups", ()), strict=True):
            mode = record.nodes["mode"]
            if group.mode.never_backed_up:
                message = f"{quoted(group.services[0])} is never backed up, so the whole application never is"
                self._report.add("never-backed-up", mode, message)
            if group.mode.recovers_together and len(group.services) == 1:
                message = f"{quoted(group.services[0])} is alone in its group, and mode {group.mode} is for several"
                self._report.add("lonely-group", mode, message)
