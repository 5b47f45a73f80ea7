"""Where a session builds its indexes: a folder that goes with it."""

from __future__ import annotations

import contextlib
import itertools
import os
import shutil
from pathlib import Path

import psutil

from explorer import paths


class Scratch:
    """A folder of this session under the cache, made when it is first needed. Its name begins with our process id,
    so that what a killed program left behind is found and removed by the next."""

    def __init__(self) -> None:
        self._numbers = itertools.count(1)
        self._home: Path | None = None

    def new_folder(self, purpose: str) -> Path:
        """The path of a folder that is not there yet."""
        if self._home is None:
            self._home = _home() / f"{os.getpid()}-{id(self):x}"
            self._home.mkdir(parents=True, exist_ok=True)
        return self._home / f"{purpose}-{next(self._numbers)}"

    def remove(self, folder: Path) -> None:
        """Remove a folder, if it is one of ours."""
        if self._home is not None and folder.parent == self._home:
            shutil.rmtree(folder, ignore_errors=True)

    def close(self) -> None:
        """Remove everything of this session, and what dead ones have left."""
        if self._home is not None:
            shutil.rmtree(self._home, ignore_errors=True)
        with contextlib.suppress(OSError):
            for left in _home().iterdir():
                pid = left.name.partition("-")[0]
                if pid.isdigit() and not psutil.pid_exists(int(pid)):
                    shutil.rmtree(left, ignore_errors=True)


def _home() -> Path:
    return paths.cache_folder() / "scratch"
