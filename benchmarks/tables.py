"""Results as a page of Markdown: ratios first, with the spread of repeated runs, beside the absolute numbers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from textwrap import fill

import growth
import locks
import solvers
import startup
import unreduced
import users
import verdicts
from measuring import Series, Spread, ratio, spread
from peers import FASTEST


@dataclass(frozen=True)
class Results:
    """The results of one run: the machine, the versions, the settings, skipped measurements, and series by part."""

    machine: Mapping[str, str]
    versions: Mapping[str, str]
    settings: Mapping[str, str]
    skipped: Sequence[str]
    parts: Mapping[str, list[Series]]


def page(results: Results) -> str:
    """The whole page."""
    sections = {"a": counting, "b": deciding, "c": growing, "d": solving, "e": starting, "f": holding_back}
    sections["g"] = sharing
    lines = ["# Measured", "", *about(results)]
    for part, series in results.parts.items():
        lines += ["", *sections[part](Found(series))]
    return "\n".join(lines) + "\n"


def about(results: Results) -> Iterator[str]:
    """Yield lines about the machine, the versions and the settings."""
    for title, entries in (("Machine", results.machine), ("Versions", results.versions), ("Run", results.settings)):
        yield f"- {title}: " + "; ".join(f"{name} {value}" for name, value in entries.items()) + "."
    yield from (f"- {reason}." for reason in results.skipped)
    yield "- Numbers are medians of repeated runs, with the least and the greatest behind them; ratios are of runs that"
    yield "  followed one another. Memory is the peak of resident memory of the processes, no less than the 8 MiB"
    yield "  of the process that starts them."


class Found:
    """The series of one part, to be looked up."""

    def __init__(self, series: Iterable[Series]) -> None:
        """Index them."""
        self.every = list(series)
        self.table = {(each.case, each.by): each for each in self.every}

    def cases(self) -> list[tuple[str, int]]:
        """The cases, each with its size, in the order in which they were measured."""
        return list(dict.fromkeys((each.case, each.size) for each in self.every))

    def get(self, case: str, by: str) -> Series | None:
        """One series, if it was measured."""
        return self.table.get((case, by))

    def of(self, by: str) -> list[Series]:
        """All series of one solver."""
        return [each for each in self.every if each.by == by]


def counting(found: Found) -> Iterator[str]:
    """Part (a)."""
    yield "## (a) All states of the toy, unreduced"
    yield ""
    yield paragraph(
        "N use cases of two steps over two services, each backed up alone; no disaster, no reduction. The same",
        "model for all (`bac export`), and the same number of states: 3^N + 4^N + 5^N + 7^N. Seconds are those of",
        "counting: without compiling, and for the kernel without starting Python and loading",
        "compiled code (whole processes: below).",
    )
    yield ""
    yield row(
        "N", "states", "by", "seconds", "million states a second", "times SPIN's speed", "memory", "SPIN's memory is"
    )
    yield row(*["---"] * 8)
    for series in found.every:
        peer = found.get(series.case, unreduced.SPIN)
        rate = times(spread(series.fact("states") / seconds / 1e6 for seconds in series.seconds))
        faster, smaller = against(peer, series, "seconds"), against(peer, series, "memory")
        states, less = f"{series.fact('states'):,.0f}", smaller if smaller == "–" else f"{smaller} times this"
        yield row(series.size, states, series.by, secs(series), rate, faster, mib(series), less)
    yield ""
    yield paragraph(
        "Memory for the states themselves: what SPIN reports (its table and its states), and by how much the process",
        "of an engine grew while it counted. The rest of the kernel's processes is Python, NumPy and numba.",
    )
    yield ""
    yield row(
        "N", "by", "for states", "bytes a state", "SPIN's is", "whole process", "times SPIN's speed, whole processes"
    )
    yield row(*["---"] * 7)
    for series in found.every:
        yield holding(series, found.get(series.case, unreduced.SPIN))
    yield ""
    yield from bounds(found)


def holding(series: Series, peer: Series | None) -> str:
    """A row about memory beyond what is loaded, and about the whole process."""
    own, theirs, whole = own_memory(series), None if peer is None else own_memory(peer), spread(series.facts["process"])
    faster = "–" if peer is None or series is peer else times(ratio(peer.facts["process"], series.facts["process"]))
    if not own:  # too little to be measured
        return row(series.size, series.by, "–", "–", "–", f"{times(whole)} s", faster)
    less = "–" if theirs is None or series is peer else f"{digits(theirs / own)} times this"
    each = digits(own / series.fact("states"))
    return row(series.size, series.by, f"{digits(own / 2**20)} MiB", each, less, f"{times(whole)} s", faster)


def own_memory(series: Series) -> float | None:
    """Bytes for states and tables."""
    name = next((name for name in ("own memory", "growth") if name in series.facts), None)
    return None if name is None else series.fact(name)


def bounds(found: Found) -> Iterator[str]:
    """Yield a paragraph on what limits the kernel, and what its seconds leave out."""
    largest = max(found.of(unreduced.KERNEL), key=lambda each: each.size)
    alone = found.get(largest.case, unreduced.ONE)
    if alone is not None and "cpu" in alone.facts:
        million, cores = largest.fact("states") / 1e6, unreduced.cores()
        yield paragraph(
            f"What bounds the kernel is arithmetic, not memory: at {largest.case} it visits {million:,.1f} million",
            f"states while its process grows by {largest.fact('growth') / 1024:,.0f} KiB, which stays in the cache",
            f"of a core. One worker visits {digits(million / spread(alone.facts['cpu']).median)} million states in a",
            f"second of processor time; {cores} workers need {times(ratio(largest.facts['cpu'], alone.facts['cpu']))}",
            "times the processor time of one (it would be more if they waited for the same memory), and are",
            f"{times(ratio(alone.seconds, largest.seconds))} times as fast by the clock.",
        )
    if built := [each.fact("compile") for each in found.of(unreduced.SPIN)]:
        loading = times(spread(largest.facts["loading"]))
        yield ""
        yield paragraph(
            f"Not in these seconds: generating and compiling SPIN's verifier, {times(spread(built))} s; loading the",
            f"kernel, {loading} s. SPIN has a hash table with as many places as there are states,",
            "rounded up to a power of 2.",
        )


def deciding(found: Found) -> Iterator[str]:
    """Part (b)."""
    yield "## (b) Time to the verdict"
    yield ""
    yield paragraph(
        "Whole commands `bac check`, with disasters and all properties, Python's start included.",
    )
    yield ""
    yield row("case", "with", "seconds", "states searched", "memory")
    yield row(*["---"] * 5)
    for series in found.every:
        yield row(series.case, series.by, secs(series), f"{series.fact('states'):,.0f}", mib(series))
    yield ""
    others = "; ".join(f"{by}, N = {size}: {seconds:.0f} s" for (by, size), seconds in verdicts.REPORTED.items())
    yield paragraph(
        "Others count the states of the toy, without disasters and without any property, in these times.",
        f"Reported, not measured in this run: {others}. SPIN at N = 9: see (a).",
    )


def sharing(found: Found) -> Iterator[str]:
    """Part (g)."""
    yield "## (g) Architectures like those of users"
    yield ""
    yield paragraph(
        "Use cases share entities (`benchmarks/sharing.py`). All plans by default, reading included; SPIN counts the",
        "states before a disaster of one plan of the smallest one. Growth is seconds for ten times the services.",
    )
    yield ""
    yield row("architecture", "command", "seconds", "memory", "plans with unknown verdicts", "SPIN takes")
    yield row(*["---"] * 6)
    for series in found.every:
        peer = found.get(series.case, users.SPIN)
        slower = "–" if peer in (None, series) else times(ratio(peer.facts["process"], series.seconds))  # type: ignore[union-attr]
        open_ = "–" if series.by == users.SPIN else f"{series.fact('unknown'):.0f}"
        yield row(series.case, series.by, secs(series), mib(series), open_, slower)


def growing(found: Found) -> Iterator[str]:
    """Part (c)."""
    starts = found.of(growth.START)[0]
    begin = spread(starts.seconds).median
    yield "## (c) Landscapes"
    yield ""
    yield paragraph(
        f"Five references for each service; {growth.CHECK} ({' and '.join(growth.PLANS)}) as one command. Growth is",
        "relative to a landscape with a tenth of the references; the second figure is without what starting takes",
        f"({secs(starts)}), which flatters growth.",
    )
    yield ""
    yield row(
        "landscape", "references", "command", "seconds", "memory", "ms a reference", "10 times the references take"
    )
    yield row(*["---"] * 7)
    for series in found.every:
        if series is not starts:
            references, tenth = growth.REFERENCES * series.size, of_a_tenth(found, series)
            each = digits((spread(series.seconds).median - begin) / references * 1e3)
            grown = "–"
            if tenth is not None:
                grown = f"{times(ratio(series.seconds, tenth.seconds))}; {net(series, tenth, begin)}"
            yield row(series.case, f"{references:,}", series.by, secs(series), mib(series), each, grown)


def of_a_tenth(found: Found, series: Series) -> Series | None:
    """The series of a landscape of the same shape, ten times as small."""
    shape = series.case.split(",")[0]
    same = (each for each in found.of(series.by) if each.case.split(",")[0] == shape)
    return next((each for each in same if 10 * each.size == series.size), None)


def net(large: Series, small: Series, start: float) -> str:
    """The ratio of seconds beyond those of starting."""
    return times(ratio([each - start for each in large.seconds], [each - start for each in small.seconds]))


def solving(found: Found) -> Iterator[str]:
    """Part (d)."""
    yield "## (d) The SMT engine against the explicit one"
    yield ""
    yield paragraph(
        "Whole commands `bac check --engine …`, all plans of a file.",
    )
    yield ""
    yield row("specification", "explicit", "smt", "smt takes", "explicit, memory", "smt, memory")
    yield row(*["---"] * 6)
    for case, _ in found.cases():
        explicit, smt = (found.get(case, engine) for engine in solvers.ENGINES)
        if explicit is not None and smt is not None:
            takes = times(ratio(smt.seconds, explicit.seconds)) + " times as long"
            yield row(case, secs(explicit), secs(smt), takes, mib(explicit), mib(smt))


def starting(found: Found) -> Iterator[str]:
    """Part (e)."""
    yield "## (e) Start-up"
    yield ""
    yield row("what", "command", "seconds", "memory")
    yield row(*["---"] * 4)
    for series in found.every:
        command = series.by if series.by in (startup.FIRST, startup.LATER) else f"`{series.by}`"
        yield row(series.case, command, secs(series), mib(series))


def holding_back(found: Found) -> Iterator[str]:
    """Part (f)."""
    yield "## (f) Locks, markers, the oldest snapshot"
    yield ""
    yield paragraph(
        "All states without disasters, of the toy under one lock, under a lock for each service, and with",
        "`rollback: oldest`, and of three services with events and markers; the same model for all. Seconds are those",
        "of counting, processor seconds those of all threads, SPIN's those of its process. SPIN runs on one core, and",
        f"is compiled with `gcc {' '.join(FASTEST)}`.",
    )
    yield ""
    yield row(
        "model", "states", "by", "seconds", "times SPIN's speed", "processor seconds", "SPIN's are", "memory for states"
    )
    yield row(*["---"] * 8)
    for series in found.every:
        peer = found.get(series.case, locks.SPIN)
        less = "–" if peer in (None, series) else f"{times(ratio(peer.facts['cpu'], series.facts['cpu']))} times these"
        case, worked = f"{series.case}, N = {series.size}", f"{times(spread(series.facts['cpu']))} s"
        states, memory = f"{series.fact('states'):,.0f}", f"{digits((own_memory(series) or 0) / 2**20)} MiB"
        yield row(case, states, series.by, secs(series), against(peer, series, "seconds"), worked, less, memory)


# Words and numbers


def paragraph(*words: str) -> str:
    """Prose, wrapped."""
    return fill(" ".join(words), 118, break_on_hyphens=False, break_long_words=False)


def against(above: Series | None, below: Series | None, what: str) -> str:
    """A ratio of two series; a dash where one is missing, or they are the same."""
    if above is None or below is None or above is below:
        return "–"
    return times(ratio(getattr(above, what), getattr(below, what)))


def times(found: Spread) -> str:
    """A ratio with its spread."""
    if found.count == 1:
        return digits(found.median)
    return f"{digits(found.median)} ({digits(found.least)}–{digits(found.greatest)})"


def secs(series: Series) -> str:
    """Seconds with their spread."""
    return times(spread(series.seconds)) + " s"


def mib(series: Series) -> str:
    """The median of peaks of memory."""
    return f"{spread(series.memory).median / 2**20:,.0f} MiB"


def digits(number: float) -> str:
    """A number with at least two digits that matter."""
    if number >= 100:
        return f"{number:,.0f}"
    if number >= 10:
        return f"{number:.1f}"
    return f"{number:.2f}" if number >= 0.095 else f"{number:.2g}"


def row(*cells: object) -> str:
    """A row of a table."""
    return "| " + " | ".join(map(str, cells)) + " |"
