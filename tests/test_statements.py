"""`bac check` never refutes a statement that `bac prove unbounded` prints; and each assumption it states is needed.

For each theorem there is a generator of specifications that satisfy what its statement assumes, and some small
specifications that violate one assumption, with an anomaly that the statement rules out.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter
from typing import Any

import pytest
from claims import refuted, targets_come_first
from features import Document, steps_of
from hypothesis import assume, given, reject, settings
from hypothesis import strategies as st
from strategies import specifications

from bac.model.specification.reader import parse
from bac.proofs.check import check
from bac.proofs.engine import Limits
from bac.proofs.theorem.unbounded.solvers import theorems
from bac.properties.anomalies import AnomalyKind
from bac.properties.qualities import Property

Plan = dict[str, Any]
Problem = tuple[Document, Plan]
MOST_STATES = 4000
C0 = {AnomalyKind.BROKEN_LINK, AnomalyKind.MISDIRECTED_LINK, AnomalyKind.OVERBOOKING}
C2 = set(AnomalyKind)


def anomalies(problem: Problem) -> set[AnomalyKind]:
    """The kinds of anomalies of a plan, tolerated or not, the application's own included."""
    document, plan = problem
    specification = parse(json.dumps(document | {"plans": {"p": plan}}))
    limits = Limits(states=MOST_STATES)
    result = check(
        specification.architecture, specification.plan("p"), 1, [Property.CONSISTENCY], "explicit", limits
    ).properties[Property.CONSISTENCY]
    if not result.complete:
        reject()
    return {each.kind for each in (*result.anomalies, *result.tolerated, *result.application)}


# Applications


@st.composite
def applications(draw: st.DrawFn, targets_first: bool = False, by_events: bool = False) -> Document:
    """An application that takes nothing away and has no external services.

    Args:
        draw: makes the choices.
        targets_first: links are made only to what exists, and ids are not used again.
        by_events: an event brings about every step but the first, and links stay within interactions.
    """
    document = draw(specifications())
    for key in "tolerates", "caches":
        document.pop(key, None)
    for about in document["services"].values():
        about.pop("external", None)
    for steps in steps_of(document).values():
        steps[:] = [lasting(step) for step in steps]
    if by_events:
        assume("use_cases" in document)
        for steps in steps_of(document).values():
            stay_within(steps)
    if targets_first:
        assume(targets_come_first(parse(json.dumps(document)).architecture))
        for traits in document.get("entities", {}).values():
            traits.pop("ids", None)
    return document


def in_transactions(document: Document) -> Document:
    """The document with every step called by the one before."""
    for steps in steps_of(document).values():
        steps[:] = [{k: v for k, v in step.items() if k not in ("via", "after", "name")} for step in steps]
    return document


def lasting(step: dict[str, Any]) -> dict[str, Any]:
    """The step, or an update in place of what takes something away."""
    taken = step.get("delete") or step.get("unlink")
    if taken is None:
        return step
    kept = {key: value for key, value in step.items() if key not in ("delete", "unlink", "from", "kept")}
    return {"update": taken, **kept}


def stay_within(steps: list[dict[str, Any]]) -> None:
    """Let events bring about every step but the first, and links stay within the use case; nothing is ``once``."""
    own = {step["create"] for step in steps if "create" in step}
    for number, step in enumerate(steps):
        step.pop("once", None)
        if number:
            step["via"] = "event"
        if "refers_to" in step:
            step["refers_to"] = [target for target in step["refers_to"] if target in own]
        if "link" in step and not {step["link"], step["to"]} <= own:
            step |= {"update": step.pop("link")}
            del step["to"]


def disasters(*scopes: str) -> st.SearchStrategy[Plan]:
    return st.fixed_dictionaries(
        {"scope": st.sampled_from(scopes)}, optional={"timing": st.sampled_from(["any-time", "at-rest"])}
    )


RESTORES_ONLY: Plan = {"broker": "lost"}
"""Recovery that delivers nothing, and does not go on in any other way."""


@st.composite
def locked(draw: st.DrawFn, mode: str = "locked") -> Problem:
    document = draw(applications())
    plan = {"groups": [{"mode": mode, "services": "all"}], "recovery": RESTORES_ONLY}
    return document, plan | {"disaster": draw(disasters("whole", "any"))}


@st.composite
def shared_database(draw: st.DrawFn, mode: str = "shared-database") -> Problem:
    document = in_transactions(draw(applications()))
    plan = {"groups": [{"mode": mode, "services": "all"}], "recovery": RESTORES_ONLY}
    return document, plan | {"disaster": draw(disasters("whole", "any"))}


