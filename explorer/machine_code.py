"""Functions as machine code, by numba: compiled once on each machine, kept in the cache and never beside the source."""

from __future__ import annotations

import contextlib
import logging
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from explorer import paths

_changing = threading.RLock()


def folder() -> Path:
    """Where machine code is kept; `NUMBA_CACHE_DIR` moves it, in our children too."""
    return paths.cache_folder() / "numba"


def compiled(function: Callable[..., Any], signature: str = "", **options: Any) -> Callable[..., Any]:
    """`function` by `numba.njit`, at its first call or, with a signature, now. Numba is imported here, not before.

    A place where nothing can be kept only costs the compilation again.
    """
    import numba

    njit: Any = numba.njit
    try:
        with kept():
            return njit(signature or None, cache=True, **options)(function)  # type: ignore[no-any-return]
    except Exception as error:
        # A cache that cannot be written, or holds half a file, raises anything; a second failure counts.
        logging.getLogger(__name__).info("%s is compiled without a cache: %s", function.__name__, error)
        return njit(signature or None, **options)(function)  # type: ignore[no-any-return]


def is_kept(function: Callable[..., Any]) -> bool:
    """Whether machine code of a function was kept by an earlier process, of this version of its file or another."""
    name = f"{function.__module__.rpartition('.')[2]}.{function.__qualname__}-*.nbi"
    return any(folder().glob(f"*/{name}"))


@contextlib.contextmanager
def kept() -> Iterator[None]:
    """What is decorated or imported in the block keeps its machine code in our folder, unless somebody chose another.

    Outside of it numba is as we found it: in a script it may be somebody else's.
    """
    import numba

    settings: Any = numba.config
    with _changing:
        before = settings.CACHE_DIR
        settings.CACHE_DIR = before or str(folder())
        try:
            yield
        finally:
            settings.CACHE_DIR = before
