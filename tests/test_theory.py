"""Statements about every application and plan, checked on generated ones; and plausible statements that are false.

Each fact is a function that fails where it does not hold.  The most important ones have a twin, in which the reason why
it is true is taken away: there, examples must be found that refute it.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter
from typing import Any, TypeVar

import pytest
from claims import refuted, targets_come_first
from features import Document, steps_of
from hypothesis import assume, given, reject
from hypothesis import strategies as st
from strategies import plans, specifications

from bac.model.architecture import Architecture, Verb
from bac.model.modes import Mode
from bac.model.semantics import system
from bac.model.specification.reader import Specification, parse
from bac.model.system import AT_REST, INITIAL, RECOVERED, ActionKind, Label, NotARun, State, System
from bac.model.trace import Trace
from bac.proofs.check import check
from bac.proofs.engine import Limits
from bac.proofs.reductions.projection import one_index_suffices
from bac.proofs.results import AnomalyResult, Verdict
from bac.properties.qualities import Property

T = TypeVar("T")
Plan = dict[str, Any]
Problem = tuple[Document, Plan]
Table = Mapping[tuple[str, str], Mapping[str, int]]
"""By kind and subject, the length of a shortest run in each timing."""

MOST_STATES = 4000


# Asking the checker


@dataclass(frozen=True)
class Found:
    """The verdicts on one plan."""

    backup: bool
    denied: int | None
    loss: int | None
    anomalies: Table
    tolerated: Table
    application: frozenset[tuple[str, str]] = frozenset()
    """The anomalies of the application itself, by kind and subject."""

    @property
    def everything(self) -> Table:
        """Tolerated or not."""
        merged: dict[tuple[str, str], dict[str, int]] = {}
        for table in self.anomalies, self.tolerated:
            for key, lengths in table.items():
                mine = merged.setdefault(key, {})
                mine.update({timing: min(length, mine.get(timing, length)) for timing, length in lengths.items()})
        return merged

    def of_kind(self, kind: str) -> set[str]:
        """The subjects of all anomalies of a kind, tolerated or not."""
        return {subject for found, subject in self.everything if found == kind}


def parsed(document: Document, plan: Plan) -> Specification:
    """The specification with this one plan, which is called ``p``."""
    return parse(json.dumps(document | {"plans": {"p": plan}}))


def judged(document: Document, plan: Plan, instances: int = 1) -> Found:
    """The verdicts on a plan; what is too large is no example."""
    specification = parsed(document, plan)
    limits = Limits(states=MOST_STATES)
    result = check(specification.architecture, specification.plan("p"), instances, limits=limits)
    if result.limit is not None:
        reject()
    found = result.properties
    consistency = found[Property.CONSISTENCY]
    return Found(
        found[Property.BACKUP].verdict is Verdict.HOLDS,
        length(found[Property.AVAILABILITY].trace),
        length(found[Property.NO_EXTRA_LOSS].trace),
        table(consistency.anomalies),
        table(consistency.tolerated),
        frozenset((each.kind, each.subject) for each in consistency.application),
    )


def length(trace: Trace | None) -> int | None:
    return None if trace is None else len(trace.actions)


def table(anomalies: Iterable[AnomalyResult]) -> Table:
    return {(each.kind, each.subject): {str(key): n for key, n in each.lengths.items()} for each in anomalies}


def assert_no_more(fewer: Found, more: Found) -> None:
    """Each anomaly of the one is one of the other, after no more actions."""
    for few, many in (fewer.anomalies, more.anomalies), (fewer.tolerated, more.tolerated):
        for key, lengths in few.items():
            for timing, shortest in lengths.items():
                assert many.get(key, {}).get(timing, shortest + 1) <= shortest, (key, timing)
    for one, other in (fewer.denied, more.denied), (fewer.loss, more.loss):
        assert one is None or (other is not None and other <= one)


# Applications


@st.composite
def problems(draw: st.DrawFn) -> Problem:
    """A specification, and a plan for it."""
    document = draw(specifications())
    return document, draw(plans(document))


def steps(document: Document) -> Iterator[dict[str, Any]]:
    """Every step that a document spells out."""
    for use_case in steps_of(document).values():
        yield from use_case


def internal(document: Document) -> list[str]:
    """The services that are not external."""
    return [name for name, about in document["services"].items() if not about.get("external")]


def only(document: Document, keep: Callable[[dict[str, Any]], bool]) -> Document:
    """The document without some of its steps, as chains: each step after the one before."""
    if "use_cases" not in document:
        return document
    chains = {}
    for name, use_case in document["use_cases"].items():
        kept = [{key: step[key] for key in step if key not in ("name", "after")} for step in use_case if keep(step)]
        for step in kept[:1]:
            step.pop("via", None)
        if kept:
            chains[name] = kept
    return document | {"use_cases": chains}


def calls_only(document: Document) -> Document:
    """The document with every step called."""
    for step in steps(document):
        step.pop("via", None)
    return document


def keeps_all(step: dict[str, Any]) -> bool:
    """Whether a step takes nothing away."""
    return not {"delete", "unlink"} & step.keys()


def deletes_nothing(step: dict[str, Any]) -> bool:
    """Whether a step deletes nothing (it may remove a link)."""
    return "delete" not in step


lasting = specifications(plain=True).map(lambda document: only(document, keeps_all))
"""Applications that never delete or unlink, in chains of calls and events."""
undeleted = specifications(plain=True).map(lambda document: only(document, deletes_nothing))
"""Applications that never delete, in chains of calls and events."""
recoveries = st.fixed_dictionaries(
    {},
    optional={
        "rollback": st.sampled_from(["none", "oldest"]),
        "replay": st.booleans(),
        "resume": st.booleans(),
        "on_invalid": st.sampled_from(["accept", "reject"]),
    },
)
"""Everything about recovery but what becomes of messages, and who is restored."""
disasters = st.fixed_dictionaries(
    {}, optional={"scope": st.sampled_from(["whole", "any"]), "timing": st.sampled_from(["any-time", "at-rest"])}
)


def around_everything(mode: str, **more: Any) -> Plan:
    """The plan in which one group of this mode has all services."""
    return {"groups": [{"mode": mode, "services": "all"}], **more}


# Disasters


@st.composite
def two_scopes(draw: st.DrawFn) -> tuple[Document, Plan, Plan]:
    """A specification with two plans: the disaster of the second may hit whatever that of the first may hit."""
    document, plan = draw(problems())
    crash = st.lists(st.sampled_from(internal(document)), min_size=1, unique=True).map(sorted)
    listed = draw(st.lists(crash, min_size=1, max_size=2, unique_by=tuple))
    another = draw(crash.filter(lambda services: services not in listed))
    narrow, wide = draw(st.sampled_from([("whole", "any"), (listed, "any"), (listed, [*listed, another])]))
    timing = plan.get("disaster", {})
    return document, plan | {"disaster": timing | {"scope": narrow}}, plan | {"disaster": timing | {"scope": wide}}


def more_services_are_worse(example: tuple[Document, Plan, Plan]) -> None:
    document, narrow, wide = example
    less, more = judged(document, narrow), judged(document, wide)
    assert_no_more(less, more)
    assert (less.backup, less.denied) == (more.backup, more.denied)


@given(two_scopes())
def test_a_wider_disaster_is_no_better(example: tuple[Document, Plan, Plan]) -> None:
    """Every run under the narrower scope is a run under the wider one, and has the same cut."""
    more_services_are_worse(example)


def test_a_narrower_disaster_can_be_better() -> None:
    swapped = two_scopes().map(lambda example: (example[0], example[2], example[1]))
    assert refuted(swapped, more_services_are_worse)


def timings(problem: Problem) -> tuple[Found, Found]:
    """Return the findings at any time, and at rest."""
    document, plan = problem
    disaster = plan.get("disaster", {})
    at_any_time = plan | {"disaster": disaster | {"timing": "any-time"}}
    return judged(document, at_any_time), judged(document, plan | {"disaster": disaster | {"timing": "at-rest"}})


@given(problems())
def test_at_rest_is_the_part_of_any_time_that_is_at_rest(problem: Problem) -> None:
    """To forbid the disasters that interrupt something takes away the runs that have one, and no others."""
    always, rest = timings(problem)
    for some, every in (rest.anomalies, always.anomalies), (rest.tolerated, always.tolerated):
        assert some == {key: {"at-rest": n["at-rest"]} for key, n in every.items() if "at-rest" in n}
    assert (rest.backup, rest.denied) == (always.backup, always.denied)


def at_rest_is_no_excuse(problem: Problem) -> None:
    always, rest = timings(problem)
    assert rest.anomalies.keys() == always.anomalies.keys()


def test_interruptions_can_be_to_blame() -> None:
    assert refuted(problems(), at_rest_is_no_excuse)


@given(problems())
def test_an_interruption_only_comes_on_top(problem: Problem) -> None:
    """A disaster at rest is also one at any time, so the latter is never longer."""
    document, plan = problem
    for lengths in judged(document, plan).everything.values():
        if len(lengths) > 1:
            assert lengths["any-time"] <= lengths["at-rest"]


@given(problems())
def test_whoever_is_restored_if_all_crash_all_are(problem: Problem) -> None:
    document, plan = problem
    whole = plan | {"disaster": plan.get("disaster", {}) | {"scope": "whole"}}
    group, crashed = (
        judged(document, whole | {"recovery": plan.get("recovery", {}) | {"restore": restore}})
        for restore in ("group", "crashed")
    )
    assert group == crashed


# Backups


@st.composite
def ordered_problems(draw: st.DrawFn) -> tuple[Document, Plan, Plan]:
    """A specification with two plans: the second as the first, and its independent snapshots in an order."""
    document, plan = draw(problems())
    plan.pop("order", None)
    chosen = parsed(document, plan).plan("p")
    free = [name for name in internal(document) if chosen.mode_of(name) is Mode.INDEPENDENT]
    assume(free)
    order = draw(st.permutations(free))[: draw(st.integers(1, len(free)))]
    return document, plan, plan | {"order": order}


def order_is_no_worse(example: tuple[Document, Plan, Plan]) -> None:
    document, unordered, ordered = example
    before, after = judged(document, unordered), judged(document, ordered)
    assert_no_more(after, before)
    assert (before.backup, before.denied) == (after.backup, after.denied)


@given(ordered_problems())
def test_an_order_of_backups_is_no_worse(example: tuple[Document, Plan, Plan]) -> None:
    """An order only removes runs; and the next service can always be snapshotted."""
    order_is_no_worse(example)


def test_an_order_of_backups_can_be_better() -> None:
    assert refuted(ordered_problems().map(lambda example: (example[0], example[2], example[1])), order_is_no_worse)


def plan_without(plan: Plan, *modes: str) -> Plan:
    """The plan with services of these modes independent, and without an order, which might not fit."""
    groups = [g | {"mode": "independent"} if g["mode"] in modes else g for g in plan.get("groups", [])]
    return {key: value for key, value in plan.items() if key != "order"} | {"groups": [unheld(g) for g in groups]}


def unheld(group: Plan) -> Plan:
    """The group without a list of use cases that its lock holds back, if it has no lock."""
    return group if group["mode"] == "locked" else {key: value for key, value in group.items() if key != "holds"}


@given(problems())
def test_without_locks_backup_and_availability_hold(problem: Problem) -> None:
    """Only locks hold commands or snapshots back, and only what is rebuilt or not backed up may have no way back."""
    document, plan = problem
    found = judged(document, plan_without(plan, "locked", "stopped", "rebuilt", "none"))
    assert found.backup
    assert found.denied is None


@given(problems())
def test_if_nothing_is_taken_back_no_backed_event_is_lost(problem: Problem) -> None:
    """A restored service has its backup, any other has at least its backup, and recovery only adds events."""
    document, plan = problem
    recovery = plan.get("recovery", {}) | {"rollback": "none", "undo": False, "collect": False}
    assert judged(document, plan | {"recovery": recovery}).loss is None


def available(problem: Problem) -> None:
    assert judged(*problem).denied is None


def backed_up(problem: Problem) -> None:
    assert judged(*problem).backup


def lossless(problem: Problem) -> None:
    assert judged(*problem).loss is None


def test_with_locks_they_may_not() -> None:
    assert refuted(locked_up(), available)
    assert refuted(locked_up(), backed_up)


@pytest.mark.parametrize("recovery", [{"rollback": "oldest"}, {"undo": True}, {"collect": True}], ids=str)
def test_if_something_is_taken_back_a_backed_event_may_be_lost(recovery: Plan) -> None:
    assert refuted(specifications().map(lambda document: (document, {"recovery": recovery})), lossless)


# One database


@st.composite
def shared_databases(draw: st.DrawFn, mode: str = "shared-database", restore: str = "group") -> Problem:
    """Use cases that are chains of calls and take nothing away, in one database for everything."""
    document = calls_only(draw(lasting))
    recovery = draw(recoveries) | {"broker": draw(st.sampled_from(["lost", "survives"])), "restore": restore}
    return document, around_everything(mode, recovery=recovery, disaster=draw(disasters))


def all_three_hold(problem: Problem) -> None:
    found = judged(*problem)
    assert found.backup
    assert found.denied is None
    assert not found.everything
    assert found.loss is None


@given(shared_databases())
def test_one_database_for_everything_has_all_three(problem: Problem) -> None:
    """Each use case is one transaction, so no state ever has a part of one; and the snapshot is one such state.

    So no step is missing.  What a link refers to was there when the link was made, or is made in the same use case; as
    nothing is deleted, no link breaks, and as nothing is unlinked, what a use case makes and refers to is no orphan.
    """
    all_three_hold(problem)


def test_one_instant_without_transactions_is_not_enough() -> None:
    assert refuted(shared_databases(mode="atomic"), all_three_hold)


def test_a_database_that_is_restored_by_halves_is_not_enough() -> None:
    assert refuted(shared_databases(restore="crashed"), all_three_hold)


def test_a_database_does_not_make_transactions_of_events() -> None:
    shared = around_everything("shared-database")
    assert refuted(lasting.map(lambda document: (document, shared)), all_three_hold)


def leaves_links(document: Document) -> Document:
    """The document, as chains of calls, without steps that remove a link or delete what has links to something."""
    holders = {step["create"] for step in steps(document) if step.get("refers_to")}
    holders |= {step["link"] for step in steps(document) if "link" in step}
    holders |= {reference.split(" -> ")[0] for reference in document.get("references", [])}
    return calls_only(only(document, lambda step: "unlink" not in step and step.get("delete") not in holders))


in_one_database = specifications(plain=True).map(leaves_links).map(lambda d: (d, around_everything("shared-database")))
"""Applications in one database, that delete what others refer to, and never mend such a link."""


@given(in_one_database)
def test_what_the_application_deletes_is_not_the_fault_of_a_database(problem: Problem) -> None:
    """A link that is broken in the backup is still broken when disaster strikes: the application did it itself."""
    found = judged(*problem)
    assert found.backup
    assert found.denied is None
    assert not found.anomalies
    assert {kind for kind, _ in found.application} <= {"broken-link"}


def test_a_database_does_not_mend_what_the_application_deletes() -> None:
    def nothing_is_wrong(problem: Problem) -> None:
        assert not judged(*problem).application

    assert refuted(in_one_database, nothing_is_wrong)


def test_what_was_mended_after_the_backup_is_broken_again_by_recovery() -> None:
    """The link dangles, as the application deleted its target; it is backed up so, and removed before the disaster.

    Likewise what it refers to is backed up without the link, and deleted before the disaster.
    """
    document: Document = {
        "services": {"a": {"owns": ["x", "y"]}},
        "use_cases": {
            "make": [{"create": "y"}, {"create": "x", "refers_to": "y"}],
            "remove": [{"delete": "y"}],
            "mend": [{"unlink": "x", "from": "y"}],
        },
    }
    shared = around_everything("shared-database")
    found = judged(document, shared)
    after_five = {"any-time": 5, "at-rest": 5}  # the backup is the third
    assert found.anomalies == {("broken-link", "x -> y"): after_five, ("orphan-state", "y"): after_five}
    document["use_cases"].pop("mend")
    without = judged(document, shared)
    assert (without.anomalies, without.application) == ({}, {("broken-link", "x -> y")})


# One lock


@st.composite
def locked_up(draw: st.DrawFn, mode: str = "locked", broker: str = "lost", restore: str = "group") -> Problem:
    """Any application, with one lock around everything."""
    document = draw(specifications(plain=True))
    recovery = draw(recoveries) | {"broker": broker, "restore": restore}
    return document, around_everything(mode, recovery=recovery, disaster=draw(disasters))


def shows_the_application_at_rest(problem: Problem) -> None:
    document, plan = problem
    found = judged(document, plan)
    application = judged(document, around_everything("continuous", disaster={"timing": "at-rest"}))
    more = 1 + len(document["services"])  # the lock, and the snapshots
    timings = ["at-rest"] if plan["disaster"].get("timing") == "at-rest" else ["any-time", "at-rest"]
    for mine, own in (found.anomalies, application.anomalies), (found.tolerated, application.tolerated):
        assert mine == {key: dict.fromkeys(timings, n["at-rest"] + more) for key, n in own.items()}
    assert found.loss is None


@given(locked_up())
def test_one_lock_around_everything_shows_the_application_at_rest(problem: Problem) -> None:
    """The snapshots are taken one by one, but nothing happens between the first and the last: the group is drained.

    So the cut is a state in which no use case is in flight, and every such state can be the cut.  Whatever is wrong in
    it, the application did itself, without any disaster; it takes the lock and the snapshots to see that in the cut.
    """
    shows_the_application_at_rest(problem)


@pytest.mark.parametrize(
    "variant", [{"mode": "markers"}, {"mode": "atomic"}, {"broker": "survives"}, {"restore": "crashed"}], ids=str
)
def test_nothing_less_does(variant: dict[str, str]) -> None:
    """In particular not if messages sent after the backup survive the disaster: their events are lost."""
    assert refuted(locked_up(**variant), shows_the_application_at_rest)


@given(lasting)
def test_an_application_that_takes_nothing_away_is_consistent_at_rest(document: Document) -> None:
    """And so, with one lock around everything, it is consistent after every disaster."""
    assert not judged(document, around_everything("continuous", disaster={"timing": "at-rest"})).everything
    assert not judged(document, around_everything("locked", disaster={"scope": "any"})).everything


def test_an_application_that_deletes_may_not_be_consistent_at_rest() -> None:
    def consistent(document: Document) -> None:
        assert not judged(document, around_everything("locked")).everything

    assert refuted(specifications(plain=True), consistent)


@given(specifications(plain=True))
def test_one_lock_around_everything_denies_the_first_command(document: Document) -> None:
    """Unless no command is possible at all, because each use case needs what another would have to make."""
    specification = parsed(document, around_everything("locked"))
    built = system(specification.architecture, specification.plan("p"))
    possible = any(action.label.kind is ActionKind.STEP for action in built.enabled(INITIAL))
    assert judged(document, around_everything("locked")).denied == (2 if possible else None)


# No broken links


@st.composite
def referrers_first(draw: st.DrawFn, backwards: bool = False) -> Problem:
    """An application that deletes nothing, whose services refer to each other without a cycle, and the order for it."""
    document = draw(undeleted)
    architecture = parsed(document, {}).architecture
    assume(targets_come_first(architecture))
    graph: dict[str, set[str]] = {service: set() for service in document["services"]}
    for link in architecture.links:
        if link.holder.service != link.target.service:
            graph[link.target.service].add(link.holder.service)
    try:
        order = list(TopologicalSorter(graph).static_order())
    except CycleError:
        assume(False)
    return document, {"order": order[::-1] if backwards else order}


def no_link_breaks(problem: Problem) -> None:
    assert not judged(*problem).of_kind("broken-link")


@given(referrers_first())
def test_no_link_breaks_if_whoever_refers_is_backed_up_first(problem: Problem) -> None:
    """A link in the backup of its holder was made after its target, which is in the backup that is taken later."""
    no_link_breaks(problem)


def test_links_break_if_whoever_refers_is_backed_up_last() -> None:
    assert refuted(referrers_first(backwards=True), no_link_breaks)


@st.composite
def rollbacks(draw: st.DrawFn, rollback: str = "oldest", replay: bool = False) -> Problem:
    """An application that deletes nothing, all of which goes back to one instant."""
    document = draw(undeleted)
    assume(targets_come_first(parsed(document, {}).architecture))
    plan = plan_without(draw(plans(document)), "markers", "continuous", "rebuilt", "none")
    recovery = {"rollback": rollback, "replay": replay, "restore": draw(st.sampled_from(["group", "crashed"]))}
    return document, plan | {"recovery": recovery}


@given(rollbacks())
def test_no_link_breaks_if_all_go_back_to_the_oldest_backup(problem: Problem) -> None:
    """The cut is a state that the application has been in; in such a state, what a link refers to is there."""
    no_link_breaks(problem)


def test_links_break_if_they_do_not_or_go_on_from_there() -> None:
    assert refuted(rollbacks(rollback="none"), no_link_breaks)
    assert refuted(rollbacks(replay=True), no_link_breaks)


# Going on after a disaster


@st.composite
def self_contained(draw: st.DrawFn, mode: str = "markers", vias: Sequence[str] = ("event",), **options: Any) -> Problem:
    """Use cases that use nothing of each other, and go on by events alone, under distributed snapshots."""
    services = ["a", "b", "c"][: draw(st.integers(2, 3))]
    owned: dict[str, list[str]] = {service: [] for service in services}
    use_cases: dict[str, list[dict[str, Any]]] = {}
    for name in ["u", "v"][: draw(st.integers(1, 2))]:
        entities = [f"{name}{number}" for number in range(draw(st.integers(1, 3)))]
        made: list[dict[str, Any]] = []
        for number, entity in enumerate(entities):
            owned[draw(st.sampled_from(services))].append(entity)
            targets = draw(st.lists(st.sampled_from(entities[:number]), unique=True)) if number else []
            made.append({"create": entity, "refers_to": targets})
        for _ in range(draw(st.integers(0 if len(made) > 1 else 1, 4 - len(made)))):
            entity = draw(st.sampled_from(entities))
            made.append(draw(st.sampled_from([{"update": entity}, {"copy": entity, "at": services[-1]}])))
        for number, step in enumerate(made):
            step["name"] = f"s{number}"
            if number:
                before = draw(st.lists(st.integers(0, number - 1), min_size=1, max_size=2, unique=True))
                step |= {"via": draw(st.sampled_from(vias)), "after": [f"s{each}" for each in before]}
        use_cases[name] = made
    document = {"services": {service: {"owns": owned[service]} for service in services}, "use_cases": use_cases}
    recovery = {"replay": draw(st.booleans()), "broker": draw(st.sampled_from(["lost", "survives"]))} | options
    return document, around_everything(mode, recovery=recovery, disaster=draw(disasters))


@given(self_contained())
def test_distributed_snapshots_have_all_three(problem: Problem) -> None:
    """With an event, the backups have those that led to it: the markers come before the messages sent after them.

    So each use case of which they have anything has its first step.  What they lack of it follows from the messages
    that were recorded in the channels, and from those that are sent when these are delivered.
    """
    all_three_hold(problem)


@pytest.mark.parametrize("variant", [{"mode": "independent"}, {"vias": ["call"]}, {"restore": "crashed"}], ids=str)
def test_without_markers_or_events_or_the_whole_group_they_have_not(variant: dict[str, Any]) -> None:
    assert refuted(self_contained(**variant), all_three_hold)


def nothing_is_missing(problem: Problem) -> None:
    assert not judged(*problem).of_kind("missing-state")


def replicated(options: Mapping[str, Any], **application: Any) -> st.SearchStrategy[Problem]:
    """Use cases that use nothing of each other, of which nothing that is logged is ever lost."""
    return self_contained("continuous", **application, **options)


ALL_IS_COMPLETED: Plan = {"replay": True, "resume": True}


@given(replicated(ALL_IS_COMPLETED, vias=["call", "event"]))
def test_nothing_is_missing_if_nothing_is_lost_and_all_that_was_begun_is_completed(problem: Problem) -> None:
    """A use case that is in the cut at all has its first step there, from which all others follow.

    A command is validated, but what it is about is created in the same use case, at the latest by another command.
    """
    nothing_is_missing(problem)


@pytest.mark.parametrize("lacking", ALL_IS_COMPLETED)
def test_something_is_missing_if_not_all_is_completed(lacking: str) -> None:
    assert refuted(replicated(ALL_IS_COMPLETED | {lacking: False}, vias=["call", "event"]), nothing_is_missing)


def by_events(document: Document) -> Document:
    """The document with every step but the first of each use case by event."""
    for use_case in steps_of(document).values():
        for step in use_case[1:]:
            step["via"] = "event"
    return document


def published(recovery: Plan) -> st.SearchStrategy[Problem]:
    """Any application that goes on by events alone, of which nothing that is logged is ever lost."""
    replicated = disasters.map(lambda disaster: around_everything("continuous", recovery=recovery, disaster=disaster))
    return st.tuples(specifications(plain=True).filter(lambda d: "use_cases" in d).map(by_events), replicated)


@given(published({"replay": True}))
def test_nothing_is_missing_if_nothing_is_lost_and_all_events_are_published_again(problem: Problem) -> None:
    """An event is not validated, so that it is accepted whatever has happened meanwhile."""
    nothing_is_missing(problem)


def test_something_is_missing_if_events_are_rejected() -> None:
    assert refuted(published({"replay": True, "on_invalid": "reject"}), nothing_is_missing)


def explanations(architecture: Architecture, subject: str) -> Iterator[tuple[str, str]]:
    """The anomalies that account for the absence of a step: itself as missing state, or what explains that."""
    yield "missing-state", subject
    name, _, number = subject.rpartition(".")
    case = architecture.by_use_case[name]
    step = case.step(int(number))
    if step.verb is Verb.CREATE:
        yield from (("broken-link", str(link)) for link in architecture.links if link.target == step.entity)
    for link in step.links:
        if architecture.creators[link.target][0] is case:
            yield "orphan-state", str(link.target)


def with_and_without_going_on(problem: Problem) -> tuple[Architecture, Found, Found]:
    """Return the findings with replay and resume, and without them, if recovered services accept every event."""
    document, plan = problem
    recovery = plan.get("recovery", {}) | {"on_invalid": "accept"}
    on, off = (recovery | {"replay": going_on, "resume": going_on} for going_on in (True, False))
    with_it, without_it = judged(document, plan | {"recovery": on}), judged(document, plan | {"recovery": off})
    return parsed(document, plan).architecture, with_it, without_it


def going_on_leaves_out_nothing_new(problem: Problem) -> None:
    architecture, with_it, without_it = with_and_without_going_on(problem)
    for (kind, subject), lengths in with_it.everything.items():
        for timing, shortest in lengths.items() if kind == "missing-state" else ():
            before = [without_it.everything.get(key, {}) for key in explanations(architecture, subject)]
            assert min(found.get(timing, shortest + 1) for found in before) <= shortest


@given(problems())
def test_going_on_leaves_out_nothing_that_was_there(problem: Problem) -> None:
    """Replay and resume only add events; so an event that is absent was absent before.

    It was then missing, or explained by a broken link or an orphan.  (That it was *missing* is not true: see
    :func:`test_going_on_can_take_an_explanation_away`.)
    """
    going_on_leaves_out_nothing_new(problem)


def test_going_on_can_help() -> None:
    def is_no_help(problem: Problem) -> None:
        _, with_it, without_it = with_and_without_going_on(problem)
        assert with_it.of_kind("missing-state") >= without_it.of_kind("missing-state")

    assert refuted(problems(), is_no_help)


# Names and numbers

FRESH = ("Ω", "a b", "ß.1", "customer", "x#2", "0", "ny, nå", "'", "p.2", "…")


@st.composite
def renamed_problems(draw: st.DrawFn) -> tuple[Problem, Problem, Callable[[tuple[str, str]], tuple[str, str]]]:
    """A problem twice: the second with other names, and in another order wherever order has no meaning."""
    document, plan = draw(problems())
    names = [*document["services"], *{e for s in document["services"].values() for e in s.get("owns", [])}]
    cases = list(document.get("use_cases", {}))
    fresh = dict(zip(names, draw(st.permutations(FRESH)), strict=False))
    fresh_cases = dict(zip(cases, draw(st.permutations(FRESH)), strict=False))
    step_names = {f"step {number}": f"{FRESH[number]}!" for number in range(len(FRESH))}

    def arrow(text: str) -> str:
        return " -> ".join(fresh[name] for name in text.split(" -> "))

    def shuffled(items: Iterable[T]) -> list[T]:
        return draw(st.permutations(list(items)))

    def entities(listed: Any) -> Any:
        if isinstance(listed, bool):
            return listed
        return fresh[listed] if isinstance(listed, str) else [fresh[name] for name in shuffled(listed)]

    def services(listed: Any) -> Any:
        return listed if listed == "all" else entities(listed)

    def step(old: dict[str, Any]) -> dict[str, Any]:
        new: dict[str, Any] = {}
        for key, value in shuffled(old.items()):
            match key:
                case "via" | "once" | "kept":
                    new[key] = value
                case "name":
                    new[key] = step_names[value]
                case "after":
                    new[key] = [step_names[name] for name in shuffled(value)]
                case _:
                    new[key] = entities(value)
        return new

    def use_case(about: Any) -> Any:
        if isinstance(about, dict):
            return about | {"steps": [step(old) for old in about["steps"]]}
        return [step(old) for old in about]

    def place(text: str) -> str:
        name, _, which = text.partition(".")
        return f"{fresh_cases[name]}.{step_names.get(which, which)}"

    def tolerance(old: Any) -> Any:
        if isinstance(old, list):
            return [arrow(text) for text in shuffled(old)]
        new = {"broken links": arrow, "orphans": fresh.__getitem__, "missing state": place}
        return {kind: [new[kind](text) for text in shuffled(listed)] for kind, listed in shuffled(old.items())}

    new: Document = {
        "services": {
            fresh[name]: {key: entities(value) for key, value in about.items()}
            for name, about in shuffled(document["services"].items())
        }
    }
    if "use_cases" in document:
        cases_ = shuffled(document["use_cases"].items())
        new["use_cases"] = {fresh_cases[name]: use_case(about) for name, about in cases_}
    else:
        new["references"] = [arrow(text) for text in shuffled(document["references"])]
    if "entities" in document:
        new["entities"] = {fresh[name]: traits for name, traits in shuffled(document["entities"].items())}
    if "tolerates" in document:
        new["tolerates"] = tolerance(document["tolerates"])
    if "caches" in document:
        new["caches"] = {arrow(text): how for text, how in shuffled(document["caches"].items())}
    new_plan = dict(plan)
    if "groups" in plan:
        new_plan["groups"] = [g | {"services": services(g["services"])} for g in shuffled(plan["groups"])]
        for group in new_plan["groups"]:
            if "holds" in group:
                group["holds"] = [fresh_cases[name] for name in shuffled(group["holds"])]
    if "order" in plan:
        new_plan["order"] = [fresh[name] for name in plan["order"]]
    for key in {"backfill", "reconstruct", "collect"} & plan.get("recovery", {}).keys():
        new_plan["recovery"] = new_plan["recovery"] | {key: entities(plan["recovery"][key])}
    if isinstance(plan.get("disaster", {}).get("scope"), list):
        scope = [services(crash) for crash in shuffled(plan["disaster"]["scope"])]
        new_plan["disaster"] = plan["disaster"] | {"scope": scope}

    def renamed(key: tuple[str, str]) -> tuple[str, str]:
        kind, subject = key
        match kind:
            case "broken-link" | "misdirected-link":
                return kind, arrow(subject)
            case "orphan-state" | "overbooking":
                return kind, fresh[subject]
            case _:
                name, _, number = subject.rpartition(".")
                return kind, f"{fresh_cases.get(name) or arrow(name)}.{number}"

    return (document, plan), (new, new_plan), renamed


@given(renamed_problems())
def test_names_and_the_order_of_writing_mean_nothing(
    example: tuple[Problem, Problem, Callable[[tuple[str, str]], tuple[str, str]]],
) -> None:
    old, new, renamed = example
    before, after = judged(*old), judged(*new)
    assert {renamed(key): lengths for key, lengths in before.anomalies.items()} == after.anomalies
    assert {renamed(key): lengths for key, lengths in before.tolerated.items()} == after.tolerated
    assert set(map(renamed, before.application)) == after.application
    assert (before.backup, before.denied, before.loss) == (after.backup, after.denied, after.loss)


@st.composite
def tolerant(draw: st.DrawFn) -> tuple[Document, Plan, set[str]]:
    """A problem, and links of it."""
    document, plan = draw(problems())
    for key in "tolerates", "caches":
        document.pop(key, None)
    links = sorted({str(link) for link in parsed(document, plan).architecture.links})
    assume(links)
    return document, plan, draw(st.sets(st.sampled_from(links), min_size=1))


@given(tolerant())
def test_to_tolerate_a_link_hides_nothing(example: tuple[Document, Plan, set[str]]) -> None:
    """Its breaking, and the orphans to which only such links refer, go to the other list, and stay as they are."""
    document, plan, links = example
    strict, lenient = judged(document, plan), judged(document | {"tolerates": sorted(links)}, plan)
    assert not strict.tolerated
    assert lenient.everything == strict.everything
    assert lenient.application <= strict.application
    assert (lenient.backup, lenient.denied, lenient.loss) == (strict.backup, strict.denied, strict.loss)
    referring: dict[str, list[bool]] = {}
    for link in parsed(document, plan).architecture.links:
        referring.setdefault(str(link.target), []).append(str(link) in links)
    for kind, subject in strict.everything:
        match kind:
            case "broken-link":
                may_be_either = {subject in links}
            case "orphan-state":  # under the shorthand, several entities share a name, each with its own links
                shared = "references" in document
                may_be_either = set(referring[subject]) if shared else {all(referring[subject])}
            case _:
                may_be_either = {False}
        found = {(kind, subject) in lenient.tolerated} | {(kind, subject) not in lenient.anomalies}
        assert found <= may_be_either


def test_to_tolerate_a_link_changes_the_verdict() -> None:
    def makes_no_difference(example: tuple[Document, Plan, set[str]]) -> None:
        document, plan, links = example
        assert not judged(document | {"tolerates": sorted(links)}, plan).tolerated

    assert refuted(tolerant(), makes_no_difference)


# How many of each


def two_of_each(problem: Problem) -> System:
    """The system of a problem with two indices."""
    specification = parsed(*problem)
    return system(specification.architecture, specification.plan("p"), 2)


@given(problems())
def test_the_one_index_rule_applies_to_every_application(problem: Problem) -> None:
    assert one_index_suffices(two_of_each(problem))


@given(problems())
def test_two_of_each_show_what_one_shows(problem: Problem) -> None:
    """With the same lengths; but for *backup*, see :func:`test_locks_can_block_each_other_only_if_there_are_two`."""
    one, two = judged(*problem), judged(*problem, instances=2)
    assert (one.anomalies, one.tolerated) == (two.anomalies, two.tolerated)
    assert (one.denied, one.loss) == (two.denied, two.loss)
    assert one.backup or not two.backup


class Run:
    """A run of a system with two indices, and where it ends."""

    def __init__(self, built: System, labels: Iterable[Label], end: State) -> None:
        self.system, self.labels, self.end = built, tuple(labels), end

    def __repr__(self) -> str:
        return "; ".join(" ".join(map(str, (each.kind, *each.events, *each.services))) for each in self.labels)

    def without(self, leave_out: Callable[[Label], bool]) -> State:
        """Return the last state without some of the actions, if that is a run."""
        try:
            return self.system.run([label for label in self.labels if not leave_out(label)])[-1]
        except NotARun as error:
            raise AssertionError(str(error)) from None


@st.composite
def runs(draw: st.DrawFn, most: int = 40) -> Run:
    """A run, chosen action by action; disasters are put off for a while, so that there is something to lose."""
    built = two_of_each(draw(problems()))
    labels: list[Label] = []
    state = INITIAL
    while (enabled := list(built.enabled(state))) and len(labels) < most:
        quiet = [action for action in enabled if action.label.kind is not ActionKind.DISASTER]
        lucky = draw(st.integers(0, 4)) > 0
        action = draw(st.sampled_from(quiet if quiet and lucky else enabled))
        labels.append(action.label)
        state = action.apply(state)
    return Run(built, labels, state)


@given(runs(), st.sampled_from([1, 2]))
def test_a_run_without_one_index_is_a_run(run: Run, index: int) -> None:
    """No index needs an action of another, or is kept by it from settling."""
    after = run.without(lambda label: any(event.index == index for event in label.events))
    assert {fact for fact in after if fact.index} == {fact for fact in run.end if fact.index not in (None, index)}
    assert {fact for fact in after if fact.services} == {fact for fact in run.end if fact.services}
    assert (RECOVERED in after, AT_REST in after) == (RECOVERED in run.end, AT_REST in run.end)
    assert not run.system.settled(run.end) or run.system.settled(after)


def test_a_run_without_one_use_case_may_be_none() -> None:
    def no_use_case_needs_another(run: Run) -> None:
        for name in {event.use_case for label in run.labels for event in label.events}:
            run.without(lambda label: any(event.use_case == name for event in label.events))  # noqa: B023

    assert refuted(runs(), no_use_case_needs_another)


@given(problems())
def test_a_shortest_run_needs_one_index_only(problem: Problem) -> None:
    """Without the actions of an index that it is not about, it would be shorter, and show the same."""
    specification = parsed(*problem)
    limits = Limits(states=MOST_STATES)
    found = check(specification.architecture, specification.plan("p"), 2, limits=limits)
    assume(found.limit is None)
    consistency = found.properties[Property.CONSISTENCY]
    for anomaly in (*consistency.anomalies, *consistency.tolerated):
        for trace in anomaly.traces.values():
            assert {event.index for label in trace.actions for event in label.events} <= {trace.claim.index}


# What only seems to be true


def test_locks_can_block_each_other_only_if_there_are_two() -> None:
    """With one instance, the use case that delays a lock is admitted there.  Two instances can delay a lock each.

    The one-index rule does not speak of backup, and this is why.
    """
    document: Document = {
        "services": {"a": {"owns": ["x", "q"]}, "b": {"owns": ["y", "p"]}, "c": {"owns": ["z"]}},
        "use_cases": {
            "u": [
                {"create": "z", "name": "start"},
                {"create": "x", "name": "a first", "after": "start"},
                {"create": "y", "after": "a first"},
                {"create": "p", "name": "b first", "after": "start"},
                {"create": "q", "after": "b first"},
            ]
        },
    }
    plan = {
        "groups": [
            {"mode": "locked", "services": ["a"]},
            {"mode": "locked", "services": ["b"]},
            {"mode": "continuous", "services": ["c"]},
        ],
        "disaster": {"scope": [["c"]]},
    }
    specification = parsed(document, plan)
    one, two = (
        check(specification.architecture, specification.plan("p"), instances, [Property.BACKUP]).properties[
            Property.BACKUP
        ]
        for instances in (1, 2)
    )
    assert one.verdict is Verdict.HOLDS
    assert one.scope == "up to 1 instance"
    assert two.verdict is Verdict.VIOLATED
    assert length(two.trace) == 6  # start and "a first" of the one, start and "b first" of the other, both locks


def test_one_lock_around_everything_may_never_be_granted() -> None:
    """A use case in flight may wait for an entity that only a command which the lock holds back creates."""
    document: Document = {
        "services": {"a": {"owns": ["x"]}, "b": {"owns": ["y", "z"]}},
        "use_cases": {"make": [{"create": "z"}], "u": [{"create": "x"}, {"create": "y", "refers_to": "z"}]},
    }
    found = judged(document, around_everything("locked"))
    assert not found.backup
    assert found.denied == 2
    assert not found.everything


def test_going_on_can_take_an_explanation_away() -> None:
    """Replay and resume can leave a missing state where there was none, although events are the truth.

    Before, a broken link explains that t is missing.  The replayed deletion of a removes the link, and t is missing.
    (That deletion is in no backup, and in no live log: it follows a step that waits for an n that never comes to be.
    What a keeps of its use case is c, or nothing would be missing of it any more.)
    """
    document: Document = {
        "services": {"a": {"owns": ["a", "c"]}, "t": {"owns": ["t"]}, "z": {"owns": ["z", "q", "n"]}},
        "use_cases": {
            "u": [{"create": "t"}, {"create": "a", "refers_to": "t"}, {"create": "c"}],
            "v": [
                {"create": "z"},
                {"create": "q", "refers_to": "n", "via": "event"},
                {"delete": "a", "via": "event"},
            ],
            "w": [{"create": "n", "refers_to": "q"}],
        },
    }
    without_it, with_it = judged(document, {}), judged(document, {"recovery": {"replay": True, "resume": True}})
    assert ("missing-state", "u.1") not in without_it.everything
    assert without_it.anomalies["broken-link", "a -> t"] == {"any-time": 6, "at-rest": 7}  # st; t; a; sa, sz; D; or c
    assert with_it.anomalies["missing-state", "u.1"] == {"any-time": 10}  # with c, and z before sz; replay q, delete a
    going_on_leaves_out_nothing_new((document, {}))


def test_whoever_refers_first_does_not_help_within_a_use_case() -> None:
    """If a use case makes the link first and its target afterwards, the link is broken in between."""
    document: Document = {
        "services": {"a": {"owns": ["a"]}, "b": {"owns": ["b"]}},
        "use_cases": {"u": [{"create": "a", "refers_to": "b"}, {"create": "b"}]},
    }
    assert not targets_come_first(parsed(document, {}).architecture)
    found = judged(document, {"order": ["a", "b"]})
    assert found.anomalies["broken-link", "a -> b"] == {"any-time": 4, "at-rest": 5}  # a sa sb D; at rest, b after sb


def test_one_lock_around_everything_is_not_enough_if_messages_survive() -> None:
    """A message sent after the backup tells a restored service of something that is no more."""
    document: Document = {
        "services": {"a": {"owns": ["x"]}, "b": {}},
        "use_cases": {"u": [{"create": "x"}, {"copy": "x", "at": "b", "via": "event"}]},
    }
    locked = around_everything("locked", recovery={"broker": "survives"})
    # lock, two snapshots, unlock; x, disaster, and its message is delivered
    assert judged(document, locked).anomalies == {("missing-state", "u.1"): {"any-time": 7}}
