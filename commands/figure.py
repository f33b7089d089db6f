"""``bac figure``: a counterexample as an event-log diagram, or the architecture as a graph."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import click

from bac.commands.completion import files, plan_names
from bac.commands.terminal import (
    figure_format,
    limit_options,
    limits,
    progress_shown,
    put,
    read,
    refuse,
    write_figure,
)

PROPERTIES = ("backup", "availability", "consistency", "no-extra-loss")
KINDS = ("broken-link", "orphan-state", "missing-state")
TIMINGS = ("any-time", "at-rest")
SEARCH = ("property_", "kind", "subject", "timing", "instances", "timeout", "max_states", "max_memory")
"""The options that say which counterexample is looked for, and how long."""


@click.command()
@click.argument("source", metavar="SPEC|TRACE", shell_complete=files)
@click.option(
    "-o",
    "--output",
    type=click.Path(dir_okay=False, path_type=Path),
    required=True,
    help="The file to write (.svg .pdf .png .tikz .dot).",
)
@click.option(
    "--architecture", is_flag=True, help="Draw the services and their references (Figures 1, 2 and 6) instead."
)
@click.option(
    "--service",
    "services",
    metavar="NAME",
    multiple=True,
    help="With --architecture: draw the part around this service (repeatable).",
)
@click.option(
    "--depth",
    type=click.IntRange(1, 100),
    metavar="N",
    help="With --service: go over N references, one after another; default: 1.",
)
@click.option(
    "--plan",
    "plan_name",
    metavar="NAME",
    shell_complete=plan_names,
    help="The plan; default: independent. With --architecture: show its groups.",
)
@click.option(
    "--property",
    "property_",
    type=click.Choice(PROPERTIES),
    default="consistency",
    show_default=True,
    help="The property whose counterexample is drawn.",
)
@click.option("--kind", type=click.Choice(KINDS), help="Draw this kind of anomaly; default: the first found.")
@click.option("--subject", metavar="TEXT", help="Draw the anomaly of this subject, such as 'order -> customer'.")
@click.option(
    "--timing", type=click.Choice(TIMINGS), help="When disaster strikes; default: whichever needs fewer actions."
)
@click.option(
    "--history",
    type=click.IntRange(0, 100),
    default=0,
    show_default=True,
    metavar="N",
    help="Show N earlier instances of what happens first.",
)
@click.option(
    "--instances",
    type=click.IntRange(1, 1000),
    default=1,
    show_default=True,
    help="How many instances of every use case there are.",
)
@limit_options
def figure(
    source: str,
    output: Path,
    architecture: bool,
    services: tuple[str, ...],
    depth: int | None,
    plan_name: str | None,
    property_: str,
    kind: str | None,
    subject: str | None,
    timing: str | None,
    history: int,
    instances: int,
    timeout: float | None,
    max_states: int | None,
    max_memory: int | None,
) -> None:
    """Draw a counterexample as an event-log diagram (Figures 3-5), or the architecture.

    From a SPEC, a shortest counterexample is looked for; a saved TRACE is drawn as it is. Of an architecture that is
    too large to be read an overview is drawn, or the part around each --service.
    """
    from bac.figures.events.history import with_history
    from bac.model.files import check_writable
    from bac.model.trace import is_trace, load
    from bac.proofs.campaign import find
    from bac.proofs.replay import confirm

    figure_format(output)
    check_writable(output)
    if (services and not architecture) or (depth is not None and not services):
        raise click.UsageError("--service needs --architecture, and --depth needs --service")
    context = click.get_current_context()
    if architecture:
        refuse(context, (*SEARCH, "history"), "--architecture")
        draw_graph(source, plan_name, services, depth or 1, output)
        return
    if is_trace(source):
        refuse(context, ("plan_name", *SEARCH), "a TRACE")
        trace = load(source)
    else:
        specification = read(source)
        plan = specification.plan(plan_name or "independent")
        budget = limits(timeout, max_states, max_memory)
        with progress_shown() as progress:
            tell = None if progress is None else partial(progress, plan.name)
            trace = find(specification.architecture, plan, instances, property_, kind, subject, timing, budget, tell)
    drawn = with_history(trace, history)
    confirm(drawn)
    write_figure(output, drawn)


def draw_graph(source: str, plan_name: str | None, services: tuple[str, ...], depth: int, output: Path) -> None:
    """Draw the architecture of a specification, or the part around services, with the groups of a plan if named."""
    from bac.figures.graph.architecture import draw_architecture
    from bac.figures.render import write

    specification = read(source)
    plan = None if plan_name is None else specification.plan(plan_name)
    drawing = draw_architecture(specification.architecture, plan, services=services, depth=depth)
    put(output, write(drawing, figure_format(output)))
