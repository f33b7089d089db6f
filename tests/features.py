"""The features of the language: which ones a specification has, and the same specification without one of them.

A feature is a name such as ``from: newest`` or ``once``. Tests ask whether it is there, and whether it makes a
difference.
"""

from __future__ import annotations

from collections.abc import Iterable
from copy import deepcopy
from dataclasses import dataclass, replace
from typing import Any

from bac.testing.generator import MODES

Document = dict[str, Any]
Part = dict[str, Any]
Use = tuple[Any, Any]
"""A mapping, and the key in it that says that a feature is used."""

VERBS = ("create", "link", "unlink", "update", "delete", "copy")
SWITCHES = ("replay", "resume", "retry", "undo")
LISTS = ("backfill", "reconstruct", "collect")
OPTIONS = {
    "restore": ("group", "crashed"),
    "rollback": ("none", "oldest"),
    "from": ("set", "newest"),
    "onto": ("empty", "existing"),
    "broker": ("by its ends", "lost", "survives", "backup"),
    "on_invalid": ("accept", "reject"),
    **dict.fromkeys(SWITCHES, ("false", "true")),
}
"""The options of recovery that have a choice of values, the default first."""
CHOICES = {
    "mode": MODES,
    **OPTIONS,
    "scope": ("whole", "any", "list"),
    "timing": ("any-time", "at-rest"),
    "verb": VERBS,
    "via": ("call", "event"),
    "tolerates": ("links", "broken links", "orphans", "missing state"),
    "caches": ("with the link", "copies"),
}
"""Every key that has a choice of values."""
MARKS = ("needs", "once", "kept", "external", "scarce", "ids", "background", "holds", "order", "after", *LISTS)
"""Keys that are there or not."""
FEATURES = (*(f"{key}: {value}" for key, values in CHOICES.items() for value in values), *MARKS)
DEFAULTS = {
    *(f"{key}: {values[0]}" for key, values in OPTIONS.items()),
    *(f"{key}: {CHOICES[key][0]}" for key in ("mode", "scope", "timing", "via")),
}
"""The features that a specification has if it says nothing."""
OPTIONAL = tuple(each for each in FEATURES if each not in DEFAULTS and not each.startswith("verb"))


@dataclass(frozen=True)
class Place:
    """A feature where it is to be looked for: in a specification under a plan, perhaps at one step only.

    ``step`` is ``USE CASE.NUMBER``; ``instead`` is the value that takes the place of the feature's, where there are
    several others.
    """

    document: Document
    plan: str
    feature: str
    step: str | None = None
    instead: str | None = None

    @property
    def key(self) -> str:
        """The key that the feature is about."""
        return self.feature.partition(": ")[0]

    @property
    def value(self) -> str:
        """The value of this key; empty if it is only there or not."""
        return self.feature.partition(": ")[2]

    @property
    def plan_content(self) -> Part:
        """The content of the plan."""
        plan: Part | None = {} if self.plan == "independent" else self.document["plans"][self.plan]
        return {} if plan is None else plan

    def section(self, name: str) -> Part:
        """A mapping of the plan, made if it is not there."""
        section: Part = self.plan_content.setdefault(name, {})
        return section

    def steps(self) -> list[Part]:
        """The step, or every step."""
        if self.step is None:
            return [step for steps in steps_of(self.document).values() for step in steps]
        use_case, _, number = self.step.rpartition(".")
        return [steps_of(self.document)[use_case][int(number) - 1]]


def steps_of(document: Document) -> dict[str, list[Part]]:
    """The steps of each use case."""
    use_cases = document.get("use_cases") or {}
    return {name: about["steps"] if isinstance(about, dict) else about for name, about in use_cases.items()}


def present(document: Document, plan: str) -> list[str]:
    """The optional features that a specification has under a plan."""
    return [feature for feature in OPTIONAL if has(Place(document, plan, feature))]


def has(place: Place) -> bool:
    """Whether the feature is there."""
    match place.key:
        case "mode":
            return place.value in _modes(place)
        case "scope":
            scope = (place.plan_content.get("disaster") or {}).get("scope", "whole")
            return place.value == ("list" if isinstance(scope, list) else scope)
        case "timing":
            return bool((place.plan_content.get("disaster") or {}).get("timing", "any-time") == place.value)
        case "verb":
            return any(place.value in step for step in place.steps())
        case "via":
            return any(step.get("via", "call") == place.value for step in place.steps())
        case key if key in OPTIONS:
            chosen = (place.plan_content.get("recovery") or {}).get(key, OPTIONS[key][0])
            return place.value == str(chosen).lower()
        case _:
            return bool(_uses(place))


