"""What a plan expects of the checker: how it is read, what differs is told, and the file is brought up to date."""

from __future__ import annotations

import pytest
from helpers import REFERENCE, parsed

from bac.model.plan import ANOMALIES, Expectation
from bac.model.specification.reader import dump
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
