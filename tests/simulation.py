"""Hold the first-order machines of the theorems to the checker's own semantics: runs of the one are runs of the other.

A `Reading` says what the symbols of a machine mean in a system of facts and actions.  `follow` walks at random through
the system, and asserts that every transition is one of the machine's actions for some parameters, that the machine's
assumptions are true, and that its invariant and what it calls safe are true in every state.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import product

from bac.model.architecture import Architecture
from bac.model.plan import INDEPENDENT, Plan
from bac.model.semantics import system
from bac.model.system import INITIAL, ActionKind, Event, Fact, FactKind, State, System
from bac.proofs.theorem.unbounded.logic import Sort, Structure, Symbol, true_in
from bac.proofs.theorem.unbounded.machine import Machine, Moment, constants
from bac.proofs.theorem.unbounded.vocabulary import EVENT, INTERACTION, SERVICE

Tuple = tuple[object, ...]
Extension = set[Tuple]


@dataclass
class Reading:
    """The interpretation of symbols: fixed relations and functions, and the relations that hold in a state."""

    elements: dict[Sort, list[object]]
    fixed: dict[str, Extension]
    functions: dict[str, dict[Tuple, object]]
    in_state: Callable[[State], dict[str, Extension]]

    def structure(self, states: list[State], given: dict[str, object]) -> Structure:
        """One structure for consecutive states (`logged@0`, `logged@1`) and the parameters of what happens between."""
        moments = [self.in_state(state) for state in states]

        def value(symbol: Symbol, arguments: tuple[int, ...]) -> int:
            things = tuple(
                self.elements[sort][number] for sort, number in zip(symbol.arguments, arguments, strict=True)
            )
            if symbol.name in given:
                return self.elements[symbol.result].index(given[symbol.name])  # type: ignore[index]
            if symbol.result is not None:
                return self.elements[symbol.result].index(self.functions[symbol.name][things])
            name, _, moment = symbol.name.partition("@")
            return int(things in (moments[int(moment)][name] if moment else self.fixed[name]))

        return Structure({sort: len(things) for sort, things in self.elements.items()}, value)


def read(architecture: Architecture, plan: Plan, instances: int, group: Iterable[str], built: System) -> Reading:
    """The meaning of the theorems' common words in a system."""
    steps = {
        Event(case.name, step.number, index): (case, step)
        for index in range(1, instances + 1)
        for case, step in architecture.steps()
    }
    services: list[object] = [service.name for service in architecture.services]
    needs = {
        (action.label.events[0], fact.events[0])
        for action in system(architecture, INDEPENDENT, instances).actions
        if action.label.kind is ActionKind.STEP
        for fact in action.require
        if fact.kind is FactKind.LOGGED
    }
    refers = {
        (
            event,
            Event(
                architecture.creators[link.target][0].name, architecture.creators[link.target][1].number, event.index
            ),
        )
        for event, (_, step) in steps.items()
        for link in step.links
    }
    messages = {(fact.events[1], fact.events[0]) for fact in built.facts if fact.kind is FactKind.PENDING}
    order = plan.order

    def in_state(state: State) -> dict[str, Extension]:
        def having(kind: FactKind, read: Callable[[Fact], Tuple]) -> Extension:
            return {read(fact) for fact in state if fact.kind is kind}

        return {
            "logged": having(FactKind.LOGGED, lambda fact: fact.events),
            "backed": having(FactKind.BACKED, lambda fact: fact.events),
            "oldest": having(FactKind.OLDEST, lambda fact: fact.events),
            "pending": having(FactKind.PENDING, lambda fact: (fact.events[1], fact.events[0])),
            "snapped": having(FactKind.SNAPPED, lambda fact: fact.services),
            "locked": having(FactKind.LOCKED, lambda _: ()),
            "recovered": having(FactKind.RECOVERED, lambda _: ()),
        }

    return Reading(
        {
            EVENT: list(steps),
            SERVICE: services,
            INTERACTION: sorted({(event.use_case, event.index) for event in steps}),
        },
        {
            "requires": set(needs),
            "refers": set(refers),
            "brought-about-by": set(messages),
            "in-group": {(service,) for service in group},
            "earlier": {(a, b) for a in order for b in order if order.index(a) < order.index(b)},
        },
        {
            "at": {(event,): step.service for event, (_, step) in steps.items()},
            "of": {(event,): (event.use_case, event.index) for event in steps},
        },
        in_state,
    )


class NotSimulated(AssertionError):
    """The system does something that the machine does not, or what the machine rules out."""


def require(condition: bool, *what: object) -> None:
    if not condition:
        raise NotSimulated(*what)


def follow(
    machine: Machine,
    architecture: Architecture,
    plan: Plan,
    instances: int = 1,
    group: Iterable[str] | None = None,
    walks: int = 6,
    seed: int = 1,
) -> set[str]:
    """Walk through the system, and hold the machine to it; the names of the machine's actions that were seen.

    Raises:
        NotSimulated: it does not do.
    """
    built = system(architecture, plan, instances)
    inside = [service.name for service in architecture.services] if group is None else group
    reading = read(architecture, plan, instances, inside, built)
    chance = random.Random(seed)
    seen: set[str] = set()
    start = reading.structure([INITIAL], {})
    for name, assumption in machine.assumptions.items():
        require(true_in(start, assumption), "assumption", name)
    for name, formula in machine.nothing_yet():
        require(true_in(start, formula), "at first", name)
    for _ in range(walks):
        state = INITIAL
        while enabled := list(built.enabled(state)):
            early = [action for action in enabled if action.label.kind is not ActionKind.DISASTER]
            action = chance.choice(early if early and chance.random() < 0.9 else enabled)
            after = action.apply(state)
            seen.add(matching(machine, reading, state, after, action.label))
            state = after
            structure = reading.structure([state], {})
            for name, statement in {**machine.invariant, **machine.safe}.items():
                require(true_in(structure, statement(Moment(0))), "after", action.label, name)
    return seen


def matching(machine: Machine, reading: Reading, before: State, after: State, label: object) -> str:
    """The machine's action that leads from one state to the other."""
    names = {relation.name for relation in machine.state}
    old, new = reading.in_state(before), reading.in_state(after)
    if all(old[name] == new[name] for name in names):
        return "nothing"
    for action in machine.actions:
        parameters = constants(action, 0)
        formulas = action.happens(machine.state, Moment(0), parameters)
        for things in product(*(reading.elements[sort] for sort in action.parameters)):
            given = {constant.symbol.name: thing for constant, thing in zip(parameters, things, strict=True)}
            structure = reading.structure([before, after], given)
            if all(true_in(structure, formula) for formula in formulas):
                return action.name
    raise NotSimulated("no action of the machine does this", label)
