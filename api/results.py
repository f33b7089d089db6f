"""Results of a check: verdicts with their evidence, as values that stay the same when the internals change."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bac.api.text import mimebundle
from bac.model.errors import UnknownKey, quoted
from bac.model.plan import Timing
from bac.proofs.results import AnomalyResult, Cause, PlanResult, PropertyResult, Verdict
from bac.properties.anomalies import AnomalyKind
from bac.properties.qualities import Property
from bac.reports import plain

if TYPE_CHECKING:
    from bac.figures.canvas import Drawing
    from bac.model.trace import Trace as _Trace
    from bac.proofs.advice.changes import Advice, Help
    from bac.proofs.advice.search import Adviser
    from bac.proofs.certificates.certificate import Verified as _Verified
    from bac.reports.checked import Checked

__all__ = [
    "Anomaly",
    "AnomalyKind",
    "Cause",
    "Figure",
    "PlanReport",
    "PropertyReport",
    "Report",
    "Timing",
    "Trace",
    "Verdict",
    "Verified",
]


class Figure:
    """A drawing."""

    def __init__(self, drawing: Drawing) -> None:
        """Keep the drawing."""
        self._drawing = drawing

    def svg(self) -> str:
        """Return the drawing as SVG."""
        return self.render("svg").decode()

    def render(self, format: str) -> bytes:  # noqa: A002 (the usual name)
        """Return the drawing in a format: svg, pdf, png, tikz or dot.

        Raises:
            BacError: there is no such format, or it needs Graphviz, which is not installed.
        """
        from bac.figures.render import write

        return write(self._drawing, format)

    def save(self, path: str | Path) -> None:
        """Write the drawing to a file; the file extension selects the format.

        Raises:
            BacError: as :meth:`render`, or the file cannot be written.
        """
        from bac.model.files import write_bytes

        write_bytes(path, self.render(Path(path).suffix.removeprefix(".")))

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:  # noqa: ARG002
        return mimebundle("<Figure>", self.svg)


class Trace:
    """A run that shows something: an anomaly, a denied command, or that no backup can be completed."""

    def __init__(self, trace: _Trace) -> None:
        """Keep the trace."""
        self._trace = trace

    @property
    def actions(self) -> tuple[str, ...]:
        """One line for each action, as the command line prints them."""
        from bac.properties.explanation import listing

        return tuple(listing(self._trace))

    @property
    def explanation(self) -> str:
        """One sentence that says what went wrong, and why."""
        from bac.properties.explanation import explain

        return explain(self._trace).sentence

    def __len__(self) -> int:
        """Return the number of actions."""
        return len(self._trace.actions)

    def figure(self, *, width: str | None = None, bare: bool = False) -> Figure:
        """Return the event-log diagram of the run (Figures 3 to 5 of the article).

        Args:
            width: fold it into this width, such as ``"84mm"``; by default it is as wide as its content.
            bare: leave out heading, legend and explanation.

        Raises:
            BacError: the width is not a length, or too small.
        """
        from bac.figures.events.layout import draw
        from bac.figures.look import Look, length

        room = None if width is None else length(width)
        return Figure(draw(self._trace, look=Look(room, title=not bare, legend=not bare, caption=not bare)))

    def draw(self, path: str | Path, *, width: str | None = None, bare: bool = False) -> None:
        """Write the event-log diagram of the run to a file; the file extension selects the format.

        Args:
            path: the file.
            width: as in :meth:`figure`.
            bare: as in :meth:`figure`.
        """
        self.figure(width=width, bare=bare).save(path)

    def to_json(self) -> dict[str, Any]:
        """Return the trace as a document of docs/trace.md."""
        return self._trace.to_json()

    def save(self, path: str | Path) -> None:
        """Write the trace to a JSON file, for ``bac replay``."""
        self._trace.save(path)

    def replay(self) -> None:
        """Check the trace again with the interpreter only.

        Raises:
            BacError: it does not show what it claims.
        """
        from bac.proofs.replay import confirm

        confirm(self._trace)

    def __repr__(self) -> str:
        return f"<Trace of {len(self)} actions: {self.explanation}>"

    def __str__(self) -> str:
        return "\n".join([self.explanation, *self.actions])

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:  # noqa: ARG002
        return mimebundle(str(self), lambda: self.figure().svg())


@dataclass(frozen=True)
class Verified:
    """A certificate that was checked.

    Args:
        kind: trace, strategy, invariant or verdicts.
        confirmed: what it proves, in a sentence; of verdicts one for each plan.
        trusted: what the proof still rests on.
        open: what a certificate for verdicts leaves open, with the reasons.
    """

    kind: str
    confirmed: str
    trusted: str
    open: tuple[str, ...] = ()

    @classmethod
    def _of(cls, verified: _Verified) -> Verified:
        return cls(verified.kind, verified.confirmed, verified.trusted, verified.open)


@dataclass(frozen=True)
class Anomaly:
    """Something that can be wrong after recovery."""

    _result: AnomalyResult
    _advice: Callable[[AnomalyResult], Advice]

    @property
    def kind(self) -> AnomalyKind:
        """The kind of anomaly, such as ``broken-link``."""
        return self._result.kind

    @property
    def subject(self) -> str:
        """The link, the entity, or the step (``use case.number``) that it is about."""
        return self._result.subject

    @property
    def cause(self) -> Cause:
        """Whether the backups alone can produce it, or only a disaster that interrupts a use case."""
        return self._result.cause

    @property
    def tolerated(self) -> bool:
        """Whether the specification tolerates it."""
        return self._result.tolerated

    @property
    def lengths(self) -> Mapping[Timing, int]:
        """The number of actions of a shortest run, for each timing of the disaster in which it happens."""
        return self._result.lengths

    @property
    def at_least(self) -> Mapping[Timing, int]:
        """For each timing whose length may not be the shortest, how many actions a run has at least."""
        return self._result.at_least

    @property
    def traces(self) -> Mapping[Timing, Trace]:
        """A shortest run for each timing of the disaster in which it happens."""
        return {timing: Trace(self._result.traces[timing]) for timing in self._result.traces}

    @property
    def trace(self) -> Trace:
        """A shortest run; one at rest where the cause is ``backup``."""
        return Trace(self._result.shown)

    @property
    def explanation(self) -> str:
        """One sentence that says what went wrong, and why."""
        return self.trace.explanation

    @cached_property
    def helps(self) -> tuple[Help, ...]:
        """The changes of the plan that remove it, found by checking them when they are first asked for.

        The cheapest come first.  Each has ``changes`` and ``costs`` in words, and prints as one line.
        """
        return self._advice(self._result).helps

    def __repr__(self) -> str:
        return f"<Anomaly {self.kind} {self.subject!r}, cause: {self.cause}>"


@dataclass(frozen=True)
class PropertyReport:
    """The verdict on one property of one plan.

    ``expected`` is the verdict that counts as expected: that of the key ``expect``, ``HOLDS`` if no plan that was
    checked has that key, and ``None`` if only other plans have it.  ``mismatches`` say what is not as expected.
    """

    _result: PropertyResult
    expected: Verdict | None = None
    mismatches: tuple[str, ...] = ()

    @property
    def verdict(self) -> Verdict:
        """HOLDS, VIOLATED, or UNKNOWN where a limit was reached."""
        return self._result.verdict

    @property
    def scope(self) -> str:
        """How many instances of every use case the verdict is about."""
        return self._result.scope

    @property
    def reason(self) -> str | None:
        """Why the verdict is unknown, or a remark on it."""
        return self._result.reason

    @property
    def vacuous(self) -> bool:
        """Whether it holds, and something never happens that could violate it; the reason says what."""
        return self._result.vacuous

    @property
    def trace(self) -> Trace | None:
        """A shortest counterexample, where the property is violated; for consistency see the anomalies."""
        if self._result.trace is not None:
            return Trace(self._result.trace)
        return Trace(self._result.anomalies[0].shown) if self._result.anomalies else None

    def __repr__(self) -> str:
        return f"<{self._result.property}: {self.verdict}, {self.scope}>"


class PlanReport:
    """The verdicts on one plan."""

    def __init__(self, checked: Checked, result: PlanResult) -> None:
        """Keep the result on a plan of a specification."""
        self._checked, self._result = checked, result

    @property
    def plan(self) -> str:
        """The name of the plan."""
        return self._result.plan

    @property
    def verdict(self) -> Verdict:
        """The worst verdict on all properties that were checked."""
        return self._result.verdict

    @property
    def vacuous(self) -> bool:
        """Whether some property holds only because of something that never happens."""
        return any(result.vacuous for result in self._result.properties.values())

    @property
    def backup(self) -> PropertyReport:
        """Whether a complete backup can always be taken."""
        return self[Property.BACKUP]

    @property
    def availability(self) -> PropertyReport:
        """Whether no command is ever held back."""
        return self[Property.AVAILABILITY]

    @property
    def consistency(self) -> PropertyReport:
        """Whether the recovered application shows no anomaly."""
        return self[Property.CONSISTENCY]

    @property
    def no_extra_loss(self) -> PropertyReport:
        """Whether recovery keeps everything that was backed up."""
        return self[Property.NO_EXTRA_LOSS]

    def __getitem__(self, name: str) -> PropertyReport:
        """Return the verdict on a property by its name on the command line, such as ``"no-extra-loss"``.

        Raises:
            BacError: it was not checked (also a KeyError).
        """
        if name not in self.properties:
            raise UnknownKey(
                f"the property {quoted(str(name))} was not checked; there are: {', '.join(self.properties)}"
            )
        return self.properties[name]

    @cached_property
    def properties(self) -> Mapping[str, PropertyReport]:
        """The verdicts on all properties that were checked, by their names."""
        expected, found = self._checked.expectation(self.plan), self._checked.judged(self._result)
        return {
            which: PropertyReport(
                result,
                None if expected is None else expected.verdict(which),
                tuple(each.message for each in found if each.property is which),
            )
            for which, result in self._result.properties.items()
        }

    @cached_property
    def anomalies(self) -> tuple[Anomaly, ...]:
        """The anomalies that violate consistency."""
        return tuple(Anomaly(each, self._advice) for each in self._consistency.anomalies)

    @property
    def unexpected(self) -> tuple[Anomaly, ...]:
        """The anomalies that count: those that violate consistency, and are not expected of the plan."""
        expected, named = self._checked.expectation(self.plan), self._checked.architecture.named
        if expected is None:
            return ()
        found = self._consistency
        return tuple(each for each in self.anomalies if not expected.accepts(found, each._result, named))

    @cached_property
    def tolerated(self) -> tuple[Anomaly, ...]:
        """The anomalies that the specification tolerates."""
        return tuple(Anomaly(each, self._advice) for each in self._consistency.tolerated)

    def _advice(self, anomaly: AnomalyResult) -> Advice:
        return self._adviser.advice(anomaly)

    @cached_property
    def _adviser(self) -> Adviser:
        from bac.proofs.advice.search import THOROUGH, Adviser, Trials
        from bac.proofs.engine import LimitMonitor, Limits

        specification = self._checked.specification
        plan = replace(specification.plan(self.plan), expect=None)
        return Adviser(Trials(specification.architecture, plan, self._result, THOROUGH, LimitMonitor(Limits())))

    @cached_property
    def application(self) -> tuple[Anomaly, ...]:
        """The anomalies that the application leaves behind without any disaster; they violate no plan."""
        return tuple(Anomaly(each, self._advice) for each in self._consistency.application)

    @property
    def people(self) -> int | None:
        """How many actions of people recovery needs at one index at the most; None if that is not known."""
        return self._result.people

    @property
    def _consistency(self) -> PropertyResult:
        return self[Property.CONSISTENCY]._result

    def __str__(self) -> str:
        from bac.reports.checked import View
        from bac.reports.text import text

        return plain(text(replace(self._checked, results=[self._result]), View(alone=True)))

    def __repr__(self) -> str:
        verdicts = ", ".join(f"{name} {result.verdict}" for name, result in self._result.properties.items())
        return f"<PlanReport {self.plan!r}: {verdicts}>"

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:  # noqa: ARG002
        return {"text/plain": str(self)}


class Report(Mapping[str, PlanReport]):
    """The verdicts on the plans of a specification, by the names of the plans."""

    def __init__(self, checked: Checked) -> None:
        """Keep the results on the plans of a specification."""
        self._checked = checked
        self._by_plan = {result.plan: PlanReport(checked, result) for result in checked.results}

    @property
    def warnings(self) -> tuple[str, ...]:
        """Legal but suspicious things, such as steps that never happen, as located messages."""
        return tuple(warning.render() for warning in self._checked.specification.warnings)

    @property
    def verdict(self) -> Verdict:
        """The worst verdict on all plans."""
        return max((each.verdict for each in self.values()), key=lambda verdict: verdict.rank)

    def __getitem__(self, plan: str) -> PlanReport:
        """Return the verdicts on one plan.

        Raises:
            BacError: there is no such plan, or it was not checked (also a KeyError).
        """
        if plan not in self._by_plan:
            raise UnknownKey(f"the plan {quoted(str(plan))} was not checked; there are: {', '.join(self)}")
        return self._by_plan[plan]

    def __iter__(self) -> Iterator[str]:
        """Iterate over the names of the plans."""
        return iter(self._by_plan)

    def __len__(self) -> int:
        """Return the number of plans."""
        return len(self._by_plan)

    def html(self) -> str:
        """Return the report as a page of HTML (docs/html-report.md)."""
        from bac.reports.checked import View
        from bac.reports.html.page import render

        return render([self._checked], View(), several=False)

    def to_json(self) -> dict[str, Any]:
        """Return the report as a document of docs/report.md."""
        from bac.reports.checked import View
        from bac.reports.json_document import report

        return report(self._checked, View())

    def certify(self, path: str | Path) -> tuple[str, ...]:
        """Write a certificate for all verdicts, for :func:`bac.verify`; a name that ends in ``.gz`` packs it.

        Returns:
            What it leaves open, one sentence each; nothing if every question is answered.

        Raises:
            BacError: the file cannot be written.
        """
        from bac.proofs.certificates import certify

        specification, results = self._checked.specification, self._checked.results
        plans = [specification.plan(result.plan) for result in results]
        document = certify.to_json(specification.architecture, plans, results)
        certify.save(Path(path), document)
        return certify.open_questions(document)

    def __str__(self) -> str:
        from bac.reports.checked import View
        from bac.reports.text import text

        return plain(text(self._checked, View()))

    def __repr__(self) -> str:
        verdicts = ", ".join(f"{each.plan} {each.verdict}" for each in self.values())
        return f"<Report on {self._checked.architecture.name!r}: {verdicts}>"

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:  # noqa: ARG002
        return {"text/plain": str(self)}
