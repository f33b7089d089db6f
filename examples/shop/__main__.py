"""``python -m shop serve`` starts the shop; ``python -m shop figures`` loses and restores one."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

import click

from shop.figures import show
from shop.system import NAMES, Shop

DATA = click.option("--data", type=click.Path(path_type=Path), default=Path("shop/data"), show_default=True)
SERVER = click.option("--server", metavar="URL", help="A PostgreSQL server; default: SQLite files.")


@click.group()
def main() -> None:
    """A shop of four event-sourced HTTP services."""


@main.command()
@DATA
@SERVER
@click.option("--port", default=8001, show_default=True, help="The first of four ports.")
def serve(data: Path, server: str | None, port: int) -> None:
    """Start four services and the broker; end them with Ctrl-C."""
    import uvicorn

    shop = Shop(data, server, ports=port)
    shop.create()
    for name in NAMES:
        click.echo(f"{name}: {shop.base(name)}")

    async def run() -> None:
        configured = (
            uvicorn.Config(app, port=port + NAMES.index(name), log_level="warning") for name, app in shop.apps.items()
        )
        await asyncio.gather(shop.relay(), *(uvicorn.Server(each).serve() for each in configured))

    asyncio.run(run())


@main.command()
@DATA
@SERVER
def figures(data: Path, server: str | None) -> None:
    """Replay Figures 3, 4 and 5, and two plans that are consistent: what is in the data folder is destroyed."""
    sys.exit(0 if show(data, server, click.echo) else 1)


main()
