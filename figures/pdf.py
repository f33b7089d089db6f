"""A drawing as PDF with embedded fonts, and as a bitmap of that, by the packages of the extra ``pdf``.

The fonts are Bitstream Vera Sans, which comes with ReportLab, and for characters that it lacks a TrueType font of this
machine.  Text that is joined or runs to the left (Arabic, Hebrew, Devanagari, …) is not set here, but by Graphviz.
Sources: ISO 32000, "Portable Document Format"; ReportLab, "User Guide".
"""

from __future__ import annotations

import sys
import unicodedata
from collections.abc import Iterator
from functools import cache
from io import BytesIO
from itertools import groupby
from pathlib import Path
from typing import Any

from bac.figures.canvas import Anchor, Box, Drawing, Point, Polygon, Polyline, Shape, Text
from bac.figures.geometry import DASHES, HATCH_WIDTH, hatching, with_head
from bac.figures.metrics import INVISIBLE, clean

FACES = {(False, False): "Vera", (True, False): "VeraBd", (False, True): "VeraIt", (True, True): "VeraBI"}
"""The font files of ReportLab for bold and italic type or neither."""
FOLDERS = {
    "darwin": ("/System/Library/Fonts/Supplemental", "/Library/Fonts", "~/Library/Fonts"),
    "win32": ("C:/Windows/Fonts", "~/AppData/Local/Microsoft/Windows/Fonts"),
}
"""The folders with the fonts of a machine."""
OTHER_FOLDERS = ("/usr/share/fonts", "/usr/local/share/fonts", "~/.local/share/fonts", "~/.fonts")
ARROW, ARROW_WIDTH = "→", 0.84
"""A character that is drawn, as the usual fonts lack it, and its width as a share of the type size."""
MOST_FONTS = 300
"""The most fonts of a machine that are looked into for a character."""
SHAPED = ((0x0900, 0x0DFF), (0x0E00, 0x0FFF), (0x1000, 0x109F), (0x1780, 0x17FF))
"""Blocks of scripts whose letters change their form or place beside each other, such as Devanagari, Thai and Khmer."""


class MissingCharacter(Exception):
    """No font that can be used here has a character, or its script needs more than placing letters in a row."""

    def __init__(self, character: str) -> None:
        """Say which it is."""
        name = unicodedata.name(character, f"U+{ord(character):04X}").lower()
        super().__init__(f"no TrueType font of this machine sets {character!r} ({name})")


def pdf(drawing: Drawing) -> bytes:
    """Return the drawing as a PDF file of one page.

    Raises:
        MissingCharacter: a text has a character that cannot be set.
    """
    from reportlab.pdfgen.canvas import Canvas

    target = BytesIO()
    size = drawing.width, drawing.height
    first = FACES[False, False]
    _registered(first, f"{first}.ttf")
    # The type stubs have a number for the name of the font.
    canvas = Canvas(target, pagesize=size, invariant=1, bottomup=0, initialFontName=first)  # type: ignore[arg-type]
    canvas.setTitle(drawing.title)
    canvas.setSubject(drawing.description)
    canvas.setLineJoin(1)
    for shape in drawing.shapes:
        _paint(canvas, shape)
    canvas.showPage()
    canvas.save()
    return target.getvalue()


def png(drawing: Drawing, resolution: int) -> bytes:
    """Return the drawing as a bitmap with this resolution in dots per inch.

    Raises:
        MissingCharacter: a text has a character that cannot be set.
    """
    from pypdfium2 import PdfDocument

    document = PdfDocument(pdf(drawing))
    target = BytesIO()
    document[0].render(scale=resolution / 72).to_pil().save(target, "PNG", dpi=(resolution, resolution))
    document.close()
    return target.getvalue()


def _paint(canvas: Any, shape: Shape) -> None:
    match shape:
        case Box():
            _box(canvas, shape)
        case Polyline():
            _polyline(canvas, shape)
        case Polygon():
            path = canvas.beginPath()
            _trace(path, shape.points)
            path.close()
            _draw(canvas, path, shape.fill, shape.stroke, 1.0)
        case Text():
            _text(canvas, shape)


def _box(canvas: Any, box: Box) -> None:
    def rectangle(fill: str | None, stroke: str | None) -> None:
        if fill or stroke:
            path = canvas.beginPath()
            path.roundRect(box.x, box.y, box.width, box.height, min(box.radius, box.width / 2, box.height / 2))
            _draw(canvas, path, fill, stroke, box.line_width, box.dashed)

    if box.hatch is None:
        rectangle(box.fill, box.stroke)
        return
    rectangle(box.fill, None)
    path = canvas.beginPath()
    for start, end in hatching(box):
        _trace(path, (start, end))
    _draw(canvas, path, None, box.hatch, HATCH_WIDTH)
    rectangle(None, box.stroke)


