"""Further instances of the use cases of a trace: a common history before it, and the same once more beside it.

An earlier instance repeats the steps that the trace makes before the disaster, in the same order, and then completes
the use cases in flight.  Source: the article, Figures 3–5; in Figure 5 two entities are missing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import groupby

from bac.model.aftermath import spoken_of
from bac.model.architecture import Architecture
from bac.model.errors import BacError
from bac.model.semantics import system
from bac.model.system import RECOVERED, Action, ActionKind, Event, Label, NotARun, State, System, logged
from bac.model.trace import Trace

MOST_STATES = 10_000
"""The most states that are searched for a completion of the use cases in flight."""


class NoHistory(BacError):
    """No earlier instance fits before a trace."""


def with_history(trace: Trace, instances: int) -> Trace:
    """Return the same trace after a number of earlier instances of its use cases.

    The earlier instances take the first indices; those of the trace move up.  They run before everything else, so that
    they are in every backup and have no anomalies.

    Raises:
        NoHistory: the trace is not possible after them, as they cannot be completed.
        LimitReached: the system with this many instances would be too large.
    """
    if instances < 1:
        return trace
    larger = system(trace.architecture, trace.plan, trace.instances + instances)
    once = earlier_instance(trace)
    before = [shifted(label, by) for by in range(instances) for label in once]
    actions = (*before, *(shifted(label, instances) for label in trace.actions))
    try:
        state = larger.run(actions)[-1]
    except NotARun as error:
        raise NoHistory(f"what happens cannot be completed, so no earlier instance fits before it: {error}") from None
    return replace(
        trace,
        instances=trace.instances + instances,
        claim=replace(trace.claim, index=None if trace.claim.index is None else trace.claim.index + instances),
        actions=(*actions, *recovery(larger, state)),
        history=len(before) + trace.history,
        _system=larger,
    )


def repeated(trace: Trace, times: int) -> Trace:
    """Return a trace in which what happens at each index happens at so many indices, with the same snapshots.

    Wherever the trace has some steps, or actions of recovery, in a row, the other indices follow with the same ones.

    Raises:
        NoHistory: the trace is not possible so.
        LimitReached: the system with this many instances would be too large.
    """
    if times < 2:
        return trace
    larger = system(trace.architecture, trace.plan, trace.instances * times)
    actions: list[Label] = []
    for many, row in groupby(trace.actions, lambda label: bool(label.events) and label.kind is not ActionKind.DENY):
        block = list(row)
        for time in range(times if many else 1):
            actions += [shifted(label, time * trace.instances) for label in block]
    try:
        state = larger.run(actions)[-1]
    except NotARun as error:
        raise NoHistory(f"what happens cannot happen {times} times beside each other: {error}") from None
    longer = (*actions, *recovery(larger, state))
    return replace(trace, instances=trace.instances * times, actions=longer, _system=larger)


def earlier_instance(trace: Trace) -> list[Label]:
    """Return steps at index 1 like those of the trace: as many as can be completed, or all if none can."""
    alone = trace.system if trace.instances == 1 else system(trace.architecture, trace.plan, 1)
    own = [shifted(label, 1 - label.events[0].index) for label in pattern(trace)]
    states = alone.run(own)
    for length in range(len(own), 0, -1):
        rest = completion(trace.architecture, alone, states[length])
        if rest is not None:
            return [*own[:length], *rest]
    return own


def pattern(trace: Trace) -> list[Label]:
    """Return the steps of the trace at the index that it is about, or else at the index with the most steps.

    A command that is held back at the end counts as a step: in earlier instances no lock was taken.
    """
    actions = trace.actions[trace.history :]
    steps = [label for label in actions if label.kind is ActionKind.STEP]
    steps += [replace(label, kind=ActionKind.STEP) for label in actions[-1:] if label.kind is ActionKind.DENY]
    indices = [label.events[0].index for label in steps]
    index = trace.claim.index or max(indices, key=indices.count, default=1)
    return [label for label in steps if label.events[0].index == index]


def completion(architecture: Architecture, alone: System, state: State) -> list[Label] | None:
    """Return the fewest steps at index 1 after which no use case is in flight; ``None`` if none are found."""
    involved = set(needed(architecture, in_flight(architecture, state)))
    steps = [
        action
        for action in alone.actions
        if action.label.kind is ActionKind.STEP and action.label.events[0].use_case in involved
    ]
    paths: dict[State, tuple[Action, ...]] = {state: ()}
    for reached in (queue := [state]):
        if not in_flight(architecture, reached):
            return [action.label for action in paths[reached]]
        for action in steps:
            if len(paths) < MOST_STATES and action.enabled(reached) and (after := action.apply(reached)) not in paths:
                paths[after] = (*paths[reached], action)
                queue.append(after)
    return None


def in_flight(architecture: Architecture, state: State) -> list[str]:
    """Return the use cases of which, at index 1, some steps are logged and others are not."""
    return [
        case.name
        for case in architecture.use_cases
        if len({logged(Event(case.name, step.number, 1)) in state for step in case.steps}) > 1
    ]


def needed(architecture: Architecture, names: Iterable[str]) -> Iterator[str]:
    """Yield these use cases, and those that create entities or make links which these depend on, directly or not."""
    seen, stack = set[str](), list(names)
    while stack:
        name = stack.pop()
        if name in seen:
            continue
        seen.add(name)
        yield name
        for step in architecture.by_use_case[name].steps:
            entities = spoken_of(step)
            stack += (architecture.creators[entity][0].name for entity in entities)
            stack += [] if step.unlinks is None else [architecture.links[step.unlinks][0].name]


def recovery(larger: System, state: State) -> Iterator[Label]:
    """Yield the further actions of recovery for earlier instances that could not be completed."""
    while RECOVERED in state and (action := next(larger.enabled(state), None)) is not None:
        yield action.label
        state = action.apply(state)


def shifted(label: Label, by: int) -> Label:
    """Return the label with its indices moved up."""
    return replace(label, events=tuple(Event(e.use_case, e.step, e.index + by) for e in label.events))
