"""A naive oracle: a second, deliberately simple reading of the semantics documented in docs/semantics.md.

It shares no code with the checker and tries nothing clever. A state is a frozenset of facts, a fact is a tuple such as
``("logged", use_case, step_number, index)``; ``Oracle.successors`` reads the rules one after the other, and ``judge``
searches everything breadth first, then looks at each settled state with the definitions of the properties. It is
slow, and meant to be held against the checker on small specifications.
"""

from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import combinations
from typing import Any

Fact = tuple[Any, ...]
State = frozenset[Fact]
Entity = tuple[str, str]  # (the name that is shown, what it is private to: "" unless it comes from `references`)
Link = tuple[Entity, Entity]  # (holder, target)
Event = tuple[str, int, int]  # (use case, step number, index)
Lengths = dict[str, dict[str, dict[str, int]]]  # kind -> subject -> timing -> length

RECOVERED: Fact = ("recovered",)
AT_REST: Fact = ("at_rest",)
DENIED: Fact = ("denied",)

GROUP_MODES = ("atomic", "locked", "shared-database", "markers")  # their recovery unit is the group


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

    def at(self, index: int) -> Event:
        """The event that this step appends at an index."""
        return (self.use_case, self.number, index)


@dataclass(frozen=True)
class Group:
    """Services that are backed up in one of the modes."""

    number: int
    mode: str
    services: tuple[str, ...]


def as_list(value: Any) -> list[Any]:
    """What stands where one name or a list of names may stand."""
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


def snapped(service: str) -> Fact:
    return ("snapped", service)


def locked(group: Group) -> Fact:
    return ("locked", group.number)


def assign(state: State, fact: Fact, value: bool) -> State:
    """``fact := value``."""
    return state | {fact} if value else state - {fact}


