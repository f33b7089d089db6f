"""Whether every use case that a lock waits for can be completed: then a backup always can be.

A lock waits until each use case that it holds back has all its steps in the group behind it, or none.  A use case that
has a step there can go on if a deletion prevents nothing that its other steps there need, and if each lock that could
hold such a thing back does not wait itself, directly or not, for a use case that the first one holds back.  Then the
locks can be taken and released one after the other, each after those for which it waits: what is in flight under it is
completed first, which nothing holds back any more.  Where this is not certain, nothing is said.
"""

from __future__ import annotations

from bac.proofs.precedence.backups import Backups, LockedGroup
from bac.proofs.precedence.events import Events
from bac.proofs.precedence.formulas import members


def always_drains(events: Events, backups: Backups) -> bool:
    """Whether it is certain that no lock waits forever."""
    waiting: dict[int, set[int]] = {}
    for number, group in enumerate(backups.locked):
        found = waits_for(events, backups, group) if group.drained else set[int]()
        if found is None:
            return False
        waiting[number] = found
    return not has_cycle(waiting)


def waits_for(events: Events, backups: Backups, group: LockedGroup) -> set[int] | None:
    """Return the locks that may hold back what a lock waits for; ``None`` if that need not be possible at all."""
    found: set[int] = set()
    for (part,) in group.parts.values():
        for first in members(part):
            for last in members(part & ~(1 << first)):
                between = waits_between(events, backups, first, last)
                if between is None:
                    return None
                found |= between
    return found


def waits_between(events: Events, backups: Backups, first: int, last: int) -> set[int] | None:
    """Return the locks that may hold back what a step needs, once another one of its use case has happened.

    ``None`` is returned if it is not certain that the step can happen where nothing is locked.
    """
    done, wanted = events.closure[first], events.closure[last]
    if done is None:
        return set()
    if wanted is None:
        return None
    found: set[int] = set()
    for event in members(wanted & ~done):
        if events.forbids[events.block[event]]:
            return None
        found |= holding_back(events, backups.locked, event, done)
    return found


def holding_back(events: Events, locked: tuple[LockedGroup, ...], event: int, done: int) -> set[int]:
    """Return the locks that wait and can hold an event back where others happened."""
    return {
        number
        for number, group in enumerate(locked)
        for part in group.parts.get(events.case[event], ())
        if group.drained and part >> event & 1 and not part & done
    }


def has_cycle(waiting: dict[int, set[int]]) -> bool:
    """Whether some of these wait for each other, or for themselves."""
    left = dict(waiting)
    while ready := [number for number, others in left.items() if not others & left.keys()]:
        for number in ready:
            del left[number]
    return bool(left)
