"""Event-log diagrams: nothing overlaps, nothing is left out, and every format shows the same, whatever the names.

The files in ``golden/figures`` are Figures 3, 4 and 5 of the article; after a change that is meant, write them anew
with ``BAC_REGENERATE=1 pytest tests/test_figures.py`` and look at them.
"""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from helpers import bac, parsed
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from strategies import specifications

from bac.figures.canvas import Anchor, Box, Drawing, FigureError, Polyline, Text
from bac.figures.events.cards import ROUND
from bac.figures.events.focus import focus
from bac.figures.events.history import with_history
from bac.figures.events.layout import draw
from bac.figures.events.scene import BY
from bac.figures.graph.architecture import draw_architecture
from bac.figures.look import LEGIBLE, POINTS, SIZE, SMALLEST, Look, Orientation, length
from bac.figures.metrics import paragraph, shorten, text_width, wrap
from bac.figures.palette import ORDER, colour_of, contrast, luminance, text_colour_of, text_on
from bac.figures.render import FORMATS, by_graphviz, write
from bac.model.extras import EXTRAS, Extra
from bac.model.plan import Timing
from bac.model.semantics import system
from bac.model.specification.reader import load
from bac.model.system import AT_REST, INITIAL, RECOVERED, ActionKind, Label
from bac.model.trace import Claim, Trace
from bac.proofs.check import find
from bac.proofs.engine import Limits
from bac.properties.anomalies import anomalies
from bac.properties.formula import satisfied
from bac.properties.qualities import losses

GOLDEN = Path(__file__).parent / "golden" / "figures"
EXAMPLES = Path(__file__).resolve().parent.parent / "examples"
REFERENCE = 'name: The article\nservices: {A: {owns: [a]}, B: {owns: [b]}}\nreferences: ["a -> b"]\n'
COPY = """
name: The article
services: {A: {owns: [a]}, B: {copies: [a]}}
use_cases:
  keep a copy:
    - create: a
    - copy: a
      at: B
      via: event
"""
ARTICLE = {
    "figure-3": (REFERENCE, "broken-link", "a -> b"),
    "figure-4": (REFERENCE, "orphan-state", "b"),
    "figure-5": (COPY, "missing-state", "keep a copy.2"),
}
HOSTILE = [
    r"\input{/etc/passwd} $x^2$ ~#&%_{}",
    "<script>alert('1')</script> & \"quoted\" ]]>",
    r"back\slash\" ends\\",
    "שלום עולם",
    "顧客管理サービス",
    "🚚 e\u0301 –— ’“”",
    "<!-- %% // /* */ ];} -- ]]",
    "x" * 195,
    "&amp; \\N \\G \\E ?`!`<<>>",
]
COLUMN, PAGE = 84 * POINTS["mm"], 174 * POINTS["mm"]
Rectangle = tuple[float, float, float, float]
needs_pdf = pytest.mark.skipif(not EXTRAS["pdf"].installed, reason="the extra pdf is not installed")
needs_dot = pytest.mark.skipif(shutil.which("dot") is None, reason="Graphviz is not installed")


def article(name: str) -> Trace:
    """The counterexample of a figure of the article, after two instances of common history."""
    text, kind, subject = ARTICLE[name]
    specification = parsed(text)
    plan = specification.plan("independent")
    trace = find(specification.architecture, plan, 1, "consistency", kind, subject, Timing.AT_REST, Limits())
    return with_history(trace, 2)


def hostile(name: str) -> Trace:
    """A broken link between services and entities of this name."""
    document = {
        "name": name,
        "services": {name: {"owns": [name]}, "B" + name: {"owns": ["b" + name]}},
        "use_cases": {
            name: [{"create": "b" + name}],
            "refer" + name: [{"create": name, "refers_to": ["b" + name]}],
        },
    }
    specification = parsed(document)
    architecture, plan = specification.architecture, specification.plan("independent")
    return find(architecture, plan, 1, "consistency", "broken-link", None, None, Limits())