def otherwise(place: Place) -> Document:
    """The specification without the feature; its plan is called ``otherwise``."""
    changed = replace(place, document=_with_plan(place), plan="otherwise")
    match place.key:
        case "mode":
            _replace_mode(changed)
        case "scope" | "timing":
            default = CHOICES[place.key][0]
            assert place.instead or place.value != default
            changed.section("disaster")[place.key] = place.instead or default
        case "verb":
            _remove_step(changed)
        case "via":
            for step in changed.steps():
                step |= {"via": "call" if place.value == "event" else "event"}
        case key if key in OPTIONS:
            _replace_option(changed)
        case _:
            for mapping, key in _uses(changed):
                del mapping[key]
    return changed.document


def _with_plan(place: Place) -> Document:
    """A copy of the specification with this plan only, under another name."""
    document = deepcopy(place.document)
    content = replace(place, document=document).plan_content
    return document | {"plans": {"otherwise": content}}


def _modes(place: Place) -> set[str]:
    """The modes of the services of ours."""
    inside = {name for name, about in place.document["services"].items() if not (about or {}).get("external")}
    modes = dict.fromkeys(inside, "independent")
    for group in place.plan_content.get("groups") or []:
        modes |= dict.fromkeys(inside if group["services"] == "all" else group["services"], group["mode"])
    return set(modes.values())


def _replace_mode(place: Place) -> None:
    """Give another mode to the services of this one."""
    plan, instead = place.plan_content, place.instead or "independent"
    groups = plan.get("groups") or []
    if place.value == "independent" and not any(group["mode"] == "independent" for group in groups):
        assert not groups, "say which services are independent"
        groups = [{"mode": "independent", "services": "all"}]
    if place.value == "independent":
        plan.pop("order", None)
    for group in groups:
        if group["mode"] == place.value:
            group["mode"] = instead
            group.pop("holds", None)
    plan["groups"] = groups


def _replace_option(place: Place) -> None:
    """Give another value to an option of recovery."""
    values = OPTIONS[place.key]
    default = values[0]
    others = [value for value in values if value != place.value]
    instead = place.instead or (default if place.value != default else others[0])
    assert place.instead or place.value != default or len(others) == 1
    recovery = place.section("recovery")
    recovery.pop(place.key, None)
    if instead != default:
        recovery[place.key] = True if instead == "true" else instead


def _remove_step(place: Place) -> None:
    """Remove the step, and its use case if it was the only one."""
    assert place.step is not None
    use_case = place.step.rpartition(".")[0]
    steps_of(place.document)[use_case].remove(place.steps()[0])
    if not steps_of(place.document)[use_case]:
        del place.document["use_cases"][use_case]


def _uses(place: Place) -> list[Use]:
    """The places in the specification that use a feature that is there or not."""
    document, plan, key = place.document, place.plan_content, place.key
    match key:
        case "holds":
            return _set(plan.get("groups") or [], key)
        case "order":
            return _set([plan], key)
        case "backfill" | "reconstruct" | "collect":
            return _set([plan.get("recovery") or {}], key)
        case "needs" | "once" | "kept":
            return _set(place.steps(), key)
        case "after":
            return [(step, key) for steps in steps_of(document).values() for step in steps[1:] if key in step]
        case "background":
            use_cases = document.get("use_cases") or {}
            return _set([each for each in use_cases.values() if isinstance(each, dict)], key)
        case "external":
            return _set(filter(None, document["services"].values()), key)
        case "scarce" | "ids":
            return _set(filter(None, (document.get("entities") or {}).values()), key)
        case "tolerates":
            return _tolerances(document, place.value)
        case "caches":
            caches = document.get(key) or {}
            return [(caches, link) for link, how in caches.items() if how == place.value]
        case _:
            raise ValueError(place.feature)


def _set(mappings: Iterable[Part], key: str) -> list[Use]:
    """The mappings in which a key is set."""
    return [(mapping, key) for mapping in mappings if mapping.get(key)]


def _tolerances(document: Document, kind: str) -> list[Use]:
    """Return the keys that tolerate something of a kind; ``links`` is the plain list."""
    tolerates = document.get("tolerates") or {}
    if isinstance(tolerates, list):
        return [(document, "tolerates")] if kind == "links" else []
    return _set([tolerates], kind)
