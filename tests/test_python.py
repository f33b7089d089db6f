"""The public Python interface: its names, its page of documentation, and its types."""

from __future__ import annotations

import doctest
import importlib.util
import os
import subprocess
import sys
from collections.abc import Callable
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


@pytest.mark.parametrize(
    ("mistake", "message"),
    [
        (lambda spec: bac.check(spec, instances=0), "instances is 0, and has to be a number from 1 to 1000"),
        (lambda spec: bac.check(spec, instances=1001), "from 1 to 1000"),
        (lambda spec: bac.check(spec, jobs=0), "jobs is 0, and has to be a number of at least 1"),
        (lambda spec: bac.check(spec, properties=["liveness"]), "no property 'liveness'; there are: backup, avail"),
        (lambda spec: bac.check(spec, properties="backup"), r"one text, .* list: properties=\['backup'\]"),
        (lambda spec: bac.check(spec, plans="nightly"), r"one text, .* list: plans=\['nightly'\]"),
        (lambda spec: bac.check(spec, properties=[]), "properties is empty; leave it out for all"),
        (lambda spec: bac.check(spec, plans=[]), "plans is empty"),
        (lambda spec: bac.check(spec, plan=["nightly"]), "plan is one name"),
        (lambda spec: bac.check(spec, engine="fast"), "no engine 'fast'; there are: auto, .*all"),
        (lambda _: bac.check("file.yaml"), r"check needs a specification: bac.load\('file.yaml'\)"),
        (lambda _: bac.check(None), "check needs a specification: not a NoneType"),
        (lambda _: bac.draw("file.yaml"), "draw needs a specification"),
        (lambda _: bac.Run("file.yaml"), "Run needs a specification"),
        (lambda spec: bac.Run(spec, instances=0), "instances is 0"),
        (lambda spec: bac.Run(spec).after("x"), "an action of run.enabled, not 'x'"),
        (lambda spec: bac.prove.impossibility(spec, level="C9"), "no level 'C9'; there are: C0, C1, C2"),
        (lambda spec: bac.prove.impossibility(spec, drop=["sun"]), "no assumption 'sun'; there are: single, "),
        (lambda _: bac.prove.graphs(0), "services is 0"),
        (lambda _: bac.prove.unbounded("P=NP"), "no theorem 'P=NP'; there are: "),
    ],
)
def test_a_wrong_argument_is_refused_and_the_choices_are_named(
    mistake: Callable[[bac.Specification], object], message: str
) -> None:
    spec = bac.load(ROOT / "examples" / "sales.bac.yaml")
    with pytest.raises(bac.BacError, match=message) as raised:
        mistake(spec)
    assert isinstance(raised.value, ValueError)


def test_a_report_without_a_name_says_which_names_it_has() -> None:
    report = bac.check(bac.load(ROOT / "examples" / "sales.bac.yaml"), plan="nightly", properties=["backup"])
    with pytest.raises(bac.BacError, match=r"^the plan 'indep' was not checked; there are: nightly$"):
        report["indep"]
    with pytest.raises(KeyError, match=r"^the property 'consistency' was not checked; there are: backup$"):
        report["nightly"].consistency  # noqa: B018
    assert report.get("indep") is None
    assert "indep" not in report
