"""Helpers that tests of claims share: how to refute one, and conditions of claims about applications."""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import TypeVar

from hypothesis import HealthCheck, Phase, find, settings
from hypothesis import strategies as st
from hypothesis.errors import NoSuchExample

from bac.model.architecture import Architecture

T = TypeVar("T")


def refuted(strategy: st.SearchStrategy[T], fact: Callable[[T], None]) -> bool:
    """Whether an example is found for which the fact does not hold."""

    def fails(example: T) -> bool:
        try:
            fact(example)
        except AssertionError:
            return True
        return False

    generously = settings(
        max_examples=2000,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    try:
        find(strategy, fails, settings=generously, random=Random(1))
    except NoSuchExample:
        return False
    return True


def targets_come_first(architecture: Architecture) -> bool:
    """Whether whatever a step refers to in its own use case was made by a step before it."""
    for case, step in architecture.steps():
        before, todo = set[int](), list(step.predecessors)
        while todo:
            number = todo.pop()
            before.add(number)
            todo += case.step(number).predecessors
        for link in step.links:
            home, creator = architecture.creators[link.target]
            if home is case and creator.number not in before:
                return False
    return True