@st.composite
def traces(draw_: st.DrawFn) -> Trace:
    """Any run of any small specification and plan, with what can be claimed of it, or without a claim."""
    specification = parsed(draw_(specifications(plans_too=True)))
    plan = draw_(st.sampled_from(specification.plans))
    instances = draw_(st.integers(1, 2))
    model = system(specification.architecture, plan, instances)
    state, labels = INITIAL, list[Label]()
    for choice in draw_(
        st.lists(st.integers(0, 1000), max_size=26) | st.lists(st.integers(0, 1000), min_size=16, max_size=26)
    ):
        enabled = list(model.enabled(state))
        # A disaster ends everything, so that it is not taken before something has happened.
        later = [a for a in enabled if a.label.kind is not ActionKind.DISASTER or len(labels) > 5] or enabled
        if not later:
            break
        action = later[choice % len(later)]
        state = action.apply(state)
        labels.append(action.label)
        if action.label.kind is ActionKind.DENY:
            break
    while RECOVERED in state and (more := next(model.enabled(state), None)):
        state = more.apply(state)
        labels.append(more.label)
    trace = Trace(specification.architecture, plan, instances, Claim("run"), tuple(labels))
    return replace(trace, claim=draw_(st.sampled_from([trace.claim, *claims(trace)])))


def claims(trace: Trace) -> Iterator[Claim]:
    """Yield the claims that a trace shows."""
    state = trace.states[-1]
    if trace.actions and trace.actions[-1].kind is ActionKind.DENY:
        yield Claim("availability")
    if RECOVERED not in state:
        yield Claim("backup")
        return
    timing = Timing.AT_REST if AT_REST in state else Timing.ANY_TIME
    for anomaly in anomalies(trace.architecture, trace.plan, trace.instances):
        if satisfied(anomaly.formula, state):
            yield Claim("consistency", anomaly.kind, anomaly.subject, anomaly.index, timing)
    for loss in losses(trace.architecture, trace.plan, trace.instances):
        if satisfied(loss.formula, state):
            subject = f"{loss.event.use_case}.{loss.event.step}"
            yield Claim("no-extra-loss", "extra-loss", subject, loss.event.index, timing)


def cards(drawing: Drawing) -> list[Box]:
    return [shape for shape in drawing.shapes if isinstance(shape, Box) and shape.name]


def rectangle(text: Text) -> Rectangle:
    """Return the left, top, right and bottom of a text."""
    width = text_width(text.text, text.size, text.bold)
    left = text.x - {Anchor.START: 0.0, Anchor.MIDDLE: 0.5, Anchor.END: 1.0}[text.anchor] * width
    return left, text.y - 0.75 * text.size, left + width, text.y + 0.2 * text.size


def box_rectangle(box: Box) -> Rectangle:
    return box.x, box.y, box.x + box.width, box.y + box.height


def overlap(one: Rectangle, other: Rectangle, by: float = 0.01) -> bool:
    apart = one[2] - by <= other[0] or other[2] - by <= one[0] or one[3] - by <= other[1] or other[3] - by <= one[1]
    return not apart


def inside(one: Rectangle, other: Rectangle) -> bool:
    return one[0] >= other[0] and one[1] >= other[1] and one[2] <= other[2] and one[3] <= other[3]


def on_the_way(line: Polyline) -> Iterator[tuple[float, float]]:
    """Points of a curve, close to each other, without those near its ends."""
    for number in range(0, len(line.points) - 1, 3):
        a, b, c, d = line.points[number : number + 4]
        for step in range(41):
            t = step / 40
            weights = ((1 - t) ** 3, 3 * t * (1 - t) ** 2, 3 * t * t * (1 - t), t**3)
            yield tuple(sum(w * p[i] for w, p in zip(weights, (a, b, c, d), strict=True)) for i in (0, 1))  # type: ignore[misc]


def check_layout(drawing: Drawing, smallest: float = SIZE) -> None:
    boxes = [box_rectangle(box) for box in cards(drawing)]
    texts = [(shape, rectangle(shape)) for shape in drawing.shapes if isinstance(shape, Text)]
    page = (0.0, 0.0, drawing.width, drawing.height)
    for number, box in enumerate(boxes):
        assert inside(box, page)
        assert not any(overlap(box, other) for other in boxes[:number])
    for number, (text, place) in enumerate(texts):
        assert inside(place, page), text
        assert text.size >= smallest - 1e-9
        assert not [other for other, taken in texts[:number] if overlap(place, taken)], text
        assert all(inside(place, box) or not overlap(place, box) for box in boxes), text
    for shape in drawing.shapes:
        if isinstance(shape, Polyline) and shape.smooth:
            for x, y in on_the_way(shape):
                assert inside((x, y, x, y), page)
                point = (x - 0.1, y - 0.1, x + 0.1, y + 0.1)
                assert not [box for box in boxes if overlap(point, box)], shape.name
                assert not [text for text, place in texts if overlap(point, place)], shape.name


