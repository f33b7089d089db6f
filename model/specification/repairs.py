"""Which entities each repair after a restore can do something for.

That is what ``true`` stands for in the keys ``backfill``, ``reconstruct`` and ``collect`` of a plan, and a list that
names other entities gets a warning.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from bac.model.architecture import Caching, Verb
from bac.model.names import quoted
from bac.model.specification.services import Traits
from bac.model.specification.use_cases import UseCases

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
