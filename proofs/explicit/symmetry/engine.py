"""Symmetry of indices: search states up to the exchange of whole indices, as multisets of what holds of an index.

Let S be a system with indices 1 to N.  A permutation of indices renames facts, hence states and actions.

**Premises** (checked on the actions, whatever made them).  1. Exchanging two indices turns the facts and the actions of
S into themselves, labels included; common actions, which no index owns, even each into itself.  2. An action that an
index owns speaks of that index's facts and of common facts only.  3. A common action copies only within an index or
within the common facts, and none of its clauses is about two indices.

**The quotient.**  By 1, a permutation of a run of S is a run of S, as the initial state has no facts.  So states that
are equal up to a permutation are reached by runs of the same length, and have successors that are equal up to a
permutation: the quotient has the same distances, and a state is settled, stuck, or good for what is inevitable, exactly
if its class is.  A class is given by the common facts and the multiset of local states: how many indices have which
facts.  By 2, what an index can do depends on the common facts and its local state, and changes nothing else.  By 3, a
common action can happen if it can as far as each index by itself is concerned; its effect on the common facts depends
on these alone, and its effect on an index on that index and on the common facts.  So successors of classes are computed
from the system of one index, and one for each local state is enough, as indices in the same local state are exchanged
by a permutation that changes nothing.

**Questions.**  A formula about one index holds of index i in some state of a class exactly if, renamed, it holds of
some index there, that is of one of its local states.  So a shortest run for index i is one for any index with these two
exchanged.  Formulas about several indices are refused, and so is what is reachable or inevitable if it speaks of an
index.  A class of N indices, m1, m2, … of them in the same local state, stands for N! / (m1! m2! …) states.

Source: docs/semantics.md, "Facts and actions".
"""

from __future__ import annotations

from collections.abc import Callable

from bac.model.system import System
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
from bac.proofs.explicit.symmetry.applicability import OneIndex, moved_formula, one_index, subject
from bac.proofs.explicit.symmetry.dead_ends import first_dead_end
from bac.proofs.explicit.symmetry.runs import Runs
from bac.proofs.explicit.symmetry.search import Search
from bac.proofs.packing import Packing
from bac.properties.formula import Formula


def explore(
    system: System,
    questions: Query,
    limits: Limits | None = None,
    progress: Callable[[Progress], None] | None = None,
) -> SearchResult:
    """Explore every run of the system up to symmetry, up to the limits, and answer the questions.

    The answers are those of the explicit engine, with shortest runs of the same lengths.  States are counted up to
    symmetry; the statistics say how many states they represent.

    Raises:
        NotApplicable: the system or a question distinguishes indices; nothing is explored.
    """
    watch = LimitMonitor(limits or Limits(), progress)
    one = one_index(system)
    asked = Asked(one, questions)
    # Each state up to symmetry has at most as many local states as there are indices.
    fewest = max(free_choices(Packing(one.system)) - len(one.indices).bit_length(), 0)
    if (reason := exceeds_memory(watch.limits, fewest)) is not None:
        return nothing_found(questions, reason)
    search = Search(one, asked.once, watch)
    search.run()
    return answers(search, asked)


class Asked:
    """The questions, each put once for all indices.

    ``once`` are the questions about the first index; ``places`` has, for each of the questions asked, its place among
    them and the index that it is about.
    """

    def __init__(self, one: OneIndex, questions: Query) -> None:
        """Put the same question about several indices once.

        Raises:
            NotApplicable: a question distinguishes indices.
        """
        for formula in (questions.reachable, questions.always_reachable):
            if formula is not None and subject(formula, one.indices) is not None:
                raise NotApplicable("what is reachable or inevitable is about an index")
        numbers: dict[Formula, int] = {}
        self.places: list[tuple[int, int | None]] = []
        for formula in questions.settled:
            index = subject(formula, one.indices)
            renamed = moved_formula(formula, one.indices[0])
            self.places.append((numbers.setdefault(renamed, len(numbers)), index))
        self.once = Query(tuple(numbers), questions.reachable, questions.always_reachable)


def answers(search: Search, asked: Asked) -> SearchResult:
    """What was found, as runs of the whole system."""
    runs = Runs(search)

    def to(state: tuple[int, int] | None) -> Path | None:
        return None if state is None else runs.run(state)

    settled = tuple(
        {timing: runs.run(each.state, each.local, index) for timing, each in search.found[place].items()}
        for place, index in asked.places
    )
    reached, dead_end = to(search.reached), to(first_dead_end(search))
    represented = search.represented
    return SearchResult(
        settled,
        reached,
        dead_end,
        search.settles or bool(search.waiting),
        Statistics(search.states, search.transitions, search.depth, search.watch.seconds, represented),
        search.limit,
        search.interrupted,
    )
