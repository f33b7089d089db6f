"""Audits find what does not fit together across stores of every kind, and only that."""

from __future__ import annotations

import json
import shlex
import sqlite3
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

import bac
from bac.audit import report, streams
from bac.audit.plan import load
from bac.audit.run import Audit
from bac.audit.streams import AuditError
from bac.cli import main
from bac.testing import Drill, SQLiteStores
from bac.testing.drills.sqlite import MARKER

ROOT = Path(__file__).resolve().parent.parent
pytest.importorskip("sqlalchemy")

SHOP = """
stores:
  customers: {url: "sqlite:///customers.db"}
  orders: {url: "sqlite:///orders.db"}
entities:
  customer: {store: customers, table: customer, created: at, orphans: true}
  order: {store: orders, table: order, created: at}
  invoice: {listing: bucket.txt, key: "(?P<time>\\\\S+) +invoices/(?P<id>.+)[.]pdf", orphans: true}
links:
  order -> customer: {column: customer_id}
  order -> invoice: {column: invoice}
copies:
  change address:
    records:
      - {store: customers, table: outbox, id: event, created: at}
      - {file: inbox.jsonl, id: event, created: at}
"""


def execute(file: Path, *statements: str) -> None:
    with closing(sqlite3.connect(file)) as store, store:
        for statement in statements:
            store.execute(statement)


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    """Two databases, a listing and a file, in which each check finds something."""
    execute(
        tmp_path / "customers.db",
        "CREATE TABLE customer (id TEXT, at TEXT)",
        "INSERT INTO customer VALUES ('Zoe', '2026-01-01T01:00'), ('ann', '2026-01-01T02:00')",
        "INSERT INTO customer VALUES ('émile', '2026-01-01T03:00')",
        "CREATE TABLE outbox (event INTEGER, at TEXT)",
        "INSERT INTO outbox VALUES (9, '2026-01-01T01:30'), (10, '2026-01-01T01:31'), (11, '2026-01-01T01:32')",
    )
    execute(
        tmp_path / "orders.db",
        'CREATE TABLE "order" (id INTEGER, customer_id TEXT COLLATE NOCASE, invoice TEXT, at TEXT)',
        """INSERT INTO "order" VALUES (1, 'Zoe', 'i1', '2026-01-01T03:10'), (2, 'bob', NULL, '2026-01-01T03:20'),
            (3, 'bob', 'i9', '2026-01-01T03:41'), (4, 'émile', NULL, NULL)""",
    )
    (tmp_path / "bucket.txt").write_text(
        "2026-01-01T00:30:00 invoices/i1.pdf\n2026-01-01T00:31:00 invoices/i2.pdf\nsomething else\n"
    )
    (tmp_path / "inbox.jsonl").write_text(
        '{"event": 10, "at": "2026-01-01T01:40"}\n{"event": 12, "at": null}\n\n{"event": "10", "at": null}\n'
    )
    file = tmp_path / "shop.audit.yaml"
    file.write_text(SHOP)
    return file


def audited(file: Path) -> Audit:
    made = Audit(load(file))
    made.run()
    return made


def counts(audit: Audit) -> dict[str, int]:
    return {f"{kind} {subject}": each.count for (kind, subject), each in audit.results.items() if each.count}


FOUND = {
    "broken-link order -> customer": 2,
    "broken-link order -> invoice": 1,
    "orphan-state customer": 1,
    "orphan-state invoice": 1,
    "missing-state change address.1": 1,
    "missing-state change address.2": 2,
    "duplicate change address.2": 1,
}


def test_every_kind_is_found_in_both_directions_and_across_kinds_of_stores(shop: Path) -> None:
    audit = audited(shop)
    assert counts(audit) == FOUND
    samples = {f"{kind} {subject}": each.samples for (kind, subject), each in audit.results.items() if each.count}
    assert samples["broken-link order -> customer"] == [("bob", "2"), ("bob", "3")]
    assert samples["orphan-state customer"] == [("ann", "")]
    assert samples["orphan-state invoice"] == [("i2", "")]
    assert samples["missing-state change address.1"] == [("12", "")]
    assert samples["missing-state change address.2"] == [("11", ""), ("9", "")]
    broken = audit.results[bac.AnomalyKind.BROKEN_LINK, "order -> customer"]
    assert (str(broken.first), str(broken.last)) == ("2026-01-01 03:20:00+00:00", "2026-01-01 03:41:00+00:00")
    assert broken.examined == 4


def test_the_ages_of_stores_are_estimated(shop: Path) -> None:
    lines = list(report.text(audited(shop)))
    assert any("customers is 41 minutes older than orders" in line for line in lines), lines


