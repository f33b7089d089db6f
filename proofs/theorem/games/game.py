"""Play games of a backup policy against clients: who wins, and which assumptions must be dropped for a policy to win.

Source: docs/theorem.md, "Impossibility over all policies".  The rules are in :mod:`bac.proofs.theorem.games.board`,
positions in :mod:`bac.proofs.theorem.games.positions`.  A game that the clients win can be turned into a trace.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import combinations, product

from bac.model.architecture import Architecture
from bac.model.errors import LimitReached
from bac.model.modes import Mode
from bac.model.plan import INDEPENDENT, Group, Plan, Timing
from bac.model.recovery import Recovery, Rollback
from bac.model.system import AT_REST, RECOVERED, ActionKind, Label, State, System
from bac.model.trace import Claim, Trace
from bac.proofs.replay import objection
from bac.proofs.theorem.games.arenas import Assumption, Level
from bac.proofs.theorem.games.board import Board, Choice, Move, MoveKind, Player, Turn
from bac.proofs.theorem.games.positions import LocalState, Position, places
from bac.proofs.theorem.games.solver import Clients, Effort, simplest, solve
from bac.properties.anomalies import anomalies
from bac.properties.formula import satisfied
from bac.properties.qualities import Property

INTERRUPTED = "interrupted"


@dataclass(frozen=True)
class Game:
    """A solved game.

    ``positions`` counts those that were explored to find the ``winner``, whose strategy is in ``policy`` (a choice for
    every position and turn of the clients) or in ``clients``.
    """

    architecture: Architecture
    level: Level
    dropped: frozenset[Assumption]
    winner: Player
    positions: int
    board: Board = field(repr=False, compare=False)
    policy: dict[tuple[Position, Turn], Choice] | None = field(default=None, repr=False, compare=False)
    clients: Clients | None = field(default=None, repr=False, compare=False)


def play(
    architecture: Architecture,
    level: Level,
    dropped: frozenset[Assumption] = frozenset(),
    effort: Effort | None = None,
) -> Game:
    """Solve a game.

    Args:
        architecture: the clients use it, and the policy backs it up.
        level: the consistency that the policy is to reach.
        dropped: the assumptions that do not hold.
        effort: the limits; default: :data:`~bac.proofs.theorem.games.solver.MOST_POSITIONS`.

    Raises:
        LimitReached: it is not solved within the limits, so that the winner is unknown.
    """
    effort = effort or Effort()
    search = solve(Board(architecture, level, dropped, effort.monitor.check), effort)
    board, count = search.board, len(search.found)
    if search.start in search.won:
        return Game(architecture, level, dropped, Player.POLICY, count, board, policy=search.policy())
    return Game(architecture, level, dropped, Player.CLIENTS, count, board, clients=simplest(search))


def minimal_drops(
    architecture: Architecture, level: Level, effort: Effort | None = None
) -> list[tuple[Assumption, ...]]:
    """Return every minimal set of assumptions such that a policy wins when they are dropped; by size, then by name.

    The empty set is the only one if a policy wins with all assumptions; there is none if no dropping helps.  As
    dropping more never takes a policy's win away, supersets of those found are not played.

    Raises:
        LimitReached: one of the games is not solved within the limits.
    """
    effort = effort or Effort()
    minimal: list[tuple[Assumption, ...]] = []
    names = sorted(Assumption)
    for size in range(len(names) + 1):
        for dropped in combinations(names, size):
            if any(set(found) <= set(dropped) for found in minimal):
                continue
            search = solve(Board(architecture, level, frozenset(dropped), effort.monitor.check), effort)
            if search.start in search.won:
                minimal.append(dropped)
    return minimal


@dataclass(frozen=True)
class Outcome:
    """One game, or the limit that kept it from being solved.

    ``ways_out`` are the games with a minimal set of assumptions dropped so that a policy wins (``None``: not asked, or
    not known).
    """

    architecture: str
    level: Level
    dropped: frozenset[Assumption]
    game: Game | None
    ways_out: tuple[Game, ...] | None = None
    limit: str | None = None


def outcomes(
    architectures: Iterable[Architecture],
    levels: Iterable[Level],
    dropped: frozenset[Assumption] = frozenset(),
    effort: Effort | None = None,
) -> Iterator[Outcome]:
    """Play every game; with no assumption dropped, also find the ways out.

    After an interrupt (Ctrl-C), every game that is left is unknown.
    """
    limit = None
    for architecture, level in product(architectures, tuple(levels)):
        if limit == INTERRUPTED:
            yield Outcome(architecture.name, level, dropped, None, limit=limit)
            continue
        game, ways, limit = None, None, None
        try:
            game = play(architecture, level, dropped, effort)
            ways = None if dropped else ways_out(architecture, level, effort)
        except LimitReached as error:
            limit = str(error)
        except KeyboardInterrupt:
            limit = INTERRUPTED
        yield Outcome(architecture.name, level, dropped, game, ways, limit)


def ways_out(architecture: Architecture, level: Level, effort: Effort | None) -> tuple[Game, ...]:
    """Return the games that a policy wins with a minimal set of assumptions dropped.

    Raises:
        LimitReached: one of the games is not solved within the limits.
    """
    minimal = minimal_drops(architecture, level, effort)
    return tuple(play(architecture, level, frozenset(way), effort) for way in minimal)


# A game as a trace
#
# The trace follows one index, at which the backups turn out to be inconsistent; it is a run of the plan that the policy
# followed, confirmed by the interpreter, and can be drawn.

Histories = dict[LocalState, tuple[Label, ...]]


def play_out(game: Game, order: Sequence[str] | None = None) -> Trace:
    """Return a play of a game that the clients win, as a trace.

    The policy snapshots every service once, in this order (default: that of the specification), or all at one instant
    if it may; with ``state-only`` or ``verbatim`` dropped its recovery does all that it may.  The clients play their
    strategy.

    Raises:
        ValueError: the policy wins this game, or the order does not name every service once.
    """
    order = tuple(order or game.board.services)
    if game.clients is None or sorted(order) != sorted(game.board.services):
        raise ValueError("the clients must win, and the order must name every service once")
    single = Assumption.SINGLE in game.dropped
    sets = [tuple(game.board.services)] if single else [(service,) for service in order]
    plan = followed(game, single)
    histories = played(game, [Move(MoveKind.SNAPSHOT, chosen) for chosen in sets])
    system = Trace(game.architecture, plan, 1, Claim(Property.CONSISTENCY), ()).system
    found = [trace for labels in histories.values() if (trace := ending(game, plan, system, labels)) is not None]
    trace = min(found, key=lambda each: (each.claim.timing is not Timing.AT_REST, len(each.actions)))
    problem = objection(trace)
    assert problem is None, problem
    return trace


def followed(game: Game, single: bool) -> Plan:
    """Return the plan that the policy follows."""
    redone, rolled = Assumption.STATE_ONLY in game.dropped, Assumption.VERBATIM in game.dropped
    recovery = Recovery(rollback=Rollback.OLDEST if rolled else Rollback.NONE, replay=redone, resume=redone)
    groups = (Group(Mode.ATOMIC, game.board.services),) if single else ()
    return Plan("policy", groups, recovery=recovery) if groups or recovery != Recovery() else INDEPENDENT


def played(game: Game, moves: Iterable[Move]) -> Histories:
    """Return a history of each local state at the end of these moves."""
    board, clients = game.board, game.clients
    assert clients is not None
    indices, position = board.indices, clients.start
    histories: Histories = dict.fromkeys(indices.members(indices.fresh), ())
    stepped(game, histories, position)
    for move in moves:
        after = board.after(position, move)
        label = Label(ActionKind.SNAPSHOT, services=move.services)
        snapped: Histories = {}
        for number in places(position.states):
            (image,) = indices.members(board.after(position._replace(states=1 << number), move).states)
            history = (*histories[indices.states[number]], label)
            snapped[image] = min(snapped.get(image, history), history, key=len)
        histories = snapped
        reply = clients.replies.get(after, after)
        position = reply if clients.announced is None else board.reply(after, clients.announced[position])
        stepped(game, histories, position)
    return histories


def stepped(game: Game, histories: Histories, position: Position) -> None:
    """Add a history for each new local state of a position: steps after the history of an earlier state."""
    components = game.board.indices.components
    level = dict(histories)
    while level:
        following: Histories = {}
        for (number, facts), history in level.items():
            for action in components[number].steps:
                after = number, action.apply(facts)
                if action.enabled(facts) and after not in histories:
                    following.setdefault(after, (*history, action.label))
        for state, history in following.items():
            histories.setdefault(state, history)
        level = following
    wanted = set(game.board.indices.members(position.states))
    for state in list(histories):
        if state not in wanted:
            del histories[state]


def ending(game: Game, plan: Plan, system: System, labels: tuple[Label, ...]) -> Trace | None:
    """Return the run with disaster and recovery, as a trace, if it shows an anomaly of the level."""
    state = system.run(labels)[-1]
    struck = [action for action in system.enabled(state) if action.label.kind is ActionKind.DISASTER]
    disaster = next((action for action in struck if action.label.at_rest), struck[0])
    runs: dict[State, tuple[Label, ...]] = {disaster.apply(state): (*labels, disaster.label)}
    for current in iterate(system, runs):
        for anomaly in anomalies(game.architecture, plan, 1):
            counts = anomaly.kind in game.level.kinds and anomaly.counts
            if counts and system.settled(current) and satisfied(anomaly.formula, current):
                timing = Timing.AT_REST if AT_REST in current else Timing.ANY_TIME
                claim = Claim(Property.CONSISTENCY, anomaly.kind, anomaly.subject, 1, timing)
                return Trace(game.architecture, plan, 1, claim, runs[current])
    return None


def iterate(system: System, runs: dict[State, tuple[Label, ...]]) -> Iterable[State]:
    """Yield the states of recovery, shortest runs first, and add their runs to ``runs``."""
    todo = list(runs)
    for state in todo:
        assert RECOVERED in state
        yield state
        for action in system.enabled(state):
            after = action.apply(state)
            if after not in runs:
                runs[after] = (*runs[state], action.label)
                todo.append(after)
