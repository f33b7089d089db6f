"""All plans of a specification side by side, as a table with remarks."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rich.console import RenderableType
from rich.text import Text

from bac.model.names import listed
from bac.proofs.results import PlanResult, PropertyResult, Verdict
from bac.properties.anomalies import AnomalyKind
from bac.properties.qualities import Property
from bac.reports.checked import STYLE
from bac.reports.fitting import Column, Stacked

SYMBOL = {Verdict.HOLDS: "✓", Verdict.VIOLATED: "✗", Verdict.UNKNOWN: "?"}
LETTER = {Property.BACKUP: "B", Property.AVAILABILITY: "A", Property.CONSISTENCY: "C"}
HEADING = {
    AnomalyKind.BROKEN_LINK: "broken\nlinks",
    AnomalyKind.ORPHAN_STATE: "orphans",
    AnomalyKind.MISSING_STATE: "missing\nstate",
}


def comparison(results: Sequence[PlanResult]) -> RenderableType:
    """All plans: one row each, with B, A, C, and how many anomalies of each kind there are."""
    asked = [which for which in Property if any(which in result.properties for result in results)]
    columns = [
        Column(LETTER[which], [symbol(result.properties.get(which)) for result in results], "center")
        for which in LETTER
        if which in asked
    ]
    if Property.CONSISTENCY in asked:
        rows = [counts(result.properties[Property.CONSISTENCY]) for result in results]
        columns += [
            Column(HEADING.get(kind, str(kind)), [row[number] for row in rows], "right")
            for number, kind in enumerate(AnomalyKind)
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


def remarks(results: Sequence[PlanResult]) -> Iterator[Text]:
    """What the comparison table cannot show: what its marks mean, and which limits were reached."""
    found = [result for plan in results for result in plan.properties.values()]
    if any(result.tolerated for result in found):
        yield Text("(n): tolerated; not counted against consistency", style="dim")
    yield from vacuous(results)
    for plan in results:
        unfinished = [result for result in plan.properties.values() if not result.complete]
        for reason in dict.fromkeys(result.reason for result in unfinished):
            names = [str(result.property) for result in unfinished if result.reason == reason]
            everything = len(names) == len(plan.properties)
            yield Text(f"{plan.plan}: {'' if everything else ', '.join(names) + ': '}{reason}", style="yellow")


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
