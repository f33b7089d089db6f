"""Terminals of any width: nothing of a comparison is lost, and listings stay readable."""

from __future__ import annotations

import pytest
from helpers import REFERENCE, parsed
from rich.cells import cell_len
from rich.console import Console, RenderableType
from rich.text import Text

from bac.proofs.check import check
from bac.proofs.results import PlanResult
from bac.reports.checked import Checked, View
from bac.reports.comparison import HEADING, comparison
from bac.reports.fitting import Column, fitting
from bac.reports.text import Hanging, single

HEADINGS = {"plan", "B", "A", "C", "loss", *(heading.split("\n")[-1] for heading in HEADING.values())}


def printed(content: RenderableType, width: int, soft_wrap: bool = False) -> list[str]:
    """The lines that a terminal of this width shows."""
    console = Console(width=width, color_system=None, highlight=False, markup=False, emoji=False)
    with console.capture() as captured:
        console.print(content, soft_wrap=soft_wrap)
    return captured.get().splitlines()


def results() -> list[PlanResult]:
    specification = parsed(REFERENCE)
    return [check(specification.architecture, plan) for plan in specification.plans]


@pytest.mark.parametrize("width", [30, 40, 55, 69, 70, 80, 160])
def test_no_column_of_the_comparison_is_lost(width: int) -> None:
    found = results()
    lines = printed(comparison(found), width)
    words = [word for line in lines for word in line.split()]
    assert set(words) >= HEADINGS
    assert "…" not in "".join(words)
    assert words.count("yes") == sum(result.plan == "rollback" for result in found) == 1
    assert words.count("✓") + words.count("✗") == 3 * len(found)
    assert all(cell_len(line.rstrip()) <= width for line in lines)


@pytest.mark.parametrize(("width", "tables"), [(160, 1), (72, 1), (40, 2), (30, 3)])
def test_columns_stand_side_by_side_where_there_is_room(width: int, tables: int) -> None:
    lines = printed(comparison(results()), width)
    assert sum(line.split()[:1] == ["plan"] for line in lines) == tables


@pytest.mark.parametrize("room", [0, 1, 5, 9, 100])
def test_columns_keep_their_order_and_none_is_left_out(room: int) -> None:
    columns = [Column("x" * width, []) for width in (1, 4, 2, 9, 3)]
    parts = fitting(columns, room, 1)
    assert [column for part in parts for column in part] == columns
    assert all(len(part) == 1 or sum(1 + column.width for column in part) <= room for part in parts)


def test_continuation_lines_of_a_listing_are_indented() -> None:
    (result, *_) = results()
    lines = printed(single(Checked(parsed(REFERENCE), [result]), result, View(alone=True)), 44)
    begin = next(number for number, line in enumerate(lines) if "1  step" in line)
    described = lines[begin].index("B: create b")
    assert lines[begin + 1].strip() == "→ B/1"
    assert lines[begin + 1].index("→") == described
    assert all(cell_len(line.rstrip()) <= 44 for line in lines)


@pytest.mark.parametrize("width", [4, 10, 20])
def test_nothing_of_a_line_is_lost_in_a_very_narrow_terminal(width: int) -> None:
    text = "  > 1  step      A, B: create a; create b"
    lines = printed(Hanging(Text(text), 17), width)
    assert "".join("".join(lines).split()) == "".join(text.split())


def test_a_line_in_a_file_stays_a_line() -> None:
    text = "x" * 20 + " " + "y" * 200
    assert printed(Hanging(Text(text), 3), 80, soft_wrap=True) == [text]
