"""The corpus: small specifications, each with the verdicts that were derived from the semantics by hand.

``corpus/NAME.bac.yaml`` is a specification, and ``corpus/NAME.expected.yaml`` beside it says what is to be found.
Under ``verdicts`` stands, for each plan and number of instances:

- ``backup``: ``holds`` or ``violated``;
- ``denied``, ``loss``: the length of a shortest run that shows it, or ``never``;
- ``anomalies``, ``tolerated``: by kind and subject, the length of a shortest run in either timing, and the cause;
- ``vacuous``: true if consistency holds only because no run ever recovers.

Under ``shows`` stands what the specification is there for: a ``feature`` under a ``plan`` (and at a ``step``) because
of which something ``holds``, or in spite of which something ``fails``; ``instead`` is what it is held against, where
there are several other choices.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import yaml

CORPUS = Path(__file__).parent / "corpus"
SPECIFICATION, EXPECTED = ".bac.yaml", ".expected.yaml"

Document = dict[str, Any]
Table = Mapping[str, Mapping[str, Mapping[str, Any]]]
"""By kind and subject: the length in each timing, and the ``cause``."""


class Malformed(ValueError):
    """A file of expectations says something that nobody would read."""


@dataclass(frozen=True)
class Expectation:
    """What is to be found for one plan and number of instances; ``None`` is the length of what never happens."""

    backup: str
    denied: int | None
    loss: int | None
    anomalies: Table
    tolerated: Table = field(default_factory=dict)
    vacuous: bool = False

    def violates(self, what: str) -> bool:
        """Whether a property, or one anomaly (``KIND SUBJECT``), is found to be violated."""
        return what in violations(self.backup == "holds", self.denied, self.loss, self.anomalies)


@dataclass(frozen=True)
class Case:
    """One specification under one plan, with so many instances, and what is to be found."""

    name: str
    path: Path
    plan: str
    instances: int
    expectation: Expectation = field(hash=False)

    def __str__(self) -> str:
        return f"{self.name}-{self.plan}-{self.instances}"

    @property
    def document(self) -> Document:
        """The specification, as plain data."""
        return read(self.path)


@dataclass(frozen=True)
class Shows:
    """What a specification is there for: because of a feature something holds, or in spite of it something fails."""

    name: str
    plan: str
    feature: str
    what: str
    positive: bool
    step: str | None = None
    instead: str | None = None

    def __str__(self) -> str:
        place = f" at {self.step}" if self.step else ""
        return f"{self.name}-{self.plan}-{self.feature}{place}-{'holds' if self.positive else 'fails'}-{self.what}"

    @property
    def document(self) -> Document:
        """The specification, as plain data."""
        return read(CORPUS / (self.name + SPECIFICATION))


def violations(backup: bool, denied: int | None, loss: int | None, anomalies: Table) -> set[str]:
    """The names of all that is violated: properties, and anomalies as ``KIND SUBJECT``."""
    found = {f"{kind} {subject}" for kind, subjects in anomalies.items() for subject in subjects}
    properties = {"backup": not backup, "availability": denied, "no-extra-loss": loss, "consistency": anomalies}
    return found | {name for name, violated in properties.items() if violated}


@cache
def names() -> tuple[str, ...]:
    """The names of all specifications of the corpus."""
    return tuple(sorted(path.name.removesuffix(SPECIFICATION) for path in CORPUS.glob(f"*{SPECIFICATION}")))


def cases() -> list[Case]:
    """Every case of the corpus."""
    return [case for name in names() for case in _cases(name)]


def shows() -> list[Shows]:
    """Every entry that says what a specification is there for."""
    return [entry for name in names() for entry in _shows(name)]


def expectation(name: str, plan: str, instances: int = 1) -> Expectation:
    """What is to be found in one case."""
    return next(case.expectation for case in _cases(name) if (case.plan, case.instances) == (plan, instances))


@cache
def _text(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def read(path: Path) -> Document:
    """A document, anew at each call, so that it may be changed."""
    document: Document = yaml.safe_load(_text(path))
    return document


@cache
def _cases(name: str) -> tuple[Case, ...]:
    return tuple(_read_cases(name))


def _read_cases(name: str) -> Iterator[Case]:
    about = _expected(name)
    for entry in about["verdicts"]:
        _check_keys(
            name, entry, {"plans", "instances", "backup", "denied", "loss", "anomalies"}, {"tolerated", "vacuous"}
        )
        if entry["backup"] not in ("holds", "violated"):
            raise Malformed(f"{name}: backup: {entry['backup']}")
        found = Expectation(
            entry["backup"],
            _length(name, entry["denied"]),
            _length(name, entry["loss"]),
            _table(name, entry["anomalies"]),
            _table(name, entry.get("tolerated", {})),
            entry.get("vacuous", False),
        )
        for plan in entry["plans"]:
            for instances in entry["instances"]:
                yield Case(name, CORPUS / (name + SPECIFICATION), plan, instances, found)


def _shows(name: str) -> Iterator[Shows]:
    for entry in _expected(name)["shows"]:
        verb = "holds" if "holds" in entry else "fails"
        _check_keys(name, entry, {"feature", "plan", verb}, {"step", "instead"})
        step, instead = entry.get("step"), entry.get("instead")
        yield Shows(name, entry["plan"], entry["feature"], entry[verb], verb == "holds", step, instead)


def _expected(name: str) -> Document:
    about = read(CORPUS / (name + EXPECTED))
    _check_keys(name, about, {"shows", "verdicts"}, set())
    return about


def _length(name: str, value: object) -> int | None:
    if value == "never":
        return None
    if not isinstance(value, int) or value < 1:
        raise Malformed(f"{name}: {value} is neither a length nor never")
    return value


def _table(name: str, table: Table) -> Table:
    for kind, subjects in table.items():
        if kind not in ("broken-link", "orphan-state", "missing-state") or not subjects:
            raise Malformed(f"{name}: {kind}")
        for found in subjects.values():
            _check_keys(name, found, {"cause"}, {"any-time", "at-rest"})
            if found["cause"] not in ("backup", "in-flight") or len(found) < 2:
                raise Malformed(f"{name}: {found}")
    return table


def _check_keys(name: str, entry: Mapping[str, Any], needed: set[str], allowed: set[str]) -> None:
    if not needed <= entry.keys() <= needed | allowed:
        raise Malformed(f"{name}: the keys of {dict(entry)} should be {sorted(needed)}, and perhaps {sorted(allowed)}")
