"""The results of ``bac prove`` as tables and JSON: games, obligations and the sweep over graphs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from bac.proofs.theorem.games.arenas import GAINS, Assumption
from bac.proofs.theorem.games.board import Player
from bac.proofs.theorem.games.game import Outcome
from bac.proofs.theorem.games.recipe import recipe
from bac.proofs.theorem.graphs.graph import INDEPENDENT_BACKUPS, LOCKED, ORDER, SHARED
from bac.proofs.theorem.graphs.sweep import SweepResult
from bac.proofs.theorem.unbounded.solvers import TheoremResult

STATEMENTS = {
    INDEPENDENT_BACKUPS: "independent backups are inconsistent if and only if there is a reference",
    ORDER: "an order of backups avoids broken links if and only if the references have no cycle",
    LOCKED: "a lock around every component restores consistency, and costs availability",
    SHARED: "a shared database around every component restores all three",
}


def plain_table(*headings: str) -> Table:
    """Return a table without lines."""
    table = Table(box=None, pad_edge=False, header_style="bold", padding=(0, 3, 0, 0))
    for heading in headings:
        table.add_column(heading, overflow="fold")
    return table


def impossibility_json(outcomes: Sequence[Outcome]) -> dict[str, Any]:
    """Return the games as a JSON document (``bac-impossibility``, version 1)."""
    return {"format": "bac-impossibility", "version": 1, "games": [_game(outcome) for outcome in outcomes]}


def _game(outcome: Outcome) -> dict[str, Any]:
    document: dict[str, Any] = {"architecture": outcome.architecture, "level": str(outcome.level)}
    if outcome.dropped:
        document["dropped"] = sorted(map(str, outcome.dropped))
    document["winner"] = "unknown" if outcome.game is None else str(outcome.game.winner)
    if outcome.game is not None:
        document |= {"positions": outcome.game.positions, "strategy": recipe(outcome.game)}
    if outcome.ways_out is not None:
        document["minimal_drops"] = [sorted(map(str, way.dropped)) for way in outcome.ways_out]
        document["policies"] = [recipe(way) for way in outcome.ways_out]
    if outcome.limit is not None:
        document["limit"] = outcome.limit
    return document


def impossibility_text(outcomes: Sequence[Outcome]) -> RenderableType:
    """Return the games as a table, each with its strategy in words, and what dropping each assumption means."""
    rows = plain_table("architecture", "level", "winner", "a policy wins if one of these is dropped")
    for outcome in outcomes:
        winner = Text("unknown", style="yellow") if outcome.game is None else Text(outcome.game.winner)
        rows.add_row(Text(outcome.architecture), Text(outcome.level), winner, Text(ways_out(outcome)))
    parts: list[RenderableType] = [rows, Text()]
    for outcome in outcomes:
        if outcome.game is not None:
            whose = "policy" if outcome.game.winner is Player.POLICY else "clients"
            heading = Text(f"{outcome.architecture}, {outcome.level}, the {whose}: ", style="bold")
            parts.append(heading.append(recipe(outcome.game), style="not bold"))
            parts += [
                Text(f"  without {' and '.join(sorted(way.dropped))}, the policy: {recipe(way)}")
                for way in outcome.ways_out or ()
                if way.dropped
            ]
    gains = plain_table("assumption", "what a policy may do where it is dropped")
    for assumption in Assumption:
        gains.add_row(Text(assumption), Text(GAINS[assumption]))
    return Group(*parts, Text(), gains)


def ways_out(outcome: Outcome) -> str:
    """Return the minimal sets of assumptions to drop, in words."""
    if outcome.limit is not None:
        return f"unknown: {outcome.limit}"
    if outcome.ways_out is None:
        return f"(dropped: {', '.join(sorted(outcome.dropped))})"
    if any(not way.dropped for way in outcome.ways_out):
        return "none needs to be"
    return "; ".join(" + ".join(sorted(way.dropped)) for way in outcome.ways_out) or "no dropping helps"


def graphs_text(result: SweepResult) -> RenderableType:
    """Return how many graphs were checked, and every statement that was not confirmed."""
    done = len(result.results)
    parts: list[RenderableType] = [Text(f"{done:,} of {result.graphs:,} graphs on up to {result.services} services")]
    if result.stopped is not None:
        parts.append(Text(f"stopped: {result.stopped}", style="yellow"))
    which = "every graph" if result.stopped is None else f"{done:,} graph{'s' * (done != 1)}, the others are unknown"
    for statement, words in STATEMENTS.items():
        wrong = [exception for exception in result.exceptions if exception.statement == statement]
        verdict = Text(f"confirmed on {which}", style="green") if not wrong else Text("EXCEPTIONS", style="bold red")
        parts.append(Text(f"  {words}: ").append_text(verdict if done else Text("unknown")))
        parts += [Text(f"    {exception.graph}: {exception.found}") for exception in wrong]
    return Group(*parts)


def unbounded_text(results: Sequence[TheoremResult], examples: bool) -> RenderableType:
    """Return each theorem with the answers of both solvers; on request the examples of satisfiable obligations."""
    parts: list[RenderableType] = []
    for result in results:
        parts += [
            Text(f"{result.theorem.name}: ", style="bold").append_text(judgement(result)),
            Text(result.theorem.statement),
        ]
        table = plain_table("obligation", "expected", "z3", "cvc5", "seconds")
        for outcome in result.outcomes:
            style = "" if outcome.confirmed else "bold red"
            row = (
                outcome.obligation.name,
                outcome.obligation.expected,
                outcome.z3,
                outcome.cvc5,
                f"{outcome.seconds:.2f}",
            )
            table.add_row(*(Text(cell, style=style) for cell in row))
        parts.append(table)
        if examples:
            for outcome in result.outcomes:
                parts += [Text(f"  {outcome.obligation.name}: {outcome.obligation.explanation}")] * bool(
                    outcome.example
                )
                parts += [Text(f"    {line}") for line in outcome.example]
        parts.append(Text())
    return Group(*parts)


def judgement(result: TheoremResult) -> Text:
    """Return whether a theorem is proved, or why that is unknown."""
    if result.proved:
        return Text("proved", style="green")
    if result.limit is not None and not result.contradicted:
        return Text(f"unknown: {result.limit}", style="yellow")
    return Text("NOT PROVED", style="bold red")
