"""The shortest run that satisfies a formula after one disaster: best first, deciding one disjunction after the other.

Decisions only grow, and so does the number of actions.  A disjunction that is true if nothing more happens than is
decided is left alone; of the others each part is tried.  When nothing is left to decide, the run exists, and its length
is known: the first that is found is a shortest.

A search that takes long hurries: it goes on where it is, and lets recovery act as it likes.  What it then finds is a
run of at most so many actions; none is shorter than what was left to look at when it began to hurry.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from heapq import heappop, heappush
from itertools import count
from math import ceil, inf

from bac.model.architecture import Via
from bac.proofs.engine import NotApplicable
from bac.proofs.precedence.cut import Cut
from bac.proofs.precedence.formulas import All, Formula, Kind, Literal, Some, members, some
from bac.proofs.precedence.placement import Decisions, Impossible, Placement

Item = tuple[str, int]
"""An action before the disaster, with a number: the step of a block, or the snapshot of a node."""
NO_SHARES: Mapping[Item, int] = {}
TINY = 1e-6
"""Far less than any share of an action, and far more than what sums of them are wrong by."""


class TooManyNodes(NotApplicable):
    """The search for a run has looked at as many possibilities as it may."""

    def __init__(self, most: int, least: int) -> None:
        """Name the limit; a run has at least ``least`` actions."""
        super().__init__(f"the precedence engine finds no run among {most:,} possibilities")
        self.most, self.least = most, least


@dataclass(frozen=True)
class Found:
    """A run of at most ``length`` actions, and the decisions that describe it; no run has fewer than ``least``."""

    length: int
    decisions: Decisions
    placement: Placement
    least: int

    def fits(self, length: int) -> bool:
        """Whether a run of this length can be the one that was found."""
        return self.least <= length <= self.length


@dataclass(slots=True)
class Node:
    """Decisions, the formulas that are still to be made true, and the actions of recovery that are not paid for."""

    decisions: Decisions
    todo: tuple[Formula, ...]
    open: tuple[tuple[int, Formula], ...] = ()


@dataclass
class Effort:
    """How long to search for one run: the nodes after which to hurry (``None``: never), and what stops the search.

    ``check`` raises LimitReached when the time is over.
    """

    most: int | None = None
    check: Callable[[], None] = lambda: None


class Search:
    """The search after one disaster, at rest or at any time.

    Args:
        cut: the formulas of the cut.
        at_rest: whether no use case may be in flight.
        redone: the blocks that recovery may append, and those that it may repeat.
        effort: how long to search for one run.
    """

    def __init__(self, cut: Cut, at_rest: bool, redone: tuple[int, int], effort: Effort) -> None:
        """Prepare the placement of events."""
        needs = cut.events.at_rest if at_rest else cut.events.closure
        self.cut, self.at_rest, self.effort = cut, at_rest, effort
        self.may_append, self.may_repeat = redone
        self.sweeps = cut.recovery.undo or bool(cut.recovery.collect)
        self.redoes = bool(self.may_append | self.may_repeat) or self.sweeps
        self.placement = Placement(cut, needs, self.redoes)
        self.nodes = 0
        self.hurries = False
        self.least = inf  # what a run has at least that it does not find as it hurries
        self._tree: list[tuple[tuple[int, ...], int, Node]] = []
        self._seen = set[object]()
        self.below: int | None = None
        self._truth: dict[int, bool] = {}
        self._ruled_out: dict[int, bool] = {}
        self._items: dict[int, frozenset[Item]] = {}

    def shortest(self, formula: Formula, below: int | None = None) -> Found | None:
        """Return a shortest run that satisfies a formula, if there is one of fewer actions than ``below``.

        If that takes long, it is any run.

        Raises:
            TooManyNodes: there is not even one among so many possibilities.
            LimitReached: the time is over.
        """
        self._tree, self._seen, self.nodes, self.below = [], set(), 0, below
        self.hurries, self.least = False, inf
        self.add(Decisions(), [formula])
        while self._tree:
            _, length, node = heappop(self._tree)
            if not self.expand(node):
                return Found(length, node.decisions, self.placement, int(min(self.least, length)))
            if self._tree and self.takes_long():
                self.least = min(each for _, each, _ in self._tree)
                self.hurries = True
        return None

    def takes_long(self) -> bool:
        """Whether it is time to hurry.

        Raises:
            TooManyNodes: it is time to give up.
            LimitReached: the time is over.
        """
        self.effort.check()
        most = self.effort.most
        if most is not None and self.hurries and self.nodes > 2 * most:
            raise TooManyNodes(2 * most, int(self.least))
        return most is not None and not self.hurries and self.nodes > most

    def add(self, decisions: Decisions, more: Iterable[Formula], rest: tuple[Formula, ...] = ()) -> None:
        """Add a node, unless it is impossible or too long; ``decisions`` are not to be changed by others any more."""
        self.nodes += 1
        try:
            todo = self.asserted(decisions, more)
            self.placement.conclude(decisions)
        except Impossible:
            return
        node = Node(decisions, (*rest, *todo))
        key = decisions.key(node.todo)
        if key in self._seen:
            return
        self._seen.add(key)
        length = self.placement.cost(decisions)
        if self.redoes and self.is_within(length):
            self._truth = {}
            length += self.still_to_pay(node)
        if self.is_within(length):
            rank = (-self.nodes,) if self.hurries else (length, -self.nodes)
            heappush(self._tree, (rank, length, node))

    def is_within(self, length: int) -> bool:
        """Whether a run of this length is short enough."""
        return self.below is None or length < self.below

    def asserted(self, decisions: Decisions, formulas: Iterable[Formula]) -> list[Formula]:
        """Decide what has to be true, and return the disjunctions."""
        todo, left = list[Formula](), list(formulas)
        while left:
            match left.pop():
                case True:
                    pass
                case False:
                    raise Impossible
                case Literal() as literal:
                    self.placement.decide(decisions, literal)
                case All(parts):
                    left.extend(parts)
                case formula:
                    todo.append(formula)
        return todo

    # Truth

    def true(self, formula: Formula, decisions: Decisions) -> bool:
        """Whether a formula is true if nothing more happens than is decided."""
        if isinstance(formula, bool):
            return formula
        if isinstance(formula, Literal):
            return self.placement.true(decisions, formula)
        known = self._truth.get(id(formula))
        if known is None:
            telling = isinstance(formula, Some)  # one part with this truth decides
            known = not telling
            for part in formula.parts:
                if self.true(part, decisions) is telling:
                    known = telling
                    break
            self._truth[id(formula)] = known
        return known

    def is_ruled_out(self, formula: Formula, decisions: Decisions) -> bool:
        """Whether a formula can certainly not become true."""
        if isinstance(formula, bool):
            return not formula
        if isinstance(formula, Literal):
            return self.placement.is_ruled_out(decisions, formula)
        known = self._ruled_out.get(id(formula))
        if known is None:
            parts = (self.is_ruled_out(part, decisions) for part in formula.parts)
            known = any(parts) if isinstance(formula, All) else all(parts)
            self._ruled_out[id(formula)] = known
        return known

    # Choices

    def expand(self, node: Node) -> bool:
        """Add what a node can become; false if nothing is left to choose."""
        self._truth = {}
        for formula in node.todo:
            if not self.true(formula, node.decisions):
                rest = tuple(each for each in node.todo if each is not formula)
                self.branch(node, formula, rest)
                return True
        return (
            self.choose_lock(node)
            or self.choose_marker(node)
            or (self.redoes and self.choose_redone(node))
            or self.choose_crash(node)
        )

    def branch(self, node: Node, formula: Formula, rest: tuple[Formula, ...]) -> None:
        """Try each part of a disjunction."""
        self._ruled_out = {}
        parts = formula.parts if isinstance(formula, Some) else (formula,)
        for part in [part for part in parts if not self.is_ruled_out(part, node.decisions)]:
            self.add(node.decisions.copy(), [part], rest)

    def choose_lock(self, node: Node) -> bool:
        """Release a lock or not, and put each use case that it holds back before or after it."""
        placement, decisions = self.placement, node.decisions
        undecided = list[tuple[int, int]]()
        for lock, parts in placement.locks(decisions).items():
            if not decisions.decided >> lock & 1:
                self.release_or_not(node, lock)
                return True
            sides = decisions.before_lock.get(lock, 0) | decisions.after_lock.get(lock, 0)
            undecided += [(lock, part) for part in parts if placement.is_divisible(lock, part) and not part & sides]
        if not undecided:
            return False
        self.before_lock(node, *undecided[0])
        self.after_lock(node, undecided[:1])
        if len(undecided) > 1:
            self.after_lock(node, undecided)
        return True

    def release_or_not(self, node: Node, lock: int) -> None:
        """Release a lock before the disaster, or do not."""
        for released in (1, 0):
            decisions = node.decisions.copy()
            decisions.decided |= 1 << lock
            decisions.released |= released << lock
            self.add(decisions, (), node.todo)

    def before_lock(self, node: Node, lock: int, part: int) -> None:
        """Put the events of a use case before the snapshots under a lock."""
        decisions = node.decisions.copy()
        decisions.before_lock[lock] = decisions.before_lock.get(lock, 0) | part
        try:
            for event in members(part):
                self.placement.happen(decisions, event)
        except Impossible:
            return
        self.add(decisions, (), node.todo)

    def after_lock(self, node: Node, parts: Iterable[tuple[int, int]]) -> None:
        """Put the events of use cases after the snapshots under locks."""
        decisions = node.decisions.copy()
        for lock, part in parts:
            decisions.after_lock[lock] = decisions.after_lock.get(lock, 0) | part
        self.add(decisions, (), node.todo)

    def choose_marker(self, node: Node) -> bool:
        """A message is sent before the sender's snapshot, or received after the receiver's."""
        undecided = self.placement.open_channels(node.decisions)
        if not undecided:
            return False
        _, event = undecided[0]
        decisions = node.decisions.copy()
        decisions.no[Kind.BACKED] |= 1 << event
        decisions.snapshots |= 1 << self.cut.events.service[event]
        self.add(decisions, (), node.todo)
        for channels in [undecided[:1], undecided] if len(undecided) > 1 else [undecided]:
            decisions = node.decisions.copy()
            for sender, _ in channels:
                decisions.yes[Kind.BACKED] |= 1 << sender
            self.add(decisions, (), node.todo)
        return True

    def choose_crash(self, node: Node) -> bool:
        """Some service has to crash."""
        if self.cut.crash.widened is not None or node.decisions.yes[Kind.RESTORED]:
            return False
        for service in self.worth_crashing(node.decisions):
            decisions = node.decisions.copy()
            decisions.yes[Kind.RESTORED] |= self.cut.backups.widened[service]
            self.add(decisions, (), node.todo)
        return True

    def worth_crashing(self, decisions: Decisions) -> Iterator[int]:
        """The services that could crash, of those without a part in what happened only one of the least cost."""
        backups, found, cheapest = self.cut.backups, list[int](), dict[int, int]()
        involved = 0
        for case in self.involved_cases(decisions):
            for event in members(self.cut.events.cases[case]):
                involved |= backups.widened[self.cut.events.service[event]] | 1 << self.cut.events.service[event]
        for service in members(backups.inside & ~decisions.no[Kind.RESTORED]):
            crash = backups.widened[service]
            if crash & (backups.never_backed_up | decisions.no[Kind.RESTORED]):
                continue
            if crash & involved:
                found.append(service)
            else:
                snapped = backups.with_earlier(backups.with_groups(crash & backups.snapshotted))
                cheapest.setdefault(backups.cost(snapped), service)
        yield from found
        yield from cheapest.values()

    def involved_cases(self, decisions: Decisions) -> dict[int, None]:
        """The use cases of which something happened, or of which recovery may bring something back all the same."""
        happened = (self.cut.events.case[event] for event in members(decisions.happened))
        return dict.fromkeys([*happened, *self.cases_of_returns])

    @cached_property
    def cases_of_returns(self) -> list[int]:
        """The use cases of which recovery may bring back what never happened, for the sake of a link to it."""
        events = self.cut.events
        return [events.case[event] for event in range(len(events.steps)) if self.cut.may_return(event)]

    # What recovery executes

    @cached_property
    def actions(self) -> list[list[tuple[int, Formula]]]:
        """For each use case what recovery may do about it: the number of an action, and when it happens."""
        numbers = count(1)
        return [[(next(numbers), when) for when in self.actions_of(case)] for case in range(len(self.cut.events.cases))]

    def actions_of(self, case: int) -> Iterator[Formula]:
        """When each action of recovery happens that belongs to a use case, if it is possible at all."""
        events = self.cut.events
        for event in members(events.cases[case]):
            block = events.block[event]
            if events.heads >> event & 1:
                yield self.cut.appended(event) if self.may_append >> block & 1 else False
                yield self.cut.repeated(block) if self.may_repeat >> block & 1 else False
            yield self.cut.undone(event)
            yield self.cut.collected(event) if events.is_creation(event) else False

    @cached_property
    def no_sweep(self) -> Formula:
        """The formula that says that no event is taken back or removed at the end."""
        events = range(len(self.cut.events.steps))
        removals = [self.cut.collected(event) for event in events if self.cut.events.is_creation(event)]
        return self.cut.no(some([*map(self.cut.undone, events), *removals]))

    def open_actions(self, node: Node) -> Iterator[tuple[int, Formula]]:
        """The actions of recovery that are not paid for and may happen: number, and the formula that they do not."""
        decisions = node.decisions
        for case in self.involved_cases(decisions):
            for number, happens in self.actions[case]:
                if not decisions.paid >> number & 1:
                    idle = self.cut.no(happens)
                    if not self.true(idle, decisions):
                        yield number, idle
        if self.sweeps and not decisions.paid & 1 and not self.true(self.no_sweep, decisions):
            yield 0, self.no_sweep

    def still_to_pay(self, node: Node) -> int:
        """A lower bound for the actions that recovery takes, or that keep it from acting, beyond those paid for.

        Each action before the disaster that could keep recovery from acting is shared equally by all that it could.
        """
        node.open = tuple(self.open_actions(node))
        idle = [formula for _, formula in node.open]
        if not idle:
            return 0
        self._items = {}
        shares = Counter(item for formula in idle for item in self.items(formula, node.decisions))
        prices = Prices(self, node.decisions, shares)
        return ceil(sum(min(1.0, prices.of(formula)) for formula in idle) - TINY)

    def choose_redone(self, node: Node) -> bool:
        """Pay for an action of recovery, or see to it that it does not happen."""
        certain, first, prices = 0, None, Prices(self, node.decisions, NO_SHARES)
        for number, idle in node.open:
            if self.hurries or prices.of(idle) == inf:
                certain |= 1 << number
            elif first is None:
                first = number, idle
        if not certain and first is None:
            return False
        if not certain and first is not None:
            self.branch(node, first[1], node.todo)
            certain = 1 << first[0]
        decisions = node.decisions.copy()
        decisions.paid |= certain
        self.add(decisions, (), node.todo)
        return True

    def items(self, formula: Formula, decisions: Decisions) -> frozenset[Item]:
        """The actions before the disaster that could help to make a formula true."""
        if isinstance(formula, Literal):
            item = self.item(formula, decisions)
            return frozenset() if item is None else frozenset([item])
        if isinstance(formula, bool) or self.true(formula, decisions):
            return frozenset()
        known = self._items.get(id(formula))
        if known is None:
            known = frozenset[Item]().union(*(self.items(part, decisions) for part in formula.parts))
            self._items[id(formula)] = known
        return known

    def item(self, literal: Literal, decisions: Decisions) -> Item | None:
        """The action that has to happen for a literal to become true, if there is one."""
        kind, about, backups = literal.kind, literal.about, self.cut.backups
        if self.placement.true(decisions, literal) or not literal.holds:
            return None
        if kind is not Kind.RESTORED:
            happened = decisions.happened >> about & 1
            return None if happened else ("step", self.cut.events.block[about])
        if not backups.snapshotted >> about & 1 or self.placement.snapped(decisions) >> about & 1:
            return None
        return "snapshot", backups.node[about]


class Prices:
    """Lower bounds for what it takes to make formulas true: shares of actions; infinity if they cannot be."""

    def __init__(self, search: Search, decisions: Decisions, shares: Mapping[Item, int]) -> None:
        """Share each action among so many."""
        self.search, self.decisions, self.shares = search, decisions, shares
        self._known: dict[int, float] = {}

    def of(self, formula: Formula) -> float:
        """The price of a formula."""
        if self.search.true(formula, self.decisions):
            return 0.0
        if isinstance(formula, bool):
            return inf
        if isinstance(formula, Literal):
            return self.of_literal(formula)
        known = self._known.get(id(formula))
        if known is None:
            one = isinstance(formula, Some)
            known = min(map(self.of, formula.parts)) if one else self.of_all(formula.parts)
            self._known[id(formula)] = known
        return known

    def of_literal(self, literal: Literal) -> float:
        """The price of a literal that is not true so far."""
        if self.search.placement.is_ruled_out(self.decisions, literal):
            return inf
        item = self.search.item(literal, self.decisions)
        return 0.0 if item is None else 1 / self.shares.get(item, 1)

    def of_all(self, parts: Iterable[Formula]) -> float:
        """The price of a conjunction: its literals take different actions, which add up."""
        most, added = 0.0, dict[Item, float]()
        for part in parts:
            price = self.of(part)
            if price == inf:
                return inf
            item = self.search.item(part, self.decisions) if isinstance(part, Literal) else None
            if item is None:
                most = max(most, price)
            else:
                added[item] = price
        return max(most, sum(added.values()))


def can_strike(cut: Cut) -> bool:
    """Whether the disaster can happen at all: there is a way back for every service that it needs restored."""
    backups = cut.backups
    if not backups.inside:
        return False
    if backups.oldest:
        return not backups.never_backed_up
    if cut.crash.widened is not None:
        return bool(cut.crash.widened) and not cut.crash.widened & backups.never_backed_up
    return any(not backups.widened[service] & backups.never_backed_up for service in members(backups.inside))


def held_back(cut: Cut) -> Iterator[tuple[int, int]]:
    """The calls that a lock can hold back so that a client notices: what happened before, and the event."""
    events, backups = cut.events, cut.backups
    for lock in backups.locked:
        for case, parts in lock.parts.items():
            if events.architecture.use_cases[case].background:
                continue
            inside = 0
            for part in parts:
                inside |= part
            for event in members(inside):
                before = before_denial(cut, event, inside if lock.drained else 0)
                if before is not None:
                    yield before, event


def before_denial(cut: Cut, event: int, inside: int) -> int | None:
    """The events that must have happened before a call can be held back; ``None`` if it cannot be."""
    events = cut.events
    if events.steps[event].via is Via.EVENT:
        return None
    needs, forbids = events.guard(event)
    happened = 0
    for other in needs:
        closure = events.closure[other]
        if closure is None:
            return None
        happened |= closure
    if happened & (inside | 1 << event) or any(happened >> other & 1 for other in forbids - {event}):
        return None
    return None if events.postponed(happened) is None else happened
