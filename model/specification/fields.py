"""Readers for the values of a specification: one for each kind of value, and tables of them for mappings.

A reader takes a node and returns its value, or reports what is wrong and returns ``None``.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence, Set
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, TypeAlias, TypeVar

from bac.model.errors import described, is_printable, quoted
from bac.model.specification.diagnostics import Place, Report
from bac.model.specification.yaml_tree import ListNode, MappingNode, Node, ScalarNode

T = TypeVar("T")
E = TypeVar("E", bound=StrEnum)
Reader: TypeAlias = Callable[[Report, Node], T | None]

MAX_NAME = 200
"""The most characters of a name."""

ARROW = "->"
"""The text between the holder and the target of a link."""

NOTHING = ScalarNode(1, 1, "", plain=True)
"""The value of an optional key that is missing."""

BOOLEANS = {word: value for value in (True, False) for word in (str(value), str(value).lower(), str(value).upper())}
_EMPTY = ("", "~", "null", "Null", "NULL")


@dataclass(frozen=True, slots=True)
class Record:
    """A mapping with fixed keys, read by a table of readers.

    ``keys`` are the keys as they are written, ``nodes`` their values as they are written, ``values`` those that the
    readers accepted.  ``unknown``: there was a key that the table does not have (probably a misspelling of one that is
    missing).  ``whole``: nothing was wrong at all.
    """

    place: Place
    keys: dict[str, ScalarNode]
    nodes: dict[str, Node]
    values: dict[str, Any]
    unknown: bool
    whole: bool


@dataclass(frozen=True, slots=True)
class LinkText(Place):
    """A link as people write it: ``holder -> target``."""

    holder: str
    target: str

    def __str__(self) -> str:
        """The link with one space at either side of the arrow."""
        return f"{self.holder} {ARROW} {self.target}"


def is_nothing(node: Node) -> bool:
    """Whether the value was left out: the text after the colon or the dash is empty, ``~`` or ``null``."""
    return isinstance(node, ScalarNode) and node.plain and node.text in _EMPTY


def entries(report: Report, node: Node, what: str) -> list[tuple[ScalarNode, Node]]:
    """Return the pairs of a mapping whose keys are different texts; no value at all is an empty mapping.

    Args:
        what: what the mapping is, for messages: "a plan", "services".
    """
    if not isinstance(node, MappingNode):
        if not is_nothing(node):
            report.add("wrong-type", node, f"expected {what} as a mapping (key: value), found {_kind(node)}")
        return []
    found: dict[str, tuple[ScalarNode, Node]] = {}
    for key, value in node.entries:
        if not isinstance(key, ScalarNode):
            report.add("yaml-key", key, f"a key of {what} must be a text, not {_kind(key)}")
        elif key.plain and key.text == "<<":
            report.add("yaml-merge", key, "merge keys (<<) are not supported; write the keys themselves")
        elif key.text in found:
            first = found[key.text][0].line
            report.add("duplicate-key", key, f"{quoted(key.text)} occurs twice, first in line {first}")
        else:
            found[key.text] = (key, value)
    return list(found.values())


def items(report: Report, node: Node, what: str) -> tuple[Node, ...]:
    """Return the items of a list; no value at all is an empty list.

    Args:
        what: what it is a list of, for messages: "names".
    """
    if isinstance(node, ListNode):
        return node.items
    if not is_nothing(node):
        report.add("wrong-type", node, f"expected a list of {what}, found {_kind(node)}")
    return ()


def named(report: Report, node: Node, what: str) -> list[tuple[ScalarNode, Node]]:
    """Return the pairs of a mapping whose keys are names that the user chooses."""
    return [(key, value) for key, value in entries(report, node, what) if name(report, key) is not None]


def record(
    what: str,
    readers: Mapping[str, Reader[Any]],
    required: Iterable[str] = (),
    unknown_keys: Callable[[Report, Sequence[ScalarNode], Set[str]], None] | None = None,
) -> Reader[Record]:
    """Return a reader of mappings with fixed keys.

    Args:
        what: what the mapping is, for messages: "a plan".
        readers: the keys, each with the reader of its value.
        required: the keys that must be there.
        unknown_keys: reports the keys that are not among them, given those that are; by default
            :func:`report_unknown`.
    """

    def reader(report: Report, node: Node) -> Record | None:
        errors = report.errors
        pairs = entries(report, node, what)
        if not isinstance(node, MappingNode) and not is_nothing(node):
            return None
        known = {key.text: (key, value) for key, value in pairs if key.text in readers}
        unknown = [key for key, _ in pairs if key.text not in readers]
        if unknown_keys is None:
            report_unknown(report, unknown, what, readers)
        else:
            unknown_keys(report, unknown, known.keys())
        for key_name in required:
            if key_name not in known and not unknown:
                report.add("missing-key", node, f"{what} needs the key {quoted(key_name)}")
        values = {text: readers[text](report, value) for text, (_, value) in known.items()}
        return Record(
            place=node,
            keys={text: key for text, (key, _) in known.items()},
            nodes={text: value for text, (_, value) in known.items()},
            values={text: value for text, value in values.items() if value is not None},
            unknown=bool(unknown),
            whole=report.errors == errors,
        )

    return reader


def report_unknown(report: Report, keys: Iterable[ScalarNode], what: str, known: Collection[str]) -> None:
    """Report keys that a mapping does not have, with the one that was probably meant, or else all that it has."""
    for key in keys:
        message = f"{what} has no key {quoted(key.text)}"
        otherwise = f"; keys: {', '.join(known)}"
        report.add("unknown-key", key, message, wrong=key.text, candidates=known, otherwise=otherwise)


def anything(_report: Report, node: Node) -> Node:
    """Return the node itself, which is read later."""
    return node


def boolean(report: Report, node: Node) -> bool | None:
    """Read ``true`` or ``false``, as in the core schema of YAML 1.2; a text in quotes is neither."""
    if isinstance(node, ScalarNode) and node.plain and node.text in BOOLEANS:
        return BOOLEANS[node.text]
    report.add("not-a-boolean", node, f"expected true or false, found {_kind(node)}")
    return None


def choice(kind: type[E]) -> Reader[E]:
    """Return a reader of one of the words of an enumeration."""
    return one_of({str(member): member for member in kind})


def one_of(table: Mapping[str, T]) -> Reader[T]:
    """A reader of one of some words, which returns the value of the word."""
    words = list(table)

    def reader(report: Report, node: Node) -> T | None:
        if isinstance(node, ScalarNode) and node.text in table:
            return table[node.text]
        expected = f"{', '.join(words[:-1])} or {words[-1]}"
        wrong = node.text if isinstance(node, ScalarNode) else ""
        code = "unknown-value" if isinstance(node, ScalarNode) else "wrong-type"
        report.add(code, node, f"expected {expected}, found {_kind(node)}", wrong=wrong, candidates=words)
        return None

    return reader


def name(report: Report, node: Node, several: str = "") -> ScalarNode | None:
    """Read a name: printable Unicode, not empty, at most :data:`MAX_NAME` characters, no space at either end.

    Args:
        report: collects what is wrong.
        node: the value.
        several: what to write in place of a list of names, as an imperative: "write one step for each entity".
    """
    if not isinstance(node, ScalarNode):
        hint = f"; {several}" if several and isinstance(node, ListNode) else ""
        report.add("wrong-type", node, f"expected a name, found {_kind(node)}{hint}")
        return None
    if problem := name_problem(node.text):
        report.add("bad-name", node, problem)
        return None
    return node


def short_text(report: Report, node: Node) -> ScalarNode | None:
    """Read a printable text of one line, which may be longer than a name because it contains names."""
    if not isinstance(node, ScalarNode):
        report.add("wrong-type", node, f"expected a text, found {_kind(node)}")
        return None
    bad = next((char for char in node.text if not is_printable(char)), None)
    if bad is not None:
        report.add("bad-name", node, f"this text may not contain {described(bad)}")
        return None
    return node


def entity(report: Report, node: Node) -> ScalarNode | None:
    """Read a name without an arrow, so that ``a -> b`` can only mean one link."""
    found = name(report, node)
    if found is not None and ARROW in found.text:
        report.add(
            "bad-name",
            node,
            f"the name of an entity may not contain {ARROW}, which separates the two entities of a link",
        )
        return None
    return found


def names(of: Reader[ScalarNode] = name, *, single: bool = False, empty: bool = True) -> Reader[tuple[ScalarNode, ...]]:
    """Return a reader of a list of different names.

    Args:
        of: the reader of each of them.
        single: whether a name may stand for the list of this name alone.
        empty: whether the list may be empty.
    """

    def reader(report: Report, node: Node) -> tuple[ScalarNode, ...] | None:
        if single and isinstance(node, ScalarNode) and not is_nothing(node):
            one = of(report, node)
            return None if one is None else (one,)
        errors = report.errors
        found = items(report, node, "names")
        if not found and not empty and report.errors == errors:
            report.add("empty-list", node, "this list must name at least one thing")
        read = [each for each in (of(report, item) for item in found) if each is not None]
        unique = _without_repetition(report, read)
        return unique if report.errors == errors else None

    return reader


def link(report: Report, node: Node) -> LinkText | None:
    """Read a link ``holder -> target``, split at its first arrow, with or without spaces around it."""
    if not isinstance(node, ScalarNode):
        report.add("wrong-type", node, f'expected "holder {ARROW} target", found {_kind(node)}')
        return None
    holder, arrow, target = (part.strip() for part in node.text.partition(ARROW))
    if not (holder and arrow and target):
        report.add("bad-link", node, f'expected "holder {ARROW} target", found {_kind(node)}')
        return None
    for part in (holder, target):
        if problem := name_problem(part):
            report.add("bad-name", node, problem)
            return None
    return LinkText(node.line, node.column, holder, target)


def name_problem(text: str) -> str | None:
    """Return why this text cannot be a name, or ``None`` if it can."""
    if not text:
        return "expected a name, found an empty text"
    if len(text) > MAX_NAME:
        return f"this name has {len(text)} characters; at most {MAX_NAME} are allowed"
    if text != text.strip(" "):
        return f"the name {quoted(text)} begins or ends with a space"
    bad = next((char for char in text if not is_printable(char)), None)
    return None if bad is None else f"a name may not contain {described(bad)}"


def _without_repetition(report: Report, found: list[ScalarNode]) -> tuple[ScalarNode, ...]:
    unique: dict[str, ScalarNode] = {}
    for node in found:
        if node.text in unique:
            report.add("duplicate-name", node, f"{quoted(node.text)} occurs twice in this list")
        unique.setdefault(node.text, node)
    return tuple(unique.values())


def _kind(node: Node) -> str:
    match node:
        case ListNode():
            return "a list"
        case MappingNode():
            return "a mapping"
        case ScalarNode():
            return "nothing" if is_nothing(node) else quoted(node.text)
