"""Slicing: the facts on which a query depends, and the actions that write them.

A solver never sees the rest.  Source: docs/semantics.md, "Facts and actions".
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from bac.model.system import Action, Fact, System


def relevant(system: System, facts: Iterable[Fact]) -> System:
    """Return the slice of the system for these facts: the facts on which they depend, and the actions that write those.

    The runs of the slice are the runs of the system without the actions that were left out, and agree on the facts that
    are kept, because kept actions read kept facts only.  So both systems reach the same valuations of these facts; a
    shortest run of the slice to one is a shortest run of the system; and an inductive invariant of the slice is one of
    the system.
    """
    matters, kept = set(facts), set[int]()
    changed = True
    while changed:
        changed = False
        for number, action in enumerate(system.actions):
            if number not in kept and not matters.isdisjoint(action.written):
                kept.add(number)
                matters |= action.read
                changed = True
    actions = (restricted(action, matters) for number, action in enumerate(system.actions) if number in kept)
    return System(tuple(fact for fact in system.facts if fact in matters), tuple(actions))


def restricted(action: Action, facts: set[Fact]) -> Action:
    """Return the action, which writes these facts only."""
    copy = tuple(pair for pair in action.copy if pair[1] in facts)
    return replace(action, add=action.add & facts, delete=action.delete & facts, copy=copy)
