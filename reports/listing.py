"""A trace as lines of text: what happened, where it was logged, and where it went wrong."""

from __future__ import annotations

import re

from bac.model.trace import Trace
from bac.properties.explanation import explain
from bac.properties.words import action_in_words


def listing(trace: Trace) -> list[str]:
    """Return one line for each action: its number, what happened, and the events that it appended.

    The action where the trace goes wrong is marked with ``>``.
    """
    wrong = explain(trace).action
    rows = [
        (
            number,
            str(label.kind),
            action_in_words(trace, label),
            ", ".join(entry.name for entry in trace.appended(number)),
        )
        for number, label in enumerate(trace.actions, 1)
    ]
    if not rows:
        return ["  (nothing has to happen)"]
    widths = [max(len(str(row[column])) for row in rows) for column in range(3)]
    lines = []
    for number, kind, what, events in rows:
        mark = ">" if number == wrong else " "
        line = f"{mark} {number:>{widths[0]}}  {kind:<{widths[1]}}  {what:<{widths[2]}}"
        lines.append((f"{line}  → {events}" if events else line).rstrip())
    return lines


def description(line: str) -> int:
    """Return the position (from 0) in a line of a listing at which the description of the action begins."""
    begin = re.match(r"[> ] +\d+  \S+ +", line)
    return begin.end() if begin else 0
