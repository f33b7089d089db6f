"""An SMT-LIB script that asks whether a run of a given number of actions can violate a statement.

Source: The SMT-LIB Standard, version 2.6 (logic QF_BV); docs/exports.md, "SMT-LIB".
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import partial

from bac.exports.exported import Exported
from bac.exports.names import in_comment
from bac.exports.notation import SMT_LIB
from bac.exports.pruning import simplified
from bac.exports.statements import Statement
from bac.model.plan import Timing
from bac.model.system import AT_REST, Action, Fact, System
from bac.properties.formula import And, Atom, Formula, Not, condition, settled_states

_HEAD = """\
; {title}
;
; Is there a run of exactly {depth} actions that ends in a state that violates this?
;     {words}
; sat: there is, and (get-model) has it, action@1 and so on being what happens.  unsat: there is none.
;
; A fact f after n actions is f@n.  What the facts mean:"""


def smt2(exported: Exported, statement: Statement, depth: int, timing: Timing | None = None) -> str:
    """Return the script for runs of ``depth`` actions; with ``timing``, only disasters of this timing count."""
    return "\n".join(_lines(exported, statement, depth, timing)) + "\n"


def _lines(exported: Exported, statement: Statement, depth: int, timing: Timing | None) -> Iterator[str]:
    words = statement.words + (in_comment(f", disaster {timing}") if timing else "")
    yield _HEAD.format(title=exported.title, depth=depth, words=words)
    for fact, name in exported.facts.items():
        yield f"; {name}: {exported.fact_in_words(fact)}"
    yield "\n(set-logic QF_BV)\n\n; At the beginning nothing is true."
    for name in exported.facts.values():
        yield f"(declare-const {name}@0 Bool)"
        yield f"(assert (not {name}@0))"
    for number in range(1, depth + 1):
        yield f"\n; Action {number}"
        yield from _step(exported, number)
    yield "\n; At the end"
    yield f"(assert {_term(_goal(exported.system, statement, timing), partial(_at, exported.facts, depth))})"
    yield "(check-sat)"


def _goal(system: System, statement: Statement, timing: Timing | None) -> Formula:
    """Return the condition on the last state."""
    parts = [statement.violation]
    if statement.settled:
        parts.append(settled_states(system))
    if timing is not None:
        parts.append(Atom(AT_REST) if timing is Timing.AT_REST else Not(Atom(AT_REST)))
    return simplified(And(tuple(parts)), frozenset(system.facts))


def _step(exported: Exported, number: int) -> Iterator[str]:
    """Yield that one action happens, and that what it does not change stays as it was."""
    system, facts = exported.system, exported.facts
    yield from (f"(declare-const {name}@{number} Bool)" for name in facts.values())
    if not system.actions:
        yield "(assert false)"
        return
    width = max(1, (len(system.actions) - 1).bit_length())
    yield f"(declare-const action@{number} (_ BitVec {width}))"
    for place, (name, action) in enumerate(zip(exported.actions, system.actions, strict=True)):
        yield f"; {exported.action_in_words(action)}"
        yield f"(define-fun {name}@{number} () Bool (= action@{number} #b{place:0{width}b}))"
        yield f"(assert (=> {name}@{number} {_effect(action, facts, number)}))"
    yield f"(assert {SMT_LIB.either.of(f'{name}@{number}' for name in exported.actions)})"
    for fact, name in facts.items():
        changes = (f"{each}@{number}" for each, action in _named(exported) if fact in action.written)
        same = f"(= {name}@{number} {name}@{number - 1})"
        yield f"(assert {SMT_LIB.either.of([same, *changes])})"


def _named(exported: Exported) -> Iterable[tuple[str, Action]]:
    return zip(exported.actions, exported.system.actions, strict=True)


def _effect(action: Action, facts: Mapping[Fact, str], number: int) -> str:
    """Return the guard of the action in the state before, and its effect on the state after."""
    before, after = partial(_at, facts, number - 1), partial(_at, facts, number)
    parts = [_term(condition(action), before)]
    parts += [after(fact) for fact in sorted(action.add)]
    parts += [f"(not {after(fact)})" for fact in sorted(action.delete)]
    parts += [f"(= {after(destination)} {before(source)})" for source, destination in action.copy]
    return SMT_LIB.both.of(parts)


def _at(facts: Mapping[Fact, str], number: int, fact: Fact) -> str:
    """Return the name of a fact after this many actions."""
    return f"{facts[fact]}@{number}"


def _term(formula: Formula, value: partial[str]) -> str:
    return SMT_LIB.formula(formula, SMT_LIB.literals(value))
