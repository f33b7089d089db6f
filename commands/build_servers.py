"""``bac check`` on build servers: reports in files, the summary of a job, and errors of files as annotations."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from bac.commands.terminal import notify
from bac.reports import FORMATS, render

if TYPE_CHECKING:
    from bac.model.errors import BacError
    from bac.reports.checked import Checked, View

IN_FILES = tuple(name for name in FORMATS if name not in ("text", "github"))
"""The formats that ``--report`` writes."""


def report_files(options: Iterable[str]) -> list[tuple[str, Path]]:
    """Return the format and the file of each option ``--report FORMAT=FILE``.

    Raises:
        UsageError: there is no such format, or no file is named.
        UnwritableFile: the file cannot be written.
    """
    from bac.model.files import check_writable

    files = []
    for option in options:
        format_, _, file = option.partition("=")
        if format_ not in IN_FILES or not file:
            raise click.UsageError(f"--report {option}: expected FORMAT=FILE, with a format of {', '.join(IN_FILES)}")
        check_writable(Path(file))
        files.append((format_, Path(file)))
    return files


def write_reports(files: Iterable[tuple[str, Path]], checked: Sequence[Checked], view: View, several: bool) -> None:
    """Write the results into files.

    Raises:
        UnwritableFile: a file cannot be written.
    """
    from bac.model.files import write_text

    for format_, file in files:
        write_text(file, render(format_, checked, view, several))
        notify(f"{file} written")


def append_summary(checked: Sequence[Checked], view: View) -> None:
    """Append the summary to that of the job, where GitHub runs it, as far as there is room.

    Raises:
        OSError: the file cannot be written.
    """
    from bac.reports.github import MOST_BYTES, summary

    named = os.environ.get("GITHUB_STEP_SUMMARY")
    if not named:
        return
    file = Path(named)
    used = file.stat().st_size if file.exists() else 0
    with file.open("a", encoding="utf-8", newline="\n") as stream:
        stream.write(summary(checked, view, MOST_BYTES - used))


def annotate(error: BacError) -> None:
    """Print the errors of a specification as annotations of GitHub."""
    from bac.model.specification.diagnostics import SpecificationError
    from bac.reports.github import MOST_ANNOTATIONS, diagnostic

    if isinstance(error, SpecificationError):
        for found in error.diagnostics[:MOST_ANNOTATIONS]:
            click.echo(diagnostic(found))