def drawn_entries(trace: Trace, drawing: Drawing) -> None:
    """Every event of every log is drawn once, or counted where it was elided."""
    names = [box.name for box in cards(drawing)]
    words = " ".join(shape.text for shape in drawing.shapes if isinstance(shape, Text))
    elided = sum(map(int, re.findall(r"… (\d+) more …", words)))
    logged = [e for log in trace.logs.values() for e in (*log.live, *log.recovered)]
    for entry in logged:
        prefix, by = f"{entry.name}: ", f"by action {entry.action};"
        drawn = sum(name.startswith(prefix) and by in name for name in names)
        assert drawn <= 1 if elided else drawn == 1
    assert sum("by action" in name and "/" in name.partition(":")[0] for name in names) + elided == len(logged)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(traces())
def test_nothing_overlaps_and_nothing_is_left_out(trace: Trace) -> None:
    drawing = draw(trace)
    check_layout(drawing)
    drawn_entries(trace, drawing)
    again = draw(replace(trace))
    assert [write(drawing, each) for each in ("svg", "tikz", "dot")] == [
        write(again, each) for each in ("svg", "tikz", "dot")
    ]
    ElementTree.fromstring(write(drawing, "svg"))


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(traces(), st.sampled_from([None, COLUMN, PAGE]), st.sampled_from([None, *Orientation]), st.booleans())
def test_a_folded_figure_fits_and_can_be_read(
    trace: Trace, width: float | None, orientation: Orientation | None, bare: bool
) -> None:
    look = Look(width, orientation, title=not bare, legend=not bare, caption=not bare)
    try:
        drawing = draw(trace, look=look)
    except FigureError:
        # A page has room for whatever is folded freely.
        assert width == COLUMN or orientation
        return
    check_layout(drawing, SMALLEST)
    assert width is None or drawing.width == width


@pytest.mark.parametrize("name", ARTICLE)
@pytest.mark.parametrize("orientation", [None, *Orientation])
def test_the_figures_of_the_article_fit_into_a_column(name: str, orientation: Orientation | None) -> None:
    if orientation is Orientation.HORIZONTAL:
        with pytest.raises(FigureError, match=r"does not fit into 84 mm .* it needs \d+ mm"):
            draw(article(name), look=Look(COLUMN, orientation))
        return
    drawing = draw(article(name), look=Look(COLUMN, orientation))
    check_layout(drawing, LEGIBLE)
    assert drawing.width == COLUMN


CASES = EXAMPLES / "cases"
HEADINGS = {
    "Duplicate: create charge": ("job-queue", "redis restored, workers go on", "duplicate"),
    "Misdirected link: project → repository": ("gitlab", "database first", "misdirected-link"),
    "Overbooking: seat": ("airline-seat", "flights restored", "overbooking"),
    "Broken link: app → droplet": ("cloud-foundry", "without locks, blobstore first", "broken-link"),
    "Orphan state: repository": ("gitlab", "database first", "orphan-state"),
    "Missing state: create workflow": ("cadence", "both restored as they are", "missing-state"),
}


@pytest.mark.parametrize("heading", HEADINGS)
def test_the_heading_tells_the_claim(heading: str) -> None:
    """And what the claim is about is in the figure."""
    name, plan, kind = HEADINGS[heading]
    specification = load(CASES / f"{name}.bac.yaml")
    trace = find(
        specification.architecture, specification.plan(plan), 1, "consistency", kind, None, None, Limits(seconds=60)
    )
    written = {shape.name or shape.text for shape in draw(trace).shapes if isinstance(shape, Text)}
    assert heading in written
    found = focus(trace)
    assert found.events
    assert set(found.services) <= written


def test_a_link_that_breaks_can_come_to_lead_elsewhere() -> None:
    text = REFERENCE + "entities: {b: {ids: sequence}}\n"
    specification = parsed(text)
    plan = specification.plan("independent")
    trace = find(specification.architecture, plan, 1, "consistency", "misdirected-link", None, None, Limits())
    found = focus(trace)
    assert found.heading == "Misdirected link: a → b"
    assert found.broken is not None


