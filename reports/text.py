"""Results as text."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Sequence

from rich.console import Group, RenderableType
from rich.text import Text

from bac.model.trace import Trace
from bac.proofs.results import PlanResult
from bac.reports.checked import Checked, View
from bac.reports.counterexamples import LEGEND, body, length, selected, single

SOON = 1.0
"""The seconds from which on the report says what they went into."""


def render(checked: Sequence[Checked], view: View, several: bool) -> RenderableType:
    """Return the results as people read them: one plan in full, or all plans of each file side by side.

    Args:
        checked: the specifications with their results.
        view: what of these is shown.
        several: whether several files were asked for, so that each is named.
    """
    parts: list[RenderableType] = []
    for each in checked:
        if several:
            parts.append(Text(each.specification.file, style="bold underline"))
        parts += [text(each, view), Text()]
    return Group(*parts[:-1])


def text(checked: Checked, view: View) -> RenderableType:
    """Return the results on one specification: one plan in full if it is ``alone``, else all plans side by side."""
    name, results = checked.architecture.name, checked.results
    instances = results[0].instances
    scope = f"{instances} instance{'s' * (instances != 1)} of every use case"
    if view.alone and len(results) == 1:
        title = Text(f"{name}: plan {results[0].plan}, {scope}", style="bold")
        return Group(title, Text(), single(checked, results[0], view), Text(), effort(checked))
    from bac.reports.comparison import comparison, remarks

    title = Text(f"{name}: {len(results)} plan{'s' * (len(results) != 1)}, {scope}", style="bold")
    listed = [Text(), *selected(checked, view)] if view.selective or view.top else []
    command = f"bac check {shlex.quote(checked.specification.file)} --plan NAME"
    hint = Text(f"for one plan's counterexamples run: {command}", style="dim")
    return Group(title, Text(), comparison(results), *listed, Text(), *remarks(results), hint, effort(checked))


def effort(checked: Checked) -> Text:
    """Say how much was explored, by which engine, and how long that took."""
    results = checked.results
    total = [result.statistics for result in results]
    states, transitions = sum(each.states for each in total), sum(each.transitions for each in total)
    depth = max(each.depth for each in total)
    counted = f"{states:,} states, {transitions:,} transitions, " if results[0].engine != "smt" else ""
    engines = ", ".join(dict.fromkeys(result.engine for result in results))
    explored = f"{counted}depth {depth}" if any(each.engine != "precedence" for each in results) else "no states"
    told = f"{explored} ({engines}), {duration(checked)}"
    return Text("\n".join([told, *reductions(results)]), style="dim")


def duration(checked: Checked) -> str:
    """Say how long it took by the clock on the wall, and where it is long, with what that time went."""
    searching = sum(result.statistics.seconds for result in checked.results)
    if not checked.seconds:
        return f"{in_seconds(searching)} searching"
    if checked.seconds < SOON:
        return in_seconds(checked.seconds)
    parts = [f"{in_seconds(checked.reading)} reading"]
    rest = checked.seconds - checked.reading - searching
    if rest > 0:
        begun = "dividing" if any(result.parts > 1 for result in checked.results) else "preparing"
        ended = ", confirming and trying what helps" if is_advised(checked) else " and confirming"
        parts.append(f"{in_seconds(rest)} {begun}{ended}")
    parts.append(f"{in_seconds(searching)} searching{' in parallel' * (rest <= 0)}")
    return f"{in_seconds(checked.seconds)}: {', '.join(parts)}"


def is_advised(checked: Checked) -> bool:
    """Whether changes of plans were tried against anomalies."""
    found = (each for result in checked.results for which in result.properties.values() for each in which.anomalies)
    return any(each.advice is not None for each in found)


def in_seconds(seconds: float) -> str:
    """Return a time with as many digits as matter."""
    return f"{seconds:.1f} s" if seconds >= SOON else f"{seconds:.2f} s"


def reductions(results: Sequence[PlanResult]) -> Iterator[str]:
    """Which reductions were used, and what they saved."""
    if len(results) > 1:
        used = dict.fromkeys(saving.reduction for result in results for saving in result.savings)
        if used:
            yield f"reductions used: {', '.join(used)} (what each saved: --plan NAME, or --format json)"
        return
    for saving in results[0].savings:
        so_far = " so far" if results[0].limit is not None else ""
        yield f"{saving.reduction}: {saving.searched:,} states searched{so_far} instead of {saving.instead_of}"
    if results[0].parts > 1:
        yield f"{results[0].parts:,} parts of {results[0].shapes:,} shape{'s' * (results[0].shapes != 1)}"


def replayed(trace: Trace) -> RenderableType:
    """A trace that was confirmed, in full."""
    claim = trace.claim
    subject = None if claim.subject is None else trace.architecture.named(claim.subject)
    what = " ".join(filter(None, ((claim.kind or "").replace("-", " "), subject)))
    title = f"{trace.architecture.name}: plan {trace.plan.name}: {what or f'{claim.property} is violated'}"
    told = f"confirmed by the interpreter: {length(len(trace.actions))}"
    return Group(Text(title, style="bold"), *body(trace), Text(), Text(LEGEND, style="dim"), Text(told, style="dim"))
