"""Write certificates for verdicts: the runs that an engine found, and proofs that nothing else can happen.

Proofs are searched here, whichever engine decided; nothing here is trusted.  What follows from what is known is drawn
from the clauses of the events in question, and from chains of what comes before what.  Where nothing follows any more,
a clause is split into cases.  Only what a contradiction rests on goes into the proof: a split on which it does not rest
leaves no trace.

Each run and each proof is checked before it is written, by the code that checks files; what does not pass is left open,
and the file says why.
"""

from __future__ import annotations

import gzip
import json
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from bac.model.architecture import Architecture, Link, Verb, Via
from bac.model.errors import BacError, quoted
from bac.model.files import write_bytes
from bac.model.modes import Image, Lock
from bac.model.plan import Plan, Timing
from bac.model.recovery import Broker
from bac.model.specification.writer import dump
from bac.model.trace import Trace
from bac.proofs.certificates.order_rules import Atom, Clause, NotCovered, OrderRules, Unjustified
from bac.proofs.certificates.refutation import All, Part, Parts, Some
from bac.proofs.certificates.verdict_certificate import (
    FORMAT,
    VERSION,
    Question,
    Questions,
    Whole,
    question,
)
from bac.proofs.results import PlanResult, Verdict
from bac.properties.anomalies import Blame
from bac.properties.qualities import Property

NO_PROOF = "no proof was found"
MOST_WAITING = 10_000
"""Longer chains of steps that wait for each other are not followed."""
MOST_CASES = 400
"""So many cases are looked at before a proof is given up."""
WIDEST = 40
"""Clauses with more parts are not split."""
DEEPEST = 60
"""So many splits are made within each other."""

Named = tuple[str, Parts]
"""A clause, with its name in proofs."""


# Files


def to_json(
    architecture: Architecture,
    plans: Sequence[Plan],
    results: Iterable[PlanResult],
    check: Callable[[], None] = lambda: None,
) -> dict[str, Any]:
    """Return the certificate for the results on these plans, as a JSON document.

    ``check`` is called for each question; it may raise an error to stop.
    """
    bare = [replace(plan, expect=None) for plan in plans]
    return {
        "format": FORMAT,
        "version": VERSION,
        "specification": dump(architecture, bare),
        "plans": [
            Answers(architecture, plan, each, check).document() for plan, each in zip(bare, results, strict=True)
        ],
    }


def open_questions(document: Mapping[str, Any]) -> tuple[str, ...]:
    """The questions that a certificate leaves open, each with the reason."""
    return tuple(
        f"plan {quoted(answers['plan'])}: {question(entry)}: {entry['reason']}"
        for answers in document["plans"]
        for entry in answers["open"]
    )


def save(path: Path, document: Mapping[str, Any]) -> None:
    """Write a certificate to a file, packed by gzip if the name ends in ``.gz``.

    Raises:
        UnwritableFile: the file cannot be written.
    """
    content = (json.dumps(document, indent=1, ensure_ascii=False) + "\n").encode()
    write_bytes(path, gzip.compress(content, mtime=0) if path.suffix == ".gz" else content)