@st.composite
def referrer_first(draw: st.DrawFn, reverse: bool = False) -> Problem:
    document = draw(applications(targets_first=True))
    graph: dict[str, set[str]] = {service: set() for service in document["services"]}
    for link in parse(json.dumps(document)).architecture.links:
        if link.holder.service != link.target.service:
            graph[link.target.service].add(link.holder.service)
    try:
        order = list(TopologicalSorter(graph).static_order())
    except CycleError:
        reject()
    plan = {"order": order[::-1] if reverse else order, "recovery": RESTORES_ONLY}
    return document, plan | {"disaster": draw(disasters("whole"))}


@st.composite
def rollback(draw: st.DrawFn, rollback: str = "oldest") -> Problem:
    document = draw(applications(targets_first=True))
    modes = draw(st.lists(st.sampled_from(["independent", "atomic"]), max_size=1))
    plan = {"groups": [{"mode": mode, "services": "all"} for mode in modes]}
    plan |= {"recovery": RESTORES_ONLY | {"rollback": rollback}, "disaster": draw(disasters("whole", "any"))}
    return document, plan


@st.composite
def markers(draw: st.DrawFn, mode: str = "markers") -> Problem:
    document = draw(applications(by_events=True))
    switches = ("replay", "resume", "retry", "backfill", "reconstruct", "undo", "collect")
    recovery = draw(st.fixed_dictionaries({}, optional=dict.fromkeys(switches, st.just(True))))
    recovery |= {"broker": draw(st.sampled_from(["lost", "survives", "backup"]))}
    plan = {"groups": [{"mode": mode, "services": "all"}], "recovery": recovery}
    return document, plan | {"disaster": draw(disasters("whole", "any"))}


@dataclass(frozen=True)
class Statement:
    """The anomalies that a theorem rules out under its assumptions, and a generator without its main assumption."""

    assumptions: st.SearchStrategy[Problem]
    ruled_out: set[AnomalyKind]
    otherwise: st.SearchStrategy[Problem]


STATEMENTS = {
    "locked": Statement(locked(), C2, locked("atomic")),
    "shared-database": Statement(shared_database(), C2, shared_database("atomic")),
    "referrer-first": Statement(referrer_first(), C0, referrer_first(reverse=True)),
    "rollback": Statement(rollback(), C0, rollback("none")),
    "markers": Statement(markers(), C2, markers("independent")),
}


def test_each_theorem_has_a_statement_about_plans() -> None:
    """All but the one that is about all policies; the game decides what it says for single applications."""
    assert set(STATEMENTS) == {theorem.name for theorem in theorems()} - {"impossibility"}


@pytest.mark.parametrize("name", STATEMENTS)
def test_what_is_printed_as_proved_is_not_refuted(name: str) -> None:
    statement = STATEMENTS[name]

    @given(statement.assumptions)
    def never_refuted(problem: Problem) -> None:
        assert not anomalies(problem) & statement.ruled_out

    never_refuted()


@pytest.mark.slow
@pytest.mark.parametrize("name", STATEMENTS)
def test_it_is_not_refuted_by_thousands(name: str) -> None:
    statement = STATEMENTS[name]

    @settings(settings.get_profile("slow"))
    @given(statement.assumptions)
    def never_refuted(problem: Problem) -> None:
        assert not anomalies(problem) & statement.ruled_out

    never_refuted()


@pytest.mark.parametrize("name", STATEMENTS)
def test_the_same_applications_refute_it_without_the_procedure(name: str) -> None:
    statement = STATEMENTS[name]

    def never_refuted(problem: Problem) -> None:
        assert not anomalies(problem) & statement.ruled_out

    assert refuted(statement.otherwise, never_refuted)


# Without one of the assumptions

