"""The plugin of pytest: off unless it is asked for, and then a test for each plan and property."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from importlib.metadata import entry_points
from pathlib import Path
from xml.etree import ElementTree

import pytest

import bac
from bac.testing import assert_holds

ROOT = Path(__file__).resolve().parent.parent
SHOP = """\
name: Shop
services: {orders: {owns: [order]}, stock: {owns: [item]}}
use_cases:
  place order: [{create: item}, {create: order, refers_to: item}]
plans:
  nightly:
    order: [orders, stock]
    expect: {anomalies: [orphan state item]}
  swapped:
    order: [stock, orders]
    expect: {anomalies: [orphan state item]}
  one database:
    groups: [{mode: shared-database, services: all}]
    expect: {consistency: violated}
"""
PLUGIN = ["-p", "bac" if any(found.name == "bac" for found in entry_points(group="pytest11")) else "bac.testing.plugin"]
"""The option that loads the plugin; pytest finds it where the package is installed."""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project with one specification."""
    (tmp_path / "shop.bac.yaml").write_text(SHOP, encoding="utf-8")
    return tmp_path


def pytest_run(project: Path, *arguments: str) -> str:
    """Run pytest in a project: its output, the exit code at the end."""
    environment = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join(sys.path),
        "COLUMNS": "100",
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    command = [sys.executable, "-m", "pytest", *PLUGIN, "--rootdir=.", *arguments]
    done = subprocess.run(command, cwd=project, env=environment, capture_output=True, text=True, check=False)
    return f"{done.stdout}{done.stderr}\nexit code {done.returncode}"


def outcomes(output: str) -> dict[str, str]:
    """The outcome of each test, as ``pytest -v`` prints them."""
    return dict(re.findall(r"^(\S.*?::.*?) (PASSED|FAILED|SKIPPED)", output, re.MULTILINE))


