"""Tables that fit a narrow terminal: columns that find no place beside others stand below them.

Where nothing is wrapped (in files and pipes) a line stays a line.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from rich.cells import cell_len
from rich.console import Console, ConsoleOptions, RenderableType
from rich.table import Table
from rich.text import Text

NAMES = 16
"""The least width of the names of rows, which are folded."""
ROOMY, DENSE = 3, 1
"""Spaces between columns."""


@dataclass(frozen=True)
class Column:
    """A heading and a cell for each row."""

    heading: str
    cells: Sequence[Text]
    justify: Literal["left", "center", "right"] = "left"

    @property
    def width(self) -> int:
        """Return the number of cells that its widest line takes."""
        texts = [self.heading, *(cell.plain for cell in self.cells)]
        return max(cell_len(line) for text in texts for line in text.split("\n"))


@dataclass(frozen=True)
class Stacked:
    """A table with names at the left; columns that find no place beside them go into a further table below."""

    names: Column
    columns: Sequence[Column]

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> Iterator[RenderableType]:
        """Yield the tables, with blank lines between them."""
        room = options.max_width - NAMES
        gap = ROOMY if len(fitting(self.columns, room, ROOMY)) <= 1 else DENSE
        for number, part in enumerate(fitting(self.columns, room, gap)):
            if number:
                yield Text()
            yield self.table(part, gap)

    def table(self, columns: Sequence[Column], gap: int) -> Table:
        """Return the names beside some of the columns."""
        table = Table(box=None, pad_edge=False, header_style="bold", padding=(0, gap, 0, 0))
        table.add_column(self.names.heading, overflow="fold", min_width=NAMES)
        for column in columns:
            table.add_column(column.heading, justify=column.justify, no_wrap=True)
        for row in zip(self.names.cells, *(column.cells for column in columns), strict=True):
            table.add_row(*row)
        return table


def fitting(columns: Sequence[Column], room: int, gap: int) -> list[list[Column]]:
    """Divide the columns into parts that fit into the room, with a gap before each column."""
    parts: list[list[Column]] = []
    left = 0
    for column in columns:
        left -= gap + column.width
        if not parts or left < 0:
            parts.append([])
            left = room - gap - column.width
        parts[-1].append(column)
    return parts or [[]]
