"""A file that was tampered with is refused, or what is still confirmed of it is true.

Every part of several real traces and certificates is dropped, duplicated, and replaced by values of other types and by
other valid values.  Each of these files must be refused with exit code 1 or 2 (3 if it is too large) and a message of
one line.  It may be accepted only where the changed part is listed in ``NO_CLAIM``, with the reason, and the printed
claim is the same; where the claim itself is about the changed part, an engine must find it to be true.
"""

from __future__ import annotations

import copy
import json
import subprocess
import sys
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from functools import cache, partial
from itertools import islice
from pathlib import Path
from typing import Any

import pytest
from helpers import REFERENCE, bac, parsed

from bac.model import trace as runs
from bac.model import trace_file as traces
from bac.model.architecture import Architecture
from bac.model.documents import MalformedDocument
from bac.model.errors import BacError
from bac.model.plan import Plan
from bac.proofs.certificates import certify, invariant_certificate
from bac.proofs.certificates.certificate import Verified, checked
from bac.proofs.certificates.invariant_certificate import Invariant
from bac.proofs.check import check, find
from bac.proofs.engine import Limits
from bac.proofs.replay import NotConfirmed, confirm
from bac.proofs.results import Verdict
from bac.proofs.smt.induction import prove_property
from bac.proofs.theorem.games import strategy as strategies
from bac.proofs.theorem.games.arenas import ARCHITECTURES, Assumption, Level
from bac.proofs.theorem.games.game import play
from bac.proofs.theorem.games.recipe import certificate
from bac.properties.anomalies import AnomalyKind
from bac.properties.qualities import Property

Place = tuple[str | int, ...]
Mutant = tuple[Place, str, Callable[[], Any]]
"""The place that is changed in a document, the change in words, and a function that makes the changed document."""

RICH = """
name: Rich
services: {A: {owns: [a]}, B: {owns: [b], copies: [a]}, C: {owns: [d, e]}}
use_cases:
  place:
    - {create: b}
    - {create: a, refers_to: [b]}
    - {copy: a, at: B, via: event}
  ship:
    - {create: d}
    - {create: e, refers_to: [d, a]}
tolerates: ["e -> d"]
plans:
  replay: {order: [B, A], disaster: {scope: [[A, B]]}, recovery: {replay: true, resume: true, broker: survives}}
  shared: {groups: [{mode: shared-database, services: [A, B]}], disaster: {scope: [[A, B, C], [C]]}}
"""
TWO_LOCKS = """
services: {A: {owns: [a, c, e]}, B: {owns: [b, d, f]}}
use_cases:
  there and back: [create: a, create: b, create: c]
  back and forth: [create: d, create: e, create: f]
plans: {two: {groups: [{mode: locked, services: [A]}, {mode: locked, services: [B]}]}}
"""

# Real files


@cache
def trace(text: str, plan: str, property_: str, kind: str | None = None) -> Any:
    specification = parsed(text)
    found = find(specification.architecture, specification.plan(plan), 1, property_, kind, None, None, Limits())
    return found.to_json()


@cache
def strategy(number: int, level: Level, *dropped: str) -> Any:
    return certificate(play(ARCHITECTURES[number], level, frozenset(map(Assumption, dropped))))


@cache
def invariant() -> Any:
    specification = parsed(REFERENCE)
    about = specification.architecture, specification.plan("locked"), 1, Property.CONSISTENCY
    proof = prove_property(*about)
    assert proof is not None
    return invariant_certificate.to_json(Invariant(*about, proof.invariant))


@cache
def verdicts(text: str, *plans: str) -> Any:
    specification = parsed(text)
    chosen = [specification.plan(name) for name in plans]
    results = [check(specification.architecture, plan) for plan in chosen]
    return json.loads(json.dumps(certify.to_json(specification.architecture, chosen, results)))


