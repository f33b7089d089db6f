"""Standard streams that may be closed, full, or a pipe without a reader."""

from __future__ import annotations

import io
import os
import sys
from contextlib import suppress
from typing import TextIO


def open_streams() -> None:
    """Make standard output and error usable, whatever the shell passed on.

    A closed stream is opened on the null device, so that no other file takes its number: standard output such that
    writing to it fails (results would be lost), standard error such that messages are discarded.  What a terminal
    cannot show is escaped.
    """
    if sys.stdin is None:
        _open_null(os.O_RDONLY)
    if sys.stdout is None:
        sys.stdout = _text(_open_null(os.O_RDONLY))
    if sys.stderr is None:
        sys.stderr = _text(_open_null(os.O_WRONLY))
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def discard_rest() -> None:
    """Discard what a stream did not take, so that Python does not try again, and complain, when it ends."""
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except (OSError, ValueError):
            with suppress(OSError, ValueError):
                null = os.open(os.devnull, os.O_WRONLY)
                os.dup2(null, stream.fileno())
                os.close(null)


def _open_null(flags: int) -> int:
    """Open the null device as the lowest number that is free: that of the stream that was closed."""
    return os.open(os.devnull, flags)


def _text(number: int) -> TextIO:
    return os.fdopen(number, "w", encoding="utf-8", closefd=False)
