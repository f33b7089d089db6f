"""The engines by name.  This is the one module that knows which there are; each is loaded when it is first used.

The explicit engine consists of three that explore states one by one: breadth-first search in Python, the compiled
search, which takes over where there are many states, and the search up to symmetry, for systems of several instances.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from bac.model.errors import Contradiction
from bac.model.plan import Timing
from bac.model.system import System
from bac.proofs.engine import (
    Engine,
    Limits,
    NotApplicable,
    Path,
    ProgressListener,
    Query,
    SearchResult,
    nothing_found,
)
from bac.proofs.explicit.breadth_first import BreadthFirstSearch

WORTH_COMPILING = 200_000
"""The compiled search takes over before so many states are found: loading it takes about as long as finding them."""


def explicit(system: System, query: Query, limits: Limits, progress: ProgressListener = None) -> SearchResult:
    """Search breadth-first in Python, and hand a large search over to the compiled one, which begins anew."""
    search = BreadthFirstSearch(system, query, limits, progress)
    if (reason := search.exceeds_memory()) is not None:
        return nothing_found(query, reason)
    most = limits.states
    search.run(WORTH_COMPILING if most is None or most >= 10 * WORTH_COMPILING else None)
    if search.unfinished:
        try:
            return compiled(search)
        except NotApplicable:
            search.run()
    return search.result()


def compiled(search: BreadthFirstSearch) -> SearchResult:
    """Return the result of the compiled search, in place of a search that is not finished.

    If the compiled search reaches a limit, what the other search had found by then is all that is known.

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
        result = explore(search.packing.system, search.query, monitor=search.monitor)
    except KeyboardInterrupt:
        search.limit, search.interrupted = "interrupted", True
        return search.result()
    except ImportError as error:
        from bac.model.extras import suggest_fast

        suggest_fast()
        raise NotApplicable(f"the compiled search does not work here: {error}") from None
    if result.limit is None:
        return result
    found = search.result()
    return replace(found, statistics=result.statistics, limit=result.limit, interrupted=result.interrupted)


def symmetric(system: System, query: Query, limits: Limits, progress: ProgressListener = None) -> SearchResult:
    """Search up to symmetry.

    Raises:
        NotApplicable: the system or the query distinguishes indices.
    """
    from bac.proofs.explicit.symmetry.engine import explore

    return explore(system, query, limits, progress)


def smt(system: System, query: Query, limits: Limits, progress: ProgressListener = None) -> SearchResult:
    """Decide a query by the SMT engine."""
    from bac.proofs.smt.engine import search

    return search(system, query, limits, progress)


def both(system: System, query: Query, limits: Limits, progress: ProgressListener = None) -> SearchResult:
    """Decide a query by the explicit and the SMT engine, and compare their results."""
    return compared(explicit, smt, system, query, limits, progress)


EXPLICIT, PRECEDENCE, AUTO = "explicit", "precedence", "auto"
ENGINES: Mapping[str, Engine] = {EXPLICIT: explicit, "smt": smt, "both": both}
"""The engines that search systems, by the names that users give them."""

CHOICES = (AUTO, PRECEDENCE, *ENGINES)
"""All that can decide a plan: also the precedence engine, which looks at whole architectures and not at systems.

The first stands for the precedence engine where it covers the plan, and the explicit one where it does not.
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


# Two engines, compared


class EnginesDisagree(Contradiction):
    """Two engines have different answers to the same query.  Both are kept."""

    def __init__(self, differences: tuple[str, ...], explicit: SearchResult, symbolic: SearchResult) -> None:
        """Say where they differ."""
        self.differences, self.explicit, self.symbolic = differences, explicit, symbolic
        super().__init__("\n".join(["the two engines disagree; this is a bug of the checker:", *differences]))


def compared(
    first: Engine,
    second: Engine,
    system: System,
    query: Query,
    limits: Limits,
    progress: ProgressListener = None,
) -> SearchResult:
    """Return the result of the first engine, checked against the second; the second's if only the first hit a limit.

    Source: docs/semantics.md, "What a verdict may claim": verdicts, anomalies and lengths do not depend on the engine.

    Raises:
        EnginesDisagree: they differ in more than in which of several shortest runs they show.
    """
    one = first(system, query, limits, progress)
    if one.interrupted:
        return one
    if limits.seconds is not None:
        limits = replace(limits, seconds=max(limits.seconds - one.statistics.seconds, 0.0))
    other = second(system, query, limits, progress)
    if found := tuple(differences(one, other)):
        raise EnginesDisagree(found, one, other)
    if other.interrupted:
        return replace(one, limit=one.limit or other.limit, interrupted=True)
    return other if one.limit is not None and other.limit is None else one


def differences(explicit: SearchResult, symbolic: SearchResult) -> Iterator[str]:
    """Yield the contradictions between two results of the same query.

    If only one of them found a run, that contradicts the other only if the other hit no limit.  If both did, their
    lengths are compared: each claims that there is no shorter run.
    """
    pairs = {"a denied command": (explicit.reachable, symbolic.reachable)}
    pairs["a state from which no backup can be completed"] = explicit.dead_end, symbolic.dead_end
    for number, (one, other) in enumerate(zip(explicit.settled, symbolic.settled, strict=True), 1):
        for timing in Timing:
            pairs[f"formula {number} in a settled state, {timing}"] = one.get(timing), other.get(timing)
    for what, (one_path, other_path) in pairs.items():
        if contradicts(one_path, other_path, explicit.limit) or contradicts(other_path, one_path, symbolic.limit):
            yield f"{what}: {found(one_path, explicit)} (explicit), {found(other_path, symbolic)} (smt)"
    complete = explicit.limit is None and symbolic.limit is None
    if complete and explicit.settled and explicit.can_recover != symbolic.can_recover:
        yield f"some run recovers: {explicit.can_recover} (explicit), {symbolic.can_recover} (smt)"


def contradicts(path: Path | None, other: Path | None, limit: str | None) -> bool:
    """Whether the run that one engine found (or not, with this limit) contradicts what the other found."""
    if path is None:
        return other is not None and limit is None
    return other is not None and len(path) != len(other)


def found(path: Path | None, result: SearchResult) -> str:
    """Return the run that an engine found, in words."""
    if path is not None:
        return f"a shortest run of {len(path)} actions"
    return "no run" if result.limit is None else f"none up to its limit ({result.limit})"
