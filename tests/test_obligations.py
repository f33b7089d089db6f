"""Theorems for any number of services: discharged by two solvers, never vacuous, and about what the checker checks."""

from __future__ import annotations

import json
import random
import re
import subprocess
import sys
from dataclasses import replace
from itertools import permutations
from pathlib import Path

import pytest
from helpers import MISSING, parsed
from simulation import NotSimulated, follow, read

from bac.model.errors import Contradiction, UnwritableFile
from bac.model.modes import Mode
from bac.model.plan import Disaster, Group, Plan
from bac.model.recovery import Broker, OnInvalid, Recovery, Rollback
from bac.model.semantics import system
from bac.model.system import INITIAL, ActionKind, Event, Label
from bac.proofs.theorem.unbounded import (
    impossibility,
    locked,
    markers,
    referrer_first,
    rollback,
    shared_database,
    solvers,
)
from bac.proofs.theorem.unbounded.logic import (
    Connective,
    Equal,
    Formula,
    Quantified,
    Sort,
    Structure,
    Symbol,
    Variable,
    both,
    either,
    every,
    iff,
    implies,
    negation,
    smt,
    some,
    true_in,
)
from bac.proofs.theorem.unbounded.machine import Machine, Obligation, Problem, Theorem, assumptions_of
from bac.proofs.theorem.unbounded.solvers import (
    ask_cvc5,
    ask_z3,
    decide,
    discharge_all,
    exit_code,
    files,
    report,
    theorems,
    write,
)
from bac.properties.anomalies import AnomalyKind, anomalies
from bac.properties.formula import satisfied
from bac.properties.qualities import Property

pytest.importorskip("cvc5", reason=f"{MISSING} prove")

THEOREMS = {theorem.name: theorem for theorem in theorems()}
OBLIGATIONS = {f"{name}: {each.name}": each for name, theorem in THEOREMS.items() for each in theorem.obligations}
PROOF = {f"{name}: {each.name}": each for name, theorem in THEOREMS.items() for each in theorem.proof}
MACHINES = {
    "impossibility": impossibility.MACHINE,
    "locked": locked.MACHINE,
    "shared-database": shared_database.MACHINE,
    "referrer-first": referrer_first.MACHINE,
    "rollback": rollback.MACHINE,
    "markers": markers.MACHINE,
}

# The obligations

STORED = Path(__file__).resolve().parent / "golden" / "smt2"


@pytest.mark.parametrize("name", OBLIGATIONS)
def test_both_solvers_give_the_expected_answer(name: str) -> None:
    outcome = decide(OBLIGATIONS[name])
    assert (outcome.z3, outcome.cvc5) == (outcome.obligation.expected,) * 2
    assert outcome.confirmed
    assert bool(outcome.example) == (outcome.obligation.expected == "sat")


def test_the_theorems_are_those_of_the_documentation() -> None:
    assert list(THEOREMS) == [
        "impossibility",
        "locked",
        "shared-database",
        "referrer-first",
        "rollback",
        "markers",
    ]


@pytest.mark.parametrize("name", THEOREMS)
def test_every_theorem_has_a_proof_a_witness_and_false_twins(name: str) -> None:
    theorem = THEOREMS[name]
    assert {obligation.expected for obligation in theorem.proof} == {"unsat"}
    assert {obligation.expected for obligation in theorem.runs} == {"sat"}
    names = [obligation.name for obligation in theorem.runs]
    assert any(each.startswith(("the assumptions can be met", "the game can be played")) for each in names)
    assert any(each.startswith("without") for each in names)
    everything = [obligation.name for obligation in theorem.obligations]
    assert len(everything) == len(set(everything))


@pytest.mark.parametrize("name", MACHINES)
def test_a_proof_has_an_obligation_for_every_action_and_every_claim(name: str) -> None:
    machine = MACHINES[name]
    names = [obligation.name for obligation in machine.inductive()]
    assert names == [
        "initiation",
        *(f"consecution {action.name}" for action in machine.actions),
        *(f"safety {claim}" for claim in machine.safe),
    ]


# Every claim needs what it assumes

