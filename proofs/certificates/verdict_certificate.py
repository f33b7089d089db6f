"""Certificates for the verdicts on plans: for every question a proof that no run shows it, or a run that does.

The questions of a plan are derived here from the definitions of the properties: each anomaly at each timing, each event
that could be lost, each call that a lock could hold back, and each use case that a backup waits for.  The certificate
answers every one of them, and none twice.  Proofs are checked by :mod:`refutation` with the rules of
:mod:`order_rules`, and runs by the interpreter; no engine is involved.

Source: docs/precedence.md, "Certificates".
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from bac.model import documents, trace_file
from bac.model.architecture import Architecture, Step, UseCase
from bac.model.documents import MalformedDocument
from bac.model.errors import printable, quoted
from bac.model.modes import Lock
from bac.model.plan import Plan, Scope, Timing
from bac.model.recovery import Broker
from bac.model.specification.writer import dump
from bac.model.system import ActionKind, Event, Label, System
from bac.model.trace import Claim, Trace
from bac.proofs import replay
from bac.proofs.certificates.order_rules import BEFORE_DISASTER, Clause, NotCovered, OrderRules, Unjustified, insist
from bac.proofs.certificates.refutation import All, Check, Part, Translation
from bac.properties import formula as properties
from bac.properties.anomalies import Blame, anomalies
from bac.properties.formula import FALSE, Formula, satisfied
from bac.properties.qualities import EXTRA_LOSS, Property, backed_up, losses

FORMAT, VERSION = "bac-verdicts", 1
HELD_BACK, WAITED_FOR = "held-back", "waited-for"
"""The kinds of questions about availability and backup: a call that is denied, a use case that is never drained."""
TRUSTED = (
    "the reader of specifications, the definitions of the properties, that the rules for what comes before what say"
    " what docs/semantics.md says, for runs the interpreter, and that a run of a part is one of the whole"
)
"""The trusted base of verdicts with proofs."""


@dataclass(frozen=True, slots=True)
class Question:
    """One thing that a run may show; ``kind`` is ``None`` for a property that is violated by any of its questions."""

    about: Property
    kind: str | None = None
    subject: str | None = None
    blame: Blame | None = None
    timing: Timing | None = None

    def __str__(self) -> str:
        words = (self.about, self.kind, self.subject and quoted(self.subject), self.blame, self.timing)
        return " ".join(map(str, filter(None, words)))

    def to_json(self) -> dict[str, str]:
        """The question as a part of a document."""
        values = zip(QUESTION, (self.about, self.kind, self.subject, self.blame, self.timing), strict=True)
        return {key: str(value) for key, value in values if value is not None}

    def counts(self) -> bool:
        """Whether the property is violated if a run shows it."""
        return self.blame in (None, Blame.BACKUP)


OPTIONS_OF_PARTS = frozenset({"restore", "rollback", "broker", "replay", "resume", "on_invalid"})
"""The options of recovery under which a run may be shown in a part with fewer services (docs/engines.md)."""
AT_REST = "-at-rest"
WORD = re.compile(r"([esu])([0-9]{1,9})(?:#([1-9][0-9]{0,3}))?", re.ASCII)
"""An event, a service or a use case by its number, and an index."""
MOST_SYSTEMS = 64
"""So many systems of parts are kept."""
MOST_STEPS = 100_000
"""Steps that a proof may have; most have fewer than a hundred."""
QUESTION = ("property", "kind", "subject", "blame", "timing")
"""The keys of a question in a document."""


def question(document: Mapping[str, Any]) -> Question:
    """The question in a part of a document that fits the schema."""
    blame, timing = document.get("blame"), document.get("timing")
    return Question(
        Property(str(document["property"])),
        document.get("kind"),
        document.get("subject"),
        None if blame is None else Blame(blame),
        None if timing is None else Timing(timing),
    )


class Questions:
    """The questions about one architecture under one plan.

    Args:
        architecture: the architecture.
        plan: the plan.
    """

    def __init__(self, architecture: Architecture, plan: Plan) -> None:
        """Keep architecture and plan."""
        self.architecture, self.plan = architecture, plan

    @cached_property
    def rules(self) -> OrderRules:
        """The rules for what comes before what.

        Raises:
            NotCovered: they do not cover the plan.
        """
        return OrderRules(self.architecture, self.plan)

    @cached_property
    def timings(self) -> tuple[Timing, ...]:
        """The timings of disasters that the plan allows, the widest first."""
        at_rest = self.plan.disaster.timing is Timing.AT_REST
        return (Timing.AT_REST,) if at_rest else (Timing.ANY_TIME, Timing.AT_REST)

    @cached_property
    def formulas(self) -> dict[Question, Formula]:
        """The formula of the settled states that show it, for each anomaly, and for each event that could be lost."""
        found: dict[Question, list[Formula]] = {}
        for each in anomalies(self.architecture, self.plan, 1):
            for timing in self.timings:
                key = Question(Property.CONSISTENCY, str(each.kind), each.subject, each.blame, timing)
                found.setdefault(key, []).append(each.formula)
        for loss in losses(self.architecture, self.plan, 1):
            subject = f"{loss.event.use_case}.{loss.event.step}"
            found[Question(Property.NO_EXTRA_LOSS, EXTRA_LOSS, subject, timing=self.timings[0])] = [loss.formula]
        return {key: parts[0] if len(parts) == 1 else properties.disjunction(parts) for key, parts in found.items()}

    @cached_property
    def calls(self) -> dict[Question, int]:
        """The calls that a lock could hold back."""
        return {Question(Property.AVAILABILITY, HELD_BACK, self.named(event)): event for event in self.rules.deniable}

    @cached_property
    def pairs(self) -> dict[Question, list[tuple[int, int]]]:
        """The use cases that a lock waits for, each with the pairs of their events there, in both orders."""
        found: dict[Question, list[tuple[int, int]]] = {}
        rules = self.rules
        for event, (case, _) in enumerate(rules.places):
            group = rules.group(rules.service[event])
            if group.mode.lock is not Lock.DRAINED or not (group.holds is None or case.name in group.holds):
                continue
            for other in rules.case_events(event):
                if other != event and rules.group(rules.service[other]) is group:
                    found.setdefault(Question(Property.BACKUP, WAITED_FOR, case.name), []).append((event, other))
        return found

    def named(self, event: int) -> str:
        """The name of the step of an event."""
        case, step = self.rules.places[event]
        return f"{case.name}.{step.number}"

    def of(self, which: Property, violated: bool) -> list[Question]:
        """All questions about a property; where it is violated, one run is enough, but for anomalies.

        Raises:
            NotCovered: the rules do not cover the plan.
        """
        if which is Property.CONSISTENCY or (which is Property.NO_EXTRA_LOSS and not violated):
            return [each for each in self.formulas if each.about is which]
        if violated:
            return [Question(which)]
        if which is Property.AVAILABILITY:
            return list(self.calls)
        if self.rules.newest and self.pairs:
            raise NotCovered("no certificate covers locks in two rounds of backups")
        return [Question(which), *self.pairs]

    # Proofs

    def part(self, asked: Question, translation: Translation) -> Part:
        """The formula that a run must satisfy to show what is asked for.

        Raises:
            NotCovered: it is about facts of which the rules say nothing.
            Unjustified: there is no such question.
        """
        if asked in self.formulas:
            return translation.of(self.formulas[asked])
        insist(asked in self.calls, f"there is no such question: {asked}")
        return All(tuple(self.rules.denial(self.calls[asked])))

    def translation(self) -> Translation:
        """A translation of formulas that has not translated anything yet."""
        return Translation(lambda atom: self.rules.fact(atom.fact))

    def refute(self, asked: Iterable[Question], proof: str) -> None:
        """Check a proof that no run shows what is asked for, at any of these timings.

        Raises:
            Unjustified: it does not prove that.
        """
        try:
            self.check_proof(list(asked), proof)
        except NotCovered as reason:
            raise Unjustified(str(reason)) from None

    def check_proof(self, asked: list[Question], proof: str) -> None:
        """Check a proof; as :meth:`refute`.

        Raises:
            NotCovered: the rules do not cover the plan, or what is asked for.
        """
        timings = [each.timing for each in asked]
        for each in asked:
            insist(replace(each, timing=None) == replace(asked[0], timing=None), "two questions in one")
        if asked[0].about is Property.BACKUP:
            self.confirm_progress(asked[0], proof)
            return
        at_rest, without_disaster = timings == [Timing.AT_REST], timings == [None]

        def clause(name: str, numbers: tuple[int, ...]) -> Clause:
            insist(name != "rest" or at_rest, "the disaster may strike while something is in flight")
            insist(name in BEFORE_DISASTER or not without_disaster, "there need not be a disaster")
            return self.rules.clause(name, numbers)

        translation = self.translation()
        wanted = self.part(asked[0], translation)
        lines = proof.split("; ") if proof else []
        insist(len(lines) <= MOST_STEPS, "the proof has too many steps")
        Check(wanted, translation.disjunctions, clause).check(lines)

    # Backup

    def confirm_progress(self, asked: Question, proof: str) -> None:
        """Check that no lock waits forever for a use case: each step can happen once another one has.

        For each pair of events, in the order of :attr:`pairs`, the proof has the events that can then happen, one after
        the other, whatever is locked; the last one is the second of the pair.

        Raises:
            Unjustified: one of them need not be possible.
        """
        if asked.kind is None:
            insist(not proof, "nothing is to be proved there")
            insist(backed_up(self.architecture, self.plan) != FALSE, "some service is never backed up")
            return
        insist(asked in self.pairs, f"there is no such question: {asked}")
        lines = proof.split("; ")
        insist(len(lines) == len(self.pairs[asked]), "the proof does not have all pairs of steps")
        for (first, last), line in zip(self.pairs[asked], lines, strict=True):
            words = line.split()
            insist(all(word.isascii() and word.isdigit() and len(word) < 10 for word in words), "no numbers")
            self.confirm_continuation(first, last, list(map(int, words)))

    def confirm_continuation(self, first: int, last: int, then: list[int]) -> None:
        """Check that these events can happen one after the other, once ``first`` has, and that ``last`` is there then.

        Raises:
            Unjustified: they cannot.
        """
        done = self.happened_with(first)
        if done is None:
            return
        sure, rules = set(done), self.rules
        for event in then:
            rules.step(event)
            for each in rules.blocks[event]:
                insist(rules.needed(each) <= sure, "a step needs what need not have happened")
                insist(not rules.forbidden(each), "a deletion may prevent a step")
                insist(self.admitted(each, done), "a lock may hold a step back")
            sure.update(rules.blocks[event])
        insist(last in sure, "the step that is waited for is not among those that happen")

    def admitted(self, event: int, done: set[int]) -> bool:
        """Whether no lock that waits can hold an event back where others happened."""
        rules, (case, _) = self.rules, self.rules.step(event)
        group = rules.group(rules.service[event])
        if group.mode.lock is not Lock.DRAINED or not (group.holds is None or case.name in group.holds):
            return True
        return any(rules.group(rules.service[other]) is group for other in rules.case_events(event) if other in done)

    def happened_with(self, event: int) -> set[int] | None:
        """All that certainly happened before an event, itself included; ``None`` if it cannot happen."""
        found, todo = set[int](), [event]
        while todo:
            new = todo.pop()
            if new not in found:
                block = self.rules.blocks[new]
                found.update(block)
                needed = {other for each in block for other in self.rules.needed(each)}
                if needed & set(block) or event in needed:
                    return None
                todo += needed
        return found


# Runs


class Whole:
    """An architecture under a plan, with the parts of it of which runs are shown."""

    def __init__(self, architecture: Architecture, plan: Plan) -> None:
        """No part is made yet."""
        self.architecture, self.plan = architecture, plan
        self._systems: dict[object, tuple[Architecture, Plan, System]] = {}

    def trace(self, document: Mapping[str, Any], asked: Question) -> Trace:
        """The run of a document that fits the schema, as a trace that claims what is asked.

        Raises:
            MalformedDocument: it speaks of what does not exist.
            LimitReached: its system is too large to be built.
        """
        part, crash, instances = document.get("part"), document.get("crash"), document.get("instances", 1)
        key = part, crash, instances
        if key not in self._systems:
            architecture, plan = self.part(part, crash)
            empty = Trace(architecture, plan, instances, Claim(str(asked.about)), ())
            if len(self._systems) == MOST_SYSTEMS:
                self._systems.clear()
            self._systems[key] = architecture, plan, empty.system
        architecture, plan, system = self._systems[key]
        lines = document["actions"].split("; ") if document["actions"] else []
        if len(lines) > trace_file.MOST_ACTIONS:
            raise MalformedDocument("a run has too many actions")
        labels = tuple(self.label(line, system) for line in lines)
        trace_file.check_labels(architecture, instances, labels)
        claim = Claim(str(asked.about), asked.kind, asked.subject, document.get("index"), asked.timing)
        return Trace(architecture, plan, instances, claim, labels, _system=system)

    def part(self, part: str | None, crash: str | None) -> tuple[Architecture, Plan]:
        """The part with these services and use cases (``None``: all), where just those crash (``None``: as planned).

        Raises:
            MalformedDocument: there are no such services or use cases, or they are no part that can be looked at alone.
        """
        everything = {service.name: service for service in self.architecture.services}
        words = self.numbers(part or "", "su")
        services = [self.architecture.services[number].name for kind, number, _ in words if kind == "s"]
        cases = {number for kind, number, _ in words if kind == "u"}
        names = set(everything if part is None else services)
        made = [each for number, each in enumerate(self.architecture.use_cases) if part is None or number in cases]
        kept = tuple(each for each in self.architecture.services if each.name in names)
        architecture = replace(self.architecture, services=kept, use_cases=tuple(made))
        if not is_closed(architecture) or not self.may_leave_out(everything.keys() - names):
            raise MalformedDocument("a run is shown in a part that lacks what matters")
        plan = restricted(self.plan, names)
        if crash is not None:
            hit = tuple(self.architecture.services[number].name for _, number, _ in self.numbers(crash, "s"))
            inside = {name for name in names if not everything[name].external}
            if self.plan.disaster.scope is not Scope.ANY or not hit or not set(hit) <= inside:
                raise MalformedDocument("a run has a disaster that is not in the scope of the plan")
            plan = replace(plan, disaster=replace(plan.disaster, scope=(hit,)))
        return architecture, plan

    def numbers(self, text: str, kinds: str) -> list[tuple[str, int, int]]:
        """The events (``e7``, or ``e7#2`` at index 2), services (``s2``) and use cases (``u3``) in a text, by number.

        Raises:
            MalformedDocument: there are others, or there is no such number.
        """
        most = {"e": len(self.steps), "s": len(self.architecture.services), "u": len(self.architecture.use_cases)}
        found: list[tuple[str, int, int]] = []
        for word in text.split():
            match = WORD.fullmatch(word)
            if match is None or match[1] not in kinds or int(match[2]) >= most[match[1]]:
                raise MalformedDocument(f"a run is about something that does not exist: {printable(word[:20])}")
            found.append((match[1], int(match[2]), int(match[3] or 1)))
        return found

    @cached_property
    def steps(self) -> list[tuple[UseCase, Step]]:
        """The use case and the step of each event."""
        return list(self.architecture.steps())

    def label(self, line: str, system: System) -> Label:
        """The action of a line: its kind, with ``-at-rest`` for such disasters, and its events and services.

        Raises:
            MalformedDocument: it is no such line.
        """
        kind, _, rest = line.partition(" ")
        at_rest, kind = kind.endswith(AT_REST), kind.removesuffix(AT_REST)
        if kind not in list(ActionKind):
            raise MalformedDocument(f"a run has an action of an unknown kind: {printable(kind[:20])}")
        words = self.numbers(rest, "es")
        services = tuple(self.architecture.services[number].name for sort, number, _ in words if sort == "s")
        places = ((*self.steps[number], index) for sort, number, index in words if sort == "e")
        events = tuple(Event(case.name, step.number, index) for case, step, index in places)
        found = Label(ActionKind(kind), events, services, (), at_rest)
        if found.kind is not ActionKind.DISASTER:
            return found
        alike = (each for each in system.by_label if each.kind is ActionKind.DISASTER and each.at_rest == at_rest)
        return next((each for each in alike if each.services == services), found)

    def line(self, action: Label) -> str:
        """The line of an action."""
        kind = f"{action.kind}{AT_REST if action.at_rest else ''}"
        places = ((self.event_number[event.use_case, event.step], event.index) for event in action.events)
        events = [f"e{number}{f'#{index}' if index > 1 else ''}" for number, index in places]
        return " ".join([kind, *events, *(f"s{self.service_number[name]}" for name in action.services)])

    @cached_property
    def event_number(self) -> dict[tuple[str, int], int]:
        """The number of each event, by use case and step."""
        return {(case.name, step.number): number for number, (case, step) in enumerate(self.steps)}

    @cached_property
    def service_number(self) -> dict[str, int]:
        """The number of each service."""
        return {service.name: number for number, service in enumerate(self.architecture.services)}

    def may_leave_out(self, services: Iterable[str]) -> bool:
        """Whether a run without a step in these services is one of the whole, with more snapshots."""
        some, recovery = set(services), self.plan.recovery
        options = recovery.used <= OPTIONS_OF_PARTS and recovery.broker is not Broker.BACKUP
        modes = all(group.mode.separable for group in self.plan.groups)
        return not some or (options and modes and not any(self.plan.mode_of(each).never_backed_up for each in some))

    def confirm(self, document: Mapping[str, Any], asked: Question) -> None:
        """Check that a run shows what is asked for, with the interpreter.

        Raises:
            Unjustified: it does not.
            MalformedDocument, LimitReached: as :meth:`trace`.
        """
        trace = self.trace(document, asked)
        try:
            replay.confirm(trace)
        except replay.NotConfirmed as error:
            raise Unjustified(f"a run that is to show {asked}: {error}") from None
        if asked.blame is not None:
            shown = (each for each in replay.claimed_anomalies(trace) if each.blame is asked.blame)
            insist(any(satisfied(each.formula, trace.states[-1]) for each in shown), f"a run does not show {asked}")


def is_closed(architecture: Architecture) -> bool:
    """Whether the steps of an architecture speak only of services, entities and links that it has."""
    services = {service.name for service in architecture.services}
    for _, step in architecture.steps():
        ends = {end for link in step.links for end in (link.target, link.holder)}
        if step.service not in services or not {step.entity, *step.needs, *ends} <= architecture.creators.keys():
            return False
        if step.unlinks is not None and step.unlinks not in architecture.links:
            return False
    return True


def restricted(plan: Plan, services: set[str]) -> Plan:
    """The plan for some of the services."""
    groups = tuple(
        replace(group, services=kept)
        for group in plan.groups
        if (kept := tuple(name for name in group.services if name in services))
    )
    scope = plan.disaster.scope
    if not isinstance(scope, Scope):
        kept_sets = (tuple(name for name in crash if name in services) for crash in scope)
        scope = tuple(dict.fromkeys(crash for crash in kept_sets if crash))
    order = tuple(name for name in plan.order if name in services)
    return replace(plan, groups=groups, order=order, disaster=replace(plan.disaster, scope=scope))


# Files


def to_json(architecture: Architecture, plans: Iterable[Plan], answers: Iterable[dict[str, Any]]) -> dict[str, Any]:
    """The document with what is answered about these plans."""
    chosen = [replace(plan, expect=None) for plan in plans]
    specification = dump(architecture, chosen)
    return {"format": FORMAT, "version": VERSION, "specification": specification, "plans": list(answers)}


@dataclass(frozen=True)
class Confirmed:
    """The verdicts on a plan that are confirmed, the numbers of questions, and those left open, with the reason."""

    plan: str
    verdicts: Mapping[Property, str]
    never: int
    runs: int
    open: Mapping[Question, str]

    @property
    def unconfirmed(self) -> list[Property]:
        """The properties whose verdicts rest on a question that is left open."""
        return [
            which
            for which, verdict in self.verdicts.items()
            if verdict != "violated" and any(each.about is which and each.counts() for each in self.open)
        ]

    def __str__(self) -> str:
        words = {"holds": "holds", "violated": "is violated"}
        told = [
            f"{which} {words[verdict]}" for which, verdict in self.verdicts.items() if which not in self.unconfirmed
        ]
        counts = f"{self.never} excluded by proofs, {self.runs} shown by runs"
        return f"plan {quoted(self.plan)}: {', '.join(told) or 'no verdict'} ({counts})"


def from_json(document: Any) -> list[Confirmed]:
    """Check a document, and return what it confirms, plan by plan.

    Raises:
        MalformedDocument: it is malformed, or speaks of what does not exist.
        UnknownPlan: its specification does not have one of its plans.
        Unjustified: it does not prove what it claims, or leaves a question out.
        LimitReached: a run is too large to be decided.
    """
    documents.check_schema("verdicts", document)
    specification = documents.specification(document["specification"])
    names = [each["plan"] for each in document["plans"]]
    if len(set(names)) < len(names):
        raise MalformedDocument("a plan occurs twice")
    return [
        confirmed(specification.architecture, specification.plan(name), each)
        for name, each in zip(names, document["plans"], strict=True)
    ]


def confirmed(architecture: Architecture, plan: Plan, document: Mapping[str, Any]) -> Confirmed:
    """Check what a document says of one plan; as :func:`from_json`."""
    verdicts = {Property(which): verdict for which, verdict in document["verdicts"].items()}
    questions, whole = Questions(architecture, plan), Whole(architecture, plan)
    answered: list[Question] = []
    for entry in document["never"]:
        asked = [question(entry | {"timing": timing}) for timing in entry.get("timings", [None])]
        questions.refute(asked, entry["proof"])
        answered += asked
    shown = [question(entry["shows"]) for entry in document["runs"]]
    for entry, asked_one in zip(document["runs"], shown, strict=True):
        whole.confirm(entry, asked_one)
    left = {question(entry): str(entry["reason"]) for entry in document["open"]}
    answered += [each if each.about is Property.CONSISTENCY else Question(each.about) for each in shown]
    answered += left
    expected = [each for which, verdict in verdicts.items() for each in expected_questions(questions, which, verdict)]
    check_complete(expected, answered)
    for which, verdict in verdicts.items():
        violated = any(each.about is which and each.counts() for each in shown)
        insist(violated == (verdict == "violated"), f"the verdict on {which} is not what the answers say")
    return Confirmed(plan.name, verdicts, len(answered) - len(shown) - len(left), len(shown), left)


def expected_questions(questions: Questions, which: Property, verdict: str) -> list[Question]:
    """The questions that a certificate for a verdict answers; one that says that none can be."""
    try:
        return questions.of(which, verdict == "violated")
    except NotCovered:
        return [Question(which)]


def check_complete(expected: Iterable[Question], answered: Iterable[Question]) -> None:
    """Check that every question is answered once, and no other one.

    Raises:
        Unjustified: it is not so.
    """
    left = dict.fromkeys(expected)
    for each in answered:
        insist(each in left, f"there is no such question, or it is answered twice: {each}")
        del left[each]
    insist(not left, f"{len(left)} questions are not answered, such as {next(iter(left), None)}")
