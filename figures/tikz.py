r"""A drawing as a TikZ picture for ``\input``, or as a LaTeX document with it.

The picture needs only the package ``tikz``.  pdfLaTeX sets Latin text; XeLaTeX and LuaLaTeX set all characters that
their fonts have.  Source: T. Tantau, "The TikZ and PGF Packages", Part III.
"""

from __future__ import annotations

from bac.figures.canvas import Anchor, Box, Drawing, Point, Polygon, Polyline, Shape, Text
from bac.figures.geometry import DASHES, HATCH_WIDTH, hatching, number, with_head
from bac.figures.metrics import INVISIBLE, clean

PREAMBLE = r"""\documentclass[tikz,border=2pt]{standalone}
\usepackage{iftex}
\ifPDFTeX
  \usepackage[T1]{fontenc}
  \usepackage[utf8]{inputenc}
  \IfFileExists{lmodern.sty}{\usepackage{lmodern}}{}
  \IfFileExists{helvet.sty}{\usepackage[scaled]{helvet}}{}
\else
  \usepackage{fontspec}
  \IfFontExistsTF{DejaVu Sans}{\setsansfont{DejaVu Sans}}{}
\fi
"""
SPECIAL = {
    "\\": r"\textbackslash{}",
    "{": r"\{",
    "}": r"\}",
    "$": r"\$",
    "&": r"\&",
    "#": r"\#",
    "%": r"\%",
    "_": r"\_",
    "^": r"\textasciicircum{}",
    "~": r"\textasciitilde{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
    '"': r"\textquotedblright{}",
    "'": r"\textquoteright{}",
    "`": r"\textasciigrave{}",
    "-": r"{-}",
    ",": r"{,}",
    "?": r"{?}",
    "!": r"{!}",
    "…": "{.}{.}{.}",
    "→": r"$\rightarrow$",
    "←": r"$\leftarrow$",
    "·": r"\textperiodcentered{}",
    "×": r"\texttimes{}",
    "\N{REPLACEMENT CHARACTER}": r"{?}",
}
"""Characters with a meaning in TeX, that form ligatures with their neighbours, or that some fonts do not have."""
QUOTES = "–—‘’“”"
LAST_OF_T1 = "\u017f"
"""The last character that pdfLaTeX sets without further fonts."""
NEEDS = r"% \input this file where \usepackage{tikz} is in the preamble."
NOT_LATIN = "% More than Latin text: compile with lualatex or xelatex, and with fonts that have it."
ANCHORS = {Anchor.START: "base west", Anchor.MIDDLE: "base", Anchor.END: "base east"}


def tikz(drawing: Drawing, standalone: bool = False) -> str:
    """Return the drawing as a picture, which ``\\input`` reads; or, if it shall stand alone, as a document."""
    notes = [f"% {clean(drawing.title)}", *([] if _latin(drawing) else [NOT_LATIN])]
    document = [*notes, PREAMBLE.rstrip(), r"\begin{document}", *_picture(drawing), r"\end{document}"]
    return "\n".join([*(document if standalone else [*notes, NEEDS, *_picture(drawing)]), ""])


def _picture(drawing: Drawing) -> list[str]:
    """Return the lines of the picture, which defines its colours inside."""
    colours = sorted({colour for shape in drawing.shapes for colour in _colours(shape)})
    return [
        r"\begin{tikzpicture}[x=1bp,y=-1bp,line join=round,every node/.style={inner sep=0pt,outer sep=0pt},",
        f"  dashes/.style={{dash pattern=on {DASHES[0]}bp off {DASHES[1]}bp}}]",
        *(rf"\definecolor{{{_name(colour)}}}{{HTML}}{{{colour.lstrip('#').upper()}}}" for colour in colours),
        rf"\path[use as bounding box] (0,0) rectangle ({number(drawing.width)},{number(drawing.height)});",
        *(line for shape in drawing.shapes for line in _command(shape)),
        r"\end{tikzpicture}%",
    ]


def escape(text: str) -> str:
    """Return a text for a TeX document, without any meaning to TeX."""
    characters = (SPECIAL.get(character, character) for character in clean(text) if character not in INVISIBLE)
    return "".join(characters)


