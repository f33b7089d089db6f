"""A specification means what its reference says, and every mistake is reported at its place."""

from __future__ import annotations

import io
import json
import re
import sys
from contextlib import suppress
from pathlib import Path
from random import Random
from typing import Any

import jsonschema
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from strategies import specifications

from bac.model.architecture import Caching, Entity, Link, Step, Tolerance, Verb, Via
from bac.model.errors import BacError, UnknownPlan, UnreadableFile, UnwritableFile
from bac.model.modes import Mode
from bac.model.plan import INDEPENDENT, Disaster, Group, Plan, Timing
from bac.model.recovery import Broker, OnInvalid, Onto, Recovery, Restore, Rollback, Source
from bac.model.specification import yaml_tree
from bac.model.specification.diagnostics import CODES, ERRORS, FOUND, NOTES, WARNINGS, Diagnostic, SpecificationError
from bac.model.specification.reader import Specification, load, parse
from bac.model.specification.starter import STARTER, write_starter
from bac.model.specification.writer import dump, to_yaml
from bac.schemas import schema
from bac.testing.generator import problem

ROOT = Path(__file__).parent.parent
SCHEMA = jsonschema.Draft202012Validator(schema("specification"))
EXAMPLES = sorted(ROOT.glob("examples/**/*.bac.yaml"))

SALES = """\
name: Sales
services:
  customers: {owns: [customer]}
  catalog:   {owns: [product]}
  orders:    {owns: [order]}
  shipping:  {owns: [shipment], copies: [customer]}
use_cases:
  register customer:
    - create: customer
  add product:
    - create: product
  place order:
    - create: order
      refers_to: [customer, product]
  ship order:
    - create: shipment
      refers_to: [order]
    - link: customer
      to: shipment
  change address:
    - update: customer
    - copy: customer
      at: shipping
      via: event
tolerates: ["order -> product"]
plans:
  nightly:
    order: [shipping, orders, catalog, customers]
  quiesced:
    groups:
      - {mode: locked, services: [customers, catalog, orders, shipping]}
    recovery: {replay: true}
    disaster: {scope: any}
"""

TINY = "services: {a: {owns: [x, y]}, b: }\nuse_cases:\n  u: [{create: x}, {create: y}, {copy: x, at: b}]\n"
"""Two services, two entities; line 4 is free for what a test is about."""

USES = "services: {a: {owns: [x, y]}}\nuse_cases:\n  u:\n    - create: x\n"
"""One service and the first step; line 5 is free for another step."""

PLAN = TINY + "plans:\n  p:\n    "
"""A plan; line 6, from column 5, is free for a key of it."""

SHOP = """\
services: {a: {owns: [x, y]}, b: {owns: [z], copies: [x]}, pay: {owns: [w], external: true}}
use_cases:
  u: [{create: x}, {create: y, refers_to: x, name: s}, {copy: x, at: b}, {create: z, refers_to: y}, {create: w}]
  v: {background: true, steps: [{update: y}]}
"""
"""Two services, an external one, and two use cases; line 5 is free for another key."""

SHOP_PLAN = SHOP + "plans:\n  p:\n    "
"""A plan of the shop; line 7, from column 5, is free for a key of it."""

TWO_READINGS = """\
services: {a: {owns: [x]}}
use_cases:
  {u: [{create: x}, {update: x, name: v.s}], u.v: [{update: x}, {update: x, name: s}]}
tolerates: {missing state: [u.v.s]}
"""

