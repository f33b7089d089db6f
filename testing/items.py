"""The nodes that the plugin collects: a file, a collector for each plan, and a test for each of its properties."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import bac
from bac.testing.assertions import PROPERTIES, counterexample, failure


class NotAsExpected(Exception):
    """A property is not as it should be; the message is the whole report on it."""


class SpecificationFile(pytest.File):
    """A specification."""

    def collect(self) -> Iterator[PlanCollector]:
        """Yield its plans.

        Raises:
            CollectError: the file has errors; all of them are in the message.
        """
        try:
            spec = bac.load(self.path)
        except bac.BacError as error:
            raise self.CollectError(str(error)) from None
        for plan in spec.plans:
            yield PlanCollector.from_parent(self, name=plan, spec=spec)


class PlanCollector(pytest.Collector):
    """A plan, which is checked once for all of its tests."""

    def __init__(self, *, spec: bac.Specification, **node: Any) -> None:
        """Keep the specification."""
        super().__init__(**node)
        self.spec = spec
        self.add_marker(pytest.mark.bac(str(self.path), plan=self.name))
        self.checked: bac.PlanReport | None = None

    def collect(self) -> Iterator[PropertyItem]:
        """Yield a test for each property."""
        for name in PROPERTIES:
            yield PropertyItem.from_parent(self, name=name)

    @property
    def counts(self) -> bool:
        """Whether the results on the plan count: something is expected of it, or of no plan."""
        return not self.spec.expecting or self.name in self.spec.expecting

    def report(self) -> bac.PlanReport:
        """Return the report on the plan."""
        if self.checked is None:
            self.checked = bac.check(self.spec, plan=self.name, timeout=timeout(self.config))[self.name]
        return self.checked


class PropertyItem(pytest.Item):
    """One property of a plan, held against what the file expects of it."""

    parent: PlanCollector

    def runtest(self) -> None:
        """Fail if the property is not as expected, and leave it out if it is violated and does not count.

        Raises:
            NotAsExpected: it is not as expected, or a limit left open whether it is.
        """
        report = self.parent.report()
        found = report[self.name]
        if found.verdict is bac.Verdict.VIOLATED and not self.parent.counts:
            pytest.skip("violated; nothing is expected of this plan")
        if found.verdict is bac.Verdict.UNKNOWN or (found.mismatches and self.parent.counts):
            raise NotAsExpected("\n".join([failure(report, self.name), *self.drawn(report)]))
        if found.verdict is bac.Verdict.VIOLATED:
            self.remark("violated, as expected")
        elif found.vacuous:
            self.remark(f"holds vacuously: {found.reason}")

    def remark(self, text: str) -> None:
        """Say something about a test that passes, in reports that have room for it."""
        self.user_properties.append(("bac", text))
        self.add_report_section("call", "bac", text)

    def drawn(self, report: bac.PlanReport) -> Iterator[str]:
        """Draw the first counterexample into a file, and yield where it is."""
        trace = counterexample(report, self.name)
        if trace is None:
            return
        folder = figures(self.config)
        if folder is None:
            return
        folder.mkdir(parents=True, exist_ok=True)
        file = folder / f"{file_name(self.nodeid)}.svg"
        trace.draw(file)
        yield f"\nfigure: {os.path.relpath(file)}"

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        """Return the whole message, without a traceback of the checker."""
        if isinstance(excinfo.value, NotAsExpected | bac.BacError):
            return str(excinfo.value)
        return super().repr_failure(excinfo, style)

    def reportinfo(self) -> tuple[Path, int, str]:
        """Return the place of the plan in the file, the line counted from 0."""
        line = self.parent.spec.line(self.parent.name) - 1
        return self.path, line, f"{self.path.name}: plan {self.parent.name}: {self.name}"


def timeout(config: pytest.Config) -> float | None:
    """Return the seconds in which a plan is to be decided; the option comes before the setting."""
    option: float | None = config.getoption("bac_timeout")
    setting: str = config.getini("bac_timeout")
    return float(setting) if option is None and setting else option


def figures(config: pytest.Config) -> Path | None:
    """Return the folder for figures: the one that was given, that of a report, or one in the cache of pytest."""
    if given := config.getoption("bac_figures"):
        return Path(given)
    for option in ("xmlpath", "htmlpath"):
        if report := getattr(config.option, option, None):
            return Path(report).parent
    if not hasattr(config, "cache") or config.cache is None:
        return None
    return config.cache.mkdir("bac")


def file_name(nodeid: str) -> str:
    """Return the name of a file for a test, without characters that mean something to a disk."""
    words = "".join(character if character.isalnum() else " " for character in nodeid).split()
    return "-".join(words).encode()[-200:].decode(errors="ignore")