NEEDED = {
    "impossibility": ["the clients go on"],
    "locked": [
        "the group is drained",
        "it is admitted",
        "the group is locked",
        "nothing of it is snapped",
        "all of it is snapped",
        "it has what it requires",
        "a link is made to what exists or to what its interaction creates",
        "the group has a backup",
    ],
    "shared-database": [
        "it has what it requires",
        "it is outside of the group",
        "a link is made to what exists or to what its interaction creates",
    ],
    "referrer-first": [
        "those before are snapped",
        "the holder's service comes first",
        "a link is made to what exists",
        "it has what it requires",
        "everything has a backup",
        "it has no backup yet",
    ],
    "rollback": ["a link is made to what exists", "it has what it requires"],
    "markers": [
        "the marker came first",
        "all its messages wait",
        "it is a first step",
    ],
}
CASES = [(name, each) for name, needed in NEEDED.items() for each in needed]


@pytest.mark.parametrize(("name", "assumption"), CASES, ids=[f"{name}: {each}" for name, each in CASES])
def test_without_an_assumption_the_proof_fails(name: str, assumption: str) -> None:
    verdicts = {ask_z3(each.smt2)[0] for each in MACHINES[name].without(assumption).inductive()}
    assert verdicts == {"sat", "unsat"}


@pytest.mark.parametrize("name", MACHINES)
def test_no_part_of_the_invariant_is_the_proof_alone(name: str) -> None:
    """Without all of the invariant, nothing is safe: the claims are not consequences of the assumptions."""
    machine = replace(MACHINES[name], invariant={})
    for obligation in machine.inductive():
        if obligation.name.startswith("safety"):
            assert ask_z3(obligation.smt2)[0] == "sat"


@pytest.mark.parametrize("name", PROOF)
def test_the_negation_of_the_claim_is_what_refutes_it(name: str) -> None:
    """Both solvers find an example of all but the last formula, so the last one matters."""
    sane = assumptions_of(PROOF[name])
    assert sane.problem.formulas == PROOF[name].problem.formulas[:-1]
    assert decide(sane).confirmed


def flipped(formula: Formula) -> Formula:
    """The formula with its outermost quantifiers exchanged."""
    match formula:
        case Quantified(name, variables, body):
            return Quantified("exists" if name == "forall" else "forall", variables, body)
        case Connective(name, parts):
            return Connective(name, tuple(flipped(part) for part in parts))
        case other:
            return other


@pytest.mark.parametrize("name", [name for name in PROOF if "safety" in name])
def test_a_flipped_quantifier_changes_the_answer(name: str) -> None:
    """An invariant that is true of something, and not of everything, is no proof."""
    obligation = PROOF[name]
    mutated = tuple(
        (what, flipped(formula) if what.startswith("invariant") else formula)
        for what, formula in obligation.problem.formulas
    )
    assert mutated != obligation.problem.formulas
    mutant = replace(obligation, problem=Problem(mutated))
    assert ask_z3(mutant.smt2)[0] == ask_cvc5(mutant.smt2) == "sat"


@pytest.mark.parametrize("name", MACHINES)
def test_an_action_that_may_do_anything_breaks_the_invariant(name: str) -> None:
    machine = MACHINES[name]
    action = max(machine.actions, key=lambda action: len(action.effects))
    problem = machine.consecution(action).problem
    kept = tuple((what, formula) for what, formula in problem.formulas if ": then:" not in what)
    assert len(kept) == len(problem.formulas) - len(machine.state)
    assert ask_z3(Obligation("mutant", "unsat", Problem(kept), "").smt2)[0] == "sat"


def test_what_is_removed_must_be_there() -> None:
    with pytest.raises(KeyError):
        locked.MACHINE.without("no such assumption")


# Their files


def test_the_stored_files_are_what_the_modules_produce() -> None:
    """If this fails: bac prove unbounded --smt2 tests/golden/smt2."""
    stored = {path.name: path.read_text(encoding="utf-8") for path in STORED.glob("*")}
    assert stored == files()


def test_the_files_do_not_depend_on_the_process() -> None:
    script = "import json; from bac.proofs.theorem.unbounded.solvers import files; print(json.dumps(files()))"
    for seed in ("1", "2"):
        run = [sys.executable, "-c", script]
        output = subprocess.run(run, capture_output=True, text=True, check=True, env=environment(seed)).stdout
        assert json.loads(output) == files()


def environment(seed: str) -> dict[str, str]:
    import os

    return {**os.environ, "PYTHONHASHSEED": seed}


def test_files_are_written_where_they_are_wanted(tmp_path: Path) -> None:
    written = write(tmp_path / "new" / "place")
    assert {path.name: path.read_text(encoding="utf-8") for path in written} == files()
    (tmp_path / "file").write_text("")
    with pytest.raises(UnwritableFile):
        write(tmp_path / "file")


