"""Results as text: all plans of a file side by side, or one plan with as many counterexamples as a screen holds."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from rich.cells import cell_len
from rich.console import Console, ConsoleOptions, Group, RenderableType
from rich.table import Table
from rich.text import Text

from bac.model.plan import Timing
from bac.model.trace import Trace
from bac.proofs.engines import EXPLICIT
from bac.proofs.results import AnomalyResult, PlanResult, PropertyResult, Verdict
from bac.properties.explanation import description, explain, listing
from bac.reports.checked import STYLE, Checked, RootCause, View, most_affected, root_causes, worst_first

MANY_ANOMALIES = 50
"""Of more anomalies than that it is said what most of them point to."""
HOT_SPOTS = 5
"""How many entities are named to which most of the links point that can break."""
SCREEN = 40
"""The lines that the counterexamples of a plan may take."""
LEGEND = "> marks the action at which it goes wrong; → the events that an action adds to the logs"
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


def hint(file: str) -> list[Text]:
    """Return how to see one plan's counterexamples; nothing for a specification that is in no file (``<stdin>``)."""
    if file.startswith("<"):
        return []
    return [Text(f"for one plan's counterexamples run: bac check {shlex.quote(file)} --plan NAME", style="dim")]


def text(checked: Checked, view: View) -> RenderableType:
    """Return the results on one specification: one plan in full if it is ``alone``, else all plans side by side."""
    name, results = checked.architecture.name, checked.results
    instances = results[0].instances
    scope = f"{instances} instance{'s' * (instances != 1)} of every use case"
    if view.alone and len(results) == 1:
        title = Text(f"{name}: plan {results[0].plan}, {scope}", style="bold")
        return Group(title, Text(), single(checked, results[0], view), Text(), effort(checked))
    from bac.reports.comparison import as_expected, comparison, remarks

    title = Text(f"{name}: {len(results)} plan{'s' * (len(results) != 1)}, {scope}", style="bold")
    listed = [Text(), *selected(checked, view)] if view.selective or view.top else []
    return Group(
        title,
        Text(),
        comparison(results, list(as_expected(checked))),
        *listed,
        Text(),
        *remarks(results),
        *hint(checked.specification.file),
        effort(checked),
    )


def effort(checked: Checked) -> Text:
    """Say how much was explored, by which engine, and how long that took."""
    results = checked.results
    total = [result.statistics for result in results]
    states, transitions = sum(each.states for each in total), sum(each.transitions for each in total)
    depth = max(each.depth for each in total)
    found = f"{states:,} state{'s' * (states != 1)}, {transitions:,} transition{'s' * (transitions != 1)}, "
    counted = found if results[0].engine != "smt" else ""
    named = [name for result in results for name in (result.engine, *deciders(result))]
    explored = f"{counted}depth {depth}" if set(named) != {"precedence"} else "no states"
    told = f"{explored} ({', '.join(dict.fromkeys(named))}), {duration(checked)}"
    return Text("\n".join([told, *refusals(results), *reductions(results)]), style="dim")


def deciders(result: PlanResult) -> Iterator[str]:
    """Yield the engines that decided single properties in place of that of the plan."""
    yield from (each.engine for each in result.properties.values() if each.engine is not None)


def refusals(results: Sequence[PlanResult]) -> Iterator[str]:
    """Yield why plans were decided by another engine than that of precedence."""
    plans: dict[str, list[str]] = {}
    for result in results:
        if result.refusal is not None:
            how = "by searching states" if result.engine == EXPLICIT else f"by {result.engine}"
            decided = "searched" if result.verdict is Verdict.UNKNOWN else "decided"
            plans.setdefault(f"{decided} {how}, because {result.refusal}", []).append(result.plan)
    for decision, names in plans.items():
        yield decision if len(results) == 1 else f"{', '.join(names)}: {decision}"


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
        ended = ", confirming and trying what helps" if is_advised(checked) else " and confirming"
        parts.append(f"{in_seconds(rest)} preparing{ended}")
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


def replayed(trace: Trace) -> RenderableType:
    """A trace that was confirmed, in full."""
    claim = trace.claim
    subject = None if claim.subject is None else trace.architecture.named(claim.subject)
    what = " ".join(filter(None, ((claim.kind or "").replace("-", " "), subject)))
    title = f"{trace.architecture.name}: plan {trace.plan.name}: {what or f'{claim.property} is violated'}"
    told = f"confirmed by the interpreter: {length(len(trace.actions))}"
    return Group(Text(title, style="bold"), *body(trace), Text(), Text(LEGEND, style="dim"), Text(told, style="dim"))


