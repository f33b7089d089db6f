"""The ways in which a recovered application can be inconsistent: as formulas over the settled cut, and seen in one.

Source: the article, "Eventual Inconsistency with Full Availability" (Figures 3, 4 and 5); docs/semantics.md,
"Anomalies".
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property

from bac.model.aftermath import Possible
from bac.model.architecture import Architecture, Caching, Entity, Link, Place, Step, UseCase, Verb
from bac.model.guard import Fault, Guard, Presence, others
from bac.model.plan import Plan
from bac.model.setting import Setting
from bac.model.system import Event, FactKind, before, dropped, logged, twice
from bac.model.trace import Trace
from bac.properties.formula import FALSE, TRUE, Atom, Formula, Not, condition, conjunction, disjunction, satisfied


class AnomalyKind(StrEnum):
    """The ways in which a recovered application can be inconsistent."""

    BROKEN_LINK = "broken-link"
    ORPHAN_STATE = "orphan-state"
    MISSING_STATE = "missing-state"
    DUPLICATE = "duplicate"
    MISDIRECTED_LINK = "misdirected-link"
    OVERBOOKING = "overbooking"


class Blame(StrEnum):
    """The cause to which an anomaly is put down: the backup, the application alone, or none, as it is tolerated."""

    BACKUP = "backup"
    TOLERATED = "tolerated"
    APPLICATION = "application"


@dataclass(frozen=True, slots=True)
class Anomaly:
    """One thing that can be wrong at one index.

    ``subject`` is what people call it: ``holder -> target``, the entity, or ``use case.step``; entries of several
    indices (or of several references that share a name) have one subject in common.  ``about`` is the link, the
    entity, or the event itself.  Only what the backup is to blame for violates consistency; the rest is reported.
    """

    kind: AnomalyKind
    subject: str
    index: int
    about: Link | Entity | Event
    formula: Formula
    blame: Blame = Blame.BACKUP

    @property
    def identity(self) -> tuple[AnomalyKind, Link | Entity | Event, Blame]:
        """By what the anomaly is known among those of one index."""
        return self.kind, self.about, self.blame

    @property
    def counts(self) -> bool:
        """Whether the anomaly violates consistency."""
        return self.blame is Blame.BACKUP


def anomalies(architecture: Architecture, plan: Plan, instances: int) -> tuple[Anomaly, ...]:
    """Every anomaly that the architecture could show under a plan, for each index from 1 to ``instances``."""
    setting = Setting(architecture, plan, 1)
    return tuple(anomaly for index in range(1, instances + 1) for anomaly in Definitions(setting, index).anomalies())


class Definitions:
    """The definitions of the anomalies, at one index of one architecture under a plan."""

    def __init__(self, setting: Setting, index: int) -> None:
        """Keep the setting."""
        self.setting, self.architecture, self.index = setting, setting.architecture, index
        self.presence = Presence(setting.architecture, index, frozenset(setting.plan.recovery.collect))
        self.fault = Fault(setting.architecture, setting.droppable)
        self.links_to = setting.architecture.links_to

    # What there is

    def happened(self, case: UseCase, step: Step) -> Formula:
        """The step's event is in the log."""
        return Atom(logged(self.presence.event(case, step)))

    def exists(self, entity: Entity) -> Formula:
        """Created, and neither deleted nor collected."""
        return condition(self.presence.exists(entity))

    def holds(self, link: Link) -> Formula:
        """The link was made and not removed, and its holder exists."""
        return condition(self.presence.holds(link))

    def taken(self, entity: Entity) -> Formula:
        """Deleted or collected."""
        return disjunction(map(Atom, self.presence.taken(entity)))

    def lost(self, entity: Entity) -> Formula:
        """The entity was created before the disaster, and that is not in the cut."""
        creation = self.presence.creation(entity)
        return conjunction([Atom(before(creation)), Not(Atom(logged(creation)))])

    # What is wrong

    def broken(self, link: Link) -> Formula:
        """The link holds, and leads nowhere."""
        return conjunction([self.holds(link), Not(condition(self.presence.resolves(link.target)))])

    def links_within(self, entity: Entity) -> list[Link]:
        """The links to an entity that the use case which creates it makes."""
        home, _ = self.architecture.creators[entity]
        return [link for link in self.links_to.get(entity, ()) if self.architecture.links[link][0] is home]

    def orphan(self, entity: Entity) -> Formula:
        """The entity exists, its own use case makes a link to it, and no link to it holds."""
        if not self.links_within(entity):
            return FALSE
        return conjunction([self.exists(entity), *(Not(self.holds(link)) for link in self.links_to[entity])])

    def missing(self, case: UseCase, step: Step) -> Formula:
        """The event is not in the cut, another of its use case and index is, and nothing else accounts for that."""
        begun = disjunction(Atom(logged(other)) for other in others(case, step, self.index))
        moot = disjunction([*self.explanations(case, step), *self.excuses(case, step)])
        return conjunction([Not(self.happened(case, step)), begun, Not(moot)])

    def explanations(self, case: UseCase, step: Step) -> Iterator[Formula]:
        """Anomalies that already account for the absence of this step's event."""
        if step.verb is Verb.CREATE:
            yield from (self.broken(link) for link in self.links_to.get(step.entity, ()))
        for link in step.links:
            if self.architecture.creators[link.target][0] is case:
                yield self.orphan(link.target)

    def excuses(self, case: UseCase, step: Step) -> Iterator[Formula]:
        """Yield the reasons for which the absence of this step's event is no loss."""
        if step.predecessors:
            yield conjunction(Not(self.happened(case, case.step(number))) for number in step.predecessors)
        if step.verb is not Verb.CREATE:
            yield self.taken(step.entity)
        yield from (Atom(fact) for link in step.links for fact in self.presence.gone(link.target))
        if (case.name, step.number) in self.setting.droppable:
            yield Atom(dropped(self.presence.event(case, step)))
        yield conjunction(
            disjunction([Not(self.happened(case, other)), self.taken(other.entity)])
            for other in case.steps
            if other is not step
        )

    def misdirected(self, link: Link) -> Formula:
        """The target of the link was lost, or its holder, and the next one created takes the same id."""
        again, found = self.architecture.sequences, []
        if link.target.name in again:
            found.append(conjunction([self.broken(link), self.lost(link.target)]))
        if link in self.links_within(link.target) and link.holder.name in again:
            found.append(conjunction([self.orphan(link.target), self.lost(link.holder)]))
        return disjunction(found)

    def overbooked(self, entity: Entity) -> Formula:
        """Someone holds a link to an entity of which there are only so many, and which was lost."""
        broken = (self.broken(link) for link in self.links_to.get(entity, ()))
        return conjunction([self.lost(entity), disjunction(broken)])

    # Tolerance

    def kept_copy(self, link: Link) -> Formula:
        """The holder's service has its copy of the target."""
        service = link.holder.service
        copies = (
            self.happened(case, step)
            for case, step in self.architecture.steps()
            if step.verb is Verb.COPY and step.entity == link.target and step.service == service
        )
        return disjunction(copies)

    def tolerance(self, link: Link) -> Formula:
        """The cuts in which the link may break: any, none, or those that have a copy of its target."""
        pair = (link.holder.name, link.target.name)
        listed = self.architecture.tolerates(link) or pair in self.architecture.tolerance.broken_links
        cached = self.caches.get(pair)
        if listed or cached is Caching.WITH_THE_LINK:
            return TRUE
        return self.kept_copy(link) if cached is Caching.COPIES else FALSE

    def tolerates_orphan(self, entity: Entity) -> bool:
        """Whether the entity may be left without a link."""
        listed = entity.name in self.architecture.tolerance.orphans
        return listed or all(map(self.architecture.tolerates, self.links_to[entity]))

    @cached_property
    def caches(self) -> dict[tuple[str, str], Caching]:
        """The ways in which links are cached, by the plain names of holder and target."""
        return dict(self.architecture.caches)

    # All of it

    def anomalies(self) -> Iterator[Anomaly]:
        """Every anomaly of this index."""
        for link in self.architecture.links:
            excused = self.fault.excused_link(link, self.index) if self.fault.can_dangle(link) else None
            yield from self.judged(AnomalyKind.BROKEN_LINK, link, self.broken(link), excused, self.tolerance(link))
        for entity in self.architecture.creators:
            if self.links_within(entity):
                excused = self.fault.excused_orphan(entity, self.index) if self.fault.can_be_left(entity) else None
                tolerated = TRUE if self.tolerates_orphan(entity) else FALSE
                yield from self.judged(AnomalyKind.ORPHAN_STATE, entity, self.orphan(entity), excused, tolerated)
        for case, step in self.architecture.steps():
            if len(case.steps) > 1:
                blame = Blame.BACKUP
                if (case.name, step.number) in self.architecture.tolerance.missing_state:
                    blame = Blame.TOLERATED
                yield self.of_step(AnomalyKind.MISSING_STATE, case, step, self.missing(case, step), blame)
        for case, step in self.architecture.steps():
            if (case.name, step.number) in self.repeatable:
                again = Atom(twice(self.presence.event(case, step)))
                yield self.of_step(AnomalyKind.DUPLICATE, case, step, again, Blame.BACKUP)
        for link in self.architecture.links:
            if (wrong := self.misdirected(link)) != FALSE:
                yield Anomaly(AnomalyKind.MISDIRECTED_LINK, str(link), self.index, link, wrong)
        for entity in self.links_to:
            if entity.name in self.architecture.scarce:
                yield Anomaly(AnomalyKind.OVERBOOKING, str(entity), self.index, entity, self.overbooked(entity))

    def judged(
        self, kind: AnomalyKind, about: Link | Entity, wrong: Formula, excused: Guard | None, tolerated: Formula
    ) -> Iterator[Anomaly]:
        """One anomaly, told apart by whom it is laid to; ``excused`` is ``None`` if it cannot be."""
        mine = wrong if excused is None else conjunction([wrong, Not(condition(excused))])
        shown = {Blame.BACKUP: unless(mine, tolerated), Blame.TOLERATED: where(mine, tolerated)}
        if excused is not None:
            theirs = conjunction([wrong, condition(excused)])
            shown[Blame.APPLICATION] = unless(theirs, tolerated)
        for blame, formula in shown.items():
            if formula != FALSE:
                yield Anomaly(kind, str(about), self.index, about, formula, blame)

    def of_step(self, kind: AnomalyKind, case: UseCase, step: Step, wrong: Formula, blame: Blame) -> Anomaly:
        """An anomaly about the event of a step."""
        return Anomaly(kind, f"{case.name}.{step.number}", self.index, self.presence.event(case, step), wrong, blame)

    @cached_property
    def repeatable(self) -> frozenset[Place]:
        """The steps that are not idempotent, and can be done twice."""
        possible = Possible(self.setting)
        return frozenset(
            (case.name, step.number)
            for case in self.architecture.use_cases
            for transaction in self.setting.transactions(case)
            if any(step.once for step in transaction) and possible.repeats(case, transaction)
            for step in transaction
            if step.once
        )


