"""Leave out services in which no event is logged, but keep their effect on disasters.

Let V be services that have all the steps of a part, and W the others.  Of a service in W no event is ever logged: its
snapshot is empty, and its lock holds back no step.  So leaving out the snapshots and locks of W from a run
leaves a run of V, in which a group has only its members in V (an atomic snapshot of the group is one of these; the lock
is taken and released as before); the order of the plan stays as it is between the services of V.  And a run of V
becomes one of all services again when the snapshots that its disaster needs are put back: those of a group that V has a
part of beside the snapshot of a member in V, where the lock is taken and the group drained; those that the order wants
first, and all others, just before they are needed.

W still has an effect on V when it crashes:

- a disaster restores of V what it restores of V in the whole; a crash set becomes that.  A disaster without V
  still ends what clients had begun: where there is one, a *representative* of W stays, which crashes alone;
- a service that is never backed up, and that a disaster would have to restore, makes the disaster impossible: where all
  services are restored, it stays; a crash set that needs it is dropped, but for one if all do, as a plan lists some;
- with ``rollback: oldest`` the first snapshot of all services matters: a service stays that can be the first.  It is
  none whose group is locked with some of V, as that lock would have to be taken, and their snapshots note the same;
- what was in the channels of a distributed snapshot is restored with the whole group: where only those who crashed are
  restored, a member of W stays in such a group.

Which of these represents the others makes no difference to what can be seen, only to how many actions it takes; one
that takes the fewest is chosen.  Source: docs/engines.md, "Reductions".
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import islice
from typing import assert_never

from bac.model.modes import Mode, Omission
from bac.model.plan import Group, Plan, Scope
from bac.model.recovery import Restore, Rollback
from bac.model.system import ActionKind
from bac.proofs.engine import Path


@dataclass(frozen=True)
class OmittedServices:
    """All services of an architecture, by name in the order of the file, under a plan."""

    services: tuple[str, ...]
    plan: Plan

    @cached_property
    def group(self) -> dict[str, Group]:
        """The group of each service."""
        return self.plan.groups_of(self.services)

    @cached_property
    def number(self) -> dict[str, int]:
        """For each service in a group the number of the group in the plan."""
        return {service: number for number, group in enumerate(self.plan.groups) for service in group.services}

    @cached_property
    def rank(self) -> dict[str, int]:
        """The place of each service in the plan's order."""
        return {service: number for number, service in enumerate(self.plan.order)}

    def mode(self, service: str) -> Mode:
        """How a service is backed up."""
        return self.group[service].mode

    @property
    def together(self) -> bool:
        """Whether whole recovery units are restored."""
        return self.plan.recovery.restore is Restore.GROUP

    @property
    def restores_everything(self) -> bool:
        """Whether every disaster restores all services."""
        return self.plan.disaster.scope is Scope.WHOLE or self.plan.recovery.rollback is Rollback.OLDEST

    def unit(self, service: str) -> tuple[str, ...]:
        """The services that are restored when this one crashes."""
        group = self.group[service]
        return group.services if self.together and group.mode.recovers_together else (service,)

    # Which services stay

    def with_representatives(self, inside: Iterable[str]) -> list[str]:
        """Return these services, and those that represent the others."""
        kept = list(inside)
        needed = self.restores_everything or self.never_recovers
        if needed and not any(self.mode(name).never_backed_up for name in kept):
            kept += self.never_backed_up[:1]
        if self.plan.recovery.rollback is Rollback.OLDEST:
            kept += self.first(self.can_be_first, kept, self.snapshotted_like)
        if self.plan.disaster.scope is Scope.WHOLE:
            return kept or list(self.can_crash_alone[:1])  # a part whose own services are all external
        kept += self.recorders(kept)
        return kept + (
            self.first(self.can_crash_alone, kept, self.unit)
            if self.plan.disaster.scope is Scope.ANY
            else self.spared(kept)
        )

    @cached_property
    def never_backed_up(self) -> tuple[str, ...]:
        """The services of which no backup is ever taken."""
        return tuple(service for service in self.services if self.mode(service).never_backed_up)

    @staticmethod
    def first(
        candidates: Iterable[str], kept: Collection[str], affected: Callable[[str], Collection[str]]
    ) -> list[str]:
        """Return the first candidate that affects no service that is kept, if there is one."""
        fitting = (name for name in candidates if not any(other in kept for other in affected(name)))
        return list(islice(fitting, 1))

    def snapshotted_like(self, service: str) -> tuple[str, ...]:
        """Return the services whose first snapshot is possible when that of this one is, and copies the same events."""
        group = self.group[service]
        return group.services if group.mode.omission in (Omission.AT_ONCE, Omission.UNDER_LOCK) else (service,)

    def recorders(self, kept: Collection[str]) -> list[str]:
        """Return members of marker groups that represent the others where only services that crashed are restored.

        A channel is restored if the whole group is.  If any services may crash, one member represents all others.
        """
        if self.together:
            return []
        groups = {
            group.services: None
            for group in map(self.group.__getitem__, kept)
            if group.mode.omission is Omission.CHANNELS
        }
        others = [[name for name in services if name not in kept] for services in groups]
        most = 1 if self.plan.disaster.scope is Scope.ANY else None
        return [name for names in others for name in names[:most]]

    @cached_property
    def can_be_first(self) -> tuple[str, ...]:
        """The services whose snapshot may be the first of a run."""
        return tuple(s for s in self.services if self.mode(s).takes_snapshots and self.rank.get(s, 0) == 0)

    @cached_property
    def can_crash_alone(self) -> tuple[str, ...]:
        """The services that a disaster can restore, those first for which it needs the fewest actions."""
        able = (service for service in self.services if not self.mode(service).never_backed_up)
        return tuple(sorted(able, key=lambda service: self.cost(self.unit(service)) + self.rank.get(service, 0)))

    def spared(self, kept: Collection[str]) -> list[str]:
        """Return one service that represents the crash sets without any service that is kept."""
        inside = set(kept)
        sparing = [restored for restored in self.restored_sets if restored and inside.isdisjoint(restored)]
        return [min(sparing, key=self.cost)[0]] if sparing else []

    @cached_property
    def restored_sets(self) -> tuple[tuple[str, ...], ...]:
        """The services that each crash set of the plan restores, without sets that have one that is never backed up."""
        scope = self.plan.disaster.scope
        listed = scope if isinstance(scope, tuple) else ()
        widened = [dict.fromkeys(each for name in crash for each in self.unit(name)) for crash in listed]
        return tuple(tuple(names) for names in widened if not any(self.mode(name).never_backed_up for name in names))

    @property
    def never_recovers(self) -> bool:
        """Whether each of the crash sets that the plan lists needs a service that is never backed up."""
        return isinstance(self.plan.disaster.scope, tuple) and not self.restored_sets

    # The plan of the services that stay

    def plan_for(self, kept: Collection[str]) -> Plan:
        """Return the plan for these services alone; its groups and their members in the order of the services."""
        members: dict[int, list[str]] = {}
        for name in kept:
            if name in self.number:
                members.setdefault(self.number[name], []).append(name)
        return replace(
            self.plan,
            groups=tuple(replace(self.plan.groups[number], services=tuple(names)) for number, names in members.items()),
            order=tuple(sorted((name for name in kept if name in self.rank), key=self.rank.__getitem__)),
            disaster=replace(self.plan.disaster, scope=self.scope_for(kept)),
        )

    def scope_for(self, kept: Collection[str]) -> Scope | tuple[tuple[str, ...], ...]:
        """Return the crash sets restricted to these services; if none is left, one that cannot be recovered from."""
        scope = self.plan.disaster.scope
        if not isinstance(scope, tuple):
            return scope
        restored = (tuple(name for name in kept if name in set(names)) for names in self.restored_sets)
        possible = tuple(dict.fromkeys(names for names in restored if names))
        return possible or tuple((name,) for name in kept if self.mode(name).never_backed_up)[:1]

    # How many actions it takes

    def cost(self, services: Iterable[str]) -> int:
        """Return how many snapshots and locks back up these services, if the plan has no order."""
        actions, groups = 0, set[int]()
        for name in services:
            mode = self.mode(name)
            match mode.omission:
                case Omission.AT_ONCE:
                    groups.add(self.number[name])
                case Omission.UNDER_LOCK:
                    actions += 1
                    groups.add(self.number[name])
                case Omission.ALONE | Omission.CHANNELS:
                    actions += mode.takes_snapshots
                case None:
                    raise ValueError(f"services of mode {mode} cannot be left out")
                case other:
                    assert_never(other)
        return actions + len(groups)

    @cached_property
    def cost_of_everything(self) -> int:
        """The number of actions that back up all services."""
        return self.cost(self.services)

    def omitted_actions(self, kept: Collection[str], path: Path) -> int:
        """How many snapshots and locks of other services a run of these services needs in the whole."""
        done = {name for label in path if label.kind is ActionKind.SNAPSHOT for name in label.services}
        disaster = next((label for label in path if label.kind is ActionKind.DISASTER), None)
        if disaster is not None and self.restores_everything:
            return self.cost_of_everything - self.cost(done)
        wanted = set() if disaster is None else set(self.restored_in_the_whole(kept, disaster.restored))
        unlocked = [label.services[0] for label in path if label.kind is ActionKind.UNLOCK]
        held = self.held(kept, done, wanted)
        wanted.update(member for name in (*unlocked, *held) for member in self.group[name].services)
        last = max((self.rank[name] for name in wanted | done if name in self.rank), default=0)
        return self.cost(wanted.union(done, self.plan.order[:last])) - self.cost(done) + len(held)

    def held(self, kept: Collection[str], done: Collection[str], wanted: Collection[str]) -> list[str]:
        """Return a service of each locked group with members that are kept, none of which is snapshotted in the run.

        Such a group is locked and unlocked again before anything else happens.
        """
        groups = {self.group[name].services: name for name in wanted if self.mode(name).omission is Omission.UNDER_LOCK}
        return [
            name
            for members, name in groups.items()
            if not any(member in done for member in members) and any(member in kept for member in members)
        ]

    def restored_in_the_whole(self, kept: Collection[str], restored: Collection[str]) -> Collection[str]:
        """The smallest set that is restored in the whole where these are restored of those that are kept."""
        if self.plan.disaster.scope is Scope.ANY:
            groups = {self.group[name].services for name in kept if self.mode(name).omission is Omission.CHANNELS}
            full = [members for members in groups if all(name in restored for name in members if name in kept)]
            return {each for name in restored for each in self.unit(name)}.union(*full)
        inside, wanted = set(kept), set(restored)
        return min((names for names in self.restored_sets if inside.intersection(names) == wanted), key=self.cost)
