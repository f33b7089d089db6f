"""On which machine, and with which versions, something was measured."""

from __future__ import annotations

import os
import platform
import re
import subprocess
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import psutil
from peers import TOOLS, jar

LIBRARIES = ("numba", "numpy", "z3-solver", "click", "PyYAML")


def machine() -> dict[str, str]:
    """The processor, how many cores there are, the memory, the system."""
    return {
        "processor": processor(),
        "cores": str(os.cpu_count()),
        "memory": f"{psutil.virtual_memory().total / 2**30:.1f} GiB",
        "system": f"{platform.system()} {platform.release()} ({platform.machine()})",
        "load before": f"{os.getloadavg()[0]:.2f}",
    }


def processor() -> str:
    """The model of the processor, and its caches if the system tells."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8")
    except OSError:
        return platform.processor() or "unknown"
    fields = dict(re.findall(r"^([^\t:]+)\t*: (.*)$", lines, re.MULTILINE))
    series = ", ".join(f"{name} {fields[name]}" for name in ("cpu family", "model") if name in fields)
    caches = ", ".join(f"L{level} {size}" for level, size in sorted(caches_of_one_core().items()))
    return f"{fields.get('model name', 'unknown')} ({series}; {caches})"


def caches_of_one_core() -> dict[str, str]:
    """The size of the data cache of each level that the first core has or shares."""
    found = {}
    for cache in Path("/sys/devices/system/cpu/cpu0/cache").glob("index*"):
        if (cache / "type").read_text().strip() != "Instruction":
            found[(cache / "level").read_text().strip()] = (cache / "size").read_text().strip()
    return found


def versions() -> dict[str, str]:
    """Return the versions of bac, its libraries and the other tools."""
    from bac import __version__

    found = {"bac": f"{__version__}{revision()}", "Python": platform.python_version()}
    for name in LIBRARIES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            found[name] = "not installed"
    for tool, (program, *options) in TOOLS.items():
        found[tool] = first_line(program, *options)
    found["TLC"] = "not installed" if jar() is None else tlc_version()
    return found


def revision() -> str:
    """The commit of the repository, if this is one."""
    line = first_line("git", "-C", str(Path(__file__).parent), "rev-parse", "--short", "HEAD")
    return f" ({line})" if re.fullmatch(r"[0-9a-f]{7,40}", line) else ""


def tlc_version() -> str:
    """Return the version that TLC prints."""
    line = first_line("java", "-cp", str(jar()), "tlc2.TLC", "-h", matching="Version")
    return re.sub(r".*Version ([^ ]+).*?(\(rev: \w+\))?$", r"\1 \2", line)


def first_line(*command: str, matching: str = "") -> str:
    """Return the first line that a program prints (the first with ``matching`` in it)."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    except OSError:
        return "not installed"
    lines = [line.strip() for line in (done.stdout + done.stderr).splitlines() if line.strip() and matching in line]
    return lines[0] if lines else "unknown"
