"""The package is the repository: what is on disk and what is declared agree."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
NOT_PACKAGES = {"tests", "examples", "benchmarks", "docs", "build", "dist"}


def test_every_folder_with_code_is_declared() -> None:
    declared = set(PROJECT["tool"]["setuptools"]["packages"])
    on_disk = {
        ".".join(["bac", *file.parent.relative_to(ROOT).parts])
        for file in ROOT.rglob("__init__.py")
        if not {*file.relative_to(ROOT).parts} & NOT_PACKAGES and not file.relative_to(ROOT).parts[0].startswith(".")
    }
    assert declared == on_disk


def test_no_stray_module_ships_from_the_root() -> None:
    assert {file.name for file in ROOT.glob("*.py")} == {"__init__.py", "__main__.py", "cli.py"}


def test_folders_with_code_have_an_init() -> None:
    folders = {file.parent for file in ROOT.glob("*/**/*.py") if file.relative_to(ROOT).parts[0] not in NOT_PACKAGES}
    visible = [folder for folder in folders if not any(part.startswith(".") for part in folder.relative_to(ROOT).parts)]
    assert all((folder / "__init__.py").exists() for folder in visible)


def test_every_dependency_has_its_reason() -> None:
    contributing = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    extras = PROJECT["project"]["optional-dependencies"].values()
    for requirement in [*PROJECT["project"]["dependencies"], *(each for extra in extras for each in extra)]:
        name = requirement.partition(">")[0]
        assert name.startswith("bac-checker") or f"`{name}`" in contributing, name


@pytest.mark.parametrize(
    "module", ["numpy", "jsonschema", "rich", "yaml", "psutil", "graphviz", "bac.model", "bac.proofs"]
)
def test_help_does_not_load_what_takes_time(module: str) -> None:
    code = (
        "import sys; from click.testing import CliRunner; from bac.cli import main;"
        "assert CliRunner().invoke(main, ['--help']).exit_code == 0;"
        f"sys.exit({module!r} in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_no_test_looks_at_a_clock() -> None:
    """A busy machine must not make a test fail; limits are tested with clocks that the test sets."""
    clocks = re.compile(r"^\s*(import|from) time\b|perf_counter|process_time", re.MULTILINE)
    here = Path(__file__)
    found = [file.name for file in here.parent.glob("*.py") if file != here and clocks.search(file.read_text("utf-8"))]
    assert not found
