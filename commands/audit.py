"""``bac audit``: broken links, orphans and missing state across the stores of an application, after a restore."""

from __future__ import annotations

import signal
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from bac.commands.terminal import HOLDS, TIMEOUT, UNKNOWN, VIOLATED, as_json, files, notify, status_line

if TYPE_CHECKING:
    from bac.audit.run import Audit


class Stopped(Exception):
    """The audit is to stop here: the time is up, or the user interrupted it."""


@click.command()
@click.argument("file", metavar="AUDIT", type=click.Path(path_type=Path), shell_complete=files)
@click.option(
    "--format",
    "format_",
    type=click.Choice(["text", "tsv", "json"]),
    default="text",
    show_default=True,
    help="What is printed.",
)
@click.option("--samples", type=click.IntRange(0, 1000), default=5, show_default=True, help="Ids shown of each check.")
@click.option(
    "--state",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Keep in this file how far the audit is, and go on from it if it exists.",
)
@TIMEOUT
def audit(file: Path, format_: str, samples: int, state: Path | None, timeout: float | None) -> None:
    """List what does not fit together across the stores that AUDIT (NAME.audit.yaml) describes.

    Every store is only read, each in its own database. Databases need: pip install 'bac-checker[audit]'

    Exit codes: 0 no findings, or none that count as errors, 1 errors, 2 the command line, the file or a store is wrong,
    3 stopped before the end.
    """
    from bac.audit import report
    from bac.audit.plan import load
    from bac.audit.run import Audit

    plan = load(file)
    with stopping(timeout) as check:
        made = Audit(plan, samples, check, state)
        try:
            made.run()
        except Stopped as stop:
            notify(f"bac: {stop}" + (f"; the same command goes on from {state}" if state is not None else ""))
    if made.finished and state is not None:
        state.unlink(missing_ok=True)
    match format_:
        case "json":
            click.echo(as_json(report.document(made)))
        case "tsv":
            click.echo(report.tsv(made), nl=False)
        case _:
            for line in report.text(made):
                click.echo(line)
    sys.exit(exit_code(made))


def exit_code(audit: Audit) -> int:
    """Return the exit code: errors count more than that the audit is not finished."""
    if any(result.status == "error" for result in audit.results.values()):
        return VIOLATED
    return HOLDS if audit.finished else UNKNOWN


@contextmanager
def stopping(timeout: float | None) -> Iterator[Callable[[int], None]]:
    """Yield what is called now and then: it shows progress, and ends the audit at the timeout or after Ctrl-C."""
    until = None if timeout is None else time.monotonic() + timeout
    interrupted: list[Any] = []
    before = signal.signal(signal.SIGINT, lambda *_: interrupted.append(True))
    try:
        with status_line() as show:

            def check(ids: int) -> None:
                if show is not None:
                    show(f"{ids:,} ids")
                if interrupted:
                    raise Stopped("interrupted")
                if until is not None and time.monotonic() > until:
                    raise Stopped("the time is up")

            yield check
    finally:
        signal.signal(signal.SIGINT, before)
