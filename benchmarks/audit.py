"""Show what an audit of a million rows on each side takes: time and memory of ``bac audit`` in a process of its own.

``python benchmarks/audit.py [ROWS]`` makes two SQLite databases (and nothing else) in a temporary folder:
customers, and orders that refer to them, of which each thousandth refers to a customer that is not there.
"""

from __future__ import annotations

import json
import resource
import sqlite3
import subprocess
import sys
import tempfile
import time
from contextlib import closing
from pathlib import Path

AUDIT = {
    "stores": {"customers": {"url": "sqlite:///customers.db"}, "orders": {"url": "sqlite:///orders.db"}},
    "entities": {
        "customer": {"store": "customers", "table": "customer", "created": "created", "orphans": True},
        "order": {"store": "orders", "table": "order", "created": "created"},
    },
    "links": {"order -> customer": {"column": "customer_id"}},
}


def made(folder: Path, rows: int) -> None:
    """Make the databases and the audit file."""
    with closing(sqlite3.connect(folder / "customers.db")) as store, store:
        store.execute("CREATE TABLE customer (id TEXT PRIMARY KEY, created TEXT)")
        ids = ((f"c{number:09}", f"2026-01-01T{number % 24:02}:00:00") for number in range(rows) if number % 1000)
        store.executemany("INSERT INTO customer VALUES (?, ?)", ids)
    with closing(sqlite3.connect(folder / "orders.db")) as store, store:
        store.execute('CREATE TABLE "order" (id INTEGER PRIMARY KEY, customer_id TEXT, created TEXT)')
        rows_ = ((number, f"c{number * 7919 % rows:09}", "2026-01-02T00:41:00") for number in range(rows))
        store.executemany('INSERT INTO "order" VALUES (?, ?, ?)', rows_)
    (folder / "shop.audit.yaml").write_text(json.dumps(AUDIT), encoding="utf-8")


def main() -> None:
    """Make the databases, audit them, and print what it took."""
    rows = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
    with tempfile.TemporaryDirectory() as name:
        made(Path(name), rows)
        command = [sys.executable, "-m", "bac", "audit", f"{name}/shop.audit.yaml", "--format", "json"]
        begin = time.perf_counter()
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        seconds = time.perf_counter() - begin
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    broken = json.loads(done.stdout)["checks"][0]
    took = f"{seconds:.1f} s, {peak:.0f} MB at most"
    sys.stdout.write(f"{rows:,} rows on each side: {took}, {broken['count']:,} broken links\n")
    if broken["count"] != len(range(0, rows, 1000)):
        raise SystemExit("expected another number of broken links")


if __name__ == "__main__":
    main()
