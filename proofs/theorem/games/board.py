"""The rules of the game of a backup policy against clients.

Source: docs/theorem.md, "Impossibility over all policies"; positions are those of
:mod:`bac.proofs.theorem.games.positions`.

**Turns.**  The clients move first: the application has been in use for as long as they like before the policy takes
hold of it (else a policy would back up the empty logs).  Then policy and clients take turns.  The policy makes one
move; at their turn the clients run steps, finitely many at each index, at old or fresh indices, or none.

**Moves of the policy**, which sees everything.

* *wait*: do nothing.
* *snapshot s*, as often as it likes: ``backed(e) := logged(e)`` for the events of s; the newest snapshot counts.

**Winning.**  The policy wins at the first moment when every service has a snapshot, and the newest ones, restored after
a disaster that hits all services and settled, show no anomaly of the level at any index.  Messages in the broker are
lost, and what is tolerated in the specification is tolerated here.  The clients win if they prevent that forever.

**Dropping an assumption** adds choices, and takes none away.  Hence a policy that wins still wins when more is dropped.

* ``single``: *snapshot* takes any set of services at one instant.
* ``available``: *lock* all services; while they are locked, no use case begins, and those in flight may go on (the
  admission rule of locked groups).  *Drain* waits until everything in flight is finished, or waits for something that
  no use case in flight will do; clients that are free to finish what they began do so in the end.  *Unlock*.
  Locking fewer services holds back fewer commands, so it never helps more.
* ``asynchronous``: from the policy's first move on the clients take one step at a time, and announce it: the policy
  has a move between the arrival of a command and its execution, as in a checkpoint that a marker or a message forces.
  Any number of indices that are ready for the announced step may take it at once; for the policy this is the harder
  case.
* ``verbatim``: the policy may have every service restored to the instant of the oldest backup, the rollback of the
  article; a snapshot of a service that has one since that instant begins a new round (the policy could as well have
  begun with that round).  To drop any events at all would be trivial, as empty logs are consistent; so would be an
  instant before the policy began.  An instant between that and the oldest backup would help no more: it is an instant
  at which the policy could have begun.
* ``separate``: *replicate*: every event is backed up as it is logged.  The newest backup is then the log itself, and
  the disaster picks the moment: this wins iff every reachable position is consistent.  A policy may take
  snapshots instead.  To replicate some services only never helps more: an index that stays in a state that is
  inconsistent in the log is so in every snapshot taken since.
* ``unbounded``: *rest* waits until the clients have stopped for good.  As in a night without traffic, what they had
  begun is finished first (or stuck).
* ``state-only``: recovery may also replay the events, or resume the calls, or both, that the recovered logs show as
  begun (their predecessors are logged), and reject or accept those about entities that do not exist.  Recorded channels
  are contained in this: they hold the messages of backed events.

Which recovery there will be is announced before the disaster, and is the same for all indices.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from enum import StrEnum
from itertools import combinations
from typing import NamedTuple

from bac.model.architecture import Architecture
from bac.model.errors import LimitReached, quoted
from bac.model.recovery import Recovery, Rollback
from bac.model.setting import droppable
from bac.proofs.theorem.games.arenas import Assumption, Level
from bac.proofs.theorem.games.positions import Indices, Position, recoveries

MOST_SERVICES = 10
"""With more services than this, sets of them are not enumerated."""


class Player(StrEnum):
    """The two players."""

    POLICY = "policy"
    CLIENTS = "clients"


class MoveKind(StrEnum):
    """The kinds of moves of the policy."""

    REPLICATE = "replicate"
    SNAPSHOT = "snapshot"
    LOCK = "lock"
    DRAIN = "drain"
    UNLOCK = "unlock"
    REST = "rest"
    WAIT = "wait"


class Move(NamedTuple):
    """A move of the policy; ``services`` are those of a snapshot."""

    kind: MoveKind
    services: tuple[str, ...] = ()


class Turn(NamedTuple):
    """A turn of the clients: the largest one, nothing, or one step (its component, and its number in it)."""

    largest: bool = False
    step: tuple[int, int] | None = None


LARGEST, NOTHING = Turn(largest=True), Turn()


class Choice(NamedTuple):
    """The policy's answer to a turn; with ``recovery``, it has won."""

    move: Move
    recovery: Recovery | None = None


