"""The parts of an overview, each drawn from the origin on: clusters of services, and numbers on arrows between them."""

from __future__ import annotations

from bac.figures.canvas import Box
from bac.figures.graph.overview import DrawnCluster
from bac.figures.graph.shapes import NAME, PAD, SMALL, WIDEST_NAME, Part, stacked, text_part
from bac.figures.graph.words import LABEL, counted, shortened, some
from bac.figures.metrics import guarded
from bac.figures.palette import INK, MUTED, PAPER, colour_of, mix

POPULAR = 3
"""How many of the services of a cluster are named."""
BEHIND = 3.0
"""How far the sheets behind a cluster stand out, in points."""
SHEETS = 2
"""How many sheets lie behind a cluster of several services."""


def cluster_part(cluster: DrawnCluster, title: str, position: int, wide: bool) -> Part:
    """A cluster: how many services it has, which of them most references lead to, and how it is backed up.

    Args:
        cluster: what to draw; with one service only, its name is what is written.
        title: its heading.
        position: which of the colours it has.
        wide: write the names of the services beside each other.
    """
    parts = [text_part([title], NAME, bold=True)]
    names = [
        f"{guarded(shortened(name, WIDEST_NAME, LABEL))} ← {number:,}" for name, number in cluster.popular[:POPULAR]
    ]
    if len(cluster.services) == 1:
        names = [f"← {number:,}" for _, number in cluster.popular]
    parts.append(text_part([" · ".join(names)] if wide and names else names, LABEL))
    if cluster.inner:
        parts.append(text_part([f"{counted(cluster.inner, 'reference')} inside"], SMALL, italic=True))
    if not cluster.inner and not cluster.outer:
        parts.append(text_part(["no references"], SMALL, italic=True))
    parts.append(text_part(modes(cluster), SMALL, bold=True))
    inside = stacked(parts, gap=2)
    width, height = max(inside.width, 44.0) + 2 * PAD, inside.height + 2 * PAD
    fill = mix(colour_of(position), PAPER, 0.82)
    sheets = SHEETS if len(cluster.services) > 1 else 0
    shapes = [
        Box(sheet * BEHIND, (sheets - sheet) * BEHIND, width, height, PAPER, MUTED, 0.8, radius=3)
        for sheet in range(sheets, 0, -1)
    ]
    front = Box(0, sheets * BEHIND, width, height, fill, INK, 1.0, radius=3, name=some(cluster.services))
    reach = sheets * BEHIND
    text = inside.at((width - inside.width) / 2, reach + (height - inside.height) / 2)
    return Part(width + reach, height + reach, (*shapes, front, *text))


def modes(cluster: DrawnCluster) -> list[str]:
    """How the services of a cluster are backed up: ``locked``, or ``locked: 60 in 12 groups``, ``backup none: 7``."""
    texts = []
    for mode, services, groups in cluster.modes:
        together = mode.recovers_together
        text = str(mode) if together else f"backup {mode}"
        everywhere = services == len(cluster.services) and (groups == 1 or not together)
        number = f": {services:,}" + (f" in {counted(groups, 'group')}" if together else "")
        texts.append(text if everywhere else text + number)
    return texts
