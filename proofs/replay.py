"""Check a trace with the interpreter and the evaluator of formulas only; no engine is involved.

Every counterexample is checked so before it is shown, and ``bac replay`` checks saved ones.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from bac.model.errors import BacError, LimitReached
from bac.model.plan import Timing
from bac.model.system import AT_REST, RECOVERED, ActionKind, NotARun, State, System
from bac.model.trace import Trace
from bac.properties.anomalies import Anomaly, Blame, anomalies
from bac.properties.formula import FALSE, Formula, satisfied
from bac.properties.qualities import EXTRA_LOSS, Property, backed_up, losses, qualities

MOST_STATES = 100_000
"""With more states than this, the claim that no backup can be completed any more is not decided."""


class NotConfirmed(BacError):
    """A trace is a run, but does not show what it claims."""

    exit_code = 1


def confirm(trace: Trace) -> None:
    """Check that a trace shows what it claims.

    Raises:
        NotConfirmed: it does not show what it claims.
        LimitReached: it claims that no backup can be completed any more, and that would take too long to confirm.
    """
    if (problem := objection(trace)) is not None:
        raise NotConfirmed(f"not confirmed: {problem}")


def objection(trace: Trace, most_states: int = MOST_STATES) -> str | None:
    """Return the objection to the trace's claim, in words; ``None`` if there is none.

    Raises:
        LimitReached: it claims that no backup can be completed any more, and more than ``most_states`` states can be
            reached from its end.
    """
    try:
        state = trace.states[-1]
    except NotARun as error:
        return f"not a run: {error}"
    match trace.claim.property:
        case Property.AVAILABILITY:
            wanted = qualities(trace.architecture, trace.plan, 1)
            denied = satisfied(wanted.denied, state) and trace.actions[-1].kind is ActionKind.DENY
            return None if denied else "it does not end with a command that is held back"
        case Property.BACKUP:
            return stuck(trace, state, most_states)
        case Property.CONSISTENCY | Property.NO_EXTRA_LOSS:
            return wrong_cut(trace, state)
        case other:
            return f"{other} is not a property"


def wrong_cut(trace: Trace, state: State) -> str | None:
    """Return the objection to the claim that the run ends in a settled state whose cut shows the anomaly or loss."""
    if RECOVERED not in state:
        return "no disaster has happened"
    if not trace.settled:
        return "recovery is not over"
    timing = Timing.AT_REST if AT_REST in state else Timing.ANY_TIME
    if timing is not trace.claim.timing:
        return f"the disaster happened {timing}"
    return None if any(satisfied(formula, state) for formula in claimed(trace)) else "the cut does not show it"


def claimed(trace: Trace) -> Iterable[Formula]:
    """Yield the formulas of the anomaly or loss that the trace claims to show."""
    claim = trace.claim
    if claim.property == Property.NO_EXTRA_LOSS:
        if claim.kind != EXTRA_LOSS:
            return
        for loss in losses(trace.architecture, trace.plan, trace.instances):
            if (f"{loss.event.use_case}.{loss.event.step}", loss.event.index) == (claim.subject, claim.index):
                yield loss.formula
        return
    yield from (anomaly.formula for anomaly in claimed_anomalies(trace))


def claimed_anomalies(trace: Trace) -> Iterator[Anomaly]:
    """Yield the anomalies of the kind, subject and index that the trace claims; several may share a name."""
    claim = trace.claim
    for anomaly in anomalies(trace.architecture, trace.plan, trace.instances):
        if (anomaly.kind, anomaly.subject, anomaly.index) == (claim.kind, claim.subject, claim.index):
            yield anomaly


def blamed(trace: Trace) -> Blame:
    """Return what the anomaly that the trace claims and shows is blamed on; only the backup's fault violates a plan."""
    shown = [anomaly.blame for anomaly in claimed_anomalies(trace) if satisfied(anomaly.formula, trace.states[-1])]
    return shown[0] if shown and Blame.BACKUP not in shown else Blame.BACKUP


def stuck(trace: Trace, state: State, most_states: int) -> str | None:
    """Return the objection to the claim that, before the disaster, no completed backup is reachable any more."""
    if RECOVERED in state:
        return "disaster has struck"
    goal = backed_up(trace.architecture, trace.plan)
    if goal == FALSE:
        return None
    for number, reached in enumerate(reachable_before_disaster(trace.system, state), 1):
        if satisfied(goal, reached):
            return "a backup can still be completed"
        if number > most_states:
            raise LimitReached(
                f"it is a run; whether a backup can be completed after it was not decided within {most_states} states"
            )
    return None


def reachable_before_disaster(system: System, state: State) -> Iterable[State]:
    """Yield the states that can be reached from one without a disaster, itself first."""
    seen, stack = {state}, [state]
    while stack:
        current = stack.pop()
        yield current
        for action in system.enabled(current):
            after = action.apply(current)
            if RECOVERED not in after and after not in seen:
                seen.add(after)
                stack.append(after)
