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
from matplotlib.patheffects import withStroke
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
LONG = 2
"""Specifications that take the SMT engine more seconds are called by name."""
NEAR = 2
"""Names of lines that end so close to each other, on the axis of N, are kept apart."""
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
    figures: Mapping[str, tuple[str, Callable[[Results], Figure]]] = {
        "a": ("unreduced", unreduced_states),
        "b": ("verdicts", times_to_verdict),
        "c": ("landscapes", landscapes),
        "d": ("engines", engines),
    }
    names = []
    with mpl.rc_context(STYLE):
        for part, (name, plot) in figures.items():
            if part in results.parts:
                figure = plot(results)
                for ending, metadata in (("png", {}), ("svg", {"Date": None})):
                    figure.savefig(folder / f"{name}.{ending}", bbox_inches="tight", metadata=metadata)
                    names.append(f"{name}.{ending}")
    return names


def unreduced_states(results: Results) -> Figure:
    """Part (a): seconds, and memory, over the number of use cases."""
    found = Found(results.parts["a"])
    figure = Figure(figsize=(9.4, 3.6))
    panels = figure.subplots(1, 3)
    figure.subplots_adjust(wspace=0.62)
    sizes = sorted({each.size for each in found.every})
    values: list[tuple[str, Callable[[Series], Sequence[float]]]] = [
        ("Seconds to count all states", lambda each: each.seconds),
        ("Memory of the process, MiB", lambda each: [held / 2**20 for held in each.memory]),
        ("Memory for the states, bytes a state", bytes_a_state),
    ]
    for axes, (title, value) in zip(panels, values, strict=True):
        axes.set_title(title)
        axes.set_xlabel("N use cases")
        axes.set_xticks(sizes)
        axes.set_xlim(sizes[0] - 0.2, sizes[-1] + 0.2)
        logarithmic(axes, "y")
        ends = []
        for by, look in COUNTERS.items():
            if series := [each for each in found.of(by) if value(each)]:
                errors(axes, series, [value(each) for each in series], look)
                ends.append((by, series[-1].size, spread(value(series[-1])).median, look.colour))
        labels(figure, axes, ends)
    return figure


def bytes_a_state(series: Series) -> list[float]:
    """The memory for states and tables, of one state; none where it is not known."""
    own = series.facts.get("own memory") or series.facts.get("growth") or []
    return [max(held, 1.0) / series.fact("states") for held in own]


def times_to_verdict(results: Results) -> Figure:
    """Part (b): one line for each command, and what others were reported to take."""
    found = Found(results.parts["b"])
    rows = [(each.case, each.by, spread(each.seconds), f"{each.fact('states'):,.0f} states") for each in found.every]
    others = [(f"{by}, reported", size, seconds) for (by, size), seconds in verdicts.REPORTED.items()]
    if peer := Found(results.parts.get("a", [])).get("N = 9", unreduced.SPIN):
        others.append((unreduced.SPIN, peer.size, spread(peer.seconds).median))
    figure = Figure(figsize=(7.2, 0.27 * (len(rows) + len(others)) + 0.9))
    axes = figure.subplots()
    looks = {verdicts.ALL: Look(BLUE, "o"), verdicts.SYMMETRY: Look(GREEN, "s"), verdicts.NONE: Look(ORANGE, "D")}
    names = []
    for place, (case, by, seconds, states) in enumerate(rows):
        look = looks[by]
        axes.plot([seconds.least, seconds.greatest], [place, place], color=look.colour, linewidth=3, alpha=0.4)
        axes.plot(seconds.median, place, look.marker, color=look.colour)
        beside(axes, seconds.greatest, place, f"{short(seconds.median)} s, {states}")
        names.append(f"{case}: {by}")
    for place, (by, size, seen) in enumerate(sorted(others, key=lambda other: other[1]), len(rows)):
        axes.plot(seen, place, "o", color=GREY, fillstyle="none")
        beside(axes, seen, place, f"{seen:.0f} s, counting only", GREY)
        names.append(f"toy, N = {size}: {by}")
    axes.set_yticks(range(len(names)), names)
    axes.set_ylim(len(names) - 0.4, -0.6)
    axes.grid(visible=False, axis="y")
    logarithmic(axes, "x")
    axes.set_xlim(0.1, 1500)
    axes.set_xlabel("seconds of bac check, all properties, Python's start included")
    return figure


