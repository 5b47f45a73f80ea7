"""Compile the inner loops of the map: once for each machine, kept on the disk, and without the interpreter's lock."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from functools import cache
from typing import Any

from explorer import machine_code

OPTIONS: dict[str, Any] = {"nogil": True, "fastmath": True, "error_model": "numpy"}


@cache
def compiled(function: Callable[..., Any]) -> Callable[..., Any]:
    """`function` as machine code by numba, which is imported here and not before.

    Without `parallel`: threads are ours (see `cores`), because numba's own pool aborts the process when two threads
    use it at once. A place where nothing can be cached only costs the compilation again.
    """
    return machine_code.compiled(function, **OPTIONS)


@cache
def callable_from_compiled(functions: tuple[Callable[..., Any], ...], *, inline: bool = True) -> None:
    """Let compiled functions of the same file call these plain ones, which are compiled into them or beside them."""
    from numba.extending import register_jitable

    for function in functions:
        register_jitable(inline="always" if inline else "never", fastmath=True, error_model="numpy")(function)


def cores() -> int:
    """How many threads are worth starting here: the cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return max(1, len(os.sched_getaffinity(0)))
    return os.cpu_count() or 1


def shares(count: int, parts: int) -> Iterable[tuple[int, int]]:
    """The ranges (start, stop) that divide `count` things into at most `parts` nearly equal parts, none empty."""
    parts = max(1, min(parts, count))
    return [(count * part // parts, count * (part + 1) // parts) for part in range(parts)] if count else []
