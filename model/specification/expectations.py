"""Write expectations into the text of a specification, so that comments and layout stay as they are.

The text is edited at the places of the plans only, and the result is read again: it must say the same as before but for
the expectations.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from math import inf
from typing import Any

import yaml

from bac.model.errors import BacError
from bac.model.plan import Expectation
from bac.model.specification.reader import Specification, parse
from bac.model.specification.writer import expectation

KEY = "expect"


class NotEditable(BacError):
    """The text is written in a way that is not edited automatically."""


@dataclass(frozen=True, order=True)
class Edit:
    """Text to be put in the place of the characters from ``start`` to ``end``."""

    start: int
    end: int
    text: str


def with_expectations(text: str, expectations: Mapping[str, Expectation]) -> str:
    """Return the text of a specification with these expectations of its plans, by their names.

    Raises:
        NotEditable: a plan is written in a way that is not edited, such as an alias; the message says what to write.
        SpecificationError: the text is no specification.
    """
    editor = Editor(text)
    edited = text
    for edit in sorted((editor.edit(name, expect) for name, expect in expectations.items()), reverse=True):
        edited = edited[: edit.start] + edit.text + edited[edit.end :]
    before, after = parse(text), parse(edited)
    wanted = [replace(plan, expect=expectations.get(plan.name, plan.expect)) for plan in before.plans]
    if after.architecture != before.architecture or meaning(after) != [(plan, plan.expect) for plan in wanted]:
        raise NotEditable("the plans share parts with each other (anchors, aliases): write the key 'expect' by hand")
    return edited


def meaning(specification: Specification) -> list[tuple[Any, Expectation | None]]:
    """Return the plans with what is expected of them, which the comparison of plans ignores."""
    return [(plan, plan.expect) for plan in specification.plans]


class Editor:
    """Finds the places of plans in a text."""

    def __init__(self, text: str) -> None:
        """Parse the text.

        Raises:
            NotEditable: it is no YAML for a plain parser.
        """
        self.text = text
        self.as_json = text.lstrip("\ufeff \t\r\n").startswith("{")
        self.line_end = "\r\n" if "\r\n" in text else "\n"
        try:
            root = yaml.compose(text, Loader=yaml.SafeLoader)
        except yaml.YAMLError as error:
            raise NotEditable(f"cannot be edited: {error}") from None
        if root is None:
            raise NotEditable("there is nothing in the file")
        self.plans = dict(pairs(dict(named(root))["plans"]))

    def edit(self, name: str, expect: Expectation) -> Edit:
        """Return the edit that gives a plan its expectation.

        Raises:
            NotEditable: there is no place for it.
        """
        key, plan = next((key, value) for key, value in self.plans.items() if key.value == name)
        if plan.start_mark.index < key.end_mark.index:
            raise NotEditable(f"plan '{name}' is an alias: write the key 'expect' by hand")
        if not isinstance(plan, yaml.MappingNode):
            start = end_of(plan) if plan.value else self.text.index(":", key.end_mark.index) + 1
            return Edit(start - len(plan.value), start, f"{' ' * (not plan.value)}{{{self.flow(expect)}}}")
        entries = dict(named(plan))
        if KEY in entries:
            return self.replaced(plan, entries[KEY], expect)
        if not entries:
            inside = plan.start_mark.index + 1
            return Edit(inside, inside, self.flow(expect))
        last = end_of(plan.value[-1][1]) or end_of(plan.value[-1][0])
        if plan.flow_style:
            return Edit(last, last, f", {self.flow(expect)}")
        line = self.text.find("\n", last)
        place = len(self.text) if line < 0 else line - self.text[:line].endswith("\r")
        return Edit(place, place, self.line_end + self.block(plan, expect))

    def replaced(self, plan: yaml.MappingNode, old: yaml.Node, expect: Expectation) -> Edit:
        """Return the edit that replaces an expectation that is there."""
        key = next(key for key, _ in plan.value if key.value == KEY)
        end = max(end_of(old), key.end_mark.index + 1)
        in_one_line = not isinstance(old, yaml.CollectionNode) or old.flow_style
        if plan.flow_style or in_one_line:
            start = self.text.index(":", key.end_mark.index) + 1
            return Edit(start, max(end, start), " " + self.flow(expect).partition(": ")[2])
        return Edit(key.start_mark.index, end, self.block(plan, expect).lstrip(" "))

    def flow(self, expect: Expectation) -> str:
        """Return the key with its value in one line."""
        document = {KEY: expectation(expect)}
        if self.as_json:
            return json.dumps(document, ensure_ascii=False)[1:-1]
        return yaml.safe_dump(
            document, default_flow_style=True, sort_keys=False, allow_unicode=True, width=inf
        ).strip()[1:-1]

    def block(self, plan: yaml.MappingNode, expect: Expectation) -> str:
        """Return the key with its value, indented like the other keys of a plan, one anomaly a line."""
        written = yaml.dump(
            {KEY: expectation(expect)},
            Dumper=Indented,
            default_flow_style=False,
            sort_keys=False,
            allow_unicode=True,
            width=inf,
        )
        margin = " " * plan.value[0][0].start_mark.column
        return self.line_end.join(margin + line for line in written.rstrip().splitlines())


class Indented(yaml.SafeDumper):
    """Writes lists indented below their key."""

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:  # noqa: ARG002
        """Never write a list in the column of its key."""
        super().increase_indent(flow, False)


def pairs(node: yaml.Node) -> Iterator[tuple[yaml.ScalarNode, yaml.Node]]:
    """Yield the entries of a mapping whose keys are texts."""
    if isinstance(node, yaml.MappingNode):
        yield from ((key, value) for key, value in node.value if isinstance(key, yaml.ScalarNode))


def named(node: yaml.Node) -> Iterator[tuple[str, yaml.Node]]:
    """Yield the values of a mapping with the texts of their keys."""
    yield from ((key.value, value) for key, value in pairs(node))


def end_of(node: yaml.Node) -> int:
    """Return where a node ends, without the comments and blank lines that follow it; 0 if there is nothing of it."""
    match node:
        case yaml.ScalarNode():
            return node.end_mark.index if node.end_mark.index > node.start_mark.index else 0
        case yaml.CollectionNode() if node.flow_style:
            return int(node.end_mark.index)
        case yaml.MappingNode():
            return max((max(end_of(key), end_of(value)) for key, value in node.value), default=0)
        case _:
            return max((end_of(item) for item in node.value), default=0)
