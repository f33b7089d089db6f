"""``bac coverage``: which steps some run takes, which use cases can get stuck, and which plans never recover."""

from __future__ import annotations

import sys
from dataclasses import replace
from typing import TYPE_CHECKING

import click

from bac.commands.terminal import (
    HOLDS,
    UNKNOWN,
    VIOLATED,
    Seconds,
    counted,
    emit,
    files,
    instances_option,
    plans_option,
    read,
    warn,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from bac.properties.qualities import PlanCoverage

NO_LIMIT = 10**15
"""More than any search takes."""


@click.command()
@click.argument("spec", shell_complete=files)
@plans_option
@instances_option
@click.option(
    "--format",
    "format_",
    type=click.Choice(["text", "json"]),
    default="text",
    show_default=True,
    help="What is printed.",
)
@click.option("--timeout", type=Seconds(min=0), metavar="SECONDS", help="Stop after this time.")
@click.option(
    "--max-states",
    type=click.IntRange(1),
    metavar="N",
    default=20_000,
    show_default=True,
    help="Stop each search after N states.",
)
@click.option("--strict", is_flag=True, help="Make warnings errors.")
def coverage(
    spec: str,
    plans: Sequence[str],
    instances: int,
    format_: str,
    timeout: float | None,
    max_states: int,
    strict: bool,
) -> None:
    """List the steps that no run takes, the use cases that can get stuck, and the plans that never recover.

    Disasters do not count, nor does what recovery does. Each finding says what is missing. 'bac check' warns of the
    same, but does not search as far.

    Exit codes: 0 every step happens, every use case can always be finished, and every plan recovers, 1 something does
    not, 2 the command line or the file is wrong, 3 a limit was reached first.
    """
    from bac.proofs.engine import LimitMonitor, Limits
    from bac.proofs.explicit import coverage as search
    from bac.reports.checked import warnings
    from bac.reports.coverage import document, text

    specification = read(spec, strict)
    chosen = [specification.plan(name) for name in plans] or list(specification.plans)
    monitor = LimitMonitor(Limits(seconds=timeout))
    budget = search.Budget(NO_LIMIT, NO_LIMIT, NO_LIMIT, max_states, monitor.check)
    with counted("plans") as progress:
        covered = search.coverage(
            specification.architecture, chosen, instances, budget, thorough=True, progress=progress
        )
    found = warnings(specification, covered)
    warn(found, strict)
    whole = replace(specification, warnings=(*specification.warnings, *found))
    emit(format_, lambda: document(whole, covered, instances), lambda: text(whole, covered, instances))
    sys.exit(exit_code(covered))


def exit_code(covered: Iterable[PlanCoverage]) -> int:
    """Return the exit code: by the worst that was found."""
    answers = [answer for plan in covered for answer in plan.answers()]
    return VIOLATED if False in answers else UNKNOWN if None in answers else HOLDS
