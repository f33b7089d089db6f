"""The conditions under which indices can be exchanged, checked on the actions, and the system of one index.

A common action, which no index owns, is split into parts, one for each index.  Parts, and the actions that an index
owns, are compared after their facts have been renamed to the first index.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, replace

from bac.model.system import Action, Clause, Event, Fact, Label, System
from bac.proofs.engine import NotApplicable
from bac.properties.formula import And, Atom, Formula, Not, Or, facts

Piece = tuple[str, Fact | Clause | tuple[Fact, Fact]]
"""One entry of an action, after the name of its field."""


@dataclass(frozen=True)
class OneIndex:
    """The part of a symmetric system that belongs to one index.

    ``system`` has the common facts, the facts of the first of ``indices``, the actions that this index owns, and the
    common actions restricted to common facts and to this index.  ``owned`` tells for each action whether it is owned.
    """

    indices: tuple[int, ...]
    system: System
    owned: tuple[bool, ...]


def one_index(system: System) -> OneIndex:
    """Return the system of one index, which describes all of a symmetric system.

    Raises:
        NotApplicable: exchanging two indices changes the system, an action of an index has facts of another index, or a
            common action has an entry about two indices.
    """
    by_index: dict[int, set[Fact]] = {}
    for fact in system.facts:
        if fact.events:
            by_index.setdefault(sole_index(fact.events), set()).add(fact)
    owners = [sole_index(action.label.events) if action.label.events else None for action in system.actions]
    indices = tuple(sorted({*by_index, *(owner for owner in owners if owner is not None)}))
    if not indices:
        raise NotApplicable("there are no indices")
    first = indices[0]
    alike("facts", indices, {index: {moved(fact, first) for fact in mine} for index, mine in by_index.items()})
    owned: dict[int, set[object]] = {}
    for owner, action in zip(owners, system.actions, strict=True):
        if owner is None:
            check_common(action, indices)
        else:
            owned.setdefault(owner, set()).add(owned_by(action, owner, first))
    alike("actions", indices, owned)
    kept = [(owner, action) for owner, action in zip(owners, system.actions, strict=True) if owner in (first, None)]
    one = System(
        tuple(fact for fact in system.facts if fact.index in (None, first)),
        tuple(
            action if owner is not None else action.restricted(lambda fact: fact.index in (None, first))
            for owner, action in kept
        ),
    )
    return OneIndex(indices, one, tuple(owner is not None for owner, _ in kept))


def alike(what: str, indices: Collection[int], by_index: Mapping[int, object]) -> None:
    """Refuse indices that differ in more than their names.

    Raises:
        NotApplicable: they do; ``what`` says in which respect.
    """
    given = [by_index.get(index) for index in indices]
    if any(each != given[0] for each in given):
        raise NotApplicable(f"the {what} of two indices differ")


def sole_index(events: Iterable[Event]) -> int:
    """Return the index of these events.

    Raises:
        NotApplicable: they have several.
    """
    index, *others = {event.index for event in events}
    if others:
        raise NotApplicable("a fact or an action is about several indices")
    return index


# Actions


def owned_by(action: Action, owner: int, first: int) -> object:
    """Return the label and the entries of an index's action, renamed to the first index; entries have no order."""
    if any(fact.index not in (owner, None) for fact in action.facts()):
        raise NotApplicable(f"{action.label.kind}: an action of an index has facts of another index")
    return moved_label(action.label, first), frozenset(moved_piece(piece, first) for piece in pieces(action))


def check_common(action: Action, indices: Iterable[int]) -> None:
    """Refuse a common action that does not treat all indices alike, and independently of each other.

    Raises:
        NotApplicable: it does not.
    """
    if any(source.index != destination.index for source, destination in action.copy):
        raise NotApplicable(f"{action.label.kind}: a copy leads from one index to another, or to no index")
    parts: dict[int, set[Piece]] = {index: set() for index in indices}
    for piece in pieces(action):
        about = {fact.index for fact in mentioned(piece)} - {None}
        if len(about) > 1:
            raise NotApplicable(f"{action.label.kind}: a clause is about several indices")
        for index in about:
            assert index is not None
            parts[index].add(moved_piece(piece, min(parts)))
    alike("parts of a common action", tuple(parts), parts)


def pieces(action: Action) -> Iterable[Piece]:
    """Return all entries of an action except its label."""
    for fact in action.require:
        yield "require", fact
    for fact in action.forbid:
        yield "forbid", fact
    for clause in action.clauses:
        yield "clause", clause
    for fact in action.add:
        yield "add", fact
    for fact in action.delete:
        yield "delete", fact
    for pair in action.copy:
        yield "copy", pair


def mentioned(piece: Piece) -> Iterable[Fact]:
    """Return the facts of an entry."""
    match piece[1]:
        case Fact() as fact:
            return (fact,)
        case Clause(positive, negative):
            return positive | negative
        case pair:
            return pair


# Renaming


def moved(fact: Fact, index: int) -> Fact:
    """Return the same fact of another index, or a common fact unchanged."""
    return Fact(fact.kind, moved_events(fact.events, index), fact.services) if fact.events else fact


def moved_events(events: Iterable[Event], index: int) -> tuple[Event, ...]:
    """Return the same events of another index."""
    return tuple(Event(event.use_case, event.step, index) for event in events)


def moved_label(label: Label, index: int) -> Label:
    """Return the label of the same action of another index, or that of a common action unchanged."""
    return replace(label, events=moved_events(label.events, index)) if label.events else label


def moved_piece(piece: Piece, index: int) -> Piece:
    """Return the same entry about another index."""
    match piece:
        case name, Fact() as fact:
            return name, moved(fact, index)
        case name, Clause(positive, negative):
            there = Clause(frozenset(moved(f, index) for f in positive), frozenset(moved(f, index) for f in negative))
            return name, there
        case name, (source, destination):
            return name, (moved(source, index), moved(destination, index))
    raise AssertionError(piece)


# Formulas


def subject(formula: Formula, indices: Collection[int]) -> int | None:
    """Return the index that a formula is about; ``None`` if it is about common facts only.

    Raises:
        NotApplicable: it is about several indices, or about one that the system does not have.
    """
    about = {event.index for fact in facts(formula) for event in fact.events}
    if len(about) > 1:
        raise NotApplicable("a formula is about several indices")
    index = next(iter(about), None)
    if index is not None and index not in indices:
        raise NotApplicable(f"a formula is about index {index}, which the system does not have")
    return index


def moved_formula(formula: Formula, index: int) -> Formula:
    """Return the same formula about another index."""
    return with_facts(formula, lambda fact: moved(fact, index))


def with_facts(formula: Formula, change: Callable[[Fact], Fact]) -> Formula:
    """Return the formula with its facts changed."""
    match formula:
        case Atom(fact):
            return Atom(change(fact))
        case Not(part):
            return Not(with_facts(part, change))
        case And(parts):
            return And(tuple(with_facts(part, change) for part in parts))
        case Or(parts):
            return Or(tuple(with_facts(part, change) for part in parts))
