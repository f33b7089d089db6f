"""A naive oracle: a second, deliberately simple reading of the semantics documented in docs/semantics.md.

It shares no code with the checker and tries nothing clever. A state is a frozenset of facts, a fact is a tuple such as
``("logged", use_case, step_number, index)``; ``Oracle.successors`` reads the rules one after the other, and ``judge``
searches everything breadth first, then looks at each settled state with the definitions of the properties. It is
slow, and meant to be held against the checker on small specifications.
"""

from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import chain, combinations
from typing import Any

Fact = tuple[Any, ...]
State = frozenset[Fact]
Entity = tuple[str, str]  # (the name that is shown, what it is private to: "" unless it comes from `references`)
Link = tuple[Entity, Entity]  # (holder, target)
Event = tuple[str, int, int]  # (use case, step number, index)
Lengths = dict[str, dict[str, dict[str, int]]]  # kind -> subject -> timing -> length
Anomaly = tuple[str, Any]  # (kind, what it is about: a link, an entity, or a step)
Move = tuple[str, State]  # (what happens, the state after it)

RECOVERED: Fact = ("recovered",)
AT_REST: Fact = ("at_rest",)
DENIED: Fact = ("denied",)

GROUP_MODES = ("atomic", "locked", "stopped", "shared-database", "markers")  # their recovery unit is the group
LOCK_MODES = ("locked", "stopped")
UNSNAPPED_MODES = ("continuous", "none", "rebuilt", "external")  # no snapshot is ever taken of such a service
VERBS = ("create", "link", "unlink", "update", "delete", "copy")


class TooBig(Exception):
    """There are more states than the caller wants to see."""


@dataclass(frozen=True)
class Step:
    """One step of a use case."""

    use_case: str
    number: int  # 1, 2, … in the order of the list
    verb: str
    entity: Entity
    service: str
    via: str
    after: tuple[int, ...]  # the numbers of its predecessors
    makes: tuple[Link, ...]  # the links that it creates
    unmakes: tuple[Link, ...]  # the links that it takes away
    needs: tuple[Entity, ...] = ()
    once: bool = False
    kept: bool = False
    name: str = ""

    @property
    def subject(self) -> str:
        """The step as reports call it."""
        return f"{self.use_case}.{self.number}"

    def at(self, index: int) -> Event:
        """The event that this step appends at an index."""
        return (self.use_case, self.number, index)


@dataclass(frozen=True)
class Group:
    """Services that are backed up in one of the modes."""

    number: int
    mode: str
    services: tuple[str, ...]
    holds: tuple[str, ...]  # the use cases that its lock holds back


def as_list(value: Any) -> list[Any]:
    """Return a list of names, where one name or nothing may stand as well."""
    if value is None:
        return []
    return list(value) if isinstance(value, list | tuple) else [value]


def both_ends(reference: str) -> tuple[str, str]:
    """The two names of ``a -> b``."""
    holder, _, target = reference.partition("->")
    return holder.strip(), target.strip()


def shown(link: Link) -> str:
    """A link as reports call it."""
    return f"{link[0][0]} -> {link[1][0]}"


def logged(event: Event) -> Fact:
    return ("logged", *event)


def backed(event: Event) -> Fact:
    return ("backed", *event)


def oldest(event: Event) -> Fact:
    return ("oldest", *event)


def dropped(event: Event) -> Fact:
    return ("dropped", *event)


def before(event: Event) -> Fact:
    return ("before", *event)


def live(event: Event) -> Fact:
    return ("live", *event)


def twice(event: Event) -> Fact:
    return ("twice", *event)


def gone(entity: Entity, k: int) -> Fact:
    return ("gone", entity, k)


def sweeping(k: int) -> Fact:
    return ("sweeping", k)


def restored(service: str) -> Fact:
    return ("restored", service)


def snapped(service: str, round_: int = 1) -> Fact:
    return ("snapped", service, round_)


def locked(group: Group, round_: int) -> Fact:
    return ("locked", group.number, round_)


def broker_snapped(round_: int) -> Fact:
    return ("broker snapped", round_)


def assign(state: State, fact: Fact, value: bool) -> State:
    """``fact := value``."""
    return state | {fact} if value else state - {fact}


def read_use_cases(document: dict[str, Any]) -> dict[str, list[Step]]:
    """The steps of every use case, those of the `references` shorthand spelled out."""
    owner = {name: s for s, about in document["services"].items() for name in as_list((about or {}).get("owns"))}
    use_cases: dict[str, list[Step]] = {}
    for use_case, about in (document.get("use_cases") or {}).items():
        items = about["steps"] if isinstance(about, dict) else about
        named = {item["name"]: number for number, item in enumerate(items, 1) if "name" in item}
        steps = []
        for number, item in enumerate(items, 1):
            verb = next(v for v in VERBS if v in item)
            entity: Entity = (item[verb], "")
            if "after" in item:
                after = tuple(named[name] for name in as_list(item["after"]))
            else:
                after = (number - 1,) if number > 1 else ()
            targets = as_list(item.get("refers_to")) if verb == "create" else []
            if verb == "link":
                targets = [item["to"]]
            steps.append(
                Step(
                    use_case=use_case,
                    number=number,
                    verb=verb,
                    entity=entity,
                    service=item["at"] if verb == "copy" else owner[item[verb]],
                    via=item.get("via", "call"),
                    after=after,
                    makes=tuple((entity, (target, "")) for target in targets),
                    unmakes=((entity, (item["from"], "")),) if verb == "unlink" else (),
                    needs=tuple((name, "") for name in as_list(item.get("needs"))),
                    once=item.get("once", False),
                    kept=item.get("kept", False),
                    name=item.get("name", ""),
                )
            )
        use_cases[use_case] = steps
    for reference in document.get("references") or []:
        a, b = both_ends(reference)
        use_case = f"{a} -> {b}"
        holder, target = (a, f"referrer of {use_case}"), (b, f"target of {use_case}")
        use_cases[use_case] = [
            Step(use_case, 1, "create", target, owner[b], "call", (), (), ()),
            Step(use_case, 2, "create", holder, owner[a], "call", (1,), ((holder, target),), ()),
        ]
    return use_cases


