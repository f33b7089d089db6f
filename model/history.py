"""A common history before a trace: complete earlier instances of its use cases, as in Figures 3–5 of the article."""

from __future__ import annotations

from dataclasses import replace

from bac.model.semantics import system
from bac.model.system import INITIAL, ActionKind, Event, Label, State, System
from bac.model.trace import Trace


def with_history(trace: Trace, instances: int) -> Trace:
    """The same trace after so many complete instances of the use cases that it needs.

    The earlier instances take the first indices; those of the trace move up.  They run before anything else happens, so
    that they are in every backup and nothing of them goes wrong.
    """
    if instances < 1:
        return trace
    total = trace.instances + instances
    larger = system(trace.architecture, trace.plan, total)
    wanted = needed_use_cases(trace)
    labels: list[Label] = []
    state = INITIAL
    for index in range(1, instances + 1):
        for case in wanted:
            state = complete(larger, case, index, state, labels)
    return replace(
        trace,
        instances=total,
        claim=replace(trace.claim, index=None if trace.claim.index is None else trace.claim.index + instances),
        actions=(*labels, *(shifted(label, instances) for label in trace.actions)),
        history=len(labels),
        _system=larger,
    )


def needed_use_cases(trace: Trace) -> list[str]:
    """The use cases of the trace in the order in which they begin, each after those that create what it uses."""
    architecture, ordered = trace.architecture, list[str]()

    def include(name: str) -> None:
        if name in ordered or name in visiting:
            return
        visiting.add(name)
        for step in architecture.by_use_case[name].steps:
            for entity in (step.entity, *(link.target for link in step.links)):
                include(architecture.creators[entity][0].name)
        ordered.append(name)

    visiting: set[str] = set()
    for label in trace.actions:
        if label.kind is ActionKind.STEP:
            include(label.events[0].use_case)
    return ordered


def complete(larger: System, case: str, index: int, state: State, labels: list[Label]) -> State:
    """Run one use case at one index as far as it goes; the labels of its actions are appended to ``labels``."""
    own = [
        action
        for action in larger.actions
        if action.label.kind is ActionKind.STEP
        and action.label.events[0].use_case == case
        and action.label.events[0].index == index
    ]
    while (action := next((action for action in own if action.enabled(state)), None)) is not None:
        labels.append(action.label)
        state = action.apply(state)
    return state


def shifted(label: Label, by: int) -> Label:
    """The label with its indices moved up."""
    return replace(label, events=tuple(Event(e.use_case, e.step, e.index + by) for e in label.events))