def test_a_bare_figure_has_no_heading_legend_or_caption() -> None:
    trace = article("figure-3")
    whole = {shape.text for shape in draw(trace).shapes if isinstance(shape, Text)}
    bare = {
        shape.text
        for shape in draw(trace, look=Look(title=False, legend=False, caption=False)).shapes
        if isinstance(shape, Text)
    }
    assert any(text.startswith("Broken link:") for text in whole)
    assert not any(text.startswith("Broken link:") for text in bare)
    assert {"in the backup", "broken link"} & whole >= {"in the backup"}
    assert "in the backup" not in bare
    assert not any(text.startswith("The recovered") for text in bare)
    assert {"A", "B", "A/3", "B/3", "disaster"} <= bare


def test_lanes_stand_as_they_are_named() -> None:
    lanes = [
        shape.text for shape in draw(article("figure-3"), look=Look(lanes=("B",))).shapes if isinstance(shape, Text)
    ]
    assert [text for text in lanes if text in "AB"] == ["B", "A"]
    with pytest.raises(FigureError, match="no service C, which was to have a lane; there are A, B"):
        draw(article("figure-3"), look=Look(lanes=("C",)))


@pytest.mark.parametrize(
    ("text", "points"), [("84mm", 84 * POINTS["mm"]), ("3.3 in", 237.6), ("240", 240), ("17.4cm", 174 * POINTS["mm"])]
)
def test_lengths(text: str, points: float) -> None:
    assert length(text) == pytest.approx(points)


@pytest.mark.parametrize("text", ["", "wide", "0mm", "-3pt", "84 furlongs", "1e3"])
def test_what_is_not_a_length(text: str) -> None:
    with pytest.raises(FigureError, match="is not a length; write for instance 84mm"):
        length(text)


@pytest.mark.parametrize("name", ARTICLE)
def test_figures_of_the_article(name: str) -> None:
    drawing = draw(article(name))
    check_layout(drawing)
    for each in ("svg", "tikz", "dot"):
        file = GOLDEN / f"{name}.{each}"
        if os.environ.get("BAC_REGENERATE"):
            GOLDEN.mkdir(parents=True, exist_ok=True)
            file.write_bytes(write(drawing, each))
        assert write(drawing, each) == file.read_bytes(), "see the top of this module"


def test_figure_3_says_what_its_caption_says() -> None:
    boxes = {box.name.partition(":")[0]: box for box in cards(draw(article("figure-3")))}
    assert sorted(boxes) == ["A/1", "A/2", "A/3", "B/1", "B/2", "B/3"]
    assert {name for name, box in boxes.items() if box.hatch} == {"B/3"}
    arrows = [s for s in draw(article("figure-3")).shapes if isinstance(s, Polyline) and s.smooth]
    assert [(arrow.name, arrow.dashed) for arrow in arrows] == [
        ("a #1 → b #1: reference", False),
        ("a #2 → b #2: reference", False),
        ("a #3 → b #3: broken link", True),
    ]
    start, end = arrows[-1].points[0], arrows[-1].points[-1]
    assert boxes["A/3"].x < start[0] < boxes["A/3"].x + boxes["A/3"].width
    assert boxes["B/3"].x < end[0] < boxes["B/3"].x + boxes["B/3"].width


@pytest.mark.parametrize("name", HOSTILE)
def test_any_name_is_drawn_and_kept(name: str) -> None:
    drawing = draw(hostile(name))
    check_layout(drawing)
    root = ElementTree.fromstring(write(drawing, "svg"))
    assert name in "".join(root.itertext())
    tex = write(drawing, "tikz").decode()
    nodes = [line for line in tex.splitlines() if line.startswith(r"\node")]
    for line in nodes:
        text = line.partition(" {")[2]
        assert not re.search(r"(?<!\\)[$&#%^~<>]", text.replace(r"$\rightarrow$", "").replace(r"\$", "")), line
        assert r"\input" not in text


@needs_dot
@pytest.mark.parametrize("name", HOSTILE)
def test_graphviz_accepts_any_name(name: str) -> None:
    drawing = draw(hostile(name))
    done = subprocess.run(
        ["dot", "-Kneato", "-n2", "-Tsvg"], input=write(drawing, "dot"), capture_output=True, check=True
    )
    assert not [line for line in done.stderr.decode().splitlines() if "syntax" in line or "rror" in line]
    texts = [shape.text for shape in drawing.shapes if isinstance(shape, Text)]
    read = "".join(ElementTree.fromstring(done.stdout).itertext()).replace("\u2060", "").replace("\u00a0", " ")
    assert all(text in read for text in texts)


