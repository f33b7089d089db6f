"""Read use cases and their links: the keys ``use_cases`` and ``references`` of a specification.

Everything is read before it is compared.  That something is missing is only reported if everything that might have
supplied it was understood, so that one mistake gives one message.  docs/specification.md describes the format.
"""

from __future__ import annotations

from collections.abc import Collection, Hashable, Iterable, Sequence, Set
from dataclasses import dataclass, field
from functools import cached_property, partial
from graphlib import CycleError, TopologicalSorter
from typing import Any, TypeVar

from bac.model.architecture import Entity, Link, Step, UseCase, Verb, Via
from bac.model.errors import quoted
from bac.model.specification import fields
from bac.model.specification.diagnostics import Place, Report
from bac.model.specification.fields import Reader, Record
from bac.model.specification.services import Services
from bac.model.specification.yaml_tree import MappingNode, Node, ScalarNode

H = TypeVar("H", bound=Hashable)

_VERBS = {str(verb): verb for verb in Verb}

_READS = frozenset({"read", "get", "list", "query", "find", "fetch", "select", "show", "search"})

_PARTNER = {Verb.CREATE: "refers_to", Verb.LINK: "to", Verb.UNLINK: "from", Verb.COPY: "at", Verb.DELETE: "kept"}
"""For each verb the key that only its steps have."""

_REQUIRED = frozenset({"to", "from", "at"})
"""Those of these keys that are required."""

_STEP_KEYS: dict[str, Reader[Any]] = {
    **dict.fromkeys(_VERBS, partial(fields.name, several="write one step for each entity")),
    "refers_to": fields.names(single=True),
    "to": partial(fields.name, several="write one link step for each target"),
    "from": partial(fields.name, several="write one unlink step for each target"),
    "at": partial(fields.name, several="write one copy step for each service"),
    "kept": fields.boolean,
    "needs": fields.names(fields.entity, single=True),
    "once": fields.boolean,
    "via": fields.choice(Via),
    "after": fields.names(single=True, empty=False),
    "name": fields.name,
}


def _unknown_step_keys(report: Report, keys: Sequence[ScalarNode], known: Set[str]) -> None:
    """Report the unknown keys of a step; the first of them is taken for its verb if it has none."""
    if keys and not known & _VERBS.keys():
        verb, *keys = keys
        is_read = verb.text.casefold() in _READS
        message = f"there is no verb {quoted(verb.text)}" + " (reads are not modelled)" * is_read
        similar, listed = () if is_read else _VERBS, f"; verbs: {', '.join(_VERBS)}"
        report.add("unknown-key", verb, message, wrong=verb.text, candidates=similar, otherwise=listed)
    fields.report_unknown(report, keys, "a step", _STEP_KEYS)


_STEP = fields.record("a step", _STEP_KEYS, unknown_keys=_unknown_step_keys)
_USE_CASE_KEYS: dict[str, Reader[Any]] = {"background": fields.boolean, "steps": fields.anything}
_USE_CASE = fields.record("a use case", _USE_CASE_KEYS, required=["steps"])


@dataclass(frozen=True, slots=True)
class _Draft:
    """A step whose names are all known, before its use case gives it a number and predecessors.

    ``subject`` and ``partners`` are the places of the names of the entity and of its targets (or of the service).
    """

    record: Record
    verb: Verb
    entity: Entity
    service: str
    subject: ScalarNode
    partners: tuple[ScalarNode, ...] = ()
    links: tuple[Link, ...] = ()
    unlinks: Link | None = None
    needs: tuple[Entity, ...] = ()

    def step(self, number: int, predecessors: tuple[int, ...]) -> Step:
        """Return the step, at its place in the use case."""
        values = self.record.values
        return Step(
            number,
            self.verb,
            self.entity,
            self.service,
            values.get("via", Via.CALL),
            predecessors,
            self.links,
            self.unlinks,
            name=values["name"].text if "name" in values else "",
            needs=self.needs,
            once=values.get("once", False),
            kept=values.get("kept", False),
        )


