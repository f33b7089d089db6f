"""A system as tables of 64-bit words, and the functions that say of a state what can happen, and what comes of it.

A state is ``width`` words, fact i bit i mod 64 of word i / 64.  Moves come first, then disasters, then recovery; sets
of moves are words, too, as many as those of a state.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import accumulate, pairwise
from typing import NamedTuple

import numpy as np

from bac.proofs.explicit.compiled.applicability import Moves, Parts, copied
from bac.proofs.explicit.compiled.compiling import Index, Numbers, Width, Words, inlined
from bac.proofs.packing import PackedAction, Packing

WORD = 64
ONES = (1 << WORD) - 1


MOVES, DISASTERS, RECOVERY, CLAUSES, COPIES, COPY_WORDS, WAKE, TOUCHES, HEAD = range(9)
"""The first numbers of a layout: how many actions of each lot there are, and where tables begin.

``CLAUSES`` and ``COPIES`` begin among the masks, the others in the layout.
"""
FIRST_CLAUSE, LAST_CLAUSE, FIRST_COPY, LAST_COPY, FIRST_WAKE, LAST_WAKE, SPANS = range(7)
"""The numbers of an action in the layout: where what belongs to it begins and ends in each table."""
REQUIRE, FORBID, KEEP, ADD, DROP, INDEPENDENT, MASKS = range(7)
"""The masks of an action.  After a move, those to drop are certainly not possible, or have to be asked anew."""


class Machine(NamedTuple):
    """A system, as numbers and masks; few arrays, as compiled code counts references to each of them.

    The layout has its head, the spans of each action, for each copy the words that it takes from and puts to, the moves
    to wake after each move (those that have to be asked anew), and for each move and disaster whether the move can
    change whether the disaster can happen, or where it leads.  The masks are those of each action, then of each clause
    what is positive and what is negative in it, then of each copy its mask and how far it shifts to the left and to the
    right.
    """

    layout: Numbers
    masks: Words


def width_of(packing: Packing, moves: int) -> int:
    """How many words a state takes, and a set of moves."""
    return max(1, -(-len(packing.system.facts) // WORD), -(-moves // WORD))


def words(numbers: Iterable[int], width: int) -> Words:
    """The words of integers, the lowest first."""
    return np.array([number >> WORD * w & ONES for number in numbers for w in range(width)], dtype=np.uint64)


def integer(state: Iterable[int]) -> int:
    """The integer of words, the lowest first."""
    return sum(int(word) << WORD * w for w, word in enumerate(state))


def spans(rows: Sequence[Sequence[object]]) -> list[tuple[int, int]]:
    """Where each row begins and ends if they are put one after the other."""
    ends = list(accumulate(map(len, rows), initial=0))
    return list(pairwise(ends))


def machine(packing: Packing, lots: Parts, width: int) -> Machine:
    """The tables of a system."""
    actions = [packing.actions[number] for number in lots.order]
    moves = Moves(packing, lots.moves)
    lists = list(dict.fromkeys(action.clauses for action in actions))
    clause_spans = dict(zip(lists, spans(lists), strict=True))
    copies = [word_copies(action.copies, width) for action in actions]
    wake = [awakened(moves, number) for number in range(len(lots.moves))] + [[]] * (len(actions) - len(lots.moves))
    touched = [action.read | action.keep for action in actions[len(lots.moves) :][: len(lots.disasters)]]
    numbers = [
        number
        for action, copy, awake in zip(actions, spans(copies), spans(wake), strict=True)
        for number in (*clause_spans[action.clauses], *copy, *awake)
    ]
    tables: list[list[int]] = [
        [place for copy in copies for entry in copy for place in entry[:2]],
        [each for awake in wake for each in awake],
        [bool(mask & written) for written in moves.written for mask in touched],
    ]
    copy_words, waking, touches = list(accumulate(map(len, tables[:2]), initial=HEAD + len(numbers)))
    of_actions = words((mask for number in range(len(actions)) for mask in masks_of(moves, actions, number)), width)
    of_clauses = words((mask for group in lists for clause in group for mask in clause), width)
    of_copies = words((number for copy in copies for entry in copy for number in entry[2:]), 1)
    begins = len(of_actions), len(of_actions) + len(of_clauses)
    head = [len(lots.moves), len(lots.disasters), len(lots.recovery), *begins, copy_words, waking, touches]
    layout = np.array([*head, *numbers, *(number for table in tables for number in table)], dtype=np.int64)
    return Machine(layout, np.concatenate([of_actions, of_clauses, of_copies]))


def masks_of(moves: Moves, actions: Sequence[PackedAction], number: int) -> list[int]:
    """The masks of an action."""
    action, drop, independent = actions[number], 0, 0
    if number < len(moves.actions):
        for other, guarded in enumerate(moves.actions):
            drop |= bool(guarded.guarding & moves.written[number]) << other
            independent |= (not moves.dependent(number, other)) << other
    return [action.require, action.forbid, action.keep, action.add, drop, independent]


def awakened(moves: Moves, number: int) -> list[int]:
    """The moves that may be possible after this one, though they were not before it, or the other way round."""
    action = moves.actions[number]
    gone = moves.packing.everything & ~action.keep & ~action.add & ~copied(action)
    return [
        each
        for each, other in enumerate(moves.actions)
        if other.guarding & moves.written[number] and not other.forbid & action.add and not other.require & gone
    ]


def word_copies(copies: Sequence[tuple[int, int]], width: int) -> list[tuple[int, int, int, int, int]]:
    """Copies as (word, word, mask, shift to the left, shift to the right), each within one word and another."""
    entries = []
    for sources, shift in copies:
        for source in range(width):
            for target in range(width):
                window = (ONES << WORD * target) >> shift if shift >= 0 else (ONES << WORD * target) << -shift
                mask = (sources & window) >> WORD * source & ONES
                places = shift + WORD * (source - target)
                if mask:
                    entries.append((source, target, mask, max(places, 0), max(-places, 0)))
    return entries


@inlined
def clauses_hold(layout: Numbers, masks: Words, action: Index, states: Words, at: Index, width: Width) -> bool:
    """Whether every clause of an action has a literal that holds."""
    spans, v = HEAD + action * SPANS, len(width)
    for clause in range(layout[spans + FIRST_CLAUSE], layout[spans + LAST_CLAUSE]):
        positive = layout[CLAUSES] + 2 * v * clause
        held = False
        for w in range(v):
            word, negative = states[at + w], masks[positive + v + w]
            if word & masks[positive + w] or word & negative != negative:
                held = True
        if not held:
            return False
    return True


@inlined
def masks_hold(masks: Words, action: Index, states: Words, at: Index, width: Width) -> bool:
    """Whether the facts that an action requires and forbids are as they should be."""
    v = len(width)
    own = action * MASKS * v
    for w in range(v):
        word, require = states[at + w], masks[own + REQUIRE * v + w]
        if word & require != require or word & masks[own + FORBID * v + w]:
            return False
    return True


@inlined
def enabled(layout: Numbers, masks: Words, action: Index, states: Words, at: Index, width: Width) -> bool:
    """Whether an action can happen in the state that begins at a place."""
    return masks_hold(masks, action, states, at, width) and clauses_hold(layout, masks, action, states, at, width)


@inlined
def apply(
    layout: Numbers, masks: Words, action: Index, states: Words, at: Index, after: Words, to: Index, width: Width
) -> None:
    """Put the state after an action into ``after``."""
    v = len(width)
    own, spans = action * MASKS * v, HEAD + action * SPANS
    for w in range(v):
        after[to + w] = states[at + w] & masks[own + KEEP * v + w] | masks[own + ADD * v + w]
    for copy in range(layout[spans + FIRST_COPY], layout[spans + LAST_COPY]):
        places, shifts = layout[COPY_WORDS] + 2 * copy, layout[COPIES] + 3 * copy
        moved = states[at + layout[places]] & masks[shifts]
        after[to + layout[places + 1]] |= moved << masks[shifts + 1] >> masks[shifts + 2]
