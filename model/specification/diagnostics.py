"""Located errors and warnings: their codes, how they print, and the report that collects them all.

The codes are public and stable; docs/specification.md lists the same table for people.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal, NoReturn

from bac.model.errors import BacError
from bac.model.names import JOINERS, closest, printable, quoted

ERRORS = {
    # The text, and YAML.
    "too-large": "The file is larger than 8 MiB, or holds more than 500,000 values once its aliases are expanded.",
    "not-utf8": "The file is not UTF-8.",
    "bad-character": "The text holds a character that YAML forbids, such as NUL or another control character.",
    "empty-file": "There is nothing in the file.",
    "yaml-syntax": "The text is not YAML.",
    "tab-indentation": "A tab stands where YAML wants spaces.",
    "yaml-documents": "The file holds more than one YAML document.",
    "yaml-tag": "A YAML tag (`!…`) or a `%TAG` directive; a specification is plain data.",
    "yaml-merge": "A YAML merge key (`<<`).",
    "yaml-key": "A key that is a list or a mapping.",
    "unknown-alias": "A YAML alias (`*x`) of an anchor (`&x`) that is not complete before it.",
    "too-deep": "Lists and mappings are nested more than 32 deep.",
    # Any key, any value.
    "duplicate-key": "A key or a name stands twice in the same mapping.",
    "unknown-key": "A key that has no meaning in this place.",
    "missing-key": "A key that must be there is not.",
    "misplaced-key": "A key that belongs to a step with another verb.",
    "wrong-type": "A list, a mapping or a text stands where something else is wanted.",
    "unknown-value": "The value is none of the words that this key knows.",
    "not-a-boolean": "Something other than `true` or `false` stands where one of them is wanted.",
    "bad-name": "A name that is empty, too long, or holds what a name may not hold.",
    "duplicate-name": "A list names the same thing twice.",
    "empty-list": "A list is empty that must name something.",
    "bad-link": "A link is not written `holder -> target`.",
    # Services and entities.
    "no-services": "The architecture has no service.",
    "two-owners": "Two services own the same entity.",
    "unknown-service": "No service has this name.",
    "unknown-entity": "No service owns an entity of this name.",
    # Use cases.
    "two-forms": "Both `use_cases` and `references` are there.",
    "no-steps": "A use case has no steps.",
    "no-verb": "A step does not say what it does.",
    "two-verbs": "A step does two things at once.",
    "first-step": "The first step has `via: event` or `after`, but it is the client's command.",
    "duplicate-step": "Two steps of a use case have the same name.",
    "unknown-step": "`after` names no step of this use case.",
    "cycle": "A step comes, by `after`, before itself.",
    "two-creators": "Two steps create the same entity.",
    "never-created": "A step uses an entity that no step creates.",
    "duplicate-link": "Two steps make the same link.",
    "unknown-link": "No step makes this link.",
    # Plans.
    "reserved-name": "A plan is called `independent`, which is the plan that every specification has.",
    "two-groups": "A service is in two groups of a plan.",
    "not-independent": "`order` names a service that is not of mode `independent`.",
    "bad-expectation": "`expect` names an anomaly that is not written as kind and subject, or contradicts itself.",
    "no-snapshot": "`rollback: oldest` in a plan that takes no snapshot.",
}
"""What each error code means, in one line."""

WARNINGS = {
    "no-use-cases": "There are no use cases, so nothing ever happens.",
    "unused-service": "No step runs in this service.",
    "unused-entity": "No step creates or uses this entity.",
    "unlisted-copy": "A step copies an entity to a service that does not list it under `copies`.",
    "unfilled-copy": "A service lists an entity under `copies` that no step copies to it.",
    "copy-at-owner": "A service keeps a copy of an entity that it owns.",
    "never-backed-up": "The plan has services of mode `none`, so the whole application is never backed up.",
    "lonely-group": "A group of a mode that works on services together has one service only.",
    "same-plan": "Two plans say the same.",
}
"""What each warning code means, in one line: legal, but suspicious."""

CODES = ERRORS | WARNINGS
"""Every code with its one-line explanation."""

LINE_BREAK = re.compile("\r\n|[\n\r\x85\u2028\u2029]")
"""What ends a line; the same set as that of the YAML parser, or columns would not agree."""

SHOWN = 100
"""How many diagnostics a message shows before it says "… and N more"."""

_WINDOW = 100  # columns of a source line that are shown
_KEPT = 10_000  # diagnostics that are kept; more are only counted
_SUGGESTIONS = 50  # suggestions that are looked for; each may cost a hundred microseconds for each candidate


@dataclass(frozen=True, slots=True)
class Place:
    """A position in the text: line and column, counted from 1, columns in characters."""

    line: int
    column: int

    @classmethod
    def of_offset(cls, text: str, offset: int) -> Place:
        """The place of the character with this index."""
        lines = LINE_BREAK.split(text[:offset])
        return cls(len(lines), len(lines[-1]) + 1)


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """One error or warning at one place of one file.

    ``source`` is the whole line of the file; ``suggestion`` the name that was probably meant, if there is one.
    """

    severity: Literal["error", "warning"]
    code: str
    message: str
    file: str
    line: int
    column: int
    suggestion: str | None = None
    source: str = ""

    def render(self) -> str:
        """``FILE:LINE:COLUMN: error[CODE]: what is wrong``, and below it the line with a caret under the column."""
        hint = f"; did you mean {quoted(self.suggestion)}?" if self.suggestion else ""
        where = f"{printable(self.file)}:{self.line}:{self.column}"
        head = f"{where}: {self.severity}[{self.code}]: {printable(self.message)}{hint}"
        return head if not self.source.strip() else f"{head}\n{self._excerpt()}"

    def _excerpt(self) -> str:
        """The part of the line around the column, and a caret; tabs are kept, so that the two lines agree."""
        at = min(self.column - 1, len(self.source))
        start = max(0, at - _WINDOW // 2) if len(self.source) > _WINDOW else 0
        end = start + _WINDOW
        before, after = printable(self.source[start:at]), printable(self.source[at:end])
        left, right = "…" * (start > 0), "…" * (end < len(self.source))
        return f"    {left}{before}{after}{right}\n    {_blank(left + before)}^"


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


class Report:
    """Collects what is wrong with one file, to tell all of it at once."""

    def __init__(self, file: str, text: str) -> None:
        """``file`` is what messages call the file, ``text`` its content."""
        self.file = file
        self.errors = 0
        self._text = text
        self._kept: dict[tuple[str, int, int, str], Diagnostic] = {}
        self._omitted = 0
        self._suggestions = _SUGGESTIONS

    @cached_property
    def lines(self) -> list[str]:
        """The lines of the text, without their ends."""
        return LINE_BREAK.split(self._text)

    @property
    def diagnostics(self) -> tuple[Diagnostic, ...]:
        """Everything found so far, in the order of the file."""
        return tuple(sorted(self._kept.values(), key=lambda found: (found.line, found.column)))

    def add(self, code: str, place: Place, message: str, *, wrong: str = "", candidates: Iterable[str] = ()) -> None:
        """Note an error or a warning (the code says which), once for each place.

        ``wrong`` and ``candidates``: the name as written, and those that it might have meant.
        """
        self.errors += code in ERRORS
        key = (code, place.line, place.column, message)
        if key in self._kept:  # an alias is read once for each use of it
            return
        if len(self._kept) == _KEPT:
            self._omitted += 1
            return
        severity: Literal["error", "warning"] = "error" if code in ERRORS else "warning"
        source = self.lines[place.line - 1] if place.line <= len(self.lines) else ""
        suggestion = self._suggest(wrong, candidates) if wrong else None
        self._kept[key] = Diagnostic(severity, code, message, self.file, place.line, place.column, suggestion, source)

    def fatal(self, code: str, place: Place, message: str) -> NoReturn:
        """Note an error after which reading on makes no sense.

        Raises:
            SpecificationError: always.
        """
        self.add(code, place, message)
        self.fail()

    def fail(self) -> NoReturn:
        """End with everything noted so far.

        Raises:
            SpecificationError: always.
        """
        raise SpecificationError(self.diagnostics, self._omitted)

    def _suggest(self, wrong: str, candidates: Iterable[str]) -> str | None:
        if self._suggestions == 0:
            return None
        self._suggestions -= 1
        return closest(wrong, candidates)


def _blank(text: str) -> str:
    """As much white space as the text takes on a terminal, tabs as they are."""
    return "".join(char if char == "\t" else " " * _width(char) for char in text)


def _width(char: str) -> int:
    if unicodedata.combining(char) or char in JOINERS:
        return 0
    return 2 if unicodedata.east_asian_width(char) in "WF" else 1
