"""Write certificates for verdicts: the runs that an engine found, and proofs that nothing else can happen.

Proofs are searched here, whichever engine decided.  Each run and each proof is checked before it is written, by the
code that checks files; what does not pass is left open, and the file says why.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from bac.model.architecture import Architecture
from bac.model.errors import BacError
from bac.model.files import write_bytes
from bac.model.plan import Plan, Timing
from bac.model.specification.writer import dump
from bac.model.trace import Trace
from bac.proofs.certificates.order_rules import NotCovered
from bac.proofs.certificates.prover import Clauses, Refuter
from bac.proofs.certificates.verdict_certificate import FORMAT, VERSION, Question, Questions, Whole, action_json
from bac.proofs.results import PlanResult, Verdict
from bac.properties.anomalies import Blame
from bac.properties.qualities import Property

NO_PROOF = "no proof was found"
MOST_WAITING = 10_000
"""Longer chains of steps that wait for each other are not followed."""


def to_json(
    architecture: Architecture,
    plans: Sequence[Plan],
    results: Iterable[PlanResult],
    check: Callable[[], None] = lambda: None,
) -> dict[str, Any]:
    """Return the certificate for the results on these plans, as a JSON document.

    ``check`` is called for each question; it may raise an error to stop.
    """
    bare = [replace(plan, expect=None) for plan in plans]
    return {
        "format": FORMAT,
        "version": VERSION,
        "specification": dump(architecture, bare),
        "plans": [
            Answers(architecture, plan, each, check).document() for plan, each in zip(bare, results, strict=True)
        ],
    }


def save(path: Path, document: Mapping[str, Any]) -> None:
    """Write a certificate to a file, packed by gzip if the name ends in ``.gz``.

    Raises:
        UnwritableFile: the file cannot be written.
    """
    content = (json.dumps(document, indent=1, ensure_ascii=False) + "\n").encode()
    write_bytes(path, gzip.compress(content, mtime=0) if path.suffix == ".gz" else content)


class Answers:
    """The answers to all questions about one plan.

    Args:
        architecture: the architecture.
        plan: the plan.
        result: the verdicts on it; a property whose verdict is unknown is left out.
        check: is called for each question.
    """

    def __init__(self, architecture: Architecture, plan: Plan, result: PlanResult, check: Callable[[], None]) -> None:
        """Nothing is answered yet."""
        self.questions, self.whole, self.check = Questions(architecture, plan), Whole(architecture, plan), check
        self.result = result
        self.never: list[dict[str, Any]] = []
        self.runs: list[dict[str, Any]] = []
        self.open: list[dict[str, Any]] = []
        self._clauses: dict[tuple[bool, bool], Clauses] = {}

    def document(self) -> dict[str, Any]:
        """The answers as a part of a document."""
        decided = {which: each for which, each in self.result.properties.items() if each.verdict is not Verdict.UNKNOWN}
        for which, each in decided.items():
            self.answer(which, each.verdict is Verdict.VIOLATED)
        verdicts = {str(which): str(each.verdict) for which, each in decided.items()}
        answers = {"never": self.never, "runs": self.runs, "open": self.open}
        return {"plan": self.result.plan, "verdicts": verdicts, **answers}

    def answer(self, which: Property, violated: bool) -> None:
        """Answer all questions about a property."""
        found = dict(self.found(which))
        if violated and which is not Property.CONSISTENCY:
            for asked, trace in found.items():
                self.show(asked, trace)
            return
        try:
            questions = self.questions.of(which, violated)
        except NotCovered as reason:
            self.leave(Question(which), str(reason))
            return
        refuted: dict[Question, dict[str, Any]] = {}
        for asked in questions:
            self.check()
            if asked in found:
                self.show(asked, found[asked])
            else:
                self.exclude(asked, refuted)

    # Runs

    def found(self, which: Property) -> Iterator[tuple[Question, Trace]]:
        """The runs that were found, by what they show."""
        result = self.result.properties[which]
        for blame, listed in (
            (Blame.BACKUP, result.anomalies),
            (Blame.TOLERATED, result.tolerated),
            (Blame.APPLICATION, result.application),
        ):
            for each in listed:
                for timing in each.traces:
                    yield Question(which, str(each.kind), each.subject, blame, timing), each.traces[timing]
        if result.trace is not None:
            claim = result.trace.claim
            yield Question(which, claim.kind, claim.subject, None, claim.timing), result.trace

    def show(self, asked: Question, trace: Trace) -> None:
        """Answer a question by a run."""
        document: dict[str, Any] = {"shows": asked.to_json()}
        if trace.claim.index is not None:
            document["index"] = trace.claim.index
        if trace.instances != 1:
            document["instances"] = trace.instances
        document |= self.part(trace) | {"actions": [action_json(action) for action in trace.actions]}
        try:
            self.whole.confirm(document, asked)
        except BacError as reason:
            self.leave(asked if asked.about is Property.CONSISTENCY else Question(asked.about), str(reason))
        else:
            self.runs.append(document)

    def part(self, trace: Trace) -> dict[str, list[str]]:
        """In which part of the whole a run is shown."""
        whole, shown, found = self.questions.architecture, trace.architecture, dict[str, list[str]]()
        if len(shown.services) < len(whole.services):
            found["services"] = [service.name for service in shown.services]
        if len(shown.use_cases) < len(whole.use_cases):
            found["use_cases"] = [case.name for case in shown.use_cases]
        scope = trace.plan.disaster.scope
        if scope != self.questions.plan.disaster.scope and isinstance(scope, tuple) and len(scope) == 1:
            found["crash"] = list(scope[0])
        return found

    # Proofs

    def exclude(self, asked: Question, refuted: dict[Question, dict[str, Any]]) -> None:
        """Answer a question by a proof that no run shows it; one for any time is one for disasters at rest, too."""
        wider = replace(asked, timing=Timing.ANY_TIME)
        if asked.timing is Timing.AT_REST and wider in refuted:
            refuted[wider]["timings"].append(str(asked.timing))
            return
        try:
            proof = self.proof(asked)
            self.questions.refute([asked], proof)
        except BacError as reason:
            self.leave(asked, str(reason))
            return
        entry = asked.to_json()
        timing = entry.pop("timing", None)
        document = {**entry, **({"timings": [timing]} if timing else {}), "proof": proof}
        self.never.append(document)
        refuted[asked] = document

    def proof(self, asked: Question) -> str:
        """Return a proof that no run shows what is asked for.

        Raises:
            NotCovered: none was found.
        """
        if asked.about is Property.BACKUP:
            pairs = self.questions.pairs.get(asked, ())
            return "; ".join(" ".join(map(str, self.continuation(*pair))) for pair in pairs)
        translation = self.questions.translation()
        wanted = self.questions.part(asked, translation)
        lines = Refuter(self.clauses(asked.timing is Timing.AT_REST, asked.timing is None), wanted).proof()
        if lines is None:
            raise NotCovered(NO_PROOF)
        return "; ".join(lines)

    def clauses(self, at_rest: bool, before_disaster: bool) -> Clauses:
        """The clauses for proofs, which many have in common."""
        key = at_rest, before_disaster
        if key not in self._clauses:
            self._clauses[key] = Clauses(self.questions.rules, at_rest, before_disaster)
        return self._clauses[key]

    def continuation(self, first: int, last: int) -> list[int]:
        """The events that happen one after the other until the last one has, once the first has.

        Raises:
            NotCovered: they wait for each other.
        """
        rules, done = self.questions.rules, self.questions.happened_with(first)
        if done is None:
            return []
        order: list[int] = []
        sure, todo = set(done), [last]
        while todo:
            event = todo[-1]
            lacking = sorted(set().union(*(rules.needed(each) for each in rules.blocks[event])) - sure - {event})
            if len(todo) > MOST_WAITING:
                raise NotCovered(NO_PROOF)
            if event in sure:
                todo.pop()
            elif lacking:
                todo += lacking
            else:
                order.append(event)
                sure.update(rules.blocks[event])
        return order

    def leave(self, asked: Question, reason: str) -> None:
        """Leave a question open."""
        self.open.append(asked.to_json() | {"reason": reason})
