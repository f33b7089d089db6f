"""Large architectures of three shapes, made from a seed: the landscapes on which growth is measured.

python benchmarks/landscapes.py --services 1000 --references 5000 --shape layered --seed 1 > landscape.bac.yaml
"""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from typing import Any

import click

SHAPES = ("layered", "scale-free", "cyclic")
MODES = ("atomic", "locked", "shared-database", "markers", "continuous")
LAYERS = 10
TEAM = 5
"""So many services are backed up together in the plans with groups."""


def landscape(services: int, references: int, shape: str, seed: int = 1) -> dict[str, Any]:
    """Return a specification with this many services and references, as a document.

    Each service owns one entity.  *Layered*: references go to a lower layer, as from front ends to back ends.
    *Scale-free*: the more often an entity is referred to, the more often it is again.  *Cyclic*: rings of services that
    refer to each other, and chords.  There is a plan for each mode that makes groups of neighbouring services, one that
    backs up the services one after another, and one in which any services may crash.

    Args:
        services: at least 2.
        references: at most as many as the shape has room for.
        shape: one of :data:`SHAPES`.
        seed: the same seed gives the same document.

    Raises:
        ValueError: for another shape, or more references than there is room for.
    """
    draw = random.Random(f"{shape} {seed}")
    pairs = {"layered": layered, "scale-free": scale_free, "cyclic": cyclic}.get(shape)
    if pairs is None:
        raise ValueError(f"{shape!r} is none of {', '.join(SHAPES)}")
    chosen: dict[tuple[int, int], None] = {}
    for _, pair in zip(range(100 * references), pairs(services, draw), strict=False):
        if len(chosen) == references:
            break
        chosen[pair] = None
    if len(chosen) < references:
        raise ValueError(f"{services} services have no room for {references} references")
    width = len(str(services))
    names = [f"{number:0{width}}" for number in range(1, services + 1)]
    return {
        "name": f"{shape} landscape of {services} services",
        "services": {f"service-{name}": {"owns": [f"entity-{name}"]} for name in names},
        "references": [f"entity-{names[holder]} -> entity-{names[target]}" for holder, target in chosen],
        "plans": plans([f"service-{name}" for name in names]),
    }


def layered(services: int, draw: random.Random) -> Iterator[tuple[int, int]]:
    """References to a lower layer."""
    while True:
        one, other = draw.randrange(services), draw.randrange(services)
        if one * LAYERS // services < other * LAYERS // services:
            yield one, other


def scale_free(services: int, draw: random.Random) -> Iterator[tuple[int, int]]:
    """References to what is referred to already."""
    popular = list(range(services))
    while True:
        holder, target = draw.randrange(services), draw.choice(popular)
        if holder != target:
            popular.append(target)
            yield holder, target


def cyclic(services: int, draw: random.Random) -> Iterator[tuple[int, int]]:
    """A ring through all services, and then chords."""
    for holder in range(services):
        yield holder, (holder + 1) % services
    while True:
        holder, target = draw.randrange(services), draw.randrange(services)
        if holder != target:
            yield holder, target


def plans(services: list[str]) -> dict[str, Any]:
    """The plans: teams of neighbours in each mode, an order, and a disaster that may hit any services."""
    teams = [services[start : start + TEAM] for start in range(0, len(services), TEAM)]
    grouped = {mode: {"groups": [{"mode": mode, "services": team} for team in teams]} for mode in MODES}
    return {
        **grouped,
        "half is never backed up": {"groups": [{"mode": "none", "services": services[::2]}]},
        "in order": {"order": services},
        "everything locked": {"groups": [{"mode": "locked", "services": "all"}], "recovery": {"replay": True}},
        "any may crash": {"disaster": {"scope": "any"}},
    }


@click.command()
@click.option("--services", type=click.IntRange(2), default=1000, show_default=True)
@click.option("--references", type=click.IntRange(0), default=5000, show_default=True)
@click.option("--shape", type=click.Choice(SHAPES), default="layered", show_default=True)
@click.option("--seed", type=int, default=1, show_default=True)
def main(services: int, references: int, shape: str, seed: int) -> None:
    """Write a landscape to standard output."""
    click.echo(json.dumps(landscape(services, references, shape, seed), indent=1))


if __name__ == "__main__":
    main()
