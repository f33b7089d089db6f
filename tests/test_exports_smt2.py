"""Z3 and cvc5, on the exported scripts, find runs where our engine finds the shortest, and none just below."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from foreign import SELECTED, every_plan, named, read
from test_hostile import HOSTILE_NAMES

from bac.exports.exported import Exported
from bac.exports.smt2 import smt2
from bac.exports.statements import NoSuchStatement, Statement, fitting, together
from bac.model.plan import Timing
from bac.proofs.check import check
from bac.proofs.theorem.unbounded.solvers import ask_cvc5, ask_z3
from bac.properties.qualities import Property

LONGEST = 6
"""How long runs of no statement are looked for."""
Length = tuple[Statement, Timing | None, int | None]


def chosen(among: list[Statement], property_: str, kind: str | None, subject: str | None) -> Statement:
    """The statement, or those that fit as one."""
    return together(fitting(among, property_, kind, subject))


def lengths(exported: Exported) -> Iterator[Length]:
    """Each statement with the length of a shortest run that violates it, by our engine."""
    results = check(exported.architecture, exported.plan, exported.instances).properties
    statements = [statement for _, statement in exported.statements]
    denied = results[Property.AVAILABILITY].trace
    yield chosen(statements, "availability", None, None), None, None if denied is None else len(denied.actions)
    lost = results[Property.NO_EXTRA_LOSS].trace
    yield chosen(statements, "no-extra-loss", None, None), None, None if lost is None else len(lost.actions)
    consistency = results[Property.CONSISTENCY]
    found = {(each.kind, each.subject): each.traces for each in (*consistency.anomalies, *consistency.tolerated)}
    for statement in statements:
        if statement.quality is Property.CONSISTENCY and statement.kind:
            traces = {
                timing: len(t.actions) for timing, t in found.get((statement.kind, statement.subject), {}).items()
            }
            yield statement, None, min(traces.values(), default=None)
            yield from ((statement, timing, length) for timing, length in traces.items())


def agrees(exported: Exported, length: Length, ask: Callable[[str], str]) -> None:
    """The solver says sat at the shortest length and unsat just below; of what never happens, unsat."""
    statement, timing, shortest = length
    if shortest is None:
        assert ask(smt2(exported, statement, LONGEST, timing)) == "unsat", statement.title
        return
    assert ask(smt2(exported, statement, shortest, timing)) == "sat", statement.title
    if shortest:
        assert ask(smt2(exported, statement, shortest - 1, timing)) == "unsat", statement.title


def z3(script: str) -> str:
    """Z3's answer."""
    return str(ask_z3(script)[0])


def cvc5(script: str) -> str:
    """The answer of cvc5."""
    return str(ask_cvc5(script))


@pytest.mark.parametrize(("file", "plan"), SELECTED)
def test_z3_agrees_on_every_statement(file: str, plan: str) -> None:
    exported = read(file, plan)
    for length in lengths(exported):
        agrees(exported, length, z3)


@pytest.mark.parametrize(("file", "plan"), SELECTED)
def test_cvc5_agrees_on_the_shortest(file: str, plan: str) -> None:
    exported = read(file, plan)
    found = [length for length in lengths(exported) if length[2] is not None]
    for length in found[:2]:
        agrees(exported, length, cvc5)


def test_with_two_instances_nothing_is_shorter() -> None:
    exported = read("held-back.bac.yaml", "copies marked", 2)
    for length in lengths(read("held-back.bac.yaml", "copies marked", 1)):
        statement = chosen([s for _, s in exported.statements], length[0].quality, length[0].kind, length[0].subject)
        agrees(exported, (statement, *length[1:]), z3)


@pytest.mark.slow
@pytest.mark.parametrize("file", ["reference.bac.yaml", "oldest.bac.yaml", "markers.bac.yaml", "delete.bac.yaml"])
def test_both_agree_under_every_plan(file: str) -> None:
    for exported in every_plan(file):
        for length in lengths(exported):
            agrees(exported, length, z3)
            agrees(exported, length, cvc5)


def test_a_wrong_script_is_answered_differently() -> None:
    exported = read("held-back.bac.yaml", "copies marked")
    statement, timing, shortest = next(length for length in lengths(exported) if length[2])
    assert shortest is not None
    script = smt2(exported, statement, shortest - 1, timing)
    unframed = "\n".join(line for line in script.splitlines() if not line.startswith("(assert (or (= "))
    assert (z3(script), z3(unframed)) == ("unsat", "sat")


@pytest.mark.parametrize("name", HOSTILE_NAMES)
def test_hostile_names_do_no_harm(name: str) -> None:
    exported = named(name)
    statement = chosen([each for _, each in exported.statements], "consistency", None, None)
    script = smt2(exported, statement, 1)
    assert z3(script) == cvc5(script) == "unsat"


def test_what_there_is_not_is_refused_with_what_there_is() -> None:
    statements = [each for _, each in read("reference.bac.yaml", "independent").statements]
    with pytest.raises(NoSuchStatement, match="broken-link"):
        chosen(statements, "consistency", "broken-link", "nothing")
    with pytest.raises(NoSuchStatement, match="backup is not a property of single states"):
        chosen(statements, "backup", None, None)


def test_statements_that_fit_count_together() -> None:
    exported = read("held-back.bac.yaml", "copies marked")
    statements = [each for _, each in exported.statements]
    one = chosen(statements, "consistency", "missing-state", None)
    parts = fitting(statements, "consistency", "missing-state", None)
    assert len(parts) > 1
    assert shortest_by_z3(exported, one) == min(shortest_by_z3(exported, part) for part in parts) <= LONGEST


def shortest_by_z3(exported: Exported, statement: Statement) -> int:
    """The smallest number of actions at which Z3 finds a run; more than :data:`LONGEST` if there is none up to it."""
    found = (depth for depth in range(LONGEST + 1) if z3(smt2(exported, statement, depth)) == "sat")
    return next(found, LONGEST + 1)
