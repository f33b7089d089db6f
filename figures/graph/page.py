"""The page of an architecture graph: what is drawn, the legend below it, and what a screen reader says."""

from __future__ import annotations

from bac.figures.canvas import Drawing
from bac.figures.graph.shapes import Part
from bac.figures.metrics import clean
from bac.model.architecture import Architecture
from bac.model.plan import Plan

MARGIN = 4.0
"""Points of paper around everything."""
NARROW = 300.0
"""The least width in points into which a legend is wrapped."""
ABOVE = 8.0
"""Points between a graph and its legend."""


def page(architecture: Architecture, plan: Plan | None, description: str, drawn: Part, legend: Part) -> Drawing:
    """The drawing of an architecture, under a plan if there is one.

    Args:
        architecture: what is drawn; its name is the title.
        plan: under which it is drawn.
        description: what a screen reader says.
        drawn: the graph.
        legend: what stands below it.
    """
    below = drawn.height + (ABOVE if legend.height else 0.0)
    width, height = max(drawn.width, legend.width), below + legend.height
    content = Part(width, height, (*drawn.shapes, *legend.at(0, below)))
    return Drawing(
        round(width + 2 * MARGIN, 2),
        round(height + 2 * MARGIN, 2),
        clean(f"{architecture.name}, plan {plan.name}" if plan else architecture.name),
        description,
        content.at(MARGIN, MARGIN),
    )
