"""The command ``bac prove``: over all policies, for every small graph, for any number of services."""

from __future__ import annotations

import sys
from dataclasses import replace
from functools import partial
from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING

import click

from bac.commands.terminal import (
    HOLDS,
    TIMEOUT,
    UNKNOWN,
    VIOLATED,
    Seconds,
    as_json,
    counted,
    emit,
    figure_format,
    files,
    limits,
    notify,
    plan_names,
    progress_shown,
    put,
    read,
    status_line,
    write_figure,
)

if TYPE_CHECKING:
    from bac.model.architecture import Architecture
    from bac.model.plan import Plan
    from bac.proofs.engine import Limits, Progress, ProgressListener
    from bac.proofs.theorem.games.game import Game
    from bac.properties.qualities import Property

LEVELS = ("C0", "C1", "C2")
ASSUMPTIONS = ("single", "available", "asynchronous", "verbatim", "separate", "unbounded", "state-only")
INDUCTIVE = ("availability", "consistency", "no-extra-loss")
MOST_STATES = 50_000
"""So many states are searched for a violation before an invariant is looked for."""
FORMAT = click.option(
    "--format",
    "format_",
    type=click.Choice(["text", "json"]),
    default="text",
    show_default=True,
    help="The format of the output.",
)


@click.group(context_settings={"max_content_width": 100})
def prove() -> None:
    """Prove the theorem: over all policies, for every small graph, for any number of services."""


@prove.command()
@click.argument("spec", metavar="[SPEC]", shell_complete=files, required=False)
@click.option(
    "--level",
    "levels",
    type=click.Choice(LEVELS),
    multiple=True,
    help="The level of consistency (repeatable); default: all.",
)
@click.option("--drop", "drops", type=click.Choice(ASSUMPTIONS), multiple=True, help="Drop an assumption (repeatable).")
@FORMAT
@TIMEOUT
@click.option(
    "--max-positions",
    type=click.IntRange(1),
    default=20_000,
    show_default=True,
    metavar="N",
    help="Stop a game after N positions.",
)
@click.option(
    "--certificate", type=click.Path(dir_okay=False, path_type=Path), help="Save the strategy of the last game as JSON."
)
@click.option(
    "--figure",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Draw a play of the last game that the clients win.",
)
def impossibility(
    spec: str | None,
    levels: tuple[str, ...],
    drops: tuple[str, ...],
    format_: str,
    timeout: float | None,
    max_positions: int,
    certificate: Path | None,
    figure: Path | None,
) -> None:
    """Play backup policies against clients: who wins, and what must be given up for a policy to win.

    Without a SPEC, on three built-in architectures: a reference one way, references both ways, and a use case that goes
    there and back.
    """
    from bac.model.files import check_writable
    from bac.proofs.engine import LimitMonitor
    from bac.proofs.theorem.games.arenas import ARCHITECTURES, Assumption, Level
    from bac.proofs.theorem.games.game import Outcome, outcomes
    from bac.proofs.theorem.games.solver import Effort
    from bac.reports.theorem import impossibility_json, impossibility_text

    for file in filter(None, (certificate, figure)):
        check_writable(file)
    if figure is not None:
        figure_format(figure)
    architectures = ARCHITECTURES if spec is None else (read(spec).architecture,)
    asked = [Level(level) for level in levels] or list(Level)
    found: list[Outcome] = []
    with status_line() as show:

        def tell(now: Progress) -> None:
            if show is not None:
                show(f"{len(found)} of {len(architectures) * len(asked)} games; {now.states:,} positions of this one")

        effort = Effort(max_positions, LimitMonitor(limits(timeout, None, None), tell))
        for outcome in outcomes(architectures, asked, frozenset(map(Assumption, drops)), effort):
            found.append(outcome)
    emit(format_, lambda: impossibility_json(found), lambda: impossibility_text(found))
    if certificate is not None:
        save_strategy(found[-1].game, certificate)
    if figure is not None:
        draw_play([outcome.game for outcome in found if outcome.game is not None], figure)
    sys.exit(UNKNOWN if any(outcome.limit for outcome in found) else HOLDS)


def save_strategy(game: Game | None, certificate: Path) -> None:
    """Write the strategy of a game to a file, if the game was solved."""
    from bac.proofs.theorem.games.recipe import certificate as document

    if game is None:
        notify("the last game is not solved, so there is no certificate")
    else:
        put(certificate, as_json(document(game)).encode())


def draw_play(games: list[Game], figure: Path) -> None:
    """Draw a play of the last game that the clients win."""
    from bac.proofs.theorem.games.board import Player
    from bac.proofs.theorem.games.game import play_out

    lost = [game for game in games if game.winner is Player.CLIENTS]
    if not lost:
        notify("the clients win no game, so there is no figure")
    else:
        write_figure(figure, play_out(lost[-1]))


