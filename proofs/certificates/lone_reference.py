"""One reference alone, or none, under a backup plan: what is true of it, by going through every state.

Written for the check of sweeps (:mod:`bac.proofs.certificates.sweep_certificate`), on plain sets of facts; it shares
nothing with the engines but the semantics, the interpreter that applies actions, and the evaluator of formulas.
Source: docs/theorem.md, "For every small graph".
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache, cached_property
from itertools import permutations

from bac.model.architecture import Architecture
from bac.model.errors import LimitReached
from bac.model.plan import INDEPENDENT, Disaster, Group, Mode, Plan
from bac.model.semantics import system
from bac.model.specification.reader import parse
from bac.model.system import DENIED, INITIAL, RECOVERED, Label, State, System
from bac.properties.anomalies import AnomalyKind, anomalies
from bac.properties.formula import satisfied
from bac.properties.qualities import backed_up

NAMES = "ABCDE"
"""The names of services; the entity of each has its name in lower case."""
MOST_STATES = 200_000

Edge = tuple[int, int]


@dataclass(frozen=True)
class References:
    """A graph: how many services, and which (counted from 0) refers to which."""

    services: int
    edges: tuple[Edge, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the services."""
        return tuple(NAMES[: self.services])

    @cached_property
    def by_name(self) -> dict[str, Edge]:
        """The references by the names of their use cases."""
        return {use_case(NAMES[holder], NAMES[target]): (holder, target) for holder, target in self.edges}

    @cached_property
    def architecture(self) -> Architecture:
        """For each reference the canonical use case of Figures 3 and 4."""
        services = {name: {"owns": [name.lower()]} for name in self.names}
        references = list(self.by_name)
        return parse(json.dumps({"name": "graph", "services": services, "references": references})).architecture

    @cached_property
    def independent(self) -> System:
        """Its system under independent backups."""
        return system(self.architecture, INDEPENDENT)

    @cached_property
    def components(self) -> tuple[tuple[str, ...], ...]:
        """The names in each weakly connected component, in their order, by their first ones."""
        parts = [{service} for service in range(self.services)]
        for edge in self.edges:
            touched = [part for part in parts if part & set(edge)]
            parts = [part for part in parts if part not in touched] + [set().union(*touched)]
        return tuple(sorted(tuple(NAMES[service] for service in sorted(part)) for part in parts))

    @cached_property
    def canonical(self) -> int:
        """A number that isomorphic graphs of this many services share with each other, and with no others."""
        renamings = permutations(range(self.services))
        return min(sum(1 << (to[a] * self.services + to[b]) for a, b in self.edges) for to in renamings)


def use_case(holder: str, target: str) -> str:
    """What the use case of a reference is called."""
    return f"{holder.lower()} -> {target.lower()}"


def in_order(services: int) -> Plan:
    """Each service is backed up by itself, one after the other."""
    return Plan("order", order=tuple(NAMES[:services]))


def around(sizes: tuple[int, ...], mode: Mode, disaster: Disaster) -> Plan:
    """Groups of these sizes, one after the other."""
    starts = [sum(sizes[:place]) for place in range(len(sizes))]
    groups = tuple(Group(mode, tuple(NAMES[a : a + size])) for a, size in zip(starts, sizes, strict=True))
    return Plan(str(mode), groups, disaster=disaster)


@dataclass(frozen=True)
class Findings:
    """What is true of a system.

    ``recovers`` says that there is a settled state at all; ``breaking`` is a run to a broken link, if there is one.
    """

    backup: bool
    available: bool
    recovers: bool
    anomalies: frozenset[AnomalyKind]
    breaking: tuple[Label, ...] | None

    @property
    def consistent(self) -> bool:
        """Whether no settled state, of which there are some, shows an anomaly."""
        return self.recovers and not self.anomalies


@cache
def findings(services: int, edge: Edge | None, plan: Plan) -> Findings:
    """What is true of so many services with one reference (or none) under a plan, by going through every state.

    Raises:
        LimitReached: there are more than :data:`MOST_STATES`.
    """
    graph = References(services, () if edge is None else (edge,))
    whole = Explored(system(graph.architecture, plan))
    settled = [state for state, after in whole.after.items() if RECOVERED in state and not after]
    possible = anomalies(graph.architecture, 1)
    shown = {each.kind: state for each in possible for state in settled if satisfied(each.formula, state)}
    broken = shown.get(AnomalyKind.BROKEN_LINK)
    return Findings(
        whole.can_always_reach(
            {state for state in whole.after if satisfied(backed_up(graph.architecture, plan), state)}
        ),
        not any(DENIED in state for state in whole.after),
        bool(settled),
        frozenset(shown),
        None if broken is None else whole.run_to(broken),
    )


class Explored:
    """Every reachable state of a system, with those that follow it, and how it was first reached."""

    def __init__(self, whole: System) -> None:
        """Go through all states.

        Raises:
            LimitReached: there are more than :data:`MOST_STATES`.
        """
        self.after: dict[State, list[State]] = {}
        self.reached: dict[State, tuple[State, Label] | None] = {INITIAL: None}
        stack = [INITIAL]
        while stack:
            state = stack.pop()
            self.after[state] = []
            if len(self.reached) > MOST_STATES:
                raise LimitReached(f"more than {MOST_STATES} states of one reference alone")
            for action in whole.enabled(state):
                following = action.apply(state)
                self.after[state].append(following)
                if following not in self.reached:
                    self.reached[following] = state, action.label
                    stack.append(following)

    def can_always_reach(self, goals: set[State]) -> bool:
        """Whether from every state before the disaster one of these can be reached, still before it."""
        before: dict[State, list[State]] = {}
        calm = {state for state in self.after if RECOVERED not in state}
        for state in calm:
            for following in self.after[state]:
                before.setdefault(following, []).append(state)
        good = goals & calm
        stack = list(good)
        while stack:
            for state in before.get(stack.pop(), []):
                if state not in good:
                    good.add(state)
                    stack.append(state)
        return good == calm

    def run_to(self, state: State) -> tuple[Label, ...]:
        """A run to a state."""
        run: list[Label] = []
        while (step := self.reached[state]) is not None:
            state = step[0]
            run.append(step[1])
        return tuple(reversed(run))
