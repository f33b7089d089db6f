"""Drills on a PostgreSQL server: backups by ``pg_dump``, dropped databases, and restores by ``pg_restore``."""

from __future__ import annotations

import os
import subprocess
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from shutil import rmtree
from typing import Any
from weakref import finalize

from bac.api.specification import Specification
from bac.model.extras import needed
from bac.testing.drills.adapter import DrillError
from bac.testing.drills.described import DescribedStores

MARKER_TABLE = "bac_drill"
"""The table in the maintenance database that says that a drill may create and drop databases on the server."""
PREFIX = "bac_drill_"
"""The names of all databases of a drill begin so; no other is touched."""
PARAMETERS = (("user", ""), ("host", "localhost"), ("port", "5432"))
LONGEST_NAME = 63
"""Bytes of a name that PostgreSQL keeps."""


class Statements:
    """A connection that takes ``?`` for parameters."""

    def __init__(self, connection: Any) -> None:
        """Keep the connection."""
        self._connection = connection

    def execute(self, statement: str, parameters: Sequence[Any] = (), /) -> Any:
        """Execute a statement, and return a cursor."""
        return self._connection.execute(statement.replace("%", "%%").replace("?", "%s"), parameters)


class PostgresDatabases:
    """Databases of a server, whose maintenance database has the address ``server``."""

    serial = "SERIAL PRIMARY KEY"

    def __init__(self, server: str) -> None:
        """Look for the marker table.

        Raises:
            MissingExtra: psycopg is not installed (extra ``postgres``).
            DrillError: the server cannot be reached.
        """
        self._psycopg = needed("psycopg", "postgres", "a drill on PostgreSQL")
        self._parameters: dict[str, Any] = needed("psycopg.conninfo", "postgres", "a drill").conninfo_to_dict(server)
        self._names: dict[str, str] = {}
        self._dumps = Path(tempfile.mkdtemp(prefix="bac-drill-"))
        finalize(self, rmtree, self._dumps, ignore_errors=True)
        self.destroyable = bool(self._administer("SELECT to_regclass(%s) IS NOT NULL", MARKER_TABLE)[0][0])

    def _administer(self, statement: str, *parameters: str) -> list[Any]:
        try:
            with self._psycopg.connect(**self._parameters, autocommit=True) as connection:
                cursor = connection.execute(statement, parameters)
                return list(cursor) if cursor.description else []
        except self._psycopg.OperationalError as error:
            raise DrillError(f"PostgreSQL: {str(error).strip()}") from None

    def _database(self, name: str) -> str:
        """Return the name of a database on the server; names of services may be anything."""
        return self._names.setdefault(name, f"{PREFIX}{len(self._names)}")

    def _dump(self, name: str) -> Path:
        return self._dumps / f"{self._database(name)}.dump"

    def begin(self) -> None:
        """Drop the databases of an earlier drill."""
        for (name,) in self._administer("SELECT datname FROM pg_database WHERE starts_with(datname, %s)", PREFIX):
            self._administer(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')

    def create(self, name: str) -> None:
        """Create an empty database."""
        self.destroy(name)
        self._administer(f"CREATE DATABASE {self._database(name)} TEMPLATE template0 ENCODING 'UTF8'")

    @contextmanager
    def open(self, name: str) -> Iterator[Statements]:
        """Open a transaction."""
        with self._psycopg.connect(**{**self._parameters, "dbname": self._database(name)}) as connection:
            yield Statements(connection)

    def back_up(self, name: str) -> str:
        """Run ``pg_dump``."""
        self._run("pg_dump", name, "--format=custom", f"--file={self._dump(name)}")
        return self._dump(name).name

    def destroy(self, name: str) -> None:
        """Drop a database."""
        self._administer(f"DROP DATABASE IF EXISTS {self._database(name)} WITH (FORCE)")

    def restore(self, name: str) -> None:
        """Create the database again, and run ``pg_restore``."""
        self.create(name)
        self._run("pg_restore", name, "--exit-on-error", str(self._dump(name)))

    def url(self, name: str) -> str:
        """Return the address of a database, without the password (which PGPASSWORD or a file may hold)."""
        user, host, port = (self._parameters.get(key, default) for key, default in PARAMETERS)
        return f"postgresql://{user}@{host}:{port}/{self._database(name)}"

    def _run(self, program: str, name: str, *arguments: str) -> None:
        """Run a program on a database; passwords are not among its arguments."""
        names = {"host": "PGHOST", "port": "PGPORT", "user": "PGUSER", "password": "PGPASSWORD"}
        given: Mapping[str, str] = {names[key]: str(value) for key, value in self._parameters.items() if key in names}
        environment = {**os.environ, **given}
        command = [program, f"--dbname={self._database(name)}", *arguments]
        try:
            done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
        except FileNotFoundError:
            raise DrillError(f"{program} is not installed (apt-get install postgresql-client)") from None
        if done.returncode:
            raise DrillError(f"{program}: {done.stderr.strip()}")


class PostgresStores(DescribedStores):
    """The adapter of a system of PostgreSQL databases, one for each service, driven by a specification.

    Args:
        specification: the services, use cases and links.
        server: the address of the maintenance database, which must contain the marker table.
        plan: the plan whose recovery is followed.

    Raises:
        DrillError: a name is longer than PostgreSQL keeps.
    """

    def __init__(self, specification: Specification, server: str, plan: str = "independent") -> None:
        """Begin with empty databases, if the server carries its marker."""
        names = [entity.name for entity in specification._read.architecture.creators]
        if too_long := [name for name in names if len(f"{name}_id".encode()) > LONGEST_NAME]:
            raise DrillError(f"PostgreSQL keeps {LONGEST_NAME} bytes of a name; {too_long[0]!r} is too long")
        super().__init__(specification, PostgresDatabases(server), plan)
