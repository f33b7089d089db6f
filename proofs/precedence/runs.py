"""From decisions to a run: put steps, snapshots and locks in order, then the disaster, and let recovery act.

The run is made of actions of the transition system, each of which is enabled when its turn comes: nothing here is
trusted.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from heapq import heapify, heappop, heappush

from bac.model.errors import Contradiction
from bac.model.semantics import OnDemand, Rules
from bac.model.system import INITIAL, RECOVERED, ActionKind, Event, Fact, Label, NotARun, State, System
from bac.proofs.engine import Path
from bac.proofs.precedence.backups import BROKER, FIRST, Backups, Crash
from bac.proofs.precedence.formulas import Kind, bits, members
from bac.proofs.precedence.placement import Impossible
from bac.proofs.precedence.search import Found
from bac.properties.formula import Formula, satisfied

Place = tuple[int, int]
"""A block (0, number) or a node (1, number) in the order of a run."""
NOT_CONFIRMED = "the precedence engine found a run that the interpreter does not confirm"


@dataclass(frozen=True)
class Runs:
    """Makes runs of a transition system from what the search found."""

    system: System

    def run(self, found: Found, wanted: Formula, at_rest: bool) -> Path:
        """Return a run to a settled state that satisfies a formula, of a length that was found.

        Raises:
            Contradiction: there is none of that kind.
        """
        path = self.shown(Sequences(found).sequences(), found, wanted, at_rest)
        if path is None or not found.fits(len(path)):
            raise Contradiction(NOT_CONFIRMED)
        return path

    def shown(self, sequences: Iterable[Path], found: Found, wanted: Formula, at_rest: bool) -> Path | None:
        """The first run that begins with one of these sequences and ends in a settled state that satisfies a formula.

        Raises:
            Contradiction: an action is not enabled.
        """
        for before in sequences:
            state = self.follow(before)
            for disaster in self.disasters(found, state, at_rest):
                path = (*before, disaster, *self.recovery(self.system.step(state, disaster)))
                last = self.follow(path)
                if len(path) <= found.length and satisfied(wanted, last) and self.system.settled(last):
                    return path
        return None

    def follow(self, path: Path) -> State:
        """The state after a run.

        Raises:
            Contradiction: one of its actions is not enabled.
        """
        state = INITIAL
        for label in path:
            try:
                state = self.system.step(state, label)
            except NotARun:
                raise Contradiction(f"the precedence engine found a run in which {label} cannot happen") from None
        return state

    def disasters(self, found: Found, state: State, at_rest: bool) -> Iterator[Label]:
        """The disasters that can happen in a state: first those that restore what was decided.

        (Of disasters with the same effect the system has only one.)
        """
        backups, widened = found.placement.backups, restored(found)
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


def restored(found: Found) -> int:
    """The services that were decided to be restored."""
    crash = found.placement.cut.crash
    return found.decisions.yes[Kind.RESTORED] if crash.widened is None else crash.widened


# Many services


@dataclass(frozen=True)
class Together:
    """Snapshots of services of which nothing is logged in a run, one after the other, with the locks that they need."""

    services: int


class Rehearsal:
    """Confirms runs of an architecture of many services with the interpreter, each in little time.

    Most services log nothing in a run, and are only snapshotted.  All these snapshots are taken in one go.
    """

    def __init__(self, rules: Rules, backups: Backups) -> None:
        """Begin without any action."""
        self.backups, self.system = backups, OnDemand(rules)
        self._facts: dict[int, frozenset[Fact]] = {}
        self._disasters: dict[tuple[Crash, int, bool], Label] = {}

    def confirm(self, found: Found, wanted: Formula, at_rest: bool) -> int:
        """Return the length of a run to a settled state that satisfies a formula: there is one as it was found.

        Raises:
            Contradiction: the interpreter does not confirm that.
        """
        disaster = self.disaster(found, at_rest)
        for before in Sequences(found, few=True).items():
            state, steps = set[Fact](), 0
            try:
                for each in [*before, disaster]:
                    steps += self.happen(each, state)
            except NotARun:
                continue
            while (action := self.system.next_of_recovery(state)) is not None:
                action.execute(state)
                steps += 1
            length = steps + self.for_backups(found)
            if found.fits(length) and satisfied(wanted, state):
                return length
        raise Contradiction(NOT_CONFIRMED)

    def run(self, found: Found, wanted: Formula, at_rest: bool) -> Path:
        """Return such a run with all its actions.

        Raises:
            Contradiction: the interpreter does not confirm it.
        """
        for before in Sequences(found).sequences():
            path = (*before, self.disaster(found, at_rest))
            try:
                last = self.system.run(path)[-1]
            except NotARun:
                continue
            while (action := self.system.next_of_recovery(last)) is not None:
                path, last = (*path, action.label), action.apply(last)
            if found.fits(len(path)) and satisfied(wanted, last):
                return path
        raise Contradiction(NOT_CONFIRMED)

    def first(self, found: Found) -> int:
        """The services that must stay in a slice so that the first snapshot of a run is there."""
        before = next(Sequences(found, few=True).sequences())
        labels = (label for label in before if label.kind is ActionKind.SNAPSHOT)
        return self.backups.mask(next(labels).services) if self.backups.oldest else 0

    def happen(self, item: Label | Together, state: set[Fact]) -> bool:
        """Let actions happen; return whether it was one that has nothing to do with backups.

        Raises:
            NotARun: it cannot.
        """
        if isinstance(item, Together):
            state |= self.facts(item.services)
            return False
        self.system.action(item, state).execute(state)
        return item.kind in (ActionKind.STEP, ActionKind.DISASTER)

    def for_backups(self, found: Found) -> int:
        """The number of snapshots and of locks taken and released in a run."""
        snapshots = self.backups.cost(found.placement.snapped(found.decisions))
        return snapshots + found.decisions.released.bit_count() + self.backups.has_broker_backup

    def facts(self, services: int) -> frozenset[Fact]:
        """The facts that are true once these services are snapshotted."""
        if services not in self._facts:
            names = [self.backups.names[service] for service in members(services)]
            self._facts[services] = frozenset(self.system.rules.snapped(names, 1))
        return self._facts[services]

    def disaster(self, found: Found, at_rest: bool) -> Label:
        """The disaster of a run."""
        crash = found.placement.cut.crash
        key = crash, restored(found), at_rest
        if key not in self._disasters:
            names = self.names(restored(found)) if crash.widened is None else self._crashes[crash]
            outcome = self.system.rules.outcome(names)
            back = () if outcome is None else outcome.restored
            self._disasters[key] = Label(ActionKind.DISASTER, (), names, back, at_rest)
        return self._disasters[key]

    @cached_property
    def _crashes(self) -> dict[Crash, tuple[str, ...]]:
        """The smallest crash set of the plan for each that the engine tells apart."""
        rules, backups = self.system.rules, self.backups
        sets = [] if backups.crashes()[0].widened is None else rules.crash_sets()
        return {backups.crash(backups.mask(names)): names for names in reversed([*sets])}

    def names(self, services: int) -> tuple[str, ...]:
        """The names of these services."""
        return tuple(self.backups.names[service] for service in members(services))


# The order of actions


class Sequences:
    """The actions before the disaster, in order.

    Args:
        found: what was decided.
        few: whether the snapshots of services of which nothing is logged are taken together.
        shown: services whose snapshots are not.
    """

    def __init__(self, found: Found, few: bool = False, shown: int = 0) -> None:
        """Read the order off the decisions."""
        self.decisions, self.placement = found.decisions, found.placement
        self.events, self.backups = found.placement.events, found.placement.backups
        self.snapped = self.placement.snapped(self.decisions)
        self.order = self.placement.conclude(self.decisions.copy())
        self.few, self.shown = few and not self.is_intricate, shown
        self.busy = self.snapped & (self.with_events | shown) if self.few else self.snapped

    @property
    def is_intricate(self) -> bool:
        """Whether the order of the plan is about services that are snapshotted with others."""
        return any(self.backups.node[service] != service for service in self.backups.ordered)

    @property
    def with_events(self) -> int:
        """The services that matter to a run: something is logged there, or has to come before or after a snapshot."""
        services = 0
        for event in members(self.decisions.happened):
            services |= 1 << self.events.service[event]
        return services | bits(node for node in (*self.order.before, *self.order.after) if node >= 0)

    def sequences(self) -> Iterator[Path]:
        """The runs up to the disaster; of several only if there is a choice whose snapshot is the first."""
        for items in self.items():
            yield tuple(item for item in items if isinstance(item, Label))

    def items(self) -> Iterator[list[Label | Together]]:
        """The same runs, with what happens together."""
        first = self.placement.cut.first
        for choice in self.firsts() if self.backups.oldest and first == FIRST else [first]:
            self.busy |= self.snapped & self.backups.services_of_node.get(choice, 0)
            try:
                yield list(self.labels(self.sorted(self.graph(choice))))
            except Impossible:
                continue

    def firsts(self) -> list[int]:
        """The nodes whose snapshot can be the first; one that nothing depends on, if there is one, stands for all."""
        nodes = self.backups.nodes_of(self.snapped) or [FIRST]
        if not self.few:
            return nodes
        idle = members(self.snapped & ~self.with_events)
        free = [s for s in idle if not self.backups.rank.get(s, 0) and s not in self.backups.lock_of]
        if not free:
            return nodes
        best = min(free, key=lambda service: not self.shown >> service & 1)
        return [self.backups.node[best]]

    def graph(self, first: int) -> dict[Place, set[Place]]:
        """For each block and node what must come before it."""
        blocks = self.events.order_of(self.decisions.happened)
        assert blocks is not None
        graph: dict[Place, set[Place]] = {(0, b): {(0, other) for other in before} for b, before in blocks.items()}
        nodes = [*self.backups.nodes_of(self.busy), *([BROKER] if self.backups.has_broker_backup else [])]
        graph |= {(1, node): self.earlier(node, first) for node in nodes}
        for table, is_before in ((self.order.before, True), (self.order.after, False)):
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
        before = [s for s in backups.ordered[: backups.rank.get(node, 0)] if self.busy >> s & 1]
        if before:
            found.add((1, before[-1]))
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

    def labels(self, places: list[Place]) -> Iterator[Label | Together]:
        """The labels of the actions; a lock is taken before the first snapshot under it, released after the last."""
        open_nodes = {
            lock: set(self.backups.nodes_of(self.busy & self.backups.locked[lock].services))
            for lock in range(len(self.backups.locked))
        }
        taken = 0
        for kind, number in places:
            if not kind:
                yield Label(ActionKind.STEP, self.block(number))
                continue
            yield from self.idle(bits(self.backups.ordered[: self.backups.rank.get(number, 0)]))
            lock = self.backups.lock_of.get(number)
            if lock is not None and not taken >> lock & 1:
                taken |= 1 << lock
                yield Label(ActionKind.LOCK, services=self.group(number))
            yield from self.snapshots(number)
            if lock is not None:
                open_nodes[lock].discard(number)
                if not open_nodes[lock] and self.decisions.released >> lock & 1:
                    yield from self.idle(self.backups.locked[lock].services)
                    yield Label(ActionKind.UNLOCK, services=self.group(number))
        yield from self.idle(self.snapped)

    def idle(self, services: int) -> Iterator[Together]:
        """The snapshots of those of some services of which nothing is logged, where they are taken together."""
        if services & self.snapped & ~self.busy:
            yield Together(services & self.snapped)

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
        services = self.backups.services_of_node[node] & self.busy
        for service in members(services):
            if not self.backups.at_once >> service & 1:
                yield Label(ActionKind.SNAPSHOT, services=(self.backups.names[service],))
            elif services & -services == 1 << service:
                yield Label(ActionKind.SNAPSHOT, services=self.group(service))