# One plan


def single(checked: Checked, result: PlanResult, view: View) -> RenderableType:
    """Return the table of properties of one plan, and its counterexamples."""
    table = Table(box=None, pad_edge=False, header_style="bold", padding=(0, 3, 0, 0))
    for title in ("property", "verdict", "for"):
        table.add_column(title)
    for each in result.properties.values():
        verdict = Text(each.verdict, style=STYLE[each.verdict])
        scope = each.scope if each.reason is None else f"{each.scope} ({each.reason})"
        table.add_row(Text(each.property), verdict.append(" vacuously") if each.vacuous else verdict, Text(scope))
    return Group(table, *beside(checked, result), *Counterexamples(checked, view).of(result))


def beside(checked: Checked, result: PlanResult) -> Iterator[Text]:
    """Yield what no verdict says: the people that are needed, what is expected, what the application leaves behind."""
    if result.people:
        actions = f"{result.people} action{'s' * (result.people != 1)}"
        yield Text(f"recovery takes people: at most {actions} (retry, reconstruct) for one instance", style="dim")
    if result.plan in checked.expected and not checked.judged(result):
        yield Text("as expected of this plan", style="green")
    own = [each for found in result.properties.values() for each in found.application]
    if own:
        named = ", ".join(f"{each.kind.replace('-', ' ')} {checked.architecture.named(each.subject)}" for each in own)
        yield Text(f"left behind by the application without any disaster: {named}", style="dim")


@dataclass(frozen=True)
class Block:
    """A counterexample: lines that are always shown, and those of its run."""

    summary: Sequence[Text]
    run: Sequence[RenderableType]

    @property
    def height(self) -> int:
        """Return the number of lines with a blank line before them, if none is wrapped."""
        return 1 + len(self.summary) + len(self.run)


@dataclass(frozen=True)
class Counterexamples:
    """The counterexamples of a plan: as many as a screen holds, or as the view asks for."""

    checked: Checked
    view: View

    def of(self, result: PlanResult) -> Iterator[RenderableType]:
        """Yield the counterexamples, with the entities that most of the links that break point to."""
        blocks: list[Block] = []
        for each in result.properties.values():
            found = worst_first(selection(self.checked, each, self.view))
            if len(found) > MANY_ANOMALIES:
                yield from hot_spots(each)
            if self.view.verbose:
                blocks += [self.block(RootCause(one)) for one in found]
            else:
                blocks += map(self.block, root_causes(found))
            if each.trace is not None and not self.view.selective:
                blocks.append(self.violation(each))
        yield from self.fitted(blocks)
        yield from unadvised(result)

    def fitted(self, blocks: Sequence[Block]) -> Iterator[RenderableType]:
        """Yield the blocks, those that find no place without their runs or not at all, and say how many these are."""
        everything = self.view.verbose or self.view.top is not None
        shown, runs, room = 0, 0, SCREEN
        for block in blocks[: self.view.top]:
            later = sum(1 + len(each.summary) for each in blocks[shown + 1 :])
            full = everything or not shown or block.height + later <= room
            if not full and room <= 0:
                break
            yield Text()
            yield from block.summary
            yield from block.run if full else ()
            shown, runs = shown + 1, runs + full
            room -= block.height if full else 1 + len(block.summary)
        if blocks:
            yield Text()
            yield Text(LEGEND, style="dim")
        if runs < len(blocks):
            hidden = f"{len(blocks) - shown:,} more" if shown < len(blocks) else f"{shown - runs:,} more runs"
            yield Text(f"… and {hidden}: --verbose shows all, --top N the worst N, --kind and --subject select")

    def block(self, cause: RootCause) -> Block:
        """Return what is shown of a root cause: its first anomaly with its run, and the names of the others."""
        trace = self.view.run(cause.first)
        summary = [heading(self.checked, cause.first, self.view), Text(explain(trace).sentence)]
        architecture = self.checked.architecture
        others = [f"{each.kind.replace('-', ' ')} {architecture.named(each.subject)}" for each in cause.others]
        if others:
            summary.append(Text("the same cause: ", style="dim").append(", ".join(others), style="not dim"))
        return Block([*summary, *helps(cause.first)], list(actions(trace)))

    def violation(self, result: PropertyResult) -> Block:
        """Return what is shown of a violated property that is no anomaly."""
        assert result.trace is not None
        in_all = len(result.trace.actions) + result.omitted_actions
        taken = (
            f"{length(in_all, result.at_least)}{omitted(result.omitted_actions)}" if in_all else "from the beginning"
        )
        title = Text(f"{result.property} is violated", style="bold").append(f"   {taken}", style="not bold dim")
        summary = [title, Text(explain(result.trace).sentence), *helps(result)]
        return Block(summary, list(actions(result.trace)))