TRACES: dict[str, Callable[[], Any]] = {
    "broken link": lambda: trace(REFERENCE, "independent", "consistency", "broken-link"),
    "history": lambda: trace(REFERENCE, "independent", "consistency", "orphan-state") | {"history": 1},
    "extra loss": lambda: trace(REFERENCE, "rollback", "no-extra-loss"),
    "held back": lambda: trace(REFERENCE, "locked", "availability"),
    "stuck": lambda: trace(TWO_LOCKS, "two", "backup"),
    "recovery": lambda: trace(RICH, "replay", "consistency", "broken-link"),
    "transaction": lambda: trace(RICH, "shared", "consistency", "broken-link"),
}
CERTIFICATES: dict[str, tuple[Callable[[], Any], int]] = {
    "policy": (lambda: strategy(0, Level.C1, "available"), 6),
    "policy with recovery": (lambda: strategy(1, Level.C1, "asynchronous", "state-only"), 422),
    "replies": (lambda: strategy(0, Level.C1), 86),
    "replies to snapshots of sets": (lambda: strategy(0, Level.C2, "verbatim", "separate", "single"), 14),
    "announced": (lambda: strategy(0, Level.C1, "asynchronous"), 4),
    "invariant": (invariant, 194),
    "verdicts": (lambda: verdicts(REFERENCE, "independent", "locked"), 29),
    "verdicts with recovery": (lambda: verdicts(RICH, "replay", "shared"), 397),
}
"""Each with the step in which its many mutants are tried; the slow tests try more."""

# What is no claim


INSTANCES = "more instances than those that act: the others stay idle"
NO_CLAIM: dict[str, dict[str, str]] = {
    "bac-trace": {
        "instances": INSTANCES,
        "history": "where a figure begins to explain",
        "specification": "the claim is about the specification in the file, whichever it is",
    },
    "bac-strategy": {
        "specification": "the claim is about the specification in the file, whichever it is",
        "dropped": "the claim names what is dropped",
        "level": "the claim names the level",
        "table": "the claim is that one side wins; any strategy that wins proves it",
        "announced": "the same",
    },
    "bac-invariant": {
        "specification": "the claim is about the specification in the file, whichever it is",
        "property": "the claim names the property; one formula may prove two",
        "formula": "the claim is that the property holds; any invariant that implies it proves it",
    },
    "bac-verdicts": {
        "specification": "the claim is about the specification in the file, whichever it is",
        "plans": "the claim names plans and verdicts; any proof or run will do",
    },
}
"""For each format, the parts where a change may be accepted."""
NAMED = {"specification", "dropped", "level", "property", "plans"}
"""The parts of which the printed claim speaks; everywhere else it must stay the same."""

# How they are changed


def places(document: Any, place: Place = ()) -> Iterator[Place]:
    """Every place in a document but its root."""
    inside = document.items() if isinstance(document, dict) else enumerate(document)
    for key, value in inside:
        yield (*place, key)
        if isinstance(value, dict | list):
            yield from places(value, (*place, key))


def at(document: Any, place: Place) -> Any:
    for key in place:
        document = document[key]
    return document


def edited(document: Any, place: Place, edit: Callable[[Any, Any], object]) -> Callable[[], Any]:
    """Return a function that makes a copy of the document and edits the container of the place."""

    def make() -> Any:
        changed = copy.deepcopy(document)
        edit(at(changed, place[:-1]), place[-1])
        return changed

    return make


def replaced(document: Any, place: Place, value: Any) -> Callable[[], Any]:
    return edited(document, place, lambda holder, key: holder.__setitem__(key, copy.deepcopy(value)))


def differs(one: Any, other: Any) -> bool:
    return type(one) is not type(other) or bool(one != other)


WORDS = {
    "format": ["bac-trace", "bac-strategy", "bac-invariant", "bac-verdicts"],
    "blame": ["backup", "tolerated", "application"],
    "verdicts": ["holds", "violated"],
    "property": list(map(str, Property)),
    "kind": ["broken-link", "orphan-state", "missing-state", "extra-loss", "step", "deny", "snapshot", "wait", "rest"],
    "timing": ["at-rest", "any-time"],
    "level": ["C0", "C1", "C2"],
    "dropped": list(map(str, Assumption)),
    "winner": ["policy", "clients"],
}
"""Other valid values of these keys."""


def mutants(document: Any) -> Iterator[Mutant]:
    """Every document with one change, with its place and what was done there."""
    under: dict[str, list[Any]] = defaultdict(list)
    for place in places(document):
        key = next(str(key) for key in reversed(place) if isinstance(key, str))
        under[key].append(at(document, place))
    for place in places(document):
        value = at(document, place)
        yield place, "dropped", edited(document, place, lambda holder, key: holder.__delitem__(key))
        if isinstance(place[-1], int):
            yield place, "doubled", edited(document, place, lambda holder, key: holder.insert(key, holder[key]))
        if isinstance(value, dict):
            yield place, "with another key", replaced(document, place, {**value, "other": 1})
        for other in others(value, under, place):
            if differs(value, other):
                yield place, f"-> {str(other)[:40]}", replaced(document, place, other)


