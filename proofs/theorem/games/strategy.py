"""Play a saved strategy against every reply: the check of strategies, independent of the solver of the game.

Source: docs/theorem.md, "Impossibility over all policies" and "Certificates".  It is played by the rules of
:mod:`bac.proofs.theorem.games.rulebook`, which share nothing with the solver but the semantics, the interpreter and the
evaluator of formulas.

A policy's table must have a move for every position that the clients can bring about, and reach a win without ever
coming back to a position.  It is played against the set of *all* states that an index can have; as each index is judged
separately, that covers every reply.  A clients' table must have a legal reply to every move of the policy, and no such
move may win.
"""

from __future__ import annotations

from collections.abc import Collection, Hashable, Iterable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from graphlib import CycleError, TopologicalSorter
from typing import Any, TypeVar

from bac.model import documents
from bac.model.documents import MalformedDocument
from bac.model.errors import LimitReached, quoted
from bac.model.recovery import OnInvalid, Recovery, Rollback
from bac.model.system import INITIAL, Event, Fact, FactKind, State
from bac.proofs.theorem.games.rulebook import FRESH, Place, Rulebook, StrategyRejected

Part = TypeVar("Part", bound=Hashable)
Member = TypeVar("Member", bound=StrEnum)

FORMAT, VERSION = "bac-strategy", 2
TRUSTED = (
    "the reader of specifications, the semantics, the interpreter of facts and actions, the evaluator of formulas, and"
    " the argument that sets of states of one index are exact"
)
"""The trusted base of a confirmed strategy."""
MOST_SERVICES = 10
"""Strategies for more services are not checked: a policy may snapshot any set of them."""
MOST_STEPS = 500
"""Strategies for architectures with more steps are not checked."""
MOST_STATES = 4096
"""Strategies about more states than this, which an index can reach by steps alone, are not checked."""


@dataclass(frozen=True)
class Confirmed:
    """A strategy that wins: its side, its game, and the number of positions that came up when it was played."""

    winner: str
    architecture: str
    level: str
    dropped: tuple[str, ...]
    positions: int
    trusted: str = TRUSTED


def verify(document: Any) -> Confirmed:
    """Play the strategy that a document holds against every reply.

    Raises:
        MalformedDocument: the document is no strategy.
        StrategyRejected: the strategy is incomplete, illegal, or does not win.
        LimitReached: the game is too large for the check.
    """
    documents.check_schema("strategy", document)
    architecture = documents.specification(document["specification"]).architecture
    if len(architecture.services) > MOST_SERVICES:
        raise LimitReached(f"strategies for more than {MOST_SERVICES} services are not checked")
    if sum(len(case.steps) for case in architecture.use_cases) > MOST_STEPS:
        raise LimitReached(f"strategies for more than {MOST_STEPS} steps are not checked")
    rules = Rulebook(architecture, document["level"], frozenset(document["dropped"]))
    refuse_large_games(rules)
    winner = document["winner"]
    positions = check_policy(rules, document) if winner == "policy" else check_clients(rules, document)
    return Confirmed(winner, architecture.name, document["level"], tuple(sorted(document["dropped"])), positions)


def refuse_large_games(rules: Rulebook) -> None:
    """Count the states of one index before the game is played.

    Raises:
        LimitReached: there are too many.
    """
    seen, stack = {INITIAL}, [INITIAL]
    while stack:
        new = set(rules.after_steps(stack.pop(), False)) - seen
        seen |= new
        stack += new
        if len(seen) > MOST_STATES:
            raise LimitReached(f"strategies about more than {MOST_STATES} states of one index are not checked")


# The two checks


def check_policy(rules: Rulebook, document: Mapping[str, Any]) -> int:
    """Play a policy against every turn of the clients; return the number of positions that came up."""
    table = indexed(
        ((read_place(entry["position"]), read_step(entry["step"])), (entry["move"], entry.get("recovery")))
        for entry in document["table"]
    )
    edges: dict[Place, set[Place]] = {}
    unused = set(table)
    todo = [rules.beginning()]
    while todo:
        place = todo.pop()
        if place in edges:
            continue
        edges[place] = set()
        for step in rules.announcements(place) if rules.announces else [None]:
            following = answered(rules, table, place, step)
            unused.discard((place, step))
            if following is not None:
                edges[place].add(following)
                todo.append(following)
    try:
        TopologicalSorter(edges).prepare()
    except CycleError:
        raise StrategyRejected("the policy comes back to a position, so that the game may never end") from None
    refuse_unused(unused)
    return len(edges)


