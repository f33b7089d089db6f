"""A trace in the Informal Trace Format has the shape that its description asks for, and the interpreter's states."""

from __future__ import annotations

from typing import Any

import jsonschema
import pytest
from foreign import FILES, SELECTED, every_plan, read
from helpers import REFERENCE, parsed

from bac.exports.itf import itf
from bac.model.trace import Trace
from bac.proofs.check import check, find
from bac.proofs.engine import Limits

VALUE: dict[str, Any] = {
    "anyOf": [
        {"type": ["boolean", "string"]},
        {
            "type": "object",
            "properties": {name: {"type": "array", "items": {"$ref": "#/$defs/value"}} for name in ("#set", "#tup")},
            "minProperties": 1,
            "maxProperties": 1,
            "additionalProperties": False,
        },
    ]
}
"""The values of ADR-015 that occur here."""


def schema(variables: list[str]) -> dict[str, Any]:
    """The shape of a trace over these variables, after ADR-015."""
    values = {name: {"$ref": "#/$defs/value"} for name in variables}
    state = {
        "type": "object",
        "properties": {"#meta": {"type": "object"}, **values},
        "required": variables,
        "additionalProperties": False,
    }
    return {
        "$defs": {"value": VALUE},
        "type": "object",
        "properties": {
            "#meta": {"type": "object", "properties": {"format": {"const": "ITF"}}, "required": ["varTypes"]},
            "params": {"type": "array", "items": {"type": "string"}},
            "vars": {"type": "array", "items": {"type": "string"}, "uniqueItems": True},
            "states": {"type": "array", "items": state, "minItems": 1},
            "loop": {"type": "integer"},
        },
        "required": ["vars", "states"],
        "additionalProperties": False,
    }


def facts(state: dict[str, Any]) -> int:
    """How many facts are true in a state of the document."""
    values = [value for key, value in state.items() if key != "#meta"]
    return sum(value if isinstance(value, bool) else len(value["#set"]) for value in values)


def is_right(trace: Trace) -> None:
    """The document has the right shape, a state for each of the trace, and their facts."""
    document = itf(trace)
    jsonschema.validate(document, schema(document["vars"]))
    assert document["#meta"]["varTypes"].keys() == set(document["vars"])
    assert [state["#meta"]["index"] for state in document["states"]] == list(range(len(trace.actions) + 1))
    assert list(map(facts, document["states"])) == list(map(len, trace.states))
    names = [state["#meta"]["action"] for state in document["states"][1:]]
    assert all(
        name.startswith(str(label.kind).replace("-", "_")) for name, label in zip(names, trace.actions, strict=True)
    )


@pytest.mark.parametrize(("file", "plan"), SELECTED)
def test_counterexamples_are_well_formed(file: str, plan: str) -> None:
    exported = read(file, plan)
    for trace in check(exported.architecture, exported.plan).counterexamples():
        is_right(trace)


@pytest.mark.slow
@pytest.mark.parametrize("file", FILES)
def test_counterexamples_are_well_formed_everywhere(file: str) -> None:
    for exported in every_plan(file):
        for trace in check(exported.architecture, exported.plan).counterexamples():
            is_right(trace)


def test_the_states_of_a_broken_link() -> None:
    specification = parsed(REFERENCE)
    plan = specification.plan("independent")
    trace = find(specification.architecture, plan, 1, "consistency", "broken-link", None, "any-time", Limits())
    last = itf(trace)["states"][-1]
    assert last["logged"] == {"#set": ["a_to_b_2"]}
    assert last["snapped"] == {"#set": ["A", "B"]}
    assert last["recovered"] is True
    assert last["#meta"]["does"].startswith("disaster")


def test_a_document_of_another_shape_is_refused() -> None:
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({"vars": ["x"], "states": [{"x": {"#bag": []}}]}, schema(["x"]))
