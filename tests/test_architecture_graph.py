"""The architecture graph shows everything once, nothing hides anything, and it is the same each time."""

from __future__ import annotations

import json
import random
from collections import Counter
from itertools import combinations, pairwise
from pathlib import Path

import pytest

from bac.figures.canvas import Box, Drawing, FigureError, Polygon, Polyline, Text
from bac.figures.dot import dot_program
from bac.figures.graph.architecture import draw_architecture
from bac.figures.graph.boxes import GROUP_FILL
from bac.figures.graph.diagram import Diagram, Layout, Line, Rectangle, Route, forward_order
from bac.figures.graph.layout import lay_out
from bac.figures.graph.picture import meets
from bac.figures.graph.references import ArrowKind, arrows_of
from bac.figures.graph.service_graph import MOST_SERVICES, service_graph
from bac.figures.graph.service_picture import service_picture
from bac.figures.graph.words import Labels
from bac.figures.metrics import text_width
from bac.figures.palette import ALERT
from bac.model.architecture import Architecture
from bac.model.plan import Plan
from bac.model.specification.reader import Specification, load, parse

FILE = Path(__file__).parents[1] / "examples" / "sales.bac.yaml"
EXAMPLES = sorted((Path(__file__).parents[1] / "examples").glob("*/*.bac.yaml"))

SALES = """
name: Sales
services:
  customers: {owns: [customer]}
  catalog:   {owns: [product]}
  orders:    {owns: [order, remark]}
  shipping:  {owns: [shipment], copies: [customer]}
  nobody:    {}
use_cases:
  register customer: [{create: customer}]
  add product: [{create: product}]
  place order: [{create: order, refers_to: [customer, product]}, {create: remark, refers_to: [order]}]
  ship order: [{create: shipment, refers_to: [order]}, {link: customer, to: shipment}]
  change address: [{update: customer}, {copy: customer, at: shipping, via: event}]
tolerates: ["order -> product"]
plans:
  clustered: {groups: [{mode: shared-database, services: [customers, shipping]}], order: [orders, catalog]}
  locked: {groups: [{mode: locked, services: [customers, shipping, orders]}, {mode: none, services: [catalog]}]}
  all: {groups: [{mode: atomic, services: all}]}
  replicated: {groups: [{mode: continuous, services: all}]}
"""


@pytest.fixture(scope="module")
def sales() -> Specification:
    return parse(SALES)


@pytest.fixture(params=["dot", "grid"])
def program(request: pytest.FixtureRequest) -> str:
    """Graphviz if it is there, and the layout without it."""
    if request.param == "dot" and not dot_program():
        pytest.skip("no Graphviz on this machine")
    return dot_program() if request.param == "dot" else ""


