"""Read YAML text as a tree of texts, lists and mappings with their places; no values are constructed or executed.

The tree is built from the parser's events with a stack of its own, so that neither deep nesting nor aliases of aliases
can exhaust memory or the stack: docs/specification.md, "The text of a file", states the subset and its limits.
"""

from __future__ import annotations

import codecs
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any, TypeAlias

import yaml

from bac.model.errors import described
from bac.model.specification.diagnostics import Place, Report

MAX_BYTES = 8 * 2**20
"""The size of the largest file that is read, in bytes (of text: in characters)."""

MAX_NODES = 500_000
"""The limit on the nodes of a tree, where each alias counts as all nodes that it stands for."""

MAX_DEPTH = 32
"""The limit on the nesting of lists and mappings."""

_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_OTHER_ENCODINGS = (
    (codecs.BOM_UTF32_LE, "UTF-32"),  # before UTF-16, whose mark begins this one
    (codecs.BOM_UTF32_BE, "UTF-32"),
    (codecs.BOM_UTF16_LE, "UTF-16"),
    (codecs.BOM_UTF16_BE, "UTF-16"),
)
_FORBIDDEN = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_TAG_DIRECTIVE = re.compile("(?:^|[\n\r\x85\u2028\u2029\ufeff])(%TAG)")
_JSON_ESCAPE = re.compile(r"\\u[dD][89abAB]\w\w\\u[dD][c-fC-F]\w\w|\\u\w{4}|\\.", re.ASCII)


@dataclass(frozen=True, slots=True)
class ScalarNode(Place):
    """A text; ``plain`` if it is without quotes, because only a plain ``true`` is a boolean."""

    text: str
    plain: bool


@dataclass(frozen=True, slots=True)
class ListNode(Place):
    """A list."""

    items: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class MappingNode(Place):
    """A mapping, as pairs of key and value in the order of the file; keys may be of any kind."""

    entries: tuple[tuple[Node, Node], ...]


Node: TypeAlias = ScalarNode | ListNode | MappingNode


@dataclass(frozen=True, slots=True)
class _Part:
    """A finished node with its size (nodes, aliases expanded) and its height (lists and mappings below one another)."""

    node: Node
    size: int = 1
    height: int = 0


@dataclass(slots=True)
class _Open:
    """A list or mapping that is still being read."""

    place: Place
    is_mapping: bool
    anchor: str | None
    parts: list[_Part] = field(default_factory=list)

    def close(self) -> _Part:
        """Return the finished node."""
        nodes = tuple(part.node for part in self.parts)
        size = 1 + sum(part.size for part in self.parts)
        height = 1 + max((part.height for part in self.parts), default=0)
        line, column = self.place.line, self.place.column
        if not self.is_mapping:
            return _Part(ListNode(line, column, nodes), size, height)
        return _Part(MappingNode(line, column, tuple(list(pairwise(nodes))[::2])), size, height)


def read(text: str | bytes, file: str) -> tuple[Report, Node]:
    """Return the tree of a YAML (or JSON) text, and the report that collects its diagnostics.

    Args:
        text: at most :data:`MAX_BYTES` of it; bytes must be UTF-8, with or without a byte order mark.
        file: its name in messages.

    Raises:
        SpecificationError: if the text has no tree.
    """
    if len(text) > MAX_BYTES:
        Report(file, "").fatal("too-large", Place(1, 1), f"the file is larger than {MAX_BYTES >> 20} MiB")
    plain = _decoded(text, file) if isinstance(text, bytes) else text
    plain = _with_yaml_escapes(plain.removeprefix("\ufeff"))
    report = Report(file, plain)
    _check_characters(report, plain)
    return report, _Builder(report).build(_events(report, plain))


def _decoded(data: bytes, file: str) -> str:
    for mark, encoding in _OTHER_ENCODINGS:
        if data.startswith(mark):
            Report(file, "").fatal("not-utf8", Place(1, 1), f"the file is in {encoding}; save it as UTF-8")
    data = data.removeprefix(codecs.BOM_UTF8)
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        place = Place.of_offset(data[: error.start].decode(), error.start)
        report = Report(file, data.decode(errors="replace"))
        report.fatal("not-utf8", place, f"byte 0x{data[error.start]:02X} is not UTF-8; save the file as UTF-8")


def _with_yaml_escapes(text: str) -> str:
    r"""Return JSON text as YAML: a character that JSON writes as two escapes, ``\ud83d\ude00``, is put in their place.

    All other JSON is YAML, except for keys of more than 1024 characters; single escapes, which can make a key so long,
    are replaced as well.
    """
    if not text.lstrip().startswith("{") or "\\u" not in text:
        return text
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return text
    return _JSON_ESCAPE.sub(_unescaped, text)


def _unescaped(escape: re.Match[str]) -> str:
    char: str = json.loads(f'"{escape[0]}"')
    if char.isprintable() and char not in '"\\':
        return char
    return f"\\U{ord(char):08X}" if char > "\uffff" else escape[0]