EVERY_CODE = [
    # code, specification, line and column of the report
    ("too-large", "x" * (yaml_tree.MAX_BYTES + 1), 1, 1),
    ("too-large", "a: &a [" + "x, " * 1000 + "]\nb: [" + "*a, " * 500 + "]\n", 2, 1997),
    ("not-utf8", b"name: x\nservices: caf\xe9", 2, 14),
    ("not-utf8", "name: x".encode("utf-16"), 1, 1),
    ("bad-character", "name: a\nservices: b\0", 2, 12),
    ("bad-character", "name: 'a\x1b[2J'", 1, 9),
    ("empty-file", "", 1, 1),
    ("empty-file", "# nothing but a remark\n", 1, 1),
    ("yaml-syntax", "services: {a: [x}", 1, 17),
    ("yaml-syntax", "services:\n  a: b: c", 2, 7),
    ("tab-indentation", "services:\n\ta:", 2, 1),
    ("yaml-documents", TINY + "---\nname: x", 4, 1),
    ("yaml-tag", "services: !!python/name:os.system {}", 1, 11),
    ("yaml-tag", "%TAG !a! tag:a\n---\nservices:", 1, 1),
    ("yaml-merge", TINY + "plans: {p: &p {order: [a]}, q: {<<: *p}}", 4, 33),
    ("yaml-key", TINY + "plans: {[p]: {order: [a]}}", 4, 9),
    ("unknown-alias", "services: *nothing", 1, 11),
    ("unknown-alias", "services: &itself [*itself]", 1, 20),
    ("too-deep", "[" * 33, 1, 33),
    ("too-deep", "a0: &a0 [x]\n" + "".join(f"a{i}: &a{i} [*a{i - 1}]\n" for i in range(1, 40)), 32, 12),
    ("duplicate-key", "services:\n  a: {owns: [x]}\n  a:\nuse_cases: {u: [create: x]}", 3, 3),
    ("unknown-key", TINY + "plan: {}", 4, 1),
    ("unknown-key", USES + "    - udpate: x", 5, 7),
    ("missing-key", "name: x\nreferences:", 1, 1),
    ("missing-key", "name: x\nservices: {a: {owns: [x]}}", 1, 1),
    ("missing-key", USES + "    - link: x", 5, 7),
    ("missing-key", PLAN + "groups: [{mode: atomic}]", 6, 14),
    ("misplaced-key", USES + "    - {update: x, refers_to: x}", 5, 19),
    ("wrong-type", "- services", 1, 1),
    ("wrong-type", "services: {a: {owns: x}}\nuse_cases:", 1, 22),
    ("wrong-type", USES + "    - update: [x]", 5, 15),
    ("unknown-value", PLAN + "groups: [{mode: lockd, services: all}]", 6, 21),
    ("unknown-value", USES + "    - {create: y, via: evnt}", 5, 24),
    ("not-a-boolean", PLAN + "recovery: {replay: yes}", 6, 24),
    ("not-a-boolean", PLAN + 'recovery: {replay: "true"}', 6, 24),
    ("bad-name", 'services: {a: {owns: ["x\\ny"]}}\nuse_cases:', 1, 23),
    ("bad-name", 'services: {"a\\u202e": {}}\nuse_cases:', 1, 12),
    ("bad-name", "services: {a: {owns: [x->y]}}\nuse_cases:", 1, 23),
    ("bad-name", "services: {a: {owns: [" + "x" * 201 + "]}}\nuse_cases:", 1, 23),
    ("bad-name", "services: {' a': {}}\nuse_cases:", 1, 12),
    ("bad-name", TINY + "name: ''", 4, 7),
    ("duplicate-name", "services: {a: {owns: [x, x]}}\nuse_cases: {u: [create: x]}", 1, 26),
    ("duplicate-name", USES + "    - {create: y, refers_to: [x, x]}", 5, 34),
    ("duplicate-name", PLAN + "order: [a, b, a]", 6, 19),
    ("duplicate-name", PLAN + "groups: [{mode: atomic, services: [a, a]}]", 6, 43),
    ("duplicate-name", PLAN + "disaster: {scope: [[a, b], [b, a]]}", 6, 32),
    ("empty-list", USES + "    - {create: y, after: []}", 5, 26),
    ("empty-list", PLAN + "groups: [{mode: atomic, services: []}]", 6, 39),
    ("empty-list", PLAN + "disaster: {scope: [[a], []]}", 6, 29),
    ("empty-list", PLAN + "disaster: {scope: []}", 6, 23),
    ("bad-link", "services: {a: {owns: [x]}}\nreferences: [x to x]", 2, 14),
    ("bad-link", "services: {a: {owns: [x]}}\nreferences: ['-> x']", 2, 14),
    ("no-services", "services: {}\nuse_cases:", 1, 11),
    ("two-owners", "services:\n  a: {owns: [x]}\n  b: {owns: [x]}\nuse_cases: {u: [create: x]}", 3, 14),
    ("unknown-service", USES + "    - {copy: x, at: z}", 5, 21),
    ("unknown-service", PLAN + "groups: [{mode: atomic, services: [a, z]}]", 6, 43),
    ("unknown-service", PLAN + "order: [z]", 6, 13),
    ("unknown-service", PLAN + "disaster: {scope: [[a, z]]}", 6, 28),
    ("unknown-entity", USES + "    - create: z", 5, 15),
    ("unknown-entity", "services: {a: {owns: [x], copies: [z]}}\nuse_cases: {u: [create: x]}", 1, 36),
    ("unknown-entity", "services: {a: {owns: [x]}}\nreferences: [x -> z]", 2, 14),
    ("two-forms", "services: {a: {owns: [x]}}\nuse_cases:\nreferences:", 3, 1),
    ("no-steps", "services: {a: {owns: [x]}}\nuse_cases:\n  u: [create: x]\n  v: []", 4, 3),
    ("no-verb", USES + "    - refers_to: x", 5, 7),
    ("two-verbs", USES + "    - {create: y, update: x}", 5, 19),
    ("first-step", "services: {a: {owns: [x]}}\nuse_cases:\n  u: [{create: x, via: event}]", 3, 19),
    ("first-step", "services: {a: {owns: [x]}}\nuse_cases:\n  u: [{create: x, after: s}, {update: x, name: s}]", 3, 19),
    ("duplicate-step", USES + "    - {create: y, name: s}\n    - {update: x, name: s}", 6, 25),
    ("unknown-step", USES + "    - {create: y, name: s}\n    - {update: x, after: [s, t]}", 6, 30),
    ("cycle", USES + "    - {create: y, name: s, after: t}\n    - {update: x, name: t}", 5, 28),
    ("cycle", USES + "    - {create: y, name: s, after: s}", 5, 28),
    ("two-creators", USES + "    - create: x", 5, 15),
    ("never-created", USES + "    - update: y", 5, 15),
    ("never-created", USES + "    - {link: x, to: y}", 5, 21),
    ("duplicate-link", USES + "    - create: y\n    - {link: x, to: y}\n    - {link: x, to: y}", 7, 21),
    ("duplicate-link", "services: {a: {owns: [x, y]}}\nreferences: [x -> y, y -> x, x->y]", 2, 30),
    ("unknown-link", USES + "    - {create: y, refers_to: x}\n    - {unlink: x, from: y}", 6, 25),
    ("unknown-link", TINY + "tolerates: [x -> y]", 4, 13),
    ("reserved-name", TINY + "plans: {independent: {}}", 4, 9),
    ("two-groups", PLAN + "groups: [{mode: none, services: [a]}, {mode: atomic, services: [a, b]}]", 6, 69),
    ("two-groups", PLAN + "groups: [{mode: none, services: [a]}, {mode: atomic, services: all}]", 6, 68),
    ("not-independent", PLAN + "{order: [b, a], groups: [{mode: atomic, services: [a]}]}", 6, 17),
    ("bad-expectation", PLAN + "expect: {anomalies: [lost order]}", 6, 26),
    ("bad-expectation", PLAN + "expect: {consistency: holds, anomalies: [orphan state x]}", 6, 27),
    ("no-snapshot", PLAN + "{groups: [{mode: continuous, services: all}], recovery: {rollback: oldest}}", 6, 72),
    ("external", SHOP_PLAN + "groups: [{mode: atomic, services: [a, pay]}]", 7, 43),
    ("no-services", "services: {a: {owns: [x], external: true}}\nreferences: [x -> x]", 1, 11),
    ("external", SHOP_PLAN + "order: [a, pay]", 7, 16),
    ("external", SHOP_PLAN + "disaster: {scope: [[a, pay]]}", 7, 28),
    ("misplaced-key", SHOP_PLAN + "groups: [{mode: stopped, services: all, holds: [u]}]", 7, 45),
    ("misplaced-key", USES + "    - {update: x, kept: true}", 5, 19),
    ("misplaced-key", USES + "    - {create: y, kept: false}", 5, 19),
    ("unknown-use-case", SHOP_PLAN + "groups: [{mode: locked, services: all, holds: [u, w]}]", 7, 55),
    ("empty-list", SHOP_PLAN + "groups: [{mode: locked, services: all, holds: []}]", 7, 51),
    ("duplicate-name", SHOP_PLAN + "groups: [{mode: locked, services: all, holds: [u, u]}]", 7, 55),
    ("contradiction", SHOP_PLAN + "recovery: {from: newest, rollback: oldest}", 7, 22),
    ("contradiction", SHOP_PLAN + "recovery: {rollback: oldest, onto: existing}", 7, 40),
    ("no-snapshot", SHOP_PLAN + "{groups: [{mode: rebuilt, services: all}], recovery: {rollback: oldest}}", 7, 69),
    ("unknown-value", SHOP_PLAN + "recovery: {from: oldest}", 7, 22),
    ("unknown-value", SHOP_PLAN + "recovery: {onto: nothing}", 7, 22),
    ("unknown-value", SHOP_PLAN + "recovery: {broker: kept}", 7, 24),
    ("unknown-entity", SHOP_PLAN + "recovery: {backfill: [x, q]}", 7, 30),
    ("unknown-entity", SHOP_PLAN + "recovery: {reconstruct: q}", 7, 29),
    ("unknown-entity", SHOP_PLAN + "recovery: {collect: [q]}", 7, 26),
    ("duplicate-name", SHOP_PLAN + "recovery: {backfill: [x, x]}", 7, 30),
    ("wrong-type", SHOP_PLAN + "recovery: {backfill: {x: true}}", 7, 26),
    ("not-a-boolean", SHOP_PLAN + "recovery: {retry: [x]}", 7, 23),
    ("not-a-boolean", SHOP_PLAN + "recovery: {undo: yes}", 7, 22),
    ("unknown-entity", SHOP + "entities: {q: {scarce: true}}", 5, 12),
    ("unknown-key", SHOP + "entities: {x: {rare: true}}", 5, 16),
    ("unknown-value", SHOP + "entities: {x: {ids: serial}}", 5, 21),
    ("not-a-boolean", SHOP + "entities: {x: {scarce: 3}}", 5, 24),
    ("wrong-type", SHOP + "entities: {x: scarce}", 5, 15),
    ("wrong-type", SHOP + "entities: [x]", 5, 11),
    ("unknown-key", SHOP + "tolerates: {orphan: [x]}", 5, 13),
    ("unknown-entity", SHOP + "tolerates: {orphans: [q]}", 5, 23),
    ("unknown-link", SHOP + "tolerates: {broken links: [x -> y]}", 5, 28),
    ("bad-link", SHOP + "tolerates: {broken links: [y to x]}", 5, 28),
    ("duplicate-name", SHOP + "tolerates: {broken links: [y -> x, y->x]}", 5, 36),
    ("unknown-step", SHOP + "tolerates: {missing state: [u.6]}", 5, 29),
    ("unknown-step", SHOP + "tolerates: {missing state: [u]}", 5, 29),
    ("duplicate-name", SHOP + "tolerates: {missing state: [u.2, u.s]}", 5, 34),
    ("ambiguous-step", TWO_READINGS, 4, 29),
    ("wrong-type", SHOP + "tolerates: y -> x", 5, 12),
    ("wrong-type", SHOP + "tolerates: {orphans: x}", 5, 22),
    ("unknown-link", SHOP + "caches: {x -> y: with the link}", 5, 10),
    ("bad-link", SHOP + "caches: {x: with the link}", 5, 10),
    ("unknown-value", SHOP + "caches: {y -> x: always}", 5, 18),
    ("duplicate-key", SHOP + "caches: {y -> x: with the link, y->x: with the link}", 5, 33),
    ("no-copy", SHOP + "caches: {y -> x: copies}", 5, 10),
    ("wrong-type", SHOP + "caches: [y -> x]", 5, 9),
    ("not-a-boolean", "services: {a: {owns: [x], external: 1}}\nuse_cases: {u: [create: x]}", 1, 37),
    ("unknown-entity", USES + "    - {create: y, needs: q}", 5, 26),
    ("never-created", USES + "    - {update: x, needs: [y]}", 5, 27),
    ("duplicate-name", USES + "    - {create: y, needs: [x, x]}", 5, 30),
    ("wrong-type", USES + "    - {create: y, needs: {x: y}}", 5, 26),
    ("not-a-boolean", USES + "    - {create: y, once: yes}", 5, 25),
    ("not-a-boolean", USES + "    - {delete: x, kept: soft}", 5, 25),
    ("missing-key", USES + "  v: {background: true}", 5, 6),
    ("unknown-key", USES + "  v: {steps: [{update: x}], job: true}", 5, 29),
    ("not-a-boolean", USES + "  v: {steps: [{update: x}], background: 1}", 5, 41),
    ("no-steps", USES + "  v: {steps: []}", 5, 3),
    ("wrong-type", USES + "  v: {steps: {update: x}}", 5, 14),
    ("first-step", USES + "  v: {background: true, steps: [{update: x, via: event}]}", 5, 45),
    ("no-effect", SHOP_PLAN + "recovery: {backfill: [y]}", 7, 27),
    ("no-effect", SHOP_PLAN + "recovery: {reconstruct: [z]}", 7, 30),
    ("no-effect", SHOP_PLAN + "recovery: {collect: w}", 7, 25),
    ("no-effect", SHOP + "entities: {x: {scarce: true}}\nplans: {p: {recovery: {reconstruct: x}}}", 6, 37),
    ("no-effect", SHOP_PLAN + "groups: [{mode: locked, services: [b], holds: [u, v]}]", 7, 55),
    ("no-use-cases", "services: {a: {owns: [x]}}\nuse_cases:", 2, 1),
    ("no-use-cases", "services: {a: {owns: [x]}}\nreferences: []", 2, 1),
    ("unused-service", TINY[:-1].replace("{owns: [x, y]}", "{owns: [x, y]}, c: {owns: [z]}"), 1, 31),
    ("unused-entity", USES, 1, 26),
    ("unlisted-copy", TINY, 3, 47),
    ("unfilled-copy", "services: {a: {owns: [x]}, b: {owns: [y], copies: [x]}}\nreferences: [x -> y]", 1, 52),
    ("copy-at-owner", USES + "    - {copy: x, at: a}", 5, 21),
    ("copy-at-owner", "services: {a: {owns: [x], copies: [x]}}\nuse_cases: {u: [create: x]}", 1, 36),
    ("never-backed-up", PLAN + "groups: [{mode: none, services: [a]}]", 6, 21),
    ("lonely-group", PLAN + "groups: [{mode: markers, services: [a]}]", 6, 21),
    ("same-plan", TINY + "plans: {p: {order: [a]}, q: {order: [a]}}", 4, 26),
    ("same-plan", TINY + "plans: {p: }", 4, 9),
]

