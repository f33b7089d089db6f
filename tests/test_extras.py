"""The plain installation does everything but what needs an extra, and says in one line which extra that is."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
import tomllib
import warnings
from collections.abc import Iterator
from pathlib import Path

import pytest
from helpers import MISSING, REFERENCE, bac

from bac.model.errors import SlowWithoutExtra
from bac.model.extras import EXTRAS, MissingExtra, needed, suggest_fast
from bac.proofs import engines, scheduler

ROOT = Path(__file__).resolve().parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
OTHERS = [name for name in EXTRAS if name != "test"]


@pytest.fixture
def reference(tmp_path: Path) -> Path:
    file = tmp_path / "reference.bac.yaml"
    file.write_text(REFERENCE, encoding="utf-8")
    return file


@pytest.fixture
def afresh(monkeypatch: pytest.MonkeyPatch) -> None:
    """The compiled search has not been imported yet."""
    for module in sys.modules.copy():
        if module.startswith("bac.proofs.explicit.compiled."):
            monkeypatch.delitem(sys.modules, module)


@pytest.fixture
def plain(afresh: None, monkeypatch: pytest.MonkeyPatch) -> None:  # noqa: ARG001
    """No extra is installed but the one that this test needs itself."""
    for name in OTHERS:
        for module in EXTRAS[name].modules:
            monkeypatch.setitem(sys.modules, module, None)


@pytest.mark.usefixtures("plain")
@pytest.mark.parametrize(
    ("command", "extra"),
    [
        (["prove", "unbounded", "--theorem", "locked"], "prove"),
        (["prove", "invariant", "SPEC", "--plan", "locked"], "prove"),
        (["check", "SPEC", "--scheduler", "tcp://127.0.0.1:1"], "cluster"),
        (["prove", "graphs", "--scheduler", "tcp://127.0.0.1:1"], "cluster"),
    ],
)
def test_what_needs_an_extra_says_which_in_one_line(reference: Path, command: list[str], extra: str) -> None:
    result = bac(*[reference if each == "SPEC" else each for each in command])
    assert result.exit_code == 2
    (line,) = result.stderr.splitlines()
    assert line.startswith("bac: ")
    assert line.endswith(f"needs the extra '{extra}': pip install 'bac-checker[{extra}]'")


def test_an_invariant_is_not_verified_by_one_solver_alone(reference: Path, tmp_path: Path) -> None:
    pytest.importorskip("cvc5", reason=f"{MISSING} prove")
    assert bac("prove", "invariant", reference, "--plan", "locked", "-o", tmp_path / "i.json").exit_code == 0
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(sys.modules, "cvc5", None)
        result = bac("verify", tmp_path / "i.json")
    assert result.exit_code == 2
    assert "bac-checker[prove]" in result.stderr


@pytest.mark.usefixtures("plain")
@pytest.mark.parametrize("engine", ["explicit", "smt"])
def test_checks_and_figures_need_no_extra(reference: Path, tmp_path: Path, engine: str) -> None:
    assert bac("check", reference, "--engine", engine, "--instances", "2", "--jobs", "1").exit_code == 1
    assert bac("figure", reference, "-o", tmp_path / "figure.svg").exit_code == 0
    assert bac("figure", reference, "--architecture", "-o", tmp_path / "services.svg").exit_code == 0
    assert bac("prove", "impossibility", "--level", "C0").exit_code == 0


@pytest.mark.usefixtures("plain")
def test_a_large_search_goes_on_in_python_and_says_once_what_would_be_faster(
    reference: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engines, "WORTH_COMPILING", 50)
    monkeypatch.setattr(scheduler, "TRIAL", 50)
    reductions = [f"--no-reduction={name}" for name in ("one-index", "symmetry")]
    result = bac("check", reference, "--jobs", "1", "--instances", "2", *reductions)
    assert result.exit_code == 1
    assert result.stderr == "bac: large searches are much faster when they are compiled: " + (
        "pip install 'bac-checker[fast]'\n"
    )


@pytest.mark.usefixtures("afresh")
def test_where_compiling_is_switched_off_a_large_search_goes_on_in_python(
    reference: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    numba = pytest.importorskip("numba", reason=f"{MISSING} fast")
    monkeypatch.setattr(numba.config, "DISABLE_JIT", 1)
    monkeypatch.setattr(engines, "WORTH_COMPILING", 50)
    result = bac("check", reference, "--jobs", "1", "--instances", "2", "--no-reduction=symmetry")
    assert (result.exit_code, result.stderr) == (1, "")
    assert "switched off by NUMBA_DISABLE_JIT" in bac("doctor").stdout


def test_doctor_says_that_large_searches_are_compiled() -> None:
    pytest.importorskip("numba", reason=f"{MISSING} fast")
    assert "yes: large searches are compiled" in bac("doctor").stdout


@pytest.mark.usefixtures("plain")
def test_small_searches_say_nothing(reference: Path) -> None:
    assert bac("check", reference).stderr == ""


@pytest.mark.usefixtures("plain")
def test_programs_are_warned() -> None:
    with pytest.warns(SlowWithoutExtra, match=re.escape("bac-checker[fast]")):
        suggest_fast()


def test_nobody_is_told_to_install_what_is_there() -> None:
    pytest.importorskip("numba", reason=f"{MISSING} fast")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        suggest_fast()


def test_a_missing_module_is_an_error_with_the_name_of_its_extra() -> None:
    with pytest.raises(MissingExtra, match=r"^flying needs the extra 'wings'") as caught:
        needed("a_module_that_nobody_has", "wings", "flying")
    assert caught.value.exit_code == 2


@pytest.mark.usefixtures("plain")
def test_doctor_says_how_to_install_each_extra() -> None:
    printed = bac("doctor").stdout
    for name in OTHERS:
        assert f"pip install 'bac-checker[{name}]' ({EXTRAS[name].purpose})" in printed
    assert "large searches work, but are much slower" in printed


def test_the_project_declares_the_extras_and_all_of_them_together() -> None:
    declared = PROJECT["optional-dependencies"]
    assert EXTRAS.keys() <= declared.keys()
    assert declared["all"] == [f"bac-checker[{','.join(EXTRAS)}]"]
    for name, extra in EXTRAS.items():
        packages = {re.split(r"[\[<>=]", each)[0] for each in declared[name]}
        assert packages <= {*extra.modules}


def imports(tree: ast.AST) -> Iterator[str]:
    """The top packages that a module imports."""
    for node in ast.walk(tree):
        match node:
            case ast.Import(names):
                yield from (each.name.partition(".")[0] for each in names)
            case ast.ImportFrom(module=str(module)):
                yield module.partition(".")[0]


def test_modules_of_extras_are_imported_where_they_are_expected_only() -> None:
    """numpy and numba stay in one folder, and all others are looked for by name or behind a message."""
    places = {
        "proofs/explicit/compiled/": {"numba", "numpy", "llvmlite"},
        "proofs/pool.py": {"distributed"},
        "figures/pdf.py": {"reportlab", "pypdfium2"},
        "testing/": {"hypothesis", "pytest"},
    }
    declared = {re.split(r"[\[<>=]", each)[0] for each in PROJECT["dependencies"]}
    installed_as = {"PyYAML": "yaml", "z3-solver": "z3"}
    allowed = {installed_as.get(each, each) for each in declared} | sys.stdlib_module_names | {"bac"}
    for file in ROOT.rglob("*.py"):
        path = file.relative_to(ROOT).as_posix()
        if path.startswith(("tests/", "benchmarks/", "examples/", "build/", ".")):
            continue
        here = {module for place, modules in places.items() if path.startswith(place) for module in modules}
        assert set(imports(ast.parse(file.read_text(encoding="utf-8")))) <= allowed | here, path


@pytest.mark.parametrize("module", ["numpy", "numba", "z3", "cvc5", "yaml", "click", "dataclasses", "typing"])
def test_importing_bac_imports_nothing_heavy(module: str) -> None:
    code = f"import sys; import bac; sys.exit({module!r} in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
