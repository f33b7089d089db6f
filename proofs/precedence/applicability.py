"""The plans that the precedence engine decides; it refuses all others, and says which construct is the reason."""

from __future__ import annotations

from collections.abc import Iterator

from bac.model.aftermath import Possible
from bac.model.architecture import UseCase, Verb, Via
from bac.model.plan import Scope
from bac.model.recovery import OPTIONS, OnInvalid, Onto
from bac.model.setting import event_entities
from bac.proofs.engine import NotApplicable
from bac.proofs.precedence.backups import FIRST, Backups, Crash
from bac.proofs.precedence.cut import Cut
from bac.proofs.precedence.events import Events
from bac.proofs.precedence.formulas import bits, members

MODES = frozenset(
    {
        "independent",
        "atomic",
        "locked",
        "stopped",
        "shared-database",
        "markers",
        "continuous",
        "rebuilt",
        "none",
    }
)
"""The modes of backup that the engine knows."""
ALLOWED = frozenset(
    {
        "restore",
        "rollback",
        "broker",
        "replay",
        "resume",
        "on_invalid",
        "onto",
        "retry",
        "backfill",
        "reconstruct",
        "collect",
        "undo",
    }
)
"""The options of recovery that the engine knows; of some of them it refuses certain combinations."""
REFUSED = frozenset({"source"})
"""The options of recovery that the engine refuses."""


