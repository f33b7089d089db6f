"""Drills on a real PostgreSQL server, and the commands of drills on volumes of Docker Compose."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path

import postgres
import pytest
from click.testing import CliRunner

import bac
from bac.audit.plan import load
from bac.audit.run import Audit
from bac.cli import main
from bac.testing import ComposeVolumes, Drill, DrillVerdict, PostgresStores, UnmarkedTarget

EXAMPLES = Path(__file__).resolve().parent.parent / "examples"


@pytest.fixture
def server() -> Iterator[str]:
    """The address of a PostgreSQL server whose databases may be destroyed."""
    yield from postgres.server()


@pytest.mark.parametrize("figure", [3, 4, 5])
def test_the_figures_happen_on_postgresql_and_the_audit_finds_them(figure: int, server: str, tmp_path: Path) -> None:
    """Each database is dumped at its own time."""
    file = EXAMPLES / f"figure-{figure}.bac.yaml"
    specification, made = bac.load(file), list[PostgresStores]()

    def start() -> PostgresStores:
        made.append(PostgresStores(specification, server))
        return made[-1]

    for anomaly in bac.check(specification, plan="independent")["independent"].anomalies:
        result = Drill(specification, start).trace(anomaly.trace)
        assert result.verdict is DrillVerdict.AS_PREDICTED, result
        assert len({snapshot["ended"] for snapshot in result.evidence["snapshots"]}) == 2
        (tmp_path / "x.audit.yaml").write_text(made[-1].audit(file))
        audit = Audit(load(tmp_path / "x.audit.yaml"))
        audit.run()
        found = {key for key, each in audit.results.items() if each.count}
        assert found == {(finding.kind, finding.subject) for finding in result.findings}


@pytest.mark.parametrize("plan", ["locked", "shared database", "same instant"])
def test_random_runs_on_postgresql_are_as_the_model_says(plan: str, server: str) -> None:
    specification = bac.load(EXAMPLES / "figure-3.bac.yaml")
    drill = Drill(specification, lambda: PostgresStores(specification, server, plan), plan=plan)
    assert drill.random(examples=2, steps=10).verdict is not DrillVerdict.MODEL_REFUTED


def test_under_load_dumps_of_one_server_show_what_is_predicted(server: str) -> None:
    specification = bac.load(EXAMPLES / "figure-3.bac.yaml")
    result = Drill(specification, lambda: PostgresStores(specification, server)).observed(cases=6)
    assert result.verdict is not DrillVerdict.MODEL_REFUTED


def test_a_server_without_the_marker_is_left_alone(server: str) -> None:
    import psycopg

    specification = bac.load(EXAMPLES / "figure-3.bac.yaml")
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute("DROP TABLE bac_drill")
        try:
            with pytest.raises(UnmarkedTarget):
                Drill(specification, lambda: PostgresStores(specification, server)).random(examples=1)
        finally:
            connection.execute("CREATE TABLE bac_drill ()")


def test_the_command_drives_a_server(server: str) -> None:
    spec = str(EXAMPLES / "figure-3.bac.yaml")
    arguments = ["--plan", "locked", "--random", "1", "--expect", "consistent"]
    shown = CliRunner().invoke(main, ["drill", spec, "--adapter", server, *arguments])
    assert shown.exit_code == 0, shown.output


def test_a_server_that_cannot_be_reached_is_an_error_of_the_command_line() -> None:
    pytest.importorskip("psycopg")
    spec = str(EXAMPLES / "figure-3.bac.yaml")
    shown = CliRunner().invoke(main, ["drill", spec, "--adapter", "postgresql://127.0.0.1:1/x", "--random", "1"])
    assert shown.exit_code == 2
    assert "PostgreSQL" in shown.output


# Docker Compose, where commands are looked at and not run


class Recorded:
    """Notes commands instead of running them."""

    def __init__(self, label: str = "destroyable") -> None:
        self.commands: list[str] = []
        self.label = label

    def __call__(self, command: Sequence[str]) -> str:
        self.commands.append(" ".join(command))
        if command[:3] == ["docker", "volume", "inspect"]:
            return json.dumps([{"Labels": {"bac.drill": self.label}} for _ in command[3:]])
        return ""


def volumes(run: Recorded, archives: Path) -> ComposeVolumes:
    services = {"orders": ("orders-db", "shop_orders"), "customers": ("customers-db", "shop_customers")}
    return ComposeVolumes(Path("compose.yaml"), services, archives, run)


def test_volumes_without_the_label_are_not_destroyable(tmp_path: Path) -> None:
    assert volumes(Recorded(), tmp_path).destroyable
    assert not volumes(Recorded("precious"), tmp_path).destroyable


def test_volumes_are_archived_removed_and_filled_again(tmp_path: Path) -> None:
    run = Recorded()
    adapter = volumes(run, tmp_path)
    backup = adapter.snapshot(["orders"])
    adapter.disaster(["orders"])
    adapter.restore({"orders": backup})
    compose = "docker compose --file compose.yaml"
    mounts = f"--volume shop_orders:/volume{{}} --volume {tmp_path}:/archives"
    tar = f"docker run --rm --network none {mounts} busybox:stable tar"
    assert run.commands == [
        f"{tar.format(':ro')} -C /volume -cf /archives/shop_orders.tar .",
        f"{compose} rm --stop --force orders-db",
        "docker volume rm shop_orders",
        f"{compose} rm --stop --force orders-db",
        "docker volume rm --force shop_orders",
        "docker volume create --label bac.drill=destroyable shop_orders",
        f"{tar.format('')} -C /volume -xf /archives/shop_orders.tar",
        f"{compose} up --detach --wait orders-db",
    ]


def test_a_snapshot_of_several_services_pauses_them_all(tmp_path: Path) -> None:
    run = Recorded()
    volumes(run, tmp_path).snapshot(["orders", "customers"])
    assert run.commands[0].endswith("pause orders-db customers-db")
    assert run.commands[-1].endswith("unpause orders-db customers-db")