WRONG = [case for case in EVERY_CODE if case[0] in ERRORS]

UNORDERED = """\
services: {a: {owns: [x, y]}}
use_cases:
  u:
    - {create: x, name: first}
    - {update: x, name: c, after: b, via: event}
    - {update: x, name: a, after: first}
    - {update: x, name: b, after: [a, first]}
    - {update: x, after: [c, b]}
    - create: y
"""

WORDS = """\
services: {no: {owns: [1, 3.10, true, null]}, on: }
use_cases: {yes: [{create: 1, refers_to: 3.10}, {create: 3.10}, {create: true}, {copy: 1, at: on, name: off}]}
"""

EVERY_KEY = """\
services:
  flights: {owns: [seat]}
  trips:   {owns: [trip, note], copies: [seat]}
  gateway: {owns: [charge], external: true}
  search:  {copies: [trip]}
entities:
  seat: {scarce: true}
  trip: {ids: sequence}
  note: {scarce: true, ids: sequence}
  charge: {scarce: false, ids: unique}
use_cases:
  book:
    - {create: seat}
    - {copy: seat, at: trips}
    - {create: trip, refers_to: seat, name: booked}
    - {create: charge, once: true, needs: trip}
    - {copy: trip, at: search, via: event, name: found}
  comment:
    - {create: note, refers_to: [trip], needs: [seat, trip]}
  purge:
    background: true
    steps:
      - {delete: trip, kept: true}
tolerates:
  broken links: [trip -> seat]
  orphans: [seat, note]
  missing state: [book.found, book.4, comment.1]
caches:
  trip -> seat: copies
  note->trip: with the link
plans:
  p:
    groups:
      - {mode: locked, services: [flights, trips], holds: [book, purge]}
      - {mode: rebuilt, services: [search]}
    recovery:
      from: newest
      onto: existing
      broker: backup
      retry: true
      backfill: [seat]
      reconstruct: [trip]
      collect: [seat]
      undo: true
    disaster: {scope: [[flights, trips]]}
  q:
    groups: [{mode: stopped, services: all}]
    recovery: {backfill: true, reconstruct: true, collect: true, retry: false, from: set, onto: empty}
"""
"""Every key that the second version of the language added."""

