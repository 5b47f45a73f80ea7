"""How much of the disk may be taken by what is kept between openings."""

from __future__ import annotations

import contextlib
import shutil

from explorer import paths, unfinished

MOST_BYTES = 20 * 10**9
MOST_SHARE = 0.1
"""Unless somebody says otherwise, no more than so many bytes, and no more than this share of the disk."""
LEAST_BYTES = 10**8
"""Less than this keeps nothing worth keeping."""


def limit() -> int:
    """The bytes that may be taken: what was set, or else what suits the disk."""
    folder = paths.cache_folder()
    try:
        return max(LEAST_BYTES, int((folder / "limit").read_text("ascii")))
    except (OSError, ValueError):
        return min(MOST_BYTES, int(shutil.disk_usage(folder).total * MOST_SHARE))


def set_limit(size: int | None) -> None:
    """Take no more than `size` bytes from now on; None for what suits the disk. A cache that cannot be written to
    keeps its limit."""
    file = paths.cache_folder() / "limit"
    with contextlib.suppress(OSError):
        if size is None:
            file.unlink(missing_ok=True)
        else:
            with unfinished.beside(file) as part:
                part.write_text(str(max(LEAST_BYTES, size)), "ascii")
