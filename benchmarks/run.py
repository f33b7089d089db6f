"""Measure everything, side by side in one run, and write results.json, table.md and plots.

python benchmarks/run.py                    # all parts, about a quarter of an hour
python benchmarks/run.py --quick            # small sizes, about a minute
python benchmarks/run.py --only a,c --repeat 3 -o somewhere
"""

from __future__ import annotations

import importlib.util
import json
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import click
import growth
import locks
import solvers
import startup
import unreduced
import users
import verdicts
from machine import machine, versions
from measuring import Series
from peers import peers
from summary import PAGE, with_summary
from tables import Results, page

Measure = Callable[[Path, bool, int, Callable[[str], None]], list[Series]]
PARTS: dict[str, Measure] = {
    "a": unreduced.measure,
    "b": verdicts.measure,
    "c": growth.measure,
    "d": solvers.measure,
    "e": startup.measure,
    "f": locks.measure,
    "g": users.measure,
}
RESULTS = Path(__file__).resolve().parent / "results"


def chosen(_: click.Context, __: click.Parameter, value: str) -> tuple[str, ...]:
    """The parts that were asked for, in order."""
    wanted = {part.strip() for part in value.split(",")}
    if unknown := wanted - PARTS.keys():
        raise click.BadParameter(f"{', '.join(sorted(unknown))}: parts are {', '.join(PARTS)}")
    return tuple(part for part in PARTS if part in wanted)


@click.command()
@click.option("--quick", is_flag=True, help="Small sizes only, each once: to see that everything works.")
@click.option("--only", default=",".join(PARTS), callback=chosen, show_default=True, help="The parts to measure.")
@click.option("--repeat", type=click.IntRange(1), default=5, show_default=True, help="Rounds of each part.")
@click.option("-o", "--output", type=click.Path(path_type=Path, file_okay=False), default=RESULTS, show_default=True)
@click.option("--redraw", is_flag=True, help="Measure nothing: write the page and the plots of results.json again.")
def main(quick: bool, only: tuple[str, ...], repeat: int, output: Path, redraw: bool) -> None:
    """Measure bac, beside SPIN and TLC where they are installed."""
    output.mkdir(parents=True, exist_ok=True)
    file = output / "results.json"
    if redraw:
        results = read(file)
    else:
        for results in measured(only, quick, 1 if quick else repeat):  # written after each part, to lose none
            file.write_text(json.dumps(document(results), indent=1) + "\n", encoding="utf-8")
    (output / "table.md").write_text(page(results), encoding="utf-8")
    written = ["results.json", "table.md"]
    if importlib.util.find_spec("matplotlib") is None:
        click.echo("plots skipped: matplotlib not installed (pip install 'bac-checker[bench]')", err=True)
    else:
        from plots import draw

        written += draw(results, output)
    if output.resolve() == RESULTS and results.parts.keys() == PARTS.keys():
        PAGE.write_text(with_summary(PAGE.read_text(encoding="utf-8"), results), encoding="utf-8")
        written.append("the table of docs/speed.md")
    click.echo(f"{', '.join(written)} written to {output}")
    if any("failed" in reason for reason in results.skipped):
        raise SystemExit(1)


def measured(only: tuple[str, ...], quick: bool, repeat: int) -> Iterator[Results]:
    """Measure these parts, and tell after each what there is by then; what is missing is said, and skipped."""
    missing = peers().missing if "a" in only else ()
    for reason in missing:
        click.echo(reason, err=True)
    settings = {"begun": datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"), "rounds": str(repeat)}
    if quick:
        settings["sizes"] = "quick, of no significance"
    here, used, parts, start = machine(), versions(), {}, time.perf_counter()
    with tempfile.TemporaryDirectory(prefix="bac-benchmarks-") as scratch:
        for part in only:
            click.echo(f"({part})", err=True)
            folder = Path(scratch) / part
            folder.mkdir()
            try:
                parts[part] = PARTS[part](folder, quick, repeat, lambda line: click.echo(line, err=True))
            except RuntimeError as error:
                click.echo(f"part ({part}) failed: {error}", err=True)
                missing = (*missing, f"part ({part}) failed")
            settings["took"] = f"{(time.perf_counter() - start) / 60:.0f} min"
            yield Results(here, used, settings, missing, parts)


def document(results: Results) -> dict[str, object]:
    """For JSON."""
    parts = {part: [each.document() for each in series] for part, series in results.parts.items()}
    return {
        "machine": dict(results.machine),
        "versions": dict(results.versions),
        "settings": dict(results.settings),
        "skipped": list(results.skipped),
        "parts": parts,
    }


def read(file: Path) -> Results:
    """Read the results of an earlier run."""
    found = json.loads(file.read_text(encoding="utf-8"))
    parts = {part: [Series(**each) for each in series] for part, series in found.pop("parts").items()}
    return Results(**found, parts=parts)


if __name__ == "__main__":
    main()
