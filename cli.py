"""The command line: each command parses, calls one function, and prints.

Imports that take time stay inside the commands, so that ``bac --help`` and shell completion answer at once.
"""

from __future__ import annotations

import gc
import sys
import traceback
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from bac import __version__
from bac.commands.completion import files, plan_names
from bac.commands.export import export
from bac.commands.figure import figure
from bac.commands.prove import prove
from bac.commands.streams import discard_rest, open_streams
from bac.commands.terminal import (
    BUG,
    HOLDS,
    UNKNOWN,
    VIOLATED,
    WRONG,
    as_json,
    display,
    figure_format,
    limit_options,
    limits,
    notify,
    progress_shown,
    read,
    write_figure,
)

if TYPE_CHECKING:
    from bac.model.specification.reader import Specification
    from bac.proofs.results import PlanResult

BROKEN_PIPE = 141
PROPERTIES = ("backup", "availability", "consistency", "no-extra-loss")
REDUCTIONS = ("one-index", "symmetry", "projection")


class BrokenOutput(Exception):
    """A pipe that nobody reads any more; click would treat the error of the operating system in its own way."""


@contextmanager
def broken_output() -> Iterator[None]:
    """Turn a broken pipe into :class:`BrokenOutput`."""
    try:
        yield
    except BrokenPipeError:
        raise BrokenOutput from None


class Commands(click.Group):
    """Turns every error that a user can mend into a message and its exit code."""

    def make_context(self, *arguments: Any, **options: Any) -> click.Context:
        """Parse the command line."""
        with broken_output():
            return super().make_context(*arguments, **options)

    def invoke(self, context: click.Context) -> Any:
        """Run the command."""
        from bac.model.extras import SlowWithoutExtra

        with broken_output(), warnings.catch_warnings():
            warnings.simplefilter("once", SlowWithoutExtra)
            warnings.showwarning = shown_by(warnings.showwarning)
            return super().invoke(context)

    def main(self, *arguments: Any, **options: Any) -> Any:
        """Run the command line, and end the process with the exit code."""
        open_streams()
        gc.disable()  # A model is large, stays, and has no cycles: looking for some takes much of the time.
        try:
            code = self.exit_code(*arguments, **options)
        finally:
            gc.enable()
            discard_rest()
        sys.exit(code)

    def exit_code(self, *arguments: Any, **options: Any) -> int:
        """Run the command line; print errors as messages, and return the exit code."""
        try:
            code: Any = super().main(*arguments, **{**options, "standalone_mode": False})
            with broken_output():
                sys.stdout.flush()
            return code if isinstance(code, int) else HOLDS
        except BrokenOutput:
            return BROKEN_PIPE
        except SystemExit as end:
            return end.code if isinstance(end.code, int) else HOLDS
        except click.ClickException as error:
            with suppress(OSError):
                error.show()
            return error.exit_code
        except (KeyboardInterrupt, click.Abort):
            complain("interrupted")
            return UNKNOWN
        except MemoryError:
            complain("out of memory: unknown")
            return UNKNOWN
        except OSError as error:
            complain(str(error) if error.filename else f"cannot write the output: {error.strerror or error}")
            return WRONG
        except Exception as error:
            return failure(error)


def failure(error: Exception) -> int:
    """Print what is wrong, with a traceback if it is a bug, and return the exit code."""
    from bac.model.errors import BacError

    if isinstance(error, BacError):
        complain(str(error))
        return error.exit_code
    with suppress(OSError):
        traceback.print_exception(error)
    complain("this is a bug of the checker, please report it")
    return BUG


def shown_by(otherwise: Callable[..., None]) -> Callable[..., None]:
    """Return a function that prints warnings: our own like other messages, all others with ``otherwise``."""

    def show(message: Warning | str, category: type[Warning], *place: Any) -> None:
        if category.__module__.startswith("bac."):
            complain(str(message))
        else:
            otherwise(message, category, *place)

    return show


