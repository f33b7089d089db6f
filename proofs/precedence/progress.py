"""Whether every use case that a lock waits for can be completed, whatever is locked: then a backup always can be.

A lock waits until each use case that it holds back has all its steps in the group behind it, or none.  A use case that
has a step there can go on if what its other steps there need is nothing that a lock could hold back, or a deletion
prevent.  Where this is not certain, nothing is said.
"""

from __future__ import annotations

from bac.proofs.precedence.backups import Backups, LockedGroup
from bac.proofs.precedence.events import Events
from bac.proofs.precedence.formulas import members


def always_drains(events: Events, backups: Backups) -> bool:
    """Whether it is certain that no lock waits forever."""
    return all(
        can_go_on(events, backups, first, last)
        for group in backups.locked
        if group.drained
        for (part,) in group.parts.values()
        for first in members(part)
        for last in members(part & ~(1 << first))
    )


def can_go_on(events: Events, backups: Backups, first: int, last: int) -> bool:
    """Whether a step can certainly happen once another one of its use case has, whatever is locked."""
    done, wanted = events.closure[first], events.closure[last]
    if done is None:
        return True
    if wanted is None:
        return False
    return all(
        not events.forbids[events.block[event]] and is_admitted(events, backups.locked, event, done)
        for event in members(wanted & ~done)
    )


def is_admitted(events: Events, locked: tuple[LockedGroup, ...], event: int, done: int) -> bool:
    """Whether no lock that waits can hold an event back where others happened."""
    for group in locked:
        for part in group.parts.get(events.case[event], ()):
            if group.drained and part >> event & 1 and not part & done:
                return False
    return True
