"""``bac export``: the transition system and its runs, for other tools."""

from __future__ import annotations

from pathlib import Path

import click

from bac.commands.terminal import put, read

LANGUAGES = ("promela", "tla")


@click.command()
@click.argument("source", metavar="SPEC")
@click.option("--to", "language", type=click.Choice(LANGUAGES), required=True, help="What is written.")
@click.option("--plan", "plan_name", metavar="NAME", help="The plan; default: independent.")
@click.option(
    "--instances",
    type=click.IntRange(1, 1000),
    default=1,
    show_default=True,
    help="How many instances of every use case there are.",
)
@click.option("--without-disasters", is_flag=True, help="Leave out disasters, and so recovery.")
@click.option(
    "-o",
    "--output",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Where it is written; default: standard output.",
)
def export(
    source: str, language: str, plan_name: str | None, instances: int, without_disasters: bool, output: Path | None
) -> None:
    """Write the transition system that bac explores in the language of another checker."""
    from bac.exports.exported import Exported
    from bac.exports.promela import promela

    specification = read(source)
    plan = specification.plan(plan_name or "independent")
    exported = Exported(specification.architecture, plan, instances, not without_disasters)
    match language:
        case "promela":
            text = promela(exported, output.name if output is not None else "model.pml")
        case "tla":
            from bac.exports.tla import configuration, module_name, tla

            text = tla(exported, module_name(output.stem if output is not None else "Model"))
            if output is not None:
                put(output.with_suffix(".cfg"), configuration(exported).encode())
        case _:
            raise click.UsageError(f"unknown language: {language}")
    if output is None:
        click.echo(text, nl=False)
    else:
        put(output, text.encode())