FILES = files()


@pytest.mark.parametrize("name", FILES)
def test_a_file_says_what_it_is_and_is_plain(name: str) -> None:
    text = FILES[name]
    assert re.fullmatch(r"[a-z0-9',-]+\.smt2", name)
    assert text.startswith("; ")
    assert "; expected: " in text
    assert ":status" not in text  # a solver that is told what is expected says "unknown" instead of contradicting
    assert text.isascii()
    assert text.rstrip().endswith("(check-sat)")


# What the solvers say


SOUND = Theorem("test", "a test", (Obligation("one", "unsat", Problem((("no", either()),)), "nothing"),), ())


def test_the_report_is_the_documented_one() -> None:
    result = discharge_all([SOUND])[0]
    document = report([result])
    seconds = document["theorems"][0]["obligations"][0].pop("seconds")
    assert seconds >= 0
    document["theorems"][0]["obligations"][1].pop("seconds")
    assert document == {
        "format": "bac-obligations",
        "version": 1,
        "theorems": [
            {
                "name": "test",
                "statement": "a test",
                "obligations": [
                    {"name": "one", "expected": "unsat", "z3": "unsat", "cvc5": "unsat"},
                    {"name": "assumptions of one", "expected": "sat", "z3": "sat", "cvc5": "sat"},
                ],
            }
        ],
    }
    assert exit_code([result]) == 0


