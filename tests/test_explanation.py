"""Explanations tell what happened in the run that is shown, in plain English."""

from __future__ import annotations

import pytest
from helpers import parsed

from bac.model.plan import Timing
from bac.proofs.check import check
from bac.proofs.results import AnomalyResult, Cause
from bac.properties.explanation import absent, explain
from bac.properties.qualities import Property

IMAGES = """
services:
  shop:   {owns: [product]}
  images: {owns: [image]}
use_cases:
  upload: [{create: image}, {create: product, refers_to: image}]
  purge:  [{delete: image}]
  retire: [{unlink: product, from: image}, {delete: product}]
plans:
  one database: {groups: [{mode: shared-database, services: all}]}
  images last:  {order: [shop, images]}
  same instant: {groups: [{mode: atomic, services: all}]}
"""


def anomalies(plan: str) -> dict[str, AnomalyResult]:
    """The anomalies of a plan, by kind."""
    specification = parsed(IMAGES)
    result = check(specification.architecture, specification.plan(plan), properties=[Property.CONSISTENCY])
    return {str(anomaly.kind): anomaly for anomaly in result.properties[Property.CONSISTENCY].anomalies}


def test_for_a_link_to_what_was_deleted_the_stale_backup_of_its_holder_is_to_blame() -> None:
    sentence = explain(anomalies("one database")["broken-link"].shown).sentence
    assert sentence == (
        "The recovered product refers to an image that does not exist: "
        "images/2 (delete image) deleted it, and the backup of shop was taken (action 3) "
        "before shop/2 (unlink product from image) was logged (action 4)."
    )


def test_a_backup_at_fault_is_shown_with_a_disaster_at_rest() -> None:
    """A disaster that interrupts a use case would show the same in fewer actions, and name another reason."""
    orphan = anomalies("same instant")["orphan-state"]
    assert orphan.cause is Cause.BACKUP
    assert orphan.lengths[Timing.ANY_TIME] < orphan.lengths[Timing.AT_REST]
    assert len(orphan.shown.actions) == orphan.lengths[Timing.AT_REST]
    assert "the backup of shop was taken (action 2) before shop/1" in explain(orphan.shown).sentence


@pytest.mark.parametrize(
    ("name", "clause"),
    [
        ("shipment", "a shipment that does not exist"),
        ("order item", "an order item that does not exist"),
        ("user", "a user that does not exist"),
        ("b", "b, which does not exist"),
        ("order #3", "order #3, which does not exist"),
        ("表格", "表格, which does not exist"),
    ],
)
def test_only_plain_words_get_an_article(name: str, clause: str) -> None:
    assert absent(name) == clause
