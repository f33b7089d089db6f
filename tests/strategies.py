"""Hypothesis strategies for whole specifications and plans, as the plain documents that YAML or JSON holds.

All of them are valid, and small: their state spaces are to be searched by every engine.
"""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

Document = dict[str, Any]
Step = dict[str, Any]

SERVICES = ("a", "b", "c")
ENTITIES = ("x", "y", "z")
USE_CASES = ("one", "two", "three")
MODES = ("independent", "atomic", "locked", "shared-database", "markers", "continuous", "none")
SNAPSHOT_MODES = frozenset(MODES) - {"continuous", "none"}
MOST_MORE_STEPS = 3  # beside those that create the entities


@st.composite
def specifications(draw: st.DrawFn, plans_too: bool = False) -> Document:
    """A specification with 1-3 services, 1-3 entities and 1-3 use cases of at most six steps in all.

    Every entity is created by one step.  About one in six uses the ``references`` shorthand.
    With ``plans_too`` it has up to two plans, else none.
    """
    services = SERVICES[: draw(st.sampled_from([2, 3, 1]))]
    entities = ENTITIES[: draw(st.sampled_from([2, 3, 1]))]
    owners = {entity: draw(st.sampled_from(services)) for entity in entities}
    content = _references(draw, entities) if draw(st.integers(0, 5)) == 5 else _use_cases(draw, services, owners)
    document: Document = {"name": "generated", "services": _services(draw, services, owners, content), **content}
    links = _links(content)
    if links and draw(st.integers(0, 3)) == 3:
        document["tolerates"] = draw(st.lists(st.sampled_from(links), min_size=1, max_size=2, unique=True))
    if plans_too:
        named = draw(st.dictionaries(st.sampled_from(["p", "q"]), plans(document), max_size=2))
        document |= {"plans": named} if named else {}
    return document


@st.composite
def plans(draw: st.DrawFn, document: Document) -> Document:
    """A plan for this specification: any groups, order, recovery and disaster that are valid."""
    services = list(document["services"])
    groups = _groups(draw, services)
    modes = dict.fromkeys(services, "independent")
    for group in groups:
        modes |= dict.fromkeys(services if group["services"] == "all" else group["services"], group["mode"])
    independent = [service for service in services if modes[service] == "independent"]
    ordered = draw(st.permutations(independent))[: draw(st.integers(0, len(independent)))]
    recovery = _some(
        draw,
        restore=st.sampled_from(["group", "crashed"]),
        rollback=st.sampled_from(["none", "oldest"] if SNAPSHOT_MODES & set(modes.values()) else ["none"]),
        broker=st.sampled_from(["lost", "survives"]),
        replay=st.booleans(),
        resume=st.booleans(),
        on_invalid=st.sampled_from(["accept", "reject"]),
    )
    crash = st.lists(st.sampled_from(services), min_size=1, unique=True).map(sorted)
    disaster = _some(
        draw,
        scope=st.sampled_from(["whole", "any"]) | st.lists(crash, min_size=1, max_size=2, unique_by=tuple),
        timing=st.sampled_from(["any-time", "at-rest"]),
    )
    return _without_empty({"groups": groups, "order": ordered, "recovery": recovery, "disaster": disaster})


def _some(draw: st.DrawFn, **choices: st.SearchStrategy[Any]) -> Document:
    """Some of these keys, each with one of its values."""
    return draw(st.fixed_dictionaries({}, optional=choices))


def _groups(draw: st.DrawFn, services: list[str]) -> list[Document]:
    """No group, one of all services, or up to two of different ones."""
    match draw(st.sampled_from(["none", "all", "some"])):
        case "none":
            return []
        case "all":
            return [{"mode": draw(st.sampled_from(MODES)), "services": draw(st.sampled_from(["all", services]))}]
    chosen = {service: draw(st.sampled_from([0, 1, 2])) for service in services}  # 0: in no group
    groups: list[Document] = []
    for number in (1, 2):
        members = [service for service in services if chosen[service] == number]
        if members:
            groups.append({"mode": draw(st.sampled_from(MODES)), "services": draw(st.permutations(members))})
    return groups


def _references(draw: st.DrawFn, entities: tuple[str, ...]) -> Document:
    links = [f"{holder} -> {target}" for holder in entities for target in entities]
    return {"references": draw(st.lists(st.sampled_from(links), min_size=1, max_size=2, unique=True))}