@dataclass
class UseCases:
    """The use cases of a file, and the place of everything that their steps do.

    ``names`` are the names of all use cases, and ``named`` whether all of them could be read; ``complete``: all steps
    could be understood.  ``places`` has every step that could be, by use case and number.
    """

    use_cases: list[UseCase] = field(default_factory=list)
    names: list[str] = field(default_factory=list)
    created: list[tuple[Entity, Place]] = field(default_factory=list)
    used: list[tuple[Entity, Place]] = field(default_factory=list)
    linked: list[tuple[Link, Place]] = field(default_factory=list)
    unlinked: list[tuple[Link, Place]] = field(default_factory=list)
    copied: dict[tuple[str, str], Place] = field(default_factory=dict)
    places: dict[tuple[str, int], Place] = field(default_factory=dict)
    named: bool = True
    complete: bool = True

    @cached_property
    def by_service(self) -> dict[str, set[str]]:
        """For each service the names of the use cases with a step in it."""
        table: dict[str, set[str]] = {}
        for use_case in self.use_cases:
            for step in use_case.steps:
                table.setdefault(step.service, set()).add(use_case.name)
        return table

    def check_link(self, report: Report, place: Place, link: str) -> None:
        """Report a link that no step makes, if all steps could be understood."""
        if self.complete:
            _check_link(report, place, link, self._links)

    @cached_property
    def _links(self) -> dict[str, None]:
        return dict.fromkeys(str(link) for link, _ in self.linked)


def read_use_cases(report: Report, services: Services, node: Node) -> UseCases:
    """Read the value of the key ``use_cases``, to be checked by :func:`check_use_cases`."""
    errors = report.errors
    listed = fields.named(report, node, "use_cases")
    result = UseCases(names=[name.text for name, _ in listed], named=report.errors == errors)
    read: list[tuple[str, bool, list[Record | None], list[_Draft | None]]] = []
    for name, value in listed:
        background, content = _content(report, value)
        records = [_STEP(report, step) for step in _steps(report, name, content)] if content is not None else []
        drafts = [_draft(report, services, record) if record else None for record in records]
        read.append((name.text, background, records, drafts))
    result.complete = services.complete and report.errors == errors
    for use_case, background, records, drafts in read:
        predecessors = _predecessors(report, records)
        steps = []
        for number, draft in enumerate(drafts, 1):
            if draft is not None:
                _collect(result, draft)
                result.places[use_case, number] = draft.record.keys[draft.verb]
                steps.append(draft.step(number, predecessors[number - 1]))
        result.use_cases.append(UseCase(use_case, tuple(steps), background))
    return result


def read_references(report: Report, services: Services, node: Node) -> UseCases:
    """Read the value of the key ``references``: for each the canonical use case of the article's Figures 3 and 4.

    Each reference has entities of its own, told apart by their scope.
    """
    errors = report.errors
    result = UseCases()
    for item in fields.items(report, node, 'references "holder -> target"'):
        text = fields.link(report, item)
        holder = text and services.entity(text.holder, text, f"{text}/holder")
        target = text and services.entity(text.target, text, f"{text}/target")
        if text and holder and target:
            link = Link(holder, target)
            first = Step(1, Verb.CREATE, target, target.service)
            second = Step(2, Verb.CREATE, holder, holder.service, predecessors=(1,), links=(link,))
            result.linked.append((link, text))
            result.names.append(str(text))
            result.places |= {(str(text), step.number): text for step in (first, second)}
            result.use_cases.append(UseCase(str(text), (first, second)))
    result.complete = services.complete and report.errors == errors
    result.named = result.complete
    return result


def check_use_cases(report: Report, use_cases: UseCases) -> None:
    """Report links and entities that are made twice, and those that are used and not made at all."""
    _once(report, "duplicate-link", use_cases.linked, "the link {} is made twice, first in line {}")
    creators = _once(report, "two-creators", use_cases.created, "{} is created twice, first in line {}")
    if not use_cases.complete:
        return
    for entity, place in dict(reversed(use_cases.used)).items():
        if entity not in creators:
            report.add("never-created", place, f"no step creates {quoted(entity.name)}, which is used here")
    for link, place in use_cases.unlinked:
        use_cases.check_link(report, place, str(link))


