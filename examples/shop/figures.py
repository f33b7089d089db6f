"""Figures 3, 4 and 5 of the article on the shop, and two plans under which nothing of the kind happens."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import bac
from bac.testing import Drill, DrillResult, DrillVerdict
from shop.drills import MARKER, ShopAdapter

SPECIFICATION = Path(__file__).parent / "shop.bac.yaml"
FIGURES = {
    3: ("broken-link", "order -> customer"),
    4: ("orphan-state", "shipment"),
    5: ("missing-state", "change address.2"),
}
"""The anomaly of each figure, as the check names it."""


def replay(figure: int, folder: Path, server: str | None = None) -> tuple[DrillResult, ShopAdapter]:
    """Drive the shortest run at rest that shows a figure; return the result, and the shop as it is then."""
    specification = bac.load(SPECIFICATION)
    report = bac.check(specification, plan="independent", properties=["consistency"], engine="auto")["independent"]
    trace = next(each.trace for each in report.anomalies if (each.kind, each.subject) == FIGURES[figure])
    made: list[ShopAdapter] = []

    def start() -> ShopAdapter:
        made.append(ShopAdapter(specification, "independent", folder, server))
        return made[-1]

    return Drill(specification, start).trace(trace), made[-1]


def clean(plan: str, folder: Path, server: str | None = None, examples: int = 10) -> DrillResult:
    """Drive random runs under a plan that is consistent."""
    specification = bac.load(SPECIFICATION)
    return Drill(specification, lambda: ShopAdapter(specification, plan, folder, server), plan=plan).random(
        examples, 12
    )


def evidence(figure: int, adapter: ShopAdapter) -> Iterator[str]:
    """Yield what a client sees after the restore."""
    shop = adapter.shop
    match figure:
        case 3:
            order = adapter.show("order", 1)
            yield f"GET {order.url} → {order.status_code}, refers to {order.json()['customer']}"
            yield f"GET {order.json()['customer']} → {adapter.get(order.json()['customer']).status_code}"
        case 4:
            shipment, customer = adapter.show("shipment", 1), adapter.show("customer", 1)
            yield f"GET {shipment.url} → {shipment.status_code}"
            shown = customer.json()["shipments"] if customer.status_code == 200 else "there is no such customer"
            yield f"GET {customer.url} → {customer.status_code}, shipments: {shown}"
        case _:
            customer = adapter.show("customer", 1)
            copy = f"{shop.base('shipping')}/addresses/c1"
            yield f"GET {customer.url} → {customer.status_code}, address: {customer.json()['address']}"
            yield f"GET {copy} → {adapter.get(copy).status_code}"


def show(folder: Path, server: str | None, tell: Callable[[str], None]) -> bool:
    """Replay everything, and return whether it came out as the article and the check say."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / MARKER).touch()
    fine = True
    for figure, (kind, subject) in FIGURES.items():
        result, adapter = replay(figure, folder, server)
        tell(f"Figure {figure}: {kind.replace('-', ' ')} {subject}")
        tell(str(result))
        for line in evidence(figure, adapter):
            tell(f"      {line}")
        fine = fine and result.verdict is DrillVerdict.AS_PREDICTED
    for plan in ("quiesced", "clustered"):
        result = clean(plan, folder, server)
        tell(f"{plan}: {result.verdict}, {result.reason}")
        fine = fine and result.verdict is DrillVerdict.CONSISTENT
    return fine
