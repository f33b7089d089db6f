"""Play a saved strategy against every reply: the independent check of what the game's solver found.

Source: docs/theorem.md, "Impossibility over all policies" and "Certificates".  It is played by the rules of
:mod:`bac.proofs.theorem.games.rulebook`, which share nothing with the solver but the semantics, the interpreter and the
evaluator of formulas.

A policy's table must have a move for every position that the clients can bring about, and reach a win without ever
coming back to a position.  It is played against the set of *all* states that an index can have; as each index is judged
by itself, that covers every reply.  A clients' table must have a legal reply to every move of the policy, and no such
move may win.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass, replace
from graphlib import CycleError, TopologicalSorter
from json import dumps
from typing import Any

from bac.model.recovery import OnInvalid, Recovery, Rollback
from bac.model.specification.reader import parse
from bac.model.system import Event, Fact, FactKind, State
from bac.proofs.theorem.games.rulebook import FRESH, Place, Rulebook, StrategyRejected

TRUSTED = "the semantics, the interpreter of facts and actions, and the evaluator of formulas"
"""What a confirmed strategy still rests on."""


@dataclass(frozen=True)
class Confirmed:
    """A strategy that wins: whose it is, in which game, and how many positions came up when it was played."""

    winner: str
    level: str
    dropped: tuple[str, ...]
    positions: int
    trusted: str = TRUSTED


def verify(document: object) -> Confirmed:
    """Play the strategy that a document holds against every reply.

    Raises:
        StrategyRejected: it is malformed, incomplete, illegal, or does not win.
        LimitReached: the architecture is too large for the check.
    """
    try:
        return _verify(document)
    except (KeyError, TypeError, ValueError, IndexError, AttributeError) as error:
        raise StrategyRejected(f"not a strategy: {type(error).__name__}: {error}") from None


def _verify(document: Any) -> Confirmed:
    if (document["format"], document["version"]) != ("bac-strategy", 1):
        raise StrategyRejected("not a strategy of this version")
    architecture = parse(dumps(document["specification"]), "specification").architecture
    rules = Rulebook(architecture, document["level"], frozenset(document["dropped"]))
    if document["winner"] == "policy":
        positions = check_policy(rules, document)
    elif document["winner"] == "clients":
        positions = check_clients(rules, document)
    else:
        raise StrategyRejected(f"{document['winner']!r} does not play")
    return Confirmed(document["winner"], document["level"], tuple(document["dropped"]), positions)


# The two checks


def check_policy(rules: Rulebook, document: Mapping[str, Any]) -> int:
    """Play a policy against every turn of the clients; the number of positions that came up."""
    table = indexed(
        ((read_place(entry["position"]), read_step(entry["step"])), (entry["move"], entry.get("recovery")))
        for entry in document["table"]
    )
    edges: dict[Place, set[Place]] = {}
    todo = [rules.beginning()]
    while todo:
        place = todo.pop()
        if place in edges:
            continue
        edges[place] = set()
        for step in rules.announcements(place) if rules.announces else [None]:
            following = answered(rules, table, place, step)
            if following is not None:
                edges[place].add(following)
                todo.append(following)
    try:
        TopologicalSorter(edges).prepare()
    except CycleError:
        raise StrategyRejected("the policy comes back to a position, so that the game may never end") from None
    return len(edges)


def answered(
    rules: Rulebook, table: Mapping[Any, tuple[Any, Any]], place: Place, step: tuple[str, int] | None
) -> Place | None:
    """Where the policy's answer to a turn leads; ``None`` if it wins."""
    if (place, step) not in table:
        raise StrategyRejected("the policy has no move for a position that comes up")
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
    """Play the clients against every move of the policy; the number of positions that came up."""
    entries = document["announced"] if rules.announces else document["table"]
    read = read_step if rules.announces else read_states
    content = "step" if rules.announces else "reply"
    table = indexed((read_place(entry["position"]), read(entry[content])) for entry in entries)
    start = read_place(document["start"])
    if start != Place(start.states) or not start.states <= rules.beginning().states:
        raise StrategyRejected("the clients cannot begin like this")
    seen, todo = {start}, [start]
    while todo:
        place = todo.pop()
        for kind, services in rules.moves(place):
            after = rules.moved(place, kind, services)
            if any(rules.wins(kind, after, recovery) for recovery in rules.recoveries()):
                raise StrategyRejected(f"the policy wins by: {kind} {', '.join(services)}".rstrip(" :"))
            following = replied(rules, table, place, after)
            if following not in seen:
                seen.add(following)
                todo.append(following)
    return len(seen)


def replied(rules: Rulebook, table: Mapping[Any, Any], place: Place, after: Place) -> Place:
    """Where the clients' turn leads, if it is legal."""
    key = place if rules.announces else after
    if key not in table:
        raise StrategyRejected("the clients have no turn for a position that comes up")
    if rules.announces:
        if table[key] not in set(rules.announcements(place)):
            raise StrategyRejected("the clients announce a step that there is not")
        return rules.stepped(after, table[key])
    if not table[key] <= rules.largest(after).states:
        raise StrategyRejected("the clients bring about a state that no steps lead to")
    return replace(after, states=after.states | table[key])


# Reading


def indexed(pairs: Iterable[tuple[Hashable, Any]]) -> dict[Any, Any]:
    """The table of these pairs, none of which may be there twice."""
    table: dict[Any, Any] = {}
    for key, value in pairs:
        if key in table:
            raise StrategyRejected("a position is in the table twice")
        table[key] = value
    return table


def read_place(document: Mapping[str, Any]) -> Place:
    """A position of the document."""
    flags = document["locked"], document["stopped"]
    if not all(isinstance(flag, bool) for flag in flags):
        raise StrategyRejected("locked and stopped are true or false")
    states = read_states(document["states"])
    return Place(states | {FRESH}, frozenset(document["snapped"]), frozenset(document["round"]), *flags)


def read_states(document: Iterable[Iterable[list[Any]]]) -> frozenset[State]:
    """Local states of the document."""
    return frozenset(frozenset(map(read_fact, state)) for state in document)


def read_fact(document: list[Any]) -> Fact:
    """A fact of the document: its kind, its use case, and the numbers of its steps."""
    kind, case, *steps = document
    return Fact(FactKind(kind), tuple(Event(case, step, 1) for step in steps))


def read_step(document: Mapping[str, Any] | None) -> tuple[str, int] | None:
    """An announced step of the document."""
    return None if document is None else (document["use_case"], document["step"])


def read_recovery(document: Mapping[str, Any]) -> Recovery:
    """A recovery of the document."""
    return Recovery(
        rollback=Rollback(document["rollback"]),
        replay=document["replay"],
        resume=document["resume"],
        on_invalid=OnInvalid(document["on_invalid"]),
    )
