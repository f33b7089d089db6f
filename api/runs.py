"""Runs step by step: the actions that can happen, their effect on the logs, and the state after recovery."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

from bac.api.arguments import MOST_INSTANCES, between
from bac.api.specification import Specification, read_of
from bac.model.errors import UnsuitableArgument
from bac.model.plan import INDEPENDENT
from bac.model.system import RECOVERED, ActionKind, Label, NotARun, State
from bac.model.trace import Claim, Entry, Trace
from bac.properties.anomalies import AnomalyKind, Blame, anomalies
from bac.properties.explanation import lines
from bac.properties.formula import satisfied
from bac.properties.words import action_in_words

NO_CLAIM = Claim("")


@dataclass(frozen=True)
class Action:
    """One action of a run.

    Args:
        kind: such as ``step``, ``snapshot``, ``disaster`` or ``deliver``; docs/semantics.md lists them.
        services: the services that it snapshots, locks or unlocks, that crash, or in whose logs it writes.
        use_case: the use case of its steps; empty if it has none.
        steps: the numbers of its steps.
        index: the instance of the use case, from 1.
    """

    kind: str
    services: tuple[str, ...]
    use_case: str = ""
    steps: tuple[int, ...] = ()
    index: int | None = None
    _label: Label = field(default=Label(ActionKind.STEP), repr=False)
    _words: str = field(default="", repr=False, compare=False)

    def __str__(self) -> str:
        """Return the action in words, as the command line prints it."""
        return f"{self.kind}  {self._words}"


@dataclass(frozen=True)
class Event:
    """An event in a log: its name (``orders/3``: the third in the log of orders), and the step that it is of."""

    name: str
    use_case: str
    step: int
    index: int


@dataclass(frozen=True)
class EventLog:
    """The history of the log of one service.

    Args:
        service: its name.
        live: the events when disaster struck; up to now, if it did not.
        backup: those of them that are in the backup.
        recovered: the events in the log now.
    """

    service: str
    live: tuple[Event, ...]
    backup: tuple[Event, ...]
    recovered: tuple[Event, ...]


class Run:
    """A run of a specification under one of its plans, up to some action.  It is a value: :meth:`after` makes another.

    Args:
        spec: the specification.
        plan: the name of the plan.
        instances: how many instances of every use case there are.

    Raises:
        BacError: there is no such plan, or the number of instances is not from 1 to 1000.
    """

    def __init__(self, spec: Specification, plan: str = INDEPENDENT.name, *, instances: int = 1) -> None:
        """Begin a run: nothing has happened yet."""
        read = read_of(spec, "Run")
        between("instances", instances, 1, MOST_INSTANCES)
        chosen = replace(read.plan(plan), expect=None)
        self._spec = spec
        self._trace = Trace(read.architecture, chosen, instances, NO_CLAIM, ())

    @property
    def spec(self) -> Specification:
        """The specification."""
        return self._spec

    @property
    def plan(self) -> str:
        """The name of the plan."""
        return self._trace.plan.name

    @property
    def instances(self) -> int:
        """How many instances of every use case there are."""
        return self._trace.instances

    @cached_property
    def actions(self) -> tuple[Action, ...]:
        """The actions up to now."""
        return tuple(map(self._told, self._trace.actions))

    @cached_property
    def enabled(self) -> tuple[Action, ...]:
        """The actions that can happen next; none where recovery is over."""
        return tuple(self._told(action.label) for action in self._trace.system.enabled(self._state))

    def after(self, action: Action) -> Run:
        """Return the run with one action more.

        Raises:
            BacError: it cannot happen here, or is no :class:`Action` (those of :attr:`enabled` are).
        """
        if not isinstance(action, Action):
            raise UnsuitableArgument(f"after needs an action of run.enabled, not {action!r}")
        try:
            state = self._trace.system.step(self._state, action._label)
        except NotARun as error:
            raise UnsuitableArgument(f"{action}: {error.reason}") from None
        longer = Run.__new__(Run)
        longer._spec = self._spec
        longer._trace = replace(self._trace, actions=(*self._trace.actions, action._label), _system=self._trace.system)
        longer.__dict__["_state"] = state
        return longer

    @property
    def struck(self) -> bool:
        """Whether the disaster has happened."""
        return RECOVERED in self._state

    @property
    def settled(self) -> bool:
        """Whether recovery is over: the disaster has happened, and nothing more can."""
        return self._trace.system.settled(self._state)

    @cached_property
    def logs(self) -> Mapping[str, EventLog]:
        """The log of each service."""
        return {
            service: EventLog(
                service,
                tuple(map(event, log.live)),
                tuple(map(event, log.live[: log.backed])),
                tuple(map(event, log.cut)),
            )
            for service, log in self._trace.logs.items()
        }

    @cached_property
    def anomalies(self) -> tuple[tuple[AnomalyKind, str], ...]:
        """The anomalies, as kind and subject, if recovery is over; without those that are tolerated."""
        if not self.settled:
            return ()
        found = anomalies(self._trace.architecture, self._trace.plan, self.instances)
        wrong = (each for each in found if each.blame is Blame.BACKUP and satisfied(each.formula, self._state))
        return tuple(dict.fromkeys((each.kind, each.subject) for each in wrong))

    @cached_property
    def _state(self) -> State:
        return self._trace.states[-1]

    def _told(self, label: Label) -> Action:
        steps = [self._trace.step_of(each)[1] for each in label.events]
        services = label.services or tuple(dict.fromkeys(step.service for step in steps))
        first = label.events[0] if label.events else None
        about = {} if first is None else {"use_case": first.use_case, "index": first.index}
        numbers = tuple(step.number for step in steps)
        words = action_in_words(self._trace, label)
        return Action(str(label.kind), services, steps=numbers, _label=label, _words=words, **about)  # type: ignore[arg-type]

    def __len__(self) -> int:
        """Return the number of actions."""
        return len(self._trace.actions)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Run) and self._trace == other._trace

    def __hash__(self) -> int:
        return hash((self.plan, self.instances, self._trace.actions))

    def __str__(self) -> str:
        return "\n".join(lines(self._trace))

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:
        """Show the actions and the specification where a failing example is printed."""
        printer.text(f"the run of plan {self.plan!r}\n{self}\nof ")
        self.spec._repr_pretty_(printer, cycle)

    def __repr__(self) -> str:
        return f"<Run of {len(self)} actions, plan {self.plan!r}>"


def event(entry: Entry) -> Event:
    """Return an entry of a log as a public value."""
    return Event(entry.name, entry.event.use_case, entry.event.step, entry.event.index)
