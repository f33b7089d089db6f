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
from importlib import import_module
from pathlib import Path
from typing import Any

import click

from bac import __version__
from bac.commands.terminal import (
    BUG,
    HOLDS,
    UNKNOWN,
    WRONG,
    complain,
    discard_rest,
    display,
    files,
    notify,
    open_streams,
    read,
)

BROKEN_PIPE = 141
MOST_OPEN = 10
"""So many questions that a certificate leaves open are listed."""
COMMANDS = ("audit", "check", "coverage", "drill", "export", "figure", "lint", "prove", "report")
"""The commands with a module of their own in :mod:`bac.commands`, which is imported only when it is used."""


class BrokenOutput(Exception):
    """A pipe without a reader; click would treat the error of the operating system in its own way."""


@contextmanager
def broken_output() -> Iterator[None]:
    """Turn a broken pipe into :class:`BrokenOutput`."""
    try:
        yield
    except BrokenPipeError:
        raise BrokenOutput from None


class Commands(click.Group):
    """Turns every error that a user can mend into a message and its exit code."""

    def list_commands(self, context: click.Context) -> list[str]:
        """Return the names of all commands."""
        return sorted([*super().list_commands(context), *COMMANDS])

    def get_command(self, context: click.Context, name: str) -> click.Command | None:
        """Return a command by its name."""
        if name not in COMMANDS:
            return super().get_command(context, name)
        command: click.Command = getattr(import_module(f"bac.commands.{name}"), name)
        return command

    def make_context(self, *arguments: Any, **options: Any) -> click.Context:
        """Parse the command line."""
        with broken_output():
            return super().make_context(*arguments, **options)

    def invoke(self, context: click.Context) -> Any:
        """Run the command."""
        from bac.model.errors import SlowWithoutExtra

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


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, prog_name="bac")
def main() -> None:
    """Check what a backup of microservices is worth after a disaster.

    \b
    Exit codes: 0 everything that was checked holds, or is as expected
                1 violated, or not as expected
                2 the command line or a file is wrong
                3 unknown: a limit was reached, or Ctrl-C
                4 the checker contradicts itself: a bug, please report it
                5, 6 of 'bac drill' only: the model is refuted, not reproduced
    """


@main.command()
@click.argument("file", type=click.Path(path_type=Path), default=Path("architecture.bac.yaml"))
@click.option("--force", is_flag=True, help="Overwrite the file if it exists.")
def init(file: Path, force: bool) -> None:
    """Write a commented starter specification to FILE (default: architecture.bac.yaml).

    A copy of the JSON Schema comes beside it, which editors use.
    """
    from bac.model.errors import UnwritableFile
    from bac.model.specification.starter import write_starter

    if file.is_file() and not force:
        raise UnwritableFile(f"{file} already exists; --force overwrites it")
    write_starter(file, force)
    notify(f"{file} written, with its JSON Schema for editors beside it; try: bac check {file}")


@main.command()
@click.argument("file", metavar="TRACE", shell_complete=files)
def replay(file: str) -> None:
    """Re-check a saved TRACE with the interpreter only.

    Exit codes: 0 it is a run of its system and shows what it claims, 1 it does not show it, 2 it is no such run.
    """
    from bac.model.trace_file import load
    from bac.proofs.replay import confirm
    from bac.reports.text import replayed

    trace = load(file)
    confirm(trace)
    display(replayed(trace))


@main.command()
@click.argument("file", metavar="FILE", type=click.Path(path_type=Path))
@click.option("--spec", metavar="SPEC", help="Check that the certificate is about this specification.")
def verify(file: Path, spec: str | None) -> None:
    """Check a certificate: a trace, a strategy, an invariant, or verdicts (bac check --certificate).

    The code that checks shares nothing with what found it but the semantics.

    Exit codes: 0 it proves what it claims, 1 it does not, 2 it is no certificate, 3 it is too large to be checked, or
    leaves something open (which is listed).
    """
    from bac.model.errors import printable
    from bac.proofs.certificates.certificate import verify as verified

    result = verified(file, None if spec is None else read(spec, strict=False))
    click.echo(f"{result.kind}: {result.confirmed}")
    click.echo(f"trusted: {result.trusted}")
    for each in result.open[:MOST_OPEN]:
        click.echo(f"open: {printable(each)}")
    if result.open:
        click.echo(f"{len(result.open)} questions are left open")
        sys.exit(UNKNOWN)


@main.command()
def doctor() -> None:
    """Report what is installed, what is missing, and which features need it."""
    from bac.reports.doctor import findings

    for line in findings():
        click.echo(line)
