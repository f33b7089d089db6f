"""The documentation shows what the commands print."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest
from helpers import bac, needs_extra

ROOT = Path(__file__).resolve().parent.parent
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md")), *sorted((ROOT / "examples").glob("*/README.md"))]


def sessions(page: Path) -> list[tuple[str, str]]:
    """The commands in the ``console`` blocks of a page, each with the output that the page shows."""
    found = []
    for block in re.findall(r"^```console\n(.*?)^```", page.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL):
        for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
            command, _, output = part.partition("\n")
            found.append((command, output))
    return found


PROOF = "prove unbounded"
SHOWN = [(page, *session) for page in PAGES for session in sessions(page)]


def comparable(text: str) -> list[str]:
    """The lines of an output, without what differs from run to run."""
    return [
        re.sub(r"(?<=\), )\d+\.\d+ s.*|\d+\.\d+ s \(", "0.00 s", line.rstrip()) for line in text.strip().splitlines()
    ]


def matches(shown: list[str], printed: list[str]) -> bool:
    """Whether the lines are the same; a shown line ``…`` stands for any number of lines."""
    if not shown:
        return not printed
    if shown[0] == "…":
        return any(matches(shown[1:], printed[number:]) for number in range(len(printed) + 1))
    return bool(printed) and shown[0] == printed[0] and matches(shown[1:], printed[1:])


@pytest.mark.parametrize(
    ("page", "command", "output"),
    [
        pytest.param(*shown, id=f"{shown[0].name}: {shown[1]}", marks=[needs_extra("prove")] * (PROOF in shown[1]))
        for shown in SHOWN
    ],
)
def test_a_session_shows_what_is_printed(
    page: Path, command: str, output: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    program, *arguments = shlex.split(command)
    assert program == "bac"
    monkeypatch.chdir(ROOT)
    if "-o" in arguments:
        arguments[arguments.index("-o") + 1] = str(tmp_path / Path(arguments[arguments.index("-o") + 1]).name)
    result = bac(*arguments)
    assert matches(comparable(output), comparable(result.stdout)), (
        f"{page.name} shows something else than:\n{result.stdout}"
    )


def test_there_are_sessions() -> None:
    assert len(sessions(ROOT / "README.md")) >= 2


def test_a_wrong_session_would_be_noticed() -> None:
    assert matches(["a", "…", "d"], ["a", "b", "c", "d"])
    assert not matches(["a", "…", "x"], ["a", "b", "c", "d"])
    assert not matches(["a"], ["a", "b"])


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_between_pages_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#:\s]+)(?:#[^)]*)?\)", page.read_text(encoding="utf-8")):
        assert (page.parent / target).exists(), target
