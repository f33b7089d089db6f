"""The engines by name; what is slow to load is loaded for those who ask for it."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from bac.model.system import System
from bac.proofs.engine import Engine, Limits, Progress, Query, SearchResult
from bac.proofs.explicit.breadth_first import explore

ProgressListener = Callable[[Progress], None] | None


def symbolic(system: System, questions: Query, limits: Limits, progress: ProgressListener = None) -> SearchResult:
    """The SMT engine; Z3 is loaded only for those who ask for it."""
    from bac.proofs.smt.engine import search

    return search(system, questions, limits, progress)


def both(system: System, questions: Query, limits: Limits, progress: ProgressListener = None) -> SearchResult:
    """Both engines, held against each other."""
    from bac.proofs import agreement

    return agreement.both(system, questions, limits, progress)


ENGINES: Mapping[str, Engine] = {"explicit": explore, "smt": symbolic, "both": both}
"""The engines by the names that users give them."""

ENUMERATE = frozenset({"explicit"})
"""The engines that look at one state after the other."""
