"""Observed drills: use cases run concurrently while real backups are taken, and only what comes out is judged.

Nothing is held where the model wants it.  What is compared: each anomaly in the stores must be one that the check
predicts, and what is left of each instance must be an outcome that the model allows.
"""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from functools import partial
from queue import Empty, SimpleQueue

from bac.model.modes import Mode
from bac.model.plan import Group
from bac.model.recovery import Broker
from bac.model.setting import Setting
from bac.model.system import INITIAL, RECOVERED, ActionKind, Label, State, System
from bac.testing.drills.adapter import BROKER, DrillError, Lockable, Refused
from bac.testing.drills.reading import Reading, differences
from bac.testing.drills.results import DrillResult, DrillVerdict, judged, result
from bac.testing.drills.run import DrilledPlan, now

MOST_STATES = 50_000
"""With more states than this for one instance, outcomes are not compared; anomalies are."""
PAUSE = 0.001
"""Seconds before a command that was held back, or a backup that must wait, is tried again."""


def observe(drilled: DrilledPlan, cases: int, threads: int, seed: int) -> DrillResult:
    """Run use cases concurrently while backups are taken, then lose and restore what the plan says."""
    return ObservedRun(drilled, cases, threads, seed).result()


@dataclass
class ObservedRun:
    """One run under load.

    Args:
        drilled: the plan, and how a system begins.
        cases: how many instances of every use case are begun.
        threads: how many clients work at the same time.
        seed: of the order of steps and backups; threads make a run differ all the same.
        patience: seconds after which a backup that is still refused is given up.
    """

    drilled: DrilledPlan
    cases: int
    threads: int
    seed: int
    patience: float = 60.0
    stop: threading.Event = field(default_factory=threading.Event)
    errors: list[BaseException] = field(default_factory=list)
    held_back: int = 0

    def __post_init__(self) -> None:
        """Begin with an empty system, and all instances still to do."""
        self.chance = random.Random(self.seed)
        self.plan = replace(self.drilled, instances=self.cases)
        self.run = self.plan.begun()
        self.single = replace(self.drilled, instances=1)
        self.setting = Setting(self.plan.reader.architecture, self.plan.plan, 1)
        self.waiting: SimpleQueue[int] = SimpleQueue()
        self.done, self.counting = 0, threading.Lock()
        for index in range(1, self.cases + 1):
            self.waiting.put(index)

    def result(self) -> DrillResult:
        """Run the load and the backups, then the disaster and the recovery, and judge what comes out.

        Raises:
            DrillError: a backup was refused for too long.
        """
        clients = [threading.Thread(target=self._client, args=(number,), daemon=True) for number in range(self.threads)]
        for client in clients:
            client.start()
        try:
            self._reach(self.cases // 4)
            for back_up in self._procedure():
                back_up()
                self._reach(self.done + self.chance.randrange(1, 2 + self.cases // 8))
            self._reach(self.chance.randrange(self.done, self.cases + 1))
        finally:
            self.stop.set()
            for client in clients:
                client.join()
        if self.errors:
            raise self.errors[0]
        return self._judge()

    # Clients

    def _client(self, number: int) -> None:
        """Run instances of all use cases, one index after the other."""
        chance = random.Random(f"{self.seed}/{number}")
        try:
            while not self.stop.is_set():
                self._instance(self.waiting.get_nowait(), chance)
                with self.counting:
                    self.done += 1
        except Empty:
            pass
        except BaseException as error:  # told by the thread that waits
            self.errors.append(error)

    def _instance(self, index: int, chance: random.Random) -> None:
        """Run every use case once, its steps in an order that the model allows."""
        state, begun, steps = INITIAL, set[str](), steps_of(self.single.system)
        while not self.stop.is_set() and (enabled := [each for each in steps.enabled(state) if each.label.events]):
            action = chance.choice(enabled)
            if not self._try(action.label, index, begun):
                continue  # what is begun goes on meanwhile
            state = action.apply(state)

    def _try(self, label: Label, index: int, begun: set[str]) -> bool:
        """Do a step, or what a transaction begins with, if it is not refused; return whether it was done."""
        for number, event in enumerate(label.events):
            if event.use_case not in begun:
                begun.add(event.use_case)
                self.run.adapter.begin(event.use_case, index)
            done = self._command(event.use_case, event.step, index)
            while number and not done and not self.stop.is_set():
                done = self._command(event.use_case, event.step, index)
            if not done:
                return False
        return True

    def _command(self, use_case: str, step: int, index: int) -> bool:
        """Try a step once; return whether it was done."""
        try:
            self.run.adapter.step(use_case, step, index)
        except Refused:
            self.held_back += 1
            self.stop.wait(PAUSE)
            return False
        return True

    def _reach(self, done: int) -> None:
        """Wait until so many instances are finished, or all clients have nothing left to do."""
        while self.done < min(done, self.cases) and not self.errors:
            time.sleep(PAUSE)

    # Backups

    def _procedure(self) -> Iterator[Callable[[], None]]:
        """Yield what is done to back up all services once, in an order that the plan allows."""
        plan, services = self.plan.plan, self.setting.snapshotted
        groups = dict.fromkeys(self.setting.groups[service] for service in services)
        grouped = [group for group in groups if group.mode is not Mode.INDEPENDENT]
        alone = [service for service in services if self.setting.groups[service].mode is Mode.INDEPENDENT]
        free: list[tuple[str, ...] | Group] = [*grouped, *((each,) for each in alone if each not in plan.order)]
        self.chance.shuffle(free)
        ordered: list[tuple[str, ...]] = [(service,) for service in plan.order if service in alone]
        for what in merged(free, ordered, self.chance):
            if isinstance(what, Group):
                yield partial(self._back_up_group, what)
            else:
                yield partial(self._back_up, what)
        if plan.recovery.broker is Broker.BACKUP:
            yield partial(self._back_up, (BROKER,))

    def _back_up_group(self, group: Group) -> None:
        """Back up a group in the way of its mode."""
        adapter = self.run.adapter
        locks = group.mode.locks and isinstance(adapter, Lockable)
        if locks:
            self._log("lock", ", ".join(group.services))
            adapter.lock(group.services)  # type: ignore[attr-defined]
        try:
            alone = group.mode.locks and not locks  # then the adapter's snapshot locks, too
            for services in (group.services,) if alone else group.mode.sets(group.services):
                self._back_up(services)
        finally:
            if locks:
                adapter.unlock(group.services)  # type: ignore[attr-defined]
                self._log("unlock", ", ".join(group.services))

    def _back_up(self, services: tuple[str, ...]) -> None:
        """Take a snapshot as soon as the system takes it."""
        until = time.monotonic() + self.patience
        while True:
            try:
                self.run.snapshot(services)
            except Refused as refusal:
                if time.monotonic() > until or self.errors:
                    raise DrillError(f"no backup of {', '.join(services)}: {refusal}") from None
                time.sleep(PAUSE)
            else:
                return self._log("snapshot", ", ".join(services))

    def _log(self, kind: str, what: str) -> None:
        self.run.log.append({"action": f"{kind} {what}", "kind": kind, "started": now(), "ended": now()})

    # The end

    def _judge(self) -> DrillResult:
        run, outcome = self.run, self.chance.choice(self.setting.outcomes or (None,))
        if outcome is None:
            raise DrillError("the plan has no way back from any disaster")
        run.earlier = run.adapter.read()
        self._log("disaster", ", ".join(outcome.crash))
        run.lose(Label(ActionKind.DISASTER, (), outcome.crash, outcome.restored))
        run.adapter.settle(None)
        reading = run.adapter.read()
        findings = self.plan.reader.findings(reading, run.earlier)
        if (wrong := self._impossible(reading)) is not None:
            return result(run, DrillVerdict.MODEL_REFUTED, wrong, findings, "observed")
        return judged(run, findings, "observed")

    def _impossible(self, reading: Reading) -> str | None:
        """Return how an instance came out in a way that the model does not allow; ``None`` if none did."""
        settled = settled_states(self.single.system)
        if settled is None:
            return None
        expected = [self.single.reader.expected(state) for state in settled]
        for index in range(1, self.cases + 1):
            mine = at_index(reading, index)
            if all(any(differences(mine, each)) for each in expected):
                near = min((list(differences(mine, each)) for each in expected), key=len, default=[])
                return f"instance {index} comes out as no run of the model does: {'; '.join(near[:3])}"
        return None


def merged(
    free: list[tuple[str, ...] | Group], ordered: list[tuple[str, ...]], chance: random.Random
) -> Iterator[tuple[str, ...] | Group]:
    """Yield what is free in its order, and what is ordered in its own, one somewhere between the other."""
    free, ordered = list(free), list(ordered)
    while free or ordered:
        yield (free if free and (not ordered or chance.random() < 0.5) else ordered).pop(0)


def steps_of(system: System) -> System:
    """Return the system without anything but steps."""
    return System(system.facts, tuple(each for each in system.actions if each.label.kind is ActionKind.STEP))


def at_index(reading: Reading, index: int) -> Reading:
    """Return what a reading says of one index, as that of index 1."""

    def only(table: object) -> dict[str, frozenset[int]]:
        assert isinstance(table, dict)
        return {name: frozenset({1} if index in indices else ()) for name, indices in table.items()}

    return Reading(
        *(only(dict(part)) for part in (reading.entities, reading.links, reading.steps, reading.kept, reading.twice))
    )


def settled_states(system: System) -> list[State] | None:
    """Return the settled states of a system; ``None`` if it has too many states."""
    seen, stack, settled = {INITIAL}, [INITIAL], []
    while stack:
        state = stack.pop()
        enabled = list(system.enabled(state))
        if not enabled and RECOVERED in state:
            settled.append(state)
        for action in enabled:
            if (reached := action.apply(state)) not in seen:
                seen.add(reached)
                stack.append(reached)
        if len(seen) > MOST_STATES:
            return None
    return settled
