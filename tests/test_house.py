"""The house: folders import in one direction, modules import without cycles, and a check loads few of them."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
FLOORS = (
    ("schemas",),
    ("model",),
    ("properties",),
    ("proofs",),
    ("figures", "exports", "audit"),
    ("reports",),
    ("api",),
    ("testing",),
    ("commands",),
    ("cli",),
)
"""Each folder imports only from itself and from floors before its own."""
LOOSE = {"agreement", "check", "engine", "engines", "pool", "replay", "results", "scheduler"}
"""The modules of ``proofs/`` that stand in none of its rooms."""
MOST_PROOFS = 75
MOST_LOADED = 52
"""So many modules of ours a check of one plan loads at most, not counting packages (``__init__.py``)."""


def modules() -> Iterator[tuple[str, Path]]:
    """The modules of the package by name, without the public face in ``bac/__init__.py``, which loads on demand."""
    for floor in FLOORS:
        for folder in floor:
            for file in [*(ROOT / folder).rglob("*.py"), *ROOT.glob(f"{folder}.py")]:
                parts = file.relative_to(ROOT).with_suffix("").parts
                yield ".".join(("bac", *(part for part in parts if part != "__init__"))), file


MODULES = dict(modules())


def imports(file: Path) -> set[str]:
    """The modules of ours that a file imports at any level; not those that only the type checker imports."""
    tree = ast.parse(file.read_text(encoding="utf-8"))
    only_types = {
        id(node)
        for branch in ast.walk(tree)
        if isinstance(branch, ast.If) and isinstance(branch.test, ast.Name) and branch.test.id == "TYPE_CHECKING"
        for node in ast.walk(branch)
    }
    found: set[str] = set()
    for node in ast.walk(tree):
        if id(node) in only_types:
            continue
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{file}: imports are absolute"
            for alias in node.names:
                inner = f"{node.module}.{alias.name}"
                found.add(inner if inner in MODULES else str(node.module))
    return found & MODULES.keys()


IMPORTS = {name: imports(file) for name, file in MODULES.items()}


def test_the_reader_of_imports_reads_every_kind() -> None:
    """The tests below depend on it."""
    assert "bac.model.system" in IMPORTS["bac.proofs.engine"], "at the top of a module"
    assert "bac.proofs.smt.engine" in IMPORTS["bac.proofs.engines"], "in a function"
    assert "bac.proofs.replay" in IMPORTS["bac.proofs.reductions.part_search"], "a module from its package"
    assert len(IMPORTS) > 150


def test_folders_import_in_one_direction() -> None:
    floor = {folder: number for number, folders in enumerate(FLOORS) for folder in folders}
    wrong = [
        f"{name} imports {other}"
        for name, others in IMPORTS.items()
        for other in others
        if (mine := name.split(".")[1]) != (theirs := other.split(".")[1]) and floor[theirs] >= floor[mine]
    ]
    assert not wrong


def test_no_module_imports_itself_in_a_circle() -> None:
    try:
        TopologicalSorter(IMPORTS).prepare()
    except CycleError as error:
        raise AssertionError(" imports ".join(reversed(error.args[1]))) from None


def test_proofs_are_in_rooms() -> None:
    assert {file.stem for file in (ROOT / "proofs").glob("*.py")} == LOOSE | {"__init__"}
    assert sum(file.name != "__init__.py" for file in (ROOT / "proofs").rglob("*.py")) <= MOST_PROOFS


def test_a_check_loads_few_modules() -> None:
    code = (
        "import runpy, sys\n"
        "sys.argv = ['bac', 'check', 'examples/sales.bac.yaml', '--plan', 'nightly']\n"
        "try:\n"
        "    runpy.run_module('bac', run_name='__main__')\n"
        "except SystemExit:\n"
        "    pass\n"
        "ours = {name: each for name, each in sys.modules.items() if name.startswith('bac.')}\n"
        "print(*(name for name, each in ours.items() if not hasattr(each, '__path__')), file=sys.stderr)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert "nightly" in done.stdout
    loaded = done.stderr.splitlines()[-1].split()
    assert "bac.proofs.explicit.breadth_first" in loaded
    assert len(loaded) <= MOST_LOADED, loaded


RIDDLES = ("What ", "Whatever ", "Whoever ", "Nobody ", "Nothing ", "Where ")
"""Words with which no docstring begins: it says what a thing is or does, and does not ask."""


def docstrings(file: Path) -> Iterator[tuple[int, str]]:
    """Yield the line and the text of each docstring of a file, those of constants included."""
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        match node:
            case ast.Expr(value=ast.Constant(value=str() as text)):
                yield node.lineno, text


def test_docstrings_say_what_a_thing_is() -> None:
    folders = (*sum(FLOORS, ()), "tests", "benchmarks", "examples")
    files = [file for folder in folders for file in (ROOT / folder).rglob("*.py")]
    found = [(file, line, text) for file in files for line, text in docstrings(file)]
    assert len(found) > 3000
    assert not [f"{file.relative_to(ROOT)}:{line}" for file, line, text in found if text.startswith(RIDDLES)]
