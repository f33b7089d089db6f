"""The compiled kernel gives the answers of the plain engine, state by state, and refuses what it cannot explore."""

from __future__ import annotations

from dataclasses import replace

import pytest
from helpers import parsed
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from strategies import Document, plans, specifications

from bac.model.architecture import Architecture
from bac.model.plan import Plan
from bac.model.semantics import system
from bac.model.system import Fact, FactKind, System
from bac.proofs.explicit import Search
from bac.proofs.kernel.engine import Way, explore
from bac.proofs.kernel.premises import Moves, parts
from bac.proofs.packing import Packing
from bac.proofs.questions import Answers, Limits, Questions
from bac.properties.qualities import qualities

MOST_STATES = 4000
TOY = """
services: {A: {owns: [a]}, B: {owns: [b]}}
use_cases: {make: [{create: b}, {create: a, refers_to: b}]}
"""


@st.composite
def problems(draw: st.DrawFn) -> Document:
    """A specification with one plan, called ``p``."""
    document = draw(specifications())
    return document | {"plans": {"p": draw(plans(document))}}


def everything(architecture: Architecture, plan: Plan, instances: int) -> Questions:
    """All that is asked of a plan."""
    wanted = qualities(architecture, plan, instances)
    formulas = tuple(each.formula for each in (*wanted.anomalies, *wanted.losses))
    return Questions(formulas, wanted.denied, wanted.backed_up)


def plainly(built: System, questions: Questions, most: int = MOST_STATES) -> Answers:
    """What the plain engine answers."""
    search = Search(built, questions, Limits(states=most), None)
    search.run()
    return search.answers()


def widened(built: System, words: int) -> System:
    """The same system with facts that nothing is about, so that a state takes more words."""
    padding = tuple(Fact(FactKind.SNAPPED, (), (f"padding {number}",)) for number in range(64 * (words - 1)))
    half = len(built.facts) // 2
    return System(built.facts[:half] + padding + built.facts[half:], built.actions)


def lengths(answers: Answers) -> tuple[object, ...]:
    """What two engines agree on."""
    settled = tuple({timing: len(path) for timing, path in found.items()} for found in answers.settled)
    single = [None if path is None else len(path) for path in (answers.reachable, answers.inevitable)]
    counted = answers.statistics.states, answers.statistics.transitions, answers.statistics.depth
    return settled, *single, answers.can_recover, *counted, answers.limit


def assert_runs(built: System, questions: Questions, answers: Answers) -> None:
    """Every run is one of the interpreter, and ends where it should."""
    for formula, found in zip(questions.settled, answers.settled, strict=True):
        for path in found.values():
            end = built.run(path)[-1]
            assert built.settled(end)
            assert Packing(built).satisfied(formula, Packing(built).pack(end))
    if answers.reachable is not None and questions.reachable is not None:
        end = built.run(answers.reachable)[-1]
        assert Packing(built).satisfied(questions.reachable, Packing(built).pack(end))
    if answers.inevitable is not None:
        built.run(answers.inevitable)


def ways(built: System) -> list[Way]:
    """The ways in which the kernel can explore a system."""
    packing = Packing(built)
    return [Way.LEVELS, Way.OWN_ORDER] if Moves(packing, parts(packing).moves).ordered else [Way.LEVELS]


def assert_agreement(built: System, questions: Questions, most: int = MOST_STATES) -> None:
    """The kernel, in every way and with one worker or two, answers what the plain engine does."""
    expected = plainly(built, questions, most)
    assume(expected.limit is None)
    for way in ways(built):
        answers = explore(built, questions, way=way, workers=2)
        assert lengths(answers) == lengths(expected)
        assert_runs(built, questions, answers)
        alone = explore(built, questions, way=way, workers=1)
        assert replace(alone, statistics=answers.statistics) == answers


@pytest.mark.parametrize("words", [1, 2, 3])
@settings(max_examples=60, suppress_health_check=list(HealthCheck))
@given(document=problems(), instances=st.integers(1, 2))
def test_it_answers_what_the_plain_engine_answers(words: int, document: Document, instances: int) -> None:
    specification = parsed(document)
    plan = specification.plan("p")
    built = system(specification.architecture, plan, instances)
    assert_agreement(widened(built, words), everything(specification.architecture, plan, instances))
