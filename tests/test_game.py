"""The game of a backup policy against clients: who wins, with which assumptions dropped, and why to believe it."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Iterator
from functools import cache
from itertools import combinations, count, permutations, product
from typing import Any

import pytest
from helpers import parsed
from hypothesis import HealthCheck, given, settings
from strategies import specifications

from bac.model.architecture import Architecture
from bac.model.errors import LimitReached
from bac.model.modes import Mode
from bac.model.plan import INDEPENDENT, Group, Plan, Timing
from bac.model.recovery import Recovery, Rollback
from bac.model.semantics import system
from bac.model.setting import droppable
from bac.model.specification.reader import parse
from bac.model.specification.writer import dump
from bac.model.system import INITIAL, ActionKind, Event, Label, State, System, backed, logged, snapped
from bac.model.trace import Trace
from bac.model.trace_file import from_json
from bac.proofs.check import check
from bac.proofs.engine import LimitMonitor, Limits
from bac.proofs.replay import objection
from bac.proofs.theorem.games.arenas import (
    ARCHITECTURES,
    ONE_WAY,
    THERE_AND_BACK,
    TWO_WAY,
    Assumption,
    Level,
    referring,
)
from bac.proofs.theorem.games.board import LARGEST, NOTHING, Board, Move, MoveKind, Player
from bac.proofs.theorem.games.game import Game, minimal_drops, play, play_out
from bac.proofs.theorem.games.recipe import certificate, recipe
from bac.proofs.theorem.games.rulebook import FRESH, Place, Rulebook, StrategyRejected
from bac.proofs.theorem.games.solver import Effort, Search, announcing, solve
from bac.proofs.theorem.games.strategy import verify
from bac.properties.anomalies import anomalies
from bac.properties.formula import satisfied
from bac.properties.qualities import Property

OWNERS = {"a": "A", "b": "B", "c": "C"}
CYCLE = referring("cycle", (("a", "b"), ("b", "c"), ("c", "a")), OWNERS)
CHAIN = referring("chain", (("a", "b"), ("b", "c")), OWNERS)
Drops = list[tuple[str, ...]]
NAMES = [arch.name for arch in ARCHITECTURES]

INSTANT = [("asynchronous",), ("separate",), ("single",), ("verbatim",)]
QUIET = [("available",), ("unbounded",)]
PAIRS = [
    ("asynchronous", "state-only"),
    ("separate", "state-only"),
    ("single", "state-only"),
    ("state-only", "verbatim"),
]
ONE_DIRECTION: Drops = [("available",), ("state-only",), ("unbounded",)]
EXPECTED: dict[tuple[str, str], Drops] = {
    ("one-way", "C0"): [()],
    ("one-way", "C1"): ONE_DIRECTION,
    ("one-way", "C2"): ONE_DIRECTION,
    ("two-way", "C0"): sorted(INSTANT + QUIET),
    ("two-way", "C1"): QUIET + PAIRS,
    ("two-way", "C2"): QUIET + PAIRS,
    ("there-and-back", "C0"): sorted([*INSTANT, *QUIET, ("state-only",)]),
    ("there-and-back", "C1"): ONE_DIRECTION,
    ("there-and-back", "C2"): ONE_DIRECTION,
}


def architecture(text: str) -> Architecture:
    return parse(text).architecture


def drops(*names: str) -> frozenset[Assumption]:
    return frozenset(map(Assumption, names))


@cache
def winner(arch: Architecture, level: Level, dropped: frozenset[Assumption]) -> Player:
    search = solve(Board(arch, level, dropped), Effort())
    return Player.POLICY if search.start in search.won else Player.CLIENTS


def every_set() -> Iterator[frozenset[Assumption]]:
    return (frozenset(each) for size in range(8) for each in combinations(Assumption, size))


# What must come out


@pytest.mark.parametrize(("name", "level"), EXPECTED)
def test_the_minimal_sets_of_assumptions_to_drop(name: str, level: str) -> None:
    (arch,) = [each for each in ARCHITECTURES if each.name == name]
    found = [tuple(map(str, dropped)) for dropped in minimal_drops(arch, Level(level))]
    assert found == EXPECTED[name, level]
    assert found == sorted(found, key=lambda dropped: (len(dropped), dropped))


def test_with_all_assumptions_consistency_needs_no_links_across_or_no_cycle() -> None:
    """C1 and C2 are lost on all three; C0 only where services refer to each other in a circle."""
    for arch in (ONE_WAY, TWO_WAY, THERE_AND_BACK, CYCLE, CHAIN):
        assert winner(arch, Level.C2, frozenset()) is Player.CLIENTS
        assert winner(arch, Level.C1, frozenset()) is Player.CLIENTS
    policy = {
        arch.name
        for arch in (ONE_WAY, TWO_WAY, THERE_AND_BACK, CYCLE, CHAIN)
        if winner(arch, Level.C0, drops()) is Player.POLICY
    }
    assert policy == {"one-way", "chain"}


@pytest.mark.parametrize("n", [2, 3])
def test_no_broken_link_can_be_had_iff_the_references_are_acyclic(n: int) -> None:
    names = "abc"[:n]
    pairs = [(x, y) for x in names for y in names if x != y]
    owners = {name: OWNERS[name] for name in names}
    for size in range(1, len(pairs) + 1):
        for references in combinations(pairs, size):
            won = winner(referring("graph", references, owners), Level.C0, frozenset()) is Player.POLICY
            acyclic = any(all(order.index(x) < order.index(y) for x, y in references) for order in permutations(names))
            assert won == acyclic, references


def fan_out() -> Architecture:
    """From each of three services a use case whose first step tells both others by events."""
    services = {name.upper(): {"owns": [f"{name}{case}" for case in "abc"]} for name in "abc"}
    cases = {}
    for case in "abc":
        others = [{"create": f"{name}{case}", "via": "event", "after": "first"} for name in "abc" if name != case]
        cases[case] = [{"create": f"{case}{case}", "name": "first"}, *others]
    return parsed({"services": services, "use_cases": cases}).architecture


def test_distributed_snapshots_work_for_any_number_of_services() -> None:
    """Three of them, and a fan-out that would defeat a policy which could not see the step that comes next."""
    assert winner(fan_out(), Level.C2, drops("state-only")) is Player.CLIENTS
    assert winner(fan_out(), Level.C2, drops("asynchronous")) is Player.CLIENTS
    game = play(fan_out(), Level.C2, drops("state-only", "asynchronous"))
    assert game.winner is Player.POLICY
    verify(certificate(game))


def test_which_policy_wins_reads_like_practice() -> None:
    def words(arch: Architecture, level: Level, *dropped: str) -> str:
        return recipe(play(arch, level, drops(*dropped)))

    assert words(ONE_WAY, Level.C0) == "Snapshot A. Snapshot B. After a disaster, restore the newest backups."
    assert words(TWO_WAY, Level.C2, "available") == (
        "Lock all services. Let what is in flight finish. Snapshot A. Snapshot B."
        " After a disaster, restore the newest backups."
    )
    assert words(ONE_WAY, Level.C2, "state-only") == (
        "Snapshot A. Snapshot B."
        " After a disaster, restore the newest backups, and resume the calls that the logs show as begun."
    )
    assert (
        words(TWO_WAY, Level.C0, "separate")
        == "Back up every event as it is logged. After a disaster, restore the logs."
    )
    assert words(TWO_WAY, Level.C0, "verbatim").endswith("take every service back to the instant of the oldest backup.")
    assert "at one instant" in words(TWO_WAY, Level.C2, "single", "state-only")
    assert "efore a step in" in words(TWO_WAY, Level.C2, "asynchronous", "state-only")


def test_the_clients_win_by_what_the_article_shows() -> None:
    """They complete interactions if every service is backed up alone; one is in flight if instants are possible."""
    fresh = "At every turn, at a fresh index, run “a -> b” to its end; leave all others alone."
    assert recipe(play(ONE_WAY, Level.C2)) == fresh
    unfinished = "Once and for all, at one index, run “a -> b” up to “create b” and no further."
    assert recipe(play(ONE_WAY, Level.C2, drops("single"))) == unfinished
    assert recipe(play(ONE_WAY, Level.C2, drops("asynchronous"))) == unfinished


# Exceptions to the theorem as it is usually said

FIGURE_5 = """
name: Figure 5
services: {A: {owns: [a]}, B: {copies: [a]}}
use_cases:
  add: [{create: a}]
  change: [{update: a}, {copy: a, at: B}]
