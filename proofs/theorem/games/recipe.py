"""Write a strategy in words, and as a document that ``strategy`` checks.

Source: docs/theorem.md, "Certificates".  The document holds the specification, so that it can be checked alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from bac.model.recovery import OnInvalid, Recovery, Rollback
from bac.model.specification.writer import dump
from bac.model.system import Fact, FactKind
from bac.proofs.theorem.games.arenas import Assumption
from bac.proofs.theorem.games.board import Board, Choice, Move, MoveKind, Turn
from bac.proofs.theorem.games.game import Game
from bac.proofs.theorem.games.positions import LocalState, Position
from bac.proofs.theorem.games.solver import Clients
from bac.proofs.theorem.games.strategy import FORMAT, VERSION

Table = dict[tuple[Position, Turn], Choice]


# In words


def recipe(game: Game) -> str:
    """Return the winner's strategy in one or a few sentences."""
    if game.policy is not None:
        return _policy_recipe(game.board, game.policy)
    assert game.clients is not None
    return _clients_recipe(game.board, game.clients)


def _policy_recipe(board: Board, table: Table) -> str:
    """Describe the moves of the policy, round after round, and then its recovery."""
    sentences: list[str] = []
    level = [next(position for position, _ in table)]
    while level:
        reactions = [(position, turn, choice) for (position, turn), choice in table.items() if position in level]
        sentences += _round(board, reactions)
        following = (
            board.reply(board.after(position, choice.move), turn)
            for position, turn, choice in reactions
            if choice.recovery is None
        )
        level = list(dict.fromkeys(following))
    last = next(choice for choice in table.values() if choice.recovery is not None)
    replicated = last.move.kind is MoveKind.REPLICATE
    assert last.recovery is not None
    sentences.append(recovery_words(last.recovery, "logs" if replicated else "newest backups"))
    return ". ".join(map(_capital, sentences)) + "."


def _round(board: Board, reactions: list[tuple[Position, Turn, Choice]]) -> Iterator[str]:
    """Describe one round, depending on the services that have a snapshot and on the announced step."""
    situations: dict[tuple[str, ...], dict[str, set[Turn]]] = {}
    for position, turn, choice in reactions:
        done = tuple(sorted(position.snapped, key=board.services.index))
        situations.setdefault(done, {}).setdefault(move_words(choice.move), set()).add(turn)
    for done, moves in situations.items():
        when = f"with a snapshot of {_listed(done)}, " if len(situations) > 1 else ""
        usual = next(words for words, turns in moves.items() if any(turn.step is None for turn in turns))
        special = [f"before {_steps(board, turns)}, {words}" for words, turns in moves.items() if words != usual]
        yield when + "; ".join([*special, f"otherwise {usual}" if special else usual])


def _steps(board: Board, turns: set[Turn]) -> str:
    """Describe the announced steps; if a service has no others, only the service is named."""
    by_service: dict[str, list[Turn]] = {}
    for step in board.indices.steps():
        by_service.setdefault(board.indices.service(*step), []).append(Turn(step=step))
    words = []
    for service, steps in by_service.items():
        if turns.issuperset(steps):
            words.append(f"a step in {service}")
        else:
            words += [f"“{turn_words(board, turn)}”" for turn in steps if turn in turns]
    return " or ".join(words)


def move_words(move: Move) -> str:
    """Return a move of the policy as an order."""
    match move.kind:
        case MoveKind.SNAPSHOT:
            return f"snapshot {_listed(move.services)}" + " at one instant" * (len(move.services) > 1)
        case MoveKind.REPLICATE:
            return "back up every event as it is logged"
        case MoveKind.LOCK:
            return "lock all services"
        case MoveKind.DRAIN:
            return "let what is in flight finish"
        case MoveKind.UNLOCK:
            return "unlock all services"
        case MoveKind.REST:
            return "wait until the clients have stopped and what they began is finished"
        case MoveKind.WAIT:
            return "wait"


def recovery_words(recovery: Recovery, backups: str = "newest backups") -> str:
    """Describe a recovery."""
    rolled = recovery.rollback is Rollback.OLDEST
    words = "take every service back to the instant of the oldest backup" if rolled else f"restore the {backups}"
    redone = ["replay the events"] * recovery.replay + ["resume the calls"] * recovery.resume
    if redone:
        words += f", and {' and '.join(redone)} that the logs show as begun"
        words += ", unless what they are about does not exist" * (recovery.on_invalid is OnInvalid.REJECT)
    return f"after a disaster, {words}"