def answered(
    rules: Rulebook, table: Mapping[Any, tuple[Any, Any]], place: Place, step: tuple[str, int] | None
) -> Place | None:
    """Return the place after the policy's answer to a turn; ``None`` if it wins."""
    if (place, step) not in table:
        raise StrategyRejected("the policy has no move for a position that a play reaches")
    move, claimed = table[place, step]
    kind, services = move["kind"], tuple(move["services"])
    if (kind, services) not in set(rules.moves(place)):
        raise StrategyRejected(f"the policy may not {kind} {', '.join(services)} here")
    after = rules.moved(place, kind, services)
    if claimed is None:
        return rules.stepped(after, step) if rules.announces else rules.largest(after)
    recovery = read_recovery(claimed)
    if recovery not in set(rules.recoveries()):
        raise StrategyRejected("the policy has no such recovery")
    if not rules.wins(kind, after, recovery):
        raise StrategyRejected("the policy claims to have won, and has not")
    return None


def check_clients(rules: Rulebook, document: Mapping[str, Any]) -> int:
    """Play the clients against every move of the policy; return the number of positions that came up."""
    key, content, read = ("announced", "step", read_step) if rules.announces else ("table", "reply", read_states)
    if key not in document:
        raise MalformedDocument(f"not a {FORMAT}: in this game the clients have the key {key}")
    entries = document[key]
    table = indexed((read_place(entry["position"]), read(entry[content])) for entry in entries)
    start = read_place(document["start"])
    if start != Place(start.states) or not start.states <= rules.beginning().states:
        raise StrategyRejected("the clients cannot begin like this")
    seen, todo = {start}, [start]
    unused = set(table)
    while todo:
        place = todo.pop()
        for kind, services in rules.moves(place):
            after = rules.moved(place, kind, services)
            if any(rules.wins(kind, after, recovery) for recovery in rules.recoveries()):
                raise StrategyRejected(f"the policy wins by: {kind} {', '.join(services)}".rstrip(" :"))
            following = replied(rules, table, place, after)
            unused.discard(place if rules.announces else after)
            if following not in seen:
                seen.add(following)
                todo.append(following)
    refuse_unused(unused)
    return len(seen)


def refuse_unused(unused: Collection[object]) -> None:
    """Refuse a table with entries that no play uses: nothing is known about them.

    Raises:
        StrategyRejected: there are some.
    """
    if unused:
        raise StrategyRejected(f"{len(unused)} entries of the table are for positions that no play reaches")


def replied(rules: Rulebook, table: Mapping[Any, Any], place: Place, after: Place) -> Place:
    """Return the place after the clients' turn, which must be legal."""
    key = place if rules.announces else after
    if key not in table:
        raise StrategyRejected("the clients have no turn for a position that a play reaches")
    if rules.announces:
        if table[key] not in set(rules.announcements(place)):
            raise StrategyRejected("the clients announce a step that does not exist")
        return rules.stepped(after, table[key])
    if not table[key] <= rules.largest(after).states:
        raise StrategyRejected("the clients bring about a state that no steps lead to")
    return replace(after, states=after.states | table[key])


# Reading


def indexed(pairs: Iterable[tuple[Hashable, Any]]) -> dict[Any, Any]:
    """Return the table of these pairs; no key may occur twice."""
    table: dict[Any, Any] = {}
    for key, value in pairs:
        if key in table:
            raise MalformedDocument(f"not a {FORMAT}: a position is in the table twice")
        table[key] = value
    return table


def read_place(document: Mapping[str, Any]) -> Place:
    """Return a position of the document."""
    return Place(
        read_states(document["states"]) | {FRESH},
        distinct(document["snapped"]),
        distinct(document["round"]),
        document["locked"],
        document["stopped"],
    )


def read_states(document: Iterable[Iterable[list[Any]]]) -> frozenset[State]:
    """Return local states of the document."""
    return distinct([distinct(map(read_fact, state)) for state in document])


def read_fact(document: list[Any]) -> Fact:
    """Return a fact of the document: its kind, its use case, and the numbers of its steps."""
    kind, case, *steps = document
    return Fact(read_member(FactKind, kind), tuple(Event(case, step, 1) for step in steps))


def read_member(kinds: type[Member], name: str) -> Member:
    """Return the member of an enumeration.

    Raises:
        MalformedDocument: there is none of this name.
    """
    try:
        return kinds(name)
    except ValueError:
        raise MalformedDocument(f"not a {FORMAT}: there is no {quoted(name)}") from None


def distinct(parts: Iterable[Part]) -> frozenset[Part]:
    """Return the set of these.

    Raises:
        MalformedDocument: one of them occurs twice.
    """
    listed = list(parts)
    if len(found := frozenset(listed)) != len(listed):
        raise MalformedDocument(f"not a {FORMAT}: a list names something twice")
    return found


def read_step(document: Mapping[str, Any] | None) -> tuple[str, int] | None:
    """Return an announced step of the document."""
    return None if document is None else (document["use_case"], document["step"])


def read_recovery(document: Mapping[str, Any]) -> Recovery:
    """Return a recovery of the document."""
    return Recovery(
        rollback=read_member(Rollback, document["rollback"]),
        replay=document["replay"],
        resume=document["resume"],
        on_invalid=read_member(OnInvalid, document["on_invalid"]),
    )