class Answers:
    """The answers to all questions about one plan.

    Args:
        architecture: the architecture.
        plan: the plan.
        result: the verdicts on it; a property whose verdict is unknown is left out.
        check: is called for each question.
    """

    def __init__(self, architecture: Architecture, plan: Plan, result: PlanResult, check: Callable[[], None]) -> None:
        """Start without answers."""
        self.questions, self.whole, self.check = Questions(architecture, plan), Whole(architecture, plan), check
        self.result = result
        self.never: list[dict[str, Any]] = []
        self.runs: list[dict[str, Any]] = []
        self.open: list[dict[str, Any]] = []
        self._clauses: dict[tuple[bool, bool], Clauses] = {}

    def document(self) -> dict[str, Any]:
        """The answers as a part of a document."""
        decided = {which: each for which, each in self.result.properties.items() if each.verdict is not Verdict.UNKNOWN}
        for which, each in decided.items():
            self.answer(which, each.verdict is Verdict.VIOLATED)
        verdicts = {str(which): str(each.verdict) for which, each in decided.items()}
        answers = {"never": self.never, "runs": self.runs, "open": self.open}
        return {"plan": self.result.plan, "verdicts": verdicts, **answers}

    def answer(self, which: Property, violated: bool) -> None:
        """Answer all questions about a property."""
        found = dict(self.found(which))
        if violated and which is not Property.CONSISTENCY:
            for asked, trace in found.items():
                self.show(asked, trace)
            return
        try:
            questions = self.questions.of(which, violated)
        except NotCovered as reason:
            self.leave(Question(which), str(reason))
            return
        refuted: dict[Question, dict[str, Any]] = {}
        for asked in questions:
            self.check()
            if asked in found:
                self.show(asked, found[asked])
            else:
                self.exclude(asked, refuted)

    # Runs

    def found(self, which: Property) -> Iterator[tuple[Question, Trace]]:
        """The runs that were found, by what they show."""
        result = self.result.properties[which]
        for blame, listed in (
            (Blame.BACKUP, result.anomalies),
            (Blame.TOLERATED, result.tolerated),
            (Blame.APPLICATION, result.application),
        ):
            for each in listed:
                for timing in each.traces:
                    yield Question(which, str(each.kind), each.subject, blame, timing), each.traces[timing]
        if result.trace is not None:
            claim = result.trace.claim
            yield Question(which, claim.kind, claim.subject, None, claim.timing), result.trace

    def show(self, asked: Question, trace: Trace) -> None:
        """Answer a question by a run."""
        document: dict[str, Any] = {"shows": asked.to_json()}
        if trace.claim.index is not None:
            document["index"] = trace.claim.index
        if trace.instances != 1:
            document["instances"] = trace.instances
        lines = "; ".join(map(self.whole.line, trace.actions))
        document |= self.part(trace) | {"actions": lines}
        try:
            self.whole.confirm(document, asked)
        except BacError as reason:
            self.leave(asked if asked.about is Property.CONSISTENCY else Question(asked.about), str(reason))
        else:
            self.runs.append(document)

    def part(self, trace: Trace) -> dict[str, str]:
        """In which part of the whole a run is shown."""
        whole, shown, found = self.questions.architecture, trace.architecture, dict[str, str]()
        if len(shown.services) < len(whole.services) or len(shown.use_cases) < len(whole.use_cases):
            names = {case.name for case in shown.use_cases}
            cases = [f"u{number}" for number, case in enumerate(whole.use_cases) if case.name in names]
            found["part"] = " ".join([*self.services(service.name for service in shown.services), *cases])
        scope = trace.plan.disaster.scope
        if scope != self.questions.plan.disaster.scope and isinstance(scope, tuple) and len(scope) == 1:
            found["crash"] = " ".join(self.services(scope[0]))
        return found

    def services(self, names: Iterable[str]) -> list[str]:
        """Services by their numbers."""
        return [f"s{self.whole.service_number[name]}" for name in names]

    # Proofs

    def exclude(self, asked: Question, refuted: dict[Question, dict[str, Any]]) -> None:
        """Answer a question by a proof that no run shows it; one for any time is one for disasters at rest, too."""
        wider = replace(asked, timing=Timing.ANY_TIME)
        if asked.timing is Timing.AT_REST and wider in refuted:
            refuted[wider]["timings"].append(str(asked.timing))
            return
        try:
            proof = self.proof(asked)
            self.questions.refute([asked], proof)
        except BacError as reason:
            self.leave(asked, str(reason))
            return
        entry = asked.to_json()
        timing = entry.pop("timing", None)
        document = {**entry, **({"timings": [timing]} if timing else {}), "proof": proof}
        self.never.append(document)
        refuted[asked] = document

    def proof(self, asked: Question) -> str:
        """Return a proof that no run shows what is asked for.

        Raises:
            NotCovered: none was found.
        """
        if asked.about is Property.BACKUP:
            pairs = self.questions.pairs.get(asked, ())
            return "; ".join(" ".join(map(str, self.continuation(*pair))) for pair in pairs)
        translation = self.questions.translation()
        wanted = self.questions.part(asked, translation)
        lines = Refuter(self.clauses(asked.timing is Timing.AT_REST, asked.timing is None), wanted).proof()
        if lines is None:
            raise NotCovered(NO_PROOF)
        return "; ".join(lines)

    def clauses(self, at_rest: bool, before_disaster: bool) -> Clauses:
        """The clauses for proofs, which many have in common."""
        key = at_rest, before_disaster
        if key not in self._clauses:
            self._clauses[key] = Clauses(self.questions.rules, at_rest, before_disaster)
        return self._clauses[key]

    def continuation(self, first: int, last: int) -> list[int]:
        """The events that happen one after the other until the last one has, once the first has.

        Raises:
            NotCovered: they wait for each other.
        """
        rules, done = self.questions.rules, self.questions.happened_with(first)
        if done is None:
            return []
        order: list[int] = []
        sure, todo = set(done), [last]
        while todo:
            event = todo[-1]
            lacking = sorted(set().union(*(rules.needed(each) for each in rules.blocks[event])) - sure - {event})
            if len(todo) > MOST_WAITING:
                raise NotCovered(NO_PROOF)
            if event in sure:
                todo.pop()
            elif lacking:
                todo += lacking
            else:
                order.append(event)
                sure.update(rules.blocks[event])
        return order

    def leave(self, asked: Question, reason: str) -> None:
        """Leave a question open."""
        self.open.append(asked.to_json() | {"reason": reason})


