"""The findings of an audit as text, as tab-separated values and as JSON, with what may be done about it."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any, assert_never

from bac.audit.run import Audit, Result
from bac.model.errors import printable
from bac.properties.anomalies import AnomalyKind

COLUMNS = ("status", "kind", "subject", "store", "examined", "count", "first", "last", "samples", "holders")
SMALLEST_DIFFERENCE = timedelta(seconds=1)
"""Stores whose newest times differ by less were backed up at one instant, as far as can be told."""


def strategies(kind: AnomalyKind) -> tuple[str, ...]:
    """Return the strategies of the article that fit a kind of finding ("Dealing with the Consequences")."""
    match kind:
        case AnomalyKind.BROKEN_LINK:
            return (
                "reconstruct: a person creates what is referred to again, with the same id",
                "do nothing, if the link is for information only ('tolerates' in the specification)",
                "cache: show what the holder has kept of it, or fill the owner back from that",
            )
        case AnomalyKind.ORPHAN_STATE:
            return (
                "flag it, and let people decide whether to use it again or to remove it",
                "take incoming events about it for the truth, and do not reject them",
            )
        case AnomalyKind.MISSING_STATE:
            return (
                "replay: the sender publishes its events again, if it still has them",
                "deliver: the broker still has the messages",
                "apply it again by hand, as commands",
                "accept the loss",
            )
        case AnomalyKind.DUPLICATE:
            return ("make the receiver idempotent, by the ids in its inbox", "take the second effect back by hand")
        case AnomalyKind.MISDIRECTED_LINK | AnomalyKind.OVERBOOKING:
            return ("reconstruct: a person decides",)
        case other:
            assert_never(other)


def findings(audit: Audit) -> list[Result]:
    """Return the results with findings, worst first."""
    rank = {"error": 0, "warn": 1, "pass": 2}
    return sorted((each for each in audit.results.values() if each.count), key=lambda each: rank[each.status])


def ages(audit: Audit) -> Iterator[tuple[str, str, timedelta]]:
    """Yield pairs of stores, the older one first, and by how much: each store against the newest."""
    newest = audit.newest
    if not newest:
        return
    reference = max(newest, key=lambda store: newest[store])
    for store, at in sorted(newest.items(), key=lambda item: item[1]):
        if (difference := newest[reference] - at) >= SMALLEST_DIFFERENCE:
            yield store, reference, difference


def in_words(difference: timedelta) -> str:
    """Return a duration in the largest unit of which it has at least two, or else in seconds."""
    seconds = int(difference.total_seconds())
    for size, unit in ((86_400, "days"), (3_600, "hours"), (60, "minutes")):
        if seconds >= 2 * size:
            return f"{seconds // size} {unit}"
    return f"{seconds} second{'s' * (seconds != 1)}"


def text(audit: Audit) -> Iterator[str]:
    """Yield the lines of the report for people."""
    found, checks = findings(audit), len(audit.results)
    ended = "" if audit.finished else " (not finished)"
    many = sum(result.count for result in found)
    yield f"{printable(audit.plan.name)}: {many:,} findings in {len(found)} of {checks} checks{ended}"
    for result in found:
        yield ""
        yield f"{result.status:<5}  {kind_in_words(result)} {printable(result.subject)}: {counted(result)}"
        yield f"       e.g. {', '.join(sample(result, *each) for each in result.samples)}"
        if result.first is not None and result.last is not None:
            yield f"       from {shown(result.first)} to {shown(result.last)}"
        for strategy in strategies(result.kind):
            yield f"       - {strategy}"
    estimates = list(ages(audit))
    if estimates:
        yield ""
        yield "by the newest record of each store (an estimate: a store in which little happens looks older than it is)"
        for older, newer, difference in estimates:
            yield f"       {printable(older)} is {in_words(difference)} older than {printable(newer)}"


def kind_in_words(result: Result) -> str:
    """Return the kind of a result as people write it."""
    return result.kind.replace("-", " ")


def counted(result: Result) -> str:
    """Return how many there are."""
    return f"{result.count:,} of {result.examined:,} (in {printable(result.store)})"


def sample(result: Result, id_: str, holder: str) -> str:
    """Return one finding: the id, and that of the row that refers to it."""
    return f"{printable(id_)} (in {printable(holder)})" if result.kind is AnomalyKind.BROKEN_LINK else printable(id_)


def shown(at: datetime) -> str:
    """Return a time for people."""
    return at.isoformat(sep=" ", timespec="seconds")


def rows(audit: Audit) -> Iterator[dict[str, Any]]:
    """Yield each check as a mapping."""
    for result in audit.results.values():
        yield {
            "status": result.status,
            "kind": str(result.kind),
            "subject": result.subject,
            "store": result.store,
            "examined": result.examined,
            "count": result.count,
            "first": None if result.first is None else result.first.isoformat(),
            "last": None if result.last is None else result.last.isoformat(),
            "samples": [{"id": id_, **({"holder": holder} if holder else {})} for id_, holder in result.samples],
        }


def tsv(audit: Audit) -> str:
    """Return the checks as tab-separated values with a header; holders are in the order of the samples."""
    stream = io.StringIO()
    writer = csv.DictWriter(stream, COLUMNS, delimiter="\t", lineterminator="\n")
    writer.writeheader()
    for row in rows(audit):
        samples = " ".join(each["id"] for each in row["samples"])
        holders = " ".join(each["holder"] for each in row["samples"] if "holder" in each)
        writer.writerow({**row, "samples": samples, "holders": holders})
    return stream.getvalue()


def document(audit: Audit) -> dict[str, Any]:
    """Return the report as JSON."""
    return {
        "format": "bac-audit",
        "version": 1,
        "audit": audit.plan.name,
        "finished": audit.finished,
        "checks": list(rows(audit)),
        "newest": {store: at.isoformat() for store, at in audit.newest.items()},
        "ages": [
            {"store": older, "older_than": newer, "seconds": int(difference.total_seconds())}
            for older, newer, difference in ages(audit)
        ],
        "strategies": {kind: list(strategies(AnomalyKind(kind))) for kind in sorted({r.kind for r in findings(audit)})},
    }
