"""Output files: each is written completely or not at all.

The content goes to a new file beside the target, which then takes the target's place.  A full disk or an interrupt thus
leaves the old file as it was.  Devices and pipes (``/dev/stdout``) are written directly.
"""

from __future__ import annotations

import errno
import os
import secrets
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryFile
from typing import TYPE_CHECKING

from bac.model.errors import UnwritableFile

if TYPE_CHECKING:
    from collections.abc import Iterator

STREAMS = (Path("/dev"), Path("/proc"))
"""Below these, a path stands for an open stream, even where that stream is an ordinary file."""


def write_text(path: str | Path, text: str, *, overwrite: bool = True) -> None:
    """Write text to a file in UTF-8, its line ends unchanged; see :func:`write_bytes`."""
    write_bytes(path, text.encode(), overwrite=overwrite)


def write_bytes(path: str | Path, content: bytes, *, overwrite: bool = True) -> None:
    """Write a file completely, or leave everything as it was.

    A symbolic link is followed.  A file that is overwritten keeps its permissions and, where possible, its owner.

    Args:
        path: the file.
        content: all of its bytes.
        overwrite: whether a file that exists is replaced.

    Raises:
        UnwritableFile: the file cannot be written, or exists although ``overwrite`` is false.
    """
    with _errors_of(path):
        if not overwrite and os.path.lexists(path):
            raise FileExistsError
        if is_stream(Path(path)):
            _append(Path(path), content)
        else:
            _replace(Path(path).resolve(), content)


def check_writable(path: str | Path) -> None:
    """Check, before a long computation, that its result can be written to a file; the file is left as it was.

    Raises:
        UnwritableFile: the file cannot be written.
    """
    with _errors_of(path):
        if is_stream(Path(path)):
            return  # A pipe must not be opened twice.
        target = Path(path).resolve()
        exists = target.exists()
        target.open("ab").close()
        if not exists:
            target.unlink()


def make_directory(path: str | Path) -> None:
    """Create a directory with its parents if it does not exist, and check that files can be written into it.

    Raises:
        UnwritableFile: it cannot be created, or files cannot be written into it.
    """
    with _errors_of(path):
        if Path(path).exists() and not Path(path).is_dir():
            raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR))
        Path(path).mkdir(parents=True, exist_ok=True)
        TemporaryFile(dir=path).close()


def is_stream(path: Path) -> bool:
    """Whether the path is a device, a pipe or an open stream, which has no place for files beside it."""
    special = path.exists() and not path.is_file() and not path.is_dir()
    return special or any(path.absolute().is_relative_to(each) for each in STREAMS)


def _append(stream: Path, content: bytes) -> None:
    """Write to a device, a pipe or an open stream, without discarding what was written there before."""
    with stream.open("ab") as opened:
        opened.write(content)


def _replace(target: Path, content: bytes) -> None:
    """Write the content beside the target and rename it; in place where the directory admits no other file."""
    exists = target.exists()
    if exists:
        target.open("ab").close()  # Renaming would ignore that the file is read-only.
    beside = target.with_name(f".bac-{secrets.token_hex(8)}")
    try:
        with beside.open("xb") as opened:
            opened.write(content)
        if exists:
            _copy_owner_and_mode(target, beside)
        beside.replace(target)
    except PermissionError:
        if not exists:
            raise
        target.write_bytes(content)
    finally:
        beside.unlink(missing_ok=True)


def _copy_owner_and_mode(source: Path, target: Path) -> None:
    status = source.stat()
    with suppress(OSError, AttributeError):  # Only the superuser gives files away; some systems have no owners.
        os.chown(target, status.st_uid, status.st_gid)
    target.chmod(status.st_mode & 0o7777)


@contextmanager
def _errors_of(path: str | Path) -> Iterator[None]:
    """Turn the errors of the operating system into one that names the file and the reason."""
    try:
        yield
    except FileExistsError:
        raise UnwritableFile(f"{path} already exists") from None
    except FileNotFoundError as error:
        if Path(path).parent.is_dir():  # such as /proc, in which no file can be created
            raise UnwritableFile(f"cannot write {path}: {error.strerror}") from None
        raise UnwritableFile(f"cannot write {path}: there is no directory {Path(path).parent}") from None
    except OSError as error:
        raise UnwritableFile(f"cannot write {path}: {error.strerror or error}") from None
    except ValueError as error:  # such as a null character in the path
        raise UnwritableFile(f"cannot write {path!r}: {error}") from None