def read_use_cases(document: dict[str, Any]) -> dict[str, list[Step]]:
    """The steps of every use case, those of the `references` shorthand spelled out."""
    owner = {name: s for s, about in document["services"].items() for name in as_list((about or {}).get("owns"))}
    use_cases: dict[str, list[Step]] = {}
    for use_case, items in (document.get("use_cases") or {}).items():
        named = {item["name"]: number for number, item in enumerate(items, 1) if "name" in item}
        steps = []
        for number, item in enumerate(items, 1):
            verb = next(v for v in ("create", "link", "unlink", "update", "delete", "copy") if v in item)
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
        self.use_cases = read_use_cases(document)
        self.steps = [step for steps in self.use_cases.values() for step in steps]
        self.events = [(step, k) for step in self.steps for k in self.indices]
        self.step = {(step.use_case, step.number): step for step in self.steps}
        self.creator = {step.entity: step for step in self.steps if step.verb == "create"}
        self.deleters = {x: [s for s in self.steps if s.verb == "delete" and s.entity == x] for x in self.creator}
        self.maker = {link: step for step in self.steps for link in step.makes}
        self.unmakers = {link: [s for s in self.steps if link in s.unmakes] for link in self.maker}
        tolerates = {both_ends(reference) for reference in document.get("tolerates") or []}
        self.tolerated = {link for link in self.maker if (link[0][0], link[1][0]) in tolerates}

        chosen: dict[str, Any] = {}
        if plan != "independent":
            chosen = document["plans"][plan] or {}
        self.groups: list[Group] = []
        for number, about in enumerate(chosen.get("groups") or []):
            members = self.services if about["services"] == "all" else as_list(about["services"])
            self.groups.append(Group(number, about["mode"], tuple(members)))
        self.group = {service: group for group in self.groups for service in group.services}
        self.mode = {s: self.group[s].mode if s in self.group else "independent" for s in self.services}
        self.order: list[str] = as_list(chosen.get("order"))
        recovery = chosen.get("recovery") or {}
        self.restore: str = recovery.get("restore", "group")
        self.rollback: str = recovery.get("rollback", "none")
        self.broker: str = recovery.get("broker", "lost")
        self.replay: bool = recovery.get("replay", False)
        self.resume: bool = recovery.get("resume", False)
        self.on_invalid: str = recovery.get("on_invalid", "accept")
        disaster = chosen.get("disaster") or {}
        self.scope: Any = disaster.get("scope", "whole")
        self.timing: str = disaster.get("timing", "any-time")
        self.transactions = list(self.find_transactions())

    # Words about a state

    def exists(self, state: State, entity: Entity, k: int) -> bool:
        """It was created and not deleted."""
        return logged(self.creator[entity].at(k)) in state and not any(
            logged(step.at(k)) in state for step in self.deleters[entity]
        )

    def holds(self, state: State, link: Link, k: int) -> bool:
        """It was created, not unlinked, and its holder exists."""
        return (
            logged(self.maker[link].at(k)) in state
            and not any(logged(step.at(k)) in state for step in self.unmakers[link])
            and self.exists(state, link[0], k)
        )

    def all_or_none(self, state: State, steps: Iterable[Step], k: int) -> bool:
        """Either all of these steps are logged at this index, or none is."""
        return len({logged(step.at(k)) in state for step in steps}) <= 1

    def nothing_in_flight(self, state: State) -> bool:
        """Of each use case and index, all steps are logged or none."""
        return all(self.all_or_none(state, steps, k) for steps in self.use_cases.values() for k in self.indices)

    def predecessors(self, step: Step) -> list[Step]:
        """The steps that come right before this one."""
        return [self.step[step.use_case, number] for number in step.after]

    def followers(self, step: Step) -> list[Step]:
        """The steps that come right after this one."""
        return [other for other in self.use_cases[step.use_case] if step.number in other.after]

    def message(self, p: Step, e: Step, k: int) -> Fact:
        """The fact that the message by which p triggers e waits in the broker."""
        return ("pending", p.use_case, p.number, e.number, k)

    def messages(self, step: Step, k: int) -> set[Fact]:
        """The messages that an event step needs, and consumes."""
        return {self.message(p, step, k) for p in self.predecessors(step)} if step.via == "event" else set()

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

    def can_run(self, state: State, step: Step, k: int) -> bool:
        """Everything that the step requires, apart from locks."""
        if logged(step.at(k)) in state:
            return False
        if not all(logged(p.at(k)) in state for p in self.predecessors(step)):
            return False
        if not self.messages(step, k) <= state:
            return False
        for _, target in step.makes:
            if self.creator[target].use_case != step.use_case and not self.exists(state, target, k):
                return False
        if step.verb in ("update", "delete", "copy", "link"):
            omitted_actions = self.creator[step.entity].use_case != step.use_case
            if omitted_actions and not self.exists(state, step.entity, k):
                return False
        for link in step.unmakes:
            omitted_actions = link in self.maker and self.maker[link].use_case != step.use_case
            if omitted_actions and not self.holds(state, link, k):
                return False
        return not self.marker_comes_first(state, step, k)

    def marker_comes_first(self, state: State, step: Step, k: int) -> bool:
        """The message was sent after the sender's snapshot, and the receiver has not seen the marker yet."""
        if step.via != "event" or self.mode[step.service] != "markers":
            return False
        return any(
            p.service != step.service
            and p.service in self.group[step.service].services
            and snapped(p.service) in state
            and backed(p.at(k)) not in state
            and snapped(step.service) not in state
            for p in self.predecessors(step)
        )

    def held_back(self, state: State, step: Step, k: int) -> bool:
        """A lock keeps the step out, because its use case has not begun inside the group."""
        if self.mode[step.service] != "locked":
            return False
        group = self.group[step.service]
        admitted = any(
            logged(other.at(k)) in state for other in self.use_cases[step.use_case] if other.service in group.services
        )
        return locked(group) in state and not admitted

    def append(self, state: State, step: Step, k: int) -> State:
        """The state after a step."""
        state = (state - self.messages(step, k)) | {logged(step.at(k))}
        state |= {self.message(step, f, k) for f in self.followers(step) if f.via == "event"}
        if self.mode[step.service] == "continuous":
            state |= {backed(step.at(k))}
        return state

    def commands(self, state: State) -> Iterator[tuple[str, State]]:
        """What clients, services and the broker can do: steps, and commands denied."""
        for transaction in self.transactions:
            for k in self.indices:
                after = state
                for step in transaction:
                    if not self.can_run(after, step, k):
                        break
                    if self.held_back(after, step, k):
                        if step.via == "call":
                            yield f"deny {step.at(k)}", state | {DENIED}
                        break
                    after = self.append(after, step, k)
                else:
                    yield f"step {[step.at(k) for step in transaction]}", after

    # Backups

    def snapshot(self, state: State, services: Iterable[str]) -> State:
        """The state after these services are copied at one instant."""
        after = state
        if self.rollback == "oldest" and not any(snapped(s) in state for s in self.services):
            for step, k in self.events:
                after = assign(after, oldest(step.at(k)), logged(step.at(k)) in state)
        for service in services:
            for step, k in self.events:
                if step.service == service:
                    after = assign(after, backed(step.at(k)), logged(step.at(k)) in state)
            after |= {snapped(service)}
        return after

    def snapshots(self, state: State) -> Iterator[tuple[str, State]]:
        """What the backup can do: snapshots, locks taken and released."""
        for service in self.services:
            if snapped(service) in state:
                continue
            if self.mode[service] == "independent":
                before = self.order[: self.order.index(service)] if service in self.order else []
                if all(snapped(s) in state for s in before):
                    yield f"snapshot {service}", self.snapshot(state, [service])
            if self.mode[service] == "markers":
                yield f"snapshot {service}", self.snapshot(state, [service])
            if self.mode[service] == "locked":
                group = self.group[service]
                inside = [[step for step in steps if step.service in group.services] for steps in self.steps_by_case()]
                drained = all(self.all_or_none(state, steps, k) for steps in inside for k in self.indices)
                if locked(group) in state and drained:
                    yield f"snapshot {service}", self.snapshot(state, [service])
        for group in self.groups:
            snapped_ones = [s for s in group.services if snapped(s) in state]
            if group.mode in ("atomic", "shared-database") and not snapped_ones:
                yield f"snapshot {group.services}", self.snapshot(state, group.services)
            if group.mode == "locked":
                if locked(group) not in state and not snapped_ones:
                    yield f"lock {group.services}", state | {locked(group)}
                if locked(group) in state and len(snapped_ones) == len(group.services):
                    yield f"unlock {group.services}", state - {locked(group)}

    def steps_by_case(self) -> list[list[Step]]:
        """The steps of each use case."""
        return list(self.use_cases.values())

    def all_backed_up(self, state: State) -> bool:
        """Every service is snapped or continuous."""
        return all(self.mode[s] == "continuous" or snapped(s) in state for s in self.services)

    # The disaster

    def crash_sets(self) -> list[set[str]]:
        """The sets of services that may crash together."""
        if self.scope == "whole":
            return [set(self.services)]
        if self.scope == "any":
            sizes = range(1, len(self.services) + 1)
            return [set(chosen) for size in sizes for chosen in combinations(self.services, size)]
        return [set(crashed) for crashed in self.scope]

    def restored(self, crashed: set[str]) -> set[str]:
        """The services that are restored when these crash."""
        services = set(crashed)
        if self.restore == "group":
            for s in crashed:
                if self.mode[s] in GROUP_MODES:
                    services |= set(self.group[s].services)
        return services

    def disasters(self, state: State) -> Iterator[tuple[str, State]]:
        """The disasters that can happen now."""
        for crashed in self.crash_sets():
            services = self.restored(crashed)
            if any(self.mode[s] == "none" for s in services):
                continue
            needed = set(self.services) if self.rollback == "oldest" else services
            if not all(snapped(s) in state for s in needed if self.mode[s] != "continuous"):
                continue
            after = frozenset(fact for fact in state if fact[0] != "locked")
            if self.broker != "survives":
                after = frozenset(fact for fact in after if fact[0] != "pending")
            for step, k in self.events:
                event = step.at(k)
                if self.rollback == "oldest":
                    after = assign(after, logged(event), oldest(event) in state)
                elif step.service in services:
                    after = assign(after, logged(event), backed(event) in state)
            for group in self.groups:
                if group.mode == "markers" and set(group.services) <= services:
                    after = self.restore_channels(after, group)
            after |= {RECOVERED}
            if self.timing != "at-rest":
                yield f"disaster {sorted(crashed)}", after
            if self.nothing_in_flight(state):
                yield f"disaster {sorted(crashed)} at rest", after | {AT_REST}

    def restore_channels(self, state: State, group: Group) -> State:
        """The messages inside a group, as its distributed snapshot recorded them."""
        for step, k in self.events:
            for p in self.predecessors(step):
                if step.via == "event" and step.service in group.services and p.service in group.services:
                    state = assign(state, self.message(p, step, k), backed(p.at(k)) in state)
        return state

    # Recovery

    def qualifies(self, state: State, step: Step, k: int) -> bool:
        """What the log so far has to contain for recovery to append the event."""
        if self.on_invalid == "accept":
            return True
        needed = [target for _, target in step.makes]
        if step.verb != "create":
            needed.append(step.entity)
        return all(self.exists(state, entity, k) for entity in needed)

    def recoveries(self, state: State) -> Iterator[tuple[str, State]]:
        """What recovery can still do; nothing, if the state is settled."""
        for step, k in self.events:
            event = step.at(k)
            if logged(event) in state:
                continue
            messages = self.messages(step, k)
            waits = step.via == "event" and messages <= state
            began = bool(step.after) and all(logged(p.at(k)) in state for p in self.predecessors(step))
            after = (state - messages) | {logged(event)}
            if not self.qualifies(state, step, k):
                if waits:
                    yield f"drop {event}", state - messages
                continue
            if waits:
                yield f"deliver {event}", after
            if self.replay and step.via == "event" and began:
                yield f"replay {event}", after
            if self.resume and step.via == "call" and began:
                yield f"resume {event}", after

    # All together

    def successors(self, state: State) -> Iterator[tuple[str, State]]:
        """Everything that can happen in a state, and the state after it."""
        if RECOVERED in state:
            yield from self.recoveries(state)
        else:
            yield from self.commands(state)
            yield from self.snapshots(state)
            yield from self.disasters(state)

    def anomalies(self, cut: State) -> Iterator[tuple[str, str, bool]]:
        """The kind and subject of each anomaly of a settled state, and whether it is tolerated."""
        for k in self.indices:
            explained: set[Step] = set()
            for link in self.maker:
                target = link[1]
                if self.holds(cut, link, k) and not self.exists(cut, target, k):
                    explained.add(self.creator[target])
                    yield "broken-link", shown(link), link in self.tolerated
            for entity, creator in self.creator.items():
                links = [link for link in self.maker if link[1] == entity]
                siblings = [self.maker[link] for link in links if self.maker[link].use_case == creator.use_case]
                if self.exists(cut, entity, k) and siblings and not any(self.holds(cut, link, k) for link in links):
                    explained |= set(siblings)
                    yield "orphan-state", entity[0], all(link in self.tolerated for link in links)
            for steps in self.use_cases.values():
                begun = any(logged(step.at(k)) in cut for step in steps)
                for step in steps:
                    if begun and logged(step.at(k)) not in cut and step not in explained:
                        yield "missing-state", f"{step.use_case}.{step.number}", False

    def loses_backed_events(self, cut: State) -> bool:
        """Some event that is in a backup is not in the cut."""
        return any(backed(step.at(k)) in cut and logged(step.at(k)) not in cut for step, k in self.events)


