"""Helpers that commands share: standard streams, reading a specification, limits, progress, printing, and completion.

Standard streams may be closed, full, or a pipe without a reader.
"""

from __future__ import annotations

import io
import os
import shlex
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from math import isnan
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO, TypeVar

import click
from click.core import ParameterSource
from click.shell_completion import CompletionItem

if TYPE_CHECKING:
    from rich.console import RenderableType

    from bac.model.specification.diagnostics import Diagnostic
    from bac.model.specification.reader import Specification
    from bac.model.trace import Trace
    from bac.proofs.engine import Limits, Progress

HOLDS, VIOLATED, WRONG, UNKNOWN, BUG = range(5)
"""The exit codes."""
PROPERTIES = ("backup", "availability", "consistency", "no-extra-loss")
ANOMALIES = ("broken-link", "orphan-state", "missing-state", "duplicate", "misdirected-link", "overbooking")
TIMINGS = ("any-time", "at-rest")
WIDTH = 160
SHOWN_WARNINGS = 20

F = TypeVar("F", bound=Callable[..., Any])


def notify(message: str) -> None:
    """Print a message on standard error; where that takes none, results still count."""
    with suppress(OSError):
        click.echo(message, err=True)


def complain(message: str) -> None:
    """Print an error on standard error; located messages of a specification are printed as they are."""
    notify(message if ": error[" in message else f"bac: {message}")


def read(spec: str, strict: bool = False) -> Specification:
    """Read the specification, with warnings and notes on standard error (warnings are errors if ``strict``)."""
    from bac.model.specification.reader import load

    specification = load(spec)
    warn(specification.warnings, strict)
    return specification


def warn(warnings: Sequence[Diagnostic], strict: bool = False) -> None:
    """Print warnings and notes on standard error.

    Raises:
        SpecificationError: ``strict``, and there are warnings among them.
    """
    from bac.model.specification.diagnostics import SpecificationError

    suspicious = [replace(found, severity="error") for found in warnings if found.severity == "warning"]
    if strict and suspicious:
        raise SpecificationError(suspicious)
    for warning in warnings[:SHOWN_WARNINGS]:
        notify(warning.render())
    if len(warnings) > SHOWN_WARNINGS:
        notify(f"… and {len(warnings) - SHOWN_WARNINGS} more warnings")


def limits(timeout: float | None, max_states: int | None, max_memory: int | None) -> Limits:
    """Return the limits of a search; memory is always limited."""
    from bac.proofs.engine import Limits, memory_budget

    return Limits(max_states, timeout, memory_budget() if max_memory is None else max_memory << 20)


class Seconds(click.FloatRange):
    """A number of seconds; ``nan`` is refused."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Return the number that the user gave."""
        number = super().convert(value, param, ctx)
        if isnan(number):
            self.fail(f"{value} is not a number of seconds", param, ctx)
        return number


TIMEOUT = click.option("--timeout", type=Seconds(min=0), metavar="SECONDS", help="Stop after this time.")
"""The option that limits the time of a command."""


def plans_option(command: F) -> F:
    """Add the option ``--plan``, which can be repeated and arrives as ``plans``; none stands for all."""
    return click.option(
        "--plan",
        "plans",
        metavar="NAME",
        shell_complete=plan_names,
        multiple=True,
        help="Look at this plan (repeatable); default: all plans.",
    )(command)


def instances_option(command: F) -> F:
    """Add the option ``--instances``."""
    return click.option(
        "--instances",
        type=click.IntRange(1, 1000),
        default=1,
        show_default=True,
        help="How many instances of every use case there are.",
    )(command)


def limit_options(command: F) -> F:
    """Add the options that limit a search: ``timeout``, ``max_states`` and ``max_memory``, for :func:`limits`."""
    options = (
        TIMEOUT,
        click.option(
            "--max-states", type=click.IntRange(1), metavar="N", help="Stop the search of a plan after N states."
        ),
        click.option(
            "--max-memory",
            type=click.IntRange(1),
            metavar="MIB",
            help="Stop when the process uses more memory; default: most of what the machine has left.",
        ),
    )
    for option in reversed(options):
        command = option(command)
    return command


def refuse(context: click.Context, options: Iterable[str], together_with: str) -> None:
    """Refuse the first of these options (named as parameters) that the user has given: it would do nothing.

    Raises:
        UsageError: one was given.
    """
    for parameter in context.command.params:
        given = context.get_parameter_source(parameter.name or "") is ParameterSource.COMMANDLINE
        if parameter.name in options and given:
            raise click.UsageError(f"{parameter.opts[0]} does not apply to {together_with}")


@contextmanager
def progress_shown() -> Iterator[Callable[[str, Progress], None] | None]:
    """Yield a function that shows progress on a terminal; ``None`` where there is no terminal."""
    with status_line() as show:

        def tell(plan: str, now: Progress) -> None:
            if show is not None and now.states > 10_000:
                figures = f"{now.states:,} states, depth {now.depth}, {now.rate:,.0f} states/s, queue {now.queue:,}"
                show(f"{plan}: {figures}")

        yield None if show is None else tell


