"""``bac figure``: a counterexample as an event-log diagram, or the architecture as a graph."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from bac.commands.counterexample import SEARCH, counterexample, search_options
from bac.commands.terminal import figure_format, files, put, read, refuse, write_figure


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
    "--history",
    type=click.IntRange(0, 100),
    default=0,
    show_default=True,
    metavar="N",
    help="Show N earlier instances of what happens first.",
)
@click.option(
    "--architecture",
    is_flag=True,
    help="Draw the services and their references (Figures 1, 2 and 6) instead, with the groups of --plan.",
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
    help="With --service: follow up to N references in a row; default: 1.",
)
@search_options
def figure(
    source: str,
    output: Path,
    history: int,
    architecture: bool,
    services: tuple[str, ...],
    depth: int | None,
    **search: Any,
) -> None:
    """Draw a counterexample as an event-log diagram (Figures 3-5), or the architecture.

    For a SPEC, a shortest counterexample is searched; a saved TRACE is drawn as it is. An architecture with more than
    40 services is drawn as an overview, or in part, around each --service.

    Exit codes: 0 the figure is written, 1 the plan has no such counterexample, 2 the command line or a file is wrong,
    3 a limit was reached first.
    """
    from bac.figures.events.history import with_history
    from bac.model.files import check_writable
    from bac.proofs.replay import confirm

    figure_format(output)
    check_writable(output)
    if (services and not architecture) or (depth is not None and not services):
        raise click.UsageError("--service needs --architecture, and --depth needs --service")
    if architecture:
        refuse(click.get_current_context(), (*SEARCH, "history"), "--architecture")
        draw_graph(source, search["plan_name"], services, depth or 1, output)
        return
    trace, outside = counterexample(source, **search)
    drawn = with_history(trace, history)
    confirm(drawn)
    write_figure(output, drawn, outside)


def draw_graph(source: str, plan_name: str | None, services: tuple[str, ...], depth: int, output: Path) -> None:
    """Draw the architecture of a specification, or the part around services, with the groups of a plan if named."""
    from bac.figures.graph.architecture import draw_architecture
    from bac.figures.render import write

    specification = read(source)
    plan = None if plan_name is None else specification.plan(plan_name)
    drawing = draw_architecture(specification.architecture, plan, services=services, depth=depth)
    put(output, write(drawing, figure_format(output)))
