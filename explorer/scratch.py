"""Folders in the cache for what lives no longer than this process; what killed ones have left is swept away.

Each process has one home under `scratch`, and holds a lock on a file in it for as long as it lives: whatever can be
locked belongs to nobody. A process number would not do, for homes are shared by machines and by containers.
"""

from __future__ import annotations

import atexit
import contextlib
import os
import shutil
import sys
import tempfile
import threading
import time
from pathlib import Path

from explorer import paths

LOCK = ".lock"
YOUNG_SECONDS = 60.0
"""A home that is younger than this may be about to be locked."""

_homes: dict[Path, _Home] = {}
_guard = threading.Lock()


def new_folder() -> Path:
    """A new folder of this process; whoever asks for it removes it, at the latest it goes with the process."""
    place = paths.cache_folder() / "scratch"
    with _guard:
        home = _homes.get(place)
        if home is None or home.pid != os.getpid():
            home = _homes[place] = _Home(place)
        return Path(tempfile.mkdtemp(dir=home.folder))


def remove(folder: Path) -> None:
    """Remove such a folder, and the home with the last of them."""
    shutil.rmtree(folder, ignore_errors=True)
    with _guard:
        home = _homes.get(folder.parent.parent)
        if home is not None and home.folder == folder.parent and home.empty:
            del _homes[folder.parent.parent]
            home.close()


class _Home:
    """The folder of this process, locked."""

    def __init__(self, place: Path) -> None:
        place.mkdir(parents=True, exist_ok=True)
        self.pid = os.getpid()
        self.folder = Path(tempfile.mkdtemp(prefix=f"{self.pid}-", dir=place))
        self._lock: int | None = None
        # Where nothing can be locked, nobody else can lock it either, and so it is left alone.
        with contextlib.suppress(OSError):
            self._lock = os.open(self.folder / LOCK, os.O_RDWR | os.O_CREAT, 0o600)
            _locked(self._lock)
        atexit.register(self.close)
        # Gigabytes take their time, and the window must not wait for them.
        threading.Thread(target=_sweep, args=(place, self.folder), name="sweep", daemon=True).start()

    @property
    def empty(self) -> bool:
        return all(path.name == LOCK for path in self.folder.iterdir())

    def close(self) -> None:
        """Remove it, unless this is a fork of the process it belongs to."""
        if self.pid != os.getpid():
            return
        atexit.unregister(self.close)
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None
        shutil.rmtree(self.folder, ignore_errors=True)


def _sweep(place: Path, own: Path) -> None:
    """Remove the homes that nobody holds any more."""
    with contextlib.suppress(OSError):
        for home in place.iterdir():
            if home != own and _abandoned(home / LOCK):
                shutil.rmtree(home, ignore_errors=True)


def _abandoned(lock: Path) -> bool:
    try:
        if time.time() - lock.stat().st_mtime < YOUNG_SECONDS:
            return False
        handle = os.open(lock, os.O_RDWR)
    except OSError:
        return False
    try:
        return _locked(handle)
    finally:
        os.close(handle)


def _locked(handle: int) -> bool:
    """Take the lock on an open file, if nobody has it; the system lets go of it when its process ends."""
    try:
        if sys.platform == "win32":
            import msvcrt

            msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True
