"""Results as plots, as PNG and SVG, in colours that the colour-blind can tell apart, and with shapes for grey paper."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import growth
import matplotlib as mpl
import solvers
import unreduced
import verdicts
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter
from measuring import Series, spread
from tables import Found, Results

BLACK, ORANGE, SKY, GREEN, BLUE, VERMILION, PURPLE, GREY = (
    "#000000", "#E69F00", "#56B4E9", "#009E73", "#0072B2", "#D55E00", "#CC79A7", "#666666",
)  # fmt: skip
"""The colours of Okabe and Ito, and a grey for what is beside the point."""


@dataclass(frozen=True)
class Look:
    """How one series is drawn."""

    colour: str
    marker: str
    line: str = "-"


COUNTERS = {
    unreduced.KERNEL: Look(BLUE, "o"),
    unreduced.LEVELS: Look(SKY, "s", "--"),
    unreduced.PLAIN: Look(GREY, "^", ":"),
    unreduced.SPIN: Look(VERMILION, "D"),
    unreduced.TLC: Look(BLACK, "v", "-."),
}
SHAPES = {
    "layered": Look(BLUE, "o"),
    "scale-free": Look(VERMILION, "s", "--"),
    "cyclic": Look(GREEN, "^", ":"),
}
STYLE: dict[Any, object] = {
    "font.family": "DejaVu Sans",
    "font.size": 9,
    "axes.titlesize": 9.5,
    "axes.titlelocation": "left",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.linewidth": 0.7,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": "#DDDDDD",
    "grid.linewidth": 0.5,
    "lines.linewidth": 1.5,
    "lines.markersize": 4.5,
    "savefig.dpi": 160,
    "savefig.facecolor": "white",
    "svg.hashsalt": "bac",
    "svg.fonttype": "path",
}


def draw(results: Results, folder: Path) -> list[str]:
    """Draw what was measured into a folder; the names of the files."""
    figures: Mapping[str, tuple[str, Callable[[Found], Figure]]] = {
        "a": ("unreduced", unreduced_states),
        "b": ("verdicts", times_to_verdict),
        "c": ("landscapes", landscapes),
        "d": ("engines", engines),
    }
    names = []
    with mpl.rc_context(STYLE):
        for part, (name, plot) in figures.items():
            if part in results.parts:
                figure = plot(Found(results.parts[part]))
                for ending, metadata in (("png", {}), ("svg", {"Date": None})):
                    figure.savefig(folder / f"{name}.{ending}", bbox_inches="tight", metadata=metadata)
                    names.append(f"{name}.{ending}")
    return names


def unreduced_states(found: Found) -> Figure:
    """Part (a): seconds, and memory, over the number of use cases."""
    figure = Figure(figsize=(8.6, 3.7))
    left, middle, right = figure.subplots(1, 3)
    figure.subplots_adjust(wspace=0.62)
    for by, look in COUNTERS.items():
        if series := found.of(by):
            errors(left, series, [each.seconds for each in series], look)
            label(left, series, [spread(each.seconds).median for each in series], by, look)
            errors(middle, series, [[held / 2**20 for held in each.memory] for each in series], look)
            label(middle, series, [spread(each.memory).median / 2**20 for each in series], by, look)
            own = [each for each in series if {"growth", "own memory"} & each.facts.keys()]
            held = [[bytes_a_state(each)] for each in own]
            if own:
                errors(right, own, held, look)
                label(right, own, [each[0] for each in held], by, look)
    left.set_title("Seconds to count all states")
    middle.set_title("Memory of the process, MiB")
    right.set_title("Memory for the states,\nbytes a state")
    sizes = sorted({each.size for each in found.every})
    for axes in (left, middle, right):
        logarithmic(axes, "y")
        axes.set_xticks(sizes)
        axes.set_xlim(sizes[0] - 0.2, sizes[-1] + 0.2)
        axes.set_xlabel("instances N of the use case")
    return figure


def bytes_a_state(series: Series) -> float:
    """The median of the memory for states and tables, of one state."""
    name = "own memory" if "own memory" in series.facts else "growth"
    return max(series.fact(name), 1.0) / series.fact("states")


def times_to_verdict(found: Found) -> Figure:
    """Part (b): one line for each command, and what others were reported to take."""
    rows = [(each.case, each.by, spread(each.seconds), f"{each.fact('states'):,.0f} states") for each in found.every]
    figure = Figure(figsize=(7.2, 0.27 * (len(rows) + len(verdicts.REPORTED)) + 0.9))
    axes = figure.subplots()
    looks = {verdicts.ALL: Look(BLUE, "o"), verdicts.SYMMETRY: Look(GREEN, "s"), verdicts.NONE: Look(ORANGE, "D")}
    names = []
    for place, (case, by, seconds, states) in enumerate(rows):
        look = looks[by]
        axes.plot([seconds.least, seconds.greatest], [place, place], color=look.colour, linewidth=3, alpha=0.4)
        axes.plot(seconds.median, place, look.marker, color=look.colour)
        beside(axes, seconds.greatest, place, f"{short(seconds.median)} s, {states}")
        names.append(f"{case}: {by}")
    for place, ((by, size), reported) in enumerate(verdicts.REPORTED.items(), len(rows)):
        axes.plot(reported, place, "o", color=GREY, fillstyle="none")
        beside(axes, reported, place, f"{reported:.0f} s, reported elsewhere", GREY)
        names.append(f"toy, N = {size}: {by}")
    axes.set_yticks(range(len(names)), names)
    axes.set_ylim(len(names) - 0.4, -0.6)
    axes.grid(visible=False, axis="y")
    logarithmic(axes, "x")
    axes.set_xlim(0.1, 3000)
    axes.set_title("Seconds to the verdict on all properties (bac check, Python's start included)", x=-0.42)
    return figure


def landscapes(found: Found) -> Figure:
    """Part (c): seconds and memory over the number of references."""
    figure = Figure(figsize=(7.6, 3.6))
    left, right = figure.subplots(1, 2)
    figure.subplots_adjust(wspace=0.3)
    checked = {shape: [each for each in found.of(growth.CHECK) if each.case.startswith(shape)] for shape in SHAPES}
    for shape, series in checked.items():
        look = SHAPES[shape]
        for axes, values in (
            (left, [each.seconds for each in series]),
            (right, [[held / 2**20 for held in each.memory] for each in series]),
        ):
            errors(axes, series, values, look, growth.REFERENCES, shape)
    drawn = found.of(growth.FIGURE)
    figures = Look(PURPLE, "D", "-.")
    errors(left, drawn, [each.seconds for each in drawn], figures, growth.REFERENCES, "drawing (layered)")
    errors(right, drawn, [[m / 2**20 for m in each.memory] for each in drawn], figures, growth.REFERENCES)
    largest = checked["layered"][-1]
    proportional(left, [growth.REFERENCES * each.size for each in checked["layered"]], spread(largest.seconds).median)
    left.set_title("Seconds")
    right.set_title("Memory, MiB")
    left.legend(frameon=False, fontsize=8, handlelength=3)
    for axes in (left, right):
        logarithmic(axes, "x")
        logarithmic(axes, "y")
        axes.set_xlabel("references (five for each service)")
    return figure


def proportional(axes: Axes, sizes: Sequence[int], last: float) -> None:
    """A thin line on which seconds are proportional to size, through the last point."""
    axes.plot(sizes, [last * size / sizes[-1] for size in sizes], color=GREY, linewidth=0.7, zorder=1)
    middle = sizes[len(sizes) // 3]
    axes.annotate(
        "proportional",
        (middle, last * middle / sizes[-1]),
        xytext=(4, -9),
        textcoords="offset points",
        color=GREY,
        fontsize=8,
    )


def engines(found: Found) -> Figure:
    """Part (d): one engine's seconds over the other's."""
    figure = Figure(figsize=(4.6, 4.3))
    axes = figure.subplots()
    points = []
    for case, size in found.cases():
        explicit, smt = (found.get(case, engine) for engine in solvers.ENGINES)
        if explicit is not None and smt is not None:
            points.append((case, size, spread(explicit.seconds).median, spread(smt.seconds).median))
    values = [value for _, _, *both in points for value in both]
    ends = [min(values) / 1.5, max(values) * 2.2]
    axes.plot(ends, ends, color=GREY, linewidth=0.7)
    axes.annotate("equally long", (ends[1], ends[1]), xytext=(-4, -9), textcoords="offset points", color=GREY,
                  fontsize=8, ha="right", va="top", rotation=45, rotation_mode="anchor")  # fmt: skip
    for case, size, explicit_seconds, smt_seconds in points:
        look = Look(VERMILION, "D") if size else Look(SKY, "s") if case.startswith("corpus") else Look(BLUE, "o")
        axes.plot(explicit_seconds, smt_seconds, look.marker, color=look.colour)
    for case, size, x, y in points:
        if size or not case.startswith("corpus"):
            axes.annotate(case, (x, y), xytext=(6, -3), textcoords="offset points", fontsize=7.5)
    for name in ("x", "y"):
        logarithmic(axes, name)
    axes.set_xlim(*ends)
    axes.set_ylim(*ends)
    axes.set_xlabel("explicit engine, seconds")
    axes.set_ylabel("SMT engine, seconds")
    return figure


# What plots share


def errors(
    axes: Axes,
    series: Sequence[Series],
    values: Sequence[Sequence[float]],
    look: Look,
    scale: int = 1,
    name: str | None = None,
) -> None:
    """A line through medians, with the least and the greatest value as bars."""
    every = [spread(each) for each in values]
    below, above = [each.median - each.least for each in every], [each.greatest - each.median for each in every]
    sizes, medians = [scale * each.size for each in series], [each.median for each in every]
    axes.errorbar(
        sizes, medians, [below, above], color=look.colour, marker=look.marker, linestyle=look.line, label=name,
        elinewidth=0.9, capsize=2,
    )  # fmt: skip


def label(axes: Axes, series: Sequence[Series], medians: Sequence[float], name: str, look: Look) -> None:
    """The name of a line, at its end."""
    where = (series[-1].size, medians[-1])
    axes.annotate(
        name.replace("kernel, ", "kernel,\n"),
        where,
        xytext=(6, 0),
        textcoords="offset points",
        color=look.colour,
        va="center",
        fontsize=8,
        annotation_clip=False,
    )


def beside(axes: Axes, x: float, place: float, words: str, colour: str = BLACK) -> None:
    """Words to the right of a point."""
    axes.annotate(
        words, (x, place), xytext=(7, 0), textcoords="offset points", va="center", fontsize=8, color=colour
    )  # fmt: skip


def logarithmic(axes: Axes, name: str) -> None:
    """Make an axis logarithmic, with plain numbers at the powers of ten."""
    axis = axes.yaxis if name == "y" else axes.xaxis
    (axes.set_yscale if name == "y" else axes.set_xscale)("log")
    axis.set_major_locator(LogLocator(10, numticks=12))
    axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.10g}"))
    axis.set_minor_formatter(NullFormatter())


def short(number: float) -> str:
    """A number with two or three digits that matter."""
    return f"{number:.1f}" if number >= 10 else f"{number:.2f}"