@pytest.mark.parametrize(("answer", "code", "proved"), [("unsat", 4, False), ("unknown", 3, False), ("sat", 4, False)])
def test_solvers_that_disagree_or_do_not_know(
    answer: str, code: int, proved: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(solvers, "ask_cvc5", lambda *_: answer)
    result = discharge_all([SOUND])[0]
    assert result.proved is proved
    assert exit_code([result]) == code


def test_a_wrong_expectation_is_a_contradiction() -> None:
    """Neither solver accepts a wrong obligation."""
    wrong = Theorem("wrong", "", (replace(SOUND.proof[0], problem=Problem((("yes", both()),))),), ())
    outcome = discharge_all([wrong])[0].outcomes[0]
    assert (outcome.z3, outcome.cvc5, outcome.contradicted) == ("sat", "sat", True)
    assert exit_code([discharge_all([wrong])[0]]) == 4


def test_what_is_no_answer_is_an_error() -> None:
    with pytest.raises(solvers.SolverFailed):
        ask_cvc5("(set-logic UF)")
    with pytest.raises(solvers.SolverFailed):
        ask_cvc5("(set-logic UF)(get-model)(check-sat)")


def test_time_runs_out_as_unknown() -> None:
    """Pigeons: hard for both, and neither may call it anything but unknown."""
    sort = Sort("Hole")
    holes = [Symbol(f"hole{k}", (), sort)() for k in range(10)]
    pigeons = [Symbol(f"pigeon{k}", (), sort)() for k in range(11)]
    somewhere = both(*(either(*(Equal(pigeon, hole) for hole in holes)) for pigeon in pigeons))
    pairs = [(a, b) for k, a in enumerate(pigeons) for b in pigeons[:k]]
    apart = both(*(negation(Equal(a, b)) for a, b in pairs))
    hard = Obligation("pigeons", "unsat", Problem((("each is in a hole", somewhere), ("alone", apart))), "")
    outcome = decide(hard, 0.05)
    assert outcome.z3 == outcome.cvc5 == "unknown"
    assert not outcome.contradicted


def test_an_example_that_does_not_satisfy_the_formulas_is_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    obligation = OBLIGATIONS["locked: without draining"]
    _, model = ask_z3(obligation.smt2)
    monkeypatch.setattr(solvers, "true_in", lambda *_: False)
    with pytest.raises(Contradiction):
        solvers.shown(obligation.problem, model)


def test_an_example_is_told_in_words() -> None:
    example = decide(OBLIGATIONS["locked: without draining"]).example
    story = [line for line in example if line[0].isdigit() and line[1] == "."]
    assert len(story) == 7
    assert story[1] == "2. the group is locked"
    assert re.fullmatch(r"3\. service \d is snapshotted", story[2])
    assert re.fullmatch(r"4\. event \d is logged", story[3])
    assert story[6].startswith("7. disaster strikes")
    assert any(line.startswith("at the end, event") and line.endswith("is logged") for line in example)
    assert not any("@" in line or "!" in line for line in example)


# The logic


THING, OTHER = Sort("Thing"), Sort("Other")
X, Y, Z = Variable("x", THING), Variable("y", THING), Variable("z", OTHER)
RED, LIKES = Symbol("red", (THING,)), Symbol("likes", (THING, THING))
HOME, HERE = Symbol("home", (THING,), OTHER), Symbol("here", (), OTHER)


def random_formula(chance: random.Random, depth: int) -> Formula:
    """A formula over x, y and z, which may be free in it."""
    atoms = [RED(X), RED(Y), LIKES(X, Y), LIKES(Y, X), Equal(X, Y), Equal(HOME(X), Z), Equal(HOME(Y), HERE())]
    if depth == 0:
        return chance.choice(atoms)
    parts = [random_formula(chance, depth - 1) for _ in range(2)]
    quantify = chance.choice([every, some])
    return chance.choice(
        [
            negation(parts[0]),
            both(*parts),
            either(*parts),
            implies(*parts),
            iff(*parts),
            quantify([chance.choice([X, Y, Z])], parts[0]),
            quantify([X, Z], parts[1]),
        ]
    )


@pytest.mark.parametrize("seed", range(30))
def test_the_evaluator_agrees_with_z3(seed: int) -> None:
    """On a structure of two things and two others, spelled out for Z3."""
    chance = random.Random(seed)
    sentence = every([X], some([Y], every([Z], random_formula(chance, 4))))
    values = {
        (symbol, each): chance.randrange(2)
        for symbol in (RED, LIKES, HOME, HERE)
        for each in [tuple(int(d) for d in f"{n:02b}"[: len(symbol.arguments)]) for n in range(4)]
    }
    structure = Structure({THING: 2, OTHER: 2}, lambda symbol, given: values[symbol, given])
    things = [Symbol(f"thing{k}", (), THING)() for k in range(2)]
    others = [Symbol(f"other{k}", (), OTHER)() for k in range(2)]
    names = {THING: things, OTHER: others}
    diagram: list[Formula] = [
        every([X], either(*(Equal(X, thing) for thing in things))),
        every([Z], either(*(Equal(Z, other) for other in others))),
        negation(Equal(*things)),
        negation(Equal(*others)),
    ]
    for (symbol, each), value in values.items():
        term = symbol(*(names[sort][number] for sort, number in zip(symbol.arguments, each, strict=True)))
        if symbol.result is None:
            diagram.append(term if value else negation(term))
        else:
            diagram.append(Equal(term, names[symbol.result][value]))
    problem = Problem((*(("diagram", each) for each in diagram), ("sentence", sentence)))
    verdict = ask_z3(Obligation("evaluated", "sat", problem, "").smt2)[0]
    assert verdict == ("sat" if true_in(structure, sentence) else "unsat")


def test_symbols_are_applied_to_their_sorts() -> None:
    with pytest.raises(TypeError):
        RED(Z)
    with pytest.raises(TypeError):
        LIKES(X)


def test_text_is_broken_into_lines_and_means_the_same() -> None:
    formula = every([X, Y], implies(*[both(LIKES(X, Y), RED(X))] * 6, RED(Y)))
    assert "\n" in smt(formula)
    assert smt(RED(X)) == "(red x)"
    assert (
        re.sub(r"\s+", " ", smt(formula))
        == "(forall ((x Thing) (y Thing)) "
        + re.sub(r"\s+", " ", smt(formula.body if isinstance(formula, Quantified) else formula))
        + ")"
    )


# The machines are about what the checker checks

SHOP = """
services: {customers: {owns: [customer]}, orders: {owns: [order, receipt]}, bills: {owns: [bill]}}
use_cases:
  register: [create: customer]
  order:
    - {create: order, refers_to: [customer]}
    - {create: bill, refers_to: [order]}
    - {link: customer, to: bill}
  file: [{create: receipt, refers_to: [bill]}]
"""
CHAIN = """
services: {A: {owns: [a, d]}, B: {owns: [b]}, C: {owns: [c]}}
use_cases:
  news:
    - {create: a}
    - {create: b, refers_to: [a], via: event}
    - {create: c, refers_to: [b], via: event}
  more:
    - {create: d}
"""
FAN = CHAIN.replace("refers_to: [b], via: event", "refers_to: [a], via: event, after: first").replace(
    "- {create: a}", "- {create: a, name: first}"
)
REFERENCES = """
services: {A: {owns: [a]}, B: {owns: [b]}, C: {owns: [c]}}
references: ["a -> b", "b -> c", "a -> c"]
"""
EVERYTHING = ("customers", "orders", "bills")
SOME = ("orders", "bills")
LOCK_ALL = Plan("locked", (Group(Mode.LOCKED, EVERYTHING),))
LOCK_SOME = Plan("locked", (Group(Mode.LOCKED, SOME),), disaster=Disaster((SOME,)))
SHARE = Plan("shared", (Group(Mode.SHARED_DATABASE, ("A", "B", "C")),))
SHARE_SOME = Plan("shared", (Group(Mode.SHARED_DATABASE, ("A", "B")),), disaster=Disaster((("A", "B"),)))
ORDER = Plan("order", order=("A", "B", "C"))
ROLLBACK = Plan("rollback", recovery=Recovery(rollback=Rollback.OLDEST))
MARKERS = Plan("markers", (Group(Mode.MARKERS, ("A", "B", "C")),))
REPLAY = replace(MARKERS, recovery=Recovery(replay=True))
ONE_REFERENCE = REFERENCES.replace('"a -> b", "b -> c", "a -> c"', '"a -> b", "b -> a"')

SIMULATED: list[tuple[str, Machine, str, Plan, int, tuple[str, ...] | None]] = [
    ("locked", locked.MACHINE, SHOP, LOCK_ALL, 1, None),
    ("locked, two instances", locked.MACHINE, SHOP, LOCK_ALL, 2, None),
    ("locked in part", locked.MACHINE, SHOP, LOCK_SOME, 1, SOME),
    ("shared database", shared_database.MACHINE, REFERENCES, SHARE, 1, None),
    ("shared in part", shared_database.MACHINE, ONE_REFERENCE, SHARE_SOME, 2, ("A", "B")),
    ("referrer first", referrer_first.MACHINE, REFERENCES, ORDER, 2, None),
    ("rollback", rollback.MACHINE, SHOP, ROLLBACK, 1, None),
    ("rollback of references", rollback.MACHINE, REFERENCES, ROLLBACK, 1, None),
    ("markers", markers.MACHINE, FAN, MARKERS, 1, None),
    ("markers, two instances", markers.MACHINE, FAN, MARKERS, 2, None),
    ("markers, chains", markers.MACHINE, CHAIN, MARKERS, 2, None),
    ("markers and replay", markers.MACHINE, CHAIN, REPLAY, 2, None),
]


@pytest.mark.parametrize(
    ("name", "machine", "text", "plan", "instances", "group"), SIMULATED, ids=[case[0] for case in SIMULATED]
)
def test_what_the_checker_does_the_machine_does(
    name: str, machine: Machine, text: str, plan: Plan, instances: int, group: tuple[str, ...] | None
) -> None:
    seen = follow(machine, parsed(text).architecture, plan, instances, group, walks=12)
    expected = {action.name for action in machine.actions}
    if group is None:
        expected -= {"step outside", "snapshot outside"}
    assert seen - {"nothing"} == expected - ({"step outside"} if "shared" in name else set())


NOT_SIMULATED: dict[str, tuple[Machine, str, Plan]] = {
    "a group that is not drained": (locked.MACHINE, SHOP, Plan("atomic", (Group(Mode.ATOMIC, EVERYTHING),))),
    "no transactions": (shared_database.MACHINE, REFERENCES, Plan("atomic", (Group(Mode.ATOMIC, ("A", "B", "C")),))),
    "no order": (referrer_first.MACHINE, REFERENCES, Plan("order", order=("C", "B", "A"))),
    "no rollback": (rollback.MACHINE, REFERENCES, Plan("independent")),
    "no markers": (markers.MACHINE, FAN, Plan("independent")),
}


@pytest.mark.parametrize("name", NOT_SIMULATED)
def test_another_plan_is_not_what_the_theorem_is_about(name: str) -> None:
    machine, text, plan = NOT_SIMULATED[name]
    with pytest.raises(NotSimulated):
        follow(machine, parsed(text).architecture, plan, walks=40)


@pytest.mark.parametrize("order", list(permutations("ABC")))
def test_the_clients_strategy_beats_every_order_of_snapshots(order: tuple[str, ...]) -> None:
    """Played in the checker's own semantics: every snapshot is answered by a fresh round of all interactions."""
    architecture = parsed(REFERENCES).architecture
    built = system(architecture, Plan("independent"), len(order))
    state = INITIAL
    for number, service in enumerate(order, 1):
        state = built.step(state, Label(ActionKind.SNAPSHOT, services=(service,)))
        for case in architecture.use_cases:
            for step in case.steps:
                state = built.step(state, Label(ActionKind.STEP, (Event(case.name, step.number, number),)))
    everything = ("A", "B", "C")
    state = built.step(state, Label(ActionKind.DISASTER, services=everything, restored=everything, at_rest=True))
    found = {
        str(each.about)
        for each in anomalies(architecture, Plan("independent"), len(order))
        if satisfied(each.formula, state)
    }
    for case in architecture.use_cases:
        link, target = next(iter(case.steps[1].links)), case.steps[0].entity
        assert {str(link), str(target)} & found, case.name


def test_messages_bring_about_every_step_but_the_first_if_none_is_called() -> None:
    """The lemmas on markers assume this of an interaction."""

    def first_steps(text: str, plan: Plan) -> list[int]:
        architecture = parsed(text).architecture
        reading = read(architecture, plan, 1, (), system(architecture, plan))
        brought = {event for event, _ in reading.fixed["brought-about-by"]}
        return [
            sum((case.name, step.number) not in {(e.use_case, e.step) for e in brought} for step in case.steps)
            for case in architecture.use_cases
        ]

    assert first_steps(FAN, MARKERS) == first_steps(CHAIN, MARKERS) == [1, 1]
    assert first_steps(SHOP, Plan("markers", (Group(Mode.MARKERS, EVERYTHING),))) == [1, 3, 1]


def test_a_chain_of_events_is_delivered_to_its_end() -> None:
    """An event that recovery delivers sends messages as usual."""
    from bac.proofs.check import check
    from bac.proofs.results import Verdict

    architecture = parsed(CHAIN).architecture
    assert check(architecture, MARKERS).verdict is Verdict.HOLDS
    assert check(architecture, REPLAY).verdict is Verdict.HOLDS
    assert check(parsed(FAN).architecture, MARKERS).verdict is Verdict.HOLDS
    assert REPLAY.recovery.on_invalid is OnInvalid.ACCEPT


RESTORED: dict[str, Plan] = {
    "locked": Plan("p", (Group(Mode.LOCKED, ("A", "B", "C")),)),
    "shared-database": SHARE,
    "referrer-first": Plan("p", order=("C", "B", "A")),
    "rollback": ROLLBACK,
}


@pytest.mark.parametrize("name", RESTORED)
def test_a_statement_says_that_recovery_only_restores(name: str) -> None:
    """Its twin: with messages that survive, a link breaks."""
    plan = RESTORED[name]
    survives = replace(plan, recovery=replace(plan.recovery, broker=Broker.SURVIVES))
    assert AnomalyKind.BROKEN_LINK not in anomalies_of(CHAIN, plan)
    assert AnomalyKind.BROKEN_LINK in anomalies_of(CHAIN, survives)
    assert "nothing is delivered, replayed or resumed" in THEOREMS[name].statement


def test_markers_need_a_recovery_that_rejects_nothing() -> None:
    """A message that is delivered before the one that it builds on is rejected, and its state is missing."""
    text = FAN.replace("create: b, refers_to: [a]", "create: b").replace("c, refers_to: [a]", "c, refers_to: [b]")
    text = text.replace("create: b, via: event", "create: b, via: event, after: first")
    rejects = replace(MARKERS, recovery=Recovery(on_invalid=OnInvalid.REJECT))
    assert anomalies_of(text, MARKERS) == set()
    assert anomalies_of(text, rejects) != set()
    assert "recovery rejects no event" in THEOREMS["markers"].statement


def anomalies_of(text: str, plan: Plan) -> set[AnomalyKind]:
    """The kinds of anomalies that the checker finds."""
    from bac.proofs.check import check

    found = check(parsed(text).architecture, plan, 1, [Property.CONSISTENCY]).properties[Property.CONSISTENCY]
    return {anomaly.kind for anomaly in found.anomalies}


def test_nothing_heavy_is_loaded_before_it_is_needed() -> None:
    script = (
        "import sys, bac.proofs.theorem.graphs.sweep, bac.proofs.theorem.unbounded.solvers;"
        "import bac.proofs.theorem.unbounded.solvers;"
        "print([name for name in ('z3', 'cvc5', 'distributed', 'dask') if name in sys.modules])"
    )
    run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "[]"