@prove.command()
@click.option("--services", type=click.IntRange(1, 5), default=3, show_default=True, help="Graphs on up to N services.")
@click.option("--file", type=click.Path(dir_okay=False, path_type=Path), help="Keep finished work here, and resume.")
@click.option("--jobs", type=click.IntRange(1), help="Local processes; default: as many as there are cores.")
@click.option("--scheduler", metavar="ADDRESS", help="Spread the graphs over this Dask cluster instead.")
@TIMEOUT
@FORMAT
def graphs(
    services: int, file: Path | None, jobs: int | None, scheduler: str | None, timeout: float | None, format_: str
) -> None:
    """Confirm the article's statements on every reference graph, one of each isomorphism class.

    With --file it can be stopped at any moment and started again.
    """
    from bac.proofs.engine import LimitMonitor
    from bac.proofs.theorem.graphs.sweep import sweep
    from bac.reports.theorem import graphs_text

    with counted("graphs") as progress:
        tell = None if progress is None else lambda now: progress(now.done, now.graphs)
        result = sweep(services, file, scheduler, jobs, tell, LimitMonitor(limits(timeout, None, None)))
    emit(format_, result.to_json, lambda: graphs_text(result))
    sys.exit({"holds": HOLDS, "violated": VIOLATED, "unknown": UNKNOWN}[result.verdict])


@prove.command()
@click.option("--theorem", "names", metavar="NAME", multiple=True, help="Only this theorem (repeatable).")
@TIMEOUT
@click.option("--smt2", type=click.Path(file_okay=False, path_type=Path), help="Write every obligation here.")
@click.option("--examples", is_flag=True, help="Show the example of every satisfiable obligation.")
@FORMAT
def unbounded(names: tuple[str, ...], timeout: float | None, smt2: Path | None, examples: bool, format_: str) -> None:
    """Prove the theorems for any number of services and commands, by Z3 and by cvc5.

    Every theorem comes with its sanity checks: that its assumptions can be true, and that without the one that matters
    there is a counterexample.  A solver has at most a minute for each obligation.
    """
    from bac.proofs.engine import LimitMonitor
    from bac.proofs.theorem.unbounded.solvers import discharge_all, exit_code, report, theorems, write
    from bac.reports.theorem import unbounded_text

    known = {theorem.name: theorem for theorem in theorems()}
    if unknown := [name for name in names if name not in known]:
        raise click.UsageError(f"no theorem {unknown[0]}; there are {', '.join(known)}")
    if smt2 is not None:
        notify(f"{len(write(smt2))} obligations written to {smt2}")
    chosen = [known[name] for name in names] or list(known.values())
    with counted("obligations") as progress:
        results = discharge_all(chosen, LimitMonitor(limits(timeout, None, None)), progress)
    emit(format_, lambda: report(results), lambda: unbounded_text(results, examples))
    sys.exit(exit_code(results))


@prove.command()
@click.argument("spec", metavar="SPEC", shell_complete=files)
@click.option("--plan", "plan_name", metavar="NAME", shell_complete=plan_names, required=True, help="The plan.")
@click.option(
    "--property",
    "property_",
    type=click.Choice(INDUCTIVE),
    default="consistency",
    show_default=True,
    help="The property to prove.",
)
@click.option("--instances", type=click.IntRange(1, 1000), default=1, show_default=True, help="Of every use case.")
@click.option("--timeout", type=Seconds(min=0), default=60.0, show_default=True, help="Stop after this time.")
@click.option("-o", "--output", type=click.Path(dir_okay=False, path_type=Path), help="Save the certificate as JSON.")
def invariant(spec: str, plan_name: str, property_: str, instances: int, timeout: float, output: Path | None) -> None:
    """Prove that a property holds for runs of any length, by an inductive invariant.

    It is found by k-induction or property-directed reachability, and checked by Z3 and cvc5.  If none is found, the
    property may hold or not: bac check decides it.

    Exit codes: 0 proved, 1 violated, 3 no invariant was found.
    """
    from bac.model.files import check_writable
    from bac.proofs.certificates.invariant_certificate import Invariant, to_json
    from bac.proofs.engine import LimitMonitor
    from bac.proofs.smt.induction import prove_property
    from bac.properties.qualities import Property

    if output is not None:
        check_writable(output)
    specification = read(spec)
    plan, which = specification.plan(plan_name), Property(property_)
    monitor = LimitMonitor(limits(timeout, None, None))
    with progress_shown() as progress:
        tell = None if progress is None else partial(progress, plan.name)
        violated = is_violated(specification.architecture, plan, instances, which, monitor.remaining(), tell)
    scope = f"up to {instances} instance{'s' * (instances != 1)}"
    if violated:
        command = f"bac check {quote(spec)} --plan {quote(plan.name)} --property {property_}"
        click.echo(f"{plan.name}: {property_} is violated, {scope}; see: {command}")
        sys.exit(VIOLATED)
    with status_line() as show:
        if show is not None:
            show(f"{plan.name}: looking for an invariant")
        left = monitor.remaining().seconds or 0.0
        found = prove_property(specification.architecture, plan, instances, which, left)
    if found is None:
        reason = monitor.limits.time_reached() if monitor.time_is_over() else "the methods do not find one"
        click.echo(f"{plan.name}: {property_}: no invariant found: {reason}")
        sys.exit(UNKNOWN)
    click.echo(f"{plan.name}: {property_} holds, {scope} ({found.method})")
    if output is not None:
        proved = Invariant(specification.architecture, plan, instances, which, found.invariant)
        put(output, as_json(to_json(proved)).encode())


def is_violated(
    architecture: Architecture,
    plan: Plan,
    instances: int,
    which: Property,
    limits: Limits,
    progress: ProgressListener,
) -> bool:
    """Return whether a short search finds a violation, for which no invariant need be looked for."""
    from bac.proofs.check import check
    from bac.proofs.results import Verdict

    brief = replace(limits, states=MOST_STATES, seconds=(limits.seconds or 0.0) / 4)
    result = check(architecture, plan, instances, [which], limits=brief, progress=progress)
    return result.properties[which].verdict is Verdict.VIOLATED
