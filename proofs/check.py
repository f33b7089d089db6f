"""Decide the properties of one plan: put the questions to an engine, and make verdicts of its answers.

Whatever an engine finds becomes a trace that the interpreter replays before it is believed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from bac.model.architecture import Architecture
from bac.model.errors import BacError, LimitReached
from bac.model.plan import Plan, Timing
from bac.model.semantics import system
from bac.model.system import System
from bac.model.trace import Claim, Trace
from bac.proofs.explicit import explore
from bac.proofs.questions import Answers, Engine, Limits, Path, Progress, Questions
from bac.proofs.reduction import one_index_suffices
from bac.proofs.replay import confirms
from bac.proofs.verdict import AnomalyResult, Cause, PlanResult, PropertyResult, Verdict
from bac.properties.anomalies import Anomaly, AnomalyKind
from bac.properties.qualities import Property, Qualities, qualities

Tell = Callable[[Progress], None] | None
CONFIRMED_STATES = 1000
"""Up to so many states the interpreter confirms that no backup can be completed any more."""
ANY_NUMBER = "any number of instances"


def symbolic(system: System, questions: Questions, limits: Limits, progress: Tell = None) -> Answers:
    """The SMT engine; Z3 is loaded only for those who ask for it."""
    from bac.proofs.symbolic import search

    return search(system, questions, limits, progress)


def both(system: System, questions: Questions, limits: Limits, progress: Tell = None) -> Answers:
    """Both engines, held against each other."""
    from bac.proofs import agreement

    return agreement.both(system, questions, limits, progress)


ENGINES: Mapping[str, Engine] = {"explicit": explore, "smt": symbolic, "both": both}
"""The engines by the names that users give them."""


class Disagreement(BacError):
    """An engine's answer is not confirmed by the interpreter: a bug of the checker."""

    exit_code = 4


def check(
    architecture: Architecture,
    plan: Plan,
    instances: int = 1,
    properties: Iterable[Property] = tuple(Property),
    engine: str = "explicit",
    limits: Limits | None = None,
    progress: Callable[[Progress], None] | None = None,
) -> PlanResult:
    """The verdicts on these properties of one plan, with this many instances of every use case.

    Raises:
        Disagreement: the interpreter does not confirm what the engine found.
    """
    asked = [each for each in Property if each in set(properties)]
    try:
        built = system(architecture, plan, instances)
    except LimitReached as error:
        return undecided(plan, instances, engine, asked, str(error))
    wanted = qualities(architecture, plan, instances)
    questions = Questions(
        tuple(anomaly.formula for anomaly in wanted.anomalies if Property.CONSISTENCY in asked)
        + tuple(loss.formula for loss in wanted.losses if Property.NO_EXTRA_LOSS in asked),
        wanted.denied if Property.AVAILABILITY in asked else None,
        wanted.backed_up if Property.BACKUP in asked else None,
    )
    answers = ENGINES[engine](built, questions, limits or Limits(), progress)
    judge = Judge(architecture, plan, instances, built, wanted, answers, one_index_suffices(built))
    results = {each: judge.result(each, asked) for each in asked}
    return PlanResult(plan.name, instances, engine, answers.statistics, results, answers.limit, answers.interrupted)


def undecided(plan: Plan, instances: int, engine: str, asked: Iterable[Property], reason: str) -> PlanResult:
    """The result when nothing could be explored."""
    scope = up_to(instances)
    results = {each: PropertyResult(each, Verdict.UNKNOWN, scope, reason, complete=False) for each in asked}
    return PlanResult(plan.name, instances, engine, Answers().statistics, results, reason)


def up_to(instances: int) -> str:
    """The scope of a verdict that speaks of no more instances than were explored."""
    return f"up to {instances} instance{'s' * (instances != 1)}"


