"""Drills on SQLite files: backups by SQLite's backup API, deleted files, and restores by copies."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from urllib.parse import quote

from bac.api.specification import Specification
from bac.testing.drills.described import DescribedStores

MARKER = ".bac-drill"
"""The file in a directory that says that a drill may destroy what is in it."""


class SQLiteFiles:
    """Databases that are files in a directory, with their backups beside them."""

    serial = "INTEGER PRIMARY KEY AUTOINCREMENT"

    def __init__(self, directory: Path) -> None:
        """``directory`` must contain the marker file; the databases in ``live`` and ``backup`` there are deleted."""
        self.directory = directory

    @property
    def destroyable(self) -> bool:
        """Whether the directory contains the marker file."""
        return (self.directory / MARKER).is_file()

    def live(self, name: str) -> Path:
        """The file of a database."""
        return self.directory / "live" / f"{quote(name, safe=' ()')}.db"

    def copy(self, name: str) -> Path:
        """The backup of a database."""
        return self.directory / "backup" / self.live(name).name

    def begin(self) -> None:
        """Delete the databases of an earlier drill."""
        for folder in ("live", "backup"):
            (self.directory / folder).mkdir(exist_ok=True)
            for file in (self.directory / folder).glob("*.db"):
                file.unlink()

    def create(self, name: str) -> None:
        """Create an empty database."""
        self.live(name).unlink(missing_ok=True)
        sqlite3.connect(self.live(name)).close()

    @contextmanager
    def open(self, name: str) -> Iterator[sqlite3.Connection]:
        """Open a transaction."""
        with closing(sqlite3.connect(self.live(name), isolation_level=None)) as connection:
            connection.execute("PRAGMA synchronous = OFF")
            connection.execute("PRAGMA journal_mode = MEMORY")
            connection.execute("BEGIN IMMEDIATE")
            yield connection
            if connection.in_transaction:
                connection.execute("COMMIT")

    def back_up(self, name: str) -> str:
        """Copy a database, which may be in use."""
        copy_database(self.live(name), self.copy(name))
        return self.copy(name).name

    def destroy(self, name: str) -> None:
        """Delete the file."""
        self.live(name).unlink()

    def restore(self, name: str) -> None:
        """Copy the backup back."""
        copy_database(self.copy(name), self.live(name))

    def url(self, name: str) -> str:
        """Return the address of a database."""
        return f"sqlite:///{self.live(name).resolve()}"


class SQLiteStores(DescribedStores):
    """The adapter of a system of SQLite files, one for each service, driven by a specification.

    Args:
        specification: the services, use cases and links.
        directory: the directory, which must contain the marker file; the databases in it are deleted.
        plan: the plan whose recovery is followed.
    """

    def __init__(self, specification: Specification, directory: Path, plan: str = "independent") -> None:
        """Begin with empty files, if the directory carries its marker."""
        self.files = SQLiteFiles(directory)
        super().__init__(specification, self.files, plan)


def copy_database(source: Path, target: Path) -> None:
    """Copy a database while it may be in use, with SQLite's backup API."""
    with closing(sqlite3.connect(source)) as read, closing(sqlite3.connect(target)) as written:
        written.execute("PRAGMA synchronous = OFF")
        read.backup(written)
