"""Read, check, draw, replay and verify: one function for each command of the command line."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from bac.api.arguments import MOST_INSTANCES, between, members, several, some
from bac.api.results import Figure, Report, Trace, Verified
from bac.api.specification import Specification, read_of
from bac.model.errors import UnsuitableArgument, one_of
from bac.model.specification import reader
from bac.properties.qualities import Property


def load(path: str | Path) -> Specification:
    """Read a specification from a file.

    Raises:
        BacError: the file cannot be read, or (SpecificationError) has errors; all of them are in the message.
    """
    return Specification._of(reader.load(path))


def loads(text: str) -> Specification:
    """Read a specification from text.

    Raises:
        SpecificationError: there are errors in it; all of them are in the message.
    """
    return Specification._of(reader.parse(text))


def check(
    spec: Specification,
    *,
    plan: str | None = None,
    plans: Iterable[str] | None = None,
    properties: Iterable[str] | None = None,
    instances: int = 1,
    engine: str = "auto",
    exact_lengths: bool = False,
    timeout: float | None = None,
    max_states: int | None = None,
    jobs: int = 1,
) -> Report:
    """Decide the properties of the plans of a specification.

    Args:
        spec: the specification.
        plan: check this plan only; ``plans``: these plans.  Default: all plans.
        properties: ``backup``, ``availability``, ``consistency``, ``no-extra-loss``.  Default: all.
        instances: how many instances of every use case there are, up to 1000.
        engine: ``auto`` (``precedence`` where it covers a plan, else ``explicit``), one of these two, ``smt``, or
            ``all``, which compares these three (``both`` does the same).
        exact_lengths: search for shortest runs, however long that takes.
        timeout: seconds for all plans together; then the verdict is UNKNOWN.
        max_states: states for each search; then the verdict is UNKNOWN.
        jobs: local processes for large searches.

    Raises:
        BacError: there is no such plan, property or engine, a number is out of range, or the checker contradicts
            itself (exit code 4 of the command line).
    """
    from bac.proofs.check import check_plans
    from bac.proofs.engine import Limits, memory_budget
    from bac.proofs.engines import CHOICES
    from bac.proofs.explicit.coverage import Budget, coverage
    from bac.proofs.reductions.part_search import ALL_REDUCTIONS, CheckOptions
    from bac.proofs.scheduler import Scheduler
    from bac.reports.checked import Checked, warnings
    from bac.reports.expectations import expected_of

    if engine not in CHOICES:
        raise one_of("engine", engine, CHOICES)
    between("instances", instances, 1, MOST_INSTANCES)
    between("jobs", jobs, 1)
    read = read_of(spec, "check")
    if plan is not None and not isinstance(plan, str):
        raise UnsuitableArgument(f"plan is one name, not {plan!r}; plans takes several")
    names = [plan] if plan is not None else None if plans is None else some("plans", several("plans", plans))
    chosen = read.plans if names is None else [read.plan(name) for name in names]
    wanted = (
        tuple(Property)
        if properties is None
        else some("properties", members(Property, "properties", "property", properties))
    )
    options = CheckOptions(instances, wanted, engine, ALL_REDUCTIONS, exact_lengths)
    scheduler = Scheduler(Limits(max_states, timeout, memory_budget()), jobs)
    bare = [replace(each, expect=None) for each in chosen]
    covered = coverage(read.architecture, bare, budget=Budget(check=scheduler.monitor.check))
    results = check_plans(read.architecture, bare, options, scheduler, covered)
    told = replace(read, warnings=(*read.warnings, *warnings(read, covered)))
    return Report(Checked(told, results, expected_of(chosen, wanted, None)))


def draw(spec: Specification, *, plan: str | None = None, services: Iterable[str] = (), depth: int = 1) -> Figure:
    """Draw the architecture (Figures 1, 2 and 6 of the article).

    Args:
        spec: the specification.
        plan: show the groups of this plan.
        services: draw the part around these services only.
        depth: with services: over how many references.

    Raises:
        BacError: there is no such plan or service.
    """
    from bac.figures.graph.architecture import draw_architecture

    read = read_of(spec, "draw")
    around = several("services", services)
    shown = None if plan is None else read.plan(plan)
    return Figure(draw_architecture(read.architecture, shown, services=around, depth=depth))


def load_trace(path: str | Path) -> Trace:
    """Read a trace from a file.

    Raises:
        BacError: it is not a trace, or contradicts itself.
    """
    from bac.model import trace_file

    return Trace(trace_file.load(path))


def replay(path: str | Path) -> Trace:
    """Read a trace, and check it with the interpreter only.

    Raises:
        BacError: it is not a trace, or does not show what it claims.
    """
    trace = load_trace(path)
    trace.replay()
    return trace


def verify(path: str | Path, spec: Specification | None = None) -> Verified:
    """Check a certificate: a trace, a strategy, an invariant, or verdicts (of ``Report.certify``).

    Args:
        path: the file.
        spec: the specification that it has to be about, if you have it.

    Raises:
        BacError: it does not prove what it claims; the message says why.
    """
    from bac.proofs.certificates.certificate import verify as verified

    return Verified._of(verified(Path(path), None if spec is None else read_of(spec, "verify")))
