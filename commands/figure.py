"""``bac figure``: a counterexample as an event-log diagram, or the architecture as a graph."""

from __future__ import annotations

from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import click

from bac.commands.counterexample import SEARCH, counterexample, search_options
from bac.commands.terminal import F, figure_format, files, put, read, refuse

if TYPE_CHECKING:
    from bac.figures.canvas import Drawing
    from bac.figures.look import Look

OF_RUNS = ("orientation", "lanes", "no_title", "no_caption", "caption_file")
"""The options that apply to event-log diagrams only."""
OF_DRAWINGS = ("width", "no_legend", "bare", "orientation", "lanes", "no_title", "no_caption")
"""The options that do not apply to sequence diagrams."""


def look_options(command: F) -> F:
    """Add the options of the look of a figure, which arrive as ``look``."""

    @wraps(command)
    def with_look(
        width: str | None,
        orientation: str | None,
        lanes: str | None,
        bare: bool,
        no_title: bool,
        no_legend: bool,
        no_caption: bool,
        **others: Any,
    ) -> Any:
        from bac.figures.look import Look, Orientation, length

        look = Look(
            None if width is None else length(width),
            None if orientation is None else Orientation(orientation),
            not (bare or no_title),
            not (bare or no_legend),
            not (bare or no_caption),
            tuple(name for name in map(str.strip, (lanes or "").split(",")) if name),
        )
        return command(look=look, **others)

    options = (
        click.option(
            "--width",
            metavar="LENGTH",
            help="Fit the figure into this width, such as 84mm (a column) or 174mm (a page), by default in"
            " points; type stays legible.",
        ),
        click.option(
            "--orientation",
            type=click.Choice(["horizontal", "vertical"]),
            help="The direction of time; default: horizontal, or whichever fits into --width.",
        ),
        click.option("--lanes", metavar="A,B,C", help="Services from the first lane on; the others follow."),
        click.option("--no-title", is_flag=True, help="Draw no heading."),
        click.option("--no-legend", is_flag=True, help="Do not draw what the signs mean."),
        click.option("--no-caption", is_flag=True, help="Draw no explanation."),
        click.option("--bare", is_flag=True, help="Draw no heading, legend or explanation."),
    )
    for option in reversed(options):
        with_look = option(with_look)
    return cast("F", with_look)


@click.command()
@click.argument("source", metavar="SPEC|TRACE", shell_complete=files)
@click.option(
    "-o",
    "--output",
    type=click.Path(dir_okay=False, path_type=Path),
    required=True,
    help="The file to write (.svg .pdf .png .tikz .tex .dot; .mmd and .puml are sequence diagrams).",
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
    "--times",
    type=click.IntRange(1, 20),
    default=1,
    show_default=True,
    metavar="N",
    help="Let the same happen at N indices, as in Figure 5.",
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
@look_options
@click.option(
    "--caption-file",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write the explanation as text; into a .tex file ready for \\caption.",
)
@click.option("--standalone", is_flag=True, help="Write TikZ as a document, not as a picture for \\input.")
@search_options
def figure(
    source: str,
    output: Path,
    history: int,
    times: int,
    architecture: bool,
    services: tuple[str, ...],
    depth: int | None,
    look: Look,
    caption_file: Path | None,
    standalone: bool,
    **search: Any,
) -> None:
    """Draw a counterexample as an event-log diagram (Figures 3-5), or the architecture.

    For a SPEC, a shortest counterexample is searched; a saved TRACE is drawn as it is. An architecture with more than
    40 services is drawn as an overview, or in part, around each --service.

    Exit codes: 0 the figure is written, 1 the plan has no such counterexample, 2 the command line or a file is wrong,
    3 a limit was reached first.
    """
    from bac.figures import sequence
    from bac.figures.events.history import repeated, with_history
    from bac.figures.events.layout import caption, draw
    from bac.figures.render import write
    from bac.model.files import check_writable
    from bac.proofs.replay import confirm

    format_ = figure_format(output, sequence.FORMATS)
    check_writable(output)
    if standalone and format_ not in ("tikz", "tex"):
        raise click.UsageError("--standalone makes a LaTeX document: write .tikz or .tex")
    if (services and not architecture) or (depth is not None and not services):
        raise click.UsageError("--service needs --architecture, and --depth needs --service")
    if architecture:
        refuse(click.get_current_context(), (*SEARCH, "history", "times", *OF_RUNS), "--architecture")
        if format_ in sequence.FORMATS:
            raise click.UsageError(f".{format_} is for runs; write the architecture as .svg or .dot")
        drawing = graph(source, search["plan_name"], services, depth or 1, look)
        put(output, write(drawing, format_, standalone))
        return
    trace, outside = counterexample(source, **search)
    drawn = with_history(repeated(trace, times), history)
    confirm(drawn)
    if format_ in sequence.FORMATS:
        refuse(click.get_current_context(), OF_DRAWINGS, f".{format_}")
        put(output, sequence.write(drawn, format_).encode())
    else:
        put(output, write(draw(drawn, outside, look), format_, standalone))
    if caption_file is not None:
        from bac.figures.tikz import escape

        text = caption(drawn)
        put(caption_file, f"{escape(text) if caption_file.suffix == '.tex' else text}\n".encode())


def graph(source: str, plan_name: str | None, services: tuple[str, ...], depth: int, look: Look) -> Drawing:
    """Return the graph of an architecture, or of the part around services, with the groups of a plan if named."""
    from bac.figures.graph.architecture import draw_architecture

    specification = read(source)
    plan = None if plan_name is None else specification.plan(plan_name)
    architecture = specification.architecture
    return draw_architecture(architecture, plan, services=services, depth=depth, legend=look.legend, width=look.width)