def _polyline(canvas: Any, line: Polyline) -> None:
    if line.arrow:
        line, head = with_head(line)
        _paint(canvas, head)
    path = canvas.beginPath()
    if line.smooth:
        path.moveTo(*line.points[0])
        for one, other, end in zip(line.points[1::3], line.points[2::3], line.points[3::3], strict=True):
            path.curveTo(*one, *other, *end)
    else:
        _trace(path, line.points)
    _draw(canvas, path, None, line.stroke, line.line_width, line.dashed)


def _trace(path: Any, points: tuple[Point, ...]) -> None:
    path.moveTo(*points[0])
    for point in points[1:]:
        path.lineTo(*point)


def _draw(
    canvas: Any, path: Any, fill: str | None, stroke: str | None, line_width: float, dashed: bool = False
) -> None:
    from reportlab.lib.colors import HexColor

    if fill:
        canvas.setFillColor(HexColor(fill))
    if stroke:
        canvas.setStrokeColor(HexColor(stroke))
        canvas.setLineWidth(line_width)
        canvas.setDash(list(DASHES) if dashed else [])
    canvas.drawPath(path, stroke=bool(stroke), fill=bool(fill))


# Text


def _text(canvas: Any, text: Text) -> None:
    from reportlab.lib.colors import HexColor
    from reportlab.pdfbase.pdfmetrics import stringWidth

    def width_of(font: str, run: str) -> float:
        return len(run) * ARROW_WIDTH * text.size if font == ARROW else stringWidth(run, font, text.size)

    runs = [(font, run, width_of(font, run)) for font, run in _runs(text)]
    share = {Anchor.START: 0.0, Anchor.MIDDLE: 0.5, Anchor.END: 1.0}[text.anchor]
    x = text.x - share * sum(width for _, _, width in runs)
    canvas.setFillColor(HexColor(text.colour))
    for font, run, width in runs:
        if font == ARROW:
            _arrow(canvas, x, text)
            x += width
            continue
        canvas.setFont(font, text.size)
        canvas.drawString(x, text.y, run)
        x += width


def _arrow(canvas: Any, x: float, text: Text) -> None:
    """Draw an arrow from *x* on, which few fonts have and many titles need."""
    size = text.size
    tip, y, line_width = x + 0.78 * size, text.y - 0.31 * size, size * (0.11 if text.bold else 0.08)
    _paint(canvas, Polyline(((x + 0.06 * size, y), (tip - 0.02 * size, y)), text.colour, line_width))
    barbs = ((tip - 0.24 * size, y - 0.2 * size), (tip, y), (tip - 0.24 * size, y + 0.2 * size))
    _paint(canvas, Polyline(barbs, text.colour, line_width))


def _runs(text: Text) -> Iterator[tuple[str, str]]:
    """Yield the pieces of a text that one font sets, each after the name of the font; an arrow is its own font."""
    usual = FACES[text.bold, text.italic]
    written = [character for character in clean(text.text) if character not in INVISIBLE]
    for font, characters in groupby(written, lambda character: _font_with(character, usual)):
        yield font, "".join(characters)


@cache
def _font_with(character: str, usual: str) -> str:
    """Return the usual font if it has a character, else one of this machine that has it.

    Raises:
        MissingCharacter: there is none.
    """
    if character == ARROW:
        return ARROW
    if _has(_registered(usual, f"{usual}.ttf"), character):
        return usual
    joined = any(low <= ord(character) <= high for low, high in SHAPED)
    if not joined and unicodedata.bidirectional(character) not in ("R", "AL", "AN"):
        for file in _fonts_of_the_machine(bold="Bd" in usual or "BI" in usual):
            if (font := _registered(file, file)) and _has(font, character):
                return file
    raise MissingCharacter(character)


def _has(font: Any, character: str) -> bool:
    return bool(font) and font.face.charToGlyph.get(ord(character), 0) != 0


@cache
def _registered(name: str, file: str) -> Any:
    """Return the font of a file, known by this name from now on; ``None`` if ReportLab cannot embed it."""
    from reportlab.pdfbase.pdfmetrics import registerFont
    from reportlab.pdfbase.ttfonts import TTFError, TTFont

    try:
        font = TTFont(name, file)
    except (TTFError, OSError, ValueError, KeyError):
        return None
    registerFont(font)
    return font


@cache
def _fonts_of_the_machine(bold: bool) -> tuple[str, ...]:
    """Return TrueType files of this machine: sans-serif ones first, and those of this weight before others."""
    folders = [Path(folder).expanduser() for folder in FOLDERS.get(sys.platform, OTHER_FOLDERS)]
    files = [file for folder in folders for kind in ("*.ttf", "*.ttc") for file in sorted(folder.rglob(kind))]

    def rank(file: Path) -> tuple[bool, bool, bool, str]:
        name = file.stem.lower()
        odd = any(style in name for style in ("italic", "oblique", "mono", "light", "condensed"))
        return "sans" not in name, odd, ("bold" in name) != bold, str(file)

    return tuple(map(str, sorted(files, key=rank)[:MOST_FONTS]))
