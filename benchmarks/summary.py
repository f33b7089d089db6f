"""Write the short table of docs/speed.md from the results."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import growth
import unreduced
import verdicts
from measuring import Series, ratio, spread
from tables import Found, Results, digits, of_a_tenth, own_memory, row

PAGE = Path(__file__).resolve().parent.parent / "docs" / "speed.md"
MARKS = "<!-- measured -->\n", "<!-- /measured -->\n"
BUSY = 0.5
"""With a greater load before the run a machine had other work."""
LANDSCAPES = (1000, 5000)
"""The landscapes of which the page speaks have so many services."""


def summary(results: Results) -> str:
    """The table, and where it was measured; every part must have been.

    Raises:
        KeyError: a part is missing.
    """
    rows = [*counted(Found(results.parts["a"])), *decided(Found(results.parts["b"])), *grown(Found(results.parts["c"]))]
    lines = [row("", "bac", "SPIN", ""), row(*["---"] * 4), *rows, "", place(results), ""]
    return "\n".join(lines)


def place(results: Results) -> str:
    """The machine, the versions and the number of rounds, in one line."""
    machine, used = results.machine, results.versions
    processor = machine["processor"].split(" (")[0]
    spin = re.search(r"[\d.]+", used["SPIN"])
    busy = f" that had other work, too (load {machine['load before']})" if float(machine["load before"]) > BUSY else ""
    return (
        f"Medians of {results.settings['rounds']} rounds on {machine['cores']} cores of an {processor} with "
        f"{machine['memory']}{busy}; Python {used['Python']}, numba {used['numba']}, "
        f"SPIN {spin[0] if spin else used['SPIN']} compiled with `gcc -O2 -DSAFETY -DNOREDUCE`."
    )


def counted(found: Found) -> Iterator[str]:
    """Rows about counting all states: time, memory of the process, memory for the states."""
    for size in (8, 9):
        ours, theirs = found.get(f"N = {size}", unreduced.KERNEL), found.get(f"N = {size}", unreduced.SPIN)
        if ours is None or theirs is None:
            continue
        faster, share = ratio(theirs.seconds, ours.seconds), ratio(ours.memory, theirs.memory)
        what = f"all {ours.fact('states'):,.0f} states of N = {size}"
        yield row(what, seconds(ours), seconds(theirs), f"{digits(faster.median)} times as fast")
        own = [f"{held(each)} ({digits((own_memory(each) or 0) / 2**20)} for states)" for each in (ours, theirs)]
        yield row("memory of the process for it", *own, f"{100 * share.median:.0f} %")


def decided(found: Found) -> Iterator[str]:
    """Rows about verdicts."""
    wanted = [
        ("toy, N = 100", verdicts.ALL, "verdicts for N = 100, and any number"),
        ("toy, N = 30", verdicts.SYMMETRY, "verdicts for N = 30, symmetry as the only reduction"),
        ("toy, N = 9", verdicts.NONE, "verdicts for N = 9, no reduction"),
        ("sales, 2 instances", verdicts.NONE, "the 12 plans of `sales`, two instances, no reduction"),
        ("FTGO, any may crash", verdicts.ALL, "the 8 plans of FTGO, where any services may crash"),
    ]
    for case, by, words in wanted:
        if (series := found.get(case, by)) is not None:
            yield row(words, seconds(series), "", f"{series.fact('states'):,.0f} states")


def grown(found: Found) -> Iterator[str]:
    """Rows about landscapes: of each size the slowest shape."""
    for size in LANDSCAPES:
        if checked := [each for each in found.of(growth.CHECK) if each.size == size]:
            slowest = max(checked, key=lambda each: spread(each.seconds).median)
            tenth, much = of_a_tenth(found, slowest), ""
            if tenth is not None:
                times = digits(ratio(slowest.seconds, tenth.seconds).median)
                much = f"{times} times as long as for a tenth of the references"
            words = f"{size:,} services, {growth.REFERENCES * size:,} references, two plans"
            yield row(words, f"{seconds(slowest)}, {held(slowest)}", "", much)


def seconds(series: Series) -> str:
    """The median of seconds."""
    return f"{digits(spread(series.seconds).median)} s"


def held(series: Series) -> str:
    """The median of peaks of memory."""
    return f"{spread(series.memory).median / 2**20:,.0f} MiB"


def shown(page: str) -> str:
    """Return what stands between the marks of the page."""
    return page.partition(MARKS[0])[2].partition(MARKS[1])[0]


def with_summary(page: str, results: Results) -> str:
    """Return the page with the table of these results."""
    before, mark, rest = page.partition(MARKS[0])
    return before + mark + summary(results) + MARKS[1] + rest.partition(MARKS[1])[2]
