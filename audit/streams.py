"""Streams of sorted ids, from databases, files and listings, in constant memory.

Ids are text, sorted by the bytes of their UTF-8 form, which is the order of Python's texts.
"""

from __future__ import annotations

import csv
import heapq
import json
import os
import re
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, closing
from datetime import UTC, datetime
from importlib.util import find_spec
from itertools import islice
from typing import Any

from bac.audit.plan import AuditPlan, Source, Store
from bac.model.errors import BacError
from bac.model.extras import needed

Row = tuple[str, str, Any]
"""The id that is compared, the id of the row itself, and its time."""
BATCH = 5_000
"""Rows that are fetched at once."""
CHUNK = 50_000
"""Rows of a file that are sorted in memory; larger files are sorted in parts."""
COLLATIONS = {"sqlite": "BINARY", "postgresql": "C", "mysql": "utf8mb4_bin", "mariadb": "utf8mb4_bin"}
"""The collation that sorts text by its bytes, where that is not the default."""


class AuditError(BacError):
    """A store cannot be read."""


class Stores:
    """The stores of an audit, opened for reading when they are first used."""

    def __init__(self, plan: AuditPlan, stack: ExitStack) -> None:
        """Close what is opened with the stack."""
        self.plan, self._stack = plan, stack
        self._connections: dict[str, Any] = {}

    def rows(self, source: Source, after: str | None) -> Iterator[Row]:
        """Yield the rows of a source by id, those with ids after ``after`` only.

        Raises:
            AuditError: the source cannot be read, or a database sorts otherwise.
        """
        rows = self._table(source, after) if source.file is None else self._file(source, after)
        last = ""
        for row in rows:
            if row[0] < last:
                raise AuditError(
                    f"{self._where(source)}: {row[0]!r} comes after {last!r}: the store {source.store!r} does not sort"
                    " text by its bytes; name a collation that does under 'collation'"
                )
            last = row[0]
            yield row

    def _where(self, source: Source) -> str:
        return f"{self.plan.file}:{source.place.line}"

    # Databases

    def _table(self, source: Source, after: str | None) -> Iterator[Row]:
        sql = needed("sqlalchemy", "audit", "an audit of databases")
        store = self.plan.stores[source.store]
        try:
            connection = self._connection(store)
            collation = store.collation or COLLATIONS.get(connection.dialect.name)
            key: Any = sql.cast(sql.column(source.id), sql.String)
            key = key.collate(collation) if collation else key
            own = sql.cast(sql.column(source.of), sql.String) if source.of else sql.literal("")
            time = sql.column(source.created) if source.created else sql.null()
            query = (
                sql.select(key, own, time)
                .select_from(named(sql, source.table))
                .where(sql.column(source.id).isnot(None))
            )
            if after is not None:
                query = query.where(key > after)
            if source.where:
                query = query.where(sql.text(f"({source.where})".replace(":", "\\:")))
            result = connection.execution_options(stream_results=True, yield_per=BATCH).execute(query.order_by(key))
            with closing(result):
                for part in result.partitions(BATCH):
                    for row in part:
                        yield row[0], row[1], row[2]
        except sql.exc.SQLAlchemyError as error:
            said = str(getattr(error, "orig", None) or error).strip().split("\n")[0]
            raise AuditError(
                f"{self._where(source)}: cannot read {source.table!r} of {source.store!r}: {said}"
            ) from None

    def _connection(self, store: Store) -> Any:
        """Return a connection of its own for each stream, in a transaction that only reads."""
        sql = needed("sqlalchemy", "audit", "an audit of databases")
        url = store.url or os.environ.get(store.url_env or "")
        if not url:
            raise AuditError(f"the environment variable {store.url_env} with the address of {store.name!r} is not set")
        engine = self._connections.get(store.name)
        if engine is None:
            try:
                engine = sql.create_engine(self._relative(sql, url), poolclass=sql.pool.NullPool)
            except (sql.exc.ArgumentError, ImportError) as error:
                raise AuditError(f"the address of the store {store.name!r} cannot be used: {error}") from None
            self._connections[store.name] = engine
            self._stack.callback(engine.dispose)
        if engine.dialect.name == "sqlite":
            connection = self._stack.enter_context(closing(engine.connect()))
            connection.exec_driver_sql("PRAGMA query_only = ON")
            return connection
        options = {"postgresql": {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}}
        connection = engine.connect().execution_options(**options.get(engine.dialect.name, {}))
        self._stack.enter_context(closing(connection))
        if engine.dialect.name in ("mysql", "mariadb"):
            connection.exec_driver_sql("SET SESSION TRANSACTION READ ONLY")
        return connection

    def _relative(self, sql: Any, url: str) -> Any:
        """Return the address of a database; that of a file is relative to the audit file, and is never created."""
        made = sql.make_url(url)
        if made.drivername == "postgresql" and find_spec("psycopg2") is None:
            made = made.set(drivername="postgresql+psycopg")
        if made.get_backend_name() != "sqlite" or not made.database or made.database.startswith("file:"):
            return made
        file = self.plan.file.parent / made.database
        if not file.is_file():
            raise AuditError(f"{self.plan.file}: there is no database {file}")
        return made.set(database=str(file))

    # Files

    def _file(self, source: Source, after: str | None) -> Iterator[Row]:
        assert source.file is not None
        try:
            with source.file.open(encoding="utf-8", newline="") as opened:
                rows = (row for row in self._parsed(source, opened) if after is None or row[0] > after)
                yield from self._sorted(rows)
        except (OSError, UnicodeDecodeError) as error:
            reason = getattr(error, "strerror", None) or "it is not UTF-8"
            raise AuditError(f"{self._where(source)}: cannot read {source.file}: {reason}") from None

    def _parsed(self, source: Source, lines: Iterable[str]) -> Iterator[Row]:
        """Yield the rows of a file in its own order; empty ids are left out."""
        assert source.file is not None
        if source.key is not None:
            yield from listed(re.compile(source.key), lines)
            return
        for number, values in enumerate(self._values(source, lines), 1):
            for column in filter(None, (source.id, source.of, source.created)):
                if column not in values:
                    raise AuditError(f"{self._where(source)}: {source.file.name}: row {number} has no {column!r}")
            if values[source.id] not in (None, ""):
                own = str(values[source.of]) if source.of else ""
                yield str(values[source.id]), own, values[source.created] if source.created else None

    def _values(self, source: Source, lines: Iterable[str]) -> Iterator[dict[str, Any]]:
        assert source.file is not None
        if source.file.suffix.lower() in (".csv", ".tsv"):
            yield from csv.DictReader(lines, delimiter="\t" if source.file.suffix.lower() == ".tsv" else ",")
            return
        for number, line in enumerate(lines, 1):
            if line.strip():
                try:
                    values = json.loads(line)
                except ValueError as error:
                    raise AuditError(f"{self._where(source)}: {source.file.name}:{number}: {error}") from None
                yield values if isinstance(values, dict) else {}

    def _sorted(self, rows: Iterator[Row]) -> Iterator[Row]:
        """Yield rows by id: sorted in memory if there are few, else in parts that are merged from files."""
        first = sorted(islice(rows, CHUNK), key=compared)
        if len(first) < CHUNK:
            return iter(first)
        parts = [self._part(first)]
        while part := sorted(islice(rows, CHUNK), key=compared):
            parts.append(self._part(part))
        return heapq.merge(*parts, key=compared)

    def _part(self, rows: list[Row]) -> Iterator[Row]:
        file = self._stack.enter_context(tempfile.TemporaryFile("w+", encoding="utf-8"))  # noqa: SIM115
        file.writelines(json.dumps(row) + "\n" for row in rows)
        file.seek(0)
        return ((id_, own, time) for id_, own, time in map(json.loads, file))


def compared(row: Row) -> str:
    """Return the id by which rows are compared."""
    return row[0]


def named(sql: Any, name: str) -> Any:
    """Return a table by its name, which may have a schema."""
    schema, _, table = name.rpartition(".")
    return sql.table(table, schema=schema or None)


def listed(key: re.Pattern[str], lines: Iterable[str]) -> Iterator[Row]:
    """Yield the ids of a listing: of each line that the pattern is found in."""
    timed = "time" in key.groupindex
    for line in lines:
        if (found := key.search(line.rstrip("\r\n"))) is not None and found["id"]:
            yield found["id"], "", found["time"] if timed else None


def instant(value: Any) -> datetime | None:
    """Return a time of a store in UTC: a date with time, its ISO form, or seconds since 1970; else ``None``."""
    match value:
        case datetime():
            return value.astimezone(UTC) if value.tzinfo else value.replace(tzinfo=UTC)
        case int() | float():
            try:
                return datetime.fromtimestamp(value, UTC)
            except (OverflowError, OSError, ValueError):
                return None
        case str():
            try:
                return instant(datetime.fromisoformat(value))
            except ValueError:
                return None
        case _:
            return None
