"""What is installed, what is missing, and what that costs."""

from __future__ import annotations

import platform
import shutil
import subprocess
from collections.abc import Iterator
from importlib import metadata

from bac import __version__

LIBRARIES = (
    "click",
    "PyYAML",
    "rich",
    "graphviz",
    "jsonschema",
    "psutil",
    "networkx",
    "numpy",
    "numba",
    "z3-solver",
    "cvc5",
)
"""What the package depends on."""
OPTIONAL = {
    "graphviz-pure": "a stand-in for Graphviz from PyPI",
    "distributed": "large searches and sweeps over a Dask cluster",
    "hypothesis": "property-based tests",
}
PROGRAMS = {
    "java": "TLC, for bac export --to tla",
    "spin": "bac export --to promela",
    "gcc": "compiles what spin writes",
}
SLOWER = "large searches work, but are much slower"


def findings() -> Iterator[str]:
    """One line for each thing looked at."""
    yield f"bac {__version__}, Python {platform.python_version()} on {platform.platform(terse=True)}"
    yield from machine()
    for name in LIBRARIES:
        yield f"  {name:<14} {version(name) or 'MISSING: install bac-checker again'}"
    for name, use in OPTIONAL.items():
        yield f"  {name:<14} {version(name) or 'not installed'} ({use})"
    yield from kernel()
    yield from graphviz()
    for name, use in PROGRAMS.items():
        yield f"  {name:<14} {'found' if shutil.which(name) else 'not found'} ({use})"


def kernel() -> Iterator[str]:
    """Whether large searches are compiled, and whether what was compiled can be kept."""
    try:
        from numba import config

        import bac.proofs.explicit.compiled.engine  # noqa: F401  (numba looks for a place for its cache now)
    except (ImportError, RuntimeError) as error:
        yield f"  {'kernel':<14} cannot be loaded: {SLOWER} ({error})"
        return
    off = getattr(config, "DISABLE_JIT", False)
    found = f"switched off by NUMBA_DISABLE_JIT: {SLOWER}" if off else "can be loaded: large searches are compiled"
    yield f"  {'kernel':<14} {found}"


def machine() -> Iterator[str]:
    """Cores, and the memory that a search may take."""
    import psutil

    from bac.proofs.engine import memory_budget

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