LINK: Document = {
    "services": {"a": {"owns": ["x"]}, "b": {"owns": ["y"]}},
    "use_cases": {"u": [{"create": "y"}, {"create": "x", "refers_to": "y"}], "v": [{"update": "y"}]},
}
"""A link from a to b, made in one use case after its target."""
TOLD: Document = {
    "services": {"a": {"owns": ["x"]}, "b": {"owns": ["y"]}, "c": {"owns": ["z"]}},
    "use_cases": {
        "make": [{"create": "y"}],
        "tell": [{"create": "z"}, {"create": "x", "refers_to": "y", "via": "event"}],
    },
}
"""The same link, made by an event of which c tells."""
EARLY: Document = LINK | {"use_cases": {"u": [{"create": "x", "refers_to": "y"}, {"create": "y"}]}}
"""A link that is made before its target."""
DELETED: Document = LINK | {
    "use_cases": {
        "u": [{"create": "y"}, {"create": "x", "refers_to": "y"}],
        "remove": [{"delete": "y"}],
        "clean up": [{"delete": "x"}],
    }
}
"""A target is deleted before the holder of the link to it."""
UNLINKED: Document = {
    "services": {"a": {"owns": ["x", "w"]}, "b": {"owns": ["y"]}},
    "use_cases": {
        "u": [{"create": "y"}, {"create": "x", "refers_to": "y"}],
        "leave": [{"unlink": "x", "from": "y"}],
        "find": [{"create": "w", "refers_to": "y"}],
    },
}
"""Use cases in which nothing refers to something for a while."""
FORK: Document = {
    "services": {"a": {"owns": ["x"]}, "b": {"owns": ["y"]}, "c": {"owns": ["z"]}},
    "use_cases": {
        "u": [
            {"create": "x", "name": "first"},
            {"create": "y", "via": "event", "after": "first"},
            {"create": "z", "refers_to": "y", "via": "event", "after": "first"},
        ]
    },
}
"""Two events of one step, the second of which links to what the first creates."""
MAIL: Document = {
    "services": {"a": {"owns": ["x"]}, "b": {"owns": ["y"]}},
    "use_cases": {"u": [{"create": "x"}, {"create": "y", "via": "event", "once": True}]},
}
"""An event that does harm if it is done twice."""
NUMBERED: Document = LINK | {"entities": {"x": {"ids": "sequence"}}}
EXTERNAL: Document = LINK | {"services": {"a": {"owns": ["x"], "external": True}, "b": {"owns": ["y"]}}}


def group(mode: str, services: Any = "all", recovery: Plan = RESTORES_ONLY, **more: Any) -> Plan:
    return {"groups": [{"mode": mode, "services": services}], "recovery": recovery} | more


def one_by_one(*order: str, recovery: Plan = RESTORES_ONLY, **more: Any) -> Plan:
    return {"order": list(order), "recovery": recovery} | more


def crash(*services: str) -> Plan:
    return {"scope": [list(services)]}


SURVIVES = {"broker": "survives"}
REPLAY = RESTORES_ONLY | {"replay": True}
NEWEST = RESTORES_ONLY | {"from": "newest"}
EXISTING = RESTORES_ONLY | {"onto": "existing"}
CRASHED = RESTORES_ONLY | {"restore": "crashed"}
RECORDED = {
    "services": {"a": {"owns": ["x", "y"]}, "b": {}},
    "use_cases": {"one": [{"create": "x"}, {"create": "y"}, {"link": "x", "to": "y", "via": "event"}]},
}
"""A link by event, whose message a distributed snapshot records if another service is snapshotted first."""
OLDEST = {"rollback": "oldest"}

