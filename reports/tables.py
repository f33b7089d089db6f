"""Verdicts as tables for a terminal: one plan in full, or all plans of a file side by side."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Iterator, Sequence

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from bac.model.plan import Timing
from bac.model.trace import Trace
from bac.proofs.results import AnomalyResult, PlanResult, PropertyResult, Verdict
from bac.properties.anomalies import AnomalyKind
from bac.properties.explanation import explain
from bac.properties.qualities import Property
from bac.reports.fitting import Column, Hanging, Stacked
from bac.reports.groups import Alike, groups, most_affected
from bac.reports.listing import description, listing

STYLE = {Verdict.HOLDS: "green", Verdict.VIOLATED: "bold red", Verdict.UNKNOWN: "yellow"}
EXAMPLES = 4
"""So many of those that look like an anomaly are named."""
HOT_SPOTS = 5
SYMBOL = {Verdict.HOLDS: "✓", Verdict.VIOLATED: "✗", Verdict.UNKNOWN: "?"}
LETTER = {Property.BACKUP: "B", Property.AVAILABILITY: "A", Property.CONSISTENCY: "C"}
HEADING = {
    AnomalyKind.BROKEN_LINK: "broken\nlinks",
    AnomalyKind.ORPHAN_STATE: "orphans",
    AnomalyKind.MISSING_STATE: "missing\nstate",
}


def text(name: str, file: str, results: Sequence[PlanResult], alone: bool) -> RenderableType:
    """The results as people read them: one plan in full if it is ``alone``, else all plans side by side."""
    instances = results[0].instances
    scope = f"{instances} instance{'s' * (instances != 1)} of every use case"
    if alone:
        (result,) = results
        return Group(
            Text(f"{name}: plan {result.plan}, {scope}", style="bold"), Text(), single(result), Text(), effort(results)
        )
    hint = Text(f"for one plan's counterexamples run: bac check {shlex.quote(file)} --plan NAME", style="dim")
    heading = Text(f"{name}: {len(results)} plan{'s' * (len(results) != 1)}, {scope}", style="bold")
    return Group(heading, Text(), comparison(results), Text(), *remarks(results), hint, effort(results))


def effort(results: Sequence[PlanResult]) -> Text:
    """How much was explored."""
    total = [result.statistics for result in results]
    states, transitions = sum(each.states for each in total), sum(each.transitions for each in total)
    depth, seconds = max(each.depth for each in total), sum(each.seconds for each in total)
    counted = f"{states:,} states, {transitions:,} transitions, " if results[0].engine != "smt" else ""
    told = f"{counted}depth {depth}, {seconds:.2f} s ({results[0].engine})"
    return Text("\n".join([told, *reductions(results)]), style="dim")


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
    what = (
        " ".join(filter(None, ((claim.kind or "").replace("-", " "), claim.subject))) or f"{claim.property} is violated"
    )
    heading = Text(f"{trace.architecture.name}: plan {trace.plan.name}: {what}", style="bold")
    told = f"confirmed by the interpreter: {length(len(trace.actions))}"
    return Group(heading, *body(trace), Text(told, style="dim"))


def comparison(results: Sequence[PlanResult]) -> RenderableType:
    """All plans: one row each, with B, A, C, how many of the three it keeps, and how many anomalies of each kind."""
    asked = [which for which in Property if any(which in result.properties for result in results)]
    letters = [which for which in LETTER if which in asked]
    columns = [
        Column(LETTER[which], [symbol(result.properties.get(which)) for result in results], "center")
        for which in letters
    ]
    if len(letters) > 1:
        columns.append(Column("keeps", [kept(result, letters) for result in results]))
    if Property.CONSISTENCY in asked:
        rows = [counts(result.properties[Property.CONSISTENCY]) for result in results]
        columns += [
            Column(HEADING[kind], [row[number] for row in rows], "right") for number, kind in enumerate(AnomalyKind)
        ]
    if Property.NO_EXTRA_LOSS in asked:
        lost = [loss(result.properties[Property.NO_EXTRA_LOSS]) for result in results]
        columns.append(Column("extra\nloss", lost, "right"))
    return Stacked(Column("plan", [Text(result.plan) for result in results]), columns)


def symbol(result: PropertyResult | None) -> Text:
    """A tick, a cross, or a question mark."""
    if result is None:
        return Text("")
    return Text(SYMBOL[result.verdict] + "*" * result.vacuous, style=STYLE[result.verdict])


def kept(result: PlanResult, letters: Sequence[Property]) -> Text:
    """Which of the three qualities the plan keeps, and of how many."""
    holds = [which for which in letters if result.properties[which].verdict is Verdict.HOLDS]
    mark = {Verdict.VIOLATED: "·", Verdict.UNKNOWN: "?"}
    text = "".join(LETTER[which] if which in holds else mark[result.properties[which].verdict] for which in letters)
    least = "≥" if "?" in text else ""
    return Text(f"{text}  {least}{len(holds)} of {len(letters)}", style="green" if len(holds) == len(letters) else "")


def counts(result: PropertyResult) -> list[Text]:
    """How many links, entities and events can go wrong in each way; tolerated ones in parentheses."""
    cells = []
    for kind in AnomalyKind:
        violating = sum(anomaly.kind is kind for anomaly in result.anomalies)
        tolerated = sum(anomaly.kind is kind for anomaly in result.tolerated)
        more = "" if result.complete else "+"
        plain = f"{violating}{more}" if violating else ("–" if result.complete else "?")
        cell = Text(plain, style="red" if violating else "dim")
        cells.append(cell.append(f" ({tolerated})", style="dim") if tolerated else cell)
    return cells


def loss(result: PropertyResult) -> Text:
    """Whether recovery loses what was backed up."""
    words = {Verdict.HOLDS: ("–", "dim"), Verdict.VIOLATED: ("yes", "red"), Verdict.UNKNOWN: ("?", "yellow")}
    word, style = words[result.verdict]
    return Text(word + "*" * result.vacuous, style=style)


def remarks(results: Iterable[PlanResult]) -> Iterator[Text]:
    """What the comparison table cannot show: what its marks mean, and which limits were hit."""
    results = list(results)
    if any(result.tolerated for plan in results for result in plan.properties.values()):
        yield Text("(n): tolerated; not counted against consistency", style="dim")
    if any(result.vacuous for plan in results for result in plan.properties.values()):
        yield Text("*: only because no run ever recovers from a disaster", style="yellow")
    for plan in results:
        unfinished = [result for result in plan.properties.values() if not result.complete]
        if unfinished:
            everything = len(unfinished) == len(plan.properties)
            names = "everything" if everything else ", ".join(result.property for result in unfinished)
            yield Text(f"{plan.plan}: {names}: {unfinished[0].reason}", style="yellow")


def single(result: PlanResult) -> RenderableType:
    """One plan: the table of properties, and each counterexample in full."""
    table = Table(box=None, pad_edge=False, header_style="bold", padding=(0, 3, 0, 0))
    for heading in ("property", "verdict", "for"):
        table.add_column(heading)
    for each in result.properties.values():
        verdict = Text(each.verdict, style=STYLE[each.verdict])
        scope = each.scope if each.reason is None else f"{each.scope} ({each.reason})"
        table.add_row(Text(each.property), verdict, Text(scope))
    return Group(table, *counterexamples(result))


def counterexamples(result: PlanResult) -> Iterator[RenderableType]:
    """Each counterexample: a heading, a sentence, the listing."""
    for each in result.properties.values():
        alike = groups((*each.anomalies, *each.tolerated))
        if any(len(group.members) > 1 for group in alike):
            yield from hot_spots(each)
        for group in alike:
            yield Text()
            yield heading(group)
            yield from body(group.example.shown)
        if each.trace is not None:
            yield Text()
            taken = f"{length(len(each.trace.actions))}{more_elsewhere(each.omitted_actions)}"
            yield Text(f"{each.property} is violated", style="bold").append(f"   {taken}", style="dim")
            yield from body(each.trace)


def hot_spots(result: PropertyResult) -> Iterator[RenderableType]:
    """Where most links can break."""
    most = most_affected(result.anomalies, HOT_SPOTS)
    if most:
        yield Text()
        yield Text("referred to by most links that can break: ").append(
            ", ".join(f"{name} ({count:,})" for name, count in most), style="dim"
        )


def heading(alike: Alike) -> Text:
    """What is wrong, with its cause and the lengths of the shortest traces; and what else looks like it."""
    anomaly, others = alike.example, alike.members[1:]
    text = Text(f"{str(anomaly.kind).replace('-', ' ')}  ", style="bold").append(anomaly.subject)
    lengths = shortest(anomaly) + more_elsewhere(anomaly.omitted_actions)
    tolerated = "   tolerated" if anomaly.tolerated else ""
    text.append(f"   cause: {anomaly.cause}   {lengths}{tolerated}", style="not bold dim")
    if others:
        named = ", ".join(each.subject for each in others[:EXAMPLES])
        text.append(f"\nand {len(others):,} more like it: {named}{', …' * (len(others) > EXAMPLES)}")
    return text


def shortest(anomaly: AnomalyResult) -> str:
    """Return the lengths of the shortest runs, in words."""
    lengths = anomaly.lengths
    least = f"shortest run: {length(min(lengths.values()))}"
    return f"{least} (disaster at rest: {lengths[Timing.AT_REST]})" if Timing.AT_REST in lengths else least


def more_elsewhere(actions: int) -> str:
    """What other services add to a trace of a part, in words."""
    return f" (and {actions:,} in other services)" if actions else ""


def length(actions: int) -> str:
    """A number of actions, in words."""
    return f"{actions} action{'s' * (actions != 1)}"


def body(trace: Trace) -> Iterator[RenderableType]:
    """The explanation and the listing of a trace."""
    yield Text(explain(trace).sentence)
    for line in listing(trace):
        yield Hanging(Text(f"  {line}", style="bold" if line.startswith(">") else ""), 2 + description(line))