VALID = [
    SALES,
    EVERY_KEY,
    SHOP,
    "services: {a: {owns: [x, y]}}\nreferences: [x -> y]\nentities: {y: {scarce: true}}\n"
    "caches: {x -> y: with the link}\ntolerates: {missing state: [x -> y.2]}\nplans: {p: {recovery: {backfill: y}}}",
    "services: {a: {owns: [x]}}\nuse_cases: {u: {steps: [create: x]}}\nentities:\ncaches:\ntolerates: {orphans: }",
    STARTER,
    TINY,
    USES,
    UNORDERED,
    WORDS,
    "services: {a: }\nuse_cases:\nplans:\n",
    "services: {a: {}, b: null, c: ~}\nuse_cases: {}\n",
    # Aliases, within limits; a byte order mark; a list in JSON.
    "\ufeffservices: {a: {owns: &all [x, y]}, b: {copies: *all}}\nreferences: ['x -> y', 'x->x']\n",
    '{"services": {"a": {"owns": ["\\ud83d\\ude00", "\\u00e9\\u200d"]}},\n'
    '"references": ["\\ud83d\\ude00 -> \\u00e9\\u200d"]}',
]


def failure(text: str | bytes) -> SpecificationError:
    with pytest.raises(SpecificationError) as caught:
        parse(text)
    return caught.value


def diagnostics(text: str | bytes) -> tuple[Diagnostic, ...]:
    """Return every error, warning and note about a specification."""
    try:
        return parse(text).warnings
    except SpecificationError as error:
        return error.diagnostics


def codes(text: str) -> list[str]:
    return [found.code for found in diagnostics(text)]


def test_a_plan_with_an_error_is_not_said_to_be_like_another() -> None:
    assert codes(TINY + "plans: {p: {recovery: {backfill: [nothing]}}}") == ["unknown-entity"]


# --- What a specification means ---------------------------------------------------------------------------------------


def test_the_article_s_example() -> None:
    read = parse(SALES, "sales.bac.yaml")
    assert read.warnings == ()
    assert read.file == "sales.bac.yaml"
    sales = read.architecture
    assert sales.name == "Sales"
    assert [service.name for service in sales.services] == ["customers", "catalog", "orders", "shipping"]
    assert sales.services[3].owns == ("shipment",)
    assert sales.services[3].copies == ("customer",)
    customer, product = Entity("customer", "customers"), Entity("product", "catalog")
    order, shipment = Entity("order", "orders"), Entity("shipment", "shipping")
    assert sales.by_use_case["place order"].steps == (
        Step(1, Verb.CREATE, order, "orders", links=(Link(order, customer), Link(order, product))),
    )
    assert sales.by_use_case["ship order"].steps == (
        Step(1, Verb.CREATE, shipment, "shipping", links=(Link(shipment, order),)),
        Step(2, Verb.LINK, customer, "customers", predecessors=(1,), links=(Link(customer, shipment),)),
    )
    assert sales.by_use_case["change address"].step(2) == Step(2, Verb.COPY, customer, "shipping", Via.EVENT, (1,))
    assert sales.tolerance.links == {("order", "product")}
    assert not sales.references
    assert read.plans == (
        INDEPENDENT,
        Plan("nightly", order=("shipping", "orders", "catalog", "customers")),
        Plan(
            "quiesced",
            groups=(Group(Mode.LOCKED, ("customers", "catalog", "orders", "shipping")),),
            recovery=Recovery(replay=True),
            disaster=Disaster(scope=parse(SALES).plan("quiesced").disaster.scope),
        ),
    )


def test_services_entities_and_caches() -> None:
    read = parse(EVERY_KEY).architecture
    assert [service.name for service in read.services if service.external] == ["gateway"]
    assert read.scarce == {"seat", "note"}
    assert read.sequences == {"trip", "note"}
    assert dict(read.caches) == {("trip", "seat"): Caching.COPIES, ("note", "trip"): Caching.WITH_THE_LINK}


def test_steps_and_use_cases_with_marks() -> None:
    read = parse(EVERY_KEY).architecture
    assert [case.name for case in read.use_cases if case.background] == ["purge"]
    seat, trip = Entity("seat", "flights"), Entity("trip", "trips")
    assert [step.needs for _, step in read.steps()] == [(), (), (), (trip,), (), (seat, trip), ()]
    assert [str(step) for _, step in read.steps() if step.once] == ["create charge"]
    assert [str(step) for _, step in read.steps() if step.kept] == ["delete trip"]


def test_what_is_tolerated_by_kind() -> None:
    assert parse(EVERY_KEY).architecture.tolerance == Tolerance(
        broken_links=frozenset({("trip", "seat")}),
        orphans=frozenset({"seat", "note"}),
        missing_state=frozenset({("book", 5), ("book", 4), ("comment", 1)}),
    )


