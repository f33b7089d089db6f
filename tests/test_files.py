"""Output files are written completely or not at all."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest

from bac.model.errors import UnwritableFile
from bac.model.files import check_writable, make_directory, write_bytes, write_text


class Full:
    """A file that takes three bytes and then says that the disk is full, as ``/dev/full`` does."""

    def __init__(self, opened: Any) -> None:
        self.opened = opened

    def __enter__(self) -> Full:
        return self

    def __exit__(self, *_: object) -> None:
        self.opened.close()

    def write(self, content: bytes) -> None:
        self.opened.write(content[:3])
        raise OSError(28, "No space left on device")


@pytest.fixture
def full_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    opened = Path.open
    monkeypatch.setattr(
        Path, "open", lambda path, mode="r": Full(opened(path, mode)) if mode == "xb" else opened(path, mode)
    )


def test_text_is_written_in_utf_8_with_its_own_line_ends(tmp_path: Path) -> None:
    write_text(tmp_path / "a", "ä\r\nb\n")
    assert (tmp_path / "a").read_bytes() == b"\xc3\xa4\r\nb\n"
    assert [each.name for each in tmp_path.iterdir()] == ["a"]


@pytest.mark.usefixtures("full_disk")
@pytest.mark.parametrize("before", [None, b"the old content"])
def test_a_full_disk_leaves_everything_as_it_was(tmp_path: Path, before: bytes | None) -> None:
    file = tmp_path / "a"
    if before is not None:
        file.write_bytes(before)
    there = {each.name: each.stat().st_size for each in tmp_path.iterdir()}
    with pytest.raises(UnwritableFile, match=r"cannot write .*a: No space left on device"):
        write_bytes(file, b"the new content")
    assert {each.name: each.stat().st_size for each in tmp_path.iterdir()} == there


def test_an_interrupt_leaves_everything_as_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    (tmp_path / "a").write_bytes(b"old")
    monkeypatch.setattr(Path, "replace", interrupted)
    with pytest.raises(KeyboardInterrupt):
        write_bytes(tmp_path / "a", b"new")
    assert [(each.name, each.read_bytes()) for each in tmp_path.iterdir()] == [("a", b"old")]


def test_a_new_file_has_the_usual_permissions_and_an_old_one_keeps_its_own(tmp_path: Path) -> None:
    new, usual, old = tmp_path / "new", tmp_path / "usual", tmp_path / "old"
    usual.write_bytes(b"")
    write_bytes(new, b"x")
    assert new.stat().st_mode == usual.stat().st_mode
    old.write_bytes(b"x")
    old.chmod(0o640)
    write_bytes(old, b"y")
    assert old.stat().st_mode & 0o777 == 0o640


def test_a_symbolic_link_is_followed(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    target, link = tmp_path / "elsewhere" / "target", tmp_path / "link"
    link.symlink_to(target)
    for content in (b"first", b"second"):
        write_bytes(link, content)
        assert (link.is_symlink(), target.read_bytes()) == (True, content)


def test_a_file_is_written_in_place_where_its_directory_admits_no_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(*_: object) -> None:
        raise PermissionError(13, "Permission denied")

    (tmp_path / "a").write_bytes(b"old")
    monkeypatch.setattr(Path, "replace", refused)
    write_bytes(tmp_path / "a", b"new")
    assert [(each.name, each.read_bytes()) for each in tmp_path.iterdir()] == [("a", b"new")]
    with pytest.raises(UnwritableFile, match="Permission denied"):
        write_bytes(tmp_path / "b", b"new")


@pytest.mark.skipif(not Path("/dev/stdout").exists(), reason="there is no /dev/stdout")
@pytest.mark.parametrize("redirected", [False, True])
def test_standard_output_is_appended_to(tmp_path: Path, redirected: bool) -> None:
    (tmp_path / "out").write_bytes(b"before ")
    code = "from bac.model.files import write_bytes as w; w('/dev/stdout', b'one '); w('/dev/stdout', b'two')"
    with (tmp_path / "out").open("ab") as out:
        target = out if redirected else subprocess.PIPE
        done = subprocess.run([sys.executable, "-c", code], stdout=target, check=True, env=os.environ)
    assert ((tmp_path / "out").read_bytes() if redirected else b"before " + done.stdout) == b"before one two"


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no named pipes")
def test_a_named_pipe_is_written_to_and_not_replaced(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    received: list[bytes] = []
    reader = threading.Thread(target=lambda: received.append(pipe.read_bytes()))
    reader.start()
    check_writable(pipe)
    write_bytes(pipe, b"content")
    reader.join()
    assert received == [b"content"]
    assert pipe.is_fifo()


def test_an_existing_file_is_overwritten_only_if_that_is_wanted(tmp_path: Path) -> None:
    write_text(tmp_path / "a", "one", overwrite=False)
    with pytest.raises(UnwritableFile, match="already exists"):
        write_text(tmp_path / "a", "two", overwrite=False)
    assert (tmp_path / "a").read_text(encoding="utf-8") == "one"


@pytest.mark.parametrize("write", [lambda path: write_bytes(path, b""), check_writable])
@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("nowhere/a", "there is no directory .*nowhere"),
        (".", "Is a directory"),
        ("file/a", "Not a directory"),
        ("a\0b", "null|NUL"),
    ],
)
def test_a_path_that_cannot_be_written_is_named_with_the_reason(
    tmp_path: Path, write: Any, path: str, message: str
) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(UnwritableFile, match=message):
        write(tmp_path / path)


@pytest.mark.skipif(not Path("/proc/self").is_dir(), reason="the system has no /proc")
def test_a_directory_that_exists_is_not_said_to_be_missing() -> None:
    with pytest.raises(UnwritableFile, match=r"^cannot write /proc/page\.html: No such file or directory$"):
        write_bytes("/proc/page.html", b"")


def test_checking_a_file_leaves_it_as_it_was(tmp_path: Path) -> None:
    (tmp_path / "old").write_bytes(b"content")
    for name in ("old", "new"):
        check_writable(tmp_path / name)
    assert [(each.name, each.read_bytes()) for each in tmp_path.iterdir()] == [("old", b"content")]


def test_a_directory_is_created_with_its_parents(tmp_path: Path) -> None:
    for _ in range(2):
        make_directory(tmp_path / "a" / "b")
    assert list((tmp_path / "a" / "b").iterdir()) == []
    (tmp_path / "file").write_bytes(b"")
    for wrong in ("file", "file/a"):
        with pytest.raises(UnwritableFile, match="Not a directory"):
            make_directory(tmp_path / wrong)
