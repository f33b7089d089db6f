"""A run as a log with vector clocks, which ShiViz draws.

Source: I. Beschastnikh, P. Liu, A. Xing, P. Wang, Y. Brun and M. D. Ernst, "Visualizing Distributed System Executions",
ACM Transactions on Software Engineering and Methodology 29(2), 2020.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

from bac.model.system import Event
from bac.model.trace import Trace
from bac.properties.words import action_in_words

PATTERN = r"(?<event>.*)\n(?<host>\S*) (?<clock>{.*})"
"""The regular expression that ShiViz reads such a log with, the first line of the file."""
Clock = dict[str, int]


def shiviz(trace: Trace) -> str:
    """Return the log: for each event two lines, what happens, and its host with its vector clock.

    Hosts are the services.  A step follows the steps that it waits for in its use case; snapshots, locks and the
    disaster are events of each service that they concern.
    """
    clocks: dict[str, Clock] = {}
    of_event: dict[Event, Clock] = {}
    lines = [PATTERN, ""]
    for number, label in enumerate(trace.actions, 1):
        words = " ".join(f"{number}. {label.kind}: {action_in_words(trace, label)}".split())
        for service, event in concerned(trace, number):
            clock = dict(clocks.get(service, {}))
            for cause in causes(trace, event):
                for host, time in of_event.get(cause, {}).items():
                    clock[host] = max(clock.get(host, 0), time)
            clock[service] = clock.get(service, 0) + 1
            clocks[service] = clock
            if event is not None:
                of_event[event] = clock
            named = {host_name(host): time for host, time in clock.items()}
            lines += [words, f"{host_name(service)} {json.dumps(named, ensure_ascii=False)}"]
    return "\n".join(lines) + "\n"


def concerned(trace: Trace, number: int) -> Iterator[tuple[str, Event | None]]:
    """Yield the services whose logs an action concerns, with the event that it logs or denies there."""
    label = trace.actions[number - 1]
    if label.events:
        yield from ((trace.step_of(event)[1].service, event) for event in label.events)
    else:
        yield from ((service, None) for service in dict.fromkeys((*label.services, *label.restored)))


def causes(trace: Trace, event: Event | None) -> Iterator[Event]:
    """Yield the events that one waits for in its use case."""
    if event is not None:
        case, step = trace.step_of(event)
        yield from (Event(case.name, before, event.index) for before in step.predecessors)


def host_name(service: str) -> str:
    """Return the name of a service without spaces, which end the name of a host."""
    return re.sub(r"\s+", "_", service)
