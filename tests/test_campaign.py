"""Generated specifications use every feature of the language, and every feature makes a difference in some of them."""

from __future__ import annotations

from itertools import combinations
from random import Random

import pytest
from campaign import matters, problems, statistics
from features import FEATURES, OPTIONAL, Place, has, otherwise, present

from bac.testing.generator import problem

HOPED_FOR = 4000  # seeds after which every feature has mattered


@pytest.mark.slow
def test_every_feature_matters_in_some_specification() -> None:
    waiting = set(OPTIONAL)
    for _, document, found in problems(range(HOPED_FOR)):
        waiting -= {each for each in waiting & set(present(document, "p")) if matters(document, each, found)}
        if not waiting:
            return
    pytest.fail(f"these never mattered: {sorted(waiting)}")


@pytest.mark.slow
def test_every_feature_matters_often() -> None:
    found = statistics(range(20_000))
    assert min(counts for _, counts in found.values()) >= 20, found


EXCLUDE_EACH_OTHER = ({"rollback: oldest", "from: newest"}, {"rollback: oldest", "onto: existing"})
ONE_VALUE = ("broker: ", "scope: ")


def test_all_features_meet_each_other() -> None:
    met = {pair for seed in range(10_000) for pair in combinations(present(problem(Random(seed)), "p"), 2)}
    assert {pair for pair in combinations(OPTIONAL, 2) if can_meet(*pair)} == met


def can_meet(one: str, other: str) -> bool:
    """Whether a valid specification can have both."""
    alike = any(one.startswith(key) and other.startswith(key) for key in ONE_VALUE)
    lists = one == "tolerates: links" and other.startswith("tolerates")
    return not alike and not lists and {one, other} not in EXCLUDE_EACH_OTHER


def test_a_specification_without_a_feature_does_not_have_it() -> None:
    for _, document, _ in problems(range(60)):
        for feature in present(document, "p"):
            assert not has(Place(otherwise(Place(document, "p", feature)), "otherwise", feature))


def test_the_same_seed_makes_the_same_specification() -> None:
    assert problem(Random(7)) == problem(Random(7))
    assert len({str(problem(Random(seed))) for seed in range(50)}) > 45


def test_every_optional_feature_is_a_feature() -> None:
    assert set(OPTIONAL) < set(FEATURES)
