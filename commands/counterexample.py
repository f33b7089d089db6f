"""The counterexample that ``bac figure`` draws and ``bac export --to itf`` writes: its options, and how it is found."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import click

from bac.commands.terminal import (
    ANOMALIES,
    PROPERTIES,
    TIMINGS,
    F,
    instances_option,
    limit_options,
    limits,
    plan_names,
    progress_shown,
    read,
    refuse,
)

if TYPE_CHECKING:
    from bac.model.trace import Trace

KINDS = (*ANOMALIES, "extra-loss")
SEARCH = ("property_", "kind", "subject", "timing", "instances", "timeout", "max_states", "max_memory")
"""The options that choose a counterexample of a plan, and limit the search for it."""


def search_options(command: F) -> F:
    """Add the options of :func:`counterexample`."""
    options = (
        click.option(
            "--plan", "plan_name", metavar="NAME", shell_complete=plan_names, help="The plan; default: independent."
        ),
        click.option(
            "--property",
            "property_",
            type=click.Choice(PROPERTIES),
            help="The property that is violated; default: consistency.",
        ),
        click.option("--kind", type=click.Choice(KINDS), help="Only this kind of anomaly."),
        click.option(
            "--subject", metavar="TEXT", help="Only the anomaly of this subject, such as 'order -> customer'."
        ),
        click.option(
            "--timing",
            type=click.Choice(TIMINGS),
            help="When disaster strikes; default: at-rest, if the anomaly happens then.",
        ),
        instances_option,
        limit_options,
    )
    for option in reversed(options):
        command = option(command)
    return command


def counterexample(
    source: str,
    plan_name: str | None,
    property_: str | None,
    kind: str | None,
    subject: str | None,
    timing: str | None,
    instances: int,
    **limited: Any,
) -> tuple[Trace, int]:
    """Return the saved trace, or search a specification for a shortest counterexample that the options choose.

    The number says how many services of the specification the trace does not have, as it is that of a part.

    Raises:
        UsageError: an option was given that does not apply.
        NothingToShow: the plan has no such counterexample.
        LimitReached: none was found before a limit was reached.
    """
    from bac.model.trace_file import is_trace, load
    from bac.proofs.check import find

    if is_trace(source):
        refuse(click.get_current_context(), ("plan_name", *SEARCH), "a TRACE")
        return load(source), 0
    asked = property_ or ("no-extra-loss" if kind == "extra-loss" else "consistency")
    if asked in ("backup", "availability"):
        refuse(click.get_current_context(), ("kind", "subject", "timing"), f"--property {asked}")
    specification = read(source)
    plan = specification.plan(plan_name or "independent")
    with progress_shown() as progress:
        tell = None if progress is None else partial(progress, plan.name)
        trace = find(specification.architecture, plan, instances, asked, kind, subject, timing, limits(**limited), tell)
    return trace, len(specification.architecture.services) - len(trace.architecture.services)
