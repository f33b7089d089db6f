"""Certificates: accepted when genuine, and refused, each with its reason, when anything that matters was changed."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import cache
from itertools import product
from pathlib import Path
from typing import Any

import pytest
from helpers import REFERENCE, needs_extra, parsed

from bac.model import documents
from bac.model.architecture import Architecture
from bac.model.documents import MalformedDocument
from bac.model.errors import BacError, Contradiction, LimitReached, UnreadableFile
from bac.model.system import INITIAL, State, System
from bac.model.trace_file import load
from bac.proofs.certificates import invariant_certificate
from bac.proofs.certificates.certificate import Verified, checked, verify
from bac.proofs.certificates.invariant_certificate import Check, Invariant, NotProved, decoded
from bac.proofs.certificates.two_solvers import WithCvc5, WithZ3
from bac.proofs.check import find
from bac.proofs.engine import Limits
from bac.proofs.smt.induction import prove
from bac.proofs.theorem.games.arenas import ARCHITECTURES, Assumption, Level
from bac.proofs.theorem.games.game import play
from bac.proofs.theorem.games.recipe import certificate
from bac.properties.formula import FALSE, TRUE, Atom, Formula, Not, Or, conjunction, satisfied
from bac.properties.qualities import Property

Path_ = tuple[str | int, ...]


def said(document: Any) -> Verified:
    """Return what is verified of a document."""
    return checked(json.dumps(document).encode())


def refusal(document: Any) -> BacError:
    """Why a document is refused."""
    with pytest.raises(BacError) as caught:
        said(document)
    return caught.value


def leaves(document: Any, path: Path_ = ()) -> Iterator[Path_]:
    """The paths to everything in a document that holds nothing else."""
    match document:
        case dict() if document:
            for key, value in document.items():
                yield from leaves(value, (*path, key))
        case list() if document:
            for number, value in enumerate(document):
                yield from leaves(value, (*path, number))
        case _:
            yield path


def changed(document: Any, path: Path_, to: Callable[[Any], Any] | None = None) -> Any:
    """The document with something else at this path."""
    document = copy.deepcopy(document)
    place = document
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = (to or other)(place[path[-1]])
    return document


def other(value: Any) -> Any:
    """Something of the same kind."""
    match value:
        case bool():
            return not value
        case int():
            return value + 1
        case []:
            return ["A"]
        case {}:
            return {"A": 1}
        case None:
            return {}
        case _:
            return f"{value} tampered"


# Traces


@cache
def trace(plan: str, kind: str | None, property_: str = "consistency") -> Any:
    specification = parsed(REFERENCE)
    found = find(specification.architecture, specification.plan(plan), 1, property_, kind, None, None, Limits())
    return found.to_json()


@pytest.mark.parametrize(
    ("plan", "kind", "property_", "shown"),
    [
        ("independent", "broken-link", "consistency", "violates consistency: broken-link 'a -> b', index 1"),
        ("rollback", None, "no-extra-loss", "violates no-extra-loss: extra-loss"),
        ("locked", None, "availability", "violates availability"),
    ],
)
def test_a_trace_is_confirmed(plan: str, kind: str | None, property_: str, shown: str) -> None:
    found = said(trace(plan, kind, property_))
    assert found.kind == "trace"
    assert shown in found.confirmed
    assert "interpreter" in found.trusted


def test_a_trace_that_is_malformed_is_not_one_that_is_false() -> None:
    document = trace("independent", "broken-link")
    assert refusal(changed(document, ("version",))).exit_code == 2
    assert refusal(changed(document, ("specification", "references", 0))).exit_code == 2
    assert refusal(changed(document, ("plan",))).exit_code == 2
    assert refusal(document | {"actions": document["actions"][1:]}).exit_code == 2
    assert refusal(changed(document, ("services", 0, "backup", 0))).exit_code == 2
    assert refusal(changed(document, ("anomaly", "kind"), lambda _: "orphan-state")).exit_code == 1


# Strategies


@cache
def strategy(architecture: Architecture, level: Level, *dropped: str) -> Any:
    return certificate(play(architecture, level, frozenset(map(Assumption, dropped))))


GAMES = [(), ("available",), ("asynchronous",), ("asynchronous", "state-only")]


@pytest.mark.parametrize(("architecture", "dropped"), list(product(ARCHITECTURES, GAMES)))
def test_a_strategy_is_confirmed(architecture: Architecture, dropped: tuple[str, ...]) -> None:
    document = strategy(architecture, Level.C1, *dropped)
    found = said(document)
    assert found.kind == "strategy"
    assert ("a policy wins" in found.confirmed) == (document["winner"] == "policy")
    assert "interpreter" in found.trusted


def test_a_changed_move_is_noticed() -> None:
    document = strategy(ARCHITECTURES[1], Level.C1, "available")
    for number, entry in enumerate(document["table"]):
        for kind, services in [("wait", []), ("unlock", []), ("snapshot", ["A"]), ("snapshot", ["B"])]:
            if (kind, services) != (entry["move"]["kind"], entry["move"]["services"]):
                move = {"kind": kind, "services": services}
                assert refusal(changed(document, ("table", number, "move"), lambda _, m=move: m)).exit_code == 1
        assert refusal(changed(document, ("table",), lambda table, n=number: table[:n] + table[n + 1 :])).exit_code == 1


def test_a_strategy_that_is_malformed_is_not_one_that_loses() -> None:
    policy, clients = strategy(ARCHITECTURES[0], Level.C1, "available"), strategy(ARCHITECTURES[0], Level.C1)
    for document in (policy, clients):
        for key in document:
            if key != "format":
                assert refusal({k: v for k, v in document.items() if k != key}).exit_code == 2
        assert refusal(document | {"extra": 1}).exit_code == 2
    assert refusal(changed(policy, ("table", 0, "position"), lambda _: 7)).exit_code == 2
    assert refusal(changed(clients, ("table", 0, "reply"), lambda _: [[["logged"]]])).exit_code == 2
    assert refusal(policy | {"winner": "clients"}).exit_code == 2
    assert refusal(policy | {"dropped": []}).exit_code == 1


def test_a_game_that_is_too_large_is_undecided() -> None:
    document = strategy(ARCHITECTURES[0], Level.C1, "available")
    names = [f"s{number}" for number in range(11)]
    many = {"services": {name.upper(): {"owns": [name]} for name in names}, "use_cases": {"u": [{"create": "s0"}]}}
    others = [{"create": f"t{number}", "after": "first"} for number in range(13)]
    wide = {
        "services": {"S": {"owns": ["s", *(f"t{number}" for number in range(13))]}},
        "use_cases": {"u": [{"create": "s", "name": "first"}, *others]},
    }
    cases = {f"case {number}": [{"create": f"s{number}"}] for number in range(501)}
    long = {"services": {"S": {"owns": [f"s{number}" for number in range(501)]}}, "use_cases": cases}
    for specification in (many, wide, long):
        assert refusal(document | {"specification": specification}).exit_code == 3


# Invariants


@cache
def invariant(plan: str, property_: Property, instances: int = 1) -> Invariant:
    """An invariant that an engine finds."""
    specification = parsed(REFERENCE)
    empty = Invariant(specification.architecture, specification.plan(plan), instances, property_, TRUE)
    proof = prove(empty.system, empty.bad, empty.claim.in_settled_states)
    assert proof is not None
    return Invariant(empty.architecture, empty.plan, instances, property_, proof.invariant)


def saved(found: Invariant) -> Any:
    return invariant_certificate.to_json(found)


PROVED = [
    ("locked", Property.CONSISTENCY, 1),
    ("shared", Property.CONSISTENCY, 1),
    ("independent", Property.AVAILABILITY, 2),
    ("independent", Property.NO_EXTRA_LOSS, 1),
]


@pytest.mark.parametrize(("plan", "property_", "instances"), PROVED)
def test_an_invariant_is_confirmed(plan: str, property_: Property, instances: int) -> None:
    found = said(saved(invariant(plan, property_, instances)))
    assert found.kind == "invariant"
    scope = f"with up to {instances} instance{'s' * (instances > 1)}"
    assert found.confirmed == f"no run of 'Reference' under the plan '{plan}', {scope}, violates {property_}"
    assert "Z3 and cvc5" in found.trusted


def test_an_invariant_survives_a_file() -> None:
    found = invariant("locked", Property.CONSISTENCY)
    assert invariant_certificate.from_json(json.loads(json.dumps(saved(found)))) == found


def reachable_states(system: System) -> set[State]:
    """Every state that the interpreter can reach."""
    seen, stack = {INITIAL}, [INITIAL]
    while stack:
        state = stack.pop()
        new = {action.apply(state) for action in system.enabled(state)} - seen
        seen |= new
        stack += new
    return seen


def reachable_exactly(plan: str, property_: Property) -> Invariant:
    """The strongest invariant: one of the reachable states."""
    specification = parsed(REFERENCE)
    empty = Invariant(specification.architecture, specification.plan(plan), 1, property_, TRUE)
    states = reachable_states(empty.system)
    cubes = (
        conjunction(Atom(fact) if fact in state else Not(Atom(fact)) for fact in empty.system.facts) for state in states
    )
    return replace(empty, formula=Or(tuple(cubes)))


def test_a_change_anywhere_around_the_formula_is_noticed() -> None:
    document = saved(invariant("locked", Property.CONSISTENCY)) | {"formula": ["and"]}
    expected = {1: ["formula", "property"], 2: ["format", "version", "plan", "instances", "facts", "specification"]}
    assert set(document) == {key for keys in expected.values() for key in keys}
    for path in leaves(document):
        if path[0] in expected[2] and path != ("specification", "name"):
            assert refusal(changed(document, path)).exit_code == 2, path
    genuine = saved(invariant("locked", Property.CONSISTENCY))
    said(changed(genuine, ("specification", "name")))
    assert refusal(genuine | {"property": "availability"}).exit_code == 1


class ByHand:
    """The successors, by the interpreter, of every valuation of the facts of a system, reachable or not."""

    def __init__(self, about: Invariant) -> None:
        chosen = product((False, True), repeat=len(about.system.facts))
        states = [frozenset(f for f, true in zip(about.system.facts, each, strict=True) if true) for each in chosen]
        self.after = {state: [action.apply(state) for action in about.system.enabled(state)] for state in states}
        self.bad = {state for state in states if about.is_bad(state)}

    def is_proof(self, formula: Formula) -> bool:
        holds = {state for state in self.after if satisfied(formula, state)}
        kept = all(after in holds for state in holds for after in self.after[state])
        return frozenset() in holds and kept and not holds & self.bad


@pytest.mark.parametrize("plan", ["locked", "shared"])
def test_a_changed_formula_is_confirmed_if_and_only_if_it_is_an_invariant_still(plan: str) -> None:
    """A number or a word here and there; decided anew by going through all valuations of the facts."""
    genuine = invariant(plan, Property.CONSISTENCY)
    by_hand, document = ByHand(genuine), saved(genuine)
    opposite = {"and": "or", "or": "and"}
    answers = []
    places = [path for path in leaves(document) if path[0] == "formula"]
    for path in places[:: max(1, len(places) // 25)]:
        tampered = changed(document, path, lambda old: opposite.get(old) or other(old))
        try:
            proof = by_hand.is_proof(decoded(tampered["formula"], genuine.system.facts))
        except MalformedDocument:
            assert refusal(tampered).exit_code == 2
            continue
        answers.append(proof)
        if proof:
            said(tampered)
        else:
            assert refusal(tampered).exit_code == 1, path
    assert answers.count(False) > 3


@pytest.mark.parametrize("solver", [WithZ3, WithCvc5])
def test_false_invariants_are_refused_by_each_solver(solver: type[WithZ3] | type[WithCvc5]) -> None:
    """One for each of the queries; both solvers find the same ones to be wrong."""
    genuine = invariant("locked", Property.CONSISTENCY)

    def wrong(formula: Any, plan: str = "locked") -> Check:
        specification = parsed(REFERENCE)
        arguments = specification.architecture, specification.plan(plan), 1, Property.CONSISTENCY, formula
        return Check(Invariant(*arguments), solver(60))

    Check(genuine, solver(60)).safety()
    for action in genuine.system.actions:
        Check(genuine, solver(60)).consecution(action)
    with pytest.raises(NotProved, match="does not exclude every state"):
        wrong(TRUE).safety()
    only = wrong(conjunction(Not(Atom(fact)) for fact in genuine.system.facts))
    first = next(action for action in genuine.system.actions if action.enabled(frozenset()))
    with pytest.raises(NotProved, match=r"need not hold any more after this action: \w+"):
        only.consecution(first)
    for action in genuine.system.actions:
        wrong(FALSE).consecution(action)
    wrong(FALSE).safety()


@pytest.mark.parametrize(
    ("formula", "reason"),
    [
        (["and"], "does not exclude"),
        (["or"], "initial state"),
        (["and", ["not", 1], ["not", 2]], "after this action: step"),
    ],
)
def test_a_false_invariant_is_refused(formula: Any, reason: str) -> None:
    found = refusal(saved(invariant("locked", Property.CONSISTENCY)) | {"formula": formula})
    assert found.exit_code == 1
    assert reason in str(found)


@needs_extra("prove")
def test_nothing_proves_what_is_false() -> None:
    """Independent backups are inconsistent: no formula passes, and not the one that the locks have."""
    document = saved(reachable_exactly("independent", Property.CONSISTENCY))
    assert "does not exclude" in str(refusal(document))


def test_a_counterexample_that_the_interpreter_does_not_see_is_our_bug() -> None:
    class Liar(WithZ3):
        def model(self, terms: Any, variables: Any) -> list[bool]:  # noqa: ARG002
            return [False for _ in variables]

    with pytest.raises(Contradiction):
        Check(invariant("locked", Property.CONSISTENCY), Liar(60)).safety()


def test_no_time_is_not_a_proof() -> None:
    with pytest.raises(LimitReached):
        invariant_certificate.confirm(invariant("locked", Property.CONSISTENCY), 0.0)


def nested(depth: int, *words: str) -> Any:
    formula: Any = 1
    for _ in range(depth):
        formula = [*words, formula]
    return formula


@pytest.mark.parametrize("words", [("not",), ("and",), ("or", 2)])
def test_deep_formulas_are_read(words: Any) -> None:
    assert refusal(saved(invariant("locked", Property.CONSISTENCY)) | {"formula": nested(240, *words)}).exit_code == 1


@pytest.mark.parametrize(
    "change",
    [
        {"formula": nested(300, "not")},
        {"formula": True},
        {"formula": 0},
        {"formula": 99},
        {"formula": ["not"]},
        {"formula": ["xor", 1, 2]},
        {"formula": None},
        {"property": "backup"},
        {"property": ["consistency"]},
        {"instances": 0},
        {"instances": True},
        {"version": True},
        {"facts": []},
        {"plan": None},
        {"specification": []},
        {"more": 1},
    ],
)
def test_a_malformed_invariant_is_refused(change: Any) -> None:
    assert refusal(saved(invariant("locked", Property.CONSISTENCY)) | change).exit_code == 2


# Files


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "not JSON"),
        (b"[]", "not a certificate"),
        (b"null", "not a certificate"),
        (b"{", "not JSON"),
        (b"\xff\xfe\x00", "not JSON"),
        (bytes(range(256)), "not JSON"),
        (b'{"format": "bac-report"}', "not a certificate"),
        (b'{"format": ["bac-trace"]}', "not a certificate"),
        (b'{"format": "bac-trace"}', "bac-trace"),
        (b'{"format": "bac-strategy"}', "bac-strategy"),
        (b'{"format": "bac-invariant"}', "bac-invariant"),
        (b'{"format": "bac-graphs-progress"}\n', "not a certificate"),
        (b'"bac-graphs-progress"\n', "not a certificate"),
        (b'{"format": "bac-trace", "format": "bac-strategy"}', "twice"),
        (b'{"format": NaN}', "NaN is not a whole number"),
        (b'{"format": 1e999}', "1e999 is not a whole number"),
        (b'{"format": -Infinity}', "whole number"),
        (b'{"format": ' + b"9" * 10_000 + b"}", "not JSON"),
        (b'{"format": "\\ud800"}', "surrogate"),
        (b"[" * 100_000, "nested too deeply"),
        (b"[" * 400 + b"]" * 400, "nested too deeply"),
        (b'{"a":' * 400 + b"1" + b"}" * 400, "nested too deeply"),
    ],
)
def test_what_is_no_certificate_is_refused(content: bytes, reason: str, tmp_path: Path) -> None:
    file = tmp_path / "certificate.json"
    file.write_bytes(content)
    with pytest.raises(BacError, match=r"certificate\.json|bac-trace") as caught:
        verify(file)
    assert caught.value.exit_code == 2
    assert reason in str(caught.value)


def test_a_file_of_100_mb_is_refused_unread(tmp_path: Path) -> None:
    file = tmp_path / "large.json"
    with file.open("wb") as sparse:
        sparse.truncate(100 * 10**6)
    for read in (verify, load):
        with pytest.raises(MalformedDocument) as refusal:
            read(file)
        assert str(refusal.value) == f"{file}: larger than 64 MiB"


@pytest.mark.parametrize("name", ["none.json", ".", "a\0b"])
def test_what_cannot_be_read_is_refused(name: str, tmp_path: Path) -> None:
    with pytest.raises(UnreadableFile) as caught:
        verify(tmp_path / name)
    assert caught.value.exit_code == 2


def test_truncated_files_are_refused() -> None:
    for document in (
        trace("independent", "broken-link"),
        strategy(ARCHITECTURES[0], Level.C1),
        saved(invariant("locked", Property.CONSISTENCY)),
    ):
        data = json.dumps(document).encode()
        for end in range(0, len(data), 41):
            with pytest.raises(MalformedDocument):
                checked(data[:end])


def test_indentation_makes_no_difference(tmp_path: Path) -> None:
    file = tmp_path / "strategy.json"
    document = strategy(ARCHITECTURES[0], Level.C1)
    file.write_text(json.dumps(document, indent=1) + "\n")
    assert verify(file) == said(document)


def test_errors_know_their_exit_codes() -> None:
    codes = {MalformedDocument: 2, NotProved: 1, LimitReached: 3, Contradiction: 4}
    assert all(error.exit_code == code for error, code in codes.items())
    assert documents.LARGEST_FILE < 100 * 10**6
