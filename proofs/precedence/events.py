"""Events, what each needs before it, and what must not have been before it.

Sets of events are integers, one bit for each.  Steps that one shared database executes together are a *block*: one
action.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cached_property

from bac.model.architecture import Entity, Link, Step, UseCase, Verb, Via
from bac.model.recovery import OnInvalid
from bac.model.setting import Setting, step_entities
from bac.model.system import Event
from bac.proofs.precedence.formulas import bits, members


class Events:
    """The events of one index of an architecture under a plan, by number, in the order of the file."""

    def __init__(self, setting: Setting) -> None:
        """Number the events, and find what each needs."""
        self.setting, self.architecture = setting, setting.architecture
        self.names = tuple(event for event, _, _ in setting.occurrences)
        self.number = {event: number for number, event in enumerate(self.names)}
        self.steps = tuple(step for _, _, step in setting.occurrences)
        places = {service.name: number for number, service in enumerate(self.architecture.services)}
        self.service = tuple(places[step.service] for step in self.steps)
        self.case, self.cases = self._use_cases()
        self.predecessors = tuple(
            tuple(self.number[Event(event.use_case, number, 1)] for number in step.predecessors)
            for event, step in zip(self.names, self.steps, strict=True)
        )
        self.block, self.blocks = self._blocks()
        self.heads = bits(min(members(block)) for block in self.blocks)
        self._in_services: dict[int, int] = {}
        self.needs, self.forbids, self.impossible = self._guards()
        self.closure = self._closures()

    def _use_cases(self) -> tuple[tuple[int, ...], tuple[int, ...]]:
        """For each event the number of its use case, and for each use case its events."""
        case, cases = list[int](), list[int]()
        for number, use_case in enumerate(self.architecture.use_cases):
            cases.append(bits(range(len(case), len(case) + len(use_case.steps))))
            case += [number] * len(use_case.steps)
        return tuple(case), tuple(cases)

    def _blocks(self) -> tuple[tuple[int, ...], tuple[int, ...]]:
        """For each event the number of its block, and for each block its events."""
        block, blocks = list[int](), list[int]()
        for use_case in self.architecture.use_cases:
            for steps in self.setting.transactions(use_case):
                blocks.append(bits(range(len(block), len(block) + len(steps))))
                block += [len(blocks) - 1] * len(steps)
        return tuple(block), tuple(blocks)

    def of(self, case: UseCase, step: Step) -> int:
        """The number of the event of a step."""
        return self.number[Event(case.name, step.number, 1)]

    def creation(self, entity: Entity) -> int:
        """The event that creates an entity."""
        return self.of(*self.architecture.creators[entity])

    @cached_property
    def removals(self) -> dict[object, tuple[int, ...]]:
        """The events that delete an entity, or remove a link."""
        return {
            what: tuple(self.of(case, step) for case, step in places)
            for what, places in self.architecture.removals.items()
        }

    def removals_of(self, link: Link) -> list[int]:
        """The events that remove a link, or delete its holder."""
        return [*self.removals.get(link, ()), *self.removals.get(link.holder, ())]

    def is_dispensable(self, event: int) -> bool:
        """Whether it is tolerated that the event is missing."""
        return (self.names[event].use_case, self.names[event].step) in self.architecture.tolerance.missing_state

    # Guards

    def guard(self, event: int) -> tuple[set[int], set[int]]:
        """The events that must have happened before this one, and those that must not."""
        step, home = self.steps[event], self.case[event]
        needs, forbids = set(self.predecessors[event]), set[int]()
        for entity in step_entities(step):
            if self.case[self.creation(entity)] != home:
                needs.add(self.creation(entity))
                forbids.update(self.removals.get(entity, ()))
        link = step.unlinks
        if link is not None:
            making = self.of(*self.architecture.links[link])
            if self.case[making] != home:
                needs.add(making)
                forbids.update(self.removals.get(link, ()), self.removals.get(link.holder, ()))
                if self.checks(step):
                    needs.add(self.creation(link.holder))
        return needs, forbids if self.checks(step) else set()

    def checks(self, step: Step) -> bool:
        """Whether the step waits until what it needs is there, and does not happen without it."""
        return step.via is Via.CALL or self.setting.plan.recovery.on_invalid is OnInvalid.REJECT

    def _guards(self) -> tuple[list[set[int]], list[set[int]], set[int]]:
        """For each block what it needs and forbids, and the blocks that rule themselves out."""
        needs, forbids, impossible = list[set[int]](), list[set[int]](), set[int]()
        for number, block in enumerate(self.blocks):
            needed, forbidden, done = set[int](), set[int](), 0
            for event in members(block):
                mine, against = self.guard(event)
                if any(done >> other & 1 for other in against):
                    impossible.add(number)
                needed |= {other for other in mine if not done >> other & 1}
                forbidden |= against
                done |= 1 << event
            if any(block >> other & 1 for other in needed):
                impossible.add(number)
            needs.append(needed)
            forbids.append({other for other in forbidden if not block >> other & 1})
        return needs, forbids, impossible

    # Closures

    @cached_property
    def before(self) -> list[set[int]]:
        """For each block the blocks that it needs."""
        return [{self.block[event] for event in needs} for needs in self.needs]

    def _closures(self) -> list[int | None]:
        """For each event all that must happen if it does, itself included; ``None`` if it cannot happen."""
        count = len(self.blocks)
        after: list[list[int]] = [[] for _ in range(count)]
        for block in range(count):
            for earlier in self.before[block]:
                after[earlier].append(block)
        left = [len(earlier) for earlier in self.before]
        closure: list[int | None] = [None] * count
        todo = [block for block in range(count) if not left[block] and block not in self.impossible]
        while todo:
            block = todo.pop()
            closure[block] = self.blocks[block] | self._union(closure, self.before[block])
            for later in after[block]:
                left[later] -= 1
                if not left[later] and later not in self.impossible:
                    todo.append(later)
        return [closure[block] for block in self.block]

    @staticmethod
    def _union(closure: list[int | None], blocks: Iterable[int]) -> int:
        found = 0
        for block in blocks:
            found |= closure[block] or 0
        return found

    @cached_property
    def at_rest(self) -> list[int | None]:
        """For each event all that must have happened if it has, and no use case is in flight."""
        done: dict[int, int | None] = {}
        for case in range(len(self.cases)):
            done[case] = self._whole(case, done)
        return [done[case] for case in self.case]

    def _whole(self, case: int, done: dict[int, int | None]) -> int | None:
        """The events of a use case, and of all use cases that it needs; ``None`` if one cannot be completed."""
        seen, todo, found = {case}, [case], 0
        while todo:
            each = todo.pop()
            if each in done:
                whole = done[each]
                if whole is None:
                    return None
                found |= whole
                continue
            if any(self.closure[event] is None for event in members(self.cases[each])):
                return None
            found |= self.cases[each]
            new = self.needed_cases[each] - seen
            seen |= new
            todo += new
        return found

    @cached_property
    def needed_cases(self) -> list[set[int]]:
        """For each use case those whose events its own need."""
        return [
            {self.case[other] for event in members(events) for other in self.needs[self.block[event]]}
            for events in self.cases
        ]

    # Deletions

    @cached_property
    def come_before(self) -> dict[int, int]:
        """For each block that deletes or removes something, the events that come before it if both happen."""
        table: dict[int, int] = {}
        for block, forbidden in enumerate(self.forbids):
            for event in forbidden:
                table[self.block[event]] = table.get(self.block[event], 0) | self.blocks[block]
        return table

    @cached_property
    def deleting(self) -> int:
        """The events of those blocks."""
        found = 0
        for block in self.come_before:
            found |= self.blocks[block]
        return found

    def order_of(self, happened: int) -> dict[int, set[int]] | None:
        """For each block that happened those that must come before it; ``None`` if that is a cycle."""
        blocks = {self.block[event] for event in members(happened)}
        before = {block: set(self.before[block]) for block in blocks}
        for block in blocks & self.come_before.keys():
            before[block] |= {self.block[event] for event in members(self.come_before[block] & happened)}
        return before if acyclic(before) else None

    def postponed(self, happened: int) -> int | None:
        """The events that must come after others that happened, without needing them; ``None`` if that is a cycle."""
        found = 0
        for event in members(happened & self.deleting):
            if self.come_before[self.block[event]] & happened:
                found |= 1 << event
        return None if found and self.order_of(happened) is None else found

    def downwards(self, mask: int, happened: int, postponed: int) -> int:
        """Some events, and all that came before them in every run in which just ``happened`` happened."""
        found = 0
        if not postponed:
            for event in members(mask):
                found |= self.closure[event] or 0
            return found
        todo = mask
        while todo:
            new = (self.closure[(todo & -todo).bit_length() - 1] or 0) & ~found
            found |= new
            for block in {self.block[event] for event in members(new & postponed)}:
                todo |= self.come_before[block] & happened
            todo &= ~found
        return found

    # By use case and service

    def followers(self, event: int) -> list[int]:
        """The events of the same use case that come right after this one."""
        return [other for other in members(self.cases[self.case[event]]) if event in self.predecessors[other]]

    def is_once(self, block: int) -> bool:
        """Whether a step of a block is not idempotent."""
        return any(self.steps[event].once for event in members(self.blocks[block]))

    def later(self, block: int) -> int:
        """The events of the same use case that come after those of a block, directly or not."""
        first = min(members(self.blocks[block]))
        others = self.cases[self.case[first]] & ~self.blocks[block]
        return bits(event for event in members(others) if self.ancestors(event) & self.blocks[block])

    def ancestors(self, event: int) -> int:
        """The events of the same use case that come before this one, directly or not."""
        found = 0
        for earlier in self.predecessors[event]:
            found |= 1 << earlier | self.ancestors(earlier)
        return found

    @cached_property
    def of_service(self) -> list[int]:
        """The events of each service."""
        table = [0] * len(self.architecture.services)
        for event, service in enumerate(self.service):
            table[service] |= 1 << event
        return table

    def in_services(self, services: int) -> int:
        """The events of some services."""
        if services not in self._in_services:
            found = 0
            for service in members(services):
                found |= self.of_service[service]
            self._in_services[services] = found
        return self._in_services[services]

    def is_creation(self, event: int) -> bool:
        """Whether the event creates its entity."""
        return self.steps[event].verb is Verb.CREATE


def acyclic(before: dict[int, set[int]]) -> bool:
    """Whether a relation, given by the predecessors of each element, has no cycle."""
    after: dict[int, list[int]] = {each: [] for each in before}
    for each, earlier in before.items():
        for other in earlier:
            after[other].append(each)
    left = {each: len(earlier) for each, earlier in before.items()}
    todo = [each for each, count in left.items() if not count]
    done = 0
    while todo:
        each = todo.pop()
        done += 1
        for later in after[each]:
            left[later] -= 1
            if not left[later]:
                todo.append(later)
    return done == len(before)