def can_reach(goals: set[State], before: dict[State, set[State]]) -> set[State]:
    """The states from which some goal can be reached; `before` has the predecessors of each state."""
    reaching, todo = set(goals), list(goals)
    while todo:
        for state in before[todo.pop()] - reaching:
            reaching.add(state)
            todo.append(state)
    return reaching


def judge(document: dict[str, Any], plan: str, instances: int = 1, max_states: int = 200_000) -> dict[str, Any]:
    """The verdicts on a specification under a plan, with the shortest length of what violates it."""
    oracle = Oracle(document, plan, instances)
    start: State = frozenset()
    depth: dict[State, int] = {start: 0}
    before: dict[State, set[State]] = {start: set()}  # of states before the disaster only
    found: dict[bool, Lengths] = {True: {}, False: {}}  # by whether it is tolerated
    denied: int | None = None
    loss: int | None = None

    queue = deque([start])
    while queue:
        state = queue.popleft()
        length = depth[state]
        settled = RECOVERED in state
        for _, after in oracle.successors(state):
            settled = False
            if after not in depth:
                depth[after] = length + 1
                queue.append(after)
                if len(depth) > max_states:
                    raise TooBig(f"more than {max_states} states")
            if RECOVERED not in after:
                before.setdefault(after, set()).add(state)
        if DENIED in state and denied is None:
            denied = length
        if settled:
            timing = "at-rest" if AT_REST in state else "any-time"
            for kind, subject, tolerated in oracle.anomalies(state):  # breadth first: the first time is the shortest
                found[tolerated].setdefault(kind, {}).setdefault(subject, {}).setdefault(timing, length)
            if loss is None and oracle.loses_backed_events(state):
                loss = length

    goals = {state for state in before if oracle.all_backed_up(state)}
    causes: dict[tuple[str, str], str] = {}
    for tolerated in (True, False):  # one that is not tolerated speaks for its namesake that is
        for kind, subjects in found[tolerated].items():
            for subject, lengths in subjects.items():
                causes[kind, subject] = "backup" if "at-rest" in lengths else "in-flight"
    return {
        "anomalies": found[False],
        "tolerated": found[True],
        "causes": causes,
        "denied": denied,
        "loss": loss,
        "backup": can_reach(goals, before) == set(before),
        "states": len(depth),
    }