"""
TOLERATED = """
name: tolerated
services: {A: {owns: [a]}, B: {owns: [b]}}
references: ["a -> b"]
tolerates: ["a -> b"]
"""
DELETED = """
name: deleted
services: {A: {owns: [a]}, B: {owns: [b]}}
use_cases: {add: [{create: b}], refer: [{create: a, refers_to: b}], remove: [{delete: b}]}
"""
UNLINKED_FIRST = """
name: unlinked first
services: {A: {owns: [a]}, B: {owns: [b]}}
use_cases: {add: [{create: b}], refer: [{create: a, refers_to: b}], remove: [{unlink: a, from: b}, {delete: b}]}
"""
FORWARD = """
name: forward
services: {A: {owns: [a]}, B: {owns: [b]}}
use_cases: {u: [{create: a, refers_to: b}, {create: b}]}
"""
TOLERATED_CYCLE = """
name: tolerated cycle
services: {A: {owns: [a]}, B: {owns: [b]}}
references: ["a -> b", "b -> a"]
tolerates: ["b -> a"]
"""
ONE_SERVICE = """
name: one service
services: {A: {owns: [a]}}
use_cases: {u: [{create: a}, {update: a}]}
"""
EXCEPTIONS = {
    "C1 without links of the use case's own": (FIGURE_5, Level.C1, Player.POLICY),
    "its C2 is lost all the same": (FIGURE_5, Level.C2, Player.CLIENTS),
    "C2 with all links tolerated": (TOLERATED, Level.C2, Player.POLICY),
    "C0 without cycle, where the application leaves links behind": (DELETED, Level.C0, Player.POLICY),
    "C0 with deletion after unlinking": (UNLINKED_FIRST, Level.C0, Player.CLIENTS),
    "C0 without cycle, but with a reference to what is created later": (FORWARD, Level.C0, Player.CLIENTS),
    "C0 with a cycle through a tolerated link": (TOLERATED_CYCLE, Level.C0, Player.POLICY),
    "C2 of one service whose use case has two steps": (ONE_SERVICE, Level.C2, Player.CLIENTS),
}


@pytest.mark.parametrize("name", EXCEPTIONS)
def test_exceptions_to_the_theorem(name: str) -> None:
    text, level, expected = EXCEPTIONS[name]
    game = play(architecture(text), level)
    assert game.winner is expected
    verify(certificate(game))


def test_an_interaction_that_gets_stuck_defeats_locks_and_quiet_nights() -> None:
    """An interaction in flight cannot be finished if an event that it waits for is lost."""
    arch = architecture("""