def where(wrong: Formula, also: Formula) -> Formula:
    """Both, where the second may be plainly true or false."""
    if also == TRUE:
        return wrong
    return FALSE if also == FALSE else conjunction([wrong, also])


def unless(wrong: Formula, not_if: Formula) -> Formula:
    """The first and not the second, where the second may be plainly true or false."""
    if not_if == FALSE:
        return wrong
    return FALSE if not_if == TRUE else conjunction([wrong, Not(not_if)])


class Cut:
    """The logs at the end of a trace, seen from one index."""

    def __init__(self, trace: Trace, index: int) -> None:
        """Collect what is in the logs."""
        self.trace, self.index = trace, index
        self._facts = trace.states[-1]
        self.events = {fact.events[0] for fact in self._facts if fact.kind is FactKind.LOGGED and fact.index == index}
        self._definitions = Definitions(Setting(trace.architecture, trace.plan, 1), index)
        self.presence = self._definitions.presence

    def creation(self, entity: Entity) -> Event:
        """The event that creates an entity."""
        return self.presence.creation(entity)

    def making(self, link: Link) -> Event:
        """The event that makes a link."""
        return self.presence.making(link)

    def removals(self, what: Entity | Link) -> tuple[Event, ...]:
        """Return the events that delete an entity or remove a link, whether they happen or not."""
        return self.presence.removals(what)

    def removal(self, what: Entity | Link) -> Event | None:
        """Return the event in the cut that deletes an entity or removes a link, if there is one."""
        return next((event for event in self.removals(what) if event in self.events), None)

    def exists(self, entity: Entity) -> bool:
        """Whether the entity exists in the cut."""
        return self._shows(self.presence.exists(entity))

    def holds(self, link: Link) -> bool:
        """Whether the link holds in the cut."""
        return self._shows(self.presence.holds(link))

    def broken(self, link: Link) -> bool:
        """Whether the link is broken in the cut."""
        return self._shows(self._definitions.broken(link))

    def orphan(self, entity: Entity) -> bool:
        """Whether the entity is an orphan in the cut."""
        return self._shows(self._definitions.orphan(entity))

    def misdirected(self, link: Link) -> bool:
        """Whether the link comes to lead to something else in the cut."""
        return self._shows(self._definitions.misdirected(link))

    def links_within(self, entity: Entity) -> list[Link]:
        """The links to an entity that its own use case makes."""
        return self._definitions.links_within(entity)

    def name(self, entity: Entity) -> str:
        """Return the name of an entity, with its index where there are several."""
        return f"{entity} #{self.index}" if self.trace.instances > 1 else str(entity)

    def _shows(self, what: Guard | Formula) -> bool:
        return satisfied(condition(what) if isinstance(what, Guard) else what, self._facts)
