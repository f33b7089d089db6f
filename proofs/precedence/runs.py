"""From decisions to a run: put steps, snapshots and locks in order, strike, and let recovery act.

The run is made of actions of the transition system, each of which is enabled when its turn comes: nothing here is
trusted.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from heapq import heapify, heappop, heappush

from bac.model.errors import Contradiction
from bac.model.system import INITIAL, RECOVERED, ActionKind, Event, Label, State, System
from bac.proofs.engine import Path
from bac.proofs.precedence.backups import BROKER, FIRST
from bac.proofs.precedence.formulas import Kind, members
from bac.proofs.precedence.placement import Impossible, Order
from bac.proofs.precedence.search import Found
from bac.properties.formula import Formula, satisfied

Place = tuple[int, int]
"""A block (0, number) or a node (1, number) in the order of a run."""


@dataclass(frozen=True)
class Runs:
    """Makes runs of a transition system from what the search found."""

    system: System

    def run(self, found: Found, wanted: Formula, at_rest: bool) -> Path:
        """Return a run to a settled state that satisfies a formula, of the length that was found.

        Raises:
            Contradiction: there is none of that kind.
        """
        for before in Sequences(found).sequences():
            state = self.follow(before)
            for disaster in self.disasters(found, state, at_rest):
                after = self.recovery(self.system.step(state, disaster))
                path = (*before, disaster, *after)
                last = self.follow(path)
                if len(path) == found.length and satisfied(wanted, last) and self.system.settled(last):
                    return path
        raise Contradiction("the precedence engine found a run that the interpreter does not confirm")

    def follow(self, path: Path) -> State:
        """The state after a run.

        Raises:
            Contradiction: one of its actions is not enabled.
        """
        state = INITIAL
        for label in path:
            if not any(action.enabled(state) for action in self.system.by_label.get(label, ())):
                raise Contradiction(f"the precedence engine found a run in which {label} cannot happen")
            state = self.system.step(state, label)
        return state

    def disasters(self, found: Found, state: State, at_rest: bool) -> Iterator[Label]:
        """The disasters that can happen in a state: first those that restore what was decided.

        (Of disasters with the same effect the system has only one.)
        """
        backups, crash = found.placement.backups, found.placement.cut.crash
        widened = found.decisions.yes[Kind.RESTORED] if crash.widened is None else crash.widened
        labels = [action.label for action in self.system.enabled(state)]
        fitting = [each for each in labels if each.kind is ActionKind.DISASTER and each.at_rest == at_rest]
        yield from sorted(fitting, key=lambda label: backups.mask(label.restored) != widened)

    def recovery(self, state: State) -> Path:
        """The actions after the disaster until no other is enabled, in any order."""
        path: list[Label] = []
        while (action := next(self.system.enabled(state), None)) is not None:
            assert RECOVERED in state
            path.append(action.label)
            state = action.apply(state)
        return tuple(path)


class Sequences:
    """The actions before the disaster, in order."""

    def __init__(self, found: Found) -> None:
        """Read the order off the decisions."""
        self.decisions, self.placement = found.decisions, found.placement
        self.events, self.backups = found.placement.events, found.placement.backups
        self.snapped = self.placement.snapped(self.decisions)

    def sequences(self) -> Iterator[Path]:
        """The runs up to the disaster; of several only if there is a choice whose snapshot is the first."""
        order = self.placement.conclude(self.decisions.copy())
        first = self.placement.cut.first
        nodes = self.backups.nodes_of(self.snapped)
        for choice in nodes if self.backups.oldest and first == FIRST and nodes else [first]:
            try:
                yield tuple(self.labels(self.sorted(self.graph(order, choice))))
            except Impossible:
                continue

    def graph(self, order: Order, first: int) -> dict[Place, set[Place]]:
        """For each block and node what must come before it."""
        blocks = self.events.order_of(self.decisions.happened)
        assert blocks is not None
        graph: dict[Place, set[Place]] = {(0, b): {(0, other) for other in before} for b, before in blocks.items()}
        nodes = [*self.backups.nodes_of(self.snapped), *([BROKER] if self.backups.has_broker_backup else [])]
        graph |= {(1, node): self.earlier(node, first) for node in nodes}
        for table, is_before in ((order.before, True), (order.after, False)):
            for node, events in table.items():
                place = (1, first if node == FIRST else node)
                for event in members(events if place in graph else 0):
                    block = (0, self.events.block[event])
                    one, other = (place, block) if is_before else (block, place)
                    graph[one].add(other)
        return graph

    def earlier(self, node: int, first: int) -> set[Place]:
        """The nodes that must come before a node."""
        backups, found = self.backups, set[Place]()
        rank = backups.rank.get(node, 0)
        if rank:
            found.add((1, backups.ordered[rank - 1]))
        if backups.oldest and node not in (first, BROKER):
            found.add((1, first))
        return found

    def sorted(self, graph: dict[Place, set[Place]]) -> list[Place]:
        """The blocks and nodes in an order that respects the graph: steps as early as possible.

        Raises:
            Impossible: there is a cycle.
        """
        after: dict[Place, list[Place]] = {place: [] for place in graph}
        for place, before in graph.items():
            for other in before:
                after[other].append(place)
        left = {place: len(before) for place, before in graph.items()}
        ready = [place for place, count in left.items() if not count]
        heapify(ready)
        done: list[Place] = []
        while ready:
            place = heappop(ready)
            done.append(place)
            for later in after[place]:
                left[later] -= 1
                if not left[later]:
                    heappush(ready, later)
        if len(done) < len(graph):
            raise Impossible
        return done

    def labels(self, places: list[Place]) -> Iterator[Label]:
        """The labels of the actions; a lock is taken before the first snapshot under it, released after the last."""
        open_nodes = {
            lock: set(self.placement.nodes_of_lock(lock, self.decisions)) for lock in range(len(self.backups.locked))
        }
        taken = 0
        for kind, number in places:
            if not kind:
                yield Label(ActionKind.STEP, self.block(number))
                continue
            lock = self.backups.lock_of.get(number)
            if lock is not None and not taken >> lock & 1:
                taken |= 1 << lock
                yield Label(ActionKind.LOCK, services=self.group(number))
            yield from self.snapshots(number)
            if lock is not None:
                open_nodes[lock].discard(number)
                if not open_nodes[lock] and self.decisions.released >> lock & 1:
                    yield Label(ActionKind.UNLOCK, services=self.group(number))

    def block(self, number: int) -> tuple[Event, ...]:
        """The events of a block."""
        return tuple(self.events.names[event] for event in members(self.events.blocks[number]))

    def group(self, service: int) -> tuple[str, ...]:
        """The services of the group of a service."""
        return self.backups.setting.groups[self.backups.names[service]].services

    def snapshots(self, node: int) -> Iterator[Label]:
        """The snapshots of a node."""
        if node == BROKER:
            yield Label(ActionKind.SNAPSHOT_BROKER)
            return
        services = self.backups.services_of_node[node] & self.snapped
        for service in members(services):
            if not self.backups.at_once >> service & 1:
                yield Label(ActionKind.SNAPSHOT, services=(self.backups.names[service],))
            elif service == min(members(services)):
                yield Label(ActionKind.SNAPSHOT, services=self.group(service))
