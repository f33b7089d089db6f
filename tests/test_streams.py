"""Output streams that are closed, full or broken end a command with a message and a code, not with a traceback."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from helpers import REFERENCE

COMMANDS = ["check reference.bac.yaml --plan shared", "prove graphs --services 1", "doctor", "--help", "check --help"]
"""All of these end with 0."""

pytestmark = pytest.mark.skipif(os.name == "nt", reason="written for a POSIX shell")


def shell(line: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """Run a line of the shell in a folder that has a specification; ``$bac`` is the command."""
    (folder / "reference.bac.yaml").write_text(REFERENCE, encoding="utf-8")
    environment = {**os.environ, "bac": f"{sys.executable} -m bac"}
    return subprocess.run(
        ["bash", "-c", line], cwd=folder, env=environment, capture_output=True, text=True, check=False, timeout=300
    )


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize(
    ("stream", "reason"), [(">&-", "Bad file descriptor"), (">/dev/full", "No space left on device")]
)
def test_output_that_cannot_be_written_is_an_error(command: str, stream: str, reason: str, tmp_path: Path) -> None:
    done = shell(f"$bac {command} {stream}", tmp_path)
    assert (done.returncode, done.stderr) == (2, f"bac: cannot write the output: {reason}\n")


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("stream", ["2>&-", "2>/dev/full"])
def test_messages_that_cannot_be_written_do_not_matter(command: str, stream: str, tmp_path: Path) -> None:
    done = shell(f"$bac {command} {stream}", tmp_path)
    assert done.returncode == 0
    assert done.stdout


@pytest.mark.parametrize("stream", ["2>&-", "2>/dev/full", ">&- 2>&-", "<&-"])
def test_errors_keep_their_code_without_a_stream(stream: str, tmp_path: Path) -> None:
    assert shell(f"$bac check nowhere.bac.yaml {stream}", tmp_path).returncode == 2
    assert shell(f"$bac check --no-such-option {stream}", tmp_path).returncode == 2


@pytest.mark.parametrize("command", COMMANDS)
def test_a_pipe_that_nobody_reads_is_no_error(command: str, tmp_path: Path) -> None:
    done = shell(f"$bac {command} | (exec <&-; sleep 2); exit ${{PIPESTATUS[0]}}", tmp_path)
    assert (done.returncode, done.stderr) == (141, "")


def test_a_file_does_not_take_the_place_of_a_closed_stream(tmp_path: Path) -> None:
    """The lowest free number would be that of standard output, and what is printed would go into the file."""
    shell("$bac figure reference.bac.yaml -o broken.svg >&- 2>&- <&-", tmp_path)
    assert (tmp_path / "broken.svg").read_text(encoding="utf-8").startswith("<?xml")