def complain(message: str) -> None:
    """Print an error on standard error; located messages of a specification are printed as they are."""
    notify(message if ": error[" in message else f"bac: {message}")


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, prog_name="bac")
def main() -> None:
    """Check what a backup of microservices is worth after a disaster.

    \b
    Exit codes: 0 everything asked holds (or is as --expect says)
                1 violated
                2 the command line or a file is wrong
                3 unknown: a limit was hit
                4 the checker contradicts itself: a bug, please report it
    """


@main.command()
@click.argument("file", type=click.Path(path_type=Path), default=Path("architecture.bac.yaml"))
@click.option("--force", is_flag=True, help="Overwrite the file if it exists.")
def init(file: Path, force: bool) -> None:
    """Write a commented starter specification to FILE (default: architecture.bac.yaml)."""
    from bac.model.specification.reader import write_starter

    write_starter(file, force)
    notify(f"{file} written; try: bac check {file}")


@main.command()
@click.argument("spec", metavar="SPEC", shell_complete=files)
@click.option(
    "--plan",
    "plans",
    metavar="NAME",
    shell_complete=plan_names,
    multiple=True,
    help="Check this plan (repeatable); default: all plans.",
)
@click.option(
    "--property",
    "properties",
    type=click.Choice(PROPERTIES),
    multiple=True,
    help="Check this property (repeatable); default: all.",
)
@click.option(
    "--instances",
    type=click.IntRange(1, 1000),
    default=1,
    show_default=True,
    help="How many instances of every use case there are.",
)
@click.option(
    "--engine",
    type=click.Choice(["explicit", "smt", "both"]),
    default="explicit",
    show_default=True,
    help="What decides.",
)
@click.option(
    "--format",
    "format_",
    type=click.Choice(["text", "json", "junit"]),
    default="text",
    show_default=True,
    help="What is printed.",
)
@click.option(
    "--trace-dir",
    type=click.Path(file_okay=False, path_type=Path),
    help="Save every counterexample into this directory.",
)
@click.option(
    "--figure",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Draw the first counterexample (.svg .pdf .png .tikz .dot).",
)
@click.option(
    "--expect",
    type=click.Choice(["holds", "violated"]),
    help="Exit with 0 if the verdict on every plan is this one, else with 1.",
)
@limit_options
@click.option(
    "--no-reduction",
    "without",
    type=click.Choice(REDUCTIONS),
    multiple=True,
    help="Do without this reduction (repeatable): one-index, symmetry, projection.",
)
@click.option("--jobs", type=click.IntRange(1), help="Local processes; default: as many as there are cores.")
@click.option("--scheduler", metavar="ADDRESS", help="Spread large searches over this Dask cluster instead.")
@click.option("--strict", is_flag=True, help="Make warnings errors.")
def check(
    spec: str,
    plans: tuple[str, ...],
    properties: tuple[str, ...],
    instances: int,
    engine: str,
    format_: str,
    trace_dir: Path | None,
    figure: Path | None,
    expect: str | None,
    timeout: float | None,
    max_states: int | None,
    max_memory: int | None,
    without: tuple[str, ...],
    jobs: int | None,
    scheduler: str | None,
    strict: bool,
) -> None:
    """Decide the properties of the plans of SPEC, and show a shortest counterexample for each one violated.

    With one --plan: its verdicts and counterexamples.  Without: every plan, in a table that compares them.
    """
    from bac.model.files import check_writable, make_directory
    from bac.proofs.check import check_plans
    from bac.proofs.pool import demand_scheduler
    from bac.proofs.reductions.catalogue import ALL_REDUCTIONS, Reduction
    from bac.proofs.reductions.part_search import CheckOptions
    from bac.proofs.scheduler import Scheduler
    from bac.properties.qualities import Property

    if scheduler is not None and jobs is not None:
        raise click.UsageError("--jobs does not apply to --scheduler")
    specification = read(spec, strict)
    chosen = [specification.plan(name) for name in plans] or list(specification.plans)
    if figure is not None:
        figure_format(figure)
        check_writable(figure)
    if trace_dir is not None:
        make_directory(trace_dir)
    if scheduler is not None:
        demand_scheduler(scheduler)
    budget = limits(timeout, max_states, max_memory)
    asked = tuple(Property(name) for name in properties or PROPERTIES)
    with progress_shown() as progress:
        asking = CheckOptions(instances, asked, engine, ALL_REDUCTIONS - set(map(Reduction, without)))
        schedule = Scheduler(budget, jobs, scheduler, progress)
        results = check_plans(specification.architecture, chosen, asking, schedule)
    show(specification, results, format_, expect, alone=len(plans) == 1)
    if trace_dir is not None:
        save_traces(results, trace_dir)
    if figure is not None:
        draw_first(results, figure)
    sys.exit(exit_code(results, expect))


