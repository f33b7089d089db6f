"""Small things that several test modules share."""

from __future__ import annotations

import json
from collections.abc import Hashable, Iterable

import pytest
from click.testing import CliRunner, Result

from bac.cli import main
from bac.model.extras import EXTRAS
from bac.model.specification.reader import Specification, parse
from bac.model.system import System
from bac.proofs.reductions.projection import Partition

REFERENCE = """
name: Reference
services: {A: {owns: [a]}, B: {owns: [b]}}
references: ["a -> b"]
plans:
  locked: {groups: [{mode: locked, services: all}]}
  atomic: {groups: [{mode: atomic, services: all}]}
  shared: {groups: [{mode: shared-database, services: all}]}
  rollback: {recovery: {rollback: oldest}}
  resume: {order: [A, B], recovery: {resume: true}}
  any: {disaster: {scope: any}}
"""
"""The reference of Figures 3 and 4 under several plans."""


MISSING = "needs the extra"
"""The reason why a test is left out where an extra is not installed, before the name of the extra."""


def needs_extra(name: str) -> pytest.MarkDecorator:
    """Leave a test out where this extra is not installed."""
    return pytest.mark.skipif(not EXTRAS[name].installed, reason=f"{MISSING} {name}")


def parsed(document: str | object) -> Specification:
    """The specification of a YAML text, or of a document."""
    return parse(document if isinstance(document, str) else json.dumps(document))


def bac(*arguments: object, stdin: str | None = None) -> Result:
    """Run the command line within this process."""
    return CliRunner().invoke(main, [str(argument) for argument in arguments], input=stdin, catch_exceptions=False)


def lines(result: Result) -> Iterable[str]:
    """The lines of standard output."""
    return result.stdout.splitlines()


def projected(division: Partition, part: Hashable) -> System:
    """Return a system without the facts and actions of all parts but one (S/K of the lemma)."""
    system, kept = division.system, (part, None)
    return System(
        tuple(fact for fact in system.facts if division.parts[fact] <= {part}),
        tuple(
            action.restricted(lambda fact: division.parts[fact] <= {part})
            for action in system.actions
            if division.owner(action) in kept
        ),
    )


def same_transitions(one: System, other: System) -> bool:
    """Whether two systems have the same facts and can do the same, whatever the actions are called, and how often."""

    def effects(of: System) -> set[object]:
        return {(a.require, a.forbid, frozenset(a.clauses), a.add, a.delete, frozenset(a.copy)) for a in of.actions}

    return set(one.facts) == set(other.facts) and effects(one) == effects(other)
