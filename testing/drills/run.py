"""One run that is driven through a real system and the model side by side."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from typing import Any, TypeAlias

from bac.api.actions import check
from bac.api.specification import Specification
from bac.model.errors import BacError
from bac.model.plan import Plan
from bac.model.semantics import system
from bac.model.system import INITIAL, ActionKind, FactKind, Label, State, System
from bac.model.trace import Claim
from bac.model.trace import Trace as ModelTrace
from bac.properties.anomalies import AnomalyKind
from bac.properties.words import action_in_words
from bac.testing.drills.adapter import BROKER, Adapter, DrillError, Droppable, Lockable, Refused, UnmarkedTarget
from bac.testing.drills.reading import Finding, Reader, Reading, differences

Start: TypeAlias = Callable[[], Adapter]
"""Returns the adapter of a system whose stores are empty; called once for each run."""
MOST_OUTCOMES = 20_000
"""With more states than this after the disaster, not all outcomes that the model allows are known."""


class Refutation(Exception):
    """The system did something that the model says it cannot do."""


def now() -> str:
    """Return the time, in UTC."""
    return datetime.now(UTC).isoformat(timespec="milliseconds")


@dataclass
class Run:
    """One run that is driven through a system and the model side by side.

    ``thorough``: what the stores hold is compared after every action, and not only before the disaster and at the end.
    """

    plan: DrilledPlan
    adapter: Adapter
    thorough: bool = False
    state: State = INITIAL
    done: list[Label] = field(default_factory=list)
    log: list[dict[str, Any]] = field(default_factory=list)
    backups: dict[str, Any] = field(default_factory=dict)
    snapshots: list[dict[str, Any]] = field(default_factory=list)
    restored: list[dict[str, Any]] = field(default_factory=list)
    begun: set[tuple[str, int]] = field(default_factory=set)
    earlier: Reading | None = None
    struck: State | None = None
    after: Reading | None = None

    def __post_init__(self) -> None:
        """Refuse a target without its safety marker.

        Raises:
            UnmarkedTarget: it has none.
        """
        if not self.adapter.destroyable:
            raise UnmarkedTarget("the target does not carry the safety marker; a drill destroys what is in it")

    def perform(self, label: Label) -> None:
        """Let one action of the model happen in the system.

        Raises:
            Refutation: the system does not do it, or does what the model holds back.
            NotARun: the model does not allow the action here.
        """
        reached = self.plan.system.step(self.state, label)
        said = self.plan.words(label)
        started = now()
        try:
            self._real(label)
        except Refused as refusal:
            raise Refutation(f"the system refuses what the model allows: {said} ({refusal})") from refusal
        except (Refutation, BacError):
            raise
        except Exception as error:
            raise DrillError(f"the adapter fails at '{said}': {type(error).__name__}: {error}") from error
        finally:
            self.done.append(label)
            where = len(self.log) - (label.kind is ActionKind.DISASTER and bool(self.restored))
            self.log.insert(where, {"action": said, "kind": str(label.kind), "started": started, "ended": now()})
        self.state = reached
        if self.thorough and self.struck is None:
            self._compare(self.adapter.read(), [self.state], said)

    def _real(self, label: Label) -> None:
        match label.kind:
            case ActionKind.STEP:
                for event in label.events:
                    self._begin(event.use_case, event.index)
                    self.adapter.step(event.use_case, event.step, event.index)
            case ActionKind.DENY:
                self.held_back(label)
            case ActionKind.LOCK | ActionKind.UNLOCK:
                if isinstance(self.adapter, Lockable):
                    (self.adapter.lock if label.kind is ActionKind.LOCK else self.adapter.unlock)(label.services)
            case ActionKind.SNAPSHOT:
                self.snapshot(label.services)
            case ActionKind.SNAPSHOT_BROKER:
                self.snapshot((BROKER,))
            case ActionKind.DISASTER:
                self._disaster(label)
            case ActionKind.DROP if self.struck is None:
                self._drop(label)
            case _:
                assert self.struck is not None, "everything else happens in recovery, and is driven by settle"

    def _begin(self, use_case: str, index: int) -> None:
        if (use_case, index) not in self.begun:
            self.begun.add((use_case, index))
            self.adapter.begin(use_case, index)

    def held_back(self, label: Label) -> None:
        """Try a command that a lock holds back.

        Raises:
            Refutation: the system does it.
        """
        event = label.events[0]
        if not isinstance(self.adapter, Lockable):
            return
        self._begin(event.use_case, event.index)
        try:
            self.adapter.step(event.use_case, event.step, event.index)
        except Refused:
            return
        raise Refutation(f"the system does what the model holds back: {self.plan.words(label)}")

    def too_early(self, label: Label) -> None:
        """Try a snapshot of a locked group in which use cases are still in flight.

        Raises:
            Refutation: the system takes it.
        """
        said = f"{self.plan.words(label)} (before the group is drained)"
        self.log.append({"action": said, "kind": "probe", "started": now(), "ended": now()})
        self.done.append(label)
        try:
            self.adapter.snapshot(label.services)
        except Refused:
            self.done.pop()
            self.log.pop()
            return
        raise Refutation(f"the system takes a backup that the model does not allow yet: {said}")

    def snapshot(self, services: tuple[str, ...]) -> None:
        """Take a backup, and note when."""
        started = now()
        backup = self.adapter.snapshot(services)
        self.backups.update(dict.fromkeys(services, backup))
        taken = {"services": list(services), "started": started, "ended": now(), "backup": str(backup)}
        self.snapshots.append(taken)

    def _drop(self, label: Label) -> None:
        if not isinstance(self.adapter, Droppable):
            raise DrillError("the plan rejects events; the adapter needs a method 'drop' for that")
        for event in label.events:
            self.adapter.drop(event.use_case, event.step, event.index)

    def _disaster(self, label: Label) -> None:
        self.earlier = self.adapter.read()
        self._compare(self.earlier, [self.state], "the last action before the disaster")
        self.struck = self.plan.system.step(self.state, label)
        self.lose(label)

    def lose(self, label: Label) -> None:
        """Destroy what a disaster hits, and restore what its recovery restores."""
        self.adapter.disaster(label.services)
        backups = {service: self.backups.get(service) for service in label.restored}
        if BROKER in self.backups:
            backups[BROKER] = self.backups[BROKER]
        started = now()
        self.adapter.restore(backups)
        self.restored = [
            {"service": name, "backup": None if backup is None else str(backup)} for name, backup in backups.items()
        ]
        self.log.append({"action": "restore", "kind": "restore", "started": started, "ended": now()})

    # The end

    @property
    def hints(self) -> tuple[Label, ...]:
        """The actions of recovery that were driven."""
        kinds = [label.kind for label in self.done]
        return tuple(self.done[kinds.index(ActionKind.DISASTER) + 1 :]) if ActionKind.DISASTER in kinds else ()

    def finish(self) -> tuple[Finding, ...]:
        """Let recovery come to its end, compare what the stores hold, and return the anomalies in them.

        Raises:
            Refutation: the model does not allow what the stores hold.
        """
        if self.struck is not None:
            while not self.plan.system.settled(self.state):
                self.perform(next(self.plan.system.enabled(self.state)).label)
            try:
                self.adapter.settle(self.hints)
            except Refused as refusal:
                raise Refutation(f"the system refuses what the model allows in recovery ({refusal})") from refusal
        self.after = self.adapter.read()
        outcomes = [self.state] if self.struck is None else self.plan.outcomes(self.struck)
        if outcomes is not None:
            self._compare(self.after, outcomes, "recovery" if self.struck is not None else "the last action")
        if self.struck is None:
            return ()
        return self.plan.reader.findings(self.after, self.earlier, self._unseen())

    def _unseen(self) -> frozenset[Any]:
        return frozenset(fact for fact in self.state if fact.kind is FactKind.DROPPED)

    def _compare(self, reading: Reading, states: list[State], after: str) -> None:
        """Hold a reading against the states that the model allows.

        Raises:
            Refutation: it fits none of them.
        """
        nearest: list[str] | None = None
        for state in states:
            found = list(differences(reading, self.plan.reader.expected(state)))
            if not found:
                return
            if nearest is None or len(found) < len(nearest):
                nearest = found
        raise Refutation(f"after {after}: {'; '.join((nearest or [])[:3])}")


@dataclass(frozen=True)
class DrilledPlan:
    """The common part of all runs of a drill: the model of one plan."""

    specification: Specification
    plan: Plan
    instances: int
    start: Start

    @cached_property
    def system(self) -> System:
        """The transition system."""
        return system(self.specification._read.architecture, self.plan, self.instances)

    @cached_property
    def reader(self) -> Reader:
        """Translates between readings and states."""
        return Reader(self.specification._read.architecture, self.plan, self.instances)

    def words(self, label: Label) -> str:
        """Return an action in words."""
        run = ModelTrace(self.reader.architecture, self.plan, self.instances, Claim("consistency"), (label,))
        return f"{label.kind} {action_in_words(run, label)}"

    def outcomes(self, struck: State) -> list[State] | None:
        """Return the settled states that can be reached after the disaster; ``None`` if there are too many states."""
        seen, stack, settled = {struck}, [struck], []
        while stack:
            state = stack.pop()
            enabled = list(self.system.enabled(state))
            if not enabled:
                settled.append(state)
            for action in enabled:
                if (reached := action.apply(state)) not in seen:
                    seen.add(reached)
                    stack.append(reached)
            if len(seen) > MOST_OUTCOMES:
                return None
        return settled

    def begun(self, *, thorough: bool = False) -> Run:
        """Return a run of a system whose stores are empty.

        Raises:
            UnmarkedTarget: the target does not carry its safety marker.
        """
        return Run(self, self.start(), thorough)

    def unpredicted(self, findings: tuple[Finding, ...]) -> tuple[Finding, ...]:
        """Return the findings that the check says cannot happen."""
        return tuple(each for each in findings if (each.kind, each.subject) not in self.predicted)

    @cached_property
    def predicted(self) -> frozenset[tuple[AnomalyKind, str]]:
        """The anomalies that the check says can happen under the plan, whatever they are put down to."""
        report = check(
            self.specification, plan=self.plan.name, properties=["consistency"], instances=self.instances, engine="auto"
        )[self.plan.name]
        found = (*report.anomalies, *report.tolerated, *report.application)
        return frozenset((each.kind, each.subject) for each in found)
