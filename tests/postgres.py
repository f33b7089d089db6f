"""The PostgreSQL server that tests may destroy, with its safety marker; one test at a time has it."""

from __future__ import annotations

import fcntl
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest


def server() -> Iterator[str]:
    """Yield the address, or skip the test; other processes wait meanwhile."""
    address = os.environ.get("BAC_TEST_POSTGRES")
    if address is None:
        pytest.skip("no PostgreSQL: .ci/postgres FOLDER starts a server; put its address into BAC_TEST_POSTGRES")
    psycopg = pytest.importorskip("psycopg")
    with (Path(tempfile.gettempdir()) / "bac-test-postgres.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with psycopg.connect(address) as connection:
            connection.execute("CREATE TABLE IF NOT EXISTS bac_drill ()")
        yield address
