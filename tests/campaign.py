"""Campaigns of generated specifications, by seed: where checker and oracle differ, and how often each feature matters.

``python tests/campaign.py 0 1000`` compares the specifications with the seeds 0 to 999, and ``--statistics`` tells how
often each feature occurs in them, and makes a difference.
"""

from __future__ import annotations

import json
from argparse import ArgumentParser
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


def differences(seeds: range, engine: str, instances: int) -> Iterator[tuple[int, Document]]:
    """Yield the seeds of specifications about which checker and oracle differ, each with a smallest example."""
    from comparison import differs  # the statistics need no checker
    from minimise import minimised

    def differ(document: Document) -> bool:
        return "p" in document.get("plans", {}) and differs(document, engine, instances, MOST_STATES)

    for seed in seeds:
        document = problem(Random(seed))
        if differ(document):
            yield seed, minimised(document, differ)


def main() -> None:
    """Compare specifications, or print statistics about them."""
    parser = ArgumentParser(description="Compare the checker with the oracle on generated specifications.")
    parser.add_argument("first", type=int, help="the first seed")
    parser.add_argument("last", type=int, help="the seed after the last one")
    parser.add_argument("--engine", default="explicit")
    parser.add_argument("--instances", type=int, default=1)
    parser.add_argument("--statistics", action="store_true", help="how often each feature occurs, and matters")
    chosen = parser.parse_args()
    seeds = range(chosen.first, chosen.last)
    if chosen.statistics:
        for feature, (occurs, counts) in statistics(seeds).items():
            print(f"{feature:28} occurs in {occurs:6} and matters in {counts:6}")  # noqa: T201
        return
    for seed, document in differences(seeds, chosen.engine, chosen.instances):
        print(f"{seed}: {json.dumps(document)}", flush=True)  # noqa: T201


if __name__ == "__main__":
    main()