name: stuck
services: {A: {owns: [a, x]}, B: {owns: [b]}}
use_cases: {add: [{create: x}], remove: [{delete: x}], u: [{create: b}, {create: a, refers_to: x}]}
""")
    assert winner(arch, Level.C2, drops("available", "unbounded")) is Player.CLIENTS
    verify(certificate(play(arch, Level.C2, drops("available", "unbounded"))))


# Assumptions and levels


def test_every_assumption_matters_somewhere() -> None:
    alone = {drop[0] for (_, _), found in EXPECTED.items() for drop in found if len(drop) == 1}
    assert alone == set(map(str, Assumption))


@pytest.mark.parametrize("arch", ARCHITECTURES, ids=NAMES)
def test_dropping_more_never_takes_a_win_away(arch: Architecture) -> None:
    """All 128 sets: so that leaving out supersets leaves nothing out, and the minimal sets are minimal."""
    for level in Level:
        minimal = [frozenset(dropped) for dropped in minimal_drops(arch, level)]
        for dropped in every_set():
            won = winner(arch, level, dropped) is Player.POLICY
            assert won == any(small <= dropped for small in minimal), (level, sorted(dropped))


@pytest.mark.parametrize("arch", ARCHITECTURES, ids=NAMES)
def test_more_consistency_is_harder(arch: Architecture) -> None:
    for dropped in every_set():
        wins = [winner(arch, level, dropped) is Player.POLICY for level in Level]
        assert wins == sorted(wins, reverse=True), sorted(dropped)


LIMIT = 3000


def on_generated(claim: Callable[[dict[str, Any]], None], examples: int) -> None:
    """Hold a claim on so many generated specifications."""
    health = list(HealthCheck)
    how = settings(max_examples=examples, deadline=None, suppress_health_check=health, derandomize=True)
    how(given(specifications(plain=True))(claim))()


def few_or(few: int, many: int) -> pytest.MarkDecorator:
    """Run a test with few examples; with many if it is slow."""
    return pytest.mark.parametrize("examples", [few, pytest.param(many, marks=pytest.mark.slow)])


@few_or(8, 100)
def test_monotonicity_and_certificates_on_generated_architectures(examples: int) -> None:
    on_generated(assert_monotone, examples)


def assert_monotone(document: dict[str, Any]) -> None:
    """Any architecture: each win survives one more drop and one level less, and the certificates hold."""
    arch = parsed(document).architecture
    if sum(len(case.steps) for case in arch.use_cases) > 5:
        return
    try:
        for level in Level:
            game = play(arch, level, effort=Effort(LIMIT))
            verify(json.loads(json.dumps(certificate(game))))
            for extra in Assumption:
                more = play(arch, level, frozenset([extra]), Effort(LIMIT))
                verify(json.loads(json.dumps(certificate(more))))
                if game.winner is Player.POLICY:
                    assert more.winner is Player.POLICY
                if level is not Level.C0 and more.winner is Player.POLICY:
                    lower = Level.C0 if level is Level.C1 else Level.C1
                    assert play(arch, lower, frozenset([extra]), Effort(LIMIT)).winner is Player.POLICY
    except LimitReached:
        return


# Against other engines


def good_word(board: Board, moves: list[Move], recovery: Recovery) -> bool:
    """Whether the newest backups are consistent after these moves, whenever the disaster comes after them."""
    position = board.start()
    for move in moves:
        position = board.reply(board.after(position, move), LARGEST)
    logs = board.indices.close(position.states, held=False)
    return board.indices.good(logs, board.recoveries.index(recovery))


def holds(arch: Architecture, plan: Plan, level: Level) -> bool:
    """Whether `bac check` finds no anomaly of the level."""
    (result,) = check(arch, plan, properties=[Property.CONSISTENCY]).properties.values()
    assert result.complete
    return not any(anomaly.kind in level.kinds for anomaly in result.anomalies)


def snapshots(*sets: tuple[str, ...]) -> list[Move]:
    return [Move(MoveKind.SNAPSHOT, chosen) for chosen in sets]


@few_or(16, 400)
def test_fixed_orders_agree_with_the_explicit_engine(examples: int) -> None:
    on_generated(assert_fixed_orders_agree, examples)


def assert_fixed_orders_agree(document: dict[str, Any]) -> None:
    """Snapshots in a fixed order, at one instant, or rolled back, with any recovery: the same verdicts."""
    arch = parsed(document).architecture
    if sum(len(case.steps) for case in arch.use_cases) > 5 or droppable(arch):
        return
    names = tuple(service.name for service in arch.services)
    dropped = drops("single", "verbatim", "state-only", "separate")
    redone = Recovery(replay=True, resume=True)
    for level in Level:
        board = Board(arch, level, dropped)
        for recovery in (Recovery(), redone):
            for order in permutations(names):
                plan = Plan("p", order=order, recovery=recovery)
                moves = snapshots(*((name,) for name in order))
                assert good_word(board, moves, recovery) == holds(arch, plan, level)
            rolled = Recovery(
                Plan("p").recovery.restore, Rollback.OLDEST, replay=recovery.replay, resume=recovery.resume
            )
            moves = snapshots(*((name,) for name in names))
            assert good_word(board, moves, rolled) == holds(arch, Plan("p", order=names, recovery=rolled), level)
            atomic = Plan("p", (Group(Mode.ATOMIC, names),), recovery=recovery)
            assert good_word(board, snapshots(names), recovery) == holds(arch, atomic, level)
            continuous = Plan("p", (Group(Mode.CONTINUOUS, names),), recovery=recovery)
            assert board.indices.replicable(board.recoveries.index(recovery)) == holds(arch, continuous, level)


def locked(arch: Architecture) -> Plan:
    return Plan("p", (Group(Mode.LOCKED, tuple(service.name for service in arch.services)),))


@pytest.mark.parametrize("arch", [*ARCHITECTURES, CYCLE, CHAIN], ids=lambda arch: arch.name)
def test_lock_and_drain_agrees_with_locked_groups(arch: Architecture) -> None:
    for level in Level:
        board = Board(arch, level, drops("available"))
        moves = [Move(MoveKind.LOCK), Move(MoveKind.DRAIN), *snapshots(*((name,) for name in board.services))]
        assert good_word(board, moves, Recovery())
        assert holds(arch, locked(arch), level)
        hasty = [move for move in moves if move.kind is not MoveKind.DRAIN]
        assert good_word(board, hasty, Recovery()) == (level is Level.C0)  # what is in flight has no broken links


class Minimax:
    """The bounded game on real states: every index by name, one snapshot for each service, all turns of the clients."""

    def __init__(self, arch: Architecture, level: Level, instances: int) -> None:
        self.system: System = system(arch, INDEPENDENT, instances)
        self.services = [service.name for service in arch.services]
        wanted = anomalies(arch, INDEPENDENT, instances)
        self.wrong = [a.formula for a in wanted if a.kind in level.kinds and a.counts]
        self.known: dict[State, bool] = {}

    def turns(self, state: State) -> set[State]:
        seen, stack = {state}, [state]
        while stack:
            current = stack.pop()
            for action in self.system.enabled(current):
                after = action.apply(current)
                if action.label.kind is ActionKind.STEP and after not in seen:
                    seen.add(after)
                    stack.append(after)
        return seen

    def policy_wins(self) -> bool:
        return all(map(self.wins, self.turns(INITIAL)))

    def wins(self, state: State) -> bool:
        if state not in self.known:
            open_ = [service for service in self.services if snapped(service) not in state]
            self.known[state] = any(
                self.over(after) if len(open_) == 1 else all(map(self.wins, self.turns(after)))
                for after in (self.system.step(state, Label(ActionKind.SNAPSHOT, services=(s,))) for s in open_)
            )
        return self.known[state]

    def over(self, state: State) -> bool:
        """Whether the backups are good whenever disaster strikes from now on."""
        return all(map(self.survives, self.turns(state)))

    def survives(self, state: State) -> bool:
        disaster = next(a for a in self.system.enabled(state) if a.label.kind is ActionKind.DISASTER)
        cut = disaster.apply(state)
        assert self.system.settled(cut)
        return not any(satisfied(formula, cut) for formula in self.wrong)


@few_or(60, 1000)
def test_the_game_with_one_snapshot_for_each_service_agrees_with_minimax(examples: int) -> None:
    on_generated(assert_agreement_with_minimax, examples)


def assert_agreement_with_minimax(document: dict[str, Any]) -> None:
    """Two services: an omniscient policy chooses between two orders, and two indices suffice against both."""
    arch = parsed(document).architecture
    if len(arch.services) != 2 or sum(len(case.steps) for case in arch.use_cases) > 4:
        return
    for level in Level:
        board = Board(arch, level, frozenset())
        orders = permutations(board.services)
        ours = any(good_word(board, snapshots(*((name,) for name in order)), Recovery()) for order in orders)
        assert Minimax(arch, level, 2).policy_wins() == ours, level


@pytest.mark.parametrize("arch", ARCHITECTURES, ids=NAMES)
@pytest.mark.parametrize("level", Level)
def test_the_whole_game_agrees_with_minimax_on_the_built_in_architectures(arch: Architecture, level: Level) -> None:
    """To take more than one snapshot of a service wins the policy nothing here."""
    won = winner(arch, level, frozenset()) is Player.POLICY
    assert Minimax(arch, level, 2).policy_wins() == won


@pytest.mark.parametrize("arch", ARCHITECTURES, ids=NAMES)
def test_clients_that_take_single_steps_win_by_stopping_or_not_at_all(arch: Architecture) -> None:
    """Every announcement is looked at; the strategy that this finds holds as well as the one that stops."""
    for level, other in product(Level, [(), ("verbatim",), ("state-only",), ("separate",)]):
        dropped = drops("asynchronous", *other)
        board = Board(arch, level, dropped)
        search = Search(board, board.turns, Effort())
        assert search.run() is winner(arch, level, dropped)
        if search.start not in search.won:
            found = Game(arch, level, dropped, Player.CLIENTS, len(search.found), board, clients=announcing(search))
            assert "Announce" in recipe(found)
            verify(certificate(found))


def test_a_rollback_needs_a_backup_of_every_service_since_its_instant() -> None:
    board = Board(TWO_WAY, Level.C0, drops("verbatim"))
    position, wins = board.start(), []
    for (move,) in map(snapshots, [("A",), ("B",), ("B",), ("A",)]):
        after = board.after(position, move)
        wins.append(board.won(after, move))
        position = board.reply(after, LARGEST)
    rolled = Recovery(rollback=Rollback.OLDEST)
    assert wins == [None, rolled, None, rolled]


# Finite supplies

WORN_OUT = """
name: worn out
services: {A: {owns: [t1]}, B: {owns: [t2, q]}, C: {owns: [t3, p]}}
use_cases:
  u: [{create: t1, refers_to: t3}, {create: t2, refers_to: [t3, t1]}, {create: t3, refers_to: t1}]
  add p: [{create: p}]
  add q: [{create: q, refers_to: p}]