def _use_cases(draw: st.DrawFn, services: tuple[str, ...], owners: dict[str, str]) -> Document:
    """Use cases, to each of which some steps are dealt out; mostly, entities refer to those created before them."""
    steps: list[Step] = []
    entities = tuple(owners)
    free = [(holder, target) for holder in entities for target in entities if holder != target]
    for number, entity in enumerate(entities):
        others = [each for each in entities if each != entity]
        near = entities[:number] if draw(st.integers(0, 4)) else others
        targets = draw(st.lists(st.sampled_from(near), max_size=2, unique=True)) if near else []
        free = [pair for pair in free if pair not in {(entity, target) for target in targets}]
        steps.append(_without_empty({"create": entity, "refers_to": targets}))
    for _ in range(draw(st.integers(0, MOST_MORE_STEPS))):
        steps.append(_another_step(draw, services, owners, free, _links({"use_cases": {"": steps}})))
    names = USE_CASES[: draw(st.integers(1, min(len(USE_CASES), len(steps))))]
    dealt = {name: [step] for name, step in zip(names, steps, strict=False)}
    for step in steps[len(names) :]:
        dealt[draw(st.sampled_from(names))].append(step)
    return {"use_cases": {name: _in_order(draw, dealt[name]) for name in names}}


def _another_step(
    draw: st.DrawFn,
    services: tuple[str, ...],
    owners: dict[str, str],
    free: list[tuple[str, str]],
    links: list[str],
) -> Step:
    """A step that creates nothing; ``free`` are the links that no step makes yet, ``links`` the others."""
    verbs = ["update", "delete", "copy", *["link"] * bool(free), *["unlink"] * bool(links)]
    entity = draw(st.sampled_from(list(owners)))
    match draw(st.sampled_from(verbs)):
        case "link":
            holder, target = free.pop(draw(st.integers(0, len(free) - 1)))
            return {"link": holder, "to": target}
        case "unlink":
            holder, target = draw(st.sampled_from(links)).split(" -> ")
            return {"unlink": holder, "from": target}
        case "copy":
            others = [service for service in services if service != owners[entity]]
            return {"copy": entity, "at": draw(st.sampled_from(others or services))}
        case verb:
            return {verb: entity}


def _in_order(draw: st.DrawFn, steps: list[Step]) -> list[Step]:
    """The steps, put into a directed acyclic graph: chains mostly, but also joins, fan-outs and forward references."""
    steps = draw(st.permutations(steps)) if draw(st.booleans()) else steps
    before = [draw(_predecessors(number)) for number in range(len(steps))]
    moved = draw(st.integers(0, 4)) == 4
    listed = [0, *draw(st.permutations(range(1, len(steps))))] if moved else list(range(len(steps)))
    default = {number: [listed[place - 1]] for place, number in enumerate(listed) if place}
    named = {each for number in listed[1:] if before[number] != default[number] for each in before[number]}
    result = []
    for number in listed:
        step = dict(steps[number])
        if number and draw(st.booleans()):
            step["via"] = "event"
        if number and before[number] != default[number]:
            step["after"] = [f"step {each}" for each in before[number]]
        if number in named:
            step["name"] = f"step {number}"
        result.append(step)
    return result


def _predecessors(number: int) -> st.SearchStrategy[list[int]]:
    """Steps that come before this one; mostly the last of them."""
    if number == 0:
        return st.just([])
    some = st.lists(st.integers(0, number - 1), min_size=1, max_size=2, unique=True).map(sorted)
    return st.just([number - 1]) | some


def _services(draw: st.DrawFn, services: tuple[str, ...], owners: dict[str, str], content: Document) -> Document:
    """The services, which sometimes list the copies that they keep."""
    copied = {(step["at"], step["copy"]) for step in _steps(content) if "copy" in step}
    listed = sorted(copied) if draw(st.booleans()) else []
    return {
        service: _without_empty(
            {
                "owns": [entity for entity, owner in owners.items() if owner == service],
                "copies": [entity for at, entity in listed if at == service],
            }
        )
        for service in services
    }


def _steps(content: Document) -> list[Step]:
    return [step for steps in content.get("use_cases", {}).values() for step in steps]


def _links(content: Document) -> list[str]:
    """Every link that some step makes, as ``holder -> target``."""
    made = list(content.get("references", []))
    for step in _steps(content):
        made += [f"{step['create']} -> {target}" for target in step.get("refers_to", [])]
        made += [f"{step['link']} -> {step['to']}"] if "link" in step else []
    return made


def _without_empty(document: Document) -> Document:
    return {key: value for key, value in document.items() if value}
