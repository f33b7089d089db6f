"""A run as a trace in the Informal Trace Format of Apalache, in the variables of the TLA+ module of its system.

Source: Apalache, ADR-015 (https://apalache-mc.org/docs/adr/015adr-trace.html); docs/exports.md, "ITF".
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bac import __version__
from bac.exports.exported import FLAGS, PAIRS, Exported
from bac.model.system import FactKind, Label, State
from bac.model.trace import Trace
from bac.properties.explanation import explain

FORMAT = "https://apalache-mc.org/docs/adr/015adr-trace.html"


def itf(trace: Trace, exported: Exported | None = None) -> dict[str, Any]:
    """Return the trace as a JSON document.

    Each state holds the facts of one kind in a set (a Boolean for a kind with one fact), as the TLA+ module does.  Its
    ``#meta`` has the position from 0, the name in that module of the action that led to it, and its effect in words.

    Args:
        trace: the run; its states are computed by the interpreter.
        exported: its system as it is exported, to use the same names.
    """
    what = exported or Exported(trace.architecture, trace.plan, trace.instances)
    labels: list[Label | None] = [None, *trace.actions]
    states = []
    for number, (label, state) in enumerate(zip(labels, trace.states, strict=True)):
        meta: dict[str, Any] = {"index": number}
        if label is not None:
            meta |= _action(what, trace.states[number - 1], label)
        states.append({"#meta": meta, **_values(what, state)})
    return {
        "#meta": {
            "format": "ITF",
            "format-description": FORMAT,
            "description": f"{what.architecture.name}, plan {what.plan.name}: {explain(trace).sentence}",
            "source": f"bac {__version__}",
            "varTypes": {str(kind): _type(kind) for kind in what.kinds},
        },
        "params": [],
        "vars": list(map(str, what.kinds)),
        "states": states,
    }


def _type(kind: FactKind) -> str:
    """Return the type of a variable, in Apalache's notation."""
    return "Bool" if kind in FLAGS else "Set(<<Str, Str>>)" if kind in PAIRS else "Set(Str)"


def _values(what: Exported, state: State) -> Mapping[str, Any]:
    """Return the value of each variable in this state."""
    values: dict[str, Any] = {}
    for kind in what.kinds:
        found = [what.about(fact) for fact in sorted(state) if fact.kind is kind]
        elements = [about[0] if len(about) == 1 else {"#tup": about} for about in found if about]
        values[str(kind)] = bool(found) if kind in FLAGS else {"#set": elements}
    return values


def _action(what: Exported, before: State, label: Label) -> Mapping[str, str]:
    """Return the name of the action with this label that is enabled here, and its effect in words."""
    for name, action in zip(what.actions, what.system.actions, strict=True):
        if action.label == label and action.enabled(before):
            return {"action": name, "does": what.action_in_words(action)}
    raise AssertionError("the action of a run is one of its system")