def test_a_number_means_the_step_of_this_number() -> None:
    text = USES + "    - {update: x, name: '1'}\ntolerates: {missing state: [u.1]}"
    assert parse(text).architecture.tolerance.missing_state == {("u", 1)}


def test_the_options_of_recovery() -> None:
    assert parse(EVERY_KEY).plan("p") == Plan(
        "p",
        (
            Group(Mode.LOCKED, ("flights", "trips"), ("book", "purge")),
            Group(Mode.REBUILT, ("search",)),
        ),
        recovery=Recovery(
            broker=Broker.BACKUP,
            source=Source.NEWEST,
            onto=Onto.EXISTING,
            retry=True,
            backfill=("seat",),
            reconstruct=("trip",),
            collect=("seat",),
            undo=True,
        ),
        disaster=Disaster((("flights", "trips"),)),
    )
    assert Recovery().broker is None


def test_all_stands_for_the_services_that_are_not_external() -> None:
    assert parse(EVERY_KEY).plan("q").groups == (Group(Mode.STOPPED, ("flights", "trips", "search")),)


def test_true_stands_for_the_entities_for_which_a_repair_can_do_something() -> None:
    recovery = parse(EVERY_KEY).plan("q").recovery
    assert recovery.backfill == ("seat", "trip")  # a step copies them; the link to a trip is cached, too
    assert recovery.reconstruct == ("trip",)  # a link leads to it, and it is not scarce
    assert recovery.collect == ("seat",)  # its own use case links to it
    none = parse(EVERY_KEY.replace("backfill: true", "backfill: false")).plan("q").recovery
    assert none.backfill == ()


def test_a_name_stands_for_the_entities_of_all_references() -> None:
    read = parse(VALID[3])
    assert read.warnings == ()
    assert read.plan("p").recovery.backfill == ("y",)
    assert read.architecture.scarce == {"y"}
    assert read.architecture.tolerance.missing_state == {("x -> y", 2)}


def test_every_key_of_a_plan() -> None:
    text = """
        groups:
          - {mode: shared-database, services: all}
        recovery: {restore: crashed, rollback: oldest, broker: survives, replay: TRUE, resume: True, on_invalid: reject}
        disaster: {scope: [[b, a], [a]], timing: at-rest}
"""
    assert parse(PLAN + text).plan("p") == Plan(
        "p",
        (Group(Mode.SHARED_DATABASE, ("a", "b")),),
        recovery=Recovery(Restore.CRASHED, Rollback.OLDEST, Broker.SURVIVES, True, True, OnInvalid.REJECT),
        disaster=Disaster((("b", "a"), ("a",)), Timing.AT_REST),
    )


def test_a_reference_is_the_canonical_use_case_with_entities_of_its_own() -> None:
    read = parse("services: {A: {owns: [a]}, B: {owns: [b]}}\nreferences: ['a->b', 'a -> a']").architecture
    holder, target = Entity("a", "A", "a -> b/holder"), Entity("b", "B", "a -> b/target")
    assert read.references
    assert read.by_use_case["a -> b"].steps == (
        Step(1, Verb.CREATE, target, "B"),
        Step(2, Verb.CREATE, holder, "A", predecessors=(1,), links=(Link(holder, target),)),
    )
    itself = read.by_use_case["a -> a"]
    assert [step.entity for step in itself.steps] == [
        Entity("a", "A", "a -> a/target"),
        Entity("a", "A", "a -> a/holder"),
    ]


def test_a_step_comes_after_the_one_before_it_or_after_those_that_it_names() -> None:
    steps = parse(UNORDERED).architecture.by_use_case["u"].steps
    assert [step.predecessors for step in steps] == [(), (4,), (1,), (1, 3), (2, 4), (5,)]


def test_words_and_numbers_are_names() -> None:
    read = parse(WORDS).architecture
    assert [service.name for service in read.services] == ["no", "on"]
    assert read.services[0].owns == ("1", "3.10", "true", "null")
    assert list(read.by_use_case) == ["yes"]


@pytest.mark.parametrize(
    ("file", "name"),
    [
        ("a/sales.bac.yaml", "sales"),
        ("sales.yml", "sales"),
        ("<string>", "unnamed"),
        ("a\n.yaml", "unnamed"),
        ("v1.2.json", "v1.2"),
    ],
)
def test_an_architecture_without_a_name_is_called_as_its_file(file: str, name: str) -> None:
    assert parse(TINY, file).architecture.name == name


def test_a_plan_is_found_by_its_name() -> None:
    read = parse(SALES, "sales.bac.yaml")
    assert read.plan("independent") is read.plans[0]
    with pytest.raises(UnknownPlan, match=r"sales.bac.yaml has no plan 'Nightly'; did you mean 'nightly'\?") as caught:
        read.plan("Nightly")
    with pytest.raises(UnknownPlan, match="no plan 'weekly'; plans: independent, nightly, quiesced"):
        read.plan("weekly")
    assert caught.value.exit_code == 2


