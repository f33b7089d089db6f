"""The four services: a command appends an event to the log and changes the tables that are made of it, at once.

Links are URLs, which can be followed. A service that is locked answers commands with 503, unless they go on with
something that was begun (header ``Continues``).
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any

import httpx
import sqlalchemy as sql
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from shop.stores import Store

Call = Callable[[str, str], Awaitable[httpx.Response]]
Handler = Callable[[Request], Awaitable[Response]]


def now() -> str:
    """Return the time, as databases and audits read it."""
    return datetime.now(UTC).isoformat()


def last(url: str) -> str:
    """Return the id at the end of a URL."""
    return url.rstrip("/").rpartition("/")[2]


class Service:
    """The common part of all services: a store, a lock, and calls to others."""

    name: str

    def __init__(self, store: Store, call: Call, publish: Callable[[str, dict[str, str]], None], shared: bool) -> None:
        """``shared``: all services have one database, so that one transaction can span them."""
        self.store, self.call, self.publish, self.shared = store, call, publish, shared
        self.locked = False

    def app(self) -> Starlette:
        """Return the application."""
        switch = [Route("/lock", self.lock, methods=["POST"]), Route("/unlock", self.unlock, methods=["POST"])]
        return Starlette(routes=[*switch, *self.routes()])

    def routes(self) -> list[Route]:
        """Return the routes of the service."""
        raise NotImplementedError

    def command(self, path: str, handler: Handler, method: str = "POST") -> Route:
        """Return the route of a command, which a lock holds back."""

        async def guarded(request: Request) -> Response:
            if self.locked and "continues" not in request.headers:
                return JSONResponse({"error": "locked for a backup"}, 503)
            return await handler(request)

        return Route(path, guarded, methods=[method])

    async def lock(self, _request: Request) -> Response:
        """Hold back commands."""
        self.locked = True
        return Response(status_code=204)

    async def unlock(self, _request: Request) -> Response:
        """Admit commands."""
        self.locked = False
        return Response(status_code=204)

    def append(self, connection: sql.Connection, kind: str, about: str) -> None:
        """Append an event to the log."""
        values = {"service": self.name, "kind": kind, "about": about, "at": now()}
        connection.execute(
            sql.text("INSERT INTO event (service, kind, about, at) VALUES (:service, :kind, :about, :at)"), values
        )

    def insert(self, kind: str, table: str, **values: str) -> Response:
        """Create something: append the event and insert the row, in one transaction."""
        with self.store.begin() as connection:
            self.append(connection, kind, values["id"])
            inserted(connection, table, **values, at=now())
        return JSONResponse({"id": values["id"]}, 201)

    def row(self, table: str, id_: str) -> dict[str, Any] | None:
        """Return a row by its id."""
        with self.store.begin() as connection:
            found = (
                connection.execute(sql.text(f"SELECT * FROM {table} WHERE id = :id"), {"id": id_}).mappings().first()
            )
            return None if found is None else dict(found)

    def listing(self, table: str) -> Handler:
        """Return a handler that lists the ids in a table."""

        async def ids(_request: Request) -> Response:
            with self.store.begin() as connection:
                rows = connection.execute(sql.text(f"SELECT id FROM {table} ORDER BY id")).scalars()
                return JSONResponse(list(rows))

        return ids


def inserted(connection: sql.Connection, table: str, **values: str) -> None:
    """Insert a row."""
    columns = ", ".join(values)
    places = ", ".join(f":{name}" for name in values)
    connection.execute(sql.text(f"INSERT INTO {table} ({columns}) VALUES ({places})"), values)


def missing(what: str) -> Response:
    """Return the answer for something that is not there."""
    return JSONResponse({"error": f"there is no {what}"}, 404)


class Customers(Service):
    """Customers, their addresses, and the collection of their shipments."""

    name = "customers"

    def routes(self) -> list[Route]:
        """Return the routes of the service."""
        return [
            Route("/customers", self.listing("customer"), methods=["GET"]),
            Route("/customers/{id}", self.show, methods=["GET"]),
            self.command("/customers", self.register),
            self.command("/customers/{id}/address", self.move, "PUT"),
            self.command("/customers/{id}/shipments", self.collect),
            Route("/republish", self.republish, methods=["POST"]),
        ]

    async def register(self, request: Request) -> Response:
        """Create a customer."""
        body = await request.json()
        return self.insert("registered", "customer", id=body["id"], name=body["name"], address=body["address"])

    async def show(self, request: Request) -> Response:
        """Show a customer with links to the shipments."""
        if (found := self.row("customer", request.path_params["id"])) is None:
            return missing("customer")
        with self.store.begin() as connection:
            query = sql.text("SELECT url FROM customer_shipment WHERE customer_id = :id ORDER BY url")
            shipments = list(connection.execute(query, {"id": found["id"]}).scalars())
        return JSONResponse({**found, "shipments": shipments})

    async def move(self, request: Request) -> Response:
        """Change an address, and publish it: first into the outbox, in the same transaction, then to the broker."""
        id_, body = request.path_params["id"], await request.json()
        message = {"id": f"{id_}: {body['address']}", "customer_id": id_, "address": body["address"]}
        with self.store.begin() as connection:
            update = sql.text("UPDATE customer SET address = :address WHERE id = :id")
            if connection.execute(update, {"address": body["address"], "id": id_}).rowcount == 0:
                return missing("customer")
            self.append(connection, "moved", id_)
            inserted(connection, "outbox", **message, at=now())
        self.publish("shipping", message)
        return JSONResponse(message)

    async def collect(self, request: Request) -> Response:
        """Add a link to a shipment."""
        id_, body = request.path_params["id"], await request.json()
        if self.row("customer", id_) is None:
            return missing("customer")
        with self.store.begin() as connection:
            self.append(connection, "shipped", id_)
            linked(connection, id_, body["shipment"])
        return JSONResponse(body, 201)

    async def republish(self, _request: Request) -> Response:
        """Publish again what is in the outbox."""
        with self.store.begin() as connection:
            messages = connection.execute(
                sql.text("SELECT id, customer_id, address FROM outbox ORDER BY at")
            ).mappings()
            found = [dict(message) for message in messages]
        for message in found:
            self.publish("shipping", message)
        return JSONResponse({"published": len(found)})


def linked(connection: sql.Connection, customer: str, shipment: str) -> None:
    """Add a link from a customer to a shipment."""
    inserted(connection, "customer_shipment", customer_id=customer, shipment_id=last(shipment), url=shipment, at=now())


class Catalog(Service):
    """Products."""

    name = "catalog"

    def routes(self) -> list[Route]:
        """Return the routes of the service."""
        return [
            Route("/products", self.listing("product"), methods=["GET"]),
            Route("/products/{id}", self.show, methods=["GET"]),
            self.command("/products", self.add),
        ]

    async def add(self, request: Request) -> Response:
        """Create a product."""
        body = await request.json()
        return self.insert("added", "product", id=body["id"], name=body["name"])

    async def show(self, request: Request) -> Response:
        """Show a product."""
        found = self.row("product", request.path_params["id"])
        return missing("product") if found is None else JSONResponse(found)


class Orders(Service):
    """Orders, with links to a customer and a product."""

    name = "orders"

    def routes(self) -> list[Route]:
        """Return the routes of the service."""
        return [
            Route("/orders", self.listing("orders"), methods=["GET"]),
            Route("/orders/{id}", self.show, methods=["GET"]),
            self.command("/orders", self.place),
        ]

    async def place(self, request: Request) -> Response:
        """Create an order, if its links lead somewhere."""
        body = await request.json()
        for link in (body["customer"], body["product"]):
            if (await self.call("GET", link)).status_code != 200:
                return JSONResponse({"error": f"{link} leads nowhere"}, 422)
        links = {"customer": body["customer"], "product": body["product"]}
        ids = {f"{name}_id": last(url) for name, url in links.items()}
        return self.insert("placed", "orders", id=body["id"], **links, **ids)

    async def show(self, request: Request) -> Response:
        """Show an order."""
        found = self.row("orders", request.path_params["id"])
        return missing("order") if found is None else JSONResponse(found)


class Shipping(Service):
    """Shipments, with a link to the order, and the addresses of customers, which events keep up to date."""

    name = "shipping"

    def routes(self) -> list[Route]:
        """Return the routes of the service."""
        return [
            Route("/shipments", self.listing("shipment"), methods=["GET"]),
            Route("/shipments/{id}", self.show, methods=["GET"]),
            Route("/addresses/{id}", self.address, methods=["GET"]),
            self.command("/shipments", self.ship),
            Route("/events", self.receive, methods=["POST"]),
        ]

    async def ship(self, request: Request) -> Response:
        """Create a shipment; where the database is shared, the customer's link to it, too."""
        body = await request.json()
        if (await self.call("GET", body["order"])).status_code != 200:
            return JSONResponse({"error": f"{body['order']} leads nowhere"}, 422)
        values = {"id": body["id"], "order_id": last(body["order"]), "order_url": body["order"]}
        with self.store.begin() as connection:
            self.append(connection, "created", body["id"])
            inserted(connection, "shipment", **values, at=now())
            if self.shared:
                linked(connection, last(body["customer"]), f"{body['collection']}/{body['id']}")
        return JSONResponse({"id": body["id"]}, 201)

    async def show(self, request: Request) -> Response:
        """Show a shipment."""
        found = self.row("shipment", request.path_params["id"])
        return missing("shipment") if found is None else JSONResponse(found)

    async def address(self, request: Request) -> Response:
        """Show the address to which a customer's shipments go."""
        with self.store.begin() as connection:
            query = sql.text("SELECT address FROM address WHERE customer_id = :id")
            found = connection.execute(query, request.path_params).scalar()
        return missing("address") if found is None else JSONResponse({"address": found})

    async def receive(self, request: Request) -> Response:
        """Take an event, once."""
        body = json.loads(await request.body())
        with self.store.begin() as connection:
            known = connection.execute(sql.text("SELECT 1 FROM inbox WHERE id = :id"), {"id": body["id"]}).first()
            if known is None:
                self.append(connection, "address changed", body["customer_id"])
                inserted(connection, "inbox", id=body["id"], at=now())
                connection.execute(sql.text("DELETE FROM address WHERE customer_id = :customer_id"), body)
                inserted(connection, "address", customer_id=body["customer_id"], address=body["address"])
        return Response(status_code=204)


SERVICES: tuple[type[Service], ...] = (Customers, Catalog, Orders, Shipping)