class Oracle:
    """A specification under one of its plans, with so many instances."""

    def __init__(self, document: dict[str, Any], plan: str, instances: int) -> None:
        """Read the specification and the plan."""
        self.indices = range(1, instances + 1)
        self.services: list[str] = list(document["services"])
        self.external = {s for s, about in document["services"].items() if (about or {}).get("external", False)}
        self.internal = [s for s in self.services if s not in self.external]
        self.use_cases = read_use_cases(document)
        self.background = {
            name
            for name, about in (document.get("use_cases") or {}).items()
            if isinstance(about, dict) and about.get("background", False)
        }
        self.steps = [step for steps in self.use_cases.values() for step in steps]
        self.events = [(step, k) for step in self.steps for k in self.indices]
        self.step = {(step.use_case, step.number): step for step in self.steps}
        self.creator = {step.entity: step for step in self.steps if step.verb == "create"}
        self.deleters = {x: [s for s in self.steps if s.verb == "delete" and s.entity == x] for x in self.creator}
        self.maker = {link: step for step in self.steps for link in step.makes}
        self.unmakers = {link: [s for s in self.steps if link in s.unmakes] for link in self.maker}
        traits = {name: about or {} for name, about in (document.get("entities") or {}).items()}
        self.scarce = {x for x in self.creator if traits.get(x[0], {}).get("scarce", False)}
        self.sequences = {x for x in self.creator if traits.get(x[0], {}).get("ids", "unique") == "sequence"}
        self.read_tolerance(document.get("tolerates") or [])
        self.caches = {both_ends(link): how for link, how in (document.get("caches") or {}).items()}

        chosen: dict[str, Any] = {}
        if plan != "independent":
            chosen = document["plans"][plan] or {}
        self.groups: list[Group] = []
        for number, about in enumerate(chosen.get("groups") or []):
            members = self.internal if about["services"] == "all" else as_list(about["services"])
            holds = as_list(about["holds"]) if "holds" in about else list(self.use_cases)
            self.groups.append(Group(number, about["mode"], tuple(members), tuple(holds)))
        self.group = {service: group for group in self.groups for service in group.services}
        self.mode = {s: self.group[s].mode if s in self.group else "independent" for s in self.services}
        self.mode |= dict.fromkeys(self.external, "external")
        self.snapshotted = [s for s in self.services if self.mode[s] not in UNSNAPPED_MODES]
        self.order: list[str] = as_list(chosen.get("order"))
        recovery = chosen.get("recovery") or {}
        self.restore: str = recovery.get("restore", "group")
        self.rollback: str = recovery.get("rollback", "none")
        self.broker: str = recovery.get("broker", "")
        self.newest: bool = recovery.get("from", "set") == "newest"
        self.onto: str = recovery.get("onto", "empty")
        self.replay: bool = recovery.get("replay", False)
        self.resume: bool = recovery.get("resume", False)
        self.retry: bool = recovery.get("retry", False)
        self.undo: bool = recovery.get("undo", False)
        self.reject: bool = recovery.get("on_invalid", "accept") == "reject"
        self.backfill = self.named(recovery.get("backfill"))
        self.reconstruct = self.named(recovery.get("reconstruct"))
        self.collect = self.named(recovery.get("collect"))
        disaster = chosen.get("disaster") or {}
        self.scope: Any = disaster.get("scope", "whole")
        self.timing: str = disaster.get("timing", "any-time")
        self.transactions = list(self.find_transactions())
        self.transaction_of = {step: steps for steps in self.transactions for step in steps}

    def read_tolerance(self, tolerates: list[str] | dict[str, list[str]]) -> None:
        """Read which anomalies are tolerated: a list of links, or lists by kind."""
        kinds = tolerates if isinstance(tolerates, dict) else {}
        plain = [] if isinstance(tolerates, dict) else tolerates
        self.tolerated_links = {both_ends(link) for link in [*plain, *as_list(kinds.get("broken links"))]}
        self.tolerated_both_ways = {both_ends(link) for link in plain}
        self.tolerated_orphans = set(as_list(kinds.get("orphans")))
        listed = set(as_list(kinds.get("missing state")))
        self.tolerated_steps = {
            step
            for step in self.steps
            if step.subject in listed or (step.name and f"{step.use_case}.{step.name}" in listed)
        }

    def named(self, value: Any) -> set[Entity]:
        """The entities that an option of recovery names: a list, or true for all of them."""
        if value is True:
            return set(self.creator)
        names = as_list(value or None)
        return {entity for entity in self.creator if entity[0] in names}

    # Words about a state

    def exists(self, state: State, entity: Entity, k: int) -> bool:
        """Whether it was created, and neither deleted nor removed by recovery."""
        return (
            logged(self.creator[entity].at(k)) in state
            and not self.deleted(state, entity, k)
            and gone(entity, k) not in state
        )

    def deleted(self, state: State, entity: Entity, k: int) -> bool:
        """Whether a deletion of it is logged, be it one that keeps the record."""
        return any(logged(step.at(k)) in state for step in self.deleters[entity])

    def resolves(self, state: State, entity: Entity, k: int) -> bool:
        """Whether a link to it leads somewhere: it exists, or its deletion kept the record."""
        return (
            logged(self.creator[entity].at(k)) in state
            and not any(logged(step.at(k)) in state for step in self.deleters[entity] if not step.kept)
            and gone(entity, k) not in state
        )

    def holds(self, state: State, link: Link, k: int) -> bool:
        """Whether it was created, not unlinked, and its holder exists."""
        return (
            logged(self.maker[link].at(k)) in state
            and not any(logged(step.at(k)) in state for step in self.unmakers[link])
            and self.exists(state, link[0], k)
        )

    def done(self, state: State, step: Step, k: int) -> bool:
        """Whether this step is done with: it is logged, or its event was dropped."""
        return logged(step.at(k)) in state or dropped(step.at(k)) in state

    def all_or_none(self, state: State, steps: Iterable[Step], k: int) -> bool:
        """Whether all of these steps are done at this index, or none is."""
        return len({self.done(state, step, k) for step in steps}) <= 1

    def nothing_in_flight(self, state: State) -> bool:
        """Whether of each use case and index all steps are done or none."""
        return all(self.all_or_none(state, steps, k) for steps in self.use_cases.values() for k in self.indices)

    def predecessors(self, step: Step) -> list[Step]:
        """The steps that come right before this one."""
        return [self.step[step.use_case, number] for number in step.after]

    def followers(self, step: Step) -> list[Step]:
        """The steps that come right after this one."""
        return [other for other in self.use_cases[step.use_case] if step.number in other.after]

    def all_followers(self, step: Step) -> set[Step]:
        """The steps that come after this one, directly or not."""
        found: set[Step] = set()
        todo = [step]
        while todo:
            for other in self.followers(todo.pop()):
                if other not in found:
                    found.add(other)
                    todo.append(other)
        return found

    def all_logged(self, state: State, steps: Iterable[Step], k: int) -> bool:
        """Whether all of these steps are logged at this index."""
        return all(logged(step.at(k)) in state for step in steps)

    def message(self, p: Step, e: Step, k: int) -> Fact:
        """The fact that the message by which p triggers e waits in the broker."""
        return ("pending", p.use_case, p.number, e.number, k)

    def kept_message(self, p: Step, e: Step, k: int) -> Fact:
        """The fact that this message is in the backup of the broker."""
        return ("kept", p.use_case, p.number, e.number, k)

    def messages(self, step: Step, k: int) -> set[Fact]:
        """The messages that an event step needs, and consumes."""
        return {self.message(p, step, k) for p in self.predecessors(step)} if step.via == "event" else set()

    def all_messages(self) -> Iterator[tuple[Step, Step, int]]:
        """Every message that there can be: sender, receiver, index."""
        for step, k in self.events:
            if step.via == "event":
                for p in self.predecessors(step):
                    yield p, step, k

    def publish(self, state: State, step: Step, k: int) -> State:
        """The state with the messages for the event steps that follow."""
        return state | {self.message(step, f, k) for f in self.followers(step) if f.via == "event"}

    # Steps

    def find_transactions(self) -> Iterator[list[Step]]:
        """Each list of steps that is one action: a single step, or a maximal run inside a shared database."""
        for steps in self.use_cases.values():
            run: list[Step] = []
            for step in steps:
                goes_on = (
                    run
                    and step.via == "call"
                    and step.after == (run[-1].number,)
                    and self.mode[step.service] == "shared-database"
                    and self.group[step.service] == self.group.get(run[-1].service)
                )
                if run and not goes_on:
                    yield run
                    run = []
                run.append(step)
            yield run

    def guarded(self, step: Step) -> list[Entity]:
        """The entities of other use cases that have to exist before a step can happen."""
        entities = [target for _, target in step.makes] + list(step.needs)
        if step.verb in ("update", "delete", "link", "unlink") or (step.verb == "copy" and not step.after):
            entities.append(step.entity)
        return [entity for entity in entities if self.creator[entity].use_case != step.use_case]

    def guarded_links(self, step: Step) -> list[Link]:
        """The links of other use cases that have to hold before a step can remove them."""
        return [link for link in step.unmakes if self.maker[link].use_case != step.use_case]

    def readiness(self, state: State, step: Step, k: int) -> str:
        """Whether a step is ready, has to wait, or is an event to be dropped; locks aside."""
        if self.done(state, step, k):
            return "wait"
        if not self.all_logged(state, self.predecessors(step), k) or not self.messages(step, k) <= state:
            return "wait"
        if self.marker_comes_first(state, step, k):
            return "wait"
        valid = all(self.exists(state, entity, k) for entity in self.guarded(step)) and all(
            self.holds(state, link, k) for link in self.guarded_links(step)
        )
        if valid:
            return "ready"
        if step.via == "call":
            return "wait"
        creations = [self.creator[entity] for entity in self.guarded(step)]
        creations += [self.maker[link] for link in self.guarded_links(step)]
        if not self.all_logged(state, creations, k):
            return "wait"  # for what does not exist yet
        return "drop" if self.reject else "ready"

    def marker_comes_first(self, state: State, step: Step, k: int) -> bool:
        """Whether the message was sent after the sender's snapshot, and the receiver has not seen the marker yet."""
        if step.via != "event" or self.mode[step.service] != "markers":
            return False
        return any(
            p.service != step.service
            and p.service in self.group[step.service].services
            and snapped(p.service, round_) in state
            and backed(p.at(k)) not in state
            and snapped(step.service, round_) not in state
            for p in self.predecessors(step)
            for round_ in (1, 2)
        )

    def held_back(self, state: State, step: Step, k: int) -> bool:
        """Whether a lock keeps the step out."""
        if self.mode[step.service] not in LOCK_MODES:
            return False
        group = self.group[step.service]
        if not self.is_locked(state, group):
            return False
        if group.mode == "stopped":
            return True
        admitted = any(
            logged(other.at(k)) in state for other in self.use_cases[step.use_case] if other.service in group.services
        )
        return step.use_case in group.holds and not admitted

    def is_locked(self, state: State, group: Group) -> bool:
        """Whether the lock of the group is taken, in one round or the other."""
        return locked(group, 1) in state or locked(group, 2) in state

    def append(self, state: State, step: Step, k: int) -> State:
        """The state after a step."""
        state = (state - self.messages(step, k)) | {logged(step.at(k))}
        state = self.publish(state, step, k)
        if self.mode[step.service] == "continuous":
            state |= {backed(step.at(k))}
        return state

    def commands(self, state: State) -> Iterator[Move]:
        """Yield the steps that can happen, the events that can be dropped, and the commands that can be denied."""
        for transaction in self.transactions:
            for k in self.indices:
                after = state
                for step in transaction:
                    readiness = self.readiness(after, step, k)
                    if readiness == "wait":
                        break
                    if self.held_back(after, step, k):
                        if step.via == "call" and step.use_case not in self.background:
                            yield f"deny {step.at(k)}", state | {DENIED}
                        break
                    if readiness == "drop":  # an event is the first of its transaction
                        yield f"drop {step.at(k)}", (state - self.messages(step, k)) | {dropped(step.at(k))}
                        break
                    after = self.append(after, step, k)
                else:
                    yield f"step {[step.at(k) for step in transaction]}", after

    # Backups

    def rounds(self, state: State) -> list[int]:
        """The rounds of backups that have begun: the second can when the first is complete."""
        return [1, 2] if self.newest and self.round_complete(state, 1) else [1]

    def round_complete(self, state: State, round_: int) -> bool:
        """Whether every service that is snapshotted at all has been in this round."""
        return all(snapped(s, round_) in state for s in self.snapshotted)

    def snapshot(self, state: State, services: Iterable[str], round_: int) -> Move:
        """The state after these services are copied at one instant."""
        after = state
        if self.rollback == "oldest" and not any(snapped(s) in state for s in self.services):
            for step, k in self.events:
                after = assign(after, oldest(step.at(k)), logged(step.at(k)) in state)
        for service in services:
            for step, k in self.events:
                if step.service == service:
                    after = assign(after, backed(step.at(k)), logged(step.at(k)) in state)
            after |= {snapped(service, round_)}
        return f"snapshot {list(services)} in round {round_}", after

    def snapshots(self, state: State, round_: int) -> Iterator[Move]:
        """Yield the snapshots that can be taken in one round, and the locks that can be taken and released."""
        for service in self.snapshotted:
            if snapped(service, round_) in state:
                continue
            if self.mode[service] == "independent":
                earlier = self.order[: self.order.index(service)] if service in self.order else []
                if all(snapped(s, round_) in state for s in earlier):
                    yield self.snapshot(state, [service], round_)
            if self.mode[service] == "markers":
                yield self.snapshot(state, [service], round_)
            if self.mode[service] in LOCK_MODES:
                group = self.group[service]
                if locked(group, round_) in state and (group.mode == "stopped" or self.drained(state, group)):
                    yield self.snapshot(state, [service], round_)
        for group in self.groups:
            snapped_ones = [s for s in group.services if snapped(s, round_) in state]
            if group.mode in ("atomic", "shared-database") and not snapped_ones:
                yield self.snapshot(state, group.services, round_)
            if group.mode in LOCK_MODES:
                if not self.is_locked(state, group) and not snapped_ones:
                    yield f"lock {group.services} in round {round_}", state | {locked(group, round_)}
                if locked(group, round_) in state and len(snapped_ones) == len(group.services):
                    yield f"unlock {group.services}", state - {locked(group, round_)}
        if self.broker == "backup" and broker_snapped(round_) not in state:
            after = state | {broker_snapped(round_)}
            for p, e, k in self.all_messages():
                after = assign(after, self.kept_message(p, e, k), self.message(p, e, k) in state)
            yield f"snapshot broker in round {round_}", after

    def drained(self, state: State, group: Group) -> bool:
        """Whether of each use case that the group's lock holds back all steps in the group are done or none."""
        return all(
            self.all_or_none(state, [step for step in self.use_cases[name] if step.service in group.services], k)
            for name in group.holds
            for k in self.indices
        )

    def all_backed_up(self, state: State) -> bool:
        """Whether every service of ours is backed up, in as many rounds as there are."""
        return (
            all(self.round_complete(state, round_) for round_ in ([1, 2] if self.newest else [1]))
            and "none" not in self.mode.values()
            and self.coming_back() == set(self.steps)
        )

    def coming_back(self) -> set[Step]:
        """The steps whose events are found in, or can be made again from, what is not rebuilt."""
        found = {step for step in self.steps if self.mode[step.service] != "rebuilt"}
        lasting = set(found)
        while True:
            more = {step for step in self.steps if step not in found and self.can_be_made(step, lasting, found)}
            if not more:
                return found
            found |= more

    def can_be_made(self, step: Step, lasting: set[Step], found: set[Step]) -> bool:
        """Whether a step in a rebuilt service can come back from steps that last, and from those already found to."""
        again = self.replay if step.via == "event" else self.resume
        if step.after and again and all(p in found for p in self.predecessors(step)):
            return True
        if not step.after and self.retry and any(other in lasting for other in self.use_cases[step.use_case]):
            return True
        if step.verb != "copy" and step.entity in self.backfill:
            if any(f.verb == "copy" and f.entity == step.entity and f in lasting for f in self.all_followers(step)):
                return True
            if step.verb == "create" and any(self.maker[link] in lasting for link in self.cached_links(step.entity)):
                return True
        return step in self.tolerated_steps

    def cached_links(self, target: Entity) -> list[Link]:
        """The links to an entity of which the holder keeps, with the link, what it needs of it."""
        return [link for link in self.maker if link[1] == target and self.caching(link) == "with the link"]

    def caching(self, link: Link) -> str:
        """How the holder of a link keeps what it needs of the target; empty if it does not."""
        return self.caches.get((link[0][0], link[1][0]), "")

    # The disaster

    def crash_sets(self) -> list[set[str]]:
        """The sets of services that may crash together."""
        if self.scope == "whole":
            return [set(self.internal)] if self.internal else []
        if self.scope == "any":
            sizes = range(1, len(self.internal) + 1)
            return [set(chosen) for size in sizes for chosen in combinations(self.internal, size)]
        return [set(crashed) for crashed in self.scope]

    def recovery_units(self, crashed: set[str]) -> set[str]:
        """The services that crash, and those that are restored together with one that does."""
        services = set(crashed)
        if self.restore == "group":
            for s in crashed:
                if self.mode[s] in GROUP_MODES:
                    services |= set(self.group[s].services)
        return services

    def restored_by(self, crashed: set[str]) -> set[str]:
        """The services that are restored when these crash."""
        return set(self.internal) if self.rollback == "oldest" else self.recovery_units(crashed)

    def disasters(self, state: State) -> Iterator[Move]:
        """The disasters that can happen now."""
        for crashed in self.crash_sets():
            services = self.restored_by(crashed)
            if any(self.mode[s] == "none" for s in services):
                continue
            if not all(snapped(s) in state for s in services if s in self.snapshotted):
                continue
            if self.broker == "backup" and broker_snapped(1) not in state and broker_snapped(2) not in state:
                continue
            after = frozenset(fact for fact in state if fact[0] != "locked")
            after |= {before(step.at(k)) for step, k in self.events if logged(step.at(k)) in state}
            after |= {restored(s) for s in services}
            for step, k in self.events:
                if step.service in services:
                    after = assign(after, logged(step.at(k)), self.comes_from_backup(state, step, k, crashed))
            after = self.restore_messages(after, crashed, services)
            after |= {RECOVERED}
            if self.timing != "at-rest":
                yield f"disaster {sorted(crashed)}", after
            if self.nothing_in_flight(state):
                yield f"disaster {sorted(crashed)} at rest", after | {AT_REST}

    def comes_from_backup(self, state: State, step: Step, k: int, crashed: set[str]) -> bool:
        """Whether the log of this service, restored after a crash of these, holds this event."""
        if self.mode[step.service] == "rebuilt":
            return False
        if self.rollback == "oldest":
            return oldest(step.at(k)) in state
        if self.onto == "existing" and step.service not in crashed and logged(step.at(k)) in state:
            return True
        return backed(step.at(k)) in state

    def restore_messages(self, state: State, crashed: set[str], services: set[str]) -> State:
        """The state with the messages that are in the broker when these services are restored."""
        for p, e, k in self.all_messages():
            message = self.message(p, e, k)
            both = {p.service, e.service}
            if any(
                g.mode == "markers" and both <= set(g.services) <= self.recovery_units(crashed) for g in self.groups
            ):
                recorded = backed(p.at(k)) in state and logged(e.at(k)) not in state
                state = assign(state, message, recorded)
            elif self.broker == "backup":
                state = assign(state, message, self.kept_message(p, e, k) in state)
            elif self.broker == "lost" or (self.broker == "" and both <= services):
                state -= {message}
        return state

    # Recovery

    def asked(self, step: Step) -> list[Entity]:
        """The entities that have to exist, by the log so far, for recovery to append the event."""
        if step.via == "event" and not self.reject:
            return []
        entities = [target for _, target in step.makes] + list(step.needs)
        if step.verb == "copy":
            entities += [step.entity] if step.via == "event" or not step.after else []
        elif step.verb != "create":
            entities.append(step.entity)
        return entities

    def valid(self, state: State, step: Step, k: int) -> bool:
        """Whether everything exists that the step asks for."""
        return all(self.exists(state, entity, k) for entity in self.asked(step))

    def go_on(self, state: State, step: Step, k: int) -> State | None:
        """The state after what its transaction still lacks from this step on; None if some of it is not valid."""
        for each in self.transaction_of[step]:
            if logged(each.at(k)) in state:
                continue
            if not self.valid(state, each, k):
                return None
            state = (state - self.messages(each, k)) | {logged(each.at(k)), live(each.at(k))}
            state = self.publish(state, each, k)
        return state

    def going_on(self, state: State, k: int) -> Iterator[Move]:
        """Yield the events that can be delivered, dropped, replayed, resumed, retried and repeated at one index."""
        for transaction in self.transactions:
            lacking = [step for step in transaction if logged(step.at(k)) not in state]
            if not lacking:
                yield from self.repeats(state, transaction, k)
                continue
            step = lacking[0]
            delivered = step.via == "event" and self.messages(step, k) <= state
            if delivered and not self.valid(state, step, k):
                yield f"drop {step.at(k)}", state - self.messages(step, k)
            after = self.go_on(state, step, k)
            if after is None:
                continue
            if delivered:
                yield f"deliver {step.at(k)}", after
            if not step.after:
                if self.retry and self.retries(state, step, k):
                    yield f"retry {step.at(k)}", after
            elif self.all_logged(state, self.predecessors(step), k):
                if step.via == "event" and self.replay:
                    yield f"replay {step.at(k)}", after
                if step.via == "call" and self.resumes(state, step, k):
                    yield f"resume {step.at(k)}", after

    def retries(self, state: State, step: Step, k: int) -> bool:
        """Whether a later event shows that the command was submitted, and it creates nothing scarce."""
        begun = any(logged(other.at(k)) in state for other in self.use_cases[step.use_case])
        return begun and not (step.verb == "create" and step.entity in self.scarce)

    def resumes(self, state: State, step: Step, k: int) -> bool:
        """Whether the caller, whose part is logged, makes this call."""
        callers = self.predecessors(step)
        if self.resume or self.some_live(state, callers, k):
            return True
        return restored(step.service) not in state and any(restored(p.service) not in state for p in callers)

    def some_live(self, state: State, steps: Iterable[Step], k: int) -> bool:
        """Whether one of these steps was executed after the disaster."""
        return any(live(step.at(k)) in state for step in steps)

    def repeats(self, state: State, transaction: list[Step], k: int) -> Iterator[Move]:
        """Yield the repetition of a logged transaction, if its caller does not remember that it was done."""
        head = transaction[0]
        once = any(step.once for step in transaction)
        predecessors = self.predecessors(head)
        ready = bool(predecessors) and self.all_logged(state, predecessors, k)
        fresh = live(head.at(k)) not in state
        if head.via == "call":
            again = fresh and ready and self.some_live(state, predecessors, k)
            again |= once and fresh and ready and self.resume and self.forgotten(state, transaction, k)
        else:
            done_twice = any(twice(step.at(k)) in state for step in transaction)
            again = once and not done_twice and self.messages(head, k) <= state
            again |= (
                once
                and not done_twice
                and fresh
                and ready
                and self.replay
                and any(self.came_back(state, p, transaction) for p in predecessors)
            )
        if again:
            after = state - self.messages(head, k)
            for step in transaction:
                after = self.publish(after, step, k) | {live(step.at(k))}
                after |= {twice(step.at(k))} if step.once else set()
            yield f"repeat {[step.at(k) for step in transaction]}", after

    def came_back(self, state: State, p: Step, transaction: list[Step]) -> bool:
        """Whether the service of this predecessor came back from a backup, and is none of the transaction's."""
        return (
            restored(p.service) in state
            and self.mode[p.service] != "continuous"
            and p.service not in {step.service for step in transaction}
        )

    def forgotten(self, state: State, transaction: list[Step], k: int) -> bool:
        """Whether a predecessor came back from a backup whose log does not say that the transaction was executed."""
        later = set().union(*(self.all_followers(step) for step in transaction)) - set(transaction)
        return any(
            self.came_back(state, p, transaction)
            and not any(logged(f.at(k)) in state for f in later if f.service == p.service)
            for p in self.predecessors(transaction[0])
        )

    def repairs(self, state: State, k: int) -> Iterator[Move]:
        """Yield the events that owners take back from others, and that people create again, at one index."""
        for step in self.steps:
            if logged(step.at(k)) in state:
                continue
            after = (state - self.messages(step, k)) | {logged(step.at(k))}
            if step.entity in self.backfill and step.verb != "copy" and self.remembered(state, step, k):
                yield f"backfill {step.at(k)}", after
            needed = any(link[1] == step.entity and self.holds(state, link, k) for link in self.maker)
            if step.entity in self.reconstruct - self.scarce and step.verb == "create" and needed:
                yield f"reconstruct {step.at(k)}", self.publish(after, step, k) | {live(step.at(k))}

    def remembered(self, state: State, step: Step, k: int) -> bool:
        """Whether a later copy of the entity is logged, or the step creates an entity that a holder has cached."""
        copies = [f for f in self.all_followers(step) if f.verb == "copy" and f.entity == step.entity]
        if any(logged(copy.at(k)) in state for copy in copies):
            return True
        return step.verb == "create" and any(self.holds(state, link, k) for link in self.cached_links(step.entity))

    def sweeps(self, state: State, k: int) -> Iterator[Move]:
        """Yield what is removed at the end, at one index: events of interactions half done, or else orphans."""
        undone = False
        if self.undo:
            for steps in self.use_cases.values():
                for step in steps if self.half_done(state, steps, k) else []:
                    if step.service not in self.external and logged(step.at(k)) in state:
                        undone = True
                        yield f"undo {step.at(k)}", state - {logged(step.at(k))}
        if not undone:
            for entity in self.creator:
                orphan = ("orphan-state", entity)
                if entity in self.collect and orphan in self.shown_in(state, k) and self.counts(state, orphan, k):
                    yield f"collect {entity} {k}", state | {gone(entity, k)}

    def half_done(self, state: State, steps: list[Step], k: int) -> bool:
        """Whether a use case lacks a step, or speaks of an entity whose creation is not in the log."""
        for step in steps:
            if logged(step.at(k)) in state:
                entities = [step.entity, *step.needs, *(target for _, target in step.makes)]
                if not self.all_logged(state, [self.creator[entity] for entity in entities], k):
                    return True
            elif step not in self.tolerated_steps and dropped(step.at(k)) not in state:
                return True
        return False

    def recoveries(self, state: State) -> Iterator[Move]:
        """Yield all that recovery can still do; a state is settled if that is nothing."""
        for k in self.indices:
            if sweeping(k) in state:
                yield from self.sweeps(state, k)
                continue
            moves = list(self.going_on(state, k)) or list(self.repairs(state, k))
            if not moves and any(self.sweeps(state, k)):
                moves = [(f"sweep {k}", state | {sweeping(k)})]
            yield from moves

    # All together

    def successors(self, state: State) -> Iterator[Move]:
        """Yield everything that can happen in a state, and the state after it."""
        if RECOVERED in state:
            yield from self.recoveries(state)
        else:
            yield from self.commands(state)
            for round_ in self.rounds(state):
                yield from self.snapshots(state, round_)
            yield from self.disasters(state)

    # Anomalies

    def shown_in(self, cut: State, k: int) -> dict[Anomaly, None]:
        """The anomalies that a cut shows at an index, tolerated and excused ones included."""
        found: dict[Anomaly, None] = {}
        explained: set[Step] = set()
        for link in self.maker:
            target = link[1]
            if self.holds(cut, link, k) and not self.resolves(cut, target, k):
                explained.add(self.creator[target])
                found["broken-link", link] = None
                if self.lost(cut, target, k) and target in self.sequences:
                    found["misdirected-link", link] = None
                if self.lost(cut, target, k) and target in self.scarce:
                    found["overbooking", target] = None
        for entity, creator in self.creator.items():
            links = [link for link in self.maker if link[1] == entity]
            own = [link for link in links if self.maker[link].use_case == creator.use_case]
            if self.exists(cut, entity, k) and own and not any(self.holds(cut, link, k) for link in links):
                explained |= {self.maker[link] for link in own}
                found["orphan-state", entity] = None
                for link in own:
                    if self.lost(cut, link[0], k) and link[0] in self.sequences:
                        found["misdirected-link", link] = None
        for step in self.steps:
            if step not in explained and self.missing(cut, step, k):
                found["missing-state", step] = None
            if twice(step.at(k)) in cut:
                found["duplicate", step] = None
        return found

    def lost(self, cut: State, entity: Entity, k: int) -> bool:
        """Whether its creation was logged just before the disaster, and is not in the cut."""
        creation = self.creator[entity].at(k)
        return before(creation) in cut and logged(creation) not in cut

    def missing(self, cut: State, step: Step, k: int) -> bool:
        """Whether the event is absent, and neither moot nor a consequence of what else is absent."""
        survivors = [other for other in self.use_cases[step.use_case] if logged(other.at(k)) in cut]
        if step in survivors or not survivors or dropped(step.at(k)) in cut:
            return False
        if step.after and not any(p in survivors for p in self.predecessors(step)):
            return False
        if step.verb != "create" and self.over(cut, step.entity, k):
            return False
        if any(gone(target, k) in cut for _, target in step.makes):
            return False
        return not all(self.over(cut, other.entity, k) for other in survivors)

    def over(self, cut: State, entity: Entity, k: int) -> bool:
        """Whether it was deleted, or removed by recovery."""
        return self.deleted(cut, entity, k) or gone(entity, k) in cut

    def just_before(self, cut: State) -> State:
        """The logs just before the disaster, as if they were a cut."""
        logs = {("logged", *fact[1:]) for fact in cut if fact[0] == "before"}
        return frozenset(logs | {fact for fact in cut if fact[0] == "dropped"})

    def counts(self, cut: State, anomaly: Anomaly, k: int) -> bool:
        """Whether the anomaly is the backup's fault: it was not there before, or would have been mended."""
        logs = self.just_before(cut)
        if anomaly not in self.shown_in(logs, k):
            return True
        in_flight = [steps for steps in self.use_cases.values() if not self.all_or_none(logs, steps, k)]
        lacking = [step for steps in in_flight for step in steps if not self.done(logs, step, k)]
        return any(self.mends(step, anomaly) for step in lacking)

    def mends(self, step: Step, anomaly: Anomaly) -> bool:
        """Whether this step would mend the anomaly."""
        kind, about = anomaly
        match kind:
            case "broken-link":
                holder, target = about
                creates, deletes = (step.verb, step.entity) == ("create", target), step.verb == "delete"
                return creates or (deletes and step.entity == holder) or about in step.unmakes
            case "orphan-state":
                links = any(target == about for _, target in step.makes)
                return links or (step.verb, step.entity) == ("delete", about)
            case "missing-state":
                return True
            case _:
                raise AssertionError(f"no log without a disaster shows {kind}")

    def tolerated(self, cut: State, anomaly: Anomaly, k: int) -> bool:
        """Whether the anomaly is not counted against consistency."""
        kind, about = anomaly
        match kind:
            case "broken-link":
                return (about[0][0], about[1][0]) in self.tolerated_links or self.cached(cut, about, k)
            case "orphan-state":
                links = [(holder[0], target[0]) for holder, target in self.maker if target == about]
                return about[0] in self.tolerated_orphans or all(link in self.tolerated_both_ways for link in links)
            case "missing-state":
                return about in self.tolerated_steps
            case _:
                return False

    def cached(self, cut: State, link: Link, k: int) -> bool:
        """Whether the holder has what it needs of the target."""
        if self.caching(link) != "copies":
            return self.caching(link) == "with the link"
        home = self.creator[link[0]].service
        copies = [
            step for step in self.steps if step.verb == "copy" and step.entity == link[1] and step.service == home
        ]
        return any(logged(step.at(k)) in cut for step in copies)

    def anomalies(self, cut: State) -> Iterator[tuple[str, str, str]]:
        """The kind and subject of each anomaly of a settled state, and whether it is tolerated, excused, or counts."""
        for k in self.indices:
            for anomaly in self.shown_in(cut, k):
                kind, about = anomaly
                if kind in ("broken-link", "misdirected-link"):
                    subject = shown(about)
                elif kind in ("orphan-state", "overbooking"):
                    subject = about[0]
                else:
                    subject = about.subject
                tolerated = self.tolerated(cut, anomaly, k)
                if self.counts(cut, anomaly, k):
                    yield kind, subject, "tolerated" if tolerated else "anomalies"
                elif not tolerated:
                    yield kind, subject, "application"

    def loses_backed_events(self, cut: State) -> bool:
        """Whether some event that is in a backup is not in the cut, or some entity was removed."""
        lost = any(backed(step.at(k)) in cut and logged(step.at(k)) not in cut for step, k in self.events)
        return lost or any(fact[0] == "gone" for fact in cut)


