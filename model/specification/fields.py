"""How keys and values of a specification are read: a small reader for each kind of value, tables of them for records.

A reader takes a node and gives its value, or reports what is wrong and gives ``None``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, TypeAlias, TypeVar

from bac.model.names import described, is_printable, quoted
from bac.model.specification.diagnostics import Place, Report
from bac.model.specification.yaml_tree import ListNode, MappingNode, Node, ScalarNode

T = TypeVar("T")
E = TypeVar("E", bound=StrEnum)
Reader: TypeAlias = Callable[[Report, Node], T | None]

MAX_NAME = 200
"""The most characters of a name."""

ARROW = "->"
"""What stands between the holder and the target of a link."""

NOTHING = ScalarNode(1, 1, "", plain=True)
"""What is read in the place of an optional key that is not there."""

_BOOLEANS = {word: value for value in (True, False) for word in (str(value), str(value).lower(), str(value).upper())}
_EMPTY = ("", "~", "null", "Null", "NULL")


@dataclass(frozen=True, slots=True)
class Record:
    """A mapping with fixed keys, read by a table of readers.

    ``keys`` says where each key stands, ``nodes`` holds what stands there, ``values`` what its reader made of it: a
    value that was refused is in ``nodes`` only.  ``unknown`` if there was a key that the table does not have (which is
    probably a misspelling of one that is missed); ``whole`` if there was nothing wrong at all.
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
    """Whether the value was left out: nothing after the colon or the dash (or YAML's ways to say so)."""
    return isinstance(node, ScalarNode) and node.plain and node.text in _EMPTY


def entries(report: Report, node: Node, what: str) -> list[tuple[ScalarNode, Node]]:
    """The pairs of a mapping, whose keys are texts, each there once; nothing at all is an empty mapping.

    Args:
        what: what the mapping is, for messages: "a plan", "services".
    """
    if not isinstance(node, MappingNode):
        if not is_nothing(node):
            report.add("wrong-type", node, f"{what} must be a mapping (key: value), not {_kind(node)}")
        return []
    found: dict[str, tuple[ScalarNode, Node]] = {}
    for key, value in node.entries:
        if not isinstance(key, ScalarNode):
            report.add("yaml-key", key, f"a key of {what} must be a text, not {_kind(key)}")
        elif key.plain and key.text == "<<":
            report.add("yaml-merge", key, "merge keys (<<) are not supported; write the keys themselves")
        elif key.text in found:
            first = found[key.text][0].line
            report.add("duplicate-key", key, f"{quoted(key.text)} is there already, in line {first}")
        else:
            found[key.text] = (key, value)
    return list(found.values())


def items(report: Report, node: Node, what: str) -> tuple[Node, ...]:
    """What a list holds; nothing at all is an empty list.

    Args:
        what: what it is a list of, for messages: "names".
    """
    if isinstance(node, ListNode):
        return node.items
    if not is_nothing(node):
        report.add("wrong-type", node, f"write a list of {what} here, not {_kind(node)}")
    return ()


def named(report: Report, node: Node, what: str) -> list[tuple[ScalarNode, Node]]:
    """The pairs of a mapping whose keys are names that the user gives."""
    return [(key, value) for key, value in entries(report, node, what) if name(report, key) is not None]


def record(what: str, readers: Mapping[str, Reader[Any]], required: Iterable[str] = ()) -> Reader[Record]:
    """A reader of mappings with these keys, each with its reader; those in ``required`` must be there."""

    def reader(report: Report, node: Node) -> Record | None:
        errors = report.errors
        pairs = entries(report, node, what)
        if not isinstance(node, MappingNode) and not is_nothing(node):
            return None
        known = {key.text: (key, value) for key, value in pairs if key.text in readers}
        for key, _ in pairs:
            if key.text not in readers:
                message = f"{what} has no key {quoted(key.text)}"
                report.add("unknown-key", key, message, wrong=key.text, candidates=readers)
        unknown = len(known) < len(pairs)
        for key_name in required:
            if key_name not in known and not unknown:
                report.add("missing-key", node, f"{what} needs the key {quoted(key_name)}")
        values = {text: readers[text](report, value) for text, (_, value) in known.items()}
        return Record(
            place=node,
            keys={text: key for text, (key, _) in known.items()},
            nodes={text: value for text, (_, value) in known.items()},
            values={text: value for text, value in values.items() if value is not None},
            unknown=unknown,
            whole=report.errors == errors,
        )

    return reader


def anything(_report: Report, node: Node) -> Node:
    """The node itself, for what is read later."""
    return node