# --- What is wrong with one -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("loader", ["CSafeLoader", "SafeLoader"])
@pytest.mark.parametrize(("code", "text", "line", "column"), EVERY_CODE, ids=[case[0] for case in EVERY_CODE])
def test_every_mistake_is_reported_once_at_its_place(
    code: str, text: str | bytes, line: int, column: int, loader: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(yaml_tree, "_LOADER", getattr(yaml, loader))
    found = [each for each in diagnostics(text) if each.code == code]
    assert [(each.line, each.column) for each in found] == [(line, column)]
    assert found[0].severity == ("error" if code in ERRORS else "warning" if code in WARNINGS else "note")


@pytest.mark.parametrize(("code", "text"), [pytest.param(*case[:2], id=case[0]) for case in WRONG])
def test_one_mistake_is_one_error(code: str, text: str | bytes) -> None:
    assert [each.code for each in failure(text).diagnostics if each.severity == "error"] == [code]


def test_every_code_has_its_specification() -> None:
    assert {case[0] for case in EVERY_CODE} == set(CODES) - set(FOUND)
    assert len(CODES) == len(ERRORS) + len(WARNINGS) + len(FOUND) + len(NOTES)


def test_all_mistakes_are_reported_together_in_the_order_of_the_file() -> None:
    text = """\
services:
  a: {owns: [x]}
  b: {owns: [y, x]}
use_cases:
  u:
    - create: x
      refers_to: [z]
    - {copy: x, at: bb}
tolerates: [x]
plans:
  independent: {}
  p: {order: [c], recovery: {replay: on}}
"""
    error = failure(text)
    assert [(each.code, each.line) for each in error.diagnostics] == [
        ("two-owners", 3),
        ("unknown-entity", 7),
        ("unknown-service", 8),
        ("bad-link", 9),
        ("reserved-name", 11),
        ("unknown-service", 12),
        ("not-a-boolean", 12),
    ]
    assert str(error).count("error[") == 7


@pytest.mark.parametrize(
    "text",
    [
        # A service that could not be read may have owned anything.
        "services: {a: {own: [x]}}\nuse_cases: {u: [create: x]}\ntolerates: [x -> y]\nplans: {p: {order: [b]}}",
        # A step that could not be read may have created anything, and linked it.
        USES + "    - craete: y\n    - {unlink: x, from: y}\n    - update: y\ntolerates: [x -> y]",
        # A group that could not be read may have had any mode.
        PLAN + "{groups: [{mode: lockd, services: all}], order: [a], recovery: {rollback: oldest}}",
        # A name that could not be read may have been any.
        USES + "    - {create: y, name: ''}\n    - {update: x, after: s}",
        # A key or a section that is misspelled is not reported as missing, too.
        USES + "    - {link: x, too: y}",
        "servises: {a: {owns: [x]}}\nuse_cases: {u: [create: x]}",
        USES + "    - {unlink: x, to: y}",
        # A use case that could not be read may have had any steps, made any link and any copy.
        SHOP.replace("create: y,", "craete: y,") + "tolerates: {missing state: [u.s], broken links: [y -> w]}",
        SHOP.replace("create: y,", "craete: y,") + "caches: {y -> x: copies}",
        SHOP.replace("{background: true, steps: [", "{background: true, step: [") + "tolerates: {missing state: [v.1]}",
        SHOP_PLAN.replace("v: {", "' v': {") + "groups: [{mode: locked, services: all, holds: [v]}]",
        SHOP_PLAN.replace("create: y,", "craete: y,") + "recovery: {collect: [z], backfill: [y]}",
        SHOP_PLAN.replace("create: y,", "craete: y,") + "groups: [{mode: locked, services: [b], holds: [v]}]",
        # A service that could not be read may have owned anything, and have been external.
        SHOP_PLAN.replace("owns: [w]", "own: [w]") + "recovery: {backfill: [w]}",
        SHOP_PLAN.replace("external: true", "external: 1") + "order: [pay]",
        # An option that could not be read may have had any value.
        SHOP_PLAN + "recovery: {rollback: oldst, from: newest}",
        # All services are in `all`, but it is there once.
        PLAN + "groups: [{mode: none, services: [a, b]}, {mode: atomic, services: all}]",
        # The same mistake, by an alias, in two places.
        "services: {a: {owns: [x]}}\nuse_cases: {u: &u [{create: x, via: evnt}], v: *u}",
    ],
)
def test_a_mistake_makes_no_noise(text: str) -> None:
    assert len([found for found in failure(text).diagnostics if found.severity == "error"]) == 1


@pytest.mark.parametrize(
    ("text", "suggestion"),
    [
        (TINY + "Plans: {}", "plans"),
        ("services: {a: {owns: [x]}}\nuse-cases:", "use_cases"),
        (USES + "    - udpate: x", "update"),
        (PLAN + "groups: [{mode: shared_database, services: all}]", "shared-database"),
        (PLAN + "disaster: {timing: At Rest}", "at-rest"),
        ("services: {orders: {owns: [order]}}\nuse_cases: {u: [create: Order]}", "order"),
        (
            "services: {orders: {owns: [order]}}\nuse_cases: {u: [create: order]}\nplans: {p: {order: [odrers]}}",
            "orders",
        ),
        (USES + "    - {create: y, refers_to: x}\ntolerates: [y -> y]", "y -> x"),
        (USES + "    - {create: y, name: second}\n    - {update: x, after: secnd}", "second"),
        (TINY + "qqqqq: {}", None),
        (SHOP + "entites: {}", "entities"),
        (SHOP + "entities: {X: {}}", "x"),
        (SHOP + "entities: {x: {ids: sequences}}", "sequence"),
        (SHOP + "tolerates: {broken_links: []}", "broken links"),
        (SHOP + "tolerates: {missing state: [u.ss]}", "u.s"),
        (SHOP + "caches: {y -> x: with-the-link}", "with the link"),
        (SHOP + "caches: {x -> y: with the link}", "y -> x"),
        (SHOP.replace("external", "extern"), "external"),
        (SHOP.replace("background", "in background"), "background"),
        (SHOP_PLAN + "groups: [{mode: locked, services: all, holds: [U]}]", "u"),
        (SHOP_PLAN + "recovery: {backfil: true}", "backfill"),
        (SHOP_PLAN + "recovery: {broker: backups}", "backup"),
        (SHOP_PLAN + "groups: [{mode: rebuild, services: [a]}]", "rebuilt"),
        (USES + "    - {update: x, need: x}", "needs"),
    ],
)
def test_what_was_probably_meant(text: str, suggestion: str | None) -> None:
    (found,) = (each for each in failure(text).diagnostics if each.severity == "error")
    assert found.suggestion == suggestion
    assert (f"did you mean '{suggestion}'?" in found.render()) == (suggestion is not None)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (PLAN + "cron: nightly", "a plan has no key 'cron'; keys: groups, order, recovery, disaster"),
        (USES + "    - {update: x, if: y}", "a step has no key 'if'; keys: create, link, unlink, update, "),
        (USES + "    - read: x", "there is no verb 'read' (reads are not modelled); verbs: create, link, unlink, "),
        (USES + "    - ship: x", "there is no verb 'ship'; verbs: create, link, unlink, update, delete, copy"),
        (USES + "    - {ship: x, if: y}", "a step has no key 'if'; keys: create, "),
        (USES + "    - update: [x]", "expected a name, found a list; write one step for each entity"),
        (USES + "    - {link: x, to: [y]}", "expected a name, found a list; write one link step for each target"),
        (USES + "    - {unlink: x, from: [y]}", "expected a name, found a list; write one unlink step for each target"),
        (USES + "    - {copy: x, at: [a]}", "expected a name, found a list; write one copy step for each service"),
        (USES + "    - {update: x, via: [call]}", "expected call or event, found a list"),
        (USES + "    - {create: y, refers_to: {x: }}", "expected a list of names, found a mapping"),
        (PLAN + "recovery: {replay: 1}", "expected true or false, found '1'"),
        (PLAN + "recovery: true", "expected recovery as a mapping (key: value), found 'true'"),
        (
            SHOP_PLAN + "groups: [{mode: atomic, services: all, holds: [u]}]",
            "'holds' belongs to mode locked, not to atomic",
        ),
        (USES + "    - {update: x, kept: true}", "'kept' belongs to the verb delete, not to update"),
        (SHOP_PLAN + "order: [pay]", "'pay' is external: it is never lost or restored, and cannot be in 'order'"),
        (SHOP_PLAN + "recovery: {from: newest, rollback: oldest}", "'from: newest' and 'rollback: oldest' exclude"),
        (SHOP + "caches: {y -> x: copies}", "no step copies 'x' to 'a', the service of 'y'"),
        (
            TWO_READINGS,
            "'u.v.s' may be two steps; write 'u.2' or 'u.v.2'",
        ),
        (TINY + "tolerates: x", 'expected a list of links "holder -> target", or a mapping with lists by kind, found'),
        (SHOP_PLAN + "recovery: {backfill: {}}", "expected true or a list of names, found a mapping"),
        (TINY + "tolerates: [x to y]", "expected \"holder -> target\", found 'x to y'"),
        (
            PLAN + "{order: [b, a], groups: [{mode: atomic, services: all}]}",
            "'b' has mode atomic; 'order' may only list services of mode independent",
        ),
    ],
)
def test_a_message_says_what_to_write_instead(text: str, message: str) -> None:
    assert any(each.message.startswith(message) for each in failure(text).diagnostics)