def warn_about_use(
    report: Report, services: Services, use_cases: UseCases, cached: Collection[tuple[str, str]], place: Place
) -> None:
    """Warn about what is declared and never used.

    Args:
        report: collects the warnings.
        services: the services.
        use_cases: the use cases.
        cached: the links, by plain names, that are cached when they are made.
        place: that of the key for use cases.
    """
    if not use_cases.use_cases:
        report.add("no-use-cases", place, "there are no use cases, so nothing happens in any run")
        return
    steps = [step for use_case in use_cases.use_cases for step in use_case.steps]
    busy = {step.service for step in steps}
    used = {step.entity.name for step in steps}  # the target of a link is created by some step, too
    for service, declared in services.places.items():
        if service not in busy:
            report.add("unused-service", declared, f"no step runs in {quoted(service)}")
    for entity, (owner, declared) in services.owners.items():
        if entity not in used and owner in busy:
            report.add("unused-entity", declared, f"no step creates or uses {quoted(entity)}")
    copies, copied = services.copies, use_cases.copied
    kept = {(target, services.owners[holder][0]) for holder, target in cached}
    for (entity, service), place in [*copies.items(), *copied.items()]:
        if services.owners[entity][0] == service:
            report.add("copy-at-owner", place, f"{quoted(service)} owns {quoted(entity)} and needs no copy of it")
        elif (entity, service) not in copies:
            report.add("unlisted-copy", place, f"{quoted(service)} does not list {quoted(entity)} under copies")
        elif (entity, service) not in copied and (entity, service) not in kept:
            report.add("unfilled-copy", place, f"no step copies {quoted(entity)} to {quoted(service)}")


def _content(report: Report, node: Node) -> tuple[bool, Node | None]:
    """Return whether a use case runs in the background, and its steps, which may be all there is of it."""
    if not isinstance(node, MappingNode):
        return False, node
    record = _USE_CASE(report, node)
    if record is None:
        return False, None
    return record.values.get("background", False), record.nodes.get("steps")


def _steps(report: Report, name: ScalarNode, node: Node) -> tuple[Node, ...]:
    errors = report.errors
    steps = fields.items(report, node, "steps")
    if not steps and report.errors == errors:
        report.add("no-steps", name, f"the use case {quoted(name.text)} has no steps")
    return steps


def _draft(report: Report, services: Services, record: Record) -> _Draft | None:
    """Return the step with its names looked up, if all of it is understood."""
    verb = _verb(report, record)
    if verb is None or not record.whole:
        return None
    subject: ScalarNode = record.values[verb]
    partners = _partners(record, verb)
    entity = services.entity(subject.text, subject)
    service = entity.service if entity else None
    targets: list[Entity | None] = []
    if verb is Verb.COPY:
        service = services.service(partners[0])
    else:
        targets = [services.entity(node.text, node) for node in partners]
    needs = [services.entity(node.text, node) for node in record.values.get("needs", ())]
    if entity is None or service is None or None in [*targets, *needs]:
        return None
    links = tuple(Link(entity, target) for target in targets if target)
    made, unlinks = ((), links[0]) if verb is Verb.UNLINK else (links, None)
    needed = tuple(each for each in needs if each)
    return _Draft(record, verb, entity, service, subject, partners, made, unlinks, needed)


def _partners(record: Record, verb: Verb) -> tuple[ScalarNode, ...]:
    """Return the names of the targets of a step's links, or of the service that a copy goes to."""
    partner = record.values.get(_PARTNER.get(verb, ""), ())
    if isinstance(partner, ScalarNode):
        return (partner,)
    return partner if isinstance(partner, tuple) else ()


def _verb(report: Report, record: Record) -> Verb | None:
    """Return the one verb of a step, if the step has the keys that belong to it."""
    verbs = [key for key in record.keys if key in _VERBS]
    if not verbs:
        if not record.unknown:
            report.add("no-verb", record.place, f"this step has no verb; verbs: {', '.join(_VERBS)}")
        return None
    if len(verbs) > 1:
        report.add(
            "two-verbs", record.keys[verbs[1]], f"this step has two verbs, {verbs[0]} and {verbs[1]}; make it two steps"
        )
        return None
    verb = _VERBS[verbs[0]]
    partner = _PARTNER.get(verb)
    misplaced = [key for key in record.keys if key in _PARTNER.values() and key != partner]
    for key in misplaced:
        owner = next(each for each, its in _PARTNER.items() if its == key)
        message = f"{quoted(key)} belongs to the verb {owner}, not to {verb}"
        report.add("misplaced-key", record.keys[key], message)
    missing = partner in _REQUIRED and partner not in record.keys
    if partner and missing and not misplaced and not record.unknown:
        report.add("missing-key", record.place, f"the verb {verb} needs the key {quoted(partner)}")
    return None if misplaced or missing else verb


