"""The adapter that a user writes so that a drill can drive a real system: seven methods, and a safety marker.

An *index* stands for one instance of every use case, as in a specification: the adapter gives the entities of index 1
ids of their own, and so on.  Actions after the disaster are values of :class:`Action`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol, runtime_checkable

from bac.model.errors import BacError
from bac.model.system import Label as Action
from bac.testing.drills.reading import Reading

__all__ = ["BROKER", "Action", "Adapter", "DrillError", "Droppable", "Lockable", "Refused", "UnmarkedTarget"]

BROKER = "(broker)"
"""The name under which the backup of the broker is taken and restored, where a plan has one."""


class DrillError(BacError):
    """A drill cannot be run as asked."""


class UnmarkedTarget(DrillError):
    """The target of a drill does not say that it may be destroyed."""


class Refused(Exception):
    """The system does not do what it is asked: a lock holds the command back, no message waits, nothing is drained."""


class Adapter(Protocol):
    """The system under a drill.  Each method returns when what it does is done."""

    @property
    def destroyable(self) -> bool:
        """Whether the target carries its safety marker, read from the target itself."""

    def begin(self, use_case: str, index: int) -> None:
        """Prepare an instance of a use case, such as the ids of its entities; nothing of it is done yet."""

    def step(self, use_case: str, step: int, index: int) -> None:
        """Let one step happen: send the command, or let the broker deliver the message that it waits for.

        Args:
            use_case: the name of the use case.
            step: the number of the step, from 1.
            index: the instance.

        Raises:
            Refused: the system does not do it now.
        """

    def snapshot(self, services: Sequence[str]) -> Any:
        """Back up services, at one instant where there are several, and return what :meth:`restore` needs.

        ``[BROKER]`` stands for what waits in the broker.

        Raises:
            Refused: the services are locked, and use cases are still in flight in them.
        """

    def disaster(self, services: Sequence[str]) -> None:
        """Destroy the state of services."""

    def restore(self, backups: Mapping[str, Any]) -> None:
        """Restore services from their backups; ``None`` stands for one that is replicated, or comes back empty."""

    def settle(self, actions: Sequence[Action] | None) -> None:
        """Wait until recovery is over: messages are delivered, events published again, calls made again.

        Args:
            actions: what the run that is driven does in recovery, ``None`` if no run is driven.  A system that
                recovers by itself ignores them.
        """

    def read(self) -> Reading:
        """Return what the stores hold."""


@runtime_checkable
class Lockable(Protocol):
    """Two more methods, for systems whose lock can be taken apart from the backup."""

    def lock(self, services: Sequence[str]) -> None:
        """Hold back commands in these services; what was begun goes on, unless they are stopped."""

    def unlock(self, services: Sequence[str]) -> None:
        """Admit commands again."""


@runtime_checkable
class Droppable(Protocol):
    """One more method, for systems that reject events about what was deleted."""

    def drop(self, use_case: str, step: int, index: int) -> None:
        """Let the receiver reject the message that the step waits for."""
