"""Hold results against what is expected of them: by the option ``--expect``, or by the key ``expect`` of plans."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from bac.model.plan import Expectation, Plan
from bac.proofs.results import AnomalyResult, PlanResult, PropertyResult, Verdict
from bac.properties.qualities import Property

HOLDS = Expectation()
"""Everything holds."""


@dataclass(frozen=True)
class Mismatch:
    """One thing that is not as expected, in words; ``unknown`` if a limit left open whether it is.

    ``property`` is ``None`` if it is about the plan as a whole.  ``shown``: a counterexample shows it.
    """

    plan: str
    message: str
    property: Property | None = None
    unknown: bool = False
    shown: bool = False

    def __str__(self) -> str:
        """The whole message, such as ``nightly: consistency is violated, expected holds``."""
        return f"{self.plan}: {self.message}"


@dataclass(frozen=True)
class Expected:
    """The expectations of one plan: a verdict for each property and perhaps a baseline of anomalies.

    With ``any_violated``, only that something is violated, whatever it is.
    """

    expectation: Expectation = HOLDS
    any_violated: bool = False

    def verdict(self, which: Property) -> Verdict | None:
        """Return the verdict that is expected of a property, ``None`` if there is none."""
        if self.any_violated:
            return None
        if which is Property.CONSISTENCY and self.expectation.anomalies is not None:
            return Verdict.VIOLATED if self.expectation.anomalies else Verdict.HOLDS
        return Verdict(dict(self.expectation.verdicts).get(which, Verdict.HOLDS))

    def accepts(self, found: PropertyResult, anomaly: AnomalyResult | None, named: Callable[[str], str]) -> bool:
        """Whether a violation of a property, or one of the anomalies that violate it, is as expected.

        Args:
            found: the violated property.
            anomaly: one of its anomalies; ``None`` if it has none.
            named: gives the name by which people call the subject of an anomaly.
        """
        if self.any_violated:
            return True
        if anomaly is not None and self.expectation.anomalies is not None:
            written = {anomaly_text(anomaly, str), anomaly_text(anomaly, named)}
            return not written.isdisjoint(self.expectation.anomalies)
        return self.verdict(found.property) is Verdict.VIOLATED

    def mismatches(self, result: PlanResult, named: Callable[[str], str] = str) -> Iterator[Mismatch]:
        """Compare the results on the plan.

        Args:
            result: the results.
            named: gives the name by which people call the subject of an anomaly.
        """
        if self.any_violated:
            yield from violated_somewhere(result)
            return
        for each in result.properties.values():
            if each.property is Property.CONSISTENCY and self.expectation.anomalies is not None:
                yield from Baseline(result.plan, self.expectation.anomalies, named).mismatches(each)
            elif (wanted := self.verdict(each.property)) is not each.verdict:
                yield differs(result.plan, each, f"expected {wanted}")


def differs(plan: str, found: PropertyResult, instead: str) -> Mismatch:
    """Return that the verdict on a property is not the one that was expected."""
    reason = f" ({found.reason})" if found.verdict is Verdict.UNKNOWN and found.reason else ""
    message = f"{found.property} {described(found.verdict)}{reason}, {instead}"
    unknown, violated = found.verdict is Verdict.UNKNOWN, found.verdict is Verdict.VIOLATED
    return Mismatch(plan, message, found.property, unknown, shown=violated)


def described(verdict: Verdict) -> str:
    """Return a verdict as the end of a sentence."""
    return "holds" if verdict is Verdict.HOLDS else f"is {verdict}"


def violated_somewhere(result: PlanResult) -> Iterator[Mismatch]:
    """Yield what is wrong if some property was expected to be violated."""
    if result.verdict is Verdict.VIOLATED:
        return
    unknown = [each.property for each in result.properties.values() if each.verdict is Verdict.UNKNOWN]
    if unknown:
        yield Mismatch(result.plan, f"{', '.join(unknown)} unknown, expected violated", unknown=True)
    else:
        yield Mismatch(result.plan, "everything holds, expected violated")


@dataclass(frozen=True)
class Baseline:
    """The anomalies that are expected of a plan, each as its kind and its subject."""

    plan: str
    expected: tuple[str, ...]
    named: Callable[[str], str]

    def mismatches(self, found: PropertyResult) -> Iterator[Mismatch]:
        """Yield the anomalies that are new, and those that are not there any more."""
        there = {anomaly_text(anomaly, str) for anomaly in found.anomalies}
        texts = {anomaly_text(anomaly, self.named): anomaly_text(anomaly, str) for anomaly in found.anomalies}
        expected = {texts.get(text, text) for text in self.expected}
        for name, text in texts.items():
            if text not in expected:
                yield Mismatch(self.plan, f"{name} is new", Property.CONSISTENCY, shown=True)
        if found.verdict is Verdict.UNKNOWN:
            yield differs(self.plan, found, f"expected {len(expected)} anomalies" if expected else "expected holds")
            return
        for text in self.expected:
            if texts.get(text, text) not in there:
                unknown = not found.complete
                message = f"{text} is expected, and was not found{' before the limit' * unknown}"
                yield Mismatch(self.plan, message, Property.CONSISTENCY, unknown)


def anomaly_text(anomaly: AnomalyResult, named: Callable[[str], str]) -> str:
    """Return an anomaly as its kind and its subject, as a baseline has it."""
    return f"{anomaly.kind.replace('-', ' ')} {named(anomaly.subject)}"


def found_expectation(result: PlanResult, named: Callable[[str], str]) -> Expectation:
    """Return the expectation that these results meet: all verdicts, and a baseline if consistency is violated.

    Raises:
        ValueError: a verdict is unknown, or anomalies may be hidden by a limit.
    """
    if any(each.verdict is Verdict.UNKNOWN or not each.complete for each in result.properties.values()):
        raise ValueError(f"plan {result.plan}: a limit was reached")
    verdicts: list[tuple[str, str]] = []
    anomalies: tuple[str, ...] | None = None
    for each in result.properties.values():
        if each.anomalies:
            anomalies = tuple(anomaly_text(anomaly, named) for anomaly in each.anomalies)
        else:
            verdicts.append((str(each.property), str(each.verdict)))
    return Expectation(tuple(verdicts), anomalies)


def expected_of(plans: Iterable[Plan], asked: Sequence[Property], option: str | None) -> dict[str, Expected]:
    """Return what is expected of plans, by their names.

    The option is for all of them.  Without it, the plans with the key ``expect`` count, and the others do not; if no
    plan has that key, nothing is expected.

    Args:
        plans: the plans.
        asked: the properties that are checked.
        option: the value of ``--expect``.
    """
    match option:
        case "holds":
            return {plan.name: Expected() for plan in plans}
        case "violated" if len(asked) == 1:
            return {plan.name: Expected(Expectation(((str(asked[0]), "violated"),))) for plan in plans}
        case "violated":
            return {plan.name: Expected(any_violated=True) for plan in plans}
        case _:
            return {plan.name: Expected(plan.expect) for plan in plans if plan.expect is not None}