def display(content: RenderableType) -> None:
    """Print on standard output: as wide as the terminal; if it is none, wide and without trailing space."""
    from rich.console import Console

    if sys.stdout.isatty():
        Console(highlight=False, markup=False, emoji=False).print(content)
        return
    console = Console(highlight=False, markup=False, emoji=False, width=WIDTH, color_system=None)
    with console.capture() as captured:
        console.print(content, soft_wrap=True)
    for line in captured.get().splitlines():
        click.echo(line.rstrip())


def emit(format_: str, document: Callable[[], Any], text: Callable[[], RenderableType]) -> None:
    """Print a result as JSON or as text."""
    if format_ == "json":
        click.echo(as_json(document()))
    else:
        display(text())


def as_json(document: Any) -> str:
    """Return a document as indented JSON."""
    import json

    return json.dumps(document, indent=1, ensure_ascii=False)


def figure_format(file: Path, further: Sequence[str] = ()) -> str:
    """Return the format that a file's extension selects: one of figures, or one of some ``further`` ones."""
    from bac.figures.render import FORMATS

    known = (*FORMATS, *further)
    format_ = file.suffix.removeprefix(".").lower()
    if format_ not in known:
        raise click.UsageError(f"{file}: the file extension selects the format: {', '.join('.' + f for f in known)}")
    return format_


def write_figure(file: Path, trace: Trace, outside: int = 0) -> None:
    """Draw the event-log diagram of a trace into a file; ``outside`` counts services of a landscape that it lacks."""
    from bac.figures.events.layout import draw
    from bac.figures.render import write

    put(file, write(draw(trace, outside), figure_format(file)))


def put(file: Path, content: bytes) -> None:
    """Write a file, and say so."""
    from bac.model.files import write_bytes

    write_bytes(file, content)
    notify(f"{file} written")


@contextmanager
def status_line() -> Iterator[Callable[[str], None] | None]:
    """Yield a function that replaces a line of text on the terminal; ``None`` if there is no terminal."""
    if not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console

    with Console(stderr=True, markup=False, highlight=False).status("…") as status:
        yield status.update


@contextmanager
def counted(what: str) -> Iterator[Callable[[int, int], None] | None]:
    """Yield a function that shows on the terminal how many of how many are done; ``None`` if there is no terminal."""
    with status_line() as show:
        yield None if show is None else lambda done, of: show(f"{done:,} of {of:,} {what}")


# Standard streams


def open_streams() -> None:
    """Make standard output and error usable, whatever the shell passed on.

    A closed stream is opened on the null device, so that no other file takes its number: standard output such that
    writing to it fails (results would be lost), standard error such that messages are discarded.  What a terminal
    cannot show is escaped.
    """
    if sys.stdin is None:
        _open_null(os.O_RDONLY)
    if sys.stdout is None:
        sys.stdout = _text(_open_null(os.O_RDONLY))
    if sys.stderr is None:
        sys.stderr = _text(_open_null(os.O_WRONLY))
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def discard_rest() -> None:
    """Discard what a stream did not take, so that Python does not try again, and complain, when it ends."""
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except (OSError, ValueError):
            with suppress(OSError, ValueError):
                null = os.open(os.devnull, os.O_WRONLY)
                os.dup2(null, stream.fileno())
                os.close(null)


def _open_null(flags: int) -> int:
    """Open the null device as the lowest number that is free: that of the stream that was closed."""
    return os.open(os.devnull, flags)


def _text(number: int) -> TextIO:
    return os.fdopen(number, "w", encoding="utf-8", closefd=False)


# Completion in shells


def files(_context: click.Context, _parameter: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Leave it to the shell to complete the name of a file."""
    return [CompletionItem(incomplete, type="file")]


def plan_names(context: click.Context, _parameter: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Return the plans of the specification, if its name is typed already and it can be read."""
    from bac.model.errors import BacError
    from bac.model.specification.reader import load

    # An option that waits for its value ends the parsing early, and what it has not looked at is left in ``args``.
    given = [context.params.get("spec"), context.params.get("source"), *(context.params.get("specs") or ())]
    words = [*given, *context.args]
    spec = next((word for word in words if word and Path(word).is_file()), None)
    if spec is None:
        return []
    try:
        plans = load(spec).plans
    except BacError:
        return []
    return [CompletionItem(quoted(plan.name)) for plan in plans if plan.name.startswith(incomplete)]


def quoted(name: str) -> str:
    """Return a name as a word of a command line; bash leaves quoting to us, other shells do it themselves."""
    return shlex.quote(name) if os.environ.get("_BAC_COMPLETE", "").startswith("bash") else name
