"""``bac check``: decide the properties of the plans of specifications, and compare them with what is expected."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from bac.commands.terminal import (
    ANOMALIES,
    BUG,
    HOLDS,
    PROPERTIES,
    TIMINGS,
    UNKNOWN,
    VIOLATED,
    WRONG,
    complain,
    display,
    figure_format,
    files,
    instances_option,
    limit_options,
    limits,
    notify,
    plans_option,
    progress_shown,
    read,
    warn,
    write_figure,
)
from bac.reports import FORMATS, render

if TYPE_CHECKING:
    from bac.model.plan import Plan
    from bac.model.specification.reader import Specification
    from bac.proofs.reductions.part_search import CheckOptions
    from bac.proofs.results import PlanResult
    from bac.proofs.scheduler import Scheduler
    from bac.reports.checked import Checked, View

REDUCTIONS = ("one-index", "symmetry")
MOST_OPEN = 10
"""So many questions that a certificate leaves open are listed."""
WORST_LAST = (HOLDS, UNKNOWN, VIOLATED, WRONG, BUG)
"""Exit codes; that of several files is the worst of theirs."""


@click.command()
@click.argument("specs", metavar="SPEC...", nargs=-1, required=True, shell_complete=files)
@plans_option
@click.option(
    "--property",
    "properties",
    type=click.Choice(PROPERTIES),
    multiple=True,
    help="Check this property (repeatable); default: all.",
)
@instances_option
@click.option(
    "--engine",
    type=click.Choice(["auto", "precedence", "explicit", "smt", "both", "all"]),
    default="auto",
    show_default=True,
    help="The engine that decides; 'both' and 'all' compare all of them.",
)
@click.option("--exact-lengths", is_flag=True, help="Search for shortest runs, however long that takes.")
@click.option(
    "--format",
    "format_",
    type=click.Choice(list(FORMATS)),
    default="text",
    show_default=True,
    help="The format of what is printed.",
)
@click.option("--kind", type=click.Choice(ANOMALIES), help="Show only anomalies of this kind.")
@click.option("--subject", metavar="TEXT", help="Show only the anomaly of this subject, such as 'order -> customer'.")
@click.option("--timing", type=click.Choice(TIMINGS), help="Show only anomalies and runs with a disaster at this time.")
@click.option("--top", type=click.IntRange(1), metavar="N", help="Show the first N anomalies, worst first.")
@click.option(
    "--helps/--no-helps",
    default=None,
    help="Search for changes of the plan that remove an anomaly; default: a short search with one --plan.",
)
@click.option("--verbose", is_flag=True, help="Show every anomaly with its own run, however long that gets.")
@click.option(
    "--trace-dir",
    type=click.Path(file_okay=False, path_type=Path),
    help="Save every counterexample into this directory.",
)
@click.option(
    "--report",
    metavar="FORMAT=FILE",
    multiple=True,
    help="Also write the results into a file: json=, junit= or sarif= (repeatable).",
)
@click.option(
    "--figure",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Draw the first counterexample (.svg .pdf .png .tikz .dot).",
)
@click.option(
    "--certificate",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write proofs of what holds and runs for what does not, for bac verify (.gz: packed).",
)
@click.option(
    "--expect",
    type=click.Choice(["holds", "violated"]),
    help="Exit with 0 if every plan has this verdict: all that was checked holds, or something is violated.",
)
@click.option("--update-expect", is_flag=True, help="Write the verdicts into SPEC, as what is expected from now on.")
@limit_options
@click.option(
    "--no-reduction",
    "without",
    type=click.Choice(REDUCTIONS),
    multiple=True,
    help="Disable this reduction (repeatable).",
)
@click.option("--jobs", type=click.IntRange(1), help="Local processes; default: as many as there are cores.")
@click.option("--scheduler", metavar="ADDRESS", help="Spread large searches over this Dask cluster instead.")
@click.option("--strict", is_flag=True, help="Make warnings errors.")
def check(
    specs: tuple[str, ...],
    properties: tuple[str, ...],
    instances: int,
    engine: str,
    exact_lengths: bool,
    without: tuple[str, ...],
    timeout: float | None,
    max_states: int | None,
    max_memory: int | None,
    jobs: int | None,
    scheduler: str | None,
    **options: Any,
) -> None:
    """Decide the properties of the plans of each SPEC, and show a shortest counterexample for each one violated.

    With one --plan: its verdicts and counterexamples.  Without: every plan, in a table that compares them.  A SPEC may
    be a folder: all *.bac.yaml in it are checked, and the exit code is the worst.

    Plans with the key 'expect' are held against it, and the others do not count then. --expect takes the place of these
    keys.
    """
    from bac.proofs.reductions.part_search import ALL_REDUCTIONS, CheckOptions, Reduction
    from bac.proofs.scheduler import Scheduler
    from bac.properties.qualities import Property

    if scheduler is not None and jobs is not None:
        raise click.UsageError("--jobs does not apply to --scheduler")
    sources = list(specification_files(specs))
    command = Check(specs, several=len(specs) > 1 or sources != list(specs), **options)
    command.check_outputs()
    if scheduler is not None:
        from bac.proofs.pool import check_scheduler

        check_scheduler(scheduler)
    asked = tuple(Property(name) for name in properties or PROPERTIES)
    reductions = ALL_REDUCTIONS - set(map(Reduction, without))
    with progress_shown() as progress:
        searches = Scheduler(limits(timeout, max_states, max_memory), jobs, scheduler, progress)
        command.run(sources, CheckOptions(instances, asked, engine, reductions, exact_lengths), searches)
    command.show()
    sys.exit(UNKNOWN if command.interrupted else max(command.codes, key=WORST_LAST.index))


def decided(
    specification: Specification,
    plans: Sequence[Plan],
    options: CheckOptions,
    searches: Scheduler,
    strict: bool = False,
) -> tuple[Specification, list[Plan], list[PlanResult]]:
    """Return the specification with the warnings about these plans, the plans as they are checked, and the results."""
    from bac.proofs.check import check_plans
    from bac.proofs.explicit.coverage import Budget, coverage
    from bac.reports.checked import warnings

    bare = [replace(plan, expect=None) for plan in plans]
    covered = coverage(specification.architecture, bare, budget=Budget(check=searches.monitor.check))
    found = warnings(specification, covered)
    warn(found, strict)
    specification = replace(specification, warnings=(*specification.warnings, *found))
    return specification, bare, check_plans(specification.architecture, bare, options, searches, covered)


def specification_files(specs: Sequence[str]) -> Iterator[str]:
    """Yield the files that are meant: those of a folder in the order of their names, without hidden folders.

    Raises:
        UnreadableFile: a folder has no specification in it.
    """
    from bac.model.errors import UnreadableFile

    for spec in specs:
        if not spec or not Path(spec).is_dir():
            yield spec
        elif found := sorted(file for file in Path(spec).rglob("*.bac.yaml") if not hidden(file, Path(spec))):
            yield from map(str, found)
        else:
            raise UnreadableFile(f"there is no file *.bac.yaml in the folder {spec}")


def hidden(file: Path, folder: Path) -> bool:
    """Whether a file in a folder is hidden, such as one in a virtual environment ``.venv``."""
    return any(part.startswith(".") for part in file.relative_to(folder).parts)


class Check:
    """One call of the command: its options, what was checked so far, and the exit code of each file."""

    def __init__(
        self,
        specs: Sequence[str],
        several: bool,
        plans: Sequence[str],
        format_: str,
        trace_dir: Path | None,
        report: Sequence[str],
        figure: Path | None,
        certificate: Path | None,
        expect: str | None,
        update_expect: bool,
        strict: bool,
        timing: str | None,
        helps: bool | None,
        **view: Any,
    ) -> None:
        """Keep the options; ``codes`` are those of the files, ``known`` the names of plans that were seen."""
        from bac.model.plan import Timing
        from bac.reports.checked import View

        if update_expect and (expect is not None or "-" in specs):
            raise click.UsageError("--update-expect does not apply to --expect, nor to standard input")
        if certificate is not None and (len(specs) > 1 or several):
            raise click.UsageError("--certificate applies to one specification")
        self.certificate = certificate
        self.several, self.plans, self.format, self.strict = several, plans, format_, strict
        self.trace_dir, self.figure, self.expect, self.update = trace_dir, figure, expect, update_expect
        self.helps, self.reports = helps, report
        self.view: View = View(alone=len(plans) == 1, timing=None if timing is None else Timing(timing), **view)
        self.checked: list[Checked] = []
        self.codes: list[int] = [HOLDS]
        self.known: set[str] = set()
        self.interrupted = False
        self.started = time.monotonic()

    def check_outputs(self) -> None:
        """Notice before a search that its results could not be written.

        Raises:
            UnwritableFile: a file or directory cannot be written.
        """
        if self.reports:
            from bac.commands.build_servers import report_files

            report_files(self.reports)
        outputs = [each for each in (self.figure, self.certificate) if each is not None]
        if not outputs and self.trace_dir is None:
            return
        from bac.model.files import check_writable, make_directory  # most checks write no file

        if self.figure is not None:
            figure_format(self.figure)
        for each in outputs:
            check_writable(each)
        if self.trace_dir is not None:
            make_directory(self.trace_dir)

    def run(self, sources: Sequence[str], options: CheckOptions, searches: Scheduler) -> None:
        """Check the files.  Of several, one with errors does not keep the others from being checked.

        Raises:
            BacError: the only file has errors.
            UnknownPlan: no file has one of the plans.
        """
        from bac.model.errors import BacError

        for source in sources:
            try:
                self.check(source, options, searches)
            except BacError as error:
                if self.format == "github":
                    from bac.commands.build_servers import annotate

                    annotate(error)
                if not self.several:
                    raise
                complain(str(error))
                self.codes.append(error.exit_code)
            except KeyboardInterrupt:
                complain(f"interrupted while {source} was read")
                self.interrupted = True
            if self.interrupted or searches.interrupted:
                self.interrupted = True
                return
        self.refuse_unknown_plans()

    def refuse_unknown_plans(self) -> None:
        """Make sure that each plan was found somewhere.

        Raises:
            UnknownPlan: no file has one of the plans.
        """
        from bac.model.errors import UnknownPlan

        for name in self.plans:
            if self.known and name not in self.known:
                raise UnknownPlan(f"no specification has a plan '{name}'")

    def check(self, source: str, options: CheckOptions, searches: Scheduler) -> None:
        """Check one file.

        Raises:
            SpecificationError: it has errors, or with ``--strict`` warnings; then nothing is checked.
        """
        from bac.reports.checked import Checked

        specification = read(source, self.strict)
        reading = time.monotonic() - self.started
        self.known.update(plan.name for plan in specification.plans)
        chosen = self.chosen(specification)
        if not chosen:
            return
        specification, bare, results = decided(specification, chosen, options, searches, self.strict)
        results = self.advised(specification, bare, results, searches)
        expected = {}
        if not self.update and (self.expect is not None or any(plan.expect is not None for plan in chosen)):
            from bac.reports.expectations import expected_of

            expected = expected_of(chosen, options.properties, self.expect)
        now = time.monotonic()
        checked = Checked(specification, results, expected, reading, now - self.started)
        self.started = now
        self.checked.append(checked)
        self.codes.append(self.updated(checked) if self.update else exit_code(checked))
        if self.certificate is not None and not searches.interrupted:
            self.certify(self.certificate, checked, bare, searches)

    def chosen(self, specification: Specification) -> list[Plan]:
        """Return the plans of a specification that are to be checked."""
        if not self.several:
            return [specification.plan(name) for name in self.plans] or list(specification.plans)
        return [plan for plan in specification.plans if not self.plans or plan.name in self.plans]

    def advised(
        self, specification: Specification, plans: Sequence[Plan], results: list[PlanResult], searches: Scheduler
    ) -> list[PlanResult]:
        """Return the results with what helps against the anomalies, as far as that is asked for."""
        alone = self.view.alone and self.format == "text" and len(results) == 1
        if self.helps is False or not (self.helps or alone) or searches.interrupted:
            return results
        from bac.proofs.advice.search import QUICK, THOROUGH, advise

        budget, whole = THOROUGH if self.helps else QUICK, specification.architecture
        return [
            advise(whole, plan, result, budget, searches.monitor, lambda each: self.view.selects(each, whole))
            for plan, result in zip(plans, results, strict=True)
        ]

    def updated(self, checked: Checked) -> int:
        """Write the verdicts into the file, and return the exit code."""
        from bac.commands.expectations import update

        return HOLDS if update(checked) else UNKNOWN

    def certify(self, path: Path, checked: Checked, plans: Sequence[Plan], searches: Scheduler) -> None:
        """Write the certificate for the verdicts; say what it leaves open."""
        from bac.model.errors import printable
        from bac.proofs.certificates import certify

        document = certify.to_json(checked.architecture, plans, checked.results, searches.monitor.check)
        certify.save(path, document)
        left = certify.open_questions(document)
        notify(f"certificate saved in {path}" + (f"; {len(left)} questions are left open" if left else ""))
        for each in left[:MOST_OPEN]:
            notify(f"open: {printable(each)}")

    def show(self) -> None:
        """Print and save the results."""
        if not self.checked:
            return
        content = render(self.format, self.checked, self.view, self.several)
        if isinstance(content, str):
            click.echo(content, nl=False)
        else:
            display(content)
        if self.view.selective and not any(map(self.shows_anomaly, self.checked)):
            notify("no anomaly fits --kind, --subject and --timing")
        for checked in self.checked:
            for mismatch in checked.mismatches():
                notify(f"{checked.specification.file}: {mismatch}" if self.several else str(mismatch))
        self.show_build_server()
        if self.trace_dir is not None:
            self.save_traces(self.trace_dir)
        if self.figure is not None:
            self.draw_first(self.figure)

    def show_build_server(self) -> None:
        """Write the files that build servers read, as far as they are asked for."""
        if not self.reports and self.format != "github":
            return
        from bac.commands.build_servers import append_summary, report_files, write_reports

        write_reports(report_files(self.reports), self.checked, self.view, self.several)
        if self.format == "github":
            append_summary(self.checked, self.view)

    def save_traces(self, directory: Path) -> None:
        """Write every counterexample to a file of its own, those of each of several specifications into a folder."""
        from bac.model.files import make_directory
        from bac.reports.trace_files import folders, trace_files

        names = folders([checked.specification.file for checked in self.checked])
        saved = 0
        for checked, name in zip(self.checked, names, strict=True):
            target = directory / name if self.several else directory
            make_directory(target)
            for file, trace in trace_files(self.selected(checked)).items():
                trace.save(target / file)
                saved += 1
        notify(f"{saved} trace{'s' * (saved != 1)} saved in {directory}")

    def draw_first(self, figure: Path) -> None:
        """Draw the first counterexample."""
        results = [result for checked in self.checked for result in self.selected(checked)]
        trace = next((trace for result in results for trace in result.counterexamples()), None)
        if trace is None:
            notify("no counterexample, so no figure")
        else:
            write_figure(figure, trace)

    def selected(self, checked: Checked) -> list[PlanResult]:
        """Return the results with only those anomalies that are to be shown."""
        return [self.view.narrowed(result, checked.architecture) for result in checked.results]

    def shows_anomaly(self, checked: Checked) -> bool:
        """Whether an anomaly of a specification is to be shown."""
        found = (each for result in self.selected(checked) for each in result.properties.values())
        return any(each.anomalies or each.tolerated for each in found)


def exit_code(checked: Checked) -> int:
    """Return the exit code of one specification: by what is expected of its plans, else by their verdicts."""
    from bac.proofs.results import Verdict

    verdicts = [result.verdict for result in checked.results]
    if any(result.interrupted for result in checked.results):
        return UNKNOWN
    if checked.expected:
        mismatches = list(checked.mismatches())
        violated, unknown = not all(each.unknown for each in mismatches), bool(mismatches)
    else:
        violated, unknown = Verdict.VIOLATED in verdicts, Verdict.UNKNOWN in verdicts
    return VIOLATED if violated else UNKNOWN if unknown else HOLDS
