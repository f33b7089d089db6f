"""``bac drill``: real backups, a real loss and a real restore, held against what the specification says."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from bac.commands.terminal import HOLDS, VIOLATED, as_json, files, plan_names, put

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from bac.api.specification import Specification
    from bac.testing.drills.adapter import Adapter
    from bac.testing.drills.results import DrillResult

SHIPPED = ("sqlite", "postgresql")
VERDICTS = ("consistent", "as predicted", "model refuted", "not reproduced")


@click.command()
@click.argument("spec", shell_complete=files)
@click.option(
    "--adapter",
    required=True,
    metavar="WHAT",
    help="The system: sqlite:DIRECTORY, postgresql://SERVER/DATABASE, or MODULE:FUNCTION of your own.",
)
@click.option("--plan", metavar="NAME", default="independent", show_default=True, shell_complete=plan_names)
@click.option(
    "--trace",
    "traces",
    type=click.Path(path_type=Path),
    multiple=True,
    help="Drive this counterexample, with its plan (repeatable).",
)
@click.option("--random", "examples", type=click.IntRange(1), metavar="N", help="Drive N random runs.")
@click.option(
    "--observed",
    "cases",
    type=click.IntRange(1),
    metavar="N",
    help="Begin N instances of every use case, concurrently, and take backups meanwhile.",
)
@click.option(
    "--instances",
    type=click.IntRange(1, 100),
    default=1,
    show_default=True,
    help="How many instances of every use case a random run has.",
)
@click.option("--threads", type=click.IntRange(1, 64), default=2, show_default=True, help="Clients with --observed.")
@click.option("--seed", type=int, default=0, show_default=True, help="The same seed draws the same.")
@click.option("--evidence", type=click.Path(dir_okay=False, path_type=Path), help="Write what was done to this file.")
@click.option(
    "--format",
    "format_",
    type=click.Choice(["text", "json"]),
    default="text",
    show_default=True,
    help="What is printed.",
)
@click.option("--expect", type=click.Choice(VERDICTS), help="Exit with 0 for this verdict, and with 1 for all others.")
def drill(
    spec: str,
    adapter: str,
    plan: str,
    traces: Sequence[Path],
    examples: int | None,
    cases: int | None,
    instances: int,
    threads: int,
    seed: int,
    evidence: Path | None,
    format_: str,
    expect: str | None,
) -> None:
    """Drive a real system through backups, a loss and a restore, and compare what comes out with the check of SPEC.

    The target is destroyed and restored: it must carry a safety marker (docs/real-services.md), or nothing is done.

    \b
    Exit codes: 0 the stores fit together after the restore, 1 they show what the check predicts,
                2 something is wrong with the command line, a file or the target, 3 interrupted,
                5 the model is refuted: the check says that this cannot happen, 6 not reproduced
    """
    from bac.api.actions import load
    from bac.testing.drills.results import document, worst

    if [bool(traces), examples is not None, cases is not None].count(True) != 1:
        raise click.UsageError("give one of --trace, --random and --observed")
    specification = load(spec)
    results = (
        drive_traces(specification, adapter, traces)
        if traces
        else [drive(specification, adapter, plan, instances, examples, cases, threads, seed)]
    )
    if evidence is not None:
        put(evidence, (as_json(document(results)) + "\n").encode())
    if format_ == "json":
        click.echo(as_json(document(results)))
    else:
        for result in results:
            click.echo(str(result))
    verdict = worst(results)
    sys.exit(verdict.exit_code if expect is None else HOLDS if str(verdict) == expect else VIOLATED)


def drive_traces(specification: Specification, adapter: str, files: Sequence[Path]) -> list[DrillResult]:
    """Drive counterexamples from files, each under its own plan."""
    from bac.api.actions import load_trace
    from bac.testing.drills.drill import Drill

    results = []
    for file in files:
        trace = load_trace(file)
        plan = trace._trace.plan.name
        results.append(Drill(specification, started(adapter, specification, plan), plan=plan).trace(trace))
    return results


def drive(
    specification: Specification,
    adapter: str,
    plan: str,
    instances: int,
    examples: int | None,
    cases: int | None,
    threads: int,
    seed: int,
) -> DrillResult:
    """Drive random runs, or observe one under load."""
    from bac.testing.drills.drill import Drill

    made = Drill(specification, started(adapter, specification, plan), plan=plan, instances=instances)
    if cases is not None:
        return made.observed(cases, threads, seed)
    assert examples is not None
    return made.random(examples, seed=seed)


def started(adapter: str, specification: Specification, plan: str) -> Callable[[], Adapter]:
    """Return what gives a fresh adapter, by the text on the command line."""
    kind, _, target = adapter.partition(":")
    if not (kind and target):
        raise click.UsageError(f"--adapter {adapter}: expected sqlite:…, postgresql:… or MODULE:FUNCTION")
    make: Any
    match kind:
        case "sqlite":
            from bac.testing.drills.sqlite import SQLiteStores

            return lambda: SQLiteStores(specification, Path(target), plan)
        case "postgresql":
            from bac.testing.drills.postgres import PostgresStores

            return lambda: PostgresStores(specification, adapter, plan)
        case _:
            make = own(kind, target)
            return lambda: make(specification, plan)


def own(module: str, function: str) -> Any:
    """Return a function of the user's, from a module that is found from here."""
    from importlib import import_module

    from bac.model.errors import closest, listed

    sys.path.insert(0, "")
    try:
        return getattr(import_module(module), function)
    except (ImportError, AttributeError) as error:
        absent = isinstance(error, ModuleNotFoundError) and error.name == module
        missing = absent or not function.isidentifier()  # such as that of postgres://SERVER/DATABASE
        near = closest(module, SHIPPED) if missing else None
        hint = f"; did you mean {near}:…?" if near else f"; the adapters that ship: {listed(SHIPPED)}" * missing
        raise click.UsageError(f"--adapter {module}:{function}: {error}{hint}") from None
