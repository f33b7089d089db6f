"""``bac prove``: over all policies, for every small graph, for any number of services."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from bac.commands.completion import files, plan_names
from bac.commands.terminal import (
    HOLDS,
    UNKNOWN,
    VIOLATED,
    Seconds,
    as_json,
    emit,
    figure_format,
    notify,
    put,
    read,
    write_figure,
)

if TYPE_CHECKING:
    from bac.proofs.theorem.games.game import Game

LEVELS = ("C0", "C1", "C2")
ASSUMPTIONS = ("single", "available", "asynchronous", "verbatim", "separate", "unbounded", "state-only")
INDUCTIVE = ("availability", "consistency", "no-extra-loss")
FORMAT = click.option(
    "--format",
    "format_",
    type=click.Choice(["text", "json"]),
    default="text",
    show_default=True,
    help="What is printed.",
)


@click.group(context_settings={"max_content_width": 100})
def prove() -> None:
    """Prove the theorem: over all policies, for every small graph, for any number of services."""


@prove.command()
@click.argument("spec", metavar="[SPEC]", shell_complete=files, required=False)
@click.option("--level", "levels", type=click.Choice(LEVELS), multiple=True, help="How much consistency (repeatable).")
@click.option("--drop", "drops", type=click.Choice(ASSUMPTIONS), multiple=True, help="Drop an assumption (repeatable).")
@click.option(
    "--format",
    "format_",
    type=click.Choice(["text", "json"]),
    default="text",
    show_default=True,
    help="What is printed.",
)
@click.option(
    "--max-positions", type=click.IntRange(1), default=20_000, show_default=True, help="Give up a game beyond."
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
    max_positions: int,
    certificate: Path | None,
    figure: Path | None,
) -> None:
    """Play backup policies against clients: who wins, and what must be given up for a policy to win.

    Without a SPEC, on three built-in architectures: a reference one way, references both ways, and a use case that goes
    there and back.
    """
    from bac.proofs.theorem.games.arenas import ARCHITECTURES, Assumption, Level
    from bac.proofs.theorem.games.impossibility import outcomes
    from bac.reports.theorem import impossibility_json, impossibility_text

    if figure is not None:
        figure_format(figure)
    architectures = ARCHITECTURES if spec is None else (read(spec).architecture,)
    asked = [Level(level) for level in levels] or list(Level)
    found = list(outcomes(architectures, asked, frozenset(map(Assumption, drops)), max_positions))
    emit(format_, lambda: impossibility_json(found), lambda: impossibility_text(found))
    games = [outcome.game for outcome in found if outcome.game is not None]
    if certificate is not None and games:
        from bac.proofs.theorem.games.recipe import certificate as written

        put(certificate, as_json(written(games[-1])).encode())
    if figure is not None:
        draw_play(games, figure)
    sys.exit(UNKNOWN if any(outcome.limit for outcome in found) else HOLDS)


def draw_play(games: list[Game], figure: Path) -> None:
    """Draw a play of the last game that the clients win."""
    from bac.proofs.theorem.games.board import Player
    from bac.proofs.theorem.games.playout import play_out

    lost = [game for game in games if game.winner is Player.CLIENTS]
    if not lost:
        notify("the clients win no game, so no figure")
    else:
        write_figure(figure, play_out(lost[-1]))


@prove.command()
@click.option("--services", type=click.IntRange(1, 5), default=3, show_default=True, help="Graphs on up to N services.")
@click.option("--file", type=click.Path(dir_okay=False, path_type=Path), help="Keep what is done here, and resume.")
@click.option("--jobs", type=click.IntRange(1), help="Local processes; default: as many as there are cores.")
@click.option("--scheduler", metavar="ADDRESS", help="Spread the graphs over this Dask cluster instead.")
@FORMAT
def graphs(services: int, file: Path | None, jobs: int | None, scheduler: str | None, format_: str) -> None:
    """Confirm the article's statements on every reference graph, one of each isomorphism class.

    With --file it can be stopped at any moment and started again.
    """
    from bac.commands.terminal import counted
    from bac.proofs.theorem.graphs.sweep import sweep
    from bac.reports.theorem import graphs_text

    with counted("graphs") as progress:
        tell = None if progress is None else lambda now: progress(now.done, now.graphs)
        result = sweep(services, file, scheduler, jobs, tell)
    emit(format_, result.to_json, lambda: graphs_text(result))
    sys.exit({"holds": HOLDS, "violated": VIOLATED, "unknown": UNKNOWN}[result.verdict])


@prove.command()
@click.option("--theorem", "names", metavar="NAME", multiple=True, help="Only this theorem (repeatable).")
@click.option("--timeout", type=Seconds(min=0.001), default=60.0, show_default=True, help="Seconds for each.")
@click.option("--smt2", type=click.Path(file_okay=False, path_type=Path), help="Write every obligation here.")
@click.option("--examples", is_flag=True, help="Show the example of every satisfiable obligation.")
@FORMAT
def unbounded(names: tuple[str, ...], timeout: float, smt2: Path | None, examples: bool, format_: str) -> None:
    """Prove the theorems for any number of services and commands, by Z3 and by cvc5.

    Every theorem comes with its sanity checks: that its assumptions can be true, and that without the one that matters
    there is a counterexample.
    """
    from bac.commands.terminal import counted
    from bac.proofs.theorem.unbounded.catalogue import theorems, write
    from bac.proofs.theorem.unbounded.solvers import discharge, exit_code, report
    from bac.reports.theorem import unbounded_text

    known = {theorem.name: theorem for theorem in theorems()}
    if unknown := [name for name in names if name not in known]:
        raise click.UsageError(f"no theorem {unknown[0]}; there are {', '.join(known)}")
    if smt2 is not None:
        notify(f"{len(write(smt2))} obligations written to {smt2}")
    chosen = [known[name] for name in names] or list(known.values())
    results = []
    with counted("theorems") as progress:
        for number, theorem in enumerate(chosen):
            if progress is not None:
                progress(number, len(chosen))
            results.append(discharge(theorem, timeout))
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
    help="What holds.",
)
@click.option("--instances", type=click.IntRange(1, 1000), default=1, show_default=True, help="Of every use case.")
@click.option("--timeout", type=Seconds(min=0.001), default=60.0, show_default=True, help="Seconds.")
@click.option("-o", "--output", type=click.Path(dir_okay=False, path_type=Path), help="Save the certificate as JSON.")
def invariant(spec: str, plan_name: str, property_: str, instances: int, timeout: float, output: Path | None) -> None:
    """Prove that a property holds for runs of any length, by an inductive invariant.

    Found by k-induction or property-directed reachability, and checked by Z3 and cvc5.  What holds without an invariant
    being found is unknown here; bac check decides it.
    """
    from bac.proofs.certificates.invariant_certificate import Invariant, to_json
    from bac.proofs.smt.induction import prove_property
    from bac.properties.qualities import Property

    specification = read(spec)
    plan = specification.plan(plan_name)
    found = prove_property(specification.architecture, plan, instances, Property(property_), timeout)
    if found is None:
        click.echo(f"{plan.name}: {property_}: no invariant found")
        sys.exit(UNKNOWN)
    click.echo(f"{plan.name}: {property_} holds, up to {instances} instance{'s' * (instances != 1)} ({found.method})")
    if output is not None:
        proved = Invariant(specification.architecture, plan, instances, Property(property_), found.invariant)
        put(output, as_json(to_json(proved)).encode())
