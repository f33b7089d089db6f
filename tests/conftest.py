"""How the tests run: few and always the same generated examples by default, thousands of new ones if asked.

``pytest -m slow`` runs the tests that are marked so, and ``pytest --hypothesis-profile slow`` gives every test of
generated examples more of them.
"""

from __future__ import annotations

import signal
from collections.abc import Generator

import pytest
from helpers import MISSING
from hypothesis import HealthCheck, settings

from bac.model.extras import EXTRAS, MissingExtra

settings.register_profile(
    "ci",
    max_examples=40,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.register_profile(
    "slow",
    max_examples=5000,
    deadline=None,
    derandomize=False,
    database=None,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("ci")

SLOW = "-m slow"

# A shell that runs the tests in the background lets them ignore Ctrl-C, which tests of interruptions send.
signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out the slow tests, unless the marker expression speaks of them."""
    if "slow" in config.getoption("markexpr"):
        return
    for item in items:
        if item.get_closest_marker("slow"):
            item.add_marker(pytest.mark.skip(reason=f"slow: run with {SLOW}"))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, None, None]:  # noqa: ARG001
    """Leave out a test of something that needs an extra, if this extra is not installed."""
    try:
        return (yield)
    except MissingExtra as missing:
        if missing.extra in EXTRAS and not EXTRAS[missing.extra].installed:
            pytest.skip(f"{MISSING} {missing.extra}")
        raise


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say how many tests were left out, and how to run them."""
    reasons = [str(report.longrepr) for report in terminalreporter.getreports("skipped")]
    left_out = {
        f"slow tests left out (run them with {SLOW})": SLOW,
        "tests left out that need an extra (install '.[all]')": MISSING,
    }
    for what, reason in left_out.items():
        if count := sum(reason in each for each in reasons):
            terminalreporter.write_line(f"{count} {what}")
