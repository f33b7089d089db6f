"""Every file is read or refused, at a place in it, with work that grows no faster than the file: never a traceback."""

from __future__ import annotations

import json
import sys
import tracemalloc
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from types import FrameType
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from strategies import specifications

from bac.model.errors import BacError
from bac.model.specification import yaml_tree
from bac.model.specification.diagnostics import CODES, SpecificationError
from bac.model.specification.reader import load, parse
from bac.model.specification.writer import dump, to_yaml

HOSTILE_NAMES = [
    "it's", '"', '""', "a\"b'c", "\\", "\\n", "a\\", "`", "${HOME}", "$(rm -rf /)", "%s%n", "{0}", "{{x}}",
    "<script>alert(1)</script>", "</title>", "]]>", "&amp;", "&lt", "<!--", "a\x26b",
    "\\input{/etc/passwd}", "\\end{document}", "$x_1^2$", "~", "#1", "%", "a_b^c", "{", "}", "\\\\",
    'x"]; y [label="', "a -- b", "->x"[2:], "a;b", "digraph {}", "<b>", "subgraph",
    "==", "/\\", "<<", ">>", "\\* remark", "(* remark *)", "|", "/", "//", "../../etc/passwd", "CON", "-", "--", "-x",
    "- x", "? x", ": x", "x: y", "x #y", "# x", "!x", "!!str", "&x", "*x", "@x", "[", "]", "[]", "{}", ",", "a,b",
    "%TAG", "---", "...",
    "no", "null", "true", "Yes", "1", "0x1F", "1e3", ".inf", "2001-01-01", "=", "all", "independent", "create",
    "services",
    "שלום", "مرحبا", "日本語", "e\u0301", "👩\u200d🚒", "ไทย", "ﷺ", "𝒳", "İ", "ß", "नमस्\u200cते", "x" * 200, "x y",
    "é" * 200, "😀" * 200,
]  # fmt: skip

BAD_CHARACTERS = [
    "\n", "\r", "\t", "\0", "\x07", "\x1b", "\x7f", "\x85", "\xa0", "\xad", "\u200b", "\u200e", "\u202a", "\u202e",
    "\u2028", "\u2029", "\u2066", "\ufeff", "\ufffe", "\ue000", "\U000e0001", "\U0010ffff",
]  # fmt: skip


def work(text: str | bytes) -> int:
    """Return how many lines of Python run while a text is read or refused: a cost that is the same on every machine."""
    lines = 0

    def count(_frame: FrameType, event: str, _argument: object) -> Callable[..., Any]:
        nonlocal lines
        lines += event == "line"
        return count

    before = sys.gettrace()
    sys.settrace(count)
    try:
        with suppress(SpecificationError):
            parse(text)
    finally:
        sys.settrace(before)
    return lines


def refused(text: str | bytes) -> str:
    """The code of the only error, or of the first one."""
    with pytest.raises(SpecificationError) as caught:
        parse(text)
    assert str(caught.value)
    assert all(found.code in CODES and found.line > 0 and found.column > 0 for found in caught.value.diagnostics)
    return caught.value.diagnostics[0].code


def read_or_refused(text: str | bytes) -> SpecificationError | None:
    """Read the text, or refuse it with an error that can be shown; any other exception fails the test."""
    try:
        parse(text)
    except SpecificationError as error:
        severities = {found.severity for found in error.diagnostics}
        return error if "error" in severities and str(error) else pytest.fail("an error that says nothing")
    return None


# --- Much ------------------------------------------------------------------------------------------------------------


def test_a_billion_laughs() -> None:
    laughs = "a0: &a0 [ha, ha, ha, ha, ha, ha, ha, ha, ha, ha]\n"
    laughs += "".join(f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 10)}]\n" for i in range(1, 30))
    assert refused(laughs) == "too-large"


def test_aliases_of_mappings_of_aliases() -> None:
    doubling = "".join(f"a{i}: &a{i} {{x: *a{i - 1}, y: *a{i - 1}}}\n" for i in range(1, 25))
    assert refused("a0: &a0 {x: y}\n" + doubling) == "too-large"