# The search for proofs


class Clauses:
    """The clauses that may matter, by what they are about; each is made once."""

    def __init__(self, rules: OrderRules, at_rest: bool, before_disaster: bool) -> None:
        """No clause is made yet."""
        self.rules, self.at_rest, self.before_disaster = rules, at_rest, before_disaster
        self._known: dict[tuple[str, int], list[Named]] = {}

    def about(self, topic: str, number: int) -> list[Named]:
        """The clauses about a topic (``step``, ``log``, ``recovery``, ``service``) of an event or service."""
        key = topic, number
        if key not in self._known:
            names = getattr(self, topic)(number)
            self._known[key] = list(self.made(names))
        return self._known[key]

    def made(self, names: Iterable[tuple[str | int, ...]]) -> Iterator[Named]:
        """The clauses of rules that apply, without those that are plainly true."""
        for name, *numbers in names:
            try:
                clause: Clause = self.rules.clause(str(name), tuple(map(int, numbers)))
            except Unjustified:
                continue
            if True not in clause:
                yield " ".join(map(str, (name, *numbers))), tuple(part for part in clause if part is not False)

    def step(self, event: int) -> Iterator[tuple[str | int, ...]]:
        """Rules about an event that happens."""
        rules = self.rules
        for each in rules.blocks[event]:
            yield from (("needs", each, other) for other in sorted(rules.needed(each)))
            yield from (("deleted", each, other) for other in sorted(rules.forbidden(each)))
            yield from (("deleted", other, each) for other in self.users(each))
            yield from self.held(each)
            for sender in rules.predecessors(each):
                yield from (("marker", each, sender), ("newer-marker", each, sender))
            if self.at_rest:
                yield from (("rest", each, other) for other in rules.case_events(each))

    def users(self, deletion: int) -> list[int]:
        """The events that must come before a deletion."""
        if not hasattr(self, "_users"):
            self._users: dict[int, list[int]] = {}
            for event in range(len(self.rules.places)):
                for other in self.rules.forbidden(event):
                    self._users.setdefault(other, []).append(event)
        return self._users.get(deletion, [])

    def held(self, event: int) -> Iterator[tuple[str | int, ...]]:
        """Rules about locks that hold an event back."""
        service = self.rules.service[event]
        group = self.rules.group(service)
        lock = group.mode.lock
        if lock is Lock.NONE:
            return
        rounds = ("", "newer-") if self.rules.newest else ("",)
        for each in rounds:
            yield from self.held_in_round(each, event)

    def held_in_round(self, which: str, event: int) -> Iterator[tuple[str | int, ...]]:
        """The same for one round of backups."""
        service = self.rules.service[event]
        group = self.rules.group(service)
        lock = group.mode.lock
        for name in group.services[:WIDEST] if group.holds is not None else ():
            yield f"{which}drained", event, self.rules.service_number[name], event
        yield f"{which}released", event, service
        for other in [event] if lock is Lock.STOPPED else self.rules.case_events(event):
            yield f"{which}drained", event, service, other
            yield f"{which}drained", other, self.rules.service[other], event
            yield f"{which}released", event, self.rules.service[other]

    def log(self, event: int) -> Iterator[tuple[str | int, ...]]:
        """Rules about whether an event is in its log, and in the backup."""
        if self.before_disaster:
            return
        for name in ("there", "kept", "image-has", "image-gives", "stays", "idle", "quiet", "comes", "origin"):
            yield name, event
        for name in ("in-backup", "backup-taken", "backed-up", "remains", "remains-done", "remains-else", "not-undone"):
            yield name, event
        for name in ("image-newer", "image-gives-newer", "in-newer-backup", "backed-up-newer"):
            yield name, event
        if self.rules.recovery.undo:
            yield from (("complete", event, other) for other in self.rules.whole(event))
            for other in self.rules.case_events(event):
                yield from (("complete-if", event, other, each) for each in self.rules.spoken_of(other))
            yield "undoing", event
            yield "undone-there", event
        if self.rules.recovery.collect:
            yield from self.garbage(event)
        if self.rules.recovery.backfill or self.rules.recovery.reconstruct:
            yield from self.back(event)

    def back(self, event: int) -> Iterator[tuple[str | int, ...]]:
        """Rules about events that owners or people bring back."""
        rules = self.rules
        for by_people in (0, 1):
            for name in ("brings-back", "lacked", "source", "source-held"):
                yield name, event, by_people
            for link in rules.reasons(event, by_people):
                making = rules.making(link)
                yield "must-bring-back", event, by_people, making, rules.step(making)[1].links.index(link)
        yield from (("must-backfill", event, copy) for copy in rules.copies(event))

    def garbage(self, event: int) -> Iterator[tuple[str | int, ...]]:
        """Rules about the links that an event makes, and what becomes of the entity that it creates."""
        rules = self.rules
        step = rules.step(event)[1]
        for number, link in enumerate(step.links):
            yield from self.linked(event, number, link)
        if step.verb is Verb.CREATE:
            for name in ("never-collected", "collected-there", "garbage", "excused-all", "unexcused"):
                yield name, event
            yield from (("collected-once", event, removal) for removal in rules.removals(step.entity))
            with suppress(Unjustified):
                for number, part in enumerate(rules.excuses(event)):
                    yield from (("excused", event, number), ("excused-of", event, number))
                    yield from (("excused-by", event, number, place) for place in range(len(part)))
            for link in rules.links_to(step.entity):
                making = rules.making(link)
                number = rules.step(making)[1].links.index(link)
                yield "unheld", event, making, number
                yield from self.linked(making, number, link)

    def linked(self, making: int, number: int, link: Link) -> Iterator[tuple[str | int, ...]]:
        """Rules about a link at the end."""
        for name in ("held-made", "held-by", "held-alive"):
            yield name, making, number
        for removal in (*self.rules.removals(link), *self.rules.removals(link.holder)):
            yield "held-still", making, number, removal

    def service(self, service: int) -> Iterator[tuple[str | int, ...]]:
        """Rules about the snapshot of a service, and whether it is restored."""
        rules = self.rules
        yield "instant", service
        if service in rules.rank:
            yield from (("order", other, service) for other in rules.rank if rules.rank[other] < rules.rank[service])
        if rules.newest:
            yield "newer-instant", service
            yield from (("newer-order", other, service) for other in rules.rank)
            for other in rules.inside[:WIDEST]:
                yield from (("newer-after", service, other), ("newer-after", other, service))
        if self.before_disaster:
            return
        if rules.oldest:
            yield "first", service
            yield ("some-first",)
        yield "snapped", service
        if rules.image(service) is Image.NOTHING:
            yield "no-way-back", service
        yield ("some-hit",)
        yield from (("crash", number, service) for number in range(len(rules.crash_sets or ())))

    def recovery(self, event: int) -> Iterator[tuple[str | int, ...]]:
        """Rules about what recovery does with the transaction of an event."""
        rules = self.rules
        if self.before_disaster:
            return
        block = rules.blocks[event]
        head = block[0]
        yield from (("fresh", each) for each in block)
        yield "way", head
        for name in ("calling", "calling-from", "retrying", "must-deliver", "must-replay", "must-resume"):
            yield name, head
        for sender in rules.predecessors(head):
            for name in ("delivery", "replaying", "resuming", "must-call", "must-call-again", "must-go-on"):
                yield name, head, sender
            for name in ("awake", "again", "known", "must-repeat", "must-repeat-again"):
                yield name, head, sender
            for name in ("must-call-created", "must-repeat-created"):
                yield name, head, sender
            yield from self.message(sender, head)
        yield from (("must-retry", head, other) for other in rules.case_events(head))
        for each in block:
            for entity in rules.asked(each):
                yield "valid", each, rules.creation(entity)
                for removal in rules.removals(entity):
                    yield "not-deleted", each, removal
                    yield "not-yet-deleted", each, removal

    def message(self, sender: int, event: int) -> Iterator[tuple[str | int, ...]]:
        """Rules about a message."""
        rules = self.rules
        if rules.step(event)[1].via is not Via.EVENT:
            return
        for name in (
            "recorded-newer",
            "recorded-all-newer",
            "recorded",
            "recorded-all",
            "waits",
            "sends",
            "sends-again",
            "sends-created",
        ):
            yield name, sender, event
        if rules.recovery.broker is Broker.BACKUP:
            yield ("broker",)
        for hit in rules.channel(sender, event)[:WIDEST] or [rules.service[sender]]:
            for name in ("waited", "not-received", "not-lost", "all-lost"):
                yield name, sender, event, hit
            for end in {rules.service[sender], rules.service[event]}:
                yield "survives", sender, event, hit, end