def can_reach(goals: set[State], before: dict[State, set[State]]) -> set[State]:
    """The states from which some goal can be reached; `before` has the predecessors of each state."""
    reaching, todo = set(goals), list(goals)
    while todo:
        for state in before[todo.pop()] - reaching:
            reaching.add(state)
            todo.append(state)
    return reaching


def people_needed(oracle: Oracle, starts: Iterable[State]) -> int:
    """The most actions of people that recovery takes at one index, from any of these states on."""
    most: dict[tuple[State, int], int] = {}

    def at(state: State, k: int) -> int:
        if (state, k) not in most:
            found = 0
            for label, after in oracle.successors(state):
                by_people = label.startswith(("retry", "reconstruct")) and label.endswith(f"{k})")
                found = max(found, at(after, k) + by_people)
            most[state, k] = found
        return most[state, k]

    return max((at(state, k) for state in starts for k in oracle.indices), default=0)


def never_taken(oracle: Oracle, states: Iterable[State]) -> list[str]:
    """The steps that are logged in none of these states."""
    taken = {fact[1:3] for state in states for fact in state if fact[0] == "logged"}
    return sorted(step.subject for step in oracle.steps if (step.use_case, step.number) not in taken)


def stuck_use_cases(oracle: Oracle, before: dict[State, set[State]]) -> set[str]:
    """The use cases that begin in some run and can then never be finished, without any disaster."""
    found = set()
    for name, steps in oracle.use_cases.items():
        for k in oracle.indices:
            finished = {state for state in before if all(oracle.done(state, step, k) for step in steps)}
            hopeful = can_reach(finished, before)
            if any(any(oracle.done(state, step, k) for step in steps) for state in before if state not in hopeful):
                found.add(name)
    return found