def test_fifty_megabytes_are_not_even_read(tmp_path: Path) -> None:
    path = tmp_path / "large.bac.yaml"
    with path.open("wb") as stream:
        stream.truncate(50 * 2**20)
    tracemalloc.start()
    try:
        with pytest.raises(SpecificationError, match="larger than 8 MiB"):
            load(path)
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert most < 2 * yaml_tree.MAX_BYTES


def test_a_file_without_an_end() -> None:
    if not Path("/dev/zero").exists():
        pytest.skip("this system has no /dev/zero")
    with pytest.raises(SpecificationError, match="larger than 8 MiB"):
        load("/dev/zero")


@pytest.mark.parametrize(
    "opening", ["[", "{", "- ", "? ", "{a: ", "[[{", "a: [", "{a: [", "!x [", "&a [", '{"a":', "[[]," * 2]
)
def test_deep_nesting(opening: str) -> None:
    assert refused(opening * 100_000) in {"too-deep", "yaml-syntax", "yaml-tag"}


def services(count: int) -> str:
    """This many services, each with an entity."""
    return "services:\n" + "".join(f"  s{i}: {{owns: [e{i}]}}\n" for i in range(count))


def large(count: int) -> str:
    """This many services, half as many references, and plans that name all services."""
    references = "references:\n" + "".join(f"  - e{i} -> e{(7 * i + 1) % count}\n" for i in range(count // 2))
    every = ", ".join(f"s{i}" for i in range(count))
    plans = f"plans:\n  p: {{order: [{every}]}}\n  q: {{groups: [{{mode: atomic, services: [{every}]}}]}}\n"
    return services(count) + references + plans


def misspelt(count: int) -> str:
    """This many services, and a use case for each with an entity that does not exist."""
    owned = "services:\n" + "".join(f"  service {i}: {{owns: [entity {i}]}}\n" for i in range(count))
    return owned + "use_cases:\n" + "".join(f"  use case {i}:\n    - update: entty {i}\n" for i in range(count))


def ring(count: int) -> str:
    """A use case whose steps wait for each other in a circle."""
    steps = "".join(f"    - {{update: x, name: s{i}, after: s{(i + 1) % count}}}\n" for i in range(count))
    return "services: {a: {owns: [x]}}\nuse_cases:\n  u:\n    - create: x\n" + steps


MUCH: dict[str, tuple[Callable[[int], str], int, str]] = {
    "tags": (lambda n: "%TAG !a! tag:\n" * n, 100_000, "yaml-tag"),
    "tags after a document": (lambda n: "a\n...\n" + "%TAG !a! tag:\n" * n, 100_000, "yaml-tag"),
    "documents": (lambda n: "---\n" * n, 500_000, "yaml-documents"),
    "items": (lambda n: "- a\n" * n, 600_000, "too-large"),
    "letters": (lambda n: "a" * n, 8_000_000, "wrong-type"),
    "an open quotation": (lambda n: "a: '" + "b" * n, 8_000_000, "yaml-syntax"),
    "empty lines": (lambda n: "\n" * n, 2_000_000, "empty-file"),
    "comments": (lambda n: "#\n" * n, 1_000_000, "empty-file"),
    "one key": (lambda n: "a: \n" * n, 20_000, "duplicate-key"),
    "unknown keys": (lambda n: "".join(f"a{i}:\n" for i in range(n)), 20_000, "unknown-key"),
    "anchors": (lambda n: "&a " * n, 1_000_000, "yaml-syntax"),
    "unknown aliases": (lambda n: "- *a\n" * n, 1_000_000, "unknown-alias"),
    "one key in braces": (lambda n: "{" + "a, " * n + "}", 30_000, "duplicate-key"),
    "one entity": (
        lambda n: "services: {s: {owns: [" + "x, " * n + "]}}\nuse_cases:",
        30_000,
        "duplicate-name",
    ),
    "unknown entities": (
        lambda n: "services: {s: {owns: [x]}}\nuse_cases:\n u:\n - create: x\n" + " - update: y\n" * n,
        10_000,
        "unknown-entity",
    ),
    "one link": (
        lambda n: "services: {s: {owns: [x]}}\nreferences: [" + "x->x, " * n + "]",
        10_000,
        "duplicate-link",
    ),
    "a ring": (ring, 5_000, "cycle"),
}
"""Texts of any length, a large number for each, and what is wrong with the text of that length."""


@pytest.mark.parametrize("name", MUCH)
def test_much_nonsense(name: str) -> None:
    text, large, code = MUCH[name]
    found = refused(text(large)[: yaml_tree.MAX_BYTES])
    assert found in {code, "too-large"}


GROWING = {name: text for name, (text, _, _) in MUCH.items()} | {"services": large}


@pytest.mark.parametrize("name", GROWING)
def test_twice_the_text_is_no_more_than_twice_the_work(name: str) -> None:
    text = GROWING[name]
    assert work(text(1000)) <= 2.1 * work(text(500))


def test_twice_the_mistakes_are_no_more_than_twice_the_work() -> None:
    """Each mistake is compared with a bounded number of names, which smaller texts do not have."""
    assert work(misspelt(400)) <= 2.1 * work(misspelt(200))


def test_work_that_grows_faster_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    def compared(text: str | bytes) -> None:
        for _ in text:
            for _ in text:
                pass

    monkeypatch.setitem(globals(), "parse", compared)
    assert work("a" * 200) > 2.1 * work("a" * 100)


def test_ten_thousand_services() -> None:
    read = parse(large(10_000))
    assert len(read.architecture.services) == 10_000
    assert len(read.architecture.use_cases) == 5_000
    assert parse(json.dumps(dump(read.architecture, read.plans))).plans == read.plans


def test_ten_thousand_services_and_as_many_mistakes() -> None:
    with pytest.raises(SpecificationError) as caught:
        parse(misspelt(10_000))
    assert len(caught.value.diagnostics) == 10_000
    assert caught.value.diagnostics[0].suggestion is not None
    assert str(caught.value).endswith("… and 9900 more")


# --- Strange ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("loader", ["CSafeLoader", "SafeLoader"])
@pytest.mark.parametrize(
    "text",
    [
        "services:\n\ta: {}", "\tservices:", "a:\t b\n\t c", b"\xff\xfe\x00", b"\x00\x00\xfe\xff", b"\x80",
        b"caf\xe9: x",
        b"\xed\xa0\x80", b"\xef\xbb\xbf", b"s\0e\0r\0", "a\0", "\ud800", "'\\ud800'", '"\\ud800": x',
        '"\\UFFFFFFFF"', '"\\x0"',
        '{"a": "\\ud83d"}', "%YAML 9.9\n---\na", "%YAML 1.99999999999999999999\n---\na", "%FOO\n---\na",
        "!!python/object:x {}",
        "!!binary aGk=", "! x", "<<: {a: b}", "*a", "&a *a", "&a", "? [a]\n: b", "? {a: b}\n: c", "- - -", "|",
        ">\n", "a: |\n b",
        "---", "...", "--- a\n--- b", "--- >", "@", "`", "a: @b", "a: 'b", 'a: "b', "a: [", "[a]]", "{a: b}}",
        "a: b: c", "a\nb: c",
        "a: b\n c: d", "services: {a: {owns: {b: c}}}", "services: [a]", "services: a", "services: {a: [b]}",
        "services: {[a]: b}",
        "services: {a: }\nuse_cases: [x]", "services: {a: }\nuse_cases: {x: y}",
        "services: {a: }\nuse_cases: {x: [y]}",
        "services: {a: }\nuse_cases: {x: [[y]]}", "services: {a: }\nuse_cases: {x: [{}]}",
        "services: {a: }\nreferences: x",
        "services: {a: }\nreferences: [[x]]", "services: {a: }\nreferences: [->]",
        "services: {a: }\nuse_cases:\nplans: [x]",
        "services: {a: }\nuse_cases:\nplans: {x: [y]}", "services: {a: }\nuse_cases:\nplans: {x: {groups: {}}}",
        "services: {a: }\nuse_cases:\nplans: {x: {groups: [x, [], {}]}}",
        "services: {a: }\nuse_cases:\nplans: {x: {disaster: [x]}}",
        "services: {a: }\nuse_cases:\nplans: {x: {disaster: {scope: {a: b}}}}",
        "services: {a: }\nuse_cases:\nplans: {x: {order: a}}",
        "services: {a: }\nuse_cases:\nplans: {x: {recovery: {replay: [true], resume: {}, on_invalid: }}}",
        "services: {a: }\nuse_cases:\nplans: {x: {groups: [{mode: [x], services: {}}], order: [[a], {}]}}",
        "services: {a: }\nuse_cases:\ntolerates: {a: b}", "services: {a: }\nuse_cases:\ntolerates: {orphans: {a: b}}",
        "services: {a: }\nuse_cases:\ntolerates: {missing state: [[x], {}]}",
        "services: {a: }\nuse_cases:\ncaches: [x]",
        "services: {a: }\nuse_cases:\ncaches: {x: {}}", "services: {a: }\nuse_cases:\ncaches: {[x]: copies}",
        "services: {a: }\nuse_cases:\nentities: [x]", "services: {a: }\nuse_cases:\nentities: {x: [y]}",
        "services: {a: }\nuse_cases: {x: {steps: {}}}",
        "services: {a: }\nuse_cases: {x: {steps: [[]], background: []}}",
        "services: {a: }\nuse_cases:\nplans: {x: {recovery: {backfill: [[]], collect: {}, from: []}}}",
        "services: {a: }\nuse_cases:\nplans: {x: {recovery: {reconstruct: [x: y]}}}",
        "services: {a: }\nuse_cases:\nplans: {x: {groups: [{mode: locked, services: all, holds: {}}]}}",
        "services: {a: {external: []}}\nuse_cases:",
        "services: {a: {external: true}}\nuse_cases:\nplans: {x: {order: [a]}}",
        "name: [x]\nservices: {a: }\nuse_cases:",
    ],
)  # fmt: skip
def test_strange_text_is_refused(text: str | bytes, loader: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(yaml_tree, "_LOADER", getattr(yaml, loader))
    refused(text)


def with_names(name: str) -> dict[str, Any]:
    """A specification in which everything has this name that a user may name."""
    document: dict[str, Any] = {
        "name": name,
        "services": {name: {"owns": [name, "other"]}, "second": {}},
        "entities": {name: {"scarce": True}},
        "use_cases": {
            name: [
                {"create": name, "name": name},
                {"update": name, "needs": [name]},
                {"create": "other", "refers_to": [name], "name": "b", "after": [name]},
                {"copy": name, "at": name, "name": "c", "after": [name]},
                {"copy": name, "at": "second", "after": ["b", "c"]},
            ]
        },
        "tolerates": {
            "broken links": [f"other -> {name}"],
            "orphans": [name],
            "missing state": [f"{name}.{name}"],
        },
        "caches": {f"other -> {name}": "with the link"},
    }
    if name != "independent":
        document["plans"] = {
            name: {
                "groups": [{"mode": "locked", "services": [name, "second"], "holds": [name]}],
                "recovery": {"backfill": [name], "collect": [name]},
            }
        }
    return document


@pytest.mark.parametrize("name", HOSTILE_NAMES)
def test_hostile_names_are_names(name: str) -> None:
    read = parse(json.dumps(with_names(name)))
    assert read.architecture.name == name
    assert read.architecture.use_cases[0].name == name
    document = dump(read.architecture, read.plans)
    for text in (json.dumps(document), json.dumps(document, ensure_ascii=False, indent="\t"), to_yaml(document)):
        again = parse(text)
        assert (again.architecture, again.plans) == (read.architecture, read.plans)


@pytest.mark.parametrize("char", BAD_CHARACTERS, ids=lambda char: f"U+{ord(char):04X}")
def test_a_bad_character_in_a_name_is_named(char: str) -> None:
    with pytest.raises(SpecificationError) as caught:
        parse(json.dumps({"name": f"a{char}b", "services": {"s": {}}, "use_cases": {}}))
    assert [found.code for found in caught.value.diagnostics] == ["bad-name"]
    assert f"U+{ord(char):04X}" in str(caught.value)
    assert char not in str(caught.value) or char == "\n"


@pytest.mark.parametrize("name", ["", " ", "a ", " a", "x" * 201])
def test_what_is_no_name(name: str) -> None:
    assert refused(json.dumps({"name": name, "services": {"s": {}}, "use_cases": {}})) == "bad-name"


# --- Any -------------------------------------------------------------------------------------------------------------

GENEROUS = settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.too_slow])
WORDS = [
    *["services", "use_cases", "references", "plans", "groups", "mode", "create", "refers_to", "after", "via", "event"],
    *["call", "copy", "at", "order", "all", "atomic", "true", "null", "a", "b", "->", "*a", "<<", "é", "😀"],
    *["entities", "scarce", "ids", "sequence", "needs", "once", "kept", "steps", "background", "orphans", "caches"],
    *["missing state", "broken links", "with the link", "copies", "external", "holds", "locked", "stopped", "rebuilt"],
    *["from", "newest", "onto", "existing", "broker", "backup", "retry", "backfill", "reconstruct", "collect", "undo"],
]
PIECES = [
    *"[]{}:,-?&*!|>%@`#'\" \n\t\\~<\r\0", "\x85", "\u2028", ": ", "- ", "\n  ", "\n    ", "a -> b", "&a ", "---\n",
    "services: {a: {owns: [b]}}\n", "use_cases: {u: [create: b]}\n", "plans: {p: {",
]  # fmt: skip
FRAGMENTS = st.sampled_from([*PIECES, *WORDS])
SCALARS = st.text(max_size=5) | st.booleans() | st.none() | st.integers() | st.sampled_from(WORDS)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(WORDS), inner, max_size=3),
    max_leaves=6,
)


