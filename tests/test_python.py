"""The public Python interface: its names, its page of documentation, and its types."""

from __future__ import annotations

import doctest
import importlib.util
import os
import subprocess
import sys
from pathlib import Path

import pytest

import bac

ROOT = Path(__file__).resolve().parent.parent
PUBLIC = """
Anomaly AnomalyKind BacError Cause EventLog Figure Group LimitReached Plan PlanReport PropertyReport Report Run Service
Specification SpecificationError Step Timing Trace UseCase Verdict Verified check copy create delete draw link load
load_trace loads prove replay unlink update verify
"""


def test_the_public_names_are_these() -> None:
    assert sorted(bac.__all__) == sorted(PUBLIC.split())
    assert set(bac.__all__) <= set(dir(bac))
    assert all(getattr(bac, name) is not None for name in bac.__all__)
    with pytest.raises(AttributeError, match="no attribute 'chekc'"):
        bac.chekc  # type: ignore[attr-defined]  # noqa: B018


def test_importing_the_package_loads_nothing_else() -> None:
    script = "import sys; before = set(sys.modules); import bac; print(*sorted(set(sys.modules) - before))"
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    result = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, env=environment)
    loaded = {name for name in result.stdout.split() if name.partition(".")[0] not in sys.stdlib_module_names}
    assert loaded == {"bac"}
    assert "typing" not in result.stdout.split()


def test_the_examples_of_the_documentation_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "examples").symlink_to(ROOT / "examples")
    monkeypatch.chdir(tmp_path)
    flags = doctest.ELLIPSIS | doctest.IGNORE_EXCEPTION_DETAIL | doctest.FAIL_FAST
    result = doctest.testfile(str(ROOT / "docs" / "python.md"), module_relative=False, optionflags=flags)
    assert result.attempted > 20
    assert result.failed == 0
    assert (tmp_path / "broken.svg").read_text(encoding="utf-8").startswith("<?xml")


@pytest.mark.skipif(importlib.util.find_spec("mypy") is None, reason="mypy is part of the extra [dev]")
def test_a_users_script_has_types(tmp_path: Path) -> None:
    script = tmp_path / "user.py"
    script.write_text(
        "import bac\n"
        "spec: bac.Specification = bac.load('sales.bac.yaml')\n"
        "report = bac.check(spec, plan='nightly', instances=2)\n"
        "verdict: bac.Verdict = report['nightly'].consistency.verdict\n"
        "kinds: list[str] = [str(each.kind) for each in report['nightly'].anomalies]\n"
        "length: int = len(report['nightly'].anomalies[0].trace)\n"
        "bac.prove.impossibility(spec, level='C2')\n"
        "bac.check(spec, plan=3)\n"
        "report['nightly'].consistencie\n",
        encoding="utf-8",
    )
    # mypy finds an installed package without help, and refuses to be shown the folder of installed packages.
    sources = [path for path in sys.path if (Path(path) / "bac").exists() and "site-packages" not in path]
    environment = {**os.environ, "MYPYPATH": os.pathsep.join(sources)}
    command = [
        sys.executable,
        "-m",
        "mypy",
        "--strict",
        "--follow-imports=silent",
        "--cache-dir",
        str(tmp_path),
        "user.py",
    ]
    result = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, env=environment)
    errors = [line for line in result.stdout.splitlines() if ": error:" in line]
    assert [line.partition(": error:")[0] for line in errors] == ["user.py:8", "user.py:9"], result.stdout


def test_results_show_themselves_in_notebooks() -> None:
    spec = bac.load(ROOT / "examples" / "figure-3.bac.yaml")
    report = bac.check(spec, plan="independent")
    anomaly = report["independent"].anomalies[0]
    for shown in (spec, anomaly.trace, anomaly.trace.figure(), bac.draw(spec)):
        bundle = shown._repr_mimebundle_()
        assert bundle["text/plain"]
        assert bundle["image/svg+xml"].startswith("<?xml")
    for shown in (report, report["independent"]):
        assert "independent" in shown._repr_mimebundle_()["text/plain"]


def test_a_landscape_is_shown_as_text_only() -> None:
    services = [bac.Service(f"s{n}", owns=f"e{n}") for n in range(400)]
    references = [f"e{n} -> e{n + 1}" for n in range(399)]
    bundle = bac.Specification("Many", services, references=references)._repr_mimebundle_()
    assert bundle["text/plain"] == "<Specification 'Many': 400 services, 1 plans>"
    assert len(bundle.get("image/svg+xml", "")) <= 100_000


def test_a_verdict_is_no_boolean() -> None:
    with pytest.raises(TypeError, match="not a boolean"):
        bool(bac.Verdict.HOLDS)


def test_a_limit_makes_a_verdict_unknown() -> None:
    spec = bac.load(ROOT / "examples" / "sales.bac.yaml")
    report = bac.check(spec, plan="independent", max_states=10, engine="explicit")
    assert report.verdict is bac.Verdict.UNKNOWN
    assert "10 states" in str(report["independent"].consistency.reason)


def test_an_unknown_name_is_refused() -> None:
    spec = bac.load(ROOT / "examples" / "sales.bac.yaml")
    with pytest.raises(bac.BacError, match="did you mean 'nightly'"):
        bac.check(spec, plan="nightli")
    with pytest.raises(ValueError, match="liveness"):
        bac.check(spec, properties=["liveness"])
    with pytest.raises(ValueError, match="no engine 'fast'"):
        bac.check(spec, engine="fast")
