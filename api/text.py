"""Results as text, and as what notebooks show."""

from __future__ import annotations

from collections.abc import Callable
from io import StringIO
from typing import TYPE_CHECKING

from bac.model.errors import BacError

if TYPE_CHECKING:
    from rich.console import RenderableType

WIDTH = 120
"""Characters in a line."""
LARGEST_SVG = 100_000
"""Characters of a picture that a notebook shows beside the text."""


def plain(content: RenderableType) -> str:
    """Return what the command line would print, without colours."""
    from rich.console import Console

    stream = StringIO()
    Console(file=stream, width=WIDTH, markup=False, highlight=False, no_color=True).print(content)
    return "\n".join(line.rstrip() for line in stream.getvalue().splitlines())


def mimebundle(text: str, picture: Callable[[], str]) -> dict[str, str]:
    """Return the forms in which a notebook may show a result: always text, and a picture where it is small."""
    bundle = {"text/plain": text}
    try:
        svg = picture()
    except BacError:
        return bundle
    return bundle | ({"image/svg+xml": svg} if len(svg) <= LARGEST_SVG else {})
