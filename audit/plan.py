"""The audit file: which stores hold which entities, links and records of interactions; read with located errors.

docs/real-services.md, "Audit", is the reference of the format.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from bac.model import documents
from bac.model.architecture import Architecture
from bac.model.specification import fields, reader
from bac.model.specification.diagnostics import Place, Report
from bac.model.specification.fields import Reader, Record
from bac.model.specification.yaml_tree import Node, ScalarNode, read

Threshold = tuple[str, int]
"""A comparison and a number, as in ``>10``."""
NEVER: Threshold = (">", 2**63)
SOME: Threshold = (">", 0)
THRESHOLD = re.compile(r"\s*(>=|>|=)\s*([0-9]{1,18})\s*")


@dataclass(frozen=True, slots=True)
class Store:
    """A database, by its address or the environment variable that holds it; ``collation`` sorts text by its bytes."""

    name: str
    url: str | None = None
    url_env: str | None = None
    collation: str | None = None


@dataclass(frozen=True, slots=True)
class Source:
    """Ids with their times: a table of a store, a file of CSV or JSON lines, or the listing of an object store.

    ``id`` is the column of the ids that are compared, ``of`` that of the row's own id, if it is another one; ``key`` is
    a pattern with the groups ``id`` and, if listings have times, ``time``.
    """

    place: Place
    store: str
    table: str = ""
    id: str = "id"
    of: str | None = None
    created: str | None = None
    where: str | None = None
    file: Path | None = None
    key: str | None = None


@dataclass(frozen=True, slots=True)
class Severity:
    """The numbers of findings from which a check warns, and fails."""

    warn_if: Threshold = NEVER
    error_if: Threshold = SOME

    def of(self, count: int) -> str:
        """Return ``error``, ``warn`` or ``pass`` for so many findings."""
        for name, (comparison, bound) in (("error", self.error_if), ("warn", self.warn_if)):
            if {">": count > bound, ">=": count >= bound, "=": count == bound}[comparison]:
                return name
        return "pass"


TOLERATED = Severity(SOME, NEVER)
"""Of what the specification tolerates."""


@dataclass(frozen=True, slots=True)
class EntityCheck:
    """An entity, and whether one that nothing refers to is an orphan."""

    name: str
    source: Source
    orphans: bool = False
    severity: Severity = Severity()


@dataclass(frozen=True, slots=True)
class LinkCheck:
    """A link: for each holder the id of the target."""

    holder: str
    target: str
    source: Source
    severity: Severity = Severity()

    def __str__(self) -> str:
        return f"{self.holder} -> {self.target}"


@dataclass(frozen=True, slots=True)
class CopyCheck:
    """The records that the steps of one interaction leave, first of all that of the sender.

    ``follows`` has for each record the numbers (from 1) of those that come before it.  ``entities`` are those whose
    ids the records have.
    """

    name: str
    records: tuple[Source, ...]
    follows: tuple[tuple[int, ...], ...]
    entities: tuple[str, ...] = ()
    severities: tuple[Severity, ...] = ()


@dataclass(frozen=True)
class AuditPlan:
    """The content of an audit file; ``digest`` is that of its text."""

    name: str
    file: Path
    digest: str
    stores: Mapping[str, Store]
    entities: Mapping[str, EntityCheck]
    links: tuple[LinkCheck, ...]
    copies: tuple[CopyCheck, ...]
    architecture: Architecture | None = None

    def links_to(self, entity: str) -> tuple[LinkCheck, ...]:
        """Return the links to an entity."""
        return tuple(link for link in self.links if link.target == entity)


def load(path: str | Path) -> AuditPlan:
    """Read an audit file; paths in it are relative to it.

    Raises:
        BacError: it cannot be read, or (SpecificationError) has errors; all of them are in the message.
    """
    content = documents.read(path)
    report, root = read(content, str(path))
    return Loader(report, Path(path)).plan(root, hashlib.sha256(content).hexdigest())


def threshold(report: Report, node: Node) -> Threshold | None:
    """Read a threshold, such as ``">10"``, or ``never``."""
    text = fields.short_text(report, node)
    if text is None:
        return None
    if text.text == "never":
        return NEVER
    if (found := THRESHOLD.fullmatch(text.text)) is not None:
        return found[1], int(found[2])
    report.add("unknown-value", node, f'expected a threshold such as ">10", or never; found {text.text!r}')
    return None


def pattern(report: Report, node: Node) -> ScalarNode | None:
    """Read a regular expression with a group ``id``."""
    text = fields.short_text(report, node)
    if text is None:
        return None
    try:
        groups = re.compile(text.text).groupindex
    except re.error as error:
        report.add("unknown-value", node, f"this is no regular expression: {error}")
        return None
    if "id" not in groups:
        report.add("unknown-value", node, "the pattern needs a group (?P<id>…), which matches the id")
        return None
    return text


def many(what: str, of: Reader[Any]) -> Reader[tuple[Any, ...]]:
    """Return a reader of a list of values."""

    def values(report: Report, node: Node) -> tuple[Any, ...] | None:
        found = [of(report, item) for item in fields.items(report, node, what)]
        return None if None in found else tuple(found)

    return values


SOURCE: Mapping[str, Reader[Any]] = {
    "store": fields.name,
    "table": fields.name,
    "id": fields.name,
    "created": fields.name,
    "where": fields.short_text,
    "file": fields.short_text,
    "listing": fields.short_text,
    "key": pattern,
}
SEVERITY: Mapping[str, Reader[Any]] = {"warn_if": threshold, "error_if": threshold}
_DOCUMENT = fields.record(
    "an audit",
    {
        "name": fields.name,
        "specification": fields.short_text,
        "stores": fields.anything,
        "entities": fields.anything,
        "links": fields.anything,
        "copies": fields.anything,
    },
)
_STORE = fields.record("a store", {"url": fields.short_text, "url_env": fields.name, "collation": fields.name})
_ENTITY = fields.record("an entity", {**SOURCE, **SEVERITY, "orphans": fields.boolean})
_LINK = fields.record("a link", {**SOURCE, **SEVERITY, "column": fields.name}, required=["column"])
_RECORD = fields.record("a record", {**SOURCE, **SEVERITY})
_COPY = fields.record(
    "an interaction",
    {"records": many("records", _RECORD), "ids": fields.names(fields.entity, single=True)},
    required=["records"],
)


@dataclass
class Loader:
    """Reads one audit file."""

    report: Report
    path: Path
    stores: dict[str, Store] = field(default_factory=dict)
    entities: dict[str, EntityCheck] = field(default_factory=dict)
    architecture: Architecture | None = None

    def plan(self, root: Node, digest: str) -> AuditPlan:
        """Return the content of the file.

        Raises:
            SpecificationError: it has errors.
        """
        document = _DOCUMENT(self.report, root)
        values = document.values if document is not None else {}
        if "specification" in values:
            specification = reader.load(self.path.parent / values["specification"].text)
            self.architecture = specification.architecture
        self.stores = dict(self._stores(values.get("stores")))
        self.entities = dict(self._entities(values.get("entities")))
        links = tuple(self._links(values.get("links")))
        copies = tuple(self._copies(values.get("copies")))
        if not links and not copies and not self.report.errors:
            self.report.add("missing-key", Place(1, 1), "there is nothing to audit: give links or copies")
        if self.report.errors:
            self.report.fail()
        name = values["name"].text if "name" in values else self.path.name.split(".")[0]
        return AuditPlan(name, self.path, digest, self.stores, self.entities, links, copies, self.architecture)

    def _named(self, node: Node | None, what: str, of: Reader[Record]) -> Iterator[tuple[ScalarNode, Record]]:
        for key, value in fields.named(self.report, node, what) if node is not None else ():
            if (read_value := of(self.report, value)) is not None:
                yield key, read_value

    def _stores(self, node: Node | None) -> Iterator[tuple[str, Store]]:
        for key, record in self._named(node, "stores", _STORE):
            values = {name: value.text for name, value in record.values.items()}
            if record.whole and ("url" in values) == ("url_env" in values):
                self.report.add("missing-key", key, "a store needs one of the keys url and url_env")
            yield key.text, Store(key.text, **values)

    def _source(self, place: Place, record: Record, default: Source | None = None) -> Source | None:
        """Return the source that a mapping describes; what it does not say of itself is that of another one."""
        values = {name: value.text for name, value in record.values.items() if isinstance(value, ScalarNode)}
        kinds = [kind for kind in ("store", "file", "listing") if kind in values]
        if not kinds and default is not None:
            where, created = values.get("where", default.where), values.get("created", default.created)
            return replace(default, place=place, where=where, created=created)
        if len(kinds) != 1:
            if record.whole:
                self.report.add("missing-key", place, "expected one of the keys store, file and listing")
            return None
        return getattr(self, f"_{kinds[0]}")(place, record, values)  # type: ignore[no-any-return]

    def _store(self, place: Place, record: Record, values: Mapping[str, str]) -> Source | None:
        self._misplaced(record, ("key",), "store")
        if values["store"] not in self.stores:
            self.report.add(
                "unknown-value",
                record.nodes["store"],
                f"there is no store {values['store']!r}",
                wrong=values["store"],
                candidates=self.stores,
            )
            return None
        if "table" not in values:
            self.report.add("missing-key", place, "what is in a store needs the key 'table'")
            return None
        id_, created, where = values.get("id", "id"), values.get("created"), values.get("where")
        return Source(place, values["store"], values["table"], id_, created=created, where=where)

    def _file(self, place: Place, record: Record, values: Mapping[str, str]) -> Source | None:
        self._misplaced(record, ("table", "where", "key"), "file")
        file = self.path.parent / values["file"]
        if file.suffix.lower() not in (".csv", ".tsv", ".jsonl", ".ndjson"):
            self.report.add("unknown-value", record.nodes["file"], "expected a file .csv, .tsv, .jsonl or .ndjson")
            return None
        return Source(place, file.name, id=values.get("id", "id"), created=values.get("created"), file=file)

    def _listing(self, place: Place, record: Record, values: Mapping[str, str]) -> Source | None:
        self._misplaced(record, ("table", "where", "id", "created"), "listing")
        if "key" not in values:
            if "key" not in record.nodes:
                self.report.add("missing-key", place, "a listing needs the key 'key', a pattern with a group (?P<id>…)")
            return None
        file = self.path.parent / values["listing"]
        return Source(place, file.name, file=file, key=values["key"])

    def _misplaced(self, record: Record, names: tuple[str, ...], kind: str) -> None:
        for name in names:
            if name in record.keys:
                self.report.add("misplaced-key", record.keys[name], f"{name!r} says nothing about a {kind}")

    def _severity(self, record: Record, default: Severity) -> Severity:
        return Severity(record.values.get("warn_if", default.warn_if), record.values.get("error_if", default.error_if))

    def _entities(self, node: Node | None) -> Iterator[tuple[str, EntityCheck]]:
        for key, record in self._named(node, "entities", _ENTITY):
            if self._unknown_entity(key, key.text) or (source := self._source(key, record)) is None:
                continue
            orphans = record.values.get("orphans", self._has_own_link(key.text))
            severity = self._severity(record, TOLERATED if self._tolerated_orphan(key.text) else Severity())
            yield key.text, EntityCheck(key.text, source, orphans, severity)

    def _links(self, node: Node | None) -> Iterator[LinkCheck]:
        for key, record in self._named(node, "links", _LINK):
            link = fields.link(self.report, key)
            if link is None or self._unaudited(key, link.target):
                continue
            holder = self.entities.get(link.holder)
            if holder is None and not {"store", "file"} & record.keys.keys():
                self._unaudited(key, link.holder)
                continue
            source = self._source(key, record, None if holder is None else holder.source)
            if source is None or "column" not in record.values:
                continue
            if source.key is not None:
                self.report.add("misplaced-key", key, "a listing has no column that could hold a link")
                continue
            source = replace(source, id=record.values["column"].text, of=source.id)
            severity = self._severity(record, TOLERATED if self._tolerated(link.holder, link.target) else Severity())
            yield LinkCheck(link.holder, link.target, source, severity)

    def _copies(self, node: Node | None) -> Iterator[CopyCheck]:
        for key, record in self._named(node, "copies", _COPY):
            if "records" not in record.values:
                continue
            records = record.values["records"]
            sources = tuple(self._source(each.place, each) for each in records)
            if len(records) < 2:
                self.report.add(
                    "wrong-type", key, "expected at least two records: that of the sender, and a receiver's"
                )
            case = self.architecture.by_use_case.get(key.text) if self.architecture is not None else None
            if case is not None and len(case.steps) != len(records):
                said = f"the use case {key.text!r} has {len(case.steps)} steps, and here are {len(records)} records"
                self.report.add("wrong-type", key, said)
                continue
            for entity in (ids := record.values.get("ids", ())):
                self._unaudited(entity, entity.text)
            follows = tuple(step.predecessors for step in case.steps) if case else ((), *((1,),) * (len(records) - 1))
            tolerated = self.architecture.tolerance.missing_state if self.architecture is not None else frozenset()
            severities = tuple(
                self._severity(each, TOLERATED if (key.text, number) in tolerated else Severity())
                for number, each in enumerate(records, 1)
            )
            known = tuple(source for source in sources if source is not None)
            if len(known) == len(records):
                yield CopyCheck(key.text, known, follows, tuple(each.text for each in ids), severities)

    # The specification

    def _unknown_entity(self, place: Place, name: str) -> bool:
        """Report an entity that the specification does not have."""
        if self.architecture is None:
            return False
        known = {each.name for each in self.architecture.creators}
        if name in known:
            return False
        message = f"the specification has no entity {name!r}"
        self.report.add("unknown-entity", place, message, wrong=name, candidates=known)
        return True

    def _unaudited(self, place: Place, name: str) -> bool:
        """Report an entity that is not listed under ``entities``."""
        if name in self.entities:
            return False
        message = f"{name!r} is not listed under entities"
        self.report.add("unknown-entity", place, message, wrong=name, candidates=self.entities)
        return True

    def _has_own_link(self, entity: str) -> bool:
        """Whether the use case that creates an entity also links it, so that without a link it is an orphan."""
        if self.architecture is None:
            return False
        return any(
            link.target.name == entity and self.architecture.creators[link.target][0] is case
            for link, (case, _) in self.architecture.links.items()
        )

    def _tolerated(self, holder: str, target: str) -> bool:
        if self.architecture is None:
            return False
        tolerance = self.architecture.tolerance
        return (holder, target) in tolerance.links | tolerance.broken_links

    def _tolerated_orphan(self, entity: str) -> bool:
        if self.architecture is None:
            return False
        links = [(link.holder.name, link.target.name) for link in self.architecture.links if link.target.name == entity]
        tolerance = self.architecture.tolerance
        return entity in tolerance.orphans or (bool(links) and all(pair in tolerance.links for pair in links))
