"""One use case at a time: when the rest of an architecture can be left out, and what that decides.

Use cases that share no facts multiply each other's states, and tell nothing about each other: the lemma of
:mod:`bac.proofs.reductions.projection` takes each of them, u, by itself, in S/u.  An anomaly of S whose formula is
about u alone is one of S/u, and so is a denied command.  A run of S/u is replayed in S by the interpreter.  That S/u is
the system of the architecture with u alone, and that every anomaly is about one use case, is not argued but compared.

Whether a backup can always be completed is argued in :mod:`bac.proofs.reductions.backup_progress`.

The premises are checked on the actions, whatever made them.  Source: docs/semantics.md, "What a verdict may claim",
where the same is said of indices.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from functools import lru_cache

from bac.model.architecture import Architecture
from bac.model.plan import Plan
from bac.model.semantics import system
from bac.model.system import System
from bac.model.trace import Trace
from bac.proofs.check import check
from bac.proofs.findings import Disagreement
from bac.proofs.reductions.backup_progress import always_finishes, guards_are_stable
from bac.proofs.reductions.catalogue import one_index_suffices
from bac.proofs.reductions.projection import Partition, same_transitions, use_case_of
from bac.proofs.replay import objection
from bac.proofs.results import PropertyResult, Verdict
from bac.properties.anomalies import AnomalyKind, anomalies
from bac.properties.formula import Formula
from bac.properties.qualities import Property

# The premises


def by_use_case(whole: System) -> Partition:
    """The system, divided by use case."""
    return Partition(whole, use_case_of)


def independent_use_cases(whole: System) -> bool:
    """Whether any use cases can be left out of every run (the premises of :mod:`bac.proofs.reductions.projection`)."""
    return by_use_case(whole).allows_projection()


# One by one


def alone(architecture: Architecture) -> tuple[Architecture, ...]:
    """The architecture once for each use case, with that use case alone."""
    return tuple(replace(architecture, use_cases=(case,)) for case in architecture.use_cases)


def share_nothing(architecture: Architecture) -> bool:
    """Whether every use case creates and links by itself what its steps are about: only then it makes sense alone."""
    return all(
        all(architecture.creators[entity][0] is case for entity in (step.entity, *(link.target for link in step.links)))
        and (step.unlinks is None or architecture.links[step.unlinks][0] is case)
        for case, step in architecture.steps()
    )


def without_use_cases(architecture: Architecture) -> Architecture:
    """The architecture's services, of which nobody ever wants anything."""
    return replace(architecture, use_cases=())


# What it decides


@dataclass(frozen=True, slots=True)
class Finding:
    """A verdict on one property of the whole architecture.

    ``trace`` is a run of the whole architecture, confirmed by the interpreter; there is one if the property is
    violated.  ``reason`` says why the verdict is unknown.
    """

    verdict: Verdict
    trace: Trace | None = None
    reason: str | None = None


HOLDS = Finding(Verdict.HOLDS)
NOT_INDEPENDENT = Finding(Verdict.UNKNOWN, reason="the use cases are not independent")