@GENEROUS
@given(st.text() | st.lists(FRAGMENTS, max_size=30).map("".join))
def test_any_text_is_read_or_refused(text: str) -> None:
    read_or_refused(text)


@GENEROUS
@given(st.binary() | st.lists(FRAGMENTS, max_size=30).map(lambda parts: "".join(parts).encode()))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    read_or_refused(data)


@GENEROUS
@given(specifications(plans_too=True), st.data())
def test_a_valid_specification_with_another_value_somewhere(document: dict[str, Any], data: st.DataObject) -> None:
    place: Any = document
    while True:
        key = data.draw(st.sampled_from(list(place) if isinstance(place, dict) else range(len(place))))
        if not isinstance(place[key], dict | list) or not place[key] or data.draw(st.integers(0, 3)) == 0:
            break
        place = place[key]
    match data.draw(st.sampled_from(["replace", "remove", "rename"])):
        case "replace":
            place[key] = data.draw(VALUES)
        case "remove":
            del place[key]
        case "rename" if isinstance(place, dict):
            place[data.draw(st.text(max_size=5))] = place.pop(key)
    read_or_refused(json.dumps(document))
    read_or_refused(yaml.safe_dump(document))


@GENEROUS
@given(specifications(plans_too=True), st.data())
def test_a_valid_text_with_another_piece_somewhere(document: dict[str, Any], data: st.DataObject) -> None:
    text = to_yaml(document)
    start, end = sorted(data.draw(st.tuples(st.integers(0, len(text)), st.integers(0, len(text)))))
    end = min(end, start + data.draw(st.integers(0, 20)))
    read_or_refused(text[:start] + data.draw(FRAGMENTS | st.text(max_size=3)) + text[end:])


TAKEN = {"other", "second", "b", "c"}  # what else there is in with_names()
NAMES = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=12) | st.sampled_from(HOSTILE_NAMES)


@GENEROUS
@given(NAMES)
def test_any_name_comes_back_or_is_refused(name: str) -> None:
    text = json.dumps(with_names(name))
    try:
        read = parse(text)
    except SpecificationError:
        assert not (name.isprintable() and name == name.strip() and "->" not in name) or name in TAKEN
        return
    again = parse(to_yaml(dump(read.architecture, read.plans)))
    assert (again.architecture, again.plans) == (read.architecture, read.plans)


def test_reading_never_fails_otherwise(tmp_path: Path) -> None:
    with pytest.raises(BacError, match="cannot read"):
        load(tmp_path)
