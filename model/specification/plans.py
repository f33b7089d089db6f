"""Read the key ``plans`` of a specification, from its tree to the values of ``bac.model.plan``.

docs/specification.md is the reference of the format; docs/semantics.md says what the keys mean.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from bac.model.architecture import Caching, Verb
from bac.model.errors import quoted
from bac.model.modes import Mode, modes
from bac.model.plan import ANOMALIES, INDEPENDENT, Disaster, Expectation, Group, Plan, Scope, Timing
from bac.model.recovery import Broker, OnInvalid, Onto, Recovery, Restore, Rollback, Source
from bac.model.specification import fields
from bac.model.specification.diagnostics import Report
from bac.model.specification.fields import Reader, Record
from bac.model.specification.services import Services, Traits
from bac.model.specification.use_cases import UseCases
from bac.model.specification.yaml_tree import ListNode, MappingNode, Node, ScalarNode

REPAIRS = ("backfill", "reconstruct", "collect")
"""The keys of ``recovery`` that name entities."""


@dataclass(frozen=True, slots=True)
class Repairable:
    """For each repair the plain names of the entities for which it can do something.

    ``backfill``: entities that others keep something of, by a copy step or in a cache.  ``reconstruct``: targets of
    links, unless they are scarce.  ``collect``: entities that can be orphans, because the use case that creates them
    links to them.
    """

    backfill: frozenset[str]
    reconstruct: frozenset[str]
    collect: frozenset[str]
    scarce: frozenset[str]

    @classmethod
    def of(cls, use_cases: UseCases, traits: Traits, caches: Iterable[tuple[tuple[str, str], Caching]]) -> Repairable:
        """Return the entities of these use cases for which each repair can do something."""
        cached = {target for (_, target), caching in caches if caching is Caching.WITH_THE_LINK}
        copied = {entity for entity, _ in use_cases.copied}
        linked, within = set(), set()
        for case in use_cases.use_cases:
            created = {step.entity for step in case.steps if step.verb is Verb.CREATE}
            targets = {link.target for step in case.steps for link in step.links}
            linked |= {entity.name for entity in targets}
            within |= {entity.name for entity in targets & created}
        scarce = traits.scarce
        return cls(frozenset(copied | cached), frozenset(linked - scarce), frozenset(within), scarce)

    def entities(self, repair: str) -> frozenset[str]:
        """Return the entities for which the repair of this name can do something."""
        match repair:
            case "backfill":
                return self.backfill
            case "reconstruct":
                return self.reconstruct
            case _:
                return self.collect

    def reason(self, repair: str, entity: str) -> str:
        """Return why this repair can do nothing for an entity that is not among its own."""
        match repair:
            case "backfill":
                return f"no step copies {quoted(entity)}, and no link to it is cached with the link"
            case "reconstruct" if entity in self.scarce:
                return f"{quoted(entity)} is scarce, so what was lost is taken by someone else"
            case "reconstruct":
                return f"no link leads to {quoted(entity)}"
            case _:
                return f"no use case creates {quoted(entity)} and links to it, so it is never an orphan"


class _Expected(StrEnum):
    """The verdicts that a plan may expect."""

    HOLDS = "holds"
    VIOLATED = "violated"


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


_EXPECTED_ANOMALIES = "anomalies"
_EXPECT_KEYS: dict[str, Reader[Any]] = {
    "backup": fields.choice(_Expected),
    "availability": fields.choice(_Expected),
    "consistency": fields.choice(_Expected),
    "no-extra-loss": fields.choice(_Expected),
    _EXPECTED_ANOMALIES: fields.names(of=_anomaly),
}
EXPECTATION = fields.record("expect", _EXPECT_KEYS)
"""The reader of the value of the key."""


def expectation(report: Report, record: Record) -> Expectation:
    """Return what a plan expects; report it if it contradicts itself."""
    verdicts = tuple((key, str(value)) for key, value in record.values.items() if key != _EXPECTED_ANOMALIES)
    if _EXPECTED_ANOMALIES not in record.values:
        return Expectation(verdicts)
    anomalies = tuple(node.text for node in record.values[_EXPECTED_ANOMALIES])
    consistency = _Expected.VIOLATED if anomalies else _Expected.HOLDS
    if record.values.get("consistency", consistency) is not consistency:
        message = f"with these anomalies, consistency is {consistency}"
        report.add("bad-expectation", record.nodes["consistency"], message)
    return Expectation(verdicts, anomalies)


ALL = "all"
"""The word for the list of all services in a group."""


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


def _entities(report: Report, node: Node) -> bool | tuple[ScalarNode, ...] | None:
    """Read a list of entities, or ``true`` for all of them."""
    if isinstance(node, ScalarNode) and node.plain and node.text in fields.BOOLEANS:
        return fields.boolean(report, node)
    if isinstance(node, MappingNode):
        report.add("wrong-type", node, "expected true or a list of names, found a mapping")
        return None
    return fields.names(fields.entity, single=True)(report, node)


_SERVICE_LIST = fields.names(empty=False)
_GROUP_KEYS: dict[str, Reader[Any]] = {"mode": _mode, "services": _group_services, "holds": fields.names(empty=False)}
_GROUP = fields.record("a group", _GROUP_KEYS, required=["mode", "services"])
_RECOVERY_KEYS: dict[str, Reader[Any]] = {
    "restore": fields.choice(Restore),
    "rollback": fields.choice(Rollback),
    "broker": fields.choice(Broker),
    "replay": fields.boolean,
    "resume": fields.boolean,
    "on_invalid": fields.choice(OnInvalid),
    "from": fields.choice(Source),
    "onto": fields.choice(Onto),
    "retry": fields.boolean,
    **dict.fromkeys(REPAIRS, _entities),
    "undo": fields.boolean,
}
_DISASTER_KEYS: dict[str, Reader[Any]] = {"scope": _scope, "timing": fields.choice(Timing)}
_PLAN_KEYS: dict[str, Reader[Any]] = {
    "groups": _groups,
    "order": fields.names(),
    "recovery": fields.record("recovery", _RECOVERY_KEYS),
    "disaster": fields.record("disaster", _DISASTER_KEYS),
    "expect": EXPECTATION,
}
_PLAN = fields.record("a plan", _PLAN_KEYS)


@dataclass(frozen=True)
class Application:
    """The parts of a specification that its plans name, as far as they could be read."""

    services: Services
    use_cases: UseCases
    repairable: Repairable


def read_plans(application: Application, node: Node) -> tuple[Plan, ...]:
    """Read the value of the key ``plans``; the plan ``independent`` comes before all others."""
    report = application.services.report
    plans = [INDEPENDENT]
    contents = {replace(INDEPENDENT, name=""): INDEPENDENT.name}
    for name, value in fields.named(report, node, "plans"):
        if name.text == INDEPENDENT.name:
            message = f"every specification has a plan {quoted(name.text)}; choose another name"
            report.add("reserved-name", name, message)
        elif (record := _PLAN(report, value)) is not None:
            errors = report.errors
            plan = _PlanReader(application, name, record).plan()
            sound = record.whole and report.errors == errors
            twin = contents.setdefault(replace(plan, name=""), plan.name) if sound else plan.name
            if twin != plan.name:
                report.add("same-plan", name, f"this plan is identical to {quoted(twin)}")
            plans.append(plan)
    return tuple(plans)


class _PlanReader:
    """Makes one plan from its record."""

    def __init__(self, application: Application, name: ScalarNode, record: Record) -> None:
        self._application = application
        self._services = application.services
        self._report = application.services.report
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
        plan = Plan(self._name.text, tuple(groups), order, self._recovery(), self._disaster(), self._expectation())
        self._check_rollback(plan, grouped)
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
        return dict(record.values) if record else {}

    # Groups and their order

    def _group(self, record: Record | None) -> Group | None:
        if record is None or "services" not in record.values:
            return None
        members = self._members(record.values["services"])
        self._check_disjoint(members)
        mode = record.values.get("mode", Mode.INDEPENDENT)
        for service, node in members.items():
            self._modes[service] = mode
            self._listed[service] = node
        return Group(mode, tuple(members), self._held(record, members)) if members else None

    def _members(self, listed: ScalarNode | tuple[ScalarNode, ...]) -> dict[str, ScalarNode]:
        """Return the services of a group, with the places that name them."""
        if isinstance(listed, tuple):
            return {node.text: node for node in listed if self._services.backed_up_service(node, "a group")}
        return dict.fromkeys(self._services.backed_up, listed)

    def _held(self, record: Record, members: Collection[str]) -> tuple[str, ...] | None:
        """Return the use cases that the lock of a group holds back, or ``None`` for all."""
        if "holds" not in record.keys:
            return None
        mode = record.values.get("mode")
        if mode is not None and not mode.may_hold:
            owners = " or ".join(each.name for each in modes() if each.may_hold)
            self._report.add("misplaced-key", record.keys["holds"], f"'holds' belongs to mode {owners}, not to {mode}")
        use_cases, steps = self._application.use_cases, self._application.use_cases.by_service
        for node in record.values.get("holds", ()):
            if node.text not in use_cases.names and use_cases.named:
                message = f"there is no use case {quoted(node.text)}"
                self._report.add("unknown-use-case", node, message, wrong=node.text, candidates=use_cases.names)
            elif use_cases.complete and not any(node.text in steps.get(member, ()) for member in members):
                message = f"{quoted(node.text)} has no step in this group, so its lock cannot hold it back"
                self._report.add("no-effect", node, message)
        return tuple(node.text for node in record.values.get("holds", ()))

    def _check_disjoint(self, members: dict[str, ScalarNode]) -> None:
        twice: set[ScalarNode] = set()  # the word `all` stands for many services, and gets one message
        for service, node in members.items():
            if service in self._listed and node not in twice:
                twice.add(node)
                line = self._listed[service].line
                message = f"{quoted(service)} is in two groups of this plan, first in line {line}"
                self._report.add("two-groups", node, message)

    def _ordered(self, node: ScalarNode, grouped: bool) -> str:
        service = self._services.backed_up_service(node, "'order'")
        mode = self._modes.get(node.text, Mode.INDEPENDENT)
        if service and grouped and mode != Mode.INDEPENDENT:
            message = f"{quoted(service)} has mode {mode}; 'order' may only list services of mode independent"
            self._report.add("not-independent", node, message)
        return node.text

    def _warn_about_groups(self, groups: list[Group]) -> None:
        for group, record in zip(groups, self._record.values.get("groups", ()), strict=True):
            mode = record.nodes["mode"]
            if group.mode.never_backed_up:
                message = f"{quoted(group.services[0])} is never backed up, so the whole application never is"
                self._report.add("never-backed-up", mode, message)
            if group.mode.recovers_together and not group.mode.locks and len(group.services) == 1:
                message = f"{quoted(group.services[0])} is alone in its group, and mode {group.mode} is for several"
                self._report.add("lonely-group", mode, message)

    # Recovery, disaster and what is expected

    def _recovery(self) -> Recovery:
        values = self._values("recovery")
        values |= {repair: self._entities(repair, values.get(repair, False)) for repair in REPAIRS}
        return Recovery(source=values.pop("from", Source.SET), **values)

    def _entities(self, repair: str, value: bool | tuple[ScalarNode, ...]) -> tuple[str, ...]:
        """Return the entities that a repair names, in alphabetical order, where ``true`` stands for all of its own."""
        able = self._application.repairable.entities(repair)
        if isinstance(value, bool):
            return tuple(sorted(able)) if value else ()
        known = [node for node in value if self._services.entity(node.text, node)]
        if self._application.use_cases.complete:
            for node in known:
                if node.text not in able:
                    reason = self._application.repairable.reason(repair, node.text)
                    self._report.add("no-effect", node, f"{repair} has no effect here: {reason}")
        return tuple(sorted(node.text for node in known))

    def _check_rollback(self, plan: Plan, grouped: bool) -> None:
        nodes = self._record.values["recovery"].nodes if "recovery" in self._record.values else {}
        for code, key, message in plan.contradictions(self._services.backed_up):
            if grouped or code != "no-snapshot":
                self._report.add(code, nodes[key], message)

    def _disaster(self) -> Disaster:
        values = self._values("disaster")
        scope = values.pop("scope", Scope.WHOLE)
        if isinstance(scope, Scope):
            return Disaster(scope, **values)
        service = self._services.backed_up_service
        sets = tuple(tuple(node.text for node in crash if service(node, "a disaster")) for crash in scope)
        return Disaster(sets, **values)

    def _expectation(self) -> Expectation | None:
        record: Record | None = self._record.values.get("expect")
        return expectation(self._report, record) if record else None
