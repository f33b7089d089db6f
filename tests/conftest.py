"""How the tests run: few and always the same generated examples by default, thousands of new ones if asked.

``pytest -m slow`` runs the tests that are marked so, and ``pytest --hypothesis-profile slow`` gives every test of
generated examples more of them.
"""

from __future__ import annotations

import signal

import pytest
from hypothesis import HealthCheck, settings

settings.register_profile(
    "ci",
    max_examples=60,
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

SLOW = "slow: run with -m slow"

# A shell that runs the tests in the background lets them ignore Ctrl-C, which tests of interruptions send.
signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out the slow tests, unless the marker expression speaks of them."""
    if "slow" in config.getoption("markexpr"):
        return
    for item in items:
        if item.get_closest_marker("slow"):
            item.add_marker(pytest.mark.skip(reason=SLOW))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say how many slow tests were left out."""
    skipped = terminalreporter.getreports("skipped")
    left_out = sum(SLOW in str(report.longrepr) for report in skipped)
    if left_out:
        terminalreporter.write_line(f"{left_out} slow tests left out (run them with -m slow)")
