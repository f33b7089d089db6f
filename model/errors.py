"""The errors that a user can cause, each with the exit code of the command line.

A bug that shows itself as a contradiction is a :class:`Contradiction`; any other stays an ordinary Python exception
with its traceback.
"""

from __future__ import annotations


class BacError(Exception):
    """Base of all errors that the input or a limit causes; ``str()`` of it is the message for people."""

    exit_code: int = 2
    """The exit code of the command: 2 for wrong input, unless a subclass has another."""


class UnreadableFile(BacError):
    """A file cannot be opened or read (missing, a directory, no permission)."""


class UnknownPlan(BacError):
    """The specification has no plan of the name that was given."""


class LimitReached(BacError):
    """A limit was reached before an answer was found: the answer is ``unknown``."""

    exit_code = 3


class Contradiction(BacError):
    """Two parts of the checker give different answers to the same question, so one of them has a bug."""

    exit_code = 4


class UnwritableFile(BacError):
    """A file cannot be written (no such directory, no permission, no space)."""


class SlowWithoutExtra(UserWarning):
    """Something works, but would be faster with an extra that is not installed."""