@pytest.fixture(scope="module")
def reported(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """A project in which pytest has run with a report, and its output."""
    folder = tmp_path_factory.mktemp("reported")
    (folder / "shop.bac.yaml").write_text(SHOP, encoding="utf-8")
    options = ("--junitxml=out/report.xml", "-o", "junit_family=xunit1")
    return folder, pytest_run(folder, "--bac", "-v", *options)


def test_each_plan_and_property_is_a_test(reported: tuple[Path, str]) -> None:
    found = outcomes(reported[1])
    assert len(found) == 16
    assert found["shop.bac.yaml::nightly::consistency"] == "PASSED", "as expected"
    assert found["shop.bac.yaml::swapped::consistency"] == "FAILED", "an anomaly is new"
    assert found["shop.bac.yaml::one database::consistency"] == "FAILED", "it holds, and is expected to be violated"
    assert found["shop.bac.yaml::independent::consistency"] == "SKIPPED", "nothing is expected of this plan"
    assert found["shop.bac.yaml::independent::availability"] == "PASSED"


def test_a_failure_is_readable_without_another_file(reported: tuple[Path, str]) -> None:
    output = reported[1]
    assert "plan swapped: broken link order -> item is new" in output
    assert "The recovered order refers to an item that does not exist" in output
    assert re.search(r"^> +\d  snapshot  stock$", output, re.MULTILINE)
    assert "orphan state item (cause" not in output, "what is expected is not told again"
    assert "Traceback" not in output
    assert "items.py" not in output
    assert "FAILED shop.bac.yaml::swapped::consistency" in output
    assert output.endswith("exit code 1")


def test_the_report_of_pytest_has_the_place_and_the_remarks(reported: tuple[Path, str]) -> None:
    root = ElementTree.parse(reported[0] / "out" / "report.xml").getroot()
    cases = {(case.get("classname"), case.get("name")): case for case in root.iter("testcase")}
    expected = cases["shop.bac.yaml.nightly", "consistency"]
    assert (expected.get("file"), expected.get("line")) == ("shop.bac.yaml", "5"), "counted from 0, as pytest does"
    assert [each.get("value") for each in expected.iter("property")] == ["violated, as expected"]


def figure(output: str, folder: Path) -> Path:
    """The only figure, of which the output tells."""
    (file,) = folder.rglob("*.svg")
    assert f"figure: {file.relative_to(folder)}" in output
    assert file.read_text(encoding="utf-8").startswith("<?xml")
    return file.relative_to(folder)


FIGURE = "shop-bac-yaml-swapped-consistency.svg"


def test_the_figure_is_drawn_beside_the_report(reported: tuple[Path, str], project: Path) -> None:
    assert figure(reported[1], reported[0]) == Path("out", FIGURE)
    chosen = pytest_run(project, "--bac", "shop.bac.yaml::swapped::consistency")
    assert "1 failed in" in chosen
    assert figure(chosen, project) == Path(".pytest_cache", "d", "bac", FIGURE)


def test_without_any_expectation_everything_must_hold(project: Path) -> None:
    file = project / "shop.bac.yaml"
    file.write_text(re.sub("    expect: .*\n", "", SHOP), encoding="utf-8")
    found = outcomes(pytest_run(project, "--bac", "-v", "--bac-figures=pictures"))
    failed = {name for name, outcome in found.items() if outcome == "FAILED"}
    assert failed == {f"shop.bac.yaml::{plan}::consistency" for plan in ("independent", "nightly", "swapped")}
    assert len(list((project / "pictures").glob("*.svg"))) == 3


def test_a_file_with_errors_is_an_error_of_collection(project: Path) -> None:
    (project / "wrong.bac.yaml").write_text(
        "services: {a: {owns: [x]}}\nuse_cases: {u: [{create: y}]}\n", encoding="utf-8"
    )
    output = pytest_run(project, "--bac")
    assert "wrong.bac.yaml:2:26: error[unknown-entity]" in output
    assert "Traceback" not in output
    assert output.endswith("exit code 2")


def test_what_is_not_decided_in_time_fails(project: Path) -> None:
    output = pytest_run(project, "--bac", "--bac-timeout=0", "-k", "nightly and consistency")
    assert "consistency is unknown" in output
    assert "time limit" in output
    assert output.endswith("exit code 1")


LOADED = """
import sys

def test_nothing_is_loaded():
    found = sorted(name for name in sys.modules if name == "bac" or name.startswith("bac."))
    assert found == ["bac", "bac.testing", "bac.testing.plugin"], found
    assert not {"yaml", "rich", "z3", "numpy", "click", "hypothesis"} & set(sys.modules)
"""


def test_a_run_without_the_option_loads_the_light_module_only(project: Path) -> None:
    (project / "test_loaded.py").write_text(LOADED, encoding="utf-8")
    output = pytest_run(project)
    assert "1 passed" in output, output
    assert "shop.bac.yaml" not in output


def test_a_setting_asks_for_it_too(project: Path) -> None:
    (project / "pytest.ini").write_text("[pytest]\nbac = true\n", encoding="utf-8")
    assert "16 tests collected" in pytest_run(project, "--collect-only", "-q")


def test_the_profiles_of_hypothesis_stay_as_they_are(project: Path) -> None:
    (project / "conftest.py").write_text(
        "from hypothesis import settings\n"
        "settings.register_profile('mine', max_examples=7)\n"
        "settings.load_profile('mine')\n",
        encoding="utf-8",
    )
    (project / "test_profile.py").write_text(
        "import bac.testing\n"
        "from hypothesis import settings\n\n"
        "def test_profile():\n"
        "    assert bac.testing.specifications\n"
        "    assert settings.default.max_examples == 7\n"
        "    assert settings.get_current_profile_name() == 'mine'\n",
        encoding="utf-8",
    )
    assert "1 passed" in pytest_run(project, "--bac", "test_profile.py")


def test_it_works_on_several_processes(project: Path) -> None:
    pytest.importorskip("xdist")
    output = pytest_run(project, "--bac", "-n", "2", "--junitxml=out/report.xml")
    assert "2 failed, 13 passed, 1 skipped" in output
    assert figure(output, project) == Path("out", FIGURE)


FIXTURES = """
import bac
import pytest

@pytest.mark.bac("shop.bac.yaml")
def test_the_specification(bac_spec):
    assert bac_spec.plans == ("independent", "nightly", "swapped", "one database")

@pytest.mark.bac("shop.bac.yaml", plan="one database")
def test_the_report(bac_report, bac_spec, bac_check):
    assert list(bac_report) == ["one database"]
    assert bac_check(bac_spec, plan="one database") is bac_report, "the same question again is answered at once"

def test_without_a_marker(bac_spec):
    pass
"""


def test_the_fixtures_read_and_check_what_a_marker_names(project: Path) -> None:
    (project / "test_shop.py").write_text(FIXTURES, encoding="utf-8")
    output = pytest_run(project, "--strict-markers")
    assert "2 passed, 1 error" in output
    assert "needs a marker such as @pytest.mark.bac('shop.bac.yaml')" in output


# assert_holds


def test_what_holds_is_asserted_silently() -> None:
    spec = bac.loads(SHOP)
    assert_holds(spec, "one database")
    assert_holds(spec, "nightly", "backup", "availability")
    assert_holds(spec, "one database", "consistency", instances=2)


def test_what_does_not_hold_is_told_with_a_run() -> None:
    spec = bac.loads(SHOP)
    with pytest.raises(AssertionError, match=r"plan nightly: consistency is violated(?s:.*)> 2  snapshot  orders"):
        assert_holds(spec, "nightly", "consistency")
    with pytest.raises(AssertionError, match="consistency is unknown"):
        assert_holds(spec, "nightly", "consistency", timeout=0)
    with pytest.raises(bac.BacError, match="no plan 'nighly'"):
        assert_holds(spec, "nighly")


def test_holding_vacuously_can_be_refused() -> None:
    spec = bac.loads(SHOP + "  never: {groups: [{mode: none, services: [stock]}]}\n")
    assert_holds(spec, "never", "consistency")
    with pytest.raises(AssertionError, match="holds only vacuously: only because no run ever recovers"):
        assert_holds(spec, "never", "consistency", vacuous=False)
