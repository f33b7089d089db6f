"""Both engines on the same questions: what they must agree on, and the error when they do not.

Source: docs/semantics.md, "What a verdict may claim": verdicts, anomalies and lengths do not depend on the engine.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

from bac.model.errors import BacError
from bac.model.plan import Timing
from bac.model.system import System
from bac.proofs.engine import Engine, Limits, Path, Progress, Query, SearchResult
from bac.proofs.explicit.breadth_first import explore
from bac.proofs.smt.engine import search


class EnginesDisagree(BacError):
    """Two engines have different answers to the same question: a bug of the checker.  Both answers are kept."""

    exit_code = 4

    def __init__(self, differences: tuple[str, ...], explicit: SearchResult, symbolic: SearchResult) -> None:
        """Say where they differ."""
        self.differences, self.explicit, self.symbolic = differences, explicit, symbolic
        super().__init__("\n".join(["the two engines disagree; this is a bug of the checker:", *differences]))


def both(
    system: System,
    questions: Query,
    limits: Limits | None = None,
    progress: Callable[[Progress], None] | None = None,
    engines: tuple[Engine, Engine] = (explore, search),
) -> SearchResult:
    """The answers of both engines, one after the other: those of the explicit engine, unless it alone hit a limit.

    Raises:
        EnginesDisagree: they differ in more than which of several shortest runs they show.
    """
    limits = limits or Limits()
    first, second = engines
    explicit = first(system, questions, limits, progress)
    if explicit.interrupted:
        return explicit
    if limits.seconds is not None:
        limits = replace(limits, seconds=max(limits.seconds - explicit.statistics.seconds, 0.0))
    symbolic = second(system, questions, limits, progress)
    if found := tuple(differences(explicit, symbolic)):
        raise EnginesDisagree(found, explicit, symbolic)
    if symbolic.interrupted:
        return replace(explicit, limit=explicit.limit or symbolic.limit, interrupted=True)
    return symbolic if explicit.limit is not None and symbolic.limit is None else explicit


def differences(explicit: SearchResult, symbolic: SearchResult) -> Iterator[str]:
    """Where two answers to the same questions contradict each other.

    What only one of them found contradicts the other only if the other hit no limit.  Of what both found, the lengths
    count: each claims that there is no shorter run.
    """
    pairs = {"a denied command": (explicit.reachable, symbolic.reachable)}
    pairs["a state from which no backup can be completed"] = explicit.always_reachable, symbolic.always_reachable
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
    """Whether what one engine found (or not), with this limit, speaks against what the other found."""
    if path is None:
        return other is not None and limit is None
    return other is not None and len(path) != len(other)


def found(path: Path | None, answers: SearchResult) -> str:
    """What an engine says about one question, in words."""
    if path is not None:
        return f"a shortest run of {len(path)} actions"
    return "no run" if answers.limit is None else f"none up to its limit ({answers.limit})"