@dataclass
class Entry:
    """Something that is known: the line that says why (``None`` for assumptions), and what it rests on."""

    line: str | None
    rests_on: tuple[int, ...]


@dataclass
class Known:
    """One case: all that is known there, with the reasons (numbers of entries)."""

    truth: dict[Atom, tuple[bool, int]] = field(default_factory=dict)
    disjunctions: dict[int, tuple[Some, int]] = field(default_factory=dict)
    edges: dict[str, dict[str, tuple[bool, int]]] = field(default_factory=dict)
    numbers: dict[str, int] = field(default_factory=dict)
    names: list[str] = field(default_factory=list)
    upto: list[int] = field(default_factory=list)
    strictly: list[int] = field(default_factory=list)
    topics: set[tuple[str, int]] = field(default_factory=set)
    clauses: dict[str, Parts] = field(default_factory=dict)

    def copy(self) -> Known:
        """The same, to be changed."""
        return Known(
            dict(self.truth),
            dict(self.disjunctions),
            {point: dict(after) for point, after in self.edges.items()},
            dict(self.numbers),
            list(self.names),
            list(self.upto),
            list(self.strictly),
            set(self.topics),
            dict(self.clauses),
        )

    def point(self, name: str) -> int:
        """The number of a point in this case."""
        if name not in self.numbers:
            self.numbers[name] = len(self.names)
            self.names.append(name)
            self.upto.append(1 << self.numbers[name])
            self.strictly.append(0)
        return self.numbers[name]

    def comes_before(self, one: str, other: str) -> bool | None:
        """Whether a point is known to come before another one, or not to."""
        a, b = self.point(one), self.point(other)
        if self.strictly[a] >> b & 1:
            return True
        return False if self.upto[b] >> a & 1 else None

    def add_edge(self, one: str, other: str, strict: bool, entry: int) -> None:
        """One point comes before another one, or not after it."""
        after = self.edges.setdefault(one, {})
        if other not in after or (strict and not after[other][0]):
            after[other] = strict, entry
        a, b = self.point(one), self.point(other)
        for number in range(len(self.names)):
            if self.upto[number] >> a & 1:
                if strict or self.strictly[number] >> a & 1:
                    self.strictly[number] |= self.upto[b]
                self.strictly[number] |= self.strictly[b]
                self.upto[number] |= self.upto[b]

    def path(self, one: str, other: str, strict: bool) -> list[tuple[str, int]]:
        """The points from one to another, each with the entry that leads there; with a strict step if that is asked."""
        start = one, False
        came: dict[tuple[str, bool], tuple[tuple[str, bool], int]] = {}
        todo = deque([start])
        while todo:
            place = todo.popleft()
            point, has = place
            if point == other and (has or not strict) and place != start:
                break
            for after, (is_strict, entry) in self.edges.get(point, {}).items():
                then = after, has or is_strict
                if then not in came and then != start:
                    came[then] = place, entry
                    todo.append(then)
        found: list[tuple[str, int]] = []
        while place in came:
            before, entry = came[place]
            found.append((place[0], entry))
            place = before
        return found[::-1]


