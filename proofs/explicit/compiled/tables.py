"""A system as tables of 64-bit words, and compiled functions on its states that all searches share.

A state is ``width`` words; fact *i* is bit *i* mod 64 of word *i* / 64.  Moves come first, then disasters, then
recovery actions.  A set of moves is as many words as a state.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import accumulate, pairwise
from typing import NamedTuple

import numpy as np

from bac.proofs.engine import PackedAction, Packing
from bac.proofs.explicit.compiled.applicability import Moves, Phases, copy_targets
from bac.proofs.explicit.compiled.compiling import Index, Numbers, Width, Words, compiled, inlined
from bac.proofs.explicit.compiled.hash_table import hash_state, precedes, same

WORD = 64
ONES = (1 << WORD) - 1

MOVES, DISASTERS, RECOVERY, CLAUSES, COPIES, COPY_WORDS, WAKE, HEAD = range(8)
"""The first numbers of a layout: the number of actions of each phase, and the beginnings of tables.

The tables of ``CLAUSES`` and ``COPIES`` are among the masks, the others in the layout.
"""
FIRST_CLAUSE, LAST_CLAUSE, FIRST_COPY, LAST_COPY, FIRST_WAKE, LAST_WAKE, SPANS = range(7)
"""The numbers of an action in the layout: the first and the last of its entries in each table."""
REQUIRE, FORBID, KEEP, ADD, DROP, ALIKE, INDEPENDENT, TOUCH, MASKS = range(9)
"""The masks of an action.  After a move, the moves in ``DROP`` are disabled, or have to be evaluated again.

