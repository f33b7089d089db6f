"""The shop as a whole: four services and a broker, in this process or on ports of this machine."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import httpx
import sqlalchemy as sql

from shop.services import SERVICES, inserted
from shop.stores import PostgresStore, SQLiteStore, Store

NAMES = tuple(service.name for service in SERVICES)
COLLECTIONS = {"customer": "customers", "product": "catalog", "order": "orders", "shipment": "shipping"}
"""The service that owns each kind of entity."""


class Shop:
    """Four services, each with a database of its own, or all with one, and a broker.

    Args:
        folder: where files are kept: databases, unless there is a server, and backups.
        server: the address of a PostgreSQL server.
        shared: whether all services have one database.
        ports: the first of four ports; without, the services are called in this process.
    """

    def __init__(
        self, folder: Path, server: str | None = None, *, shared: bool = False, ports: int | None = None
    ) -> None:
        """Put the services together; the stores are as they are."""
        self.ports, self.shared = ports, shared
        names = {name: "shop" if shared else name for name in NAMES}
        stores = {name: store(name, folder, server) for name in dict.fromkeys(names.values())}
        self.stores: dict[str, Store] = {name: stores[shop] for name, shop in names.items()}
        self.broker = store("broker", folder, server)
        self.services = {
            service.name: service(self.stores[service.name], self.call, self.publish, shared) for service in SERVICES
        }
        self.apps = {name: service.app() for name, service in self.services.items()}

    def create(self) -> None:
        """Begin with empty stores."""
        for each in {*self.stores.values(), self.broker}:
            each.create()

    # Calls

    def base(self, service: str) -> str:
        """Return the address of a service."""
        if self.ports is None:
            return f"http://{service}"
        return f"http://127.0.0.1:{self.ports + NAMES.index(service)}"

    def url(self, kind: str, id_: str) -> str:
        """Return the URL of an entity."""
        return f"{self.base(COLLECTIONS[kind])}/{kind}s/{id_}"

    async def call(
        self, method: str, url: str, body: Any = None, headers: Mapping[str, str] | None = None
    ) -> httpx.Response:
        """Make a request to a service."""
        mounts = (
            {f"all://{name}": httpx.ASGITransport(app) for name, app in self.apps.items()} if self.ports is None else {}
        )
        async with httpx.AsyncClient(mounts=mounts, timeout=30, verify=False, trust_env=False) as client:
            return await client.request(method, url, json=body, headers=dict(headers or {}))

    def request(self, method: str, url: str, body: Any = None, *, continues: bool = False) -> httpx.Response:
        """Make a request from outside, as a client does."""
        return asyncio.run(self.call(method, url, body, {"Continues": "yes"} if continues else None))

    # The broker

    def publish(self, receiver: str, message: Mapping[str, str]) -> None:
        """Put a message into the broker."""
        with self.broker.begin() as connection:
            connection.execute(sql.text("DELETE FROM message WHERE id = :id"), {"id": message["id"]})
            inserted(
                connection,
                "message",
                id=message["id"],
                url=f"{self.base(receiver)}/events",
                body=json.dumps(dict(message)),
            )

    def waiting(self) -> list[dict[str, str]]:
        """Return what waits in the broker."""
        with self.broker.begin() as connection:
            return [dict(row) for row in connection.execute(sql.text("SELECT * FROM message ORDER BY id")).mappings()]

    async def deliver(self, message: Mapping[str, str]) -> None:
        """Deliver one message, and forget it when it is taken."""
        answer = await self.call("POST", message["url"], json.loads(message["body"]))
        answer.raise_for_status()
        self.forget(message["id"])

    def forget(self, id_: str) -> None:
        """Take a message out of the broker."""
        with self.broker.begin() as connection:
            connection.execute(sql.text("DELETE FROM message WHERE id = :id"), {"id": id_})

    async def relay(self) -> None:
        """Deliver messages for ever."""
        while True:
            for message in self.waiting():
                await self.deliver(message)
            await asyncio.sleep(0.5)


def store(name: str, folder: Path, server: str | None) -> Store:
    """Return a store of this name."""
    return SQLiteStore(name, folder) if server is None else PostgresStore(name, folder, server)
