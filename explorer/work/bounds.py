"""How much memory and time the reader of a file may take, so that one which unpacks without end is a sentence."""

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
FLOOR_SECONDS = 30
"""What any reader may take of the processors' time: libraries have to be loaded."""
BYTES_A_SECOND = 100_000
"""And a second more for so much of its file. The slowest reader is a hundred times as fast."""


@contextlib.contextmanager
def in_proportion(paths: Iterable[Path]) -> Iterator[None]:
    """Within the block this process may take no more new memory than files of this size justify, nor than is free:
    whatever asks for more meets a MemoryError, or ends by a library that knows none. A library that comes to no end
    ends the process (SIGXCPU).

    What is mapped from files does not count, nor time that is waited. Only Linux keeps such limits; elsewhere there
    are none.
    """
    if sys.platform != "linux":
        yield
        return
    import resource

    size = sum(map(size_of, paths))
    used = sum(resource.getrusage(resource.RUSAGE_SELF)[:2])
    wanted = {
        resource.RLIMIT_DATA: _taken() + allowance(size),
        resource.RLIMIT_CPU: int(used) + FLOOR_SECONDS + size // BYTES_A_SECOND,
    }
    before = {kind: resource.getrlimit(kind) for kind in wanted}
    try:
        for kind, limit in wanted.items():
            bounds = [limit, *(bound for bound in before[kind] if bound != resource.RLIM_INFINITY)]
            resource.setrlimit(kind, (min(bounds), before[kind][1]))
        yield
    finally:
        for kind, limits in before.items():
            resource.setrlimit(kind, limits)


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