def generated(services: int, references: int, seed: int = 1, entities: int = 2) -> Specification:
    """Services with random references and groups."""
    choose = random.Random(seed)
    names = [f"service {number}" for number in range(services)]
    owned = [f"{name}/{number}" for name in names for number in range(entities)]
    pairs = {f"{holder} -> {target}": None for holder, target in (choose.sample(owned, 2) for _ in range(references))}
    groups = [{"mode": "shared-database", "services": names[: services // 8]}] if services > 15 else []
    groups += [{"mode": "locked", "services": names[services // 8 : services // 4]}] if services > 15 else []
    document = {
        "name": "generated",
        "services": {name: {"owns": owned[place * entities :][:entities]} for place, name in enumerate(names)},
        "references": list(pairs),
        "plans": {"grouped": {"groups": groups, "order": names[services // 4 :][:12]}},
    }
    return parse(json.dumps(document))


def texts(drawing: Drawing) -> Counter[str]:
    return Counter(shape.text for shape in drawing.shapes if isinstance(shape, Text))


def service_boxes(drawing: Drawing, architecture: Architecture) -> dict[str, Box]:
    names = {service.name for service in architecture.services}
    found = [shape for shape in drawing.shapes if isinstance(shape, Box) and shape.name in names]
    assert len({box.name for box in found}) == len(found), "a service is drawn twice"
    return {box.name: box for box in found}


def group_boxes(drawing: Drawing) -> list[Box]:
    return [shape for shape in drawing.shapes if isinstance(shape, Box) and shape.fill == GROUP_FILL and shape.stroke]


def overlap(first: tuple[float, ...], second: tuple[float, ...]) -> bool:
    """Whether two rectangles share more than a tenth of a point."""
    (x, y, width, height), (u, v, breadth, depth) = first, second
    return min(x + width, u + breadth) - max(x, u) > 0.1 and min(y + height, v + depth) - max(y, v) > 0.1


def inside(inner: Box, outer: Box) -> bool:
    return (
        outer.x <= inner.x
        and outer.y <= inner.y
        and inner.x + inner.width <= outer.x + outer.width
        and inner.y + inner.height <= outer.y + outer.height
    )


def extent(shape: Box | Text | Polyline | Polygon) -> tuple[float, float, float, float]:
    """Left, top, right and bottom of a shape."""
    match shape:
        case Box():
            return shape.x, shape.y, shape.x + shape.width, shape.y + shape.height
        case Text():
            width = text_width(shape.text, shape.size, shape.bold)
            left = shape.x - {"start": 0.0, "middle": width / 2, "end": width}[shape.anchor]
            return left, shape.y - 0.75 * shape.size, left + width, shape.y + 0.25 * shape.size
        case _:
            smooth = isinstance(shape, Polyline) and shape.smooth  # its controls can be outside
            xs, ys = zip(*Route(shape.points, smooth).traced(), strict=True)
            return min(xs), min(ys), max(xs), max(ys)


def laid_out(specification: Specification, plan: Plan | None, program: str) -> tuple[Diagram, Layout]:
    diagram = service_picture(service_graph(specification.architecture, plan), Labels.WIDE).diagram
    return diagram, lay_out(diagram, program)


def assert_tidy(diagram: Diagram, layout: Layout) -> None:
    """No block or label covers another one, and no line runs through a label or through a block it does not touch."""
    blocks = [(*corner, *size) for corner, size in zip(layout.corners, diagram.blocks, strict=True)]
    routed = list(zip(diagram.lines, layout.routes, strict=True))
    labels = [(*route.label, *line.label) for line, route in routed if line.label and route.label]
    for first, second in combinations([*blocks, *labels], 2):
        assert not overlap(first, second)
    for line, route in routed:
        others = [block for place, block in enumerate(blocks) if place not in (line.source, line.target)]
        for start, end in pairwise(route.traced()):
            assert not any(meets(start, end, within(each)) for each in (*others, *labels))


def within(rectangle: Rectangle) -> Rectangle:
    """A rectangle without its border of one point."""
    x, y, width, height = rectangle
    return x + 1, y + 1, width - 2, height - 2


def test_every_service_entity_and_link_is_drawn_once(sales: Specification, program: str) -> None:
    found = texts(draw_architecture(sales.architecture, program=program))
    for service in sales.architecture.services:
        assert found[service.name] == 1
        assert all(found[entity] == 1 for entity in service.owns)
    assert found["copy of customer"] == 1
    for link in sales.architecture.links:
        assert found[f"{link.holder} → {link.target}"] == 1
    assert found["copies customer (event)"] == 1


def test_there_is_one_arrow_for_each_pair_of_services_and_kind(sales: Specification) -> None:
    arrows = {(arrow.source, arrow.target): arrow.kind for arrow in arrows_of(sales.architecture)}
    assert arrows == {
        ("orders", "customers"): ArrowKind.REFERENCE,
        ("orders", "catalog"): ArrowKind.TOLERATED,
        ("shipping", "orders"): ArrowKind.REFERENCE,
        ("customers", "shipping"): ArrowKind.COPY,
    }
    assert len(arrows_of(sales.architecture)) == 5  # customers to shipping is a link, too


def test_tolerated_links_are_dashed(sales: Specification, program: str) -> None:
    drawing = draw_architecture(sales.architecture, program=program)
    lines = [shape for shape in drawing.shapes if isinstance(shape, Polyline)]
    dashed = [line.name for line in lines if line.dashed and line.name]
    assert dashed == ["orders → catalog: order → product (tolerated)"]


def test_a_tolerated_link_beside_others_is_marked_in_words(program: str) -> None:
    text = "services: {a: {owns: [x, y]}, b: {owns: [z]}}\nreferences: [x -> z, y -> z]\ntolerates: [y -> z]"
    drawing = draw_architecture(parse(text).architecture, program=program)
    assert texts(drawing)["x → z"] == texts(drawing)["y → z (tolerated)"] == 1
    assert not any(isinstance(shape, Polyline) and shape.dashed for shape in drawing.shapes)


def test_references_that_share_names_are_one_link(program: str) -> None:
    text = "services: {a: {owns: [x]}, b: {owns: [y]}, c: {owns: [z]}}\nreferences: [x -> y, x -> z, y -> z]"
    found = texts(draw_architecture(parse(text).architecture, program=program))
    assert all(found[name] == 1 for name in ("x", "y", "z", "x → y", "x → z", "y → z"))


@pytest.mark.parametrize("plan", ["independent", "clustered", "locked", "all", "replicated"])
def test_nothing_hides_anything(sales: Specification, plan: str, program: str) -> None:
    assert_tidy(*laid_out(sales, sales.plan(plan), program))


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.parent.name)
def test_the_examples_are_tidy_under_every_plan(example: Path, program: str) -> None:
    specification = load(example)
    for plan in specification.plans:
        assert_tidy(*laid_out(specification, plan, program))


@pytest.mark.parametrize("seed", range(6))
def test_the_layout_without_graphviz_is_tidy_for_any_graph(seed: int) -> None:
    specification = generated(8 + 5 * seed, 10 + 6 * seed, seed)
    assert_tidy(*laid_out(specification, specification.plan("grouped"), ""))


@pytest.mark.parametrize("plan", ["clustered", "locked", "all"])
def test_services_are_in_the_box_of_their_group_and_in_no_other(sales: Specification, plan: str, program: str) -> None:
    drawing = draw_architecture(sales.architecture, sales.plan(plan), program=program)
    services, groups = service_boxes(drawing, sales.architecture), group_boxes(drawing)
    drawn = [group for group in sales.plan(plan).groups if group.mode.recovers_together]
    assert len(groups) == len(drawn)
    for group, box in zip(drawn, groups, strict=True):
        assert texts(drawing)[str(group.mode)] == 1
        for name, service in services.items():
            if name in group.services:
                assert inside(service, box)
            else:
                around = [(each.x, each.y, each.width, each.height) for each in (service, box)]
                assert not overlap(*around)


def test_large_groups_hold_their_services_only(program: str) -> None:
    specification = generated(40, 60)
    drawing = draw_architecture(specification.architecture, specification.plan("grouped"), program=program)
    boxes = service_boxes(drawing, specification.architecture)
    for group, box in zip(specification.plan("grouped").groups, group_boxes(drawing), strict=True):
        assert {name for name, service in boxes.items() if inside(service, box)} == set(group.services)


def test_a_shared_database_is_drawn_once_and_reached_by_all(sales: Specification, program: str) -> None:
    drawing = draw_architecture(sales.architecture, sales.plan("clustered"), program=program)
    legs = [shape for shape in drawing.shapes if isinstance(shape, Polyline) and shape.line_width == 2.2]
    assert len(legs) == 2
    assert texts(drawing)["customers"] == texts(drawing)["shipping"] == 2  # the service, and what it has in there


def test_databases_show_their_number_and_their_mode(sales: Specification, program: str) -> None:
    numbered = texts(draw_architecture(sales.architecture, sales.plan("clustered"), program=program))
    assert numbered["1"] == 2  # on the database, and in the legend
    assert numbered["2"] == 1
    assert texts(draw_architecture(sales.architecture, sales.plan("locked"), program=program))["backup: none"] == 1
    replicated = draw_architecture(sales.architecture, sales.plan("replicated"), program=program)
    assert texts(replicated)["backup: continuous"] == len(sales.architecture.services)
    assert group_boxes(replicated) == []


@pytest.mark.parametrize("plan", ["independent", "clustered", "locked", "all", "replicated"])
def test_everything_is_on_the_paper(sales: Specification, plan: str, program: str) -> None:
    drawing = draw_architecture(sales.architecture, sales.plan(plan), program=program)
    for shape in drawing.shapes:
        left, top, right, bottom = extent(shape)
        assert left >= 0
        assert top >= 0
        assert right <= drawing.width
        assert bottom <= drawing.height


def test_no_type_is_smaller_than_eight_points(sales: Specification) -> None:
    drawing = draw_architecture(sales.architecture, sales.plan("clustered"))
    assert min(shape.size for shape in drawing.shapes if isinstance(shape, Text)) >= 8


def test_the_same_architecture_gives_the_same_drawing(program: str) -> None:
    first, second = generated(20, 25), generated(20, 25)
    for plan in (None, first.plan("grouped")):
        drawings = [draw_architecture(each.architecture, plan, program=program) for each in (first, second)]
        assert drawings[0] == drawings[1]


def test_it_needs_no_graphviz(sales: Specification, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    monkeypatch.setattr("sysconfig.get_path", lambda name: f"/nowhere/{name}")
    assert dot_program() == ""
    drawing = draw_architecture(sales.architecture, sales.plan("clustered"))
    assert drawing == draw_architecture(sales.architecture, sales.plan("clustered"), program="")


@pytest.mark.parametrize("output", ["exit 1", "echo no json", "echo '{}'"])
def test_a_graphviz_that_fails_is_done_without(sales: Specification, tmp_path: Path, output: str) -> None:
    program = tmp_path / "dot"
    program.write_text(f"#!/bin/sh\ncat > /dev/null\n{output}\n", encoding="utf-8")
    program.chmod(0o755)
    drawing = draw_architecture(sales.architecture, sales.plan("clustered"), program=str(program))
    assert drawing == draw_architecture(sales.architecture, sales.plan("clustered"), program="")


HOSTILE = [
    '"];} digraph evil {',
    "<b>&amp;</b>",
    "\\N \\L {x|y}",
    "</title><script>",
    "$\\input{x}^2 % #",
    "日本語の長い名前" * 12,
    "W" * 190,
    "שירות לקוחות",
    "🙂👩‍👩‍👧",
    "e\u0301\u0301\u0301",
    "n1",
    "cluster0",
]


def test_names_never_reach_graphviz_and_fit(program: str) -> None:
    document = {
        "services": {name: {"owns": [f"{name} e"]} for name in HOSTILE},
        "references": [f"{one} e -> {other} e" for one, other in pairwise(HOSTILE)],
        "plans": {"p": {"groups": [{"mode": "shared-database", "services": HOSTILE[4:8]}], "order": HOSTILE[:2]}},
    }
    specification = parse(json.dumps(document))
    diagram, layout = laid_out(specification, specification.plan("p"), program)
    assert len(layout.corners) == len(diagram.blocks)
    drawing = draw_architecture(specification.architecture, specification.plan("p"), program=program)
    assert len(service_boxes(drawing, specification.architecture)) == len(HOSTILE)
    for shape in drawing.shapes:
        left, _, right, _ = extent(shape)
        assert left >= 0
        assert right <= drawing.width


def test_a_name_that_does_not_fit_is_shortened_visibly_and_kept_whole_in_the_tooltip() -> None:
    long = "x" * 200
    text = f"services: {{s: {{owns: [{long}]}}}}\nuse_cases: {{u: [{{create: {long}}}]}}"
    drawing = draw_architecture(parse(text).architecture)
    (entity,) = [shape for shape in drawing.shapes if isinstance(shape, Text) and shape.text.startswith("xx")]
    assert entity.text.endswith("…")
    assert entity.name == long


def test_links_between_names_from_right_to_left_are_not_read_the_wrong_way_round() -> None:
    text = "services: {a: {owns: [אבג]}, b: {owns: [דהו]}}\nreferences: [אבג -> דהו]"
    assert texts(draw_architecture(parse(text).architecture))["אבג refers to דהו"] == 1


def test_many_links_and_entities_are_counted(program: str) -> None:
    owned = [f"e{number}" for number in range(30)]
    services = {"a": {"owns": owned}, "b": {"owns": ["z"]}}
    document = {"services": services, "references": [f"{each} -> z" for each in owned]}
    drawing = draw_architecture(parse(json.dumps(document)).architecture, program=program)
    assert texts(drawing)["… and 26 more links"] == 1
    assert texts(drawing)["… and 22 more"] == 1
    assert any(isinstance(shape, Polyline) and "e29 → z" in shape.name for shape in drawing.shapes)


def test_what_fits_on_a_page_is_drawn_service_by_service(program: str) -> None:
    specification = generated(MOST_SERVICES, 75)
    drawing = draw_architecture(specification.architecture, specification.plan("grouped"), program=program)
    boxes = service_boxes(drawing, specification.architecture)
    assert len(boxes) == MOST_SERVICES
    around = [(box.x, box.y, box.width, box.height) for box in boxes.values()]
    assert not any(overlap(first, second) for first, second in combinations(around, 2))


def test_a_dense_graph_is_drawn(program: str) -> None:
    specification = generated(60, 1500, entities=1)
    drawing = draw_architecture(specification.architecture, program=program)
    assert any(isinstance(shape, Polyline) for shape in drawing.shapes)
    assert any(isinstance(shape, Box) for shape in drawing.shapes)


def test_few_lines_lead_backwards() -> None:
    ring = [Line(place, (place + 1) % 10) for place in range(10)]
    rank = forward_order(10, ring)
    assert sum(rank[line.source] > rank[line.target] for line in ring) == 1
    assert sorted(rank) == list(range(10))


@pytest.mark.parametrize("file", [FILE, *EXAMPLES[-3:]], ids=lambda file: file.name)
@pytest.mark.parametrize("width", [174 * 72 / 25.4, 110 * 72 / 25.4, 84 * 72 / 25.4])
def test_a_graph_fits_into_a_width_or_says_what_it_needs(file: Path, width: float) -> None:
    architecture = load(file).architecture
    try:
        drawing = draw_architecture(architecture, width=width)
    except FigureError as refused:
        needed = int(str(refused).rsplit(" ", 2)[1])
        assert needed * 72 / 25.4 > width
        drawing = draw_architecture(architecture, width=needed * 72 / 25.4)
    assert all(shape.size >= 6 - 1e-9 for shape in drawing.shapes if isinstance(shape, Text))
    words = " ".join(shape.text for shape in drawing.shapes if isinstance(shape, Text))
    assert all(service.name in words for service in architecture.services)


def test_links_that_can_break_are_marked() -> None:
    architecture = load(FILE).architecture
    marked = draw_architecture(architecture, broken={("order", "customer")})
    arrows = [shape for shape in marked.shapes if isinstance(shape, Polyline) and "can break" in shape.name]
    assert [arrow.stroke for arrow in arrows] == [ALERT]
    assert "order → customer" in arrows[0].name
    assert any(isinstance(shape, Text) and shape.text == "can break" for shape in marked.shapes)