def others(value: Any, under: dict[str, list[Any]], place: Place) -> Iterator[Any]:
    """Values of other types, values close by, and valid values of the same key."""
    yield from (None, [], {}, "x", 0, 7, True, False)
    if isinstance(value, int) and not isinstance(value, bool):
        yield value + 1
    if isinstance(value, str):
        yield f"{value} tampered"
    key = next(str(key) for key in reversed(place) if isinstance(key, str))
    yield from WORDS.get(key, [])
    seen: list[Any] = []
    for other in under[key]:
        if type(other) is type(value) and other not in seen:
            seen.append(other)
            yield other


# What must be true of them


def said(document: Any) -> Verified | BacError:
    """Return what is confirmed of a document, or the reason why it is refused."""
    try:
        return checked(json.dumps(document).encode())
    except BacError as error:
        return error


def hold_to_account(original: Any, changed: Iterable[Mutant]) -> None:
    """Every change is refused in one line, or it is no claim, or the claim about it is true."""
    genuine = said(original)
    assert isinstance(genuine, Verified)
    for place, what, make in changed:
        document = make()
        answer = said(document)
        if isinstance(answer, BacError):
            assert answer.exit_code in (1, 2), (place, what, answer)
            assert "\n" not in str(answer), (place, what)
            continue
        assert place[0] in NO_CLAIM[original["format"]], (place, what, answer)
        if place[0] in NAMED:
            assert is_true(document), (place, what, answer)
        else:
            assert answer.confirmed == genuine.confirmed, (place, what)


def is_true(document: Any) -> bool:
    """Whether an engine finds what a document claims, with nothing of the document's evidence."""
    specification = parsed(document["specification"])
    if document["format"] == "bac-strategy":
        dropped = frozenset(map(Assumption, document["dropped"]))
        return play(specification.architecture, Level(document["level"]), dropped).winner == document["winner"]
    if document["format"] == "bac-verdicts":
        return all(map(partial(verdicts_are_true, specification.architecture, specification.plan), document["plans"]))
    plan, which = specification.plan(document["plan"]), Property(document["property"])
    result = check(specification.architecture, plan, document["instances"], [which]).properties[which]
    if document["format"] == "bac-invariant":
        return result.verdict is Verdict.HOLDS
    if which is not Property.CONSISTENCY:
        return result.verdict is Verdict.VIOLATED
    claim = document["anomaly"]
    found = {(each.kind, each.subject, timing) for each in result.anomalies for timing in each.traces}
    return (claim["kind"], claim["subject"], claim["timing"]) in found


def verdicts_are_true(architecture: Architecture, plan: Callable[[str], Plan], claimed: Any) -> bool:
    """Whether an engine comes to the verdicts on one plan that a document claims."""
    result = check(architecture, plan(claimed["plan"]))
    return all(str(result.properties[Property(which)].verdict) == said for which, said in claimed["verdicts"].items())


@pytest.mark.parametrize("name", TRACES)
def test_a_trace_that_was_tampered_with_is_refused_or_still_true(name: str) -> None:
    document = TRACES[name]()
    hold_to_account(document, islice(mutants(document), 0, None, 6))


@pytest.mark.parametrize("name", CERTIFICATES)
def test_a_certificate_that_was_tampered_with_is_refused_or_still_true(name: str) -> None:
    made, step = CERTIFICATES[name]
    document = made()
    hold_to_account(document, islice(mutants(document), 0, None, step))


@pytest.mark.slow
@pytest.mark.parametrize("name", TRACES)
def test_every_change_of_a_trace_is_refused_or_still_true(name: str) -> None:
    document = TRACES[name]()
    hold_to_account(document, mutants(document))


