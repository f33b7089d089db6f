"""Several engines on the same plan: what contradicts each other in the verdicts that follow from what they found.

Source: docs/semantics.md, "What a verdict may claim": verdicts, anomalies and lengths do not depend on the engine.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations

from bac.model.errors import Contradiction
from bac.proofs.results import AnomalyResult, PlanResult, PropertyResult, Verdict
from bac.properties.qualities import Property


class VerdictsDisagree(Contradiction):
    """Two engines have different verdicts on the same plan.  Both are kept."""

    def __init__(self, differences: tuple[str, ...], one: PlanResult, other: PlanResult) -> None:
        """Say where they differ."""
        self.differences, self.one, self.other = differences, one, other
        head = f"plan {one.plan}: two engines disagree; this is a bug of the checker:"
        super().__init__("\n".join([head, *differences]))


@dataclass(frozen=True)
class Claim:
    """A shortest run has at least and at most so many actions; ``most`` is ``None`` where there is no run."""

    least: int
    most: int | None

    def contradicts(self, other: Claim) -> bool:
        """Whether not both can be true."""
        if self.most is None or other.most is None:
            return self.most is not other.most
        return self.least > other.most or other.least > self.most

    def __str__(self) -> str:
        """The claim in words."""
        if self.most is None:
            return "no run"
        return f"a shortest run of {self.most} actions" if self.least == self.most else f"{self.least} to {self.most}"


NO_RUN = Claim(0, None)


def agreed(results: Sequence[PlanResult]) -> PlanResult:
    """Return what engines found about the same plan: that of the first which hit no limit.

    Raises:
        VerdictsDisagree: they differ in more than in which of several shortest runs they show.
    """
    for one, other in combinations(results, 2):
        if found := tuple(differences(one, other)):
            raise VerdictsDisagree(found, one, other)
    best = next((result for result in results if result.limit is None), results[0])
    interrupted = any(result.interrupted for result in results)
    return replace(best, engine=", ".join(result.engine for result in results), interrupted=interrupted)


def differences(one: PlanResult, other: PlanResult) -> Iterator[str]:
    """Yield the contradictions; what an engine left open because of a limit contradicts nothing."""
    for which in one.properties.keys() & other.properties.keys():
        first, second = one.properties[which], other.properties[which]
        mine, theirs = claims(first), claims(second)
        for question in sorted(mine.keys() | theirs.keys()):
            left, right = mine.get(question, NO_RUN), theirs.get(question, NO_RUN)
            is_open = (left is NO_RUN and not first.complete) or (right is NO_RUN and not second.complete)
            if not is_open and left.contradicts(right):
                yield f"{which}{question}: {left} ({one.engine}), {right} ({other.engine})"
        verdicts = {first.verdict, second.verdict}
        if first.vacuous != second.vacuous and Verdict.UNKNOWN not in verdicts:
            yield f"{which}: vacuous: {first.vacuous} ({one.engine}), {second.vacuous} ({other.engine})"


def claims(result: PropertyResult) -> Mapping[str, Claim]:
    """Return for each question about a property (in words) the run that was found."""
    if result.property is not Property.CONSISTENCY:
        if result.trace is None:
            return {}
        most = len(result.trace.actions) + result.omitted_actions
        return {"": Claim(most if result.at_least is None else result.at_least, most)}
    lists: Mapping[str, Sequence[AnomalyResult]] = {
        "": result.anomalies,
        ", tolerated": result.tolerated,
        ", by the application": result.application,
    }
    return {
        f", {each.kind} {each.subject}, {timing}{how}": Claim(each.at_least.get(timing, run.in_all), run.in_all)
        for how, anomalies in lists.items()
        for each in anomalies
        for timing, run in each.traces.runs.items()
    }
