"""Faults that are planted into the precedence engine, one in each construct, are seen by the differential test."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from campaign import DIFFERENT, Campaign

from bac.model.architecture import Verb
from bac.model.errors import Contradiction
from bac.proofs.precedence import engine
from bac.proofs.precedence.applicability import Applicability
from bac.proofs.precedence.backups import FIRST, Backups, LockedGroup
from bac.proofs.precedence.cut import Cut
from bac.proofs.precedence.events import Events
from bac.proofs.precedence.formulas import Formula, members
from bac.proofs.precedence.placement import Placement
from bac.proofs.precedence.search import Search

FIRST_SEED, MANY = 6_000_000, 6000
CAMPAIGN = Campaign("precedence", "explicit", easier=True)

Faulty = Callable[..., Any]


def always(result: object) -> Faulty:
    """A method that returns this, whatever it is called with."""
    return lambda *_: result


def as_drained(group: Callable[[Backups, str], LockedGroup]) -> Faulty:
    """Every lock waits until nothing is in flight."""

    def faulty(backups: Backups, name: str) -> LockedGroup:
        found = group(backups, name)
        return replace(found, drained=True, parts={case: (sum(parts),) for case, parts in found.parts.items()})

    return faulty


def holding_all(group: Callable[[Backups, str], LockedGroup]) -> Faulty:
    """A lock holds back use cases that it does not name."""

    def faulty(backups: Backups, name: str) -> LockedGroup:
        found = group(backups, name)
        inside = sum(backups.events.of_service[service] for service in members(found.services))
        parts = {case: (events & inside,) for case, events in enumerate(backups.events.cases) if events & inside}
        return replace(found, parts=parts) if found.drained else found

    return faulty


def alone(events: Events) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Each event is a block of its own."""
    numbers = range(len(events.steps))
    return tuple(numbers), tuple(1 << number for number in numbers)


def one_more(still_to_pay: Callable[[Search, Any], int]) -> Faulty:
    """The rest to pay is never too little, but sometimes too much."""
    return lambda search, node: 2 * still_to_pay(search, node)


def in_broker(cut: Cut, sender: int, event: int) -> Formula:
    """No snapshot records a message."""
    return cut.in_broker(sender, event)


def by_hand(cut: Cut, event: int) -> bool:
    """People create again even what is scarce."""
    step = cut.events.steps[event]
    return step.verb is Verb.CREATE and step.entity.name in cut.recovery.reconstruct


FAULTS: dict[str, tuple[object, str, Faulty]] = {
    "markers order nothing": (Placement, "_marked", always(False)),
    "markers record nothing": (Cut, "waiting", in_broker),
    "locks drain nothing": (Placement, "is_divisible", always(False)),
    "locks hold every use case back": (Backups, "_locked_group", holding_all(Backups._locked_group)),
    "stopped services are drained": (Backups, "_locked_group", as_drained(Backups._locked_group)),
    "the order of snapshots costs nothing": (Backups, "with_earlier", lambda _, services: services),
    "any snapshot can be the first": (Backups, "firsts", always([FIRST])),
    "a transaction is several actions": (Events, "_blocks", alone),
    "deletions come at any time": (Events, "come_before", property(always({}))),
    "a log is never kept": (Cut, "kept_log", always(False)),
    "the backup of the broker is free": (Backups, "has_broker_backup", False),
    "live steps send nothing": (Cut, "pending", lambda cut, sender, event: cut.waiting(sender, event)),
    "what is done twice is no duplicate": (Cut, "twice", always(False)),
    "what is scarce is created again": (Cut, "by_hand", by_hand),
    "every call is resumed": (Cut, "called", always(True)),
    "nobody tries again": (Cut, "retried", always(False)),
    "no call is repeated": (Cut, "repeated", always(False)),
    "nothing is validated": (Cut, "valid", always(())),
    "copies give nothing back": (Cut, "copies", always([])),
    "links give nothing back": (Cut, "links_that_keep", always([])),
    "nothing is undone": (Cut, "undone", always(False)),
    "nothing is collected": (Cut, "collected", always(False)),
    "a use case at rest may be in flight": (Events, "at_rest", property(lambda events: events.closure)),
    "a bound is too high": (Search, "still_to_pay", one_more(Search.still_to_pay)),
    "nothing is held back": (engine, "held_back", always([])),
    "races of deletions are accepted": (Applicability, "races", always(False)),
    "drops are accepted": (Applicability, "rejects", always(False)),
}

SOON = (
    "every call is resumed",
    "nothing is validated",
    "nothing is undone",
    "nothing is collected",
    "a log is never kept",
)
"""Faults that a few plans show."""


def is_seen(fault: str, seeds: range, monkeypatch: pytest.MonkeyPatch) -> bool:
    """Whether the engine with a fault differs from the search of all states, or the interpreter from the engine."""
    monkeypatch.setattr(*FAULTS[fault])
    for seed in seeds:
        try:
            if CAMPAIGN.outcome(CAMPAIGN.document(seed)) == DIFFERENT:
                return True
        except Contradiction:
            return True
    return False


@pytest.mark.parametrize("fault", SOON)
def test_a_fault_is_seen_soon(fault: str, monkeypatch: pytest.MonkeyPatch) -> None:
    assert is_seen(fault, range(FIRST_SEED, FIRST_SEED + 60), monkeypatch)


@pytest.mark.slow
@pytest.mark.parametrize("fault", FAULTS)
def test_every_fault_is_seen(fault: str, monkeypatch: pytest.MonkeyPatch) -> None:
    assert is_seen(fault, range(FIRST_SEED, FIRST_SEED + MANY), monkeypatch)
