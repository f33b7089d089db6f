"""Drive a real system through backup, loss and restore, and hold what comes out against the specification."""

from __future__ import annotations

from dataclasses import replace

from bac.api.results import Trace
from bac.api.specification import Specification
from bac.testing.drills.adapter import DrillError
from bac.testing.drills.observed import observe
from bac.testing.drills.random_runs import RandomRuns
from bac.testing.drills.results import DrillResult, DrillVerdict, result
from bac.testing.drills.run import DrilledPlan, Refutation, Start


class Drill:
    """Drives a real system through backups, a loss and a restore.

    Args:
        specification: what the system is said to be.
        start: returns an adapter of the system with empty stores; called once for each run.
        plan: the name of the plan by which backups are taken.
        instances: how many instances of every use case there are in a random run.

    Raises:
        BacError: there is no such plan.
    """

    def __init__(self, specification: Specification, start: Start, *, plan: str = "independent", instances: int = 1):
        """Look up the plan."""
        self.plan = DrilledPlan(specification, specification._read.plan(plan), instances, start)

    def trace(self, trace: Trace) -> DrillResult:
        """Drive a counterexample.

        Returns:
            ``AS_PREDICTED`` if the stores show what the trace claims, ``NOT_REPRODUCED`` if they do not although what
            they show is possible, ``MODEL_REFUTED`` otherwise.

        Raises:
            DrillError: the trace is of another specification or plan.
            UnmarkedTarget: the target does not carry its safety marker.
        """
        model = trace._trace
        mine = self.plan.specification._read.architecture
        if (model.architecture.use_cases, model.plan) != (mine.use_cases, self.plan.plan):
            raise DrillError("the trace is of another specification or plan")
        run = replace(self.plan, instances=model.instances).begun()
        try:
            for label in model.actions:
                run.perform(label)
            findings = run.finish()
        except Refutation as stop:
            return result(run, DrillVerdict.MODEL_REFUTED, str(stop), way="trace")
        wanted = (model.claim.kind, model.claim.subject, model.claim.index)
        shown = model.claim.kind is None or any((each.kind, each.subject, each.index) == wanted for each in findings)
        shown = shown or model.claim.property == "no-extra-loss"
        verdict = DrillVerdict.AS_PREDICTED if shown else DrillVerdict.NOT_REPRODUCED
        reason = f"the stores {'show' if shown else 'do not show'} {model.claim}"
        return result(run, verdict, reason, findings, way="trace")

    def random(self, examples: int = 100, steps: int = 30, seed: int = 0) -> DrillResult:
        """Drive random runs; a run that the model does not allow is reported as short as it can be made.

        Args:
            examples: how many runs.
            steps: the most actions of a run before recovery.
            seed: the same seed gives the same runs.

        Raises:
            MissingExtra: hypothesis is not installed (extra ``test``).
            UnmarkedTarget: the target does not carry its safety marker.
        """
        return RandomRuns(self.plan, examples, steps, seed).result()

    def observed(self, cases: int = 50, threads: int = 2, seed: int = 0) -> DrillResult:
        """Run use cases concurrently while real backups are taken, then lose and restore what the plan says.

        Args:
            cases: how many instances of every use case are begun.
            threads: how many clients work at the same time.
            seed: of what is drawn; threads make a run differ all the same.

        Raises:
            DrillError: a backup was refused for too long.
            UnmarkedTarget: the target does not carry its safety marker.
        """
        return observe(self.plan, cases, threads, seed)