def turn_words(board: Board, turn: Turn) -> str:
    """Return an announced step by its command, with its use case."""
    assert turn.step is not None
    number, step = turn.step
    event = board.indices.components[number].steps[step].label.events[0]
    case = board.architecture.by_use_case[event.use_case]
    return f"{case.step(event.step)} ({case.name})"


def _clients_recipe(board: Board, clients: Clients) -> str:
    """Describe what the clients launch, and how far they run it."""
    replication = Assumption.SEPARATE in board.dropped
    if clients.launched is None:
        if clients.announced is None:
            return (
                "At every turn, with indices without number in every state, let some take every way that is open, and"
                " others stay where they are."
            )
        return "Announce at every position the step that the certificate names; the policy has no answer to it."
    launched = [_launch(board, state) for state in board.indices.members(clients.launched)]
    each = " for each" * (len(launched) > 1)
    if clients.once:
        words = f"Once and for all, at one index{each}, {_listed(launched)}"
    else:
        words = f"At every turn, at a fresh index{each}, {_listed(launched)}; leave all others alone"
    return words + (". Where every event is replicated, disaster strikes in between." if replication else ".")


def _launch(board: Board, state: LocalState) -> str:
    """Describe how far each use case of an index is run."""
    number, facts = state
    done: dict[str, list[int]] = {}
    for fact in sorted(facts):
        if fact.kind is FactKind.LOGGED:
            done.setdefault(fact.events[0].use_case, []).append(fact.events[0].step)
    parts = []
    for case in board.indices.components[number].rules.architecture.use_cases:
        steps = done.get(case.name, [])
        if len(steps) == len(case.steps):
            parts.append(f"run “{case.name}” to its end")
        elif steps:
            parts.append(f"run “{case.name}” up to “{'” and “'.join(str(case.step(n)) for n in steps)}” and no further")
    return ", ".join(parts)


def _listed(words: Iterable[str]) -> str:
    """Join words with commas and an ``and``."""
    every = list(words)
    return " and ".join(filter(None, [", ".join(every[:-1]), *every[-1:]]))


def _capital(sentence: str) -> str:
    return sentence[:1].upper() + sentence[1:]


# As a document


def certificate(game: Game) -> dict[str, Any]:
    """Return the winner's strategy as a JSON document (docs/theorem.md, "Certificates")."""
    board = game.board
    document: dict[str, Any] = {
        "format": FORMAT,
        "version": VERSION,
        "specification": dump(game.architecture, []),
        "level": str(game.level),
        "dropped": sorted(map(str, game.dropped)),
        "winner": str(game.winner),
    }
    if game.policy is not None:
        return document | {"table": [_policy_entry(board, key, choice) for key, choice in game.policy.items()]}
    clients = game.clients
    assert clients is not None
    document["start"] = _position(board, clients.start)
    if clients.announced is not None:
        entries = clients.announced.items()
        document["announced"] = [{"position": _position(board, p), "step": _step(board, t)} for p, t in entries]
    else:
        document["table"] = [
            {"position": _position(board, after), "reply": _states(board, reply.states & ~after.states)}
            for after, reply in clients.replies.items()
        ]
    return document


def _policy_entry(board: Board, key: tuple[Position, Turn], choice: Choice) -> dict[str, Any]:
    position, turn = key
    entry: dict[str, Any] = {
        "position": _position(board, position),
        "step": _step(board, turn),
        "move": {"kind": str(choice.move.kind), "services": list(choice.move.services)},
    }
    if choice.recovery is not None:
        recovery = choice.recovery
        entry["recovery"] = {
            "rollback": str(recovery.rollback),
            "replay": recovery.replay,
            "resume": recovery.resume,
            "on_invalid": str(recovery.on_invalid),
        }
    return entry


def _position(board: Board, position: Position) -> dict[str, Any]:
    return {
        "states": _states(board, position.states),
        "snapped": sorted(position.snapped),
        "round": sorted(position.round),
        "locked": position.locked,
        "stopped": position.stopped,
    }


def _states(board: Board, mask: int) -> list[list[list[Any]]]:
    """Return the states of a set as lists of facts, without the fresh state, which is always present."""
    members = (facts for _, facts in board.indices.members(mask) if facts)
    return sorted([_fact(fact) for fact in sorted(facts)] for facts in members)


def _fact(fact: Fact) -> list[Any]:
    """Return a fact as its kind, its use case, and the numbers of its steps."""
    return [str(fact.kind), fact.events[0].use_case, *(event.step for event in fact.events)]


def _step(board: Board, turn: Turn) -> dict[str, Any] | None:
    if turn.step is None:
        return None
    number, step = turn.step
    event = board.indices.components[number].steps[step].label.events[0]
    return {"use_case": event.use_case, "step": event.step}
