"""Obstacles to a use case, or to a backup, in a state before the disaster, in words.

Source: docs/semantics.md, "Steps" and "Backups".
"""

from __future__ import annotations

from collections.abc import Iterator

from bac.model.architecture import Step, UseCase
from bac.model.plan import Group
from bac.model.semantics import Rules
from bac.model.system import Event, Fact, State, System, logged

MOST_ACTIONS = 500
"""Beyond so many actions of a system it is not tried out what can still happen."""


def exhausted(system: System, state: State) -> State:
    """Return a state in which nothing more happens without a disaster; steps come before snapshots and locks."""
    if len(system.actions) > MOST_ACTIONS:
        return state
    living = system.without_disasters()
    while (action := next(living.enabled(state), None)) is not None:
        state = action.apply(state)
    return state


def unfinished(rules: Rules, state: State) -> list[Fact]:
    """Return the facts that a complete backup still lacks."""
    return [fact for n in rules.rounds for fact in rules.snapped(rules.snapshotted, n) if fact not in state]


def blockages(rules: Rules, state: State) -> list[str]:
    """Return what keeps groups from being drained: use cases that are half done inside, and what they wait for."""
    found = []
    for group in (group for group in rules.locked_groups if is_waiting(rules, state, group)):
        for case in (case for case in rules.architecture.use_cases if rules.is_held(case, group)):
            for index in range(1, rules.instances + 1):
                inside = rules.instance_events(case, index, group.services)
                left = [event for event in inside if not any(fact in state for fact in rules.done(event))]
                if 0 < len(left) < len(inside):
                    number = f" #{index}" if rules.instances > 1 else ""
                    where = f"{case.name}{number} is half done in {', '.join(group.services)}"
                    found.append(f"{where}, and {obstacle(rules, state, case, index)}")
    return found


def is_waiting(rules: Rules, state: State, group: Group) -> bool:
    """Whether services of the group are still to be snapshotted."""
    return any(fact not in state for number in rules.rounds for fact in rules.snapped(group.services, number))


def obstacle(rules: Rules, state: State, case: UseCase, index: int) -> str:
    """Return which step of a use case can no longer happen at an index: it needs something, or waits for a lock."""
    left = [step for step in case.steps if not is_done(rules, state, case, step, index)]
    left.sort(key=lambda step: not all(is_done(rules, state, case, case.step(n), index) for n in step.predecessors))
    for step in left:
        if (need := unmet(rules, state, case, step, index)) is not None:
            return f"“{step}” can no longer happen, as it {need}"
    for step in left:
        group = rules.groups[step.service]
        taken = any(rules.lock(group, number) in state for number in rules.rounds) if group.mode.locks else False
        if taken and not any(logged(event) in state for event in rules.instance_events(case, index, group.services)):
            return f"“{step}” waits for the lock of {', '.join(group.services)}"
    return "its other steps are not possible any more"


def is_done(rules: Rules, state: State, case: UseCase, step: Step, index: int) -> bool:
    """Whether a step is done with at an index."""
    return any(fact in state for fact in rules.done(Event(case.name, step.number, index)))


def unmet(rules: Rules, state: State, case: UseCase, step: Step, index: int) -> str | None:
    """Return what a step needs that is not there, in words; ``None`` if everything is."""
    there = rules.presence(index)
    for entity in rules.foreign(case, step):
        if logged(there.creation(entity)) not in state:
            return f"needs {entity}, which does not exist and cannot be created any more"
        for deletion in removed(there.removals(entity), state):
            if not rules.still_there(Event(case.name, step.number, index), case, step).holds(state):
                return f"needs {entity}, which {name(rules, deletion)} has deleted"
    if step.unlinks is not None and rules.architecture.links[step.unlinks][0] is not case:
        link = step.unlinks
        if logged(there.making(link)) not in state:
            return f"needs the link {link}, which is not made"
        for event in removed((*there.removals(link), *there.removals(link.holder)), state):
            return f"needs the link {link}, which {name(rules, event)} has removed"
    return None


def name(rules: Rules, event: Event) -> str:
    """Return what people call the step of an event."""
    return rules.architecture.named(f"{event.use_case}.{event.step}")


def removed(events: tuple[Event, ...], state: State) -> Iterator[Event]:
    """Yield those of these events that have happened."""
    return (event for event in events if logged(event) in state)
