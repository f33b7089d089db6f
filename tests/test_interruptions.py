"""Ctrl-C ends every command with 3 and without a traceback, at whatever stage it comes."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from helpers import REFERENCE

INTERRUPT = """
import importlib, os, signal, sys

module, _, name = sys.argv.pop(1).partition(":")
*path, name = name.split(".")
owner = importlib.import_module(module)
for each in path:
    owner = getattr(owner, each)

def interrupted(*_, **__):
    os.kill(os.getpid(), signal.SIGINT)

setattr(owner, name, interrupted)
from bac.__main__ import run
run()
"""
"""Run the command line with Ctrl-C in the place of a function, given as ``module:name``."""

LOADING = """
import os, signal, sys

class Finder:
    def find_spec(self, name, *_):
        if name == "bac.cli":
            os.kill(os.getpid(), signal.SIGINT)

sys.meta_path.insert(0, Finder())
from bac.__main__ import run
run()
"""

pytestmark = pytest.mark.skipif(os.name == "nt", reason="signals")


def interrupted(script: str, *arguments: object, folder: Path) -> subprocess.CompletedProcess[str]:
    """Run a script on a folder that has a specification."""
    (folder / "reference.bac.yaml").write_text(REFERENCE, encoding="utf-8")
    command = [sys.executable, "-c", script, *map(str, arguments)]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False, timeout=300)
    assert "Traceback" not in done.stderr, done.stderr
    assert done.returncode == 3, (done.returncode, done.stderr)
    return done


CHECK = ("check", "reference.bac.yaml", "--trace-dir", "traces", "--figure", "figure.svg")


def test_while_the_command_is_loaded(tmp_path: Path) -> None:
    interrupted(LOADING, *CHECK, folder=tmp_path)


@pytest.mark.parametrize(
    ("function", "known"),
    [
        ("bac.model.specification.reader:parse", False),
        ("bac.proofs.check:check_plans", False),
        ("bac.reports.text:render", False),
        ("bac.model.trace:Trace.save", True),
        ("bac.figures.events.layout:draw", True),
    ],
)
def test_at_each_stage_of_a_check(function: str, known: bool, tmp_path: Path) -> None:
    done = interrupted(INTERRUPT, function, *CHECK, folder=tmp_path)
    assert ("Reference: 7 plans" in done.stdout) == known
    assert not (tmp_path / "figure.svg").exists()


def test_while_the_second_of_several_files_is_read(tmp_path: Path) -> None:
    script = INTERRUPT.replace(
        "def interrupted(*_, **__):\n",
        "original = getattr(owner, name)\n"
        "def interrupted(text, file):\n    if 'second' not in file: return original(text, file)\n",
    )
    (tmp_path / "second.bac.yaml").write_text(REFERENCE, encoding="utf-8")
    files = ("reference.bac.yaml", "second.bac.yaml")
    done = interrupted(script, "bac.model.specification.reader:parse", "check", *files, folder=tmp_path)
    assert done.stdout.count("Reference: 7 plans") == 1
    assert "interrupted while second.bac.yaml was read" in done.stderr


@pytest.mark.parametrize(
    ("function", "command"),
    [
        ("bac.figures.events.layout:draw", ("figure", "reference.bac.yaml", "-o", "out.svg")),
        ("bac.exports.tla:tla", ("export", "reference.bac.yaml", "--to", "tla", "-o", "out.tla")),
        ("bac.reports.doctor:findings", ("doctor",)),
        ("bac.model.specification.starter:write_starter", ("init", "out.bac.yaml")),
    ],
)
def test_in_other_commands(function: str, command: tuple[str, ...], tmp_path: Path) -> None:
    interrupted(INTERRUPT, function, *command, folder=tmp_path)
    assert [file.name for file in tmp_path.iterdir()] == ["reference.bac.yaml"]


DISTRIBUTED = """
import os, signal, sys, time
from pathlib import Path
from threading import Thread
from bac.proofs.pool import Spread, local_workers

def work(task):
    begun, ended = task
    begun.touch()
    time.sleep(60)
    ended.touch()

def interrupt(files):
    while not all(file.exists() for file in files):
        time.sleep(0.01)
    os.killpg(os.getpid(), signal.SIGINT)

if __name__ == "__main__":
    os.setpgid(0, 0)
    folder = Path(sys.argv[1])
    tasks = [(folder / f"begun{number}", folder / f"ended{number}") for number in range(2)]
    Thread(target=interrupt, args=([begun for begun, _ in tasks],), daemon=True).start()
    print(Spread(tasks, work, print).run(lambda: local_workers(2)))
"""
"""Two tasks that take a minute each; as soon as both have begun, Ctrl-C is sent to all processes."""


def test_tasks_in_other_processes_are_given_up(tmp_path: Path) -> None:
    (script := tmp_path / "distributed.py").write_text(DISTRIBUTED, encoding="utf-8")
    done = subprocess.run([sys.executable, str(script), str(tmp_path)], capture_output=True, text=True, check=True)
    assert (done.stdout, done.stderr) == ("interrupted\n", "")
    assert not list(tmp_path.glob("ended*")), "no task was waited for"


def test_a_process_that_starts_is_not_interrupted(tmp_path: Path) -> None:
    """Ctrl-C comes while it still loads its modules."""
    early = DISTRIBUTED + 'if __name__ == "__mp_main__":\n    os.kill(os.getpid(), signal.SIGINT)\n'
    (script := tmp_path / "distributed.py").write_text(early, encoding="utf-8")
    done = subprocess.run([sys.executable, str(script), str(tmp_path)], capture_output=True, text=True, check=True)
    assert (done.stdout, done.stderr) == ("interrupted\n", "")
