"""An estimate of how many states an exported system has, so that nobody waits for a checker that cannot finish."""

from __future__ import annotations

from math import log10
from random import Random

from bac.model.system import Action, System
from bac.proofs.engine import PackedAction, Packing
from bac.proofs.explicit.breadth_first import free_choices

STORED = {"promela": ("SPIN", 9), "tla": ("TLC", 8)}
"""For each language the checker that reads it, and the power of ten of the states that it stores on a large machine."""
WALKS = 100
"""So many random runs are looked at."""
STEPS = 2.0
"""So many times as often as a snapshot a step is drawn."""
LONGEST = 40
"""Of longer runs only the beginning is looked at, and of systems with more actions than ten times that nothing."""


def power_of_states(system: System) -> float:
    """Estimate the power of ten of the number of states before a disaster.

    All runs to a state are about equally long.  Along a random run, the product of the numbers of moves that were
    possible, each divided by the number of moves that can have been the last one to the next state, is on average the
    number of states so many moves away (Knuth's estimate, for a graph).  The number is at least that of free choices.
    """
    before = system.without_disasters()
    packing, draw = Packing(before), Random(0)
    least = free_choices(packing) * log10(2)
    if len(packing.actions) > 10 * LONGEST:
        return least
    return max(log10(sum(weight(packing, draw) for _ in range(WALKS)) / WALKS), least)


def weight(packing: Packing, draw: Random) -> float:
    """An estimate of the number of states from one random run."""
    pairs = list(zip(packing.system.actions, packing.actions, strict=True))
    state, path, level, states = 0, list[PackedAction](), 1.0, 1.0
    while len(path) < LONGEST:
        possible = {packed.apply(state): (packed, favour(action)) for action, packed in pairs if packed.enabled(state)}
        possible.pop(state, None)
        if not possible:
            break
        favours = [each for _, each in possible.values()]
        (state,) = draw.choices([*possible], favours)
        action, favoured = possible[state]
        path.append(action)
        ways = sum(can_be_last(path, number, state) for number in range(len(path)))
        level *= sum(favours) / favoured / ways
        states += level
    return states


def favour(action: Action) -> float:
    """How often an action is drawn: those of use cases, of which most states differ, more than those of the backup."""
    return STEPS if action.label.events else 1.0


def can_be_last(path: list[PackedAction], number: int, state: int) -> bool:
    """Whether a run leads to the same state if one of its actions comes last."""
    now = 0
    for action in (*path[:number], *path[number + 1 :], path[number]):
        if not action.enabled(now):
            return False
        now = action.apply(now)
    return now == state


def warning(system: System, language: str) -> str | None:
    """Return what to say if a system is out of reach of the checker for which it is exported."""
    if language not in STORED:
        return None
    checker, most = STORED[language]
    power = power_of_states(system)
    if power <= most:
        return None
    return (
        f"this system has about 10^{power:.0f} states before a disaster, more than {checker} can store;"
        " bac check decides it, or export a smaller architecture"
    )