def test_a_sound_application_has_no_findings(shop: Path) -> None:
    folder = shop.parent
    execute(folder / "orders.db", "UPDATE \"order\" SET customer_id = 'ann', invoice = 'i2' WHERE id IN (2, 3)")
    (folder / "inbox.jsonl").write_text("".join(json.dumps({"event": n, "at": None}) + "\n" for n in (11, 9, 10)))
    assert counts(audited(shop)) == {}
    assert run(shop).exit_code == 0


def run(file: Path, *arguments: str) -> Result:
    return CliRunner().invoke(main, ["audit", str(file), *arguments])


def test_the_command_reports_as_text_values_and_json(shop: Path) -> None:
    shown = run(shop)
    assert shown.exit_code == 1
    assert "broken link order -> customer: 2 of 4 (in orders)" in shown.output
    assert "bob (in 2), bob (in 3)" in shown.output
    assert "a person creates what is referred to again" in shown.output
    lines = run(shop, "--format", "tsv").output.splitlines()
    assert lines[0].split("\t")[:3] == ["status", "kind", "subject"]
    assert len(lines) == 1 + 8
    assert any(
        line.startswith("error\tbroken-link\torder -> customer") and line.endswith("\tbob bob\t2 3") for line in lines
    )
    document = json.loads(run(shop, "--format", "json", "--samples", "1").output)
    assert document["finished"] is True
    assert {
        check["kind"] + " " + check["subject"]: check["count"] for check in document["checks"] if check["count"]
    } == FOUND
    assert max(len(check["samples"]) for check in document["checks"]) == 1


@pytest.mark.parametrize(
    ("thresholds", "status", "code"),
    [
        ("", "error", 1),
        (', error_if: ">2"', "pass", 0),
        (', error_if: ">=2"', "error", 1),
        (', error_if: never, warn_if: ">0"', "warn", 0),
    ],
)
def test_thresholds_decide_what_is_an_error(thresholds: str, status: str, code: int, shop: Path) -> None:
    text = SHOP[: SHOP.index("  order -> invoice")].replace("orphans: true", "orphans: false")
    shop.write_text(text.replace("customer_id}", f"customer_id{thresholds}}}"))
    assert audited(shop).results[bac.AnomalyKind.BROKEN_LINK, "order -> customer"].status == status
    assert run(shop).exit_code == code


def test_the_specification_says_what_is_tolerated_and_what_is_an_orphan(shop: Path) -> None:
    (shop.parent / "shop.bac.yaml").write_text("""
        services: {customers: {owns: [customer]}, orders: {owns: [order]}}
        use_cases: {first order: [{create: customer}, {create: order, refers_to: customer}]}
        tolerates: {broken links: [order -> customer]}
    """)
    text = SHOP[: SHOP.index("  order -> invoice")].replace(", orphans: true", "")
    shop.write_text(
        "specification: shop.bac.yaml\n" + "\n".join(line for line in text.split("\n") if "invoice" not in line)
    )
    audit = audited(shop)
    assert audit.results[bac.AnomalyKind.BROKEN_LINK, "order -> customer"].status == "warn"
    assert audit.results[bac.AnomalyKind.ORPHAN_STATE, "customer"].status == "error"


# Stopped and resumed


class Enough(Exception):
    """Stops an audit."""


def stop_after(ids: int) -> Any:
    def stop(seen: int) -> None:
        if seen >= ids:
            raise Enough

    return stop