def covered(document: dict[str, Any], plan: str, instances: int = 1, max_states: int = 20_000) -> dict[str, list[str]]:
    """The steps that no run takes, and the use cases that can get stuck; nothing after a disaster is looked at."""
    oracle = Oracle(document, plan, instances)
    start: State = frozenset()
    before: dict[State, set[State]] = {start: set()}
    queue = deque([start])
    while queue:
        state = queue.popleft()
        backups = (move for round_ in oracle.rounds(state) for move in oracle.snapshots(state, round_))
        for _, after in chain(oracle.commands(state), backups):
            if after not in before:
                before[after] = set()
                queue.append(after)
                if len(before) > max_states:
                    raise TooBig(f"more than {max_states} states")
            before[after].add(state)
    return {"never": never_taken(oracle, before), "stuck": sorted(stuck_use_cases(oracle, before))}


def judge(document: dict[str, Any], plan: str, instances: int = 1, max_states: int = 200_000) -> dict[str, Any]:
    """The verdicts on a specification under a plan, with the shortest length of what violates it."""
    oracle = Oracle(document, plan, instances)
    start: State = frozenset()
    depth: dict[State, int] = {start: 0}
    before: dict[State, set[State]] = {start: set()}  # of states before the disaster only
    found: dict[str, Lengths] = {"anomalies": {}, "tolerated": {}, "application": {}}
    disasters: set[State] = set()
    denied: int | None = None
    loss: int | None = None
    actions: set[str] = set()

    queue = deque([start])
    while queue:
        state = queue.popleft()
        length = depth[state]
        settled = RECOVERED in state
        for label, after in oracle.successors(state):
            settled = False
            actions.add(label.partition(" ")[0])
            if after not in depth:
                depth[after] = length + 1
                queue.append(after)
                if len(depth) > max_states:
                    raise TooBig(f"more than {max_states} states")
            if RECOVERED not in after:
                before.setdefault(after, set()).add(state)
            elif RECOVERED not in state:
                disasters.add(after)
        if DENIED in state and denied is None:
            denied = length
        if settled:
            timing = "at-rest" if AT_REST in state else "any-time"
            for kind, subject, verdict in oracle.anomalies(state):  # breadth first: the first time is the shortest
                found[verdict].setdefault(kind, {}).setdefault(subject, {}).setdefault(timing, length)
            if loss is None and oracle.loses_backed_events(state):
                loss = length

    goals = {state for state in before if oracle.all_backed_up(state)}
    causes: dict[tuple[str, str], str] = {}
    for table in ("tolerated", "anomalies"):  # one that is not tolerated speaks for its namesake that is
        for kind, subjects in found[table].items():
            for subject, lengths in subjects.items():
                causes[kind, subject] = "backup" if "at-rest" in lengths else "in-flight"
    return {
        "anomalies": found["anomalies"],
        "tolerated": found["tolerated"],
        "application": sorted(
            [kind, subject] for kind, subjects in found["application"].items() for subject in subjects
        ),
        "causes": causes,
        "denied": denied,
        "loss": loss,
        "backup": can_reach(goals, before) == set(before),
        "recovers": bool(disasters),
        "people": people_needed(oracle, disasters) if actions & {"retry", "reconstruct"} else 0,
        "never": never_taken(oracle, before),
        "stuck": sorted(stuck_use_cases(oracle, before)),
        "actions": actions,
        "states": len(depth),
    }