def helps(result: AnomalyResult | PropertyResult) -> Iterator[Text]:
    """Yield what helps, if changes of the plan were tried."""
    advice = result.advice
    if advice is not None and (advice.helps or advice.tried):
        yield Text("helps: ", style="dim").append(str(advice), style="not dim")


def unadvised(result: PlanResult) -> Iterator[Text]:
    """Yield why changes of the plan were not tried against some anomalies, if that is so."""
    found = [each.advice for which in result.properties.values() for each in which.anomalies]
    limits = [advice.limit for advice in found if advice is not None and not advice.tried and advice.limit]
    if limits:
        yield Text(f"helps: not searched for {len(limits):,} of the anomalies: {limits[0]}", style="dim")


def selected(checked: Checked, view: View) -> Iterator[Text]:
    """Yield one line for each selected anomaly of each plan."""
    for result in checked.results:
        found = [one for each in result.properties.values() for one in worst_first(selection(checked, each, view))]
        for one in found[: view.top]:
            yield Text(f"{result.plan}: ").append_text(heading(checked, one, view))


def selection(checked: Checked, result: PropertyResult, view: View) -> list[AnomalyResult]:
    """Return the anomalies of a property that are to be shown, tolerated ones last."""
    return [each for each in (*result.anomalies, *result.tolerated) if view.selects(each, checked.architecture)]


def hot_spots(result: PropertyResult) -> Iterator[RenderableType]:
    """Yield the entities that most of the links that can break point to."""
    most = most_affected(result.anomalies, HOT_SPOTS)
    if most:
        yield Text()
        yield Text("referred to by most links that can break: ").append(
            ", ".join(f"{name} ({count:,})" for name, count in most), style="dim"
        )


def heading(checked: Checked, anomaly: AnomalyResult, view: View) -> Text:
    """Return what is wrong, with its cause and the lengths of the shortest runs."""
    text = Text(f"{str(anomaly.kind).replace('-', ' ')}  ", style="bold")
    text.append(checked.architecture.named(anomaly.subject))
    run = view.timing or anomaly.timing
    lengths = shortest(anomaly) + omitted(anomaly.traces.runs[run].omitted_actions)
    tolerated = "   tolerated" if anomaly.tolerated else ""
    text.append(f"   cause: {anomaly.cause}   {lengths}{tolerated}", style="not bold dim")
    return text


def shortest(anomaly: AnomalyResult) -> str:
    """Return the lengths of the shortest runs, in words."""
    lengths, bounds = anomaly.lengths, anomaly.at_least
    least = f"shortest run: {length(min(lengths.values()), min(bounds.values(), default=None))}"
    if Timing.AT_REST not in lengths:
        return least
    rest = lengths[Timing.AT_REST]
    return f"{least} (disaster at rest: {f'at most {rest}' if Timing.AT_REST in bounds else rest})"


def omitted(actions: int) -> str:
    """Return how many actions of a run are in services that are not shown, in words."""
    return f", {actions:,} of them in other services" if actions else ""


def length(actions: int, at_least: int | None = None) -> str:
    """Return a number of actions, in words; ``at_least`` is how many it takes at least, if that is not certain."""
    told = f"{actions} action{'s' * (actions != 1)}"
    return told if at_least is None else f"at most {told}, at least {at_least}"


def body(trace: Trace) -> Iterator[RenderableType]:
    """Yield the explanation and the listing of a trace."""
    yield Text(explain(trace).sentence)
    yield from actions(trace)


def actions(trace: Trace) -> Iterator[RenderableType]:
    """Yield the listing of a trace."""
    for line in listing(trace):
        yield Hanging(Text(f"  {line}", style="bold" if line.startswith(">") else ""), 2 + description(line))


@dataclass(frozen=True)
class Hanging:
    """A line whose continuation lines are indented."""

    line: Text
    indentation: int

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> Iterator[RenderableType]:
        """Yield the line, or its parts below each other; in a very narrow terminal, indented less."""
        indentation = min(self.indentation, options.max_width // 2)
        if options.no_wrap or cell_len(self.line.plain) <= options.max_width:
            yield self.line
            return
        head, rest = self.line.divide([indentation])
        first, *others = rest.wrap(console, options.max_width - indentation)
        yield head + first
        for other in others:
            yield Text(" " * indentation) + other
