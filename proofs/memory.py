"""How much memory this process holds, and how much it may take."""

from __future__ import annotations

from pathlib import Path

MARGIN = 0.8
"""The share of what is free now that a search takes at most, unless told otherwise."""
CGROUP = Path("/sys/fs/cgroup")


def resident_memory() -> int:
    """The memory that this process holds, in bytes."""
    import psutil  # A good part of the start-up of a short run, and only a search with a limit needs it.

    return int(psutil.Process().memory_info().rss)


def memory_budget() -> int:
    """What this process may hold, in bytes: what it has, and its share of what the machine or container has left."""
    import psutil

    free = [int(psutil.virtual_memory().available)]
    limit, used = _number(CGROUP / "memory.max"), _number(CGROUP / "memory.current")
    if limit is not None and used is not None:
        free.append(max(limit - used, 0))
    return resident_memory() + int(min(free) * MARGIN)


def _number(file: Path) -> int | None:
    try:
        return int(file.read_text())
    except (OSError, ValueError):
        return None
