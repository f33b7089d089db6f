"""The theorem: ``bac.prove.impossibility``, ``bac.prove.graphs`` and ``bac.prove.unbounded``.

Each returns the document that ``bac prove ... --format json`` prints.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from bac.api.arguments import between, member, members
from bac.api.specification import Specification, read_of
from bac.model.errors import one_of


def impossibility(
    spec: Specification | None = None,
    *,
    level: str | None = None,
    drop: Iterable[str] = (),
    max_positions: int = 20_000,
    timeout: float | None = None,
) -> dict[str, Any]:
    """Solve the game of backup policies against clients.

    Args:
        spec: the architecture; default: the three built-in ones.
        level: ``C0``, ``C1`` or ``C2``; default: each.
        drop: assumptions that are dropped, such as ``available``.
        max_positions: the size of a game beyond which the answer is unknown.
        timeout: seconds for all games together; then the answer is unknown.

    Raises:
        BacError: there is no such level or assumption.
    """
    from bac.proofs.engine import LimitMonitor, Limits
    from bac.proofs.theorem.games.arenas import ARCHITECTURES, Assumption, Level
    from bac.proofs.theorem.games.game import outcomes
    from bac.proofs.theorem.games.solver import Effort
    from bac.reports.theorem import impossibility_json

    architectures = ARCHITECTURES if spec is None else (read_of(spec, "impossibility").architecture,)
    levels = list(Level) if level is None else [member(Level, "level", level)]
    dropped = frozenset(members(Assumption, "drop", "assumption", drop))
    effort = Effort(max_positions, LimitMonitor(Limits(seconds=timeout)))
    return impossibility_json(list(outcomes(architectures, levels, dropped, effort)))


def graphs(
    services: int = 3, *, file: str | Path | None = None, jobs: int | None = None, timeout: float | None = None
) -> dict[str, Any]:
    """Confirm the statements of the article on every reference graph of up to five services.

    Args:
        services: the largest number of services.
        file: keep what is done here, and resume.
        jobs: local processes; default: one for each core.
        timeout: seconds; then the rest of the graphs is left to do.

    Raises:
        BacError: a number is out of range, or the file belongs to something else.
    """
    from bac.proofs.engine import LimitMonitor, Limits
    from bac.proofs.theorem.graphs.sweep import sweep

    between("services", services, 1)
    if jobs is not None:
        between("jobs", jobs, 1)
    monitor = LimitMonitor(Limits(seconds=timeout))
    return sweep(services, None if file is None else Path(file), None, jobs, monitor=monitor).to_json()


def unbounded(*theorems: str, timeout: float | None = None) -> dict[str, Any]:
    """Prove the theorems for any number of services and commands, by Z3 and cvc5 (extra ``[prove]``).

    Args:
        theorems: names of theorems; default: all.
        timeout: seconds for all theorems together; each obligation has at most a minute.

    Raises:
        BacError: there is no theorem of that name.
    """
    from bac.proofs.engine import LimitMonitor, Limits
    from bac.proofs.theorem.unbounded import solvers

    known = {theorem.name: theorem for theorem in solvers.theorems()}
    for name in theorems:
        if name not in known:
            raise one_of("theorem", name, known)
    chosen = [known[name] for name in theorems or known]
    return solvers.report(solvers.discharge_all(chosen, LimitMonitor(Limits(seconds=timeout))))
