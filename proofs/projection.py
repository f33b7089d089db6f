"""One use case at a time: when the rest of an architecture can be left out, and what that decides.

Use cases that share no facts multiply each other's states, and tell nothing about each other: the lemma of
:mod:`bac.proofs.leaving_out` takes each of them, u, by itself, in S/u.  An anomaly of S whose formula is about u alone
is one of S/u, and so is a denied command.  A run of S/u is replayed in S by the interpreter.  That S/u is the system of
the architecture with u alone, and that every anomaly is about one use case, is not argued but compared.

**Backup** speaks of what stays possible.  Let s be a state of S before the disaster.  Leaving out shows that s/u is a
state of S/u.  If there u can always finish by itself, that is reach a state in which it stands in the way of no common
action, then in S all use cases can, one after the other: they do not write what another one reads.  From then on the
common actions are free, provided that none of them writes what such guards are about, and what they can do is what they
can do in the system without any use case.

The premises are checked on the actions, whatever made them.  Source: docs/semantics.md, "What a verdict may claim",
where the same is said of indices.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace
from functools import lru_cache

from bac.model.architecture import Architecture
from bac.model.plan import Plan
from bac.model.semantics import system
from bac.model.system import INITIAL, RECOVERED, Action, Clause, Fact, State, System
from bac.model.trace import Trace
from bac.proofs.check import Disagreement, check
from bac.proofs.leaving_out import Division, blocking, use_case_of, writes
from bac.proofs.reduction import one_index_suffices
from bac.proofs.replay import confirms
from bac.proofs.verdict import PropertyResult, Verdict
from bac.properties.anomalies import AnomalyKind, anomalies
from bac.properties.formula import Formula
from bac.properties.qualities import Property

# The premises


def use_case_of_fact(fact: Fact) -> str | None:
    """The use case that a fact belongs to; ``None`` for a common fact."""
    return fact.events[0].use_case if fact.events else None


def owner(action: Action) -> str | None:
    """The use case that an action belongs to; ``None`` for a common action."""
    return action.label.events[0].use_case if action.label.events else None


def by_use_case(whole: System) -> Division:
    """The system, divided by use case."""
    return Division(whole, use_case_of)


def independent_use_cases(whole: System) -> bool:
    """Whether any use cases can be left out of every run (the premises of :mod:`bac.proofs.leaving_out`)."""
    return by_use_case(whole).separates()


# Leaving out


def restricted(whole: System, use_case: str | None) -> System:
    """What is left of a system without the facts and actions of all use cases but one (or of all)."""
    kept = (use_case, None)
    return System(
        tuple(fact for fact in whole.facts if use_case_of_fact(fact) in kept),
        tuple(restricted_action(action, use_case) for action in whole.actions if owner(action) in kept),
    )


def restricted_action(action: Action, use_case: str | None) -> Action:
    """What is left of an action without the facts of all use cases but one (or of all)."""

    def about(fact: Fact) -> bool:
        return use_case_of_fact(fact) in (use_case, None)

    return replace(
        action,
        require=frozenset(filter(about, action.require)),
        forbid=frozenset(filter(about, action.forbid)),
        clauses=tuple(clause for clause in action.clauses if all(map(about, clause.positive | clause.negative))),
        add=frozenset(filter(about, action.add)),
        delete=frozenset(filter(about, action.delete)),
        copy=tuple(pair for pair in action.copy if about(pair[0])),
    )


def same_transitions(one: System, other: System) -> bool:
    """Whether two systems have the same facts and can do the same, whatever the actions are called, and how often."""

    def effects(of: System) -> set[object]:
        return {(a.require, a.forbid, frozenset(a.clauses), a.add, a.delete, frozenset(a.copy)) for a in of.actions}

    return set(one.facts) == set(other.facts) and effects(one) == effects(other)


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
        if not all(always_finishes(each, self.plan) for each in alone(self.architecture)):
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
        if not all(same_transitions(restricted(whole, name), part) for name, part in parts):
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
        if (problem := confirms(whole)) is not None:
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
def always_finishes(architecture: Architecture, plan: Plan) -> bool:
    """Whether the one use case can at any time, by itself, get out of the way of every common action."""
    whole = system_of(architecture, plan)
    guards = [guard for action in background(whole) for guard in guards_about_use_cases(action)]
    left = by_use_case(whole).marks
    own = [a for a in whole.actions if owner(a) is not None and RECOVERED in a.forbid and not left & blocking(a)]
    return all(
        any(all(guard.satisfied(later) for guard in guards) for later in reachable(state, own))
        for state in reachable(INITIAL, [a for a in whole.actions if RECOVERED not in a.add])
    )


def reachable(state: State, actions: list[Action]) -> Iterator[State]:
    """The states that these actions lead to, the given one first."""
    seen, stack = {state}, [state]
    while stack:
        current = stack.pop()
        yield current
        for action in actions:
            after = action.apply(current) if action.enabled(current) else current
            if after not in seen:
                seen.add(after)
                stack.append(after)


def background(whole: System) -> Iterator[Action]:
    """The common actions before the disaster: what the backup does."""
    return (action for action in whole.actions if owner(action) is None and RECOVERED not in action.add)


def guards_about_use_cases(action: Action) -> Iterator[Clause]:
    """What a use case can do to keep an action from happening, as clauses."""
    yield from (Clause(frozenset(), frozenset([fact])) for fact in action.forbid if use_case_of_fact(fact) is not None)
    for clause in action.clauses:
        if any(use_case_of_fact(fact) is not None for fact in clause.positive | clause.negative):
            yield clause


def guards_are_stable(whole: System) -> bool:
    """Whether the backup writes nothing that its own guards say about use cases, and no mark blocks it.

    A guard that also speaks of common facts counts as unstable, because the backup writes those.
    """
    actions = list(background(whole))
    written = {fact for action in actions for fact in writes(action)}
    guards = [guard for action in actions for guard in guards_about_use_cases(action)]
    about = {fact for guard in guards for fact in guard.positive | guard.negative}
    common = {fact for fact in about if use_case_of_fact(fact) is None}
    return (
        not about & written
        and not common
        and not any(by_use_case(whole).marks & blocking(action) for action in actions)
    )