def show(
    specification: Specification, results: list[PlanResult], format_: str, expect: str | None, alone: bool
) -> None:
    """Print the results in the format asked for."""
    name = specification.architecture.name
    match format_:
        case "json":
            from bac.reports.report import report

            click.echo(as_json(report(name, results, specification.warnings)))
        case "junit":
            from bac.proofs.results import Verdict
            from bac.reports.junit import junit

            click.echo(junit(name, results, Verdict(expect or "holds")), nl=False)
        case _:
            from bac.reports.tables import text

            display(text(name, specification.file, results, alone))


def save_traces(results: list[PlanResult], directory: Path) -> None:
    """Write every counterexample to a file of its own, and say where."""
    from bac.reports.trace_files import trace_files

    files = trace_files(results)
    for name, trace in files.items():
        trace.save(directory / name)
    notify(f"{len(files)} trace{'s' * (len(files) != 1)} saved in {directory}")


def draw_first(results: list[PlanResult], figure: Path) -> None:
    """Draw the first counterexample of the results."""
    trace = next((trace for result in results for trace in result.counterexamples()), None)
    if trace is None:
        notify("no counterexample, so no figure")
    else:
        write_figure(figure, trace)


def exit_code(results: list[PlanResult], expect: str | None) -> int:
    """What the results amount to."""
    from bac.proofs.results import Verdict

    verdicts = [result.verdict for result in results]
    if any(result.interrupted for result in results):
        return UNKNOWN
    if expect is not None and all(verdict == expect for verdict in verdicts):
        return HOLDS
    if expect == "violated":
        return UNKNOWN if Verdict.UNKNOWN in verdicts else VIOLATED
    if Verdict.VIOLATED in verdicts:
        return VIOLATED
    return UNKNOWN if Verdict.UNKNOWN in verdicts else HOLDS


@main.command()
@click.argument("file", metavar="TRACE", shell_complete=files)
def replay(file: str) -> None:
    """Judge a saved TRACE again, with the interpreter alone.

    Exit codes: 0 it is a run of its system and shows what it claims, 1 it does not show it, 2 it is no such run.
    """
    from bac.model.trace import load
    from bac.proofs.replay import confirm
    from bac.reports.tables import replayed

    trace = load(file)
    confirm(trace)
    display(replayed(trace))


main.add_command(figure)
main.add_command(prove)
main.add_command(export)


@main.command()
@click.argument("file", metavar="FILE", type=click.Path(path_type=Path))
def verify(file: Path) -> None:
    """Check a certificate: a trace, a strategy or an invariant.

    The code that checks shares nothing with what found it but the semantics.

    Exit codes: 0 it proves what it claims, 1 it does not, 2 it is no certificate, 3 it is too large to be checked.
    """
    from bac.proofs.certificates.certificate import verify as verified

    result = verified(file)
    click.echo(f"{result.kind}: {result.confirmed}")
    click.echo(f"trusted: {result.trusted}")


@main.command()
def doctor() -> None:
    """Say what is installed, what is missing, and what that costs."""
    from bac.reports.doctor import findings

    for line in findings():
        click.echo(line)
