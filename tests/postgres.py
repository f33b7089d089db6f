"""The address of the PostgreSQL server that tests may destroy, with its safety marker."""

from __future__ import annotations

import os

import pytest


def server() -> str:
    """Return the address, or skip the test."""
    address = os.environ.get("BAC_TEST_POSTGRES")
    if address is None:
        pytest.skip("no PostgreSQL: .ci/postgres FOLDER starts a server; put its address into BAC_TEST_POSTGRES")
    psycopg = pytest.importorskip("psycopg")
    with psycopg.connect(address) as connection:
        connection.execute("CREATE TABLE IF NOT EXISTS bac_drill ()")
    return address
