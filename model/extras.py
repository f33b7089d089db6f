"""The packages that the plain installation leaves out, by the extra that installs them.

``pip install 'bac-checker[fast]'`` installs the extra ``fast``.  Where one is missing, everything else works.
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from typing import Any

from bac.model.errors import BacError, SlowWithoutExtra


@dataclass(frozen=True)
class Extra:
    """One extra: the modules that are imported from its packages, and what they are for."""

    modules: tuple[str, ...]
    purpose: str

    @property
    def installed(self) -> bool:
        """Whether all of its modules can be found; none is imported."""
        try:
            return all(find_spec(module) is not None for module in self.modules)
        except ValueError:  # a module that has been made unavailable on purpose
            return False


EXTRAS: Mapping[str, Extra] = {
    "fast": Extra(("numba", "numpy"), "compiles large searches, which then run about fifty times as fast"),
    "prove": Extra(("cvc5",), "a second solver beside Z3 for proofs and invariants"),
    "cluster": Extra(("dask", "distributed"), "spreads large searches over a Dask cluster"),
    "pdf": Extra(("reportlab", "pypdfium2"), "writes figures as PDF and PNG without Graphviz"),
    "audit": Extra(("sqlalchemy",), "reads databases in bac audit"),
    "postgres": Extra(("psycopg",), "drills on PostgreSQL, and reads it in bac audit"),
    "test": Extra(("hypothesis", "pytest"), "property-based tests of your own"),
}
"""The extras that users may want, by name; pyproject.toml says which packages each installs."""


class MissingExtra(BacError):
    """Something was asked for that needs a package of an extra that is not installed."""

    def __init__(self, what: str, extra: str) -> None:
        """``what`` needs the extra of this name."""
        super().__init__(f"{what} needs the extra '{extra}': {installation(extra)}")
        self.extra = extra


def installation(extra: str) -> str:
    """The command that installs an extra."""
    return f"pip install 'bac-checker[{extra}]'"


def needed(module: str, extra: str, what: str) -> Any:
    """Return a module that an extra installs.

    Args:
        module: the name under which it is imported.
        extra: the name of the extra.
        what: the thing that needs it, as the beginning of a sentence.

    Raises:
        MissingExtra: it is not installed.
    """
    try:
        return import_module(module)
    except ImportError:
        raise MissingExtra(what, extra) from None


def suggest_fast() -> None:
    """Warn that large searches would be faster with the extra ``fast``, unless it is installed.

    Processes that search for another one stay silent, so that there is one warning.
    """
    from multiprocessing import parent_process  # slow to load

    if parent_process() is None and not EXTRAS["fast"].installed:
        message = f"large searches are much faster when they are compiled: {installation('fast')}"
        warnings.warn(message, SlowWithoutExtra, stacklevel=1)
