"""Compile functions with numba, and keep compiled code in files until a module of this package changes.

The functions take arrays of 64-bit words, one after the other, and a tuple ``width`` of as many zeros as a state has
words: its length is known when they are compiled, so that loops over the words of a state are unrolled.
"""

from __future__ import annotations

import hashlib
import pickle
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, TypeVar, cast

import numpy as np
from llvmlite import ir
from numba import config, njit, types
from numba.core import cgutils
from numba.core.caching import CompileResultCacheImpl, FunctionCache
from numba.core.serialize import dumps
from numba.extending import intrinsic
from numpy.typing import NDArray

if getattr(config, "DISABLE_JIT", False):
    raise ImportError("compiling is switched off by NUMBA_DISABLE_JIT")

F = TypeVar("F", bound=Callable[..., Any])
Words = NDArray[np.uint64]
Numbers = NDArray[np.int64]
Slots = NDArray[np.uint32]
Index = int | np.int64
"""A place in an array."""
Width = tuple[int, ...]
"""As many zeros as a state has words."""


def digest() -> str:
    """Return a hash of all modules of this package.

    It becomes part of the names of compiled functions, because numba discards compiled code when the file of a function
    changes, but not when a function that it calls changes.
    """
    content = hashlib.sha256()
    for file in sorted(Path(__file__).parent.glob("*.py")):
        content.update(file.read_bytes())
    return content.hexdigest()[:16]


VERSION = digest()
COMPILING = 20.0
"""The seconds that compiling takes on a busy machine."""


class CheckedCode(CompileResultCacheImpl):
    """Compiled code in a file, with a checksum: damaged code must not run."""

    def reduce(self, cres: Any) -> tuple[bytes, bytes]:
        """Return the checksum of compiled code, and the code."""
        content = dumps(super().reduce(cres))
        return hashlib.sha256(content).digest(), content

    def rebuild(self, target_context: Any, payload: tuple[bytes, bytes]) -> Any:
        """Return the compiled code.

        Raises:
            ValueError: it is damaged.
        """
        checksum, content = payload
        if hashlib.sha256(content).digest() != checksum:
            raise ValueError("damaged code")
        return super().rebuild(target_context, pickle.loads(content))


class CodeCache(FunctionCache):
    """The files of one compiled function.  Code that cannot be read or written is compiled anew in each process."""

    _impl_class = CheckedCode

    def load_overload(self, sig: Any, target_context: Any) -> Any:
        """Return the code for arguments of these types; ``None`` if there is none, or it cannot be used."""
        try:
            found = super().load_overload(sig, target_context)
            if found is None or tuple(found.signature.args) == tuple(sig):
                return found  # otherwise two processes that wrote at the same time have exchanged their files
        except Exception:  # unpickling a damaged file can raise anything
            pass
        self.discard()
        return None

    def save_overload(self, sig: Any, data: Any) -> None:
        """Write the code for arguments of these types, if that is possible."""
        try:
            super().save_overload(sig, data)
        except Exception:  # the disk is full, or the index is damaged
            self.discard()

    def discard(self) -> None:
        """Forget all code of this function, so that later processes can write it again."""
        with suppress(OSError):
            self.flush()


def compiled(function: F) -> F:
    """Return the function, compiled when it is first called, or read from a file; other threads run beside it."""
    return _compiled(function, forceinline=False)


def inlined(function: F) -> F:
    """Return a small function, which becomes part of the functions that call it."""
    return _compiled(function, forceinline=True)


def _compiled(function: F, forceinline: bool) -> F:
    function.__qualname__ = f"{function.__qualname__}-{VERSION}"
    result: Any = njit(nogil=True, forceinline=forceinline)(function)
    with suppress(RuntimeError, OSError):  # no folder can be written
        result._cache = CodeCache(function)
    return cast(F, result)


def must_compile() -> bool:
    """Whether no code of this version is kept yet, so that the first search has to wait for :data:`COMPILING`."""
    folder = cache_folder()
    return folder is None or not any(Path(folder).glob(f"*-{VERSION}-*.nbi"))


def cache_folder() -> str | None:
    """Return the folder in which compiled code is kept; ``None`` if none can be written."""
    with suppress(RuntimeError, OSError):
        return str(CodeCache(digest).cache_path)
    return None


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


@intrinsic
def prefetch_of(_context: Any, _array: Any, _place: Any) -> Any:
    """The compiled form of :func:`prefetch`."""

    def generate(context: Any, builder: ir.IRBuilder, signature: Any, arguments: Any) -> Any:
        data = context.make_array(signature.args[0])(context, builder, arguments[0]).data
        place = builder.bitcast(builder.gep(data, [arguments[1]]), ir.IntType(8).as_pointer())
        hint = ir.FunctionType(ir.VoidType(), [place.type, *[ir.IntType(32)] * 3])
        function = cgutils.get_or_insert_function(builder.module, hint, "llvm.prefetch.p0i8")
        builder.call(function, [place, *(ir.Constant(ir.IntType(32), number) for number in (1, 3, 1))])
        return context.get_dummy_value()

    return types.void(_array, types.intp), generate


ones: Callable[[np.uint64], np.uint64] = cast(Any, ones_of)
"""How many bits of a word are set."""
lowest: Callable[[np.uint64], np.uint64] = cast(Any, lowest_of)
"""The place of the lowest bit that is set in a word that is not zero."""

prefetch: Callable[[NDArray[Any], Index], None] = cast(Any, prefetch_of)
"""Load a place of an array into the cache of the processor, to be written soon."""
