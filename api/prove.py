"""The theorem: ``bac.prove.impossibility``, ``bac.prove.graphs`` and ``bac.prove.unbounded``.

Each returns the document that ``bac prove ... --format json`` prints.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from bac.api.specification import Specification


def impossibility(
    spec: Specification | None = None,
    *,
    level: str | None = None,
    drop: Iterable[str] = (),
    max_positions: int = 20_000,
) -> dict[str, Any]:
    """Solve the game of backup policies against clients.

    Args:
        spec: the architecture; default: the three built-in ones.
        level: ``C0``, ``C1`` or ``C2``; default: each.
        drop: assumptions that are dropped, such as ``available``.
        max_positions: the size of a game beyond which the answer is unknown.

    Raises:
        ValueError: there is no such level or assumption.
    """
    from bac.proofs.theorem.games.arenas import ARCHITECTURES, Assumption, Level
    from bac.proofs.theorem.games.impossibility import outcomes
    from bac.reports.theorem import impossibility_json

    architectures = ARCHITECTURES if spec is None else (spec._read.architecture,)
    levels = list(Level) if level is None else [Level(level)]
    return impossibility_json(list(outcomes(architectures, levels, frozenset(map(Assumption, drop)), max_positions)))


def graphs(services: int = 3, *, file: str | Path | None = None, jobs: int | None = None) -> dict[str, Any]:
    """Confirm the statements of the article on every reference graph of up to five services.

    Args:
        services: the largest number of services.
        file: keep what is done here, and resume.
        jobs: local processes; default: one for each core.
    """
    from bac.proofs.theorem.graphs.sweep import sweep

    return sweep(services, None if file is None else Path(file), None, jobs).to_json()


def unbounded(*theorems: str, timeout: float = 60.0) -> dict[str, Any]:
    """Prove the theorems for any number of services and commands, by Z3 and cvc5 (extra ``[prove]``).

    Args:
        theorems: names of theorems; default: all.
        timeout: seconds for each obligation.

    Raises:
        KeyError: there is no theorem of that name.
    """
    from bac.proofs.theorem.unbounded import catalogue
    from bac.proofs.theorem.unbounded.solvers import discharge, report

    known = {theorem.name: theorem for theorem in catalogue.theorems()}
    return report([discharge(known[name], timeout) for name in theorems or known])
