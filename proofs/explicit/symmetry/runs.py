"""From multisets back to indices: a run of the whole system that leads to a state found up to symmetry.

The way back through the levels says what some index in some local state does; on the way forward such an index is
chosen.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from bac.model.system import Event, Label
from bac.proofs.engine import Path
from bac.proofs.explicit.symmetry.applicability import moved_label
from bac.proofs.explicit.symmetry.counters import union
from bac.proofs.explicit.symmetry.search import Search, State


@dataclass(frozen=True)
class Taken:
    """An action on the way: its number, and for one that an index owns its local states before and after."""

    number: int
    local: tuple[int, int] | None = None


class Runs:
    """The runs of one finished search."""

    def __init__(self, search: Search) -> None:
        """Sort what indices do by where it leads."""
        self.search = search
        self.into: dict[int, list[tuple[int, Taken]]] = {}
        for (common, number), moves in search.moves_of.items():
            for action, there, to in moves:
                self.into.setdefault(there, []).append((common, Taken(action, (number, to))))
        self.before: dict[State, tuple[State, Taken]] = {}

    def run(self, state: State, local: int | None = None, index: int | None = None) -> Path:
        """A shortest run to a state that is this one up to symmetry; ``index`` then is in local state ``local``."""
        counters, one = self.search.counters, self.search.one
        at, labels = [0] * len(one.indices), []
        for common, taken in self.way(state):
            label = one.system.actions[taken.number].label
            if taken.local is not None:
                before, after = taken.local
                mover = at.index(before)
                at[mover] = after
                labels.append(moved_label(label, one.indices[mover]))
                continue
            each = self.search.shared_of[common][taken.number]
            each.learn(counters, self.search.local, set(at))
            at = [there for number in at if (there := each.table[number]) is not None]
            labels.append(label)
        if index is None or local is None:
            return tuple(labels)
        return tuple(exchanged(label, index, one.indices[at.index(local)]) for label in labels)

    def way(self, state: State) -> list[tuple[int, Taken]]:
        """The actions from the initial state to this one, each with the common facts before it."""
        steps = []
        while self.search.depths[state[0]][state[1]]:
            if state not in self.before:
                self.before[state] = next(self.predecessors(state))
            state, taken = self.before[state]
            steps.append((state[0], taken))
        return steps[::-1]

    def predecessors(self, state: State) -> Iterator[tuple[State, Taken]]:
        """The states one level nearer to the initial state that lead to this one, and how."""
        search, counters = self.search, self.search.counters
        common, counts = state
        depth = search.depths[common][counts] - 1
        for there, taken in self.into.get(common, ()):
            assert taken.local is not None
            before, after = taken.local
            came = counts + counters.move(after, before)
            if counts & counters.field(after) and search.depths[there].get(came) == depth:
                yield (there, came), taken
        for there, table in search.shared_of.items():
            for number, each in table.items():
                if each.after != common or not (states := search.at_depth(there, depth)):
                    continue
                each.learn(counters, search.local, counters.present(union(states)))
                allowed = [counts for counts in states if not counts & each.blocked]
                for came, led in zip(allowed, each.apply(counters, allowed), strict=True):
                    if led == counts:
                        yield (there, came), Taken(number)


def exchanged(label: Label, one: int, other: int) -> Label:
    """The label with two indices exchanged."""
    names = {one: other, other: one}
    events = (Event(event.use_case, event.step, names.get(event.index, event.index)) for event in label.events)
    return replace(label, events=tuple(events))