def _collect(result: UseCases, draft: _Draft) -> None:
    """Collect what the step creates, makes, removes and uses."""
    result.used += zip(draft.needs, draft.record.values.get("needs", ()), strict=True)
    if draft.unlinks is not None:  # the step that makes the link uses both
        result.unlinked.append((draft.unlinks, draft.partners[0]))
        return
    (result.created if draft.verb is Verb.CREATE else result.used).append((draft.entity, draft.subject))
    for link, node in zip(draft.links, draft.partners, strict=False):  # a copy has a partner and no link
        result.linked.append((link, node))
        result.used.append((link.target, node))
    if draft.verb is Verb.COPY:
        result.copied.setdefault((draft.entity.name, draft.service), draft.partners[0])


def _predecessors(report: Report, records: list[Record | None]) -> list[tuple[int, ...]]:
    """Return for each step the numbers of its predecessors: those it names, else the one before it in the list."""
    if records and records[0] is not None:
        _check_first(report, records[0])
    numbers = _step_numbers(report, records)
    all_named = all(record and ("name" in record.values or "name" not in record.keys) for record in records)
    result: list[tuple[int, ...]] = [()] if records else []
    for number, record in list(enumerate(records, 1))[1:]:
        after: tuple[ScalarNode, ...] = record.values.get("after", ()) if record else ()
        for node in after:
            if node.text not in numbers and all_named:
                message = f"no step of this use case has the name {quoted(node.text)}"
                report.add("unknown-step", node, message, wrong=node.text, candidates=numbers)
        known = sorted({numbers[node.text] for node in after if node.text in numbers})
        result.append(tuple(known) or (number - 1,))
    _check_cycles(report, records, result)
    return result


def _check_first(report: Report, record: Record) -> None:
    reason = "the first step is the client's command, which"
    if record.values.get("via") is Via.EVENT:
        report.add("first-step", record.keys["via"], f"{reason} no event triggers")
    if "after" in record.keys:
        report.add("first-step", record.keys["after"], f"{reason} follows no other step")


def _step_numbers(report: Report, records: list[Record | None]) -> dict[str, int]:
    """Return the numbers of the steps that have names."""
    numbers: dict[str, int] = {}
    for number, record in enumerate(records, 1):
        if record and "name" in record.values:
            node: ScalarNode = record.values["name"]
            if numbers.setdefault(node.text, number) != number:
                message = (
                    f"two steps of this use case have the name {quoted(node.text)}, first step {numbers[node.text]}"
                )
                report.add("duplicate-step", node, message)
    return numbers


def _check_cycles(report: Report, records: list[Record | None], predecessors: list[tuple[int, ...]]) -> None:
    try:
        TopologicalSorter(dict(enumerate(predecessors, 1))).prepare()
    except CycleError as error:
        cycle: list[int] = error.args[1][:-1]  # each step comes before the next one, the last one before the first
        steps = ((number, records[number - 1]) for number in cycle)
        afters = {number: step.keys["after"] for number, step in steps if step and "after" in step.keys}
        first = min(afters)  # every cycle has a step with this key, or the list would not go forward only
        start = cycle.index(first)
        around = [*cycle[start:], *cycle[:start], first]
        shown = " → ".join(map(str, around if len(around) <= 20 else [*around[:20], "…"]))
        report.add("cycle", afters[first], f"step {first} follows itself: {shown}")


def _once(report: Report, code: str, found: Iterable[tuple[H, Place]], message: str) -> dict[H, Place]:
    """Return the first place of each of these; report every other place."""
    first: dict[H, Place] = {}
    for thing, place in found:
        if thing in first:
            report.add(code, place, message.format(quoted(str(thing)), first[thing].line))
        first.setdefault(thing, place)
    return first


def _check_link(report: Report, place: Place, link: str, known: Collection[str]) -> None:
    if link not in known:
        message = f"no step makes the link {quoted(link)}"
        reverse = " -> ".join(reversed(link.split(" -> ")))
        wrong, candidates = (reverse, [reverse]) if reverse in known else (link, known)
        report.add("unknown-link", place, message, wrong=wrong, candidates=candidates)
