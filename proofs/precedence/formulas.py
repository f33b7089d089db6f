"""Formulas about one run: which events happened, and on which side of which instant.

A formula is in negation normal form.  Formulas are compared by identity, so that work on a part that several formulas
share is done once.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import IntEnum


class Kind(IntEnum):
    """The subject of a literal: an event, or (``RESTORED``) a service.

    ``HAPPENED``: the event happened before the disaster.  ``CUT``: it is in the log that its service has just after the
    disaster, as it happened before the instant that counts for that service.  ``BACKED``: it is in the backup of its
    service.  ``KEPT``: it happened before the broker was backed up.  ``RESTORED``: the service crashes, or is restored
    together with one that does.
    """

    HAPPENED = 0
    CUT = 1
    BACKED = 2
    KEPT = 3
    RESTORED = 4


@dataclass(frozen=True, slots=True, eq=False)
class Literal:
    """Whether something is so (``holds``) of an event or service, given by its number."""

    kind: Kind
    about: int
    holds: bool = True


@dataclass(frozen=True, slots=True, eq=False)
class All:
    """Every part is true."""

    parts: tuple[Formula, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Some:
    """At least one part is true."""

    parts: tuple[Formula, ...]


Formula = bool | Literal | All | Some


def every(parts: Iterable[Formula]) -> Formula:
    """The conjunction, simplified."""
    return _joined(parts, All, neutral=True)


def some(parts: Iterable[Formula]) -> Formula:
    """The disjunction, simplified."""
    return _joined(parts, Some, neutral=False)


def _joined(parts: Iterable[Formula], kind: type[All] | type[Some], neutral: bool) -> Formula:
    """The parts joined to a formula of this kind, without ``neutral`` ones; the other truth value decides it."""
    found: list[Formula] = []
    for part in parts:
        if part is (not neutral):
            return not neutral
        if isinstance(part, kind):
            found.extend(part.parts)
        elif part is not neutral:
            found.append(part)
    if not found:
        return neutral
    return found[0] if len(found) == 1 else kind(tuple(found))


class Negations:
    """The negations of formulas; each is made once."""

    def __init__(self) -> None:
        """Start without any."""
        self._known: dict[int, tuple[Formula, Formula]] = {}

    def of(self, formula: Formula) -> Formula:
        """Return the negation of a formula."""
        if isinstance(formula, bool):
            return not formula
        known = self._known.get(id(formula))
        if known is None:
            known = formula, self._negated(formula)
            self._known[id(formula)] = known
            self._known[id(known[1])] = known[1], formula
        return known[1]

    def _negated(self, formula: Literal | All | Some) -> Formula:
        match formula:
            case Literal(kind, about, holds):
                return Literal(kind, about, not holds)
            case All(parts):
                return some(map(self.of, parts))
            case Some(parts):
                return every(map(self.of, parts))


def members(mask: int) -> Iterator[int]:
    """The numbers in a set that is represented as the bits of an integer."""
    while mask:
        lowest = mask & -mask
        yield lowest.bit_length() - 1
        mask ^= lowest


def bits(numbers: Iterable[int]) -> int:
    """The set of these numbers as the bits of an integer."""
    mask = 0
    for number in numbers:
        mask |= 1 << number
    return mask
