"""The findings of the checker and of the naive oracle, in the same words."""

from __future__ import annotations

import json
from collections.abc import Collection
from typing import Any

from features import Document
from oracle import TooBig, judge

from bac.model.specification.reader import parse
from bac.proofs.check import check
from bac.proofs.engine import Limits, NotApplicable
from bac.proofs.reductions.part_search import ALL_REDUCTIONS, Reduction
from bac.proofs.results import AnomalyResult, PlanResult, Verdict
from bac.properties.qualities import Property

SHARED = ("anomalies", "tolerated", "application", "causes", "denied", "loss", "backup", "people")
"""The keys that both know."""


def of_oracle(found: dict[str, Any]) -> dict[str, Any]:
    """Return the findings of the oracle that the checker has, too."""
    return {key: found[key] for key in SHARED}


def of_checker(result: PlanResult) -> dict[str, Any]:
    """Return the findings of the checker in the words of the oracle."""
    assert result.limit is None
    assert has_exact_lengths(result)
    properties = result.properties
    consistency = properties[Property.CONSISTENCY]
    denied, loss = properties[Property.AVAILABILITY].trace, properties[Property.NO_EXTRA_LOSS].trace
    assert (consistency.verdict is Verdict.HOLDS) == (not consistency.anomalies)
    told = (*consistency.tolerated, *consistency.anomalies)  # one that counts speaks for its namesake that does not
    return {
        "anomalies": lengths(consistency.anomalies),
        "tolerated": lengths(consistency.tolerated),
        "application": sorted([str(each.kind), each.subject] for each in consistency.application),
        "causes": {(str(each.kind), each.subject): str(each.cause) for each in told},
        "denied": None if denied is None else len(denied.actions),
        "loss": None if loss is None else len(loss.actions),
        "backup": properties[Property.BACKUP].verdict is Verdict.HOLDS,
        "people": result.people,
    }


def lengths(anomalies: tuple[AnomalyResult, ...]) -> dict[str, dict[str, dict[str, int]]]:
    """By kind and subject, the length of a shortest run in each timing."""
    table: dict[str, dict[str, dict[str, int]]] = {}
    for each in anomalies:
        found = {str(timing): length for timing, length in each.lengths.items()}
        assert each.subject not in table.get(str(each.kind), {})
        table.setdefault(str(each.kind), {})[each.subject] = found
    return table


def checked(
    document: Document,
    plan: str,
    instances: int,
    engine: str = "explicit",
    reductions: Collection[Reduction] = ALL_REDUCTIONS,
) -> dict[str, Any]:
    """Check a plan of a document, and return the findings in the words of the oracle."""
    specification = parse(json.dumps(document))
    return of_checker(
        check(specification.architecture, specification.plan(plan), instances, engine=engine, reductions=reductions)
    )


def outcome(document: Document, engine: str, against: str, instances: int, most_states: int) -> str:
    """Compare what an engine finds about the plan ``p`` with the oracle, or with another engine without reductions.

    Returns:
        ``equal``, ``different``, ``a length takes long``, ``too large`` if the other sees more than so many
        states, or why the engine refuses.
    """
    specification = parse(json.dumps(document))
    try:
        result = check(specification.architecture, specification.plan("p"), instances, engine=engine)
        if result.limit is not None or not has_exact_lengths(result):
            return "a length takes long"
        expected = reference(document, against, instances, most_states)
    except NotApplicable as refusal:
        return str(refusal)
    except TooBig:
        return "too large"
    return "equal" if of_checker(result) == expected else "different"


def has_exact_lengths(result: PlanResult) -> bool:
    """Whether every run is known to be a shortest one."""
    consistency = result.properties[Property.CONSISTENCY]
    bounds = [each.at_least for each in (*consistency.anomalies, *consistency.tolerated)]
    return not any(bounds) and result.properties[Property.NO_EXTRA_LOSS].at_least is None


def reference(document: Document, against: str, instances: int, most_states: int) -> dict[str, Any]:
    """Return what the oracle finds about the plan ``p``, or another engine without reductions.

    Raises:
        TooBig: it sees more than so many states.
    """
    if against == "oracle":
        return of_oracle(judge(document, "p", instances, most_states))
    specification = parse(json.dumps(document))
    limits = Limits(states=most_states)
    plan = specification.plan("p")
    result = check(specification.architecture, plan, instances, engine=against, limits=limits, reductions=())
    if result.limit is not None:
        raise TooBig
    return of_checker(result)
