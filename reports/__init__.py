"""Verdicts as text and tables, and in formats for programs.

To add a format of ``bac check --format``, write a module with ``render``, and add a line to :data:`FORMATS`.
"""

from __future__ import annotations

from collections.abc import Sequence
from importlib import import_module
from io import StringIO
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rich.console import RenderableType

    from bac.reports.checked import Checked, View

FORMATS = {
    "text": "bac.reports.text",
    "json": "bac.reports.json_document",
    "junit": "bac.reports.junit",
    "sarif": "bac.reports.sarif",
    "github": "bac.reports.github",
    "html": "bac.reports.html.page",
}
"""Each format with the module that writes it, which is imported only when it is used.

A module has ``render(checked, view, several)``, which returns a text, or something that ``rich`` prints.
"""

WIDTH = 120
"""Characters in a line of plain text."""


def render(format_: str, checked: Sequence[Checked], view: View, several: bool) -> Any:
    """Return the results in a format.

    Args:
        format_: one of :data:`FORMATS`.
        checked: the specifications with their results.
        view: what of these is shown.
        several: whether several files were asked for, even if only one was found.
    """
    return import_module(FORMATS[format_]).render(checked, view, several)


def plain(content: RenderableType) -> str:
    """Return what the command line would print, without colours."""
    from rich.console import Console

    stream = StringIO()
    Console(file=stream, width=WIDTH, markup=False, highlight=False, no_color=True).print(content)
    return "\n".join(line.rstrip() for line in stream.getvalue().splitlines())
