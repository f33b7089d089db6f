"""Architectures like those of users, made from a seed: use cases share entities, as in most systems.

python benchmarks/sharing.py --services 300 --shape shared --seed 1 > shared.bac.yaml
"""

from __future__ import annotations

import json
import random
from typing import Any

import click

SHAPES = ("shared", "dense", "hard")
TEAM = 4
"""So many services are backed up together in the plans with groups."""
Document = dict[str, Any]
PLANS: dict[str, Document] = {
    "locked": {"groups": [{"mode": "locked", "services": "all"}]},
    "atomic replay": {
        "groups": [{"mode": "atomic", "services": "all"}],
        "recovery": {"replay": True, "resume": True},
    },
}
"""The plans that are compared with the one that every specification has, ``independent``."""


class Maker:
    """Makes services that own entities, and use cases that create them with references to those of others.

    *Shared*: up to two references for each entity, and copies that are sent by events or calls.  *Dense*: two to five
    references, so that a use case depends on hundreds of others.  *Hard*: as shared, and also links made within a use
    case or later, links that are removed, and deletions.
    """

    def __init__(self, services: int, shape: str, seed: int) -> None:
        """Make everything."""
        self.draw = random.Random(f"{shape} {seed}")
        self.count, self.shape = services, shape
        self.owned: dict[int, list[str]] = {number: [] for number in range(services)}
        self.use_cases: dict[str, list[Document]] = {}
        self.made: list[tuple[str, int]] = []
        self.links: list[tuple[str, str]] = []
        for number in range(services):
            self.entity(number, f"e{number}")
            if shape != "hard" and self.draw.random() < 0.4:
                self.entity(number, f"f{number}")
        if shape == "hard":
            for number in range(services):
                self.later(number)

    def entity(self, service: int, name: str) -> None:
        """Create an entity in a use case of its own, and copy it to other services."""
        others = [entity for entity, owner in self.made if owner != service]
        wanted = self.draw.choice([2, 3, 4, 5] if self.shape == "dense" else [0, 1, 1, 2])
        targets = self.draw.sample(others, min(len(others), wanted))
        steps: list[Document] = []
        if self.shape == "hard" and self.draw.random() < 0.5:
            targets.append(self.within(f"g{name}", steps))
        self.owned[service].append(name)
        self.made.append((name, service))
        self.links += [(name, target) for target in targets]
        steps.append({"create": name, **({"refers_to": targets} if targets else {})})
        for _ in range(self.draw.choice([0, 0, 1, 2])):
            steps.append({**self.copy(name, service), "via": self.draw.choice(["event", "call"])})
        self.use_cases[f"make {name}"] = steps
        if self.draw.random() < 0.3:
            self.use_cases[f"change {name}"] = [{"update": name}, {**self.copy(name, service), "via": "event"}]

    def within(self, name: str, steps: list[Document]) -> str:
        """Create another entity first, in the same use case."""
        owner = self.draw.randrange(self.count)
        self.owned[owner].append(name)
        self.made.append((name, owner))
        steps.append({"create": name})
        return name

    def copy(self, entity: str, service: int) -> Document:
        """A copy of an entity at another service."""
        return {"copy": entity, "at": f"s{self.other(service)}"}

    def other(self, service: int) -> int:
        """Another service."""
        return (service + self.draw.randrange(1, self.count)) % self.count

    def later(self, number: int) -> None:
        """Links that are made and removed later, and deletions."""
        holder, target = self.draw.choice(self.made)[0], self.draw.choice(self.made)[0]
        if self.draw.random() < 0.3 and holder != target and (holder, target) not in self.links:
            self.links.append((holder, target))
            self.use_cases[f"relate {number}"] = [{"link": holder, "to": target}]
        if self.draw.random() < 0.2:
            holder, target = self.draw.choice(self.links)
            self.use_cases[f"unrelate {number}"] = [{"unlink": holder, "from": target}, {"update": holder}]
        if self.draw.random() < 0.1:
            self.use_cases[f"remove {number}"] = [{"delete": self.draw.choice(self.made)[0]}]


def sharing(services: int, shape: str, seed: int = 1, many_plans: bool = False) -> Document:
    """Return a specification whose use cases share entities, as a document.

    Args:
        services: at least 2.
        shape: one of :data:`SHAPES`.
        seed: the same seed gives the same document.
        many_plans: whether there are 23 plans of all kinds, and not only two.
    """
    maker = Maker(services, shape, seed)
    copied: dict[str, dict[str, None]] = {}
    for steps in maker.use_cases.values():
        for step in steps:
            if "copy" in step:
                copied.setdefault(step["at"], {})[step["copy"]] = None
    names = [f"s{number}" for number in range(services)]
    return {
        "name": f"{shape} landscape of {services} services",
        "services": {
            name: {"owns": owned, **({"copies": [*copied[name]]} if name in copied else {})}
            for name, owned in zip(names, maker.owned.values(), strict=True)
        },
        "use_cases": maker.use_cases,
        "plans": plans(names) if many_plans else PLANS,
    }


def plans(names: list[str]) -> dict[str, Document]:
    """Plans of all kinds."""
    teams = [names[start : start + TEAM] for start in range(0, len(names), TEAM)]
    any_set = {"disaster": {"scope": "any"}}
    redo = {"recovery": {"replay": True, "resume": True}}
    found: dict[str, Document] = {
        "in order": {"order": names},
        "any": any_set,
        "each alone": {"disaster": {"scope": [[name] for name in names]}},
        "at rest": {"disaster": {"timing": "at-rest"}},
        "oldest": {"recovery": {"rollback": "oldest"}},
        "replay": {"recovery": {"replay": True}},
        "replay and resume": redo,
        "any, replay and resume": {**any_set, **redo},
        "broker survives": {"recovery": {"broker": "survives"}},
        "half continuous": {"groups": [{"mode": "continuous", "services": names[::2]}]},
        "one never": {"groups": [{"mode": "none", "services": names[:1]}]},
    }
    for mode in ("atomic", "locked", "markers", "shared-database"):
        split = {"groups": [{"mode": mode, "services": team} for team in teams]}
        found[f"{mode}, all"] = {"groups": [{"mode": mode, "services": "all"}]}
        found[f"{mode}, by {TEAM}"] = split
        found[f"{mode}, by {TEAM}, any"] = {**split, **any_set}
    return found


@click.command()
@click.option("--services", type=click.IntRange(2), default=300, show_default=True)
@click.option("--shape", type=click.Choice(SHAPES), default=SHAPES[0], show_default=True)
@click.option("--seed", type=int, default=1, show_default=True)
@click.option("--many-plans", is_flag=True, help="23 plans of all kinds, and not only two.")
def main(services: int, shape: str, seed: int, many_plans: bool) -> None:
    """Print an architecture whose use cases share entities."""
    click.echo(json.dumps(sharing(services, shape, seed, many_plans), indent=1))


if __name__ == "__main__":
    main()
