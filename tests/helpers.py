"""Small things that several test modules share."""

from __future__ import annotations

import json
from collections.abc import Iterable

from click.testing import CliRunner, Result

from bac.cli import main
from bac.model.specification.reader import Specification, parse

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


def parsed(document: str | object) -> Specification:
    """The specification of a YAML text, or of a document."""
    return parse(document if isinstance(document, str) else json.dumps(document))


def bac(*arguments: object, stdin: str | None = None) -> Result:
    """Run the command line within this process."""
    return CliRunner().invoke(main, [str(argument) for argument in arguments], input=stdin, catch_exceptions=False)


def lines(result: Result) -> Iterable[str]:
    """The lines of standard output."""
    return result.stdout.splitlines()
