"""The errors that a user can cause, as one small tree; each knows the exit code of the command line.

A bug of the checker is none of these: it stays an ordinary Python exception with its traceback.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bac.model.specification.diagnostics import Diagnostic

SHOWN = 100
"""How many diagnostics a message shows before it says "… and N more"."""


class BacError(Exception):
    """Base of everything that is the input's fault, or a limit's; ``str()`` of it is the message for people."""

    exit_code: int = 2
    """What the command exits with: 2 for wrong input, unless a subclass says otherwise."""


class UnreadableFile(BacError):
    """A file that cannot be opened or read (missing, a directory, no permission)."""


class UnknownPlan(BacError):
    """A plan was asked for that the specification does not have."""


class SpecificationError(BacError):
    """A specification with errors in it.

    ``diagnostics`` holds every error and every warning, in the order of the file.  ``omitted`` counts those beyond the
    number that is kept at all (a file of hundreds of thousands of errors is not worth more memory).
    """

    def __init__(self, diagnostics: Sequence[Diagnostic], omitted: int = 0) -> None:
        """Keep the diagnostics; there must be at least one error among them."""
        self.diagnostics = tuple(diagnostics)
        self.omitted = omitted
        super().__init__(self._message())

    def _message(self) -> str:
        shown = [diagnostic.render() for diagnostic in self.diagnostics[:SHOWN]]
        hidden = len(self.diagnostics) - len(shown) + self.omitted
        return "\n".join([*shown, f"… and {hidden} more"] if hidden else shown)


class LimitReached(BacError):
    """A limit was hit before an answer was found: the answer is ``unknown``."""

    exit_code = 3


class UnwritableFile(BacError):
    """A file that cannot be written (no such directory, no permission, no space)."""
