"""Campaigns of generated specifications: how often each feature occurs, and how often it makes a difference.

``python tests/campaign.py 1000`` prints the statistics of the specifications with the seeds 0 to 999.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterator
from random import Random
from typing import Any

from features import OPTIONAL, Document, Place, otherwise, present
from generator import problem
from oracle import TooBig, judge

MOST_STATES = 3000


def problems(seeds: range) -> Iterator[tuple[int, Document, dict[str, Any]]]:
    """The generated specifications that are not too big, each with its seed and what the oracle finds."""
    for seed in seeds:
        document = problem(Random(seed))
        found = verdict(document, "p")
        if found is not None:
            yield seed, document, found


def verdict(document: Document, plan: str) -> dict[str, Any] | None:
    """Return all that the oracle finds but the number of states; None if there are too many."""
    try:
        found = judge(document, plan, 1, MOST_STATES)
    except TooBig:
        return None
    return {key: value for key, value in found.items() if key != "states"}


def matters(document: Document, feature: str, found: dict[str, Any]) -> bool:
    """Whether a feature makes a difference to what is found."""
    without = verdict(otherwise(Place(document, "p", feature)), "otherwise")
    return without is not None and {**without, "actions": None} != {**found, "actions": None}


def statistics(seeds: range) -> dict[str, tuple[int, int]]:
    """For each feature, in how many specifications it occurs, and in how many it matters."""
    occurs: Counter[str] = Counter()
    counts: Counter[str] = Counter()
    for _, document, found in problems(seeds):
        for feature in present(document, "p"):
            occurs[feature] += 1
            counts[feature] += matters(document, feature, found)
    return {feature: (occurs[feature], counts[feature]) for feature in OPTIONAL}


def main(number: int) -> None:
    """Print the statistics of so many specifications."""
    for feature, (occurs, counts) in statistics(range(number)).items():
        print(f"{feature:28} occurs in {occurs:6} and matters in {counts:6}")  # noqa: T201


if __name__ == "__main__":
    main(int(sys.argv[1]))