@dataclass(frozen=True)
class Judge:
    """Makes verdicts of the answers to the questions about one plan."""

    architecture: Architecture
    plan: Plan
    instances: int
    system: System
    wanted: Qualities
    answers: Answers
    one_index: bool

    def result(self, which: Property, asked: Sequence[Property]) -> PropertyResult:
        """The verdict on one property."""
        match which:
            case Property.BACKUP:
                claim = Claim(which)
                return self.decided(which, self.trace(self.answers.inevitable, claim), up_to(self.instances))
            case Property.AVAILABILITY:
                return self.decided(which, self.trace(self.answers.reachable, Claim(which)), self.scope)
            case Property.CONSISTENCY:
                return self.consistency()
            case Property.NO_EXTRA_LOSS:
                return self.no_extra_loss(Property.CONSISTENCY in asked)

    @property
    def scope(self) -> str:
        """For how many instances verdicts about single indices hold."""
        return ANY_NUMBER if self.one_index else up_to(self.instances)

    def trace(self, path: Path | None, claim: Claim) -> Trace | None:
        """The trace of a run that an engine found, confirmed by the interpreter."""
        if path is None:
            return None
        trace = Trace(self.architecture, self.plan, self.instances, claim, path, _system=self.system)
        if (problem := self.objection(trace)) is not None:
            raise Disagreement(f"plan {self.plan.name}: the interpreter does not confirm {claim}: {problem}")
        return trace

    @staticmethod
    def objection(trace: Trace) -> str | None:
        """What the interpreter says against a trace; a claim about all that can follow is confirmed only if small."""
        try:
            return confirms(trace, CONFIRMED_STATES)
        except LimitReached:
            return None

    def decided(self, which: Property, trace: Trace | None, scope: str) -> PropertyResult:
        """Violated with a trace; without one unknown if a limit was hit, else the property holds."""
        if trace is not None:
            return PropertyResult(which, Verdict.VIOLATED, scope, trace=trace)
        return self.no_trace(which, scope)

    def no_trace(self, which: Property, scope: str, tolerated: tuple[AnomalyResult, ...] = ()) -> PropertyResult:
        """The verdict where no counterexample was found."""
        if self.answers.limit is not None:
            limit = f"limit reached: {self.answers.limit}"
            return PropertyResult(which, Verdict.UNKNOWN, scope, limit, tolerated=tolerated, complete=False)
        vacuous = which in (Property.CONSISTENCY, Property.NO_EXTRA_LOSS) and not self.answers.can_recover
        reason = "only because no run ever recovers from a disaster" if vacuous else None
        return PropertyResult(which, Verdict.HOLDS, scope, reason, tolerated=tolerated, vacuous=vacuous)

    def consistency(self) -> PropertyResult:
        """None of the anomalies, tolerated ones aside."""
        grouped: dict[tuple[AnomalyKind, str, bool], dict[Timing, tuple[Anomaly, Path]]] = {}
        for anomaly, found in zip(self.wanted.anomalies, self.answers.settled, strict=False):
            runs = grouped.setdefault((anomaly.kind, anomaly.subject, anomaly.tolerated), {})
            for timing, path in found.items():
                if timing not in runs or len(path) < len(runs[timing][1]):
                    runs[timing] = anomaly, path
        results = [self.anomaly(*key, runs) for key, runs in grouped.items() if runs]
        tolerated = tuple(result for result in results if result.tolerated)
        if violations := tuple(result for result in results if not result.tolerated):
            complete = self.answers.limit is None
            return PropertyResult(
                Property.CONSISTENCY,
                Verdict.VIOLATED,
                self.scope,
                None if complete else f"there may be more, limit reached: {self.answers.limit}",
                anomalies=violations,
                tolerated=tolerated,
                complete=complete,
            )
        return self.no_trace(Property.CONSISTENCY, self.scope, tolerated)

    def anomaly(
        self, kind: AnomalyKind, subject: str, tolerated: bool, runs: Mapping[Timing, tuple[Anomaly, Path]]
    ) -> AnomalyResult:
        """The traces of an anomaly, and its cause."""
        traces = {}
        for timing in Timing:
            if timing in runs:
                anomaly, path = runs[timing]
                claim = Claim(Property.CONSISTENCY, kind, subject, anomaly.index, timing)
                trace = self.trace(path, claim)
                assert trace is not None
                traces[timing] = trace
        if Timing.AT_REST in traces:
            cause = Cause.BACKUP
        else:
            cause = Cause.IN_FLIGHT if self.answers.limit is None else Cause.UNKNOWN
        return AnomalyResult(kind, subject, tolerated, cause, traces)

    def no_extra_loss(self, after_anomalies: bool) -> PropertyResult:
        """Every backed event is in the settled cut."""
        skip = len(self.wanted.anomalies) if after_anomalies else 0
        candidates = [
            (path, loss.event, timing)
            for loss, found in zip(self.wanted.losses, self.answers.settled[skip:], strict=True)
            for timing, path in found.items()
        ]
        if not candidates:
            return self.decided(Property.NO_EXTRA_LOSS, None, self.scope)
        path, event, timing = min(candidates, key=lambda candidate: len(candidate[0]))
        subject = f"{event.use_case}.{event.step}"
        claim = Claim(Property.NO_EXTRA_LOSS, "extra-loss", subject, event.index, timing)
        return self.decided(Property.NO_EXTRA_LOSS, self.trace(path, claim), self.scope)