def _check_characters(report: Report, text: str) -> None:
    if found := _FORBIDDEN.search(text):
        hint = "; is this UTF-16?" if found[0] == "\0" else ""
        place = Place.of_offset(text, found.start())
        report.fatal("bad-character", place, f"the text contains {described(found[0])}{hint}")
    if found := _TAG_DIRECTIVE.search(text):  # here, because the parser takes quadratic time for many of them
        place = Place.of_offset(text, found.start(1))
        report.fatal("yaml-tag", place, "%TAG directives are not allowed; a specification is plain data")


def _events(report: Report, text: str) -> Iterator[yaml.Event]:
    try:
        yield from yaml.parse(text, Loader=_LOADER)
    except yaml.YAMLError as error:
        _syntax_error(report, error)
    except (ValueError, OverflowError):  # the parser in Python raises these for an escape such as "\UFFFFFFFF"
        report.fatal("yaml-syntax", Place(1, 1), "the text contains an escape that stands for no character")


def _syntax_error(report: Report, error: yaml.YAMLError) -> None:
    mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
    place = Place(mark.line + 1, mark.column + 1) if mark else Place(1, 1)
    line = report.lines[place.line - 1] if place.line <= len(report.lines) else ""
    if line[place.column - 1 : place.column] == "\t":
        report.fatal("tab-indentation", place, "a tab is used for indentation; YAML requires spaces")
    said = [part for part in (getattr(error, "problem", None), getattr(error, "context", None)) if part]
    report.fatal("yaml-syntax", place, ", ".join(said) or "the text is not YAML")


def _place(event: yaml.Event) -> Place:
    mark = event.start_mark
    assert mark is not None, event  # only events that no parser made have none
    return Place(mark.line + 1, mark.column + 1)


class _Builder:
    """Builds one tree from the parser's events."""

    def __init__(self, report: Report) -> None:
        self._report = report
        self._open: list[_Open] = []
        self._anchors: dict[str, _Part] = {}
        self._nodes = 0
        self._root: Node | None = None

    def build(self, events: Iterator[yaml.Event]) -> Node:
        """Return the root, which is not empty."""
        for event in events:
            self._feed(event)
        root = self._root
        if root is None or (isinstance(root, ScalarNode) and root.plain and not root.text):
            self._report.fatal("empty-file", Place(1, 1), "the file is empty")
        return root

    def _feed(self, event: yaml.Event) -> None:
        place = _place(event)
        match event:
            case yaml.DocumentStartEvent() if self._root is not None:
                self._report.fatal(
                    "yaml-documents", place, "a second YAML document begins here; put it into a file of its own"
                )
            case yaml.ScalarEvent():
                self._check_tag(event.tag, place)
                self._count(place, nodes=1, height=0)
                node = ScalarNode(place.line, place.column, event.value, event.style in (None, ""))
                self._finish(_Part(node), event.anchor)
            case yaml.AliasEvent():
                part = self._aliased(event.anchor, place)
                self._count(place, nodes=part.size, height=part.height)
                self._finish(part, None)
            case yaml.MappingStartEvent() | yaml.SequenceStartEvent():
                self._check_tag(event.tag, place)
                self._count(place, nodes=1, height=1)
                self._open.append(_Open(place, isinstance(event, yaml.MappingStartEvent), event.anchor))
            case yaml.MappingEndEvent() | yaml.SequenceEndEvent():
                done = self._open.pop()
                self._finish(done.close(), done.anchor)
            case _:  # the beginning and the end of the stream and of its document
                pass

    def _finish(self, part: _Part, anchor: str | None) -> None:
        if anchor is not None:
            self._anchors[anchor] = part
        if self._open:
            self._open[-1].parts.append(part)
        else:
            self._root = part.node

    def _aliased(self, anchor: str | None, place: Place) -> _Part:
        if anchor is None or anchor not in self._anchors:
            self._report.fatal("unknown-alias", place, f"the anchor &{anchor} does not end before this alias of it")
        return self._anchors[anchor]

    def _check_tag(self, tag: str | None, place: Place) -> None:
        if tag is not None:
            self._report.fatal("yaml-tag", place, f"the tag {tag} is not allowed; a specification is plain data")

    def _count(self, place: Place, nodes: int, height: int) -> None:
        """Count nodes, and refuse what exceeds the limits.

        Args:
            place: the position in the text.
            nodes: how many nodes are added.
            height: how deep the lists and mappings among them are nested.
        """
        self._nodes += nodes
        if self._nodes > MAX_NODES:
            message = f"the file contains more than {MAX_NODES:,} values once its aliases are expanded"
            self._report.fatal("too-large", place, message)
        if len(self._open) + height > MAX_DEPTH:
            self._report.fatal("too-deep", place, f"lists and mappings are nested more than {MAX_DEPTH} deep")
