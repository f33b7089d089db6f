"""Located errors, warnings and notes: their codes, how they print, and the report that collects them.

The codes are public and stable; docs/specification.md lists the same table for people.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal, NoReturn, TypeAlias

from bac.model.errors import JOINERS, BacError, closest, printable, quoted

ERRORS = {
    # The text, and YAML.
    "too-large": "The file is larger than 8 MiB, or contains more than 500,000 values once its aliases are expanded.",
    "not-utf8": "The file is not UTF-8.",
    "bad-character": "The text contains a character that YAML forbids, such as NUL or another control character.",
    "empty-file": "The file is empty.",
    "yaml-syntax": "The text is not YAML.",
    "tab-indentation": "A tab is used for indentation, where YAML requires spaces.",
    "yaml-documents": "The file contains more than one YAML document.",
    "yaml-tag": "A YAML tag (`!…`) or a `%TAG` directive is used; a specification is plain data.",
    "yaml-merge": "A YAML merge key (`<<`) is used.",
    "yaml-key": "A key is a list or a mapping.",
    "unknown-alias": "A YAML alias (`*x`) comes before the end of its anchor (`&x`), or has none.",
    "too-deep": "Lists and mappings are nested more than 32 deep.",
    # Any key, any value.
    "duplicate-key": "A key or a name occurs twice in the same mapping.",
    "unknown-key": "A key has no meaning in this place, or a step has an unknown verb.",
    "missing-key": "A required key is missing.",
    "misplaced-key": "A key belongs to a step with another verb, or to a group of another mode.",
    "wrong-type": "The value has another form than expected: a text, a list or a mapping.",
    "unknown-value": "The value is none of the words that this key accepts.",
    "not-a-boolean": "The value must be `true` or `false`, and is neither.",
    "bad-name": "A name is empty, too long, or contains a character that names may not contain.",
    "duplicate-name": "A list names the same thing twice.",
    "empty-list": "A list must name at least one thing, and is empty.",
    "bad-link": "A link is not written `holder -> target`.",
    # Services and entities.
    "no-services": "The architecture has no service, or only external ones.",
    "two-owners": "Two services own the same entity.",
    "unknown-service": "No service has this name.",
    "unknown-entity": "No service owns an entity of this name.",
    # Use cases.
    "two-forms": "The file has both `use_cases` and `references`.",
    "no-steps": "A use case has no steps.",
    "no-verb": "A step has no verb.",
    "two-verbs": "A step has two verbs.",
    "first-step": "The first step, which is the client's command, has `via: event` or `after`.",
    "duplicate-step": "Two steps of a use case have the same name.",
    "unknown-step": "No step has this name, or this number.",
    "ambiguous-step": "A text may be the name of a step in each of two use cases.",
    "cycle": "A step follows itself, directly or through other steps.",
    "two-creators": "Two steps create the same entity.",
    "never-created": "A step uses an entity that no step creates.",
    "duplicate-link": "Two steps make the same link.",
    "unknown-link": "No step makes this link.",
    "no-copy": "A link is said to be cached by `copies`, but no step copies its target to the service of its holder.",
    # Plans.
    "reserved-name": "A plan is named `independent`, which is the plan that every specification has.",
    "two-groups": "A service is in two groups of a plan.",
    "not-independent": "`order` names a service that is not of mode `independent`.",
    "bad-expectation": "`expect` contradicts itself, or names an anomaly that is not written as kind and subject.",
    "external": "An external service is in a group, in `order` or in `scope`; it is never lost and never restored.",
    "unknown-use-case": "No use case has this name.",
    "contradiction": "Two options of recovery exclude each other.",
    "no-snapshot": "`rollback: oldest` in a plan that takes no snapshot.",
}
"""The meaning of each error code, in one line."""

WARNINGS = {
    "no-use-cases": "There are no use cases, so nothing happens in any run.",
    "unused-service": "No step runs in this service.",
    "unused-entity": "No step creates or uses this entity.",
    "unlisted-copy": "A step copies an entity to a service that does not list it under `copies`.",
    "unfilled-copy": "A service lists an entity under `copies` that no step copies to it.",
    "copy-at-owner": "A service keeps a copy of an entity that it owns.",
    "never-backed-up": "The plan has services of mode `none`, so the whole application is never backed up.",
    "no-effect": "A key names something on which it has no effect in this specification.",
    "lonely-group": "A group of a mode that works on services together has one service only.",
}
"""The meaning of each warning code, in one line: legal, but suspicious."""

FOUND = {
    "never-happens": "No run takes this step, not even without a disaster.",
    "can-get-stuck": "A use case can begin and then never be finished, without any disaster.",
    "no-record": "No later step records a `once` step, so that a call that is resumed cannot know that it was done.",
}
"""The meaning of each code of a warning that `bac check` and `bac coverage` find, and not already the reader."""

NOTES = {
    "same-plan": "Two plans are identical but for their names.",
}
"""The meaning of each note code, in one line: good to know, and no error under ``--strict`` either."""

CODES = ERRORS | WARNINGS | FOUND | NOTES
"""Every code with its one-line explanation."""

LINE_BREAK = re.compile("\r\n|[\n\r\x85\u2028\u2029]")
"""The line breaks, the same as those of the YAML parser, so that columns agree."""

SHOWN = 100
"""How many diagnostics a message shows before it says "… and N more"."""

_WINDOW = 100  # columns of a source line that are shown
_KEPT = 10_000  # diagnostics that are kept; more are only counted
_SUGGESTIONS = 50  # suggestions for one file; each costs up to a hundred microseconds for each candidate


Severity: TypeAlias = Literal["error", "warning", "note"]


@dataclass(frozen=True, slots=True)
class Place:
    """A position in the text: line and column, counted from 1, columns in characters."""

    line: int
    column: int

    @classmethod
    def of_offset(cls, text: str, offset: int) -> Place:
        """Return the place of the character with this index."""
        lines = LINE_BREAK.split(text[:offset])
        return cls(len(lines), len(lines[-1]) + 1)


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """An error, warning or note at one place of one file.

    ``source`` is the whole line of the file, ``suggestion`` the name that was probably meant, if there is one.
    """

    severity: Severity
    code: str
    message: str
    file: str
    line: int
    column: int
    suggestion: str | None = None
    source: str = ""

    def render(self) -> str:
        """Return ``FILE:LINE:COLUMN: error[CODE]: what is wrong``, with the line and a caret under the column."""
        hint = f"; did you mean {quoted(self.suggestion)}?" if self.suggestion else ""
        where = f"{printable(self.file)}:{self.line}:{self.column}"
        head = f"{where}: {self.severity}[{self.code}]: {printable(self.message)}{hint}"
        return head if not self.source.strip() else f"{head}\n{self._excerpt()}"

    def _excerpt(self) -> str:
        """Return the part of the line around the column, and a caret; tabs stay, so that the two lines agree."""
        at = min(self.column - 1, len(self.source))
        start = max(0, at - _WINDOW // 2) if len(self.source) > _WINDOW else 0
        end = start + _WINDOW
        before, after = printable(self.source[start:at]), printable(self.source[at:end])
        left, right = "…" * (start > 0), "…" * (end < len(self.source))
        return f"    {left}{before}{after}{right}\n    {_blank(left + before)}^"


class SpecificationError(BacError):
    """A specification has errors.

    ``diagnostics`` are all errors, warnings and notes, in the order of the file.  ``omitted`` counts those beyond the
    number that is kept (a file with hundreds of thousands of errors is not worth more memory).
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


