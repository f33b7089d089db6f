"""The list of the theorems for any number of services and commands, and their SMT-LIB files."""

from __future__ import annotations

from pathlib import Path

from bac.model.files import make_directory, write_text
from bac.proofs.theorem.unbounded import impossibility, locked, markers, referrer_first, rollback, shared_database
from bac.proofs.theorem.unbounded.machine import Theorem


def theorems() -> tuple[Theorem, ...]:
    """Return every theorem, in the order of docs/theorem.md."""
    modules = (impossibility, locked, shared_database, referrer_first, rollback, markers)
    return tuple(module.theorem() for module in modules)


def files() -> dict[str, str]:
    """Return the SMT-LIB text of every obligation, by the name of its file."""
    return {
        f"{theorem.name}--{obligation.name}.smt2".replace(" ", "-"): obligation.smt2
        for theorem in theorems()
        for obligation in theorem.obligations
    }


def write(directory: Path) -> list[Path]:
    """Write every obligation to a file of its own in a directory, which is created if it does not exist.

    Raises:
        UnwritableFile: one of them cannot be written.
    """
    make_directory(directory)
    texts = files()
    for name, text in texts.items():
        write_text(directory / name, text)
    return [directory / name for name in texts]
