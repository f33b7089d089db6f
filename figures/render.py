"""One way to write any drawing: SVG, TikZ and DOT by ourselves, PDF and PNG by the extra ``pdf`` or by Graphviz."""

from __future__ import annotations

import re
from pathlib import Path

from bac.figures.canvas import Drawing, FigureError
from bac.figures.dot import dot, dot_program
from bac.figures.svg import svg
from bac.figures.tikz import tikz
from bac.model.extras import EXTRAS, installation

FORMATS = ("svg", "pdf", "png", "tikz", "tex", "dot")
"""The formats of figures; each is also a file extension."""
RESOLUTION = 220
"""Dots per inch of bitmaps."""
LARGEST = 30_000
"""The most dots of a bitmap in either direction that Graphviz can paint; larger figures get fewer dots per inch."""
HOWTO = (
    f"{installation('pdf')}, or install Graphviz (https://graphviz.org/download), or write .svg or .tikz, "
    "which need nothing"
)
EPOCH = b"D:19700101000000"
"""The date in PDF files, so that the same drawing gives the same bytes."""


def write(drawing: Drawing, format: str, standalone: bool = False) -> bytes:  # noqa: A002 (that is what it is called)
    """Return a drawing in one of :data:`FORMATS`; TikZ as a document if it shall stand alone, else as a picture.

    Raises:
        FigureError: there is no such format; or it needs a package or Graphviz, which is not installed or fails.
    """
    match format:
        case "svg":
            return svg(drawing).encode("utf-8")
        case "tikz" | "tex":
            return tikz(drawing, standalone).encode("utf-8")
        case "dot":
            return dot(drawing).encode("utf-8")
        case "pdf" | "png":
            return painted(drawing, format)
        case _:
            raise FigureError(f"{format}: not a format of figures; there are {', '.join(FORMATS)}")


def painted(drawing: Drawing, format: str) -> bytes:  # noqa: A002
    """Return a drawing as PDF or PNG: by the packages of the extra ``pdf``, or else by Graphviz.

    Graphviz also sets the texts for which no font is found, and those of scripts that join their letters.

    Raises:
        FigureError: neither is installed, or neither can set all texts.
    """
    from bac.figures.pdf import MissingCharacter, pdf, png

    if not EXTRAS["pdf"].installed:
        return by_graphviz(drawing, format)
    try:
        return pdf(drawing) if format == "pdf" else png(drawing, resolution_of(drawing))
    except MissingCharacter as missing:
        if dot_program():
            return by_graphviz(drawing, format)
        raise FigureError(f"{missing}: install Graphviz (https://graphviz.org/download), or write .svg") from None


def resolution_of(drawing: Drawing) -> int:
    """Return the resolution of a bitmap in dots per inch: less for drawings that would be too large to be painted."""
    return min(RESOLUTION, int(LARGEST * 72 / max(drawing.width, drawing.height)))


def by_graphviz(drawing: Drawing, format: str) -> bytes:  # noqa: A002
    """Return a drawing as Graphviz renders its pinned layout.

    Raises:
        FigureError: there is no Graphviz that writes the format, or it fails.
    """
    import graphviz

    program = dot_program()
    if not program:
        raise FigureError(f"nothing on this machine writes {format.upper()}: {HOWTO}")
    resolution = resolution_of(drawing) if format == "png" else None
    graphviz.backend.dot_command.DOT_BINARY = Path(program)
    source = dot(drawing, resolution).encode("utf-8")
    try:
        content = graphviz.pipe("neato", format, source, neato_no_op=2, quiet=True)
    except (OSError, graphviz.CalledProcessError) as error:
        reason = (getattr(error, "stderr", None) or str(error).encode()).decode("utf-8", "replace").strip()
        raise FigureError(f"{program} does not write {format.upper()} ({reason}): {HOWTO}") from None
    return undated(content) if format == "pdf" else bytes(content)


def undated(content: bytes) -> bytes:
    """Return a PDF file without its date of creation; no byte moves, so that its table of offsets stays right."""
    return re.sub(rb"/CreationDate \(D:\d{14}", b"/CreationDate (" + EPOCH, content)