``TOUCH`` are the marks of disasters (see :func:`disaster_mark`) of which a move can change whether one is enabled, or
its effect.
"""


class Tables(NamedTuple):
    """A system as numbers and masks.  There are few arrays, as compiled code counts references to each of them.

    The layout has its head, the spans of each action, for each copy the words from which and to which it leads, and for
    each move the moves to evaluate again after it.  The masks are those of each action, then for each clause its
    positive and its negative facts, then for each copy its mask and its shifts to the left and to the right.
    """

    layout: Numbers
    masks: Words


def width_of(packing: Packing, moves: int) -> int:
    """Return the number of words of a state, and of a set of moves with at least one mark of disasters."""
    return max(1, -(-len(packing.system.facts) // WORD), -(-(moves + 1) // WORD))


def disaster_mark(number: int, moves: int, width: int) -> int:
    """Return the mark of a disaster: one of the bits that a set of moves leaves free; several may have to share it."""
    return 1 << moves + number % (WORD * width - moves)


def words(numbers: Iterable[int], width: int) -> Words:
    """Return the words of integers, the lowest first."""
    return np.array([number >> WORD * w & ONES for number in numbers for w in range(width)], dtype=np.uint64)


def integer(state: Iterable[int]) -> int:
    """Return the integer of words, the lowest first."""
    return sum(int(word) << WORD * w for w, word in enumerate(state))


def spans(rows: Sequence[Sequence[object]]) -> list[tuple[int, int]]:
    """Return the begin and the end of each row if they are put one after the other."""
    ends = list(accumulate(map(len, rows), initial=0))
    return list(pairwise(ends))


def tables_of(packing: Packing, phases: Phases, width: int) -> Tables:
    """Return the tables of a system."""
    actions = [packing.actions[number] for number in phases.actions]
    moves = Moves(packing, phases.moves)
    lists = list(dict.fromkeys(action.clauses for action in actions))
    clause_spans = dict(zip(lists, spans(lists), strict=True))
    copies = [word_copies(action.copies, width) for action in actions]
    wake = [affected(moves, number) for number in range(len(phases.moves))] + [[]] * (len(actions) - len(phases.moves))
    numbers = [
        number
        for action, copy, awake in zip(actions, spans(copies), spans(wake), strict=True)
        for number in (*clause_spans[action.clauses], *copy, *awake)
    ]
    tables: list[list[int]] = [
        [place for copy in copies for entry in copy for place in entry[:2]],
        [each for awake in wake for each in awake],
    ]
    copy_words, waking = HEAD + len(numbers), HEAD + len(numbers) + len(tables[0])
    touched = [action.read | action.keep for action in actions[len(phases.moves) :][: len(phases.disasters)]]
    marks = [(mask, disaster_mark(number, len(phases.moves), width)) for number, mask in enumerate(touched)]
    masks = (mask for number in range(len(actions)) for mask in masks_of(moves, actions, number, marks))
    of_actions = words(masks, width)
    of_clauses = words((mask for group in lists for clause in group for mask in clause), width)
    of_copies = words((number for copy in copies for entry in copy for number in entry[2:]), 1)
    begins = len(of_actions), len(of_actions) + len(of_clauses)
    head = [len(phases.moves), len(phases.disasters), len(phases.recovery), *begins, copy_words, waking]
    layout = np.array([*head, *numbers, *(number for table in tables for number in table)], dtype=np.int64)
    return Tables(layout, np.concatenate([of_actions, of_clauses, of_copies]))


def masks_of(
    moves: Moves, actions: Sequence[PackedAction], number: int, disasters: Sequence[tuple[int, int]]
) -> list[int]:
    """Return the masks of an action; of each disaster are given the facts that can change it, and its mark."""
    action, drop, alike, independent, touch = actions[number], 0, 0, 0, 0
    if number < len(moves.actions):
        alike, independent = moves.alike[number], (1 << len(moves.actions)) - 1 & ~moves.dependent[number]
        for facts, mark in disasters:
            touch |= mark if facts & moves.written[number] else 0
        for other, guarded in enumerate(moves.actions):
            drop |= bool(guarded.guarding & moves.written[number]) << other
    return [action.require, action.forbid, action.keep, action.add, drop, alike, independent, touch]


def affected(moves: Moves, number: int) -> list[int]:
    """Return the moves of which this one may change whether they are enabled."""
    action = moves.actions[number]
    gone = moves.packing.everything & ~action.keep & ~action.add & ~copy_targets(action.copies)
    return [
        each
        for each, other in enumerate(moves.actions)
        if other.guarding & moves.written[number] and not other.forbid & action.add and not other.require & gone
    ]


def word_copies(copies: Sequence[tuple[int, int]], width: int) -> list[tuple[int, int, int, int, int]]:
    """Return copies as (source word, target word, mask, shift to the left, shift to the right)."""
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
    """Whether the facts that an action requires are true, and those that it forbids are false."""
    v = len(width)
    own = action * MASKS * v
    for w in range(v):
        word, require = states[at + w], masks[own + REQUIRE * v + w]
        if word & require != require or word & masks[own + FORBID * v + w]:
            return False
    return True


@inlined
def enabled(layout: Numbers, masks: Words, action: Index, states: Words, at: Index, width: Width) -> bool:
    """Whether an action is enabled in the state that begins at ``at``."""
    return masks_hold(masks, action, states, at, width) and clauses_hold(layout, masks, action, states, at, width)


@inlined
def apply(
    layout: Numbers, masks: Words, action: Index, states: Words, at: Index, after: Words, to: Index, width: Width
) -> None:
    """Write the state after an action to ``after``, from ``to`` on."""
    v = len(width)
    own, spans = action * MASKS * v, HEAD + action * SPANS
    for w in range(v):
        after[to + w] = states[at + w] & masks[own + KEEP * v + w] | masks[own + ADD * v + w]
    for copy in range(layout[spans + FIRST_COPY], layout[spans + LAST_COPY]):
        places, shifts = layout[COPY_WORDS] + 2 * copy, layout[COPIES] + 3 * copy
        moved = states[at + layout[places]] & masks[shifts]
        after[to + layout[places + 1]] |= moved << masks[shifts + 1] >> masks[shifts + 2]


# The two searches before the disaster


@inlined
def write_root(layout: Numbers, masks: Words, rows: Words, width: Width) -> None:
    """Write the initial state, with the moves that are enabled in it; none sleeps, and all disasters are marked."""
    v = len(width)
    for w in range(3 * v):
        rows[w] = 0
    for place in range(layout[MOVES], WORD * v):
        rows[v + place // WORD] |= np.uint64(1) << np.uint64(place % WORD)
    for move in range(layout[MOVES]):
        if enabled(layout, masks, move, rows, 0, width):
            rows[2 * v + move // WORD] |= np.uint64(1) << np.uint64(move % WORD)


@inlined
def write_child(
    layout: Numbers, masks: Words, move: Index, here: Words, children: Words, child: Index, width: Width
) -> None:
    """Write the state after a move, the moves that sleep in it with the marks of disasters, and the enabled moves.

    The same of the state before stands at the beginning of ``here``.
    """
    v = len(width)
    own, spans = move * MASKS * v, HEAD + move * SPANS
    apply(layout, masks, move, here, 0, children, child, width)
    for w in range(v):
        children[child + v + w] = here[v + w] & masks[own + INDEPENDENT * v + w] | masks[own + TOUCH * v + w]
        children[child + 2 * v + w] = here[2 * v + w] & ~masks[own + DROP * v + w]
    for other in range(layout[spans + FIRST_WAKE], layout[spans + LAST_WAKE]):
        woken = layout[layout[WAKE] + other]
        if enabled(layout, masks, woken, children, child, width):
            children[child + 2 * v + woken // WORD] |= np.uint64(1) << np.uint64(woken % WORD)


@inlined
def put_to_sleep(masks: Words, move: Index, here: Words, width: Width) -> None:
    """Add a move that was made, and those like it, to the sleeping moves of a row that stands at the beginning."""
    v = len(width)
    for w in range(v):
        here[v + w] |= masks[(move * MASKS + ALIKE) * v + w]


STATES, TRANSITIONS, DEEPEST, STUCK, EMITTED, CHILDREN, REACHED, REACHED_AT = range(8)
"""The places in a tally: counts, whether a state is stuck, rows written, and whether and where the goal was reached.

