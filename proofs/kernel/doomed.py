"""The first state from which a goal is out of reach: backwards over levels, from the last to the first."""

from __future__ import annotations

import numpy as np

from bac.proofs.kernel.compiling import Words
from bac.proofs.kernel.crew import Crew
from bac.proofs.kernel.forward import by_levels
from bac.proofs.kernel.judging import least
from bac.proofs.kernel.rows import INTERSECT, Shards, batch
from bac.proofs.kernel.sweep import hopeful


def first_doomed(crew: Crew) -> int | None:
    """The least state of the first level that has one from which the goal cannot be reached without a disaster.

    All levels are kept for this, a state in as many words as it has.

    Raises:
        LimitHitError: a limit is hit.
    """
    v = len(crew.width)
    levels: list[Words] = []

    def keep(level: Words) -> None:
        levels.append(np.ascontiguousarray(level.reshape(-1, 2 * v)[:, :v]).reshape(-1))

    by_levels(crew, keep)
    doomed = None
    later = Shards(crew.width, v + 1, INTERSECT)
    while levels:
        states = levels.pop()
        tables, begins = np.concatenate(later.tables), np.cumsum([0, *map(len, later.tables)])
        good = np.zeros(len(states) // v, dtype=np.uint64)
        if hopeful(*crew.m, crew.goals, states, good, tables, begins, crew.width):
            doomed = least(states.reshape(-1, v)[good == 0])
        crew.look()
        later = Shards(crew.width, v + 1, INTERSECT)
        if levels:  # the initial state, which is all zeros, is looked up by none
            marked = np.column_stack([states.reshape(-1, v), good]).reshape(-1)
            later.absorb([batch(marked, v + 1, len(good), crew.width)], crew.pool, len(crew.workers))
    return doomed
