"""Explanations tell what happened in the run that is shown, in plain English."""

from __future__ import annotations

import pytest
from corpus_cases import CORPUS, SPECIFICATION
from helpers import parsed

from bac.model.plan import Timing
from bac.model.specification.reader import load
from bac.model.trace import Trace
from bac.proofs.check import check
from bac.proofs.results import AnomalyResult, Cause
from bac.properties.explanation import explain
from bac.properties.qualities import Property
from bac.properties.words import absent

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


def shown(name: str, plan: str, what: str, timing: Timing | None) -> Trace:
    """The run that shows an anomaly (kind and subject), or that a property is violated, in a case of the corpus."""
    specification = load(CORPUS / f"{name}{SPECIFICATION}")
    result = check(specification.architecture, specification.plan(plan))
    if what in list(Property):
        found = result.properties[Property(what)].trace
        assert found is not None
        return found
    consistency = result.properties[Property.CONSISTENCY]
    everything = (*consistency.anomalies, *consistency.tolerated, *consistency.application)
    anomaly = next(each for each in everything if f"{each.kind} {each.subject}" == what)
    return anomaly.traces[timing] if timing is not None else anomaly.shown


SENTENCES = [
    (
        ("charges", "resume", "duplicate pay.2", Timing.AT_REST),
        "provider/1 (create charge) is done twice: recovery repeats it (action 6), because shop has no record of it: "
        "the backup of shop was taken (action 3) before shop/2 (create receipt) was logged (action 4).",
        3,
    ),
    (
        ("charges", "resume", "duplicate pay.2", Timing.ANY_TIME),
        "provider/1 (create charge) is done twice: recovery repeats it (action 5), because shop has no record of it: "
        "disaster struck (action 4) before shop executed “create receipt”.",
        4,
    ),
    (
        ("charges", "retry", "duplicate pay.2", Timing.AT_REST),
        "provider/1 (create charge) is done twice: recovery repeats it (action 7), because shop/1 (create order) was "
        "done again (action 6), since the backup of shop was taken (action 1) before shop/1 (create order) was logged "
        "(action 2).",
        1,
    ),
    (
        ("charges", "undo", "missing-state pay.3", Timing.AT_REST),
        "provider/1 (create charge) is still there, as provider is external, but “create receipt” in shop, of the same "
        "use case, is missing: the backup of shop was taken (action 1) before shop/2 (create receipt) was logged "
        "(action 4).",
        1,
    ),
    (
        ("charges", "undo", "no-extra-loss", None),
        "shop/1 (create order) was backed up, but recovery undid it (action 5), because pay is half done: it lacks "
        "“create charge” in provider.",
        5,
    ),
    (
        ("clearing", "database first, cleared", "no-extra-loss", None),
        "store/1 (create repository) was backed up, but recovery removed repository (action 8), because nothing refers "
        "to it.",
        8,
    ),
    (
        ("clearing", "independent", "misdirected-link project -> repository", None),
        "The recovered repository belonged to a project that was lost, and the next one that is created gets its id: "
        "the backup of db was taken (action 1) before db/1 (create project) was logged (action 2).",
        1,
    ),
    (
        ("numbers", "independent", "misdirected-link a -> b", None),
        "The recovered a refers to b, which was lost, and the next one that is created gets its id: the backup of B "
        "was taken (action 1) before B/1 (create b) was logged (action 2).",
        1,
    ),
    (
        ("seats", "clients come again", "overbooking seat", None),
        "The recovered trip counts on a seat that was lost and can be given to someone else: the backup of flights was "
        "taken (action 1) before flights/1 (create seat) was logged (action 2), and it is not created again, because "
        "seat is scarce.",
        1,
    ),
    (
        ("two-nights", "newest", "broken-link a -> b", None),
        "The recovered a refers to b, which does not exist: the newest backup of B is still that of the first round, "
        "taken (action 2) before B/1 (create b) was logged (action 3).",
        2,
    ),
    (
        ("queue", "backup", "missing-state u.2", Timing.ANY_TIME),
        "A/1 (create x) survived, but “copy x” in B, of the same use case, is missing: the message that tells B to "
        "copy x was in the broker when disaster struck (action 5), but not yet when the broker was backed up "
        "(action 1).",
        1,
    ),
    (
        ("queue", "continuous, lost", "missing-state u.2", Timing.ANY_TIME),
        "A/1 (create x) survived, but “copy x” in B, of the same use case, is missing: the message that tells B to "
        "copy x was in the broker when disaster struck (action 2), and is lost.",
        2,
    ),
    (
        ("broker", "independent", "missing-state u.2", Timing.ANY_TIME),
        "A/1 (create x) survived, but “copy x” in B, of the same use case, is missing: the message that tells B to "
        "copy x was in the broker when disaster struck (action 4), and is lost, as A and B were both restored.",
        4,
    ),
    (
        ("replay", "replay, reject", "missing-state u.2", Timing.AT_REST),
        "A/1 (create x) survived, but “create y” in B, of the same use case, is missing: the backup of B was taken "
        "(action 2) before B/1 (create y) was logged (action 5), and recovery cannot make up for it, because z does "
        "not exist.",
        2,
    ),
    (
        ("garbage", "pushes held", "broken-link tag -> blob", None),
        "The recovered tag refers to a blob that does not exist: storage/2 (delete blob) deleted it, and the backup of "
        "registry was taken (action 4) before registry/2 (delete tag) was logged (action 5).",
        4,
    ),
    (
        ("garbage", "pushes held", "orphan-state blob", Timing.AT_REST),
        "The recovered blob exists, but nothing refers to it any more; its deletion was lost: the backup of storage "
        "was taken (action 6) before storage/2 (delete blob) was logged (action 7).",
        6,
    ),
    (
        ("garbage", "pushes held", "orphan-state blob", Timing.ANY_TIME),
        "The recovered blob exists, but nothing refers to it any more after registry/2 (delete tag), and disaster "
        "struck (action 7) before storage executed “delete blob”.",
        7,
    ),
    (
        ("dangling", "independent", "broken-link a -> b", None),
        "The recovered a refers to b, which does not exist: the backup of B was taken (action 1) before B/1 (create b) "
        "was logged (action 2).",
        1,
    ),
    (
        ("retract", "A first", "broken-link a -> b", Timing.ANY_TIME),
        "The recovered a refers to b, which does not exist: B/2 (delete b) deleted it, and the message that tells A "
        "to unlink a from b was in the broker when disaster struck (action 6), and is lost, "
        "as B and A were both restored.",
        6,
    ),
    (
        ("rebuilt", "rebuilt", "backup", None),
        "No backup can ever be completed, because index is rebuilt, and nothing brings back “copy doc” (add), which "
        "index executes.",
        None,
    ),
    (
        ("stopped", "stopped", "availability", None),
        "While A, B are stopped for their backup, the command to create b (use) is held back.",
        2,
    ),
    (
        ("undead", "locked", "backup", None),
        "From here on, no backup of A, B can be taken: u is half done in A, B, and “create g” can no longer happen: it "
        "needs 'y', which 'u.1' has deleted.",
        2,
    ),
    (
        ("deadlock", "two locks", "backup", None),
        "From here on, no backup of A, B can be taken: u is half done in A, and “create b” can no longer happen: it is "
        "held back while 'B' is locked, and that backup waits for 'v.3'; 'v.3' follows 'v.2'; 'v.2' is held back while "
        "'A' is locked, and that backup waits for 'u.3'; 'u.3' follows 'u.2'.",
        4,
    ),
]
"""Traces of the corpus, the sentence that explains it, and the action (from 1) that decided it."""


@pytest.mark.parametrize(
    ("where", "sentence", "action"), [pytest.param(*each, id=", ".join(map(str, each[0]))) for each in SENTENCES]
)
def test_a_sentence_names_what_decided_it(
    where: tuple[str, str, str, Timing | None], sentence: str, action: int | None
) -> None:
    explanation = explain(shown(*where))
    assert (explanation.sentence, explanation.action) == (sentence, action)