class Applicability:
    """The actions that recovery may take under a plan, and whether the engine covers them.

    ``redone`` and ``repeated`` are the blocks that recovery may execute, and those that it may execute again;
    ``returned`` are those that owners or people may bring back.
    """

    def __init__(self, events: Events, backups: Backups) -> None:
        """Find out what recovery may do."""
        self.events, self.backups = events, backups
        self.recovery = backups.recovery
        self.possible = Possible(events.setting)
        self.redone = self.repeated = self.returned = 0
        self.cut = Cut(events, backups, Crash(None, None), FIRST)
        for number, block in enumerate(events.blocks):
            case, steps = self.transaction(block)
            self.redone |= any(self.possible.redoes(case, step) for step in steps) << number
            self.repeated |= self.possible.repeats(case, steps) << number
            self.returned |= any(map(self.cut.may_return, members(block))) << number

    def transaction(self, block: int) -> tuple[UseCase, tuple]:  # type: ignore[type-arg]
        """The use case and the steps of a block."""
        events = list(members(block))
        case = self.events.architecture.use_cases[self.events.case[events[0]]]
        return case, tuple(self.events.steps[event] for event in events)

    def check(self) -> None:
        """Refuse what is not covered.

        Raises:
            NotApplicable: with the first reason.
        """
        for reason in self.reasons():
            raise NotApplicable(f"the precedence engine does not cover {reason}")

    def reasons(self) -> Iterator[str]:
        """The constructs that are not covered."""
        yield from self.unknown()
        any_set = self.events.setting.plan.disaster.scope is Scope.ANY
        if self.recovery.onto is Onto.EXISTING and any_set and any(w.bit_count() > 1 for w in self.backups.widened):
            yield "onto: existing with scope: any, where services are restored together"
        if self.events.setting.droppable:
            yield "on_invalid: reject with events about what can be deleted"
        if self.recovery.undo and any(map(self.may_stop_undoing, range(len(self.events.steps)))):
            yield "undo with missing state that is tolerated, of steps that speak of what other use cases create"
        for number in members(self.returned):
            yield from self.in_return(number)
        if self.redone or self.repeated:
            yield from self.in_recovery()

    def unknown(self) -> Iterator[str]:
        """Modes and options that the engine does not know, and options that it refuses."""
        for mode in sorted({mode.name for mode in self.backups.mode} - MODES):
            yield f"the mode {mode}"
        known = {option.name for option in OPTIONS} - ALLOWED - REFUSED
        for option in sorted(self.recovery.used & (known | REFUSED)):
            yield f"the option {'from' if option == 'source' else option}"

    def in_recovery(self) -> Iterator[str]:
        """The actions of recovery whose result depends on their order."""
        if any(block.bit_count() > 1 and not self.is_whole(block) for block in self.events.blocks):
            yield "parts of a transaction that are restored without the rest"
        if any(self.may_forget(number) for number in members(self.repeated) if self.events.is_once(number)):
            yield "steps that are not idempotent and may be done again, or not, as recovery goes"
        if self.recovery.on_invalid is OnInvalid.REJECT and any(self.rejects(each) for each in members(self.redone)):
            yield "on_invalid: reject with messages that recovery may drop"
        if any(self.races(deletion) for deletion in self.deletions()):
            yield "deletions that recovery may carry out before or after something that needs the entity"

    def may_stop_undoing(self, event: int) -> bool:
        """Whether undoing this event may leave its use case without a reason to undo the rest.

        A step that must not be missing is a reason to the end.
        """
        if not self.events.is_dispensable(event) or self.backups.external >> self.events.service[event] & 1:
            return False
        creations = (self.events.creation(entity) for entity in self.cut.spoken_of(event))
        return any(each != event and not self.stays_a_reason(each, event) for each in creations)

    def stays_a_reason(self, creation: int, event: int) -> bool:
        """Whether the use case of an event lacks a step for good if this creation is not in the log."""
        return self.events.case[creation] == self.events.case[event] and not self.events.is_dispensable(creation)

    def in_return(self, number: int) -> Iterator[str]:
        """The ways in which it depends on the order of recovery what an owner or a person brings back."""
        block = self.events.blocks[number]
        (event, *others) = members(block)
        step = self.events.steps[event]
        backfilled = self.cut.backfills(event)
        if others:
            yield "steps of a transaction that are brought back without the rest"
        if step.verb in (Verb.DELETE, Verb.UNLINK):
            yield "deletions that an owner takes back"
        if backfilled and (self.repeated >> number & 1 or self.cut.by_hand(event)):
            yield "steps that an owner takes back and that can also be done again"
        if backfilled and self.redone >> number & 1 and self.may_follow_a_return(event):
            yield "steps that an owner takes back or that go on, whichever comes first"
        removals = {each for link in self.cut.links_that_keep(event) for each in self.events.removals_of(link)}
        if any(self.may_append() >> removal & 1 for removal in removals):
            yield "links for whose sake state is brought back, and which recovery may remove"

    def may_follow_a_return(self, event: int) -> bool:
        """Whether recovery may execute a step because of something that was brought back before."""
        if self.recovery.retry and not self.events.predecessors[event]:
            return True
        seen, todo = set[int](), [event]
        while todo:
            each = todo.pop()
            asked = (self.events.creation(entity) for entity in self.cut.asked(each))
            new = {*self.events.predecessors[each], *asked} - seen
            seen |= new
            todo += new
        return any(self.returned >> self.events.block[each] & 1 for each in seen - {event})

    def may_forget(self, number: int) -> bool:
        """Whether it depends on the order of recovery if a step that is not idempotent is done again.

        A message may come again after the step was done; a caller may be given a record before it calls again.
        """
        block = self.events.blocks[number]
        case, steps = self.transaction(block)
        if self.returned >> number & 1:
            return True
        if steps[0].via is Via.EVENT:
            return self.possible.has_live(case, steps[0])
        later = self.events.later(number) if self.recovery.resume else 0
        records = (self.events.of_service[service] & later for service in self.cut.forgetful(number))
        return any(self.may_gain(event) for each in records for event in members(each))

    def may_gain(self, event: int) -> bool:
        """Whether recovery may add the event to its log."""
        return bool((self.redone | self.returned) >> self.events.block[event] & 1)

    def is_whole(self, block: int) -> bool:
        """Whether the services of a block are restored together."""
        return all(Cut(self.events, self.backups, crash, FIRST).is_whole(block) for crash in self.backups.crashes())

    def rejects(self, number: int) -> bool:
        """Whether a message to the first step of a block may be dropped."""
        case, steps = self.transaction(self.events.blocks[number])
        return self.possible.delivers(case, steps[0]) and any(True for _ in event_entities(steps[0]))

    # Deletions

    def may_append(self) -> int:
        """The events that recovery may append."""
        found = 0
        for number in members(self.redone):
            found |= self.events.blocks[number]
        return found

    def deletions(self) -> Iterator[int]:
        """The deletions of entities that recovery may carry out."""
        for event in members(self.may_append()):
            if self.events.steps[event].verb is Verb.DELETE:
                yield event

    def races(self, deletion: int) -> bool:
        """Whether recovery may execute a step that needs the entity before or after its deletion."""
        entity = self.events.steps[deletion].entity
        others = self.may_append() & ~self.events.blocks[self.events.block[deletion]]
        for event in members(others):
            step = self.events.steps[event]
            checked = step.via is Via.CALL or self.recovery.on_invalid is OnInvalid.REJECT
            if checked and entity in event_entities(step) and not self.precedes(event, deletion):
                return True
        return False

    def precedes(self, event: int, deletion: int) -> bool:
        """Whether recovery executes an event only before a deletion: the deletion waits for it."""
        between = self.events.ancestors(deletion)
        if not between >> event & 1:
            return False
        on_the_way = bits(e for e in members(between | 1 << deletion) if self.events.ancestors(e) >> event & 1)
        return not any(self.may_wait(each) for each in members(on_the_way))

    def may_wait(self, event: int) -> bool:
        """Whether a message to this event can be in the broker just after the disaster."""
        return any(
            self.possible.outlives(each)
            for each in self.events.setting.messages
            if each.event == self.events.names[event]
        )
