"""The errors that a user can cause, as one small tree; each knows the exit code of the command line.

A bug of the checker is none of these: it stays an ordinary Python exception with its traceback.
"""

from __future__ import annotations


class BacError(Exception):
    """Base of everything that is the input's fault, or a limit's; ``str()`` of it is the message for people."""

    exit_code: int = 2
    """What the command exits with: 2 for wrong input, unless a subclass says otherwise."""


class UnreadableFile(BacError):
    """A file that cannot be opened or read (missing, a directory, no permission)."""


class UnknownPlan(BacError):
    """A plan was asked for that the specification does not have."""


class LimitReached(BacError):
    """A limit was hit before an answer was found: the answer is ``unknown``."""

    exit_code = 3


class UnwritableFile(BacError):
    """A file that cannot be written (no such directory, no permission, no space)."""
