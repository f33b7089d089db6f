"""What is installed, what is missing, and what that costs."""

from __future__ import annotations

import platform
import shutil
import subprocess
from collections.abc import Iterator
from importlib import metadata

from bac import __version__

LIBRARIES = ("click", "PyYAML", "rich", "graphviz", "jsonschema", "psutil", "z3-solver", "cvc5")
OPTIONAL = {
    "graphviz-pure": "a stand-in for Graphviz from PyPI",
    "distributed": "sweeps over a Dask cluster",
    "hypothesis": "property-based tests",
}


def findings() -> Iterator[str]:
    """One line for each thing looked at."""
    yield f"bac {__version__}, Python {platform.python_version()} on {platform.platform(terse=True)}"
    yield from machine()
    for name in LIBRARIES:
        yield f"  {name:<14} {version(name) or 'MISSING: install bac-checker again'}"
    for name, use in OPTIONAL.items():
        yield f"  {name:<14} {version(name) or 'not installed'} ({use})"
    yield from graphviz()


def machine() -> Iterator[str]:
    """Cores, and the memory that a search may take."""
    import psutil

    from bac.proofs.memory import memory_budget

    budget = f"a search takes up to {memory_budget() / 2**30:.1f} GiB"
    yield f"  {psutil.cpu_count()} cores, {psutil.virtual_memory().total / 2**30:.1f} GiB of memory; {budget}"


def version(distribution: str) -> str | None:
    """The version of an installed distribution."""
    try:
        return metadata.version(distribution)
    except metadata.PackageNotFoundError:
        return None


def graphviz() -> Iterator[str]:
    """Whether there is a ``dot``, and what works without it."""
    dot = shutil.which("dot")
    if dot is not None:
        said = subprocess.run([dot, "-V"], capture_output=True, text=True, check=False, timeout=60)
        yield f"  {'dot':<14} {(said.stderr or said.stdout).strip()}"
        return
    yield f"  {'dot':<14} not found: figures as SVG, TikZ and DOT work, as PDF and PNG they do not"
    yield f"  {'':<14} (apt-get install graphviz, brew install graphviz; for PNG alone: pip install graphviz-pure)"
