"""``bac export``: the transition system and its runs, for other tools."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from click.core import ParameterSource

from bac.commands.counterexample import counterexample, search_options
from bac.commands.terminal import as_json, files, notify, put, read

if TYPE_CHECKING:
    from bac.exports.exported import Exported
    from bac.exports.statements import Statement

LANGUAGES = ("tla", "promela", "smt2", "itf", "shiviz", "otlp")
RUNS = ("itf", "shiviz", "otlp")
"""The languages of runs; the others are those of transition systems."""
APPLIES = {
    "without_disasters": ("tla", "promela"),
    "property_": ("tla", "smt2", *RUNS),
    "kind": ("tla", "smt2", *RUNS),
    "subject": ("tla", "smt2", *RUNS),
    "timing": ("smt2", *RUNS),
    "depth": ("smt2",),
    "timeout": RUNS,
    "max_states": RUNS,
    "max_memory": RUNS,
}
"""The options that apply to some of the languages only."""


@click.command()
@click.argument("source", metavar="SPEC|TRACE", shell_complete=files)
@click.option("--to", "language", type=click.Choice(LANGUAGES), required=True, help="The language that is written.")
@click.option(
    "-o",
    "--output",
    type=click.Path(),
    metavar="FILE|DIR/",
    help="The file to write, or a directory (created if its name ends with a slash); default: standard output. With"
    " smt2, a name without .smt2 is a directory that gets one script for each number of actions up to --depth.",
)
@click.option("--without-disasters", is_flag=True, help="Leave out disasters, and thus recovery (tla, promela).")
@click.option("--depth", type=click.IntRange(0, 1000), help="The number of actions of the runs asked for (smt2).")
@search_options
def export(
    source: str, language: str, output: str | None, without_disasters: bool, depth: int | None, **search: Any
) -> None:
    """Write the transition system that bac explores for another checker: TLC, SPIN, or any SMT solver.

    With --to itf, shiviz or otlp, write a shortest counterexample, or a saved TRACE: as a trace that Apalache's tools
    show, as a log with vector clocks for ShiViz, or as OpenTelemetry traces in JSON. --property, --kind and --subject
    choose what TLC checks (by default nothing), what a script asks, or which trace is shown.

    Exit codes: 0 the export is written, 1 the plan has no such counterexample (of a run), 2 the command line or a file
    is wrong, 3 a limit was reached first (of a run).
    """
    from bac.exports.exported import Exported

    refuse_inapplicable(click.get_current_context(), language)
    if language == "smt2" and depth is None:
        raise click.UsageError("--to smt2 needs --depth: the number of actions of the runs that are asked for")
    target = None if output is None else destination(output, language == "smt2")
    if language in RUNS:
        put_texts(exported_run(language, source, search), target)
        return
    specification = read(source)
    plan = specification.plan(search["plan_name"] or "independent")
    exported = Exported(specification.architecture, plan, search["instances"], not without_disasters)
    warn_if_out_of_reach(exported, language)
    stem = "Model" if target is None or target.is_dir() else target.stem
    subject = None if search["subject"] is None else specification.architecture.numbered(search["subject"])
    chosen = (search["property_"], search["kind"], subject)
    match language:
        case "promela":
            from bac.exports.promela import promela

            name = f"{stem}.pml" if target is None or target.is_dir() else target.name
            put_texts({name: promela(exported, name)}, target)
        case "tla":
            from bac.exports.tla import configuration, module_name, tla

            checked = chosen_statements(exported, *chosen) if any(chosen) else ()
            texts = {f"{stem}.tla": tla(exported, module_name(stem)), f"{stem}.cfg": configuration(exported, checked)}
            put_texts(texts, target)
        case "smt2":
            from bac.exports.statements import together

            put_texts(
                scripts(exported, together(chosen_statements(exported, *chosen)), depth or 0, search["timing"], target),
                target,
            )
        case other:
            raise AssertionError(other)


def warn_if_out_of_reach(exported: Exported, language: str) -> None:
    """Say if the checker that reads a language cannot store as many states as there are."""
    from bac.exports.reach import warning

    if (told := warning(exported.system, language)) is not None:
        notify(f"warning: {told}")


def refuse_inapplicable(context: click.Context, language: str) -> None:
    """Refuse an option that has no effect in this language.

    Raises:
        UsageError: one was given.
    """
    for option, languages in APPLIES.items():
        given = context.get_parameter_source(option) is ParameterSource.COMMANDLINE
        if given and language not in languages:
            name = option.rstrip("_").replace("_", "-")
            raise click.UsageError(f"--{name} does not apply to --to {language}, only to {', '.join(languages)}")


def destination(output: str, scripts: bool) -> Path:
    """Return the file or directory that ``-o`` names; create a directory, and check that a file can be written.

    Args:
        output: what the user gave.
        scripts: whether SMT-LIB scripts are written: many into a directory, but only one into a file.

    Raises:
        UsageError: a file exists where a directory is needed.
        UnwritableFile: it cannot be created or written.
    """
    from bac.model.files import check_writable, make_directory

    path = Path(output)
    many = scripts and path.suffix != ".smt2"
    if many and path.is_file():
        raise click.UsageError(f"{output} is a file: name a directory, or a file that ends with .smt2 for one script")
    if path.is_dir() or output.endswith(("/", os.sep)) or (many and not path.exists()):
        make_directory(path)
    else:
        check_writable(path)
    return path


def chosen_statements(
    exported: Exported, property_: str | None, kind: str | None, subject: str | None
) -> tuple[Statement, ...]:
    """Return the statements that the options choose."""
    from bac.exports.statements import fitting

    return fitting([each for _, each in exported.statements], property_ or "consistency", kind, subject)


def scripts(
    exported: Exported, statement: Statement, depth: int, timing: str | None, target: Path | None
) -> Mapping[str, str]:
    """Return the script for runs of ``depth`` actions by its file name; for a directory, one for each length."""
    from bac.exports.smt2 import smt2
    from bac.model.plan import Timing

    when = None if timing is None else Timing(timing)
    lengths = range(depth + 1) if target is not None and target.is_dir() else [depth]
    return {f"Model-{length:03}.smt2": smt2(exported, statement, length, when) for length in lengths}


def exported_run(language: str, source: str, search: Mapping[str, Any]) -> Mapping[str, str]:
    """Return a saved trace, or a shortest counterexample, in one of :data:`RUNS`, by the name of its file."""
    from bac.proofs.replay import confirm

    trace, _ = counterexample(source, **search)
    confirm(trace)
    match language:
        case "itf":
            from bac.exports.itf import itf

            return {"trace.itf.json": as_json(itf(trace)) + "\n"}
        case "shiviz":
            from bac.exports.shiviz import shiviz

            return {"trace.shiviz.log": shiviz(trace)}
        case "otlp":
            from bac.exports.otlp import otlp

            return {"trace.otlp.json": as_json(otlp(trace)) + "\n"}
        case other:
            raise AssertionError(other)


def put_texts(texts: Mapping[str, str], target: Path | None) -> None:
    """Print the texts, or write them: into a directory under their names, else to files with the stem of the target."""
    for name, text in texts.items():
        if target is None:
            click.echo(text, nl=False)
        elif target.is_dir():
            put(target / name, text.encode())
        else:
            put(target if len(texts) == 1 else target.with_suffix(Path(name).suffix), text.encode())
