"""Check a proof that no run satisfies a formula: clauses that are true of every run, cycles, and splits into cases.

A proof is a list of steps, each a line.  It starts with the formula, whose conjunctions are taken apart at once.

* The name of a rule with its numbers, or ``or`` with the number of a disjunction of the formula, stands for a clause.
  All its parts but one are known to be false: the last one is true from there on.  If all are, the case is closed.
* ``split`` and a clause: its parts that are not known to be false are assumed, one after the other.  For each the lines
  that follow close the case; then comes the next.
* ``path`` and points, each known to come before the next, or not after it: the first comes before the last, or not
  after it.  If they are the same point, and one really comes before the next, the case is closed: that is a cycle.

The proof is over when the last case is closed.  Whatever is not justified is refused.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from bac.proofs.certificates.order_rules import Atom, Clause, Literal, insist, no
from bac.properties import formula as properties


@dataclass(frozen=True, eq=False)
class All:
    """Every part is true."""

    parts: tuple[Part, ...]


@dataclass(frozen=True, eq=False)
class Some:
    """At least one part is true; disjunctions are numbered from 0, in the order of the formula."""

    number: int
    parts: tuple[Part, ...]


Part = Literal | All | Some
Parts = tuple[Part, ...]


class Translation:
    """A formula in negation normal form, its facts as literals.

    Args:
        literal: the literal of a fact.
    """

    def __init__(self, literal: Callable[[properties.Atom], Literal]) -> None:
        """Start without disjunctions."""
        self.literal, self.disjunctions = literal, dict[int, Some]()

    def of(self, wanted: properties.Formula, is_true: bool = True) -> Part:
        """Return the formula, or its negation."""
        match wanted:
            case properties.Atom():
                return self.literal(wanted) if is_true else no(self.literal(wanted))
            case properties.Not(part):
                return self.of(part, not is_true)
            case properties.And(parts) | properties.Or(parts):
                translated = tuple(self.of(part, is_true) for part in parts)
                if isinstance(wanted, properties.And) == is_true:
                    return All(translated)
                found = Some(len(self.disjunctions), translated)
                self.disjunctions[found.number] = found
                return found


@dataclass
class Case:
    """One case: the atoms of known truth, and the disjunctions that are true; ``closed`` if it contradicts itself."""

    truth: dict[Atom, bool] = field(default_factory=dict)
    true: set[int] = field(default_factory=set)
    closed: bool = False

    def copy(self) -> Case:
        """The same, to be changed."""
        return Case(dict(self.truth), set(self.true), self.closed)

    def value(self, part: Part) -> bool | None:
        """Whether a part of a clause is known to be true, or to be false."""
        match part:
            case bool():
                return part
            case All(parts):
                values = {self.value(each) for each in parts}
                return False if False in values else None
            case Some(_, parts):
                return False if all(self.value(each) is False for each in parts) else None
            case (atom, is_true):
                known = self.truth.get(atom)
                if known is None and atom[0] == "<" and self.truth.get(("<", atom[2], atom[1])):
                    known = False
                return None if known is None else known == is_true

    def assume(self, part: Part) -> None:
        """Add that a part is true, and all parts of a conjunction."""
        match part:
            case bool():
                self.closed |= not part
            case All(parts):
                for each in parts:
                    self.assume(each)
            case Some(number):
                self.true.add(number)
            case (atom, is_true):
                self.closed |= self.value(part) is False
                self.truth[atom] = is_true

    def order(self, one: str, other: str) -> bool | None:
        """Whether a point is known to come before another one; ``None`` if it only does not come after it.

        Raises:
            Unjustified: neither is known.
        """
        before, after = self.truth.get(("<", one, other)), self.truth.get(("<", other, one))
        insist(before or after is False, f"{one} is not known to come before {other}")
        return before or None


class Check:
    """The check of one proof.

    Args:
        wanted: what no run satisfies.
        disjunctions: the disjunctions in it, by number.
        clause: the clause of a rule with its numbers; it refuses one that does not apply.
    """

    def __init__(
        self, wanted: Part, disjunctions: dict[int, Some], clause: Callable[[str, tuple[int, ...]], Clause]
    ) -> None:
        """Start without knowledge."""
        self.wanted, self.disjunctions, self.clause = wanted, disjunctions, clause

    def check(self, proof: Sequence[str]) -> None:
        """Check all steps.

        Raises:
            Unjustified: one does not follow, or the proof does not close every case.
        """
        case = Case()
        case.assume(self.wanted)
        cases = [] if case.closed else [case]
        for line in proof:
            insist(cases, "the proof goes on after its end")
            words = line.split()
            insist(words, "a step is empty")
            if words[0] == "split":
                cases += self.split(cases.pop(), words[1:])
            else:
                self.follow(cases[-1], words)
            while cases and cases[-1].closed:
                cases.pop()
        insist(not cases, "the proof leaves a case open")

    def split(self, case: Case, words: list[str]) -> Iterator[Case]:
        """The cases of a clause, the first one last."""
        for part in reversed(self.parts(case, words)):
            if case.value(part) is not False:
                branch = case.copy()
                branch.assume(part)
                yield branch

    def follow(self, case: Case, words: list[str]) -> None:
        """Draw one conclusion."""
        if words[0] == "path":
            self.path(case, words[1:])
            return
        left = [part for part in self.parts(case, words) if case.value(part) is not False]
        insist(len(left) < 2, f"{' '.join(words)}: more than one part may be true")
        case.assume(left[0] if left else False)

    def path(self, case: Case, points: list[str]) -> None:
        """Conclude from what comes before what."""
        insist(len(points) > 1, "a path has two ends")
        strict = True in [case.order(one, other) for one, other in pairwise(points)]  # each is asked, and may refuse
        if points[0] == points[-1]:
            insist(strict, "a circle in which nothing comes before anything")
            case.closed = True
        else:
            case.assume(((("<", points[0], points[-1]), True)) if strict else (("<", points[-1], points[0]), False))

    def parts(self, case: Case, words: list[str]) -> Parts:
        """The parts of a clause."""
        insist(words and all(word.isascii() and word.isdigit() and len(word) < 10 for word in words[1:]), "no numbers")
        numbers = tuple(map(int, words[1:]))
        if words[0] != "or":
            return self.clause(words[0], numbers)
        insist(len(numbers) == 1 and numbers[0] in case.true, "that disjunction is not known to be true")
        return self.disjunctions[numbers[0]].parts