class Board:
    """The rules of one game."""

    def __init__(
        self,
        architecture: Architecture,
        level: Level,
        dropped: frozenset[Assumption],
        check: Callable[[], None] = lambda: None,
    ) -> None:
        """Prepare the game; nothing is explored yet.

        Args:
            architecture: the clients use it, and the policy backs it up.
            level: the consistency that the policy is to reach.
            dropped: the assumptions that do not hold.
            check: called during long computations; it raises to end them.

        Raises:
            LimitReached: the policy may snapshot sets of services, and there are too many of them; or the game is not
                defined for the architecture.
        """
        if external := [service.name for service in architecture.services if service.external]:
            raise LimitReached(f"the game has no external services, such as {quoted(external[0])}")
        if Assumption.STATE_ONLY in dropped and (rejectable := droppable(architecture)):
            case, number = min(rejectable)
            raise LimitReached(f"the game has no events that meet a deletion, such as step {number} of {quoted(case)}")
        self.architecture, self.level, self.dropped = architecture, level, dropped
        self.services = tuple(service.name for service in architecture.services)
        self.everything = frozenset(self.services)
        self.recoveries = recoveries(dropped)
        self.indices = Indices(architecture, level, self.recoveries, check)
        self.snapshots = tuple(self._snapshots())
        self._replicated: Recovery | bool | None = None

    def _snapshots(self) -> Iterator[Move]:
        sizes = range(1, len(self.services) + 1 if Assumption.SINGLE in self.dropped else 2)
        if len(sizes) > MOST_SERVICES:
            raise LimitReached(f"snapshots of any set of more than {MOST_SERVICES} services")
        for size in sizes:
            yield from (Move(MoveKind.SNAPSHOT, chosen) for chosen in combinations(self.services, size))

    # The policy

    def moves(self, position: Position) -> Iterator[Move]:
        """Return the moves of the policy."""
        if Assumption.SEPARATE in self.dropped:
            yield Move(MoveKind.REPLICATE)
        yield from self.snapshots
        if Assumption.AVAILABLE in self.dropped:
            kinds = (MoveKind.DRAIN, MoveKind.UNLOCK) if position.locked else (MoveKind.LOCK,)
            yield from map(Move, kinds)
        if Assumption.UNBOUNDED in self.dropped and not position.stopped:
            yield Move(MoveKind.REST)
        yield Move(MoveKind.WAIT)

    def after(self, position: Position, move: Move) -> Position:
        """Return the position after a move of the policy, at the clients' turn."""
        match move.kind:
            case MoveKind.SNAPSHOT:
                return self._snapshot(position, move.services)
            case MoveKind.LOCK | MoveKind.UNLOCK:
                return position._replace(locked=move.kind is MoveKind.LOCK)
            case MoveKind.DRAIN:
                return position._replace(states=self.indices.finish(position.states))
            case MoveKind.REST:
                return position._replace(states=self.indices.finish(position.states), stopped=True)
            case MoveKind.REPLICATE | MoveKind.WAIT:
                return position

    def _snapshot(self, position: Position, services: tuple[str, ...]) -> Position:
        chosen, rounds = frozenset(services), Assumption.VERBATIM in self.dropped
        instant = rounds and (not position.round or bool(position.round & chosen))
        return position._replace(
            states=self.indices.snap(position.states, services, instant),
            snapped=position.snapped | chosen,
            round=(chosen if instant else position.round | chosen) if rounds else position.round,
        )

    def won(self, position: Position, move: Move) -> Recovery | None:
        """Return the recovery by which the policy has won right after the move that led to this position, if it has.

        It must be good whatever the clients log before disaster strikes: what was wrong in those logs, too, is not the
        fault of the backups.
        """
        if move.kind is MoveKind.REPLICATE:
            return self._replication()
        if position.snapped != self.everything:
            return None
        logs = position.states if position.stopped else self.indices.close(position.states, held=False)
        for number, recovery in enumerate(self.recoveries):
            complete = recovery.rollback is Rollback.NONE or position.round == self.everything
            if complete and self.indices.good(logs, number):
                return recovery
        return None

    def _replication(self) -> Recovery | None:
        if self._replicated is None:
            good = (recovery for n, recovery in enumerate(self.recoveries) if self.indices.replicable(n))
            self._replicated = next(good, False)
        return self._replicated if isinstance(self._replicated, Recovery) else None

    # The clients

    def start(self) -> Position:
        """Return the position before the policy's first move, after the clients' largest turn."""
        return Position(self.indices.close(self.indices.fresh, held=False))

    def turns(self, position: Position) -> Iterator[Turn]:
        """Return the turns of the clients that matter: the largest one, or one step announced before the move."""
        if Assumption.ASYNCHRONOUS not in self.dropped:
            yield LARGEST
            return
        yield NOTHING
        if not position.stopped:
            yield from (Turn(step=step) for step in self.indices.steps())

    def reply(self, position: Position, turn: Turn) -> Position:
        """Return the position after the clients' turn."""
        if position.stopped or turn == NOTHING:
            return position
        if turn.step is not None:
            return position._replace(states=self.indices.take(position.states, *turn.step, position.locked))
        return position._replace(states=self.indices.close(position.states, position.locked))