DROPPED: dict[str, tuple[str, Document, Plan]] = {
    "locked, messages survive": ("locked", TOLD, group("locked", recovery=SURVIVES)),
    "locked, some use cases go on": (
        "locked",
        LINK,
        {"groups": [{"mode": "locked", "services": "all", "holds": ["v"]}], "recovery": RESTORES_ONLY},
    ),
    "locked, not drained": ("locked", LINK, group("stopped")),
    "locked, not restored as a whole": ("locked", LINK, group("locked", recovery=CRASHED, disaster=crash("b"))),
    "locked, onto what is there": ("locked", LINK, group("locked", recovery=EXISTING, disaster=crash("b"))),
    "locked, not one set": ("locked", LINK, group("locked", recovery=NEWEST)),
    "locked, something is deleted": ("locked", DELETED, group("locked")),
    "locked, a link is removed": ("locked", UNLINKED, group("locked")),
    "shared database, messages survive": (
        "shared-database",
        TOLD,
        group("shared-database", ["a", "b"], recovery=SURVIVES, disaster=crash("a", "b")),
    ),
    "shared database, events are replayed": (
        "shared-database",
        TOLD,
        group("shared-database", ["a", "b"], recovery=REPLAY, disaster=crash("a", "b")),
    ),
    "shared database, no transactions": ("shared-database", TOLD, group("shared-database", recovery=SURVIVES)),
    "shared database, restored by halves": (
        "shared-database",
        LINK,
        group("shared-database", recovery=CRASHED, disaster=crash("b")),
    ),
    "shared database, onto what is there": (
        "shared-database",
        LINK,
        group("shared-database", recovery=EXISTING, disaster=crash("b")),
    ),
    "shared database, something is deleted": ("shared-database", DELETED, group("shared-database")),
    "shared database, a link is removed": ("shared-database", UNLINKED, group("shared-database")),
    "referrer first, messages survive": ("referrer-first", TOLD, one_by_one("a", "b", "c", recovery=SURVIVES)),
    "referrer first, events are replayed": ("referrer-first", TOLD, one_by_one("a", "b", "c", recovery=REPLAY)),
    "referrer first, not one set": ("referrer-first", LINK, one_by_one("a", "b", recovery=NEWEST)),
    "referrer first, not all restored": ("referrer-first", LINK, one_by_one("a", "b", disaster=crash("b"))),
    "referrer first, onto what is there": (
        "referrer-first",
        LINK,
        one_by_one("a", "b", recovery=EXISTING, disaster=crash("b")),
    ),
    "referrer first, not all backed up": ("referrer-first", EXTERNAL, {"recovery": RESTORES_ONLY}),
    "referrer first, a link before its target": ("referrer-first", EARLY, one_by_one("a", "b")),
    "referrer first, something is deleted": ("referrer-first", DELETED, one_by_one("a", "b")),
    "referrer first, ids are used again": ("referrer-first", NUMBERED, one_by_one("a", "b")),
    "rollback, ids are used again": ("rollback", NUMBERED, {"recovery": OLDEST}),
    "rollback, recorded messages are delivered": (
        "rollback",
        RECORDED,
        {"groups": [{"mode": "markers", "services": "all"}], "recovery": RESTORES_ONLY | OLDEST},
    ),
    "rollback, messages survive": ("rollback", TOLD, {"recovery": SURVIVES | OLDEST}),
    "rollback, events are replayed": ("rollback", TOLD, {"recovery": REPLAY | OLDEST}),
    "rollback, a link before its target": ("rollback", EARLY, {"recovery": OLDEST}),
    "rollback, not of all": ("rollback", EXTERNAL, {"recovery": OLDEST}),
    "rollback, something is deleted": ("rollback", DELETED, {"recovery": OLDEST}),
    "markers, recovery rejects events": ("markers", FORK, group("markers", recovery={"on_invalid": "reject"})),
    "markers, a step is called": ("markers", LINK, group("markers")),
    "markers, links between interactions": ("markers", TOLD, group("markers")),
    "markers, something is deleted": (
        "markers",
        FORK | {"use_cases": FORK["use_cases"] | {"remove": [{"delete": "y"}], "clean up": [{"delete": "z"}]}},
        group("markers"),
    ),
    "markers, not one set": (
        "markers",
        FORK,
        group("markers", recovery=NEWEST),
    ),
    "markers, onto what is there": ("markers", FORK, group("markers", recovery=EXISTING, disaster=crash("b"))),
    "markers, not restored as a whole": ("markers", FORK, group("markers", recovery=CRASHED, disaster=crash("a"))),
    "markers, done twice": ("markers", MAIL, group("markers", recovery={"replay": True})),
}


@pytest.mark.parametrize("case", DROPPED)
def test_without_an_assumption_it_is_refuted(case: str) -> None:
    name, document, plan = DROPPED[case]
    assert anomalies((document, plan)) & STATEMENTS[name].ruled_out


WORDS: dict[str, Callable[[str], bool]] = {
    "delete nothing": lambda name: name != "impossibility",
    "remove no link": lambda name: name != "impossibility",
    "only replaces logs by one complete set of backups": lambda name: (
        name in ("locked", "shared-database", "referrer-first")
    ),
    "recovery does nothing else": lambda name: name == "rollback",
    "(nothing is delivered, replayed or resumed)": lambda name: name not in ("impossibility", "markers"),
    "unless ids are used again": lambda name: name in ("referrer-first", "rollback"),
    "from one complete set of backups": lambda name: name == "markers",
    "make links only to what exists": lambda name: name in ("referrer-first", "rollback"),
    "for every use case": lambda name: name == "locked",
    "the whole group": lambda name: name in ("locked", "shared-database"),
    "all services": lambda name: name in ("referrer-first", "rollback"),
    "rejects no event": lambda name: name == "markers",
    "does harm when it is done twice": lambda name: name == "markers",
}


@pytest.mark.parametrize("words", WORDS)
def test_the_assumptions_are_printed(words: str) -> None:
    assert {theorem.name: words in theorem.statement for theorem in theorems()} == {
        theorem.name: WORDS[words](theorem.name) for theorem in theorems()
    }
