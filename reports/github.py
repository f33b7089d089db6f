"""Annotations and the summary of a job on GitHub: ``bac check --format github``.

Source: the documentation of GitHub Actions, "Workflow commands".  Ten annotations of each level are shown of a step,
and a summary may have 1 MiB.
"""

from __future__ import annotations

import html
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from bac.figures.sequence import sequence_diagram
from bac.model.specification.diagnostics import Diagnostic
from bac.proofs.results import PlanResult
from bac.properties.explanation import listing
from bac.reports import plain
from bac.reports.checked import Checked, View
from bac.reports.comparison import columns_of
from bac.reports.findings import Finding, Level, findings, place, repository_path
from bac.reports.text import render as as_text

COMMANDS = {Level.ERROR: "error", Level.WARNING: "warning", Level.NOTE: "notice"}
MOST_ANNOTATIONS = 10
"""So many of each level GitHub shows of a step."""
MOST_CHARACTERS = 4_000
"""A longer message of an annotation is cut."""
MOST_BYTES = 2**20
"""The largest summary that GitHub takes from a step."""
MOST_ROWS = 1_000
"""The most plans of a file that the summary lists."""


@dataclass(frozen=True)
class Judged:
    """A plan with its findings, the worst first."""

    checked: Checked
    result: PlanResult
    findings: Sequence[Finding]

    @property
    def level(self) -> Level:
        """The level of its worst finding; a plan without one is good."""
        return self.findings[0].level if self.findings else Level.NOTE

    @property
    def counting(self) -> list[Finding]:
        """The findings that are not accepted."""
        return [each for each in self.findings if each.level is not Level.NOTE]


def render(checked: Sequence[Checked], view: View, several: bool) -> str:
    """Return the results as people read them, and then one annotation for each plan with findings, worst first."""
    text = plain(as_text(checked, view, several))
    return "\n".join([*map(harmless, text.splitlines()), "", *annotated(judged(checked, view))]) + "\n"


def harmless(line: str) -> str:
    """Return a line that GitHub does not take for a command."""
    line = line.replace("##[", "## [")
    return line.replace("::", ": :", 1) if line.lstrip().startswith("::") else line


def judged(checked: Sequence[Checked], view: View) -> list[Judged]:
    """Return all plans with their findings, the worst first."""
    plans = [Judged(each, result, findings(each, result, view)) for each in checked for result in each.results]
    return sorted(plans, key=lambda plan: (plan.level.rank, -len(plan.counting)))


def annotated(plans: Sequence[Judged]) -> Iterator[str]:
    """Yield an annotation for each plan with findings, and how many more there are than GitHub shows."""
    for level in Level:
        having = [plan for plan in plans if plan.findings and plan.level is level]
        for plan in having[:MOST_ANNOTATIONS]:
            yield annotation(plan)
        if len(having) > MOST_ANNOTATIONS:
            yield f"{len(having) - MOST_ANNOTATIONS} more plans with the level {level}: see the summary of the job"


def annotation(plan: Judged) -> str:
    """Return the annotation of a plan: its worst finding, and the names of the others."""
    worst, *others = plan.counting or plan.findings
    at = place(plan.checked, plan.result.plan)
    accepted = "" if worst.accepted is None else f" ({worst.accepted})"
    lines = [f"{worst.about}{accepted}: {worst.message}" if worst.about != worst.message else worst.about]
    lines += [f"also: {', '.join(each.about for each in others)}"] if others else []
    if worst.trace is not None:
        lines += ["", *listing(worst.trace)]
    title = f"bac/{worst.rule}: plan {plan.result.plan}"
    file = repository_path(plan.checked.specification.file)
    return command(COMMANDS[plan.level], file, at.line, at.column, title, "\n".join(lines))


def diagnostic(found: Diagnostic) -> str:
    """Return the annotation of an error or a warning of a specification."""
    level = {"error": "error", "warning": "warning", "note": "notice"}[found.severity]
    hint = f"; did you mean '{found.suggestion}'?" if found.suggestion else ""
    title = f"bac/{found.code}"
    return command(level, repository_path(found.file), found.line, found.column, title, found.message + hint)


def command(level: str, file: str, line: int, column: int, title: str, message: str) -> str:
    """Return a workflow command that makes an annotation."""
    keys = {"file": file, "line": line, "col": column, "title": title}
    written = ",".join(f"{key}={property_value(str(value))}" for key, value in keys.items())
    cut = message if len(message) <= MOST_CHARACTERS else message[:MOST_CHARACTERS] + " …"
    return f"::{level} {written}::{data(cut)}"


def data(text: str) -> str:
    """Return a text as the message of a workflow command."""
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def property_value(text: str) -> str:
    """Return a text as a value in a workflow command."""
    return data(text).replace(":", "%3A").replace(",", "%2C")


# The summary


def summary(checked: Sequence[Checked], view: View, room: int = MOST_BYTES) -> str:
    """Return the summary of a job in Markdown: a table for each file, and the worst finding as a diagram.

    Args:
        checked: the specifications with their results.
        view: what of these is shown.
        room: the most bytes that it may have; what finds no place is left out, and the summary says so.
    """
    closing = "\n… and more: the summary has no more room.\n"
    text = ""
    for block in blocks(checked, view):
        if len((text + block + closing).encode()) > room:
            return text + closing if len((text + closing).encode()) <= room else ""
        text += block
    return text


def blocks(checked: Sequence[Checked], view: View) -> Iterator[str]:
    """Yield the parts of the summary, the most important first."""
    plans = judged(checked, view)
    bad = [plan for plan in plans if plan.counting]
    many = f"{len(plans)} plan{'s' * (len(plans) != 1)}"
    told = f"{len(bad)} of {many} with findings" if bad else f"{many}, none with findings that count"
    yield f"### bac: {told}\n"
    for each in checked:
        name = escaped(f"{each.architecture.name} ({repository_path(each.specification.file)})")
        yield f"\n**{name}**\n\n{table(each, plans)}"
    if bad and bad[0].counting[0].trace is not None:
        yield from worst(bad[0].counting[0])


def table(checked: Checked, plans: Iterable[Judged]) -> str:
    """Return the comparison of the plans of a file as a table."""
    counting = {id(plan.result): len(plan.counting) for plan in plans}
    results = list(checked.results)[:MOST_ROWS]
    columns = columns_of(results)
    headings = [column.heading.replace("\n", " ") for column in columns]
    lines = [["plan", *headings, "findings that count"], ["---", *["---:"] * (len(headings) + 1)]]
    for number, result in enumerate(results):
        row = [column.cells[number].plain for column in columns]
        lines.append([escaped(result.plan), *map(escaped, row), str(counting[id(result)] or "–")])
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def worst(finding: Finding) -> Iterator[str]:
    """Yield the worst finding: why, as a diagram, and as a listing."""
    assert finding.trace is not None
    yield f"\n**{escaped(f'{finding.plan}: {finding.about}')}**\n\n{escaped(finding.message)}\n"
    diagram = sequence_diagram(finding.trace)
    if diagram is not None:
        yield f"\n```mermaid\n{diagram}```\n"
    lines = "\n".join(listing(finding.trace))
    yield f"\n<details><summary>the run</summary>\n\n<pre>{html.escape(lines)}</pre>\n\n</details>\n"


def escaped(text: str) -> str:
    """Return a text that means itself in a line of Markdown, and in a cell of a table."""
    return "".join(f"&#{ord(each)};" if each in "\\`*_{}[]<>()#+!|&~@\n\r" else each for each in text)
