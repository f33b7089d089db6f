"""Which tools are installed or missing, and which features need them."""

from __future__ import annotations

import platform
import shutil
import subprocess
from collections.abc import Iterator
from importlib import metadata

from bac import __version__
from bac.model.extras import EXTRAS, installation

LIBRARIES = ("click", "PyYAML", "rich", "graphviz", "jsonschema", "psutil", "z3-solver")
"""The packages of the plain installation."""
PROGRAMS = {
    "java": "TLC, for bac export --to tla",
    "spin": "bac export --to promela",
    "gcc": "compiles what spin writes",
    "pg_dump": "bac drill on PostgreSQL",
}
SLOWER = "large searches work, but are much slower"


def findings() -> Iterator[str]:
    """Yield one line for each library, extra and program."""
    yield f"bac {__version__}, Python {platform.python_version()} on {platform.platform(terse=True)}"
    yield from machine()
    for name in LIBRARIES:
        yield f"  {name:<14} {version(name) or 'MISSING: install bac-checker again'}"
    for name, extra in EXTRAS.items():
        yield f"  extra {name:<8} {'installed' if extra.installed else installation(name)} ({extra.purpose})"
    yield from compiled_search()
    yield from graphviz()
    for name, use in PROGRAMS.items():
        yield f"  {name:<14} {'found' if shutil.which(name) else 'not found'} ({use})"


def compiled_search() -> Iterator[str]:
    """Yield whether large searches are compiled, and whether compiled code can be kept."""
    title = f"  {'compiled':<14}"
    try:
        from bac.proofs.explicit.compiled.compiling import cache_folder
    except ImportError as error:
        yield f"{title} no: {SLOWER} ({error})"
        return
    if (folder := cache_folder()) is None:
        yield f"{title} yes: large searches are compiled, anew each time, as no folder for compiled code can be written"
    else:
        yield f"{title} yes: large searches are compiled; the code is kept in {folder}"


def machine() -> Iterator[str]:
    """Yield the number of cores, and the memory that a search may take."""
    import psutil

    from bac.proofs.engine import memory_budget

    budget = f"a search takes up to {memory_budget() / 2**30:.1f} GiB"
    yield f"  {psutil.cpu_count()} cores, {psutil.virtual_memory().total / 2**30:.1f} GiB of memory; {budget}"


def version(distribution: str) -> str | None:
    """Return the version of an installed distribution."""
    try:
        return metadata.version(distribution)
    except metadata.PackageNotFoundError:
        return None


def graphviz() -> Iterator[str]:
    """Yield whether there is a ``dot``, and what works without it."""
    dot = shutil.which("dot")
    if dot is not None:
        said = subprocess.run([dot, "-V"], capture_output=True, text=True, check=False, timeout=60)
        yield f"  {'dot':<14} {(said.stderr or said.stdout).strip()}"
        return
    yield f"  {'dot':<14} not found: figures as SVG, TikZ and DOT work, as PDF and PNG they do not"
    yield f"  {'':<14} (apt-get install graphviz, brew install graphviz; for PNG alone: pip install graphviz-pure)"
