"""The reductions: what need not be searched, by name, and the one-index rule.

Source: docs/semantics.md, "What a verdict may claim".  The rule looks at the actions alone, whatever made them.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from bac.model.system import System
from bac.proofs.reductions.projection import Partition, index_of


class Reduction(StrEnum):
    """Ways to search less for the same verdicts.

    ``ONE_INDEX``: what concerns a single index is searched with one, where the one-index rule applies.
    ``SYMMETRY``: of states that differ in the names of indices only one is searched
    (:mod:`bac.proofs.explicit.symmetry`).
    ``PROJECTION``: each question is asked of the use cases and services that it depends on, and once for all that look
    alike (:mod:`bac.proofs.reductions.decomposition`).
    """

    ONE_INDEX = "one-index"
    SYMMETRY = "symmetry"
    PROJECTION = "projection"


ALL_REDUCTIONS = frozenset(Reduction)


@dataclass(frozen=True, slots=True)
class Saving:
    """What a reduction did: the states that were searched, and in words how many there are without it."""

    reduction: Reduction
    searched: int
    instead_of: str


def one_index_suffices(system: System) -> bool:
    """Whether leaving out all actions of the other indices leaves a legal run that settles alike.

    Then one index shows every anomaly that concerns a single index.  (Whatever compares two indices, and the quality
    *backup*, is outside this rule.)
    """
    return Partition(system, index_of).allows_projection()
