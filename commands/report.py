"""``bac report``: one page of HTML with the verdicts, the pictures, and a model to play with."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import click

from bac.commands.terminal import (
    PROPERTIES,
    files,
    instances_option,
    limit_options,
    limits,
    plans_option,
    progress_shown,
    put,
    read,
)


@click.command()
@click.argument("source", metavar="SPEC", shell_complete=files)
@click.option(
    "-o",
    "--output",
    type=click.Path(dir_okay=False, path_type=Path),
    required=True,
    help="The file to write.",
)
@click.option(
    "--assets",
    type=click.Path(file_okay=False, path_type=Path),
    metavar="DIR",
    help="Write scripts, styles and data into this directory, for servers that forbid them in the page.",
)
@plans_option
@instances_option
@click.option("--top", type=click.IntRange(1), metavar="N", help="Show the first N anomalies; default: 50.")
@click.option("--helps/--no-helps", default=True, show_default=True, help="Search for changes of a plan that help.")
@limit_options
def report(
    source: str,
    output: Path,
    assets: Path | None,
    plans: tuple[str, ...],
    instances: int,
    top: int | None,
    helps: bool,
    timeout: float | None,
    max_states: int | None,
    max_memory: int | None,
) -> None:
    """Write the verdicts on a SPEC as one page of HTML that works offline.

    It can be read without scripts.  With them, plans are compared, anomalies filtered, and each run can be played with:
    move a backup, switch an option of recovery, and see what breaks then.

    Exit codes: 0 the page is written, 2 the command line or a file is wrong, 3 a limit was reached first (the page is
    written with what is known).
    """
    from bac.commands.terminal import UNKNOWN
    from bac.model.files import check_writable, make_directory
    from bac.reports.checked import View

    check_writable(output)
    if assets is not None:
        make_directory(assets)
    view = View(top=top)
    with progress_shown() as progress:
        checked = checked_plans(source, plans, instances, helps, limits(timeout, max_states, max_memory), progress)
    from bac.reports.html.page import render, render_with_assets

    if assets is None:
        put(output, render([checked], view, several=False).encode())
    else:
        address = Path(assets).resolve().as_posix()
        base = output.resolve().parent
        folder = assets.resolve().relative_to(base).as_posix() if assets.resolve().is_relative_to(base) else address
        for name, text in render_with_assets(checked, view, folder).items():
            put(assets / name if name else output, text.encode())
    if any(result.limit is not None or result.interrupted for result in checked.results):
        click.get_current_context().exit(UNKNOWN)


def checked_plans(source: str, plans: tuple[str, ...], instances: int, helps: bool, within: Any, progress: Any) -> Any:
    """Return the specification with the results on its plans, and what helps against the anomalies."""
    from bac.commands.check import decided
    from bac.proofs.advice.search import QUICK, advise
    from bac.proofs.engines import AUTO
    from bac.proofs.reductions.part_search import ALL_REDUCTIONS, CheckOptions
    from bac.proofs.scheduler import Scheduler
    from bac.properties.qualities import Property
    from bac.reports.checked import Checked

    started = time.monotonic()
    specification = read(source)
    chosen = [specification.plan(name) for name in plans] or list(specification.plans)
    searches = Scheduler(within, None, None, progress)
    options = CheckOptions(instances, tuple(map(Property, PROPERTIES)), AUTO, ALL_REDUCTIONS)
    specification, bare, results = decided(specification, chosen, options, searches)
    if helps and not searches.interrupted:
        whole = specification.architecture
        results = [
            advise(whole, plan, result, QUICK, searches.monitor, lambda _: True)
            for plan, result in zip(bare, results, strict=True)
        ]
    return Checked(specification, results, {}, 0.0, time.monotonic() - started)
