"""The reductions: ways to search less for the same verdicts.

Source: docs/semantics.md, "What a verdict may claim"; docs/engines.md, "Reductions".
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Reduction(StrEnum):
    """The reductions by the names that users give them.

    ``ONE_INDEX``: properties of a single index are decided with one, where the one-index rule applies
    (:mod:`bac.proofs.reductions.projection`).
    ``SYMMETRY``: of states that differ in the names of indices only one is searched
    (:mod:`bac.proofs.explicit.symmetry`).
    ``PROJECTION``: each property is decided for the use cases and services that it depends on, and once for all parts
    that differ in names only (:mod:`bac.proofs.reductions.decomposition`).
    """

    ONE_INDEX = "one-index"
    SYMMETRY = "symmetry"
    PROJECTION = "projection"


ALL_REDUCTIONS = frozenset(Reduction)


@dataclass(frozen=True, slots=True)
class Saving:
    """The effect of a reduction: the states that were searched, and in words how many there are without it."""

    reduction: Reduction
    searched: int
    instead_of: str
