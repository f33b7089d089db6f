"""The adapter through which `bac drill` drives the shop: by HTTP, with the backups of the databases themselves.

`bac drill shop/shop.bac.yaml --adapter shop.drills:adapter --random 20` takes the folder from SHOP_DATA (default:
shop/data), and the address of a PostgreSQL server from SHOP_SERVER.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import httpx
import sqlalchemy as sql
import yaml

import bac
from bac.testing import Reading, Refused
from shop.system import COLLECTIONS, Shop

MARKER, MARKER_TABLE = ".bac-drill", "bac_drill"


def adapter(specification: bac.Specification, plan: str) -> ShopAdapter:
    """Return the adapter of a shop with empty stores."""
    return ShopAdapter(
        specification, plan, Path(os.environ.get("SHOP_DATA", "shop/data")), os.environ.get("SHOP_SERVER")
    )


def marked(folder: Path, server: str | None) -> bool:
    """Whether the folder and the server may be destroyed: a file, and a table in the maintenance database, say so."""
    if server is not None:
        engine = sql.create_engine(
            sql.make_url(server).set(drivername="postgresql+psycopg"), poolclass=sql.pool.NullPool
        )
        if not sql.inspect(engine).has_table(MARKER_TABLE):
            return False
    return (folder / MARKER).is_file()


class ShopAdapter:
    """The seven methods of an adapter, and two for the lock.

    The entities of index 1 are c1, p1, o1 and s1. A customer moves to `new`.
    """

    def __init__(self, specification: bac.Specification, plan: str, folder: Path, server: str | None = None) -> None:
        """Begin with empty stores, if they may be destroyed."""
        written = yaml.safe_load(specification.to_yaml())["plans"].get(plan, {})
        self.replays = bool(written.get("recovery", {}).get("replay"))
        shared = any(group["mode"] == "shared-database" for group in written.get("groups", []))
        self.shop = Shop(folder, server, shared=shared)
        self.destroyable = marked(folder, server)
        self.open: set[tuple[str, int]] = set()
        self.indices: set[int] = set()
        self.locked = False
        if self.destroyable:
            self.shop.create()

    def begin(self, _use_case: str, index: int) -> None:
        """Note the index."""
        self.indices.add(index)

    def step(self, use_case: str, step: int, index: int) -> None:
        """Send a command, or let the broker deliver the message about the customer."""
        match use_case, step:
            case "register customer", _:
                self.send("POST", "customers/customers", id=f"c{index}", name="Ann", address="old")
            case "add product", _:
                self.send("POST", "catalog/products", id=f"p{index}", name="Book")
            case "place order", _:
                links = {
                    "customer": self.shop.url("customer", f"c{index}"),
                    "product": self.shop.url("product", f"p{index}"),
                }
                self.send("POST", "orders/orders", id=f"o{index}", **links)
            case "ship order", 1:
                links = {
                    "order": self.shop.url("order", f"o{index}"),
                    "customer": self.shop.url("customer", f"c{index}"),
                }
                own = f"{self.shop.base('shipping')}/shipments"
                self.send("POST", "shipping/shipments", id=f"s{index}", **links, collection=own)
                self.open.add((use_case, index))
            case "ship order", 2:
                if not self.shop.shared:
                    url = self.shop.url("shipment", f"s{index}")
                    self.send("POST", f"customers/customers/c{index}/shipments", continues=True, shipment=url)
                self.open.discard((use_case, index))
            case "change address", 1:
                self.send("PUT", f"customers/customers/c{index}/address", address="new")
                self.open.add((use_case, index))
            case "change address", 2:
                self.deliver(f"c{index}: new")
                self.open.discard((use_case, index))

    def send(self, method: str, where: str, *, continues: bool = False, **body: str) -> None:
        """Send a command to a service; one that is held back is refused."""
        service, _, path = where.partition("/")
        answer = self.shop.request(method, f"{self.shop.base(service)}/{path}", body, continues=continues)
        if answer.status_code == 503:
            raise Refused(answer.json()["error"])
        answer.raise_for_status()

    def deliver(self, id_: str) -> None:
        """Let the broker deliver one message."""
        message = next((each for each in self.shop.waiting() if each["id"] == id_), None)
        if message is None:
            raise Refused(f"no message {id_!r} waits")
        asyncio.run(self.shop.deliver(message))

    def lock(self, services: Sequence[str]) -> None:
        """Hold back commands."""
        self.locked = True
        for service in services:
            self.shop.request("POST", f"{self.shop.base(service)}/lock").raise_for_status()

    def unlock(self, services: Iterable[str]) -> None:
        """Admit commands."""
        self.locked = False
        for service in services:
            self.shop.request("POST", f"{self.shop.base(service)}/unlock").raise_for_status()

    def snapshot(self, services: Sequence[str]) -> Path:
        """Back up the databases of services; under the lock, only when nothing is in flight."""
        if self.locked and self.open:
            raise Refused(f"in flight: {', '.join(sorted(name for name, _ in self.open))}")
        return [store.backup() for store in dict.fromkeys(self.shop.stores[service] for service in services)][-1]

    def disaster(self, services: Sequence[str]) -> None:
        """Lose the databases."""
        for store in dict.fromkeys(self.shop.stores[service] for service in services):
            store.destroy()

    def restore(self, backups: Mapping[str, Any]) -> None:
        """Restore the databases; the broker begins empty, as sender and receiver were both restored."""
        for store, backup in {self.shop.stores[service]: backup for service, backup in backups.items()}.items():
            store.restore(backup)
        if {"customers", "shipping"} <= backups.keys():
            for message in self.shop.waiting():
                self.shop.forget(message["id"])
        self.unlock(self.shop.services)

    def settle(self, _actions: Sequence[object] | None) -> None:
        """Publish what the outbox has again, if the plan says so, and deliver what waits."""
        if self.replays:
            self.shop.request("POST", f"{self.shop.base('customers')}/republish").raise_for_status()
        for message in self.shop.waiting():
            asyncio.run(self.shop.deliver(message))

    def read(self) -> Reading:
        """Ask the services what there is."""
        found = {kind: {index: self.show(kind, index) for index in self.indices} for kind in COLLECTIONS}
        there = {kind: where(lambda answer: answer.status_code == 200, answers) for kind, answers in found.items()}
        collected = where(lambda answer: bool(json_of(answer).get("shipments")), found["customer"])
        moved = where(lambda answer: json_of(answer).get("address") == "new", found["customer"])
        arrived = {index: self.get(f"{self.shop.base('shipping')}/addresses/c{index}") for index in self.indices}
        links = {"order -> customer": there["order"], "order -> product": there["order"]}
        links |= {"shipment -> order": there["shipment"], "customer -> shipment": collected}
        steps = {
            "ship order.1": there["shipment"],
            "ship order.2": collected,
            "change address.1": moved,
            "change address.2": where(lambda answer: answer.status_code == 200, arrived),
        }
        return Reading(there, links, steps)

    def get(self, url: str) -> httpx.Response:
        """Follow a link."""
        return self.shop.request("GET", url)

    def show(self, kind: str, index: int) -> httpx.Response:
        """Show an entity."""
        return self.get(self.shop.url(kind, f"{kind[0]}{index}"))


def where(condition: Any, answers: Mapping[int, httpx.Response]) -> frozenset[int]:
    """Return the indices of the answers of which the condition holds."""
    return frozenset(index for index, answer in answers.items() if condition(answer))


def json_of(answer: httpx.Response) -> dict[str, Any]:
    """Return the body of an answer; nothing, if there is none."""
    return dict(answer.json()) if answer.status_code == 200 else {}
