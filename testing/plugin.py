"""The plugin of pytest: ``pytest --bac`` collects ``*.bac.yaml`` files as tests.

This module is imported in every run of pytest where bac is installed.  It imports nothing that takes time, and does
nothing unless the option ``--bac`` or the setting ``bac = true`` asks for it.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import bac

SUFFIXES = (".bac.yaml", ".bac.yml")


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options of the command line, and the settings of the same names."""
    group = parser.getgroup("bac", "backup specifications")
    group.addoption("--bac", action="store_true", help="collect *.bac.yaml files: a test for each plan and property")
    group.addoption("--bac-figures", metavar="DIR", help="draw the counterexamples of failures into this folder")
    group.addoption("--bac-timeout", type=float, metavar="SECONDS", help="fail where a plan is not decided in time")
    parser.addini("bac", "collect *.bac.yaml files, as with --bac", type="bool", default=False)
    parser.addini("bac_timeout", "seconds in which a plan is to be decided", default="")


def pytest_configure(config: pytest.Config) -> None:
    """Make the marker known."""
    config.addinivalue_line("markers", "bac(file, plan=None): the specification that the fixtures bac_* are about")


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> pytest.Collector | None:
    """Collect a specification, if that is asked for."""
    asked = parent.config.getoption("bac") or parent.config.getini("bac")
    if not asked or not file_path.name.endswith(SUFFIXES):
        return None
    items = import_module("bac.testing.items")
    collected: pytest.Collector = items.SpecificationFile.from_parent(parent, path=file_path)
    return collected


@pytest.fixture(scope="session")
def bac_check() -> Callable[..., bac.Report]:
    """``bac.check``, which gives the same report again to the same question."""
    import functools

    import bac

    @functools.cache
    def check(spec: bac.Specification, **options: Any) -> bac.Report:
        return bac.check(spec, **options)

    return check


@pytest.fixture
def bac_spec(request: pytest.FixtureRequest) -> bac.Specification:
    """The specification that the marker ``bac`` names, by a path from the folder of the test."""
    import bac

    return bac.load(request.path.parent / marked(request).args[0])


@pytest.fixture
def bac_report(
    request: pytest.FixtureRequest, bac_spec: bac.Specification, bac_check: Callable[..., bac.Report]
) -> bac.Report:
    """The report on that specification: on the plan that the marker names, or on all."""
    plan = marked(request).kwargs.get("plan")
    return bac_check(bac_spec) if plan is None else bac_check(bac_spec, plan=plan)


def marked(request: pytest.FixtureRequest) -> pytest.Mark:
    """Return the marker of a test.

    Raises:
        UsageError: it has none, or it names no file.
    """
    marker: pytest.Mark | None = request.node.get_closest_marker("bac")
    if marker is None or not marker.args:
        raise pytest.UsageError(f"{request.node.nodeid} needs a marker such as @pytest.mark.bac('shop.bac.yaml')")
    return marker