def _latin(drawing: Drawing) -> bool:
    """Whether pdfLaTeX can set all of it."""
    texts = "".join(clean(shape.text) for shape in drawing.shapes if isinstance(shape, Text))
    return all(
        character <= LAST_OF_T1 or character in SPECIAL or character in QUOTES + INVISIBLE for character in texts
    )


def _colours(shape: Shape) -> set[str]:
    match shape:
        case Box():
            return {colour for colour in (shape.fill, shape.stroke, shape.hatch) if colour}
        case Polyline():
            return {shape.stroke}
        case Polygon():
            return {colour for colour in (shape.fill, shape.stroke) if colour}
        case Text():
            return {shape.colour}


def _name(colour: str) -> str:
    """Return the name of a colour in the document."""
    return f"c{colour.lstrip('#').upper()}"


def _command(shape: Shape) -> list[str]:
    """Return the commands that paint a shape, after a comment with its name."""
    comment = [f"% {clean(shape.name)}"] if shape.name else []
    match shape:
        case Box():
            return [*comment, *_box(shape)]
        case Polyline():
            return [*comment, *_polyline(shape)]
        case Polygon():
            return [*comment, rf"\path[{_paint(shape.fill, shape.stroke, 1.0)}] {_path(shape.points)} -- cycle;"]
        case Text():
            return [*comment, _text(shape)]


def _box(box: Box) -> list[str]:
    corner, opposite = _point((box.x, box.y)), _point((box.x + box.width, box.y + box.height))
    rounded = f",rounded corners={number(box.radius)}bp" if box.radius else ""

    def rectangle(paint: str) -> list[str]:
        return [rf"\path[{paint}{rounded}] {corner} rectangle {opposite};"] if paint else []

    if box.hatch is None:
        return rectangle(_paint(box.fill, box.stroke, box.line_width, box.dashed))
    hatch = " ".join(f"{_point(start)} -- {_point(end)}" for start, end in hatching(box))
    return [
        *rectangle(_paint(box.fill, None, 0)),
        rf"\path[{_paint(None, box.hatch, HATCH_WIDTH)}] {hatch};",
        *rectangle(_paint(None, box.stroke, box.line_width, box.dashed)),
    ]


def _polyline(line: Polyline) -> list[str]:
    if line.arrow:
        line, head = with_head(line)
        return [*_polyline(line), rf"\path[{_paint(head.fill, None, 0)}] {_path(head.points)} -- cycle;"]
    path = _curve(line.points) if line.smooth else _path(line.points)
    return [rf"\path[{_paint(None, line.stroke, line.line_width, line.dashed)}] {path};"]


def _curve(points: tuple[Point, ...]) -> str:
    pieces = zip(points[1::3], points[2::3], points[3::3], strict=True)
    curves = [f" .. controls {_point(a)} and {_point(b)} .. {_point(end)}" for a, b, end in pieces]
    return _point(points[0]) + "".join(curves)


def _text(text: Text) -> str:
    style = r"\bfseries" * text.bold + r"\itshape" * text.italic
    size = rf"\fontsize{{{number(text.size)}bp}}{{{number(text.size * 1.2)}bp}}\selectfont"
    options = f"anchor={ANCHORS[text.anchor]},text={_name(text.colour)},font=\\sffamily{style}{size}"
    return rf"\node[{options}] at {_point((text.x, text.y))} {{{escape(text.text)}}};"


def _paint(fill: str | None, stroke: str | None, line_width: float, dashed: bool = False) -> str:
    """Return the options for filling and outlining; ``None`` is nothing."""
    options = [f"fill={_name(fill)}"] if fill else []
    if stroke:
        options += [f"draw={_name(stroke)}", f"line width={number(line_width)}bp", *(["dashes"] if dashed else [])]
    return ",".join(options)


def _path(points: tuple[Point, ...]) -> str:
    return " -- ".join(map(_point, points))


def _point(point: Point) -> str:
    return f"({number(point[0])},{number(point[1])})"
