"""Run an audit: merge sorted ids, and count what does not fit together; stopped and resumed without loss."""

from __future__ import annotations

import heapq
import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from typing import Any

from bac.audit.gaps import Gaps
from bac.audit.plan import AuditPlan, CopyCheck, EntityCheck, Severity, Source
from bac.audit.streams import AuditError, Row, Stores, instant
from bac.model import documents
from bac.model.files import write_text
from bac.properties.anomalies import AnomalyKind

SAMPLES = 5
"""The ids that are kept of each check, if nothing else is said."""
CHECKED_EVERY, SAVED_EVERY = 1_000, 100_000
"""Ids after which it is noted how far the audit is, and after which that is saved."""


@dataclass
class Result:
    """The result of one check.

    ``examined`` counts what was looked at, ``count`` the findings; ``samples`` are ids of the first findings, each with
    the id of the row that holds the link; ``first`` and ``last`` are the times of findings.
    """

    kind: AnomalyKind
    subject: str
    store: str
    severity: Severity
    examined: int = 0
    count: int = 0
    samples: list[tuple[str, str]] = field(default_factory=list)
    first: datetime | None = None
    last: datetime | None = None

    def add(self, id_: str, holder: str, time: Any, most: int) -> None:
        """Count a finding."""
        self.count += 1
        if len(self.samples) < most:
            self.samples.append((id_, holder))
        if (at := instant(time)) is not None:
            self.first = at if self.first is None else min(self.first, at)
            self.last = at if self.last is None else max(self.last, at)

    @property
    def status(self) -> str:
        """``error``, ``warn`` or ``pass``."""
        return self.severity.of(self.count)

    def saved(self) -> dict[str, Any]:
        """Return what is needed to go on."""
        times = [None if at is None else at.isoformat() for at in (self.first, self.last)]
        return {"examined": self.examined, "count": self.count, "samples": self.samples, "times": times}

    def resume(self, saved: Mapping[str, Any]) -> None:
        """Go on from what was saved."""
        self.examined, self.count = saved["examined"], saved["count"]
        self.samples = [(id_, holder) for id_, holder in saved["samples"]]
        self.first, self.last = (None if at is None else datetime.fromisoformat(at) for at in saved["times"])


