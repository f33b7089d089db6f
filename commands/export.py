"""``bac export``: the transition system and its runs, for other tools."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import click
from click.core import ParameterSource

from bac.commands.completion import files, plan_names
from bac.commands.terminal import as_json, limits, put, read, refuse

if TYPE_CHECKING:
    from bac.exports.exported import Exported
    from bac.exports.statements import Statement

LANGUAGES = ("tla", "promela", "smt2", "itf")
PROPERTIES = ("backup", "availability", "consistency", "no-extra-loss")
KINDS = ("broken-link", "orphan-state", "missing-state", "extra-loss")
TIMINGS = ("any-time", "at-rest")
APPLIES = {
    "without_disasters": ("tla", "promela"),
    "property_": ("tla", "smt2", "itf"),
    "kind": ("tla", "smt2", "itf"),
    "subject": ("tla", "smt2", "itf"),
    "timing": ("smt2", "itf"),
    "depth": ("smt2",),
}
"""The options that are for some languages only."""


@click.command()
@click.argument("source", metavar="SPEC|TRACE", shell_complete=files)
@click.option("--to", "language", type=click.Choice(LANGUAGES), required=True, help="What is written.")
@click.option("--plan", "plan_name", metavar="NAME", shell_complete=plan_names, help="The plan; default: independent.")
@click.option(
    "--instances",
    type=click.IntRange(1, 1000),
    default=1,
    show_default=True,
    help="How many instances of every use case there are.",
)
@click.option("--without-disasters", is_flag=True, help="Leave out disasters, and so recovery (tla, promela).")
@click.option(
    "--property",
    "property_",
    type=click.Choice(PROPERTIES),
    help="What is asked (smt2), shown (itf) or checked (tla); default: consistency, and nothing for tla.",
)
@click.option("--kind", type=click.Choice(KINDS), help="Only this kind of anomaly.")
@click.option("--subject", metavar="TEXT", help="Only this subject, such as 'order -> customer'.")
@click.option("--timing", type=click.Choice(TIMINGS), help="When disaster strikes (smt2, itf); default: either.")
@click.option("--depth", type=click.IntRange(0, 1000), help="The number of actions of the runs asked for (smt2).")
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path),
    metavar="FILE|DIR",
    help="Where it is written; into a directory with smt2, one file for each number of actions up to --depth.",
)
def export(
    source: str,
    language: str,
    plan_name: str | None,
    instances: int,
    without_disasters: bool,
    property_: str | None,
    kind: str | None,
    subject: str | None,
    timing: str | None,
    depth: int | None,
    output: Path | None,
) -> None:
    """Write the transition system that bac explores for another checker: TLC, SPIN, or any SMT solver.

    Or, with --to itf, a shortest counterexample or a saved TRACE as a trace that Apalache's tools show.
    """
    from bac.exports.exported import Exported

    refuse_what_does_not_apply(click.get_current_context(), language)
    if language == "itf":
        shown = trace_document(source, plan_name, instances, property_ or "consistency", kind, subject, timing)
        deliver({"trace.itf.json": as_json(shown) + "\n"}, output)
        return
    specification = read(source)
    exported = Exported(
        specification.architecture, specification.plan(plan_name or "independent"), instances, not without_disasters
    )
    stem = "Model" if output is None or output.is_dir() else output.stem
    match language:
        case "promela":
            from bac.exports.promela import promela

            name = f"{stem}.pml" if output is None or output.is_dir() else output.name
            deliver({name: promela(exported, name)}, output)
        case "tla":
            from bac.exports.tla import configuration, module_name, tla

            checked = asked(exported, property_, kind, subject) if property_ or kind or subject else ()
            texts = {f"{stem}.tla": tla(exported, module_name(stem)), f"{stem}.cfg": configuration(exported, checked)}
            deliver(texts, output)
        case "smt2":
            from bac.exports.statements import together

            queries(exported, together(asked(exported, property_, kind, subject)), depth, timing, output)


def refuse_what_does_not_apply(context: click.Context, language: str) -> None:
    """An option that would do nothing is a mistake."""
    for option, languages in APPLIES.items():
        given = context.get_parameter_source(option) is ParameterSource.COMMANDLINE
        if given and language not in languages:
            name = option.rstrip("_").replace("_", "-")
            raise click.UsageError(f"--{name} does not apply to --to {language}, only to {', '.join(languages)}")


def asked(exported: Exported, property_: str | None, kind: str | None, subject: str | None) -> tuple[Statement, ...]:
    """The statements that the options choose."""
    from bac.exports.statements import fitting

    return fitting([each for _, each in exported.statements], property_ or "consistency", kind, subject)


def queries(
    exported: Exported, statement: Statement, depth: int | None, timing: str | None, output: Path | None
) -> None:
    """Write the script for runs of ``depth`` actions; into a directory, those for all lengths up to it."""
    from bac.exports.smt2 import smt2
    from bac.model.plan import Timing

    if depth is None:
        raise click.UsageError("--to smt2 needs --depth: the number of actions of the runs that are asked for")
    when = None if timing is None else Timing(timing)
    lengths = range(depth + 1) if output is not None and output.is_dir() else [depth]
    deliver({f"Model-{length:03}.smt2": smt2(exported, statement, length, when) for length in lengths}, output)


def trace_document(
    source: str,
    plan_name: str | None,
    instances: int,
    property_: str,
    kind: str | None,
    subject: str | None,
    timing: str | None,
) -> object:
    """A saved trace, or a shortest counterexample, in the Informal Trace Format."""
    from bac.exports.itf import itf
    from bac.model.trace import is_trace, load
    from bac.proofs.campaign import find
    from bac.proofs.replay import confirm

    if is_trace(source):
        chosen = ("plan_name", "instances", "property_", "kind", "subject", "timing")
        refuse(click.get_current_context(), chosen, "a TRACE")
        trace = load(source)
    else:
        specification = read(source)
        plan = specification.plan(plan_name or "independent")
        budget = limits(None, None, None)
        trace = find(specification.architecture, plan, instances, property_, kind, subject, timing, budget)
    confirm(trace)
    return itf(trace)


def deliver(texts: Mapping[str, str], output: Path | None) -> None:
    """Print the texts, or write them: into a directory under their names, else beside each other with its stem."""
    for name, text in texts.items():
        if output is None:
            click.echo(text, nl=False)
        elif output.is_dir():
            put(output / name, text.encode())
        else:
            put(output if len(texts) == 1 else output.with_suffix(Path(name).suffix), text.encode())
