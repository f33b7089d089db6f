"""The decisions made so far about a run, and what follows from them.

Events stand before or after instants (the nodes of :mod:`backups`).  The run exists if the graph of what must come
before what has no cycle; it is enough to look at the nodes that matter: one leads to another if an event that must come
after the first is, or comes before, an event that must come before the second (a zigzag path).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from bac.model.architecture import Via
from bac.proofs.precedence.backups import BROKER, Backups
from bac.proofs.precedence.cut import Cut
from bac.proofs.precedence.events import Events
from bac.proofs.precedence.formulas import Kind, Literal, members

HAPPENED, RESTORED = Kind.HAPPENED, Kind.RESTORED
Table = dict[int, int]
"""For each node (or lock) a set of events."""


@dataclass(slots=True)
class Decisions:
    """The decisions about a run: literals, snapshots, and the sides of locks.

    ``yes`` and ``no`` have for each kind the events or services of which it is so, or not.  What is in neither has not
    happened, or is of no consequence so far.  ``snapshots`` are services that are to be snapshotted in any case.
    ``decided`` are the locks of which it is decided whether they are released (``released``).  ``paid`` are the actions
    of recovery that count for the length, by number.
    """

    yes: list[int] = field(default_factory=lambda: [0] * len(Kind))
    no: list[int] = field(default_factory=lambda: [0] * len(Kind))
    snapshots: int = 0
    decided: int = 0
    released: int = 0
    before_lock: Table = field(default_factory=dict)
    after_lock: Table = field(default_factory=dict)
    paid: int = 0

    def copy(self) -> Decisions:
        """The same decisions, to be changed."""
        return replace(
            self, yes=[*self.yes], no=[*self.no], before_lock={**self.before_lock}, after_lock={**self.after_lock}
        )

    def key(self, todo: Iterable[object]) -> object:
        """Return what two equal nodes of a search have in common."""
        locks = tuple(sorted(self.before_lock.items())), tuple(sorted(self.after_lock.items()))
        rest = self.snapshots, self.decided, self.released, self.paid
        return tuple(self.yes), tuple(self.no), locks, rest, frozenset(map(id, todo))

    @property
    def happened(self) -> int:
        """The events that happen before the disaster."""
        return self.yes[Kind.HAPPENED]


class Impossible(Exception):
    """There is no run like that."""


@dataclass(frozen=True)
class Order:
    """The order of nodes: for each node the events just before and after it, and all that follow from them.

    ``all_before`` and ``all_after`` hold what comes before and after a node through other nodes, too.
    """

    before: Table
    after: Table
    all_before: Table
    all_after: Table


class Placement:
    """The consequences of decisions about runs of one kind.

    Args:
        cut: the formulas of the cut, with the disaster that they are about.
        needs: for each event what must have happened if it has; ``None`` if it cannot.
        redoes: whether recovery can execute anything.
    """

    def __init__(self, cut: Cut, needs: list[int | None], redoes: bool) -> None:
        """Find out which services are snapshotted in any case."""
        self.cut, self.needs, self.redoes = cut, needs, redoes
        self.events: Events = cut.events
        self.backups: Backups = cut.backups
        restored = self.backups.snapshotted if self.backups.oldest else cut.crash.widened
        self.marked = self._channels()
        self.always = None if restored is None else self.backups.with_earlier(restored & self.backups.snapshotted)

    # Decisions

    def happen(self, decisions: Decisions, event: int) -> None:
        """Decide that an event happens, and with it all that it needs."""
        needs = self.needs[event]
        if needs is None:
            raise Impossible
        decisions.yes[Kind.HAPPENED] |= needs

    def decide(self, decisions: Decisions, literal: Literal) -> None:
        """Decide that a literal is true."""
        side = decisions.yes if literal.holds else decisions.no
        kind, about = literal.kind, literal.about
        if kind is Kind.RESTORED:
            side[kind] |= self.backups.widened[about] if literal.holds else 1 << about
            return
        side[kind] |= 1 << about
        if literal.holds:
            self.happen(decisions, about)
            if kind is Kind.BACKED:
                decisions.snapshots |= 1 << self.events.service[about]

    def true(self, decisions: Decisions, literal: Literal) -> bool:
        """Whether a literal is true if nothing more happens than is decided."""
        kind, about = literal.kind, literal.about
        if kind is HAPPENED or kind is RESTORED:
            return bool(decisions.yes[kind] >> about & 1) == literal.holds
        if not literal.holds:
            return not decisions.yes[HAPPENED] >> about & 1 or bool(decisions.no[kind] >> about & 1)
        if decisions.yes[kind] >> about & 1:
            return True
        spared = not self.backups.oldest and decisions.no[Kind.RESTORED] >> self.events.service[about] & 1
        return kind is Kind.CUT and bool(spared) and bool(decisions.happened >> about & 1)

    def is_ruled_out(self, decisions: Decisions, literal: Literal) -> bool:
        """Whether a literal can certainly not become true any more."""
        kind, about = literal.kind, literal.about
        other = decisions.no if literal.holds else decisions.yes
        if other[kind] >> about & 1:
            return True
        if kind is Kind.RESTORED or not literal.holds:
            return False
        return self.needs[about] is None or bool(decisions.no[Kind.HAPPENED] >> about & 1)

    # Snapshots

    def snapped(self, decisions: Decisions) -> int:
        """The services that are snapshotted."""
        if self.always is not None and not decisions.snapshots and not decisions.released:
            return self.always
        crashed = decisions.yes[Kind.RESTORED] & self.backups.snapshotted
        found = (crashed if self.always is None else self.always) | decisions.snapshots
        for lock in members(decisions.released):
            found |= self.backups.locked[lock].services
        return self.backups.with_earlier(self.backups.with_groups(found))

    def cost(self, decisions: Decisions) -> int:
        """The number of actions of a run, as far as it is decided."""
        steps = (decisions.happened & self.events.heads).bit_count()
        backup = self.backups.cost(self.snapped(decisions)) + decisions.released.bit_count()
        return steps + backup + self.backups.has_broker_backup + 1 + decisions.paid.bit_count()

    # Consequences

    def conclude(self, decisions: Decisions) -> Order:
        """Draw all conclusions.

        Raises:
            Impossible: there is no such run.
        """
        while True:
            self.check(decisions)
            postponed = self.events.postponed(decisions.happened)
            if postponed is None:
                raise Impossible
            order = self.order(decisions, postponed)
            if not Conclusions(self, decisions, order, postponed).draw():
                return order

    def check(self, decisions: Decisions) -> None:
        """Refuse decisions that contradict each other; who lacks an event that happened was restored."""
        yes, no, backups = decisions.yes, decisions.no, self.backups
        if yes[Kind.HAPPENED] & no[Kind.HAPPENED]:
            raise Impossible
        if not backups.oldest and self.cut.crash.widened is None:
            for event in members(no[Kind.CUT] & decisions.happened):
                yes[Kind.RESTORED] |= backups.widened[self.events.service[event]]
        if yes[Kind.RESTORED] & (no[Kind.RESTORED] | backups.never_backed_up):
            raise Impossible

    def order(self, decisions: Decisions, postponed: int) -> Order:
        """The nodes that matter, with what comes before and after them.

        Raises:
            Impossible: there is a cycle.
        """
        before, after = self.sides(decisions)
        nodes = list(dict.fromkeys([*before, *after]))
        closed = {n: self.events.downwards(before.get(n, 0), decisions.happened, postponed) for n in nodes}
        reach = {a: self.direct(a, nodes, after, closed) for a in nodes}
        for place, middle in enumerate(nodes):
            for a in nodes:
                if reach[a] >> place & 1:
                    reach[a] |= reach[middle]
        if any(reach[a] >> place & 1 for place, a in enumerate(nodes)):
            raise Impossible
        all_before, all_after = dict(closed), {n: after.get(n, 0) for n in nodes}
        for a in nodes:
            for place in members(reach[a]):
                all_after[a] |= after.get(nodes[place], 0)
                all_before[nodes[place]] |= closed[a]
        return Order(before, after, all_before, all_after)

    def direct(self, node: int, nodes: list[int], after: Table, closed: Table) -> int:
        """The places of the nodes that must come after this one."""
        rank, mine, row = self.backups.rank, after.get(node, 0), 0
        for place, other in enumerate(nodes):
            ordered = node in rank and other in rank and rank[node] < rank[other]
            first = self.backups.oldest and node == self.cut.first and other not in (node, BROKER)
            if mine & closed[other] or ordered or first:
                row |= 1 << place
        return row

    def sides(self, decisions: Decisions) -> tuple[Table, Table]:
        """For each node the events that are decided to come before and after it."""
        before, after = Table(), Table()
        happened, backups = decisions.happened, self.backups
        if backups.oldest:
            before[self.cut.first] = decisions.yes[Kind.CUT]
            after[self.cut.first] = decisions.no[Kind.CUT] & happened
        else:
            restored = decisions.yes[Kind.RESTORED] if self.cut.crash.widened is None else self.cut.crash.widened
            for event in members(decisions.yes[Kind.CUT]):
                if restored >> self.events.service[event] & 1:
                    self.place(before, event)
            for event in members(decisions.no[Kind.CUT] & happened):
                self.place(after, event)
        for event in members(decisions.yes[Kind.BACKED]):
            self.place(before, event)
        for event in members(decisions.no[Kind.BACKED] & happened):
            self.place(after, event)
        if backups.has_broker_backup:
            before[BROKER] = decisions.yes[Kind.KEPT]
            after[BROKER] = decisions.no[Kind.KEPT] & happened
        for lock in self.locks(decisions):
            for node in self.nodes_of_lock(lock, decisions):
                before[node] = before.get(node, 0) | decisions.before_lock.get(lock, 0)
                after[node] = after.get(node, 0) | decisions.after_lock.get(lock, 0) & happened
        return before, after

    def restored_events(self, node: int, decisions: Decisions) -> int:
        """The events that are in the cut just after the disaster if they come before this node, and else not."""
        if self.backups.oldest:
            return decisions.happened if node == self.cut.first else 0
        widened = self.cut.crash.widened
        restored = decisions.yes[Kind.RESTORED] if widened is None else widened
        return self.events.in_services(restored & self.backups.services_of_node.get(node, 0))

    def place(self, table: Table, event: int) -> None:
        """Note an event at the node of its service."""
        node = self.backups.node[self.events.service[event]]
        table[node] = table.get(node, 0) | 1 << event

    # Locks

    def locks(self, decisions: Decisions) -> dict[int, list[int]]:
        """The locks that are taken and could hold back what happened, with these events, use case by use case."""
        found: dict[int, list[int]] = {}
        if not self.backups.locked:
            return found
        snapped = self.snapped(decisions)
        for case in dict.fromkeys(self.events.case[event] for event in members(decisions.happened)):
            for lock, part in self.backups.lock_parts[case]:
                if part & decisions.happened and snapped & self.backups.locked[lock].services:
                    found.setdefault(lock, []).append(part)
        return found

    def nodes_of_lock(self, lock: int, decisions: Decisions) -> list[int]:
        """The nodes of the snapshots that are taken under a lock."""
        return self.backups.nodes_of(self.snapped(decisions) & self.backups.locked[lock].services)

    def is_divisible(self, lock: int, part: int) -> bool:
        """Whether some of these events could come before snapshots under the lock, and others after them."""
        group = self.backups.locked[lock]
        return group.drained and (part.bit_count() > 1 or len(self.backups.nodes_of(group.services)) > 1)

    # Markers

    def channels(self, decisions: Decisions) -> list[tuple[int, int]]:
        """The messages between services of one group with markers whose event happened: sender and event."""
        happened = decisions.happened
        return [(sender, event) for sender, event in self.marked if happened >> event & 1]

    def open_channels(self, decisions: Decisions) -> list[tuple[int, int]]:
        """Those that could still overtake a marker."""
        snapped, service = self.snapped(decisions), self.events.service
        backed, left_out = decisions.yes[Kind.BACKED], decisions.no[Kind.BACKED]
        return [
            (sender, event)
            for sender, event in self.channels(decisions)
            if snapped >> service[sender] & 1 and not backed >> sender & 1 and not left_out >> event & 1
        ]

    def _channels(self) -> list[tuple[int, int]]:
        return [
            (sender, event)
            for event, step in enumerate(self.events.steps)
            for sender in self.events.predecessors[event]
            if step.via is Via.EVENT and self._marked(sender, event)
        ]

    def _marked(self, sender: int, event: int) -> bool:
        one, other = self.events.service[sender], self.events.service[event]
        inside = self.backups.group[other] >> one & 1 and not self.backups.external >> other & 1
        return one != other and self.backups.mode[other].markers and bool(inside)


@dataclass
class Conclusions:
    """The consequences of an order for locks, markers, and events whose side of a node matters to recovery."""

    placement: Placement
    decisions: Decisions
    order: Order
    postponed: int
    new: bool = False
    _upto: Table = field(default_factory=dict)

    def draw(self) -> bool:
        """Decide what is certain; whether anything is new."""
        for lock, parts in self.placement.locks(self.decisions).items():
            for part in parts:
                self.about_lock(lock, part)
        self.about_markers()
        if self.placement.redoes:
            self.about_cut()
        return self.new

    def comes_after(self, event: int, node: int) -> bool:
        """Whether an event must come after a node."""
        if event not in self._upto:
            events = self.placement.events
            self._upto[event] = events.downwards(1 << event, self.decisions.happened, self.postponed)
        return bool(self._upto[event] & self.order.all_after.get(node, 0))

    def comes_before(self, events: int, node: int) -> bool:
        """Whether one of these events must come before a node."""
        return bool(events & self.order.all_before.get(node, 0))

    def about_lock(self, lock: int, part: int) -> None:
        """A use case that is held back has all its steps before the snapshots, or all after them."""
        decisions, placement = self.decisions, self.placement
        earlier, later = decisions.before_lock.get(lock, 0), decisions.after_lock.get(lock, 0)
        nodes = placement.nodes_of_lock(lock, decisions)
        unreleased = decisions.decided >> lock & 1 and not decisions.released >> lock & 1
        divisible = placement.is_divisible(lock, part)
        if part & ~earlier and (unreleased or (divisible and any(self.comes_before(part, n) for n in nodes))):
            decisions.before_lock[lock] = earlier | part
            for event in members(part):
                placement.happen(decisions, event)
            self.new = True
        elif divisible and part & ~later:
            happened = part & decisions.happened
            if any(self.comes_after(event, node) for event in members(happened) for node in nodes):
                decisions.after_lock[lock] = later | part
                self.new = True

    def about_markers(self) -> None:
        """A message that was sent after the snapshot of its sender is received after that of its receiver."""
        placement, decisions = self.placement, self.decisions
        events, nodes = placement.events, placement.backups.node
        backed, left_out = decisions.yes, decisions.no
        for sender, event in placement.channels(decisions):
            snapped = placement.snapped(decisions)
            if not snapped >> events.service[sender] & 1:
                continue
            late = self.comes_after(sender, nodes[events.service[sender]])
            if late and not left_out[Kind.BACKED] >> event & 1:
                left_out[Kind.BACKED] |= 1 << event
                decisions.snapshots |= 1 << events.service[event]
                self.new = True
            early = snapped >> events.service[event] & 1 and self.comes_before(1 << event, nodes[events.service[event]])
            if early and not backed[Kind.BACKED] >> sender & 1:
                backed[Kind.BACKED] |= 1 << sender
                self.new = True

    def about_cut(self) -> None:
        """An event that must come before or after the instant of its service is in the cut, or not."""
        placement, decisions = self.placement, self.decisions
        for node in self.order.all_before:
            undecided = decisions.happened & ~(decisions.yes[Kind.CUT] | decisions.no[Kind.CUT])
            for event in members(undecided & placement.restored_events(node, decisions)):
                if self.comes_before(1 << event, node):
                    decisions.yes[Kind.CUT] |= 1 << event
                    self.new = True
                elif self.comes_after(event, node):
                    decisions.no[Kind.CUT] |= 1 << event
                    self.new = True
