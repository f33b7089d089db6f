"""The properties as named formulas over the states that violate them.

Source: docs/semantics.md, "Properties".  The property ``backup`` is not among them: that a backup stays possible is no
formula over a single state.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from bac.exports.names import in_comment
from bac.model.architecture import Architecture
from bac.model.errors import BacError
from bac.model.plan import Plan
from bac.properties.anomalies import Anomaly, Blame
from bac.properties.formula import Formula, disjunction
from bac.properties.qualities import EXTRA_LOSS, Property, Qualities, qualities


class NoSuchStatement(BacError):
    """There is no statement of the property, kind and subject asked for."""


@dataclass(frozen=True, slots=True)
class Statement:
    """A property, or one part of it, and the formula of the states that violate it.

    A ``settled`` statement counts in settled states only, another one in every reachable state.  ``kind`` and
    ``subject`` are empty for a whole property.  A ``tolerated`` anomaly does not violate consistency.
    """

    quality: Property
    kind: str
    subject: str
    settled: bool
    violation: Formula
    tolerated: bool = False

    @property
    def title(self) -> str:
        """Return its name for people, such as ``broken-link order -> customer``."""
        return f"{self.kind} {self.subject}" if self.kind else str(self.quality)

    @property
    def words(self) -> str:
        """Return in words what it demands, safe within a comment."""
        what = f"no {self.title}" if self.kind else self.title
        where = "when recovery is over" if self.settled else "at any time"
        return in_comment(f"{what}, {where}{' (tolerated)' if self.tolerated else ''}")


def statements(architecture: Architecture, plan: Plan, instances: int) -> tuple[Statement, ...]:
    """Return availability, consistency and no extra loss as a whole, then each anomaly and each loss."""
    wanted = qualities(architecture, plan, instances)
    return (*_whole(wanted), *_anomalies(wanted.anomalies), *_losses(wanted))


def _whole(wanted: Qualities) -> Iterator[Statement]:
    against = (anomaly.formula for anomaly in wanted.anomalies if anomaly.counts)
    lost = (loss.formula for loss in wanted.losses)
    yield Statement(Property.AVAILABILITY, "", "", False, wanted.denied)
    yield Statement(Property.CONSISTENCY, "", "", True, disjunction(against))
    yield Statement(Property.NO_EXTRA_LOSS, "", "", True, disjunction(lost))


def _anomalies(anomalies: Iterable[Anomaly]) -> Iterator[Statement]:
    """Yield one statement for all anomalies of the same kind and subject."""
    grouped: dict[tuple[str, str, Blame], list[Formula]] = {}
    for each in anomalies:
        grouped.setdefault((each.kind, each.subject, each.blame), []).append(each.formula)
    for (kind, subject, blame), formulas in grouped.items():
        yield Statement(Property.CONSISTENCY, str(kind), subject, True, disjunction(formulas), blame is Blame.TOLERATED)


def _losses(wanted: Qualities) -> Iterator[Statement]:
    grouped: dict[str, list[Formula]] = {}
    for loss in wanted.losses:
        grouped.setdefault(f"{loss.event.use_case}.{loss.event.step}", []).append(loss.formula)
    for subject, formulas in grouped.items():
        yield Statement(Property.NO_EXTRA_LOSS, EXTRA_LOSS, subject, True, disjunction(formulas))


def fitting(among: Iterable[Statement], property_: str, kind: str | None, subject: str | None) -> tuple[Statement, ...]:
    """Return the statements of this property, kind and subject; the property as a whole if neither is given.

    Raises:
        NoSuchStatement: none fits.
    """
    of_property = [each for each in among if each.quality == property_]
    parts = [each for each in of_property if bool(each.kind) == bool(kind or subject)]
    found = tuple(each for each in parts if kind in (None, each.kind) and subject in (None, each.subject))
    if property_ == Property.BACKUP:
        raise NoSuchStatement(
            "backup is not a property of single states, so there is no formula to ask for or to check"
        )
    if not found:
        what = " ".join(filter(None, (kind, subject))) or "formula"
        known = ", ".join(f"{each.kind} '{each.subject}'" for each in of_property if each.kind)
        raise NoSuchStatement(f"{property_} has no {what}; there is {known or 'none'}")
    return found


def together(several: Sequence[Statement]) -> Statement:
    """Return one statement, which is violated where at least one of these is."""
    first = several[0]
    if len(several) == 1:
        return first
    kinds, subjects = {each.kind for each in several}, {each.subject for each in several}
    kind = first.kind if len(kinds) == 1 else "anomaly"
    subject = first.subject if len(subjects) == 1 else "of anything"
    violation = disjunction(each.violation for each in several)
    return Statement(first.quality, kind, subject, first.settled, violation)
