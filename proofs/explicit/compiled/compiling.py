"""Compile functions with numba, and keep what was compiled until a module of this package changes.

The functions take arrays of 64-bit words, one after the other, and a tuple ``width`` of as many zeros as a state has
words: its length is known when they are compiled, so that loops over the words of a state are unrolled.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar, cast

import numpy as np
from llvmlite import ir
from numba import njit, types
from numba.extending import intrinsic
from numpy.typing import NDArray

F = TypeVar("F", bound=Callable[..., Any])
Words = NDArray[np.uint64]
Numbers = NDArray[np.int64]
Index = int | np.int64
"""A place in an array."""
Width = tuple[int, ...]
"""As many zeros as a state has words."""


def digest() -> str:
    """What distinguishes this version of the package from others.

    The cache of numba looks at the file of a function, and not at those of the functions that it calls.
    """
    content = hashlib.sha256()
    for file in sorted(Path(__file__).parent.glob("*.py")):
        content.update(file.read_bytes())
    return content.hexdigest()[:16]


VERSION = digest()


def compiled(function: F) -> F:
    """The function, compiled where it is first called, or taken from the cache; it runs beside other threads."""
    function.__qualname__ = f"{function.__qualname__}-{VERSION}"
    return cast(F, njit(cache=True, nogil=True)(function))


def inlined(function: F) -> F:
    """The same for a small function, which becomes part of those that call it."""
    function.__qualname__ = f"{function.__qualname__}-{VERSION}"
    return cast(F, njit(cache=True, nogil=True, forceinline=True)(function))


@intrinsic
def ones_of(_context: Any, _word: Any) -> Any:
    """The compiled form of :func:`ones`."""

    def generate(_context: Any, builder: ir.IRBuilder, _signature: Any, arguments: Any) -> Any:
        return builder.ctpop(arguments[0])

    return types.uint64(types.uint64), generate


@intrinsic
def lowest_of(_context: Any, _word: Any) -> Any:
    """The compiled form of :func:`lowest`."""

    def generate(_context: Any, builder: ir.IRBuilder, _signature: Any, arguments: Any) -> Any:
        return builder.cttz(arguments[0], ir.Constant(ir.IntType(1), 1))

    return types.uint64(types.uint64), generate


ones: Callable[[np.uint64], np.uint64] = cast(Any, ones_of)
"""How many bits of a word are set."""
lowest: Callable[[np.uint64], np.uint64] = cast(Any, lowest_of)
"""The place of the lowest bit that is set in a word that is not zero."""
