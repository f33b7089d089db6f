"""Expectations of plans: they are read, differences are reported, and the file is updated."""

from __future__ import annotations

import json
from pathlib import Path
from xml.etree import ElementTree

import pytest
from click.testing import Result
from helpers import REFERENCE, bac, parsed

from bac.model.plan import ANOMALIES, Expectation
from bac.model.specification.expectations import with_expectations
from bac.model.specification.reader import parse
from bac.model.specification.writer import dump
from bac.properties.anomalies import AnomalyKind


def expecting(text: str) -> str:
    """The reference with one plan more, that expects this."""
    return REFERENCE + f"  nightly: {{order: [A, B], expect: {text}}}\n"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("{}", Expectation()),
        ("", Expectation()),
        ("{consistency: violated, backup: holds}", Expectation((("consistency", "violated"), ("backup", "holds")))),
        ("{anomalies: []}", Expectation((), ())),
        (
            "{anomalies: [broken link a -> b, orphan-state b]}",
            Expectation((), ("broken link a -> b", "orphan state b")),
        ),
    ],
)
def test_an_expectation_is_read_and_written(text: str, expected: Expectation) -> None:
    specification = parsed(expecting(text))
    assert specification.plan("nightly").expect == expected
    again = parsed(dump(specification.architecture, specification.plans))
    assert again.plan("nightly").expect == expected


def test_a_plan_is_the_same_whatever_is_expected_of_it() -> None:
    plain, expecting_it = (parsed(expecting(text)).plan("nightly") for text in ("{}", "{anomalies: []}"))
    assert plain == expecting_it
    assert hash(plain) == hash(expecting_it)


def test_every_kind_of_anomaly_can_be_expected() -> None:
    assert {kind.replace("-", " ") for kind in AnomalyKind} <= set(ANOMALIES)


# Differences are reported


def checked(text: str, *options: str) -> Result:
    """Check the reference with a plan that expects this."""
    return bac("check", "-", *options, stdin=expecting(text))


def told(result: Result) -> list[str]:
    """The lines of standard error that are no warnings."""
    return [line for line in result.stderr.splitlines() if line.startswith("nightly: ")]


@pytest.mark.parametrize(
    ("text", "code", "messages"),
    [
        ("{consistency: violated}", 0, []),
        ("{anomalies: [orphan state b]}", 0, []),
        ("{consistency: violated, anomalies: [orphan state b], availability: holds}", 0, []),
        ("{}", 1, ["nightly: consistency is violated, expected holds"]),
        ("{consistency: holds}", 1, ["nightly: consistency is violated, expected holds"]),
        (
            "{backup: violated, consistency: violated}",
            1,
            ["nightly: backup holds, expected violated"],
        ),
        ("{anomalies: []}", 1, ["nightly: orphan state b is new"]),
        (
            "{anomalies: [broken link a -> b]}",
            1,
            [
                "nightly: orphan state b is new",
                "nightly: broken link a -> b is expected, and was not found",
            ],
        ),
    ],
)
def test_each_mismatch_is_told(text: str, code: int, messages: list[str]) -> None:
    result = checked(text)
    assert (result.exit_code, told(result)) == (code, messages)


def test_only_plans_with_an_expectation_count() -> None:
    assert bac("check", "-", stdin=REFERENCE).exit_code == 1
    assert checked("{consistency: violated}").exit_code == 0
    assert checked("{consistency: violated}", "--plan", "independent").exit_code == 1


@pytest.mark.parametrize(
    ("plans", "option", "messages"),
    [
        (["nightly"], "holds", ["nightly: consistency is violated, expected holds"]),
        (["nightly"], "violated", []),
        (["shared"], "violated", ["shared: everything holds, expected violated"]),
    ],
)
def test_the_option_takes_the_place_of_the_key(plans: list[str], option: str, messages: list[str]) -> None:
    chosen = [word for plan in plans for word in ("--plan", plan)]
    result = checked("{consistency: violated}", *chosen, "--expect", option)
    assert result.stderr.splitlines() == messages
    assert result.exit_code == bool(messages)


@pytest.mark.parametrize(("verdict", "word"), [("violated", "yes"), ("holds", "no")])
def test_the_table_says_which_plans_are_as_expected(verdict: str, word: str) -> None:
    lines = [line.split() for line in checked(f"{{consistency: {verdict}}}").stdout.splitlines()]
    assert {line[0]: line[-1] for line in lines if line and line[0] in ("plan", "nightly", "independent")} == {
        "plan": "expected",
        "nightly": word,
        "independent": "–",
    }
    assert " expected" not in bac("check", "-", stdin=REFERENCE).stdout


