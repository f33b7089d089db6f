"""Campaigns of generated specifications, by seed: where checker and oracle differ, and how often each feature matters.

``python tests/campaign.py 0 1000`` compares the specifications with the seeds 0 to 999, and ``--statistics`` tells how
often each feature occurs in them, and makes a difference.  ``--engine precedence --against explicit`` compares two
engines, the second without reductions; what the first refuses is counted, with the reason.
"""

from __future__ import annotations

import json
from argparse import ArgumentParser
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from random import Random
from typing import Any

from features import OPTIONAL, Document, Place, otherwise, present
from oracle import TooBig, judge

from bac.testing.generator import problem

MOST_STATES = 3000
ORACLE, DIFFERENT = "oracle", "different"


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


@dataclass(frozen=True)
class Campaign:
    """The two sides of a comparison: an engine of the checker with the oracle, or with another engine.

    If ``easier``, most of what the precedence engine refuses is left out of the specifications.
    """

    engine: str = "explicit"
    against: str = ORACLE
    instances: int = 1
    easier: bool = False

    def document(self, seed: int) -> Document:
        """The specification with this seed."""
        document = problem(Random(seed))
        return easier(document, Random(seed)) if self.easier else document

    def outcome(self, document: Document) -> str:
        """``equal`` or ``different``, or the reason why they cannot be compared."""
        from comparison import outcome  # the statistics need no checker

        return outcome(document, self.engine, self.against, self.instances, MOST_STATES)

    def minimised(self, document: Document) -> Document:
        """A smallest specification about which they differ."""
        from minimise import minimised

        return minimised(document, lambda each: "p" in each.get("plans", {}) and self.outcome(each) == DIFFERENT)

    def run(self, seeds: range) -> Counter[str]:
        """Print each difference with a smallest example, and count the outcomes."""
        outcomes = Counter[str]()
        for seed in seeds:
            document = self.document(seed)
            found = self.outcome(document)
            outcomes[found] += 1
            if found == DIFFERENT:
                print(f"{seed}: {json.dumps(self.minimised(document))}", flush=True)  # noqa: T201
        return outcomes


def easier(document: Document, random: Random) -> Document:
    """The document, mostly without what the precedence engine refuses."""
    recovery = document["plans"]["p"].get("recovery", {})
    if random.random() < 0.9:
        recovery.pop("from", None)
    for steps in document.get("use_cases", {}).values():
        for step in steps["steps"] if isinstance(steps, dict) else steps:
            if random.random() < 0.4:
                step.pop("once", None)
    return document


def main() -> None:
    """Compare specifications, or print statistics about them."""
    parser = ArgumentParser(description="Compare the checker with the oracle on generated specifications.")
    parser.add_argument("first", type=int, help="the first seed")
    parser.add_argument("last", type=int, help="the seed after the last one")
    parser.add_argument("--engine", default="explicit")
    parser.add_argument("--against", default=ORACLE, help="the oracle, or an engine, which uses no reductions")
    parser.add_argument("--instances", type=int, default=1)
    parser.add_argument("--easier", action="store_true", help="leave out most of what the precedence engine refuses")
    parser.add_argument("--statistics", action="store_true", help="how often each feature occurs, and matters")
    chosen = parser.parse_args()
    seeds = range(chosen.first, chosen.last)
    if chosen.statistics:
        for feature, (occurs, counts) in statistics(seeds).items():
            print(f"{feature:28} occurs in {occurs:6} and matters in {counts:6}")  # noqa: T201
        return
    campaign = Campaign(chosen.engine, chosen.against, chosen.instances, chosen.easier)
    for outcome, count in campaign.run(seeds).most_common():
        print(f"{count:6} {outcome}")  # noqa: T201


if __name__ == "__main__":
    main()
