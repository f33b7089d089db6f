"""Large architectures are drawn as clusters or in part: what is lost is counted, and what is left can be read."""

from __future__ import annotations

import random
import subprocess
import sys
import xml.etree.ElementTree as ElementTree
from collections import Counter
from collections.abc import Callable, Iterable
from itertools import combinations, product
from pathlib import Path

import pytest
from helpers import bac, parsed
from test_architecture_graph import HOSTILE, assert_tidy, extent, overlap, service_boxes, texts

from bac.figures.canvas import Box, Drawing, Polyline
from bac.figures.graph.affected import MOST_ARROWS, MOST_SERVICES, Side, affected
from bac.figures.graph.architecture import draw_architecture
from bac.figures.graph.clusters import MOST_CLUSTERS, Basis, clustering
from bac.figures.graph.diagram import Diagram, Line, forward_order
from bac.figures.graph.layout import lay_out
from bac.figures.graph.levels import _cuts, _inside, levels
from bac.figures.graph.overview import MOST_ARROWS as MOST_CLUSTER_ARROWS
from bac.figures.graph.overview import THICKEST, Overview, overview
from bac.figures.graph.references import Arrow, ArrowKind, arrows_of
from bac.figures.graph.service_graph import UnknownService, is_large, part_around, service_graph
from bac.figures.graph.service_picture import BESIDE, service_picture
from bac.figures.graph.words import Labels
from bac.figures.render import FORMATS, write
from bac.model.modes import Mode
from bac.model.specification.reader import Specification

Pairs = Iterable[tuple[int, int]]


def landscape(count: int, pairs: Pairs, plans: dict[str, object] | None = None) -> Specification:
    """Services ``s0``, ``s1``, … that own ``e0``, ``e1``, …, with references between these."""
    return parsed(
        {
            "name": "landscape",
            "services": {f"s{number}": {"owns": [f"e{number}"]} for number in range(count)},
            "references": list(dict.fromkeys(f"e{holder} -> e{target}" for holder, target in pairs)),
            "plans": plans or {},
        }
    )


