"""Find out about one plan: what to search, and what the searches together say.

An architecture of few services is searched whole.  Where that turns out to be large, or there are too many services to
try, it is divided into parts, and one part of each shape is searched.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from bac.model.architecture import Architecture
from bac.model.plan import Mode, Plan
from bac.proofs.engine import Statistics
from bac.proofs.findings import Findings, FoundAnomaly, Run, Runs, single_service, soonest
from bac.proofs.reductions.catalogue import Reduction, Saving
from bac.proofs.reductions.decomposition import MANY_SERVICES, Part, parts
from bac.proofs.reductions.part_search import CheckOptions, PartResult, cannot_block_backup, total
from bac.proofs.reductions.recoverable import some_run_recovers
from bac.proofs.scheduler import INTERRUPTED, Inquirer, Task
from bac.properties.anomalies import anomalies
from bac.properties.qualities import Property

MAY_BLOCK = "use cases may stand in each other's way, and there are too many services to search the whole"


@dataclass(frozen=True)
class PlanCheck:
    """One plan of an architecture, and what is asked of it."""

    architecture: Architecture
    plan: Plan
    asking: CheckOptions

    @cached_property
    def whole(self) -> Part:
        """The architecture, undivided."""
        return Part(self.architecture, self.plan, tuple(enumerate(anomalies(self.architecture, 1))))

    @property
    def few(self) -> bool:
        """Whether there are few enough services to search the whole."""
        return len(self.architecture.services) <= MANY_SERVICES

    def nothing(self, reason: str) -> Findings:
        """What is known if nothing was found out, and why."""
        limits = dict.fromkeys(self.asking.asked, reason)
        return Findings((), (), None, None, True, False, Statistics(), limits, reason == INTERRUPTED)

    def findings(self) -> Inquirer[Findings]:
        """All that can be found out."""
        several = len(self.architecture.use_cases) > 1
        if Reduction.PROJECTION in self.asking.reductions and self.architecture.use_cases and (several or not self.few):
            seen = 0
            if self.few:
                (found,) = yield [Task(self.asking, self.whole, tried=self.asking.enumerates)]
                if found.interrupted or not found.limits or not self.asking.enumerates:
                    return together([(self.whole, found)])
                seen = found.statistics.states
            divided = parts(self.architecture, self.plan)
            if not self.few or self.worthwhile(divided):
                return (yield from self.divided(divided, seen))
        (found,) = yield [Task(self.asking, self.whole)]
        return together([(self.whole, found)])

    def worthwhile(self, divided: Sequence[Part]) -> bool:
        """Whether dividing promises less work: no part has most of the use cases."""
        return 2 * max(len(part.architecture.use_cases) for part in divided) <= len(self.architecture.use_cases)

    def divided(self, divided: Sequence[Part], seen: int) -> Inquirer[Findings]:
        """The findings from one part of each shape; about the backup, if need be, from the whole.

        So many states of the whole were ``seen``.
        """
        first: dict[Hashable, Part] = {}
        for part in divided:
            first.setdefault(part.shape, part)
        answers = yield [Task(self.asking, part) for part in first.values()]
        by_shape = dict(zip(first, answers, strict=True))
        findings = together([(part, by_shape[part.shape]) for part in divided])
        searched = findings.statistics.states
        saving = Saving(Reduction.PROJECTION, searched, self.size(divided, seen, searched))
        findings = replace(findings, savings=(saving, *findings.savings))
        if Property.BACKUP in self.asking.asked and findings.dead_end is None and not findings.interrupted:
            return (yield from self.about_backup(findings, answers))
        return findings

    def size(self, divided: Iterable[Part], seen: int, searched: int) -> str:
        """How many states the whole has at the least: a use case that reads no other is free to begin, or not."""
        free = sum(len(part.architecture.use_cases) == 1 for part in divided) * self.asking.instances
        if max(2**free, seen) <= searched:
            return "those of the whole"
        return f"at least 2^{free}" if 2**free > seen else f"at least {seen:,}"

    def about_backup(self, findings: Findings, searched: Sequence[PartResult]) -> Inquirer[Findings]:
        """The findings with what is known of the backup, which no part by itself keeps from being completed."""
        limits = without_backup(findings.limits)
        for service in self.architecture.services:
            if self.plan.mode_of(service.name) is Mode.NONE:
                part = single_service(self.architecture, self.plan, service)
                return replace(findings, dead_end=Run(part, ()), limits=limits)
        if all(cannot_block_backup(found.part) for found in searched):
            return replace(findings, limits=limits)
        if not self.few:
            return replace(findings, limits={Property.BACKUP: MAY_BLOCK, **findings.limits})
        (found,) = yield [Task(self.asking, self.whole, backup=True)]
        return replace(
            findings,
            dead_end=found.dead_end,
            limits={**limits, **found.limits},
            statistics=total([findings.statistics, found.statistics]),
            interrupted=found.interrupted,
            savings=(*findings.savings, *found.savings),
        )


def without_backup(limits: Mapping[Property, str]) -> dict[Property, str]:
    """The limits that do not concern the backup."""
    return {which: limit for which, limit in limits.items() if which != Property.BACKUP}


def together(searched: Sequence[tuple[Part, PartResult]]) -> Findings:
    """What the searches of all parts say of the whole; of parts of one shape, the first was searched."""
    found: list[FoundAnomaly] = []
    losses: list[tuple[str, Runs]] = []
    denied: list[Run] = []
    dead_end: list[Run] = []
    for part, result in searched:
        model = result.part
        mine = result if model is part else result.like(part)
        for (number, anomaly), (_, first) in zip(part.wanted, model.wanted, strict=True):
            runs = mine.anomalies[number] if mine.anomalies else {}
            found.append(FoundAnomaly(anomaly, runs, None if model is part else first.subject))
        steps = (f"{case.name}.{step.number}" for case, step in part.architecture.steps())
        losses += zip(steps, mine.losses, strict=False)
        denied += [mine.denied] if mine.denied is not None else []
        dead_end += [mine.dead_end] if mine.dead_end is not None else []
    each = list({id(result): result for _, result in searched}.values())
    limits: dict[Property, str] = {}
    for result in each:
        limits = {**result.limits, **limits}
    return Findings(
        tuple(found),
        tuple(losses),
        soonest(denied),
        soonest(dead_end),
        any(result.can_recover and some_run_recovers(result.part.architecture, result.part.plan) for result in each),
        all(result.any_number for result in each),
        total(result.statistics for result in each),
        limits,
        any(result.interrupted for result in each),
        merged(saving for result in each for saving in result.savings),
        len(searched),
        len(each),
    )


def merged(savings: Iterable[Saving]) -> tuple[Saving, ...]:
    """The savings of several searches, those of each reduction together, with the largest of what was saved."""
    table: dict[Reduction, list[Saving]] = {}
    for saving in savings:
        table.setdefault(saving.reduction, []).append(saving)
    return tuple(
        replace(max(each, key=lambda saving: saving.searched), searched=sum(saving.searched for saving in each))
        for each in table.values()
    )