def landscapes(results: Results) -> Figure:
    """Part (c): seconds and memory over the number of references."""
    found = Found(results.parts["c"])
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
        logarithmic(axes, "y", fine=True)
        axes.set_xlabel("references (five for each service)")
    return figure


def proportional(axes: Axes, sizes: Sequence[int], last: float) -> None:
    """A thin line on which seconds are proportional to size, through the last point."""
    axes.plot(sizes, [last * size / sizes[-1] for size in sizes], color=GREY, linewidth=0.7, zorder=1)
    middle = sizes[len(sizes) // 3]
    axes.annotate(
        "proportional",
        (middle, last * middle / sizes[-1]),
        xytext=(-5, 4),
        textcoords="offset points",
        color=GREY,
        fontsize=8,
        ha="right",
    )


def engines(results: Results) -> Figure:
    """Part (d): one engine's seconds over the other's."""
    found = Found(results.parts["d"])
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
    kinds = {
        "examples": Look(BLUE, "o"),
        "the tests' corpus": Look(SKY, "s"),
        "services in a circle, locked together": Look(VERMILION, "D"),
    }
    examples, corpus, circles = kinds
    shown = set()
    for case, size, x, y in points:
        kind = circles if size else corpus if case.startswith("corpus") else examples
        look = kinds[kind]
        axes.plot(x, y, look.marker, color=look.colour, label=None if kind in shown else kind)
        shown.add(kind)
        if size:
            axes.annotate(str(size), (x, y), xytext=(0, -12), textcoords="offset points", fontsize=8, ha="center")
        elif kind == examples and y > LONG:
            axes.annotate(case, (x, y), xytext=(-3, 5), textcoords="offset points", fontsize=8, ha="right")
    axes.legend(frameon=False, fontsize=8, loc="lower right", handlelength=1)
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


def labels(figure: Figure, axes: Axes, ends: Sequence[tuple[str, float, float, str]]) -> None:
    """The name of each line beside its end, in its colour; names are moved apart where they would overlap."""
    apart = 23 if any("," in name for name, *_ in ends) else 11
    pixels, placed = figure.dpi / 72, [(float("-inf"), float("-inf"))]
    for name, x, y, colour in sorted(ends, key=lambda end: end[2]):
        height = axes.transData.transform((x, y))[1] / pixels
        free = max([height, *(below + apart for other, below in placed if abs(x - other) < NEAR)])
        placed.append((x, free))
        axes.annotate(
            name.replace(", ", ",\n"),
            (x, y),
            xytext=(7, free - height),
            textcoords="offset points",
            color=colour,
            va="center",
            fontsize=8,
            linespacing=0.95,
            annotation_clip=False,
            path_effects=[withStroke(linewidth=2.5, foreground="white")],
        )


def beside(axes: Axes, x: float, place: float, words: str, colour: str = BLACK) -> None:
    """Words to the right of a point."""
    axes.annotate(
        words, (x, place), xytext=(7, 0), textcoords="offset points", va="center", fontsize=8, color=colour
    )  # fmt: skip


def logarithmic(axes: Axes, name: str, fine: bool = False) -> None:
    """Make an axis logarithmic, with plain numbers at the powers of ten; if fine, also at twice and five times them."""
    axis = axes.yaxis if name == "y" else axes.xaxis
    (axes.set_yscale if name == "y" else axes.set_xscale)("log")
    axis.set_major_locator(LogLocator(10, subs=(1, 2, 5) if fine else (1,), numticks=12))
    axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.10g}"))
    axis.set_minor_formatter(NullFormatter())


def short(number: float) -> str:
    """A number with two or three digits that matter."""
    return f"{number:.1f}" if number >= 10 else f"{number:.2f}"