@pytest.mark.parametrize(
    ("text", "warned"),
    [
        (SALES, []),
        (STARTER, []),
        # Nothing is said of the entities of a service that is idle as a whole, or of anything if nothing happens.
        ("services: {a: {owns: [x]}, b: {owns: [y, z]}}\nuse_cases: {u: [create: x]}", ["unused-service"]),
        ("services: {a: {owns: [x]}, b: {owns: [y, z]}}\nuse_cases: {}", ["no-use-cases"]),
        (PLAN + "groups: [{mode: none, services: all}, ]", ["unlisted-copy", "never-backed-up"]),
        (PLAN + "groups: [{mode: continuous, services: [a]}]", ["unlisted-copy"]),
        (EVERY_KEY, []),
        (SHOP, []),
        # What is stopped or locked may be one service; a cached link fills the copies that a service lists.
        (SHOP_PLAN + "groups: [{mode: stopped, services: [a]}, {mode: locked, services: [b]}]", []),
        (
            "services: {a: {owns: [x]}, b: {owns: [y], copies: [x]}}\nreferences: [y -> x]\n"
            "caches: {y -> x: with the link}",
            [],
        ),
    ],
)
def test_what_is_suspicious(text: str, warned: list[str]) -> None:
    assert codes(text) == warned


# --- How it is shown --------------------------------------------------------------------------------------------------


def test_a_diagnostic_shows_its_line() -> None:
    (found,) = failure("services: {a: {owns: [x]}}\nuse_cases:\n  u:\n    - craete: x").diagnostics
    assert found.render() == (
        "<string>:4:7: error[unknown-key]: there is no verb 'craete'; did you mean 'create'?\n"
        "        - craete: x\n"
        "          ^"
    )


def test_the_caret_is_under_the_column_with_tabs_wide_and_combining_characters() -> None:
    (found,) = failure("services: {a: {owns: [x]}}\nuse_cases:\t{日e\u0301: [{create: x, vja: call}]}").diagnostics
    *_, line, caret = found.render().split("\n")
    assert line == "    use_cases:\t{日e\u0301: [{create: x, vja: call}]}"
    assert caret == "              \t                   ^"  # 日 takes two columns, the accent none


def test_a_long_line_is_cut_to_what_matters() -> None:
    many = ", ".join(f"x{i}" for i in range(2000))
    (found,) = failure(f"services: {{a: {{owns: [{many}, x7]}}}}\nuse_cases:").diagnostics
    *_, line, caret = found.render().split("\n")
    assert len(line) < 110
    assert line[len(caret) - 1 :].startswith("x7]")


def test_nothing_reaches_the_terminal_that_it_obeys() -> None:
    shown = str(failure("name: 'a\x1b[2J\u202e'\n'\u202e\\x1b': \x07"))
    assert all(char.isprintable() or char == "\n" for char in shown)
    shown = str(failure('"\\u202e\\e[2J": 1'))
    assert all(char.isprintable() or char == "\n" for char in shown)


def test_a_hundred_are_shown_and_the_others_counted() -> None:
    error = failure(USES + "".join(f"    - update: z{i}\n" for i in range(250)))
    assert len(error.diagnostics) == 250
    assert str(error).count("error[") == 100
    assert str(error).endswith("… and 150 more")
    assert error.exit_code == 2


# --- Files ------------------------------------------------------------------------------------------------------------


def test_a_file_and_standard_input(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "sales.bac.yaml"
    path.write_bytes(b"\xef\xbb\xbf" + SALES.encode())
    assert load(path) == load(str(path))
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(SALES.encode())))
    assert load("-").architecture == load(path).architecture


@pytest.mark.parametrize("name", ["missing.bac.yaml", "", "a\0b"])
def test_a_file_that_cannot_be_read(tmp_path: Path, name: str) -> None:
    with pytest.raises(UnreadableFile, match="cannot read") as caught:
        load(f"{tmp_path}/{name}")
    assert caught.value.exit_code == 2


def test_standard_input_that_is_not_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", None)
    with pytest.raises(UnreadableFile, match="standard input: it is closed"):
        load("-")


def test_the_starter_is_written_once(tmp_path: Path) -> None:
    path = tmp_path / "new.bac.yaml"
    write_starter(path)
    assert path.read_text(encoding="utf-8") == STARTER
    address = STARTER.partition("\n")[0].removeprefix("# yaml-language-server: $schema=")
    assert json.loads((tmp_path / address).read_text(encoding="utf-8")) == schema("specification")
    with pytest.raises(UnwritableFile, match="already exists"):
        write_starter(path)
    write_starter(path, overwrite=True)
    with pytest.raises(UnwritableFile, match="cannot write"):
        write_starter(tmp_path / "nowhere" / "new.bac.yaml")


def test_the_starter_is_a_good_example() -> None:
    read = parse(STARTER)
    assert read.warnings == ()
    assert [plan.name for plan in read.plans] == ["independent", "nightly", "quiesced"]
    assert {step.via for _, step in read.architecture.steps()} == set(Via)


# --- There and back ---------------------------------------------------------------------------------------------------