def layered(count: int, references: int, layers: int = 5) -> list[tuple[int, int]]:
    draw = random.Random(1)
    pairs = ((draw.randrange(count), draw.randrange(count)) for _ in range(4 * references))
    return [pair for pair in pairs if pair[0] * layers // count < pair[1] * layers // count][:references]


def tangled(count: int, references: int) -> list[tuple[int, int]]:
    draw = random.Random(2)
    return [(holder, target) for holder, target in (draw.sample(range(count), 2) for _ in range(references))]


def communities(count: int, references: int, each: int = 10, within: float = 0.9) -> list[tuple[int, int]]:
    """Most references stay within blocks of services; the others lead to the next one."""
    draw, pairs = random.Random(3), []
    for _ in range(references):
        holder = draw.randrange(count)
        first = holder // each * each
        target = draw.choice([other for other in range(first, min(count, first + each)) if other != holder])
        pairs.append((holder, target if draw.random() < within else (holder + each) % count))
    return pairs


SHAPES: dict[str, Callable[[int, int], list[tuple[int, int]]]] = {
    "layered": layered,
    "tangled": tangled,
    "communities": communities,
}
TEAMS = {
    "teams": {"groups": [{"mode": "locked", "services": [f"s{n}" for n in range(k, k + 5)]} for k in range(0, 120, 5)]},
    "few": {"groups": [{"mode": "atomic", "services": [f"s{n}" for n in range(k, k + 20)]} for k in range(0, 100, 20)]},
    "one": {"groups": [{"mode": "locked", "services": "all"}]},
    "single": {"groups": [{"mode": "locked", "services": [f"s{number}"]} for number in range(120)]},
    "continuous": {"groups": [{"mode": "continuous", "services": [f"s{n}", f"s{n + 1}"]} for n in range(0, 120, 2)]},
    "some": {"groups": [{"mode": "locked", "services": ["s0", "s1"]}, {"mode": "none", "services": ["s2", "s3"]}]},
}


@pytest.fixture(scope="module", params=SHAPES)
def large(request: pytest.FixtureRequest) -> Specification:
    return landscape(120, SHAPES[request.param](120, 400), TEAMS)


def clusters_of(specification: Specification, plan: str | None = None) -> tuple[Basis, list[tuple[str, ...]]]:
    names = [service.name for service in specification.architecture.services]
    chosen = specification.plan(plan) if plan else None
    found = clustering(names, arrows_of(specification.architecture), chosen)
    return found.basis, list(found.clusters)


def description(drawing: Drawing) -> str:
    """The description as it stands in the SVG file."""
    root = ElementTree.fromstring(write(drawing, "svg"))
    return next(element.text or "" for element in root if element.tag.endswith("desc"))


@pytest.mark.parametrize("plan", [None, *TEAMS])
def test_every_service_is_in_one_of_few_clusters(large: Specification, plan: str | None) -> None:
    _, clusters = clusters_of(large, plan)
    names = sorted(service.name for service in large.architecture.services)
    assert sorted(name for cluster in clusters for name in cluster) == names
    assert 1 < len(clusters) <= MOST_CLUSTERS


@pytest.mark.parametrize("plan", [None, *TEAMS])
def test_every_reference_is_counted_once(large: Specification, plan: str | None) -> None:
    drawn = overview(large.architecture, large.plan(plan) if plan else None)
    between = sum(arrow.number for arrow in (*drawn.arrows, *drawn.hidden))
    assert between + sum(cluster.inner for cluster in drawn.clusters) == len(large.architecture.links)
    assert sum(cluster.outer for cluster in drawn.clusters) == 2 * between
    cluster_of = {name: number for number, cluster in enumerate(drawn.clusters) for name in cluster.services}
    ends = [(link.holder.service, link.target.service) for link in large.architecture.links]
    pairs = Counter((cluster_of[holder], cluster_of[target]) for holder, target in ends)
    for arrow in (*drawn.arrows, *drawn.hidden):
        assert pairs[arrow.source, arrow.target] == arrow.number


def test_several_references_between_two_services_are_counted_each() -> None:
    services = {f"s{number}": {"owns": [f"a{number}", f"b{number}"]} for number in range(50)}
    rings = [f"{one}{n} -> {other}{(n + 1) % 5 + n // 5 * 5}" for n in range(50) for one, other in ("aa", "bb", "ab")]
    drawn = overview(parsed({"services": services, "references": [*rings, "a0 -> b7", "b0 -> a7"]}).architecture)
    assert [arrow.number for arrow in drawn.arrows] == [2]
    assert {cluster.inner for cluster in drawn.clusters} == {15}
    assert Counter(cluster.outer for cluster in drawn.clusters) == {2: 2, 0: 8}


def test_arrows_from_one_level_to_the_next_are_drawn_even_if_they_are_weak() -> None:
    far = [(a, b) for a, b in product(range(48), repeat=2) if a % 8 + 1 < b % 8]
    near = [(number, number + 1) for number in range(47) if number % 8 < 7]
    drawn = overview(landscape(48, far + near).architecture)
    assert drawn.basis is Basis.LEVELS
    assert len(drawn.clusters) == 8
    assert {(level, level + 1) for level in range(7)} <= {(arrow.source, arrow.target) for arrow in drawn.arrows}
    assert max(arrow.number for arrow in drawn.hidden) > min(arrow.number for arrow in drawn.arrows)


def test_the_strongest_arrows_are_drawn_and_every_cluster_is_reached(large: Specification) -> None:
    drawn = overview(large.architecture)
    assert len(drawn.arrows) <= MOST_CLUSTER_ARROWS
    connected = {number for number, cluster in enumerate(drawn.clusters) if cluster.outer}
    assert {end for arrow in drawn.arrows for end in (arrow.source, arrow.target)} == connected
    if drawn.hidden and drawn.basis is not Basis.LEVELS:
        strongest = max(arrow.number for arrow in drawn.hidden)
        weaker = [arrow for arrow in drawn.arrows if arrow.number < strongest]
        assert len(weaker) < len(drawn.clusters)


def test_services_of_a_cluster_are_named_by_the_references_to_them(large: Specification) -> None:
    to = Counter(link.target.service for link in large.architecture.links)
    for cluster in overview(large.architecture).clusters:
        assert dict(cluster.popular) == {name: to[name] for name in cluster.services if to[name]}
        assert [number for _, number in cluster.popular] == sorted(dict(cluster.popular).values(), reverse=True)


def test_the_groups_of_a_plan_are_not_torn_apart(large: Specification) -> None:
    for plan, basis in (("teams", {Basis.UNITS, Basis.LEVELS}), ("few", {Basis.GROUPS})):
        found, clusters = clusters_of(large, plan)
        assert found in basis
        for group in large.plan(plan).groups:
            assert sum(not set(cluster).isdisjoint(group.services) for cluster in clusters) == 1


@pytest.mark.parametrize("plan", ["one", "some", "single", "continuous"])
def test_groups_that_say_little_change_no_cluster(large: Specification, plan: str) -> None:
    assert clusters_of(large, plan) == clusters_of(large)


def test_layers_are_found_and_references_lead_down() -> None:
    complete = [(a, b) for a, b in product(range(60), repeat=2) if a % 4 + 1 == b % 4]
    basis, clusters = clusters_of(landscape(60, complete))
    assert basis is Basis.LEVELS
    assert clusters == [tuple(f"s{number}" for number in range(layer, 60, 4)) for layer in range(4)]


def test_a_few_references_upwards_do_not_hide_layers_and_many_do() -> None:
    pairs = layered(100, 400)
    upwards = [(target, holder) for holder, target in pairs]
    assert clusters_of(landscape(100, pairs + upwards[:10]))[0] is Basis.LEVELS
    assert clusters_of(landscape(100, pairs + upwards[:100]))[0] is Basis.COMMUNITIES


def test_communities_are_found() -> None:
    basis, clusters = clusters_of(landscape(100, communities(100, 600, within=0.98)))
    assert basis is Basis.COMMUNITIES
    assert sorted(clusters) == sorted(tuple(f"s{n}" for n in range(k, k + 10)) for k in range(0, 100, 10))


def test_small_communities_are_joined_with_what_they_refer_to() -> None:
    cliques = [pair for k in range(20) for pair in combinations(range(5 * k, 5 * k + 5), 2)]
    _, clusters = clusters_of(landscape(100, [*cliques, *((5 * k, (5 * k + 5) % 100) for k in range(20))]))
    assert len(clusters) == MOST_CLUSTERS
    for cluster in clusters:
        inside = {int(name[1:]) // 5 for name in cluster}
        assert len(cluster) == 5 * len(inside)
        assert sum((clique + 1) % 20 in inside for clique in inside) == len(inside) - 1


def test_services_without_references_are_a_cluster_that_says_so() -> None:
    specification = landscape(70, communities(50, 200))
    assert tuple(f"s{number}" for number in range(50, 70)) in clusters_of(specification)[1]
    assert texts(draw_architecture(specification.architecture))["no references"] == 1
    assert texts(draw_architecture(landscape(50, communities(50, 200)).architecture))["no references"] == 0


def test_services_that_refer_to_other_clusters_only_are_not_said_to_have_no_references() -> None:
    teams = [{"mode": "locked", "services": [f"s{n}" for n in range(k, k + 10)]} for k in range(0, 50, 10)]
    pairs = [(n, n + 1) for n in range(40)]
    for added, number in (([(50, 0), (51, 0)], 0), ([(50, 0)], 1)):
        specification = landscape(52, pairs + added, {"teams": {"groups": teams}})
        found = texts(draw_architecture(specification.architecture, specification.plan("teams")))
        assert found["no references"] == number


def test_no_references_at_all_are_no_reason_to_fail() -> None:
    assert texts(draw_architecture(landscape(50, []).architecture))["50 services"] == 1


def test_few_services_with_many_arrows_are_drawn_singly() -> None:
    specification = landscape(14, [pair for pair in product(range(14), repeat=2) if pair[0] != pair[1]])
    assert is_large(specification.architecture)
    drawing = draw_architecture(specification.architecture, program="")
    assert all(texts(drawing)[f"s{number}"] == 1 for number in range(14))
    assert len(service_boxes(drawing, specification.architecture)) == 14


def test_cuts_between_levels_leave_as_few_references_within_as_can_be() -> None:
    draw = random.Random(5)
    for _ in range(20):
        places = [*range(11), *(draw.randrange(11) for _ in range(10))]
        references = {(a, b): draw.randrange(1, 9) for a, b in combinations(range(21), 2) if draw.random() < 0.3}

        def within(starts: Iterable[int], places: list[int] = places, references: dict = references) -> int:
            level = [sum(start <= place for start in starts) for place in places]
            return sum(number for (a, b), number in references.items() if level[a] == level[b])

        best = min(within((0, *cuts)) for cuts in combinations(range(1, 11), 7))
        assert within(_cuts(_inside(places, references))) == best


def test_the_level_of_a_service_depends_on_both_what_leads_to_it_and_where_it_leads() -> None:
    chain = {(number, number + 1): 1 for number in range(7)}
    assert levels(9, {**chain, (8, 7): 1}) == [[0], [1], [2], [3, 8], [4], [5], [6], [7]]
    assert levels(9, {**chain, (0, 8): 1}) == [[0], [1], [2], [3], [4, 8], [5], [6], [7]]


def test_levels_do_not_take_forever_for_a_long_chain() -> None:
    chain = {(number, number + 1): 1 for number in range(5000)}
    found = levels(5001, chain)
    assert [block for level in found for block in level] == list(range(5001))


def test_the_order_of_blocks_is_that_of_the_plain_heuristic() -> None:
    for seed in range(200):
        draw = random.Random(seed)
        count = draw.randrange(1, 15)
        pairs = [(draw.randrange(count), draw.randrange(count)) for _ in range(draw.randrange(40))]
        lines = [Line(*pair) for pair in pairs if pair[0] != pair[1]]
        assert forward_order(count, lines) == plain_order(count, lines)


def plain_order(count: int, lines: list[Line]) -> list[int]:
    """The heuristic of Eades, Lin and Smyth, as it is written."""
    arcs, left, front, back = {(line.source, line.target) for line in lines}, list(range(count)), [], []
    while left:
        sinks = [block for block in left if not any(source == block for source, _ in arcs)]
        sources = [block for block in left if not any(target == block for _, target in arcs)]
        surplus = {b: sum((s == b) - (t == b) for s, t in arcs) for b in left}
        block = sinks[0] if sinks else max(sources or left, key=surplus.__getitem__)
        (back if sinks else front).append(block)
        left.remove(block)
        arcs = {arc for arc in arcs if block not in arc}
    order = [*front, *reversed(back)]
    return [order.index(block) for block in range(count)]


def hidden_text(drawn: Overview) -> str:
    references, arrows = sum(arrow.number for arrow in drawn.hidden), len(drawn.hidden)
    return f"{references:,} reference{'s' * (references != 1)} in {arrows:,} other arrow{'s' * (arrows != 1)}"


def test_what_is_left_out_is_said() -> None:
    specification = landscape(120, tangled(120, 400))
    drawn = overview(specification.architecture)
    drawing = draw_architecture(specification.architecture)
    assert drawn.hidden
    assert texts(drawing)[f"… and {hidden_text(drawn)}, not drawn"] == 1
    assert hidden_text(drawn) in description(drawing)
    assert "Overview of 120 services" in description(drawing)


def test_nothing_is_said_to_be_left_out_where_nothing_is() -> None:
    drawing = draw_architecture(landscape(60, [(n, (n + 1) % 60) for n in range(60)]).architecture)
    assert not any("not drawn" in text for text in texts(drawing))


def test_the_more_references_the_thicker_the_arrow(large: Specification) -> None:
    drawing = draw_architecture(large.architecture)
    arrows = [shape for shape in drawing.shapes if isinstance(shape, Polyline) and shape.arrow and shape.name]
    numbers = [int(arrow.name.rpartition(": ")[2].split()[0].replace(",", "")) for arrow in arrows]
    ordered = sorted(zip(numbers, (arrow.line_width for arrow in arrows), strict=True))
    assert [width for _, width in ordered] == sorted(width for _, width in ordered)
    assert ordered[-1][1] == THICKEST if ordered[-1][0] >= 10 else ordered[-1][1] < THICKEST
    assert sorted(numbers) == sorted(arrow.number for arrow in overview(large.architecture).arrows)


def test_tolerated_links_and_copies_between_clusters_are_told_apart() -> None:
    document = {
        "services": {f"s{n}": {"owns": [f"e{n}"], "copies": ["e45"] if n == 5 else []} for n in range(50)},
        "references": [f"e{n} -> e{(n + k) % 10 + n // 10 * 10}" for n in range(50) for k in (1, 2)]
        + ["e3 -> e17", "e25 -> e33"],
        "tolerates": ["e3 -> e17"],
    }
    drawn = overview(parsed(document).architecture)
    kinds = Counter(arrow.kind for arrow in drawn.arrows)
    assert kinds == {ArrowKind.REFERENCE: 1, ArrowKind.TOLERATED: 1, ArrowKind.COPY: 1}
    drawing = draw_architecture(parsed(document).architecture)
    assert all(texts(drawing)[sign] == 1 for sign in ("link", "tolerated link", "copy"))
    assert sum(isinstance(shape, Polyline) and shape.dashed for shape in drawing.shapes) == 2  # and in the legend


def test_how_clusters_are_backed_up_is_said(large: Specification) -> None:
    atomic = texts(draw_architecture(large.architecture, large.plan("few")))
    assert atomic["atomic"] == 5
    assert atomic["20 services"] >= 5
    modes = [mode for cluster in overview(large.architecture, large.plan("some")).clusters for mode in cluster.modes]
    assert sum(services for mode, services, _ in modes if mode == Mode.LOCKED) == 2
    assert sum(services for mode, services, _ in modes if mode == Mode.NONE) == 2


@pytest.mark.parametrize("program", [None, ""], ids=["dot", "grid"])
def test_an_overview_is_tidy_and_on_the_paper(large: Specification, program: str | None) -> None:
    drawing = draw_architecture(large.architecture, large.plan("teams"), program=program)
    for shape in drawing.shapes:
        left, top, right, bottom = extent(shape)
        assert min(left, top) >= 0
        assert right <= drawing.width
        assert bottom <= drawing.height
    clusters = [shape for shape in drawing.shapes if isinstance(shape, Box) and shape.name]
    around = [(box.x, box.y, box.width, box.height) for box in clusters]
    assert not any(overlap(*pair) for pair in combinations(around, 2))


def test_hostile_names_stay_names() -> None:
    names = [*HOSTILE, *(f"s{number}" for number in range(50))]
    document = {
        "services": {name: {"owns": [f"{name} e"]} for name in names},
        "references": [f"{one} e -> {other} e" for one, other in zip(names[12:], HOSTILE * 5, strict=False)],
    }
    architecture = parsed(document).architecture
    for drawing in (draw_architecture(architecture), draw_architecture(architecture, services=HOSTILE[:3])):
        assert all(extent(shape)[2] <= drawing.width for shape in drawing.shapes)
        for format_ in FORMATS if drawing.height else ():
            assert write(drawing, format_)
        assert "<script>" not in write(drawing, "svg").decode()


def test_plain_names_need_no_more_than_latin_fonts_in_tex(large: Specification) -> None:
    text = write(draw_architecture(large.architecture), "tikz").decode()
    assert "leftarrow" in text
    assert "lualatex" not in text


def test_the_same_input_gives_the_same_bytes_whatever_the_hash_seed() -> None:
    script = (
        "import sys; from test_large_architectures import landscape, communities, TEAMS;"
        "from bac.figures.graph.architecture import draw_architecture; from bac.figures.render import write;"
        "s = landscape(120, communities(120, 400), TEAMS);"
        "sys.stdout.buffer.write(write(draw_architecture(s.architecture, program=''), 'svg'));"
        "sys.stdout.buffer.write(write(draw_architecture(s.architecture, s.plan('teams'), program=''), 'svg'));"
        "sys.stdout.buffer.write(write(draw_architecture(s.architecture, services=['s7'], program=''), 'svg'))"
    )
    runs = [
        subprocess.run(
            [sys.executable, "-c", f"import sys; sys.path[:0] = {sys.path!r}; " + script],
            capture_output=True,
            check=True,
            env={"PYTHONHASHSEED": seed},
        )
        for seed in ("1", "2")
    ]
    assert runs[0].stdout == runs[1].stdout
    assert runs[0].stdout.startswith(b"<?xml")


def reached(pairs: Pairs, start: set[int], depth: int) -> set[int]:
    """Return what is reached over so many pairs in a row, by the definition."""
    for _ in range(depth):
        start = start | {target for holder, target in pairs if holder in start}
    return start


@pytest.mark.parametrize("seed", range(8))
def test_the_affected_part_is_what_refers_to_the_services_and_what_they_refer_to(seed: int) -> None:
    draw = random.Random(seed)
    count, depth = 60, 1 + seed % 3
    pairs = [(a, b) for a, b in ((draw.randrange(count), draw.randrange(count)) for _ in range(50)) if a != b]
    asked = {draw.randrange(count) for _ in range(1 + seed % 2)}
    specification = landscape(count, pairs)
    part = part_around(specification.architecture, [f"s{number}" for number in asked], depth)
    around = reached(pairs, asked, depth) | reached([(b, a) for a, b in pairs], asked, depth)
    folded = {name for fold in part.folds for name in fold.services}
    assert part.shown | folded == {f"s{number}" for number in around}
    assert not part.shown & folded
    assert {f"s{number}" for number in asked} <= part.shown


def hub(referrers: int, targets: int) -> tuple[list[str], list[Arrow]]:
    names = ["hub", *(f"r{n}" for n in range(referrers)), *(f"t{n}" for n in range(targets)), "far"]
    pairs = [(f"r{n}", "hub") for n in range(referrers)] + [("hub", f"t{n}") for n in range(targets)]
    pairs += [("r0", "r1"), ("t0", "t1"), ("far", "t0")]
    return names, [Arrow(*pair, ArrowKind.REFERENCE, links=(("x", "y", False),)) for pair in pairs]


def test_what_is_too_much_is_folded_on_either_side_the_best_connected_stay() -> None:
    part = affected(*hub(40, 30), ["hub"])
    sides = {fold.side: fold for fold in part.folds}
    assert sides.keys() == set(Side)
    assert len(part.shown) <= MOST_SERVICES + 1
    assert {"hub", "r0", "r1", "t0", "t1"} <= part.shown
    for side, number in ((Side.REFERRERS, 40), (Side.TARGETS, 30)):
        folded = sides[side].services
        assert len(folded) + sum(name.startswith(side[0]) for name in part.shown) == number
        assert sides[side].ties == (("hub", len(folded)),)
    assert "far" not in part.shown


def test_what_is_folded_is_tied_to_what_was_asked_for_if_it_can_be() -> None:
    names, arrows = hub(40, 3)
    arrows += [Arrow(f"r{n}", "r0", ArrowKind.REFERENCE, links=(("x", "y", False),)) for n in range(2, 40)]
    (tie,) = next(fold for fold in affected(names, arrows, ["hub"]).folds if fold.side is Side.REFERRERS).ties
    assert tie[0] == "hub"
    arrows += [Arrow("hub", "far", ArrowKind.REFERENCE), Arrow("far", "end", ArrowKind.REFERENCE)]
    deep = next(fold for fold in affected(names, arrows, ["far"], depth=2).folds if fold.side is Side.REFERRERS)
    assert deep.ties == (("hub", len(deep.services)),)


def test_siblings_are_not_affected_and_nothing_is_folded_that_fits() -> None:
    part = affected(*hub(3, 3), ["t0"])
    assert part.shown == {"t0", "t1", "hub", "far"}
    assert part.folds == ()
    deeper = affected(*hub(3, 3), ["t0"], depth=2)
    assert deeper.shown == {"t0", "t1", "hub", "far", "r0", "r1", "r2"}


def test_a_dense_part_is_folded_by_its_arrows() -> None:
    names = [f"s{number}" for number in range(16)]
    pairs = [Arrow(*pair, ArrowKind.REFERENCE) for pair in product(names, repeat=2) if pair[0] != pair[1]]
    part = affected(names, pairs, ["s0"])
    assert sum(arrow.source in part.shown and arrow.target in part.shown for arrow in pairs) <= MOST_ARROWS
    assert len(part.shown) > 2


def star(plan: dict[str, object] | None = None) -> Specification:
    pairs = [(n, 0) for n in range(1, 13)] + [(0, n) for n in range(13, 16)] + [(n, n + 1) for n in range(30, 98)]
    return landscape(100, pairs, {"p": plan} if plan else {})


@pytest.mark.parametrize("program", [None, ""], ids=["dot", "grid"])
def test_a_part_is_tidy_says_what_it_leaves_out_and_stresses_what_it_is_about(program: str | None) -> None:
    specification = star()
    drawing = draw_architecture(specification.architecture, services=["s0"], program=program)
    boxes = service_boxes(drawing, specification.architecture)
    assert set(boxes) == {f"s{number}" for number in range(16)}
    assert {name for name, box in boxes.items() if box.line_width > 2} == {"s0"}
    assert texts(drawing)["the part around s0; 84 other services with 68 arrows: not drawn"] == 1
    assert "The part around s0; 84 other services" in description(drawing)
    part = part_around(specification.architecture, ["s0"])
    diagram = service_picture(service_graph(specification.architecture, None, part), Labels.WIDE).diagram
    assert_tidy(diagram, lay_out(diagram, program))


def test_around_a_service_no_row_is_too_wide() -> None:
    specification = star()
    part = part_around(specification.architecture, ["s0"])
    diagram = service_picture(service_graph(specification.architecture, None, part), Labels.NARROW).diagram
    rows = Counter(round(y) for _, y in lay_out(diagram).corners)
    unstaggered = Diagram(diagram.blocks, tuple(Line(line.source, line.target, line.label) for line in diagram.lines))
    assert max(rows.values()) <= BESIDE
    assert max(Counter(round(y) for _, y in lay_out(unstaggered).corners).values()) > BESIDE


def test_folded_services_are_tied_to_what_they_refer_to() -> None:
    pairs = [(n, 0) for n in range(1, 60)] + [(0, n) for n in range(60, 70)]
    drawing = draw_architecture(landscape(100, pairs).architecture, services=["s0"])
    ties = [shape for shape in drawing.shapes if isinstance(shape, Polyline) and ", … and " in shape.name]
    box = service_boxes(drawing, landscape(100, pairs).architecture)["s0"]
    assert len(ties) == 2
    for tie in ties:
        assert tie.arrow
        assert texts(drawing)[tie.name.rpartition(": ")[2].split()[0]] == 1
        x, y = tie.points[-1 if "that refer to these" in tie.name else 0]
        assert box.x - 2 <= x <= box.x + box.width + 2
        assert box.y - 2 <= y <= box.y + box.height + 2


def test_a_group_of_which_one_service_is_drawn_is_named_in_its_box() -> None:
    locked, atomic = ["s0", "s1", "s50"], ["s2", "s51", "s52"]
    specification = star({"groups": [{"mode": "locked", "services": locked}, {"mode": "atomic", "services": atomic}]})
    found = texts(draw_architecture(specification.architecture, specification.plan("p"), services=["s0"]))
    assert found["locked (… and 1 more service)"] == 1
    assert found["atomic with"] == found["2 other services"] == 1


def test_a_service_that_is_not_there_is_refused_with_what_was_meant() -> None:
    with pytest.raises(UnknownService, match="no service 's00'; did you mean 's0'"):
        draw_architecture(star().architecture, services=["s00"])


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("large") / "large.bac.yaml"
    services = ", ".join(f"s{number}: {{owns: [e{number}]}}" for number in range(60))
    references = ", ".join(f"e{number} -> e{(number + 1) % 60}" for number in range(60))
    path.write_text(f"services: {{{services}}}\nreferences: [{references}]\n", encoding="utf-8")
    return path


def test_the_command_draws_the_overview_and_the_part(file: Path, tmp_path: Path) -> None:
    target = tmp_path / "x.svg"
    assert bac("figure", file, "--architecture", "-o", target).exit_code == 0
    assert "Overview of 60 services" in target.read_text(encoding="utf-8")
    for options, others in (((), 57), (("--depth", 2), 55), (("--service", "s30"), 54)):
        result = bac("figure", file, "--architecture", "--service", "s5", *options, "-o", target)
        assert result.exit_code == 0
        assert f"{others} other services" in target.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    "options", [("--service", "s1"), ("--architecture", "--depth", 2), ("--architecture", "--service", "nobody")]
)
def test_options_that_mean_nothing_are_refused(file: Path, tmp_path: Path, options: tuple[object, ...]) -> None:
    target = tmp_path / "x.svg"
    assert bac("figure", file, *options, "-o", target).exit_code == 2
    assert not target.exists()