@pytest.mark.slow
@pytest.mark.parametrize("name", CERTIFICATES)
def test_more_changes_of_a_certificate_are_refused_or_still_true(name: str) -> None:
    made, step = CERTIFICATES[name]
    document = made()
    hold_to_account(document, islice(mutants(document), 1, None, max(1, step // 16)))


@pytest.mark.parametrize("name", CERTIFICATES)
def test_a_change_at_the_top_of_a_certificate_is_refused_or_still_true(name: str) -> None:
    document = CERTIFICATES[name][0]()
    hold_to_account(document, (each for each in mutants(document) if len(each[0]) == 1))


@pytest.mark.parametrize("step", [23, pytest.param(3, marks=pytest.mark.slow)])
@pytest.mark.parametrize("name", TRACES)
def test_replay_says_the_same_of_a_trace_as_verify(name: str, step: int) -> None:
    document = TRACES[name]()
    for place, what, make in islice(mutants(document), 0, None, step):
        changed, code = make(), 0
        answer = said(changed)
        try:
            confirm(traces.from_json(changed))
        except BacError as error:
            code = error.exit_code
        assert code == (answer.exit_code if isinstance(answer, BacError) else 0), (place, what)


ENGINES = (
    "engine",
    "explicit",
    "precedence",
    "smt",
    "reductions",
    "check",
    "scheduler",
    "pool",
    "theorem.games.solver",
)


@pytest.mark.parametrize(
    "judge",
    [
        "from bac.model.trace_file import load; from bac.proofs.replay import confirm; confirm(load(sys.argv[1]))",
        "from pathlib import Path; from bac.proofs.certificates.certificate import verify; verify(Path(sys.argv[1]))",
    ],
)
def test_judging_a_trace_loads_no_engine(judge: str, tmp_path: Path) -> None:
    file = tmp_path / "trace.json"
    file.write_text(json.dumps(TRACES["broken link"]()), encoding="utf-8")
    script = f"import sys; {judge}; print(*sys.modules)"
    run = subprocess.run([sys.executable, "-c", script, file], capture_output=True, text=True, check=True)
    loaded = [name for name in run.stdout.split() if name.startswith("bac.proofs.")]
    assert "bac.proofs.replay" in loaded
    assert [name for name in loaded if name.startswith(tuple(f"bac.proofs.{engine}" for engine in ENGINES))] == []


# Kinds of changes that were once accepted, or ended in a traceback


@pytest.mark.parametrize("kind", ["missing-state", "broken-link", "orphan-state"])
def test_a_loss_is_called_by_no_other_kind(kind: str) -> None:
    document = copy.deepcopy(TRACES["extra loss"]())
    document["anomaly"]["kind"] = kind
    with pytest.raises(MalformedDocument, match=r"anomaly\.kind"):
        traces.from_json(document)


def test_an_anomaly_is_not_called_a_loss() -> None:
    document = copy.deepcopy(TRACES["broken link"]())
    document["anomaly"]["kind"] = "extra-loss"
    with pytest.raises(MalformedDocument, match=r"anomaly\.kind"):
        traces.from_json(document)


@pytest.mark.parametrize(
    "excess", [{"step": 1}, {"event": "A/1"}, {"then": [{"step": 1, "service": "A", "event": "A/1"}]}]
)
def test_a_snapshot_has_no_step(excess: Any, tmp_path: Path) -> None:
    document = copy.deepcopy(TRACES["broken link"]())
    number = next(n for n, action in enumerate(document["actions"]) if action["kind"] == "snapshot")
    document["actions"][number] |= excess
    file = tmp_path / "trace.json"
    file.write_text(json.dumps(document), encoding="utf-8")
    for command in ("replay", "verify"):
        result = bac(command, file)
        assert result.exit_code == 2
        assert f"actions[{number}]" in result.stderr
        assert result.stderr.count("\n") == 1
        assert result.stdout == ""


def test_what_is_tolerated_is_not_called_a_violation() -> None:
    specification = parsed(RICH.replace('["e -> d"]', '["e -> a"]'))
    found = check(specification.architecture, specification.plan("shared")).properties[Property.CONSISTENCY]
    answer = said(next(iter(found.tolerated[0].traces.values())).to_json())
    assert isinstance(answer, Verified)
    assert "tolerated" in answer.confirmed
    assert "violates" not in answer.confirmed


def test_of_two_anomalies_with_one_name_only_the_tolerated_one_is_called_so() -> None:
    """The orphan is the target of ``x -> b`` in the one trace, and that of ``y -> b`` in the other."""
    shared = parsed(
        {
            "services": {"X": {"owns": ["x"]}, "Y": {"owns": ["y"]}, "S": {"owns": ["b"]}},
            "references": ["x -> b", "y -> b"],
            "tolerates": ["x -> b"],
        }
    )
    found = check(shared.architecture, shared.plan("independent")).properties[Property.CONSISTENCY]
    for listed, tolerated in ((found.anomalies, False), (found.tolerated, True)):
        (orphan,) = (each for each in listed if each.kind is AnomalyKind.ORPHAN_STATE)
        for trace in orphan.traces.values():
            answer = said(trace.to_json())
            assert isinstance(answer, Verified)
            assert ("tolerated" in answer.confirmed, "violates" in answer.confirmed) == (tolerated, not tolerated)


def test_a_strategy_says_nothing_but_what_is_checked() -> None:
    assert set(strategy(0, Level.C1, "available")) == {
        "format",
        "version",
        "specification",
        "level",
        "dropped",
        "winner",
        "table",
    }


def test_entries_that_no_play_uses_are_refused() -> None:
    document = copy.deepcopy(strategy(0, Level.C1, "available"))
    unused = copy.deepcopy(document["table"][0])
    unused["position"]["stopped"] = True
    document["table"].append(unused)
    answer = said(document)
    assert isinstance(answer, strategies.StrategyRejected)
    assert "no play reaches" in str(answer)


def test_a_run_that_shows_something_else_is_not_confirmed() -> None:
    document = copy.deepcopy(TRACES["broken link"]())
    document["anomaly"] |= {"kind": "orphan-state", "subject": "b"}
    assert isinstance(said(document), NotConfirmed)


# Large files


@pytest.fixture
def no_system(monkeypatch: pytest.MonkeyPatch) -> None:
    """Building a transition system fails the test; what is tampered with was made before."""
    for make in (*TRACES.values(), invariant):
        make()
    for module in (runs, invariant_certificate):
        monkeypatch.setattr(module, "system", lambda *_: pytest.fail("a transition system was built"))


def repeated(document: Any, times: int) -> Any:
    return document | {"actions": document["actions"] * times}


@pytest.mark.usefixtures("no_system")
@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"instances": 10**9}, "instances"),
        ({"instances": 2001}, "instances"),
        ({"history": 500, "instances": 2000}, "history"),
        ({"actions": [{"kind": "snapshot", "services": ["A"]}] * 5001}, "more than 5,000 actions"),
        ({"actions": [{"kind": "snapshot", "services": ["D"]}], "instances": 2000}, "no service 'D'"),
        (
            {
                "actions": [{"kind": "deny", "use_case": "a -> b", "index": 2001, "step": 1, "service": "B"}],
                "instances": 2000,
            },
            "index 2001",
        ),
        (
            {
                "actions": [{"kind": "deny", "use_case": "a -> b", "index": 1, "step": 3, "service": "B"}],
                "instances": 2000,
            },
            "no step 3",
        ),
        (
            {"services": [{"service": "A", "log": [], "backup": ["A/1"] * 300_000, "cut": []}]},
            "more than 200,000 values",
        ),
        ({"other": 1, "instances": 2000}, "other"),
    ],
)
def test_a_trace_is_refused_before_its_system_is_built(changes: Any, reason: str) -> None:
    with pytest.raises(MalformedDocument, match=reason):
        traces.from_json(TRACES["broken link"]() | changes)


@pytest.mark.usefixtures("no_system")
@pytest.mark.parametrize("changes", [{"instances": 1001}, {"instances": 1000}, {"facts": []}, {"more": 1}])
def test_an_invariant_is_refused_before_its_system_is_built(changes: Any) -> None:
    with pytest.raises(MalformedDocument):
        invariant_certificate.from_json(invariant() | changes)


@pytest.mark.parametrize("command", ["replay", "verify"])
def test_a_file_with_too_many_values_is_refused_unread(
    command: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "trace.json"
    file.write_bytes(b'{"format": "bac-trace", "actions": [' + b"1," * 1_000_000 + b"1]}")
    monkeypatch.setattr(json, "loads", lambda *_, **__: pytest.fail("the document was read"))
    result = bac(command, file)
    assert result.exit_code == 2
    assert "more than 1,000,000 values" in result.stderr