tolerates: [t1 -> t3, t2 -> t3, t2 -> t1, t3 -> t1]
"""


def test_finitely_many_steps_a_turn_suffice_on_the_built_in_architectures() -> None:
    for arch, level in product(ARCHITECTURES, Level):
        game = play(arch, level)
        assert game.clients is None or game.clients.finite


def test_a_finite_supply_can_be_worn_out() -> None:
    """If copies can be used up, a policy may win a game that clients win with unlimited copies.

    C must be backed up after B because of q and p; then only an index that logs t1 before A's snapshot, and t2 and t3
    between those of B and C, shows an anomaly.  Snapshots of B use such indices up, one by one.
    """
    arch = architecture(WORN_OUT)
    game = play(arch, Level.C2)
    assert game.winner is Player.CLIENTS
    assert game.clients is not None
    assert not game.clients.finite
    verify(certificate(game))
    rules = Rulebook(arch, "C2", frozenset())
    assert longest_play(rules, copies=1) == 4  # A, B, B once more for each copy, C
    assert longest_play(rules, copies=2) == 5


def longest_play(rules: Rulebook, copies: int) -> int:
    """Return how many snapshots the policy needs at most to win against this many indices.

    It snapshots A, then B until no index has t1 backed and t2 logged but not backed, then C.
    """
    begun = {snapped_by(rules, indices, "A") for indices in turns(rules, (FRESH,) * copies)}
    plays = {(following, 1) for indices in begun for following in turns(rules, indices)}
    longest, seen = 0, set(plays)
    while plays:
        indices, count = plays.pop()
        if count > 1 and not any(map(threatens, indices)):
            assert all(rules.consistent(state, Recovery()) for state in snapped_by(rules, indices, "C"))
            longest = max(longest, count + 1)
        else:
            assert count < copies + 2
            new = {(after, count + 1) for after in turns(rules, snapped_by(rules, indices, "B"))} - seen
            plays |= new
            seen |= new
    return longest


def turns(rules: Rulebook, indices: tuple[State, ...]) -> set[tuple[State, ...]]:
    """Every turn of the clients; which index is in which state does not matter."""
    return {tuple(sorted(each, key=sorted)) for each in product(*(rules.reached(state, False) for state in indices))}


def snapped_by(rules: Rulebook, indices: tuple[State, ...], service: str) -> tuple[State, ...]:
    places = [rules.snapshot(Place(frozenset([state])), frozenset([service])) for state in indices]
    return tuple(next(iter(place.states)) for place in places)


def threatens(state: State) -> bool:
    """Whether this index could show an anomaly if C were backed up now."""
    first, second = Event("u", 1, 1), Event("u", 2, 1)
    return backed(first) in state and logged(second) in state and backed(second) not in state


# Certificates


def tampered(game: Game) -> Iterator[tuple[str, dict[str, Any]]]:
    """The certificate of a policy with one move changed, for every position and every other move."""
    document = certificate(game)
    for number, (position, _) in enumerate(game.policy or {}):
        for move in game.board.moves(position):
            changed = copy.deepcopy(document)
            wanted = {"kind": str(move.kind), "services": list(move.services)}
            if changed["table"][number]["move"] != wanted:
                changed["table"][number]["move"] = wanted
                yield f"{number}: {wanted}", changed


WINNING = [
    (ONE_WAY, Level.C0, ()),
    (ONE_WAY, Level.C2, ("state-only",)),
    (TWO_WAY, Level.C2, ("available",)),
    (TWO_WAY, Level.C2, ("unbounded",)),
    (TWO_WAY, Level.C2, ("single", "state-only")),
    (TWO_WAY, Level.C2, ("separate", "state-only")),
    (TWO_WAY, Level.C2, ("state-only", "verbatim")),
    (THERE_AND_BACK, Level.C0, ("verbatim",)),
]


@pytest.mark.parametrize(("arch", "level", "dropped"), WINNING)
def test_a_policy_with_one_move_changed_is_rejected(arch: Architecture, level: Level, dropped: tuple[str, ...]) -> None:
    game = play(arch, level, drops(*dropped))
    assert verify(certificate(game)).winner == "policy"
    changed = list(tampered(game))
    assert changed
    for what, document in changed:
        with pytest.raises(StrategyRejected):
            pytest.fail(f"{what}: {verify(document)}")


@pytest.mark.parametrize(("arch", "level", "dropped"), [*WINNING, (TWO_WAY, Level.C2, ("asynchronous", "state-only"))])
def test_a_policy_is_rejected_with_a_position_less_or_a_wrong_recovery(
    arch: Architecture, level: Level, dropped: tuple[str, ...]
) -> None:
    document = certificate(play(arch, level, drops(*dropped)))
    for number in range(len(document["table"])):
        shorter = copy.deepcopy(document)
        del shorter["table"][number]
        with pytest.raises(StrategyRejected):
            verify(shorter)
    for entry in document["table"]:
        if "recovery" in entry:
            entry["recovery"] = {"rollback": "none", "replay": False, "resume": False, "on_invalid": "reject"}
    if dropped not in [(), ("available",), ("unbounded",)]:
        with pytest.raises(StrategyRejected):
            verify(document)


def test_a_policy_does_not_win_more_than_it_does() -> None:
    document = certificate(play(ONE_WAY, Level.C0))
    verify(document)
    with pytest.raises(StrategyRejected, match="has not"):
        verify(document | {"level": "C1"})
    quiet = certificate(play(ONE_WAY, Level.C2, drops("available")))
    with pytest.raises(StrategyRejected, match="may not lock"):
        verify(quiet | {"dropped": []})
    redone = certificate(play(ONE_WAY, Level.C2, drops("state-only")))
    with pytest.raises(StrategyRejected, match="no such recovery"):
        verify(redone | {"dropped": []})
    other = certificate(play(TWO_WAY, Level.C0))
    with pytest.raises(StrategyRejected):
        verify(document | {"specification": other["specification"]})


def test_a_policy_that_only_waits_is_rejected() -> None:
    document = certificate(play(ONE_WAY, Level.C0))
    document["table"] = document["table"][:1]
    document["table"][0]["move"] = {"kind": "wait", "services": []}
    with pytest.raises(StrategyRejected, match="never end"):
        verify(document)


LOSING = [
    (ONE_WAY, Level.C2, ()),
    (ONE_WAY, Level.C2, ("single",)),
    (ONE_WAY, Level.C2, ("asynchronous",)),
    (ONE_WAY, Level.C2, ("verbatim", "separate")),
    (TWO_WAY, Level.C0, ()),
    (TWO_WAY, Level.C2, ("state-only",)),
    (THERE_AND_BACK, Level.C1, ()),
]


@pytest.mark.parametrize(("arch", "level", "dropped"), LOSING)
def test_clients_are_rejected_if_they_do_less(arch: Architecture, level: Level, dropped: tuple[str, ...]) -> None:
    """Clients who begin with nothing, and clients who lack a turn for one position."""
    document = certificate(play(arch, level, drops(*dropped)))
    assert verify(document).winner == "clients"
    idle = copy.deepcopy(document)
    idle["start"]["states"] = []
    with pytest.raises(StrategyRejected):
        verify(idle)
    table = "announced" if "announced" in document else "table"
    for number in range(len(document[table])):
        shorter = copy.deepcopy(document)
        del shorter[table][number]
        with pytest.raises(StrategyRejected):
            verify(shorter)


def idle_clients(arch: Architecture, level: Level, launched: bool) -> dict[str, Any]:
    """Complete tables of clients who do nothing after their first turn, in which they finish what they begin."""
    board = Board(arch, level, frozenset())
    whole = board.indices.finish(board.start().states) if launched else board.indices.fresh
    document = certificate(play(arch, level))
    rules = Rulebook(arch, str(level), frozenset())
    seen, todo, table = set(), [board.start()._replace(states=whole)], []
    from bac.proofs.theorem.games.recipe import _position

    document["start"] = _position(board, todo[0])
    while todo:
        position = todo.pop()
        for move in board.moves(position):
            following = board.after(position, move)
            if following not in seen:
                seen.add(following)
                todo.append(following)
                table.append({"position": _position(board, following), "reply": []})
    assert rules.services == board.services
    return document | {"table": table}


@pytest.mark.parametrize("launched", [True, False])
def test_idle_clients_lose_and_the_check_says_how(launched: bool) -> None:
    with pytest.raises(StrategyRejected, match="the policy wins by: snapshot"):
        verify(idle_clients(ONE_WAY, Level.C2, launched))


def test_clients_are_rejected_where_they_do_not_win_or_cheat() -> None:
    document = certificate(play(ONE_WAY, Level.C2))
    verify(document)
    with pytest.raises(StrategyRejected, match="policy wins"):
        verify(document | {"level": "C0"})
    with pytest.raises(StrategyRejected):
        verify(document | {"dropped": ["available"]})
    cheat = copy.deepcopy(document)
    cheat["table"][0]["reply"].append([["backed", "a -> b", 1]])
    with pytest.raises(StrategyRejected, match="no steps lead to"):
        verify(cheat)
    cheat = copy.deepcopy(document)
    cheat["start"]["states"].append([["backed", "a -> b", 1]])
    with pytest.raises(StrategyRejected, match="cannot begin"):
        verify(cheat)


def broken(changes: dict[str, Any]) -> dict[str, Any]:
    return certificate(play(ONE_WAY, Level.C2)) | changes


@pytest.mark.parametrize(
    "document",
    [
        None,
        [],
        {},
        {"format": "bac-strategy", "version": 2},
        broken({"winner": "nobody"}),
        broken({"level": "C3"}),
        broken({"dropped": ["everything"]}),
        broken({"dropped": 3}),
        broken({"table": 3}),
        broken({"table": [{}]}),
        broken({"start": None}),
        broken({"start": {"states": [[["logged"]]], "snapped": [], "round": [], "locked": False, "stopped": False}}),
        broken({"start": {"states": [], "snapped": [], "round": [], "locked": 0, "stopped": False}}),
        broken({"specification": {"services": {}}}),
    ],
)
def test_what_is_no_strategy_is_refused(document: object) -> None:
    from bac.model.errors import BacError

    with pytest.raises(BacError):
        verify(document)


# Limits


def test_a_limit_makes_the_winner_unknown() -> None:
    with pytest.raises(LimitReached, match="more than 2 positions") as stop:
        play(ONE_WAY, Level.C2, effort=Effort(2))
    assert stop.value.exit_code == 3
    with pytest.raises(LimitReached):
        minimal_drops(TWO_WAY, Level.C2, Effort(3))


def test_more_local_states_than_allowed_are_a_limit() -> None:
    board = Board(ONE_WAY, Level.C2, frozenset())
    board.indices.limit = 3
    with pytest.raises(LimitReached, match="states of one index"):
        Search(board, board.turns, 100).run()


def test_time_is_looked_at_while_the_states_of_one_index_are_found() -> None:
    """Thirty steps in any order have 2^30 states: the clock must end that before they are all there."""
    steps = [{"create": f"e{number}", "after": "first"} for number in range(30)]
    document = {
        "services": {"A": {"owns": ["e", *(f"e{number}" for number in range(30))]}},
        "use_cases": {"wide": [{"create": "e", "name": "first"}, *steps]},
    }
    ticks = count()
    monitor = LimitMonitor(Limits(seconds=5), clock=lambda: float(next(ticks)))
    with pytest.raises(LimitReached, match="time limit"):
        play(parsed(document).architecture, Level.C2, effort=Effort(monitor=monitor))


def test_too_many_sets_of_services_are_a_limit() -> None:
    names = [f"s{number}" for number in range(11)]
    arch = referring("wide", (("s0", "s1"),), {name: name.upper() for name in names})
    with pytest.raises(LimitReached, match="services"):
        play(arch, Level.C2, drops("single"))


# Plays as traces


@pytest.mark.parametrize("arch", ARCHITECTURES, ids=NAMES)
def test_a_play_that_the_clients_win_is_a_confirmed_trace(arch: Architecture) -> None:
    for level in Level:
        for dropped in every_set():
            if len(dropped) > 2 or winner(arch, level, dropped) is Player.POLICY:
                continue
            for order in permutations(["A", "B"]):
                trace = play_out(play(arch, level, dropped), order)
                assert objection(trace) is None
                assert from_json(trace.to_json()).actions == trace.actions
                taken = [s for label in trace.actions if label.kind is ActionKind.SNAPSHOT for s in label.services]
                assert taken == (["A", "B"] if Assumption.SINGLE in dropped else list(order))
                if not dropped:
                    assert trace.plan == INDEPENDENT
                    assert trace.claim.timing is Timing.AT_REST  # it needs no disaster in an interaction


def test_the_plays_on_one_way_are_figures_3_and_4() -> None:
    game = play(ONE_WAY, Level.C2)
    figure_3, figure_4 = play_out(game, ["B", "A"]), play_out(game, ["A", "B"])
    assert (figure_3.claim.kind, figure_3.claim.subject) == ("broken-link", "a -> b")
    assert (figure_4.claim.kind, figure_4.claim.subject) == ("orphan-state", "b")
    assert len(figure_3.actions) == len(figure_4.actions) == 5
    assert isinstance(figure_3, Trace)


def test_only_plays_that_the_clients_win_are_traces() -> None:
    with pytest.raises(ValueError, match="clients must win"):
        play_out(play(ONE_WAY, Level.C0))
    with pytest.raises(ValueError, match="order"):
        play_out(play(ONE_WAY, Level.C2), ["A"])


def test_the_built_in_architectures_survive_their_files() -> None:
    for arch in ARCHITECTURES:
        assert parse(json.dumps(dump(arch, []))).architecture == arch


def test_clients_that_announce_nothing_are_played_like_that() -> None:
    game = play(ONE_WAY, Level.C2, drops("asynchronous"))
    assert game.clients is not None
    assert set((game.clients.announced or {}).values()) == {NOTHING}
