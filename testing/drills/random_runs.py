"""Random runs of a drill: a Hypothesis state machine over the actions that the model allows, and shrinking.

Hypothesis finds a run that the model does not allow.  It is made smaller here, where it is known which runs are left
when actions are left out: Hypothesis would have to drive many more systems for that.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from bac.model.extras import needed
from bac.model.modes import Lock
from bac.model.system import RECOVERED, ActionKind, Label, NotARun, snapped
from bac.properties.anomalies import Blame
from bac.testing.drills.adapter import Lockable
from bac.testing.drills.reading import Finding
from bac.testing.drills.results import DrillResult, DrillVerdict, judged, result
from bac.testing.drills.run import DrilledPlan, Refutation, Run


@dataclass
class Failure(Exception):
    """A run that the model does not allow; ``probe`` is a snapshot that must be refused at its end."""

    labels: tuple[Label, ...]
    run: Run
    reason: str
    probe: Label | None = None
    findings: tuple[Finding, ...] = ()


@dataclass
class RandomRuns:
    """Random runs under one plan."""

    plan: DrilledPlan
    examples: int
    steps: int
    seed: int
    found: set[Finding] = field(default_factory=set)
    shown: tuple[Run, tuple[Finding, ...]] | None = None
    last: Run | None = None
    failure: Failure | None = None

    def result(self) -> DrillResult:
        """Run all of them, and return the result."""
        hypothesis = needed("hypothesis", "test", "a random drill")
        stateful = needed("hypothesis.stateful", "test", "a random drill")
        settings = hypothesis.settings(
            max_examples=self.examples,
            stateful_step_count=self.steps,
            database=None,
            deadline=None,
            print_blob=False,
            phases=[hypothesis.Phase.generate],
            verbosity=hypothesis.Verbosity.quiet,
            suppress_health_check=list(hypothesis.HealthCheck),
            report_multiple_bugs=False,
        )
        machine = hypothesis.seed(self.seed)(machine_of(self))
        try:
            stateful.run_state_machine_as_test(machine, settings=settings)
        except (Failure, hypothesis.errors.Flaky):
            assert self.failure is not None
            least = shortest(self, self.failure)
            others = len(self.found.difference(least.findings))
            return result(least.run, DrillVerdict.MODEL_REFUTED, least.reason, least.findings, "random", others)
        run, findings = self.shown or (self.last or self.fresh(), ())
        return judged(run, findings, "random", len(self.found.difference(findings)))

    def fresh(self) -> Run:
        """Return a run that has not begun."""
        return self.plan.begun(thorough=True)

    def end(self, run: Run) -> None:
        """Let a run come to its end.

        Raises:
            Failure: the model does not allow what it shows, or the check does not predict it.
        """
        labels = tuple(run.done)
        try:
            findings = run.finish()
        except Refutation as stop:
            raise self.failed(Failure(labels, run, str(stop))) from stop
        if wrong := self.plan.unpredicted(findings):
            raise self.failed(Failure(labels, run, f"the check says that there is no {wrong[0]}", None, findings))
        if run.struck is not None or self.last is None:
            self.last = run
        self.found.update(findings)
        if findings and (self.shown is None or of_backup(findings) > of_backup(self.shown[1])):
            self.shown = run, findings

    def failed(self, failure: Failure) -> Failure:
        """Note the first failure: a real system may not fail again when it is driven again."""
        self.failure = self.failure or failure
        return failure

    def drive(self, labels: Sequence[Label], probe: Label | None = None) -> Failure | None:
        """Drive a given run, and return how it fails; ``None`` if it does not, or is no run."""
        run = self.fresh()
        try:
            for label in labels:
                run.perform(label)
            if probe is None:
                self.end(run)
            elif probe in premature(run):
                run.too_early(probe)
        except NotARun:
            return None
        except Refutation as stop:
            return Failure(tuple(labels), run, str(stop), probe)
        except Failure as failure:
            return Failure(tuple(labels), run, failure.reason, probe, failure.findings)
        return None


def of_backup(findings: Sequence[Finding]) -> bool:
    """Whether backups are to blame for one of the findings: a run that shows such a one is reported before others."""
    return any(finding.blame is Blame.BACKUP for finding in findings)


def machine_of(runs: RandomRuns) -> type:
    """Return a state machine whose one rule lets some action happen that the model allows."""
    from hypothesis import strategies
    from hypothesis.stateful import RuleBasedStateMachine, rule

    class Machine(RuleBasedStateMachine):
        """Each run drives a fresh system."""

        def __init__(self) -> None:
            super().__init__()
            self.drilled = runs.fresh()
            self.over = False

        @rule(data=strategies.data())
        def act(self, data: strategies.DataObject) -> None:
            """Let an action happen, or try one that must be refused."""
            run, choices = self.drilled, self.choices()
            if self.over or not choices:
                return
            label, probe = choices[data.draw(strategies.integers(0, len(choices) - 1))]
            before = tuple(run.done)
            try:
                if probe:
                    run.too_early(label)
                else:
                    run.perform(label)
            except Refutation as stop:
                self.over = True
                labels = before if probe else (*before, label)
                raise runs.failed(Failure(labels, run, str(stop), label if probe else None)) from stop

        def choices(self) -> list[tuple[Label, bool]]:
            """The actions that may come next, and the snapshots that must be refused."""
            run = self.drilled
            allowed = [(action.label, False) for action in run.plan.system.enabled(run.state)]
            return allowed + [(label, True) for label in premature(run)]

        def teardown(self) -> None:
            """Let recovery come to its end."""
            if not self.over:
                runs.end(self.drilled)

    return Machine


def premature(run: Run) -> list[Label]:
    """Return the snapshots that a lock that is taken must still refuse, because its group is not drained."""
    plan, state, found = run.plan, run.state, []
    if RECOVERED in state or not isinstance(run.adapter, Lockable):
        return []
    for action in plan.system.actions:
        label = action.label
        if label.kind is not ActionKind.SNAPSHOT or action.enabled(state) or snapped(label.services[0]) in state:
            continue
        group = plan.plan.group_of(label.services[0])
        if group.mode.lock is Lock.DRAINED and action.require <= state and state.isdisjoint(action.forbid):
            found.append(label)
    return found


def shortest(runs: RandomRuns, failure: Failure) -> Failure:
    """Return a failure from which no action can be left out."""
    least = runs.drive(failure.labels, failure.probe) or failure
    shrunk = True
    while shrunk:
        shrunk = False
        for size in sorted({len(least.labels) // 2, 2, 1} - {0}, reverse=True):
            for at in range(len(least.labels) - size, -1, -1):
                labels = least.labels[:at] + least.labels[at + size :]
                if (smaller := runs.drive(labels, least.probe)) is not None:
                    least, shrunk = smaller, True
                    break
    return least
