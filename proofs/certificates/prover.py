"""Find proofs that no run satisfies a formula, for :mod:`refutation` to check; nothing here is trusted.

What follows from what is known is drawn from the clauses of the events in question, and from chains of what comes
before what.  Where nothing follows any more, a clause is split into cases.  Only what a contradiction rests on goes
into the proof: a split on which it does not rest leaves no trace.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from bac.model.architecture import Via
from bac.model.modes import Image, Lock
from bac.model.recovery import Broker
from bac.proofs.certificates.order_rules import Atom, Clause, OrderRules, Unjustified
from bac.proofs.certificates.refutation import All, Part, Parts, Some

MOST_CASES = 400
"""So many cases are looked at before a proof is given up."""
WIDEST = 40
"""Clauses with more parts are not split."""
DEEPEST = 60
"""So many splits are made within each other."""

Named = tuple[str, Parts]
"""A clause, with its name in proofs."""


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
            yield from (("marker", each, sender) for sender in rules.predecessors(each))
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
        lock = self.rules.group(service).mode.lock
        if lock is Lock.NONE:
            return
        yield "released", event, service
        for other in [event] if lock is Lock.STOPPED else self.rules.case_events(event):
            yield "drained", event, service, other
            yield "drained", other, self.rules.service[other], event
            yield "released", event, self.rules.service[other]

    def log(self, event: int) -> Iterator[tuple[str | int, ...]]:
        """Rules about whether an event is in its log, and in the backup."""
        if self.before_disaster:
            return
        for name in ("there", "kept", "image-has", "image-gives", "stays", "idle", "quiet", "comes", "origin"):
            yield name, event
        for name in ("in-backup", "backup-taken", "backed-up"):
            yield name, event

    def service(self, service: int) -> Iterator[tuple[str | int, ...]]:
        """Rules about the snapshot of a service, and whether it is restored."""
        rules = self.rules
        yield "instant", service
        if service in rules.rank:
            yield from (("order", other, service) for other in rules.rank if rules.rank[other] < rules.rank[service])
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
        for name in ("recorded", "recorded-all", "waits", "sends", "sends-again"):
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
    """What is known in one case, with the reasons (numbers of entries)."""

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
        """Nothing is known yet."""
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
                    if point[0] == "s":
                        self.take(known, "service", int(point[1:]))
            case ("cut" | "set" | "backed", int(event)):
                if event not in rules.blocks[event]:
                    return
                self.take(known, "log", event)
                self.take(known, "service", rules.service[event])
                if atom[0] == "set" or is_true:
                    self.about_recovery(known, event)
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
                return 1 if is_true and one[0] in "erv" else 0
            case ((str(), *_), is_true):
                return int(is_true)
            case _:
                return 1
