"""The page: tables and pictures that need no script, and the data and scripts that make it a model to play with.

Source: W3C, "Web Content Accessibility Guidelines 2.2"; without a framework, so that the file can be kept for years.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from importlib.resources import files
from typing import Any

from bac import __version__
from bac.figures.canvas import FigureError
from bac.figures.events.layout import draw
from bac.figures.graph.architecture import draw_architecture
from bac.figures.svg import svg
from bac.model.architecture import Link
from bac.model.plan import Plan, Timing
from bac.model.system import Event
from bac.model.trace import Trace
from bac.proofs.results import AnomalyResult, PlanResult, PropertyResult, Verdict
from bac.properties.anomalies import AnomalyKind
from bac.properties.explanation import explain
from bac.properties.qualities import Property
from bac.properties.words import action_in_words
from bac.reports.checked import Checked, View
from bac.reports.html.data import Data, event

MOST_SHOWN = 50
"""The most anomalies in a report; the worst plans come first."""
MOST_BYTES = 380_000
"""The most bytes of a page: first of its texts and data, then of graphs, and then of as many pictures as fit."""
LEAST_PICTURE = 4_000
"""Pictures take at least so many bytes."""
MOST_GRAPHS = 60_000
"""The most bytes of graphs of the architecture in the page."""
MOST_DATA = 200_000
"""The most bytes of transition systems in the page; of larger architectures it has none."""
LETTERS = {
    Property.BACKUP: ("B", "backup"),
    Property.AVAILABILITY: ("A", "availability"),
    Property.CONSISTENCY: ("C", "consistency"),
    Property.NO_EXTRA_LOSS: ("N", "no extra loss"),
}
"""A letter and the words of each property."""
SIGNS = {Verdict.HOLDS: "✓", Verdict.VIOLATED: "✗", Verdict.UNKNOWN: "?"}
ASSETS = ("page.css", "interpreter.js", "page.js")
"""The files of this folder that are part of a page."""


@dataclass(frozen=True)
class Item:
    """One thing that is wrong under a plan: its kind and subject, its run, and the rest that is shown of it."""

    plan: str
    kind: str
    subject: str
    sentence: str
    trace: Trace
    cause: str = ""
    tolerated: bool = False
    timings: tuple[str, ...] = ()
    helps: str = ""


def asset(name: str) -> str:
    """Return the text of a file of this folder."""
    return (files("bac.reports.html") / name).read_text(encoding="utf-8")


def render(checked: Sequence[Checked], view: View, several: bool) -> str:
    """Return the results as a page, those of several specifications one after the other.

    Args:
        checked: the specifications with their results.
        view: what of these is shown.
        several: whether several files were asked for; only a single one can be played with.
    """
    pages = [Page(each, view) for each in checked]
    alone = len(pages) == 1 and not several
    data = pages[0].data() if alone else None
    style, scripts = f"<style>\n{asset('page.css')}</style>", ""
    if data is not None:
        scripts = f'<script type="application/json" id="data">{as_script(data)}</script>\n'
        scripts += "".join(f"<script>\n{asset(name)}</script>\n" for name in ASSETS if name.endswith(".js"))
    room = (MOST_BYTES - size_of(style + scripts)) // len(pages)
    body = "\n".join(page.body(alone, room) for page in pages)
    return document(pages[0].name if alone else "bac", style, body, scripts)


def render_with_assets(checked: Checked, view: View, folder: str) -> dict[str, str]:
    """Return the page and its other files by their names, for servers that forbid scripts in the page.

    Args:
        checked: the specification with its results.
        view: what of these is shown.
        folder: the address of the other files, relative to the page.
    """
    page = Page(checked, view)
    data = page.data()
    style = f'<link rel="stylesheet" href="{escape(folder)}/page.css">'
    names = [] if data is None else ["data.js", *(name for name in ASSETS if name.endswith(".js"))]
    scripts = "".join(f'<script src="{escape(folder)}/{name}"></script>\n' for name in names)
    result = {"": document(page.name, style, page.body(True, MOST_BYTES), scripts), "page.css": asset("page.css")}
    if data is not None:
        result |= {name: asset(name) for name in names if name != "data.js"}
        result["data.js"] = f"window.BAC_DATA = {as_script(data)};\n"
    return result


def document(title: str, style: str, body: str, scripts: str) -> str:
    """Return the whole page."""
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{escape(title)}: backup, availability, consistency</title>\n{style}\n</head>\n"
        f"<body>\n{body}\n<footer>Made by bac {__version__}.</footer>\n{scripts}</body>\n</html>\n"
    )


def size_of(text: str) -> int:
    """Return the size of a text in bytes."""
    return len(text.encode())


def as_script(data: object) -> str:
    """Return data as JSON that can stand in a script."""
    return json.dumps(data, separators=(",", ":"), ensure_ascii=False).replace("<", "\\u003c")


class Page:
    """The parts of the page about one specification."""

    def __init__(self, checked: Checked, view: View) -> None:
        """Collect what is wrong, the plans with most of it first."""
        self.checked, self.view = checked, view
        self.architecture, self.name = checked.architecture, checked.architecture.name
        self.plans: dict[str, Plan] = {plan.name: plan for plan in checked.specification.plans}
        shown = [(result, list(self.items(result))) for result in checked.results]
        self.total = sum(len(items) for _, items in shown)
        self.shown: dict[str, list[Item]] = {}
        left = MOST_SHOWN if view.top is None else view.top
        for result, items in sorted(shown, key=lambda each: -each[0].verdict.rank):
            self.shown[result.plan] = items[: max(0, left)]
            left -= len(items)

    def items(self, result: PlanResult) -> Iterator[Item]:
        """Yield what is wrong under a plan: violations first."""
        narrowed = self.view.narrowed(result, self.architecture)
        for which, each in narrowed.properties.items():
            if each.trace is not None and not self.view.selective:
                helps = "" if each.advice is None else str(each.advice)
                yield Item(result.plan, str(which), "", explain(each.trace).sentence, each.trace, helps=helps)
        for each in narrowed.properties.values():
            yield from (self.item(result.plan, anomaly) for anomaly in (*each.anomalies, *each.tolerated))

    def item(self, plan: str, anomaly: AnomalyResult) -> Item:
        """Return what is shown of an anomaly."""
        trace = self.view.run(anomaly)
        return Item(
            plan,
            str(anomaly.kind),
            self.architecture.named(anomaly.subject),
            explain(trace).sentence,
            trace,
            str(anomaly.cause),
            anomaly.tolerated,
            tuple(map(str, anomaly.traces)),
            "" if anomaly.advice is None else str(anomaly.advice),
        )

    # The parts of the page

    def body(self, alone: bool, room: int) -> str:
        """Return the content in so many bytes, as far as pictures can be left out.

        Args:
            alone: whether it is the only one, so that it can be played with.
            room: the bytes.
        """
        head = [
            f"<header><h1>{escape(self.name)}</h1>\n<p>{escape(self.summary)}</p></header>",
            "<main>",
            self.matrix(),
        ]
        player = ['<section id="player" hidden><h2>Play with a run</h2></section>'] if alone else []
        graphs = self.graphs(min(MOST_GRAPHS, room - size_of(self.list({}))))
        room -= size_of("".join([*head, self.list({}), graphs]))
        return "\n".join([*head, self.list(self.pictures(room)), *player, graphs, "</main>"])

    def pictures(self, room: int) -> dict[int, str]:
        """Return diagrams of runs by the number of their anomaly: of the first of each plan, then of others."""
        first: list[tuple[int, Item]] = []
        others: list[tuple[int, Item]] = []
        number = 0
        for items in self.shown.values():
            for place, item in enumerate(items):
                (others if place else first).append((number, item))
                number += 1
        found = {}
        for number, item in (*first, *others):
            if room < LEAST_PICTURE:
                break
            picture = self.picture(item, number)
            if size_of(picture) <= room:
                room -= size_of(picture)
                found[number] = picture
        return found

    @property
    def summary(self) -> str:
        """The subject of the page in a sentence."""
        results = self.checked.results
        bad = sum(result.verdict is Verdict.VIOLATED for result in results)
        instances = results[0].instances if results else 1
        plans = f"{counted(len(results), 'plan')}, {bad} with violations"
        return f"{plans}; {counted(instances, 'instance')} of every use case"

    def matrix(self) -> str:
        """Return the table that compares the plans."""
        kinds = [kind for kind in AnomalyKind if any(self.count(result, kind) for result in self.checked.results)]
        heads = [f'<th scope="col"><abbr title="{words}">{letter}</abbr></th>' for letter, words in LETTERS.values()]
        heads += [f'<th scope="col" class="number">{escape(words_of(kind))}</th>' for kind in kinds]
        rows = []
        for number, result in enumerate(self.checked.results):
            cells = [self.verdict_cell(result.properties.get(which)) for which in LETTERS]
            counts = [self.count(result, kind) for kind in kinds]
            cells += [f'<td class="number">{count or "–"}</td>' for count in counts]
            link = f'<a href="#plan-{number}">{escape(result.plan)}</a>'
            rows.append(f'<tr data-plan="{escape(result.plan)}"><th scope="row">{link}</th>{"".join(cells)}</tr>')
        return (
            '<section id="plans"><h2>Plans</h2>\n<div class="scroll"><table id="matrix">\n'
            f'<thead><tr><th scope="col">Plan</th>{"".join(heads)}</tr></thead>\n'
            f"<tbody>\n{chr(10).join(rows)}\n</tbody></table></div>\n"
            '<p class="note">✓ holds, ✗ violated, ? unknown, – not asked or none; '
            "the numbers count what can go wrong.</p>\n"
            '<div id="comparison"></div></section>'
        )

    def verdict_cell(self, result: PropertyResult | None) -> str:
        """Return the cell of a verdict."""
        if result is None:
            return "<td>–</td>"
        reason = "" if result.reason is None else f" title={quoted_attribute(result.reason)}"
        words = f'<span class="words">{result.verdict}</span>'
        mark = "°" if result.vacuous else ""
        sign = f'<span aria-hidden="true">{SIGNS[result.verdict]}{mark}</span>'
        return f'<td class="{result.verdict}"{reason}>{sign}{words}</td>'

    def count(self, result: PlanResult, kind: AnomalyKind) -> int:
        """Return how many anomalies of a kind violate consistency under a plan."""
        each = result.properties.get(Property.CONSISTENCY)
        return 0 if each is None else sum(anomaly.kind is kind for anomaly in each.anomalies)

    def list(self, pictures: Mapping[int, str]) -> str:
        """Return what can go wrong, plan by plan, with some pictures by the numbers of the anomalies."""
        parts = ['<section id="anomalies"><h2>What can go wrong</h2>', '<div id="filters"></div>']
        numbers = {result.plan: number for number, result in enumerate(self.checked.results)}
        index = 0
        for plan, items in self.shown.items():
            parts.append(f'<article id="plan-{numbers[plan]}"><h3>{escape(plan)}</h3>')
            if not items:
                parts.append("<p>Nothing is shown.</p>" if self.wrong(plan) else "<p>Nothing.</p>")
            for item in items:
                parts.append(self.details(item, index, pictures.get(index, "")))
                index += 1
            parts.append("</article>")
        if index < self.total:
            rest = "bac check --plan NAME shows the others"
            parts.append(f'<p class="note">{index} of {self.total} are shown; {rest}.</p>')
        return "\n".join([*parts, "</section>"])

    def wrong(self, plan: str) -> bool:
        """Whether something is wrong under a plan."""
        return next(result.verdict for result in self.checked.results if result.plan == plan) is Verdict.VIOLATED

    def details(self, item: Item, index: int, picture: str) -> str:
        """Return one anomaly, or another violation."""
        services = {service for log in item.trace.logs.values() for service in [log.service] if log.live}
        attributes = {
            "kind": item.kind,
            "cause": item.cause,
            "tolerated": str(item.tolerated).lower(),
            "timing": " ".join(item.timings),
            "services": "|".join(sorted(services)),
            "number": str(index),
        }
        data = "".join(f" data-{key}={quoted_attribute(value)}" for key, value in attributes.items())
        extra = [f"{len(item.trace.actions)} actions", *([f"cause: {item.cause}"] if item.cause else [])]
        extra += ["tolerated"] if item.tolerated else []
        helps = f'<p class="helps"><b>Helps:</b> {escape(item.helps)}</p>' if item.helps else ""
        lines = [f"<li>{escape(line)}</li>" for line in self.numbered(item.trace)]
        subject = escape(item.subject.replace("->", "→"))
        return (
            f'<details class="anomaly"{data}><summary><b>{escape(words_of(item.kind))}</b> {subject}'
            f' <span class="note">{escape(", ".join(extra))}</span></summary>\n'
            f"<p>{escape(item.sentence)}</p>\n{helps}{picture}\n"
            f'<ol class="run">{"".join(lines)}</ol></details>'
        )

    def numbered(self, trace: Trace) -> Iterator[str]:
        """Yield the actions of a run, each with the entries that it adds and the line that it comes from."""
        culprit = explain(trace).action
        for number, label in enumerate(trace.actions, 1):
            text = " ".join(f"{label.kind} {action_in_words(trace, label)}".split())
            entries = ", ".join(entry.name for entry in trace.appended(number))
            line = self.line_of(label.events[0].use_case, label.events[0].step) if label.events else 0
            yield "".join(
                ["⚠ " * (number == culprit), text, f" → {entries}" * bool(entries), f" (line {line})" * bool(line)]
            )

    def picture(self, item: Item, number: int) -> str:
        """Return the diagram of a run; nothing if there is none."""
        try:
            return f'<div class="picture">{inline(svg(draw(item.trace)), f"p{number}")}</div>'
        except FigureError:
            return ""

    def broken(self, result: PlanResult) -> set[tuple[str, str]]:
        """Return the links that can break under a plan, as the names of holder and target."""
        each = result.properties.get(Property.CONSISTENCY)
        found = (
            {anomaly.subject for anomaly in each.anomalies if anomaly.kind is AnomalyKind.BROKEN_LINK}
            if each
            else set()
        )
        return {(link.holder.name, link.target.name) for link in self.architecture.links if str(link) in found}

    def graphs(self, room: int) -> str:
        """Return the architecture, with the groups of each plan that looks different, in so many bytes."""
        parts = ['<section id="architecture"><h2>Architecture</h2>']
        seen: dict[str, str] = {}
        for number, result in enumerate(self.checked.results):
            plan = self.plans.get(result.plan)
            drawing = svg(draw_architecture(self.architecture, plan, broken=self.broken(result)))
            key = re.sub(r"<title.*?</title>|<desc.*?</desc>", "", drawing, flags=re.DOTALL)
            if key in seen or size_of(drawing) > room:
                continue
            room -= size_of(drawing)
            seen[key] = result.plan
            picture = inline(drawing, f"g{number}")
            parts.append(
                f'<figure data-plan="{escape(result.plan)}"><figcaption>Plan {escape(result.plan)}</figcaption>'
                f'<div class="picture">{picture}</div></figure>'
            )
        if len(parts) == 1:
            parts.append('<p class="note">It is too large for this page: use bac figure --architecture.</p>')
        return "\n".join([*parts, "</section>"])

    # The data

    def data(self) -> dict[str, Any] | None:
        """Return what the scripts need; nothing for more than one instance, or if it would be too large."""
        if any(result.instances != 1 for result in self.checked.results):
            return None
        collected = Data(self.architecture)
        plans = {}
        for result in self.checked.results:
            plans[result.plan] = collected.plan(self.plans[result.plan])
            if not plans[result.plan]["variants"]:
                return None
        items = [item for items in self.shown.values() for item in items]
        if not all(label in collected.words for item in items for label in item.trace.actions):
            return None  # the runs are those of parts of the architecture
        runs = [
            {"plan": item.plan, "labels": collected.labels.all(item.trace.actions), "claim": claim_of(item.trace)}
            for item in items
        ]
        steps = {
            f"{case.name}.{step.number}": [step.service, str(step), self.line_of(case.name, step.number)]
            for case, step in self.architecture.steps()
        }
        from bac.model.specification.writer import dump

        data = {
            **collected.document(),
            "name": self.name,
            "services": [service.name for service in self.architecture.services],
            "replicated": {
                name: [s.name for s in self.architecture.services if plan.mode_of(s.name).replicated]
                for name, plan in self.plans.items()
            },
            "steps": steps,
            "links": [[*map(event, self.ends(link)), str(link)] for link in self.architecture.links],
            "specification": dump(self.architecture, list(self.plans.values())),
            "plans": plans,
            "runs": runs,
        }
        return data if len(as_script(data)) <= MOST_DATA else None

    def ends(self, link: Link) -> tuple[Event, Event]:
        """Return the events, at index 1, that make a link and that create its target."""
        made, created = self.architecture.links[link], self.architecture.creators[link.target]
        return Event(made[0].name, made[1].number, 1), Event(created[0].name, created[1].number, 1)

    def line_of(self, case: str, step: int) -> int:
        """Return the line of a step, 0 if it is not known."""
        found = self.checked.specification.steps.get((case, step))
        return 0 if found is None else found[0].line


def claim_of(trace: Trace) -> dict[str, Any]:
    """Return what a run shows, as trace files have it."""
    claim = trace.claim
    timing = claim.timing if claim.timing is None else str(Timing(claim.timing))
    kind = None if claim.kind is None else str(claim.kind)
    return {
        "property": str(claim.property),
        "kind": kind,
        "subject": claim.subject,
        "timing": timing,
        "culprit": explain(trace).action,
    }


def counted(number: int, noun: str) -> str:
    """Return a number of things."""
    return f"{number:,} {noun}{'s' * (number != 1)}"


def words_of(kind: str) -> str:
    """Return the kind of an anomaly, or a property, in words."""
    return str(kind).replace("-", " ")


def quoted_attribute(value: str) -> str:
    """Return the value of an attribute, in quotation marks."""
    return f'"{escape(value)}"'


def inline(document: str, prefix: str) -> str:
    """Return an SVG document as an element of a page, its identifiers made different from those of others."""
    element = document[document.index("<svg") :]
    element = element.replace('id="title"', f'id="{prefix}t"').replace('id="desc"', f'id="{prefix}d"')
    element = element.replace('aria-labelledby="title desc"', f'aria-labelledby="{prefix}t {prefix}d"')
    return re.sub(r' width="([\d.]+)pt" height="[\d.]+pt"', r' style="width:min(100%,\1pt)"', element, count=1).strip()
