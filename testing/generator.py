"""Whole specifications with one plan, made by choices, as the plain documents that YAML or JSON holds.

All of them are valid, and small: their state spaces are to be searched by every engine.  The choices come from a seeded
``random.Random`` for campaigns, or from Hypothesis, which makes examples smaller (strategies.py).  Wherever there is a
choice, the first is the simplest, so that the smallest choices make the smallest specification.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from random import Random
from typing import Any, TypeVar

T = TypeVar("T")
Document = dict[str, Any]
Step = dict[str, Any]

SERVICES = ("a", "b", "c")
ENTITIES = ("x", "y", "z")
USE_CASES = ("one", "two", "three")
MODES = ("independent", "atomic", "locked", "stopped", "shared-database", "markers", "continuous", "rebuilt", "none")
UNSNAPPED = frozenset({"continuous", "none", "rebuilt"})
PLAIN_MODES = tuple(mode for mode in MODES if mode not in ("stopped", "rebuilt"))
UNITS = ("atomic", "locked", "stopped", "shared-database", "markers")  # services of such a group are restored together
MOST_MORE_STEPS = 3  # beside those that create the entities


@dataclass(frozen=True)
class Choices:
    """Choices; the first of what there is to choose from is the simplest.

    Args:
        below: returns a number from 0 to one less than its argument, which is at least 2.
        plain: choose only what the first version of the language had.
        span: makes something by choices that Hypothesis may leave out together.
    """

    below: Callable[[int], int]
    plain: bool = False
    span: Callable[[Callable[[Choices], Any]], Any] | None = None

    def together(self, make: Callable[[Choices], T]) -> T:
        """Return what is made by choices that may be left out together."""
        made: T = make(self) if self.span is None else self.span(make)
        return made

    def number(self, least: int, most: int) -> int:
        """Return a number between these, both included.

        Where there is only one, a choice is made all the same, so that those that follow keep their places.
        """
        count = most - least + 1
        return least + self.below(max(2, count)) % count

    def pick(self, options: Sequence[T]) -> T:
        """One of these."""
        return options[self.number(0, len(options) - 1)]

    def one_in(self, number: int) -> bool:
        """True once in so many times."""
        return self.below(number) == number - 1

    def also_in(self, number: int) -> bool:
        """True once in so many times, for what the first version of the language did not have."""
        return not self.plain and self.one_in(number)

    def some(self, options: Sequence[T], least: int = 0, most: int | None = None) -> list[T]:
        """Some of these, in any order."""
        count = self.number(least, len(options) if most is None else min(most, len(options)))
        left = list(options)
        return [left.pop(self.number(0, len(left) - 1)) for _ in range(count)]

    def shuffled(self, options: Sequence[T]) -> list[T]:
        """All of these, in any order."""
        left = list(options)
        return [left.pop(self.number(0, len(left) - 1)) for _ in options]


@dataclass(frozen=True)
class Dealt:
    """A step with its place.

    Args:
        step: the step.
        use_case: the number of its use case.
        back: how many of the steps before it, in that use case, it overtakes.
        event: whether it is triggered by an event.
        causes: by which of the steps before it, if not by the last: numbers that may be too large.
    """

    step: Step
    use_case: int
    back: int
    event: bool
    causes: tuple[int, ...]


def problem(random: Random) -> Document:
    """A specification with one plan, called ``p``."""
    choices = Choices(random.randrange)
    document = specification(choices)
    return document | {"plans": {"p": plan(choices, document)}}


def specification(choices: Choices) -> Document:
    """A specification without plans: 1-3 services, 1-3 entities and 1-3 use cases of at most six steps in all.

    Every entity is created by one step.  About one in twelve uses the ``references`` shorthand.  All choices about one
    entity are made one after the other, so that Hypothesis can leave it out.
    """
    services = SERVICES[: choices.pick([1, 2, 2, 3, 3])]
    entities = ENTITIES[: choices.pick([1, 2, 2, 3])]
    shorthand = choices.one_in(12)
    external = choices.pick(services) if choices.also_in(4) and len(services) > 1 else ""
    owners: dict[str, str] = {}
    traits: dict[str, Document] = {}
    steps: list[Dealt] = []
    for entity in entities:

        def made(choices: Choices, entity: str = entity) -> None:
            owners[entity] = choices.pick(services)
            traits[entity] = _traits(choices)
            if not shorthand:
                steps.append(_dealt(choices, steps, _creation(choices, entity, entities)))

        choices.together(made)
    if shorthand:
        links = [f"{holder} -> {target}" for holder in entities for target in entities]
        content: Document = {"references": choices.some(links, 1, 2)}
    else:
        content = {"use_cases": _use_cases(choices, services, owners, steps)}
    document: Document = {"name": "generated", "services": _services(choices, services, owners, external, content)}
    document |= content
    document["entities"] = _without_empty(traits)
    document["tolerates"] = _tolerance(choices, document)
    document["caches"] = _caches(choices, document, owners)
    return _without_empty(document)


def plan(choices: Choices, document: Document) -> Document:
    """A plan for this specification: any groups, order, recovery and disaster that are valid."""
    services = services_of(document)
    theme = choices.pick(
        ["anything", "anything", "anything", "parts of units", "two rounds"][: 3 if choices.plain else 5]
    )
    modes = UNITS if theme == "parts of units" else PLAIN_MODES if choices.plain else MODES
    groups = _groups(choices, services, list(document.get("use_cases", {})), modes)
    modes_of: dict[str, Any] = dict.fromkeys(services, "independent")
    for group in groups:
        modes_of |= dict.fromkeys(services if group["services"] == "all" else group["services"], group["mode"])
    independent = [service for service in services if modes_of[service] == "independent"]
    ordered = choices.some(independent) if choices.one_in(2) else []
    recovery = _recovery(choices, _entities(document), any(mode not in UNSNAPPED for mode in modes_of.values()))
    strikes = disaster(choices, services)
    if theme == "parts of units":
        recovery |= choices.pick([{"onto": "existing"}, {"restore": "crashed"}])
        strikes["scope"] = [[choices.pick(services)]]
    elif theme == "two rounds":
        recovery["from"] = "newest"
    if recovery.get("onto") == "existing" or recovery.get("from") == "newest":
        recovery.pop("rollback", None)
    return _without_empty({"groups": groups, "order": ordered, "recovery": recovery, "disaster": strikes})


# The application


def _creation(choices: Choices, entity: str, entities: Sequence[str]) -> Step:
    """The step that creates an entity, which mostly refers to those that are created before it."""
    others = [each for each in entities if each != entity]
    near = others if choices.one_in(5) else entities[: entities.index(entity)]
    return _with_marks(choices, {"create": entity, "refers_to": choices.some(near, 0, 2)}, entities)


def _dealt(choices: Choices, before: Sequence[Dealt], step: Step) -> Dealt:
    """The step in a use case that has steps already, or in the next, mostly after all others."""
    used = max((dealt.use_case for dealt in before), default=-1) + 1
    use_case = choices.pick([*sorted([*range(used), *range(used)]), *range(used, len(USE_CASES))][: 2 * used + 1])
    back, event = choices.pick([0, 0, 0, 1, 2]), choices.one_in(2)
    causes = tuple(choices.below(6) for _ in range(choices.number(1, 2))) if choices.one_in(3) else ()
    return Dealt(step, use_case, back, event, causes)


def _use_cases(choices: Choices, services: Sequence[str], owners: dict[str, str], creations: list[Dealt]) -> Document:
    """The use cases, with the steps that create the entities, and some others."""
    entities, steps = tuple(owners), list(creations)
    made = {(each.step["create"], target) for each in steps for target in each.step.get("refers_to", ())}
    pairs = [(holder, target) for holder in entities for target in entities if holder != target]
    free = [pair for pair in pairs if pair not in made]

    def another(choices: Choices) -> Dealt:
        links = _links({"use_cases": {"": [each.step for each in steps]}})
        step = _with_marks(choices, _another_step(choices, services, owners, free, links), entities)
        return _dealt(choices, steps, step)

    for _ in range(choices.number(0, MOST_MORE_STEPS)):
        steps.append(choices.together(another))
    found: Document = {}
    for number, name in enumerate(USE_CASES):
        if mine := [each for each in steps if each.use_case == number]:
            ordered = _in_order(choices, mine)
            found[name] = {"background": True, "steps": ordered} if choices.also_in(6) else ordered
    return found


def _another_step(
    choices: Choices,
    services: Sequence[str],
    owners: dict[str, str],
    free: list[tuple[str, str]],
    links: list[str],
) -> Step:
    """A step that creates nothing; ``free`` are the links that no step makes yet, ``links`` the others."""
    entity = choices.pick(list(owners))
    match choices.pick(["copy", "update", "delete", "copy", *["link"] * bool(free), *["unlink"] * bool(links)]):
        case "link":
            holder, target = free.pop(choices.number(0, len(free) - 1))
            return {"link": holder, "to": target}
        case "unlink":
            holder, target = choices.pick(links).split(" -> ")
            return {"unlink": holder, "from": target}
        case "copy":
            holders = [owners[link.split(" -> ")[0]] for link in links if link.endswith(f" -> {entity}")]
            others = [service for service in (*holders, *services) if service != owners[entity]]
            return {"copy": entity, "at": choices.pick(others or services)}
        case verb:
            return {verb: entity}


def _with_marks(choices: Choices, step: Step, entities: Sequence[str]) -> Step:
    """The step, sometimes with ``needs``, ``once`` or ``kept``."""
    others = [each for each in entities if each != step.get("create")]
    needs = choices.some(others, 1, 2) if others and choices.also_in(8) else []
    marked = step | {"needs": needs[0] if len(needs) == 1 and choices.one_in(2) else needs}
    marked |= {"once": choices.also_in(4), "kept": "delete" in step and choices.also_in(2)}
    return _without_empty(marked)


def _in_order(choices: Choices, dealt: Sequence[Dealt]) -> list[Step]:
    """The steps, put into a directed acyclic graph: chains mostly, but also joins, fan-outs and forward references."""
    steps: list[Dealt] = []
    for each in dealt:
        steps.insert(max(0, len(steps) - each.back), each)
    before = [_predecessors(each, number) for number, each in enumerate(steps)]
    moved = choices.one_in(5)
    listed = [0, *choices.shuffled(range(1, len(steps)))] if moved else list(range(len(steps)))
    default = {number: [listed[place - 1]] for place, number in enumerate(listed) if place}
    named = {each for number in listed[1:] if before[number] != default[number] for each in before[number]}
    result = []
    for number in listed:
        step = dict(steps[number].step)
        if number and steps[number].event:
            step["via"] = "event"
        if number and before[number] != default[number]:
            step["after"] = [f"step {each}" for each in before[number]]
        if number in named:
            step["name"] = f"step {number}"
        result.append(step)
    return result


def _predecessors(dealt: Dealt, number: int) -> list[int]:
    """Steps that come before this one; mostly the last of them."""
    if number == 0:
        return []
    return sorted({cause % number for cause in dealt.causes}) or [number - 1]


def _services(
    choices: Choices, services: Sequence[str], owners: dict[str, str], external: str, content: Document
) -> Document:
    """The services, which sometimes list the copies that they keep."""
    copied = {(step["at"], step["copy"]) for step in _steps(content) if "copy" in step}
    listed = sorted(copied) if choices.one_in(2) else []
    return {
        service: _without_empty(
            {
                "owns": [entity for entity, owner in owners.items() if owner == service],
                "copies": [entity for at, entity in listed if at == service],
                "external": service == external,
            }
        )
        for service in services
    }


def _traits(choices: Choices) -> Document:
    """Traits of one entity."""
    return _without_empty({"scarce": choices.also_in(5), "ids": "sequence" if choices.also_in(5) else ""})


def _tolerance(choices: Choices, document: Document) -> Any:
    """The anomalies that are tolerated: mostly none, else a list of links, or some by kind."""
    links = _links(document)
    match choices.pick(["nothing", "nothing", "nothing", "links", "kinds", "kinds"][: 4 if choices.plain else 6]):
        case "links":
            return choices.some(links, 1, 2) if links else []
        case "kinds":
            steps = [
                f"{name}.{step.get('name', number)}" if choices.one_in(2) else f"{name}.{number}"
                for name, steps in _use_cases_of(document).items()
                for number, step in enumerate(steps, 1)
            ]
            return _without_empty(
                {
                    "broken links": choices.some(links, 0, 2),
                    "orphans": choices.some(_entities(document), 0, 1),
                    "missing state": choices.some(steps, 0, 2),
                }
            )
        case _:
            return []


def _caches(choices: Choices, document: Document, owners: dict[str, str]) -> Document:
    """The links whose holders keep what they need of the target."""
    copied = {(step["copy"], step["at"]) for step in _steps(document) if "copy" in step}
    caches = {}
    for link in _links(document):
        holder, target = link.split(" -> ")
        possible = ["with the link", *["copies"] * ((target, owners[holder]) in copied)]
        if choices.also_in(4) or (len(possible) > 1 and choices.also_in(2)):
            caches[link] = choices.pick(possible[::-1])
    return caches


# The plan


def _groups(choices: Choices, services: list[str], use_cases: list[str], modes: Sequence[str]) -> list[Document]:
    """No group, one of all services, or up to two of different ones."""
    match choices.pick(["none", "all", "some", "some"]):
        case "none":
            return []
        case "all":
            return [_group(choices, choices.pick(["all", services]), use_cases, modes)]
        case _:
            chosen = {service: choices.pick([0, 1, 2]) for service in services}  # 0: in no group
            parts = [[service for service in services if chosen[service] == number] for number in (1, 2)]
            return [_group(choices, choices.shuffled(members), use_cases, modes) for members in parts if members]


def _group(choices: Choices, services: Any, use_cases: list[str], modes: Sequence[str]) -> Document:
    """A group of these services, in one of these modes."""
    group = {"mode": choices.pick(modes), "services": services}
    if group["mode"] == "locked" and use_cases and choices.also_in(2):
        group["holds"] = choices.some(use_cases, 1)
    return group


def _recovery(choices: Choices, entities: list[str], snapshots: bool) -> Document:
    """Some options of recovery."""
    found: Document = {"rollback": "oldest"} if snapshots and choices.one_in(8) else {}
    found |= _maybe(choices, 3, {"restore": ["crashed", "group"]})
    found |= _maybe(choices, 2, {"broker": ["lost", "survives", "backup", "backup"][: 2 if choices.plain else 4]})
    found |= _maybe(choices, 2, {"replay": [True, True, True, False], "resume": [True, True, True, False]})
    found |= _maybe(choices, 3, {"on_invalid": ["reject", "reject", "accept"]})
    return found if choices.plain else found | _more_recovery(choices, entities)


def _more_recovery(choices: Choices, entities: list[str]) -> Document:
    """Some options of recovery that the first version of the language did not have."""
    found = _maybe(choices, 3, {"from": ["newest", "newest", "set"], "onto": ["existing", "existing", "empty"]})
    found |= _maybe(choices, 4, {"retry": [True, True, False], "undo": [True, True, False]})
    for key in ("backfill", "reconstruct", "collect"):
        if choices.one_in(3):
            found[key] = True if choices.one_in(2) else choices.some(entities, 1)
    return found


def _maybe(choices: Choices, one_in: int, options: dict[str, list[Any]]) -> Document:
    """Some of these keys, each with one of its values."""
    return {key: choices.pick(values) for key, values in options.items() if choices.one_in(one_in)}


def disaster(choices: Choices, services: list[str]) -> Document:
    """When disaster strikes, and what it strikes."""
    match choices.pick(["default", "whole", "any", "list"]):
        case "default":
            found: Document = {}
        case "list":
            sets = [sorted(choices.some(services, 1)) for _ in range(choices.pick([1, 2]))]
            found = {"scope": [each for number, each in enumerate(sets) if each not in sets[:number]]}
        case scope:
            found = {"scope": scope}
    return found | _maybe(choices, 4, {"timing": ["at-rest", "any-time"]})


# Reading a document


def services_of(document: Document) -> list[str]:
    """Return the names of the services that are backed up: those that are not external."""
    return [name for name, about in document["services"].items() if not about.get("external")]


def _use_cases_of(document: Document) -> dict[str, list[Step]]:
    """The steps of each use case."""
    use_cases = document.get("use_cases", {})
    return {name: about["steps"] if isinstance(about, dict) else about for name, about in use_cases.items()}


def _steps(document: Document) -> list[Step]:
    """Every step."""
    return [step for steps in _use_cases_of(document).values() for step in steps]


def _entities(document: Document) -> list[str]:
    """The names of all entities."""
    return [entity for about in document["services"].values() for entity in about.get("owns", [])]


def _links(document: Document) -> list[str]:
    """Every link that some step makes, as ``holder -> target``."""
    made = list(document.get("references", []))
    for step in _steps(document):
        made += [f"{step['create']} -> {target}" for target in step.get("refers_to", [])]
        made += [f"{step['link']} -> {step['to']}"] if "link" in step else []
    return made


def _without_empty(document: Document) -> Document:
    return {key: value for key, value in document.items() if value}