def boolean(report: Report, node: Node) -> bool | None:
    """``true`` or ``false``, as in the core schema of YAML 1.2; a text in quotes is not one of them."""
    if isinstance(node, ScalarNode) and node.plain and node.text in _BOOLEANS:
        return _BOOLEANS[node.text]
    report.add("not-a-boolean", node, f"write true or false here, not {_kind(node)}")
    return None


def choice(kind: type[E]) -> Reader[E]:
    """A reader of one of the words of an enumeration."""
    words = [str(member) for member in kind]

    def reader(report: Report, node: Node) -> E | None:
        if isinstance(node, ScalarNode) and node.text in words:
            return kind(node.text)
        expected = f"{', '.join(words[:-1])} or {words[-1]}"
        wrong = node.text if isinstance(node, ScalarNode) else ""
        code = "unknown-value" if isinstance(node, ScalarNode) else "wrong-type"
        report.add(code, node, f"write {expected} here, not {_kind(node)}", wrong=wrong, candidates=words)
        return None

    return reader


def name(report: Report, node: Node) -> ScalarNode | None:
    """A name: any printable Unicode, not empty, at most :data:`MAX_NAME` characters, no space at either end."""
    if not isinstance(node, ScalarNode):
        report.add("wrong-type", node, f"write a name here, not {_kind(node)}")
        return None
    if problem := name_problem(node.text):
        report.add("bad-name", node, problem)
        return None
    return node


def short_text(report: Report, node: Node) -> ScalarNode | None:
    """A printable text in one line, longer than a name may be where it is made of names."""
    if not isinstance(node, ScalarNode):
        report.add("wrong-type", node, f"write a text here, not {_kind(node)}")
        return None
    bad = next((char for char in node.text if not is_printable(char)), None)
    if bad is not None:
        report.add("bad-name", node, f"this text may not contain {described(bad)}")
        return None
    return node


def entity(report: Report, node: Node) -> ScalarNode | None:
    """A name without an arrow, so that ``a -> b`` can only be read in one way."""
    found = name(report, node)
    if found is not None and ARROW in found.text:
        report.add("bad-name", node, f"the name of an entity may not contain {ARROW}, which is how links are written")
        return None
    return found


def names(of: Reader[ScalarNode] = name, *, single: bool = False, empty: bool = True) -> Reader[tuple[ScalarNode, ...]]:
    """A reader of a list of different names.

    Args:
        of: how each of them is read.
        single: whether one name may stand for the list of it alone.
        empty: whether the list may be empty.
    """

    def reader(report: Report, node: Node) -> tuple[ScalarNode, ...] | None:
        if single and isinstance(node, ScalarNode) and not is_nothing(node):
            one = of(report, node)
            return None if one is None else (one,)
        errors = report.errors
        found = items(report, node, "names")
        if not found and not empty and report.errors == errors:
            report.add("empty-list", node, "this list must name something")
        read = [each for each in (of(report, item) for item in found) if each is not None]
        unique = _without_repetition(report, read)
        return unique if report.errors == errors else None

    return reader


def link(report: Report, node: Node) -> LinkText | None:
    """A link ``holder -> target``, split at its first arrow, with or without spaces around that."""
    if not isinstance(node, ScalarNode):
        report.add("wrong-type", node, f'write "holder {ARROW} target" here, not {_kind(node)}')
        return None
    holder, arrow, target = (part.strip() for part in node.text.partition(ARROW))
    if not (holder and arrow and target):
        report.add("bad-link", node, f'write "holder {ARROW} target" here, not {_kind(node)}')
        return None
    for part in (holder, target):
        if problem := name_problem(part):
            report.add("bad-name", node, problem)
            return None
    return LinkText(node.line, node.column, holder, target)


def name_problem(text: str) -> str | None:
    """What is wrong with this text as a name, if anything is."""
    if not text:
        return "a name is missing here"
    if len(text) > MAX_NAME:
        return f"this name has {len(text)} characters; {MAX_NAME} are the most"
    if text != text.strip(" "):
        return f"the name {quoted(text)} begins or ends with a space"
    bad = next((char for char in text if not is_printable(char)), None)
    return None if bad is None else f"a name may not contain {described(bad)}"


def _without_repetition(report: Report, found: list[ScalarNode]) -> tuple[ScalarNode, ...]:
    unique: dict[str, ScalarNode] = {}
    for node in found:
        if node.text in unique:
            report.add("duplicate-name", node, f"{quoted(node.text)} is in this list already")
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