def assert_same_after_dump(read: Specification) -> None:
    document = dump(read.architecture, read.plans)
    for text in (json.dumps(document), json.dumps(document, ensure_ascii=False, indent=2), to_yaml(document)):
        again = parse(text)
        assert (again.architecture, again.plans) == (read.architecture, read.plans)


@pytest.mark.parametrize("text", VALID)
def test_a_dumped_specification_is_the_same(text: str) -> None:
    assert_same_after_dump(parse(text))


@settings(max_examples=80, deadline=None)
@given(specifications(plans_too=True))
def test_a_generated_specification_is_valid_and_the_same_when_dumped(document: dict[str, Any]) -> None:
    assert SCHEMA.is_valid(document)
    assert_same_after_dump(parse(json.dumps(document)))


@settings(max_examples=120, deadline=None)
@given(st.randoms(use_true_random=False))
def test_a_specification_with_any_key_is_valid_and_the_same_when_dumped(random: Random) -> None:
    document = problem(random)
    assert SCHEMA.is_valid(document)
    assert_same_after_dump(parse(json.dumps(document)))


REPLACEMENTS: list[Any] = [None, True, False, 1, "", "x", "all", "one", "x -> y", [], ["x"], ["x -> y"], {}, {"x": {}}]


@settings(max_examples=200, deadline=None)
@given(st.randoms(use_true_random=False), st.data())
def test_the_schema_accepts_whatever_the_reader_accepts(random: Random, data: st.DataObject) -> None:
    document = problem(random)
    place: Any = document
    while True:
        key = data.draw(st.sampled_from(list(place) if isinstance(place, dict) else range(len(place))))
        if not isinstance(place[key], dict | list) or not place[key] or data.draw(st.integers(0, 3)) == 0:
            break
        place = place[key]
    place[key] = data.draw(st.sampled_from(REPLACEMENTS))
    with suppress(SpecificationError):
        parse(json.dumps(document))
        assert SCHEMA.is_valid(document)


def test_a_dump_is_as_short_as_what_a_person_writes() -> None:
    read = parse(SALES)
    assert dump(read.architecture, read.plans) == yaml.safe_load(SALES) | {
        "plans": {
            "nightly": {"order": ["shipping", "orders", "catalog", "customers"]},
            "quiesced": {
                "groups": [{"mode": "locked", "services": "all"}],
                "recovery": {"replay": True},
                "disaster": {"scope": "any"},
            },
        }
    }
    shorthand = parse("services: {a: {owns: [x]}}\nreferences: [x->x]", "name.yaml")
    assert dump(shorthand.architecture, shorthand.plans) == {
        "name": "name",
        "services": {"a": {"owns": ["x"]}},
        "references": ["x -> x"],
    }


def test_a_step_that_has_no_name_gets_one_if_it_needs_one() -> None:
    read = parse(USES + "    - {create: y, name: step 1}\n    - {update: x, name: c, after: step 1}")
    (use_case,) = read.architecture.use_cases
    first, second, third = use_case.steps
    moved = Step(3, third.verb, third.entity, third.service, predecessors=(1,))
    changed = type(use_case)(use_case.name, (first, second, moved))
    document = dump(type(read.architecture)("n", read.architecture.services, (changed,)), ())
    assert parse(json.dumps(document)).architecture.use_cases[0].steps[2].predecessors == (1,)


def test_yaml_is_readable() -> None:
    read = parse(SALES)
    text = to_yaml(dump(read.architecture, read.plans))
    assert "  ship order:\n  - create: shipment\n    refers_to: [order]\n  - link: customer\n    to: shipment\n" in text


# --- The schema and the page ------------------------------------------------------------------------------------------


def by_schema(text: str | bytes) -> list[str]:
    """Return the errors that an editor would show, for which scalars have types, and keys are texts."""
    return [error.message for error in SCHEMA.iter_errors(_with_text_keys(yaml.safe_load(text)))]


def _with_text_keys(value: Any) -> Any:
    match value:
        case dict():
            return {str(key): _with_text_keys(each) for key, each in value.items()}
        case list():
            return [_with_text_keys(each) for each in value]
        case _:
            return value


@pytest.mark.parametrize("text", [*VALID[:-1], *(case[1] for case in EVERY_CODE if case[0] not in ERRORS)])
def test_the_schema_accepts_what_is_valid(text: str) -> None:
    parse(text)
    assert by_schema(text) == []


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_the_examples_are_valid(path: Path) -> None:
    read = load(path)
    assert_same_after_dump(read)
    assert by_schema(path.read_bytes()) == []


SEEN_BY_SCHEMA = {
    "unknown-key", "missing-key", "misplaced-key", "wrong-type", "unknown-value", "not-a-boolean", "bad-link",
    "empty-list", "no-services", "two-forms", "no-steps", "no-verb", "two-verbs", "first-step", "reserved-name",
    "contradiction",
}  # fmt: skip


@pytest.mark.parametrize(
    ("code", "text"), [case[:2] for case in EVERY_CODE if case[0] in SEEN_BY_SCHEMA and ": yes}" not in case[1]]
)
def test_the_schema_rejects_what_is_wrong_in_itself(code: str, text: str) -> None:
    assert by_schema(text) != [], code


def test_the_schema_is_one() -> None:
    jsonschema.Draft202012Validator.check_schema(schema("specification"))
    assert schema("specification")["$id"] == "urn:bac:specification:1"


def page() -> str:
    return (ROOT / "docs" / "specification.md").read_text(encoding="utf-8")


def test_the_page_lists_every_code() -> None:
    listed = dict(re.findall(r"^\| `([a-z0-9-]+)` \| (.+?) \|$", page().partition("## All codes")[2], re.MULTILINE))
    assert listed == CODES


def test_the_page_s_specifications_are_valid() -> None:
    blocks = re.findall(r"^```yaml\n(.*?)^```", page(), re.MULTILINE | re.DOTALL)
    whole = [block for block in blocks if re.search("^services:", block, re.MULTILINE)]
    assert len(whole) >= 2
    for block in whole:
        assert parse(block).warnings == ()
        assert by_schema(block) == []


def test_the_page_names_every_key() -> None:
    keys: set[str] = set()
    for part in [schema("specification"), *dict(schema("specification")["$defs"]).values()]:
        keys |= dict(part.get("properties", {})).keys()
    assert [key for key in sorted(keys) if f"`{key}`" not in page()] == []


def test_every_error_of_a_file_is_a_bac_error() -> None:
    assert issubclass(SpecificationError, BacError)
    assert {kind.exit_code for kind in (BacError, UnknownPlan, UnreadableFile)} == {2}
