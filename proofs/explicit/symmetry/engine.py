"""Symmetry of indices: search states up to the exchange of whole indices, as multisets of local states.

Let S be a system with indices 1 to N.  A permutation of indices renames facts, hence states and actions.

**Conditions** (checked on the actions of the system).  1. Exchanging two indices turns the facts and the actions of S
into themselves, labels included; a common action, which no index owns, is turned into itself.  2. An action that an
index owns has facts of that index and common facts only.  3. A common action copies only within an index or within the
common facts, and none of its clauses is about two indices.

**The quotient.**  By 1, a permutation of a run of S is a run of S, as the initial state has no true facts.  So states
that are equal up to a permutation are reached by runs of the same length, and have successors that are equal up to a
permutation: the quotient has the same distances, and a state is settled, stuck, or a dead end if and only if its class
is.  A class is given by the common facts and the multiset of local states: the number of indices with each set of true
facts.  By 2, the actions of an index depend on the common facts and its local state, and change nothing else.  By 3, a
common action is enabled if it is as far as each single index is concerned; its effect on the common facts depends on
these alone, and its effect on an index on that index and on the common facts.  So successors of classes are computed
from the system of one index, and once for each local state, as indices in the same local state are exchanged by a
permutation that changes nothing.

**Queries.**  A formula about one index is true for index i in some state of a class if and only if, renamed, it is true
for some index there, that is in one of its local states.  So a shortest run for index i is one for any index with these
two exchanged.  Formulas about several indices are refused, and so are formulas that are to be reached, or must stay
reachable, if they are about an index.  A class with m1, m2, ... of N indices in the same local state represents
N! / (m1! m2! ...) states.

Source: docs/semantics.md, "Facts and actions".
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from bac.model.system import Event, Label, System
from bac.proofs.engine import (
    LimitMonitor,
    Limits,
    NotApplicable,
    Path,
    Progress,
    Query,
    SearchResult,
    Statistics,
    exceeds_memory,
    nothing_found,
)
from bac.proofs.explicit.breadth_first import free_choices
from bac.proofs.explicit.symmetry.applicability import OneIndex, moved_formula, moved_label, one_index, subject
from bac.proofs.explicit.symmetry.search import Search, State, union
from bac.properties.formula import Formula


def explore(
    system: System,
    query: Query,
    limits: Limits | None = None,
    progress: Callable[[Progress], None] | None = None,
) -> SearchResult:
    """Explore every run of the system up to symmetry, up to the limits, and answer the query.

    The results are those of the breadth-first search, with shortest runs of the same lengths.  States are counted up to
    symmetry; the statistics have the number of states that they represent.

    Raises:
        NotApplicable: the system or the query distinguishes indices; nothing is explored.
    """
    search = SymmetricSearch(system, query, limits or Limits(), progress)
    if (reason := search.exceeds_memory()) is not None:
        return nothing_found(query, reason)
    search.run()
    return search.result()


class SymmetricSearch:
    """A search up to symmetry, which can be left and taken up again."""

    def __init__(
        self, system: System, query: Query, limits: Limits, progress: Callable[[Progress], None] | None = None
    ) -> None:
        """Find the system of one index; nothing is explored yet.

        Raises:
            NotApplicable: the system or the query distinguishes indices.
        """
        self.system, self.query, self.monitor = system, query, LimitMonitor(limits, progress)
        self.one = one_index(system)
        self.shared = SharedQuery(self.one, query)
        self.search = Search(self.one, self.shared.query, self.monitor)

    def exceeds_memory(self) -> str | None:
        """Return the reason not to begin the search, if it is certain to run out of memory."""
        # Each state up to symmetry has at most as many local states as there are indices.
        free = free_choices(self.search.packing) - len(self.one.indices).bit_length()
        return exceeds_memory(self.monitor.limits, max(free, 0))

    @property
    def unfinished(self) -> bool:
        """Whether more could be found, and no limit was reached."""
        return self.search.unfinished

    def run(self, most: int | None = None) -> None:
        """Explore until the search is finished, a limit is reached, or there are ``most`` states."""
        self.search.run(most)

    def result(self) -> SearchResult:
        """Return the runs to the states that were found."""
        return result(self.search, self.shared)


class SharedQuery:
    """A query in which the same formula about several indices is asked once.

    ``query`` has the formulas about the first index; ``places`` has, for each formula of the original query, its place
    among them and the index that it is about.
    """

    def __init__(self, one: OneIndex, query: Query) -> None:
        """Rename all formulas to the first index.

        Raises:
            NotApplicable: a formula distinguishes indices.
        """
        for formula in (query.reachable, query.always_reachable):
            if formula is not None and subject(formula, one.indices) is not None:
                raise NotApplicable("a formula that is to be reached, or must stay reachable, is about an index")
        numbers: dict[Formula, int] = {}
        self.places: list[tuple[int, int | None]] = []
        for formula in query.settled:
            index = subject(formula, one.indices)
            renamed = moved_formula(formula, one.indices[0])
            self.places.append((numbers.setdefault(renamed, len(numbers)), index))
        self.query = Query(tuple(numbers), query.reachable, query.always_reachable)


def result(search: Search, shared: SharedQuery) -> SearchResult:
    """Return the result of a finished search, with runs of the whole system."""
    runs = Runs(search)

    def to(state: State | None) -> Path | None:
        return None if state is None else runs.run(state)

    settled = tuple(
        {timing: runs.run(each.state, each.local, index) for timing, each in search.found[place].items()}
        for place, index in shared.places
    )
    reached, dead_end = to(search.reached), to(first_dead_end(search))
    represented = search.represented
    return SearchResult(
        settled,
        reached,
        dead_end,
        search.can_recover or bool(search.waiting),
        Statistics(search.states, search.transitions, search.depth, search.monitor.seconds, represented),
        search.limit,
        search.interrupted,
    )


# Dead ends: a second pass, in which the states that can reach the goal spread backwards


def first_dead_end(search: Search) -> State | None:
    """Return a state of least depth before the disaster from which the goal that must stay reachable is not.

    As in the breadth-first search, this pass is needed only if some state was stuck or the graph has a cycle, and
    states that were not expanded count as good.
    """
    goal = search.query.always_reachable
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
    """Return those of these states that have a good successor before the disaster."""
    counters, saved = search.counters, set[int]()
    present = list(counters.present(union(states)))
    for number, holding in counters.holders(states, [each for each in present if search.moves(common, each)]):
        for _, there, to in search.moves(common, number):
            if not there & search.recovered and (targets := good.get(there)):
                difference = counters.move(number, to)
                saved.update(counts for counts in holding if counts + difference in targets)
    for each in search.enabled_common(common, present):
        if not each.after & search.recovered and (targets := good.get(each.after)):
            allowed = [counts for counts in states if not counts & each.blocked]
            after = each.apply(counters, allowed)
            saved.update(a for a, b in zip(allowed, after, strict=True) if b in targets)
    return saved


# Runs


@dataclass(frozen=True)
class Taken:
    """An action of a run: its number, and, if an index owns it, the local states before and after."""

    number: int
    local: tuple[int, int] | None = None


class Runs:
    """Turns states up to symmetry into runs of the whole system.

    The levels are followed backwards, which gives for each step a local state in which some index acts; then, forwards,
    an index in that local state is chosen.
    """

    def __init__(self, search: Search) -> None:
        """Sort the actions of indices by the common facts after them."""
        self.search = search
        self.into: dict[int, list[tuple[int, Taken]]] = {}
        for (common, number), moves in search.moves_of.items():
            for action, there, to in moves:
                self.into.setdefault(there, []).append((common, Taken(action, (number, to))))
        self.before: dict[State, tuple[State, Taken]] = {}

    def run(self, state: State, local: int | None = None, index: int | None = None) -> Path:
        """Return a shortest run to this state up to symmetry, at the end of which ``index`` is in ``local``."""
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
            each = self.search.common_actions[common][taken.number]
            each.extend(counters, self.search.local, set(at))
            at = [there for number in at if (there := each.table[number]) is not None]
            labels.append(label)
        if index is None or local is None:
            return tuple(labels)
        return tuple(exchanged(label, index, one.indices[at.index(local)]) for label in labels)

    def way(self, state: State) -> list[tuple[int, Taken]]:
        """Return the actions from the initial state to this one, each with the common facts before it."""
        steps = []
        while self.search.depths[state[0]][state[1]]:
            if state not in self.before:
                self.before[state] = next(self.predecessors(state))
            state, taken = self.before[state]
            steps.append((state[0], taken))
        return steps[::-1]

    def predecessors(self, state: State) -> Iterator[tuple[State, Taken]]:
        """Yield the states of the level before that lead to this one, each with the action."""
        search, counters = self.search, self.search.counters
        common, counts = state
        depth = search.depths[common][counts] - 1
        for there, taken in self.into.get(common, ()):
            assert taken.local is not None
            before, after = taken.local
            came = counts + counters.move(after, before)
            if counts & counters.field(after) and search.depths[there].get(came) == depth:
                yield (there, came), taken
        for there, table in search.common_actions.items():
            for number, each in table.items():
                if each.after != common or not (states := search.at_depth(there, depth)):
                    continue
                each.extend(counters, search.local, counters.present(union(states)))
                allowed = [counts for counts in states if not counts & each.blocked]
                for came, led in zip(allowed, each.apply(counters, allowed), strict=True):
                    if led == counts:
                        yield (there, came), Taken(number)


def exchanged(label: Label, one: int, other: int) -> Label:
    """Return the label with two indices exchanged."""
    names = {one: other, other: one}
    events = (Event(event.use_case, event.step, names.get(event.index, event.index)) for event in label.events)
    return replace(label, events=tuple(events))
