"""Who uses a kept Dataset: each process locks its folder for as long as it has it, so that nobody removes it then."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Iterator
from pathlib import Path

LOCK = "dataset.json"
"""The file that is locked: it is there for as long as the Dataset is."""


class Hold:
    """Keeps the folder of a Dataset from being removed for as long as this object lives; the system sees to the rest.

    Raises FileNotFoundError when there is no Dataset, or when it is being removed. Where nothing can be locked nothing
    is ever removed either.
    """

    def __init__(self, folder: Path) -> None:
        # Windows removes no folder with an open file in it, so there the open file is the lock.
        self._file = os.open(folder / LOCK, os.O_RDONLY)
        if sys.platform != "win32":
            import fcntl

            try:
                fcntl.flock(self._file, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except BlockingIOError:
                raise FileNotFoundError(folder) from None
            except OSError:
                pass

    def __del__(self) -> None:
        with contextlib.suppress(AttributeError, OSError):
            os.close(self._file)


@contextlib.contextmanager
def unheld(folder: Path) -> Iterator[bool]:
    """Whether nobody holds a folder, nor can until the block ends."""
    if sys.platform == "win32":
        yield True
        return
    import fcntl

    try:
        file = os.open(folder / LOCK, os.O_RDWR)
    except FileNotFoundError:
        yield True
        return
    except OSError:
        yield False
        return
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        free = True
    except OSError:
        free = False
    try:
        yield free
    finally:
        os.close(file)
