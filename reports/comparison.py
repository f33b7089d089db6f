"""All plans of a specification side by side, as a table with remarks."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rich.console import RenderableType
from rich.text import Text

from bac.model.errors import listed, quoted
from bac.proofs.results import PlanResult, PropertyResult, Verdict
from bac.properties.anomalies import AnomalyKind
from bac.properties.qualities import Property
from bac.reports.checked import STYLE, Checked
from bac.reports.fitting import Column, Stacked

SYMBOL = {Verdict.HOLDS: "✓", Verdict.VIOLATED: "✗", Verdict.UNKNOWN: "?"}
LETTER = {Property.BACKUP: "B", Property.AVAILABILITY: "A", Property.CONSISTENCY: "C"}
HEADING = {
    AnomalyKind.BROKEN_LINK: "broken\nlinks",
    AnomalyKind.ORPHAN_STATE: "orphans",
    AnomalyKind.MISSING_STATE: "missing\nstate",
}
"""The kinds of anomalies that always have a column; others have one if they occur."""


def comparison(results: Sequence[PlanResult], more: Sequence[Column] = ()) -> RenderableType:
    """Return a table of the plans, with B, A, C, how many anomalies of each kind there are, and ``more`` columns."""
    return Stacked(Column("plan", [Text(result.plan) for result in results]), [*columns_of(results), *more])


def as_expected(checked: Checked) -> Iterator[Column]:
    """Yield a column that says which plans are as expected, if something is expected of any."""
    if checked.expected:
        yield Column("as\nexpected", [met(checked, result) for result in checked.results], "center")


def met(checked: Checked, result: PlanResult) -> Text:
    """Return whether a plan is as expected, ``–`` if nothing is expected of it."""
    if result.plan not in checked.expected:
        return Text("–", style="dim")
    mismatches = checked.judged(result)
    if any(not each.unknown for each in mismatches):
        return Text("no", style="bold red")
    return Text("?", style="yellow") if mismatches else Text("yes", style="green")


def columns_of(results: Sequence[PlanResult]) -> list[Column]:
    """Return the columns of the table, without the names of the plans."""
    asked = [which for which in Property if any(which in result.properties for result in results)]
    columns = [
        Column(LETTER[which], [symbol(result.properties.get(which)) for result in results], "center")
        for which in LETTER
        if which in asked
    ]
    if Property.CONSISTENCY in asked:
        found = [result.properties[Property.CONSISTENCY] for result in results]
        columns += [
            Column(heading(kind), [counted(each, kind) for each in found], "right")
            for kind in AnomalyKind
            if kind in HEADING or any(occurs(each, kind) for each in found)
        ]
    if Property.NO_EXTRA_LOSS in asked:
        lost = [loss(result.properties[Property.NO_EXTRA_LOSS]) for result in results]
        columns.append(Column("extra\nloss", lost, "right"))
    return columns


def symbol(result: PropertyResult | None) -> Text:
    """Return a tick, a cross, or a question mark."""
    if result is None:
        return Text("")
    return Text(SYMBOL[result.verdict] + "*" * result.vacuous, style=STYLE[result.verdict])


def heading(kind: AnomalyKind) -> str:
    """Return the heading of the column of a kind of anomaly."""
    return HEADING.get(kind, kind.replace("-", "\n"))


def occurs(result: PropertyResult, kind: AnomalyKind) -> bool:
    """Whether there are anomalies of a kind, tolerated ones included."""
    return any(anomaly.kind is kind for anomaly in (*result.anomalies, *result.tolerated))


def counted(result: PropertyResult, kind: AnomalyKind) -> Text:
    """Return how many links, entities or events can go wrong in one way; tolerated ones in parentheses."""
    violating = sum(anomaly.kind is kind for anomaly in result.anomalies)
    tolerated = sum(anomaly.kind is kind for anomaly in result.tolerated)
    more = "" if result.complete else "+"
    plain = f"{violating}{more}" if violating else ("–" if result.complete else "?")
    cell = Text(plain, style="red" if violating else "dim")
    return cell.append(f" ({tolerated})", style="dim") if tolerated else cell


def loss(result: PropertyResult) -> Text:
    """Whether recovery loses what was backed up."""
    words = {Verdict.HOLDS: ("–", "dim"), Verdict.VIOLATED: ("yes", "red"), Verdict.UNKNOWN: ("?", "yellow")}
    word, style = words[result.verdict]
    return Text(word + "*" * result.vacuous, style=style)


def remarks(results: Sequence[PlanResult]) -> Iterator[Text]:
    """Yield remarks on the table: what its marks mean, and which limits were reached."""
    found = [result for plan in results for result in plan.properties.values()]
    if any(result.tolerated for result in found):
        yield Text("(n): tolerated; not counted against consistency", style="dim")
    yield from vacuous(results)
    for (properties, reason), plans in unfinished(results).items():
        which = "every plan" if len(plans) == len(results) > 1 else ", ".join(map(as_entry, plans))
        yield Text(f"{which}: {properties}{reason}", style="yellow")


def as_entry(name: str) -> str:
    """Return the name of a plan as an entry of a list."""
    return quoted(name) if "," in name else name


def unfinished(results: Sequence[PlanResult]) -> dict[tuple[str, str], list[str]]:
    """Return the plans that a limit left unfinished, by the properties that are concerned and the reason."""
    found: dict[tuple[str, str], list[str]] = {}
    for plan in results:
        concerned: dict[str, list[str]] = {}
        for result in plan.properties.values():
            if not result.complete:
                concerned.setdefault(result.reason or "", []).append(str(result.property))
        for reason, names in concerned.items():
            properties = "unknown: " if len(names) == len(plan.properties) else f"{', '.join(names)}: "
            found.setdefault((properties, reason), []).append(plan.plan)
    return found


def vacuous(results: Sequence[PlanResult]) -> Iterator[Text]:
    """Say why verdicts hold vacuously, and of which plans if there are several reasons."""
    reasons: dict[str | None, dict[str, None]] = {}
    for plan in results:
        for result in plan.properties.values():
            if result.vacuous:
                reasons.setdefault(result.reason, {})[plan.plan] = None
    for reason, plans in reasons.items():
        of = f" of {listed(list(plans))}" if len(reasons) > 1 else ""
        yield Text(f"*{of}: holds vacuously, {reason}", style="yellow")