def test_a_plan_in_full_is_said_to_be_as_expected() -> None:
    sentence = "as expected of this plan"
    assert sentence in checked("{consistency: violated}", "--plan", "nightly").stdout
    assert sentence not in checked("{consistency: holds}", "--plan", "nightly").stdout
    assert sentence not in checked("{consistency: violated}", "--plan", "independent").stdout


def test_one_property_is_named_where_only_one_was_checked() -> None:
    result = bac("check", "-", "--plan", "shared", "--property", "backup", "--expect", "violated", stdin=REFERENCE)
    assert result.stderr == "shared: backup holds, expected violated\n"


def test_what_a_limit_leaves_open_is_unknown() -> None:
    result = checked("{consistency: violated}", "--plan", "nightly", "--max-states", "3", "--engine", "explicit")
    assert result.exit_code == 3
    assert any("consistency is unknown" in message for message in told(result))


def test_the_json_report_says_what_differs() -> None:
    plans = json.loads(checked("{anomalies: []}", "--format", "json").stdout)["plans"]
    found = {plan["plan"]: plan.get("mismatches") for plan in plans}
    assert found["nightly"] == ["orphan state b is new"]
    assert found["locked"] is None


def cases(xml: str, suite: str) -> dict[str, str]:
    """The test cases of a plan: what is in each, or that it passed."""
    found = {}
    for case in ElementTree.fromstring(xml).iter("testcase"):
        if case.get("classname") == suite:
            inside = [child.tag for child in case if child.tag != "system-out"]
            found[case.get("name") or ""] = inside[0] if inside else "passed"
    return found


def test_junit_follows_the_expectation_property_by_property() -> None:
    holds = dict.fromkeys(["backup", "availability", "consistency", "no-extra-loss"], "passed")
    asked = ["check", "-", "--format", "junit", "--plan", "locked"]
    assert cases(bac(*asked, stdin=REFERENCE).stdout, "locked") == holds | {"availability": "failure"}
    violated = cases(bac(*asked, "--expect", "violated", stdin=REFERENCE).stdout, "locked")
    assert violated == holds | {"availability": "skipped", "violated as expected": "passed"}
    one = [*asked, "--property", "availability", "--expect", "violated"]
    assert cases(bac(*one, stdin=REFERENCE).stdout, "locked") == {"availability": "passed"}
    found = checked("{consistency: violated, backup: violated}", "--format", "junit").stdout
    assert cases(found, "nightly") == holds | {"backup": "failure"}
    assert cases(found, "locked") == holds | {"availability": "skipped"}


# The file is brought up to date

PLANS = """# A comment.
name: Reference
services: {A: {owns: [a]}, B: {owns: [b]}}
references: ["a -> b"]
plans:
  nightly: # one after the other
    order: [A, B] # the referrer first

  # Everything at one instant.
  atomic: {groups: [{mode: atomic, services: all}]}
  empty:
  last:
    recovery:
      rollback: oldest
"""


def test_expectations_are_written_where_the_plans_are(tmp_path: Path) -> None:
    file = tmp_path / "reference.bac.yaml"
    file.write_text(PLANS, encoding="utf-8")
    assert bac("check", file, "--update-expect").exit_code == 0
    written = file.read_text(encoding="utf-8")
    assert (
        written.replace("backup: holds, availability: holds, no-extra-loss: holds", "HOLD")
        == """# A comment.
name: Reference
services: {A: {owns: [a]}, B: {owns: [b]}}
references: ["a -> b"]
plans:
  nightly: # one after the other
    order: [A, B] # the referrer first
    expect:
      backup: holds
      availability: holds
      no-extra-loss: holds
      anomalies:
        - orphan state b

  # Everything at one instant.
  atomic: {groups: [{mode: atomic, services: all}], expect: {HOLD, anomalies: [orphan state b]}}
  empty: {expect: {HOLD, anomalies: [broken link a -> b, orphan state b]}}
  last:
    recovery:
      rollback: oldest
    expect:
      backup: holds
      availability: holds
      no-extra-loss: violated
      anomalies:
        - orphan state b
"""
    )
    assert bac("check", file).exit_code == 0


@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
def test_to_write_expectations_again_changes_nothing(line_end: str, tmp_path: Path) -> None:
    file = tmp_path / "reference.bac.yaml"
    file.write_bytes(PLANS.replace("\n", line_end).encode())
    bac("check", file, "--update-expect")
    once = file.read_bytes()
    assert once.count(b"\r\n") == (once.count(b"\n") if line_end == "\r\n" else 0)
    assert bac("check", file, "--update-expect").exit_code == 0
    assert file.read_bytes() == once


