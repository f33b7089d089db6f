"""The engines by name.  This is the one module that knows which there are; each is loaded when it is first used.

The explicit engine consists of three that explore states one by one: breadth-first search in Python, the compiled
search, which takes over where there are many states, and the search up to symmetry, for systems of several instances.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from bac.model.system import System
from bac.proofs.engine import (
    Engine,
    Limits,
    NotApplicable,
    ProgressListener,
    Query,
    SearchResult,
    nothing_found,
)
from bac.proofs.explicit.breadth_first import BreadthFirstSearch

if TYPE_CHECKING:
    from bac.proofs.explicit.symmetry.engine import SymmetricSearch

WORTH_COMPILING = 200_000
"""The compiled search takes over before so many states are found: loading it takes about as long as finding them."""
FEW_INDICES = 3
"""So few indices that exchanging them saves less than the compiled search is faster: at most 6 states are one."""


def explicit(system: System, query: Query, limits: Limits, progress: ProgressListener = None) -> SearchResult:
    """Search breadth-first in Python, and hand a large search over to the compiled one, which begins anew."""
    return handed_over(BreadthFirstSearch(system, query, limits, progress), WORTH_COMPILING)


def symmetric(system: System, query: Query, limits: Limits, progress: ProgressListener = None) -> SearchResult:
    """Search up to symmetry; hand a large search of few indices over to the compiled one, which begins anew.

    Raises:
        NotApplicable: the system or the query distinguishes indices.
    """
    from bac.proofs.explicit.symmetry.engine import SymmetricSearch

    search = SymmetricSearch(system, query, limits, progress)
    return handed_over(search, WORTH_COMPILING // 4 if len(search.one.indices) <= FEW_INDICES else None)


def handed_over(search: BreadthFirstSearch | SymmetricSearch, worth: int | None) -> SearchResult:
    """Return the result of a search, which is left to the compiled search if it has ``worth`` states or more."""
    if (reason := search.exceeds_memory()) is not None:
        return nothing_found(search.query, reason)
    most = search.monitor.limits.states
    search.run(worth if most is None or most >= 10 * WORTH_COMPILING else None)
    if search.unfinished:
        try:
            return compiled(search)
        except NotApplicable:
            search.run()
    return search.result()


def compiled(search: BreadthFirstSearch | SymmetricSearch) -> SearchResult:
    """Return the result of the compiled search, in place of a search that is not finished.

    If the compiled search reaches a limit, what either has found is known.

    Raises:
        NotApplicable: the compiled search is not installed, would first be compiled for longer than the limits allow,
            or cannot decide this system or query.
    """
    try:
        from bac.proofs.explicit.compiled.compiling import COMPILING, must_compile
        from bac.proofs.explicit.compiled.engine import explore

        left = search.monitor.remaining().seconds
        if left is not None and left < COMPILING and must_compile():
            raise NotApplicable("compiling would take longer than the limit on time allows")
        result = explore(search.system, search.query, monitor=search.monitor)
    except KeyboardInterrupt:
        return replace(search.result(), limit="interrupted", interrupted=True)
    except ImportError as error:
        from bac.model.extras import suggest_fast

        suggest_fast()
        raise NotApplicable(f"the compiled search does not work here: {error}") from None
    if result.limit is None:
        return result
    found = search.result()
    return replace(
        result,
        settled=tuple({**new, **old} for new, old in zip(result.settled, found.settled, strict=True)),
        reachable=result.reachable if found.reachable is None else found.reachable,
        dead_end=found.dead_end,
        can_recover=True,
    )


def smt(system: System, query: Query, limits: Limits, progress: ProgressListener = None) -> SearchResult:
    """Decide a query by the SMT engine."""
    from bac.proofs.smt.engine import search

    return search(system, query, limits, progress)


EXPLICIT, SMT, PRECEDENCE, AUTO, BOTH, ALL = "explicit", "smt", "precedence", "auto", "both", "all"
ENGINES: Mapping[str, Engine] = {EXPLICIT: explicit, SMT: smt}
"""The engines that search systems, by the names that users give them."""

CHOICES = (AUTO, PRECEDENCE, *ENGINES, BOTH, ALL)
"""All that can decide a plan: also the precedence engine, which looks at whole architectures and not at systems.

The first stands for the precedence engine where it covers the plan, and the explicit one where it does not.  The last
two compare all of them.
"""

ENUMERATE = frozenset({EXPLICIT})
"""The engines that visit one state after the other."""


def first_applicable(
    engines: Iterable[Engine], system: System, query: Query, limits: Limits, progress: ProgressListener = None
) -> SearchResult:
    """Return the result of the first of these engines that can decide the query.

    Raises:
        NotApplicable: none of them can.
    """
    refusals = []
    for engine in engines:
        try:
            return engine(system, query, limits, progress)
        except NotApplicable as refusal:
            refusals.append(str(refusal))
    raise NotApplicable("; ".join(refusals))
