"""The instants of a backup: which services are snapshotted together, under which lock, and what that costs.

Services are numbers, sets of services integers.  A *node* is one instant: the snapshot of a service, of a group at one
instant, or of a locked group (its snapshots can be moved together, see docs/precedence.md).  A node is known by the
least of its services.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from bac.model.modes import Image, Lock
from bac.model.plan import Scope
from bac.model.recovery import Broker, Onto, Restore, Rollback
from bac.model.setting import Setting
from bac.proofs.precedence.events import Events
from bac.proofs.precedence.formulas import bits, members

FIRST = -1
"""The node of the first snapshot of all, where it does not matter whose it is."""
BROKER = -2
"""The node of the backup of the broker."""


@dataclass(frozen=True)
class LockedGroup:
    """A group with a lock: its services, and for each use case that is held back its events there.

    ``drained``: these happen all before the snapshots or not at all before them.
    """

    services: int
    parts: dict[int, tuple[int, ...]]
    drained: bool


@dataclass(frozen=True)
class Crash:
    """Services that crash: those that were hit and those restored with them (``None``: any), and whose log is kept."""

    hit: int | None
    widened: int | None


class Backups:
    """How the services of an architecture are backed up under a plan."""

    def __init__(self, setting: Setting, events: Events) -> None:
        """Number the services."""
        self.setting, self.events, self.recovery = setting, events, setting.plan.recovery
        self.names = tuple(service.name for service in setting.architecture.services)
        self.number = {name: number for number, name in enumerate(self.names)}
        self.mode = tuple(setting.modes[name] for name in self.names)
        groups = {services: self.mask(services) for services in {group.services for group in setting.groups.values()}}
        self.group = tuple(groups[setting.groups[name].services] for name in self.names)
        self.external = self.mask(setting.external)
        self.inside = bits(range(len(self.names))) & ~self.external
        self.snapshotted = self.mask(setting.snapshotted)
        self.never_backed_up = bits(s for s in members(self.inside) if self.mode[s].image is Image.NOTHING)
        self.oldest = self.recovery.rollback is Rollback.OLDEST
        self.rank = {self.number[name]: place for place, name in enumerate(setting.plan.order)}
        self.ordered = tuple(self.number[name] for name in setting.plan.order)
        self.locked = tuple(self._locked_group(name) for name in self._first_of_locked)
        self.lock_of = {s: n for n, group in enumerate(self.locked) for s in members(group.services)}
        self.whole_locks = [self.holds_all(group) for group in self.locked]
        self.node = tuple(self._node(service) for service in range(len(self.names)))
        self._costs: dict[int, int] = {}
        self._nodes: dict[int, list[int]] = {}
        together = self.recovery.restore is Restore.GROUP
        self.widened = tuple(
            self.group[s] if together and self.mode[s].recovers_together else 1 << s for s in range(len(self.names))
        )

    def mask(self, names: object) -> int:
        """The set of the services with these names."""
        assert isinstance(names, tuple | list | set | frozenset)
        return bits(self.number[name] for name in names)

    @property
    def _first_of_locked(self) -> list[str]:
        return [group.services[0] for group in self.setting.locked_groups]

    def _locked_group(self, name: str) -> LockedGroup:
        group = self.setting.groups[name]
        services, parts = self.mask(group.services), dict[int, tuple[int, ...]]()
        drained = group.mode.lock is Lock.DRAINED
        inside = 0
        for service in members(services):
            inside |= self.events.of_service[service]
        for number, case in enumerate(self.setting.architecture.use_cases):
            mine = self.events.cases[number] & inside
            if mine and (group.holds is None or case.name in group.holds):
                parts[number] = (mine,) if drained else tuple(1 << event for event in members(mine))
        return LockedGroup(services, parts, drained)

    def _node(self, service: int) -> int:
        """The node of a service's snapshot.

        Under a lock that holds everything back all snapshots of the group are one node.
        """
        mode, group = self.mode[service], self.group[service]
        together = len(mode.sets(self.setting.groups[self.names[service]].services)) == 1
        if together or (service in self.lock_of and self.whole_locks[self.lock_of[service]]):
            return (group & -group).bit_length() - 1
        return service

    def holds_all(self, group: LockedGroup) -> bool:
        """Whether a lock holds back every use case that has a step in its group."""
        inside = {self.events.case[e] for s in members(group.services) for e in members(self.events.of_service[s])}
        return inside <= group.parts.keys()

    @cached_property
    def at_once(self) -> int:
        """The services of which one action snapshots the whole group."""
        found = 0
        for service in members(self.snapshotted):
            services = self.setting.groups[self.names[service]].services
            if service not in self.lock_of and self.mode[service].sets(services) == (services,):
                found |= 1 << service
        return found

    @cached_property
    def shared(self) -> dict[int, int]:
        """For each service whose group costs an action in all (a snapshot at one instant, or a lock) the group."""
        return {
            service: self.group[service]
            for service in members(self.snapshotted)
            if self.at_once >> service & 1 or service in self.lock_of
        }

    @cached_property
    def services_of_node(self) -> dict[int, int]:
        """The services that each node snapshots."""
        table: dict[int, int] = {}
        for service in members(self.snapshotted):
            table[self.node[service]] = table.get(self.node[service], 0) | 1 << service
        return table

    @cached_property
    def lock_parts(self) -> list[list[tuple[int, int]]]:
        """For each use case the locked groups that hold it back, each with events of the use case there."""
        table: list[list[tuple[int, int]]] = [[] for _ in self.events.cases]
        for number, group in enumerate(self.locked):
            for case, parts in group.parts.items():
                table[case] += [(number, part) for part in parts]
        return table

    def nodes_of(self, services: int) -> list[int]:
        """The nodes of some services that are snapshotted."""
        if services not in self._nodes:
            self._nodes[services] = list(dict.fromkeys(self.node[service] for service in members(services)))
        return self._nodes[services]

    # What is snapshotted, and at what cost

    def with_earlier(self, services: int) -> int:
        """Some services, and those that the order wants to be snapshotted before them."""
        last = max((self.rank[s] for s in self.ordered if services >> s & 1), default=-1)
        return services | bits(self.ordered[: last + 1])

    def with_groups(self, services: int) -> int:
        """Some services, and those that are snapshotted at one instant with them."""
        found = services
        for service in members(services & self.at_once):
            found |= self.group[service]
        return found

    def cost(self, services: int) -> int:
        """The number of actions that it takes to snapshot these services: snapshots, and locks taken."""
        if services not in self._costs:
            groups = {self.shared[service] for service in members(services) if service in self.shared}
            self._costs[services] = len(groups) + (services & ~self.at_once).bit_count()
        return self._costs[services]

    # Disasters

    def crashes(self) -> list[Crash]:
        """The crash sets, each once; any set of services is one entry."""
        match self.setting.plan.disaster.scope:
            case Scope.ANY:
                return [Crash(None, None)]
            case Scope.WHOLE:
                return [Crash(self.inside, self.inside)]
            case listed:
                return list(dict.fromkeys(self.crash(self.mask(names)) for names in listed))

    def crash(self, hit: int) -> Crash:
        """The disaster that hits these services."""
        widened = self.widen(hit)
        return Crash(hit if self.recovery.onto is Onto.EXISTING else widened, widened)

    def widen(self, services: int) -> int:
        """Some services, and those that are restored with them."""
        found = 0
        for service in members(services):
            found |= self.widened[service]
        return found

    @cached_property
    def has_broker_backup(self) -> bool:
        """Whether the content of the broker is backed up."""
        return self.recovery.broker is Broker.BACKUP

    def firsts(self, whose: bool) -> list[int]:
        """The nodes that can be the first snapshot of all, as far as they have to be told apart.

        Args:
            whose: whether it matters whose snapshot the first is; otherwise all that lock nothing are alike.
        """
        if not self.oldest or not self.snapshotted:
            return [FIRST]
        nodes = sorted({self.node[s] for s in members(self.snapshotted) if not self.rank.get(s, 0)})
        plain = [node for node in nodes if node not in self.lock_of]
        return nodes if whose or not plain else [FIRST]
