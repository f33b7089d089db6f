"""Obstacles to completing a backup, in a state before the disaster, in words.

Source: docs/semantics.md, "Backups".
"""

from __future__ import annotations

from collections.abc import Iterator

from bac.model.architecture import UseCase
from bac.model.plan import Group
from bac.model.semantics import Rules
from bac.model.system import Event, Fact, State, System
from bac.properties.waiting import Waiting
from bac.properties.words import command

MOST_ACTIONS = 500
"""Beyond so many actions of a system it is not tried out what can still happen."""


def exhausted(system: System, state: State) -> State | None:
    """Return a state in which nothing more happens without a disaster; ``None`` if the system is too large.

    Steps come before snapshots and locks.
    """
    if len(system.actions) > MOST_ACTIONS:
        return None
    living = system.without_disasters()
    while (action := next(living.enabled(state), None)) is not None:
        state = action.apply(state)
    return state


def unfinished(rules: Rules, state: State) -> list[Fact]:
    """Return the facts that a complete backup still lacks."""
    return [fact for n in rules.rounds for fact in rules.snapped(rules.snapshotted, n) if fact not in state]


def blockage(rules: Rules, system: System, state: State) -> str | None:
    """Return what keeps a group from being drained in a state in which nothing more happens; ``None`` if nothing does.

    That is a use case that is half done inside, with the step that can no longer happen.
    """
    waiting = Waiting(rules, system.without_disasters().actions, state)
    for group, case, index in half_done(rules, state):
        event = next_event(rules, state, case, index)
        of = f" #{index}" if rules.instances > 1 else ""
        step = f"“{command(case.step(event.step))}” can no longer happen: it {waiting.sentence(event)}"
        return f"{case.name}{of} is half done in {', '.join(group.services)}, and {step}"
    return None


def half_done(rules: Rules, state: State) -> Iterator[tuple[Group, UseCase, int]]:
    """Yield the locked groups that are still to be snapshotted, with the use cases that are half done inside."""
    for group in (group for group in rules.locked_groups if is_waiting(rules, state, group)):
        for case in (case for case in rules.architecture.use_cases if rules.is_held(case, group)):
            for index in range(1, rules.instances + 1):
                inside = rules.instance_events(case, index, group.services)
                if 0 < sum(is_done(rules, state, event) for event in inside) < len(inside):
                    yield group, case, index


def is_waiting(rules: Rules, state: State, group: Group) -> bool:
    """Whether services of the group are still to be snapshotted."""
    return any(fact not in state for number in rules.rounds for fact in rules.snapped(group.services, number))


def is_done(rules: Rules, state: State, event: Event) -> bool:
    """Whether an event is done with."""
    return any(fact in state for fact in rules.done(event))


def next_event(rules: Rules, state: State, case: UseCase, index: int) -> Event:
    """Return the first event of a use case that is not done with, although all that it follows is."""
    left = [each for step in case.steps if not is_done(rules, state, each := Event(case.name, step.number, index))]

    def is_next(event: Event) -> bool:
        earlier = (Event(case.name, number, index) for number in case.step(event.step).predecessors)
        return all(is_done(rules, state, other) for other in earlier)

    return next(filter(is_next, left), left[0])