@needs_dot
def test_graphviz_writes_pdf_and_png() -> None:
    drawing = draw(article("figure-4"))
    pdf, png = by_graphviz(drawing, "pdf"), by_graphviz(drawing, "png")
    assert pdf.startswith(b"%PDF")
    assert b"D:19700101000000" in pdf
    assert pdf == by_graphviz(drawing, "pdf")
    check_bitmap(png, drawing)


def check_bitmap(png: bytes, drawing: Drawing) -> None:
    assert png.startswith(b"\x89PNG")
    width = int.from_bytes(png[16:20], "big")
    assert width / drawing.width * 72 > 200


@needs_pdf
@pytest.mark.parametrize("name", ARTICLE)
def test_pdf_and_png_without_graphviz_or_fonts(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bac.figures.render.dot_program", lambda: "")
    monkeypatch.setattr("bac.figures.pdf._fonts_of_the_machine", lambda **_: ())
    drawing = draw(article(name), look=Look(COLUMN))
    pdf = write(drawing, "pdf")
    assert pdf == write(drawing, "pdf")
    assert f"/MediaBox [ 0 0 {drawing.width:.2f}".encode().rstrip(b"0") in pdf
    fonts = set(re.findall(rb"/FontName /(\S+)", pdf))
    assert fonts
    assert all(b"BitstreamVera" in font for font in fonts)
    assert pdf.count(b"/FontFile2") == len(fonts)
    check_bitmap(write(drawing, "png"), drawing)


@needs_pdf
def test_characters_that_no_font_has_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bac.figures.render.dot_program", lambda: "")
    drawing = draw(hostile("שלום"))
    with pytest.raises(FigureError, match=r"sets 'ש' \(hebrew letter shin\): install Graphviz .* or write .svg"):
        write(drawing, "pdf")


def test_without_anything_the_message_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bac.figures.render.dot_program", lambda: "")
    monkeypatch.setattr("bac.figures.render.EXTRAS", {"pdf": Extra(("no_such_module",), "")})
    drawing = draw(article("figure-3"))
    with pytest.raises(FigureError, match=r"pip install 'bac-checker\[pdf\]', or install Graphviz") as caught:
        write(drawing, "png")
    assert caught.value.exit_code == 2
    assert all(write(drawing, each) for each in ("svg", "tikz", "dot"))


def test_unknown_formats_are_refused() -> None:
    with pytest.raises(FigureError, match="not a format"):
        write(draw(article("figure-3")), "gif")
    assert FORMATS == ("svg", "pdf", "png", "tikz", "tex", "dot")


@pytest.mark.parametrize("claim", [{"subject": "b -> a"}, {"kind": "missing-state", "subject": "nothing"}])
def test_a_trace_that_does_not_show_its_claim_is_refused(claim: dict[str, Any]) -> None:
    trace = article("figure-3")
    with pytest.raises(FigureError, match="does not show"):
        draw(replace(trace, claim=replace(trace.claim, **claim)))


def test_a_long_log_is_elided_but_never_what_matters() -> None:
    specification = parsed(REFERENCE)
    found = find(
        specification.architecture,
        specification.plan("independent"),
        1,
        "consistency",
        "broken-link",
        None,
        Timing.AT_REST,
        Limits(),
    )
    trace = with_history(found, 12)
    drawing = draw(trace)
    check_layout(drawing)
    drawn_entries(trace, drawing)
    names = [box.name.partition(":")[0] for box in cards(drawing)]
    assert "A/13" in names
    assert "B/13" in names
    assert len(names) < 10


def test_a_target_that_was_deleted_looks_deleted() -> None:
    specification = parsed(
        {
            "services": {"A": {"owns": ["a"]}, "B": {"owns": ["b"]}},
            "use_cases": {
                "make": [{"create": "b"}, {"create": "a", "refers_to": ["b"]}],
                "drop": [{"unlink": "a", "from": "b"}, {"delete": "b"}],
            },
            "plans": {"nightly": {"order": ["A", "B"]}},
        }
    )
    architecture, plan = specification.architecture, specification.plan("nightly")
    drawing = draw(find(architecture, plan, 1, "consistency", "broken-link", None, Timing.AT_REST, Limits()))
    check_layout(drawing)
    boxes = {box.name.partition(":")[0]: box for box in cards(drawing)}
    assert {name for name, box in boxes.items() if box.dashed} == {"B/1"}
    assert "deleted by B/2" in boxes["B/1"].name
    assert sum(isinstance(shape, Text) and shape.text == "deleted later" for shape in drawing.shapes) == 2


def test_lanes_are_in_the_order_of_the_specification() -> None:
    document = {
        "services": {name: {"owns": [name.lower()]} for name in "ABCD"},
        "use_cases": {"use": [{"create": "b"}, {"create": "d", "refers_to": ["b"]}, {"create": "a"}, {"create": "c"}]},
    }
    specification = parsed(document)
    trace = find(
        specification.architecture,
        specification.plan("independent"),
        1,
        "consistency",
        "missing-state",
        "use.4",
        Timing.AT_REST,
        Limits(),
    )
    lanes = [shape.text for shape in draw(trace).shapes if isinstance(shape, Text) and shape.text in "ABCD"]
    assert lanes == ["A", "B", "C", "D"]


def test_the_diagram_of_a_part_says_so() -> None:
    drawing = draw(article("figure-3"), outside=1_998)
    assert any(isinstance(shape, Text) and "1,998 services outside this part" in shape.text for shape in drawing.shapes)
    assert "1,998 services outside this part" in drawing.description


@pytest.mark.parametrize("file", sorted(EXAMPLES.glob("*.bac.yaml")), ids=lambda file: file.name)
def test_the_pictures_of_the_examples_are_those_of_their_commands(file: Path, tmp_path: Path) -> None:
    commands = re.findall(r"^#   bac (figure .* -o (\S+\.svg))$", file.read_text(encoding="utf-8"), re.MULTILINE)
    for command, name in commands:
        if "--architecture" in command:
            continue  # Its layout depends on the release of Graphviz.
        arguments = shlex.split(command)[2:-1]
        assert bac("figure", file, *arguments, tmp_path / name).exit_code == 0
        assert (tmp_path / name).read_bytes() == (EXAMPLES / name).read_bytes(), "see the top of the example"


def test_an_empty_trace_is_drawn() -> None:
    specification = parsed(REFERENCE + "plans: {never: {groups: [{mode: none, services: all}]}}\n")
    trace = Trace(specification.architecture, specification.plan("never"), 1, Claim("backup"), ())
    check_layout(draw(trace))


def test_colours_can_be_read_and_told_apart() -> None:
    for position in range(20):
        assert contrast(text_colour_of(position), "#FFFFFF") >= 4.5
        assert contrast(text_on(colour_of(position)), colour_of(position)) >= 4.5
    shades = [luminance(colour) for colour in ORDER[:4]]
    assert all(abs(a - b) > 0.1 for a, b in pairwise(shades))


def test_a_caption_leaves_no_word_alone_on_its_last_line() -> None:
    text = "The recovered order refers to a customer that does not exist: the backup was taken before it was logged."
    for width in range(120, 500, 7):
        lines, wrapped = paragraph(text, width, 9, 20), wrap(text, width, 9)
        assert " ".join(lines) == text
        assert len(lines) == len(wrapped)
        assert all(text_width(line, 9) <= width for line in lines)
        assert text_width(lines[-1], 9) >= text_width(wrapped[-1], 9)
        assert " " in lines[-1]


@given(st.text(max_size=60), st.floats(20, 200))
def test_shortened_and_wrapped_texts_fit(text: str, width: float) -> None:
    assert text_width(shorten(text, width, 8), 8) <= width
    assert all(text_width(line, 8) <= width for line in wrap(text, width, 8))
    assert "".join(wrap(text, width, 8)).replace(" ", "") == "".join(shorten(text, 1e9, 8).split())


ARTICLE_CLASS = r"""
\documentclass[twocolumn]{article}
\usepackage{tikz}
\begin{document}
%s
\end{document}
"""


@pytest.mark.skipif(shutil.which("pdflatex") is None, reason="LaTeX is not installed")
def test_latex_sets_pictures_and_documents(tmp_path: Path) -> None:
    drawings = [draw(article(name), look=Look(COLUMN)) for name in ARTICLE]
    drawings += [draw(hostile(name), look=Look(COLUMN)) for name in HOSTILE if name.isascii()]
    graphs = [("figure-1", None), ("figure-6", "shared database"), ("sales", None), ("sales", "clustered")]
    for name, plan in graphs:
        specification = load(EXAMPLES / f"{name}.bac.yaml")
        chosen = None if plan is None else specification.plan(plan)
        drawings.append(draw_architecture(specification.architecture, chosen, width=COLUMN))
    for number, drawing in enumerate(drawings):
        (tmp_path / f"{number}.tikz").write_bytes(write(drawing, "tikz"))
    inputs = "\n\n".join(rf"\noindent\input{{{number}.tikz}}" for number in range(len(drawings)))
    (tmp_path / "article.tex").write_text(ARTICLE_CLASS % inputs, encoding="utf-8")
    (tmp_path / "alone.tex").write_bytes(write(drawings[0], "tex", standalone=True))
    for name in ("article", "alone"):
        command = ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", name]
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, check=False)
        assert done.returncode == 0, done.stdout.decode("utf-8", "replace")[-2000:]