class GivenUp(Exception):
    """No proof was found."""


@dataclass
class Proof:
    """A proof of a case: its lines, and the entries outside of it on which it rests."""

    lines: list[str]
    rests_on: set[int]


class Refuter:
    """The search for one proof.

    Args:
        clauses: where clauses come from.
        wanted: the formula that no run satisfies.
    """

    def __init__(self, clauses: Clauses, wanted: Part) -> None:
        """Start without knowledge."""
        self.clauses, self.rules, self.wanted = clauses, clauses.rules, wanted
        self.entries: list[Entry] = []
        self.cases = 0

    def proof(self) -> list[str] | None:
        """Return a proof; ``None`` if none was found."""
        known = Known()
        for service in self.rules.no_way_back_for[:WIDEST]:
            self.take(known, "service", service)
        try:
            if (found := self.assumed(known, self.wanted, self.entry(None, ()), 0)) is None:
                found = self.closed(known, 0, 0)
        except GivenUp:
            return None
        return found.lines

    def entry(self, line: str | None, rests_on: Iterable[int]) -> int:
        """Note what is known now."""
        self.entries.append(Entry(line, tuple(dict.fromkeys(rests_on))))
        return len(self.entries) - 1

    # What is known

    def assumed(self, known: Known, part: Part, entry: int, base: int) -> Proof | None:
        """Add that a part is true; a proof if that closes the case."""
        match part:
            case True:
                return None
            case False:
                return self.lines([entry], base)
            case All(parts):
                for each in parts:
                    if (found := self.assumed(known, each, entry, base)) is not None:
                        return found
                return None
            case Some(number):
                known.disjunctions.setdefault(number, (part, entry))
                known.clauses[f"or {number}"] = part.parts
                return None
            case (atom, is_true):
                return self.known(known, atom, is_true, entry, base)

    def known(self, known: Known, atom: Atom, is_true: bool, entry: int, base: int) -> Proof | None:
        """Add the truth of an atom; a proof if that closes the case."""
        if atom in known.truth:
            was, why = known.truth[atom]
            return None if was == is_true else self.lines([why, entry], base)
        self.activate(known, atom, is_true)
        if atom[0] == "<":
            one, other = str(atom[1]), str(atom[2])
            start, end = (one, other) if is_true else (other, one)
            order = known.comes_before(end, start)
            if order or (is_true and order is None and known.upto[known.point(end)] >> known.point(start) & 1):
                path = known.path(end, start, not is_true)
                return self.circle(known, end, path, start, entry, base)
            known.add_edge(start, end, is_true, entry)
        known.truth[atom] = is_true, entry
        return None

    def circle(self, known: Known, end: str, path: list[tuple[str, int]], start: str, entry: int, base: int) -> Proof:
        """The proof from a cycle: a path from the end of an edge to its start, and the edge."""
        assert path, (known.names, end, start)
        if len(path) == 1:  # the opposite of the edge is known itself
            return self.lines([path[0][1], entry], base)
        points = [end, *(point for point, _ in path), end]
        why = [each for _, each in path]
        return self.lines([self.entry(f"path {' '.join(points)}", [*why, entry])], base)

    def activate(self, known: Known, atom: Atom, is_true: bool) -> None:
        """Take up the clauses that an atom brings into play."""
        rules = self.rules
        match atom:
            case ("<", str(one), str(other)):
                if is_true:
                    self.about_point(known, one)
                for point in (one, other):
                    if point[0] in "sn":
                        self.take(known, "service", int(point[1:]))
            case ("cut" | "set" | "backed" | "end" | "excused", int(event)):
                if event not in rules.blocks[event]:
                    return
                self.take(known, "log", event)
                self.take(known, "service", rules.service[event])
                if atom[0] == "set" or is_true:
                    self.about_recovery(known, event)
            case ("link" | "excuse", int(making), int()):
                self.take(known, "log", making)
            case ("hit", int(service)):
                self.take(known, "service", service)
            case (str(), int(sender), int(event)):
                self.about_recovery(known, event)
                self.about_recovery(known, sender)
            case _:
                pass

    def about_point(self, known: Known, point: str) -> None:
        """Take up the clauses about something that happens."""
        if point[0] == "e":
            head = int(point[1:])
            self.take(known, "step", head)
            for event in self.rules.blocks[head]:
                self.take(known, "log", event)
                self.take(known, "service", self.rules.service[event])
        elif point[0] in "ugbc":
            self.take(known, "log", int(point[1:]))
        elif point[0] in "rv":
            self.about_recovery(known, int(point[1:]))
            for event in self.rules.blocks[int(point[1:])]:
                self.take(known, "log", event)

    def about_recovery(self, known: Known, event: int) -> None:
        """Take up the clauses about what recovery does with an event."""
        self.take(known, "recovery", self.rules.blocks[event][0])

    def take(self, known: Known, topic: str, number: int) -> None:
        """Take up the clauses about a topic."""
        if (topic, number) not in known.topics:
            known.topics.add((topic, number))
            known.clauses.update(self.clauses.about(topic, number))

    # Values

    def value(self, known: Known, part: Part) -> bool | None:
        """Whether a part of a clause is known to be true, or false."""
        match part:
            case bool():
                return part
            case All(parts):
                values = [self.value(known, each) for each in parts]
                return False if False in values else (None if None in values else True)
            case Some(number, parts):
                values = [self.value(known, each) for each in parts]
                certain = True in values or number in known.disjunctions
                return True if certain else (None if None in values else False)
            case (atom, is_true):
                if atom[0] == "<":
                    truth = known.comes_before(str(atom[1]), str(atom[2]))
                else:
                    truth = known.truth[atom][0] if atom in known.truth else None
                return None if truth is None else truth == is_true

    def why_false(self, known: Known, part: Part) -> list[int]:
        """The entries by which a checker sees that a part is false; paths are drawn where that is necessary."""
        match part:
            case bool():
                return []
            case All(parts):
                return self.why_false(known, next(each for each in parts if self.value(known, each) is False))
            case Some(_, parts):
                return [entry for each in parts for entry in self.why_false(known, each)]
            case (atom, is_true):
                if atom in known.truth:
                    return [known.truth[atom][1]]
                one, other = str(atom[1]), str(atom[2])
                opposite = known.truth.get(("<", other, one))
                if is_true and opposite is not None and opposite[0]:
                    return [opposite[1]]
                return [self.drawn(known, one, other) if not is_true else self.drawn_back(known, other, one)]

    def drawn(self, known: Known, one: str, other: str) -> int:
        """The entry that says that a point comes before another one, from a path."""
        path = known.path(one, other, True)
        entry = self.entry(f"path {' '.join([one, *(point for point, _ in path)])}", [each for _, each in path])
        known.truth[("<", one, other)] = True, entry
        return entry

    def drawn_back(self, known: Known, one: str, other: str) -> int:
        """The entry that says that a point comes before another one, or not after it, from a path."""
        path = known.path(one, other, False)
        edges = [known.edges[a][b][0] for a, b in zip([one, *(p for p, _ in path)], (p for p, _ in path), strict=False)]
        entry = self.entry(f"path {' '.join([one, *(point for point, _ in path)])}", [each for _, each in path])
        if any(edges):
            known.truth[("<", one, other)] = True, entry
        else:
            known.truth[("<", other, one)] = False, entry
        return entry

    # Conclusions

    def concluded(self, known: Known, base: int) -> Proof | None:
        """Draw all conclusions; a proof if one closes the case."""
        done: set[str] = set()
        changed = True
        while changed:
            changed = False
            for name in list(known.clauses):
                if name in done:
                    continue
                parts = known.clauses[name]
                left, satisfied = None, False
                count = 0
                for part in parts:
                    value = self.value(known, part)
                    if value is True:
                        satisfied = True
                        break
                    if value is None:
                        left, count = part, count + 1
                        if count > 1:
                            break
                if satisfied:
                    done.add(name)
                    continue
                if count > 1:
                    continue
                done.add(name)
                why = [entry for part in parts if part is not left for entry in self.why_false(known, part)]
                why += self.of_disjunction(known, name)
                entry = self.entry(name, why)
                if left is None:
                    return self.lines([entry], base)
                changed = True
                if (found := self.assumed(known, left, entry, base)) is not None:
                    return found
        return None

    @staticmethod
    def of_disjunction(known: Known, name: str) -> list[int]:
        """The entry by which a disjunction of the formula is true."""
        return [known.disjunctions[int(name[3:])][1]] if name.startswith("or ") else []

    def closed(self, known: Known, base: int, depth: int) -> Proof:
        """Return a proof of a case.

        Raises:
            GivenUp: none was found.
        """
        self.cases += 1
        if (found := self.concluded(known, base)) is not None:
            return found
        if self.cases > MOST_CASES or depth > DEEPEST:
            raise GivenUp
        name, parts = self.choice(known)
        left = [part for part in parts if self.value(known, part) is not False]
        why = [entry for part in parts if part not in left for entry in self.why_false(known, part)]
        proofs: dict[int, Proof] = {}
        rests_on = {*why, *self.of_disjunction(known, name)}
        for place in sorted(range(len(left)), key=lambda place: self.effort(left[place])):
            branch, assumption = known.copy(), self.entry(None, ())
            found = self.assumed(branch, left[place], assumption, assumption) or self.closed(
                branch, assumption, depth + 1
            )
            if assumption not in found.rests_on:
                return self.lines(found.rests_on, base, found.lines)
            proofs[place] = found
            rests_on |= found.rests_on - {assumption}
        lines = [f"split {name}", *(line for place in range(len(left)) for line in proofs[place].lines)]
        return self.lines(rests_on, base, lines)

    def lines(self, needed: Iterable[int], base: int, more: Iterable[str] = ()) -> Proof:
        """The proof whose last conclusions are these entries: the lines after ``base``, and on what they rest."""
        seen, outside, todo = set[int](), set[int](), list(needed)
        while todo:
            number = todo.pop()
            if number <= base:
                outside.add(number)
            elif number not in seen:
                seen.add(number)
                todo += self.entries[number].rests_on
        lines = [line for number in sorted(seen) if (line := self.entries[number].line) is not None]
        return Proof([*lines, *more], outside)

    # Choices

    def choice(self, known: Known) -> Named:
        """The clause that is split next.

        Raises:
            GivenUp: nothing is left to split.
        """
        best: tuple[tuple[int, int, int], Named] | None = None
        for place, (name, parts) in enumerate(known.clauses.items()):
            values = [self.value(known, part) for part in parts]
            left = values.count(None)
            if True in values or left > WIDEST:
                continue
            efforts = sorted(self.effort(part) for part, value in zip(parts, values, strict=True) if value is None)
            rank = (0 if name.startswith("or ") else 1 + (efforts[0] == 0), left, place)
            if best is None or rank < best[0]:
                best = rank, (name, parts)
        if best is None:
            raise GivenUp
        return best[1]

    def effort(self, part: Part) -> int:
        """How much a part brings into play: nothing, if it says that something does not happen."""
        match part:
            case (("<", str(one), _), is_true):
                return 1 if is_true and one[0] in "ervugbc" else 0
            case ((str(), *_), is_true):
                return int(is_true)
            case _:
                return 1
