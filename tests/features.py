"""The features of the language that a specification can use, and the same specification without one of them.

A feature is a name such as ``from: newest`` or ``once``. With it, tests ask whether a feature is there, and whether it
makes a difference.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

Document = dict[str, Any]
Part = dict[str, Any]

VALUES = {
    "mode": ("atomic", "locked", "stopped", "shared-database", "markers", "continuous", "rebuilt", "none"),
    "restore": ("crashed",),
    "rollback": ("oldest",),
    "from": ("newest",),
    "onto": ("existing",),
    "broker": ("lost", "survives", "backup"),
    "on_invalid": ("reject",),
    "scope": ("any", "list"),
    "timing": ("at-rest",),
    "tolerates": ("links", "broken links", "orphans", "missing state"),
    "caches": ("with the link", "copies"),
    "ids": ("sequence",),
}
"""Keys with a choice, and each choice that is not the default."""
SWITCHES = ("replay", "resume", "retry", "backfill", "reconstruct", "collect", "undo")
MARKS = ("needs", "once", "kept", "after")
FEATURES = (
    *(f"{key}: {value}" for key, values in VALUES.items() for value in values),
    *SWITCHES,
    *MARKS,
    "via: event",
    "external",
    "scarce",
    "background",
    "order",
    "holds",
)


def steps_of(document: Document) -> dict[str, list[Part]]:
    """The steps of each use case."""
    use_cases = document.get("use_cases") or {}
    return {name: about["steps"] if isinstance(about, dict) else about for name, about in use_cases.items()}


def present(document: Document, plan: str) -> list[str]:
    """The features that the specification has under a plan."""
    return [feature for feature in FEATURES if without(document, plan, feature) is not None]


def without(document: Document, plan: str, feature: str) -> Document | None:
    """The specification without any use of a feature under a plan; None if it does not have it."""
    changed = deepcopy(document)
    key, _, value = feature.partition(": ")
    removals = list(_removals(changed, changed["plans"][plan], key, value))
    for remove in removals:
        remove()
    return changed if removals else None


@dataclass(frozen=True)
class Removal:
    """A key to be removed from a mapping, or set to something else."""

    mapping: Any
    key: Any
    instead: Any = None

    def __call__(self) -> None:
        """Remove it."""
        if self.instead is None:
            del self.mapping[self.key]
        else:
            self.mapping[self.key] = self.instead


def _removals(document: Document, plan: Document, key: str, value: str) -> Iterator[Callable[[], None]]:
    """What is to be done to remove a feature."""
    every_step = [step for steps in steps_of(document).values() for step in steps]
    recovery, disaster, groups = (plan.get(each) or {} for each in ("recovery", "disaster", "groups"))
    match key:
        case "mode":
            yield from _groups_of_mode(plan, value)
        case "holds":
            yield from (Removal(group, key) for group in groups if key in group)
        case "order":
            yield from _where([plan], key)
        case "replay" | "resume" | "retry" | "backfill" | "reconstruct" | "collect" | "undo":
            yield from _where([recovery], key)
        case "restore" | "rollback" | "from" | "onto" | "broker" | "on_invalid":
            yield from _where([recovery], key, value)
        case "scope":
            found = "list" if isinstance(disaster.get(key), list) else disaster.get(key)
            yield from [Removal(disaster, key)] if found == value else []
        case "timing":
            yield from _where([disaster], key, value)
        case "via":
            yield from _where(every_step, key, value)
        case "needs" | "once" | "kept":
            yield from _where(every_step, key)
        case "after":
            yield from (
                Removal(step, key) for steps in steps_of(document).values() for step in steps[1:] if key in step
            )
        case "background":
            yield from (Removal(each, key) for each in document.get("use_cases", {}).values() if _is_set(each, key))
        case "external":
            yield from _where([each for each in document["services"].values() if each], key)
        case "scarce":
            yield from _where((document.get("entities") or {}).values(), key)
        case "ids":
            yield from _where((document.get("entities") or {}).values(), key, value)
        case "tolerates":
            yield from _tolerances(document, value)
        case "caches":
            caches = document.get(key) or {}
            yield from [Removal(caches, link) for link, how in caches.items() if how == value]
        case _:
            raise ValueError(key)


def _where(mappings: Iterable[Part], key: str, value: str | None = None) -> Iterator[Removal]:
    """The removals of a key from these mappings, where it has the value; without one, where it is set at all."""
    for mapping in mappings:
        if _is_set(mapping, key) and value in (None, mapping[key]):
            yield Removal(mapping, key)


def _is_set(mapping: Any, key: str) -> bool:
    return isinstance(mapping, dict) and bool(mapping.get(key))


def _groups_of_mode(plan: Document, mode: str) -> list[Removal]:
    """The removal of all groups of a mode: their services are independent then."""
    groups = plan.get("groups") or []
    left = [group for group in groups if group["mode"] != mode]
    if len(left) == len(groups):
        return []
    return [Removal(plan, "groups", left)] if left else [Removal(plan, "groups")]


def _tolerances(document: Document, kind: str) -> list[Removal]:
    """The removal of what is tolerated of a kind."""
    tolerates = document.get("tolerates") or {}
    if isinstance(tolerates, list):
        return [Removal(document, "tolerates")] if kind == "links" else []
    return [Removal(tolerates, kind)] if tolerates.get(kind) else []