RECOVERY = """
name: Recovery
services: {shop: {owns: [order]}, stock: {copies: [order]}, mail: {copies: [order], external: true}}
use_cases:
  buy: [{create: order}, {copy: order, at: stock, via: event}, {copy: order, at: mail, via: event, once: true}]
plans:
  replayed: {recovery: {replay: true}, order: [stock, shop]}
  undone: {recovery: {undo: true}}
"""


def words_in(drawing: Drawing) -> set[str]:
    return {shape.text for shape in drawing.shapes if isinstance(shape, Text)}


def shown(plan: str, *claim: Any) -> Drawing:
    """The figure of a counterexample of one of these plans."""
    specification = parsed(RECOVERY)
    return draw(find(specification.architecture, specification.plan(plan), 1, *claim, None, None, Limits()))


def test_what_recovery_logs_or_takes_back_has_a_look_and_an_entry_of_its_own() -> None:
    undone = words_in(shown("undone", "no-extra-loss", None))
    assert "undone" in undone
    assert "external" in words_in(shown("replayed", "consistency", "duplicate"))
    assert "done again" in words_in(shown("replayed", "consistency", "duplicate"))


def test_what_recovery_replays_is_round_and_named_in_the_legend() -> None:
    specification = parsed(RECOVERY)
    plan = specification.plan("replayed")
    model = system(specification.architecture, plan, 1)
    state, labels = INITIAL, list[Label]()
    kinds = {ActionKind.STEP, ActionKind.SNAPSHOT, ActionKind.DISASTER}
    wanted = [("snapshot", "stock"), ("step", 1), ("snapshot", "shop"), ("disaster", None)]
    for kind, what in wanted:
        action = next(
            each
            for each in model.enabled(state)
            if each.label.kind in kinds
            and each.label.kind == kind
            and (what in each.label.services or what is None or any(event.step == what for event in each.label.events))
        )
        state, labels = action.apply(state), [*labels, action.label]
    while more := next(model.enabled(state), None):
        state, labels = more.apply(state), [*labels, more.label]
    trace = Trace(specification.architecture, plan, 1, Claim("run"), tuple(labels))
    drawing = draw(trace)
    check_layout(drawing)
    by = {label.kind for label in trace.actions} - kinds
    assert any(f"{BY[kind]} by recovery" in words_in(drawing) for kind in by if kind in BY), by
    assert any(box.radius == ROUND for box in cards(drawing))


def test_a_message_that_was_lost_is_said_on_the_card_that_is_absent() -> None:
    specification = parsed(COPY)
    plan = specification.plan("independent")
    trace = find(
        specification.architecture, plan, 1, "consistency", "missing-state", "keep a copy.2", Timing.ANY_TIME, Limits()
    )
    assert any("message lost" in text for text in words_in(draw(trace)))


def test_a_caption_for_latex_has_no_meaning_to_tex(tmp_path: Path) -> None:
    file = tmp_path / "names.bac.yaml"
    file.write_text(
        "name: x\nservices: {A_1: {owns: ['a_b']}, B: {owns: [b]}}\nreferences: ['a_b -> b']\n", encoding="utf-8"
    )
    command = ["figure", file, "-o", tmp_path / "f.tikz", "--caption-file"]
    assert bac(*command, tmp_path / "c.tex").exit_code == 0
    assert bac(*command, tmp_path / "c.txt").exit_code == 0
    assert r"a\_b" in (tmp_path / "c.tex").read_text(encoding="utf-8")
    assert "a_b" in (tmp_path / "c.txt").read_text(encoding="utf-8")
