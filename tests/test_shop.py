"""Figures 3, 4 and 5 happen to real services with real databases, and a lock and a shared database prevent them."""

from __future__ import annotations

import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import postgres
import pytest
from click.testing import CliRunner

import bac
from bac.audit.plan import load
from bac.audit.run import Audit
from bac.cli import main
from bac.testing import DrillVerdict, UnmarkedTarget

for needed in ("httpx", "starlette", "sqlalchemy"):
    pytest.importorskip(needed)

EXAMPLES = Path(__file__).resolve().parent.parent / "examples"


@pytest.fixture
def figures(monkeypatch: pytest.MonkeyPatch) -> Iterator[ModuleType]:
    """The shop, which is found beside the other examples."""
    monkeypatch.syspath_prepend(str(EXAMPLES))
    import shop.figures

    yield shop.figures
    for name in [name for name in sys.modules if name.partition(".")[0] == "shop"]:
        del sys.modules[name]


@pytest.fixture
def data(tmp_path: Path) -> Path:
    folder = tmp_path / "data"
    folder.mkdir()
    (folder / ".bac-drill").touch()
    return folder


@pytest.fixture
def server() -> Iterator[str]:
    """The address of a PostgreSQL server whose databases may be destroyed."""
    yield from postgres.server()


SEEN = {
    3: ["/orders/o1 → 200, refers to http://customers/customers/c1", "GET http://customers/customers/c1 → 404"],
    4: ["/shipments/s1 → 200", "shipments: []"],
    5: ["address: new", "GET http://shipping/addresses/c1 → 404"],
}
"""The answers that a client gets after the restore."""


def shows(figures: ModuleType, figure: int, data: Path, server: str | None = None) -> None:
    result, adapter = figures.replay(figure, data, server)
    assert result.verdict is DrillVerdict.AS_PREDICTED, result
    assert figures.FIGURES[figure] in {(each.kind, each.subject) for each in result.findings}
    lines = list(figures.evidence(figure, adapter))
    for wanted, line in zip(SEEN[figure], lines, strict=True):
        assert wanted in line


@pytest.mark.parametrize("figure", [3, 4, 5])
def test_the_figures_happen_on_sqlite(figure: int, figures: ModuleType, data: Path) -> None:
    shows(figures, figure, data)


@pytest.mark.parametrize("figure", [3, 4, 5])
def test_the_figures_happen_on_postgresql(figure: int, figures: ModuleType, data: Path, server: str) -> None:
    shows(figures, figure, data, server)


@pytest.mark.parametrize("plan", ["quiesced", "clustered"])
def test_under_a_lock_and_in_one_database_all_is_well(plan: str, figures: ModuleType, data: Path) -> None:
    assert figures.clean(plan, data, examples=4).verdict is DrillVerdict.CONSISTENT


@pytest.mark.parametrize("plan", ["quiesced", "clustered"])
def test_the_same_on_postgresql(plan: str, figures: ModuleType, data: Path, server: str) -> None:
    assert figures.clean(plan, data, server, examples=1).verdict is DrillVerdict.CONSISTENT


@pytest.mark.parametrize("figure", [3, 4, 5])
def test_the_audit_finds_what_a_figure_shows(figure: int, figures: ModuleType, data: Path) -> None:
    for name in ("shop.audit.yaml", "shop.bac.yaml"):
        shutil.copy(EXAMPLES / "shop" / name, data.parent)
    result, _ = figures.replay(figure, data)
    audit = Audit(load(data.parent / "shop.audit.yaml"))
    audit.run()
    found = {key for key, each in audit.results.items() if each.count}
    assert found == {(each.kind, each.subject) for each in result.findings}


def test_a_shop_without_its_marker_is_left_alone(figures: ModuleType, tmp_path: Path) -> None:
    with pytest.raises(UnmarkedTarget):
        figures.replay(3, tmp_path)
    assert not list(tmp_path.iterdir())


def test_the_command_drives_the_shop(figures: ModuleType, data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHOP_DATA", str(data))
    command = ["drill", str(figures.SPECIFICATION), "--adapter", "shop.drills:adapter"]
    shown = CliRunner().invoke(main, [*command, "--plan", "clustered", "--random", "1", "--expect", "consistent"])
    assert shown.exit_code == 0, shown.output


# The services


def test_a_lock_holds_back_what_is_new_and_lets_go_on_what_is_begun(figures: ModuleType, data: Path) -> None:
    from shop.system import Shop

    shop = Shop(data)
    shop.create()
    customer = {"id": "c1", "name": "Ann", "address": "here"}
    assert shop.request("POST", "http://customers/lock").status_code == 204
    assert shop.request("POST", "http://customers/customers", customer).status_code == 503
    assert shop.request("POST", "http://customers/customers", customer, continues=True).status_code == 201
    assert shop.request("POST", "http://customers/unlock").status_code == 204
    assert shop.request("GET", "http://customers/customers").json() == ["c1"]
    assert figures is not None


def test_commands_follow_links_and_events_are_taken_once(figures: ModuleType, data: Path) -> None:
    from shop.system import Shop

    shop = Shop(data)
    shop.create()
    order = {"id": "o1", "customer": shop.url("customer", "c1"), "product": shop.url("product", "p1")}
    assert shop.request("POST", "http://orders/orders", order).status_code == 422
    shop.request("POST", "http://customers/customers", {"id": "c1", "name": "Ann", "address": "here"})
    shop.request("PUT", "http://customers/customers/c1/address", {"address": "there"})
    [message] = shop.waiting()
    for _ in range(2):
        shop.request("POST", message["url"], {"id": message["id"], "customer_id": "c1", "address": "there"})
    with shop.stores["shipping"].begin() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM inbox").scalar() == 1
        assert connection.exec_driver_sql("SELECT count(*) FROM event").scalar() == 1
    assert figures is not None


def test_one_command_starts_the_shop(tmp_path: Path) -> None:
    pytest.importorskip("uvicorn")
    import httpx

    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "shop", "serve", "--data", str(tmp_path), "--port", str(port)]
    with subprocess.Popen(command, cwd=EXAMPLES, stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as shop:
        try:
            body = {"id": "c1", "name": "Ann", "address": "here"}
            connecting = httpx.HTTPTransport(retries=8)
            with httpx.Client(base_url=f"http://127.0.0.1:{port}", transport=connecting, timeout=60) as client:
                client.post("/customers", json=body).raise_for_status()
                assert client.get("/customers/c1").json()["name"] == "Ann"
        finally:
            shop.send_signal(signal.SIGTERM)
            shop.wait(30)


def test_the_specification_of_the_shop_says_what_the_readme_says() -> None:
    report = bac.check(bac.load(EXAMPLES / "shop" / "shop.bac.yaml"), properties=["consistency"], engine="auto")
    assert {name: str(plan.consistency.verdict) for name, plan in report.items()} == {
        "independent": "violated",
        "quiesced": "holds",
        "clustered": "holds",
    }