The state in which it was reached follows.
"""
RECENT = 1 << 12
"""The number of recovered states that a worker remembers, so that it seldom emits the same again."""
REACHABLE, ALWAYS_REACHABLE, GOALS = range(3)
"""The first words of the goals: whether there is a goal to reach, and whether there is one that must stay reachable.

From ``GOALS`` on follow the true and the false facts of the first goal, then those of the second.
"""


@inlined
def fits(goals: Words, goal: int, states: Words, at: Index, width: Width) -> bool:
    """Whether a state satisfies a goal."""
    v = len(width)
    for w in range(v):
        word, require = states[at + w], goals[GOALS + 2 * v * goal + w]
        if word & require != require or word & goals[GOALS + 2 * v * goal + v + w]:
            return False
    return True


@inlined
def check_goals(
    goals: Words, states: Words, at: Index, depth: np.uint64, moves: np.uint64, tally: Words, width: Width
) -> None:
    """Note in the tally whether a state reaches the goal, and whether it is stuck.

    Of the states that reach the goal, the least of the least depth is kept.  A state is stuck if no move is enabled in
    it, and it does not satisfy the goal that must stay reachable.
    """
    tally[DEEPEST] = max(tally[DEEPEST], depth)
    if goals[REACHABLE] and fits(goals, REACHABLE, states, at, width):
        better = not tally[REACHED] or depth < tally[REACHED_AT]
        if not better and depth == tally[REACHED_AT]:
            for w in range(len(width)):
                if states[at + w] != tally[REACHED_AT + 1 + w]:
                    better = states[at + w] < tally[REACHED_AT + 1 + w]
                    break
        if better:
            tally[REACHED], tally[REACHED_AT] = 1, depth
            for w in range(len(width)):
                tally[REACHED_AT + 1 + w] = states[at + w]
    if goals[ALWAYS_REACHABLE] and moves == 0 and not fits(goals, ALWAYS_REACHABLE, states, at, width):
        tally[STUCK] = 1


@compiled
def emit_disasters(
    layout: Numbers,
    masks: Words,
    states: Words,
    at: Index,
    depth: np.uint64,
    out: Words,
    recent: Words,
    tally: Words,
    width: Width,
) -> None:
    """Write a row for each enabled disaster: the recovered state, its depth, and the state before the disaster.

    The words after the state have the marks of disasters.  No row is written for a disaster that is not marked: a move
    that led here cannot have changed it, so there is one at a lesser depth.  Neither is one if a recent row has the
    same recovered state and is not greater.
    """
    v = len(width)
    size, free = 2 * v + 1, WORD * v - layout[MOVES]
    first, end, held = np.int64(-1), np.int64(-1), False
    for number in range(layout[DISASTERS]):
        action = layout[MOVES] + number
        if not masks_hold(masks, action, states, at, width):
            continue
        spans = HEAD + action * SPANS
        if layout[spans + FIRST_CLAUSE] != first or layout[spans + LAST_CLAUSE] != end:
            first, end = layout[spans + FIRST_CLAUSE], layout[spans + LAST_CLAUSE]
            held = clauses_hold(layout, masks, action, states, at, width)
        if not held:
            continue
        tally[TRANSITIONS] += np.uint64(1)
        mark = layout[MOVES] + number % free
        if not states[at + v + mark // WORD] >> np.uint64(mark % WORD) & np.uint64(1):
            continue
        row = np.int64(tally[EMITTED]) * size
        apply(layout, masks, action, states, at, out, row, width)
        out[row + v] = depth + np.uint64(1)
        for w in range(v):
            out[row + v + 1 + w] = states[at + w]
        known = np.int64(hash_state(out, row, width) & np.uint64(RECENT - 1)) * size
        if same(recent, known, out, row, width) and not precedes(out, row, recent, known, size, width):
            continue
        for w in range(size):
            recent[known + w] = out[row + w]
        tally[EMITTED] += np.uint64(1)
