"""The first state from which a goal is out of reach: backwards over levels, from the last to the first."""

from __future__ import annotations

import numpy as np

from bac.proofs.explicit.compiled.breadth_first import hopeful
from bac.proofs.explicit.compiled.compiling import Words
from bac.proofs.explicit.compiled.forward import by_levels
from bac.proofs.explicit.compiled.hash_table import INTERSECT, Shards, batch
from bac.proofs.explicit.compiled.judging import least
from bac.proofs.explicit.compiled.threads import ThreadTeam


def first_dead_end(crew: ThreadTeam) -> int | None:
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
    dead_end = None
    later = Shards(crew.width, v + 1, INTERSECT)
    while levels:
        states = levels.pop()
        tables, begins = np.concatenate(later.tables), np.cumsum([0, *map(len, later.tables)])
        good = np.zeros(len(states) // v, dtype=np.uint64)
        if hopeful(*crew.m, crew.goals, states, good, tables, begins, crew.width):
            dead_end = least(states.reshape(-1, v)[good == 0])
        crew.look()
        later = Shards(crew.width, v + 1, INTERSECT)
        if levels:  # the initial state, which is all zeros, is looked up by none
            marked = np.column_stack([states.reshape(-1, v), good]).reshape(-1)
            later.absorb([batch(marked, v + 1, len(good), crew.width)], crew.pool, len(crew.workers))
    return dead_end
