"""The statements of docs/theorem.md, "What is true at each level", checked by the game on generated applications.

The right-hand sides are computed from runs of one index, and without the game's own positions.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

import pytest
from helpers import parsed
from hypothesis import HealthCheck, assume, given, settings
from strategies import specifications

from bac.model.architecture import Architecture, Step, UseCase, Verb
from bac.model.errors import LimitReached
from bac.model.modes import Mode
from bac.model.plan import INDEPENDENT, Group, Plan
from bac.model.recovery import Recovery
from bac.model.semantics import system
from bac.model.system import INITIAL, ActionKind, Event, State, before, logged
from bac.proofs.check import check
from bac.proofs.theorem.games.arenas import ARCHITECTURES, Assumption, Level
from bac.proofs.theorem.games.board import Board
from bac.proofs.theorem.games.positions import recoveries
from bac.proofs.theorem.games.solver import Effort, solve
from bac.properties.anomalies import anomalies
from bac.properties.formula import satisfied
from bac.properties.qualities import Property

GENERATED = settings(deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)
LIMIT = 3000
MOST_STEPS = 5


def policy_wins(arch: Architecture, level: Level, *dropped: str) -> bool:
    search = solve(Board(arch, level, frozenset(map(Assumption, dropped))), Effort(LIMIT))
    return search.start in search.won


def small(document: dict[str, Any]) -> Architecture:
    arch = parsed(document).architecture
    assume(sum(len(case.steps) for case in arch.use_cases) <= MOST_STEPS)
    return arch


@cache
def logs(arch: Architecture) -> tuple[State, ...]:
    """The states that an index can be in before anything is backed up."""
    return later(arch, INITIAL)


def at_rest(arch: Architecture) -> Iterator[State]:
    """Those where nothing that has begun can go on."""
    steps = [action for action in system(arch, INDEPENDENT, 1).actions if action.label.kind is ActionKind.STEP]
    for state in logs(arch):
        begun = {event.use_case for fact in state for event in fact.events}
        if not any(action.enabled(state) and action.label.events[0].use_case in begun for action in steps):
            yield state


def clean(arch: Architecture, state: State, level: Level, goes_on: bool) -> bool:
    """Whether a log, restored, shows no anomaly that the logs just before the disaster did not show.

    These are the same, or if clients go on after the backup, any that they lead to.
    """
    wrong = [each for each in anomalies(arch, INDEPENDENT, 1) if each.kind in level.kinds and each.counts]
    return not any(
        satisfied(each.formula, state | {before(event) for fact in now for event in fact.events})
        for now in (later(arch, state) if goes_on else [state])
        for each in wrong
    )


@cache
def later(arch: Architecture, state: State) -> tuple[State, ...]:
    """The states to which an index can go on from one, itself first."""
    steps = [action for action in system(arch, INDEPENDENT, 1).actions if action.label.kind is ActionKind.STEP]
    states = [state]
    for current in states:
        after = (action.apply(current) for action in steps if action.enabled(current))
        states += [each for each in dict.fromkeys(after) if each not in states]
    return tuple(states)


def clean_after(arch: Architecture, recovery: Recovery, level: Level, mode: Mode = Mode.ATOMIC) -> bool:
    """Whether no log of an instant shows one after this recovery, by the explicit engine."""
    names = tuple(service.name for service in arch.services)
    plan = Plan("instant", groups=(Group(mode, names),), recovery=recovery)
    found = check(arch, plan, properties=[Property.CONSISTENCY]).properties[Property.CONSISTENCY]
    return not any(each.kind in level.kinds for each in found.anomalies)


# The seven assumptions


def happens(arch: Architecture, case: UseCase, step: Step) -> bool:
    """Whether the step succeeds in some run."""
    return any(logged(Event(case.name, step.number, 1)) in state for state in logs(arch))


def earlier(case: UseCase, step: Step) -> set[int]:
    """The numbers of the steps that a step follows, directly or not."""
    found, stack = set[int](), list(step.predecessors)
    while stack:
        number = stack.pop()
        if number not in found:
            found.add(number)
            stack += case.step(number).predecessors
    return found


def meets_the_conditions(arch: Architecture) -> bool:
    """No anomaly is tolerated, no step deletes or unlinks, and targets are created before they are linked."""
    if arch.tolerance.links or any(step.verb in (Verb.DELETE, Verb.UNLINK) for _, step in arch.steps()):
        return False
    for link, (case, step) in arch.links.items():
        home, creation = arch.creators[link.target]
        if home is case and creation.number not in earlier(case, step):
            return False
    return True


def cyclic(arch: Architecture) -> bool:
    """Whether references between services, of links that can be made, form a cycle."""
    edges = {
        (link.holder.service, link.target.service)
        for link, (case, step) in arch.links.items()
        if link.holder.service != link.target.service and happens(arch, case, step)
    }
    nodes = {node for edge in edges for node in edge}
    while leaves := {node for node in nodes if not any(a == node and b in nodes for a, b in edges)}:
        nodes -= leaves
    return bool(nodes)


def links_what_it_creates(arch: Architecture) -> bool:
    """Whether a use case links an entity that it creates, and that can be created."""
    created = ((link, case, *arch.creators[link.target]) for link, (case, _) in arch.links.items())
    return any(home is case and happens(arch, home, creation) for _, case, home, creation in created)


def several_steps(arch: Architecture) -> bool:
    """Whether a use case that can begin has more than one step."""
    return any(len(case.steps) > 1 and happens(arch, case, step) for case, step in arch.steps())


LOST: dict[Level, Callable[[Architecture], bool]] = {
    Level.C0: cyclic,
    Level.C1: lambda arch: cyclic(arch) or links_what_it_creates(arch),
    Level.C2: lambda arch: cyclic(arch) or several_steps(arch),
}


@pytest.mark.parametrize("level", Level)
@settings(GENERATED, max_examples=120)
@given(document=specifications(plain=True))
def test_with_all_assumptions_the_policy_wins_if_and_only_if_the_table_says_so(
    level: Level, document: dict[str, Any]
) -> None:
    arch = small(document)
    assume(meets_the_conditions(arch))
    try:
        assert policy_wins(arch, level) is not LOST[level](arch)
    except LimitReached:
        assume(False)


@pytest.mark.parametrize("level", Level)
@pytest.mark.parametrize("arch", ARCHITECTURES, ids=lambda arch: arch.name)
def test_the_table_is_right_about_the_built_in_architectures(arch: Architecture, level: Level) -> None:
    """Among them those with a cycle, which generated ones seldom have."""
    assert meets_the_conditions(arch)
    assert policy_wins(arch, level) is not LOST[level](arch)
    assert {each.name for each in ARCHITECTURES if cyclic(each)} == {"two-way", "there-and-back"}


# With assumptions dropped


@pytest.mark.parametrize("dropped", [["single"], ["separate"], ["verbatim"], ["single", "separate", "verbatim"]])
@settings(GENERATED, max_examples=30)
@given(document=specifications(plain=True))
def test_an_instant_helps_if_and_only_if_every_log_is_clean(dropped: list[str], document: dict[str, Any]) -> None:
    arch = small(document)
    for level in Level:
        try:
            won = policy_wins(arch, level, *dropped)
        except LimitReached:
            continue
        replicated = "separate" in dropped  # the backup is the log at any time, and never older
        assert won is all(clean(arch, state, level, not replicated) for state in logs(arch))
        assert won is clean_after(arch, Recovery(), level, Mode.CONTINUOUS if replicated else Mode.ATOMIC)


@pytest.mark.parametrize("dropped", [["available"], ["unbounded"], ["available", "unbounded"]])
@settings(GENERATED, max_examples=40)
@given(document=specifications(plain=True))
def test_quiet_helps_if_and_only_if_every_log_at_rest_is_clean(dropped: list[str], document: dict[str, Any]) -> None:
    arch = small(document)
    for level in Level:
        try:
            won = policy_wins(arch, level, *dropped)
        except LimitReached:
            continue
        assert won is all(clean(arch, state, level, "unbounded" not in dropped) for state in at_rest(arch))


@pytest.mark.parametrize("dropped", ["single", "separate", "verbatim"])
@settings(GENERATED, max_examples=15)
@given(document=specifications(plain=True))
def test_an_instant_with_recovery_helps_if_and_only_if_one_recovery_suits_all_logs(
    dropped: str, document: dict[str, Any]
) -> None:
    arch = small(document)
    for level in Level:
        try:
            won = policy_wins(arch, level, dropped, "state-only")
        except LimitReached:
            continue
        possible = recoveries(frozenset([Assumption.STATE_ONLY]))
        mode = Mode.CONTINUOUS if dropped == "separate" else Mode.ATOMIC
        assert won is any(clean_after(arch, recovery, level, mode) for recovery in possible)
