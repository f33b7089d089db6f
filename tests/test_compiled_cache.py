"""Compiled code is kept in files; if these are damaged or cannot be written, it is compiled anew, and nothing fails."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from helpers import MISSING, bac

pytest.importorskip("numba", reason=f"{MISSING} fast")

from numba import config, int64
from numba.core.caching import IndexDataCacheFile

from bac.proofs.explicit.compiled import compiling
from bac.proofs.explicit.compiled.compiling import CodeCache, cache_folder, compiled

PAIR, TRIPLE = (0, 0), (0, 0, 0)


def kept() -> Callable[[tuple[int, ...]], int]:
    """A function with an empty memory, like that of a new process; it says how many numbers it is given."""

    def count(numbers: tuple[int, ...]) -> int:
        return len(numbers)

    return compiled(count)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of compiled code."""
    monkeypatch.setattr(config, "CACHE_DIR", str(tmp_path / "cache"))
    return tmp_path / "cache"


def hits(function: Any) -> int:
    """Return how often a function was read from a file."""
    return sum(function.stats.cache_hits.values())


def files(folder: Path, ending: str) -> list[Path]:
    return sorted(folder.rglob(f"*.{ending}"))


def test_compiled_code_is_read_by_the_next_process(folder: Path) -> None:
    assert kept()(PAIR) == 2
    assert files(folder, "nbi")
    assert files(folder, "nbc")
    again = kept()
    assert again(PAIR) == 2
    assert hits(again) == 1


def emptied(content: bytes) -> bytes:
    return content[:0]


def cut_off(content: bytes) -> bytes:
    return content[: len(content) // 2]


def without_its_end(content: bytes) -> bytes:
    return content[:-1]


def garbage(content: bytes) -> bytes:
    return b"\x93garbage" * (1 + len(content) // 8)


def another_pickle(content: bytes) -> bytes:  # noqa: ARG001
    return b"\x80\x04N."


def flipped(content: bytes) -> bytes:
    middle = len(content) // 2
    return content[:middle] + bytes([content[middle] ^ 1]) + content[middle + 1 :]


DAMAGES = [emptied, cut_off, without_its_end, garbage, another_pickle, flipped]


@pytest.mark.parametrize("damage", DAMAGES)
@pytest.mark.parametrize("ending", ["nbi", "nbc"])
def test_damaged_files_are_written_again(folder: Path, ending: str, damage: Callable[[bytes], bytes]) -> None:
    kept()(PAIR)
    (file,) = files(folder, ending)
    file.write_bytes(damage(file.read_bytes()))
    after = kept()
    assert after(PAIR) == 2
    if damage is not flipped or ending == "nbc":  # a flipped bit of the index may be in a part that does not matter
        assert hits(after) == 0
    repaired = kept()
    assert repaired(PAIR) == 2
    assert hits(repaired) == 1


def test_no_bit_of_the_code_can_be_flipped_unnoticed(folder: Path) -> None:
    kept()(PAIR)
    (file,) = files(folder, "nbc")
    content = file.read_bytes()
    code = content.index(b"\x7fELF") if b"\x7fELF" in content else len(content) // 2
    for place in range(code, len(content), len(content) // 20):
        file.write_bytes(content[:place] + bytes([content[place] ^ 16]) + content[place + 1 :])
        after = kept()
        assert after(PAIR) == 2
        assert hits(after) == 0


@pytest.mark.parametrize("ending", ["nbi", "nbc"])
def test_a_folder_in_place_of_a_file_is_no_obstacle(folder: Path, ending: str) -> None:
    kept()(PAIR)
    (file,) = files(folder, ending)
    file.unlink()
    file.mkdir()
    assert kept()(PAIR) == 2


def test_a_lost_file_is_no_obstacle(folder: Path) -> None:
    kept()(PAIR)
    files(folder, "nbc")[0].unlink()
    assert kept()(PAIR) == 2


def test_files_that_two_processes_have_exchanged_are_not_used(folder: Path) -> None:
    """Numba numbers the files of a function; two processes that start at once may use the same number."""
    one = kept()
    one(PAIR)
    one(TRIPLE)
    first, second = files(folder, "nbc")
    pair = first.read_bytes()
    first.write_bytes(second.read_bytes())
    second.write_bytes(pair)
    after = kept()
    assert (after(PAIR), after(TRIPLE)) == (2, 3)


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize("what", ["_save_data", "_save_index"])
def test_a_full_disk_is_no_obstacle(monkeypatch: pytest.MonkeyPatch, what: str) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(IndexDataCacheFile, what, full)
    assert kept()(PAIR) == 2


@pytest.mark.parametrize("name", ["file", "file/below"])
def test_a_folder_that_cannot_be_made_is_no_obstacle(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    monkeypatch.setattr(config, "CACHE_DIR", str(tmp_path / name))
    assert kept()(PAIR) == 2


def test_without_any_folder_code_is_compiled_each_time(monkeypatch: pytest.MonkeyPatch) -> None:
    def nowhere(*_: object) -> None:
        raise RuntimeError("cannot cache function: no locator available")

    monkeypatch.setattr(CodeCache._impl_class, "__init__", nowhere)
    assert kept()(PAIR) == 2
    assert cache_folder() is None
    assert "anew each time" in bac("doctor").stdout


@pytest.mark.usefixtures("folder")
def test_code_is_compiled_unless_this_version_is_kept() -> None:
    kept()(PAIR)
    here = Path(str(cache_folder()))
    (here / f"search.visit-{'0' * 16}-1.py311.nbi").touch()
    assert compiling.must_compile()
    (here / f"search.visit-{compiling.VERSION}-1.py311.nbi").touch()
    assert not compiling.must_compile()


def test_arguments_of_other_types_have_code_of_their_own(folder: Path) -> None:
    function: Any = kept()
    assert (function(PAIR), function(TRIPLE)) == (2, 3)
    assert len(files(folder, "nbc")) == 2
    assert {signature[0].count for signature in function.signatures} == {2, 3}
    assert {signature[0].dtype for signature in function.signatures} == {int64}


@pytest.mark.slow
def test_a_search_survives_a_damaged_cache(tmp_path: Path) -> None:
    """A small search in processes of its own, with a new cache, and with a damaged one."""
    code = (
        "from helpers import parsed; from bac.model.semantics import system;"
        "from bac.proofs.explicit.compiled.engine import count_states;"
        "s = parsed({'services': {'A': {'owns': ['a']}}, 'use_cases': {'make': [{'create': 'a'}]}});"
        "print(count_states(system(s.architecture, s.plan('independent'), 1), workers=1).states)"
    )

    def states(cache: Path) -> str:
        return subprocess.run(
            [sys.executable, "-c", code],
            cwd=Path(__file__).parent,
            env={**os.environ, "NUMBA_CACHE_DIR": str(cache)},
            capture_output=True,
            text=True,
            check=True,
        ).stdout

    expected = states(tmp_path / "cache")
    for file in files(tmp_path / "cache", "nbi"):
        file.write_bytes(b"")
    assert states(tmp_path / "cache") == expected