def severity_of(code: str) -> Severity:
    """Return whether this is the code of an error, a warning or a note."""
    if code in ERRORS:
        return "error"
    return "note" if code in NOTES else "warning"


class Report:
    """Collects the diagnostics of one file, so that all of them are reported together."""

    def __init__(self, file: str, text: str) -> None:
        """Begin the report on a file: its name in messages, and its content."""
        self.file = file
        self.errors = 0
        self._text = text
        self._kept: dict[tuple[str, int, int, str], Diagnostic] = {}
        self._omitted = 0
        self._suggestions = _SUGGESTIONS

    @cached_property
    def lines(self) -> list[str]:
        """The lines of the text, without line breaks."""
        return LINE_BREAK.split(self._text)

    @property
    def diagnostics(self) -> tuple[Diagnostic, ...]:
        """All diagnostics so far, in the order of the file."""
        return tuple(sorted(self._kept.values(), key=lambda found: (found.line, found.column)))

    def add(
        self,
        code: str,
        place: Place,
        message: str,
        *,
        wrong: str = "",
        candidates: Iterable[str] = (),
        otherwise: str = "",
    ) -> None:
        """Add a diagnostic, once for each place; the code tells its severity.

        Args:
            code: a key of :data:`CODES`.
            place: the position in the text.
            message: what is wrong.
            wrong: the name as written, for "did you mean".
            candidates: the names that may have been meant.
            otherwise: the end of the message if none of them is similar.
        """
        self.errors += code in ERRORS
        key = (code, place.line, place.column, message)
        if key in self._kept:  # an alias is read once for each use of it
            return
        if len(self._kept) == _KEPT:
            self._omitted += 1
            return
        source = self.lines[place.line - 1] if place.line <= len(self.lines) else ""
        suggestion = self._suggest(wrong, candidates) if wrong else None
        said = message if suggestion else message + otherwise
        self._kept[key] = Diagnostic(
            severity_of(code), code, said, self.file, place.line, place.column, suggestion, source
        )

    def fatal(self, code: str, place: Place, message: str) -> NoReturn:
        """Add an error after which the rest cannot be read, and end.

        Raises:
            SpecificationError: always.
        """
        self.add(code, place, message)
        self.fail()

    def fail(self) -> NoReturn:
        """End with all diagnostics so far.

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
    """Return white space of the width that the text has on a terminal; tabs stay."""
    return "".join(char if char == "\t" else " " * _width(char) for char in text)


def _width(char: str) -> int:
    if unicodedata.combining(char) or char in JOINERS:
        return 0
    return 2 if unicodedata.east_asian_width(char) in "WF" else 1
