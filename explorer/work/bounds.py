"""How much memory the reader of a file may take, so that a file which unpacks without end is a sentence."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

from explorer import room

FLOOR_BYTES = 1 << 30
"""What any reader may take, whatever the size of its file: libraries, and their blocks."""
FACTOR = 64
"""And so many times the size of its file. Text and columns that repeat unpack to 20 times of it at most."""


@contextlib.contextmanager
def in_proportion(paths: Iterable[Path]) -> Iterator[None]:
    """Within the block this process may take no more new memory than files of this size justify, nor than is free:
    whatever asks for more meets a MemoryError, or ends by a library that knows none.

    What is mapped from files does not count. Only Linux keeps such a limit; elsewhere there is none.
    """
    if sys.platform != "linux":
        yield
        return
    import resource

    before, hard = resource.getrlimit(resource.RLIMIT_DATA)
    limit = _taken() + allowance(sum(map(size_of, paths)))
    bounds = [limit, *(bound for bound in (before, hard) if bound != resource.RLIM_INFINITY)]
    resource.setrlimit(resource.RLIMIT_DATA, (min(bounds), hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_DATA, (before, hard))


def allowance(size: int) -> int:
    """How many bytes the reader of a file of `size` bytes may take."""
    return max(FLOOR_BYTES, min(FLOOR_BYTES + FACTOR * size, room.free_in_memory()))


def size_of(path: Path) -> int:
    """The bytes of a file, or of all the files in a folder; 0 for what is not there."""
    try:
        if not path.is_dir():
            return path.stat().st_size
        return sum(each.lstat().st_size for each in path.rglob("*"))
    except (OSError, ValueError):
        return 0


def _taken() -> int:
    """The bytes that count already: private and writable, touched or not."""
    return int(Path("/proc/self/statm").read_text("ascii").split()[5]) * os.sysconf("SC_PAGE_SIZE")
