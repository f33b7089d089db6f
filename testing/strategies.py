"""Hypothesis strategies: specifications, architectures, plans, disasters, runs and event logs.

All that they make is valid by construction: nothing is drawn and then thrown away.  They shrink towards one service,
one entity, one step, no options, and the shortest run.  A failing example prints as YAML, to be pasted into a file.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from hypothesis import strategies as st

import bac
from bac.testing.generator import Choices, Document, disaster, plan, services_of, specification

MOST_ACTIONS = 200
"""A run ends after so many actions, if not before."""


def choices(draw: st.DrawFn, plain: bool = False) -> Choices:
    """Return choices that Hypothesis makes."""
    return Choices(
        lambda number: draw(st.integers(0, number - 1)), plain, lambda make: draw(made_together(make, plain))
    )


@st.composite
def made_together(draw: st.DrawFn, make: Callable[[Choices], Any], plain: bool) -> Any:
    """Return what is made by choices of its own, which Hypothesis leaves out together."""
    return make(choices(draw, plain))


@st.composite
def documents(draw: st.DrawFn, plans_too: bool = False, plain: bool = False) -> Document:
    """Return a specification as the document that YAML or JSON holds.

    Args:
        draw: given by Hypothesis.
        plans_too: with up to two plans, else with none.
        plain: only with what the first version of the language had.
    """
    document = specification(choices(draw, plain))
    if plans_too:
        names = ["p", "q"][: draw(st.integers(0, 2))]
        document |= {"plans": {name: draw(plan_documents(document, plain)) for name in names}} if names else {}
    return document


@st.composite
def plan_documents(draw: st.DrawFn, document: Document, plain: bool = False) -> Document:
    """Return a plan for a specification, both as documents."""
    return plan(choices(draw, plain), document)


def loaded(document: Document) -> bac.Specification:
    """Return a document as a specification."""
    return bac.loads(json.dumps(document))


@st.composite
def architectures(draw: st.DrawFn, *, plain: bool = False) -> bac.Specification:
    """Return a specification without plans of its own: one to three services, entities and use cases.

    Args:
        draw: given by Hypothesis.
        plain: only with what the article has, without external services, repairs, retries and the like.
    """
    return loaded(draw(documents(plain=plain)))


@st.composite
def plans(draw: st.DrawFn, spec: bac.Specification, *, name: str = "plan", plain: bool = False) -> bac.Plan:
    """Return a plan for a specification: any groups, order, recovery and disaster that are valid.

    ``spec.with_plans(plan)`` is the specification with this plan.

    Args:
        draw: given by Hypothesis.
        spec: the specification.
        name: the name of the plan.
        plain: as for :func:`architectures`.
    """
    return built(name, plan(choices(draw, plain), spec.to_document()))


def built(name: str, document: Mapping[str, Any]) -> bac.Plan:
    """Return a plan that is given as a document."""
    groups = [bac.Group(**group) for group in document.get("groups", ())]
    return bac.Plan(name, **{**document, "groups": groups})


@st.composite
def specifications(draw: st.DrawFn, *, most_plans: int = 1, plain: bool = False) -> bac.Specification:
    """Return an architecture with up to so many plans, called ``plan``, ``plan 2`` and so on.

    Args:
        draw: given by Hypothesis.
        most_plans: the most plans beside ``independent``.
        plain: as for :func:`architectures`.
    """
    spec = draw(architectures(plain=plain))
    count = draw(st.integers(0, most_plans))
    names = [f"plan {number}" if number > 1 else "plan" for number in range(1, count + 1)]
    return spec.with_plans(*(draw(plans(spec, name=name, plain=plain)) for name in names))


@st.composite
def disasters(draw: st.DrawFn, spec: bac.Specification) -> Mapping[str, Any]:
    """Return what a plan for a specification may have as ``disaster``: which services crash together, and when."""
    return disaster(choices(draw), services_of(spec.to_document()))


@st.composite
def runs(
    draw: st.DrawFn,
    spec: bac.Specification | None = None,
    plan: str | None = None,
    *,
    instances: int = 1,
    settled: bool = False,
) -> bac.Run:
    """Return a run, each action of which is one of those that can happen there.

    Args:
        draw: given by Hypothesis.
        spec: the specification; default: any.
        plan: the name of its plan; default: any.
        instances: how many instances of every use case there are.
        settled: go on until recovery is over; a run in which no disaster can happen ends where nothing more can.
    """
    chosen = draw(specifications()) if spec is None else spec
    run = bac.Run(chosen, draw(st.sampled_from(chosen.plans)) if plan is None else plan, instances=instances)
    while run.enabled and len(run) < MOST_ACTIONS and (settled or draw(st.integers(0, 7))):
        run = run.after(draw(st.sampled_from(simplest_first(run))))
    return run


def simplest_first(run: bac.Run) -> list[Any]:
    """Return what can happen next, first what ends a run soonest: the disaster, then snapshots."""
    soonest = ("disaster", "snapshot", "snapshot-broker", "unlock")
    rank = {kind: number for number, kind in enumerate(soonest)}
    return sorted(run.enabled, key=lambda action: rank.get(action.kind, len(rank)))


@st.composite
def event_logs(
    draw: st.DrawFn, spec: bac.Specification | None = None, plan: str | None = None, *, instances: int = 1
) -> Mapping[str, bac.EventLog]:
    """Return the logs that some run leaves behind, by the names of the services; arguments as for :func:`runs`."""
    return draw(runs(spec, plan, instances=instances)).logs
