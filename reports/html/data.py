"""The transition systems and anomalies of a specification as plain JSON, for the interpreter in the page.

There is no second semantics: the page has the same facts and actions that the engines explore, and the same formulas.
Equal facts, labels, actions and formulas of all plans are written once and referred to by number.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Sequence
from dataclasses import replace
from itertools import product
from typing import Any, Generic, TypeVar

from bac.model.architecture import Architecture
from bac.model.errors import BacError
from bac.model.plan import Plan
from bac.model.semantics import system
from bac.model.system import Action, Event, Fact, Label, System
from bac.model.trace import Claim, Trace
from bac.properties.anomalies import anomalies
from bac.properties.formula import And, Atom, Formula, Not, Or
from bac.properties.words import action_in_words

SWITCHES = ("replay", "resume", "undo")
"""The options of recovery that the page can switch."""
NOT, AND, OR = 0, 1, 2
"""How a formula begins that is not a fact."""
MOST_ACTIONS = 3_000
"""The most actions of a system that is embedded."""

T = TypeVar("T", bound=Hashable)


class Pool(Generic[T]):
    """Numbers for different things, in the order in which they come first."""

    def __init__(self) -> None:
        """Begin without any."""
        self.numbers: dict[T, int] = {}

    def number(self, thing: T) -> int:
        """Return the number of a thing, from 0."""
        return self.numbers.setdefault(thing, len(self.numbers))

    def all(self, things: Sequence[T] | frozenset[T]) -> list[int]:
        """Return the numbers of several things; those of a set in ascending order."""
        numbers = [self.number(thing) for thing in (sorted(things) if isinstance(things, frozenset) else things)]  # type: ignore[type-var]
        return sorted(numbers) if isinstance(things, frozenset) else numbers


class Data:
    """Collects what the page needs of an architecture under several plans."""

    def __init__(self, architecture: Architecture) -> None:
        """Begin without a plan."""
        self.architecture = architecture
        self.facts, self.labels, self.actions = Pool[Fact](), Pool[Label](), Pool[Action]()
        self.formulas = Pool[Formula]()
        self.words: dict[Label, str] = {}

    def plan(self, plan: Plan) -> dict[str, Any]:
        """Return a plan: for each combination of switched options its system, and what can go wrong in it.

        A combination is named by the options that are on, such as ``"replay resume"``.
        """
        found = {}
        for values in product((False, True), repeat=len(SWITCHES)):
            options = dict(zip(SWITCHES, values, strict=True))
            variant = replace(plan, recovery=replace(plan.recovery, **options))  # type: ignore[arg-type]
            name = " ".join(each for each in SWITCHES if options[each])
            if (embedded := self.variant(variant)) is not None:
                found[name] = embedded
        own = " ".join(each for each in SWITCHES if getattr(plan.recovery, each))
        return {"own": own, "variants": found}

    def variant(self, plan: Plan) -> dict[str, Any] | None:
        """Return the system of a plan and its anomalies; nothing if it cannot be built, or is too large."""
        try:
            built = system(self.architecture, plan, 1)
        except BacError:
            return None
        if len(built.actions) > MOST_ACTIONS:
            return None
        empty = Trace(self.architecture, plan, 1, Claim("run"), (), _system=built)
        for action in built.actions:
            if action.label not in self.words:
                self.words[action.label] = " ".join(action_in_words(empty, action.label).split())
        wrong = anomalies(self.architecture, plan, 1)
        return {
            "actions": self.actions.all(built.actions),
            "anomalies": [
                [str(each.kind), each.subject, str(each.blame), self.formulas.number(each.formula)] for each in wrong
            ],
        }

    def document(self) -> dict[str, Any]:
        """Return everything that was collected."""
        actions = [self.action(each) for each in self.actions.numbers]
        formulas = [self.formula(each) for each in self.formulas.numbers]
        return {
            "actions": actions,
            "formulas": formulas,
            "labels": [self.label(each) for each in self.labels.numbers],
            "facts": [self.fact(each) for each in self.facts.numbers],
        }

    def action(self, action: Action) -> list[Any]:
        """Return an action: its label, what it requires and forbids, its clauses, and what it adds, deletes, copies."""
        clauses = [[self.facts.all(each.positive), self.facts.all(each.negative)] for each in action.clauses]
        copies = [[self.facts.number(source), self.facts.number(target)] for source, target in action.copy]
        sets = [self.facts.all(each) for each in (action.require, action.forbid)]
        effects = [self.facts.all(each) for each in (action.add, action.delete)]
        return [self.labels.number(action.label), *sets, clauses, *effects, copies]

    def formula(self, formula: Formula) -> Any:
        """Return a formula: the number of a fact, or an array that begins with an operator."""
        match formula:
            case Atom(fact):
                return self.facts.number(fact)
            case Not(part):
                return [NOT, self.formula(part)]
            case And(parts):
                return [AND, *map(self.formula, parts)]
            case Or(parts):
                return [OR, *map(self.formula, parts)]

    def fact(self, fact: Fact) -> list[Any]:
        """Return a fact: its kind, its events and its services."""
        return [str(fact.kind), [*map(event, fact.events)], list(fact.services)]

    def label(self, label: Label) -> dict[str, Any]:
        """Return a label as trace files have it, with its words."""
        found: dict[str, Any] = {"kind": str(label.kind), "words": self.words[label]}
        if label.events:
            found["events"] = [*map(event, label.events)]
        if label.services or label.restored:
            found |= {"services": list(label.services), "restored": list(label.restored)}
        if label.at_rest:
            found["at_rest"] = True
        return found


def event(each: Event) -> list[Any]:
    """Return an event: its use case, step and index."""
    return [each.use_case, each.step, each.index]


def embedded(system_: System, formulas: Sequence[Formula]) -> dict[str, Any]:
    """Return one system and formulas alone, as the page has them."""
    data = Data.__new__(Data)
    data.facts, data.labels, data.actions, data.formulas = Pool[Fact](), Pool[Label](), Pool[Action](), Pool[Formula]()
    data.words = {action.label: "" for action in system_.actions}
    numbers = data.actions.all(system_.actions)
    wanted = [data.formulas.number(each) for each in formulas]
    return {**data.document(), "system": numbers, "wanted": wanted}


def labels_of(trace: Trace, data: Data) -> Iterator[int]:
    """Yield the numbers of the labels of a trace."""
    yield from (data.labels.number(label) for label in trace.actions)
