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
    levels: list[list[Words]] = []

    def keep(level: list[Words]) -> None:
        levels.append([np.ascontiguousarray(rows.reshape(-1, 2 * v)[:, :v]).reshape(-1) for rows in level])

    by_levels(crew, keep)
    doomed = None
    later = Shards(crew.width, v + 1, INTERSECT)
    while levels:
        level = levels.pop()
        tables, begins = np.concatenate(later.tables), np.cumsum([0, *map(len, later.tables)])
        marked, bad = [], []
        for rows in level:
            good = np.zeros(len(rows) // v, dtype=np.uint64)
            if hopeful(*crew.m, crew.goals, rows, good, tables, begins, crew.width):
                bad.append(least(rows.reshape(-1, v)[good == 0]))
            both = np.column_stack([rows.reshape(-1, v), good]).reshape(-1)
            marked.append(batch(both, v + 1, len(good), crew.width))
            crew.look()
        doomed = min(bad, default=doomed)
        later = Shards(crew.width, v + 1, INTERSECT)
        if levels:  # the initial state, which is all zeros, is looked up by none
            later.absorb(marked, crew.pool, len(crew.workers))
    return doomed
