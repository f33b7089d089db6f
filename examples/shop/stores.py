"""The databases of the shop: SQLite files, or databases of a PostgreSQL server; with their own backup and restore."""

from __future__ import annotations

import sqlite3
import subprocess
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import sqlalchemy as sql

TABLES = """
CREATE TABLE event (position {serial}, service TEXT NOT NULL, kind TEXT NOT NULL, about TEXT NOT NULL,
    at TEXT NOT NULL);
CREATE TABLE customer (id TEXT PRIMARY KEY, name TEXT NOT NULL, address TEXT NOT NULL, at TEXT NOT NULL);
CREATE TABLE customer_shipment (customer_id TEXT NOT NULL, shipment_id TEXT NOT NULL, url TEXT NOT NULL,
    at TEXT NOT NULL);
CREATE TABLE product (id TEXT PRIMARY KEY, name TEXT NOT NULL, at TEXT NOT NULL);
CREATE TABLE orders (id TEXT PRIMARY KEY, customer_id TEXT NOT NULL, customer TEXT NOT NULL, product_id TEXT NOT NULL,
    product TEXT NOT NULL, at TEXT NOT NULL);
CREATE TABLE shipment (id TEXT PRIMARY KEY, order_id TEXT NOT NULL, order_url TEXT NOT NULL, at TEXT NOT NULL);
CREATE TABLE address (customer_id TEXT PRIMARY KEY, address TEXT NOT NULL);
CREATE TABLE outbox (id TEXT PRIMARY KEY, customer_id TEXT NOT NULL, address TEXT NOT NULL, at TEXT NOT NULL);
CREATE TABLE inbox (id TEXT PRIMARY KEY, at TEXT NOT NULL);
CREATE TABLE message (id TEXT PRIMARY KEY, url TEXT NOT NULL, body TEXT NOT NULL);
"""
"""All tables; each service uses its own (a shared database has those of all services)."""


class Store(ABC):
    """One database."""

    serial: str
    address: sql.URL

    @contextmanager
    def begin(self) -> Iterator[sql.Connection]:
        """Open a transaction."""
        engine = sql.create_engine(self.address, poolclass=sql.pool.NullPool)
        try:
            with engine.begin() as connection:
                yield connection
        finally:
            engine.dispose()

    def create(self) -> None:
        """Begin with empty tables."""
        self.destroy()
        self._create()
        with self.begin() as connection:
            for statement in TABLES.format(serial=self.serial).split(";\n"):
                if statement.strip():
                    connection.execute(sql.text(statement))

    @abstractmethod
    def _create(self) -> None:
        """Create the database without tables."""

    @abstractmethod
    def destroy(self) -> None:
        """Lose the database."""

    @abstractmethod
    def backup(self) -> Path:
        """Back the database up into a file."""

    @abstractmethod
    def restore(self, backup: Path) -> None:
        """Put a backup in the place of the database."""


class SQLiteStore(Store):
    """A file, backed up by SQLite's backup API."""

    serial = "INTEGER PRIMARY KEY"

    def __init__(self, name: str, folder: Path) -> None:
        """Know the file and that of its backup."""
        self.file, self.copy = folder / "live" / f"{name}.db", folder / "backup" / f"{name}.db"
        self.address = sql.URL.create("sqlite", database=str(self.file))

    def _create(self) -> None:
        self.file.parent.mkdir(parents=True, exist_ok=True)
        self.copy.parent.mkdir(parents=True, exist_ok=True)

    def destroy(self) -> None:
        """Delete the file."""
        self.file.unlink(missing_ok=True)

    def backup(self) -> Path:
        """Copy the file with the backup API."""
        copied(self.file, self.copy)
        return self.copy

    def restore(self, backup: Path) -> None:
        """Copy the backup back."""
        copied(backup, self.file)


def copied(source: Path, target: Path) -> None:
    """Copy a database that may be in use."""
    with closing(sqlite3.connect(source)) as read, closing(sqlite3.connect(target)) as written:
        written.execute("PRAGMA synchronous = OFF")
        read.backup(written)


class PostgresStore(Store):
    """A database of a server, backed up by ``pg_dump`` and restored by ``pg_restore``.

    ``server`` is the address of its maintenance database.
    """

    serial = "SERIAL PRIMARY KEY"

    def __init__(self, name: str, folder: Path, server: str) -> None:
        """Know the database and the file of its backup."""
        self.server = sql.make_url(server).set(drivername="postgresql+psycopg")
        self.name, self.copy = f"shop_{name}", folder / "backup" / f"{name}.dump"
        self.address = self.server.set(database=self.name)

    def _administer(self, statement: str) -> None:
        engine = sql.create_engine(self.server, poolclass=sql.pool.NullPool, isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            connection.execute(sql.text(statement))

    def _create(self) -> None:
        self.copy.parent.mkdir(parents=True, exist_ok=True)
        self._administer(f"CREATE DATABASE {self.name}")

    def destroy(self) -> None:
        """Drop the database."""
        self._administer(f"DROP DATABASE IF EXISTS {self.name} WITH (FORCE)")

    def backup(self) -> Path:
        """Run ``pg_dump``."""
        self._run("pg_dump", "--format=custom", f"--file={self.copy}")
        return self.copy

    def restore(self, backup: Path) -> None:
        """Create the database again, and run ``pg_restore``."""
        self.destroy()
        self._create()
        self._run("pg_restore", "--exit-on-error", str(backup))

    def _run(self, program: str, *arguments: str) -> None:
        address = self.address.set(drivername="postgresql").render_as_string(hide_password=False)
        subprocess.run([program, f"--dbname={address}", *arguments], check=True, capture_output=True, text=True)