@pytest.mark.parametrize("every", [1, 2, 3, 5])
def test_an_audit_that_is_stopped_again_and_again_finds_the_same(
    every: int, shop: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bac.audit.run.CHECKED_EVERY", 1)
    state, stops = shop.parent / "state.json", 0
    while True:
        audit = Audit(load(shop), state=state)
        audit.progress = stop_after(audit.ids + every)
        try:
            audit.run()
        except Enough:
            stops += 1
        else:
            break
    assert stops >= 2
    assert report.document(audit) == report.document(audited(shop))


def test_what_was_done_by_another_audit_file_is_refused(shop: Path) -> None:
    state = shop.parent / "state.json"
    Audit(load(shop), state=state).run()
    shop.write_text(SHOP + "name: another\n")
    with pytest.raises(AuditError, match="another audit file"):
        Audit(load(shop), state=state)
    state.write_text("{}")
    with pytest.raises(AuditError, match="not the progress"):
        Audit(load(shop), state=state)


def test_at_the_timeout_the_command_says_how_to_go_on(shop: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bac.audit.run.CHECKED_EVERY", 1)
    text = SHOP.replace("orphans: true", "orphans: false").replace("column:", "error_if: never, column:")
    shop.write_text(text.replace("id: event", "error_if: never, id: event"))
    state = shop.parent / "state.json"
    stopped = run(shop, "--timeout", "0", "--state", str(state))
    assert stopped.exit_code == 3
    assert "goes on from" in stopped.output
    assert state.is_file()
    assert run(shop, "--state", str(state)).exit_code == 0
    assert not state.exists()


# Stores


def test_files_that_are_larger_than_memory_are_sorted_in_parts(shop: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streams, "CHUNK", 2)
    (shop.parent / "inbox.jsonl").write_text("".join(f'{{"event": {n}, "at": null}}\n' for n in (11, 3, 9, 2, 10)))
    found = counts(audited(shop))
    assert found["missing-state change address.1"] == 2
    assert "missing-state change address.2" not in found


def test_databases_are_only_read(shop: Path) -> None:
    before = {file.name: file.read_bytes() for file in shop.parent.iterdir()}
    audited(shop)
    assert {file.name: file.read_bytes() for file in shop.parent.iterdir()} == before


def test_a_store_that_sorts_otherwise_is_reported(shop: Path) -> None:
    shop.write_text(SHOP.replace('orders.db"', 'orders.db", collation: NOCASE'))
    execute(shop.parent / "orders.db", "INSERT INTO \"order\" VALUES (5, 'ABE', NULL, NULL), (6, 'aba', NULL, NULL)")
    with pytest.raises(AuditError, match=r"shop\.audit\.yaml:\d+: .* does not sort text by its bytes"):
        audited(shop)


def test_addresses_come_from_the_environment(shop: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shop.write_text(SHOP.replace('url: "sqlite:///orders.db"', "url_env: ORDERS_URL"))
    with pytest.raises(AuditError, match="ORDERS_URL"):
        audited(shop)
    monkeypatch.setenv("ORDERS_URL", f"sqlite:///{shop.parent / 'orders.db'}")
    assert counts(audited(shop)) == FOUND


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("customers.db", "no.db", "there is no database"),
        ("table: customer", "table: custmer", "cannot read 'custmer' of 'customers'"),
        ("inbox.jsonl", "no.jsonl", "cannot read"),
        ("{file: inbox.jsonl, id: event", "{file: inbox.jsonl, id: evnt", "row 1 has no 'evnt'"),
        ("sqlite:///customers.db", "nosuch://x", "address of the store"),
    ],
)
def test_what_cannot_be_read_is_said_with_its_place(old: str, new: str, said: str, shop: Path) -> None:
    shop.write_text(SHOP.replace(old, new))
    shown = run(shop)
    assert shown.exit_code == 2
    assert said in shown.output


@pytest.mark.parametrize(
    ("old", "new", "code", "line"),
    [
        ("store: orders", "store: order", "unknown-value", 7),
        ("order -> customer", "order -> custommer", "unknown-entity", 10),
        ("order -> customer", "ordr -> customer", "unknown-entity", 10),
        ("order -> customer", "order customer", "bad-link", 10),
        ("{column: customer_id}", "{}", "missing-key", 10),
        ("column: invoice", "colum: invoice", "unknown-key", 11),
        ("table: outbox, ", "", "missing-key", 15),
        ("table: outbox", "key: x(?P<id>.)", "misplaced-key", 15),
        ("orphans: true", "orphans: maybe", "not-a-boolean", 6),
        ("id: event", 'error_if: "many", id: event', "unknown-value", 15),
        ("(?P<id>.+)", "(.+)", "unknown-value", 8),
        ("(?P<id>.+)", "(?P<id>.+", "unknown-value", 8),
        ("inbox.jsonl", "inbox.xml", "unknown-value", 16),
        ('{url: "sqlite:///orders.db"}', "{}", "missing-key", 4),
    ],
)
def test_errors_in_the_audit_file_have_a_place(old: str, new: str, code: str, line: int, shop: Path) -> None:
    shop.write_text(SHOP.replace(old, new, 1))
    with pytest.raises(bac.SpecificationError) as failure:
        load(shop)
    places = [(each.code, each.line) for each in failure.value.diagnostics]
    assert (code, line) in places, str(failure.value)


def test_files_are_audited_without_the_extra(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "sqlalchemy", None)
    (tmp_path / "a.csv").write_text("id,b\n1,x\n2,y\n")
    (tmp_path / "b.csv").write_text("id\nx\n")
    file = tmp_path / "files.audit.yaml"
    file.write_text("entities: {a: {file: a.csv}, b: {file: b.csv}}\nlinks: {a -> b: {column: b}}\n")
    assert counts(audited(file)) == {"broken-link a -> b": 1}
    file.write_text(
        "stores: {s: {url: 'sqlite:///x'}}\n"
        "entities: {a: {file: a.csv}, b: {store: s, table: b}}\nlinks: {a -> b: {column: b}}\n"
    )
    with pytest.raises(bac.BacError, match=r"bac-checker\[audit\]"):
        audited(file)


# What the check predicts


def drilled(system: str, target: Path) -> Iterator[tuple[set[tuple[str, str]], Audit]]:
    """Drive every counterexample on real files; yield what the model says of each, and an audit of the files."""
    (target / MARKER).touch()
    specification = bac.load(ROOT / "examples" / system)
    for name, plan in bac.check(specification, properties=["consistency"], engine="auto").items():
        stores: list[SQLiteStores] = []

        def start(name: str = name, stores: list[SQLiteStores] = stores) -> SQLiteStores:
            stores.append(SQLiteStores(specification, target, name))
            return stores[-1]

        for anomaly in (*plan.anomalies, *plan.tolerated, *plan.application):
            for trace in anomaly.traces.values():
                result = Drill(specification, start, plan=name).trace(trace)
                (target / "x.audit.yaml").write_text(stores[-1].audit(ROOT / "examples" / system))
                yield {(finding.kind, finding.subject) for finding in result.findings}, audited(target / "x.audit.yaml")


@pytest.mark.parametrize(
    "system",
    [
        "figure-3.bac.yaml",
        pytest.param("sales.bac.yaml", marks=pytest.mark.slow),
        pytest.param("ftgo/ftgo.bac.yaml", marks=pytest.mark.slow),
        pytest.param("lakeside-mutual/lakeside-mutual.bac.yaml", marks=pytest.mark.slow),
    ],
)
def test_after_every_counterexample_the_audit_finds_exactly_what_the_model_says(system: str, tmp_path: Path) -> None:
    driven = 0
    for expected, audit in drilled(system, tmp_path):
        assert {key for key, result in audit.results.items() if result.count} == expected
        driven += 1
    assert driven > 10


# The documentation


def documented(language: str) -> list[str]:
    """The blocks of the section on audits."""
    page = (ROOT / "docs" / "real-services.md").read_text(encoding="utf-8").split("## Audit")[1]
    return [part.split("```")[0] for part in page.split(f"```{language}\n")[1:]]


def test_the_documented_audit_finds_what_the_page_shows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    [audit_file], [commands], [shown] = documented("yaml"), documented("sh"), documented("text")
    (tmp_path / "shop.audit.yaml").write_text(audit_file)
    (tmp_path / "shop.bac.yaml").write_text("""
        services: {customers: {owns: [customer]}, orders: {owns: [order]}, billing: {owns: [invoice]}, letters: {}}
        use_cases:
          register: [{create: customer}]
          order: [{create: order, refers_to: customer}]
          invoice: [{create: invoice}, {link: order, to: invoice}]
          change address: [{update: customer}, {copy: customer, at: letters, via: event}]
    """)
    execute(
        tmp_path / "customers.db",
        "CREATE TABLE customer (id TEXT PRIMARY KEY, created_at TEXT)",
        "INSERT INTO customer VALUES ('ann', '2026-01-01T03:00:00')",
        "CREATE TABLE outbox (event_id TEXT)",
        "INSERT INTO outbox VALUES ('e1')",
    )
    execute(
        tmp_path / "orders.db",
        'CREATE TABLE "order" (id INTEGER, customer_id TEXT, invoice TEXT, created_at TEXT, deleted INTEGER)',
        """INSERT INTO "order" VALUES (1, 'ann', 'i1', '2026-01-01T03:10:00', 0),
            (2, 'bob', NULL, '2026-01-01T03:20:00', 0), (3, 'bob', NULL, '2026-01-01T03:41:00', 0),
            (4, 'eve', NULL, '2026-01-01T03:41:00', 1)""",
    )
    (tmp_path / "bucket.txt").write_text("2026-01-01T03:41:00 invoices/i1.pdf\n")
    (tmp_path / "inbox.csv").write_text("event_id\ne1\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("ORDERS_URL", f"sqlite:///{tmp_path / 'orders.db'}")
    runs = [CliRunner().invoke(main, shlex.split(line, comments=True)[1:]) for line in commands.splitlines()]
    assert [run.exit_code for run in runs] == [0, 0, 0]
    assert runs[0].output == shown