@dataclass(frozen=True)
class Projection:
    """Decides an architecture under a plan, with one index, by its use cases one at a time.

    What holds, availability and consistency, then holds for any number of instances.
    """

    architecture: Architecture
    plan: Plan

    def consistency(self, kinds: tuple[AnomalyKind, ...] = tuple(AnomalyKind)) -> Finding:
        """Whether no anomaly of these kinds (tolerated ones aside) can be seen.

        Raises:
            Disagreement: a run of one use case is none of the whole: a bug of the checker.
        """
        if not share_nothing(self.architecture):
            return NOT_INDEPENDENT
        results = []
        for each in alone(self.architecture):
            result = decided(each, self.plan, Property.CONSISTENCY)
            if shown := [anomaly.shortest for anomaly in result.anomalies if anomaly.kind in kinds]:
                return Finding(Verdict.VIOLATED, self.lifted(shown[0]))
            results.append(result)
        if any(result.vacuous for result in results):
            return Finding(Verdict.UNKNOWN, reason="no run ever recovers from a disaster")
        if not all(result.verdict is Verdict.HOLDS or (result.anomalies and result.complete) for result in results):
            return Finding(Verdict.UNKNOWN, reason="a use case by itself is undecided")
        return self.carried_over(anomalies_too=True)

    def availability(self, services: Collection[str] | None = None) -> Finding:
        """Whether no command can be denied; with ``services``, none of the use cases that stay within these.

        Raises:
            Disagreement: a run of one use case is none of the whole: a bug of the checker.
        """
        if not share_nothing(self.architecture):
            return NOT_INDEPENDENT
        for each in alone(self.architecture):
            if services is not None and not all(step.service in services for _, step in each.steps()):
                continue
            result = decided(each, self.plan, Property.AVAILABILITY)
            if result.trace is not None:
                return Finding(Verdict.VIOLATED, self.lifted(result.trace))
            if result.verdict is not Verdict.HOLDS:
                return Finding(Verdict.UNKNOWN, reason=result.reason)
        return self.carried_over()

    def backup(self) -> Finding:
        """Whether a backup of every service can always be completed.

        The argument works in one direction: where it does not apply, the finding is unknown.
        """
        if not share_nothing(self.architecture):
            return NOT_INDEPENDENT
        empty = decided(without_use_cases(self.architecture), self.plan, Property.BACKUP)
        if empty.verdict is not Verdict.HOLDS:
            return Finding(Verdict.UNKNOWN, reason="even without use cases no backup is sure to be completed")
        if not guards_are_stable(self.system):
            return Finding(Verdict.UNKNOWN, reason="the backup itself changes what it waits for")
        if not all(finishes(each, self.plan) for each in alone(self.architecture)):
            return Finding(Verdict.UNKNOWN, reason="a use case may stand in the way of the backup for ever")
        return self.carried_over()

    @property
    def system(self) -> System:
        """The transition system of the whole architecture."""
        return system_of(self.architecture, self.plan)

    def carried_over(self, anomalies_too: bool = False) -> Finding:
        """What holds of each use case alone holds of the whole, if the premises do."""
        whole = self.system
        if not independent_use_cases(whole) or not one_index_suffices(whole):
            return NOT_INDEPENDENT
        parts = [(case.use_cases[0].name, system_of(case, self.plan)) for case in alone(self.architecture)]
        parts.append((None, system_of(without_use_cases(self.architecture), self.plan)))  # type: ignore[arg-type]
        if not all(same_transitions(by_use_case(whole).restricted(name), part) for name, part in parts):
            return Finding(Verdict.UNKNOWN, reason="what is left of the whole is not the system of one use case")
        if anomalies_too and not anomalies_are_separate(self.architecture):
            return Finding(Verdict.UNKNOWN, reason="an anomaly is about several use cases")
        return HOLDS

    def lifted(self, trace: Trace) -> Trace:
        """The run of one use case as a run of the whole, confirmed there by the interpreter.

        Raises:
            Disagreement: it is none, or does not show the same.
        """
        whole = Trace(self.architecture, self.plan, 1, trace.claim, trace.actions, _system=self.system)
        if (problem := objection(whole)) is not None:
            raise Disagreement(f"plan {self.plan.name}: a run of one use case alone is none of the whole: {problem}")
        return whole


def anomalies_are_separate(architecture: Architecture) -> bool:
    """Whether the anomalies of an architecture are those of its use cases, each taken alone."""

    def wanted(of: Architecture) -> set[tuple[AnomalyKind, str, Formula, bool]]:
        return {(each.kind, each.subject, each.formula, each.tolerated) for each in anomalies(of, 1)}

    return wanted(architecture) == {each for part in alone(architecture) for each in wanted(part)}


# The same question about the same use case and plan comes back with every graph that has this reference.


@lru_cache(maxsize=4096)
def decided(architecture: Architecture, plan: Plan, which: Property) -> PropertyResult:
    """The verdict of the explicit engine on one property of one use case."""
    return check(architecture, plan, 1, [which]).properties[which]


@lru_cache(maxsize=64)
def system_of(architecture: Architecture, plan: Plan) -> System:
    """The transition system with one index."""
    return system(architecture, plan, 1)


@lru_cache(maxsize=4096)
def finishes(architecture: Architecture, plan: Plan) -> bool:
    """Whether the one use case can at any time, by itself, get out of the way of the backup."""
    return always_finishes(system_of(architecture, plan))
