"""The second pass of the search up to symmetry: from which states before the disaster what is inevitable is not.

Which states are good spreads backwards through the same quotient, batch by batch.
"""

from __future__ import annotations

from collections.abc import Sequence

from bac.proofs.explicit.symmetry.counters import union
from bac.proofs.explicit.symmetry.search import Search, State


def first_dead_end(search: Search) -> State | None:
    """A state of least depth before the disaster from which what should stay possible is not.

    As in the explicit engine, this is asked only if some run got stuck or the graph has a way back, and states that
    were never expanded count as good.
    """
    goal = search.questions.always_reachable
    if goal is None or not (search.stuck or not search.levelled):
        return None
    good: dict[int, set[int]] = {}
    for common, states in search.waiting:
        good.setdefault(common, set()).update(states)
    commons = [common for common in search.depths if not common & search.recovered]
    for common in commons:
        if search.packing.satisfied(goal, common):
            good[common] = set(search.depths[common])
    levels = sorted({depth for common in commons for depth in search.places.get(common, {})}, reverse=True)
    changed = True
    while changed:
        changed = False
        for depth in levels:
            for common in commons:
                mine = good.setdefault(common, set())
                open_ones = [counts for counts in search.at_depth(common, depth) if counts not in mine]
                saved = leading_to(search, common, open_ones, good) if open_ones else set()
                mine |= saved
                changed = changed or bool(saved)
        changed = changed and not search.levelled
    for depth in reversed(levels):
        for common in commons:
            for counts in search.at_depth(common, depth):
                if counts not in good[common]:
                    return common, counts
    return None


def leading_to(search: Search, common: int, states: Sequence[int], good: dict[int, set[int]]) -> set[int]:
    """Those of these states of which some successor before the disaster is good."""
    counters, saved = search.counters, set[int]()
    present = list(counters.present(union(states)))
    for number, holding in counters.holders(states, [each for each in present if search.moves(common, each)]):
        for _, there, to in search.moves(common, number):
            if not there & search.recovered and (targets := good.get(there)):
                difference = counters.move(number, to)
                saved.update(counts for counts in holding if counts + difference in targets)
    for each in search.shared(common, present):
        if not each.after & search.recovered and (targets := good.get(each.after)):
            allowed = [counts for counts in states if not counts & each.blocked]
            after = each.apply(counters, allowed)
            saved.update(a for a, b in zip(allowed, after, strict=True) if b in targets)
    return saved
