"""The worked example of docs/ci.md is executed, and its files are what it says."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest
import yaml
from helpers import bac

ROOT = Path(__file__).resolve().parent.parent
PAGE = (ROOT / "docs" / "ci.md").read_text(encoding="utf-8")
MARKED = re.compile(r"<!-- (example|run|change|says)(?:: (.*?))? -->\n```\w*\n(.*?)```\n", re.DOTALL)


def test_the_worked_example_runs_as_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    kinds = []
    said = ""
    for kind, about, content in MARKED.findall(PAGE):
        kinds.append(kind)
        match kind:
            case "example":
                Path(about).write_text(content, encoding="utf-8")
            case "change":
                before, after = about.split(" -> ")
                file = Path("shop.bac.yaml")
                text = file.read_text(encoding="utf-8")
                assert text.count(before) == 1
                file.write_text(text.replace(before, after), encoding="utf-8")
            case "run":
                program, *arguments = shlex.split(content)
                result = bac(*arguments)
                assert program == "bac"
                assert result.exit_code == int(about), content
                said = result.stderr
            case _:
                assert content in said
    assert kinds == ["example", "run", "change", "run", "says", "run", "run"]
    assert {"bac.xml", "bac.sarif"} <= {file.name for file in tmp_path.iterdir()}


def test_the_action_and_the_hooks_are_told_as_they_are() -> None:
    action = yaml.safe_load((ROOT / "action.yml").read_text(encoding="utf-8"))
    hooks = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text(encoding="utf-8"))
    rows = re.findall(r"^\| (`[^|]*) \|", PAGE, re.MULTILINE)
    assert set(re.findall("`([a-z-]+)`", " ".join(rows))) == set(action["inputs"])
    assert [hook["id"] for hook in hooks] == re.findall(r"- id: (bac-\w+)", PAGE)
    workflow = yaml.safe_load(
        next(text for text in re.findall("```yaml\n(.*?)```", PAGE, re.DOTALL) if "jobs:" in text)
    )
    steps = workflow["jobs"]["backups"]["steps"]
    assert set(next(step["with"] for step in steps if step.get("id") == "bac")) <= set(action["inputs"])
