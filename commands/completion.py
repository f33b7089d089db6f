"""Completion in shells: files, and the plans of the specification that is already typed."""

from __future__ import annotations

import os
import shlex
from pathlib import Path

import click
from click.shell_completion import CompletionItem


def files(_context: click.Context, _parameter: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Leave it to the shell to complete the name of a file."""
    return [CompletionItem(incomplete, type="file")]


def plan_names(context: click.Context, _parameter: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Return the plans of the specification, if its name is typed already and it can be read."""
    from bac.model.errors import BacError
    from bac.model.specification.reader import load

    # An option that waits for its value ends the parsing early, and what it has not looked at is left in ``args``.
    given = [context.params.get("spec"), context.params.get("source"), *(context.params.get("specs") or ())]
    words = [*given, *context.args]
    spec = next((word for word in words if word and Path(word).is_file()), None)
    if spec is None:
        return []
    try:
        plans = load(spec).plans
    except BacError:
        return []
    return [CompletionItem(quoted(plan.name)) for plan in plans if plan.name.startswith(incomplete)]


def quoted(name: str) -> str:
    """Return a name as a word of a command line; bash leaves quoting to us, other shells do it themselves."""
    return shlex.quote(name) if os.environ.get("_BAC_COMPLETE", "").startswith("bash") else name