@pytest.mark.parametrize(
    "plans",
    [
        "{p: {}}",
        "{p: }",
        "{p: {order: [A, B],}}",
        "{p: ~}",
        '{"p": {"expect": {"backup": "holds"}, "order": ["A"]}}',
        "\n  p:\n    order:\n      - A # first\n      - B\n    # the end",
        "\n  p:\n    expect: {backup: holds} # so far\n    order: [A]",
        "\n  p:\n    expect:\n      backup: holds\n\n    order: [A]",
        "\n  p:\n    expect:\n    order: [A]",
        "\n  'p': # a plan\n    {\n      order: [A], # first\n    }",
        "\n  ? p\n  : order: [A]",
    ],
)
def test_a_plan_is_edited_however_it_is_written(plans: str) -> None:
    text = f"services: {{A: {{owns: [a]}}, B: {{owns: [b]}}}}\nreferences: [a -> b]\nplans: {plans}\n"
    expect = Expectation((("backup", "violated"),), ("broken link a -> b", "missing state a -> b.2"))
    edited = with_expectations(text, {"p": expect})
    assert parse(edited).plan("p").expect == expect
    assert [part for part in ("# first", "# a plan", "# the end") if (part in text) != (part in edited)] == []


def test_a_json_specification_stays_json(tmp_path: Path) -> None:
    file = tmp_path / "reference.bac.json"
    document = {
        "services": {"A": {"owns": ["a"]}},
        "use_cases": {"u": [{"create": "a"}]},
        "plans": {"p": {}, "q": {"order": ["A"]}},
    }
    file.write_text(json.dumps(document), encoding="utf-8")
    assert bac("check", file, "--update-expect").exit_code == 0
    assert json.loads(file.read_text(encoding="utf-8"))["plans"]["q"]["expect"]["consistency"] == "holds"


def test_plans_that_share_their_text_are_left_alone(tmp_path: Path) -> None:
    file = tmp_path / "reference.bac.yaml"
    text = PLANS + "  twin: *plan\n".replace("*plan", "*n")
    text = text.replace("  nightly: # one after the other", "  nightly: &n # one after the other")
    file.write_text(text, encoding="utf-8")
    result = bac("check", file, "--update-expect")
    assert result.exit_code == 2
    assert "by hand" in result.stderr
    assert file.read_text(encoding="utf-8") == text


def test_only_what_was_checked_is_written(tmp_path: Path) -> None:
    file = tmp_path / "reference.bac.yaml"
    file.write_text(expecting("{backup: holds, anomalies: [orphan state b]}"), encoding="utf-8")
    bac("check", file, "--plan", "nightly", "--property", "availability", "--update-expect")
    assert parse(file.read_text(encoding="utf-8")).plan("nightly").expect == Expectation(
        (("backup", "holds"), ("availability", "holds")), ("orphan state b",)
    )


def test_a_file_without_plans_gets_no_expectations(tmp_path: Path) -> None:
    file = tmp_path / "plain.bac.yaml"
    file.write_text(plain := REFERENCE.partition("plans:")[0], encoding="utf-8")
    result = bac("check", file, "--update-expect")
    assert "no expectations written" in result.stderr
    assert file.read_text(encoding="utf-8") == plain


def test_what_is_unknown_is_not_written(tmp_path: Path) -> None:
    file = tmp_path / "reference.bac.yaml"
    file.write_text(PLANS, encoding="utf-8")
    assert bac("check", file, "--update-expect", "--max-states", "3", "--engine", "explicit").exit_code == 3
    assert file.read_text(encoding="utf-8") == PLANS


def test_steps_are_expected_by_name_or_number() -> None:
    text = """
services: {A: {owns: [a]}, B: {copies: [a]}}
use_cases: {u: [{create: a}, {copy: a, at: B, via: event, name: told}]}
plans:
  by name:   {order: [A, B], expect: {anomalies: [missing state u.1, missing state u.told]}}
  by number: {recovery: {restore: crashed}, expect: {anomalies: [missing state u.2, missing state u.1]}}
"""
    result = bac("check", "-", stdin=text)
    assert (result.exit_code, result.stderr) == (0, "")


def test_the_example_of_the_documentation_is_as_expected(tmp_path: Path) -> None:
    root = Path(__file__).resolve().parent.parent
    page = (root / "docs" / "report.md").read_text(encoding="utf-8")
    plans = page.partition("```yaml\n")[2].partition("```")[0]
    assert "expect:" in plans
    architecture = (root / "examples" / "sales.bac.yaml").read_text(encoding="utf-8").partition("\nplans:")[0]
    file = tmp_path / "sales.bac.yaml"
    file.write_text(f"{architecture}\n{plans}", encoding="utf-8")
    result = bac("check", file)
    assert (result.exit_code, result.stderr) == (0, "")