@dataclass
class Audit:
    """An audit, and how far it is.

    Args:
        plan: the audit file.
        samples: how many ids are kept of each check.
        progress: called now and then with the number of ids that were looked at; may raise to stop the audit.
        state: the file in which progress is saved, and from which it goes on if it exists.
    """

    plan: AuditPlan
    samples: int = SAMPLES
    progress: Callable[[int], None] = lambda _: None
    state: Path | None = None
    done: int = 0
    after: str | None = None
    ids: int = 0
    finished: bool = False
    latest: dict[tuple[str, str], Any] = field(default_factory=dict)
    _noted: dict[str, Any] | None = None

    def __post_init__(self) -> None:
        """Go on where the state file says.

        Raises:
            AuditError: it is of another audit file.
        """
        if self.state is not None and self.state.is_file():
            self._resume(documents.parse(documents.read(self.state)))

    @cached_property
    def results(self) -> dict[tuple[AnomalyKind, str], Result]:
        """The result of every check, in the order in which they are reported."""
        made: list[Result] = []
        for link in self.plan.links:
            made.append(Result(AnomalyKind.BROKEN_LINK, str(link), link.source.store, link.severity))
        for entity in self.plan.entities.values():
            if entity.orphans and self.plan.links_to(entity.name):
                made.append(Result(AnomalyKind.ORPHAN_STATE, entity.name, entity.source.store, entity.severity))
        for copy in self.plan.copies:
            for number, (source, severity) in enumerate(zip(copy.records, copy.severities, strict=True), 1):
                subject = f"{copy.name}.{number}"
                made.append(Result(AnomalyKind.MISSING_STATE, subject, source.store, severity))
                made.append(Result(AnomalyKind.DUPLICATE, subject, source.store, severity))
        return {(result.kind, result.subject): result for result in made}

    @property
    def passes(self) -> list[EntityCheck | CopyCheck]:
        """The passes over ids: one for each entity that has links, and one for each interaction."""
        targets = [entity for entity in self.plan.entities.values() if self.plan.links_to(entity.name)]
        return [*targets, *self.plan.copies]

    def run(self) -> None:
        """Look at all ids; progress is saved now and then, and when something stops it.

        Raises:
            AuditError: a store cannot be read.
        """
        try:
            while self.done < len(self.passes):
                what = self.passes[self.done]
                with ExitStack() as stack:
                    stores = Stores(self.plan, stack)
                    if isinstance(what, EntityCheck):
                        self._references(what, stores)
                    else:
                        self._interaction(what, stores)
                self.done, self.after = self.done + 1, None
                self._note()
            self.finished = True
        finally:
            self.save()

    # Links and orphans

    def _references(self, entity: EntityCheck, stores: Stores) -> None:
        """Merge the ids of an entity with those that links to it hold; the entity itself comes first of each id."""
        links = self.plan.links_to(entity.name)
        broken = [self.results[AnomalyKind.BROKEN_LINK, str(link)] for link in links]
        orphans = self.results.get((AnomalyKind.ORPHAN_STATE, entity.name))
        for id_, rows in self._merged(stores, [entity.source, *(link.source for link in links)]):
            own: Row | None = None
            held = False
            for tag, row in rows:
                if tag == 0:
                    own = row
                    continue
                held = True
                broken[tag - 1].examined += 1
                if own is None:
                    broken[tag - 1].add(id_, row[1], row[2], self.samples)
            if orphans is not None and own is not None:
                orphans.examined += 1
                if not held:
                    orphans.add(id_, "", own[2], self.samples)

    # Missing state

    def _interaction(self, copy: CopyCheck, stores: Stores) -> None:
        """Merge the ids of the records of an interaction."""
        gaps, numbers = Gaps(self.plan, copy), range(len(copy.records))
        missing = [self.results[AnomalyKind.MISSING_STATE, f"{copy.name}.{number + 1}"] for number in numbers]
        again = [self.results[AnomalyKind.DUPLICATE, f"{copy.name}.{number + 1}"] for number in numbers]
        sources = [*copy.records, *gaps.sources]
        for id_, rows in self._merged(stores, sources):
            times, counts = None, [0] * len(sources)
            for tag, row in rows:
                counts[tag] += 1
                times = row[2] if times is None else times
            if not any(counts[: len(numbers)]):
                continue
            for number in numbers:
                missing[number].examined += 1
                again[number].examined += 1
                if counts[number] > 1:
                    again[number].add(id_, "", times, self.samples)
            for number in gaps.missing(tuple(map(bool, counts))):
                missing[number - 1].add(id_, "", times, self.samples)

    # Streams

    def _merged(self, stores: Stores, sources: list[Source]) -> Iterator[tuple[str, Iterator[tuple[int, Row]]]]:
        """Yield each id with its rows, each with the number of its source, and note how far the audit is."""
        streams = [self._tagged(stores, tag, source) for tag, source in enumerate(sources)]
        for id_, group in groupby(heapq.merge(*streams), key=itemgetter(0)):
            yield id_, ((tag, row) for _, tag, _, row in group)
            self.after = id_
            self.ids += 1
            if self.ids % CHECKED_EVERY == 0:
                self._note()
                if self.ids % SAVED_EVERY == 0:
                    self.save()
                self.progress(self.ids)

    def _tagged(self, stores: Stores, tag: int, source: Source) -> Iterator[tuple[str, int, int, Row]]:
        """Yield the rows of a source for the merge, and note the newest time of its store."""
        for number, row in enumerate(stores.rows(source, self.after)):
            if (time := row[2]) is not None:
                key = (source.store, type(time).__name__)
                if key not in self.latest or time > self.latest[key]:
                    self.latest[key] = time
            yield row[0], tag, number, row

    @property
    def newest(self) -> dict[str, datetime]:
        """The newest time of what was seen of each store."""
        found: dict[str, datetime] = {}
        for (store, _), time in self.latest.items():
            if (at := instant(time)) is not None:
                found[store] = max(at, found.get(store, at))
        return found

    # Progress

    def _note(self) -> None:
        """Note how far the audit is: all that is counted is of ids up to the last one."""
        self._noted = {
            "format": "bac-audit-state",
            "digest": self.plan.digest,
            "done": self.done,
            "after": self.after,
            "ids": self.ids,
            "newest": {store: at.isoformat() for store, at in self.newest.items()},
            "results": [result.saved() for result in self.results.values()],
        }

    def save(self) -> None:
        """Write what was noted last to the state file, if there is one."""
        if self.state is not None and self._noted is not None:
            write_text(self.state, json.dumps(self._noted) + "\n")

    def _resume(self, saved: Any) -> None:
        try:
            if saved["format"] != "bac-audit-state" or saved["digest"] != self.plan.digest:
                raise AuditError(f"{self.state}: this is the progress of another audit file; delete it to begin anew")
            self.done, self.after, self.ids = saved["done"], saved["after"], saved["ids"]
            self.latest = {(store, "resumed"): datetime.fromisoformat(at) for store, at in saved["newest"].items()}
            for result, before in zip(self.results.values(), saved["results"], strict=True):
                result.resume(before)
        except (KeyError, TypeError, ValueError) as error:
            raise AuditError(f"{self.state}: this is not the progress of an audit ({error})") from None
